"""``onrecord evaluate --errors``: every kind of difference, the records and the page."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, get_args

import pytest
from conftest import read_cases
from hypothesis import given
from hypothesis import strategies as st
from markup import Expected, read_markup

from pipeline.errors import UsageError
from pipeline.evaluate import Difference, evaluate_predictions, write_errors
from pipeline.evaluate.attributions import Comparison
from pipeline.evaluate.differences import AROUND
from pipeline.evaluate.error_page import page
from pipeline.evaluate.gold import Gold, GoldAttribution, GoldStatement
from pipeline.evaluate.kinds import KINDS, Kind, find_kinds
from pipeline.evaluate.marked_text import mark, only_here
from pipeline.evaluate.predictions import PredictedSpeaker, Prediction
from pipeline.evaluate.words import WordedText
from pipeline.records import Evidence, Extract, Span

CASES = read_cases("differences")


def found_in(gold: str, predicted: str, rows: Sequence[GoldStatement] = (), **fields: Any) -> list[Difference]:
    """Return the differences between a text as marked up for the gold and for the prediction."""
    (text, wanted), (same, got) = read_markup(gold), read_markup(predicted)
    assert text == same, "both sides mark up the same text"
    annotations = {"a": (tuple(map(gold_attribution, wanted)),)}
    predictions = {"a": [prediction(text, e, **fields) for e in got]}
    return list(evaluate_predictions(Gold({"a": text}, annotations, tuple(rows)), predictions).differences)


def gold_attribution(e: Expected) -> GoldAttribution:
    return GoldAttribution(_one(e.source), _one(e.cue), tuple(e.contents))


def prediction(text: str, e: Expected, name: str | None = "Ito", **fields: Any) -> Prediction:
    extracts = {part: [Extract(s.start, s.end, s.of(text)) for s in _one(span)]
                for part, span in (("cue", e.cue), ("mention", e.source))}  # fmt: skip
    mention = next(iter(extracts["mention"]), None)
    return Prediction(
        **{"uri": "a.txt", "voice": "indirect", "spans": tuple(e.contents), "cue": next(iter(extracts["cue"]), None),
           "speaker": PredictedSpeaker(name, mention)} | fields
    )  # fmt: skip


def _one(span: Span | None) -> tuple[Span, ...]:
    return () if span is None else (span,)


def gold_statement(content: Span, **fields: Any) -> GoldStatement:
    return GoldStatement(**{"doc": "a", "voice": "attributed", "content": (content,), "class_": "claim",
                            "check_worthiness": 1} | fields)  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_kinds(case: str) -> None:
    kinds, gold, predicted = case.split(" | ")
    assert [d.kind for d in found_in(gold, predicted)] == (kinds.split() if kinds != "-" else [])


SAID = "[source:Ito] [cue:said] [content:that it rained]."
CONTENT = Span(9, 23)


@pytest.mark.parametrize(
    ("row", "fields", "kinds"),
    [
        pytest.param({"speaker": "Kenji Ito", "speaker_type": "person"}, {}, ["wrong-name"], id="name"),
        pytest.param({"speaker": "Kenji Ito", "speaker_type": "unnamed"}, {}, [], id="has-no-name"),
        pytest.param({"speaker": "Mr. Ito", "speaker_type": "person"}, {}, [], id="title"),
        pytest.param({"speaker": "Ito", "speaker_type": "person"}, {"name": None}, ["wrong-name"], id="no-name"),
        pytest.param({}, {"class_": "analysis"}, ["wrong-class"], id="class"),
        pytest.param({}, {"class_": "claim"}, [], id="right-class"),
        pytest.param({}, {"class_": None}, [], id="no-classes-predicted"),
        pytest.param(
            {"speaker": "Kenji Ito", "speaker_type": "org"}, {"class_": "other"}, ["wrong-name", "wrong-class"],
            id="name-and-class",
        ),
        pytest.param(
            {"speaker": "Ito", "speaker_type": "person"}, {"voice": "writer", "name": None}, ["missed-cue"],
            id="found-as-the-writer's",
        ),
        pytest.param({"content": Span(0, 3), "voice": "writer"}, {}, ["missed-sentence"], id="writer's"),
        pytest.param({"content": Span(0, 3)}, {}, [], id="not-found-is-missed-once"),
    ],
)  # fmt: skip
def test_kinds_of_statements(row: dict[str, Any], fields: dict[str, Any], kinds: list[Kind]) -> None:
    found = found_in(SAID, SAID, [gold_statement(**{"content": CONTENT} | row)], **fields)
    assert [d.kind for d in found] == kinds


def test_every_kind_is_defined_and_has_a_case() -> None:
    assert set(get_args(Kind)) == KINDS.keys()
    tried = {kind for case in CASES for kind in case.values[0].split(" | ")[0].split()} - {"-"}
    assert tried | {"wrong-name", "wrong-class", "missed-sentence"} == KINDS.keys()


def test_record() -> None:
    why = (Evidence("cue.say", 4, 8), Evidence("class.past", 17, 23))
    (name,) = found_in(SAID, SAID, [gold_statement(CONTENT, speaker="Kenji Ito", speaker_type="person")],
                       confidence=0.5, evidence=why, class_="claim")  # fmt: skip
    source, cue = [Extract(0, 3, "Ito")], [Extract(4, 8, "said")]
    (content,) = name.predicted[0].content
    assert (name.doc, name.voice, name.start, name.end) == ("a", "indirect", 0, 24)
    assert name.passages == (Extract(0, 24, "Ito said that it rained."),)
    assert (content, [*name.predicted[0].cue], [*name.predicted[0].source]) == (
        Extract(9, 23, "that it rained"), cue, source
    )  # fmt: skip
    assert (name.gold[0].speaker, name.predicted[0].speaker) == ("Kenji Ito", "Ito")
    assert name.predicted[0].confidence == 0.5
    assert [(e.rule, e.text) for e in name.predicted[0].evidence] == [("cue.say", "said"), ("class.past", "rained")]


@pytest.mark.parametrize(
    ("gold", "voice"),
    [
        ("[content:“Rain,”] [cue:said] [source:Ito].", "direct"),
        ("[source:Ito] [cue:said] [content:that “rain” came].", "mixed"),
        ("[source:Ito] [cue:said] [content:that rain came].", "indirect"),
    ],
)
def test_voice_is_the_scores(gold: str, voice: str) -> None:
    (missed,) = found_in(gold, read_markup(gold)[0])
    assert (missed.voice, missed.gold[0].voice, missed.predicted) == (voice, voice, ())


def test_split_and_merged_show_every_attribution() -> None:
    one = SAID.replace("rained", "rained, and snowed")
    two = SAID.replace("rained]", "rained], [content2:and snowed]")
    (split,), (merged,) = found_in(one, two), found_in(two, one)
    assert (len(split.gold), len(split.predicted)) == (1, 2)
    assert (len(merged.gold), len(merged.predicted)) == (2, 1)


def test_order() -> None:
    gold = "Rain.¶[source:Ito] [cue:said] [content:that it rained all] day.¶[source2:He] [cue2:left] [content2:us]."
    found = found_in(gold, "[content3:Rain].¶Ito [cue:said] [content:that it rained all day].¶He left us.")
    assert [d.kind for d in found] == ["false-attribution", "right-edge", "missing-source", "missed-cue"]


# ---------------------------------------------------------------- the passages


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Before.¶[source:Ito] [cue:said] [content:no]. More.¶After.", ["Ito said no. More."]),
        ("[source:Ito] [cue:spoke].¶[content:“No.”]¶After.", ["Ito spoke.\n\n“No.”"]),
        ("[source:Ito] [cue:spoke].¶Between.¶[content:“No.”]", ["Ito spoke.", "“No.”"]),
        ("[source:Ito] [cue:said] [content:no¶and never].", ["Ito said no\n\nand never."]),
        (f"{'so ' * 200}[source:Ito] [cue:said] [content:no] {'ah ' * 200}",
         [f"{'so ' * (AROUND // 3)}Ito said no{' ah' * (AROUND // 3)}"]),
        (f"{'s' * 999}[content:no]{'a' * 999}", [f"{'s' * AROUND}no{'a' * AROUND}"]),
        ("Ito said[content: ]no.", ["Ito said no."]),
        ("Ito said no.[content:¶]She left.", ["\n\n"]),
    ],
)  # fmt: skip
def test_passages(text: str, shown: list[str]) -> None:
    (missed,) = found_in(text, read_markup(text)[0].replace("\n\n", "¶"))
    assert [passage.text for passage in missed.passages] == shown
    assert all(e.text == read_markup(text)[0][e.start : e.end] for e in missed.passages)


spans = st.tuples(st.integers(0, 40), st.integers(1, 12)).map(lambda t: Span(t[0], t[0] + t[1]))
parts = st.builds(Expected, st.lists(spans, min_size=1, max_size=2), st.none() | spans, st.none() | spans)


@given(st.text('ab ".<&\n', min_size=52, max_size=52), st.lists(parts, max_size=4), st.lists(parts, max_size=4))
def test_laws(text: str, gold: list[Expected], predicted: list[Expected]) -> None:
    """Whatever is not paired differs, whatever is alike does not, and the page has every word as it is."""
    annotations, predictions = [gold_attribution(e) for e in gold], [prediction(text, e) for e in predicted]
    c = Comparison(WordedText(text), annotations, predictions)
    found = find_kinds(c)
    alone = [i for f in found for i in f.gold if i not in c.paired]
    assert sorted(alone) == sorted(set(range(len(gold))) - c.paired.keys())
    assert {j for f in found for j in f.predicted} >= set(range(len(predicted))) - set(c.paired.values())
    assert len(set(found)) == len(found)
    alike = {i for i, j in c.paired.items() if annotations[i] == gold_attribution(predicted[j])}
    assert not [f for f in found if alike & {*f.gold}]
    gold_alone = Gold({"a": text}, {"a": (tuple(annotations),)}, ())
    differences = evaluate_predictions(gold_alone, {"a": predictions}).differences
    assert len(differences) == len(found)
    for d in differences:
        for passage in d.passages:
            html = mark(passage, d.gold, d.predicted)
            assert unescape(re.sub(r"<[^>]*>", "", html)) == passage.text
    Checker().feed(page(differences))


# ---------------------------------------------------------------- the page


class Checker(HTMLParser):
    """Refuses a page whose elements do not nest or that loads anything; keeps what stands in it."""

    VOID = frozenset({"meta"})
    OPTIONAL = frozenset({"html", "dt", "dd", "tr", "td", "th", "thead", "tfoot"})

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        assert not values.keys() & {"src", "style", "onclick"}
        assert (values.get("href") or "#").startswith("#")
        self.seen.append((tag, values))
        if tag not in self.VOID:
            self.opened.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.opened.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.opened[-1:] not in (["style"], ["script"]):
            self.words.append(data)


def read_page(found: Sequence[Difference]) -> Checker:
    checker = Checker()
    checker.feed(page(found))
    assert checker.opened == []
    return checker


def all_kinds() -> list[Difference]:
    found = [d for case in CASES for d in found_in(*case.values[0].split(" | ")[1:])]
    rows = [gold_statement(CONTENT, speaker="Kenji Ito", speaker_type="person"),
            gold_statement(Span(0, 3), voice="writer")]  # fmt: skip
    return [*found, *found_in(SAID, SAID, rows, class_="other")]


def test_page_counts_every_kind_the_most_frequent_first() -> None:
    found = all_kinds()
    assert {d.kind for d in found} == KINDS.keys()
    checker = read_page(found)
    counts = {kind: sum(d.kind == kind for d in found) for kind in KINDS}
    linked = [(values["href"] or "")[1:] for tag, values in checker.seen if tag == "a"][: len(KINDS)]
    assert set(linked) == KINDS.keys()
    assert [counts[kind] for kind in linked] == sorted(counts.values(), reverse=True)
    ids = [values["id"] for _, values in checker.seen if "id" in values]
    assert sorted(ids) == sorted([*KINDS, *(f"e{line}" for line in range(1, len(found) + 1))])
    assert [tag for tag, _ in checker.seen].count("article") == len(found)


def test_page_without_differences() -> None:
    assert "0 differences in 0 documents" in "".join(read_page([]).words)


HOSTILE = '<script>alert("1")</script>&amp;'


def test_page_escapes_whatever_comes_from_outside() -> None:
    text = f"[source:{HOSTILE}] [cue:said] [content:{HOSTILE} {HOSTILE}]."
    row = gold_statement(Span(38, 104), speaker=HOSTILE, speaker_type="person")
    found = found_in(text, text, [row], name=f"{HOSTILE} two", class_="other",
                     evidence=(Evidence(f"<i>{HOSTILE}", 0, 9),))  # fmt: skip
    found += found_in(text, text.replace("[source:", "").replace("]", "", 1))
    assert [d.kind for d in found] == ["wrong-name", "wrong-class", "missing-source"]
    checker = read_page(found)
    assert [tag for tag, _ in checker.seen].count("script") == 1
    assert not [tag for tag, _ in checker.seen if tag == "i"]
    assert f"speaker: {HOSTILE} → {HOSTILE} two" in checker.words


def test_page_shows_gold_above_prediction_and_why() -> None:
    shorter = SAID.replace("[content:that ", "that [content:")
    found = found_in(SAID, shorter, confidence=0.256, evidence=(Evidence("cue.say", 4, 8), Evidence("class.x", 0, 3)))
    html = page(found)
    assert re.search(r"<dt>gold</dt><dd>.*?<dt>predicted</dt><dd>", html, re.DOTALL)
    assert '<mark class="content only" data-label="content">that </mark><mark class="content">it rained</mark>' in html
    words = "".join(read_page(found).words)
    assert "words only in the gold: that, only in the prediction: none" in words
    assert "confidence 0.26 · cue.say said" in words
    assert "class.x" not in words


def test_parts_inside_one_another() -> None:
    (missed,) = found_in("[content:“No,” [source:Ito] [cue:said], “no.”]", "“No,” Ito said, “no.”")
    assert mark(missed.passages[0], missed.gold, ()) == (
        '<mark class="content" data-label="content">“No,” </mark>'
        '<mark class="content source" data-label="source">Ito</mark><mark class="content"> </mark>'
        '<mark class="content cue" data-label="cue">said</mark><mark class="content">, “no.”</mark>'
    )


def test_only_here_are_words() -> None:
    (edge,) = found_in(SAID.replace("rained", "rained, and snowed!"), SAID.replace("rained]", "rained], and snowed!"))
    assert only_here(edge.passages, edge.gold, edge.predicted) == ["and snowed"]
    assert only_here(edge.passages, edge.predicted, edge.gold) == []


# ---------------------------------------------------------------- the files


def test_both_files_are_written_into_a_new_folder(tmp_path: Path) -> None:
    found = all_kinds()
    write_errors(tmp_path / "new/errors", found)
    assert sorted(path.name for path in (tmp_path / "new/errors").iterdir()) == ["errors.html", "errors.jsonl"]
    lines = (tmp_path / "new/errors/errors.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["kind"] for line in lines] == [d.kind for d in found]
    assert {*json.loads(lines[0])} == {"doc", "kind", "voice", "start", "end", "passages", "gold", "predicted"}
    assert (tmp_path / "new/errors/errors.html").read_text(encoding="utf-8") == page(found)


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "errors").write_text("")
    with pytest.raises(UsageError, match="cannot be written") as caught:
        write_errors(tmp_path / "errors", [])
    assert "--errors" in caught.value.remedy
