"""Quantities, dates and comparisons of statements: cases, one a line in ``cases/``."""

from __future__ import annotations

import pytest
from conftest import analysed, read_cases
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from pipeline.figures import Facts, Figures, number_of
from pipeline.process import Tools
from pipeline.records import Span


@pytest.mark.parametrize("case", read_cases("numbers"))
def test_number(case: str) -> None:
    words, _, wanted = case.rpartition(" => ")
    found = number_of(words)
    assert ("none" if found is None else f"{found:g}" if found % 1 else f"{found:.0f}") == wanted


@pytest.mark.parametrize("case", read_cases("figures"))
def test_figures(case: str, tools: Tools) -> None:
    text, _, wanted = case.rpartition(" => ")
    assert _shown(_figures(text, tools)) == wanted


def _figures(text: str, tools: Tools, published: str | None = None) -> Figures:
    doc, layout = analysed(text, tools)
    return Facts(doc, published).of([s.span for s in layout.sentences])


def _shown(figures: Figures) -> str:
    rows = []
    for q in figures.quantities:
        value = "" if q.value is UNSET else f" = {q.value:g}" if q.value % 1 else f" = {q.value:.0f}"
        rows.append(f"{q.kind}: {q.text}{value}" + ("" if q.unit is UNSET else f" {q.unit}"))
    rows += [f"date: {d.text}" for d in figures.dates]
    rows += [f"{c.kind}: {c.text}" for c in figures.comparisons]
    return "; ".join(rows) or "-"


def test_dates_are_of_the_documents_year(tools: Tools) -> None:
    found = _figures("The bank cut rates on Monday and in 2008.", tools, published="2016-09-21")
    assert [(d.text, d.date) for d in found.dates] == [("Monday", "2016-09-19"), ("2008", "2008")]


def test_only_what_stands_whole_in_the_content_counts(tools: Tools) -> None:
    text = "It cost $3.4 billion in May."
    doc, _ = analysed(text, tools)
    assert Facts(doc, None).of([Span(0, text.index(" billion"))]) == Figures()


@given(st.text(max_size=60))
def test_any_words_name_a_number_or_none(words: str) -> None:
    found = number_of(words)
    assert found is None or found >= 0
