"""Speech that the page's layout attributes: NAME: transcripts, Q and A, headlines, “…” – Name."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from pipeline.attribute.ties import SCORES
from pipeline.records import Attribution, Evidence, Span
from pipeline.rules import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.attribute.page import Page
    from pipeline.records import Layout
    from pipeline.rules import Rules

# A turn's label: a name in capitals or with capital initials, "Q" or "A", with an optional bracket
# ("SMITH (via video):"); an opening mark before it is a paragraph quoted from a transcript.
LABEL = re.compile(
    r"[\"“]?\s*(?P<name>[A-Z][\w.'’-]+(?: (?:[A-Z][\w.'’-]*|of|de|van|von|al|bin)){0,4})"
    r"(?: \([^)\n]{1,40}\))?:\s+(?=\S)"
)
QUESTION = re.compile(r"[\"“]?\s*(?P<name>[QA])[.:]\s+(?=\S)")
# A document is a transcript from this many labelled paragraphs on, with a label that comes back.
TURNS = 3
# Unlabelled paragraphs between two turns go on with the first, up to this many.
TURN_PARAGRAPHS = 3
SIGNATURE = re.compile(r"[\s\u00a0]*(?P<dash>[–—―-]{1,2})[\s\u00a0]*(?P<name>[A-Z][^\n–—―:;]{1,70})$")
SIGNATURE_WORDS = 10
HEADLINE_LENGTH = 200
# How much of the text below a headline is searched for its label.
BODY = 20_000
HEADLINE_AFTER = re.compile(r"[^\n:]{10,}: (?P<name>[^\n:,.?!“”\"]{3,40}?)(?: [-–—] [A-Z]\w+)?\.?$")
HEADLINE = re.compile(r"(?P<name>[A-Z][^\n:.?!“”\"]{1,45}):\s+(?=\S)")


def turns(text: str, layout: Layout) -> list[Attribution]:
    """Return the turns of transcripts and of interviews in questions and answers."""
    labelled: list[tuple[int, re.Match[str]]] = []
    for index, paragraph in enumerate(layout.paragraphs):
        if paragraph.zone not in ("headline", "byline", "dateline", "boilerplate"):
            span = paragraph.span
            match = QUESTION.match(text, span.start, span.end) or LABEL.match(text, span.start, span.end)
            if match:
                labelled.append((index, match))
    counts = Counter(match.group("name") for _, match in labelled)
    kept = [(i, m) for i, m in labelled if _is_turn(m.group("name"), counts)]
    if len(kept) < TURNS or len({m.group("name") for _, m in kept}) < 2:
        return []
    return [_turn(layout, kept, at) for at in range(len(kept))]


def _is_turn(name: str, counts: Counter[str]) -> bool:
    if name in ("Q", "A"):
        return counts["Q"] > 0 and counts["A"] > 0
    return name.isupper() or counts[name] > 1


def _turn(layout: Layout, kept: list[tuple[int, re.Match[str]]], at: int) -> Attribution:
    index, match = kept[at]
    following = kept[at + 1][0] if at + 1 < len(kept) else index + 1
    last = following if following - index <= TURN_PARAGRAPHS + 1 else index + 1
    spans = [Span(match.end(), layout.paragraphs[index].span.end)]
    spans += [p.span for p in layout.paragraphs[index + 1 : last] if p.zone == "body"]
    name = Span(match.start("name"), match.end("name"))
    colon = Span(match.end("name"), match.end("name") + 1)
    return _by_layout("pattern.turn", spans, colon, name)


def headlines(text: str, layout: Layout, rules: Rules) -> Iterator[Attribution]:
    """Yield ``Name: what it says`` and ``What it says: report`` headlines."""
    documents = {word for role in rules.of(Role) if role.of == "document" for word in role.words}
    sources = {word for role in rules.of(Role) for word in role.words}
    for index, paragraph in enumerate(layout.paragraphs[:3]):
        span = paragraph.span
        if span.end - span.start > HEADLINE_LENGTH or (index and paragraph.zone != "headline"):
            continue
        end = span.end - 1 if text[span.end - 1] == "." else span.end
        match = HEADLINE_AFTER.match(text, span.start, span.end)
        if match and match.group("name").split()[-1].lower() in sources:
            name = Span(match.start("name"), match.end("name"))
            colon = text.rindex(":", span.start, name.start)
            yield _by_layout("pattern.headline", [Span(span.start, colon)], Span(colon, colon + 1), name)
            continue
        match = HEADLINE.match(text, span.start, span.end)
        if match and _is_label(text, match.group("name").split(), documents, span.end):
            name = Span(match.start("name"), match.end("name"))
            yield _by_layout("pattern.headline", [Span(match.end(), end)], Span(name.end, name.end + 1), name)


def _is_label(text: str, words: list[str], documents: set[str], end: int) -> bool:
    """Tell whether a headline's label names a document, or somebody whom the text below mentions again."""
    if words[-1].lower() in documents:
        return True
    if not words[-1][0].isupper() or len(words) > 5:
        return False
    body = text[end : end + BODY]
    whole = len(words) > 1 and words[0] != "The" and " ".join(words) in body
    return whole or re.search(rf"\b[a-z]+[,’'”]? {re.escape(words[-1])}\b", body) is not None


def signatures(page: Page) -> Iterator[Attribution]:
    """Yield utterances that a dash and a name after them sign, on the same line or the next."""
    paragraphs = page.layout.paragraphs
    for index, utterance in enumerate(page.spoken):
        if not page.alone_before(index):
            continue
        at = page.sentence(page.sentence_at(utterance.end - 1)).paragraph
        rest = Span(utterance.end, paragraphs[at].span.end)
        if page.blank(rest.start, rest.end) and at + 1 < len(paragraphs):
            rest = paragraphs[at + 1].span
        match = SIGNATURE.match(page.text[rest.start : rest.end].rstrip(" .\u00a0"))
        if match and len(match.group("name").split()) <= SIGNATURE_WORDS:
            name = Span(rest.start + match.start("name"), rest.start + match.end("name"))
            words = page.tokens(name.start, name.end)
            if not any(t.pos_ in ("VERB", "AUX") and t.tag_ in ("VBD", "VBZ", "VBP", "MD") for t in words):
                dash = Span(rest.start + match.start("dash"), rest.start + match.end("dash"))
                yield _by_layout("pattern.signature", list(utterance.spans), dash, name)


def _by_layout(pattern: str, spans: list[Span], cue: Span, source: Span) -> Attribution:
    return Attribution(
        spans=tuple(spans), voice="indirect", cue=cue, cue_rule=pattern, source=source,
        evidence=(Evidence(pattern, cue.start, cue.end),), score=SCORES[pattern],
    )  # fmt: skip
