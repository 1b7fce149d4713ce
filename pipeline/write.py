"""Records ↔ JSONL, and the publication of a run's folder: all of it or nothing new."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Any, Literal, TypeVar, cast

import jsonlines
import msgspec
from msgspec import Struct

from pipeline.errors import RunError
from pipeline.records import DocumentRecord, Failure, Statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

T = TypeVar("T")

STATEMENTS, DOCUMENTS, FAILURES = "statements.jsonl", "documents.jsonl", "failures.jsonl"
TEXTS, MANIFEST, WORK = "texts", "manifest.json", ".work"
SHARDS = "shards"  # within WORK
RECORDS: dict[str, type[Struct]] = {STATEMENTS: Statement, DOCUMENTS: DocumentRecord, FAILURES: Failure}
# What may lie in an output folder beside a run's files without being taken for somebody's work.
HARMLESS = {"README.md", ".gitignore", ".DS_Store"}


_TEXT = re.compile(r"[0-9a-f]{64}\.txt")


class OutputFile(Struct, frozen=True):
    """A published file: its digest, its size in bytes, the records in it."""

    sha256: str
    bytes: int
    records: int


class InputFile(Struct, frozen=True):
    """A document that went in: its uri and the sha256 of its raw bytes (a table's row: of that row), null if unread."""

    uri: str
    sha256: str | None


class Manifest(Struct, frozen=True, kw_only=True):
    """``manifest.json``: what ran, on what, and what came out; the only file that holds times.

    ``base`` is the folder that relative uris start from. ``status`` is ``interrupted`` where the
    run was stopped: its files hold the documents finished until then. ``model_sha256`` is the digest
    of the spaCy pipeline's files. Model and rules are null where the run was stopped before it had
    loaded them. ``inputs`` are the documents that went in; ``outputs`` the files that came out, by
    their paths in the folder.
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


def write_records(path: Path, records: Iterable[Struct | bytes]) -> OutputFile:
    """Write records, or lines already encoded, and bring them to the disk; returns digest and size."""
    count = 0
    with path.open("wb") as stream, jsonlines.Writer(stream, dumps=_encoded) as writer:
        for record in records:
            writer.write(record)
            count += 1
        to_disk(stream)
    return OutputFile(file_sha256(path), path.stat().st_size, count)


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file's bytes, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _encoded(record: Any) -> bytes:
    return record if isinstance(record, bytes) else msgspec.json.encode(record)


def read_lines(path: Path, type: type[T]) -> Iterator[tuple[int, T | str]]:
    """Yield every line's number, from 1, with its record, or with what is wrong where it holds none."""
    decode = msgspec.json.Decoder(type).decode
    with path.open("rb") as stream:
        reader = jsonlines.Reader(stream, loads=decode)
        number = 0
        while True:
            number += 1
            try:
                yield number, cast("T", reader.read())
            except EOFError:
                return
            except jsonlines.InvalidLineError as error:
                yield number, str(error.__cause__ or error)


def read_records(path: Path, type: type[T]) -> Iterator[T]:
    """Yield a JSONL file's records, typed; raises RunError naming the line that is no such record."""
    remedy = "Run onrecord again to write the folder anew."
    try:
        for number, record in read_lines(path, type):
            if isinstance(record, str):
                raise RunError(f"{path}, line {number}: not a record that onrecord writes ({record}).", remedy=remedy)
            yield record
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror or error}.", remedy=remedy) from error


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
def opened_output(folder: Path) -> Iterator[Path]:
    """Make the output folder ready and keep other runs out of it; yields its work folder.

    Raises RunError where it cannot be written, holds what no run wrote, or is in use.
    """
    remedy = "Name another folder with -o."
    new = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        foreign = next(_foreign(folder), None)
        if foreign is not None:
            raise RunError(f"{folder} holds {foreign}, which no run of onrecord wrote.", remedy=remedy)
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise RunError(f"{folder} cannot be used for output: {error.strerror}.", remedy=remedy) from error
    try:
        _lock(handle, folder)
        try:
            (folder / WORK).mkdir(exist_ok=True)
        except OSError as error:
            raise RunError(f"{folder} cannot be written to: {error.strerror}.", remedy=remedy) from error
        yield folder / WORK
    finally:
        os.close(handle)
        _remove_empty(folder / WORK / SHARDS, folder / WORK, *([folder] if new else []))


def publish(folder: Path, staged: Path, manifest: Manifest) -> None:
    """Put a run's staged files in their places and its manifest last.

    The old manifest goes first: whoever reads the folder in between finds no run, never a mixed one.
    """
    temporary = staged / MANIFEST
    with temporary.open("wb") as stream:
        stream.write(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
        to_disk(stream)
    (folder / MANIFEST).unlink(missing_ok=True)
    for name in RECORDS:
        (staged / name).replace(folder / name)
    shutil.rmtree(folder / TEXTS, ignore_errors=True)
    if (staged / TEXTS).is_dir():
        (staged / TEXTS).replace(folder / TEXTS)
    temporary.replace(folder / MANIFEST)


def store_text(folder: Path, text: str, text_sha256: str) -> None:
    """Store a canonical text as UTF-8 under its digest, once however many documents share it."""
    path = folder / f"{text_sha256}.txt"
    if not path.exists():
        with path.open("wb") as stream:
            stream.write(text.encode("utf-8", "surrogatepass"))
            to_disk(stream)


def holds_complete_run(folder: Path) -> bool:
    """Tell whether a folder holds the whole output of a run."""
    try:
        return read_manifest(folder).status == "complete"
    except RunError:
        return False


def _foreign(folder: Path) -> Iterator[str]:
    """Yield what lies in an output folder and is neither a run's own nor harmless."""
    own = {*RECORDS, TEXTS, MANIFEST, WORK} if _has_run(folder) else set()
    for entry in sorted(folder.iterdir()):
        if entry.name == TEXTS and TEXTS in own and entry.is_dir():
            yield from (f"{TEXTS}/{text.name}" for text in sorted(entry.iterdir()) if not _TEXT.fullmatch(text.name))
        elif entry.name not in own and entry.name not in HARMLESS:
            yield entry.name


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


def _lock(handle: int, folder: Path) -> None:
    try:
        import fcntl
    except ImportError:  # Windows has no advisory locks on folders
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise RunError(
            f"Another run is writing to {folder}.", remedy="Wait for it to end, or name another folder with -o."
        ) from error


def to_disk(stream: IO[bytes]) -> None:
    """Bring what was written to the disk, where a power cut can't lose it."""
    stream.flush()
    os.fsync(stream.fileno())
