"""The still picture of a broadcast: shapes lined up, the way there, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..face.chart import number
from ..face.scene import Box, Scene, Shape, Text, text_width

HIGH, GAP = 30.0, 10.0  # a cell, and what lies between blocks
LOOKS = {  # name: (fill, stroke, ink)
    "a": ("input", "input-edge", "ink"), "b": ("parameter", "parameter-edge", "ink"),
    "result": ("box", "line", "ink"), "gradient": ("paper", "wrong", "wrong-ink"),
}  # fmt: skip


def scene(picture: Any) -> Scene:
    """The whole picture."""
    shapes: list[Shape] = [Text(16, 26, picture.title, 15, bold=True)]
    table, y, right = _shapes_lined_up(picture, 44)
    shapes += table
    note = _cut_note(picture)
    if note:
        shapes.append(Text(16, y + 14, note, 12, "muted"))
        y += 22
    for row in ([_there(picture)] if picture.result is not None else []) + [_back(picture)]:
        drawn, y, edge = _row(row, picture.shown, picture.wide, y + 12)
        shapes, right = [*shapes, *drawn], max(right, edge)
    right = max(right, text_width(picture.title, 15, bold=True) + 16, text_width(note, 12) + 16)
    return Scene(right + 16, y + 8, picture.title, picture.text, shapes)


def _there(picture: Any) -> list[tuple]:
    """(sign before it, heading, values, look, is it a copy) of the panels of the way there."""
    panels: list[tuple] = []
    for operand in picture.operands:
        values = np.broadcast_to(operand.values.reshape(operand.aligned), operand.common)
        heading = f"{operand.name} {operand.shape}" + (f" → {operand.common}" if operand.stretched else "")
        panels.append(("+" if panels else "", heading, picture.cut(values), operand.name, operand.stretched))
    return [*panels, ("=", f"a + b {picture.shape}", picture.cut(picture.result), "result", ())]


def _back(picture: Any) -> list[tuple]:
    """The same of the way back: the gradient that arrives, and what it is for each array."""
    panels = [("", f"gradient that arrives {picture.shape}", picture.cut(picture.gradient), "gradient", ())]
    for operand in picture.operands:
        axes = ", ".join(map(str, operand.stretched))
        heading = f"gradient of {operand.name} {operand.shape}" + (f": Σ over {axes}" if axes else "")
        panels.append(("→" if len(panels) == 1 else "and", heading, picture.cut(operand.folds[-1]), "gradient", ()))
    return panels


def place(index: Sequence[int], shown: Sequence[int], wide: float) -> tuple[float, float]:
    """Where an element stands: columns to the right, rows down, further axes as blocks, in turn down and right."""
    x = y = 0.0
    across, down = wide, HIGH
    for k, (i, n) in enumerate(zip(reversed(index), reversed(shown))):
        if k in (0, 3):
            x, across = x + i * across, across * n + GAP
        else:
            y, down = y + i * down, down * n + GAP
    return x, y


def written(value: float) -> str:
    """A number as it stands in a cell: at most seven signs."""
    return number(float(value), 3 if abs(value) < 1000 else 4)


def _row(panels: Sequence[tuple], shown: Sequence[int], wide: float, y: float) -> tuple[list[Shape], float, float]:
    """Panels side by side -> the shapes, where they end below, and where to the right."""
    shapes: list[Shape] = []
    left, bottom = 16.0, y
    for sign, heading, values, look, copied in panels:
        width, height = place([n - 1 for n in values.shape], shown, wide)
        if sign:
            size = 17 if len(sign) == 1 else 12.5
            shapes.append(Text(left + 11, y + 20 + HIGH / 2 + 5.5, sign, size, "muted", "middle"))
            left += 30
        shapes.append(Text(left, y + 12, heading, 12.5, "ink", bold=True))
        for index, value in np.ndenumerate(values):
            is_copy = any(index[axis] for axis in copied)
            shapes += _cell(value, place(index, shown, wide), wide, left, y + 20, LOOKS[look], is_copy)
        left += max(width + wide, text_width(heading, 12.5, bold=True)) + 10
        bottom = max(bottom, y + 20 + height + HIGH)
    return shapes, bottom + 8, left - 10


def _cell(
    value: float, at: tuple[float, float], wide: float, x: float, y: float, look: tuple[str, str, str], is_copy: bool
) -> list[Shape]:
    fill, stroke, ink = look
    left, top = x + at[0], y + at[1]
    box = Box(left + 1, top + 1, wide - 2, HIGH - 2, "paper" if is_copy else fill, stroke, 4, 1, dashed=is_copy)
    words = Text(left + wide / 2, top + HIGH / 2 + 4.5, written(value), 13, "muted" if is_copy else ink, "middle")
    return [box, words]


def _shapes_lined_up(picture: Any, y: float) -> tuple[list[Shape], float, float]:
    """A row a shape, an axis a column, at the right: what is copied stands in brackets."""
    rows = [(operand.name, _sizes(operand)) for operand in picture.operands]
    rows.append(("a + b" if picture.result is not None else "gradient", list(map(str, picture.shape))))
    column = 26 + max(text_width(size, 13) for _, sizes in rows for size in ["axis 0", *sizes])
    heads = [Text(90 + (i + 1) * column, y + 16, f"axis {i}", 12, "muted", "end") for i in range(len(picture.shape))]
    shapes: list[Shape] = [*heads]
    for k, (name, sizes) in enumerate(rows):
        base = y + 16 + 19 * (k + 1)
        shapes.append(Text(16, base, name, 13, "muted"))
        for i, size in enumerate(sizes):
            shapes.append(Text(90 + (i + 1) * column, base, size, 13, "ink", "end", bold=k == len(rows) - 1))
    return shapes, y + 19 * len(rows) + 27, 90 + column * max(len(picture.shape), 1)


def _sizes(operand: Any) -> list[str]:
    """The sizes of an array's axes, with what becomes of those that are copied."""
    own = ["—" if operand.is_new(i) else str(n) for i, n in enumerate(operand.aligned)]
    return [f"{size} → {operand.common[i]}" if i in operand.stretched else size for i, size in enumerate(own)]


def _cut_note(picture: Any) -> str:
    """What is left out of the drawing."""
    parts = [
        f"{shown} of {n} along axis {i}" for i, (shown, n) in enumerate(zip(picture.shown, picture.shape)) if shown < n
    ]
    return f"Drawn: {', '.join(parts)}. The sums are over all." if parts else ""
