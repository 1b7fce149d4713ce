"""What the rules that fired and the network say of a statement, put together."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pipeline.records import CLASSES, Classification, Evidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from pipeline.classify.rulebook import Firing
    from pipeline.records import Span

# The evidence's name for what the network says.
READ = "model.class"
# What log-odds of the rules and of the network count together, with what is added for each class; and those of being
# worth a check, with what is added (training/weighing.py). A rule by hand counts in full.
RULES, NETWORK = 0.38, 0.82
BIAS = (0.0, -0.6, -0.24, 0.5)
CHECK, CHECK_RULES, CHECK_NETWORK = 0.54, 0.27, 0.76
# A rule is shown as evidence where it makes the class at least this much likelier (log-odds against
# the mean of all classes), and at most so many are shown, the strongest: enough to see why.
SHOWN_WEIGHT = 0.1
SHOWN_RULES = 6
# The rule that fires on every statement says nothing about this one.
PRIOR = "class.statement"
# An announcement or analysis holds a claim where its grade is 2 or more with this probability
# (swept on the development articles).
HOLDS_CLAIM = 0.35


def weigh(whole: Span, firings: list[Firing], network: NDArray[np.float32] | None) -> Classification:
    """Return a statement's classification.

    ``whole`` is where it stands, ``firings`` the rules that fired on it, ``network`` (classes + grades,) what the
    network says; without it the rules decide alone.
    """
    *sums, check = sums_of(firing for firing in firings if not firing.by_hand)
    *added, check_added = sums_of(firing for firing in firings if firing.by_hand)
    evidence: tuple[Evidence, ...] = ()
    if network is not None:
        *said, _, worth, _ = network.tolist()
        sums = [RULES * rules + NETWORK * read + bias for rules, read, bias in zip(sums, said, BIAS, strict=True)]
        check = CHECK + CHECK_RULES * check + CHECK_NETWORK * worth
    scores = softmax([a + b for a, b in zip(sums, added, strict=True)])
    best = max(range(len(CLASSES)), key=scores.__getitem__)
    if network is not None:
        evidence = (Evidence(READ, whole.start, whole.end, round(softmax(said)[best], 4)),)
    check_worthiness = _logistic(check + check_added)
    return Classification(
        class_=CLASSES[best], scores=dict(zip(CLASSES, scores, strict=True)), check_worthiness=check_worthiness,
        contains_claim=CLASSES[best] in ("announcement", "analysis") and check_worthiness >= HOLDS_CLAIM,
        evidence=(*_shown(firings, CLASSES[best]), *evidence),
    )  # fmt: skip


def softmax(sums: Sequence[float]) -> list[float]:
    """Return probabilities from log-odds."""
    powers = [math.exp(value - max(sums)) for value in sums]
    return [power / sum(powers) for power in powers]


def sums_of(firings: Iterable[Firing]) -> list[float]:
    """Return what rules add to each class and to being worth a check."""
    claim = announcement = analysis = other = check = 0.0
    for firing in firings:
        weights = firing.weights
        claim += weights.claim
        announcement += weights.announcement
        analysis += weights.analysis
        other += weights.other
        check += weights.check
    return [claim, announcement, analysis, other, check]


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, value))))


def _shown(firings: list[Firing], best: str) -> tuple[Evidence, ...]:
    """Return the strongest rules that spoke for the class, in text order."""
    speaking = [(_margin(f, best), f) for f in firings if f.rule != PRIOR]
    strong = [(margin, f) for margin, f in speaking if margin >= SHOWN_WEIGHT]
    strong.sort(key=lambda pair: -pair[0])
    shown = [f.evidence for _, f in strong[:SHOWN_RULES]]
    return tuple(sorted(shown, key=lambda e: (e.start, e.end, e.rule)))


def _margin(firing: Firing, best: str) -> float:
    weights = firing.weights
    mean = (weights.claim + weights.announcement + weights.analysis + weights.other) / len(CLASSES)
    return float(getattr(weights, best)) - mean
