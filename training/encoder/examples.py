"""Annotated texts → tags and links over the encoder's words.

Offsets are code points of the text file read without newline translation. A role's spans are flat: of two
that overlap the longer one counts. A span is cut where a paragraph ends.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from sizes import CONTENT, CUE, ELSEWHERE, LINKS, NONE, ROLES, SOURCE
from statements import of_gold, read_labels

from pipeline.attribute.model import mark_hint
from pipeline.encode.names import TYPES
from pipeline.encode.syntax import syntax_rows
from pipeline.encode.tags import B, E, I, S
from pipeline.encode.words import words_of
from pipeline.evaluate.gold import read_gold
from pipeline.quotations import pair_quotations
from pipeline.records import Span
from pipeline.segment import segment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from articles import Attribution
    from numpy.typing import NDArray
    from statements import Labelled

    from pipeline.encode.words import Words
    from pipeline.evaluate.gold import GoldAttribution
    from pipeline.rules import Rules

# A span of words: the first and the last one, that one included.
Piece = tuple[int, int]

# How many paragraphs a content may stand from its cue or source for the link to be learnt.
NEAR = 1


@dataclass
class Gold:
    """One annotator's attributions of a text, and what the rules and spaCy find in it.

    ``annotated``: whether somebody looked for attributions. ``hints`` are the rules' attributions; ``tokens`` the rows
    of ``pipeline.encode.syntax.syntax_of``; ``names`` spaCy's named entities: start, end and type. ``statements`` are
    those whose class somebody labelled.
    """

    name: str
    text: str
    attributions: list[Attribution]
    hints: list[Attribution] = field(default_factory=list)
    tokens: list[list[int]] = field(default_factory=list)
    names: list[tuple[int, int, str]] = field(default_factory=list)
    statements: list[Labelled] = field(default_factory=list)
    annotated: bool = True


@dataclass(frozen=True)
class Unit:
    """A labelled statement by words: ``parts`` the pieces of each role, the labels as in ``statements.Labelled``."""

    parts: list[list[Piece]]
    classes: tuple[int, ...]
    reached: tuple[int, ...]
    writer: bool


@dataclass(frozen=True)
class Example:
    """A text's words with what is to be learnt of them.

    ``tags`` (3, words): by role, a tag of ``pipeline.encode.tags``. ``spans``: by role, in text order.
    ``links``: by link of LINKS, for each span of its first role an index into the spans of its second, NONE or
    ELSEWHERE. ``hints`` (words, 3): by role, as ``pipeline.attribute.model.hint_rows`` returns them.
    ``syntax`` (words, 3) as ``pipeline.encode.syntax.syntax_rows`` does; ``names`` (words,): tags of
    ``pipeline.encode.names``; ``units`` the labelled statements; ``annotated`` as in Gold.
    """

    text: str
    words: Words
    tags: NDArray[np.int64]
    spans: list[list[Piece]]
    links: list[list[int]]
    hints: NDArray[np.int64]
    syntax: NDArray[np.int64]
    names: NDArray[np.int64]
    units: list[Unit]
    annotated: bool


def read_part(folder: Path, statements: Path, labels: Path | None = None) -> list[Gold]:
    """Read a part of PolNeAR (``text/``, ``attributions/``): one item for each text and annotator.

    ``statements`` and ``labels`` are files of labelled statements (``statements.py``). Raises UsageError where the
    folder is none, or an annotation doesn't fit its text.
    """
    part = read_gold(folder, statements)
    labelled = of_gold(part.statements) | (read_labels(labels, part) if labels else {})
    return [
        Gold(name, text, [_by_role(a) for a in annotator], statements=labelled.get(name, []))
        for name, text in part.texts.items()
        for annotator in part.annotations[name]
    ]


def _by_role(a: GoldAttribution) -> Attribution:
    return {role: _pairs(spans) for role, spans in zip(ROLES, (a.source, a.cue, a.content), strict=True)}


def _pairs(spans: Iterable[Span]) -> list[tuple[int, int]]:
    return [(span.start, span.end) for span in spans]


def example(gold: Gold, rules: Rules) -> Example:
    """Return a text as the encoder reads it, with tags and links."""
    layout = segment(gold.text, rules)
    quotations, _ = pair_quotations(gold.text, layout, rules)
    words = words_of(gold.text, layout, quotations)
    attributions = [
        [[piece for start, end in attribution[role] for piece in words.pieces(Span(start, end))] for role in ROLES]
        for attribution in gold.attributions
    ]
    spans = [disjoint(piece for parts in attributions for piece in parts[role]) for role in (SOURCE, CUE, CONTENT)]
    tags = np.zeros((len(ROLES), len(words)), np.int64)
    for row, pieces in zip(tags, spans, strict=True):
        for first, last in pieces:
            row[first : last + 1] = I
            row[first], row[last] = (S, S) if first == last else (B, E)
    links = links_of(gold, words, attributions, spans)
    return Example(
        gold.text, words, tags, spans, links, hints_of(gold, words), syntax_rows(words, np.array(gold.tokens)),
        names_of(gold, words), units_of(gold, words), gold.annotated,
    )  # fmt: skip


def disjoint(pieces: Iterable[Piece]) -> list[Piece]:
    """Return those of a role's spans that overlap no longer one, nor one as long before it; in text order."""
    kept: list[Piece] = []
    taken: set[int] = set()
    for first, last in sorted(pieces, key=lambda piece: (piece[0] - piece[1], piece[0])):
        span = range(first, last + 1)
        if taken.isdisjoint(span):
            taken.update(span)
            kept.append((first, last))
    return sorted(kept)


def links_of(
    gold: Gold, words: Words, attributions: Sequence[Sequence[Sequence[Piece]]], spans: Sequence[Sequence[Piece]]
) -> list[list[int]]:
    """Return the links as Example has them.

    ``attributions`` holds, for each one of ``gold``, the spans of words by role, ``spans`` those by role that
    are learnt. Of several partners the nearest counts, of several attributions with the same span the last.
    """
    number = [{piece: i for i, piece in enumerate(pieces)} for pieces in spans]
    links = [[NONE] * len(spans[a]) for a, _ in LINKS.values()]
    for annotated, parts in zip(gold.attributions, attributions, strict=True):
        kept = [
            [numbers[piece] for piece in pieces if piece in numbers]
            for numbers, pieces in zip(number, parts, strict=True)
        ]
        for link, (a, b) in zip(links, LINKS.values(), strict=True):
            for x in kept[a]:
                near = [y for y in kept[b] if paragraphs_between(words, spans[a][x], spans[b][y]) <= NEAR]
                if near:
                    gaps = [distance(spans[a][x], spans[b][y]) for y in near]
                    link[x] = near[gaps.index(min(gaps))]
                elif annotated[ROLES[b]]:
                    link[x] = ELSEWHERE
    return links


def hints_of(gold: Gold, words: Words) -> NDArray[np.int64]:
    """Return what the rules found at each word, as ``pipeline.attribute.model.hint_rows`` does in reading."""
    rows = np.zeros((len(words), len(ROLES)), np.int64)
    for found in gold.hints:
        for role, name in enumerate(ROLES):
            for start, end in found[name]:
                mark_hint(rows[:, role], words, Span(start, end))
    return rows


def names_of(gold: Gold, words: Words) -> NDArray[np.int64]:
    """Return what name each word begins or goes on with."""
    row = np.zeros(len(words), np.int64)
    for start, end, kind in gold.names:
        for first, last in itertools.islice(words.pieces(Span(start, end)), 1):
            row[first : last + 1] = 2 + 2 * TYPES.index(kind)
            row[first] -= 1
    return row


def units_of(gold: Gold, words: Words) -> list[Unit]:
    """Return the labelled statements that have a word."""
    found = []
    for s in gold.statements:
        parts = [[piece for a, b in s.parts[role] for piece in words.pieces(Span(a, b))] for role in ROLES]
        if parts[CONTENT]:
            found.append(Unit(parts, s.classes, s.reached, s.writer))
    return found


def paragraphs_between(words: Words, a: Piece, b: Piece) -> int:
    """Return how many paragraphs on one span begins from the other; 0: in the same."""
    return abs(int(words.paragraphs[a[0]]) - int(words.paragraphs[b[0]]))


def distance(a: Piece, b: Piece) -> int:
    """Return how many words on one span begins from the other's end; 0 where they overlap."""
    return max(b[0] - a[1], a[0] - b[1], 0)
