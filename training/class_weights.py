"""Measure the weights of the class rules on labelled statements and write them into the rules' files.

Run from the project's folder:

    python training/class_weights.py POLNEAR/train STATEMENTS/train.jsonl

The first is a folder of annotated texts as ``onrecord evaluate`` takes them, the second a file of labelled statements
(``pipeline.evaluate.gold.GoldStatement``); ``training/labels.txt`` has labels of the other texts.

``rules/classes.toml`` is written by people but for its ``weights`` and ``writer_weights``;
``rules/class_words.toml`` is written here: the words seen in enough documents whose weights are
not negligible. A multinomial logistic regression gives the classes' weights, a binary one those of
being worth a check (grade 2 or 3), both with an L2 penalty over what fires, one pair for attributed
statements and one for the writer's sentences. Needs scikit-learn (textacy brings it).
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from encoder.statements import Labelled, of_gold, read_labels
from msgspec import Struct
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from pipeline.classify import Classifier
from pipeline.classify.reading import Reading, read_sentence
from pipeline.evaluate.given import Given
from pipeline.evaluate.gold import read_gold
from pipeline.process import Attributed, find_attributions, load_tools
from pipeline.records import CLASSES, Span
from pipeline.rules import ClassPattern, Rules, load_rules
from pipeline.speakers import resolve_speakers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

# Swept on the training sets by cross-validation over documents: the inverse strength of the L2
# penalty, the same for words relative to patterns, and how far rare classes are raised (0: not, 1: to
# equal weight).
PENALTY = 0.1
CHECK_PENALTY = 0.1
WORD_SCALE = 0.6
BALANCE = 0.5
# A word is kept that stands in so many documents and weighs so much for some class.
WORD_DOCUMENTS = 8
WORD_WEIGHT = 0.1
LEXICON_ORIGIN = "words of PolNeAR train, weighed on labels made under the class guide"
LABELS = Path(__file__).parent / "labels.txt"
# Part of a statement, its voice and its shape, for which single words are weighed.
LEXICONS = {
    "class_lexicon.content": ("content", "attributed", "any"),
    "class_lexicon.writer": ("content", "writer", "any"),
    "class_lexicon.cue": ("cue", "attributed", "any"),
    "class_lexicon.cue-of-clause": ("cue", "attributed", "clause"),
    "class_lexicon.cue-of-phrase": ("cue", "attributed", "phrase"),
    "class_lexicon.source": ("source", "attributed", "any"),
}
RULES = Path("rules")
Key = tuple[str, str]
"""A pattern's id and "", or a lexicon's id and a word."""


class Example(Struct, frozen=True):
    """A labelled statement: what fires on it, and its labels; ``classes`` as in ``encoder.statements.Labelled``."""

    document: str
    writer: bool
    keys: frozenset[Key]
    classes: tuple[int, ...]
    worth: bool


class Weights(Struct, frozen=True):
    """Weights of one voice: a row a key, columns as in ``CLASSES`` and then check-worthiness."""

    keys: tuple[Key, ...]
    values: NDArray[np.float64]

    def of(self, key: Key) -> NDArray[np.float64] | None:
        """Return a key's weights."""
        return self.values[self.keys.index(key)] if key in self.keys else None


def main() -> None:
    """Measure and write."""
    folder, statements = map(Path, sys.argv[1:])
    tools = load_tools()
    gold = read_gold(folder, statements)
    labelled = of_gold(gold.statements) | read_labels(LABELS, gold)
    examples: list[Example] = []
    for stem, units in labelled.items():
        found = find_attributions(gold.texts[stem], tools)
        examples += read_examples(stem, found, units, tools.rules)
    write_weights(*(fit([e for e in examples if e.writer is writer]) for writer in (False, True)))


def read_examples(stem: str, found: Attributed, units: list[Labelled], rules: Rules) -> list[Example]:
    """Return a text's labelled statements with what fires on each."""
    classifier = Classifier(found.doc, found.layout, rules)
    patterns = {rule.id for rule in rules.of(ClassPattern) if not rule.by_hand}
    examples = []
    for unit, reading in zip(units, readings_of(found, classifier, units, rules), strict=True):
        keys = {(f.rule, "") for f in classifier.firings(reading) if f.rule in patterns} | set(_words(reading))
        examples.append(Example(stem, unit.writer, frozenset(keys), unit.classes, unit.grade >= 2))
    return examples


def readings_of(found: Attributed, classifier: Classifier, units: list[Labelled], rules: Rules) -> list[Reading]:
    """Return the readings of labelled statements, as if the stages before had found them exactly."""
    given = Given(found, rules)
    attributions = [
        None if unit.writer else given.attribution(*(spans_of(unit, role) for role in ("Content", "Cue", "Source")))
        for unit in units
    ]
    said = sorted((a for a in attributions if a is not None), key=lambda a: a.spans)
    resolutions = resolve_speakers(found.doc, found.layout, tuple(said), rules)
    kinds = {a.spans: r.speaker.type if r.speaker else None for a, r in zip(said, resolutions, strict=True)}
    return [
        read_sentence(classifier.page, spans_of(unit, "Content")[0])
        if a is None
        else classifier.read(a, kinds[a.spans])
        for unit, a in zip(units, attributions, strict=True)
    ]


def spans_of(unit: Labelled, role: str) -> list[Span]:
    """Return the spans of a part of a labelled statement."""
    return [Span(*pair) for pair in unit.parts[role]]


def fit(examples: list[Example]) -> Weights:
    """Return the weights of one voice's keys; words of little weight are dropped and the rest fitted anew."""
    documents: dict[Key, set[str]] = defaultdict(set)
    for example in examples:
        for key in example.keys:
            documents[key].add(example.document)
    keys = sorted(key for key, where in documents.items() if not key[1] or len(where) >= WORD_DOCUMENTS)
    first = _fit(examples, keys)
    heavy = np.abs(first).max(axis=1) >= WORD_WEIGHT
    keys = [key for key, keep in zip(keys, heavy, strict=True) if keep or not key[1]]
    return Weights(tuple(keys), _fit(examples, keys))


def _fit(examples: list[Example], keys: list[Key]) -> NDArray[np.float64]:
    scale = np.array([WORD_SCALE if word else 1.0 for _, word in keys])
    fired = matrix(examples, keys).multiply(scale).tocsr()
    shares = np.array([example.classes for example in examples]) / 100
    counts = shares.sum(axis=0)
    raised = (len(examples) / (len(CLASSES) * counts)) ** BALANCE
    # A label between two classes is two examples, each of which counts for its share.
    rows, labels = shares.nonzero()
    model = LogisticRegression(C=PENALTY, fit_intercept=False, max_iter=3000)
    model.fit(fired[rows], labels, sample_weight=raised[labels] * shares[rows, labels])
    worth = np.array([example.worth for example in examples])
    check = LogisticRegression(C=CHECK_PENALTY, fit_intercept=False, max_iter=3000).fit(fired, worth)
    return np.vstack([model.coef_, check.coef_]).T * scale[:, None]


def matrix(examples: list[Example], keys: list[Key]) -> csr_matrix:
    """Return which keys fire on which examples, as ones in a sparse matrix."""
    at = {key: column for column, key in enumerate(keys)}
    places = [(row, at[key]) for row, e in enumerate(examples) for key in sorted(e.keys) if key in at]
    rows, columns = zip(*places, strict=True)
    return csr_matrix((np.ones(len(places)), (rows, columns)), shape=(len(examples), len(keys)))


def write_weights(attributed: Weights, writer: Weights) -> None:
    """Set the patterns' weights, leaving all else in their file as it is, and write the words' file."""
    target = RULES / "classes.toml"
    measured = {(rule.id, "") for rule in load_rules().of(ClassPattern) if not rule.by_hand}
    lines, id = [], ""
    for line in target.read_text(encoding="utf-8").split("\n"):
        named = re.match(r'id = "(.*)"', line)
        id = named.group(1) if named else id
        for name, weights in (("weights", attributed), ("writer_weights", writer)):
            if line.startswith(f"{name} = ") and (id, "") in measured:
                line = f"{name} = {_table(weights.of((id, '')))}"
        lines.append(line)
    target.write_text("\n".join(lines), encoding="utf-8")
    (RULES / "class_words.toml").write_text("\n".join(_lexicon_lines(attributed, writer)), encoding="utf-8")


def _lexicon_lines(attributed: Weights, writer: Weights) -> Iterator[str]:
    yield "# Single words that speak for a statement's class, in some part of it. Measured, not chosen:"
    yield "# word = [claim, announcement, analysis, other, worth a check], in natural-log odds."
    yield "# `python training/class_weights.py` writes this file."
    yield f'origin = "{LEXICON_ORIGIN}"'
    for id, (where, voice, shape) in LEXICONS.items():
        weights = writer if voice == "writer" else attributed
        yield f'\n[[class_lexicon]]\nid = "{id}"\nwhere = "{where}"\nvoice = "{voice}"\nshape = "{shape}"\n'
        yield "[class_lexicon.lemmas]"
        for (lexicon, word), values in zip(weights.keys, weights.values, strict=True):
            if lexicon == id:
                yield f"{word} = [{', '.join(map(_rounded, values))}]"
    yield ""


def _table(values: NDArray[np.float64] | None) -> str:
    rounded = map(_rounded, np.zeros(len(CLASSES) + 1) if values is None else values)
    return "{ " + ", ".join(f"{n} = {v}" for n, v in zip((*CLASSES, "check"), rounded, strict=True)) + " }"


def _rounded(value: float) -> str:
    return f"{round(float(value), 2) + 0.0:.2f}"


def _words(reading: Reading) -> Iterator[Key]:
    page = reading.page
    voice = "writer" if reading.voice == "writer" else "attributed"
    for id, (where, wanted, shape) in LEXICONS.items():
        if wanted == voice and shape in ("any", reading.shape):
            for low, high in reading.regions(where):
                for i in range(low, high):
                    if not page.named[i] and re.fullmatch(r"[a-z]+(?:-[a-z]+)*", page.lemmas[i]):
                        yield id, page.lemmas[i]


if __name__ == "__main__":
    main()
