"""Ray writes what one process writes, though its actors die."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import ray

import pipeline.plan as plan_module
from pipeline.cli import main
from pipeline.errors import ModelError, RunError, UsageError
from pipeline.ray_workers import NOTES, _Noted
from pipeline.run import Options, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipeline.process import Tools

SAID = "“We will appeal,” said Ana Ruiz.\n"


@pytest.fixture(scope="module")
def _cluster() -> Iterator[None]:
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=80 * 1024 * 1024)
    yield
    ray.shutdown()


def deadly_tools(once: Path | None) -> Callable[[], Tools]:
    """Return what loads tools with which a worker dies at Bo Lind's every text, and at Cy Moe's unless ``once`` is."""

    def load() -> Tools:  # within a function, so that it travels as what it is and not as a module's name
        import os
        import signal

        from pipeline import outcome
        from pipeline.process import load_tools

        process = outcome.process

        def dying(document: object, tools: Tools) -> object:
            if "Bo Lind" in document.text:
                os.kill(os.getpid(), signal.SIGKILL)
            if "Cy Moe" in document.text and once is not None and not once.exists():
                once.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return process(document, tools)

        outcome.process = dying
        return load_tools()

    return load


def local_tools() -> Tools:
    return deadly_tools(None)()


def contents(folder: str) -> dict[str, bytes]:
    found = (path for path in Path(folder).rglob("*") if path.is_file() and ".work" not in path.parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in found if path.name != "manifest.json"}


@pytest.mark.usefixtures("_cluster")
def test_ray_writes_the_same_bytes_though_actors_are_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plan_module, "MOST", 4)
    Path("in").mkdir()
    for number in range(12):
        who = {3: "Bo Lind", 8: "Cy Moe"}.get(number, "Ana Ruiz")
        Path("in", f"{number:02}.txt").write_text(f"“We will appeal {number} times,” said {who}.\n", encoding="utf-8")
    seen = []
    load = deadly_tools(tmp_path / "once")
    summary = run(["in"], Path("out"), Options(), load, seen.append, workers=2, engine="ray")
    assert (summary.status, summary.documents, summary.failed) == ("complete", 11, 1)
    assert Path("once").exists()
    assert (seen[-1].bytes_done, seen[-1].documents) == (seen[-1].bytes_in_all, 11 + 1)
    assert "killed a worker twice" in summary.failures[0].error
    run(["in"], Path("local"), Options(), local_tools, workers=1)
    assert contents("out") == contents("local")
    assert not Path("out/.work/shards").exists()
    assert not Path("out/.work", NOTES).exists()


@pytest.mark.usefixtures("_cluster")
def test_an_actor_that_cannot_load_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.txt").write_text(SAID, encoding="utf-8")

    def load() -> Tools:
        from pipeline.process import load_tools

        return load_tools("en_no_such")

    with pytest.raises(ModelError, match="not installed"):
        run(["a.txt"], Path("out"), Options(), load, workers=1, engine="ray")
    assert not Path("out").exists()


def test_an_actor_whose_note_is_gone_ends(tmp_path: Path) -> None:
    note = tmp_path / NOTES
    note.write_text("what was before, and longer")
    noted = _Noted(note)
    noted.begins("key")
    assert note.read_text() == "key"
    note.unlink()
    with pytest.raises(KeyboardInterrupt):
        noted.begins("other")
    assert not note.exists()


def test_without_ray_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "ray", None)
    Path("a.txt").write_text(SAID, encoding="utf-8")
    with pytest.raises(RunError, match=r"needs Ray\. Install it: pip install 'onrecord\[ray\]'"):
        run(["a.txt"], Path("out"), Options(), lambda: None, engine="ray")
    assert not Path("out").exists()


def test_a_cluster_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def init(**_: object) -> None:
        raise ConnectionError("nobody answers")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", init)
    Path("a.txt").write_text(SAID, encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        main(["run", "a.txt", "--engine", "ray", "--address", "ghost:6379"])
    assert ended.value.code == 1
    assert "There is no Ray cluster at ghost:6379: nobody answers" in capfd.readouterr().err


def test_standard_input_is_not_shared_out() -> None:
    with pytest.raises(UsageError, match="Standard input"):
        run(["-"], Path("out"), Options(), lambda: None, engine="ray")
