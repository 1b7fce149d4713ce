"""Bytes → text, and which encoding they were in."""

from __future__ import annotations

import codecs
import re

from pipeline.errors import DocumentError
from pipeline.records import Notice

# Longest first: the UTF-32-LE mark begins with the UTF-16-LE one.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
# Encodings that English-language news comes in; a larger choice makes short texts exotic by accident.
_PLAUSIBLE = ["cp1252", "mac_roman", "cp1250", "cp1251", "cp1253", "cp1254", "cp1257"]
# How much messier (0 to 1, charset-normalizer's "chaos") the Western reading may be than the best one
# and still be chosen; short texts in cp1252 with one accented letter come out within this.
_WESTERN_BONUS = 0.02
# Controls that no text in a one-byte encoding holds (tab, line ends, form feed, Ctrl-Z, escape are allowed).
_CONTROL = re.compile(rb"[\x00-\x06\x0e-\x19\x1c-\x1f]")
_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")


def decode(raw: bytes, uri: str, *, declared: str | None = None) -> tuple[str, str, tuple[Notice, ...]]:
    """Return text, encoding and notices, so that ``raw.decode(encoding) == text`` always.

    A byte-order mark decides; else UTF-8 where it is valid; else the encoding that the document
    declares; else charset-normalizer's guess, with a notice ``encoding-guessed``. Bytes that are
    UTF-8 but for a few are an error, not a guess: a guess would spoil every other accent and
    quotation mark in them. Raises DocumentError naming the first bad byte.
    """
    marked = marked_encoding(raw)
    if marked is None and (at := raw.find(b"\0")) >= 0:
        raise bad_byte(raw, at, uri, "not text")
    try:
        return raw.decode(marked or "utf-8"), marked or "utf-8", ()
    except UnicodeDecodeError as error:
        if marked or mostly_utf8(raw):
            raise bad_byte(
                raw, error.start, uri, f"not valid {(marked or 'utf-8').removesuffix('-sig').upper()}"
            ) from error
        first = error.start
    return _declared(raw, declared) or _guessed(raw, uri, first)


def marked_encoding(raw: bytes) -> str | None:
    """Return the encoding that a byte-order mark tells, as a codec that drops the mark."""
    return next((name for mark, name in _MARKS if raw.startswith(mark)), None)


def mostly_utf8(raw: bytes) -> bool:
    """Tell whether most bytes above 127 are part of valid UTF-8 sequences."""
    outside = len(raw.translate(None, delete=bytes(range(128))))
    inside = sum(len(match) for match in _MULTIBYTE.findall(raw))
    return inside * 2 > outside


def bad_byte(raw: bytes, at: int, uri: str, what: str, *, line: int | None = None) -> DocumentError:
    """Return the error for a byte that can't be read as text; ``at`` counts bytes from 0."""
    place = f"{uri}, line {line}," if line else uri
    return DocumentError(
        f"{place} is {what}: byte 0x{raw[at]:02X} at offset {at}.",
        remedy="If it is a text, save it as UTF-8; if not, leave it out.",
        uri=uri,
    )


def _declared(raw: bytes, declared: str | None) -> tuple[str, str, tuple[Notice, ...]] | None:
    if declared is None:
        return None
    try:
        name = codecs.lookup(declared).name
        name = "cp1252" if name in {"iso8859-1", "ascii"} else name  # as browsers read these labels
        return (raw.decode(name), name, ()) if codecs.lookup(name)._is_text_encoding else None
    except (LookupError, ValueError):
        return None


def _guessed(raw: bytes, uri: str, first: int) -> tuple[str, str, tuple[Notice, ...]]:
    from charset_normalizer import from_bytes

    if control := _CONTROL.search(raw):
        raise bad_byte(raw, control.start(), uri, "not text")
    best = from_bytes(raw, cp_isolation=_PLAUSIBLE).best()
    western = from_bytes(raw, cp_isolation=["cp1252"]).best()
    if western is not None and (best is None or western.chaos <= best.chaos + _WESTERN_BONUS):
        best = western
    if best is None:
        raise bad_byte(raw, first, uri, "in no encoding that gives readable text")
    try:
        text = raw.decode(best.encoding)
    except UnicodeDecodeError as error:
        raise bad_byte(raw, error.start, uri, "in no encoding that gives readable text") from error
    message = f"The bytes are not UTF-8 (offset {first}); they were read as {best.encoding}."
    return text, best.encoding, (Notice("encoding-guessed", message, 0),)
