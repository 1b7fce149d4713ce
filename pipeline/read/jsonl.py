"""JSONL → one Document a line, streamed."""

from __future__ import annotations

import io
from typing import IO, TYPE_CHECKING, Any

import jsonlines
import msgspec

from pipeline.errors import DocumentError
from pipeline.read.decode import bad_byte, decode, marked_encoding
from pipeline.read.source import MAX_BYTES, Input, opened
from pipeline.read.tables import Table
from pipeline.records import Document

if TYPE_CHECKING:
    from collections.abc import Iterator


def read_jsonl(source: Input, *, text_field: str, id_field: str | None) -> Iterator[Document | DocumentError]:
    """Yield a document for each line that is not blank, or the error that says what is wrong with it.

    A UTF-16 or UTF-32 file with a byte-order mark is read too (some shells write those): whole, and
    as if it were UTF-8.
    """
    table = Table(source, "jsonl", text_field, id_field)
    with opened(source) as stream:
        lines = _Lines(stream, source.uri)
        empty = True
        for found in _documents(table, lines):
            empty = False
            yield found
    if empty:
        yield table.empty()


class _Lines:
    """The lines of a stream, each bounded; the current one stays at hand for its digest."""

    def __init__(self, stream: IO[bytes], uri: str) -> None:
        self.stream = stream
        self.uri = uri
        self.current = b""
        self.number = 0
        self.too_long = False

    def __iter__(self) -> Iterator[bytes]:
        while line := self.stream.readline(MAX_BYTES + 1):
            if self.number == 0:
                line = self._first(line)
            self.number += 1
            self.too_long = len(line) > MAX_BYTES
            rest = line
            while self.too_long and rest and not rest.endswith(b"\n"):
                rest = self.stream.readline(MAX_BYTES)
            self.current = line.rstrip(b"\r\n")
            yield self.current

    def _first(self, line: bytes) -> bytes:
        """Take off a byte-order mark; what is not UTF-8 by its mark is turned into it."""
        encoding = marked_encoding(line)
        if encoding is None:
            return line
        if encoding == "utf-8-sig":
            return line[3:]
        text, _, _ = decode(line + self.stream.read(), self.uri)
        self.stream = io.BytesIO(text.encode("utf-8"))
        return self.stream.readline(MAX_BYTES + 1)


def _documents(table: Table, lines: _Lines) -> Iterator[Document | DocumentError]:
    reader = jsonlines.Reader(lines, loads=_loads)
    while True:
        try:
            fields = reader.read(type=dict, skip_empty=True)
            yield table.document(fields, lines.current, lines.number, "utf-8")
        except EOFError:
            return
        except jsonlines.InvalidLineError as error:
            yield _line_error(table, lines, error)
        except DocumentError as error:
            yield error


def _loads(line: str | bytes) -> Any:
    try:
        return msgspec.json.decode(line)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _line_error(table: Table, lines: _Lines, error: jsonlines.InvalidLineError) -> DocumentError:
    if lines.too_long:
        return table.error(
            lines.number,
            f"it is longer than {MAX_BYTES:,} bytes.",
            "Split the document, or check the file's line ends.",
        )
    cause = error.__cause__
    if isinstance(cause, UnicodeDecodeError):
        bad = bad_byte(lines.current, cause.start, lines.uri, "not valid UTF-8", line=lines.number)
        return table.error(
            lines.number,
            f"byte 0x{lines.current[cause.start]:02X} at offset {cause.start} of the line is not valid UTF-8.",
            bad.remedy,
        )
    if cause is None:
        return table.error(lines.number, "it is not a JSON object.", 'Write every line as {"text": "…"}.')
    return table.error(lines.number, f"it is not JSON: {cause}.", "Write every line as one JSON object in UTF-8.")
