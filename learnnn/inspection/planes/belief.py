"""What a classifier believes at given points, whatever kind of classifier it is: one probability a class."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from ... import autograd
from ...tensor import Tensor
from ..models.kind import is_torch


def believer(model: Any, classes: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """A function from points (N, 2) to probabilities (N, classes), for a module, an estimator or any callable."""
    if hasattr(model, "predict") and hasattr(model, "fit"):
        return lambda points: _estimated(model, points, classes)
    if not callable(model):
        raise TypeError(
            f"decision_boundary(model, X, y): a {type(model).__name__} cannot be asked for predictions; pass a module, "
            "a function of an array (N, 2), or a fitted scikit-learn estimator"
        )
    if hasattr(model, "named_parameters"):
        ask = _ask_torch if is_torch(model) else _ask_module
        return lambda points: probabilities(ask(model, points), classes, _ends_in_sigmoid(model))
    return lambda points: probabilities(_ask_function(model, points), classes, None)


def probabilities(answer: Any, classes: np.ndarray, squashed: bool | None) -> np.ndarray:
    """Scores, probabilities or labels (N,), (N, 1) or (N, K) as probabilities (N, K).

    Rows that are positive and sum to one are taken as they are, others go through softmax; a single column
    through a sigmoid, unless `squashed` (None: unless all of it lies in 0..1).

    >>> probabilities([[0.0, 0.0]], np.array([0, 1]), None).tolist()
    [[0.5, 0.5]]
    >>> probabilities(np.array([1, 0]), np.array([0, 1]), None).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    raw = np.asarray(answer)
    if raw.ndim == 1 and raw.dtype.kind in "iubOUS":
        return (raw[:, None] == classes).astype(float)
    scores = raw.astype(np.float64)
    if scores.ndim == 2 and scores.shape[1] == 1:
        scores = scores[:, 0]
    if scores.ndim == 1:
        return _of_one_column(scores, classes, squashed)
    if scores.ndim != 2 or scores.shape[1] < len(classes):
        raise ValueError(
            f"the model answers with shape {raw.shape} for {len(raw)} points, and y holds {len(classes)} classes: one "
            "score a class is needed, (N, classes), or a single one for two classes"
        )
    if (scores >= 0).all() and np.allclose(scores.sum(1), 1, atol=1e-4):
        return scores
    odds = np.exp(scores - scores.max(1, keepdims=True))
    return odds / odds.sum(1, keepdims=True)


def _of_one_column(scores: np.ndarray, classes: np.ndarray, squashed: bool | None) -> np.ndarray:
    if len(classes) > 2:
        raise ValueError(
            f"the model gives one score a point, and y holds {len(classes)} classes: it needs {len(classes)}"
        )
    inside = bool(((scores >= 0) & (scores <= 1)).all())
    if (squashed is None and inside) or (squashed and inside):
        second = scores
    else:
        second = 0.5 * (1 + np.tanh(scores / 2))  # the sigmoid, which cannot overflow so
    return np.stack([1 - second, second], 1)


# ------------------------------------------------------------------------------------------- asking a model
def _ask_module(model: Any, points: np.ndarray) -> np.ndarray:
    kind = next((p.dtype for p in model.parameters() if p.is_floating_point()), np.dtype(np.float32))
    with evaluating(model), autograd.no_grad():
        return _array(model(autograd.wrap(points.astype(kind))))


def _ask_torch(model: Any, points: np.ndarray) -> np.ndarray:
    torch = sys.modules["torch"]
    kind = next((p.dtype for p in model.parameters() if p.is_floating_point()), torch.float32)
    with evaluating(model), torch.no_grad():
        return _array(model(torch.as_tensor(points).to(kind)))


def _ask_function(function: Callable, points: np.ndarray) -> np.ndarray:
    """Arrays are tried first; a function written for tensors gets tensors."""
    with autograd.no_grad():
        try:
            return _array(function(points))
        except (TypeError, AttributeError, RuntimeError):
            return _array(function(autograd.wrap(points.astype(np.float32))))


def _array(answer: Any) -> np.ndarray:
    if isinstance(answer, Tensor):
        return answer.array
    return answer.detach().numpy(force=True) if is_torch(answer) else np.asarray(answer)


def _estimated(estimator: Any, points: np.ndarray, classes: np.ndarray) -> np.ndarray:
    if hasattr(estimator, "predict_proba"):
        found, known = np.asarray(estimator.predict_proba(points)), list(getattr(estimator, "classes_", classes))
        column = {name: i for i, name in enumerate(known)}
        return np.stack([found[:, column[c]] if c in column else np.zeros(len(points)) for c in classes], 1)
    if hasattr(estimator, "decision_function"):
        return probabilities(estimator.decision_function(points), classes, False)
    return (np.asarray(estimator.predict(points))[:, None] == classes).astype(float)


@contextmanager
def evaluating(model: Any) -> Iterator[None]:
    """The model in evaluation mode, and each of its parts back in its own mode afterwards."""
    parts = list(model.modules()) if hasattr(model, "modules") else []
    modes = [part.training for part in parts]
    for part in parts:
        part.training = False
    try:
        yield
    finally:
        for part, mode in zip(parts, modes):
            part.training = mode


def _ends_in_sigmoid(model: Any) -> bool:
    parts: Sequence[Any] = list(model.modules()) if hasattr(model, "modules") else []
    return bool(parts) and type(parts[-1]).__name__ == "Sigmoid"
