"""When something was said: the date beside an attribution's cue, and the calendar's where the document has a date."""

from __future__ import annotations

import re
from bisect import bisect_left
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import UNSET

from pipeline.parse import text_of
from pipeline.records import Dated, Span

if TYPE_CHECKING:
    from dateparser.date import DateDataParser
    from spacy.tokens import Doc, Token
    from spacy.tokens import Span as Entity

    from pipeline.records import Attribution, Layout

# From a date the heads lead to its cue over these; over a verb only if that is how documents come out.
_UP = frozenset(["pobj", "prep", "npadvmod", "advmod", "nmod", "amod", "compound", "nummod", "appos", "tmod", "dobj"])
_PUBLISHED = frozenset(["release", "publish", "issue", "post", "air", "broadcast", "conduct", "file", "make"])
# Heads up from a date at most; a parse that needs more has gone wrong.
STEPS = 8
# Prepositions before a span of time, not a date.
_DURING = frozenset(
    ["for", "since", "over", "until", "till", "by", "after", "before", "within", "through", "throughout"]
)
_WEEKDAY = re.compile(r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day", re.IGNORECASE)
# What a date has: "42" is an age, "annual" no date, "earlier" goes with the weekday after it.
CALENDAR = re.compile(
    r"\b(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|yesterday|today|tonight|overnight|weekend|ago|(?:19|20)\d\d"
    r"|jan(?:uary)?|feb(?:ruary)?|march|april|may|june|july|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?"
    r"|dec(?:ember)?|(?:last|this|earlier this|that|previous|past) (?:week|month|year|night|spring|summer|fall|autumn"
    r"|winter|morning|afternoon|evening))\b",
    re.IGNORECASE,
)
# What stands between a cue and its date right behind it.
_BESIDE = re.compile(r" (?:(?:on|in|late|early|last|back in) )?")
# Programmes that look like dates: "told NBC’s Today".
_PROGRAMME = re.compile(r"(?:Today|Tonight|This Morning|Sunday Morning)\b")
_MONTHS = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?"
_FILED = re.compile(rf"{_MONTHS} \d{{1,2}},? \d{{4}}|\d{{1,2}} {_MONTHS},? \d{{4}}|\d{{4}}-\d\d-\d\d")
_HOURS = re.compile(r" (?:morning|afternoon|evening|night)\b")
_VAGUE = re.compile(r"^(?:late|early|earlier|later)\s+", re.IGNORECASE)
_PERIODS = {"day": "%Y-%m-%d", "week": "%G-W%V", "month": "%Y-%m", "year": "%Y"}
# Years that a date in the news may have.
_YEARS = range(1900, 2101)


class Dates:
    """Finds the dates of one document's attributions; ``published`` is the document's own date as it gives it."""

    def __init__(self, doc: Doc, published: str | None) -> None:
        self.doc = doc
        self.text = text_of(doc)
        self.published = published
        dates = (e for e in doc.ents if e.label_ in ("DATE", "TIME") and CALENDAR.search(e.text))
        self.entities = [e for e in dates if not (_PROGRAMME.match(e.text) and not e.root.is_sent_start)]
        self.before: dict[Span, Dated] = {}
        self.starts = [ent.start_char for ent in self.entities]

    def said_on(self, attribution: Attribution) -> Dated | None:
        """Return the date that the text ties to the attribution's cue, None where it ties none.

        A source's further cues share a date before it ("On Monday, Ito said … and explained …").

        Offsets are code points of ``doc.text``. ``date`` is ISO 8601, as exact as the words are: a day
        ("2016-09-19"), week ("2016-W38"), month ("2016-06") or year, unset where the words don't tell.
        """
        found = self._beside(attribution)
        source = attribution.source
        if source is not None and found is not None and found.end <= source.start:
            self.before.setdefault(source, found)
        return found if found is not None or source is None else self.before.get(source)

    def _beside(self, attribution: Attribution) -> Dated | None:
        cue = attribution.cue
        if cue is None:
            return None
        first = self.doc.char_span(cue.start, cue.end, alignment_mode="expand")
        if first is None:
            return None
        sentence = first.root.sent
        at = bisect_left(self.starts, sentence.start_char)
        while at < len(self.entities) and self.starts[at] < sentence.end_char:
            entity, at = self.entities[at], at + 1
            span = Span(entity.start_char, entity.end_char)
            if not any(span.overlaps(content) for content in attribution.spans) and self._tied(
                entity, attribution, cue
            ):
                date = iso_date(entity.text, self.published)
                if hour := _HOURS.match(self.text, span.end):
                    span = Span(span.start, hour.end())
                return Dated(span.start, span.end, span.of(self.text), date or UNSET)
        return None

    def _tied(self, entity: Entity, attribution: Attribution, cue: Span) -> bool:
        """Tell whether the date's heads lead to the cue, by way of source, addressee or medium at most."""
        parts = [span for span in (attribution.source, attribution.addressee, attribution.medium) if span is not None]
        token: Token = entity.root
        if token.dep_ == "pobj" and token.head.lower_ in _DURING:
            return False
        if entity.text.isdigit() and any(part.start <= entity.start_char < part.end for part in parts):
            return False  # "said a 2008 veteran"
        if self._right_behind(entity, cue):
            return True
        of_verb = False  # a verb that publishes nothing stands between: "the man seen on Monday said"
        for _ in range(STEPS):
            through = token.dep_ in _UP or (token.dep_ == "acl" and token.lemma_ in _PUBLISHED)
            if not through or token.head.i == token.i:
                return False
            token = token.head
            of_verb |= token.pos_ == "VERB" and token.lemma_ not in _PUBLISHED
            if cue.start <= token.idx < cue.end:
                return True
            part = next((part for part in parts if part.start <= token.idx < part.end), None)
            if part is not None and not part.start <= token.head.idx < part.end:
                return token.dep_ in ("nsubj", "pobj", "dobj", "dative") and not of_verb
        return False

    def _right_behind(self, entity: Entity, cue: Span) -> bool:
        """Tell whether the date follows the cue and is no part of what is said: "said on Monday she would go"."""
        owner = entity.text.endswith(("'s", "’s")) or self.text.startswith(("'s", "’s"), entity.end_char)
        beside = _BESIDE.fullmatch(self.text, cue.end, max(cue.end, entity.start_char)) is not None
        return beside and not owner and not entity.root.dep_.startswith("nsubj")


def filed_on(text: str, layout: Layout) -> str | None:
    """Return the date with its year in a document's dateline: "BENGALURU, March 11, 2024"; None where it has none."""
    datelines = (p.span.of(text) for p in layout.paragraphs if p.zone == "dateline")
    return next((found.group() for line in datelines if (found := _FILED.search(line))), None)


@lru_cache(maxsize=4096)
def iso_date(words: str, published: str | None) -> str | None:
    """Return the date that the words mean in a document published at a date, ISO 8601; None where they tell none.

    A weekday is the last one up to the day of publication, that day included.
    """
    base = _day(published)
    if base is None and not re.search(r"\b\d{4}\b", words):
        return None
    weekday = _WEEKDAY.search(words)
    base = (base or datetime(2000, 1, 1)) + timedelta(days=1 if weekday else 0)
    found = _parser(base).get_date_data(weekday.group() if weekday else _VAGUE.sub("", words))
    day: datetime | None = found.date_obj
    if day is None or day.year not in _YEARS:
        return None
    return day.strftime(_PERIODS.get(found.period, "%Y-%m-%d"))


@lru_cache(maxsize=256)
def _day(published: str | None) -> datetime | None:
    """Return the day of publication; None where the document gives none that can be read."""
    if not published:
        return None
    try:
        return datetime.fromisoformat(published).replace(tzinfo=None)
    except ValueError:
        found = _parser(None).get_date_data(published)
        return found.date_obj.replace(tzinfo=None) if found.date_obj and found.period == "day" else None


@lru_cache(maxsize=64)
def _parser(base: datetime | None) -> DateDataParser:
    from dateparser.date import DateDataParser  # takes a tenth of a second, which texts without dates are spared

    settings = {"PREFER_DATES_FROM": "past", "RETURN_AS_TIMEZONE_AWARE": False}
    return DateDataParser(languages=["en"], settings=settings | ({"RELATIVE_BASE": base} if base else {}))
