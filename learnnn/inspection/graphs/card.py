"""One node of a graph as a box with words and numbers, and as a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..face.scene import Box, Group, Shape, Text, text_width
from .tape import GraphNode

BODY, SMALL = 13, 12
LINE = 17  # from one row of numbers to the next
KINDS = {"input": "input", "parameter": "parameter", "operation": "operation", "folded": "folded away"}
Row = tuple[str, str]


def role(node: GraphNode) -> str:
    """The colour of a node."""
    return "yours" if node.origin == "yours" else "box" if node.kind == "operation" else node.kind


class Card:
    """One node as a box: a badge with the operation, its name, and rows of numbers below.

    `room` are numbers that its gradient may show later on, for which it must be wide enough; `wrong` is the gradient
    that a wrong engine found.
    """

    def __init__(self, node: GraphNode, scalar: bool, room: Iterable[str] = (), wrong: Any = None):
        self.wrong = wrong is not None
        self.node, self.rows = node, [*rows(node, scalar), *_wrong_rows(wrong)]
        symbol = node.symbol if node.kind == "operation" else ""
        self.badge = symbol if len(symbol) <= 14 else symbol[:13] + "…"
        self.name = shortened(node.label or ("" if symbol else KINDS[node.kind]))
        self.badge_size = 16.0 if len(symbol) == 1 else 12.5
        self.badge_width = max(24.0, text_width(self.badge, self.badge_size, bold=True) + 14) if symbol else 0.0
        head = self.badge_width + (7 if symbol and self.name else 0) + text_width(self.name, BODY, bold=True)
        self.key_width = max((text_width(key, SMALL) for key, _ in self.rows), default=0.0)
        values = [value for _, value in self.rows] + list(room)
        body = max((self._row_width(value) for value in values), default=0.0) if self.rows else 0.0
        self.width = max(head + (14 if symbol else 22), body + 22, 40.0)
        self.head = 34.0 if symbol else 30.0
        self.height = self.head + LINE * len(self.rows) + (5 if self.rows else 0)

    def _row_width(self, value: str) -> float:
        return self.key_width + (8 if self.key_width else 0) + text_width(value, SMALL, mono=True)

    def draw(self, x: float, y: float) -> Group:
        """The box around its centre."""
        node, colour = self.node, role(self.node)
        left, top = x - self.width / 2, y - self.height / 2
        edge, line = "edge" if colour == "box" else f"{colour}-edge", 1.2
        if node.output:
            edge, line = "ink", 1.8
        if self.wrong:
            edge, line = "wrong", 2.4
        dashed = node.kind == "folded"
        shapes: list[Shape] = [Box(left, top, self.width, self.height, colour, edge, 7, line, dashed=dashed)]
        shapes += self._draw_head(left, top, x, colour)
        for k, (key, value) in enumerate(self.rows):
            base, ink = top + self.head + LINE * k + 11, "wrong-ink" if key == "wrong" else "ink"
            shapes += [Text(left + 11, base, key, SMALL, ink if key == "wrong" else "muted")] if key else []
            shapes.append(Text(left + self.width - 11, base, value, SMALL, ink, "end", mono=True))
        data = (("node", str(node.id)), ("kind", node.kind), ("op", node.op), ("origin", node.origin or ""))
        return Group(_tooltip(node), tuple(shapes), data)

    def _draw_head(self, left: float, top: float, x: float, colour: str) -> list[Shape]:
        if not self.badge:
            at, anchor = (left + 11, "start") if self.rows else (x, "middle")
            return [Text(at, top + 20, self.name, BODY, "ink", anchor, True)]
        fill = "yours-edge" if colour == "yours" else "badge"
        alone = not self.rows and not self.name
        at = x - self.badge_width / 2 if alone else left + 7
        middle = at + self.badge_width / 2
        shapes: list[Shape] = [
            Box(at, top + 6, self.badge_width, 22, fill, fill, 11),
            Text(middle, top + 17 + self.badge_size * 0.35, self.badge, self.badge_size, "badge-ink", "middle", True),
        ]
        if self.name:
            shapes.append(Text(at + self.badge_width + 7, top + 21.5, self.name, BODY, "ink", bold=True))
        return shapes


# ------------------------------------------------------------------------------------------------- its numbers
def rows(node: GraphNode, scalar: bool) -> list[Row]:
    """(what, number) for each line below the name. Lesson 03's values are called as they call themselves."""
    if node.kind == "folded":
        return [("", part) for part in node.note.split(", ") if part]
    value, grad = lines(node.value), lines(node.gradient)
    found = [("data" if scalar else "value", value[0]), *[("", line) for line in value[1:]]] if value else []
    if not value and node.shape is not None and (node.shape or not scalar):
        found = [("shape", shape_words(node.shape))]
    if grad:
        return [*found, ("grad", grad[0]), *[("", line) for line in grad[1:]]]
    return [*found, ("‖grad‖", norm(node.gradient))] if node.gradient is not None else found


def _wrong_rows(wrong: Any) -> list[Row]:
    if wrong is None:
        return []
    found = lines(wrong) if np.ndim(wrong) < 2 else []
    return [("wrong", found[0] if found else f"shape {shape_words(np.shape(wrong))}")]


def lines(value: Any) -> list[str]:
    """A small array as lines of numbers; nothing for a large one.

    >>> lines(np.array([[1.0, -0.5], [10, 2]]))
    ['[   1, -0.5]', '[  10,    2]']
    """
    if value is None:
        return []
    array = np.asarray(value)
    if array.ndim > 2 or not 0 < array.size <= 9 or max(array.shape, default=0) > 4:
        return []
    if array.ndim == 0:
        return [number(array.item())]
    found = [[number(x) for x in row] for row in np.atleast_2d(array)]
    wide = max(len(x) for row in found for x in row) if len(found) > 1 else 0
    return ["[" + ", ".join(x.rjust(wide) for x in row) + "]" for row in found]


def number(x: Any) -> str:
    """Four figures, and no minus in front of nothing.

    >>> [number(x) for x in (2.0, -0.70710678, 1e-9, 0.1 + 0.2, -0.0)]
    ['2', '-0.7071', '1e-09', '0.3', '0']
    """
    if not isinstance(x, int | float | np.number):
        return str(x)
    return f"{x:.4g}".replace("-0", "0") if x == 0 else f"{x:.4g}"


def norm(value: Any) -> str:
    """The length of an array taken as one long vector."""
    return number(np.linalg.norm(np.asarray(value, dtype=float)))


def shape_words(shape: Sequence[int]) -> str:
    """
    >>> shape_words((32, 10)), shape_words((3,)), shape_words(())
    ('32 × 10', '3', 'scalar')
    """
    return " × ".join(map(str, shape)) if shape else "scalar"


def shortened(name: str, most: int = 26) -> str:
    """A name with its middle left out where it is too long for a box."""
    return name if len(name) <= most else name[: most // 2] + "…" + name[-(most // 2 - 1) :]


# ------------------------------------------------------------------------------------------------- in words
def called(node: GraphNode) -> str:
    """What to call a node: its name, or what it does."""
    return node.label or node.op or KINDS[node.kind]


def sentence(node: GraphNode, parents: Sequence[str]) -> str:
    """A node in words: what it is, from what, and its numbers."""
    made = f"{node.op} " if node.label and node.kind == "operation" else ""
    facts = [f"{made}from {', '.join(parents)}"] if parents else [KINDS[node.kind]]
    facts += numbers(node)
    facts += ["computed by your code"] if node.origin == "yours" else []
    return f"{called(node)}{' (output)' if node.output else ''}: {', '.join(facts)}"


def numbers(node: GraphNode) -> list[str]:
    """Value or shape, gradient, and what else there is to say of a node."""
    value = [f"value {' '.join(found)}"] if (found := lines(node.value)) else []
    shape = [] if value or node.shape is None else [f"shape {shape_words(node.shape)}"]
    gradient = [f"gradient {brief(node.gradient)}"] if node.gradient is not None else []
    return value + shape + gradient + ([node.note] if node.note else [])


def brief(value: Any) -> str:
    """An array in one line: its numbers, or how large they are."""
    return " ".join(lines(value)) or f"of norm {norm(value)}"


def _tooltip(node: GraphNode) -> str:
    return "\n".join([called(node), KINDS[node.kind] if not node.op else node.op, *numbers(node)])
