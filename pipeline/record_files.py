"""Records ↔ JSONL: ``NAME.jsonl``, or ``NAME-00000.jsonl.zst`` and so on where that would grow large."""

from __future__ import annotations

import hashlib
import os
import re
from typing import IO, TYPE_CHECKING, Any, TypeVar, cast

import jsonlines
import msgspec
from backports import zstd  # compression.zstd of Python 3.14
from msgspec import Struct

from pipeline.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

T = TypeVar("T")

# Bytes of JSONL, unpacked: what is larger becomes parts of so many.
PART = 64 * 1024 * 1024
LEVEL = 6
_PART = re.compile(r"[a-z]+-\d{5,}\.jsonl\.zst")
_AGAIN = "Run onrecord again to write the folder anew."


class OutputFile(Struct, frozen=True):
    """A published file: its digest, its size in bytes, the records in it."""

    sha256: str
    bytes: int
    records: int


class RecordWriter:
    """Writes records to ``NAME.jsonl`` in a folder, or to packed parts where they are more than PART bytes.

    What is written depends on the records alone; a part ends behind the record with which it reaches PART.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name
        self.files: dict[str, OutputFile] = {}
        self._whole = folder / f"{name}.jsonl"
        self._open()

    def _open(self) -> None:
        self._stream = self._whole.open("wb")
        self._writer = jsonlines.Writer(self._stream, dumps=_encoded)
        self._count = 0

    def write(self, record: Struct | bytes) -> None:
        """Write a record, or a line already encoded."""
        self._writer.write(record)
        self._count += 1
        if self._stream.tell() >= PART:
            self._pack()
            self._open()

    def close(self) -> dict[str, OutputFile]:
        """Bring what is left to the disk; returns the files by their names, in their order."""
        if self.files:
            if self._count:
                self._pack()
            else:
                self._stream.close()
                self._whole.unlink()
        else:
            to_disk(self._stream)
            self._stream.close()
            self.files[self._whole.name] = output_file(self._whole, self._count)
        return self.files

    def _pack(self) -> None:
        self._stream.close()
        path = self.folder / f"{self.name}-{len(self.files):05}.jsonl.zst"
        with self._whole.open("rb") as plain, path.open("wb") as stream:
            with zstd.ZstdFile(stream, "w", level=LEVEL) as packed:
                while block := plain.read(1 << 20):
                    packed.write(block)
            to_disk(stream)
        self._whole.unlink()
        self.files[path.name] = output_file(path, self._count)


def write_records(path: Path, records: Iterable[Struct | bytes]) -> None:
    """Write records to one file, however large."""
    with path.open("wb") as stream, jsonlines.Writer(stream, dumps=_encoded) as writer:
        writer.write_all(records)


def output_file(path: Path, records: int) -> OutputFile:
    """Return what the manifest says of a file."""
    return OutputFile(file_sha256(path), path.stat().st_size, records)


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file's bytes, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def to_disk(stream: IO[bytes]) -> None:
    """Bring what was written to the disk, where a power cut can't lose it."""
    stream.flush()
    os.fsync(stream.fileno())


def is_part(name: str) -> bool:
    """Tell whether a file's name is that of a packed part."""
    return _PART.fullmatch(name) is not None


def record_files(folder: Path, name: str) -> list[Path]:
    """Return the files that hold the records of a name, in their order; none where there are none."""
    parts = (path for path in folder.glob(f"{name}-*.jsonl.zst") if is_part(path.name))
    whole = folder / f"{name}.jsonl"
    return [*([whole] if whole.exists() else []), *sorted(parts, key=lambda path: (len(path.name), path.name))]


def read_lines(path: Path, type: type[T]) -> Iterator[tuple[int, T | str]]:
    """Yield every line's number, from 1, with its record, or with what is wrong where it holds none.

    Raises OSError where the file cannot be read or unpacked.
    """
    reader = jsonlines.Reader(lines_of(path), loads=msgspec.json.Decoder(type).decode)
    number = 0
    while True:
        number += 1
        try:
            yield number, cast("T", reader.read())
        except EOFError:
            return
        except jsonlines.InvalidLineError as error:
            yield number, str(error.__cause__ or error)


def lines_of(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file of records, packed or not; raises OSError where it cannot be read or unpacked."""
    with path.open("rb") as stream, zstd.ZstdFile(stream) if path.suffix == ".zst" else stream as plain:
        try:
            yield from plain
        except (EOFError, zstd.ZstdError) as error:
            raise OSError("it is damaged") from error


def read_records(folder: Path, name: str, type: type[T]) -> Iterator[T]:
    """Yield the records of a name, typed; raises RunError naming the line that is no such record."""
    files = record_files(folder, name)
    if not files:
        raise RunError(f"{folder} holds no {name}.jsonl.", remedy=_AGAIN)
    for path in files:
        try:
            for number, record in read_lines(path, type):
                if isinstance(record, str):
                    what = f"not a record that onrecord writes ({record})"
                    raise RunError(f"{path}, line {number}: {what}.", remedy=_AGAIN)
                yield record
        except OSError as error:
            raise RunError(f"{path} cannot be read: {error.strerror or error}.", remedy=_AGAIN) from error


def _encoded(record: Any) -> bytes:
    return record if isinstance(record, bytes) else msgspec.json.encode(record)
