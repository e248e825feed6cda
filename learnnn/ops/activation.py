"""Activations beyond relu, tanh and sigmoid, and the error function that one of them is made of."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from .. import ops
from ..autograd import differentiable, from_backward
from .dtypes import floating
from .reduce import axes

_PER_UNIT, _FAR = 128, 6  # the table of erf: points per unit, and where erf is 1 to the last bit


@functools.cache
def _erf_table() -> np.ndarray:
    return np.array([math.erf(i / _PER_UNIT) for i in range(-_FAR * _PER_UNIT, _FAR * _PER_UNIT + 1)])


@differentiable(quiet=True, input=lambda g, input: g * (2 / math.sqrt(math.pi)) * ops.exp(-input * input))
def erf(input):
    """The error function, exact to 1e-15; in single precision to 1e-7.

    >>> import learnnn
    >>> round(learnnn.ops.erf(learnnn.tensor(1.0)).item(), 4)
    0.8427
    """
    x = floating(input)
    return _erf_single(x) if x.dtype == np.float32 else _erf_double(x)


_ABOVE = (-2.72614225801306e-10, 2.77068142495902e-08, -2.10102402082508e-06, -5.69250639462346e-05,
          -7.34990630326855e-04, -2.95459980854025e-03, -1.60960333262415e-02)  # fmt: skip
_BELOW = (-1.45660718464996e-05, -2.13374055278905e-04, -1.68282697438203e-03, -7.37332916720468e-03,
          -1.42647390514189e-02)  # fmt: skip


def _erf_single(x: np.ndarray) -> np.ndarray:
    """A quotient of polynomials in x * x, as Eigen and XLA have it: exact to the last digits of single precision."""
    x = np.clip(x, -4, 4)
    square = x * x
    above, below = [_polynomial(c, square) for c in (_ABOVE, _BELOW)]
    above *= x
    above /= below
    return above


def _polynomial(coefficients: tuple[float, ...], x: np.ndarray) -> np.ndarray:
    """Horner's scheme, in place."""
    out = np.full(x.shape, coefficients[0], x.dtype)
    for c in coefficients[1:]:
        out *= x
        out += np.float32(c)
    return out


def _erf_double(x: np.ndarray) -> np.ndarray:
    """A table of it, and Taylor's series from the nearest entry."""
    near = np.rint(np.clip(np.nan_to_num(x), -_FAR, _FAR) * _PER_UNIT)
    a = near.astype(x.dtype) / _PER_UNIT
    d = np.clip(x - a, -0.5 / _PER_UNIT, 0.5 / _PER_UNIT)
    aa = a * a
    series = 1 + d * (-a + d * ((2 * aa - 1) / 3 + d * (a * (3 - 2 * aa) / 6 + d * ((4 * aa - 12) * aa + 3) / 30)))
    value = _erf_table()[near.astype(np.intp) + _FAR * _PER_UNIT]
    return (value + 2 / math.sqrt(math.pi) * np.exp(-aa) * d * series).astype(x.dtype)


_ROOT = math.sqrt(2 / math.pi)


def _gelu_plain(input: Any, tanh: bool) -> Any:
    if tanh:
        return 0.5 * input * (1 + ops.tanh(_ROOT * (input + 0.044715 * input * input * input)))
    return 0.5 * input * (1 + ops.erf(input * math.sqrt(0.5)))


@from_backward(quiet=True, plain=_gelu_plain)
def _gelu(input, tanh):
    """In one step: x * below, with `below` the probability or its approximation; only these two are kept."""
    x = floating(input)
    if tanh:
        inner = x * x
        inner *= _ROOT * 0.044715
        inner += _ROOT
        inner *= x
        below = np.tanh(inner)
    else:
        below = ops.erf(np.asarray(x * math.sqrt(0.5)))
    below *= 0.5
    below += 0.5

    def backward(g: Any) -> tuple[Any]:
        square = x * x
        if tanh:
            slope = below * (1 - below)
            square *= 6 * _ROOT * 0.044715
            square += 2 * _ROOT
            slope *= square
        else:
            square *= -0.5
            slope = np.exp(square)
            slope *= 0.5 * _ROOT
        slope *= x
        slope += below
        slope *= g
        return (slope,)

    return np.asarray(x * below), backward


def gelu(input: Any, approximate: str = "none") -> Any:
    """x times the probability that a standard normal number is below x (Hendrycks and Gimpel 2016).

    `approximate="tanh"` is the formula of GPT-2.
    """
    if approximate not in ("none", "tanh"):
        raise RuntimeError(f"approximate argument must be either none or tanh, got {approximate!r}")
    return _gelu(input, approximate == "tanh")


@differentiable(quiet=True, input=lambda g, input: g * _silu_slope(input))
def silu(input):
    """x * sigmoid(x), also called swish."""
    return input * ops.sigmoid(input)


def _silu_slope(x: Any) -> Any:
    s = ops.sigmoid(x)
    return s * (1 + x * (1 - s))


@differentiable(
    input=lambda g, input, beta, threshold: g * ops.where(input * beta > threshold, 1.0, ops.sigmoid(input * beta))
)
def softplus(input, beta=1.0, threshold=20.0):
    """log(1 + exp(beta * x)) / beta, a smooth relu; x itself where beta * x is above the threshold."""
    z = floating(input) * beta
    return np.where(z > threshold, input, (np.log1p(np.exp(-np.abs(z))) + np.maximum(z, 0)) / beta)


@differentiable(
    quiet=True,
    input=lambda g, input, alpha: g * ops.where(input > 0, 1.0, alpha * ops.exp(ops.minimum(input, 0.0))),
)
def elu(input, alpha=1.0):
    """x above 0, alpha * (exp(x) - 1) below (Clevert et al. 2015)."""
    x = floating(input)
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


@differentiable(input=lambda g, input, negative_slope: ops.where(input > 0, g, g * negative_slope))
def leaky_relu(input, negative_slope=0.01):
    """x above 0, negative_slope * x below."""
    return np.where(input > 0, input, negative_slope * input)


@differentiable(
    input=lambda g, input, weight: ops.where(input > 0, g, g * weight),
    weight=lambda g, input: g * ops.minimum(input, 0.0),
)
def _prelu(input, weight):
    return np.where(input > 0, input, weight * input)


def prelu(input: Any, weight: Any) -> Any:
    """x above 0, weight * x below, with one weight, or one for each channel (axis 1) (He et al. 2015).

    RuntimeError for another number of weights than of channels, or another dtype.
    """
    if weight.ndim > 1:
        raise RuntimeError(f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {weight.ndim}")
    if weight.dtype != input.dtype:
        raise RuntimeError(f"prelu: Type promoting not supported. Got {input.dtype} and {weight.dtype}")
    count = math.prod(weight.shape)
    if count == 1 or not weight.ndim:
        return _prelu(input, ops.reshape(weight, ()))
    channels = input.shape[1] if input.ndim > 1 else 1
    if count != channels:
        raise RuntimeError(
            f"Mismatch of parameter numbers and input channel size. Found parameter numbers = {count} and channel size "
            f"= {channels}."
        )
    return _prelu(input, ops.reshape(weight, (channels,) + (1,) * (input.ndim - 2)))


_SELU = (1.6732632423543772, 1.0507009873554805)


def selu(input: Any) -> Any:
    """elu, scaled so that layers of it keep mean 0 and variance 1 by themselves (Klambauer et al. 2017)."""
    return _SELU[1] * ops.elu(input, _SELU[0])


def _mish_slope(x: Any) -> Any:
    t, s = ops.tanh(ops.softplus(x, 1.0, math.inf)), ops.sigmoid(x)
    return t + x * s * (1 - t * t)


@differentiable(quiet=True, input=lambda g, input: g * _mish_slope(input))
def mish(input):
    """x * tanh(softplus(x)) (Misra 2019)."""
    return input * np.tanh(ops.softplus(input, 1.0, math.inf))


@differentiable(
    input=lambda g, input, min_val, max_val: g * ((input > min_val) & (input < max_val)),
)
def hardtanh(input, min_val=-1.0, max_val=1.0):
    """x, but at least `min_val` and at most `max_val`; flat from the bounds on."""
    if min_val > max_val:
        raise ValueError(f"min_val cannot be greater than max_val, got {min_val} and {max_val}")
    return np.clip(input, min_val, max_val)


@differentiable(
    input=lambda g, input: g * ops.where(input >= 3, 1.0, ops.where(input > -3, input / 3 + 0.5, 0.0)),
)
def hardswish(input):
    """x * relu6(x + 3) / 6, a silu of straight lines (Howard et al. 2019)."""
    return input * np.clip(input + 3, 0, 6) / 6


@differentiable(quiet=True, input=lambda g, input: g * ops.sigmoid(-input))
def logsigmoid(input):
    """log(sigmoid(x)), without ever taking the logarithm of 0."""
    x = floating(input)
    return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))


def glu(input: Any, dim: int = -1) -> Any:
    """The first half along `dim` times the sigmoid of the second (Dauphin et al. 2017).

    RuntimeError if the axis cannot be halved.
    """
    if input.ndim == 0:
        raise RuntimeError("glu does not support 0-dimensional tensors")
    (axis,) = axes(dim, input.ndim)
    if input.shape[axis] % 2:
        raise RuntimeError(f"Halving dimension must be even, but dimension {dim} is size {input.shape[axis]}")
    first, second = ops.chunk(input, 2, axis) if input.shape[axis] else (input, input)
    return first * ops.sigmoid(second)
