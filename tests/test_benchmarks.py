"""What ``make benchmark`` does with its numbers; nothing is timed here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import compare
import pytest
import tables
from compare import FailedError, System
from plots import Axis, bars, lines, ticks_up_to

from pipeline.parse import DEFAULT_MODEL

DOCS = Path(__file__).parent.parent / "docs"


def runs(**numbers: list[float]) -> list[dict[str, float]]:
    return [dict(zip(numbers, row, strict=True)) for row in zip(*numbers.values(), strict=True)]


def system(cpu: list[float]) -> list[dict[str, float]]:
    return runs(cpu=cpu, peak=[100.0, 300.0, 200.0], load=[1.0, 1.0, 4.0], raised=[0, 0, 0])


RESULTS: dict[Any, Any] = {
    ("speed", "bare spaCy"): system([1.0, 2.0, 4.0]),
    ("speed", "onrecord"): system([1.5, 4.0, 8.0]),
    ("speed", "other"): "not installed",
    ("length", "bare spaCy", 1): system([1.0, 1.0, 1.0]),
    ("length", "onrecord", 1): system([2.0, 2.0, 2.0]),
    ("length", "bare spaCy", 2000): "failed: too | long. Read on.",
    ("length", "onrecord", 2000): system([3.0, 6.0, 6.0]),
    ("start", "onrecord --help"): runs(cpu=[0.1, 0.3, 0.2], wall=[1, 1, 1]),
    ("workers", 1): runs(cpu=[9, 9, 9], wall=[6.0, 8.0, 8.0]),
    ("workers", 2): runs(cpu=[9, 9, 9], wall=[3.0, 4.0, 5.0]),
}
MACHINE = {
    "date": "2026-01-31", "processor": "Z80", "vnni": False, "cores": 2, "system": "Linux", "python": "3.12.0",
    "versions": {"spacy": "3.8.7"},
}  # fmt: skip
TEXTS = {"folder": "news", "documents": 3, "words": 1000, "kb": 6.0, "rounds": 3}


@pytest.fixture
def told() -> dict[str, Any]:
    return {"machine": MACHINE, "texts": TEXTS} | tables.summary(RESULTS, 1000, {1: 10.0, 2000: 20.0})


def test_medians_and_ratios(told: dict[str, Any]) -> None:
    spacy, ours, other = told["speed"]
    assert (spacy["words_per_cpu_second"], spacy["peak_mb"], spacy["load_cpu_seconds"]) == (500, 200, 1)
    assert (spacy["cpu_to_first"], ours["cpu_to_first"]) == (1, 2)  # the rounds' ratios are 1.5, 2 and 2
    assert other == {"system": "other", "problem": "not installed"}
    assert [row["speed_up"] for row in told["workers"]] == [1, 2]
    assert told["start"] == [{"command": "onrecord --help", "cpu_seconds": 0.2}]
    # 6 s for 20 kB, and 3 times the time of 10 kB for twice the length.
    assert told["length"][-1] == {
        "system": "onrecord", "kb": 2000, "cpu_ms_per_kb": 300, "to_shortest": 1.5, "peak_mb": 200,
    }  # fmt: skip


def test_without_the_first_there_is_no_ratio_to_it() -> None:
    told = tables.summary({("speed", "bare spaCy"): "failed", ("speed", "onrecord"): system([1, 1, 1])}, 1, {})
    assert told["speed"][1]["cpu_to_first"] is None


def test_all_numbers_go_to_json(told: dict[str, Any]) -> None:
    assert json.loads(json.dumps(told))["runs"][0] == {"of": ["speed", "bare spaCy"], "rounds": system([1, 2, 4])}


def test_tables_show_figures_and_problems(told: dict[str, Any]) -> None:
    page = tables.tables(told)
    assert "| onrecord | 250 | 2.00 | 200 | 1.00 | 0 |" in page
    assert "| other | not installed | – | – | – | – |" in page
    assert "| 2,000 | bare spaCy | failed: too \\| long | – | – |" in page
    assert "| 2 | 4.0 | 2.00 |" in page


def test_figures_are_put_between_the_marks_and_nowhere_else() -> None:
    page = f"Before.\n{tables.BEGIN}\nold\n{tables.END}\nAfter.\n"
    put = tables.put_figures(page, "new\n")
    assert put == f"Before.\n{tables.BEGIN}\n\nnew\n\n{tables.END}\nAfter.\n"
    assert tables.put_figures(put, "new\n") == put
    with pytest.raises(ValueError, match="not found"):
        tables.put_figures("no marks", "new")


def test_the_page_has_the_marks_and_shows_every_plot(told: dict[str, Any]) -> None:
    page = (DOCS / "benchmarks.md").read_text(encoding="utf-8")
    assert tables.put_figures(page, "new")
    assert all(f"]({name})" in page for name in tables.pictures(told))


def test_plots_are_well_formed(told: dict[str, Any]) -> None:
    for picture in tables.pictures(told).values():
        assert ElementTree.fromstring(picture).tag == "{http://www.w3.org/2000/svg}svg"
    for picture in (bars("a < b", {"R&D": 3.0}), lines("<", {"&": [(1, 1)]}, Axis("<", [1, 2]), Axis("&", [0, 1]))):
        assert ElementTree.fromstring(picture) is not None


def test_one_core_has_a_plot_too(told: dict[str, Any]) -> None:
    assert tables.pictures(told | {"workers": told["workers"][:1]})


def test_axes() -> None:
    assert Axis("", [1, 10, 100], log=True).at(10) == pytest.approx(0.5)
    assert Axis("", [0, 50]).at(10) == pytest.approx(0.2)


@pytest.mark.parametrize("highest", [0.07, 0.99, 1.0, 1.3, 2.0, 6.1, 99.0, 4_321.0])
def test_ticks_reach_the_highest_and_are_few(highest: float) -> None:
    ticks = ticks_up_to(highest)
    assert ticks[0] == 0
    assert ticks[-2] < highest <= ticks[-1]
    assert 3 <= len(ticks) <= 7


def test_documents_have_their_length() -> None:
    texts = ["Ten bytes.\n\nTen bytes.", "Ten bytes.\nTen bytes."]
    made = compare.documents(texts, 50, 200)
    assert all(30 < compare.size(document) <= 50 for document in made)
    assert sum(map(compare.size, made)) >= 180
    assert compare.documents(["A paragraph longer than that."], 5, 1) == ["A paragraph longer than that."]


def test_texts_are_repeated_or_thinned_out() -> None:
    assert list(compare.repeated(["four", "five"], 9)) == ["four", "five", "four"]
    assert compare.spread(["four"] * 10, 100) == ["four"] * 10
    assert compare.spread([f"no {k}" for k in range(10)], 20) == ["no 0", "no 2", "no 4", "no 6", "no 8"]


def test_workers_that_are_tried() -> None:
    assert [compare.counts(cores) for cores in (1, 2, 6, 8)] == [[1], [1, 2], [1, 2, 4, 6], [1, 2, 4, 8]]


def test_rounds_are_interleaved_and_a_failure_is_not_tried_again() -> None:
    done = []

    def job(name: str) -> dict[str, float]:
        done.append(name)
        if name == "b":
            raise FailedError("no")
        return {"cpu": 1.0}

    results = compare.in_rounds({(name,): lambda name=name: job(name) for name in "abc"}, 2)
    assert done == ["a", "b", "c", "a", "c"]
    assert results == {("a",): [{"cpu": 1.0}] * 2, ("b",): "no", ("c",): [{"cpu": 1.0}] * 2}


def test_what_is_not_installed_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(FailedError, match="not installed"):
        compare.measure(System("other", "no_such_module", compare.bare_spacy), tmp_path)


def test_spacy_is_measured_with_the_pipeline_of_onrecord() -> None:
    assert compare.MODEL == DEFAULT_MODEL
