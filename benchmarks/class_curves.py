"""Precision and recall of each class as its score is asked to be higher, and of check-worthiness.

    python benchmarks/class_curves.py GOLD STATEMENTS [GOLD STATEMENTS ...] -o docs/class_curves.svg

Processes the gold texts with the gold's own attributions, draws a curve for each class and check-worthiness over all
statements, and prints how precise each is at some recalls, as rows of a Markdown table.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.evaluate.gold import read_gold
from pipeline.evaluate.predictions import process_texts
from pipeline.evaluate.statements import CHECK_WORTHY, judge
from pipeline.process import load_tools
from pipeline.records import CLASSES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.evaluate.statements import Judged

# Told apart by dashes as well as by colour (Okabe and Ito's palette, for all kinds of sight).
STYLES = {
    "claim": ("#0072b2", ""), "announcement": ("#d55e00", "7 3"), "analysis": ("#009e73", "2 3"),
    "other": ("#cc79a7", "9 3 2 3"), "worth a check": ("#000000", "1 5"),
}  # fmt: skip
RECALLS = (0.25, 0.5, 0.75, 0.9)
SIZE, LEFT, TOP, RIGHT = 400, 60, 20, 160


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
    """Return the picture."""
    width, height = LEFT + SIZE + RIGHT, TOP + SIZE + 60
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif"'
        ' font-size="14">',
        "<title>Precision against recall of classes and check-worthiness</title>",
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    for tick in range(0, 101, 25):
        x, y = LEFT + tick / 100 * SIZE, TOP + SIZE - tick / 100 * SIZE
        parts.append(f'<path d="M{x:g} {TOP}V{TOP + SIZE}M{LEFT} {y:g}H{LEFT + SIZE}" stroke="#ddd"/>')
        parts.append(f'<text x="{x:g}" y="{TOP + SIZE + 20}" text-anchor="middle">{tick}</text>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 5:g}" text-anchor="end">{tick}</text>')
    parts.append(f'<text x="{LEFT + SIZE / 2}" y="{TOP + SIZE + 45}" text-anchor="middle">recall, %</text>')
    middle = TOP + SIZE / 2
    parts.append(f'<text transform="translate(16 {middle}) rotate(-90)" text-anchor="middle">precision, %</text>')
    for row, (name, points) in enumerate(lines.items()):
        colour, dashes = STYLES[name]
        path = " ".join(f"{LEFT + r * SIZE:.1f} {TOP + SIZE - p * SIZE:.1f}" for r, p in points)
        stroke = f'fill="none" stroke="{colour}" stroke-width="2.5" stroke-dasharray="{dashes}"'
        parts.append(f'<path d="M{path}" {stroke}/>')
        y = TOP + 20 + 26 * row
        parts.append(f'<path d="M{LEFT + SIZE + 15} {y}h30" {stroke}/>')
        parts.append(f'<text x="{LEFT + SIZE + 52}" y="{y + 5}">{name}</text>')
    return "\n".join([*parts, "</svg>", ""])


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
