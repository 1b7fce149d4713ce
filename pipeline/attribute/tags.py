"""Tags: a cue that follows the utterance in its sentence (“…,” said Ito; …, stressed Ito)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from pipeline.attribute.beside import FINITE, MENTION_WORDS, mention_after, mention_before
from pipeline.attribute.page import BLANK
from pipeline.attribute.ties import Tie, tie_of, words_of
from pipeline.records import Span

if TYPE_CHECKING:
    from spacy.tokens import Token

    from pipeline.attribute.cues import CueHit
    from pipeline.attribute.page import Page

# What may end an utterance that a tag follows.
TAG_MARKS = (",", "?", "!", "—", "–", "-", "…", "...")
# The kinds of cue that make a tag.
TAG_KINDS = ("verb", "preposition")
# The most words of a tag that is a sentence of its own (“Why?” Ana Ruiz asked at the hearing.)
TAG_SENTENCE_WORDS = 12
# How far before a late tag's cue its comma may stand, in code points.
COMMA_REACH = 120
# Words that may stand between an utterance and its tag ("“…,” however, Ito said").
TAG_WORDS = 3


def tag(page: Page, index: int, *, led: bool = True) -> Tie | None:
    """Return the tie of a cue that directly follows the utterance, in its sentence.

    With ``led`` a cue before the utterance keeps a tag after words of the writer's from counting.
    """
    region = tag_region(page, index)
    if region is None or page.blank(region.start, region.end):
        return None
    first = page.alone_before(index) or _after_break(page, index)
    for found in page.cues_in(region.start, region.end):
        if found.rule.pos not in TAG_KINDS:
            continue
        hit = _with_source(page, found, region)
        if not _light_tag(page.tokens(region.start, _first(hit, region))):
            break
        participle = hit.rule.pos == "verb" and page.doc[hit.head].tag_ in ("VB", "VBG")
        if participle or _relative(page, hit.source):
            break
        led = led or hit.source is None or hit.source.start > hit.span.start
        if not first and led and _led(page, page.head(index), page.spoken[index].start):
            return None
        if not first and _weakly_inverted(page, hit):
            return None
        return tie_of("pattern.tag" if first else "pattern.tag-fronted", _without_preposition(page, hit))
    marked = page.spoken[index].quotations[-1].inner.of(page.text).rstrip().endswith(TAG_MARKS)
    return _any_verb(page, region) if first and marked else None


def late_tag(page: Page, index: int) -> tuple[Tie, Span] | None:
    """Return the tie and the content of a clause with quotations in it that a tag ends (…, stressed Ito)."""
    utterance = page.spoken[index]
    end = page.sentence(page.sentence_at(utterance.end - 1)).span.end
    if index + 1 < len(page.spoken) and page.spoken[index + 1].start < end:
        return None
    for found in page.cues_in(utterance.end, end):
        if found.rule.pos not in TAG_KINDS:
            continue
        hit = _with_source(page, found, Span(_comma_before(page, found.span.start), end))
        first = _first(hit, Span(utterance.end, end))
        comma = page.text[utterance.end : first].rstrip()
        if hit.rule.pos == "verb" and page.doc[hit.head].tag_ not in (*FINITE, "VBN"):
            return None
        if not comma.endswith(",") or _weakly_inverted(page, hit) or _relative(page, hit.source):
            return None
        if _led(page, page.head(index), utterance.end) or not comma[:-1].strip(BLANK):
            return None
        return tie_of("pattern.tag-late", _without_preposition(page, hit)), Span(
            clause_start(page, index), utterance.end + len(comma) - 1
        )
    return None


def _weakly_inverted(page: Page, hit: CueHit) -> bool:
    """Tell whether a tag has no source, or only a pronoun or "her record" after its cue."""
    if hit.source is None:
        return True
    first = page.tokens(hit.source.start, hit.source.end)[0]
    return hit.source.start > hit.span.start and first.tag_ in ("PRP", "PRP$")


def _led(page: Page, start: int, end: int) -> bool:
    """Tell whether a cue with its source stands between the offsets, so that a tag after them is a second one."""
    return any(hit.source is not None and hit.rule.pos in TAG_KINDS for hit in page.cues_in(start, end))


def _comma_before(page: Page, offset: int) -> int:
    return page.text.rfind(",", max(0, offset - COMMA_REACH), offset) + 1


def _relative(page: Page, source: Span | None) -> bool:
    return source is not None and any(t.tag_ in ("WDT", "WP") for t in page.tokens(source.start, source.end)[:1])


def _after_break(page: Page, index: int) -> bool:
    """Tell whether a colon, dash or bracket cuts the utterance off from the words before it."""
    start = page.spoken[index].start
    return page.text[page.head(index) : start].rstrip().endswith((":", "(", "—", "–", " -"))


def tag_region(page: Page, index: int) -> Span | None:
    """Return where a tag of the utterance may stand: the rest of its sentence, up to the next utterance.

    A sentence ends after “…?”, “…!” and “….” before a capital; a tag that follows then makes a
    sentence of its own, and is taken if that sentence is short and says nothing else.
    """
    utterance = page.spoken[index]
    inner = page.text[utterance.quotations[-1].inner.start : utterance.quotations[-1].inner.end].rstrip()
    at = page.sentence_at(utterance.end - 1)
    end = page.sentence(at).span.end
    if not page.text[utterance.end : end].strip(BLANK):
        if not page.alone_before(index) or not _same_paragraph(page, at, at + 1):
            return None
        if not _is_tag_sentence(page, page.sentence(at + 1).span, asked=inner.endswith(("?", "!"))):
            return None
        end = page.sentence(at + 1).span.end
    elif not inner.endswith(TAG_MARKS) and not page.alone_before(index) and not _comma_or_dash(page, utterance.end):
        return None
    following = page.spoken[index + 1].start if index + 1 < len(page.spoken) else end
    return Span(utterance.end, min(end, max(following, utterance.end)))


def _is_tag_sentence(page: Page, span: Span, *, asked: bool) -> bool:
    """Tell whether a sentence says nothing but who spoke; after “…?” and “…!” with less doubt than after “….”."""
    words = [t for t in page.tokens(span.start, span.end) if not t.is_punct]
    if len(words) > (MENTION_WORDS if asked else TAG_SENTENCE_WORDS) or page.spoken_in(span.start, span.end):
        return False
    hits = [hit for hit in page.cues_in(span.start, span.end) if hit.rule.pos in TAG_KINDS]
    verbs = [t for t in words if t.tag_ in FINITE and (not asked or not hits or t.idx > hits[0].span.end)]
    return len(verbs) <= (0 if asked and hits else 1) and not any(t.dep_ == "mark" for t in words)


def _comma_or_dash(page: Page, offset: int) -> bool:
    return page.text[offset : offset + 2].strip()[:1] in (",", "—", "–", "-")


def _same_paragraph(page: Page, at: int, other: int) -> bool:
    sentences = page.layout.sentences
    return other < len(sentences) and sentences[at].paragraph == sentences[other].paragraph


def _with_source(page: Page, hit: CueHit, region: Span) -> CueHit:
    """Give a tag whose subject the parse missed, or sought outside it, the mention beside its cue."""
    if hit.passive or hit.rule.pos != "verb":
        return hit
    before = mention_before(page, region.start, hit.span.start)
    source = hit.source
    beside_quotation = source is not None and region.start <= source.start and source.end <= region.end
    if source is not None and beside_quotation and (source.start < hit.span.start or before is None):
        return hit
    beside = before or mention_after(page, hit.span.end, region.end)
    if beside is None:
        return hit
    told = hit.addressee if hit.addressee is None or not hit.addressee.overlaps(beside) else None
    return structs.replace(hit, source=beside, addressee=told)


def _without_preposition(page: Page, hit: CueHit) -> CueHit:
    """Return the hit without a preposition that its rule counts in ("said on"), for what it governs is not said."""
    last = page.doc[hit.group.parts[-1]] if hit.group.parts else None
    if hit.rule.pos != "verb" or hit.passive or last is None or last.tag_ not in ("IN", "TO"):
        return hit
    kept = page.text[hit.span.start : last.idx].rstrip()
    return structs.replace(hit, span=Span(hit.span.start, hit.span.start + len(kept))) if kept else hit


def _first(hit: CueHit, region: Span) -> int:
    """Return where the tag's words begin: its source if it stands before the cue, else its cue."""
    if hit.source is not None and region.start <= hit.source.start < hit.span.start:
        return hit.source.start
    return hit.span.start


def _light_tag(tokens: list[Token]) -> bool:
    words = [t for t in tokens if not t.is_punct]
    if len(words) > TAG_WORDS or any(t.pos_ == "CCONJ" for t in words):
        return False
    return all(t.pos_ in ("ADV", "INTJ", "ADP") or t.lower_ == "as" for t in words)


def _any_verb(page: Page, region: Span) -> Tie | None:
    """Take a verb of no rule with the mention beside it after “…,” (smiled Lowell; the judge exclaimed)."""
    tokens = page.tokens(region.start, region.end)
    for at, token in enumerate(tokens):
        if token.tag_ in FINITE and token.pos_ == "VERB":
            source = mention_before(page, region.start, token.idx)
            if source is None and all(t.is_punct for t in tokens[:at]):
                source = mention_after(page, words_of(token).end, region.end)
            return None if source is None else Tie("pattern.tag-any-verb", words_of(token), source)
    return None


def clause_start(page: Page, index: int) -> int:
    """Return where the sentence of an utterance begins, without a conjunction that links it to the one before."""
    words = page.tokens(page.head(index), page.spoken[index].end)
    while len(words) > 1 and words[0].pos_ == "CCONJ":
        words = words[1:]
    return words[0].idx
