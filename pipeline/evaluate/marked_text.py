"""A passage as HTML, with the content, cue and source of attributions marked in it."""

from __future__ import annotations

import itertools
from html import escape
from typing import TYPE_CHECKING, Literal, NamedTuple

from pipeline.evaluate.words import WORD

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.evaluate.differences import Side
    from pipeline.records import Extract

Role = Literal["content", "cue", "source"]


class Part(NamedTuple):
    """A span of an attribution; ``label`` is its role, numbered where there are several attributions."""

    role: Role
    label: str
    start: int
    end: int


class Piece(NamedTuple):
    """A stretch of a passage in which no part begins or ends.

    ``only`` tells that its words belong to a content of the one side and to none of the other.
    """

    text: str
    roles: tuple[Role, ...]
    labels: tuple[str, ...]
    only: bool


def mark(passage: Extract, sides: Sequence[Side], others: Sequence[Side]) -> str:
    """Return the passage with the parts of ``sides`` marked; words that ``others`` lack stand out."""
    return "".join(map(_html, cut(passage, sides, others)))


def only_here(passages: Sequence[Extract], sides: Sequence[Side], others: Sequence[Side]) -> list[str]:
    """Return the stretches of words that belong to a content of ``sides`` and to none of ``others``."""
    found: list[str] = []
    for passage in passages:
        for only, pieces in itertools.groupby(cut(passage, sides, others), key=lambda piece: piece.only):
            text = "".join(piece.text for piece in pieces)
            words = list(WORD.finditer(text))
            if only:
                found.append(text[words[0].start() : words[-1].end()])
    return found


def cut(passage: Extract, sides: Sequence[Side], others: Sequence[Side]) -> Iterator[Piece]:
    """Cut a passage where a part of ``sides`` or a content of ``others`` begins or ends."""
    parts = list(_parts(sides))
    beside = [part for part in _parts(others) if part.role == "content"]
    edges = {edge for part in [*parts, *beside] for edge in (part.start, part.end)}
    edges = {passage.start, passage.end} | {edge for edge in edges if passage.start < edge < passage.end}
    for start, end in itertools.pairwise(sorted(edges)):
        text = passage.text[start - passage.start : end - passage.start]
        over = [part for part in parts if part.start <= start < part.end]
        roles = tuple(dict.fromkeys(part.role for part in over))
        labels = tuple(part.label for part in over if start == max(part.start, passage.start))
        alone = bool(others) and "content" in roles and not any(part.start <= start < part.end for part in beside)
        yield Piece(text, roles, labels, alone and WORD.search(text) is not None)


def _parts(sides: Sequence[Side]) -> Iterator[Part]:
    roles: tuple[Role, ...] = ("content", "cue", "source")
    for number, side in enumerate(sides, start=1):
        for role in roles:
            label = f"{role} {number}" if len(sides) > 1 else role
            for extract in getattr(side, role):
                yield Part(role, label, extract.start, extract.end)


def _html(piece: Piece) -> str:
    text = escape(piece.text)
    if not piece.roles:
        return text
    label = f' data-label="{" · ".join(piece.labels)}"' if piece.labels else ""
    return f'<mark class="{" ".join(piece.roles)}{" only" * piece.only}"{label}>{text}</mark>'
