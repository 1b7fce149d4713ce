"""The quotations stage: one-line cases, and laws that hold for any text."""

from __future__ import annotations

import sys
import time

import pytest
from conftest import read_cases
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.quotations import find_rule_evidence, pair_quotations
from pipeline.records import Notice, Quotation
from pipeline.rules import QuotationMark, Rules, load_rules
from pipeline.segment import segment

RULES: Rules = load_rules()
OPENING = tuple(mark for rule in RULES.of(QuotationMark) for mark in rule.open)
MARKS = "\"'“”„‟‘’‚‛«»‹›「」『』＂`—–"
TELLING = st.text(alphabet=MARKS + "aAs1 .,!?…()[]=\n°", max_size=60)
TEXTS = st.one_of(TELLING, st.text(max_size=60))
CODES = {"⚠": "unclosed-quotation", "⚑": "unopened-quotation"}


def pair(text: str) -> tuple[tuple[Quotation, ...], tuple[Notice, ...]]:
    return pair_quotations(text, segment(text, RULES), RULES)


def read_markup(line: str) -> tuple[str, list[str], list[str]]:
    """Return a line's text, its quotations and its notices, both as readable lines in text order."""
    text = ""
    opened: list[tuple[int, bool]] = []
    quotations: list[tuple[int, int, str]] = []
    notices: list[str] = []
    for at, char in enumerate(line):
        if char == "⟦":
            opened.append((len(text), line[at + 1] == "+"))
        elif char == "⟧":
            start, continues = opened.pop()
            shown = show(text[start:], len(opened), line[at + 1 : at + 2] != "~", continues)
            quotations.append((start, -len(text), shown))
        elif char in CODES:
            notices.append(f"{CODES[char]} {len(text)}")
        elif (char == "+" and line[at - 1] == "⟦") or (char == "~" and line[at - 1] == "⟧"):
            continue
        else:
            text += {"¶": "\n\n", "⏎": "\n"}.get(char, char)
    return text, [shown for _, _, shown in sorted(quotations)], notices


def show(words: str, level: int, complete: bool, continues: bool) -> str:
    return f"{'  ' * level}{'+' if continues else ''}{words}{'' if complete else '~'}"


@pytest.mark.parametrize("line", read_cases("quotations"))
def test_case(line: str) -> None:
    text, expected, warned = read_markup(line)
    quotations, notices = pair(text)
    assert [show(q.span.of(text), q.level, q.complete, q.continues) for q in quotations] == expected
    assert [f"{n.code} {n.start}" for n in notices] == warned


@given(TEXTS)
@settings(max_examples=500, deadline=None)
def test_quotations_nest_within_their_paragraph_and_open_with_a_mark(text: str) -> None:
    layout = segment(text, RULES)
    quotations, notices = pair_quotations(text, layout, RULES)
    assert list(quotations) == sorted(quotations, key=lambda q: (q.span.start, -q.span.end))
    enclosing: list[Quotation] = []
    for quotation in quotations:
        assert text.startswith(OPENING, quotation.span.start)
        assert quotation.span.holds(quotation.inner)
        assert quotation.inner.of(text).strip()
        assert sum(p.span.holds(quotation.span) for p in layout.paragraphs) == 1
        assert quotation.complete or any(p.span.end == quotation.span.end for p in layout.paragraphs)
        while enclosing and enclosing[-1].span.end <= quotation.span.start:
            enclosing.pop()
        assert quotation.level == len(enclosing)
        if enclosing:
            assert enclosing[-1].inner.holds(quotation.span)
        enclosing.append(quotation)
    assert all(0 <= n.start < len(text) and text[n.start] in MARKS for n in notices)


@given(TEXTS)
@settings(max_examples=100, deadline=None)
def test_pairing_is_deterministic_and_every_quotation_is_evidence(text: str) -> None:
    quotations, notices = pair(text)
    assert (quotations, notices) == pair(text)
    evidence = {(e.rule, e.start, e.end) for e in find_rule_evidence(text, RULES)}
    assert evidence >= {(q.rule, q.span.start, q.span.end) for q in quotations}


@given(st.lists(TELLING.filter(lambda t: t.strip() and "\n" not in t), min_size=1, max_size=4))
@settings(max_examples=100, deadline=None)
def test_complete_quotations_of_a_paragraph_do_not_hang_on_the_others(parts: list[str]) -> None:
    whole = "\n\n".join(["Rain fell.", *parts])
    starts = [len("Rain fell.\n\n")]
    for part in parts[:-1]:
        starts.append(starts[-1] + len(part) + 2)
    found = {(q.span.start, q.span.end) for q in pair(whole)[0] if q.complete}
    for start, part in zip(starts, parts, strict=True):
        alone = [q for q in pair("Rain fell.\n\n" + part)[0] if q.complete]
        spans = {(q.span.start - 12 + start, q.span.end - 12 + start) for q in alone}
        inside = {(a, b) for a, b in found if start <= a < start + len(part)}
        assert spans == inside


UNITS = [
    "“",
    "“”",
    '"“',
    "“‘a ",
    "'a ",
    '"',
    "` ",
    "s’ ",
    "‘s’ ",
    '6" ',
    '="',
    '."',
    "« ",
    "— a, — ",
    "a”",
    "‘a “b ",
    "“a\n\n",
]


@pytest.mark.parametrize("unit", UNITS)
def test_work_grows_with_the_text_and_not_faster(unit: str) -> None:
    few, many = (_calls(unit * (n // len(unit))) for n in (4_000, 16_000))
    assert many < 5 * few + 1_000
    text = unit * (60_000 // len(unit))
    layout = segment(text, RULES)
    started = time.process_time()
    pair_quotations(text, layout, RULES)
    assert time.process_time() - started < 4  # a tenth of that at most


def _calls(text: str) -> int:
    """Count the calls of Python functions that pairing takes."""
    layout = segment(text, RULES)
    count = 0

    def profile(frame: object, event: str, arg: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(profile)
    try:
        pair_quotations(text, layout, RULES)
    finally:
        sys.setprofile(None)
    return count
