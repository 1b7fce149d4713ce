"""Locks on files, which other processes see, on this machine and on all that share its file system."""

from __future__ import annotations

import os
import time
from typing import IO, TYPE_CHECKING

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from pathlib import Path


def locked(path: Path, *, shared: bool = False, patience: float = 0.0) -> IO[bytes]:
    """Return a file open for reading and writing, made if need be, locked for as long as it is open.

    ``shared`` locks let each other in. Raises BlockingIOError where another process holds the file for longer than
    ``patience`` seconds, OSError where it can't be made or the file system knows no locks. Windows locks nothing.
    """
    until = time.monotonic() + patience
    while True:
        stream = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+b")
        try:
            if fcntl is not None:
                fcntl.flock(stream, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
            if _lies_at(stream, path):
                return stream
        except BlockingIOError:
            if time.monotonic() >= until:
                stream.close()
                raise
            time.sleep(0.1)
        except OSError:
            stream.close()
            raise
        stream.close()


def _lies_at(stream: IO[bytes], path: Path) -> bool:
    """Tell whether an open file is still the one of its name: whoever held it may have renamed or removed it."""
    try:
        return os.path.samestat(os.fstat(stream.fileno()), path.stat())
    except FileNotFoundError:
        return False
