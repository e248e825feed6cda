"""Tensor: an array that can ask for its gradient. Its methods are thin: the work is done in `ops`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from . import autograd, ops
from .autograd import Variable, overwrite, wrap


class device:
    """Where a tensor lives. Here that is always the CPU; any other raises RuntimeError.

    >>> device("cpu")
    device(type='cpu')
    """

    type, index = "cpu", None

    def __init__(self, name: Any = "cpu", index: int | None = None):
        if str(getattr(name, "type", name)).split(":")[0] != "cpu":
            raise RuntimeError(f"learnnn computes on the CPU only, device {name!r} does not exist: use 'cpu'")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device)

    def __hash__(self) -> int:
        return hash("cpu")

    def __repr__(self) -> str:
        return "device(type='cpu')"

    def __str__(self) -> str:
        return "cpu"


class Tensor(Variable):
    """A numpy array with PyTorch's face. `tensor.array` is the array itself.

    >>> x = Tensor([1, 2, 3])
    >>> (x * x).sum()
    tensor(14.)
    """

    def __init__(self, *data: Any):
        if len(data) == 1 and not isinstance(data[0], int):
            self.array = np.array(_unwrap(data[0]), ops.get_default_dtype())
        else:
            self.array = np.zeros(data, ops.get_default_dtype())

    # ------------------------------------------------------------------------------------ what it is
    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    @property
    def ndim(self) -> int:
        return self.array.ndim

    @property
    def dtype(self) -> np.dtype:
        return self.array.dtype

    @property
    def device(self) -> device:
        return device()

    @property
    def data(self) -> Any:
        """The same numbers without the history; assigning replaces the numbers."""
        return self.detach()

    @data.setter
    def data(self, value: Any) -> None:
        self.array = value.array if isinstance(value, Variable) else np.asarray(value)

    def size(self, dim: int | None = None) -> Any:
        """The shape, or the size of one axis."""
        return self.shape if dim is None else self.shape[ops.axes(dim, self.ndim)[0]]

    def dim(self) -> int:
        """The number of axes."""
        return self.array.ndim

    def numel(self) -> int:
        """The number of elements."""
        return self.array.size

    def stride(self) -> tuple[int, ...]:
        """Steps in elements, not in bytes, from one element to the next along each axis."""
        return tuple(s // self.array.itemsize for s in self.array.strides)

    def is_floating_point(self) -> bool:
        return self.array.dtype.kind == "f"

    def is_contiguous(self) -> bool:
        return self.array.flags.c_contiguous

    # ---------------------------------------------------------------------------- out of the graph, into python
    def detach(self) -> Any:
        """The same numbers, shared, but cut off from the graph."""
        tensor = wrap(self.array)
        tensor._counter = self.counter()
        return tensor

    def numpy(self) -> np.ndarray:
        """The array, shared. RuntimeError where that would lose a gradient."""
        if self._requires_grad:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
        return self.array

    def item(self) -> Any:
        """The one element, as a python number."""
        if self.array.size != 1:
            raise RuntimeError(f"a Tensor with {self.array.size} elements cannot be converted to Scalar")
        return self.array.item()

    def tolist(self) -> Any:
        """Nested python lists."""
        return self.array.tolist()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.numpy(), dtype, copy=bool(copy) or None)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        operation = _UFUNCS.get(ufunc.__name__)
        if method == "__call__" and operation and not kwargs:
            return getattr(ops, operation)(*inputs)
        plain = [x.numpy() if isinstance(x, Tensor) else x for x in inputs]
        return getattr(ufunc, method)(*plain, **{k: _unwrap(v) for k, v in kwargs.items()})

    def __bool__(self) -> bool:
        if self.array.size != 1:
            raise RuntimeError(
                f"Boolean value of Tensor with {'more than one' if self.array.size else 'no'} value"
                f"{'' if self.array.size else 's'} is ambiguous: use (a == b).all() or .any()"
            )
        return bool(self.array)

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        if self.array.dtype.kind not in "iu" or self.array.size != 1:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self.array.item())

    def __len__(self) -> int:
        if self.ndim == 0:
            raise TypeError("len() of a 0-d tensor")
        return self.array.shape[0]

    def __iter__(self) -> Iterator[Any]:
        if self.ndim == 0:
            raise TypeError("iteration over a 0-d tensor")
        return iter([self[i] for i in range(len(self))])

    def __contains__(self, value: Any) -> bool:
        return bool((self == value).any())

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if self.ndim == 0 else format(str(self), spec)

    __hash__ = object.__hash__  # by identity: == compares elements

    def __deepcopy__(self, memo: dict) -> Any:
        if self._node is not None:
            raise RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the "
                "moment: deepcopy x.detach() instead"
            )
        return self.__setstate__(self.__getstate__(), type(self).__new__(type(self)))

    def __getstate__(self) -> dict[str, Any]:
        return {"array": self.array.copy(), "_requires_grad": self._requires_grad, "grad": self.grad}

    def __setstate__(self, state: dict[str, Any], into: Any = None) -> Any:
        into = self if into is None else into
        into.__dict__.update(state)
        return into

    def __repr__(self) -> str:
        parts = [_format(self.array)]
        if self.dtype not in (ops.get_default_dtype(), np.int64, bool) or (not self.array.size and self.dtype != "f4"):
            parts.append(f"dtype={self.dtype}")
        if self._node is not None:
            parts.append(f"grad_fn={self._node!r}")
        elif self._requires_grad:
            parts.append("requires_grad=True")
        return f"tensor({', '.join(parts)})"

    # ------------------------------------------------------------------------------------------- indexing
    def __getitem__(self, index: Any) -> Any:
        return ops.getitem(self, ops.plain_index(index))

    def __setitem__(self, index: Any, value: Any) -> None:
        autograd.check_overwritable(self)
        index, node = ops.plain_index(index), None
        if autograd.is_grad_enabled() and (self._requires_grad or getattr(value, "requires_grad", False)):
            node = ops.replace(self, index, value)._node
        self.array[index] = _unwrap(value)
        overwrite(self, node)

    # ----------------------------------------------------------------------------- another dtype or place
    def to(self, *args: Any, dtype: Any = None, device: Any = None, copy: bool = False, **ignored: Any) -> Any:
        """This tensor in another dtype; a device may be named, and is the CPU."""
        for arg in args:
            if isinstance(arg, Tensor):
                dtype = arg.dtype
            elif isinstance(arg, bool):
                continue  # PyTorch's non_blocking, which means nothing here
            elif isinstance(arg, np.dtype | type):
                dtype = arg
            else:
                device = arg
        _device(device)
        dtype = self.dtype if dtype is None else np.dtype(dtype)
        return ops.to(self, dtype) if copy or dtype != self.dtype else self

    def cpu(self) -> Any:
        return self

    def cuda(self, *args: Any, **kwargs: Any) -> Any:
        return self.to("cuda")

    def type(self, dtype: Any = None) -> Any:
        """As `to(dtype)`; without a dtype, the name of this one."""
        return f"torch.{self.dtype}" if dtype is None else self.to(dtype)

    def type_as(self, other: Any) -> Any:
        return self.to(other.dtype)

    # --------------------------------------------------------------------------------- shapes as arguments
    def reshape(self, *shape: Any) -> Any:
        return ops.reshape(self, _sizes(shape))

    def view(self, *shape: Any) -> Any:
        """As reshape; RuntimeError where the elements would have to be copied. A dtype is not supported."""
        new = ops.reshape(self, _sizes(shape))
        if self.array.size and not np.may_share_memory(new.array, self.array):
            raise RuntimeError(
                "view size is not compatible with input tensor's size and stride (at least one dimension spans across "
                "two contiguous subspaces). Use .reshape(...) instead."
            )
        return new

    def view_as(self, other: Any) -> Any:
        return self.view(other.shape)

    def expand(self, *shape: Any) -> Any:
        return ops.expand(self, _sizes(shape))

    def expand_as(self, other: Any) -> Any:
        return ops.expand(self, other.shape)

    def repeat(self, *repeats: Any) -> Any:
        return ops.repeat(self, _sizes(repeats))

    def permute(self, *dims: Any) -> Any:
        return ops.permute(self, _sizes(dims))

    def flip(self, *dims: Any) -> Any:
        return ops.flip(self, _sizes(dims))

    @property
    def T(self) -> Any:
        return ops.permute(self, tuple(reversed(range(self.ndim))))

    @property
    def mT(self) -> Any:
        return ops.transpose(self, -2, -1)

    def t(self) -> Any:
        """The transpose of a matrix."""
        if self.ndim > 2:
            raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {self.ndim}D: use .mT")
        return self.T

    def contiguous(self) -> Any:
        return self if self.is_contiguous() else ops.clone(self)

    # ------------------------------------------------------------------------------- changes in place
    def copy_(self, other: Any) -> Any:
        """Take over the numbers of another tensor, which may broadcast."""
        return _write(self, ops.to(ops.broadcast_to(other, self.shape), self.dtype), "copy_")

    def fill_(self, value: Any) -> Any:
        """Every element becomes `value`."""
        return _write(self, wrap(np.full(self.shape, _unwrap(value), self.dtype)), "fill_")

    def zero_(self) -> Any:
        """Every element becomes 0."""
        return self.fill_(0)

    def detach_(self) -> Any:
        """Cut this tensor off from the graph."""
        self._node, self._requires_grad, self._base = None, False, None
        return self


# ------------------------------------------------------------------------- methods that are their operation
_METHODS = """abs add all amax amin any argmax argmin bitwise_and bitwise_not bitwise_or bitwise_xor broadcast_to ceil
chunk clamp clone cos cumsum div dot eq exp expm1 flatten floor floor_divide gather ge gt isfinite isinf isnan le
lerp log log1p log2 log_softmax logical_and logical_not logical_or logsumexp lt masked_fill matmul max maximum mean
min minimum movedim mul nan_to_num ne neg outer pow reciprocal relu remainder roll round rsqrt sigmoid sign sin
softmax split sqrt squeeze std sub sum tan tanh transpose tril triu unbind unflatten unsqueeze var where"""
_ALIASES = {
    "swapaxes": "transpose", "multiply": "mul", "divide": "div", "subtract": "sub", "negative": "neg", "clip": "clamp",
    "absolute": "abs", "bmm": "matmul", "mm": "matmul", "mv": "matmul", "true_divide": "div", "moveaxis": "movedim",
    "greater": "gt", "less": "lt", "not_equal": "ne",
}  # fmt: skip
_IN_PLACE = """abs add ceil clamp cos div exp expm1 floor floor_divide lerp log log1p masked_fill mul nan_to_num neg
pow reciprocal relu remainder round rsqrt sigmoid sin sqrt sub tan tanh tril triu"""
_UFUNCS = {
    "add": "add", "subtract": "sub", "multiply": "mul", "divide": "div", "floor_divide": "floor_divide",
    "remainder": "remainder", "power": "pow", "negative": "neg", "matmul": "matmul", "equal": "eq", "not_equal": "ne",
    "less": "lt", "less_equal": "le", "greater": "gt", "greater_equal": "ge", "maximum": "maximum",
    "minimum": "minimum", "absolute": "abs", "exp": "exp", "log": "log", "sqrt": "sqrt", "tanh": "tanh", "sin": "sin",
    "cos": "cos", "sign": "sign", "isnan": "isnan", "isfinite": "isfinite",
}  # fmt: skip
_NUMPY_NAMES = {"axis": "dim", "keepdims": "keepdim"}  # PyTorch takes numpy's names too


def _method(name: str) -> Callable:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        if kwargs:
            kwargs = {_NUMPY_NAMES.get(key, key): value for key, value in kwargs.items()}
        return getattr(ops, name)(self, *args, **kwargs)

    method.__name__, method.__doc__ = name, getattr(ops, name).__doc__
    return method


def _in_place(name: str) -> Callable:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return _write(self, getattr(ops, name)(self, *args, **kwargs), name + "_")

    method.__name__, method.__doc__ = name + "_", f"`{name}`, written over this tensor."
    return method


def _write(tensor: Tensor, result: Any, name: str) -> Tensor:
    """Every change in place: compute beside, check, copy over, mend the history."""
    autograd.check_overwritable(tensor)
    if not np.can_cast(result.dtype, tensor.dtype, "same_kind"):
        raise RuntimeError(
            f"result type {result.dtype} can't be cast to the desired output type {tensor.dtype}: {name} keeps the "
            "dtype of the tensor it changes; convert it first, as in x = x.float()"
        )
    if result.shape != tensor.shape:
        raise RuntimeError(
            f"output with shape {list(tensor.shape)} doesn't match the broadcast shape {list(result.shape)}: {name} "
            "cannot make a tensor larger"
        )
    tensor.array[...] = result.array
    overwrite(tensor, result._node)
    return tensor


def _reflected(name: str) -> Callable:
    def method(self: Any, other: Any) -> Any:
        return getattr(ops, name)(other, self)

    return method


_OPERATORS = {
    "add": "add", "sub": "sub", "mul": "mul", "truediv": "div", "floordiv": "floor_divide", "mod": "remainder",
    "pow": "pow", "matmul": "matmul", "and": "bitwise_and", "or": "bitwise_or", "xor": "bitwise_xor",
}  # fmt: skip
_COMPARISONS = {"eq": "eq", "ne": "ne", "lt": "lt", "le": "le", "gt": "gt", "ge": "ge"}
_UNARY = {"neg": "neg", "abs": "abs", "invert": "bitwise_not"}
_CASTS = {
    "float": np.float32, "double": np.float64, "half": np.float16, "long": np.int64, "int": np.int32, "bool": np.bool_,
    "byte": np.uint8,
}  # fmt: skip

for _name in _METHODS.split():
    setattr(Tensor, _name, _method(_name))
for _name, _target in (_ALIASES | {f"__{k}__": v for k, v in (_OPERATORS | _COMPARISONS | _UNARY).items()}).items():
    setattr(Tensor, _name, _method(_target))
for _name, _target in _OPERATORS.items():
    setattr(Tensor, f"__r{_name}__", _reflected(_target))
    if _name != "matmul":
        setattr(Tensor, f"__i{_name}__", _in_place(_target))
for _name in _IN_PLACE.split():
    setattr(Tensor, _name + "_", _in_place(_name))
for _name, _dtype in _CASTS.items():
    setattr(Tensor, _name, lambda self, dtype=_dtype: self.to(dtype))


# ------------------------------------------------------------------------------------------------- helpers
def _unwrap(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(map(_unwrap, value))
    return value.array if isinstance(value, Variable) else value


def _device(name: Any) -> None:
    if name is not None:
        device(name)


def _sizes(args: tuple[Any, ...]) -> tuple[int, ...]:
    """Sizes given one by one, or as one tuple."""
    return tuple(args[0]) if len(args) == 1 and isinstance(args[0], tuple | list) else args


def _format(array: np.ndarray) -> str:
    """The numbers as PyTorch prints them: four decimals, or one point for whole numbers, or powers of ten."""
    return np.array2string(
        array, separator=", ", prefix="tensor(", threshold=1000, edgeitems=3, max_line_width=88,
        formatter={"all": _number_format(array)},
    )  # fmt: skip


def _number_format(array: np.ndarray) -> Callable[[Any], str]:
    if array.dtype.kind == "b":
        return lambda x: str(bool(x)).rjust(5 if array.ndim and not array.all() else 0)
    finite = np.abs(array[np.isfinite(array)]) if array.dtype.kind == "f" else array
    if array.dtype.kind != "f":
        spec = "d"
    elif (finite == np.round(finite)).all():
        spec = ".0f" if finite.max(initial=0) < 1e8 else ".4e"
    else:
        low, high = finite[finite > 0].min(), finite.max()
        spec = ".4e" if high / low > 1000 or high > 1e8 or low < 1e-4 else ".4f"
    point = "." if spec == ".0f" else ""

    def one(x: Any) -> str:
        return format(x, spec) + (point if np.isfinite(x) else "")

    width = max((len(one(x)) for x in array.flat), default=0) if 1 < array.size <= 1000 else 0
    return lambda x: one(x).rjust(width)


Variable.result = Tensor
