"""A PDF → a Document: the words that PDFium finds on its pages, put together to paragraphs."""

from __future__ import annotations

import hashlib
import itertools
import math
import re
from collections import Counter
from contextlib import closing
from ctypes import c_double
from datetime import date
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from pipeline.errors import DocumentError
from pipeline.read.extras import needed
from pipeline.read.pdf_pages import Page, Word, rows_of, without_drop_caps, without_heads
from pipeline.read.pdf_paragraphs import composed, paragraphs_of
from pipeline.read.source import MAX_BYTES, MAX_FILE, MEDIA_TYPES, Input, raw_bytes
from pipeline.records import Document, Notice

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# A newspaper's month has fewer pages; what has more was made to keep a reader busy.
MAX_PAGES = 5_000
# Junk may come before the header; PDF readers look for it in so many bytes.
HEADER, HEADER_WITHIN = b"%PDF-", 1024
# Damaged pages that a notice names.
NAMED = 10
# Part of a quarter turn by which a line of text may be askew.
STRAIGHT = 0.1

# PDFium's marks for a hyphen at a line's end, which it joins to the next line.
MARKS = "\x02\ufffe"
WORD = re.compile(rf"[^\s{MARKS}]+[{MARKS}]?|[{MARKS}]")
# What is no text: controls, soft hyphens, halves of surrogate pairs and what is no character.
NO_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\xad\ud800-\udfff\ufffe\uffff]")

# What programs put where nobody wrote a title or an author.
NO_TITLE = re.compile(
    r"untitled.*|unspecified|(?:microsoft )?(?:word|powerpoint|excel) - .*"
    r"|.*\.(?:docx?|odt|rtf|txt|indd|qxd|pdf|html?|wpd|pages)",
    re.IGNORECASE,
)
NO_AUTHOR = re.compile(
    r"anonymous|unknown|unspecified|(?:windows |microsoft )?(?:office )?user|admin(?:istrator)?", re.IGNORECASE
)
CREATED = re.compile(r"(?:D:)?(\d{4})(\d\d)(\d\d)")
FIRST_YEAR, LAST_YEAR = 1990, 2100


def read_pdf(source: Input) -> Iterator[Document]:
    """Yield the one document of a PDF; raises DocumentError.

    The canonical text has a paragraph a line, an empty line between them, in reading order. Running heads, page
    numbers, what stands outside the page's borders or in another direction than its text are left out. ``places``
    are the pages that hold text. A PDF without any gives an empty document with a notice ``no-text``.
    """
    raw = raw_bytes(source, MAX_FILE)
    pages, damaged, metadata = _read(raw, source.uri)
    text, places = composed(paragraphs_of(without_heads(pages)))
    notices = []
    if damaged:
        named = ", ".join(map(str, damaged[:NAMED])) + (" and others" if len(damaged) > NAMED else "")
        notices.append(Notice("page-unreadable", f"Pages are damaged, their text is missing: {named}.", 0))
    if not text:
        notices.append(Notice("no-text", "The pages hold no text, only images; run OCR first.", 0))
    layout = f"onrecord {version('onrecord')}"
    yield Document(
        text=text, uri=source.uri, format="pdf", media_type=MEDIA_TYPES["pdf"],
        raw_sha256=hashlib.sha256(raw).hexdigest(), raw_bytes=len(raw), extracted=True,
        extractor={"name": "pypdfium2", "version": version("pypdfium2"), "options": {"layout": layout}},
        places=places, notices=tuple(notices), **metadata,
    )  # fmt: skip


# ---------------------------------------------------------------- the file → words on pages


def _read(raw: bytes, uri: str) -> tuple[list[Page], list[int], dict[str, Any]]:
    """Return the pages, the numbers of those that can't be read, and the metadata; closes all of PDFium's handles."""
    pdfium = needed("pypdfium2", "a PDF", "pdf", uri)
    api = needed("pypdfium2.raw", "a PDF", "pdf", uri)
    if HEADER not in raw[:HEADER_WITHIN]:
        raise DocumentError(f"{uri} is no PDF.", remedy="Fetch it again, or rename it to what it is.", uri=uri)
    try:
        document = pdfium.PdfDocument(raw)
    except pdfium.PdfiumError as error:
        if error.err_code in (api.FPDF_ERR_PASSWORD, api.FPDF_ERR_SECURITY):
            raise DocumentError(
                f"{uri} is protected by a password.", remedy="Save a copy without one and read that.", uri=uri
            ) from error
        raise _damaged(uri) from error
    pages: list[Page] = []
    damaged: list[int] = []
    count = 0
    with closing(document):
        if len(document) > MAX_PAGES:
            raise DocumentError(f"{uri} has more than {MAX_PAGES:,} pages.", remedy="Split it.", uri=uri)
        for index in range(len(document)):
            try:
                with closing(document[index]) as page, closing(page.get_textpage()) as textpage:
                    count += textpage.count_chars()
                    if count > MAX_BYTES:
                        raise DocumentError(
                            f"{uri} holds more than {MAX_BYTES:,} characters, too many for one document.",
                            remedy="Split it.", uri=uri,
                        )  # fmt: skip
                    pages.append(_page(textpage, api, page.get_bbox(), index + 1))
            except pdfium.PdfiumError:
                damaged.append(index + 1)
        if not pages:
            raise _damaged(uri)
        return pages, damaged, _metadata(document)


def _damaged(uri: str) -> DocumentError:
    return DocumentError(f"{uri} is damaged or cut short.", remedy="Fetch or save it again.", uri=uri)


def _metadata(document: Any) -> dict[str, Any]:
    """Return title, byline and date of creation as far as somebody set them."""
    title, author, created = (_value(document, key) for key in ("Title", "Author", "CreationDate"))
    found = {
        "title": "" if NO_TITLE.fullmatch(title) else title,
        "byline": "" if NO_AUTHOR.fullmatch(author) else author,
        "published": _iso_date(created),
    }
    return {name: value for name, value in found.items() if value}


def _value(document: Any, key: str) -> str:
    try:
        return NO_TEXT.sub("", " ".join(document.get_metadata_value(key).split()))
    except UnicodeDecodeError:
        return ""


def _iso_date(stamp: str) -> str:
    match = CREATED.match(stamp)
    try:
        day = date(*map(int, match.groups())) if match else None
    except ValueError:
        return ""
    return day.isoformat() if day and FIRST_YEAR <= day.year <= LAST_YEAR else ""


def _page(textpage: Any, api: Any, box: tuple[float, float, float, float], number: int) -> Page:
    """Return the words of a page; turned so that they run from left to right where most of them don't."""
    found = list(_words(textpage, api))
    turns = Counter(quarter for _, quarter in found).most_common(1)[0][0] if found else 0
    (x1, y1), (x2, y2) = _turned(box[0], box[1], turns), _turned(box[2], box[3], turns)
    left, right = sorted((x1, x2))
    bottom, top = sorted((y1, y2))
    words = [
        word
        for word, quarter in found
        if quarter == turns and left < word.right and word.left < right and bottom <= word.base < top
    ]
    return Page(rows_of(without_drop_caps(words)), number, bottom, top)


def _words(textpage: Any, api: Any) -> Iterator[tuple[Word, int | None]]:
    """Yield a page's words as the file has them, and in how many quarter turns they run; None for aslant."""
    page = textpage.raw
    text = textpage.get_text_range(errors="surrogatepass")
    index = _indices(textpage, text, api)
    # What stands for no character has the same mark as a hyphen.
    text = re.sub(
        f"[{MARKS}]", lambda mark: mark[0] if api.FPDFText_IsHyphen(page, index[mark.start()]) == 1 else "\0", text
    )
    x, y, left, right, bottom, top = (c_double() for _ in range(6))
    matrix = api.FS_MATRIX()
    for match in WORD.finditer(text):
        word = NO_TEXT.sub("", match[0]) or "-" * (match[0] in MARKS)
        first, last = index[match.start()], index[match.end() - 1]
        if not (
            word
            and api.FPDFText_GetCharOrigin(page, first, x, y)
            and api.FPDFText_GetCharBox(page, last, left, right, bottom, top)
            and api.FPDFText_GetMatrix(page, first, matrix)
        ):
            continue
        quarters = math.atan2(matrix.b, matrix.a) / (math.pi / 2)
        turn = round(quarters) % 4 if abs(quarters - round(quarters)) < STRAIGHT else None
        size = abs(api.FPDFText_GetFontSize(page, first)) * math.hypot(matrix.c, matrix.d)
        start, base = _turned(x.value, y.value, turn)
        end = max(_turned(left.value, bottom.value, turn)[0], _turned(right.value, top.value, turn)[0])
        cut = len(match[0]) > 1 and match[0][-1] in (*MARKS, "\xad")
        yield Word(word, start, max(start, end), base, size or 1.0, cut), turn


def _indices(textpage: Any, text: str, api: Any) -> Sequence[int]:
    """Return the number that PDFium gives each code point of its text: it counts in UTF-16, and leaves some out."""
    units: Sequence[int] = range(len(text) + 1)
    if text and max(text) > "\uffff":
        units = [0, *itertools.accumulate(2 if character > "\uffff" else 1 for character in text)]
    if units[-1] == textpage.count_chars():
        return units
    return [api.FPDFText_GetCharIndexFromTextIndex(textpage.raw, unit) for unit in units]


def _turned(x: float, y: float, quarter: int | None) -> tuple[float, float]:
    """Return a point after so many quarter turns clockwise about the origin."""
    return ((x, y), (y, -x), (-x, -y), (-y, x))[quarter or 0]
