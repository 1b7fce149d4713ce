"""Word documents → documents: what of a body is read, where it stands, and what is refused."""

from __future__ import annotations

import hashlib
import io
import sys
import time
import zipfile
from datetime import datetime
from pathlib import Path

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import DocumentError
from pipeline.read import Input, read
from pipeline.read import docx as docx_module
from pipeline.records import Document

SEEDS = Path(__file__).parent.parent / "seeds"
SAID = "“We will appeal,” said Ana Ruiz."


def saved(document) -> bytes:
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def word(*bodies: str) -> bytes:
    """Return a document whose body is made of such paragraphs: XML, or the inside of one, or plain words."""
    document = docx.Document()
    for body in bodies:
        inner = body if body.startswith("<") else f"<w:r><w:t>{body}</w:t></w:r>"
        whole = inner if inner.startswith(("<w:p>", "<w:tbl>", "<w:sdt>")) else f"<w:p>{inner}</w:p>"
        head, mark, rest = whole.partition(">")
        document.element.body.insert(-1, parse_xml(f"{head} {NAMESPACES}{mark}{rest}"))
    return saved(document)


NAMESPACES = nsdecls("w", "r") + ' xmlns:wps="urn:wps" xmlns:mc="{}"'.format(docx_module.FALLBACK[1:].partition("}")[0])


def read_bytes(raw: bytes):
    (found,) = read(Input(None, "statement.docx", "docx", open=lambda: io.BytesIO(raw)))
    return found


def changed(raw: bytes, **parts: bytes | None) -> bytes:
    """Return a document with parts, named by their last names without suffix, replaced, or left out where None."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = parts.get(Path(name).stem, old.read(name))
            if part is not None:
                new.writestr(name, part)
    return file.getvalue()


def run(text, properties=""):
    return f"<w:r><w:rPr>{properties}</w:rPr><w:t xml:space='preserve'>{text}</w:t></w:r>"


# ---------------------------------------------------------------- text

HIDDEN = "<w:vanish/>"
BOX = f"<wps:txbx><w:txbxContent><w:p>{run('In the box.')}</w:p></w:txbxContent></wps:txbx>"
BODIES = [
    ("paragraphs", ["One.", "Two."], "One.\n\nTwo."),
    ("empty ones go", ["", "One.", "  ", "Two.", ""], "One.\n\nTwo."),
    ("a line break", [run("One") + "<w:r><w:br/></w:r>" + run("line.")], "One line."),
    ("a blank line", [run("One.") + "<w:r><w:br/><w:br/></w:r>" + run("Two.")], "One.\n\nTwo."),
    ("a page break", [run("One.") + "<w:r><w:br w:type='page'/></w:r>" + run("Two.")], "One.\n\nTwo."),
    ("a tab", [run("One") + "<w:r><w:tab/></w:r>" + run("two.")], "One\ttwo."),
    ("tab stops are none", ["<w:pPr><w:tabs><w:tab w:val='left' w:pos='99'/></w:tabs></w:pPr>" + run("One.")], "One."),
    ("line ends in words", [run("One\nline\u2028here.")], "One line here."),
    ("hyphens", ["<w:r><w:t>so</w:t><w:noBreakHyphen/><w:t>called ex</w:t><w:softHyphen/><w:t>am\u00adple</w:t></w:r>"],
     "so-called example"),
    ("a word in parts", [run("Qu") + run("arry", "<w:b/>") + run(" shut.")], "Quarry shut."),
    ("deleted", [run("It is ") + f"<w:del>{run('not ').replace('w:t', 'w:delText')}</w:del>" + run("true.")],
     "It is true."),
    ("inserted", [run("It is ") + f"<w:ins>{run('not ')}</w:ins>" + run("true.")], "It is not true."),
    ("moved", [f"<w:moveTo>{run('Here.')}</w:moveTo>", f"<w:moveFrom>{run('There.')}</w:moveFrom>"], "Here."),
    ("a deleted paragraph end", ["<w:pPr><w:rPr><w:del/></w:rPr></w:pPr>" + run("One "), "line.", "Two."],
     "One line.\n\nTwo."),
    ("a deleted end at the end", ["One.", "<w:pPr><w:rPr><w:del/></w:rPr></w:pPr>" + run("Two.")], "One.\n\nTwo."),
    ("a link", [run("See ") + f"<w:hyperlink r:id='x'>{run('the report')}</w:hyperlink>" + run(".")],
     "See the report."),
    ("a field", [run("On ") + f"<w:fldSimple w:instr='DATE'>{run('Friday')}</w:fldSimple>" + run(".")], "On Friday."),
    ("a field in parts", [
        "<w:r><w:fldChar w:fldCharType='begin'/><w:instrText>PAGE</w:instrText></w:r>"
        "<w:r><w:fldChar w:fldCharType='separate'/></w:r>"
        + run("7") + "<w:r><w:fldChar w:fldCharType='end'/></w:r>"], "7"),
    ("hidden", [run("One.") + run(" No.", HIDDEN) + run(" Two.", "<w:vanish w:val='0'/>")], "One. Two."),
    ("notes and comments", [run("One") + "<w:r><w:footnoteReference w:id='2'/></w:r><w:commentRangeStart w:id='1'/>"
                            + run(".") + "<w:r><w:commentReference w:id='1'/></w:r>"], "One."),
    ("a content control", [f"<w:sdt><w:sdtContent><w:p>{run('One.')}</w:p></w:sdtContent></w:sdt>", "Two."],
     "One.\n\nTwo."),
    ("a control in a line", [run("One") + f"<w:sdt><w:sdtContent>{run(' or')}</w:sdtContent></w:sdt>" + run(" two.")],
     "One or two."),
    ("ruby", [f"<w:r><w:ruby><w:rt>{run('up')}</w:rt><w:rubyBase>{run('Base')}</w:rubyBase></w:ruby></w:r>"], "Base"),
    ("a text box", [run("Before.") + f"<w:r><mc:AlternateContent><mc:Choice Requires='wps'>{BOX}</mc:Choice>"
                    f"<mc:Fallback>{BOX}</mc:Fallback></mc:AlternateContent></w:r>", "After."],
     "Before.\n\nIn the box.\n\nAfter."),
    ("an XML comment", [run("One.") + "<!-- no -->" + run(" Two.")], "One. Two."),
    ("marks", [run("“It’s over,” — ‘nearly’ – é 𝔸 ﬁ")], "“It’s over,” — ‘nearly’ – é 𝔸 ﬁ"),
    ("a table", [
        f"<w:tbl><w:tr><w:tc><w:p>{run('A')}</w:p></w:tc><w:tc><w:p>{run('B')}</w:p><w:p>{run('C')}</w:p></w:tc></w:tr>"
        f"<w:tr><w:tc><w:p>{run('D')}</w:p></w:tc><w:tc><w:p/></w:tc></w:tr></w:tbl>", "After."],
     "A\n\nB\n\nC\n\nD\n\nAfter."),
]  # fmt: skip


@pytest.mark.parametrize(("bodies", "text"), [pytest.param(*case[1:], id=case[0]) for case in BODIES])
def test_what_of_a_body_is_read(bodies, text):
    assert read_bytes(word(*bodies)).text == text


def test_heads_are_left_out_and_hidden_styles():
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = "The Marlow Ledger"
    document.sections[0].footer.paragraphs[0].text = "Page 1"
    hidden = document.styles.add_style("Note to editors", docx.enum.style.WD_STYLE_TYPE.CHARACTER)
    hidden.font.hidden = True
    hidden = document.styles.add_style("Editors only", docx.enum.style.WD_STYLE_TYPE.PARAGRAPH)
    hidden.font.hidden = True
    document.add_paragraph("Embargoed.", style="Editors only")
    document.add_heading("Ferry statement", 1)
    paragraph = document.add_paragraph(SAID)
    paragraph.add_run(" Check this.", style="Note to editors")
    assert read_bytes(saved(document)).text == f"Ferry statement\n\n{SAID}"


def test_places_are_the_paragraphs_with_all_of_the_body_counted():
    document = read_bytes(word("", "One.", "", "<w:tbl><w:tr><w:tc><w:p/></w:tc></w:tr></w:tbl>", SAID))
    assert document.text == f"One.\n\n{SAID}"
    assert (document.places.unit, document.places.starts, document.places.numbers) == ("paragraph", (0, 6), (2, 5))
    assert document.places.anchor(6, 20) == {"paragraph": 5}


@pytest.mark.parametrize("bodies", [[], ["", " "], ["<w:r><w:br/></w:r>"]])
def test_a_document_without_text_is_empty_with_a_notice(bodies):
    document = read_bytes(word(*bodies))
    assert (document.text, document.places) == ("", None)
    assert [(n.code, n.start) for n in document.notices] == [("no-text", 0)]


# ---------------------------------------------------------------- the seed

# Invented, people and places too.
STATEMENT = [
    "Statement on the Marrow Sound ferry",
    "Marrow Sound Ferries has suspended all crossings between Port Ellery and Skarra until Monday, after divers "
    "found cracks in the propeller shaft of the Lady Anstruth.",
    "“We regret every cancelled journey, but we will not put 180 passengers on a ship that we do not trust,” said "
    "chief executive Orla Tennant.",
    "The cracks were found on Wednesday during a routine inspection. The maritime authority has been informed, and its "
    "inspector, Juhan Sepp, said that the company had “acted quickly and correctly”.",
    "Tickets remain valid for a month. A bus will take foot passengers to the bridge at Holm every two hours, free of "
    "charge, the company said.",
    "Tennant added that compensation would be paid “without forms and without argument”. The first payments are due "
    "next week.",
    "Press contact",
    "Ewan Strand, telephone 0555 0142",
]


def ferry_statement() -> bytes:
    """Return the seed ``007_ferry_statement.docx``, with a deletion, a hidden note, a table, a head and a foot."""
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = "Marrow Sound Ferries"
    document.sections[0].footer.paragraphs[0].text = "For immediate release"
    title, *texts, who, contact = STATEMENT
    document.add_heading(title, 1)
    for text in texts:
        document.add_paragraph(text)
    deleted = "<w:r><w:delText> Or the week after.</w:delText></w:r>"
    document.paragraphs[-1]._p.append(parse_xml(f"<w:del {nsdecls('w')} w:id='1' w:author='press'>{deleted}</w:del>"))
    document.paragraphs[2].add_run(" [Check with her office.]").font.hidden = True
    cells = document.add_table(1, 2).rows[0].cells
    cells[0].text, cells[1].text = who, contact
    core = document.core_properties
    core.title, core.author, core.language = title, "Marrow Sound Ferries", "en-GB"
    core.created = core.modified = datetime(2024, 5, 16, 9, 30)
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(saved(document))) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            # At a fixed date, so that the bytes are always the same.
            new.writestr(zipfile.ZipInfo(name), old.read(name), zipfile.ZIP_DEFLATED)
    return file.getvalue()


@pytest.mark.parametrize(
    "raw", [ferry_statement(), (SEEDS / "007_ferry_statement.docx").read_bytes()], ids=["made", "seed"]
)
def test_the_seed_gives_its_statement_and_nothing_else(raw):
    document = read_bytes(raw)
    assert document.text.split("\n\n") == STATEMENT
    assert (document.title, document.byline, document.published, document.language) == (
        STATEMENT[0], "Marrow Sound Ferries", "2024-05-16", "en-GB",
    )  # fmt: skip
    assert document.places.numbers == (1, 2, 3, 4, 5, 6, 7, 8)


# ---------------------------------------------------------------- metadata


def described(**properties) -> Document:
    document = docx.Document()
    document.add_paragraph(SAID)
    for name, value in properties.items():
        setattr(document.core_properties, name, value)
    return read_bytes(saved(document))


DESCRIBED = [
    ("all of it", {"title": "Ferry  shut", "author": "Ines Calloway", "created": datetime(2024, 2, 27, 8, 15),
                   "modified": datetime(2024, 2, 28), "language": "en-GB"},
     ("Ferry shut", "Ines Calloway", "2024-02-27", "en-GB")),
    ("nothing but the template's", {}, (None, None, None, "en-US")),
    ("what nobody wrote", {"title": "Word Document", "author": "Microsoft Office User"}, (None, None, None, "en-US")),
    ("a form used again", {"created": datetime(2009, 1, 5), "modified": datetime(2024, 2, 28)},
     (None, None, None, "en-US")),
    ("no such year", {"created": datetime(1601, 1, 1)}, (None, None, None, "en-US")),
]  # fmt: skip


@pytest.mark.parametrize(("properties", "wanted"), [pytest.param(*case[1:], id=case[0]) for case in DESCRIBED])
def test_metadata(properties, wanted):
    found = described(**properties)
    assert (found.title, found.byline, found.published, found.language) == wanted


def test_what_a_document_says_of_its_file():
    raw = word(SAID)
    document = read_bytes(raw)
    assert (document.format, document.encoding, document.extracted) == ("docx", "utf-8", True)
    assert document.media_type == "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    assert (document.raw_sha256, document.raw_bytes) == (hashlib.sha256(raw).hexdigest(), len(raw))
    assert document.extractor["name"] == "python-docx"


def test_a_document_without_styles_and_properties_is_read():
    types = zipfile.ZipFile(io.BytesIO(word(SAID))).read("[Content_Types].xml")
    bare = io.BytesIO()
    with zipfile.ZipFile(bare, "w") as new, zipfile.ZipFile(io.BytesIO(word(SAID))) as old:
        new.writestr("[Content_Types].xml", types)
        new.writestr(
            "_rels/.rels",
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" '
            'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
            'Target="word/document.xml"/></Relationships>',
        )
        new.writestr("word/document.xml", old.read("word/document.xml"))
    document = read_bytes(bare.getvalue())
    assert (document.text, document.title) == (SAID, None)


# ---------------------------------------------------------------- what is refused

PLAIN = word(SAID)


def declared(entities: str, body: str = "<w:p><w:r><w:t>a&x;b</w:t></w:r></w:p>") -> bytes:
    whole = f"<!DOCTYPE w [{entities}]><w:document {nsdecls('w')}><w:body>{body}</w:body></w:document>"
    return changed(PLAIN, document=whole.encode())


def bomb(place: str) -> bytes:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    body = {"text": "<w:p><w:r><w:t>&x;</w:t></w:r></w:p>", "attribute": '<w:p w:x="&x;"/>'}[place]
    return declared(f'<!ENTITY l0 "ha">{laughs}<!ENTITY x "&l9;">', body)


def archive(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name, member in members.items():
            new.writestr(name.replace("__", "/"), member)
    return file.getvalue()


def encrypted(raw: bytes) -> bytes:
    """Return a document whose members claim to be encrypted: bit 0 of their flags."""
    raw = bytearray(raw)
    for mark, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = raw.find(mark)
        while at >= 0:
            raw[at + flags] |= 1
            at = raw.find(mark, at + 4)
    return bytes(raw)


REFUSED = [
    ("an old .doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "password, or an old .doc", "save it as .docx"),
    ("no archive", b"Just text.", "no Word document, or cut short", "again"),
    ("nothing", b"", "no Word document, or cut short", "again"),
    ("cut short", PLAIN[:-200], "no Word document, or cut short", "again"),
    ("a spreadsheet", archive(**{"xl/workbook.xml": b"<a/>"}), "archive of another kind", "Rename"),
    ("encrypted members", encrypted(PLAIN), "protected by a password", "without"),
    ("no types", changed(PLAIN, **{"[Content_Types]": None}), "damaged", "save it as .docx"),
    ("no XML", changed(PLAIN, document=b"<w:document"), "damaged", "save it as .docx"),
    ("other XML", changed(PLAIN, document=b"<html/>"), "damaged", "save it as .docx"),
    ("no document", archive(**{"word/document.xml": b"<a/>"}), "damaged", "save it as .docx"),
    ("entities that laugh", bomb("text"), "damaged", "save it as .docx"),
    ("entities in an attribute", bomb("attribute"), "damaged", "save it as .docx"),
    ("one entity", declared('<!ENTITY x "ha">'), "damaged", "save it as .docx"),
    ("an entity that is a file", declared('<!ENTITY x SYSTEM "file:///etc/passwd">'), "damaged", "save it as .docx"),
    ("zip bomb", changed(PLAIN, thumbnail=bytes(100_000_000)), "unfolds", "bomb"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "message", "remedy"), [pytest.param(*case[1:], id=case[0]) for case in REFUSED])
def test_what_cannot_be_read_says_why(raw, message, remedy):
    start = time.process_time()
    error = read_bytes(raw)
    assert time.process_time() - start < 3
    assert isinstance(error, DocumentError)
    assert message in error.message
    assert remedy in error.remedy
    assert error.uri == "statement.docx"


def test_what_is_too_long_is_an_error(monkeypatch):
    monkeypatch.setattr(docx_module, "MAX_BYTES", 9)
    assert "more than 9 characters" in read_bytes(PLAIN).message


def test_without_the_library_its_name_and_how_to_install_it_are_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "docx", None)
    error = read_bytes(PLAIN)
    assert error.message == "statement.docx is a Word document, which needs python-docx."
    assert error.remedy == "Install it: pip install 'onrecord[docx]'"


LAWS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@LAWS
@given(at=st.integers(0, len(PLAIN)), junk=st.binary(max_size=20), length=st.integers(0, 200))
def test_any_damage_gives_a_document_or_an_error(at, junk, length):
    assert isinstance(read_bytes(PLAIN[:at] + junk + PLAIN[at + length :]), Document | DocumentError)


XML = zipfile.ZipFile(io.BytesIO(word(SAID, SAID))).read("word/document.xml")


@LAWS
@given(at=st.integers(0, len(XML)), junk=st.sampled_from([b"", b"<", b">", b"w:", b"/", b"<w:p>", b"&x;", b"\xff"]))
def test_any_damage_of_its_xml_gives_a_document_or_an_error(at, junk):
    found = read_bytes(changed(PLAIN, document=XML[:at] + junk + XML[at + 3 :]))
    assert isinstance(found, Document | DocumentError)
