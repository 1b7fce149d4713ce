"""The encoder's names of people, places and so on as the entities of a Doc (``doc.ents``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.attribute.model import POSSESSIVE, hint_rows
from pipeline.encode.names import names_of
from pipeline.encode.syntax import syntax_of, syntax_rows
from pipeline.encode.words import words_of
from pipeline.parse import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from spacy.tokens import Doc
    from spacy.tokens import Span as Entity

    from pipeline.encode.encoder import Encoder, Read
    from pipeline.encode.words import Words
    from pipeline.records import Attribution, Layout, Quotation


def read_with_names(doc: Doc, words: Words, found: Iterable[Attribution], encoder: Encoder) -> Iterator[Read]:
    """Read a document with what spaCy and the rules found; when all windows are read, its names are ``doc.ents``."""
    text = text_of(doc)
    names: list[Entity] = []
    for read in encoder.read(text, words, hint_rows(words, found), syntax_rows(words, syntax_of(doc))):
        for name in names_of(read.names):
            span = words.span(read.first + name.first, read.first + name.stop - 1)
            length = len(POSSESSIVE.sub("", span.of(text)))
            entity = doc.char_span(span.start, span.start + length, name.label, alignment_mode="contract")
            if entity is not None:
                names.append(entity)
        yield read
    doc.set_ents(names)


def find_names(doc: Doc, layout: Layout, quotations: tuple[Quotation, ...], encoder: Encoder) -> None:
    """Read a document for its names alone, for stages that are tried without ``attribute``."""
    for _ in read_with_names(doc, words_of(text_of(doc), layout, quotations), (), encoder):
        pass
