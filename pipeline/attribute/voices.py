"""The voice of a content, decided by the quotation marks in it."""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipeline.records import Quotation, Span, Voice


def quotations_in(spans: Iterable[Span], quotations: Sequence[Quotation]) -> tuple[Quotation, ...]:
    """Return the quotations that lie wholly in one of the spans; all outermost and in text order."""
    found: list[Quotation] = []
    for span in spans:
        at = bisect.bisect_left(quotations, span.start, key=lambda q: q.span.start)
        while at < len(quotations) and quotations[at].span.end <= span.end:
            found.append(quotations[at])
            at += 1
    return tuple(found)


def voice_of(text: str, spans: Iterable[Span], quotations: tuple[Quotation, ...]) -> Voice:
    """Return ``direct`` where every word stands between marks, ``mixed`` where some do, else ``indirect``."""
    if not quotations:
        return "indirect"
    inside = [q.span for q in quotations]
    for span in spans:
        at = span.start
        for quoted in [q for q in inside if span.overlaps(q)]:
            if _has_word(text[at : quoted.start]):
                return "mixed"
            at = quoted.end
        if _has_word(text[at : span.end]):
            return "mixed"
    return "direct"


def _has_word(text: str) -> bool:
    return any(character.isalnum() for character in text)
