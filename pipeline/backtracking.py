"""Which regular expressions may take exponential time, found without running them.

Python's ``re`` tries alternatives one after the other. Where a loop can read the same words in
two ways (``(a+)+``, ``(a|a)*``, ``(\\w+\\s?)*``) the ways multiply with every turn, and one unlucky
paragraph stops a run. This is the known criterion of *exponential ambiguity* (Weber and Seidl 1991;
Weideman et al. 2016): the pattern becomes a position automaton, and two copies of it read the same
word; if they can part inside a loop and meet again there, the pattern is refused.

What the analysis does not do: it doesn't look for polynomial time (``\\w+\\w+x``), which short
examples of a paragraph or a sentence survive; and it takes every assertion (``\\b``, lookaround) for
true, so it may refuse a pattern that only an assertion saves. An atomic group round what a turn of the
loop reads, ``(?:(?>\\w+),? ?)*``, cures a refused one.
"""

from __future__ import annotations

import re
import warnings
from collections import Counter
from functools import lru_cache
from re import _constants as ops  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from msgspec import Struct

# A repeat of at most this many turns is unrolled, one of more is taken for endless: thirty turns that
# can each be read in two ways are as good as endless.
UNROLLED = 10
# Larger patterns are refused unseen: the analysis takes quadratic space in the number of positions.
MAX_POSITIONS = 4000
# Characters that stand for all others, beside those that a pattern names.
_SAMPLE = {chr(code) for code in range(128)} | set("éÉßΩжЖ中٣“”‘’«»–—…\u00a0\u2003\u0301\u2028\U0001f600")
_CATEGORIES = {
    ops.CATEGORY_DIGIT: r"\d", ops.CATEGORY_NOT_DIGIT: r"\D", ops.CATEGORY_SPACE: r"\s",
    ops.CATEGORY_NOT_SPACE: r"\S", ops.CATEGORY_WORD: r"\w", ops.CATEGORY_NOT_WORD: r"\W",
}  # fmt: skip


def ambiguous_loop(pattern: str, flags: int = 0) -> str | None:
    """Return what a loop of the pattern can read in two ways (one character of it), or None.

    Raises ``re.error`` for what is no regular expression.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        re.compile(pattern, flags)
        tree = _parser.parse(pattern, flags)
    automaton = _Automaton(_sample(tree), tree.state.flags)
    automaton.add(tree)
    return automaton.ambiguity()


class _Part(Struct, frozen=True):
    """A piece of a pattern: in how many ways each position can be first or last, or the piece be empty."""

    first: Counter[int]
    last: Counter[int]
    empty: int


_NOTHING = _Part(Counter(), Counter(), 1)


class _Automaton:
    """The positions of a pattern, what each reads (a bit per sample character) and how often it follows which.

    Counts tell apart ways through the pattern that read the same: in ``(a+)+`` a follows a twice.
    """

    def __init__(self, sample: list[str], flags: int) -> None:
        self.sample = sample
        self.flags = flags
        self.nodes: list[tuple[Any, Any, int]] = []
        self.masks: dict[int, int] = {}
        self.follows: list[Counter[int]] = []

    def add(self, nodes: Any) -> _Part:
        """Add a sequence of parsed nodes."""
        part = _NOTHING
        for op, value in nodes:
            part = self._then(part, self._node(op, value))
        return part

    def _node(self, op: Any, value: Any) -> _Part:
        if op in (ops.MAX_REPEAT, ops.MIN_REPEAT):
            return self._repeat(*value)
        if op is ops.BRANCH:
            return self._either([self.add(branch) for branch in value[1]])
        if op is ops.SUBPATTERN:
            return self._group(value)
        if op in (ops.ATOMIC_GROUP, ops.POSSESSIVE_REPEAT):
            return self._closed(
                value if op is ops.ATOMIC_GROUP else value[2], op is ops.POSSESSIVE_REPEAT and value[0] == 0
            )
        if op in (ops.ASSERT, ops.ASSERT_NOT):
            self.add(value[1])  # on its own: it reads nothing of what follows
            return _NOTHING
        if op is ops.GROUPREF_EXISTS:
            return self._either([self.add(branch or []) for branch in value[1:]])
        if op is ops.AT:
            return _NOTHING
        return self._position(op, value)

    def _group(self, value: Any) -> _Part:
        _, on, off, nodes = value
        before, self.flags = self.flags, (self.flags | on) & ~off
        part = self.add(nodes)
        self.flags = before
        return part

    def _closed(self, nodes: Any, may_be_empty: bool) -> _Part:
        """Add what is never entered again once left: to the outside it is one position."""
        inside = self.add(nodes)
        part = self._position(ops.ATOMIC_GROUP, tuple(inside.first))
        return _Part(part.first, part.last, min(2, inside.empty + may_be_empty))

    def _position(self, op: Any, value: Any) -> _Part:
        if len(self.nodes) >= MAX_POSITIONS:
            raise re.error("it is too long")
        self.nodes.append((op, value, self.flags))
        self.follows.append(Counter())
        only = Counter({len(self.nodes) - 1: 1})
        return _Part(only, only, 0)

    def _repeat(self, least: int, most: int, nodes: Any) -> _Part:
        if most <= UNROLLED:
            part = _NOTHING
            for turn in reversed(range(most)):  # x{1,3} is x(x(x)?)?
                part = self._then(self.add(nodes), part)
                part = _Part(part.first, part.last, min(2, part.empty + (turn >= least)))
            return part
        part = self.add(nodes)
        self._link(part.last, part.first)
        return _Part(part.first, part.last, int(part.empty > 0 or least == 0))

    def _either(self, parts: list[_Part]) -> _Part:
        first: Counter[int] = Counter()
        last: Counter[int] = Counter()
        for part in parts:
            first += part.first
            last += part.last
        return _Part(first, last, min(2, sum(part.empty for part in parts)))

    def _then(self, one: _Part, two: _Part) -> _Part:
        self._link(one.last, two.first)
        first = one.first + _times(two.first, one.empty)
        last = two.last + _times(one.last, two.empty)
        return _Part(first, last, min(2, one.empty * two.empty))

    def _link(self, last: Counter[int], first: Counter[int]) -> None:
        for position, ways in last.items():
            self.follows[position].update(_times(first, ways))

    def reads(self, position: int) -> int:
        """Return what a position reads, or its group at first: a bit per sample character."""
        if position not in self.masks:
            op, value, flags = self.nodes[position]
            mask = 0
            if op is ops.ATOMIC_GROUP:
                for first in value:
                    mask |= self.reads(first)
            else:
                for bit, char in enumerate(self.sample):
                    forms = {char, char.lower(), char.upper()} if flags & re.IGNORECASE else {char}
                    mask |= _reads(op, value, forms, flags) << bit
            self.masks[position] = mask
        return self.masks[position]

    # ------------------------------------------------------------ two copies reading one word

    def ambiguity(self) -> str | None:
        """Return a character at which two ways through one loop part and meet again, or None."""
        for loop in self._loops():
            for position in sorted(loop):
                for other, ways in sorted(self.follows[position].items()):
                    if ways > 1 and other in loop and self.reads(other):
                        return self._example(self.reads(other))
            parted = self._reach(loop, forwards=True) & self._reach(loop, forwards=False)
            if parted:
                one, two = min(parted)
                return self._example(self.reads(one) & self.reads(two))
        return None

    def _reach(self, loop: set[int], *, forwards: bool) -> set[tuple[int, int]]:
        """Return the pairs of different positions that lead from, or back to, two equal ones."""
        steps = self._steps(loop, forwards)
        todo = [(position, position) for position in sorted(loop)]
        seen = set(todo)
        while todo:
            one, two = todo.pop()
            for a in steps[one]:
                for b in steps[two]:
                    pair = (a, b) if a <= b else (b, a)
                    if pair not in seen and self.reads(a) & self.reads(b):
                        seen.add(pair)
                        todo.append(pair)
        return {(a, b) for a, b in seen if a != b}

    def _steps(self, loop: set[int], forwards: bool) -> dict[int, list[int]]:
        steps: dict[int, list[int]] = {position: [] for position in loop}
        for position in sorted(loop):
            for other in sorted(self.follows[position]):
                if other in loop:
                    start, end = (position, other) if forwards else (other, position)
                    steps[start].append(end)
        return steps

    def _loops(self) -> list[set[int]]:
        """Return the strongly connected parts that hold a cycle (Tarjan, without recursion)."""
        order: dict[int, int] = {}
        low: dict[int, int] = {}
        stack: list[int] = []
        loops: list[set[int]] = []
        for root in range(len(self.nodes)):
            if root in order:
                continue
            work = [(root, iter(sorted(self.follows[root])))]
            order[root] = low[root] = len(order)
            stack.append(root)
            while work:
                position, rest = work[-1]
                for other in rest:
                    if other not in order:
                        order[other] = low[other] = len(order)
                        stack.append(other)
                        work.append((other, iter(sorted(self.follows[other]))))
                        break
                    if other in stack:
                        low[position] = min(low[position], order[other])
                else:
                    work.pop()
                    if work:
                        low[work[-1][0]] = min(low[work[-1][0]], low[position])
                    if low[position] == order[position]:
                        at = stack.index(position)
                        loop = set(stack[at:])
                        del stack[at:]
                        if len(loop) > 1 or position in self.follows[position]:
                            loops.append(loop)
        return loops

    def _example(self, mask: int) -> str:
        readable = [char for bit, char in enumerate(self.sample) if mask >> bit & 1]
        return min(readable, key=lambda char: (not char.isalnum(), not char.isprintable(), char.isupper(), char))


def _times(ways: Counter[int], factor: int) -> Counter[int]:
    """Multiply ways; more than two are no worse than two."""
    return Counter({position: min(2, count * factor) for position, count in ways.items() if factor})


def _sample(nodes: Any) -> list[str]:
    """Return characters that tell apart everything the pattern tells apart."""
    codes = {ord(char) for char in _SAMPLE}
    todo = [nodes]
    while todo:
        for op, value in todo.pop():
            if op in (ops.LITERAL, ops.NOT_LITERAL):
                codes |= {value - 1, value, value + 1}
            elif op is ops.RANGE:
                codes |= {value[0] - 1, value[0], value[1], value[1] + 1}
            elif op is ops.IN:
                todo.append(value)
            else:
                todo += _inside(op, value)
    return sorted(chr(code) for code in codes if 0 <= code < 0xD800 or 0xE000 <= code <= 0x10FFFF)


def _inside(op: Any, value: Any) -> list[Any]:
    if op in (ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT):
        return [value[2]]
    if op is ops.BRANCH:
        return list(value[1])
    if op is ops.SUBPATTERN:
        return [value[3]]
    if op is ops.ATOMIC_GROUP:
        return [value]
    if op in (ops.ASSERT, ops.ASSERT_NOT):
        return [value[1]]
    if op is ops.GROUPREF_EXISTS:
        return [branch for branch in value[1:] if branch]
    return []


def _reads(op: Any, value: Any, forms: set[str], flags: int) -> bool:
    """Tell whether a node that reads one character reads one of these forms of it."""
    if op is ops.LITERAL:
        return chr(value) in forms
    if op is ops.NOT_LITERAL:
        return chr(value) not in forms
    if op is ops.ANY:
        return bool(flags & re.DOTALL) or "\n" not in forms
    if op is ops.IN:
        negated = value[0][0] is ops.NEGATE
        return negated != any(_reads(o, v, forms, flags) for o, v in value if o is not ops.NEGATE)
    if op is ops.RANGE:
        return any(value[0] <= ord(form) <= value[1] for form in forms if len(form) == 1)
    if op is ops.CATEGORY:
        return any(_category(value).fullmatch(form) for form in forms if len(form) == 1)
    return True  # a back-reference may read anything


@lru_cache(maxsize=16)
def _category(name: Any) -> re.Pattern[str]:
    return re.compile(_CATEGORIES[name])
