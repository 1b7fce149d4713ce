"""Sources that are no people: organisations, countries, documents, groups."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import structs

from pipeline.records import Evidence, Span
from pipeline.speakers.found import PRECISION, Found
from pipeline.speakers.sources import named_person, noun_phrase

if TYPE_CHECKING:
    from pipeline.records import How, SpeakerType
    from pipeline.speakers.organisations import Organisation, Organisations
    from pipeline.speakers.scene import Scene
    from pipeline.speakers.sources import NounPhrase

# Heads that belong to somebody: "the Ruiz campaign", "her office".
_OWNED = frozenset(
    ["campaign", "team", "camp", "office", "administration", "government", "staff", "lawyers", "account"]
)
_STATE = frozenset(
    ["country", "nation", "government", "state", "city", "town", "kingdom", "republic", "county", "province"]
)
# What such bodies are called has the word in it, so that what is named without it is something else.
_NAMED_BY_KIND = ("council", "court", "ministry", "parliament")
_PLURAL_DOCUMENTS = frozenset(
    ["rules", "records", "filings", "reports", "emails", "documents", "laws", "guidelines", "tickets", "rule", "law"]
)
_ISSUER = re.compile(r"\b(?:by|from|for|released by|conducted by|commissioned by)\b", re.IGNORECASE)


class Things:
    """Resolves organisations, documents and groups."""

    def __init__(self, scene: Scene, organisations: Organisations) -> None:
        self.scene = scene
        self.organisations = organisations
        self.by_head: dict[str, Found] = {}
        self.last: list[tuple[int, Found]] = []
        self.owned = self._owned()

    def remember(self, position: int, source: Span, found: Found) -> None:
        """Keep what a mention was resolved to, for "the company" and "the report" after it."""
        if found.type in ("org", "document"):
            self.last.append((position, found))
        phrase = noun_phrase(self.scene, source)
        anaphor = found.type == "org" and found.name.casefold().endswith(phrase.role) if phrase else True
        if (
            phrase is not None
            and not anaphor
            and (phrase.of in ("document", "org") or found.type in ("org", "document"))
        ):
            self.by_head[_singular(phrase.role)] = found

    def organisation(self, source: Span, phrase: NounPhrase, owner: Found | None) -> Found | None:
        """Resolve a mention whose head is an organisation, a country or nothing the rules know."""
        scene, head = self.scene, self.scene.words[phrase.head]
        if owner is not None and phrase.of in ("", "org"):
            return self._of_owner(source, phrase, owner)
        if owned := self._owned_here(source, phrase):
            return owned
        if apposed := self._apposed(source, phrase):
            return apposed
        if head.capital and not (scene.names.in_title_case(head.start) and phrase.of == "org"):
            return self._proper(source, phrase)
        proper = self.organisations.within(scene.words[phrase.first].start, scene.words[phrase.last - 1].close)
        if phrase.of == "org":
            if proper:
                return self._qualified(source, phrase)
            return self._anaphor(source, phrase)
        if phrase.of == "org-plural" or scene.tag(phrase.head) in ("NNS", "NNPS"):
            return self.group(source, phrase)
        named = named_person(scene, source)
        if named is None and proper and not phrase.of:
            return self._qualified(source, phrase, type_="unnamed")
        return self._unnamed(source, phrase)

    def document(self, source: Span, phrase: NounPhrase, owner: Found | None) -> Found | None:
        """Resolve a document: to its author or issuer where the text names one."""
        if owner is not None and owner.type in ("person", "org"):
            return structs.replace(
                owner, how="role" if owner.type == "person" else "organisation", score=owner.score * 0.75
            )
        issuer = self._issuer(source, phrase)
        if issuer is not None:
            return issuer
        before = self.by_head.get(_singular(phrase.role))
        if before is not None and phrase.determiner in ("the", "that", "this", ""):
            return structs.replace(before, score=before.score * 0.8)
        if (
            phrase.determiner in ("the", "this")
            and self.last
            and phrase.role in ("statement", "report", "poll", "survey", "ad")
        ):
            position, found = self.last[-1]
            if self.scene.paragraph(source.start) - self.scene.paragraph(position) <= 2:
                return structs.replace(found, score=0.4)
        return self._plain(source, phrase, "document", PRECISION["document"])

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
        """Return the one police force that the document names by its place: "Lisbon police"."""
        forms = {
            self.organisations.clean(self.scene.text[m.start : m.end + len(" police")])
            for m in self.organisations.mentions
            if m.label == "GPE" and self.scene.text.startswith(" police", m.end)
        }
        return forms.pop() if len(forms) == 1 else None

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

    def _owned(self) -> dict[tuple[int, str], str]:
        """Return for (person, head) the fullest form in the document: "Ana Ruiz’s campaign"."""
        found: dict[tuple[int, str], tuple[bool, int, str]] = {}
        words = self.scene.words
        for mention in self.scene.people.mentions:
            i = self.scene.word_at(mention.end)
            for k in (i, i + 1):
                if k >= len(words) or words[k].start - mention.end > 25 or self.scene.text[mention.end] in ",.;":
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
                return Found(name, "org", "organisation", 0.7, evidence=self._evidence(source))
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
            if mention.start - end <= 6 and mention.label != "GPE":
                return self._named(mention.name, source, PRECISION["organisation"])
        return None

    def _proper(self, source: Span, phrase: NounPhrase) -> Found:
        """Resolve a mention whose head is a proper noun."""
        scene, words = self.scene, self.scene.words
        first = phrase.head
        while first > phrase.first and self._joins(first - 1):
            first -= 1
        last = self._grown(phrase, source)
        name = self.organisations.clean(scene.text[words[first].start : words[last - 1].end])
        label = scene.names.labels[phrase.head][2:]
        alone = last - first == 1 and label not in ("ORG", "GPE", "NORP") and phrase.determiner == ""
        country = scene.lexicon.countries.at(words, first) or scene.lexicon.capitals.at(words, first)
        if (
            phrase.of not in ("org", "document")
            and not country
            and (label == "PERSON" or (alone and last - first <= 3))
        ):
            if (company := self.organisations.begun_by(name)) is not None:
                return self._named(company, source, 0.6)
            return Found(name, "person", "name", 0.55, evidence=self._evidence(source))
        if phrase.of == "document" or phrase.of == "people":
            return self.group(source, phrase)
        return self._named(name, source, PRECISION["organisation"])

    def _joins(self, i: int) -> bool:
        """Tell whether the word ``i`` belongs to the same name as the one after it."""
        words = self.scene.words
        if words[i].tail:
            return False
        gap = self.scene.text[words[i].end : words[i + 1].start]
        if gap not in (" ", "\u00a0", "/", "-", " & "):
            return False
        return words[i].capital or (words[i].key in ("of", "for", "and", "&") and i > 0 and words[i - 1].capital)

    def _grown(self, phrase: NounPhrase, source: Span) -> int:
        """Return the end of the name: on over "of the …" and "for …" where capitals follow."""
        words, last, i = self.scene.words, phrase.head + 1, phrase.head + 1
        while i < len(words) and words[i].start < source.end:
            gap = self.scene.text[words[i - 1].close : words[i].start]
            if gap not in (" ", "\u00a0", " & ", "/", "-") or words[i - 1].tail:
                break
            if words[i].capital:
                last = i + 1
            elif words[i].key not in ("of", "for", "the", "and", "on", "to"):
                break
            i += 1
        return last

    def _qualified(self, source: Span, phrase: NounPhrase, *, type_: SpeakerType = "org") -> Found:
        """Resolve "Lisbon police", "the Kenyan government": a common noun with a name before it."""
        head = self.scene.words[phrase.head]
        name = self.organisations.clean(self.scene.text[self.scene.words[phrase.first].start : head.end])
        match = next((form for form in self.organisations.forms if form.casefold() == name.casefold()), None)
        return Found(match or name, type_, "organisation", 0.6, evidence=self._evidence(source))

    def _anaphor(self, source: Span, phrase: NounPhrase) -> Found:
        """Resolve "the company", "the agency": the organisation spoken of."""
        definite = phrase.determiner in ("the", "that", "this") and self.scene.word_at(source.end) - phrase.first <= 4
        head = _singular(phrase.role)
        if definite and self._distinguished(phrase):
            return self._plain(source, phrase, "org", 0.5)
        if definite and head in self.by_head:
            return structs.replace(self.by_head[head], how="organisation", score=0.65)
        if definite:
            form = self._by_last_word(head, source.start)
            if form is not None:
                return self._named(form, source, 0.6)
            if head in _NAMED_BY_KIND:
                return self._plain(source, phrase, "org", 0.5)
            spoken = [f for p, f in self.last[-3:] if f.type == "org" and self._near(p, source.start)]
            labels = ("GPE",) if head in _STATE else ("ORG",)
            named = [m for m in self.organisations.before(source.start) if m.label in labels and not self._told(m)]
            if spoken and head not in _STATE:
                return structs.replace(spoken[-1], how="organisation", score=0.5)
            if named and self._near(named[0].start, source.start) and head != "police":
                return self._named(self._likeliest(named), source, 0.4)
        return self._plain(source, phrase, "org", 0.45)

    def _distinguished(self, phrase: NounPhrase) -> bool:
        """Tell whether nouns before the head say which it is, and no organisation named so far has them.

        "the education ministry" is not the broadcaster named before; "the oil company" may be "Arden Oil".
        """
        words, role = self.scene.words, phrase.role.split()
        kinds = [
            words[k].key
            for k in range(phrase.first, phrase.head)
            if words[k].key not in role and (words[k].possessive or self.scene.tag(k) in ("NN", "NNS"))
        ]
        return bool(kinds) and not any(key in self.organisations.by_word for key in kinds)

    def _told(self, mention: Organisation) -> bool:
        """Tell whether the organisation is only told something, or credited: "told Reuters", "(AP)"."""
        before = self.scene.text[max(0, mention.start - 10) : mention.start].casefold()
        return before.endswith(("told ", "told the ", "(")) or self.scene.text[mention.end : mention.end + 1] == "/"

    def _likeliest(self, near: list[Organisation]) -> str:
        """Return the name most often used of those near, the nearest among equals."""
        return max(near, key=lambda m: (self.organisations.forms[m.name], m.start)).name

    def _near(self, position: int, here: int) -> bool:
        return self.scene.paragraph(here) - self.scene.paragraph(position) <= 3

    def _by_last_word(self, head: str, position: int) -> str | None:
        """Return the organisation named last before the position whose own name has the word in it."""
        for mention in self.organisations.before(position, 40):
            if head in {word.casefold() for word in mention.name.split()} and len(mention.name.split()) > 1:
                return mention.name
        return None

    def _issuer(self, source: Span, phrase: NounPhrase) -> Found | None:
        """Return who made the document: an organisation before its head, or after "by" or "from"."""
        words = self.scene.words
        head = words[phrase.head]
        within = self.organisations.within(source.start, source.end)
        if phrase.role not in _PLURAL_DOCUMENTS:
            for mention in within:
                if mention.end <= head.start + 1 and mention.label == "ORG":
                    return self._named(mention.name, source, 0.65)
        found = _ISSUER.search(self.scene.text, head.end, source.end)
        if found is None:
            return self._capitals_before(source, phrase)
        person = named_person(self.scene, Span(found.end() + 1, source.end))
        if person is not None and found.group().casefold() != "for":
            named = self.scene.people.people[person.person]
            return Found(named.name, "person", "role", 0.7, person.person, (person.person,), (), self._evidence(source))
        for mention in within:
            if mention.start >= found.end() and mention.label in ("ORG", "GPE"):
                return self._named(mention.name, source, 0.65)
        return None

    def _capitals_before(self, source: Span, phrase: NounPhrase) -> Found | None:
        """Return the capitalised words before a poll's head as its issuer where the recogniser saw none."""
        if phrase.role.split()[-1] not in ("poll", "survey", "study") or self.scene.names.in_title_case(source.start):
            return None
        words, last = self.scene.words, phrase.head
        while last > phrase.first and not words[last - 1].capital:
            last -= 1
        first = last
        while first > phrase.first and words[first - 1].capital:
            first -= 1
        country = first < last and self.scene.lexicon.countries.at(words, first)
        if first == last or country or words[first].key in self.scene.lexicon.not_names:
            return None
        return self._named(self.scene.text[words[first].start : words[last - 1].end], source, 0.5)

    def _named(self, name: str, source: Span, score: float) -> Found:
        full = self.organisations.fullest(self.organisations.clean(name))
        how: How = "name" if full == self.organisations.clean(name) else "alias"
        return Found(
            full,
            "org",
            how if score >= PRECISION["organisation"] else "organisation",
            score,
            evidence=self._evidence(source),
        )

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
