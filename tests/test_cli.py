"""The command line: exit codes, messages with remedies, and what goes to which stream."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import jsonschema
import pytest

import pipeline.outcome as outcome_module
import pipeline.process
import pipeline.workers
from pipeline.cli import main
from pipeline.schema import SCHEMAS, json_schema

if TYPE_CHECKING:
    from pipeline.process import Tools

ROOT = Path(__file__).parents[1]
SAID = "“We will appeal,” said Ana Ruiz. It rained on Monday.\n"


class Outcome(NamedTuple):
    code: int
    out: str
    err: str


Onrecord = "Callable[..., Outcome]"


@pytest.fixture
def onrecord(
    tmp_path: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Onrecord:
    """Return a function that runs the command line in an empty folder, with the tools loaded already."""
    load = pipeline.process.load_tools

    def loaded(model: str = pipeline.process.DEFAULT_MODEL, rules: Path | None = None) -> Tools:
        return tools if (model, rules) == (pipeline.process.DEFAULT_MODEL, None) else load(model, rules)

    monkeypatch.setattr(pipeline.process, "load_tools", loaded)
    monkeypatch.setattr(pipeline.workers, "cores", lambda: 0)  # here, not in processes of their own
    monkeypatch.chdir(tmp_path)

    def go(*arguments: str, stdin: bytes = b"") -> Outcome:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        return Outcome(ended.value.code or 0, *capfd.readouterr())

    return go


def write(path: str, content: str | bytes = SAID) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(content.encode() if isinstance(content, str) else content)


def lines(path: str) -> list[dict]:
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


# ---------------------------------------------------------------- run


def test_a_run_says_what_it_did(onrecord: Onrecord) -> None:
    write("in/a.txt")
    assert onrecord("run", "in") == (0, "1 document, 2 statements, 1 quotation → outputs/statements.jsonl\n", "")


def test_quiet_says_nothing(onrecord: Onrecord) -> None:
    write("in/a.txt")
    assert onrecord("run", "in", "-q", "-o", "out") == (0, "", "")
    assert len(lines("out/statements.jsonl")) == 2


def test_json_gives_the_summary_alone_on_stdout(onrecord: Onrecord) -> None:
    write("in/a.txt")
    write("in/b.txt", b"\x00\x01")
    code, out, err = onrecord("run", "in", "--json")
    summary = json.loads(out)
    assert (code, err) == (3, "")
    assert (summary["status"], summary["documents"], summary["failed"]) == ("complete", 1, 1)
    assert summary["failures"][0]["uri"] == "in/b.txt"


def test_standard_input(onrecord: Onrecord) -> None:
    assert onrecord("run", "-", "-o", "out", stdin=SAID.encode()).code == 0
    assert {s["uri"] for s in lines("out/statements.jsonl")} == {"stdin:"}
    assert onrecord("verify", "out").code == 0


def test_standard_input_of_another_format(onrecord: Onrecord) -> None:
    rows = 'id,body\n7,"“No,” said Bo Lind."\n'
    options = ("--format", "csv", "--text-field", "body", "--id-field", "id")
    assert onrecord("run", "-", "-o", "out", *options, stdin=rows.encode()).code == 0
    assert [s["uri"] for s in lines("out/statements.jsonl")] == ["stdin:#7"]


def test_format_reads_files_whatever_their_ending(onrecord: Onrecord) -> None:
    write("in/a.log")
    assert onrecord("run", "in").code == 1
    assert onrecord("run", "in", "--format", "text").code == 0
    assert lines("outputs/documents.jsonl")[0]["format"] == "text"


def test_include_chooses_files_of_folders(onrecord: Onrecord) -> None:
    for name in ("in/a.txt", "in/b.md", "in/deep/c.txt"):
        write(name)
    assert onrecord("run", "in", "--include", "*.txt").code == 0
    assert [d["uri"] for d in lines("outputs/documents.jsonl")] == ["in/a.txt", "in/deep/c.txt"]


def test_only_quotes(onrecord: Onrecord) -> None:
    write("in/a.txt")
    assert onrecord("run", "in", "--only", "quotes").out.startswith("1 document, 1 statement, 1 quotation")


# What is wrong with one document: its name, its bytes, what must be said of it (None: nothing).
BAD = [
    ("missing.txt", None, "missing.txt does not exist."),
    ("empty.txt", b"", None),
    ("binary.txt", b"\x7fELF\x02\x01\x01\x00", "binary.txt is not text: byte 0x00 at offset 7."),
    ("invalid.txt", "“Naïve,” said Al".encode() + b"\xff", "invalid.txt is not valid UTF-8: byte 0xFF at offset 21."),
    ("latin.txt", "The café’s owner, Ana Ruiz, said: “We will appeal.”\n".encode("cp1252"), None),
    ("long.txt", ("“No,” said Bo Lind. " * 100).encode(), None),
    ("lines.jsonl", b'{"text": "It rained."}\nnot json\n', "lines.jsonl, line 2: it is not JSON"),
    ("field.jsonl", b'{"txt": "It rained."}\n', "Name the field that holds the text with --text-field"),
    ("rows.csv", b"id,body\n1,It rained.\n", "rows.csv, line 1: there is no field 'text'."),
]


@pytest.mark.parametrize(("name", "content", "message"), BAD, ids=[name for name, *_ in BAD])
def test_a_bad_document_is_told_and_the_others_are_done(
    name: str, content: bytes | None, message: str | None, onrecord: Onrecord
) -> None:
    write("good.txt")
    if content is not None:
        write(name, content)
    code, out, err = onrecord("run", "good.txt", name)
    assert code == (3 if message else 0)
    assert (message or "") in err
    assert "1 document failed" in out or not message
    assert {s["uri"] for s in lines("outputs/statements.jsonl")} >= {"good.txt"}
    assert len(lines("outputs/failures.jsonl")) == bool(message)
    assert onrecord("verify", "outputs").code == 0


def test_many_failures_are_not_all_printed(onrecord: Onrecord) -> None:
    write("in/a.txt")
    for number in range(8):
        write(f"in/b{number}.txt", b"\x00")
    code, _, err = onrecord("run", "in")
    assert (code, err.count("failed: ")) == (3, 5)
    assert "and 3 more, see outputs/failures.jsonl" in err


def test_an_interrupted_run_is_completed_by_the_next(onrecord: Onrecord, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abc":
        write(f"in/{name}.txt", f"“No {name},” said Bo Lind.\n")
    onrecord("run", "in", "-o", "whole")
    process, seen = outcome_module.process, []

    def interrupted(document: object, tools: Tools) -> object:
        seen.append(document)
        if len(seen) == 2:
            raise KeyboardInterrupt
        return process(document, tools)

    with monkeypatch.context() as patch:
        patch.setattr(outcome_module, "process", interrupted)
        code, out, err = onrecord("run", "in")
    assert (code, out) == (130, "1 document, 1 statement, 1 quotation → outputs/statements.jsonl\n")
    assert err == "Interrupted; the same command goes on where this one stopped.\n"
    assert json.loads(Path("outputs/manifest.json").read_text())["status"] == "interrupted"

    code, out, _ = onrecord("run", "in")
    assert code == 0
    assert "1 of the documents done before" in out
    for name in ("statements.jsonl", "documents.jsonl", "failures.jsonl"):
        assert Path("outputs", name).read_bytes() == Path("whole", name).read_bytes()


def test_jobs_say_what_they_did_and_merge_publishes(onrecord: Onrecord) -> None:
    write("in/a.txt")
    write("in/b.txt", b"\x00")
    code, out, err = onrecord("run", "in", "--shard", "1/2")
    assert (code, err.count("failed: ")) == (3, 1)
    assert out.endswith("1 document failed → share 1/2; when all are done: onrecord merge outputs\n")
    code, _, err = onrecord("merge", "outputs")
    assert (code, err.splitlines()[0]) == (1, "error: Job 2/2 is not finished.")
    assert onrecord("run", "in", "--shard", "2/2", "--quiet") == (0, "", "")
    code, out, _ = onrecord("merge", "outputs")
    assert (code, out) == (3, "1 document, 2 statements, 1 quotation, 1 document failed → outputs/statements.jsonl\n")
    assert onrecord("verify", "outputs").code == 0


# ---------------------------------------------------------------- what cannot start


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ("", 2, "Usage: onrecord"),
        ("frobnicate", 2, "No such command 'frobnicate'"),
        ("run", 2, "Missing argument 'PATH'"),
        ("run good.txt --only some", 2, "'some' is not one of 'all', 'quotes'"),
        ("run good.txt --format rtf", 2, "'rtf' is not one of"),
        ("run good.txt --frob", 2, "No such option"),
        ("show good.txt --min-confidence 2", 2, "--min-confidence"),
        ("schema frob", 2, "'frob' is not one of"),
        ("evaluate", 2, "Missing option '--gold'"),
        ("run good.txt --shard 0/4", 2, "--shard 0/4 is no share of a run."),
        ("run good.txt --shard 5/4", 2, "Write --shard 3/16 for the third of sixteen jobs."),
        ("run good.txt --shard x", 2, "--shard x is no share"),
        ("run - --shard 1/2", 2, "Standard input can't be shared out"),
        ("run good.txt --address x:1", 2, "--address is that of a Ray cluster.\nAdd --engine ray."),
        ("merge empty", 1, "empty holds no jobs' work.\nFirst run: onrecord run PATH -o empty --shard 1/2"),
        ("run ghost.txt", 1, "ghost.txt does not exist"),
        ("run empty", 1, "There is nothing to read at empty"),
        ("run good.txt -o good.txt", 1, "Name another folder with -o."),
        ("run good.txt -o good.txt/out", 1, "Name another folder with -o."),
        ("run good.txt -o mine", 1, "mine holds notes.doc, which no run of onrecord wrote."),
        ("run good.txt --model en_ghost", 1, "The spaCy pipeline 'en_ghost' is not installed."),
        ("run good.txt --rules typo", 1, "typo/x.toml:4: cue.x has an unknown key 'lema'.\nDid you mean"),
        ("run good.txt --rules ghost", 1, "ghost"),
        ("rules check typo", 1, "typo/x.toml:4: cue.x has an unknown key"),
        ("show ghost.txt", 1, "ghost.txt does not exist"),
        ("show empty", 1, "empty holds no run"),
        ("verify ghost", 1, "ghost holds no run: there is no manifest.json."),
        ("evaluate --gold ghost", 2, "ghost"),
    ],
)
def test_wrong_usage_and_runs_that_cannot_start(arguments: str, code: int, message: str, onrecord: Onrecord) -> None:
    write("good.txt")
    write("mine/notes.doc")
    Path("empty").mkdir()
    write("typo/x.toml", 'origin = "mine"\n[[cue]]\nid = "cue.x"\nlema = "x"\n')
    before = sorted(Path().rglob("*"))
    ended = onrecord(*arguments.split())
    assert ended.code == code
    assert message in ended.out + ended.err
    assert "Traceback" not in ended.err
    assert sorted(Path().rglob("*")) == before


# ---------------------------------------------------------------- the other commands


def test_verify_names_each_fault_and_counts_them(onrecord: Onrecord) -> None:
    write("in/a.txt")
    onrecord("run", "in")
    assert onrecord("verify", "outputs") == (0, "outputs: every offset, digest and id is right.\n", "")
    write("in/a.txt", SAID.replace("appeal", "resist"))
    code, out, err = onrecord("verify", "outputs")
    assert (code, err) == (1, "1 fault.\n")
    assert "in/a.txt: its source was changed after the run" in out


@pytest.mark.parametrize("kind", SCHEMAS)
def test_schema_prints_a_json_schema(kind: str, onrecord: Onrecord) -> None:
    code, out, _ = onrecord("schema", kind)
    assert code == 0
    jsonschema.Draft202012Validator.check_schema(json.loads(out))
    assert json.loads(out) == json_schema(kind)


GOLD = {"doc": "a", "voice": "attributed", "content": [[0, 17]], "source": [[23, 31]], "cue": [[18, 22]],
        "speaker": "Ana Ruiz", "speaker_type": "person", "class": "announcement", "check_worthiness": 1}  # fmt: skip


@pytest.fixture
def gold(onrecord: Onrecord) -> None:
    write("gold/text/a.txt")
    write("gold/statements.jsonl", json.dumps(GOLD) + "\n")


def test_evaluate_processes_the_gold_or_reads_a_run(gold: None, onrecord: Onrecord) -> None:
    code, out, err = onrecord("evaluate", "--gold", "gold", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["quotations"]["right_speaker"] == 100
    onrecord("run", "gold/text", "-o", "run")
    assert onrecord("evaluate", "--gold", "gold", "run", "--json").out == out
    assert "right speaker" in onrecord("evaluate", "--gold", "gold", "run").out


def test_evaluate_takes_statements_from_elsewhere_and_writes_the_differences(gold: None, onrecord: Onrecord) -> None:
    write("other.jsonl", json.dumps(GOLD | {"source": [[33, 35]]}) + "\n")
    code, _, _ = onrecord("evaluate", "--gold", "gold", "--statements", "other.jsonl", "--errors", "errors")
    assert code == 0
    first = lines("errors/errors.jsonl")[0]
    assert (first["doc"], first["kind"], first["start"]) == ("a", "wrong-source", 0)
    assert [first[side][0]["source"][0]["text"] for side in ("gold", "predicted")] == ["It", "Ana Ruiz"]
    assert "cue.say" in [reason["rule"] for reason in first["predicted"][0]["evidence"]]
    assert Path("errors/errors.html").read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(("floor", "code"), [(99, 0), (101, 1)])
def test_evaluate_fails_below_a_floor(floor: int, code: int, gold: None, onrecord: Onrecord) -> None:
    write("floors.toml", f"[quotations]\nright_speaker = {floor}\n")
    ended = onrecord("evaluate", "--gold", "gold", "--floors", "floors.toml")
    assert ended.code == code
    assert ("quotations.right_speaker is 100, below its floor of 101" in ended.err) == bool(code)


# ---------------------------------------------------------------- as a process of its own


def test_help_is_quick() -> None:
    """Nothing heavy is loaded before it is needed."""
    code = (
        "import sys\nfrom pipeline.cli import main\ntry: main(['run', '--help'])\nexcept SystemExit: pass\n"
        "heavy = {'spacy', 'textacy', 'trafilatura', 'numpy', 'rich'} & set(sys.modules)\nassert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Usage:")


def test_the_installed_command() -> None:
    command = shutil.which("onrecord", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    done = subprocess.run([command, "schema", "failure"], capture_output=True, text=True, check=False)
    assert (done.returncode, json.loads(done.stdout)["title"]) == (0, "Failure")
