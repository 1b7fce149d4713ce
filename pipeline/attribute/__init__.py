"""Cue, source and content of every attribution: direct, mixed and indirect speech.

First the rules: ``cues`` finds the words that attribute, with their source; ``indirect`` the contents that
grammar ties to a cue; ``quoted`` the speech between quotation marks, ``floor`` what goes on without a cue.
Then the encoder reads the text with what spaCy and the rules found beside each word (``model``), and ``combine``
joins the two. It finds the names of people and places too, which no rule here needs and the stages after this do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.attribute.combine import combine
from pipeline.attribute.cues import find_cues
from pipeline.attribute.floor import keep_floor
from pipeline.attribute.indirect import indirect
from pipeline.attribute.layouts import headlines, signatures, turns
from pipeline.attribute.merge import finish, merge, nest
from pipeline.attribute.model import by_model
from pipeline.attribute.named import read_with_names
from pipeline.attribute.not_statement import spoken_of
from pipeline.attribute.page import Page, utterances
from pipeline.attribute.partial import partial
from pipeline.attribute.quoted import quoted
from pipeline.attribute.seams import with_asides, with_coordinated, with_relays, with_shared_media
from pipeline.encode.statements import no_meanings
from pipeline.encode.words import words_of
from pipeline.parse import text_of

if TYPE_CHECKING:
    from spacy.tokens import Doc

    from pipeline.encode.encoder import Encoder
    from pipeline.encode.statements import Meanings
    from pipeline.records import Attribution, Layout, Quotation
    from pipeline.rules import Rules


def attribute(
    doc: Doc, layout: Layout, quotations: tuple[Quotation, ...], rules: Rules, encoder: Encoder
) -> tuple[tuple[Attribution, ...], Meanings]:
    """Find the attributions of a document, outermost only, in text order, and its words' meanings.

    Sets ``doc.ents``.
    """
    text = text_of(doc)
    found = by_rules(doc, layout, quotations, rules)
    words = words_of(text, layout, quotations)
    meanings = no_meanings(words)
    reads = meanings.kept(read_with_names(doc, words, found, encoder))
    read = by_model(text, words, quotations, reads, encoder)
    joined = with_shared_media(combine(found, read, spoken_of(text, quotations, rules)))
    return finish(text, joined, quotations), meanings


def by_rules(doc: Doc, layout: Layout, quotations: tuple[Quotation, ...], rules: Rules) -> tuple[Attribution, ...]:
    """Find what grammar, marks and layout show by the rules alone."""
    text = text_of(doc)
    cues = find_cues(doc, quotations, rules)
    outer = tuple(q for q in quotations if q.level == 0)
    page = Page(doc, layout, outer, utterances(spoken_of(text, quotations, rules)), cues)
    found = [*turns(text, layout), *headlines(text, layout, rules), *signatures(page)]
    found += quoted(page, [span for a in found for span in a.spans])
    tied = with_coordinated(page, with_asides(page, indirect(doc, quotations, cues)))
    found, tied = with_relays(page, found, tied)
    inner = [a for a in tied if a.cue is not None and page.inside(a.cue.start)]
    found = merge(found, [a for a in tied if a.cue is None or not page.inside(a.cue.start)])
    found += partial(page, [span for a in found for span in (*a.spans, a.cue) if span is not None])
    found = nest(keep_floor(page, found), inner)
    return finish(text, found, quotations)
