"""The mention beside a tag's cue, by position alone, for tags whose subject the parse misses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline.records import Span

if TYPE_CHECKING:
    from spacy.tokens import Token

    from pipeline.attribute.page import Page

# Longest mention taken by position, in words; the longest ones of PolNeAR train have about 30.
MENTION_WORDS = 25
FINITE = ("VBD", "VBZ", "VBP", "MD")
NOMINAL = ("PROPN", "NOUN", "PRON", "DET", "ADJ", "NUM")
# Words that say when: alone (names of days and months, by their capital), and those that do before or after others.
DAYS = re.compile(
    r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?|(?:Mon|Tues?|Wed|Thurs?|Fri|Sat|Sun)\.|January|February|March|April"
    r"|May|June|July|August|September|October|November|December|(?:Jan|Feb|Mar|Apr|Aug|Sept?|Oct|Nov|Dec)\.?"
    r"|(?i:yesterday|today|tomorrow|tonight|midnight|noon)|(?:19|20)\d\d"
)
NEAR = frozenset({"last", "this", "next", "earlier", "late", "early", "every", "each", "that", "the", "a", "an"})
UNITS = re.compile(
    r"(?:second|minute|hour|day|night|morning|afternoon|evening|weekend|week|month|year|quarter|decade)s?",
    re.IGNORECASE,
)


def mention_before(page: Page, start: int, cue: int) -> Span | None:
    """Return the mention that fills the text from the utterance's end to the cue, without adverbs."""
    words = [t for t in page.tokens(start, cue) if not t.is_punct or t.text in "().,"]
    while words and (words[-1].is_punct or words[-1].pos_ in ("ADV", "AUX", "PART")) and words[-1].text != ")":
        words = words[:-1]
    while words and (words[0].is_punct or words[0].pos_ == "ADV"):
        words = words[1:]
    if not words or len(words) > MENTION_WORDS or words[0].pos_ not in NOMINAL or words[0].tag_ in ("WDT", "WP"):
        return None
    relative = next((i for i, t in enumerate(words) if t.tag_ in ("WDT", "WP", "WP$")), len(words))
    if words[-1].tag_ in ("WDT", "WP") or any(t.tag_ in FINITE for t in words[:relative]) or not _nominal(words):
        return None
    return _span(words)


def mention_after(page: Page, cue: int, end: int) -> Span | None:
    """Return the mention that begins right after the cue (said Ito, the chairman)."""
    words = page.tokens(cue, end)
    if not words or words[0].pos_ not in NOMINAL or words[0].tag_ in ("WDT", "WP") or tells_time(words[0]):
        return None
    taken: list[Token] = []
    for at, token in enumerate(words[:MENTION_WORDS]):
        following = words[at + 1] if at + 1 < len(words) else None
        if token.tag_ in FINITE or token.text in (";", ":", "—", "–", ".") or token.pos_ in ("SCONJ", "CCONJ", "VERB"):
            break
        if token.text == "," and not (_goes_on(following) or _names(taken, following)):
            break
        if token.pos_ == "ADP" and _is_circumstance(token, following, apposition="," in [t.text for t in taken]):
            break
        if tells_time(token):
            break
        taken.append(token)
    while taken and ((taken[-1].is_punct and taken[-1].text != ")") or taken[-1].pos_ == "ADP"):
        taken = taken[:-1]
    return _span(taken) if taken and _nominal(taken) else None


def _is_circumstance(token: Token, following: Token | None, *, apposition: bool) -> bool:
    """Tell whether a preposition begins where or when it was said rather than who said it."""
    if following is not None and tells_time(following):
        return True
    return token.lower_ not in ("of", "from", "for", "with") and not apposition


def _goes_on(token: Token | None) -> bool:
    """Tell whether an apposition begins here: a, the, his, or a common noun."""
    return token is not None and (token.pos_ in ("DET", "NOUN") or token.tag_ == "PRP$")


def _names(taken: list[Token], token: Token | None) -> bool:
    """Tell whether a name follows a description without one: asked its chairwoman, Lise Dam."""
    described = bool(taken) and all(t.pos_ in ("DET", "PRON", "ADJ", "NOUN", "ADP") for t in taken)
    return described and token is not None and token.pos_ == "PROPN"


def tells_time(token: Token) -> bool:
    """Tell whether a word says when something was said, by itself or with the word after it."""
    if DAYS.fullmatch(token.text):
        return True
    near = token.lower_ in NEAR or token.like_num
    after = token.nbor() if near and token.i + 1 < len(token.doc) else None
    return after is not None and (UNITS.fullmatch(after.text) or DAYS.fullmatch(after.text)) is not None


def _nominal(words: list[Token]) -> bool:
    return any(t.pos_ in ("PROPN", "NOUN", "PRON") for t in words)


def _span(words: list[Token]) -> Span:
    return Span(words[0].idx, words[-1].idx + len(words[-1]))
