"""What a statement's cue, source and speaker say."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.classify.reading import Reading
    from pipeline.records import Span
    from pipeline.rules import CueClass

    Feature = Callable[[Reading], Span | None]


def cue_tag(*tags: str) -> Feature:
    """Return the feature for cues whose first verb has one of some tags."""

    def find(reading: Reading) -> Span | None:
        verbs = [t for t in reading.words_of(reading.cue) if t.tag_.startswith(("VB", "MD"))]
        return reading.span_of(verbs[0]) if verbs and verbs[0].tag_ in tags else None

    find.__doc__ = f"The cue's first verb has the tag {' or '.join(tags)}."
    return find


def cue_negated(reading: Reading) -> Span | None:
    """The cue is negated: something was not said."""
    wanted = {"not", "n't", "n’t", "never", "no", "without", "nor"}
    return reading.first(t for t in reading.words_of(reading.cue) if t.lower_ in wanted)


def cue_noun(reading: Reading) -> Span | None:
    """The cue is a noun ("his promise to")."""
    words = list(reading.words_of(reading.cue))
    if any(t.tag_.startswith("VB") for t in words):
        return None
    return reading.first(t for t in words if t.tag_.startswith("NN"))


def turn_question(reading: Reading) -> Span | None:
    """A turn of an interview or transcript ends with a question mark."""
    cue = [t.text for t in reading.words_of(reading.cue)]
    return reading.spans[-1] if cue == [":"] and reading.text.rstrip().endswith("?") else None


def cue_absent(reading: Reading) -> Span | None:
    """There is no cue: the floor is kept."""
    return reading.whole if not reading.cue and reading.voice != "writer" else None


def cue_after(reading: Reading) -> Span | None:
    """The cue stands after the content's beginning."""
    if not reading.cue or reading.cue[0] == reading.content[0]:
        return None
    return reading.first(t for t in reading.words_of(reading.cue) if t.i > reading.content[0][0])


def act(kind: CueClass) -> Feature:
    """Return the feature for cues of a class."""

    def find(reading: Reading) -> Span | None:
        if reading.cue_class != kind:
            return None
        return reading.first(reading.words_of(reading.cue)) or reading.whole

    find.__doc__ = f"The cue's own rule says that it is one to {kind}."
    return find


def source_pronoun(reading: Reading) -> Span | None:
    """The source is a pronoun of the third person."""
    return reading.first(t for t in reading.words_of(reading.source) if t.lower_ in {"he", "she", "they", "it", "who"})


def source_own(reading: Reading) -> Span | None:
    """The source is "I", "we" or "you"."""
    return reading.first(t for t in reading.words_of(reading.source) if t.lower_ in {"i", "we", "you", "us"})


def source_absent(reading: Reading) -> Span | None:
    """The text names no source for the content."""
    return reading.whole if not reading.source and reading.voice != "writer" else None


def source_entity(*labels: str) -> Feature:
    """Return the feature for sources that name something of some kinds."""

    def find(reading: Reading) -> Span | None:
        return reading.first(t for t in reading.words_of(reading.source) if t.ent_type_ in labels)

    find.__doc__ = f"The source names something of the kind {', '.join(labels)}."
    return find


def source_plural(reading: Reading) -> Span | None:
    """The source is a plural noun."""
    return reading.first(t for t in reading.words_of(reading.source) if t.tag_ == "NNS" and t.dep_ != "compound")


def speaker(kind: str) -> Feature:
    """Return the feature for speakers of a type."""

    def find(reading: Reading) -> Span | None:
        if reading.speaker != kind:
            return None
        return reading.first(reading.words_of(reading.source)) or reading.whole

    find.__doc__ = f"The resolved speaker is of the type {kind}."
    return find
