"""Claim, announcement, analysis or other, and check-worthiness: by rules and by the network, together.

The rules are a log-linear model: every class rule that fires on a statement adds its weights to the classes' log-odds
(``rules/classes.toml`` holds both; ``training/class_weights.py`` measured the weights). The network judges the words'
meanings (``pipeline.encode.statements``). ``weighing`` adds up the two. The rules that fired are shown as evidence,
and the network's word for the class as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from pipeline.classify.checkable import checkable_part, reasons_of
from pipeline.classify.reading import Page, Reading, read_attribution, read_example, read_sentence
from pipeline.classify.rulebook import Firing, rulebook
from pipeline.classify.weighing import weigh
from pipeline.encode.statements import StatementWords
from pipeline.records import Evidence
from pipeline.rules import Cue

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from spacy.tokens import Doc

    from pipeline.encode.statements import Meanings, StatementHead
    from pipeline.records import Attribution, Classification, Layout, Resolution, Span, SpeakerType
    from pipeline.rules import Rules


class Classifier:
    """Classifies the statements of one parsed document; by the rules alone where no network has read it."""

    def __init__(
        self, doc: Doc, layout: Layout, rules: Rules, meanings: Meanings | None = None,
        head: StatementHead | None = None,
    ) -> None:  # fmt: skip
        self.page = Page(doc, layout)
        self.rulebook = rulebook(rules)
        self.hits = self.rulebook.hits(self.page)
        self.cue_classes = {rule.id: rule.class_ for rule in rules.of(Cue)}
        self.meanings, self.head = meanings, head

    def attributions(
        self, attributions: Sequence[Attribution], resolutions: Sequence[Resolution]
    ) -> list[Classification]:
        """Classify attributed statements."""
        speakers = [resolution.speaker.type if resolution.speaker else None for resolution in resolutions]
        readings = [self.read(*pair) for pair in zip(attributions, speakers, strict=True)]
        return self._classify(readings, [(a.spans, a.cue, a.source) for a in attributions])

    def sentences(self, sentences: Sequence[Span]) -> list[Classification]:
        """Classify sentences in the writer's own voice."""
        readings = [read_sentence(self.page, sentence) for sentence in sentences]
        return self._classify(readings, [((sentence,), None, None) for sentence in sentences])

    def read(self, attribution: Attribution, speaker: SpeakerType | None) -> Reading:
        """Return the reading of an attributed statement whose speaker is of a type."""
        return read_attribution(self.page, attribution, speaker, self.cue_classes.get(attribution.cue_rule))

    def firings(self, reading: Reading) -> list[Firing]:
        """Return the rules that fire on a statement."""
        return self.rulebook.fire(reading, self.hits)

    def network(
        self, statements: Iterable[tuple[Sequence[Span], Span | None, Span | None]], *, writer: bool
    ) -> list[NDArray[np.float32] | None]:
        """Return what the network says of statements given by content, cue and source; None of one without a word."""
        if self.meanings is None or self.head is None:
            return [None for _ in statements]
        of = self.meanings.of
        asked = [StatementWords(of(spans), of([cue]), of([source]), writer) for spans, cue, source in statements]
        scores = iter(self.head.score(self.meanings, [words for words in asked if words.content]))
        return [next(scores) if words.content else None for words in asked]

    def _classify(
        self, readings: list[Reading], statements: list[tuple[Sequence[Span], Span | None, Span | None]]
    ) -> list[Classification]:
        writer = bool(readings) and readings[0].voice == "writer"
        scores = self.network(statements, writer=writer)
        return [self._weighed(reading, said) for reading, said in zip(readings, scores, strict=True)]

    def _weighed(self, reading: Reading, said: NDArray[np.float32] | None) -> Classification:
        firings = self.firings(reading)
        weighed = weigh(reading.whole, firings, said)
        if weighed.class_ == "other":
            return weighed
        reasons = reasons_of(reading, firings)
        return structs.replace(weighed, reasons=reasons, checkable=checkable_part(reading, reasons))


def find_rule_evidence(doc: Doc, layout: Layout, rules: Rules) -> tuple[Evidence, ...]:
    """Return every class rule that fires on a sentence of the document, with all its places.

    Each sentence is taken as content, cue, source and frame at once, and in every voice, so that
    a rule can be tried on one-sentence examples.
    """
    classifier = Classifier(doc, layout, rules)
    found: dict[Evidence, None] = {}
    for sentence in layout.sentences:
        reading = read_example(classifier.page, sentence.span)
        for evidence in classifier.rulebook.everywhere(reading, classifier.hits):
            found[evidence] = None
    return tuple(found)
