"""Activations beyond relu, tanh and sigmoid, and the error function that one of them is made of."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from .. import ops
from ..autograd import differentiable
from .dtypes import floating

_PER_UNIT, _FAR = 128, 6  # the table of erf: points per unit, and where erf is 1 to the last bit


@functools.cache
def _erf_table() -> np.ndarray:
    return np.array([math.erf(i / _PER_UNIT) for i in range(-_FAR * _PER_UNIT, _FAR * _PER_UNIT + 1)])


@differentiable(quiet=True, input=lambda g, input: g * (2 / math.sqrt(math.pi)) * ops.exp(-input * input))
def erf(input):
    """The error function: a table of it, and Taylor's series from the nearest entry, exact to 1e-15.

    >>> import learnnn
    >>> round(learnnn.ops.erf(learnnn.tensor(1.0)).item(), 4)
    0.8427
    """
    x = floating(input)
    near = np.rint(np.clip(np.nan_to_num(x), -_FAR, _FAR) * _PER_UNIT)
    a = near.astype(x.dtype) / _PER_UNIT
    d = np.clip(x - a, -0.5 / _PER_UNIT, 0.5 / _PER_UNIT)
    aa = a * a
    series = 1 + d * (-a + d * ((2 * aa - 1) / 3 + d * (a * (3 - 2 * aa) / 6 + d * ((4 * aa - 12) * aa + 3) / 30)))
    value = _erf_table()[near.astype(np.intp) + _FAR * _PER_UNIT]
    return (value + 2 / math.sqrt(math.pi) * np.exp(-aa) * d * series).astype(x.dtype)


def gelu(input: Any, approximate: str = "none") -> Any:
    """x times the probability that a standard normal number is below x (Hendrycks and Gimpel 2016).

    `approximate="tanh"` is the formula of GPT-2.
    """
    if approximate == "tanh":
        inner = math.sqrt(2 / math.pi) * (input + 0.044715 * input * input * input)
        return 0.5 * input * (1 + ops.tanh(inner))
    if approximate != "none":
        raise RuntimeError(f"approximate argument must be either none or tanh, got {approximate!r}")
    return 0.5 * input * (1 + ops.erf(input * math.sqrt(0.5)))


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
