"""Making tensors out of data, sizes and ranges."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import ops
from .autograd import Variable, wrap
from .tensor import Tensor
from .tensor import device as _device


def _new(array: np.ndarray, device: Any, requires_grad: bool) -> Tensor:
    if device is not None:
        _device(device)
    tensor = wrap(array)
    return tensor.requires_grad_() if requires_grad else tensor


def tensor(data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor with a copy of `data`: numbers, nested lists, an array or a tensor.

    Python floats become the default dtype, python integers int64; arrays keep their dtype. ValueError for ragged
    lists, TypeError for what is no number.

    >>> tensor([[1, 2], [3, 4]]).shape
    (2, 2)
    """
    return _new(_array(data, dtype).copy(), device, requires_grad)


def _array(data: Any, dtype: Any) -> np.ndarray:
    if isinstance(data, Variable):
        data = data.array
    if isinstance(data, np.ndarray | np.generic):
        array = np.asarray(data, dtype)
    else:
        try:
            array = np.asarray(_plain(data))
        except ValueError as error:
            raise ValueError(f"expected sequences of equal length at every level: {error}") from None
        kind = dtype or (ops.get_default_dtype() if array.dtype.kind == "f" and not _has_dtype(data) else array.dtype)
        array = array.astype(kind, copy=False)
    if array.dtype == object:
        raise RuntimeError(f"Could not infer dtype of {data!r}: a tensor holds numbers")
    if array.dtype.kind not in "bif" and array.dtype != np.uint8:
        raise TypeError(
            f"can't convert data of type {array.dtype} to a tensor. The supported types are: float64, float32, "
            "float16, int64, int32, int16, int8, uint8, and bool."
        )
    return array


def _has_dtype(data: Any) -> bool:
    """Whether nested lists hold arrays, tensors or numpy's scalars, and not plain numbers."""
    while isinstance(data, list | tuple) and data:
        data = data[0]
    return isinstance(data, Variable | np.ndarray | np.generic)


def _plain(data: Any) -> Any:
    """Nested lists, with tensors inside them as arrays."""
    if isinstance(data, list | tuple):
        return [_plain(item) for item in data]
    return data.array if isinstance(data, Variable) else data


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """A tensor that shares memory with `data` where it can."""
    if isinstance(data, Tensor) and dtype in (None, data.dtype):
        return data
    return _new(_array(data, dtype), device, False)


def from_numpy(array: np.ndarray) -> Tensor:
    """A tensor that shares memory with a numpy array."""
    if not isinstance(array, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(array).__name__})")
    return _new(_array(array, None), None, False)


def full(size: Any, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """`fill_value` everywhere; its type gives the dtype unless one is named."""
    if dtype is None:
        dtype = ops.get_default_dtype() if isinstance(fill_value, float) else np.asarray(fill_value).dtype
    return _new(np.full(_sizes((size,)), fill_value, dtype), device, requires_grad)


def _sizes(size: tuple[Any, ...]) -> tuple[int, ...]:
    sizes = tuple(size[0]) if len(size) == 1 and isinstance(size[0], tuple | list) else size
    for n in sizes:
        if not isinstance(n, int | np.integer):
            raise TypeError(f"a size must be a whole number, got {n!r} of type {type(n).__name__}")
        if n < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {n}: {list(sizes)}")
    return sizes


def zeros(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros of the given sizes."""
    return _new(np.zeros(_sizes(size), dtype or ops.get_default_dtype()), device, requires_grad)


def ones(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones of the given sizes."""
    return _new(np.ones(_sizes(size), dtype or ops.get_default_dtype()), device, requires_grad)


def empty(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of the given sizes whose numbers are yet to be set."""
    return _new(np.empty(_sizes(size), dtype or ops.get_default_dtype()), device, requires_grad)


def zeros_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros in the shape and dtype of another tensor."""
    return _new(np.zeros(input.shape, dtype or input.dtype), device, requires_grad)


def ones_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones in the shape and dtype of another tensor."""
    return _new(np.ones(input.shape, dtype or input.dtype), device, requires_grad)


def full_like(
    input: Tensor, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """`fill_value` in the shape and dtype of another tensor."""
    return _new(np.full(input.shape, fill_value, dtype or input.dtype), device, requires_grad)


def empty_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor like another whose numbers are yet to be set."""
    return _new(np.empty(input.shape, dtype or input.dtype), device, requires_grad)


def arange(
    start: Any, end: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Numbers from `start` to just before `end`.

    >>> arange(2, 8, 2)
    tensor([2, 4, 6])
    """
    start, end = (0, start) if end is None else (start, end)
    if step == 0 or (end - start) / step < 0:
        raise RuntimeError(f"upper bound and lower bound inconsistent with step sign: from {start} to {end} by {step}")
    if dtype is None:
        floats = any(isinstance(x, float) for x in (start, end, step))
        dtype = ops.get_default_dtype() if floats else np.int64
    return _new(np.arange(start, end, step).astype(dtype), device, requires_grad)


def linspace(
    start: Any, end: Any, steps: int, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """So many numbers, evenly apart, from `start` to `end` inclusive."""
    array = np.linspace(start, end, steps, dtype=dtype or ops.get_default_dtype())
    return _new(array, device, requires_grad)


def eye(n: int, m: int | None = None, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones on the diagonal, zeros elsewhere."""
    return _new(np.eye(n, m, dtype=dtype or ops.get_default_dtype()), device, requires_grad)
