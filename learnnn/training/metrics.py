"""What to measure besides the loss: functions of the model's outputs and the targets that give a number."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np


def accuracy(output: Any, target: Any) -> float:
    """The share of right answers.

    output (N, C, ...) are scores of C classes, target (N, ...) labels or (N, C, ...) probabilities; or else output
    has target's shape, or a last axis of size 1 more, and holds logits of yes against no.

    >>> accuracy(np.array([[0.2, 0.8], [0.9, 0.1]]), np.array([1, 1]))
    0.5
    """
    scores, labels = np.asarray(output), np.asarray(target)
    if scores.ndim > 1 and scores.shape[1] > 1:
        labels = labels.argmax(1) if labels.shape == scores.shape else labels
        answers = scores.argmax(1)
    else:
        answers = scores > 0
    if answers.size != labels.size:
        raise ValueError(f"accuracy: the outputs {scores.shape} and the targets {labels.shape} do not fit together")
    return float((answers.reshape(labels.shape) == labels).mean())


def mean_absolute_error(output: Any, target: Any) -> float:
    """The mean of |output - target|."""
    return float(np.abs(np.asarray(output) - np.asarray(target)).mean())


def mean_squared_error(output: Any, target: Any) -> float:
    """The mean of (output - target)^2."""
    return float(np.square(np.asarray(output) - np.asarray(target)).mean())


BY_NAME: dict[str, Callable[[Any, Any], float]] = {
    "accuracy": accuracy,
    "mae": mean_absolute_error,
    "mse": mean_squared_error,
}


def named(metrics: Mapping[str, Callable] | Iterable[str | Callable] | None) -> dict[str, Callable]:
    """Metrics given by name, as functions, or as a dict of both, as a dict.

    >>> list(named(["accuracy"]))
    ['accuracy']
    """
    if isinstance(metrics, str) or (metrics is not None and not isinstance(metrics, Iterable)):
        raise TypeError(f"metrics are given in a list, as in metrics=[{metrics!r}]")
    if isinstance(metrics, Mapping):
        return {name: _find(metric) for name, metric in metrics.items()}
    return {m if isinstance(m, str) else getattr(m, "__name__", "metric"): _find(m) for m in metrics or ()}


def _find(metric: Any) -> Callable:
    if callable(metric):
        return metric
    if metric not in BY_NAME:
        raise ValueError(f"there is no metric {metric!r}: there are {', '.join(BY_NAME)}, and any function you write")
    return BY_NAME[metric]
