"""The length of a vector or a matrix, by one of many norms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import ops
from ..autograd import differentiable
from .reduce import axes, spread


def _norm_rule(g: Any, y: Any, input: Any, ord: float, dim: Any, keepdim: bool) -> Any:
    """At zero, where a norm has a kink, the gradient is 0."""
    g, y = spread(g, input.shape, dim, keepdim), spread(y, input.shape, dim, keepdim)
    if ord in (math.inf, -math.inf):
        chosen = (ops.abs(input) == y) * 1
        return g * ops.sign(input) * chosen / chosen.sum(axes(dim, len(input.shape)), keepdims=True)
    if ord == 0:
        return g * 0
    if ord == 1:
        return g * ops.sign(input)
    if ord == 2:
        return g * ops.where(y == 0, 0.0, input / ops.where(y == 0, 1.0, y))
    ratio = ops.where(input == 0, 1.0, ops.abs(input)) / ops.where(y == 0, 1.0, y)
    return g * ops.sign(input) * ops.where(input == 0, 0.0, ops.pow(ratio, ord - 1))


@differentiable(quiet=True, input=_norm_rule)
def vector_norm(input, ord=2, dim=None, keepdim=False):
    """(sum |x| ** ord) ** (1 / ord) over `dim`; the largest |x| for inf, how many are not zero for 0."""
    if input.dtype.kind != "f":
        raise RuntimeError(f"linalg.vector_norm: Expected a floating point tensor as input. Got {input.dtype}")
    x, over = np.abs(input), {"axis": axes(dim, input.ndim), "keepdims": keepdim}
    if ord in (math.inf, -math.inf):
        return x.max(**over) if ord > 0 else x.min(**over)
    if ord == 0:
        return (x != 0).sum(**over).astype(x.dtype)
    if ord in (1, 2):
        return x.sum(**over) if ord == 1 else np.sqrt((x * x).sum(**over))
    return (x**ord).sum(**over) ** (1 / ord)


def matrix_norm(A: Any, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False) -> Any:
    """The norm of matrices: 'fro' (of all elements), 1 (the largest column sum) or inf (the largest row sum).

    RuntimeError for those that need singular values (2, -2, 'nuc'), which are not offered.
    """
    row, column = axes(dim, A.ndim)
    if ord == "fro":
        return ops.vector_norm(A, 2, (row, column), keepdim)
    if ord not in (1, -1, math.inf, -math.inf):
        raise RuntimeError(f"linalg.matrix_norm: order {ord} is not supported: it is 'fro', 1, -1, inf or -inf")
    if A.dtype.kind != "f":
        raise RuntimeError(f"linalg.matrix_norm: Expected a floating point tensor as input. Got {A.dtype}")
    over, along = (row, column) if ord in (1, -1) else (column, row)
    sums = ops.sum(ops.abs(A), over, True)
    out = (ops.amax if ord > 0 else ops.amin)(sums, along, True)
    return out if keepdim else ops.squeeze(out, (row, column))


def norm(input: Any, p: Any = "fro", dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    """torch.norm: the length of the vector along `dim`, or of all elements, by its order `p`.

    >>> import learnnn
    >>> learnnn.norm(learnnn.tensor([3.0, 4.0]))
    tensor(5.)
    """
    if isinstance(p, str) and p != "fro":
        raise RuntimeError(f"norm: p={p!r} is not supported: it is 'fro' or a number")
    input = input if dtype is None else ops.to(input, np.dtype(dtype))
    return ops.vector_norm(input, 2 if p in ("fro", None) else p, dim, keepdim)
