"""The speaker rules compiled for look-up, and which of them fire in a text."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Generic, TypeVar

from pipeline.parse import text_of
from pipeline.records import Evidence
from pipeline.rules import ByDigest, Country, GivenName, NamePart, Nickname, NotName, Pronoun, Role, RoleForm, Title
from pipeline.speakers.words import Word, key_of, read_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from spacy.tokens import Doc

    from pipeline.rules import Rule, Rules

# Texts of so many code points are short; so many of them are kept with their words.
SHORT, KEPT = 80, 4096
T = TypeVar("T")
R = TypeVar("R", Title, Role, RoleForm, Pronoun, GivenName, NamePart, Nickname, NotName, Country)


class Phrases(Generic[T]):
    """Phrases with the rule of each, found longest first at a place in a list of words."""

    def __init__(self, entries: Iterable[tuple[str, T]]) -> None:
        self.by_first: dict[str, list[tuple[tuple[str, ...], T]]] = {}
        for phrase, rule in entries:
            keys = tuple(word.key for word in read_words(phrase, _every_stop(phrase)))
            if keys:
                self.by_first.setdefault(keys[0], []).append((keys, rule))
        for found in self.by_first.values():
            found.sort(key=lambda entry: -len(entry[0]))

    def at(self, words: Sequence[Word], i: int) -> tuple[int, T] | None:
        """Return how many words the longest phrase that begins at ``i`` has, and its rule."""
        for keys, rule in self.by_first.get(words[i].key, ()):
            if all(i + k < len(words) and words[i + k].key == key for k, key in enumerate(keys)):
                return len(keys), rule
        return None

    def get(self, word: str) -> T | None:
        """Return the rule of a single word."""
        return next((rule for keys, rule in self.by_first.get(key_of(word), ()) if len(keys) == 1), None)


class Lexicon:
    """The word lists of the speaker rules, compiled."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._short: dict[str, list[Word]] = {}
        self.titles = Phrases(_entries(rules.of(Title)))
        self.roles = Phrases(_entries(rules.of(Role)))
        self.pronouns = {key_of(word): rule for word, rule in _entries(rules.of(Pronoun))}
        self.given = {key_of(word): rule for word, rule in _entries(rules.of(GivenName))}
        self.forms = Phrases(_entries(rules.of(RoleForm)))
        self.forms_of: dict[str, set[str]] = {}
        for form in rules.of(RoleForm):
            for word in form.words:
                self.forms_of.setdefault(key_of(word), set()).add(form.id)
        # Words that bodies are named by: the capitalised ones beside a body's common noun ("company": "Steel").
        self.body_words = {
            key_of(word)
            for form in rules.of(RoleForm)
            if any((role := self.roles.get(word)) and role.of == "org" for word in form.words)
            for word in form.words
            if word[0].isupper()
        }
        self.particles = _keys(rules.of(NamePart), part="particle")
        self.suffixes = _keys(rules.of(NamePart), part="suffix")
        self.surnames = _keys(rules.of(NamePart), part="surname")
        self.not_names = {key_of(word): rule for word, rule in _entries(rules.of(NotName))}
        # Names of bodies that look like somebody's ("Morgan Stanley"), as phrases and as keys.
        bodies = [(word, rule) for word, rule in _entries(rules.of(NotName)) if rule.id == "not_name.body"]
        self.bodies = Phrases(bodies)
        self.body_names = frozenset(key_of(word) for word, _ in bodies)
        self.nicknames: dict[str, set[str]] = {}
        for rule in rules.of(Nickname):
            for word in rule.words:
                self.nicknames.setdefault(key_of(word), set()).add(rule.id)
        countries = rules.of(Country)
        self.countries = Phrases((w, r) for r in countries for w in (*r.words, *r.adjectives))
        self.country_names = Phrases((w, r) for r in countries for w in r.words)
        self.capitals = Phrases((w, r) for r in countries for w in r.capitals)
        listed: list[Rule] = [
            *rules.of(Title),
            *rules.of(RoleForm),
            *rules.of(NamePart),
            *rules.of(NotName),
            *countries,
        ]
        self.abbreviations = frozenset(
            key_of(word.split()[-1]) for rule in listed for word in getattr(rule, "words", ()) if word.endswith(".")
        )

    def words(self, text: str) -> list[Word]:
        """Return the words of a text, which must not be changed; those of short ones are kept, for names come again."""
        if len(text) > SHORT:
            return read_words(text, self.abbreviations)
        if text not in self._short:
            if len(self._short) >= KEPT:
                self._short.clear()
            self._short[text] = read_words(text, self.abbreviations)
        return self._short[text]

    def is_person_role(self, key: str) -> bool:
        """Tell whether the word is a person's role or a title."""
        role = self.roles.get(key)
        return (role is not None and role.of == "person") or self.titles.get(key) is not None

    def same_given(self, one: str, other: str) -> bool:
        """Tell whether two given names (as keys) may be one person's: equal, short form, initial, spelling."""
        if one == other:
            return True
        first, second = one.rstrip("."), other.rstrip(".")
        if len(first) == 1 or len(second) == 1:
            return first[:1] == second[:1]
        if self.nicknames.get(one, set()) & self.nicknames.get(other, set()):
            return True
        return min(len(one), len(other)) >= 5 and one[0] == other[0] and _one_edit(one, other)


def lexicon(rules: Rules) -> Lexicon:
    """Return the compiled speaker rules; they are compiled once for each digest."""
    return _compiled(ByDigest(rules))


@lru_cache(maxsize=4)
def _compiled(key: ByDigest) -> Lexicon:
    return Lexicon(key.rules)


def find_rule_evidence(doc: Doc, rules: Rules) -> tuple[Evidence, ...]:
    """Return every place where a speaker rule fires in the text, in text order.

    A title fires directly before a capitalised name; a role, a pronoun and a country's name
    wherever they stand; a given name, a nickname, a suffix, a particle and a word that begins no
    name where they are written as such.
    """
    compiled = lexicon(rules)
    words = compiled.words(text_of(doc))
    found = [evidence for i in range(len(words)) for evidence in _fires(compiled, words, i)]
    return tuple(sorted(found, key=lambda e: (e.start, e.end, e.rule)))


def _fires(compiled: Lexicon, words: list[Word], i: int) -> Iterator[Evidence]:
    word = words[i]
    after = words[i + 1] if i + 1 < len(words) else None
    if (title := compiled.titles.at(words, i)) and is_title(words, i, title[0]):
        yield _evidence(title[1], words, i, title[0])
    for phrases in (compiled.roles, compiled.countries):
        if (hit := phrases.at(words, i)) and (phrases is compiled.roles or word.capital):
            yield _evidence(hit[1], words, i, hit[0])
    yield from _forms(compiled, words, i)
    if (pronoun := compiled.pronouns.get(word.key)) and word.text != "US":
        yield _evidence(pronoun, words, i, 1)
    if word.capital:
        for listed in (compiled.given, compiled.not_names, compiled.surnames):
            if rule := listed.get(word.key):
                yield _evidence(rule, words, i, 1)
        for id in sorted(compiled.nicknames.get(word.key, ())):
            yield Evidence(id, word.start, word.end)
    named = i > 0 and words[i - 1].capital
    if named and after is not None and after.capital and (particle := compiled.particles.get(word.key)):
        yield _evidence(particle, words, i, 1)
    if named and word.capital and (suffix := compiled.suffixes.get(word.key)):
        yield _evidence(suffix, words, i, 1)


def _forms(compiled: Lexicon, words: list[Word], i: int) -> Iterator[Evidence]:
    hit = compiled.forms.at(words, i)
    if hit:
        key = " ".join(word.key for word in words[i : i + hit[0]])
        for id in sorted(compiled.forms_of.get(key, ())):
            yield Evidence(id, words[i].start, words[i + hit[0] - 1].end)


def is_title(words: Sequence[Word], i: int, length: int) -> bool:
    """Tell whether the words from ``i`` on are a title: capitalised (the first) and before a capital."""
    end = i + length
    if not words[i].capital or end >= len(words) or words[end - 1].tail:
        return False
    return words[end].capital and words[end].start - words[end - 1].end == 1


def _evidence(rule: Rule, words: Sequence[Word], i: int, length: int) -> Evidence:
    return Evidence(rule.id, words[i].start, words[i + length - 1].end)


def _entries(rules: Iterable[R]) -> Iterator[tuple[str, R]]:
    return ((word, rule) for rule in rules for word in rule.words)


def _keys(rules: Iterable[NamePart], *, part: str) -> dict[str, NamePart]:
    return {key_of(word): rule for word, rule in _entries(rules) if rule.part == part}


def _every_stop(phrase: str) -> frozenset[str]:
    return frozenset(key_of(word) for word in phrase.split() if word.endswith("."))


def _one_edit(one: str, other: str) -> bool:
    """Tell whether one letter changed, added or left out makes the two words equal."""
    if abs(len(one) - len(other)) > 1:
        return False
    short, long = sorted((one, other), key=len)
    at = next((i for i, letter in enumerate(short) if letter != long[i]), len(short))
    return short[at:] == long[at + 1 :] or (len(short) == len(long) and short[at + 1 :] == long[at + 1 :])
