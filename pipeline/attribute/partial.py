"""Quotations inside a sentence that no other part claimed: taken where a cue governs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.attribute.claims import Claims
from pipeline.attribute.ties import record, tie_of
from pipeline.records import Attribution, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from spacy.tokens import Token

    from pipeline.attribute.cues import CueHit
    from pipeline.attribute.page import Page, Utterance

# How many heads up from the quotation its cue may stand; swept 2–12 on PolNeAR train.
CLIMB = 8
# A cue counts only where, in some frame, at least this share of its occurrences attributes (swept 0.2–0.6).
LIKELY = 0.4
COMPLEMENTS = ("ccomp", "xcomp", "pcomp", "acl", "relcl", "pobj", "dobj", "prep", "agent")
# Where the quotation is said of an object that the parse hangs elsewhere ("called the plan “a disgrace”").
OBJECTS = ("oprd", "dobj", "ccomp", "xcomp", "attr", "dep", "npadvmod", "appos")
NOMINAL = ("DET", "ADJ", "NOUN", "PROPN", "NUM", "ADP", "PART", "PRON")


def partial(page: Page, taken: Iterable[Span]) -> Iterator[Attribution]:
    """Yield the contents of cues that govern a quotation in their sentence, ``taken`` spans left out."""
    claims = Claims()
    for span in taken:
        claims.add(span, 0)
    heads = {hit.head: hit for hit in page.cues if hit.source is not None and _is_likely(hit)}
    for utterance in page.spoken:
        if len(utterance.quotations) > 1 or claims.keys(utterance.spans):
            continue
        governed = _governor(page, utterance, heads)
        if governed is not None:
            hit, branch = governed
            content = _content(page, utterance, hit, branch)
            if not claims.keys([content, hit.span]):
                claims.add(content, 0)
                claims.add(hit.span, 0)
                yield record(tie_of("pattern.partial", hit), [content])


def _is_likely(hit: CueHit) -> bool:
    """Tell whether the cue attributes more often than not in one of the frames that a quotation can fill."""
    return any(share >= LIKELY for frame, share in hit.rule.precision.items() if frame != "infinitive")


def _governor(page: Page, utterance: Utterance, heads: dict[int, CueHit]) -> tuple[CueHit, Token] | None:
    """Climb from the quotation to the outermost cue whose content it is in; return it and the branch climbed.

    From a cue the climb goes on only through complements: "Ito said Ruiz called it “a lie”".
    """
    span = utterance.spans[0]
    for token in page.tokens(span.start, span.end):
        if span.start <= token.head.idx < span.end and token.head is not token:
            continue
        found: tuple[CueHit, Token] | None = None
        branch = token
        for _ in range(CLIMB):
            head = branch.head
            if head is branch or (found is not None and branch.dep_ not in COMPLEMENTS):
                break
            if head.i in heads and not span.start <= head.idx < span.end:
                found = heads[head.i], branch
            branch = head
        if found is not None:
            return found
    return None


def _content(page: Page, utterance: Utterance, hit: CueHit, branch: Token) -> Span:
    """Return the branch's words with the quotation whole, cut back to the quotation if they meet cue or source."""
    quotation = utterance.spans[0]
    words = [t for t in branch.subtree if not t.is_space]
    start = min(words[0].idx, quotation.start)
    between = page.tokens(hit.span.end, start)
    if branch.dep_ in OBJECTS and between and all(t.pos_ in NOMINAL for t in between):
        start = between[0].idx
    end = max(words[-1].idx + len(words[-1]), quotation.end)
    while end > quotation.end and page.text[end - 1] in ".,;:!? \n\u00a0":
        end -= 1
    content = Span(start, end)
    meets = [part for part in (hit.span, hit.source) if part is not None and part.overlaps(content)]
    return quotation if meets else content
