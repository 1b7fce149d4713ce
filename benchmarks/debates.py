"""How well check-worthiness ranks sentences of debates: the best F1 over all thresholds.

    python benchmarks/debates.py FILE

FILE is a part of CheckThat! 2024 task 1 in English (TSV: Text, class_label Yes or No). Each sentence is a text of its
own; it is as worth a check as the statement in it that is most.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

from pipeline.process import load_tools, process
from pipeline.records import Document


def best_f1(found: list[tuple[float, bool]]) -> tuple[float, float]:
    """Return the best F1 of taking all that score a threshold or more, and that threshold; pairs of score and truth."""
    positive = sum(truth for _, truth in found)
    ranked = sorted(found, reverse=True)
    best, hits = (0.0, 1.0), 0
    for taken, (score, truth) in enumerate(ranked, start=1):
        hits += truth
        if taken == len(ranked) or ranked[taken][0] < score:
            best = max(best, (2 * hits / (taken + positive), score))
    return best


def main() -> None:
    """Process every sentence and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    args = parser.parse_args()
    tools = load_tools()
    found = []
    with args.file.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            statements = process(Document(text=row["Text"]), tools).statements
            found.append((max((s.check_worthiness for s in statements), default=0.0), row["class_label"] == "Yes"))
    f1, threshold = best_f1(found)
    worth = sum(truth for _, truth in found)
    print(f"{len(found)} sentences, {worth} worth a check: F1 {100 * f1:.1f} at {threshold:.2f}")


if __name__ == "__main__":
    main()
