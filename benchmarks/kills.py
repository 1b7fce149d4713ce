"""Kill a run at random moments, again and again: what it writes in the end must be what an undisturbed one writes.

    python benchmarks/kills.py FOLDER [--runs 200] [--workers 2] [--seed 1]

A run over the texts of FOLDER is started, and at a random moment one of its processes, a worker or the parent, is
killed (SIGKILL). Once every FULL kills the run is left to finish, its files are compared with those of a run that
nobody disturbed, and all begins anew. Ends with an error at the first difference.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

# Kills before a run is left to finish.
FULL = 10
COMMAND = [sys.executable, "-c", "from pipeline.cli import main; main()", "run", "--quiet"]


def kill_again_and_again(folder: Path, scratch: Path, kills: int, workers: int, seed: int) -> int:
    """Return how many runs were finished and compared; raises AssertionError at the first that differs."""
    chance = random.Random(seed)  # noqa: S311 (repeated, not secret)
    start(folder, scratch / "whole", 1).wait()
    wanted = digests(scratch / "whole")
    compared = 0
    for number in range(1, kills + 1):
        kill_once(folder, scratch / "killed", workers, chance)
        if number % FULL == 0 or number == kills:
            code = start(folder, scratch / "killed", workers).wait()
            assert code == 0, f"after kill {number} the run ended with {code}"  # noqa: S101 (what this is for)
            assert digests(scratch / "killed") == wanted, f"after kill {number} the files differ"  # noqa: S101
            left = [path.name.partition("-")[0] for path in (scratch / "killed" / ".work").iterdir()]
            assert left == ["finished"], f"after kill {number} there are still {left}"  # noqa: S101
            shutil.rmtree(scratch / "killed")
            compared += 1
    return compared


def kill_once(folder: Path, output: Path, workers: int, chance: random.Random) -> None:
    """Start a run and kill one of its processes, soon or late; a run that only lost a worker is killed as a whole."""
    run = start(folder, output, workers)
    deadline = time.monotonic() + chance.uniform(0.2, 8.0)
    while time.monotonic() < deadline and run.poll() is None:
        time.sleep(0.05)
    if chance.random() < 0.5 and (children := children_of(run.pid)):
        kill(chance.choice(children))
        time.sleep(chance.uniform(0.0, 4.0))
    run.kill()
    run.wait()


def start(folder: Path, output: Path, workers: int) -> subprocess.Popen[bytes]:
    """Start a run of its own."""
    return subprocess.Popen([*COMMAND, str(folder), "-o", str(output), "--workers", str(workers)])  # noqa: S603


def children_of(pid: int) -> list[int]:
    """Return the ids of a process's children (Linux)."""
    with suppress(OSError):
        return [int(id) for id in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def kill(pid: int) -> None:
    """Kill a process if it is still there."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def digests(folder: Path) -> dict[str, str]:
    """Return the digest of every file that a run wrote but the manifest, which holds times."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "manifest.json" and ".work" not in path.parts
    }


def main() -> None:
    """Kill and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        compared = kill_again_and_again(args.folder, Path(scratch), args.runs, args.workers, args.seed)
    print(f"{args.runs} runs killed, {compared} finished: the same bytes every time")


if __name__ == "__main__":
    main()
