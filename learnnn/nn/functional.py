"""Layers as functions: what the modules call. `import learnnn.nn.functional as F`."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import ops
from ..autograd import wrap
from ..ops.loss import reduced
from ..random import source


# ----------------------------------------------------------------------------------------------- layers
def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """input @ weight.T + bias: (..., in), (out, in), (out,) -> (..., out).

    >>> import learnnn as torch
    >>> linear(torch.ones(2, 3), torch.ones(4, 3)).shape
    (2, 4)
    """
    return ops.linear(input, weight, bias)


def dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Each element is 0 with probability p, else divided by 1 - p, so that the mean stays (Srivastava et al. 2014)."""
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if not training or p == 0:
        return input
    keep = source(None).random(input.shape, np.float32) >= p
    mask = keep.astype(input.dtype)
    mask *= 1 / (1 - p) if p < 1 else 0
    return _over(lambda x: x * wrap(mask), input, inplace)


def one_hot(tensor: Any, num_classes: int = -1) -> Any:
    """Labels (...) -> (..., num_classes), 1 at the label and 0 elsewhere, in int64.

    >>> import learnnn as torch
    >>> one_hot(torch.tensor([1, 0]), 3).tolist()
    [[0, 1, 0], [1, 0, 0]]
    """
    labels = tensor.array
    if labels.dtype != np.int64:
        raise RuntimeError(f"one_hot is only applicable to index tensor of type LongTensor, not {labels.dtype}")
    if labels.min(initial=0) < 0:
        raise RuntimeError("Class values must be non-negative.")
    classes = int(labels.max()) + 1 if num_classes == -1 else num_classes
    if labels.max(initial=0) >= classes:
        raise RuntimeError(f"Class values must be smaller than num_classes: {labels.max()} is not below {classes}")
    return wrap((labels[..., None] == np.arange(classes)).astype(np.int64))


# ------------------------------------------------------------------------------------------ activations
def _over(function: Callable, input: Any, inplace: bool, *args: Any) -> Any:
    """function(input), written over the input if asked: of a copy then, so that its gradient still finds it."""
    return input.copy_(function(ops.clone(input), *args)) if inplace else function(input, *args)


def relu(input: Any, inplace: bool = False) -> Any:
    """max(0, x)."""
    return input.relu_() if inplace else ops.relu(input)


def tanh(input: Any) -> Any:
    """The hyperbolic tangent."""
    return ops.tanh(input)


def sigmoid(input: Any) -> Any:
    """1 / (1 + exp(-x))."""
    return ops.sigmoid(input)


def leaky_relu(input: Any, negative_slope: float = 0.01, inplace: bool = False) -> Any:
    """x above 0, negative_slope * x below."""
    return _over(ops.leaky_relu, input, inplace, negative_slope)


def elu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Any:
    """x above 0, alpha * (exp(x) - 1) below."""
    return _over(ops.elu, input, inplace, alpha)


def silu(input: Any, inplace: bool = False) -> Any:
    """x * sigmoid(x)."""
    return _over(ops.silu, input, inplace)


def gelu(input: Any, approximate: str = "none") -> Any:
    """x times the probability that a standard normal number is below x; approximate: 'none' or 'tanh'."""
    return ops.gelu(input, approximate)


def softplus(input: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """log(1 + exp(beta * x)) / beta."""
    return ops.softplus(input, beta, threshold)


def _dim(dim: int | None, ndim: int, name: str) -> int:
    if dim is None:
        warnings.warn(f"Implicit dimension choice for {name} has been deprecated: say which, as in dim=1", stacklevel=3)
        return 0 if ndim in (0, 1, 3) else 1
    return dim


def softmax(input: Any, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Any:
    """exp(x) divided by its sum over `dim`."""
    return ops.softmax(input if dtype is None else input.to(dtype), _dim(dim, input.ndim, "softmax"))


def log_softmax(input: Any, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Any:
    """The logarithm of softmax."""
    return ops.log_softmax(input if dtype is None else input.to(dtype), _dim(dim, input.ndim, "log_softmax"))


# ----------------------------------------------------------------------------------------------- losses
def _reduction(size_average: Any, reduce: Any, reduction: str) -> str:
    """PyTorch's old spelling of a reduction, in the new one."""
    if size_average is None and reduce is None:
        return reduction
    if reduce is False:
        return "none"
    return "sum" if size_average is False else "mean"


def _warn_of_broadcasting(input: Any, target: Any) -> None:
    if input.shape != target.shape:
        warnings.warn(
            f"Using a target size ({tuple(target.shape)}) that is different to the input size ({tuple(input.shape)}). "
            "This will likely lead to incorrect results due to broadcasting. Please ensure they have the same size.",
            stacklevel=3,
        )


def mse_loss(input: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean") -> Any:
    """The mean of (input - target)^2.

    >>> import learnnn as torch
    >>> mse_loss(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 5.0]))
    tensor(4.5000)
    """
    _warn_of_broadcasting(input, target)
    difference = input - target
    return reduced(difference * difference, _reduction(size_average, reduce, reduction))


def l1_loss(input: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean") -> Any:
    """The mean of |input - target|."""
    _warn_of_broadcasting(input, target)
    return reduced(ops.abs(input - target), _reduction(size_average, reduce, reduction))


def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: Any = None,
    ignore_index: int = -100,
    reduce: Any = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """-log softmax(input)[target]: logits (N, C, ...) against labels (N, ...) or probabilities (N, C, ...).

    IndexError for a label out of range, ValueError for another number of labels than of inputs, RuntimeError for
    labels that are not int64.

    >>> import learnnn as torch
    >>> cross_entropy(torch.zeros(2, 4), torch.tensor([0, 3]))
    tensor(1.3863)
    """
    reduction = _reduction(size_average, reduce, reduction)
    return ops.cross_entropy(input, target, weight, ignore_index, reduction, label_smoothing)


def nll_loss(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: Any = None,
    ignore_index: int = -100,
    reduce: Any = None,
    reduction: str = "mean",
) -> Any:
    """-input[target]: log-probabilities (N, C, ...) against labels (N, ...), as `log_softmax` gives them."""
    return ops.nll_loss(input, target, weight, ignore_index, _reduction(size_average, reduce, reduction))


def binary_cross_entropy(
    input: Any, target: Any, weight: Any = None, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
) -> Any:
    """-log of the probability of the target, from probabilities. From logits, the next one is exact and faster.

    ValueError if the shapes differ, RuntimeError for an input outside 0..1. Logarithms are kept above -100.
    """
    if target.shape != input.shape:
        raise ValueError(
            f"Using a target size ({tuple(target.shape)}) that is different to the input size ({tuple(input.shape)}) "
            "is deprecated. Please ensure they have the same size."
        )
    if target.dtype.kind != "f":
        raise RuntimeError(f"Found dtype {target.dtype} but expected {input.dtype}: use y.float() for the targets")
    array = input.detach().array
    if ((array < 0) | (array > 1)).any():
        raise RuntimeError(
            "all elements of input should be between 0 and 1: put a sigmoid before, or use "
            "binary_cross_entropy_with_logits"
        )
    loss = ops.binary_cross_entropy(input, target)
    return reduced(loss if weight is None else loss * weight, _reduction(size_average, reduce, reduction))


def binary_cross_entropy_with_logits(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    pos_weight: Any = None,
) -> Any:
    """-log of the probability of the target, each element a yes/no question: logits and 0..1, one shape."""
    reduction = _reduction(size_average, reduce, reduction)
    return ops.binary_cross_entropy_with_logits(input, target, weight, pos_weight, reduction)
