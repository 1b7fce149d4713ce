"""Fit how sure the program says it is: the constants of ``attribute/combine.py`` and ``confidence.py``.

Run from the project's folder on gold that the encoder was not trained on, a folder each with its statements:

    python training/confidence.py DIR STATEMENTS [DIR STATEMENTS ...]

Two logistic regressions (ridge 1). The first gives the probability that an attribution's content and source are
both right, from the encoder's two probabilities and from whether the rules agree; right means that the content
is paired with an annotated one (as `onrecord evaluate` pairs them) and the sources share a telling word. The second
gives the probability that content and speaker's name are right, from the first and from the speaker stage's score.
The calibration errors printed are cross-validated by document in ten folds.
"""

from __future__ import annotations

import math
import sys
import zlib
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from msgspec import UNSET

from pipeline.attribute.combine import LEAST, MOST, RULES_SLOPE, SUPPORT
from pipeline.attribute.model import CONTENT_READ, SOURCE_READ
from pipeline.confidence import LEAST as LEAST_SPEAKER
from pipeline.confidence import MOST as MOST_SPEAKER
from pipeline.evaluate.gold import read_gold
from pipeline.evaluate.words import WordedText, pair, plain_name
from pipeline.process import find_attributions, load_tools
from pipeline.speakers import resolve_speakers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from pipeline.evaluate.gold import Gold, GoldAttribution, GoldStatement
    from pipeline.process import Tools
    from pipeline.records import Attribution, Resolution

    Floats = NDArray[np.float64]

FOLDS, RIDGE = 10, 1.0
# What an attribution counts that no labelled one is paired with: two annotators of PolNeAR mark three of four alike,
# so that not all that is found beyond one's marks is wrong.
UNPAIRED = 0.33
# Of the attributions the surest part, by which is told how well the surest ones are ordered.
SUREST = 0.8
KINDS = tuple(SUPPORT)


@dataclass(frozen=True)
class Row:
    """An attribution found, with the scores that the two regressions go by and what became of it.

    ``document``: the text's name. ``support``: a key of SUPPORT. ``content``, ``source``: the encoder's
    probabilities, NaN where the rules alone found it. ``score``, ``name_score``: those of the attribution and
    of its speaker, 0 to 1. ``named``: whether a speaker was found.

    ``right``: content and source are; ``right_name``: content and speaker's name are. ``paired``: with a labelled
    statement; ``measured``: with one of a person or organisation.
    """

    document: str
    support: str
    content: float
    source: float
    score: float
    name_score: float
    named: bool
    right: bool
    right_name: bool
    paired: bool
    measured: bool


def rows(folder: Path, statements: Path, tools: Tools) -> Iterator[Row]:
    """Yield the attributions found in a gold folder's texts; ``statements`` are labelled ones (JSONL)."""
    gold = read_gold(folder, statements)
    for document, text in gold.texts.items():
        found = find_attributions(text, tools)
        resolved = resolve_speakers(found.doc, found.layout, found.attributions, tools.rules)
        yield from _document_rows(document, gold, found.attributions, resolved)


def _document_rows(
    document: str, gold: Gold, found: Sequence[Attribution], resolved: Sequence[Resolution]
) -> Iterator[Row]:
    worded = WordedText(gold.texts[document])
    annotated = [a for a in gold.annotations[document][0] if a.content]
    labelled = [s for s in gold.statements if s.doc == document]
    contents = [worded.ids(a.spans) for a in found]
    sources = {j: annotated[i] for i, j in pair([worded.ids(a.content) for a in annotated], contents).items()}
    names = {j: labelled[i] for i, j in pair([worded.ids(s.content) for s in labelled], contents).items()}
    for j, (a, resolution) in enumerate(zip(found, resolved, strict=True)):
        statement = names.get(j)
        if statement is not None and statement.voice != "attributed":
            statement = None
        read = {e.rule: e.score for e in a.evidence if e.score is not UNSET}
        yield Row(
            document=document,
            support=next(e.rule for e in a.evidence if e.rule.startswith("support.")).removeprefix("support."),
            content=read.get(CONTENT_READ, math.nan),
            source=read.get(SOURCE_READ, math.nan),
            score=a.score,
            name_score=resolution.score,
            named=resolution.speaker is not None,
            right=_right_source(worded, a, sources.get(j)),
            right_name=statement is not None and _right_name(resolution, statement),
            paired=statement is not None,
            measured=statement is not None and statement.speaker_type in ("person", "org"),
        )


def _right_source(worded: WordedText, a: Attribution, annotated: GoldAttribution | None) -> bool:
    if annotated is None:
        return False
    mine, theirs = worded.ids([a.source] if a.source else []), worded.ids(annotated.source)
    return worded.same_source(theirs, mine) if theirs else not mine


def _right_name(resolution: Resolution, statement: GoldStatement) -> bool:
    name = resolution.speaker.name if resolution.speaker else None
    return plain_name(name) == plain_name(None if statement.speaker == "-" else statement.speaker)


def log_odds(probability: float, least: float = LEAST, most: float = MOST) -> float:
    """Return the natural log-odds of a probability, which is kept between ``least`` and ``most``."""
    bounded = np.clip(probability, least, most)
    return float(np.log(bounded / (1 - bounded)))


def source_features(data: Sequence[Row]) -> Floats:
    """Return (rows, kinds of support + 3): which support, the encoder's two log-odds, the rules' own."""
    x = np.zeros((len(data), len(KINDS) + 3))
    for features, row in zip(x, data, strict=True):
        features[KINDS.index(row.support)] = 1
        if row.support == "rules":
            # The pattern's own score, which combine has replaced by today's probability.
            features[-1] = (log_odds(row.score) - SUPPORT[row.support]) / RULES_SLOPE
        else:
            features[-3:-1] = log_odds(row.content), log_odds(row.source)
    return x


def name_features(data: Sequence[Row], sure: Floats) -> Floats:
    """Return (rows, 4): 1, the log-odds of ``sure`` (rows,) and of the speaker's score, whether there is no speaker."""
    bounds = LEAST_SPEAKER, MOST_SPEAKER
    return np.array([
        (1, log_odds(p, *bounds), log_odds(row.name_score, *bounds), not row.named)
        for row, p in zip(data, sure.tolist(), strict=True)
    ], float)  # fmt: skip


def fit(x: Floats, y: Floats, counts: Floats) -> Floats:
    """Return the weights (features,) of a logistic regression, by Newton's method.

    ``x`` (rows, features), ``y`` (rows,) 0 or 1; ``counts`` (rows,) says how much each row does.
    """
    w = np.zeros(x.shape[1])
    for _ in range(30):
        p = predict(x, w)
        slope = x.T @ (counts * (y - p)) - RIDGE * w
        curve = (x * (counts * p * (1 - p))[:, None]).T @ x + RIDGE * np.eye(len(w))
        w += np.linalg.solve(curve, slope)
    return w


def predict(x: Floats, w: Floats) -> Floats:
    """Return the probabilities (rows,) that a logistic regression of the weights ``w`` gives."""
    return 1 / (1 + np.exp(-x @ w))


def cross_validated(x: Floats, y: Floats, counts: Floats, fold: NDArray[np.int64]) -> Floats:
    """Return the probabilities (rows,), each from a regression on the rows of the other folds; else as ``fit``."""
    p = np.zeros(len(y))
    for k in range(FOLDS):
        p[fold == k] = predict(x[fold == k], fit(x[fold != k], y[fold != k], counts[fold != k]))
    return p


def calibration_error(p: Floats, y: Floats) -> float:
    """Return the expected calibration error in points, ten bins."""
    bins = np.minimum(9, (p * 10).astype(int))
    return 100 * float(sum(abs(y[bins == b].sum() - p[bins == b].sum()) for b in range(10))) / len(y)


def main() -> None:
    """Fit both regressions and print the constants with their calibration errors."""
    tools = load_tools()
    folders = zip(sys.argv[1::2], sys.argv[2::2], strict=True)
    data = list(chain.from_iterable(rows(Path(folder), Path(statements), tools) for folder, statements in folders))
    fold = np.array([zlib.crc32(row.document.encode()) % FOLDS for row in data])

    x, y, once = source_features(data), np.array([row.right for row in data], float), np.ones(len(data))
    sure = cross_validated(x, y, once, fold)
    w = fit(x, y, once)
    print(f"{len(data)} attributions; content and source right: {100 * y.mean():.1f}%")
    print("SUPPORT =", {kind: round(float(v), 2) for kind, v in zip(KINDS, w, strict=False)})
    print("CONTENT_SLOPE, SOURCE_SLOPE, RULES_SLOPE =", [round(float(v), 2) for v in w[-3:]])
    print(f"calibration error, cross-validated: {calibration_error(sure, y):.1f}")

    x, y = name_features(data, sure), np.array([row.right_name for row in data], float)
    counts = np.where([row.paired for row in data], 1.0, UNPAIRED)
    measured = np.array([row.measured for row in data])
    sure = cross_validated(x, y, counts, fold)
    print("BASE, CONTENT_SLOPE, SPEAKER_SLOPE, NO_SPEAKER =", [round(float(v), 2) for v in fit(x, y, counts)])
    print(f"calibration error, cross-validated: {calibration_error(sure, y):.1f} of all,", end=" ")
    error = calibration_error(sure[measured], y[measured])
    print(f"{error:.1f} of those paired with a labelled person or organisation")
    surest = np.argsort(-sure[measured])[: int(SUREST * measured.sum())]
    print(f"names right among the surest {100 * SUREST:.0f}% of those: {100 * y[measured][surest].mean():.1f}%")


if __name__ == "__main__":
    main()
