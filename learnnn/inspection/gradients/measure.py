"""What a small step really does: slopes by central differences, with an eye on kinks and on rounding."""

from __future__ import annotations

import numpy as np

from .subjects import Arrays, Subject

Index = tuple[int, ...]


class Measure:
    """Slopes of the weighted sum of the outputs, from steps up and down; from both sides, to notice kinks."""

    def __init__(self, under: Subject, first: list[np.ndarray], cotangents: list[np.ndarray], eps: float | None):
        self.under, self.first, self.cotangents = under, first, cotangents
        self.machine = max((float(np.finfo(o.dtype).eps) for o in first if o.dtype.kind == "f"), default=2.2e-16)
        self.eps = eps or self.machine ** (1 / 3)
        self.scale = max([float(np.abs(o[np.isfinite(o)]).max(initial=0.0)) for o in first], default=0.0)
        self.plain: Arrays = {}  # the slopes of the plain sum: what a backward that ignores its input would give

    def noise(self, step: float | None = None) -> float:
        """What rounding alone can do to a slope that is measured with this step."""
        count = sum(o.size for o in self.first)
        return 20 * self.machine * self.scale * max(1.0, count**0.5) / (step or self.eps)

    def slopes(self, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """(central, lowest one-sided, highest one-sided, is it a kink) for each element of an input."""
        array = self.under.arrays[name]
        numeric, low, high, plain = (np.zeros(array.shape) for _ in range(4))
        kinks = np.zeros(array.shape, bool)
        for at in np.ndindex(array.shape):
            step = self.eps * self.unit(name, at)
            up, down, plain[at] = self.one_sided(name, at, step)
            if self.bent(up, down, step):
                near = self.one_sided(name, at, step / 10)  # a kink further off than this one does not disturb
                kinks[at] = self.bent(*near[:2], step / 10) and abs(near[0] - near[1]) > 0.5 * abs(up - down)
                up, down, plain[at] = near
            numeric[at], low[at], high[at] = (up + down) / 2, min(up, down), max(up, down)
        self.plain[name] = plain
        return numeric, low, high, kinks

    def unit(self, name: str, at: Index) -> float:
        """Steps are relative to the element where that is above 1."""
        return max(1.0, float(abs(self.under.arrays[name][at])))

    def bent(self, up: float, down: float, step: float) -> bool:
        """Do the slopes to the two sides differ by more than curvature and rounding explain?"""
        return bool(abs(up - down) > 20 * self.noise(step) + 1e-3 * max(abs(up), abs(down)))

    def one_sided(self, name: str, at: Index, step: float) -> tuple[float, float, float]:
        """(slope upwards, slope downwards, central slope of the plain sum)."""
        above, below = (self.outputs(name, at, sign * step) for sign in (1, -1))
        pairs = list(zip(self.cotangents, above, self.first, below))
        up = sum(float((c * (a - o)).sum()) for c, a, o, _ in pairs) / step
        down = sum(float((c * (o - b)).sum()) for c, _, o, b in pairs) / step
        return up, down, sum(float((a - b).sum()) for _, a, _, b in pairs) / (2 * step)

    def outputs(self, name: str, at: Index, step: float) -> list[np.ndarray]:
        moved = self.under.arrays[name].copy()
        moved[at] += step
        return self.under.outputs({**self.under.arrays, name: moved})
