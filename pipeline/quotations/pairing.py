"""Which mark closes which: a stack of open quotations, one pass over a paragraph's marks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pipeline.quotations.marks import Mark, Marks
    from pipeline.records import Span

# Quotations deeper than this are no quotations; it keeps memory small on texts made of marks.
DEEPEST = 32
# Marks that also stand for inches and seconds, and the number before them: a 6" pipe, 6'2".
INCHES = ('"', "”", "''")
MEASURED = re.compile(r"(?:^|[\s(-]|\d['’]\s?)\d{1,3}(?:\.\d+)?$")
# Before one of these a single mark after a letter may be a plural's apostrophe: the voters' group.
PLURAL = "sSzZxX"


class Pair(NamedTuple):
    """A quotation: its span with marks, the span inside them, its rule, and whether it is closed."""

    start: int
    end: int
    inner_start: int
    inner_end: int
    rule: str
    complete: bool = True


class _Entry(NamedTuple):
    """An open quotation on the stack."""

    mark: Mark
    single: bool
    strict: dict[str, str]
    lenient: dict[str, str]


class Pairing:
    """Pairs a paragraph's marks. After ``run``, ``pairs`` and what was left over."""

    def __init__(self, text: str, paragraph: Span, found: list[Mark], marks: Marks) -> None:
        self.text = text
        self.paragraph = paragraph
        self.found = found
        self.marks = marks
        self.pairs: list[Pair] = []
        self.unopened: int | None = None
        self.unclosed: int | None = None
        self.stack: list[_Entry] = []
        # Where on the stack each closing mark finds an opening one, innermost last.
        self._strict: dict[str, list[int]] = {}
        self._lenient: dict[str, list[int]] = {}
        self._doubles: list[int] = []
        self._next_single, self._next_double = _following(found, marks)

    def run(self) -> None:
        """Pair the marks in one pass."""
        in_attribute = False
        for index, mark in enumerate(self.found):
            single = mark.text in self.marks.single
            if not single and in_attribute:
                in_attribute = False
            elif not single and mark.start > self.paragraph.start and self.text[mark.start - 1] == "=":
                in_attribute = True
            elif single:
                self._single(index, mark)
            else:
                self._double(index, mark)

    def _double(self, index: int, mark: Mark) -> None:
        strict = self._nearest(self._strict, mark)
        lenient = self._nearest(self._lenient, mark)
        opens = mark.text in self.marks.strict
        stuck = mark.start > self.paragraph.start and self.text[mark.start - 1] in ",.!?…"
        if strict is not None:
            if opens and mark.side == "open":
                self._push(mark, single=False)
            elif not self._is_inches(index, mark):
                self._close(strict, mark, lenient=False)
        elif opens:
            at_end = mark.end == self.paragraph.end
            if lenient is not None and (mark.side == "close" or (mark.side == "either" and (stuck or at_end))):
                self._close(lenient, mark, lenient=True)
            elif mark.side != "close":
                self._push(mark, single=False)
            else:
                self._stray(mark)
        elif lenient is not None and mark.side != "open":
            self._close(lenient, mark, lenient=True)
        elif mark.text in self.marks.lenient and (mark.side == "open" or mark.start == self.paragraph.start):
            self._push(mark, single=False)
        else:
            self._stray(mark)

    def _single(self, index: int, mark: Mark) -> None:
        target = self._nearest(self._strict, mark)
        lenient = target is None
        if lenient:
            target = self._nearest(self._lenient, mark)
        if target is not None and self._doubles and self._doubles[-1] > target:
            target = None
        spaced = mark.side == "either" and (mark.text == "‘" or target is not None)
        if target is not None and (mark.side == "close" or spaced):
            if not self._is_plural(index, mark):
                self._close(target, mark, lenient=lenient)
        elif mark.side == "open" or (spaced and mark.text == "‘"):
            self._push(mark, single=True)

    def _is_plural(self, index: int, mark: Mark) -> bool:
        """Tell whether a single mark after a plural's s is its apostrophe: a surer closing mark follows."""
        if not self._may_be_plural(mark):
            return False
        after = self._next_single[index]
        return after >= 0 and self.found[after].side == "close" and not self._may_be_plural(self.found[after])

    def _may_be_plural(self, mark: Mark) -> bool:
        before = self.text[mark.start - 1] if mark.start > self.paragraph.start else " "
        after = self.text[mark.end : mark.end + 2]
        return before in PLURAL and mark.end < self.paragraph.end and after[:1].isspace() and after[1:].isalnum()

    def _is_inches(self, index: int, mark: Mark) -> bool:
        """Tell whether a mark after a number is a sign of measure: the quotation is closed later."""
        if mark.text not in INCHES or not MEASURED.search(
            self.text[max(mark.start - 12, self.paragraph.start) : mark.start]
        ):
            return False
        after = self._next_double[index]
        return after >= 0 and self.found[after].text == mark.text and self.found[after].side == "close"

    def _nearest(self, table: dict[str, list[int]], mark: Mark) -> int | None:
        places = table.get(mark.text)
        return places[-1] if places else None

    def _push(self, mark: Mark, *, single: bool) -> None:
        if len(self.stack) >= DEEPEST:
            self._lose(mark, single=single)
            return
        strict, lenient = self.marks.strict.get(mark.text, {}), self.marks.lenient.get(mark.text, {})
        place = len(self.stack)
        self.stack.append(_Entry(mark, single, strict, lenient))
        for table, closes in ((self._strict, strict), (self._lenient, lenient)):
            for close in closes:
                table.setdefault(close, []).append(place)
        if not single:
            self._doubles.append(place)

    def _pop(self) -> _Entry:
        entry = self.stack.pop()
        for table, closes in ((self._strict, entry.strict), (self._lenient, entry.lenient)):
            for close in closes:
                table[close].pop()
        if not entry.single:
            self._doubles.pop()
        return entry

    def _close(self, target: int, mark: Mark, *, lenient: bool) -> None:
        while len(self.stack) > target + 1:
            entry = self._pop()
            self._lose(entry.mark, single=entry.single)
        entry = self._pop()
        rule = (entry.lenient if lenient else entry.strict)[mark.text]
        self.pairs.append(Pair(entry.mark.start, mark.end, entry.mark.end, mark.start, rule))

    def _stray(self, mark: Mark) -> None:
        before = self.text[mark.start - 1] if mark.start > self.paragraph.start else " "
        if self.unopened is None and not (before.isdigit() and mark.text in INCHES):
            self.unopened = mark.start

    def _lose(self, mark: Mark, *, single: bool) -> None:
        # A mark with white space on both sides that nothing closes is a bullet or an empty quotation.
        if not single and mark.side != "either" and (self.unclosed is None or mark.start < self.unclosed):
            self.unclosed = mark.start

    def settle(self, reopened: str | None) -> str | None:
        """Decide on the marks left open; return the one that the next paragraph reopens, if any.

        ``reopened`` is the mark with which the next paragraph starts. A mark left open makes a
        quotation up to the paragraph's end if no later one stands after it; one that starts its
        paragraph may hold others of another kind if the next paragraph reopens it.
        """
        last = max((pair.start for pair in self.pairs if self._is_double(pair)), default=-1)
        kept: _Entry | None = None
        for entry in self.stack:
            if kept is None and self._is_kept(entry, last, reopened):
                kept = entry
            else:
                self._lose(entry.mark, single=entry.single)
        if kept is None:
            return None
        start, inner, end = kept.mark.start, kept.mark.end, self.paragraph.end
        rule = next(iter((kept.strict or kept.lenient).values()))
        self.pairs.append(Pair(start, end, inner, end, rule, complete=False))
        if reopened == kept.mark.text:
            return reopened
        self._lose(kept.mark, single=kept.single)
        return None

    def _is_kept(self, entry: _Entry, last: int, reopened: str | None) -> bool:
        mark = entry.mark
        at_start = mark.start == self.paragraph.start
        same = reopened == mark.text
        if entry.single:
            return at_start and same and mark.text == "‘" and last < mark.start
        if mark.side == "either":
            return False
        if last < mark.start:
            return True
        inside = (pair for pair in self.pairs if self._is_double(pair))
        return at_start and same and all(not self.text.startswith(mark.text, pair.start) for pair in inside)

    def _is_double(self, pair: Pair) -> bool:
        return self.text[pair.start : pair.inner_start] not in self.marks.single


def _following(found: list[Mark], marks: Marks) -> tuple[list[int], list[int]]:
    """Return for each mark the index of the next single and of the next double one, -1 where none is."""
    singles, doubles = [-1] * len(found), [-1] * len(found)
    single = double = -1
    for index in range(len(found) - 1, -1, -1):
        singles[index], doubles[index] = single, double
        if found[index].text in marks.single:
            single = index
        else:
            double = index
    return singles, doubles
