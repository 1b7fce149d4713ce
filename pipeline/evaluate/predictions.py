"""What is scored: the statements of a run, or of the gold texts processed here and now."""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct, field

from pipeline.errors import UsageError
from pipeline.evaluate.given import given_attributions
from pipeline.process import process
from pipeline.record_files import lines_of, record_files
from pipeline.records import Document, Evidence, Extract, Span, StatementClass, Voice
from pipeline.write import STATEMENTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.evaluate.gold import Gold
    from pipeline.process import Attributed, Tools
    from pipeline.records import Attribution


class PredictedSpeaker(Struct, frozen=True):
    """The speaker fields that are scored."""

    name: str | None = None
    mention: Extract | None = None


class PredictedSource(Struct, frozen=True):
    """Which text the offsets refer to."""

    sha256: str = ""


class Prediction(Struct, frozen=True, kw_only=True):
    """The fields of a statement that are scored; other systems can be scored by writing only these.

    ``evidence`` is not scored, but shown beside the differences from the gold.
    """

    uri: str
    voice: Voice
    spans: tuple[Span, ...]
    cue: Extract | None = None
    speaker: PredictedSpeaker | None = None
    class_: StatementClass | None = field(default=None, name="class")
    scores: dict[StatementClass, float] | None = None
    check_worthiness: float | None = None
    confidence: float | None = None
    evidence: tuple[Evidence, ...] = ()
    source: PredictedSource = PredictedSource()

    @property
    def mention(self) -> tuple[Span, ...]:
        """Return the span of the speaker's mention, as none or one."""
        mention = self.speaker.mention if self.speaker else None
        return () if mention is None else (Span(mention.start, mention.end),)

    @property
    def cue_span(self) -> tuple[Span, ...]:
        """Return the span of the cue, as none or one."""
        return () if self.cue is None else (Span(self.cue.start, self.cue.end),)

    @property
    def name(self) -> str | None:
        """Return the speaker's canonical name."""
        return self.speaker.name if self.speaker else None


Predictions = dict[str, list[Prediction]]


def process_texts(gold: Gold, tools: Tools, *, given: bool = False) -> Predictions:
    """Process the gold texts; returns each text's statements, with ``given`` those of the gold's attributions."""
    return {stem: list(_process_text(gold, stem, tools, given=given)) for stem in gold.texts}


def _process_text(gold: Gold, stem: str, tools: Tools, *, given: bool) -> Iterator[Prediction]:
    document = Document(text=gold.texts[stem], uri=f"{stem}.txt")

    def attributed(found: Attributed) -> tuple[Attribution, ...]:
        rows = [s for s in gold.statements if s.doc == stem]
        return tuple(a for _, a in given_attributions(found, rows, tools.rules))

    decode = msgspec.json.Decoder(Prediction).decode
    for statement in process(document, tools, attributed if given else None).statements:
        yield decode(msgspec.json.encode(statement))


def read_run(folder: Path, texts: dict[str, str]) -> Predictions:
    """Read the statements of a run over the gold texts, told apart by their files' names.

    Raises UsageError where there are none, none for the gold texts, or some of another text.
    """
    if not folder.is_dir():
        raise UsageError(f"The run's folder {folder} does not exist.", remedy="Name the folder that a run wrote.")
    paths = record_files(folder, STATEMENTS)
    if not paths:
        remedy = "Name the folder that a run wrote, or leave it out to process the gold texts now."
        raise UsageError(f"{folder} holds no statements.jsonl.", remedy=remedy)
    found: Predictions = {}
    for path in paths:
        for place, prediction in _read_predictions(path):
            stem = PurePosixPath(prediction.uri).stem
            if stem in texts:
                _check_text(prediction, texts[stem], place)
                found.setdefault(stem, []).append(prediction)
    if not found:
        remedy = "Run over the gold texts: onrecord run GOLD/text -o RUN."
        raise UsageError(f"{folder} holds no statement of any of the gold texts.", remedy=remedy)
    return found


def _read_predictions(path: Path) -> Iterator[tuple[str, Prediction]]:
    decode = msgspec.json.Decoder(Prediction).decode
    for number, line in enumerate(lines_of(path), start=1):
        place = f"{path}, line {number}"
        try:
            yield place, decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"{place} is not a statement: {error}.", remedy="Make the run anew.") from error


def _check_text(prediction: Prediction, text: str, place: str) -> None:
    """Refuse offsets into another text than the gold one."""
    made_from = prediction.source.sha256
    beyond = any(span.end > len(text) for span in prediction.spans)
    if beyond or (made_from and made_from != _digest(text)):
        remedy = "Run over the gold folder's own text files."
        raise UsageError(f"{place}: {prediction.uri} was another text than the gold one of this name.", remedy=remedy)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
