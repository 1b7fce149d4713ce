"""Which attribution holds which part of the text, looked up by place."""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING

from pipeline.records import Span

if TYPE_CHECKING:
    from collections.abc import Iterable


class Claims:
    """Spans that do not overlap one another, each with the key of its owner; look-ups take log time."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._claims: list[tuple[Span, int]] = []

    def add(self, span: Span, key: int) -> None:
        """Claim a span for a key; parts that are claimed already stay with their owner."""
        if any(True for _ in self._overlapping(span)):
            return
        at = bisect.bisect_left(self._starts, span.start)
        self._starts.insert(at, span.start)
        self._claims.insert(at, (span, key))

    def drop(self, spans: Iterable[Span]) -> None:
        """Give up the claims on these very spans."""
        for span in spans:
            at = bisect.bisect_left(self._starts, span.start)
            if at < len(self._starts) and self._claims[at][0] == span:
                del self._starts[at], self._claims[at]

    def keys(self, spans: Iterable[Span]) -> list[int]:
        """Return the keys of the claims that overlap any of the spans, in text order, each once."""
        return list(dict.fromkeys(key for span in spans for _, key in self._overlapping(span)))

    def last_before(self, offset: int) -> tuple[Span, int] | None:
        """Return the last claim that ends at or before the offset."""
        at = bisect.bisect_left(self._starts, offset) - 1
        while at >= 0:
            if self._claims[at][0].end <= offset:
                return self._claims[at]
            at -= 1
        return None

    def first_from(self, offset: int) -> tuple[Span, int] | None:
        """Return the first claim that starts at or after the offset."""
        at = bisect.bisect_left(self._starts, offset)
        return self._claims[at] if at < len(self._claims) else None

    def _overlapping(self, span: Span) -> Iterable[tuple[Span, int]]:
        at = max(bisect.bisect_right(self._starts, span.start) - 1, 0)
        while at < len(self._claims) and self._starts[at] < span.end:
            if self._claims[at][0].end > span.start:
                yield self._claims[at]
            at += 1
