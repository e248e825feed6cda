"""Points and labels as they are given, checked; and which classes there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..models.kind import as_array

MOST = 100  # classes


def checked(X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
    """Points (N, 2) of floats and labels (N,). ValueError says what does not fit."""
    points, labels = as_array(X), _labels(y)
    points = points if points.dtype.kind == "f" else points.astype(np.float64)
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(
            f"decision_boundary draws models with 2 inputs, and X has shape {points.shape}: choose two columns, as in "
            "X[:, [0, 1]], and train a model on those"
        )
    if len(labels) != len(points) or not len(points):
        raise ValueError(f"X holds {len(points)} points and y {len(labels)} labels: one label a point is needed")
    if not np.isfinite(points).all():
        raise ValueError("X holds nan or infinity: such a point is nowhere on the plane")
    if labels.dtype.kind == "f" and not np.isfinite(labels).all():
        raise ValueError("y holds nan or infinity: each point needs a label")
    return points, labels


def _labels(y: Any) -> np.ndarray:
    """Labels (N,), also from a column (N, 1), and from one-hot rows (N, classes)."""
    labels = as_array(y)
    if labels.ndim == 2 and labels.shape[1] > 1:
        labels = labels.argmax(1)
    return labels.reshape(-1)


@dataclass(frozen=True)
class Labels:
    """The classes in order and what to call them; for each label the index of its class, and the type labels had.

    >>> Labels.of(np.array([-1.0, 1.0, 1.0]), ["no", "yes"]).indices
    array([0, 1, 1])
    """

    classes: np.ndarray
    names: tuple[str, ...]
    indices: np.ndarray
    dtype: np.dtype

    @classmethod
    def of(cls, labels: np.ndarray, names: Sequence[str] | None = None) -> Labels:
        """Whole numbers from 0 up are columns of the model's answer: none is skipped, and names may say there are more.

        Raises ValueError for more classes than can be coloured, and where names and classes do not fit.

        >>> Labels.of(np.array([3, 1])).names
        ('0', '1', '2', '3')
        """
        classes = _classes(labels, len(names) if names is not None else 2)
        if len(classes) > MOST:
            raise ValueError(
                f"y holds {len(classes)} different labels, too many to colour: is it a number to predict, not a class?"
            )
        if names is not None and len(names) != len(classes):
            raise ValueError(f"class_names has {len(names)} entries for {len(classes)} classes")
        words = tuple(map(name_of, classes if names is None else names))
        return cls(classes, words, np.searchsorted(classes, labels), labels.dtype)


def _classes(labels: np.ndarray, least: int) -> np.ndarray:
    found = np.unique(labels)
    if found.dtype.kind == "b":
        return np.array([False, True])
    whole = found.dtype.kind in "iu" or (found.dtype.kind == "f" and (found == np.round(found)).all())
    if whole and found.min() >= 0 and found.max() < MOST:
        return np.arange(max(int(found.max()) + 1, least))
    return found


def name_of(label: Any) -> str:
    """
    >>> name_of(1.0), name_of("left")
    ('1', 'left')
    """
    return f"{label:g}" if isinstance(label, float | np.floating) else str(label)
