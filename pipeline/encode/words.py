"""A text as the encoder reads it: words, their wordpieces and what the page shows of them.

Casing, quotation marks and layout are inputs of their own, since the vocabulary is lower-case and knows
neither which marks belong together nor where a paragraph begins.
"""

from __future__ import annotations

import bisect
import re
import unicodedata
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from pipeline.records import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from pipeline.records import Layout, Quotation

WORD = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")
# Wordpieces that the network reads at a time, [CLS] and [SEP] among them. Training and reading share it.
WINDOW = 256
# Of a word's wordpieces; more of them is no word of any language.
PIECES = 12
ZONES = ("body", "headline", "dateline", "byline", "caption", "list", "boilerplate")
# The kinds of each feature: casing; outside quotation marks, opening, inside, closing; goes on, begins a
# sentence, begins a paragraph; zone.
FEATURES = (6, 4, 3, len(ZONES))
MARKS, BEGIN, ZONE = 1, 2, 3


class Words(Struct, frozen=True, eq=False):
    """The words of a text: ``starts`` and ``ends`` in code points, ``features`` one row a word, ``paragraphs``.

    Shapes: (words,), (words,), (words, 4), (words,); ``paragraphs`` indexes ``Layout.paragraphs``.
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    features: NDArray[np.int64]
    paragraphs: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts)

    def within(self, span: Span) -> tuple[int, int]:
        """Return the half-open range of the words that overlap a span of the text."""
        first = int(np.searchsorted(self.ends, span.start, side="right"))
        return first, max(first, int(np.searchsorted(self.starts, span.end, side="left")))

    def pieces(self, span: Span) -> Iterator[tuple[int, int]]:
        """Yield a span's words, first and last one, paragraph by paragraph."""
        first, stop = self.within(span)
        while first < stop:
            last = first
            while last + 1 < stop and self.paragraphs[last + 1] == self.paragraphs[first]:
                last += 1
            yield first, last
            first = last + 1

    def span(self, first: int, last: int) -> Span:
        """Return the span of the text from word ``first`` to word ``last``, that one included."""
        return Span(int(self.starts[first]), int(self.ends[last]))


def words_of(text: str, layout: Layout, quotations: Sequence[Quotation]) -> Words:
    """Split a text's paragraphs into words with their features."""
    begins = {s.span.start for s in layout.sentences}
    places: list[tuple[int, int]] = []
    features: list[tuple[int, int, int, int]] = []
    paragraphs: list[int] = []
    marks = _marks(quotations)
    for index, paragraph in enumerate(layout.paragraphs):
        zone = ZONES.index(paragraph.zone)
        first = True
        for found in WORD.finditer(text, paragraph.span.start, paragraph.span.end):
            start, end = found.span()
            begin = 2 if first else 1 if start in begins else 0
            places.append((start, end))
            features.append((_case(found.group()), marks.kind(start, end), begin, zone))
            paragraphs.append(index)
            first = False
    at = np.array(places, dtype=np.int64).reshape(-1, 2)
    return Words(at[:, 0], at[:, 1], np.array(features, dtype=np.int64).reshape(-1, 4), np.array(paragraphs, np.int64))


def _case(word: str) -> int:
    """0 lower, 1 Title, 2 UPPER, 3 mIxed, 4 has a digit, 5 punctuation."""
    if not word[0].isalnum():
        return 5
    if word.islower():
        return 0
    if word.isupper():
        return 2 if len(word) > 1 else 1
    if any(c.isdigit() for c in word):
        return 4
    return 1 if word[0].isupper() and word[1:].islower() else 3


class _marks:  # noqa: N801
    """Where a word stands to the outermost quotations; asked from left to right."""

    def __init__(self, quotations: Sequence[Quotation]) -> None:
        self.spans = [(q.span, q.inner, q.complete) for q in quotations if q.level == 0]
        self.at = 0

    def kind(self, start: int, end: int) -> int:
        while self.at < len(self.spans) and self.spans[self.at][0].end <= start:
            self.at += 1
        if self.at == len(self.spans):
            return 0
        span, inner, complete = self.spans[self.at]
        if end <= span.start:
            return 0
        if start < inner.start:
            return 1
        return 3 if complete and start >= inner.end else 2


def windows_of(words: Words, lengths: Sequence[int], room: int = WINDOW - 2) -> Iterator[tuple[int, int]]:
    """Yield half-open ranges of words whose wordpieces fit the network: whole paragraphs as long as they do.

    ``lengths`` are the words' numbers of wordpieces. A paragraph that is too long is cut before a sentence,
    or else anywhere.
    """
    total = np.concatenate([[0], np.cumsum(lengths)])
    borders = np.flatnonzero(np.diff(words.paragraphs, prepend=-1, append=-1)).tolist()
    sentences = np.flatnonzero(words.features[:, BEGIN]).tolist()
    start = 0
    while start < len(words):
        fit = int(np.searchsorted(total, total[start] + room, side="right")) - 1
        end = max(fit, start + 1)
        for stops in (borders, sentences):
            at = bisect.bisect_right(stops, end) - 1
            if at >= 0 and stops[at] > start:
                end = stops[at]
                break
        yield start, end
        start = end


class Vocabulary:
    """The wordpieces of BERT's uncased vocabulary (WordPiece: greedy, longest first), remembered by word."""

    def __init__(self, pieces: Sequence[str]) -> None:
        self.ids = {piece: i for i, piece in enumerate(pieces)}
        self.unknown, self.cls, self.sep = (self.ids[name] for name in ("[UNK]", "[CLS]", "[SEP]"))
        self.known: dict[str, tuple[int, ...]] = {}

    def pieces(self, word: str) -> tuple[int, ...]:
        """Return the ids of a word's wordpieces."""
        ids = self.known.get(word)
        if ids is None:
            ids = self.known[word] = self._split(_plain(word))
        return ids

    def _split(self, word: str) -> tuple[int, ...]:
        ids: list[int] = []
        for part in re.findall(r"\w+|[^\w\s]", word):
            ids += self._greedy(part)
        return tuple(ids[:PIECES]) or (self.unknown,)

    def _greedy(self, part: str) -> list[int]:
        ids, start = [], 0
        while start < len(part):
            prefix = "##" if start else ""
            for end in range(len(part), start, -1):
                found = self.ids.get(prefix + part[start:end])
                if found is not None:
                    break
            else:
                return [self.unknown]
            ids.append(found)
            start = end
        return ids


def _plain(word: str) -> str:
    """Lower-case, without accents, as the vocabulary was made."""
    word = "".join(c for c in unicodedata.normalize("NFD", word.lower()) if unicodedata.category(c) != "Mn")
    return word.replace("’", "'")
