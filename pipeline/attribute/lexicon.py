"""The cue rules by their words, and where in a text they may stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spacy.tokens import Token

    from pipeline.attribute.syntax import Syntax
    from pipeline.rules import Cue, Medium

# Words that may stand between a verb and its particle or preposition ("called repeatedly for").
GAP = 3
VERB_TAGS = ("VB", "VBD", "VBG", "VBN", "VBP", "VBZ")
POS = {
    "verb": ("VERB", "AUX"), "noun": ("NOUN", "PROPN"), "adjective": ("ADJ", "VERB"),
    "preposition": ("ADP", "SCONJ", "ADV", "VERB", "NOUN", "ADJ", "DET"),
}  # fmt: skip


class Entry(Struct, frozen=True):
    """A rule with its lemma cut into words; the first is the one looked up."""

    rule: Cue
    rest: tuple[str, ...]


class Match(Struct, frozen=True):
    """A rule at a token, with the tokens of its further words."""

    rule: Cue
    parts: tuple[int, ...]


class Lexicon:
    """Finds the rules whose words stand at a token; knows the words for media and utterances."""

    def __init__(self, rules: tuple[Cue, ...], media: tuple[Medium, ...] = ()) -> None:
        self._media = {word.lower(): rule for rule in media for word in rule.words}
        self.utterances = frozenset(word.lower() for rule in media if rule.utterance for word in rule.words)
        self._entries: dict[tuple[str, str], list[Entry]] = {}
        for rule in rules:
            head, *rest = rule.lemma.split()
            self._entries.setdefault((rule.pos, head), []).append(Entry(rule, tuple(rest)))
        for entries in self._entries.values():
            entries.sort(key=lambda entry: -len(entry.rest))

    def medium_rule(self, token: Token) -> Medium | None:
        """Return the rule by which a noun is where something is said."""
        return self._media.get(token.lower_) or self._media.get(token.lemma_.lower())

    def at(self, syntax: Syntax, token: Token) -> Iterator[Match]:
        """Yield the matches of rules at a token, those with more words first."""
        for pos, tags in POS.items():
            if token.pos_ not in tags:
                continue
            for key in dict.fromkeys((token.lemma_.lower(), token.lower_)):
                for entry in self._entries.get((pos, key), ()):
                    parts = _parts(syntax, token, entry)
                    if parts is not None:
                        yield Match(entry.rule, parts)


def _parts(syntax: Syntax, token: Token, entry: Entry) -> tuple[int, ...] | None:
    """Return the tokens of a lemma's further words after its first, or None if they aren't there."""
    if not entry.rest:
        return ()
    parts, at = [], token.i + 1
    last = syntax.sentence(token)[1]
    for word in entry.rest:
        found = _word(syntax, at, last, word, token if entry.rule.pos in ("verb", "noun", "adjective") else None)
        if found is None:
            return None
        parts.append(found)
        at = found + 1
    return tuple(parts)


def _word(syntax: Syntax, at: int, last: int, word: str, head: Token | None) -> int | None:
    """Find a further word: next to the one before, or a little later if the head governs it."""
    for i in range(at, min(at + 1 + (GAP if head is not None else 0), last)):
        token = syntax.tokens[i]
        if token.lower_ == word or token.lemma_.lower() == word:
            return i
        if token.pos_ not in ("ADV", "PART"):
            break
    return None
