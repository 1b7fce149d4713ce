"""Quoted speech: the seed article's rows, laws over any text, and the parts on their own."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markup import read_markup
from test_attribute import attributions

from pipeline.attribute.not_statement import not_statement
from pipeline.attribute.voices import voice_of
from pipeline.process import Tools
from pipeline.records import Attribution, Quotation, Span
from pipeline.rules import NotStatement, load_rules

SEED = (Path(__file__).parent.parent / "seeds" / "000_e28d90039b5034b5.txt").read_text(encoding="utf-8")

SEED_ROWS = [
    (
        '"The contract has been signed" and the parties are now in the phase of discussing '
        '"the financial model for the implementation" of the contract',
        "mixed",
        "stressed",
        "Alexander Mijeyev",
    ),
    ('was bought "for use"', "mixed", "said", "he"),
    (
        'the second contract would include "certain production and technology elements,"',
        "mixed",
        "said",
        "Demir",
    ),
    (
        "\"Idlib's main problem is President Bashar al-Assad's desire to establish full control of the area and block "
        "the border with Turkey, while he has also pushed three million Sunni people, who are unfriendly to "
        'al-Assad, onto Turkish soil,"',
        "direct",
        "told",
        "Vladimir Frolov, a Russian foreign affairs analyst",
    ),
]


@pytest.mark.parametrize(("content", "voice", "cue", "source"), SEED_ROWS)
def test_seed_row(content: str, voice: str, cue: str, source: str, tools: Tools) -> None:
    found = [a for a in attributions(SEED, tools) if a.spans[0].of(SEED) == content]
    assert len(found) == 1
    [a] = found
    assert (a.voice, a.cue and a.cue.of(SEED), a.source and a.source.of(SEED)) == (voice, cue, source)


PIECES = st.sampled_from(
    [
        "“",
        "”",
        '"',
        "'",
        "said ",
        "Ana Ruiz ",
        "He ",
        "we will appeal",
        ", ",
        ". ",
        ": ",
        "\n\n",
        "\n",
        "? ",
        "– ",
        "Q: ",
        "A: ",
        "SMITH: ",
    ]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(PIECES, max_size=25).map("".join))
def test_any_text_gives_valid_attributions(tools: Tools, text: str) -> None:
    found = attributions(text, tools)
    assert list(found) == sorted(found, key=lambda a: (a.spans[0], a.spans[-1]))
    for index, a in enumerate(found):
        _assert_valid(a, text)
        assert a.continues is None or (a.continued and 0 <= a.continues < len(found) and a.continues != index)
    contents = sorted(span for a in found for span in a.spans)
    assert not any(x.overlaps(y) for x, y in pairwise(contents))


def _assert_valid(a: Attribution, text: str) -> None:
    assert a.spans == tuple(sorted(a.spans))
    assert not any(x.overlaps(y) for x, y in pairwise(a.spans))
    for span in (*a.spans, a.cue, a.source):
        assert span is None or (0 <= span.start < span.end <= len(text) and span.of(text).strip())
    assert a.evidence
    assert 0 < a.score <= 1
    assert all(any(span.holds(q.span) for span in a.spans) for q in a.quotations)


def test_same_text_gives_same_attributions(tools: Tools) -> None:
    assert attributions(SEED, tools) == attributions(SEED, tools)


RULES = load_rules().of(NotStatement)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_not_statement_examples(rule: NotStatement, tools: Tools) -> None:
    for example in (*rule.match, *rule.reject):
        text = re.sub(r"\[(“[^”]*”)\]", r"\1", example)
        pointed = example.find("[“")
        for match in re.finditer("“([^”]*)”", text):
            quotation = Quotation(span=Span(*match.span()), inner=Span(*match.span(1)))
            only = tools.rules.__class__(by_kind={"not_statement": (rule,)}, digest="")
            assert (not_statement(text, quotation, only) is rule) == (match.start() == pointed), example


@pytest.mark.parametrize(
    ("marked", "voice"),
    [
        ("[content:“We will,”]", "direct"),
        ("[content:“We will,”] he said, [content:“and soon.”]", "direct"),
        ("[content:“A” and “B”]", "mixed"),
        ("[content:that it was “bad”]", "mixed"),
        ("[content:that it rained]", "indirect"),
        ("[content:that it rained]. [content:“All day.”]", "mixed"),
    ],
)
def test_voice(marked: str, voice: str) -> None:
    text, [expected] = read_markup(marked)
    quotations = tuple(Quotation(span=Span(*m.span()), inner=Span(*m.span(1))) for m in re.finditer("“([^”]*)”", text))
    inside = tuple(q for q in quotations if any(s.holds(q.span) for s in expected.contents))
    assert voice_of(text, expected.contents, inside) == voice
