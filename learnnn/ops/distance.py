"""How far apart two tensors are: losses of regression, similarity and distance, and losses over those.

All are made of differentiable operations, so that each is its formula, and has derivatives of any order.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from .. import ops
from ..autograd import Variable
from .loss import reduced, reduction_of


def warn_of_broadcasting(input: Any, target: Any, stacklevel: int = 4) -> None:
    """A warning where a loss compares each prediction with many targets, which is hardly ever meant."""
    if input.shape != target.shape:
        warnings.warn(
            f"Using a target size ({tuple(target.shape)}) that is different to the input size ({tuple(input.shape)}). "
            "This will likely lead to incorrect results due to broadcasting. Please ensure they have the same size.",
            stacklevel=stacklevel,
        )


# ------------------------------------------------------------------------------------------------- regression
def huber_loss(input: Any, target: Any, reduction: str = "mean", delta: float = 1.0) -> Any:
    """d^2 / 2 where |d| is below delta, delta * (|d| - delta / 2) above: squares that forgive outliers (Huber 1964).

    >>> import learnnn
    >>> huber_loss(learnnn.tensor([0.5, 3.0]), learnnn.zeros(2), reduction="none").tolist()
    [0.125, 2.5]
    """
    warn_of_broadcasting(input, target)
    if delta <= 0:
        raise RuntimeError(f"huber_loss does not support non-positive values for delta, got {delta}")
    d = input - target
    away = ops.abs(d)
    return reduced(ops.where(away < delta, 0.5 * d * d, delta * (away - 0.5 * delta)), reduction)


def smooth_l1_loss(
    input: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean", beta: float = 1.0
) -> Any:
    """d^2 / (2 beta) where |d| is below beta, |d| - beta / 2 above (Girshick 2015)."""
    warn_of_broadcasting(input, target)
    if beta < 0:
        raise RuntimeError(f"smooth_l1_loss does not support negative values for beta, got {beta}")
    d = input - target
    away = ops.abs(d)
    loss = ops.where(away < beta, 0.5 * d * d / beta, away - 0.5 * beta) if beta else away
    return reduced(loss, reduction_of(size_average, reduce, reduction))


def kl_div(
    input: Any,
    target: Any,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Any:
    """target * (log(target) - input): how much is lost by believing exp(input), a distribution given by its logarithm.

    reduction "batchmean" divides by the batch size, as the mathematics has it; "mean" by the number of elements.

    >>> import learnnn
    >>> kl_div(learnnn.zeros(1, 2), learnnn.tensor([[0.0, 1.0]]), reduction="batchmean")
    tensor(0.)
    """
    if reduction == "mean" and size_average is None and reduce is None:
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size. 'batchmean' divides "
            "only by the batch size, and aligns with the KL div math definition.",
            stacklevel=3,
        )
    reduction = reduction_of(size_average, reduce, reduction)
    loss = ops.exp(target) * (target - input) if log_target else _xlogy(target) - target * input
    if reduction == "batchmean":
        return ops.sum(loss) / (input.shape[0] if input.ndim else 1)
    return reduced(loss, reduction)


def _xlogy(x: Any) -> Any:
    """x * log(x), which is 0 at 0."""
    return ops.where(x == 0, 0.0, x * ops.log(ops.where(x == 0, 1.0, x)))


def gaussian_nll_loss(
    input: Any, target: Any, var: Any, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Any:
    """-log of the density of a normal distribution with mean `input` and variance `var` (Nix and Weigend 1994).

    The variance, at least `eps`, has the input's shape, or size 1 or nothing for its last axis. `full` adds the
    constant. ValueError for a negative variance, or another shape.
    """
    if not isinstance(var, Variable):
        var = ops.clone(input) * 0 + var
    if var.shape != input.shape:
        if tuple(input.shape[:-1]) == tuple(var.shape):
            var = ops.unsqueeze(var, -1)
        elif tuple(input.shape[:-1]) != tuple(var.shape[:-1]) or var.shape[-1] != 1:
            raise ValueError(f"var is of incorrect size: {list(var.shape)} for an input {list(input.shape)}")
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not valid")
    if (np.asarray(var.detach()) < 0).any():
        raise ValueError("var has negative entry/entries: a variance is a square; use exp or softplus of the output")
    floor = ops.maximum(var.detach(), eps)  # whose gradient flows on as if there were none
    var = var + (floor - var.detach())
    d = input - target
    loss = 0.5 * (ops.log(var) + d * d / var)
    return reduced(loss + 0.5 * math.log(2 * math.pi) if full else loss, reduction)


# ------------------------------------------------------------------------------------- distance and similarity
def _norm(x: Any, p: float, dim: Any, keepdim: bool = False) -> Any:
    return ops.vector_norm(x, p, dim, keepdim)


def pairwise_distance(x1: Any, x2: Any, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Any:
    """The p-norm of x1 - x2 + eps over the last axis.

    >>> import learnnn
    >>> pairwise_distance(learnnn.zeros(1, 2), learnnn.tensor([[3.0, 4.0]]), eps=0.0).tolist()
    [5.0]
    """
    return _norm(x1 - x2 + eps, p, -1, keepdim)


def cosine_similarity(x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Any:
    """The cosine of the angle between two vectors along `dim`; their lengths count as at least eps.

    >>> import learnnn
    >>> cosine_similarity(learnnn.tensor([1.0, 0.0]), learnnn.tensor([0.0, 2.0]), dim=0)
    tensor(0.)
    """
    lengths = [ops.clamp(_norm(x, 2.0, dim, True), eps) for x in (x1, x2)]
    return ops.sum((x1 / lengths[0]) * (x2 / lengths[1]), dim)


def normalize(input: Any, p: float = 2.0, dim: Any = 1, eps: float = 1e-12) -> Any:
    """Divided by its p-norm along `dim`, which counts as at least eps.

    >>> import learnnn
    >>> normalize(learnnn.tensor([3.0, 4.0]), dim=0)
    tensor([0.6000, 0.8000])
    """
    return input / ops.clamp(_norm(input, p, dim, True), eps)


def triplet_margin_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Any:
    """max(0, d(anchor, positive) - d(anchor, negative) + margin): (N, D) each (Balntas et al. 2016).

    `swap` takes d(positive, negative) where that is smaller. RuntimeError if the numbers of axes differ.
    """
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise RuntimeError(
            f"The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: "
            f"anchor {anchor.ndim}D, positive {positive.ndim}D, and negative {negative.ndim}D inputs"
        )
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    near, far = pairwise_distance(anchor, positive, p, eps), pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = ops.minimum(far, pairwise_distance(positive, negative, p, eps))
    return reduced(ops.clamp(near - far + margin, 0), reduction_of(size_average, reduce, reduction))


def cosine_embedding_loss(
    input1: Any,
    input2: Any,
    target: Any,
    margin: float = 0,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Any:
    """1 - cos for pairs that belong together (target 1), max(0, cos - margin) for others (-1): (N, D), (N, D), (N,).

    RuntimeError for another number of targets than of pairs.
    """
    if target.ndim not in (0, 1) or tuple(input1.shape) != tuple(input2.shape) or input1.ndim != target.ndim + 1:
        raise RuntimeError(
            f"{target.ndim}D target tensor expects {target.ndim + 1}D input tensors of one shape, but found inputs "
            f"with sizes {list(input1.shape)} and {list(input2.shape)}"
        )
    cos = _cosine(input1, input2)
    loss = ops.where(target == 1, 1 - cos, 0.0) + ops.where(target == -1, ops.clamp(cos - margin, 0), 0.0)
    return reduced(loss, reduction_of(size_average, reduce, reduction))


def _cosine(x: Any, y: Any) -> Any:
    """As PyTorch has it in that loss: 1e-12 is added to the squares."""
    squares = (ops.sum(x * x, -1) + 1e-12) * (ops.sum(y * y, -1) + 1e-12)
    return ops.sum(x * y, -1) / ops.sqrt(squares)
