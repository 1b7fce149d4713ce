"""Invented articles with marks → texts and attributions to train on.

``articles/NAME.txt`` holds marks of the form ``[label:words]``; their words alone are the text.

    [c1:…]             content of the attribution 1; two of them are one content in two parts
    [q1:…]             its cue
    [s1:…] [s1,2:…]    its source; a source that serves two

Only outermost attributions are marked, as a careful annotator of PolNeAR would. Square brackets stand for
nothing else. All texts, people and places are invented.
"""

from __future__ import annotations

import re
from pathlib import Path

ARTICLES = Path(__file__).parent / "articles"
MARK = re.compile(r"\[([cqs])(\d+(?:,\d+)*):")
WORDS = re.compile(r"[^\[\]]*")
ROLES = {"s": "Source", "q": "Cue", "c": "Content"}

Attribution = dict[str, list[tuple[int, int]]]


def read_articles(folder: Path = ARTICLES) -> list[tuple[str, str, list[Attribution]]]:
    """Return name, text and attributions of each article, spans in code points of the text."""
    articles = []
    for path in sorted(folder.glob("*.txt")):
        with path.open(encoding="utf-8", newline="") as file:
            marked = file.read()
        articles.append((path.stem, *read_marked(marked, path.name)))
    return articles


def read_marked(marked: str, name: str) -> tuple[str, list[Attribution]]:
    """Read a marked-up text; ``name`` is for the ValueError's message."""
    pieces: list[str] = []
    length = 0
    found: dict[int, Attribution] = {}
    opened: list[tuple[re.Match[str], int]] = []
    at = 0
    while at < len(marked):
        mark = MARK.match(marked, at)
        if mark:
            opened.append((mark, length))
            at = mark.end()
        elif marked[at] == "[":
            raise _error(name, marked, at, "a bracket that opens no mark")
        elif marked[at] == "]":
            if not opened:
                raise _error(name, marked, at, "a bracket that closes no mark")
            mark, start = opened.pop()
            if start == length:
                raise _error(name, marked, mark.start(), "an empty mark")
            for number in map(int, mark[2].split(",")):
                attribution = found.setdefault(number, {role: [] for role in ROLES.values()})
                attribution[ROLES[mark[1]]].append((start, length))
            at += 1
        else:
            words = WORDS.match(marked, at)[0]
            pieces.append(words)
            length += len(words)
            at += len(words)
    if opened:
        raise _error(name, marked, opened[-1][0].start(), "a mark that is not closed")
    attributions = [{role: sorted(spans) for role, spans in found[number].items()} for number in sorted(found)]
    return "".join(pieces), attributions


def _error(name: str, marked: str, at: int, what: str) -> ValueError:
    line = marked.count("\n", 0, at) + 1
    column = at - (marked.rfind("\n", 0, at) + 1) + 1
    return ValueError(f"{name}:{line}:{column}: {what}: {marked[at : at + 30]!r}")
