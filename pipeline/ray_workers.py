"""Shards on a Ray cluster: an actor for each processor, on nodes that share a file system.

Ray starts the actors and tells when one has died; all they bring forth is in the journals, as with any worker. What an
actor is at stands in its note, a file in ``.work/workers/``: there it outlives the actor, and an actor whose note is
gone, since it is taken for dead or the run was stopped, ends with the document it is at.
"""

from __future__ import annotations

import importlib
import logging
import os
import platform
import signal
import threading
import uuid
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import structs

from pipeline.errors import OnrecordError, RunError
from pipeline.outcome import Versions, versions_of
from pipeline.pool import MOST_MEMORY, PATIENCE, Died, Finished, Job, Message, Pool, Ready, Went, memory, wrong
from pipeline.shard import process_shard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pipeline.plan import Shard
    from pipeline.shard import Watch

NOTES = "workers"


def process_on_ray(
    shards: Sequence[Shard], job: Job, workers: int, address: str | None, watch: Watch, know: Callable[[Versions], None]
) -> None:
    """Process the shards as ``process_in_workers`` does, on the Ray cluster at ``address``.

    Without an address that is the one Ray knows of (``RAY_ADDRESS``), else one of this machine alone. ``workers`` 0
    means as many as the cluster has processors now. Raises RunError where there is no Ray or no such cluster.
    """
    notes = job.folder.parent.absolute() / NOTES
    with _cluster(address) as ray:
        many = workers or int(ray.cluster_resources().get("CPU", 1))
        notes.mkdir(exist_ok=True)
        absolute = structs.replace(job, folder=job.folder.absolute())
        try:
            Pool(shards, lambda: _Worker(ray, absolute, notes / uuid.uuid4().hex), _heard, watch, know).run(many)
        finally:
            with suppress(OSError):
                notes.rmdir()


@contextmanager
def _cluster(address: str | None) -> Iterator[Any]:
    """Yield Ray, connected to a cluster; the connection of whoever has one already stays."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # onrecord tells nobody what it does
    try:
        ray = importlib.import_module("ray")
    except ImportError as error:
        raise RunError("The engine ray needs Ray.", remedy="Install it: pip install 'onrecord[ray]'") from error
    if ray.is_initialized():
        yield ray
        return
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise RunError(
            f"There is no Ray cluster{f' at {address}' if address else ''}: {error}",
            remedy="Start one (ray start --head), or name another with --address.",
        ) from error
    if threading.current_thread() is threading.main_thread():
        for number, handler in handlers.items():  # Ray has put its own in their place
            signal.signal(number, handler)
    try:
        yield ray
    finally:
        ray.shutdown()


class _Worker:
    """An actor, as the driver knows it."""

    def __init__(self, ray: Any, job: Job, note: Path) -> None:
        self.ray, self.note = ray, note
        note.touch()
        self.actor = ray.remote(num_cpus=1)(_Actor).remote(job, note, Path.cwd())
        self.pending = self.actor.load.remote()
        self.shard: Shard | None = None
        self.key: str | None = None

    def give(self, shard: Shard, deadly: frozenset[str]) -> None:
        self.shard, self.key = shard, None
        self.note.write_bytes(b"")
        self.pending = self.actor.process.remote(shard, deadly)

    def leave(self) -> None:
        self.note.unlink(missing_ok=True)

    def end(self) -> None:
        if self.shard is not None:
            self.ray.wait([self.pending], timeout=PATIENCE)
        self.ray.kill(self.actor)


def _heard(workers: list[_Worker]) -> Iterator[tuple[_Worker, Message]]:
    ray = workers[0].ray
    (ready,), _ = ray.wait([worker.pending for worker in workers])
    worker = next(w for w in workers if w.pending == ready)
    try:
        messages = ray.get(ready)
    except ray.exceptions.RayError as error:
        worker.key = worker.note.read_text("utf-8") or None
        messages = [Died(str(error).partition("\n")[0])]
    for message in messages:
        yield worker, message


# ---------------------------------------------------------------- in the actor's process


class _Actor:
    def __init__(self, job: Job, note: Path, base: Path) -> None:
        self.job, self.note, self.base = job, note, base

    def load(self) -> list[Message]:
        """Load the tools, once for all shards."""
        try:
            self._expect_shared_files()
            self.tools = self.job.load()
        except OnrecordError as error:
            return [wrong(error)]
        versions = versions_of(self.tools)
        self.signature = versions.signature(self.job.options)
        return [Ready(versions)]

    def process(self, shard: Shard, deadly: frozenset[str]) -> list[Message]:
        """Do a shard; returns how it went."""
        noted = _Noted(self.note)
        try:
            process_shard(shard, self.job.options, self.tools, self.job.folder, self.signature, noted, deadly)
        except KeyboardInterrupt:
            return [Died("it was told to leave")]
        except (OnrecordError, OSError) as error:
            return [wrong(error)]
        return [noted.sum, Finished(memory() > MOST_MEMORY)]

    def _expect_shared_files(self) -> None:
        """Go where the driver is, where paths mean the same; raises RunError on a node without the same files."""
        try:
            os.chdir(self.base)
            self.note.stat()
        except OSError as error:
            raise RunError(
                f"The node {platform.node()} does not see {error.filename}.",
                remedy="Work in a folder, and name an output, on a file system that all nodes share.",
            ) from error


class _Noted:
    """Notes what the actor is at, and sums up how it went; KeyboardInterrupt as soon as nobody listens."""

    def __init__(self, note: Path) -> None:
        self.note = note
        self.sum = Went(0, 0, 0, 0)

    def begins(self, key: str) -> None:
        try:
            with self.note.open("r+b") as file:  # which makes none
                file.write(key.encode())
                file.truncate()
        except FileNotFoundError as error:
            raise KeyboardInterrupt from error

    def went(self, *, bytes: int, documents: int = 0, words: int = 0, reused: int = 0) -> None:
        told = self.sum
        self.sum = Went(told.bytes + bytes, told.documents + documents, told.words + words, told.reused + reused)
