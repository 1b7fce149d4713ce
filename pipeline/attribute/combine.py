"""Rules and encoder together: the encoder's attributions, and the rules' where the rules are surer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from msgspec import UNSET, structs

from pipeline.attribute.claims import Claims
from pipeline.attribute.merge import same_cue
from pipeline.attribute.model import CONTENT_READ, SOURCE_READ
from pipeline.attribute.voices import quotations_in
from pipeline.records import Evidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipeline.records import Attribution, Quotation, Span

# Patterns of the page's layout, which settle content and source whatever the encoder says.
SURE = ("pattern.turn", "pattern.signature", "pattern.headline", "pattern.list")
# Who says so: the encoder alone, both (of the source, too), both with another source each, the encoder with a
# source that only the rules have, the rules alone.
Support = Literal["alone", "agree", "differ", "lent", "rules"]
# Log-odds that content and source are both right: a logistic regression on what is found in PolNeAR dev and world
# (training/confidence.py), by support, and by the encoder's log-odds of content and source; of the rules' own score.
SUPPORT = {"alone": -1.95, "agree": -0.94, "differ": -1.79, "lent": -2.33, "rules": 0.88}
CONTENT_SLOPE, SOURCE_SLOPE, RULES_SLOPE = 0.81, 0.28, 1.21
# Probabilities nearer to 0 or 1 say no more than these.
LEAST, MOST = 0.01, 0.995
# What the encoder alone must hold of a content without quotations.
ALONE = 0.45
# From which score on the rules' attributions count where the encoder has none: with quotations, without.
QUOTED, UNQUOTED = 0.6, 0.9


def combine(
    rules: Sequence[Attribution], read: Iterable[Attribution], spoken: Sequence[Quotation]
) -> list[Attribution]:
    """Return the attributions of a text, contents disjoint; ``spoken`` are the quotations that state something.

    ``continues`` of the rules' attributions indexes ``rules``; in the result it indexes the result.
    """
    sure = [i for i, a in enumerate(rules) if _is_sure(a)]
    taken = Claims()
    for i in sure:
        for span in _parts(rules[i]):
            taken.add(span, i)
    joint = _Joint(a for a in read if not taken.keys(_parts(a)))
    for i, a in enumerate(rules):
        partner = None if i in sure else joint.partner(a)
        if partner is None:
            if i in sure or a.score >= (QUOTED if quotations_in(a.spans, spoken) else UNQUOTED):
                joint.add(a, i)
            continue
        joint.places[i] = partner
        missed = [s for s in a.spans if not joint.contents.keys([s]) and quotations_in([s], spoken)]
        joint.enrich(partner, a)
        joint.join(partner, a)
        if missed and joint.agree(partner, a):
            joint.extend(partner, missed)
        elif missed:
            joint.add(structs.replace(a, spans=tuple(missed), nested=()))
    return joint.result(spoken)


class _Joint:
    """The attributions so far, first the encoder's, with who claims which words."""

    def __init__(self, read: Iterable[Attribution]) -> None:
        self.found: list[Attribution] = []
        self.support: list[Support] = []
        self.joined: dict[int, int] = {}  # what went on in another's record
        self.contents, self.cues = Claims(), Claims()
        self.places: dict[int, int] = {}  # where an attribution of the rules went
        for a in read:
            self.add(a, support="alone")

    def add(self, a: Attribution, rule: int | None = None, support: Support = "rules") -> None:
        key = len(self.found)
        if rule is not None:
            self.places[rule] = key
        for span in a.spans:
            self.contents.add(span, key)
        if a.cue is not None:
            self.cues.add(a.cue, key)
        self.found.append(a)
        self.support.append(support)

    def extend(self, key: int, spans: list[Span]) -> None:
        for span in spans:
            self.contents.add(span, key)
        self.found[key] = structs.replace(self.found[key], spans=tuple(sorted([*self.found[key].spans, *spans])))

    def join(self, key: int, rule: Attribution) -> None:
        """Let a quotation that runs on, which the encoder has without a cue, go on in the record of its beginning."""
        for other in self.owners(rule.spans):
            a, first = self.found[other], self.found[key]
            if other != key and a.cue is None and all(any(s.holds(p) for s in rule.spans) for p in a.spans):
                self.joined[other] = key
                spans = tuple(sorted([*first.spans, *a.spans]))
                self.found[key] = structs.replace(first, spans=spans, nested=(*first.nested, *a.nested))

    def enrich(self, key: int, rule: Attribution) -> None:
        a = self.found[key]
        if self.support[key] == "alone":
            same = a.source is rule.source is None or _same_source(a, rule)
            self.support[key] = "agree" if same else "lent" if a.source is None else "differ"
        self.found[key] = _enriched(a, rule)

    def partner(self, a: Attribution) -> int | None:
        """Return which attribution is the rules' one: that of the same cue, else that with most of its content."""
        rivals = self.owners(a.spans)
        for key in [*rivals, *self.cues.keys([a.cue] if a.cue is not None else [])]:
            if same_cue(self.found[key], a):
                return key
        return max(rivals, key=lambda key: _shared(a, self.found[key]), default=None)

    def owners(self, spans: Iterable[Span]) -> list[int]:
        """Return whose contents overlap any of the spans, in text order, each once."""
        return list(dict.fromkeys(self.joined.get(key, key) for key in self.contents.keys(spans)))

    def agree(self, key: int, a: Attribution) -> bool:
        """Tell whether cue or source of the attribution and of the rules' one are the same."""
        b = self.found[key]
        return same_cue(a, b) or _same_source(a, b)

    def result(self, spoken: Sequence[Quotation]) -> list[Attribution]:
        kept = [key for key in range(len(self.found)) if key not in self.joined and self._holds(key, spoken)]
        order = {key: place for place, key in enumerate(kept)}
        self.places = {rule: order[key] for rule, key in self.places.items() if key in order}
        return [self._continued(key, order[key]) for key in kept]

    def _holds(self, key: int, spoken: Sequence[Quotation]) -> bool:
        """Tell whether an attribution that the encoder alone has is likely enough."""
        a = self.found[key]
        if self.support[key] != "alone" or quotations_in(a.spans, spoken):
            return True
        return (a.cue is not None or a.source is not None) and a.score >= ALONE

    def _continued(self, key: int, at: int) -> Attribution:
        a = _scored(self.found[key], self.support[key])
        place = None if a.continues is None else self.places.get(a.continues)
        if a.continues is None or (place is not None and place != at):
            return structs.replace(a, continues=place)
        return structs.replace(a, continues=None, continued=False)


def _enriched(read: Attribution, rule: Attribution) -> Attribution:
    """Give the encoder's attribution what only the rules know of it: circumstances, nested ones, a missing source."""
    source = read.source
    relayed = source is not None and any(source.overlaps(link) for link in rule.chain)
    if relayed:
        source = rule.source  # who relays it is not who said it
        if any(span.overlaps(part) for span in read.spans for part in (rule.cue, rule.source) if part is not None):
            read = structs.replace(read, spans=rule.spans)  # nor is it relayed that he said it
    if source is None and rule.source is not None and not any(p.overlaps(rule.source) for p in _parts(read)):
        source = rule.source
    cue = rule.cue if relayed or (read.cue is None and source is not None) else read.cue
    if cue is not None and any(p.overlaps(cue) for p in (*read.spans, *([source] if source is not None else []))):
        cue = read.cue
    one_cue = same_cue(structs.replace(read, cue=cue), rule)
    whole = [n for n in rule.nested if all(any(s.holds(p) for s in read.spans) for p in _parts(n))]
    others = [n for n in whole if not any(n.spans[0].overlaps(m.spans[0]) for m in read.nested)]
    same_source = source is not None and rule.source is not None and source.overlaps(rule.source)
    return structs.replace(
        read, source=source,
        cue=cue,
        cue_rule=rule.cue_rule if one_cue else read.cue_rule,
        addressee=rule.addressee if one_cue else read.addressee,
        medium=rule.medium if one_cue else read.medium,
        chain=rule.chain if same_source else read.chain,
        nested=(*read.nested, *others),
        continued=rule.continued and source is None,
        continues=rule.continues if rule.continued and source is None else None,
        evidence=(*read.evidence, *rule.evidence),
    )  # fmt: skip


def _scored(a: Attribution, support: Support) -> Attribution:
    """Set the probability that content and source are both right, with who says so as evidence."""
    read = {e.rule: e.score for e in a.evidence if e.score is not UNSET}
    odds = SUPPORT[support]
    if support == "rules":
        odds += RULES_SLOPE * log_odds(a.score)
    else:
        odds += CONTENT_SLOPE * log_odds(read[CONTENT_READ]) + SOURCE_SLOPE * log_odds(read[SOURCE_READ])
    score = 1 / (1 + math.exp(-odds))
    place = a.cue or a.spans[0]
    said = Evidence(f"support.{support}", place.start, place.end, round(score, 4))
    return structs.replace(a, score=score, evidence=(*a.evidence, said))


def log_odds(probability: float, least: float = LEAST, most: float = MOST) -> float:
    """Return the log-odds of a probability, which is kept between two bounds."""
    bounded = max(least, min(most, probability))
    return math.log(bounded / (1 - bounded))


def _is_sure(a: Attribution) -> bool:
    return any(e.rule in SURE for e in a.evidence)


def _parts(a: Attribution) -> list[Span]:
    return [*a.spans, *([a.cue] if a.cue is not None else [])]


def _shared(a: Attribution, b: Attribution) -> int:
    return sum(max(0, min(x.end, y.end) - max(x.start, y.start)) for x in a.spans for y in b.spans)


def _same_source(a: Attribution, b: Attribution) -> bool:
    return a.source is not None and b.source is not None and a.source.overlaps(b.source)
