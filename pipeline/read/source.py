"""One thing to read, and its bytes: opening, bounds and the errors of the file system."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from msgspec import Struct

from pipeline.errors import DocumentError
from pipeline.records import Format

if TYPE_CHECKING:
    from collections.abc import Iterator

# Bytes of one document, and of one line or row of a table. Processing takes about half a megabyte of
# memory and 80 ms of CPU for every kilobyte of text (measured at 100 and 400 kB), so that the longest
# document stays near 2 GB; the longest news texts are far below 1 MB.
MAX_BYTES = 4 * 1024 * 1024
STDIN_URI = "stdin:"

SUFFIXES: dict[str, Format] = {
    ".txt": "text", ".text": "text",
    ".md": "markdown", ".markdown": "markdown",
    ".html": "html", ".htm": "html", ".xhtml": "html",
    ".jsonl": "jsonl", ".ndjson": "jsonl",
    ".csv": "csv", ".tsv": "csv",
}  # fmt: skip
MEDIA_TYPES: dict[Format, str] = {
    "text": "text/plain", "markdown": "text/markdown", "html": "text/html",
    "jsonl": "application/jsonl", "csv": "text/csv",
}  # fmt: skip


class Input(Struct, frozen=True):
    """A file, or standard input (``path`` None), its uri in the records, and how it is read."""

    path: Path | None
    uri: str
    format: Format


def format_of(path: Path) -> Format | None:
    """Return the format that a file's suffix names, whatever its case; None for an unknown one."""
    return SUFFIXES.get(path.suffix.lower())


def uri_of(path: Path, base: Path) -> str:
    """Return a file's uri: relative to ``base`` with ``/``, or ``file:///…`` where it lies elsewhere.

    A relative uri is the path as it stands, nothing escaped, save that bytes of a file name which
    are no valid UTF-8 are written ``%FF``. Symbolic links are not resolved in the part below ``base``.
    """
    full = base / path
    lexical = full.parent.resolve() / full.name if ".." in full.parts else Path(os.path.normpath(full))
    for root in (base, base.resolve()):
        if lexical.is_relative_to(root):
            return _escape(lexical.relative_to(root).as_posix())
    parent = lexical.parent.resolve() / lexical.name
    if parent.is_relative_to(base.resolve()):
        return _escape(parent.relative_to(base.resolve()).as_posix())
    return lexical.absolute().as_uri()


def locate(uri: str, base: Path) -> Path | None:
    """Return the file that a document's uri points into, or None for standard input and lost files.

    The reverse of ``uri_of``, for whoever checks records against their sources: tells a table's
    ``path#member`` from a ``#`` in a file's name by looking which of them exists.
    """
    if uri == STDIN_URI or uri.startswith(STDIN_URI + "#"):
        return None
    whole = uri
    while True:
        for path in _paths(whole, base):
            if path.is_file():
                return path
        whole, mark, _ = whole.rpartition("#")
        if not mark:
            return None


@contextmanager
def opened(source: Input) -> Iterator[IO[bytes]]:
    """Open an input for reading bytes; raises DocumentError with what to do about it."""
    if source.path is None:
        yield sys.stdin.buffer
        return
    with file_errors(source.uri):
        refuse_special(source.path, source.uri)
        with source.path.open("rb") as stream:
            yield stream


def raw_bytes(source: Input) -> bytes:
    """Return an input's bytes; raises DocumentError, also where they exceed ``MAX_BYTES``."""
    with opened(source) as stream:
        raw = stream.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise DocumentError(
            f"{source.uri} holds more than {MAX_BYTES:,} bytes, too many for one document.",
            remedy="Split it, or give a collection of documents as JSONL or CSV.",
            uri=source.uri,
        )
    return raw


def refuse_special(path: Path, uri: str) -> None:
    """Raise DocumentError for what is no regular file: opening a pipe or device may never return."""
    mode = path.stat().st_mode
    if stat.S_ISREG(mode):
        return
    kinds = {stat.S_ISDIR: "a folder", stat.S_ISFIFO: "a pipe", stat.S_ISSOCK: "a socket"}
    kind = next((name for test, name in kinds.items() if test(mode)), "a device")
    raise DocumentError(
        f"{uri} is {kind}, not a regular file.", remedy="Give a file; standard input is read with “-”.", uri=uri
    )


@contextmanager
def file_errors(uri: str) -> Iterator[None]:
    """Turn the file system's errors into DocumentErrors that say what to do."""
    try:
        yield
    except FileNotFoundError as error:
        raise DocumentError(
            f"{uri} does not exist.", remedy="Check the path; it may have been moved or deleted meanwhile.", uri=uri
        ) from error
    except PermissionError as error:
        raise DocumentError(
            f"{uri} may not be read: permission denied.", remedy="Give yourself the right to read it.", uri=uri
        ) from error
    except OSError as error:
        raise DocumentError(
            f"{uri} can't be read: {error.strerror or error}.", remedy="Check the file and its disk.", uri=uri
        ) from error


def _escape(path: str) -> str:
    return "".join(f"%{ord(c) - 0xDC00:02X}" if 0xDC80 <= ord(c) <= 0xDCFF else c for c in path)


def _paths(uri: str, base: Path) -> Iterator[Path]:
    """Yield the paths a uri without member may stand for: as it is, then with ``%FF`` undone."""
    if uri.startswith("file://"):
        yield Path(os.fsdecode(unquote_to_bytes(uri.removeprefix("file://"))))
        return
    yield base / uri
    if "%" in uri:
        yield base / os.fsdecode(unquote_to_bytes(uri))
