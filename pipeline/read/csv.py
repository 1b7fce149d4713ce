"""CSV → one Document a row, streamed; the delimiter is read off the header."""

from __future__ import annotations

import codecs
import csv
import io
from typing import IO, TYPE_CHECKING

from msgspec import structs

from pipeline.errors import DocumentError
from pipeline.read.decode import decode, marked_encoding, mostly_utf8
from pipeline.read.source import MAX_BYTES, Input, opened
from pipeline.read.spool import seekable
from pipeline.read.tables import Table, text_field_remedy
from pipeline.records import Document, Notice

if TYPE_CHECKING:
    from collections.abc import Iterator

DELIMITERS = (",", ";", "\t")
_BLOCK = 1 << 20


def read_csv(source: Input, *, text_field: str, id_field: str | None) -> Iterator[Document | DocumentError]:
    """Yield a document for each row, or the error that says what is wrong with it.

    The first row names the fields. The delimiter is the one of comma, semicolon and tab by which the
    header has the text field, else by which it has most fields. A row must have as many fields as
    the header: with more or fewer its text would be cut at a delimiter or line end inside it.
    Raises DocumentError where the header has no text field.
    """
    csv.field_size_limit(MAX_BYTES)
    with opened(source) as stream, seekable(stream) as file:
        rows, encoding, notices = _text(file, source.uri)
        lines = _Lines(rows, "utf-8" if encoding == "utf-8-sig" else encoding)
        header, delimiter = _header(lines, text_field)
        table = Table(source, "csv", text_field, id_field, delimiter=delimiter)
        if not header:
            yield table.empty(encoding)
            return
        if header.count(text_field) != 1:
            what = "there is no field" if text_field not in header else "more than one field is called"
            raise DocumentError(
                f"{source.uri}, line 1: {what} {text_field!r}.",
                remedy=text_field_remedy(dict.fromkeys(header)),
                uri=source.uri,
            )
        empty = True
        for found in _documents(table, lines, header, delimiter, encoding):
            empty = False
            yield structs.replace(found, notices=(*notices, *found.notices)) if isinstance(found, Document) else found
        if empty:
            yield table.empty(encoding)


class _Lines:
    """Decoded lines; the ones that the current row took stay at hand for its digest and place."""

    def __init__(self, lines: IO[str], encoding: str) -> None:
        self.lines = lines
        self.encoding = encoding
        self.row: list[str] = []
        self.number = 0
        self.start = 1
        self.whole = True

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self.lines.readline(MAX_BYTES)
        if not line:
            raise StopIteration
        self.number += self.whole
        self.whole = line.endswith(("\n", "\r"))
        self.row.append(line)
        return line

    def begin_row(self) -> None:
        while not self.whole and next(self, ""):  # what is left of a line longer than the bound
            pass
        self.row = []
        self.start = self.number + 1

    def raw(self) -> bytes:
        """Return the row's bytes as they stand in the file, without the line end."""
        text = "".join(self.row).removesuffix("\n").removesuffix("\r")
        # A UTF-16 row is encoded without the mark that the codec for whole files would add.
        codec = {"utf-16": "utf-16-le", "utf-32": "utf-32-le"}.get(self.encoding, self.encoding)
        return text.encode(codec, "surrogateescape")


def _documents(
    table: Table, lines: _Lines, header: list[str], delimiter: str, encoding: str
) -> Iterator[Document | DocumentError]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.begin_row()
        try:
            row = next(reader)
            if row:
                fields = _fields(table, lines, row, header)
                yield table.document(fields, lines.raw(), lines.start, encoding)
        except StopIteration:
            return
        except csv.Error as error:
            until = f" (up to line {lines.number})" if lines.number > lines.start else ""
            yield table.error(
                lines.start, f"the row can't be read{until}: {error}.",
                'Put fields with delimiters, line ends or marks in them between marks ("), doubling marks inside.',
            )  # fmt: skip
        except DocumentError as error:
            yield error


def _fields(table: Table, lines: _Lines, row: list[str], header: list[str]) -> dict[str, str]:
    try:
        "".join(row).encode("utf-8")
    except UnicodeEncodeError:  # bytes that were no UTF-8 stand in it as surrogates
        raise _bad_byte(table, lines) from None
    if len(row) != len(header):
        raise table.error(
            lines.start, f"the row has {len(row)} fields, the header {len(header)}.",
            "Put fields that hold the delimiter or a line end between quotation marks (\").",
        )  # fmt: skip
    return dict(zip(header, row, strict=True))


def _bad_byte(table: Table, lines: _Lines) -> DocumentError:
    raw, at = lines.raw(), 0
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        at = error.start
    what = f"byte 0x{raw[at]:02X} at offset {at} of the row is not valid UTF-8."
    return table.error(lines.start, what, "Save the file as UTF-8.")


def _header(lines: _Lines, text_field: str) -> tuple[list[str], str]:
    """Return the field names and the delimiter; no names where the file is empty."""
    line = next(lines, "")
    readings = [(next(csv.reader([line], delimiter=d), []), d) for d in DELIMITERS]
    return max(readings, key=lambda reading: (text_field in reading[0], len(reading[0])))


def _text(stream: IO[bytes], uri: str) -> tuple[IO[str], str, tuple[Notice, ...]]:
    """Return the decoded lines, the encoding and notices; UTF-8 is streamed, anything else read whole."""
    encoding = marked_encoding(stream.read(4)) or "utf-8"
    stream.seek(0)
    if encoding in {"utf-8", "utf-8-sig"} and _is_utf8(stream):
        return io.TextIOWrapper(stream, encoding, "surrogateescape", newline=""), encoding, ()
    text, encoding, notices = decode(stream.read(), uri)
    return io.StringIO(text, newline=""), encoding, notices


def _is_utf8(stream: IO[bytes]) -> bool:
    """Tell whether the stream is UTF-8, single bad rows aside; leaves it at its start."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while block := stream.read(_BLOCK):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        stream.seek(0)
        return mostly_utf8(stream.read())
    else:
        return True
    finally:
        stream.seek(0)
