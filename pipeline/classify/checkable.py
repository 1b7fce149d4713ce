"""Why a statement may be worth a check, and which part of it could be checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from pipeline.classify.reading import heads_clause
from pipeline.records import CheckReason, Reason, Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spacy.tokens import Token

    from pipeline.classify.reading import Reading
    from pipeline.classify.rulebook import Firing

ORDER: tuple[str, ...] = get_args(CheckReason)
# Words that only tie a clause to what stands before it.
TIES = frozenset({"that", "and", "but", "or", "so", "because", "while", "as", "if", "when", "which", "who"})


def reasons_of(reading: Reading, firings: Iterable[Firing]) -> tuple[Reason, ...]:
    """Return the reasons, each with the first words that show it, in the order of the words."""
    text = reading.page.text
    found: dict[str, Reason] = {}
    for firing in firings:
        if firing.reason is not None:
            reason = Reason(*firing.span_and_words(text), reason=firing.reason)
            known = found.get(firing.reason)
            if known is None or reason.start < known.start:
                found[firing.reason] = reason
    return tuple(sorted(found.values(), key=lambda r: (r.start, r.end, r.reason)))


def checkable_part(reading: Reading, reasons: Iterable[Reason]) -> Span | None:
    """Return the clause of the content with the strongest reason: that which ``CheckReason`` names first.

    Where only the cue or the source gives a reason, that is the content's first clause; None where there is no reason.
    """
    strong = sorted(reasons, key=lambda reason: ORDER.index(reason.reason))
    tokens = reading.tokens
    if not strong or not tokens:
        return None
    inside = {token.i: token for token in tokens}
    place = next((t for r in strong for t in tokens if r.start <= t.idx < r.end), None)
    top = place if place is not None else (reading.verbs or reading.mains or tokens)[0]
    while not heads_clause(top) and top.head.i in inside and top.head.i != top.i:
        top = top.head
    return _stretch(top, tokens)


def _stretch(top: Token, tokens: list[Token]) -> Span:
    """Return the content's run from the first to the last word that a word governs, without ties and punctuation."""
    governed = [t for t in tokens if t.i == top.i or top.is_ancestor(t)]
    first, last = governed[0].i, governed[-1].i
    run = [t for t in tokens if first <= t.i <= last]
    while len(run) > 1 and (run[0].is_punct or run[0].lower_ in TIES):
        run.pop(0)
    while len(run) > 1 and run[-1].is_punct:
        run.pop()
    return Span(run[0].idx, run[-1].idx + len(run[-1]))
