"""Products and inverses of matrices. Shapes: n rows, k summed, m columns, with any batch axes before them."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from .. import ops
from ..autograd import differentiable


def _rows(x: Any) -> Any:
    """All axes but the last as one: (..., k) -> (N, k)."""
    return x.reshape((math.prod(x.shape[:-1]), x.shape[-1]))


def _matmul_input(g: Any, input_shape: tuple, other: Any) -> Any:
    if len(input_shape) == 1 and other.ndim == 1:
        return g * other
    if len(input_shape) == 1:
        return (other @ g[..., None])[..., 0]  # (..., k, m) @ (..., m, 1); the sweep sums over the batch
    if other.ndim == 1:
        return g[..., None] * other
    return g @ other.mT


def _matmul_other(g: Any, input: Any, other_shape: tuple) -> Any:
    if input.ndim == 1 and len(other_shape) == 1:
        return g * input
    if input.ndim == 1:
        return input[:, None] * g[..., None, :]
    if len(other_shape) == 1:
        return (input.mT @ g[..., None])[..., 0]
    if len(other_shape) == 2:
        return _rows(input).T @ _rows(g)  # one product sums over the batch as it goes
    return input.mT @ g


@differentiable(quiet=True, input=_matmul_input, other=_matmul_other)
def matmul(input, other):
    """The matrix product (..., n, k) @ (..., k, m) -> (..., n, m); a 1-d factor is a row before, a column after.

    RuntimeError if the k's differ, or the dtypes.

    >>> import learnnn
    >>> learnnn.matmul(learnnn.ones(2, 3), learnnn.ones(3, 4)).shape
    (2, 4)
    """
    _multipliable(input, other)
    return input @ other


def _multipliable(a: np.ndarray, b: np.ndarray) -> None:
    if not isinstance(a, np.ndarray) or not isinstance(b, np.ndarray):
        raise TypeError(f"matmul takes tensors, got {type(a).__name__} and {type(b).__name__}: use * for numbers")
    if a.ndim == 0 or b.ndim == 0:
        raise RuntimeError(
            f"both arguments to matmul need to be at least 1D, but they are {a.ndim}D and {b.ndim}D: use * for numbers"
        )
    if a.dtype != b.dtype:
        raise RuntimeError(
            f"expected m1 and m2 to have the same dtype, but got: {a.dtype} != {b.dtype}: convert one, as in "
            f"x.to(weight.dtype) or x.float()"
        )
    k, rows = a.shape[-1], b.shape[-2 if b.ndim > 1 else -1]
    if k != rows:
        turned = b.ndim > 1 and b.shape[-1] == k
        hint = ": did you mean @ other.T?" if turned else f": {k} columns on the left must meet {k} rows on the right"
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({'x'.join(map(str, a.shape))} and "
            f"{'x'.join(map(str, b.shape))}){hint}"
        )


@functools.lru_cache(maxsize=64)
def ones(n: int, dtype: np.dtype) -> np.ndarray:
    """(n,) of 1, kept for the next time: a product with it is the fastest sum."""
    made = np.ones(n, dtype)
    made.flags.writeable = False
    return made


def _sum_rows(g: Any) -> Any:
    """The sum over all axes but the last, as a product with ones: several times faster than .sum(0)."""
    rows = g if g.ndim == 2 else _rows(g)
    return ones(rows.shape[0], rows.dtype) @ rows


def _times(x: Any, matrix: Any) -> Any:
    """(..., k) @ (k, m) -> (..., m) as one product: numpy's own makes one of every matrix in a batch."""
    return (_rows(x) @ matrix).reshape((*x.shape[:-1], *matrix.shape[1:]))


@differentiable(
    quiet=True,
    input=lambda g, weight: g @ weight if g.ndim == 2 else _times(g, weight),
    weight=lambda g, input: g.T @ input if g.ndim == 2 else _rows(g).T @ _rows(input),
    bias=_sum_rows,
)
def linear(input, weight, bias=None):
    """input @ weight.T + bias in one step: (..., k), (m, k), (m,) -> (..., m)."""
    try:
        out = input @ weight.T if input.ndim <= 2 else _times(input, weight.T)
    except ValueError:
        out = None
    if out is None or input.dtype is not weight.dtype:
        _multipliable(input, weight.T)
    if bias is not None:
        out += bias
    return out


@differentiable(
    input=lambda g, other: g * other,
    other=lambda g, input: g * input,
)
def dot(input, other):
    """The sum of the products of two vectors."""
    if input.ndim != 1 or other.ndim != 1:
        raise RuntimeError(f"1D tensors expected, but got {input.ndim}D and {other.ndim}D tensors")
    if input.size != other.size:
        raise RuntimeError(f"inconsistent tensor size, dot got vectors of {input.size} and {other.size} elements")
    return np.asarray(input @ other)


def outer(input: Any, vec2: Any) -> Any:
    """Every product of an element of one vector with one of the other: (n,), (m,) -> (n, m)."""
    return ops.unsqueeze(input, 1) * vec2


# ------------------------------------------------------------------------------- products of fixed numbers of axes
def _expect(factors: tuple[Any, Any], ndims: tuple[int, int], name: str) -> None:
    if (factors[0].ndim, factors[1].ndim) != ndims:
        raise RuntimeError(
            f"{name}: expected a {ndims[0]}D and a {ndims[1]}D tensor, got {list(factors[0].shape)} and "
            f"{list(factors[1].shape)}; matmul takes any number of axes"
        )


def mm(input: Any, mat2: Any) -> Any:
    """The product of two matrices: (n, k) @ (k, m) -> (n, m)."""
    _expect((input, mat2), (2, 2), "mm")
    return ops.matmul(input, mat2)


def bmm(input: Any, mat2: Any) -> Any:
    """Products of matrices, pair by pair: (b, n, k) @ (b, k, m) -> (b, n, m)."""
    _expect((input, mat2), (3, 3), "bmm")
    if input.shape[0] != mat2.shape[0]:
        raise RuntimeError(f"bmm: batches of {input.shape[0]} and {mat2.shape[0]} matrices do not pair up")
    return ops.matmul(input, mat2)


def mv(input: Any, vec: Any) -> Any:
    """A matrix times a vector: (n, k) @ (k,) -> (n,)."""
    _expect((input, vec), (2, 1), "mv")
    return ops.matmul(input, vec)


def addmm(input: Any, mat1: Any, mat2: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    """beta * input + alpha * mat1 @ mat2."""
    product = ops.mm(mat1, mat2)
    return (input if beta == 1 else beta * input) + (product if alpha == 1 else alpha * product)


# ------------------------------------------------------------------------------------------------------- inverses
class LinAlgError(RuntimeError):
    """A matrix that has no inverse."""


def _checked(name: str, function: Any, *arrays: np.ndarray) -> np.ndarray:
    matrix = arrays[0]
    if matrix.ndim < 2 or matrix.shape[-1] != matrix.shape[-2]:
        raise RuntimeError(f"linalg.{name}: A must be batches of square matrices, but they are {list(matrix.shape)}")
    if matrix.dtype.kind != "f":
        raise RuntimeError(f"linalg.{name}: Expected a floating point tensor as input. Got {matrix.dtype}")
    try:
        return function(*arrays)
    except np.linalg.LinAlgError:
        raise LinAlgError(
            f"linalg.{name}: the input matrix is singular: its columns depend on each other, so that it has no inverse"
        ) from None


@differentiable(quiet=True, A=lambda g, y: -(y.mT @ g @ y.mT))
def inv(A):
    """The matrix by which A has to be multiplied to give the identity: (..., n, n) -> (..., n, n).

    LinAlgError where there is none.

    >>> import learnnn
    >>> learnnn.linalg.inv(learnnn.tensor([[2.0, 0.0], [0.0, 4.0]])).tolist()
    [[0.5, 0.0], [0.0, 0.25]]
    """
    return _checked("inv", np.linalg.inv, A)


@differentiable(
    quiet=True,
    A=lambda g, y, A: -(_solve(A.mT, g) @ y.mT),
    B=lambda g, A: _solve(A.mT, g),
)
def _solve(A, B):
    return _checked("solve", np.linalg.solve, A, B)


def solve(A: Any, B: Any, *, left: bool = True) -> Any:
    """X with A @ X = B (X @ A = B if not left): (..., n, n), (..., n, m) or (..., n) -> as B. Exacter than inv(A) @ B.

    LinAlgError where A has no inverse.
    """
    if A.dtype != B.dtype:
        raise RuntimeError(f"linalg.solve: Expected A and B to have the same dtype, got {A.dtype} and {B.dtype}")
    vector = B.ndim == 1 or (B.ndim == A.ndim - 1 and B.shape == A.shape[:-1])
    if B.shape[(-1 if vector else -2) if left or vector else -1] != A.shape[-1]:
        raise RuntimeError(f"linalg.solve: Incompatible shapes of A and B for the equation: {A.shape} and {B.shape}")
    if vector:
        return ops.squeeze(_solve(A, ops.unsqueeze(B, -1)), -1)
    return _solve(A, B) if left else _solve(A.mT, B.mT).mT
