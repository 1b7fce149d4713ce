"""What JSONL, CSV and Parquet have in common: one document a line or row, its text in a field.

``raw_sha256`` and ``raw_bytes`` of such a document are those of its own line or row in the file,
without the line end (and without a byte-order mark), so that a record can be checked against its
line however the rest of the file changes, and a table of any size is read in one pass. ``anchor``
is the 1-based line on which it begins. The uri is ``file#id`` with an id field, else ``file#line``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from pipeline.errors import DocumentError
from pipeline.read.source import MEDIA_TYPES, Input
from pipeline.records import Document, Format, Notice

# Fields taken over as a document's metadata where they hold a string, the first that does.
METADATA = {
    "title": ("title", "headline"),
    "published": ("published", "published_at", "date", "date_published"),
    "byline": ("byline", "author", "authors"),
    "language": ("language", "lang"),
}


class Table:
    """Turns the lines or rows of one file into documents; ``unit`` is what they are called."""

    def __init__(
        self,
        source: Input,
        format: Format,
        text_field: str,
        id_field: str | None,
        *,
        unit: str = "line",
        **options: Any,
    ) -> None:
        self.source = source
        self.format = format
        self.unit = unit
        self.text_field = text_field
        self.id_field = id_field
        self.extractor = {
            "name": "onrecord", "version": version("onrecord"),
            "options": {"text_field": text_field, "id_field": id_field, **options},
        }  # fmt: skip
        self.ids: set[str] = set()

    def document(self, fields: Mapping[str, Any], raw: bytes, line: int, encoding: str) -> Document:
        """Return the document of one line or row; raises DocumentError where it has no text."""
        text = self._text(fields, line)
        member, notices = self._member(fields, line)
        metadata: dict[str, Any] = {
            name: next((fields[key] for key in keys if isinstance(fields.get(key), str) and fields[key]), None)
            for name, keys in METADATA.items()
        }
        return Document(
            text=text, uri=f"{self.source.uri}#{member}", format=self.format,
            media_type=MEDIA_TYPES[self.format], raw_sha256=hashlib.sha256(raw).hexdigest(), raw_bytes=len(raw),
            encoding=encoding, extracted=True, extractor=self.extractor, anchor={self.unit: line}, notices=notices,
            **metadata,
        )  # fmt: skip

    def empty(self, encoding: str = "utf-8") -> Document:
        """Return the empty document that a file without a line or row gives, lest it be lost."""
        return Document(
            text="", uri=self.source.uri, format=self.format, media_type=MEDIA_TYPES[self.format],
            raw_sha256=hashlib.sha256(b"").hexdigest(), encoding=encoding, extracted=True, extractor=self.extractor,
            notices=(Notice("no-rows", "The file holds no documents.", 0),),
        )  # fmt: skip

    def error(self, line: int, what: str, remedy: str) -> DocumentError:
        """Return the error for what is wrong on a line."""
        uri = self.source.uri
        return DocumentError(f"{uri}, {self.unit} {line}: {what}", remedy=remedy, uri=f"{uri}#{line}")

    def _text(self, fields: Mapping[str, Any], line: int) -> str:
        if self.text_field not in fields:
            raise self.error(line, f"there is no field {self.text_field!r}.", text_field_remedy(fields))
        text = fields[self.text_field]
        if not isinstance(text, str):
            what = f"the field {self.text_field!r} holds {_name(text)}, not a string."
            raise self.error(line, what, "Give the document's text as one string.")
        return text

    def _member(self, fields: Mapping[str, Any], line: int) -> tuple[str, tuple[Notice, ...]]:
        """Return what stands after ``#`` in the uri; an id used before gets its line added."""
        if self.id_field is None:
            return str(line), ()
        value = fields.get(self.id_field)
        if not isinstance(value, str | int | float) or isinstance(value, bool) or value == "":
            what = f"the id field {self.id_field!r} holds {_name(value)}."
            raise self.error(line, what, "Give every document an id, or leave --id-field out to use line numbers.")
        member = str(value)
        if member not in self.ids:
            self.ids.add(member)
            return member, ()
        unique = f"{member}@{line}"
        self.ids.add(unique)
        message = f"The id {member!r} was used before in this file; {self.unit} {line} is recorded as {unique!r}."
        return unique, (Notice("duplicate-id", message, 0),)


def text_field_remedy(fields: Mapping[str, Any]) -> str:
    """Say which fields there are to choose from."""
    names = ", ".join(sorted(repr(name) for name in fields)) or "none"
    return f"Name the field that holds the text with --text-field; the fields are {names}."


def _name(value: object) -> str:
    names: dict[type, str] = {
        type(None): "nothing",
        bool: "a truth value",
        int: "a number",
        float: "a number",
        list: "a list",
        dict: "an object",
    }
    return "an empty string" if value == "" else names.get(type(value), "no string")
