"""Seams between attributions that the parse runs together: asides, coordinated cues, relaying sources."""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING

from msgspec import structs

from pipeline.attribute.beside import FINITE
from pipeline.attribute.claims import Claims
from pipeline.attribute.ties import record, tie_of
from pipeline.records import Attribution, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from spacy.tokens import Token

    from pipeline.attribute.cues import CueHit
    from pipeline.attribute.page import Page

TRAILING = " \t\n\r\u00a0,.;"
# How many contents that begin before an aside are looked at for those that reach over it.
REACH = 40


class _Reports:
    """Attributions by where their contents begin, so that those that reach over an offset are found in log time."""

    def __init__(self, found: Iterable[Attribution]) -> None:
        self.found = sorted(found, key=lambda a: a.spans[0].start)
        self._starts = [a.spans[0].start for a in self.found]

    def reaching(self, border: int, cue: Span) -> list[int]:
        """Return the indices of those that go on over the border and hold the cue, the nearest first."""
        at = bisect.bisect_left(self._starts, border)
        return [i for i in range(at - 1, max(at - REACH, 0) - 1, -1) if _reaches(self.found[i], border, cue)]


def with_asides(page: Page, tied: Iterable[Attribution]) -> list[Attribution]:
    """Give an aside in a relative clause a record of its own, and end what was reported before it.

    "… announced a first system, which, he said, was bought “for use”": the relative clause is what
    he said, not what was announced. "…, as he explained on Sunday" ends a report, and has no content.
    """
    reports = _Reports(tied)
    asides: dict[Span, Attribution | None] = {}
    for hit in page.cues:
        aside, border = _aside(page, hit), _as_said(page, hit)
        if aside is not None:
            span, border = aside
            asides[hit.span] = record(tie_of("pattern.aside", hit), [span])
            for i in reports.reaching(border, hit.span):
                reports.found[i] = _cut(page, reports.found[i], border)
            continue
        if border is not None:
            reaching = reports.reaching(border, hit.span)
            for i in reaching:
                reports.found[i] = _cut(page, reports.found[i], border)
            content = [] if reaching else _but(page, page.doc[hit.head])
            asides.setdefault(hit.span, record(tie_of("pattern.as-said", hit), content) if content else None)
    found = [a for a in reports.found if a.cue is None or a.cue not in asides]
    return found + [a for a in asides.values() if a is not None]


def _as_said(page: Page, hit: CueHit) -> int | None:
    """Return where the clause ", as he explained on Sunday" or "As Ito noted," begins, or None."""
    token = page.doc[hit.head]
    if hit.rule.pos != "verb" or token.dep_ != "advcl" or hit.source is None:
        return None
    mark = next((c for c in token.children if c.dep_ == "mark" and c.lower_ == "as"), None)
    if mark is None or any(c.dep_ in ("dobj", "ccomp", "xcomp") for c in token.children):
        return None
    before = page.text[max(mark.idx - 3, 0) : mark.idx].rstrip()
    return mark.idx if mark.is_sent_start or before.endswith((",", "-", "–", "—")) else None


def _but(page: Page, clause: Token) -> list[Span]:
    """Return the sentence in which a clause is inserted, without the clause."""
    main = clause.head
    if main.dep_ != "ROOT":
        return []
    parts = [(main.left_edge.idx, clause.left_edge.idx), (_end(clause.right_edge), _end(main.right_edge))]
    spans = [_trimmed(page, start, end) for start, end in parts]
    return [span for span in spans if any(t.is_alpha for t in page.tokens(span.start, span.end))]


def _end(token: Token) -> int:
    return token.idx + len(token)


def _trimmed(page: Page, start: int, end: int) -> Span:
    start = next((t.idx for t in page.tokens(start, end) if not t.is_punct and t.pos_ != "CCONJ"), end)
    return Span(start, max(start, _closed(page, start, end)))


def _aside(page: Page, hit: CueHit) -> tuple[Span, int] | None:
    """Return an aside's content and where the relative clause begins that it stands in, or None."""
    token = page.doc[hit.head]
    source = hit.source
    if hit.rule.pos != "verb" or token.dep_ != "parataxis" or source is None or source.start >= hit.span.start:
        return None
    pronoun = _token_before(page, source.start, ",")
    if pronoun is None or pronoun.tag_ not in ("WDT", "WP") or not page.text[hit.span.end :].lstrip().startswith(","):
        return None
    start = page.text.index(",", hit.span.end) + 1
    start += len(page.text[start:]) - len(page.text[start:].lstrip())
    words = [t for t in token.head.subtree if t.idx >= start]
    if not words:
        return None
    end = _closed(page, start, words[-1].idx + len(words[-1]))
    return Span(start, end), pronoun.idx


def _token_before(page: Page, offset: int, mark: str) -> Token | None:
    """Return the word before the mark that stands directly before the offset."""
    before = page.tokens(max(0, offset - 40), offset)
    return before[-2] if len(before) > 1 and before[-1].text == mark else None


def _closed(page: Page, start: int, end: int) -> int:
    """Return the end without punctuation, but with the closing mark of a quotation that begins inside."""
    for utterance in page.spoken_in(start, end):
        end = max(end, utterance.end)
    while end > start and page.text[end - 1] in TRAILING and not page.inside(end - 1):
        end -= 1
    return end


def _reaches(a: Attribution, border: int, cue: Span) -> bool:
    return any(span.start < border and cue.end <= span.end for span in a.spans)


def _cut(page: Page, a: Attribution, border: int) -> Attribution:
    """End the content before the border, without the comma that stands there."""
    spans = []
    for span in a.spans:
        if span.start < border:
            words = page.text[span.start : min(span.end, border)]
            kept = words.rstrip(TRAILING) if span.end > border else words
            spans.append(Span(span.start, span.start + len(kept)))
    return structs.replace(a, spans=tuple(spans))


def with_coordinated(page: Page, tied: Iterable[Attribution]) -> list[Attribution]:
    """Take a second cue of the same source out of the content of the first.

    "Ito said the deal would hold and explained that …": a finite verb cannot be coordinated with
    "hold", so that "explained" goes with "said" and has its source.
    """
    reports = _Reports(_without_acts(page, a) for a in tied)
    sources: dict[Span, Span] = {}
    for hit in page.cues:
        token = page.doc[hit.head]
        if hit.rule.pos != "verb" or token.dep_ != "conj" or token.tag_ not in FINITE or token.head.tag_ != "VB":
            continue
        link = next((c for c in token.head.children if c.dep_ == "cc" and token.head.i < c.i < token.i), None)
        outer = reports.reaching(link.idx, hit.span) if link is not None else []
        if link is None or not outer:
            continue
        reports.found[outer[-1]] = _cut_words(page, reports.found[outer[-1]], link.idx)
        if (source := reports.found[outer[-1]].source) is not None:
            sources[hit.span] = source
    return [structs.replace(a, source=sources[a.cue]) if a.cue in sources else a for a in reports.found]


def with_shared_media(found: Sequence[Attribution]) -> list[Attribution]:
    """Give a source's further cues what stands before it ("In a letter, Ito said … and explained …")."""
    media = {
        a.source: a.medium
        for a in found
        if a.source is not None and a.medium is not None and a.medium.end <= a.source.start
    }
    return [
        structs.replace(a, medium=media[a.source])
        if a.medium is None and a.source is not None and a.source in media
        else a
        for a in found
    ]


def _without_acts(page: Page, a: Attribution) -> Attribution:
    """End a content at a quotation after which the source acts (said they had “done their job” and walked away).

    A past tense cannot be coordinated with the participle or infinitive before it, so that the cue's own
    clause goes on with it.
    """
    if a.cue is None or len(a.spans) > 1 or a.cue.start > a.spans[0].start:
        return a
    for utterance in page.spoken_in(a.spans[0].start, a.spans[0].end):
        after = page.tokens(utterance.end, a.spans[0].end)[:2]
        if len(after) < 2 or after[0].pos_ != "CCONJ" or after[1].dep_ != "conj":
            continue
        verb = after[1].head
        if after[1].tag_ in ("VBD", "VBZ") and verb.tag_ in ("VB", "VBN") and page.inside(verb.idx):
            return structs.replace(a, spans=(Span(a.spans[0].start, utterance.end),))
    return a


def _cut_words(page: Page, a: Attribution, border: int) -> Attribution:
    """End the content before the border; a comma inside a quotation's marks stays with them."""
    cut = _cut(page, a, border)
    last = cut.spans[-1]
    marks = [u.end for u in page.spoken_in(last.start, border) if last.end < u.end <= border]
    return structs.replace(cut, spans=(*cut.spans[:-1], Span(last.start, max([last.end, *marks]))))


def with_relays(
    page: Page, direct: list[Attribution], tied: list[Attribution]
) -> tuple[list[Attribution], list[Attribution]]:
    """Put a source that only relays a quotation into its ``chain``: “…,” said Ito, according to the agency.

    Returns ``direct`` with the chains, and ``tied`` without the relaying sources' own attributions,
    whose content would be the quotation together with its tag.
    """
    direct = list(direct)
    relays = {hit.span.start for hit in page.cues if hit.rule.pos == "preposition"}
    claims = Claims()
    for key, a in enumerate(direct):
        for span in a.spans:
            claims.add(span, key)
    rest = []
    for b in tied:
        relayed = []
        if b.cue is not None and b.cue.start in relays and b.source is not None:
            relayed = [key for key in claims.keys(b.spans) if _is_told_in(direct[key], b)]
        for key in relayed:
            direct[key] = structs.replace(direct[key], chain=(b.source, *direct[key].chain))
        if not relayed:
            rest.append(b)
    return direct, rest


def _is_told_in(a: Attribution, relay: Attribution) -> bool:
    return a.cue is not None and a.source is not None and any(span.holds(a.cue) for span in relay.spans)
