"""What a gradient check can be run on, brought to one form: outputs of arrays, and gradients of arrays."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ... import autograd
from ...tensor import Tensor
from ..models.kind import is_torch

Arrays = dict[str, np.ndarray]


class Subject:
    """A function under test. `arrays` are its checked inputs in float64, by name; they are all it is asked about.

    `outputs(arrays)` computes, `gradients(arrays, cotangents)` asks the function for its own answer: an array a
    name, None where it gives none.
    """

    def __init__(self, fn: Callable, inputs: Sequence[Any], names: Sequence[str] | None):
        self.fn, self.inputs = fn, list(inputs)
        self.names = list(names) if names else [f"input {i}" for i in range(len(self.inputs))]
        if len(self.names) != len(self.inputs):
            raise ValueError(f"names has {len(self.names)} entries for {len(self.inputs)} inputs")
        self.checked = [i for i, x in enumerate(self.inputs) if self.wants(x)]
        self.arrays = {self.names[i]: self.to_array(self.inputs[i]) for i in self.checked}

    def wants(self, x: Any) -> bool:
        """Floating-point inputs are checked; integers, labels and options are held as they are."""
        return np.asarray(x).dtype.kind == "f"

    def to_array(self, x: Any) -> np.ndarray:
        return np.array(x, np.float64)

    def fill(self, arrays: Arrays, make: Callable[[np.ndarray], Any]) -> list[Any]:
        """All inputs, the checked ones made anew from `arrays`."""
        given = {i: make(arrays[self.names[i]].copy()) for i in self.checked}
        return [given[i] if i in given else copy.copy(x) for i, x in enumerate(self.inputs)]

    def outputs(self, arrays: Arrays) -> list[np.ndarray]:
        raise NotImplementedError

    def gradients(self, arrays: Arrays, cotangents: list[np.ndarray]) -> dict[str, Any]:
        raise NotImplementedError


def flat(out: Any) -> list[Any]:
    """The parts of an output: one, or those of a tuple, a list or a dictionary."""
    if isinstance(out, Mapping):
        return list(out.values())
    return list(out) if isinstance(out, tuple | list) else [out]


# ------------------------------------------------------------------------------- f(*arrays) -> (output, backward)
class Pair(Subject):
    """A numpy function that returns its output and the function that takes gradients back."""

    def outputs(self, arrays: Arrays) -> list[np.ndarray]:
        out, _ = self.fn(*self.fill(arrays, np.asarray))
        return [np.array(part) for part in flat(out)]

    def gradients(self, arrays: Arrays, cotangents: list[np.ndarray]) -> dict[str, Any]:
        out, backward = self.fn(*self.fill(arrays, np.asarray))
        found = backward(tuple(cotangents) if isinstance(out, tuple | list) else cotangents[0])
        found = list(found) if isinstance(found, tuple | list) else [found]
        if len(found) not in (len(self.checked), len(self.inputs)):
            raise ValueError(
                f"backward returned {len(found)} gradient{'s' * (len(found) != 1)} for {len(self.inputs)} inputs: it "
                "must give one for each, as a tuple"
            )
        at = self.checked if len(found) == len(self.inputs) else range(len(found))
        return {self.names[i]: found[k] for i, k in zip(self.checked, at)}


def is_pair(out: Any) -> bool:
    return isinstance(out, tuple) and len(out) == 2 and callable(out[1]) and not isinstance(out[1], Tensor)


# ----------------------------------------------------------------------------------------------- learnnn tensors
class Recorded(Subject):
    """A function of learnnn tensors, or a learnnn module, whose parameters are checked as well."""

    def __init__(self, fn: Callable, inputs: Sequence[Any], names: Sequence[str] | None):
        self.chosen = any(isinstance(x, Tensor) and x.requires_grad for x in inputs)
        super().__init__(fn, inputs, names)
        self.model = _private_copy(fn) if hasattr(fn, "named_parameters") else None
        self.parameters = dict(self.model.named_parameters()) if self.model is not None else {}
        self.parameters = {name: p for name, p in self.parameters.items() if p.requires_grad}
        self.arrays |= {name: p.array.copy() for name, p in self.parameters.items()}

    def wants(self, x: Any) -> bool:
        if isinstance(x, Tensor):
            return x.requires_grad if self.chosen else x.is_floating_point()
        return not self.chosen and isinstance(x, np.ndarray) and x.dtype.kind == "f"

    def to_array(self, x: Any) -> np.ndarray:
        return np.array(x.array if isinstance(x, Tensor) else x, np.float64)

    def call(self, arrays: Arrays, record: bool) -> tuple[dict[str, Any], list[Any]]:
        leaves = {}

        def make(array: np.ndarray) -> Any:
            return autograd.wrap(array).requires_grad_()

        given = self.fill(arrays, make)
        leaves = {self.names[i]: given[i] for i in self.checked} | self.parameters
        for name, parameter in self.parameters.items():
            parameter.array, parameter.grad = arrays[name].copy(), None
        with autograd.set_grad_enabled(record):
            given = [_in_double(x) for x in given]
            outs = [
                o for o in flat(_run(self.fn if self.model is None else self.model, given)) if isinstance(o, Tensor)
            ]
        if not outs:
            raise TypeError("the function returned no tensor: compute the result with tensors and return it")
        return leaves, [o for o in outs if o.is_floating_point()]

    def outputs(self, arrays: Arrays) -> list[np.ndarray]:
        return [out.array.copy() for out in self.call(arrays, record=False)[1]]

    def gradients(self, arrays: Arrays, cotangents: list[np.ndarray]) -> dict[str, Any]:
        leaves, outs = self.call(arrays, record=True)
        linked = [(o, autograd.wrap(c.astype(o.dtype))) for o, c in zip(outs, cotangents) if o.requires_grad]
        if not linked:
            return dict.fromkeys(leaves)
        ends, starts = zip(*linked)
        found = autograd.grad(ends, list(leaves.values()), starts, allow_unused=True)
        return {name: None if g is None else g.array for name, g in zip(leaves, found)}


def _run(fn: Callable, given: Sequence[Any]) -> Any:
    try:
        return fn(*given)
    except RuntimeError as error:
        if "dtype" not in str(error):
            raise
        raise RuntimeError(
            "gradcheck computes in float64, and the function holds a tensor or a model in another precision: call "
            f".double() on that first, or pass the module itself instead of a function around it ({error})"
        ) from error


def _in_double(x: Any) -> Any:
    """Constants among the inputs, in float64 too: a float32 one would cost all the digits."""
    if isinstance(x, Tensor) and x.is_floating_point() and x.dtype != np.float64:
        return autograd.wrap(x.array.astype(np.float64))
    return x


def _private_copy(model: Any) -> Any:
    """The module in float64, apart from the original, which keeps its numbers and its gradients."""
    model = copy.deepcopy(model)
    buffers = model.named_buffers() if hasattr(model, "named_buffers") else ()
    for _, tensor in [*model.named_parameters(), *buffers]:
        if isinstance(tensor, Tensor) and tensor.is_floating_point():
            tensor.array, tensor.grad = tensor.array.astype(np.float64), None
    return model


# ----------------------------------------------------------------------------------------------- PyTorch
class Torch(Subject):
    """A function of PyTorch tensors, or a PyTorch module. PyTorch is there already, or nobody could pass one."""

    def __init__(self, fn: Callable, inputs: Sequence[Any], names: Sequence[str] | None):
        self.torch = sys.modules["torch"]
        self.chosen = any(is_torch(x) and x.requires_grad for x in inputs)
        super().__init__(fn, inputs, names)
        self.model = _in_double_copy(fn) if is_torch(fn) else None
        self.parameters = dict(self.model.named_parameters()) if self.model is not None else {}
        self.parameters = {name: p for name, p in self.parameters.items() if p.requires_grad}
        self.arrays |= {name: self.to_array(p) for name, p in self.parameters.items()}

    def wants(self, x: Any) -> bool:
        if is_torch(x):
            return x.requires_grad if self.chosen else x.is_floating_point()
        return not self.chosen and isinstance(x, np.ndarray) and x.dtype.kind == "f"

    def to_array(self, x: Any) -> np.ndarray:
        return np.array(x.detach().numpy(force=True) if is_torch(x) else x, np.float64)

    def call(self, arrays: Arrays, record: bool) -> tuple[dict[str, Any], list[Any]]:
        given = self.fill(arrays, lambda array: self.torch.as_tensor(array).requires_grad_())
        leaves = {self.names[i]: given[i] for i in self.checked} | self.parameters
        given = [x.double() if is_torch(x) and x.is_floating_point() else x for x in given]
        with self.torch.no_grad():
            for name, parameter in self.parameters.items():
                parameter.copy_(self.torch.as_tensor(arrays[name]))
        with self.torch.set_grad_enabled(record):
            outs = [o for o in flat(_run(self.fn if self.model is None else self.model, given)) if is_torch(o)]
        if not outs:
            raise TypeError("the function returned no tensor: compute the result with tensors and return it")
        return leaves, [o for o in outs if o.is_floating_point()]

    def outputs(self, arrays: Arrays) -> list[np.ndarray]:
        return [np.array(out.detach().numpy(force=True)) for out in self.call(arrays, record=False)[1]]

    def gradients(self, arrays: Arrays, cotangents: list[np.ndarray]) -> dict[str, Any]:
        leaves, outs = self.call(arrays, record=True)
        linked = [(o, self.torch.as_tensor(c).to(o.dtype)) for o, c in zip(outs, cotangents) if o.requires_grad]
        if not linked:
            return dict.fromkeys(leaves)
        ends, starts = zip(*linked)
        found = self.torch.autograd.grad(ends, list(leaves.values()), starts, allow_unused=True)
        return {name: None if g is None else g.detach().numpy(force=True) for name, g in zip(leaves, found)}


def _in_double_copy(module: Any) -> Any:
    return copy.deepcopy(module).double()
