"""Marks: every quotation mark of a paragraph and the direction that the characters round it show."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

from msgspec import Struct

from pipeline.records import Evidence
from pipeline.rules import Elision, QuotationMark

if TYPE_CHECKING:
    from pipeline.records import Span
    from pipeline.rules import Rules

Side = Literal["open", "close", "either"]

# Invisible format characters: zero-width spaces and joiners, direction marks, the byte-order mark.
INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
# Beside white space, what stands before an opening mark and after a closing one.
BEFORE_OPEN = frozenset("([{<>¿¡/|—–―-=*_~:" + INVISIBLE)
AFTER_CLOSE = frozenset(")]}<>.,;:!?/|—–―-*_~…" + INVISIBLE)
# What a closing mark is never stuck to, beside white space.
NOT_BEFORE_CLOSE = frozenset("([{¿¡")
# So many marks in a row are a drawn line or a list of marks.
DRAWN = 6
# Feet or minutes before inches or seconds: 6'2", 30' 10".
FEET = re.compile(r"\d['’]\s?\d")
YEARS = re.compile(r"\d\ds?(?!\w)")
WORD = re.compile(r"[^\W\d_]+")


class Mark(NamedTuple):
    """A quotation mark in a text: ``[start, end)``, its characters, and which way it faces."""

    start: int
    end: int
    text: str
    side: Side


class Marks(Struct, frozen=True):
    """The rules for marks, looked up by the characters of a mark.

    ``strict`` and ``lenient`` give for each opening mark its closing marks, with the rule of the pair.
    """

    pattern: re.Pattern[str]
    strict: dict[str, dict[str, str]]
    lenient: dict[str, dict[str, str]]
    single: frozenset[str]
    elisions: dict[str, str]
    dash: QuotationMark | None


def marks_of(rules: Rules) -> Marks:
    """Return the marks that the rules describe."""
    return _marks(rules.of(QuotationMark), rules.of(Elision))


@lru_cache(maxsize=4)
def _marks(rules: tuple[QuotationMark, ...], elisions: tuple[Elision, ...]) -> Marks:
    pairs = [rule for rule in rules if rule.strength != "dash"]
    strict: dict[str, dict[str, str]] = {}
    lenient: dict[str, dict[str, str]] = {}
    for rule in pairs:
        for mark in rule.open:
            closes = (lenient if rule.lenient else strict).setdefault(mark, {})
            for close in rule.close:
                closes.setdefault(close, rule.id)
    every = sorted({mark for rule in pairs for mark in (*rule.open, *rule.close)}, key=lambda mark: (-len(mark), mark))
    any_mark = "|".join(re.escape(mark) for mark in every) or r"(?!)"
    return Marks(
        re.compile(rf"(?P<drawn>([\"'`“”‘’«»_])\2{{{DRAWN - 1},}})|{any_mark}"),
        strict,
        lenient,
        frozenset(mark for rule in pairs if rule.strength == "single" for mark in (*rule.open, *rule.close)),
        {word: rule.id for rule in elisions for word in rule.words},
        next((rule for rule in rules if rule.strength == "dash"), None),
    )


def find_marks(text: str, paragraph: Span, marks: Marks) -> list[Mark]:
    """Return a paragraph's quotation marks in text order, apostrophes and signs of measure left out."""
    found: list[Mark] = []
    run: list[tuple[int, int]] = []
    for match in marks.pattern.finditer(text, paragraph.start, paragraph.end):
        if match.group("drawn"):
            continue
        if run and run[-1][1] != match.start():
            _add(found, text, paragraph, run, marks)
            run = []
        run.append(match.span())
    _add(found, text, paragraph, run, marks)
    return found


def find_elisions(text: str, paragraph: Span, marks: Marks) -> list[Evidence]:
    """Return the apostrophes that an elision's word gave away."""
    return [
        Evidence(rule, match.start(), match.end())
        for match in marks.pattern.finditer(text, paragraph.start, paragraph.end)
        if match.group() in marks.single and (rule := _elision(text, match.start(), match.end(), paragraph, marks))
    ]


def _add(found: list[Mark], text: str, paragraph: Span, run: list[tuple[int, int]], marks: Marks) -> None:
    """Add a run of marks without anything between them, such as those that close two quotations."""
    if not run or len(run) >= DRAWN:
        return
    before = text[run[0][0] - 1] if run[0][0] > paragraph.start else " "
    after = text[run[-1][1]] if run[-1][1] < paragraph.end else " "
    beyond = text[run[-1][1] + 1] if run[-1][1] + 1 < paragraph.end else " "
    side = _side(before, after, beyond)
    if side == "close" and len(run) > 1 and _is_split_backwards(text, run):
        run = [(run[0][0], run[0][0] + 1), (run[0][0] + 1, run[-1][1])]
    for start, end in run:
        mark = text[start:end]
        if mark in marks.single and _is_apostrophe(text, start, end, side, paragraph, marks):
            continue
        found.append(Mark(start, end, mark, side))


def _is_split_backwards(text: str, run: list[tuple[int, int]]) -> bool:
    """Tell whether three straight single marks were read as ``''`` and ``'`` where ``'`` closes first."""
    (start, end), last = run[0], run[-1]
    return len(run) == 2 and text[start : last[1]] == "'''" and end - start == 2


def _side(before: str, after: str, beyond: str) -> Side:
    starts = before.isspace() or before in BEFORE_OPEN
    ends = after.isspace() or after in AFTER_CLOSE
    if (
        starts
        and not after.isspace()
        and (after not in AFTER_CLOSE or after in "<…—–―-*_~" or (after == beyond == "."))
    ):
        return "open"
    if ends and not before.isspace() and before not in NOT_BEFORE_CLOSE:
        return "close"
    return "either"


def _is_apostrophe(text: str, start: int, end: int, side: Side, paragraph: Span, marks: Marks) -> bool:
    before = text[start - 1] if start > paragraph.start else " "
    after = text[end] if end < paragraph.end else " "
    if before.isalnum() and after.isalnum():
        return True
    if side == "open":
        return YEARS.match(text, end, paragraph.end) is not None or bool(_elision(text, start, end, paragraph, marks))
    return FEET.match(text, start - 1, paragraph.end) is not None


def _elision(text: str, start: int, end: int, paragraph: Span, marks: Marks) -> str | None:
    """Return the elision's rule where an apostrophe stands before one of its words."""
    if start > paragraph.start and text[start - 1].isalnum():
        return None
    word = WORD.match(text, end, paragraph.end)
    return marks.elisions.get(word.group().lower()) if word else None
