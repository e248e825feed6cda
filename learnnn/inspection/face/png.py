"""A scene as PNG, painted by matplotlib's object-oriented face: no pyplot, no state."""

from __future__ import annotations

from io import BytesIO
from itertools import count
from typing import Any

from . import theme
from .require import require
from .scene import Box, Dot, Group, Line, Raster, Scene, Shape, Text, Wire, arrow_head, bends, corners


class Painter:
    """Paints one scene: `paint()` gives the bytes. What comes later in the scene lies on top."""

    def __init__(self, scene: Scene, scale: float, dark: bool):
        self.scene, self.scale, self.dark, self.height = scene, scale, dark, count(1)
        self.patches, figures = require("matplotlib.patches", "to_png"), require("matplotlib.figure", "to_png")
        size = (scene.width / 72, scene.height / 72)
        self.figure = figures.Figure(figsize=size, dpi=72 * scale, facecolor=self.colour("paper"))
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set(xlim=(0, scene.width), ylim=(scene.height, 0))
        self.axes.axis("off")

    def paint(self) -> bytes:
        plain = {"text.parse_math": False}  # dollar signs in names are no formulas
        with require("matplotlib", "to_png").rc_context(plain):
            for shape in self.scene.shapes:
                self.draw(shape)
            self.figure.savefig(file := BytesIO(), format="png")
        return file.getvalue()

    def draw(self, shape: Shape) -> None:
        getattr(self, type(shape).__name__.lower())(shape)

    def colour(self, colour: str) -> str:
        if not colour:
            return "none"
        return theme.colour(colour, self.dark) if colour in theme.COLOURS else colour

    def patch(self, kind: str, *args: Any, fill: str, stroke: str, line: float, **options: Any) -> None:
        look = {"facecolor": self.colour(fill), "edgecolor": self.colour(stroke), "linewidth": line}
        self.axes.add_patch(getattr(self.patches, kind)(*args, **look, **options, zorder=next(self.height)))

    def group(self, group: Group) -> None:
        for shape in group.shapes:
            self.draw(shape)

    def box(self, box: Box) -> None:
        radius = min(box.radius, box.width / 2, box.height / 2)
        self.patch(
            "FancyBboxPatch", (box.x, box.y), box.width, box.height, fill=box.fill, stroke=box.stroke, line=box.line,
            boxstyle=f"round,pad=0,rounding_size={radius}", linestyle=(0, (4, 3)) if box.dashed else "-",
        )  # fmt: skip

    def wire(self, wire: Wire) -> None:
        path = require("matplotlib.path", "to_png").Path
        points, codes = [wire.stations[0]], [path.MOVETO]
        for _, *rest in bends(wire):
            points += rest
            codes += [path.CURVE4] * 3 if len(rest) == 3 else [path.LINETO]
        self.patch("PathPatch", path(points, codes), fill="", stroke=wire.stroke, line=wire.line)
        if wire.arrow:
            self.patch("Polygon", arrow_head(wire), fill=wire.stroke, stroke="", line=0)

    def line(self, line: Line) -> None:
        self.patch(
            "Polygon", line.points, closed=line.closed, fill=line.fill, stroke=line.stroke, line=line.line,
            alpha=line.opacity, linestyle=(0, (5, 4)) if line.dashed else "-", joinstyle="round",
        )  # fmt: skip

    def dot(self, dot: Dot) -> None:
        look: dict[str, Any] = {"fill": dot.fill, "stroke": dot.stroke, "line": dot.line}
        if points := corners(dot):
            self.patch("Polygon", points, **look)
        else:
            self.patch("Circle", (dot.x, dot.y), dot.size, **look)

    def raster(self, raster: Raster) -> None:
        pixels = raster.dark if self.dark and raster.dark is not None else raster.light
        extent = (raster.x, raster.x + raster.width, raster.y + raster.height, raster.y)
        how = "bilinear" if raster.smooth else "nearest"
        self.axes.imshow(pixels, extent=extent, interpolation=how, aspect="auto", zorder=next(self.height))
        self.axes.set(xlim=(0, self.scene.width), ylim=(self.scene.height, 0))

    def text(self, text: Text) -> None:
        place = {"start": "left", "middle": "center", "end": "right"}[text.anchor]
        turned: dict[str, Any] = {"rotation": 90, "rotation_mode": "anchor"} if text.upright else {}
        self.axes.text(
            text.x, text.y, text.text, size=text.size * 0.92, color=self.colour(text.fill), ha=place, va="baseline",
            family=f"DejaVu Sans{' Mono' if text.mono else ''}", weight="bold" if text.bold else "normal",
            zorder=next(self.height), **turned,
        )  # fmt: skip
