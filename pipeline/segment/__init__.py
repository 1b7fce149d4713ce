"""Paragraphs, sentences and zones of a text.

The splitter is our own, with its words in ``rules/abbreviations.toml``: of the writer's sentences annotated
in PolNeAR dev, PolNeAR train and 46 world news articles it gives 92.9, 87.4 and 95.8% exactly (nupunkt 92.0,
85.6 and 96.1; sentencex 91.4, 86.0 and 96.1; what is left is mostly datelines, and headings that the
annotators' units join to sentences), at three million code points a CPU second.

A *paragraph* is a line, or the lines of a hard-wrapped block. A *dateline* ("LONDON (Reuters) - ")
is a paragraph of its own without sentences, so that the report's first sentence starts after it.
A *sentence* ends at its mark together with the closing marks after it. A quotation of several
sentences is split like any other text, so that ``“We won. They lost,” said Ito.`` gives ``“We won.``
and ``They lost,” said Ito.``; what says who speaks stays with the last of them. Words that attribute a
question or an exclamation (``“Really?” he asked.``) are not split off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.records import Evidence, Layout, Sentence, Span
from pipeline.segment.paragraphs import paragraph_spans
from pipeline.segment.sentences import split_sentences, splitter
from pipeline.segment.zones import lay_out

if TYPE_CHECKING:
    from pipeline.rules import Rules

__all__ = ["find_rule_evidence", "segment"]


def segment(text: str, rules: Rules) -> Layout:
    """Split a text into paragraphs, each with its zone, and sentences.

    The paragraphs cover all of the text but white space, the sentences all of the paragraphs but
    datelines, the markers of lists ("1.", "•") and white space. No text raises. ``evidence`` names the
    zone patterns that matched and the abbreviations, joins and starts that decided whether a
    sentence ends.
    """
    paragraphs, starts, evidence = lay_out(text, paragraph_spans(text), rules)
    words = splitter(rules)
    sentences: list[Sentence] = []
    for index, paragraph in enumerate(paragraphs):
        if paragraph.zone != "dateline":
            spans, decided = split_sentences(text, Span(starts[index], paragraph.span.end), words)
            sentences += [Sentence(span, index) for span in spans]
            evidence += decided
    return Layout(tuple(paragraphs), tuple(sentences), tuple(sorted(evidence, key=lambda e: (e.start, e.end, e.rule))))


def find_rule_evidence(text: str, rules: Rules) -> tuple[Evidence, ...]:
    """Return the zone and sentence rules that decided something in a text, and on which words."""
    return segment(text, rules).evidence
