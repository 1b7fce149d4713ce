"""Organisations of one document: their name forms joined to the fullest, acronyms both ways."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct

from pipeline.speakers.words import key_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.speakers.scene import Scene

_ACRONYM = re.compile(r"[A-Z](?:[A-Z&.]|[a-z](?=[A-Z])){1,9}")
# What textacy may know the definition of.
_CAPITALS = re.compile(r"(?<![\w&.-])[A-Z]{3,8}(?![\w&-])")
_BEGINNING = re.compile(r"(?<![^\W_])[A-Z]")
# Code points before or after an acronym in which its definition may stand.
NEAR = 80
_IN_BRACKETS = re.compile(r"\(([A-Z][A-Za-z&.]{1,9})\)")
_DATELINE = re.compile(r"[A-Z][A-Z .'’/]{3,40}(?:,[^\n]{0,40})?(?: \([A-Za-z]{2,12}\))? ?[-–—] ?")
_ADJECTIVE = re.compile(r"[a-z](?:ic|al|ive|ary|ian|ental)$")
# Where the place ends in a dateline.
_FILED = re.compile(r"[,(:–—]| -")
_CONNECTORS = frozenset(["of", "for", "and", "the", "&", "on", "in", "to", "de", "du", "la"])
_LABELS = frozenset(["ORG", "GPE", "NORP", "FAC", "LOC"])
# Kinds of body that bear another's name: the Arden Workers Union is not Arden.
OTHERS = frozenset(
    ["role_form.union", "role_form.association", "role_form.alliance", "role_form.court", "role_form.police",
     "role_form.committee", "role_form.hospital"]
)  # fmt: skip
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
        self.known: dict[str, str] = {}
        self.countries: dict[str, list[str]] = {}
        self.by_word: dict[str, list[str]] = {}
        for form in sorted(self.forms):
            for word in {key_of(w) for w in form.split()}:
                self.by_word.setdefault(word, []).append(form)
            if (country := self._country(form)) is not None:
                self.countries.setdefault(country, []).append(form)

    def within(self, start: int, end: int) -> list[Organisation]:
        """Return the mentions that lie in [start, end)."""
        low, high = bisect_left(self.starts, start), bisect_left(self.starts, end)
        return [mention for mention in self.mentions[low:high] if mention.end <= end]

    def before(self, position: int, count: int = 8) -> list[Organisation]:
        """Return the last mentions before the position, nearest first."""
        at = bisect_left(self.starts, position)
        return self.mentions[max(0, at - count) : at][::-1]

    def joins(self, i: int) -> bool:
        """Tell whether the word ``i`` belongs to the same name as the one after it."""
        words = self.scene.words
        if words[i].tail:
            return False
        gap = self.scene.text[words[i].end : words[i + 1].start]
        if gap not in (" ", "\u00a0", "/", "-", " & "):
            return False
        return words[i].capital or (words[i].key in ("of", "for", "and", "&") and i > 0 and words[i - 1].capital)

    def fullest(self, name: str) -> str:
        """Return the fullest form that the document gives of an organisation's name."""
        if (known := self.known.get(name)) is not None:
            return known
        seen, full = {name}, name
        while (fuller := self._fuller(full)) not in seen:
            seen.add(fuller)
            full = fuller
        self.known[name] = full
        return full

    def begun_by(self, word: str) -> str | None:
        """Return the one organisation of several words whose name begins with the word: "Arden" of "Arden Oil"."""
        forms = [form for form in self.by_word.get(key_of(word), ()) if form.split()[0] == word != form]
        forms = [form for form in forms if not OTHERS & self.lexicon.forms_of.get(key_of(form.split()[-1]), set())]
        return forms[0] if len(forms) == 1 and all(self._of_name(more) for more in forms[0].split()[1:]) else None

    def _of_name(self, word: str) -> bool:
        """Tell whether a word may be part of a name: not "board" of "NAACP board", nor "Poll" of "Gallup Poll"."""
        rule = self.lexicon.roles.get(word)
        return word[0].isupper() and (rule is None or rule.of != "document")

    def _fuller(self, name: str) -> str:
        stripped = name.replace(".", "")
        if definition := self.definitions.get(stripped) or self._by_initials(name, stripped):
            return definition
        keys = [key_of(word) for word in name.split()]
        if not keys:
            return name
        if (country := self._country(name)) is not None:
            return max((f for f in self.countries.get(country, ()) if "." not in f), key=len, default=name)
        if len(keys) == 1 and keys[0] in self.lexicon.body_names:
            return self.begun_by(name) or name
        candidates = [f for f in self.by_word.get(keys[-1], ())[:50] if self._extends(keys, f) or _spells(name, f)]
        if not candidates:
            return (len(keys) == 1 and self.begun_by(name)) or name
        return max(candidates, key=lambda form: (self.forms[form], len(form), form))

    def _by_initials(self, name: str, letters: str) -> str | None:
        """Return the most frequent name with these initials where the name is an acronym, and no country's."""
        acronym = letters.isupper() and _ACRONYM.fullmatch(name)
        return self.initials.get(letters) if acronym and self._country(name) is None else None

    def _country(self, name: str) -> str | None:
        """Return the id of the country whose name this is."""
        words = self.lexicon.words(name)
        hit = self.lexicon.country_names.at(words, 0) if words else None
        return hit[1].id if hit and hit[0] == len(words) else None

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
            if "the" in longer[:extra]:
                return False
            return lead[0].isupper() and not lead.endswith(("’s", "'s"))
        inside = any(longer[i : i + len(keys)] == keys for i in range(len(longer)))
        kind = self.lexicon.roles.get(longer[-1])
        body = longer[-1] in self.lexicon.body_words or (kind is not None and kind.of == "org")
        return inside and body and len(keys) >= 2 and extra <= 2 and "of" not in longer

    def _find(self) -> None:
        """Enter what the recogniser found, and the same names where it found them not."""
        found: list[Organisation] = []
        datelines = (p.span.of(self.scene.text) for p in self.scene.layout.paragraphs if p.zone == "dateline")
        filed = {_FILED.split(dateline)[0].strip().casefold() for dateline in datelines}
        for first, last, label in self.scene.names.entities:
            shown = self.scene.text[first:last]
            if label not in _LABELS or key_of(shown) in _CONNECTORS:
                continue
            start, end = self._grown(first, first + len(shown.rstrip(' ([,;:-–—"“')))
            start = self._behind_kind(start, end)
            name = self.clean(self.scene.text[start:end])
            # The recogniser errs now and then; the register of people has read the whole text.
            somebody = any((m.start, m.end) == (start, end) for m in self.scene.people.within(start, end))
            if self._dateline(start, name) or somebody or (found and start < found[-1].end):
                continue
            if name.casefold() in filed:
                label = "GPE"
            if found and self._joined(found[-1], start, end):
                before = found.pop()
                start, label = before.start, before.label
                name = self.clean(self.scene.text[start:end])
            if name and name[0].isupper():
                found.append(Organisation(start, end, name, label))
        self.mentions = sorted([*found, *self._again(found)], key=lambda mention: mention.start)
        for mention in self.mentions:
            if mention.label in ("ORG", "GPE") and not self.scene.names.in_title_case(mention.start):
                self.forms[mention.name] += 1

    def _joined(self, last: Organisation, start: int, end: int) -> bool:
        """Tell whether two entities are one name: "National Oceanic" and "Atmospheric Administration"."""
        text = self.scene.text
        if last.label != "ORG" or text[last.end : start] != " and " or " " not in text[start:end]:
            return False
        adjectives = (text[last.start : last.end].split()[-1], text[start:end].split()[0])
        return all(_ADJECTIVE.search(word) for word in adjectives)

    def _dateline(self, start: int, name: str) -> bool:
        """Tell whether the name is the place in capitals that opens a report: "STRATHAVEN, Oct 21 (NNA) - …"."""
        opens = name.isupper() and self.scene.layout.paragraphs[self.scene.paragraph(start)].span.start == start
        return opens and _DATELINE.match(self.scene.text, start) is not None

    def _again(self, found: list[Organisation]) -> Iterator[Organisation]:
        """Yield the places outside all mentions where a name found once stands again."""
        words = self.scene.words
        labels: dict[tuple[str, ...], Organisation] = {}
        for mention in found:
            keys = tuple(word.text for word in self.lexicon.words(mention.name))
            if keys and mention.label == "ORG" and not self.scene.names.in_title_case(mention.start):
                labels.setdefault(keys, mention)
        lengths: dict[str, set[int]] = {}
        for keys in labels:
            lengths.setdefault(keys[0], set()).add(len(keys))
        starts = [mention.start for mention in found]
        for i, word in enumerate(words):
            for length in sorted(lengths.get(word.text, ()), reverse=True):
                if i + length > len(words) or any(words[k].tail for k in range(i, i + length - 1)):
                    continue
                known = labels.get(tuple(words[k].text for k in range(i, i + length)))
                if known is None or self.scene.text[word.start : words[i + length - 1].end] != known.name:
                    continue
                end = words[i + length - 1].end
                at = bisect_left(starts, end) - 1
                if (at < 0 or found[at].end <= word.start) and not self._inside_name(i, i + length):
                    yield Organisation(word.start, end, known.name, "ORG")
                break

    def _inside_name(self, first: int, last: int) -> bool:
        """Tell whether the words [first, last) are part of a longer name, or somebody's."""
        names, words = self.scene.names, self.scene.words
        longer = (first > 0 and names.adjacent(first - 1) and names.labels[first][:1] == "I") or (
            names.adjacent(last - 1) and words[last].capital
        )
        return longer or bool(self.scene.people.within(words[first].start, words[last - 1].end))

    def _behind_kind(self, start: int, end: int) -> int:
        """Return where the name begins behind a common noun: "Trade union [Workforce]"."""
        words = self.scene.words
        for i in self.scene.words_in(start, end):
            rule = self.lexicon.roles.get(words[i].key)
            kind = rule is not None and rule.of == "org" and not words[i].capital
            if kind and words[i].close < end and words[i + 1].capital:
                return words[i + 1].start
        return start

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
        if len(inside) > 1 and last == inside[-1] and self._begins_title(last):
            return start, words[last - 1].end
        if (further := self._further(last)) > last:
            return start, words[further].end
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

    def _begins_title(self, i: int) -> bool:
        """Tell whether a title of more than one word begins here: "[White House] Press Secretary"."""
        hit = self.lexicon.titles.at(self.scene.words, i) or self.lexicon.roles.at(self.scene.words, i)
        return hit is not None and hit[0] > 1 and self.scene.names.adjacent(i) and self.scene.words[i + 1].capital

    def _further(self, last: int) -> int:
        """Return where a body's name ends that goes on: "Court of Appeals [for the Sixth Circuit]"."""
        words, scene = self.scene.words, self.scene
        if words[last].key == "of" and scene.names.adjacent(last) and words[last + 1].capital:
            return last + 1  # cut by the recogniser: "Reserve Bank of"
        if not self._of_organisation(last) and words[last].key != "appeals":
            return last
        i = last + 1
        while i < len(words) and i - last < 4 and scene.names.adjacent(i - 1):
            if words[i].capital:
                break
            if words[i].key not in ("of", "for", "on", "the", "a"):
                return last
            i += 1
        if i == last + 1 or i >= len(words) or not words[i].capital or not scene.names.adjacent(i - 1):
            return last
        rule = self.lexicon.not_names.get(words[i].key)
        if (rule and rule.id == "not_name.time") or scene.names.labels[i].endswith(("PERSON", "DATE", "B-ORG")):
            return last
        while scene.names.adjacent(i) and words[i + 1].capital:
            i += 1
        return i

    def _of_organisation(self, i: int) -> bool:
        """Tell whether the word is the head of an organisation's name: "… Company", not "… Secretary"."""
        rule = self.lexicon.roles.get(self.scene.words[i].key)
        return rule is not None and rule.of != "person"

    def clean(self, name: str) -> str:
        """Return a name on one line without article, possessive ending and what stands in brackets."""
        name = " ".join(name.split())
        if key_of(name) in self.lexicon.body_names:  # Moody’s
            return name
        name = re.sub(r"\s*\([^)]*\)?$", "", name)
        name = re.sub(r"(?: (?:for|of|and|the|at|in|on|to|by))+$", "", name)
        name = re.sub(r"(?:[’']s|[’'])$", "", name).strip(' ,.;:“”"') + (
            "." if re.search(r"\b(?:[A-Z]\.)+[A-Z]\.$|\b(?:Inc|Corp|Co|Ltd)\.$", name) else ""
        )
        return re.sub(r"^(?:(?:the|a|an)\s+)?(?:[\w.]+-based\s+)?(?=\S)", "", name, flags=re.IGNORECASE)

    def _definitions(self) -> dict[str, str]:
        """Return acronym → full name, from definitions in brackets."""
        found: dict[str, str] = {}
        for match in _IN_BRACKETS.finditer(self.scene.text):
            full = self._defined(match.group(1), match.start()) or self._before_bracket(match.group(1), match.start())
            if full:
                found.setdefault(match.group(1).replace(".", ""), full)
        for acronym, full in self._without_brackets(found):
            name = self.clean(full)
            if name and name[0].isupper():
                found.setdefault(acronym, name)
        return found

    def _without_brackets(self, found: dict[str, str]) -> Iterator[tuple[str, str]]:
        """Yield acronyms with what textacy takes for their definition: "the Trans-Pacific Partnership, or TPP".

        It is asked only about sentences in which names near an acronym begin with its letters.
        """
        text = self.scene.text
        asked: set[tuple[int, str]] = set()
        for match in _CAPITALS.finditer(text):
            acronym, sentence = match.group(), self.scene.sentence_start(match.start())
            if acronym in found or (sentence, acronym) in asked:
                continue
            asked.add((sentence, acronym))
            end = self.scene.sentence_end(match.start())
            before = text[max(sentence, match.start() - NEAR) : match.start()]
            if _begin(acronym, before) or _begin(acronym, text[match.end() : min(end, match.end() + NEAR)]):
                span = self.scene.doc.char_span(sentence, end, alignment_mode="expand")
                yield from ((a, d) for a, d in _textacy_definitions(span).items() if a == acronym)

    def _initials(self) -> dict[str, str]:
        """Return initials → the most frequent name of several words that has them."""
        initials: dict[str, str] = {}
        for form in sorted(self.forms, key=lambda f: (-self.forms[f], f)):
            words = [w for w in re.split(r"[ -]", form) if w[:1].isupper()]
            letters = "".join(w[0] for w in words)
            if len(letters) >= 2:
                initials.setdefault(letters, form)
        for form, letters in [(form, letters) for letters, form in initials.items()]:
            if len(letters) > 2 and " of " in form:  # VA for the Department of Veterans Affairs
                initials.setdefault(letters[1:], form)
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


def _spells(name: str, form: str) -> bool:
    """Tell whether the form writes out initials that the name begins with: "NY Post", "New York Post"."""
    first, *rest = name.split()
    words = form.split()
    lead = words[: len(words) - len(rest)]
    return (
        bool(rest)
        and first.isupper()
        and words[len(lead) :] == rest
        and first == "".join(w[0] for w in lead) != lead[0]
    )


def _begin(letters: str, words: str) -> bool:
    """Tell whether capitalised words begin with these letters, in this order; others may stand between."""
    at = 0
    for word in _BEGINNING.finditer(words):
        if word.group() == letters[at]:
            at += 1
            if at == len(letters):
                return True
    return False


def _textacy_definitions(sentence: Any) -> dict[str, str]:
    """Return the acronyms of a sentence (a spaCy Span) with their definitions, as textacy finds them."""
    import textacy.extract.acros  # takes seconds to load, and few documents need it

    acros: Any = textacy.extract.acros
    if not hasattr(acros.np, "NaN"):  # textacy 0.13 takes it by a name that NumPy 2 has no more
        acros.np = SimpleNamespace(**vars(np), NaN=np.nan)
    return {acronym: full for acronym, full in acros.acronyms_and_definitions(sentence).items() if full}
