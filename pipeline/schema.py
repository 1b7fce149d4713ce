"""The JSON Schema (draft 2020-12) of the records that a run writes."""
# ruff: noqa: E501 (a meaning a line reads best)

from __future__ import annotations

from typing import Any

import msgspec

from pipeline.records import DocumentRecord, Failure, Statement
from pipeline.write import Manifest

SCHEMAS: dict[str, type[msgspec.Struct]] = {
    "statement": Statement,
    "document": DocumentRecord,
    "failure": Failure,
    "manifest": Manifest,
}
OFFSETS = (
    "Every start, end and [start, end] is a half-open range in Unicode code points (not bytes, not UTF-16 units)"
    " of the document's canonical text: text[start:end] is what it points at."
)

_URI = (
    "The document's path relative to the folder the run was started in, with /; an absolute URI where it lies"
    " elsewhere; path#member for a row of a table; stdin: for standard input."
)
# What each field means, by record and field.
MEANINGS: dict[str, dict[str, str]] = {
    "Statement": {
        "id": "s_ and a digest of the text's digest, the spans and the voice: the same in every run over the same text.",
        "doc": "The id of the document in documents.jsonl.",
        "uri": _URI,
        "index": "The statement's number among those of its document, from 0, in text order.",
        "voice": (
            "direct: every content word stands between quotation marks; mixed: some do; indirect: none does;"
            " writer: a sentence in the document's own voice, without attribution."
        ),
        "text": "The content's words; several spans are joined by ' … '.",
        "spans": "Where the content stands: more than one where its cue interrupts it. In text order, none overlapping.",
        "quotations": "The runs between quotation marks inside the content.",
        "cue": "The words that attribute; null for the writer's own sentences and where the floor is kept.",
        "speaker": "Who is responsible; null for the writer's own sentences and where the text names no source.",
        "class": "The statement's kind, the one with the highest score.",
        "scores": "The probability of each class; they sum to 1.",
        "check_worthiness": "0 to 1, for ranking: the probability that a fact-checker would want to check it.",
        "contains_claim": "An announcement or analysis that embeds a checkable fact.",
        "confidence": "The probability that content and speaker are both right; for writer, that the class is.",
        "evidence": "The rules that decided, and the words on which they fired.",
        "context": "What surrounds the statement.",
        "source": "What the offsets refer to.",
        "producer": "What made the record.",
        "addressee": "Whom it was said to, where the text says so.",
        "medium": "Through what it was said, where the text says so.",
        "said_on": "When it was said, where the text says so.",
        "chain": "Sources that relay it, outermost first.",
        "nested": "Attributions inside the content.",
        "checkable": "The part that could be checked: the clause that holds the strongest of check_reasons; missing where there is none.",
        "check_reasons": "Why it may be worth a check, in the order of the words; missing where there is none.",
        "quantities": "The quantities in the content, in text order.",
        "dates": "The dates in the content, in text order.",
        "comparisons": "What the content compares, in text order.",
        "review": "What is hardly more than a guess and should be looked at: the speaker (confidence below 0.5) or the class (its score below 0.5).",
    },
    "Nested": {
        "voice": "As of a statement.",
        "text": "As of a statement.",
        "spans": "As of a statement, inside the outer one's.",
        "quotations": "As of a statement.",
        "cue": "As of a statement.",
        "speaker": "As of a statement.",
        "nested": "Attributions inside this one.",
    },
    "Extract": {"start": "First code point.", "end": "Behind the last code point.", "text": "Its words; a quotation's without the marks, which start and end take in."},
    "Dated": {"start": "First code point.", "end": "Behind the last code point.", "text": "The words, as the text has them.", "date": "What day, week, month or year they mean by the document's own date, ISO 8601; missing where they don't tell."},
    "Quantity": {"start": "First code point.", "end": "Behind the last code point.", "text": "The words, as the text has them.", "kind": "An amount of money, a percentage, a measure with a unit, or a count.", "value": "The number; missing where the words name none, or several.", "unit": "The currency's sign or name, %, the unit, or what is counted, as the text has it."},
    "Comparison": {"start": "First code point.", "end": "Behind the last code point.", "text": "The words, as the text has them.", "kind": "The most of all (superlative), or more than something (comparative)."},
    "Reason": {"start": "First code point.", "end": "Behind the last code point.", "text": "The words that show it.", "reason": "What makes the statement worth a check."},
    "Evidence": {"rule": "The rule's id in rules/, or the name of a step.", "start": "First code point.", "end": "Behind the last code point.", "score": "The network's probability that the words are a content, the source of one, or of the class."},
    "Speaker": {
        "name": "The fullest form of the name that the document gives, without titles; of unnamed sources the description's head phrase.",
        "type": "A person, an organisation, a document (a report, a poll), or a source without a name.",
        "role": "The title or description that the document gives.",
        "mention": "The words with which this attribution names its source; null where the floor is kept.",
        "how": "How the mention led to the name.",
        "candidates": "The names it could be, best first.",
    },
    "Candidate": {"name": "A name in the document.", "score": "0 to 1."},
    "Context": {
        "sentence": "The sentence in which the statement begins.",
        "paragraph": "The paragraph in which the statement begins.",
        "prefix": "Up to 32 code points before the first span.",
        "suffix": "Up to 32 code points behind the last span.",
    },
    "Provenance": {
        "sha256": "Of the canonical text in UTF-8.",
        "anchor": (
            "The place in the source file: byte_start and byte_end where the text is the file's own (a byte-order mark"
            " counted), else the format's coarse place, such as line, page (last_page where it runs on) or offset."
        ),
        "offset_unit": "Always code points.",
    },
    "Producer": {"onrecord": "Its version.", "model": "The spaCy pipeline and its version, and the shipped network with the beginning of its digest.", "rules": "The digest of all rules."},
    "DocumentRecord": {
        "id": "d_ and a digest of the canonical text and the uri.",
        "uri": _URI,
        "format": "How it was read; null if it was not.",
        "media_type": "The format's media type.",
        "raw_sha256": "Of the source's bytes; of a row of a table, of that row's without the line end.",
        "text_sha256": "Of the canonical text in UTF-8; a text that is not the source's own lies in texts/ under this name.",
        "bytes": "The length of what raw_sha256 is of.",
        "chars": "The canonical text's length in code points.",
        "encoding": "Python's name of the codec that decoded the bytes.",
        "extractor": "What made the text of the source, its version and options; null where the text is the source's own.",
        "title": "As the document gives it.",
        "published": "As the document gives it.",
        "byline": "As the document gives it.",
        "language": "As the document declares it.",
        "statements": "How many lines of statements.jsonl are its own.",
        "quotations": "How many quotations those hold.",
        "unattributed": "Quotations that no attribution holds, each with the reason why.",
        "status": "ok, empty, failed (then failures.jsonl says why), or skipped:<why>.",
        "warnings": "What a reader of the document should know.",
    },
    "Unattributed": {
        "start": "The opening mark.",
        "end": "Behind the closing mark.",
        "text": "The words between the marks.",
        "reason": "Words that nobody states here: a scare quote, a title, a nickname.",
        "rule": "The rule in rules/ that says so, or the name of a step.",
    },
    "Notice": {"code": "The kind of notice, for programs.", "message": "The notice, for people.", "start": "The code point it is about."},
    "Failure": {
        "uri": _URI,
        "stage": "Where it failed: read or process.",
        "error": "What is wrong.",
        "remedy": "What to do about it.",
    },
    "Manifest": {
        "status": "interrupted: the files hold the documents finished until then.",
        "onrecord": "Its version.",
        "model": "The spaCy pipeline and its version.",
        "model_sha256": "Of the spaCy pipeline's files.",
        "encoder_sha256": "Of the shipped network's files.",
        "rules": "The digest of all rules.",
        "python": "Its version.",
        "libraries": "The versions of the libraries that decide what comes out.",
        "options": "What the user chose.",
        "base": "The folder that relative uris start from.",
        "inputs": "The documents that went in, in the order of documents.jsonl.",
        "outputs": "The files that came out, by their paths in the folder.",
        "started": "ISO 8601, UTC.",
        "finished": "ISO 8601, UTC.",
    },
    "InputFile": {"uri": _URI, "sha256": "As raw_sha256 in documents.jsonl."},
    "OutputFile": {"sha256": "Of the file.", "bytes": "The file's size.", "records": "How many records it holds; a text is one."},
}  # fmt: skip


def json_schema(record: str) -> dict[str, Any]:
    """Return the schema of one kind of record: a key of ``SCHEMAS``."""
    kind = SCHEMAS[record]
    _, components = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    definitions = {name: _described(name, component) for name, component in components.items()}
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:onrecord:schema:{record}:1",
        "$comment": OFFSETS,
        **definitions.pop(kind.__name__),
        "$defs": definitions,
    }
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(schema))  # defaults that are tuples become lists
    return plain


def _described(name: str, definition: dict[str, Any]) -> dict[str, Any]:
    """Add to each field of a definition what it means, and demand the version that readers rely on."""
    if "properties" not in definition:
        return definition
    meanings = {"schema": "The kind of record and its version."} | MEANINGS.get(name, {})
    properties = {
        field: {"description": meanings[field], **schema} if field in meanings else schema
        for field, schema in definition["properties"].items()
    }
    required = (["schema"] if "schema" in properties else []) + definition.get("required", [])
    return definition | {"properties": properties, "required": required}
