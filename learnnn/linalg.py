"""Linear algebra: what PyTorch keeps under `torch.linalg`.

>>> import learnnn
>>> learnnn.linalg.norm(learnnn.tensor([3.0, 4.0]))
tensor(5.)
"""

from __future__ import annotations

from typing import Any

from . import ops
from .ops import LinAlgError, diagonal, inv, matmul, matrix_norm, solve

__all__ = ["LinAlgError", "diagonal", "inv", "matmul", "matrix_norm", "norm", "solve", "vector_norm"]


def vector_norm(x: Any, ord: float = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """The length of the vectors along `dim`, or of all elements as one vector: (sum |x| ** ord) ** (1 / ord)."""
    return ops.norm(x, ord, dim, keepdim, dtype)


def norm(A: Any, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """The norm of vectors, or of matrices where `ord` is given and the dims are two.

    Without `ord`, the square root of the sum of squares, over `dim` or over everything.
    """
    A = A if dtype is None else A.to(dtype)
    over = dim if dim is None or isinstance(dim, int) else tuple(dim)
    if ord is None:
        return ops.vector_norm(A, 2, over, keepdim)
    count = 1 if isinstance(over, int) else A.ndim if over is None else len(over)
    if count == 1 and not isinstance(ord, str):
        return ops.vector_norm(A, ord, over, keepdim)
    if count != 2:
        raise RuntimeError(f"linalg.norm: with ord={ord!r} there must be one dim or two, got {dim} of {list(A.shape)}")
    return ops.matrix_norm(A, ord, (0, 1) if over is None else over, keepdim)
