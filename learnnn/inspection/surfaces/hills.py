"""A function of two numbers as hills, with a ball to roll down."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from ..models.kind import is_module
from ..models.model import Model
from .grid import checked, grid, heights_of, is_steep
from .surface import Surface
from .terrain import Terrain


class Hills(Surface):
    """A function of two numbers, with a ball that rolls down it by gradient descent."""

    title = "f(x, y)"

    @property
    def text(self) -> str:
        return f"{self.heading}: {self.range_words}"

    def state(self) -> dict[str, Any]:
        """Also the learning rate that the ball starts with: a stable one nearly everywhere on this grid."""
        return super().state() | {"ball": {"lr": self.gentle_rate}}

    @property
    def gentle_rate(self) -> float:
        """Half of 1 / curvature, where nine tenths of the places curve less; one digit.

        Gradient descent on a parabola of curvature c falls straight to the bottom with 1 / c and diverges from 2 / c.
        """
        terrain = self.terrain
        lines = (terrain.ys, terrain.xs)
        along = [np.diff(terrain.values, 2, axis=k) / (line[1] - line[0]) ** 2 for k, line in enumerate(lines)]
        curved = np.abs(np.concatenate([c.ravel() for c in along]))
        steep = float(np.quantile(curved[np.isfinite(curved)], 0.9)) if np.isfinite(curved).any() else 1.0
        return float(f"{min(1.0, 0.5 / max(steep, 1e-3)):.0e}")


def hills(f: Any, extent: Any, resolution: int, title: str | None) -> Hills:
    if is_module(f) or not (inspect.isroutine(f) or (callable(f) and not Model(f).parameters())):
        raise TypeError(
            f"a {type(f).__name__} needs data: landscape(model, (X, y)), what the model is given and what "
            "it should answer. Only a function of two numbers needs none"
        )
    xs, ys = grid(extent, 2, resolution)
    values = checked(heights_of(f, xs, ys))
    return Hills(Terrain(xs, ys, values, log=is_steep(values)), title)
