"""Shards on all cores: a process each, which is replaced when it dies.

Not a pool of the standard library's: those lose all their work, or hang, when one process is killed.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
from collections import Counter, deque
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from pipeline import errors
from pipeline.errors import OnrecordError, RunError
from pipeline.outcome import Options, Versions, versions_of
from pipeline.shard import process_shard

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.connection import Connection
    from pathlib import Path

    from pipeline.plan import Shard
    from pipeline.process import Tools
    from pipeline.shard import Watch

# How often a document may kill its worker before it is left out, and workers may die before they have begun.
DEATHS = 2
# A worker whose process has grown to so many bytes is replaced after its shard: spaCy keeps every word it has met.
MOST_MEMORY = 700 * 1024 * 1024
# Seconds that a worker has to put its journal in order when the run is interrupted.
PATIENCE = 5.0


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


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


class _Worker:
    def __init__(self, job: Job) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(job, theirs, os.getpid()), daemon=True)
        self.process.start()
        theirs.close()
        self.shard: Shard | None = None
        self.key: str | None = None

    def give(self, shard: Shard, deadly: frozenset[str]) -> None:
        self.shard, self.key = shard, None
        self.connection.send((shard, deadly))

    def end(self) -> None:
        self.connection.close()
        self.process.join(PATIENCE)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


def process_in_workers(
    shards: Sequence[Shard], job: Job, workers: int, watch: Watch, know: Callable[[Versions], None]
) -> None:
    """Process the shards in so many processes; ``know`` is told the versions as soon as a worker has its tools.

    A worker that dies is replaced and its shard done again, from where it was; a document that was being processed at
    DEATHS deaths is left out as a failure. Raises the error that kept a worker from loading its tools.
    """
    pool = _Pool(shards, job, watch, know)
    try:
        pool.run(workers)
    finally:
        pool.end()


class _Pool:
    def __init__(self, shards: Sequence[Shard], job: Job, watch: Watch, know: Callable[[Versions], None]) -> None:
        self.todo = deque(shards)
        self.job, self.watch, self.know = job, watch, know
        self.workers: list[_Worker] = []
        self.killed: Counter[str] = Counter()
        self.stillborn = 0

    def run(self, workers: int) -> None:
        self.workers = [_Worker(self.job) for _ in range(min(workers, len(self.todo)))]
        while self.workers:
            for connection in wait([worker.connection for worker in self.workers]):
                worker = next(w for w in self.workers if w.connection is connection)
                try:
                    self.hear(worker, worker.connection.recv())
                except (EOFError, OSError):
                    self.bury(worker)

    def hear(self, worker: _Worker, said: Any) -> None:
        match said:
            case Ready(versions):
                self.know(versions)
                self.next(worker)
            case Begins(key):
                worker.key = key
            case Went(size, documents, words, reused):
                self.watch.went(bytes=size, documents=documents, words=words, reused=reused)
            case Finished(leaving):
                worker.shard = worker.key = None
                if leaving:
                    self.retire(worker)
                    self.hire()
                else:
                    self.next(worker)
            case Wrong(error, message, remedy):
                raise getattr(errors, error)(message, remedy=remedy)

    def next(self, worker: _Worker) -> None:
        """Give a worker the next shard, or let it go."""
        if self.todo:
            worker.give(self.todo.popleft(), frozenset(k for k, times in self.killed.items() if times >= DEATHS))
        else:
            self.retire(worker)

    def hire(self) -> None:
        if self.todo:
            self.workers.append(_Worker(self.job))

    def retire(self, worker: _Worker) -> None:
        self.workers.remove(worker)
        worker.end()

    def bury(self, worker: _Worker) -> None:
        """Take in what a dead worker had."""
        self.workers.remove(worker)
        worker.process.join()
        if worker.shard is None:
            self.stillborn += 1
            if self.stillborn > DEATHS:
                raise RunError(
                    f"Workers die before they begin (exit code {worker.process.exitcode}).",
                    remedy="There may be too little memory for so many: try --workers 1.",
                )
            self.workers.append(_Worker(self.job))
            return
        if worker.key is not None:
            self.killed[worker.key] += 1
        self.todo.appendleft(worker.shard)
        self.hire()

    def end(self) -> None:
        """Let all workers end: they put their journals in order as soon as they see that nobody listens."""
        for worker in self.workers:
            worker.connection.close()
        for worker in self.workers:
            worker.end()


# ---------------------------------------------------------------- in the worker's process


class _Told:
    """Tells the parent how a shard goes on; KeyboardInterrupt as soon as nobody listens."""

    def __init__(self, connection: Connection, parent: int) -> None:
        self.connection, self.parent = connection, parent

    def begins(self, key: str) -> None:
        self.say(Begins(key))

    def went(self, *, bytes: int, documents: int = 0, words: int = 0, reused: int = 0) -> None:
        self.say(Went(bytes, documents, words, reused))

    def say(self, what: Struct) -> None:
        if os.getppid() != self.parent:
            raise KeyboardInterrupt
        try:
            self.connection.send(what)
        except OSError as error:
            raise KeyboardInterrupt from error


def _work(job: Job, connection: Connection, parent: int) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the parent is told, and tells
    _die_with_the_parent()
    told = _Told(connection, parent)
    try:
        tools = job.load()
        versions = versions_of(tools)
        told.say(Ready(versions))
        signature = versions.signature(job.options)
        while True:
            shard, deadly = connection.recv()
            process_shard(shard, job.options, tools, job.folder, signature, told, deadly)
            leaving = _memory() > MOST_MEMORY
            told.say(Finished(leaving))
            if leaving:
                return
    except OnrecordError as error:
        told.say(Wrong(type(error).__name__, error.message, error.remedy))
    except (KeyboardInterrupt, EOFError):
        return


def _die_with_the_parent() -> None:
    """Have Linux kill this process when the parent is killed, so that no two runs write to one journal."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def _memory() -> int:
    """Return the bytes of memory that this process holds now; 0 where that can't be told."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 (no path of the user's)
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
