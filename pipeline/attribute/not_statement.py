"""Words between quotation marks that nobody states: titles, nicknames, scare quotes."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from pipeline.rules import NotStatement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.records import Quotation
    from pipeline.rules import Rules

# Code points of context that a pattern sees on either side; the longest pattern needs about 60.
WINDOW = 80


def not_statement(text: str, quotation: Quotation, rules: Rules) -> NotStatement | None:
    """Return the first rule by which the quotation is no statement, or None.

    A rule's pattern sees the quotation with its marks written ``“`` and ``”`` whatever they are in
    the text, in a window of its own paragraph, and must match over the whole quotation.
    """
    before, inner, after = _window(text, quotation)
    view = f"{before}“{inner}”{after}"
    start, end = len(before), len(before) + len(inner) + 2
    for rule in rules.of(NotStatement):
        for match in _compiled(rule.pattern).finditer(view):
            if match.start() <= start and end <= match.end():
                return rule
    return None


def spoken_of(text: str, quotations: Iterable[Quotation], rules: Rules) -> tuple[Quotation, ...]:
    """Return the outermost quotations that state something."""
    return tuple(q for q in quotations if q.level == 0 and not_statement(text, q, rules) is None)


def _window(text: str, quotation: Quotation) -> tuple[str, str, str]:
    span, inner = quotation.span, quotation.inner
    before = text[max(0, span.start - WINDOW) : span.start].rpartition("\n")[2]
    after = text[span.end : span.end + WINDOW].partition("\n")[0]
    return before, inner.of(text), after


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
