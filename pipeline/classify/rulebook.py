"""The class rules compiled: which of them fire on a statement, and on which words."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import lru_cache
from typing import TYPE_CHECKING, get_args

from msgspec import Struct

from pipeline.classify.features import FEATURES
from pipeline.errors import RuleError
from pipeline.records import CheckReason, Evidence, Span
from pipeline.rules import ByDigest, ClassLexicon, ClassPattern, ClassWeights, Rules, StatementPart

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.classify.features import Feature
    from pipeline.classify.reading import Page, Reading


class Firing(Struct, frozen=True):
    """A rule that fired on a statement, the words on which it did, and what it adds.

    ``by_hand``: its weights are somebody's word, not measured together with the others'. ``reason``: why what it
    shows is worth a check.
    """

    rule: str
    span: Span
    weights: ClassWeights
    by_hand: bool = False
    reason: CheckReason | None = None

    def span_and_words(self, text: str) -> tuple[int, int, str]:
        """Return where it fired and the words there."""
        return self.span.start, self.span.end, self.span.of(text)

    @property
    def evidence(self) -> Evidence:
        """The firing as records show it."""
        return Evidence(self.rule, self.span.start, self.span.end)


class Rulebook:
    """The class rules, ready to be tried on statements.

    Phrases are looked up once a document: ``phrases`` maps a phrase's first word to the rest of
    it and its rule. Raises RuleError for a feature that does not exist.
    """

    def __init__(self, rules: tuple[ClassPattern, ...], lexicons: tuple[ClassLexicon, ...]) -> None:
        self.rules = rules
        self.phrases: dict[str, list[tuple[tuple[str, ...], int]]] = {}
        self.patterns: list[tuple[int, re.Pattern[str]]] = []
        self.features: list[tuple[int, Feature]] = []
        self._known: dict[tuple[str, str], tuple[list[tuple[int, re.Pattern[str]]], list[tuple[int, Feature]]]] = {}
        for at, rule in enumerate(rules):
            self._add(at, rule)
        self.lexicons = tuple(
            (lexicon, {word: ClassWeights(*weights) for word, weights in lexicon.lemmas.items()})
            for lexicon in lexicons
        )

    def _add(self, at: int, rule: ClassPattern) -> None:
        for phrase in rule.words:
            first, *rest = phrase.lower().split()
            self.phrases.setdefault(first, []).append((tuple(rest), at))
        if rule.pattern:
            self.patterns.append((at, re.compile(rule.pattern, rule.pattern_flags)))
        if rule.feature:
            if rule.feature not in FEATURES:
                raise RuleError(
                    f"{rule.id}: there is no feature {rule.feature!r}.", remedy=f"Use one of {', '.join(FEATURES)}."
                )
            self.features.append((at, FEATURES[rule.feature]))

    def hits(self, page: Page) -> Hits:
        """Return every place of the document where a rule's words stand."""
        lower, lemmas = page.lower, page.lemmas
        found: dict[str, list[tuple[int, int, int]]] = {part: [] for part in get_args(StatementPart)}
        for i, form in enumerate(zip(lower, lemmas, strict=True)):
            for word in form if form[0] != form[1] else form[:1]:
                for rest, at in self.phrases.get(word, ()):
                    end = i + 1 + len(rest)
                    if end <= len(lower) and all(
                        w in (lower[k], lemmas[k]) for k, w in enumerate(rest, start=i + 1)
                    ):  # fmt: skip
                        found[self.rules[at].where].append((i, end, at))
        return Hits(found)

    def fire(self, reading: Reading, hits: Hits) -> list[Firing]:
        """Return what fires on a statement: rules in their order, each at its first place, then single words."""
        fired = []
        asked = self._asked(_voice(reading), reading.shape)
        for at, spans in sorted(self._places(reading, hits, *asked).items()):
            rule = self.rules[at]
            if _applies(rule, reading):
                fired.append(Firing(rule.id, spans[0], _weights(rule, reading), rule.by_hand, rule.reason))
        fired += self._words(reading)
        return fired

    def everywhere(self, reading: Reading, hits: Hits) -> list[Evidence]:
        """Return every place of every rule in a statement, whatever its voice and shape, to try rules."""
        places = sorted(self._places(reading, hits, self.patterns, self.features).items())
        found = [Evidence(self.rules[at].id, span.start, span.end) for at, spans in places for span in spans]
        for lexicon, weights in self.lexicons:
            found += [Evidence(lexicon.id, span.start, span.end) for _, span in _words_of(lexicon, weights, reading)]
        return found

    def _asked(self, voice: str, shape: str) -> tuple[list[tuple[int, re.Pattern[str]]], list[tuple[int, Feature]]]:
        """Return the patterns and features of the rules for statements of a voice and shape."""
        if (voice, shape) not in self._known:
            fits = [rule.voice in ("any", voice) and rule.shape in ("any", shape) for rule in self.rules]
            patterns = [pair for pair in self.patterns if fits[pair[0]]]
            self._known[voice, shape] = patterns, [pair for pair in self.features if fits[pair[0]]]
        return self._known[voice, shape]

    def _places(
        self, reading: Reading, hits: Hits, patterns: list[tuple[int, re.Pattern[str]]],
        features: list[tuple[int, Feature]],
    ) -> dict[int, list[Span]]:  # fmt: skip
        places: dict[int, list[Span]] = {}
        for where in get_args(StatementPart):
            for at, span in hits.within(reading, where):
                places.setdefault(at, []).append(span)
        for at, pattern in patterns:
            spans = list(_matches(reading, self.rules[at].where, pattern))
            if spans:
                places[at] = spans
        for at, feature in features:
            found = feature(reading)
            if found is not None:
                places[at] = [found]
        return places

    def _words(self, reading: Reading) -> Iterator[Firing]:
        for lexicon, weights in self.lexicons:
            if _applies(lexicon, reading):
                first: dict[str, Span] = {}
                for word, span in _words_of(lexicon, weights, reading):
                    first.setdefault(word, span)
                for word, span in first.items():
                    yield Firing(lexicon.id, span, weights[word])


class Hits:
    """Places of rules' words in a document, by the part they must stand in and by first token."""

    def __init__(self, found: dict[str, list[tuple[int, int, int]]]) -> None:
        self.found = found
        self.starts = {part: [start for start, _, _ in places] for part, places in found.items()}

    def within(self, reading: Reading, part: str) -> Iterator[tuple[int, Span]]:
        """Yield the rule's number and the place of each phrase inside a part of the statement."""
        page, found, starts = reading.page, self.found[part], self.starts[part]
        for low, high in reading.regions(part):
            for k in range(bisect_left(starts, low), bisect_left(starts, high)):
                start, end, at = found[k]
                if end <= high or part == "start":
                    yield at, Span(page.starts[start], page.ends[end - 1])


def rulebook(rules: Rules) -> Rulebook:
    """Return the compiled class rules; they are compiled once for each digest."""
    return _compiled(ByDigest(rules))


@lru_cache(maxsize=4)
def _compiled(key: ByDigest) -> Rulebook:
    return Rulebook(key.rules.of(ClassPattern), key.rules.of(ClassLexicon))


def _voice(reading: Reading) -> str:
    """Return a statement's voice as rules tell them apart."""
    return "writer" if reading.voice == "writer" else "attributed"


def _applies(rule: ClassPattern | ClassLexicon, reading: Reading) -> bool:
    return rule.voice in ("any", _voice(reading)) and rule.shape in ("any", reading.shape)


def _weights(rule: ClassPattern, reading: Reading) -> ClassWeights:
    return rule.writer_weights if reading.voice == "writer" else rule.weights


def _words_of(lexicon: ClassLexicon, weights: dict[str, ClassWeights], reading: Reading) -> Iterator[tuple[str, Span]]:
    """Yield the words that a lexicon weighs in its part of a statement, names left out."""
    page = reading.page
    for low, high in reading.regions(lexicon.where):
        for i in range(low, high):
            word = page.lemmas[i]
            if word in weights and not page.named[i]:
                yield word, Span(page.starts[i], page.ends[i])


def _matches(reading: Reading, where: str, pattern: re.Pattern[str]) -> Iterator[Span]:
    page = reading.page
    for low, high in reading.regions(where):
        if low < high:
            for found in pattern.finditer(page.text, page.starts[low], page.ends[high - 1]):
                yield Span(found.start(), found.end())
