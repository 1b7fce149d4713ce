"""A run against gold annotations: how many quotations have the right speaker, and the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET, Struct

from pipeline.errors import UsageError
from pipeline.evaluate.attributions import Comparison, compare, exact_span_scores, linked_scores, quotation_scores
from pipeline.evaluate.differences import Difference, differences
from pipeline.evaluate.floors import Fall, check_floors, read_floors
from pipeline.evaluate.gold import Gold, read_gold
from pipeline.evaluate.predictions import process_texts, read_run
from pipeline.evaluate.scores import Row, Scores, as_table, measures, table_lines
from pipeline.evaluate.statements import (
    Judged,
    class_confidence_scores,
    class_scores,
    confidence_scores,
    judge,
    name_scores,
    ranking_scores,
)
from pipeline.evaluate.write_errors import write_errors

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.evaluate.predictions import Predictions
    from pipeline.process import Tools

__all__ = [
    "Difference", "Evaluation", "Fall", "Row", "Scores",
    "as_table", "check_floors", "evaluate", "measures", "read_floors", "table_lines", "write_errors",
]  # fmt: skip


class Evaluation(Struct, frozen=True):
    """What an evaluation found: the scores, and where run and gold part."""

    scores: Scores
    differences: tuple[Difference, ...]


def evaluate(
    gold: Path, run: Path | None = None, statements: Path | None = None, tools: Tools | None = None, *,
    given: bool = False,
) -> Evaluation:  # fmt: skip
    """Compare a run with a gold folder (``text/``, ``attributions/``, ``statements.jsonl``).

    Without ``run`` the gold texts are processed with ``tools``; ``given`` then puts the gold statements in the place
    of the attributions found, to measure speakers and classes alone. ``statements`` names gold
    statements that lie elsewhere. Raises UsageError where gold or run cannot be used.
    """
    annotated = read_gold(gold, statements)
    if given and not annotated.statements:
        raise UsageError("The gold has no statements to give.", remedy="Name their file with --statements.")
    if given and run is not None:
        raise UsageError("A run found its own attributions.", remedy="Leave the run out to process the gold texts now.")
    if run is not None:
        return evaluate_predictions(annotated, read_run(run, annotated.texts))
    if tools is None:
        raise UsageError("There is nothing to evaluate.", remedy="Give a run's folder, or tools to process the texts.")
    return evaluate_predictions(annotated, process_texts(annotated, tools, given=given))


def evaluate_predictions(gold: Gold, predictions: Predictions) -> Evaluation:
    """Compute every measure and difference."""
    comparisons = dict(compare(gold, predictions))
    judged = judge(gold, predictions)
    return Evaluation(_scores(gold, comparisons, judged), tuple(differences(comparisons, judged)))


def _scores(gold: Gold, comparisons: dict[str, Comparison], judged: list[Judged]) -> Scores:
    all_texts = list(comparisons.values())
    return Scores(
        documents=len(comparisons),
        quotations=quotation_scores(all_texts),
        exact_spans=exact_span_scores(gold, comparisons),
        linked=linked_scores(all_texts),
        names=name_scores(judged) if judged else UNSET,
        classes=class_scores(judged) if judged else UNSET,
        class_confidence=class_confidence_scores(judged),
        check_worthiness=ranking_scores(judged) if judged else UNSET,
        confidence=confidence_scores(judged),
    )
