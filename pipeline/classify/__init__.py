"""Claim, announcement, analysis or other, and check-worthiness.

A log-linear model whose features are rules: every class rule that fires on a statement adds its
weights to the classes' log-odds (``rules/classes.toml`` holds both; ``training/class_weights.py``
measured the weights). The rules that fired are the decision's evidence.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pipeline.classify.reading import Page, Reading, read_attribution, read_example, read_sentence
from pipeline.classify.rulebook import Firing, rulebook
from pipeline.records import CLASSES, Classification, Evidence, Layout, Span
from pipeline.rules import Cue

if TYPE_CHECKING:
    from spacy.tokens import Doc

    from pipeline.records import Attribution, Resolution, SpeakerType
    from pipeline.rules import Rules

# A rule is shown as evidence where it makes the class at least this much likelier (log-odds against
# the mean of all classes), and at most so many are shown, the strongest: enough to see why.
SHOWN_WEIGHT = 0.1
SHOWN_RULES = 6
# The rule that fires on every statement says nothing about this one.
PRIOR = "class.statement"
# An announcement or analysis holds a claim where its grade is 2 or more with this probability
# (swept on the development articles).
HOLDS_CLAIM = 0.35


class Classifier:
    """Classifies the statements of one parsed document."""

    def __init__(self, doc: Doc, layout: Layout, rules: Rules) -> None:
        self.page = Page(doc, layout)
        self.rulebook = rulebook(rules)
        self.hits = self.rulebook.hits(self.page)
        self.cue_classes = {rule.id: rule.class_ for rule in rules.of(Cue)}

    def attribution(self, attribution: Attribution, resolution: Resolution) -> Classification:
        """Classify an attributed statement."""
        speaker = resolution.speaker.type if resolution.speaker else None
        return self._classify(self.read(attribution, speaker))

    def sentence(self, sentence: Span) -> Classification:
        """Classify a sentence in the writer's own voice."""
        return self._classify(read_sentence(self.page, sentence))

    def read(self, attribution: Attribution, speaker: SpeakerType | None) -> Reading:
        """Return the reading of an attributed statement whose speaker is of a type."""
        return read_attribution(self.page, attribution, speaker, self.cue_classes.get(attribution.cue_rule))

    def firings(self, reading: Reading) -> list[Firing]:
        """Return the rules that fire on a statement."""
        return self.rulebook.fire(reading, self.hits)

    def _classify(self, reading: Reading) -> Classification:
        return weigh(self.firings(reading))


def weigh(firings: list[Firing]) -> Classification:
    """Turn the rules that fired into class scores (softmax of summed weights) and check-worthiness."""
    claim = announcement = analysis = other = check = 0.0
    for firing in firings:
        weights = firing.weights
        claim += weights.claim
        announcement += weights.announcement
        analysis += weights.analysis
        other += weights.other
        check += weights.check
    sums = (claim, announcement, analysis, other)
    powers = [math.exp(value - max(sums)) for value in sums]
    scores: dict[str, float] = {name: power / sum(powers) for name, power in zip(CLASSES, powers, strict=True)}
    best = max(CLASSES, key=lambda name: scores[name])
    worth = _logistic(check)
    holds = best in ("announcement", "analysis") and worth >= HOLDS_CLAIM
    return Classification(
        class_=best, scores=scores, check_worthiness=worth, contains_claim=holds, evidence=_shown(firings, best)
    )


def find_rule_evidence(doc: Doc, layout: Layout, rules: Rules) -> tuple[Evidence, ...]:
    """Return every class rule that fires on a sentence of the document, with all its places.

    Each sentence is taken as content, cue, source and frame at once, and in every voice, so that
    a rule can be tried on one-sentence examples.
    """
    classifier = Classifier(doc, layout, rules)
    found: dict[Evidence, None] = {}
    for sentence in layout.sentences:
        reading = read_example(classifier.page, sentence.span)
        for evidence in classifier.rulebook.everywhere(reading, classifier.hits):
            found[evidence] = None
    return tuple(found)


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
