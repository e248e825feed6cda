"""Diagonals: the elements whose two positions differ by a fixed offset."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ops
from ..autograd import differentiable
from .reduce import axes


def _places(n: int, m: int, offset: int) -> tuple[Any, ...]:
    """The index of a diagonal of (..., n, m)."""
    k = np.arange(max(min(n + min(offset, 0), m - max(offset, 0)), 0))
    return ..., k - min(offset, 0), k + max(offset, 0)


def _diagonal_rule(g: Any, input_shape: tuple[int, ...], offset: int, dim1: int, dim2: int) -> Any:
    (one,), (two,) = axes(dim1, len(input_shape)), axes(dim2, len(input_shape))
    n, m = input_shape[one], input_shape[two]
    rest = [size for d, size in enumerate(input_shape) if d not in (one, two)]
    return ops.movedim(ops.put(g, _places(n, m, offset), (*rest, n, m)), (-2, -1), (one, two))


@differentiable(view=True, input=_diagonal_rule)
def diagonal(input, offset=0, dim1=0, dim2=1):
    """The diagonal of the axes dim1 and dim2, as the last axis of a view; an offset above 0 is right of the main one.

    >>> import learnnn
    >>> learnnn.diagonal(learnnn.arange(4).reshape(2, 2)).tolist()
    [0, 3]
    """
    (one,), (two,) = axes(dim1, input.ndim), axes(dim2, input.ndim)
    if one == two:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    out = np.diagonal(input, offset, one, two)
    out.flags.writeable = input.flags.writeable
    return out


def diag(input: Any, diagonal: int = 0) -> Any:
    """A vector as the diagonal of a matrix of zeros, or the diagonal of a matrix as a vector.

    >>> import learnnn
    >>> learnnn.diag(learnnn.tensor([1.0, 2.0])).tolist()
    [[1.0, 0.0], [0.0, 2.0]]
    """
    if input.ndim == 2:
        return ops.clone(ops.diagonal(input, diagonal))
    if input.ndim != 1:
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {input.ndim}D")
    n = input.shape[0] + abs(diagonal)
    return ops.put(input, _places(n, n, diagonal), (n, n))


def trace(input: Any) -> Any:
    """The sum of the diagonal of a matrix."""
    if input.ndim != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {input.ndim}")
    return ops.sum(ops.diagonal(input))
