"""The same article, told otherwise: other people and places, other quotation marks, other punctuation.

PolNeAR is American politics of two years in American typography. Names of people and institutions are
exchanged throughout a text, marks and the punctuation beside them set as other countries do; annotations
move along.
"""

from __future__ import annotations

import bisect
import re
import tomllib
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

    from articles import Attribution
    from examples import Gold

HERE = Path(__file__).parent
SURNAMES = (HERE / "surnames.txt").read_text(encoding="utf-8").split()
with (HERE / "swaps.toml").open("rb") as file:
    SWAPS = tomllib.load(file)["swap"]
GIVEN: dict[str, list[str]] = {}
with (HERE.parents[1] / "rules" / "given_names.toml").open("rb") as file:
    for row in tomllib.load(file)["given_name"]:
        GIVEN.setdefault(row["gender"], []).extend(row["words"])
GENDER = {word: gender for gender, words in GIVEN.items() for word in words}
NAME = re.compile(r"\b([A-Z][a-z]+) ((?:[A-Z]\. )?)([A-Z][a-zA-Z’'-]*[a-z])\b(?!-)")
MARKS = (("“", "”"), ('"', '"'), ("‘", "’"), ("«", "»"), ("„", "“"))
# How likely each change is, in a text; and that somebody keeps their name where others get a new one.
PEOPLE, PLACES, QUOTES, LOGICAL = 0.5, 0.35, 0.3, 0.15
KEPT = 0.2

# Start and end in code points of the text before any of them, half-open, and what to put there.
Edits = list[tuple[int, int, str]]


def augment(gold: Gold, chance: random.Random) -> Gold:
    """Return the article with some changes, often none; all that is random is drawn from ``chance``."""
    if chance.random() < PEOPLE:
        gold = apply(gold, people(gold.text, chance))
    if chance.random() < PLACES:
        gold = apply(gold, places(gold.text, chance))
    if chance.random() < LOGICAL:
        gold = apply(gold, logical(gold.text))
    if chance.random() < QUOTES:
        gold = apply(gold, quotes(gold.text, chance))
    return gold


def people(text: str, chance: random.Random) -> Edits:
    """Give everyone with a known first name another name, the same wherever it stands."""
    first: dict[str, str] = {}
    last: dict[str, str] = {}
    for found in NAME.finditer(text):
        gender = GENDER.get(found[1])
        if gender is None or chance.random() < KEPT:
            continue
        last.setdefault(found[3], chance.choice(SURNAMES))
        first.setdefault(found[1], chance.choice(GIVEN[gender]))
    edits = []
    for found in re.finditer(r"\b[A-Z][\w’'-]*[a-z]\b", text):
        word = found.group()
        stem = re.sub(r"['’]s$", "", word)
        if stem in last or stem in first:
            edits.append((found.start(), found.start() + len(stem), last.get(stem) or first[stem]))
    return edits


def places(text: str, chance: random.Random) -> Edits:
    """Exchange institutions, parties and places for those of other countries."""
    edits: Edits = []
    for swap in SWAPS:
        of = swap["of"]
        to = chance.choice(swap["to"])
        edits += [(*found.span(), to) for found in re.finditer(rf"\b(?:{of})\b", text)]
    edits.sort()
    kept: Edits = []
    for edit in edits:
        if not kept or edit[0] >= kept[-1][1]:
            kept.append(edit)
    return kept


def logical(text: str) -> Edits:
    """Move a comma from before the closing mark to behind it, as British papers have it."""
    return [(m.start(), m.end(), m[2] + m[1]) for m in re.finditer(r"(,)([”\"])(?=\s)", text)]


def quotes(text: str, chance: random.Random) -> Edits:
    """Set double quotation marks in another style; a paragraph with single ones in it never becomes single itself."""
    opening, closing = chance.choice(MARKS)
    edits = []
    for line in re.finditer(r"[^\n]+", text):
        marks = list(re.finditer(r"[“”\"]", line.group()))
        if opening == "‘" and re.search(r"[‘]|(?<!\w)'", line.group()):
            continue
        opened = False
        for mark in marks:
            is_open = mark.group() == "“" or (mark.group() == '"' and not opened)
            opened = is_open
            at = line.start() + mark.start()
            edits.append((at, at + 1, opening if is_open else closing))
    return edits


def apply(gold: Gold, edits: Edits) -> Gold:
    """Return the article with the edits made (sorted, disjoint) and its annotations moved along."""
    if not edits:
        return gold
    pieces: list[str] = []
    at = 0
    for start, end, new in edits:
        pieces += [gold.text[at:start], new]
        at = end
    pieces.append(gold.text[at:])
    offsets = _Offsets(edits)
    return replace(
        gold, text="".join(pieces), attributions=offsets.move(gold.attributions), hints=offsets.move(gold.hints),
        tokens=[[offsets.moved(start), *syntax] for start, *syntax in gold.tokens],
        statements=[replace(s, parts=offsets.move([s.parts])[0]) for s in gold.statements],
        names=[(offsets.moved(s), offsets.moved(e, is_end=True), kind) for s, e, kind in gold.names],
    )  # fmt: skip


class _Offsets:
    """Where the offsets of a text go when edits are made in it."""

    def __init__(self, edits: Edits) -> None:
        self.edits = edits
        self.starts = [start for start, _, _ in edits]
        # By how much each edit and all before it lengthen the text.
        self.shifts = list(accumulate(len(new) - (end - start) for start, end, new in edits))

    def move(self, attributions: list[Attribution]) -> list[Attribution]:
        return [
            {role: [(self.moved(s), self.moved(e, is_end=True)) for s, e in spans] for role, spans in a.items()}
            for a in attributions
        ]

    def moved(self, offset: int, *, is_end: bool = False) -> int:
        """Return a span's start or end; one inside of what was exchanged stays as far inside as that allows."""
        i = bisect.bisect_right(self.starts, offset - (1 if is_end else 0)) - 1
        if i < 0:
            return offset
        start, end, new = self.edits[i]
        if offset >= end:
            return offset + self.shifts[i]
        before = self.shifts[i - 1] if i else 0
        return start + before + min(offset - start, len(new))
