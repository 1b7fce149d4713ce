"""The network that reads a text, and the heads on top of it."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from pipeline.encode.links import Pointer
from pipeline.encode.names import read_tags
from pipeline.encode.statements import StatementHead
from pipeline.encode.words import Vocabulary, windows_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from onnxruntime import InferenceSession

    from pipeline.encode.words import Words

SHIPPED = Path(__file__).parents[1] / "models" / "attribution"
FILES = ("network.onnx", "heads.npz", "vocabulary.txt")
LINKS = ("content-cue", "cue-source", "content-source")


class Read(Struct, frozen=True, eq=False):
    """One window as the network read it.

    ``first`` is the number of its first word in the text; ``emissions`` (roles, words, tags) with the roles
    source, cue, content and the tags of ``pipeline.encode.tags``; ``names`` (words,) the tags of
    ``pipeline.encode.names``; ``hidden`` (words, size); ``meanings`` (words, ``pipeline.encode.statements.MEANING``).
    """

    first: int
    emissions: NDArray[np.float32]
    names: NDArray[np.int64]
    hidden: NDArray[np.float32]
    meanings: NDArray[np.float32]


class Encoder(Struct, frozen=True, eq=False):
    """A small BERT with int8 weights on onnxruntime; the same bytes in give the same numbers out.

    Windows are read one at a time, so that no window's numbers depend on another's (int8 scales are taken
    from all that is read at once).
    """

    session: InferenceSession
    vocabulary: Vocabulary
    transitions: NDArray[np.float32]
    pointers: dict[str, Pointer]
    statements: StatementHead
    digest: str

    def read(self, text: str, words: Words, hints: NDArray[np.int64], syntax: NDArray[np.int64]) -> Iterator[Read]:
        """Read a text, yielding window by window.

        ``hints`` (words, roles) says what the rules found at each word, ``syntax`` (words, 3) what spaCy did
        (``pipeline.encode.syntax``).
        """
        pieces = [
            self.vocabulary.pieces(text[a:b]) for a, b in zip(words.starts.tolist(), words.ends.tolist(), strict=True)
        ]
        lengths = [len(p) for p in pieces]
        for start, end in windows_of(words, lengths):
            counts = np.array(lengths[start:end])
            # [CLS] goes with the first word's features, [SEP] with the last one's.
            of = np.concatenate([[start], np.repeat(np.arange(start, end), counts), [end - 1]])
            ids = [self.vocabulary.cls, *(i for p in pieces[start:end] for i in p), self.vocabulary.sep]
            inputs = {
                "ids": np.array([ids], np.int64), "features": words.features[of][None], "hints": hints[of][None],
                "syntax": syntax[of][None],
            }  # fmt: skip
            emissions, names, hidden, meanings = self.session.run(None, inputs)
            first = 1 + np.concatenate([[0], np.cumsum(counts)[:-1]])
            tagged = emissions[0, first].reshape(end - start, 3, -1).transpose(1, 0, 2)
            yield Read(start, tagged, read_tags(names[0, first]), hidden[0, first], meanings[0, first])


@lru_cache(maxsize=2)
def load_encoder(folder: Path = SHIPPED) -> Encoder:
    """Load a trained encoder from its folder."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # Fused operators are slower with int8 weights.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    session = onnxruntime.InferenceSession(folder / "network.onnx", options, providers=["CPUExecutionProvider"])
    heads = np.load(folder / "heads.npz")
    vocabulary = Vocabulary((folder / "vocabulary.txt").read_text(encoding="utf-8").split("\n"))
    pointers = {name: _pointer(heads, str(k)) for k, name in enumerate(LINKS)}
    digest = hashlib.sha256(b"".join((folder / name).read_bytes() for name in FILES)).hexdigest()
    statements = StatementHead(
        attention=heads["statements.attention.weight"], attention_bias=heads["statements.attention.bias"],
        inner=heads["statements.inner.weight"], inner_bias=heads["statements.inner.bias"],
        outer=heads["statements.outer.weight"], outer_bias=heads["statements.outer.bias"],
    )  # fmt: skip
    return Encoder(session, vocabulary, heads["transitions"], pointers, statements, digest)


def _pointer(heads: dict[str, NDArray[np.float32]], k: str) -> Pointer:
    return Pointer(
        query=heads[f"{k}.query.weight"], query_bias=heads[f"{k}.query.bias"],
        key=heads[f"{k}.key.weight"], key_bias=heads[f"{k}.key.bias"],
        none=heads[f"{k}.none.weight"][0], none_bias=float(heads[f"{k}.none.bias"][0]),
        far=heads[f"{k}.far.weight"][:, 0], between=heads[f"{k}.between.weight"][:, 0],
        apart=heads[f"{k}.paragraph.weight"][:, 0],
    )  # fmt: skip
