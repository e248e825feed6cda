"""How a tensor is printed: PyTorch's way of choosing digits, widths and line breaks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

LINE, MANY, EDGE = 80, 1000, 3  # PyTorch's width of a line; above so many elements, so many at each end are shown


def wrapped(parts: list[str]) -> str:
    """The parts with commas between them, each on a line of its own where it would not fit behind the last."""
    text, length = parts[0], len(parts[0]) - parts[0].rfind("\n") + 1
    for part in parts[1:]:
        fits = length + len(part) + 2 <= LINE
        text += f", {part}" if fits else f",\n{' ' * len('tensor(')}{part}"
        length = length + len(part) + 2 if fits else len("tensor(") + len(part)
    return text


def text_of(array: np.ndarray) -> str:
    """The numbers in nested brackets, as they stand behind `tensor(`.

    >>> text_of(np.array([1.0, 0.5]))
    '[1.0000, 0.5000]'
    """
    if not array.size:
        return "[]"
    shown = array
    for axis, n in enumerate(array.shape if array.size > MANY else ()):
        if n > 2 * EDGE:
            shown = np.delete(shown, range(EDGE, n - EDGE), axis)
    return _rows(array, *_number_format(shown), indent=len("tensor("))


def _rows(array: np.ndarray, one: Callable[[Any], str], width: int, indent: int, many: bool | None = None) -> str:
    many = array.size > MANY if many is None else many
    if array.ndim == 0:
        return one(array.item())
    ends = many and len(array) > 2 * EDGE
    rows = [*array[:EDGE], *array[-EDGE:]] if ends else list(array)
    cells = [_rows(row, one, width, indent + 1, many) for row in rows]
    if ends:
        cells.insert(EDGE, " ..." if array.ndim == 1 else "...")
    if array.ndim > 1:
        return f"[{(',' + chr(10) * (array.ndim - 1) + ' ' * (indent + 1)).join(cells)}]"
    fit = max(1, (LINE - indent) // (width + 2))
    lines = [", ".join(cells[i : i + fit]) for i in range(0, len(cells), fit)]
    return f"[{(',' + chr(10) + ' ' * (indent + 1)).join(lines)}]"


def _number_format(array: np.ndarray) -> tuple[Callable[[Any], str], int]:
    """How one number is printed, and how wide the widest is: four decimals, or a point for whole ones, or e+00."""
    if array.dtype.kind != "f":
        width = max(len(str(x)) for x in array.ravel().tolist())
        return lambda x: str(x).rjust(width), width
    numbers = array[np.isfinite(array) & (array != 0)].astype(float)
    low, high = np.abs(numbers).min(initial=np.inf), np.abs(numbers).max(initial=0)
    whole = (numbers == np.ceil(numbers)).all()
    powers = numbers.size > 0 and (high > 1000 * low or high > 1e8 or low < 1e-4)
    spec, point = (".4e", "") if powers else (".0f", ".") if whole else (".4f", "")

    def bare(x: float) -> str:
        return format(x, spec) + (point if np.isfinite(x) else "")

    width = max((len(bare(x)) for x in numbers.tolist()), default=1)
    return lambda x: bare(x).rjust(width), width
