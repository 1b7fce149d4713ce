"""Pairing of quotation marks, on the text alone.

Paragraph by paragraph, with the pairs that ``rules/quotation_marks.toml`` holds. A quotation never
runs over the end of its paragraph; where its closing mark is missing, the next paragraph either
reopens it (``continues``) or a notice says so. Time and memory grow linearly with the text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.quotations.dashes import dialogue
from pipeline.quotations.marks import find_elisions, find_marks, marks_of
from pipeline.quotations.pairing import Pair, Pairing
from pipeline.records import Evidence, Notice, Quotation, Span
from pipeline.segment import segment

if TYPE_CHECKING:
    from pipeline.quotations.marks import Marks
    from pipeline.records import Layout
    from pipeline.rules import Rules

__all__ = ["find_rule_evidence", "pair_quotations"]

UNCLOSED = "This quotation mark opens a quotation that its paragraph does not close."
UNOPENED = "This quotation mark closes a quotation that its paragraph does not open."
# Zones that may stand between two paragraphs of one speech.
BETWEEN = ("caption", "boilerplate")


def pair_quotations(text: str, layout: Layout, rules: Rules) -> tuple[tuple[Quotation, ...], tuple[Notice, ...]]:
    """Return a text's quotations, sorted by start, and notices of marks that lack their partner.

    Any two quotations nest or are disjoint, each lies within one paragraph, and ``text[span.start]``
    is its opening mark. Marks with nothing but white space between them make no quotation. Each
    paragraph gives at most one notice a code: ``unclosed-quotation`` and ``unopened-quotation``, at
    the offset of the first such mark.
    """
    marks = marks_of(rules)
    reopening = _reopening(text, layout, marks)
    quotations: list[Quotation] = []
    notices: list[Notice] = []
    pending: str | None = None
    for index, paragraph in enumerate(layout.paragraphs):
        span = paragraph.span
        pairing = Pairing(text, span, find_marks(text, span, marks), marks)
        pairing.run()
        left = pairing.settle(reopening[index])
        pairs = [pair for pair in pairing.pairs if text[pair.inner_start : pair.inner_end].strip()]
        pairs += dialogue(text, span, pairs, marks)
        reopens = span.start if pending is not None and text.startswith(pending, span.start) else -1
        quotations += _quotations(pairs, reopens)
        if pairing.unclosed is not None:
            notices.append(Notice("unclosed-quotation", UNCLOSED, pairing.unclosed))
        if pairing.unopened is not None:
            notices.append(Notice("unopened-quotation", UNOPENED, pairing.unopened))
        if left is not None or paragraph.zone not in BETWEEN:
            pending = left
    return tuple(quotations), tuple(sorted(notices, key=lambda n: (n.start, n.code)))


def find_rule_evidence(text: str, rules: Rules) -> tuple[Evidence, ...]:
    """Return the rule and span of each quotation, and the elisions whose apostrophes are no marks."""
    layout = segment(text, rules)
    quotations, _ = pair_quotations(text, layout, rules)
    evidence = [Evidence(q.rule, q.span.start, q.span.end) for q in quotations]
    marks = marks_of(rules)
    for paragraph in layout.paragraphs:
        evidence += find_elisions(text, paragraph.span, marks)
    return tuple(sorted(evidence, key=lambda e: (e.start, e.end, e.rule)))


def _reopening(text: str, layout: Layout, marks: Marks) -> list[str | None]:
    """Return for each paragraph the opening mark with which the next one of the same speech starts."""
    reopening: list[str | None] = []
    following: str | None = None
    for paragraph in reversed(layout.paragraphs):
        reopening.append(following)
        if paragraph.zone not in BETWEEN:
            mark = marks.pattern.match(text, paragraph.span.start, paragraph.span.end)
            following = mark.group() if mark else None
    return reopening[::-1]


def _quotations(pairs: list[Pair], reopens: int) -> list[Quotation]:
    """Return a paragraph's quotations in text order with their depth."""
    quotations: list[Quotation] = []
    ends: list[int] = []
    for pair in sorted(pairs, key=lambda p: (p.start, -p.end)):
        while ends and ends[-1] <= pair.start:
            ends.pop()
        quotations.append(
            Quotation(
                span=Span(pair.start, pair.end),
                inner=Span(pair.inner_start, pair.inner_end),
                level=len(ends),
                complete=pair.complete,
                continues=pair.start == reopens,
                rule=pair.rule,
            )
        )
        ends.append(pair.end)
    return quotations
