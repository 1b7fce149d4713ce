"""The words of a text as names need them: capitals, possessives and full stops that belong to them."""

from __future__ import annotations

import re

from msgspec import Struct, structs

# A word may hold hyphens, apostrophes, full stops and ampersands: "al-Assad", "O’Malley", "U.S", "AT&T".
_WORD = re.compile(r"[^\W_]+(?:[-’'.&‐‑][^\W_]+)*")
_POSSESSIVE = re.compile(r"[’']s$|[’'](?:ve|re|ll|d|m)$", re.IGNORECASE)
_ARTICLE = re.compile(r"(?:(?:al|el|ul|as|ash|at|ad|an|ar|az)[-‐‑]|[dl][’'])(?=[^\W\d_])(?=[A-ZÀ-Þ])")
_APOSTROPHES = str.maketrans({"’": "'", "‐": "-", "‑": "-"})


class Word(Struct, frozen=True):
    """A word at [start, end), without the possessive ending, which ``tail`` holds."""

    start: int
    end: int
    text: str
    key: str
    tail: str = ""

    @property
    def capital(self) -> bool:
        """Tell whether the word begins with a capital letter, after an article: "al-Hadi", "d’Arcy"."""
        return self.text[0].isupper() or _ARTICLE.match(self.text) is not None

    @property
    def possessive(self) -> bool:
        """Tell whether a possessive ending follows: ’s, or a bare apostrophe after s."""
        return self.tail.lower() in ("’s", "'s", "’", "'")

    @property
    def close(self) -> int:
        """Where the word ends with its possessive ending."""
        return self.end + len(self.tail)


def key_of(word: str) -> str:
    """Return the form under which a word is looked up: case folded, apostrophes straightened."""
    return word.translate(_APOSTROPHES).casefold()


def read_words(text: str, abbreviations: frozenset[str]) -> list[Word]:
    """Return the words of a text in order.

    A full stop belongs to the word when ``abbreviations`` has it so ("sen."), after an initial
    ("J.") and after inner full stops ("U.S."). Linear in the length of the text.
    """
    found = []
    for match in _WORD.finditer(text):
        start, end = match.span()
        shown, tail = match.group(), ""
        if ending := _POSSESSIVE.search(shown):
            tail, shown = ending.group(), shown[: ending.start()]
        elif text[end : end + 1] in ("’", "'") and shown[-1] in "sS" and shown[0].isupper():
            tail = text[end]
        elif text[end : end + 1] == "." and _takes_stop(shown, abbreviations):
            shown += "."
            if ending := re.match(r"[’']s\b", text[end + 1 : end + 4]):
                tail = ending.group()
        if shown:
            found.append(Word(start, start + len(shown), shown, key_of(shown), tail))
    return found


def raised(words: list[Word], names: list[int]) -> list[Word]:
    """Return words with a capital for the names of people that begin at ``names`` (indices), and for their surnames.

    For texts that are written without capitals; offsets stay.
    """
    surnames = {words[i + 1].key for i in names}
    at = {k for i in names for k in (i, i + 1)}
    return [
        structs.replace(word, text=word.text.capitalize()) if i in at or word.key in surnames else word
        for i, word in enumerate(words)
    ]


def _takes_stop(word: str, abbreviations: frozenset[str]) -> bool:
    initial = len(word) == 1 and word.isupper() and word != "I"
    return initial or ("." in word and len(word) <= 6) or key_of(word) + "." in abbreviations
