"""What a node is: one recorded step, from which gradients go back to its inputs."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .variable import Variable

SMALL = 64  # outputs up to this size stay on their node, so that a drawn graph can show numbers


class Node:
    """One recorded step: where its inputs came from and how gradients go back to them.

    `edges` has one entry an input, None where that input needs no gradient.
    """

    __slots__ = ("__weakref__", "dtype", "edges", "hooks", "order", "shape", "value")
    name: Any = "node"
    origin: Any = None  # "yours" where the learner's own code computed this step
    next_order = count().__next__
    edges: tuple[Node | None, ...]
    shape: tuple[int, ...]
    dtype: np.dtype
    value: np.ndarray | None

    def __init__(self, edges: tuple[Node | None, ...], out: np.ndarray):
        self.edges = edges
        self.order = Node.next_order()  # a consumer is always made after its parents
        self.hooks: list[Callable] = []
        self.shape, self.dtype = out.shape, out.dtype
        self.value = out if out.size <= SMALL else None

    @property
    def parents(self) -> tuple[Node, ...]:
        """The nodes of the inputs that need a gradient."""
        return tuple([e for e in self.edges if e is not None])

    def backward(self, grad: Any, edges: Sequence[Node | None], create_graph: bool) -> Sequence[Any]:
        """Gradients of the inputs, given that of the output; only those whose edge is not None matter."""
        return ()

    def release(self) -> None:
        """Forget what was saved for backward."""

    def leaf(self) -> Variable | None:
        """The leaf tensor whose gradient ends here, if this is where one ends."""
        return None

    @property
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        """PyTorch's spelling of `edges`."""
        return tuple((edge, 0) for edge in self.edges)

    def __repr__(self) -> str:
        return f"<{''.join(word.capitalize() for word in self.name.split('_'))}Backward0>"


class Leaf(Node):
    """Where a gradient comes to rest: stands for a tensor made by the user, without keeping it alive."""

    __slots__ = ("tensor",)
    name = "leaf"

    def __init__(self, tensor: Variable):
        super().__init__((), tensor.array)
        self.tensor = weakref.ref(tensor)

    def leaf(self) -> Variable | None:
        return self.tensor()

    def __repr__(self) -> str:
        return "<AccumulateGrad>"


class Saving(Node):
    """A node that saved values for its backward, and notices when one was freed or overwritten since."""

    __slots__ = ("saved", "versions")
    saved: Any
    versions: Sequence[tuple[list[int], int]]  # (a tensor's counter of changes, what it said when saved)

    def unpack(self) -> Any:
        """What was saved. RuntimeError if it was freed, or if a tensor in it was changed in place."""
        if self.saved is None:
            raise RuntimeError(SECOND_TIME)
        for counter, version in self.versions:
            if counter[0] != version:
                raise RuntimeError(OVERWRITTEN.format(self, list(self.shape or ()), counter[0], version))
        return self.saved

    def release(self) -> None:
        if self.versions:  # a step that saved no tensor can be swept again
            self.saved = None


SECOND_TIME = (
    "Trying to backward through the graph a second time (or directly access saved tensors after they have "
    "already been freed). Saved intermediate values of the graph are freed when you call .backward() or "
    "autograd.grad(). Specify retain_graph=True if you need to backward through the graph a second time or if "
    "you need to access saved tensors after calling backward."
)
OVERWRITTEN = (
    "one of the variables needed for gradient computation has been modified by an inplace operation: {} (output "
    "shape {}) saved a tensor that is at version {}; expected version {} instead. Hint: write the step that "
    "changed it without the trailing underscore, += or [...] =, so that it makes a new tensor."
)
