"""`graph`: the picture of how a number came to be, and of how much each step matters to it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from ..face.live import Live
from ..face.scene import Box, Scene, Shape, Text, Wire, text_width, wrapped
from ..models import parts
from .card import SMALL, Card, called, numbers, role, sentence
from .counterfactual import Counterfactual, Player, check_wrong
from .layout import Layout, assign_layers, layered
from .modules import View, opened, views
from .playing import drawn_alone, node_facts, once, packed_player, packed_view, possible
from .reading import Reading, is_model, read, run, variables
from .tape import GraphNode, Record, fold

LIMIT = 500  # more nodes than that are folded
WIDE = 900  # a picture wider than that is drawn from top to bottom, if that is narrower
MARGIN, HEAD = 16, 34


class Graph(Live):
    """A drawn computation, and its player. `.data` has its nodes and edges; `to_dot()` is the same for Graphviz.

    `counterfactual(name)` says what a wrong engine finds on it.
    """

    script = Path(__file__).with_name("graph.js")

    def __init__(
        self, look: Callable[[], Reading], title: str, direction: str, limit: int, depth: str | None, wrong: str | None
    ):
        self.title, self.limit, self.depth, self.mistake = title, limit, depth, wrong
        self._look, self._direction = look, direction
        self._see()

    def _see(self) -> None:
        reading = self._look()
        self.whole, self.made = reading.record, reading.made
        self.total = len(self.whole.nodes)
        self.player = Player(self.whole)
        self.views, self.at = _views(self.whole, self.made, self.limit, self.depth)
        self.kernel = any(self.made)  # python lays out what is opened one by one
        self.__dict__.pop("_played", None)
        self._cards = [Card(node, self.record.scalar, wrong=wrong) for node, wrong in self._compared()]
        sizes = [(card.width, card.height) for card in self._cards]
        self.direction, self.layout = _lay_out(sizes, self.record.edges, self._direction)

    def _compared(self) -> list[tuple[GraphNode, Any]]:
        """What is drawn; beside a mistake's gradients, where they differ, each node shows the right one."""
        nodes = self.record.nodes
        if self.mistake is None:
            return [(node, None) for node in nodes]
        found = self.counterfactual(self.mistake)
        whole = {at: i for i, at in enumerate(self.view.place) if at >= 0 and nodes[at].kind != "folded"}
        right = [replace(node, gradient=found.right.get(whole.get(n, -1))) for n, node in enumerate(nodes)]
        wrong = {i: found.wrong.get(i) for i in found.differs}
        return [(node, wrong.get(whole.get(n, -1))) for n, node in enumerate(right)]

    @property
    def view(self) -> View:
        """What is folded in the picture."""
        return self.views[self.at]

    @property
    def record(self) -> Record:
        """What is drawn."""
        return self.view.record

    def counterfactual(self, name: str) -> Counterfactual:
        """What an engine finds that goes wrong in one way: "order", "overwrite", "broadcast" or "twice".

        Raises ValueError for another name, RuntimeError where backward cannot be played on this graph.

        >>> import learnnn
        >>> a = learnnn.tensor(3.0, requires_grad=True)
        >>> found = graph(a * a).counterfactual("overwrite")
        >>> found
        a is used twice, so both shares of its gradient must be added up; each one replaced the one before, and only
        the last is left.
        >>> found.right[0], found.wrong[0]
        (array(6., dtype=float32), array(3., dtype=float32))
        """
        check_wrong(name)
        if self.player.right.stopped:
            raise RuntimeError(f"backward cannot be played on this graph: {self.player.right.stopped}")
        return self.player.wrong(name)[1]

    # -------------------------------------------------------------------------------------------- as data, in words
    @property
    def data(self) -> dict[str, Any]:
        """{"nodes": [{id, kind, op, label, shape, value, gradient, origin, output, note}], "edges": [[from, to]]}"""
        return {"nodes": [n.as_dict() for n in self.record.nodes], "edges": [list(e) for e in self.record.edges]}

    @property
    def note(self) -> str:
        """What is not in the picture, if anything."""
        shown = sum(node.kind != "folded" for node in self.record.nodes)
        if self.mistake is not None:
            return self.counterfactual(self.mistake).why
        if shown == len(self.record.nodes):
            return ""
        if not any(self.view.calls):
            return f"{shown:,} of {self.total:,} nodes shown, the rest folded"
        boxes = len(self.record.nodes) - shown
        return f"{self.total:,} nodes, of which {self.total - shown:,} are folded into {boxes:,} boxes"

    @property
    def text(self) -> str:
        nodes, edges = self.record.nodes, self.record.edges
        parents: list[list[str]] = [[] for _ in nodes]
        for a, b in edges:
            parents[b].append(called(nodes[a]))
        lines = [f"{self.title}: {self.note or f'{len(nodes)} nodes, {len(edges)} edges'}"]
        for card in self._cards:
            wrong = "".join(f", not {value}" for key, value in card.rows if key == "wrong")
            lines.append(f"  {sentence(card.node, parents[card.node.id])}{wrong}")
        return "\n".join(lines)

    # -------------------------------------------------------------------------------------------- the picture
    def scene(self) -> Scene:
        """The drawing itself."""
        width = max(self.layout.width, min(440, text_width(self.note, SMALL))) + 2 * MARGIN
        notes = wrapped(self.note, width - 2 * MARGIN, SMALL)
        top = MARGIN + (HEAD - 30 + 16 * len(notes) if notes else 0)
        legend = self._legend(width)
        height = self.layout.height + top + MARGIN + (22 * legend[1] + 4 if legend[0] else 0)
        shapes: list[Shape] = [Text(MARGIN, MARGIN + 8 + 16 * k, line, SMALL, "muted") for k, line in enumerate(notes)]
        left = (width - self.layout.width) / 2
        shapes += [self._wire(route, left, top) for route in once(self.layout.routes)]
        for card, (x, y) in zip(self._cards, self.layout.centres):
            shapes.append(card.draw(x + left, y + top))
        shapes += _legend_shapes(legend[0], self.layout.height + top + MARGIN)
        return Scene(width, height, self.title, self.text, shapes)

    def _wire(self, route: Sequence[tuple[float, float]], left: float, top: float) -> Wire:
        return Wire(tuple((x + left, y + top) for x, y in route), down=self.direction == "down")

    def _legend(self, width: float) -> tuple[list[tuple[str, str, float, int]], int]:
        """(role, words, x, row) for each colour that needs a word, and the number of rows."""
        present = {role(node) for node in self.record.nodes}
        words = {"parameter": "parameter", "input": "input", "yours": "computed by your code"}
        wanted = [(name, word) for name, word in words.items() if name in present]
        if "yours" not in present and "parameter" not in present:
            return [], 0
        found, x, row = [], float(MARGIN), 0
        for name, word in wanted:
            size = 18 + text_width(word, SMALL) + 14
            if x + size > width and x > MARGIN:
                x, row = float(MARGIN), row + 1
            found.append((name, word, x, row))
            x += size
        return found, row + 1

    def to_dot(self) -> str:
        """The graph in Graphviz's language."""
        rank = "TB" if self.direction == "down" else "LR"
        lines = [f"  n{n.id} [label={_quoted(chr(10).join([called(n), *numbers(n)]))}];" for n in self.record.nodes]
        lines += [f"  n{a} -> n{b};" for a, b in self.record.edges]
        return f"digraph {{\n  rankdir={rank}; node [shape=box];\n" + "\n".join(lines) + "\n}\n"

    # -------------------------------------------------------------------------------------------- live
    def state(self) -> dict[str, Any]:
        """All folds with their boxes, what there is to say of each node, and all turns of the player."""
        play = self._played
        nodes = {i: node_facts(self.whole.nodes[i], self.made[i]) for i in sorted(drawn_alone(self.views))}
        return {
            "title": self.title, "nodes": nodes, "edges": [list(e) for e in self.whole.edges if set(e) <= set(nodes)],
            "views": [self._packed(view) for view in self.views], "at": self.at, "play": play, "own": None,
            "wrong": self.mistake or "right", "note": "" if any(self.made) or self.mistake else self.note,
        }  # fmt: skip

    @cached_property
    def _played(self) -> dict[str, Any]:
        return packed_player(self.player, self.views)

    def _packed(self, view: View) -> dict[str, Any]:
        gradients = {} if self.player.right.stopped else self.player.gradients(self.player.right)
        return packed_view(view, self.direction == "down", gradients, possible(self._played["runs"]))

    def update(self) -> None:
        """Read the graph again; of a model, run it again with the parameters that it has now."""
        self._see()
        super().update()

    def event(self, event: dict[str, Any]) -> dict[str, Any] | None:
        """Parts of the model were opened, one by one: {"type": "open", "paths": [...]}."""
        return {"own": self._packed(opened(self.whole, self.made, event["paths"]))}


def graph(
    *outputs: Any,
    names: Mapping[str, Any] | None = None,
    gradients: bool | None = None,
    direction: str = "auto",
    limit: int = LIMIT,
    fold: str | None = None,
    wrong: str | None = None,
    title: str = "computation graph",
) -> Graph:
    """Draw how `outputs` were computed, from inputs and parameters on the left to the results on the right.

    `outputs` are tensors (learnnn's or PyTorch's), objects of your own with `.parents` and `.data` (and if they
    like `.grad`, `.op`, `.label`), or a model and its input, which is run to see what it does. `names` says what
    to write on which tensor, {"w": w}, or is a model that names its parameters; without it the names of your
    variables are used. `gradients=True` computes and shows the gradient at every node, touching no `.grad`; else
    the `.grad` that is already there is shown. `direction` is "right", "down" or "auto".

    In a notebook the picture plays: forward, value by value, then backward, where each step shows the gradient that
    has arrived, the local derivative, and what is added to which parent. `wrong` is an engine with a mistake, for
    comparison: "order", "overwrite", "broadcast" or "twice"; see `Graph.counterfactual`.

    A model's steps can be folded by the module that made them: `fold` is "model", "layers", "depth 2", ... or "all".
    Beyond `limit` nodes as much is folded as is needed, the earliest nodes where there are no modules.

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
    check_wrong(wrong)
    given = dict(parts.parameters(names) if is_model(names) else names or {})
    if outputs and is_model(outputs[0]):
        look = lambda: run(outputs[0], outputs[1:], given, gradients)
    else:
        known = variables(sys._getframe(1)) | given
        look = lambda: _read(outputs, known, gradients)
    return Graph(look, title, direction, limit, fold, wrong)


def _read(outputs: Sequence[Any], known: Mapping[str, Any], gradients: bool | None) -> Reading:
    record = read(outputs, known, gradients)
    return Reading(record, [None] * len(record.nodes))


# ------------------------------------------------------------------------------------------------- folding
def _views(record: Record, made: Sequence[Any], limit: int, depth: str | None) -> tuple[list[View], int]:
    """The folds that are not too large, and which of them is shown first: the least folded, or the one asked for."""
    found = views(record, made)
    names = [view.name for view in found]
    if depth is not None and depth not in names:
        known = f"one of {', '.join(map(repr, names))}" if len(names) > 1 else "left out: no modules made this graph"
        raise ValueError(f"fold must be {known}, not {depth!r}")
    small = [view for view in found if len(view.record.nodes) <= limit]
    if not small:
        least = found[0]
        drawn, place = fold(least.record, limit)
        where = [-1 if at < 0 else place[at] for at in least.place]
        return [View("all", drawn, where, [None] * len(drawn.nodes))], 0
    names = [view.name for view in small]
    return small, names.index(depth) if depth in names else len(small) - 1


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


def _legend_shapes(legend: Sequence[tuple[str, str, float, int]], top: float) -> list[Shape]:
    shapes: list[Shape] = []
    for name, words, x, row in legend:
        y = top + 22 * row
        shapes.append(Box(x, y, 12, 12, name, f"{name}-edge", 3, 1.2))
        shapes.append(Text(x + 18, y + 10.5, words, SMALL, "muted"))
    return shapes


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
