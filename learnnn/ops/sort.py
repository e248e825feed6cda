"""Order: sorting, the largest few, the middle one, and counting what occurs. Equal elements keep their order."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ops
from ..autograd import differentiable, wrap
from .reduce import Extremes, axes, extreme_rule


@differentiable()
def argsort(input, dim=-1, descending=False, stable=False):
    """The positions, along `dim`, of the smallest element, the second smallest, ...; nan counts as the largest."""
    if input.ndim == 0:
        return np.zeros([0] * len(axes(dim, 0)), np.int64)
    (axis,) = axes(dim, input.ndim)
    if not descending:
        return np.argsort(input, axis, kind="stable")
    backward = np.argsort(np.flip(input, axis), axis, kind="stable")
    return input.shape[axis] - 1 - np.flip(backward, axis)


def sort(input: Any, dim: int = -1, descending: bool = False, stable: bool = False) -> Extremes:
    """The elements in order along `dim`, and where each one stood.

    >>> import learnnn
    >>> learnnn.sort(learnnn.tensor([3.0, 1.0, 2.0]))
    Extremes(values=tensor([1., 2., 3.]), indices=tensor([1, 2, 0]))
    """
    return _picked(input, dim, ops.argsort(input, dim, descending))


def _picked(input: Any, dim: int, indices: Any) -> Extremes:
    return Extremes(ops.gather(input, dim, indices) if input.ndim else ops.clone(input), indices)


def topk(input: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Extremes:
    """The k largest (or smallest) elements along `dim`, and where they stand.

    RuntimeError if there are fewer than k.

    >>> import learnnn
    >>> learnnn.topk(learnnn.tensor([3.0, 1.0, 2.0]), 2).indices
    tensor([0, 2])
    """
    n = input.shape[axes(dim, input.ndim)[0]] if input.ndim else 1
    if not 0 <= k <= n:
        raise RuntimeError(f"selected index k out of range: topk of {k} along an axis of {n}")
    order = ops.argsort(input, dim, largest)
    return _picked(input, dim, ops.narrow(order, dim, 0, k) if input.ndim else order)


@differentiable()
def _middle(input, dim):
    """Where the median stands along `dim`, the lower one of two; the first nan, if there is one."""
    if input.ndim == 0:
        return argsort(input, dim)
    if not input.shape[axes(dim, input.ndim)[0]]:
        raise IndexError(f"median(): Expected reduction dim {dim} to have non-zero size, got {list(input.shape)}")
    middle = np.take(argsort(input, dim), [(input.shape[dim] - 1) // 2], dim)
    unknown = input != input
    return np.where(unknown.any(dim, keepdims=True), unknown.argmax(dim, keepdims=True), middle)


@differentiable(input=lambda g, y, input: extreme_rule(g, y, input, None, False))
def _median(input):
    flat = np.append(input.ravel(), [] if input.size else np.nan)
    return np.asarray(flat[_middle(flat, 0)[0]], input.dtype)


def median(input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """The element in the middle, the lower one of two; with `dim`, that along it and where it stands.

    >>> import learnnn
    >>> learnnn.median(learnnn.tensor([4.0, 1.0, 3.0, 2.0]))
    tensor(2.)
    """
    if dim is None:
        return _median(input)
    found = _picked(input, dim, _middle(input, dim))
    return found if keepdim else Extremes(*[ops.squeeze(x, dim) for x in found])


def unique(
    input: Any, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The different elements (or slices along `dim`) in order; where each element went, and how often each occurs.

    >>> import learnnn
    >>> learnnn.unique(learnnn.tensor([3, 1, 3]), return_counts=True)
    (tensor([1, 3]), tensor([1, 2]))
    """
    array = np.asarray(input.detach())
    values, inverse, counts = np.unique(array, return_inverse=True, return_counts=True, axis=dim)
    where = inverse.reshape(array.shape if dim is None else -1)
    found = [values, *[where] * return_inverse, *[counts] * return_counts]
    return tuple(map(wrap, found)) if len(found) > 1 else wrap(values)


@differentiable()
def bincount(input, weights=None, minlength=0):
    """How often each of 0, 1, 2, ... occurs in a vector of whole numbers, or the sum of its weights."""
    if input.ndim != 1 or input.dtype.kind not in "iu" or (input < 0).any():
        raise RuntimeError(
            f"bincount only supports 1-d non-negative integral inputs, got {list(input.shape)} in {input.dtype}"
            + (f", the smallest {input.min()}" if input.size else "")
        )
    if weights is not None and weights.shape != input.shape:
        raise RuntimeError("weights should be 1-d and have the same length as input")
    counts = np.bincount(input, weights, minlength)
    return counts.astype(np.float32) if getattr(weights, "dtype", None) == np.float32 else counts
