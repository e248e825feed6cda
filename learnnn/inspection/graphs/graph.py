"""`graph`: the picture of how a number came to be, and of how much each step matters to it."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ... import autograd
from ...tensor import Tensor
from ..face.picture import Picture
from ..face.scene import Box, Group, Scene, Shape, Text, Wire, text_width
from ..models.kind import is_torch
from .layout import Layout, assign_layers, layered
from .tape import GraphNode, Record, fold, is_value, read_tensors, read_torch, read_values

LIMIT = 500  # more nodes than that are folded
WIDE = 900  # a picture wider than that is drawn from top to bottom, if that is narrower
MARGIN, HEAD = 16, 34
BODY, SMALL = 13, 12
KINDS = {"input": "input", "parameter": "parameter", "operation": "operation", "folded": "folded away"}


class Graph(Picture):
    """A drawn computation. `.data` has its nodes and edges; `to_dot()` is the same for Graphviz."""

    def __init__(self, record: Record, title: str, direction: str, total: int):
        self.record, self.total = record, total
        self.title = title
        self._cards = [_Card(node, record.scalar) for node in record.nodes]
        sizes = [(card.width, card.height) for card in self._cards]
        self.direction, self.layout = _lay_out(sizes, record.edges, direction)

    @property
    def data(self) -> dict[str, Any]:
        """{"nodes": [{id, kind, op, label, shape, value, gradient, origin, output, note}], "edges": [[from, to]]}"""
        return {"nodes": [n.as_dict() for n in self.record.nodes], "edges": [list(e) for e in self.record.edges]}

    @property
    def note(self) -> str:
        """What is not in the picture, if anything."""
        shown = len(self.record.nodes) - 1
        return f"{shown:,} of {self.total:,} nodes shown, the rest folded" if self.total > shown + 1 else ""

    @property
    def text(self) -> str:
        nodes, edges = self.record.nodes, self.record.edges
        parents: list[list[str]] = [[] for _ in nodes]
        for a, b in edges:
            parents[b].append(_called(nodes[a]))
        lines = [f"{self.title}: {self.note or f'{len(nodes)} nodes, {len(edges)} edges'}"]
        lines += [f"  {_sentence(node, parents[node.id], self.record.scalar)}" for node in nodes]
        return "\n".join(lines)

    def scene(self) -> Scene:
        """The drawing itself."""
        left = right = MARGIN
        top = MARGIN + (HEAD - 14 if self.note else 0)
        width = max(self.layout.width + left + right, text_width(self.note, SMALL) + 2 * MARGIN)
        legend = self._legend(width)
        height = self.layout.height + top + MARGIN + (22 * legend[1] + 4 if legend[0] else 0)
        shapes: list[Shape] = []
        if self.note:
            shapes.append(Text(MARGIN, MARGIN + 8, self.note, SMALL, "muted"))
        shapes += [self._wire(route, left, top) for route in _once(self.layout.routes)]
        for card, (x, y) in zip(self._cards, self.layout.centres):
            shapes.append(card.draw(x + left, y + top))
        shapes += _legend_shapes(legend[0], self.layout.height + top + MARGIN)
        return Scene(width, height, self.title, self.text, shapes)

    def _wire(self, route: Sequence[tuple[float, float]], left: float, top: float) -> Wire:
        return Wire(tuple((x + left, y + top) for x, y in route), down=self.direction == "down")

    def _legend(self, width: float) -> tuple[list[tuple[str, str, float, int]], int]:
        """(role, words, x, row) for each colour that needs a word, and the number of rows."""
        present = {_role(node) for node in self.record.nodes}
        words = {"parameter": "parameter", "input": "input", "yours": "computed by your code"}
        wanted = [(role, word) for role, word in words.items() if role in present]
        if "yours" not in present and "parameter" not in present:
            return [], 0
        found, x, row = [], float(MARGIN), 0
        for role, word in wanted:
            size = 18 + text_width(word, SMALL) + 14
            if x + size > width and x > MARGIN:
                x, row = float(MARGIN), row + 1
            found.append((role, word, x, row))
            x += size
        return found, row + 1

    def to_svg(self) -> str:
        return self.scene().to_svg()

    def to_png(self, scale: float = 2, dark: bool = False) -> bytes:
        return self.scene().to_png(scale, dark)

    def to_dot(self) -> str:
        """The graph in Graphviz's language."""
        rank = "TB" if self.direction == "down" else "LR"
        lines = [f"  n{n.id} [label={_quoted(chr(10).join([_called(n), *_numbers(n)]))}];" for n in self.record.nodes]
        lines += [f"  n{a} -> n{b};" for a, b in self.record.edges]
        return f"digraph {{\n  rankdir={rank}; node [shape=box];\n" + "\n".join(lines) + "\n}\n"


def graph(
    *outputs: Any,
    names: Mapping[str, Any] | None = None,
    gradients: bool | None = None,
    direction: str = "auto",
    limit: int = LIMIT,
    title: str = "computation graph",
) -> Graph:
    """Draw how `outputs` were computed, from inputs and parameters on the left to the results on the right.

    `outputs` are tensors (learnnn's or PyTorch's), objects of your own with `.parents` and `.data` (and if they
    like `.grad`, `.op`, `.label`), or a model and its input, which is run to see what it does. `names` says what
    to write on which tensor, {"w": w}; without it the names of your variables and of a model's parameters are
    used. `gradients=True` computes and shows the gradient at every node, touching no `.grad`; else the `.grad`
    that is already there is shown. `direction` is "right", "down" or "auto". Beyond `limit` nodes the earliest
    are folded into one.

    Raises RuntimeError where nothing was recorded, TypeError for what is no computed value.

    >>> import learnnn
    >>> a = learnnn.tensor(2.0, requires_grad=True)
    >>> b = learnnn.tensor(-3.0, requires_grad=True)
    >>> graph(a * b, names={"a": a, "b": b}, gradients=True)
    computation graph: 3 nodes, 2 edges
      a: input, value 2, gradient -3
      b: input, value -3, gradient 2
      mul (output): from a, b, value -6, gradient 1
    """
    if direction not in ("auto", "right", "down"):
        raise ValueError(f"direction must be 'auto', 'right' or 'down', not {direction!r}")
    if limit < 2:
        raise ValueError(f"limit must be at least 2 nodes, not {limit}")
    known = dict(_variables(sys._getframe(1)))
    if outputs and _is_model(outputs[0]):
        outputs, traced = _trace(outputs[0], outputs[1:])
        known = traced
    known |= dict(names.named_parameters() if _is_model(names) else names or {})  # type: ignore[union-attr]
    record = _read(outputs, known, gradients)
    return Graph(fold(record, limit), title, direction, len(record.nodes))


# ------------------------------------------------------------------------------------------- what was given
def _read(outputs: Sequence[Any], known: Mapping[str, Any], gradients: bool | None) -> Record:
    if not outputs:
        raise TypeError("graph() needs something to draw: a tensor, a value with .parents, or a model and its input")
    for test, read in ((is_torch, read_torch), (_is_tensor, read_tensors), (is_value, read_values)):
        if all(map(test, outputs)):
            names, alive = _by_identity(known)
            record = read(outputs, names, gradients)
            del alive
            return record
    odd = next((type(o).__name__ for o in outputs if not _known(o)), "mixture of kinds")
    raise TypeError(
        f"graph() draws tensors, values with .parents and .data, or a model with its input, and this is a {odd}. A "
        "plain number or array does not remember how it was computed"
    )


def _known(thing: Any) -> bool:
    return is_torch(thing) or _is_tensor(thing) or is_value(thing)


def _is_tensor(thing: Any) -> bool:
    return isinstance(thing, Tensor)


def _is_model(thing: Any) -> bool:
    return callable(thing) and hasattr(thing, "named_parameters")


def _by_identity(known: Mapping[str, Any]) -> tuple[dict[int, str], list[Any]]:
    """Name by id() of the tensor and of its node, and the list that keeps those alive meanwhile."""
    names, alive = {}, []
    for name, thing in known.items():
        node = None
        if _is_tensor(thing) and thing.requires_grad:
            node = autograd.edge(thing)
        elif is_torch(thing) and not _is_model(thing):
            node = thing.grad_fn
        names[id(thing)] = name
        if node is not None:
            names[id(node)] = name
        alive.append((thing, node))
    return names, alive


def _variables(frame: Any) -> list[tuple[str, Any]]:
    """The caller's variables that could stand in the graph. Of two names for one thing the first one counts."""
    found = [(n, v) for n, v in frame.f_locals.items() if n.isidentifier() and not n.startswith("_") and _nameless(v)]
    return found[::-1]


def _nameless(thing: Any) -> bool:
    """Could it stand in a graph, and has no name of its own?"""
    return _known(thing) and not isinstance(thing, type) and not _is_model(thing) and not getattr(thing, "label", "")


def _trace(model: Any, inputs: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Run a model on its inputs, made to ask for gradients so that they stand in the picture."""
    if not inputs:
        raise TypeError("graph(model, x): a model needs an input, to see what it does with it")
    watched = [_watched(x, model) for x in inputs]
    out = model(*watched)
    outs = tuple(out.values()) if isinstance(out, Mapping) else tuple(out) if isinstance(out, tuple | list) else (out,)
    labels = ["input"] if len(watched) == 1 else [f"input {i}" for i in range(len(watched))]
    return outs, dict(zip(labels, watched)) | dict(model.named_parameters())


def _watched(x: Any, model: Any) -> Any:
    torch = sys.modules.get("torch")
    if is_torch(x) or is_torch(model):
        x = torch.as_tensor(x).detach().clone()  # type: ignore[union-attr]
        return x.requires_grad_(x.is_floating_point())
    x = x.detach() if _is_tensor(x) else Tensor(x) if np.asarray(x).dtype.kind == "f" else autograd.wrap(x)
    return x.clone().requires_grad_() if x.is_floating_point() else x


# ------------------------------------------------------------------------------------------------- a node
def _role(node: GraphNode) -> str:
    return "yours" if node.origin == "yours" else "box" if node.kind == "operation" else node.kind


class _Card:
    """One node as a box: a badge with the operation, its name, and rows of numbers below."""

    def __init__(self, node: GraphNode, scalar: bool):
        self.node, self.rows = node, _rows(node, scalar)
        symbol = node.symbol if node.kind == "operation" else ""
        self.badge = symbol if len(symbol) <= 14 else symbol[:13] + "…"
        self.name = _shortened(node.label or ("" if symbol else KINDS[node.kind]))
        self.badge_size = 16.0 if len(symbol) == 1 else 12.5
        self.badge_width = max(24.0, text_width(self.badge, self.badge_size, bold=True) + 14) if symbol else 0.0
        head = self.badge_width + (7 if symbol and self.name else 0) + text_width(self.name, BODY, bold=True)
        self.key_width = max((text_width(key, SMALL) for key, _ in self.rows), default=0.0)
        body = max((self._row_width(*row) for row in self.rows), default=0.0)
        self.width = max(head + (14 if symbol else 22), body + 22, 40.0)
        self.head = 34.0 if symbol else 30.0
        self.height = self.head + 17 * len(self.rows) + (5 if self.rows else 0)

    def _row_width(self, key: str, value: str) -> float:
        return self.key_width + (8 if self.key_width else 0) + text_width(value, SMALL, mono=True)

    def draw(self, x: float, y: float) -> Group:
        """The box around its centre."""
        node, role = self.node, _role(self.node)
        left, top = x - self.width / 2, y - self.height / 2
        edge, line = "edge" if role == "box" else f"{role}-edge", 1.2
        if node.output:
            edge, line = "ink", 1.8
        shapes: list[Shape] = [
            Box(left, top, self.width, self.height, role, edge, 7, line, dashed=node.kind == "folded")
        ]
        shapes += self._draw_head(left, top, x, role)
        for k, (key, value) in enumerate(self.rows):
            base = top + self.head + 17 * k + 11
            shapes += [Text(left + 11, base, key, SMALL, "muted")] if key else []
            shapes.append(Text(left + self.width - 11, base, value, SMALL, "ink", "end", mono=True))
        data = (("node", str(node.id)), ("kind", node.kind), ("op", node.op), ("origin", node.origin or ""))
        return Group(_tooltip(node), tuple(shapes), data)

    def _draw_head(self, left: float, top: float, x: float, role: str) -> list[Shape]:
        if not self.badge:
            return [
                Text(
                    left + 11 if self.rows else x,
                    top + 20,
                    self.name,
                    BODY,
                    "ink",
                    "start" if self.rows else "middle",
                    True,
                )
            ]
        fill = "yours-edge" if role == "yours" else "badge"
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


def _rows(node: GraphNode, scalar: bool) -> list[tuple[str, str]]:
    """(what, number) for each line below the name. Lesson 03's values are called as they call themselves."""
    if node.kind == "folded":
        return [("", part) for part in node.note.split(", ") if part]
    value, grad = _lines(node.value), _lines(node.gradient)
    rows = [("data" if scalar else "value", value[0]), *[("", line) for line in value[1:]]] if value else []
    if not value and node.shape is not None and not scalar:
        rows = [("shape", _shape(node.shape))]
    if grad:
        return [*rows, ("grad", grad[0]), *[("", line) for line in grad[1:]]]
    if node.gradient is not None:
        return [*rows, ("‖grad‖", _number(np.linalg.norm(np.asarray(node.gradient, dtype=float))))]
    return rows


def _lines(value: Any) -> list[str]:
    """A small array as lines of numbers; nothing for a large one."""
    if value is None:
        return []
    array = np.asarray(value)
    if array.ndim > 2 or not 0 < array.size <= 9 or max(array.shape, default=0) > 4:
        return []
    if array.ndim == 0:
        return [_number(array.item())]
    rows = [[_number(x) for x in row] for row in np.atleast_2d(array)]
    wide = max(len(x) for row in rows for x in row) if len(rows) > 1 else 0
    return ["[" + ", ".join(x.rjust(wide) for x in row) + "]" for row in rows]


def _number(x: Any) -> str:
    """Four figures, and no minus in front of nothing.

    >>> [_number(x) for x in (2.0, -0.70710678, 1e-9, 0.1 + 0.2, -0.0)]
    ['2', '-0.7071', '1e-09', '0.3', '0']
    """
    if not isinstance(x, int | float | np.number):
        return str(x)
    return f"{x:.4g}".replace("-0", "0") if x == 0 else f"{x:.4g}"


def _shape(shape: Sequence[int]) -> str:
    return " × ".join(map(str, shape)) if shape else "scalar"


def _shortened(name: str, most: int = 26) -> str:
    return name if len(name) <= most else name[: most // 2] + "…" + name[-(most // 2 - 1) :]


# ------------------------------------------------------------------------------------------------- in words
def _called(node: GraphNode) -> str:
    return node.label or node.op or KINDS[node.kind]


def _sentence(node: GraphNode, parents: Sequence[str], scalar: bool) -> str:
    made = f"{node.op} " if node.label and node.kind == "operation" else ""
    facts = [f"{made}from {', '.join(parents)}"] if parents else [KINDS[node.kind]]
    facts += _numbers(node)
    facts += ["computed by your code"] if node.origin == "yours" else []
    return f"{_called(node)}{' (output)' if node.output else ''}: {', '.join(facts)}"


def _numbers(node: GraphNode) -> list[str]:
    value = [f"value {' '.join(lines)}"] if (lines := _lines(node.value)) else []
    shape = [] if value or node.shape is None else [f"shape {_shape(node.shape)}"]
    return (
        value
        + shape
        + ([f"gradient {_brief(node.gradient)}"] if node.gradient is not None else [])
        + ([node.note] if node.note else [])
    )


def _brief(value: Any) -> str:
    return " ".join(_lines(value)) or f"of norm {_number(np.linalg.norm(np.asarray(value, dtype=float)))}"


def _tooltip(node: GraphNode) -> str:
    return "\n".join([_called(node), KINDS[node.kind] if not node.op else node.op, *_numbers(node)])


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


# ------------------------------------------------------------------------------------------------- on the sheet
def _lay_out(
    sizes: Sequence[tuple[float, float]], edges: Sequence[tuple[int, int]], direction: str
) -> tuple[str, Layout]:
    """From left to right, unless that gets too wide and top to bottom is narrower."""
    if direction != "auto":
        return direction, layered(sizes, edges, direction == "down")
    if len(sizes) > 100 and max(assign_layers(len(sizes), edges)) > WIDE / 20:
        return "down", layered(sizes, edges, down=True)
    right = layered(sizes, edges)
    if right.width <= WIDE:
        return "right", right
    down = layered(sizes, edges, down=True)
    return ("down", down) if down.width < right.width else ("right", right)


def _once(routes: Sequence[Sequence[tuple[float, float]]]) -> Iterator[Sequence[tuple[float, float]]]:
    """The routes without what another one drew before: edges from one node share their first stretch."""
    drawn = set()
    for route in routes:
        pieces = list(itertools.pairwise(route))
        new = next((k for k, piece in enumerate(pieces) if piece not in drawn), len(pieces) - 1)
        drawn.update(pieces)
        yield route[new:]


def _legend_shapes(legend: Sequence[tuple[str, str, float, int]], top: float) -> list[Shape]:
    shapes: list[Shape] = []
    for role, words, x, row in legend:
        y = top + 22 * row
        shapes.append(Box(x, y, 12, 12, role, f"{role}-edge", 3, 1.2))
        shapes.append(Text(x + 18, y + 10.5, words, SMALL, "muted"))
    return shapes
