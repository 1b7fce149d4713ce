"""Files, folders and standard input → documents, and what is said about those that can't be read."""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import DocumentError
from pipeline.read import Input, discover, locate, read, uri_of
from pipeline.read import source as source_module
from pipeline.records import Document, Failure, Format

SEEDS = Path(__file__).parent.parent / "seeds"
FORMATS = ["text", "markdown", "html", "jsonl", "csv"]
PARAGRAPH = "The council of Brenmoor met on Tuesday and talked about the bridge for three long hours. "


def read_bytes(folder: Path, raw: bytes, format: str = "text", **options):
    path = folder / "input"
    path.write_bytes(raw)
    return list(read(Input(path, "input", format), **options))


def found(paths, base, *, format=None, include=()):
    inputs, problems = discover([str(path) for path in paths], format=format, include=include, base=base)
    return [i.uri for i in inputs], problems


# ---------------------------------------------------------------- text and encodings

ENCODED = [
    ("utf-8", "“Yes,” said Ana.\r\nNo.\n".encode(), "“Yes,” said Ana.\r\nNo.\n", "utf-8"),
    ("byte-order mark goes", b"\xef\xbb\xbfHello", "Hello", "utf-8-sig"),
    ("only one mark goes", b"\xef\xbb\xbf\xef\xbb\xbfHello", "\ufeffHello", "utf-8-sig"),
    ("line ends stay", b"a\rb\r\nc\n\x0bd\x85".replace(b"\x85", b""), "a\rb\r\nc\n\x0bd", "utf-8"),
    ("nothing is composed", "e\u0301 ﬁ".encode(), "e\u0301 ﬁ", "utf-8"),
    ("utf-16 little", "“Yes”".encode("utf-16"), "“Yes”", "utf-16"),
    ("utf-16 big", b"\xfe\xff" + "“Yes”".encode("utf-16-be"), "“Yes”", "utf-16"),
    ("utf-32", "“Yes”".encode("utf-32"), "“Yes”", "utf-32"),
    ("empty", b"", "", "utf-8"),
    ("only a mark", b"\xef\xbb\xbf", "", "utf-8-sig"),
    ("cp1252", "“It’s over,” she said — at last.".encode("cp1252"), "“It’s over,” she said — at last.", "cp1252"),
    ("one letter in cp1252", f"The café. {PARAGRAPH}".encode("cp1252"), f"The café. {PARAGRAPH}", "cp1252"),
    ("short cp1252", "He said it’s over.".encode("cp1252"), "He said it’s over.", "cp1252"),
    ("mac", "“It’s over,” she said — at last.".encode("mac_roman"), "“It’s over,” she said — at last.", "mac_roman"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "text", "encoding"), [pytest.param(*c[1:], id=c[0]) for c in ENCODED])
def test_text_is_the_decoded_bytes(tmp_path, raw, text, encoding):
    (document,) = read_bytes(tmp_path, raw)
    assert (document.text, document.encoding) == (text, encoding)
    assert raw.decode(document.encoding) == document.text
    assert (document.raw_sha256, document.raw_bytes) == (hashlib.sha256(raw).hexdigest(), len(raw))
    guessed = not encoding.startswith("utf")
    assert [n.code for n in document.notices] == ["encoding-guessed"] * guessed
    assert not document.extracted


BAD_BYTES = [
    ("NUL", b"abc\0def", "0x00 at offset 3"),
    ("an image", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "0x00 at offset 8"),
    ("controls", b"\xff\xd8\xff\xe1\x01\x02 photograph", "0x01 at offset 4"),
    ("utf-8 but for one byte", "“Yes,” said José — then ".encode() + b"\xff!", "0xFF at offset 31"),
    ("utf-8 cut short", "“Yes,” said José —".encode()[:-1], "0xE2 at offset 22"),
    ("utf-16 cut short", "Yes".encode("utf-16")[:-1], "not valid UTF-16"),
]


@pytest.mark.parametrize(("raw", "message"), [pytest.param(*c[1:], id=c[0]) for c in BAD_BYTES])
def test_what_is_no_text_is_an_error_that_names_the_byte(tmp_path, raw, message):
    (error,) = read_bytes(tmp_path, raw)
    assert isinstance(error, DocumentError)
    assert message in error.message
    assert "UTF-8" in error.remedy
    assert (error.uri, error.stage) == ("input", "read")


MARKDOWN = [
    ("heading", "Intro\n\n# The  title #\n\nText", "The  title", None, None),
    ("first heading wins", "## Sub\n# One\n# Two\n", "One", None, None),
    ("no heading", "Just text #1", None, None, None),
    ("front matter", "---\ntitle: 'Over'\nauthor: A. Roy\ndate: 2024-05-01\n---\n# H", "Over", "A. Roy", "2024-05-01"),
    ("front matter, windows", "---\r\nauthor: A. Ruiz\r\n---\r\n# Heading\r\n", "Heading", "A. Ruiz", None),
    ("a rule is no front matter", "Text\n---\ntitle: No\n---\n", None, None, None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "title", "byline", "published"), [pytest.param(*c[1:], id=c[0]) for c in MARKDOWN])
def test_markdown_keeps_its_source_and_tells_its_title(tmp_path, text, title, byline, published):
    (document,) = read_bytes(tmp_path, text.encode(), "markdown")
    assert document.text == text
    assert (document.title, document.byline, document.published) == (title, byline, published)
    assert document.media_type == "text/markdown"


# ---------------------------------------------------------------- web pages


def page(body: str, head: str = "") -> bytes:
    return f"<!DOCTYPE html><html lang='en'><head>{head}</head><body>{body}</body></html>".encode()


def article(*paragraphs: str) -> str:
    return "<article>" + "".join(f"<p>{p}</p>" for p in paragraphs) + "</article>"


def test_the_seed_page_gives_its_article_and_nothing_else():
    (document,) = read(Input(SEEDS / "003_clinic_page.html", "seeds/003_clinic_page.html", "html"))
    lines = document.text.split("\n")
    assert lines[0] == "Clinic reopens after flood, but half the beds stay closed"
    assert lines[1].startswith("The Eastgate clinic took in its first patients")
    assert lines[-1].endswith("The gates, he said, “could not have been closed in time by anyone”.")
    for unwanted in ["Photograph", "ADVERT", "kitchen", "Subscribe", "cookies", "gran", "Read more", "rights reserved"]:
        assert unwanted not in document.text
    assert (document.title, document.published, document.byline, document.language) == (
        lines[0], "2024-02-27", "Priya Natt", "en-GB",
    )  # fmt: skip
    assert document.extracted
    assert document.extractor["name"] == "trafilatura"


MARKS = ['"straight"', "“curly”", "‘single’", "«guillemets»", "„low”", "'typewriter'", "it’s", "5′ 10″", "``old''"]


@pytest.mark.parametrize("marks", MARKS)
def test_quotation_marks_come_through_untouched(tmp_path, marks):
    (document,) = read_bytes(
        tmp_path, page(article(PARAGRAPH, f"The mayor said {marks} twice. {PARAGRAPH}", PARAGRAPH)), "html"
    )
    assert f"The mayor said {marks} twice." in document.text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        pytest.param(page(article(PARAGRAPH + "It’s “over”."), "<meta charset=utf-8>"), "It’s “over”.", id="utf-8"),
        pytest.param(
            page(article(PARAGRAPH + "It’s “over”."), "<meta charset='windows-1252'>").decode().encode("cp1252"),
            "It’s “over”.", id="declared",
        ),
        pytest.param(
            page(article(PARAGRAPH + "It’s “over”."), '<meta content="text/html; charset=iso-8859-1">')
            .decode().encode("cp1252"), "It’s “over”.", id="Latin-1 means cp1252",
        ),
        pytest.param(
            page(article(PARAGRAPH + "It’s “over”."), "<meta charset=hex>").decode().encode("cp1252"),
            "It’s “over”.", id="nonsense declared",
        ),
        pytest.param(
            b"<?xml version='1.0' encoding='utf-8'?>" + page(article(PARAGRAPH + "It’s “over”.")),
            "It’s “over”.", id="XHTML",
        ),
        pytest.param(page(article(PARAGRAPH + "It&rsquo;s &ldquo;over&#8221;.")), "It’s “over”.", id="entities"),
    ],
)  # fmt: skip
def test_page_encodings(tmp_path, raw, text):
    (document,) = read_bytes(tmp_path, raw, "html")
    assert text in document.text


KINDS_OF_PAGES = [
    (
        "questions and answers",
        "<article><h1>Ten minutes with Ana</h1><p><b>Q: Why now?</b></p><p>A: Because it is time, and we waited.</p>"
        "<p><b>Will you run?</b><br>Perhaps. I will not be hurried.</p><ul><li>First, the “budget”.</li></ul>"
        "</article>",
        "Ten minutes with Ana\nQ: Why now?\nA: Because it is time, and we waited.\nWill you run?\n"
        "Perhaps. I will not be hurried.\n- First, the “budget”.",
    ),
    (
        "laid out in a table",
        "<table><tr><td><a href='/'>Home</a></td><td><h1>Old page</h1><p>The council met on Tuesday and talked about "
        "the bridge, said Ana.</p><p>“It was late,” she added, and the others agreed with her.</p></td></tr></table>",
        "Old page\nThe council met on Tuesday and talked about the bridge, said Ana.\n"
        "“It was late,” she added, and the others agreed with her.",
    ),
    (
        "line breaks for paragraphs",
        "<div class='story'><h1>Breaks</h1>The council met on Tuesday.<br><br>“It was late,” Ana said to the reporters "
        "who stood outside.<br><br>The end of it was <em>loud</em> &mdash; “very loud”.</div>",
        "Breaks\nThe council met on Tuesday.\n“It was late,” Ana said to the reporters who stood outside.\n"
        "The end of it was loud — “very loud”.",
    ),
]


@pytest.mark.parametrize(("body", "text"), [pytest.param(*c[1:], id=c[0]) for c in KINDS_OF_PAGES])
def test_kinds_of_pages(tmp_path, body, text):
    (document,) = read_bytes(tmp_path, page(body), "html")
    assert document.text == text


@pytest.mark.parametrize(
    "raw", [b"", b"<html></html>", page("<script>var a = 1</script>"), b"<<<>>>", b"<!-- only -->"]
)
def test_a_page_without_main_text_is_empty_with_a_notice(tmp_path, raw):
    (document,) = read_bytes(tmp_path, raw, "html")
    assert document.text == ""
    assert [n.code for n in document.notices] == ["no-main-text"]


def test_the_headline_comes_first_and_once(tmp_path):
    for body in [
        f"<h1>A headline of its own</h1>{article(*[PARAGRAPH] * 4)}",
        article("A headline of its own", *[PARAGRAPH] * 4),
    ]:
        (document,) = read_bytes(tmp_path, page(body, "<title>A headline of its own</title>"), "html")
        assert document.text.startswith("A headline of its own\n")
        assert document.text.count("A headline of its own") == 1


def test_an_article_survives_a_class_that_sounds_like_an_advert(tmp_path):
    raw = page(
        f"<div class='has-adverts share'><h1>Bridge shut</h1>{article(*[f'{n}: {PARAGRAPH}' for n in range(4)])}</div>"
    )
    (document,) = read_bytes(tmp_path, raw, "html")
    assert document.text.count("Brenmoor") == 4


# ---------------------------------------------------------------- JSONL

LINES = [
    ("two lines", '{"text": "a"}\n{"text": "b"}\n', ["input#1 a", "input#2 b"]),
    ("no last line end", '{"text": "a"}', ["input#1 a"]),
    ("windows, blank lines", '{"text": "a"}\r\n\r\n  \r\n{"text": "b\\r\\n"}\r\n', ["input#1 a", "input#4 b\r\n"]),
    ("byte-order mark", '\ufeff{"text": "a"}\n', ["input#1 a"]),
    ("empty text", '{"text": ""}\n', ["input#1 "]),
    ("not JSON", '{"text": "a"}\n{"text": \n{"text": "c"}\n', ["input#1 a", "! line 2: it is not JSON", "input#3 c"]),
    ("not an object", '["a"]\n"a"\nnull\n', ["! line 1: it is not", "! line 2: it is not", "! line 3"]),
    ("no text", '{"body": "a", "id": 1}\n', ["! line 1: there is no field 'text'."]),
    ("text is a number", '{"text": 1}\n{"text": null}\n', ["! holds a number, not", "! holds nothing, not"]),
    ("text is a list", '{"text": ["a"]}\n{"text": "b"}\n', ["! holds a list", "input#2 b"]),
    ("half a surrogate pair", '{"text": "\\ud800"}\n{"text": "b"}\n', ["! line 1", "input#2 b"]),
    ("nested without end", '{"a":' * 5000 + '\n{"text": "b"}\n', ["! line 1", "input#2 b"]),
    ("NUL inside", '{"text": "a\\u0000b"}\n', ["input#1 a\0b"]),
    ("no lines", "", ["input "]),
]  # fmt: skip


def shown(item, *, full: bool = False) -> str:
    return f"{item.uri} {item.text}" if isinstance(item, Document) else f"! {item.message}"


def agree(items, expected):
    assert len(items) == len(expected)
    for item, wanted in zip(items, expected, strict=True):
        if wanted.startswith("! "):
            assert isinstance(item, DocumentError)
            assert wanted[2:] in item.message
            assert item.remedy
        else:
            assert shown(item) == wanted


@pytest.mark.parametrize(("text", "expected"), [pytest.param(*c[1:], id=c[0]) for c in LINES])
def test_jsonl_lines(tmp_path, text, expected):
    agree(read_bytes(tmp_path, text.encode(), "jsonl"), expected)


def test_a_jsonl_line_that_is_not_utf8_is_an_error_and_the_rest_still_come(tmp_path):
    items = read_bytes(tmp_path, b'{"text": "a"}\n{"text": "\xff"}\n{"text": "c"}\n', "jsonl")
    agree(items, ["input#1 a", "! line 2: byte 0xFF at offset 10 of the line is not valid UTF-8", "input#3 c"])


def test_jsonl_in_utf16(tmp_path):
    agree(
        read_bytes(tmp_path, '{"text": "“a”"}\r\n{"text": "b"}\r\n'.encode("utf-16"), "jsonl"),
        ["input#1 “a”", "input#2 b"],
    )


def test_a_jsonl_document_names_its_line_digest_and_metadata(tmp_path):
    line = '{"text": "Näh.", "headline": "H", "date": "2024-01-02", "author": "A", "lang": "de", "title": 3}'
    (document,) = read_bytes(tmp_path, line.encode() + b"\r\n", "jsonl")
    assert (document.raw_sha256, document.raw_bytes) == (hashlib.sha256(line.encode()).hexdigest(), len(line.encode()))
    assert (document.title, document.published, document.byline, document.language) == ("H", "2024-01-02", "A", "de")
    assert document.anchor == {"line": 1}
    assert document.extracted
    assert document.extractor["options"] == {"text_field": "text", "id_field": None}


def test_ids_name_members_and_a_repeated_one_gets_its_line(tmp_path):
    lines = [{"text": t, "id": i} for t, i in [("a", "x"), ("b", 7), ("c", "x"), ("d", None), ("e", "")]]
    raw = "\n".join(json.dumps(line) for line in lines).encode()
    items = read_bytes(tmp_path, raw, "jsonl", id_field="id")
    agree(items, ["input#x a", "input#7 b", "input#x@3 c", "! holds nothing", "! holds an empty string"])
    assert [n.code for n in items[2].notices] == ["duplicate-id"]


def test_a_long_line_is_read_and_a_longer_one_refused(tmp_path):
    long = json.dumps({"text": PARAGRAPH * 30_000}).encode()  # about 2.5 MB
    (document,) = read_bytes(tmp_path, long, "jsonl")
    assert len(document.text) == len(PARAGRAPH) * 30_000
    longer = json.dumps({"text": PARAGRAPH * 120_000}).encode()  # about 10 MB
    items = read_bytes(tmp_path, longer + b'\n{"text": "b"}\n', "jsonl")
    agree(items, ["! line 1: it is longer than 4,194,304 bytes", "input#2 b"])


# ---------------------------------------------------------------- CSV

ROWS = [
    ("comma", "id,text\n1,a\n2,b\n", ["input#2 a", "input#3 b"]),
    ("semicolon", "id;text\n1;a, b\n", ["input#2 a, b"]),
    ("tab", "id\ttext\n1\ta; b, c\n", ["input#2 a; b, c"]),
    ("one field", "text\na\n\nb\n", ["input#2 a", "input#4 b"]),
    ("commas in the header's marks", 'id;"text, all";text\n1;x;a\n', ["input#2 a"]),
    ("quoted line ends", 'text,id\r\n"a\r\nb",1\r\nc,2\r\n', ["input#2 a\r\nb", "input#4 c"]),
    ("old Macintosh", "text,id\ra,1\rb,2\r", ["input#2 a", "input#3 b"]),
    ("doubled marks", 'text,id\n"She said ""no"".",1\n', ['input#2 She said "no".']),
    ("marks not doubled", 'text,id\n"She said "no".",1\nb,2\n', ["! line 2: the row can't be read", "input#3 b"]),
    ("mark never closed", 'text,id\n"a,1\nb,2\n', ["! line 2: the row can't be read (up to line 3)"]),
    ("too many fields", "text,id\na, b,1\nb,2\n", ["! line 2: the row has 3 fields, the header 2", "input#3 b"]),
    ("too few fields", "text,id\na\nb,2\n", ["! line 2: the row has 1 fields", "input#3 b"]),
    ("no text field", "id,body\n1,a\n", ["! line 1: there is no field 'text'"]),
    ("two text fields", "text,text\n1,a\n", ["! more than one field is called 'text'"]),
    ("empty text", "text,id\n,1\n", ["input#2 "]),
    ("only a header", "text,id\n", ["input "]),
    ("empty", "", ["input "]),
    ("byte-order mark", "\ufefftext,id\na,1\n", ["input#2 a"]),
]


@pytest.mark.parametrize(("text", "expected"), [pytest.param(*c[1:], id=c[0]) for c in ROWS])
def test_csv_rows(tmp_path, text, expected):
    agree(read_bytes(tmp_path, text.encode(), "csv"), expected)


def test_a_csv_without_the_text_field_lists_the_ones_it_has(tmp_path):
    (error,) = read_bytes(tmp_path, b"id,body\n1,a\n", "csv")
    assert "--text-field" in error.remedy
    assert "'body', 'id'" in error.remedy


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_csv_encodings(tmp_path, encoding):
    raw = f"text,id\n“It’s {PARAGRAPH}” – café,1\nb,2\n".encode(encoding)
    first, second = read_bytes(tmp_path, raw, "csv", id_field="id")
    assert first.text == f"“It’s {PARAGRAPH}” – café"
    assert (first.uri, second.uri, first.encoding) == ("input#1", "input#2", encoding)


def test_a_csv_row_that_is_not_utf8_is_an_error_and_the_rest_still_come(tmp_path):
    raw = "text,id\n“a”,1\n".encode() + b"\xff,2\n" + "„c“,3\n".encode()
    agree(
        read_bytes(tmp_path, raw, "csv"), ["input#2 “a”", "! line 3: byte 0xFF at offset 0 of the row", "input#4 „c“"]
    )


def test_a_csv_document_carries_its_rows_digest(tmp_path):
    raw = 'text,id\r\n"ä\r\nb",1\r\nc,2\r\n'.encode()
    first, second = read_bytes(tmp_path, raw, "csv")
    assert first.raw_sha256 == hashlib.sha256('"ä\r\nb",1'.encode()).hexdigest()
    assert second.raw_sha256 == hashlib.sha256(b"c,2").hexdigest()
    assert (first.anchor, second.anchor) == ({"line": 2}, {"line": 4})


# ---------------------------------------------------------------- standard input and seeds


@pytest.mark.parametrize(
    ("format", "raw", "expected"),
    [
        ("text", b"a\n", ["stdin: a\n"]),
        ("jsonl", b'{"text": "a"}\n', ["stdin:#1 a"]),
        ("csv", b"text,id\na,1\n", ["stdin:#2 a"]),
    ],
)
def test_standard_input(monkeypatch, tmp_path, format, raw, expected):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
    (source,), problems = discover(["-", "-"], format=format, include=[], base=tmp_path)
    items = list(read(source))
    agree(items, expected)
    assert not problems
    assert all(document.extracted for document in items)
    assert locate(items[0].uri, tmp_path) is None


def test_every_seed_is_read():
    inputs, problems = discover(["seeds"], format=None, include=[], base=SEEDS.parent)
    documents = [document for source in inputs for document in read(source)]
    assert not problems
    assert {document.format for document in documents} == set(get_args(Format))
    assert all(isinstance(document, Document) and len(document.text.split()) > 15 for document in documents)
    assert all(locate(document.uri, SEEDS.parent) for document in documents)


# ---------------------------------------------------------------- paths


@pytest.fixture
def tree(tmp_path):
    """Build a folder of documents with everything that may lie about in one."""
    for name in [
        "b.txt",
        "a/z.md",
        "a/Y.TXT",
        "a-b.txt",
        "a/deep/er/x.html",
        "t.jsonl",
        ".hidden.txt",
        ".git/c.txt",
        "p.png",
        "no_suffix",
    ]:
        path = tmp_path / "news" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text")
    (tmp_path / "outside.txt").write_text("text")
    return tmp_path


def test_a_folder_gives_its_documents_in_the_order_of_their_uris(tree):
    uris, problems = found(["news"], tree)
    assert uris == [
        "news/a-b.txt",
        "news/a/Y.TXT",
        "news/a/deep/er/x.html",
        "news/a/z.md",
        "news/b.txt",
        "news/t.jsonl",
    ]
    assert [(p.uri, p.stage) for p in problems] == [
        ("news/no_suffix", "skipped:unknown-format"), ("news/p.png", "skipped:unknown-format"),
    ]  # fmt: skip
    assert all(isinstance(problem, Failure) for problem in problems)


@pytest.mark.parametrize(
    ("include", "expected"),
    [
        (["*.md"], ["news/a/z.md"]),
        (["*.txt"], ["news/a-b.txt", "news/b.txt"]),
        (["a/*"], ["news/a/Y.TXT", "news/a/z.md"]),
        (["a/**"], ["news/a/Y.TXT", "news/a/deep/er/x.html", "news/a/z.md"]),
        (["a/**/x.html"], ["news/a/deep/er/x.html"]),
        (["./*.txt"], ["news/a-b.txt", "news/b.txt"]),
        (["[ab].*", "*.jsonl"], ["news/b.txt", "news/t.jsonl"]),
        (["nothing"], []),
    ],
)
def test_include_chooses_by_the_path_inside_the_folder(tree, include, expected):
    assert found(["news"], tree, include=include) == (expected, [])


def test_paths_are_read_once_however_they_are_named(tree):
    uris, problems = found(["news/b.txt", tree / "news/b.txt", "news/../news/b.txt", "./news//b.txt", "news/a"], tree)
    assert uris == ["news/a/Y.TXT", "news/a/deep/er/x.html", "news/a/z.md", "news/b.txt"]
    assert not problems


def test_a_file_named_itself_is_read_whatever_it_is_called(tree):
    inputs, problems = discover(["news/p.png", "news/.hidden.txt"], format=None, include=["*.md"], base=tree)
    assert [(i.uri, i.format) for i in inputs] == [("news/.hidden.txt", "text"), ("news/p.png", "text")]
    assert not problems


def test_a_format_holds_for_every_file(tree):
    inputs, problems = discover(["news"], format="html", include=["*suffix", "b.*"], base=tree)
    assert [(i.uri, i.format) for i in inputs] == [("news/b.txt", "html"), ("news/no_suffix", "html")]
    assert not problems


def test_what_is_wrong_with_a_path_is_said_and_the_rest_still_read(tree):
    os.mkfifo(tree / "news/pipe.txt")
    (tree / "news/broken.txt").symlink_to("nowhere.txt")
    (tree / "news/loop.txt").symlink_to("loop.txt")
    uris, problems = found(["missing.txt", "news", "news/pipe.txt", "/dev/null"], tree)
    assert len(uris) == 6
    errors = {problem.uri: problem.message for problem in problems if isinstance(problem, DocumentError)}
    assert sorted(errors) == ["file:///dev/null", "missing.txt", "news/broken.txt", "news/loop.txt", "news/pipe.txt"]
    assert "does not exist" in errors["missing.txt"]
    assert "is a pipe" in errors["news/pipe.txt"]
    assert "is a device" in errors["file:///dev/null"]


def test_links_stay_inside_the_folder_and_make_no_loops(tree):
    (tree / "news/a/up").symlink_to("..")
    (tree / "news/out.txt").symlink_to("../outside.txt")
    (tree / "news/aa.txt").symlink_to("b.txt")
    (tree / "news/linked.txt").symlink_to(".git/c.txt")
    uris, problems = found(["news"], tree)
    assert uris == [
        "news/a-b.txt", "news/a/Y.TXT", "news/a/deep/er/x.html", "news/a/z.md", "news/b.txt", "news/linked.txt",
        "news/t.jsonl",
    ]  # fmt: skip
    assert [p.uri for p in problems if p.stage == "skipped:link-outside"] == ["news/out.txt"]
    assert found(["news/out.txt"], tree) == (["news/out.txt"], [])


def test_uris_lead_back_to_their_files(tree):
    odd = [b"caf\xff.txt", "naïve #1 100%.txt".encode(), b"a%20b.txt", b"new\nline.txt"]
    for name in odd:
        (tree / os.fsdecode(name)).write_text("text")
    inputs, problems = discover([str(tree)], format=None, include=["*.txt"], base=tree / "news")
    assert not problems
    for source in inputs:
        source.uri.encode("utf-8")
        assert locate(source.uri, tree / "news") == source.path
        assert locate(source.uri + "#12", tree / "news") == source.path
    inside, _ = discover(["."], format=None, include=["*.txt"], base=tree)
    assert {"caf%FF.txt", "naïve #1 100%.txt", "a%20b.txt"} <= {source.uri for source in inside}
    assert all(locate(source.uri, tree) == source.path for source in inside)


def test_a_uri_outside_the_base_is_absolute(tree):
    assert uri_of(Path("../outside.txt"), tree / "news") == (tree / "outside.txt").as_uri()
    assert uri_of(tree / "news/b.txt", tree) == "news/b.txt"


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_that_is_gone_or_a_folder_or_locked_is_an_error(tmp_path, monkeypatch, format):
    (gone,) = read(Input(tmp_path / "gone", "gone", format))
    (folder,) = read(Input(tmp_path, "folder", format))
    assert "does not exist" in gone.message
    assert "is a folder" in folder.message

    def locked(*_args, **_kwargs):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "locked").write_text("text")
    monkeypatch.setattr(Path, "open", locked)
    (error,) = read(Input(tmp_path / "locked", "locked", format))
    assert "permission denied" in error.message


def test_a_file_too_large_for_one_document_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(source_module, "MAX_BYTES", 100)
    (error,) = read_bytes(tmp_path, b"x" * 101)
    assert "more than 100 bytes" in error.message
    assert "JSONL" in error.remedy


# ---------------------------------------------------------------- laws

LAWS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PIECES = [
    b"<p>", b"</p>", b"<html>", b"<h1>", b'"', b",", b"\n", b"\r\n", b'{"text":', b'"a"}', b"text,id",
    b"\xff", b"\xef\xbb\xbf", b"\xe2\x80\x9c", b"\xff\xfe", b"\0",
]  # fmt: skip
ANY_BYTES = st.one_of(st.binary(max_size=200), st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join))


@pytest.mark.parametrize("format", FORMATS)
@LAWS
@given(raw=ANY_BYTES)
def test_any_bytes_give_documents_or_errors(tmp_path, format, raw):
    items = read_bytes(tmp_path, raw, format)
    assert items
    for item in items:
        assert isinstance(item, Document | DocumentError)
        if isinstance(item, Document) and not item.extracted:
            assert raw.decode(item.encoding) == item.text


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@LAWS
@given(text=TEXTS)
def test_any_text_comes_back_unchanged(tmp_path, text):
    (document,) = read_bytes(tmp_path, text.encode("utf-8"))
    assert document.text == text.removeprefix("\ufeff")
    (document,) = read_bytes(tmp_path, text.encode("utf-16"), "markdown")
    assert document.text == text
    (document,) = read_bytes(tmp_path, json.dumps({"text": text}, ensure_ascii=False).encode(), "jsonl")
    assert document.text == text
    quoted = text.replace('"', '""')
    (document,) = read_bytes(tmp_path, f'text,id\n"{quoted}",1\n'.encode(), "csv")
    assert document.text == text
