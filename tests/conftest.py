"""What all tests share: the tools are loaded once."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.process import Tools, load_tools

CASES = Path(__file__).parent / "cases"


@pytest.fixture(scope="session")
def tools() -> Tools:
    """Return the default spaCy pipeline with the shipped rules."""
    return load_tools()


def read_cases(stage: str) -> list[pytest.param]:
    """Read ``tests/cases/<stage>.txt``: one case a line, ``name | marked-up text``; ``#`` starts a comment."""
    lines = (CASES / f"{stage}.txt").read_text(encoding="utf-8").splitlines()
    rows = [line.split(" | ", 1) for line in lines if line.strip() and not line.startswith("#")]
    return [pytest.param(text, id=name.strip()) for name, text in rows]
