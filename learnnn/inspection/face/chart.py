"""Axes on a scene: lines, points, bars and heat maps, in the theme's colours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import ceil, floor, isfinite, log10
from typing import Any

import numpy as np

from . import theme
from .scene import Box, Dot, Line, Raster, Shape, Text, text_width

SMALL = 11.5


@dataclass
class Chart:
    """A plot in the rectangle (x, y, width, height) of a scene; `shapes()` are its shapes, axes below and data on top.

    `log` names the axes on a logarithmic scale: "x", "y" or "xy". Room for the labels is outside the rectangle: about
    54 pixels left of it, 34 below, 20 above.

    >>> chart = Chart(60, 20, 300, 200, (0, 10), (0, 1), xlabel="step")
    >>> chart.at(5, 0.5)
    (210.0, 120.0)
    """

    x: float
    y: float
    width: float
    height: float
    xlim: tuple[float, float]
    ylim: tuple[float, float]
    xlabel: str = ""
    ylabel: str = ""
    title: str = ""
    log: str = ""
    grid: bool = True
    bare: bool = False  # no ticks
    drawn: list[Shape] = field(default_factory=list)
    named: list[tuple[str, str]] = field(default_factory=list)  # (colour, words), for the key

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the data lies on the scene."""
        across = _part(x, *self.xlim, "x" in self.log)
        up = _part(y, *self.ylim, "y" in self.log)
        return self.x + across * self.width, self.y + (1 - up) * self.height

    def line(
        self, xs: Iterable[float], ys: Iterable[float], colour: str = "input-edge", name: str = "", **look: Any
    ) -> None:
        """A line through the points, with gaps where a number is not finite; cut off at the upper and lower border."""
        piece: list[tuple[float, float]] = []
        for x, y in [*zip(xs, ys), (0.0, float("nan"))]:
            if isfinite(x) and isfinite(y) and not ("y" in self.log and y <= 0):
                px, py = self.at(float(x), float(y))
                piece.append((px, min(max(py, self.y), self.y + self.height)))
                continue
            if len(piece) > 1:
                self.drawn.append(Line(tuple(piece), colour, **{"line": 1.8} | look))
            piece = []
        if name:
            self.named.append((colour, name))

    def dots(
        self,
        xs: Iterable[float],
        ys: Iterable[float],
        colour: str = "input-edge",
        size: float = 3.5,
        mark: int = 0,
        name: str = "",
    ) -> None:
        """A mark at each point."""
        places = [self.at(float(x), float(y)) for x, y in zip(xs, ys) if isfinite(x) and isfinite(y)]
        self.drawn += [Dot(*place, size, colour, mark=mark) for place in places]
        if name:
            self.named.append((colour, name))

    def bars(
        self, xs: Sequence[float], heights: Sequence[float], colour: str = "input-edge", width: float = 0.8
    ) -> None:
        """A bar from zero at each x, `width` in units of x."""
        for x, value in zip(xs, heights):
            (left, top), (right, base) = self.at(x - width / 2, max(value, 0)), self.at(x + width / 2, min(value, 0))
            self.drawn.append(Box(left, top, right - left, max(base - top, 0.5), colour, colour, 1, 0))

    def heat(self, values: Any, **how: Any) -> None:
        """Values (rows, columns) as colours over the whole plot; `how` as in `heat_map`."""
        self.drawn.append(heat_map(values, self.x, self.y, self.width, self.height, **how))

    def text(self, x: float, y: float, words: str, **look: Any) -> None:
        """Words at a point of the data."""
        self.drawn.append(Text(*self.at(x, y), words, **{"size": SMALL} | look))

    def shapes(self) -> list[Shape]:
        """Everything, in the order in which it is painted."""
        frame = Box(self.x, self.y, self.width, self.height, "", "edge", 0)
        return [*self._axes(), *self.drawn, frame]

    def _axes(self) -> list[Shape]:
        bottom, middle = self.y + self.height, self.x + self.width / 2
        shapes = [] if self.bare else [*self._across(), *self._up()]
        below = 16 if self.bare else 31
        if self.xlabel:
            shapes.append(Text(middle, bottom + below, self.xlabel, SMALL, "muted", "middle"))
        if self.ylabel:
            left = self.x - (8 if self.bare else 42)
            shapes.append(Text(left, self.y + self.height / 2, self.ylabel, SMALL, "muted", "middle", upright=True))
        if self.title:
            shapes.append(Text(self.x, self.y - 7, self.title, 12.5, "ink", bold=True))
        return shapes

    def _across(self) -> Iterable[Shape]:
        bottom = self.y + self.height
        for value in ticks(*self.xlim, max(2, self.width / 70), "x" in self.log):
            px, _ = self.at(value, self.ylim[0])
            if self.grid:
                yield Line(((px, self.y), (px, bottom)), "edge", 0.5)
            yield Text(px, bottom + 15, number(value, 3), SMALL, "muted", "middle")

    def _up(self) -> Iterable[Shape]:
        for value in ticks(*self.ylim, max(2, self.height / 45), "y" in self.log):
            _, py = self.at(self.xlim[0], value)
            if self.grid:
                yield Line(((self.x, py), (self.x + self.width, py)), "edge", 0.5)
            yield Text(self.x - 6, py + 4, number(value, 3), SMALL, "muted", "end")


def heat_map(
    values: Any,
    x: float,
    y: float,
    width: float,
    height: float,
    *,
    lo: float | None = None,
    hi: float | None = None,
    diverging: bool = False,
    up: bool = False,
    smooth: bool = False,
) -> Raster:
    """Values (rows, columns) as a raster in the theme's ramp from `lo` to `hi`, row 0 on top unless `up`.

    With `diverging` zero is in the middle: negative orange, positive blue.
    """
    values = np.asarray(values, dtype=float)
    found = values[np.isfinite(values)]
    hi = hi if hi is not None else float(np.abs(found).max() if diverging else found.max()) if found.size else 1.0
    lo = lo if lo is not None else -hi if diverging else float(found.min()) if found.size else 0.0
    part = (values - lo) / ((hi - lo) or 1.0)
    part = part[::-1] if up else part
    light, dark = (theme.ramp(stops, part) for stops in (theme.DIVERGING if diverging else theme.SEQUENTIAL))
    return Raster(x, y, width, height, light, dark, smooth)


def key(named: Sequence[tuple[str, str]], x: float, y: float, width: float) -> tuple[list[Shape], float]:
    """A key to colours, (colour, words) side by side and wrapped to the width -> its shapes and its height."""
    shapes, left, top = list[Shape](), x, y
    for colour, words in named:
        size = 17 + text_width(words, SMALL) + 16
        if left + size > x + width and left > x:
            left, top = x, top + 18
        shapes += [Box(left, top, 12, 12, colour, colour, 3), Text(left + 17, top + 10.5, words, SMALL, "muted")]
        left += size
    return shapes, top - y + 16 if named else 0.0


def ticks(lo: float, hi: float, count: float = 5, log: bool = False) -> list[float]:
    """Round numbers between lo and hi, about `count` of them; powers of ten, or parts of them, where `log`.

    >>> ticks(0, 1), ticks(1, 1000, log=True), ticks(2, 9, log=True)
    ([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], [1.0, 10.0, 100.0, 1000.0], [2.0, 5.0])
    """
    if log:
        return _powers(lo, hi)
    span = (hi - lo) or 1.0
    unit = 10.0 ** floor(log10(span / count))
    step = next(k * unit for k in (1, 2, 5, 10) if k * unit >= span / count * 0.999)
    first, last = ceil(lo / step - 1e-9), floor(hi / step + 1e-9)
    return [float(f"{k * step:.12g}") for k in range(first, last + 1)]


def _powers(lo: float, hi: float) -> list[float]:
    """Powers of ten from lo to hi; within a decade or two their doubles and fives as well."""
    first, last = floor(log10(lo)), ceil(log10(hi))
    steps = (1, 2, 5) if last - first <= 2 else (1,)
    found = [float(f"{m}e{p}") for p in range(first, last + 1) for m in steps]
    return [t for t in found if lo * (1 - 1e-9) <= t <= hi * (1 + 1e-9)]


def limits(values: Any, pad: float = 0.05) -> tuple[float, float]:
    """The range of the finite values with a little room, never empty.

    >>> limits([0, 10], pad=0.1)
    (-1.0, 11.0)
    """
    found = np.asarray(values, dtype=float)
    found = found[np.isfinite(found)]
    if not found.size:
        return 0.0, 1.0
    lo, hi = float(found.min()), float(found.max())
    room = (hi - lo) * pad if hi > lo else abs(lo) * 0.1 or 0.5
    return lo - room, hi + room


def number(value: float, digits: int = 4) -> str:
    """A number for people: few digits, a true minus.

    >>> number(-0.000123456), number(1234567.0), number(0.5)
    ('−1.23e−4', '1.23e6', '0.5')
    """
    if not isfinite(value):
        return "nan" if value != value else "∞" if value > 0 else "−∞"
    size = abs(value)
    text = f"{value:.{max(0, digits - 2)}e}" if size and (size >= 1e5 or size < 1e-3) else f"{value:.{digits}g}"
    mantissa, e, power = text.partition("e")
    return (mantissa + (f"e{int(power)}" if e else "")).replace("-", "−")


def _part(value: float, lo: float, hi: float, log: bool) -> float:
    """How far along from lo to hi."""
    if log:
        value, lo, hi = log10(max(value, 1e-300)), log10(lo), log10(hi)
    return (value - lo) / ((hi - lo) or 1.0)
