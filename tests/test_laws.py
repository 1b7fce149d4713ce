"""The laws of the whole pipeline: what holds for any text, sense or nonsense."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.process import Result, Tools, process
from pipeline.records import Document, Extract, Nested, Quotation, Span, Speaker, Statement

if TYPE_CHECKING:
    from collections.abc import Iterator

# What the stages react to, thrown together without sense: marks, names, cues, pronouns, ends of lines.
NEWSY = st.sampled_from([
    '"', '"', "“", "”", "‘", "’", "'", "«", "»", "„", ",", ", ", ".", ". ", "? ", ": ", " – ", "—", "-", "…", "(", ")",
    "\n", "\n\n", "\r\n", " ", " ", " ", "\u00a0", "\u2028", "\t", "Ana Ruiz", "Ms Ruiz", "Ruiz", "Bo Lind, 41",
    "President Mary Okoye", "the minister", "The company", "Acme Corp", "the World Health Organization (WHO)", "WHO",
    "a police spokesman", "he", "She", "they", "who", "I", "said", " said ", "says", "told reporters", "has denied",
    "according to ", "announced that ", "asked whether", "warned of", "that ", " that taxes rise", "We will appeal",
    "No", "it rained on Monday", "the plan is “dead”", "She told me: ‘Never.’", "By Ana Ruiz", "LONDON (Reuters) - ",
    "\nQ: ", "\nA: ", "\nMO: ", "Key points:\n", "\n- “No.”", "# ", "* ", "> ", "Photo: ", "Ana Ruiz: ", "MINISTER: ",
    "10.30 ", "@ana ", "https://a.example/b", "😀", "e\u0301", "שלום", "\u200f", "\ufeff", "\x00", "\ud800",
])  # fmt: skip
LONE_SURROGATE = re.compile("[\ud800-\udfff]")  # which no JSON can hold; only a text given from Python has one
TEXTS = st.one_of(
    st.lists(NEWSY, max_size=40).map("".join), st.lists(NEWSY, max_size=20).map(" ".join), st.text(max_size=60)
)


def test_any_text_gives_records_that_keep_the_laws(tools: Tools):
    @settings(max_examples=150, deadline=None, derandomize=True)
    @given(TEXTS)
    def laws(text: str):  # an inner function, lest hypothesis prints the tools
        result = process(Document(text=text), tools)
        assert list(broken_laws(result)) == []
        assert process(Document(text=text), tools).statements == result.statements

    laws()


def broken_laws(result: Result) -> Iterator[str]:
    """Yield every law that the result of a document breaks, with the record that does."""
    text, statements = result.document.text, result.statements
    for s in statements:
        yield from (f"{s.id}: {what}" for what in _broken(s, text, result.quotations))
    if len({s.id for s in statements}) < len(statements):
        yield "two statements have one id"
    places = [(s.spans[0].start, s.spans[-1].end) for s in statements]
    if places != sorted(places) or [s.index for s in statements] != list(range(len(statements))):
        yield "the statements do not stand in the order of the text"
    yield from _repeated(statements)


def _broken(s: Statement, text: str, quotations: tuple[Quotation, ...]) -> Iterator[str]:
    for span in (*s.spans, s.context.sentence, s.context.paragraph, *map(_span, s.evidence)):
        if not 0 <= span.start < span.end <= len(text):
            yield f"{span} is no place in the text"
    if any(one.end > two.start for one, two in zip(s.spans, s.spans[1:], strict=False)):
        yield f"its spans overlap or stand in disorder: {s.spans}"
    if s.text != " … ".join(span.of(text) for span in s.spans):
        yield f"its text is not that of its spans: {s.text!r}"
    beside = [_span(part) for part in (s.cue, s.speaker and s.speaker.mention) if part]
    if any(
        span.overlaps(part) for span in s.spans for part in beside
    ):  # a noun may be cue and mention: "supporters of"
        yield f"the content {s.spans} overlaps cue or mention: {beside}"
    for extract in _extracts(s):
        if _span(extract).of(text) != extract.text:
            yield f"{extract} is not what stands there: {_span(extract).of(text)!r}"
    for extract in _quotations_of(s):
        if extract.text not in _span(extract).of(text):
            yield f"the quotation {extract} does not stand there"
    yield from _cut(s, quotations)
    if (s.voice == "writer") and (s.speaker or s.cue or s.quotations):
        yield "the writer's own sentence is attributed"
    if abs(sum(s.scores.values()) - 1) > 0.001 or s.scores[s.class_] < max(s.scores.values()):
        yield f"its class is not the likeliest of scores that sum to 1: {s.class_}, {s.scores}"
    if not (0 <= s.confidence <= 1 and 0 <= s.check_worthiness <= 1):
        yield "a probability is none"
    if LONE_SURROGATE.search(text) is None and msgspec.json.decode(msgspec.json.encode(s), type=Statement) != s:
        yield "it does not survive JSON"


def _cut(s: Statement, quotations: tuple[Quotation, ...]) -> Iterator[str]:
    """A content takes an outermost quotation that has both its marks whole, lies inside it, or leaves it alone."""
    if s.voice == "writer":
        return
    outermost = [q.span for q in quotations if q.complete and q.level == 0]
    for span in s.spans:
        for quoted in outermost:
            if span.overlaps(quoted) and not span.holds(quoted) and not quoted.holds(span):
                yield f"the content {span} cuts the quotation {quoted} in two"


def _repeated(statements: tuple[Statement, ...]) -> Iterator[str]:
    own = [s.spans[0] for s in statements if s.voice == "writer"]
    for s in statements:
        if s.voice == "writer":
            continue
        parts = [*s.spans, *(_span(part) for part in (s.cue, s.speaker and s.speaker.mention) if part)]
        for sentence in own:
            if any(part.overlaps(sentence) for part in parts):
                yield f"the sentence {sentence} carries the attribution {s.id} and is the writer's own, too"


def _extracts(s: Statement | Nested) -> Iterator[Extract]:
    if s.cue:
        yield s.cue
    if isinstance(s.speaker, Speaker) and s.speaker.mention:
        yield s.speaker.mention
    if isinstance(s, Statement):
        yield from (part for part in (s.addressee, s.medium) if isinstance(part, Extract))
        yield from s.chain or ()
    for nested in s.nested or ():
        yield from _extracts(nested)


def _quotations_of(s: Statement | Nested) -> Iterator[Extract]:
    yield from s.quotations
    for nested in s.nested or ():
        yield from _quotations_of(nested)


def _span(part: Extract) -> Span:
    return Span(part.start, part.end)
