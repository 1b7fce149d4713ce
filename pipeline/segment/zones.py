"""What each paragraph is on the page: headline, dateline, byline, caption, list, boilerplate or body."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from pipeline.records import Evidence, Paragraph, Span
from pipeline.rules import ZonePattern

if TYPE_CHECKING:
    from pipeline.records import Zone
    from pipeline.rules import Rules

# Rules with ``top`` hold for this many paragraphs from the start of a document.
TOP = 8
# Longer than any headline: PolNeAR's longest of 924 has 190 code points.
HEADLINE = 200
SUBHEAD_WORDS = 10
# Of a headline's words of four letters and more, so many begin with a capital where it has a final stop.
CAPITALISED = 0.6
WORD = re.compile(r"[^\W\d_][\w’'-]*")
ACRONYM = re.compile(r"(?:[A-Z]\.){2,}$")
FINAL = re.compile(r"[.!?…:;,][\"”’')\]»]*$")

Compiled = tuple[tuple[ZonePattern, re.Pattern[str]], ...]


def lay_out(text: str, spans: list[Span], rules: Rules) -> tuple[list[Paragraph], list[int], list[Evidence]]:
    """Give each paragraph its zone; a dateline becomes a paragraph before the one it stood in.

    The second result says for each paragraph where its first sentence starts: after a list's marker.
    """
    patterns = _compiled(rules.of(ZonePattern))
    paragraphs: list[Paragraph] = []
    starts: list[int] = []
    evidence: list[Evidence] = []
    headed = False
    for index, span in enumerate(spans):
        zone: Zone = "body"
        start = span.start
        found = _match(text, span, patterns, at_top=index < TOP)
        if found is not None:
            rule, end = found
            zone = rule.zone
            evidence.append(Evidence(rule.id, span.start, end))
            if zone == "dateline":
                cut = _trimmed(text, span.start, end)
                rest = _trimmed(text, end, span.end)
                paragraphs.append(Paragraph(cut, "dateline"))
                starts.append(cut.end)
                span, start, zone = rest, rest.start, "body"
            elif zone == "list":
                start = end
        elif index + 1 < len(spans) and _is_headline(text, span, spans[index + 1], first=not headed and index < TOP):
            zone = "headline"
        headed = headed or zone in ("headline", "body")
        if span.start < span.end:
            paragraphs.append(Paragraph(span, zone))
            starts.append(start)
    return paragraphs, starts, evidence


def _match(text: str, span: Span, patterns: Compiled, *, at_top: bool) -> tuple[ZonePattern, int] | None:
    for rule, pattern in patterns:
        if at_top or not rule.top:
            match = pattern.match(text, span.start, span.end)
            if match and match.end() > span.start:
                return rule, match.end()
    return None


def _trimmed(text: str, start: int, end: int) -> Span:
    while start < end and text[end - 1].isspace():
        end -= 1
    while start < end and text[start].isspace():
        start += 1
    return Span(start, end)


def _is_headline(text: str, span: Span, below: Span, *, first: bool) -> bool:
    """Tell by its form the headline (``first``), or one above a part of the body (``below``)."""
    if span.end - span.start > HEADLINE:
        return False
    words = WORD.findall(text, span.start, span.end)
    if not words:
        return False
    stopped = FINAL.search(text, max(span.start, span.end - 4), span.end) is not None
    if first:
        stopped = stopped and ACRONYM.search(text, span.start, span.end) is None
        return (
            not stopped
            or text[span.end - 1] == ";"
            or (text[span.end - 1] not in ":," and _capitalised(words) >= CAPITALISED)
        )
    titled = all(word.isupper() for word in words) or (len(words) > 1 and _capitalised(words) == 1.0)
    over = below.end - below.start > 2 * (span.end - span.start) or FINAL.search(
        text, max(below.start, below.end - 4), below.end
    )
    return (
        titled and bool(over) and not stopped and len(words) <= SUBHEAD_WORDS and ":" not in text[span.start : span.end]
    )


def _capitalised(words: list[str]) -> float:
    long = [word for word in words if len(word) > 3]
    return sum(word[0].isupper() for word in long) / len(long) if long else 0.0


@lru_cache(maxsize=4)
def _compiled(rules: tuple[ZonePattern, ...]) -> Compiled:
    return tuple((rule, re.compile(rule.pattern)) for rule in rules)
