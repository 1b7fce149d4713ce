"""Compressed bytes → bytes, bounded: a small file that unfolds without end is an error, not a full memory."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, Literal

from backports import zstd  # compression.zstd of Python 3.14

from pipeline.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Buffer

Packing = Literal["gz", "zst"]
PACKINGS: dict[str, Packing] = {".gz": "gz", ".zst": "zst", ".zstd": "zst"}
# Text packs to a fifth of its size or so, repetitive markup to a hundredth; what unfolds beyond FREE bytes
# to more than RATIO times its size was made to do harm.
FREE = 64 * 1024 * 1024
RATIO = 200


def unpacked(stream: IO[bytes], packing: Packing, uri: str) -> IO[bytes]:
    """Return the bytes that ``stream`` unpacks to; reading them raises DocumentError where it is damaged or a bomb."""
    packed = _Counted(stream)
    inner = gzip.GzipFile(fileobj=packed) if packing == "gz" else zstd.ZstdFile(packed)  # type: ignore[call-overload]
    return io.BufferedReader(_Bounded(inner, uri, lambda: packed.count), 1 << 16)


def bounded(inner: IO[bytes], uri: str, packed: int) -> IO[bytes]:
    """Return the bytes of a stream that unpacks so many bytes; errors as of ``unpacked``."""
    return io.BufferedReader(_Bounded(inner, uri, lambda: packed), 1 << 16)


def bomb(uri: str) -> DocumentError:
    """Return the error for what unfolds to far more than its size."""
    return DocumentError(
        f"{uri} unfolds to more than {RATIO} times its size.",
        remedy="It looks like a bomb, made to fill memory and disk. If it is not, unpack it yourself.",
        uri=uri,
    )


class _Counted:
    """A stream, perhaps a pipe, and how many bytes were read of it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self.count = 0

    def read(self, size: int = -1) -> bytes:
        block = self.stream.read(size)
        self.count += len(block)
        return block


class _Bounded(io.RawIOBase):
    def __init__(self, inner: IO[bytes], uri: str, taken: Callable[[], int]) -> None:
        self.inner = inner
        self.uri = uri
        self.taken = taken
        self.count = 0

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: Buffer) -> int:
        """Fill a buffer; returns how many bytes, 0 at the end."""
        view = memoryview(buffer)
        try:
            block = self.inner.read(len(view))
        except EOFError as error:
            raise self._damaged("ends in the middle") from error
        except (gzip.BadGzipFile, zlib.error, zstd.ZstdError, zipfile.BadZipFile, tarfile.ReadError) as error:
            raise self._damaged("is damaged") from error
        self.count += len(block)
        if self.count > FREE + RATIO * self.taken():
            raise bomb(self.uri)
        view[: len(block)] = block
        return len(block)

    def _damaged(self, what: str) -> DocumentError:
        return DocumentError(
            f"{self.uri} {what}: it can't be unpacked.", remedy="Fetch or pack it again.", uri=self.uri
        )
