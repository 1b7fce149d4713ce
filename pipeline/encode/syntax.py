"""What spaCy says of each word, as numbers that the network has embeddings for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from spacy.tokens import Doc

    from pipeline.encode.words import Words

# Tags of the Penn Treebank and dependencies of ClearNLP as spaCy's English pipelines have them. Their numbers count
# from 1; 0 is for all others.
TAGS = (
    "$", "''", ",", "-LRB-", "-RRB-", ".", ":", "ADD", "AFX", "CC", "CD", "DT", "EX", "FW", "HYPH", "IN", "JJ", "JJR",
    "JJS", "LS", "MD", "NFP", "NN", "NNP", "NNPS", "NNS", "PDT", "POS", "PRP", "PRP$", "RB", "RBR", "RBS", "RP",
    "SYM", "TO", "UH", "VB", "VBD", "VBG", "VBN", "VBP", "VBZ", "WDT", "WP", "WP$", "WRB", "``",
)  # fmt: skip
DEPENDENCIES = (
    "ROOT", "acl", "acomp", "advcl", "advmod", "agent", "amod", "appos", "attr", "aux", "auxpass", "case", "cc",
    "ccomp", "compound", "conj", "csubj", "csubjpass", "dative", "dep", "det", "dobj", "expl", "intj", "mark", "meta",
    "neg", "nmod", "npadvmod", "nsubj", "nsubjpass", "nummod", "oprd", "parataxis", "pcomp", "pobj", "poss",
    "preconj", "predet", "prep", "prt", "punct", "quantmod", "relcl", "xcomp",
)  # fmt: skip
TAG, DEP = ({kind: i for i, kind in enumerate(kinds, 1)} for kinds in (TAGS, DEPENDENCIES))
# Tokens; a head is as far off as this or farther.
FAR = 7
# How many kinds of each there are: tags, dependencies, distances to the head.
SYNTAX = (len(TAG) + 1, len(DEP) + 1, 2 * FAR + 1)


def syntax_of(doc: Doc) -> NDArray[np.int64]:
    """Return (tokens, 4): where each token starts, its tag, its dependency, and how far off its head is plus FAR."""
    rows = doc.to_array(["IDX", "TAG", "DEP", "HEAD"]).reshape(-1, 4)
    strings = doc.vocab.strings
    kinds = [
        np.array([numbers.get(strings[key], 0) for key in keys.tolist()], np.int64)[at]
        for numbers, (keys, at) in zip(
            (TAG, DEP), (np.unique(rows[:, i], return_inverse=True) for i in (1, 2)), strict=True
        )
    ]
    heads = FAR + np.clip(rows[:, 3].astype(np.int64), -FAR, FAR)
    return np.stack([rows[:, 0].astype(np.int64), *kinds, heads], axis=1)


def syntax_rows(words: Words, tokens: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return (words, 3): tag, dependency and head of the token with each word's first letter.

    ``tokens`` (tokens, 4) is as ``syntax_of`` returns it.
    """
    if not len(words):
        return np.zeros((0, 3), np.int64)
    at = np.searchsorted(tokens[:, 0], words.starts, side="right") - 1
    rows: NDArray[np.int64] = tokens[np.maximum(at, 0), 1:]
    return rows
