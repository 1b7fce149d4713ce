"""ZIP and TAR archives → the documents in them, read where they lie: nothing is written to the disk."""

from __future__ import annotations

import struct
import tarfile
import zipfile
from contextlib import contextmanager
from functools import partial
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING

from pipeline.errors import DocumentError
from pipeline.read.packed import FREE, RATIO, bomb, bounded
from pipeline.read.source import ARCHIVES, Input, escape, kind_of, opened
from pipeline.read.spool import seekable
from pipeline.records import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ENCRYPTED = 1


def zip_members(source: Input) -> Iterator[Input | Failure | DocumentError]:
    """Yield what a ZIP archive holds, in its order, each to be read before the next; raises DocumentError."""
    with opened(source) as stream, seekable(stream) as file, _archive_errors(source), zipfile.ZipFile(file) as archive:
        names = _Names(source)
        packed = sum(info.compress_size for info in archive.infolist())
        if sum(info.file_size for info in archive.infolist()) > FREE + RATIO * packed:
            raise bomb(source.uri)
        for info in archive.infolist():
            if info.is_dir():
                continue
            member = names.member(info.filename, partial(_opened, archive, info))
            if isinstance(member, Input) and info.flag_bits & _ENCRYPTED:
                yield _refused(member.uri, "is protected by a password", "Unpack the archive yourself.")
            elif member is not None:
                yield member


def tar_members(source: Input) -> Iterator[Input | Failure | DocumentError]:
    """Yield what a TAR archive holds, in its order, each to be read before the next; raises DocumentError."""
    with opened(source) as stream, _archive_errors(source), tarfile.open(fileobj=stream, mode="r|") as archive:
        names = _Names(source)
        for info in archive:
            if info.isdir():
                continue
            member = names.member(info.name, partial(_extracted, archive, info))
            if isinstance(member, Input) and (not info.isreg() or info.issparse()):
                yield _refused(member.uri, "is a link, a device or full of holes", "Add the file itself.")
            elif member is not None:
                yield member


class _Names:
    """The members' uris: ``archive#path``, and ``@2`` and so on behind a path that came before."""

    def __init__(self, source: Input) -> None:
        self.source = source
        self.seen: dict[str, int] = {}

    def member(self, name: str, open: Callable[[str], IO[bytes]]) -> Input | Failure | DocumentError | None:
        """Return a member as an input, or why it is none; None for a hidden file. ``open`` is given its uri."""
        path = PurePosixPath(name.replace("\\", "/"))
        inside = path.parts
        times = self.seen[name] = self.seen.get(name, 0) + 1
        uri = f"{self.source.uri}#{escape(name)}" + (f"@{times}" if times > 1 else "")
        if path.is_absolute() or ".." in inside or inside[0].endswith(":"):
            return _refused(uri, "would climb out of its archive", "Whoever made the archive may mean harm.")
        if any(part.startswith(".") or part == "__MACOSX" for part in inside):
            return None
        kind, packing = kind_of(path.name)
        if kind is None:
            return Failure(
                uri=uri, stage="skipped:unknown-format", error="Its suffix is none that is read.",
                remedy="Unpack the archive and name the file itself, or use --format.",
            )  # fmt: skip
        if kind in ARCHIVES:
            return Failure(
                uri=uri, stage="skipped:nested-archive", error="It is an archive within an archive.",
                remedy="Unpack the outer one.",
            )  # fmt: skip
        return Input(None, uri, kind, packing, partial(open, uri))


def _opened(archive: zipfile.ZipFile, info: zipfile.ZipInfo, uri: str) -> IO[bytes]:
    try:
        return bounded(archive.open(info), uri, info.compress_size)
    except NotImplementedError as error:
        raise _refused(uri, "is packed in a way that is not read", "Pack it as “deflate”.") from error
    except zipfile.BadZipFile as error:
        raise _refused(uri, f"is damaged ({error})", "Fetch or pack the archive again.") from error


def _extracted(archive: tarfile.TarFile, info: tarfile.TarInfo, uri: str) -> IO[bytes]:
    stream = archive.extractfile(info)
    assert stream is not None, "only regular files are read"  # noqa: S101
    return bounded(stream, uri, info.size)


@contextmanager
def _archive_errors(source: Input) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, tarfile.ReadError, EOFError, NotImplementedError, struct.error) as error:
        raise _refused(
            source.uri,
            f"is damaged, cut short or no {source.format.upper()} archive ({error})",
            "Fetch or pack it again.",
        ) from error


def _refused(uri: str, what: str, remedy: str) -> DocumentError:
    return DocumentError(f"{uri} {what}.", remedy=remedy, uri=uri)
