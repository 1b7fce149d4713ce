"""The columns of pages → paragraphs, and the text that they make.

A PDF knows where its words stand and nothing of paragraphs; the layout tells them: distances, indents, sizes, and
lines that end before the next word had to go to the next line.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from typing import NamedTuple

from pipeline.read.pdf_pages import SPACE, TILT, Page, Row, columns_of, words_of
from pipeline.records import Places

# The least indent of a first line, in ems.
INDENT = 0.5
# The least gap between the cells of a table, in ems.
TABULAR = 3.0
# How much larger a font is than another that looks larger.
LARGER = 1.1
# The distance of lines, as a multiple of the usual one, from which they are no longer one paragraph; something tall
# within a line moves it down.
GAP, GAP_IN_SENTENCE = 1.2, 1.7
# What comes at least so often, compared with what comes most often, is no accident.
NOT_RARE = 0.25
# The share of a column's lines that begin at its left edge, at least: with short paragraphs most are first lines.
EDGE = 0.1
# Share of the column's width which a line leaves free, beyond what the next word needs, that was meant to end there:
# where it ends a sentence, and where it doesn't.
FREE, FREE_WITHIN = 0.05, 0.2

BULLET = re.compile(r"[•▪■◦‣·*]|\(?(?:\d{1,2}|[a-z])[.)]")
ENDS_SENTENCE = re.compile(r"[.!?:…][\"'”’»)\]]*$")
# Paragraphs between the halves of another, and lines of a quotation, at most.
MOST_NOTES, QUOTATION_LINES = 20, 100
OPENING = ("“", '"')
# A hyphen that may cut a word, and a dash or slash that goes on without a space.
CUT = re.compile(r"\w[-\u2010]$")
ATTACHED = re.compile(r"\w[”’\"']?[–—/]$")
WITHIN = re.compile(r"\w+(?:-\w+)*")
# First halves of words whose second half hardly ever follows without a hyphen.
COMPOUNDS = frozenset([
    "self", "well", "half", "long", "vice", "cross",
    "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
])  # fmt: skip
# Between paragraphs: a blank line, as lines may also be those that a program wrapped.
SEPARATOR = "\n\n"


class Line(NamedTuple):
    """A row of one column; its size is that of most of its characters, its base line that of the first such word."""

    words: Row
    page: int
    left: float
    right: float
    base: float
    size: float

    @property
    def ends_sentence(self) -> bool:
        """Whether a sentence may end with it."""
        return not self.words[-1].hyphen and bool(ENDS_SENTENCE.search(self.words[-1].text))

    @property
    def is_tabular(self) -> bool:
        """Whether it has a gap as justified lines have none."""
        return any(b.left - a.right > TABULAR * self.size for a, b in itertools.pairwise(self.words))


class Block(NamedTuple):
    """A paragraph or what a column holds of it: whether its first line is indented, what its last one leaves free."""

    lines: list[Line]
    indented: bool
    free: float


# ---------------------------------------------------------------- lines → paragraphs


def paragraphs_of(pages: list[Page]) -> list[list[Line]]:
    """Return the paragraphs of all pages, each as its lines."""
    gutters: list[float] = []
    columns = [[_line(row, page.number) for row in rows] for page in pages for rows in columns_of(page.rows, gutters)]
    sizes: Counter[float] = Counter()
    for line in itertools.chain.from_iterable(columns):
        sizes[_rounded(line.size)] += sum(len(word.text) for word in line.words)
    body = max(sizes, key=lambda size: sizes[size], default=1.0)
    usual = _usual_distances(columns)
    indents = _tell_by_indents(columns)
    blocks: list[Block] = []
    for lines in columns:
        _run_on(blocks, Column(lines, usual, body, indents).blocks(), body, indents=indents)
    return [block.lines for block in blocks]


def _line(row: Row, page: int) -> Line:
    characters: Counter[float] = Counter()
    for word in row:
        characters[word.size] += len(word.text)
    size = max(characters, key=lambda size: characters[size])
    base = next(word.base for word in row if word.size == size)
    return Line(row, page, row[0].left, row[-1].right, base, size)


def _usual_distances(columns: list[list[Line]]) -> dict[float, float]:
    """Return how far apart the lines of a paragraph are, by the size of their font.

    That is the smallest distance that is not rare: where paragraphs have but a line or two, the most frequent one
    is that of paragraphs.
    """
    distances: dict[float, Counter[float]] = {}
    for lines in columns:
        for above, below in itertools.pairwise(lines):
            distance, size = _rounded(above.base - below.base), _rounded(below.size)
            if _rounded(above.size) == size and distance > TILT * size:
                distances.setdefault(size, Counter())[distance] += 1
    return {
        size: min(distance for distance, times in counts.items() if times >= NOT_RARE * max(counts.values()))
        for size, counts in distances.items()
    }


def _tell_by_indents(columns: list[list[Line]]) -> bool:
    """Tell whether the document marks its paragraphs by indents: indented lines rarely go on in indented ones."""
    ends = Counter[bool]()
    for lines in columns:
        edge = _edge(lines)
        for above, below in itertools.pairwise(lines):
            if above.left - edge > INDENT * above.size and not above.ends_sentence:
                ends[below.left - edge <= INDENT * below.size] += 1
    return ends[True] > ends[False]


def _edge(lines: list[Line]) -> float:
    """Return a column's left edge: the leftmost place at which lines often begin."""
    begins = Counter(round(line.left) for line in lines)
    often = min(EDGE * len(lines), max(begins.values()))
    return min(left for left, times in begins.items() if times >= often)


def _rounded(length: float) -> float:
    return round(2 * length) / 2


class Column:
    """The lines of a column, not empty, and how they fall into paragraphs.

    ``usual`` are the distances of lines by size, ``body`` is the size of most text, ``indents`` says that paragraphs
    begin with one.
    """

    def __init__(self, lines: list[Line], usual: dict[float, float], body: float, indents: bool) -> None:
        self.lines = lines
        self.usual = usual
        self.body = body
        self.indents = indents
        self.width = max(line.right for line in lines) - min(line.left for line in lines) or 1.0
        self.edge = _edge(lines)

    def blocks(self) -> list[Block]:
        """Return the lines by paragraph."""
        starts = [0]
        for at in range(1, len(self.lines)):
            if self._begins_paragraph(at, at - starts[-1]):
                starts.append(at)
        found = []
        for first, last in itertools.pairwise([*starts, len(self.lines)]):
            indented = self.lines[first].left - self.edge > INDENT * self.lines[first].size
            found.append(Block(self.lines[first:last], indented, self._free(last - 1)))
        return found

    def _begins_paragraph(self, at: int, so_far: int) -> bool:
        """Tell whether a line begins a paragraph, or goes on with the one before, of so many lines so far."""
        line, above = self.lines[at], self.lines[at - 1]
        if _larger(line.size, above.size) or _larger(above.size, line.size):
            return True
        distance = (above.base - line.base) / self.usual.get(_rounded(line.size), GAP * line.size)
        in_sentence = not above.ends_sentence and line.words[0].text[0].islower()
        if distance > (GAP_IN_SENTENCE if in_sentence else GAP):
            return True
        if line.is_tabular and above.is_tabular and not in_sentence:
            return True
        # A heading's lines end where its writer wants them to.
        if above.words[-1].hyphen or _larger(line.size, self.body):
            return False
        free = (self._free(at - 1) - _needed(line)) / self.width
        if above.ends_sentence or free > FREE_WITHIN:
            if BULLET.fullmatch(line.words[0].text):
                return True
            if not in_sentence and self._begins_as_paragraphs_do(at, so_far):
                return True
        return not in_sentence and free > (FREE if above.ends_sentence else FREE_WITHIN)

    def _begins_as_paragraphs_do(self, at: int, so_far: int) -> bool:
        """Tell whether a line is indented, or back at the edge after an indented paragraph."""
        line, above = self.lines[at], self.lines[at - 1]
        least = INDENT * line.size
        if line.left - above.left > least:
            hangs = len(above.words) > 1 and abs(line.left - above.words[1].left) < least
            return not (hangs and BULLET.fullmatch(above.words[0].text))
        if above.left - line.left > least:
            return so_far > 1 and abs(self.lines[at - 2].left - above.left) < least
        # Both are indented: either may be a paragraph of one line, or both are of a block that is set off.
        return self.indents and so_far == 1 and line.left - self.edge > least

    def _free(self, at: int) -> float:
        """Return the room at a line's end, compared with the lines round it: text may go round a picture."""
        return max(line.right for line in self.lines[max(0, at - 2) : at + 4]) - self.lines[at].right


def _larger(size: float, other: float) -> bool:
    return size > LARGER * other


def _needed(line: Line) -> float:
    """Return the room that a line's first word would have needed at the end of the one above."""
    return line.words[0].right - line.words[0].left + SPACE * line.size


# ---------------------------------------------------------------- paragraphs over the borders of columns and pages


def _run_on(blocks: list[Block], column: list[Block], body: float, *, indents: bool) -> None:
    """Add the next column's blocks, its first one put to the last so far where that runs on.

    Between the two may stand what is set smaller: notes below the one, captions above the other. Notes then come
    before the paragraph and captions after it, so that the pages keep their order.
    """
    first = next((at for at, block in enumerate(column) if not _larger(body, block.lines[0].size)), None)
    notes = list(itertools.takewhile(lambda block: _larger(body, block.lines[0].size), reversed(blocks[-MOST_NOTES:])))
    if first is not None and len(notes) < min(len(blocks), MOST_NOTES):
        above, below = blocks[-1 - len(notes)], column[first]
        same_page = all(note.lines[0].page == above.lines[0].page for note in notes)
        if same_page and _goes_on(above, below, indents=indents and not notes and not first):
            whole = Block(above.lines + below.lines, above.indented, below.free)
            blocks[len(blocks) - 1 - len(notes) :] = [*reversed(notes), whole]
            column = [*column[:first], *column[first + 1 :]]
    blocks.extend(column)


def _goes_on(above: Block, below: Block, *, indents: bool) -> bool:
    """Tell whether a column's last paragraph goes on with the first of the next; ``indents`` would tell a new one."""
    line, after = above.lines[-1], below.lines[0]
    first = after.words[0].text
    if _larger(line.size, after.size) or _larger(after.size, line.size):
        return False
    if BULLET.fullmatch(first) or (line.is_tabular and after.is_tabular):
        return False
    full = above.free < _needed(after) and not below.indented
    if line.ends_sentence:
        return full and (indents or (_quotation_is_open(above) and not first.startswith(OPENING)))
    return full or line.words[-1].hyphen or first[0].islower()


def _quotation_is_open(block: Block) -> bool:
    """Tell whether a quotation that begins in a paragraph's last lines is still open."""
    text = " ".join([words_of(line.words) for line in block.lines[-QUOTATION_LINES:]])
    return text.count("“") > text.count("”") or text.count('"') % 2 == 1


# ---------------------------------------------------------------- paragraphs → the text


def composed(paragraphs: list[list[Line]]) -> tuple[str, Places | None]:
    """Return the canonical text and where its pages begin; None where there is no text."""
    known = _known(paragraphs)
    pieces: list[str] = []
    starts: dict[int, int] = {}
    length = 0
    for paragraph in paragraphs:
        if pieces:
            pieces.append(SEPARATOR)
            length += len(SEPARATOR)
        for line, after in itertools.zip_longest(paragraph, paragraph[1:]):
            starts.setdefault(line.page, length)
            pieces.append(_with_seam(line, after, known))
            length += len(pieces[-1])
    return "".join(pieces), Places("page", tuple(starts.values()), tuple(starts)) if starts else None


def _with_seam(line: Line, after: Line | None, known: set[str]) -> str:
    """Return a line's words, put together with the line after: with a space, a hyphen or nothing."""
    text = words_of(line.words)
    cut = line.words[-1].hyphen
    if after is None:
        return text + "-" * cut
    rest = after.words[0].text
    if cut or CUT.search(text):
        stem = text if cut else text[:-1]
        return f"{stem}-" if _keeps_hyphen(stem, rest, known) else stem
    return text if ATTACHED.search(text) or (rest.startswith("—") and len(rest) > 1) else f"{text} "


def _keeps_hyphen(stem: str, rest: str, known: set[str]) -> bool:
    """Tell whether the hyphen between the halves of a word is part of it.

    It is with names and numbers ("Anglo-Saxon", "2020-21"), and where the document writes the word so elsewhere, or
    where its first half calls for one; it isn't where the document has the word without.
    """
    first, second = WITHIN.findall(stem), WITHIN.findall(rest)
    if not first or not second or not stem[-1].islower() or not rest[0].islower():
        return True
    if (first[-1] + second[0]).casefold() in known:
        return False
    return f"{first[-1]}-{second[0]}".casefold() in known or "-" in first[-1] or first[-1].casefold() in COMPOUNDS


def _known(paragraphs: list[list[Line]]) -> set[str]:
    """Return the words that stand within a line, so that no line's end can have cut them."""
    lines = itertools.chain.from_iterable(paragraphs)
    return {word.casefold() for line in lines for word in WITHIN.findall(words_of(line.words[1:-1]))}
