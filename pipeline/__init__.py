"""onrecord: who said what in the news, on record.

The public Python interface::

    from pipeline import Pipeline
    result = Pipeline().process('"We will appeal," said Ana Ruiz.')

Nothing is loaded before it is used, so that importing the package is instant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.process import Pipeline as Pipeline

__all__ = ["Pipeline"]


def __getattr__(name: str) -> object:
    if name == "Pipeline":
        from pipeline.process import Pipeline

        return Pipeline
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
