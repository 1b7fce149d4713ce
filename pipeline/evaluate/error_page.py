"""The differences as one HTML page that needs nothing but itself."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from html import escape
from importlib import resources
from typing import TYPE_CHECKING

from pipeline.evaluate.kinds import KINDS, Kind
from pipeline.evaluate.marked_text import mark, only_here
from pipeline.evaluate.scores import percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pipeline.evaluate.differences import Difference, PredictedSide, Side
    from pipeline.records import Extract, Voice

VOICES: tuple[Voice, ...] = ("direct", "mixed", "indirect", "writer")
SHORT = 8  # words of a rule's place that are shown whole
LEGEND = (
    '<mark class="content" data-label="content">what was said</mark>, '
    '<mark class="cue" data-label="cue">the words that attribute it</mark>, '
    '<mark class="source" data-label="source">who said it</mark>; '
    '<mark class="content only">words of a content that the other side lacks</mark>'
)


def page(differences: Sequence[Difference]) -> str:
    """Return the page: a table of the kinds, the most frequent first, then every difference by kind."""
    by_kind: dict[Kind, list[tuple[int, Difference]]] = {}
    for line, difference in enumerate(differences, start=1):
        by_kind.setdefault(difference.kind, []).append((line, difference))
    kinds = sorted(by_kind, key=lambda kind: -len(by_kind[kind]))
    documents = len({d.doc for d in differences})
    return "\n".join((
        *_head(), "<header>", "<h1>Where run and gold part</h1>",
        f"<p>{_count(len(differences), 'difference')} in {_count(documents, 'document')}. Each has a number:"
        " that of its line in errors.jsonl. Voices are those of the gold where it has the attribution.</p>",
        f'<p class="legend">{LEGEND}.</p>', *_table(differences, kinds), "</header>", "<main>",
        *(part for kind in kinds for part in _section(kind, by_kind[kind])),
        "</main>", f"<script>{_asset('error_page.js')}</script>", "</html>", "",
    ))  # fmt: skip


def _head() -> Iterator[str]:
    script = base64.b64encode(hashlib.sha256(_asset("error_page.js").encode()).digest()).decode()
    yield '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>Where run and gold part</title>'
    yield '<meta name="viewport" content="width=device-width">'
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{script}'"
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    yield f"<style>{_asset('error_page.css')}</style>"


def _asset(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _table(differences: Sequence[Difference], kinds: Iterable[Kind]) -> Iterator[str]:
    counts = Counter((d.kind, d.voice) for d in differences)
    yield '<table><thead><tr><th scope="col">kind</th>'
    yield "".join(f'<th scope="col">{name}</th>' for name in ("count", "share", *VOICES, "meaning")) + "</tr></thead>"
    for kind in kinds:
        voices = [counts[kind, voice] for voice in VOICES]
        yield f'<tr><th scope="row"><a href="#{kind}">{kind}</a></th>{_cells(voices, len(differences))}'
        yield f"<td>{KINDS[kind]}</td></tr>"
    voices = [sum(counts[kind, voice] for kind in KINDS) for voice in VOICES]
    yield f'<tfoot><tr><th scope="row">all</th>{_cells(voices, len(differences))}<td></td></tr></tfoot></table>'


def _cells(voices: Sequence[int], total: int) -> str:
    figures = [f"{sum(voices):,}", f"{percent(sum(voices), total)} %", *(f"{n:,}" if n else "" for n in voices)]
    return "".join(f'<td class="n">{figure}</td>' for figure in figures)


def _section(kind: Kind, found: Iterable[tuple[int, Difference]]) -> Iterator[str]:
    found = list(found)
    yield f'<details><summary><h2>{kind}</h2> <span class="count">{len(found):,}</span></summary>'
    yield f'<p id="{kind}" class="meaning">{KINDS[kind]}</p>'
    for line, difference in found:
        yield from _article(line, difference)
    yield "</details>"


def _article(line: int, d: Difference) -> Iterator[str]:
    yield f'<article id="e{line}" data-voice="{d.voice}"><h3><a href="#e{line}">{line}</a> {escape(d.doc)}'
    yield f" <small>{d.start}–{d.end} · {d.voice}</small></h3>"
    yield f'<p class="gist">{_gist(d)}</p>'
    yield f"<dl><dt>gold</dt>{_passages(d.passages, d.gold, d.predicted)}"
    yield f"<dt>predicted</dt>{_passages(d.passages, d.predicted, d.gold)}</dl>"
    for number, side in enumerate(d.predicted, start=1):
        yield _reasons(side, d.kind, f"{number}: " if len(d.predicted) > 1 else "")
    yield "</article>"


def _gist(d: Difference) -> str:
    """Say in a line what differs."""
    gold, predicted = d.gold, d.predicted
    match d.kind:
        case "wrong-source" | "missing-source" | "invented-source":
            return f"source: {_words(_parts(gold, 'source'))} → {_words(_parts(predicted, 'source'))}"
        case "wrong-cue":
            return f"cue: {_words(_parts(gold, 'cue'))} → {_words(_parts(predicted, 'cue'))}"
        case "missed-cue" | "scare-quote" | "false-attribution":
            side = gold or predicted
            return f"cue: {_words(_parts(side, 'cue'))}, source: {_words(_parts(side, 'source'))}"
        case "wrong-name":
            return f"speaker: {escape(gold[0].speaker or 'none')} → {escape(predicted[0].speaker or 'none')}"
        case "wrong-class":
            return f"class: {gold[0].class_} → {predicted[0].class_}"
        case "missed-sentence":
            return "no prediction has this content"
        case _:
            only_gold, only_predicted = only_here(d.passages, gold, predicted), only_here(d.passages, predicted, gold)
            return f"words only in the gold: {_words(only_gold)}, only in the prediction: {_words(only_predicted)}"


def _parts(sides: Iterable[Side], role: str) -> list[str]:
    return [extract.text for side in sides for extract in getattr(side, role)]


def _words(found: Iterable[str]) -> str:
    return ", ".join(f"<q>{escape(words)}</q>" for words in found) or "none"


def _passages(passages: Sequence[Extract], sides: Sequence[Side], others: Sequence[Side]) -> str:
    if not sides:
        return '<dd class="none">nothing</dd>'
    return "<dd>" + ' <span class="gap">[…]</span> '.join(mark(p, sides, others) for p in passages) + "</dd>"


def _reasons(side: PredictedSide, kind: Kind, number: str) -> str:
    """Return the rules that decided: on the class where it is the difference, else on the rest."""
    rules = [e for e in side.evidence if e.rule.startswith("class") == (kind == "wrong-class")]
    shown = " · ".join(f"<code>{escape(e.rule)}</code> {escape(_short(e.text))}" for e in rules) or "no rule"
    sure = "none" if side.confidence is None else f"{side.confidence:.2f}"
    return f'<p class="why">{number}confidence {sure} · {shown}</p>'


def _short(text: str) -> str:
    """Return a text's beginning and end, a few words of each."""
    words = text.split()
    return " ".join(words if len(words) <= SHORT else [*words[:4], "…", *words[-3:]])


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
