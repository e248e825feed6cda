"""Whose model, whose tensor? And what is in it, as an array."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ...nn import Module
from ...tensor import Tensor


def is_torch(thing: Any) -> bool:
    """Is it PyTorch's tensor or module? Nothing is imported to find out."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(thing, (torch.Tensor, torch.nn.Module))


def is_module(thing: Any) -> bool:
    """Is it a module, learnnn's or PyTorch's?

    >>> from learnnn import nn
    >>> is_module(nn.Linear(2, 1)), is_module(abs)
    (True, False)
    """
    return isinstance(thing, Module) or (is_torch(thing) and isinstance(thing, sys.modules["torch"].nn.Module))


def is_torch_tensor(thing: Any) -> bool:
    """Is it a tensor of PyTorch's?"""
    return is_torch(thing) and not is_module(thing)


def is_own_value(thing: Any) -> bool:
    """Is it a number or an array that remembers how it was computed, as lessons 03 and 05 build them?

    Known by what it has: `.data`, `.grad` and `backward()`.
    """
    if isinstance(thing, Tensor | type) or is_torch(thing) or is_module(thing):
        return False
    return hasattr(thing, "data") and hasattr(thing, "grad") and callable(getattr(thing, "backward", None))


def as_array(thing: Any) -> np.ndarray:
    """Any numbers as an array, which may share their memory: an array, a list, a number, a tensor of learnnn's or
    PyTorch's (off the graph, on the CPU), or a lesson's own value, which keeps its numbers in `.data`.

    TypeError for what holds no numbers.

    >>> import learnnn
    >>> as_array(learnnn.ones(2, requires_grad=True))
    array([1., 1.], dtype=float32)
    """
    if isinstance(thing, Tensor):
        return thing.array
    if is_torch_tensor(thing):
        known = thing.detach()  # numpy knows no bfloat16
        return (known.float() if "bfloat16" in str(known.dtype) else known).numpy(force=True)
    if is_own_value(thing):
        return as_array(thing.data)
    if isinstance(thing, list | tuple):
        return np.array([as_array(entry) for entry in thing])
    array = np.asarray(thing)
    if array.dtype != object:
        return array
    if array.ndim == 0:
        raise TypeError(f"a {type(thing).__name__} holds no numbers: a tensor, an array or a list of numbers is needed")
    return np.array([as_array(entry) for entry in array.ravel()]).reshape(array.shape)


def arrays_in(answer: Any) -> Iterator[np.ndarray]:
    """The arrays of an answer: one, or those of each part of a tuple or a dictionary, as of an LSTM.

    >>> [array.tolist() for array in arrays_in((1.0, {"a": [2.0, 3.0]}, None))]
    [1.0, [2.0, 3.0]]
    """
    if (entries := several(answer)) is not None:
        for _, part in entries:
            yield from arrays_in(part)
    elif answer is not None:
        yield as_array(answer)


def several(answer: Any) -> list[tuple[Any, Any]] | None:
    """(place, part) of an answer that has parts: a tuple, a dictionary, a list of tensors. None for a single one, such
    as a list of numbers (or of a lesson's own scalars).

    >>> several((1.0, 2.0)), several([1.0, 2.0])
    ([(0, 1.0), (1, 2.0)], None)
    """
    if isinstance(answer, Mapping):
        return list(answer.items())
    tensors = isinstance(answer, list) and any(isinstance(x, Tensor) or is_torch(x) for x in answer)
    return list(enumerate(answer)) if isinstance(answer, tuple) or tensors else None
