"""Picking elements out and putting them back: two operations that are each other's gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ops
from ..autograd import Variable, differentiable


def plain_index(index: Any) -> Any:
    """An index as numpy takes it: tensors inside it become arrays."""
    if isinstance(index, tuple):
        return tuple([plain_index(i) for i in index])
    if isinstance(index, Variable):
        whole = index.array.ndim == 0 and index.array.dtype.kind in "iu"  # such a one picks as a number does
        return int(index.array) if whole else index.array
    if isinstance(index, str):
        raise TypeError(f"a tensor is indexed by numbers, slices, None, ... and tensors, not by the name {index!r}")
    if isinstance(index, slice):
        if index.step is not None and index.step < 0:
            raise ValueError("step must be greater than zero: use flip(x, dims) to turn an axis round")
        if any(isinstance(end, Variable) for end in (index.start, index.stop)):
            ends = (index.start, index.stop, index.step)
            return slice(*[end.array.item() if isinstance(end, Variable) else end for end in ends])
    return np.asarray(index, bool if not index else None) if isinstance(index, list) else index


def _numbers_first(index: Any) -> tuple[Any, Any]:
    """An index in two steps, plain numbers before arrays: taken at once, numpy would move axes to the front."""
    if _is_basic(index) or not isinstance(index, tuple) or not any(_is_number(p) for p in index):
        return ..., index
    first: list[Any] = []
    for p in index:
        if p is not None:
            masked = getattr(p, "dtype", None) == bool
            first += [p] if _is_number(p) or p is ... else [slice(None)] * (p.ndim if masked else 1)
    return tuple(first), tuple([p for p in index if not _is_number(p)])


def _is_number(part: Any) -> bool:
    return isinstance(part, int | np.integer) and not isinstance(part, bool)


def _is_basic(index: Any) -> bool:
    """Only numbers, slices, None and ...: each element is picked at most once."""
    parts = index if isinstance(index, tuple) else (index,)
    return not any(isinstance(p, np.ndarray | list) for p in parts)


@differentiable(view=True, input=lambda g, index, input_shape: ops.put(g, index, input_shape))
def getitem(input, index):
    """input[index]: by numbers, slices, None, ..., integer tensors and boolean masks.

    >>> import learnnn
    >>> learnnn.arange(6).reshape(2, 3)[:, [0, 2]].tolist()
    [[0, 2], [3, 5]]
    """
    first, second = _numbers_first(index)
    out = input[first][second]
    if not isinstance(out, np.ndarray):  # one element: numpy copies it out, while a view can be written to
        out = input[first][(*second, ...) if isinstance(second, tuple) else (second, ...)]
    return out


@differentiable(input=lambda g, index: ops.getitem(g, index))
def put(input, index, shape):
    """Zeros of `shape`, with `input` added at `index`: the transpose of `getitem`."""
    out = np.zeros(shape, input.dtype)
    if _is_basic(index) or getattr(index, "dtype", None) == bool:
        out[index] = input
    else:
        first, second = _numbers_first(index)
        if (axis := _rising_along(second)) is None:
            np.add.at(out[first], second, input)
        else:
            _add_along(out[first], second[axis], input, axis)
    return out


def _rising_along(index: Any) -> int | None:
    """The axis that is picked along, by numbers that never fall, if all others are taken whole."""
    parts = index if isinstance(index, tuple) else ()
    axes = [i for i, p in enumerate(parts) if not (isinstance(p, slice) and p == slice(None))]
    if len(axes) != 1 or not isinstance(at := parts[axes[0]], np.ndarray) or at.dtype.kind not in "iu" or at.ndim != 1:
        return None
    return axes[0] if at.size and at[0] >= 0 and (np.diff(at) >= 0).all() else None


def _add_along(out: np.ndarray, index: np.ndarray, input: np.ndarray, axis: int) -> None:
    """What was picked along one axis is added: first what came first of all elements, then what came second, ..."""
    nth = np.arange(len(index)) - np.searchsorted(index, index)  # 0 0 1 0 for the numbers 2 3 3 5
    for i in range(nth.max() + 1):
        some = np.flatnonzero(nth == i)
        out[(slice(None),) * axis + (index[some],)] += np.take(input, some, axis)


@differentiable(
    input=lambda g, index: ops.replace(g, index, 0.0),
    value=lambda g, index: ops.getitem(g, index),
)
def replace(input, index, value):
    """A copy of input with `value` at `index`; assignment through an index is this, in place."""
    return assign(np.array(input), index, value)


def assign(array: np.ndarray, index: Any, value: Any) -> np.ndarray:
    """array[index] = value. RuntimeError if the value's shape does not fit."""
    if isinstance(value, str):
        raise TypeError(f"can't assign a str to a tensor of {array.dtype}: {value!r} is no number")
    try:
        first, second = _numbers_first(index)
        array[first][second] = value
    except ValueError:
        raise RuntimeError(
            f"shape mismatch: a value of shape {list(np.shape(value))} cannot be broadcast to the place it is assigned "
            f"to, of shape {list(array[index].shape)}"
        ) from None
    return array
