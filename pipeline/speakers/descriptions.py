"""Descriptions of people: found beside their names, and matched against descriptions without a name."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING

from msgspec import Struct

from pipeline.speakers.words import key_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.records import Span
    from pipeline.rules import Country, Role
    from pipeline.speakers.people import Mention
    from pipeline.speakers.scene import Scene
    from pipeline.speakers.sources import NounPhrase

DETERMINERS = frozenset(
    ["the", "a", "an", "this", "that", "these", "those", "his", "her", "its", "their", "our", "my", "another", "one",
     "some", "any", "both", "each", "every"]
)  # fmt: skip
PREPOSITIONS = frozenset(
    ["of", "for", "by", "from", "to", "with", "at", "in", "on", "about", "against", "near", "under", "behind", "over",
     "inside", "outside", "among", "within", "between", "as", "during", "after", "before", "without"]
)  # fmt: skip
_STOPS = frozenset(["who", "whom", "whose", "which", "that", "where", "when", "while", "because"])
FINITE = frozenset(["VBD", "VBZ", "VBP", "MD"])
NOMINAL = frozenset(["NN", "NNS", "NNP", "NNPS", "JJ", "JJR", "JJS", "CD", "HYPH", "POS", "VBN", "VBG", "ADD", "FW"])
# Words that fit every holder of an office, so that a description with them says no more than one without.
_GENERAL = frozenset(
    ["country", "nation", "state", "city", "company", "former", "new", "top", "senior", "local", "then"]
)
# Parties go by several words.
_PARTIES = {"gop": "republican", "democratic": "democrat", "dem": "democrat", "tory": "conservative"}
# An apposition longer than this many words is something else.
LONGEST = 18
_BREAK = re.compile(r"[,;:()“”\"—–\[\]]|\s-\s|\n")
_APPOSED = re.compile(r"(?: \(\d\d?\))?, (?:(?:aged )?\d\d?, |(?:[A-Z][A-Za-z]?[A-Z]{1,2}, )+)?")
_PARTY = re.compile(r",? ?\(?([RDI])-([A-Z][\w.]+)")
_AGED = re.compile(r"\d{1,3}-year-old")
_AGE = re.compile(r",? \(?(\d{1,3})\)?(?=[,.;)])")
# Titles that say nothing of an office held beside them.
_RANKS = ("title.military", "title.honorific", "title.nobility")
_COURTESIES = ("title.honorific-male", "title.honorific-female")
_OWN = frozenset(["his", "her", "their"])
_COURTESY = re.compile(r"(?:^| )(?:Mr|Mrs|Ms|Mx|Dr|Sir|Miss|Fr|Hon|Rt Hon|Cllr|Haji|Alhaji)\.?$")
_HOME = re.compile(r",? of ([A-Z]\w+(?: [A-Z]\w+)?)")


class Description(Struct, frozen=True):
    """A description at [start, end) and what it says: office or trade (``forms``) and the other words."""

    start: int
    end: int
    text: str
    forms: frozenset[str]
    keys: frozenset[str]
    kind: str


class Describer:
    """Finds and compares descriptions in one document."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.lexicon = scene.lexicon
        self.of_person: dict[int, list[Description]] = {}
        # Who is so old: "34-year-old".
        self.ages: dict[str, list[int]] = {}
        for mention in scene.people.mentions:
            if mention.full or mention.titled or scene.people.people[mention.person].first_seen == mention.start:
                self._beside(mention)

    def read(self, start: int, end: int, kind: str) -> Description | None:
        """Return the description in [start, end), None where no person's role is its head."""
        forms, keys, head = set(), set(), False
        words, labels = self.scene.words, self.scene.names.labels
        indices = list(self.scene.words_in(start, end))
        i = 0
        while i < len(indices):
            at = indices[i]
            hits = (self.lexicon.roles.at(words, at), self.lexicon.titles.at(words, at), self._compound(at))
            hit = max((hit for hit in hits if hit is not None), key=lambda hit: hit[0], default=None)
            length = min(hit[0], len(indices) - i) if hit else 1
            role = hit is not None and getattr(hit[1], "of", "person") == "person" and hit[1].id not in _COURTESIES
            if role and not any(words[k].key in PREPOSITIONS and not labels[k].endswith("-ORG") for k in indices[:i]):
                head = True
                forms |= self._forms(at, length)
            keys |= self._keys(at, length)
            i += length
        if not head:
            return None
        text = " ".join(self.scene.text[start:end].split())
        return Description(start, end, text, frozenset(forms), frozenset(keys), kind)

    def _compound(self, i: int) -> tuple[int, Role] | None:
        """Return the role behind "ex-" or "co-"."""
        key = self.scene.words[i].key
        rule = self.lexicon.roles.get(key[3:]) if key.startswith(("ex-", "co-")) else None
        return (1, rule) if rule is not None else None

    def national(self, source: Span, phrase: NounPhrase) -> Description | None:
        """Return "the Italian" as a description: somebody of the country; None where the words name no nation's one."""
        word, nation = self.scene.words[phrase.head], self._nation(phrase.head)
        if nation is None or phrase.determiner != "the" or phrase.head > phrase.first or phrase.last > phrase.head + 1:
            return None
        return Description(source.start, word.end, word.text, frozenset(), frozenset([nation.id]), "tied")

    def aged(self, source: Span, phrase: NounPhrase) -> Description | None:
        """Return "the 34-year-old" as a description, None where the words tell no age."""
        word = self.scene.words[phrase.head]
        if phrase.determiner != "the" or _AGED.fullmatch(word.key) is None:
            return None
        return Description(source.start, word.end, word.text, frozenset([word.key]), frozenset([word.key]), "tied")

    def match(self, sought: Description, person: int) -> float:
        """Say how well a person's own descriptions fit: 0 not at all, 1 the office, more with each further word."""
        if any(person in self.ages.get(form, ()) for form in sought.forms):
            return 1.0
        best = 0.0
        own = self.of_person.get(person, [])
        if not own:
            return 0.0
        known = frozenset().union(*(d.keys for d in own))
        for description in own:
            if not sought.forms & description.forms:
                continue
            words = sought.keys - sought.forms
            shared = sum(1.0 for key in words if key in known)
            clash = self._clash(words, known)
            best = max(best, 1.0 + 0.6 * shared - 1.2 * clash - 0.1 * (len(words) - shared))
        if not best:
            words = sought.keys - sought.forms
            shared = sum(1.0 for key in words if key in known)
            best = 0.3 * shared if not self._clash(words, known) else 0.0
        return max(best, 0.0)

    def role(self, person: int) -> str | None:
        """Return the description that says most of what the person does, without its determiner."""
        found = self.of_person.get(person, [])
        if not found:
            return None
        ranked = sorted(found, key=lambda d: (_standing(d), d.start))
        return next((text for d in ranked if d.kind != "place" and (text := self._without_rank(_bare(d.text)))), None)

    def _without_rank(self, text: str) -> str:
        """Return a role without a rank or courtesy behind it: "Junta leader [General]", "Spokesperson [Rear Adm.]"."""
        shown = text.split()
        for length in (3, 2, 1):
            if len(shown) <= length:
                continue
            words = self.lexicon.words(" ".join(shown[-length:]))
            hit = self.lexicon.titles.at(words, 0) if words else None
            ranked = hit is not None and hit[0] == len(words) and hit[1].id.startswith(_RANKS)
            if ranked and any(self.lexicon.is_person_role(word.key) for word in self.lexicon.words(text)[:-1]):
                return " ".join(shown[:-length])
        return text

    def add(self, person: int, description: Description) -> None:
        """Tie a description to a person."""
        self.of_person.setdefault(person, []).append(description)

    def before_name(self, start: int, floor: int) -> int:
        """Return where the description directly before a name begins, not before ``floor``.

        That is nouns and adjectives, and an office's "of" or "to" among them: "Ambassador to China Ana Ruiz".
        """
        words, name = self.scene.words, self.scene.word_at(start)
        first = self._nouns_before(name, floor)
        if first and first < name and words[first - 1].key == "of":  # "Bank of Norland Governor Ana Ruiz"
            while first and self.scene.names.labels[first - 1].endswith("-ORG"):
                first -= 1
        office = first - 1 - (words[first - 1].key == "the")
        if office > 0 and first < name and words[office].key in ("of", "to", "for") and words[first].start > floor:
            begin = self._nouns_before(office, floor)
            role = self.lexicon.is_person_role
            held = role(words[office - 1].key) and not any(role(words[k].key) for k in range(first, name))
            if begin < office and held and self._nation(name - 1) is None:
                first = begin
        return words[first].start if first < name else start

    def _nouns_before(self, i: int, floor: int) -> int:
        """Return where the nouns and adjectives directly before the word begin, not before ``floor``."""
        scene, first = self.scene, i
        while first and i - first < 9 and scene.words[first - 1].start >= floor:
            before = scene.words[first - 1]
            if before.key == "and" and self._joint_office(first - 1):
                first -= 2
                continue
            gap = scene.text[before.close : scene.words[first].start]
            if gap not in (" ", "\u00a0", "-") or scene.tag(first - 1) not in NOMINAL or before.key in DETERMINERS:
                break
            first -= 1
        return first

    def _joint_office(self, i: int) -> bool:
        """Tell whether "and" stands within an office: "Mines and Energy Minister Ana Ruiz", "President and CEO"."""
        words = self.scene.words
        near = 0 < i < len(words) - 1 and words[i - 1].capital and words[i + 1].capital
        names = self.scene.names
        if not near or not names.adjacent(i) or not names.adjacent(i - 1) or names.labels[i - 1].endswith("PERSON"):
            return False
        return self.scene.tag(i - 1) in ("NN", "NNS", "NNP", "NNPS")

    def _nation(self, i: int) -> Country | None:
        """Return the country whose adjective the word is."""
        hit = self.lexicon.countries.at(self.scene.words, i)
        return hit[1] if hit is not None and self.scene.words[i].text in hit[1].adjectives else None

    def after_comma(self, position: int) -> tuple[int, int]:
        """Return the noun phrase that follows a comma at the position: up to the next break or finite verb."""
        scene = self.scene
        limit = min(scene.sentence_end(position - 1), position + 220)
        if found := _BREAK.search(scene.text, position + 1, limit):
            limit = found.start()
        end = position
        for count, i in enumerate(scene.words_in(position, limit)):
            word = scene.words[i]
            if count >= LONGEST or word.key in _STOPS or scene.tag(i) in FINITE:
                break
            end = word.close
        return position, end

    def _beside(self, mention: Mention) -> None:
        scene, text = self.scene, self.scene.text
        sentence = scene.sentence_start(mention.start)
        lead = self.before_name(mention.start, sentence)
        if lead < mention.start:
            kind = "title" if mention.titled else "before"
            self._add(mention, self.read(lead, mention.start, kind))
        self._place(mention)
        if comma := _APPOSED.match(text, mention.end):
            start, end = self.after_comma(comma.end())
            words = list(scene.words_in(start, end))
            if words and self._noun_phrase(words[0]) and not self._other(start, end):
                self._add(mention, self.read(start, end, "apposition") or self._loosely(start, end, _OWN | {"a", "an"}))
        elif copula := re.compile(r",? (?:who )?(?:is|was|became) (?=the |a |an |\w+[’']s )").match(text, mention.end):
            self._add(mention, self.read(*self.after_comma(copula.end()), "copula"))
        if text[max(0, lead - 2) : lead] == ", ":
            start = self._phrase_before(lead - 2, sentence)
            source = scene.names.source_at(mention.start)
            if source is not None and source.start > lead - 2:
                return  # what is said, then who: "… shot the officer, Ana Ruiz said"
            start = source.start if source is not None else start
            self._add(mention, self.read(start, lead - 2, "apposition") or self._loosely(start, lead - 2, _OWN))

    def _loosely(self, start: int, end: int, determiners: frozenset[str]) -> Description | None:
        """Return an apposition with a noun that no list of roles has, after a determiner: "Ana Ruiz, a beekeeper"."""
        words = list(self.scene.words_in(start, end))
        if not words or self.scene.words[words[0]].key not in determiners:
            return None
        nouns = list(takewhile(lambda i: self.scene.words[i].key not in PREPOSITIONS, words[1:]))
        if not nouns or self.scene.tag(nouns[-1]) != "NN":
            return None
        text = " ".join(self.scene.text[start:end].split())
        keys = frozenset().union(*(self._keys(i, 1) for i in words))
        return Description(start, end, text, frozenset([self.scene.words[nouns[-1]].key]), keys, "apposition")

    def _add(self, mention: Mention, description: Description | None) -> None:
        if description is not None and description.end > description.start:
            self.add(mention.person, description)

    def _other(self, start: int, end: int) -> bool:
        """Tell whether somebody else is named with a title in what follows a comma: "…, Premier Li Qiang left"."""
        first = next((m for m in self.scene.people.within(start, end) if m.full), None)
        if first is None:
            return False
        between = [self.scene.words[i] for i in self.scene.words_in(start, first.start)]
        return all(word.capital for word in between)

    def _noun_phrase(self, i: int) -> bool:
        """Tell whether the word begins a noun phrase that may describe: determiner, adjective or noun."""
        word = self.scene.words[i]
        return word.key in DETERMINERS or word.possessive or self.scene.tag(i) in NOMINAL

    def _phrase_before(self, end: int, floor: int) -> int:
        """Return the start of the phrase that ends at ``end``: after the last break or finite verb."""
        start = floor
        for found in _BREAK.finditer(self.scene.text, max(floor, end - 220), end):
            start = found.end()
        for i in self.scene.words_in(start, end):
            if self.scene.tag(i) in FINITE or self.scene.words[i].key in _STOPS:
                start = self.scene.words[i].close
        while start < end and self.scene.text[start].isspace():
            start += 1
        return start

    def _place(self, mention: Mention) -> None:
        """Note party and home where they follow the name: "(R-Fla.)", "of Vermont"."""
        text = self.scene.text
        if found := _AGE.match(text, mention.end, mention.end + 8):
            self.ages.setdefault(f"{found[1]}-year-old", []).append(mention.person)
        keys: set[str] = set()
        if found := _PARTY.match(text, mention.end, mention.end + 20):
            keys.add({"R": "republican", "D": "democrat", "I": "independent"}[found[1]])
            keys |= self._country(found[2])
            end = found.end()
        elif found := _HOME.match(text, mention.end, mention.end + 30):
            keys |= self._country(found[1]) or self._country(found[1].split()[0])
            end = found.end()
        if keys:
            shown = " ".join(text[mention.end : end].split())
            self.add(mention.person, Description(mention.end, end, shown, frozenset(), frozenset(keys), "place"))

    def _country(self, words: str) -> set[str]:
        found = self.lexicon.words(words)
        hit = self.lexicon.countries.at(found, 0) if found else None
        if hit is None and not words.endswith("."):
            return self._country(words + ".")
        return {hit[1].id} if hit else set()

    def _keys(self, at: int, length: int) -> set[str]:
        """Return what the words say: content words, countries by their rule's id."""
        words = self.scene.words
        if hit := self.lexicon.countries.at(words, at):
            return {hit[1].id}
        return {
            _PARTIES.get(words[k].key, words[k].key)
            for k in range(at, at + length)
            if words[k].key not in DETERMINERS | PREPOSITIONS | _GENERAL and len(words[k].key) > 2
        }

    def _forms(self, at: int, length: int) -> set[str]:
        """Return the heads' keys with the ids of the role forms they belong to."""
        key = " ".join(word.key for word in self.scene.words[at : at + length])
        return {key} | self.lexicon.forms_of.get(key, set()) | self.lexicon.forms_of.get(key.split()[-1], set())

    def _clash(self, sought: Iterable[str], known: frozenset[str]) -> int:
        """Count the countries and parties that contradict what is known."""
        clash = 0
        mine = {key for key in sought if key.startswith("country.")}
        theirs = {key for key in known if key.startswith("country.")}
        if mine and theirs and not mine & theirs:
            clash += 1
        parties = {"republican", "democrat"}
        mine, theirs = parties & set(sought), parties & known
        return clash + bool(mine and theirs and not mine & theirs)


def _standing(description: Description) -> int:
    """Order descriptions by how well they say what somebody is: an office before "a longtime ally"."""
    if description.kind == "title" and " " in description.text:
        return 1
    if description.kind == "apposition" and description.text.startswith(("a ", "an ")):
        return 2
    return {"apposition": 0, "before": 1, "copula": 3, "title": 4, "tied": 5}.get(description.kind, 9)


def _bare(text: str) -> str:
    """Return a description without its determiner, a courtesy title and what a comma leaves behind."""
    first, _, rest = text.partition(" ")
    bare = rest if key_of(first) in ("the", "a", "an", "another", "its", "his", "her", "their") and rest else text
    return _COURTESY.sub("", bare.strip(" ,;"))
