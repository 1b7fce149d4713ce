"""Where words of the cue lexicon attribute something, and whom to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from pipeline.attribute.contents import contents_of
from pipeline.attribute.groups import Group, adjective_group, noun_group, phrase_group, verb_group
from pipeline.attribute.lexicon import Lexicon
from pipeline.attribute.sources import addressee_of, medium_of, source_of, up_to_clause
from pipeline.attribute.syntax import Syntax
from pipeline.records import Evidence, Span
from pipeline.rules import Cue, Medium

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

    from pipeline.attribute.lexicon import Match
    from pipeline.records import Quotation
    from pipeline.rules import Rules

GROUPS = {"verb": verb_group, "noun": noun_group, "adjective": adjective_group, "preposition": phrase_group}


class CueHit(Struct, frozen=True, kw_only=True):
    """A place where a cue of the lexicon may attribute.

    ``head`` is the index in the Doc of the cue's main word; ``span`` the cue as records show it
    (verb group with auxiliaries and particle). ``source`` is the mention that the grammar gives
    (subject, "by" agent, object of "according to"), None where it gives none. ``group`` is the
    grammar that led there.
    """

    rule: Cue
    head: int
    span: Span
    group: Group
    source: Span | None = None
    addressee: Span | None = None
    medium: Span | None = None
    medium_evidence: Evidence | None = None
    passive: bool = False


def find_cues(doc: Doc, quotations: tuple[Quotation, ...], rules: Rules) -> tuple[CueHit, ...]:
    """Return the cue hits of a document in text order, one a word.

    Of several rules that have a content there, one with a source comes first, then the one with most words.
    """
    syntax = Syntax(doc, quotations)
    lexicon = Lexicon(rules.of(Cue), rules.of(Medium))
    hits = []
    for token in syntax.tokens:
        matches = [hit_at(syntax, lexicon, token, match) for match in lexicon.at(syntax, token)]
        found = [hit for hit in matches if hit is not None]
        if found:
            fitting = [hit for hit in found if _has_content(syntax, hit)]
            hits.append(next((hit for hit in fitting if hit.source is not None), (fitting or found[-1:])[0]))
    return tuple(hits)


def _has_content(syntax: Syntax, hit: CueHit) -> bool:
    source = syntax.range_at(hit.source)
    return any(content.frame in hit.rule.frames for content in contents_of(syntax, hit.group, source))


def hit_at(syntax: Syntax, lexicon: Lexicon, token: Token, match: Match) -> CueHit | None:
    """Return the hit of a rule at its main word, or None where the grammar gives none."""
    group = GROUPS[match.rule.pos](syntax, lexicon, token, match.parts)
    span = syntax.span(*group.cue) if group is not None else None
    if group is None or span is None:
        return None
    place = medium_of(lexicon, group)
    return CueHit(
        rule=match.rule, head=token.i, span=span, group=group, source=source_of(syntax, group),
        addressee=addressee_of(syntax, group, match.rule),
        medium=None if place is None else syntax.span(*up_to_clause(syntax, place)),
        medium_evidence=None if place is None else _medium_evidence(lexicon, place), passive=group.passive,
    )  # fmt: skip


def _medium_evidence(lexicon: Lexicon, place: Token) -> Evidence | None:
    rule = lexicon.medium_rule(place)
    return None if rule is None else Evidence(rule.id, place.idx, place.idx + len(place))
