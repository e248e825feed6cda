"""The backward sweep: from an output down to the leaves, each node once, consumers before their parents."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from sys import getrefcount
from typing import Any

import numpy as np

from .. import autograd
from .mode import Switch, watch
from .node import Node
from .variable import Variable, edge, wrap


def topological_order(root: Node) -> list[Node]:
    """Every node that `root` was computed from, each consumer before its parents, each once.

    >>> import learnnn
    >>> x = learnnn.tensor(3.0, requires_grad=True)
    >>> [node.name for node in topological_order((x * x + x).grad_fn)]
    ['add', 'mul', 'leaf']
    """
    seen, nodes = {root}, [root]
    for node in nodes:  # the list grows while we walk it: no recursion, however deep the graph
        for parent in node.edges:
            if parent is not None and parent not in seen:
                seen.add(parent)
                nodes.append(parent)
    nodes.sort(key=attrgetter("order"), reverse=True)
    return nodes


def unbroadcast(grad: Any, shape: tuple[int, ...]) -> Any:
    """Sum a gradient over the axes along which a value of `shape` was repeated by broadcasting.

    A value used k times gets the sum of k gradients; broadcasting is use. Works on arrays and on tensors.

    >>> unbroadcast(np.ones((4, 3)), (1, 3)).tolist()
    [[4.0, 4.0, 4.0]]
    """
    extra = grad.ndim - len(shape)
    axes = [i for i in range(grad.ndim) if i < extra or (shape[i - extra] == 1 and grad.shape[i] != 1)]
    summed = grad.sum(tuple(axes), keepdims=True) if axes else grad
    return summed.reshape(summed.shape[extra:]) if extra > 0 else summed


def _fit(grad: Any, node: Node, consumer: Node) -> Any:
    """The gradient in the shape and dtype of the value it belongs to."""
    if grad.shape != node.shape:
        fitting = autograd.unbroadcast(grad, node.shape)
        if fitting.shape != node.shape:
            raise RuntimeError(
                f"{consumer!r} returned an invalid gradient - got {list(grad.shape)} but expected shape compatible "
                f"with {list(node.shape)}: a gradient has the shape of the value it belongs to"
            )
        grad = fitting
    if grad.dtype != node.dtype:
        grad = grad.astype(node.dtype) if isinstance(grad, np.ndarray | np.generic) else grad.to(node.dtype)
    return grad


def sweep(
    root: Node, grad: Any, retain_graph: bool = False, create_graph: bool = False, wanted: set[Node] | None = None
) -> dict[Node, Any]:
    """Send `grad` from `root` down to the leaves, or to the `wanted` nodes, and return what arrives there.

    Gradients are arrays, or recorded tensors under `create_graph`. No state is left on the nodes but what
    `release` drops, so an error half way through loses nothing.
    """
    order = autograd.topological_order(root)
    useful = _leading_to(wanted, order) if wanted is not None else set()
    pending, mine, found = {root: grad}, set(), {}
    with Switch(create_graph), np.errstate(all="ignore"):
        for node in order:
            edges: Sequence[Node | None] = node.edges
            if not edges:  # a leaf, whose gradient waits in `pending` until all of it is there
                continue
            grad = pending.pop(node, None)
            if grad is None:
                continue
            if node.hooks:
                grad = _after_hooks(node, grad)
            if wanted is not None:
                edges = [e if e in useful else None for e in edges]
                if node in wanted:
                    found[node] = grad
            pieces = node.backward(grad, edges, create_graph)
            if watch.anomalies and watch.nan:
                autograd.look(node, pieces)
            for parent, piece in zip(edges, pieces):
                if parent is None or piece is None:
                    continue
                if piece.shape != parent.shape or piece.dtype is not parent.dtype:
                    piece = _fit(piece, parent, node)
                if parent not in pending:
                    pending[parent] = piece
                elif parent in mine:  # a sum that nobody else holds: add to it in place
                    pending[parent] += piece
                else:
                    pending[parent] = pending[parent] + piece
                    if not create_graph:
                        mine.add(parent)
            if not retain_graph:
                node.release()
        for node, grad in pending.items():
            if wanted is None or node in wanted:
                found[node] = _after_hooks(node, grad) if node.hooks else grad
    return found


def _leading_to(wanted: set[Node], order: list[Node]) -> set[Node]:
    """The nodes through which a gradient passes on its way to the wanted ones."""
    useful = set(wanted)
    for node in reversed(order):
        if not useful.isdisjoint(node.parents):
            useful.add(node)
    return useful


def _after_hooks(node: Node, grad: Any) -> Any:
    """What the hooks of a node make of its gradient."""
    for hook in tuple(node.hooks):
        changed = hook(grad if isinstance(grad, Variable) else wrap(grad))
        if changed is not None:
            grad = changed if isinstance(grad, Variable) else changed.array
    return grad


class _Join(Node):
    """Several outputs, each with its own gradient, as one root."""

    __slots__ = ("grads",)

    def __init__(self, edges: tuple[Node, ...], grads: list[Any]):
        super().__init__(edges, np.empty(0))
        self.grads = grads

    def backward(self, grad: Any, edges: Sequence[Node | None], create_graph: bool) -> Sequence[Any]:
        return self.grads


def _start(outputs: Sequence[Variable], gradients: Sequence[Any], create_graph: bool) -> tuple[Node, Any]:
    """The root of a sweep and the gradient to begin with: one for a scalar, else the user's."""
    nodes, grads = [], []
    for i, (output, gradient) in enumerate(zip(outputs, gradients, strict=True)):
        node, array = edge(output), output.array
        if node is None:
            raise RuntimeError(f"element {i} of tensors does not require grad and does not have a grad_fn")
        if gradient is None:
            if array.size != 1:
                raise RuntimeError(
                    f"grad can be implicitly created only for scalar outputs, this one has shape "
                    f"{list(array.shape)}: reduce it first, as in loss.mean().backward()"
                )
            gradient = np.ones(array.shape, array.dtype)
        elif np.shape(gradient) != array.shape:
            raise RuntimeError(
                f"Mismatch in shape: grad_output[{i}] has a shape of {list(np.shape(gradient))} and output[{i}] "
                f"has a shape of {list(array.shape)}."
            )
        elif not create_graph:
            gradient = gradient.array.astype(array.dtype, copy=False)
        nodes.append(node)
        grads.append(wrap(gradient) if create_graph and isinstance(gradient, np.ndarray) else gradient)
    if len(nodes) == 1:
        return nodes[0], grads[0]
    return _Join(tuple(nodes), grads), grads[0]


def _sequence(value: Any, length: int | None = None) -> list[Any]:
    if value is None and length is not None:
        return [None] * length
    return [value] if isinstance(value, Variable) else list(value)


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    """Add the gradient of `tensors` to the `.grad` of every leaf, or of `inputs` only.

    Raises RuntimeError if nothing requires a gradient, if an output that is no scalar comes without its
    gradient, and at a second call on a graph that was not retained.
    """
    outputs = _sequence(tensors)
    root, grad = _start(outputs, _sequence(grad_tensors, len(outputs)), create_graph)
    wanted = None if inputs is None else _wanted(_sequence(inputs))
    keep = create_graph if retain_graph is None else retain_graph
    found = sweep(root, grad, keep, create_graph, wanted)
    for node in tuple(found):
        tensor = node.leaf()
        if tensor is not None:
            accumulate(tensor, found.pop(node))
            if tensor._after:
                _tell(tensor)


def _tell(tensor: Variable) -> None:
    for hook in tuple(tensor._after or ()):
        hook(tensor)


def _wanted(inputs: Sequence[Variable]) -> set[Node]:
    """The nodes of `backward(inputs=...)`, each of whose tensors will keep its gradient."""
    if not inputs:
        raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
    for tensor in inputs:
        tensor.retain_grad()  # RuntimeError where there is none to keep
    return {node for node in map(edge, inputs) if node}


def accumulate(tensor: Variable, grad: Any) -> None:
    """Add to `.grad` an array, or a recorded tensor."""
    if isinstance(grad, Variable):
        with Switch(True):
            tensor._grad = wrap(grad.array.copy(), grad._node) if tensor._grad is None else tensor._grad + grad
    elif tensor._grad is not None:
        tensor._grad.array += grad
    elif grad.base is None and getrefcount(grad) == _ALONE:  # nobody else can see this memory
        tensor._grad = wrap(grad)
    else:
        tensor._grad = wrap(grad.copy())


_ALONE = (lambda grad: getrefcount(grad))(np.empty(0))  # what `accumulate` counts for what only its caller holds


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    """The gradients of `outputs` with respect to `inputs`, returned and stored nowhere (PyTorch's autograd.grad).

    An input that was not used raises RuntimeError, or gets None (allow_unused) or zeros (materialize_grads).

    >>> import learnnn
    >>> x = learnnn.tensor(3.0, requires_grad=True)
    >>> (first,) = grad(x * x * x, x, create_graph=True)
    >>> grad(first, x)
    (tensor(18.),)
    """
    if is_grads_batched or not only_inputs:
        raise RuntimeError("grad: is_grads_batched=True and only_inputs=False are not supported: call it once for each")
    ends, starts = _sequence(inputs), _sequence(outputs)
    nodes = [edge(tensor) for tensor in ends]
    if None in nodes:
        raise RuntimeError("One of the differentiated Tensors does not require grad")
    root, first = _start(starts, _sequence(grad_outputs, len(starts)), create_graph)
    keep = create_graph if retain_graph is None else retain_graph
    found = sweep(root, first, keep, create_graph, {node for node in nodes if node})
    if not (allow_unused or materialize_grads) and any(node not in found for node in nodes):
        raise RuntimeError(
            "One of the differentiated Tensors appears to not have been used in the graph. Set allow_unused=True "
            "if this is the desired behavior."
        )
    grads = [found.get(node) for node in nodes if node]
    if materialize_grads:
        grads = [np.zeros_like(x.array) if g is None else g for g, x in zip(grads, ends, strict=True)]
    return tuple([g if g is None or isinstance(g, Variable) else wrap(g) for g in grads])
