"""PyTorch's third form of operation: a class with forward and backward on tensors."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from .mode import Switch, recording
from .node import OVERWRITTEN, SECOND_TIME, Node
from .variable import Variable, edge, wrap


class Context:
    """What `forward` hands to `backward`: saved tensors, and any attribute you set."""

    def __init__(self, needs_input_grad: tuple[bool, ...]):
        self.needs_input_grad = needs_input_grad
        self.materialize = True
        self.constant: set[int] = set()
        self._saved: list[tuple[Any, Any]] | None = []
        self._hub: Any = None  # the node, which owns this context
        self._places: dict[int, int] = {}  # of the outputs, by id

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep inputs or outputs of forward, safely: a later change in place is noticed."""
        self._saved = [(t, None if t is None else t._version) for t in tensors]

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        if self._saved is None:
            raise RuntimeError(SECOND_TIME)
        for tensor, version in self._saved:
            if tensor is not None and tensor._version != version:
                shape = list(tensor.array.shape)
                raise RuntimeError(OVERWRITTEN.format("save_for_backward", shape, tensor._version, version))
        return tuple(self._linked(tensor) for tensor, _ in self._saved)

    def _linked(self, tensor: Any) -> Any:
        """A saved output has its history again, so that backward can be differentiated in turn."""
        return self._hub().output(tensor, self._places[id(tensor)]) if id(tensor) in self._places else tensor

    def mark_non_differentiable(self, *tensors: Variable) -> None:
        """These outputs need no gradient, as indices do."""
        self.constant = {id(t) for t in tensors}

    def set_materialize_grads(self, value: bool) -> None:
        """Whether an output that was not used sends zeros to backward (the default) or None."""
        self.materialize = value


class Function:
    """An operation with a gradient of your own: subclass, write `forward` and `backward`, call `apply`.

    >>> import learnnn
    >>> class Square(Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x * x
    ...     @staticmethod
    ...     def backward(ctx, grad):
    ...         (x,) = ctx.saved_tensors
    ...         return 2 * x * grad
    >>> x = learnnn.tensor(3.0, requires_grad=True)
    >>> Square.apply(x).backward()
    >>> x.grad
    tensor(6.)
    """

    setup_context: Any = None

    @staticmethod
    def forward(ctx: Any, *args: Any) -> Any:
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        raise NotImplementedError("You must implement the backward function for your custom autograd.Function.")

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Run forward unrecorded and, where an input requires a gradient, put one node for all of it on the tape."""
        edges = tuple([edge(a) if isinstance(a, Variable) and recording.enabled else None for a in args])
        ctx = Context(tuple(e is not None for e in edges))
        with Switch(False):
            if cls.setup_context is None:
                out = cls.forward(ctx, *args)
            else:
                out = cls.forward(*args)  # PyTorch 2's form: the context is filled in afterwards
                cls.setup_context(ctx, args, out)
        outs = out if isinstance(out, tuple) else (out,)
        if not any(edges):
            return out
        hub = Custom(edges, cls, ctx, outs)
        linked = tuple(
            o if not isinstance(o, Variable) or id(o) in ctx.constant else hub.output(o, i) for i, o in enumerate(outs)
        )
        ctx._hub, ctx._places = weakref.ref(hub), {id(o): i for i, o in enumerate(outs)}
        return linked if isinstance(out, tuple) else linked[0]


def once_differentiable(backward: Callable) -> Callable:
    """For a `backward` that works outside the graph, on arrays for instance: a second derivative raises RuntimeError.

    Put it under `@staticmethod`.
    """

    @wraps(backward)
    def wrapped(ctx: Any, *grads: Any) -> Any:
        with Switch(False):
            outs = backward(ctx, *grads)
        edges = tuple([edge(g) for g in grads if isinstance(g, Variable) and g.requires_grad])
        if not (recording.enabled and edges):
            return outs
        several = outs if isinstance(outs, tuple) else (outs,)
        refusing = tuple([wrap(o.array, Refusal(edges, o.array)) if isinstance(o, Variable) else o for o in several])
        return refusing if isinstance(outs, tuple) else refusing[0]

    return wrapped


class Refusal(Node):
    """A gradient that has no derivative."""

    __slots__ = ()
    name = "refusal"

    def backward(self, grad: Any, edges: Sequence[Node | None], create_graph: bool) -> Sequence[Any]:
        raise RuntimeError("trying to differentiate twice a function that was marked with @once_differentiable")


class Custom(Node):
    """The step of a `Function`. Its gradient is a `Parcel`: one entry for each output that was used."""

    __slots__ = ("ctx", "function", "outs")

    def __init__(self, edges: tuple[Node | None, ...], function: type[Function], ctx: Context, outs: tuple):
        super().__init__(edges, np.empty(0))
        self.function, self.ctx, self.value = function, ctx, None
        self.shape = self.dtype = None  # type: ignore[assignment]
        self.outs = [o.array if isinstance(o, Variable) else None for o in outs]

    @property
    def name(self) -> str:
        return self.function.__name__

    def output(self, raw: Variable, index: int) -> Any:
        """One of the outputs of forward, linked to this step; it shares its count of changes in place."""
        tensor = wrap(raw.array, Port((self,), raw.array, index))
        tensor._counter = raw.counter()
        return tensor

    def backward(self, grad: Any, edges: Sequence[Node | None], create_graph: bool) -> Sequence[Any]:
        incoming = [self.incoming(grad.get(i), out) for i, out in enumerate(self.outs)]
        grads = self.function.backward(self.ctx, *incoming)
        grads = grads if isinstance(grads, tuple | list) else (grads,)
        if len(grads) != len(self.edges):
            raise RuntimeError(
                f"function {self.name}Backward returned an incorrect number of gradients (expected "
                f"{len(self.edges)}, got {len(grads)}): one for each argument of forward, None where none is due"
            )
        return grads if create_graph else [g.array if isinstance(g, Variable) else g for g in grads]

    def incoming(self, grad: Any, out: np.ndarray | None) -> Any:
        if grad is None and self.ctx.materialize and out is not None:
            grad = np.zeros_like(out)
        return wrap(grad) if isinstance(grad, np.ndarray | np.generic) else grad

    def release(self) -> None:
        self.ctx._saved = self.ctx._saved and None


class Port(Node):
    """One of several outputs of a step."""

    __slots__ = ("index",)

    def __init__(self, edges: tuple[Node], out: np.ndarray, index: int):
        super().__init__(edges, out)
        self.index = index

    @property
    def name(self) -> str:
        return self.parents[0].name

    def backward(self, grad: Any, edges: Sequence[Node | None], create_graph: bool) -> Sequence[Any]:
        return (Parcel({self.index: grad}),)


class Parcel(dict):
    """Gradients of several outputs on their way to one node; adding two puts their entries together."""

    shape = dtype = None

    def __add__(self, other: dict) -> Parcel:
        return Parcel({**self, **{i: self[i] + grad if i in self else grad for i, grad in other.items()}})
