"""Inputs → shards: what is done at a time, wherever it is done.

The plan depends on the inputs alone, not on who works on it, so that the output does not either. Shards hold
inputs that follow each other; where one ends is decided by the inputs' own uris, so that a file that comes or goes
moves no border but those beside it and a later run finds the others' outcomes again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from pipeline.process import digest
from pipeline.read import Input
from pipeline.records import Failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# A shard ends behind an input of BYTES or more in all, behind the MOST-th, and behind one uri in MEAN: some ten
# seconds of work, enough to make the start of a shard nothing and little enough that no worker idles at the end.
BYTES = 256 * 1024
MOST = 256
MEAN = 64


class _State(Struct, frozen=True):
    """A file's size, and what is another when the file is; None where that can't be told."""

    size: int
    stamp: object


class Shard(Struct, frozen=True):
    """Inputs in the order of their uris, or what is wrong with them; ``name`` tells the shard in a later run.

    ``sizes`` are the inputs' bytes, 0 where unknown; ``fingerprint`` changes when one of the files does, None where
    that can't be told.
    """

    name: str
    items: tuple[Input | Failure, ...]
    sizes: tuple[int, ...]
    fingerprint: str | None


def plan(items: Iterable[Input | Failure]) -> Iterator[Shard]:
    """Yield the shards of the inputs, which come in the order of their uris."""
    found: list[Input | Failure] = []
    states: list[_State] = []
    size = 0
    for item in items:
        found.append(item)
        state = _state(item)
        states.append(state)
        size += state.size
        if size >= BYTES or len(found) >= MOST or _ends(item.uri):
            yield _shard(found, states)
            found, states, size = [], [], 0
    if found:
        yield _shard(found, states)


def _shard(items: list[Input | Failure], states: list[_State]) -> Shard:
    told = [(item.uri, state.size, state.stamp) for item, state in zip(items, states, strict=True)]
    certain = all(state.stamp or isinstance(item, Failure) for item, state in zip(items, states, strict=True))
    return Shard(
        name=digest(items[0].uri)[:20], items=tuple(items), sizes=tuple(state.size for state in states),
        fingerprint=digest(repr((told, items))) if certain else None,
    )  # fmt: skip


def _state(item: Input | Failure) -> _State:
    """Return a file's size and times; there are none where there is no file, or none any more."""
    if isinstance(item, Failure):
        return _State(0, None)
    if item.path is None:
        return _State(item.size, item.stamp)
    try:
        state = item.path.stat()
    except OSError:
        return _State(0, None)
    return _State(state.st_size, (state.st_mtime_ns, state.st_ctime_ns))


def _ends(uri: str) -> bool:
    return int(digest(uri)[:8], 16) % MEAN == 0
