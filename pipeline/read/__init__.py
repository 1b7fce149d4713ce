"""Paths, folders and standard input → Documents: the readers' one entry.

``discover`` finds what there is to read, ``read`` reads one such input. Nothing in a document
makes ``read`` raise: what can't be read comes out as a DocumentError that names the remedy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from pipeline.errors import DocumentError
from pipeline.read.archives import tar_members, zip_members
from pipeline.read.csv import read_csv
from pipeline.read.discover import discover
from pipeline.read.docx import read_docx
from pipeline.read.html import read_html
from pipeline.read.jsonl import read_jsonl
from pipeline.read.mail import read_mail, read_mailbox
from pipeline.read.parquet import read_parquet
from pipeline.read.pdf import read_pdf
from pipeline.read.remote import Remote, file_of, is_url
from pipeline.read.source import SUFFIXES, Input, kind_of, locate, uri_of
from pipeline.read.text import read_text
from pipeline.read.warc import warc_pages
from pipeline.records import Document, Failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["SUFFIXES", "Input", "Remote", "discover", "file_of", "is_url", "kind_of", "locate", "read", "uri_of"]


def read(
    input: Input, *, text_field: str = "text", id_field: str | None = None
) -> Iterator[Document | Failure | DocumentError]:
    """Yield the documents of one input, in order.

    JSONL, CSV and Parquet hold one a line or row, its text in ``text_field``, its name (``uri#name``) in
    ``id_field`` or the number of its line; a mailbox one a message, a WARC one a page, an archive those of its
    members. All others hold one. A DocumentError takes the place of a document, line or row that can't be read;
    the rest still come. A Failure stands for what an archive holds beside documents.
    """
    try:
        match input.format:
            case "text" | "markdown":
                yield from read_text(input)
            case "html":
                yield from read_html(input)
            case "pdf":
                yield from read_pdf(input)
            case "docx":
                yield from read_docx(input)
            case "eml":
                yield from read_mail(input)
            case "mbox":
                yield from read_mailbox(input)
            case "jsonl":
                yield from read_jsonl(input, text_field=text_field, id_field=id_field)
            case "csv":
                yield from read_csv(input, text_field=text_field, id_field=id_field)
            case "parquet":
                yield from read_parquet(input, text_field=text_field, id_field=id_field)
            case "warc":
                yield from _pages(input)
            case "zip":
                yield from _members(zip_members(input), text_field, id_field)
            case "tar":
                yield from _members(tar_members(input), text_field, id_field)
    except DocumentError as error:
        yield error


def _pages(source: Input) -> Iterator[Document | Failure | DocumentError]:
    for page, offset in warc_pages(source):
        for found in read(page):
            yield structs.replace(found, anchor={"offset": offset}) if isinstance(found, Document) else found


def _members(
    members: Iterable[Input | Failure | DocumentError], text_field: str, id_field: str | None
) -> Iterator[Document | Failure | DocumentError]:
    for member in members:
        if isinstance(member, Input):
            yield from read(member, text_field=text_field, id_field=id_field)
        else:
            yield member
