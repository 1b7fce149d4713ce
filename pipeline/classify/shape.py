"""What a statement's content holds and how it is built: judgements, figures, names, length, place on the page."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from pipeline.classify.reading import Reading
from pipeline.classify.verbs import FUTURE, GENERIC_NOUNS
from pipeline.records import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from spacy.tokens import Token

    Feature = Callable[[Reading], Span | None]


def copula_adjective(reading: Reading) -> Span | None:
    """A main verb "be" says an adjective of its subject."""
    return reading.first(
        (c for v in reading.verbs if v.lemma_ == "be" for c in v.children if c.dep_ == "acomp"),
    )


def copula_noun(reading: Reading) -> Span | None:
    """A main verb "be" says a noun of its subject."""
    return reading.first(c for v in reading.verbs if v.lemma_ == "be" for c in v.children if c.dep_ == "attr")


def comparative(reading: Reading) -> Span | None:
    """The content compares ("better", "more dangerous")."""
    return reading.first(t for t in reading.tokens if t.tag_ in {"JJR", "RBR"})


def superlative(reading: Reading) -> Span | None:
    """The content holds a superlative."""
    return reading.first(t for t in reading.tokens if t.tag_ in {"JJS", "RBS"})


def adjective_heavy(reading: Reading) -> Span | None:
    """At least one word in eight is an adjective or adverb, and there are two or more."""
    found = [t for t in reading.tokens if t.pos_ in {"ADJ", "ADV"}]
    return reading.span_of(found[0]) if len(found) >= 2 and 8 * len(found) >= len(reading.tokens) else None


def entity(*labels: str) -> Feature:
    """Return the feature for names of some kinds (spaCy's labels)."""
    wanted = frozenset(labels)

    def find(reading: Reading) -> Span | None:
        return reading.first(t for t in reading.tokens if t.ent_type_ in wanted and not t.is_punct)

    find.__doc__ = f"The content names something of the kind {', '.join(labels)}."
    return find


def number(reading: Reading) -> Span | None:
    """The content holds a number written in digits, or a count of two or more."""
    return reading.first(
        (t for t in reading.tokens if t.tag_ == "CD" and t.lower_ != "one" and t.ent_type_ not in {"DATE", "TIME"}),
    )


def several_numbers(reading: Reading) -> Span | None:
    """The content holds three or more numbers."""
    found = [t for t in reading.tokens if t.tag_ == "CD"]
    return reading.span_of(found[0]) if len(found) >= 3 else None


def several_names(reading: Reading) -> Span | None:
    """The content names three or more persons, bodies or places."""
    found = [t for t in reading.tokens if t.ent_iob_ == "B" and t.ent_type_ in GENERIC_NOUNS]
    return reading.span_of(found[0]) if len(found) >= 3 else None


def nameless(reading: Reading) -> Span | None:
    """The content holds no name, number or date."""
    if any(t.ent_type_ or t.tag_ in {"NNP", "CD"} for t in reading.tokens) or not reading.tokens:
        return None
    return reading.span_of(reading.tokens[0])


def statement(reading: Reading) -> Span | None:
    """Any statement at all: where a class's weights begin."""
    return reading.whole


def length(low: int, high: int) -> Feature:
    """Return the feature for contents of so many words."""

    def find(reading: Reading) -> Span | None:
        words = sum(1 for t in reading.tokens if not t.is_punct)
        return reading.whole if low <= words <= high else None

    find.__doc__ = f"The content has {low} to {high} words."
    return find


def clause(reading: Reading) -> Span | None:
    """A finite clause governs the content."""
    return reading.span_of(reading.verbs[0]) if reading.shape == "clause" else None


def verbless(reading: Reading) -> Span | None:
    """The content holds no verb at all."""
    return None if any(t.pos_ in {"VERB", "AUX"} for t in reading.tokens) else reading.whole


def question(reading: Reading) -> Span | None:
    """The content ends with a question mark."""
    return _ending(reading, r"\?[\"”’')\s]*$")


def exclamation(reading: Reading) -> Span | None:
    """The content ends with an exclamation mark."""
    return _ending(reading, r"![\"”’')\s]*$")


def unended(reading: Reading) -> Span | None:
    """A writer's sentence that ends without a full stop, question or exclamation mark."""
    if re.search(r"[.!?…][\"”’')\]\s]*$", reading.text):
        return None
    return reading.span_of(reading.tokens[-1]) if reading.tokens else None


def _ending(reading: Reading, pattern: str) -> Span | None:
    if not re.search(pattern, reading.text):
        return None
    end = reading.spans[-1].end
    return Span(max(reading.spans[-1].start, end - 1), end)


def wh_start(reading: Reading) -> Span | None:
    """The content begins with a question word: an indirect question or a topic."""
    first = next((t for t in reading.tokens if t.is_alpha), None)
    wanted = {"what", "who", "whom", "why", "how", "where", "when", "whether", "which", "if"}
    return reading.span_of(first) if first is not None and first.lower_ in wanted else None


def capitals(reading: Reading) -> Span | None:
    """Nearly every word begins with a capital, as in headlines and titles."""
    words = [t for t in reading.tokens if t.is_alpha]
    large = sum(1 for t in words if t.text[0].isupper())
    return reading.whole if len(words) >= 3 and 10 * large >= 8 * len(words) else None


def noun_head(reading: Reading) -> Span | None:
    """The content is a noun phrase."""
    if reading.shape == "clause":
        return None
    return reading.first(t for t in reading.mains[:1] if t.tag_.startswith("NN"))


def name_head(reading: Reading) -> Span | None:
    """The content is a noun phrase headed by a name."""
    if reading.shape == "clause":
        return None
    return reading.first(t for t in reading.mains[:1] if t.tag_.startswith("NNP"))


def adjective_head(reading: Reading) -> Span | None:
    """The content is an adjective or adverb phrase."""
    if reading.shape == "clause":
        return None
    return reading.first(t for t in reading.mains[:1] if t.pos_ in {"ADJ", "ADV"})


def bare_fragment(reading: Reading) -> Span | None:
    """The content is a preposition with one or two words, and no more ("for use")."""
    words = [t for t in reading.tokens if not t.is_punct]
    return prepositional(reading) if len(words) <= 3 else None


def prepositional(reading: Reading) -> Span | None:
    """The content is a phrase with a preposition."""
    if reading.shape == "clause":
        return None
    return reading.first(t for t in reading.mains[:1] if t.pos_ == "ADP")


def several_sentences(reading: Reading) -> Span | None:
    """The content runs over more than one sentence."""
    return reading.first(t for t in reading.tokens[1:] if t.is_sent_start)


def pieces(reading: Reading) -> Span | None:
    """The content is interrupted by its cue."""
    return reading.spans[1] if len(reading.spans) > 1 else None


def voice(*voices: str) -> Feature:
    """Return the feature for some voices."""

    def find(reading: Reading) -> Span | None:
        return reading.whole if reading.voice in voices else None

    find.__doc__ = f"The statement's voice is {' or '.join(voices)}."
    return find


def zone(*zones: str) -> Feature:
    """Return the feature for some zones."""

    def find(reading: Reading) -> Span | None:
        return reading.whole if reading.zone in zones else None

    find.__doc__ = f"The statement stands in a {' or '.join(zones)}."
    return find


def lead(reading: Reading) -> Span | None:
    """The statement begins in the document's first three sentences."""
    starts = reading.page.sentence_starts
    return reading.whole if reading.spans[0].start < (starts[3] if len(starts) > 3 else 1 << 60) else None


def headline_news(reading: Reading) -> Span | None:
    """A headline holds a verb of the present tense, as those that tell news do."""
    return _in_headline(reading, (t for t in reading.tokens if t.tag_ in {"VBZ", "VBP"}))


def headline_plan(reading: Reading) -> Span | None:
    """A headline holds an infinitive with "to" or a verb of the future: "Mayor to resign"."""
    tokens = reading.tokens
    plans = (b for a, b in itertools.pairwise(tokens) if a.lower_ in {"to", *FUTURE} and b.tag_ in {"VB", "VBP"})
    return _in_headline(reading, plans)


def headline_nameless(reading: Reading) -> Span | None:
    """A headline holds no name, number or date: it promises a story or an opinion rather than news."""
    return nameless(reading) if reading.zone == "headline" else None


def _in_headline(reading: Reading, tokens: Iterable[Token]) -> Span | None:
    return reading.first(tokens) if reading.zone == "headline" else None


def scare_quotes(reading: Reading) -> Span | None:
    """A writer's sentence holds words between quotation marks."""
    return reading.first(t for t in reading.tokens if t.text in {'"', "“", "”"})
