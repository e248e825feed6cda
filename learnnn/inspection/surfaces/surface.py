"""The picture of heights over a grid, whatever they are the heights of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ..face.chart import Chart, limits, number
from ..face.live import Live
from ..face.scene import Dot, Line, Scene, Text
from .terrain import Terrain


class Surface(Live):
    """Heights over a grid, drawn from above in the still form, and live as a map and a surface to turn."""

    title = "landscape"
    script = Path(__file__).with_name("landscape.js")
    names = ("x", "y")
    height = "height"
    marked = "the lowest place"

    def __init__(self, terrain: Terrain, title: str | None):
        self.terrain, self.heading = terrain, title or self.title
        self.path, self.path_losses = np.zeros((0, 2)), np.zeros(0)

    @property
    def data(self) -> dict[str, Any]:
        """The grid, its heights from the bottom, the lowest place, and the path as points with their losses."""
        grid = {name: getattr(self.terrain, name).tolist() for name in ("xs", "ys", "values")}
        steps = [(*p, v) for p, v in zip(self.path.tolist(), self.path_losses.tolist())]
        return grid | {"lowest": self.terrain.lowest(), "path": steps}

    @property
    def spot(self) -> tuple[float, float, float]:
        """The place that is marked, and its height."""
        return self.terrain.lowest()

    @property
    def range_words(self) -> str:
        """The lowest and the highest place in words."""
        x, y, lowest = self.terrain.lowest()
        lost = int((~np.isfinite(self.terrain.values)).sum())
        told = f"lowest {number(lowest)} at ({number(x, 3)}, {number(y, 3)}), highest {number(self.terrain.span[1])}"
        return told + (f"; not a number at {lost} of {self.terrain.values.size} places" if lost else "")

    @property
    def text(self) -> str:
        return f"{self.title}: {self.range_words}"

    def state(self) -> dict[str, Any]:
        return {
            "title": self.heading, "terrain": self.terrain.state(), "names": list(self.names), "height": self.height,
            "path": self.path, "pathLosses": self.path_losses, "spot": list(self.spot), "marked": self.marked,
            "ball": None,
        }  # fmt: skip

    def frame(self) -> dict[str, Any]:
        return {"spot": list(self.spot)}

    # ------------------------------------------------------------------------------------------------ the still
    def scene(self) -> Scene:
        """The map with its key, and the two cuts through the marked place."""
        terrain, (x, y, _) = self.terrain, self.spot
        scene = Scene(800, 400, self.title, self.text)
        xlim, ylim = (_ends(line) for line in (terrain.xs, terrain.ys))
        chart = Chart(64, 44, 310, 300, xlim, ylim, *self.names, title=self.heading, grid=False)
        terrain.draw(chart)
        self._draw_path(chart)
        chart.drawn.append(Dot(*chart.at(x, y), 6, "yours-edge", mark=3, line=1.4))
        scene.shapes += [*chart.shapes(), *terrain.key(390, 44, 300), *self._cuts(x, y), *self._legend()]
        return scene

    def _draw_path(self, chart: Chart) -> None:
        places = tuple(chart.at(*point) for point in self.path.tolist())
        if places:
            chart.drawn += [Line(places, "paper", 4.5), Line(places, "yours-edge", 2.2)]
            chart.drawn += [Dot(*place, 2.5, "yours-edge") for place in places]

    def _cuts(self, x: float, y: float) -> Iterator[Any]:
        """The heights along both axes through a place: what a walker sees ahead."""
        terrain = self.terrain
        row, column = np.abs(terrain.ys - y).argmin(), np.abs(terrain.xs - x).argmin()
        cuts = ((terrain.xs, terrain.values[row], 0), (terrain.ys, terrain.values[:, column], 1))
        for (line, heights, k), top in zip(cuts, (44, 216)):
            chart = _cut_chart(top, line, heights, f"{self.height} along {self.names[k]}")
            chart.line(line, heights, ("input-edge", "parameter-edge")[k])
            chart.line([(x, y)[k]] * 2, chart.ylim, "yours-edge", line=1.2, dashed=True)
            yield from chart.shapes()

    def _legend(self) -> Iterator[Any]:
        yield Text(390, 34, self.height, 11.5, "muted")
        yield Dot(440, 379, 5, "yours-edge", mark=3)
        yield Text(452, 383, self.marked, 11.5, "muted")
        if len(self.path):
            yield Line(((562, 379), (582, 379)), "yours-edge", 2.2)
            yield Dot(572, 379, 2.5, "yours-edge")
            yield Text(590, 383, "steps of the path", 11.5, "muted")


def _cut_chart(top: float, line: np.ndarray, heights: np.ndarray, title: str) -> Chart:
    """A chart of some heights, logarithmic where they differ by more than powers of ten."""
    lo, hi = limits(heights)
    found = heights[np.isfinite(heights) & (heights > 0)]
    log = len(found) == len(heights) and found.max() > 50 * found.min()
    ylim = (float(found.min()) * 0.9, float(found.max()) * 1.1) if log else (lo, hi)
    return Chart(524, top, 246, 128, _ends(line), ylim, title=title, log="y" * bool(log))


def _ends(line: np.ndarray) -> tuple[float, float]:
    return float(line[0]), float(line[-1])
