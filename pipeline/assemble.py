"""Journals → a run's published files."""

from __future__ import annotations

import platform
import shutil
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec import Raw, Struct, structs

from pipeline.errors import RunError
from pipeline.journal import outcomes
from pipeline.outcome import Options, Versions, libraries
from pipeline.record_files import RecordWriter
from pipeline.records import Failure
from pipeline.reuse import Finished, FinishedShard
from pipeline.texts import TextWriter
from pipeline.write import (
    DOCUMENTS,
    FAILURES,
    SHARDS,
    STATEMENTS,
    InputFile,
    Manifest,
    holds_complete_run,
    publish,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pipeline.outcome import Outcome

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
    first TOLD. ``share`` is that of a job that did one of several ("3/16"), None of a whole run.
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
    share: str | None = None


def head_of(versions: Versions | None, options: Options, base: Path, status: Status, started: str) -> Manifest:
    """Return the manifest as far as it can be told before the files are written."""
    return Manifest(
        status=status, onrecord=version("onrecord"), model=versions.producer.model if versions else None,
        model_sha256=versions.model_sha256 if versions else None,
        encoder_sha256=versions.encoder_sha256 if versions else None,
        rules=versions.producer.rules if versions else None, python=platform.python_version(),
        libraries=libraries(), options=msgspec.to_builtins(options), base=str(base), inputs=(), outputs={},
        started=started, finished="",
    )  # fmt: skip


def with_outcome(told: Summary, outcome: Outcome) -> Summary:
    """Return a summary with one document more."""
    document, failure = outcome.document, outcome.failure
    return structs.replace(
        told, documents=told.documents + (document.status in ("ok", "empty")),
        failed=told.failed + (document.status == "failed"),
        skipped=told.skipped + document.status.startswith("skipped"),
        statements=told.statements + document.statements, quotations=told.quotations + document.quotations,
        failures=(*told.failures, failure) if failure and len(told.failures) < TOLD else told.failures,
    )  # fmt: skip


def assemble(
    output: Path, work: Path, shards: Iterable[tuple[str, str | None]], head: Manifest, signature: str
) -> Summary:
    """Write the run's files from the journals of these shards, names and fingerprints, and put them in their places.

    An interrupted run doesn't take the place of a complete one.
    """
    staged = work / STAGED
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir()
    written, finished = _Written(staged), Finished(work)
    for name, fingerprint in shards:
        keys: list[tuple[str, bool]] = []
        for outcome in outcomes(work / SHARDS, name, signature):
            written.add(outcome)
            keys.append((outcome.key, outcome.text is not None))
        own, texts = zip(*keys, strict=True) if keys else ((), ())
        finished.add(FinishedShard(name, signature, fingerprint, own, texts))
    manifest = written.close(head)
    published = head.status == "complete" or not holds_complete_run(output)
    if published:
        publish(output, staged, manifest)
    finished.close(output, complete=head.status == "complete")
    shutil.rmtree(staged)
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
        self.summary = with_outcome(self.summary, outcome)

    def close(self, head: Manifest) -> Manifest:
        outputs = {
            name: file
            for writer in (self._statements, self._documents, self._failures, self._texts)
            for name, file in writer.close().items()
        }
        inputs = () if f"{DOCUMENTS}.jsonl" not in outputs else tuple(self._inputs)
        return structs.replace(head, inputs=inputs, outputs=outputs, finished=now())


@contextmanager
def disk_errors(output: Path) -> Iterator[None]:
    """Turn the file system's errors into one that says what to do; documents' own errors are caught before."""
    try:
        yield
    except OSError as error:
        raise RunError(
            f"The run could not be written to {output}: {error.strerror or error}.",
            remedy="Make room, or name another folder with -o; the same command goes on where this one stopped.",
        ) from error


def now() -> str:
    """Return the time as manifests hold it: UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
