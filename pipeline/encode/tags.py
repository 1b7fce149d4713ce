"""Tags of words → spans with probabilities: the conditional random field, read by its marginals.

A role's tags are O (outside), B, I, E (a span's first, inner and last word) and S (a span of one word).
Lafferty, McCallum and Pereira 2001 for the field; of all sets of disjoint spans the one is taken whose spans
are expected to be right most often beyond a threshold, which favours F1 over the single likeliest sequence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

O, B, I, E, S = range(5)  # noqa: E741
# A log-probability that no path takes.
NEVER = -1e4
# Beginnings and ends less likely than this are not looked at.
LEAST = 0.02


class Tagged(Struct, frozen=True, order=True):
    """A span of words, the last one included, with the probability that it is exactly one of its role."""

    first: int
    last: int
    probability: float


class Marginals(Struct, frozen=True, eq=False):
    """The field's log sums over all sequences of one role: each of shape (words, tags) but ``total``."""

    emissions: NDArray[np.float64]
    transitions: NDArray[np.float64]
    forward: NDArray[np.float64]
    backward: NDArray[np.float64]
    total: float


def marginals(windows: Sequence[NDArray[np.float32]], transitions: NDArray[np.float32]) -> list[list[Marginals]]:
    """Sum over all sequences of each role of each window (Rabiner 1989, with scaling).

    A window is (roles, words, tags), ``transitions`` (roles, tags, tags). The windows are gone through side
    by side, since a step costs the same for many as for one.
    """
    if not windows:
        return []
    roles, _, tags = windows[0].shape
    lengths = np.array([w.shape[1] for w in windows])
    longest = int(lengths.max())
    emissions = np.zeros((longest, roles, len(windows), tags))
    for n, window in enumerate(windows):
        emissions[: lengths[n], :, n] = window.transpose(1, 0, 2)
    top = emissions.max(axis=3, keepdims=True)
    likely, moves = np.exp(emissions - top), np.exp(transitions.astype(np.float64))
    on = (np.arange(longest)[:, None] < lengths)[:, None, :, None]
    forward, backward = np.empty_like(emissions), np.ones_like(emissions)
    scale = np.ones_like(top)
    state = likely[0]
    for t in range(longest):
        step = (state @ moves) * likely[t] if t else state
        size = step.sum(axis=2, keepdims=True)
        state = np.where(on[t], step / size, state)
        scale[t] = np.where(on[t], size, 1.0)
        forward[t] = state
    back = moves.transpose(0, 2, 1)
    for t in range(longest - 2, -1, -1):
        step = ((likely[t + 1] * backward[t + 1]) @ back) / scale[t + 1]
        backward[t] = np.where(on[t + 1], step, 1.0)
    sizes = np.where(on, np.log(scale) + top, 0.0)
    until = sizes.cumsum(axis=0)
    with np.errstate(divide="ignore"):
        forward, backward = np.log(forward) + until, np.log(backward) + (until[-1] - until)
    return [
        [
            Marginals(
                emissions[:length, r, n], transitions[r].astype(np.float64), forward[:length, r, n],
                backward[:length, r, n], float(until[-1, r, n, 0]),
            )
            for r in range(roles)
        ]
        for n, length in enumerate(lengths.tolist())
    ]  # fmt: skip


def closed(emissions: NDArray[np.float32], paragraphs: NDArray[np.int64]) -> NDArray[np.float32]:
    """Forbid spans that run over a paragraph's border; ``emissions`` (roles, words, tags)."""
    new = np.diff(paragraphs, prepend=-1) != 0
    ends = np.append(new[1:], True)
    emissions = emissions.copy()
    emissions[:, new, I : E + 1] += NEVER
    emissions[:, ends, B : I + 1] += NEVER
    return emissions


def candidates(m: Marginals, least: float = LEAST) -> list[Tagged]:
    """Return every span at least so likely, in text order."""
    at = m.forward + m.backward - m.total
    floor = float(np.log(least))
    found = [Tagged(i, i, float(np.exp(at[i, S]))) for i in np.flatnonzero(at[:, S] > floor).tolist()]
    starts = np.flatnonzero(at[:, B] > floor)
    ends = np.flatnonzero(at[:, E] > floor)
    if len(starts) and len(ends):
        t = m.transitions
        inner = np.concatenate([[0.0], np.cumsum(m.emissions[:, I] + t[I, I])])
        # From B at i to E at j over j - i - 1 words I, of which the first follows B and not I.
        between = inner[ends][None, :] - inner[starts + 1][:, None] + t[B, I] - t[I, I] + t[I, E]
        between = np.where(ends[None, :] == starts[:, None] + 1, t[B, E], between)
        last = m.emissions[ends, E] + m.backward[ends, E]
        log = m.forward[starts, B][:, None] + between + last[None, :] - m.total
        log[ends[None, :] <= starts[:, None]] = NEVER
        for i, j in zip(*np.nonzero(log > floor), strict=True):
            found.append(Tagged(int(starts[i]), int(ends[j]), float(np.exp(log[i, j]))))
    return sorted(found)


def choose(found: Sequence[Tagged], threshold: float, allowed: Callable[[Tagged], bool] | None = None) -> list[Tagged]:
    """Choose the disjoint spans of the greatest sum of probabilities above the threshold (weighted intervals)."""
    spans = sorted(
        (s for s in found if s.probability > threshold and (allowed is None or allowed(s))),
        key=lambda s: (s.last, s.first),
    )
    if not spans:
        return []
    lasts = np.array([s.last for s in spans])
    before = np.searchsorted(lasts, [s.first for s in spans], side="left")
    best = [0.0]
    taken = []
    for i, span in enumerate(spans):
        worth = best[before[i]] + span.probability - threshold
        taken.append(worth > best[-1])
        best.append(max(worth, best[-1]))
    chosen, i = [], len(spans)
    while i:
        if taken[i - 1]:
            chosen.append(spans[i - 1])
            i = int(before[i - 1])
        else:
            i -= 1
    return chosen[::-1]
