"""The segment stage: one-line cases, laws that hold for any text, and texts of every line break."""

from __future__ import annotations

import re
import sys
import time
from dataclasses import dataclass, field

import pytest
from conftest import read_cases
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.records import Layout
from pipeline.rules import Rules, load_rules
from pipeline.segment import find_rule_evidence, segment
from pipeline.segment.sentences import LONGEST

RULES: Rules = load_rules()
MARKUP = re.compile(r"\{(\w+)\}|([‖¶⏎↵])")
# Characters that decide something, so that short random texts are worth a try.
TELLING = st.text(alphabet="aAb1 .,!?…:;-—\"'“”‘’()[]\n\r\u2028\x0b\t\u00a0•%@。«»", max_size=80)
TEXTS = st.one_of(TELLING, st.text(max_size=80))


@dataclass
class Expected:
    """A marked-up line: its text, and its paragraphs as zone and sentences."""

    text: str = ""
    paragraphs: list[tuple[str, list[str]]] = field(default_factory=list)


def read_markup(line: str) -> Expected:
    expected, zone, words, sentences = Expected(), "body", "", []

    def end_sentence() -> None:
        nonlocal words
        sentences.append(words.strip())
        words = ""

    def end_paragraph() -> None:
        nonlocal zone, words, sentences
        if words.strip() or sentences:
            end_sentence()
            kept = [] if zone == "dateline" else sentences[1:] if zone == "list" else sentences
            expected.paragraphs.append((zone, [s for s in kept if s]))
        zone, words, sentences = "body", "", []

    at = 0
    for mark in [*MARKUP.finditer(line), None]:
        plain = line[at : mark.start() if mark else len(line)]
        words += plain
        expected.text += plain
        if mark is None or mark.group(1) or mark.group(2) in "¶↵":
            end_paragraph()
        if mark is None:
            break
        at = mark.end()
        zone = mark.group(1) or zone
        if mark.group(2) == "‖":
            end_sentence()
        elif mark.group(2):
            expected.text += "\n\n" if mark.group(2) == "¶" else "\n"
            words += "\n"
    return expected


def paragraphs_of(text: str, layout: Layout) -> list[tuple[str, list[str]]]:
    found: list[tuple[str, list[str]]] = [(p.zone, []) for p in layout.paragraphs]
    for sentence in layout.sentences:
        found[sentence.paragraph][1].append(sentence.span.of(text))
    return found


@pytest.mark.parametrize("line", read_cases("segment"))
def test_case(line: str) -> None:
    expected = read_markup(line)
    assert paragraphs_of(expected.text, segment(expected.text, RULES)) == expected.paragraphs


@given(TEXTS)
@settings(max_examples=400, deadline=None)
def test_paragraphs_cover_all_words_and_sentences_their_paragraphs(text: str) -> None:
    layout = segment(text, RULES)
    assert_tiles(text, [p.span for p in layout.paragraphs], 0, len(text))
    for index, paragraph in enumerate(layout.paragraphs):
        spans = [s.span for s in layout.sentences if s.paragraph == index]
        if paragraph.zone == "dateline":
            assert spans == []
        elif paragraph.zone == "list" and spans:
            assert_tiles(text, spans, spans[0].start, paragraph.span.end)
        elif paragraph.zone != "list":
            assert_tiles(text, spans, paragraph.span.start, paragraph.span.end)
        assert all(paragraph.span.holds(span) for span in spans)


def assert_tiles(text: str, spans: list, start: int, end: int) -> None:
    """Nothing but white space stands before, between and after the spans, and none at their edges."""
    for span in [*spans, None]:
        assert not text[start : span.start if span else end].strip()
        if span:
            assert span.of(text) == span.of(text).strip() != ""
            start = span.end


@given(TEXTS)
@settings(max_examples=100, deadline=None)
def test_segment_is_deterministic_and_its_evidence_lies_in_the_text(text: str) -> None:
    layout = segment(text, RULES)
    assert layout == segment(text, RULES)
    assert layout.evidence == find_rule_evidence(text, RULES)
    assert all(0 <= e.start < e.end <= len(text) for e in layout.evidence)


@pytest.mark.parametrize(
    "newline", ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029", "\n \t\n", "\r\n\r\n"]
)
def test_every_line_break_ends_a_paragraph_and_moves_no_offset(newline: str) -> None:
    text = f"Rain fell.{newline}The river rose."
    spans = [p.span for p in segment(text, RULES).paragraphs]
    assert [span.of(text) for span in spans] == ["Rain fell.", "The river rose."]


@pytest.mark.parametrize("text", ["", " ", "\n", "\r\n\r\n", "\u2028", "\u00a0\t"])
def test_nothing_but_white_space_gives_nothing(text: str) -> None:
    assert segment(text, RULES) == Layout((), ())


def test_wrapped_with_crlf_keeps_offsets() -> None:
    lines = [
        "The council met on Monday evening to speak about the river, which had",
        "risen by two metres in one night and flooded a part of the old town",
        "near the bridge. Nobody was hurt.",
    ]
    text = "\r\n".join(lines)
    layout = segment(text, RULES)
    assert len(layout.paragraphs) == 1
    assert [s.span.of(text) for s in layout.sentences] == [text[: text.index("Nobody")].strip(), "Nobody was hurt."]


def test_a_dateline_and_an_abbreviation_are_evidence() -> None:
    text = "ROME — On Monday Mr. Ito left."
    assert [(e.rule, text[e.start : e.end]) for e in find_rule_evidence(text, RULES)] == [
        ("zone.dateline-capitals", "ROME — "),
        ("abbreviation.honorific", "Mr."),
    ]


@pytest.mark.parametrize("unit", ["a", "word ", "word\n", "a.b", "…"])
def test_no_sentence_is_over_long(unit: str) -> None:
    text = unit * (3 * LONGEST // len(unit))
    layout = segment(text, RULES)
    assert max(s.span.end - s.span.start for s in layout.sentences) <= LONGEST
    assert_tiles(text, [s.span for s in layout.sentences], 0, len(text))


UNITS = [
    ". ", "… ", "A. ", "? “", "a. (((((", "a.“«", "U.S. ", "- ", "x\n\n", "x\ny ", "“We won,” said Mr. Ito. ",
    "(Photo ", "By A ", "AB, ", "AP Photo ", ".” ", "— ", "'' ", ".''", "1. ", "A-B. ", "?”A",
]  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
def test_work_grows_with_the_text_and_not_faster(unit: str) -> None:
    few, many = (_calls(unit * (n // len(unit))) for n in (4_000, 16_000))
    assert many < 5 * few + 1_000
    started = time.process_time()
    segment(unit * (60_000 // len(unit)), RULES)
    assert time.process_time() - started < 4  # a tenth of that at most; what grew with the square took longer


def _calls(text: str) -> int:
    """Count the calls of Python functions that segmenting takes."""
    count = 0

    def profile(frame: object, event: str, arg: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(profile)
    try:
        segment(text, RULES)
    finally:
        sys.setprofile(None)
    return count
