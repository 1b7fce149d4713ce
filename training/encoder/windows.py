"""Examples cut into what the network reads at a time, and that as arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from sizes import CONTENT, ELSEWHERE, LINKS, PIECES, ROLES, UNUSED

from pipeline.encode.tags import B, E, I, S
from pipeline.encode.words import WINDOW, Words, windows_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from examples import Example, Piece, Unit
    from numpy.typing import NDArray

    from pipeline.encode.words import Vocabulary


@dataclass(frozen=True)
class Window:
    """A run of an example's words as the network reads it, [CLS] before and [SEP] behind.

    ``ids`` (pieces,) the wordpieces; ``first`` (words,) where each word's first one stands in them; ``features``
    (words, 4); ``hints``, ``syntax``, ``names``, ``tags``, ``spans`` and ``links`` as in Example, counted from the
    window's first word; ``paragraphs`` (words,). ``units`` are the labelled statements whose content it holds.
    ``annotated`` as in Example.
    """

    ids: list[int]
    first: NDArray[np.int64]
    features: NDArray[np.int64]
    hints: NDArray[np.int64]
    syntax: NDArray[np.int64]
    names: NDArray[np.int64]
    paragraphs: NDArray[np.int64]
    tags: NDArray[np.int64]
    spans: list[list[Piece]]
    links: list[list[int]]
    units: list[Unit]
    annotated: bool


def cut(example: Example, vocabulary: Vocabulary, first_room: int | None = None) -> list[Window]:
    """Return an example's windows, as ``pipeline.encode.encoder`` cuts a text.

    ``first_room`` is how many wordpieces the first one may have (without [CLS] and [SEP]), so that a text is not
    cut at the same places in every epoch.
    """
    words = example.words
    pieces = [vocabulary.pieces(example.text[a:b]) for a, b in zip(words.starts, words.ends, strict=True)]
    lengths = [len(p) for p in pieces]
    ranges = [] if first_room is None else list(islice(windows_of(words, lengths, first_room), 1))
    done = ranges[0][1] if ranges else 0
    ranges += [(start + done, end + done) for start, end in windows_of(slice_words(words, done), lengths[done:])]
    return [_window(example, vocabulary, pieces, start, end) for start, end in ranges]


def slice_words(words: Words, start: int) -> Words:
    """Return the words from number ``start`` on."""
    return Words(words.starts[start:], words.ends[start:], words.features[start:], words.paragraphs[start:])


def _window(
    example: Example, vocabulary: Vocabulary, pieces: Sequence[tuple[int, ...]], start: int, end: int
) -> Window:
    """Return the window of the words from ``start`` to ``end``, half-open; ``pieces`` are those of all words."""
    counts = np.array([len(p) for p in pieces[start:end]])
    # A span that the window's border cuts is not learnt as one to link; its tags here are those of what is left.
    inside = [[i for i, (first, last) in enumerate(spans) if start <= first and last < end] for spans in example.spans]
    number = [{old: new for new, old in enumerate(kept)} for kept in inside]
    tags = example.tags[:, start:end].copy()
    for row in tags:
        row[0] = {I: B, E: S}.get(row[0], row[0])
        row[-1] = {B: S, I: E}.get(row[-1], row[-1])
    return Window(
        ids=[vocabulary.cls, *(i for p in pieces[start:end] for i in p), vocabulary.sep],
        first=1 + np.concatenate([[0], np.cumsum(counts)[:-1]]),
        features=example.words.features[start:end],
        hints=example.hints[start:end],
        syntax=example.syntax[start:end],
        names=example.names[start:end],
        paragraphs=example.words.paragraphs[start:end],
        tags=tags,
        spans=[
            [(spans[i][0] - start, spans[i][1] - start) for i in kept]
            for spans, kept in zip(example.spans, inside, strict=True)
        ],
        links=[
            [link[x] if link[x] < 0 else number[b].get(link[x], ELSEWHERE) for x in inside[a]]
            for link, (a, b) in zip(example.links, LINKS.values(), strict=True)
        ],
        units=[
            replace(unit, parts=[_inside(pieces, start, end) for pieces in unit.parts])
            for unit in example.units
            if len(_inside(unit.parts[CONTENT], start, end)) == len(unit.parts[CONTENT])
        ],
        annotated=example.annotated,
    )


def _inside(pieces: Sequence[Piece], start: int, end: int) -> list[Piece]:
    """Return the pieces that lie in a window, counted from its first word."""
    return [(first - start, last - start) for first, last in pieces if start <= first and last < end]


def arrays(windows: Sequence[Window]) -> dict[str, NDArray[np.generic]]:
    """Return windows as arrays of one row each.

    ``pieces`` and ``words`` (windows,) say how many there are. ``ids`` and ``of``, the number of each piece's word,
    are (windows, pieces), padded with 0; ``first``, ``features``, ``hints``, ``syntax``, ``names``, ``paragraphs``
    and ``tags`` (windows, words, …); ``spans`` (windows, 3, spans, 2) and ``links`` (windows, 3, spans), padded with
    UNUSED. ``unit_…`` have a row for each labelled statement: its window's row, its source's, cue's and content's
    pieces (units, 3, PIECES, 2), padded with UNUSED, how likely each class is in percent, which grades it reaches (as
    in ``statements.Labelled``), and 1 where it is the writer's. ``annotated`` (windows,): 1 where somebody looked for
    attributions.
    """
    n, size = len(windows), WINDOW - 2
    most = max(len(spans) for window in windows for spans in window.spans)
    out: dict[str, NDArray[np.generic]] = {
        "pieces": np.array([len(window.ids) for window in windows], np.int16),
        "words": np.array([len(window.first) for window in windows], np.int16),
        "ids": np.zeros((n, WINDOW), np.uint16), "of": np.zeros((n, WINDOW), np.uint8),
        "first": np.zeros((n, size), np.uint8), "paragraphs": np.zeros((n, size), np.int16),
        "names": np.zeros((n, size), np.uint8), "features": np.zeros((n, size, 4), np.uint8),
        "hints": np.zeros((n, size, 3), np.uint8), "syntax": np.zeros((n, size, 3), np.uint8),
        "tags": np.zeros((n, 3, size), np.uint8),
        "spans": np.full((n, 3, most, 2), UNUSED, np.int16), "links": np.full((n, 3, most), UNUSED, np.int16),
    }  # fmt: skip
    for i, window in enumerate(windows):
        words, pieces = len(window.first), len(window.ids)
        out["ids"][i, :pieces] = window.ids
        # [CLS] goes with the first word, [SEP] with the last one.
        out["of"][i, 1:pieces] = np.searchsorted(window.first, np.arange(1, pieces), side="right") - 1
        for name in ("first", "paragraphs", "names", "features", "hints", "syntax"):
            out[name][i, :words] = getattr(window, name)
        out["tags"][i, :, :words] = window.tags
        for role, spans in enumerate(window.spans):
            out["spans"][i, role, : len(spans)] = np.array(spans).reshape(-1, 2)
        for link, partners in enumerate(window.links):
            out["links"][i, link, : len(partners)] = partners
    units = [(i, unit) for i, window in enumerate(windows) for unit in window.units]
    out["unit_window"] = np.array([i for i, _ in units], np.int32)
    out["unit_parts"] = np.full((len(units), len(ROLES), PIECES, 2), UNUSED, np.int16)
    for i, (_, unit) in enumerate(units):
        for role, pieces in enumerate(unit.parts):
            out["unit_parts"][i, role, : len(pieces)] = np.array(pieces[:PIECES]).reshape(-1, 2)
    out["unit_classes"] = np.array([unit.classes for _, unit in units], np.uint8)
    out["unit_reached"] = np.array([unit.reached for _, unit in units], np.uint8)
    out["annotated"] = np.array([window.annotated for window in windows], np.uint8)
    out["unit_writer"] = np.array([unit.writer for _, unit in units], np.uint8)
    return out
