"""The points on the plane: drawn from a set, brought along as arrays or as CSV, and added by hand."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any

import numpy as np

from ..models.kind import as_array
from . import sets

SETS = {name: getattr(sets, name) for name in ("moons", "circles", "xor", "spiral", "gauss")}
Extent = tuple[float, float, float, float]
HALF = 3.3  # the plane reaches from -3.3 to 3.3, and as much further as points lie
MOST_CLASSES = 6


def nowhere() -> np.ndarray:
    """No points, (0, 2)."""
    return np.zeros((0, 2), np.float32)


def unlabelled() -> np.ndarray:
    """No labels, (0,)."""
    return np.zeros(0, np.int64)


@dataclass(frozen=True, eq=False)
class Own:
    """Points that no set gives: those that were `loaded`, and those `added` by hand. X (N, 2), y (N,) numbers `names`.

    X is in the plane's units: `mean` and `std` of each axis lead back to the units that it came in.
    """

    X: np.ndarray = field(default_factory=nowhere)
    y: np.ndarray = field(default_factory=unlabelled)
    X_added: np.ndarray = field(default_factory=nowhere)
    y_added: np.ndarray = field(default_factory=unlabelled)
    names: tuple[str, ...] = ("0", "1")
    mean: tuple[float, float] = (0.0, 0.0)
    std: tuple[float, float] = (1.0, 1.0)

    def plus(self, x: float, y: float, label: int) -> Own:
        """One more point, in the plane's units, of a class by its number."""
        X = np.concatenate([self.X_added, np.array([[x, y]], np.float32)])
        return replace(self, X_added=X, y_added=np.append(self.y_added, label))

    def without_loaded(self) -> Own:
        """As it is for a drawn set: two classes, in the plane's own units."""
        kept = self.y_added < 2
        return Own(X_added=self.X_added[kept], y_added=self.y_added[kept])


@dataclass(frozen=True, eq=False)
class Points:
    """What is trained on, and what is held out: X (N, 2), y (N,), and which are held out (N,)."""

    X: np.ndarray
    y: np.ndarray
    held_out: np.ndarray
    names: tuple[str, ...]
    extent: Extent

    @property
    def train(self) -> tuple[np.ndarray, np.ndarray]:
        """X and y to train on."""
        return self.X[~self.held_out], self.y[~self.held_out]


def draw(name: str, n: int, noise: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """n points of a set, X (n, 2) and y (n,).

    >>> X, y = draw("moons", 10, 0.1, seed=0)
    >>> X.shape, y.tolist()
    ((10, 2), [0, 1, 0, 1, 0, 1, 0, 1, 0, 1])
    """
    X, y = SETS[name](np.random.default_rng(seed), n, noise)
    return X.astype(np.float32), y


def gather(settings: Any, own: Own) -> Points:
    """All points that the settings and what is brought along make: of those not added by hand, a part is held out."""
    if settings.data == "own":
        X, y = own.X, own.y
    else:
        X, y = draw(settings.data, settings.points, settings.noise, settings.data_seed)
    everything = np.concatenate([X, own.X_added])
    labels = np.concatenate([y, own.y_added])
    out = np.append(held_out(len(X), settings.test), np.zeros(len(own.X_added), bool))
    extent = _box(X, own.X_added) if settings.data == "own" else _square(everything)
    return Points(everything, labels, out, own.names, extent)


def held_out(n: int, part: float) -> np.ndarray:
    """Which of n points are held out: the last ones, so many that the part is as asked, and one is left at least.

    >>> held_out(4, 0.5).tolist()
    [False, False, True, True]
    """
    return np.arange(n) >= max(n - int(part * n), min(n, 1))


def _square(X: np.ndarray) -> Extent:
    half = max(HALF, float(np.abs(X).max() * 1.03))
    return -half, half, -half, half


def _box(X: np.ndarray, added: np.ndarray) -> Extent:
    """The rectangle of points with a margin, which points added by hand push only where they lie outside."""
    low, high = X.min(0), X.max(0)
    margin = 0.1 * np.where(high > low, high - low, 1.0)
    low = np.minimum(low - margin, added.min(0, initial=np.inf))
    high = np.maximum(high + margin, added.max(0, initial=-np.inf))
    return float(low[0]), float(high[0]), float(low[1]), float(high[1])


# ---------------------------------------------------------------------------------------------------- brought along
def load(X: Any, y: Any, most: int, seed: int = 0, scale: bool = True) -> Own:
    """Points (N, 2) with a label each, of two classes at least, shuffled; `scale` brings them to the plane's units.

    Raises ValueError for other shapes, for numbers that are not finite, and for fewer than two or too many classes.
    """
    points, labels = as_array(X).astype(np.float64), np.asarray(as_array(y)).reshape(-1)
    _check(points, labels, most)
    known = np.unique(labels)
    if not 2 <= len(known) <= MOST_CLASSES:
        raise ValueError(f"the labels hold {len(known)} classes: two are needed, and at most {MOST_CLASSES} fit")
    mean, std = points.mean(0) * scale, np.where(scale & (points.std(0) > 0), points.std(0), 1.0)
    order = np.random.default_rng(seed).permutation(len(points))
    return Own(
        ((points - mean) / std)[order].astype(np.float32),
        np.searchsorted(known, labels)[order],
        names=tuple(_name(label) for label in known),
        mean=(float(mean[0]), float(mean[1])),
        std=(float(std[0]), float(std[1])),
    )


def _check(points: np.ndarray, labels: np.ndarray, most: int) -> None:
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(f"X has shape {points.shape}: the plane has two axes, so choose two columns, as X[:, [0, 1]]")
    if len(labels) != len(points):
        raise ValueError(f"X holds {len(points)} points and y {len(labels)} labels: one label a point is needed")
    if not 2 <= len(points) <= most:
        raise ValueError(f"{len(points)} points: 2 to {most:,} are drawn, so pass a part, as X[:{most}], y[:{most}]")
    if not np.isfinite(points).all():
        raise ValueError("X holds nan or infinity: such a point is nowhere on the plane")
    if labels.dtype.kind == "f" and not np.isfinite(labels).all():
        raise ValueError("y holds nan or infinity: a label is the name or the number of a class")


def _name(label: Any) -> str:
    return f"{label:g}" if isinstance(label, float | np.floating) else str(label)


def read_csv(text: str) -> tuple[np.ndarray, np.ndarray]:
    """Rows of two numbers and a label -> X (N, 2) and the labels (N,), which are words.

    The columns are parted by commas, semicolons (then a number may have a decimal comma), tabs or blanks; a first
    row of headings is passed over, as are empty rows and those that begin with #. ValueError names the row that is
    none.

    >>> X, y = read_csv("x,y,kind\\n1.5,2,cat\\n-1,0.5,dog")
    >>> X.tolist(), y.tolist()
    ([[1.5, 2.0], [-1.0, 0.5]], ['cat', 'dog'])
    """
    lines = [(i, line.strip()) for i, line in enumerate(text.lstrip("\ufeff").splitlines(), 1)]
    lines = [(i, line) for i, line in lines if line and not line.startswith("#")]
    if not lines:
        raise ValueError("there are no rows: each holds two numbers and a label, as in 1.5, -0.3, cat")
    comma = ";" in lines[0][1]
    rows = [(i, line, _cells(line, lines[0][1])) for i, line in lines]
    if len(rows) > 1 and not any(_number(cell, comma) is not None for cell in rows[0][2][:2]):
        rows = rows[1:]
    return _columns([_row(i, line, cells, comma) for i, line, cells in rows])


def _columns(rows: Sequence[tuple[float, float, str]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([row[:2] for row in rows]), np.array([row[2] for row in rows])


def _cells(line: str, first: str) -> list[str]:
    parter = next((mark for mark in (";", "\t", ",") if mark in first), None)
    cells = next(csv.reader([line], delimiter=parter)) if parter else line.split()
    return [cell.strip() for cell in cells]


def _row(i: int, line: str, cells: Sequence[str], comma: bool) -> tuple[float, float, str]:
    if len(cells) != 3:
        raise ValueError(f"row {i} has {len(cells)} columns, and 3 are needed, two numbers and a label: {line[:60]!r}")
    found = [_number(cell, comma) for cell in cells[:2]]
    for cell, value in zip(cells, found):
        if value is None or not isfinite(value):
            raise ValueError(f"row {i}: {cell[:30]!r} is not a number, and the first two columns are: {line[:60]!r}")
    if not cells[2]:
        raise ValueError(f"row {i} has no label in its third column: {line[:60]!r}")
    return found[0], found[1], cells[2]  # type: ignore[return-value]  # None has been raised above


def _number(cell: str, comma: bool) -> float | None:
    try:
        return float(cell.replace(",", ".") if comma else cell)
    except ValueError:
        return None
