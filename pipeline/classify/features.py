"""Named features of a statement that words alone don't show: tense, subject, shape, figures.

Each feature takes a Reading and returns the words on which it rests, or None. Rules name them
(``feature = "future"``); a new one needs a function in ``verbs``, ``shape`` or ``sourcing`` and its
name in ``FEATURES``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from pipeline.classify import shape, sourcing, verbs
from pipeline.rules import CueClass

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.classify.reading import Reading
    from pipeline.records import Span

    Feature = Callable[[Reading], Span | None]

FEATURES: dict[str, Feature] = {
    "statement": shape.statement,
    "past": verbs.past, "present": verbs.present, "perfect": verbs.perfect, "pluperfect": verbs.pluperfect,
    "progressive": verbs.progressive,
    "passive": verbs.passive, "future": verbs.future, "going-to": verbs.going_to, "would": verbs.would,
    "duty": verbs.duty, "guess": verbs.guess,
    "can": verbs.can, "imperative": verbs.imperative, "infinitive": verbs.infinitive, "gerund": verbs.gerund,
    "negated": verbs.negated,
    "mixed-clause": verbs.mixed_clause,
    "subject-i": verbs.subject_i, "subject-we": verbs.subject_we, "subject-you": verbs.subject_you,
    "subject-he": verbs.subject_he,
    "subject-they": verbs.subject_they, "subject-it": verbs.subject_it, "subject-there": verbs.subject_there,
    "subject-name": verbs.subject_name, "subject-noun": verbs.subject_noun,
    "own-future": verbs.own_future, "others-future": verbs.others_future, "own-past": verbs.own_past,
    "own-perfect": verbs.own_perfect, "own-present": verbs.own_present,
    "agent-future": verbs.agent_future, "agent-past": verbs.agent_past,
    "copula-adjective": shape.copula_adjective, "copula-noun": shape.copula_noun, "comparative": shape.comparative,
    "superlative": shape.superlative, "adjective-heavy": shape.adjective_heavy,
    "person": shape.entity("PERSON"), "body": shape.entity("ORG", "NORP"), "place": shape.entity("GPE", "LOC", "FAC"),
    "date": shape.entity("DATE", "TIME"), "money": shape.entity("MONEY"), "percent": shape.entity("PERCENT"),
    "law-or-event": shape.entity("LAW", "EVENT", "WORK_OF_ART", "PRODUCT"),
    "number": shape.number, "several-numbers": shape.several_numbers, "several-names": shape.several_names,
    "nameless": shape.nameless,
    "length-1": shape.length(0, 1), "length-2-3": shape.length(2, 3), "length-4-6": shape.length(4, 6),
    "length-7-10": shape.length(7, 10),
    "length-11-17": shape.length(11, 17), "length-18-28": shape.length(18, 28), "length-29-45": shape.length(29, 45),
    "length-46": shape.length(46, 1 << 30),
    "clause": shape.clause, "verbless": shape.verbless, "question": shape.question, "exclamation": shape.exclamation,
    "unended": shape.unended,
    "wh-start": shape.wh_start, "capitals": shape.capitals, "noun-head": shape.noun_head, "name-head": shape.name_head,
    "adjective-head": shape.adjective_head, "prepositional": shape.prepositional, "bare-fragment": shape.bare_fragment,
    "several-sentences": shape.several_sentences,
    "pieces": shape.pieces, "mixed": shape.voice("mixed"), "indirect": shape.voice("indirect"),
    "headline": shape.zone("headline"), "not-body": shape.zone("dateline", "byline", "caption", "boilerplate"),
    "headline-news": shape.headline_news, "headline-plan": shape.headline_plan,
    "headline-nameless": shape.headline_nameless,
    "list": shape.zone("list"), "lead": shape.lead, "scare-quotes": shape.scare_quotes,
    "cue-past": sourcing.cue_tag("VBD", "VBN"), "cue-present": sourcing.cue_tag("VBZ", "VBP"),
    "cue-ing": sourcing.cue_tag("VBG"),
    "cue-base": sourcing.cue_tag("VB"), "cue-modal": sourcing.cue_tag("MD"), "cue-negated": sourcing.cue_negated,
    "cue-noun": sourcing.cue_noun, "turn-question": sourcing.turn_question,
    "cue-absent": sourcing.cue_absent, "cue-after": sourcing.cue_after, "source-pronoun": sourcing.source_pronoun,
    "source-own": sourcing.source_own,
    "source-absent": sourcing.source_absent, "source-person": sourcing.source_entity("PERSON"),
    "source-body": sourcing.source_entity("ORG"),
    "source-place": sourcing.source_entity("GPE", "NORP"), "source-plural": sourcing.source_plural,
    "speaker-person": sourcing.speaker("person"), "speaker-org": sourcing.speaker("org"),
    "speaker-document": sourcing.speaker("document"),
    "speaker-unnamed": sourcing.speaker("unnamed"),
    **{f"act-{kind}": sourcing.act(kind) for kind in get_args(CueClass)},
}  # fmt: skip
