"""Sources that are no people: organisations, countries, documents, groups."""

from __future__ import annotations

import re
from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import structs

from pipeline.records import Candidate, Evidence, Span
from pipeline.speakers.bodies import AHEAD, MENTIONS, NOTHING, STATES, WEIGHTS, Bodies
from pipeline.speakers.descriptions import NOMINAL
from pipeline.speakers.found import BODY, PRECISION, Found
from pipeline.speakers.pronouns import rank
from pipeline.speakers.sources import named_person, noun_phrase
from pipeline.speakers.words import key_of

if TYPE_CHECKING:
    from pipeline.records import Attribution, How, SpeakerType
    from pipeline.speakers.bodies import Anaphor
    from pipeline.speakers.organisations import Organisations
    from pipeline.speakers.people import Person
    from pipeline.speakers.scene import Scene
    from pipeline.speakers.sources import NounPhrase

# Heads that belong to somebody: "the Ruiz campaign", "her office".
_OWNED = frozenset(
    ["campaign", "team", "camp", "office", "administration", "government", "staff", "lawyers", "account"]
)
# Tags of a sentence's first word that make it no name.
COMMON = frozenset(["NNS", "CD", "DT", "IN", "JJ", "JJR", "JJS", "PDT", "PRP", "RB", "RBR", "RBS", "EX", "WDT"])
# The recogniser's labels of what may speak by its name.
NAMED = frozenset(["PERSON", "ORG", "GPE", "NORP"])
# More of what a department is for: "… for Culture[, Media and Sport]".
_LISTED = re.compile(r"(?:, [A-Z][\w-]+(?: [A-Z][\w-]+)*)+,? and [A-Z][\w-]+(?: [A-Z][\w-]+)*")
# A word that is written as bodies' names are: "KING-TV", "GunBroker.com".
_BODY_LIKE = re.compile(r"[A-Z]{2}|\w\.\w|\d|@")
_INDEFINITE = frozenset(["a", "an", "another", "some", "one"])
_FORCE = re.compile(
    r"\b(?!(?:The|In|On|But|And|When|After|As|If|While|Police) )"
    r"((?:[A-Z][\w’'-]+ ){1,3})(?:police|Police Department|Police)\b"
)
# A maker in capitals that the recogniser has not seen: "by the [21 Research Centre]", "by pollster [Datafolha]".
_MAKER = re.compile(r" (?:the )?(?:pollster |researcher |broadcaster )?((?:\d+ )?[A-Z][\w&’'-]+(?: [A-Z][\w&’'-]+)*)")
_ISSUER = re.compile(r"\b(?:by|from|for|released by|conducted by|commissioned by)\b", re.IGNORECASE)


class Things:
    """Resolves organisations, documents and groups."""

    def __init__(self, scene: Scene, organisations: Organisations, voices: list[tuple[int, Found]]) -> None:
        self.scene = scene
        self.organisations = organisations
        self.bodies = Bodies(scene, organisations)
        self.voices = voices
        self.by_head: dict[str, Found] = {}
        self.owned = self._owned()

    def remember(self, source: Span, found: Found) -> None:
        """Keep what a mention was resolved to, for "the company" and "the report" after it."""
        phrase = noun_phrase(self.scene, source)
        anaphor = found.type == "org" and found.name.casefold().endswith(phrase.role) if phrase else True
        if (
            phrase is not None
            and not anaphor
            and (phrase.of in ("document", "org") or found.type in ("org", "document"))
        ):
            self.by_head[_singular(phrase.role)] = found

    def meant(self, kind: Anaphor, source: Span, phrase: NounPhrase | None, attribution: Attribution) -> Found | None:
        """Return what a mention without a name of its own means, None where it is its own description."""
        before = self.by_head.get(_singular(phrase.role)) if phrase is not None else None
        again = before.name if before is not None else None
        options = self.bodies.features(kind, source, phrase, attribution, self.voices, again)
        ranked = [(name, p * BODY) for name, p in rank(options, WEIGHTS)]
        name, score = ranked[0]
        if name == NOTHING:
            return None
        candidates = tuple(Candidate(other, round(p, 4)) for other, p in ranked[:5] if other != NOTHING)
        how: How = "pronoun" if kind == "it" else "organisation"
        said = next((found for _, found in reversed(self.voices) if found.name == name), None)
        found = said or Found(name, "org", how, score)
        if found.type == "person":
            how, evidence = "role", (*self._evidence(source), *found.evidence)
        else:
            evidence = self._meant_by(name, kind, source)
        return structs.replace(found, how=how, score=score, candidates=candidates, evidence=evidence)

    def _meant_by(self, name: str, kind: Anaphor, source: Span) -> tuple[Evidence, ...]:
        """Return the words that mean the organisation, with the nearest place where it is named."""
        rule = "pronoun.it" if kind == "it" else "speaker.organisation"
        around = [
            *self.organisations.before(source.start, MENTIONS),
            *self.organisations.within(source.end, source.end + AHEAD),
        ]
        near = next((m for m in around if self.organisations.fullest(m.name) == name), None)
        antecedent = () if near is None else (Evidence("speaker.antecedent", near.start, near.end),)
        return (Evidence(rule, source.start, source.end), *antecedent)

    def organisation(
        self, source: Span, phrase: NounPhrase, owner: Found | None, attribution: Attribution
    ) -> Found | None:
        """Resolve a mention whose head is an organisation, a country or nothing the rules know."""
        scene = self.scene
        if apposed := self._apposed(source, phrase):
            return apposed
        if owner is not None and phrase.of in ("", "org"):
            own = self._own_name(phrase)
            if own is not None:
                return self._named(own, source, PRECISION["organisation"])
            return self._of_owner(source, phrase, owner)
        if owned := self._owned_here(source, phrase):
            return owned
        if self._counted(source, phrase):
            return self._placed(source, phrase) or self.group(source, phrase)
        if self._is_name(source, phrase):
            return self._proper(source, phrase)
        if phrase.of == "org":
            return self._placed(source, phrase) or self._body(source, phrase, attribution)
        if phrase.of == "org-plural" or scene.tag(phrase.head) in ("NNS", "NNPS"):
            return self.group(source, phrase)
        if named_person(scene, source) is None and not phrase.of and self._names_within(phrase):
            return self._qualified(source, phrase, type_="unnamed")
        return self._unnamed(source, phrase)

    def listed(self, source: Span) -> Found | None:
        """Resolve a mention that begins with the name of a body that the rules list: "Doctors Without Borders"."""
        words = list(self.scene.words_in(source.start, source.end))
        if len(words) > 1 and self.scene.words[words[0]].key == "the":
            words = words[1:]
        if not words or not self.scene.words[words[0]].capital:
            return None
        hit = self.scene.lexicon.bodies.at(self.scene.words, words[0])
        if hit is None or hit[0] > len(words):
            return None
        last = self.scene.words[words[0] + hit[0] - 1]
        text = self.scene.text[self.scene.words[words[0]].start : last.close]
        rest = self.scene.text[last.close : source.end]
        whole = not rest or not rest[0].isspace() or not rest[1:2].isalpha()  # not "Google chief Ana Ruiz"
        if not whole or (last.tail and key_of(text) not in self.scene.lexicon.body_names):  # nor "Google’s"
            return None
        return self._named(text, source, PRECISION["organisation"])

    def _counted(self, source: Span, phrase: NounPhrase) -> bool:
        """Tell whether the mention counts people: "a group of voters", "Nearly eight of ten voters"."""
        words, head = self.scene.words, self.scene.words[phrase.head]
        after = words[phrase.last] if phrase.last < len(words) else None
        of = after is not None and after.key == "of" and after.start < source.end
        if of and phrase.of == "org" and phrase.determiner in _INDEFINITE and not head.capital:
            return True
        loose = head.start in self.scene.names.sentence_starts
        return loose and self.scene.tag(phrase.head) in ("RB", "IN", "CD", "JJ", "DT")

    def _is_name(self, source: Span, phrase: NounPhrase) -> bool:
        """Tell whether the head is a proper noun: not "Union" that begins a sentence, nor "Bank" in a headline."""
        names, head = self.scene.names, self.scene.words[phrase.head]
        opens = source.start == head.start and head.start in names.sentence_starts
        if not head.capital or phrase.of != "org":
            return head.capital and (not opens or self._is_name_by_itself(phrase))
        if opens or (head.text.isupper() and phrase.head == phrase.first):  # the NGO
            return False
        named = phrase.head > phrase.first and names.labels[phrase.head].endswith("-ORG")
        return named or not names.in_title_case(head.start)

    def _is_name_by_itself(self, phrase: NounPhrase) -> bool:
        """Tell whether a sentence's first word is a name whatever its place: "KING-TV", not "Proponents"."""
        words, head = self.scene.words, self.scene.words[phrase.head]
        label = self.scene.names.labels[phrase.head][2:]
        if label in NAMED or self.scene.tag(phrase.head) not in COMMON or _BODY_LIKE.search(head.text):
            return head.key not in self.scene.lexicon.not_names or bool(label)
        citizens_for = phrase.last < len(words) and words[phrase.last].key == "for"  # "Citizens for Justice"
        return citizens_for or self.organisations.begun_by(head.text) is not None

    def _body(self, source: Span, phrase: NounPhrase, attribution: Attribution) -> Found:
        """Resolve "the company" to what is spoken of; what has a name in it, as "Lisbon police", is its own name."""
        named = self._names_within(phrase)
        owned = any(self.scene.words[i].possessive for i in range(phrase.first, phrase.head))
        own = named and (owned or phrase.role in STATES or phrase.determiner not in ("the", "this", "that"))
        meant = None if own else self.meant("body", source, phrase, attribution)
        if meant is not None:
            return meant
        return self._qualified(source, phrase) if named else self._plain(source, phrase, "org", 0.5)

    def _names_within(self, phrase: NounPhrase) -> bool:
        words = self.scene.words
        return bool(self.organisations.within(words[phrase.first].start, words[phrase.last - 1].close))

    def document(self, source: Span, phrase: NounPhrase, owner: Found | None, attribution: Attribution) -> Found | None:
        """Resolve a document: to its author or issuer where the text names one."""
        if owner is not None and owner.type in ("person", "org"):
            return structs.replace(
                owner, how="role" if owner.type == "person" else "organisation", score=owner.score * 0.75
            )
        return (
            self._issuer(source, phrase)
            or self._body_within(source, phrase, attribution)
            or self.meant("document", source, phrase, attribution)
            or self._plain(source, phrase, "document", PRECISION["document"])
        )

    def _body_within(self, source: Span, phrase: NounPhrase, attribution: Attribution) -> Found | None:
        """Resolve the body that a document is of: "the agency’s advisory", "an estimate by the association"."""
        words = self.scene.words
        owner = next((i for i in range(phrase.first, phrase.head) if words[i].possessive), None)
        by = _ISSUER.search(self.scene.text, words[phrase.head].end, source.end)
        if owner is not None:
            span = Span(source.start, words[owner].end)
        elif by is not None and by.group().casefold() != "for":
            span = Span(by.end() + 1, source.end)
        else:
            return None
        whose = noun_phrase(self.scene, span)
        if whose is None or whose.of != "org" or whose.determiner != "the" or words[whose.head].capital:
            return None
        meant = self.meant("body", span, whose, attribution)
        return meant if meant is not None or owner is not None else self._plain(span, whose, "org", 0.5)

    def people(self, source: Span, phrase: NounPhrase) -> Found:
        """Return a collective source: "Lisbon police" as an organisation, "voters in Lisbon" as a group."""
        start, end = self.scene.words[phrase.first].start, self.scene.words[phrase.head].start
        if not phrase.role.endswith("s") and self.organisations.within(start, end):
            return self._qualified(source, phrase)
        if phrase.role == "police" and phrase.first == phrase.head and (known := self._police) is not None:
            return Found(known, "org", "organisation", 0.6, evidence=self._evidence(source))
        return self.group(source, phrase)

    @cached_property
    def _police(self) -> str | None:
        """Return the police force that the document names by its place: "Lisbon police", the most often of several."""
        forms = Counter(
            self.organisations.clean(" ".join(found.group().split()))
            for found in _FORCE.finditer(self.scene.text)
            if found.group().endswith("Department") or self.organisations.within(*found.span(1))
        )
        return max(forms, key=lambda form: (forms[form], len(form))) if forms else None

    def group(self, source: Span, phrase: NounPhrase) -> Found:
        """Return a collective source as its head phrase."""
        return structs.replace(self._unnamed(source, phrase), plural=True)

    def _of_owner(self, source: Span, phrase: NounPhrase, owner: Found) -> Found:
        head = self.scene.words[phrase.head]
        if phrase.of == "" and owner.type == "person" and head.key not in _OWNED:
            return structs.replace(owner, score=owner.score * 0.6)
        if owner.type == "person" and owner.person >= 0:
            known = self.owned.get((owner.person, head.key))
            text = known or f"{owner.name}’s {head.text}"
            return Found(text, "org", "organisation", 0.6, evidence=self._evidence(source))
        return self._plain(source, phrase, "org", 0.4)

    def _own_name(self, phrase: NounPhrase) -> str | None:
        """Return the name of a body that has one behind its owner's: "Ana Ruiz’s [Liberal Party]"."""
        words = self.scene.words
        owners = (i for i in range(phrase.head - 1, phrase.first - 1, -1) if words[i].possessive and words[i].capital)
        first = next(owners, phrase.head) + 1
        capital = first <= phrase.head and all(words[i].capital for i in range(first, phrase.head + 1))
        if not capital or words[phrase.head].key in _OWNED or self.scene.names.in_title_case(words[first].start):
            return None
        return self.scene.text[words[first].start : words[phrase.head].end]

    def _owned(self) -> dict[tuple[int, str], str]:
        """Return for (person, head) the fullest form in the document: "Ana Ruiz’s campaign"."""
        found: dict[tuple[int, str], tuple[bool, int, str]] = {}
        words = self.scene.words
        for mention in self.scene.people.mentions:
            i = self.scene.word_at(mention.end)
            for k in (i, i + 1):
                if k >= len(words) or words[k].start - mention.end > 25 or self.scene.text[mention.end] in ",.;":
                    break
                if k > i and self.scene.tag(i) not in NOMINAL:
                    break
                if words[k].key in _OWNED:
                    text = " ".join(self.scene.text[mention.start : words[k].end].split())
                    entry = (mention.full, -k + i, text)
                    key = (mention.person, words[k].key)
                    if key not in found or entry[:1] > found[key][:1]:
                        found[key] = entry
                    break
        return {key: entry[2] for key, entry in found.items()}

    def _owned_here(self, source: Span, phrase: NounPhrase) -> Found | None:
        """Resolve "the Ruiz campaign": a person's name before an owned head; "the campaign" to the last such."""
        head = self.scene.words[phrase.head]
        if head.key not in _OWNED:
            return None
        for mention in self.scene.people.within(source.start, head.start):
            name = self.owned.get((mention.person, head.key))
            if name:
                return Found(name, "org", "organisation", 0.9, evidence=self._evidence(source))
        if phrase.first == phrase.head and phrase.determiner == "the":
            at = self.scene.people.before(source.start)
            for mention in reversed(self.scene.people.mentions[max(0, at - 60) : at]):
                name = self.owned.get((mention.person, head.key))
                if name:
                    return Found(name, "org", "organisation", 0.5, evidence=self._evidence(source))
        return None

    def _apposed(self, source: Span, phrase: NounPhrase) -> Found | None:
        """Resolve "one group, Partners for Growth,": the name after the comma."""
        end = self.scene.words[phrase.last - 1].close
        if self.scene.words[phrase.head].capital or self.scene.text[end : end + 2] not in (", ", " —", ": "):
            return None
        for mention in self.organisations.within(end, source.end):
            place = mention.label == "GPE" and (phrase.of != "org" or phrase.role in STATES)
            if mention.start - end <= 6 and not place:
                return self._named(mention.name, source, PRECISION["organisation"])
        return None

    def _proper(self, source: Span, phrase: NounPhrase) -> Found:
        """Resolve a mention whose head is a proper noun."""
        scene, words = self.scene, self.scene.words
        first = phrase.head
        while first > phrase.first and not scene.names.opens_with(first - 1):
            if not self.organisations.joins(first - 1) and not self._of_many(first - 1):
                break
            first -= 1
        last = self._grown(phrase, source)
        if last - first == 1 and self._family(phrase):
            return self.group(source, phrase)
        name = self.organisations.clean(scene.text[words[first].start : words[last - 1].end])
        label = scene.names.labels[phrase.head][2:]
        if last - first == 1 and (near := scene.people.misspelt(words[first].key)):
            person = scene.people.people[near[0][0]]
            return Found(person.name, "person", "alias", 0.8, person.id, (person.id,), (), self._evidence(source))
        if (short := self._by_initials(name)) is not None:
            return Found(short.name, "person", "alias", 0.8, short.id, (short.id,), (), self._evidence(source))
        alone = last - first == 1 and label not in ("ORG", "GPE", "NORP") and phrase.determiner == ""
        alone = alone and _BODY_LIKE.search(name) is None
        country = scene.lexicon.countries.at(words, first) or scene.lexicon.capitals.at(words, first)
        if (
            phrase.of not in ("org", "document")
            and not country
            and (label == "PERSON" or (alone and last - first <= 3))
        ):
            if (company := self.organisations.begun_by(name)) is not None:
                return self._named(company, source, 0.6)
            return Found(name, "person", "name", 0.55, evidence=self._evidence(source))
        force = words[phrase.head].key == "police" and first < phrase.head
        if phrase.of in ("document", "people") and last == phrase.head + 1 and label != "ORG" and not force:
            return self.group(source, phrase)
        return self._named(name, source, PRECISION["organisation"])

    def _of_many(self, i: int) -> bool:
        """Tell whether the word is a plural's possessive within a name: "the [Travellers’] League"."""
        word, label = self.scene.words[i], self.scene.names.labels[i][2:]
        plural = word.key.endswith("s") or word.key in ("women", "men", "children", "people")
        beside = self.scene.text[word.close : self.scene.words[i + 1].start] == " "
        office = self.scene.lexicon.titles.get(word.key) is not None  # "Prime Minister’s Office"
        return word.possessive and word.capital and (plural or office) and beside and label not in ("PERSON", "GPE")

    def _by_initials(self, name: str) -> Person | None:
        """Return the one person whose initials the name is: "AOC" of Alexandria Ocasio-Cortez."""
        if not (name.isupper() and name.isalpha() and 2 < len(name) < 5) or name in self.organisations.definitions:
            return None
        people = self._initials.get(name.casefold(), [])
        return people[0] if len(people) == 1 else None

    @cached_property
    def _initials(self) -> dict[str, list[Person]]:
        """The people by the initials of all parts of their names."""
        found: dict[str, list[Person]] = {}
        for person in self.scene.people.people:
            if len(person.keys) > 1:
                letters = "".join(part[0] for key in person.keys for part in key.split("-") if part)
                found.setdefault(letters, []).append(person)
        return found

    def _family(self, phrase: NounPhrase) -> bool:
        """Tell whether the mention is a surname's plural: "the Ruizes", "the Bergs"."""
        word = self.scene.words[phrase.head]
        if phrase.determiner not in ("the", "both") or not word.key.endswith("s"):
            return False
        label = self.scene.names.labels[phrase.head]
        singular = word.key.removesuffix("s"), word.key.removesuffix("es")
        return label == "B-PERSON" or any(key in self.scene.people.by_word for key in singular)

    def _grown(self, phrase: NounPhrase, source: Span) -> int:
        """Return the end of the name: on over "of the …" and "for …" where capitals follow."""
        words, last, i = self.scene.words, phrase.head + 1, phrase.head + 1
        while i < len(words) and words[i].start < source.end:
            gap = self.scene.text[words[i - 1].close : words[i].start]
            if gap not in (" ", "\u00a0", " & ", "/", "-") or words[i - 1].tail:
                break
            if words[i].capital:
                last = i + 1
            elif words[i].key not in ("of", "for", "a", "the", "and", "on", "to"):
                break
            i += 1
        if words[phrase.head].key in ("department", "ministry", "committee", "office"):
            listed = _LISTED.match(self.scene.text, words[last - 1].end, source.end)
            last = self.scene.word_at(listed.end()) if listed else last
        return last

    def _placed(self, source: Span, phrase: NounPhrase) -> Found | None:
        """Resolve "the city of Lisbon", and "a panel of the Court of Appeals" to what it is a part of."""
        words, end = self.scene.words, self.scene.words[phrase.last - 1].close
        behind = self.organisations.within(end, source.end)
        if not behind or self.scene.text[end : behind[0].start] not in (" of ", " of the "):
            return None
        if phrase.role in STATES and behind[0].label == "GPE":
            name = " ".join(self.scene.text[words[phrase.head].start : behind[0].end].split())
            return Found(name, "org", "organisation", 0.6, evidence=self._evidence(source))
        return self._named(behind[0].name, source, 0.6) if phrase.role == "panel" else None

    def _qualified(self, source: Span, phrase: NounPhrase, *, type_: SpeakerType = "org") -> Found:
        """Resolve "Lisbon police", "the Kenyan government": a common noun with a name before it."""
        head = self.scene.words[phrase.head]
        name = self.organisations.clean(self.scene.text[self.scene.words[phrase.first].start : head.end])
        match = next((form for form in self.organisations.forms if form.casefold() == name.casefold()), None)
        return Found(match or name, type_, "organisation", 0.6, evidence=self._evidence(source))

    def _issuer(self, source: Span, phrase: NounPhrase) -> Found | None:
        """Return who made the document: an organisation before its head, or after "by" or "from"."""
        head = self.scene.words[phrase.head]
        within = self.organisations.within(source.start, source.end)
        if (name := self.bodies.issuer_before(phrase.first, phrase.head)) is not None:
            return self._named(name, source, 0.7)
        found = _ISSUER.search(self.scene.text, head.end, source.end)
        if found is None:
            return None
        person = named_person(self.scene, Span(found.end() + 1, source.end))
        if person is not None and found.group().casefold() != "for":
            named = self.scene.people.people[person.person]
            return Found(named.name, "person", "role", 0.7, person.person, (person.person,), (), self._evidence(source))
        for mention in within:
            if mention.start >= found.end() and mention.label in ("ORG", "GPE"):
                return self._named(mention.name, source, 0.65)
        maker = _MAKER.match(self.scene.text, found.end(), source.end)
        return self._named(maker[1], source, 0.5) if maker and found.group().casefold() != "for" else None

    def _named(self, name: str, source: Span, score: float) -> Found:
        clean = self.organisations.clean(name)
        full = self.organisations.fullest(clean)
        how: How = "organisation"
        if score >= PRECISION["organisation"]:
            how = "name" if full == clean else "alias"
            score = PRECISION["organisation" if how == "name" else "alias-org"]
        return Found(full, "org", how, score, evidence=self._evidence(source))

    def _plain(self, source: Span, phrase: NounPhrase, type_: SpeakerType, score: float) -> Found:
        name = self.scene.text[self.scene.words[phrase.first].start : self.scene.words[phrase.last - 1].close]
        return Found(" ".join(name.split()), type_, "organisation", score, evidence=self._evidence(source))

    def _unnamed(self, source: Span, phrase: NounPhrase) -> Found:
        words = self.scene.words
        stop = words[phrase.last - 1].close
        after = self.scene.word_at(stop)
        if after < len(words) and words[after].key == "of" and words[after].start < source.end:
            stop = min(source.end, _clause(self.scene.text, stop, source.end))
        elif phrase.first < phrase.head < phrase.last - 1 or (
            phrase.head == phrase.first and phrase.role.endswith("s")
        ):
            stop = words[phrase.head].close
        name = " ".join(self.scene.text[source.start : stop].split()).strip(" ,")
        return Found(name, "unnamed", "role", PRECISION["description"], evidence=self._evidence(source))

    def _evidence(self, source: Span) -> tuple[Evidence, ...]:
        return (Evidence("speaker.organisation", source.start, source.end),)


def _clause(text: str, start: int, end: int) -> int:
    found = re.compile(r",| who | that | which ").search(text, start, end)
    return found.start() if found else end


def _singular(role: str) -> str:
    return role[:-1] if role.endswith("s") and not role.endswith("ss") else role
