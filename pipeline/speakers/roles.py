"""Descriptions without a name ("the senator", "the company’s spokeswoman") tied to people of the document."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import structs

from pipeline.records import Candidate, Evidence, Span
from pipeline.speakers.found import PRECISION, Found
from pipeline.speakers.pronouns import features, rank

if TYPE_CHECKING:
    from pipeline.records import Attribution
    from pipeline.speakers.descriptions import Describer, Description
    from pipeline.speakers.names import Gender
    from pipeline.speakers.people import Mention
    from pipeline.speakers.scene import Scene
    from pipeline.speakers.sources import NounPhrase

# A match of this much is the same office, with at most one word that nothing says of the person; one word
# more that fits makes it sure.
OFFICE = 0.89
SURE = 1.5
# The key of nobody named among those whom a description may mean.
UNNAMED = -1
DEFINITE = ("the", "this", "that", "his", "her", "its", "their", "our", "my", "")
# People with one form of office who are compared: keeps a document of thousands of senators linear.
HOLDERS = 24
# How far behind a description its holder may be named as who "made the remarks".
_REMARKS, REMARKS = re.compile(r"\bmade the (?:remarks?|comments?|statement|announcement)\b"), 800
# Roles that are mostly somebody new rather than the person spoken of, so never guessed.
_NEVER_GUESSED = frozenset(
    ["spokesman", "spokeswoman", "spokesperson", "source", "official", "aide", "wife", "husband", "son", "daughter",
     "mother", "father", "lawyer", "attorney", "adviser", "advisor", "representative", "voter", "supporter", "critic",
     "neighbour", "neighbor", "cousin", "uncle", "aunt", "niece", "nephew", "parent", "boyfriend", "girlfriend",
     "colleague", "passenger", "driver", "customer", "witness", "caller", "user", "reader", "student", "patient",
     "expert", "analyst", "person", "friend", "member", "reporter", "resident", "staffer", "employee", "worker"]
)  # fmt: skip


# Weights of a softmax over people and nobody, fitted by ``training/speakers.py``; those of "same-quotation" (as in
# ``pronouns``), "sure" and "after-speaks" ("the museum's head promised it …, Marsh stressed") are set by hand.
WEIGHTS: dict[str, float] = {
    "a-after": 0.28, "a-after-speaks": 0.83, "a-after-undescribed": 0.28, "a-best": 0.88,
    "a-early-office": 0.77, "a-nobody": 1.4, "a-nobody-again": 0.38, "a-nobody-bare": 0.0,
    "a-nobody-early": -2.35, "a-nobody-long": -0.19, "a-nobody-mostly": 1.96, "a-nobody-own": 1.4,
    "a-office": 0.65, "a-only": 0.24, "a-other": -0.32, "a-partly": 1.0, "a-sure": -0.0, "after": -0.2,
    "after-speaks": 3.0, "after-undescribed": 0.0, "best": 0.32, "early-office": 1.5, "full": 0.73,
    "gender": -0.11, "last-subject": 1.03, "local": 0.36, "modifier-0": -0.11, "modifier-1": -0.8,
    "modifier-2": 0.03, "modifier-3": -0.6, "most": -0.22, "nearest": -0.1, "nobody": 1.79,
    "nobody-again": 1.58, "nobody-bare": 0.78, "nobody-early": -1.75, "nobody-long": 0.15,
    "nobody-mostly": 1.63, "nobody-own": 0.29, "object-0": 0.49, "object-1": 1.1, "object-2": -0.45,
    "object-3": -1.2, "office": 0.69, "often": 0.42, "only": 1.14, "other": -1.43, "own-content": -0.95,
    "partly": 0.64, "quoted": -0.14, "same-paragraph": 0.57, "same-quotation": 1.5, "second": 0.21,
    "seen": -0.46, "spoke": 0.52, "spoke-last": 0.82, "spoke-last-0": 1.47, "spoke-last-1": 0.5,
    "spoke-last-2": -0.62, "spoke-last-3": -0.54, "spoke-last-here": 0.26, "spoke-second": 0.6,
    "subject-0": 0.26, "subject-1": -0.09, "subject-2": 0.11, "subject-3": -0.84, "sure": 2.2, "topic-0": -0.12,
    "topic-1": 0.81, "topic-2": 0.95, "topic-3": 0.01, "unseen": 0.11,
}  # fmt: skip


class Roles:
    """Ties descriptions to people."""

    def __init__(self, scene: Scene, describer: Describer) -> None:
        self.scene = scene
        self.describer = describer
        self.holders: dict[str, list[int]] = {}
        for person, descriptions in describer.of_person.items():
            for form in sorted(set().union(*(d.forms for d in descriptions))):
                self.holders.setdefault(form, []).append(person)

    def resolve(
        self, source: Span, phrase: NounPhrase, attribution: Attribution, spoken: list[tuple[int, int]],
        voices: list[tuple[int, Found]], owned_by: int,
    ) -> Found:  # fmt: skip
        """Return the person whom the description means, or the description itself where the text ties it to nobody.

        ``owned_by`` is whom "his" or "her" before it means, -1 if there is no such word.
        """
        end = self._end(source, phrase)
        owner, begin = self._owner(source, phrase), source.start
        if owner is not None:  # the mention from its owner's name on, and its own words after that
            source = Span(owner.start, source.end)
            begin = self.scene.words[self.scene.word_at(owner.end) - 1].close
        sought = self.describer.read(begin, end, "tied")
        sought = sought or self.describer.national(source, phrase) or self.describer.aged(source, phrase)
        if sought is None:
            return self._unnamed(source, phrase, end)
        if owner is not None:
            name = self.scene.people.people[owner.person].keys[-1]
            sought = structs.replace(sought, keys=sought.keys | {name})
        if (maker := self._made_remarks(source)) is not None:
            return self._found([(maker.person, 0.85)], source)
        again = self._same_words(sought, voices)
        options = self.options(source, phrase, sought, attribution, spoken, again, owned_by)
        ranked = rank(options, WEIGHTS)
        person, probability = ranked[0]
        if person == UNNAMED:
            if again is not None and phrase.determiner in DEFINITE:
                return Found(again.name, "unnamed", "role", probability * 0.8, evidence=again.evidence)
            return self._unnamed(source, phrase, end)
        if options[person].get("after"):
            self.describer.add(person, sought)
        return self._found(ranked, source)

    def options(
        self, source: Span, phrase: NounPhrase, sought: Description, attribution: Attribution,
        spoken: list[tuple[int, int]], again: Found | None, owned_by: int,
    ) -> dict[int, dict[str, float]]:  # fmt: skip
        """Return whom the description may mean, nobody named (UNNAMED) among them, with their features.

        Those of people are those of ``pronouns.features`` and how well what is known of them fits; of a description
        that is not definite ("a senator") only the fit and whether they are named next count.
        """
        gender = self._gender(phrase)
        definite = phrase.determiner in DEFINITE
        known = features(self.scene, source.start, attribution, gender, spoken)
        people = set(known)
        for form in sorted(sought.forms):
            people.update(self.holders.get(form, [])[:HOLDERS], self.describer.ages.get(form, [])[:HOLDERS])
        after = self._named_after(source, gender)
        if after is not None:
            people.add(after.person)
        if phrase.determiner == "another":
            people = {after.person} if after is not None else set()
        people -= {owned_by} | {mention.person for mention in self.scene.people.within(source.start, source.end)}
        fits = {person: self.describer.match(sought, person) for person in people}
        if phrase.determiner in ("my", "our"):  # somebody of the writer's, hardly one of those spoken of
            fits = {person: fit for person, fit in fits.items() if fit >= OFFICE}
        best = max(fits.values(), default=0.0)
        rivals = sum(fit >= OFFICE for fit in fits.values())
        early = self.scene.paragraph(source.start) <= 2
        options: dict[int, dict[str, float]] = {}
        for person, fit in sorted(fits.items()):
            own = {
                "office": float(fit >= OFFICE), "sure": float(fit >= SURE), "partly": float(0 < fit < OFFICE),
                "best": float(fit >= OFFICE and fit == best), "only": float(fit >= OFFICE and rivals == 1),
                "other": float(fit == 0 and person in self.describer.of_person),
                "early-office": float(early and fit >= OFFICE),
            }  # fmt: skip
            if after is not None and person == after.person:
                own["after"] = 1.0
                own["after-speaks"] = float(self.scene.is_source(after))
                own["after-undescribed"] = float(not self.describer.of_person.get(person) and not self._before(after))
            if definite:
                options[person] = known.get(person, {"unseen": 1.0}) | own
            else:
                options[person] = {f"a-{name}": value for name, value in own.items()}
        nobody = {
            "nobody": 1.0, "nobody-mostly": float(phrase.role in _NEVER_GUESSED),
            "nobody-again": float(again is not None), "nobody-early": float(early),
            "nobody-long": float(self.scene.word_at(source.end) - phrase.first > 5),
            "nobody-bare": float(not phrase.determiner),
            "nobody-own": float(phrase.determiner not in ("the", "this", "")),
        }  # fmt: skip
        options[UNNAMED] = nobody if definite else {f"a-{name}": value for name, value in nobody.items()}
        return options

    def _owner(self, source: Span, phrase: NounPhrase) -> Mention | None:
        """Return the person in the possessive before the head: "President Ana Ruiz’s spokesman"."""
        head = self.scene.words[phrase.head].start
        for mention in self.scene.people.within(source.start, head):
            if self.scene.words[self.scene.word_at(mention.end) - 1].possessive:
                return mention
        return None

    def _made_remarks(self, source: Span) -> Mention | None:
        """Return who is said after the description to have said it: "Ana Ruiz made the remarks at a briefing"."""
        found = _REMARKS.search(self.scene.text, source.end, source.end + REMARKS)
        if found is None:
            return None
        named = self.scene.people.within(self.scene.sentence_start(found.start()), found.start())
        return named[0] if named and named[0].start > source.end else None

    def _end(self, source: Span, phrase: NounPhrase) -> int:
        """Return where the description ends: before a relative clause or an apposition."""
        last = phrase.last
        words = self.scene.words
        for i in self.scene.words_in(words[last - 1].close, source.end):
            gap = self.scene.text[words[i - 1].close : words[i].start]
            if "," in gap or "(" in gap or words[i].key in ("who", "which", "that", "whose", "familiar", "with"):
                break
            last = i + 1
        return min(source.end, words[last - 1].close)

    def _gender(self, phrase: NounPhrase) -> Gender:
        key = phrase.role
        title = self.scene.lexicon.titles.get(key)
        if title is not None and title.gender != "any":
            return title.gender
        if key.endswith(("woman", "mother", "sister", "wife", "daughter", "actress", "girl", "queen", "princess")):
            return "female"
        return "male" if key in ("man", "father", "brother", "husband", "son", "boy", "king", "prince") else "any"

    def _named_after(self, source: Span, gender: Gender) -> Mention | None:
        """Return the next person in the paragraph if nobody was named in it before: description, then name."""
        paragraph = self.scene.paragraph_end(source.start)
        start = (
            self.scene.layout.paragraphs[self.scene.paragraph(source.start)].span.start
            if self.scene.layout.paragraphs
            else 0
        )
        if self.scene.people.within(start, source.start):
            return None
        for mention in self.scene.people.within(source.end, paragraph):
            if self.scene.quoted_by(mention.start) is None:
                fits = self.scene.people.people[mention.person].gender in ("any", gender) or gender == "any"
                return mention if fits and mention.full else None
        return None

    def _before(self, mention: Mention) -> bool:
        """Tell whether the person was named in the text before this mention, headlines aside."""
        first = self.scene.people.people[mention.person].first_seen
        return first < mention.start and self.scene.zone(first) != "headline"

    def _same_words(self, sought: Description, voices: list[tuple[int, Found]]) -> Found | None:
        """Return the unnamed speaker before whose description has the same head: "the spokeswoman" again."""
        for _, found in reversed(voices[-6:]):
            if found.type == "unnamed" and not found.plural:
                words = {word.key for word in self.scene.lexicon.words(found.name)}
                if words & {form for form in sought.forms if "." not in form}:
                    return Found(found.name, "unnamed", "role", 0.6, evidence=found.evidence)
        return None

    def _found(self, ranked: list[tuple[int, float]], source: Span) -> Found:
        people = self.scene.people.people
        person, probability = ranked[0]
        candidates = tuple(Candidate(people[id].name, round(p, 4)) for id, p in ranked[:5] if id != UNNAMED)
        evidence = (Evidence("speaker.role", source.start, source.end),)
        return Found(people[person].name, "person", "role", probability, person, (person,), candidates, evidence)

    def _unnamed(self, source: Span, phrase: NounPhrase, end: int) -> Found:
        stop = self.scene.words[phrase.last - 1].close
        after = self.scene.word_at(stop)
        if after < len(self.scene.words) and self.scene.words[after].key in ("of", "for") and end > stop:
            stop = end
        name = " ".join(self.scene.text[source.start : stop].split()).strip(" ,")
        return Found(
            name,
            "unnamed",
            "role",
            PRECISION["description"],
            evidence=(Evidence("speaker.role", source.start, source.end),),
        )
