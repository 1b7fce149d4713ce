"""What the encoder makes of a text: attributions with edges, links and probabilities, before the rules have a say."""

from __future__ import annotations

import bisect
import itertools
import re
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from pipeline.encode.tags import Tagged, candidates, choose, closed, marginals
from pipeline.encode.words import BEGIN, MARKS
from pipeline.records import Attribution, Evidence, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from pipeline.encode.encoder import Encoder, Read
    from pipeline.encode.tags import Marginals
    from pipeline.encode.words import Words
    from pipeline.records import Quotation

SOURCE, CUE, CONTENT = range(3)
# The evidence's names for the encoder's two decisions.
CONTENT_READ, SOURCE_READ = "model.content", "model.source"
# Windows that are decoded side by side.
TOGETHER = 32
# A span must be at least so likely, by role; swept on PolNeAR dev and world.
THRESHOLDS = (0.15, 0.2, 0.3)
# Of several pieces of one content each but the longest must be at least so likely, if no quotation is in it.
FURTHER = 0.45
# Words that only tie a content to what it is about ("the plan, which, he said, was dead"): no content of their own.
RELATIVE = re.compile(r"which|who|that", re.IGNORECASE)
# What a partner that stands elsewhere loses of its log-probability: hardly any is right.
ELSEWHERE = 20.0
TRAILING, LEADING = " \t\n\r\u00a0,.;:–—-", " \t\n\r\u00a0,;:–—-.)"
ABBREVIATED = 12  # code points that an abbreviation may take
ABBREVIATION = re.compile(r"(?:\b[A-Z]\.)+[A-Z]$")
POSSESSIVE = re.compile(r"['’]s?$")


def by_model(
    text: str, words: Words, quotations: Sequence[Quotation], reads: Iterable[Read], encoder: Encoder
) -> list[Attribution]:
    """Return the attributions that the encoder finds, contents disjoint, window by window."""
    marked = Marked(quotations)
    whole = [words.within(q.span) for q in quotations if q.level == 0 and q.complete]
    stream = iter(reads)
    found: list[Attribution] = []
    while batch := list(itertools.islice(stream, TOGETHER)):
        paragraphs = [words.paragraphs[r.first : r.first + len(r.hidden)] for r in batch]
        emissions = [closed(r.emissions, p) for r, p in zip(batch, paragraphs, strict=True)]
        for read, roles in zip(batch, marginals(emissions, encoder.transitions), strict=True):
            found += _window(text, words, marked, _within(whole, read), read, roles, encoder)
    return found


def _window(
    text: str, words: Words, marked: Marked, whole: list[tuple[int, int]], read: Read, roles: list[Marginals],
    encoder: Encoder,
) -> Iterator[Attribution]:  # fmt: skip
    """Yield the attributions of a window; ``whole`` are the words of its quotations, first and last one."""
    spans = [
        choose(candidates(roles[role]), THRESHOLDS[role], _keeps(whole) if role == CONTENT else None)
        for role in (SOURCE, CUE, CONTENT)
    ]
    here = slice(read.first, read.first + len(read.hidden))
    rows = words.features[here]
    places = _Places(words.paragraphs[here], np.cumsum(rows[:, BEGIN] > 0), rows[:, MARKS] > 0)
    for group in _groups(encoder, read.hidden, places, spans):
        attribution = _attribution(text, words, marked, read.first, *group)
        if attribution is not None:
            yield attribution


def _within(whole: list[tuple[int, int]], read: Read) -> list[tuple[int, int]]:
    """Return the first and last word, counted from the window's first, of the quotations that lie in a window."""
    end = read.first + len(read.hidden)
    at = bisect.bisect_left(whole, (read.first, 0))
    return [
        (first - read.first, stop - 1 - read.first)
        for first, stop in itertools.takewhile(lambda words: words[0] < end, itertools.islice(whole, at, None))
        if stop <= end
    ]


def hint_rows(words: Words, found: Iterable[Attribution]) -> NDArray[np.int64]:
    """Return (words, roles): 0 outside, 1 at the first word, 2 inside of a span that the rules found for the role."""
    rows = np.zeros((len(words), 3), np.int64)
    for a in found:
        for role, spans in ((SOURCE, (a.source,)), (CUE, (a.cue,)), (CONTENT, a.spans)):
            for span in spans:
                if span is not None:
                    mark_hint(rows[:, role], words, span)
    return rows


def mark_hint(row: NDArray[np.int64], words: Words, span: Span) -> None:
    """Enter a span's words into a role's row, paragraph by paragraph, where nothing is entered yet."""
    for first, last in words.pieces(span):
        if not row[first : last + 1].any():
            row[first : last + 1] = 2
            row[first] = 1


class _keeps:  # noqa: N801
    """Tells whether a content takes each quotation that has both its marks whole, lies inside it or leaves it alone."""

    def __init__(self, quotations: list[tuple[int, int]]) -> None:
        self.quotations = quotations

    def __call__(self, span: Tagged) -> bool:
        for first, last in self.quotations:
            apart = span.last < first or last < span.first
            if not (apart or (span.first <= first and last <= span.last) or (first < span.first and span.last < last)):
                return False
        return True


class _Places(Struct, frozen=True, eq=False):
    """Where a window's words stand: the numbers of their paragraphs and sentences, and whether between marks."""

    paragraphs: NDArray[np.int64]
    sentences: NDArray[np.int64]
    quoted: NDArray[np.bool_]

    def before(self, a: list[Tagged], b: list[Tagged]) -> NDArray[np.bool_]:
        """Tell which spans of ``a`` stand in a paragraph before which of ``b``: (a, b)."""
        of_a, of_b = _of(self.paragraphs, a), _of(self.paragraphs, b)
        earlier: NDArray[np.bool_] = of_a[:, None] < of_b[None, :]
        return earlier

    def plain(self, content: Tagged) -> bool:
        """Tell whether no word of a content stands between marks."""
        return not self.quoted[content.first : content.last + 1].any()

    def far(self, contents: list[Tagged], cues: list[Tagged]) -> NDArray[np.bool_]:
        """Tell which contents are too far from which cues: in another paragraph or, without a quotation, sentence."""
        plain = np.array([self.plain(c) for c in contents], bool)
        elsewhere = _of(self.paragraphs, contents)[:, None] != _of(self.paragraphs, cues)[None, :]
        other_sentence = _of(self.sentences, contents)[:, None] != _of(self.sentences, cues)[None, :]
        too_far: NDArray[np.bool_] = elsewhere | (plain[:, None] & other_sentence)
        return too_far


def _of(numbers: NDArray[np.int64], spans: list[Tagged]) -> NDArray[np.int64]:
    """Return the number at each span's first word."""
    return numbers[np.array([s.first for s in spans], np.int64)]


def _groups(
    encoder: Encoder, hidden: NDArray[np.float32], places: _Places, spans: list[list[Tagged]]
) -> Iterator[tuple[list[Tagged], Tagged | None, Tagged | None, float]]:
    """Yield contents that share a cue, that cue or None, their source or None, and how likely that is the source."""
    sources, cues, contents = spans
    if not contents:
        return
    pointers = encoder.pointers
    to_cue = pointers["content-cue"].log_probabilities(hidden, places.paragraphs, contents, cues)
    to_cue[:, 1:] -= ELSEWHERE * places.far(contents, cues)
    direct = pointers["content-source"].log_probabilities(hidden, places.paragraphs, contents, sources)
    direct[:, 1:] -= ELSEWHERE * places.before(contents, sources)
    by_cue = pointers["cue-source"].log_probabilities(hidden, places.paragraphs, cues, sources) if cues else None
    if by_cue is not None:
        by_cue[:, 1:] -= ELSEWHERE * places.before(cues, sources)
    groups: dict[int, list[int]] = {}
    for i, best in enumerate(to_cue.argmax(axis=1).tolist()):
        groups.setdefault(best - 1 if best else -1 - i, []).append(i)
    for key, members in groups.items():
        score = by_cue[key] if key >= 0 and by_cue is not None else direct[members].mean(axis=0)
        best = int(score.argmax())
        likely = float(np.exp(score[best]) / np.exp(score).sum())
        pieces = [contents[i] for i in members]
        longest = max(pieces, key=lambda c: c.last - c.first)
        pieces = [c for c in pieces if c is longest or c.probability >= FURTHER or not places.plain(c)]
        yield (
            pieces, cues[key] if key >= 0 else None, sources[best - 1] if best else None,
            likely,
        )  # fmt: skip


def _attribution(
    text: str, words: Words, marked: Marked, at: int, contents: list[Tagged], cue: Tagged | None,
    source: Tagged | None, sourced: float,
) -> Attribution | None:  # fmt: skip
    cue_span = None if cue is None else words.span(at + cue.first, at + cue.last)
    source_span = None if source is None else mention_span(text, words.span(at + source.first, at + source.last))
    taken = [part for part in (cue_span, source_span) if part is not None]
    spans: list[Span] = []
    for content in contents:
        span = content_span(text, words.span(at + content.first, at + content.last), marked)
        # A content that holds its own cue or source is misread: the rules may have it right.
        if span is not None and not any(span.overlaps(other) for other in (*spans, *taken)):
            spans.append(span)
    spans = [span for span in spans if not RELATIVE.fullmatch(span.of(text))]
    if not spans:
        return None
    sure = float(np.mean([c.probability for c in contents]))
    place = source_span or cue_span or spans[0]
    return Attribution(
        spans=tuple(sorted(spans)), voice="indirect", cue=cue_span, source=source_span,
        evidence=(
            Evidence(CONTENT_READ, spans[0].start, spans[-1].end, round(sure, 4)),
            Evidence(SOURCE_READ, place.start, place.end, round(sourced, 4)),
        ),
        score=sure * sourced,
    )  # fmt: skip


class Marked:
    """A text's quotations, to be looked up by place; those of one level do not overlap."""

    def __init__(self, quotations: Sequence[Quotation]) -> None:
        self.levels = [
            [q for q in quotations if q.level == level]
            for level in range(1 + max((q.level for q in quotations), default=0))
        ]

    def over(self, span: Span) -> Iterator[Quotation]:
        """Yield the quotations that overlap a span, outermost first."""
        for quotations in self.levels:
            at = bisect.bisect_right(quotations, span.start, key=lambda q: q.span.end)
            while at < len(quotations) and quotations[at].span.start < span.end:
                yield quotations[at]
                at += 1


def content_span(text: str, span: Span, marked: Marked) -> Span | None:
    """Return a content's span as the contract has it: marks balanced and with it, no comma or full stop at its end."""
    start, end = span.start, span.end
    ends_open = False
    for q in marked.over(span):
        half = (q.inner.start + q.inner.end) / 2
        if start >= q.inner.start and end <= q.inner.end and (start > q.inner.start or end < q.inner.end):
            if q.complete or q.inner.end - end > 1 or start > q.inner.start:
                continue
            start, end = q.span.start, q.span.end  # the full stop before the next paragraph's mark is inside
        elif start <= q.inner.start and end >= q.inner.end - (not q.complete):
            start, end = min(start, q.span.start), max(end, q.span.end)
        elif start <= q.span.start and end < q.inner.end:
            end = q.span.end if end >= half else q.span.start
        elif end >= q.span.end and start > q.inner.start:
            start = q.span.start if start <= half else q.span.end
        ends_open = ends_open or (not q.complete and end == q.span.end)
    while start < end and text[start] in LEADING:
        start += 1
    while start < end and text[end - 1] in TRAILING and not ends_open:
        end -= 1
    if ABBREVIATION.search(text, max(0, end - ABBREVIATED), end) and text[end : end + 1] == ".":
        end += 1
    return Span(start, end) if start < end else None


def mention_span(text: str, span: Span) -> Span:
    """Return a mention without the possessive or the comma at its end."""
    words = span.of(text).rstrip(" ,;:–—")
    found = POSSESSIVE.search(words)
    length = found.start() if found and found.start() else len(words)
    return Span(span.start, span.start + length) if length else span
