"""Shards on all cores: a process each, which is replaced when it dies.

Not a pool of the standard library's: those lose all their work, or hang, when one process is killed.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
from contextlib import suppress
from functools import partial
from multiprocessing.connection import wait
from typing import TYPE_CHECKING

from pipeline.errors import OnrecordError
from pipeline.outcome import Versions, versions_of
from pipeline.pool import MOST_MEMORY, PATIENCE, Begins, Died, Finished, Job, Message, Pool, Ready, Went, memory, wrong
from pipeline.shard import process_shard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.connection import Connection

    from pipeline.plan import Shard
    from pipeline.shard import Watch


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def process_in_workers(
    shards: Sequence[Shard], job: Job, workers: int, watch: Watch, know: Callable[[Versions], None]
) -> None:
    """Process the shards in so many processes; ``know`` is told the versions as soon as a worker has its tools.

    A worker that dies is replaced and its shard done again, from where it was; a document that was being processed at
    DEATHS deaths is left out as a failure. Raises the error that kept a worker from loading its tools.
    """
    Pool(shards, partial(_Worker, job), _heard, watch, know).run(workers)


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
        with suppress(OSError):  # it has died, as will be heard
            self.connection.send((shard, deadly))

    def leave(self) -> None:
        self.connection.close()

    def end(self) -> None:
        self.process.join(PATIENCE)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


def _heard(workers: list[_Worker]) -> Iterator[tuple[_Worker, Message]]:
    for connection in wait([worker.connection for worker in workers]):
        worker = next(w for w in workers if w.connection is connection)
        try:
            yield worker, worker.connection.recv()
        except (EOFError, OSError):
            worker.process.join()
            yield worker, Died(f"exit code {worker.process.exitcode}")


# ---------------------------------------------------------------- in the worker's process


class _Told:
    """Tells the parent how a shard goes on; KeyboardInterrupt as soon as nobody listens."""

    def __init__(self, connection: Connection, parent: int) -> None:
        self.connection, self.parent = connection, parent

    def begins(self, key: str) -> None:
        self.say(Begins(key))

    def went(self, *, bytes: int, documents: int = 0, words: int = 0, reused: int = 0) -> None:
        self.say(Went(bytes, documents, words, reused))

    def say(self, what: Message) -> None:
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
            try:
                process_shard(shard, job.options, tools, job.folder, signature, told, deadly)
            except OSError as error:
                told.say(wrong(error))
                return
            leaving = memory() > MOST_MEMORY
            told.say(Finished(leaving))
            if leaving:
                return
    except OnrecordError as error:
        with suppress(KeyboardInterrupt):
            told.say(wrong(error))
    except (KeyboardInterrupt, EOFError):
        return


def _die_with_the_parent() -> None:
    """Have Linux kill this process when the parent is killed, so that it doesn't go on for nobody."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
