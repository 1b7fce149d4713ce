"""Where a document writes people's names: runs of capitalised words, cleared of titles and other words."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from pipeline.parse import text_of
from pipeline.speakers.words import key_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spacy.tokens import Doc

    from pipeline.records import Layout, Span
    from pipeline.speakers.lexicon import Lexicon
    from pipeline.speakers.words import Word

Gender = Literal["male", "female", "any"]

# A name has at most this many words; a longer run of capitals is a headline or a list.
LONGEST_NAME = 6
# Words that title case leaves small.
_SMALL = frozenset(
    ["with", "from", "into", "over", "than", "upon", "amid", "about", "after", "before", "under", "near"]
)
# From this share of capitalised words on, a paragraph is written in title case (or all capitals):
# there a capital says nothing.
TITLE_CASE = 0.6
# A paragraph that ends like a sentence needs more: short ones may hold little but names.
ALL_CAPITALS = 0.94
_SENTENCE_ENDS = (".", ".”", '."', "?", "!", ".’", ".'")
_LETTERS = re.compile(r"[^\W\d_]{4,}")
# A word that describes who is named after it: "Co-moderator Ana Ruiz", "Oscar-winner Ruiz".
_COMPOUND = re.compile(
    r"^(?:Co|Ex|Vice)-[a-z]|-(?:winner|winning|backed|based|born|led|elect|owned|era|style|chair|host|anchor|founder"
    r"|author|star|nominee|nominated|endorsed|appointed|educated|trained|turned|old)$"
)
# A name with what only companies have behind it: "Arden & Co", "Arden Health, Inc."; "Arden" of "Arden & Berg".
_COMPANY = re.compile(
    r"\b([A-Z][\w’'-]*(?: [A-Z][\w’'-]*){0,3}?),? (?:& [A-Z]|(?:Inc|Corp|Co|Ltd|PLC|plc|LLC|AG|SA|NV|Holdings)\b)"
)
# What may open a sentence before somebody's or a body's name; and kinds of body that begin names.
_OPENING = frozenset(["rival", "fellow", "opposition", "neighbouring", "neighboring"])
_IN_NAMES = frozenset(["group", "business", "company", "platform", "energy", "oil", "steel", "brothers", "electric"])
_NICKNAME = re.compile(r" [“\"‘'(]([^\W\d_]+)[”\"’')] ")
_GENERATIONS = frozenset(["jr.", "jr", "sr.", "sr", "ii", "iii", "iv"])
# Endings of trades that no list holds all of: "Glaciologist Ana Ruiz".
_TRADE = re.compile(r"(?:logist|grapher|maker|keeper|woman|ician|onomist)$")


class Name(Struct, frozen=True):
    """A person's name at [start, end) without title; ``keys`` are its words as looked up.

    ``first`` and ``last`` are the indices of its first word and after its last in the document's
    words. ``title`` is the title's text before the name, ``title_start`` where the title begins.
    """

    start: int
    end: int
    keys: tuple[str, ...]
    first: int
    last: int
    title: str = ""
    title_start: int = -1
    gender: Gender = "any"


class Names:
    """Finds names in one document."""

    def __init__(self, doc: Doc, layout: Layout, lexicon: Lexicon, words: list[Word], sources: list[Span]) -> None:
        self.text = text_of(doc)
        self.lexicon = lexicon
        self.words = words
        self.starts = [word.start for word in words]
        self.sentence_starts = {s.span.start for s in layout.sentences}
        self.paragraph_starts = [p.span.start for p in layout.paragraphs]
        self.title_case = [_title_case(p.span.of(self.text)) for p in layout.paragraphs]
        self.headline = [p.zone == "headline" for p in layout.paragraphs]
        self.added = [p.zone == "boilerplate" for p in layout.paragraphs]
        self.entities = self._entities(doc)
        self.labels: list[str] = self._labels()
        self.sources = sources
        self.source_ends = frozenset(source.end for source in sources)
        self.pairs: set[tuple[str, ...]] = set()

    def find(self) -> list[Name]:
        """Return the names of people that stand on their own evidence, in text order.

        In title-case paragraphs only names that other paragraphs (or a given name and the
        entity recogniser together) vouch for.
        """
        found = [name for first, last in self._runs() if (name := self._name(first, last))]
        self.pairs = {(name.keys[0], name.keys[-1]) for name in found if len(name.keys) > 1}
        found += self._in_title_case()
        return sorted(found, key=lambda name: name.start)

    def given_alone(self) -> list[Name]:
        """Return the first names that stand alone and that the recogniser takes for a person's."""
        return [
            self._make(i, i + 1, "", -1, "any")
            for i, word in enumerate(self.words)
            if word.capital
            and ((word.key in self.lexicon.given and self.labels[i] == "B-PERSON") or self._relation_of(i))
            and not self.in_title_case(word.start)
            and not (self.adjacent(i) and self.words[i + 1].capital)
            and not (i and self.adjacent(i - 1) and self.labels[i - 1])
        ]  # fmt: skip

    def _relation_of(self, i: int) -> bool:
        """Tell whether the word names a relation of somebody's: "his sister Ellie", "her husband, Kazuo,"."""
        rule = self.lexicon.roles.get(self.words[i - 1].key) if i else None
        if rule is None or rule.id != "role.kin" or self.words[i - 1].capital:
            return False
        if self.adjacent(i - 1):
            return self.words[i].key in self.lexicon.given
        between = self.text[self.words[i - 1].close : self.words[i].start]
        return between == ", " and self.text.startswith(",", self.words[i].end)

    def source_at(self, position: int) -> Span | None:
        """Return the last source that begins at or before the position and holds it."""
        at = bisect_right(self.sources, position, key=lambda source: source.start) - 1
        return next((s for s in self.sources[max(0, at - 2) : at + 1][::-1] if position < s.end), None)

    def in_title_case(self, position: int) -> bool:
        """Tell whether the position lies in a paragraph whose capitals say nothing."""
        return self._of_paragraph(self.title_case, position)

    def in_headline(self, position: int) -> bool:
        """Tell whether the position lies in the headline."""
        return self._of_paragraph(self.headline, position)

    def _of_paragraph(self, told: list[bool], position: int) -> bool:
        at = bisect_right(self.paragraph_starts, position) - 1
        return at >= 0 and told[at]

    def adjacent(self, i: int) -> bool:
        """Tell whether only a space stands between the words ``i`` and ``i + 1`` (no paragraph border)."""
        if i + 1 >= len(self.words) or self.words[i].tail or self.words[i + 1].start in self.sentence_starts:
            return False
        gap = self.text[self.words[i].end : self.words[i + 1].start]
        return gap in (" ", "\u00a0", "  ", "\n") or self._nickname(i) or (i > 0 and self._nickname(i - 1))

    def _nickname(self, i: int) -> bool:
        """Tell whether the word after ``i`` is a nickname in marks within a name: "Robert “Red” Lang"."""
        if i + 2 >= len(self.words) or self.words[i + 1].text.isupper() or not self.words[i + 2].capital:
            return False
        found = _NICKNAME.fullmatch(self.text, self.words[i].end, self.words[i + 2].start)
        return found is not None and found.start(1) == self.words[i + 1].start

    def short(self, i: int) -> Name:
        """Return the single word ``i`` as a name, with the title before it."""
        lead = i
        while lead and self.adjacent(lead - 1) and i - lead < 5:
            begins = [k for k in range(max(0, lead - 4), lead) if self._title_to(k, lead)]
            if not begins:
                break
            lead = begins[0]
        if lead == i:
            return self._make(i, i + 1, "", -1, "any")
        hits = (self.lexicon.titles.get(self.words[k].key) for k in range(lead, i))
        gender: Gender = next((rule.gender for rule in hits if rule is not None), "any")
        title = self.text[self.words[lead].start : self.words[i - 1].end]
        return self._make(i, i + 1, title, self.words[lead].start, gender)

    def _title_to(self, first: int, last: int) -> bool:
        """Tell whether the words [first, last) are exactly one title."""
        hit = self.lexicon.titles.at(self.words, first)
        return hit is not None and first + hit[0] == last and self.words[first].capital

    def _entities(self, doc: Doc) -> list[tuple[int, int, str]]:
        """Return the recogniser's entities as (start, end, label), put right where bodies and people are mixed up."""
        found: list[tuple[int, int, str]] = []
        for ent in doc.ents:
            at = bisect_right(self.starts, ent.start_char) - 1
            label = "PERSON" if key_of(ent.text) in self.lexicon.surnames else ent.label_
            if at >= 0 and self.words[at].start == ent.start_char and (kind := self.opens_with(at)):
                found.append((self.words[at + 1].start, ent.end_char, "ORG" if kind == "body" else label))
            else:
                found.append((ent.start_char, ent.end_char, label))
        self.companies = {match[1] for match in _COMPANY.finditer(self.text)}
        self.companies |= {company.split()[0] for company in self.companies if " " in company}
        counts: dict[str, Counter[str]] = {}
        for start, end, label in found:
            counts.setdefault(self.text[start:end], Counter())[label] += 1
        bodies = {self.text[s:e] for s, e, label in found if label == "PERSON" and self._body(s, e, counts)}
        people = [shown for shown, count in counts.items() if count["PERSON"] and " " in shown and shown not in bodies]
        bodies -= {word for shown in people for word in shown.split()}
        return [(s, e, "ORG" if label == "PERSON" and self.text[s:e] in bodies else label) for s, e, label in found]

    def opens_with(self, i: int) -> Literal["", "body", "any"]:
        """Tell what opens a sentence before a name: a kind of body ("Retailer [Arden]"), or "Rival", of anybody."""
        if self.words[i].start not in self.sentence_starts or not self.adjacent(i) or not self.words[i + 1].capital:
            return ""
        key = self.words[i].key
        if key in _OPENING:
            return "any"
        company = "role_form.company" in self.lexicon.forms_of.get(key, ()) and self.lexicon.roles.get(key) is not None
        return "body" if company and key not in _IN_NAMES else ""

    def _body(self, start: int, end: int, counts: dict[str, Counter[str]]) -> bool:
        """Tell whether what was taken for a name is a body's: "retailer Arden", "Arden, which …", "Arden Steel"."""
        shown, at = self.text[start:end], bisect_right(self.starts, start) - 1
        if at < 0 or self.words[at].start != start:
            return False
        before = self.words[at - 1] if at and self.text[self.words[at - 1].close : start] == " " else None
        kind = self.lexicon.roles.get(before.key) if before is not None and not before.capital else None
        called, known = kind is not None and kind.of == "org", self.lexicon.body_names
        if " " in shown:
            given = self.words[at].key in self.lexicon.given
            company = called or key_of(shown.split()[-1]) in self.lexicon.body_words or shown in self.companies
            return not known.isdisjoint((key_of(shown), self.words[at].key)) or (company and not given)
        listed = self.words[at].key in known or self.lexicon.capitals.get(shown)
        if self.words[at].key in self.lexicon.surnames:
            return False
        company = bool(counts[shown]["ORG"] or listed or shown in self.companies)
        if company or not shown.isalpha():
            return company
        return called or self.text.startswith(", which ", end)

    def _labels(self) -> list[str]:
        """Return for each word the entity label of the token at its start, ``B-`` marked at its first word."""
        labels = [""] * len(self.words)
        for start, end, label in self.entities:
            at = bisect_right(self.starts, start - 1)
            fresh = True
            while at < len(self.words) and self.words[at].start < end:
                labels[at] = ("B-" if fresh else "I-") + label
                fresh, at = False, at + 1
        return labels

    def _runs(self) -> Iterator[tuple[int, int]]:
        """Yield [first, last) of the runs of capitalised words outside title-case paragraphs."""
        i = 0
        while i < len(self.words):
            if not self._opens(i):
                i += 1
                continue
            first = i
            while (step := self._step(i)) and i - first < 14:
                i += step
            i += 1
            yield first, i

    def _opens(self, i: int) -> bool:
        word = self.words[i]
        if not (word.capital or (word.key in self.lexicon.particles and word.key not in ("e", "y", "do", "la"))):
            return False
        if self.in_title_case(word.start) or self._of_paragraph(self.added, word.start):
            return False
        if not word.capital:
            return self._step(i) == 1 and self.words[i + 1].capital and self.labels[i].endswith("PERSON")
        rule = self.lexicon.not_names.get(word.key)
        return rule is None or rule.id != "not_name.word" or self._seen_as_name(i)

    def _seen_as_name(self, i: int) -> bool:
        """Tell whether the recogniser lets a name begin at a word that is also another: "Will Smith", "Son Woo-mok"."""
        inside = self.words[i].start not in self.sentence_starts or self.words[i].key in self.lexicon.given
        person = self.labels[i] == "B-PERSON" and i + 1 < len(self.words) and self.labels[i + 1].endswith("-PERSON")
        return inside and person and self.adjacent(i)

    def _step(self, i: int) -> int:
        """Return how many words on the run's next capitalised word is; 0 where the run ends."""
        if not self.adjacent(i):
            suffix = i + 1 < len(self.words) and self.words[i + 1].key in self.lexicon.suffixes
            comma = suffix and self.text[self.words[i].end : self.words[i + 1].start] == ", "
            return 1 if comma and not self.words[i].tail else 0
        for ahead in (1, 2, 3):
            if i + ahead >= len(self.words) or (ahead > 1 and not self.adjacent(i + ahead - 1)):
                return 0
            word = self.words[i + ahead]
            if word.capital:
                return ahead
            if word.key not in self.lexicon.particles:
                return 0
        return 0

    def _name(self, first: int, last: int) -> Name | None:
        """Return the person's name in the run [first, last), if there is one."""
        title, start, gender = self._after_title(first, last)
        titled = bool(title)
        begin, end = self._trim(start, last)
        begin, end = self._by_entity(begin, end)
        while end - begin > 1 and self._degree(end - 1):
            end -= 1
        if self.words[last - 1].end in self.source_ends and not titled:
            begin = self._behind_office(begin, end)
        if begin >= end or end - begin > LONGEST_NAME:
            return None
        titled = titled and begin == start
        posted = begin > first and end - begin > 1 and self._posted(first)
        if not self._is_person(begin, end, titled=titled or posted):
            return None
        title_start = self.words[first].start if titled else -1
        return self._make(begin, end, title if titled else "", title_start, gender if titled else "any")

    def _degree(self, i: int) -> bool:
        """Tell whether the word is a degree or an honour behind a name ("MD"), which is no part of it as "Jr." is."""
        return self.words[i].key in self.lexicon.suffixes and self.words[i].key not in _GENERATIONS

    def _behind_office(self, begin: int, end: int) -> int:
        """Return where a source's name begins behind an office's: "Council Director of Affairs | Ana Ruiz"."""
        for i in range(begin + 1, end - 1):
            known = [self.words[k].key in self.lexicon.given for k in (i - 1, i)]
            if known == [False, True] and end - i <= 3 and not self._initial(i - 1):
                return i
        return begin

    def _posted(self, first: int) -> bool:
        """Tell whether a role with "to" or "of" stands before the run: "Ambassador to [China Ana Ruiz]"."""
        if first < 2 or self.words[first - 1].key not in ("to", "of", "for"):
            return False
        key = self.words[first - 2].key
        return self.lexicon.titles.get(key) is not None or self.lexicon.roles.get(key) is not None

    def _after_title(self, first: int, last: int) -> tuple[str, int, Gender]:
        """Return the last title in the run, the index after it, and the gender that the titles tell."""
        i, after = first, first
        gender: Gender = "any"
        while i < last:
            hit = self.lexicon.titles.at(self.words, i)
            if hit and i + hit[0] < last and self.words[i + hit[0] - 1].tail == "":
                rest = self.words[i + hit[0] : last]
                named = any(w.key not in self.lexicon.suffixes for w in rest)
                surname = i > first and len(rest) == 1 and self.words[i - 1].key in self.lexicon.given
                given = len(rest) == 1 and hit[0] == 1 and self.words[i].key in self.lexicon.given  # Dean Ruiz
                if named and not surname and not given and not self._begins_name(i):
                    i += hit[0]
                    after = i
                    gender = hit[1].gender if hit[1].gender != "any" else gender
                    continue
            i += 1
        title = self.text[self.words[first].start : self.words[after - 1].end] if after > first else ""
        return title, after, gender

    def _begins_name(self, i: int) -> bool:
        """Tell whether a title's word begins a name instead: "Marine Le Pen", "General Electric"."""
        word, label = self.words[i], self.labels[i]
        if word.text.endswith(".") or self.words[i + 1].key in self.lexicon.given:
            return False
        kin = self.lexicon.roles.get(word.key)
        given = word.key in self.lexicon.given or (kin is not None and kin.id == "role.kin")  # Son Woo-mok
        return (given and label == "B-PERSON") or (label == "B-ORG" and self.labels[i + 1] == "I-ORG")

    def _trim(self, begin: int, end: int) -> tuple[int, int]:
        """Cut from the front and the back what is no part of a name: countries, parties, weekdays."""
        while begin < end:
            word = self.words[begin]
            hit = self.lexicon.countries.at(self.words, begin)
            given = word.key in self.lexicon.given and begin + 1 < end
            if given:
                break
            named = self.labels[begin].endswith("PERSON") and end - begin == 2  # Chad Baker, Israel Stone
            if self._seen_as_name(begin) and not self.lexicon.titles.get(word.key):
                break
            if hit and begin + hit[0] < end and not named:
                begin += hit[0]
            elif (
                (word.key in self.lexicon.not_names and end - begin > 1)
                or self._only_role(begin, end)
                or (end - begin > 1 and self.opens_with(begin))
            ):
                begin += 1
            else:
                break
        for i in range(begin + 1, end):
            rule = self.lexicon.not_names.get(self.words[i].key)
            month = i == begin + 1 and self.words[begin].key in self.lexicon.given  # Theresa May, Jane April
            if rule and rule.id in ("not_name.time", "not_name.word") and not self._initial(i) and not month:
                return begin, i
        return begin, end

    def _only_role(self, begin: int, end: int) -> bool:
        """Tell whether the run begins with a capitalised role before a full name: "Moderator Ana Ruiz"."""
        rule = self.lexicon.roles.get(self.words[begin].key)
        trade = _TRADE.search(self.words[begin].key) and self.words[begin + 1].key in self.lexicon.given
        if end - begin > 1 and _COMPOUND.search(self.words[begin].text):
            return True
        return end - begin > 2 and bool(trade or (rule is not None and rule.of == "person"))

    def _initial(self, i: int) -> bool:
        return len(self.words[i].key.rstrip(".")) == 1

    def _by_entity(self, begin: int, end: int) -> tuple[int, int]:
        """Narrow [begin, end) to the person that the entity recogniser sees in it, where that helps."""
        people = [i for i in range(begin, end) if self.labels[i].endswith("-PERSON")]
        if not people:
            return begin, end
        lead = people[0]
        if lead > begin and self.words[begin].key not in self.lexicon.given and self.labels[begin] != "":
            begin = lead
        tail = people[-1] + 1
        if (
            tail < end
            and self.labels[tail]
            and self.words[end - 1].key not in self.lexicon.suffixes
            and tail - begin > 1
        ):
            end = tail
        return begin, end

    def _is_person(self, begin: int, end: int, *, titled: bool) -> bool:
        words = self.words[begin:end]
        keys = [word.key for word in words]
        labels = [label[2:] for label in self.labels[begin:end]]
        given = len(keys) > 1 and keys[0] in self.lexicon.given
        whole = " ".join(keys)
        if not self.lexicon.body_names.isdisjoint((whole, whole + key_of(words[-1].tail))):  # Moody’s
            return False
        if keys[-1] in self.lexicon.not_names and not (given and labels[-1] in ("PERSON", "DATE")):
            return False
        if self.lexicon.roles.get(keys[-1]) and len(keys) > 1 and "PERSON" not in labels and not titled:
            return False
        country = self.lexicon.countries.at(self.words, begin)
        if country and country[0] == end - begin and not given and not titled:
            return False
        if titled:
            return (
                not any(label in ("GPE", "DATE") for label in labels) or len(keys) > 1 or keys[0] in self.lexicon.given
            )
        if len(keys) == 1:
            acronym = words[0].text.isupper() and not self.in_title_case(words[0].start)
            before = self.words[begin - 1].key if begin and self.adjacent(begin - 1) else ""
            family = keys[0].endswith("s") and before in ("the", "both")  # "the Clintons"
            known = len(keys[0]) > 2 and keys[0] not in self.lexicon.given
            return labels[0] == "PERSON" and known and not acronym and not family
        if labels.count("PERSON") * 2 >= len(labels):
            return True
        if keys[0] in self.lexicon.given:
            return len(keys) <= 4 and not self._organised(begin, end)
        middle = any(self._initial(i) and self.words[i].text.endswith(".") for i in range(begin + 1, end - 1))
        return (middle or self._aged(end)) and len(keys) <= 4

    def _organised(self, begin: int, end: int) -> bool:
        """Tell whether the words are the name of an organisation or place: entity label and last word say so."""
        labels = {label[2:] for label in self.labels[begin:end]}
        following = end < len(self.words) and self.words[end].capital and self.adjacent(end - 1)
        return bool(labels & {"ORG", "FAC", "GPE", "WORK_OF_ART", "LAW", "EVENT", "PRODUCT"}) and following

    def _aged(self, end: int) -> bool:
        """Tell whether an age follows the name: ", 52,"."""
        return bool(re.match(r", \d\d?[,.;]", self.text[self.words[end - 1].end : self.words[end - 1].end + 6]))

    def _make(self, begin: int, end: int, title: str, title_start: int, gender: Gender) -> Name:
        start, stop = self.words[begin].start, self.words[end - 1].end
        keys = tuple(key_of(w.text) for w in self.words[begin:end])
        return Name(start, stop, keys, begin, end, title, title_start, gender)

    def _in_title_case(self) -> Iterator[Name]:
        """Yield the names in title-case paragraphs: a given name, or a known pair of names."""
        i = 0
        while i + 1 < len(self.words):
            name = self._pair(i) if self.in_title_case(self.words[i].start) else None
            if name:
                yield name
                i = name.last
            else:
                i += 1

    def _pair(self, i: int) -> Name | None:
        for length in (3, 2):
            end = i + length
            if end > len(self.words) or not all(self.adjacent(k) for k in range(i, end - 1)):
                continue
            keys = tuple(w.key for w in self.words[i:end])
            if not all(w.capital for w in self.words[i:end]):
                continue
            person = all(label.endswith("PERSON") for label in self.labels[i:end]) and (
                end >= len(self.words) or self.labels[end] != "I-PERSON"
            )
            known = (keys[0], keys[-1]) in self.pairs
            if known or (person and keys[0] in self.lexicon.given and keys[-1] not in self.lexicon.not_names):
                return self._make(i, end, "", -1, "any")
        return None


def _title_case(paragraph: str) -> bool:
    found = [word for word in _LETTERS.findall(paragraph) if word not in _SMALL]
    capital = sum(word[0].isupper() for word in found)
    if paragraph.endswith(_SENTENCE_ENDS):
        return len(found) > 5 and capital / len(found) >= ALL_CAPITALS
    return len(found) > 3 and capital / len(found) >= TITLE_CASE
