"""The differences on disk: ``errors.jsonl`` for programs, ``errors.html`` for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.errors import UsageError
from pipeline.evaluate.error_page import page
from pipeline.record_files import write_records

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipeline.evaluate.differences import Difference

RECORDS, PAGE = "errors.jsonl", "errors.html"


def write_errors(folder: Path, found: Sequence[Difference]) -> None:
    """Write both files into a folder, which is made; raises UsageError where that cannot be done."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_records(folder / RECORDS, found)
        (folder / PAGE).write_text(page(found), encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be written to: {error.strerror}.", remedy="Name another folder with --errors."
        ) from error
