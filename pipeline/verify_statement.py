"""One statement checked against its document's text."""

from __future__ import annotations

import codecs
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import UNSET

from pipeline.process import CONTEXT, statement_id
from pipeline.records import CLASSES, Extract, Nested, Span, Statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipeline.records import DocumentRecord
    from pipeline.write import Manifest

# Scores are rounded to four digits each.
_TOLERANCE = 0.001
_MARKS = {"utf-8-sig": 3, "utf-16": 2, "utf-32": 4}


class StatementCheck:
    """Checks the statements of one document, in their order.

    ``raw`` are the source's bytes where the text is their decoding and nothing else, so that byte
    anchors can be followed. ``index`` is the one the next statement must have, None: any.
    """

    def __init__(self, document: DocumentRecord, text: str, raw: bytes | None, manifest: Manifest) -> None:
        self.document = document
        self.text = text
        self.raw = raw
        self.manifest = manifest
        self.index: int | None = 0
        self.last = Span(0, 0)
        self.seen: set[str] = set()

    def faults(self, s: Statement) -> Iterator[str]:
        """Yield what is wrong with a statement, as ends of a sentence that begins with its place."""
        yield from self._identity(s)
        yield from self._values(s)
        if not s.spans or any(self._outside(span.start, span.end) for span in s.spans):
            yield f"its spans {_shown(s.spans)} lie outside the text"
            return
        if Span(s.spans[0].start, s.spans[-1].end) < self.last:
            yield "it stands before a statement that comes earlier in the text"
        self.last = Span(s.spans[0].start, s.spans[-1].end)
        yield from self._content(s)
        yield from self._surroundings(s)
        yield from self._anchor(s)

    def _identity(self, s: Statement) -> Iterator[str]:
        if s.id in self.seen:
            yield "its id stands here twice in one document"
        self.seen.add(s.id)
        if s.uri != self.document.uri:
            yield f"its uri is {s.uri}, its document's {self.document.uri}"
        if self.index is not None and s.index != self.index:
            yield f"its index is {s.index}, not {self.index}"
            self.index = None  # one wrong or lost statement is one fault, not one for all that follow
        else:
            self.index = s.index + 1
        if s.source.sha256 != self.document.text_sha256:
            yield "its text digest is not its document's"
        if s.id != statement_id(self.document.text_sha256 or "", s.spans, s.voice):
            yield "its id is not the digest of its text, spans and voice"
        producer = (self.manifest.onrecord, self.manifest.model, self.manifest.rules)
        if (s.producer.onrecord, s.producer.model, s.producer.rules) != producer:
            yield "its producer is not the one of the manifest"

    def _values(self, s: Statement) -> Iterator[str]:
        if set(s.scores) != set(CLASSES) or abs(sum(s.scores.values()) - 1) > _TOLERANCE:
            yield f"its scores {s.scores} are not those of the four classes, summing to 1"
        elif s.scores[s.class_] < max(s.scores.values()):
            yield f"its class {s.class_} is not the one with the highest score"
        values = {"confidence": s.confidence, "check_worthiness": s.check_worthiness, **s.scores}
        for name, value in values.items():
            if not 0 <= value <= 1:
                yield f"its {name} is {value}, not between 0 and 1"
        if s.voice == "writer" and (s.cue is not None or s.speaker is not None or s.quotations):
            yield "it is the writer's own, but has a cue, a speaker or quotations"

    def _content(self, s: Statement | Nested, what: str = "its") -> Iterator[str]:
        """Check what a statement and one nested in it have in common."""
        if any(self._outside(span.start, span.end) for span in s.spans):
            yield f"{what} spans {_shown(s.spans)} lie outside the text"
            return
        if any(a.end > b.start for a, b in pairwise(s.spans)):
            yield f"{what} spans {_shown(s.spans)} overlap or are out of order"
        if s.text != " … ".join(span.of(self.text) for span in s.spans):
            yield f"{what} text is not what stands at {_shown(s.spans)}"
        for q in s.quotations:
            if not self._quotes(q):
                yield f"{what} quotation {q.text!r} is not what stands at [{q.start}, {q.end})"
            elif not any(span.start <= q.start and q.end <= span.end for span in s.spans):
                yield f"{what} quotation {q.text!r} lies outside its spans"
        mention = s.speaker.mention if s.speaker is not None else None
        for name, extract in (("cue", s.cue), ("mention", mention)):
            if extract is not None and not self._holds(extract):
                yield f"{what} {name} {extract.text!r} is not what stands at [{extract.start}, {extract.end})"
        if s.nested is not UNSET:
            for nested in s.nested:
                yield from self._content(nested, "its nested statement's")

    def _surroundings(self, s: Statement) -> Iterator[str]:
        start, end = s.spans[0].start, s.spans[-1].end
        if s.context.prefix != self.text[max(0, start - CONTEXT) : start]:
            yield "its prefix is not what stands before it"
        if s.context.suffix != self.text[end : end + CONTEXT]:
            yield "its suffix is not what stands after it"
        for name, span in (("sentence", s.context.sentence), ("paragraph", s.context.paragraph)):
            if self._outside(span.start, span.end) or not span.start <= start < span.end:
                yield f"its {name} [{span.start}, {span.end}) does not hold its beginning"
        extracts = [(name, getattr(s, name)) for name in ("addressee", "medium", "said_on", "checkable")]
        lists = {
            "chain": s.chain, "check reason": s.check_reasons, "quantity": s.quantities, "date": s.dates,
            "comparison": s.comparisons,
        }  # fmt: skip
        extracts += [(name, extract) for name, found in lists.items() if found is not UNSET for extract in found]
        for name, extract in extracts:
            if isinstance(extract, Extract) and not self._holds(extract):
                yield f"its {name} {extract.text!r} is not what stands at [{extract.start}, {extract.end})"
        for e in s.evidence:
            if not 0 <= e.start <= e.end <= len(self.text):
                yield f"its evidence {e.rule} points outside the text"

    def _anchor(self, s: Statement) -> Iterator[str]:
        anchor = s.source.anchor
        if self.raw is None or self.document.encoding is None:
            return
        if set(anchor) != {"byte_start", "byte_end"}:
            yield "it has no place in its source's bytes"
            return
        codec = codecs.lookup(self.document.encoding).name
        mark = self.raw[: _MARKS.get(codec, 0)]  # tells the byte order
        found = self.raw[max(0, anchor["byte_start"]) : anchor["byte_end"]]
        words = self.text[s.spans[0].start : s.spans[-1].end]
        try:
            same = (mark + found).decode(codec) == words
        except UnicodeDecodeError:
            same = False
        if not same:
            yield f"its bytes {anchor['byte_start']} to {anchor['byte_end']} in the source do not hold its words"

    def _outside(self, start: int, end: int) -> bool:
        return not 0 <= start < end <= len(self.text)

    def _holds(self, extract: Extract) -> bool:
        inside = not self._outside(extract.start, extract.end)
        return inside and self.text[extract.start : extract.end] == extract.text

    def _quotes(self, q: Extract) -> bool:
        """Tell whether a quotation is what stands at its place but for the marks; a closing one may be wanting."""
        if self._outside(q.start, q.end):
            return False
        before, found, after = self.text[q.start : q.end].partition(q.text)
        return bool(before and found) and not any(c.isalnum() for c in before + after)


def _shown(spans: Iterable[Span]) -> str:
    return ", ".join(f"[{span.start}, {span.end})" for span in spans)
