"""Measures of statements: canonical names, classes, check-worthiness, calibration."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec import UNSET, Struct, UnsetType

from pipeline.evaluate.scores import (
    ClassConfidenceScores,
    ClassScores,
    ConfidenceScores,
    NameScores,
    RankingScores,
    SpanScores,
    percent,
)
from pipeline.evaluate.words import Ids, WordedText, pair, plain_name
from pipeline.records import CLASSES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.evaluate.gold import Gold, GoldStatement
    from pipeline.evaluate.predictions import Prediction, Predictions

PRONOUNS = frozenset({"he", "she", "they", "it", "i", "we", "who"})
CHECK_WORTHY = 2  # the grade from which a statement is worth a fact-checker's time
BINS = 10  # of confidence, for the calibration error
SUREST = 0.8  # the part of the statements that a newsroom would look at first


class Judged(Struct, frozen=True):
    """A gold statement and the prediction paired with it, if there is one."""

    gold: GoldStatement
    words: Ids
    text: WordedText
    predicted: Prediction | None

    @property
    def named(self) -> bool:
        """Tell whether the statement's speaker is a person or an organisation, who have names."""
        return self.gold.voice == "attributed" and self.gold.speaker_type in ("person", "org")

    @property
    def right_name(self) -> bool:
        """Tell whether the predicted canonical name is the gold one, titles and accents aside."""
        return self.predicted is not None and plain_name(self.predicted.name) == plain_name(self.gold.speaker)


def judge(gold: Gold, predictions: Predictions) -> list[Judged]:
    """Pair every gold statement with its prediction, text by text in the order of the gold file."""
    rows: dict[str, list[GoldStatement]] = {}
    for statement in gold.statements:
        rows.setdefault(statement.doc, []).append(statement)
    return [judged for stem in rows for judged in _judge(gold.texts[stem], rows[stem], predictions.get(stem, []))]


def _judge(text: str, rows: list[GoldStatement], predicted: list[Prediction]) -> Iterator[Judged]:
    worded = WordedText(text)
    contents = [worded.ids(row.content) for row in rows]
    paired = pair(contents, [worded.ids(p.spans) for p in predicted])
    for i, (row, words) in enumerate(zip(rows, contents, strict=True)):
        yield Judged(row, words, worded, predicted[paired[i]] if i in paired else None)


def name_scores(judged: Sequence[Judged]) -> dict[str, NameScores]:
    """Score canonical names, for all and by kind of speaker, voice and mention."""
    counts: dict[str, Counter[str]] = {}
    for item in judged:
        for kind in _kinds(item) if item.named else ():
            count = counts.setdefault(kind, Counter())
            count.update(n=1, found=item.predicted is not None, right=item.right_name)
    return {
        kind: NameScores(
            n=c["n"], found=percent(c["found"], c["n"]), right=percent(c["right"], c["n"]),
            accuracy_when_found=percent(c["right"], c["found"]),
        )
        for kind, c in counts.items()
    }  # fmt: skip


def _kinds(item: Judged) -> Iterator[str]:
    quoted = item.text.voice(item.words) != "indirect"
    mention = " ".join(span.of(item.text.text) for span in item.gold.source).lower()
    yield "all"
    yield item.gold.speaker_type
    yield "quoted" if quoted else "indirect"
    if mention in PRONOUNS:
        yield "pronoun"
    if quoted and item.gold.speaker_type == "person":
        yield "quoted person"


def class_scores(judged: Sequence[Judged]) -> dict[str, ClassScores]:
    """Score the classes, of all statements and by voice; a statement not found counts against recall."""
    return {
        "all": _class_scores(judged),
        "attributed": _class_scores([item for item in judged if item.gold.voice == "attributed"]),
        "writer": _class_scores([item for item in judged if item.gold.voice == "writer"]),
    }


def _class_scores(judged: Sequence[Judged]) -> ClassScores:
    gold = Counter(item.gold.class_ for item in judged)
    given = [(item.gold.class_, item.predicted.class_) for item in judged if item.predicted and item.predicted.class_]
    predicted = Counter(label for _, label in given)
    hits = Counter(label for wanted, label in given if wanted == label)
    f1 = {c: SpanScores.of(hits[c], predicted[c], hits[c], gold[c]).f1 for c in CLASSES}
    present = [f1[c] for c in CLASSES if gold[c]]
    return ClassScores(
        macro_f1=round(sum(present) / max(1, len(present)), 1),
        accuracy=percent(sum(hits.values()), len(judged)),
        **f1,
        n=len(judged),
    )


def ranking_scores(judged: Sequence[Judged]) -> RankingScores:
    """Score check-worthiness as a ranking; a statement that was not found stands last."""
    ranking = [(_check_worthiness(item), item.gold.check_worthiness >= CHECK_WORTHY) for item in judged]
    ranking.sort(key=lambda item: -item[0])
    hits, total = 0, 0.0
    for rank, (_, worthy) in enumerate(ranking, start=1):
        if worthy:
            hits += 1
            total += hits / rank
    return RankingScores(average_precision=percent(total, hits), base_rate=percent(hits, len(ranking)))


def _check_worthiness(item: Judged) -> float:
    return (item.predicted.check_worthiness if item.predicted else None) or 0.0


def confidence_scores(judged: Sequence[Judged]) -> ConfidenceScores | UnsetType:
    """Compare confidence with how often the name is right; unset where nothing has a confidence."""
    pairs = [
        (item.predicted.confidence, item.right_name)
        for item in judged if item.named and item.predicted and item.predicted.confidence is not None
    ]  # fmt: skip
    if not pairs:
        return UNSET
    surest = sorted(pairs, reverse=True)[: max(1, int(SUREST * len(pairs)))]
    return ConfidenceScores(
        expected_calibration_error=_calibration_error(pairs),
        names_right_in_surest_80_percent=percent(sum(right for _, right in surest), len(surest)),
    )


def class_confidence_scores(judged: Sequence[Judged]) -> ClassConfidenceScores | UnsetType:
    """Compare each class's score with how often the class is right; unset where nothing has scores."""
    pairs = [
        (item.predicted.scores[item.predicted.class_], item.predicted.class_ == item.gold.class_)
        for item in judged if item.predicted and item.predicted.class_ and item.predicted.scores
    ]  # fmt: skip
    if not pairs:
        return UNSET
    surest = sorted(pairs, reverse=True)[: max(1, len(pairs) // 2)]
    return ClassConfidenceScores(
        expected_calibration_error=_calibration_error(pairs),
        right_in_surest_half=percent(sum(right for _, right in surest), len(surest)),
    )


def _calibration_error(pairs: Sequence[tuple[float, bool]]) -> float:
    """Return the expected calibration error in points of probabilities that something is right."""
    by_bin: dict[int, list[tuple[float, bool]]] = {}
    for probability, right in pairs:
        by_bin.setdefault(min(BINS - 1, int(probability * BINS)), []).append((probability, right))
    off = sum(abs(sum(right for _, right in b) - sum(p for p, _ in b)) for b in by_bin.values())
    return percent(off, len(pairs))
