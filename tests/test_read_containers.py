"""Packed files, archives, mailboxes, web archives and Parquet → documents, and what is refused."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
import zipfile
from email.message import EmailMessage

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from backports import zstd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from pipeline.errors import DocumentError
from pipeline.read import discover, read
from pipeline.records import Document, Failure

SAID = "“We will appeal,” said Ana Ruiz."
PAGE = f"<html><body><article><h1>Court</h1><p>{SAID}</p><p>{'The court sat for an hour. ' * 9}</p></article></body>"


def read_file(folder, name: str, raw: bytes, **options):
    path = folder / name
    path.write_bytes(raw)
    inputs, problems = discover([name], format=None, include=(), base=folder)
    return [*problems, *(found for source in inputs for found in read(source, **options))]


def texts(found):
    return [item.text if isinstance(item, Document) else f"{type(item).__name__}: {item.uri}" for item in found]


# ---------------------------------------------------------------- packed files

PACKED = [
    ("x.txt.gz", gzip.compress(SAID.encode()), [SAID]),
    ("x.TXT.GZ", gzip.compress(SAID.encode()), [SAID]),
    ("x.txt.zst", zstd.compress(SAID.encode()), [SAID]),
    ("two members", gzip.compress(SAID.encode()) + gzip.compress(b" No."), [SAID + " No."]),
    ("x.jsonl.gz", gzip.compress(b'{"text": "a"}\n{"text": "b"}\n'), ["a", "b"]),
    ("x.csv.zst", zstd.compress(b"id,text\n1,a\n2,b\n"), ["a", "b"]),
    ("x.html.gz", gzip.compress(PAGE.encode()), [f"Court\n{SAID}\n{('The court sat for an hour. ' * 9).strip()}"]),
]


@pytest.mark.parametrize(("name", "raw", "wanted"), [pytest.param(*case, id=case[0]) for case in PACKED])
def test_packed_files_read_as_what_they_hold(tmp_path, name, raw, wanted):
    found = read_file(tmp_path, name if "." in name else "x.txt.gz", raw)
    assert texts(found) == wanted
    assert all(document.extracted for document in found)


DAMAGED = [
    ("x.txt.gz", gzip.compress(SAID.encode() * 50)[:-9], "ends in the middle"),
    ("x.txt.zst", zstd.compress(os.urandom(999))[:-9], "ends in the middle"),
    ("x.txt.gz", b"not packed at all", "is damaged"),
    ("x.txt.zst", b"not packed at all", "is damaged"),
    ("x.txt.gz", gzip.compress(bytes(5_000_000)), "holds more than 4,194,304 bytes"),
    ("x.jsonl.gz", gzip.compress(bytes(1 << 27)), "unfolds to more than 200 times its size"),
    ("x.jsonl.zst", zstd.compress(bytes(1 << 27)), "unfolds to more than 200 times its size"),
    ("x.zip", b"PK but no archive", "no ZIP archive"),
    ("x.tar", b"no archive", "no TAR archive"),
    ("x.tgz", gzip.compress(b"no archive"), "no TAR archive"),
    ("x.parquet", b"PAR1 but no table", "no Parquet file"),
    ("x.warc", b"no archive", "no WARC file"),
    ("x.eml", b"\x00\x01 no mail", "no e-mail"),
]


@pytest.mark.parametrize(("name", "raw", "what"), [pytest.param(*c, id=f"{c[0]} {c[2]}") for c in DAMAGED])
def test_damaged_files_and_bombs_are_errors(tmp_path, name, raw, what):
    error = read_file(tmp_path, name, raw)[-1]
    assert isinstance(error, DocumentError)
    assert what in error.message
    assert error.uri == name
    assert error.remedy


# ---------------------------------------------------------------- archives


def zip_of(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in members.items():
            archive.writestr(name, raw)
    return file.getvalue()


def tar_of(members: dict[str, bytes], mode: str = "w") -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:
        for name, raw in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(raw)
            archive.addfile(info, io.BytesIO(raw))
    return file.getvalue()


MEMBERS = {
    "b/one.txt": b"one",
    "a.jsonl": b'{"text": "two"}\n{"text": 3}\n{"text": "four"}\n',
    "c.txt.gz": gzip.compress(b"five"),
    ".hidden.txt": b"six",
    "__MACOSX/b.txt": b"seven",
    "picture.png": b"\x89PNG",
    "inner.zip": zip_of({"a.txt": b"eight"}),
    "../climbs.txt": b"nine",
    "/root.txt": b"ten",
    "odd\nname “x”.txt": b"eleven",
    "bad.txt": b"\x00",
}
INSIDE = [
    "one", "two", "DocumentError: X#a.jsonl#2", "four", "five", "Failure: X#picture.png", "Failure: X#inner.zip",
    "DocumentError: X#../climbs.txt", "DocumentError: X#/root.txt", "eleven", "DocumentError: X#bad.txt",
]  # fmt: skip
ARCHIVES = [
    ("x.zip", zip_of(MEMBERS)),
    ("x.tar", tar_of(MEMBERS)),
    ("x.tar.gz", tar_of(MEMBERS, "w:gz")),
    ("x.tgz", tar_of(MEMBERS, "w:gz")),
    ("x.tar.zst", zstd.compress(tar_of(MEMBERS))),
]


@pytest.mark.parametrize(("name", "raw"), [pytest.param(*case, id=case[0]) for case in ARCHIVES])
def test_members_of_an_archive_are_read_in_its_order_and_none_is_lost(tmp_path, name, raw):
    found = read_file(tmp_path, name, raw)
    assert texts(found) == [line.replace("X#", f"{name}#") for line in INSIDE]
    assert [d.uri for d in found if isinstance(d, Document)][:2] == [f"{name}#b/one.txt", f"{name}#a.jsonl#1"]
    stages = [item.stage for item in found if isinstance(item, Failure)]
    assert stages == ["skipped:unknown-format", "skipped:nested-archive"]
    assert not (tmp_path.parent / "climbs.txt").exists()


def test_members_of_the_same_name_are_told_apart(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate"):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("a.txt", "one")
            archive.writestr("a.txt", "two")
    found = read_file(tmp_path, "x.zip", file.getvalue())
    assert [(d.uri, d.text) for d in found] == [("x.zip#a.txt", "one"), ("x.zip#a.txt@2", "two")]


def test_a_damaged_member_is_named_as_the_others_are(tmp_path):
    file = io.BytesIO()
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.txt", "one")
        archive.writestr("a.txt", "two")
    raw = file.getvalue()
    second = raw.index(b"PK\x03\x04", 4)
    found = read_file(tmp_path, "x.zip", raw[:second] + b"XX" + raw[second + 2 :])
    assert texts(found) == ["one", "DocumentError: x.zip#a.txt@2"]


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path):
    (error,) = read_file(tmp_path, "x.zip", zip_of({f"{i}.txt": bytes(4_000_000) for i in range(40)}))
    assert "unfolds to more than 200 times its size" in error.message


def test_a_member_under_a_password_is_named_and_the_rest_read(tmp_path):
    raw = bytearray(zip_of({"a.txt": b"secret", "b.txt": b"open"}))
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    error, document = read_file(tmp_path, "x.zip", bytes(raw))
    assert "password" in error.message
    assert document.text == "open"


def test_links_and_devices_in_a_tar_are_not_followed(tmp_path):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, type in (("a.txt", tarfile.SYMTYPE), ("b.txt", tarfile.LNKTYPE), ("c.txt", tarfile.CHRTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = type, "/etc/passwd"
            archive.addfile(info)
    assert texts(read_file(tmp_path, "x.tar", file.getvalue())) == [f"DocumentError: x.tar#{n}.txt" for n in "abc"]


def test_a_tar_cut_short_gives_what_came_before(tmp_path):
    raw = tar_of({"a.txt": b"one", "b.txt": b"two" * 999})
    found = read_file(tmp_path, "x.tar", raw[:2048])
    assert texts(found)[0] == "one"
    assert isinstance(found[-1], DocumentError)


# ---------------------------------------------------------------- e-mail


def mail(text: str = SAID, html: str = "", **headers: str) -> EmailMessage:
    message = EmailMessage()
    for name, value in headers.items():
        message[name] = value
    if text:
        message.set_content(text)
    if html:
        (message.add_alternative if text else message.set_content)(html, subtype="html")
    return message


OWN_WORDS = [
    ("nothing else", "One.\nTwo.\n", "One.\nTwo."),
    ("signature", "One.\n-- \nAna Ruiz\nPress office\n", "One."),
    ("a dash is no signature", "One.\n– said Ana Ruiz.\n", "One.\n– said Ana Ruiz."),
    ("quoted reply", "Yes.\n\nOn Mon, 3 May 2021, Bo Li <b@x.org> wrote:\n> Will you?\n> No?\n", "Yes."),
    ("a header over two lines", "Yes.\n\nOn Mon, 3 May 2021 at 10:00,\nBo Li wrote:\n\n> Will you?\n", "Yes."),
    ("Outlook's", "Yes.\n\n-----Original Message-----\nFrom: Bo Li\n\nWill you?\n", "Yes."),
    ("no reply follows", "On Monday the mayor wrote:\nWe will go.\n", "On Monday the mayor wrote:\nWe will go."),
    ("only a quotation", "> All of it.\n", "> All of it.\n"),
    ("answers between", "> Will you?\nYes.\n> When?\nNow.\n", "Yes.\nNow."),
]


@pytest.mark.parametrize(("text", "own"), [pytest.param(*case[1:], id=case[0]) for case in OWN_WORDS])
def test_a_message_keeps_its_own_words(tmp_path, text, own):
    (document,) = read_file(tmp_path, "x.eml", mail(text, Subject="s").as_bytes())
    assert document.text == own


def test_a_message_has_its_headers_as_metadata(tmp_path):
    message = mail(
        Subject="Ruiz appeals", From='"José Núñez" <j@x.org>', Date="Tue, 04 May 2021 23:30:00 +0200", To="a@x.org"
    )
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="ruling.pdf")
    (document,) = read_file(tmp_path, "x.eml", message.as_bytes())
    assert (document.title, document.byline, document.published) == ("Ruiz appeals", "José Núñez", "2021-05-04")
    assert document.anchor == {"part": 2}
    assert [n.message for n in document.notices] == ["Not read: ruling.pdf."]
    assert document.text.strip() == SAID


def test_a_message_that_is_all_html_gives_its_main_text(tmp_path):
    (document,) = read_file(tmp_path, "x.eml", mail("", PAGE, Subject="s").as_bytes())
    assert SAID in document.text
    assert "<" not in document.text


BROKEN_HEADERS = [b"Subject: =?nonsense?q?x?=\n", b"Date: yesterday\n", b"From: <<<>>>,,;;@\n", b"From: \xff\xfe\n"]


@pytest.mark.parametrize("header", BROKEN_HEADERS)
def test_broken_headers_do_not_lose_a_message(tmp_path, header):
    (document,) = read_file(tmp_path, "x.eml", header + b"To: a@x.org\n\nYes, said Ana.\n")
    assert document.text.strip() == "Yes, said Ana."


def test_a_mailbox_gives_each_message(tmp_path):
    bodies = ["One.", "Two.\n\n>From here on all went well.", "Three."]
    raw = "".join(f"From a@x.org Tue May  4 10:00:00 2021\nSubject: {i}\n\n{b}\n\n" for i, b in enumerate(bodies))
    found = read_file(tmp_path, "x.mbox", raw.encode())
    assert texts(found) == ["One.", "Two.\n\nFrom here on all went well.", "Three."]
    assert [(d.uri, d.anchor["message"]) for d in found] == [(f"x.mbox#{i}", i) for i in (1, 2, 3)]


# ---------------------------------------------------------------- web archives


def warc_of(pages, *, packed: bool = True) -> bytes:
    file = io.BytesIO()
    writer = WARCWriter(file, gzip=packed)
    for url, status, type, body in pages:
        headers = StatusAndHeaders(status, [("Content-Type", type)], protocol="HTTP/1.1")
        writer.write_record(writer.create_warc_record(url, "response", payload=io.BytesIO(body), http_headers=headers))
    return file.getvalue()


PAGES = [
    ("http://x.org/a", "200 OK", "text/html; charset=windows-1252", PAGE.replace("peal", "peal—now").encode("cp1252")),
    ("http://x.org/gone", "404 Not Found", "text/html", PAGE.encode()),
    ("http://x.org/picture", "200 OK", "image/png", b"\x89PNG"),
    ("http://x.org/b", "200 OK", "text/plain", SAID.encode()),
    ("http://x.org/b", "200 OK", "text/plain", b"Again."),
]  # fmt: skip


@pytest.mark.parametrize(("name", "packed"), [("x.warc.gz", True), ("x.warc", False)])
def test_pages_of_a_web_archive(tmp_path, name, packed):
    raw = warc_of(PAGES, packed=packed)
    page, plain, again = read_file(tmp_path, name, raw)
    assert "“We will appeal—now,” said Ana Ruiz." in page.text
    assert (page.uri, page.format, page.anchor) == (f"{name}#http://x.org/a", "html", {"offset": 0})
    assert (plain.text, again.text) == (SAID, "Again.")
    assert again.uri == f"{name}#http://x.org/b@{again.anchor['offset']}"
    assert raw[again.anchor["offset"] :][:2] == (b"\x1f\x8b" if packed else b"WA")


@pytest.mark.parametrize("packed", [True, False])
def test_a_web_archive_cut_in_the_middle_gives_what_came_before(tmp_path, packed):
    raw = warc_of(PAGES[3:4] + PAGES[:1], packed=packed)
    found = read_file(tmp_path, "x.warc.gz", raw[:-100])
    assert texts(found) == [SAID, "DocumentError: x.warc.gz"]
    assert "cut short" in found[-1].message


# ---------------------------------------------------------------- Parquet


def parquet_of(columns: dict[str, list]) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


def test_rows_of_a_parquet_file(tmp_path):
    raw = parquet_of({"id": ["a", "b", "b"], "text": ["One.", None, "Three."], "title": ["T", "U", "V"]})
    one, error, three = read_file(tmp_path, "x.parquet", raw, id_field="id")
    assert (one.uri, one.text, one.title, one.anchor) == ("x.parquet#a", "One.", "T", {"row": 1})
    assert "row 2" in error.message
    assert (three.uri, three.anchor) == ("x.parquet#b", {"row": 3})


def test_a_parquet_file_without_the_column_says_which_there_are(tmp_path):
    (error,) = read_file(tmp_path, "x.parquet", parquet_of({"body": ["One."]}))
    assert "'text'" in error.message
    assert "'body'" in error.remedy


# ---------------------------------------------------------------- rubbish

SUFFIXES = ["zip", "tar", "tgz", "txt.gz", "jsonl.zst", "parquet", "warc", "warc.gz", "eml", "mbox", "docx", "pdf"]
STARTS = {
    "zip": zip_of({"a.txt": b"one", "b.jsonl": b'{"text": "x"}'}), "tar": tar_of({"a.txt": b"one"}),
    "tgz": tar_of({"a.txt": b"one"}, "w:gz"), "txt.gz": gzip.compress(b"one"), "jsonl.zst": zstd.compress(b"one"),
    "parquet": parquet_of({"text": ["One."]}), "warc": warc_of(PAGES[3:], packed=False), "warc.gz": warc_of(PAGES[3:]),
    "eml": mail(Subject="s").as_bytes(), "mbox": b"From a\n\nOne.\n", "docx": zip_of({"word/document.xml": b"<a/>"}),
    "pdf": b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF",
}  # fmt: skip


def test_a_zip_of_a_version_to_come_is_named(tmp_path):
    raw = STARTS["zip"]
    at = raw.index(b"PK\x01\x02") + 6  # the version that the first member needs
    [error] = read_file(tmp_path, "x.zip", raw[:at] + b"\x40" + raw[at + 1 :])
    assert "zip file version 6.4" in error.message


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(SUFFIXES), st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=8), st.data()
)
def test_whatever_is_spoilt_is_an_error_and_never_a_crash(tmp_path, suffix, changes, data):
    raw = bytearray(STARTS[suffix])
    for at, byte in changes:
        raw[at % len(raw)] = byte
    cut = data.draw(st.integers(0, len(raw)))
    for found in read_file(tmp_path, f"x.{suffix}", bytes(raw[:cut]) if data.draw(st.booleans()) else bytes(raw)):
        assert isinstance(found, Document | Failure | DocumentError)
        json.dumps(found.uri)
