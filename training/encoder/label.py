"""What teachers say of an epoch's windows: ``python training/encoder/label.py build/epochs WEIGHTS... -o FOLDER``.

Writes ``soft_00.npz`` and so on: ``unary`` (windows, 3, words, 5), by role how likely each tag is at each word, in
255ths, ``pairs`` (windows, 3, 5, 5), how often each tag follows each, and ``unit_said`` (units, 7), how likely each
class and grade of a labelled statement is; the mean of all teachers.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from network import DEVICE, restored
from train import batch_of, judged, load, marginals, read, soft_of

from pipeline.encode.statements import GRADES
from pipeline.records import CLASSES

if TYPE_CHECKING:
    from network import Reader
    from train import Windows


@torch.no_grad()
def said(model: Reader, windows: Windows, size: int = 16) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return ``unary`` and ``pairs`` of all windows and ``unit_said`` of all units, as one teacher sees them."""
    n, roles, words = windows["tags"].shape
    unary, pairs = np.zeros((n, roles, words, 5), np.float32), np.zeros((n, roles, 5, 5), np.float32)
    units = np.zeros((len(windows["unit_window"]), len(CLASSES) + GRADES), np.float32)
    order = np.argsort(windows["pieces"].cpu().numpy(), kind="stable")
    for at in range(0, n, size):
        rows = order[at : at + size]
        batch = batch_of(windows, rows)
        emissions, _, _, meanings, mask = read(model, batch)
        some, _, longest, kinds = emissions.shape
        one, two = marginals(
            emissions.reshape(some * roles, longest, kinds), mask.repeat_interleave(roles, 0),
            model.transitions().repeat(some, 1, 1),
        )  # fmt: skip
        unary[rows, :, :longest] = one.reshape(emissions.shape).cpu().numpy()
        pairs[rows] = two.reshape(some, roles, kinds, kinds).cpu().numpy()
        if len(batch["unit_window"]):
            classes, grades = judged(model, batch, meanings, mask).split((len(CLASSES), GRADES), 1)
            here = np.isin(windows["unit_window"].cpu().numpy(), rows)
            units[here] = torch.cat([classes.softmax(1), grades.sigmoid()], 1).cpu().numpy()
    return unary, pairs, units


def main() -> None:
    """Read the epochs with every teacher."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with epoch_00.npz …")
    parser.add_argument("weights", type=Path, nargs="+", help="weights.pt of train.py")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--epochs", type=int, nargs=2, default=(0, 4), help="from which to before which")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.set_default_device(DEVICE)
    torch.set_float32_matmul_precision("high")
    teachers = [restored(path).eval() for path in args.weights]
    args.output.mkdir(parents=True, exist_ok=True)
    for number in range(*args.epochs):
        path = args.data / f"epoch_{number:02}.npz"
        windows = load(path)
        told = [said(teacher, windows) for teacher in teachers]
        unary, pairs, units = (sum(parts) / len(parts) for parts in zip(*told, strict=True))
        np.savez_compressed(
            soft_of(args.output, path), unary=np.rint(255 * unary).astype(np.uint8), pairs=pairs.astype(np.float16),
            unit_said=units.astype(np.float16),
        )  # fmt: skip
        print(path, flush=True)


if __name__ == "__main__":
    main()
