"""Points that can be moved, added, painted and erased, and every edit undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import Any

import numpy as np

Content = tuple[np.ndarray, np.ndarray]  # points (N, 2), classes (N,)
REMEMBERED = 200  # edits that can be undone


class Points:
    """Points `X` (N, 2) and the class `k` (N,) of each, 0 to `classes` - 1. Arrays are exchanged, never written into.

    >>> points = Points(np.zeros((1, 2)), np.array([0]), classes=2)
    >>> points.edit("add", x=1.0, y=2.0, label=1)
    >>> points.X.tolist(), points.k.tolist()
    ([[0.0, 0.0], [1.0, 2.0]], [0, 1])
    >>> points.undo()
    >>> points.k.tolist(), points.can_undo, points.can_redo
    ([0], False, True)
    """

    def __init__(self, X: np.ndarray, k: np.ndarray, classes: int):
        self.X, self.k, self.classes = X, k, classes
        self._past: list[Content] = []
        self._future: list[Content] = []

    @property
    def can_undo(self) -> bool:
        """Is there an edit to take back?"""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Is there one that was taken back?"""
        return bool(self._future)

    def edit(self, kind: str, **how: Any) -> None:
        """One edit: "move" (index, x, y), "add" (x, y, label), "paint" (indices, label) or "delete" (indices).

        Raises ValueError, and changes nothing, where a point or a class is not there.
        """
        if kind not in EDITS:
            raise ValueError(f"no edit is called {kind!r}: there are {', '.join(EDITS)}")
        before = self.X, self.k
        self.X, self.k = EDITS[kind](self, **how)
        self._past, self._future = [*self._past, before][-REMEMBERED:], []

    def undo(self) -> None:
        """Take the last edit back, if there is one."""
        self._step(self._past, self._future)

    def redo(self) -> None:
        """Do again what was taken back last."""
        self._step(self._future, self._past)

    def _step(self, source: list[Content], target: list[Content]) -> None:
        if source:
            target.append((self.X, self.k))
            self.X, self.k = source.pop()


# ------------------------------------------------------------------------------- what each edit makes of the points
def _move(points: Points, index: int, x: float, y: float) -> Content:
    X = points.X.copy()
    X[_known(points, [index])] = _place(x, y)
    return X, points.k


def _add(points: Points, x: float, y: float, label: int) -> Content:
    X = np.concatenate([points.X, np.array([_place(x, y)], points.X.dtype)])
    return X, np.append(points.k, _class(points, label))


def _paint(points: Points, indices: Sequence[int], label: int) -> Content:
    k = points.k.copy()
    k[_known(points, indices)] = _class(points, label)
    return points.X, k


def _delete(points: Points, indices: Sequence[int]) -> Content:
    gone = _known(points, indices)
    if len(set(gone)) >= len(points.X):
        raise ValueError("the last point stays: without one there is nothing to tell apart")
    return np.delete(points.X, gone, axis=0), np.delete(points.k, gone)


EDITS: Mapping[str, Callable[..., Content]] = {"move": _move, "add": _add, "paint": _paint, "delete": _delete}


def _known(points: Points, indices: Sequence[int]) -> list[int]:
    for index in indices:
        if not 0 <= index < len(points.X):
            raise ValueError(f"there is no point {index}: the {len(points.X)} points are counted from 0")
    return [*indices]


def _class(points: Points, label: int) -> int:
    if not 0 <= label < points.classes:
        raise ValueError(f"there is no class {label}: the {points.classes} classes are counted from 0")
    return label


def _place(x: float, y: float) -> tuple[float, float]:
    if not (isfinite(x) and isfinite(y)):
        raise ValueError(f"({x}, {y}) is nowhere on the plane")
    return x, y
