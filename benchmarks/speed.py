"""How much CPU time onrecord takes, in times of what its spaCy pipeline takes alone.

    python benchmarks/speed.py FOLDER [--texts N]

Each text is gone through by bare spaCy and by every stage in turn, in one process on one thread, so that what else
the machine does falls on both alike. Prints each stage's share and words a CPU second.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("OMP_NUM_THREADS", "1")

import spacy

from pipeline.attribute import by_rules
from pipeline.attribute.model import by_model, hint_rows
from pipeline.encode.syntax import syntax_of, syntax_rows
from pipeline.encode.words import words_of
from pipeline.parse import DEFAULT_MODEL, parse
from pipeline.process import load_tools, process
from pipeline.quotations import pair_quotations
from pipeline.records import Document
from pipeline.segment import segment

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Clock:
    """CPU seconds by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def time(self, name: str, function: Callable[..., Any], *args: Any) -> Any:
        """Call the function and add its time to the name's."""
        start = time.process_time()
        result = function(*args)
        self.seconds[name] = self.seconds.get(name, 0.0) + time.process_time() - start
        return result


def main() -> None:
    """Time every text and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--texts", type=int, default=24)
    args = parser.parse_args()
    texts = [path.read_text(encoding="utf-8") for path in sorted(args.folder.glob("*.txt"))[: args.texts]]
    tools, bare = load_tools(), spacy.load(DEFAULT_MODEL)
    for text in texts[:2]:  # what is made at the first use
        process(Document(text=text), tools)
        bare(text)
    clock = Clock()
    for text in texts:
        clock.time("bare spaCy", bare, text)
        clock.time("onrecord", process, Document(text=text), tools)
        layout = clock.time("  segment", segment, text, tools.rules)
        quotations, _ = clock.time("  quotations", pair_quotations, text, layout, tools.rules)
        doc = clock.time("  parse", parse, text, layout, tools.nlp)
        found = clock.time("  rules", by_rules, doc, layout, quotations, tools.rules)
        words = clock.time("  words", words_of, text, layout, quotations)
        tokens = clock.time("  syntax", lambda d, w: syntax_rows(w, syntax_of(d)), doc, words)
        # A generator: what it reads is read, and timed, in list().
        reads = clock.time("  network", list, tools.encoder.read(text, words, hint_rows(words, found), tokens))
        clock.time("  decoding", by_model, text, words, quotations, reads, tools.encoder)
    count = sum(len(text.split()) for text in texts)
    for name, seconds in clock.seconds.items():
        times, speed = seconds / clock.seconds["bare spaCy"], count / seconds
        print(f"{name:14} {times:6.3f} × bare spaCy {speed:10,.0f} words a CPU second")


if __name__ == "__main__":
    main()
