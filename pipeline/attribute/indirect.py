"""Reported speech and thought: the contents that grammar ties to a cue, with or without quotation marks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.attribute.contents import contents_of, settled
from pipeline.attribute.syntax import Syntax
from pipeline.records import Attribution, Evidence, Span

if TYPE_CHECKING:
    from spacy.tokens import Doc

    from pipeline.attribute.contents import Content
    from pipeline.attribute.cues import CueHit
    from pipeline.records import Quotation

# What a frame without a measured precision counts for.
UNMEASURED = 0.5


def indirect(doc: Doc, quotations: tuple[Quotation, ...], cues: tuple[CueHit, ...]) -> tuple[Attribution, ...]:
    """Find reported speech: voice "indirect", or "mixed" where the content holds quotations."""
    syntax = Syntax(doc, quotations)
    found = []
    for hit in cues:
        for content in contents_of(syntax, hit.group, syntax.range_at(hit.source)):
            if content.frame not in hit.rule.frames:
                continue
            spans = content_spans(syntax, hit, content)
            if spans:
                found.append(_attribution(hit, content, spans))
                break
    return tuple(found)


def _attribution(hit: CueHit, content: Content, spans: tuple[Span, ...]) -> Attribution:
    evidence = (
        Evidence(hit.rule.id, hit.span.start, hit.span.end),
        Evidence(f"pattern.{content.shape}", spans[0].start, spans[-1].end),
    )
    medium = () if hit.medium_evidence is None else (hit.medium_evidence,)
    return Attribution(
        spans=spans, voice="indirect", cue=hit.span, cue_rule=hit.rule.id, source=hit.source,
        addressee=hit.addressee, medium=hit.medium, evidence=(*evidence, *medium),
        score=hit.rule.precision.get(content.frame, UNMEASURED),
    )  # fmt: skip


def content_spans(syntax: Syntax, hit: CueHit, content: Content) -> tuple[Span, ...]:
    """Return a content's spans: edges trimmed, quotations whole, nothing of cue or source in them."""
    spans: list[Span] = []
    for first, last in content.ranges:
        taken = [part for part in (hit.span, hit.source, *spans) if part is not None]
        edges = settled(syntax, first, last)
        for candidate in (syntax.balanced(*edges), edges, (first, last)):
            span = syntax.span(*candidate)
            if span is not None and not any(part.overlaps(span) for part in taken) and not syntax.cuts(*candidate):
                spans.append(span)
                break
    return tuple(sorted(spans))
