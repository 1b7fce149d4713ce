"""Noun phrases round a pronoun: groups, things and the antecedents of relative pronouns."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline.records import Span
from pipeline.speakers.descriptions import DETERMINERS, NOMINAL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spacy.tokens import Token

    from pipeline.speakers.people import Mention
    from pipeline.speakers.scene import Scene

# Of so many paragraphs, this one included, one may be the signature.
SIGNED = 9
# What may stand before a noun in its phrase, determiners among it.
LEADING = (NOMINAL - {"VBG"}) | {"DT", "PRP$", "RB", "PDT"}
# What stands behind the name of who signs a letter: ", Merthyr Tydfil, Wales".
_FROM = re.compile(r",(?: [A-Z][\w.’'-]*,?){1,5}\s*")
_WRITES = re.compile(r"[^\w]*\w")
# So many of the writer's own "I" make a text a first-person piece or a transcript.
FIRST_PERSON = 3


class Phrases:
    """Looks up noun phrases by position in one document."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    def plural_before(self, position: int) -> str | None:
        """Return the plural subject nearest before the position, in its sentence or the one before."""
        for token in self._tokens_before(position, sentences=1):
            if token.tag_ in ("NNS", "NNPS") and token.dep_ in ("nsubj", "nsubjpass"):
                role = self.scene.lexicon.roles.get(token.lemma_) or self.scene.lexicon.roles.get(token.text)
                if role is None or role.of in ("person", "people"):
                    return self._head_phrase(token)
        return None

    def antecedent_of_relative(self, position: int) -> Span | None:
        """Return the noun phrase that the relative pronoun at the position refers to."""
        start = self.scene.sentence_start(position)
        token = self.scene.token(position)
        noun = None
        while token is not None and token.head.i != token.i and token.dep_ != "relcl":
            token = token.head
        if token is not None and token.dep_ == "relcl" and token.head.idx < position:
            noun = token.head
        if noun is not None and noun.dep_ == "attr":  # "Kaine is a lawyer who …"
            noun = next((t for t in noun.head.lefts if t.dep_ == "nsubj" and t.tag_.startswith("NNP")), noun)
            if noun.i < noun.head.i:
                return Span(noun.left_edge.idx, noun.idx + len(noun))
        if noun is not None:
            left = noun.left_edge.idx
            return _cut(self.scene.text, max(left, start), position)
        before = self.scene.words_in(start, position)
        if not before:
            return None
        first = before[-1]
        while first > before[0] and self.scene.names.adjacent(first - 1) and first > before[-1] - 6:
            if self.scene.words[first].key in DETERMINERS or self.scene.tag(first - 1) not in LEADING:
                break
            first -= 1
        return _cut(self.scene.text, self.scene.words[first].start, position)

    @cached_property
    def transcript(self) -> bool:
        """Tell whether the text is told in the first person outside quotations."""
        sources = [a.source for a in self.scene.attributions if a.source is not None]
        first = [s for s in sources if s.of(self.scene.text) in ("I", "We", "we", "My", "my")]
        return sum(self.scene.quoted_by(s.start) is None for s in first) >= FIRST_PERSON

    def byline(self) -> Mention | None:
        """Return the person the byline names."""
        for mention in self.scene.people.mentions:
            text = self.scene.text[max(0, mention.start - 4) : mention.start].casefold()
            if mention.full and (self.scene.zone(mention.start) == "byline" or text.endswith("by ")):
                if text.endswith("by ") and self.scene.sentence_start(mention.start) < mention.start - 12:
                    continue
                return mention
        return None

    def writer_at_end(self) -> Mention | None:
        """Return the person whom the text's last paragraph introduces: "Ana Ruiz is a playwright."."""
        if not self.scene.layout.paragraphs:
            return None
        last = self.scene.layout.paragraphs[-1].span
        mentions = self.scene.people.within(last.start, last.end)
        return next((m for m in mentions if m.full and _WRITES.match(self.scene.text[last.start : m.start + 1])
                     and self.scene.text.startswith(" is ", m.end)), None)  # fmt: skip

    def signature(self, position: int) -> Mention | None:
        """Return the person whose name alone is the next paragraph but a few: who signs the letter around."""
        at = self.scene.paragraph(position)
        for paragraph in self.scene.layout.paragraphs[at + 1 : at + SIGNED]:
            for mention in self.scene.people.within(paragraph.span.start, paragraph.span.end):
                rest = (
                    self.scene.text[paragraph.span.start : mention.start]
                    + self.scene.text[mention.end : paragraph.span.end]
                )
                if mention.full and (not rest.strip(" .,—–-\n") or _FROM.fullmatch(rest)):
                    return mention
        return None

    def _tokens_before(self, position: int, *, sentences: int) -> Iterator[Token]:
        """Yield the tokens before the position, nearest first, back over so many sentences."""
        floor = max(0, self.scene.sentence(position) - sentences)
        start = self.scene.layout.sentences[floor].span.start if self.scene.layout.sentences else 0
        token = self.scene.token(max(0, position - 1))
        i = token.i if token is not None else -1
        while i >= 0 and self.scene.doc[i].idx >= start:
            if self.scene.doc[i].idx < position:
                yield self.scene.doc[i]
            i -= 1

    def _head_phrase(self, token: Token) -> str:
        """Return the noun with what stands before it, without a relative clause."""
        return " ".join(self.scene.text[token.left_edge.idx : token.idx + len(token)].split())


def _cut(text: str, start: int, end: int) -> Span:
    while end > start and (text[end - 1].isspace() or text[end - 1] in ",;—–-("):
        end -= 1
    return Span(start, end)
