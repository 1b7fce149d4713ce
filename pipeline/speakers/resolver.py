"""The resolution of one source after the other, with what was resolved before in mind."""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import structs

from pipeline.records import Candidate, Evidence, Extract, Resolution, Span, Speaker
from pipeline.speakers.descriptions import DETERMINERS, Describer
from pipeline.speakers.found import PRECISION, Found
from pipeline.speakers.interview import Interview
from pipeline.speakers.organisations import Organisations
from pipeline.speakers.phrases import Phrases
from pipeline.speakers.pronouns import WEIGHTS, features, rank
from pipeline.speakers.roles import Roles
from pipeline.speakers.sources import joint_parts, named_person, noun_phrase
from pipeline.speakers.things import Things

if TYPE_CHECKING:
    from pipeline.records import Attribution, How
    from pipeline.rules import Pronoun
    from pipeline.speakers.names import Gender
    from pipeline.speakers.people import Mention
    from pipeline.speakers.scene import Scene
    from pipeline.speakers.sources import NounPhrase


# For "the two" so many mentions and sentences before are looked at.
PAIR_MENTIONS, PAIR_SENTENCES = 24, 2
# What stands between two names that are named together: "and", and a title or two.
_AND = re.compile(r",? (?:and|&) (?:[A-Z][\w.]+ ){0,3}")
# An account, or the only name that somebody gives: "X user @ana", "a fan, who gave his name only as Dazza".
_HANDLE = re.compile(
    r"(?<![\w.])(?:(?:gave|giving) (?:his|her|their) (?:first )?name (?:only |just )?as (?=[A-Z])|(?=@))(@?\w{2,})"
)


class Resolver:
    """Resolves the attributions of one document in the order in which their sources stand."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.people = scene.people
        self.describer = Describer(scene)
        self.organisations = Organisations(scene)
        self.phrases = Phrases(scene)
        self.roles = Roles(scene, self.describer)
        self.interview = Interview(scene)
        self.found: dict[int, Found | None] = {}
        self.nested: dict[int, tuple[Resolution, ...]] = {}
        self.spoken: list[tuple[int, int]] = []
        self.voices: list[tuple[int, Found]] = []
        self.things = Things(scene, self.organisations, self.voices)

    def resolve(self) -> tuple[Resolution, ...]:
        """Return a resolution for each attribution, in their order."""
        attributions = self.scene.attributions
        order = sorted(range(len(attributions)), key=lambda i: (self._place(attributions[i]), i))
        for i in order:
            attribution = attributions[i]
            found = None if attribution.source is None else self._source(attribution.source, i)
            self.found[i] = found
            if found is not None and attribution.source is not None:
                self._remember(attribution.source.start, attribution.source, found)
            teller = self._floor(i) if attribution.continued else found
            self.nested[i] = tuple(self._inner(inner, teller, i) for inner in attribution.nested)
        return tuple(self._resolution(i) for i in range(len(attributions)))

    def _place(self, attribution: Attribution) -> int:
        return attribution.source.start if attribution.source else attribution.spans[0].start

    def _remember(self, position: int, source: Span, found: Found) -> None:
        self.voices.append((position, found))
        if found.person >= 0:
            self.spoken.append((position, found.person))
        self.things.remember(source, found)

    def _resolution(self, i: int) -> Resolution:
        attribution = self.scene.attributions[i]
        found = self.found.get(i)
        how: How | None = None
        if attribution.source is None and attribution.continued:
            found, how = self._floor(i), "continued"
        return self._resolved(attribution.source, found, how, self.nested.get(i, ()))

    def _resolved(
        self, source: Span | None, found: Found | None, how: How | None, nested: tuple[Resolution, ...]
    ) -> Resolution:
        if found is None:
            return Resolution(speaker=None, score=PRECISION["none"], nested=nested)
        mention = None if source is None else Extract(source.start, source.end, source.of(self.scene.text))
        role = found.role or (self.describer.role(found.person) if found.person >= 0 else None)
        candidates = found.candidates or (Candidate(found.name, round(found.score, 4)),)
        speaker = Speaker(
            name=found.name,
            type=found.type,
            role=role,
            mention=mention,
            how=how or found.how,
            candidates=candidates[:5],
        )
        score = found.score * (PRECISION["continued"] if how else 1.0)
        return Resolution(speaker=speaker, score=round(score, 4), evidence=found.evidence, nested=nested)

    def _inner(self, inner: Attribution, teller: Found | None, i: int) -> Resolution:
        """Resolve an attribution inside the content of another, whose ``teller`` says "I" of themselves."""
        found: Found | None = None
        if inner.source is not None:
            own = teller is not None and inner.source.of(self.scene.text).casefold() in ("i", "we")
            found = structs.replace(teller, how="pronoun") if teller and own else self._source(inner.source, i)
        nested = tuple(self._inner(deeper, found, i) for deeper in inner.nested)
        return self._resolved(inner.source, found, None, nested)

    def _floor(self, i: int) -> Found | None:
        """Return the speaker who keeps the floor: of the attribution continued, or the last one before."""
        seen = {i}
        at = self.scene.attributions[i].continues
        while at is not None and 0 <= at < len(self.scene.attributions) and at not in seen:
            seen.add(at)
            if found := self.found.get(at):
                return found
            at = self.scene.attributions[at].continues
        start = self._place(self.scene.attributions[i])
        before = bisect_right(self.voices, start, key=lambda voice: voice[0]) - 1
        return self.voices[before][1] if before >= 0 else None

    # ------------------------------------------------------------ one source

    def _source(self, source: Span, i: int) -> Found | None:
        turn = self.scene.attributions[i].cue_rule == "pattern.turn" and source == self.scene.attributions[i].source
        if turn and (part := self.interview.speaker(source)) is not None:
            return part
        source = _trimmed(self.scene.text, source)
        if source.end <= source.start:
            return None
        if (pair := self._two(source)) is not None:
            return pair
        pronoun = self._pronoun_in(source)
        if pronoun is not None:
            return self._pronoun(pronoun, source, i)
        parts = joint_parts(self.scene, source)
        if len(parts) > 1:
            joint = [self._single(part, i) for part in parts]
            known = [found for found in joint if found is not None]
            if len(known) == len(parts):
                return self._joint(known)
        return self._single(source, i)

    def _pronoun_in(self, source: Span) -> str | None:
        """Return the pronoun that a mention consists of, None where it holds more."""
        indices = list(self.scene.words_in(source.start, source.end))
        if not indices or len(indices) > 2:
            return None
        word = self.scene.words[indices[0]]
        if len(indices) == 2 and self.scene.words[indices[1]].key not in ("himself", "herself", "themselves", "also"):
            return None
        if word.text in ("US", "IT", "ONE") and len(indices) == 1 and not self.scene.names.in_title_case(word.start):
            return None
        return word.key if word.key in self.scene.lexicon.pronouns or word.key == "that" else None

    def _single(self, source: Span, i: int) -> Found | None:
        if (listed := self.things.listed(source)) is not None:
            return listed
        mention = named_person(self.scene, source)
        if mention is not None:
            return self._person(mention)
        return self._handle(source) or self._described(source, i)

    def _handle(self, source: Span) -> Found | None:
        """Resolve an account by its name, and who "gave her name only as Lisa"."""
        found = _HANDLE.search(self.scene.text, source.start, source.end)
        if found is None:
            return None
        return Found(
            found[1], "person", "name", 0.7, evidence=(Evidence("speaker.name", found.start(1), found.end(1)),)
        )

    def _person(self, mention: Mention) -> Found:
        person = self.people.people[mention.person]
        shown = mention.end - mention.start
        how: How = "name" if shown >= len(person.name) else "alias"
        score = PRECISION[how]
        candidates: list[Candidate] = []
        if not mention.full:
            word = self.scene.words[self.scene.word_at(mention.end) - 1]
            ranked = self.people.choose((word.key,), mention.start, "any")
            if len(ranked) > 1:
                score *= max((p for id, p in ranked if id == mention.person), default=1.0)
                rest = [(id, p) for id, p in ranked if id != mention.person][:4]
                candidates = [Candidate(person.name, round(score, 4))]
                candidates += [Candidate(self.people.people[id].name, round(p, 4)) for id, p in rest]
        evidence = (Evidence(f"speaker.{how}", mention.start, mention.end),)
        return Found(person.name, "person", how, score, mention.person, (mention.person,), tuple(candidates), evidence)

    def _joint(self, parts: list[Found]) -> Found:
        names = list(dict.fromkeys(part.name for part in parts))
        type_ = "person" if any(p.type == "person" for p in parts) else parts[0].type
        score = min(p.score for p in parts) * PRECISION["joint"]
        persons = tuple(p.person for p in parts if p.person >= 0)
        evidence = tuple(e for p in parts for e in p.evidence)
        return Found(" and ".join(names), type_, parts[0].how, score, -1, persons, (), evidence, plural=True)

    # ------------------------------------------------------------ pronouns

    def _pronoun(self, key: str, source: Span, i: int) -> Found | None:
        rule = self.scene.lexicon.pronouns.get(key)
        if key in ("who", "whom", "whose", "which", "that"):
            return self._relative(key, source, i)
        if rule is None:
            return None
        if rule.person == 1:
            return self._first_person(source, i, plural=rule.number == "plural")
        if rule.person == 2:
            return None
        if rule.gender == "neuter":
            meant = self.things.meant("it", source, None, self.scene.attributions[i])
            return meant or Found(self.scene.shown(source), "unnamed", "pronoun", 0.2)
        if rule.number in ("plural", "any"):
            return self._several(source, i)
        return self._third(source, i, rule.gender, rule.id)

    def _third(self, source: Span, i: int, gender: Gender, rule: str) -> Found | None:
        """Resolve he or she."""
        attribution = self.scene.attributions[i]
        known = features(self.scene, source.start, attribution, gender, self.spoken[-8:])
        ranked = rank(known, WEIGHTS)
        if not ranked:
            later = self._later(source, attribution.addressee, gender, rule)
            return later or self._unnamed_before(source, gender, rule)
        unnamed = self._unnamed_just_before(source)
        best, score = ranked[0]
        if unnamed is not None and not known[best].get("same-sentence"):
            return structs.replace(unnamed, how="pronoun", score=0.5)
        return self._pick(ranked, "pronoun", score, rule, source)

    def _pick(self, ranked: list[tuple[int, float]], how: How, score: float, rule: str, source: Span) -> Found:
        best = ranked[0][0]
        people = self.people.people
        candidates = tuple(Candidate(people[id].name, round(p, 4)) for id, p in ranked[:5])
        antecedent = self._antecedent(best, source.start)
        evidence = (Evidence(rule, source.start, source.end), *antecedent)
        return Found(people[best].name, "person", how, score, best, (best,), candidates, evidence)

    def _antecedent(self, person: int, position: int) -> tuple[Evidence, ...]:
        """Return the nearest mention of the person before the position, as evidence."""
        at = self.people.before(position)
        for mention in reversed(self.people.mentions[max(0, at - 60) : at]):
            if mention.person == person:
                return (Evidence("speaker.antecedent", mention.start, mention.end),)
        return ()

    def _later(self, source: Span, addressee: Span | None, gender: Gender, rule: str) -> Found | None:
        """Resolve a pronoun before its name: the next fitting person in the same paragraph who is not spoken to."""
        for mention in self.people.within(source.end, self.scene.paragraph_end(source.start)):
            if addressee is not None and addressee.start <= mention.start < addressee.end:
                continue
            if (
                self.people.people[mention.person].gender in ("any", gender)
                and self.scene.quoted_by(mention.start) is None
            ):
                return self._pick([(mention.person, 0.4)], "pronoun", 0.4, rule, source)
        return None

    def _unnamed_just_before(self, source: Span) -> Found | None:
        """Return the unnamed single speaker whose words the same paragraph has just given, if any."""
        if not self.voices:
            return None
        position, found = self.voices[-1]
        near = self.scene.paragraph(position) == self.scene.paragraph(source.start)
        named = self.people.within(position, source.start)
        return found if near and found.type == "unnamed" and not found.plural and not named else None

    def _unnamed_before(self, source: Span, gender: Gender, rule: str) -> Found | None:
        for position, found in reversed(self.voices[-3:]):
            of = self.people.people[found.person].gender if found.person >= 0 else "any"
            single = found.type in ("unnamed", "person") and not found.plural
            if single and position < source.start and of in ("any", gender):
                return structs.replace(found, how="pronoun", score=0.5)
        return Found(
            self.scene.shown(source), "unnamed", "pronoun", 0.2, evidence=(Evidence(rule, source.start, source.end),)
        )

    def _several(self, source: Span, i: int) -> Found | None:
        """Resolve they and both: joint speakers, a group or an organisation that spoke before; else a single person."""
        for position, found in reversed(self.voices[-4:]):
            if self.scene.sentence(source.start) - self.scene.sentence(position) > 4:
                break
            if found.plural or found.type in ("org", "document"):
                return structs.replace(found, how="pronoun", score=PRECISION["pronoun-other"])
        if (pair := self._pair_before(source.start)) is not None:
            return pair
        group = self.phrases.plural_before(source.start)
        if group is not None:
            return Found(group, "unnamed", "pronoun", 0.4, plural=True)
        if (body := self.things.meant("it", source, None, self.scene.attributions[i])) is not None:
            return structs.replace(body, score=body.score * 0.6)
        return Found(self.scene.shown(source), "unnamed", "pronoun", 0.3, plural=True)

    def _pair_before(self, position: int) -> Found | None:
        """Return the two people named together ("Ruiz and Tom Berg") last in this sentence or the one before."""
        at = self.people.before(position)
        for one, other in reversed(list(pairwise(self.people.mentions[max(0, at - 8) : at]))):
            if self.scene.sentence(position) - self.scene.sentence(one.start) > 1:
                break
            if _AND.fullmatch(self.scene.text, one.end, other.start) and one.person != other.person:
                return structs.replace(self._joint([self._person(one), self._person(other)]), how="pronoun", score=0.5)
        return None

    def _two(self, source: Span) -> Found | None:
        """Resolve "both", "the two", "both candidates", "the couple": the two people spoken of."""
        keys = [self.scene.words[i].key for i in self.scene.words_in(source.start, source.end)]
        if (keys[:1] != ["both"] and keys[:2] not in (["the", "two"], ["the", "couple"])) or len(keys) > 4:
            return None
        phrase = noun_phrase(self.scene, source)
        if len(keys) > 2 - (keys[0] == "both") and (phrase is None or phrase.of != "people"):
            return None
        gender: Gender = "female" if keys[-1] == "women" else "male" if keys[-1] == "men" else "any"
        pair = self._pair_of_text(source.start, gender)
        if pair is None:
            return None
        people = self.people.people
        name = " and ".join(people[id].name for id in pair)
        evidence = (Evidence("speaker.two", source.start, source.end),)
        return Found(name, "person", "role", 0.55, -1, pair, (), evidence, plural=True)

    def _pair_of_text(self, position: int, gender: Gender) -> tuple[int, ...] | None:
        """Return the two people whom the last sentences name, where these are just two, or named the most often."""
        at = self.people.before(position)
        sentence = self.scene.sentence(position)
        met: dict[int, int] = {}
        for mention in reversed(self.people.mentions[max(0, at - PAIR_MENTIONS) : at]):
            away = sentence - self.scene.sentence(mention.start)
            if away > (PAIR_SENTENCES if len(met) > 1 else 2 * PAIR_SENTENCES):
                break
            if gender == "any" or self.people.people[mention.person].gender in ("any", gender):
                met[mention.person] = mention.start
        if len(met) < 2:
            return None
        two = sorted(met, key=lambda id: (-self.people.counts[id], met[id]))[:2]
        return tuple(sorted(two, key=lambda id: self.people.people[id].first_seen))

    def _relative(self, key: str, source: Span, i: int) -> Found | None:
        """Resolve who and which: the noun phrase before."""
        before = self.phrases.antecedent_of_relative(source.start)
        if key == "who" and (pair := self._pair_at(source, before)) is not None:
            return pair
        if before is None:
            return None
        person = self._person_before_who(source, before) if key in ("who", "whom", "whose") else None
        found = self._single(before, i) if person is None else self._person(person)
        if found is None:
            return None
        return structs.replace(found, how="pronoun", score=found.score * 0.85)

    def _person_before_who(self, source: Span, before: Span) -> Mention | None:
        """Return the person named in the antecedent, right before "who", or whom the antecedent is in apposition to."""
        at = self.people.before(source.start)
        last = self.people.mentions[at - 1] if at else None
        if last is None or self.scene.is_modifier(last):
            return None
        beside = not self.scene.text[last.end : source.start].strip(" ,—–-")
        apposed = self.scene.text[last.end : before.start] == ", " and last.full
        within = before.start <= last.start < before.end
        near = last.full and self.scene.sentence(last.start) == self.scene.sentence(source.start)
        aside = near and bool(self.organisations.within(before.start, before.end))  # "Marsh, of Leeds, who"
        return last if beside or apposed or within or aside else None

    def _pair_at(self, source: Span, before: Span | None) -> Found | None:
        """Return the two people before "who" where its verb or noun is plural: "Ruiz and Tom Berg, who say"."""
        after = self.scene.word_at(source.end)
        at = self.people.before(source.start)
        pair = self.people.mentions[max(0, at - 2) : at]
        text = self.scene.text
        if len(pair) < 2 or after >= len(self.scene.words) or pair[0].person == pair[1].person:
            return None
        plural = self.scene.tag(after) == "VBP" or self.scene.words[after].key == "were"
        beside = not text[pair[1].end : source.start].strip(" ,—–-")
        apposed = before is not None and text[pair[1].end : before.start] == ", " and self.scene.tag(after - 2) == "NNS"
        if not (beside and plural) and not apposed:
            return None
        if _AND.fullmatch(text, pair[0].end, pair[1].start) is None:
            return None
        return structs.replace(self._joint([self._person(mention) for mention in pair]), how="pronoun", score=0.7)

    def _first_person(self, source: Span, i: int, *, plural: bool) -> Found | None:
        """Resolve I and we: the one quoted where it stands inside a quotation, else the writer."""
        quoted = self.scene.quoted_by(source.start)
        if quoted is not None and quoted != i:
            at = self.scene.attributions[quoted]
            found = self.found.get(quoted)
            if found is None and at.source is not None:
                found = self._source(at.source, quoted)
            found = found or self._floor(quoted)
            if found is not None:
                return structs.replace(found, how="pronoun", score=found.score * 0.8)
        writer = self.phrases.signature(source.start) or self.phrases.writer_at_end()
        if writer is None and quoted is None and self.spoken and not plural and self.phrases.transcript:
            person = self.spoken[-1][1]
            return self._pick([(person, 0.5)], "pronoun", 0.5, "pronoun.i", source)
        if writer := writer or self.phrases.byline():
            return self._pick([(writer.person, 0.6)], "pronoun", 0.6, "pronoun.i", source)
        if self.voices and quoted == i:
            return structs.replace(self.voices[-1][1], how="pronoun", score=0.4)
        return Found(self.scene.shown(source), "unnamed", "pronoun", 0.3, plural=plural)

    # ------------------------------------------------------------ descriptions

    def _described(self, source: Span, i: int) -> Found | None:
        """Resolve a mention whose head is no person's name."""
        phrase = noun_phrase(self.scene, source)
        if phrase is None:
            return None
        if self.scene.words[phrase.head].key in DETERMINERS:  # "one of her aides", "some of the voters"
            return self.things.group(source, phrase)
        owner = self._owner(source, phrase.first, i)
        if self._titled_body(phrase):
            return self.things.organisation(source, phrase, owner, self.scene.attributions[i])
        tied = self.describer.national(source, phrase) or self.describer.aged(source, phrase)
        somebody = phrase.of == "person" or (phrase.of == "" and tied is not None)
        if somebody and phrase.determiner not in ("some", "any", "both"):
            spoken = self.spoken[-8:]
            owned = owner.person if owner is not None and phrase.determiner in ("his", "her") else -1
            return self.roles.resolve(source, phrase, self.scene.attributions[i], spoken, self.voices, owned)
        if phrase.of == "document":
            return self.things.document(source, phrase, owner, self.scene.attributions[i])
        if phrase.of == "nothing":
            return None
        if phrase.of == "people":
            return self.things.people(source, phrase)
        return self.things.organisation(source, phrase, owner, self.scene.attributions[i])

    def _titled_body(self, phrase: NounPhrase) -> bool:
        """Tell whether a role or people is what a body is named by: "The Daily Caller", "Geological Survey"."""
        head, after = self.scene.words[phrase.head], phrase.head + 1
        if phrase.of not in ("person", "people", "document") or not head.capital or head.key in ("poll", "polls"):
            return False
        if self.scene.names.labels[phrase.head] == "I-ORG":
            return True
        if head.key == "police" and phrase.head > phrase.first and self.scene.words[phrase.head - 1].capital:
            return True
        words = self.scene.words
        joined = phrase.of == "people" and after + 1 < len(words) and words[after].key == "for"
        return joined and words[after + 1].capital

    def _owner(self, source: Span, first: int, i: int) -> Found | None:
        """Return whose the thing is that the mention names: "his campaign", "Ruiz’s letter"."""
        word = self.scene.words[self.scene.word_at(source.start)]
        rule = self.scene.lexicon.pronouns.get(word.key)
        if rule is not None and word.key in ("his", "her", "its", "their", "whose", "my", "our"):
            told = self._told_of(Span(word.start, word.end), rule, i)
            return self._person(told) if told is not None else self._pronoun(word.key, Span(word.start, word.end), i)
        for mention in self.people.within(source.start, source.end):
            last = self.scene.words[self.scene.word_at(mention.end) - 1]
            if last.possessive and not any(
                w.possessive for w in self.scene.words[first : self.scene.word_at(mention.start)]
            ):
                return self._person(mention)
        return None

    def _told_of(self, owner: Span, rule: Pronoun, i: int) -> Mention | None:
        """Return whom the words before a possessive tell of: "[Ana Ruiz] will resign, her office said"."""
        spans = [span for span in self.scene.attributions[i].spans if span.end <= owner.start]
        if not spans or rule.gender not in ("male", "female") or self.scene.quoted_by(spans[-1].start) == i:
            return None
        start = max(spans[-1].start, self.scene.sentence_start(owner.start))
        for mention in self.people.within(start, spans[-1].end):
            fits = self.people.people[mention.person].gender in ("any", rule.gender)
            if fits and self.scene.is_subject(mention):
                return mention
        return None


def _trimmed(text: str, span: Span) -> Span:
    found = re.compile(r"\s*(.*?)[\s,;:]*", re.DOTALL).fullmatch(text, span.start, span.end)
    return Span(*found.span(1)) if found else span
