"""The seed article: what it must give, statement by statement."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.process import Result, Tools, process
from pipeline.records import Document, Span, Statement

SEED = Path(__file__).parents[1] / "seeds" / "000_e28d90039b5034b5.txt"

# content (… stands for what is left out here) | voice | speaker | cue | class
ATTRIBUTED = [
    (
        '"The contract has been signed" and the parties are now in the phase of discussing '
        '"the financial model for the implementation" of the contract',
        "mixed", "Alexander Mijeyev", "stressed", "announcement",
    ),
    (
        "that the contract to provide a second supply of this system to Turkey is already signed and the only thing "
        "missing is to specify how the payments will be made",
        "indirect", "Alexander Mijeyev", "has assured", "announcement",
    ),
    (
        "that his country had a first agreement for the supply of the second Russian-made S-400 air defence system…",
        "indirect", "Ismail Demir", "already announced", "announcement",
    ),
    ('was bought "for use"', "mixed", "Ismail Demir", "said", "announcement"),
    (
        'the second contract would include "certain production and technology elements,"',
        "mixed", "Ismail Demir", "said", "announcement",
    ),
    (
        "that technical studies, joint production details and a roadmap are required for delivery",
        "indirect", "Ismail Demir", "explained", "announcement",
    ),
    ('"Idlib\'s main problem is President Bashar al-Assad\'s desire…onto Turkish soil,"',
     "direct", "Vladimir Frolov", "told", "analysis"),
]  # fmt: skip

QUOTED = {
    '"The contract has been signed"': ["The contract has been signed", "the financial model for the implementation"],
    'was bought "for use"': ["for use"],
    "the second contract would": ["certain production and technology elements,"],
}

WRITER = [
    ("It is capable of hitting airborne targets", "claim"),
    ("While it is true that the balance is largely in Russia's favour", "analysis"),
]


@pytest.fixture(scope="module")
def text() -> str:
    return SEED.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def result(text: str, tools: Tools) -> Result:
    return process(Document(text=text, uri=f"seeds/{SEED.name}"), tools)


def attributed(result: Result, content: str) -> Statement:
    """Return the attributed statement whose content is the one given, … standing for anything."""
    head, _, tail = content.partition("…")
    for s in result.statements:
        fits = s.text.startswith(head) and s.text.endswith(tail) if "…" in content else s.text == content
        if s.voice != "writer" and fits:
            return s
    near = [s.text for s in result.statements if s.voice != "writer"]
    pytest.fail(f"no attributed statement with the content {content!r}; there are {near}")


@pytest.mark.parametrize("row", ATTRIBUTED, ids=lambda row: f"{row[2].split()[-1]}-{row[3].split()[-1]}")
class TestAttributed:
    def test_voice(self, row: tuple[str, ...], result: Result) -> None:
        assert attributed(result, row[0]).voice == row[1]

    def test_speaker(self, row: tuple[str, ...], result: Result) -> None:
        speaker = attributed(result, row[0]).speaker
        assert speaker is not None
        assert (speaker.name, speaker.type) == (row[2], "person")

    def test_cue(self, row: tuple[str, ...], result: Result) -> None:
        cue = attributed(result, row[0]).cue
        assert cue is not None
        assert cue.text == row[3]

    def test_class(self, row: tuple[str, ...], result: Result) -> None:
        assert attributed(result, row[0]).class_ == row[4]


def test_nothing_else_is_attributed(result: Result) -> None:
    found = [s.text for s in result.statements if s.voice != "writer"]
    assert len(found) == len(ATTRIBUTED), found


@pytest.mark.parametrize(("content", "inside"), QUOTED.items())
def test_quotations(content: str, inside: list[str], result: Result) -> None:
    assert [q.text for q in attributed(result, content + "…").quotations] == inside


def test_spans_of_the_published_example(result: Result) -> None:
    statement = attributed(result, ATTRIBUTED[0][0])
    assert statement.spans == (Span(513, 655),)
    assert [(q.start, q.end) for q in statement.quotations] == [(513, 543), (595, 639)]
    assert (statement.cue.start, statement.cue.end) == (657, 665)
    mention = statement.speaker.mention
    assert (mention.start, mention.end, mention.text) == (666, 683, "Alexander Mijeyev")


@pytest.mark.parametrize("row", ATTRIBUTED, ids=lambda row: f"{row[2].split()[-1]}-{row[3].split()[-1]}")
def test_role(row: tuple[str, ...], result: Result) -> None:
    roles = {
        "Alexander Mijeyev": "general director of the Russian consortium Rosoboronexport",
        "Ismail Demir": "President of the Turkish Defence Industry",
        "Vladimir Frolov": "Russian foreign affairs analyst",
    }
    assert attributed(result, row[0]).speaker.role == roles[row[2]]


@pytest.mark.parametrize(
    ("content", "how", "mention"),
    [
        (ATTRIBUTED[0][0], "name", "Alexander Mijeyev"),
        (ATTRIBUTED[1][0], "role", "The general director of the Russian consortium Rosoboronexport…"),
        (ATTRIBUTED[2][0], "name", "The President of the Turkish Defence Industry, Ismail Demir,…"),
        (ATTRIBUTED[3][0], "pronoun", "he"),
        (ATTRIBUTED[4][0], "alias", "Demir"),
        (ATTRIBUTED[5][0], "alias", "Demir"),
        (ATTRIBUTED[6][0], "name", "Vladimir Frolov, a Russian foreign affairs analyst"),
    ],
)
def test_mention(content: str, how: str, mention: str, result: Result) -> None:
    speaker = attributed(result, content).speaker
    # The last comma of an apposition may or may not be counted in.
    assert (speaker.how, speaker.mention.text.rstrip(",")[: len(mention.rstrip("…,"))]) == (how, mention.rstrip("…,"))


@pytest.mark.parametrize(("beginning", "label"), WRITER)
def test_writer(beginning: str, label: str, result: Result) -> None:
    found = [s for s in result.statements if s.text.startswith(beginning)]
    assert [(s.voice, s.class_) for s in found] == [("writer", label)]


def test_where_it_was_said(result: Result) -> None:
    for row, words in [(4, "NTV"), (5, "NTV"), (6, "The Guardian")]:
        statement = attributed(result, ATTRIBUTED[row][0])
        places = [extract.text for extract in (statement.medium, statement.addressee) if extract]
        assert any(words in place for place in places), places


def test_who_relays_it(result: Result) -> None:
    assert any("RT" in link.text for link in attributed(result, ATTRIBUTED[0][0]).chain or ())


def test_every_span_holds_its_words(text: str, result: Result) -> None:
    for s in result.statements:
        extracts = [*s.quotations, s.cue, s.speaker.mention if s.speaker else None]
        for extract in filter(None, extracts):
            words = text[extract.start : extract.end]
            assert extract.text in words
        assert s.text == " … ".join(span.of(text) for span in s.spans)
