"""Plain text and Markdown → a Document: the decoded bytes without byte-order mark, nothing else changed."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from pipeline.read.decode import decode
from pipeline.read.source import MEDIA_TYPES, Input, raw_bytes
from pipeline.records import Document, Format

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_HEADING = re.compile(r"^ {0,3}# +(.+)$", re.MULTILINE)
_FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n(.*?)^(?:---|\.\.\.)[ \t]*\r?$", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r"^(\w+):[ \t]+(.*)$", re.MULTILINE)


def read_text(source: Input) -> Iterator[Document]:
    """Yield the one document of a text or Markdown file; raises DocumentError."""
    raw = raw_bytes(source)
    text, encoding, notices = decode(raw, source.uri, declared=source.charset)
    format: Format = "markdown" if source.format == "markdown" else "text"
    metadata: dict[str, Any] = markdown_metadata(text) if format == "markdown" else {}
    yield Document(
        text=text, uri=source.uri, format=format, media_type=MEDIA_TYPES[format],
        raw_sha256=hashlib.sha256(raw).hexdigest(), raw_bytes=len(raw), encoding=encoding, notices=notices,
        extracted=not source.rereadable, **metadata,
    )  # fmt: skip


def markdown_metadata(text: str) -> dict[str, str]:
    """Return title, published, byline and language as front matter and the first heading give them."""
    block = _FRONT_MATTER.match(text)
    fields = {name.lower(): value.strip().strip("'\"") for name, value in _FIELD.findall(block[1])} if block else {}
    heading = _HEADING.search(text, block.end() if block else 0)
    found = {
        "title": fields.get("title") or (heading[1].strip().rstrip("#").rstrip() if heading else ""),
        "published": fields.get("date", ""),
        "byline": fields.get("author", ""),
        "language": fields.get("lang") or fields.get("language") or "",
    }
    return {name: value for name, value in found.items() if value}
