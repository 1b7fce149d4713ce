"""Every rule tried on its own examples: ``onrecord rules check``.

A ``match`` example must make its rule fire on exactly the words in brackets, a ``reject`` example
must not make it fire at all (or, with brackets, not on those words). The stage that a kind belongs
to says what fires, on the example alone.
"""

from __future__ import annotations

import json
import re
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from pipeline import classify, quotations, segment, speakers
from pipeline.attribute import by_rules
from pipeline.attribute.named import find_names
from pipeline.attribute.not_statement import not_statement
from pipeline.parse import parse
from pipeline.records import Evidence, Layout, Paragraph, Sentence, Span
from pipeline.rules import KINDS, read_rules, shipped_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from spacy.language import Language
    from spacy.tokens import Doc

    from pipeline.process import Tools
    from pipeline.records import Attribution
    from pipeline.rules import Rule, Rules

# Examples parsed in one go: spaCy is several times faster on many texts than on one.
BATCH = 256
# A bracket of the text itself is written \[ or \].
_BRACKET = re.compile(r"\\([\[\]])|([\[\]])")


class RuleProblem(Struct, frozen=True, order=True):
    """What is wrong with a rule: its file, the line (from 1) of the rule or key, its id ("" if none)."""

    path: str
    line: int
    rule: str
    message: str


class Example(Struct, frozen=True):
    """An example of a rule: its text without the brackets, and the spans that stood in them."""

    rule: Rule
    written: str
    text: str
    spans: tuple[Span, ...]
    must_match: bool


class Parsed(Struct, frozen=True):
    """An example as the stages see it."""

    text: str
    layout: Layout
    doc: Doc


def check_rules(folder: Path | None, tools: Tools) -> list[RuleProblem]:
    """Check a folder's rules, layered over the shipped ones, or (None) the shipped ones themselves.

    Returns what is wrong with the files and every example that does not do what it says, by file
    and line. Rules that only the stages' code can judge (a feature) have no examples.
    """
    rules, errors = read_rules(folder)
    problems = [RuleProblem(str(e.path), e.line or 1, "", f"{_unplaced(e)} {e.remedy}") for e in errors]
    checked = (folder or shipped_folder()).resolve()
    places = _Lines(rules)
    own = [rule for rule in rules.all() if rules.places[rule.id].path.resolve().parent == checked]
    examples: list[Example] = []
    for rule in own:
        for example in _examples(rule):
            if isinstance(example, tuple):
                problems.append(places.problem(rule, *example))
            else:
                examples.append(example)
    waiting = iter(examples)
    while batch := list(islice(waiting, BATCH)):
        for example, parsed in zip(batch, _parse(batch, rules, tools.nlp), strict=True):
            if FINDERS[example.rule.kind] is _class_evidence:
                found, _ = quotations.pair_quotations(parsed.text, parsed.layout, rules)
                find_names(parsed.doc, parsed.layout, found, tools.encoder)
            if failure := _try(example, parsed, rules):
                problems.append(places.problem(example.rule, example.written, failure))
    return sorted(problems)


def read_example(example: str) -> tuple[str, tuple[Span, ...]]:
    """Return an example's text without its brackets, and the spans between them.

    Raises ValueError for a bracket without partner.
    """
    text, at, spans, start = "", 0, [], None
    for found in _BRACKET.finditer(example):
        text += example[at : found.start()] + (found[1] or "")
        at = found.end()
        if found[2] == "[" and start is None:
            start = len(text)
        elif found[2] == "]" and start is not None:
            spans.append(Span(start, len(text)))
            start = None
        elif found[2]:
            raise ValueError(example)
    if start is not None:
        raise ValueError(example)
    return text + example[at:], tuple(spans)


def rules_schema() -> dict[str, Any]:
    """Return the JSON Schema of a rules file, for editors that check TOML as it is written."""
    types = [kind for _, kind in sorted(KINDS.items())]
    references, definitions = msgspec.json.schema_components(types, ref_template="#/$defs/{name}")
    tables = {
        kind.kind: {"type": "array", "items": reference} for kind, reference in zip(types, references, strict=True)
    }
    properties = {
        "$schema": {"type": "string"},
        "origin": {"type": "string", "description": "Where the file's rules come from."},
        "disable": {"type": "array", "items": {"type": "string"}, "description": "Ids of rules to switch off."},
    }
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A rules file of onrecord",
        "type": "object", "additionalProperties": False, "properties": properties | tables, "$defs": definitions,
    }  # fmt: skip
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(schema))  # defaults that are tuples become lists
    return plain


def write_rules_schema(folder: Path) -> None:
    """Write ``schema.json`` into a rules folder; to be repeated whenever a kind of rule changes."""
    text = json.dumps(rules_schema(), indent=2, ensure_ascii=False) + "\n"
    (folder / "schema.json").write_text(text, encoding="utf-8")


# ---------------------------------------------------------------- what fires


def _attribution_evidence(parsed: Parsed, rules: Rules) -> Iterator[Evidence]:
    found, _ = quotations.pair_quotations(parsed.text, parsed.layout, rules)
    todo: list[Attribution] = list(by_rules(parsed.doc, parsed.layout, found, rules))
    while todo:
        attribution = todo.pop()
        todo += attribution.nested
        yield from attribution.evidence


def _not_statement_evidence(parsed: Parsed, rules: Rules) -> Iterator[Evidence]:
    found, _ = quotations.pair_quotations(parsed.text, parsed.layout, rules)
    for quotation in found:
        if rule := not_statement(parsed.text, quotation, rules):
            yield Evidence(rule.id, quotation.span.start, quotation.span.end)


def _segment_evidence(parsed: Parsed, rules: Rules) -> Iterable[Evidence]:
    return segment.find_rule_evidence(parsed.text, rules)


def _quotation_evidence(parsed: Parsed, rules: Rules) -> Iterable[Evidence]:
    return quotations.find_rule_evidence(parsed.text, rules)


def _speaker_evidence(parsed: Parsed, rules: Rules) -> Iterable[Evidence]:
    return speakers.find_rule_evidence(parsed.doc, rules)


def _class_evidence(parsed: Parsed, rules: Rules) -> Iterable[Evidence]:
    return classify.find_rule_evidence(parsed.doc, parsed.layout, rules)


# The stage that says what fires, by kind.
FINDERS: dict[str, Callable[[Parsed, Rules], Iterable[Evidence]]] = {
    "cue": _attribution_evidence, "medium": _attribution_evidence,
    "not_statement": _not_statement_evidence,
    "quotation_mark": _quotation_evidence, "elision": _quotation_evidence,
    "abbreviation": _segment_evidence, "sentence_start": _segment_evidence, "sentence_join": _segment_evidence,
    "zone": _segment_evidence,
    "title": _speaker_evidence, "role": _speaker_evidence, "pronoun": _speaker_evidence,
    "given_name": _speaker_evidence, "name_part": _speaker_evidence, "nickname": _speaker_evidence,
    "not_name": _speaker_evidence, "role_form": _speaker_evidence, "country": _speaker_evidence,
    "class_pattern": _class_evidence, "class_lexicon": _class_evidence,
}  # fmt: skip


# ---------------------------------------------------------------- examples


def _examples(rule: Rule) -> Iterator[Example | tuple[str, str]]:
    """Yield a rule's examples; instead of one wrongly written, itself and what is wrong with it."""
    for must_match, written in ((True, rule.match), (False, rule.reject)):
        for line in written:
            try:
                text, spans = read_example(line)
            except ValueError:
                yield line, f"has a bracket without partner (write \\[ for one of the text itself), in: {line}"
                continue
            if must_match and not spans:
                yield line, f"must match, but shows no words in [brackets], in: {line}"
            else:
                yield Example(rule, line, text, spans, must_match)


def _parse(examples: list[Example], rules: Rules, nlp: Language) -> Iterator[Parsed]:
    """Yield each example with its own layout and parse; spaCy sees all of them as one document."""
    texts = [example.text for example in examples]
    layouts = [segment.segment(text, rules) for text in texts]
    starts, at = [], 0
    paragraphs: list[Paragraph] = []
    sentences: list[Sentence] = []
    for text, layout in zip(texts, layouts, strict=True):
        starts.append(at)
        sentences += [Sentence(_moved(s.span, at), s.paragraph + len(paragraphs)) for s in layout.sentences]
        paragraphs += [Paragraph(_moved(p.span, at), p.zone) for p in layout.paragraphs]
        at += len(text) + 2
    doc = parse("\n\n".join(texts), Layout(tuple(paragraphs), tuple(sentences)), nlp)
    for text, layout, start in zip(texts, layouts, starts, strict=True):
        span = doc.char_span(start, start + len(text), alignment_mode="contract")
        if span is not None and span.text == text:
            yield Parsed(text, layout, span.as_doc())
        else:  # white space at an edge, or nothing but it
            yield Parsed(text, layout, parse(text, layout, nlp))


def _moved(span: Span, by: int) -> Span:
    return Span(span.start + by, span.end + by)


def _try(example: Example, parsed: Parsed, rules: Rules) -> str | None:
    """Return how an example fails, or None."""
    found = list(FINDERS[example.rule.kind](parsed, rules))
    own = {Span(e.start, e.end) for e in found if e.rule == example.rule.id}
    if not example.must_match:
        wrong = own.intersection(example.spans) if example.spans else own
        return f"must not match, but does {_shown(example.text, wrong)}, in: {example.text}" if wrong else None
    missing = [span for span in example.spans if span not in own]
    if not missing:
        return None
    others = sorted({e.rule for e in found if any(Span(e.start, e.end).overlaps(span) for span in missing)})
    if own:
        instead = f"the rule fires on {_shown(example.text, own)}"
    else:
        instead = f"there fires {', '.join(others)}" if others else "nothing fires there"
    return f"must match {_shown(example.text, missing)}, but {instead}, in: {example.text}"


def _shown(text: str, spans: Iterable[Span]) -> str:
    return ", ".join(f"[{span.of(text)}] ({span.start}–{span.end})" for span in sorted(spans))


class _Lines:
    """The rules files' lines, to say on which one an example stands."""

    def __init__(self, rules: Rules) -> None:
        self.places = rules.places
        self.files: dict[Path, list[str]] = {}

    def problem(self, rule: Rule, example: str, message: str) -> RuleProblem:
        """Return a problem with its line: the example's, else (written with escapes) the rule's."""
        place = self.places[rule.id]
        if place.path not in self.files:
            self.files[place.path] = place.path.read_text(encoding="utf-8").splitlines()
        lines = self.files[place.path]
        numbers = (n for n in range(place.line, len(lines) + 1) if example in lines[n - 1])
        return RuleProblem(str(place.path), next(numbers, place.line), rule.id, message)


def _unplaced(error: Any) -> str:
    """Return an error's message without the place it begins with, which a problem has of its own."""
    return str(error.message).removeprefix(f"{error.path}:{error.line}: ").removeprefix(f"{error.path}: ")
