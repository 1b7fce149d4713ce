"""Where a run and the gold part, gold beside prediction: what to read first when the figures disappoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET, Struct, UnsetType, field

from pipeline.evaluate.kinds import KINDS, Kind, find_kinds
from pipeline.records import Extract, Span, StatementClass, Voice
from pipeline.segment.paragraphs import paragraph_spans

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pipeline.evaluate.attributions import Comparison
    from pipeline.evaluate.gold import GoldAttribution, GoldStatement
    from pipeline.evaluate.predictions import Prediction
    from pipeline.evaluate.statements import Judged
    from pipeline.evaluate.words import WordedText

# Code points shown on either side of a difference in a long paragraph: a few lines of reading.
AROUND = 300
ORDER = {kind: place for place, kind in enumerate(KINDS)}


class Reason(Struct, frozen=True):
    """A rule that decided, and the words on which it did."""

    rule: str
    start: int
    end: int
    text: str


class Side(Struct, frozen=True, kw_only=True):
    """An attribution or a writer's statement as the gold has it; the parts' spans are in text order.

    ``voice`` is the scores' reading of the quotation marks. ``speaker`` and ``class`` are there
    where they are the difference.
    """

    voice: Voice
    content: tuple[Extract, ...]
    cue: tuple[Extract, ...]
    source: tuple[Extract, ...]
    speaker: str | UnsetType | None = UNSET
    class_: StatementClass | UnsetType | None = field(default=UNSET, name="class")


class PredictedSide(Side, frozen=True, kw_only=True):
    """The same as predicted: how surely (a probability, None if the producer gives none), by which rules."""

    confidence: float | None
    evidence: tuple[Reason, ...]


class Difference(Struct, frozen=True, kw_only=True):
    """One line of ``errors.jsonl``; ``pipeline.evaluate.kinds`` defines the kinds.

    ``passages`` are the paragraphs that hold the parts of both sides, in text order, those that
    follow one another as one; of long ones, what stands round the parts. ``start`` and ``end`` are
    their place in the text. A side is empty where it has nothing there; a ``split`` has several
    predicted attributions, a ``merged`` several gold ones. ``voice`` is the first side's.
    """

    doc: str
    kind: Kind
    voice: Voice
    start: int
    end: int
    passages: tuple[Extract, ...]
    gold: tuple[Side, ...]
    predicted: tuple[PredictedSide, ...]


def differences(comparisons: dict[str, Comparison], judged: Iterable[Judged]) -> list[Difference]:
    """Return all differences, by text and place; where several share one, in the order of ``KINDS``."""
    statements: dict[str, list[Judged]] = {}
    for item in judged:
        statements.setdefault(item.gold.doc, []).append(item)
    found: list[Difference] = []
    for doc, comparison in comparisons.items():
        shown = _ShownText(doc, comparison.text)
        found += _attributions(shown, comparison)
        found += _statements(shown, statements.get(doc, []))
    return sorted(found, key=lambda d: (d.doc, _first(d), ORDER[d.kind]))


def _first(d: Difference) -> int:
    return (d.gold or d.predicted)[0].content[0].start


def _attributions(shown: _ShownText, c: Comparison) -> Iterator[Difference]:
    for kind, gold, predicted in find_kinds(c):
        sides = [shown.gold(c.gold[i]) for i in gold]
        yield shown.difference(kind, sides, [shown.predicted(c.predicted[j]) for j in predicted])


def _statements(shown: _ShownText, judged: Iterable[Judged]) -> Iterator[Difference]:
    for item in judged:
        row, p = item.gold, item.predicted
        if p is None:
            if row.voice == "writer":
                yield shown.difference("missed-sentence", [shown.gold(row)], [])
            continue
        if item.named and p.voice != "writer" and not item.right_name:
            yield shown.difference(
                "wrong-name", [shown.gold(row, speaker=row.speaker)], [shown.predicted(p, speaker=p.name)]
            )
        if p.class_ is not None and p.class_ != row.class_:
            yield shown.difference(
                "wrong-class", [shown.gold(row, class_=row.class_)], [shown.predicted(p, class_=p.class_)]
            )


class _ShownText:
    """A text that turns what was annotated and predicted in it into what is shown of them."""

    def __init__(self, doc: str, text: WordedText) -> None:
        self.doc = doc
        self.worded = text
        self.text = text.text
        self.paragraphs = paragraph_spans(text.text)

    def difference(self, kind: Kind, gold: Sequence[Side], predicted: Sequence[PredictedSide]) -> Difference:
        sides = [*gold, *predicted]
        passages = self._passages([Span(e.start, e.end) for s in sides for e in (*s.content, *s.cue, *s.source)])
        return Difference(
            doc=self.doc, kind=kind, voice=sides[0].voice, start=passages[0].start, end=passages[-1].end,
            passages=passages, gold=tuple(gold), predicted=tuple(predicted),
        )  # fmt: skip

    def gold(
        self, a: GoldAttribution | GoldStatement, speaker: str | UnsetType | None = UNSET,
        class_: StatementClass | UnsetType = UNSET,
    ) -> Side:  # fmt: skip
        return Side(
            voice=self._voice(a.content, written=getattr(a, "voice", "") == "writer"),
            content=self._extracts(a.content), cue=self._extracts(a.cue), source=self._extracts(a.source),
            speaker=speaker, class_=class_,
        )  # fmt: skip

    def predicted(
        self, p: Prediction, speaker: str | UnsetType | None = UNSET, class_: StatementClass | UnsetType = UNSET
    ) -> PredictedSide:
        return PredictedSide(
            voice=self._voice(p.spans, written=p.voice == "writer"),
            content=self._extracts(p.spans), cue=self._extracts(p.cue_span), source=self._extracts(p.mention),
            speaker=speaker, class_=class_, confidence=p.confidence,
            evidence=tuple(Reason(e.rule, e.start, e.end, self.text[e.start : e.end]) for e in p.evidence),
        )  # fmt: skip

    def _voice(self, content: Sequence[Span], *, written: bool) -> Voice:
        return "writer" if written else self.worded.voice(self.worded.ids(content))

    def _extracts(self, spans: Iterable[Span]) -> tuple[Extract, ...]:
        return tuple(Extract(span.start, span.end, span.of(self.text)) for span in sorted(spans))

    def _passages(self, spans: Sequence[Span]) -> tuple[Extract, ...]:
        shown: list[Span] = []
        for paragraph in self.paragraphs:
            inside = [span for span in spans if span.overlaps(paragraph)]
            if inside:
                passage = self._cut(paragraph, min(s.start for s in inside), max(s.end for s in inside))
                if shown and not self.text[shown[-1].end : passage.start].strip():
                    passage = Span(shown.pop().start, passage.end)
                shown.append(passage)
        return self._extracts(shown or [min(spans)])  # a content of white space stands in no paragraph

    def _cut(self, paragraph: Span, start: int, end: int) -> Span:
        """Cut a long paragraph in front of ``start`` and behind ``end``, at spaces where there are any."""
        left, right = max(paragraph.start, start - AROUND), min(paragraph.end, end + AROUND)
        if left > paragraph.start:
            left = self.text.find(" ", left - 1, start) + 1 or left
        if right < paragraph.end:
            space = self.text.rfind(" ", end, right + 1)
            right = space if space >= 0 else right
        return Span(left, right)
