"""A stream that one can go back in."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Bytes of a copy that is kept in memory; a larger one lies on the disk.
IN_MEMORY = 1 << 26


@contextmanager
def seekable(stream: IO[bytes]) -> Iterator[IO[bytes]]:
    """Yield the stream, or a copy of it where it can be read but once: standard input, what is unpacked."""
    if stream.seekable():
        yield stream
        return
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as copy:
        shutil.copyfileobj(stream, copy)
        copy.seek(0)
        yield copy
