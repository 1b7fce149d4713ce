"""A text as the measures see it: its words, and which of them stand between quotation marks.

Everything is counted over words, so that punctuation at a span's edge costs nothing.
"""

from __future__ import annotations

import bisect
import re
import unicodedata
from typing import TYPE_CHECKING, Literal

from pipeline.records import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence, Set

Ids = frozenset[int]

WORD = re.compile(r"\w+(?:['’]\w+)*")
MARK = re.compile(r'["“”]')
# Words that say nothing about whether two mentions mean the same source.
FUNCTION_WORDS = frozenset((
    "the", "a", "an", "of", "in", "and", "to", "for", "on", "at", "by", "his", "her", "their", "its", "he", "she",
    "it", "they", "who", "mr", "mrs", "ms", "dr", "sen", "rep", "gov", "president",
))  # fmt: skip
TITLE_WORDS = FUNCTION_WORDS | frozenset((
    "senator", "representative", "governor", "secretary", "minister", "chairman", "chairwoman", "judge", "justice",
    "professor", "prof", "gen", "general", "col", "lt", "sgt", "sir", "lord", "lady", "jr", "sr", "ii", "iii",
))  # fmt: skip
# Contents are the same if their words overlap at least this much (intersection over union).
SAME_CONTENT = 0.5


class WordedText:
    """A text's words by number, and the stretches of it that stand between double quotation marks."""

    def __init__(self, text: str) -> None:
        self.text = text
        found = list(WORD.finditer(text))
        self.starts = [word.start() for word in found]
        self.ends = [word.end() for word in found]
        self.words = [word.group().lower() for word in found]
        self._quoted = _quoted(text)

    def ids(self, spans: Iterable[Span]) -> Ids:
        """Return the numbers of the words that the spans touch."""
        return frozenset(i for span in spans for i in self._range(span))

    def edges(self, span: Span) -> tuple[int, int] | None:
        """Return the numbers of the span's first and last word; None where it holds none."""
        words = self._range(span)
        return (words[0], words[-1]) if words else None

    def voice(self, ids: Ids) -> Literal["direct", "mixed", "indirect"]:
        """Tell whether all, some or none of the words stand between quotation marks."""
        inside = sum(self._quoted[self.starts[i]] for i in ids)
        if ids and inside == len(ids):
            return "direct"
        return "mixed" if inside else "indirect"

    def quotations(self, spans: Iterable[Span]) -> Iterator[Ids]:
        """Yield the words of each run between quotation marks within the spans."""
        for span in spans:
            at = self._quoted.find(1, span.start, span.end)
            while at >= 0:
                end = self._quoted.find(0, at, span.end)
                end = span.end if end < 0 else end
                if WORD.search(self.text, at, end):
                    yield self.ids([Span(at, end)])
                at = self._quoted.find(1, end, span.end)

    def same_source(self, gold: Ids, predicted: Ids) -> bool:
        """Tell whether two mentions share a word that says who is meant."""
        telling = frozenset(i for i in gold if self.words[i] not in FUNCTION_WORDS) or gold
        return bool(telling & predicted)

    def _range(self, span: Span) -> range:
        first = bisect.bisect_left(self.ends, span.start + 1)
        return range(first, max(first, bisect.bisect_left(self.starts, span.end)))


def _quoted(text: str) -> bytearray:
    """Mark every code point between double marks with 1; an unclosed mark runs to its paragraph's end."""
    quoted = bytearray(len(text) + 1)
    at = 0
    for block in re.split(r"(\n+)", text):
        opened: int | None = None
        for mark in MARK.finditer(block):
            if opened is None and mark.group() in '"“':
                opened = mark.start()
            elif opened is not None and mark.group() in '"”':
                quoted[at + opened : at + mark.end()] = b"\1" * (mark.end() - opened)
                opened = None
        if opened is not None:
            quoted[at + opened : at + len(block)] = b"\1" * (len(block) - opened)
        at += len(block)
    return quoted


def pair(gold: Sequence[Ids], predicted: Sequence[Ids]) -> dict[int, int]:
    """Pair contents one to one, best overlap first: the index in ``gold`` → the index in ``predicted``."""
    overlaps = [
        (len(g & p) / len(g | p), i, j) for i, g in enumerate(gold) for j, p in enumerate(predicted) if g & p
    ]  # fmt: skip
    paired: dict[int, int] = {}
    taken: set[int] = set()
    for overlap, i, j in sorted(overlaps, reverse=True):
        if overlap >= SAME_CONTENT and i not in paired and j not in taken:
            paired[i] = j
            taken.add(j)
    return paired


def covers(words: Ids, other: Set[int]) -> bool:
    """Tell whether ``other`` holds at least half of ``words``."""
    return len(words & other) >= SAME_CONTENT * len(words)


def plain_name(name: str | None) -> tuple[str, ...]:
    """Return a name's words without accents, case, titles, possessive endings and initials."""
    folded = unicodedata.normalize("NFKD", name or "").encode("ascii", "ignore").decode().casefold()
    words = re.findall(r"[a-z0-9]+", re.sub(r"'s\b", "", folded))
    return tuple(word for word in words if word not in TITLE_WORDS and len(word) > 1)
