"""A WARC file → the web pages in it."""

from __future__ import annotations

import io
import zlib
from typing import IO, TYPE_CHECKING, Any

from pipeline.errors import DocumentError
from pipeline.read.extras import needed
from pipeline.read.source import MAX_BYTES, Input, opened
from pipeline.records import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# What a page may be, by its Content-Type.
PAGES: dict[str, Kind] = {"text/html": "html", "application/xhtml+xml": "html", "text/plain": "text"}
FOUND = "200"
# What warcio raises at a record that is not as it should be.
DAMAGES = (EOFError, zlib.error, AttributeError, ValueError)


def warc_pages(source: Input) -> Iterator[tuple[Input, int]]:
    """Yield each page with the byte in the file at which its record begins; raises DocumentError.

    A page is a response with status 200 that is HTML or plain text; pictures, scripts, redirections and so on
    are left out. Its uri is ``file#address``, with ``@byte`` behind it where an address comes again.
    """
    iterator = needed("warcio.archiveiterator", "a WARC file", "warc", source.uri)
    failed = needed("warcio.exceptions", "a WARC file", "warc", source.uri).ArchiveLoadFailed
    seen: set[str] = set()
    with opened(source) as stream:
        records = iterator.ArchiveIterator(stream)
        offset = 0
        try:
            for record in records:
                kind = _kind(record)
                if kind is None:
                    continue
                body = _body(record)
                offset = records.get_record_offset()  # reads what is left of the record
                url = record.rec_headers.get_header("WARC-Target-URI") or ""
                uri = f"{source.uri}#{url}" + (f"@{offset}" if url in seen else "")
                seen.add(url)
                yield Input(None, uri, kind, charset=_charset(record), open=_opener(body)), offset
        except (failed, *DAMAGES) as error:
            raise DocumentError(
                f"{source.uri} is no WARC file, or cut short or damaged behind byte {offset:,}.",
                remedy="Fetch it again; the pages before that place have been read.",
                uri=source.uri,
            ) from error


def _kind(record: Any) -> Kind | None:
    if record.rec_type != "response" or record.http_headers is None:
        return None
    if record.http_headers.get_statuscode() != FOUND:
        return None
    return PAGES.get(_content_type(record).partition(";")[0].strip())


def _charset(record: Any) -> str | None:
    _, _, rest = _content_type(record).partition("charset=")
    return rest.partition(";")[0].strip(" \"'") or None


def _content_type(record: Any) -> str:
    return (record.http_headers.get_header("Content-Type") or "").lower()


def _body(record: Any) -> bytes:
    """Return a page's bytes, no more than tell that it is too long; raises EOFError where it is cut short."""
    stream = record.content_stream()
    body = b""
    while len(body) <= MAX_BYTES and (block := stream.read(MAX_BYTES + 1 - len(body))):
        body += block
    if len(body) <= MAX_BYTES and getattr(record.raw_stream, "limit", 0) > 0:
        raise EOFError
    return body


def _opener(body: bytes) -> Callable[[], IO[bytes]]:
    return lambda: io.BytesIO(body)
