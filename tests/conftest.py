"""What all tests share: the tools are loaded once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.attribute.named import find_names
from pipeline.parse import parse
from pipeline.process import Tools, load_tools
from pipeline.quotations import pair_quotations
from pipeline.segment import segment

if TYPE_CHECKING:
    from spacy.tokens import Doc

    from pipeline.records import Layout

CASES = Path(__file__).parent / "cases"


@pytest.fixture(scope="session")
def tools() -> Tools:
    """Return the default spaCy pipeline with the shipped rules."""
    return load_tools()


def analysed(text: str, tools: Tools) -> tuple[Doc, Layout]:
    """Return a text as the stages after attribution see it: parsed, with names."""
    layout = segment(text, tools.rules)
    doc = parse(text, layout, tools.nlp)
    find_names(doc, layout, pair_quotations(text, layout, tools.rules)[0], tools.encoder)
    return doc, layout


def read_cases(stage: str) -> list[pytest.param]:
    """Read ``tests/cases/<stage>.txt``: one case a line, ``name | marked-up text``; ``#`` starts a comment."""
    lines = (CASES / f"{stage}.txt").read_text(encoding="utf-8").splitlines()
    rows = [line.split(" | ", 1) for line in lines if line.strip() and not line.startswith("#")]
    return [pytest.param(text, id=name.strip()) for name, text in rows]
