"""Where a run and the gold part: what to read first when the figures disappoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from pipeline.errors import UsageError
from pipeline.write import write_records

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from pipeline.evaluate.attributions import Comparison
    from pipeline.evaluate.statements import Judged
    from pipeline.records import Span

Kind = Literal["missed", "spurious", "source", "name", "class"]


class Difference(Struct, frozen=True, kw_only=True):
    """One line of the errors file.

    ``missed``: a gold attribution not found; ``spurious``: one found that the gold hasn't;
    ``source``: the content is right and its mention is not; ``name``, ``class``: likewise the
    canonical name and the class. ``start`` is the content's first code point in the text.
    """

    doc: str
    kind: Kind
    start: int
    content: str
    expected: str | None
    got: str | None


def differences(comparisons: dict[str, Comparison], judged: Sequence[Judged]) -> list[Difference]:
    """Return all differences, by text and place."""
    found = [d for stem, comparison in comparisons.items() for d in _attributions(stem, comparison)]
    found += [d for item in judged for d in _statements(item)]
    return sorted(found, key=lambda d: (d.doc, d.start))


def write_differences(path: Path, found: Iterable[Difference]) -> None:
    """Write the differences as JSONL; raises UsageError where the file cannot be written."""
    try:
        write_records(path, found)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.", remedy="Name another file.") from error


def _attributions(stem: str, c: Comparison) -> Iterator[Difference]:
    text = c.text.text
    for i, gold in enumerate(c.gold):
        expected = _words(gold.source, text)
        if i not in c.paired:
            yield _difference("missed", stem, text, gold.content, expected, None)
        elif not c.same_source(i, c.paired[i]):
            got = _words(c.predicted[c.paired[i]].mention, text)
            yield _difference("source", stem, text, gold.content, expected, got)
    for j in sorted(set(range(len(c.predicted))) - set(c.paired.values())):
        p = c.predicted[j]
        yield _difference("spurious", stem, text, p.spans, None, _words(p.mention, text))


def _statements(item: Judged) -> Iterator[Difference]:
    gold, predicted, text = item.gold, item.predicted, item.text.text
    if predicted is None:
        return
    if item.named and not item.right_name:
        yield _difference("name", gold.doc, text, gold.content, gold.speaker, predicted.name)
    if gold.class_ != predicted.class_:
        yield _difference("class", gold.doc, text, gold.content, gold.class_, predicted.class_)


def _difference(
    kind: Kind, doc: str, text: str, content: Sequence[Span], expected: str | None, got: str | None
) -> Difference:
    words = _words(content, text) or ""
    return Difference(doc=doc, kind=kind, start=content[0].start, content=words, expected=expected, got=got)


def _words(spans: Sequence[Span], text: str) -> str | None:
    return " … ".join(span.of(text) for span in spans) or None
