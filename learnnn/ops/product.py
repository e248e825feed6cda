"""Products along an axis. Where nothing is zero, the others' product is the whole one divided by one's own; where
something is, it is multiplied out again for each element with a 1 in its place."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ops
from ..autograd import differentiable
from .reduce import axes, spread


def _without_own(x: Any) -> Any:
    """(..., n) -> (..., n, n): x once more for each of its elements, with a 1 in that element's place."""
    return ops.where(np.eye(x.shape[-1], dtype=bool), 1.0, ops.unsqueeze(x, -2))


def _whole(input: np.ndarray, dtype: Any) -> Any:
    return dtype or (np.int64 if input.dtype.kind in "bui" else input.dtype)


def _prod_rule(g: Any, y: Any, input: Any, dim: Any, keepdim: bool) -> Any:
    wide = spread(g, input.shape, dim, keepdim)
    if not (input == 0).any():
        return wide * spread(y, input.shape, dim, keepdim) / input
    if dim is None or input.ndim == 0:
        return wide * ops.reshape(ops.prod(_without_own(ops.reshape(input, (-1,))), -1), input.shape)
    return wide * ops.movedim(ops.prod(_without_own(ops.movedim(input, dim, -1)), -1), -1, dim)


@differentiable(quiet=True, input=_prod_rule)
def prod(input, dim=None, keepdim=False, dtype=None):
    """The product over `dim`, or of all elements; whole numbers give int64.

    >>> import learnnn
    >>> learnnn.prod(learnnn.tensor([[1.0, 2.0], [3.0, 4.0]]), dim=1)
    tensor([ 2., 12.])
    """
    return input.prod(axis=axes(dim, input.ndim), keepdims=keepdim, dtype=_whole(input, dtype))


def _cumprod_rule(g: Any, y: Any, input: Any, dim: int) -> Any:
    if input.ndim == 0:
        return g
    if not (input == 0).any():
        return ops.flip(ops.cumsum(ops.flip(g * y, (dim,)), dim), (dim,)) / input
    rest = ops.triu(ops.cumprod(_without_own(ops.movedim(input, dim, -1)), -1))  # (..., i, k): of x_k by x_i
    return ops.movedim(ops.sum(rest * ops.unsqueeze(ops.movedim(g, dim, -1), -2), -1), -1, dim)


@differentiable(quiet=True, input=_cumprod_rule)
def cumprod(input, dim, dtype=None):
    """Running products along `dim`."""
    (axis,) = axes(dim, input.ndim) or (0,)
    return np.cumprod(input, axis=axis, dtype=_whole(input, dtype)).reshape(input.shape)
