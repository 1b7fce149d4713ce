"""The parse stage: offsets are the text's own, sentences are the layout's, memory keeps to the pieces."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc, Token

from pipeline.errors import ModelError
from pipeline.parse import DEFAULT_MODEL, PIECE, _pieces, load_model, parse
from pipeline.process import Tools
from pipeline.records import Layout
from pipeline.segment import segment
from pipeline.segment.sentences import LONGEST

SEED = Path(__file__).parents[1] / "seeds" / "000_e28d90039b5034b5.txt"
# What patterns of several words are for.
CASES = "I'm gonna go. There's nobody who ain't here; let's see what y'all do.\n\nIs it his? Don't!"
TELLING = st.text(alphabet="aAb .!?”“\"'\n\u2028\u00a0\x00-—", max_size=60)
TEXTS = st.one_of(TELLING, st.text(max_size=40))


def parsed(text: str, tools: Tools) -> tuple[Doc, Layout]:
    layout = segment(text, tools.rules)
    return parse(text, layout, tools.nlp), layout


def assert_sound(text: str, doc: Doc, layout: Layout) -> None:
    assert doc.text == text
    assert all(text[token.idx : token.idx + len(token)] == token.text for token in doc)
    starts = {token.idx for token in doc if token.is_sent_start}
    assert starts >= {s.span.start for s in layout.sentences}
    assert starts <= {0} | {s.span.start for s in layout.sentences} | {p.span.start for p in layout.paragraphs}
    assert sum(len(sentence) for sentence in doc.sents) == len(doc)


@given(TEXTS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_keeps_its_offsets_and_its_sentences(tools: Tools, text: str) -> None:
    assert_sound(text, *parsed(text, tools))


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "\n\n", "\u2028 \t\r\n", "\x00", "\u200b", "\ufeff", " Rain fell. ", "\n\nRain.\r\n\r\nIt rose.\n",
        "“Rain fell.”But it rose.", "It fell.“We left.",
        "ROME (Reuters) - Rain fell.", "1. Rain fell.\n2. It rose.",
        "雨。川。",
    ],
)  # fmt: skip
def test_text_that_tempts(text: str, tools: Tools) -> None:
    assert_sound(text, *parsed(text, tools))


def test_the_remembered_ruler_sets_what_spacys_own_sets(tools: Tools) -> None:
    import spacy

    own = spacy.load(DEFAULT_MODEL)
    remembered = tools.nlp
    for text in (SEED.read_text(encoding="utf-8"), CASES):
        assert [_attributes(token) for token in remembered(text)] == [_attributes(token) for token in own(text)]


def _attributes(token: Token) -> tuple[str, ...]:
    return token.text, token.tag_, token.pos_, str(token.morph), token.lemma_, token.dep_


def test_halves_of_surrogate_pairs_do_no_harm(tools: Tools) -> None:
    doc, _ = parsed("Rain \ud83d fell.", tools)
    assert doc.text == "Rain \ufffd fell."


def test_a_dateline_is_no_part_of_the_sentence_after_it(tools: Tools) -> None:
    doc, _ = parsed("ROME (Reuters) - Rain fell. It rose.", tools)
    assert [s.text for s in doc.sents] == ["ROME (Reuters) -", "Rain fell.", "It rose."]


def test_a_paragraph_is_analysed_alike_wherever_it_stands(tools: Tools) -> None:
    paragraph = "“We won the vote,” said Ana Ruiz of the Harbour Party on Monday."
    alone, _ = parsed(paragraph, tools)
    among, _ = parsed(f"{'Rain fell on the old town. ' * 20}\n\n{paragraph}\n\nThe river rose.", tools)
    first = next(token.i for token in among if token.text == "“")
    found = [(t.text, t.tag_, t.dep_, t.head.i - t.i) for t in among[first : first + len(alone)]]
    assert found == [(t.text, t.tag_, t.dep_, t.head.i - t.i) for t in alone]


def test_many_paragraphs_are_joined_in_order(tools: Tools) -> None:
    text = "\n\n".join(f"Rain {n} fell." for n in range(600))
    doc, layout = parsed(text, tools)
    assert_sound(text, doc, layout)
    assert len(list(doc.sents)) == 600
    assert doc.has_annotation("DEP")


def test_names_that_a_recogniser_finds_are_kept_where_paragraphs_are_joined(tools: Tools) -> None:
    import spacy

    text = "Anna Weber lives in Paris.\n\nPaul Meyer lives in Berlin."
    doc = parse(text, segment(text, tools.rules), spacy.load(DEFAULT_MODEL))
    assert [e.text for e in doc.ents] == ["Anna Weber", "Paris", "Paul Meyer", "Berlin"]


@pytest.mark.parametrize("unit", ["Rain fell. ", "rain ", "a", "x\n\n", " ", "\n"])
def test_pieces_tile_the_text_and_none_is_long(unit: str, tools: Tools) -> None:
    gap = " " * 2 * PIECE
    text = f"{gap}{unit * (5 * PIECE // len(unit))}{gap}Rain fell.{gap}It rose.\n{gap}It fell.{gap}"
    pieces = list(_pieces(segment(text, tools.rules), len(text)))
    assert [start for start, _ in pieces] == [0, *(end for _, end in pieces[:-1])]
    assert pieces[-1][1] == len(text)
    assert max(end - start for start, end in pieces) <= PIECE + LONGEST


def test_much_white_space_is_more_than_the_model_takes_at_a_time(tools: Tools) -> None:
    text = f"Rain fell.{' ' * 1_200_000}It rose.\n"
    doc, _ = parsed(text, tools)
    assert doc.text == text
    assert [s.text.strip() for s in doc.sents if s.text.strip()] == ["Rain fell.", "It rose."]


def test_a_model_that_is_not_installed_is_named_with_the_remedy() -> None:
    with pytest.raises(ModelError, match=r"'no_such_model' is not installed.*--model"):
        load_model("no_such_model")
