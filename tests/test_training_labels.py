"""The labels of statements that training reads: every line can be read, and every class is there."""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from pathlib import Path

import pytest

from pipeline.errors import UsageError
from pipeline.evaluate.gold import Gold, GoldAttribution
from pipeline.records import CLASSES, Span

TRAINING = Path(__file__).parents[1] / "training"
SPEC = importlib.util.spec_from_file_location("training_statements", TRAINING / "encoder" / "statements.py")
statements = sys.modules[SPEC.name] = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(statements)


def test_every_shipped_line_is_a_label_of_a_text() -> None:
    lines = (TRAINING / "labels.txt").read_text(encoding="utf-8").splitlines()
    texts = [line for line in lines if line.startswith("# ")]
    labels = [statements.LABEL.match(line) for line in lines if not line.startswith("# ")]
    assert lines[0] in texts
    assert len(texts) == len(set(texts)) == 720
    assert all(labels)
    assert {name for label in labels for name in (label[4], label[5]) if name} == set(CLASSES)
    assert all(label[4] != label[5] for label in labels)
    assert Counter(label[4] for label in labels).most_common()[0][0] == "analysis"


GOLD = Gold({"a": "Ana left. He said so."}, {"a": ((GoldAttribution((), (), (Span(0, 8),)),),)}, ())


def test_labels_are_read_with_their_spans(tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    path.write_text("# a\nA1 claim/analysis 2\n10-20 other 0\n", encoding="utf-8")
    first, second = statements.read_labels(path, GOLD)["a"]
    assert (first.parts["Content"], first.classes, first.grade, first.writer) == ([(0, 8)], (65, 0, 35, 0), 2, False)
    assert (second.parts["Content"], second.classes, second.reached, second.writer) == (
        [(10, 20)], (0, 0, 0, 100), (0, 0, 0), True,
    )  # fmt: skip


@pytest.mark.parametrize("line", ["A1 claim", "A1 maybe 2", "A1 claim 7", "# b\nA1 claim 2", "1 claim 2"])
def test_a_line_that_is_no_label_is_refused(line: str, tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    path.write_text(f"# a\n{line}\n", encoding="utf-8")
    with pytest.raises(UsageError, match="is no label"):
        statements.read_labels(path, GOLD)


def test_sentences_of_debates_are_known_to_be_worth_a_check_or_not(tmp_path: Path) -> None:
    path = tmp_path / "debates.tsv"
    path.write_text('Sentence_id\tText\tclass_label\n1\tWe  grew.\tYes\n2\t"""No,"" she said."\tNo\n', encoding="utf-8")
    ((_, text, found),) = statements.read_debates(path)
    assert text == 'We grew.\n"No," she said.\n'
    spans = [text[start:end] for s in found for start, end in s.parts["Content"]]
    assert spans == ["We grew.", '"No," she said.']
    assert [s.reached for s in found] == [(1, 1, statements.UNKNOWN), (statements.UNKNOWN, 0, 0)]
    assert not any(any(s.classes) for s in found)
