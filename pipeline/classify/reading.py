"""A statement as the class rules see it: which words are its content, cue, source and frame."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline.parse import text_of
from pipeline.records import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from spacy.tokens import Doc, Token

    from pipeline.records import Attribution, Layout, Sentence, SpeakerType, Voice, Zone
    from pipeline.rules import CueClass

Region = tuple[int, int]
"""Half-open token indices."""

NOUNS = frozenset({"NN", "NNS", "NNP", "NNPS", "PRP", "CD", "DT", "WP", "EX"})
FINITE = frozenset({"VBD", "VBZ", "VBP", "MD"})
SUBJECTS = frozenset({"nsubj", "nsubjpass", "csubj", "expl"})


class Page:
    """A parsed document with what every statement of it needs: word places and forms, zones."""

    def __init__(self, doc: Doc, layout: Layout) -> None:
        self.doc = doc
        self.layout = layout
        self.text = text_of(doc)
        self.tokens = list(doc)  # spaCy makes a new object for each token at each look
        self.starts = [token.idx for token in self.tokens]
        self.ends = [token.idx + len(token) for token in self.tokens]
        self.lower = [token.lower_ for token in self.tokens]
        self.lemmas = [token.lemma_.lower() for token in self.tokens]
        self.named = [token.tag_ in {"NNP", "NNPS"} for token in self.tokens]
        self._groups: dict[int, list[Token]] = {}
        self.sentence_starts = [s.span.start for s in layout.sentences]

    def region(self, span: Span) -> Region:
        """Return the tokens that share a code point with the span."""
        return bisect_right(self.ends, span.start), bisect_left(self.starts, span.end)

    def group(self, verb: Token) -> list[Token]:
        """Return a verb with its auxiliaries."""
        if verb.i not in self._groups:
            self._groups[verb.i] = [verb, *(c for c in verb.children if c.dep_ in {"aux", "auxpass"})]
        return self._groups[verb.i]

    def sentence_at(self, offset: int) -> Sentence | None:
        """Return the sentence that holds the offset, or the last one that begins before it."""
        at = bisect_right(self.sentence_starts, offset) - 1
        return self.layout.sentences[at] if at >= 0 else None

    def zone_at(self, offset: int) -> Zone:
        """Return the zone of the paragraph that holds the offset."""
        sentence = self.sentence_at(offset)
        return self.layout.paragraphs[sentence.paragraph].zone if sentence else "body"


class Reading:
    """One statement: its regions of tokens, its voice and zone, and what the parse says of its content."""

    def __init__(
        self, page: Page, content: tuple[Span, ...], voice: Voice, *, cue: Span | None = None,
        source: Span | None = None, frame: tuple[Region, ...] = (), speaker: SpeakerType | None = None,
        cue_class: CueClass | None = None,
    ) -> None:  # fmt: skip
        self.page = page
        self.spans = content
        self.voice = voice
        self.speaker = speaker
        self.cue_class = cue_class
        self.zone: Zone = page.zone_at(content[0].start)
        self.content = tuple(page.region(span) for span in content)
        self.cue = () if cue is None else (page.region(cue),)
        self.source = () if source is None else (page.region(source),)

        self._regions = {"content": self.content, "cue": self.cue, "source": self.source, "frame": frame}

    def regions(self, where: str) -> tuple[Region, ...]:
        """Return the stretches of tokens of a part of the statement (``StatementPart``)."""
        return self.start if where == "start" else self._regions[where]

    @cached_property
    def start(self) -> tuple[Region, ...]:
        """The content's first word: the first token that is no punctuation and not "that"."""
        for token in self.tokens:
            if token.is_alpha and token.lower_ != "that":
                return ((token.i, token.i + 1),)
        return ()

    @cached_property
    def tokens(self) -> list[Token]:
        """The content's tokens without white space."""
        return [token for token in self.words_of(self.content) if not token.is_space]

    @cached_property
    def text(self) -> str:
        """The content's words as the text has them."""
        return " ".join(span.of(self.page.text) for span in self.spans)

    @cached_property
    def mains(self) -> list[Token]:
        """The words that govern the content, one a sentence or stretch: their head lies outside it."""
        tops = [t for t in self.tokens if t.head.i == t.i or t.head.i not in self.inside]
        return [t for t in tops if not t.is_punct]

    @cached_property
    def inside(self) -> frozenset[int]:
        """The indices of the content's tokens."""
        return frozenset(token.i for token in self.tokens)

    @cached_property
    def verbs(self) -> list[Token]:
        """The governing words that are verbs in finite clauses, with verbs joined to them."""
        found = [t for t in self.mains if heads_clause(t)]
        return [*found, *(c for t in found for c in t.conjuncts if c.i in self.inside and heads_clause(c))]

    @cached_property
    def shape(self) -> str:
        """``clause`` where a finite clause governs the content, else ``phrase``."""
        return "clause" if self.verbs else "phrase"

    def words_of(self, regions: Iterable[Region]) -> Iterator[Token]:
        """Yield the tokens of some regions."""
        for start, end in regions:
            yield from self.page.tokens[start:end]

    def span_of(self, token: Token) -> Span:
        """Return a token's place in the text."""
        return Span(token.idx, token.idx + len(token))

    def first(self, tokens: Iterable[Token]) -> Span | None:
        """Return the place of the first of some tokens, None if there is none."""
        return next((self.span_of(token) for token in tokens), None)

    @property
    def whole(self) -> Span:
        """The stretch from the content's first to its last character."""
        return Span(self.spans[0].start, self.spans[-1].end)


def read_attribution(
    page: Page, attribution: Attribution, speaker: SpeakerType | None, cue_class: CueClass | None = None
) -> Reading:
    """Return an attributed statement's reading; the frame is the rest of the content's first and last sentence."""
    taken = [page.region(s) for s in (*attribution.spans, attribution.cue, attribution.source) if s is not None]
    borders: dict[Span, None] = {}
    for offset in (attribution.spans[0].start, attribution.spans[-1].end - 1):
        sentence = page.sentence_at(offset)
        if sentence is not None:
            borders[sentence.span] = None
    frame = tuple(gap for span in borders for gap in _gaps(page.region(span), taken))
    return Reading(
        page, attribution.spans, attribution.voice, cue=attribution.cue, source=attribution.source,
        frame=frame, speaker=speaker, cue_class=cue_class,
    )  # fmt: skip


def read_sentence(page: Page, sentence: Span) -> Reading:
    """Return the reading of a sentence in the writer's own voice."""
    return Reading(page, (sentence,), "writer")


def read_example(page: Page, sentence: Span) -> Reading:
    """Return a reading in which the sentence is content, cue, source and frame at once, to try rules on."""
    region = page.region(sentence)
    return Reading(page, (sentence,), "indirect", cue=sentence, source=sentence, frame=(region,))


def _gaps(whole: Region, taken: list[Region]) -> Iterator[Region]:
    at = whole[0]
    for start, end in sorted(taken):
        if start > at and start < whole[1]:
            yield at, start
        at = max(at, end)
    if at < whole[1]:
        yield at, whole[1]


def heads_clause(token: Token) -> bool:
    """Tell whether a word governs a finite clause."""
    if token.tag_ in FINITE:
        return True
    if token.tag_ not in NOUNS and not token.tag_.startswith(("VB", "JJ")):
        return False
    return any(child.dep_ in {"aux", "auxpass", "cop"} and child.tag_ in FINITE for child in token.children)
