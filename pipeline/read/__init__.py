"""Paths, folders and standard input → Documents: the readers' one entry.

``discover`` finds what there is to read, ``read`` reads one such input. Nothing in a document
makes ``read`` raise: what can't be read comes out as a DocumentError that names the remedy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.errors import DocumentError
from pipeline.read.csv import read_csv
from pipeline.read.discover import discover
from pipeline.read.html import read_html
from pipeline.read.jsonl import read_jsonl
from pipeline.read.source import Input, format_of, locate, uri_of
from pipeline.read.text import read_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.records import Document

__all__ = ["Input", "discover", "format_of", "locate", "read", "uri_of"]


def read(input: Input, *, text_field: str = "text", id_field: str | None = None) -> Iterator[Document | DocumentError]:
    """Yield the documents of one input, in order.

    Text, Markdown and HTML files hold one document; JSONL and CSV one a line or row, its text in
    ``text_field``, its name (``uri#name``) in ``id_field`` or the number of its line. A
    DocumentError takes the place of a document, line or row that can't be read; the rest still come.
    """
    try:
        match input.format:
            case "text" | "markdown":
                yield from read_text(input)
            case "html":
                yield from read_html(input)
            case "jsonl":
                yield from read_jsonl(input, text_field=text_field, id_field=id_field)
            case "csv":
                yield from read_csv(input, text_field=text_field, id_field=id_field)
    except DocumentError as error:
        yield error
