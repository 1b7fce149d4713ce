"""The encoder's names of people, places and so on as the entities of a Doc (``doc.ents``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.attribute.model import POSSESSIVE, hint_rows
from pipeline.encode.names import names_of
from pipeline.encode.syntax import syntax_of, syntax_rows
from pipeline.encode.words import words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from spacy.tokens import Doc
    from spacy.tokens import Span as Entity

    from pipeline.encode.encoder import Encoder, Read
    from pipeline.encode.words import Words
    from pipeline.records import Layout, Quotation


class Names:
    """Collects the names of a text while its windows go by."""

    def __init__(self, doc: Doc, words: Words) -> None:
        self.doc = doc
        self.words = words
        self.found: list[Entity] = []

    def noted(self, reads: Iterable[Read]) -> Iterator[Read]:
        """Pass on what is read, noting its names."""
        text = self.doc.text
        for read in reads:
            for name in names_of(read.names):
                span = self.words.span(read.first + name.first, read.first + name.stop - 1)
                words = POSSESSIVE.sub("", span.of(text))
                entity = self.doc.char_span(span.start, span.start + len(words), name.label, alignment_mode="contract")
                if entity is not None:
                    self.found.append(entity)
            yield read

    def enter(self) -> None:
        """Make the names the entities of the Doc."""
        self.doc.set_ents(self.found)


def find_names(doc: Doc, layout: Layout, quotations: tuple[Quotation, ...], encoder: Encoder) -> None:
    """Read a document for its names alone and enter them, for stages that are tried without ``attribute``."""
    words = words_of(doc.text, layout, quotations)
    names = Names(doc, words)
    reads = encoder.read(doc.text, words, hint_rows(words, ()), syntax_rows(words, syntax_of(doc)))
    for _ in names.noted(reads):
        pass
    names.enter()
