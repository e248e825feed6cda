"""Which dtype a result has: PyTorch's promotion rules, where numpy's differ."""

from __future__ import annotations

from typing import Any

import numpy as np

_RANK = {"b": 0, "u": 1, "i": 1, "f": 2, "c": 3}  # a value of lower rank never widens one of higher rank
_NUMBER = (int, float)
_default = np.dtype(np.float32)


def get_default_dtype() -> np.dtype:
    """The dtype of new floats: float32 unless changed."""
    return _default


def set_default_dtype(d: Any) -> None:
    """Make new floats of this dtype; TypeError if it is not a floating-point one."""
    global _default
    if np.dtype(d).kind != "f":
        raise TypeError(f"only floating-point types are supported as the default type, got {np.dtype(d)}")
    _default = np.dtype(d)


def _strength(value: Any) -> tuple[int, int]:
    """How much a value decides: its rank first, then arrays over 0-d arrays over python numbers."""
    if isinstance(value, np.ndarray | np.generic):  # numpy hands back its scalars where 0-d arrays went in
        return _RANK[value.dtype.kind], 2 if value.ndim else 1
    return _RANK[np.dtype(type(value)).kind], 0


def result_dtype(*values: Any) -> np.dtype:
    """The dtype in which PyTorch combines these arrays and python numbers.

    >>> result_dtype(np.ones(2, "int64"), np.ones(2, "float32"))
    dtype('float32')
    >>> result_dtype(np.ones(2, "int64"), 0.5)
    dtype('float32')
    >>> result_dtype(np.ones(2, "float32"), np.array(1.0))
    dtype('float32')
    """
    strengths = [_strength(v) for v in values]
    strongest = max(strengths)
    deciding = [v for v, s in zip(values, strengths, strict=True) if s == strongest]
    if strongest[1]:
        return np.result_type(*[v.dtype for v in deciding])
    return _default if strongest[0] == 2 else np.dtype(type(deciding[0]))


def promote(a: Any, b: Any) -> tuple[Any, Any]:
    """Both in their common dtype. A python number beside a float array stays as it is: it widens nothing."""
    ta, tb = getattr(a, "dtype", None), getattr(b, "dtype", None)
    if ta is tb and ta is not None:
        return a, b
    if ta is None or tb is None:
        number, dtype = (a, tb) if ta is None else (b, ta)
        if not isinstance(number, _NUMBER):
            kind = type(number).__name__
            raise TypeError(f"unsupported operand: a tensor cannot be combined with {number!r} of type {kind}")
        if dtype is not None and dtype.kind == "f":
            return a, b
    dtype = result_dtype(a, b)
    return np.asarray(a).astype(dtype, copy=False), np.asarray(b).astype(dtype, copy=False)


def floating(x: Any) -> Any:
    """x itself if it holds floats, else x as the default float: what exp, mean and division compute in."""
    if isinstance(x, int | float):
        return float(x)
    return x if x.dtype.kind in "fc" else np.asarray(x, _default)


class finfo:
    """The limits of a floating-point dtype: `eps`, `min`, `max`, `tiny`, `bits`; TypeError for whole numbers.

    >>> finfo("float32").eps
    1.1920928955078125e-07
    """

    def __init__(self, dtype: Any = None):
        self.dtype = np.dtype(dtype or _default)
        if self.dtype.kind != "f":
            raise TypeError(f"torch.finfo() requires a floating point input type, got {self.dtype}: use iinfo")
        limits = np.finfo(self.dtype)
        self.bits, self.resolution = limits.bits, float(limits.resolution)
        self.eps, self.min, self.max, self.tiny = map(float, (limits.eps, limits.min, limits.max, limits.tiny))
        self.smallest_normal = self.tiny


def iinfo(dtype: Any) -> np.iinfo:
    """The limits of a whole-number dtype: `min`, `max`, `bits`. TypeError for floats."""
    if np.dtype(dtype).kind not in "iu":
        raise TypeError(f"torch.iinfo() requires an integer input type, got {np.dtype(dtype)}: use finfo")
    return np.iinfo(dtype)
