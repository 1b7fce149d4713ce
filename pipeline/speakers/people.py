"""The people of one document: their name forms joined, their mentions, gender and descriptions."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from itertools import zip_longest
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from pipeline.speakers.lexicon import Lexicon
    from pipeline.speakers.names import Gender, Name, Names

# Of people who share a name, so many are compared with a new one: keeps the register linear.
NAMESAKES = 24
# Surnames from so many letters on may be misspelt by one.
LONG_SURNAME = 7
# A pronoun so many code points behind a name, in its sentence, is taken to mean it.
PRONOUN_REACH = 40
_PRONOUNS: dict[str, Gender] = {
    "he": "male", "his": "male", "him": "male", "himself": "male",
    "she": "female", "her": "female", "hers": "female", "herself": "female",
}  # fmt: skip
# What stands between a name and another by which the same person goes, no longer than twice KNOWN_REACH.
_KNOWN_AS = re.compile(r",? (?:also |better |widely |popularly )?(?:known as|nicknamed) (?:the )?[“\"‘']?")
KNOWN_REACH = 20
# After it a source names somebody else than who speaks: "a brother of Ana Ruiz".
_OF = re.compile(r" (?:of|for|to|by|with|like) ")
_KNOWN = re.compile(r"known as|nicknamed")
# Whom a text calls by the first name so many times as often as in full, its surname alone seldom means.
FIRST_NAMES, BY_FIRST_NAME = 2, 0.1
# How much more a surname means whoever of that surname began a source last.
SPOKE_LAST = 1.5
# How much a word of a mention speaks for a person, by the place it has in the person's name.
PLACE_WEIGHT = {"last": 1.0, "first": 0.7, "middle": 0.4}


class Mention(Struct, frozen=True, order=True):
    """A place where a person is named; ``full`` with more than one word of the name."""

    start: int
    end: int
    person: int
    full: bool = False
    titled: bool = False


class Person:
    """Someone the document names; ``name`` is the fullest form without titles."""

    def __init__(self, id: int, name: Name, text: str) -> None:
        self.id = id
        self.forms: Counter[str] = Counter()
        self.spelt: dict[str, tuple[str, ...]] = {}
        self.keys = name.keys
        self.first_seen = name.start
        self.name = ""
        self.genders: Counter[Gender] = Counter()
        self.titles: list[tuple[str, int, int]] = []
        self.add(name, text)

    def add(self, name: Name, text: str) -> None:
        """Take in a further mention."""
        shown = " ".join(text[name.start : name.end].split())
        self.forms[shown] += 1
        self.spelt.setdefault(shown, name.keys)
        if name.gender != "any":
            self.genders[name.gender] += 3
        if name.title:
            self.titles.append((name.title, name.title_start, name.end))
        if _fullness(name.keys, shown) > _fullness(self.keys, self.name):
            self.keys, self.name = name.keys, shown

    def settle(self, lexicon: Lexicon) -> None:
        """Take the fullest form that holds nothing but the name: not "Rival Ana Ruiz" where "Ana Ruiz" stands."""
        forms = sorted(self.forms, key=lambda form: _fullness(self.spelt[form], form), reverse=True)
        best = next((form for form in forms if not self._overgrown(form, lexicon)), forms[0])
        self.keys, self.name = self.spelt[best], best

    def _overgrown(self, form: str, lexicon: Lexicon) -> bool:
        """Tell whether the form is another, more frequent one with words before or behind that are no name."""
        long = self.spelt[form]
        for other, short in self.spelt.items():
            at = _place_in(short, long) if 2 <= len(short) < len(long) else -1
            if at < 0:
                continue
            rest = long[at + len(short) :]
            behind = any(key not in lexicon.suffixes for key in rest) and rest not in self.spelt.values()
            before = at > 0 and long[0] not in lexicon.given and short[0] in lexicon.given
            if (behind or before) and self.forms[other] >= self.forms[form]:
                return True
        return False

    @property
    def gender(self) -> Gender:
        """What titles, given names and descriptions tell; "any" where they tell nothing or disagree."""
        male, female = self.genders["male"], self.genders["female"]
        return "any" if male == female else "male" if male > female else "female"


class People:
    """The register of a document's people."""

    def __init__(self, names: Names, lexicon: Lexicon) -> None:
        self.names = names
        self.lexicon = lexicon
        self.text = names.text
        self.people: list[Person] = []
        self.mentions: list[Mention] = []
        self.by_word: dict[str, list[tuple[int, str]]] = {}
        self.by_pair: dict[str, list[int]] = {}
        found = self._beheaded(names.find())
        self._full = [name for name in found if _length(name.keys, lexicon) > 1]
        self._short = [name for name in found if _length(name.keys, lexicon) <= 1]
        self._register()
        self.starts = [mention.start for mention in self.mentions]
        self.counts = [sum(person.forms.values()) for person in self.people]
        self.most = max(self.counts, default=0)

    def within(self, start: int, end: int) -> list[Mention]:
        """Return the mentions that lie in [start, end), in text order."""
        low = bisect_left(self.starts, start)
        high = bisect_left(self.starts, end)
        return [mention for mention in self.mentions[low:high] if mention.end <= end]

    def before(self, position: int) -> int:
        """Return how many mentions begin before the position: the index of the first at or after it."""
        return bisect_right(self.starts, position - 1)

    def called(self, word: str, position: int | None = None) -> list[tuple[int, float]]:
        """Return the people whose name has the word (a key), each with how much that says.

        Of many, with a position, those first named shortly before it and the next few.
        """
        entries = self.by_word.get(_bare(word), [])
        if position is not None and len(entries) > 2 * NAMESAKES:
            at = bisect_right(entries, position, key=lambda entry: self.people[entry[0]].first_seen)
            entries = entries[max(0, at - NAMESAKES) : at + NAMESAKES // 4]
        found: dict[int, float] = {}
        for id, place in entries:
            found[id] = max(found.get(id, 0.0), PLACE_WEIGHT[place])
        return list(found.items())

    def choose(self, keys: tuple[str, ...], position: int, gender: Gender) -> list[tuple[int, float]]:
        """Rank the people that a short mention may mean, best first, scores summing to 1.

        The place of the word in the name counts, the gender a title tells, how often each is
        named by this word (or in full) and how recently.
        """
        word = next((k for k in reversed(keys) if k not in self.lexicon.suffixes), keys[-1])
        ranked = []
        for id, weight in self.called(word, position):
            person = self.people[id]
            fits = gender == "any" or person.gender in ("any", gender)
            known = 1.0 + 0.5 * min(20, sum(person.forms.values()))
            if self.by_first[id] > FIRST_NAMES * self.full[id] > 0 and weight == PLACE_WEIGHT["last"]:
                known *= BY_FIRST_NAME
            ranked.append((id, weight**3 * known * (1.0 if fits else 0.05) * self._recency(id, position)))
        last = max(ranked, key=lambda entry: self._spoke(entry[0], position), default=None)
        if last is not None and self._spoke(last[0], position) >= 0:
            ranked = [(id, score * (SPOKE_LAST if id == last[0] else 1.0)) for id, score in ranked]
        total = sum(score for _, score in ranked) or 1.0
        return sorted(((id, score / total) for id, score in ranked), key=lambda entry: (-entry[1], entry[0]))

    def _recency(self, id: int, position: int) -> float:
        """Weigh how near before the position the person was last named in full: 2 at once, 0.5 far off or later."""
        places = self.full_places[id]
        at = bisect_left(places, position) - 1
        if at < 0:
            return 0.5
        return 0.5 + 1.5 / (1.0 + (position - places[at]) / 600)

    def _spoke(self, id: int, position: int) -> int:
        """Return where the person, named in full, last began a source before the position, -1 where never."""
        places = self.source_places[id]
        at = bisect_left(places, position) - 1
        return places[at] if at >= 0 else -1

    def _beheaded(self, found: list[Name]) -> list[Name]:
        """Return the names, those that begin with a sentence's first word no given name without it: "Stated Ruiz"."""
        full = Counter(name.keys for name in found if len(name.keys) > 1)
        surnames = Counter(keys[-1] for keys in full)
        alone = {name.keys[0] for name in found if len(name.keys) == 1}
        return [
            self.names.short(name.last - 1)
            if len(name.keys) == 2 and full[name.keys] == 1 and self._loose(name)
            and (
                (surnames[name.keys[1]] > 1 and not self.names.labels[name.first])
                or (name.keys[1] in alone and self.names.in_headline(name.start))
            )
            else name
            for name in found
        ]  # fmt: skip

    def _loose(self, name: Name) -> bool:
        """Tell whether the name's first word has its capital from the sentence that it begins, for all one knows."""
        first = self.names.words[name.first]
        known = first.key in self.lexicon.given or first.key in self.lexicon.particles or len(first.key.rstrip(".")) < 3
        return not known and not name.title and first.start in self.names.sentence_starts

    def _register(self) -> None:
        for name in self._full:
            self._mention(name, self._join(name))
        for person in self.people:
            person.settle(self.lexicon)
        self._index()
        for person in self.people:
            self._given_gender(person)
        # Symmetric deletion (Garbe 2012): words that differ by one letter become the same by leaving out one of each.
        self.by_deletion: dict[str, set[int]] = {}
        for person in self.people:
            for form in _deletions(_core(person.keys, self.lexicon)[-1]):
                self.by_deletion.setdefault(form, set()).add(person.id)
        self.by_first = self._count_first_names()
        self.full = Counter({person.id: sum(person.forms.values()) for person in self.people})
        self.by_nickname: dict[str, list[int]] = {}
        for person in self.people:
            for form in self.lexicon.nicknames.get(person.keys[0], ()):
                self.by_nickname.setdefault(form, []).append(person.id)
        self.ends = {mention.end: mention.person for mention in self.mentions}
        self.full_places: list[list[int]] = [[] for _ in self.people]
        for mention in self.mentions:
            self.full_places[mention.person].append(mention.start)
        self.source_places: list[list[int]] = [[] for _ in self.people]
        starts = [mention.start for mention in self.mentions]
        for source in self.names.sources:
            at = bisect_left(starts, source.start)
            lead = self.text[source.start : starts[at]] if at < len(starts) and starts[at] < source.end else " of "
            if not _OF.search(lead):
                self.source_places[self.mentions[at].person].append(starts[at])
        taken = {i for name in (*self._full, *self._short) for i in range(name.first, name.last)}
        # Those with "Mr." or "Mrs." first: they tell whether somebody of another sex has the surname, too.
        self._shorter(sorted(self._short, key=lambda name: name.gender == "any"))
        self._shorter(self._further(taken))
        self._lone(self.names.given_alone())
        self.mentions.sort()
        self._gender_by_pronouns()

    def _gender_by_pronouns(self) -> None:
        """Note of people whose name tells no gender which pronoun follows theirs most often, nobody named between."""
        unknown = {person.id for person in self.people if person.gender == "any"}
        words = self.names.words
        for mention, after in zip_longest(self.mentions, self.mentions[1:]):
            if mention is None or mention.person not in unknown:
                continue
            i = bisect_left(self.names.starts, mention.end)
            stop = min(after.start if after is not None else len(self.text), mention.end + PRONOUN_REACH)
            while i < len(words) and words[i].start < stop and words[i].start not in self.names.sentence_starts:
                if (gender := _PRONOUNS.get(words[i].key)) is not None:
                    self.people[mention.person].genders[gender] += 1
                    break
                i += 1

    def _shorter(self, names: list[Name]) -> None:
        """Enter single words: each means somebody named in full, or is the only name of somebody new."""
        for name in names:
            ranked = (
                self._alias(name) or self.choose(name.keys, name.start, name.gender) or self.misspelt(name.keys[-1])
            )
            if ranked and (name.gender == "any" or self._agrees(ranked[0][0], name.gender)):
                person = self.people[ranked[0][0]]
                person.add(name, self.text)
                self._mention(name, person.id)
            else:
                self._mention(name, self._new(name))

    def _alias(self, name: Name) -> list[tuple[int, float]]:
        """Return who is named right before "also known as" and this name."""
        if _KNOWN.search(self.text, max(0, name.start - KNOWN_REACH), name.start) is None:
            return []
        for end in range(name.start, max(0, name.start - 2 * KNOWN_REACH), -1):
            person = self.ends.get(end)
            if person is not None and _KNOWN_AS.fullmatch(self.text, end, name.start):
                self.by_word.setdefault(_bare(name.keys[-1]), []).append((person, "last"))
                return [(person, 1.0)]
        return []

    def _lone(self, names: list[Name]) -> None:
        """Enter people by a first name: short for that of somebody named in full, or all there is of somebody."""
        counts = Counter(name.keys[-1] for name in names)
        for name in names:
            known = self.called(name.keys[-1], name.start)
            if any(len(self.people[id].keys) > 1 for id, _ in known):
                continue
            if not known and len(full := self._nicknamed(name.keys[-1])) == 1:
                known = [(full[0], 1.0)]
            if not known and counts[name.keys[-1]] < 2 and not self._after_role(name):
                continue
            if known:
                self.people[known[0][0]].add(name, self.text)
            self._mention(name, known[0][0] if known else self._new(name))

    def _nicknamed(self, key: str) -> list[int]:
        """Return the people whose first name the given name is short for: "Sandy" of Sandra Ruiz."""
        forms = sorted(self.lexicon.nicknames.get(key, ()))
        return sorted({id for form in forms for id in self.by_nickname.get(form, ())})

    def _after_role(self, name: Name) -> bool:
        """Tell whether a description ends before the first name: "his wife, Laura"."""
        before = self.names.words[name.first - 1] if name.first else None
        if before is None or self.text[before.end : name.start] not in (", ", " "):
            return False
        rule = self.lexicon.roles.get(before.key)
        return rule is not None and rule.id == "role.kin" and not before.capital

    def misspelt(self, word: str) -> list[tuple[int, float]]:
        """Return the one person from whose surname a long word (a key) differs by a letter: "McLenney", "McClenney"."""
        near = {id for form in _deletions(word) for id in self.by_deletion.get(form, ())}
        return [(id, 1.0) for id in near] if len(near) == 1 else []

    def _agrees(self, id: int, gender: Gender) -> bool:
        return self.people[id].gender in ("any", gender)

    def _new(self, name: Name) -> int:
        person = Person(len(self.people), name, self.text)
        self.people.append(person)
        if hasattr(self, "full_places"):
            self.full_places.append([name.start])
            self.source_places.append([])
            self._given_gender(person)
            for word in set(name.keys):
                self.by_word.setdefault(_bare(word), []).append((person.id, "last"))
        return person.id

    def _mention(self, name: Name, person: int) -> None:
        full = _length(name.keys, self.lexicon) > 1
        self.mentions.append(Mention(name.start, name.end, person, full, bool(name.title)))

    def _join(self, name: Name) -> int:
        """Return the person whose name form this is, or a new one."""
        core = _core(name.keys, self.lexicon)
        buckets = [_bare(core[-1]) + "/", "/" + core[0], " ".join(sorted(core))]
        for bucket in buckets:
            for id in reversed(self.by_pair.get(bucket, [])[-NAMESAKES:]):
                if self._same(core, name.keys, self.people[id].keys):
                    self.people[id].add(name, self.text)
                    self._bucket(buckets, id)
                    return id
        id = self._new(name)
        self._bucket(buckets, id)
        return id

    def _bucket(self, buckets: list[str], id: int) -> None:
        for bucket in buckets:
            listed = self.by_pair.setdefault(bucket, [])
            if id not in listed[-NAMESAKES:]:
                listed.append(id)

    def _same(self, core: tuple[str, ...], keys: tuple[str, ...], other: tuple[str, ...]) -> bool:
        """Tell whether two full names can be one person's."""
        core, theirs = (tuple(_stopless(key) for key in name) for name in (core, _core(other, self.lexicon)))
        suffixes = {_stopless(k) for k in keys if k in self.lexicon.suffixes}
        other_suffixes = {_stopless(k) for k in other if k in self.lexicon.suffixes}
        if suffixes and other_suffixes and suffixes != other_suffixes:
            return False
        short, long = sorted((keys, other), key=len)
        if sorted(core) == sorted(theirs) or long[-len(short) :] == short:
            return True
        if _bare(core[-1]) == _bare(theirs[-1]):
            given = self.lexicon.same_given(core[0], theirs[0])
            middle = core[0] in theirs[1:-1] or theirs[0] in core[1:-1]
            return (given and not _clash(core[1:-1], theirs[1:-1])) or middle
        shorter, longer = sorted((core, theirs), key=len)
        return core[0] == theirs[0] and len(shorter) < len(longer) and _subsequence(shorter, longer)

    def _count_first_names(self) -> Counter[int]:
        """Count how often each person is named by the first name alone: whom the surname alone means less."""
        counts: Counter[int] = Counter()
        words = self.names.words
        taken = {i for name in self._full for i in range(name.first, name.last)}
        firsts: dict[str, list[int]] = {}
        for person in self.people:
            firsts.setdefault(person.keys[0], []).append(person.id)
        for i, word in enumerate(words):
            if i not in taken and word.capital and word.key in firsts and not self._given_of_other(i):
                counts.update(firsts[word.key])
        return counts

    def _index(self) -> None:
        for person in self.people:
            core = _core(person.keys, self.lexicon)
            for i, word in enumerate(core):
                place = "last" if i == len(core) - 1 else "first" if i == 0 else "middle"
                if place == "middle" and len(word.rstrip(".")) < 3:
                    continue
                self.by_word.setdefault(_bare(word), []).append((person.id, place))

    def _further(self, taken: set[int]) -> list[Name]:
        """Return single words elsewhere that are part of a known person's name: surnames, mostly."""
        found = []
        words = self.names.words
        for i, word in enumerate(words):
            if i in taken or not word.capital or _bare(word.key) not in self.by_word:
                continue
            if self._other_name(i):
                continue
            places = {place for _, place in self.by_word[_bare(word.key)]}
            if "last" in places or ("first" in places and not self._given_of_other(i)):
                found.append(self.names.short(i))
        return found

    def _other_name(self, i: int) -> bool:
        """Tell whether the word stands inside the name of something else: an organisation's, a place's."""
        words, labels = self.names.words, self.names.labels
        rule = self.lexicon.not_names.get(words[i].key)
        if rule is not None and not (i and self.lexicon.titles.get(words[i - 1].key)):
            return True
        after = self.names.adjacent(i) and words[i + 1].capital and not self.names.in_title_case(words[i].start)
        before = i > 0 and self.names.adjacent(i - 1) and words[i - 1].capital
        before = before and words[i - 1].key not in self.lexicon.particles  # De Ruiz
        organised = labels[i][2:] in ("ORG", "FAC", "WORK_OF_ART", "LAW", "EVENT", "PRODUCT", "LOC")
        if organised and (labels[i][0] == "I" or (i + 1 < len(labels) and labels[i + 1][:1] == "I")):
            before = before and not self.lexicon.titles.get(words[i - 1].key)
            return bool(after or before)
        return False

    def _given_of_other(self, i: int) -> bool:
        """Tell whether a given name begins a longer name here, of someone else."""
        return (
            self.names.adjacent(i)
            and self.names.words[i + 1].capital
            and not self.names.in_title_case(self.names.words[i].start)
        )

    def _given_gender(self, person: Person) -> None:
        """Note the gender that the person's given name tells."""
        for key in person.keys[:-1] if len(person.keys) > 1 else person.keys:
            rule = self.lexicon.given.get(key)
            if rule:
                person.genders[rule.gender] += 2
                break


def _deletions(word: str) -> list[str]:
    """Return a long word and what is left of it without each letter but the first; nothing for a short one."""
    word = _bare(word)
    return [word, *(word[:i] + word[i + 1 :] for i in range(1, len(word)))] if len(word) >= LONG_SURNAME else []


def _core(keys: tuple[str, ...], lexicon: Lexicon) -> tuple[str, ...]:
    """Return the name's words without suffixes and particles; a first one that is a first name, too, stays: "Ben"."""
    core = tuple(k for k in keys if k not in lexicon.suffixes and k not in lexicon.particles)
    given = keys[0] in lexicon.particles and keys[0] in lexicon.given
    return (keys[0], *core) if given else core or keys


def _length(keys: tuple[str, ...], lexicon: Lexicon) -> int:
    return len(_core(keys, lexicon))


def _bare(key: str) -> str:
    """Return a surname's key without an article: "assad" for "al-assad"."""
    return key[3:] if key.startswith(("al-", "el-", "ul-")) and len(key) > 5 else key


def _stopless(key: str) -> str:
    return key.replace(".", "")


def _clash(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Tell whether two runs of middle names contradict each other: initials that differ."""
    return bool(one and other) and one[0][0] != other[0][0] and len(one) == len(other)


def _subsequence(short: tuple[str, ...], long: tuple[str, ...]) -> bool:
    at = iter(long)
    return all(any(word == other for other in at) for word in short)


def _fullness(keys: tuple[str, ...], shown: str) -> tuple[int, bool, int]:
    """Order name forms: by words beside initials, then capitals alone last, then by letters."""
    if not shown:
        return (-1, False, -1)
    return (sum(len(key.rstrip(".")) > 1 for key in keys), not shown.isupper(), len(shown))


def _place_in(short: tuple[str, ...], long: tuple[str, ...]) -> int:
    """Return where the words of ``short`` stand together in ``long``, -1 where they don't."""
    places = range(len(long) - len(short) + 1)
    return next((at for at in places if long[at : at + len(short)] == short), -1)
