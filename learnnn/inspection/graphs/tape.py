"""Reading a recorded computation, whoever recorded it: learnnn's tape, a lesson's own values, PyTorch's tape."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ... import autograd
from .pulls import LearnnnPulls, PullPulls, Pulls, TorchPulls, ValuePulls

SYMBOLS = {
    "add": "+", "sub": "−", "mul": "×", "div": "÷", "matmul": "@", "mm": "@", "bmm": "@", "pow": "power", "neg": "−",
    "*": "×", "-": "−", "/": "÷", "**": "power", "abs": "|x|", "sqrt": "√", "sum": "sum Σ", "t": "transpose",
    "getitem": "[ ]", "eq": "=",
}  # fmt: skip


@dataclass
class GraphNode:
    """One box of the picture. `kind` is input, parameter, operation or folded; `value` and `gradient` are arrays."""

    id: int
    kind: str
    op: str = ""
    label: str = ""
    shape: tuple[int, ...] | None = None
    value: Any = None
    gradient: Any = None
    origin: str | None = None
    output: bool = False
    note: str = ""

    @property
    def symbol(self) -> str:
        return SYMBOLS.get(self.op, self.op)

    def as_dict(self) -> dict[str, Any]:
        """Plain python: what `.data` holds of a node."""
        plain = {"value": _listed(self.value), "gradient": _listed(self.gradient)}
        shape = None if self.shape is None else list(self.shape)
        return {**vars(self), "shape": shape, **plain}


@dataclass
class Record:
    """Nodes in the order in which they were computed, and edges (from, to) as indices; doubled where a value is
    used twice by one operation."""

    nodes: list[GraphNode] = field(default_factory=list)
    edges: list[tuple[int, int]] = field(default_factory=list)
    scalar: bool = False  # plain numbers with .data and .grad, as in lesson 03
    things: list[Any] = field(default_factory=list)  # what recorded each node
    pulls: type[Pulls] = Pulls  # how gradients go back through them

    @property
    def parents(self) -> list[list[int]]:
        """Of each node what it was computed from, in the order of its arguments."""
        found: list[list[int]] = [[] for _ in self.nodes]
        for a, b in self.edges:
            found[b].append(a)
        return found

    def order(self) -> list[int]:
        """The nodes in the order in which they were computed, where that is known; inputs just before they are used."""
        if not all(hasattr(thing, "order") for thing in self.things):
            return list(range(len(self.nodes)))
        parents, found = self.parents, dict[int, None]()
        for i in sorted(range(len(self.nodes)), key=lambda i: (not parents[i], self.things[i].order)):
            found |= dict.fromkeys([j for j in parents[i] if not parents[j]])
            found[i] = None
        return list(found)


def _listed(value: Any) -> Any:
    return None if value is None else np.asarray(value).tolist()


Describe = Callable[[Any, int], GraphNode]


def walk(roots: Sequence[Any], parents: Callable[[Any], Iterable[Any]], describe: Describe) -> Record:
    """Everything the roots were computed from, without recursion, parents before their consumers."""
    found: dict[int, Any] = {}
    finished: dict[int, Any] = {}
    stack = [(root, False) for root in reversed(roots)]
    while stack:
        node, done = stack.pop()
        if done:
            finished[id(node)] = node
        elif id(node) not in found:
            found[id(node)] = node
            stack.append((node, True))
            stack += [(p, False) for p in reversed(list(parents(node))) if id(p) not in found]
    index = {key: i for i, key in enumerate(finished)}
    edges = [(index[id(p)], index[key]) for key, node in finished.items() for p in parents(node)]
    things = list(finished.values())
    record = Record([describe(node, i) for i, node in enumerate(things)], edges, things=things)
    for root in roots:
        record.nodes[index[id(root)]].output = True
    return record


# ------------------------------------------------------------------------------------ lesson 03's own values
def is_value(thing: Any) -> bool:
    """Does it look like a scalar that remembers how it was computed: `.data` and `.parents`?"""
    return hasattr(thing, "parents") and hasattr(thing, "data")


def read_values(roots: Sequence[Any], names: dict[int, str], gradients: bool | None) -> Record:
    """The graph of a learner's own objects, by their attributes alone."""
    if gradients:
        raise ValueError("gradients=True works on tensors: call backward() on your own values, then draw them")

    def describe(value: Any, i: int) -> GraphNode:
        label = names.get(id(value)) or str(getattr(value, "label", "") or "")
        leaf = not list(value.parents or ())
        op = "" if leaf else str(getattr(value, "op", "") or getattr(value, "_op", "") or "step")
        grad = getattr(value, "grad", None)
        return GraphNode(
            i, "input" if leaf else "operation", op, label, np.shape(value.data), _number(value.data), _number(grad)
        )

    record = walk(roots, lambda value: tuple(value.parents or ()), describe)
    record.scalar = True
    record.pulls = PullPulls if any(hasattr(thing, "pull") for thing in record.things) else ValuePulls
    return record


def _number(value: Any) -> Any:
    value = getattr(value, "data", value)  # a gradient may itself be such a value
    return None if value is None else np.asarray(value)


# ---------------------------------------------------------------------------------------------- learnnn's tape
def read_tensors(roots: Sequence[Any], names: dict[int, str], gradients: bool | None) -> Record:
    """The graph behind learnnn tensors."""
    ends = [autograd.edge(tensor) for tensor in roots]
    if None in ends:
        raise RuntimeError(NOTHING_RECORDED)
    swept = _sweep(roots, ends) if gradients else {}

    def describe(node: Any, i: int) -> GraphNode:
        tensor = node.leaf()
        label = names.get(id(node)) or names.get(id(tensor), "")
        gradient = swept.get(node)
        if gradient is None and tensor is not None and tensor.grad is not None and not gradients:
            gradient = tensor.grad.array
        kind = "operation" if node.parents else _leaf_kind(tensor)
        op = "" if kind != "operation" else node.name
        return GraphNode(i, kind, op, label, node.shape, node.value, gradient, getattr(node, "origin", None))

    record = walk(ends, lambda node: node.parents, describe)
    record.pulls = LearnnnPulls
    return record


NOTHING_RECORDED = (
    "there is no graph to draw: this tensor was not computed from one that requires a gradient. Make an input with "
    "requires_grad=True, and compute outside of no_grad()"
)


def _leaf_kind(tensor: Any) -> str:
    return "parameter" if type(tensor).__name__ == "Parameter" else "input"


def _sweep(roots: Sequence[Any], ends: Sequence[Any]) -> dict[Any, Any]:
    """The gradient of the (summed) outputs at each node. Hooks stay out of it and no `.grad` is touched."""
    total: dict[Any, Any] = {}
    for tensor, end in zip(roots, ends):
        nodes = autograd.topological_order(end)
        hooks = [(node, node.hooks[:]) for node in nodes if node.hooks]
        try:
            for node, _ in hooks:
                node.hooks.clear()
            found = autograd.sweep(end, np.ones_like(tensor.array), retain_graph=True, wanted=set(nodes))
        finally:
            for node, kept in hooks:
                node.hooks.extend(kept)
        for node, gradient in found.items():
            total[node] = total[node] + gradient if node in total else gradient
    return {node: g for node, g in total.items() if isinstance(g, np.ndarray | np.generic)}


# ---------------------------------------------------------------------------------------------- PyTorch's tape
def read_torch(roots: Sequence[Any], names: dict[int, str], gradients: bool | None) -> Record:
    """The graph behind PyTorch tensors, from grad_fn and next_functions."""
    ends = [torch_end(tensor) for tensor in roots]
    if any(end is None for end in ends):
        raise RuntimeError(NOTHING_RECORDED)
    swept = _torch_sweep(roots, ends) if gradients else {}
    values = {id(end): tensor for end, tensor in zip(ends, roots)}

    def describe(node: Any, i: int) -> GraphNode:
        tensor, known = getattr(node, "variable", None), values.get(id(node))
        known = tensor if known is None else known
        kind = "operation" if tensor is None else _leaf_kind(tensor)
        label = names.get(id(node)) or names.get(id(tensor), "")
        gradient = swept.get(id(node))
        if gradient is None and tensor is not None and tensor.grad is not None and not gradients:
            gradient = tensor.grad.detach().numpy(force=True)
        value = known.detach().numpy(force=True) if known is not None and known.numel() <= 64 else None
        op = torch_name(node) if kind == "operation" else ""
        return GraphNode(i, kind, op, label, _torch_shape(node, known), value, gradient)

    alive: list[Any] = []  # PyTorch makes its python nodes anew when asked; keep them, so that ids stay theirs

    def parents(node: Any) -> list[Any]:
        found = [parent for parent, _ in node.next_functions if parent is not None]
        alive.extend(found)
        return found

    record = walk(ends, parents, describe)
    record.pulls = TorchPulls
    return record


def torch_end(tensor: Any) -> Any:
    """PyTorch's node of a tensor, None where it needs no gradient."""
    if tensor.grad_fn is None and tensor.requires_grad:
        return tensor.view_as(tensor).grad_fn.next_functions[0][0]
    return tensor.grad_fn


def torch_name(node: Any) -> str:
    """MaxPool2DWithIndicesBackward0 -> max_pool2d_with_indices"""
    name = re.sub(r"(Backward)?\d*$", "", node.name().split("::")[-1])
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=\dD)(?=[A-Z])", "_", name).lower()


def _torch_shape(node: Any, tensor: Any) -> tuple[int, ...] | None:
    if tensor is not None:
        return tuple(tensor.shape)
    metadata = getattr(node, "_input_metadata", ())
    only = list(metadata)
    return tuple(only[0].shape) if len(only) == 1 else None


def _torch_sweep(roots: Sequence[Any], ends: Sequence[Any]) -> dict[int, Any]:
    """The gradient that arrives at each node, caught on its way; no `.grad` is touched."""
    torch = sys.modules["torch"]
    caught: dict[int, Any] = {}

    def catch(node: Any) -> Callable:
        def hook(grads: Any) -> None:
            if grads and grads[0] is not None:
                caught[id(node)] = caught.get(id(node), 0) + grads[0].detach().numpy(force=True)

        return hook

    nodes, seen = list(ends), {id(end) for end in ends}
    for node in nodes:
        fresh = [p for p, _ in node.next_functions if p is not None and id(p) not in seen]
        seen |= {id(p) for p in fresh}
        nodes += fresh
    leaves = [node.variable for node in nodes if hasattr(node, "variable")]
    handles = [node.register_prehook(catch(node)) for node in nodes if not hasattr(node, "variable")]
    try:
        starts = [torch.ones_like(tensor) for tensor in roots]
        found = torch.autograd.grad(list(roots), leaves, starts, retain_graph=True, allow_unused=True)
    finally:
        for handle in handles:
            handle.remove()
    by_leaf = {id(leaf): g for leaf, g in zip(leaves, found) if g is not None}
    own = {id(n): by_leaf.get(id(n.variable)) for n in nodes if hasattr(n, "variable")}
    return caught | {key: g.detach().numpy(force=True) for key, g in own.items() if g is not None}


# ---------------------------------------------------------------------------------------------- too many nodes
def fold(record: Record, limit: int) -> tuple[Record, list[int]]:
    """Of a graph with more nodes than `limit`: the last steps as they are, all before them in one box.

    Also the place of each node in the folded graph, 0 in the box.
    """
    if len(record.nodes) <= limit:
        return record, list(range(len(record.nodes)))
    operations = [node.id for node in record.nodes if node.kind == "operation"]
    recent = set(operations[len(operations) - limit // 2 :])
    used = [a for a, b in record.edges if b in recent]
    leaves = [i for i in dict.fromkeys(used) if record.nodes[i].kind != "operation"][: limit // 4]
    kept = sorted(recent | set(leaves))
    place = {old: new for new, old in enumerate(kept, start=1)}
    gone = [node for node in record.nodes if node.id not in place]
    box = GraphNode(0, "folded", "folded", _counted(len(gone), "earlier node"), note=_summary(gone))
    edges = [(place.get(a, 0), place[b]) for a, b in record.edges if b in place]
    edges = [e for e in edges if e[0]] + sorted({e for e in edges if not e[0]})
    nodes = [box, *[moved(record.nodes[old], new) for old, new in place.items()]]
    return Record(nodes, edges, record.scalar), [place.get(node.id, 0) for node in record.nodes]


def moved(node: GraphNode, id: int) -> GraphNode:
    """The same node at another place."""
    return GraphNode(**{**vars(node), "id": id})


def _summary(gone: Sequence[GraphNode]) -> str:
    """What is in the folded box: matmul ×1000, add ×1000, ..."""
    counts = Counter(node.op or node.kind for node in gone).most_common(4)
    return ", ".join(f"{name} ×{n:,}" for name, n in counts)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"
