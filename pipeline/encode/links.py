"""Which cue a content belongs to and which source a cue or content has: pointers between spans."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pipeline.encode.tags import Tagged

# Borders of the buckets of the distance between two spans in words.
EDGES = np.array([1, 2, 3, 5, 8, 13, 21, 34, 55, 89])
MOST_BETWEEN, MOST_APART = 4, 2


class Pointer(Struct, frozen=True, eq=False):
    """The weights that score the spans of one role as partners of a span of another.

    ``query`` and ``key`` (width, 3 size) with biases, ``none`` (3 size,) and its bias, and what distance in
    words, spans between and paragraphs apart add.
    """

    query: NDArray[np.float32]
    query_bias: NDArray[np.float32]
    key: NDArray[np.float32]
    key_bias: NDArray[np.float32]
    none: NDArray[np.float32]
    none_bias: float
    far: NDArray[np.float32]
    between: NDArray[np.float32]
    apart: NDArray[np.float32]

    def log_probabilities(
        self, hidden: NDArray[np.float32], paragraphs: NDArray[np.int64], a: Sequence[Tagged], b: Sequence[Tagged]
    ) -> NDArray[np.float32]:
        """Return (a, 1 + b): for each span of ``a`` no partner, or which of ``b``; ``hidden`` is (words, size)."""
        va, vb = _vectors(hidden, a), _vectors(hidden, b)
        nobody = va @ self.none + self.none_bias
        scores = (va @ self.query.T + self.query_bias) @ (vb @ self.key.T + self.key_bias).T
        scores = scores / np.float32(len(self.query)) ** 0.5
        if b:
            scores = scores + self._relations(paragraphs, a, b)
        scores = np.concatenate([nobody[:, None], scores], axis=1)
        top = scores.max(axis=1, keepdims=True)
        logs: NDArray[np.float32] = scores - top - np.log(np.exp(scores - top).sum(axis=1, keepdims=True))
        return logs

    def _relations(
        self, paragraphs: NDArray[np.int64], a: Sequence[Tagged], b: Sequence[Tagged]
    ) -> NDArray[np.float32]:
        first_a, last_a = _edges(a)
        first_b, last_b = _edges(b)
        after = first_b[None, :] - last_a[:, None]
        before = first_a[:, None] - last_b[None, :]
        gap = np.where(after > 0, after, np.where(before > 0, -before, 0))
        bucket = np.searchsorted(EDGES, np.abs(gap), side="right")
        far = len(EDGES) + 1 + np.sign(gap) * bucket
        # Of b's spans those lie between that end before the later of the two and begin after the end of the other.
        low = np.where(gap > 0, last_a[:, None], last_b[None, :])
        high = np.where(gap > 0, first_b[None, :], first_a[:, None])
        between = np.searchsorted(last_b, high, side="left") - np.searchsorted(first_b, low, side="right")
        between = np.where(gap == 0, 0, np.clip(between, 0, MOST_BETWEEN))
        apart = np.minimum(MOST_APART, np.abs(paragraphs[first_a][:, None] - paragraphs[first_b][None, :]))
        scores: NDArray[np.float32] = self.far[far] + self.between[between] + self.apart[apart]
        return scores


def _edges(spans: Sequence[Tagged]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return np.array([s.first for s in spans], np.int64), np.array([s.last for s in spans], np.int64)


def _vectors(hidden: NDArray[np.float32], spans: Sequence[Tagged]) -> NDArray[np.float32]:
    """Return (spans, 3 size): first word, last word and mean of each."""
    size = hidden.shape[1]
    rows = [np.concatenate([hidden[s.first], hidden[s.last], hidden[s.first : s.last + 1].mean(0)]) for s in spans]
    return np.array(rows, np.float32).reshape(-1, 3 * size)
