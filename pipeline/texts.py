"""Canonical texts that are not their source files: ``texts/DIGEST.txt``, or packed parts where they are many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from pipeline.record_files import OutputFile, RecordWriter, read_records, record_files, to_disk
from pipeline.write import TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class StoredText(Struct, frozen=True):
    """A document's id and its canonical text; in parts they stand in the order of the documents."""

    doc: str
    text: str


class TextWriter:
    """Stores texts in a folder: each as a file of its own, once however many documents share it, or all in parts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._records = RecordWriter(folder, TEXTS)
        self._digests: dict[str, str] = {}

    def write(self, doc: str, text: str, text_sha256: str) -> None:
        """Store a document's text."""
        self._records.write(StoredText(doc, text))
        if not self._records.files:
            self._digests[doc] = text_sha256

    def close(self) -> dict[str, OutputFile]:
        """Bring the texts to the disk; returns the files by their paths in the folder."""
        files = self._records.close()
        whole = self.folder / f"{TEXTS}.jsonl"
        if not whole.exists():
            return files
        (self.folder / TEXTS).mkdir()
        for stored in read_records(self.folder, TEXTS, StoredText):
            path = self.folder / TEXTS / f"{self._digests[stored.doc]}.txt"
            if not path.exists():
                with path.open("wb") as stream:
                    stream.write(stored.text.encode("utf-8", "surrogatepass"))
                    to_disk(stream)
        whole.unlink()
        paths = sorted((self.folder / TEXTS).iterdir())
        return {f"{TEXTS}/{path.name}": OutputFile(path.stem, path.stat().st_size, 1) for path in paths}


class StoredTexts:
    """Reads a run's stored texts; from parts quickly if asked in the order of the documents."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.in_parts = bool(record_files(folder, TEXTS))
        self._coming: Iterator[StoredText] = iter(())
        self._last: StoredText | None = None

    def of(self, doc: str, text_sha256: str) -> str | None:
        """Return a document's stored text, None where there is none.

        Raises OSError, UnicodeDecodeError or RunError where it cannot be read.
        """
        path = self.folder / TEXTS / f"{text_sha256}.txt"
        if path.is_file():
            return path.read_bytes().decode("utf-8", "surrogatepass")
        if not self.in_parts:
            return None
        if self._last is not None and self._last.doc == doc:
            return self._last.text
        return self._find(doc) or self._find_from_the_start(doc)

    def has(self, doc: str, text_sha256: str) -> bool:
        """Tell whether a document's text is stored; raises as ``of``."""
        return (self.folder / TEXTS / f"{text_sha256}.txt").is_file() or self.of(doc, text_sha256) is not None

    def _find(self, doc: str) -> str | None:
        self._last = next((stored for stored in self._coming if stored.doc == doc), None)
        return self._last.text if self._last else None

    def _find_from_the_start(self, doc: str) -> str | None:
        self._coming = read_records(self.folder, TEXTS, StoredText)
        return self._find(doc)
