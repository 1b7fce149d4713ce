"""A set of inputs → a run's folder.

The inputs make shards, each worked on here or by one of several processes. Every finished document is kept in its
shard's journal in ``.work/`` at once, so that a run that was stopped goes on where it was; the published files are put
together from there at the end, in the order of the inputs. Of a complete run the next one into the same folder takes
what has not changed (``reuse``).
"""

from __future__ import annotations

import platform
import shutil
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec import Raw, Struct, structs

from pipeline.errors import DocumentError, RunError
from pipeline.interrupts import held_interrupts
from pipeline.journal import outcomes
from pipeline.outcome import Options, Versions, libraries, versions_of
from pipeline.plan import Shard, plan
from pipeline.read import SUFFIXES, Input, discover, uri_of
from pipeline.record_files import RecordWriter
from pipeline.records import Failure
from pipeline.reuse import Finished, FinishedShard, restore
from pipeline.shard import failure_of, process_shard
from pipeline.texts import TextWriter
from pipeline.workers import Job, process_in_workers
from pipeline.write import (
    DOCUMENTS,
    FAILURES,
    SHARDS,
    STATEMENTS,
    InputFile,
    Manifest,
    holds_complete_run,
    opened_output,
    publish,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pipeline.outcome import Outcome
    from pipeline.process import Tools

Status = Literal["complete", "interrupted"]
# Within WORK: the files that are about to be published.
STAGED = "staged"
# Of the failures, how many a summary shows; all are in the folder.
TOLD = 100


class Summary(Struct, frozen=True, kw_only=True):
    """What a run did, for people and scripts.

    ``documents`` counts those processed (empty ones too), ``reused`` those of them that an earlier
    run had finished; ``quotations`` are those inside statements. ``published`` is False
    where an interrupted run left the folder's earlier, complete results in their places. ``failures`` are the
    first TOLD.
    """

    output: str
    status: Status
    published: bool = True
    documents: int = 0
    failed: int = 0
    skipped: int = 0
    reused: int = 0
    statements: int = 0
    quotations: int = 0
    failures: tuple[Failure, ...] = ()


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
) -> Summary:
    """Process everything at ``paths`` into the folder ``output``.

    ``load`` gives the tools, called once it is sure that there is work: here, or with ``workers`` in as many processes
    (it must be something that ``pickle`` takes); standard input is always read here. ``report`` is called after every
    document. What lies inside ``output`` is not read. ``fresh`` forgets what earlier runs have done. On
    KeyboardInterrupt what is done is published with the status ``interrupted``, unless the folder holds a complete run:
    that stays until a new one is complete. What the folder's complete run had done alike is not done again. Raises
    RunError, ModelError and RuleError where the run cannot start or go on.
    """
    started = _now()
    base = Path.cwd()
    shards = list(plan(_discover(paths, output, options, base)))
    with opened_output(output) as work, _disk_errors(output):
        folder = work / SHARDS
        if fresh:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            restore(output, options)
        folder.mkdir(exist_ok=True)
        course = _Course(shards, report)
        status: Status = "complete"
        try:
            if workers and not any(isinstance(i, Input) and i.path is None for s in shards for i in s.items):
                process_in_workers(shards, Job(load, options, folder), workers, course, course.know)
            else:
                _process_here(shards, options, load, folder, course)
        except KeyboardInterrupt:
            status = "interrupted"
        with held_interrupts():
            head = _head(course.versions, options, base, status, started)
            summary = _publish(output, work, shards, head, course.signature(options))
            shutil.rmtree(work / STAGED)
            if status == "complete":
                shutil.rmtree(folder)
    return structs.replace(summary, reused=course.reused)


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


# ---------------------------------------------------------------- the folder


def _head(versions: Versions | None, options: Options, base: Path, status: Status, started: str) -> Manifest:
    """Return the manifest as far as it can be told before the files are written."""
    return Manifest(
        status=status, onrecord=version("onrecord"), model=versions.producer.model if versions else None,
        model_sha256=versions.model_sha256 if versions else None,
        encoder_sha256=versions.encoder_sha256 if versions else None,
        rules=versions.producer.rules if versions else None, python=platform.python_version(),
        libraries=libraries(), options=msgspec.to_builtins(options), base=str(base), inputs=(), outputs={},
        started=started, finished="",
    )  # fmt: skip


def _publish(output: Path, work: Path, shards: list[Shard], head: Manifest, signature: str) -> Summary:
    """Write the run's files from its shards' journals and put them in their places."""
    staged = work / STAGED
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir()
    written, finished = _Written(staged), Finished(work)
    for shard in shards:
        keys: list[tuple[str, bool]] = []
        for outcome in outcomes(work / SHARDS, shard.name, signature):
            written.add(outcome)
            keys.append((outcome.key, outcome.text is not None))
        own, texts = zip(*keys, strict=True) if keys else ((), ())
        finished.add(FinishedShard(shard.name, signature, shard.fingerprint, own, texts))
    manifest = written.close(head)
    published = head.status == "complete" or not holds_complete_run(output)
    if published:
        publish(output, staged, manifest)
    finished.close(output, complete=head.status == "complete")
    return structs.replace(written.summary, output=str(output), status=head.status, published=published)


class _Written:
    """A run's files as they are written, document by document."""

    def __init__(self, folder: Path) -> None:
        self.summary = Summary(output="", status="complete")
        self._statements, self._documents, self._failures = (
            RecordWriter(folder, name) for name in (STATEMENTS, DOCUMENTS, FAILURES)
        )
        self._texts = TextWriter(folder)
        self._inputs: list[InputFile] = []

    def add(self, outcome: Outcome) -> None:
        document, failure = outcome.document, outcome.failure
        self._documents.write(document)
        for statement in msgspec.json.decode(outcome.statements, type=list[Raw]):
            self._statements.write(bytes(statement))
        if failure is not None:
            self._failures.write(failure)
        if outcome.text is not None:
            self._texts.write(document.id, outcome.text, document.text_sha256 or "")
        if not self._documents.files:
            self._inputs.append(InputFile(document.uri, document.raw_sha256))
        told = self.summary
        self.summary = structs.replace(
            told, documents=told.documents + (document.status in ("ok", "empty")),
            failed=told.failed + (document.status == "failed"),
            skipped=told.skipped + document.status.startswith("skipped"),
            statements=told.statements + document.statements, quotations=told.quotations + document.quotations,
            failures=(*told.failures, failure) if failure and len(told.failures) < TOLD else told.failures,
        )  # fmt: skip

    def close(self, head: Manifest) -> Manifest:
        outputs = {
            name: file
            for writer in (self._statements, self._documents, self._failures, self._texts)
            for name, file in writer.close().items()
        }
        inputs = () if f"{DOCUMENTS}.jsonl" not in outputs else tuple(self._inputs)
        return structs.replace(head, inputs=inputs, outputs=outputs, finished=_now())


@contextmanager
def _disk_errors(output: Path) -> Iterator[None]:
    """Turn the file system's errors into one that says what to do; documents' own errors are caught before."""
    try:
        yield
    except OSError as error:
        raise RunError(
            f"The run could not be written to {output}: {error.strerror or error}.",
            remedy="Make room, or name another folder with -o; the same command goes on where this one stopped.",
        ) from error


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
