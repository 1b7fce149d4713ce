"""URLs are read as files are; fsspec's store in memory stands for S3 and its like."""

from __future__ import annotations

import gzip
import json
import sys
import zipfile
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import fsspec
import jsonlines
import pytest

import pipeline.outcome as outcome_module
from pipeline.errors import RunError
from pipeline.run import Options, Summary, run
from pipeline.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipeline.process import Tools

SAID = "“We will appeal,” said Ana Ruiz.\n"
Start = Callable[..., Summary] if TYPE_CHECKING else object


@pytest.fixture
def store() -> Iterator[fsspec.AbstractFileSystem]:
    """Give a store with a folder of news: a text, packed JSONL, an archive, a hidden file and a picture."""
    memory = fsspec.filesystem("memory")
    rows = "".join(json.dumps({"text": f"“No {n},” said Bo Lind."}) + "\n" for n in range(3))
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("one.txt", SAID)
    memory.pipe("/news/a.txt", SAID.encode())
    memory.pipe("/news/deep/b.jsonl.gz", gzip.compress(rows.encode()))
    memory.pipe("/news/c.zip", packed.getvalue())
    memory.pipe("/news/.hidden.txt", SAID.encode())
    memory.pipe("/news/d.png", b"x")
    yield memory
    memory.store.clear()
    memory.pseudo_dirs[:] = [""]


@pytest.fixture
def start(tmp_path: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch) -> Start:
    monkeypatch.chdir(tmp_path)
    return lambda *paths, **options: run(paths, Path("out"), Options(**options), lambda: tools)


def statuses() -> dict[str, str]:
    with jsonlines.open("out/documents.jsonl") as reader:
        return {document["uri"]: document["status"] for document in reader}


def test_a_folder_at_a_url_is_read_and_verified(start: Start, store: fsspec.AbstractFileSystem) -> None:
    start("memory://news")
    assert statuses() == {
        "memory:///news/a.txt": "ok",
        "memory:///news/c.zip#one.txt": "ok",
        "memory:///news/d.png": "skipped:unknown-format",
        **{f"memory:///news/deep/b.jsonl.gz#{n}": "ok" for n in (1, 2, 3)},
    }
    assert list(verify(Path("out"))) == []
    store.pipe("/news/a.txt", b"It rained.")
    store.rm("/news/c.zip")
    faults = "\n".join(fault.what for fault in verify(Path("out")))
    assert "memory:///news/a.txt: its source was changed after the run" in faults
    assert "memory:///news/c.zip#one.txt: its source is not in" in faults
    assert "b.jsonl" not in faults


@pytest.mark.parametrize(
    ("paths", "options", "uris"),
    [
        (["memory://news/a.txt"], {}, ["memory:///news/a.txt"]),
        (["memory://news/*.txt", "memory://news/a.txt"], {}, ["memory:///news/a.txt"]),
        (["memory://news/**/*.gz"], {}, [f"memory:///news/deep/b.jsonl.gz#{n}" for n in (1, 2, 3)]),
        (["memory://news"], {"include": ("*.txt",)}, ["memory:///news/a.txt"]),
        (["memory://news/d.png"], {"format": "text"}, ["memory:///news/d.png"]),
    ],
)
def test_files_and_patterns_are_found(
    paths: list[str], options: dict, uris: list[str], start: Start, store: fsspec.AbstractFileSystem
) -> None:
    start(*paths, **options)
    assert sorted(statuses()) == uris


def test_an_interrupted_run_goes_on_and_sees_what_changed(
    start: Start, store: fsspec.AbstractFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    start("memory://news")
    assert start("memory://news").reused == 5
    store.pipe("/news/a.txt", "“We have won,” said Ana Ruiz.\n".encode())
    assert start("memory://news").reused == 4
    calls = []
    process = outcome_module.process
    monkeypatch.setattr(outcome_module, "process", lambda *args: calls.append(1) or process(*args))
    start("memory://news")
    assert calls == []


def test_a_file_url_is_a_path(start: Start, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a b.txt").write_text(SAID, encoding="utf-8")
    start((tmp_path / "in").as_uri())
    assert statuses() == {"in/a b.txt": "ok"}
    start((tmp_path / "in" / "a b.txt").as_uri())
    assert statuses() == {"in/a b.txt": "ok"}


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("memory://news/ghost.txt", "memory://news/ghost.txt does not exist"),
        ("memory://ghost/*.txt", r"memory://ghost/\*.txt does not exist"),
        ("nostore://news/a.txt", "nostore://news/a.txt can't be read: Protocol not known"),
    ],
)
def test_what_is_not_there_is_said(url: str, message: str, start: Start, store: fsspec.AbstractFileSystem) -> None:
    with pytest.raises(RunError, match=message):
        start(url)


def test_a_stores_own_errors_are_told(
    start: Start, store: fsspec.AbstractFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    class NoCredentialsError(Exception):
        pass

    def info(*_: object, **__: object) -> None:
        raise NoCredentialsError("Unable to locate credentials")

    monkeypatch.setattr(type(store), "info", info)
    with pytest.raises(RunError, match=r"NoCredentialsError: Unable to locate credentials\. Check the address"):
        start("memory://news/a.txt")


def test_without_fsspec_the_extra_is_named(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(RunError, match=r"pip install 'onrecord\[remote\]'"):
        start("s3://bucket/a.txt")
