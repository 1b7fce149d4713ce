"""Measure how often each word, in each of its frames, is the cue of an attribution.

Run from the project's folder:

    python training/cue_statistics.py GOLD > cues.tsv

``GOLD`` is a folder of annotated articles: ``text/NAME.txt`` with ``attributions/NAME.ann`` (brat, as
PolNeAR has them). Every verb, noun and adjective, alone and with the particle or preposition that
depends on it, and the prepositional phrases below are taken for cues; the attribute stage then says
which contents they would have in which frame. Tab-separated, a line a word and frame:

``pos``, ``lemma``, ``frame``
    As in ``rules/cues_*.toml``.
``seen``
    How often the word gave a content in this frame. Words inside another attribution's content are
    not counted, since only the outermost attribution makes a record.
``attributions``
    How often that was an attribution: its content overlaps an annotated one by half or more
    (intersection over union of words) and has the same source, or neither has one.
``precision``
    What the rules give: the share of attributions, drawn to that of all words of the part of speech
    in the frame as if two more places had been seen with it, so that a word seen once counts little.

A frame is worth having in the rules about where its precision is above half the linked F1 that the
whole reaches (half of 0.66 on PolNeAR dev), since then it raises that F1; whether the word means saying or
thinking stays a person's judgement.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from pipeline.attribute.contents import contents_of
from pipeline.attribute.cues import hit_at
from pipeline.attribute.indirect import content_spans
from pipeline.attribute.lexicon import Lexicon
from pipeline.attribute.syntax import Syntax
from pipeline.evaluate.gold import read_gold
from pipeline.evaluate.words import SAME_CONTENT, WordedText
from pipeline.parse import load_model, parse
from pipeline.quotations import pair_quotations
from pipeline.records import Span
from pipeline.rules import Cue, CueFrame, Medium, load_rules
from pipeline.segment import segment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from spacy.tokens import Doc, Token

    from pipeline.attribute.cues import CueHit
    from pipeline.attribute.lexicon import Match
    from pipeline.evaluate.gold import GoldAttribution
    from pipeline.evaluate.words import Ids
    from pipeline.records import Quotation
    from pipeline.rules import Rules

    Key = tuple[str, str, str]

# How many places with the mean share are added to those seen.
PRIOR = 2
PHRASES = ("according to", "in the words of", "in the view of", "in the opinion of", "in the eyes of", "per", "as per")


def main(folder: Path) -> None:
    """Print the table for a folder of annotated articles; the commonest cues first."""
    rules, nlp = load_rules(), load_model()
    gold = read_gold(folder)
    seen: Counter[Key] = Counter()
    right: Counter[Key] = Counter()
    for stem, text in gold.texts.items():
        layout = segment(text, rules)
        quotations, _ = pair_quotations(text, layout, rules)
        annotated = Annotated(text, gold.annotations[stem][0])
        for key, is_attribution in candidates(parse(text, layout, nlp), quotations, rules, annotated):
            seen[key] += 1
            right[key] += is_attribution
    shares = mean_shares(seen, right)
    sys.stdout.write("pos\tlemma\tframe\tseen\tattributions\tprecision\n")
    for key in sorted(seen, key=lambda key: (-right[key], key)):
        pos, _, frame = key
        precision = (right[key] + PRIOR * shares[pos, frame]) / (seen[key] + PRIOR)
        sys.stdout.write("\t".join([*key, str(seen[key]), str(right[key]), f"{precision:.2f}"]) + "\n")


def mean_shares(seen: Counter[Key], right: Counter[Key]) -> dict[tuple[str, str], float]:
    """Return the share of attributions by part of speech and frame."""
    total: Counter[tuple[str, str]] = Counter()
    hits: Counter[tuple[str, str]] = Counter()
    for (pos, lemma, frame), count in seen.items():
        total[pos, frame] += count
        hits[pos, frame] += right[pos, lemma, frame]
    return {key: hits[key] / count for key, count in total.items()}


class Annotated:
    """The annotated attributions of a text, in words."""

    def __init__(self, text: str, attributions: Iterable[GoldAttribution]) -> None:
        self.words = WordedText(text)
        told = [attribution for attribution in attributions if attribution.content]
        self.contents = [self.words.ids(a.content) for a in told]
        self.sources = [self.words.ids(a.source) for a in told]
        self.holder = {word: i for i, content in enumerate(self.contents) for word in content}

    def judge(self, hit: CueHit, head: Ids, content: Ids) -> bool | None:
        """Tell whether a hit with a content is annotated; None where its cue is another attribution's content."""
        rivals = {self.holder[word] for word in content if word in self.holder}
        overlap, best = max(((self._overlap(i, content), i) for i in rivals), default=(0.0, -1))
        if overlap < SAME_CONTENT:
            return None if head & self.holder.keys() else False
        source = self.words.ids([hit.source]) if hit.source is not None else frozenset()
        gold = self.sources[best]
        return self.words.same_source(gold, source) if gold else not source

    def _overlap(self, index: int, content: Ids) -> float:
        return len(content & self.contents[index]) / len(content | self.contents[index])


def candidates(
    doc: Doc, quotations: tuple[Quotation, ...], rules: Rules, annotated: Annotated
) -> Iterator[tuple[Key, bool]]:
    """Yield every word with every content it may have, and whether that is annotated."""
    syntax = Syntax(doc, quotations)
    lexicon = Lexicon(every_word(doc), rules.of(Medium))
    for token in syntax.tokens:
        head = annotated.words.ids([_place(token)])
        for match in lexicon.at(syntax, token) if head else ():
            hit = hit_at(syntax, lexicon, token, match)
            if hit is None:
                continue
            for content in contents_of(syntax, hit.group, syntax.range_at(hit.source)):
                words = annotated.words.ids(content_spans(syntax, hit, content))
                if not words or not _takes(match, syntax, content.frame):
                    continue
                judged = annotated.judge(hit, head, words)
                if judged is not None:
                    yield (match.rule.pos, match.rule.lemma, content.frame), judged


def every_word(doc: Doc) -> tuple[Cue, ...]:
    """Return a rule for each word of a document that may be a cue, with and without what goes with it."""
    found = dict.fromkeys(("preposition", phrase) for phrase in PHRASES)
    for token in doc:
        for pos, lemma in _readings(token):
            found[pos, lemma] = None
            for particle in _after(token, "prt", "prep"):
                found[pos, f"{lemma} {particle.lower_}"] = None
                for preposition in _after(token, "prep") if particle.dep_ == "prt" else ():
                    if preposition.i > particle.i:
                        found[pos, f"{lemma} {particle.lower_} {preposition.lower_}"] = None
    frames: tuple[CueFrame, ...] = get_args(CueFrame)
    return tuple(Cue(id=f"{pos}.{lemma}", match=(), lemma=lemma, pos=pos, frames=frames) for pos, lemma in found)  # type: ignore[arg-type]


def _readings(token: Token) -> Iterator[tuple[str, str]]:
    """Yield the parts of speech, with the lemma, that a token may be a cue as."""
    lemma = token.lemma_.lower()
    if not lemma or not lemma[0].isalpha() or " " in lemma:
        return
    if token.pos_ in ("VERB", "AUX") and token.tag_ != "MD":
        yield "verb", lemma
    if token.pos_ == "NOUN":
        yield "noun", lemma
    if token.pos_ == "ADJ" or token.tag_ == "VBN":
        yield "adjective", token.lower_


def _after(token: Token, *dependencies: str) -> Iterator[Token]:
    for child in token.children:
        if child.i > token.i and child.dep_ in dependencies and child.is_alpha:
            yield child


def _takes(match: Match, syntax: Syntax, frame: CueFrame) -> bool:
    """Tell whether a content belongs to all of a cue's words: with a preposition only what this governs."""
    governs = match.rule.pos != "preposition" and bool(match.parts) and syntax.tokens[match.parts[-1]].dep_ == "prep"
    return (frame == "preposition") == governs


def _place(token: Token) -> Span:
    return Span(token.idx, token.idx + len(token))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
