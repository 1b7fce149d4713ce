"""A Word document (.docx) → a Document: the text of its body as it reads when all changes are accepted."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
import zlib
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from pipeline.errors import DocumentError
from pipeline.read.extras import needed
from pipeline.read.packed import FREE, RATIO
from pipeline.read.source import MAX_BYTES, MAX_FILE, MEDIA_TYPES, Input, raw_bytes
from pipeline.records import Document, Notice, Places

if TYPE_CHECKING:
    from collections.abc import Iterator

# Bytes of all that is packed in it: XML takes some eight times as much in memory, and any of it may be XML.
MAX_UNPACKED = 128 * 1024 * 1024
MAIN = re.compile(r"word/document\d*\.xml")
# What begins a file of the format before DOCX, in which documents with a password are wrapped, too.
OLE = b"\xd0\xcf\x11\xe0"
ENCRYPTED = 1
# What python-docx lets through of a damaged file; lxml's errors of syntax are Python's.
DAMAGED = (SyntaxError, zipfile.BadZipFile, zlib.error, EOFError, LookupError, ValueError, AttributeError, RuntimeError)

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
PARAGRAPH, RUN, TEXT, BREAK = f"{W}p", f"{W}r", f"{W}t", f"{W}br"
# What old programs read in place of what stands beside it.
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
# What is not read: what was deleted or moved elsewhere, text boxes (their paragraphs are read after the one that holds
# them), pronunciations above characters, formats.
UNREAD = frozenset([f"{W}del", f"{W}moveFrom", f"{W}txbxContent", f"{W}rt", f"{W}pPr", f"{W}rPr", FALLBACK])
CHARACTERS = {f"{W}tab": "\t", f"{W}ptab": "\t", f"{W}cr": "\n", f"{W}noBreakHyphen": "-"}
OFF = ("0", "false", "off")
# White space that ends a line elsewhere, and soft hyphens.
NOT_IN_LINE = str.maketrans(dict.fromkeys("\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029", " ") | {"\xad": ""})
# Line breaks with nothing between them: pasted text has them between its paragraphs.
BLANK_LINE = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
LINE_BREAK = re.compile(r" ?\n ?")
# A blank line, as lines may also be those that a program wrapped.
SEPARATOR = "\n\n"

# What python-docx and Word put where nobody wrote anything.
NO_TITLE = frozenset(["word document", "untitled", "document1"])
NO_AUTHOR = frozenset(["python-docx", "user", "windows user", "microsoft office user", "admin", "administrator"])
FIRST_YEAR, LAST_YEAR = 1990, 2100
# python-docx's template.
TEMPLATE_MADE = datetime(2013, 12, 23, 23, 15)
# What was changed so much later than it was made is a form that is filled in again and again.
REUSED = timedelta(days=31)


def read_docx(source: Input) -> Iterator[Document]:
    """Yield the one document of a Word file; raises DocumentError.

    The canonical text has a paragraph a line, an empty line between them, in the file's order, those of tables and
    text boxes too. A line break within a paragraph is a space, two or more in a row end it. Deleted and hidden text,
    headers and footers, notes and comments are left out. ``places`` are the paragraphs that hold text, with all of the
    body counted. One without any gives an empty document with a notice ``no-text``.
    """
    docx = needed("docx", "a Word document", "docx", source.uri)
    raw = raw_bytes(source, MAX_FILE)
    _refuse_what_is_none(raw, source.uri)
    try:
        opened = docx.Document(io.BytesIO(raw))
        text, places = _text(_body(opened), _hidden_styles(opened))
        metadata = _metadata(opened)
    except DAMAGED as error:
        raise DocumentError(
            f"{source.uri} is a damaged Word document, or of a kind that is not read.",
            remedy="Open it in a word processor and save it as .docx again.",
            uri=source.uri,
        ) from error
    if len(text) > MAX_BYTES:
        raise DocumentError(
            f"{source.uri} holds more than {MAX_BYTES:,} characters, too many for one document.",
            remedy="Split it.",
            uri=source.uri,
        )
    notices = () if text else (Notice("no-text", "The document holds no text.", 0),)
    yield Document(
        text=text, uri=source.uri, format="docx", media_type=MEDIA_TYPES["docx"],
        raw_sha256=hashlib.sha256(raw).hexdigest(), raw_bytes=len(raw), extracted=True,
        extractor={"name": "python-docx", "version": version("python-docx"), "options": {}},
        places=places, notices=notices, **metadata,
    )  # fmt: skip


def _refuse_what_is_none(raw: bytes, uri: str) -> None:
    """Raise DocumentError for what is no Word document, or not safe to open."""
    if raw.startswith(OLE):
        raise DocumentError(
            f"{uri} is protected by a password, or an old .doc file.",
            remedy="Open it in a word processor and save it as .docx without a password.",
            uri=uri,
        )
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise DocumentError(
            f"{uri} is no Word document, or cut short.", remedy="Fetch or save it again.", uri=uri
        ) from error
    if not any(MAIN.fullmatch(member.filename) for member in members):
        raise DocumentError(
            f"{uri} holds no Word document: it is an archive of another kind.",
            remedy="Rename it to what it is, or save the text as .docx.",
            uri=uri,
        )
    if any(member.flag_bits & ENCRYPTED for member in members):
        raise DocumentError(f"{uri} is protected by a password.", remedy="Save a copy without one.", uri=uri)
    if sum(member.file_size for member in members) > min(MAX_UNPACKED, FREE + RATIO * len(raw)):
        raise DocumentError(
            f"{uri} unfolds to far more than a document holds.",
            remedy="It looks like a bomb, made to fill the memory. If it is not, save it without its pictures.",
            uri=uri,
        )


def _body(opened: Any) -> Any:
    """Return the body; raises ValueError where the file declares entities, as the format forbids: they stay unread."""
    if opened.element.getroottree().docinfo.internalDTD is not None:
        raise ValueError("a document type is declared")
    return opened.element.body


def _text(body: Any, hidden: frozenset[str]) -> tuple[str, Places | None]:
    """Return the canonical text and where its paragraphs begin; None where there is no text."""
    doubled = {paragraph for fallback in body.iter(FALLBACK) for paragraph in fallback.iter(PARAGRAPH)}
    read = [paragraph for paragraph in body.iter(PARAGRAPH) if paragraph not in doubled]
    pieces: list[str] = []
    starts: dict[int, int] = {}
    length = begun_at = 0
    begun = ""
    for number, paragraph in enumerate(read, 1):
        begun_at = begun_at if begun else number
        begun += "".join(_characters(paragraph, hidden)) if _style(paragraph) not in hidden else ""
        # Where the end of a paragraph was deleted, the next one goes on with it.
        if number < len(read) and paragraph.find(f"{W}pPr/{W}rPr/{W}del") is not None:
            continue
        for part in BLANK_LINE.split(begun):
            line = LINE_BREAK.sub(" ", part).strip()
            if line:
                length += len(SEPARATOR) if pieces else 0
                starts.setdefault(begun_at, length)
                pieces.append(line)
                length += len(line)
        begun = ""
    return SEPARATOR.join(pieces), Places("paragraph", tuple(starts.values()), tuple(starts)) if starts else None


def _characters(element: Any, hidden: frozenset[str]) -> Iterator[str]:
    """Yield what a paragraph or a part of it shows, line breaks as ``\\n``."""
    for child in element:
        if child.tag == TEXT:
            yield (child.text or "").translate(NOT_IN_LINE)
        elif child.tag == BREAK:
            yield "\n" if child.get(f"{W}type", "textWrapping") == "textWrapping" else "\n\n"
        elif child.tag in CHARACTERS:
            yield CHARACTERS[child.tag]
        # The tag of a comment is a function.
        elif isinstance(child.tag, str) and child.tag not in UNREAD and not _is_hidden(child, hidden):
            yield from _characters(child, hidden)


def _is_hidden(element: Any, hidden: frozenset[str]) -> bool:
    """Tell whether an element is a run that is not shown."""
    if element.tag != RUN:
        return False
    vanish = element.find(f"{W}rPr/{W}vanish")
    return _style(element) in hidden if vanish is None else vanish.get(f"{W}val") not in OFF


def _style(element: Any) -> str:
    """Return the name of a paragraph's or run's style, "" for the usual one."""
    style = element.find(f"{W}rPr/{W}rStyle" if element.tag == RUN else f"{W}pPr/{W}pStyle")
    return style.get(f"{W}val", "") if style is not None else ""


def _hidden_styles(opened: Any) -> frozenset[str]:
    """Return the names of styles whose text is not shown."""
    styles = opened.styles.element.iter(f"{W}style")
    vanish = {style.get(f"{W}styleId"): style.find(f"{W}rPr/{W}vanish") for style in styles}
    return frozenset(name for name, found in vanish.items() if found is not None and found.get(f"{W}val") not in OFF)


def _metadata(opened: Any) -> dict[str, Any]:
    """Return title, byline, date and language as far as somebody set them."""
    core = opened.core_properties
    title, author = " ".join(core.title.split()), " ".join(core.author.split())
    language = opened.styles.element.find(f"{W}docDefaults/{W}rPrDefault/{W}rPr/{W}lang")
    found = {
        "title": "" if title.casefold() in NO_TITLE else title,
        "byline": "" if author.casefold() in NO_AUTHOR else author,
        "published": _published(core.created, core.modified),
        "language": core.language or (language.get(f"{W}val") if language is not None else ""),
    }
    return {name: value for name, value in found.items() if value}


def _published(made: datetime | None, changed: datetime | None) -> str:
    """Return the day a document was made, "" where that tells nothing about the day it was published."""
    if made is None or made.replace(tzinfo=None) == TEMPLATE_MADE or not FIRST_YEAR <= made.year <= LAST_YEAR:
        return ""
    if changed and abs(changed.replace(tzinfo=None) - made.replace(tzinfo=None)) > REUSED:
        return ""
    return made.date().isoformat()
