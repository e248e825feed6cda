"""The picture of samples at several moments: a strip of them in the still form, and live one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..face import theme
from ..face.chart import SMALL, Chart, limits, number
from ..face.live import Live
from ..face.scene import Dot, Line, Raster, Scene, Shape, Text, text_width
from .samples import as_bytes

STRIP = 5  # moments in the still form
FEW = 90  # points in each of them
SIDE = 150  # pixels of each
SHADE = 0.36  # of the shades behind points, so that these stand out
LINES = ("input-edge", "wrong", "parameter-edge", "muted")


@dataclass
class Panel:
    """Samples at each moment: points (T, N, 2) or images (T, n, H, W, C); behind points a shade of 0..1 over the plane,
    (T, G, G) from the bottom, and arrows (T, A, 2) at the places that the picture has for them."""

    name: str
    samples: np.ndarray
    shades: np.ndarray | None = None
    arrows: np.ndarray | None = None
    colour: str = "yours-edge"


class Moments(Live):
    """Panels of samples, a label for each moment, and numbers that belong to it. Subclasses fill these in.

    Numbers are named "loss", or "spread: made", "spread: real" where several belong into one chart.
    """

    script = Path(__file__).with_name("moments.js")
    heading: str
    labels: list[str]
    panels: list[Panel]
    numbers: dict[str, list[float]]
    real: np.ndarray | None = None  # points (M, 2) or images (n, H, W, C) that do not change
    places: np.ndarray = np.zeros((0, 2))  # where arrows are drawn
    shading: str = ""  # what the shades are, in words
    late: float = 1.0  # above 1 the still form shows more of the last moments

    @property
    def points(self) -> bool:
        """Points, and no images?"""
        return self.panels[0].samples.ndim == 3

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """The map (x0, x1, y0, y1) that holds nearly all points."""
        clouds = [panel.samples.reshape(-1, 2) for panel in self.panels] + ([] if self.real is None else [self.real])
        return square(np.concatenate(clouds))

    @property
    def brightness(self) -> tuple[float, float]:
        """What is black and what is white in images: the range of the real ones, or of the last moment."""
        last = self.panels[0].samples[-1:] if self.real is None else self.real
        return (float(last.min()), float(last.max())) if last.size else (0.0, 1.0)

    # ------------------------------------------------------------------------------------------- live
    def state(self) -> dict[str, Any]:
        return {"title": self.heading, "shading": self.shading} | self.frame()

    def frame(self) -> dict[str, Any]:
        real = None if self.real is None else self._sent(self.real)
        return {
            "labels": self.labels, "numbers": self.numbers, "panels": [self._panel(panel) for panel in self.panels],
            "real": real, "places": self.places, "points": self.points,
            "extent": list(self.extent) if self.points else [],
        }  # fmt: skip

    def _panel(self, panel: Panel) -> dict[str, Any]:
        shades = None if panel.shades is None else as_bytes(panel.shades, 0, 1)
        more = {"shades": shades, "arrows": panel.arrows, "colour": panel.colour}
        return {"name": panel.name, "samples": self._sent(panel.samples)} | more

    def _sent(self, samples: np.ndarray) -> np.ndarray:
        return samples if self.points else as_bytes(samples, *self.brightness)

    # ------------------------------------------------------------------------------------------- the still
    def scene(self) -> Scene:
        """A row for each panel, a column for each of a few moments, and the numbers below."""
        T = len(self.labels)
        parts = 1 - np.linspace(1, 0, min(STRIP, T)) ** self.late
        chosen = np.unique((parts * (T - 1)).round().astype(int)).tolist()
        width, top = 24 + STRIP * (SIDE + 14), 62
        shapes: list[Shape] = [Text(20, 26, self.heading, 14, bold=True)]
        for panel in self.panels:
            shapes.append(Text(20, top - 8, panel.name, SMALL, "muted"))
            for place, k in enumerate(chosen):
                shapes += self._small(panel, k, 20 + place * (SIDE + 14), top)
            top += SIDE + 26
        top -= 8
        shapes += [Text(20 + i * (SIDE + 14), top, self.labels[k], SMALL, "ink") for i, k in enumerate(chosen)]
        shapes += self._key(20, top + 22)
        charts = list(self._charts(top + 62))
        height = top + (62 + 120 if charts else 40)
        return Scene(width, height, self.title, self.text, [*shapes, *charts])

    def _small(self, panel: Panel, k: int, x: float, y: float) -> list[Shape]:
        if not self.points:
            return [mosaic(as_bytes(panel.samples[k], *self.brightness), x, y, SIDE)]
        chart = Chart(x, y, SIDE, SIDE, self.extent[:2], self.extent[2:], bare=True)
        if panel.shades is not None:
            part = 0.5 + SHADE * (panel.shades[k] - 0.5)
            chart.heat(2 * part - 1, lo=-1, hi=1, diverging=True, up=True, smooth=True)
        if self.real is not None:
            chart.drawn += [Dot(*chart.at(*p), 1.8, "", "muted") for p in self._inside(self.real)]
        chart.drawn += [Dot(*chart.at(*p), 2.3, panel.colour, line=0.4) for p in self._inside(panel.samples[k])]
        if panel.arrows is not None:
            few = self._few_places()
            chart.drawn += arrows(chart, self.places[few], panel.arrows[k, few])
        return chart.shapes()

    def _few_places(self) -> np.ndarray:
        """Every other place for arrows, each way."""
        side = int(len(self.places) ** 0.5)
        return np.arange(len(self.places)).reshape(side, side)[::2, ::2].ravel()

    def _inside(self, points: np.ndarray) -> list[list[float]]:
        x0, x1, y0, y1 = self.extent
        some = points[:: max(1, len(points) // FEW)]
        keep = (some[:, 0] > x0) & (some[:, 0] < x1) & (some[:, 1] > y0) & (some[:, 1] < y1)
        return some[keep].tolist()

    def _key(self, x: float, y: float) -> Iterator[Shape]:
        if not self.points:
            return
        named = [(Dot(0, y - 4, 3.5, panel.colour), panel.name) for panel in self.panels]
        named += [] if self.real is None else [(Dot(0, y - 4, 3, "", "muted"), "real")]
        for dot, words in named:
            yield from (replace(dot, x=x + 5), Text(x + 14, y, words, SMALL, "muted"))
            x += 36 + text_width(words, SMALL)
        if self.shading:
            yield Text(x, y, self.shading, SMALL, "muted")

    @property
    def groups(self) -> dict[str, list[str]]:
        """Which numbers belong into one chart, by its name; without those that are nowhere known."""
        groups: dict[str, list[str]] = {}
        for name, line in self.numbers.items():
            if np.isfinite(line).any():
                groups.setdefault(name.partition(":")[0], []).append(name)
        return groups

    def _charts(self, top: float) -> Iterator[Shape]:
        """The numbers against the moments, three charts of them at most."""
        for place, (title, names) in enumerate(list(self.groups.items())[:3]):
            lines = [self.numbers[name] for name in names]
            looks = [f"{name.partition(': ')[2]}{' (dashed)' * (k % 2)}" for k, name in enumerate(names)]
            words = f"{title}: {', '.join(looks)}" if len(names) > 1 else title
            xlim = (0, max(len(lines[0]) - 1, 1))
            chart = Chart(64 + place * 272, top, 205, 80, xlim, limits(lines), title=words)
            for k, line in enumerate(lines):
                chart.line(range(len(line)), line, LINES[k % len(LINES)], dashed=bool(k % 2))
            yield from (shape for shape in chart.shapes() if not _below(shape, top + 80))


def _below(shape: Shape, bottom: float) -> bool:
    """A label of the axis across, which counts moments and tells nothing."""
    return isinstance(shape, Text) and shape.y > bottom + 5


def square(points: np.ndarray, pad: float = 0.12) -> tuple[float, float, float, float]:
    """The square around nearly all points (N, 2), with room: (x0, x1, y0, y1). One in a hundred may lie outside."""
    if not len(points):
        return -1.0, 1.0, -1.0, 1.0
    low, high = np.quantile(points, 0.005, axis=0), np.quantile(points, 0.995, axis=0)
    half, (x, y) = max(float((high - low).max()) * (0.5 + pad), 1e-6), (low + high) / 2
    return float(x - half), float(x + half), float(y - half), float(y + half)


def mosaic(images: np.ndarray, x: float, y: float, side: float) -> Raster:
    """Images (n, H, W, C) of bytes as one square of tiles; one channel in the theme's ramp, three as they are."""
    n, height, width, channels = images.shape
    across = int(np.ceil(n**0.5))
    sheet = np.zeros((across, across, height + 1, width + 1, channels), np.uint8)
    sheet.reshape(-1, height + 1, width + 1, channels)[:n, :height, :width] = images
    sheet = sheet.swapaxes(1, 2).reshape(across * (height + 1), across * (width + 1), channels)
    if channels == 3:
        return Raster(x, y, side, side, sheet)
    light, dark = (theme.ramp(stops, sheet[..., 0] / 255) for stops in theme.SEQUENTIAL)
    return Raster(x, y, side, side, light, dark)


def arrows(chart: Chart, places: np.ndarray, ways: np.ndarray) -> list[Shape]:
    """Where the score points: as long as the square root of its size, the longest as long as the places are apart."""
    sizes = np.hypot(*ways.T)  # (A,)
    longest = float(sizes.max(initial=0)) or 1.0
    reach = (chart.xlim[1] - chart.xlim[0]) / max(len(places) ** 0.5, 1)
    ends = places + reach * ways / np.sqrt(np.maximum(sizes, 1e-12) * longest)[:, None]
    return [_arrow(chart.at(*start), chart.at(*end)) for start, end in zip(places.tolist(), ends.tolist())]


def _arrow(start: tuple[float, float], end: tuple[float, float]) -> Line:
    """A shaft with two barbs, in one stroke."""
    (x, y), (dx, dy) = end, (0.3 * (end[0] - start[0]), 0.3 * (end[1] - start[1]))
    left, right = (x - dx + 0.6 * dy, y - dy - 0.6 * dx), (x - dx - 0.6 * dy, y - dy + 0.6 * dx)
    return Line((start, end, left, end, right), "ink", 0.8, opacity=0.7)


def told(numbers: dict[str, list[float]], k: int) -> str:
    """The numbers of a moment in words.

    >>> told({"loss": [0.5, 0.25]}, 1)
    'loss 0.25'
    """
    return ", ".join(f"{name} {number(line[k])}" for name, line in numbers.items() if np.isfinite(line[k]))
