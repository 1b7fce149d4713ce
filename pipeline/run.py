"""A set of inputs → a run's folder.

Every finished document is kept in ``.work/`` at once, so that a run that was stopped goes on where
it was; the published files are put together from there at the end, in the order of the inputs.
"""

from __future__ import annotations

import hashlib
import logging
import platform
import shutil
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec import Raw, Struct, structs

from pipeline.errors import DocumentError, RunError
from pipeline.interrupts import held_interrupts
from pipeline.journal import Journal, Outcome
from pipeline.process import digest, document_id, process
from pipeline.read import Input, discover, read, uri_of
from pipeline.records import DocumentRecord, Failure, Format, Notice, Voice
from pipeline.write import (
    DOCUMENTS,
    FAILURES,
    STATEMENTS,
    TEXTS,
    InputFile,
    Manifest,
    OutputFile,
    file_sha256,
    holds_complete_run,
    opened_output,
    publish,
    store_text,
    write_records,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pipeline.process import Result, Tools
    from pipeline.records import Document, Statement

logger = logging.getLogger(__name__)

Status = Literal["complete", "interrupted"]
# Whose versions decide what comes out, beside onrecord's own; the manifest names them.
LIBRARIES = ("spacy", "onnxruntime", "numpy", "msgspec", "trafilatura", "charset-normalizer", "textacy")


class Options(Struct, frozen=True, kw_only=True):
    """What a user may choose about a run; part of what decides its output."""

    format: Format | None = None
    text_field: str = "text"
    id_field: str | None = None
    include: tuple[str, ...] = ()
    only: Literal["all", "quotes"] = "all"


class Summary(Struct, frozen=True, kw_only=True):
    """What a run did, for people and scripts.

    ``documents`` counts those processed (empty ones too), ``reused`` those of them that an earlier,
    interrupted run had finished; ``quotations`` are those inside statements. ``published`` is False
    where an interrupted run left the folder's earlier, complete results in their places.
    """

    output: str
    status: Status
    published: bool = True
    documents: int = 0
    failed: int = 0
    skipped: int = 0
    reused: int = 0
    statements: int = 0
    quotations: int = 0
    failures: tuple[Failure, ...] = ()


class Progress(Struct, frozen=True):
    """How far a run is: bytes of input done and in all (0 if unknown), documents and words done."""

    bytes_done: int
    bytes_in_all: int
    documents: int
    words: int


def run(
    paths: Sequence[str],
    output: Path,
    options: Options,
    load: Callable[[], Tools],
    report: Callable[[Progress], None] = lambda _: None,
) -> Summary:
    """Process everything at ``paths`` into the folder ``output``.

    ``load`` gives the tools, called once it is sure that there is work; ``report`` is called after
    every document. What lies inside ``output`` is not read. On KeyboardInterrupt what is done is
    published with the status ``interrupted``, unless the folder holds a complete run: that stays
    until a new one is complete. Raises RunError, ModelError and RuleError where the run cannot start
    or go on.
    """
    started = _now()
    base = Path.cwd()
    todo = _discover(paths, output, options, base)
    with opened_output(output) as work, _disk_errors(output):
        tools: Tools | None = None
        journal: Journal | None = None
        status: Status = "complete"
        reused = 0
        try:
            tools = load()
            journal = Journal(work, _signature(tools, options))
            reused = _process_all(todo, options, tools, journal, report)
        except KeyboardInterrupt:
            status = "interrupted"
        finally:
            if journal is not None:
                journal.close()
        with held_interrupts():
            head = _head(tools, options, base, status, started)
            summary = _publish(output, work, journal, head)
            if status == "complete":
                shutil.rmtree(work)
    return structs.replace(summary, reused=reused)


def _discover(
    paths: Sequence[str], output: Path, options: Options, base: Path
) -> list[Input | Failure | DocumentError]:
    """Return what to read and what can't be, in the order of their uris; raises RunError if there is nothing."""
    inputs, problems = discover(list(paths), format=options.format, include=options.include, base=base)
    inside = uri_of(output, base).rstrip("/") + "/"
    inputs = [found for found in inputs if not found.uri.startswith(inside)]
    problems = [problem for problem in problems if not problem.uri.startswith(inside)]
    if inputs:
        return sorted([*inputs, *problems], key=lambda found: found.uri)
    wrong = next((problem for problem in problems if isinstance(problem, DocumentError)), None)
    if wrong is not None:
        raise RunError(wrong.message, remedy=wrong.remedy)
    raise RunError(
        f"There is nothing to read at {', '.join(paths)}.",
        remedy="Files that end in .txt, .md, .html, .jsonl or .csv are read; name others themselves or use --format.",
    )


def _process_all(
    todo: list[Input | Failure | DocumentError],
    options: Options,
    tools: Tools,
    journal: Journal,
    report: Callable[[Progress], None],
) -> int:
    """Bring every document's outcome into the journal; returns how many were in it from before."""
    sizes = [_size(source) if isinstance(source, Input) else 0 for source in todo]
    whole, before, documents, words, reused = sum(sizes), 0, 0, 0, 0
    for source, size in zip(todo, sizes, strict=True):
        within = 0
        for item in _items(source, options):
            key = _key(item)
            if key in journal:
                reused += 1
            else:
                journal.add(_outcome(key, item, options, tools))
            journal.take(key)
            if not isinstance(item, DocumentError | Failure):
                documents += 1
                words += item.text.count(" ") + 1  # near enough for a rate
                within = min(size, within + item.raw_bytes)
            report(Progress(before + within, whole, documents, words))
        before += size
        report(Progress(before, whole, documents, words))
    return reused


def _items(source: Input | Failure | DocumentError, options: Options) -> Iterator[Document | Failure | DocumentError]:
    if isinstance(source, Input):
        yield from read(source, text_field=options.text_field, id_field=options.id_field)
    else:
        yield source


def _size(source: Input) -> int:
    try:
        return source.path.stat().st_size if source.path else 0
    except OSError:
        return 0


# ---------------------------------------------------------------- one document


def _outcome(key: str, item: Document | Failure | DocumentError, options: Options, tools: Tools) -> Outcome:
    """Process one document; an error in a stage is the document's failure, never the run's."""
    if isinstance(item, Failure):
        return Outcome(key=key, document=_unread(item.uri, item.stage, item))
    if isinstance(item, DocumentError):
        failure = Failure(uri=item.uri, stage=item.stage, error=item.message, remedy=item.remedy)
        return Outcome(key=key, document=_unread(item.uri, "failed"), failure=failure)
    text = item.text if item.extracted else None
    if not item.text.strip():
        return Outcome(key=key, document=_record(item, "empty"), text=text)
    try:
        result = process(item, tools)
        statements = _chosen(result.statements, options)
        encoded = Raw(msgspec.json.encode(statements))
    except Exception as error:
        logger.exception("%s could not be processed", item.uri)
        failure = Failure(
            uri=item.uri, stage="process", error=f"{type(error).__name__}: {error}",
            remedy="This is a fault of onrecord: please report it with the document.",
        )  # fmt: skip
        return Outcome(key=key, document=_record(item, "failed"), failure=failure, text=text)
    return Outcome(key=key, document=_record(item, "ok", result, statements), statements=encoded, text=text)


def _chosen(statements: tuple[Statement, ...], options: Options) -> tuple[Statement, ...]:
    """Leave out what the user does not want, and number the rest anew."""
    if options.only == "all":
        return statements
    attributed = (s for s in statements if s.voice != _WRITER)
    return tuple(structs.replace(s, index=i) for i, s in enumerate(attributed))


_WRITER: Voice = "writer"


def _record(
    document: Document, status: str, result: Result | None = None, statements: tuple[Statement, ...] = ()
) -> DocumentRecord:
    return DocumentRecord(
        id=document_id(document.text, document.uri), uri=document.uri, format=document.format,
        media_type=document.media_type, raw_sha256=document.raw_sha256, text_sha256=digest(document.text),
        bytes=document.raw_bytes, chars=len(document.text), encoding=document.encoding, extractor=document.extractor,
        title=document.title, published=document.published, byline=document.byline, language=document.language,
        statements=len(statements), quotations=sum(len(s.quotations) for s in statements), status=status,
        unattributed=result.unattributed if result else (), warnings=result.notices if result else document.notices,
    )  # fmt: skip


def _unread(uri: str, status: str, why: Failure | None = None) -> DocumentRecord:
    notices = (Notice("skipped", f"{why.error} {why.remedy}", 0),) if why else ()
    return DocumentRecord(
        id=document_id("", uri), uri=uri, format=None, media_type=None, raw_sha256=None, text_sha256=None, bytes=0,
        chars=0, encoding=None, extractor=None, title=None, published=None, byline=None, language=None, statements=0,
        quotations=0, status=status, warnings=notices,
    )  # fmt: skip


# ---------------------------------------------------------------- what an outcome depends on


def _key(item: Document | Failure | DocumentError) -> str:
    """Return a digest of all that decides a document's outcome beside the run's signature."""
    what = (item.uri, item.message) if isinstance(item, DocumentError) else item
    return hashlib.sha256(msgspec.json.encode(what)).hexdigest()


def _signature(tools: Tools, options: Options) -> str:
    """Return a digest of all that decides a run's output beside its documents."""
    what = (tools.producer, options, _model_sha256(tools), _libraries(), platform.python_version(), _code_sha256())
    return hashlib.sha256(msgspec.json.encode(what)).hexdigest()


def _libraries() -> dict[str, str]:
    return {name: version(name) for name in LIBRARIES}


def _model_sha256(tools: Tools) -> str | None:
    """Return the digest of the files of the spaCy pipeline; None for one that was made in memory."""
    folder: Path | None = getattr(tools.nlp, "path", None)
    return _folder_sha256(folder, "*") if folder else None


def _code_sha256() -> str:
    """Return the digest of onrecord's own code: a version in development changes without its number."""
    return _folder_sha256(Path(__file__).parent, "*.py")


def _folder_sha256(folder: Path, pattern: str) -> str:
    files = sorted(path for path in folder.rglob(pattern) if path.is_file() and "__pycache__" not in path.parts)
    lines = [f"{path.relative_to(folder).as_posix()} {file_sha256(path)}" for path in files]
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


# ---------------------------------------------------------------- the folder


def _head(tools: Tools | None, options: Options, base: Path, status: Status, started: str) -> Manifest:
    """Return the manifest as far as it can be told before the files are written."""
    return Manifest(
        status=status, onrecord=version("onrecord"), model=tools.producer.model if tools else None,
        model_sha256=_model_sha256(tools) if tools else None,
        encoder_sha256=tools.encoder.digest if tools else None, rules=tools.producer.rules if tools else None,
        python=platform.python_version(), libraries=_libraries(), options=msgspec.to_builtins(options),
        base=str(base), inputs=(), outputs={}, started=started, finished="",
    )  # fmt: skip


def _publish(output: Path, work: Path, journal: Journal | None, head: Manifest) -> Summary:
    """Write the run's files from its journal and put them in their places."""
    staged = work / "staged"
    shutil.rmtree(staged, ignore_errors=True)
    (staged / TEXTS).mkdir(parents=True)
    documents: list[DocumentRecord] = []
    failures: list[Failure] = []

    def statements() -> Iterator[bytes]:
        for outcome in journal.outcomes() if journal else ():
            documents.append(outcome.document)
            if outcome.failure is not None:
                failures.append(outcome.failure)
            if outcome.text is not None:
                store_text(staged / TEXTS, outcome.text, outcome.document.text_sha256 or "")
            yield from map(bytes, msgspec.json.decode(outcome.statements, type=list[Raw]))

    outputs = {STATEMENTS: write_records(staged / STATEMENTS, statements())}
    outputs[DOCUMENTS] = write_records(staged / DOCUMENTS, documents)
    outputs[FAILURES] = write_records(staged / FAILURES, failures)
    for path in sorted((staged / TEXTS).iterdir()):
        outputs[f"{TEXTS}/{path.name}"] = OutputFile(path.stem, path.stat().st_size, 1)
    inputs = tuple(InputFile(d.uri, d.raw_sha256) for d in documents)
    published = head.status == "complete" or not holds_complete_run(output)
    if published:
        publish(output, staged, structs.replace(head, inputs=inputs, outputs=outputs, finished=_now()))
    return Summary(
        output=str(output), status=head.status, published=published,
        documents=sum(d.status in ("ok", "empty") for d in documents),
        failed=sum(d.status == "failed" for d in documents),
        skipped=sum(d.status.startswith("skipped") for d in documents),
        statements=outputs[STATEMENTS].records, quotations=sum(d.quotations for d in documents),
        failures=tuple(failures),
    )  # fmt: skip


@contextmanager
def _disk_errors(output: Path) -> Iterator[None]:
    """Turn the file system's errors into one that says what to do; documents' own errors are caught before."""
    try:
        yield
    except OSError as error:
        raise RunError(
            f"The run could not be written to {output}: {error.strerror or error}.",
            remedy="Make room, or name another folder with -o; the same command goes on where this one stopped.",
        ) from error


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
