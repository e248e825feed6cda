"""A drawing as a list of shapes, which two painters know how to paint: SVG for pages, PNG through matplotlib."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from typing import Any

from . import theme
from .require import require

Point = tuple[float, float]
NBSP = "\u00a0"  # SVG runs spaces together; columns of numbers need theirs


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


@dataclass(frozen=True)
class Group:
    """Shapes that are one thing, with a name to show where the pointer rests."""

    name: str
    shapes: tuple[Shape, ...]
    data: tuple[tuple[str, str], ...] = ()


Shape = Box | Wire | Text | Group


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
        w, h = _n(self.width), _n(self.height)
        paper = f'<rect class="f-paper" width="{w}" height="{h}" rx="8"/>'
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="learnnn" role="img" width="{w}" height="{h}" '
            f'viewBox="0 0 {w} {h}" aria-label="{escape(self.title)}"><title>{escape(self.title)}</title>'
            f"<desc>{escape(self.description)}</desc><style>{theme.css('.learnnn')}</style>{paper}"
            f"{''.join(map(_svg, self.shapes))}</svg>"
        )

    def to_png(self, scale: float = 2, dark: bool = False) -> bytes:
        """The drawing as a PNG, `scale` pixels a pixel (needs matplotlib)."""
        return _Png(self, scale, dark).paint()


def text_width(text: str, size: float, mono: bool = False, bold: bool = False) -> float:
    """How wide a line of text can get in any of the fonts a page may choose: better too much than an overflow."""
    if mono:
        return 0.615 * size * len(text)
    narrow = sum(c in "iljtfr.,:;|!'()[] " for c in text)
    wide = sum(c in "mwMWΣ@%×" or c.isupper() for c in text)
    return size * (0.36 * narrow + 0.8 * wide + 0.6 * (len(text) - narrow - wide)) * (1.06 if bold else 1)


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


# ---------------------------------------------------------------------------------------------------- SVG
def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _svg(shape: Shape) -> str:
    paint: dict[type, Callable[[Any], str]] = {Box: _svg_box, Wire: _svg_wire, Text: _svg_text, Group: _svg_group}
    return paint[type(shape)](shape)


def _svg_box(box: Box) -> str:
    dash = ' stroke-dasharray="4 3"' if box.dashed else ""
    return (
        f'<rect class="f-{box.fill} s-{box.stroke}" x="{_n(box.x)}" y="{_n(box.y)}" width="{_n(box.width)}" '
        f'height="{_n(box.height)}" rx="{_n(box.radius)}" stroke-width="{_n(box.line)}"{dash}/>'
    )


def _svg_wire(wire: Wire) -> str:
    start, *_ = wire.stations
    steps = [f"M{_pair(start)}"]
    for _, *rest in bends(wire):
        steps.append(("C" if len(rest) == 3 else "L") + " ".join(map(_pair, rest)))
    line = f'<path class="s-{wire.stroke}" stroke-width="{_n(wire.line)}" d="{"".join(steps)}"/>'
    head = "L".join(map(_pair, arrow_head(wire))) if wire.arrow else ""
    return line + (f'<path class="arrow" d="M{head}Z"/>' if head else "")


def _pair(point: Point) -> str:
    return f"{_n(point[0])} {_n(point[1])}"


def _svg_text(text: Text) -> str:
    kind = f"f-{text.fill}{' bold' if text.bold else ''}{' mono' if text.mono else ''}"
    anchor = "" if text.anchor == "start" else f' text-anchor="{text.anchor}"'
    return (
        f'<text class="{kind}" x="{_n(text.x)}" y="{_n(text.y)}" font-size="{_n(text.size)}"{anchor}>'
        f"{escape(text.text).replace(' ', NBSP) if text.mono else escape(text.text)}</text>"
    )


def _svg_group(group: Group) -> str:
    data = "".join(f' data-{key}="{escape(value)}"' for key, value in group.data)
    return f"<g{data}><title>{escape(group.name)}</title>{''.join(map(_svg, group.shapes))}</g>"


# ---------------------------------------------------------------------------------------------------- PNG
class _Png:
    """Paints a scene with matplotlib's object-oriented face: no pyplot, no state."""

    def __init__(self, scene: Scene, scale: float, dark: bool):
        self.figure_type = require("matplotlib.figure", "to_png").Figure
        self.patches = require("matplotlib.patches", "to_png")
        self.path = require("matplotlib.path", "to_png").Path
        self.scene, self.scale, self.dark = scene, scale, dark

    def paint(self) -> bytes:
        from io import BytesIO

        w, h = self.scene.width, self.scene.height
        figure = self.figure_type(figsize=(w / 72, h / 72), dpi=72 * self.scale, facecolor=self.colour("paper"))
        self.axes = figure.add_axes((0, 0, 1, 1))
        self.axes.set(xlim=(0, w), ylim=(h, 0))
        self.axes.axis("off")
        with self.plain_text():
            self.each(self.scene.shapes)
            figure.savefig(file := BytesIO(), format="png")
        return file.getvalue()

    @contextmanager
    def plain_text(self) -> Iterator[None]:
        """Dollar signs in names are dollar signs, not formulas."""
        import matplotlib

        with matplotlib.rc_context({"text.parse_math": False}):
            yield

    def colour(self, role: str) -> str:
        return theme.colour(role, self.dark)

    def each(self, shapes: Sequence[Shape]) -> None:
        paint: dict[type, Callable[[Any], None]]
        paint = {Box: self.box, Wire: self.wire, Text: self.text, Group: self.group}
        for shape in shapes:
            paint[type(shape)](shape)

    def group(self, group: Group) -> None:
        self.each(group.shapes)

    def box(self, box: Box) -> None:
        radius = min(box.radius, box.width / 2, box.height / 2)
        self.axes.add_patch(
            self.patches.FancyBboxPatch(
                (box.x, box.y), box.width, box.height, boxstyle=f"round,pad=0,rounding_size={radius}",
                facecolor=self.colour(box.fill), edgecolor=self.colour(box.stroke), linewidth=box.line,
                linestyle=(0, (4, 3)) if box.dashed else "-", zorder=2,
            )
        )  # fmt: skip

    def wire(self, wire: Wire) -> None:
        points, codes = [wire.stations[0]], [self.path.MOVETO]
        for _, *rest in bends(wire):
            points += rest
            codes += [self.path.CURVE4] * 3 if len(rest) == 3 else [self.path.LINETO]
        style = {"edgecolor": self.colour(wire.stroke), "linewidth": wire.line, "zorder": 1}
        self.axes.add_patch(self.patches.PathPatch(self.path(points, codes), facecolor="none", **style))
        if wire.arrow:
            self.axes.add_patch(self.patches.Polygon(arrow_head(wire), facecolor=self.colour(wire.stroke), linewidth=0))

    def text(self, text: Text) -> None:
        place = {"start": "left", "middle": "center", "end": "right"}[text.anchor]
        self.axes.text(
            text.x, text.y, text.text, size=text.size * 0.92, color=self.colour(text.fill), ha=place, va="baseline",
            family=f"DejaVu Sans{' Mono' if text.mono else ''}", weight="bold" if text.bold else "normal", zorder=3,
        )  # fmt: skip
