"""Speech that a dash opens at a paragraph's start: `— We won, — said Ito. — They lost.`"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline.quotations.pairing import Pair

if TYPE_CHECKING:
    from pipeline.quotations.marks import Marks
    from pipeline.records import Span
    from pipeline.rules import QuotationMark

# The dash after a speech: it follows the speech's last mark and a tag in lower case follows it.
TAG = re.compile(r"(?<=[,.!?…])\s?(?P<dash>[—–―])\s?(?=[^\W\d_A-Z])")
# The dash after a tag: the speech goes on.
RESUMED = re.compile(r"[.,:]\s?(?P<dash>[—–―])\s?(?=\w)")


def dialogue(text: str, paragraph: Span, pairs: list[Pair], marks: Marks) -> list[Pair]:
    """Return the speech of a paragraph that a dash opens and another one closes before its tag."""
    rule = marks.dash
    if rule is None or not text.startswith(rule.open, paragraph.start):
        return []
    tag = TAG.search(text, paragraph.start + 1, paragraph.end)
    if tag is None:
        return []
    found = [_speech(text, paragraph.start, tag.start(), rule)]
    resumed = RESUMED.search(text, tag.end(), paragraph.end)
    if resumed:
        found.append(_speech(text, resumed.start("dash"), paragraph.end, rule))
    return [pair for pair in found if all(_nest(pair, other) for other in pairs)]


def _speech(text: str, start: int, end: int, rule: QuotationMark) -> Pair:
    inner = start + 1
    while inner < end and text[inner].isspace():
        inner += 1
    return Pair(start, end, inner, end, rule.id)


def _nest(one: Pair, other: Pair) -> bool:
    apart = one.end <= other.start or other.end <= one.start
    return (
        apart
        or (one.start < other.start and other.end <= one.end)
        or (other.start < one.start and one.end <= other.end)
    )
