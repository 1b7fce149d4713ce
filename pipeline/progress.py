"""How far a run is, as a bar on stderr."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipeline.run import Progress


@contextmanager
def progress_bar(*, shown: bool) -> Iterator[Callable[[Progress], None]]:
    """Yield what a run reports to; if ``shown``, it draws documents, words a second and time left."""
    if not shown:
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    speed = "{task.fields[documents]:,} documents, {task.fields[speed]:,.0f} words a second"
    with Bar(
        BarColumn(), TextColumn(speed), TimeRemainingColumn(), console=Console(stderr=True), transient=True
    ) as bar:
        task = bar.add_task("", total=None, documents=0, speed=0)

        def report(at: Progress) -> None:
            elapsed = bar.tasks[0].elapsed or 0
            bar.update(
                task, total=at.bytes_in_all or None, completed=at.bytes_done, documents=at.documents,
                speed=at.words / elapsed if elapsed else 0,
            )  # fmt: skip

        yield report
