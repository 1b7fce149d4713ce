"""Plots as SVG, written by hand: lines over two axes, and bars."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Colour and dashes: lines are told apart by both (Okabe and Ito's palette, for all kinds of sight).
STYLES = (("#0072b2", ""), ("#d55e00", "7 3"), ("#009e73", "2 3"), ("#cc79a7", "9 3 2 3"), ("#000000", "1 5"))
# Pixels: the side of the square that lines are drawn in, and what is beside it.
SIZE, LEFT, TOP, RIGHT = 400, 60, 20, 160
# Pixels: the longest bar, the room for its name, and from one bar to the next.
BAR, NAMES, STEP = 400, 160, 36


class Axis(NamedTuple):
    """What an axis is called and where it has ticks, which begin and end it; ``log``: equal factors, equal lengths."""

    label: str
    ticks: Sequence[float]
    log: bool = False

    def at(self, value: float) -> float:
        """Return where a value lies, from 0 at the axis's beginning to 1 at its end."""
        low, high = self.ticks[0], self.ticks[-1]
        if self.log:
            value, low, high = math.log(value), math.log(low), math.log(high)
        return (value - low) / (high - low)


def ticks_up_to(highest: float) -> list[float]:
    """Return round numbers from 0 to ``highest`` or little more, at most six steps apart."""
    power = 10.0 ** math.floor(math.log10(highest))
    step = next(step for step in (power * part for part in (0.2, 0.5, 1, 2)) if highest <= 6 * step)
    return [step * k for k in range(math.ceil(highest / step) + 1)]


def lines(title: str, drawn: Mapping[str, Sequence[tuple[float, float]]], across: Axis, up: Axis) -> str:
    """Return a picture of named lines, each a row of points; at most as many as there are styles."""
    parts = _head(title, LEFT + SIZE + RIGHT, TOP + SIZE + 60)
    for tick in across.ticks:
        x = LEFT + across.at(tick) * SIZE
        parts.append(f'<path d="M{x:g} {TOP}V{TOP + SIZE}" stroke="#ddd"/>')
        parts.append(f'<text x="{x:g}" y="{TOP + SIZE + 20}" text-anchor="middle">{tick:,.6g}</text>')
    for tick in up.ticks:
        y = TOP + SIZE - up.at(tick) * SIZE
        parts.append(f'<path d="M{LEFT} {y:g}H{LEFT + SIZE}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 5:g}" text-anchor="end">{tick:.6g}</text>')
    across_middle, up_middle = LEFT + SIZE / 2, TOP + SIZE / 2
    parts.append(f'<text x="{across_middle}" y="{TOP + SIZE + 45}" text-anchor="middle">{escape(across.label)}</text>')
    turned = f'transform="translate(16 {up_middle}) rotate(-90)"'
    parts.append(f'<text {turned} text-anchor="middle">{escape(up.label)}</text>')
    for row, ((name, points), (colour, dashes)) in enumerate(zip(drawn.items(), STYLES[: len(drawn)], strict=True)):
        path = " ".join(f"{LEFT + across.at(x) * SIZE:.1f} {TOP + SIZE - up.at(y) * SIZE:.1f}" for x, y in points)
        stroke = f'fill="none" stroke="{colour}" stroke-width="2.5" stroke-dasharray="{dashes}"'
        parts.append(f'<path d="M{path}" {stroke}/>')
        y = TOP + 20 + 26 * row
        parts.append(f'<path d="M{LEFT + SIZE + 15} {y}h30" {stroke}/>')
        parts.append(f'<text x="{LEFT + SIZE + 52}" y="{y + 5}">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def bars(title: str, lengths: Mapping[str, float]) -> str:
    """Return a picture of named bars, each with its number."""
    parts = _head(title, NAMES + BAR + 80, TOP + STEP * len(lengths) + 40)
    longest = max(lengths.values())
    for row, (name, length) in enumerate(lengths.items()):
        y, width = TOP + STEP * row, BAR * length / longest
        parts.append(f'<text x="{NAMES - 8}" y="{y + 18}" text-anchor="end">{escape(name)}</text>')
        parts.append(f'<rect x="{NAMES}" y="{y}" width="{width:.1f}" height="{STEP - 10}" fill="{STYLES[0][0]}"/>')
        parts.append(f'<text x="{NAMES + width + 8:.1f}" y="{y + 18}">{length:,.0f}</text>')
    parts.append(f'<text x="{NAMES}" y="{TOP + STEP * len(lengths) + 20}">{escape(title)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _head(title: str, width: int, height: int) -> list[str]:
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif"'
        ' font-size="14">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
