"""The scores, as records and as a table. Every figure is a percentage with one decimal, ``n`` a count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET, Struct, UnsetType

if TYPE_CHECKING:
    from collections.abc import Iterator


def percent(part: float, whole: float) -> float:
    """Return ``part`` of ``whole`` in percent, 0 where there is nothing."""
    return round(100 * part / whole, 1) if whole else 0.0


class QuotationScores(Struct, frozen=True):
    """Runs between quotation marks in a gold content that has a source.

    ``found``: half of its words lie in one predicted content; ``right_speaker``: in one whose
    source is the gold one's; ``accuracy_when_attributed``: of those found with some source;
    ``precision``: of the predicted ones with a source, those that gold has as a quotation.
    """

    n: int
    found: float
    right_speaker: float
    accuracy_when_attributed: float
    precision: float


class SpanScores(Struct, frozen=True):
    """Precision, recall and their harmonic mean; ``n`` is the number in the gold where it is given."""

    precision: float
    recall: float
    f1: float
    n: int | UnsetType = UNSET

    @classmethod
    def of(cls, hit_predicted: int, predicted: int, hit_gold: int, gold: int, n: int | UnsetType = UNSET) -> SpanScores:
        """Compute the scores from counts: what of the predicted is right, what of the gold was found."""
        p = hit_predicted / predicted if predicted else 0.0
        r = hit_gold / gold if gold else 0.0
        f1 = round(200 * p * r / (p + r), 1) if p + r else 0.0
        return cls(round(100 * p, 1), round(100 * r, 1), f1, n)


class NameScores(Struct, frozen=True):
    """Canonical names of persons and organisations: statements found, and found with the right name."""

    n: int
    found: float
    right: float
    accuracy_when_found: float


class ClassScores(Struct, frozen=True):
    """Classes: macro-F1 over the classes that the gold has, accuracy, and each class's F1."""

    macro_f1: float
    accuracy: float
    claim: float
    announcement: float
    analysis: float
    other: float
    n: int


class ClassConfidenceScores(Struct, frozen=True):
    """The class's score against classes that are right, over what was found; of the error less is better."""

    expected_calibration_error: float
    right_in_surest_half: float


class RankingScores(Struct, frozen=True):
    """Check-worthiness as a ranking: statements of grade 2 and 3 should stand first."""

    average_precision: float
    base_rate: float


class ConfidenceScores(Struct, frozen=True):
    """Confidence against names that are right; of ``expected_calibration_error`` less is better."""

    expected_calibration_error: float
    names_right_in_surest_80_percent: float


class Scores(Struct, frozen=True, kw_only=True):
    """All measures of an evaluation; the last five where the gold has statements."""

    documents: int
    quotations: QuotationScores
    exact_spans: dict[str, SpanScores]
    linked: dict[str, SpanScores]
    names: dict[str, NameScores] | UnsetType = UNSET
    classes: dict[str, ClassScores] | UnsetType = UNSET
    class_confidence: ClassConfidenceScores | UnsetType = UNSET
    check_worthiness: RankingScores | UnsetType = UNSET
    confidence: ConfidenceScores | UnsetType = UNSET


class Row(Struct, frozen=True):
    """One line of the table: what was measured, on which part, and the figures by their names."""

    measure: str
    part: str
    figures: dict[str, float]


def as_table(scores: Scores) -> list[Row]:
    """Return the scores as rows, in the order of the records."""
    return list(_rows(scores))


def table_lines(scores: Scores) -> list[str]:
    """Return the table as aligned lines of text, a measure with its parts below one another."""
    lines, measure = [], ""
    for row in as_table(scores):
        shown, measure = "" if row.measure == measure else row.measure, row.measure
        figures = "  ".join(f"{name.replace('_', ' ')} {value:g}".strip() for name, value in row.figures.items())
        lines.append(f"{shown.replace('_', ' '):18}{row.part:15}{figures}".rstrip())
    return lines


def measures(scores: Scores) -> dict[str, float]:
    """Return every figure by its dotted name, e.g. ``linked.all.f1``."""
    return {
        ".".join(filter(None, (row.measure, row.part, name))): value
        for row in as_table(scores) for name, value in row.figures.items()
    }  # fmt: skip


def _rows(scores: Scores) -> Iterator[Row]:
    for measure, table in msgspec.to_builtins(scores).items():
        if not isinstance(table, dict):
            yield Row(measure, "", {"": table})
        elif any(isinstance(value, dict) for value in table.values()):
            for part, figures in table.items():
                yield Row(measure, part, figures)
        else:
            yield Row(measure, "", table)
