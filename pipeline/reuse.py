"""The journals of a complete run, made again from what it published: the next run does only what has changed.

A complete run leaves ``.work/finished-DIGEST.jsonl``, DIGEST being its manifest's: by shard its fingerprint, and the
key of each document. With that and the published files the journals are again what they were before publication, as if
the run had been stopped there.
"""

from __future__ import annotations

import platform
import shutil
from importlib.metadata import version
from itertools import islice
from typing import TYPE_CHECKING

import msgspec
from msgspec import Raw, Struct

from pipeline.errors import RunError
from pipeline.journal import write_journal
from pipeline.outcome import Outcome, libraries
from pipeline.record_files import file_sha256, lines_of, read_lines, read_records, record_files, to_disk
from pipeline.records import DocumentRecord, Failure
from pipeline.texts import StoredTexts
from pipeline.write import DOCUMENTS, FAILURES, MANIFEST, SHARDS, STATEMENTS, WORK, Manifest, read_manifest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.outcome import Options

NEW = "finished.new"


class FinishedShard(Struct, frozen=True):
    """A shard of a complete run: its name, signature and fingerprint as in its journal, and its documents' keys.

    ``texts`` tells of each document whether its canonical text is stored.
    """

    name: str
    signature: str
    fingerprint: str | None
    keys: tuple[str, ...]
    texts: tuple[bool, ...]


class Finished:
    """What a run has finished, written down shard by shard for the next one."""

    def __init__(self, work: Path) -> None:
        self._work = work
        self._stream = (work / NEW).open("wb")

    def add(self, shard: FinishedShard) -> None:
        """Note a shard whose documents are all published."""
        self._stream.write(msgspec.json.encode(shard) + b"\n")

    def close(self, folder: Path, *, complete: bool) -> None:
        """Keep what was noted if the run is complete and published in the folder."""
        to_disk(self._stream)
        self._stream.close()
        for old in self._work.glob("finished-*.jsonl"):
            if complete:
                old.unlink()
        if complete:
            (self._work / NEW).replace(_path(folder))
        else:
            (self._work / NEW).unlink()


def restore(folder: Path, options: Options) -> None:
    """Make the journals of the complete run that a folder holds, where they may be of use to a run with these options.

    Does nothing where there is no such run, its files were changed since, or a later run has left its own journals.
    """
    work = folder / WORK
    try:
        manifest = read_manifest(folder)
    except RunError:
        return
    if (work / SHARDS).exists() or not _path(folder).exists() or not _useful(folder, manifest, options):
        return
    new = work / "restored"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    outcomes = _published(folder)
    for _, shard in read_lines(_path(folder), FinishedShard):
        if isinstance(shard, FinishedShard):
            own = _with_keys(shard, outcomes, StoredTexts(folder))
            write_journal(new, shard.name, shard.signature, shard.fingerprint, own)
    new.replace(work / SHARDS)


def _path(folder: Path) -> Path:
    return folder / WORK / f"finished-{file_sha256(folder / MANIFEST)[:16]}.jsonl"


def _useful(folder: Path, manifest: Manifest, options: Options) -> bool:
    """Tell whether a run's files are as it wrote them, and nothing that can be told now makes them another's."""
    return (
        manifest.status == "complete"
        and (manifest.onrecord, manifest.python) == (version("onrecord"), platform.python_version())
        and manifest.libraries == libraries()
        and msgspec.convert(manifest.options, type(options)) == options
        and all(_unchanged(folder / name, file.sha256) for name, file in manifest.outputs.items())
    )


def _unchanged(path: Path, sha256: str) -> bool:
    try:
        return file_sha256(path) == sha256
    except OSError:
        return False


def _published(folder: Path) -> Iterator[Outcome]:
    """Yield the outcomes that a run has published, without their keys and texts."""
    statements = (line.rstrip(b"\n") for path in record_files(folder, STATEMENTS) for line in lines_of(path))
    failures = read_records(folder, FAILURES, Failure)
    for document in read_records(folder, DOCUMENTS, DocumentRecord):
        own = b",".join(islice(statements, document.statements))
        failure = next(failures) if document.status == "failed" else None
        yield Outcome(key="", document=document, statements=Raw(b"[" + own + b"]"), failure=failure)


def _with_keys(shard: FinishedShard, published: Iterator[Outcome], texts: StoredTexts) -> Iterator[Outcome]:
    for key, stored in zip(shard.keys, shard.texts, strict=True):
        outcome = next(published)
        text = texts.of(outcome.document.id, outcome.document.text_sha256 or "") if stored else None
        yield msgspec.structs.replace(outcome, key=key, text=text)
