"""spaCy's attribute ruler and lemmatizer, remembered: the same result in a small part of the time.

The ruler tries each of its 180 patterns on every word, an eighth of the time of the whole analysis. What a pattern
of one word says depends on that word, its tag and its dependency alone, for most words on the latter two, so each such
case is tried once and remembered. What the lemmatizer says depends on word, part of speech and morphology; it
remembers that itself, but not of the words that are their own lemma.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from spacy.language import Language
    from spacy.tokens import Doc
    from spacy.tokens.morphanalysis import MorphAnalysis

RULER, LEMMATIZER = "attribute_ruler", "lemmatizer"
# What a pattern may look at for the result to depend on word, tag and dependency alone.
SEEN = frozenset({"ORTH", "TEXT", "LOWER", "TAG", "DEP", "IS_SPACE"})
WORDS = ("ORTH", "TEXT", "LOWER")
# Cases that are remembered; what comes after them is tried each time.
MOST = 200_000


class Attributes(Struct, frozen=True):
    """What the ruler sets of a word, as spaCy's numbers."""

    pos: int
    morph: MorphAnalysis
    lemma: int
    tag: int
    dep: int


class Remembered:
    """A component that goes over a Doc at a time, as spaCy calls it."""

    def __call__(self, doc: Doc) -> Doc:
        """Set the attributes of every word."""
        raise NotImplementedError

    def pipe(self, docs: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:  # noqa: ARG002 (spaCy's signature)
        """Yield each Doc with its attributes set."""
        yield from map(self, docs)


class RememberedRuler(Remembered):
    """Does to a Doc what a ruler does whose patterns of one word look at nothing but ``SEEN``."""

    def __init__(self, ruler: Any) -> None:
        from spacy.pipeline import AttributeRuler

        self.vocab = ruler.vocab
        self.single, self.several = AttributeRuler(ruler.vocab), AttributeRuler(ruler.vocab)
        one_word: list[dict[str, Any]] = []
        for rule in ruler.patterns:
            for pattern in rule["patterns"]:
                of = self.single if len(pattern) == 1 else self.several
                of.add(patterns=[pattern], attrs=rule["attrs"], index=rule["index"])
                one_word += pattern if len(pattern) == 1 else []
        self.named = _Named(one_word)
        self.known: dict[tuple[int, int, int], Attributes] = {}
        self.told: dict[int, int] = {}

    def __call__(self, doc: Doc) -> Doc:
        """Set part of speech, morphology and lemma of every word."""
        for token in doc:
            orth = token.orth
            case = (self._telling(orth), token.tag, token.dep)
            found = self.known.get(case) or self._try(case, orth)
            token.pos, token.morph, token.lemma = found.pos, found.morph, found.lemma
            if found.tag != case[1]:
                token.tag = found.tag
            if found.dep != case[2]:
                token.dep = found.dep
        after: Doc = self.several(doc)
        return after

    def _telling(self, orth: int) -> int:
        """Return the word if a pattern names it or it is white space, else 0: then all such words are one case."""
        told = self.told.get(orth)
        if told is None:
            word = self.vocab.strings[orth]
            told = orth if word.isspace() or self.named.holds(word) else 0
            if len(self.told) < MOST:
                self.told[orth] = told
        return told

    def _try(self, case: tuple[int, int, int], orth: int) -> Attributes:
        from spacy.tokens import Doc

        doc = Doc(self.vocab, words=[self.vocab.strings[orth]])
        doc[0].tag, doc[0].dep = case[1], case[2]
        token = self.single(doc)[0]
        found = Attributes(token.pos, token.morph, token.lemma, token.tag, token.dep)
        if len(self.known) < MOST:
            self.known[case] = found
        return found


class RememberedLemmatizer(Remembered):
    """Does to a Doc what a lemmatizer by rules does."""

    def __init__(self, lemmatizer: Any) -> None:
        self.lemmatizer = lemmatizer
        self.known: dict[tuple[int, int, int], int] = {}

    def __call__(self, doc: Doc) -> Doc:
        """Set the lemma of every word that has none."""
        for token in doc:
            if token.lemma and not self.lemmatizer.overwrite:
                continue
            case = (token.orth, token.pos, token.morph.key)  # type: ignore[attr-defined]
            lemma = self.known.get(case)
            if lemma is None:
                lemma = doc.vocab.strings.add(self.lemmatizer.lemmatize(token)[0])
                if len(self.known) < MOST:
                    self.known[case] = lemma
            token.lemma = lemma
        return doc


class _Named:
    """The words that patterns name, by their lower-case forms."""

    def __init__(self, patterns: list[dict[str, Any]]) -> None:
        self.words: set[str] = set()
        self.shapes: list[re.Pattern[str]] = []
        for wanted in (pattern[key] for pattern in patterns for key in WORDS if key in pattern):
            if isinstance(wanted, str):
                self.words.add(wanted.lower())
            elif set(wanted) == {"IN"}:
                self.words |= {word.lower() for word in wanted["IN"]}
            else:  # a regular expression, or what is not known here: then every word may be meant
                self.shapes.append(re.compile(wanted.get("REGEX", ""), re.IGNORECASE))

    def holds(self, word: str) -> bool:
        return word.lower() in self.words or any(shape.search(word) for shape in self.shapes)


def remember(nlp: Language) -> None:
    """Put remembered components in the places of a pipeline's own, where they do the same."""
    if RULER in nlp.pipe_names:
        ruler: Any = nlp.get_pipe(RULER)
        one_word = [p[0] for rule in ruler.patterns for p in rule["patterns"] if len(p) == 1]
        if all(SEEN.issuperset(pattern) for pattern in one_word):
            _put(nlp, RULER, RememberedRuler(ruler))
    if LEMMATIZER in nlp.pipe_names:
        lemmatizer: Any = nlp.get_pipe(LEMMATIZER)
        if getattr(lemmatizer, "mode", None) == "rule":
            _put(nlp, LEMMATIZER, RememberedLemmatizer(lemmatizer))


def _put(nlp: Language, name: str, component: Remembered) -> None:
    at = nlp.component_names.index(name)
    nlp._components[at] = (name, component)  # spaCy takes components by factory only
