"""What the rules alone find in each text: an input of the network, computed once and kept."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from pipeline.attribute import by_rules
from pipeline.parse import load_model, parse
from pipeline.quotations import pair_quotations
from pipeline.segment import segment

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from articles import Attribution
    from examples import Gold

    from pipeline.rules import Rules


def with_hints(golds: Iterable[Gold], rules: Rules, cache: Path) -> None:
    """Fill in ``hints`` of every text; ``cache`` is a JSON file, made where it is missing.

    It holds the rules' attributions by the sha256 of the text, so that it is out of date after a change to the rules.
    """
    known: dict[str, list[Attribution]] = json.loads(cache.read_text(encoding="utf-8")) if cache.exists() else {}
    for gold in golds:
        key = hashlib.sha256(gold.text.encode()).hexdigest()
        if key not in known:
            known[key] = rule_attributions(gold.text, rules)
        gold.hints = [
            {role: [(start, end) for start, end in spans] for role, spans in attribution.items()}
            for attribution in known[key]
        ]
    cache.parent.mkdir(parents=True, exist_ok=True)
    cache.write_text(json.dumps(known), encoding="utf-8")


def rule_attributions(text: str, rules: Rules) -> list[Attribution]:
    """Return the rules' attributions of a text as spans by role, half-open in code points."""
    layout = segment(text, rules)
    quotations, _ = pair_quotations(text, layout, rules)
    doc = parse(text, layout, load_model())
    return [
        {
            "Source": [] if a.source is None else [(a.source.start, a.source.end)],
            "Cue": [] if a.cue is None else [(a.cue.start, a.cue.end)],
            "Content": [(s.start, s.end) for s in a.spans],
        }
        for a in by_rules(doc, layout, quotations, rules)
    ]
