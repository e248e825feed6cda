"""The loss of a model on some data, as a function of nothing: what a landscape shows for each set of parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..models.kind import as_array
from ..models.model import Model


def loss_on(model: Model, data: Any, loss: Callable[[Any, Any], Any] | None) -> Callable[[], float]:
    """A function that asks the model as it is now, in evaluation mode, and gives its loss on data = (X, y).

    `loss(answer, y)` gets the model's own kind of tensor; None is cross-entropy for labels, mean squared error else.
    """
    if not isinstance(data, tuple | list) or len(data) < 2:
        raise TypeError(f"data must be (X, y), what the model is given and what it should answer, not {_kind(data)}")
    *inputs, y = data
    if loss is None:
        target = as_array(y)
        default = cross_entropy if target.dtype.kind in "iub" else mean_squared_error
        return lambda: default(model.ask(*inputs), target)
    wanted = model.as_input(y) if model.kind != "yours" else y
    return lambda: _number(model.see(*inputs, layers=[], loss=lambda answer: loss(answer, wanted)).loss)


def _kind(data: Any) -> str:
    return f"{len(data)} of them" if isinstance(data, tuple | list) else f"a {type(data).__name__}"


def _number(loss: float | None) -> float:
    return float("nan") if loss is None else loss


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> float:
    """-log softmax(logits)[label], the mean: logits (N, C) or (N, C, ...) as in PyTorch, or with classes last.

    >>> round(cross_entropy(np.zeros((2, 4)), np.array([0, 3])), 6)
    1.386294
    """
    logits, labels = np.asarray(logits, float), labels.astype(int)
    if logits.ndim > 1 and labels.shape == logits.shape[:1] + logits.shape[2:]:
        logits = np.moveaxis(logits, 1, -1)  # (N, ..., C)
    if labels.shape != logits.shape[:-1] or logits.shape[-1] < 2:
        raise ValueError(
            f"y holds labels {labels.shape}, and the model answers {logits.shape}: cross-entropy needs a column a "
            "class, (N, C). For another loss pass loss=lambda answer, y: ...; for mean squared error give y as floats"
        )
    if labels.size and not 0 <= labels.min() <= labels.max() < logits.shape[-1]:
        raise ValueError(
            f"y holds labels from {labels.min()} to {labels.max()}, and the model answers {logits.shape[-1]} classes"
        )
    shifted = logits - logits.max(-1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(-1))  # (N, ...)
    return float((log_sum - np.take_along_axis(shifted, labels[..., None], -1)[..., 0]).mean())


def mean_squared_error(answer: np.ndarray, target: np.ndarray) -> float:
    """The mean of (answer - target)²; axes of size 1 may be missing in one of them."""
    if answer.shape != target.shape:
        if tuple(n for n in answer.shape if n > 1) != tuple(n for n in target.shape if n > 1):
            raise ValueError(f"y has shape {target.shape}, and the model answers {answer.shape}: they must be the same")
        target = target.reshape(answer.shape)
    return float(((np.asarray(answer, float) - target) ** 2).mean())
