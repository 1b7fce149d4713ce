"""A run's sources read again: is a document still what it was when the run read it?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from pipeline.errors import DocumentError
from pipeline.process import digest
from pipeline.read import Input, Remote, file_of, is_url, kind_of, locate, read, uri_of
from pipeline.read.source import STDIN_URI
from pipeline.records import Failure

if TYPE_CHECKING:
    from pipeline.records import DocumentRecord
    from pipeline.write import Manifest


class Reread(Struct, frozen=True):
    """The digests of a document as its source gives it now, and who extracted its text."""

    raw_sha256: str
    text_sha256: str
    bytes: int
    chars: int
    encoding: str
    extractor: dict[str, object] | None


class Sources:
    """Reads sources again, each file once as long as its documents come one after the other."""

    def __init__(self, manifest: Manifest) -> None:
        self._base = Path(manifest.base)
        self._options = manifest.options
        self._place: Path | str | None = None
        self._found: dict[str, Reread | str] = {}

    def faults(self, document: DocumentRecord) -> list[str]:
        """Return how a document differs from its source; nothing can be said of standard input."""
        if document.format is None or document.uri == STDIN_URI or document.uri.startswith(STDIN_URI + "#"):
            return []
        try:
            place = self._place_of(document.uri)
        except (OSError, DocumentError) as error:
            return [f"its source cannot be read any more: {error}"]
        if place is None:
            return [f"its source is not in {self._base} any more"]
        now = self._reread(place, document)
        if now is None:
            return ["its source does not hold it any more"]
        if isinstance(now, str):
            return [f"its source cannot be read any more: {now}"]
        if now.raw_sha256 != document.raw_sha256:
            return [f"its source was changed after the run: the sha256 is {now.raw_sha256}"]
        names = ["bytes", "encoding"]
        if now.extractor == document.extractor:  # another version may well extract another text
            names += ["text_sha256", "chars"]
        return [
            f"its {name} is {getattr(document, name)!r}; the source gives {getattr(now, name)!r}"
            for name in names
            if getattr(document, name) != getattr(now, name)
        ]

    def _place_of(self, uri: str) -> Path | str | None:
        """Return the path or URL of the file that a document is in; None where it is lost."""
        return file_of(uri) if is_url(uri) else locate(uri, self._base)

    def _reread(self, place: Path | str, document: DocumentRecord) -> Reread | str | None:
        if place != self._place:
            self._place = place
            self._found = self._read_all(place, document)
        return self._found.get(document.uri)

    def _read_all(self, place: Path | str, document: DocumentRecord) -> dict[str, Reread | str]:
        assert document.format is not None  # noqa: S101 (for the type checker; faults() has looked)
        kind, packing = kind_of(str(place))
        format = self._options.get("format") or kind or document.format
        if isinstance(place, str):
            source = Input(None, place, format, packing, Remote(place))
        else:
            source = Input(place, uri_of(place, self._base), format, packing)
        fields: dict[str, Any] = {name: self._options[name] for name in ("text_field", "id_field")}
        found: dict[str, Reread | str] = {}
        for item in read(source, **fields):
            if isinstance(item, Failure):
                continue
            if isinstance(item, DocumentError):
                found[item.uri] = item.message
            else:
                found[item.uri] = Reread(
                    item.raw_sha256, digest(item.text), item.raw_bytes, len(item.text), item.encoding, item.extractor
                )
        return found
