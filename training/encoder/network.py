"""The network in PyTorch: encoder, tags by conditional random fields, links by pointers.

``pipeline.encode`` computes the same in NumPy from the weights that ``export.py`` writes. Sizes: *pieces* are
wordpieces, *size* is that of the encoder's hidden vectors, roles and tags are those of ``pipeline.encode``.
"""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING

import torch
from examples import LINKS, ROLES
from torch import Tensor, nn
from transformers import BertModel

from pipeline.encode import links
from pipeline.encode.links import MOST_APART, MOST_BETWEEN
from pipeline.encode.tags import NEVER
from pipeline.encode.words import FEATURES

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from examples import Piece
    from numpy.typing import NDArray
    from transformers import BertConfig

TAGS = 5  # O B I E S
# The kinds of a hint: outside, at the first word, inside of a span of the rules.
HINTS = 3
# Borders of the buckets of the distance between two spans in words.
EDGES: list[int] = links.EDGES.tolist()
# Size of the vectors whose product says how well two spans go together.
WIDTH = 64
# Which tag may follow which: rows before, columns after.
FOLLOWS = torch.tensor([
    [1, 1, 0, 0, 1],
    [0, 0, 1, 1, 0],
    [0, 0, 1, 1, 0],
    [1, 1, 0, 0, 1],
    [1, 1, 0, 0, 1],
], dtype=torch.bool)  # fmt: skip


class Reader(nn.Module):
    """Tags and links of a batch of windows; ``hinted`` says whether it is told what the rules found."""

    def __init__(self, config: BertConfig, hinted: bool = False) -> None:
        super().__init__()
        self.bert = BertModel(config, add_pooling_layer=False)
        size = config.hidden_size
        self.kinds = nn.ModuleList(nn.Embedding(n, size) for n in FEATURES)
        self.hints = nn.ModuleList(nn.Embedding(HINTS, size) for _ in range(len(ROLES) if hinted else 0))
        for table in (*self.kinds, *self.hints):
            nn.init.normal_(table.weight, std=0.01)
        self.drop = nn.Dropout(0.1)
        self.tags = nn.Linear(size, len(ROLES) * TAGS)
        self.follows = nn.Parameter(torch.zeros(len(ROLES), TAGS, TAGS))
        self.pointers = nn.ModuleList(Pointer(size) for _ in LINKS)

    def forward(
        self, ids: Tensor, mask: Tensor, features: Tensor, hints: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return emissions (batch, pieces, roles × tags) and hidden vectors (batch, pieces, size).

        ``ids`` and ``mask`` (1 at a piece, 0 at padding) are (batch, pieces), ``features`` (batch, pieces, 4),
        ``hints`` (batch, pieces, roles); all but ``mask`` are indexes.
        """
        x = self.bert.embeddings.word_embeddings(ids)
        for i, table in enumerate(self.kinds):
            x = x + table(features[..., i])
        for i, table in enumerate(self.hints):
            x = x + table(hints[..., i])
        hidden = self.bert(inputs_embeds=x, attention_mask=mask).last_hidden_state
        hidden = self.drop(hidden)
        return self.tags(hidden), hidden

    def transitions(self) -> Tensor:
        """Return (roles, tags, tags): log-potentials from tag to tag, what may not follow at NEVER."""
        return torch.where(FOLLOWS, self.follows, torch.tensor(NEVER))


class Pointer(nn.Module):
    """Scores of every span of one role as the partner of every span of another, or of none."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.query = nn.Linear(3 * size, WIDTH)
        self.key = nn.Linear(3 * size, WIDTH)
        self.none = nn.Linear(3 * size, 1)
        self.far = nn.Embedding(2 * len(EDGES) + 3, 1)
        self.between = nn.Embedding(MOST_BETWEEN + 1, 1)
        self.paragraph = nn.Embedding(MOST_APART + 1, 1)
        for table in (self.far, self.between, self.paragraph):
            nn.init.zeros_(table.weight)

    def forward(self, a: Tensor, b: Tensor, far: Tensor, between: Tensor, paragraph: Tensor) -> Tensor:
        """Return (a, 1 + b) scores (logits), the first column for none.

        ``a`` and ``b`` are vectors of spans (spans, 3 size) as ``span_vectors`` returns them, the others (a, b)
        indexes as ``relations`` returns them.
        """
        scores = self.query(a) @ self.key(b).T / WIDTH**0.5
        scores = scores + (self.far(far) + self.between(between) + self.paragraph(paragraph)).squeeze(-1)
        return torch.cat([self.none(a), scores], dim=1)


def span_vectors(hidden: Tensor, spans: Sequence[Piece]) -> Tensor:
    """Return (spans, 3 size): first word, last word and mean of each; ``hidden`` is (words, size)."""
    at = torch.tensor(spans, dtype=torch.long).reshape(-1, 2)
    total = torch.cat([torch.zeros_like(hidden[:1]), hidden.cumsum(0)])
    mean = (total[at[:, 1] + 1] - total[at[:, 0]]) / (at[:, 1] - at[:, 0] + 1).unsqueeze(1)
    return torch.cat([hidden[at[:, 0]], hidden[at[:, 1]], mean], dim=1)


def relations(a: Sequence[Piece], b: Sequence[Piece], paragraphs: NDArray[np.int64]) -> tuple[Tensor, Tensor, Tensor]:
    """Return (a, b) each: buckets of the signed distance, how many of b's spans lie between, paragraphs apart.

    ``paragraphs`` (words,) gives each word's paragraph. The three index the tables of Pointer.
    """
    far = torch.zeros(len(a), len(b), dtype=torch.long)
    between, apart = torch.zeros_like(far), torch.zeros_like(far)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            gap = y[0] - x[1] if y[0] > x[1] else y[1] - x[0] if y[1] < x[0] else 0
            bucket = bisect.bisect_right(EDGES, abs(gap))
            far[i, j] = len(EDGES) + 1 + (bucket if gap > 0 else -bucket)
            low, high = (x[1], y[0]) if gap > 0 else (y[1], x[0])
            between[i, j] = min(MOST_BETWEEN, sum(low < z[0] and z[1] < high for z in b)) if gap else 0
            apart[i, j] = min(MOST_APART, abs(int(paragraphs[x[0]]) - int(paragraphs[y[0]])))
    return far, between, apart


def likelihood(emissions: Tensor, tags: Tensor, mask: Tensor, transitions: Tensor) -> Tensor:
    """Return (sequences,): each one's negative log-likelihood, in nats, by the forward algorithm.

    ``emissions`` (sequences, words, tags), ``tags`` and ``mask`` (1 at a word, 0 at padding) (sequences, words),
    ``transitions`` (sequences, tags, tags).
    """
    at = torch.arange(len(emissions))
    # Nothing is open before the first word; the borders of the windows are borders of paragraphs.
    score = emissions[:, 0].gather(1, tags[:, :1]).squeeze(1)
    alpha = emissions[:, 0]
    for t in range(1, emissions.shape[1]):
        on = mask[:, t]
        step = transitions[at, tags[:, t - 1], tags[:, t]] + emissions[at, t, tags[:, t]]
        score = score + step * on
        new = torch.logsumexp(alpha.unsqueeze(2) + transitions, dim=1) + emissions[:, t]
        alpha = torch.where(on.unsqueeze(1) > 0, new, alpha)
    return torch.logsumexp(alpha, dim=1) - score
