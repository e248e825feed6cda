"""The plane through a latent space on which a picture moves, and the codes of data on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..models.kind import as_array
from ..models.model import Model

AT_ONCE = 256  # examples in a run
POINTS = 600  # codes that are drawn


@dataclass
class Plane:
    """Points (N, 2) <-> codes (N, d): the same where d is 2, else along the two directions in which codes vary most."""

    origin: np.ndarray = field(default_factory=lambda: np.zeros(2))
    axes: np.ndarray = field(default_factory=lambda: np.eye(2))  # (2, d), of length 1
    share: float = 1.0  # of the variance of the codes that is on the plane

    def codes(self, points: np.ndarray) -> np.ndarray:
        """Points on the plane -> (N, d)."""
        return self.origin + points @ self.axes

    def points(self, codes: np.ndarray) -> np.ndarray:
        """Codes, seen from above the plane -> (N, 2)."""
        return (codes - self.origin) @ self.axes.T

    @property
    def names(self) -> tuple[str, str]:
        """What the axes are called."""
        return ("z0", "z1") if len(self.origin) == 2 else ("first direction", "second direction")


def principal_plane(codes: np.ndarray) -> Plane:
    """The plane of the first two principal components (Pearson 1901); the largest entry of each is positive.

    >>> codes = np.array([[3.0, 0, 5], [-3, 0, 5], [0, 1, 5], [0, -1, 5]])
    >>> plane = principal_plane(codes)
    >>> plane.axes.round(6).tolist(), plane.origin.tolist(), plane.share
    ([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], [0.0, 0.0, 5.0], 1.0)
    """
    origin = codes.mean(0)
    _, sizes, directions = np.linalg.svd(codes - origin, full_matrices=False)
    axes = directions[:2]
    signs = np.sign(axes[np.arange(2), np.abs(axes).argmax(1)])
    total = float((sizes**2).sum())
    return Plane(origin, axes * signs[:, None], float((sizes[:2] ** 2).sum()) / total if total else 1.0)


@dataclass
class Coded:
    """Data and where an encoder puts them: `codes` (N, d), and the class of each where it is known."""

    encoder: Model
    X: np.ndarray
    y: np.ndarray | None
    classes: list[str]
    codes: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.encode()

    def encode(self) -> None:
        """Ask the encoder (again). Of several answers, as mean and variance, the first."""
        starts = range(0, len(self.X), AT_ONCE)
        self.codes = np.concatenate([self.encoder.ask(self.X[i : i + AT_ONCE]) for i in starts]).astype(float)
        if self.codes.ndim != 2 or len(self.codes) != len(self.X) or self.codes.shape[1] < 2:
            raise ValueError(
                f"the encoder gives {self.codes.shape} for data {self.X.shape}: codes (N, d) are needed, with d at "
                "least 2; pass encode=, a function of data that gives codes"
            )
        if not np.isfinite(self.codes).all():
            raise ValueError("the encoder gives codes that are nan or infinite")

    @property
    def some(self) -> np.ndarray:
        """Which to draw: all, or evenly chosen ones."""
        return np.unique(np.linspace(0, len(self.X) - 1, min(POINTS, len(self.X))).astype(int))

    @property
    def kept_apart(self) -> float:
        """The part of the codes whose nearest neighbour has the same class: 1 where no classes mix."""
        some = self.some
        codes, y = self.codes[some], self.y[some]  # type: ignore[index]  # asked only where classes are known
        far = ((codes[:, None] - codes) ** 2).sum(-1)  # (N, N)
        np.fill_diagonal(far, np.inf)
        return float((y[far.argmin(1)] == y).mean())


def coded(encoder: Any, data: Any) -> Coded:
    """Data (X, y), or X alone, with an encoder."""
    X, y = data if isinstance(data, tuple) and len(data) == 2 else (data, None)
    X = as_array(X)
    if not len(X):
        raise ValueError("there are no data to encode")
    if y is None:
        return Coded(Model(encoder), X, None, [])
    y = np.asarray(as_array(y))
    if y.shape != X.shape[:1]:
        raise ValueError(f"{len(X)} examples need a class each, (N,): y has shape {y.shape}")
    classes, indices = np.unique(y, return_inverse=True)
    return Coded(Model(encoder), X, indices, [str(name) for name in classes])


def limits(extent: Any, points: np.ndarray | None) -> tuple[float, float, float, float]:
    """(x0, x1, y0, y1): as given (a number: as far to every side), else around most points, else 3 to every side."""
    if extent is None:
        return (-3.0, 3.0, -3.0, 3.0) if points is None else _around(points)
    given = [float(e) for e in np.atleast_1d(as_array(extent)).ravel()]
    found = (-given[0], given[0], -given[0], given[0]) if len(given) == 1 else tuple(given)
    if len(found) != 4 or not np.isfinite(found).all() or found[0] >= found[1] or found[2] >= found[3]:
        raise ValueError(f"extent={extent}: a positive number, or (x0, x1, y0, y1) with x0 < x1 and y0 < y1")
    return found


def _around(points: np.ndarray) -> tuple[float, float, float, float]:
    lo, hi = np.percentile(points, (1, 99), axis=0)
    room = np.where(hi > lo, 0.08 * (hi - lo), 1.0)
    (x0, y0), (x1, y1) = lo - room, hi + room
    return float(x0), float(x1), float(y0), float(y1)


def cells(extent: tuple[float, float, float, float], grid: int) -> np.ndarray:
    """The middles of grid x grid cells, row by row from the top -> (grid², 2).

    >>> cells((0, 2, 0, 2), 2).tolist()
    [[0.5, 1.5], [1.5, 1.5], [0.5, 0.5], [1.5, 0.5]]
    """
    x0, x1, y0, y1 = extent
    part = (np.arange(grid) + 0.5) / grid
    across, down = x0 + part * (x1 - x0), y1 - part * (y1 - y0)
    return np.stack(np.meshgrid(across, down), -1).reshape(-1, 2)


def callables(thing: Any, *names: str) -> Iterator[Any]:
    """The methods or parts of these names that can be called."""
    yield from (part for name in names if callable(part := getattr(thing, name, None)))
