"""What kind of source a mention is, by its words: a pronoun, somebody's name, joint speakers, a noun phrase."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct

from pipeline.records import Span
from pipeline.speakers.descriptions import DETERMINERS, NOMINAL, PREPOSITIONS

if TYPE_CHECKING:
    from pipeline.speakers.people import Mention
    from pipeline.speakers.scene import Scene

_WH = frozenset(["who", "whom", "whose", "which", "that", "where", "when", "familiar", "according"])
_COURTESY = frozenset(["mr", "mrs", "ms", "miss", "dr", "sir", "lady", "lord", "dame", "madame", "herr", "frau"])
_BRACKETS = re.compile(r" ?\([^()]*\)")
_NOUNS = frozenset(["NN", "NNS", "NNP", "NNPS"])
# Words that may follow a name within a mention whose head the name is.
_AFTER_NAME = PREPOSITIONS | {
    "who",
    "whose",
    "himself",
    "herself",
    "also",
    "and",
    "or",
    "now",
    "then",
    "both",
    "jr",
    "sr",
}


class NounPhrase(Struct, frozen=True):
    """The first segment of a mention up to its first preposition, comma or clause; word indices.

    ``head`` is the index of its last noun; ``definite`` says that it begins with "the" or a pronoun.
    """

    first: int
    last: int
    head: int
    determiner: str
    role: str
    of: str


def named_person(scene: Scene, source: Span) -> Mention | None:
    """Return the person's name that is the mention's head, None where another noun is."""
    at = scene.people.before(source.start)
    cut = scene.people.mentions[max(0, at - 1) : at]
    if cut and source.start < cut[0].end <= source.end and not scene.words_in(cut[0].end, source.end):
        return cut[0]
    for mention in scene.people.within(source.start, source.end):
        if _follows_well(scene, source, mention) and _leads_well(scene, source, mention):
            return mention
    return None


def _follows_well(scene: Scene, source: Span, mention: Mention) -> bool:
    """Tell whether what follows the name in the mention lets the name be its head."""
    text = scene.text
    i = scene.word_at(mention.end)
    while i < len(scene.words) and scene.words[i].key in scene.lexicon.suffixes and scene.words[i].end <= source.end:
        i += 1  # Ana Ruiz MP
    last = scene.words[i - 1]
    rest = text[last.close : source.end].strip()
    if last.possessive:
        return not any(char.isalpha() for char in rest)
    if not rest or i >= len(scene.words) or scene.words[i].start >= source.end:
        return True
    if text[mention.end : mention.end + 1] not in (" ", "\u00a0"):
        return text[mention.end : mention.end + 1] != "-"
    after = scene.words[i]
    if text[mention.end : after.start].strip():
        return True
    if after.key in _AFTER_NAME or scene.tag(i) in ("VBD", "VBZ", "VBP", "VBG", "VBN", "MD", "RB", "IN", "TO", "WP"):
        return scene.lexicon.roles.get(after.key) is None
    return False


def _leads_well(scene: Scene, source: Span, mention: Mention) -> bool:
    """Tell whether what stands before the name in the mention lets the name be its head."""
    text = scene.text
    lead = [scene.words[i] for i in scene.words_in(source.start, mention.start)]
    start = mention.start
    while lead and lead[-1].key.rstrip(".") in _COURTESY:  # "…, Mrs Edna Coyle"
        start = lead.pop().start
    if not lead:
        return True
    opens = _nouns_before(scene, source, start)
    comma = text[max(0, opens - 8) : opens].rstrip()[-1:] in (",", "—", "–", "-", ":")
    if lead[-1].key in PREPOSITIONS or (lead[-1].key in ("and", "or", "than", "that") and not comma):
        return False
    roles = [k for k, word in enumerate(lead) if scene.lexicon.is_person_role(word.key)]
    prepositions = [k for k, word in enumerate(lead) if word.key in PREPOSITIONS]
    if any(word.key in _WH and not word.text.isupper() for word in lead):  # not the WHO
        return comma
    # Prepositions within a body's name count for nothing: "Council on Aviation Executive Director Ana Ruiz".
    if scene.lexicon.is_person_role(lead[-1].key):
        last = len(lead) - 1
        prepositions = [k for k in prepositions if not (0 < k < last and lead[k - 1].capital and lead[k + 1].capital)]
    if not prepositions:
        return True
    if not roles or roles[0] > prepositions[0]:
        return comma
    if comma:
        between = text[lead[prepositions[-1]].start : opens]
        return "," not in between.rstrip().rstrip(",—–-:")
    office = lead[prepositions[-1] + 1 : -1]  # "Speaker of [the House] Rep. Ana Ruiz"
    if len(office) > 1 and office[0].key == "the" and lead[-1].text.endswith(".") and lead[roles[0]].capital:
        return True
    return not scene.lexicon.is_person_role(lead[-1].key)


def _nouns_before(scene: Scene, source: Span, start: int) -> int:
    """Return where the nouns with a role or a title directly before a name begin: "former Ohio Gov. [Ana Ruiz]"."""
    i = first = scene.word_at(start)
    held = False
    while i and scene.words[i - 1].start >= source.start and scene.names.adjacent(i - 1):
        word = scene.words[i - 1]
        if word.key in DETERMINERS or scene.tag(i - 1) not in NOMINAL or "," in scene.text[word.end : word.close]:
            break
        held = held or scene.lexicon.is_person_role(word.key)
        i -= 1
    return scene.words[i].start if held and i < first else start


def noun_phrase(scene: Scene, source: Span) -> NounPhrase | None:
    """Return the first segment of a mention with its head noun, None where it has no word."""
    indices = list(scene.words_in(source.start, source.end))
    if not indices:
        return None
    first, determiner = indices[0], ""
    if scene.words[first].key in DETERMINERS and len(indices) > 1 and scene.words[indices[1]].key != "of":
        determiner = scene.words[first].key
        first += 1
    last = first
    for i in range(first, indices[-1] + 1):
        word = scene.words[i]
        gap = scene.text[scene.words[i - 1].close : word.start] if i > first else " "
        if i > first and (gap.strip(" \u00a0\n-/“”\"‘’'&") or word.key in PREPOSITIONS or word.key in _WH):
            break
        if i > first and _ends_noun_phrase(scene, i):
            break
        last = i + 1
    last = max(last, first + 1)
    head = last - 1
    while head > first and scene.tag(head) not in _NOUNS and scene.lexicon.roles.get(scene.words[head].key) is None:
        head -= 1
    role, of = _role(scene, first, head)
    return NounPhrase(first, last, head, determiner, role, of)


def _ends_noun_phrase(scene: Scene, i: int) -> bool:
    """Tell whether the word is a verb, or a participle after a noun."""
    tag = scene.tag(i)
    if scene.names.labels[i] == "B-DATE" and scene.tag(i - 1) in (*_NOUNS, "RP", "RB", "IN"):
        return True  # "a Monmouth poll out Monday"
    following = scene.words[i + 1].key if i + 1 < len(scene.words) else ""
    if tag == "JJ" and scene.tag(i - 1) in _NOUNS and following in PREPOSITIONS:
        return True  # "a source close to the couple"
    if tag in ("VBN", "VBG"):
        return scene.tag(i - 1) in _NOUNS and not scene.words[i].capital
    return tag in ("VBD", "VBZ", "VBP", "MD", "TO") or (tag == "RP" and "-" not in scene.words[i].text)


def _role(scene: Scene, first: int, head: int) -> tuple[str, str]:
    """Return the role phrase that ends at the head noun, with what it stands for."""
    for begin in range(max(first, head - 2), head + 1):
        hit = scene.lexicon.roles.at(scene.words, begin)
        if hit and begin + hit[0] == head + 1:
            return " ".join(w.key for w in scene.words[begin : head + 1]), hit[1].of
    key = scene.words[head].key
    if key.endswith("s") and not key.endswith("ss"):
        rule = scene.lexicon.roles.get(key[:-1]) or (
            scene.lexicon.roles.get(key[:-3] + "y") if key[-3:] == "ies" else None
        )
        if rule is not None:
            return key, "people" if rule.of == "person" else "org-plural" if rule.of == "org" else rule.of
    return key, ""


def joint_parts(scene: Scene, source: Span) -> list[Span]:
    """Return the coordinated parts of a mention, one part where it names one source only.

    The borders are "and", "&" and commas outside appositions: a list's parts all begin with a
    name, a title or a noun, never with a determiner after a comma alone.
    """
    text = scene.text
    inside = [scene.words[i] for i in scene.words_in(source.start, source.end)]
    borders = [(word.start, word.end) for word in inside[1:] if word.key in ("and", "&")]
    if not borders:
        slash = _slash(scene, source)
        return slash or [source]
    final = borders[-1]
    parts = [Span(source.start, final[0]), Span(final[1], source.end)]
    if _in_apposition(scene, parts[0]):
        return [source]
    parts = [part for p in parts for part in [_stripped(text, p)] if part.end > part.start]
    if len(parts) < 2 or _long_title(scene, *parts):
        return [source]
    whole = not any(scene.words[i].key in PREPOSITIONS for i in scene.words_in(parts[0].start, parts[0].end))
    if whole and _body(scene, noun_phrase(scene, parts[0])) and _begins_organisation(scene, parts[1], after_body=True):
        return parts
    if not _begins_source(scene, parts[0]):
        return [source]
    if not (_begins_source(scene, parts[1]) or (named_person(scene, parts[0]) and _group(scene, parts[1]))):
        return [source]
    return [*_split_commas(scene, parts[0]), parts[1]]


def _in_apposition(scene: Scene, part: Span) -> bool:
    """Tell whether "and" after the part stands within a description: "Ruiz, the younger and …"."""
    comma = scene.text.rfind(", ", part.start, part.end)
    if comma < 0 or scene.text[part.start : part.end].rstrip().endswith(","):
        return False
    return named_person(scene, _stripped(scene.text, Span(comma + 1, part.end))) is None


def _split_commas(scene: Scene, part: Span) -> list[Span]:
    """Split "A, B" before the final "and" at commas where every piece is a bare name."""
    cuts = [k for k in range(part.start, part.end) if scene.text[k] == ","]
    edges = [part.start - 1, *cuts, part.end]
    pieces = [_stripped(scene.text, Span(a + 1, b)) for a, b in pairwise(edges)]
    pieces = [piece for piece in pieces if piece.end > piece.start]
    if len(pieces) > 1 and all(
        (m := named_person(scene, piece)) is not None and _BRACKETS.sub("", scene.text[m.end : piece.end]) in ("", ".")
        for piece in pieces
    ):
        return pieces
    return [part]


def _slash(scene: Scene, source: Span) -> list[Span] | None:
    at = scene.text.find("/", source.start, source.end)
    if at < 0:
        at = scene.text.find(", ", source.start, source.end)
    if at < 0:
        return None
    parts = [_stripped(scene.text, Span(source.start, at)), _stripped(scene.text, Span(at + 1, source.end))]
    named = [scene.people.within(part.start, part.end) for part in parts]
    exact = all(len(m) == 1 and m[0].start == p.start and m[0].end == p.end for m, p in zip(named, parts, strict=True))
    return parts if exact else None


def _begins_source(scene: Scene, part: Span) -> bool:
    """Tell whether a part may be a source of its own: it holds a person's name, or begins like one."""
    mention = named_person(scene, part)
    if mention is not None:
        before = [scene.words[i] for i in scene.words_in(part.start, mention.start)]
        return all(w.key not in PREPOSITIONS for w in before) or any(
            scene.lexicon.is_person_role(w.key) for w in before[:-1]
        )
    return _begins_organisation(scene, part)


def _long_title(scene: Scene, first: Span, second: Span) -> bool:
    """Tell whether "and" stands within a title: "Development and International Trade Minister Ana Ruiz"."""
    name = named_person(scene, second)
    if name is None or named_person(scene, first) is not None:
        return False
    lead = [scene.words[i] for i in scene.words_in(second.start, name.start)]
    return len(lead) > 1 and all(word.capital for word in lead) and scene.lexicon.is_person_role(lead[-1].key)


def _group(scene: Scene, part: Span) -> bool:
    """Tell whether the part names people or a body beside somebody: "other Democrats", "the Ruiz administration"."""
    phrase = noun_phrase(scene, part)
    if phrase is None or phrase.determiner not in ("", "the") or scene.tag(phrase.first) not in NOMINAL:
        return False
    return phrase.of == "people" or _body(scene, phrase)


def _body(scene: Scene, phrase: NounPhrase | None) -> bool:
    """Tell whether the phrase is a body's description with a name in it: "the Ruiz campaign"."""
    if phrase is None or phrase.of != "org" or phrase.determiner not in ("", "the"):
        return False
    return any(scene.words[i].capital for i in range(phrase.first, phrase.last))


def _begins_organisation(scene: Scene, part: Span, *, after_body: bool = False) -> bool:
    """Tell whether the part is an organisation's or a country's name, ``after_body`` with its article in the name."""
    indices = list(scene.words_in(part.start, part.end))
    if indices and scene.words[indices[0]].key == "the":
        indices = indices[1:]
    labels = [scene.names.labels[i] for i in indices]
    opening = ("B-ORG", "B-GPE", "I-ORG", "I-GPE") if after_body else ("B-ORG", "B-GPE")
    if not labels or labels[0] not in opening:
        return False
    return all(label == f"I-{labels[0][2:]}" for label in labels[1:])


def _stripped(text: str, span: Span) -> Span:
    start, end = span.start, span.end
    while start < end and text[start] in " \u00a0\n\t,;:":
        start += 1
    while start < end and text[end - 1] in " \u00a0\n\t,;:":
        end -= 1
    return Span(start, end)
