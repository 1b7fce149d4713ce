"""Joining the attributions that the parts of the stage found: one record a cue, outermost only."""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING

from msgspec import structs

from pipeline.attribute.claims import Claims
from pipeline.attribute.voices import quotations_in, voice_of
from pipeline.records import Attribution, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipeline.records import Quotation

    Quotations = tuple[Quotation, ...]
# Patterns whose content the marks and the layout settle, whatever the parse says of their cue.
SURE = ("pattern.tag", "pattern.tag-any-verb", "pattern.signature", "pattern.turn")


def merge(direct: Iterable[Attribution], tied: Iterable[Attribution]) -> list[Attribution]:
    """Join quoted speech and the contents that grammar ties to a cue, contents free of overlaps.

    Of two contents under one cue the longer stays. An attribution whose cue and content lie
    inside another's content goes into that one's ``nested``. Where contents overlap otherwise,
    the surer pattern stays.
    """
    parts = list(tied)
    kept: dict[int, Attribution] = {}
    contents, cues = Claims(), Claims()
    for key, a in enumerate(sorted([*_with_clause(direct, parts), *parts], key=_size, reverse=True)):
        cue = [a.cue] if a.cue else []
        rivals = list(dict.fromkeys([*contents.keys(a.spans), *cues.keys(cue)]))
        if rivals:
            if _is_surer(a, [kept[i] for i in rivals]):
                pass
            elif _inside(a, kept[rivals[0]]):
                kept[rivals[0]] = _nest(kept[rivals[0]], a)
                continue
            elif any(same_cue(a, kept[i]) or a.score <= kept[i].score for i in rivals):
                _lend_source(kept, rivals, a)
                continue
            for i in rivals:
                loser = kept.pop(i)
                contents.drop(loser.spans)
                cues.drop([loser.cue] if loser.cue else [])
        kept[key] = a
        for span in a.spans:
            contents.add(span, key)
        for span in cue:
            cues.add(span, key)
    return sorted(kept.values(), key=_place)


def _lend_source(kept: dict[int, Attribution], rivals: list[int], a: Attribution) -> None:
    """Give a kept attribution without a source that of the one under the same cue that it beat."""
    if a.source is None:
        return
    for i in rivals:
        needy = same_cue(a, kept[i]) and kept[i].source is None
        if needy and not any(span.overlaps(a.source) for span in kept[i].spans):
            kept[i] = structs.replace(kept[i], source=a.source)


def nest(found: list[Attribution], inner: Iterable[Attribution]) -> list[Attribution]:
    """Add the attributions whose cue stands inside a quotation: to the content that holds them, else at the end.

    The indices of ``found`` stay what they are.
    """
    found = list(found)
    contents = Claims()
    for key, a in enumerate(found):
        for span in a.spans:
            contents.add(span, key)
    for a in sorted(inner, key=_size, reverse=True):
        holders = contents.keys(a.spans)
        if holders and _inside(a, found[holders[0]]):
            found[holders[0]] = _nest(found[holders[0]], a)
        elif not holders:
            for span in a.spans:
                contents.add(span, len(found))
            found.append(a)
    return found


def _with_clause(direct: Iterable[Attribution], tied: list[Attribution]) -> Iterator[Attribution]:
    """Let a quotation after a colon go on with the clause under the same cue before it."""
    by_cue = {b.cue.start: b for b in tied if b.cue is not None}
    for a in direct:
        b = by_cue.get(a.cue.start) if a.cue is not None else None
        if b is None or not any(e.rule == "pattern.lead-colon" for e in a.evidence):
            yield a
        elif b.cue is not None and b.cue.end <= b.spans[0].start and b.spans[-1].end <= a.spans[0].start:
            yield structs.replace(a, spans=(Span(b.spans[0].start, a.spans[0].end), *a.spans[1:]))
        else:
            yield a


def finish(text: str, found: list[Attribution], quotations: tuple[Quotation, ...]) -> tuple[Attribution, ...]:
    """Sort the attributions and give each its quotations and the voice that they decide.

    ``continues``, an index into ``found``, becomes one into the result. Those nested in a quotation get
    the quotations inside that.
    """
    outer = tuple(q for q in quotations if q.level == 0)
    deeper = tuple(q for q in quotations if q.level == 1)
    order = sorted(range(len(found)), key=lambda i: _place(found[i]))
    places = {i: place for place, i in enumerate(order)}
    finished = []
    for i in order:
        continues = found[i].continues
        place = None if continues is None else places[continues]
        finished.append(structs.replace(_voiced(text, found[i], outer, deeper), continues=place))
    return tuple(finished)


def _voiced(text: str, a: Attribution, quotations: Quotations, deeper: Quotations) -> Attribution:
    own = quotations_in(a.spans, quotations)
    nested = []
    for inner in sorted(a.nested, key=_place):
        quoted = any(_around(span, own) for span in inner.spans)
        inside = _with_marks(inner, deeper) if quoted else inner
        nested.append(_voiced(text, inside, deeper if quoted else quotations, () if quoted else deeper))
    return structs.replace(a, quotations=own, voice=voice_of(text, a.spans, own), nested=tuple(nested))


def _with_marks(a: Attribution, quotations: Quotations) -> Attribution:
    """Widen a content that fills a quotation to that one's marks (She told me: [‘Never’])."""
    around = _around(a.spans[0], quotations) if len(a.spans) == 1 else None
    if around is None or around.inner.start != a.spans[0].start:
        return a
    return structs.replace(a, spans=(around.span,))


def _around(span: Span, quotations: Quotations) -> Quotation | None:
    """Return which of the quotations, all of one level, holds the span between its marks."""
    at = bisect.bisect_right(quotations, span.start, key=lambda q: q.inner.start) - 1
    return quotations[at] if at >= 0 and quotations[at].inner.holds(span) else None


def _place(a: Attribution) -> tuple[int, int]:
    return a.spans[0].start, a.spans[-1].end


def _size(a: Attribution) -> tuple[int, float, int]:
    return sum(span.end - span.start for span in a.spans), a.score, -a.spans[0].start


def same_cue(a: Attribution, b: Attribution) -> bool:
    """Tell whether two attributions have cues that overlap."""
    return a.cue is not None and b.cue is not None and a.cue.overlaps(b.cue)


def _overlap(a: Attribution, b: Attribution) -> bool:
    return any(x.overlaps(y) for x in a.spans for y in b.spans)


def _is_surer(a: Attribution, rivals: list[Attribution]) -> bool:
    """Tell whether a quotation with its tag is to replace what grammar tied to the same cue, or to nobody."""
    if len(rivals) != 1:
        return False
    nobody = rivals[0].source is None and a.source is not None and _is_beside(a) and not _is_beside(rivals[0])
    return nobody or (same_cue(a, rivals[0]) and _is_sure(a) and not _is_sure(rivals[0]))


def _is_beside(a: Attribution) -> bool:
    return any(e.rule.startswith(("pattern.tag", "pattern.lead")) for e in a.evidence)


def _is_sure(a: Attribution) -> bool:
    return any(e.rule in SURE for e in a.evidence)


def _inside(inner: Attribution, outer: Attribution) -> bool:
    parts = [*inner.spans, inner.cue or inner.spans[0]]
    return all(any(span.holds(part) for span in outer.spans) for part in parts)


def _nest(outer: Attribution, inner: Attribution) -> Attribution:
    """Put ``inner`` into ``outer``, or into the one already nested there that holds it."""
    for i, other in enumerate(outer.nested):
        if _inside(inner, other):
            nested = (*outer.nested[:i], _nest(other, inner), *outer.nested[i + 1 :])
            return structs.replace(outer, nested=nested)
    if any(_overlap(inner, other) or same_cue(inner, other) for other in outer.nested):
        return outer
    return structs.replace(outer, nested=(*outer.nested, inner))
