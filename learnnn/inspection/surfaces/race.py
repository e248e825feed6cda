"""`optimizer_race`: optimizers set out from the same place on the same hills."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from math import dist, isfinite
from pathlib import Path
from typing import Any

import numpy as np

from ... import autograd
from ..face import theme
from ..face.chart import SMALL, Chart, number
from ..face.live import Live
from ..face.scene import Dot, Line, Scene, Shape, Text
from .grid import asker, checked, grid, heights_of
from .grounds import Ground, ground_of, usual_optimizers
from .running import Factory, factories, walk
from .terrain import Terrain

COLOURS = tuple(theme.CLASSES[k] for k in (5, 2, 8, 1, 3, 7, 9, 0))  # those that stand out on blue hills come first
PALE = 0.55  # of the hills' shades, so that the walkers stand out
BUDGET = 12_000  # places of other starts that a page without a kernel is sent


class Race(Live):
    """The paths of several optimizers. On the page they run, the start can be moved, and learning rates turned."""

    title = "optimizer race"
    script = Path(__file__).with_name("race.js")
    kernel = True

    def __init__(self, ground: Ground, makers: dict[str, Factory], steps: int, title: str | None):
        self.ground, self.makers, self.steps = ground, makers, steps
        self.heading = title or f"{len(makers)} optimizers on {ground.name}"
        self.names, self.start = list(makers), np.array(ground.start, dtype=float)
        xs, ys = grid(ground.extent, 2, 61)
        self.terrain = Terrain(xs, ys, checked(heights_of(ground.f, xs, ys)))
        self.rates: list[float | None] = [None] * len(makers)
        self.update()

    def update(self) -> None:
        """Run again, from the present start and with the present learning rates."""
        runs = [
            walk(make, self.ground, self.start, self.steps, rate)
            for make, rate in zip(self.makers.values(), self.rates)
        ]
        self.paths = np.stack([path for path, _ in runs])  # (optimizers, steps + 1, 2)
        self.rates = [rate for _, rate in runs]
        self.losses = heights_along(self.ground.f, self.paths)  # (optimizers, steps + 1)
        super().update()

    # ------------------------------------------------------------------------------------------- what it says
    @cached_property
    def bottom(self) -> float:
        """The lowest height that is known: of a minimum, or else of a place on the map."""
        known = [float(self.ground.f(*place)) for place in self.ground.minima]
        return min([self.terrain.lowest()[2], *known])

    @property
    def above(self) -> np.ndarray:
        """How far above the lowest known height each one is at each step, (optimizers, steps + 1)."""
        return self._above(self.losses)

    def _above(self, losses: np.ndarray) -> np.ndarray:
        lowest = min(self.bottom, float(np.nanmin(self.losses, initial=np.inf)))
        return np.maximum(losses - lowest, 1e-12 * max(np.ptp(self.terrain.span), 1e-300))

    @property
    def distances(self) -> np.ndarray | None:
        """How far from the nearest minimum each one is at each step; None where none is known."""
        if not self.ground.minima:
            return None
        away = self.paths[:, :, None] - np.array(self.ground.minima, dtype=float)  # (optimizers, steps + 1, minima, 2)
        return np.linalg.norm(away, axis=-1).min(-1)

    @property
    def order(self) -> list[int]:
        """The optimizers, the lowest at the end of the race first; those that were lost come last."""
        last = np.nan_to_num(self.losses[:, -1], nan=np.inf)
        return np.argsort(last, kind="stable").tolist()

    @property
    def data(self) -> dict[str, Any]:
        """Names, paths, losses and learning rates, and who is ahead at the end."""
        away = self.distances
        return {
            "surface": self.ground.name, "start": self.start.tolist(), "names": self.names, "rates": self.rates,
            "paths": self.paths.tolist(), "losses": self.losses.tolist(), "order": [self.names[k] for k in self.order],
            "distances": None if away is None else away.tolist(),
        }  # fmt: skip

    @property
    def text(self) -> str:
        place = ", ".join(number(v, 3) for v in self.start)
        told = [self._result(k) for k in self.order]
        return f"optimizer race on {self.ground.name}, {self.steps} steps from ({place}): {'; '.join(told)}"

    def _result(self, k: int) -> str:
        lost = np.flatnonzero(np.isnan(self.losses[k]))
        if len(lost):
            return f"{self.names[k]} is lost at step {lost[0]}"
        away = self.distances
        far = "" if away is None else f" ({number(away[k, -1], 3)} from a minimum)"
        return f"{self.names[k]} reaches {number(self.losses[k, -1], 3)}{far}"

    # ------------------------------------------------------------------------------------------- live
    def state(self) -> dict[str, Any]:
        starts, paths, above = self.elsewhere
        return {
            "title": self.heading, "names": self.names, "terrain": self.terrain.state(),
            "colours": [COLOURS[k % len(COLOURS)] for k in range(len(self.names))],
            "minima": [list(map(float, m)) for m in self.ground.minima],
            "starts": starts, "elsewhere": paths, "elsewhereAbove": above,
        } | self.frame()  # fmt: skip

    def frame(self) -> dict[str, Any]:
        return {"start": self.start, "paths": self.paths, "above": self.above, "rates": self.rates}

    def event(self, event: dict[str, Any]) -> dict[str, Any]:
        """The start was moved, {"type": "start", "x", "y"}, or a rate turned, {"type": "rate", "k", "rate"}."""
        if event["type"] == "start":
            self.start = np.array([event["x"], event["y"]], dtype=float)
        else:
            self.rates[event["k"]] = float(event["rate"])
        self.update()
        return self.frame()

    @cached_property
    def elsewhere(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """For pages where no kernel can run: starts (S, 2) over the map, the paths from there, and how high they are,
        (optimizers, S, steps + 1, 2) and (optimizers, S, steps + 1).

        All starts are walked at once, as one parameter. That is right where an optimizer treats each number by itself:
        it is checked on the race's own start, and where one does not there are no other starts.
        """
        starts = self._starts()
        paths = self._together(np.concatenate([self.start[None], starts])) if len(starts) else None
        if paths is None or not np.allclose(paths[:, 0], self.paths, rtol=1e-6, atol=1e-9, equal_nan=True):
            starts, paths = starts[:0], self.paths[:, None]
        return starts, paths[:, 1:], self._above(heights_along(self.ground.f, paths[:, 1:]))

    def _starts(self) -> np.ndarray:
        """As many places on a square lattice as the budget allows, 25 at most and 4 at least, or none."""
        side = min(5, int((BUDGET / self.losses.size) ** 0.5))
        parts = (np.arange(side) + 0.5) / side if side > 1 else np.zeros(0)
        lines = [lo + parts * (hi - lo) for lo, hi in np.reshape(self.ground.extent, (2, 2))]
        return np.stack(np.meshgrid(*lines), -1).reshape(-1, 2)

    def _together(self, starts: np.ndarray) -> np.ndarray | None:
        """All starts (S, 2) at once -> (optimizers, S, steps + 1, 2); None where that cannot be done."""
        try:
            runs = [
                walk(m, self.ground, starts, self.steps, rate)[0] for m, rate in zip(self.makers.values(), self.rates)
            ]
        except (TypeError, ValueError, RuntimeError, AttributeError, IndexError):
            return None
        return np.stack(runs).swapaxes(1, 2)

    # ------------------------------------------------------------------------------------------- the still
    def scene(self) -> Scene:
        """The map with all paths, the heights against steps, and the table of results."""
        scene = Scene(820, 430, self.title, self.text)
        x0, x1, y0, y1 = self.ground.extent
        chart = Chart(56, 44, 330, 330, (x0, x1), (y0, y1), "x", "y", self.heading, grid=False)
        self.terrain.draw(chart, PALE)
        chart.drawn += [Text(*self._up(chart.at(*m)), "✕", 13, "ink", "middle", bold=True) for m in self.ground.minima]
        for k in range(len(self.names)):
            chart.drawn += self._track(chart, k)
        chart.drawn.append(Dot(*chart.at(*self.start), 5, "paper", "ink", 0, 2))
        scene.shapes += [*chart.shapes(), *self._curves(), *self._table()]
        scene.shapes += [Text(56, 418, "○ start" + "   ✕ minimum" * bool(self.ground.minima), SMALL, "muted")]
        return scene

    @staticmethod
    def _up(place: tuple[float, float]) -> tuple[float, float]:
        return place[0], place[1] + 4.5

    def _track(self, chart: Chart, k: int) -> Iterator[Shape]:
        """A path up to where it leaves the map, and a mark where it ends."""
        path = self.paths[k]
        x0, x1, y0, y1 = self.ground.extent
        inside = (path[:, 0] >= x0) & (path[:, 0] <= x1) & (path[:, 1] >= y0) & (path[:, 1] <= y1)
        stay = len(path) if inside.all() else int(np.argmin(inside))
        places = _apart([chart.at(*place) for place in path[:stay].tolist()])
        colour = COLOURS[k % len(COLOURS)]
        if len(places) > 1:
            yield from (Line(places, "paper", 3.6, opacity=0.8), Line(places, colour, 1.8))
        if places:
            yield Dot(*places[-1], 5.5, colour, mark=k)

    def _curves(self) -> list[Shape]:
        above = self.above
        ylim = (float(np.nanmin(above)) * 0.7, float(np.nanmax(above[:, 0])) * 4)
        chart = Chart(
            470, 44, 330, 180, (0, self.steps), ylim, "step", title="height above the lowest known place", log="y"
        )
        for k, heights in enumerate(above):
            chart.line(range(len(heights)), heights, COLOURS[k % len(COLOURS)])
        return chart.shapes()

    def _table(self) -> Iterator[Shape]:
        columns = ((490, "start", "lowest first"), (660, "end", "learning rate"), (800, "end", "above at the end"))
        yield from (Text(x, 282, words, SMALL, "muted", anchor) for x, anchor, words in columns)
        for place, k in enumerate(self.order[:8]):
            y, last = 302 + 17 * place, self.above[k, -1]
            yield Dot(478, y - 4, 5, COLOURS[k % len(COLOURS)], mark=k)
            rate = self.rates[k]
            yield Text(490, y, self.names[k], 12.5)
            yield Text(660, y, "" if rate is None else number(rate, 3), 12.5, "muted", "end")
            yield Text(800, y, "lost" if np.isnan(last) else number(last, 3), 12.5, anchor="end")


def _apart(places: list[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Without those less than half a pixel from the last that was kept; the end stays."""
    kept = places[:1]
    for place in places[1:]:
        if dist(place, kept[-1]) > 0.5:
            kept.append(place)
    return (*kept, *places[-1:])


def heights_along(f: Any, paths: np.ndarray) -> np.ndarray:
    """The height at each place of paths (..., 2); nan where there is none."""
    places = paths.reshape(-1, 2).tolist()
    if not places:
        return np.zeros(paths.shape[:-1])
    ask = asker(f, *places[0])
    with autograd.no_grad(), np.errstate(all="ignore"):
        heights = [ask(x, y) if isfinite(x) else float("nan") for x, y in places]
    return np.array(heights).reshape(paths.shape[:-1])


def optimizer_race(
    surface: Any = "rosenbrock",
    optimizers: Any = None,
    *,
    start: Sequence[float] | None = None,
    steps: int = 200,
    extent: Sequence[float] | None = None,
    title: str | None = None,
) -> Race:
    """Let optimizers walk down a function of two numbers from the same place, and see who gets where.

    `surface` is "rosenbrock", "ravine", "saddle", "beale", "himmelblau", or your own f(x, y), written with operators
    and the tensors' methods; `extent` = (x0, x1, y0, y1) is the map. `optimizers`: a dictionary of names and factories,
    such as {"mine": lambda params: MySGD(params, lr=0.1)}, or a list of optimizer classes; None are the usual five.
    They are the real ones, learnnn's, PyTorch's or your own (with `step()`, on parameters with `.data` and `.grad`).

    Raises ValueError for a surface that is not known, or a start off the map; TypeError for what is no optimizer.

    >>> from learnnn import optim
    >>> optimizer_race("ravine", {"SGD": lambda params: optim.SGD(params, lr=0.04)}, start=(1, 1), steps=2)
    optimizer race on ravine, 2 steps from (1, 1): SGD reaches 0.425 (0.922 from a minimum)
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1, not {steps}")
    ends = None if extent is None else _four(extent)
    place = None if start is None else _two(start)
    ground = ground_of(surface, ends, place)
    x0, x1, y0, y1 = ground.extent
    x, y = ground.start
    if not (x0 <= x <= x1 and y0 <= y <= y1):
        raise ValueError(f"start ({x:g}, {y:g}) is off the map, which goes from ({x0:g}, {y0:g}) to ({x1:g}, {y1:g})")
    makers = usual_optimizers(ground) if optimizers is None else factories(optimizers)
    return Race(ground, makers, steps, title)


def _two(start: Sequence[float]) -> tuple[float, float]:
    place = np.asarray(start, dtype=float)
    if place.shape != (2,) or not np.isfinite(place).all():
        raise ValueError(f"start={start!r}: two numbers are needed, x and y")
    return float(place[0]), float(place[1])


def _four(extent: Sequence[float]) -> tuple[float, float, float, float]:
    (xs, ys) = grid(extent, 2, 3)
    return float(xs[0]), float(xs[-1]), float(ys[0]), float(ys[-1])
