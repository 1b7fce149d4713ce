"""One rules file: TOML → raw rules with their lines, and every mistake in it with its line."""

from __future__ import annotations

import re
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct

from pipeline.backtracking import ambiguous_loop
from pipeline.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pipeline.rules import Rule

_AT = re.compile(r"^(?P<what>.*?)(?: - at `\$(?P<where>[^`]*)`)?$", re.DOTALL)
_TOML_LINE = re.compile(r" \(at line (\d+), column \d+\)")
_KEY = re.compile(r"\s*(?:\"([^\"]+)\"|'([^']+)'|([\w-]+))\s*=")
_ID = re.compile(r"[a-z][a-z_]*(?:\.[\w’'-]+)+")


class Place(Struct, frozen=True, order=True):
    """Where a rule stands: its file and the line (from 1) of its table."""

    path: Path
    line: int


class RawRule(Struct, frozen=True):
    """A table of a rules file before it is typed."""

    kind: str
    fields: dict[str, Any]
    place: Place


class RuleFile:
    """A parsed rules file. ``errors`` holds what is wrong with its outer structure.

    ``disable`` gives the ids that the file switches off, each with the line of the list.
    """

    def __init__(self, path: Path, kinds: Mapping[str, type[Rule]]) -> None:
        self.path = path
        self.kinds = kinds
        self.errors: list[RuleError] = []
        self.rules: list[RawRule] = []
        self.disable: list[tuple[str, Place]] = []
        self.lines: list[str] = []
        try:
            text = path.read_text(encoding="utf-8")
            self.lines = text.splitlines()
            tables = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            self._syntax(str(error))
        except UnicodeDecodeError as error:
            self._wrong(1, f"it is not valid UTF-8 (byte {error.start}).", "Save the file as UTF-8.")
        except OSError as error:
            self._wrong(1, f"it can't be read: {error.strerror}.", "Check the file and its rights.")
        else:
            self._tables(tables)

    def line_of(self, key: str, after: int = 0) -> int:
        """Return the line (from 1) of ``key = …`` in the table that begins on line ``after``; else ``after``."""
        for number, line in enumerate(self.lines[after:], after + 1):
            if line.lstrip().startswith("["):
                break
            found = _KEY.match(line)
            if found and key in found.groups():
                return number
        return max(after, 1)

    def typed(self, raw: RawRule) -> Rule:
        """Return the rule of a table; raises RuleError that names its line and the remedy."""
        kind = self.kinds[raw.kind]
        try:
            rule = msgspec.convert(raw.fields, kind)
        except msgspec.ValidationError as error:
            raise self._invalid(raw, kind, str(error)) from None
        fault = next(self._faults(raw, rule), None)
        if fault is not None:
            raise fault
        return rule

    # ------------------------------------------------------------ the file's structure

    def _tables(self, tables: dict[str, Any]) -> None:
        origin = tables.pop("origin", "")
        if not isinstance(origin, str):
            self._wrong(self.line_of("origin"), "origin is no string.", 'Write origin = "…".')
            origin = ""
        self._disable(tables.pop("disable", []))
        for kind, entries in tables.items():
            if kind not in self.kinds:
                names = [*self.kinds, "origin", "disable"]
                self._wrong(
                    self._first_line(kind), f"there is no kind of rule called {kind!r}.", did_you_mean(kind, names)
                )
            elif not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
                self._wrong(
                    self._first_line(kind), f"{kind!r} is no list of rules.", f"Begin every rule with [[{kind}]]."
                )
            else:
                places = self._headers(kind)
                for at, entry in enumerate(entries):
                    line = places[at] if len(places) == len(entries) else self._first_line(kind)
                    self.rules.append(RawRule(kind, {"origin": origin} | entry, Place(self.path, line)))
        self.rules.sort(key=lambda raw: raw.place.line)

    def _disable(self, ids: Any) -> None:
        line = self.line_of("disable")
        if not isinstance(ids, list) or not all(isinstance(id, str) for id in ids):
            self._wrong(
                line, "disable is no list of rule ids.", 'Write disable = ["kind.name", …] at the top of the file.'
            )
            return
        self.disable = [(id, Place(self.path, line)) for id in ids]

    def _headers(self, kind: str) -> list[int]:
        header = re.compile(rf"\s*\[\[\s*[\"']?{re.escape(kind)}[\"']?\s*\]\]")
        return [number for number, line in enumerate(self.lines, 1) if header.match(line)]

    def _first_line(self, kind: str) -> int:
        header = re.compile(
            rf"\s*(?:\[\[?\s*[\"']?{re.escape(kind)}[\"']?\s*[\].]|[\"']?{re.escape(kind)}[\"']?\s*[=.])"
        )
        return next((number for number, line in enumerate(self.lines, 1) if header.match(line)), 1)

    def _syntax(self, message: str) -> None:
        found = _TOML_LINE.search(message)
        line = int(found[1]) if found else max(1, len(self.lines))
        what = _TOML_LINE.sub("", message).removesuffix(" (at end of document)")
        self._wrong(
            line,
            f"it is no TOML: {what[:1].lower()}{what[1:]}.",
            "Correct the line; strings stand between quotation marks.",
        )

    def _wrong(self, line: int, what: str, remedy: str) -> None:
        self.errors.append(rule_error(Place(self.path, line), what, remedy))

    # ------------------------------------------------------------ one rule

    def _invalid(self, raw: RawRule, kind: type[Rule], message: str) -> RuleError:
        """Turn msgspec's message into ours, with the line of the field it is about."""
        found = _AT.match(message)
        what, where = (found["what"], found["where"] or "") if found else (message, "")
        quoted = re.search(r"field `([^`]*)`", what)
        path = [part for part in re.split(r"[.\[\]]+", where) if part and not part.isdigit()]
        line = self.line_of((path + ([quoted[1]] if quoted else []) or [""])[0], raw.place.line)
        name = _name(raw)
        if "unknown field" in what and quoted:
            fields = list(_options_at(kind, path))
            message = f"{name} has an unknown key {quoted[1]!r}."
            return rule_error(Place(self.path, line), message, did_you_mean(quoted[1], fields))
        if "missing required field" in what and quoted:
            key = quoted[1]
            return rule_error(Place(self.path, line), f"{name} lacks {key!r}.", _missing_remedy(key))
        value = re.match(r"Invalid enum value (.*)$", what)
        if value:
            options = [str(option) for option in _literals(_type_at(kind, path))]
            given = value[1].strip("'")
            return rule_error(
                Place(self.path, line), f"{name}: {'.'.join(path)} can't be {value[1]}.", did_you_mean(given, options)
            )
        remedy = "Give the value the type that rules/README.md names."
        return rule_error(Place(self.path, line), f"{name}: {'.'.join(path)}: {what[:1].lower()}{what[1:]}.", remedy)

    def _faults(self, raw: RawRule, rule: Rule) -> Iterator[RuleError]:
        """Yield what the types don't say: the id's form, empty words, examples, regular expressions."""
        line = raw.place.line
        if not _ID.fullmatch(rule.id):
            yield rule_error(
                Place(self.path, self.line_of("id", line)), f"{rule.id!r} is no id.",
                f'Write it like "{raw.kind}.some-name": lower-case kind, a dot, letters, digits and hyphens.',
            )  # fmt: skip
        if not rule.match and rule.needs_examples():
            yield rule_error(
                Place(self.path, self.line_of("match", line)), f"{rule.id} has no examples.", _missing_remedy("match")
            )
        for key in ("words", "open", "close", "adjectives", "capitals"):
            if "" in [word.strip() for word in raw.fields.get(key, ())]:
                yield rule_error(
                    Place(self.path, self.line_of(key, line)), f"{rule.id}: {key} holds an empty word.", "Take it out."
                )
        if fault := rule.fault():
            yield rule_error(raw.place, f"{rule.id}: {fault}", "Correct the rule.")
        pattern = raw.fields.get("pattern")
        if pattern:
            yield from self._pattern(rule, pattern, Place(self.path, self.line_of("pattern", line)))

    def _pattern(self, rule: Rule, pattern: str, place: Place) -> Iterator[RuleError]:
        try:
            again = ambiguous_loop(pattern, rule.pattern_flags)
        except (re.error, OverflowError, RecursionError) as error:
            yield rule_error(
                place, f"{rule.id}: the pattern is no regular expression: {error}.",
                "Correct it; write patterns between ''' ''' so that backslashes stay single.",
            )  # fmt: skip
            return
        if again is not None:
            yield rule_error(
                place, f"{rule.id}: the pattern can take for ever: one loop reads {again!r} in several ways.",
                r"Let each turn of the loop begin or end with something that the rest of it can't read, as in "
                r"(?:\w+ )*, or make what a turn reads an atomic group: (?>\w+).",
            )  # fmt: skip


def rule_error(place: Place, what: str, remedy: str) -> RuleError:
    """Return the error for what is wrong at a place."""
    return RuleError(f"{place.path}:{place.line}: {what}", remedy=remedy, path=place.path, line=place.line)


def did_you_mean(given: str, options: Iterable[str]) -> str:
    """Return the remedy for a misspelt name: the nearest of the options, or all of them."""
    options = sorted(options)
    near = get_close_matches(given, options, n=1, cutoff=0.6)
    if near:
        return f"Did you mean {near[0]!r}?"
    shown = ", ".join(options[:30]) + (" …" if len(options) > 30 else "")
    return f"Use one of: {shown}."


def _missing_remedy(key: str) -> str:
    if key == "match":
        return 'Give a sentence in which the rule fires, what it points at in brackets: match = ["… [words] …"].'
    return f"Add {key} = … to the rule."


def _name(raw: RawRule) -> str:
    id = raw.fields.get("id")
    return id if isinstance(id, str) and id else f"this [[{raw.kind}]]"


def _type_at(kind: Any, path: list[str]) -> Any:
    """Return the type of a field, given as the keys that lead to it."""
    for key in path:
        names = {field.encode_name: field.name for field in msgspec.structs.fields(kind)}
        kind = get_type_hints(kind)[names[key]]
    return kind


def _options_at(kind: Any, path: list[str]) -> tuple[str, ...]:
    return tuple(field.encode_name for field in msgspec.structs.fields(_type_at(kind, path)))


def _literals(kind: Any) -> list[Any]:
    """Return the values that a type names one by one."""
    if get_origin(kind) is Literal:
        return list(get_args(kind))
    return [value for inner in get_args(kind) for value in _literals(inner)]
