"""Class and check-worthiness of a statement, from the vectors of the words it rests on.

The network gives each word a small vector, its *meaning*. Those of a statement's content, cue, source and sentence are
pooled by mean, ends and attention, and two layers make of them how likely each class is and each grade is reached.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from pipeline.encode.words import BEGIN, MARKS, ZONE, ZONES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from pipeline.encode.encoder import Read
    from pipeline.encode.words import Words
    from pipeline.records import Span

# Size of a word's meaning.
MEANING = 128
# What is pooled: the means of content, cue, source and sentence, the content's first and last word, what two
# attentions see in the content and a third in the sentence.
POOLS = 9
ATTENTIONS = 3
# Of what ``shape_of`` returns.
SHAPE = 7 + len(ZONES)
# Contents of fewer words than these are told apart.
FEW, SHORT = 4, 9
# Grades of check-worthiness that may be reached: 1, 2 and 3.
GRADES = 3

Range = tuple[int, int]
"""Half-open range of words."""


class Meanings(Struct, frozen=True, eq=False):
    """A text's words with their meanings, (words, MEANING), in 16 bits: a long text has many."""

    words: Words
    vectors: NDArray[np.float16]

    def kept(self, reads: Iterable[Read]) -> Iterator[Read]:
        """Yield what the network read, keeping the meanings."""
        for read in reads:
            self.vectors[read.first : read.first + len(read.meanings)] = read.meanings
            yield read

    def of(self, spans: Iterable[Span | None]) -> tuple[Range, ...]:
        """Return the words of some spans; those without a word are left out."""
        ranges = (self.words.within(span) for span in spans if span is not None)
        return tuple((first, stop) for first, stop in ranges if first < stop)


def no_meanings(words: Words) -> Meanings:
    """Return a text's words before the network has read them."""
    return Meanings(words, np.zeros((len(words), MEANING), np.float16))


class StatementWords(Struct, frozen=True):
    """The words that a statement rests on; ``cue`` and ``source`` may be empty, ``writer``: nobody is quoted."""

    content: tuple[Range, ...]
    cue: tuple[Range, ...] = ()
    source: tuple[Range, ...] = ()
    writer: bool = False


class StatementHead(Struct, frozen=True, eq=False):
    """The layers over the pooled meanings; shapes as in ``training/encoder/network.py``, where they are learnt."""

    attention: NDArray[np.float32]
    attention_bias: NDArray[np.float32]
    inner: NDArray[np.float32]
    inner_bias: NDArray[np.float32]
    outer: NDArray[np.float32]
    outer_bias: NDArray[np.float32]

    def score(self, read: Meanings, statements: Iterable[StatementWords]) -> NDArray[np.float32]:
        """Return (statements, classes + grades): the classes' scores in nats, the log-odds that each grade is reached.

        Each statement's content has a word.
        """
        meanings, features = read.vectors.astype(np.float32), read.words.features
        begins = np.flatnonzero(features[:, BEGIN])
        seen = meanings @ self.attention.T + self.attention_bias
        rows = [self._row(meanings, seen, features, begins, statement) for statement in statements]
        inputs = np.array(rows, np.float32).reshape(len(rows), self.inner.shape[1])
        hidden = inputs @ self.inner.T + self.inner_bias
        return np.maximum(hidden, 0.0) @ self.outer.T + self.outer_bias  # type: ignore[no-any-return]

    def _row(
        self, meanings: NDArray[np.float32], seen: NDArray[np.float32], features: NDArray[np.int64],
        begins: NDArray[np.int64], statement: StatementWords,
    ) -> NDArray[np.float32]:  # fmt: skip
        content, cue, source = map(_numbers, (statement.content, statement.cue, statement.source))
        sentence = np.arange(*sentence_of(begins, len(features), content))
        pools = [_mean(meanings, part) for part in (content, cue, source, sentence)]
        pools += [meanings[content[0]], meanings[content[-1]]]
        pools += [_attend(meanings, seen[:, k], content) for k in range(ATTENTIONS - 1)]
        pools += [_attend(meanings, seen[:, -1], sentence)]
        return np.concatenate([*pools, shape_of(features, content, statement)]).astype(np.float32)


def sentence_of(begins: NDArray[np.int64], words: int, content: NDArray[np.int64]) -> Range:
    """Return the words from the beginning of the content's first sentence to the end of its last.

    ``begins`` are the words with which sentences begin, ``content`` the content's words.
    """
    first = int(np.searchsorted(begins, content[0], side="right")) - 1
    after = int(np.searchsorted(begins, content[-1], side="right"))
    return int(begins[first]) if first >= 0 else 0, int(begins[after]) if after < len(begins) else words


def shape_of(features: NDArray[np.int64], content: NDArray[np.int64], statement: StatementWords) -> list[float]:
    """Return what a statement looks like: quoted, the writer's, without cue, without source, its length, its zone."""
    zone = int(features[content[0], ZONE])
    quoted = float((features[content, MARKS] > 0).mean())
    n = len(content)
    return [
        quoted, float(statement.writer), float(not statement.cue), float(not statement.source),
        float(np.log1p(n)) / 4, float(n < FEW), float(n < SHORT), *(float(k == zone) for k in range(len(ZONES))),
    ]  # fmt: skip


def _numbers(ranges: tuple[Range, ...]) -> NDArray[np.int64]:
    return np.concatenate([np.arange(first, stop) for first, stop in ranges]) if ranges else np.zeros(0, np.int64)


def _mean(meanings: NDArray[np.float32], words: NDArray[np.int64]) -> NDArray[np.float32]:
    if not len(words):
        return np.zeros(meanings.shape[1], np.float32)
    return meanings[words].mean(axis=0)  # type: ignore[no-any-return]


def _attend(meanings: NDArray[np.float32], seen: NDArray[np.float32], words: NDArray[np.int64]) -> NDArray[np.float32]:
    weights = np.exp(seen[words] - seen[words].max())
    return weights @ meanings[words] / weights.sum()  # type: ignore[no-any-return]
