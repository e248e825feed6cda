"""Vectors of many numbers on a plane, and which of them are alike."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..face.require import require


def pca(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two directions in which the rows of x (V, d) vary most (Pearson 1901): positions (V, 2), and the part of the
    variance that each holds, (2,).

    >>> positions, held = pca(np.array([[0.0, 0, 0], [2, 0, 0], [4, 0, 0]]))
    >>> positions[:, 0].tolist(), held.tolist()
    ([-2.0, 0.0, 2.0], [1.0, 0.0])
    """
    centred = x - x.mean(0)
    _, sizes, directions = np.linalg.svd(centred, full_matrices=False)
    first = directions[:2]
    # either sign of a direction is right: the one whose largest number is positive is the same every time
    first = first * np.sign(np.take_along_axis(first, np.abs(first).argmax(1)[:, None], 1) + 1e-300)
    positions = np.zeros((len(x), 2))
    positions[:, : len(first)] = centred @ first.T
    held = np.zeros(2)
    held[: len(first)] = sizes[:2] ** 2 / max(float((sizes**2).sum()), np.finfo(float).tiny)
    return positions, held


def tsne(x: np.ndarray) -> np.ndarray:
    """Positions (V, 2) that keep neighbours together (van der Maaten and Hinton 2008); needs scikit-learn.

    Distances between groups, and their sizes, mean nothing in it.
    """
    manifold: Any = require("sklearn.manifold", "embedding_map(method='tsne')")
    if len(x) < 4:
        raise ValueError(f"t-SNE needs four vectors at least, and there are {len(x)}: take method='pca'")
    how = {"perplexity": min(30.0, (len(x) - 1) / 3), "random_state": 0, "init": "pca" if x.shape[1] > 1 else "random"}
    return np.asarray(manifold.TSNE(2, **how).fit_transform(x.astype(np.float32)), dtype=float)


def neighbours(x: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The k rows most like each row by the cosine of their angle, the most alike first: (V, k), and cosines (V, k).

    A row of zeros has no direction: its cosines are 0. Of equal ones the first row comes first.

    >>> near, cosines = neighbours(np.array([[1.0, 0], [2, 0], [0, 1]]), 1)
    >>> near.tolist(), cosines.tolist()
    ([[1], [0], [0]], [[1.0], [1.0], [0.0]])
    """
    lengths = np.linalg.norm(x, axis=1, keepdims=True)
    unit = x / np.where(lengths == 0, 1, lengths)
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, -np.inf)
    near = np.argsort(-cosines, axis=1, kind="stable")[:, : min(k, len(x) - 1)]
    return near, np.take_along_axis(cosines, near, 1)
