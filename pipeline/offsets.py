"""Code points → bytes of the source file, for anchors."""

from __future__ import annotations

import codecs
from itertools import accumulate

# Code points between two known places; a look-up encodes at most this many.
STEP = 4096
_MARKS = {"utf-8-sig": ("utf-8", 3), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}


class ByteOffsets:
    """Tells the byte at which a code point of a text begins in the file it was decoded from.

    ``encoding`` is the codec that decodes the file's bytes to the text, byte-order mark dropped.
    Building is linear in the text, a look-up takes constant time.
    """

    def __init__(self, text: str, encoding: str) -> None:
        self._text = text
        self._codec, self._mark = _MARKS.get(codecs.lookup(encoding).name, (encoding, 0))
        self._plain = text.isascii() and self._codec == "utf-8"
        chunks = (self._length(text[at : at + STEP]) for at in range(0, len(text), STEP))
        self._known = [] if self._plain else [0, *accumulate(chunks)]

    def byte(self, offset: int) -> int:
        """Return the byte offset of the code point at ``offset``, the byte-order mark counted."""
        if self._plain:
            return self._mark + offset
        at = offset // STEP
        return self._mark + self._known[at] + self._length(self._text[at * STEP : offset])

    def _length(self, part: str) -> int:
        return len(part.encode(self._codec, "surrogatepass" if self._codec.startswith("utf") else "strict"))
