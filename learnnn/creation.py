"""Making tensors out of data, sizes and ranges."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import ops
from .autograd import Variable, wrap
from .devices import on_cpu
from .tensor import Tensor

_IGNORED = {"layout", "memory_format", "names", "non_blocking", "pin_memory"}  # PyTorch's, and without meaning here


def _new(array: np.ndarray, device: Any = None, requires_grad: bool = False, **ignored: Any) -> Tensor:
    """A tensor around an array, with what is common to all that make one. TypeError for an option there is not."""
    for name in ignored.keys() - _IGNORED:
        raise TypeError(f"there is no option {name!r}: it may be dtype, device, requires_grad or size")
    on_cpu(device)
    tensor = wrap(array)
    return tensor.requires_grad_() if requires_grad else tensor


def tensor(data: Any, *, dtype: Any = None, **options: Any) -> Tensor:
    """A tensor with a copy of `data`: numbers, nested lists, an array or a tensor.

    Python floats become the default dtype, python integers int64; arrays keep their dtype. ValueError for ragged
    lists, TypeError for what is no number.

    >>> tensor([[1, 2], [3, 4]]).shape
    (2, 2)
    """
    return _new(_array(data, dtype).copy(), **options)


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
    if array.dtype.kind in "US":
        kind = TypeError if isinstance(data, str | bytes) else ValueError
        raise kind("a tensor holds numbers, and cannot be made of data of type 'str': turn text into numbers first")
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
    return _new(_array(data, dtype), device)


asarray = as_tensor


def from_numpy(array: np.ndarray) -> Tensor:
    """A tensor that shares memory with a numpy array."""
    if not isinstance(array, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(array).__name__})")
    return _new(_array(array, None))


def _sizes(size: tuple[Any, ...]) -> tuple[int, ...]:
    sizes = tuple(size[0]) if len(size) == 1 and isinstance(size[0], tuple | list) else size
    for n in sizes:
        if not isinstance(n, int | np.integer):
            raise TypeError(f"a size must be a whole number, got {n!r} of type {type(n).__name__}")
        if n < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {n}: {list(sizes)}")
    return sizes


def full(size: Any, fill_value: Any, *, dtype: Any = None, **options: Any) -> Tensor:
    """`fill_value` everywhere; its type gives the dtype unless one is named."""
    if dtype is None:
        dtype = ops.get_default_dtype() if isinstance(fill_value, float) else np.asarray(fill_value).dtype
    return _new(np.full(_sizes((size,)), fill_value, dtype), **options)


def full_like(input: Tensor, fill_value: Any, *, dtype: Any = None, **options: Any) -> Tensor:
    """`fill_value` in the shape and dtype of another tensor."""
    return _new(np.full(input.shape, fill_value, dtype or input.dtype), **options)


def _filled(fill: Callable, what: str) -> tuple[Callable[..., Tensor], Callable[..., Tensor]]:
    """Two functions: by sizes, and like another tensor."""

    def by_size(*sizes: Any, size: Any = None, dtype: Any = None, **options: Any) -> Tensor:
        return _new(fill(_sizes(sizes if size is None else (size,)), dtype or ops.get_default_dtype()), **options)

    def like(input: Tensor, *, dtype: Any = None, **options: Any) -> Tensor:
        return _new(fill(input.shape, dtype or input.dtype), **options)

    by_size.__doc__ = f"{what} of the given sizes: one by one, in a tuple, or as `size=`."
    like.__doc__ = f"{what} in the shape and dtype of another tensor."
    by_size.__name__, like.__name__ = fill.__name__, f"{fill.__name__}_like"
    return by_size, like


zeros, zeros_like = _filled(np.zeros, "Zeros")
ones, ones_like = _filled(np.ones, "Ones")
empty, empty_like = _filled(np.empty, "Numbers yet to be set,")


def arange(start: Any, end: Any = None, step: Any = 1, *, dtype: Any = None, **options: Any) -> Tensor:
    """Numbers from `start` to just before `end`.

    >>> arange(2, 8, 2)
    tensor([2, 4, 6])
    """
    ends = (0, start, step) if end is None else (start, end, step)
    start, end, step = [x.array.item() if isinstance(x, Variable) else x for x in ends]
    if step == 0 or (end - start) / step < 0:
        raise RuntimeError(f"upper bound and lower bound inconsistent with step sign: from {start} to {end} by {step}")
    if dtype is None:
        floats = any(isinstance(x, float) for x in (start, end, step))
        dtype = ops.get_default_dtype() if floats else np.int64
    return _new(np.arange(start, end, step).astype(dtype), **options)


def linspace(start: Any, end: Any, steps: int, *, dtype: Any = None, **options: Any) -> Tensor:
    """So many numbers, evenly apart, from `start` to `end` inclusive."""
    if steps < 0:
        raise RuntimeError(f"number of steps must be non-negative, got {steps}")
    return _new(np.linspace(start, end, steps, dtype=dtype or ops.get_default_dtype()), **options)


def logspace(start: Any, end: Any, steps: int, base: float = 10.0, **options: Any) -> Tensor:
    """`base` to the power of so many numbers, evenly apart, from `start` to `end` inclusive."""
    exponents = linspace(start, end, steps, **options)
    return ops.pow(base, exponents)


def eye(n: int, m: int | None = None, *, dtype: Any = None, **options: Any) -> Tensor:
    """Ones on the diagonal, zeros elsewhere."""
    if min(n, n if m is None else m) < 0:
        raise RuntimeError(f"n and m must be greater or equal to 0, got {n} and {m}")
    return _new(np.eye(n, m, dtype=dtype or ops.get_default_dtype()), **options)


def tril_indices(row: int, col: int, offset: int = 0, **options: Any) -> Tensor:
    """The positions of the lower triangle of a (row, col) matrix: (2, how many)."""
    return _new(np.stack(np.tril_indices(row, offset, col)), **options)


def triu_indices(row: int, col: int, offset: int = 0, **options: Any) -> Tensor:
    """The positions of the upper triangle of a (row, col) matrix: (2, how many)."""
    return _new(np.stack(np.triu_indices(row, offset, col)), **options)


# ----------------------------------------------------------------------------- the same from a tensor, by its dtype
def _by_dtype_of(make: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The method that makes a tensor of the dtype of the one it is called on."""

    def method(self: Tensor, *args: Any, dtype: Any = None, **options: Any) -> Tensor:
        return make(*args, dtype=dtype or self.dtype, **options)

    method.__doc__ = f"As `{make.__name__}`, in this tensor's dtype."
    return method


for _make in (zeros, ones, empty, full, tensor):
    setattr(Tensor, f"new_{_make.__name__}", _by_dtype_of(_make))


class _Typed:
    """PyTorch's old names of dtypes: `FloatTensor(data)` makes one, `x.type(FloatTensor)` converts to it."""

    def __init__(self, dtype: Any):
        self.dtype = np.dtype(dtype)

    def __call__(self, *data: Any) -> Tensor:
        by_size = not data or isinstance(data[0], int)
        return _new(np.zeros(data or (0,), self.dtype) if by_size else _array(data[0], None).astype(self.dtype))

    def __instancecheck__(self, value: object) -> bool:
        return isinstance(value, Tensor) and value.dtype == self.dtype


FloatTensor, DoubleTensor, HalfTensor = _Typed(np.float32), _Typed(np.float64), _Typed(np.float16)
LongTensor, IntTensor, ShortTensor = _Typed(np.int64), _Typed(np.int32), _Typed(np.int16)
ByteTensor, CharTensor, BoolTensor = _Typed(np.uint8), _Typed(np.int8), _Typed(np.bool_)
