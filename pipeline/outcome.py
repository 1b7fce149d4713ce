"""One document → what became of it, and the digests that tell whether it would be the same again."""

from __future__ import annotations

import hashlib
import logging
import platform
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec import Raw, Struct, structs

from pipeline.language import ENGLISH, language_of
from pipeline.process import digest, document_id, process
from pipeline.record_files import file_sha256
from pipeline.records import DocumentRecord, Failure, Kind, Notice, Producer, Voice

if TYPE_CHECKING:
    from pipeline.process import Result, Tools
    from pipeline.records import Document, Statement

logger = logging.getLogger(__name__)

# What a failure's stage begins with where nothing went wrong: the document was left out on purpose.
SKIPPED = "skipped"
# Whose versions decide what comes out, beside onrecord's own; the manifest names them.
LIBRARIES = (
    "spacy", "onnxruntime", "numpy", "msgspec", "trafilatura", "charset-normalizer", "textacy", "py3langid",
    "backports.zstd",
)  # fmt: skip
FAULT = "This is a fault of onrecord: please report it with the document."
_WRITER: Voice = "writer"


class Options(Struct, frozen=True, kw_only=True):
    """What a user may choose about a run; part of what decides its output."""

    format: Kind | None = None
    text_field: str = "text"
    id_field: str | None = None
    include: tuple[str, ...] = ()
    only: Literal["all", "quotes"] = "all"
    any_language: bool = False


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


def outcome_of(key: str, item: Document | Failure, options: Options, tools: Tools) -> Outcome:
    """Process one document; an error in a stage is the document's failure, never the run's."""
    if isinstance(item, Failure):
        return not_read(key, item)
    text = item.text if item.extracted else None
    if not item.text.strip():
        return Outcome(key=key, document=_record(item, "empty"), text=text)
    language = language_of(item.text)
    if language not in (ENGLISH, None) and not options.any_language:
        return Outcome(key=key, document=_record(_foreign(item, language), "skipped:language"), text=text)
    item = structs.replace(item, language=item.language or language)
    try:
        result = process(item, tools)
        statements = _chosen(result.statements, options)
        encoded = Raw(msgspec.json.encode(statements))
    except Exception as error:
        logger.exception("%s could not be processed", item.uri)
        return failed(key, item, f"{type(error).__name__}: {error}", FAULT)
    return Outcome(key=key, document=_record(item, "ok", result, statements), statements=encoded, text=text)


def failed(key: str, item: Document, error: str, remedy: str) -> Outcome:
    """Return the outcome of a document that was read and could not be processed."""
    failure = Failure(uri=item.uri, stage="process", error=error, remedy=remedy)
    text = item.text if item.extracted else None
    return Outcome(key=key, document=_record(item, "failed"), failure=failure, text=text)


def not_read(key: str, why: Failure) -> Outcome:
    """Return the outcome of what was left out on purpose or could not be read."""
    if why.stage.startswith(SKIPPED):
        return Outcome(
            key=key, document=_unread(why.uri, why.stage, (Notice(SKIPPED, f"{why.error} {why.remedy}", 0),))
        )
    return Outcome(key=key, document=_unread(why.uri, "failed", ()), failure=why)


def _foreign(document: Document, language: str | None) -> Document:
    """Return a document in another language with a notice that says so."""
    message = f"The text is not in English ({language}); onrecord reads it all the same with --any-language."
    return structs.replace(document, language=language, notices=(*document.notices, Notice("language", message, 0)))


def _chosen(statements: tuple[Statement, ...], options: Options) -> tuple[Statement, ...]:
    """Leave out what the user does not want, and number the rest anew."""
    if options.only == "all":
        return statements
    attributed = (s for s in statements if s.voice != _WRITER)
    return tuple(structs.replace(s, index=i) for i, s in enumerate(attributed))


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


def _unread(uri: str, status: str, notices: tuple[Notice, ...]) -> DocumentRecord:
    return DocumentRecord(
        id=document_id("", uri), uri=uri, format=None, media_type=None, raw_sha256=None, text_sha256=None, bytes=0,
        chars=0, encoding=None, extractor=None, title=None, published=None, byline=None, language=None, statements=0,
        quotations=0, status=status, warnings=notices,
    )  # fmt: skip


# ---------------------------------------------------------------- what an outcome depends on


def key_of(item: Document | Failure) -> str:
    """Return a digest of all that decides a document's outcome beside the run's signature."""
    return hashlib.sha256(msgspec.json.encode(item)).hexdigest()


class Versions(Struct, frozen=True):
    """What decides a run's output beside its documents and options; digests of files in hex.

    ``model_sha256`` is that of the spaCy pipeline, None for one that was made in memory; ``code_sha256`` that of
    onrecord's own code, which in development changes without its number.
    """

    producer: Producer
    model_sha256: str | None
    encoder_sha256: str
    libraries: dict[str, str]
    python: str
    code_sha256: str

    def signature(self, options: Options) -> str:
        """Return a digest of all this and the options."""
        return hashlib.sha256(msgspec.json.encode((self, options))).hexdigest()


def versions_of(tools: Tools) -> Versions:
    """Return the versions of the tools, of the libraries and of the code that runs."""
    folder: Path | None = getattr(tools.nlp, "path", None)
    return Versions(
        producer=tools.producer, model_sha256=_folder_sha256(folder, "*") if folder else None,
        encoder_sha256=tools.encoder.digest, libraries=libraries(),
        python=platform.python_version(), code_sha256=_folder_sha256(Path(__file__).parent, "*.py"),
    )  # fmt: skip


def libraries() -> dict[str, str]:
    """Return the versions of the libraries that decide what comes out."""
    return {name: version(name) for name in LIBRARIES}


def _folder_sha256(folder: Path, pattern: str) -> str:
    files = sorted(path for path in folder.rglob(pattern) if path.is_file() and "__pycache__" not in path.parts)
    lines = [f"{path.relative_to(folder).as_posix()} {file_sha256(path)}" for path in files]
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()
