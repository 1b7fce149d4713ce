"""The project's own gold articles: built from their sources, and no figure below its floor."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from pipeline.evaluate import Evaluation, check_floors, evaluate, read_floors
from pipeline.evaluate.gold import read_gold
from pipeline.process import Tools

GOLD = Path(__file__).parent / "gold"


@pytest.fixture(scope="module")
def evaluation(tools: Tools) -> Evaluation:
    return evaluate(GOLD, tools=tools)


def test_files_are_built_from_their_sources() -> None:
    wanted = runpy.run_path(str(GOLD / "build.py"))["build"]()
    there = {GOLD / "statements.jsonl", *(GOLD / "text").iterdir(), *(GOLD / "attributions").iterdir()}
    assert there == set(wanted), "run python tests/gold/build.py"
    for path, content in wanted.items():
        assert path.read_text(encoding="utf-8") == content, f"{path.name} is old: run python tests/gold/build.py"


def test_gold_is_whole() -> None:
    gold = read_gold(GOLD)
    assert len(gold.texts) == 10
    for row in gold.statements:
        text = gold.texts[row.doc]
        spans = [*row.content, *row.source, *row.cue]
        assert all(words == words.strip() and words for words in (span.of(text) for span in spans)), row
        if row.voice == "attributed":
            assert (len(row.source), len(row.cue)) == (1, 1), row


def test_no_figure_is_below_its_floor(evaluation: Evaluation) -> None:
    falls = check_floors(evaluation.scores, read_floors(GOLD / "floors.toml"))
    assert not falls, "; ".join(map(str, falls))
