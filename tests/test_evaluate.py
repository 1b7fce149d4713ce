"""``onrecord evaluate``: figures worked out by hand on small gold folders, and what goes wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import UsageError
from pipeline.evaluate import as_table, check_floors, evaluate, measures, read_floors, table_lines
from pipeline.evaluate.gold import read_gold
from pipeline.evaluate.words import WordedText, pair, plain_name
from pipeline.process import Tools
from pipeline.records import Span

TEXT = "“We will appeal,” said Ana Ruiz.\nShe thinks that it may take years.\nIt rained on Monday.\n"
GOLD = [
    {"content": "“We will appeal,”", "source": "Ana Ruiz", "cue": "said", "speaker": "Ana Ruiz",
     "speaker_type": "person", "class": "announcement", "check_worthiness": 1},
    {"content": "that it may take years", "source": "She", "cue": "thinks", "speaker": "Ana Ruiz",
     "speaker_type": "person", "class": "analysis", "check_worthiness": 0},
    {"content": "It rained on Monday.", "class": "claim", "check_worthiness": 2},
]  # fmt: skip


def place(words: str) -> list[int]:
    start = TEXT.index(words)
    return [start, start + len(words)]


def gold_row(row: dict[str, Any]) -> dict[str, Any]:
    spans = {key: [place(row[key])] for key in ("content", "source", "cue") if key in row}
    voice = "attributed" if "source" in row else "writer"
    return {**row, "doc": "a", "voice": voice, "source": [], "cue": [], **spans}


def predicted_row(row: dict[str, Any]) -> dict[str, Any]:
    """Return a statement as a run writes it, with only the fields that are scored."""
    found: dict[str, Any] = {"uri": "in/a.txt", "spans": [place(row["content"])], "class": row["class"]}
    found |= {"voice": "direct" if "source" in row else "writer", "cue": None, "speaker": None}
    found |= {"check_worthiness": row["check_worthiness"] / 3, "confidence": row.get("confidence", 1.0)}
    if "source" in row:
        (start, end), (cue_start, cue_end) = place(row["source"]), place(row["cue"])
        found["cue"] = {"start": cue_start, "end": cue_end, "text": row["cue"]}
        mention = {"start": start, "end": end, "text": row["source"]}
        found["speaker"] = {"name": row["speaker"], "type": "person", "mention": mention}
    return found


def write_jsonl(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    (tmp_path / "gold/text").mkdir(parents=True)
    (tmp_path / "gold/text/a.txt").write_text(TEXT, encoding="utf-8", newline="")
    write_jsonl(tmp_path / "gold/statements.jsonl", [gold_row(row) for row in GOLD])
    return tmp_path / "gold"


def figures(gold: Path, rows: list[dict[str, Any]]) -> dict[str, float]:
    write_jsonl(gold.parent / "run/statements.jsonl", [predicted_row(row) for row in rows])
    return measures(evaluate(gold, gold.parent / "run").scores)


def changed(index: int, **fields: Any) -> list[dict[str, Any]]:
    return [row | fields if i == index else row for i, row in enumerate(GOLD)]


def test_perfect(gold: Path) -> None:
    found = figures(gold, GOLD)
    counted = ("n", "documents", "base_rate", "expected_calibration_error")
    percentages = {name: value for name, value in found.items() if name.split(".")[-1] not in counted}
    # A class that no gold statement of that voice has is 0 and left out of the mean.
    absent = {name for name, value in percentages.items() if value == 0.0}
    assert absent == {
        "classes.all.other", "classes.attributed.claim", "classes.attributed.other",
        "classes.writer.announcement", "classes.writer.analysis", "classes.writer.other",
    }  # fmt: skip
    assert set(percentages.values()) == {0.0, 100.0}
    assert found["documents"] == 1
    assert found["confidence.expected_calibration_error"] == 0


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param(
            GOLD[1:],
            {"quotations.n": 1, "quotations.found": 0, "linked.all.recall": 50, "linked.all.precision": 100,
             "names.all.found": 50, "classes.all.accuracy": 66.7},
            id="missed",
        ),
        pytest.param(
            changed(0, source="She"),
            {"quotations.found": 100, "quotations.right_speaker": 0, "quotations.accuracy_when_attributed": 0,
             "exact_spans.source.recall": 50, "linked.quoted.f1": 0, "linked.indirect.f1": 100, "names.all.right": 100},
            id="wrong-mention",
        ),
        pytest.param(
            changed(0, source="Ruiz"),
            {"quotations.right_speaker": 100, "exact_spans.source.f1": 50, "linked.all.f1": 100},
            id="shorter-mention",
        ),
        pytest.param(
            changed(1, speaker="Mr. Ruíz"),
            {"names.all.right": 50, "names.pronoun.right": 0, "names.quoted.right": 100,
             "confidence.expected_calibration_error": 50, "confidence.names_right_in_surest_80_percent": 100},
            id="part-of-the-name",
        ),
        pytest.param(changed(1, speaker="Dr. Aná RUIZ"), {"names.all.right": 100}, id="title-accent-case"),
        pytest.param(
            changed(2, **{"class": "analysis"}),
            {"classes.writer.accuracy": 0, "classes.all.claim": 0, "classes.all.analysis": 66.7,
             "classes.all.macro_f1": 55.6, "classes.attributed.accuracy": 100},
            id="wrong-class",
        ),
        pytest.param(
            changed(2, check_worthiness=0.5),
            {"check_worthiness.average_precision": 50, "check_worthiness.base_rate": 33.3},
            id="ranked-second",
        ),
        pytest.param(
            changed(0, content="We will"),
            {"exact_spans.content.f1": 50, "linked.all.f1": 100, "quotations.found": 100},
            id="most-of-the-content",
        ),
        pytest.param(changed(0, content="We"), {"linked.all.f1": 50, "quotations.found": 0}, id="too-little-content"),
    ],
)  # fmt: skip
def test_figures(rows: list[dict[str, Any]], expected: dict[str, float], gold: Path) -> None:
    found = figures(gold, rows)
    assert {name: found[name] for name in expected} == expected


def test_brat_and_jsonl_agree(gold: Path) -> None:
    from_jsonl = figures(gold, GOLD[1:])
    lines = []
    for i, row in enumerate(GOLD[:2]):
        for j, (part, key) in enumerate([("Source", "source"), ("Cue", "cue"), ("Content", "content")]):
            start, end = place(row[key])
            lines.append(f"T{3 * i + j}\t{part} {start} {end}\t{row[key]}")
        lines.append(f"E{i}\tAttribution:T{3 * i} Source:T{3 * i} Cue:T{3 * i + 1} Content:T{3 * i + 2}")
    (gold / "attributions").mkdir()
    (gold / "attributions/a.ann").write_text("\n".join(lines), encoding="utf-8")
    assert figures(gold, GOLD[1:]) == from_jsonl


def test_several_annotators(gold: Path) -> None:
    (gold / "attributions").mkdir()
    for annotator, cue in (("ann1", "said"), ("ann2", "Ana Ruiz")):
        start, end = place(cue)
        lines = [f"T1\tCue {start} {end}\t{cue}", "T2\tContent 0 7;8 17\t…", "E1\tAttribution:T1 Cue:T1 Content:T2"]
        (gold / f"attributions/a_{annotator}.ann").write_text("\n".join(lines), encoding="utf-8")
    assert read_gold(gold).annotations["a"][0][0].content == (Span(0, 7), Span(8, 17))
    found = figures(gold, GOLD[:1])
    assert found["exact_spans.cues.recall"] == 50
    assert found["linked.all.n"] == 1


def test_differences(gold: Path) -> None:
    rows = [GOLD[1] | {"speaker": "Bo", "class": "claim"}, GOLD[2] | {"source": "She", "cue": "thinks", "speaker": "B"}]
    evidence = [{"rule": "cue.think", "start": 37, "end": 43}]
    write_jsonl(gold.parent / "run/statements.jsonl", [predicted_row(row) | {"evidence": evidence} for row in rows])
    found = evaluate(gold, gold.parent / "run").differences
    assert [(d.kind, d.passages[0].text, [e.rule for p in d.predicted for e in p.evidence]) for d in found] == [
        ("missed-cue", "“We will appeal,” said Ana Ruiz.", []),
        ("wrong-name", "She thinks that it may take years.", ["cue.think"]),
        ("wrong-class", "She thinks that it may take years.", ["cue.think"]),
        ("false-attribution", "She thinks that it may take years.\nIt rained on Monday.", ["cue.think"]),
    ]


def test_processes_the_texts_itself(gold: Path, tools: Tools) -> None:
    scores = evaluate(gold, tools=tools).scores
    assert scores.documents == 1
    assert scores.quotations.right_speaker == 100


def test_takes_the_attributions_from_the_gold(gold: Path, tools: Tools) -> None:
    found = measures(evaluate(gold, tools=tools, given=True).scores)
    assert found["linked.all.f1"] == found["names.all.found"] == found["exact_spans.content.f1"] == 100


def test_gives_no_attributions_to_a_run(gold: Path, tools: Tools) -> None:
    with pytest.raises(UsageError, match="found its own"):
        evaluate(gold, gold.parent / "run", given=True)
    (gold / "statements.jsonl").unlink()
    (gold / "attributions").mkdir()
    (gold / "attributions/a.ann").write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="no statements to give"):
        evaluate(gold, tools=tools, given=True)


def test_table(gold: Path) -> None:
    figures(gold, GOLD)
    scores = evaluate(gold, gold.parent / "run").scores
    assert [row.part for row in as_table(scores) if row.measure == "linked"] == ["all", "quoted", "indirect"]
    lines = table_lines(scores)
    assert lines[0].split() == ["documents", "1"]
    assert lines[1].split()[:5] == ["quotations", "n", "1", "found", "100"]


def test_floors(gold: Path, tmp_path: Path) -> None:
    figures(gold, GOLD[1:])
    scores = evaluate(gold, gold.parent / "run").scores
    path = tmp_path / "floors.toml"
    path.write_text("[linked.all]\nrecall = 50.1\nprecision = 100\n[confidence]\nexpected_calibration_error = -1\n")
    assert [str(fall) for fall in check_floors(scores, read_floors(path))] == [
        "linked.all.recall is 50, below its floor of 50.1",
        "confidence.expected_calibration_error is 0, above its ceiling of -1",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[linked]\nal = 3", "linked.al belongs to no measure"),
        ("a = 'x'", "a is not a number"),
        ("[", "cannot be read"),
    ],
)
def test_wrong_floors(content: str, message: str, gold: Path, tmp_path: Path) -> None:
    figures(gold, GOLD)
    (tmp_path / "floors.toml").write_text(content)
    with pytest.raises(UsageError, match=message):
        check_floors(evaluate(gold, gold.parent / "run").scores, read_floors(tmp_path / "floors.toml"))


ROW = gold_row(GOLD[0])


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "does not exist"),
        ({"readme": "x"}, "holds no text"),
        ({"text/a.txt": TEXT}, "holds texts but no annotations"),
        ({"text/a.txt": b"\xff\xfe"}, "a.txt cannot be read"),
        ({"text/a.txt": TEXT, "attributions/b.ann": ""}, "b.ann annotates a text that is not there"),
        ({"text/a.txt": TEXT, "attributions/a.ann": "T1\tSource 3 999\tx"}, r"1: \[3, 999\) is no span of the text"),
        ({"text/a.txt": TEXT, "attributions/a.ann": "T1\tSource 5 3\tx"}, r"\[5, 3\) is no span"),
        ({"text/a.txt": TEXT, "attributions/a.ann": "T1\tSource\tx"}, "line 1 is not brat"),
        ({"text/a.txt": TEXT, "attributions/a.ann": "E1\tAttribution:T9"}, "refers to T9, which is not there"),
        ({"text/a.txt": TEXT, "statements.jsonl": json.dumps(ROW | {"doc": "b"})}, "line 1 belongs to b"),
        ({"text/a.txt": TEXT, "statements.jsonl": json.dumps(ROW | {"content": [[0, 9999]]})}, "no span of the text"),
        ({"text/a.txt": TEXT, "statements.jsonl": json.dumps(ROW | {"class": "news"})}, "1 is not a gold statement"),
        ({"text/a.txt": TEXT, "statements.jsonl": "{"}, "1 is not a gold statement"),
    ],
)  # fmt: skip
def test_wrong_gold(files: dict[str, str | bytes], message: str, tmp_path: Path) -> None:
    for name, content in files.items():
        path = tmp_path / "gold" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UsageError, match=message) as caught:
        evaluate(tmp_path / "gold", tmp_path)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (None, "holds no statements.jsonl"),
        ({"uri": "b.txt", "voice": "direct", "spans": [[0, 3]]}, "no statement of any of the gold texts"),
        ({"uri": "a.txt", "voice": "direct", "spans": [[0, 999]]}, "was another text"),
        ({"uri": "a.txt", "voice": "direct", "spans": [[0, 3]], "source": {"sha256": "0"}}, "was another text"),
        ({"uri": "a.txt"}, "line 1 is not a statement"),
    ],
)
def test_wrong_run(line: dict[str, Any] | None, message: str, gold: Path, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    if line is not None:
        write_jsonl(tmp_path / "run/statements.jsonl", [line])
    with pytest.raises(UsageError, match=message):
        evaluate(gold, tmp_path / "run")


def test_missing_run(gold: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        evaluate(gold, tmp_path / "none")
    with pytest.raises(UsageError, match="nothing to evaluate"):
        evaluate(gold)


def test_missing_statements(gold: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no file"):
        evaluate(gold, tmp_path, statements=tmp_path / "none.jsonl")


@pytest.mark.parametrize(
    ("text", "voice"),
    [
        ("“All of it”", "direct"),
        ('some "of it"', "mixed"),
        ("none of it", "indirect"),
        ("“it runs on", "direct"),
        ("“it runs on\nnot here", "mixed"),
    ],
)
def test_voice(text: str, voice: str) -> None:
    worded = WordedText(text)
    assert worded.voice(worded.ids([Span(0, len(text))])) == voice


def test_quotations_of_a_content() -> None:
    worded = WordedText("he said “one two” and “ ” then “three")
    assert [sorted(ids) for ids in worded.quotations([Span(0, 37)])] == [[2, 3], [6]]
    assert [sorted(ids) for ids in worded.quotations([Span(0, 12)])] == [[2]]


def test_pair_takes_the_best_first() -> None:
    words = frozenset({1, 2, 3, 4})
    assert pair([words], [frozenset({1, 2}), words, frozenset({9})]) == {0: 1}
    assert pair([words], [frozenset({1})]) == {}


def test_plain_name() -> None:
    assert plain_name("Senator José O’Neill-Byrne Jr.") == ("jose", "oneill", "byrne")
    assert plain_name("John F. Ward's") == ("john", "ward")
    assert plain_name(None) == ()


@given(st.text(alphabet='ab "“”\n', max_size=40), st.tuples(st.integers(0, 40), st.integers(0, 40)))
def test_any_span_of_any_text(text: str, edges: tuple[int, int]) -> None:
    start, end = sorted(min(edge, len(text)) for edge in edges)
    worded = WordedText(text)
    span = Span(start, end)
    ids = worded.ids([span])
    assert worded.edges(span) == ((min(ids), max(ids)) if ids else None)
    assert all(quoted <= ids for quoted in worded.quotations([span]))
