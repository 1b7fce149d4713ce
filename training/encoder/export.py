"""Weights → what ships: ``python training/encoder/export.py WEIGHTS -o pipeline/models/attribution``.

Writes ``network.onnx`` (int8 matrices, embeddings too), ``heads.npz`` (transitions and pointers), ``vocabulary.txt``.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
import torch
from network import FOLLOWS, MINILM, restored
from onnxruntime.quantization import QuantType, quantize_dynamic
from sizes import LINKS, ROLES

from pipeline.encode.syntax import SYNTAX
from pipeline.encode.tags import NEVER
from pipeline.encode.words import FEATURES

if TYPE_CHECKING:
    from network import Reader
    from numpy.typing import NDArray
    from torch import Tensor

POINTER = (
    "query.weight", "query.bias", "key.weight", "key.bias", "none.weight", "none.bias",
    "far.weight", "between.weight", "paragraph.weight",
)  # fmt: skip
# How many wordpieces the window has with which the network is traced; any number may come in reading.
TRACED = 20


class Forward(torch.nn.Module):
    """One window at a time, without padding: emissions, those of names, hidden vectors and meanings of every piece."""

    def __init__(self, model: Reader) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: Tensor, features: Tensor, hints: Tensor, syntax: Tensor) -> tuple[Tensor, ...]:
        """Return what ``Reader.forward`` does of a batch of one."""
        return self.model(ids, None, features, hints, syntax)


def heads(state: dict[str, Tensor]) -> dict[str, NDArray[np.float32]]:
    """Return what is computed outside the network: ``transitions`` (3, tags, tags), pointers and statements' layers.

    Three pointers' weights are named by the link's number and their name in ``network.Pointer``, shaped as there, the
    layers as in ``network.Statements``.
    """
    arrays = {"transitions": np.where(FOLLOWS.numpy()[None], state["follows"].numpy(), NEVER)}
    for link in range(len(LINKS)):
        arrays |= {f"{link}.{name}": state[f"pointers.{link}.{name}"].numpy() for name in POINTER}
    arrays |= {name: state[name].numpy() for name in state if name.startswith("statements.")}
    return {name: array.astype(np.float32) for name, array in arrays.items()}


def write_plain(model: Reader, path: Path) -> None:
    """Write the network with float weights as ONNX; its inputs and outputs are named as those of ``Forward``."""
    inputs = {"ids": torch.ones(1, TRACED, dtype=torch.long)} | {
        name: torch.zeros(1, TRACED, size, dtype=torch.long)
        for name, size in (("features", len(FEATURES)), ("hints", len(ROLES)), ("syntax", len(SYNTAX)))
    }
    outputs = ["emissions", "names", "hidden", "meanings"]
    torch.onnx.export(
        Forward(model), tuple(inputs.values()), path, input_names=list(inputs), output_names=outputs, dynamo=False,
        dynamic_axes={name: {1: "pieces"} for name in (*inputs, *outputs)}, opset_version=17,
    )  # fmt: skip
    onnx.checker.check_model(onnx.load(path))


def main() -> None:
    """Split, quantize and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--full-range", action="store_true", help="8 bits of weights instead of 7")
    args = parser.parse_args()
    model = restored(args.weights).eval()
    model.quick = False
    args.output.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(args.output / "heads.npz", **heads(model.state_dict()))
    (args.output / "vocabulary.txt").write_bytes((MINILM / "vocab.txt").read_bytes())
    network = args.output / "network.onnx"
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.onnx"
        write_plain(model, plain)
        quantize_dynamic(
            plain, network, weight_type=QuantType.QInt8, per_channel=True, reduce_range=not args.full_range,
            op_types_to_quantize=["MatMul", "Gather"], extra_options={"MatMulConstBOnly": True},
        )  # fmt: skip
    print(network.stat().st_size / 1e6, "MB")


if __name__ == "__main__":
    main()
