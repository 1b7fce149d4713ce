"""A folder in, a run's folder out: what is written, in what order, and what becomes of trouble."""

from __future__ import annotations

import errno
import gzip
import io
import json
import os
import shutil
import signal
import zipfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import jsonlines
import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

import pipeline.journal as journal_module
import pipeline.outcome as outcome_module
import pipeline.record_files as record_files
import pipeline.run as run_module
from pipeline.errors import ModelError, RunError
from pipeline.interrupts import held_interrupts, obeyed_interrupts
from pipeline.offsets import ByteOffsets
from pipeline.process import load_tools, process
from pipeline.record_files import RecordWriter, file_sha256, read_records
from pipeline.records import Document, DocumentRecord, Failure, Format, Places
from pipeline.run import Options, Summary, run
from pipeline.schema import SCHEMAS, json_schema
from pipeline.stored import CanonicalTexts, stored_documents
from pipeline.verify import verify
from pipeline.write import opened_output, read_manifest

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.process import Tools

ROOT = Path(__file__).parents[1]
SAID = "“We will appeal,” said Ana Ruiz.\n"
RECORDS = ("statements.jsonl", "documents.jsonl", "failures.jsonl")

Start = Callable[..., Summary] if TYPE_CHECKING else object


@pytest.fixture
def start(tmp_path: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch) -> Start:
    """Return a function that runs over ``in/`` in an empty folder, into ``out/``."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()

    def go(*paths: str, output: str = "out", **options: object) -> Summary:
        return run(paths or ("in",), Path(output), Options(**options), lambda: tools)

    return go


@pytest.fixture
def five(tmp_path: Path, start: Start) -> list[Path]:
    """Write five small documents, the fourth a table of two."""
    texts = [SAID, "“No,” said Bo Lind.\n", "It rained.\n", "“Yes,” said Cy Moe.\n"]
    paths = [tmp_path / "in" / f"{name}.txt" for name in "abce"]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text, encoding="utf-8")
    table = tmp_path / "in" / "d.jsonl"
    with jsonlines.open(table, "w") as writer:
        writer.write_all([{"text": "“Maybe,” said Di Orr."}, {"text": "It snowed."}])
    return [*paths, table]


def lines(path: str | Path) -> list[dict]:
    with jsonlines.open(path) as reader:
        return list(reader)


def contents(folder: str | Path) -> dict[str, bytes]:
    """Return all that a run published but for its manifest."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file() and path.name != "manifest.json" and ".work" not in path.parts
    }


# ---------------------------------------------------------------- what is written


@pytest.fixture(scope="module")
def seeds_run(tmp_path_factory: pytest.TempPathFactory, tools: Tools) -> Path:
    output = tmp_path_factory.mktemp("seeds") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        run(["seeds"], output, Options(), lambda: tools)
    return output


@pytest.mark.parametrize("kind", SCHEMAS)
def test_every_record_of_a_run_fits_the_schema(kind: str, seeds_run: Path) -> None:
    schema = json_schema(kind)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    if kind == "manifest":
        records = [json.loads((seeds_run / "manifest.json").read_bytes())]
    else:
        records = lines(seeds_run / f"{kind}s.jsonl")
    for record in records:
        validator.validate(record)


@pytest.mark.parametrize("kind", SCHEMAS)
def test_every_field_of_the_schema_says_what_it_means(kind: str) -> None:
    schema = json_schema(kind)
    for definition in (schema, *schema["$defs"].values()):
        for name, field in definition.get("properties", {}).items():
            assert field.get("description"), f"{definition['title']}.{name}"


def test_a_run_over_the_seeds_is_sound(seeds_run: Path) -> None:
    assert list(verify(seeds_run)) == []
    assert {d["format"] for d in lines(seeds_run / "documents.jsonl")} == set(get_args(Format))


def test_the_manifest_lists_every_file_with_its_digest(seeds_run: Path) -> None:
    manifest = read_manifest(seeds_run)
    assert set(manifest.outputs) == set(contents(seeds_run))
    for name, file in manifest.outputs.items():
        assert file.sha256 == file_sha256(seeds_run / name)
        assert file.bytes == (seeds_run / name).stat().st_size
    assert manifest.outputs["statements.jsonl"].records == len(lines(seeds_run / "statements.jsonl"))
    assert (manifest.status, manifest.base) == ("complete", str(ROOT))


def test_texts_that_are_not_the_source_are_stored(seeds_run: Path) -> None:
    stored = {path.stem for path in (seeds_run / "texts").iterdir()}
    documents = lines(seeds_run / "documents.jsonl")
    own = [d["uri"].endswith((".txt", ".md")) and "#" not in d["uri"] for d in documents]
    assert stored == {d["text_sha256"] for d, is_source in zip(documents, own, strict=True) if not is_source}
    for name in stored:
        assert file_sha256(seeds_run / "texts" / f"{name}.txt") == name


@pytest.fixture(scope="module")
def large_run(tmp_path_factory: pytest.TempPathFactory, tools: Tools) -> Path:
    """Run over the seeds as if 4,000 bytes were much."""
    output = tmp_path_factory.mktemp("large") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        patch.setattr(record_files, "PART", 4000)
        run(["seeds"], output, Options(), lambda: tools)
    return output


def test_large_output_is_packed_in_parts_that_hold_the_same(large_run: Path, seeds_run: Path) -> None:
    assert list(verify(large_run)) == []
    names = [name for name in contents(large_run) if name != "failures.jsonl"]
    assert {name.partition("-")[0] for name in names} == {"statements", "documents", "texts"}
    assert all(name.endswith(".jsonl.zst") for name in names)
    for name in ("statements", "documents"):
        whole, parts = (
            b"".join(line for path in record_files.record_files(folder, name) for line in record_files.lines_of(path))
            for folder in (seeds_run, large_run)
        )
        assert whole == parts
    assert read_manifest(large_run).inputs == ()
    shown = [list(stored_documents(folder)) for folder in (seeds_run, large_run)]
    assert shown[0] == shown[1]
    assert all(text is not None for _, text, _ in shown[0])


def test_one_document_of_a_large_run_is_found_whichever_was_before(large_run: Path) -> None:
    texts = CanonicalTexts(large_run, read_manifest(large_run))
    documents = [d for d in read_records(large_run, "documents", DocumentRecord) if d.text_sha256]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        assert {texts.of(document)[1] for document in (*documents[::-1], *documents)} == {""}


def test_a_large_run_that_grows_small_leaves_no_parts(
    large_run: Path, seeds_run: Path, tools: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(large_run, tmp_path / "out")
    monkeypatch.chdir(ROOT)
    run(["seeds"], tmp_path / "out", Options(), lambda: tools)
    assert contents(tmp_path / "out") == contents(seeds_run)


def test_a_damaged_part_is_named(large_run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    shutil.copytree(large_run, folder)
    part = record_files.record_files(folder, "statements")[1]
    part.write_bytes(part.read_bytes()[:-40])
    assert any(fault.where == part.name and "it cannot be read" in fault.what for fault in verify(folder))
    with pytest.raises(RunError, match=r"statements-00001\.jsonl\.zst cannot be read"):
        list(stored_documents(folder))
    part.unlink()
    assert any((fault.where, fault.what) == (part.name, "the file is missing") for fault in verify(folder))


def test_running_twice_gives_the_same_bytes(start: Start, five: list[Path]) -> None:
    start()
    start(output="again")
    assert contents("out") == contents("again")
    start()
    assert contents("out") == contents("again")


def test_documents_stand_in_path_order_whatever_became_of_them(start: Start, five: list[Path], tmp_path: Path) -> None:
    (tmp_path / "in" / "aa.txt").write_bytes(b"\x7fELF\x00\x01")
    (tmp_path / "in" / "bb.txt").write_text("")
    (tmp_path / "in" / "cc.png").write_bytes(b"x")
    summary = start("in", "ghost.txt")
    assert [(d["uri"], d["status"]) for d in lines("out/documents.jsonl")] == [
        ("ghost.txt", "failed"),
        ("in/a.txt", "ok"),
        ("in/aa.txt", "failed"),
        ("in/b.txt", "ok"),
        ("in/bb.txt", "empty"),
        ("in/c.txt", "ok"),
        ("in/cc.png", "skipped:unknown-format"),
        ("in/d.jsonl#1", "ok"),
        ("in/d.jsonl#2", "ok"),
        ("in/e.txt", "ok"),
    ]
    assert [f["uri"] for f in lines("out/failures.jsonl")] == ["ghost.txt", "in/aa.txt"]
    assert (summary.documents, summary.failed, summary.skipped) == (7, 2, 1)
    assert list(verify(Path("out"))) == []


def test_only_quotes_leaves_the_writer_out(start: Start, five: list[Path]) -> None:
    start(only="quotes")
    statements = lines("out/statements.jsonl")
    assert {s["voice"] for s in statements} == {"direct"}
    assert {s["index"] for s in statements} == {0}
    assert list(verify(Path("out"))) == []


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", SAID),
        ("utf-8-sig", SAID),
        ("utf-16", "😀 " + SAID),
        ("utf-32", SAID),
        ("utf-8", "Café\r\n\r\n😀 “Naïve,” said Ana Ruiz.\r\n"),
        ("cp1252", "The café’s owner, Ana Ruiz, said: “We will appeal.”\n" * 3),
    ],
)
def test_byte_anchors_lead_to_the_words_in_the_source(encoding: str, text: str, start: Start) -> None:
    Path("in/a.txt").write_bytes(text.encode(encoding))
    start()
    raw = Path("in/a.txt").read_bytes()
    statements = lines("out/statements.jsonl")
    assert statements
    for s in statements:
        anchor = s["source"]["anchor"]
        first, last = s["spans"][0][0], s["spans"][-1][1]
        codec = {"utf-16": "utf-16-le", "utf-32": "utf-32-le"}.get(encoding, encoding)
        assert raw[anchor["byte_start"] : anchor["byte_end"]].decode(codec) == text[first:last]
    assert list(verify(Path("out"))) == []


@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"])
)
def test_byte_offsets_are_those_of_the_encoded_text(text: str, encoding: str) -> None:
    offsets = ByteOffsets(text, encoding)
    for at in range(len(text) + 1):
        assert text[:at].encode(encoding) == text.encode(encoding)[: offsets.byte(at)]


def test_byte_offsets_beyond_one_step() -> None:
    text = "é😀a" * 5000
    offsets = ByteOffsets(text, "utf-8")
    for at in (0, 1, 4095, 4096, 4097, 8192, len(text)):
        assert offsets.byte(at) == len(text[:at].encode())


@given(st.lists(st.builds(Failure, uri=st.text(), stage=st.text(), error=st.text(), remedy=st.text()), max_size=5))
def test_records_come_back_as_written(tmp_path_factory: pytest.TempPathFactory, failures: list[Failure]) -> None:
    folder = tmp_path_factory.mktemp("records")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(record_files, "PART", 100)
        writer = RecordWriter(folder, "failures")
        for failure in failures:
            writer.write(failure)
        files = writer.close()
    assert [folder / name for name in files] == record_files.record_files(folder, "failures")
    assert sum(file.records for file in files.values()) == len(failures)
    assert list(read_records(folder, "failures", Failure)) == failures


# ---------------------------------------------------------------- run again


def _rewrite(path: str, text: str) -> Callable[[], object]:
    return lambda: Path("in", path).write_text(text, encoding="utf-8")


AGAIN = {
    "nothing": (lambda: None, {}, 6),
    "a file changed": (_rewrite("b.txt", "“Never,” said Bo Lind.\n"), {}, 5),
    "a file came": (_rewrite("bb.html", "<p>“Never,” said Bo Lind to the press of the town on Monday.</p>"), {}, 6),
    "a file went": (lambda: Path("in/b.txt").unlink(), {}, 5),
    "a row changed": (_rewrite("d.jsonl", '{"text": "“Maybe,” said Di Orr."}\n{"text": "It hailed."}\n'), {}, 5),
    "an option changed": (lambda: None, {"only": "quotes"}, 0),
    "the output was edited": (lambda: Path("out/statements.jsonl").write_bytes(b""), {}, 0),
    "a stored text was edited": (lambda: next(Path("out/texts").iterdir()).write_bytes(b""), {}, 0),
    "the manifest was edited": (lambda: os.truncate("out/manifest.json", 100), {}, 0),
    "what was finished is lost": (lambda: shutil.rmtree("out/.work"), {}, 0),
}


@pytest.mark.parametrize("change", AGAIN)
def test_a_run_after_a_complete_one_does_what_changed(change: str, start: Start, five: list[Path]) -> None:
    do, options, reused = AGAIN[change]
    start()
    do()
    assert start(**options).reused == reused
    start(output="fresh", **options)
    assert contents("out") == contents("fresh")
    assert list(verify(Path("out"))) == []
    assert start(**options).reused == start(output="fresh", **options).documents


def test_a_large_run_is_reused_too(
    large_run: Path, tmp_path: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(large_run, tmp_path / "out")
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(record_files, "PART", 4000)
    summary = run(["seeds"], tmp_path / "out", Options(), lambda: tools)
    assert summary.reused == summary.documents
    assert contents(tmp_path / "out") == contents(large_run)


# ---------------------------------------------------------------- interrupted and resumed


class Stopper:
    """Stands in for ``process``: does something before one of the documents, and counts them."""

    def __init__(self, at: int, act: Callable[[], None]) -> None:
        self.at = at
        self.act = act
        self.calls = 0
        self.process = outcome_module.process

    def __call__(self, *args: object) -> object:
        self.calls += 1
        if self.calls == self.at:
            self.act()
        return self.process(*args)


def interrupt() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("at", [1, 3, 6])
def test_an_interrupted_run_keeps_what_is_done_and_the_next_completes_it(
    at: int, start: Start, five: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    start(output="whole")
    with monkeypatch.context() as patch:
        patch.setattr(outcome_module, "process", Stopper(at, interrupt))
        summary = start()
    assert (summary.status, summary.documents, summary.published) == ("interrupted", at - 1, True)
    assert read_manifest(Path("out")).status == "interrupted"
    assert list(verify(Path("out"))) == []
    assert contents("whole")["statements.jsonl"].startswith(contents("out")["statements.jsonl"])

    with monkeypatch.context() as patch:
        patch.setattr(outcome_module, "process", rest := Stopper(0, interrupt))
        summary = start()
    assert (rest.calls, summary.reused, summary.status) == (7 - at, at - 1, "complete")
    assert contents("out") == contents("whole")
    assert sorted(path.name for path in Path("out").iterdir()) == sorted([".work", *RECORDS, "manifest.json", "texts"])
    assert not Path("out/.work/shards").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_interrupt_a_run(number: int, start: Start, five: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.getsignal(number)
    monkeypatch.setattr(outcome_module, "process", Stopper(2, lambda: os.kill(os.getpid(), number)))
    with obeyed_interrupts():
        summary = start()
    assert summary.status == "interrupted"
    assert signal.getsignal(number) == before


def test_a_first_interrupt_is_held_back_and_a_second_obeyed() -> None:
    with obeyed_interrupts():
        with held_interrupts():
            os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt), held_interrupts():
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)


def test_an_interrupt_while_the_tools_load_is_no_crash(start: Start, five: list[Path]) -> None:
    summary = run(["in"], Path("out"), Options(), interrupt)
    assert (summary.status, summary.documents) == ("interrupted", 0)
    assert read_manifest(Path("out")).status == "interrupted"
    assert start().status == "complete"


@pytest.mark.parametrize("torn", [0, 1, 40])
def test_a_killed_run_is_completed(torn: int, start: Start, five: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies in the folder at the fourth document is what a kill -9 leaves, but for a torn last line."""
    with monkeypatch.context() as patch:
        patch.setattr(outcome_module, "process", Stopper(4, lambda: shutil.copytree("out", "killed")))
        start()
    (journal,) = Path("killed/.work/shards").iterdir()
    journal.write_bytes(journal.read_bytes()[: -torn or None])
    assert start(output="killed").reused == (3 if torn == 0 else 2)
    assert contents("killed") == contents("out")


def test_a_run_with_other_options_starts_over(start: Start, five: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    start(output="whole", only="quotes")
    with monkeypatch.context() as patch:
        patch.setattr(outcome_module, "process", Stopper(3, interrupt))
        start()
    assert start(only="quotes").reused == 0
    assert contents("out") == contents("whole")


def test_changed_documents_are_processed_again_after_an_interrupt(
    start: Start, five: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(outcome_module, "process", Stopper(3, interrupt))
        start()
    five[0].write_text("“We have won,” said Ana Ruiz.\n", encoding="utf-8")
    assert start().reused == 1
    start(output="whole")
    assert contents("out") == contents("whole")


def test_complete_results_stay_until_the_new_ones_are(
    start: Start, five: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    start()
    before = contents("out")
    five[0].write_text("“We have won,” said Ana Ruiz.\n", encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(outcome_module, "process", Stopper(1, interrupt))
        summary = start()
    assert (summary.status, summary.published) == ("interrupted", False)
    assert read_manifest(Path("out")).status == "complete"
    assert before.items() <= contents("out").items()
    assert start().status == "complete"
    assert contents("out") != before


# ---------------------------------------------------------------- trouble


def test_a_crash_in_a_stage_is_one_documents_failure(
    start: Start, five: list[Path], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def crash() -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(outcome_module, "process", Stopper(2, crash))
    summary = start()
    assert (summary.documents, summary.failed) == (5, 1)
    (failure,) = lines("out/failures.jsonl")
    assert (failure["uri"], failure["stage"], failure["error"]) == ("in/b.txt", "process", "ZeroDivisionError: oh")
    assert "report" in failure["remedy"]
    assert "ZeroDivisionError" in caplog.text
    assert list(verify(Path("out"))) == []


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ("mine.doc", "holds mine.doc, which no run of onrecord wrote"),
        ("statements.jsonl", "holds statements.jsonl, which no run"),
        ("manifest.json", "holds manifest.json, which no run"),
        ("texts/mine.txt", "holds texts, which no run"),
    ],
)
def test_a_folder_with_somebodys_files_is_refused(made: str, message: str, start: Start, five: list[Path]) -> None:
    path = Path("out") / made
    path.parent.mkdir(parents=True)
    path.write_text('{"name": "mine"}')
    with pytest.raises(RunError, match=message) as caught:
        start()
    assert "another folder" in caught.value.remedy
    assert [p for p in Path("out").rglob("*") if p.is_file()] == [path]


def test_files_put_among_a_runs_texts_are_not_lost(start: Start, five: list[Path]) -> None:
    start()
    Path("out/texts/notes.txt").write_text("mine")
    with pytest.raises(RunError, match=r"holds texts/notes\.txt"):
        start()


def test_a_readme_in_the_output_folder_is_welcome(start: Start, five: list[Path]) -> None:
    Path("out").mkdir()
    Path("out/README.md").write_text("What runs write.")
    start()
    assert Path("out/README.md").read_text() == "What runs write."


@pytest.mark.parametrize("output", ["file", "file/inside"])
def test_an_output_that_cannot_be_written_is_refused(output: str, start: Start, five: list[Path]) -> None:
    Path("file").write_text("")
    with pytest.raises(RunError, match="cannot be used for output"):
        start(output=output)


def test_a_second_run_into_the_same_folder_is_refused(start: Start, five: list[Path]) -> None:
    with opened_output(Path("out")), pytest.raises(RunError, match="Another run"):
        start()
    assert start().status == "complete"


def test_a_full_disk_is_said_and_the_next_run_goes_on(
    start: Start, five: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(record_files, "to_disk", full)
        with pytest.raises(RunError, match="No space left") as caught:
            start()
    assert "goes on where this one stopped" in caught.value.remedy
    assert start().reused == 6


def test_what_a_run_wrote_is_not_read_as_its_input(start: Start, five: list[Path]) -> None:
    start("in", output="in/out")
    first = contents("in/out")
    start("in", output="in/out")
    assert contents("in/out") == first
    assert not any(d["uri"].startswith("in/out/") for d in lines("in/out/documents.jsonl"))


@pytest.mark.parametrize(
    ("paths", "message"),
    [(["ghost.txt"], "ghost.txt does not exist"), (["in"], "There is nothing to read at in")],
)
def test_nothing_to_read_is_an_error_and_leaves_nothing(paths: list[str], message: str, start: Start) -> None:
    with pytest.raises(RunError, match=message):
        start(*paths)
    assert not Path("out").exists()


def test_a_run_that_cannot_start_leaves_nothing(start: Start, five: list[Path]) -> None:
    def load() -> Tools:
        raise ModelError("There is no such model.", remedy="Install it.")

    with pytest.raises(ModelError):
        run(["in"], Path("out"), Options(), load)
    assert not Path("out").exists()


def test_progress_grows_to_the_whole(start: Start, five: list[Path], tools: Tools) -> None:
    seen = []
    run(["in"], Path("out"), Options(), lambda: tools, seen.append)
    assert [p.bytes_done for p in seen] == sorted(p.bytes_done for p in seen)
    assert (seen[-1].bytes_done, seen[-1].documents) == (seen[-1].bytes_in_all, 6)


# ---------------------------------------------------------------- other languages, other formats

GERMAN = "„Wir werden das nicht hinnehmen“, sagte Ana Ruiz gestern in Berlin vor dem Gericht.\n"


def test_a_document_in_another_language_is_skipped_unless_told_otherwise(tmp_path: Path, start: Start) -> None:
    (tmp_path / "in" / "a.txt").write_text(GERMAN, encoding="utf-8")
    (tmp_path / "in" / "b.txt").write_text(SAID, encoding="utf-8")
    summary = start()
    assert (summary.documents, summary.skipped, summary.failed) == (1, 1, 0)
    skipped, _ = documents_of(tmp_path / "out")
    assert (skipped["status"], skipped["language"]) == ("skipped:language", "de")
    assert "--any-language" in skipped["warnings"][0]["message"]
    assert not list(verify(tmp_path / "out"))
    assert start(any_language=True).documents == 2


def test_members_of_archives_and_packed_files_can_be_verified(tmp_path: Path, start: Start) -> None:
    with zipfile.ZipFile(tmp_path / "in" / "a.zip", "w") as archive:
        archive.writestr("one.txt", SAID)
        archive.writestr("two.jsonl", json.dumps({"text": SAID}) + "\n")
        archive.writestr("../climbs.txt", SAID)
    (tmp_path / "in" / "b.txt.gz").write_bytes(gzip.compress(SAID.encode()))
    (tmp_path / "in" / "c.mbox").write_text(
        f"From a\nSubject: b\n\n{SAID}\nFrom c\nSubject: d\n\n{SAID}", encoding="utf-8"
    )
    summary = start()
    assert (summary.documents, summary.failed) == (5, 1)
    assert not list(verify(tmp_path / "out"))
    assert not (tmp_path / "climbs.txt").exists()


def test_a_statement_has_the_page_it_stands_on(tools: Tools) -> None:
    text = f"{SAID}{SAID}"
    places = Places("page", (0, len(SAID) + 5), (1, 3))
    first, second = process(Document(text=text, extracted=True, places=places), tools).statements
    assert first.source.anchor == {"page": 1}
    assert second.source.anchor == {"page": 1, "last_page": 3}


def documents_of(folder: Path) -> list[dict[str, object]]:
    with jsonlines.open(folder / "documents.jsonl") as reader:
        return list(reader)


# ---------------------------------------------------------------- workers


def test_the_number_of_processors_changes_no_digit(tools: Tools) -> None:
    document = Document(text="“We will appeal 126 times,” said Ana Ruiz. It rained.\n\n" * 20)
    one, two = (json_of(document, tools, threads) for threads in (1, 2))
    assert one == two


def json_of(document: Document, tools: Tools, threads: int) -> bytes:
    with threadpool_limits(threads):
        return msgspec.json.encode(process(document, tools).statements)


LOAD = partial(load_tools)


def many(folder: Path, n: int) -> None:
    for i in range(n):
        (folder / f"{i:03}.txt").write_text(f"“We will appeal {i} times,” said Ana Ruiz.\n", encoding="utf-8")


def test_workers_write_the_same_bytes(tmp_path: Path, start: Start, five: list[Path]) -> None:
    many(tmp_path / "in", 150)
    start(output="here")
    reports: list[run_module.Progress] = []
    summary = run(["in"], Path("out"), Options(), LOAD, reports.append, workers=2)
    assert (summary.status, summary.documents) == ("complete", 156)
    assert contents("out") == contents("here")
    assert reports[-1].bytes_done == reports[-1].bytes_in_all
    assert not Path("out/.work/shards").exists()


def test_a_document_that_kills_its_worker_is_left_out_and_the_rest_done(
    tmp_path: Path, start: Start, five: list[Path]
) -> None:
    summary = run(["in"], Path("out"), Options(), killing_tools, workers=1)
    assert (summary.status, summary.documents, summary.failed) == ("complete", 5, 1)
    (failure,) = lines("out/failures.jsonl")
    assert (failure["uri"], failure["stage"]) == ("in/b.txt", "process")
    assert "killed a worker twice" in failure["error"]


def test_standard_input_is_read_whatever_the_workers(
    tmp_path: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(SAID.encode()), encoding="utf-8"))
    assert run(["-"], Path("out"), Options(), LOAD, workers=2).statements == 1


def test_an_error_of_a_worker_that_loads_is_the_runs(tmp_path: Path, start: Start, five: list[Path]) -> None:
    with pytest.raises(ModelError, match="not installed") as caught:
        run(["in"], Path("out"), Options(), partial(load_tools, "en_no_such"), workers=2)
    assert "--model" in caught.value.remedy


def test_a_disk_that_is_full_ends_a_run_of_workers(tmp_path: Path, start: Start, five: list[Path]) -> None:
    with pytest.raises(RunError, match="No space left") as caught:
        run(["in"], Path("out"), Options(), tools_without_room, workers=2)
    assert "goes on where this one stopped" in caught.value.remedy


def tools_without_room() -> Tools:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    journal_module.Journal.add = full  # type: ignore[method-assign]
    return load_tools()


def killing_tools() -> Tools:
    """Return tools with which a worker dies at the text of ``b.txt``."""
    outcome_process = outcome_module.process

    def process(document: Document, tools: Tools) -> object:
        if "Bo Lind" in document.text and document.uri.endswith("b.txt"):
            os.kill(os.getpid(), signal.SIGKILL)
        return outcome_process(document, tools)

    outcome_module.process = process  # type: ignore[assignment]
    return load_tools()
