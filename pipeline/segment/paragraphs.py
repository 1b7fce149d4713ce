"""Where paragraphs begin and end: lines, and hard-wrapped lines put together."""

from __future__ import annotations

import itertools
import re
from typing import NamedTuple

from pipeline.records import Span

# What str.splitlines() breaks at, apart from the separators U+001C-U+001E, which end lines too.
LINE = re.compile(r"[^\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+")
BREAK = re.compile(r"\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
# A page or a paragraph separator ends a paragraph even when it stands alone.
HARD_BREAK = re.compile(r"[\x0c\x1c-\x1e\u2029]")

# Columns that people and programs wrap text to.
NARROWEST, WIDEST = 30, 100
# A wrapped block: the next line's first word would not have fitted on (nearly) every line, and
# many lines begin in the middle of a sentence.
FILLED, LOWER = 0.9, 0.4
# Lines of a wrapped document may end this much short of its width.
SLACK = 6

BULLET = re.compile(r"(?:[-–—―*+•·>]|\(?\w{1,2}[.)])\s")
ENDS = tuple(".!?:;…\"”'’»)]}")


class Line(NamedTuple):
    """A line that is not blank: its span without white space round it and its indent in code points."""

    start: int
    end: int
    indent: int


def paragraph_spans(text: str) -> list[Span]:
    """Return the spans of the text's paragraphs, white space round them left out."""
    blocks = _blocks(text)
    width = max((_width(block) for block in blocks if _is_wrapped(text, block)), default=0)
    return [span for block in blocks for span in _paragraphs(text, block, width)]


def _blocks(text: str) -> list[list[Line]]:
    """Return runs of lines with neither a blank line nor a page border between them."""
    blocks: list[list[Line]] = []
    before = 0
    for match in LINE.finditer(text):
        body = match.group()
        bare = body.strip()
        if not bare:
            continue
        indent = len(body) - len(body.lstrip())
        start = match.start() + indent
        gap = text[before:start]
        if not blocks or len(BREAK.findall(gap)) > 1 or HARD_BREAK.search(gap):
            blocks.append([])
        before = start + len(bare)
        blocks[-1].append(Line(start, before, indent))
    return blocks


def _width(block: list[Line]) -> int:
    return max(line.indent + line.end - line.start for line in block)


def _is_wrapped(text: str, block: list[Line]) -> bool:
    """Tell whether a block of three lines or more is surely one text wrapped at a column."""
    width = _width(block)
    if len(block) < 3 or not NARROWEST <= width <= WIDEST:
        return False
    pairs = list(itertools.pairwise(block))
    filled = sum(_is_full(text, line, after, width) for line, after in pairs)
    lower = sum(text[after.start].islower() for _, after in pairs)
    return filled >= FILLED * len(pairs) and lower >= LOWER * len(pairs)


def _is_full(text: str, line: Line, after: Line, width: int) -> bool:
    """Tell whether the next line's first word would not have fitted on this one."""
    word = text[after.start : min(after.end, after.start + width + 1)].split(None, 1)[0]
    return line.indent + line.end - line.start + 1 + len(word) > width


def _paragraphs(text: str, block: list[Line], width: int) -> list[Span]:
    """Return a block's paragraphs; ``width`` is the document's column of wrapping, 0 if it has none."""
    spans: list[Span] = []
    wrapped = 0 < _width(block) <= width
    last: Line | None = None
    for line in block:
        if last is not None and _goes_on(text, last, line, width if wrapped else 0):
            spans[-1] = Span(spans[-1].start, line.end)
        else:
            spans.append(Span(line.start, line.end))
        last = line
    return spans


def _goes_on(text: str, line: Line, after: Line, width: int) -> bool:
    if BULLET.match(text, after.start, after.end) or after.indent > line.indent + 1:
        return False
    if width and _is_full(text, line, after, width - SLACK):
        return True
    return text[after.start].islower() and not text[line.end - 1].endswith(ENDS)
