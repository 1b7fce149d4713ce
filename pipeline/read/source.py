"""One thing to read, and its bytes: opening, bounds and the errors of the file system."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from msgspec import Struct

from pipeline.errors import DocumentError
from pipeline.read.packed import PACKINGS, Packing, unpacked
from pipeline.records import Format, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Bytes of one document, and of one line or row of a table. Processing takes about half a megabyte of
# memory and 80 ms of CPU for every kilobyte of text (measured at 100 and 400 kB), so that the longest
# document stays near 2 GB; the longest news texts are far below 1 MB.
MAX_BYTES = 4 * 1024 * 1024
# Of a file whose text is a small part of it, such as a PDF with pictures.
MAX_FILE = 256 * 1024 * 1024
STDIN_URI = "stdin:"

ARCHIVES = ("zip", "tar")

SUFFIXES: dict[str, Kind] = {
    ".txt": "text", ".text": "text",
    ".md": "markdown", ".markdown": "markdown",
    ".html": "html", ".htm": "html", ".xhtml": "html",
    ".pdf": "pdf",
    ".docx": "docx",
    ".eml": "eml",
    ".jsonl": "jsonl", ".ndjson": "jsonl",
    ".csv": "csv", ".tsv": "csv",
    ".parquet": "parquet",
    ".mbox": "mbox",
    ".warc": "warc",
    ".zip": "zip",
    ".tar": "tar",
}  # fmt: skip
MEDIA_TYPES: dict[Format, str] = {
    "text": "text/plain", "markdown": "text/markdown", "html": "text/html", "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "eml": "message/rfc822",
    "jsonl": "application/jsonl", "csv": "text/csv", "parquet": "application/vnd.apache.parquet",
}  # fmt: skip


class Input(Struct, frozen=True):
    """One thing to read: its uri in the records, how it is read, and where its bytes are.

    They are those of the file at ``path``; of a container's member or a file at a URL what ``open`` gives; else those
    of standard input; unpacked where there is a ``packing``. ``charset`` is the encoding named beside them. Of a file
    at a URL ``size`` and ``stamp`` are known beforehand: its bytes, and what is another when the file is, None if that
    can't be told.
    """

    path: Path | None
    uri: str
    format: Kind
    packing: Packing | None = None
    open: Callable[[], IO[bytes]] | None = None
    charset: str | None = None
    size: int = 0
    stamp: str | None = None

    @property
    def is_stdin(self) -> bool:
        """Whether it is standard input."""
        return self.path is None and self.open is None

    @property
    def rereadable(self) -> bool:
        """Whether the file at ``path`` is the document itself, byte for byte."""
        return self.path is not None and self.packing is None and self.open is None


def kind_of(name: str) -> tuple[Kind | None, Packing | None]:
    """Return what a file's suffixes tell, whatever their case: ``x.txt.gz`` is a packed text; None for unknown ones."""
    path = PurePosixPath(name.lower())
    if path.suffix == ".tgz":
        return "tar", "gz"
    packing = PACKINGS.get(path.suffix)
    kind = SUFFIXES.get(PurePosixPath(path.stem).suffix if packing else path.suffix)
    return kind, None if (kind, packing) == ("warc", "gz") else packing  # each record of a WARC is packed by itself


def uri_of(path: Path, base: Path) -> str:
    """Return a file's uri: relative to ``base`` with ``/``, or ``file:///…`` where it lies elsewhere.

    A relative uri is the path as it stands, nothing escaped, save that bytes of a file name which
    are no valid UTF-8 are written ``%FF``. Symbolic links are not resolved in the part below ``base``.
    """
    full = base / path
    lexical = full.parent.resolve() / full.name if ".." in full.parts else Path(os.path.normpath(full))
    for root in (base, base.resolve()):
        if lexical.is_relative_to(root):
            return escape(lexical.relative_to(root).as_posix())
    parent = lexical.parent.resolve() / lexical.name
    if parent.is_relative_to(base.resolve()):
        return escape(parent.relative_to(base.resolve()).as_posix())
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
    """Open an input for reading bytes, unpacked; raises DocumentError with what to do about it."""
    with file_errors(source.uri), _stream(source) as stream:
        yield unpacked(stream, source.packing, source.uri) if source.packing else stream


def _stream(source: Input) -> AbstractContextManager[IO[bytes]]:
    if source.open is not None:
        return source.open()
    if source.path is None:
        return nullcontext(sys.stdin.buffer)
    refuse_special(source.path, source.uri)
    return source.path.open("rb")


def raw_bytes(source: Input, most: int | None = None) -> bytes:
    """Return an input's bytes; raises DocumentError, also where they exceed ``most`` (default: ``MAX_BYTES``)."""
    most = MAX_BYTES if most is None else most
    with opened(source) as stream:
        raw = stream.read(most + 1)
    if len(raw) > most:
        raise DocumentError(
            f"{source.uri} holds more than {most:,} bytes, too many for one document.",
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


def escape(path: str) -> str:
    """Write bytes of a file name that are no valid UTF-8, which Python keeps as halves of surrogates, as ``%FF``."""
    return "".join(f"%{ord(c) - 0xDC00:02X}" if 0xDC80 <= ord(c) <= 0xDCFF else c for c in path)


def _paths(uri: str, base: Path) -> Iterator[Path]:
    """Yield the paths a uri without member may stand for: as it is, then with ``%FF`` undone."""
    if uri.startswith("file://"):
        yield Path(os.fsdecode(unquote_to_bytes(uri.removeprefix("file://"))))
        return
    yield base / uri
    if "%" in uri:
        yield base / os.fsdecode(unquote_to_bytes(uri))
