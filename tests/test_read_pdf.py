"""PDFs → documents: what the layout tells about paragraphs, columns, heads and hyphens, and what is refused."""

from __future__ import annotations

import gc
import hashlib
import io
import os
import random
import re
import sys
from pathlib import Path
from unittest import mock

import pypdfium2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate
from reportlab.platypus import Paragraph as Flowing

from pipeline.errors import DocumentError
from pipeline.read import Input, read
from pipeline.read import pdf as pdf_module
from pipeline.records import Document

SEEDS = Path(__file__).parent.parent / "seeds"
FONT, SIZE, LEADING = "Times-Roman", 11, 14
LEFT, TOP, WIDTH = 72, 740, 300


class Text:
    """Lines to draw: words wrapped to a width, or lines as they are; each paragraph of them in a list."""

    def __init__(self, *paragraphs, x=LEFT, y=TOP, width=WIDTH, size=SIZE, leading=LEADING, gap=0, indent=0, **at):
        self.lines = []
        for paragraph in paragraphs:
            lines = paragraph if isinstance(paragraph, list) else simpleSplit(paragraph, FONT, size, width)
            for number, line in enumerate(lines):
                self.lines.append((x + indent * (number == 0), y, size, line))
                y -= leading
            y -= gap
        self.end = y

    def draw(self, canvas):
        for x, y, size, line in self.lines:
            canvas.setFont(FONT, size)
            canvas.drawString(x, y, line)


def pdf(*pages, size=A4, **info) -> bytes:
    """Return a PDF of such pages, each a list of texts, lines as (x, y, size, words), or functions of the canvas."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=size, invariant=1, encrypt=info.pop("encrypt", None))
    for name, value in info.items():
        getattr(canvas, f"set{name.title()}")(value)
    for page in pages:
        for part in page:
            if isinstance(part, Text):
                part.draw(canvas)
            elif callable(part):
                part(canvas)
            else:
                x, y, height, words = part
                canvas.setFont(FONT, height)
                canvas.drawString(x, y, words)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def read_bytes(raw: bytes):
    (found,) = read(Input(None, "report.pdf", "pdf", open=lambda: io.BytesIO(raw)))
    return found


def paragraphs(*pages, **options) -> list[str]:
    return read_bytes(pdf(*pages, **options)).text.split("\n\n")


LONG = (
    "The council of Brenmoor met on Tuesday and talked about the bridge for three long hours, while reporters waited "
    "outside in the rain and nobody knew whether the vote would be held."
)
NEXT = (
    "“It was late,” Ana Ruiz said when the doors were opened at last, “and the others agreed with me that we had "
    "better wait for the engineers.”"
)
LAST = "The engineers are expected on Friday, with a report on the piers that nobody in the town has seen so far."


# The two halves of LONG, as they stand on two pages.
A, B = (lines := simpleSplit(LONG, FONT, SIZE, WIDTH))[:2], lines[2:]


# ---------------------------------------------------------------- paragraphs

LAYOUTS = [
    ("gaps between", [Text(LONG, NEXT, LAST, gap=7)], [LONG, NEXT, LAST]),
    ("indents", [Text(LONG, NEXT, LAST, indent=12)], [LONG, NEXT, LAST]),
    ("neither: short last lines", [Text(LONG, NEXT, LAST)], [LONG, NEXT, LAST]),
    ("set double", [Text(LONG, NEXT, LAST, leading=28, gap=14)], [LONG, NEXT, LAST]),
    ("one line", [(72, 700, 11, "No comment.")], ["No comment."]),
    ("one-line paragraphs", [Text("“Yes,” she said.", "“When?”", "“Now,” he said.", LONG, indent=12)],
     ["“Yes,” she said.", "“When?”", "“Now,” he said.", LONG]),
    ("a heading of two lines", [Text("Bridge to stay shut until the", size=20), (72, 716, 20, "Spring, council says"),
                                Text(LONG, y=680)], ["Bridge to stay shut until the Spring, council says", LONG]),
    ("a heading of the text's size", [Text("Background", LONG)], ["Background", LONG]),
    ("an address", [Text("Press office", "12 Quay Street, Brenmoor", "Telephone 555 0101", LONG)],
     ["Press office", "12 Quay Street, Brenmoor", "Telephone 555 0101", LONG]),
    ("a list", [Text("• " + LAST, "• " + LONG, "• No third point.")],
     ["• " + LAST, "• " + LONG, "• No third point."]),
    ("hanging indents", [Text(["1. The council met on Tuesday and sat for three long hours."]),
                         Text(["It was late. So it was, and the others agreed to it."], x=84, y=726),
                         Text(["2. Nobody knew."], y=712)],
     ["1. The council met on Tuesday and sat for three long hours. It was late. So it was, and the others agreed to "
      "it.",
      "2. Nobody knew."]),
    ("a block quotation", [Text(LONG), Text(LAST, x=100, y=670, width=240), Text(LONG, y=628)], [LONG, LAST, LONG]),
    ("a tall word in a line", [Text(A), Text(B, y=TOP - 2 * LEADING - 6)], [LONG]),
    ("drop cap", [(72, 712, 46, "T"), Text(simpleSplit(LONG[1:], FONT, SIZE, 270), x=102)], [LONG]),
    ("drop cap, a word", [(72, 712, 46, "A"), Text(simpleSplit(LONG[3:], FONT, SIZE, 270), x=110)], ["A" + LONG[3:]]),
    ("a raised number", [(72, 700, 11, "The council bought five m"), (198, 703.6, 7, "2"), (206, 700, 11, "of land.")],
     ["The council bought five m 2 of land."]),
    ("a smaller word", [Text([*A, "rain"]), (102, TOP - 2 * LEADING, 9, "quadricentennial"),
                        (170, TOP - 2 * LEADING, 11, "and nobody knew")],
     [" ".join([*A, "rain quadricentennial and nobody knew"])]),
    ("bold words", [lambda c: (c.setFont("Times-Bold", 11), c.drawString(72, 700, "No"),
                               c.setFont(FONT, 11), c.drawString(90, 700, "comment, she said."))],
     ["No comment, she said."]),
]  # fmt: skip


@pytest.mark.parametrize(("page", "wanted"), [pytest.param(*case[1:], id=case[0]) for case in LAYOUTS])
def test_what_the_layout_tells_about_paragraphs(page, wanted):
    assert paragraphs(page) == wanted


def test_text_round_a_picture_is_one_paragraph():
    text = f"{LAST[:-1]} {LONG.replace('The', 'the')}"
    narrow = simpleSplit(text, FONT, SIZE, WIDTH / 2)[:4]
    rest = text[len(" ".join(narrow)) + 1 :]
    assert paragraphs([Text(narrow), Text(rest, y=TOP - LEADING * 4), Text(NEXT, y=600)]) == [text, NEXT]


HYPHENS = [
    ("cut words", ["It was an exam-", "ple of what the min-", "ister meant."],
     "It was an example of what the minister meant."),
    ("names", ["The Anglo-", "Saxon league met."], "The Anglo-Saxon league met."),
    ("numbers", ["In the season of 2020-", "21 it rained."], "In the season of 2020-21 it rained."),
    ("compounds", ["It is well-", "known that self-", "interest rules."], "It is well-known that self-interest rules."),
    ("longer ones", ["A state-of-the-", "art bridge."], "A state-of-the-art bridge."),
    ("as elsewhere with", ["He is long-time mayor. Her north-", "south plan, the north-south plan."],
     "He is long-time mayor. Her north-south plan, the north-south plan."),
    ("as elsewhere without", ["The halfway house, that is the half-", "way house."],
     "The halfway house, that is the halfway house."),
    ("a dash", ["It was late -", "and he went –", "they said."], "It was late - and he went – they said."),
    ("long dashes", ["It was late—", "and he went", "—they said."], "It was late—and he went—they said."),
    ("at the end", ["It was late-"], "It was late-"),
    ("in a quotation", ["“It was an exam-", "ple,” she said."], "“It was an example,” she said."),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "wanted"), [pytest.param(*case[1:], id=case[0]) for case in HYPHENS])
def test_hyphens_at_line_ends(lines, wanted):
    assert paragraphs([Text(lines)]) == [wanted]


# ---------------------------------------------------------------- pages

FULL = "“We met in the rain, it was late and nobody in the town knew it."
HEAD = (72, 800, 8, "The Marlow Ledger")
BORDERS = [
    ("in mid-sentence", [Text(A)], [Text(B)], [LONG]),
    ("then more", [Text(NEXT, A)], [Text(B, NEXT)], [NEXT, LONG, NEXT]),
    ("a whole paragraph", [Text(LONG)], [Text(NEXT)], [LONG, NEXT]),
    ("indents tell that it goes on", [Text(NEXT, LAST, NEXT, [f"{FULL}”"], indent=12)],
     [Text(["Then he went."]), Text(LONG, y=726, indent=12)], [NEXT, LAST, NEXT, f"{FULL}” Then he went.", LONG]),
    ("an open quotation", [Text(LAST, [FULL], gap=7)],
     [Text(["Then they came,” he said."], LAST, gap=7)],
     [LAST, f"{FULL} Then they came,” he said.", LAST]),
    ("a new quotation", [Text(LAST, [FULL], gap=7)],
     [Text(["“Then they came,” he said."], LAST, gap=7)],
     [LAST, FULL, "“Then they came,” he said.", LAST]),
    ("heads and numbers between", [HEAD, Text(A), (300, 40, 9, "1")], [HEAD, Text(B), (300, 40, 9, "2")], [LONG]),
    ("a note between", [Text(A), (72, 90, 8, "Source: the town’s archive.")], [Text(B)],
     ["Source: the town’s archive.", LONG]),
    ("a caption between", [Text(NEXT, A)], [(72, 700, 8, "The bridge in 1954."), Text(B, y=660)],
     [NEXT, LONG, "The bridge in 1954."]),
    ("a heading between", [Text(LONG[:-1], size=10)], [(72, 740, 16, "Sport"), Text(NEXT, y=700, size=10)],
     [LONG[:-1], "Sport", NEXT]),
    ("a cut word", [Text(["It was an exam-"])], [Text(["ple of what she meant."])],
     ["It was an example of what she meant."]),
]  # fmt: skip


@pytest.mark.parametrize(("first", "second", "wanted"), [pytest.param(*case[1:], id=case[0]) for case in BORDERS])
def test_paragraphs_over_a_page_border(first, second, wanted):
    assert paragraphs(first, second) == wanted


def test_places_are_the_pages_with_text():
    document = read_bytes(pdf([], [Text(NEXT, A)], [lambda c: c.rect(72, 72, 99, 99)], [Text(B)], [Text(LAST)]))
    assert document.text == "\n\n".join([NEXT, LONG, LAST])
    assert document.places.unit == "page"
    assert document.places.numbers == (2, 4, 5)
    assert [document.text[start:].split()[:2] for start in document.places.starts] == [
        NEXT.split()[:2], B[0].split()[:2], LAST.split()[:2],
    ]  # fmt: skip
    start = document.text.index(LONG)
    assert document.places.anchor(start, start + len(LONG)) == {"page": 2, "last_page": 4}


THREE = [LONG, NEXT, LAST]
A_TABLE = [Text(["Bridge", "Quarry", "Ferry"], y=600), Text(["1.2", "3.4", "5.6"], x=200, y=600)]


def numbered(number, *parts):
    return [HEAD, *parts, (290, 40, 9, f"– {number} –")]


HEADS = [
    ("heads and numbers", [numbered(n, Text(text)) for n, text in enumerate(THREE)], THREE),
    ("left and right", [[(72 if n % 2 else 400, 800, 8, f"{'Ledger' if n % 2 else 'Report'} {n}"), Text(text)]
                        for n, text in enumerate([*THREE, LONG])], [*THREE, LONG]),
    ("page of pages", [[Text(text), (400, 40, 9, f"Page {n} of 3")] for n, text in enumerate(THREE)], THREE),
    ("one page: only a lone number", [numbered(7, Text(LONG))], ["The Marlow Ledger", LONG]),
    ("one page: a number on top", [[(290, 800, 9, "12"), Text(LONG)]], [LONG]),
    ("no page number: in the text", [[Text([*A, "42"], y=140)]], [" ".join([*A, "42"])]),
    ("no page number: a sum", [[Text(LONG), (72, 60, 9, "$42")]], [LONG, "$42"]),
    ("the same at another height", [[(72, 800, 11, "Minutes"), Text(LONG)], [(72, 790, 11, "Minutes"), Text(NEXT)]],
     ["Minutes", LONG, "Minutes", NEXT]),
    ("far apart", [[(72, 800, 14, "Minutes"), Text(LONG)], [Text(NEXT)], [Text(LAST)],
                   [(72, 800, 14, "Minutes"), *A_TABLE]],
     ["Minutes", LONG, NEXT, LAST, "Minutes", "Bridge 1.2", "Quarry 3.4", "Ferry 5.6"]),
    ("text that comes again", [[Text(f"{LONG} {n}.")] for n in (1, 2, 3)], [f"{LONG} {n}." for n in (1, 2, 3)]),
    ("a table that goes on", [[HEAD, *A_TABLE], [HEAD, *A_TABLE, Text(LONG, y=500)]],
     ["Bridge 1.2", "Quarry 3.4", "Ferry 5.6", "Bridge 1.2", "Quarry 3.4", "Ferry 5.6", LONG]),
    ("the same page twice", [[Text(LAST, y=770), Text(LONG, y=700), (290, 40, 9, str(n))] for n in (1, 2)],
     [LAST, LONG, LAST, LONG]),
    ("a number, then a head", [[(290, 820, 9, str(n)), HEAD, Text(text)] for n, text in enumerate(THREE)], THREE),
    ("a head, then a heading", [[HEAD, (72, 770, 11, "Minutes"), Text(text)] for text in THREE],
     [part for text in THREE for part in ("Minutes", text)]),
    ("nothing but heads", [numbered(1), numbered(2, Text(LONG))], [LONG]),
]  # fmt: skip


@pytest.mark.parametrize(("pages", "wanted"), [pytest.param(*case[1:], id=case[0]) for case in HEADS])
def test_heads_and_page_numbers_go_and_nothing_else(pages, wanted):
    assert paragraphs(*pages) == wanted


# ---------------------------------------------------------------- columns


def row_by_row(*texts):
    """Return lines of texts side by side in the order of their heights, as some programs write them."""
    return sorted((line for text in texts for line in text.lines), key=lambda line: (-line[1], line[0]))


LEFT_COLUMN = Text(NEXT, LAST, width=200, gap=7)
RIGHT_COLUMN = Text(LAST, NEXT, x=290, width=200, gap=7)
SHIFTED = Text(LAST, NEXT, x=290, y=TOP - 6, width=200, gap=7)
WIDE = (72, 770, 24, "Bridge to stay shut until spring, says council")
TWO = [NEXT, LAST, LAST, NEXT]
COLUMNS = [
    ("one after the other", [LEFT_COLUMN, RIGHT_COLUMN], TWO),
    ("the right one first", [RIGHT_COLUMN, LEFT_COLUMN], TWO),
    ("row by row", row_by_row(LEFT_COLUMN, RIGHT_COLUMN), TWO),
    ("not at the same heights", row_by_row(LEFT_COLUMN, SHIFTED), TWO),
    ("below a headline", [WIDE, *row_by_row(LEFT_COLUMN, RIGHT_COLUMN)], [WIDE[3], *TWO]),
    ("with a headline between", [LEFT_COLUMN, RIGHT_COLUMN, (72, 480, 24, WIDE[3]),
     Text(LONG, width=200, y=450), Text(NEXT, x=290, y=450, width=200)], [*TWO, WIDE[3], LONG, NEXT]),
    ("above text of full width", [LEFT_COLUMN, RIGHT_COLUMN, Text(LONG, y=450, width=430)], [*TWO, LONG]),
    ("three", [Text(t, x=x, width=130, gap=7) for x, t in ((72, LONG), (220, NEXT), (368, LAST))], [LONG, NEXT, LAST]),
    ("no columns: text at the right, then at the left", [Text(LAST, x=300, width=200), Text(NEXT, y=690, width=200)],
     [LAST, NEXT]),
    ("a table is no columns", A_TABLE,
     ["Bridge 1.2", "Quarry 3.4", "Ferry 5.6"]),
]  # fmt: skip


@pytest.mark.parametrize(("page", "wanted"), [pytest.param(*case[1:], id=case[0]) for case in COLUMNS])
def test_columns_are_read_one_by_one(page, wanted):
    assert paragraphs(page) == wanted


def test_a_paragraph_goes_on_in_the_next_column_and_on_the_next_page():
    lines = simpleSplit(" ".join([LONG, NEXT[:-1], LONG]), FONT, SIZE, 200)
    third = len(lines) // 3
    first = [Text(lines[:third], width=200), Text(lines[third : 2 * third], x=290, width=200)]
    assert paragraphs(first, [Text(lines[2 * third :], width=200), Text(LAST, x=290, width=200)])[0] == " ".join(lines)


def test_a_column_of_one_line_is_known_by_the_pages_before():
    last = [Text(LONG, width=200), Text(["No comment."], x=290)]
    assert paragraphs([LEFT_COLUMN, RIGHT_COLUMN], last) == [*TWO, LONG, "No comment."]


WORDS = re.findall(
    r"\S+",
    "the council of Brenmoor met on Tuesday and talked about a bridge for three long hours while reporters waited "
    "outside in the rain until mayor Ana Ruiz spoke “nobody” knows what it costs said engineers from a firm in "
    "Halvern which had built quarry roads before accordingly nevertheless infrastructure",
)


def story(seed: int) -> list[str]:
    draw = random.Random(seed)
    sentences = [" ".join(draw.choices(WORDS, k=draw.randint(4, 22))).capitalize() + "." for _ in range(70)]
    return [" ".join(sentences[at : at + draw.randint(1, 3)]) for at in range(0, 66, 3)]


def typeset(texts: list[str], columns: int, **style) -> bytes:
    """Return texts set by ReportLab's own layout, with running heads and page numbers."""
    width, height = A4
    file = io.BytesIO()
    column = (width - 120 - 16 * (columns - 1)) / columns
    frames = [
        Frame(60 + at * (column + 16), 60, column, 250, leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0)
        for at in range(columns)
    ]

    def heads(canvas, document):
        canvas.setFont("Helvetica", 8)
        canvas.drawString(60, height - 40, "The Marlow Ledger")
        canvas.drawCentredString(width / 2, 35, f"– {document.page} –")

    template = BaseDocTemplate(
        file, pagesize=A4, invariant=1, pageTemplates=[PageTemplate(frames=frames, onPage=heads)]
    )
    style = ParagraphStyle("text", fontName=FONT, fontSize=10, leading=12.5, **style)
    template.build([Flowing(text, style) for text in texts])
    return file.getvalue()


@pytest.mark.parametrize("alignment", [0, 4], ids=["ragged", "justified"])
@pytest.mark.parametrize("mark", [{"spaceBefore": 6}, {"firstLineIndent": 12}], ids=["gaps", "indents"])
@pytest.mark.parametrize("columns", [1, 2, 3])
def test_a_typeset_story_comes_back(columns, mark, alignment):
    texts = story(columns - 1)
    document = read_bytes(typeset(texts, columns, alignment=alignment, **mark))
    assert document.text.split("\n\n") == texts
    assert len(document.places.starts) > 1


# ---------------------------------------------------------------- characters

QUOTED = "“It’s over,” she said — ‘nearly’ – for 5 €…"
FONTS = [path for path in [Path("/usr/share/fonts/truetype/dejavu/DejaVuSerif.ttf")] if path.exists()]


@pytest.mark.parametrize("font", ["Times-Roman", "Helvetica", "Courier-Bold", *FONTS], ids=str)
def test_quotation_marks_and_dashes_come_through(font):
    if isinstance(font, Path):
        pdfmetrics.registerFont(TTFont("embedded", str(font)))
        font = "embedded"

    def draw(canvas):
        canvas.setFont(font, 12)
        canvas.drawString(72, 700, QUOTED)

    assert read_bytes(pdf([draw])).text == QUOTED


def raw_pdf(content: bytes, to_unicode: bytes, page: bytes = b"") -> bytes:
    """Return a PDF written by hand, where A, B, C … may stand for any characters; ``page`` adds to its entries."""
    cmap = (
        b"/CIDInit /ProcSet findresource begin begincmap /CMapName /X def /CMapType 2 def "
        b"1 begincodespacerange <00> <FF> endcodespacerange %d beginbfchar %b endbfchar endcmap end"
        % (to_unicode.count(b"<") // 2, to_unicode)
    )
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>%b>>" % page,
        b"<</Length %d>>\nstream\n%b\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 6 0 R>>",
        b"<</Length %d>>\nstream\n%b\nendstream" % (len(cmap), cmap),
    ]  # fmt: skip
    out = b"%PDF-1.4\n"
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    entries = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return out + b"xref\n0 7\n0000000000 65535 f \n%btrailer\n<</Size 7/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        entries, len(out),
    )  # fmt: skip


SHOWN = b"BT /F 12 Tf 72 700 Td (%b) Tj ET"
CHARACTERS = [
    ("beyond 16 bits", b"<41> <D835DD38>", b"xAy A zA.", "x𝔸y 𝔸 z𝔸."),
    ("ligatures", b"<41> <FB01> <42> <00660069>", b"Ane Bne", "fine fine"),
    ("nothing", b"<41> <0000>", b"aAb A c", "ab c"),
    ("controls", b"<41> <0001> <42> <0008> <43> <0002>", b"aAb BcC d", "ab c d"),
    ("no characters", b"<41> <FFFE>", b"aAb c", "ab c"),
    ("half of a pair", b"<41> <D835> <42> <DD38>", b"aA b B c", "a b c"),
    ("soft hyphens", b"<41> <00AD>", b"hyphenAation", "hyphenation"),
    ("spaces", b"<41> <00A0> <42> <2009>", b"5Amillion Beuros", "5 million euros"),
    ("line breaks", b"<41> <000A> <42> <2028> <43> <0085>", b"aAb cBd eCf", "a b c d e f"),
]


@pytest.mark.parametrize(("to_unicode", "shown", "wanted"), [pytest.param(*c[1:], id=c[0]) for c in CHARACTERS])
def test_odd_characters(to_unicode, shown, wanted):
    assert read_bytes(raw_pdf(SHOWN % shown, to_unicode)).text == wanted


TWO_LINES = b"BT /F %b Tm (One way) Tj 0 %b Td (or another.) Tj ET"
DIRECTIONS = [
    ("turned page", TWO_LINES % (b"12 Tf 0 1 -1 0 300 72", b"-14"), b"/Rotate 90"),
    ("turned the other way", TWO_LINES % (b"12 Tf 0 -1 1 0 300 700", b"-14"), b""),
    ("upside down", TWO_LINES % (b"12 Tf -1 0 0 -1 300 700", b"-14"), b"/Rotate 180"),
    ("scaled", TWO_LINES % (b"1 Tf 12 0 0 12 72 700", b"-1.2"), b""),
    ("a stamp in the margin", SHOWN % b"One way or another." + b" BT /F 12 Tf 0 1 -1 0 30 300 Tm (Draft) Tj ET", b""),
    ("a stamp across", SHOWN % b"One way or another." + b" BT /F 60 Tf .7 .7 -.7 .7 99 99 Tm (Draft) Tj ET", b""),
    ("outside", SHOWN % b"One way or another." + b" BT /F 8 Tf 72 780 Td (Slug 3) Tj ET", b"/CropBox[0 0 600 750]"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "page"), [pytest.param(*c[1:], id=c[0]) for c in DIRECTIONS])
def test_directions_and_borders(content, page):
    assert read_bytes(raw_pdf(content, b"<01> <0041>", page)).text == "One way or another."


# ---------------------------------------------------------------- the seed

# Invented, people and places too; ¬ is a hyphen that is no part of its word.
TITLE, BYLINE = "Quarry at Tarnholt may reopen after eleven years", "By Signe Aldous"
REPORT = """\
TARNHOLT, March 12 – The limestone quarry above
Tarnholt could reopen in the autumn, the county’s plan¬
ning office said on Tuesday, eleven years after the last
lorry left it.

“Nobody will blast before eight in the morning or after
four in the afternoon,” said Edda Quill, who heads the of¬
fice. “If that rule is broken once, the licence is gone.”

The firm that wants to work the quarry, Harrow & Lunt,
expects to take out 90,000 tonnes a year. Its managing di¬
rector, Piers Lunt, told the council that the road through
the village would carry “no more than twelve lorries a
day, and none of them on a Sunday”.

Residents doubt it. “We were promised twelve lorries in
1998, too, and by the second summer I counted forty from
my kitchen window. My mother counted with me, be¬
cause nobody in the council believed either of us, and we
wrote every number plate into a school exercise book,”
said Noor Haddow, a retired teacher who lives beside the
weighbridge.

According to a report by the geological survey, the upper
face is stable but the old drainage tunnel is not. Its author,
Ilka Renner, warned that a wet winter could flood the low¬
er floor within days.

“The tunnel was built against a danger that is well-
known and has not gone away,” she said. Repairs would
cost 1.4 million euros, the report says.

The council votes on 9 April. Its chairwoman, Maud Fer¬
rier, declined to say how she would decide. Asked whether
the village could live without the quarry, she answered:
“It has done so for eleven years.”"""


def quarry_report() -> bytes:
    """Return the seed ``006_quarry_report.pdf``: two small pages with heads, numbers, indents and cut words."""
    width, height = 340, 390
    lines = [
        (12 * (at == 0), line)
        for paragraph in REPORT.replace("¬", "-").split("\n\n")
        for at, line in enumerate(paragraph.split("\n"))
    ]
    file = io.BytesIO()
    with mock.patch.dict(os.environ, SOURCE_DATE_EPOCH="1710230400"):
        canvas = Canvas(file, pagesize=(width, height), invariant=1)
    canvas.setTitle(TITLE)
    canvas.setAuthor(BYLINE.removeprefix("By "))
    for number, page in enumerate((lines[:14], lines[14:]), 1):
        canvas.setFont("Helvetica", 8)
        canvas.drawString(45, height - 30, "The Marlow Ledger")
        canvas.drawRightString(width - 45, height - 30, "Wednesday, March 13")
        canvas.drawCentredString(width / 2, 28, f"– {number} –")
        y = height - 70
        if number == 1:
            canvas.setFont("Times-Bold", 18)
            for line in ("Quarry at Tarnholt may", "reopen after eleven years"):
                canvas.drawString(45, y, line)
                y -= 22
            canvas.setFont("Times-Italic", 9)
            canvas.drawString(45, y, BYLINE)
            y -= 28
        canvas.setFont(FONT, SIZE)
        for indent, line in page:
            canvas.drawString(45 + indent, y, line)
            y -= LEADING
        canvas.showPage()
    canvas.save()
    return file.getvalue()


@pytest.mark.parametrize("raw", [quarry_report(), (SEEDS / "006_quarry_report.pdf").read_bytes()], ids=["made", "seed"])
def test_the_seed_gives_its_article_and_nothing_else(raw):
    document = read_bytes(raw)
    texts = REPORT.replace("¬\n", "").replace("well-\n", "well-").split("\n\n")
    assert document.text.split("\n\n") == [TITLE, BYLINE, *(text.replace("\n", " ") for text in texts)]
    assert (document.title, document.byline, document.published) == (TITLE, "Signe Aldous", "2024-03-12")
    start, end = document.text.index("“We were promised"), document.text.index("book,”")
    assert document.places.anchor(start, end) == {"page": 1, "last_page": 2}
    assert document.places.numbers == (1, 2)


# ---------------------------------------------------------------- metadata, errors

TITLES = [
    ("Quarry reopens", "Quarry reopens"), (" Quarry\n reopens ", "Quarry reopens"), ("", None), ("untitled", None),
    ("Microsoft Word - report.doc", None), ("report final.DOCX", None), ("C:\\old\\report.indd", None),
    ("“Vor dem Fest”", "“Vor dem Fest”"),
]  # fmt: skip


@pytest.mark.parametrize(("title", "wanted"), TITLES)
def test_titles(title, wanted):
    assert read_bytes(pdf([Text(LONG)], title=title, author="Ines Calloway")).title == wanted


DATES = [
    (b"D:20240227081500+01'00'", "2024-02-27"), (b"D:20240227", "2024-02-27"), (b"20240227", "2024-02-27"),
    (b"D:20240230000000", None), (b"D:19040101000000", None), (b"yesterday", None), (b"", None), (b"D:2024", None),
]  # fmt: skip


@pytest.mark.parametrize(("stamp", "wanted"), DATES)
def test_dates(stamp, wanted):
    raw = pdf([Text(LONG)], author="anonymous")
    document = read_bytes(re.sub(rb"/CreationDate \(.*?\)", b"/CreationDate (%b)" % stamp, raw))
    assert (document.published, document.byline) == (wanted, None)


def test_what_a_document_says_of_its_file():
    raw = pdf([Text(LONG)], title="Bridge shut", author="Ines Calloway")
    document = read_bytes(raw)
    assert (document.title, document.byline, document.published) == ("Bridge shut", "Ines Calloway", "2000-01-01")
    assert (document.format, document.media_type, document.encoding) == ("pdf", "application/pdf", "utf-8")
    assert (document.raw_sha256, document.raw_bytes) == (hashlib.sha256(raw).hexdigest(), len(raw))
    assert document.extracted
    assert document.extractor["name"] == "pypdfium2"


@pytest.mark.parametrize("pages", [[[]], [[], []], [[lambda canvas: canvas.rect(72, 72, 200, 200, fill=1)]]])
def test_pages_without_text_are_said_to_be_scans(pages):
    document = read_bytes(pdf(*pages))
    assert (document.text, document.places) == ("", None)
    assert [(n.code, n.start) for n in document.notices] == [("no-text", 0)]
    assert "OCR" in document.notices[0].message


WHOLE = pdf([Text(LONG)], [Text(NEXT)])
REFUSED = [
    ("password", pdf([Text(LONG)], encrypt="secret"), "protected by a password", "without"),
    ("no PDF", b"<html><body>Not found</body></html>", "is no PDF", "Fetch"),
    ("nothing", b"", "is no PDF", "Fetch"),
    ("cut short", WHOLE[:400], "damaged or cut short", "again"),
    ("only a header", b"%PDF-1.7\n", "damaged or cut short", "again"),
]


@pytest.mark.parametrize(("raw", "message", "remedy"), [pytest.param(*case[1:], id=case[0]) for case in REFUSED])
def test_what_cannot_be_read_says_why(raw, message, remedy):
    error = read_bytes(raw)
    assert isinstance(error, DocumentError)
    assert message in error.message
    assert remedy in error.remedy
    assert error.uri == "report.pdf"


def test_a_file_cut_in_its_last_bytes_is_read():
    assert read_bytes(WHOLE[:-12]).text == f"{LONG}\n\n{NEXT}"


def test_a_damaged_page_is_named_and_the_others_read():
    raw = pdf([Text(LONG)], [Text(NEXT)], [Text(LAST)])
    kids = re.search(rb"/Kids \[ (\d+) 0 R (\d+) 0 R (\d+) 0 R \]", raw)
    document = read_bytes(raw[: kids.start(2)] + b"0" + raw[kids.end(2) :])
    assert document.text == f"{LONG}\n\n{LAST}"
    (notice,) = document.notices
    assert (notice.code, notice.message) == ("page-unreadable", "Pages are damaged, their text is missing: 2.")
    assert document.places.numbers == (1, 3)


@pytest.mark.parametrize(
    ("limit", "message"), [("MAX_PAGES", "more than 1 pages"), ("MAX_BYTES", "more than 1 characters")]
)
def test_what_is_too_long_is_an_error(monkeypatch, limit, message):
    monkeypatch.setattr(pdf_module, limit, 1)
    assert message in read_bytes(WHOLE).message


def test_without_the_library_its_name_and_how_to_install_it_are_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    error = read_bytes(WHOLE)
    assert error.message == "report.pdf is a PDF, which needs pypdfium2."
    assert error.remedy == "Install it: pip install 'onrecord[pdf]'"


def test_nothing_stays_open():
    for raw in (WHOLE, WHOLE[:400], pdf([Text(LONG)], encrypt="secret")):
        read_bytes(raw)
    kinds = (pypdfium2.PdfDocument, pypdfium2.PdfPage, pypdfium2.PdfTextPage)
    assert not [found for found in gc.get_objects() if isinstance(found, kinds) and getattr(found, "raw", None)]


# ---------------------------------------------------------------- laws

LAWS = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@LAWS
@given(at=st.integers(0, len(WHOLE)), junk=st.binary(max_size=20), length=st.integers(0, 200))
def test_any_damage_gives_a_document_or_an_error(at, junk, length):
    found = read_bytes(WHOLE[:at] + junk + WHOLE[at + length :])
    assert isinstance(found, Document | DocumentError)
    if isinstance(found, Document):
        assert not re.search("[\x00-\x08\ufffe\uffff\ud800-\udfff]", found.text)
        assert (found.places is None) == (not found.text)


PLACED = st.tuples(
    st.integers(0, 560), st.integers(0, 800), st.sampled_from([6, 9, 11, 11, 11, 24]), st.sampled_from(WORDS)
)


@LAWS
@given(pages=st.lists(st.lists(PLACED, max_size=40), min_size=1, max_size=3))
def test_places_hold_wherever_words_stand(pages):
    document = read_bytes(pdf(*pages))
    if not document.places:
        assert not document.text
        return
    starts, numbers = document.places.starts, document.places.numbers
    assert starts[0] == 0
    assert list(starts) == sorted(set(starts))
    assert list(numbers) == sorted(set(numbers))
    assert not any(document.text[start].isspace() for start in starts)


@LAWS
@given(words=st.lists(PLACED, max_size=40, unique_by=lambda word: (word[0] // 80, word[1] // 30)))
def test_a_page_loses_no_word_wherever_it_stands(words):
    found = "".join(read_bytes(pdf(words)).text.split())
    assert sorted(found) == sorted("".join(word for *_, word in words))
