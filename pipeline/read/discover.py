"""Paths, folders and ``-`` → the inputs to read, in the order of their uris."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from pipeline.errors import DocumentError
from pipeline.read.remote import Remote, RemoteFile, files_at, is_url
from pipeline.read.source import STDIN_URI, Input, file_errors, kind_of, refuse_special, uri_of
from pipeline.records import Failure, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def discover(
    paths: Sequence[str], *, format: Kind | None, include: Sequence[str], base: Path
) -> tuple[list[Input], list[Failure | DocumentError]]:
    """Find what to read.

    Parameters
    ----------
    paths
        Files, folders (searched with all their subfolders) and ``-`` for standard input, relative
        to ``base``; URLs of files, of folders, or with ``*``. A file named twice, or by two links, is read once.
    format
        How every file is read whatever its suffix; None: by suffix.
    include
        Patterns of which a file found in a folder must match one, none meaning all: ``*`` stops at
        a ``/``, ``**`` does not; a pattern without ``/`` is matched with the file's name, one with
        ``/`` with the path inside the folder. Files named themselves are always read.
    base
        The folder that uris are relative to.

    Returns
    -------
    The inputs sorted by uri, and what is not among them: a ``Failure`` with stage
    ``skipped:unknown-format`` or ``skipped:link-outside`` for what a folder holds beside documents,
    a ``DocumentError`` for what is wrong (missing, unreadable, a pipe, a broken link). Hidden files
    and folders are left out without a word, unless named themselves.
    """
    search = _Search(format, [_pattern(glob) for glob in include], base.absolute())
    for path in paths:
        search.add(path)
    problems = sorted(search.problems, key=lambda problem: problem.uri)
    return sorted(search.inputs.values(), key=lambda found: found.uri), problems


class _Search:
    """What has been found so far; ``inputs`` by real path, so that each file is read once."""

    def __init__(self, format: Kind | None, include: list[list[str]], base: Path) -> None:
        self.format = format
        self.include = include
        self.base = base
        self.inputs: dict[str, Input] = {}
        self.problems: list[Failure | DocumentError] = []

    def add(self, name: str) -> None:
        if name == "-":
            self.inputs.setdefault("-", Input(None, STDIN_URI, self.format or "text"))
            return
        if is_url(name):
            self.remote(name)
            return
        path = self.base / (unquote(name.removeprefix("file://")) if name.startswith("file://") else name)
        uri = uri_of(path, self.base)
        try:
            with file_errors(uri):
                if path.is_dir():
                    self.folder(path)
                    return
                refuse_special(path, uri)
                kind, packing = kind_of(path.name)
                self.found(Input(path, uri, self.format or kind or "text", packing))
        except DocumentError as error:
            self.problems.append(error)

    def found(self, new: Input) -> None:
        """Add a file; of several names of one file the one that is no link, then the first, stays."""
        real = os.path.realpath(new.path or "")
        earlier = self.inputs.get(real)
        if earlier is None or _rank(new) < _rank(earlier):
            self.inputs[real] = new

    def folder(self, root: Path) -> None:
        for path in self.walk(root, Path(os.path.realpath(root)), set()):
            uri = uri_of(path, self.base)
            parts = list(path.relative_to(root).parts)
            if self.include and not any(_matches(pattern, parts) for pattern in self.include):
                continue
            try:
                with file_errors(uri):
                    refuse_special(path, uri)
            except DocumentError as error:
                self.problems.append(error)
                continue
            kind, packing = kind_of(path.name)
            kind = self.format or kind
            if kind is None:
                self.skip_unknown(uri)
            else:
                self.found(Input(path, uri, kind, packing))

    def remote(self, url: str) -> None:
        try:
            with file_errors(url):
                for file in files_at(url):
                    self.remote_file(file)
        except DocumentError as error:
            self.problems.append(error)

    def remote_file(self, file: RemoteFile) -> None:
        parts = list(file.inside or ())
        if parts and self.include and not any(_matches(pattern, parts) for pattern in self.include):
            return
        kind, packing = kind_of(file.url)
        kind = self.format or kind or (None if parts else "text")
        if kind is None:
            self.skip_unknown(file.url)
        else:
            source = Input(None, file.url, kind, packing, Remote(file.url), size=file.size, stamp=file.stamp)
            self.inputs.setdefault(file.url, source)

    def walk(self, folder: Path, top: Path, seen: set[str]) -> Iterator[Path]:
        """Yield the files below ``folder``, going into each real folder once (links may make loops)."""
        real = os.path.realpath(folder)
        if real in seen:
            return
        seen.add(real)
        uri = uri_of(folder, self.base)
        try:
            with file_errors(uri), os.scandir(folder) as entries:
                names = sorted(entry.name for entry in entries if not entry.name.startswith("."))
        except DocumentError as error:
            self.problems.append(error)
            return
        # Links last: a folder is met under its own name first.
        for path in sorted((folder / name for name in names), key=lambda p: (p.is_symlink(), p)):
            if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(top):
                self.skip(
                    uri_of(path, self.base), "link-outside", "It links to something outside the folder.",
                    "Name the link itself to have it read.",
                )  # fmt: skip
            elif os.path.isdir(path):  # noqa: PTH112 (unlike Path.is_dir it never raises)
                yield from self.walk(path, top, seen)
            else:
                yield path

    def skip_unknown(self, uri: str) -> None:
        self.skip(uri, "unknown-format", "Its suffix is none that is read.", "Name the file itself, or use --format.")

    def skip(self, uri: str, why: str, error: str, remedy: str) -> None:
        self.problems.append(Failure(uri=uri, stage=f"skipped:{why}", error=error, remedy=remedy))


def _rank(found: Input) -> tuple[bool, str]:
    return (found.path is not None and found.path.is_symlink(), found.uri)


def _pattern(glob: str) -> list[str]:
    return glob.removeprefix("./").split("/") if "/" in glob else ["**", glob]


def _matches(pattern: list[str], path: list[str]) -> bool:
    """Match a path with a pattern, both split at ``/``; ``**`` stands for any number of folders."""
    if not pattern:
        return not path
    if pattern[0] == "**":
        return any(_matches(pattern[1:], path[at:]) for at in range(len(path) + 1))
    return bool(path) and fnmatchcase(path[0], pattern[0]) and _matches(pattern[1:], path[1:])
