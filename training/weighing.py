"""Fit how much the rules and the network count for a statement's class: the constants of ``classify/weighing.py``.

Run from the project's folder on gold that neither was trained on, a folder each with its statements:

    python training/weighing.py DIR STATEMENTS [DIR STATEMENTS ...] [--doubts FILE]

Every labelled statement is read as if the stages before had found it exactly. ``RULES``, ``NETWORK`` and ``BIAS`` make
its class likeliest (a multinomial logistic regression in which rare classes count a little more); ``CHECK``,
``CHECK_RULES`` and ``CHECK_NETWORK`` are a logistic regression of whether its grade is 2 or more. What is printed
beside them is cross-validated by document in ten folds. ``--doubts`` lists the labels that the program contradicts
with a score of DOUBT or more, surest first, for somebody to look at: text, place, label, the program's class, score.
Needs scikit-learn (textacy brings it).
"""

from __future__ import annotations

import argparse
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from class_weights import readings_of, spans_of
from confidence import FOLDS, calibration_error
from encoder.statements import of_gold
from msgspec import Struct
from scipy.optimize import minimize
from scipy.special import log_softmax
from sklearn.metrics import average_precision_score, f1_score

from pipeline.classify import Classifier
from pipeline.classify.weighing import sums_of
from pipeline.evaluate.gold import read_gold
from pipeline.process import find_attributions, load_tools
from pipeline.records import CLASSES, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from pipeline.process import Tools

    Floats = NDArray[np.float64]

# How far rare classes are raised (0: not, 1: to equal weight): macro-F1 grows, the calibration stays.
BALANCE = 0.3
DOUBT = 0.9


class Row(Struct, frozen=True):
    """A labelled statement of a folder's text: log-odds of rules, rules by hand and the network, and its labels.

    The first two have a place for each class and one for being worth a check, the network's for each class and grade.
    """

    folder: str
    document: str
    place: str
    rules: list[float]
    by_hand: list[float]
    network: list[float]
    label: int
    worth: bool


def rows(folder: Path, statements: Path, tools: Tools) -> Iterator[Row]:
    """Yield a gold folder's labelled statements that have a word."""
    gold = read_gold(folder, statements)
    for stem, units in of_gold(gold.statements).items():
        found = find_attributions(gold.texts[stem], tools)
        classifier = Classifier(found.doc, found.layout, tools.rules, found.meanings, tools.encoder.statements)
        readings = readings_of(found, classifier, units, tools.rules)
        parts = [[spans_of(unit, role) for role in ("Content", "Cue", "Source")] for unit in units]
        for unit, reading, (content, cue, source) in zip(units, readings, parts, strict=True):
            said = classifier.network([(content, _hull(cue), _hull(source))], writer=unit.writer)[0]
            if said is not None:
                firings = classifier.firings(reading)
                by_hand = [[f for f in firings if f.by_hand is hand] for hand in (False, True)]
                label, worth = int(np.argmax(unit.classes)), unit.grade >= 2
                place = " ".join(f"{span.start}-{span.end}" for span in content)
                yield Row(folder.name, stem, place, *map(sums_of, by_hand), said.tolist(), label, worth)


def _hull(spans: list[Span]) -> Span | None:
    return Span(spans[0].start, spans[-1].end) if spans else None


def fit_classes(data: list[Row]) -> Floats:
    """Return what log-odds of the rules and of the network count, and what is added for all classes but the first."""
    label = np.array([row.label for row in data])
    columns = _columns(data)
    raised = (len(label) / (len(CLASSES) * np.bincount(label, minlength=len(CLASSES)))) ** BALANCE

    def loss(weights: Floats) -> float:
        log_likelihood = log_softmax(_summed(*columns, weights), axis=1)[np.arange(len(label)), label]
        return -float((raised[label] * log_likelihood).mean())

    return minimize(loss, np.array([0.5, 0.5, 0.0, 0.0, 0.0])).x  # type: ignore[no-any-return]


def class_sums(data: list[Row], weights: Floats) -> Floats:
    """Return the classes' log-odds (rows, classes)."""
    return _summed(*_columns(data), weights)


def _summed(rules: Floats, by_hand: Floats, network: Floats, weights: Floats) -> Floats:
    return weights[0] * rules + weights[1] * network + by_hand + np.concatenate([[0.0], weights[2:]])  # type: ignore[no-any-return]


def fit_check(data: list[Row]) -> Floats:
    """Return the base and what log-odds of the rules and of the network count for being worth a check."""
    worth = np.array([row.worth for row in data])

    def loss(weights: Floats) -> float:
        return float(np.logaddexp(0, np.where(worth, -1, 1) * check_sums(data, weights)).mean())

    return minimize(loss, np.array([0.5, 0.5, 0.5])).x  # type: ignore[no-any-return]


def check_sums(data: list[Row], weights: Floats) -> Floats:
    """Return the log-odds of being worth a check (rows,)."""
    n = len(CLASSES)
    rules, by_hand, network = np.array([(row.rules[n], row.by_hand[n], row.network[n + 1]) for row in data]).T
    return weights[0] + weights[1] * rules + by_hand + weights[2] * network  # type: ignore[no-any-return]


def _columns(data: list[Row]) -> tuple[Floats, Floats, Floats]:
    """Return the classes' log-odds by rules, rules by hand and network: (rows, classes) each."""
    n = len(CLASSES)
    return (
        np.array([row.rules[:n] for row in data]), np.array([row.by_hand[:n] for row in data]),
        np.array([row.network[:n] for row in data]),
    )  # fmt: skip


def cross_validated(
    data: list[Row], fit: Callable[[list[Row]], Floats], apply: Callable[[list[Row], Floats], Floats]
) -> Floats:
    """Return what is applied to each row, fitted on the documents of other folds."""
    fold = np.array([zlib.crc32(row.document.encode()) % FOLDS for row in data])
    out: list[Floats] = [np.zeros(0)] * len(data)
    for k in range(FOLDS):
        inside = np.flatnonzero(fold == k)
        weights = fit([data[i] for i in np.flatnonzero(fold != k)])
        for i, value in zip(inside, apply([data[i] for i in inside], weights), strict=True):
            out[i] = value
    return np.array(out)


def doubts(data: list[Row], p: Floats) -> list[str]:
    """Return the contradicted labels as tab-separated lines; ``p`` (rows, classes) says how likely each class is."""
    found = [(-p[i].max(), i) for i, row in enumerate(data) if p[i].argmax() != row.label and p[i].max() >= DOUBT]
    return [
        f"{data[i].document}\t{data[i].place}\t{CLASSES[data[i].label]}\t{CLASSES[p[i].argmax()]}\t{-score:.2f}\n"
        for score, i in sorted(found)
    ]


def main() -> None:
    """Fit and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gold", nargs="+", help="folders of gold, each with its statements' file")
    parser.add_argument("--doubts", type=Path)
    args = parser.parse_args()
    tools = load_tools()
    folders = zip(args.gold[::2], args.gold[1::2], strict=True)
    data = [row for folder, statements in folders for row in rows(Path(folder), Path(statements), tools)]
    print(f"{len(data)} statements")
    rules, network, *biases = fit_classes(data).round(2).tolist()
    print(f"RULES, NETWORK = {rules}, {network}")
    print(f"BIAS = {(0.0, *biases)}")
    print("CHECK, CHECK_RULES, CHECK_NETWORK =", fit_check(data).round(2).tolist())
    p = np.exp(log_softmax(cross_validated(data, fit_classes, class_sums), axis=1))
    worth = 1 / (1 + np.exp(-cross_validated(data, fit_check, check_sums)))
    if args.doubts:
        args.doubts.write_text("".join(doubts(data, p)), encoding="utf-8")
    for folder in dict.fromkeys(row.folder for row in data):
        here = np.array([row.folder == folder for row in data])
        label = np.array([row.label for row in data])[here]
        graded = np.array([row.worth for row in data])[here]
        best, sure = p[here].argmax(axis=1), p[here].max(axis=1)
        surest = np.argsort(-sure)[: len(sure) // 2]
        print(
            f"{folder}: macro-F1 {100 * f1_score(label, best, average='macro'):.1f}"
            f" {dict(zip(CLASSES, (100 * f1_score(label, best, average=None)).round(1).tolist(), strict=True))},"
            f" calibration error {calibration_error(sure, best == label):.1f},"
            f" surest half right {100 * (best == label)[surest].mean():.1f};"
            f" worth a check: AP {100 * average_precision_score(graded, worth[here]):.1f},"
            f" calibration error {calibration_error(worth[here], graded):.1f}"
        )


if __name__ == "__main__":
    main()
