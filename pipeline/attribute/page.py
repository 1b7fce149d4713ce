"""A document as the quoted half sees it: utterances, and the words and cues between them."""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING

from msgspec import Struct

from pipeline.parse import text_of
from pipeline.records import Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spacy.tokens import Doc, Token

    from pipeline.attribute.cues import CueHit
    from pipeline.records import Layout, Quotation, Sentence

# What may stand between two utterances, or between one and its sentence's border, and say nothing.
BLANK = " \t\n\r\u00a0,.;"


class Utterance(Struct, frozen=True):
    """Quotations that are spoken in one breath: one, or several where each paragraph reopens the last."""

    quotations: tuple[Quotation, ...]

    @property
    def start(self) -> int:
        """Offset of the first opening mark."""
        return self.quotations[0].span.start

    @property
    def end(self) -> int:
        """Offset after the last closing mark."""
        return self.quotations[-1].span.end

    @property
    def spans(self) -> tuple[Span, ...]:
        """The quotations' spans, marks included."""
        return tuple(q.span for q in self.quotations)


def utterances(quotations: Iterable[Quotation]) -> tuple[Utterance, ...]:
    """Group outermost quotations, in text order, into utterances."""
    groups: list[list[Quotation]] = []
    for quotation in quotations:
        if quotation.continues and groups and not groups[-1][-1].complete:
            groups[-1].append(quotation)
        else:
            groups.append([quotation])
    return tuple(Utterance(tuple(group)) for group in groups)


class Page:
    """Looks up words, sentences and cues by offset; all cues it gives stand outside quotations."""

    def __init__(
        self, doc: Doc, layout: Layout, quotations: tuple[Quotation, ...], spoken: tuple[Utterance, ...],
        cues: tuple[CueHit, ...],
    ) -> None:  # fmt: skip
        self.doc = doc
        self.text = text_of(doc)
        self.layout = layout
        self.spoken = spoken
        self._starts = [token.idx for token in doc]
        self._sentence_starts = [s.span.start for s in layout.sentences]
        self._spoken_starts = [u.start for u in spoken]
        self._opens = [q.span.start for q in quotations]
        self._closes = [q.span.end for q in quotations]
        self.cues = [hit for hit in cues if not self.inside(doc[hit.head].idx)]
        self._cue_heads = [doc[hit.head].idx for hit in self.cues]

    def inside(self, offset: int) -> bool:
        """Tell whether the offset lies inside an outermost quotation, spoken or not."""
        at = bisect.bisect_right(self._opens, offset) - 1
        return at >= 0 and offset < self._closes[at]

    def spoken_in(self, start: int, end: int) -> tuple[Utterance, ...]:
        """Return the utterances that start in ``[start, end)``."""
        first, last = bisect.bisect_left(self._spoken_starts, start), bisect.bisect_left(self._spoken_starts, end)
        return self.spoken[first:last]

    def tokens(self, start: int, end: int) -> list[Token]:
        """Return the tokens that start in ``[start, end)``, white space left out."""
        first, last = bisect.bisect_left(self._starts, start), bisect.bisect_left(self._starts, end)
        return [token for token in self.doc[first:last] if not token.is_space]

    def cues_in(self, start: int, end: int) -> list[CueHit]:
        """Return the cue hits whose main word starts in ``[start, end)``, in text order."""
        first, last = bisect.bisect_left(self._cue_heads, start), bisect.bisect_left(self._cue_heads, end)
        return self.cues[first:last]

    def sentence_at(self, offset: int) -> int:
        """Return the index of the last sentence that starts at or before the offset, 0 if none does."""
        return max(bisect.bisect_right(self._sentence_starts, offset) - 1, 0)

    def sentence(self, index: int) -> Sentence:
        """Return a sentence of the layout by its index."""
        return self.layout.sentences[index]

    def blank(self, start: int, end: int) -> bool:
        """Tell whether nothing but white space, commas and full stops stands between the offsets."""
        return not self.text[start:end].strip(BLANK)

    def head(self, index: int) -> int:
        """Return where the words before an utterance in its own sentence begin."""
        return self.sentence(self.sentence_at(self.spoken[index].start)).span.start

    def alone_before(self, index: int) -> bool:
        """Tell whether no word stands before the utterance in its sentence, after the utterance before."""
        start = self.spoken[index].start
        before = self.spoken[index - 1].end if index else 0
        return self.blank(min(max(self.head(index), before), start), start)

    def alone_after(self, index: int) -> bool:
        """Tell whether no word stands after the utterance in its sentence, before the utterance after."""
        end = self.spoken[index].end
        border = self.sentence(self.sentence_at(end - 1)).span.end
        after = self.spoken[index + 1].start if index + 1 < len(self.spoken) else border
        return self.blank(end, max(min(border, after), end))
