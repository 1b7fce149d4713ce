"""URLs → what lies there: files, folders and patterns of any store that fsspec knows (S3, GCS, HTTP, HDFS …)."""

from __future__ import annotations

import io
import re
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Any, cast

from msgspec import Struct

from pipeline.errors import DocumentError
from pipeline.read.extras import needed

if TYPE_CHECKING:
    from collections.abc import Iterator

# Under what names stores tell that a file has changed, the surest first.
_STAMPS = ("ETag", "etag", "md5Hash", "mtime", "LastModified", "last_modified", "updated", "created")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
# Bytes that are read ahead: lines are short, and asking a store takes long.
_AHEAD = 1 << 20


class Remote(Struct, frozen=True):
    """Opens the file at a URL; travels to other processes."""

    url: str

    def __call__(self) -> IO[bytes]:
        """Open the file for reading, as a stream that one can go back in; raises OSError or DocumentError."""
        store, path = _store(self.url)
        return io.BufferedReader(store.open(path, "rb"), _AHEAD)


class RemoteFile(Struct, frozen=True):
    """A file at a URL: where in the folder that was named (None if it was named itself or by a pattern), its size.

    ``stamp`` is another as soon as the file is, None where the store doesn't tell.
    """

    url: str
    inside: tuple[str, ...] | None
    size: int
    stamp: str | None


def is_url(name: str) -> bool:
    """Tell whether a name is a URL; one of ``file://`` is a path."""
    return _URL.match(name) is not None and not name.startswith("file://")


def files_at(url: str) -> Iterator[RemoteFile]:
    """Yield the file at a URL, those below it or those that fit it; hidden ones are left out unless named.

    Raises DocumentError where there is none or the store can't be asked.
    """
    store, path = _store(url)
    root = None
    named = False
    try:
        if any(sign in path for sign in "*?["):
            found = store.glob(path, detail=True)
        else:
            info = store.info(path)
            if info["type"] == "directory":
                found, root = store.find(path, detail=True), path
            else:
                found, named = {path: info}, True
    except OSError:
        raise
    except Exception as error:  # every store has errors of its own
        raise DocumentError(
            f"{url} can't be read: {type(error).__name__}: {error}.",
            remedy="Check the address, the network and your credentials for the store.",
            uri=url,
        ) from error
    if not found:
        raise FileNotFoundError(url)  # as where one file is named
    for name, info in found.items():
        inside = PurePosixPath(name).relative_to(root).parts if root is not None else None
        parts = inside or (PurePosixPath(name).name,)
        if info["type"] == "file" and (named or not any(part.startswith(".") for part in parts)):
            yield RemoteFile(store.unstrip_protocol(name), inside, info.get("size") or 0, _stamp(info))


def file_of(uri: str) -> str | None:
    """Return the URL of the file that a document's uri points into, None if it is lost; ``locate`` for paths."""
    while True:
        store, path = _store(uri)
        if store.isfile(path):
            return uri
        uri, mark, _ = uri.rpartition("#")
        if not mark:
            return None


def _stamp(info: dict[str, Any]) -> str | None:
    return next((f"{name} {info[name]}" for name in _STAMPS if info.get(name)), None)


def _store(url: str) -> tuple[Any, str]:
    """Return the store of a URL and the path in it; raises DocumentError where what reads it is not installed."""
    fsspec = needed("fsspec", "a URL", "remote", url)
    try:
        return cast("tuple[Any, str]", fsspec.url_to_fs(url))
    except (ImportError, ValueError) as error:  # no library for the store, no such protocol
        raise DocumentError(
            f"{url} can't be read: {error}",
            remedy="Install what reads such URLs: s3fs for s3://, gcsfs for gs://, aiohttp for https://, and so on.",
            uri=url,
        ) from error
