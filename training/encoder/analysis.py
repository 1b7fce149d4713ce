"""What spaCy and the rules alone say of each text: inputs of the network, computed once and kept."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import spacy

from pipeline.attribute import by_rules
from pipeline.encode.syntax import syntax_of
from pipeline.parse import DEFAULT_MODEL, parse
from pipeline.quotations import pair_quotations
from pipeline.ruler import remember
from pipeline.segment import segment

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from examples import Gold
    from spacy.language import Language

    from pipeline.rules import Rules


@lru_cache(maxsize=1)
def recogniser() -> Language:
    """Load the spaCy pipeline with its recogniser of names, which the network learns to do without."""
    nlp = spacy.load(DEFAULT_MODEL)
    remember(nlp)
    return nlp


def with_analysis(golds: Iterable[Gold], rules: Rules, cache: Path) -> None:
    """Fill in ``hints``, ``tokens`` and ``names`` of every text; ``cache`` is a JSON file, made where it is missing.

    It holds them by the sha256 of the text, so that it is out of date after a change to the rules.
    """
    known: dict[str, Any] = json.loads(cache.read_text(encoding="utf-8")) if cache.exists() else {}
    for gold in golds:
        key = hashlib.sha256(gold.text.encode()).hexdigest()
        if key not in known:
            known[key] = analysis(gold.text, rules)
        gold.hints = [
            {role: [(start, end) for start, end in spans] for role, spans in attribution.items()}
            for attribution in known[key]["hints"]
        ]
        gold.tokens = known[key]["tokens"]
        gold.names = [tuple(name) for name in known[key]["names"]]
    cache.parent.mkdir(parents=True, exist_ok=True)
    cache.write_text(json.dumps(known), encoding="utf-8")


def analysis(text: str, rules: Rules) -> dict[str, Any]:
    """Return a text's hints, tokens and names as ``examples.Gold`` has them."""
    layout = segment(text, rules)
    quotations, _ = pair_quotations(text, layout, rules)
    doc = parse(text, layout, recogniser())
    return {
        "hints": [
            {
                "Source": [] if a.source is None else [(a.source.start, a.source.end)],
                "Cue": [] if a.cue is None else [(a.cue.start, a.cue.end)],
                "Content": [(s.start, s.end) for s in a.spans],
            }
            for a in by_rules(doc, layout, quotations, rules)
        ],
        "tokens": syntax_of(doc).tolist(),
        "names": [(e.start_char, e.end_char, e.label_) for e in doc.ents],
    }
