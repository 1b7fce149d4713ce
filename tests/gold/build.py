"""Turn ``source/*.txt``, where people annotate, into the gold files that are measured against.

    python tests/gold/build.py

A source is an article with marks round the annotated words, then ``===`` and one line for each
attribution: its number, class, check-worthiness grade, type of speaker and canonical speaker (``-``
for none). Marks are ``[label:words]``::

    [c1:…]             content of the attribution 1; two of them are one content in two parts
    [q1:…]             its cue
    [s1:…] [s1,2:…]    its source; a source that serves two
    [w claim 2:…]      a sentence in the writer's own voice, with class and grade

Written are ``text/NAME.txt``, ``attributions/NAME.ann`` (brat standoff) and ``statements.jsonl``; the
sources are the truth and the rest is never edited. All texts, people and places are invented.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
MARK = re.compile(r"\[(?:([cqs])(\d+(?:,\d+)*)|w (claim|announcement|analysis|other) ([0-3])):")
PARTS = {"s": "Source", "q": "Cue", "c": "Content"}
JUDGEMENT = re.compile(r"(\d+) (claim|announcement|analysis|other) ([0-3]) (person|org|document|unnamed|none) (.+)")

Spans = list[list[int]]


@dataclass
class Article:
    """A source, read: its text, the spans of each attribution's parts, judgements and writer's sentences."""

    text: str = ""
    parts: dict[int, dict[str, Spans]] = field(default_factory=dict)
    judgements: dict[int, tuple[str, ...]] = field(default_factory=dict)
    writer: list[tuple[str, int, list[int]]] = field(default_factory=list)


def read_source(source: str) -> Article:
    """Read a marked-up article; raises ValueError where marks and judgements don't fit together."""
    marked, _, judged = source.partition("\n===\n")
    article = Article()
    opened: list[tuple[re.Match[str], int]] = []
    at = 0
    while at < len(marked):
        mark = MARK.match(marked, at)
        if mark:
            opened.append((mark, len(article.text)))
            at = mark.end()
        elif marked[at] == "]":
            mark, start = opened.pop()
            _enter(article, mark, [start, len(article.text)])
            at += 1
        elif marked[at] == "[":
            raise ValueError(f"no mark: {marked[at : at + 30]!r}")
        else:
            article.text += marked[at]
            at += 1
    _judge(article, judged)
    if opened or article.parts.keys() != article.judgements.keys():
        raise ValueError(f"unclosed marks {opened}, or marks {article.parts.keys() ^ article.judgements.keys()}")
    return article


def _enter(article: Article, mark: re.Match[str], span: list[int]) -> None:
    part, numbers, label, grade = mark.groups()
    if part is None:
        article.writer.append((label, int(grade), span))
        return
    for number in numbers.split(","):
        empty: dict[str, Spans] = {"Source": [], "Cue": [], "Content": []}
        article.parts.setdefault(int(number), empty)[PARTS[part]].append(span)


def _judge(article: Article, judged: str) -> None:
    for line in judged.split("\n"):
        match = JUDGEMENT.fullmatch(line)
        if match:
            article.judgements[int(match[1])] = match.groups()[1:]
        elif line.strip():
            raise ValueError(f"no judgement: {line!r}")


def brat(article: Article) -> str:
    """Return the attributions as brat standoff, each span listed above the event that binds it."""
    lines: list[str] = []
    keys: dict[tuple[str, int, int], str] = {}

    def key(part: str, start: int, end: int) -> str:
        if (part, start, end) not in keys:
            keys[part, start, end] = f"T{len(keys) + 1}"
            words = article.text[start:end].replace("\n", " ")
            lines.append(f"{keys[part, start, end]}\t{part} {start} {end}\t{words}")
        return keys[part, start, end]

    for number in sorted(article.parts):
        parts = article.parts[number]
        bound = [f"Attribution:{key('Attribution', *parts['Cue'][0])}"] if parts["Cue"] else []
        for part, spans in parts.items():
            names = [part, *(f"{part}{i}" for i in range(2, len(spans) + 1))][: len(spans)]
            bound += [f"{name}:{key(part, *span)}" for name, span in zip(names, sorted(spans), strict=True)]
        lines.append(f"E{number}\t{' '.join(bound)}")
    return "\n".join(lines) + "\n"


def statements(name: str, article: Article) -> list[dict[str, Any]]:
    """Return the gold statements, attributions first."""
    rows: list[dict[str, Any]] = []
    for number in sorted(article.parts):
        parts = article.parts[number]
        label, grade, kind, speaker = article.judgements[number]
        rows.append({
            "doc": name, "unit": f"A{number}", "voice": "attributed", "content": sorted(parts["Content"]),
            "source": parts["Source"], "cue": parts["Cue"], "speaker": speaker, "speaker_type": kind, "class": label,
            "check_worthiness": int(grade),
        })  # fmt: skip
    for number, (label, grade, span) in enumerate(article.writer, start=1):
        rows.append({
            "doc": name, "unit": f"N{number}", "voice": "writer", "content": [span], "source": [], "cue": [],
            "speaker": None, "speaker_type": "narrator", "class": label, "check_worthiness": grade,
        })  # fmt: skip
    return rows


def build() -> dict[Path, str]:
    """Return what each gold file must hold."""
    files: dict[Path, str] = {}
    rows: list[dict[str, Any]] = []
    for path in sorted((HERE / "source").glob("*.txt")):
        try:
            article = read_source(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ValueError(f"{path.name}: {error}") from error
        files[HERE / "text" / path.name] = article.text + "\n"
        files[HERE / "attributions" / f"{path.stem}.ann"] = brat(article)
        rows += statements(path.stem, article)
    files[HERE / "statements.jsonl"] = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return files


if __name__ == "__main__":
    for path, content in build().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8", newline="")
