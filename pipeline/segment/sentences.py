"""Where the sentences of a paragraph end."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from pipeline.records import Evidence, Span
from pipeline.rules import Abbreviation, SentenceJoin, SentenceStart

if TYPE_CHECKING:
    from pipeline.rules import Rules

# A sentence longer than this is cut at white space: the parser's memory grows with a sentence's length.
LONGEST = 10_000

# A sentence's mark with the closing marks that belong to it and a footnote's number after those.
STOP = re.compile(
    r"""(?P<stop>[.!?…‽]+|[。！？｡]+)
        (?P<close>(?:["”’'»›)\]}」』＂]|“(?=\s|$))*)
        (?:(?<=["”’'»)])(?:\[\d{1,3}\]|\d{1,3})(?=\s|$))?""",
    re.VERBOSE,
)
# A closing mark that white space parts from its sentence: `it.' '' he said`.
STRAY_CLOSE = re.compile(r"\s(?:''|[\"”’'])(?=\s|$)")
SPACE = re.compile(r"\s*")
# What may stand before a sentence's first word; bounded, so that a text of nothing else takes linear time.
OPENING = re.compile(r"[\s\"“”„‘’'`«»‹›(\[{¿¡…*.「『<-]{0,40}")
DASH = re.compile(r"[-–—―]{1,8}\s{0,8}")
WORD = re.compile(r"[^\W_][\w’'-]*")
BEFORE_STOP = re.compile(r"[^\s\"“”‘(\[{—–/…]+$")
NUMBERED = re.compile(r"\(?\d{1,3}\.")
QUOTE_CLOSE = tuple("\"”’'»›」』")
# A dash and so many code points up to the paragraph's end are a signature: `“We won.” — Ana Ruiz`.
SIGNATURE = 80
LONGEST_ABBREVIATION = 24

Decision = tuple[bool, Evidence | None]


class Splitter(Struct, frozen=True):
    """The words and patterns that decide whether a sentence ends."""

    words: dict[str, Abbreviation]
    patterns: tuple[tuple[Abbreviation, re.Pattern[str]], ...]
    starts: dict[str, str]
    joins: tuple[tuple[str, re.Pattern[str]], ...]


def splitter(rules: Rules) -> Splitter:
    """Return the splitter that the rules describe."""
    return _splitter(rules.of(Abbreviation), rules.of(SentenceStart), rules.of(SentenceJoin))


@lru_cache(maxsize=4)
def _splitter(
    abbreviations: tuple[Abbreviation, ...], starts: tuple[SentenceStart, ...], joins: tuple[SentenceJoin, ...]
) -> Splitter:
    return Splitter(
        {word: rule for rule in abbreviations for word in rule.words},
        tuple((rule, re.compile(rule.pattern)) for rule in abbreviations if rule.pattern),
        {word: rule.id for rule in starts for word in rule.words},
        tuple((rule.id, re.compile(rule.pattern)) for rule in joins),
    )


def split_sentences(text: str, paragraph: Span, words: Splitter) -> tuple[list[Span], list[Evidence]]:
    """Return the sentences of a paragraph without white space round them, and the rules that decided."""
    spans: list[Span] = []
    evidence: list[Evidence] = []
    start = paragraph.start
    for match in STOP.finditer(text, paragraph.start, paragraph.end):
        end = _with_stray_close(text, match.end(), paragraph.end)
        if end <= start:
            continue
        after = _skip(SPACE, text, end, paragraph.end)
        if after == paragraph.end:
            break
        ends, because = _ends_sentence(text, Span(start, paragraph.end), match, Span(end, after), words)
        if because is not None:
            evidence.append(because)
        if ends:
            spans += _cut(text, start, end)
            start = after
    spans += _cut(text, start, paragraph.end)
    return spans, evidence


def _ends_sentence(text: str, rest: Span, match: re.Match[str], gap: Span, words: Splitter) -> Decision:
    """Tell whether a mark ends the sentence that starts at ``rest.start``; ``gap`` is the space after it."""
    stop, close = match.group("stop"), match.group("close")
    if stop[0] in "。！？｡":
        return True, None
    if gap.start == gap.end and not _may_be_glued(text, gap.end, stop, close):
        return False, None
    follows = _next_word(text, gap.end, rest.end)
    if follows is None or text[follows.start].islower():
        return False, None
    dash = DASH.match(text, gap.end, rest.end)
    if dash and rest.end - dash.end() <= SIGNATURE and not STOP.search(text, dash.end(), rest.end - 1):
        return False, None
    kind = _kind(text, match)
    if kind != "full stop" and close.endswith(QUOTE_CLOSE):
        for id, join in words.joins:
            joined = join.match(text, gap.end, rest.end)
            if joined:
                return False, Evidence(id, joined.start(), joined.end())
    if kind == "ellipsis":
        return _after_ellipsis(text, match, gap, follows, words)
    if not close:
        return _after_word(text, rest.start, match, follows, words)
    return True, None


def _may_be_glued(text: str, after: int, stop: str, close: str) -> bool:
    """Tell whether a sentence may start without white space before it: `.”But`, `.“We`."""
    if "." in stop and len(stop) > 1:
        return False
    return text[after] in "“„«「" or (close.endswith(("”", "」", "»")) and text[after].isupper())


def _kind(text: str, match: re.Match[str]) -> Literal["full stop", "question or exclamation", "ellipsis"]:
    stop, at = match.group("stop"), match.start()
    if "?" in stop or "!" in stop:
        return "question or exclamation"
    if "…" in stop or len(stop) > 1 or (at and text[at - 1].isspace()):
        return "ellipsis"
    return "full stop"


def _after_ellipsis(text: str, match: re.Match[str], gap: Span, follows: Span, words: Splitter) -> Decision:
    """An ellipsis ends a sentence before an opening mark and a word that often starts one, or with a fourth dot."""
    if len(match.group("stop")) > 3 or match.group("close").endswith(QUOTE_CLOSE):
        return True, None
    attached = match.start() > 0 and not text[match.start() - 1].isspace()
    start = words.starts.get(follows.of(text))
    if start is not None and attached:
        return True, Evidence(start, follows.start, follows.end)
    return attached and follows.start > gap.end, None


def _after_word(text: str, start: int, match: re.Match[str], follows: Span, words: Splitter) -> Decision:
    """Decide by the word before a bare stop, which may be an abbreviation's."""
    end = match.end("stop")
    before = BEFORE_STOP.search(text[max(start, end - LONGEST_ABBREVIATION) : end])
    if before is None:
        return True, None
    word = before.group()
    if NUMBERED.fullmatch(word) and end - len(word) == start:
        return False, None
    rule = _abbreviation(word, words)
    if rule is None:
        return True, None
    known = words.starts.get(follows.of(text)) if text[follows.end : follows.end + 1] != "." else None
    if _goes_on(rule, is_number=text[follows.start].isdigit(), is_start=known is not None):
        return False, Evidence(rule.id, end - len(word), end)
    return True, None if known is None else Evidence(known, follows.start, follows.end)


def _abbreviation(word: str, words: Splitter) -> Abbreviation | None:
    for form in (word, word.rpartition("-")[2], word.capitalize() if word.isupper() and len(word) > 2 else word):
        rule = words.words.get(form)
        if rule is not None:
            return rule
    return next((rule for rule, pattern in words.patterns if pattern.fullmatch(word)), None)


def _goes_on(rule: Abbreviation, *, is_number: bool, is_start: bool) -> bool:
    """Tell whether a sentence goes on after an abbreviation, before a capital or a number."""
    match rule.before:
        case "anything":
            return True
        case "number":
            return is_number
        case "name":
            return not is_number and not is_start
        case "lowercase":
            return not is_start


def _with_stray_close(text: str, end: int, border: int) -> int:
    match = STRAY_CLOSE.match(text, end, border)
    return match.end() if match else end


def _next_word(text: str, at: int, end: int) -> Span | None:
    """Return the first word after ``at``, dashes and opening marks before it left out."""
    at = _skip(OPENING, text, at, end)
    dash = DASH.match(text, at, end)
    if dash:
        at = _skip(OPENING, text, dash.end(), end)
    if at >= end:
        return None
    match = WORD.match(text, at, end)
    return Span(at, match.end() if match else at + 1)


def _skip(pattern: re.Pattern[str], text: str, at: int, end: int) -> int:
    match = pattern.match(text, at, end)
    return match.end() if match else at


def _cut(text: str, start: int, end: int) -> list[Span]:
    """Return a sentence's span without white space round it, in pieces if it is over-long."""
    spans: list[Span] = []
    while end > start and text[end - 1].isspace():
        end -= 1
    while end - start > LONGEST:
        border = next((at for at in range(start + LONGEST, start + LONGEST // 2, -1) if text[at].isspace()), None)
        border = start + LONGEST if border is None else border
        spans.append(Span(start, start + len(text[start:border].rstrip())))
        start = _skip(SPACE, text, border, end)
    if start < end:
        spans.append(Span(start, end))
    return spans
