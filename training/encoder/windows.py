"""Examples cut into what the network reads at a time, and batches of that."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import torch
from examples import ELSEWHERE, LINKS, ROLES
from network import TAGS

from pipeline.encode.tags import B, E, I, S, closed
from pipeline.encode.words import FEATURES, Words, windows_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from examples import Example, Piece
    from numpy.typing import NDArray
    from torch import Tensor

    from pipeline.encode.words import Vocabulary


@dataclass(frozen=True)
class Window:
    """A run of an example's words as the network reads it, [CLS] before and [SEP] behind.

    ``ids`` (pieces,) the wordpieces; ``first`` (words,) where each word's first one stands in them; ``features``
    (pieces, 4) and ``hints`` (pieces, 3) those of the words; ``paragraphs`` (words,). ``tags`` (3, words), ``spans``
    and ``links`` as in Example, counted from the window's first word.
    """

    ids: list[int]
    first: NDArray[np.int64]
    features: NDArray[np.int64]
    hints: NDArray[np.int64]
    paragraphs: NDArray[np.int64]
    tags: NDArray[np.int64]
    spans: list[list[Piece]]
    links: list[list[int]]


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
    # [CLS] goes with the first word's features, [SEP] with the last one's.
    of = np.concatenate([[start], np.repeat(np.arange(start, end), counts), [end - 1]])
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
        features=example.words.features[of],
        hints=example.hints[of],
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
    )


def collate(batch: Sequence[Window]) -> dict[str, Tensor]:
    """Return what ``Reader.forward`` takes, each (batch, pieces, …), padded with 0."""
    shape = len(batch), max(len(window.ids) for window in batch)
    ids, mask = torch.zeros(shape, dtype=torch.long), torch.zeros(shape, dtype=torch.long)
    features = torch.zeros(*shape, len(FEATURES), dtype=torch.long)
    hints = torch.zeros(*shape, len(ROLES), dtype=torch.long)
    for i, window in enumerate(batch):
        size = len(window.ids)
        ids[i, :size] = torch.tensor(window.ids)
        mask[i, :size] = 1
        features[i, :size] = torch.from_numpy(window.features)
        hints[i, :size] = torch.from_numpy(window.hints)
    return {"ids": ids, "mask": mask, "features": features, "hints": hints}


def by_word(batch: Sequence[Window], emissions: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return what the network says of each word's first piece, padded, and which are words.

    In: emissions (batch, pieces, roles × tags) and hidden vectors (batch, pieces, size). Out: emissions (batch,
    roles, words, tags) with the borders of paragraphs closed, hidden vectors (batch, words, size), and the mask
    (batch, words), 1.0 at a word.
    """
    shape = len(batch), max(len(window.first) for window in batch)
    first = torch.zeros(shape, dtype=torch.long)
    mask = torch.zeros(shape)
    barred = torch.zeros(*shape, TAGS)
    for i, window in enumerate(batch):
        size = len(window.first)
        first[i, :size] = torch.from_numpy(window.first)
        mask[i, :size] = 1
        barred[i, :size] = torch.from_numpy(closed(np.zeros((1, size, TAGS), np.float32), window.paragraphs)[0])
    at = first.unsqueeze(-1)
    emissions = emissions.gather(1, at.expand(-1, -1, emissions.shape[-1]))
    emissions = emissions.view(*shape, len(ROLES), TAGS) + barred.unsqueeze(2)
    return emissions.transpose(1, 2), hidden.gather(1, at.expand(-1, -1, hidden.shape[-1])), mask
