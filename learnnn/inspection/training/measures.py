"""What is measured of the numbers in a layer: how they are spread, saturated, dead."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, log2, sqrt
from typing import NamedTuple

import numpy as np

BINS = 64
EDGE = 0.97  # of its range: beyond that tanh or sigmoid is flat
WINDOW = 100  # examples


class Spread(NamedTuple):
    """How many values lie in each of BINS equal bins from -reach to reach; `reach` is a power of two."""

    reach: float
    counts: np.ndarray

    def within(self, reach: float) -> np.ndarray:
        """The counts in BINS bins from -reach to reach: wider bins hold what theirs held, narrower ones even shares.

        >>> Spread(1.0, np.array([0.0] * 63 + [8])).within(2.0)[45:50]
        array([0., 0., 8., 0., 0.])
        """
        below = np.concatenate([[0.0], np.cumsum(self.counts)])
        edges, new = (np.linspace(-r, r, BINS + 1) for r in (self.reach, reach))
        return np.diff(np.interp(new, edges, below))


def spread(values: np.ndarray) -> Spread:
    """How values (any shape) are spread, those that are not finite left out.

    >>> spread(np.array([0.1, -0.7])).reach, spread(np.array([3.0])).reach
    (1.0, 4.0)
    """
    top = float(np.abs(values).max(initial=0.0))
    known = values
    if not np.isfinite(top):
        known = values[np.isfinite(values)]
        top = float(np.abs(known).max(initial=0.0))
    reach = 2.0 ** ceil(log2(top)) if top > 1e-300 else 1.0
    places = np.minimum(((known / reach + 1) * (BINS / 2)).astype(np.int64), BINS - 1)
    return Spread(reach, np.bincount(places, minlength=BINS).astype(np.float32))


def common_reach(spreads: Iterable[Spread]) -> float:
    """A reach that shows nearly all of them well: the few widest are cut off."""
    return float(np.percentile([s.reach for s in spreads], 95, method="higher"))


def rms(values: np.ndarray) -> float:
    """The root of the mean square, in float64.

    >>> rms(np.array([3.0, 4.0, 0.0, 0.0]))
    2.5
    """
    flat = values.ravel().astype(np.float64, copy=False)
    return sqrt(np.dot(flat, flat) / flat.size) if flat.size else 0.0


def saturated(values: np.ndarray, kind: str) -> float:
    """The part of the outputs where a squashing function is flat: beyond 0.97 of its range; nan for other layers.

    `kind` is the name of the layer's class, by which tanh and sigmoid are known.

    >>> saturated(np.array([0.0, 0.98, -0.99, 0.5]), "Tanh"), saturated(np.array([0.5, 0.99]), "Sigmoid")
    (0.5, 0.5)
    """
    name = kind.lower()
    if not values.size or "hard" in name or not ("tanh" in name or "sigmoid" in name):
        return float("nan")
    centred = values if "tanh" in name else 2 * values - 1
    return float(np.mean(np.abs(centred) > EDGE))


def by_unit(output: np.ndarray, kind: str) -> np.ndarray:
    """An output as (examples and places, units): channels of images and sequences are units, else the last axis.

    >>> by_unit(np.zeros((8, 16, 5, 5)), "Conv2d").shape, by_unit(np.zeros((8, 5, 16)), "Linear").shape
    ((200, 16), (40, 16))
    """
    if output.ndim < 2:
        return output.reshape(-1, 1)
    if output.ndim >= 4 or "1d" in kind:
        output = np.moveaxis(output, 1, -1)
    return output.reshape(-1, output.shape[-1])


class Units:
    """Which units of a layer gave 0 for every one of the last examples, WINDOW of them or a few more."""

    def __init__(self, kind: str):
        self.kind = kind
        self._seen: deque[tuple[int, np.ndarray]] = deque()  # (examples, which units were not 0)

    def add(self, output: np.ndarray) -> None:
        """The layer's output for one batch."""
        alive = (by_unit(output, self.kind) != 0).any(0)  # (units,)
        if self._seen and len(self._seen[0][1]) != len(alive):
            self._seen.clear()
        self._seen.append((len(output) if output.ndim > 1 else 1, alive))
        while self.examples - self._seen[0][0] >= WINDOW:
            self._seen.popleft()

    @property
    def examples(self) -> int:
        """How many examples are remembered."""
        return sum(n for n, _ in self._seen)

    @property
    def dead(self) -> np.ndarray:
        """Which units gave 0 for all of them, (units,)."""
        return ~np.any([alive for _, alive in self._seen], 0) if self._seen else np.zeros(0, bool)


@dataclass
class Measured:
    """One layer at one step; nan and None for what it has not."""

    mean: float = np.nan
    std: float = np.nan
    zero: float = np.nan  # the part of the outputs that is exactly 0
    saturated: float = np.nan
    dead: int = 0
    units: int = 0
    outputs: Spread | None = None
    flow: float = np.nan  # rms of the loss's gradient in the outputs
    flows: Spread | None = None
    norm: float = np.nan  # of the loss's gradient in the layer's parameters
    ratio: float = np.nan  # rms of the step over rms of the parameters


NUMBERS = ("mean", "std", "zero", "saturated", "dead", "units", "flow", "norm", "ratio")
MOST = 2000  # values that a histogram is made of: more say the same, and cost time


def some(values: np.ndarray) -> np.ndarray:
    """Enough of the values, evenly chosen, as one axis."""
    flat = values.reshape(-1)
    return flat[:: -(-flat.size // MOST)] if flat.size > MOST else flat
