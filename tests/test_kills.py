"""A run whose processes are killed goes on where it was; ``benchmarks/kills.py`` does the same for hours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kills import kill_again_and_again

if TYPE_CHECKING:
    from pathlib import Path


def test_killed_at_random_moments_a_run_still_writes_the_same_bytes(tmp_path: Path) -> None:
    texts = tmp_path / "texts"
    texts.mkdir()
    for number in range(120):
        (texts / f"{number:03}.txt").write_text(
            f"“We will appeal {number} times,” said Ana Ruiz.\n" * 5, encoding="utf-8"
        )
    assert kill_again_and_again(texts, tmp_path, kills=4, workers=2, seed=1) == 1
