"""What a model computes with, and who finds its gradients: learnnn, PyTorch, a lesson's own values, or nobody."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from operator import add
from typing import Any

import numpy as np

from ... import autograd
from ...ops import get_default_dtype
from ...tensor import Tensor
from .kind import as_array, is_own_value, is_torch_tensor, several
from .parts import origins

Gradients = list[np.ndarray | None]
Given = tuple[Any, ...] | list[tuple[Any, ...]]


class Tape:
    """Plain arrays, on which nothing is recorded; the others differ from this."""

    def given(self, inputs: Sequence[Any], track: bool) -> Given:
        """The arguments of the model; in a list, those of each run. `track`: their gradients will be asked for."""
        return tuple(self.input(x, track) for x in inputs)

    def input(self, x: Any, track: bool = False) -> Any:
        """An input as the model wants it, in memory of its own."""
        return as_array(x).copy()

    def owns(self, thing: Any) -> bool:
        """Is it a tensor of this kind?"""
        return False

    def apart(self, output: Any) -> tuple[Any, Any]:
        """A tensor whose gradient will be asked for (None if it has none), and another for the model to go on with:
        what is done to that, or beside it, is not in this one's gradient."""
        return output, output

    def total(self, answer: Any) -> Any:
        """The sum of an answer: the loss, where no other is given."""
        raise TypeError(NO_GRADIENTS)

    def gradients(self, loss: Any, wanted: Sequence[Any]) -> Gradients:
        """The gradient of the loss in each of the wanted; None where it has none."""
        raise TypeError(NO_GRADIENTS)


NO_GRADIENTS = (
    "the model computes with plain arrays, which do not remember how they were computed, so there are no gradients: "
    "pass a module, a function of tensors, or a model of your own values with .data, .grad and .backward()"
)


class FrameworkTape(Tape):
    """Tensors that learnnn or PyTorch record, which have the same methods."""

    grad: Callable[..., Any]

    def apart(self, output: Any) -> tuple[Any, Any]:
        if not self.owns(output) or not output.is_floating_point():
            return None, output
        own = output.clone() if output.requires_grad else output.detach().clone().requires_grad_()
        return own, own.clone()

    def total(self, answer: Any) -> Any:
        return answer.sum()

    def gradients(self, loss: Any, wanted: Sequence[Any]) -> Gradients:
        _check_loss(loss, self.owns(loss))
        asked = [tensor for tensor in wanted if tensor is not None]
        found = iter(self.grad(loss, asked, allow_unused=True) if asked else ())
        each = [None if tensor is None else next(found) for tensor in wanted]
        return [None if g is None else as_array(g).copy() for g in each]


class LearnnnTape(FrameworkTape):
    """learnnn's tensors, in the precision of the parameters; the inputs keep theirs where there are none."""

    grad = staticmethod(autograd.grad)

    def __init__(self, parameters: Sequence[Any]):
        self.dtype = next((p.dtype for p in parameters if p.is_floating_point()), None)

    def input(self, x: Any, track: bool = False) -> Any:
        array = as_array(x)
        array = array.astype(self.dtype if self.dtype and array.dtype.kind == "f" else array.dtype)
        return autograd.wrap(array).requires_grad_(track and array.dtype.kind == "f")

    def owns(self, thing: Any) -> bool:
        return isinstance(thing, Tensor)


class TorchTape(FrameworkTape):
    """PyTorch's tensors, in the precision and on the device of the parameters."""

    def __init__(self, parameters: Sequence[Any]):
        self.torch = sys.modules["torch"]
        self.grad = self.torch.autograd.grad
        self.like = next((p for p in parameters if p.is_floating_point()), None)

    def input(self, x: Any, track: bool = False) -> Any:
        tensor = x.detach() if is_torch_tensor(x) else self.torch.as_tensor(np.array(as_array(x)))
        floating = tensor.is_floating_point()
        if self.like is not None:
            tensor = tensor.to(self.like.device, self.like.dtype if floating else tensor.dtype)
        return tensor.clone().requires_grad_(track and floating)

    def owns(self, thing: Any) -> bool:
        return is_torch_tensor(thing)


def _check_loss(loss: Any, is_tensor: bool) -> None:
    if not is_tensor:
        raise TypeError(f"the loss is a {type(loss).__name__}: compute it with the model's answer, and return a tensor")
    if loss.numel() != 1:
        raise ValueError(f"the loss has shape {tuple(loss.shape)}, not one number: end it with .mean() or .sum()")
    if not loss.requires_grad:
        raise RuntimeError(
            "the loss depends on nothing that has a gradient: all parameters are frozen (requires_grad=False) and the "
            "inputs are integers, or the model computes inside no_grad() or detaches its answer"
        )


class OwnTape(Tape):
    """A lesson's own values, of the class of the parameters: arrays, as in lesson 05."""

    def __init__(self, make: type):
        self.make = make

    def input(self, x: Any, track: bool = False) -> Any:
        return self._wrapped(as_array(x).copy())

    def _wrapped(self, numbers: Any) -> Any:
        value = self.make(numbers)
        if hasattr(value, "requires_grad"):
            value.requires_grad = True
        return value

    def owns(self, thing: Any) -> bool:
        return is_own_value(thing)

    def total(self, answer: Any) -> Any:
        return answer.sum() if hasattr(answer, "sum") else reduce(add, _values(answer))

    def gradients(self, loss: Any, wanted: Sequence[Any]) -> Gradients:
        """By the values' own backward(); every `.grad` it could add to is put back."""
        if not is_own_value(loss):
            raise TypeError(
                f"the loss is a {type(loss).__name__}: compute it with the model's answer, so that it has a backward()"
            )
        values = {id(v): v for v in (*_behind(loss), *_values(wanted))}.values()
        before = [(value, value.grad) for value in values]
        try:
            for value, grad in before:
                value.grad = np.zeros_like(grad) if isinstance(grad, np.ndarray) else None if grad is None else 0.0
            loss.backward()
            return [_grad(handle) for handle in wanted]
        finally:
            for value, grad in before:
                value.grad = grad


class OwnScalars(OwnTape):
    """A lesson's own values that are single numbers, as in lesson 03: an example is a list of them, and a batch (N, d)
    takes N runs."""

    def given(self, inputs: Sequence[Any], track: bool) -> Given:
        arrays = [as_array(x) for x in inputs]
        if not any(array.ndim > 1 for array in arrays):
            return super().given(arrays, track)
        if len({len(array) for array in arrays}) > 1 or not len(arrays[0]):
            shapes = [array.shape for array in arrays]
            raise ValueError(f"inputs of shapes {shapes}: each needs the same number of rows, and one at least")
        return [tuple(self.input(row, track) for row in rows) for rows in zip(*arrays)]

    def input(self, x: Any, track: bool = False) -> Any:
        return self._wrapped(as_array(x).tolist())

    def _wrapped(self, numbers: Any) -> Any:
        return [self._wrapped(n) for n in numbers] if isinstance(numbers, list) else super()._wrapped(numbers)


class PlainScalars(OwnScalars):
    """The same, while the inputs are python's own numbers."""

    def _wrapped(self, numbers: Any) -> Any:
        return numbers


def _values(thing: Any) -> Iterator[Any]:
    """The values in a nest of lists."""
    if is_own_value(thing):
        yield thing
    elif isinstance(thing, list | tuple):
        for part in thing:
            yield from _values(part)


def _behind(loss: Any) -> list[Any]:
    """Every value that the loss was computed from, however deep the graph."""
    seen, todo = {id(loss)}, [loss]
    for value in todo:  # the list grows while we walk it
        fresh = [parent for parent in origins(value) if id(parent) not in seen]
        seen |= {id(parent) for parent in fresh}
        todo += fresh
    return todo


def _grad(handle: Any) -> np.ndarray | None:
    if isinstance(handle, list | tuple):
        grads = [_grad(part) for part in handle]
        return None if any(g is None for g in grads) else np.array(grads)
    grad = getattr(handle, "grad", None)
    return None if grad is None else np.array(as_array(grad))


def first_tensor(answer: Any, tape: Tape) -> Any:
    """The first tensor of an answer, None if there is none; of a lesson's own scalars all that are in a list."""
    if tape.owns(answer):
        return answer
    if isinstance(answer, list) and isinstance(tape, OwnTape):
        return answer if answer and first_tensor(answer[0], tape) is not None else None
    found = (first_tensor(part, tape) for _, part in several(answer) or ())
    return next((tensor for tensor in found if tensor is not None), None)


def tapes(parameters: Sequence[Any], inputs: Sequence[Any], kind: str, track: bool) -> list[Tape]:
    """With what to call a model: one tape where its parameters or its inputs tell, else several to try in turn."""
    for x in (*parameters, *inputs):
        if isinstance(x, Tensor) or kind == "learnnn":
            return [LearnnnTape([p for p in parameters if isinstance(p, Tensor)])]
        if is_torch_tensor(x) or kind == "torch":
            return [TorchTape([p for p in parameters if is_torch_tensor(p)])]
        if is_own_value(x):
            return _own_tapes(x, track)
    if track and parameters:
        raise TypeError(NO_GRADIENTS)
    return [*([] if track else [Tape()]), *_guesses()]


def _guesses() -> Iterator[Tape]:
    """A function of tensors may hold some that cannot be seen from outside: after the inputs' own precision, the usual
    one is tried."""
    for precision in ((), (autograd.wrap(np.empty(0, get_default_dtype())),)):
        yield LearnnnTape(precision)
    if torch := sys.modules.get("torch"):
        for precision in ((), (torch.empty(0),)):
            yield TorchTape(precision)


def _own_tapes(value: Any, track: bool) -> list[Tape]:
    """Plain numbers first, as most models take them and fewer values are made; values where gradients are asked for."""
    scalar = not isinstance(value.data, np.ndarray)
    wrapping: Tape = OwnScalars(type(value)) if scalar else OwnTape(type(value))
    plain: Tape = PlainScalars(type(value)) if scalar else Tape()
    return [wrapping] if track else [plain, wrapping]
