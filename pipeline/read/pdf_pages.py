"""The words on a page → its rows, without running heads and page numbers, and its columns.

A *row* is what stands at one height; rows are cut into columns where a gutter runs through them. Lengths are in
points, heights count from below.
"""

from __future__ import annotations

import itertools
import math
import re
from statistics import median
from typing import NamedTuple

# Lengths in ems, heights of the font: how far below a row's first word another may stand,
TILT = 0.35
# the narrowest gutter between columns, the width of a space.
GUTTER, SPACE = 0.8, 0.25
# A drop cap is so much larger than the text.
DROP_CAP = 1.8

# Running heads are the outermost rows, so many at most, so many ems from the others; the same words stand at the same
# height so many pages before or after (left and right pages have heads of their own).
HEAD_ROWS, HEAD_GAP, HEAD_PAGES = 4, 1.8, 2
# They, and a page's number, stand in this share of it, at its top and bottom.
MARGIN = 0.15
PAGE_NUMBER = re.compile(
    r"[-–—|\[(•\s]{0,3}(?:page|p\.?)?[\s|]{0,3}(?:\d{1,3}|[ivxl]{1,6})(?:\s?(?:/|of)\s?\d{1,4})?[-–—|\])•\s]{0,3}",
    re.IGNORECASE,
)
NUMBER = re.compile(r"\d+")
AT_ENDS = re.compile(r"^\d{1,4}\b|\b\d{1,4}(?:\s?(?:/|of)\s?\d{1,4})?\W{0,3}$")

# Columns hold running text: so many lines or more, of so many words.
COLUMN_LINES, COLUMN_WORDS = 3, 3
# A page has no more gutters than so many.
MOST_GUTTERS = 9
# Rows of a page in which columns are looked for: a broadsheet's unaligned columns have some 600 together.
MAX_ROWS = 1_000
# Rows after which a search for a gutter is given up, or a band is as tall as bands get.
LONG_BAND = 20


class Word(NamedTuple):
    """A run of characters without white space; ``base`` is its base line, ``hyphen`` says that it is cut at its end."""

    text: str
    left: float
    right: float
    base: float
    size: float
    hyphen: bool = False


Row = list[Word]


class Page(NamedTuple):
    """A page's rows from top to bottom, each from left to right; its number from 1; its lower and upper border."""

    rows: list[Row]
    number: int
    bottom: float
    top: float


def without_drop_caps(words: list[Word]) -> list[Word]:
    """Put a paragraph's first letter, where it is several lines tall, before the rest of its word."""
    kept: list[Word] = []
    for word in words:
        cap = kept[-1] if kept else None
        if (
            cap
            and len(cap.text) <= 2
            and cap.size > DROP_CAP * word.size
            and cap.base < word.base < cap.base + cap.size
            and 0 <= word.left - cap.right < word.size
        ):
            space = " " if word.left - cap.right > SPACE * word.size else ""
            kept[-1] = word._replace(text=cap.text + space + word.text)
        else:
            kept.append(word)
    return kept


def rows_of(words: list[Word]) -> list[Row]:
    """Return the words in rows from top to bottom, each from left to right."""
    rows: list[Row] = []
    for word in sorted(words, key=lambda word: -word.base):
        if rows and rows[-1][0].base - word.base <= TILT * max(rows[-1][0].size, word.size):
            rows[-1].append(word)
        else:
            rows.append([word])
    return [sorted(row, key=lambda word: word.left) for row in rows]


# ---------------------------------------------------------------- running heads and page numbers


def without_heads(pages: list[Page]) -> list[Page]:
    """Leave out rows that stand at the top or bottom of neighbouring pages too, and page numbers.

    They are the outermost rows, with a gap to the others. Pages that are the same throughout, numbers aside, don't
    count as neighbours: their text is no head.
    """
    whole = [hash(tuple(NUMBER.sub("", words_of(row)) for row in page.rows)) for page in pages]
    seen: dict[tuple[str, int], set[int]] = {}
    for at, page in enumerate(pages):
        for row in {id(row): row for edge in (1, -1) for row in page.rows[::edge][:HEAD_ROWS]}.values():
            seen.setdefault(_key(row), set()).add(at)
    kept = []
    for at, page in enumerate(pages):
        near = [other for other in range(at - HEAD_PAGES, at + HEAD_PAGES + 1) if other != at]
        repeated = [
            any(other in seen.get(_key(row), ()) and whole[other] != whole[at] for other in near) for row in page.rows
        ]
        first, last = _heads(page, repeated, 1), len(page.rows) - _heads(page, repeated, -1)
        kept.append(page._replace(rows=page.rows[first:last]))
    return kept


def _key(row: Row) -> tuple[str, int]:
    """Return a row's words without the page number at its begin or end, and its height."""
    return AT_ENDS.sub("", words_of(row)), round(row[0].base)


def _heads(page: Page, repeated: list[bool], edge: int) -> int:
    """Return how many rows of heads and numbers there are at the top (edge 1) or bottom (-1) of a page."""
    rows = page.rows[::edge]
    border, margin = page.top if edge == 1 else page.bottom, MARGIN * (page.top - page.bottom)
    heads = 0
    for at, (row, again) in enumerate(zip(rows[:HEAD_ROWS], repeated[::edge], strict=False)):
        number = PAGE_NUMBER.fullmatch(words_of(row))
        again = again and any(character.isalpha() for character in words_of(row))
        if abs(row[0].base - border) > margin or not (number or again):
            break
        if at + 1 == len(rows) or abs(row[0].base - rows[at + 1][0].base) > HEAD_GAP * row[0].size:
            heads = at + 1
            if not number:
                break
    return heads


def words_of(row: Row) -> str:
    """Return a row's words with spaces between them."""
    return " ".join([word.text for word in row])


# ---------------------------------------------------------------- rows → columns


def columns_of(rows: list[Row], gutters: list[float]) -> list[list[Row]]:
    """Return the page's columns in reading order, each as rows of words.

    The tallest band of rows that a gutter runs through is read left side first, after what stands above and before
    what stands below; above, below and both sides are searched in turn. ``gutters`` are where the pages before had
    some, so that a column's last line is known for one; those found are added.
    """
    band = _tallest_band(rows, gutters) if len(rows) <= MAX_ROWS else None
    if band is None:
        return [rows] if rows else []
    first, last, gutter = band
    if gutter not in gutters:
        gutters.append(gutter)
    parts = (rows[:first], *_sides(rows[first:last], gutter), rows[last:])
    return list(itertools.chain.from_iterable(columns_of(part, gutters) for part in parts))


def _tallest_band(rows: list[Row], gutters: list[float]) -> tuple[int, int, float] | None:
    """Return the tallest band with a gutter, if any: its first row, its last row + 1, the middle of the gutter."""
    best: tuple[int, int, float] | None = None
    tallest = COLUMN_LINES - 1
    least = GUTTER * median(row[0].size for row in rows) if rows else 0.0
    free = [_free_places(row, least) for row in rows]
    first = 0
    while len(rows) - first > tallest:
        places, last = free[first], first + 1
        while last < len(rows):
            narrower = _common(places, free[last], least)
            if len(narrower) == 2 and (len(places) > 2 or last - first > LONG_BAND):
                break
            places, last = narrower, last + 1
        # Those at both ends are the page's margins.
        widest = sorted(places[1:-1], key=lambda place: place[0] - place[1])[:MOST_GUTTERS]
        for low, high in widest if last - first > tallest else ():
            known = next((gutter for gutter in gutters if low < gutter < high), None)
            middle = round((low + high) / 2, 1) if known is None else known
            if last - first > tallest and _is_gutter(*_sides(rows[first:last], middle), known=known is not None):
                best, tallest = (first, last, middle), last - first
        # Bands that begin within a long one are hardly ever taller, and looking for them takes long.
        first = last if last - first > LONG_BAND and len(places) > 2 else first + 1
    return best


def _free_places(row: Row, least: float) -> list[tuple[float, float]]:
    """Return where a row holds no words, from left to right, as far as that is wide enough."""
    inner = [(a.right, b.left) for a, b in itertools.pairwise(row) if b.left - a.right >= least]
    return [(-math.inf, row[0].left), *inner, (max(word.right for word in row), math.inf)]


def _common(
    places: list[tuple[float, float]], others: list[tuple[float, float]], least: float
) -> list[tuple[float, float]]:
    """Return where both are free, as far as that is wide enough."""
    both = []
    at = beside = 0
    while at < len(places) and beside < len(others):
        low, high = max(places[at][0], others[beside][0]), min(places[at][1], others[beside][1])
        if high - low >= least:
            both.append((low, high))
        if places[at][1] < others[beside][1]:
            at += 1
        else:
            beside += 1
    return both


def _sides(rows: list[Row], middle: float) -> tuple[list[Row], list[Row]]:
    """Return what of the rows begins left of a place and what right of it."""
    left = [[word for word in row if word.left < middle] for row in rows]
    right = [[word for word in row if word.left >= middle] for row in rows]
    return [row for row in left if row], [row for row in right if row]


def _is_gutter(left: list[Row], right: list[Row], *, known: bool) -> bool:
    """Tell whether both sides are running text, and beside each other; of a known gutter, whether both hold words."""
    if known:
        return bool(left and right)
    for side in (left, right):
        if len(side) < COLUMN_LINES or sum(map(len, side)) < COLUMN_WORDS * len(side):
            return False
    bottom, top = max(left[-1][0].base, right[-1][0].base), min(left[0][0].base, right[0][0].base)
    return all(sum(bottom <= row[0].base <= top for row in side) > 1 for side in (left, right))
