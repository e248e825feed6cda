"""First values of parameters. Each function fills a tensor in place, unrecorded, and returns it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..autograd import no_grad, wrap
from ..random import source
from ..tensor import Tensor

_GAINS = {"tanh": 5 / 3, "relu": math.sqrt(2), "selu": 3 / 4} | dict.fromkeys(
    ("linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "sigmoid"), 1
)


def calculate_gain(nonlinearity: str, param: Any = None) -> float:
    """By how much weights must be larger so that signals keep their size through the nonlinearity.

    >>> calculate_gain("relu") == 2 ** 0.5
    True
    """
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + (0.01 if param is None else param) ** 2))
    if nonlinearity not in _GAINS:
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}: there are leaky_relu, {', '.join(_GAINS)}")
    return _GAINS[nonlinearity]


def _fill(tensor: Tensor, values: Any) -> Tensor:
    with no_grad():
        return tensor.copy_(wrap(np.asarray(values, tensor.dtype)))


def constant_(tensor: Tensor, val: float) -> Tensor:
    """`val` everywhere."""
    return _fill(tensor, val)


def zeros_(tensor: Tensor) -> Tensor:
    """0 everywhere."""
    return _fill(tensor, 0)


def ones_(tensor: Tensor) -> Tensor:
    """1 everywhere."""
    return _fill(tensor, 1)


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Any = None) -> Tensor:
    """Numbers drawn evenly between a and b."""
    return _fill(tensor, source(generator).uniform(a, b, tensor.shape))


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Any = None) -> Tensor:
    """Numbers drawn from the normal distribution."""
    return _fill(tensor, source(generator).normal(mean, std, tensor.shape))


def _fans(tensor: Tensor) -> tuple[int, int]:
    """How many inputs each output has, and how many outputs each input, of a weight (out, in, ...)."""
    if tensor.ndim < 2:
        raise ValueError(
            "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions, this one is "
            f"{tensor.shape}: for a bias use zeros_"
        )
    field = math.prod(tensor.shape[2:])
    return tensor.shape[1] * field, tensor.shape[0] * field


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """Evenly within gain * sqrt(6 / (fan_in + fan_out)): for tanh and sigmoid (Glorot and Bengio 2010)."""
    bound = gain * math.sqrt(6 / sum(_fans(tensor)))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """Normal with standard deviation gain * sqrt(2 / (fan_in + fan_out)) (Glorot and Bengio 2010)."""
    return normal_(tensor, 0.0, gain * math.sqrt(2 / sum(_fans(tensor))), generator)


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"Mode {mode} not supported, please use one of ['fan_in', 'fan_out']")
    fan_in, fan_out = _fans(tensor)
    return calculate_gain(nonlinearity, a) / math.sqrt(fan_in if mode == "fan_in" else fan_out)


def kaiming_uniform_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None
) -> Tensor:
    """Evenly within gain * sqrt(3 / fan): for relu and its kin (He et al. 2015)."""
    bound = math.sqrt(3) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None
) -> Tensor:
    """Normal with standard deviation gain / sqrt(fan): for relu and its kin (He et al. 2015)."""
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def trunc_normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0, generator: Any = None
) -> Tensor:
    """Normal numbers, of which only those between a and b count: drawn by inverting their distribution.

    >>> import learnnn
    >>> bool((trunc_normal_(learnnn.zeros(100), std=5.0).abs() <= 2).all())
    True
    """
    low = min(max(a, mean - 9 * std), b)  # beyond nine standard deviations there is nothing to draw
    x = np.linspace(low, max(min(b, mean + 9 * std), low), 10001)
    z = ((x - mean) / std) ** 2
    density = np.exp((z.min() - z) / 2)
    below = np.concatenate([[0], np.cumsum(density[1:] + density[:-1])])
    return _fill(tensor, np.interp(source(generator).random(tensor.shape) * below[-1], below, x))


def eye_(tensor: Tensor) -> Tensor:
    """The identity, for a matrix. ValueError for another number of axes."""
    if tensor.ndim != 2:
        raise ValueError(f"Only tensors with 2 dimensions are supported, this one is {tensor.shape}")
    return _fill(tensor, np.eye(tensor.shape[0], tensor.shape[1]))


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Any = None) -> Tensor:
    """Rows at right angles, or columns where there are fewer: (out, in, ...) as a matrix (Saxe et al. 2013).

    >>> import learnnn
    >>> w = orthogonal_(learnnn.zeros(2, 3))
    >>> bool(((w @ w.T - learnnn.eye(2)).abs() < 1e-6).all())
    True
    """
    if tensor.ndim < 2:
        raise ValueError(f"Only tensors with 2 or more dimensions are supported, this one is {tensor.shape}")
    rows, columns = tensor.shape[0], math.prod(tensor.shape[1:])
    q, r = np.linalg.qr(source(generator).normal(size=(max(rows, columns), min(rows, columns))))
    q *= np.sign(np.diag(r))  # so that every orthogonal matrix is as likely (Mezzadri 2006)
    return _fill(tensor, gain * (q.T if rows < columns else q).reshape(tensor.shape))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """The weight of a convolution (out, in, ...) that hands on its input, as many channels as there are."""
    if tensor.ndim not in (3, 4, 5):
        raise ValueError(f"Only tensors with 3, 4, or 5 dimensions are supported, this one is {tensor.shape}")
    out, inner, *field = tensor.shape
    if out % groups:
        raise ValueError(f"dim 0 must be divisible by groups: {out} by {groups}")
    values = np.zeros(tensor.shape)
    centre = tuple(n // 2 for n in field)
    for channel in range(out):
        if channel % (out // groups) < inner:
            values[(channel, channel % (out // groups), *centre)] = 1
    return _fill(tensor, values)


_FILLS = dict.fromkeys(
    ("ReLU", "ReLU6", "LeakyReLU", "PReLU", "ELU", "GELU", "SiLU", "Mish", "Softplus", "Hardswish"), "relu"
) | {"SELU": "linear"}  # these keep half of the signal, or scale it themselves: He's weights, of this gain
_OTHERS = ("Tanh", "Sigmoid", "Hardtanh", "LogSigmoid", "Softmax", "LogSoftmax", "GLU")  # Glorot's


def by_activation_(model: Any) -> Any:
    """First weights for every dense and convolution layer of a model, by the activation that follows it.

    He's before ReLU and its kin, Glorot's before all others and before the output; biases become 0. What stands
    between, such as dropout or a normalization, is passed over. Layers follow in the order they were registered.

    >>> from learnnn import nn
    >>> by_activation_(nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2)))[0].bias.sum().item()
    0.0
    """
    following = None
    for layer in reversed([m for m in model.modules() if not m._modules]):
        name, weight = type(layer).__name__, getattr(layer, "weight", None)
        if name in _FILLS or name in _OTHERS:
            following = _FILLS.get(name)
        elif weight is not None and weight.ndim > 1 and hasattr(layer, "bias"):
            kaiming_normal_(weight, nonlinearity=following) if following else xavier_normal_(weight)
            if layer.bias is not None:
                zeros_(layer.bias)
            following = None
    return model
