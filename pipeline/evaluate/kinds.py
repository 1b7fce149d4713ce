"""The kinds of difference between a run and the gold, and which attributions show them.

Each difference has exactly one kind; a pair of attributions may show several, e.g. a wrong edge and a
wrong source. Contents are paired as the scores pair them, and only words count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from pipeline.evaluate.words import covers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.evaluate.attributions import Comparison
    from pipeline.evaluate.words import Ids

Kind = Literal[
    "missed-cue", "missed-content", "left-edge", "right-edge", "both-edges", "inner-edge", "split", "merged",
    "wrong-source", "missing-source", "invented-source", "wrong-cue", "scare-quote", "false-attribution",
    "wrong-name", "wrong-class", "missed-sentence",
]  # fmt: skip

# What each kind means, in the order in which they are told apart.
KINDS: dict[Kind, str] = {
    "split": "One gold content is covered by several predicted attributions, none of them paired with another gold.",
    "merged": "One predicted content covers those of several gold attributions, none paired with another prediction.",
    "left-edge": "The contents are paired; their first words differ.",
    "right-edge": "The contents are paired; their last words differ.",
    "both-edges": "The contents are paired; their first and last words differ.",
    "inner-edge": "The contents are paired and begin and end alike; what is left out in between differs.",
    "wrong-source": "The contents are paired; gold and prediction have sources, which share no telling word.",
    "missing-source": "The contents are paired; the gold has a source, the prediction none.",
    "invented-source": "The contents are paired; the prediction has a source, the gold none.",
    "wrong-cue": "The contents are paired and the sources right; the words of the cues differ.",
    "missed-content": "A gold attribution was not found: its cue was, but no content pairs.",
    "missed-cue": "A gold attribution was not found, and no predicted cue overlaps its cue.",
    "scare-quote": "A predicted content is nothing but a quotation, which lies in no gold content.",
    "false-attribution": "Any other predicted attribution that the gold does not have.",
    "wrong-name": "The statement was found as somebody's; the canonical name is not the gold one.",
    "wrong-class": "The statement was found; the class is not the gold one.",
    "missed-sentence": "A statement of the writer's own was not found: no predicted content pairs.",
}


class Finding(NamedTuple):
    """A difference as numbers of the gold and the predicted attributions that show it."""

    kind: Kind
    gold: tuple[int, ...]
    predicted: tuple[int, ...]


def find_kinds(c: Comparison) -> list[Finding]:
    """Return where attributions differ; each that is not paired is part of at least one finding."""
    found = list(_splits(c))
    found += _merges(c, {i for f in found for i in f.gold})
    for i, j in sorted(c.paired.items()):
        if not any(i in f.gold and j in f.predicted for f in found):
            found += _edges(c, i, j)
    for i, j in sorted(c.paired.items()):
        found += _sources(c, i, j)
    shown = {i for f in found for i in f.gold}
    found += [_missed(c, i) for i in range(len(c.gold)) if i not in shown and i not in c.paired]
    shown = {j for f in found for j in f.predicted} | set(c.paired.values())
    found += [_false(c, j) for j in range(len(c.predicted)) if j not in shown]
    return found


def _splits(c: Comparison) -> Iterator[Finding]:
    free = set(range(len(c.predicted))) - set(c.paired.values())
    for i, parts in _groups(c.gold_contents, c.contents, c.paired, free):
        yield Finding("split", (i,), parts)


def _merges(c: Comparison, split: set[int]) -> Iterator[Finding]:
    free = set(range(len(c.gold))) - set(c.paired) - split
    for j, parts in _groups(c.contents, c.gold_contents, {j: i for i, j in c.paired.items()}, free):
        yield Finding("merged", parts, (j,))


def _groups(
    wholes: Sequence[Ids], contents: Sequence[Ids], paired: dict[int, int], free: set[int]
) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Yield each whole that several contents cover, and which: its own pair and such as are ``free``.

    Most of a part lies in the whole and outside of the other parts, so that an attribution nested in
    one that was found makes no group. The smallest whole comes first: a part is of the innermost.
    """
    for whole in sorted(range(len(wholes)), key=lambda at: len(wholes[at])):
        inside = [part for part in free if contents[part] and covers(contents[part], wholes[whole])]
        inside.sort(key=lambda part: (-len(contents[part]), part))
        parts: list[int] = []
        covered: set[int] = set()
        for part in [*([paired[whole]] if whole in paired else []), *inside]:
            if not covers(contents[part], covered):
                parts.append(part)
                covered |= contents[part]
        if len(parts) > 1 and covers(wholes[whole], covered):
            free.difference_update(parts)
            yield whole, tuple(sorted(parts))


def _edges(c: Comparison, i: int, j: int) -> Iterator[Finding]:
    gold, predicted = c.gold_contents[i], c.contents[j]
    left, right = min(gold) != min(predicted), max(gold) != max(predicted)
    if left and right:
        yield Finding("both-edges", (i,), (j,))
    elif left or right:
        yield Finding("left-edge" if left else "right-edge", (i,), (j,))
    elif gold != predicted:
        yield Finding("inner-edge", (i,), (j,))


def _sources(c: Comparison, i: int, j: int) -> Iterator[Finding]:
    if not c.same_source(i, j):
        both = c.gold_sources[i] and c.sources[j]
        alone: Kind = "missing-source" if c.gold_sources[i] else "invented-source"
        yield Finding("wrong-source" if both else alone, (i,), (j,))
    elif c.gold_cues[i] != c.cues[j]:
        yield Finding("wrong-cue", (i,), (j,))


def _missed(c: Comparison, i: int) -> Finding:
    """Find the prediction with the cue: one that is not paired if there is, the nearest in content."""
    with_cue = [j for j, cue in enumerate(c.cues) if cue & c.gold_cues[i]]
    if not with_cue:
        return Finding("missed-cue", (i,), ())
    taken = set(c.paired.values())
    best = max(with_cue, key=lambda j: (j not in taken, len(c.contents[j] & c.gold_contents[i])))
    return Finding("missed-content", (i,), (best,))


def _false(c: Comparison, j: int) -> Finding:
    words = c.contents[j]
    in_gold = frozenset[int]().union(*c.gold_contents)
    quotation = c.text.voice(words) == "direct" and not covers(words, in_gold)
    return Finding("scare-quote" if quotation else "false-attribution", (), (j,))
