"""Changes in place: what they do to the history of a tensor, of its views, and of what it is a view of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .mode import Switch, recording
from .node import Node
from .operation import Step
from .variable import Variable, current, edge, wrap


def overwrite(tensor: Variable, node: Node | None) -> None:
    """`tensor`'s numbers were changed in place, by `node` if the change is recorded: mend its history."""
    tensor.counter()[0] += 1
    if recording.enabled:
        _rebase(tensor, node)


def _rebase(tensor: Variable, node: Node | None) -> None:
    base, old = tensor._base, None
    if base is not None:
        old = edge(base)
    tensor._node, tensor._requires_grad = node, node is not None
    tensor._seen = tensor.counter()[0]
    if base is not None and (node is not None or old is not None):  # the change shows in the base as well
        _rebase(base, Patch((old, node), base.array, tensor._replay))


def refresh(view: Variable) -> None:
    """Take a view again, from its base as it is now."""
    assert view._base is not None
    view._seen = view.counter()[0]
    with Switch(True):
        again = view._replay(view._base)
    view._node, view._requires_grad = again._node, again._requires_grad


def check_overwritable(tensor: Variable) -> None:
    """Refuse an in-place change that would cut a parameter off from its gradient."""
    if not tensor.array.flags.writeable:
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a single memory location. "
            "Please clone() the tensor before performing the operation."
        )
    base = current(tensor)
    while base._base is not None:
        base = base._base
    if recording.enabled and base.requires_grad and not tensor._requires_grad:
        raise RuntimeError(
            "A view was created in no_grad mode and is being modified inplace with grad mode enabled. Take the view "
            "outside of no_grad, or change it inside."
        )
    if recording.enabled and tensor._requires_grad:
        if tensor._node is None:
            raise RuntimeError(
                "a leaf Variable that requires grad is being used in an in-place operation. Wrap the update in "
                "`with no_grad():`, or write x = x + 1 for x += 1."
            )
        if base.is_leaf and base._requires_grad:
            raise RuntimeError(
                "a view of a leaf Variable that requires grad is being used in an in-place operation. Wrap the "
                "update in `with no_grad():`."
            )


def keep_before(tensor: Variable, node: Node | None) -> None:
    """`node` saved numbers of `tensor`, which its result is about to overwrite: let it save a copy instead."""
    counter = tensor.counter()
    if isinstance(node, Step) and any(watched is counter for watched, _ in node.versions):
        node.saved = [_apart(value, tensor.array) for value in node.saved]
        node.versions = [(watched, n) for watched, n in node.versions if watched is not counter]


def _apart(value: Any, array: np.ndarray) -> Any:
    return value.copy() if isinstance(value, np.ndarray) and np.may_share_memory(value, array) else value


class Patch(Node):
    """A base whose view was overwritten: outside the view the old gradient, inside it that of the new values."""

    __slots__ = ("replay",)
    name = "patch"

    def __init__(self, edges: tuple[Node | None, Node | None], base: np.ndarray, replay: Callable):
        super().__init__(edges, base)
        self.replay = replay

    def backward(self, grad: Any, edges: Sequence[Node | None], create_graph: bool) -> Sequence[Any]:
        outside = wrap(grad.array.copy()) if create_graph else wrap(grad.copy())
        self.replay(outside).array[...] = 0
        if not create_graph:
            return outside.array, self.replay(wrap(grad)).array
        mask = wrap(np.ones_like(grad.array))
        self.replay(mask).array[...] = 0
        return grad * mask, self.replay(grad)
