"""Names of people, places and so on that the network finds: the kinds are those of spaCy's own recogniser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

# The types of OntoNotes as spaCy's English pipelines have them.
TYPES = (
    "CARDINAL", "DATE", "EVENT", "FAC", "GPE", "LANGUAGE", "LAW", "LOC", "MONEY", "NORP", "ORDINAL", "ORG", "PERCENT",
    "PERSON", "PRODUCT", "QUANTITY", "TIME", "WORK_OF_ART",
)  # fmt: skip
# Tags of words: 0 outside, and for each type by its number i 1 + 2i for a name's first word, 2 + 2i for the others.
TAGS = 1 + 2 * len(TYPES)


class Name(Struct, frozen=True):
    """A name: its words, half-open, and its type."""

    first: int
    stop: int
    label: str


def read_tags(scores: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the likeliest tags (words,) in which a name goes on only as what it began.

    ``scores`` is (words, TAGS), in nats. Each word's own likeliest tag, but where these contradict each other the best
    sequence (Viterbi 1967) from the last word outside names, that one included, to the next.
    """
    tags: NDArray[np.int64] = scores.argmax(axis=1)
    goes_on = (tags > 0) & (tags % 2 == 0)
    before = np.concatenate([[0], tags[:-1]])
    wrong = np.flatnonzero(goes_on & (before != tags) & (before != tags - 1))
    if len(wrong):
        outside = np.concatenate([[-1], np.flatnonzero(tags == 0), [len(tags)]])
        for i in sorted(set((np.searchsorted(outside, wrong) - 1).tolist())):
            start, stop = max(0, outside[i]), outside[i + 1]
            tags[start:stop] = _best(scores[start:stop])
    return tags


def _best(scores: NDArray[np.float32]) -> list[int]:
    """Return the best sequence of tags by name's first words and others; nothing is open before the first word."""
    first, other = slice(1, None, 2), slice(2, None, 2)
    total = scores[0].astype(np.float64)
    total[other] = -np.inf
    back = []
    for row in scores[1:]:
        best = int(total.argmax())
        open_ = np.where(total[first] >= total[other], np.arange(TAGS)[first], np.arange(TAGS)[other])
        came = np.full(TAGS, best)
        came[other] = open_
        back.append(came)
        total = total[came] + row
    tags = [int(total.argmax())]
    for came in reversed(back):
        tags.append(int(came[tags[-1]]))
    return tags[::-1]


def names_of(tags: NDArray[np.int64]) -> Iterator[Name]:
    """Yield the names that tags (words,) mark; a word that goes on with what none began begins one."""
    first, kind = 0, -1
    for i, tag in enumerate([*tags.tolist(), 0]):
        if kind >= 0 and tag != 2 + 2 * kind:
            yield Name(first, i, TYPES[kind])
            kind = -1
        if tag and kind < 0:
            first, kind = i, (tag - 1) // 2
