"""Directions in which a model's parameters can go: random ones, those of a training, and what is given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ..models.kind import as_array

Arrays = dict[str, np.ndarray]


def flat(arrays: Mapping[str, Any]) -> np.ndarray:
    """All numbers of a dictionary of arrays in one row (P,), in float64."""
    return np.concatenate([as_array(array).astype(np.float64).ravel() for array in arrays.values()])


def unflat(row: np.ndarray, like: Mapping[str, np.ndarray]) -> Arrays:
    """The row (P,) as a dictionary of arrays of the shapes and types of `like`.

    >>> unflat(np.arange(3.0), {"w": np.zeros((1, 2)), "b": np.zeros(1)})
    {'w': array([[0., 1.]]), 'b': array([2.])}
    """
    ends = np.cumsum([array.size for array in like.values()])
    pieces = np.split(row, ends[:-1])
    return {name: piece.reshape(a.shape).astype(a.dtype) for piece, (name, a) in zip(pieces, like.items())}


def filters(parameters: Mapping[str, np.ndarray]) -> np.ndarray:
    """Which filter each number of the row belongs to, (P,): one for each output of a weight (the rows of a matrix, the
    kernels of a convolution), one for a bias. Single numbers that a list holds, as the weights of lesson 03, are one.

    >>> filters({"weight": np.zeros((2, 3)), "bias": np.zeros(2)})
    array([0, 0, 0, 1, 1, 1, 2, 2])
    """
    numbers: dict[tuple[str, int], int] = {}
    owners = [_owner(name, array) for name, array in parameters.items()]
    return np.array([numbers.setdefault(owner, len(numbers)) for each in owners for owner in each], dtype=int)


def _owner(name: str, array: np.ndarray) -> list[tuple[str, int]]:
    if array.ndim >= 2:
        return [(name, k) for k in range(len(array)) for _ in range(array.size // len(array))]
    list_name, _, place = name.rpartition(".")
    in_list = array.ndim == 0 and place.isdigit()
    return [(list_name if in_list else name, -1 if in_list else 0)] * array.size


def random_directions(parameters: Mapping[str, np.ndarray], count: int, seed: int) -> np.ndarray:
    """`count` random directions (count, P), each filter as long as the model's own (Li et al. 2018, section 4).

    Along such a direction 1 means as far as the weights are large, so that two models can be compared, though ReLU
    networks compute the same with their weights scaled up in one layer and down in the next.
    """
    weights, owner = flat(parameters), filters(parameters)
    found = np.random.default_rng(seed).standard_normal((count, weights.size))
    due = np.sqrt(np.bincount(owner, weights**2))
    for direction in found:
        direction *= (due / np.sqrt(np.bincount(owner, direction**2)))[owner]
    return found


def principal_directions(steps: np.ndarray, centre: np.ndarray) -> tuple[np.ndarray, float]:
    """The two orthogonal unit directions (2, P) in which parameters (T, P) moved most on their way to `centre`, and the
    part of their movement that lies in that plane (Li et al. 2018, section 7)."""
    moves = steps - centre
    _, sizes, directions = np.linalg.svd(moves, full_matrices=False)
    if len(sizes) < 2 or sizes[1] <= 1e-12 * sizes[0]:
        raise ValueError(
            f"the path has {len(steps)} points, and they lie on one line: a plane needs at least two that lead to the "
            "model from different sides. Record more steps, or give directions=[...] of your own"
        )
    return directions[:2], float((sizes[:2] ** 2).sum() / (sizes**2).sum())


def coordinates(rows: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """Where rows (T, P) are nearest to in the span of directions (D, P): (T, D).

    >>> coordinates(np.array([[2.0, 3.0, 9.0]]), np.array([[1.0, 0.0, 0.0], [1.0, 1.0, 0.0]])).round(9)
    array([[-1.,  3.]])
    """
    return np.linalg.lstsq(directions.T, rows.T, rcond=None)[0].T + 0.0


# -------------------------------------------------------------------------------------------------- what was given
def given_directions(directions: Any, parameters: Mapping[str, np.ndarray]) -> np.ndarray:
    """One dictionary of arrays like the parameters, or a sequence of one or two -> (1 or 2, P). Raises ValueError."""
    each = [directions] if isinstance(directions, Mapping) else list(directions)
    if len(each) not in (1, 2):
        raise ValueError(f"directions has {len(each)} entries: one makes a line, two make a plane")
    rows = np.stack([row_of(d, parameters, f"direction {k + 1}") for k, d in enumerate(each)])
    sizes = np.linalg.norm(rows, axis=1)
    if not sizes.all():
        raise ValueError(f"direction {int(sizes.argmin()) + 1} is zero everywhere: it leads nowhere")
    if np.linalg.matrix_rank(rows / sizes[:, None], tol=1e-9) < len(rows):
        raise ValueError("the two directions are the same up to a factor: they span a line, no plane; pass one of them")
    return rows


def given_path(path: Any, parameters: Mapping[str, np.ndarray]) -> np.ndarray:
    """The parameters at each recorded step -> (T, P). What else was recorded, such as buffers, is left out."""
    steps = list(path.values() if isinstance(path, Mapping) else path)
    if not steps:
        raise ValueError("path is empty: record the parameters while the model trains")
    return np.stack([row_of(step, parameters, f"step {k + 1} of the path") for k, step in enumerate(steps)])


def row_of(arrays: Any, parameters: Mapping[str, np.ndarray], what: str) -> np.ndarray:
    """One dictionary (or a list in the order of the parameters) as a row; ValueError where names or shapes differ."""
    if isinstance(arrays, Sequence) and len(arrays) == len(parameters):
        arrays = dict(zip(parameters, arrays))
    if not isinstance(arrays, Mapping):
        raise TypeError(f"{what} is a {type(arrays).__name__}: a dictionary of arrays by parameter name is needed")
    _check_names(arrays, parameters, what)
    row = flat({name: arrays[name] for name in parameters})
    if not np.isfinite(row).all():
        raise ValueError(f"{what} holds nan or infinity: it is nowhere on a picture")
    return row


def _check_names(arrays: Mapping[str, Any], parameters: Mapping[str, np.ndarray], what: str) -> None:
    missing: Iterable[str] = [name for name in parameters if name not in arrays]
    if missing:
        raise ValueError(f"{what} lacks {', '.join(missing)}: it needs the model's {', '.join(parameters)}")
    for name, array in parameters.items():
        if (found := as_array(arrays[name]).shape) != array.shape:
            raise ValueError(f"{what} has shape {found} for '{name}', where the model has {array.shape}")
