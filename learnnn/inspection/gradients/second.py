"""The gradient as a function of its own, so that a gradient check can be made of it: second derivatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import autograd
from .subjects import Arrays, Recorded, Subject, Torch


class Second(Subject):
    """The gradients of a function of tensors: functions of its inputs, and of the gradient that arrives."""

    def __init__(self, inner: Recorded | Torch, seed: int):
        self.inner = inner
        self.grad: Callable = inner.torch.autograd.grad if isinstance(inner, Torch) else autograd.grad
        starts = [out for out in inner.outputs(inner.arrays) if out.dtype.kind == "f"]
        names = ["grad_output"] if len(starts) == 1 else [f"grad_output {i}" for i in range(len(starts))]
        rng = np.random.default_rng(seed + 1)
        self.starts = {name: rng.normal(size=start.shape) for name, start in zip(names, starts)}
        self.arrays = {**inner.arrays, **self.starts}

    def wrapped(self, array: np.ndarray) -> Any:
        return self.inner.torch.as_tensor(array) if isinstance(self.inner, Torch) else autograd.wrap(array)

    def first(self, arrays: Arrays, create_graph: bool) -> tuple[dict[str, Any], list[Any]]:
        """The leaves by name, and the first gradient of each input of the function: None where it has none."""
        leaves, outs = self.inner.call(arrays, record=True)
        starts = {name: self.wrapped(arrays[name].copy()).requires_grad_(create_graph) for name in self.starts}
        linked = [(out, start) for out, start in zip(outs, starts.values()) if out.requires_grad]
        if not linked:
            return leaves | starts, [None] * len(leaves)
        ends, given = zip(*linked)
        found = self.grad(ends, list(leaves.values()), given, create_graph=create_graph, allow_unused=True)
        return leaves | starts, list(found)

    def outputs(self, arrays: Arrays) -> list[np.ndarray]:
        leaves, found = self.first(arrays, create_graph=False)
        return [np.zeros(tuple(x.shape)) if g is None else _numbers(g) for x, g in zip(leaves.values(), found)]

    def gradients(self, arrays: Arrays, cotangents: list[np.ndarray]) -> dict[str, Any]:
        leaves, found = self.first(arrays, create_graph=True)
        linked = [(g, self.wrapped(c)) for g, c in zip(found, cotangents) if g is not None and g.requires_grad]
        if not linked:
            return dict.fromkeys(leaves)
        ends, given = zip(*linked)
        twice = self.grad(ends, list(leaves.values()), given, allow_unused=True)
        return {name: None if g is None else _numbers(g) for name, g in zip(leaves, twice)}


def _numbers(tensor: Any) -> np.ndarray:
    return np.array(tensor.detach().numpy())


def second(under: Subject, seed: int) -> Second:
    """The subject of a second check; TypeError for what gives its first gradient as bare numbers."""
    if isinstance(under, Recorded | Torch):
        return Second(under, seed)
    raise TypeError(
        "gradgradcheck differentiates the gradient itself, so that has to be computed by operations that remember; "
        "the backward of (output, backward) and of your own values gives bare numbers. Write the function with "
        "operations on tensors, learnnn's or PyTorch's (autograd.from_backward takes `plain` or `twice=True` for this)"
    )
