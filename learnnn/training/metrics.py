"""What to measure besides the loss: functions of the model's outputs and the targets that give a number.

Outputs are scores (N, C, ...) of C classes; or labels, in integers; or else logits of yes against no, in the shape of
the targets or with a last axis of size 1 more. Targets are labels (N, ...), or probabilities in the scores' shape.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import numpy as np

Metric = Callable[[Any, Any], float]


def whole(metric: Any) -> Any:
    """Mark a metric that is no mean over examples: the trainer computes it once an epoch, on all answers together.

    >>> @whole
    ... def spread(output, target):
    ...     return float(np.std(output - target))
    """
    metric.whole = True
    return metric


# ------------------------------------------------------------------------------------------------ classification
def _answers(output: Any, target: Any, name: str) -> tuple[np.ndarray, np.ndarray, int]:
    """(predicted labels, true labels, number of classes or 0 where only the labels tell), both flat."""
    scores, labels = np.asarray(output), np.asarray(target)
    if scores.dtype.kind in "iub":
        answers, classes = scores, 0
    elif scores.ndim > 1 and scores.shape[1] > 1:
        labels = labels.argmax(1) if labels.shape == scores.shape else labels
        answers, classes = scores.argmax(1), scores.shape[1]
    else:
        answers, classes = scores > 0, 2
    if answers.size != labels.size:
        raise ValueError(f"{name}: the outputs {scores.shape} and the targets {labels.shape} do not fit together")
    if not labels.size:
        raise ValueError(f"{name}: there are no examples, the targets have shape {labels.shape}")
    return answers.ravel(), labels.ravel(), classes


def accuracy(output: Any, target: Any) -> float:
    """The share of right answers.

    >>> accuracy(np.array([[0.2, 0.8], [0.9, 0.1]]), np.array([1, 1]))
    0.5
    """
    answers, labels, _ = _answers(output, target, "accuracy")
    return float((answers == labels).mean())


def top_k_accuracy(output: Any, target: Any, k: int = 5) -> float:
    """How often the right class (N,) is among the k highest scores (N, C); the trainer knows it as "top5".

    >>> top_k_accuracy(np.array([[0.1, 0.3, 0.6], [0.5, 0.4, 0.1]]), np.array([1, 2]), k=2)
    0.5
    """
    scores, labels = np.asarray(output), np.asarray(target)
    if scores.ndim != 2 or labels.shape != scores.shape[:1]:
        raise ValueError(f"top_k_accuracy takes scores (N, C) and labels (N,), got {scores.shape} and {labels.shape}")
    best = np.argsort(scores, axis=1, kind="stable")[:, ::-1][:, :k]  # (N, k)
    return float((best == labels[:, None]).any(1).mean())


def confusion_matrix(output: Any, target: Any) -> np.ndarray:
    """How often class i (row) was taken for class j (column): (C, C).

    >>> confusion_matrix(np.array([0, 1, 1]), np.array([0, 1, 0]))
    array([[1, 1],
           [0, 1]])
    """
    answers, labels, classes = _answers(output, target, "confusion_matrix")
    pairs = np.stack([labels, answers]).astype(np.int64)
    classes = max(classes, int(pairs.max()) + 1, 2)
    if pairs.min() < 0 or (labels != pairs[0]).any():
        raise ValueError("confusion_matrix: labels are whole numbers from 0")
    return np.bincount(pairs[0] * classes + pairs[1], minlength=classes**2).reshape(classes, classes)


def _ratio(output: Any, target: Any, average: str, ratio: Callable) -> Any:
    """ratio(hits, answers, truths) -> (above, below) of each class, averaged."""
    table = confusion_matrix(output, target)
    above, below = ratio(table.diagonal(), table.sum(0), table.sum(1))
    if average == "auto":
        average = "binary" if len(table) == 2 and np.size(output) == np.size(target) else "macro"
    if average == "micro":
        return float(above.sum() / below.sum())
    each = above / np.maximum(below, 1)
    if average == "none":
        return each
    if average == "binary" and len(table) == 2:
        return float(each[1])
    if average != "macro":
        raise ValueError(f"average is 'macro', 'micro', 'none', or for two classes 'binary', not {average!r}")
    return float(each[table.sum(0) + table.sum(1) > 0].mean())


@whole
def precision(output: Any, target: Any, average: str = "auto") -> Any:
    """Of those called class c, the share that are: 0 where none was.

    average: "macro", the mean over the classes that occur; "micro", over all answers; "none", one number a class;
    "binary", that of class 1; "auto" is binary for answers of yes or no, else macro.

    >>> precision(np.array([0, 1, 1]), np.array([0, 1, 0]))
    0.5
    """
    return _ratio(output, target, average, lambda hits, answers, truths: (hits, answers))


@whole
def recall(output: Any, target: Any, average: str = "auto") -> Any:
    """Of those that are class c, the share that were called so; `average` as in `precision`."""
    return _ratio(output, target, average, lambda hits, answers, truths: (hits, truths))


@whole
def f1(output: Any, target: Any, average: str = "auto") -> Any:
    """The harmonic mean of precision and recall; `average` as in `precision` (van Rijsbergen 1979)."""
    return _ratio(output, target, average, lambda hits, answers, truths: (2 * hits, answers + truths))


@whole
def roc_auc(output: Any, target: Any) -> float:
    """How often an example of the class scores higher than one that is not: the area under the ROC curve.

    Scores (N,) or (N, 1) of yes against no, or (N, C), then the mean over the classes, each against the rest. nan
    where a class has no examples, or all. Ties count half (Mann and Whitney 1947, Hanley and McNeil 1982).

    >>> roc_auc(np.array([0.1, 0.4, 0.35, 0.8]), np.array([0, 0, 1, 1]))
    0.75
    """
    scores, labels = np.asarray(output, np.float64), np.asarray(target).ravel()
    columns = scores[:, None] if scores.ndim == 1 else scores
    if columns.ndim != 2 or len(columns) != len(labels):
        raise ValueError(f"roc_auc takes scores (N,) or (N, C) and labels (N,), got {scores.shape} and {labels.shape}")
    if columns.shape[1] <= 2:
        return _auc(columns[:, -1] - columns[:, 0] * (columns.shape[1] == 2), labels == 1)
    return float(np.mean([_auc(column, labels == c) for c, column in enumerate(columns.T)]))


def _auc(scores: np.ndarray, yes: np.ndarray) -> float:
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[place]  # equal scores share their mean rank
    n, m = int(yes.sum()), int((~yes).sum())
    return float((rank[yes].sum() - n * (n + 1) / 2) / (n * m)) if n and m else float("nan")


# ---------------------------------------------------------------------------------------------------- regression
def _difference(output: Any, target: Any, name: str) -> tuple[np.ndarray, np.ndarray]:
    """(output - target, target). ValueError rather than broadcast (N, 1) with (N,) to (N, N)."""
    out, wanted = np.asarray(output), np.asarray(target)
    if out.shape != wanted.shape and (*out.shape, 1) != wanted.shape and out.shape != (*wanted.shape, 1):
        raise ValueError(f"{name}: the outputs {out.shape} and the targets {wanted.shape} do not fit together")
    return out.reshape(wanted.shape) - wanted, wanted


def mean_absolute_error(output: Any, target: Any) -> float:
    """The mean of |output - target|."""
    return float(np.abs(_difference(output, target, "mean_absolute_error")[0]).mean())


def mean_squared_error(output: Any, target: Any) -> float:
    """The mean of (output - target)^2."""
    return float(np.square(_difference(output, target, "mean_squared_error")[0]).mean())


@whole
def root_mean_squared_error(output: Any, target: Any) -> float:
    """The root of the mean of (output - target)^2, in the unit of the targets."""
    return float(np.sqrt(np.square(_difference(output, target, "root_mean_squared_error")[0]).mean()))


@whole
def r2(output: Any, target: Any) -> float:
    """1 - squared error / variance of the targets: 1 is perfect, 0 no better than their mean. Columns are averaged.

    Where the targets (N, ...) are all the same: 1 if they are met, else 0.

    >>> r2([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0]) > 0.94
    True
    """
    off, wanted = _difference(output, target, "r2")
    error, spread = np.square(off).sum(0), np.square(wanted - wanted.mean(0)).sum(0)
    flat = spread == 0
    return float(np.where(flat, error == 0, 1 - error / np.where(flat, 1, spread)).mean())


# --------------------------------------------------------------------------------------------------------- names
BY_NAME: dict[str, Metric] = {
    "accuracy": accuracy,
    "auc": roc_auc,
    "f1": f1,
    "mae": mean_absolute_error,
    "mse": mean_squared_error,
    "precision": precision,
    "r2": r2,
    "recall": recall,
    "rmse": root_mean_squared_error,
}


def named(metrics: Mapping[str, Callable] | Iterable[str | Callable] | None) -> dict[str, Callable]:
    """Metrics given by name, as functions, or as a dict of both, as a dict.

    >>> list(named(["accuracy", "top3"]))
    ['accuracy', 'top3']
    """
    if isinstance(metrics, str) or (metrics is not None and not isinstance(metrics, Iterable)):
        raise TypeError(f"metrics are given in a list, as in metrics=[{metrics!r}]")
    if isinstance(metrics, Mapping):
        return {name: _find(metric) for name, metric in metrics.items()}
    return {m if isinstance(m, str) else getattr(m, "__name__", "metric"): _find(m) for m in metrics or ()}


def _find(metric: Any) -> Callable:
    if callable(metric):
        return metric
    if isinstance(metric, str) and (top := re.fullmatch(r"top(\d+)", metric)):
        return partial(top_k_accuracy, k=int(top[1]))
    if metric not in BY_NAME:
        known = ", ".join([*BY_NAME, "top5"])
        raise ValueError(f"there is no metric {metric!r}: there are {known}, and any function you write")
    return BY_NAME[metric]
