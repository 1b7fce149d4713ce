"""A set of inputs → a run's folder.

The inputs make shards, each worked on here or by one of several processes. Every finished document is kept in its
shard's journal in ``.work/`` at once, so that a run that was stopped goes on where it was; the published files are put
together from there at the end, in the order of the inputs. Of a complete run the next one into the same folder takes
what has not changed (``reuse``).
"""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, structs

from pipeline.assemble import Status, Summary, assemble, disk_errors, head_of, now
from pipeline.errors import DocumentError, RunError, UsageError
from pipeline.interrupts import held_interrupts
from pipeline.jobs import JobRecord, Share, finish, opened_job, plan_digest
from pipeline.locks import locked
from pipeline.outcome import Options, Versions, versions_of
from pipeline.plan import Shard, plan
from pipeline.pool import Job
from pipeline.ray_workers import process_on_ray
from pipeline.read import SUFFIXES, Input, discover, uri_of
from pipeline.records import Failure
from pipeline.reuse import restore
from pipeline.shard import failure_of, process_shard
from pipeline.workers import process_in_workers
from pipeline.write import JOBS, SHARDS, WORK, clear, opened_output

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipeline.process import Tools


Engine = Literal["local", "ray"]


class Progress(Struct, frozen=True):
    """How far a run is: bytes of input done and in all (0 if unknown), documents and words done."""

    bytes_done: int
    bytes_in_all: int
    documents: int
    words: int


def run(
    paths: Sequence[str],
    output: Path,
    options: Options,
    load: Callable[[], Tools],
    report: Callable[[Progress], None] = lambda _: None,
    *,
    workers: int = 0,
    fresh: bool = False,
    share: Share | None = None,
    engine: Engine = "local",
    address: str | None = None,
) -> Summary:
    """Process everything at ``paths`` into the folder ``output``.

    ``load`` gives the tools, called once it is sure that there is work: here, or with ``workers`` in as many processes
    (it must be something that ``pickle`` takes); standard input is always read here. ``report`` is called after every
    document. What lies inside ``output`` is not read. ``fresh`` forgets what earlier runs have done. On
    KeyboardInterrupt what is done is published with the status ``interrupted``, unless the folder holds a complete run:
    that stays until a new one is complete. What the folder's complete run had done alike is not done again. With a
    ``share`` only that of the shards is done, beside other jobs, and nothing published: ``jobs.merge`` does that. With
    the engine ``ray`` the workers are actors of the Ray cluster at ``address`` (see ``process_on_ray``). Raises
    RunError, ModelError and RuleError where the run cannot start or go on, UsageError where it can't be shared.
    """
    started = now()
    base = Path.cwd()
    shards = list(plan(_discover(paths, output, options, base)))
    stdin = any(isinstance(item, Input) and item.is_stdin for shard in shards for item in shard.items)
    if stdin and (share or engine == "ray"):
        raise UsageError("Standard input can't be shared out.", remedy="Write it to a file and name that.")
    mine = share.among(shards) if share else shards
    with (
        opened_output(output, shared=share is not None) as work, disk_errors(output),
        opened_job(work, share) if share else nullcontext(None) as file,
    ):  # fmt: skip
        folder = work / SHARDS
        if fresh:
            _forget(work, mine, share)
        else:
            _take_up(output, options, share)
        folder.mkdir(exist_ok=True)
        course = _Course(mine, report)
        status: Status = "complete"
        try:
            job = Job(load, options, folder)
            if engine == "ray":
                process_on_ray(mine, job, workers, address, course, course.know)
            elif workers and not stdin:
                process_in_workers(mine, job, workers, course, course.know)
            elif mine:
                _process_here(mine, options, load, folder, course)
        except KeyboardInterrupt:
            status = "interrupted"
        with held_interrupts():
            head = head_of(course.versions, options, base, status, started)
            names = tuple((shard.name, shard.fingerprint) for shard in mine)
            signature = course.signature(options)
            if file is None:
                summary = assemble(output, work, names, head, signature)
            else:
                done = JobRecord(head=head, signature=signature, plan=plan_digest(shards), shards=names)
                summary = finish(file, work, done)
            if status == "complete" and file is None:
                clear(work)
    return structs.replace(
        summary, output=str(output), status=status, reused=course.reused, share=str(share) if share else None
    )


def _forget(work: Path, shards: list[Shard], share: Share | None) -> None:
    """Remove what was done before: all of it, or a share of it."""
    if share is None:
        clear(work)
        return
    for shard in shards:
        for end in ("jsonl", "part"):
            (work / SHARDS / f"{shard.name}.{end}").unlink(missing_ok=True)


def _take_up(output: Path, options: Options, share: Share | None) -> None:
    """Make the journals of the folder's complete run, once whichever jobs there are."""
    if share is None:
        restore(output, options)
        return
    with locked(output / WORK / JOBS / "restored", patience=float("inf")):
        restore(output, options)


class _Course:
    """How a run goes: what of it is done, and with what versions."""

    def __init__(self, shards: list[Shard], report: Callable[[Progress], None]) -> None:
        self.versions: Versions | None = None
        self.reused = 0
        self._report = report
        self._whole = sum(sum(shard.sizes) for shard in shards)
        self._bytes = self._documents = self._words = 0

    def know(self, versions: Versions) -> None:
        """Take in the versions of a worker's tools; raises RunError where two workers have different ones."""
        if self.versions not in (None, versions):
            raise RunError("The workers have different versions.", remedy="Don't update onrecord while it runs.")
        self.versions = versions

    def signature(self, options: Options) -> str:
        """Return the run's signature, "" before the versions are known."""
        return self.versions.signature(options) if self.versions else ""

    def begins(self, key: str) -> None:
        """See ``shard.Watch``."""

    def went(self, *, bytes: int, documents: int = 0, words: int = 0, reused: int = 0) -> None:
        """See ``shard.Watch``."""
        self._bytes += bytes
        self._documents += documents
        self._words += words
        self.reused += reused
        self._report(Progress(self._bytes, self._whole, self._documents, self._words))


def _process_here(
    shards: list[Shard], options: Options, load: Callable[[], Tools], folder: Path, course: _Course
) -> None:
    tools = load()
    course.know(versions_of(tools))
    for shard in shards:
        process_shard(shard, options, tools, folder, course.signature(options), course)


def _discover(paths: Sequence[str], output: Path, options: Options, base: Path) -> list[Input | Failure]:
    """Return what to read and what can't be, in the order of their uris; raises RunError if there is nothing."""
    inputs, problems = discover(list(paths), format=options.format, include=options.include, base=base)
    inside = uri_of(output, base).rstrip("/") + "/"
    inputs = [found for found in inputs if not found.uri.startswith(inside)]
    problems = [problem for problem in problems if not problem.uri.startswith(inside)]
    if inputs:
        told = [failure_of(problem) if isinstance(problem, DocumentError) else problem for problem in problems]
        return sorted([*inputs, *told], key=lambda found: found.uri)
    wrong = next((problem for problem in problems if isinstance(problem, DocumentError)), None)
    if wrong is not None:
        raise RunError(wrong.message, remedy=wrong.remedy)
    raise RunError(
        f"There is nothing to read at {', '.join(paths)}.",
        remedy=f"Files that end in {', '.join(SUFFIXES)} are read; name others themselves or use --format.",
    )
