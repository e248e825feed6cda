"""Which form of subject fits a function and its inputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ... import autograd
from ...tensor import Tensor
from ..models.kind import is_own_value, is_torch
from .subjects import Pair, Recorded, Subject, Torch, flat, is_pair
from .values import Values, own_parameters


def subject(fn: Callable, inputs: Sequence[Any], names: Sequence[str] | None) -> Subject:
    """The form that fits a function and its inputs."""
    if not callable(fn):
        raise TypeError(f"gradcheck(fn, inputs): fn must be a function or a module, not a {type(fn).__name__}")
    if is_torch(fn) or any(map(is_torch, inputs)):
        return Torch(fn, inputs, names)
    if any(map(is_own_value, inputs)) or own_parameters(fn):
        return Values(fn, inputs, names)
    if hasattr(fn, "named_parameters") or any(isinstance(x, Tensor) for x in inputs):
        return Recorded(fn, inputs, names)
    return _of_arrays(fn, inputs, names)


def _of_arrays(fn: Callable, inputs: Sequence[Any], names: Sequence[str] | None) -> Subject:
    """Arrays: the (output, backward) form if that is what comes back, else tensors are tried."""
    pair = Pair(fn, inputs, names)
    out = fn(*pair.fill(pair.arrays, np.asarray))
    if is_pair(out):
        return pair
    arrays = [np.asarray(x, np.float64) if i in pair.checked else x for i, x in enumerate(inputs)]
    tensors = [autograd.wrap(x.copy()).requires_grad_() if i in pair.checked else x for i, x in enumerate(arrays)]
    try:
        results = flat(fn(*tensors))
    except Exception:
        results = []
    if any(isinstance(result, Tensor) for result in results):
        return Recorded(fn, arrays, names)
    raise TypeError(
        f"{getattr(fn, '__name__', 'the function')} returned {_what(out)}, which has no gradient to check. A function "
        "of arrays must return (output, backward); or pass tensors and return a tensor"
    )


def _what(out: Any) -> str:
    if isinstance(out, tuple):
        return f"a tuple of {len(out)} ({', '.join(type(part).__name__ for part in out)})"
    return "None" if out is None else f"a {type(out).__name__}"
