"""Operations that make an axis smaller, and softmax, which is made of them.

`dim` is an axis, a tuple of axes or None for all; `keepdim` leaves a reduced axis in place with size 1.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from .. import ops
from ..autograd import Variable, differentiable
from .dtypes import floating


def axes(dim: Any, ndim: int) -> tuple[int, ...]:
    """The axes that `dim` names, counted from the front.

    IndexError if there is no such axis.

    >>> axes(-1, 3), axes(None, 2)
    ((2,), (0, 1))
    """
    dims = range(ndim) if dim is None else dim if isinstance(dim, tuple | list) else (dim,)
    top = ndim or 1  # a 0-d tensor can be reduced over axis 0 or -1
    for d in dims:
        if not -top <= d < top:
            raise IndexError(f"Dimension out of range (expected to be in range of [{-top}, {top - 1}], but got {d})")
    places = tuple([d % top for d in dims])
    if len(set(places)) < len(places):
        raise RuntimeError(f"a dim appears multiple times in the list of dims {list(dims)}")
    return places if ndim else ()


def _count(shape: tuple[int, ...], dim: Any) -> int:
    return math.prod([shape[d] for d in axes(dim, len(shape))])


def spread(g: Any, shape: tuple[int, ...], dim: Any, keepdim: bool) -> Any:
    """A reduced value, repeated over the axes it was reduced over: the transpose of sum.

    >>> spread(np.array([1.0, 2.0]), (2, 3), 1, False).tolist()
    [[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]]
    """
    gone = axes(dim, len(shape))
    if not keepdim:
        g = g.reshape([1 if i in gone else n for i, n in enumerate(shape)])
    return ops.broadcast_to(g, shape)


@differentiable(quiet=True, input=lambda g, input_shape, dim, keepdim: spread(g, input_shape, dim, keepdim))
def sum(input, dim=None, keepdim=False, dtype=None):
    """The sum over the axes `dim`; integers and booleans add up to int64.

    >>> import learnnn
    >>> learnnn.sum(learnnn.ones(2, 3), dim=1)
    tensor([3., 3.])
    """
    if dtype is None and input.dtype.kind in "bui":
        dtype = np.int64
    return input.sum(axis=axes(dim, input.ndim), keepdims=keepdim, dtype=dtype)


@differentiable(
    quiet=True,
    input=lambda g, input_shape, dim, keepdim: spread(g / (_count(input_shape, dim) or 1), input_shape, dim, keepdim),
)
def mean(input, dim=None, keepdim=False, dtype=None):
    """The mean over the axes `dim`. RuntimeError for integers, which have no mean of their own kind."""
    input = input if dtype is None else input.astype(dtype)
    if input.dtype.kind not in "fc":
        raise RuntimeError(
            "mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. "
            f"Got: {input.dtype}: use x.float().mean()"
        )
    n = _count(input.shape, dim)
    total = input.sum(axis=axes(dim, input.ndim), keepdims=keepdim)
    return total / n if n else total * np.nan


def _var_rule(g: Any, input: Any, dim: Any, correction: float, keepdim: bool) -> Any:
    freedom = _count(input.shape, dim) - correction
    scale = 2.0 / freedom if freedom > 0 else math.nan
    return spread(g, input.shape, dim, keepdim) * (input - ops.mean(input, dim, True)) * scale


@differentiable(quiet=True, input=_var_rule)
def var(input, dim=None, correction=1, keepdim=False):
    """The variance over the axes `dim`, divided by n - correction. RuntimeError for integers."""
    if input.dtype.kind not in "fc":
        raise RuntimeError(f"std and var only support floating point and complex dtypes, got {input.dtype}")
    out = ((input - mean(input, dim, True)) ** 2).sum(axis=axes(dim, input.ndim), keepdims=keepdim)
    return out / np.asarray(np.maximum(_count(input.shape, dim) - correction, 0), out.dtype)


def _std_rule(g: Any, y: Any, input: Any, dim: Any, correction: float, keepdim: bool) -> Any:
    half = ops.where(y == 0, 0.0, g / ops.where(y == 0, 1.0, 2 * y))
    return _var_rule(half, input, dim, correction, keepdim)


@differentiable(quiet=True, input=_std_rule)
def std(input, dim=None, correction=1, keepdim=False):
    """The standard deviation over the axes `dim`; the gradient of a constant's is 0."""
    return np.sqrt(var(input, dim, correction, keepdim))


def extreme_rule(g: Any, y: Any, input: Any, dim: Any, keepdim: bool) -> Any:
    """The gradient of one chosen element: shared between all that are equal to it."""
    chosen = (input == spread(y, input.shape, dim, keepdim)) * 1
    ties = chosen.sum(axes(dim, len(input.shape)), keepdims=True)
    return spread(g, input.shape, dim, keepdim) * chosen / ties


def _some(input: np.ndarray, dim: Any, name: str) -> None:
    if _count(input.shape, dim) == 0:
        error = RuntimeError if dim is None else IndexError
        raise error(
            f"{name}(): Expected reduction dim to be specified and non-empty, the input has {list(input.shape)}"
        )


@differentiable(input=extreme_rule)
def amax(input, dim=None, keepdim=False):
    """The largest element over the axes `dim`; ties share the gradient."""
    _some(input, dim, "amax")
    return input.max(axis=axes(dim, input.ndim), keepdims=keepdim)


@differentiable(input=extreme_rule)
def amin(input, dim=None, keepdim=False):
    """The smallest element over the axes `dim`; ties share the gradient."""
    _some(input, dim, "amin")
    return input.min(axis=axes(dim, input.ndim), keepdims=keepdim)


def _single(dim: Any, name: str) -> None:
    if dim is not None and not isinstance(dim, int):
        raise TypeError(f"{name}: dim must be one whole number, not {dim!r}")


@differentiable()
def argmax(input, dim=None, keepdim=False):
    """The position of the largest element along `dim`, or in the flattened input."""
    _single(dim, "argmax")
    if not _count(input.shape, dim):
        raise IndexError(f"argmax(): Expected reduction dim to be non-empty, the input has {list(input.shape)}")
    return input.argmax(axis=dim, keepdims=keepdim)


@differentiable()
def argmin(input, dim=None, keepdim=False):
    """The position of the smallest element along `dim`, or in the flattened input."""
    _single(dim, "argmin")
    if not _count(input.shape, dim):
        raise IndexError(f"argmin(): Expected reduction dim to be non-empty, the input has {list(input.shape)}")
    return input.argmin(axis=dim, keepdims=keepdim)


class Extremes(NamedTuple):
    """What max and min along one axis hand back."""

    values: Any
    indices: Any


def max(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """The largest element; with `dim`, the largest along it and where it stands; with a tensor, `maximum`.

    >>> import learnnn
    >>> values, indices = learnnn.max(learnnn.tensor([[1.0, 5.0], [7.0, 2.0]]), dim=1)
    >>> values, indices
    (tensor([5., 7.]), tensor([1, 0]))
    """
    if isinstance(dim, Variable):
        return ops.maximum(input, dim)
    return ops.amax(input) if dim is None else _extremes(input, dim, keepdim, ops.argmax)


def min(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """The smallest element; with `dim`, the smallest along it and where it stands; with a tensor, `minimum`."""
    if isinstance(dim, Variable):
        return ops.minimum(input, dim)
    return ops.amin(input) if dim is None else _extremes(input, dim, keepdim, ops.argmin)


def _extremes(input: Any, dim: int, keepdim: bool, arg: Any) -> Extremes:
    _single(dim, "max and min along an axis")
    if input.ndim == 0:
        axes(dim, 0)
        return Extremes(ops.clone(input), arg(input))
    indices = arg(input, dim, True)
    values = ops.gather(input, dim, indices)
    return Extremes(*[x if keepdim else ops.squeeze(x, dim) for x in (values, indices)])


@differentiable()
def count_nonzero(input, dim=None):
    """How many elements over `dim` are not zero."""
    return np.asarray(np.count_nonzero(input, axis=axes(dim, input.ndim)), np.int64)


@differentiable()
def any(input, dim=None, keepdim=False):
    """Whether some element is not zero."""
    return input.any(axis=axes(dim, input.ndim), keepdims=keepdim)


@differentiable()
def all(input, dim=None, keepdim=False):
    """Whether no element is zero."""
    return input.all(axis=axes(dim, input.ndim), keepdims=keepdim)


@differentiable(
    quiet=True,
    input=lambda g, dim: ops.flip(ops.cumsum(ops.flip(g, dim), dim), dim),
    variants={"dtype": lambda input, dim, dtype: ops.cumsum(ops.to(input, np.dtype(dtype)), dim)},
)
def cumsum(input, dim):
    """Running sums along `dim`."""
    (axis,) = axes(dim, input.ndim) or (0,)
    dtype = np.int64 if input.dtype.kind in "bui" else input.dtype
    return np.cumsum(input, axis=axis, dtype=dtype).reshape(input.shape)


# ------------------------------------------------------------------------------------------- softmax family
@differentiable(
    quiet=True,
    input=lambda g, y, input, dim, keepdim: (
        spread(g, input.shape, dim, keepdim) * ops.exp(input - spread(y, input.shape, dim, keepdim))
    ),
)
def logsumexp(input, dim, keepdim=False):
    """log(sum(exp(input))) over `dim`, safe for large inputs: the largest is taken out first."""
    x, gone = floating(input), axes(dim, input.ndim)
    top = _largest(x, dim)
    top = np.where(np.isfinite(top), top, 0)
    out = np.log(np.exp(x - top).sum(axis=gone, keepdims=True)) + top
    return out if keepdim else np.squeeze(out, gone)


def _largest(x: np.ndarray, dim: Any) -> np.ndarray:
    return x.max(axis=axes(dim, x.ndim), keepdims=True, initial=-np.inf)  # -inf where there is nothing


def _with_dtype(name: str) -> dict[Any, Any]:
    """softmax(..., dtype=...): in that dtype from the start."""

    def call(input: Any, dim: int, dtype: Any = None) -> Any:
        return getattr(ops, name)(input if dtype is None else ops.to(input, np.dtype(dtype)), dim)

    return {"dtype": call, 3: call}


@differentiable(
    quiet=True, variants=_with_dtype("softmax"), input=lambda g, y, dim: y * (g - (g * y).sum(dim, keepdims=True))
)
def softmax(input, dim):
    """exp(input) divided by its sum over `dim`: positive numbers that add up to 1.

    >>> import learnnn
    >>> learnnn.softmax(learnnn.tensor([0.0, 0.0]), dim=0)
    tensor([0.5000, 0.5000])
    """
    x = floating(input)
    e = np.exp(x - _largest(x, dim))
    return e / e.sum(axis=axes(dim, x.ndim), keepdims=True)


@differentiable(
    quiet=True,
    variants=_with_dtype("log_softmax"),
    input=lambda g, y, dim: g - ops.exp(y) * g.sum(dim, keepdims=True),
)
def log_softmax(input, dim):
    """log(softmax(input)), without ever taking the logarithm of 0."""
    x = floating(input)
    x = x - _largest(x, dim)
    return x - np.log(np.exp(x).sum(axis=axes(dim, x.ndim), keepdims=True))
