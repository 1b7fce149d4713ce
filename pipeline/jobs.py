"""One run divided among jobs that share nothing but a file system, such as those of a job array.

Every job plans the whole run, works on its share of the shards and leaves ``.work/jobs/3-of-16.json``; when all have,
``merge`` publishes what a single run would have.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

import msgspec
from msgspec import Struct, structs

from pipeline.assemble import Summary, assemble, disk_errors, now, with_outcome
from pipeline.errors import RunError, UsageError
from pipeline.interrupts import held_interrupts
from pipeline.journal import outcomes, whole
from pipeline.locks import locked
from pipeline.process import digest
from pipeline.record_files import to_disk
from pipeline.write import JOBS, SHARDS, WORK, Manifest, clear, opened_output

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pipeline.plan import Shard

_NAME = re.compile(r"([1-9]\d*)-of-([1-9]\d*)\.json")
# Of the jobs that something is wrong with, how many are named.
NAMED = 20


class Share(Struct, frozen=True):
    """One of ``of`` shares of a run's shards, counted from 1."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    def among(self, shards: Sequence[Shard]) -> list[Shard]:
        """Return this share's shards: every ``of``-th, so that shares are alike in size and in what is in them."""
        return list(shards[self.number - 1 :: self.of])


def share_of(text: str) -> Share:
    """Return the share that is written "3/16"; raises UsageError where that is none."""
    found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text, re.ASCII)
    share = Share(*map(int, found.groups())) if found else None
    if share is None or not 1 <= share.number <= share.of:
        raise UsageError(
            f"--shard {text} is no share of a run.", remedy="Write --shard 3/16 for the third of sixteen jobs."
        )
    return share


class JobRecord(Struct, frozen=True, kw_only=True):
    """What a job leaves: what its run's manifest will say, and its shards' names and fingerprints in their order.

    ``plan`` is a digest of the whole plan; ``signature`` is "" where the share held no shards.
    """

    head: Manifest
    signature: str
    plan: str
    shards: tuple[tuple[str, str | None], ...]


def plan_digest(shards: Sequence[Shard]) -> str:
    """Return a digest of what is to be read and how it is divided: the inputs' uris and sizes, shard by shard."""
    return digest(repr([(shard.name, [item.uri for item in shard.items], shard.sizes) for shard in shards]))


@contextmanager
def opened_job(work: Path, share: Share) -> Iterator[IO[bytes]]:
    """Yield a job's file, emptied until ``finish``; raises RunError where the same job is at work already."""
    path = work / JOBS / f"{share.number}-of-{share.of}.json"
    path.parent.mkdir(exist_ok=True)
    try:
        file = locked(path)
    except BlockingIOError as error:
        raise RunError(
            f"Job {share} is at work already.", remedy="Wait for it to end, or name another folder with -o."
        ) from error
    with file:
        file.truncate(0)
        yield file


def finish(file: IO[bytes], work: Path, done: JobRecord) -> Summary:
    """Write what a job leaves unless it was interrupted; returns what its documents came to."""
    summary = Summary(output="", status="complete", published=False)
    for name, _ in done.shards:
        for outcome in outcomes(work / SHARDS, name, done.signature):
            summary = with_outcome(summary, outcome)
    if done.head.status == "complete":
        file.write(msgspec.json.encode(structs.replace(done, head=structs.replace(done.head, finished=now()))))
        to_disk(file)
    return summary


def merge(output: Path) -> Summary:
    """Publish what the jobs of a run did, the same bytes as of a run in one.

    Raises RunError, with what is to be done, where jobs are missing or did not do the same run.
    """
    if not (output / WORK / JOBS).is_dir():
        raise RunError(
            f"{output} holds no jobs' work.", remedy=f"First run: onrecord run PATH -o {output} --shard 1/2 (and 2/2)"
        )
    with opened_output(output) as work, disk_errors(output):
        jobs = _finished_jobs(output, work)
        shards = [jobs[k % len(jobs)].shards[k // len(jobs)] for k in range(sum(len(job.shards) for job in jobs))]
        known = next(job for job in jobs if job.shards)
        head = structs.replace(known.head, started=min(job.head.started for job in jobs))
        with held_interrupts():
            summary = assemble(output, work, shards, head, known.signature)
            clear(work)
    return summary


def _finished_jobs(output: Path, work: Path) -> list[JobRecord]:
    """Return the jobs in their order, all of the same run and with all their shards done; else raises RunError."""
    found = sorted(
        tuple(map(int, named.groups())) for path in (work / JOBS).iterdir() if (named := _NAME.fullmatch(path.name))
    )
    of = {n for _, n in found}
    if len(of) != 1:
        there = " and ".join(f"of {n}" for n in sorted(of)) or "none"
        raise RunError(
            f"{output} holds jobs {there}: it isn't told which make the run.",
            remedy=f"Remove the files in {work / JOBS} of those that don't.",
        )
    shares = [Share(number, *of) for number in range(1, next(iter(of)) + 1)]
    jobs = {share: _read(work / JOBS / f"{share.number}-of-{share.of}.json") for share in shares}
    _expect_all([share for share, job in jobs.items() if job is None], "not finished", output)
    finished = {share: job for share, job in jobs.items() if job is not None}
    last = max(finished.values(), key=lambda job: (bool(job.shards), job.head.finished))
    others = [share for share, job in finished.items() if not _same_run(job, last)]
    _expect_all(others, "of other documents, options or versions than the last", output)
    undone = [
        share for share, job in finished.items()
        if not all(whole(work / SHARDS, name, last.signature) for name, _ in job.shards)
    ]  # fmt: skip
    _expect_all(undone, "not finished any more", output)
    return list(finished.values())


def _same_run(job: JobRecord, other: JobRecord) -> bool:
    if job.plan != other.plan:
        return False
    if not job.shards:  # it has loaded nothing that has a version
        return (job.head.options, job.head.base) == (other.head.options, other.head.base)
    heads = (structs.replace(j.head, started="", finished="") for j in (job, other))
    return job.signature == other.signature and next(heads) == next(heads)


def _read(path: Path) -> JobRecord | None:
    """Return what a job has left; None where it is not finished."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=JobRecord)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def _expect_all(wrong: list[Share], what: str, output: Path) -> None:
    """Raise RunError where there are jobs that something is wrong with."""
    if not wrong:
        return
    named = ", ".join(map(str, wrong[:NAMED])) + (f" and {len(wrong) - NAMED} more" if len(wrong) > NAMED else "")
    jobs = f"Job {named} is" if len(wrong) == 1 else f"Jobs {named} are"
    raise RunError(
        f"{jobs} {what}.",
        remedy=f"Run again, with the paths and options of the others: onrecord run PATH -o {output} --shard {wrong[0]}"
        + (" and so on." if len(wrong) > 1 else ""),
    )
