"""``rules/`` → typed, validated, frozen rules with a digest.

Every ``*.toml`` file of a rules folder holds arrays of tables; a table's name is the kind of
its rules (``[[cue]]``, ``[[title]]`` …) and any file may hold any kind. A user's folder is
layered over the shipped one: a rule with the id of a shipped rule replaces it, ids in a
top-level ``disable = [...]`` are switched off.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import ClassVar, Literal, TypeVar

import msgspec
from msgspec import Struct, field, structs

from pipeline.errors import RuleError
from pipeline.records import CheckReason, Zone
from pipeline.rulefile import Place, RuleFile, did_you_mean, rule_error

R = TypeVar("R", bound="Rule")


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every rule has: an id, examples that must and must not match, and its origin.

    In an example the words that the rule must point at stand in ``[square brackets]``.
    """

    kind: ClassVar[str]
    # How the kind's stage compiles ``pattern``, where the kind has one.
    pattern_flags: ClassVar[int] = 0

    id: str
    match: tuple[str, ...]
    reject: tuple[str, ...] = ()
    origin: str = ""

    def needs_examples(self) -> bool:
        """Tell whether the rule must come with sentences in which it fires."""
        return True

    def fault(self) -> str | None:
        """Return what is wrong with the rule beyond its types, as a sentence; None if nothing is."""
        return None


CueFrame = Literal["quotation", "clause", "that-clause", "infinitive", "noun-phrase", "preposition"]
CueClass = Literal[
    "assert", "deny", "ask", "discuss", "praise", "blame", "promise", "demand", "endorse", "refuse",
    "predict", "order", "hope", "believe", "advise", "warn", "announce",
]  # fmt: skip


class Cue(Rule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Words that attribute. ``frames`` are the kinds of content the cue takes.

    ``precision`` says, for a frame, which share of the cue's occurrences in it attribute something, from
    0 to 1; measured by ``training/cue_statistics.py``. ``addressee`` says that a clause's cue may take as
    object who is told ("told reporters that …").
    """

    kind: ClassVar[str] = "cue"

    lemma: str
    pos: Literal["verb", "noun", "adjective", "preposition", "punctuation"] = "verb"
    frames: tuple[CueFrame, ...]
    class_: CueClass = field(name="class", default="assert")
    precision: dict[CueFrame, float] = {}
    addressee: bool = False

    def fault(self) -> str | None:
        """Refuse a precision that is no share or belongs to no frame of the rule."""
        if wrong := sorted(set(self.precision) - set(self.frames)):
            return f"precision names {wrong[0]!r}, which is not among the frames."
        if any(not 0 < share <= 1 for share in self.precision.values()):
            return "precision must lie between 0 and 1."
        return None


class Medium(Rule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nouns and names for where something is said ("in an *interview*", "on *Twitter*") or what says it.

    An ``utterance`` ("a *statement* saying that …") may stand between a source and its cue.
    """

    kind: ClassVar[str] = "medium"

    words: tuple[str, ...]
    utterance: bool = False


class QuotationMark(Rule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Marks that open a quotation and those that close it.

    ``strength`` says how sure a mark is: a ``double`` one is always a quotation mark, a ``single``
    one may be an apostrophe, a ``dash`` opens a speech at a paragraph's start. A ``lenient`` pair is
    tried where no other pair fits and the white space round the mark shows its direction.
    """

    kind: ClassVar[str] = "quotation_mark"

    open: tuple[str, ...]
    close: tuple[str, ...]
    strength: Literal["double", "single", "dash"] = "double"
    lenient: bool = False


class Elision(Rule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Words whose first letters an apostrophe replaces, written without it: ``tis``, ``em``."""

    kind: ClassVar[str] = "elision"

    words: tuple[str, ...]


class Abbreviation(Rule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Words, with their mark, after which a sentence goes on, or a pattern that all of the word matches.

    ``before`` says before what: ``anything``; a ``name``, that is a capital; a ``number``; or only
    ``lowercase``, so that before a capital a sentence ends if the next word often starts one.
    """

    kind: ClassVar[str] = "abbreviation"

    words: tuple[str, ...] = ()
    pattern: str = ""
    before: Literal["anything", "name", "number", "lowercase"] = "lowercase"

    def fault(self) -> str | None:
        """Refuse a rule that gives nothing, or two things, to look for."""
        return None if bool(self.words) != bool(self.pattern) else "exactly one of words and pattern must be given."


class SentenceStart(Rule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Words that, with a capital, start a sentence even after an abbreviation or an ellipsis."""

    kind: ClassVar[str] = "sentence_start"

    words: tuple[str, ...]


class SentenceJoin(Rule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A regular expression for what follows a quotation and still belongs to its sentence."""

    kind: ClassVar[str] = "sentence_join"

    pattern: str


class ZonePattern(Rule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A regular expression that, matching a paragraph's start, gives it a zone.

    One for ``dateline`` cuts what it matches off the paragraph. ``top`` holds it to the first
    paragraphs of a document.
    """

    kind: ClassVar[str] = "zone"

    pattern: str
    zone: Zone
    top: bool = False


class Title(Rule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Words before a name that are no part of it: honorifics, ranks, offices."""

    kind: ClassVar[str] = "title"

    words: tuple[str, ...]
    gender: Literal["male", "female", "any"] = "any"


class Role(Rule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Head nouns of descriptions, and what they stand for; ``nothing`` is for things that cannot speak."""

    kind: ClassVar[str] = "role"

    words: tuple[str, ...]
    of: Literal["person", "org", "document", "people", "nothing"] = "person"


class RoleForm(Rule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Heads of descriptions that can mean one office or trade: "Sen." and "senator"."""

    kind: ClassVar[str] = "role_form"

    words: tuple[str, ...]


class Pronoun(Rule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Pronouns that share person, number and gender."""

    kind: ClassVar[str] = "pronoun"

    words: tuple[str, ...]
    person: Literal[1, 2, 3]
    number: Literal["singular", "plural", "any"]
    gender: Literal["male", "female", "neuter", "any"]


class GivenName(Rule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """First names that tell a gender."""

    kind: ClassVar[str] = "given_name"

    words: tuple[str, ...]
    gender: Literal["male", "female"]


class NamePart(Rule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Words of a name beside given names: particles ("van der"), suffixes ("Jr."), surnames everybody knows."""

    kind: ClassVar[str] = "name_part"

    words: tuple[str, ...]
    part: Literal["particle", "suffix", "surname"]


class Nickname(Rule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Given names that one person may bear in turn: short forms and transliterations."""

    kind: ClassVar[str] = "nickname"

    words: tuple[str, ...]


class NotName(Rule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Words that are often written with a capital and never begin a person's name."""

    kind: ClassVar[str] = "not_name"

    words: tuple[str, ...]


class Country(Rule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A country or region: its names, its adjectives, and the capitals that stand for its government."""

    kind: ClassVar[str] = "country"

    words: tuple[str, ...]
    adjectives: tuple[str, ...] = ()
    capitals: tuple[str, ...] = ()


class NotStatement(Rule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A context in which words between quotation marks are no statement (title, nickname …)."""

    kind: ClassVar[str] = "not_statement"

    pattern: str
    reason: Literal["scare-quote", "title", "nickname"]


class ClassWeights(Struct, frozen=True, forbid_unknown_fields=True):
    """What a rule adds to each class's log-odds, and to those of being worth a check (``check``).

    Natural logarithms; measured by ``training/class_weights.py``.
    """

    claim: float = 0.0
    announcement: float = 0.0
    analysis: float = 0.0
    other: float = 0.0
    check: float = 0.0


StatementPart = Literal["content", "start", "cue", "source", "frame"]
StatementShape = Literal["any", "clause", "phrase"]


class ClassPattern(Rule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that speaks for or against a statement's classes.

    Exactly one of ``words`` (each also matches its inflections; several words are a phrase),
    ``pattern`` (a case-insensitive regular expression) and ``feature`` (a name in
    ``pipeline.classify.features``) says what to look for; ``where``, ``voice`` and ``shape``
    say in which part of which statements. ``frame`` is what a sentence holds beside its content,
    cue and source; ``start`` is the content's first word. ``weights`` hold for attributed
    statements, ``writer_weights`` for sentences in the writer's own voice. ``by_hand`` keeps the
    weights from being measured, where the labelled articles hardly show what the rule looks for,
    and lets them count in full beside what the network says; a user's rules are always by hand.
    ``reason`` says, of a rule that fires on what makes a statement worth a check, what that is.
    """

    kind: ClassVar[str] = "class_pattern"
    pattern_flags: ClassVar[int] = re.IGNORECASE

    words: tuple[str, ...] = ()
    pattern: str = ""
    feature: str = ""
    where: StatementPart = "content"
    voice: Literal["attributed", "writer", "any"] = "any"
    shape: StatementShape = "any"
    by_hand: bool = False
    reason: CheckReason | None = None
    weights: ClassWeights = ClassWeights()
    writer_weights: ClassWeights = ClassWeights()

    def needs_examples(self) -> bool:
        """Tell whether examples must be given: a feature is code, and tested as code."""
        return not self.feature

    def fault(self) -> str | None:
        """Refuse a rule that says nothing, or two things, to look for."""
        given = bool(self.words) + bool(self.pattern) + bool(self.feature)
        return None if given == 1 else "exactly one of words, pattern and feature must be given."


class ClassLexicon(Rule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Single words with weights of their own, too many to write a pattern for each.

    ``lemmas`` gives a word's weights for claim, announcement, analysis, other and check-worthiness;
    a word counts once a statement, in any inflection, unless it is (part of) a name.
    """

    kind: ClassVar[str] = "class_lexicon"

    match: tuple[str, ...] = ()
    where: StatementPart
    voice: Literal["attributed", "writer"] = "attributed"
    shape: StatementShape = "any"
    lemmas: dict[str, tuple[float, float, float, float, float]]

    def needs_examples(self) -> bool:
        """Tell whether examples must be given: a measured list needs none."""
        return False


KINDS: dict[str, type[Rule]] = {
    kind.kind: kind
    for kind in (
        Cue, Medium, QuotationMark, Elision, Abbreviation, SentenceStart, SentenceJoin, ZonePattern, Title, Role,
        RoleForm, Pronoun, GivenName, NamePart, Nickname, NotName, Country, NotStatement, ClassPattern, ClassLexicon,
    )
}  # fmt: skip


class Rules(Struct, frozen=True, kw_only=True):
    """All rules by kind, in file and text order, with the digest of their content.

    ``places`` says where each rule stands, by id.
    """

    by_kind: dict[str, tuple[Rule, ...]]
    digest: str
    places: dict[str, Place] = {}

    def of(self, kind: type[R]) -> tuple[R, ...]:
        """Return the rules of one kind."""
        return self.by_kind.get(kind.kind, ())  # type: ignore[return-value]

    def all(self) -> tuple[Rule, ...]:
        """Return the rules of every kind."""
        return tuple(rule for rules in self.by_kind.values() for rule in rules)


def shipped_folder() -> Path:
    """Return the folder of the shipped rules: inside the wheel, or beside the package in a checkout."""
    inside = Path(__file__).parent / "shipped_rules"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "rules"


class ByDigest:
    """Rules that are equal where their digests are, to key a cache."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules

    def __hash__(self) -> int:
        return hash(self.rules.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ByDigest) and other.rules.digest == self.rules.digest


def load_rules(user_folder: Path | None = None) -> Rules:
    """Load the shipped rules with a user's folder, if any, layered over them.

    Raises RuleError for the first thing that is wrong: syntax, unknown kinds and keys, wrong types,
    ids given twice in a folder, missing examples, regular expressions that are none or may take
    exponential time, disabled ids that don't exist, a folder that is missing or holds no rules.
    """
    rules, errors = read_rules(user_folder)
    if errors:
        first, more = errors[0], len(errors) - 1
        if more:
            first.remedy += f" ({more} more: see onrecord rules check.)"
        raise first
    return rules


def read_rules(user_folder: Path | None = None) -> tuple[Rules, list[RuleError]]:
    """Load what can be loaded, and return everything that is wrong with the rest."""
    layers = _Layers()
    layers.add(shipped_folder())
    if user_folder is not None:
        layers.add(user_folder, users=True)
    rules = layers.rules.values()
    by_kind = {kind: tuple(rule for rule in rules if rule.kind == kind) for kind in KINDS}
    content = msgspec.json.encode([(rule.kind, rule) for rule in rules])
    digest = "sha256:" + hashlib.sha256(content).hexdigest()
    return Rules(by_kind=by_kind, digest=digest, places=layers.places), layers.errors


class _Layers:
    """Folders of rules, each laid over the ones before."""

    def __init__(self) -> None:
        self.rules: dict[str, Rule] = {}
        self.places: dict[str, Place] = {}
        self.errors: list[RuleError] = []

    def add(self, folder: Path, *, users: bool = False) -> None:
        files = [RuleFile(path, KINDS) for path in _files(folder, self.errors)]
        for file in files:
            self.errors += file.errors
            for id, place in file.disable:
                self._disable(id, place)
        new: dict[str, Place] = {}
        for file in files:
            for raw in file.rules:
                try:
                    rule = file.typed(raw)
                    self._check_id(rule, raw.place, new)
                except RuleError as error:
                    self.errors.append(error)
                else:
                    new[rule.id] = raw.place
                    # What a user writes is measured on nothing: it counts in full.
                    by_hand = users and isinstance(rule, ClassPattern)
                    self.rules[rule.id] = structs.replace(rule, by_hand=True) if by_hand else rule
        self.places |= new

    def _disable(self, id: str, place: Place) -> None:
        if id in self.rules:
            del self.rules[id], self.places[id]
        else:
            what = f"disable names {id!r}, which no rule before this folder is called."
            self.errors.append(rule_error(place, what, did_you_mean(id, self.rules)))

    def _check_id(self, rule: Rule, place: Place, new: dict[str, Place]) -> None:
        if rule.id in new:
            other = new[rule.id]
            what = f"the id {rule.id!r} is taken: {other.path}:{other.line}."
            raise rule_error(place, what, "Give every rule of a folder an id of its own.")
        shipped = self.rules.get(rule.id)
        if shipped is not None and shipped.kind != rule.kind:
            what = f"{rule.id!r} would replace a rule of another kind, [[{shipped.kind}]]."
            raise rule_error(place, what, "Choose another id, or the same kind.")


def _files(folder: Path, errors: list[RuleError]) -> list[Path]:
    """Return a folder's rules files, by name."""
    remedy = "Name a folder of rules (*.toml) with --rules; rules/README.md shows how to write them."
    if not folder.is_dir():
        what = "is a file, not a folder" if folder.exists() else "does not exist"
        errors.append(RuleError(f"{folder}: the rules folder {what}.", remedy=remedy, path=folder, line=1))
        return []
    paths = sorted(folder.glob("*.toml"))
    if not paths:
        errors.append(RuleError(f"{folder}: the folder holds no rules.", remedy=remedy, path=folder, line=1))
    return paths
