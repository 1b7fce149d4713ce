"""Speech between quotation marks and the cue and source that it belongs to.

An utterance is tied to a cue that follows it (a *tag*: “…,” said Ito), precedes it (a *lead*:
Ito said: “…”) or both (“…,” said Ito, “…”). Utterances that no cue touches are left to ``floor``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.attribute.claims import Claims
from pipeline.attribute.leads import is_sentence, lead
from pipeline.attribute.tags import clause_start, late_tag, tag
from pipeline.attribute.ties import Tie, record
from pipeline.records import Attribution, Span

if TYPE_CHECKING:
    from pipeline.attribute.page import Page

# A clause goes on after a tag with at most this many words, the comma among them (", and they were still “…”").
RESUMING_WORDS = 5


def quoted(page: Page, taken: list[Span]) -> list[Attribution]:
    """Return direct speech that a cue beside it attributes, one record a cue, in text order.

    Utterances that overlap a span of ``taken`` are left out.
    """
    claims = Claims()
    for span in taken:
        claims.add(span, 0)
    records: dict[Tie, list[Span]] = {}
    tag_before: Tie | None = None
    for index, utterance in enumerate(page.spoken):
        if claims.keys(utterance.spans):
            continue
        tie = _choose(page, index, tag_before)
        resumed = _resumed(page, index, tag_before) if tie is None else None
        if tag_before is not None and resumed is not None:
            records.setdefault(tag_before, []).append(resumed)
            continue
        if tie is None:
            late = late_tag(page, index)
            if late is not None:
                records.setdefault(late[0], []).append(late[1])
        tag_before = tie if tie is not None and tie.cue is not None and tie.cue.start >= utterance.end else None
        if tie is not None:
            records.setdefault(tie, []).extend(_content(page, index, tie))
    return [record(tie, spans) for tie, spans in records.items()]


def _content(page: Page, index: int, tie: Tie) -> tuple[Span, ...]:
    """Return the utterance's spans; a fronted clause that it ends belongs to the content too."""
    spans = page.spoken[index].spans
    if tie.pattern != "pattern.tag-fronted" or tie.cue is None or tie.cue.start < spans[0].end:
        return spans
    return (Span(clause_start(page, index), spans[0].end), *spans[1:])


def _resumed(page: Page, index: int, tag_before: Tie | None) -> Span | None:
    """Return the content where the clause goes on after the tag: “…,” said Ito, and still “…”.

    Also where the next sentence begins unseen: “…,” said Ito in Albany, N.Y. “…”
    """
    if tag_before is None or tag_before.cue is None or tag_before.cue.start < page.head(index):
        return None
    start = max(part.end for part in (tag_before.cue, tag_before.source) if part is not None)
    end = page.spoken[index].start
    between = page.tokens(start, end)
    if is_sentence(page, index) and page.text[max(start, end - 3) : end].rstrip().endswith("."):  # after "… in N.Y."
        return page.spoken[index].spans[0]
    if not 1 < len(between) <= RESUMING_WORDS or between[0].text != "," or between[1].pos_ != "CCONJ":
        return None
    return Span(between[1].idx, page.spoken[index].end)


def _choose(page: Page, index: int, tag_before: Tie | None) -> Tie | None:
    """Choose between lead and tag.

    A comma before the closing mark calls for a tag, as does a question mark before one in the same
    sentence; else a lead wins, unless it is only the tag of the utterance before.
    """
    inner = page.spoken[index].quotations[-1].inner.of(page.text).rstrip()
    comma = inner.endswith(",")
    leading = lead(page, index)
    tagging = tag(page, index, led=leading is not None or not comma)
    if tagging is not None and (comma or (inner.endswith(("?", "!")) and _in_its_sentence(page, index, tagging))):
        return tagging
    if leading is not None and tag_before is not None and leading.cue == tag_before.cue:
        return tagging or tag_before
    return leading or tagging


def _in_its_sentence(page: Page, index: int, tagging: Tie) -> bool:
    """Tell whether a tag with its own source after a question belongs to its sentence (“Why?” asked Ito)."""
    end = page.sentence(page.sentence_at(page.spoken[index].end - 1)).span.end
    return tagging.pattern == "pattern.tag" and tagging.cue is not None and tagging.cue.end <= end
