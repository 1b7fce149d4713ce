"""The composition of the stages: one document in, its statements out."""

from __future__ import annotations

import bisect
import hashlib
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import UNSET, Struct, structs

from pipeline.attribute import attribute
from pipeline.attribute.not_statement import not_statement
from pipeline.classify import Classifier
from pipeline.confidence import attribution_confidence, unsure, writer_confidence
from pipeline.encode.encoder import load_encoder
from pipeline.figures import Facts
from pipeline.offsets import ByteOffsets
from pipeline.parse import DEFAULT_MODEL, load_model, one_blas_thread, parse
from pipeline.quotations import pair_quotations
from pipeline.records import (
    Attribution,
    Classification,
    Context,
    Document,
    Evidence,
    Extract,
    Layout,
    Nested,
    Notice,
    Producer,
    Provenance,
    Quotation,
    Resolution,
    Sentence,
    Span,
    Speaker,
    Statement,
    Unattributed,
    Voice,
)  # fmt: skip
from pipeline.rules import Rules, load_rules
from pipeline.said_on import Dates, filed_on
from pipeline.segment import segment
from pipeline.speakers import resolve_speakers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from spacy.language import Language
    from spacy.tokens import Doc

    from pipeline.encode.encoder import Encoder
    from pipeline.encode.statements import Meanings

# Code points of context before and after a statement, enough to find it again in a changed text
# (the W3C Web Annotation text-quote selector as Hypothesis uses it).
CONTEXT = 32

P = TypeVar("P", Sentence, Quotation)


class Tools(Struct, frozen=True):
    """What the stages work with: the spaCy pipeline, the encoder, the rules and the versions of all."""

    nlp: Language
    encoder: Encoder
    rules: Rules
    producer: Producer


class Result(Struct, frozen=True):
    """What a document gave: its statements in text order, its layout, quotations and notices."""

    document: Document
    statements: tuple[Statement, ...]
    quotations: tuple[Quotation, ...]
    layout: Layout
    notices: tuple[Notice, ...]
    unattributed: tuple[Unattributed, ...] = ()


class Attributed(Struct, frozen=True):
    """What the stages before the speakers found in one text, with the spaCy Doc that they parsed."""

    doc: Doc
    layout: Layout
    quotations: tuple[Quotation, ...]
    notices: tuple[Notice, ...]
    attributions: tuple[Attribution, ...]
    meanings: Meanings


class Pipeline:
    """The whole pipeline as an object, for use from Python.

    >>> from pipeline import Pipeline
    >>> result = Pipeline().process('"We will appeal," said Ana Ruiz.')
    >>> result.statements[0].speaker.name
    'Ana Ruiz'
    """

    def __init__(self, model: str = DEFAULT_MODEL, rules: Path | None = None) -> None:
        self.tools = load_tools(model, rules)

    def process(self, document: Document | str) -> Result:
        """Process one text or one document as read by ``pipeline.read``."""
        return process(_as_document(document), self.tools)

    def pipe(self, documents: Iterable[Document | str]) -> Iterator[Result]:
        """Process a stream, yielding each result as it is ready, in order."""
        for document in documents:
            yield self.process(document)


def load_tools(model: str = DEFAULT_MODEL, rules: Path | None = None) -> Tools:
    """Load the spaCy pipeline and the rules; raises ModelError or RuleError."""
    loaded = load_rules(rules)
    nlp = load_model(model)
    encoder = load_encoder()
    name = f"{nlp.meta['lang']}_{nlp.meta['name']}-{nlp.meta['version']} attribution-{encoder.digest[:12]}"
    return Tools(nlp, encoder, loaded, Producer(onrecord=version("onrecord"), model=name, rules=loaded.digest))


def find_attributions(text: str, tools: Tools) -> Attributed:
    """Run the stages up to the attributions over one text."""
    layout = segment(text, tools.rules)
    quotations, notices = pair_quotations(text, layout, tools.rules)
    doc = parse(text, layout, tools.nlp)
    attributions, meanings = attribute(doc, layout, quotations, tools.rules, tools.encoder)
    return Attributed(doc, layout, quotations, tuple(notices), attributions, meanings)


def process(
    document: Document, tools: Tools, given: Callable[[Attributed], tuple[Attribution, ...]] | None = None
) -> Result:
    """Run every stage over one document; ``given`` puts other attributions in the place of those found."""
    with one_blas_thread():
        return _process(document, tools, given)


def _process(document: Document, tools: Tools, given: Callable[[Attributed], tuple[Attribution, ...]] | None) -> Result:
    text, rules = document.text, tools.rules
    found = find_attributions(text, tools)
    layout, quotations, doc = found.layout, found.quotations, found.doc
    attributions = found.attributions if given is None else given(found)
    resolutions = resolve_speakers(doc, layout, attributions, rules)

    sentences = [sentence.span for sentence in writer_sentences(layout, attributions)]
    classifier = Classifier(doc, layout, rules, found.meanings, tools.encoder.statements)
    said = classifier.attributions(attributions, resolutions)
    written = classifier.sentences(sentences)
    builder = _Builder(document, found, tools.producer)
    drafts = [builder.attributed(*told) for told in zip(attributions, resolutions, said, strict=True)]
    drafts += [builder.writer(*told) for told in zip(sentences, written, strict=True)]
    drafts.sort(key=lambda s: (s.spans[0].start, s.spans[-1].end))
    statements = tuple(structs.replace(draft, index=i) for i, draft in enumerate(drafts))
    return Result(
        document,
        statements,
        quotations,
        layout,
        (*document.notices, *found.notices),
        unattributed(text, quotations, attributions, rules),
    )


def writer_sentences(layout: Layout, attributions: tuple[Attribution, ...]) -> Iterator[Sentence]:
    """Yield the sentences that no part of an attribution (content, cue, source) touches."""
    taken = (part for a in attributions for part in (*a.spans, a.cue, a.source) if part is not None)
    return _untouched(layout.sentences, taken)


def unattributed(
    text: str, quotations: tuple[Quotation, ...], attributions: tuple[Attribution, ...], rules: Rules
) -> tuple[Unattributed, ...]:
    """Return the outermost quotations outside all contents, each with the reason why nobody states it."""
    outermost = [q for q in quotations if q.level == 0]
    found = []
    for q in _untouched(outermost, (span for a in attributions for span in a.spans)):
        rule = not_statement(text, q, rules)
        reason, by = (rule.reason, rule.id) if rule is not None else ("scare-quote", "pattern.writers-words")
        found.append(Unattributed(start=q.span.start, end=q.span.end, text=q.inner.of(text), reason=reason, rule=by))
    return tuple(found)


def _untouched(places: Iterable[P], taken: Iterable[Span]) -> Iterator[P]:
    """Yield the places, which stand in text order without overlaps, that no taken span touches."""
    spans = sorted(taken)
    reach, at = -1, 0
    for place in places:
        while at < len(spans) and spans[at].start < place.span.end:
            reach = max(reach, spans[at].end)
            at += 1
        if reach <= place.span.start:
            yield place


def document_id(text: str, uri: str) -> str:
    """Return ``d_`` and a digest of the canonical text and the uri."""
    return "d_" + hashlib.sha256(f"{digest(text)}\n{uri}".encode("utf-8", "surrogatepass")).hexdigest()[:20]


def statement_id(text_digest: str, spans: tuple[Span, ...], voice: Voice) -> str:
    """Return ``s_`` and a digest of the canonical text's digest, the spans and the voice."""
    places = " ".join(f"{span.start}-{span.end}" for span in spans)
    return "s_" + hashlib.sha256(f"{text_digest}\n{places}\n{voice}".encode()).hexdigest()[:20]


def digest(text: str) -> str:
    """Return the sha256 of the text's UTF-8 bytes, in hex."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class _Builder:
    """Turns what the stages found in one document into records."""

    def __init__(self, document: Document, found: Attributed, producer: Producer) -> None:
        self.text = document.text
        self.uri = document.uri
        self.anchor = document.anchor
        self.places = document.places
        self.bytes = (
            None if document.extracted or document.raw_bytes == 0 else ByteOffsets(self.text, document.encoding)
        )
        self.sha256 = digest(document.text)
        self.doc = document_id(document.text, document.uri)
        self.layout = found.layout
        published = document.published or filed_on(self.text, found.layout)
        self.dates = Dates(found.doc, published)
        self.facts = Facts(found.doc, published)
        self.sentence_starts = [s.span.start for s in found.layout.sentences]
        self.producer = producer

    def attributed(self, a: Attribution, resolution: Resolution, c: Classification) -> Statement:
        return self._statement(
            a.spans, a.voice, c, attribution_confidence(a, resolution),
            (*a.evidence, *resolution.evidence, *c.evidence),
            quotations=self._quotations(a.quotations), cue=self._extract(a.cue), speaker=self._speaker(resolution),
            addressee=self._extract(a.addressee) or UNSET, medium=self._extract(a.medium) or UNSET,
            said_on=self.dates.said_on(a) or UNSET,
            chain=tuple(Extract(s.start, s.end, s.of(self.text)) for s in a.chain) or UNSET,
            nested=self._all_nested(a, resolution) or UNSET,
        )  # fmt: skip

    def writer(self, span: Span, c: Classification) -> Statement:
        return self._statement((span,), "writer", c, writer_confidence(c), c.evidence)

    def _statement(
        self, spans: tuple[Span, ...], voice: Voice, c: Classification, confidence: float,
        evidence: tuple[Evidence, ...], **rest: Any,
    ) -> Statement:  # fmt: skip
        start, end = spans[0].start, spans[-1].end
        figures = self.facts.of(spans)
        fields = {"quotations": (), "cue": None, "speaker": None} | rest
        return Statement(
            id=statement_id(self.sha256, spans, voice), doc=self.doc, uri=self.uri, index=0, voice=voice,
            text=" … ".join(span.of(self.text) for span in spans), spans=spans, class_=c.class_,
            scores={name: round(score, 4) for name, score in c.scores.items()},
            check_worthiness=round(c.check_worthiness, 4), contains_claim=c.contains_claim,
            confidence=round(confidence, 4), evidence=evidence, context=self._context(start, end),
            source=Provenance(sha256=self.sha256, anchor=self._anchor(start, end)), producer=self.producer,
            checkable=self._extract(c.checkable) or UNSET, check_reasons=c.reasons or UNSET,
            quantities=figures.quantities or UNSET, dates=figures.dates or UNSET,
            comparisons=figures.comparisons or UNSET, review=unsure(voice, c, confidence) or UNSET, **fields,
        )  # fmt: skip

    def _all_nested(self, a: Attribution, resolution: Resolution) -> tuple[Nested, ...]:
        return tuple(self._nested(n, r) for n, r in zip(a.nested, resolution.nested, strict=True))

    def _nested(self, a: Attribution, resolution: Resolution) -> Nested:
        return Nested(
            voice=a.voice, text=" … ".join(span.of(self.text) for span in a.spans), spans=a.spans,
            quotations=self._quotations(a.quotations), cue=self._extract(a.cue), speaker=self._speaker(resolution),
            nested=self._all_nested(a, resolution),
        )  # fmt: skip

    def _speaker(self, resolution: Resolution) -> Speaker | None:
        """Return the speaker with the mention as the text has it; a Doc has U+FFFD for half a surrogate pair."""
        speaker = resolution.speaker
        if speaker is None or speaker.mention is None:
            return speaker
        return structs.replace(speaker, mention=self._extract(Span(speaker.mention.start, speaker.mention.end)))

    def _quotations(self, quotations: tuple[Quotation, ...]) -> tuple[Extract, ...]:
        return tuple(Extract(q.span.start, q.span.end, q.inner.of(self.text)) for q in quotations)

    def _extract(self, span: Span | None) -> Extract | None:
        return None if span is None else Extract(span.start, span.end, span.of(self.text))

    def _anchor(self, start: int, end: int) -> dict[str, int]:
        """Return the place in the source file: bytes where the text is the file's own, else the format's anchor."""
        if self.places is not None:
            return self.anchor | self.places.anchor(start, end)
        if self.bytes is None:
            return self.anchor
        return {"byte_start": self.bytes.byte(start), "byte_end": self.bytes.byte(end)}

    def _context(self, start: int, end: int) -> Context:
        at = bisect.bisect_right(self.sentence_starts, start) - 1
        sentence = self.layout.sentences[max(at, 0)]
        return Context(
            sentence=sentence.span, paragraph=self.layout.paragraphs[sentence.paragraph].span,
            prefix=self.text[max(0, start - CONTEXT) : start], suffix=self.text[end : end + CONTEXT],
        )  # fmt: skip


def _as_document(document: Document | str) -> Document:
    return document if isinstance(document, Document) else Document(text=document)
