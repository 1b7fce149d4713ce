"""Who asks and who answers in an interview printed as turns under "Q" and "A" or initials."""

from __future__ import annotations

import re
from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline.records import Evidence, Span
from pipeline.speakers.found import Found
from pipeline.speakers.words import key_of

if TYPE_CHECKING:
    from pipeline.speakers.people import Mention
    from pipeline.speakers.scene import Scene

# Labels of a turn that name a part in the talk rather than somebody.
ASKING = ("Q", "Question", "QUESTION", "Interviewer", "INTERVIEWER")
ANSWERING = ("A", "Answer", "ANSWER", "Interviewee", "INTERVIEWEE")
# Initials have so many letters at most.
INITIALS = re.compile(r"(?:[A-Z]\.?){2,3}")
CREDIT = re.compile(
    r"(?:^|[.!?\n–—|:]\s*)(?:[Ii]nterview(?:ed)?|[Tt]ext|[Ww]ords|[Ww]ritten|[Aa]s told)?\s*(?:[Bb]y|BY|:)[:\s]\s*$"
)
CREDIT_LENGTH = 30
# How much more a mention as subject says of whom the introduction is about.
SUBJECT_WEIGHT = 2
# Estimated, no development data holds such interviews: the probability that the person found is right.
ANSWERER, ASKER, LETTERS = 0.85, 0.85, 0.85


class Interview:
    """Finds the people behind the labels of a document's turns."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        turns = [a.source.start for a in scene.attributions if a.cue_rule == "pattern.turn" and a.source is not None]
        self.start = min(turns, default=0)

    def speaker(self, source: Span) -> Found | None:
        """Return who speaks the turn under a label, None where the label is a name like any other."""
        label = source.of(self.scene.text)
        evidence = (Evidence("speaker.interview", source.start, source.end),)
        if label in ASKING:
            return self._found(self.asker, ASKER, evidence) or Found(
                "interviewer", "unnamed", "role", ASKER, evidence=evidence
            )
        if label in ANSWERING:
            return self._found(self.answerer, ANSWERER, evidence) or Found(
                "interviewee", "unnamed", "role", ANSWERER, evidence=evidence
            )
        if INITIALS.fullmatch(label):
            return self._found(self._by_initials(label), LETTERS, evidence)
        return None

    @cached_property
    def asker(self) -> int | None:
        """The person whom the byline or the credit names."""
        credited = [m for m in self.scene.people.mentions if self._credited(m)]
        return credited[0].person if credited else None

    @cached_property
    def answerer(self) -> int | None:
        """The person whom headline and introduction are about: named most often, as subject above all."""
        main = self._main(self.scene.people.within(0, self.start))
        return self._main(self.scene.people.mentions) if main is None else main

    def _main(self, mentions: list[Mention]) -> int | None:
        weights: Counter[int] = Counter()
        for mention in mentions:
            if mention.person != self.asker and not self._credited(mention):
                weights[mention.person] += SUBJECT_WEIGHT if self.scene.is_subject(mention) else 1
        return max(weights, key=lambda person: (weights[person], -person)) if weights else None

    def _by_initials(self, label: str) -> int | None:
        letters = label.replace(".", "").casefold()
        people = self.scene.people.people
        known = [p for p in (self.asker, self.answerer) if p is not None]
        known += [m.person for m in self.scene.people.mentions if m.full]
        for person in known:
            names = [key_of(word) for word in re.findall(r"[^\s-]+", people[person].name)]
            if names and letters in ("".join(name[0] for name in names), names[0][0] + names[-1][0]):
                return person
        return None

    def _credited(self, mention: Mention) -> bool:
        """Tell whether the mention is the byline's: "By Ana Ruiz", "Interview: Ana Ruiz"."""
        if not mention.full:
            return False
        if self.scene.zone(mention.start) == "byline":
            return True
        before = self.scene.text[max(0, mention.start - CREDIT_LENGTH) : mention.start]
        return CREDIT.search(before) is not None

    def _found(self, person: int | None, score: float, evidence: tuple[Evidence, ...]) -> Found | None:
        if person is None:
            return None
        name = self.scene.people.people[person].name
        return Found(name, "person", "role", score, person, (person,), evidence=evidence)
