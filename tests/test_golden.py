"""Whole articles of our own writing: what the program says of them, line by line, for people to review.

After a wanted change: ``pytest tests/test_golden.py --force-regen``, then read the diff. Every changed
line is a claim about what an article says.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.process import Tools, process
from pipeline.records import Document, Nested, Speaker, Statement

if TYPE_CHECKING:
    from pytest_regressions.data_regression import DataRegressionFixture

HERE = Path(__file__).parent
ARTICLES = [HERE.parent / "seeds" / "000_e28d90039b5034b5.txt", *sorted((HERE / "articles").glob("*.txt"))]


@pytest.mark.parametrize("path", ARTICLES, ids=lambda path: path.stem)
def test_article(path: Path, tools: Tools, data_regression: DataRegressionFixture) -> None:
    text = path.read_bytes().decode("utf-8")
    result = process(Document(text=text, uri=path.name), tools)
    data_regression.check([readable(s) for s in result.statements], fullpath=HERE / "golden" / f"{path.stem}.yml")


def readable(statement: Statement) -> dict[str, Any]:
    """Return what a reader wants to check of a statement; numbers that training changes are left out."""
    shown: dict[str, Any] = {"kind": f"{statement.voice} {statement.class_}", "text": statement.text}
    if statement.voice != "writer":
        shown["by"] = speaker(statement.speaker)
        shown["cue"] = statement.cue.text if statement.cue else None
        shown |= {
            name: extract.text for name in ("addressee", "medium", "said_on") if (extract := getattr(statement, name))
        }
        if statement.chain:
            shown["chain"] = [link.text for link in statement.chain]
        if statement.nested:
            shown["nested"] = [nested(inner) for inner in statement.nested]
    return shown


def nested(inner: Nested) -> str:
    cue = inner.cue.text if inner.cue else "-"
    return f"{inner.speaker.name if inner.speaker else '-'} | {cue} | {inner.text}"


def speaker(found: Speaker | None) -> str | None:
    """Return ``name (type, role) ← mention [how]``."""
    if found is None:
        return None
    about = ", ".join(filter(None, (found.type, found.role)))
    mention = found.mention.text if found.mention else "-"
    return f"{found.name} ({about}) ← {mention} [{found.how}]"
