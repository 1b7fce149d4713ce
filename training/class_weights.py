"""Measure the weights of the class rules on labelled statements and write them into the rules' files.

Run from the project's folder, with a pair of arguments for each labelled set:

    python training/class_weights.py TEXTS STATEMENTS [TEXTS STATEMENTS …]

``TEXTS`` is a folder of ``.txt`` files, ``STATEMENTS`` a JSONL file with, a line, ``doc`` (the
text's stem), ``voice`` (attributed or writer), ``content``, ``source`` and ``cue`` (lists of
``[start, end)`` code points), ``speaker_type``, ``class`` and ``check_worthiness`` (0 to 3).

``rules/classes.toml`` is written by people but for its ``weights`` and ``writer_weights``;
``rules/class_words.toml`` is written here: the words seen in enough documents whose weights are
not negligible. A multinomial logistic regression gives the classes' weights, a binary one those of
being worth a check (grade 2 or 3), both with an L2 penalty over what fires, one pair for attributed
statements and one for the writer's sentences. Needs scikit-learn (textacy brings it).
"""

from __future__ import annotations

import json
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from pipeline.attribute.lexicon import Lexicon
from pipeline.attribute.syntax import Syntax
from pipeline.classify import Classifier
from pipeline.classify.reading import Reading, read_sentence
from pipeline.process import find_attributions, load_tools
from pipeline.quotations import pair_quotations
from pipeline.records import CLASSES, Attribution, Layout, Quotation, Span
from pipeline.rules import ClassPattern, Cue, Rules, load_rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from spacy.tokens import Doc

# Swept on the training sets by cross-validation over documents: the inverse strength of the L2
# penalty, the same for words relative to patterns, and how far rare classes are raised (0: not, 1: to
# equal weight).
PENALTY = 0.1
CHECK_PENALTY = 0.1
WORD_SCALE = 0.8
BALANCE = 0.5
# A word is kept that stands in so many documents and weighs so much for some class.
WORD_DOCUMENTS = 5
WORD_WEIGHT = 0.1
LEXICON_ORIGIN = "words of articles of PolNeAR train and 46 of world news, weighed on labels made under the class guide"
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
    """A labelled statement: what fires on it, and its labels."""

    document: str
    writer: bool
    keys: frozenset[Key]
    label: int
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
    paths = [Path(argument) for argument in sys.argv[1:]]
    tools = load_tools()
    rules = tools.rules
    examples: list[Example] = []
    for texts, statements in zip(paths[::2], paths[1::2], strict=True):
        for text, units in labelled_texts(texts, statements):
            found = find_attributions(text, tools)
            examples += read_examples(found.doc, found.layout, units, rules)
    write_weights(*(fit([e for e in examples if e.writer is writer]) for writer in (False, True)))


def labelled_texts(texts: Path, statements: Path) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield each labelled text with its statements."""
    by_document: dict[str, list[dict[str, Any]]] = defaultdict(list)
    with statements.open(encoding="utf-8") as lines:
        for line in lines:
            unit = json.loads(line)
            by_document[unit["doc"]].append(unit)
    for stem in sorted(by_document):
        with (texts / f"{stem}.txt").open(encoding="utf-8", newline="") as file:
            yield file.read(), by_document[stem]


def read_examples(doc: Doc, layout: Layout, units: list[dict[str, Any]], rules: Rules) -> list[Example]:
    """Return a text's labelled statements with what fires on each."""
    classifier = Classifier(doc, layout, rules)
    patterns = {rule.id for rule in rules.of(ClassPattern) if not rule.by_hand}
    quotations = pair_quotations(doc.text, layout, rules)[0]
    marked = _marked(doc.text, quotations)
    cues = _Cues(Syntax(doc, quotations), classifier, rules)
    found = []
    for unit in units:
        reading = gold_reading(classifier, unit, marked, cues)
        keys = {(f.rule, "") for f in classifier.firings(reading) if f.rule in patterns} | set(_words(reading))
        label, worth = CLASSES.index(unit["class"]), unit["check_worthiness"] >= 2
        found.append(Example(unit["doc"], unit["voice"] == "writer", frozenset(keys), label, worth))
    return found


def gold_reading(classifier: Classifier, unit: dict[str, Any], marked: bytearray, cues: _Cues) -> Reading:
    """Return the reading of a labelled statement, as if the stages before had found it exactly."""
    spans = tuple(Span(*pair) for pair in unit["content"])
    if unit["voice"] == "writer":
        return read_sentence(classifier.page, Span(spans[0].start, spans[-1].end))
    text = classifier.page.text
    letters = [i for span in spans for i in range(span.start, span.end) if text[i].isalnum()]
    inside = sum(marked[i] for i in letters)
    voice = "direct" if letters and inside == len(letters) else "mixed" if inside else "indirect"
    source, cue = (_hull(unit.get(part)) for part in ("source", "cue"))
    attribution = Attribution(spans=spans, voice=voice, cue=cue, cue_rule=cues.rule(cue), source=source)
    kind = unit["speaker_type"]
    return classifier.read(attribution, None if kind == "none" else kind)


class _Cues:
    """Finds the rule of a labelled cue: of its last word that has one, the rule of most words."""

    def __init__(self, syntax: Syntax, classifier: Classifier, rules: Rules) -> None:
        self.syntax = syntax
        self.page = classifier.page
        self.lexicon = Lexicon(rules.of(Cue))

    def rule(self, cue: Span | None) -> str:
        """Return the rule's id, "" if there is none."""
        low, high = self.page.region(cue) if cue is not None else (0, 0)
        for token in reversed(self.syntax.tokens[low:high]):
            for match in self.lexicon.at(self.syntax, token):
                return match.rule.id
        return ""


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
    labels = np.array([example.label for example in examples])
    counts = np.bincount(labels, minlength=len(CLASSES))
    raised = (len(labels) / (len(CLASSES) * counts)) ** BALANCE
    model = LogisticRegression(C=PENALTY, fit_intercept=False, max_iter=3000)
    model.fit(fired, labels, sample_weight=raised[labels])
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


def _hull(pairs: list[list[int]] | None) -> Span | None:
    return Span(pairs[0][0], pairs[-1][1]) if pairs else None


def _marked(text: str, quotations: tuple[Quotation, ...]) -> bytearray:
    marked = bytearray(len(text))
    for quotation in quotations:
        start, end = quotation.span.start, quotation.span.end
        marked[start:end] = b"\1" * (end - start)
    return marked


if __name__ == "__main__":
    main()
