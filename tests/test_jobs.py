"""A run divided among jobs: the same bytes as in one, nothing lost, and what is missing is named."""

from __future__ import annotations

import json
import shutil
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pipeline.journal as journal_module
import pipeline.outcome as outcome_module
import pipeline.plan as plan_module
from pipeline.errors import RunError, UsageError
from pipeline.jobs import Share, merge, opened_job, share_of
from pipeline.journal import Journal
from pipeline.process import load_tools
from pipeline.run import Options, run
from pipeline.verify import verify
from pipeline.write import opened_output

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.assemble import Summary
    from pipeline.process import Tools

OUT = Path("out")
Start = Callable[..., Summary] if TYPE_CHECKING else object


@pytest.fixture
def start(tmp_path: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch) -> Start:
    """Return a function that does a share of a run over eleven texts, two to a shard, or all of it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plan_module, "MOST", 2)
    monkeypatch.setattr(plan_module, "MEAN", 1 << 40)
    for number in range(11):
        write(number, f"“We will appeal {number} times,” said Ana Ruiz.\n")

    def go(share: str | None = None, *, output: Path = OUT, workers: int = 0, fresh: bool = False, **options: object):
        return run(
            ["in"], output, Options(**options), partial(load_tools) if workers else lambda: tools,
            workers=workers, fresh=fresh, share=share_of(share) if share else None,
        )  # fmt: skip

    return go


def write(number: int, text: str) -> None:
    Path("in").mkdir(exist_ok=True)
    Path("in", f"{number:02}.txt").write_text(text, encoding="utf-8")


def published(folder: Path) -> dict[str, bytes]:
    """Return all that a run published, the manifest without its times."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    del manifest["started"], manifest["finished"]
    paths = (path for path in folder.rglob("*") if path.is_file() and ".work" not in path.parts)
    files = {str(path.relative_to(folder)): path.read_bytes() for path in paths}
    return files | {"manifest.json": json.dumps(manifest).encode()}


class At:
    """Stands in for ``process``: does something before the n-th document."""

    def __init__(self, number: int, act: Callable[[], None]) -> None:
        self.number, self.act, self.calls = number, act, 0
        self.process = outcome_module.process

    def __call__(self, *args: object) -> object:
        self.calls += 1
        if self.calls == self.number:
            self.act()
        return self.process(*args)


def interrupt() -> None:
    raise KeyboardInterrupt


# ---------------------------------------------------------------- the same bytes


def test_jobs_and_merge_publish_what_one_run_does(start: Start) -> None:
    start(output=Path("whole"))
    done = [start("3/3"), start("1/3", workers=1), start("2/3")]
    assert [(s.share, s.documents, s.published) for s in done] == [
        ("3/3", 3, False),
        ("1/3", 4, False),
        ("2/3", 4, False),
    ]
    assert [path.name for path in OUT.iterdir()] == [".work"]
    summary = merge(OUT)
    assert (summary.status, summary.documents, summary.published, summary.share) == ("complete", 11, True, None)
    assert published(OUT) == published(Path("whole"))
    assert list(verify(OUT)) == []


def test_there_may_be_more_jobs_than_shards(start: Start) -> None:
    start(output=Path("whole"))
    for number in range(1, 9):
        start(f"{number}/8")
    merge(OUT)
    assert published(OUT) == published(Path("whole"))


@given(st.integers(1, 60), st.integers(1, 20))
def test_shares_hold_every_shard_once_and_are_alike(shards: int, of: int) -> None:
    shares = [Share(number, of).among(range(shards)) for number in range(1, of + 1)]
    assert sorted(shard for share in shares for shard in share) == list(range(shards))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_an_interrupted_job_goes_on_where_it_was(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    start(output=Path("whole"))
    start("2/2")
    with monkeypatch.context() as patch:
        patch.setattr(outcome_module, "process", At(4, interrupt))
        summary = start("1/2")
    assert (summary.status, summary.documents, summary.share) == ("interrupted", 3, "1/2")
    with pytest.raises(RunError, match="Job 1/2 is not finished"):
        merge(OUT)
    assert start("1/2").reused == 3
    merge(OUT)
    assert published(OUT) == published(Path("whole"))


def test_a_killed_job_goes_on_where_it_was(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies in the folder at the fourth document is what a kill -9 leaves."""
    start(output=Path("whole"))
    start("2/2")
    start("1/2")  # once finished, it is not finished any more from the moment it is done again
    with monkeypatch.context() as patch:
        patch.setattr(outcome_module, "process", At(4, lambda: shutil.copytree(OUT, "killed")))
        start("1/2", fresh=True)
    with pytest.raises(RunError, match="Job 1/2 is not finished"):
        merge(Path("killed"))
    assert start("1/2", output=Path("killed")).reused == 3
    merge(Path("killed"))
    assert published(Path("killed")) == published(Path("whole"))


def test_starting_over_forgets_a_jobs_own_share_alone(start: Start) -> None:
    start("1/2")
    start("2/2")
    assert start("1/2", fresh=True).reused == 0
    assert start("2/2").reused == 5


def test_complete_results_stay_until_merge(start: Start) -> None:
    start()
    before = published(OUT)
    write(4, "“We have won,” said Ana Ruiz.\n")
    start("1/2")
    start("2/2")
    assert before.items() <= published(OUT).items()
    merge(OUT)
    start(output=Path("whole"))
    assert published(OUT) == published(Path("whole")) != before


def test_a_run_in_one_takes_over_what_jobs_have_done(start: Start) -> None:
    start("1/2")
    assert start().reused == 6
    assert not any((OUT / ".work" / name).exists() for name in ("shards", "jobs", "lock"))


def test_jobs_take_up_what_a_complete_run_had_done(start: Start) -> None:
    start()
    write(4, "“We have won,” said Ana Ruiz.\n")
    assert [start(share).reused for share in ("1/2", "2/2")] == [5, 5]
    merge(OUT)
    start(output=Path("whole"))
    assert published(OUT) == published(Path("whole"))
    assert start().reused == 11


# ---------------------------------------------------------------- who may work at once


def test_jobs_work_beside_each_other_and_nobody_else_does(start: Start) -> None:
    with opened_output(OUT, shared=True) as work, opened_job(work, Share(1, 2)):
        start("2/2")
        with pytest.raises(RunError, match="Job 1/2 is at work already"):
            start("1/2")
        for other in (start, partial(merge, OUT)):
            with pytest.raises(RunError, match="Another run is writing to out"):
                other()
    start("1/2")
    with opened_output(OUT), pytest.raises(RunError, match="Another run is writing to out"):
        start("1/2")
    assert merge(OUT).documents == 11


def test_no_two_processes_write_to_one_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as a worker of a job that was killed, and the job that is run again."""
    monkeypatch.setattr(journal_module, "PATIENCE", 0.1)
    with Journal(tmp_path, "a", "signature"), pytest.raises(RunError, match="Another process is at work"):
        Journal(tmp_path, "a", "signature")
    with Journal(tmp_path, "a", "signature") as journal:
        journal.finish(None)
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl"]


def test_standard_input_is_not_shared_out(start: Start, tools: Tools) -> None:
    with pytest.raises(UsageError, match="Standard input can't be shared"):
        run(["-"], OUT, Options(), lambda: tools, share=Share(1, 2))


# ---------------------------------------------------------------- what is missing is named


def test_jobs_that_are_missing_are_named(start: Start) -> None:
    start("2/4")
    with pytest.raises(RunError, match="Jobs 1/4, 3/4, 4/4 are not finished") as caught:
        merge(OUT)
    assert "--shard 1/4" in caught.value.remedy
    assert [path.name for path in OUT.iterdir()] == [".work"]


@pytest.mark.parametrize("change", ["options", "inputs", "folder"])
def test_jobs_of_another_run_are_named(change: str, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    start("1/2")
    out = OUT.absolute()
    later(out / ".work/jobs/1-of-2.json")
    if change == "inputs":
        write(11, "“No,” said Bo Lind.\n")
    if change == "folder":
        shutil.copytree("in", "elsewhere/in")
        monkeypatch.chdir("elsewhere")
    start("2/2", output=out, **({"only": "quotes"} if change == "options" else {}))
    with pytest.raises(RunError, match="Job 1/2 is of other documents, options or versions") as caught:
        merge(out)
    assert "--shard 1/2" in caught.value.remedy
    start("1/2", output=out, **({"only": "quotes"} if change == "options" else {}))
    merge(out)


def later(job: Path) -> None:
    """Date a job back: the clock's second is too long for a test."""
    record = json.loads(job.read_bytes())
    record["head"]["finished"] = "2000-01-01T00:00:00+00:00"
    job.write_text(json.dumps(record))


def test_a_shard_undone_since_is_named(start: Start) -> None:
    start("1/2")
    start("2/2")
    name = json.loads((OUT / ".work/jobs/2-of-2.json").read_bytes())["shards"][0][0]
    (OUT / f".work/shards/{name}.jsonl").unlink()
    with pytest.raises(RunError, match="Job 2/2 is not finished any more"):
        merge(OUT)


def test_two_numbers_of_jobs_are_not_mixed(start: Start) -> None:
    start("1/2")
    start("1/3")
    with pytest.raises(RunError, match="holds jobs of 2 and of 3"):
        merge(OUT)


def test_a_folder_without_jobs_is_refused(start: Start) -> None:
    with pytest.raises(RunError, match="out holds no jobs' work"):
        merge(OUT)
    assert not OUT.exists()
