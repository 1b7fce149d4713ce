"""The errors onrecord raises on purpose: each says what is wrong and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class OnrecordError(Exception):
    """Base of all expected errors; ``remedy`` tells the user what to do."""

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}"


class DocumentError(OnrecordError):
    """One document cannot be read or processed; the run goes on without it."""

    def __init__(self, message: str, *, remedy: str, uri: str, stage: str = "read") -> None:
        super().__init__(message, remedy=remedy)
        self.uri = uri
        self.stage = stage


class RuleError(OnrecordError):
    """A rules file is wrong; no run starts with it. ``path`` and ``line`` (from 1) say where, if known."""

    def __init__(self, message: str, *, remedy: str, path: Path | None = None, line: int | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.path = path
        self.line = line


class ModelError(OnrecordError):
    """The spaCy pipeline is not installed or lacks a component that is needed."""


class RunError(OnrecordError):
    """The run as a whole cannot start or go on."""


class UsageError(OnrecordError):
    """The command was called with arguments that make no sense together."""
