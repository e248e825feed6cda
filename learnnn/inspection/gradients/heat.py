"""Heat maps of relative error: one panel an input, one cell an element."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..face import theme
from ..face.scene import Box, Group, Raster, Shape, Text, text_width

BOUNDS = (1e-6, 1e-4, 1e-2, 1e-1)  # between the five colours
WORDS = ("< 1e-6", "< 1e-4", "< 0.01", "< 0.1", "≥ 0.1")
MANY = 400  # cells; more of them are drawn as one image
MOST = 48  # cells a side; of a larger array each cell shows the worst of a block


def heat_maps(inputs: Sequence[Any], x: float, y: float, width: float) -> tuple[list[Shape], float, float]:
    """Panels side by side, wrapped to the width, and a key to the colours -> (shapes, width, height)."""
    shapes: list[Shape] = []
    left, top, tall, wide = x, y, 0.0, 0.0
    for checked in inputs:
        _, across, down = _panel(checked, 0, 0)
        if left > x and left + across > x + width:
            left, top, tall = x, top + tall + 16, 0.0
        shapes += _panel(checked, left, top)[0]
        left, tall = left + across + 24, max(tall, down)
        wide = max(wide, left - 24 - x)
    key, key_width = _key(x, top + tall + 12)
    return [*shapes, *key], max(wide, key_width), top + tall + 44 - y


def _panel(checked: Any, x: float, y: float) -> tuple[list[Shape], float, float]:
    at, factor = cells(checked.error, checked.agree)
    rows, columns = at.shape
    side = float(np.clip(300 / max(rows, columns, 1), 9, 30))
    label = f"{checked.name} {checked.numeric.shape or ''}".strip() + (
        f", worst of {factor} a cell" if factor > 1 else ""
    )
    shapes: list[Shape] = [Text(x, y + 10, label, 12.5, "ink", bold=True)]
    if at.size > MANY:
        shapes.append(_raster(checked, at, x, y + 20, side))
    else:
        for (i, j), element in np.ndenumerate(at):
            if element >= 0:
                shapes.append(_cell(checked, int(element), x + j * side, y + 20 + i * side, side))
    return shapes, max(columns * side, text_width(label, 12.5, bold=True)), 20 + rows * side


def _level(error: Any) -> Any:
    """Which of the five colours."""
    return np.where(np.isnan(error), len(BOUNDS), np.searchsorted(BOUNDS, error, side="right"))


def _raster(checked: Any, at: np.ndarray, x: float, y: float, side: float) -> Raster:
    """The cells of a large input as one image."""
    level = _level(np.append(checked.error.ravel(), 0.0)[at])
    light, dark = (theme.ramp([pair[i] for pair in theme.ERRORS], level / len(BOUNDS)) for i in (0, 1))
    return Raster(x, y, at.shape[1] * side, at.shape[0] * side, light, dark)


def _cell(checked: Any, element: int, x: float, y: float, size: float) -> Group:
    error, agrees = float(checked.error.flat[element]), bool(checked.agree.flat[element])
    level = int(_level(error))
    shapes: list[Shape] = [Box(x + 0.5, y + 0.5, size - 1, size - 1, f"error-{level}", "edge", 2, 0.6)]
    if not agrees and size >= 14:  # a mark, so that colour is not the only sign
        ink = "paper" if level >= 4 else "ink"
        shapes.append(Text(x + size / 2, y + size * 0.69, "×", size * 0.62, ink, "middle"))
    index = ", ".join(map(str, np.unravel_index(element, checked.error.shape)))
    return Group(f"{checked.name}[{index}]: relative error {error:.2g}", tuple(shapes))


def cells(error: np.ndarray, agree: np.ndarray) -> tuple[np.ndarray, int]:
    """Any array as a matrix of at most MOST cells a side -> the flat index of each cell's element, and how many
    elements share a cell. Leading axes become rows, a long vector is wrapped into lines; of a block its worst element
    stands for all. -1 where there is none.

    >>> cells(np.array([0.0, 0.5]), np.array([True, False]))[0].tolist()
    [[0, 1]]
    """
    at = np.arange(error.size).reshape((1, -1) if error.ndim < 2 else (-1, error.shape[-1] or 1))
    if at.shape[0] == 1 and at.shape[1] > MOST:
        at = np.pad(at, ((0, 0), (0, -at.shape[1] % MOST)), constant_values=-1).reshape(-1, MOST)
    factors = [-(-n // MOST) for n in at.shape]
    if max(factors) <= 1:
        return at, 1
    blocks = _blocks(at, factors)  # (down, right, elements of a block)
    bad = np.where(agree, 0.0, 10.0).ravel() + np.nan_to_num(error, nan=5.0).ravel()  # errors are at most 2
    worst = np.append(bad, -1.0)[blocks].argmax(-1)
    return np.take_along_axis(blocks, worst[..., None], -1)[..., 0], factors[0] * factors[1]


def _blocks(at: np.ndarray, factors: Sequence[int]) -> np.ndarray:
    """(rows, columns) -> (blocks down, blocks right, a * b), padded with -1 where it does not divide."""
    (rows, columns), (a, b) = at.shape, factors
    padded = np.pad(at, ((0, -rows % a), (0, -columns % b)), constant_values=-1)
    split = padded.reshape(padded.shape[0] // a, a, padded.shape[1] // b, b)  # (down, a, right, b)
    return split.transpose(0, 2, 1, 3).reshape(split.shape[0], split.shape[2], a * b)


def _key(x: float, y: float) -> tuple[list[Shape], float]:
    shapes: list[Shape] = [Text(x, y + 10.5, "relative error", 12, "muted")]
    left = x + text_width("relative error", 12) + 12
    for level, words in enumerate(WORDS):
        shapes.append(Box(left, y, 12, 12, f"error-{level}", "edge", 2, 0.6))
        shapes.append(Text(left + 17, y + 10.5, words, 12, "muted"))
        left += 17 + text_width(words, 12) + 10
    shapes.append(Text(left, y + 10.5, "× wrong", 12, "muted"))
    return shapes, left + text_width("× wrong", 12) - x
