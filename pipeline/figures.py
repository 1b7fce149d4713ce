"""The figures of a statement: its quantities with their values, its dates, and what it compares.

Rests on the names that the network finds (money, percent, numbers, dates) and on the parse. Libraries made for the
task were tried and left: quantulum3 takes "£3.4bn" for a barn, text2num knows no "two dozen".
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING

from msgspec import UNSET, Struct

from pipeline.parse import text_of
from pipeline.records import Comparison, Dated, Quantity
from pipeline.said_on import CALENDAR, iso_date

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from spacy.tokens import Doc, Token
    from spacy.tokens import Span as Entity

    from pipeline.records import ComparisonKind, QuantityKind, Span

KINDS: dict[str, QuantityKind] = {
    "MONEY": "money", "PERCENT": "percent", "QUANTITY": "measure", "CARDINAL": "count",
}  # fmt: skip
SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
UNITS = {word: n for n, word in enumerate(SMALL)} | {word: 10 * n for n, word in enumerate(TENS, start=2)}
TIMES = {
    "dozen": 12, "dozens": 12, "hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9,
    "trillion": 10**12, "k": 1000, "m": 10**6, "mn": 10**6, "bn": 10**9, "b": 10**9, "tn": 10**12,
}  # fmt: skip
# From here on a multiplier ends a part of a number: "two million | three hundred thousand".
CLOSES = 1000
RANGE = frozenset({"to", "or"})
WORD = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?|[A-Za-z]+")
CURRENCY = re.compile(
    r"(?:US|A|C|NZ|HK|S|R)?\$|[€£¥₹₽₩₺]|\b[A-Z]{3}\b|\b(?:dollars?|euros?|pounds?|yen|yuan|r[ou]+bles?|rupees?|pesos?"
    r"|liras?|francs?|crowns?|kronor|reais|real|rand|cents?|pence)\b"
)
# A phrase longer than this, in tokens, is no name of what is compared.
LONGEST = 14
SUPERLATIVE, COMPARATIVE = frozenset({"JJS", "RBS"}), frozenset({"JJR", "RBR"})
# Superlatives that compare nothing.
IDLE = re.compile(r"(?:at )?(?:least|most|best|last|latest|utmost)$", re.IGNORECASE)


class Figures(Struct, frozen=True):
    """What stands in a statement's content, each in text order."""

    quantities: tuple[Quantity, ...] = ()
    dates: tuple[Dated, ...] = ()
    comparisons: tuple[Comparison, ...] = ()


class Facts:
    """Finds the figures of one document's statements; ``published`` is the document's own date as it gives it."""

    def __init__(self, doc: Doc, published: str | None) -> None:
        self.text = text_of(doc)
        self.published = published
        self.entities = [e for e in doc.ents if _is_figure(e)]
        self.starts = [e.start_char for e in self.entities]
        self.compared = list(_comparisons(doc, self.text))
        self.compared_starts = [c.start for c in self.compared]

    def of(self, spans: Sequence[Span]) -> Figures:
        """Return the figures that stand whole in a statement's content."""
        quantities, dates = [], []
        for entity in self._inside(spans):
            start, end = entity.start_char, entity.end_char
            words = self.text[start:end]
            if entity.label_ != "DATE":
                quantities.append(_quantity(entity, words))
            else:
                dates.append(Dated(start, end, words, iso_date(words, self.published) or UNSET))
        compared = (c for span in spans for c in self._compared(span))
        return Figures(tuple(quantities), tuple(dates), tuple(compared))

    def _inside(self, spans: Sequence[Span]) -> Iterator[Entity]:
        for span in spans:
            for entity in self.entities[bisect_left(self.starts, span.start) : bisect_left(self.starts, span.end)]:
                if entity.end_char <= span.end:
                    yield entity

    def _compared(self, span: Span) -> Iterator[Comparison]:
        first, stop = (bisect_left(self.compared_starts, at) for at in (span.start, span.end))
        return (c for c in self.compared[first:stop] if c.end <= span.end)


def _is_figure(entity: Entity) -> bool:
    """Tell whether a name is a quantity or a date of the calendar: "one" counts nothing, "seven years" are no date."""
    if entity.label_ == "DATE":
        return CALENDAR.search(entity.text) is not None
    return entity.label_ in KINDS and entity.text.lower() != "one"


def _quantity(entity: Entity, words: str) -> Quantity:
    kind = KINDS[entity.label_]
    value = number_of(words)
    unit: str | None = None
    if kind == "percent":
        unit = "%"
    elif kind == "money":
        found = CURRENCY.search(words) or CURRENCY.search(text_of(entity.doc), entity.start_char - 1, entity.start_char)
        unit = found.group() if found else None
    elif kind == "measure":
        unit = entity.root.text if entity.root.tag_.startswith("NN") else None
    elif entity.root.dep_ == "nummod" and entity.root.head.tag_.startswith("NN"):
        unit = entity.root.head.text
    return Quantity(
        entity.start_char, entity.end_char, words, kind=kind, value=UNSET if value is None else value,
        unit=unit or UNSET,
    )  # fmt: skip


def number_of(words: str) -> float | None:
    """Return the number that some words name: "about 3.4 billion" → 3.4e9, "two dozen" → 24; None if they name none.

    Of a range or of several numbers, that is none.
    """
    total = 0.0  # of what is closed by "thousand", "million" and so on
    part: float | None = None
    for word in WORD.findall(words.lower()):
        if word[0].isdigit() or word in UNITS:
            number = float(word.replace(",", "")) if word[0].isdigit() else UNITS[word]
            if part is not None and not _goes_on(part, number):
                return None
            part = (part or 0.0) + number
        elif word in TIMES:
            part = TIMES[word] * (1.0 if part is None else part)
            if TIMES[word] >= CLOSES:
                total, part = total + part, None
        elif word == "half":
            part = (part or 0.0) + 0.5
        elif word in RANGE and (part is not None or total):
            return None
    return total + part if part is not None else total or None


def _goes_on(part: float, number: float) -> bool:
    """Tell whether a number adds to the words before it: "twenty" and "one", "three hundred" and "five"."""
    return part % 100 == 0 if number >= 10 or part % 100 == 0 else part >= 20 and part % 10 == 0


def _comparisons(doc: Doc, text: str) -> Iterator[Comparison]:
    for token in doc:
        if token.tag_ in SUPERLATIVE and not IDLE.match(token.text):
            first, last = _phrase(token)
            yield _comparison(first, last, text, "superlative")
        elif token.tag_ in COMPARATIVE:
            than = next((c for c in token.children if c.lower_ == "than"), None)
            if than is not None and not any(c.tag_ == "CD" for c in than.subtree if c.i <= than.i + 2):
                yield _comparison(token, _within(than.right_edge, token), text, "comparative")


def _phrase(token: Token) -> tuple[Token, Token]:
    """Return the first and last word of what a superlative says something of: "the lowest rate since 2008"."""
    head = token.head if token.dep_ == "amod" else token.head.head if token.head.dep_ == "amod" else token
    return min(token, head, key=lambda t: t.i), _within(head.right_edge, max(token, head, key=lambda t: t.i))


def _within(last: Token, token: Token) -> Token:
    """Return the last word of a phrase, or the word itself where the phrase is too long."""
    while last.i > token.i and last.is_punct:
        last = last.nbor(-1)
    return last if last.i - token.i < LONGEST else token


def _comparison(first: Token, last: Token, text: str, kind: ComparisonKind) -> Comparison:
    start, end = first.idx, last.idx + len(last)
    return Comparison(start, end, text[start:end], kind=kind)
