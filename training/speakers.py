"""Fit whom pronouns and descriptions mean: ``WEIGHTS`` of ``pronouns.py``, ``roles.py``, ``bodies.py``.

Run from the project's folder on gold, a folder each with its statements:

    python training/speakers.py DIR STATEMENTS [DIR STATEMENTS ...]

All lie in ``pipeline/speakers/``. They are conditional logits (softmax regressions over the candidates of one choice;
McFadden 1974) with ridge 1. While a text is resolved those before are taken from the labels, so that one mistake is
not learnt again and again. Prints the tables, and how often the right one is chosen, cross-validated by document in
ten folds.
"""

from __future__ import annotations

import sys
import zlib
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline.evaluate.given import given_attributions
from pipeline.evaluate.gold import read_gold
from pipeline.evaluate.words import WordedText, pair, plain_name
from pipeline.process import find_attributions, load_tools
from pipeline.speakers.bodies import NOTHING
from pipeline.speakers.found import Found
from pipeline.speakers.pronouns import features
from pipeline.speakers.resolver import Resolver
from pipeline.speakers.roles import UNNAMED
from pipeline.speakers.scene import Scene
from pipeline.speakers.things import Things

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from pipeline.evaluate.gold import Gold, GoldStatement
    from pipeline.process import Tools
    from pipeline.records import Attribution, How, Span
    from pipeline.speakers.bodies import Anaphor
    from pipeline.speakers.names import Gender
    from pipeline.speakers.sources import NounPhrase

FOLDS, RIDGE, ROUNDS, TINY = 10, 1.0, 30, 1e-6
Options = dict[int, dict[str, float]] | dict[str, dict[str, float]]


@dataclass(frozen=True)
class Choice:
    """What a mention may mean, by key with features, and the key that is right; ``kind``: pronoun, role or body."""

    document: str
    kind: str
    options: Options
    right: int | str


class Taught(Resolver):
    """Resolves a text with the labels at hand, noting each choice among candidates; ``gold`` is by attribution."""

    def __init__(self, scene: Scene, document: str, gold: dict[int, GoldStatement]) -> None:
        super().__init__(scene)
        self.document = document
        self.gold = gold
        self.choices: list[Choice] = []
        self.things.meant = self._noted  # type: ignore[method-assign]
        self.ids: dict[tuple[str, ...], int] = {}
        for person in self.people.people:
            self.ids.setdefault(plain_name(person.name), person.id)

    def _third(self, source: Span, i: int, gender: Gender, rule: str) -> Found | None:
        person = self._labelled(i)
        if person is None:
            return super()._third(source, i, gender, rule)
        # Several attributions may share a mention, which then is no choice any more.
        if all(place != source.start for place, _ in self.spoken):
            spoken = self.spoken[-8:]
            self._note(
                "pronoun", features(self.scene, source.start, self.scene.attributions[i], gender, spoken), person
            )
        return self._taught(person, "pronoun")

    def _described(self, source: Span, i: int) -> Found | None:
        asked: list[Options] = []
        own = self.roles.options
        self.roles.options = lambda *args: asked.append(own(*args)) or asked[-1]  # type: ignore[method-assign]
        found = super()._described(source, i)
        self.roles.options = own  # type: ignore[method-assign]
        if not asked or i not in self.gold:
            return found
        person = self._labelled(i)
        right = UNNAMED if self.gold[i].speaker_type == "unnamed" else person
        if right is not None and all(place != source.start for place, _ in self.voices):
            self._note("role", asked[0], right)
        return found if person is None else self._taught(person, "role")

    def _noted(self, kind: Anaphor, source: Span, phrase: NounPhrase | None, attribution: Attribution) -> Found | None:
        """Note what an organisation's description or "it" may mean."""
        i = next(k for k, own in enumerate(self.scene.attributions) if own is attribution)
        asked: list[dict[str, dict[str, float]]] = []
        own = self.things.bodies.features
        self.things.bodies.features = lambda *args: asked.append(own(*args)) or asked[-1]  # type: ignore[method-assign]
        found = Things.meant(self.things, kind, source, phrase, attribution)
        self.things.bodies.features = own  # type: ignore[method-assign]
        label = self.gold.get(i)
        if not asked or label is None or source != attribution.source:
            return found
        right = next((name for name in asked[0] if plain_name(name) == plain_name(label.speaker)), None)
        if right is None and label.speaker_type in ("unnamed", "document"):
            right = NOTHING
        if right is None:
            return found
        if all(place != source.start for place, _ in self.voices):
            self._note("body", asked[0], right)
        if right == NOTHING:
            return None
        said = next((voice for _, voice in reversed(self.voices) if voice.name == right), None)
        return said or Found(right, "org", "organisation", 0.5)

    def _labelled(self, i: int) -> int | None:
        statement = self.gold.get(i)
        person = statement is not None and statement.speaker_type == "person"
        return self.ids.get(plain_name(statement.speaker)) if statement is not None and person else None

    def _note(self, kind: str, options: Options, right: int | str) -> None:
        if right in options:
            self.choices.append(Choice(self.document, kind, options, right))

    def _taught(self, person: int, how: How) -> Found:
        return Found(self.people.people[person].name, "person", how, 0.5, person, (person,))


def choices(folder: Path, statements: Path, tools: Tools) -> Iterator[Choice]:
    """Yield the choices in a gold folder's texts; ``statements`` are labelled ones (JSONL).

    Each text counts twice, with the attributions that are found in it and with those that are labelled.
    """
    gold = read_gold(folder, statements)
    for document in dict.fromkeys(s.doc for s in gold.statements):
        text = gold.texts[document]
        found = find_attributions(text, tools)
        rows = [s for s in gold.statements if s.doc == document]
        given = given_attributions(found, rows, tools.rules)
        for attributions, labelled in (
            (found.attributions, labels(gold, document, found.attributions)),
            (tuple(a for _, a in given), {i: statement for i, (statement, _) in enumerate(given)}),
        ):
            if attributions:
                scene = Scene(found.doc, found.layout, attributions, tools.rules)
                taught = Taught(scene, document, labelled)
                taught.resolve()
                yield from taught.choices


def labels(gold: Gold, document: str, found: Sequence[Attribution]) -> dict[int, GoldStatement]:
    """Return the labelled statement of each attribution that has its content and its source."""
    worded = WordedText(gold.texts[document])
    rows = [s for s in gold.statements if s.doc == document and s.voice == "attributed"]
    paired = pair([worded.ids(s.content) for s in rows], [worded.ids(a.spans) for a in found])
    return {
        j: rows[i]
        for i, j in paired.items()
        if (source := found[j].source) is not None and any(source.overlaps(span) for span in rows[i].source)
    }


def fit(data: Sequence[Choice]) -> dict[str, float]:
    """Return the weights by feature, by Newton's method."""
    names = sorted({name for choice in data for known in choice.options.values() for name in known})
    index = {name: i for i, name in enumerate(names)}
    rows = [_array(choice, index) for choice in data]
    w, height = np.zeros(len(names)), -np.inf
    step = np.zeros(len(names))
    for _ in range(ROUNDS):
        # Newton's step may overshoot where few choices are uncertain: halve it until it climbs.
        while (slope := _slope(rows, w + step))[0] < height and np.abs(step).max() > TINY:
            step = step / 2
        w = w + step
        height, gradient, curve = slope
        step = np.linalg.solve(curve, gradient)
    return dict(zip(names, w.tolist(), strict=True))


def _slope(
    rows: Sequence[tuple[NDArray[np.float64], int]], w: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Return the penalised log-likelihood at the weights, its gradient and its curvature (minus the Hessian)."""
    height, gradient, curve = -RIDGE * float(w @ w) / 2, -RIDGE * w, RIDGE * np.eye(len(w))
    for x, right in rows:
        p = np.exp(x @ w - (x @ w).max())
        p /= p.sum()
        mean = p @ x
        height += float(np.log(max(p[right], 1e-300)))
        gradient = gradient + x[right] - mean
        curve += (x * p[:, None]).T @ x - np.outer(mean, mean)
    return height, gradient, curve


def _array(choice: Choice, index: dict[str, int]) -> tuple[NDArray[np.float64], int]:
    x = np.zeros((len(choice.options), len(index)))
    for row, known in zip(x, choice.options.values(), strict=True):
        for name, value in known.items():
            row[index[name]] = value
    return x, list(choice.options).index(choice.right)


def chosen(choice: Choice, weights: dict[str, float]) -> int:
    """Return the key with the highest score."""
    scores = {k: sum(weights.get(name, 0.0) * v for name, v in known.items()) for k, known in choice.options.items()}
    return max(scores, key=scores.__getitem__)


def main() -> None:
    """Fit the tables and print them."""
    tools = load_tools()
    folders = zip(sys.argv[1::2], sys.argv[2::2], strict=True)
    data = list(chain.from_iterable(choices(Path(folder), Path(statements), tools) for folder, statements in folders))
    for kind in ("pronoun", "role", "body"):
        of_kind = [choice for choice in data if choice.kind == kind]
        right = 0
        for k in range(FOLDS):
            here = [zlib.crc32(choice.document.encode()) % FOLDS == k for choice in of_kind]
            weights = fit([choice for choice, inside in zip(of_kind, here, strict=True) if not inside])
            right += sum(chosen(c, weights) == c.right for c, inside in zip(of_kind, here, strict=True) if inside)
        print(f"{kind}: {len(of_kind)} choices, {100 * right / len(of_kind):.1f}% right (cross-validated)")
        print({name: round(weight, 2) for name, weight in fit(of_kind).items()})


if __name__ == "__main__":
    main()
