"""What the network is given of a point: its coordinates, and simple functions of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

Feature = Callable[[np.ndarray, np.ndarray], np.ndarray]

# By the expression that stands in the exported code; numpy's sin is `np.sin` there.
FEATURES: dict[str, Feature] = {
    "x1": lambda x1, x2: x1,
    "x2": lambda x1, x2: x2,
    "x1**2": lambda x1, x2: x1**2,
    "x2**2": lambda x1, x2: x2**2,
    "x1*x2": lambda x1, x2: x1 * x2,
    "sin(x1)": lambda x1, x2: np.sin(x1),
    "sin(x2)": lambda x1, x2: np.sin(x2),
}
LABELS = dict(zip(FEATURES, ("x₁", "x₂", "x₁²", "x₂²", "x₁x₂", "sin x₁", "sin x₂")))


def expand(X: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Points (N, 2) -> the chosen features of each (N, len(names)).

    >>> expand(np.array([[2.0, 3.0]]), ["x1", "x1*x2"])
    array([[2., 6.]])
    """
    x1, x2 = X[:, 0], X[:, 1]
    return np.stack([FEATURES[name](x1, x2) for name in names], 1)
