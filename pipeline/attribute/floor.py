"""Keeping the floor: utterances beside which no cue stands go on with the speech round them.

PolNeAR's rule is followed: a quotation that makes sentences or a paragraph of its own directly
after an attributed content belongs to that attribution. Where something else stands between, the
speaker keeps the floor in a record of its own (``continued``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from pipeline.attribute.beside import FINITE
from pipeline.attribute.claims import Claims
from pipeline.attribute.page import BLANK
from pipeline.attribute.ties import Tie, can_speak, noun_phrase, record, words_of
from pipeline.records import Attribution, Evidence, Span

if TYPE_CHECKING:
    from pipeline.attribute.page import Page, Utterance

# The predicate of the sentence before ("was firm") is the cue as a whole up to this many words, else its verb.
CUE_WORDS = 4
# How many paragraphs a speaker may be silent and keep the floor, and the code points that make a quotation
# long enough to be one's next words rather than an interjection; swept on PolNeAR train.
KEPT_PARAGRAPHS, KEPT_LENGTH = 2, 20
# A sentence that begins with a quotation of so many words may end in so many others ("“He rose to lead” the council.").
OWN_QUOTED, OWN_WORDS = 6, 6
# As SCORES in ``quoted``.
JOINED_SCORE = 0.95


def keep_floor(page: Page, found: list[Attribution]) -> list[Attribution]:
    """Give every utterance that stands alone and is not yet part of a content to an attribution."""
    floor = _Floor(page, found)
    waiting: list[int] = []
    for index, utterance in enumerate(page.spoken):
        if not page.alone_before(index) or floor.contents.keys(utterance.spans):
            continue
        if not page.alone_after(index):
            at = floor.before(index) if _ends_in_own_words(page, index) else None
            if at is not None:
                floor.extend(at, utterance, _sentence_end(page, utterance))
            continue
        if _is_heading(page.text, utterance):
            continue
        at = floor.before(index)
        listed = floor.list_head(index)
        if listed is not None:
            floor.add_listed(listed, utterance)
        elif at is not None:
            floor.extend(at, utterance)
        else:
            waiting.append(index)
    for index in reversed(waiting):
        at = floor.after(index)
        if at is None:
            at = floor.before_pronoun(index)
        if at is not None:
            floor.extend(at, page.spoken[index])
        else:
            floor.add(_subject_before(page, index))
    for index in waiting:
        if not floor.contents.keys(page.spoken[index].spans):
            floor.add(floor.kept(index))
    return floor.found


def _is_heading(text: str, utterance: Utterance) -> bool:
    words = utterance.quotations[0].inner.of(text)
    if words.rstrip().endswith(":") and len(words.split()) <= CUE_WORDS:
        return True
    return words.isupper() and not words.rstrip().endswith((".", "!", "?", ","))


def _ends_in_own_words(page: Page, index: int) -> bool:
    """Tell whether a sentence begins with a long quotation and ends in few words that attribute nothing."""
    utterance = page.spoken[index]
    end = page.sentence(page.sentence_at(utterance.end - 1)).span.end
    if index + 1 < len(page.spoken) and page.spoken[index + 1].start < end:
        return False
    rest = [t for t in page.tokens(utterance.end, end) if not t.is_punct]
    words = utterance.quotations[0].inner.of(page.text).split()
    if len(words) < OWN_QUOTED or len(rest) > OWN_WORDS or page.cues_in(utterance.end, end):
        return False
    return not any(t.tag_ in FINITE for t in rest)


def _sentence_end(page: Page, utterance: Utterance) -> int:
    return len(page.text[: page.sentence(page.sentence_at(utterance.end - 1)).span.end].rstrip(BLANK))


class _Floor:
    """The attributions found so far, by place; keys are indices into ``found``."""

    def __init__(self, page: Page, found: list[Attribution]) -> None:
        self.page = page
        self.found: list[Attribution] = []
        self.contents, self.cues = Claims(), Claims()
        self._speech = {hit.span.start for hit in page.cues if "quotation" in hit.rule.frames}
        self._list_heads = _paragraphs_before_lists(page)
        self._list_ties: dict[int, Tie | None] = {}
        for a in found:
            self.add(a)

    def add(self, a: Attribution | None) -> None:
        if a is not None:
            for span in a.spans:
                self.contents.add(span, len(self.found))
            if a.cue is not None:
                self.cues.add(a.cue, len(self.found))
            self.found.append(a)

    def extend(self, at: int, utterance: Utterance, end: int | None = None) -> None:
        """Let an attribution go on with an utterance, up to an offset after its closing mark if one is given."""
        *first, last = utterance.spans
        added = (*first, last if end is None else Span(last.start, end))
        for span in added:
            self.contents.add(span, at)
        a = self.found[at]
        evidence = (*a.evidence, Evidence("pattern.floor", utterance.start, utterance.end))
        spans = tuple(sorted((*a.spans, *added)))
        self.found[at] = structs.replace(a, spans=spans, evidence=evidence, score=min(a.score, JOINED_SCORE))

    def list_head(self, index: int) -> Tie | None:
        """Tie an item of a list to the subject of the paragraph that opens it (Voss spoke. Key points:)."""
        page, utterance = self.page, self.page.spoken[index]
        at = page.sentence(page.sentence_at(utterance.start)).paragraph
        head = self._list_heads[at]
        if head is None or not page.blank(utterance.end, page.layout.paragraphs[at].span.end):
            return None
        if head not in self._list_ties:
            self._list_ties[head] = _subject_of(page, page.layout.paragraphs[head].span)
        return self._list_ties[head]

    def add_listed(self, tie: Tie, utterance: Utterance) -> None:
        """Add an item of somebody's list, to the record of the items before if there is one."""
        before = self.cues.keys([tie.cue]) if tie.cue is not None else []
        if before and tie.cue is not None and self.found[before[0]].spans[0].start > tie.cue.end:
            self.extend(before[0], utterance)
        else:
            self.add(record(tie, list(utterance.spans)))

    def before_pronoun(self, index: int) -> int | None:
        """Return the attribution two sentences back, where the one between is about "him" or "her"."""
        page = self.page
        at = page.sentence_at(page.spoken[index].start)
        if at < 2 or page.sentence(at - 2).paragraph != page.sentence(at).paragraph:
            return None
        between = page.tokens(page.sentence(at - 1).span.start, page.sentence(at - 1).span.end)
        return self.before(index, back=2) if between[0].lower_ in ("he", "she", "they") else None

    def before(self, index: int, back: int = 1) -> int | None:
        """Return the last attribution of the sentence directly before the utterance, or ``back`` sentences before."""
        at = self.page.sentence_at(self.page.spoken[index].start)
        if at < back:
            return None
        previous = self.page.sentence(at - back).span
        ranks = [(self._rank(key), self._reach(key, previous), key) for key in self._in(previous)]
        return max(ranks)[-1] if ranks else None

    def _rank(self, key: int) -> int:
        """Rank what a tag or a participle ("…, adding that") attributes first, what nobody utters last."""
        a = self.found[key]
        words = self.page.tokens(a.cue.start, a.cue.end) if a.cue is not None else []
        if any(e.rule.startswith(("pattern.tag", "pattern.lead")) for e in a.evidence):
            return 1
        if a.cue is None or a.cue.start not in self._speech:
            return -1
        return 1 if any(t.tag_ == "VBG" for t in words) else 0

    def _in(self, sentence: Span) -> list[int]:
        return [*self.contents.keys([sentence]), *self.cues.keys([sentence])]

    def _reach(self, key: int, sentence: Span) -> int:
        a = self.found[key]
        return max(p.end for p in (*a.spans, a.cue) if p is not None and p.overlaps(sentence))

    def after(self, index: int) -> int | None:
        """Return the attribution whose content begins where the utterance ends."""
        utterance = self.page.spoken[index]
        claim = self.contents.first_from(utterance.end)
        if claim is None or not self.page.blank(utterance.end, claim[0].start):
            return None
        apart = "\n" in self.page.text[utterance.end : claim[0].start]
        return None if apart and utterance.quotations[-1].complete else claim[1]

    def kept(self, index: int) -> Attribution | None:
        """Let the last speaker keep the floor over a little text in between."""
        page, utterance = self.page, self.page.spoken[index]
        claim = self.contents.last_before(utterance.start)
        if claim is None or utterance.end - utterance.start < KEPT_LENGTH:
            return None
        span, key = claim
        paragraph = page.sentence(page.sentence_at(utterance.start)).paragraph
        if paragraph - page.sentence(page.sentence_at(span.end - 1)).paragraph > KEPT_PARAGRAPHS:
            return None
        at = self.found[key].continues if self.found[key].continued else key
        kept = record(Tie("pattern.floor-kept", None, None), list(utterance.spans))
        return structs.replace(kept, continued=True, continues=at)


def _paragraphs_before_lists(page: Page) -> list[int | None]:
    """Return for each paragraph the one ending in a colon that opens the list which it is an item of."""
    heads: list[int | None] = []
    opening: int | None = None
    for at, paragraph in enumerate(page.layout.paragraphs):
        listed = paragraph.zone == "list"
        if not listed:
            opening = at if page.text[paragraph.span.end - 1] == ":" else None
        heads.append(opening if listed else None)
    return heads


def _subject_of(page: Page, head: Span) -> Tie | None:
    for token in reversed(page.tokens(head.start, head.end)):
        if token.dep_ == "nsubj" and token.head.dep_ == "ROOT" and can_speak(token) and not page.inside(token.idx):
            verb = words_of(token.head)
            auxiliary = next((c for c in token.head.lefts if c.dep_ == "aux" and c.i > token.i), token.head)
            return Tie("pattern.list", Span(auxiliary.idx, verb.end), noun_phrase(token))
    return None


def _subject_before(page: Page, index: int) -> Attribution | None:
    """Take the subject of the sentence before, in the same paragraph, where that has no cue (Reed was firm)."""
    utterance = page.spoken[index]
    at = page.sentence_at(utterance.start)
    if at == 0 or page.sentence(at).paragraph - page.sentence(at - 1).paragraph > 1:
        return None
    previous = page.sentence(at - 1).span
    for token in page.tokens(previous.start, previous.end):
        if token.dep_ == "nsubj" and token.head.dep_ == "ROOT" and can_speak(token) and not page.inside(token.idx):
            verb = token.head
            rest = [t for t in page.tokens(verb.idx, previous.end) if not t.is_punct]
            last = rest[-1] if rest and len(rest) <= CUE_WORDS else verb
            cue = Span(verb.idx, last.idx + len(last))
            return record(Tie("pattern.subject-before", cue, noun_phrase(token)), list(utterance.spans))
    return None
