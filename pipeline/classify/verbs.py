"""What a statement's main verbs and their subjects say: tense, mood, voice, whose act it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.classify.reading import SUBJECTS, Reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from spacy.tokens import Token

    from pipeline.records import Span

FUTURE = frozenset({"will", "'ll", "’ll", "shall", "wo", "gon"})
DUTY = frozenset({"should", "must", "ought", "need"})
GUESS = frozenset({"may", "might", "could"})
OWN = frozenset({"i", "we"})
THIRD = frozenset({"he", "she", "they", "it"})
GENERIC_NOUNS = frozenset({"PERSON", "ORG", "GPE", "NORP"})


def _subject(verb: Token) -> Token | None:
    while True:
        own = next((c for c in verb.children if c.dep_ in SUBJECTS), None)
        if own is not None or verb.dep_ != "conj" or verb.head.i == verb.i:
            return own
        verb = verb.head


def _main_with(reading: Reading, test: Callable[[Token], bool]) -> Span | None:
    return reading.first(t for verb in reading.verbs for t in reading.page.group(verb) if test(t))


def _is_past(verb: Token, reading: Reading) -> bool:
    group = reading.page.group(verb)
    if any(t.tag_ in {"MD", "VBZ", "VBP"} for t in group):
        return False
    return any(t.tag_ == "VBD" for t in group)


def past(reading: Reading) -> Span | None:
    """The first main verb stands in the past tense."""
    return reading.first(v for v in reading.verbs[:1] if _is_past(v, reading))


def present(reading: Reading) -> Span | None:
    """The first main verb stands in the simple present."""
    return reading.first(v for v in reading.verbs[:1] if v.tag_ in {"VBZ", "VBP"})


def perfect(reading: Reading) -> Span | None:
    """A main verb stands in the present perfect ("has signed")."""
    return _main_with(reading, lambda t: t.lemma_ == "have" and t.dep_ == "aux" and t.tag_ in {"VBZ", "VBP"})


def pluperfect(reading: Reading) -> Span | None:
    """A main verb stands in the past perfect ("had signed")."""
    return _main_with(reading, lambda t: t.lemma_ == "have" and t.dep_ == "aux" and t.tag_ == "VBD")


def progressive(reading: Reading) -> Span | None:
    """A main verb stands in the progressive ("is signing")."""
    return reading.first(
        (v for v in reading.verbs if v.tag_ == "VBG" and any(t.lemma_ == "be" for t in reading.page.group(v)[1:])),
    )


def passive(reading: Reading) -> Span | None:
    """A main verb stands in the passive."""
    return _main_with(reading, lambda t: t.dep_ == "auxpass")


def future(reading: Reading) -> Span | None:
    """A main verb stands in the future ("will", "is going to")."""
    return _main_with(reading, lambda t: t.lower_ in FUTURE) or going_to(reading)


def going_to(reading: Reading) -> Span | None:
    """A main verb is "going to" with another verb."""
    return reading.first(
        (v for v in reading.verbs if v.lower_ == "going" and any(c.dep_ == "xcomp" for c in v.children)),
    )


def would(reading: Reading) -> Span | None:
    """A main verb stands with "would"."""
    return _main_with(reading, lambda t: t.lower_ in {"would", "'d", "’d"} and t.tag_ == "MD")


def duty(reading: Reading) -> Span | None:
    """A main verb stands with "should", "must" or "ought"."""
    return _main_with(reading, lambda t: t.lower_ in DUTY and t.tag_ == "MD")


def guess(reading: Reading) -> Span | None:
    """A main verb stands with "may", "might" or "could"."""
    return _main_with(reading, lambda t: t.lower_ in GUESS)


def can(reading: Reading) -> Span | None:
    """A main verb stands with "can"."""
    return _main_with(reading, lambda t: t.lower_ in {"can", "ca", "cannot"})


def imperative(reading: Reading) -> Span | None:
    """The content begins with a bare verb that has no subject."""
    first = next((t for t in reading.tokens if t.is_alpha), None)
    if first is None or first.tag_ not in {"VB", "VBP"} or _subject(first) is not None:
        return None
    return reading.span_of(first) if first in reading.mains else None


def infinitive(reading: Reading) -> Span | None:
    """The content is an infinitive with "to"."""
    words = [t for t in reading.tokens if not t.is_punct][:2]
    both = len(words) == 2 and words[0].lower_ == "to" and words[1].tag_ in {"VB", "RB"}
    return reading.span_of(words[0]) if both else None


def gerund(reading: Reading) -> Span | None:
    """The content is governed by a bare participle in -ing."""
    return reading.first(t for t in reading.mains[:1] if t.tag_ == "VBG" and reading.shape == "phrase")


def negated(reading: Reading) -> Span | None:
    """A main verb is negated."""
    return reading.first(c for v in reading.verbs for c in v.children if c.dep_ == "neg")


def mixed_clause(reading: Reading) -> Span | None:
    """The content has a finite verb, but no governing one: a relative clause or a fragment."""
    if reading.shape == "clause":
        return None
    return reading.first(t for t in reading.tokens if t.tag_ in {"VBD", "VBZ", "VBP", "MD"})


# ---------------------------------------------------------------- subject


def _subjects(reading: Reading) -> list[Token]:
    return [s for v in reading.verbs if (s := _subject(v)) is not None]


def subject_i(reading: Reading) -> Span | None:
    """A main verb's subject is "I"."""
    return reading.first(s for s in _subjects(reading) if s.lower_ == "i")


def subject_we(reading: Reading) -> Span | None:
    """A main verb's subject is "we"."""
    return reading.first(s for s in _subjects(reading) if s.lower_ == "we")


def subject_you(reading: Reading) -> Span | None:
    """A main verb's subject is "you"."""
    return reading.first(s for s in _subjects(reading) if s.lower_ == "you")


def subject_he(reading: Reading) -> Span | None:
    """The first main verb's subject is "he" or "she"."""
    return reading.first(s for s in _subjects(reading)[:1] if s.lower_ in {"he", "she"})


def subject_they(reading: Reading) -> Span | None:
    """The first main verb's subject is "they"."""
    return reading.first(s for s in _subjects(reading)[:1] if s.lower_ == "they")


def subject_it(reading: Reading) -> Span | None:
    """The first main verb's subject is "it", "this" or "that"."""
    return reading.first(s for s in _subjects(reading)[:1] if s.lower_ in {"it", "this", "that", "these", "those"})


def subject_there(reading: Reading) -> Span | None:
    """A main clause begins with "there is"."""
    return reading.first(s for s in _subjects(reading) if s.dep_ == "expl")


def subject_name(reading: Reading) -> Span | None:
    """The first main verb's subject is a name."""
    return reading.first(s for s in _subjects(reading)[:1] if s.tag_ in {"NNP", "NNPS"})


def subject_noun(reading: Reading) -> Span | None:
    """The first main verb's subject is a common noun."""
    return reading.first(s for s in _subjects(reading)[:1] if s.tag_ in {"NN", "NNS"})


def _is_own(subject: Token, reading: Reading) -> bool:
    """The subject may be the source itself: I, we, a pronoun after it, or a shared name."""
    word = subject.lower_
    if word in OWN:
        return True
    if reading.voice == "direct":
        return False
    if word in THIRD:
        return True
    names = {t.lower_ for t in reading.words_of(reading.source) if t.tag_ in {"NNP", "NNPS", "NN", "NNS"}}
    return word in names or bool(
        {c.lower_ for c in subject.children if c.dep_ == "poss"} & {"his", "her", "its", "their", "our", "my"}
    )


def own_future(reading: Reading) -> Span | None:
    """The source says what it will do: "will", "would" or "plans to" with itself as subject."""
    if reading.voice == "writer":
        return None
    for verb in reading.verbs:
        subject = _subject(verb)
        if subject is None or not _is_own(subject, reading):
            continue
        for t in reading.page.group(verb):
            if t.lower_ in FUTURE or t.lower_ in {"would", "'d", "’d"}:
                return reading.span_of(t)
    return None


def others_future(reading: Reading) -> Span | None:
    """The source says what somebody or something else will do."""
    if reading.voice == "writer":
        return None
    for verb in reading.verbs:
        subject = _subject(verb)
        if subject is not None and not _is_own(subject, reading):
            for t in reading.page.group(verb):
                if t.lower_ in FUTURE or t.lower_ == "would":
                    return reading.span_of(t)
    return None


def own_past(reading: Reading) -> Span | None:
    """The source tells in the past tense what it did."""
    if reading.voice == "writer":
        return None
    return reading.first(
        (v for v in reading.verbs if _is_past(v, reading) and (s := _subject(v)) is not None and _is_own(s, reading)),
    )


def own_perfect(reading: Reading) -> Span | None:
    """The source tells in the perfect or progressive what it has done or is doing."""
    if reading.voice == "writer":
        return None
    for verb in reading.verbs:
        subject = _subject(verb)
        if (
            subject is not None
            and _is_own(subject, reading)
            and verb.tag_ in {"VBN", "VBG"}
            and len(reading.page.group(verb)) > 1
        ):
            return reading.span_of(verb)
    return None


def own_present(reading: Reading) -> Span | None:
    """The source speaks of itself in the simple present."""
    if reading.voice == "writer":
        return None
    for verb in reading.verbs:
        subject = _subject(verb)
        if subject is not None and _is_own(subject, reading) and verb.tag_ in {"VBZ", "VBP"}:
            return reading.span_of(verb)
    return None


def agent_future(reading: Reading) -> Span | None:
    """A named person or body "will" do something."""
    for verb in reading.verbs:
        subject = _subject(verb)
        if subject is not None and subject.ent_type_ in GENERIC_NOUNS:
            for t in reading.page.group(verb):
                if t.lower_ in FUTURE:
                    return reading.span_of(t)
    return None


def agent_past(reading: Reading) -> Span | None:
    """A named person or body did something."""
    return reading.first(
        (
            v
            for v in reading.verbs
            if v.lemma_ != "be"
            and _is_past(v, reading)
            and (s := _subject(v)) is not None
            and s.ent_type_ in GENERIC_NOUNS
        ),
    )
