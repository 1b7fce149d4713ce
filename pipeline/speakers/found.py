"""What a resolver found for one mention."""

from __future__ import annotations

from msgspec import Struct

from pipeline.records import Candidate, Evidence, How, SpeakerType

# Probability that a resolution of each kind is right, measured on PolNeAR train and dev and on world with the sources
# given: names of persons 98% of 906, aliases 99% of 1,450, organisations by name 88% of 272, by alias 93% of 61,
# descriptions kept as such 74% of 812, documents 49% of 133. Pronouns and descriptions that are tied to somebody get
# theirs from ``pronouns.rank``.
PRECISION = {
    "name": 0.97, "alias": 0.98, "organisation": 0.88, "alias-org": 0.93,
    "description": 0.72, "none": 0.9, "joint": 0.85, "continued": 0.95, "document": 0.5, "pronoun-other": 0.5,
}  # fmt: skip
# The ranking of organisations is learnt from few examples and surer than right: 73% of 458 cross-validated.
BODY = 0.85


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
