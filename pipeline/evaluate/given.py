"""Gold statements as attributions, to measure the stages after on what the text really attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.attribute.lexicon import Lexicon
from pipeline.attribute.merge import finish
from pipeline.attribute.syntax import Syntax
from pipeline.parse import text_of
from pipeline.records import Attribution, Span
from pipeline.rules import Cue

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipeline.evaluate.gold import GoldStatement
    from pipeline.process import Attributed
    from pipeline.rules import Rules


class Given:
    """Makes attributions of a text from spans that somebody gives."""

    def __init__(self, found: Attributed, rules: Rules) -> None:
        self.found = found
        self.lexicon = Lexicon(rules.of(Cue))
        self.syntax = Syntax(found.doc, found.quotations)

    def attribution(self, content: Sequence[Span], cue: Sequence[Span], source: Sequence[Span]) -> Attribution:
        """Return an attribution; a source or cue in several parts counts from its first word to its last."""
        whole = _hull(cue)
        plain = Attribution(
            spans=tuple(content),
            voice="indirect",
            cue=whole,
            cue_rule=self._rule(whole),
            source=_hull(source),
            score=1.0,
        )
        return finish(text_of(self.found.doc), [plain], self.found.quotations)[0]

    def _rule(self, cue: Span | None) -> str:
        """Return the id of a cue's rule: of its last word that has one, the rule of most words; "" if there is none."""
        found = None if cue is None else self.found.doc.char_span(cue.start, cue.end, alignment_mode="expand")
        tokens = self.syntax.tokens[found.start : found.end] if found is not None else []
        matches = (match for token in reversed(tokens) for match in self.lexicon.at(self.syntax, token))
        return next((match.rule.id for match in matches), "")


def given_attributions(
    found: Attributed, statements: Iterable[GoldStatement], rules: Rules
) -> list[tuple[GoldStatement, Attribution]]:
    """Return each attributed statement with itself as an attribution, in the order of the contents."""
    given = Given(found, rules)
    attributed = sorted((s for s in statements if s.voice == "attributed"), key=lambda s: s.content[0])
    return [(s, given.attribution(s.content, s.cue, s.source)) for s in attributed]


def _hull(spans: Sequence[Span]) -> Span | None:
    return Span(spans[0].start, spans[-1].end) if spans else None
