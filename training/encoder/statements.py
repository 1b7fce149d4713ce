"""Labelled statements: what each one's class and grade of check-worthiness are, and on which words they rest.

Three kinds of files hold labels. JSONL has a line a statement, as ``pipeline.evaluate.gold.GoldStatement``. The short
kind, ``training/labels.txt``, goes with PolNeAR and holds none of its text:

    # NAME OF A TEXT
    A12 claim 2                    the twelfth attribution of the text's first annotator, class, grade
    A13 analysis/announcement 1    the second class is nearly as good
    1532-1688 claim 1              a sentence in the writer's own voice, by its code points

CheckThat's sentences of debates (TSV: id, sentence, Yes or No) are worth a check or not; of their classes nothing is
known.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.errors import UsageError
from pipeline.records import CLASSES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from articles import Attribution

    from pipeline.evaluate.gold import Gold, GoldStatement
    from pipeline.records import Span

# Of what a label does not tell.
UNKNOWN = 2
# Of a label with a second class, how likely the first one is, in percent.
FIRST = 65
# Sentences of debates in a text, about as many as a window holds.
TOGETHER = 10
NAMES = "|".join(CLASSES)
LABEL = re.compile(rf"(?:A(\d+)|(\d+)-(\d+)) ({NAMES})(?:/({NAMES}))? ([0-3])$")


@dataclass(frozen=True)
class Labelled:
    """A labelled statement: its parts, how likely each class is (percent, as in ``CLASSES``), its grade, 0 to 3.

    ``writer``: it is a sentence in the writer's own voice. ``debate``: it is labelled as worth a check (grade 2) or not
    (grade 0), and the likelihoods of the classes are all 0.
    """

    parts: Attribution
    classes: tuple[int, ...]
    grade: int
    writer: bool
    debate: bool = False

    @property
    def reached(self) -> tuple[int, ...]:
        """Whether grades 1, 2 and 3 are reached: 1, 0, or UNKNOWN."""
        if not self.debate:
            return tuple(int(self.grade >= grade) for grade in (1, 2, 3))
        return (1, 1, UNKNOWN) if self.grade else (UNKNOWN, 0, 0)


def of_gold(statements: Iterable[GoldStatement]) -> dict[str, list[Labelled]]:
    """Return the labelled statements of each text."""
    found: dict[str, list[Labelled]] = {}
    for s in statements:
        classes = tuple(100 * (name == s.class_) for name in CLASSES)
        told = Labelled(_parts(s.source, s.cue, s.content), classes, s.check_worthiness, s.voice == "writer")
        found.setdefault(s.doc, []).append(told)
    return found


def read_labels(path: Path, gold: Gold) -> dict[str, list[Labelled]]:
    """Read a short file of labels of a part's texts; raises UsageError at a line that is none."""
    found: dict[str, list[Labelled]] = {}
    stem = ""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith("# "):
            stem = line[2:]
            continue
        label = LABEL.match(line)
        if label is None or stem not in gold.annotations:
            raise UsageError(f"{path}, line {number} is no label of a text of the part.", remedy=__doc__ or "")
        if label[1]:
            a = gold.annotations[stem][0][int(label[1]) - 1]
            parts = _parts(a.source, a.cue, a.content)
        else:
            parts = {"Source": [], "Cue": [], "Content": [(int(label[2]), int(label[3]))]}
        classes = [0] * len(CLASSES)
        classes[CLASSES.index(label[4])] = FIRST if label[5] else 100
        if label[5]:
            classes[CLASSES.index(label[5])] = 100 - FIRST
        found.setdefault(stem, []).append(Labelled(parts, tuple(classes), int(label[6]), not label[1]))
    return found


def read_debates(path: Path) -> list[tuple[str, str, list[Labelled]]]:
    """Return name, text and labelled statements of texts of TOGETHER sentences each, a paragraph a sentence."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(row["Text"].split(), row["class_label"]) for row in csv.DictReader(file, delimiter="\t")]
    sentences = [(" ".join(words), 2 * (label == "Yes")) for words, label in rows if words and label in ("Yes", "No")]
    texts = []
    for first in range(0, len(sentences), TOGETHER):
        text, found = "", []
        for sentence, grade in sentences[first : first + TOGETHER]:
            parts = {"Source": [], "Cue": [], "Content": [(len(text), len(text) + len(sentence))]}
            found.append(Labelled(parts, (0,) * len(CLASSES), grade, writer=True, debate=True))
            text += sentence + "\n"
        texts.append((f"debates-{first // TOGETHER}", text, found))
    return texts


def _parts(source: Iterable[Span], cue: Iterable[Span], content: Iterable[Span]) -> Attribution:
    return {
        role: [(span.start, span.end) for span in spans]
        for role, spans in (("Source", source), ("Cue", cue), ("Content", content))
    }
