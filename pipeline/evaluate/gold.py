"""Gold annotations: texts with attributions (brat standoff) and statements (JSONL)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec import Struct, field

from pipeline.errors import UsageError
from pipeline.records import Span, StatementClass

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LAYOUT = "A gold folder holds text/NAME.txt, attributions/NAME.ann (brat) or statements.jsonl, or both."
STATEMENT_FIELDS = "A line needs doc, voice, content, class and check_worthiness; see tests/gold/statements.jsonl."
ANNOTATOR = re.compile(r"_[^_]{4}$")
ENTITY = re.compile(r"(T\d+)\t\S+ (\d+ \d+(?:;\d+ \d+)*)(?:\t|$)")
# A T line's words may hold line breaks, so that not every line starts an annotation.
LINE = re.compile(r"[TE]\d+\t")
EVENT = re.compile(r"E\d+\t(\S+:\S+(?: \S+:\S+)*)\s*$")


class GoldAttribution(Struct, frozen=True):
    """An attribution as annotated: the spans of each part, each in text order."""

    source: tuple[Span, ...]
    cue: tuple[Span, ...]
    content: tuple[Span, ...]


class GoldStatement(Struct, frozen=True, kw_only=True):
    """A statement as annotated, one line of ``statements.jsonl``.

    ``doc`` is the text's file name without ``.txt``; offsets are code points of that text.
    ``check_worthiness`` is a grade from 0 to 3. ``speaker`` is None or ``-`` where the text names none.
    """

    doc: str
    voice: Literal["attributed", "writer"]
    content: tuple[Span, ...]
    class_: StatementClass = field(name="class")
    check_worthiness: int
    unit: str = ""
    source: tuple[Span, ...] = ()
    cue: tuple[Span, ...] = ()
    speaker: str | None = None
    speaker_type: Literal["person", "org", "document", "unnamed", "none", "narrator"] = "none"


class Gold(Struct, frozen=True):
    """Gold annotations of a folder; all three in the order of the files.

    ``annotations`` holds for every annotated text one list of attributions an annotator: the first
    is the reference, exact spans are measured against all.
    """

    texts: dict[str, str]
    annotations: dict[str, tuple[tuple[GoldAttribution, ...], ...]]
    statements: tuple[GoldStatement, ...]


def read_gold(folder: Path, statements: Path | None = None) -> Gold:
    """Read a gold folder; ``statements`` names a file other than the folder's ``statements.jsonl``.

    A text without a brat file takes its attributions from the statements; one that has neither
    is left out. Raises UsageError where the folder is none, or an annotation doesn't fit the texts.
    """
    texts = _read_texts(folder)
    if statements is None:
        default = folder / "statements.jsonl"
        rows = _read_statements(default, texts) if default.is_file() else ()
    else:
        rows = _read_statements(statements, texts)
    annotations = _read_annotations(folder / "attributions", texts)
    for stem, attributions in _from_statements(rows).items():
        annotations.setdefault(stem, (attributions,))
    if not annotations:
        raise UsageError(f"{folder} holds texts but no annotations.", remedy=LAYOUT)
    return Gold({stem: text for stem, text in texts.items() if stem in annotations}, annotations, rows)


def _read_texts(folder: Path) -> dict[str, str]:
    if not folder.is_dir():
        raise UsageError(f"The gold folder {folder} does not exist.", remedy=LAYOUT)
    paths = sorted((folder / "text").glob("*.txt"))
    if not paths:
        raise UsageError(f"{folder} holds no text/*.txt.", remedy=LAYOUT)
    return {path.stem: _read(path, "utf-8-sig") for path in paths}


def _read(path: Path, encoding: str = "utf-8") -> str:
    """Read a file without translating its newlines, so that offsets stay true."""
    try:
        return path.read_bytes().decode(encoding)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}.", remedy="Gold files are UTF-8.") from error


def _read_annotations(folder: Path, texts: dict[str, str]) -> dict[str, tuple[tuple[GoldAttribution, ...], ...]]:
    """Read every brat file; ``NAME_xxxx.ann``, one an annotator, stand in for ``NAME.ann``."""
    single: dict[str, list[Path]] = {}
    several: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("*.ann")):
        stem = ANNOTATOR.sub("", path.stem)
        if path.stem in texts:
            single[path.stem] = [path]
        elif stem in texts:
            several.setdefault(stem, []).append(path)
        else:
            remedy = f"Add text/{path.stem}.txt to the gold folder, or take the annotations away."
            raise UsageError(f"{path} annotates a text that is not there.", remedy=remedy)
    files = single | several
    return {stem: tuple(tuple(read_brat(p, texts[stem])) for p in files[stem]) for stem in texts if stem in files}


def read_brat(path: Path, text: str) -> Iterator[GoldAttribution]:
    """Yield the attributions of a brat file: ``T`` lines are spans, ``E`` lines bind them.

    Roles may be numbered (``Content2``) where one part has several spans. An event binds the spans
    listed above it; one listed further down is left out (PolNeAR's development part has three), so
    that figures stay comparable with those measured before. Raises UsageError at a line that is
    not brat, a reference to no span at all, or a span outside the text.
    """
    lines = list(enumerate(_read(path).splitlines(), start=1))
    keys = {match[1] for _, line in lines if (match := ENTITY.match(line))}
    spans: dict[str, list[Span]] = {}
    for number, line in lines:
        place = f"{path}, line {number}"
        entity, event = ENTITY.match(line), EVENT.match(line)
        if entity:
            spans[entity[1]] = [Span(*map(int, part.split())) for part in entity[2].split(";")]
            _check_spans(spans[entity[1]], text, place)
        elif event:
            yield _bind(event[1], spans, keys, place)
        elif LINE.match(line):
            remedy = (
                "With tabs for ⇥, lines look like T1⇥Source 0 8⇥Ana Ruiz and E1⇥Attribution:T2 Source:T1 Content:T3."
            )
            raise UsageError(f"{place} is not brat standoff.", remedy=remedy)


def _bind(arguments: str, spans: dict[str, list[Span]], keys: set[str], place: str) -> GoldAttribution:
    parts: dict[str, list[Span]] = {"Source": [], "Cue": [], "Content": []}
    for argument in arguments.split():
        role, _, key = argument.partition(":")
        role = role.rstrip("0123456789")
        if key not in keys:
            raise UsageError(f"{place} refers to {key}, which is not there.", remedy="Add its T line above.")
        if role in parts:
            parts[role] += spans.get(key, [])
    return GoldAttribution(*(tuple(sorted(parts[role])) for role in ("Source", "Cue", "Content")))


def _read_statements(path: Path, texts: dict[str, str]) -> tuple[GoldStatement, ...]:
    if not path.is_file():
        raise UsageError(f"There is no file {path}.", remedy="Name a JSONL file of gold statements.")
    decode = msgspec.json.Decoder(GoldStatement).decode
    rows = []
    for number, line in enumerate(_read(path).split("\n"), start=1):
        if not line.strip():
            continue
        place = f"{path}, line {number}"
        try:
            row = decode(line)
        except msgspec.DecodeError as error:
            raise UsageError(f"{place} is not a gold statement: {error}.", remedy=STATEMENT_FIELDS) from error
        if row.doc not in texts:
            raise UsageError(f"{place} belongs to {row.doc}, a text that is not there.", remedy=LAYOUT)
        _check_spans([*row.content, *row.source, *row.cue], texts[row.doc], place)
        rows.append(row)
    return tuple(rows)


def _from_statements(rows: tuple[GoldStatement, ...]) -> dict[str, tuple[GoldAttribution, ...]]:
    found: dict[str, list[GoldAttribution]] = {}
    for row in rows:
        attributions = found.setdefault(row.doc, [])
        if row.voice == "attributed":
            attributions.append(GoldAttribution(row.source, row.cue, tuple(sorted(row.content))))
    return {stem: tuple(attributions) for stem, attributions in found.items()}


def _check_spans(spans: list[Span], text: str, place: str) -> None:
    for span in spans:
        if not 0 <= span.start < span.end <= len(text):
            raise UsageError(
                f"{place}: [{span.start}, {span.end}) is no span of the text, which has {len(text)} characters.",
                remedy="Offsets are half-open, in code points of the text read without newline translation.",
            )
