"""Heat maps of relative error: one panel an input, one cell an element."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..face.scene import Box, Group, Scene, Shape, Text, text_width

BOUNDS = (1e-6, 1e-4, 1e-2, 1e-1)  # between the five colours
WORDS = ("< 1e-6", "< 1e-4", "< 0.01", "< 0.1", "≥ 0.1")
MOST = 48  # cells a side; of a larger array each cell shows the worst of a block


def heat_map(inputs: Sequence[Any], title: str, description: str) -> Scene:
    """Panels side by side, wrapped where they would get too wide, and a key to the colours."""
    shapes: list[Shape] = []
    x, y, tall, wide = 16.0, 16.0, 0.0, 0.0
    for checked in inputs:
        _, width, height = _panel(checked, 0, 0)
        if x > 16 and x + width > 820:
            x, y, tall = 16.0, y + tall + 16, 0.0
        shapes += _panel(checked, x, y)[0]
        x, tall = x + width + 24, max(tall, height)
        wide = max(wide, x - 24)
    key, key_width = _key(y + tall + 18)
    return Scene(max(wide, key_width) + 16, y + tall + 48, title, description, [*shapes, *key])


def _panel(checked: Any, x: float, y: float) -> tuple[list[Shape], float, float]:
    error, agree, factor = _as_matrix(checked.error, checked.agree)
    rows, columns = error.shape
    cell = float(np.clip(300 / max(rows, columns, 1), 9, 30))
    label = f"{checked.name} {checked.numeric.shape or ''}".strip() + (
        f", worst of {factor} a cell" if factor > 1 else ""
    )
    shapes: list[Shape] = [Text(x, y + 10, label, 12.5, "ink", bold=True)]
    for i in range(rows):
        for j in range(columns):
            shapes.append(_cell(checked, error[i, j], agree[i, j], (i, j), x + j * cell, y + 20 + i * cell, cell))
    return shapes, max(columns * cell, text_width(label, 12.5, bold=True)), 20 + rows * cell


def _cell(checked: Any, error: float, agrees: bool, at: tuple[int, int], x: float, y: float, size: float) -> Group:
    level = len(BOUNDS) if np.isnan(error) else int(np.searchsorted(BOUNDS, error, side="right"))
    shapes: list[Shape] = [Box(x + 0.5, y + 0.5, size - 1, size - 1, f"error-{level}", "edge", 2, 0.6)]
    if not agrees and size >= 14:  # a mark, so that colour is not the only sign
        ink = "paper" if level >= 4 else "ink"
        shapes.append(Text(x + size / 2, y + size * 0.69, "×", size * 0.62, ink, "middle"))
    return Group(f"{checked.name}[{at[0]}, {at[1]}]: relative error {error:.2g}", tuple(shapes))


def _as_matrix(error: np.ndarray, agree: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Any array as a matrix of at most MOST cells a side: leading axes become rows."""
    shape = (1, -1) if error.ndim < 2 else (-1, error.shape[-1])
    error, agree = error.reshape(shape), agree.reshape(shape)
    if error.shape[0] == 1 and error.shape[1] > MOST:  # a long vector is wrapped into lines
        pad = -error.shape[1] % MOST
        error = np.pad(error, ((0, 0), (0, pad))).reshape(-1, MOST)
        agree = np.pad(agree, ((0, 0), (0, pad)), constant_values=True).reshape(-1, MOST)
    factors = [-(-n // MOST) for n in error.shape]
    if max(factors) > 1:
        error = _blocks(error, factors, 0.0).max((1, 3))
        agree = np.all(_blocks(agree, factors, True), (1, 3))
    return error, agree, factors[0] * factors[1]


def _blocks(array: np.ndarray, factors: Sequence[int], fill: Any) -> np.ndarray:
    """(rows, columns) -> (blocks down, a, blocks right, b), padded where it does not divide."""
    (rows, columns), (a, b) = array.shape, factors
    padded = np.pad(array, ((0, -rows % a), (0, -columns % b)), constant_values=fill)
    return padded.reshape(padded.shape[0] // a, a, padded.shape[1] // b, b)


def _key(y: float) -> tuple[list[Shape], float]:
    shapes: list[Shape] = [Text(16, y + 10.5, "relative error", 12, "muted")]
    x = 16 + text_width("relative error", 12) + 12
    for level, words in enumerate(WORDS):
        shapes.append(Box(x, y, 12, 12, f"error-{level}", "edge", 2, 0.6))
        shapes.append(Text(x + 17, y + 10.5, words, 12, "muted"))
        x += 17 + text_width(words, 12) + 10
    shapes.append(Text(x, y + 10.5, "× wrong", 12, "muted"))
    return shapes, x + text_width("× wrong", 12)
