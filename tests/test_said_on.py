"""When something was said, in cases of one line each, and what becomes of odd dates."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from pipeline.process import process
from pipeline.records import Document
from pipeline.said_on import iso_date

if TYPE_CHECKING:
    from pipeline.process import Tools

LINES = (Path(__file__).parent / "cases/said_on.txt").read_text(encoding="utf-8").splitlines()
CASES = [line.partition(" => ") for line in LINES if line.strip() and not line.startswith("#")]


@pytest.mark.parametrize(
    ("case", "expected"), [(case, expected) for case, _, expected in CASES], ids=[c[0].split(" |")[0] for c in CASES]
)
def test_case(case: str, expected: str, tools: Tools) -> None:
    _, published, text = (part.strip() for part in case.split("|"))
    result = process(Document(text=text.replace("¶", "\n\n"), published=published or None), tools)
    dates = [s.said_on for s in result.statements if s.voice != "writer"]
    shown = ["-" if d is UNSET else f"{d.text} / {'-' if d.date is UNSET else d.date}" for d in dates]
    assert shown == expected.split(" ; ")


@given(words=st.text(max_size=40), published=st.none() | st.text(max_size=20) | st.just("2016-09-21"))
def test_any_words_are_a_date_or_none(words: str, published: str | None) -> None:
    date = iso_date(words, published)
    assert date is None or date[:4].isdigit()
