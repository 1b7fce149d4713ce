"""Calibrated probabilities that a statement's content and speaker are both right."""

from __future__ import annotations

import math

from pipeline.attribute.combine import log_odds
from pipeline.records import Attribution, Classification, Resolution, Unsure, Voice

# Log-odds that content and speaker's name are both right, from those of the two stages' scores: a logistic
# regression over the 2,600 attributions found in PolNeAR dev and world, which the encoder was not trained on
# (training/confidence.py, where it stands what those count that nobody annotated). Cross-validated by document, the
# expected calibration error is 7.2 points over all that is found and 3.8 over what is paired with an annotated person
# or organisation, as `onrecord evaluate` measures it.
BASE = -0.85
CONTENT_SLOPE = 0.5
SPEAKER_SLOPE = 0.69
# Where no source is found, there often is one.
NO_SPEAKER = -0.79
# Scores nearer to 0 or 1 say no more than these.
LEAST, MOST = 0.02, 0.98
# What is less likely right than wrong is left to a person.
REVIEW = 0.5


def attribution_confidence(attribution: Attribution, resolution: Resolution) -> float:
    """Return the probability that content and speaker are both right; it grows with both stages' scores."""
    content, speaker = (log_odds(score, LEAST, MOST) for score in (attribution.score, resolution.score))
    odds = BASE + CONTENT_SLOPE * content + SPEAKER_SLOPE * speaker
    if resolution.speaker is None:
        odds += NO_SPEAKER
    return 1 / (1 + math.exp(-odds))


def writer_confidence(classification: Classification) -> float:
    """Return the probability that the class is right: the class's own score."""
    return classification.scores[classification.class_]


def unsure(voice: Voice, classification: Classification, confidence: float) -> tuple[Unsure, ...]:
    """Return what of a statement is so unsure that a person should look at it."""
    found: list[Unsure] = []
    if voice != "writer" and confidence < REVIEW:
        found.append("speaker")
    if classification.scores[classification.class_] < REVIEW:
        found.append("class")
    return tuple(found)
