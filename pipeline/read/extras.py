"""Libraries that only some formats need: imported when the first such file is read."""

from __future__ import annotations

import importlib
from typing import Any

from pipeline.errors import DocumentError

# Packages that are not called as what they are imported by.
PACKAGES = {"docx": "python-docx"}


def needed(module: str, what: str, extra: str, uri: str) -> Any:
    """Return a module that reads ``what`` ("a PDF"); raises DocumentError naming the extra that brings it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        name = module.partition(".")[0]
        raise DocumentError(
            f"{uri} is {what}, which needs {PACKAGES.get(name, name)}.",
            remedy=f"Install it: pip install 'onrecord[{extra}]'",
            uri=uri,
        ) from error
