"""The finished documents of a run that is not done yet, kept so that a stopped run can go on.

``.work/outcomes.jsonl`` begins with the signature of the run (all that decides its output beside
the documents); every further line is one document's outcome. Lines are only ever added, each in
one go, so that after a crash at most the last one is torn; it is dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import Raw, Struct

from pipeline.records import DocumentRecord, Failure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import IO

FILE = "outcomes.jsonl"


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of one document: its record, its statements as encoded, its failure if it failed.

    ``key`` tells the same document read again; ``text`` is its canonical text where that has to
    be stored beside the records.
    """

    key: str
    document: DocumentRecord
    statements: Raw = Raw(b"[]")
    failure: Failure | None = None
    text: str | None = None


class Journal:
    """The outcomes kept in a work folder, found again by their keys.

    An outcome may be kept (``add``) without belonging to this run: ``take`` says which do, in order.
    """

    def __init__(self, work: Path, signature: str) -> None:
        self._path = work / FILE
        self._places: dict[str, tuple[int, int]] = {}
        self._taken: dict[str, None] = {}
        head = msgspec.json.encode(signature) + b"\n"
        end = self._resume(head)
        self._stream: IO[bytes] = self._path.open("r+b" if end else "wb")
        self._stream.truncate(end)
        self._stream.seek(end)
        if not end:
            self._stream.write(head)
            self._stream.flush()

    def __contains__(self, key: str) -> bool:
        return key in self._places

    def add(self, outcome: Outcome) -> None:
        """Keep a finished document; it survives a killed process when this returns."""
        line = msgspec.json.encode(outcome)
        start = self._stream.tell()
        self._stream.write(line + b"\n")
        self._stream.flush()
        self._places[outcome.key] = (start, len(line))

    def take(self, key: str) -> None:
        """Note that the document belongs to this run, next in its order."""
        self._taken[key] = None

    def outcomes(self) -> Iterator[Outcome]:
        """Yield the documents of this run, in its order."""
        decode = msgspec.json.Decoder(Outcome).decode
        with self._path.open("rb") as stream:
            for key in self._taken:
                start, length = self._places[key]
                stream.seek(start)
                yield decode(stream.read(length))

    def close(self) -> None:
        """Stop writing."""
        self._stream.close()

    def _resume(self, head: bytes) -> int:
        """Find what an interrupted run of the same signature finished; returns the byte where whole lines end."""
        if not self._path.is_file():
            return 0
        decode = msgspec.json.Decoder(Outcome).decode
        with self._path.open("rb") as stream:
            if stream.readline() != head:
                return 0
            end = len(head)
            for line in stream:
                if not line.endswith(b"\n"):
                    break
                try:
                    outcome = decode(line)
                except (msgspec.DecodeError, UnicodeDecodeError):
                    break
                self._places[outcome.key] = (end, len(line) - 1)
                end += len(line)
        return end
