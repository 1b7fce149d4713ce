"""Mentions → one canonical speaker each, within the document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.speakers.lexicon import find_rule_evidence
from pipeline.speakers.resolver import Resolver
from pipeline.speakers.scene import Scene

if TYPE_CHECKING:
    from spacy.tokens import Doc

    from pipeline.records import Attribution, Layout, Resolution
    from pipeline.rules import Rules

__all__ = ["find_rule_evidence", "resolve_speakers"]


def resolve_speakers(
    doc: Doc, layout: Layout, attributions: tuple[Attribution, ...], rules: Rules
) -> tuple[Resolution, ...]:
    """Resolve every attribution's source to one canonical speaker, in the order of ``attributions``.

    The speaker is None where the text names no source. ``Resolution.score`` is the estimated
    probability that the name is right. Offsets are code points of ``doc.text``.
    """
    return Resolver(Scene(doc, layout, attributions, rules)).resolve() if attributions else ()
