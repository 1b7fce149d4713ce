"""Train the encoder on what ``epochs.py`` wrote: ``python training/encoder/train.py build/epochs -o FOLDER``.

Seeded. Writes ``weights.pt`` after each epoch and a line of ``log.jsonl`` every hundred steps with the parts of the
loss, after an epoch with figures on the development part.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import numpy as np
import torch
from network import DEVICE, Reader, barred, log_partition, pick, pretrained, restored
from sizes import ELSEWHERE, LINKS, ROLES
from statements import UNKNOWN
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, one_hot

from pipeline.encode.names import names_of, read_tags
from pipeline.encode.statements import GRADES
from pipeline.encode.tags import B, E, S
from pipeline.records import CLASSES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from torch import Tensor
    from torch.optim import Optimizer

# How much each part of the loss counts: of the tags and names for a word, of a link for a span, of
# class and grade for a labelled statement.
WEIGHTS = {
    "tags": 3.0, "names": 0.5, "content-cue": 0.15, "cue-source": 0.3, "content-source": 0.15, "class": 1.0,
    "grade": 0.7,
}  # fmt: skip
# How much a statement counts by its class, in the order of CLASSES: the rarer the class, the more; of the n labelled
# ones, n_k of class k, (n / 4 n_k) ** 0.5.
RAISED = torch.tensor([0.91, 1.77, 0.7, 1.51])
# What labels leave to other classes than the one they name, since annotators differ.
SMOOTHED = 0.05
# How much the teachers count against the annotators, about tags and about classes.
TAUGHT = 0.7
TAUGHT_CLASSES = 0.5
# Of so many windows those of like length come into a batch together, which costs less padding.
POOL = 64
# The part of all steps in which the learning rates grow; after it they sink to 0, both linearly.
WARM = 0.06
LOG_EVERY = 100

# What ``windows.arrays`` wrote, of some windows; with ``unary`` and ``pairs`` where a teacher has read them.
Windows = dict[str, "Tensor"]


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with epoch_00.npz … and dev.npz")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for weights and log")
    parser.add_argument(
        "--start", type=Path, help="folder of the pretrained encoder, a BERT or MPNet (default: MiniLM)"
    )
    parser.add_argument("--onto", type=Path, help="go on with this network (weights.pt)")
    parser.add_argument("--layers", type=int, default=3, help="how many of its layers to keep, from below")
    parser.add_argument("--no-syntax", action="store_true", help="don't tell the network spaCy's tags and dependencies")
    parser.add_argument("--no-hints", action="store_true", help="nor what the rules find")
    parser.add_argument("--soft", type=Path, help="folder of what teachers say (soft_00.npz …, by label.py)")
    parser.add_argument("--files", type=int, help="how many of the epochs' files to read (default: all)")
    parser.add_argument("--taught", type=float, default=TAUGHT, help="how much they count, 0 to 1")
    parser.add_argument("--epochs", type=float, default=3.0)
    parser.add_argument("--batch", type=int, default=4, help="windows a step")
    parser.add_argument("--rate", type=float, default=2e-4, help="the pretrained encoder's highest learning rate")
    parser.add_argument("--head-rate", type=float, default=1e-3, help="that of all else")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, help="stop after so many (for trying)")
    return parser.parse_args()


def load(path: Path) -> Windows:
    """Read the windows of a file."""
    with np.load(path) as file:
        return {name: torch.from_numpy(array.astype(np.int64)).to(DEVICE) for name, array in file.items()}


def with_soft(windows: Windows, path: Path) -> Windows:
    """Add what the teachers say of all windows of an epoch."""
    with np.load(path) as file:
        said = {name: torch.from_numpy(file[name]).to(DEVICE) for name in ("unary", "pairs", "unit_said")}
    return windows | said


def batch_of(windows: Windows, rows: NDArray[np.int64]) -> Windows:
    """Return some windows, cut to the longest of them."""
    at = torch.from_numpy(rows).to(DEVICE)
    batch = {name: array[at] for name, array in windows.items() if not name.startswith("unit_")}
    pieces, words = int(batch["pieces"].max()), int(batch["words"].max())
    for name in ("ids", "of"):
        batch[name] = batch[name][:, :pieces]
    for name in ("first", "paragraphs", "names", "features", "hints", "syntax"):
        batch[name] = batch[name][:, :words]
    for name in ("tags", "unary"):
        if name in batch:
            batch[name] = batch[name][:, :, :words]
    row = torch.full((len(windows["pieces"]),), -1)
    row[at] = torch.arange(len(at))
    here = row[windows["unit_window"]] >= 0
    batch |= {name: windows[name][here] for name in windows if name.startswith("unit_")}
    batch["unit_window"] = row[batch["unit_window"]]
    return batch


def batches(windows: Windows, size: int, chance: random.Random) -> Iterator[NDArray[np.int64]]:
    """Yield the rows of an epoch's batches of ``size`` windows, in random order."""
    order = list(range(len(windows["pieces"])))
    chance.shuffle(order)
    lengths = windows["pieces"].tolist()
    pools = [sorted(order[at : at + POOL], key=lengths.__getitem__) for at in range(0, len(order), POOL)]
    order = [row for pool in pools for row in pool]
    found = [order[at : at + size] for at in range(0, len(order), size)]
    chance.shuffle(found)
    for rows in found:
        yield np.array(rows)


def read(model: Reader, batch: Windows) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Return what the network says of each word.

    Emissions (batch, roles, words, tags) with the borders of paragraphs closed, those of names (batch, words, 37),
    hidden vectors (batch, words, size), meanings (batch, words, MEANING), and the mask (batch, words), 1.0 at a word.
    """
    of = batch["of"]
    n, pieces = batch["ids"].shape
    mask = (torch.arange(pieces) < batch["pieces"][:, None]).long()
    inputs = [pick(batch[name], of) for name in ("features", "hints", "syntax")]
    emissions, names, hidden, meanings = model(batch["ids"], mask, *inputs)
    first = batch["first"]
    words = (torch.arange(first.shape[1]) < batch["words"][:, None]).float()
    tagged = pick(emissions, first).view(n, first.shape[1], len(ROLES), -1)
    tagged = tagged + barred(batch["paragraphs"], words).unsqueeze(2)
    return tagged.transpose(1, 2), pick(names, first), pick(hidden, first), pick(meanings, first), words


def judged(model: Reader, batch: Windows, meanings: Tensor, mask: Tensor) -> Tensor:
    """Return (units, classes + grades): what the network says of a batch's labelled statements."""
    window, words = batch["unit_window"], torch.arange(mask.shape[1])
    first, last = batch["unit_parts"].unsqueeze(-1).unbind(3)
    parts = ((first <= words) & (words <= last) & (first >= 0)).any(2).float()
    return model.statements(
        meanings[window], mask[window], batch["features"][window], parts, batch["unit_writer"].float()
    )


def marginals(emissions: Tensor, mask: Tensor, transitions: Tensor) -> tuple[Tensor, Tensor]:
    """Return how likely each tag is at each word (sequences, words, tags), and how often each follows each.

    The latter is (sequences, tags, tags). Shapes of the input as in ``network.log_partition``, whose gradient they are.
    """
    with torch.enable_grad():
        emissions, transitions = emissions.detach().requires_grad_(), transitions.detach().requires_grad_()
        return torch.autograd.grad(log_partition(emissions, mask, transitions).sum(), (emissions, transitions))


def annotated(tags: Tensor, mask: Tensor, kinds: int) -> tuple[Tensor, Tensor]:
    """Return the same of annotated tags (sequences, words): 1 for the tag that is, and how often which follows."""
    unary = one_hot(tags, kinds).float() * mask.unsqueeze(-1)
    return unary, unary[:, :-1].transpose(1, 2) @ unary[:, 1:]


def loss_of(model: Reader, batch: Windows, taught: float) -> tuple[Tensor, dict[str, Tensor]]:
    """Return the loss of a batch and its parts before they are weighed, by their names in WEIGHTS.

    Where nobody looked for attributions only teachers say what the tags are.

    That of the tags is the cross-entropy of the three roles together for a word: against the annotators' tags and,
    where teachers have read the batch, against their distribution over all sequences of tags (Wang et al. 2020,
    "Structure-level knowledge distillation"). That of a link is for a span, of names for a word, of a class and of the
    three grades that may be reached for a statement; all in nats.
    """
    emissions, names, hidden, meanings, mask = read(model, batch)
    parts = judgement(model, batch, meanings, mask)
    n, roles, words, kinds = emissions.shape
    emissions = emissions.reshape(n * roles, words, kinds)
    masks = mask.repeat_interleave(roles, 0)
    unary, pairs = annotated(batch["tags"].reshape(n * roles, words), masks, kinds)
    known = batch["annotated"].float().repeat_interleave(roles).view(-1, 1, 1)
    if "unary" in batch:
        share = 1 - (1 - taught) * known
        said = batch["unary"].float().reshape(n * roles, words, kinds)
        said = said / said.sum(2, keepdim=True).clamp(min=1)  # rounded, they don't add up
        unary = (1 - share) * unary + share * said
        pairs = (1 - share) * pairs + share * batch["pairs"].float().reshape(n * roles, kinds, kinds)
        known = torch.ones_like(known)
    transitions = model.transitions().repeat(n, 1, 1)
    total = (known.flatten() * log_partition(emissions, masks, transitions)).sum()
    losses = total - (known * unary * emissions).sum() - (known * pairs * transitions).sum()
    on = mask > 0
    parts |= {"tags": losses / mask.sum(), "names": cross_entropy(names[on], batch["names"][on])}
    for name, (scores, wanted) in zip(LINKS, linked(model, batch, hidden), strict=True):
        parts[name] = cross_entropy(scores, wanted) if len(wanted) else torch.zeros(())
    return sum(WEIGHTS[name] * part for name, part in parts.items()), parts


def judgement(model: Reader, batch: Windows, meanings: Tensor, mask: Tensor) -> dict[str, Tensor]:
    """Return the loss of the classes and that of the grades, against labels and, where they have read it, teachers.

    What nobody labelled is learnt from teachers alone.
    """
    nothing = {"class": torch.zeros(()), "grade": torch.zeros(())}
    if not len(batch["unit_writer"]):
        return nothing
    classes, grades = judged(model, batch, meanings, mask).split((len(CLASSES), GRADES), 1)
    known, sure = batch["unit_classes"].sum(1) > 0, batch["unit_reached"] != UNKNOWN
    wanted = batch["unit_classes"] / 100 * (1 - SMOOTHED) + SMOOTHED / len(CLASSES)
    reached = batch["unit_reached"].clamp(max=1).float()
    if "unit_said" in batch:
        of_classes, of_grades = batch["unit_said"].float().split((len(CLASSES), GRADES), 1)
        share = 1 - (1 - TAUGHT_CLASSES) * known.float().unsqueeze(1)
        wanted = (1 - share) * wanted + share * of_classes
        share = 1 - (1 - TAUGHT_CLASSES) * sure.float()
        reached = (1 - share) * reached + share * of_grades
        known, sure = torch.ones_like(known), torch.ones_like(sure)
    each = -(RAISED.to(DEVICE) * wanted * classes.log_softmax(1)).sum(1)
    return {
        "class": each[known].mean() if known.any() else nothing["class"],
        "grade": binary_cross_entropy_with_logits(grades[sure], reached[sure]),
    }


def linked(model: Reader, batch: Windows, hidden: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield for each link the scores (spans, 1 + partners) of the annotated spans, and the right columns (spans,)."""
    for number, (a, b) in enumerate(LINKS.values()):
        wanted = batch["links"][:, number]
        known = wanted > ELSEWHERE
        scores = model.pointers[number](hidden, batch["paragraphs"], batch["spans"][:, a], batch["spans"][:, b])
        yield scores[known], wanted[known] + 1


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


def spans_of(tags: NDArray[np.int64]) -> set[tuple[int, int]]:
    """Return the spans, first and last word, that a role's tags (words,) mark."""
    spans = set()
    start = 0
    for i, tag in enumerate(tags.tolist()):
        if tag in (B, S):
            start = i
        if tag in (E, S):
            spans.add((start, i))
    return spans


@torch.no_grad()
def evaluate(model: Reader, windows: Windows) -> dict[str, float]:
    """Return, in percent, F1 of exact spans by role and of names, right links of gold spans, the mean F1 of classes."""
    model.eval()
    hit, all_of = np.zeros(4), np.zeros(4)
    classes = np.zeros((len(CLASSES), len(CLASSES)))
    right, asked = np.zeros(len(LINKS)), np.zeros(len(LINKS))
    transitions = model.transitions().cpu().numpy()
    order = np.argsort(windows["pieces"].cpu().numpy(), kind="stable")
    for at in range(0, len(order), 8):
        batch = batch_of(windows, order[at : at + 8])
        emissions, names, hidden, meanings, mask = read(model, batch)
        if len(batch["unit_writer"]):
            best = judged(model, batch, meanings, mask)[:, : len(CLASSES)].argmax(1)
            np.add.at(classes, (batch["unit_classes"].argmax(1).cpu().numpy(), best.cpu().numpy()), 1)
        for number, (scores, wanted) in enumerate(linked(model, batch, hidden)):
            right[number] += int((scores.argmax(1) == wanted).sum())
            asked[number] += len(wanted)
        for i, words in enumerate(batch["words"].tolist()):
            tags = viterbi(emissions[i, :, :words].cpu().numpy(), transitions)
            pairs = [
                ({(a, b) for a, b in batch["spans"][i, role].tolist() if a >= 0}, spans_of(tags[role]))
                for role in range(len(ROLES))
            ]
            pairs.append(
                tuple(
                    set(names_of(tags))
                    for tags in (batch["names"][i, :words].cpu().numpy(), read_tags(names[i, :words].cpu().numpy()))
                )
            )
            for kind, (wanted_spans, found) in enumerate(pairs):
                hit[kind] += len(wanted_spans & found)
                all_of[kind] += len(wanted_spans) + len(found)
    model.train()
    spans = zip(("source", "cue", "content", "names"), 200 * hit / all_of, strict=True)
    links = zip(("to cue", "to source", "direct"), 100 * right / asked, strict=True)
    f1 = 200 * classes.diagonal() / (classes.sum(0) + classes.sum(1))
    return {name: round(float(share), 2) for name, share in (*spans, *links, ("classes", f1.mean()))}


def optimizer_of(model: Reader, rate: float, head_rate: float) -> Optimizer:
    """Return AdamW with a learning rate for the encoder and another for what stands on and before it."""
    encoder = [p for name, p in model.named_parameters() if p.requires_grad and name.startswith("bert.")]
    heads = [p for name, p in model.named_parameters() if p.requires_grad and not name.startswith("bert.")]
    groups = [{"params": encoder, "lr": rate}, {"params": heads, "lr": head_rate}]
    return torch.optim.AdamW(groups, weight_decay=0.01, fused=True)


def report(line: dict[str, object], log: TextIO) -> None:
    """Print a line and append it to the log."""
    print(json.dumps(line), flush=True)
    log.write(json.dumps(line) + "\n")
    log.flush()


def train(model: Reader, args: argparse.Namespace) -> None:
    """Train a network as the command line says, writing weights and log into ``args.output``."""
    # Of its own, since torch's is used up by dropout: the same texts come in the same order whatever the network.
    chance = random.Random(args.seed)
    dev = load(args.data / "dev.npz")
    if args.no_hints:
        dev["hints"].zero_()
    # An epoch is as long as the first one; where there are fewer files than epochs they come again.
    files = sorted(args.data.glob("epoch_*.npz"))[: args.files]
    per_epoch = len(load(files[0])["pieces"]) // args.batch
    steps = round(args.epochs * per_epoch)
    warm = round(WARM * steps)
    optimizer = optimizer_of(model, args.rate, args.head_rate)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: step / warm if step < warm else max(0.0, (steps - step) / (steps - warm))
    )
    print(f"{len(files)} files, {per_epoch} steps an epoch, {steps} steps", flush=True)
    args.output.mkdir(parents=True, exist_ok=True)
    model.train()
    step, epoch, started = 0, 0, time.time()
    sums: dict[str, Tensor] = {}
    with (args.output / "log.jsonl").open("w", encoding="utf-8") as log:
        while step < steps:
            path = files[epoch % len(files)]
            windows = load(path)
            if args.no_hints:
                windows["hints"].zero_()
            if args.soft:
                windows = with_soft(windows, soft_of(args.soft, path))
            for rows in list(batches(windows, args.batch, chance))[: steps - step]:
                loss, parts = loss_of(model, batch_of(windows, rows), args.taught)
                optimizer.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                schedule.step()
                step += 1
                for name, part in parts.items():
                    sums[name] = sums.get(name, 0) + part.detach()
                if step % LOG_EVERY == 0 or step == args.steps:
                    means = {name: round(float(value) / LOG_EVERY, 4) for name, value in sums.items()}
                    report({"step": step, "seconds": round(time.time() - started), **means}, log)
                    sums = {}
                if step == args.steps:
                    return
            epoch += 1
            report({"epoch": epoch, "seconds": round(time.time() - started), **evaluate(model, dev)}, log)
            torch.save({"start": str(args.start or ""), "state": trained(model)}, args.output / "weights.pt")


def trained(model: Reader) -> dict[str, Tensor]:
    """Return the weights that training changes; the word embeddings stay those of the pretrained encoder."""
    return {name: weight for name, weight in model.state_dict().items() if not name.endswith("word_embeddings.weight")}


def soft_of(folder: Path, path: Path) -> Path:
    """Return where the teachers' file for an epoch's file is."""
    return folder / path.name.replace("epoch_", "soft_")


def main() -> None:
    """Load the pretrained encoder and train."""
    args = arguments()
    torch.set_num_threads(args.threads)
    torch.set_default_device(DEVICE)
    torch.set_float32_matmul_precision("high")
    torch.manual_seed(args.seed)
    train(restored(args.onto) if args.onto else pretrained(args.start, args.layers, syntax=not args.no_syntax), args)


if __name__ == "__main__":
    main()
