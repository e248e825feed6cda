"""Rows picked out of a table by number, and added back to it: each is the other's gradient."""

from __future__ import annotations

import math

import numpy as np

from .. import ops
from ..autograd import differentiable


@differentiable(
    weight=lambda g, index, share, weight_shape: ops.add_rows(g if share is None else g * share, index, weight_shape[0])
)
def embedding(weight, index, share=None):
    """weight[index]: a table (V, D) and numbers (...) of its rows -> (..., D).

    `share` (..., 1) says how much of the gradient of each row picked counts. IndexError for a number out of range.

    >>> import learnnn
    >>> embedding(learnnn.tensor([[1.0, 2.0], [3.0, 4.0]]), learnnn.tensor([1, 1])).tolist()
    [[3.0, 4.0], [3.0, 4.0]]
    """
    check_rows(index, len(weight))
    return weight[index]


def check_rows(index: np.ndarray, rows: int) -> None:
    """IndexError for the number of a row that is not there."""
    if index.size and not 0 <= index.min() <= index.max() < rows:
        raise IndexError(
            f"index out of range in self: the table has {rows} rows, numbered 0 to {rows - 1}, and the numbers asked "
            f"for go from {index.min()} to {index.max()}; is num_embeddings the size of the vocabulary?"
        )


@differentiable(input=lambda g, index: ops.embedding(g, index))
def add_rows(input, index, rows):
    """Zeros (rows, D), with each row of `input` (..., D) added at its place: the transpose of `embedding`."""
    flat, width = index.ravel(), math.prod(input.shape[index.ndim :])
    out = np.zeros((rows, width), input.dtype)
    if len(flat):
        order = np.argsort(flat, kind="stable")  # equal numbers side by side, so that each run is one sum
        places, starts = np.unique(flat[order], return_index=True)
        out[places] = np.add.reduceat(input.reshape(len(flat), width)[order], starts, axis=0)
    return out
