"""The attribute stage on one-line cases: every ``tests/cases/attribute*.txt``."""

from __future__ import annotations

import pytest
from conftest import CASES, read_cases
from markup import expected_lines, read_markup

from pipeline.attribute import by_rules
from pipeline.parse import parse
from pipeline.process import Tools
from pipeline.quotations import pair_quotations
from pipeline.records import Attribution
from pipeline.segment import segment


def attributions(text: str, tools: Tools) -> tuple[Attribution, ...]:
    """Run the stages up to the attributions over a text."""
    layout = segment(text, tools.rules)
    quotations, _ = pair_quotations(text, layout, tools.rules)
    return by_rules(parse(text, layout, tools.nlp), layout, quotations, tools.rules)


@pytest.mark.parametrize(
    "line", [case for path in sorted(CASES.glob("attribute*.txt")) for case in read_cases(path.stem)]
)
def test_case(line: str, tools: Tools) -> None:
    text, expected = read_markup(line)
    wanted, got = expected_lines(text, expected, attributions(text, tools))
    assert got == wanted
