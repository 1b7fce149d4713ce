"""E-mail → a Document: the message's own words, without what it answers and without signature."""

from __future__ import annotations

import email
import email.policy
import hashlib
import re
from contextlib import suppress
from email.errors import MessageError
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from pipeline.errors import DocumentError
from pipeline.read.html import extract
from pipeline.read.source import MAX_BYTES, MAX_FILE, MEDIA_TYPES, Input, opened, raw_bytes
from pipeline.records import Document, Notice

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage

# Lines of an answered message, and the line before them: "On Monday the mayor wrote:" alone may be the text itself.
_QUOTED = re.compile(r"^>.*\n?", re.MULTILINE)
_ANSWERED = re.compile(r"^On\b[^\n]{5,200}(?:\n[^\n]{0,200})?\bwrote:[ \t]*\n\s*(?=>)", re.MULTILINE)
# Outlook's way: all that follows is the answered message, without marks.
_ORIGINAL = re.compile(r"^-{2,} ?Original Message ?-{2,}.*\Z", re.MULTILINE | re.DOTALL)
# RFC 3676, section 4.3: two hyphens and a space; many programs lose the space.
_SIGNATURE = re.compile(r"^-- ?\n.*\Z", re.MULTILINE | re.DOTALL)
# A message in a mailbox begins so, behind an empty line; within a message ">" is put before it.
_FROM = b"From "
_ESCAPED = re.compile(rb"^>(>*From )", re.MULTILINE)


def read_mail(source: Input) -> Iterator[Document]:
    """Yield the one document of a message (RFC 5322); raises DocumentError.

    The canonical text is that of its plain part, or the main text of its HTML one, less quoted replies and signature
    unless nothing is left without them. ``anchor`` counts the part among all the parts of the message, from 1.
    Attachments are named in a notice.
    """
    yield _document(raw_bytes(source, MAX_FILE), source.uri)


def read_mailbox(source: Input) -> Iterator[Document | DocumentError]:
    """Yield a document for each message of an mbox, or the error that says what is wrong with it.

    Its uri is ``file#number``, and ``anchor`` has the number, too.
    """
    with opened(source) as stream:
        for number, raw in enumerate(_messages(stream), start=1):
            uri = f"{source.uri}#{number}"
            if len(raw) > MAX_FILE:
                yield DocumentError(
                    f"{uri} holds more than {MAX_FILE:,} bytes.", remedy="Save what matters in a file.", uri=uri
                )
                continue
            try:
                yield _document(raw, uri, number)
            except DocumentError as error:
                yield error


def _messages(stream: Any) -> Iterator[bytes]:
    """Yield each message's bytes; of one that is too long as many as tell that."""
    lines: list[bytes] = []
    size, blank = 0, True
    for line in stream:
        if blank and line.startswith(_FROM):
            if lines:
                yield _ESCAPED.sub(rb"\1", b"".join(lines))
            lines, size = [], 0
        elif size <= MAX_FILE:
            lines.append(line)
            size += len(line)
        blank = line in (b"\n", b"\r\n")
    if lines:
        yield _ESCAPED.sub(rb"\1", b"".join(lines))


def _document(raw: bytes, uri: str, number: int | None = None) -> Document:
    message: EmailMessage = email.message_from_bytes(raw, policy=email.policy.default)
    body = message.get_body(("plain", "html"))
    parts = list(message.walk())
    if body is None or not message.keys():
        raise DocumentError(f"{uri} is no e-mail with a text.", remedy="Leave it out, or save its text.", uri=uri)
    try:
        text = body.get_content()
    except (LookupError, ValueError, MessageError) as error:
        raise DocumentError(
            f"{uri}: its text can't be read ({error}).", remedy="Save its text in a file.", uri=uri
        ) from error
    html = body.get_content_subtype() == "html"
    if len(text) > MAX_BYTES:
        raise DocumentError(f"{uri} is too long for one document.", remedy="Save what matters in a file.", uri=uri)
    text = extract(text)[0] if html else own_words(text)
    metadata: dict[str, Any] = _metadata(message)
    attached = [name for part in message.iter_attachments() if (name := part.get_filename())]
    notices = (Notice("attachments", f"Not read: {', '.join(attached)}.", 0),) if attached else ()
    part = 1 + next(i for i, candidate in enumerate(parts) if candidate is body)
    return Document(
        text=text, uri=uri, format="eml", media_type=MEDIA_TYPES["eml"], raw_sha256=hashlib.sha256(raw).hexdigest(),
        raw_bytes=len(raw), encoding=body.get_content_charset("utf-8"), extracted=True,
        extractor={"name": "onrecord", "version": version("onrecord"), "options": {"part": body.get_content_type()}},
        anchor={"part": part} | ({"message": number} if number else {}), notices=notices, **metadata,
    )  # fmt: skip


def own_words(text: str) -> str:
    """Return a plain message without the messages it answers and its signature, unless nothing else is in it."""
    text = text.replace("\r\n", "\n")
    own = text
    for other in (_ANSWERED, _QUOTED, _ORIGINAL, _SIGNATURE):
        own = other.sub("", own)
    return own.strip("\n") if own.strip() else text


def _metadata(message: EmailMessage) -> dict[str, str]:
    """Return subject, day and author as title, published and byline, each where the message has it."""
    found: dict[str, str] = {}
    with suppress(LookupError, ValueError, MessageError, AttributeError):  # the library stumbles over broken headers
        found["title"] = str(message["Subject"] or "").strip()
        sender = message["From"].addresses if message["From"] else ()
        found["byline"] = sender[0].display_name if sender else ""
        sent = message["Date"].datetime if message["Date"] else None
        found["published"] = sent.date().isoformat() if sent else ""
        found["language"] = str(message["Content-Language"] or "").strip()
    return {name: value for name, value in found.items() if value}
