"""A parsed document as the grammar of attribution sees it: words, sentences and quotations by index.

Ranges are half-open ``(first, last)`` indices of tokens in the Doc, ``Span`` offsets in its text.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from pipeline.parse import text_of
from pipeline.records import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spacy.tokens import Doc, Token

    from pipeline.records import Quotation

# What a content or mention does not begin or end with, unless it is a mark of a quotation or bracket.
EDGE_MARKS = frozenset({",", ".", ";", ":", "-", "–", "—", "―", "--", "…", "...", "/", "•", "|"})
OPEN_MARKS, CLOSE_MARKS = "(“‘«[{", ")”’»]}"
# How many heads up a search goes. Deeper chains are parse errors, and endless ones would cost squared time.
CLIMB = 6
FINITE = ("VBD", "VBZ", "VBP", "MD")
RELATIVE = ("WDT", "WP", "WP$")


class Syntax:
    """The tokens of a document with look-ups that take constant time."""

    def __init__(self, doc: Doc, quotations: tuple[Quotation, ...]) -> None:
        self.doc = doc
        self.text = text_of(doc)
        self.tokens = list(doc)
        self.starts = [token.idx for token in self.tokens]
        self.sentence_first, self.sentence_last = _sentence_bounds(self.tokens)
        self.quotation_at = _quotations_by_token(self.tokens, quotations)

    def sentence(self, token: Token) -> tuple[int, int]:
        """Return the range of the token's sentence."""
        return self.sentence_first[token.i], self.sentence_last[token.i]

    def range_of(self, token: Token) -> tuple[int, int]:
        """Return the range from the first to the last word that depends on the token."""
        first, last = self.sentence(token)
        return max(token.left_edge.i, first), min(token.right_edge.i + 1, last)

    def words(self, first: int, last: int) -> Iterator[Token]:
        """Yield the tokens of a range that are neither space nor punctuation."""
        for token in self.tokens[max(first, 0) : max(last, 0)]:
            if not token.is_space and not token.is_punct:
                yield token

    def span(self, first: int, last: int) -> Span | None:
        """Return the range as a span, without marks that don't belong at its edges; None if no word is left."""
        first, last = self.trim(first, last)
        if first >= last or not any(True for _ in self.words(first, last)):
            return None
        end = self.tokens[last - 1]
        return Span(self.tokens[first].idx, end.idx + len(end))

    def range_at(self, span: Span | None) -> tuple[int, int] | None:
        """Return the range of a span that begins and ends with tokens."""
        if span is None:
            return None
        return bisect_left(self.starts, span.start), bisect_left(self.starts, span.end)

    def trim(self, first: int, last: int) -> tuple[int, int]:
        """Return the range without white space, commas, stops and dashes at its edges."""
        while first < last and (self.tokens[first].is_space or self.tokens[first].text in EDGE_MARKS):
            first += 1
        while last > first and (self.tokens[last - 1].is_space or self.tokens[last - 1].text in EDGE_MARKS):
            last -= 1
        return first, last

    def balanced(self, first: int, last: int) -> tuple[int, int]:
        """Widen a range so that it cuts no quotation in two."""
        if first < last:
            head, tail = self.quotation_at[first], self.quotation_at[last - 1]
            first = min(first, head[0]) if head else first
            last = max(last, tail[1]) if tail else last
        return first, last

    def cuts(self, first: int, last: int) -> bool:
        """Tell whether a range holds a part of a quotation and words outside it."""
        head, tail = self.quotation_at[first], self.quotation_at[last - 1]
        before = tail is not None and first < tail[0] and last < tail[1]
        return before or (head is not None and head[0] < first and head[1] < last)

    def in_quotation(self, token: Token) -> bool:
        """Tell whether the token stands inside an outermost quotation."""
        return self.quotation_at[token.i] is not None


def _sentence_bounds(tokens: list[Token]) -> tuple[list[int], list[int]]:
    firsts, lasts = [0] * len(tokens), [len(tokens)] * len(tokens)
    for i, token in enumerate(tokens):
        firsts[i] = i if token.is_sent_start or i == 0 else firsts[i - 1]
    for i in range(len(tokens) - 2, -1, -1):
        lasts[i] = i + 1 if firsts[i + 1] == i + 1 else lasts[i + 1]
    return firsts, lasts


def _quotations_by_token(tokens: list[Token], quotations: tuple[Quotation, ...]) -> list[tuple[int, int] | None]:
    """Return for each token the range of the outermost quotation that it stands in."""
    at: list[tuple[int, int] | None] = [None] * len(tokens)
    i = 0
    for quotation in quotations:
        if quotation.level:
            continue
        while i < len(tokens) and tokens[i].idx + len(tokens[i]) <= quotation.span.start:
            i += 1
        first = i
        while i < len(tokens) and tokens[i].idx < quotation.span.end:
            i += 1
        for inside in range(first, i):
            at[inside] = (first, i)
    return at
