"""A run's folder checked against its sources: every offset, digest, id and count."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from pipeline.process import document_id
from pipeline.record_files import file_sha256, read_lines, record_files
from pipeline.records import DocumentRecord, Failure, Statement
from pipeline.sources import Sources
from pipeline.stored import CanonicalTexts
from pipeline.verify_statement import StatementCheck
from pipeline.write import DOCUMENTS, FAILURES, RECORDS, STATEMENTS, TEXTS, InputFile, Manifest, read_manifest

if TYPE_CHECKING:
    from collections.abc import Iterator


class Fault(Struct, frozen=True):
    """What is wrong, and with which record: ``statements.jsonl:12 (s_…)``."""

    where: str
    what: str


def verify(folder: Path) -> Iterator[Fault]:
    """Yield what is wrong with a run's folder, nothing if it is sound.

    A line that is no record is a fault; the lines after it are checked all the same. Raises RunError
    where the folder holds no run.
    """
    manifest = read_manifest(folder)
    yield from _files(folder, manifest)
    check = _Run(folder, manifest)
    yield from check.documents()
    yield from check.statements()
    yield from check.failures()


def _files(folder: Path, manifest: Manifest) -> Iterator[Fault]:
    for name in RECORDS:
        if not any(listed.startswith((f"{name}.", f"{name}-")) for listed in manifest.outputs):
            yield Fault("manifest.json", f"it does not list {name}.jsonl")
    for name, expected in manifest.outputs.items():
        path = folder / name
        if Path(name).is_absolute() or ".." in Path(name).parts:
            yield Fault("manifest.json", f"it lists {name}, which lies outside the folder")
        elif not path.is_file():
            yield Fault(name, "the file is missing")
        elif (found := file_sha256(path)) != expected.sha256:
            yield Fault(name, f"the file was changed after the run: its sha256 is {found}, not {expected.sha256}")
        elif path.stat().st_size != expected.bytes:
            yield Fault(name, f"it has {path.stat().st_size} bytes, in the manifest {expected.bytes}")
    texts = folder / TEXTS
    there = [path for kind in (*RECORDS, TEXTS) for path in record_files(folder, kind)]
    there += sorted(texts.iterdir()) if texts.is_dir() else []
    for path in there:
        name = path.relative_to(folder).as_posix()
        if name not in manifest.outputs:
            yield Fault(name, "the manifest does not list it")


class _Current(Struct, frozen=True):
    """The document whose statements are being checked; no check where its text is lost."""

    document: DocumentRecord | None
    check: StatementCheck | None


class _Run:
    """The records of a run, checked one file after the other; documents are kept for the other files."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest
        self.texts = CanonicalTexts(folder, manifest)
        self.by_id: dict[str, DocumentRecord] = {}
        self.order: dict[str, int] = {}
        self.places: dict[str, str] = {}
        self.changed: set[str] = set()
        self.failed: Counter[str] = Counter()

    def documents(self) -> Iterator[Fault]:
        """Check every document with its source and its stored text."""
        sources = Sources(self.manifest)
        inputs: list[InputFile] = []
        records = 0
        for place, record in self._lines(DOCUMENTS, DocumentRecord):
            records += 1
            if isinstance(record, Fault):
                yield record
                continue
            where = f"{place} ({record.id})"
            inputs.append(InputFile(record.uri, record.raw_sha256))
            if record.id in self.by_id:
                yield Fault(where, f"the document {record.uri} stands here twice")
                continue
            self.order[record.id] = len(self.by_id)
            self.by_id[record.id] = record
            self.places[record.id] = where
            self.failed[record.uri] += record.status == "failed"
            for what in sources.faults(record):
                self.changed.add(record.id)
                yield Fault(where, f"{record.uri}: {what}")
            if record.format is None and record.id != document_id("", record.uri):
                yield Fault(where, "its id is not the one of its uri")
        yield from self._count(DOCUMENTS, records)
        if tuple(inputs) != self.manifest.inputs and f"{DOCUMENTS}.jsonl" in self.manifest.outputs:
            yield Fault("manifest.json", f"its inputs are not the documents of {DOCUMENTS}.jsonl")

    def statements(self) -> Iterator[Fault]:
        """Check every statement with its document's text, and what the documents count."""
        counts = {id: [0, 0] for id in self.by_id}
        records, current = 0, _Current(None, None)
        for place, record in self._lines(STATEMENTS, Statement):
            records += 1
            if isinstance(record, Fault):
                yield record
                if current.check is not None:
                    current.check.index = None  # whatever stood there counted, too
                continue
            where = f"{place} ({record.id})"
            document = self.by_id.get(record.doc)
            if document is None:
                yield Fault(where, f"its document {record.doc} is not in {DOCUMENTS}.jsonl")
                continue
            if document is not current.document:
                if current.document is not None and self.order[document.id] < self.order[current.document.id]:
                    yield Fault(where, "it stands after a statement of a later document")
                current = _Current(document, self._check(document))
                if current.check is None:
                    yield from self._lost(document)
            counts[document.id][0] += 1
            counts[document.id][1] += len(record.quotations)
            if current.check is not None:
                yield from (Fault(where, what) for what in current.check.faults(record))
        yield from self._count(STATEMENTS, records)
        yield from self._counted(counts)

    def failures(self) -> Iterator[Fault]:
        """Check that every failed document has its failure and the other way round."""
        found: Counter[str] = Counter()
        records = 0
        for place, record in self._lines(FAILURES, Failure):
            records += 1
            if isinstance(record, Fault):
                yield record
            else:
                found[record.uri] += 1
                if found[record.uri] > self.failed[record.uri]:
                    yield Fault(place, f"no document {record.uri} with the status failed is in {DOCUMENTS}.jsonl")
        for uri, count in self.failed.items():
            if found[uri] < count:
                yield Fault(f"{DOCUMENTS}.jsonl", f"{uri} has failed, but is not in {FAILURES}.jsonl")
        yield from self._count(FAILURES, records)

    def _lines(self, name: str, kind: type[Any]) -> Iterator[tuple[str, Any]]:
        """Yield each record with its place, or a fault where a line holds none."""
        for path in record_files(self.folder, name):  # that one is missing was said already
            try:
                for number, record in read_lines(path, kind):
                    place = f"{path.name}:{number}"
                    yield place, Fault(place, f"not such a record: {record}") if isinstance(record, str) else record
            except OSError as error:
                yield path.name, Fault(path.name, f"it cannot be read: {error.strerror or error}")

    def _lost(self, document: DocumentRecord) -> Iterator[Fault]:
        """Say why a document's text cannot be had, unless its source was found changed before."""
        text, why = self.texts.of(document)
        if text is None and document.id not in self.changed:
            yield Fault(self.places[document.id], f"{document.uri}: {why}")

    def _check(self, document: DocumentRecord) -> StatementCheck | None:
        text, _ = self.texts.of(document)
        return None if text is None else StatementCheck(document, text, self.texts.raw_of(document), self.manifest)

    def _counted(self, counts: dict[str, list[int]]) -> Iterator[Fault]:
        for id, (statements, quotations) in counts.items():
            record = self.by_id[id]
            if not statements and record.format is not None:
                yield from self._lost(record)
            if (record.statements, record.quotations) != (statements, quotations):
                said = f"{record.statements} statements with {record.quotations} quotations"
                yield Fault(self.places[id], f"{record.uri} is said to have {said}, not {statements} with {quotations}")

    def _count(self, name: str, records: int) -> Iterator[Fault]:
        files = [file for listed, file in self.manifest.outputs.items() if listed.startswith((f"{name}.", f"{name}-"))]
        expected = sum(file.records for file in files)
        if files and expected != records:
            yield Fault(f"{name}.jsonl", f"it has {records} records, in the manifest {expected}")
