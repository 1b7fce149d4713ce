"""What the resolvers ask about one document: places, grammar, who is quoted where."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import cached_property
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from pipeline.parse import text_of
from pipeline.speakers.lexicon import lexicon
from pipeline.speakers.names import Names
from pipeline.speakers.people import People
from pipeline.speakers.words import raised

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

    from pipeline.records import Attribution, Layout, Span
    from pipeline.rules import Rules
    from pipeline.speakers.people import Mention

# A text with a smaller share of capitalised words is written without them.
CAPITALS = 0.01
_NOUNS = frozenset(["NN", "NNS", "NNP", "NNPS"])
SUBJECT = frozenset({"nsubj", "nsubjpass", "csubj", "ROOT"})


class Scene:
    """A document with its people, for look-ups by position; all offsets are code points of the text."""

    def __init__(self, doc: Doc, layout: Layout, attributions: tuple[Attribution, ...], rules: Rules) -> None:
        self.doc = doc
        self.text = text_of(doc)
        self.layout = layout
        self.attributions = attributions
        self.lexicon = lexicon(rules)
        self._tokens = [token.idx for token in doc]
        self.words = self.lexicon.words(self.text)
        if sum(word.text[0].isupper() for word in self.words) <= len(self.words) * CAPITALS:
            self.words = raised(self.words, self._names_in_small_letters())
        sources = sorted(a.source for a in attributions if a.source is not None)
        self.names = Names(doc, layout, self.lexicon, self.words, sources)
        self.people = People(self.names, self.lexicon)
        self.word_starts = self.names.starts
        self._sentences = [s.span.start for s in layout.sentences]
        self._paragraphs = [p.span.start for p in layout.paragraphs]

    def _names_in_small_letters(self) -> list[int]:
        """Return where a first name and a noun stand together in a text without capitals: "maria delgado"."""
        return [
            i for i, (word, after) in enumerate(pairwise(self.words))
            if word.key in self.lexicon.given and self.text[word.close : after.start] == " "
            and {self.tag(i), self.tag(i + 1)} <= _NOUNS and self.lexicon.roles.get(after.key) is None
        ]  # fmt: skip

    def sentence(self, position: int) -> int:
        """Return the index of the sentence at the position (0 before the first)."""
        return max(0, bisect_right(self._sentences, position) - 1)

    def sentence_start(self, position: int) -> int:
        """Return where the sentence at the position begins."""
        return self._sentences[self.sentence(position)] if self._sentences else 0

    def sentence_end(self, position: int) -> int:
        """Return where the sentence at the position ends."""
        sentences = self.layout.sentences
        return sentences[self.sentence(position)].span.end if sentences else len(self.text)

    def paragraph(self, position: int) -> int:
        """Return the index of the paragraph at the position (0 before the first)."""
        return max(0, bisect_right(self._paragraphs, position) - 1)

    def paragraph_end(self, position: int) -> int:
        """Return where the paragraph at the position ends."""
        paragraphs = self.layout.paragraphs
        return paragraphs[self.paragraph(position)].span.end if paragraphs else len(self.text)

    def zone(self, position: int) -> str:
        """Return the zone of the paragraph at the position."""
        paragraphs = self.layout.paragraphs
        return paragraphs[self.paragraph(position)].zone if paragraphs else "body"

    def word_at(self, position: int) -> int:
        """Return the index of the first word that begins at or after the position."""
        return bisect_left(self.word_starts, position)

    def words_in(self, start: int, end: int) -> range:
        """Return the indices of the words that begin in [start, end)."""
        return range(self.word_at(start), self.word_at(end))

    def token(self, position: int) -> Token | None:
        """Return spaCy's token at the position, the nearest before it between tokens."""
        at = bisect_right(self._tokens, position) - 1
        return self.doc[at] if at >= 0 else None

    def tag(self, i: int) -> str:
        """Return the fine part-of-speech tag of the word ``i``; that of its last token if it has several."""
        token = self.token(self.words[i].end - 1)
        return token.tag_ if token is not None else ""

    def is_subject(self, mention: Mention) -> bool:
        """Tell whether the mention is a verb's subject (or a sentence's head, as in headlines)."""
        token = self.token(mention.end - 1)
        while token is not None and token.head.i != token.i and token.head.idx >= mention.start:
            if token.head.idx >= mention.end:
                break
            token = token.head
        if token is not None and token.dep_ == "appos":  # "Her mother, [Ana Ruiz], wept"
            token = token.head
        return token is not None and token.dep_ in SUBJECT

    def is_main(self, mention: Mention) -> bool:
        """Tell whether the verb whose subject the mention is heads the sentence."""
        token = self.token(mention.end - 1)
        while token is not None and token.dep_ not in SUBJECT and token.head.i != token.i:
            token = token.head
        return token is not None and (token.dep_ == "ROOT" or token.head.dep_ == "ROOT")

    def is_modifier(self, mention: Mention) -> bool:
        """Tell whether the mention only modifies a noun after it: possessive or compound."""
        after = self.text[mention.end : mention.end + 2]
        if after[:1] in ("’", "'"):
            return True
        token = self.token(mention.end - 1)
        return token is not None and token.dep_ in ("compound", "poss", "nmod") and token.head.idx >= mention.end

    @cached_property
    def _quoted(self) -> list[tuple[int, int, int]]:
        """The quoted stretches of all attributions, in order, with the attribution's index."""
        found = [
            (q.inner.start, q.inner.end, i)
            for i, attribution in enumerate(self.attributions)
            for q in attribution.quotations
        ]
        return sorted(found)

    def quoted_by(self, position: int) -> int | None:
        """Return the index of the attribution in whose quotation the position lies, if any."""
        at = bisect_right(self._quoted, (position, len(self.text) + 1, 0)) - 1
        if at >= 0 and self._quoted[at][0] <= position < self._quoted[at][1]:
            return self._quoted[at][2]
        return None

    @cached_property
    def _sources(self) -> tuple[list[int], list[int]]:
        """Where sources start, in order, and how far those up to each reach."""
        sources = sorted(a.source for a in self.attributions if a.source is not None)
        return [s.start for s in sources], list(accumulate((s.end for s in sources), max))

    def is_source(self, mention: Mention) -> bool:
        """Tell whether the mention is, or begins in, the source of an attribution."""
        starts, reach = self._sources
        at = bisect_right(starts, mention.start) - 1
        return at >= 0 and mention.start < reach[at]

    def inside_content(self, position: int, attribution: Attribution) -> bool:
        """Tell whether the position lies in the attribution's own content."""
        return any(span.start <= position < span.end for span in attribution.spans)

    def shown(self, span: Span) -> str:
        """Return the span's words on one line."""
        return " ".join(span.of(self.text).split())
