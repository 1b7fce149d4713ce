"""``onrecord show``: what a reader sees, in a terminal and in a pipe."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

import pipeline.process
from pipeline.cli import main
from pipeline.process import Result, Tools, process
from pipeline.records import CLASSES, Document
from pipeline.run import Options, run
from pipeline.show import CONTENT, CUE, SPEAKER, marked_text, printable, table

TEXT = (
    "Talks go on. “We will appeal,” said Ana Ruiz, a lawyer for the city of Lisbon and for several others besides."
    " The council said that it would build a school. Prices rose by 4 percent in May.\n"
)


@pytest.fixture(scope="module")
def result(tools: Tools) -> Result:
    return process(Document(text=TEXT, uri="a.txt"), tools)


@pytest.fixture
def shown(tmp_path: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> object:
    """Return a function that shows a run over two texts, or what else is named, as in a pipe."""
    monkeypatch.setattr(pipeline.process, "load_tools", lambda *_: tools)
    monkeypatch.chdir(tmp_path)
    Path("a.txt").write_text(TEXT, encoding="utf-8")
    Path("b.txt").write_text("“No,” said Bo Lind.\n", encoding="utf-8")
    run(["a.txt", "b.txt"], Path("out"), Options(), lambda: tools)

    def go(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["show", *arguments])
        return ended.value.code or 0, *capsys.readouterr()

    return go


def test_a_run_is_shown_text_and_table(shown: object) -> None:
    code, out, err = shown("out")
    assert (code, err) == (0, "")
    assert "Talks go on. [“We will appeal,”] _said_ *Ana Ruiz" in out
    assert "[“No,”] _said_ *Bo Lind*" in out
    assert "direct, “said”" in out
    assert "the writer" in out


def test_every_step_to_the_name_is_explained(shown: object) -> None:
    Path("c.txt").write_text("Bo Lind owns the mill.\n\n“We are open\x1b today,” he said.\n", encoding="utf-8")
    code, out, err = shown("c.txt", "--explain", "--voice", "direct")
    assert (code, err) == (0, "")
    assert "“he” (pronoun.he) → “Bo Lind” (speaker.antecedent) → Bo Lind [pronoun]" in out
    assert "“said” (cue.say)" in out
    assert "support." in out
    assert "\x1b" not in out


def test_circumstances_are_explained(shown: object) -> None:
    text = "In statements to the channel NTV on Monday, Bo Lind told the Daily Herald that the mill was open.\n"
    Path("c.jsonl").write_text(json.dumps({"text": text, "published": "2016-09-21"}), encoding="utf-8")
    code, out, err = shown("c.jsonl", "--explain")
    assert (code, err) == (0, "")
    assert "Monday (2016-09-19); in statements to the channel NTV" in out
    assert "; to the Daily Herald" in out


def test_an_explanation_without_the_text_has_offsets(shown: object) -> None:
    Path("b.txt").unlink()
    code, out, _ = shown("out", "--doc", "b.txt", "--explain")
    assert code == 0
    assert "11–18 (speaker.name) → Bo Lind [name]" in out


def test_in_a_pipe_the_text_keeps_its_lines(shown: object) -> None:
    _, out, _ = shown("out", "--doc", "a.txt")
    assert len(next(line for line in out.splitlines() if line.startswith("Talks"))) > len(TEXT)


def test_a_document_is_processed_and_shown(shown: object) -> None:
    assert shown("b.txt")[1] == shown("out", "--doc", "b.txt")[1]


def test_standard_input_is_shown(shown: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("“No,” said Bo Lind.".encode())))
    assert "[“No,”] _said_ *Bo Lind*" in shown("-")[1]


@pytest.mark.parametrize(
    ("options", "there", "not_there"),
    [
        ("--speaker ruiz", "appeal", "Bo Lind"),
        ("--speaker LAWYER", "appeal", "Bo Lind"),
        ("--voice writer", "Prices rose", "appeal"),
        ("--voice indirect", "a school", "Prices rose"),
        ("--class claim", "Prices rose", "Bo Lind"),
        ("--min-confidence 0", "Prices rose", "nothing of the kind"),
        ("--doc b.txt", "Bo Lind", "Ana Ruiz"),
    ],
)
def test_filters(options: str, there: str, not_there: str, shown: object) -> None:
    code, out, _ = shown("out", "--table", *options.split())
    assert code == 0
    assert there in out
    assert not_there not in out


def test_nothing_that_matches_is_said_on_stderr(shown: object) -> None:
    assert shown("out", "--speaker", "Nobody") == (0, "", "No statement matches.\n")


def test_a_lost_text_is_said_and_the_table_shown(shown: object) -> None:
    Path("b.txt").unlink()
    _, out, err = shown("out", "--doc", "b.txt")
    assert err == "b.txt: its text is lost or changed since; onrecord verify says how.\n"
    assert "Bo Lind" in out


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_a_table_cuts_no_class(width: int, result: Result) -> None:
    statements = result.statements * 4
    wanted = [s.class_ for s in statements]
    console = Console(width=width, file=io.StringIO())
    console.print(table(statements, "a.txt"))
    words = [word for line in console.file.getvalue().splitlines() for word in line.split() if word in CLASSES]
    assert words == wanted
    assert "…" not in console.file.getvalue()


def test_in_a_terminal_styles_set_the_words_apart(result: Result) -> None:
    marked = marked_text(TEXT, result.statements, plain=False)
    assert marked.plain == TEXT
    styled = {(str(span.style), TEXT[span.start : span.end]) for span in marked.spans}
    assert {(CONTENT, "“We will appeal,”"), (CUE, "said")} <= styled
    assert any(style == SPEAKER and words.startswith("Ana Ruiz") for style, words in styled)


def test_a_document_cannot_steer_the_terminal() -> None:
    assert printable("a\x1b[2Jb\x9b1m\x07\tc\n") == "a�[2Jb�1m�\tc\n"


@given(st.text())
def test_printable_text_keeps_its_offsets(text: str) -> None:
    assert len(printable(text)) == len(text)
