"""Normalization: numbers moved and scaled to mean 0 and variance 1, over one set of axes or another.

All of them are one fused operation. With z = (x - mean) / sqrt(variance + eps), the gradient of x is that of z less
its mean, less its component along z: moving or scaling x changes nothing.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import ops
from ..autograd import Variable, from_backward, no_grad, wrap
from .linalg import _rows, _sum_rows, ones
from .reduce import axes


def _mean(x: np.ndarray, dims: tuple[int, ...], y: Any = None) -> np.ndarray:
    """The mean of x, or of x * y, over `dims`, which stay with size 1. The last axes as dot products: much faster."""
    if dims == (x.ndim - 1,):
        n = x.shape[-1]
        total = x @ ones(n, x.dtype) if y is None else np.vecdot(x, y)
        return (total / max(n, 1))[..., None]
    start = x.ndim
    while start - 1 in dims:
        start -= 1
    n = math.prod(x.shape[start:])
    rows = x.reshape(*x.shape[:start], n)
    if n == 1:  # nothing to sum but the first axes
        total = x if y is None else x * y
    else:
        total = rows @ ones(n, x.dtype) if y is None else np.vecdot(rows, y.reshape(rows.shape))
    kept = [1 if d in dims else size for d, size in enumerate(x.shape)]
    first = tuple([d for d in dims if d < start])
    total = total.reshape(*x.shape[:start], *kept[start:]).sum(first, keepdims=True)
    return total / max(math.prod([x.shape[d] for d in dims]), 1)


def moments(x: np.ndarray, dims: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance over `dims`, which stay as axes of size 1."""
    mean = _mean(x, dims)
    centred = x - mean
    return mean, _mean(centred, dims, centred)


def _normalize_plain(
    input: Any, weight: Any, bias: Any, dims: Any, eps: float, centred: bool = True, known: Any = None
) -> Any:
    if centred:
        input = input - ops.mean(input, dims, True)
    z = input * ops.rsqrt(ops.mean(input * input, dims, True) + eps)
    z = z if weight is None else z * weight
    return z if bias is None else z + bias


@from_backward(quiet=True, plain=_normalize_plain)
def _normalize(input, weight, bias, dims, eps, centred=True, known=None):
    """`weight` and `bias` broadcast against the input. `known` are its moments, where the caller has them."""
    mean = (known[0] if known else _mean(input, dims)) if centred else None
    x = input - mean if centred else input
    scale = 1 / np.sqrt((known[1] if known else _mean(x, dims, x)) + eps)
    alike = _alike(weight, dims, input.ndim) and _alike(bias, dims, input.ndim)
    factor = (scale * weight).astype(scale.dtype, copy=False) if alike and weight is not None else scale
    out = x * factor
    if not alike and weight is not None:
        out *= weight
    if bias is not None:
        out += bias

    def backward(g: Any) -> tuple[Any, ...]:
        x = input - mean if centred else input.copy()  # once more: kept, it would take as much memory as the input
        gz = g if alike or weight is None else g * weight
        level, along = _mean(gz, dims), _mean(gz, dims, x) * scale  # the means of gz and of gz * z
        n = math.prod([g.shape[d] for d in dims])
        d_weight = None if weight is None else _fold(along * n, weight) if alike else _fold_along(g, weight, x, scale)
        d_bias = None if bias is None else _fold(level * n if alike else g, bias)
        x *= -along * scale * factor
        x += gz * factor
        if centred:
            x -= level * factor
        return x, d_weight, d_bias

    return out, backward


def _alike(parameter: Any, dims: tuple[int, ...], ndim: int) -> bool:
    """Whether a parameter is one number over these axes."""
    return parameter is None or all(d < ndim - parameter.ndim or parameter.shape[d - ndim] == 1 for d in dims)


def _fold(g: np.ndarray, parameter: np.ndarray, z: Any = None) -> np.ndarray:
    """The gradient of a parameter that was broadcast: g, or g * z, summed over where it was."""
    if parameter.ndim == 1 and g.ndim > 1:
        return _sum_rows(g if z is None else g * z)
    wide = (1,) * (g.ndim - parameter.ndim) + parameter.shape
    dims = tuple([d for d, n in enumerate(wide) if n == 1])
    return (_mean(g, dims, z) * math.prod([g.shape[d] for d in dims])).reshape(parameter.shape)


def _fold_along(g: Any, weight: Any, x: Any, scale: Any) -> Any:
    """The gradient of a weight, g * x * scale summed over where it was: one product if there is a scale a row."""
    if weight.ndim == 1 and scale.size * x.shape[-1] == x.size:
        return scale.reshape(-1) @ _rows(g * x)
    return _fold(g, weight, x * scale)


def _aligned(parameter: Any, ndim: int, features: int, name: str) -> Any:
    """(C,) as (C, 1, ...), which broadcasts against (N, C, ...)."""
    if parameter is None:
        return None
    if tuple(parameter.shape) != (features,):
        raise RuntimeError(f"{name} should contain {features} elements, one a channel, not {list(parameter.shape)}")
    return ops.reshape(parameter, (features,) + (1,) * (ndim - 2)) if ndim > 2 else parameter


def _same_dtype(name: str, input: Any, *parameters: Any) -> None:
    """RuntimeError unless the input and the parameters are floats of one dtype; halves may have single parameters."""
    kinds = {p.dtype for p in parameters if p is not None}
    if input.dtype.kind != "f" or not kinds <= {input.dtype, *([_SINGLE] if input.dtype.itemsize == 2 else [])}:
        others = f" with parameters in {', '.join(sorted(map(str, kinds)))}" if kinds else ""
        raise RuntimeError(
            f"{name}: mixed dtype, all inputs must share same datatype: got {input.dtype}{others}; convert the input, "
            "as in x.float()"
        )


_SINGLE = np.dtype(np.float32)


def _array(x: Any) -> np.ndarray:
    return x.array if isinstance(x, Variable) else x


# -------------------------------------------------------------------------------------------- over the batch
def _several(input: Any, what: str, count: int) -> None:
    if count == 1:
        raise ValueError(
            f"Expected more than 1 {what} when training, got input size {list(input.shape)}: one value has no "
            "variance; use a larger batch, or eval()"
        )


def _follow(running: Any, value: np.ndarray, momentum: float) -> None:
    """Move a running estimate towards a new value, in place."""
    if running is not None:
        with no_grad():
            new = wrap(value.reshape(running.shape).astype(running.dtype))
            running.copy_(running * (1 - momentum) + new * momentum)


def batch_norm(
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    """Each channel to mean 0 and variance 1 over the batch: (N, C, ...) (Ioffe and Szegedy 2015).

    In training the batch's own moments are used, and the running ones move towards them in place; else the running
    ones are used. ValueError for one value a channel in training, RuntimeError for parameters of another size.

    >>> import learnnn
    >>> batch_norm(learnnn.tensor([[1.0], [3.0]]), None, None, training=True, eps=0.0).tolist()
    [[-1.0], [1.0]]
    """
    _same_dtype("batch_norm", input, running_mean, running_var, weight, bias)
    c = input.shape[1] if input.ndim > 1 else 0
    count = math.prod(input.shape) // max(c, 1)
    for name, running in (("running_mean", running_mean), ("running_var", running_var)):
        _aligned(running, 2, c, name)
    w, b = _aligned(weight, input.ndim, c, "weight"), _aligned(bias, input.ndim, c, "bias")
    if not training:
        return _with_running(input, running_mean, running_var, w, b, eps)
    _several(input, "value per channel", count)
    dims = (0, *range(2, input.ndim))
    known = moments(_array(input), dims)
    _follow(running_mean, known[0], momentum)
    _follow(running_var, known[1] * (count / max(count - 1, 1)), momentum)
    return _normalize(input, w, b, dims=dims, eps=eps, known=known)


def _with_running(input: Any, mean: Any, var: Any, weight: Any, bias: Any, eps: float) -> Any:
    if mean is None or var is None:
        raise RuntimeError("Expected running_mean and running_var to be defined when training=False")
    c = mean.shape[0]
    mean, var = _aligned(mean, input.ndim, c, "running_mean"), _aligned(var, input.ndim, c, "running_var")
    scale = ops.rsqrt(var + eps)
    scale = scale if weight is None else scale * weight
    shift = -mean * scale
    return input * scale + (shift if bias is None else shift + bias)


# ------------------------------------------------------------------------------------- over each example by itself
def instance_norm(
    input: Any,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Any = None,
    bias: Any = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    """Each channel of each image to mean 0 and variance 1: (N, C, ...) (Ulyanov et al. 2016)."""
    _same_dtype("instance_norm", input, running_mean, running_var, weight, bias)
    c, places = input.shape[1], math.prod(input.shape[2:])
    w, b = _aligned(weight, input.ndim, c, "weight"), _aligned(bias, input.ndim, c, "bias")
    if not use_input_stats:
        return _with_running(input, running_mean, running_var, w, b, eps)
    _several(input, "spatial element", places)
    dims = tuple(range(2, input.ndim))
    known = moments(_array(input), dims)
    _follow(running_mean, known[0].mean(0), momentum)
    _follow(running_var, known[1].mean(0) * (places / max(places - 1, 1)), momentum)
    return _normalize(input, w, b, dims=dims, eps=eps, known=known)


def group_norm(input: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """Groups of channels of each example to mean 0 and variance 1: (N, C, ...) (Wu and He 2018).

    RuntimeError if the channels cannot be divided into so many groups.

    >>> import learnnn
    >>> group_norm(learnnn.tensor([[1.0, 3.0, 5.0, 5.0]]), 2, eps=0.5).tolist()[0][2:]
    [0.0, 0.0]
    """
    _same_dtype("group_norm", input, weight, bias)
    n, c = input.shape[:2] if input.ndim > 1 else (0, 0)
    if input.ndim < 2 or num_groups < 1 or c % num_groups:
        raise RuntimeError(
            f"Expected number of channels in input to be divisible by num_groups, but got input of shape "
            f"{list(input.shape)} and num_groups={num_groups}"
        )
    _several(input, "value per channel", math.prod(input.shape) // num_groups)
    w, b = _aligned(weight, 2, c, "weight"), _aligned(bias, 2, c, "bias")
    grouped = (num_groups, c // num_groups, 1)
    w, b = [p if p is None else ops.reshape(p, grouped) for p in (w, b)]
    x = ops.reshape(input, (n, *grouped[:2], math.prod(input.shape[2:])))  # (N, G, C/G, P)
    return ops.reshape(_normalize(x, w, b, dims=(2, 3), eps=eps), tuple(input.shape))


def _last_axes(input: Any, shape: Any, weight: Any, bias: Any) -> tuple[int, ...]:
    """The axes that `shape` names, the last ones of the input."""
    shape = tuple(shape)
    for name, p in (("weight", weight), ("bias", bias)):
        if p is not None and tuple(p.shape) != shape:
            raise RuntimeError(
                f"Expected {name} to be of same shape as normalized_shape, but got {name} of shape {list(p.shape)} and "
                f"normalized_shape = {list(shape)}"
            )
    if not shape or tuple(input.shape[-len(shape) :]) != shape:
        stars = ", ".join(["*", *map(str, shape)])
        raise RuntimeError(
            f"Given normalized_shape={list(shape)}, expected input with shape [{stars}], but got input of size"
            f"{list(input.shape)}"
        )
    return axes(tuple(range(-len(shape), 0)), input.ndim)


def layer_norm(input: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """The last axes, whose shape is given, to mean 0 and variance 1 (Ba et al. 2016).

    RuntimeError if the input, the weight or the bias does not end in that shape.

    >>> import learnnn
    >>> layer_norm(learnnn.tensor([1.0, 3.0]), (2,), eps=0.0)
    tensor([-1.,  1.])
    """
    dims = _last_axes(input, normalized_shape, weight, bias)
    _same_dtype("layer_norm", input, weight, bias)
    return _normalize(input, weight, bias, dims=dims, eps=eps)


def rms_norm(input: Any, normalized_shape: Any, weight: Any = None, eps: float | None = None) -> Any:
    """The last axes divided by the root of their mean square (Zhang and Sennrich 2019); eps None is the dtype's own."""
    if input.dtype.kind != "f":
        raise RuntimeError(f"rms_norm takes floats, got {input.dtype}: use x.float()")
    if input.ndim < len(tuple(normalized_shape)):
        raise ValueError(
            f"Input tensor must have at least {len(tuple(normalized_shape))} dimensions, but got {input.ndim}: "
            f"normalized_shape is {list(normalized_shape)}"
        )
    eps = float(np.finfo(input.dtype).eps) if eps is None else eps
    dims = _last_axes(input, normalized_shape, weight, None)
    return _normalize(input, weight, None, dims=dims, eps=eps, centred=False)
