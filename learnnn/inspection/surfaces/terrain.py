"""Heights on a grid, and how they are drawn: shades, lines of equal height, and a key to both."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..face.chart import SMALL, Chart, heat_map, number
from ..face.scene import Box, Line, Shape, Text
from .contours import contours

LEVELS = 11
PIXELS = 120  # of the still picture's shades, each way
Lines = list[tuple[float, list[np.ndarray]]]


@dataclass
class Terrain:
    """Heights values[row of y, column of x] over a grid, on a linear scale or a logarithmic one.

    Losses differ by powers of ten: the logarithm shows the valley and the rim at once. Where heights reach zero or less
    it is taken of the height above a floor a little below the lowest.
    """

    xs: np.ndarray
    ys: np.ndarray
    values: np.ndarray
    log: bool = True

    @cached_property
    def span(self) -> tuple[float, float]:
        """The lowest and the highest value that is a number."""
        found = self.values[np.isfinite(self.values)]
        return float(found.min()), float(found.max())

    @cached_property
    def floor(self) -> float:
        """What the logarithm is taken above: 0 where all heights are positive."""
        lo, hi = self.span
        if lo > 0:
            return 0.0
        low = float(np.quantile(self.values[np.isfinite(self.values)], 0.05))
        return lo - (max(low - lo, 1e-4 * (hi - lo)) or 1.0)

    def shade(self, values: Any, log: bool | None = None) -> np.ndarray:
        """0 for the lowest height, 1 for the highest and for what is no number."""
        lo, hi = (self.up(v, log) for v in self.span)
        shades = (self.up(values, log) - lo) / ((hi - lo) or 1.0)
        return np.where(np.isfinite(shades), np.clip(shades, 0, 1), 1.0)

    def up(self, values: Any, log: bool | None = None) -> np.ndarray:
        """Heights as they are drawn: as they are, or their logarithm."""
        values = np.asarray(values, dtype=float)
        if not (self.log if log is None else log):
            return values
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.log10(values - self.floor)

    def levels(self, log: bool | None = None) -> np.ndarray:
        """The heights at which lines are drawn, evenly spaced as they look, (LEVELS,)."""
        lo, hi = (float(self.up(v, log)) for v in self.span)
        between = np.linspace(lo, hi, LEVELS + 2)[1:-1]
        return self.floor + 10**between if (self.log if log is None else log) else between

    def lines(self, log: bool | None = None) -> Lines:
        """The lines of equal height."""
        return contours(self.xs, self.ys, self.values, self.levels(log))

    def lowest(self) -> tuple[float, float, float]:
        """x, y and height of the lowest place on the grid."""
        heights = np.where(np.isfinite(self.values), self.values, np.inf)
        row, column = np.unravel_index(heights.argmin(), heights.shape)
        return float(self.xs[column]), float(self.ys[row]), float(self.values[row, column])

    def state(self) -> dict[str, Any]:
        """What a script draws it from: lines as points with a row of nan between two."""
        named = {"log": True, "linear": False}
        return {
            "xs": self.xs, "ys": self.ys, "values": self.values, "log": self.log, "floor": self.floor,
            "span": list(self.span), "lines": {name: _joined(self.lines(log)) for name, log in named.items()},
        }  # fmt: skip

    # ------------------------------------------------------------------------------------------------ the still
    def draw(self, chart: Chart, strength: float = 1.0) -> None:
        """Shades (paler by `strength`) and lines into a chart with the grid's limits."""
        fine_x, fine_y = (self._fine(line) for line in (self.xs, self.ys))
        shades = _bilinear(self.shade(self.values), self.xs, self.ys, fine_x, fine_y)
        chart.heat(shades, lo=0.0, hi=1.0 / strength, up=True, smooth=True)
        for _, lines in self.lines():
            for line in lines:
                places = tuple(chart.at(*point) for point in line.tolist())
                chart.drawn.append(Line(places, "ink", 0.7, opacity=0.45))

    @staticmethod
    def _fine(line: np.ndarray) -> np.ndarray:
        """The centres of PIXELS cells."""
        width = (line[-1] - line[0]) / PIXELS
        return line[0] + (np.arange(PIXELS) + 0.5) * width

    def key(self, x: float, y: float, height: float) -> list[Shape]:
        """A bar of the shades with the heights beside it; about 70 pixels wide."""
        (bottom, top), (lo, hi) = self.span, (float(self.up(v)) for v in self.span)
        bar = heat_map(np.linspace(0, 1, 64)[:, None], x, y, 12, height, lo=0.0, hi=1.0, up=True, smooth=True)
        shapes: list[Shape] = [bar, Box(x, y, 12, height, "", "edge", 0)]
        for part in np.linspace(0, 1, 6):
            value = lo + part * (hi - lo)
            value = self.floor + 10**value if self.log else value
            text = number(min(max(value, bottom), top) if 0 < part < 1 else (bottom, top)[int(part)], 3)
            shapes.append(Text(x + 18, y + (1 - part) * height + 4, text, SMALL, "muted"))
        return shapes


def _bilinear(values: np.ndarray, xs: np.ndarray, ys: np.ndarray, at_x: np.ndarray, at_y: np.ndarray) -> np.ndarray:
    across = np.stack([np.interp(at_x, xs, row) for row in values])  # (R, n)
    return np.stack([np.interp(at_y, ys, column) for column in across.T], 1)


def _joined(lines: Lines) -> np.ndarray:
    gap = np.full((1, 2), np.nan)
    pieces = [piece for _, each in lines for line in each for piece in (line, gap)]
    return np.concatenate(pieces) if pieces else np.zeros((0, 2))
