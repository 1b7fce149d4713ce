"""Descriptions without a name ("the senator", "the company’s spokeswoman") tied to people of the document."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
# People with one form of office who are compared: keeps a document of thousands of senators linear.
HOLDERS = 24
# Roles that are mostly somebody new rather than the person spoken of, so never guessed.
_NEVER_GUESSED = frozenset(
    ["spokesman", "spokeswoman", "spokesperson", "source", "official", "aide", "wife", "husband", "son", "daughter",
     "mother", "father", "lawyer", "attorney", "adviser", "advisor", "representative", "voter", "supporter", "critic",
     "expert", "analyst", "person", "friend", "member", "reporter", "resident", "staffer", "employee", "worker"]
)  # fmt: skip


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
        voices: list[tuple[int, Found]],
    ) -> Found:  # fmt: skip
        """Return the person whom the description means, or the description itself where the text ties it to nobody."""
        end = self._end(source, phrase)
        source = self._of_owner(source, phrase)
        sought = self.describer.read(self._own_words(source, phrase), end, "tied")
        if sought is None:
            return self._unnamed(source, phrase, end)
        definite = phrase.determiner not in ("a", "an", "another", "one")
        gender = self._gender(phrase)
        known = features(self.scene, source.start, attribution, gender, spoken)
        ranked = dict(rank(known))
        matches = self._matches(sought, ranked)
        if definite and matches and matches[0][1] >= OFFICE:
            person, match = self._best(matches, ranked)
            score = PRECISION["role-match"] * (1.0 if match >= SURE or len(matches) == 1 else 0.85)
            return self._found(person, score, source, ranked)
        early = self.scene.paragraph(source.start) <= 2
        if not definite and early and matches and matches[0][1] >= SURE:
            return self._found(matches[0][0], PRECISION["role-guess"], source, ranked)
        if definite and (mention := self._named_after(source, gender)) is not None and not self._before(mention):
            self.describer.add(mention.person, sought)
            return self._found(mention.person, 0.6, source, ranked)
        if definite and (found := self._same_words(sought, voices)):
            return found
        if definite and phrase.determiner and ranked and self._guessable(phrase, end):
            person, probability = next(iter(ranked.items()))
            if probability >= 0.4:
                return self._found(person, PRECISION["role-guess"] * (0.6 + 0.4 * probability), source, ranked)
        return self._unnamed(source, phrase, end)

    def _owner(self, source: Span, phrase: NounPhrase) -> Mention | None:
        """Return the person in the possessive before the head: "President Ana Ruiz’s spokesman"."""
        head = self.scene.words[phrase.head].start
        for mention in self.scene.people.within(source.start, head):
            if self.scene.words[self.scene.word_at(mention.end) - 1].possessive:
                return mention
        return None

    def _of_owner(self, source: Span, phrase: NounPhrase) -> Span:
        """Return the mention from its owner's name on, without the owner's title."""
        owner = self._owner(source, phrase)
        return source if owner is None else Span(owner.start, source.end)

    def _own_words(self, source: Span, phrase: NounPhrase) -> int:
        """Return where the description itself begins: after its owner."""
        owner = self._owner(source, phrase)
        return source.start if owner is None else self.scene.words[self.scene.word_at(owner.end) - 1].close

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

    def _matches(self, sought: Description, ranked: dict[int, float]) -> list[tuple[int, float]]:
        people = set(ranked)
        for form in sorted(sought.forms):
            people.update(self.holders.get(form, [])[:HOLDERS])
        matches = [(person, self.describer.match(sought, person)) for person in sorted(people)]
        matches = [(person, match) for person, match in matches if match > 0]
        return sorted(matches, key=lambda m: (-m[1], -ranked.get(m[0], 0.0), m[0]))

    def _best(self, matches: list[tuple[int, float]], ranked: dict[int, float]) -> tuple[int, float]:
        """Choose among people who fit: the fit and the likelihood by position weigh together."""
        return max(matches, key=lambda m: (m[1] + 1.2 * ranked.get(m[0], 0.0), -m[0]))

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
                described = self.describer.of_person.get(mention.person)
                return mention if fits and mention.full and not described else None
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

    def _guessable(self, phrase: NounPhrase, end: int) -> bool:
        short = self.scene.word_at(end) - phrase.first <= 5
        return short and phrase.role not in _NEVER_GUESSED and phrase.determiner in ("the", "this")

    def _found(self, person: int, score: float, source: Span, ranked: dict[int, float]) -> Found:
        people = self.scene.people.people
        rest = [(id, p) for id, p in ranked.items() if id != person][:4]
        candidates = (
            Candidate(people[person].name, round(score, 4)),
            *(Candidate(people[id].name, round(p * (1 - score), 4)) for id, p in rest),
        )
        evidence = (Evidence("speaker.role", source.start, source.end),)
        return Found(people[person].name, "person", "role", score, person, (person,), candidates, evidence)

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
