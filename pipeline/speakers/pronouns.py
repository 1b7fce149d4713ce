"""Which person a pronoun or a bare description means: candidates ranked by gender, grammar and discourse."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.records import Attribution
    from pipeline.speakers.names import Gender
    from pipeline.speakers.people import Mention
    from pipeline.speakers.scene import Scene

# So many mentions before the pronoun are looked at, and of so many different people.
MENTIONS = 60
CANDIDATES = 12

# Weights of a softmax over the candidates, fitted on PolNeAR train and the world articles (he, she, his, her);
# that of "same-quotation" is set by hand: a pronoun inside a quotation mostly means somebody named there.
WEIGHTS: dict[str, float] = {
    "gender": 2.0, "gender-unknown": 0.0, "nearest": 0.8, "second": 0.2, "same-sentence": 0.5,
    "sentence-before": 0.4, "far": -0.8, "same-paragraph": 0.4, "subject": 0.8, "modifier": -0.5,
    "speaker-before": 1.6, "speaker-earlier": 0.4, "often": 0.5, "most": 0.3, "quoted": -1.0, "own-content": -1.5,
    "spoke-here": 0.5, "full": 0.1, "unclear-before": 0.0, "same-quotation": 1.5,
}  # fmt: skip


def features(
    scene: Scene, position: int, attribution: Attribution, gender: Gender, spoken: list[tuple[int, int]]
) -> dict[int, dict[str, float]]:
    """Return the candidates before the position with their features.

    ``spoken`` holds (position, person) of the attributions resolved so far, in text order. To a pronoun
    inside a content or quotation the people whom that names are as near as others.
    """
    here, within = scene.quoted_by(position), scene.inside_content(position, attribution)
    people = scene.people
    counts, top = people.counts, people.most
    found: dict[int, dict[str, float]] = {}
    sentence, paragraph = scene.sentence(position), scene.paragraph(position)
    speakers = [person for _, person in spoken[-6:]]
    high = people.before(position)
    fitting = 0
    for mention in reversed(people.mentions[max(0, high - MENTIONS) : high]):
        if len(found) >= CANDIDATES:
            break
        id = mention.person
        own = scene.quoted_by(mention.start)
        beside = own is not None and own == here
        own = None if beside else own
        inside = not within and scene.inside_content(mention.start, attribution)
        if id in found:
            known = found[id]
            if inside or own is not None or known.get("seen"):
                continue
            _place(known, scene, mention, sentence, paragraph)
            known.pop("quoted", None)
            known.pop("own-content", None)
            known["seen"] = 1.0
            continue
        theirs = people.people[id].gender
        if gender != "any" and theirs != "any" and theirs != gender:
            continue
        known = found[id] = {
            "gender": float(theirs == gender and gender != "any"), "gender-unknown": float(theirs == "any"),
            "often": math.log1p(counts[id]), "most": float(counts[id] == top),
        }  # fmt: skip
        known["nearest" if fitting == 0 else "second" if fitting == 1 else "further"] = 1.0
        fitting += 1
        _place(known, scene, mention, sentence, paragraph)
        if inside:
            known["own-content"] = 1.0
        elif own is not None:
            known["quoted"] = 1.0
        else:
            known["seen"] = 1.0
        if beside:
            known["same-quotation"] = 1.0
        if speakers and speakers[-1] == id:
            known["speaker-before"] = 1.0
        elif id in speakers:
            known["speaker-earlier"] = 1.0
    return found


def _place(known: dict[str, float], scene: Scene, mention: Mention, sentence: int, paragraph: int) -> None:
    away = sentence - scene.sentence(mention.start)
    for name in ("same-sentence", "sentence-before", "far", "same-paragraph", "subject", "modifier", "full"):
        known.pop(name, None)
    if away <= 1:
        known["same-sentence" if away == 0 else "sentence-before"] = 1.0
    elif away > 4:
        known["far"] = 1.0
    known["same-paragraph"] = float(scene.paragraph(mention.start) == paragraph)
    known["subject"] = float(scene.is_subject(mention))
    known["modifier"] = float(scene.is_modifier(mention))
    known["full"] = float(mention.full)


def rank(candidates: dict[int, dict[str, float]]) -> list[tuple[int, float]]:
    """Return the candidates best first with probabilities that sum to 1."""
    if not candidates:
        return []
    scored = {id: sum(WEIGHTS.get(name, 0.0) * v for name, v in known.items()) for id, known in candidates.items()}
    best = max(scored.values())
    weights = {id: math.exp(score - best) for id, score in scored.items()}
    total = sum(weights.values())
    return sorted(((id, weight / total) for id, weight in weights.items()), key=lambda entry: (-entry[1], entry[0]))


def nearest_speakers(spoken: Iterable[tuple[int, int]], position: int, reach: int) -> list[int]:
    """Return the people who spoke within ``reach`` code points before the position, latest first."""
    return [person for place, person in reversed(list(spoken)) if 0 <= position - place <= reach]
