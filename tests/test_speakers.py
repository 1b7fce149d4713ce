"""The speakers stage: cases, documents in which the nearest name is wrong, and laws over any text."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

import pytest
from conftest import analysed, read_cases
from hypothesis import given, settings
from hypothesis import strategies as st
from markup import Expected, read_markup
from spacy.tokens import Doc

from pipeline.parse import parse
from pipeline.process import Tools
from pipeline.quotations import pair_quotations
from pipeline.records import Attribution, Quotation, Resolution, Span, Speaker
from pipeline.segment import segment
from pipeline.speakers import resolve_speakers
from pipeline.speakers.words import key_of, read_words


def resolved(text: str, expected: list[Expected], tools: Tools) -> tuple[Resolution, ...]:
    """Resolve the sources that a case marks; its contents stand in for the attribute stage."""
    doc, layout = analysed(text, tools)
    quotations, _ = pair_quotations(text, layout, tools.rules)
    found = tuple(as_attribution(text, e, quotations) for e in expected)
    return resolve_speakers(doc, layout, found, tools.rules)


def as_attribution(text: str, e: Expected, quotations: tuple[Quotation, ...]) -> Attribution:
    inside = tuple(q for q in quotations if q.level == 0 and any(_quoted(q, span) for span in e.contents))
    return Attribution(
        spans=tuple(e.contents), voice="direct" if inside else "indirect", quotations=inside, source=e.source,
        continued=e.continues is not None, continues=None if e.continues is None else int(e.continues),
        cue=e.cue, cue_rule="pattern.turn" if e.cue is not None and e.cue.of(text) == ":" else "",
        nested=tuple(as_attribution(text, inner, ()) for inner in e.nested),
    )  # fmt: skip


def with_nested(resolutions: tuple[Resolution, ...]) -> Iterator[Resolution]:
    """Yield every resolution, and after it those nested in it."""
    for r in resolutions:
        yield r
        yield from with_nested(r.nested)


def _quoted(quotation: Quotation, content: Span) -> bool:
    """Tell whether the content holds the quotation, rather than the quotation the content."""
    return content.overlaps(quotation.span) and not quotation.inner.holds(content)


def shown(speaker: Speaker | None, wanted: str) -> str:
    """Write a speaker as the expectation is written, with its ``*`` and its length."""
    if speaker is None or wanted == "*":
        return "-" if speaker is None else "*"
    fields = [speaker.name, speaker.type, speaker.role or "-", speaker.how]
    parts = wanted.split(" / ")
    return " / ".join("*" if part == "*" else field for part, field in zip(parts, fields, strict=False))


@pytest.mark.parametrize("case", read_cases("speakers"))
def test_case(case: str, tools: Tools) -> None:
    fails, line, wanted = "==>" in case, *case.replace("==>", "=>").split(" => ")
    text, expected = read_markup(line)
    wants = wanted.split(" ; ")
    everyone = with_nested(resolved(text, expected, tools))
    found = [shown(r.speaker, want) for r, want in zip(everyone, wants, strict=True)]
    if fails:
        assert found != wants, "passes now: write => for ==>"
    else:
        assert found == wants


def test_the_role_stands_beside_the_name_and_the_mention_as_written(tools: Tools) -> None:
    text, expected = read_markup("[content:“We are open,”] said [source:Tom Berg, the owner of the mill], on Monday.")
    [found] = resolved(text, expected, tools)
    assert found.speaker is not None
    assert found.speaker.role == "owner of the mill"
    assert found.speaker.mention is not None
    assert found.speaker.mention.text == "Tom Berg, the owner of the mill"


def test_a_pronoun_shows_its_antecedent_and_its_rivals(tools: Tools) -> None:
    text, expected = read_markup("Tom Berg met Paul Keller. [content:“We are open,”] [source:he] said.")
    [found] = resolved(text, expected, tools)
    assert found.speaker is not None
    assert [c.name for c in found.speaker.candidates] == ["Tom Berg", "Paul Keller"]
    antecedent = next(e for e in found.evidence if e.rule == "speaker.antecedent")
    assert text[antecedent.start : antecedent.end] == "Tom Berg"


def test_the_company_shows_where_it_is_named(tools: Tools) -> None:
    text, expected = read_markup(
        "The Arden Steel Corporation met. [source:The corporation] said [content:it would open]."
    )
    [found] = resolved(text, expected, tools)
    rules = {e.rule: text[e.start : e.end] for e in found.evidence}
    assert rules["speaker.organisation"] == "The corporation"
    assert "Arden Steel Corporation" in rules["speaker.antecedent"]


def test_continuing_itself_or_nothing_does_no_harm(tools: Tools) -> None:
    text = "“We won.” “We will win again.”"
    layout = segment(text, tools.rules)
    loops = (
        Attribution(spans=(Span(0, 9),), voice="direct", continued=True, continues=1),
        Attribution(spans=(Span(10, 30),), voice="direct", continued=True, continues=0),
        Attribution(spans=(Span(10, 30),), voice="direct", continued=True, continues=7),
    )
    found = resolve_speakers(parse(text, layout, tools.nlp), layout, loops, tools.rules)
    assert [r.speaker for r in found] == [None, None, None]


# ---------------------------------------------------------------- laws

PIECES = st.sampled_from(
    ["Ana Ruiz", "Mr. Berg", "al-Hadi", "he", "She", "who", "they", "I", "We", "it", "the minister", "Arden Steel",
     "(WHO)", "said", "told", "“", "”", '"', "’s", ",", ".", "and", "&", "/", "of the", "a report by", "police", "Jr.",
     "van der", "J.", "\n", "\n\n", " ", "-", "—", "RUIZ", "ruiz", "\u00a0", "😀", "İ", "Lisbon", "52", "U.S."]
)  # fmt: skip


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, tuple[Attribution, ...]]:
    """Draw a text and attributions with any spans in it."""
    text = draw(st.one_of(st.lists(PIECES, max_size=30).map(" ".join), st.text(max_size=60)))
    place = st.integers(0, len(text))
    span = st.tuples(place, place).map(lambda ends: Span(min(ends), max(ends)))
    found = st.builds(
        Attribution, spans=st.lists(span, min_size=1, max_size=2).map(tuple), voice=st.just("direct"),
        source=st.none() | span, cue=st.none() | span, continued=st.booleans(), continues=st.none() | st.integers(0, 4),
        quotations=st.lists(st.builds(Quotation, span=span, inner=span), max_size=2).map(tuple),
    )  # fmt: skip
    return text, tuple(draw(st.lists(found, max_size=4)))


@settings(max_examples=60, deadline=None)
@given(drawn=documents())
def test_any_text_and_any_sources_resolve(drawn: tuple[str, tuple[Attribution, ...]], tools: Tools) -> None:
    text, attributions = drawn
    layout = segment(text, tools.rules)
    doc = parse(text, layout, tools.nlp)
    found = resolve_speakers(doc, layout, attributions, tools.rules)
    assert found == resolve_speakers(doc, layout, attributions, tools.rules)
    assert len(found) == len(attributions)
    for resolution, attribution in zip(found, attributions, strict=True):
        assert 0 <= resolution.score <= 1
        assert all(0 <= e.start <= e.end <= len(text) for e in resolution.evidence)
        speaker = resolution.speaker
        if speaker is None:
            continue
        assert speaker.name
        assert speaker.candidates
        assert all(0 <= candidate.score <= 1 for candidate in speaker.candidates)
        if attribution.source is None:
            assert speaker.mention is None
        else:
            assert speaker.mention is not None
            assert (speaker.mention.start, speaker.mention.end) == (attribution.source.start, attribution.source.end)
            assert speaker.mention.text == attribution.source.of(text)


@pytest.mark.parametrize("text", ["", " ", "\n\n", "…", "ALL CAPITALS AND NOTHING ELSE.", "no capital anywhere at all"])
def test_texts_without_names(text: str, tools: Tools) -> None:
    layout = segment(text, tools.rules)
    doc = parse(text, layout, tools.nlp)
    whole = Attribution(spans=(Span(0, len(text)),), voice="indirect", source=Span(0, len(text)))
    [found] = resolve_speakers(doc, layout, (whole,), tools.rules)
    assert (found.speaker is None) == (not any(char.isalnum() for char in text))


def test_no_attribution_no_work(tools: Tools) -> None:
    layout = segment("Ana Ruiz spoke.", tools.rules)
    assert resolve_speakers(parse("Ana Ruiz spoke.", layout, tools.nlp), layout, (), tools.rules) == ()


# ---------------------------------------------------------------- size

SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]


def crowd(count: int) -> str:
    """Write a text of many people, each with a surname of their own, and a remark."""
    base = len(SYLLABLES)
    surnames = (
        (SYLLABLES[i % base] + SYLLABLES[i // base % base] + SYLLABLES[i // base**2 % base]).title()
        for i in range(count)
    )
    return "\n\n".join(f"Mr. John {name} came. “Yes,” {name} said." for name in surnames)


def bare(text: str, tools: Tools) -> Doc:
    """Tokenize without tagging, which is what takes the time."""
    made = tools.nlp.make_doc(text)
    words, spaces = [token.text for token in made], [bool(token.whitespace_) for token in made]
    return Doc(tools.nlp.vocab, words=words, spaces=spaces, sent_starts=[i == 0 for i in range(len(words))])


def lines_run(text: str, count: int, tools: Tools) -> int:
    """Resolve every “… said” of a crowd; return how many lines of the package ran."""
    layout = segment(text, tools.rules)
    sources = [Span(m.start(1), m.end(1)) for m in re.finditer(r"” (\w+) said", text)]
    found = tuple(Attribution(spans=(Span(s.start - 7, s.start - 1),), voice="direct", source=s) for s in sources)
    doc, lines = bare(text, tools), 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal lines
        if event == "call" and "speakers" not in frame.f_code.co_filename:
            return None
        lines += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        resolutions = resolve_speakers(doc, layout, found, tools.rules)
    finally:
        sys.settrace(before)
    assert len(resolutions) == count
    assert all(r.speaker is not None and r.speaker.name.startswith("John ") for r in resolutions)
    return lines


def test_work_grows_with_the_text_not_faster(tools: Tools) -> None:
    lines_run(crowd(2), 2, tools)  # compiles the rules
    small, large = (lines_run(crowd(count), count, tools) for count in (60, 240))
    assert large < 4.6 * small


def test_ten_thousand_names(tools: Tools) -> None:
    text = crowd(10_000)
    layout = segment(text, tools.rules)
    last = Span(text.rindex(" said") - 6, text.rindex(" said"))
    found = (Attribution(spans=(Span(last.start - 7, last.start - 1),), voice="direct", source=last),)
    [resolution] = resolve_speakers(bare(text, tools), layout, found, tools.rules)
    assert resolution.speaker is not None
    assert resolution.speaker.name == f"John {last.of(text)}"


# ---------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Ana Ruiz’s", ["Ana", "Ruiz"]),
        ("J. P. Lang Jr. spoke.", ["J.", "P.", "Lang", "Jr.", "spoke"]),
        ("U.S. envoys", ["U.S.", "envoys"]),
        ("AT&T O’Malley al-Hadi", ["AT&T", "O’Malley", "al-Hadi"]),
        ("", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert [word.text for word in read_words(text, frozenset(["jr."]))] == words


@given(st.text(max_size=80))
def test_words_stand_in_the_text(text: str) -> None:
    at = 0
    for word in read_words(text, frozenset()):
        assert at <= word.start < word.end <= len(text)
        assert text[word.start : word.end] == word.text
        assert text[word.end : word.close] == word.tail
        assert word.key == key_of(word.text)
        at = word.end
