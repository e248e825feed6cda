"""Picking along one axis by a tensor of positions, and putting back so. All are `getitem`, `put` and `replace`."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ops
from ..autograd import Variable, wrap
from .reduce import axes


def _array(x: Any) -> Any:
    return x.array if isinstance(x, Variable) else x


def _grid(name: str, shape: tuple[int, ...], dim: int, index: Any) -> tuple[Any, ...]:
    """The index that picks, for each place of `index`, position index[place] along `dim` and place elsewhere."""
    (axis,) = axes(dim, len(shape))
    if index.dtype.kind not in "iu":
        raise RuntimeError(f"{name}(): Expected dtype int64 for index, got {index.dtype}")
    if index.ndim != len(shape):
        raise RuntimeError(
            f"Index tensor must have the same number of dimensions as input tensor: {name} got an index of "
            f"{list(index.shape)} for an input of {list(shape)}"
        )
    _inside(name, shape, index.shape, axis)
    grid = list(np.ogrid[tuple(slice(n) for n in index.shape)])
    grid[axis] = _array(index)
    wrong = (grid[axis] < 0) | (grid[axis] >= shape[axis])
    if wrong.any():
        found = grid[axis][wrong].flat[0]
        raise RuntimeError(f"{name}(): index {found} is out of bounds for dimension {axis} with size {shape[axis]}")
    return tuple(grid)


def _inside(name: str, shape: tuple[int, ...], index: tuple[int, ...], but: int = -1) -> None:
    if 0 not in index and any(i > n for d, (i, n) in enumerate(zip(index, shape)) if d != but):
        rest = f" apart from dimension {but}" if but >= 0 else ""
        raise RuntimeError(f"{name}(): Size does not match: expected index {list(index)} to fit {list(shape)}{rest}")


def gather(input: Any, dim: int, index: Any) -> Any:
    """out[i, j] = input[i, index[i, j]] for dim=1, and likewise for every other axis and number of axes.

    >>> import learnnn
    >>> learnnn.gather(learnnn.tensor([[1.0, 2.0], [3.0, 4.0]]), 1, learnnn.tensor([[1], [0]])).tolist()
    [[2.0], [3.0]]
    """
    return ops.getitem(input, _grid("gather", input.shape, dim, index))


def _source(name: str, input: Any, index: Any, src: Any) -> Any:
    """The part of `src` that an index of this shape takes."""
    if input.dtype != src.dtype:
        raise RuntimeError(f"{name}(): Expected self.dtype to be equal to src.dtype: {input.dtype} and {src.dtype}")
    _inside(name, src.shape, index.shape)
    return ops.getitem(src, tuple(slice(n) for n in index.shape))


def scatter(input: Any, dim: int, index: Any, src: Any = None, value: Any = None) -> Any:
    """A copy of input with out[i, index[i, j]] = src[i, j] for dim=1, and likewise for other axes; or = a number.

    >>> import learnnn
    >>> learnnn.scatter(learnnn.zeros(2, 3), 1, learnnn.tensor([[2], [0]]), 1.0).tolist()
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
    src = src if value is None else value
    grid = _grid("scatter", input.shape, dim, index)
    return ops.replace(input, grid, _source("scatter", input, index, src) if np.ndim(src) else src)


def scatter_add(input: Any, dim: int, index: Any, src: Any) -> Any:
    """input, with src[i, j] added at [i, index[i, j]] for dim=1, and likewise for other axes; repeats add up."""
    grid = _grid("scatter_add", input.shape, dim, index)
    return input + ops.put(_source("scatter_add", input, index, src), grid, tuple(input.shape))


def _along(name: str, input: Any, dim: int, index: Any) -> tuple[Any, ...]:
    """The index that picks whole slices along `dim`."""
    (axis,) = axes(dim, input.ndim)
    if index.ndim > 1:
        raise IndexError(f"{name}(): Index is supposed to be a vector, but got {list(index.shape)}")
    if index.dtype.kind not in "iu":
        raise RuntimeError(f"{name}(): Expected dtype int32 or int64 for index, got {index.dtype}")
    places = np.atleast_1d(_array(index))
    if (places < 0).any() or (places >= input.shape[axis]).any():
        wrong = places[(places < 0) | (places >= input.shape[axis])][0]
        raise IndexError(f"{name}(): index out of range in self: {wrong}, axis {dim} has {input.shape[axis]} places")
    return (slice(None),) * axis + (places,)


def index_select(input: Any, dim: int, index: Any) -> Any:
    """The slices along `dim` that a vector of positions names, in its order.

    >>> import learnnn
    >>> learnnn.index_select(learnnn.eye(3), 0, learnnn.tensor([2, 0])).tolist()
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
    return ops.getitem(input, _along("index_select", input, dim, index))


def index_add(input: Any, dim: int, index: Any, source: Any, alpha: float = 1) -> Any:
    """input, with slice i of `source` (times alpha) added to slice index[i] along `dim`; repeats add up."""
    added = ops.put(source, _along("index_add", input, dim, index), tuple(input.shape))
    return input + (added if alpha == 1 else added * alpha)


def masked_select(input: Any, mask: Any) -> Any:
    """The elements where the mask is true, in a row; input and mask broadcast.

    >>> import learnnn
    >>> learnnn.masked_select(learnnn.arange(4), learnnn.tensor([True, False, False, True]))
    tensor([0, 3])
    """
    if mask.dtype != bool:
        raise RuntimeError(f"masked_select: expected BoolTensor for mask, got {mask.dtype}")
    try:
        shape = np.broadcast_shapes(input.shape, mask.shape)
    except ValueError:
        told = f"the input is {tuple(input.shape)}, the mask {tuple(mask.shape)}"
        raise RuntimeError(f"masked_select: the shapes must match, or be 1, at every axis: {told}") from None
    return ops.getitem(ops.broadcast_to(input, shape), np.broadcast_to(_array(mask), shape))


def nonzero(input: Any, as_tuple: bool = False) -> Any:
    """Where input is not zero: (found, ndim) positions, or one vector for each axis.

    >>> import learnnn
    >>> learnnn.nonzero(learnnn.tensor([0, 5, 7])).tolist()
    [[1], [2]]
    """
    array = np.asarray(_array(input))
    return tuple(map(wrap, np.nonzero(np.atleast_1d(array)))) if as_tuple else wrap(np.argwhere(array))
