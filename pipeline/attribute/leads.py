"""Leads: a cue or a colon before the utterance in its sentence (Ito said: “…”)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from pipeline.attribute.beside import FINITE
from pipeline.attribute.ties import Tie, can_speak, noun_phrase, tie_of, words_of
from pipeline.records import Span

if TYPE_CHECKING:
    from spacy.tokens import Token

    from pipeline.attribute.cues import CueHit
    from pipeline.attribute.page import Page

# A lead may keep this many words between its cue and the mark ("told reporters in Oslo on Monday, “…"),
# swept 6–20 on PolNeAR train; with a colon before the mark more.
LEAD_WORDS, COLON_WORDS = 14, 30
# What opens with a capital and has as many words is taken for a sentence.
SENTENCE_WORDS = 3
# A label before a colon ("Governor Ana Ruiz of Ohio: “…”") has at most this many words.
LABEL_WORDS = 8
# How many heads up from a cue its subject may stand.
CLIMB = 4
DASHES = ("-", "–", "—", "―", "--")
# Verbs that may open a label ("Said Ito:"), where taggers take them for names.
OPENING_VERBS = ("said", "says", "added", "adds", "wrote", "writes", "asked", "asks", "tweeted", "replied")


def lead(page: Page, index: int) -> Tie | None:
    """Return the tie of a cue before the utterance, in its sentence."""
    region = lead_region(page, index)
    if region is None or page.blank(region.start, region.end):
        return None
    colon = page.text[region.start : region.end].rstrip().endswith(":")
    if colon:
        label = _label(page, region)
        if label is not None:
            return label
    unsourced: Tie | None = None
    hits = page.cues_in(region.start, region.end)
    for found in sorted(hits, key=lambda hit: (hit.rule.pos not in ("noun", "adjective"), hit.head), reverse=True):
        hit = _with_source(page, found)
        rest = page.tokens(hit.span.end, region.end)
        if hit.source is not None and hit.source.start >= hit.span.end:
            rest = [t for t in rest if t.idx >= hit.source.end]
        if found.rule.pos in ("noun", "adjective") and hit.source is None:
            continue
        if colon and len(rest) <= COLON_WORDS:
            if hit.source is not None:
                return tie_of("pattern.lead-colon", hit)
            unsourced = unsourced or tie_of("pattern.lead-colon", hit)
        if "quotation" in hit.rule.frames and _light_lead(page, index, hit, rest):
            return tie_of("pattern.lead", hit)
        if any(t.pos_ in ("VERB", "AUX") for t in rest):
            break
    if colon:
        return _any_colon(page, index, region) or unsourced
    return _any_verb(page, index, region)


def _with_source(page: Page, hit: CueHit) -> CueHit:
    """Give a cue without a subject of its own that of the verb it hangs on ("answered by saying: “…”")."""
    if hit.source is not None and page.inside(hit.source.start):
        hit = structs.replace(hit, source=None)
    if hit.source is not None or hit.passive or hit.rule.pos != "verb":
        return hit
    token = page.doc[hit.head]
    for _ in range(CLIMB):
        if token.head is token:
            break
        token = token.head
        subjects = [c for c in token.children if c.dep_ == "nsubj" and c.tag_ not in ("WDT", "WP", "EX")]
        if subjects and not page.inside(subjects[0].idx):
            return structs.replace(hit, source=noun_phrase(subjects[0]))
    return hit


def _label(page: Page, region: Span) -> Tie | None:
    """Take a colon after a name alone: "Ito: “…”", "And from Ito: “…”", "… by a nose - Ana Ito: “…”".

    After "from" the name may follow a description: "From our reporter in Rome, Ana Ito: “…”".
    """
    colon = page.text.rindex(":", region.start, region.end)
    tokens = page.tokens(region.start, colon)
    dashes = [i for i, t in enumerate(tokens) if t.text in DASHES]
    tokens = tokens[dashes[-1] + 1 :] if dashes else tokens
    sent = False
    while tokens and (tokens[0].pos_ in ("CCONJ", "ADP", "ADV", "PUNCT") or tokens[0].lower_ in ("and", "from")):
        sent = sent or tokens[0].lower_ == "from"
        tokens = tokens[1:]
    if not 0 < len(tokens) <= LABEL_WORDS:
        return None
    if not tokens[0].text[:1].isupper() and not (sent and tokens[-1].pos_ == "PROPN"):
        return None
    if any(t.pos_ in ("VERB", "AUX") and t.text[:1].islower() for t in tokens):
        return None
    if len(tokens) > 1 and tokens[0].lower_ in OPENING_VERBS:
        return Tie("pattern.label", words_of(tokens[0]), Span(tokens[1].idx, tokens[-1].idx + len(tokens[-1])))
    return Tie("pattern.label", Span(colon, colon + 1), Span(tokens[0].idx, tokens[-1].idx + len(tokens[-1])))


def _any_colon(page: Page, index: int, region: Span) -> Tie | None:
    """Take a colon after a sentence with no cue of a rule: its first verb, and that one's subject."""
    if not is_sentence(page, index):
        return None
    for verb in page.tokens(region.start, region.end):
        if verb.pos_ in ("VERB", "AUX") and verb.tag_ in FINITE:
            subjects = [c for c in verb.children if c.dep_ == "nsubj" and c.pos_ in ("PROPN", "NOUN", "PRON")]
            if subjects and subjects[0].lower_ not in ("it", "that", "this", "there", "what", "which"):
                return Tie("pattern.lead-any-colon", words_of(verb), noun_phrase(subjects[0]))
            return None
    return None


def _any_verb(page: Page, index: int, region: Span) -> Tie | None:
    """Take a verb of no rule that with its comma stands right before a sentence (Ito interjected, “…”)."""
    tokens = page.tokens(region.start, region.end)
    if len(tokens) < 3 or tokens[-1].text != "," or tokens[-2].tag_ not in FINITE or not is_sentence(page, index):
        return None
    verb = tokens[-2]
    subjects = [c for c in verb.children if c.dep_ == "nsubj" and c.tag_ not in ("WDT", "WP")]
    if not subjects or not (can_speak(subjects[0]) or subjects[0].pos_ == "NOUN"):
        return None
    return Tie("pattern.lead-any-verb", words_of(verb), noun_phrase(subjects[0]))


def lead_region(page: Page, index: int) -> Span | None:
    """Return where a lead may stand: its sentence before the utterance, back to the utterance before.

    A sentence or paragraph that ends with a colon belongs to what follows it.
    """
    utterance = page.spoken[index]
    at = page.sentence_at(utterance.start)
    start = page.sentence(at).span.start
    if start >= utterance.start and at > 0:
        previous = page.sentence(at - 1).span
        if page.text[previous.start : previous.end].rstrip().endswith(":"):
            start = previous.start
    previous_end = page.spoken[index - 1].end if index else 0
    return Span(max(start, previous_end), utterance.start) if utterance.start > previous_end else None


def _light_lead(page: Page, index: int, hit: CueHit, rest: list[Token]) -> bool:
    """Tell whether nothing but the circumstances of speaking stands between cue and opening mark.

    Without a comma before the mark only the addressee may stand there, and the utterance must be
    a sentence of its own or end the sentence: ``said “budget cuts” would help`` is no direct speech.
    """
    while rest and rest[-1].pos_ == "CCONJ":
        rest = rest[:-1]
    comma = bool(rest) and rest[-1].text == ","
    words = [t for t in rest if not t.is_punct]
    if words and words[-1].lower_ in ("that", "whether", "if"):
        return False
    if not comma:
        if hit.addressee is not None:
            words = [t for t in words if not hit.addressee.start <= t.idx < hit.addressee.end]
        return not words and (is_sentence(page, index) or _ends_sentence(page, index))
    if len(words) > LEAD_WORDS or any(t.dep_ == "mark" or t.tag_ in ("WDT", "WP") for t in words):
        return False
    return not any(t.pos_ in ("VERB", "AUX") and t.tag_ in FINITE for t in words)


def is_sentence(page: Page, index: int) -> bool:
    """Tell whether an utterance is by itself a sentence: it opens with a capital and has some words."""
    utterance = page.spoken[index]
    inner = utterance.quotations[0].inner.of(page.text)
    return (inner[:1].isupper() or inner[:1] in "[….") and len(inner.split()) >= SENTENCE_WORDS


def _ends_sentence(page: Page, index: int) -> bool:
    utterance = page.spoken[index]
    return page.blank(utterance.end, page.sentence(page.sentence_at(utterance.end - 1)).span.end)
