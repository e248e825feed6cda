"""Operations that move elements and change none; most hand back a view, which shares memory with its input."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from .. import ops
from ..autograd import differentiable, from_backward
from .reduce import axes


@differentiable(view=True, input=lambda g, input_shape: g.reshape(input_shape))
def reshape(input, shape):
    """The same elements in another shape; one size may be -1 and follows from the rest.

    RuntimeError if the sizes do not multiply to the number of elements.
    """
    if min(shape, default=0) < -1:
        raise RuntimeError(f"invalid shape dimension {min(shape)}: only -1 can stand for what follows from the rest")
    try:
        return input.reshape(shape)
    except ValueError:
        raise RuntimeError(
            f"shape '{list(shape)}' is invalid for input of size {input.size}: {list(input.shape)} has {input.size} "
            f"elements, {list(shape)} asks for {math.prod(shape)}" + (" per unit of -1" if -1 in shape else "")
        ) from None


@differentiable(view=True, input=lambda g, dim0, dim1: ops.transpose(g, dim0, dim1))
def transpose(input, dim0, dim1):
    """Two axes exchanged."""
    if input.ndim == 0:
        return input.reshape(())
    return input.swapaxes(*axes(dim0, input.ndim), *axes(dim1, input.ndim))


@differentiable(view=True, input=lambda g, dims: ops.permute(g, tuple(np.argsort([d % len(dims) for d in dims]))))
def permute(input, dims):
    """The axes in the order `dims`.

    >>> import learnnn
    >>> learnnn.zeros(2, 3, 4).permute(2, 0, 1).shape
    (4, 2, 3)
    """
    if len(dims) != input.ndim:
        raise RuntimeError(
            f"permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired "
            f"ordering of dimensions i.e. input.dim() = {input.ndim} is not equal to len(dims) = {len(dims)}"
        )
    return input.transpose(axes(dims, input.ndim))


@differentiable(view=True, input=lambda g: g)
def broadcast_to(input, shape):
    """Repeated along new axes and axes of size 1 to fill `shape`, without copying."""
    try:
        return np.broadcast_to(input, shape)
    except ValueError:
        raise RuntimeError(
            f"The expanded size of the tensor {list(shape)} must match the existing size {list(input.shape)}: only "
            "axes of size 1, and new axes in front, can be repeated"
        ) from None


@differentiable(view=True, input=lambda g, input_shape: g.reshape(input_shape))
def squeeze(input, dim=None):
    """Without the axes of size 1, or without those among `dim`."""
    gone = [d for d in axes(dim, input.ndim) if input.shape[d] == 1]
    return input.reshape([n for d, n in enumerate(input.shape) if d not in gone])


@differentiable(view=True, input=lambda g, input_shape: g.reshape(input_shape))
def unsqueeze(input, dim):
    """With a new axis of size 1 before position `dim`."""
    (axis,) = axes(dim, input.ndim + 1)
    return np.expand_dims(input, axis)


@differentiable(input=lambda g, dims: ops.flip(g, dims))
def flip(input, dims):
    """In reverse order along `dims`."""
    return np.flip(input, axes(dims, input.ndim)).copy()


@differentiable(input=lambda g, shifts, dims: ops.roll(g, -np.asarray(shifts), dims))
def roll(input, shifts, dims=None):
    """Shifted along `dims`; what falls off one end comes in at the other."""
    return np.roll(input, shifts, dims)


@differentiable(input=lambda g: g)
def clone(input):
    """A copy, through which gradients flow."""
    return input.copy()


@differentiable(input=lambda g: g)
def to(input, dtype):
    """The same numbers in another dtype."""
    return input.astype(dtype)


@differentiable(input=lambda g, diagonal: ops.tril(g, diagonal))
def tril(input, diagonal=0):
    """The lower triangle of the last two axes, zeros above it."""
    return np.tril(_matrices(input, "tril"), diagonal)


@differentiable(input=lambda g, diagonal: ops.triu(g, diagonal))
def triu(input, diagonal=0):
    """The upper triangle of the last two axes, zeros below it."""
    return np.triu(_matrices(input, "triu"), diagonal)


def _matrices(input: np.ndarray, name: str) -> np.ndarray:
    if input.ndim < 2:
        raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions, got {list(input.shape)}")
    return input


def flatten(input: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
    """The axes from `start_dim` to `end_dim` as one."""
    (first,), (last,) = axes(start_dim, max(input.ndim, 1)), axes(end_dim, max(input.ndim, 1))
    if input.ndim == 0:
        return ops.reshape(input, (1,))
    if first > last:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    size = math.prod(input.shape[first : last + 1])
    return ops.reshape(input, (*input.shape[:first], size, *input.shape[last + 1 :]))


def unflatten(input: Any, dim: int, sizes: Any) -> Any:
    """One axis as several."""
    (axis,) = axes(dim, input.ndim)
    return ops.reshape(input, (*input.shape[:axis], *sizes, *input.shape[axis + 1 :]))


def movedim(input: Any, source: Any, destination: Any) -> Any:
    """Axes moved to new places, the others in their order."""
    order = np.moveaxis(np.empty([0] * input.ndim), source, destination)  # raises for axes that do not exist
    moved, places = axes(source, order.ndim), axes(destination, order.ndim)
    rest = [d for d in range(input.ndim) if d not in moved]
    for place, d in sorted(zip(places, moved, strict=True)):
        rest.insert(place, d)
    return ops.permute(input, tuple(rest))


def expand(input: Any, shape: Any) -> Any:
    """Repeated to `shape` without copying; -1 keeps a size."""
    new = len(shape) - input.ndim
    sizes = [input.shape[i - new] if n == -1 and i >= new else n for i, n in enumerate(shape)]
    return ops.broadcast_to(input, tuple(sizes))


def repeat(input: Any, repeats: Any) -> Any:
    """Copies side by side, so many along each axis.

    >>> import learnnn
    >>> learnnn.tensor([1, 2]).repeat(2, 2).tolist()
    [[1, 2, 1, 2], [1, 2, 1, 2]]
    """
    if len(repeats) < input.ndim:
        raise RuntimeError(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor: got "
            f"{list(repeats)} for shape {list(input.shape)}"
        )
    sizes = (1,) * (len(repeats) - input.ndim) + tuple(input.shape)
    apart = ops.reshape(input, tuple(n for size in sizes for n in (1, size)))  # (1, n, 1, m)
    wide = ops.broadcast_to(apart, tuple(n for r, size in zip(repeats, sizes, strict=True) for n in (r, size)))
    return ops.reshape(ops.clone(wide), tuple(r * size for r, size in zip(repeats, sizes, strict=True)))


def tile(input: Any, dims: Any) -> Any:
    """As `repeat`, but an axis for which nothing is said stays as it is.

    >>> import learnnn
    >>> learnnn.tile(learnnn.tensor([[1, 2]]), (2,)).tolist()
    [[1, 2, 1, 2]]
    """
    return ops.repeat(input, (1,) * (input.ndim - len(dims)) + tuple(dims))


def repeat_interleave(input: Any, repeats: Any, dim: int | None = None, output_size: int | None = None) -> Any:
    """Each slice along `dim` (or each element) several times in a row; `repeats` is a number or one for each.

    >>> import learnnn
    >>> learnnn.repeat_interleave(learnnn.tensor([7, 8]), 2)
    tensor([7, 7, 8, 8])
    """
    input, dim = (ops.flatten(input), 0) if dim is None else (input, dim)
    times, n = np.asarray(repeats), input.shape[axes(dim, input.ndim)[0]]
    if times.size not in (1, n):
        raise RuntimeError(f"repeats must have the same size as input along dim, got {times.size} repeats for {n}")
    return ops.index_select(input, dim, np.repeat(np.arange(n), times))


def unfold(input: Any, dimension: int, size: int, step: int) -> Any:
    """Windows of `size` along one axis, each `step` after the one before: (..., n, ...) -> (..., windows, ..., size).

    >>> import learnnn
    >>> learnnn.arange(5).unfold(0, 3, 2).tolist()
    [[0, 1, 2], [2, 3, 4]]
    """
    (axis,) = axes(dimension, input.ndim)
    n = input.shape[axis]
    if size > n or step < 1:
        raise RuntimeError(f"maximum size for tensor at dimension {dimension} is {n} but size is {size}, step {step}")
    places = np.arange(0, n - size + 1, step)[:, None] + np.arange(size)  # (windows, size)
    return ops.movedim(ops.getitem(input, (slice(None),) * axis + (places,)), axis + 1, -1)


def narrow(input: Any, dim: int, start: int, length: int) -> Any:
    """`length` slices along `dim`, from `start` on: a view."""
    (axis,) = axes(dim, input.ndim)
    n = input.shape[axis]
    start = start + n if start < 0 else start
    if not 0 <= start <= start + length <= n:
        raise RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({n}).")
    return ops.getitem(input, (slice(None),) * axis + (slice(start, start + length),))


def select(input: Any, dim: int, index: int) -> Any:
    """One slice along `dim`, without that axis: a view."""
    return ops.getitem(input, (slice(None),) * axes(dim, input.ndim)[0] + (index,))


def meshgrid(*tensors: Any, indexing: str | None = None) -> tuple[Any, ...]:
    """Vectors spread over a grid: (n,), (m,) -> two (n, m), the first varying by row, the second by column.

    `indexing="xy"` exchanges the first two axes, as in a picture.
    """
    tensors = tuple(tensors[0]) if len(tensors) == 1 and isinstance(tensors[0], list | tuple) else tensors
    if indexing not in (None, "ij", "xy"):
        raise RuntimeError(f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    shape = tuple([math.prod(t.shape) for t in tensors])
    grids = [
        ops.broadcast_to(ops.reshape(t, [-1 if i == d else 1 for i in range(len(shape))]), shape)
        for d, t in enumerate(tensors)
    ]
    return tuple([ops.transpose(x, 0, 1) for x in grids] if indexing == "xy" and len(shape) > 1 else grids)


def broadcast_tensors(*tensors: Any) -> tuple[Any, ...]:
    """Tensors repeated, without copying, to the one shape in which they combine."""
    shape = np.broadcast_shapes(*[t.shape for t in tensors])
    return tuple([ops.broadcast_to(t, shape) for t in tensors])


def t(input: Any) -> Any:
    """The transpose of a matrix."""
    if input.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {input.ndim}D: use .mT")
    return ops.permute(input, tuple(reversed(range(input.ndim))))


# ------------------------------------------------------------------------------------- joining and cutting
@from_backward(twice=True)
def _join(*arrays: Any, dim: int) -> Any:
    starts = [0, *np.cumsum([a.shape[dim] for a in arrays])]
    before = (slice(None),) * dim

    def backward(g: Any) -> Any:
        return [g[(*before, slice(i, j))] for i, j in itertools.pairwise(starts)]

    return np.concatenate(arrays, dim), backward


def cat(tensors: Any, dim: int = 0) -> Any:
    """Tensors one after the other along `dim`; all other sizes must match.

    >>> import learnnn
    >>> learnnn.cat([learnnn.zeros(2), learnnn.ones(1)])
    tensor([0., 0., 1.])
    """
    tensors = list(tensors)
    if not tensors:
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    if not all(t.ndim for t in tensors):
        raise RuntimeError("zero-dimensional tensor cannot be concatenated: use stack")
    (axis,) = axes(dim, tensors[0].ndim)
    expected = tensors[0].shape[:axis] + tensors[0].shape[axis + 1 :]
    for i, t in enumerate(tensors):
        if t.ndim != tensors[0].ndim or t.shape[:axis] + t.shape[axis + 1 :] != expected:
            raise RuntimeError(
                f"Sizes of tensors must match except in dimension {axis}. Tensor number {i} in the list is "
                f"{list(t.shape)}, the first is {list(tensors[0].shape)}"
            )
    return _join(*tensors, dim=axis)


def stack(tensors: Any, dim: int = 0) -> Any:
    """Tensors of one shape, side by side along a new axis `dim`."""
    tensors = list(tensors)
    for i, t in enumerate(tensors):
        if t.shape != tensors[0].shape:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(tensors[0].shape)} at entry 0 and "
                f"{list(t.shape)} at entry {i}"
            )
    return cat([ops.unsqueeze(t, dim) for t in tensors], dim)


def vstack(tensors: Any) -> Any:
    """Rows (or matrices) one below the other."""
    return ops.cat([ops.reshape(t, (1, -1)) if t.ndim < 2 else t for t in tensors], 0)


def hstack(tensors: Any) -> Any:
    """Vectors one after the other; matrices side by side."""
    return ops.cat([ops.reshape(t, (1,)) if t.ndim == 0 else t for t in tensors], min(tensors[0].ndim or 1, 2) - 1)


def split(tensor: Any, split_size_or_sections: Any, dim: int = 0) -> tuple[Any, ...]:
    """Cut along `dim`: into pieces of one size (the last may be smaller), or of the sizes in a list.

    >>> import learnnn
    >>> [len(piece) for piece in learnnn.split(learnnn.arange(7), 3)]
    [3, 3, 1]
    """
    (axis,) = axes(dim, tensor.ndim)
    n, sizes = tensor.shape[axis], split_size_or_sections
    if isinstance(sizes, int):
        starts = [*range(0, n, sizes), n] if n else [0, 0]
    else:
        starts = [0, *np.cumsum(sizes)]
        if starts[-1] != n:
            raise RuntimeError(
                f"split_with_sizes expects split_sizes to sum exactly to {n} (input tensor's size at dimension {axis})"
                f", but got split_sizes={list(sizes)}"
            )
    before = (slice(None),) * axis
    return tuple([tensor[(*before, slice(i, j))] for i, j in itertools.pairwise(starts)])


def chunk(input: Any, chunks: int, dim: int = 0) -> tuple[Any, ...]:
    """Cut along `dim` into at most so many pieces of one size."""
    if chunks < 1:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    return split(input, max(-(-input.shape[dim] // chunks), 1), dim)


def unbind(input: Any, dim: int = 0) -> tuple[Any, ...]:
    """The slices along `dim`, without that axis."""
    (axis,) = axes(dim, input.ndim)
    return tuple([input[(slice(None),) * axis + (i,)] for i in range(input.shape[axis])])
