"""Measures of attributions: quotations with their speakers, exact spans, content linked to source."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pipeline.evaluate.scores import QuotationScores, SpanScores, percent
from pipeline.evaluate.words import Ids, WordedText, covers, pair

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.evaluate.gold import Gold, GoldAttribution
    from pipeline.evaluate.predictions import Prediction, Predictions
    from pipeline.records import Span

# Which voices each linked measure counts.
LINKED = {
    "all": ("direct", "mixed", "indirect"),
    "quoted": ("direct", "mixed"),
    "indirect": ("indirect",),
}
PARTS = ("source", "cues", "content")


class Comparison:
    """One text's gold attributions (of the first annotator) beside those predicted, in words."""

    def __init__(self, text: WordedText, gold: Sequence[GoldAttribution], predicted: Sequence[Prediction]) -> None:
        self.text = text
        self.gold = [attribution for attribution in gold if attribution.content]
        self.predicted = [prediction for prediction in predicted if prediction.voice != "writer"]
        self.gold_contents = [text.ids(a.content) for a in self.gold]
        self.gold_sources = [text.ids(a.source) for a in self.gold]
        self.gold_cues = [text.ids(a.cue) for a in self.gold]
        self.contents = [text.ids(p.spans) for p in self.predicted]
        self.sources = [text.ids(p.mention) for p in self.predicted]
        self.cues = [text.ids(p.cue_span) for p in self.predicted]
        self.paired = pair(self.gold_contents, self.contents)

    def same_source(self, i: int, j: int) -> bool:
        """Tell whether the gold attribution ``i`` and the predicted ``j`` have the same source, or both none."""
        gold, predicted = self.gold_sources[i], self.sources[j]
        if not gold:
            return not predicted
        return self.text.same_source(gold, predicted)


def compare(gold: Gold, predictions: Predictions) -> Iterator[tuple[str, Comparison]]:
    """Yield each text's name and its comparison."""
    for stem, text in gold.texts.items():
        yield stem, Comparison(WordedText(text), gold.annotations[stem][0], predictions.get(stem, []))


def quotation_scores(comparisons: Sequence[Comparison]) -> QuotationScores:
    """Score the quotations of the gold contents that have a source."""
    counts: Counter[str] = Counter()
    for comparison in comparisons:
        inside = _score_gold_quotations(comparison, counts)
        for prediction, sources in zip(comparison.predicted, comparison.sources, strict=True):
            for words in comparison.text.quotations(prediction.spans) if sources else ():
                counts["predicted"] += 1
                counts["predicted in gold"] += covers(words, inside)
    return QuotationScores(
        n=counts["gold"],
        found=percent(counts["found"], counts["gold"]),
        right_speaker=percent(counts["right"], counts["gold"]),
        accuracy_when_attributed=percent(counts["right"], counts["right"] + counts["wrong"]),
        precision=percent(counts["predicted in gold"], counts["predicted"]),
    )


def _score_gold_quotations(comparison: Comparison, counts: Counter[str]) -> set[int]:
    """Count the gold quotations found and rightly attributed; returns the words of all of them."""
    inside: set[int] = set()
    for attribution, sources in zip(comparison.gold, comparison.gold_sources, strict=True):
        for words in comparison.text.quotations(attribution.content):
            inside |= words
            if sources:
                counts.update(_judge_quotation(comparison, words, sources))
    return inside


def _judge_quotation(comparison: Comparison, words: Ids, sources: Ids) -> Iterator[str]:
    yield "gold"
    found = [comparison.sources[j] for j, content in enumerate(comparison.contents) if covers(words, content)]
    if found:
        yield "found"
    if any(comparison.text.same_source(sources, predicted) for predicted in found):
        yield "right"
    elif any(found):
        yield "wrong"


def linked_scores(comparisons: Sequence[Comparison]) -> dict[str, SpanScores]:
    """Score attributions as wholes: a content is right if it overlaps enough and its source is the same."""
    return {name: _linked(comparisons, voices) for name, voices in LINKED.items()}


def _linked(comparisons: Sequence[Comparison], voices: tuple[str, ...]) -> SpanScores:
    gold = hit_gold = predicted = hit_predicted = 0
    for c in comparisons:
        right = {(i, j) for i, j in c.paired.items() if c.same_source(i, j)}
        right_gold, right_predicted = {i for i, _ in right}, {j for _, j in right}
        for i, words in enumerate(c.gold_contents):
            if c.text.voice(words) in voices:
                gold, hit_gold = gold + 1, hit_gold + (i in right_gold)
        for j, words in enumerate(c.contents):
            if c.text.voice(words) in voices:
                predicted, hit_predicted = predicted + 1, hit_predicted + (j in right_predicted)
    return SpanScores.of(hit_predicted, predicted, hit_gold, gold, n=gold)


def exact_span_scores(gold: Gold, comparisons: dict[str, Comparison]) -> dict[str, SpanScores]:
    """Score contiguous spans with both edges right, against every annotator (as published work does)."""
    counts: dict[str, Counter[str]] = {part: Counter() for part in PARTS}
    for stem, comparison in comparisons.items():
        predicted = {part: _edges(comparison.text, _predicted_spans(comparison, part)) for part in PARTS}
        for annotation in gold.annotations[stem]:
            for part in PARTS:
                wanted = _edges(comparison.text, _gold_spans(annotation, part))
                counts[part].update(
                    gold=len(wanted), predicted=len(predicted[part]), hit=len(wanted & predicted[part])
                )  # fmt: skip
    return {part: SpanScores.of(c["hit"], c["predicted"], c["hit"], c["gold"]) for part, c in counts.items()}


def _edges(text: WordedText, spans: Iterator[Span]) -> set[tuple[int, int]]:
    return {edges for edges in map(text.edges, spans) if edges}


def _gold_spans(annotation: Sequence[GoldAttribution], part: str) -> Iterator[Span]:
    for a in annotation:
        yield from {"source": a.source, "cues": a.cue, "content": a.content}[part]


def _predicted_spans(comparison: Comparison, part: str) -> Iterator[Span]:
    for p in comparison.predicted:
        yield from {"source": p.mention, "cues": p.cue_span, "content": p.spans}[part]
