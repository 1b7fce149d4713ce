"""The outcomes of a shard's documents, kept at once so that a run that was stopped can go on where it was.

``NAME.part`` begins with two lines, the run's signature (all that decides its output beside the documents) and the
shard's fingerprint; every further line is one document's outcome. Lines are only ever added, each in one go, so
that after a crash at most the last one is torn; it is dropped. Of a finished shard the file is called ``NAME.jsonl``
and holds its documents' outcomes in their order, and no others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pipeline.errors import RunError
from pipeline.locks import locked
from pipeline.outcome import Outcome
from pipeline.record_files import to_disk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import IO

UNFINISHED = "0" * 64
# Seconds to wait for another process to let go of a journal: a worker of a killed run sees with its next document that
# nobody listens; an NFS server gives up the locks of a machine that it has lost after 90.
PATIENCE = 120.0
_decode = msgspec.json.Decoder(Outcome).decode


class Journal:
    """The outcomes of one shard, found again by their documents' keys.

    An outcome may be kept (``add``) without being the shard's any more: ``take`` says which are, in order. Raises
    RunError where another process is at work on the shard.
    """

    def __init__(self, folder: Path, name: str, signature: str) -> None:
        self._part, self._done = folder / f"{name}.part", folder / f"{name}.jsonl"
        self._signature = signature
        self._places: dict[str, tuple[int, int]] = {}
        self._taken: dict[str, None] = {}
        if self._done.exists():
            self._done.replace(self._part)
        head = _head(signature, UNFINISHED)
        self._stream = self._locked()
        end = self._resume(len(head))
        self._stream.truncate(end)
        self._stream.seek(end)
        if not end:
            self._stream.write(head)
            self._stream.flush()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

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
        """Note that the document belongs to the shard, next in its order."""
        self._taken[key] = None

    def finish(self, fingerprint: str | None) -> None:
        """Close the journal of a shard whose documents were all taken; it survives a power cut when this returns."""
        self._tidy(_head(self._signature, fingerprint or UNFINISHED), list(self._taken))
        self._part.replace(self._done)

    def stop(self) -> None:
        """Close the journal of a shard that was interrupted: first what was taken, then what may yet be."""
        rest = [key for key in self._places if key not in self._taken]
        self._tidy(_head(self._signature, UNFINISHED), [*self._taken, *rest])

    def _tidy(self, head: bytes, keys: list[str]) -> None:
        """Bring these outcomes to the disk, in this order."""
        if keys == list(self._places):
            self._stream.seek(0)
            self._stream.write(head)
            to_disk(self._stream)
            self._stream.close()
            return
        new = self._part.with_suffix(".new")
        with new.open("wb") as stream:
            stream.write(head)
            for key in keys:
                start, length = self._places[key]
                self._stream.seek(start)
                stream.write(self._stream.read(length) + b"\n")
            to_disk(stream)
        self._stream.close()
        new.replace(self._part)

    def _locked(self) -> IO[bytes]:
        try:
            return locked(self._part, patience=PATIENCE)
        except BlockingIOError as error:
            raise RunError(
                f"Another process is at work on what {self._part} is for.",
                remedy="Wait for it to end; the same command then goes on where it was.",
            ) from error

    def _resume(self, head: int) -> int:
        """Find what an interrupted run of the same signature finished; returns the byte where whole lines end."""
        stream = self._stream
        if stream.readline() != self._signature.encode() + b"\n" or len(stream.readline()) <= len(UNFINISHED):
            return 0
        end = head
        for line in stream:
            outcome = _outcome(line)
            if outcome is None:
                break
            self._places[outcome.key] = (end, len(line) - 1)
            end += len(line)
        return end


def write_journal(
    folder: Path, name: str, signature: str, fingerprint: str | None, outcomes: Iterable[Outcome]
) -> None:
    """Write a finished shard's journal in one go."""
    with (folder / f"{name}.jsonl").open("wb") as stream:
        stream.write(_head(signature, fingerprint or UNFINISHED))
        for outcome in outcomes:
            stream.write(msgspec.json.encode(outcome) + b"\n")


def finished(folder: Path, name: str, signature: str, fingerprint: str | None) -> bool:
    """Tell whether a shard was finished by a run of the same signature, and its files are as they were."""
    if fingerprint is None:
        return False
    try:
        with (folder / f"{name}.jsonl").open("rb") as stream:
            head = _head(signature, fingerprint)
            return stream.read(len(head)) == head
    except OSError:
        return False


def whole(folder: Path, name: str, signature: str) -> bool:
    """Tell whether a shard was finished by a run of the same signature, whatever became of its files since."""
    try:
        with (folder / f"{name}.jsonl").open("rb") as stream:
            return stream.readline() == signature.encode() + b"\n"
    except OSError:
        return False


def outcomes(folder: Path, name: str, signature: str) -> Iterator[Outcome]:
    """Yield a shard's outcomes as far as there are any: of a finished one all, else those before it was stopped.

    Those of another signature are none. A document that was changed between two runs that were both stopped may have
    two; the first, newer one counts.
    """
    path = folder / f"{name}.jsonl"
    seen: set[str] = set()
    try:
        with (path if path.exists() else path.with_suffix(".part")).open("rb") as stream:
            if stream.readline() != signature.encode() + b"\n":
                return
            stream.readline()
            for line in stream:
                outcome = _outcome(line)
                if outcome is None:
                    return
                if outcome.document.uri not in seen:
                    yield outcome
                seen.add(outcome.document.uri)
    except FileNotFoundError:
        return


def _head(signature: str, fingerprint: str) -> bytes:
    return f"{signature}\n{fingerprint}\n".encode()


def _outcome(line: bytes) -> Outcome | None:
    """Return the outcome that a line holds; None where it is torn."""
    if not line.endswith(b"\n"):
        return None
    try:
        return _decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
