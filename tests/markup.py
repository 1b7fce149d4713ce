"""Marked-up text: one line that holds a text and the attributions expected in it.

    [content:“We will appeal,”] [cue:said] [source:Ana Ruiz].

Marks are ``[label:words]`` and may stand inside one another. The labels:

``content``, ``cue``, ``source``, ``addressee``, ``medium``
    A span of the attribution 1. A second ``content`` is a further span of the same record.
``content2``, ``cue2``, ``source2`` …
    A span of the attribution 2, and so on; ``source1,2`` serves both.
``direct``, ``mixed``, ``indirect``
    Like ``content``, and the attribution's voice must be this one.
``content2<1``
    The attribution 2 keeps the floor: it is ``continued`` and ``continues`` the attribution 1.
``content1.1``, ``cue1.1`` …
    A span of the first attribution inside the attribution 1 (its ``nested``).

What is not marked is not there: a case without marks expects no attribution, one without a
``source`` mark a source of None. Only ``addressee``, ``medium`` and nested attributions are
compared where a case marks them and left alone where it doesn't. ``¶`` stands for the border
between two paragraphs (a blank line), ``⏎`` for a single line break, ``\\[`` and ``\\]`` for brackets.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pipeline.records import Attribution, Span

LABEL = re.compile(r"\[(content|cue|source|addressee|medium|direct|mixed|indirect)([\d.,]*)(?:<(\d+))?:")
VOICES = ("direct", "mixed", "indirect")


@dataclass
class Expected:
    """One attribution as a case marks it; spans are offsets into the text without the marks."""

    contents: list[Span] = field(default_factory=list)
    cue: Span | None = None
    source: Span | None = None
    addressee: Span | None = None
    medium: Span | None = None
    voice: str | None = None
    continues: str | None = None
    nested: list[Expected] = field(default_factory=list)


def read_markup(line: str) -> tuple[str, list[Expected]]:
    """Return the plain text of a marked-up line and its attributions in text order."""
    text, found = _scan(line)
    byid: dict[str, Expected] = {}
    for kind, ids, continues, span in found:
        for id in (ids or "1").split(","):
            _enter(byid.setdefault(id, Expected()), kind, continues, span)
    top = {id: expected for id, expected in byid.items() if "." not in id}
    for id, expected in byid.items():
        if "." in id:
            byid[id.rpartition(".")[0]].nested.append(expected)
    ordered = sorted(top, key=lambda id: top[id].contents[0])
    for expected in top.values():
        if expected.continues is not None:
            expected.continues = str(ordered.index(expected.continues))
    return text, [top[id] for id in ordered]


def _scan(line: str) -> tuple[str, list[tuple[str, str, str | None, Span]]]:
    text, found, opened, at = "", [], [], 0
    while at < len(line):
        label = LABEL.match(line, at)
        if label:
            opened.append((*label.groups(), len(text)))
            at = label.end()
        elif line[at] == "]":
            kind, ids, continues, start = opened.pop()
            found.append((kind, ids, continues, Span(start, len(text))))
            at += 1
        elif line.startswith(("\\[", "\\]"), at):
            text += line[at + 1]
            at += 2
        elif line[at] == "[":
            raise ValueError(f"unknown label at {line[at : at + 20]!r}; write \\[ for a bracket")
        else:
            text += {"¶": "\n\n", "⏎": "\n"}.get(line[at], line[at])
            at += 1
    if opened:
        raise ValueError(f"unclosed [{opened[-1][0]}:")
    return text, sorted(found, key=lambda mark: mark[3])


def _enter(expected: Expected, kind: str, continues: str | None, span: Span) -> None:
    if kind in VOICES:
        expected.voice = kind
    if kind in ("content", *VOICES):
        expected.contents.append(span)
        expected.continues = continues or expected.continues
    else:
        setattr(expected, kind, span)


def expected_lines(text: str, expected: list[Expected], found: tuple[Attribution, ...]) -> tuple[list[str], list[str]]:
    """Return what is expected and what was found as readable lines, equal where the case holds."""
    wanted, got = [], []
    for at in range(max(len(expected), len(found))):
        a = found[at] if at < len(found) else None
        e = expected[at] if at < len(expected) else None
        if e is not None:
            wanted.append(_show_expected(text, e))
        if a is not None:
            got.append(_show_found(text, a, e))
    return wanted, got


def _show_expected(text: str, e: Expected) -> str:
    parts = [_show(text, e.contents, e.cue, e.source, e.continues)]
    parts += [f"voice={e.voice}"] if e.voice else []
    parts += [f"addressee={e.addressee.of(text)!r}"] if e.addressee else []
    parts += [f"medium={e.medium.of(text)!r}"] if e.medium else []
    parts += [f"nested({_show_expected(text, n)})" for n in e.nested]
    return " ".join(parts)


def _show_found(text: str, a: Attribution, e: Expected | None) -> str:
    continues = None if not a.continued else str(a.continues)
    parts = [_show(text, list(a.spans), a.cue, a.source, continues)]
    if e is not None:
        parts += [f"voice={a.voice}"] if e.voice else []
        parts += [f"addressee={_words(text, a.addressee)!r}"] if e.addressee else []
        parts += [f"medium={_words(text, a.medium)!r}"] if e.medium else []
        if e.nested:
            shown = [*e.nested, *[None] * len(a.nested)]
            parts += [f"nested({_show_found(text, n, shown[i])})" for i, n in enumerate(a.nested)]
    return " ".join(parts)


def _show(text: str, contents: list[Span], cue: Span | None, source: Span | None, continues: str | None) -> str:
    words = " … ".join(f"{s.start}:{s.of(text)!r}" for s in contents)
    shown = [f"cue={cue.start}:{cue.of(text)!r}" if cue else "cue=None"]
    shown += [f"source={source.start}:{source.of(text)!r}" if source else "source=None"]
    shown += [f"continues={continues}"] if continues is not None else []
    return f"{words} {' '.join(shown)}"


def _words(text: str, span: Span | None) -> str | None:
    return span.of(text) if span else None
