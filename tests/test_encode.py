"""The encoder's input and decoding: words and windows, tags by their marginals, pointers, edges of contents."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from conftest import analysed
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.attribute.model import Marked, content_span, hint_rows, mention_span
from pipeline.encode.names import TAGS, TYPES, Name, names_of, read_tags
from pipeline.encode.statements import ATTENTIONS, POOLS, SHAPE, Meanings, StatementHead, StatementWords
from pipeline.encode.syntax import DEP, FAR, SYNTAX, TAG, syntax_of, syntax_rows
from pipeline.encode.tags import NEVER, B, E, I, O, S, Tagged, candidates, choose, closed, marginals
from pipeline.encode.words import BEGIN, MARKS, WINDOW, ZONE, Vocabulary, Words, windows_of, words_of
from pipeline.process import Tools
from pipeline.quotations import pair_quotations
from pipeline.records import Attribution, Span
from pipeline.segment import segment

FOLLOWS = {O: (O, B, S), B: (I, E), I: (I, E), E: (O, B, S), S: (O, B, S)}


def read(text: str, tools: Tools):
    layout = segment(text, tools.rules)
    quotations, _ = pair_quotations(text, layout, tools.rules)
    return words_of(text, layout, quotations), quotations


@pytest.mark.parametrize(
    ("text", "words", "features"),
    [
        ("Ito’s dog: no.", ["Ito’s", "dog", ":", "no", "."], ["1020", "0000", "5000", "0000", "5000"]),
        ("“No,” UN.", ["“", "No", ",", "”", "UN", "."], ["5120", "1200", "5200", "5300", "2000", "5000"]),
        ("It rains. 20 won.", ["It", "rains", ".", "20", "won", "."], ["1020", "0000", "5000", "4010", "0000", "5000"]),
    ],
)  # fmt: skip
def test_words(text: str, words: list[str], features: list[str], tools: Tools):
    found, _ = read(text, tools)
    assert [text[a:b] for a, b in zip(found.starts, found.ends, strict=True)] == words
    rows = ["".join(map(str, row)) for row in found.features[:, :3].tolist()]
    assert rows == [f[:3] for f in features]


def test_windows_hold_whole_paragraphs_where_they_fit(tools: Tools):
    text = "\n\n".join(["word " * 100] * 5 + ["Long one. " * 200])
    words, _ = read(text, tools)
    windows = list(windows_of(words, [1] * len(words)))
    assert [a for a, _ in windows][1:] == [b for _, b in windows][:-1]
    assert windows[0][0] == 0
    assert windows[-1][1] == len(words)
    assert all(0 < b - a <= WINDOW - 2 for a, b in windows)
    assert windows[0] == (0, 200)
    assert all(words.features[a, 2] for a, _ in windows)  # each begins a sentence


@pytest.mark.parametrize(
    ("word", "pieces"),
    [("said", ["said"]), ("Élan", ["el", "##an"]), ("qx", ["[UNK]"]), ("it's", ["it", "'", "s"]), ("😀", ["[UNK]"])],
)
def test_wordpieces(word: str, pieces: list[str]):
    known = ["[UNK]", "[CLS]", "[SEP]", "said", "el", "##an", "it", "'", "s"]
    assert [known[i] for i in Vocabulary(known).pieces(word)] == pieces


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_probabilities_of_spans_are_those_of_all_sequences(length: int, seed: int):
    chance = np.random.default_rng(seed)
    allowed = np.array([[later in FOLLOWS[tag] for later in range(5)] for tag in range(5)])
    transitions = np.where(allowed, chance.normal(size=(1, 5, 5)), NEVER).astype(np.float32)
    emissions = closed(chance.normal(size=(1, length, 5)).astype(np.float32), np.zeros(length, np.int64))
    weights: dict[tuple[int, int], float] = {}
    total = 0.0
    for tags in itertools.product(range(5), repeat=length):
        score = sum(emissions[0, i, t] for i, t in enumerate(tags))
        score += sum(transitions[0, a, b] for a, b in itertools.pairwise(tags))
        weight = float(np.exp(np.float64(score)))
        total += weight
        start = 0
        for i, tag in enumerate(tags):
            start = i if tag in (B, S) else start
            if tag in (E, S):
                weights[start, i] = weights.get((start, i), 0.0) + weight
    [[found]] = marginals([emissions], transitions)
    got = {(s.first, s.last): s.probability for s in candidates(found, 1e-6)}
    for span, weight in weights.items():
        assert got.get(span, 0.0) == pytest.approx(weight / total, abs=2e-6)


@pytest.mark.parametrize(
    ("spans", "chosen"),
    [
        ([(0, 4, 0.6), (0, 2, 0.4), (3, 4, 0.4)], [(0, 4)]),
        ([(0, 4, 0.6), (0, 2, 0.7), (3, 4, 0.6)], [(0, 2), (3, 4)]),
        ([(0, 4, 0.3)], []),
        ([], []),
    ],
)
def test_choose(spans: list[tuple[int, int, float]], chosen: list[tuple[int, int]]):
    assert [(s.first, s.last) for s in choose([Tagged(*s) for s in spans], 0.36)] == chosen


@pytest.mark.parametrize(
    ("text", "asked", "given"),
    [
        ("He said it rains, she said.", "it rains,", "it rains"),
        ("“We won,” he said.", "We won,", "“We won,”"),
        ("“We won,” he said.", "“We won", "“We won,”"),
        ("It was “not so bad” then.", "It was “not", "It was"),
        ("It was “not so bad” then.", "so bad” then", "“not so bad” then"),
        ("It was “not so bad” then.", "so bad", "so bad"),
        ("He lives in the U.S.", "in the U.S", "in the U.S."),
        ("“One.\n\n“Two,” he said.", "“One.", "“One."),
        ("He said: ‘No.’ She left.", "No.", "‘No.’"),
        ("He left.", ".", None),
    ],
)  # fmt: skip
def test_content_span(text: str, asked: str, given: str | None, tools: Tools):
    _, quotations = read(text, tools)
    start = text.index(asked)
    span = content_span(text, Span(start, start + len(asked)), Marked(quotations))
    assert (None if span is None else span.of(text)) == given


@pytest.mark.parametrize(
    ("mention", "trimmed"), [("Ito’s", "Ito"), ("Ms Ruiz,", "Ms Ruiz"), ("the Jones'", "the Jones"), ("he", "he")]
)
def test_mention_span(mention: str, trimmed: str):
    assert mention_span(mention, Span(0, len(mention))).of(mention) == trimmed


def test_hints_mark_what_the_rules_found(tools: Tools):
    words, _ = read("Ito said it rains.", tools)
    found = Attribution(spans=(Span(9, 17),), voice="indirect", cue=Span(4, 8), source=Span(0, 3))
    assert hint_rows(words, [found]).tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 2], [0, 0, 0]]


@pytest.mark.parametrize(
    "text", ["", " ", "no", "NO", "a" * 3000, "word " * 3000, "“" * 40, "你好。他说：“是。”", "\ud800 said he"]
)
def test_any_text_is_read(text: str, tools: Tools):
    words, _ = read(text, tools)
    reads = tools.encoder.read(text, words, hint_rows(words, []), np.zeros((len(words), 3), np.int64))
    assert sum(len(r.hidden) for r in reads) == len(words)


PERSON, ORG = (1 + 2 * TYPES.index(kind) for kind in ("PERSON", "ORG"))


@pytest.mark.parametrize(
    ("tags", "names"),
    [
        ([], []),
        ([0, 0], []),
        ([0, PERSON, PERSON + 1, 0], [Name(1, 3, "PERSON")]),
        ([PERSON, PERSON], [Name(0, 1, "PERSON"), Name(1, 2, "PERSON")]),
        ([PERSON, ORG + 1, ORG + 1], [Name(0, 1, "PERSON"), Name(1, 3, "ORG")]),
        ([PERSON + 1, 0, TAGS - 1], [Name(0, 1, "PERSON"), Name(2, 3, TYPES[-1])]),
    ],
)
def test_names_of(tags: list[int], names: list[Name]):
    assert list(names_of(np.array(tags, np.int64))) == names


@pytest.mark.parametrize(
    ("likely", "tags"),
    [
        ([{0: 3}, {PERSON: 3}, {PERSON + 1: 3}, {0: 3}], [0, PERSON, PERSON + 1, 0]),
        ([{PERSON: 2, ORG: 1}, {ORG + 1: 4, PERSON + 1: 0}], [ORG, ORG + 1]),
        ([{0: 2, ORG: 1}, {ORG + 1: 4}], [ORG, ORG + 1]),
        ([{PERSON + 1: 5, PERSON: 1}, {0: 3}], [PERSON, 0]),
        ([{PERSON: 5}, {PERSON: 3, PERSON + 1: 2}, {ORG + 1: 2, ORG: 1}], [PERSON, PERSON, ORG]),
    ],
)
def test_a_name_goes_on_as_what_it_began(likely: list[dict[int, float]], tags: list[int]):
    scores = np.full((len(likely), TAGS), -5.0, np.float32)
    for row, known in zip(scores, likely, strict=True):
        for tag, score in known.items():
            row[tag] = score
    assert read_tags(scores).tolist() == tags


def test_names_become_the_entities_of_the_doc_without_possessive(tools: Tools):
    doc, _ = analysed("On Monday the World Bank rejected Ana Ruiz's plan for Lisbon.", tools)
    assert {("Ana Ruiz", "PERSON"), ("Lisbon", "GPE")} <= {(e.text, e.label_) for e in doc.ents}


def test_syntax_stands_beside_the_words(tools: Tools):
    text = "Ruiz's plan didn't win."
    words, _ = read(text, tools)
    doc, _ = analysed(text, tools)
    tokens = syntax_of(doc)
    assert tokens[:, 0].tolist() == [0, 4, 7, 12, 15, 19, 22]
    rows = syntax_rows(words, tokens)
    assert [text[a:b] for a, b in zip(words.starts, words.ends, strict=True)] == [
        "Ruiz's",
        "plan",
        "didn't",
        "win",
        ".",
    ]
    assert rows.tolist() == [
        [TAG["NNP"], DEP["poss"], FAR + 2], [TAG["NN"], DEP["nsubj"], FAR + 3], [TAG["VBD"], DEP["aux"], FAR + 2],
        [TAG["VB"], DEP["ROOT"], FAR], [TAG["."], DEP["punct"], FAR - 1],
    ]  # fmt: skip
    assert (rows < SYNTAX).all()


def statement_head(size: int) -> StatementHead:
    """Return a head that hands its inputs through, with attentions that look at nothing in particular."""
    inputs = POOLS * size + SHAPE
    return StatementHead(
        attention=np.zeros((ATTENTIONS, size), np.float32), attention_bias=np.zeros(ATTENTIONS, np.float32),
        inner=np.eye(inputs, dtype=np.float32), inner_bias=np.zeros(inputs, np.float32),
        outer=np.eye(inputs, dtype=np.float32), outer_bias=np.zeros(inputs, np.float32),
    )  # fmt: skip


def test_a_statement_is_pooled_from_its_content_cue_source_and_sentence() -> None:
    # Two sentences of four words each; the words' meanings are their numbers.
    features = np.zeros((8, 4), np.int64)
    features[[0, 4], BEGIN] = 2, 1
    features[5, MARKS], features[:, ZONE] = 2, 1
    words = Words(np.arange(8), np.arange(8) + 1, features, np.zeros(8, np.int64))
    meanings = Meanings(words, np.arange(8, dtype=np.float16)[:, None])
    statement = StatementWords(content=((5, 7),), cue=((4, 5),))
    (row,) = statement_head(1).score(meanings, [statement])
    content, cue, source, sentence, first, last, *attended = row[:POOLS]
    assert (content, cue, source, sentence, first, last) == (5.5, 4, 0, 5.5, 5, 6)
    assert attended == [5.5, 5.5, 5.5]
    quoted, writer, no_cue, no_source, length, few, short, *zones = row[POOLS:]
    assert (quoted, writer, no_cue, no_source, few, short) == (0.5, 0, 0, 1, 1, 1)
    assert length == pytest.approx(np.log(3) / 4)
    assert zones == [0, 1, 0, 0, 0, 0, 0]


def test_no_statement_gives_no_scores_and_a_long_content_takes_all_its_sentences() -> None:
    features = np.zeros((6, 4), np.int64)
    features[[0, 2, 4], BEGIN] = 2, 1, 1
    words = Words(np.arange(6), np.arange(6) + 1, features, np.zeros(6, np.int64))
    meanings = Meanings(words, np.arange(6, dtype=np.float16)[:, None])
    head = statement_head(1)
    assert head.score(meanings, []).shape == (0, POOLS + SHAPE)
    (row,) = head.score(meanings, [StatementWords(content=((1, 3),), writer=True)])
    assert row[3] == np.mean([0, 1, 2, 3])
    assert row[POOLS + 1] == 1
