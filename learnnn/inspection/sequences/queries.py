"""Queries and keys to edit: the weights are their softmax, as one changes a number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..face.chart import SMALL, heat_map, number
from ..face.live import Live
from ..face.scene import Box, Scene, Shape, Text
from .looking import weights_of
from .tokens import entropy, of_both, shown

MOST = (12, 8)  # rows and columns that can be edited
CELL = 44.0


class QueriesAndKeys(Live):
    """softmax(Q K^T / sqrt(d)) of queries (L, d) and keys (S, d), which the page lets one edit."""

    script = Path(__file__).with_name("queries.js")

    def __init__(self, q: np.ndarray, k: np.ndarray, labels: Any, title: str | None):
        self.q, self.k = _checked(q, "queries (L, d)"), _checked(k, "keys (S, d)")
        if self.q.shape[1] != self.k.shape[1]:
            raise ValueError(f"queries {q.shape} and keys {k.shape}: both need the same size d, their last axis")
        self.title = title or "queries and keys"
        self.names = _names(labels, len(self.q), len(self.k))

    @property
    def weights(self) -> np.ndarray:
        """(L, S)"""
        return weights_of(self.q, self.k)

    @property
    def data(self) -> dict[str, Any]:
        weights = self.weights
        return {
            "q": self.q.tolist(), "k": self.k.tolist(), "weights": weights.tolist(),
            "entropy": entropy(weights).tolist(),
        }  # fmt: skip

    @property
    def text(self) -> str:
        rows = [f"{name} looks at " + ", ".join(f"{key} {number(float(w), 2)}" for key, w in zip(self.names[1], row))
                for name, row in zip(self.names[0], self.weights)]  # fmt: skip
        return f"{self.title}: softmax(Q Kᵀ / √{self.q.shape[1]}). " + ". ".join(rows) + "."

    def state(self) -> dict[str, Any]:
        queries, keys = ([shown(name) for name in names] for names in self.names)
        return {"title": self.title, "q": self.q, "k": self.k, "queries": queries, "keys": keys}

    def scene(self) -> Scene:
        """The numbers of Q and of K, and the weights."""
        (length, d), steps = self.q.shape, len(self.k)
        middle, right = 76 + d * CELL, 152 + 2 * d * CELL
        shapes: list[Shape] = [Text(20, 28, self.title, 15, bold=True)]
        shapes += _table("Q", self.q, self.names[0], 56) + _table("K", self.k, self.names[1], middle + 56)
        shapes += _table(f"softmax(Q Kᵀ / √{d})", self.weights, self.names[0], right + 56, self.names[1], lo=0)
        height = 76 + 34 * max(length, steps) + 34
        return Scene(right + 76 + max(steps * CELL, 130), height, self.title, self.text, shapes)


def _checked(array: np.ndarray, what: str) -> np.ndarray:
    if array.ndim != 2 or not array.size or array.dtype.kind not in "fiub":
        raise ValueError(f"{what} are an array of two axes, and this has shape {array.shape}")
    if array.shape[0] > MOST[0] or array.shape[1] > MOST[1]:
        raise ValueError(
            f"{what}: {array.shape} is too much to edit, at most {MOST} is; to see the weights of larger ones pass "
            "those alone: attention(softmax(q @ k.T / d ** 0.5))"
        )
    if not np.isfinite(array).all():
        raise ValueError(f"{what}: some of the numbers are nan or infinite")
    return array.astype(float)


def _names(labels: Any, queries: int, keys: int) -> tuple[list[str], list[str]]:
    if labels is None:
        return [f"q{i}" for i in range(queries)], [f"k{j}" for j in range(keys)]
    first, last = ([str(name) for name in names] for names in of_both(labels))
    if (len(first), len(last)) != (queries, keys):
        raise ValueError(
            f"{len(first)} labels for {queries} queries and {len(last)} for {keys} keys: one each is needed; "
            "labels=(queries, keys) names them apart"
        )
    return first, last


def _table(
    name: str, values: np.ndarray, rows: list[str], x: float, columns: list[str] | None = None, lo: float | None = None
) -> list[Shape]:
    """Numbers on their colours, with the names of the rows to the left."""
    height, width = values.shape[0] * 34.0, values.shape[1] * CELL
    most = float(np.abs(values).max()) or 1.0
    how: dict[str, Any] = {"lo": 0, "hi": 1} if lo is not None else {"lo": -most, "hi": most, "diverging": True}
    shapes: list[Shape] = [Text(x, 54, name, 12.5, bold=True), heat_map(values, x, 66, width, height, **how)]
    shapes += [Box(x, 66, width, height, "", "edge", 0)]
    for i, row in enumerate(values):
        shapes.append(Text(x - 6, 66 + 34 * i + 21, shown(rows[i]), SMALL, "muted", "end"))
        for j, value in enumerate(row):
            strong = abs(value) > 0.55 * (1 if lo is not None else most)
            place = x + (j + 0.5) * CELL, 66 + 34 * i + 21
            shapes.append(Text(*place, number(float(value), 2), 12, "paper" if strong else "ink", "middle"))
    for j, column in enumerate(columns or ()):
        shapes.append(Text(x + (j + 0.5) * CELL, 66 + height + 16, shown(column), SMALL, "muted", "middle"))
    return shapes
