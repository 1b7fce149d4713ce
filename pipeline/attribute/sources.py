"""The mention that a cue attributes to: its edges, and who was told and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.attribute.groups import NOMINAL, is_relative

if TYPE_CHECKING:
    from spacy.tokens import Token

    from pipeline.attribute.groups import Group
    from pipeline.attribute.lexicon import Lexicon
    from pipeline.attribute.syntax import Syntax
    from pipeline.records import Span
    from pipeline.rules import Cue

# Subjects that stand for nobody ("It is expected that", "There are fears that").
EMPTY = ("it", "there")
PLACES = ("in", "on", "via", "at", "through", "over", "during")


def source_of(syntax: Syntax, group: Group) -> Span | None:
    """Return the mention of a group's subject with determiner, title and what identifies it."""
    token = group.subject
    if token is None or token.dep_ == "expl" or (token.lower_ in EMPTY and _is_empty(token, group)):
        return None
    return mention(syntax, token, group.cue)


def mention(syntax: Syntax, token: Token, cue: tuple[int, int]) -> Span | None:
    """Return the mention that the token heads, up to the cue."""
    if is_relative(token):
        return syntax.span(token.i, token.i + 1)
    first, last = syntax.range_of(token)
    if token.dep_ == "poss":
        last = next((c.i for c in token.children if c.dep_ == "case"), last)
    if first < cue[1] and cue[0] < last:
        first, last = (first, cue[0]) if token.i < cue[0] else (cue[1], last)
    return syntax.span(first, last)


def _is_empty(token: Token, group: Group) -> bool:
    """Tell whether "it" only fills the place of a clause that follows ("it was clear that …")."""
    if token.lower_ == "there":
        return True
    return group.kind == "adjective" and any(c.dep_ in ("ccomp", "xcomp") for c in group.head.children)


def addressee_of(syntax: Syntax, group: Group, rule: Cue) -> Span | None:
    """Return who was told ("told reporters that …", "said to reporters")."""
    after = [c for c in group.verb.children if c.i >= group.cue[1]]
    if rule.addressee:
        clause = any(c.dep_ in ("ccomp", "xcomp") for c in group.verb.children)
        for child in after:
            person = child.pos_ in ("PROPN", "PRON") or any(
                c.dep_ == "appos" and c.pos_ == "PROPN" for c in child.children
            )
            plural = child.tag_ == "NNS" and not any(c.dep_ == "prep" for c in child.children)
            if child.dep_ == "dative" or (child.dep_ == "dobj" and (clause or person or plural)):
                return syntax.span(*up_to_clause(syntax, child))
    for child in after:
        if child.dep_ in ("prep", "dative") and child.lower_ == "to":
            told = next((c for c in child.children if c.dep_ == "pobj" and c.pos_ in NOMINAL), None)
            if told is not None and not group.parts:
                return syntax.span(*up_to_clause(syntax, told))
    return None


def up_to_clause(syntax: Syntax, token: Token) -> tuple[int, int]:
    """Return the range of a noun phrase, without a clause that the parse hung on it."""
    first, last = syntax.range_of(token)
    cut = that_clause(token)
    return first, last if cut is None else cut.left_edge.i


def that_clause(noun: Token) -> Token | None:
    """Return the verb of a that-clause that the parse hung on a noun ("told reporters that it rains")."""
    for child in noun.children:
        if child.dep_ in ("acl", "relcl", "ccomp") and child.i > noun.i:
            opening = child.left_edge
            if opening.lower_ == "that" and opening.dep_ == "mark":
                return child
    return None


def medium_of(lexicon: Lexicon, group: Group) -> Token | None:
    """Return the head of where it was said ("in statements to the channel NTV", "on Twitter")."""
    for child in group.verb.children:
        if child.dep_ != "prep" or child.lower_ not in PLACES or child.i in group.parts:
            continue
        place = next((c for c in child.children if c.dep_ == "pobj"), None)
        if place is not None and lexicon.medium_rule(place) is not None:
            return place
    return None
