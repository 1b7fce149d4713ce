"""Which language a text is in, as far as it matters: English or another."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

# Words that English text is full of and related languages lack. Of the words of English news they are 16 percent,
# of the article with the fewest among 130 they are 9; with as many as ENOUGH a text is English.
FUNCTION_WORDS = frozenset([
    "the", "and", "that", "with", "said", "from", "his", "which", "were", "been", "would", "their", "this", "it", "its",
    "by", "not", "they", "who",
])  # fmt: skip
ENOUGH = 0.08
# Code points that are looked at: a beginning tells enough.
LOOKED_AT = 4_000
# A text of fewer words is too short to be sure of: a name, a headline.
FEW = 8
# How likely the identifier must hold it, at most, that a text in another language is English.
UNLIKELY = 0.02
# Labels that it gives to English headlines: pcm is Nigerian Pidgin, sco Scots.
ENGLISH = "en"
AS_ENGLISH = frozenset({ENGLISH, "pcm", "sco"})
_WORD = re.compile(r"[^\W\d_]+")
# Chinese, Japanese and Thai write no spaces between words.
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")


def language_of(text: str) -> str | None:
    """Return the language of a text as ISO 639-1 (or -3) code, None where that can't be told.

    English by its commonest words; only what has few of them is shown to py3langid (BSD), which takes a second to load.
    """
    beginning = text[:LOOKED_AT]
    words = _WORD.findall(beginning.lower())
    if len(words) + len(_UNSPACED.findall(beginning)) < FEW:
        return None
    if sum(word in FUNCTION_WORDS for word in words) >= ENOUGH * len(words):
        return ENGLISH
    ranked = _identifier().rank(beginning)
    likely = sum(float(share) for label, share in ranked if label in AS_ENGLISH)
    if likely < UNLIKELY:
        return str(ranked[0][0])
    return ENGLISH if ranked[0][0] in AS_ENGLISH else None


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
