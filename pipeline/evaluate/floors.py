"""Floors under the scores: a ratchet that no change may silently lower.

A floors file names measures as the JSON output does::

    [linked.all]
    f1 = 70.0

    [confidence]
    expected_calibration_error = 5.0   # of this one less is better: a ceiling
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from pipeline.errors import UsageError
from pipeline.evaluate.scores import Scores, measures

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LESS_IS_BETTER = frozenset({"confidence.expected_calibration_error", "class_confidence.expected_calibration_error"})


class Fall(Struct, frozen=True):
    """A measure that is worse than its floor allows."""

    measure: str
    value: float
    floor: float

    def __str__(self) -> str:
        side = "above its ceiling" if self.measure in LESS_IS_BETTER else "below its floor"
        return f"{self.measure} is {self.value:g}, {side} of {self.floor:g}"


def read_floors(path: Path) -> dict[str, float]:
    """Return the floors by the measures' dotted names; raises UsageError where the file is wrong."""
    try:
        return dict(_flat(tomllib.loads(path.read_text(encoding="utf-8")), ""))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(
            f"{path} cannot be read: {error}.", remedy="Floors are TOML, e.g. [linked.all] f1 = 70."
        ) from error


def check_floors(scores: Scores, floors: dict[str, float]) -> list[Fall]:
    """Return every measure that is worse than its floor; raises UsageError at a floor that measures nothing."""
    found = measures(scores)
    unknown = sorted(floors.keys() - found.keys())
    if unknown:
        remedy = "Measures are named as in the JSON output, e.g. linked.all.f1; some need gold statements."
        raise UsageError(f"The floor {unknown[0]} belongs to no measure of this evaluation.", remedy=remedy)
    return [Fall(name, found[name], floor) for name, floor in floors.items() if _worse(name, found[name], floor)]


def _worse(name: str, value: float, floor: float) -> bool:
    return value > floor if name in LESS_IS_BETTER else value < floor


def _flat(table: dict[str, Any], prefix: str) -> Iterator[tuple[str, float]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield prefix + key, float(value)
        else:
            raise UsageError(f"The floor {prefix}{key} is not a number.", remedy="Give every floor as a number.")
