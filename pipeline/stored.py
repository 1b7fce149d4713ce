"""A run's folder read back: each document with its canonical text and its statements."""

from __future__ import annotations

import hashlib
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import RunError
from pipeline.process import digest, document_id
from pipeline.read import locate
from pipeline.record_files import read_records
from pipeline.records import DocumentRecord, Statement
from pipeline.texts import StoredTexts
from pipeline.write import DOCUMENTS, STATEMENTS, TEXTS, Manifest, read_manifest

if TYPE_CHECKING:
    from collections.abc import Iterator


def stored_documents(
    folder: Path, wanted: str | None = None
) -> Iterator[tuple[DocumentRecord, str | None, list[Statement]]]:
    """Yield each document that has statements, its text (None if it is lost) and its statements.

    ``wanted`` chooses documents by a part of their uri or id. Raises RunError where the folder
    holds no run or a damaged one.
    """
    texts = CanonicalTexts(folder, read_manifest(folder))
    documents = read_records(folder, DOCUMENTS, DocumentRecord)
    for id, statements in groupby(read_records(folder, STATEMENTS, Statement), key=lambda s: s.doc):
        document = next((d for d in documents if d.id == id), None)
        if document is None:
            raise RunError(f"{folder} has statements of no document.", remedy=f"See: onrecord verify {folder}")
        if wanted is None or wanted in document.uri or wanted == id:
            yield document, texts.of(document)[0], list(statements)


class CanonicalTexts:
    """The canonical texts of a run's documents, from where it stored them or from their sources."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.base = Path(manifest.base)
        self.stored = StoredTexts(folder)

    def of(self, document: DocumentRecord) -> tuple[str | None, str]:
        """Return a document's canonical text, or None and what is wrong."""
        try:
            text = self.stored.of(document.id, document.text_sha256 or "")
            if text is None and document.format not in ("text", "markdown"):
                return None, f"its text is not in {TEXTS}/ any more"
            if text is None:
                path = locate(document.uri, self.base)
                if path is None:
                    return None, f"the source is not at {self.base} any more"
                raw = path.read_bytes()
                if hashlib.sha256(raw).hexdigest() != document.raw_sha256:
                    return None, "the source was changed after the run"
                text = raw.decode(document.encoding or "utf-8")
        except (OSError, UnicodeDecodeError, RunError) as error:
            return None, f"the text cannot be read: {error}"
        if digest(text) != document.text_sha256:
            return None, "the text is not the one that was processed"
        if document_id(text, document.uri) != document.id:
            return None, f"the document's id {document.id} is not the one of its text and uri"
        return text, ""

    def raw_of(self, document: DocumentRecord) -> bytes | None:
        """Return the bytes of the source whose decoding the text is; None where it is stored, or the source is lost."""
        if self.stored.has(document.id, document.text_sha256 or ""):
            return None
        path = locate(document.uri, self.base)
        return path.read_bytes() if path else None
