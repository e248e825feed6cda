"""What stands for each loss that is one operation; the others are written down step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import ops
from ..ops.loss import reduced
from .trace import Trace


def _cross_entropy(
    t: Trace,
    y: Any,
    x: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    if target.shape == x.shape:
        return _soft(x, target * (1 - label_smoothing) + label_smoothing / x.shape[1], weight, reduction)
    if label_smoothing:
        raise RuntimeError("ONNX has no label smoothing: give the targets as probabilities to export this loss")
    return _picked("SoftmaxCrossEntropyLoss", t, x, target, weight, ignore_index, reduction)


def _soft(x: Any, target: Any, weight: Any, reduction: str) -> Any:
    """Against probabilities (N, C, ...): the mean is over all but the classes."""
    products = target * ops.log_softmax(x, 1)
    products = products if weight is None else products * ops.reshape(weight, (-1, *[1] * (x.ndim - 2)))
    return reduced(-ops.sum(products, 1), reduction)


def _picked(operator: str, t: Trace, x: Any, target: Any, weight: Any, ignore_index: int, reduction: str) -> str:
    if x.ndim < 2:
        raise RuntimeError("ONNX takes classes of a batch only, (N, C): unsqueeze(0) the input and the target")
    inputs = [t.name(v) for v in (x, target, weight) if v is not None]
    return t.add(operator, *inputs, ignore_index=ignore_index, reduction=reduction)


def _nll(
    t: Trace, y: Any, x: Any, target: Any, weight: Any = None, ignore_index: int = -100, reduction: str = "mean"
) -> str:
    return _picked("NegativeLogLikelihoodLoss", t, x, target, weight, ignore_index, reduction)


def _yes_or_no(
    t: Trace, y: Any, x: Any, target: Any, weight: Any = None, pos_weight: Any = None, reduction: str = "mean"
) -> Any:
    yes = 1 if pos_weight is None else (pos_weight - 1) * target + 1
    loss = (1 - target) * x + yes * ops.softplus(-x, 1.0, float("inf"))
    return reduced(loss if weight is None else loss * weight, reduction)


def _yes_or_no_of_probabilities(t: Trace, y: Any, x: Any, target: Any) -> Any:
    log = [ops.clamp(ops.log(p), -100.0) for p in (x, 1 - x)]
    return -(target * log[0] + (1 - target) * log[1])


LOSSES: dict[str, Callable] = {
    "cross_entropy": _cross_entropy,
    "nll_loss": _nll,
    "binary_cross_entropy_with_logits": _yes_or_no,
    "binary_cross_entropy": _yes_or_no_of_probabilities,
}
