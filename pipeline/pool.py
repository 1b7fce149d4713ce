"""Shards shared out among workers that may die, whatever these are: processes here, or actors of a Ray cluster.

A worker that dies is replaced and its shard done again from where it was; what kills its worker twice is left out.
"""

from __future__ import annotations

import os
from collections import Counter, deque
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from msgspec import Struct

from pipeline import errors
from pipeline.errors import OnrecordError, RunError
from pipeline.outcome import Options, Versions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from pipeline.plan import Shard
    from pipeline.process import Tools
    from pipeline.shard import Watch

# How often a document may kill its worker before it is left out, and each worker may die before it has begun.
DEATHS = 2
# A worker whose process has grown to so many bytes is replaced after its shard: spaCy keeps every word it has met.
MOST_MEMORY = 700 * 1024 * 1024
# Seconds that a worker has to put its journal in order when the run is interrupted.
PATIENCE = 5.0


class Job(Struct, frozen=True):
    """What every worker is told: how it gets its tools, the options, and where the journals are."""

    load: Callable[[], Tools]
    options: Options
    folder: Path


class Ready(Struct, frozen=True):
    """A worker has loaded its tools."""

    versions: Versions


class Begins(Struct, frozen=True):
    """A worker is about to process the document of this key."""

    key: str


class Went(Struct, frozen=True):
    """How much more of a shard is done."""

    bytes: int
    documents: int
    words: int
    reused: int


class Finished(Struct, frozen=True):
    """A shard is done; ``leaving`` says that its worker ends, to be replaced."""

    leaving: bool


class Wrong(Struct, frozen=True):
    """An expected error that ends the run."""

    error: str
    message: str
    remedy: str


class Died(Struct, frozen=True):
    """A worker is no more; ``how`` is for people."""

    how: str


Message = Ready | Begins | Went | Finished | Wrong | Died


class Worker(Protocol):
    """Who does one shard at a time. ``key`` is what it is at, as ``Watch.begins`` was told, None if unknown."""

    shard: Shard | None
    key: str | None

    def give(self, shard: Shard, deadly: frozenset[str]) -> None:
        """Have it do a shard, without what has killed others."""

    def leave(self) -> None:
        """Let it know that nobody listens any more: it puts its journal in order and ends."""

    def end(self) -> None:
        """Wait until it has ended, for PATIENCE at most; then kill it."""


W = TypeVar("W", bound=Worker)


class Pool(Generic[W]):
    """Has all shards done; ``hire`` starts a worker, ``wait`` gives what some of the workers say as soon as they do."""

    def __init__(
        self,
        shards: Sequence[Shard],
        hire: Callable[[], W],
        wait: Callable[[list[W]], Iterable[tuple[W, Message]]],
        watch: Watch,
        know: Callable[[Versions], None],
    ) -> None:
        self._todo = deque(shards)
        self._start, self._wait, self._watch, self._know = hire, wait, watch, know
        self._workers: list[W] = []
        self._killed: Counter[str] = Counter()
        self._stillborn = self._most_stillborn = 0

    def run(self, workers: int) -> None:
        """Have so many workers do all shards; raises the error that kept one from loading its tools."""
        self._most_stillborn = DEATHS * workers
        try:
            for _ in range(min(workers, len(self._todo))):
                self._hire()
            while self._workers:
                for worker, said in self._wait(self._workers):
                    self._hear(worker, said)
        finally:
            for worker in self._workers:
                worker.leave()
            for worker in self._workers:
                worker.end()

    def _hear(self, worker: W, said: Message) -> None:
        match said:
            case Ready(versions):
                self._know(versions)
                self._next(worker)
            case Begins(key):
                worker.key = key
            case Went(size, documents, words, reused):
                self._watch.went(bytes=size, documents=documents, words=words, reused=reused)
            case Finished(leaving):
                worker.shard = worker.key = None
                self._stillborn = 0
                if leaving:
                    self._retire(worker)
                    self._hire()
                else:
                    self._next(worker)
            case Wrong(error, message, remedy):
                raise getattr(errors, error)(message, remedy=remedy)
            case Died(how):
                self._bury(worker, how)

    def _next(self, worker: W) -> None:
        """Give a worker the next shard, or let it go."""
        if self._todo:
            worker.give(self._todo.popleft(), frozenset(k for k, times in self._killed.items() if times >= DEATHS))
        else:
            self._retire(worker)

    def _hire(self) -> None:
        if self._todo:
            self._workers.append(self._start())

    def _retire(self, worker: W) -> None:
        self._workers.remove(worker)
        worker.leave()
        worker.end()

    def _bury(self, worker: W, how: str) -> None:
        """Take in what a dead worker had."""
        self._workers.remove(worker)
        worker.leave()
        worker.end()
        if worker.shard is None:
            self._stillborn += 1
            if self._stillborn > self._most_stillborn:
                raise RunError(
                    f"Workers die before they begin ({how}).",
                    remedy="There may be too little memory for so many: try --workers 1.",
                )
        else:
            if worker.key is not None:
                self._killed[worker.key] += 1
            self._todo.appendleft(worker.shard)
        self._hire()


def wrong(error: OnrecordError | OSError) -> Wrong:
    """Return what a worker says of an error that ends the run; the file system's are those of its journals."""
    if isinstance(error, OnrecordError):
        return Wrong(type(error).__name__, error.message, error.remedy)
    return Wrong(
        "RunError", f"A worker could not write: {error.strerror or error}.",
        "Make room, or name another folder with -o; the same command goes on where this one stopped.",
    )  # fmt: skip


def memory() -> int:
    """Return the bytes of memory that this process holds now; 0 where that can't be told."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 (no path of the user's)
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
