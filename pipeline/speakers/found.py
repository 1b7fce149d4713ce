"""What a resolver found for one mention."""

from __future__ import annotations

from msgspec import Struct

from pipeline.records import Candidate, Evidence, How, SpeakerType

# Probability that a resolution of each kind is right, measured on PolNeAR train with the sources given:
# names 96.0% of 506, aliases 97.8% of 833, organisations 70.1% of 134 by description and 79% of 116 by name.
# Pronouns and roles of persons get their probabilities from ``pronouns.rank``.
PRECISION = {
    "name": 0.96, "alias": 0.97, "organisation": 0.75, "alias-org": 0.7,
    "description": 0.6, "none": 0.9, "joint": 0.85, "continued": 0.95, "document": 0.55, "pronoun-other": 0.5,
}  # fmt: skip


class Found(Struct, frozen=True):
    """A speaker found for a mention: ``person`` is an index into the register, or -1."""

    name: str
    type: SpeakerType
    how: How
    score: float
    person: int = -1
    persons: tuple[int, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    role: str | None = None
    plural: bool = False
