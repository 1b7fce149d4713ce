"""A run's folder read back: each document with its canonical text and its statements."""

from __future__ import annotations

import hashlib
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.process import digest, document_id
from pipeline.read import locate
from pipeline.records import DocumentRecord, Statement
from pipeline.write import DOCUMENTS, STATEMENTS, TEXTS, Manifest, read_manifest, read_records

if TYPE_CHECKING:
    from collections.abc import Iterator


def stored_documents(
    folder: Path, wanted: str | None = None
) -> Iterator[tuple[DocumentRecord, str | None, list[Statement]]]:
    """Yield each document that has statements, its text (None if it is lost) and its statements.

    ``wanted`` chooses documents by a part of their uri or id. Raises RunError where the folder
    holds no run or a damaged one.
    """
    manifest = read_manifest(folder)
    documents = {d.id: d for d in read_records(folder / DOCUMENTS, DocumentRecord)}
    for id, statements in groupby(read_records(folder / STATEMENTS, Statement), key=lambda s: s.doc):
        document = documents.get(id)
        if document is not None and (wanted is None or wanted in document.uri or wanted == id):
            yield document, text_of(folder, manifest, document)[0], list(statements)


def text_of(folder: Path, manifest: Manifest, document: DocumentRecord) -> tuple[str | None, str]:
    """Return a document's canonical text, from ``texts/`` or its source, or None and what is wrong."""
    stored = folder / TEXTS / f"{document.text_sha256}.txt"
    try:
        if stored.is_file():
            text = stored.read_bytes().decode("utf-8", "surrogatepass")
        elif document.format not in ("text", "markdown"):
            return None, f"its text is not in {TEXTS}/ any more"
        else:
            path = locate(document.uri, Path(manifest.base))
            if path is None:
                return None, f"the source is not at {manifest.base} any more"
            raw = path.read_bytes()
            if hashlib.sha256(raw).hexdigest() != document.raw_sha256:
                return None, "the source was changed after the run"
            text = raw.decode(document.encoding or "utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return None, f"the text cannot be read: {error}"
    if digest(text) != document.text_sha256:
        return None, "the text is not the one that was processed"
    if document_id(text, document.uri) != document.id:
        return None, f"the document's id {document.id} is not the one of its text and uri"
    return text, ""
