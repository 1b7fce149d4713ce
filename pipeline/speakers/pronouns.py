"""Which person a pronoun or a bare description means: candidates ranked by gender, grammar and discourse."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from pipeline.records import Attribution
    from pipeline.speakers.names import Gender
    from pipeline.speakers.people import Mention
    from pipeline.speakers.scene import Scene

K = TypeVar("K", int, str)

# So many mentions before the pronoun are looked at, and of so many different people.
MENTIONS = 60
CANDIDATES = 12

# Weights of a softmax over the candidates, fitted by ``training/speakers.py``; that of "same-quotation" is set by
# hand: a pronoun inside a quotation mostly means somebody named there, which labels show too seldom.
WEIGHTS: dict[str, float] = {
    "full": 0.69, "gender": 0.37, "last-subject": 1.01, "local": 0.48, "modifier-0": 1.16, "modifier-1": -0.52,
    "modifier-2": -0.43, "modifier-3": -0.62, "most": -0.3, "nearest": 1.17, "object-0": 0.1, "object-1": -0.05,
    "object-2": -1.0, "object-3": -0.56, "often": 0.98, "own-content": -0.98, "quoted": -1.11,
    "same-paragraph": 2.64, "same-quotation": 1.5, "second": 0.74, "seen": -1.54, "spoke": -0.2,
    "spoke-last": 1.64, "spoke-last-0": 0.34, "spoke-last-1": 1.67, "spoke-last-2": -0.06,
    "spoke-last-3": -0.31, "spoke-last-here": 1.57, "spoke-second": 0.99, "subject-0": 0.06, "subject-1": -1.39,
    "subject-2": -0.8, "subject-3": -1.25, "topic-0": 1.58, "topic-1": 1.51, "topic-2": 0.62, "topic-3": 0.05,
}  # fmt: skip

# Sentences back; beyond the last one a mention is far.
NEAR = 3
# Sentences over which a candidate's mentions are counted as those of the moment.
LOCAL = 8


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
    high = people.before(position)
    free = subjects = 0
    for mention in reversed(people.mentions[max(0, high - MENTIONS) : high]):
        id = mention.person
        if id not in found:
            theirs = people.people[id].gender
            if len(found) >= CANDIDATES or (gender != "any" and theirs not in ("any", gender)):
                continue
            found[id] = {
                "gender": float(theirs == gender and gender != "any"), "often": math.log1p(counts[id]),
                "most": float(counts[id] == top),
            }  # fmt: skip
        known = found[id]
        own = scene.quoted_by(mention.start)
        beside = own is not None and own == here
        if not within and scene.inside_content(mention.start, attribution):
            known["own-content"] = 1.0
        elif own is not None and not beside:
            known["quoted"] = 1.0
        else:
            if beside:
                known["same-quotation"] = 1.0
            away = sentence - scene.sentence(mention.start)
            if away <= LOCAL:
                known["local"] = known.get("local", 0.0) + 1.0
            if "seen" not in known:
                known["seen"] = 1.0
                place = _place(scene, mention)
                known[f"{place}-{min(away, NEAR)}"] = 1.0
                if subjects == 0 and place in ("topic", "subject"):
                    known["last-subject"] = 1.0
                subjects += place in ("topic", "subject")
                if free < 2:
                    known["nearest" if free == 0 else "second"] = 1.0
                free += 1
                known["same-paragraph"] = float(scene.paragraph(mention.start) == paragraph)
                known["full"] = float(mention.full and away <= 2)
    _spoke(found, scene, sentence, paragraph, spoken)
    for known in found.values():
        known["local"] = math.log1p(known.get("local", 0.0))
    return found


def _place(scene: Scene, mention: Mention) -> str:
    if scene.is_subject(mention):
        return "topic" if scene.is_main(mention) else "subject"
    return "modifier" if scene.is_modifier(mention) else "object"


def _spoke(
    found: dict[int, dict[str, float]], scene: Scene, sentence: int, paragraph: int, spoken: list[tuple[int, int]]
) -> None:
    """Enter who spoke last, and before that."""
    for number, (place, id) in enumerate(reversed(spoken[-6:])):
        known = found.get(id)
        if known is None or "spoke" in known:
            continue
        known["spoke"] = 1.0
        if number == 0:
            away = max(0, sentence - scene.sentence(place))
            known["spoke-last"] = 1.0
            known[f"spoke-last-{min(away, NEAR)}"] = 1.0
            known["spoke-last-here"] = float(scene.paragraph(place) == paragraph)
        elif number == 1:
            known["spoke-second"] = 1.0


def rank(candidates: dict[K, dict[str, float]], weights: dict[str, float]) -> list[tuple[K, float]]:
    """Return the candidates best first with probabilities that sum to 1."""
    if not candidates:
        return []
    scored = {id: sum(weights.get(name, 0.0) * v for name, v in known.items()) for id, known in candidates.items()}
    best = max(scored.values())
    odds = {id: math.exp(score - best) for id, score in scored.items()}
    total = sum(odds.values())
    return sorted(((id, odd / total) for id, odd in odds.items()), key=lambda entry: (-entry[1], entry[0]))
