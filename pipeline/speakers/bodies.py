"""Which organisation "the company", "it" or "the report" means: candidates ranked by what they are and where."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from pipeline.speakers.scene import SUBJECT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.records import Attribution, Span
    from pipeline.speakers.found import Found
    from pipeline.speakers.organisations import Organisation, Organisations
    from pipeline.speakers.scene import Scene
    from pipeline.speakers.sources import NounPhrase

Anaphor = Literal["it", "body", "document"]

# So many mentions before the anaphor are looked at, and of so many different bodies.
MENTIONS = 60
CANDIDATES = 12
# Sentences back; beyond the last one a mention is far.
NEAR = 3
# Sentences over which a candidate's mentions are counted as those of the moment.
LOCAL = 8
# The first paragraphs, which name late what they are about; an anaphor of more words than LONG says itself what it is.
EARLY, LONG = 2, 3
# Words that share so many letters are taken for forms of one: "appeals", "Appeal".
STEM = 5
# The last speakers are candidates, too; so many.
VOICES = 6
# An anaphor in the first paragraphs may be named after it ("A new poll …"), within so many characters.
AHEAD = 600
# The key of nothing that has a name.
NOTHING = ""
DEFINITE = frozenset(["the", "this", "that", "its", "their", "his", "her", "our"])
STATES = frozenset(
    ["country", "nation", "government", "state", "city", "town", "kingdom", "republic", "county", "province"]
)
# Documents that are not what somebody says today.
_LAID_DOWN = frozenset(["rules", "rule", "laws", "law", "records", "filings", "guidelines", "documents"])
_PLACED, PLACED = re.compile(r"\b(?:in|at|near|from|to|across|outside) (?:the )?\Z"), 16
# What stands before a journal in which something is published: it does not say so.
_JOURNAL, JOURNAL = re.compile(r"\b(?:journal|published (?:\w+ )?in|appeared in) (?:the )?\Z"), 40
_BY = re.compile(r"(?: [a-z]+){0,4} (?:by|from) (?:the )?")
# So many documents with an issuer, before the anaphor and after it, are looked at.
ISSUED = 20
# Documents that are somebody's own words, and the features that tell whose.
_UTTERANCES = frozenset(
    ["statement", "letter", "email", "e-mail", "memo", "message", "post", "tweet", "note", "speech"]
)  # fmt: skip
_OF_UTTERANCE = ("nothing", "nothing-indefinite", "spoke", "spoke-person", "spoke-org", "spoke-last-0", "spoke-last-1")
# The features that weigh differently for each kind of anaphor; the others are too few to be told apart.
_BY_KIND = frozenset(
    ["nothing", "nothing-indefinite", "nothing-early", "nothing-fit", "nothing-again", "fits", "other-kind", "place",
     "state", "spoke-org", "spoke-document", "spoke-person", "again", "often"]
)  # fmt: skip
Features = dict[str, dict[str, float]]

# Weights of a softmax over the candidates, fitted by ``training/speakers.py``; those of "issued-near", "issued-before"
# and "it-issued" are set by hand: a text names a poll's maker once, mostly, but the labels show it too seldom.
WEIGHTS: dict[str, float] = {
    "ahead": 0.63, "ahead-0": 0.22, "ahead-1": 0.0, "ahead-2": 0.4, "ahead-subject": 1.07, "body-again": 0.98,
    "body-fits": 1.33, "body-nothing": 1.32, "body-nothing-again": 0.18, "body-nothing-early": -0.93,
    "body-nothing-fit": -0.98, "body-nothing-indefinite": 0.91, "body-often": 0.91, "body-other-kind": -1.73,
    "body-place": -0.89, "body-spoke-document": -0.39, "body-spoke-org": 0.33, "body-state": 1.24,
    "document-again": 2.93, "document-fits": 0.38, "document-nothing": 3.2, "document-nothing-again": -0.29,
    "document-nothing-early": -0.47, "document-nothing-fit": 1.02, "document-nothing-indefinite": -0.2,
    "document-often": 0.45, "document-other-kind": 0.58, "document-place": -1.71,
    "document-spoke-document": -1.56, "document-spoke-org": 0.73, "document-spoke-person": -0.14,
    "document-state": 0.0, "indefinite": -1.72, "issued": -1.25, "issued-ahead": 0.9, "issued-before": 0.0,
    "issued-near": 2.0, "issued-same": 1.01, "it-again": 0.0, "it-fits": 0.0, "it-issued": 2.5,
    "it-nothing": 2.11, "it-nothing-again": 0.0, "it-nothing-early": 0.0, "it-nothing-fit": 0.0,
    "it-nothing-indefinite": 0.0, "it-often": 0.13, "it-other-kind": 0.0, "it-place": -0.36,
    "it-spoke-document": -0.71, "it-spoke-org": 2.16, "last-subject": 0.29, "local": 0.12, "modified": 0.71,
    "modified-not": -0.64, "most": 0.32, "nearest": 0.75, "nothing-long": -0.8, "nothing-modified": 0.13,
    "other-0": 1.09, "other-1": -0.37, "other-2": -0.05, "other-3": -0.2, "own-content": 0.34, "placed": -0.97,
    "said-nothing": -0.51, "said-nothing-indefinite": -0.53, "said-spoke": 1.36, "said-spoke-last-0": -0.14,
    "said-spoke-last-1": 0.08, "said-spoke-org": -0.33, "said-spoke-person": 1.73, "same-paragraph": 0.94,
    "second": 0.44, "seen": -0.99, "spoke": 0.42, "spoke-described": -0.17, "spoke-last-0": 0.2,
    "spoke-last-1": 1.81, "spoke-last-2": 1.26, "spoke-last-3": 0.55, "subject-0": 0.01, "subject-1": -0.75,
    "subject-2": -0.13, "subject-3": -0.59, "told": -0.24,
}  # fmt: skip


class Bodies:
    """Finds the candidates for one document."""

    def __init__(self, scene: Scene, organisations: Organisations) -> None:
        self.scene = scene
        self.organisations = organisations
        self.kinds: dict[str, set[str]] = {}
        self.counts: Counter[str] = Counter()
        self.places: Counter[str] = Counter()
        for mention in organisations.mentions:
            name = organisations.fullest(mention.name)
            self.counts[name] += 1
            self.places[name] += 1 if mention.label == "GPE" else -1
            self.kinds.setdefault(name, self._forms(name)).update(self._beside(mention))

    def features(
        self, kind: Anaphor, source: Span, phrase: NounPhrase | None, attribution: Attribution,
        voices: list[tuple[int, Found]], again: str | None,
    ) -> Features:  # fmt: skip
        """Return whom the anaphor may mean by name, nothing that has one (NOTHING) among them, with their features.

        ``voices`` are the speakers so far with their places; ``again`` is whom the same noun meant before.
        """
        found: Features = {}
        early = kind != "it" and self.scene.paragraph(source.start) <= EARLY
        indefinite = kind != "it" and (phrase is None or phrase.determiner not in DEFINITE)
        self._mentioned(found, source, attribution)
        self._spoke(found, source, voices, kind)
        if kind == "it":
            self._of_document(found, source)
        if early and (indefinite or not any(self._at_hand(known) for known in found.values())):
            self._ahead(found, source)
        if kind == "document" and phrase is not None:
            self._issuers(found, source, phrase)
        heads = set() if phrase is None else self._forms(phrase.role)
        modifiers = [] if phrase is None else self._modifiers(phrase)
        for name, known in found.items():
            known |= self._fit(name, heads, modifiers)
            known |= {"often": math.log1p(self.counts[name]), "local": math.log1p(known.get("local", 0.0))}
            if phrase is not None and "place" in known:
                known["state"] = float(phrase.role in STATES)
            known["again"] = float(name == again)
            known["indefinite"] = float(indefinite and "ahead" not in known)
        top = max((known["often"] for known in found.values()), default=0.0)
        for known in found.values():
            known["most"] = float(known["often"] == top)
        found[NOTHING] = {
            "nothing": 1.0, "nothing-indefinite": float(indefinite), "nothing-early": float(early),
            "nothing-long": float(self.scene.word_at(source.end) - self.scene.word_at(source.start) > LONG),
            "nothing-modified": float(len(modifiers)),
            "nothing-fit": float(any(known["fits"] for known in found.values())),
            "nothing-again": float(again is not None),
        }  # fmt: skip
        if phrase is not None and phrase.role in _UTTERANCES:
            for known in found.values():
                known |= {f"said-{feature}": known[feature] for feature in _OF_UTTERANCE if feature in known}
        return {
            name: {f"{kind}-{f}" if f in _BY_KIND else f: v for f, v in known.items()} for name, known in found.items()
        }

    def _at_hand(self, known: dict[str, float]) -> bool:
        """Tell whether a body has just spoken or been named in the paragraph: "the company" is hardly one to come."""
        named = known.get("same-paragraph") and "place" not in known
        return bool("spoke-last-0" in known or "spoke-last-1" in known or named)

    def _fit(self, name: str, heads: set[str], modifiers: list[str]) -> dict[str, float]:
        """Return how well the anaphor's words, its kinds of body and what stands before them, fit a candidate."""
        kinds = self.kinds.get(name) or self._forms(name)
        fits, told = bool(heads & kinds), bool(heads and kinds)
        features = {"fits": float(fits), "other-kind": float(told and not fits)}
        if modifiers:
            own = [word.key[:STEM] for word in self.scene.lexicon.words(name)]
            share = sum(word[:STEM] in own for word in modifiers) / len(modifiers)
            features |= {"modified": share, "modified-not": 1.0 - share}
        return features

    def issuer_before(self, first: int, head: int) -> str | None:
        """Return the name before a document's head (word indices): "a [Reuters/Ipsos] tracking poll".

        Of a poll any capitals will do, of another document only where the recogniser has a body in them.
        """
        words, labels = self.scene.words, self.scene.names.labels
        rule = self.scene.lexicon.roles.get(words[head].key)
        if self.scene.names.in_title_case(words[head].start) or words[head].key in _LAID_DOWN:
            return None
        owners = (i + 1 for i in range(first, head) if words[i].possessive and words[i].capital)
        last = next((i for i in owners if not self._no_name(i - 1)), head)
        while last > first and not words[last - 1].capital:
            last -= 1
        begin = last
        while begin > first and (words[begin - 1].capital or self.organisations.joins(begin - 1)):
            begin -= 1
        while begin < last and (self._no_name(begin) or labels[begin].endswith("-NORP")):
            begin += 1
        hit = self.scene.lexicon.countries.at(words, begin) if begin < last else None
        if begin == last or (hit is not None and begin + hit[0] >= last):
            return None
        named = any(labels[i].endswith("-ORG") for i in range(begin, last))
        poll = (rule is not None and rule.id == "role.poll") or words[head].key == "study"
        return self.scene.text[words[begin].start : words[last - 1].end] if named or poll else None

    def _no_name(self, i: int) -> bool:
        """Tell whether the word begins no name at all: "Monday", "New"."""
        names, word = self.scene.names, self.scene.words[i]
        rule = self.scene.lexicon.not_names.get(word.key)
        loose = word.start in names.sentence_starts and not names.labels[i]
        return loose or (rule is not None and rule.id in ("not_name.time", "not_name.word"))

    @cached_property
    def issued(self) -> list[tuple[int, str, str]]:
        """Return where a document is named with its issuer: position, head and who: "a poll by Edison Research"."""
        words, names = self.scene.words, self.scene.names
        found: list[tuple[int, str, str]] = []
        for i, word in enumerate(words):
            rule = self.scene.lexicon.roles.get(word.key)
            if rule is None or rule.of != "document":
                continue
            first = i
            while first and i - first < 6 and (names.adjacent(first - 1) or self.organisations.joins(first - 1)):
                first -= 1
            name = self.issuer_before(first, i)
            if name is None:
                behind = self.organisations.within(word.end, word.end + 60)
                by = behind and _BY.fullmatch(self.scene.text, word.end, behind[0].start)
                name = behind[0].name if by and behind[0].label == "ORG" else None
            if name is not None:
                full = self.organisations.fullest(self.organisations.clean(name))
                found.append((word.start, self._document(word.key), full))
        return sorted([*found, *self._told_in()])

    def _told_in(self) -> Iterator[tuple[int, str, str]]:
        """Yield the documents in which a body says something: "the agency said in its report"."""
        for attribution in self.scene.attributions:
            if attribution.medium is None or attribution.source is None:
                continue
            named = self.organisations.within(attribution.source.start, attribution.source.end)
            words = self.scene.words_in(attribution.medium.start, attribution.medium.end)
            rules = [(i, self.scene.lexicon.roles.get(self.scene.words[i].key)) for i in words]
            head = next((i for i, rule in rules if rule is not None and rule.of == "document"), None)
            if head is not None and named and named[0].label == "ORG":
                kind = self._document(self.scene.words[head].key)
                yield attribution.medium.start, kind, self.organisations.fullest(named[0].name)

    def _document(self, key: str) -> str:
        """Return the kind of a document by its head: polls and surveys are one, the others their word's singular."""
        rule = self.scene.lexicon.roles.get(key)
        return rule.id if rule is not None and rule.id == "role.poll" else key.rstrip("s")

    def _issuers(self, found: Features, source: Span, phrase: NounPhrase) -> None:
        """Enter who is said anywhere to have made a document of the kind."""
        head = self._document(phrase.role.split()[-1])
        at = bisect_left(self.issued, (source.start,))
        for position, kind, name in self.issued[max(0, at - ISSUED) : at + ISSUED]:
            known = found.setdefault(name, {})
            known["issued-same" if kind == head else "issued"] = 1.0
            away = self.scene.paragraph(position) - self.scene.paragraph(source.start)
            if kind == head:
                known["issued-ahead" if position > source.start else "issued-before"] = 1.0
                known["issued-near"] = max(known.get("issued-near", 0.0), 1.0 / (1 + abs(away)))

    def _of_document(self, found: Features, source: Span) -> None:
        """Enter who made a document that the sentence before is about: "A study by Arden came out. It …"."""
        sentence = self.scene.sentence(source.start)
        at = bisect_left(self.issued, (source.start,))
        for position, _, name in self.issued[max(0, at - 2) : at]:
            token = self.scene.token(position)
            if sentence - self.scene.sentence(position) == 1 and token is not None and token.dep_ in SUBJECT:
                found.setdefault(name, {})["it-issued"] = 1.0

    def _mentioned(self, found: Features, source: Span, attribution: Attribution) -> None:
        scene = self.scene
        sentence, paragraph = scene.sentence(source.start), scene.paragraph(source.start)
        within = scene.inside_content(source.start, attribution)
        free = subjects = 0
        for mention in self.organisations.before(source.start, MENTIONS):
            if mention.label not in ("ORG", "GPE"):
                continue
            if _JOURNAL.search(scene.text, max(0, mention.start - JOURNAL), mention.start):
                continue
            name = self.organisations.fullest(mention.name)
            if name not in found:
                if len(found) >= CANDIDATES:
                    continue
                found[name] = {"place": 1.0} if self.places[name] > 0 else {}
            known = found[name]
            if not within and scene.inside_content(mention.start, attribution):
                known["own-content"] = 1.0
                known["placed"] = float(self._placed(mention))
                continue
            away = sentence - scene.sentence(mention.start)
            known["local"] = known.get("local", 0.0) + (away <= LOCAL)
            if "seen" in known:
                continue
            known["seen"] = 1.0
            subject = self._subject(mention)
            known[f"{'subject' if subject else 'other'}-{min(away, NEAR)}"] = 1.0
            known["last-subject"] = float(subject and subjects == 0)
            subjects += subject
            if free < 2:
                known["nearest" if free == 0 else "second"] = 1.0
            free += 1
            known["same-paragraph"] = float(scene.paragraph(mention.start) == paragraph)
            known["told"] = float(self._told(mention))
            known["placed"] = float(self._placed(mention))

    def _spoke(self, found: Features, source: Span, voices: list[tuple[int, Found]], kind: Anaphor) -> None:
        sentence = self.scene.sentence(source.start)
        for number, (place, voice) in enumerate(reversed(voices[-VOICES:])):
            if voice.type == "unnamed" or (voice.type == "person" and kind != "document"):
                continue
            if kind == "body" and voice.name.islower() and " " not in voice.name:
                continue  # itself a description without a name
            known = found.setdefault(voice.name, {})
            if "spoke" in known:
                continue
            known["spoke"] = 1.0
            known[f"spoke-{voice.type}"] = 1.0
            known["spoke-described"] = float(voice.name.islower())
            if number == 0:
                known[f"spoke-last-{min(NEAR, max(0, sentence - self.scene.sentence(place)))}"] = 1.0

    def _ahead(self, found: Features, source: Span) -> None:
        """Enter what is named soon after the anaphor: "A new poll … the Ruiz Institute poll"."""
        ahead = [m for m in self.organisations.within(source.end, source.end + AHEAD) if m.label == "ORG"]
        for number, mention in enumerate(ahead[:3]):
            known = found.setdefault(self.organisations.fullest(mention.name), {})
            if "seen" not in known and "ahead" not in known:
                known["ahead"] = 1.0
                known[f"ahead-{number}"] = 1.0
                known["ahead-subject"] = float(self._subject(mention))

    def _subject(self, mention: Organisation) -> bool:
        token = self.scene.token(mention.end - 1)
        return token is not None and token.dep_ in SUBJECT

    def _placed(self, mention: Organisation) -> bool:
        """Tell whether the organisation stands as a place: "in Nordby"."""
        return _PLACED.search(self.scene.text, max(0, mention.start - PLACED), mention.start) is not None

    def _told(self, mention: Organisation) -> bool:
        """Tell whether the organisation is only told something, or credited: "told Reuters", "(AP)"."""
        before = self.scene.text[max(0, mention.start - 10) : mention.start].casefold()
        return before.endswith(("told ", "told the ", "(")) or self.scene.text[mention.end : mention.end + 1] == "/"

    def _modifiers(self, phrase: NounPhrase) -> list[str]:
        """Return the nouns and names before the head: "disaster" of "the disaster agency"."""
        words, role = self.scene.words, phrase.role.split()
        return [
            words[i].key for i in range(phrase.first, phrase.head)
            if words[i].key not in role and (words[i].capital or self.scene.tag(i) in ("NN", "NNS", "NNP", "JJ"))
        ]  # fmt: skip

    def _forms(self, words: str) -> set[str]:
        """Return the words' keys that are a body's kind, with the role forms they belong to."""
        lexicon = self.scene.lexicon
        found = set(lexicon.forms_of.get(words, ()))
        for word in lexicon.words(words):
            role = lexicon.roles.get(word.key)
            if role is not None and role.of in ("org", "document"):
                found.add(word.key)
            found |= set(lexicon.forms_of.get(word.key, set()))
        return found

    def _beside(self, mention: Organisation) -> set[str]:
        """Return what kind of body the words beside a mention say it is: "retailer Arden", "Arden, a bank in Rome"."""
        scene = self.scene
        at = scene.word_at(mention.start)
        found = set()
        if at and scene.text[scene.words[at - 1].close : mention.start] in (" ", " the ", " The "):
            found |= self._forms(scene.words[at - 1].text)
        if scene.text.startswith((", a ", ", an ", ", the ", " is a ", " is the ", " is an "), mention.end):
            for i in scene.words_in(mention.end, min(mention.end + 80, scene.sentence_end(mention.start))):
                gap = scene.text[scene.words[i - 1].close : scene.words[i].start]
                if scene.words[i].key in ("of", "that", "which", "in", "for") or (
                    "," in gap and i > scene.word_at(mention.end)
                ):
                    break
                found |= self._forms(scene.words[i].text)
        return found
