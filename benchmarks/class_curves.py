"""Precision and recall of each class as its score is asked to be higher, and of check-worthiness.

    python benchmarks/class_curves.py GOLD STATEMENTS [GOLD STATEMENTS ...] -o docs/class_curves.svg

Processes the gold texts with the gold's own attributions, draws a curve for each class and check-worthiness over all
statements, and prints how precise each is at some recalls, as rows of a Markdown table.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import plots
from plots import Axis

from pipeline.evaluate.gold import read_gold
from pipeline.evaluate.predictions import process_texts
from pipeline.evaluate.statements import CHECK_WORTHY, judge
from pipeline.process import load_tools
from pipeline.records import CLASSES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.evaluate.statements import Judged

RECALLS = (0.25, 0.5, 0.75, 0.9)


def curve(scored: Iterable[tuple[float, bool]], wanted: int) -> list[tuple[float, float]]:
    """Return (recall, precision) points from scores with whether each is right; ``wanted`` are all that are."""
    points, hits = [], 0
    for rank, (_, right) in enumerate(sorted(scored, key=lambda pair: -pair[0]), start=1):
        hits += right
        if right:
            points.append((hits / wanted, hits / rank))
    # The best precision that this recall or a higher one reaches, as in interpolated average precision.
    best = 0.0
    for k in reversed(range(len(points))):
        best = max(best, points[k][1])
        points[k] = (points[k][0], best)
    return points


def curves(judged: list[Judged]) -> dict[str, list[tuple[float, float]]]:
    """Return the curve of each class and of check-worthiness."""
    found = [(item.gold, item.predicted) for item in judged if item.predicted]
    lines = {
        name: curve(
            [(p.scores[name], g.class_ == name) for g, p in found if p.scores],
            sum(item.gold.class_ == name for item in judged),
        )
        for name in CLASSES
    }
    worth = [(p.check_worthiness or 0.0, g.check_worthiness >= CHECK_WORTHY) for g, p in found]
    lines["worth a check"] = curve(worth, sum(item.gold.check_worthiness >= CHECK_WORTHY for item in judged))
    return lines


def svg(lines: dict[str, list[tuple[float, float]]]) -> str:
    """Return the picture of curves whose points are shares."""
    percents = {name: [(100 * r, 100 * p) for r, p in points] for name, points in lines.items()}
    across, up = (Axis(label, range(0, 101, 25)) for label in ("recall, %", "precision, %"))
    return plots.lines("Precision against recall of classes and check-worthiness", percents, across, up)


def main() -> None:
    """Process, draw and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gold", nargs="+", type=Path, help="folders of gold, each with its statements' file")
    parser.add_argument("-o", "--output", type=Path, required=True)
    args = parser.parse_args()
    tools = load_tools()
    judged: list[Judged] = []
    for folder, statements in zip(args.gold[::2], args.gold[1::2], strict=True):
        gold = read_gold(folder, statements)
        judged += judge(gold, process_texts(gold, tools, given=True))
    lines = curves(judged)
    args.output.write_text(svg(lines), encoding="utf-8")
    for name, points in lines.items():
        precisions = [next((p for r, p in points if r >= recall), None) for recall in RECALLS]
        print(f"| {name} | " + " | ".join("–" if p is None else f"{100 * p:.0f}" for p in precisions) + " |")


if __name__ == "__main__":
    main()
