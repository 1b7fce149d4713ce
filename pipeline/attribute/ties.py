"""What ties a content to its source, and the record that it makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from pipeline.records import Attribution, Evidence, Span

if TYPE_CHECKING:
    from spacy.tokens import Token

    from pipeline.attribute.cues import CueHit

# Precision of each pattern on PolNeAR train: the share of its records whose content overlaps a
# gold content by half or more (intersection over union of words) and has that content's source.
SCORES = {
    "pattern.tag": 0.95,
    "pattern.lead": 0.78,
    "pattern.lead-colon": 0.84,
    "pattern.tag-fronted": 0.78,
    "pattern.tag-late": 0.84,
    "pattern.tag-any-verb": 0.8,
    "pattern.lead-any-verb": 0.75,
    "pattern.lead-any-colon": 0.75,
    "pattern.label": 0.6,
    "pattern.subject-before": 0.55,
    "pattern.aside": 0.8,
    "pattern.as-said": 0.75,
    "pattern.partial": 0.8,
    "pattern.floor-kept": 0.6,
    "pattern.list": 0.7,  # estimated: too rare in PolNeAR
    "pattern.turn": 0.9,
    "pattern.headline": 0.89,
    "pattern.signature": 0.88,
}


class Tie(Struct, frozen=True):
    """What ties an utterance to its source: the cue's words, its rule, the pattern that found it."""

    pattern: str
    cue: Span | None
    source: Span | None
    rule: str = ""
    addressee: Span | None = None
    medium: Span | None = None


def tie_of(pattern: str, hit: CueHit) -> Tie:
    """Return the tie of a cue hit."""
    return Tie(pattern, hit.span, hit.source, hit.rule.id, hit.addressee, hit.medium)


def record(tie: Tie, spans: list[Span]) -> Attribution:
    """Make the attribution of a tie; voice and quotations are filled in by the merge."""
    return Attribution(
        spans=tuple(spans), voice="direct", cue=tie.cue, cue_rule=tie.rule, source=tie.source,
        addressee=tie.addressee, medium=tie.medium, evidence=_evidence(tie, spans), score=SCORES.get(tie.pattern, 0.5),
    )  # fmt: skip


def _evidence(tie: Tie, spans: list[Span]) -> tuple[Evidence, ...]:
    at = tie.cue or spans[0]
    rules = [rule for rule in (tie.rule, tie.pattern) if rule]
    return tuple(Evidence(rule, at.start, at.end) for rule in rules)


def noun_phrase(token: Token) -> Span:
    """Return the span of a token's subtree without the punctuation at its end."""
    words = [t for t in token.subtree if not t.is_space]
    while len(words) > 1 and words[-1].is_punct and words[-1].text != ")":
        words = words[:-1]
    return Span(words[0].idx, words[-1].idx + len(words[-1]))


def words_of(verb: Token) -> Span:
    """Return the span of a verb with the particle right after it ("went on")."""
    last = next((c for c in verb.children if c.dep_ == "prt" and c.i == verb.i + 1), verb)
    return Span(verb.idx, last.idx + len(last))


def can_speak(token: Token) -> bool:
    """Tell whether the token may head the mention of somebody who speaks."""
    return token.pos_ == "PROPN" or token.lower_ in ("he", "she", "they", "i", "we", "who")
