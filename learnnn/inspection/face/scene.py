"""A drawing as a list of shapes, which two painters know how to paint: SVG for pages, PNG through matplotlib.

Colours are roles of the theme, which are lighter or darker by the page; "#rrggbb" is the same on every page.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """A rectangle with round corners; colours are roles of the theme."""

    x: float
    y: float
    width: float
    height: float
    fill: str = "box"
    stroke: str = "edge"
    radius: float = 6
    line: float = 1
    dashed: bool = False


@dataclass(frozen=True)
class Wire:
    """A line through stations: straight where it runs along the flow, an S-curve where it changes sides."""

    stations: tuple[Point, ...]
    down: bool = False
    stroke: str = "line"
    arrow: bool = True
    line: float = 1.4


@dataclass(frozen=True)
class Text:
    """One line of text; y is its baseline, anchor is start, middle or end."""

    x: float
    y: float
    text: str
    size: float = 13
    fill: str = "ink"
    anchor: str = "start"
    bold: bool = False
    mono: bool = False
    upright: bool = False  # read from below to above


@dataclass(frozen=True)
class Line:
    """Straight from point to point; `closed` joins the ends, `fill` colours what is inside."""

    points: tuple[Point, ...]
    stroke: str = "line"
    line: float = 1.4
    dashed: bool = False
    closed: bool = False
    fill: str = ""
    opacity: float = 1


@dataclass(frozen=True)
class Dot:
    """The mark of a class around a point: each of the first five has a shape of its own."""

    x: float
    y: float
    size: float = 4
    fill: str = "input-edge"
    stroke: str = "paper"
    mark: int = 0
    line: float = 0.8


@dataclass(frozen=True, eq=False)
class Raster:
    """An image (H, W, 3) of uint8 stretched over a rectangle; `dark` is what dark pages show instead."""

    x: float
    y: float
    width: float
    height: float
    light: np.ndarray
    dark: np.ndarray | None = None
    smooth: bool = False


@dataclass(frozen=True)
class Group:
    """Shapes that are one thing, with a name to show where the pointer rests."""

    name: str
    shapes: tuple[Shape, ...]
    data: tuple[tuple[str, str], ...] = ()


Shape = Box | Wire | Text | Line | Dot | Raster | Group


@dataclass
class Scene:
    """Shapes on a sheet of paper of `width` by `height` pixels."""

    width: float
    height: float
    title: str
    description: str
    shapes: list[Shape] = field(default_factory=list)

    def to_svg(self) -> str:
        """The drawing as a standalone SVG document, readable on light and dark pages."""
        from .svg import document

        return document(self)

    def to_png(self, scale: float = 2, dark: bool = False) -> bytes:
        """The drawing as a PNG, `scale` pixels a pixel (needs matplotlib)."""
        from .png import Painter

        return Painter(self, scale, dark).paint()


def text_width(text: str, size: float, mono: bool = False, bold: bool = False) -> float:
    """How wide a line of text can get in any of the fonts a page may choose: better too much than an overflow."""
    if mono:
        return 0.615 * size * len(text)
    narrow = sum(c in "iljtfr.,:;|!'()[] " for c in text)
    wide = sum(c in "mwMWΣ@%×" or c.isupper() for c in text)
    return size * (0.36 * narrow + 0.8 * wide + 0.6 * (len(text) - narrow - wide)) * (1.06 if bold else 1)


def wrapped(words: str, width: float, size: float, bold: bool = False) -> list[str]:
    """Words in lines no wider than that."""
    width = 0.9 * width if bold else width  # some fonts are wide there
    lines: list[str] = []
    for word in words.split():
        if lines and text_width(f"{lines[-1]} {word}", size, bold=bold) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def paragraph(
    text: str, x: float, y: float, width: float, fill: str = "ink", size: float = 12.5, bold: bool = False
) -> tuple[list[Shape], float]:
    """Words in lines of at most `width` below y -> the shapes and where the last line ends."""
    lines, step = wrapped(text, width, size, bold) or [""], size * 1.4
    shown: list[Shape] = [Text(x, y + (i + 1) * step, words, size, fill, bold=bold) for i, words in enumerate(lines)]
    return shown, y + len(lines) * step


def bends(wire: Wire) -> Iterator[tuple[Point, Point, Point, Point] | tuple[Point, Point]]:
    """The pieces of a wire: (from, to) where straight, (from, control, control, to) where it curves."""
    for (x0, y0), (x1, y1) in zip(wire.stations, wire.stations[1:]):
        if (x0 == x1) if wire.down else (y0 == y1):
            yield (x0, y0), (x1, y1)
        elif wire.down:
            middle = (y0 + y1) / 2
            yield (x0, y0), (x0, middle), (x1, middle), (x1, y1)
        else:
            middle = (x0 + x1) / 2
            yield (x0, y0), (middle, y0), (middle, y1), (x1, y1)


def arrow_head(wire: Wire, size: float = 7) -> list[Point]:
    """The three corners of the head at the end of a wire."""
    x, y = wire.stations[-1]
    if wire.down:
        return [(x, y), (x - size / 2, y - size), (x + size / 2, y - size)]
    return [(x, y), (x - size, y - size / 2), (x - size, y + size / 2)]


def corners(dot: Dot) -> list[Point]:
    """The corners of a mark; none for the round one."""
    return [(dot.x + dx * dot.size, dot.y + dy * dot.size) for dx, dy in MARKS[dot.mark % len(MARKS)]]


MARKS: tuple[tuple[Point, ...], ...] = (
    (),  # round
    ((0, -1.2), (1.1, 0.8), (-1.1, 0.8)),
    ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
    ((0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)),
    ((0, 1.2), (1.1, -0.8), (-1.1, -0.8)),
)
