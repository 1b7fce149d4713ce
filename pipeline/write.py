"""A run's folder: its manifest, who may write to it, and its publication: all of it or nothing new."""

from __future__ import annotations

import re
import shutil
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import Struct

from pipeline.errors import RunError
from pipeline.locks import locked
from pipeline.record_files import OutputFile, is_part, to_disk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# The names of records (``record_files``), and of what else a run writes.
STATEMENTS, DOCUMENTS, FAILURES, TEXTS = "statements", "documents", "failures", "texts"
MANIFEST, WORK = "manifest.json", ".work"
SHARDS, JOBS, LOCK = "shards", "jobs", "lock"  # within WORK
RECORDS = (STATEMENTS, DOCUMENTS, FAILURES)
# What may lie in an output folder beside a run's files without being taken for somebody's work.
HARMLESS = {"README.md", ".gitignore", ".DS_Store"}


_TEXT = re.compile(r"[0-9a-f]{64}\.txt")


class InputFile(Struct, frozen=True):
    """A document that went in: its uri and the sha256 of its raw bytes (a table's row: of that row), null if unread."""

    uri: str
    sha256: str | None


class Manifest(Struct, frozen=True, kw_only=True):
    """``manifest.json``: what ran, on what, and what came out; the only file that holds times.

    ``base`` is the folder that relative uris start from. ``status`` is ``interrupted`` where the
    run was stopped: its files hold the documents finished until then. ``model_sha256`` is the digest
    of the spaCy pipeline's files. Model and rules are null where the run was stopped before it had
    loaded them. ``inputs`` are the documents that went in, none where ``documents`` are in parts: there they stand with
    uri and digest. ``outputs`` are the files that came out, by their paths in the folder.
    """

    schema: Literal["onrecord.manifest/1"] = "onrecord.manifest/1"
    status: Literal["complete", "interrupted"]
    onrecord: str
    model: str | None
    model_sha256: str | None
    encoder_sha256: str | None
    rules: str | None
    python: str
    libraries: dict[str, str]
    options: dict[str, Any]
    base: str
    inputs: tuple[InputFile, ...]
    outputs: dict[str, OutputFile]
    started: str
    finished: str


class _AnyManifest(Struct):
    """As much of a manifest, of whatever version, as tells that it is one."""

    schema: str


def read_manifest(folder: Path) -> Manifest:
    """Return a run's manifest; raises RunError where there is none or it is damaged."""
    try:
        return msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except FileNotFoundError as error:
        remedy = "Give the folder that a run has written, or run: onrecord run PATH -o " + str(folder)
        raise RunError(f"{folder} holds no run: there is no {MANIFEST}.", remedy=remedy) from error
    except (OSError, msgspec.DecodeError) as error:
        remedy = "Run onrecord again to write the folder anew."
        raise RunError(f"{folder / MANIFEST} cannot be read: {error}.", remedy=remedy) from error


@contextmanager
def opened_output(folder: Path, *, shared: bool = False) -> Iterator[Path]:
    """Make the output folder ready and keep other runs out of it, unless all are ``shared``; yields its work folder.

    Raises RunError where it cannot be written, holds what no run wrote, or is in use.
    """
    remedy = "Name another folder with -o."
    new = not folder.exists()
    work = folder / WORK
    try:
        folder.mkdir(parents=True, exist_ok=True)
        foreign = next(_foreign(folder), None)
        if foreign is not None:
            raise RunError(f"{folder} holds {foreign}, which no run of onrecord wrote.", remedy=remedy)
        work.mkdir(exist_ok=True)
        lock = locked(work / LOCK, shared=shared)
    except BlockingIOError as error:
        raise RunError(
            f"Another run is writing to {folder}.", remedy="Wait for it to end, or name another folder with -o."
        ) from error
    except OSError as error:
        raise RunError(f"{folder} cannot be used for output: {error.strerror}.", remedy=remedy) from error
    with lock:
        try:
            yield work
        finally:
            if not shared:  # others may be at work beside a shared one
                (work / LOCK).unlink()
                _remove_empty(work / SHARDS, work, *([folder] if new else []))


def clear(work: Path) -> None:
    """Remove the journals and what jobs have left."""
    for name in (JOBS, SHARDS):  # a job that is there has its shards
        shutil.rmtree(work / name, ignore_errors=True)


def publish(folder: Path, staged: Path, manifest: Manifest) -> None:
    """Put a run's staged files in their places and its manifest last.

    The old manifest goes first: whoever reads the folder in between finds no run, never a mixed one.
    """
    temporary = staged / MANIFEST
    with temporary.open("wb") as stream:
        stream.write(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
        to_disk(stream)
    (folder / MANIFEST).unlink(missing_ok=True)
    shutil.rmtree(folder / TEXTS, ignore_errors=True)
    for path in list(folder.iterdir()):
        if _is_records(path.name):
            path.unlink()
    for path in [path for path in staged.iterdir() if path != temporary]:
        path.replace(folder / path.name)
    temporary.replace(folder / MANIFEST)


def holds_complete_run(folder: Path) -> bool:
    """Tell whether a folder holds the whole output of a run."""
    try:
        return read_manifest(folder).status == "complete"
    except RunError:
        return False


def _foreign(folder: Path) -> Iterator[str]:
    """Yield what lies in an output folder and is neither a run's own nor harmless."""
    has_run = _has_run(folder)
    for entry in sorted(folder.iterdir()):
        if has_run and entry.name == TEXTS and entry.is_dir():
            yield from (f"{TEXTS}/{text.name}" for text in sorted(entry.iterdir()) if not _TEXT.fullmatch(text.name))
        elif not (has_run and _is_own(entry.name)) and entry.name not in HARMLESS:
            yield entry.name


def _is_own(name: str) -> bool:
    return name in (MANIFEST, WORK) or _is_records(name)


def _is_records(name: str) -> bool:
    """Tell whether a run may have written a file of this name, the manifest apart."""
    stem = name.partition(".")[0]
    return name in (f"{kind}.jsonl" for kind in RECORDS) or (is_part(name) and stem[:-6] in (*RECORDS, TEXTS))


def _has_run(folder: Path) -> bool:
    """Tell whether a run has written to the folder: others' files may be called manifest.json, too."""
    try:
        found = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=_AnyManifest)
    except (OSError, msgspec.DecodeError):
        return (folder / WORK).is_dir()
    return found.schema.startswith("onrecord.manifest/")


def _remove_empty(*folders: Path) -> None:
    """Leave nothing behind where nothing was written."""
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()
