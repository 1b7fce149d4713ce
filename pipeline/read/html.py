"""A web page → a Document: its headline and main text, extracted by trafilatura."""

from __future__ import annotations

import hashlib
import re
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from pipeline.read.decode import decode
from pipeline.read.source import MEDIA_TYPES, Input, raw_bytes
from pipeline.records import Document, Notice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.html import HtmlElement  # type: ignore[import-untyped]

# What stands within the article and is no part of it. An element is only cut out where it can't be
# the article itself, whatever its class says: pages have been seen with <body class="has-adverts">.
_CLASS = (
    "translate(concat(' ', normalize-space(@class), ' '), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')"
)
_SMALL = "not(descendant::h1 or descendant::article) and count(descendant::p) < 6"
_WORDS = ("caption", "advert", "sponsor", "promo", "newsletter", "related", "read-more", "share", "cookie")
UNWANTED = [
    "//figcaption",
    f"//aside[{_SMALL}]",
    f"//*[self::div or self::section or self::p or self::span or self::ul]"
    f"[{_SMALL}][{' or '.join([f'contains({_CLASS}, {word!r})' for word in _WORDS])}"
    f" or contains({_CLASS}, ' ad ') or contains({_CLASS}, ' ads ') or contains({_CLASS}, ' ad-')]",
]
# How the main text is extracted; recorded with every document. Comments and tables are no part of an
# article's prose; ``fast`` False lets trafilatura fall back on its other algorithms.
OPTIONS: dict[str, Any] = {
    "fast": False,
    "include_comments": False,
    "include_tables": False,
    "include_formatting": False,
    "include_links": False,
    "deduplicate": False,
    "prune_xpath": UNWANTED,
}
# Dates as the page's metadata give them, not guessed from its text; fixed borders, since htmldate's
# own ones are "today", which would make the result depend on the day.
DATES: dict[str, Any] = {
    "original_date": True, "extensive_search": False, "min_date": "1990-01-01", "max_date": "2100-01-01",
}  # fmt: skip
# Where a page says its encoding: the HTML standard looks at the first 1,024 bytes.
_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s{0,9}=\s{0,9}["']?([\w.:-]{2,40})""", re.IGNORECASE)
_CHARSET_WITHIN = 1024


def read_html(source: Input) -> Iterator[Document]:
    """Yield the one document of a web page; raises DocumentError.

    The canonical text is what trafilatura returns, one line a paragraph; where it lacks the page's
    headline, the headline is put before it as a line of its own. A page without main text gives
    an empty document with a notice ``no-main-text``.
    """
    raw = raw_bytes(source)
    named = _CHARSET.search(raw, 0, _CHARSET_WITHIN)
    declared = source.charset or (named[1].decode("ascii") if named else None)
    page, encoding, notices = decode(raw, source.uri, declared=declared)
    text, metadata = extract(page)
    if not text:
        notices = (*notices, Notice("no-main-text", "The page holds no main text.", 0))
    yield Document(
        text=text, uri=source.uri, format="html", media_type=MEDIA_TYPES["html"],
        raw_sha256=hashlib.sha256(raw).hexdigest(), raw_bytes=len(raw), encoding=encoding, extracted=True,
        extractor={"name": "trafilatura", "version": version("trafilatura"), "options": _recorded_options()},
        notices=notices, **metadata,
    )  # fmt: skip


def extract(page: str) -> tuple[str, dict[str, Any]]:
    """Return a page's canonical text ("" if it has none) and its title, date, byline and language."""
    import trafilatura
    from trafilatura.utils import load_html

    tree = load_html(page)
    if tree is None:
        return "", {}
    language = _language(tree)
    found = trafilatura.bare_extraction(tree, with_metadata=True, date_extraction_params=DATES, **OPTIONS)
    body = (getattr(found, "text", None) or "").strip()
    values = {
        "title": getattr(found, "title", None), "published": getattr(found, "date", None),
        "byline": getattr(found, "author", None), "language": language,
    }  # fmt: skip
    metadata = {name: value for name, value in values.items() if value}
    return _with_headline(body, metadata.get("title", "")), metadata


def _recorded_options() -> dict[str, Any]:
    """Return the options as records show them: the long list of what is cut out by its owner's version."""
    return OPTIONS | {"prune_xpath": f"onrecord {version('onrecord')}", "dates": DATES}


def _with_headline(body: str, title: str) -> str:
    """Put the headline before the body unless one of the body's first lines is it."""
    if not body or not title:
        return body
    first = [_plain(line) for line in body.split("\n", 3)[:3]]
    return body if _plain(title) in first else f"{title}\n{body}"


def _plain(line: str) -> str:
    return " ".join(line.split()).casefold()


def _language(tree: HtmlElement) -> str | None:
    """Return the language the page declares, e.g. ``en-GB``."""
    return tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang") or None
