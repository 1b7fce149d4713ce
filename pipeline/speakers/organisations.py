"""Organisations of one document: their name forms joined to the fullest, acronyms both ways."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

from pipeline.speakers.words import key_of

if TYPE_CHECKING:
    from pipeline.speakers.scene import Scene

_ACRONYM = re.compile(r"[A-Z](?:[A-Z&.]|[a-z](?=[A-Z])){1,9}")
_IN_BRACKETS = re.compile(r"\(([A-Z][A-Za-z&.]{1,9})\)")
_CONNECTORS = frozenset(["of", "for", "and", "the", "&", "on", "in", "to", "de", "du", "la"])
_LABELS = frozenset(["ORG", "GPE", "NORP", "FAC", "LOC"])
# A fuller form may have this many words more than the short one.
MORE_WORDS = 4


class Organisation(Struct, frozen=True):
    """A place where an organisation or country is named."""

    start: int
    end: int
    name: str
    label: str


class Organisations:
    """The register of a document's organisations."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.lexicon = scene.lexicon
        self.mentions: list[Organisation] = []
        self.forms: Counter[str] = Counter()
        self._find()
        self.starts = [mention.start for mention in self.mentions]
        self.initials = self._initials()
        self.definitions = self._definitions()
        self.by_word: dict[str, list[str]] = {}
        for form in sorted(self.forms):
            for word in {key_of(w) for w in form.split()}:
                self.by_word.setdefault(word, []).append(form)

    def within(self, start: int, end: int) -> list[Organisation]:
        """Return the mentions that lie in [start, end)."""
        low, high = bisect_left(self.starts, start), bisect_left(self.starts, end)
        return [mention for mention in self.mentions[low:high] if mention.end <= end]

    def before(self, position: int, count: int = 8) -> list[Organisation]:
        """Return the last mentions before the position, nearest first."""
        at = bisect_left(self.starts, position)
        return self.mentions[max(0, at - count) : at][::-1]

    def fullest(self, name: str) -> str:
        """Return the fullest form that the document gives of an organisation's name."""
        seen = {name}
        while (fuller := self._fuller(name)) not in seen:
            seen.add(fuller)
            name = fuller
        return name

    def begun_by(self, word: str) -> str | None:
        """Return the one organisation of several words whose name begins with the word: "Arden" of "Arden Oil"."""
        forms = [form for form in self.by_word.get(key_of(word), ()) if form.split()[0] == word != form]
        return forms[0] if len(forms) == 1 else None

    def _fuller(self, name: str) -> str:
        stripped = name.replace(".", "")
        if definition := self.definitions.get(stripped) or self._by_initials(name, stripped):
            return definition
        keys = [key_of(word) for word in name.split()]
        if not keys or self.lexicon.country_names.get(name):
            return name
        candidates = [f for f in self.by_word.get(keys[-1], ())[:50] if self._extends(keys, f)]
        if not candidates:
            return name
        return max(candidates, key=lambda form: (self.forms[form], len(form), form))

    def _by_initials(self, name: str, letters: str) -> str | None:
        """Return the most frequent name with these initials where the name is an acronym, and no country's."""
        acronym = letters.isupper() and _ACRONYM.fullmatch(name)
        return self.initials.get(letters) if acronym and not self.lexicon.country_names.get(name) else None

    def _extends(self, keys: list[str], form: str) -> bool:
        """Tell whether the form is a fuller one: more words before, same end; or before "of …"."""
        longer = [key_of(word) for word in form.split()]
        extra = len(longer) - len(keys)
        if not 0 < extra <= MORE_WORDS or set(longer) & {"and"} - set(keys):
            return False
        if any(word.casefold() in ("of", "for") for word in form.split()) and len(keys) == 1:
            return False
        if longer[-len(keys) :] == keys:
            lead = form.split()[0]
            return lead[0].isupper() and not lead.endswith(("’s", "'s"))
        inside = any(longer[i : i + len(keys)] == keys for i in range(len(longer)))
        return inside and len(keys) >= 2 and extra <= 2 and "of" not in longer

    def _find(self) -> None:
        for ent in self.scene.doc.ents:
            if ent.label_ not in _LABELS or key_of(ent.text) in _CONNECTORS:
                continue
            start, end = self._grown(ent.start_char, ent.end_char)
            if any((m.start, m.end) == (start, end) for m in self.scene.people.within(start, end)):
                continue  # the recogniser errs now and then, the register of people has read the whole text
            name = self.clean(self.scene.text[start:end])
            if name and name[0].isupper() and (not self.mentions or start >= self.mentions[-1].end):
                self.mentions.append(Organisation(start, end, name, ent.label_))
                if not self.scene.names.in_title_case(start) and ent.label_ in ("ORG", "GPE"):
                    self.forms[name] += 1

    def _grown(self, start: int, end: int) -> tuple[int, int]:
        """Widen an entity to the whole run of capitalised words it is part of."""
        scene, words = self.scene, self.scene.words
        inside = list(scene.words_in(start, end))
        if not inside or scene.names.in_title_case(start):
            return start, end
        last = inside[-1]
        while scene.names.adjacent(last) and words[last + 1].capital and self._of_organisation(last + 1):
            last += 1
        if scene.names.adjacent(last) and words[last + 1].capital and last > inside[-1]:
            last = inside[-1]  # a name goes on: "White House Press Secretary Ana Ruiz"
        first = inside[0]
        while (
            first
            and scene.names.adjacent(first - 1)
            and words[first - 1].capital
            and words[first - 1].start not in scene.names.sentence_starts
            and scene.tag(first - 1) in ("NNP", "NNPS")
            and not scene.names.labels[first - 1].endswith("PERSON")
        ):
            first -= 1
        return (words[first].start if first < inside[0] else start), (words[last].end if last > inside[-1] else end)

    def _of_organisation(self, i: int) -> bool:
        """Tell whether the word is the head of an organisation's name: "… Company", not "… Secretary"."""
        rule = self.lexicon.roles.get(self.scene.words[i].key)
        return rule is not None and rule.of != "person"

    def clean(self, name: str) -> str:
        """Return a name on one line without article, possessive ending and what stands in brackets."""
        name = " ".join(name.split())
        name = re.sub(r"\s*\([^)]*\)?$", "", name)
        name = re.sub(r"(?:[’']s|[’'])$", "", name).strip(' ,.;:“”"') + (
            "." if re.search(r"\b(?:[A-Z]\.)+[A-Z]\.$|\b(?:Inc|Corp|Co|Ltd)\.$", name) else ""
        )
        return re.sub(r"^(?:the|a|an)\s+(?=\S)", "", name, flags=re.IGNORECASE)

    def _definitions(self) -> dict[str, str]:
        """Return acronym → full name, from definitions in brackets."""
        found: dict[str, str] = {}
        for match in _IN_BRACKETS.finditer(self.scene.text):
            full = self._defined(match.group(1), match.start()) or self._before_bracket(match.group(1), match.start())
            if full:
                found.setdefault(match.group(1).replace(".", ""), full)
        for acronym, full in sorted(_textacy_definitions(self.scene).items()):
            name = self.clean(full)
            if name and name[0].isupper():
                found.setdefault(acronym.replace(".", ""), name)
        return found

    def _initials(self) -> dict[str, str]:
        """Return initials → the most frequent name of several words that has them."""
        initials: dict[str, str] = {}
        for form in sorted(self.forms, key=lambda f: (-self.forms[f], f)):
            letters = "".join(w[0] for w in form.split() if w[0].isupper())
            if len(letters) >= 2 and len(form.split()) >= 2:
                initials.setdefault(letters, form)
        return initials

    def _before_bracket(self, acronym: str, position: int) -> str | None:
        """Return the organisation named right before the bracket: acronyms of another language fit no initials."""
        ends = [m for m in self.mentions if m.label == "ORG" and m.end < position <= m.end + 2]
        again = self.scene.text.find(acronym, position + len(acronym)) >= 0
        return ends[-1].name if ends and again and acronym.isupper() and len(ends[-1].name.split()) > 1 else None

    def _defined(self, acronym: str, position: int) -> str | None:
        """Return the capitalised words before the bracket whose initials the acronym has."""
        letters = [letter.lower() for letter in acronym if letter.isalpha()]
        words = self.scene.words
        i = self.scene.word_at(position) - 1
        first, left = i + 1, list(letters)
        while i >= 0 and left and first - i <= 3 and i > first - len(letters) * 3:
            word = words[i]
            if word.capital and word.key[0] == left[-1]:
                left.pop()
                first = i
            elif word.capital and len(left) == len(letters):
                first = i
            i -= 1
        if (left and len(left) > max(0, len(letters) - 2)) or first >= self.scene.word_at(position):
            return None
        while left and first and words[first - 1].capital and self.scene.names.adjacent(first - 1):
            first -= 1
            left.pop()
        name = self.clean(self.scene.text[words[first].start : position])
        return name if len(name.split()) >= 2 and "\n" not in name else None


def _textacy_definitions(scene: Scene) -> dict[str, str]:
    """Return textacy's acronym definitions; nothing where it isn't installed or fails on the text."""
    if not _ACRONYM.search(scene.text):
        return {}
    try:
        from textacy.extract.acronyms import acronyms_and_definitions

        return {a: d for a, d in acronyms_and_definitions(scene.doc).items() if d}
    except Exception:  # noqa: BLE001 it raises different errors on odd texts, and is only a second opinion
        return {}
