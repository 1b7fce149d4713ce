"""Gold statements as attributions, to measure the stages after on what the text really attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.attribute.merge import finish
from pipeline.records import Attribution, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipeline.evaluate.gold import GoldStatement
    from pipeline.records import Quotation


def given_attributions(
    text: str, statements: Iterable[GoldStatement], quotations: tuple[Quotation, ...]
) -> list[tuple[GoldStatement, Attribution]]:
    """Return each attributed statement with itself as an attribution, in the order of the contents.

    ``quotations`` are the text's own; a source or cue in several parts counts from its first word to its last.
    """
    attributed = sorted((s for s in statements if s.voice == "attributed"), key=lambda s: s.content[0])
    return [(s, finish(text, [_attribution(s)], quotations)[0]) for s in attributed]


def _attribution(statement: GoldStatement) -> Attribution:
    return Attribution(
        spans=statement.content, voice="indirect", cue=_hull(statement.cue), source=_hull(statement.source), score=1.0
    )


def _hull(spans: Sequence[Span]) -> Span | None:
    return Span(spans[0].start, spans[-1].end) if spans else None
