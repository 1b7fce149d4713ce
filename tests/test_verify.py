"""``onrecord verify``: every kind of tampering is found, and named with the record it is in."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.errors import RunError
from pipeline.run import Options, run
from pipeline.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.process import Tools

SAID = "😀 Talks go on. “We will appeal,” said Ana Ruiz, a lawyer. She added: “We will win.”\n"
ROWS = '{"text": "“No,” said Bo Lind."}\nnot json\n{"text": "It rained on Monday."}\n'
FILES = ("statements.jsonl", "documents.jsonl", "failures.jsonl")
APPEAL = "“We will appeal,”"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory, tools: Tools) -> Path:
    """Run over a text and a table, one line of which is bad; returns the folder of both."""
    folder = tmp_path_factory.mktemp("sound")
    (folder / "in").mkdir()
    (folder / "in" / "a.txt").write_text(SAID, encoding="utf-8")
    (folder / "in" / "b.jsonl").write_text(ROWS, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        run(["in"], Path("out"), Options(), lambda: tools)
    return folder


@pytest.fixture
def folder(sound: Path, tmp_path: Path) -> Path:
    """Return a copy of the sources and their run, as if it had been made where it lies."""
    shutil.copytree(sound, tmp_path, dirs_exist_ok=True)
    edit_manifest(tmp_path, base=str(tmp_path))
    return tmp_path


def faults(folder: Path) -> list[str]:
    return [f"{fault.where}: {fault.what}" for fault in verify(folder / "out")]


def edit_manifest(folder: Path, **fields: Any) -> None:
    path = folder / "out" / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | fields), encoding="utf-8")


def rewrite(folder: Path, name: str, change: Callable[[list[dict[str, Any]]], object]) -> None:
    """Change the records of a file and make the manifest agree, as a careful forger would."""
    path = folder / "out" / name
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    change(records)
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records), encoding="utf-8")
    outputs = json.loads((folder / "out" / "manifest.json").read_text(encoding="utf-8"))["outputs"]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    outputs[name] = {"sha256": digest, "bytes": path.stat().st_size, "records": len(records)}
    edit_manifest(folder, outputs=outputs)


def test_an_untouched_run_is_sound(folder: Path) -> None:
    assert faults(folder) == []


def test_a_folder_without_a_run_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"there is no manifest\.json"):
        list(verify(tmp_path))


# ---------------------------------------------------------------- one statement


def put(*path: str | int, value: Any) -> Callable[[dict[str, Any]], None]:
    """Return a change of the field at ``path``; a number is added to a number."""

    def change(record: dict[str, Any]) -> None:
        *way, last = path
        place: Any = record
        for key in way:
            place = place[key]
        place[last] = place[last] + value if isinstance(value, int) and not isinstance(value, bool) else value

    return change


STATEMENT = [
    (put("text", value="We will settle,"), "its text is not what stands at [15, 32)"),
    (put("spans", 0, 0, value=1), "its id is not the digest of its text, spans and voice"),
    (put("spans", 0, 1, value=9999), "lie outside the text"),
    (put("spans", value=[]), "lie outside the text"),
    (put("id", value="s_00000000000000000000"), "its id is not the digest"),
    (put("voice", value="mixed"), "its id is not the digest"),
    (put("index", value=1), "its index is 2, not 1"),
    (put("uri", value="in/c.txt"), "its uri is in/c.txt, its document's in/a.txt"),
    (put("doc", value="d_00000000000000000000"), "its document d_00000000000000000000 is not in documents.jsonl"),
    (put("quotations", 0, "start", value=1), "its quotation 'We will appeal,' is not what stands at"),
    (put("quotations", 0, "text", value="We will win"), "its quotation 'We will win' is not what stands at"),
    (put("cue", "text", value="denied"), "its cue 'denied' is not what stands at"),
    (put("speaker", "mention", "end", value=2), "its mention 'Ana Ruiz, a lawyer' is not what stands at"),
    (put("context", "prefix", value="…"), "its prefix is not what stands before it"),
    (put("context", "suffix", value="…"), "its suffix is not what stands after it"),
    (put("context", "sentence", value=[0, 2]), "its sentence [0, 2) does not hold its beginning"),
    (put("context", "paragraph", value=[40, 50]), "its paragraph [40, 50) does not hold its beginning"),
    (put("checkable", value={"start": 0, "end": 2, "text": "no"}), "its checkable 'no' is not what stands at"),
    (
        put("quantities", value=[{"start": 0, "end": 2, "text": "99", "kind": "count"}]),
        "its quantity '99' is not what stands at",
    ),
    (
        put("check_reasons", value=[{"start": 0, "end": 2, "text": "99", "reason": "number"}]),
        "its check reason '99' is not what stands at",
    ),
    (put("evidence", 0, "end", value=9999), "points outside the text"),
    (put("scores", "claim", value=1), "summing to 1"),
    (put("class", value="other"), "its class other is not the one with the highest score"),
    (put("confidence", value=1), "not between 0 and 1"),
    (put("source", "sha256", value="0" * 64), "its text digest is not its document's"),
    (put("source", "anchor", "byte_start", value=1), "in the source do not hold its words"),
    (put("source", "anchor", value={}), "it has no place in its source's bytes"),
    (put("producer", "rules", value="sha256:0"), "its producer is not the one of the manifest"),
    (put("class", value="gossip"), "not such a record: Invalid enum value 'gossip'"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "fault"), STATEMENT, ids=[fault for _, fault in STATEMENT])
def test_a_forged_statement_is_found(change: Callable[[dict[str, Any]], None], fault: str, folder: Path) -> None:
    def forge(records: list[dict[str, Any]]) -> None:
        assert records[1]["text"] == APPEAL
        change(records[1])

    rewrite(folder, "statements.jsonl", forge)
    found = [line for line in faults(folder) if fault in line]
    assert found, faults(folder)
    assert found[0].startswith("statements.jsonl:2")


# ---------------------------------------------------------------- files and counts


RECORDS = [
    ("statements.jsonl", lambda r: r.pop(), "is said to have 1 statements with 0 quotations, not 0 with 0"),
    ("statements.jsonl", lambda r: r.append(r[-1]), "its id stands here twice in one document"),
    ("statements.jsonl", lambda r: r.reverse(), "it stands after a statement of a later document"),
    ("statements.jsonl", lambda r: r.insert(0, r.pop(1)), "it stands before a statement that comes earlier"),
    ("documents.jsonl", lambda r: r.append(r[0]), "the document in/a.txt stands here twice"),
    ("documents.jsonl", lambda r: r.pop(), "its inputs are not the documents of documents.jsonl"),
    ("documents.jsonl", lambda r: r[0].update(chars=1), "its chars is 1; the source gives"),
    ("documents.jsonl", lambda r: r[0].update(bytes=1), "its bytes is 1; the source gives"),
    ("documents.jsonl", lambda r: r[0].update(encoding="cp1252"), "its encoding is 'cp1252'; the source gives 'utf-8'"),
    ("documents.jsonl", lambda r: r[0].update(statements=7), "is said to have 7 statements"),
    ("documents.jsonl", lambda r: r[2].update(id="d_0"), "its id is not the one of its uri"),
    ("failures.jsonl", lambda r: r.pop(), "in/b.jsonl#2 has failed, but is not in failures.jsonl"),
    ("failures.jsonl", lambda r: r.append(r[0]), "no document in/b.jsonl#2 with the status failed is in"),
]


@pytest.mark.parametrize(("name", "change", "fault"), RECORDS, ids=[fault for *_, fault in RECORDS])
def test_forged_records_are_found(
    name: str, change: Callable[[list[dict[str, Any]]], object], fault: str, folder: Path
) -> None:
    rewrite(folder, name, change)
    assert any(fault in line for line in faults(folder)), faults(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_changed_file_is_found(name: str, folder: Path) -> None:
    with (folder / "out" / name).open("a") as stream:
        stream.write("\n")
    assert any(f"{name}: the file was changed after the run" in line for line in faults(folder))


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_found(name: str, folder: Path) -> None:
    (folder / "out" / name).unlink()
    assert any(f"{name}: the file is missing" in line for line in faults(folder))


def test_a_line_that_is_no_record_hides_no_other(folder: Path) -> None:
    path = folder / "out" / "statements.jsonl"
    first, second, *rest = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join([first, "{torn\n", second.replace("appeal", "settle"), *rest]), encoding="utf-8")
    found = faults(folder)
    assert any(line.startswith("statements.jsonl:2: not such a record") for line in found)
    assert any(line.startswith("statements.jsonl:3 (") for line in found)


def test_a_manifest_that_lists_too_little_or_too_much_is_found(folder: Path) -> None:
    outputs = json.loads((folder / "out" / "manifest.json").read_text(encoding="utf-8"))["outputs"]
    del outputs["failures.jsonl"]
    edit_manifest(folder, outputs=outputs | {"../in/a.txt": outputs["statements.jsonl"]})
    found = faults(folder)
    assert "manifest.json: it does not list failures.jsonl" in found
    assert "manifest.json: it lists ../in/a.txt, which lies outside the folder" in found


# ---------------------------------------------------------------- sources


def test_a_changed_source_is_one_fault(folder: Path) -> None:
    (folder / "in" / "a.txt").write_text(SAID.replace("appeal", "settle"), encoding="utf-8")
    (found,) = faults(folder)
    assert "in/a.txt: its source was changed after the run: the sha256 is" in found


def test_a_changed_row_is_told_from_its_neighbours(folder: Path) -> None:
    (folder / "in" / "b.jsonl").write_text(ROWS.replace("Monday", "Tuesday"), encoding="utf-8")
    (found,) = faults(folder)
    assert "in/b.jsonl#3: its source was changed after the run" in found


@pytest.mark.parametrize(
    ("name", "documents"), [("a.txt", ["in/a.txt"]), ("b.jsonl", ["in/b.jsonl#1", "in/b.jsonl#3"])]
)
def test_a_lost_source_is_found(name: str, documents: list[str], folder: Path) -> None:
    (folder / "in" / name).unlink()
    found = faults(folder)
    assert len(found) == len(documents)
    for uri, fault in zip(documents, found, strict=True):
        assert f"{uri}: its source is not in {folder} any more" in fault


def test_a_source_that_cannot_be_read_any_more_is_found(folder: Path) -> None:
    (folder / "in" / "a.txt").write_bytes(b"\x00")
    assert "its source cannot be read any more" in faults(folder)[0]


def test_stored_texts_are_checked(folder: Path) -> None:
    first, second = sorted((folder / "out" / "texts").iterdir())
    first.write_text("It hailed.", encoding="utf-8")
    second.unlink()
    (folder / "out" / "texts" / f"{'0' * 64}.txt").write_text("", encoding="utf-8")
    found = faults(folder)
    assert any(f"texts/{first.name}: the file was changed after the run" in line for line in found)
    assert any("the text is not the one that was processed" in line for line in found)
    assert any(f"texts/{second.name}: the file is missing" in line for line in found)
    assert any("its text is not in texts/ any more" in line for line in found)
    assert f"texts/{'0' * 64}.txt: the manifest does not list it" in found
