"""One shard → its journal: the function that every engine calls, as often as it takes; done twice it is done once."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from pipeline.errors import DocumentError
from pipeline.journal import Journal, finished, outcomes
from pipeline.outcome import FAULT, failed, key_of, not_read, outcome_of
from pipeline.read import read
from pipeline.records import Document, Failure

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from pipeline.outcome import Options, Outcome
    from pipeline.plan import Shard
    from pipeline.process import Tools
    from pipeline.read import Input


logger = logging.getLogger(__name__)

KILLED = "has killed a worker twice."
MEMORY = "It may need more memory than there is: give onrecord more, or split the document. Please report it."


class Watch(Protocol):
    """Who is told how a shard goes on."""

    def begins(self, key: str) -> None:
        """Note what is about to be done: a document processed, or an input's next document read."""

    def went(self, *, bytes: int, documents: int = 0, words: int = 0, reused: int = 0) -> None:
        """Note how much more is done."""


def process_shard(
    shard: Shard, options: Options, tools: Tools, folder: Path, signature: str, watch: Watch,
    deadly: Collection[str] = (),
) -> None:  # fmt: skip
    """Bring the outcomes of a shard's documents into its journal in ``folder``.

    ``deadly`` are those of the keys told to ``watch`` at which processes have died: what they stand for fails without
    being tried. On KeyboardInterrupt what is done is kept.
    """
    if finished(folder, shard.name, signature, shard.fingerprint):
        reused = sum(o.document.status in ("ok", "empty") for o in outcomes(folder, shard.name, signature))
        watch.went(bytes=sum(shard.sizes), documents=reused, reused=reused)
        return
    with Journal(folder, shard.name, signature) as journal:
        try:
            _process(shard, options, tools, journal, watch, deadly)
        except KeyboardInterrupt:
            journal.stop()
            raise
        journal.finish(shard.fingerprint)


def _process(
    shard: Shard, options: Options, tools: Tools, journal: Journal, watch: Watch, deadly: Collection[str]
) -> None:
    for item, size in zip(shard.items, shard.sizes, strict=True):
        within = 0
        for found in _documents(item, options, watch, deadly):
            key = key_of(found)
            reused = key in journal
            if not reused:
                watch.begins(key)
                journal.add(_killer(key, found) if key in deadly else outcome_of(key, found, options, tools))
            journal.take(key)
            if isinstance(found, Document):
                step = min(size - within, found.raw_bytes)
                within += step
                words = found.text.count(" ") + 1  # near enough for a rate
                watch.went(bytes=step, documents=1, words=words, reused=int(reused))
        watch.went(bytes=size - within)


def _documents(
    item: Input | Failure, options: Options, watch: Watch, deadly: Collection[str]
) -> Iterator[Document | Failure]:
    """Yield an input's documents, or what is wrong with them; a bug in a reader ends the input, never the shard."""
    if isinstance(item, Failure):
        yield item
        return
    reading = f"read {item.uri}"
    if reading in deadly:
        yield Failure(uri=item.uri, stage="read", error=f"Reading {item.uri} {KILLED}", remedy=MEMORY)
        return
    watch.begins(reading)
    try:
        for found in read(item, text_field=options.text_field, id_field=options.id_field):
            yield failure_of(found) if isinstance(found, DocumentError) else found
            watch.begins(reading)
    except Exception as error:
        logger.exception("%s could not be read", item.uri)
        yield Failure(uri=item.uri, stage="read", error=f"{type(error).__name__}: {error}", remedy=FAULT)


def failure_of(error: DocumentError) -> Failure:
    """Return an error as the record that tells it."""
    return Failure(uri=error.uri, stage=error.stage, error=error.message, remedy=error.remedy)


def _killer(key: str, item: Document | Failure) -> Outcome:
    if isinstance(item, Failure):
        return not_read(key, item)
    return failed(key, item, f"Processing it {KILLED}", MEMORY)
