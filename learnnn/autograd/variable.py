"""What autograd needs of a tensor: an array, its gradient, and the node that made it."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import autograd
from .node import Leaf, Node


class Variable:
    """What autograd needs of a tensor: an array, its gradient, and the node that made it."""

    result: Any  # what operations hand back: the floor above puts its Tensor here
    array: np.ndarray
    _grad: Any = None
    _requires_grad: bool = False
    _node: Node | None = None  # of the operation that made it
    _leaf: Leaf | None = None  # of a tensor that the user made
    _counter: list[int] | None = None  # how often the numbers were overwritten; shared between views
    _base: Variable | None = None  # this tensor is a view of that one
    _replay: Callable[[Variable], Variable]  # and is got from it so
    _seen: int = 0
    _retains_grad: bool = False  # keeps its gradient although it is no leaf
    _after: list[Callable] | None = None  # hooks that want the tensor when its gradient has been added

    def __init__(self, data: Any, requires_grad: bool = False):
        """PyTorch's spelling of old: a tensor that shares the numbers of another."""
        self.__class__ = Variable.result
        self.array, self._counter = data.array, data.counter()
        self.requires_grad_(requires_grad)

    @property
    def grad(self) -> Any:
        """The gradient that backward has added up so far; None before the first."""
        return self._grad

    @grad.setter
    def grad(self, value: Any) -> None:
        if value is not None:
            if not isinstance(value, Variable):
                raise TypeError(f"assigned grad expected to be a Tensor or None but got {type(value).__name__}")
            if value.array.shape != self.array.shape or value.array.dtype != self.array.dtype:
                found, due = [f"{list(x.array.shape)} {x.array.dtype}" for x in (value, self)]
                raise RuntimeError(f"assigned grad has data of a different size or type: {found}, the tensor is {due}")
        self._grad = value

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow to or through this tensor."""
        return current(self)._requires_grad

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Any:
        """Ask for this tensor's gradient, or stop asking.

        Raises RuntimeError for integers, and for tensors that an operation made.
        """
        if requires_grad and self.array.dtype.kind not in "fc":
            raise RuntimeError(
                f"only Tensors of floating point dtype can require gradients, this one is {self.array.dtype}: "
                "use x.float(), or write the numbers with a decimal point"
            )
        if self._node is not None and not requires_grad:
            raise RuntimeError(
                "you can only change requires_grad flags of leaf variables. If you want to use a computed variable "
                "in a subgraph that doesn't require differentiation use var_no_grad = var.detach()."
            )
        self._requires_grad = requires_grad
        return self

    @property
    def grad_fn(self) -> Node | None:
        """The node of the operation that made this tensor; None for a leaf."""
        return current(self)._node

    @property
    def is_leaf(self) -> bool:
        return current(self)._node is None

    @property
    def _version(self) -> int:
        return self.counter()[0]

    def counter(self) -> list[int]:
        """The count of in-place changes, in a list that all views of the same numbers share."""
        if self._counter is None:
            self._counter = [0]
        return self._counter

    def backward(
        self, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False, inputs: Any = None
    ) -> None:
        """Add the gradient of this tensor with respect to every leaf below it to that leaf's `.grad`."""
        autograd.backward(self, gradient, retain_graph, create_graph, inputs)

    def register_hook(self, hook: Callable) -> RemovableHandle:
        """Call `hook(grad)` when this tensor's gradient is ready; what it returns, if not None, replaces it."""
        node = edge(self)
        if node is None:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        return RemovableHandle(node.hooks, hook)

    def register_post_accumulate_grad_hook(self, hook: Callable) -> RemovableHandle:
        """Call `hook(tensor)` when backward has added to this leaf's `.grad`: to update and drop it at once, say."""
        if not self.requires_grad or not self.is_leaf:
            raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
        if self._after is None:
            self._after = []
        return RemovableHandle(self._after, hook)

    def retain_grad(self) -> None:
        """Keep `.grad` on this tensor too, although it is not a leaf."""
        if not self._requires_grad:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        if self._node is not None and not self._retains_grad:
            self._retains_grad = True
            kept = weakref.ref(self)
            self.register_hook(lambda grad: _keep(kept(), grad))

    def _is_view_of(self, base: Variable, replay: Callable[[Variable], Variable]) -> None:
        self._base, self._replay = base, replay
        self._counter = base.counter()
        self._seen = self._counter[0]


def _keep(tensor: Variable | None, grad: Variable) -> None:
    """The hook of `retain_grad`, which does not keep the tensor alive."""
    if tensor is not None:
        autograd.accumulate(tensor, grad if grad._node else grad.array)


_new, _Array = object.__new__, np.ndarray  # looked up once: every operation passes here


def wrap(array: Any, node: Node | None = None) -> Any:
    """A tensor around an array, without copying; the result of `node` if one is given."""
    tensor = _new(Variable.result)
    tensor.array = array if type(array) is _Array else np.asarray(array)
    if node is not None:
        tensor._node, tensor._requires_grad = node, True
    return tensor


def edge(tensor: Variable) -> Node | None:
    """The node to which a gradient of this tensor is sent; None if it needs none."""
    if tensor._base is not None:
        current(tensor)
    if not tensor._requires_grad:
        return None
    if tensor._node is None and tensor._leaf is None:
        tensor._leaf = Leaf(tensor)
    return tensor._node or tensor._leaf


def current(tensor: Variable) -> Variable:
    """The tensor; a view whose numbers were changed through another view gets its new history first."""
    if tensor._base is not None and tensor._seen != tensor.counter()[0]:
        autograd.refresh(tensor)
    return tensor


class RemovableHandle:
    """Takes its hook out of a list of hooks again."""

    def __init__(self, hooks: list[Callable], hook: Callable):
        self.hooks, self.hook = hooks, hook
        hooks.append(hook)

    def remove(self) -> None:
        if self.hook in self.hooks:
            self.hooks.remove(self.hook)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()
