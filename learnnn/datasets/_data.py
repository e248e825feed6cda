"""What every data set gives: X, y, and the names of what they hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class _Pair(NamedTuple):
    X: np.ndarray
    y: np.ndarray


class Data(_Pair):
    """Examples and their labels: `X, y = data`. X is float32, one row an example; y is int64.

    >>> X, y = Data.named(np.zeros((2, 3), np.float32), np.array([0, 1]), target_names=("no", "yes"))
    >>> X.shape, y.shape
    ((2, 3), (2,))
    """

    feature_names: tuple[str, ...] = ()
    target_names: tuple[str, ...] = ()

    @classmethod
    def named(cls, X: np.ndarray, y: np.ndarray, **names: Any) -> Data:
        """Data whose columns and classes have names."""
        data = cls(X, y)
        for name, values in names.items():
            setattr(data, name, tuple(map(str, values)))
        return data

    def like(self, X: np.ndarray, y: np.ndarray) -> Data:
        """Other examples under the same names."""
        return Data.named(X, y, feature_names=self.feature_names, target_names=self.target_names)

    def __repr__(self) -> str:
        return f"Data(X: {self.X.shape} {self.X.dtype}, y: {self.y.shape} {self.y.dtype})"


def fraction(split: float | bool) -> float:
    """The part to hold out: a fifth for True. ValueError unless it lies between 0 and 1."""
    part = 0.2 if split is True else split
    if not 0 < part < 1:
        raise ValueError(f"split={split}: the part to hold out lies between 0 and 1, as in split=0.2")
    return part


def divided(data: Data, split: float | bool | None, seed: int, scale: Callable | None = None) -> Any:
    """All of it; or (training, held out) after shuffling by `seed`.

    `scale(X)` is learned from the training part alone, as it must be for an honest test.
    """
    if split is None or split is False:
        parts = [data]
    else:
        order = np.random.default_rng(seed).permutation(len(data.y))
        held_out = round(fraction(split) * len(order))
        parts = [data.like(data.X[rows], data.y[rows]) for rows in (order[held_out:], order[:held_out])]
    if scale is not None:
        apply = scale(parts[0].X)
        parts = [part.like(apply(part.X), part.y) for part in parts]
    return tuple(parts) if len(parts) > 1 else parts[0]
