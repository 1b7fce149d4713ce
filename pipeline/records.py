"""The records that flow through the pipeline and the ones a run writes.

Every offset is a half-open ``[start, end)`` in Unicode code points of the document's
canonical text. Records are immutable; a stage takes records and returns new ones.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType, field

Voice = Literal["direct", "mixed", "indirect", "writer"]
SpeakerType = Literal["person", "org", "document", "unnamed"]
How = Literal["name", "alias", "pronoun", "role", "continued", "organisation"]
StatementClass = Literal["claim", "announcement", "analysis", "other"]
ComparisonKind = Literal["superlative", "comparative"]
QuantityKind = Literal["money", "percent", "measure", "count"]
# What makes a statement worth a check, as a person would say it.
CheckReason = Literal[
    "number", "superlative", "comparison", "poll", "allegation", "denial", "official act", "named act",
    "official record",
]  # fmt: skip
# What a person had better look at, since it is hardly more than a guess.
Unsure = Literal["speaker", "class"]
Zone = Literal["headline", "dateline", "byline", "caption", "list", "boilerplate", "body"]
Format = Literal["text", "markdown", "html", "pdf", "docx", "eml", "jsonl", "csv", "parquet"]
# What holds documents rather than being one.
Container = Literal["mbox", "warc", "zip", "tar"]
Kind = Literal[Format, Container]

CLASSES: tuple[StatementClass, ...] = ("claim", "announcement", "analysis", "other")


class Span(Struct, frozen=True, array_like=True, order=True):
    """Half-open ``[start, end)`` in code points of the canonical text; ``[start, end]`` in JSON."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """Return the words that the span covers in ``text``."""
        return text[self.start : self.end]

    def overlaps(self, other: Span) -> bool:
        """Tell whether the two spans share a code point."""
        return self.start < other.end and other.start < self.end

    def holds(self, other: Span) -> bool:
        """Tell whether ``other`` lies wholly inside this span."""
        return self.start <= other.start and other.end <= self.end


class Extract(Struct, frozen=True):
    """A span together with its words, as records show it to readers."""

    start: int
    end: int
    text: str


class Dated(Extract, frozen=True):
    """Words that name a date; ``date`` is ISO 8601, as exact as they are, unset where they don't tell."""

    date: str | UnsetType = UNSET


class Quantity(Extract, frozen=True, kw_only=True):
    """A quantity: its ``value`` where the words name one number, its ``unit`` as the words have it ("$", "people")."""

    kind: QuantityKind
    value: float | UnsetType = UNSET
    unit: str | UnsetType = UNSET


class Comparison(Extract, frozen=True, kw_only=True):
    """Words that compare: "the lowest rate since 2008" (superlative), "better than last year" (comparative)."""

    kind: ComparisonKind


class Reason(Extract, frozen=True, kw_only=True):
    """Why a statement may be worth a check, and the words that show it."""

    reason: CheckReason


class Evidence(Struct, frozen=True):
    """A rule that fired, and the words on which it did; of the encoder its probability for them."""

    rule: str
    start: int
    end: int
    score: float | UnsetType = UNSET


class Notice(Struct, frozen=True):
    """Something a reader of the document should know, e.g. an unclosed quotation mark."""

    code: str
    message: str
    start: int


# ---------------------------------------------------------------- what the stages hand on


class Places(Struct, frozen=True):
    """The pages or paragraphs of a source: where each begins in the canonical text, and its number there.

    ``starts`` are code points in ascending order, the first of them 0; ``numbers``, as many, count from 1 as the source
    does, with gaps where a page or paragraph holds no text.
    """

    unit: Literal["page", "paragraph"]
    starts: tuple[int, ...]
    numbers: tuple[int, ...]

    def anchor(self, start: int, end: int) -> dict[str, int]:
        """Return where a span stands: ``{"page": 2}``, or ``{"page": 2, "last_page": 3}`` where it runs on."""
        first = self.numbers[bisect_right(self.starts, start) - 1]
        last = self.numbers[bisect_right(self.starts, max(start, end - 1)) - 1]
        return {self.unit: first} | ({f"last_{self.unit}": last} if last != first else {})


class Document(Struct, frozen=True, kw_only=True):
    """One document as read: its canonical text and where it came from.

    ``anchor`` is the coarse place that the format allows (``{"line": 3}`` for JSONL and CSV),
    ``places`` are those within the document, where it has any. ``extracted`` says that the
    canonical text is not the source file's own decoded text, so that it has to be stored beside
    the records.
    """

    text: str
    uri: str = "memory:text"
    format: Format = "text"
    media_type: str = "text/plain"
    raw_sha256: str = ""
    raw_bytes: int = 0
    encoding: str = "utf-8"
    extracted: bool = False
    extractor: dict[str, Any] | None = None
    title: str | None = None
    published: str | None = None
    byline: str | None = None
    language: str | None = None
    anchor: dict[str, int] = {}
    places: Places | None = None
    notices: tuple[Notice, ...] = ()


class Paragraph(Struct, frozen=True):
    """A block of text without the white space round it, and what it is on the page."""

    span: Span
    zone: Zone


class Sentence(Struct, frozen=True):
    """A sentence without the white space round it; ``paragraph`` indexes ``Layout.paragraphs``."""

    span: Span
    paragraph: int


class Layout(Struct, frozen=True):
    """A document's paragraphs and sentences, each in text order, none overlapping."""

    paragraphs: tuple[Paragraph, ...]
    sentences: tuple[Sentence, ...]
    evidence: tuple[Evidence, ...] = ()


class Quotation(Struct, frozen=True, kw_only=True):
    """A run of text between quotation marks, within one paragraph.

    ``span`` includes the marks, ``inner`` does not. ``level`` is 0 for an outermost quotation,
    1 for one inside it. ``complete`` is False where the closing mark is missing: the quotation
    then ends with its paragraph. ``continues`` is True where a quotation that the paragraph
    before left open is reopened here, so that both are one utterance.
    """

    span: Span
    inner: Span
    level: int = 0
    complete: bool = True
    continues: bool = False
    rule: str = ""


class Attribution(Struct, frozen=True, kw_only=True):
    """A content that the text attributes to a source, found but not yet resolved.

    ``source`` is the mention as the text has it (with determiner, title and modifiers), or None
    where the text names none or the floor is kept; ``continued`` tells the two apart and
    ``continues`` is the index of the attribution whose speaker keeps the floor. ``score`` is the
    pattern's estimated precision, 0 to 1.
    """

    spans: tuple[Span, ...]
    voice: Voice
    quotations: tuple[Quotation, ...] = ()
    cue: Span | None = None
    cue_rule: str = ""
    source: Span | None = None
    continued: bool = False
    continues: int | None = None
    addressee: Span | None = None
    medium: Span | None = None
    chain: tuple[Span, ...] = ()
    nested: tuple[Attribution, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    score: float = 0.5


class Candidate(Struct, frozen=True):
    """A name the speaker could be, with a score from 0 to 1."""

    name: str
    score: float


class Speaker(Struct, frozen=True, kw_only=True):
    """Who is responsible for a statement; ``name`` is canonical within the document."""

    name: str
    type: SpeakerType
    role: str | None = None
    mention: Extract | None = None
    how: How = "name"
    candidates: tuple[Candidate, ...] = ()


class Resolution(Struct, frozen=True, kw_only=True):
    """What the speakers stage found for one attribution; ``speaker`` None: no source in the text.

    ``nested`` holds the resolutions of the attribution's own nested ones, in their order.
    """

    speaker: Speaker | None
    score: float = 0.5
    evidence: tuple[Evidence, ...] = ()
    nested: tuple[Resolution, ...] = ()


class Classification(Struct, frozen=True, kw_only=True):
    """A statement's class with the scores of all four (they sum to 1) and its check-worthiness."""

    class_: StatementClass
    scores: dict[str, float]
    check_worthiness: float
    contains_claim: bool
    reasons: tuple[Reason, ...] = ()
    checkable: Span | None = None
    evidence: tuple[Evidence, ...] = ()


# ---------------------------------------------------------------- what a run writes


class Context(Struct, frozen=True):
    """Where a statement stands; ``prefix`` and ``suffix`` are up to 32 code points each."""

    sentence: Span
    paragraph: Span
    prefix: str
    suffix: str


class Provenance(Struct, frozen=True):
    """What the offsets refer to: the canonical text's digest and the place in the source."""

    sha256: str
    anchor: dict[str, int]
    offset_unit: Literal["codepoint"] = "codepoint"


class Producer(Struct, frozen=True):
    """The versions that made a record."""

    onrecord: str
    model: str
    rules: str


class Nested(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An attribution inside the content of another one."""

    voice: Voice
    text: str
    spans: tuple[Span, ...]
    quotations: tuple[Extract, ...]
    cue: Extract | None
    speaker: Speaker | None
    nested: tuple[Nested, ...] = ()


class Statement(Struct, frozen=True, kw_only=True):
    """One line of ``statements.jsonl``: who said what, where, and how surely."""

    schema: Literal["onrecord.statement/1"] = "onrecord.statement/1"
    id: str
    doc: str
    uri: str
    index: int
    voice: Voice
    text: str
    spans: tuple[Span, ...]
    quotations: tuple[Extract, ...]
    cue: Extract | None
    speaker: Speaker | None
    class_: StatementClass = field(name="class")
    scores: dict[str, float]
    check_worthiness: float
    contains_claim: bool
    confidence: float
    evidence: tuple[Evidence, ...]
    context: Context
    source: Provenance
    producer: Producer
    addressee: Extract | UnsetType = UNSET
    medium: Extract | UnsetType = UNSET
    said_on: Dated | UnsetType = UNSET
    chain: tuple[Extract, ...] | UnsetType = UNSET
    nested: tuple[Nested, ...] | UnsetType = UNSET
    checkable: Extract | UnsetType = UNSET
    check_reasons: tuple[Reason, ...] | UnsetType = UNSET
    quantities: tuple[Quantity, ...] | UnsetType = UNSET
    dates: tuple[Dated, ...] | UnsetType = UNSET
    comparisons: tuple[Comparison, ...] | UnsetType = UNSET
    review: tuple[Unsure, ...] | UnsetType = UNSET


class Unattributed(Extract, frozen=True, kw_only=True):
    """A quotation that no attribution holds, and why nobody is put on record for it.

    ``start`` and ``end`` take in the marks, ``text`` does not. ``rule`` is the rule that says so.
    """

    reason: Literal["scare-quote", "title", "nickname"]
    rule: str


class DocumentRecord(Struct, frozen=True, kw_only=True):
    """One line of ``documents.jsonl``: a document and what became of it."""

    schema: Literal["onrecord.document/1"] = "onrecord.document/1"
    id: str
    uri: str
    format: Format | None
    media_type: str | None
    raw_sha256: str | None
    text_sha256: str | None
    bytes: int
    chars: int
    encoding: str | None
    extractor: dict[str, Any] | None
    title: str | None
    published: str | None
    byline: str | None
    language: str | None
    statements: int
    quotations: int
    unattributed: tuple[Unattributed, ...] = ()
    status: str
    warnings: tuple[Notice, ...]


class Failure(Struct, frozen=True, kw_only=True):
    """One line of ``failures.jsonl``: a document that could not be processed, and the remedy."""

    schema: Literal["onrecord.failure/1"] = "onrecord.failure/1"
    uri: str
    stage: str
    error: str
    remedy: str
