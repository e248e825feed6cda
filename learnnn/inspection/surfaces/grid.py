"""Places on a grid, and the heights of a function there."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from ... import autograd
from ..models.kind import as_array


def grid(extent: Any, count: int, resolution: int, path: np.ndarray | None = None) -> list[np.ndarray]:
    """The places along each direction."""
    if resolution < 3:
        raise ValueError(f"resolution must be at least 3 points each way, not {resolution}")
    if np.ndim(extent):
        ends = [tuple(map(float, pair)) for pair in np.reshape(extent, (-1, 2))] if len(extent) in (2, 4) else []
        ends *= count if len(ends) == 1 else 1
    elif path is None:
        ends = [(-float(extent), float(extent))] * count
    else:
        ends = [_around(np.append(path[:, k], 0.0), float(extent)) for k in range(count)]
    if len(ends) != count or not all(a < b and np.isfinite([a, b]).all() for a, b in ends):
        raise ValueError(f"extent={extent!r}: one number above 0, (x0, x1), or (x0, x1, y0, y1) with x0 < x1, y0 < y1")
    return [np.linspace(pair[0], pair[1], resolution) for pair in ends]


def _around(places: np.ndarray, extent: float) -> tuple[float, float]:
    lo, hi = places.min(), places.max()
    room = 0.25 * extent * (hi - lo)
    return float(lo - room), float(hi + room)


def checked(values: np.ndarray) -> np.ndarray:
    if not np.isfinite(values).any():
        raise ValueError("no height is a number: all are nan or infinite. Go less far (extent=...), or check the loss")
    return values


def is_steep(values: np.ndarray) -> bool:
    """Are a few heights so far above the others that a logarithm shows more?"""
    found = values[np.isfinite(values)]
    return bool(np.ptp(found) > 5 * (np.median(found) - found.min()))


def heights_of(f: Callable[[Any, Any], Any], xs: np.ndarray, ys: np.ndarray) -> np.ndarray:
    """f(x, y) over a grid, (len(ys), len(xs)): asked number by number, for it may be written for numbers or tensors."""
    ask = asker(f, float(xs[0]), float(ys[0]))
    with autograd.no_grad(), np.errstate(all="ignore"):
        return np.array([[ask(x, y) for x in xs.tolist()] for y in ys.tolist()])


def asker(f: Callable[[Any, Any], Any], x: float, y: float) -> Callable[[float, float], float]:
    """With numbers where f takes them, else with tensors."""
    try:
        with np.errstate(all="ignore"), suppress(ArithmeticError):
            f(x, y)
    except (TypeError, AttributeError) as error:
        with_tensors = lambda x, y: f(*(autograd.wrap(np.array(v)) for v in (x, y)))
        try:
            with_tensors(x, y)
        except (TypeError, AttributeError):
            raise error from None
        return lambda x, y: _one(with_tensors, x, y)
    return lambda x, y: _one(f, x, y)


def _one(f: Callable[[Any, Any], Any], x: float, y: float) -> float:
    """The height at a place: infinite where it overflows, nan where it divides by zero."""
    try:
        height = as_array(f(x, y))
    except ZeroDivisionError:
        return float("nan")
    except OverflowError:
        return float("inf")
    if height.size != 1:
        raise ValueError(f"f({x:g}, {y:g}) gave an array {height.shape}: a height is one number")
    return float(height.reshape(()))
