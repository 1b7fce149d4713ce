"""The words round a cue's head: its verb group, its subject, and the verb or noun that governs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from pipeline.attribute.syntax import CLIMB, RELATIVE

if TYPE_CHECKING:
    from spacy.tokens import Token

    from pipeline.attribute.lexicon import Lexicon
    from pipeline.attribute.syntax import Syntax

GROUP_DEPS = ("aux", "auxpass", "neg", "prt")
SUBJECTS = ("nsubj", "nsubjpass", "csubj")
NOMINAL = ("NOUN", "PROPN", "PRON")
COPULAS = ("be", "seem", "feel", "remain", "become", "get", "sound", "appear", "look", "stay", "grow")
# Dependencies through which a verb without subject shares that of the word it hangs on.
SHARING = ("conj", "xcomp", "advcl", "pcomp", "prep", "ccomp", "dep", "parataxis", "acomp", "agent", "attr")
PREMODIFIERS = ("amod", "compound", "advmod", "det", "nummod", "quantmod", "neg", "predet")

GroupKind = Literal["verb", "adjective", "noun", "phrase"]


class Group(Struct, frozen=True):
    """A cue in its sentence.

    ``head`` is its main word and ``parts`` the indices of its further ones; ``verb`` the word that
    carries the complements (the head itself, or the copula of an adjective); ``cue`` the range of its
    words; ``subject`` the head of the mention it is attributed to, if the grammar gives one.
    """

    kind: GroupKind
    head: Token
    verb: Token
    cue: tuple[int, int]
    parts: tuple[int, ...] = ()
    subject: Token | None = None
    passive: bool = False


def verb_group(syntax: Syntax, lexicon: Lexicon, head: Token, parts: tuple[int, ...]) -> Group | None:
    """Return the group of a verb: auxiliaries, negation, adverbs before it, particle after it."""
    first, last = _extent(syntax, head, parts)
    if is_passive(head):
        by = agent(head)
        if by is not None and last < syntax.sentence(head)[1] and syntax.tokens[last].i == by.head.i:
            last += 1
        return Group("verb", head, head, (first, last), parts, by, passive=True)
    uttering = _uttering_verb(lexicon, head)
    if uttering is not None:
        return Group("verb", head, head, (_extent(syntax, uttering, ())[0], last), parts, find_subject(uttering))
    top = head
    for _ in range(CLIMB):
        governor = top.head
        if top.dep_ not in ("xcomp", "pcomp") or governor.i >= first or subject_child(top) is not None:
            break
        if governor.pos_ not in ("VERB", "AUX", "ADJ", "ADP") or not _adjoin(syntax, governor.i + 1, first):
            break
        top = governor
        if governor.pos_ != "ADP":
            first = _extent(syntax, governor, ())[0]
    return Group("verb", head, head, (first, last), parts, find_subject(top))


def adjective_group(syntax: Syntax, lexicon: Lexicon, head: Token, parts: tuple[int, ...]) -> Group | None:  # noqa: ARG001
    """Return the group of an adjective or participle with its copula ("is confident")."""
    last = max((head.i, *parts)) + 1
    verb = head.head
    if head.dep_ in ("acomp", "oprd", "attr", "ccomp") and verb.lemma_ in COPULAS and verb.i < head.i:
        between = any(t.pos_ in NOMINAL for t in syntax.words(verb.i + 1, head.i))
        first = head.i if between else _extent(syntax, verb, ())[0]
        return Group("adjective", head, verb, (first, last), parts, find_subject(verb))
    if head.pos_ == "VERB" and is_passive(head):
        subject = next((c for c in head.children if c.dep_ in SUBJECTS), None) or find_subject(head)
        return Group("adjective", head, head, (_extent(syntax, head, ())[0], last), parts, subject)
    return None


def noun_group(syntax: Syntax, lexicon: Lexicon, head: Token, parts: tuple[int, ...]) -> Group | None:  # noqa: ARG001
    """Return the group of a noun: with the verb whose object it is ("raised concerns about") or its copula."""
    last = max((head.i, *parts)) + 1
    possessor = next((c for c in head.children if c.dep_ == "poss"), None)
    if possessor is None and head.dep_ == "dobj" and head.head.pos_ == "VERB" and head.head.i < head.i:
        verb = head.head
        if not is_passive(verb) and not any(t.tag_ == "POS" for t in syntax.words(verb.i, head.i)):
            return Group("noun", head, head, (_extent(syntax, verb, ())[0], last), parts, find_subject(verb))
    first = head.i
    bottom = syntax.range_of(head)[0] if possessor is None else possessor.right_edge.i + 1
    while first > bottom and syntax.tokens[first - 1].dep_ in PREMODIFIERS:
        first -= 1
    verb = head
    if head.dep_ in SUBJECTS and head.head.lemma_ == "be" and head.head.i == last and not parts:
        verb = head.head
        last += 1
    return Group("noun", head, verb, (first, last), parts, possessor or _by(head))


def phrase_group(syntax: Syntax, lexicon: Lexicon, head: Token, parts: tuple[int, ...]) -> Group | None:  # noqa: ARG001
    """Return the group of a preposition with its object ("according to the ministry")."""
    last = max((head.i, *parts)) + 1
    for token in syntax.words(last, syntax.sentence(head)[1]):
        if token.dep_ == "pobj" or token.pos_ in NOMINAL:
            subject = token
            for _ in range(CLIMB):
                if subject.dep_ not in ("compound", "amod", "poss", "nmod", "det") or subject.head.i <= subject.i:
                    break
                subject = subject.head
            return Group("phrase", head, head, (head.i, last), parts, subject)
    return None


def is_passive(verb: Token) -> bool:
    """Tell whether a verb is in the passive, or a participle after its noun or at the sentence's head.

    "a man called Ito"; "Asked why, Ito left".
    """
    if any(c.dep_ in ("auxpass", "nsubjpass") for c in verb.children):
        return True
    after_noun = verb.tag_ == "VBN" and verb.dep_ in ("acl", "amod")
    fronted = verb.tag_ in ("VBN", "VBD") and verb.dep_ in ("advcl", "csubj") and bool(verb.is_sent_start)
    return (after_noun or fronted) and not any(c.dep_ in ("aux", "nsubj") for c in verb.children)


def agent(verb: Token) -> Token | None:
    """Return the head of a passive's "by" phrase."""
    for child in verb.children:
        if child.dep_ == "agent" or (child.dep_ == "prep" and child.lower_ == "by"):
            return next((c for c in child.children if c.dep_ == "pobj"), None)
    return None


def subject_child(verb: Token) -> Token | None:
    """Return the verb's own subject."""
    return next((c for c in verb.children if c.dep_ in SUBJECTS), None)


def find_subject(verb: Token) -> Token | None:
    """Return the subject of a verb, its own or that of the word it hangs on."""
    for _ in range(CLIMB):
        own = subject_child(verb)
        if own is not None:
            return own
        head = verb.head
        if head.i == verb.i or any(c.dep_ == "expl" for c in verb.children):
            return None
        if verb.dep_ in ("acl", "relcl") and head.pos_ in NOMINAL:
            return head
        if verb.dep_ == "xcomp" and head.pos_ == "VERB":
            told = next((c for c in head.children if c.dep_ == "dobj" and c.i < verb.i), None)
            if told is not None:
                return told
        if verb.dep_ not in SHARING:
            return None
        verb = head
    return None


def is_relative(token: Token) -> bool:
    """Tell whether the token is a relative pronoun."""
    return token.tag_ in RELATIVE or (token.lower_ == "that" and token.dep_ in SUBJECTS and token.tag_ != "DT")


def _uttering_verb(lexicon: Lexicon, head: Token) -> Token | None:
    """Return the verb of "issued a statement saying": who issues it is the source, all of it the cue."""
    noun = head.head
    if head.dep_ not in ("acl", "relcl") or noun.dep_ != "dobj" or noun.lemma_.lower() not in lexicon.utterances:
        return None
    verb = noun.head
    own = subject_child(head)
    if own is not None and not is_relative(own):
        return None
    return verb if verb.pos_ == "VERB" and verb.i < noun.i < head.i and not is_passive(verb) else None


def _by(noun: Token) -> Token | None:
    """Return who a noun's content comes from ("calls by farmers", "criticism from Oslo")."""
    for prep in noun.children:
        if prep.dep_ in ("prep", "agent") and prep.lower_ in ("by", "from", "among"):
            return next((c for c in prep.children if c.dep_ == "pobj"), None)
    return None


def _adjoin(syntax: Syntax, first: int, last: int) -> bool:
    """Tell whether only "to", adverbs and prepositions stand in a range."""
    return all(t.pos_ in ("PART", "ADV", "ADP") for t in syntax.words(first, last))


def _extent(syntax: Syntax, head: Token, parts: tuple[int, ...]) -> tuple[int, int]:
    """Return the range of a verb with auxiliaries, negation and adverbs before and its particle after it."""
    bottom, top = syntax.sentence(head)
    first, last = head.i, max((head.i, *parts)) + 1
    while first > bottom and _helps(syntax.tokens[first - 1], head):
        first -= 1
    while last < top and syntax.tokens[last].head.i == head.i and syntax.tokens[last].dep_ in ("prt", "neg"):
        last += 1
    return first, last


def _helps(token: Token, head: Token) -> bool:
    own = head.i in (token.head.i, token.head.head.i)
    return own and (token.dep_ in GROUP_DEPS or (token.dep_ == "advmod" and token.tag_ in ("RB", "RBR")))
