"""What a classifier believes at given points, whatever kind of classifier it is: one probability a class."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from ..models.kind import is_module
from ..models.model import Model
from .plane import Extent, grid

Believer = Callable[[np.ndarray], np.ndarray]


def believer(model: Any, classes: np.ndarray) -> Believer:
    """A function from points (N, 2) to probabilities (N, classes), for a module, an estimator or any callable.

    A model may tell apart more classes than are in `classes`: they come after those.
    """
    if hasattr(model, "predict") and hasattr(model, "fit"):
        return lambda points: _estimated(model, points, classes)
    if not callable(model) and not callable(getattr(model, "forward", None)):
        raise TypeError(
            f"decision_boundary(model, X, y): a {type(model).__name__} cannot be asked for predictions; pass a module, "
            "a function of an array (N, 2), or a fitted scikit-learn estimator"
        )
    seen, squashed = Model(model), _ends_in_sigmoid(model)
    return lambda points: probabilities(seen.ask(points), classes, squashed, len(points))


def has_margin(model: Any) -> bool:
    """Is it an estimator of scores, as a support vector machine, whose margin is where the score is 1 or -1?"""
    return hasattr(model, "decision_function") and not hasattr(model, "predict_proba")


def probabilities(answer: Any, classes: np.ndarray, squashed: bool | None, points: int | None = None) -> np.ndarray:
    """Scores, probabilities or labels (N,), (N, 1) or (N, K) as probabilities (N, K); nan where the answer is.

    Rows that are positive and sum to one are taken as they are, others go through softmax; a single column
    through a sigmoid, unless `squashed` (None: unless all of it lies in 0..1). ValueError for other shapes.

    >>> probabilities([[0.0, 0.0]], np.array([0, 1]), None).tolist()
    [[0.5, 0.5]]
    >>> probabilities(np.array([1, 0]), np.array([0, 1]), None).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    raw = np.asarray(answer)
    if raw.ndim == 0 or (points is not None and len(raw) != points):
        raise ValueError(
            f"the model answers with shape {raw.shape} for {points or 'all'} points: one answer a point is needed, "
            "(N,) or (N, classes)"
        )
    if raw.ndim == 1 and raw.dtype.kind in "iubOUS":
        return _of_labels(raw, classes)
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
    return _of_columns(scores)


def _of_labels(labels: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """All belief in the class that is named; nan where a label is none of the classes."""
    believed = (labels[:, None] == classes).astype(float)
    believed[~believed.any(1)] = np.nan
    return believed


def _of_columns(scores: np.ndarray) -> np.ndarray:
    known = np.isfinite(scores).all(1)
    believed = np.full_like(scores, np.nan)
    if (scores[known] >= 0).all() and np.allclose(scores[known].sum(1), 1, atol=1e-4):
        believed[known] = scores[known]
        return believed
    odds = np.exp(scores[known] - scores[known].max(1, keepdims=True))
    believed[known] = odds / odds.sum(1, keepdims=True)
    return believed


def _of_one_column(scores: np.ndarray, classes: np.ndarray, squashed: bool | None) -> np.ndarray:
    if len(classes) > 2:
        raise ValueError(
            f"the model gives one score a point, and y holds {len(classes)} classes: it needs {len(classes)}"
        )
    known = scores[~np.isnan(scores)]
    inside = bool(((known >= 0) & (known <= 1)).all())
    if (squashed is None and inside) or (squashed and inside):
        second = scores
    else:
        second = 0.5 * (1 + np.tanh(scores / 2))  # the sigmoid, which cannot overflow so
    return np.stack([1 - second, second], 1)


# --------------------------------------------------------------------------------------------- what is asked
def _estimated(estimator: Any, points: np.ndarray, classes: np.ndarray) -> np.ndarray:
    if hasattr(estimator, "predict_proba"):
        return _in_order(np.asarray(estimator.predict_proba(points)), getattr(estimator, "classes_", classes), classes)
    if hasattr(estimator, "decision_function"):
        scores, known = np.asarray(estimator.decision_function(points)), getattr(estimator, "classes_", classes)
        return _in_order(probabilities(scores, known, False, len(points)), known, classes)
    answer = np.asarray(estimator.predict(points))
    if answer.ndim == 1 and np.isin(answer, classes).all():
        return _of_labels(answer, classes)
    return probabilities(answer, classes, None, len(points))


def _in_order(found: np.ndarray, known: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Columns for the estimator's own classes `known` as columns for `classes`, and what is left of them behind."""
    column = {name: found[:, i] for i, name in enumerate(known)}
    nobody = np.zeros(len(found))
    wanted = [column.pop(name, nobody) for name in classes]
    return np.stack([*wanted, *column.values()], 1)


def _ends_in_sigmoid(model: Any) -> bool | None:
    """Are a module's numbers probabilities already? None where the order of its parts does not tell."""
    if not is_module(model):
        return None
    parts = [*model.modules()]
    if type(parts[-1]).__name__ == "Sigmoid":
        return True
    return False if len(parts) == 1 or type(model).__name__ == "Sequential" else None


# ------------------------------------------------------------------------------------------ how much is asked
FINEST, COARSEST = 120, 16  # grid points each way
BUDGET = 0.5  # seconds that a picture may ask for


def affordable_resolution(believe: Believer, extent: Extent, budget: float = BUDGET) -> int:
    """How fine a grid over the plane can be asked within `budget` seconds: a model of single numbers is slow.

    >>> affordable_resolution(lambda points: points, (0, 1, 0, 1))
    120
    """
    few, more = 8, 24
    seconds = _seconds(believe, grid(extent, few))
    if seconds <= budget * (few / FINEST) ** 2:
        return FINEST
    if seconds * (more / few) ** 2 > 2 * budget:
        return _points_for(seconds / few**2, budget)
    growth = _seconds(believe, grid(extent, more)) - seconds  # without what any call costs
    return _points_for(growth / (more**2 - few**2), budget)


def _points_for(each: float, budget: float) -> int:
    return int(min(max((budget / max(each, 1e-9)) ** 0.5, COARSEST), FINEST))


def _seconds(believe: Believer, points: np.ndarray) -> float:
    begin = time.perf_counter()
    believe(points)
    return time.perf_counter() - begin
