"""Tensor: an array that can ask for its gradient. Its methods are thin: the work is done in `ops`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from . import autograd, ops
from .autograd import Variable, overwrite, torch_names, wrap
from .devices import device, on_cpu
from .printing import text_of, wrapped


class Size(tuple):
    """A shape: a tuple that knows how many elements it makes.

    >>> Size((2, 3)).numel()
    6
    """

    __slots__ = ()

    def numel(self) -> int:
        """The product of the sizes."""
        return math.prod(self)


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
            self.array = np.zeros(data or (0,), ops.get_default_dtype())

    # ------------------------------------------------------------------------------------ what it is
    @property
    def shape(self) -> Size:
        return Size(self.array.shape)

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
        return wrap(self.array)

    @data.setter
    def data(self, value: Any) -> None:
        array = value.array if isinstance(value, Variable) else np.asarray(value)
        if array.shape != self.shape or array.dtype != self.dtype:
            self._leaf = None  # which told the shape and dtype of the gradient
        self.array = array

    def size(self, dim: int | None = None) -> Any:
        """The shape, or the size of one axis."""
        return Size(self.array.shape) if dim is None else self.shape[ops.axes(dim, self.ndim)[0]]

    def dim(self) -> int:
        """The number of axes."""
        return self.array.ndim

    def numel(self) -> int:
        """The number of elements."""
        return self.array.size

    def element_size(self) -> int:
        """The bytes of one element."""
        return self.array.itemsize

    def stride(self) -> tuple[int, ...]:
        """Steps in elements, not in bytes, from one element to the next along each axis."""
        return tuple(s // self.array.itemsize for s in self.array.strides)

    def data_ptr(self) -> int:
        """Where the first element stands in memory: the same for two tensors that share it."""
        return self.array.ctypes.data

    def is_floating_point(self) -> bool:
        return self.array.dtype.kind == "f"

    def is_complex(self) -> bool:
        return False

    def is_contiguous(self) -> bool:
        return self.array.flags.c_contiguous

    is_cuda = is_sparse = is_quantized = False
    layout = "torch.strided"

    # ---------------------------------------------------------------------------- out of the graph, into python
    def detach(self) -> Any:
        """The same numbers, shared, but cut off from the graph."""
        tensor = wrap(self.array)
        tensor._counter = self.counter()
        return tensor

    def numpy(self, *, force: bool = False) -> np.ndarray:
        """The array, shared. RuntimeError where that would lose a gradient, unless forced."""
        if self._requires_grad and not force and autograd.is_grad_enabled():
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
        return float(self._number())

    def __int__(self) -> int:
        return int(self._number())

    def _number(self) -> Any:
        if self.array.size != 1:
            raise ValueError(
                f"only one element tensors can be converted to Python scalars, this one has {self.array.size}"
            )
        return self.array.item()

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
        return format(self.item(), spec) if self.ndim == 0 else super().__format__(spec)

    def __eq__(self, other: Any) -> Any:
        return ops.eq(self, other) if isinstance(other, _COMPARABLE) else NotImplemented

    def __ne__(self, other: Any) -> Any:
        return ops.ne(self, other) if isinstance(other, _COMPARABLE) else NotImplemented

    __hash__ = object.__hash__  # by identity: == compares elements

    def __pos__(self) -> Any:
        return self

    def __deepcopy__(self, memo: dict) -> Any:
        if self._node is not None:
            raise RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the "
                "moment: deepcopy x.detach() instead"
            )
        return self.__setstate__(self.__getstate__(), type(self).__new__(type(self)))

    def __getstate__(self) -> dict[str, Any]:
        grad = None if self.grad is None else wrap(self.grad.array.copy())
        return {"array": self.array.copy(), "_requires_grad": self._requires_grad, "_grad": grad}

    def __setstate__(self, state: dict[str, Any], into: Any = None) -> Any:
        into = self if into is None else into
        into.__dict__.update(state)
        return into

    def __repr__(self) -> str:
        parts = [f"tensor({text_of(self.array)}"]
        if not self.array.size and self.ndim != 1:
            parts.append(f"size={self.shape}")
        if self.dtype not in (ops.get_default_dtype(), *((np.int64, bool) if self.array.size else ())):
            parts.append(f"dtype={self.dtype}")
        if not self.is_leaf:
            parts.append(f"grad_fn={self._node!r}")
        elif self._requires_grad:
            parts.append("requires_grad=True")
        return wrapped(parts) + ")"

    # ------------------------------------------------------------------------------------------- indexing
    def __getitem__(self, index: Any) -> Any:
        return ops.getitem(self, ops.plain_index(index))

    def __setitem__(self, index: Any, value: Any) -> None:
        autograd.check_overwritable(self)
        index, node = ops.plain_index(index), None
        if autograd.is_grad_enabled() and (self._requires_grad or getattr(value, "requires_grad", False)):
            node = ops.replace(self, index, value)._node
            autograd.keep_before(self, node)
        ops.assign(self.array, index, _unwrap(value))
        overwrite(self, node)

    # ----------------------------------------------------------------------------- another dtype or place
    def to(self, *args: Any, dtype: Any = None, device: Any = None, copy: bool = False, **ignored: Any) -> Any:
        """This tensor in another dtype; a device may be named, and is the CPU."""
        for arg in args:
            if isinstance(arg, Tensor):
                dtype = arg.dtype
            elif isinstance(arg, bool):
                continue  # PyTorch's non_blocking, which means nothing here
            elif isinstance(arg, np.dtype | type) or hasattr(arg, "dtype"):
                dtype = arg
            else:
                device = arg
        on_cpu(device)
        dtype = self.dtype if dtype is None else np.dtype(dtype)
        return ops.to(self, dtype) if copy or dtype != self.dtype else self

    def cpu(self, *args: Any, **kwargs: Any) -> Any:
        return self

    def cuda(self, *args: Any, **kwargs: Any) -> Any:
        return self.to("cuda")

    def type(self, dtype: Any = None) -> Any:
        """As `to(dtype)`, also by a name such as "torch.LongTensor"; without a dtype, that name."""
        if dtype is None:
            return f"torch.{_KINDS[self.dtype.name]}Tensor"
        if isinstance(dtype, str):
            dtype = {f"torch.{kind}Tensor": name for name, kind in _KINDS.items()}[dtype]
        return self.to(np.dtype(dtype))

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
                f"two contiguous subspaces). Use .reshape(...) instead: it is {list(self.shape)}, not in memory's order"
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

    def tile(self, *dims: Any) -> Any:
        return ops.tile(self, _sizes(dims))

    def permute(self, *dims: Any) -> Any:
        return ops.permute(self, _sizes(dims))

    def flip(self, *dims: Any) -> Any:
        return ops.flip(self, _sizes(dims))

    @property
    def T(self) -> Any:
        return ops.permute(self, tuple(reversed(range(self.ndim))))

    @property
    def mT(self) -> Any:
        if self.ndim < 2:
            raise RuntimeError(
                f"tensor.mT is only supported on matrices or batches of matrices. Got {self.ndim}-D tensor."
            )
        return ops.transpose(self, -2, -1)

    def where(self, condition: Any, other: Any) -> Any:
        """This tensor's elements where the condition holds, the other's elsewhere."""
        return ops.where(condition, self, other)

    def contiguous(self, **ignored: Any) -> Any:
        return self if self.is_contiguous() else ops.clone(self)

    def clone(self, **ignored: Any) -> Any:
        return ops.clone(self)

    # ------------------------------------------------------------------------------- changes in place
    def copy_(self, other: Any) -> Any:
        """Take over the numbers of another tensor, which may broadcast."""
        self[...] = other
        return self

    def fill_(self, value: Any) -> Any:
        """Every element becomes `value`."""
        self[...] = value
        return self

    def zero_(self) -> Any:
        """Every element becomes 0."""
        return self.fill_(0)

    def fill_diagonal_(self, fill_value: Any) -> Any:
        """Every element of the main diagonal of a matrix becomes `fill_value`."""
        ops.diagonal(self).fill_(fill_value)
        return self

    def detach_(self) -> Any:
        """Cut this tensor off from the graph."""
        self._node, self._requires_grad, self._base = None, False, None
        return self


# ------------------------------------------------------------------------- methods that are their operation
_METHODS = """abs add addcdiv addcmul addmm all allclose amax amin any argmax argmin argsort atan bincount bitwise_and
bitwise_not bitwise_or bitwise_xor bmm broadcast_to ceil chunk clamp cos cosh count_nonzero cumprod cumsum diag diagonal
div dot eq equal erf exp expm1 flatten floor floor_divide gather ge gt index_add index_select isclose isfinite isinf
isnan le lerp log log10 log1p log2 log_softmax logaddexp logical_and logical_not logical_or logical_xor logsumexp lt
masked_fill masked_select matmul max maximum mean median min minimum mm movedim mul mv nan_to_num narrow ne neg nonzero
norm outer pow prod reciprocal relu remainder repeat_interleave roll round rsqrt scatter scatter_add select sigmoid sign
sin sinh softmax sort split sqrt square squeeze std sub sum t tan tanh topk trace transpose tril triu trunc unbind
unflatten unfold unique unsqueeze var"""
_ALIASES = {
    "swapaxes": "transpose", "swapdims": "transpose", "multiply": "mul", "divide": "div", "subtract": "sub",
    "negative": "neg", "clip": "clamp", "absolute": "abs", "true_divide": "div", "moveaxis": "movedim",
    "greater": "gt", "greater_equal": "ge", "less": "lt", "less_equal": "le", "not_equal": "ne", "ravel": "flatten",
    "sgn": "sign", "arctan": "atan", "inverse": "inv", "ger": "outer", "argwhere": "nonzero",
}  # fmt: skip
_IN_PLACE = """abs add addcdiv addcmul addmm atan ceil clamp cos cosh cumprod cumsum div erf exp expm1 floor
floor_divide index_add lerp log log10 log1p log2 logical_not masked_fill mul nan_to_num neg pow reciprocal relu
remainder round rsqrt scatter scatter_add sigmoid sign sin sinh sqrt square sub tan tanh tril triu trunc"""
_SHAPED = "squeeze t transpose unsqueeze"  # in place, they change the shape only
_UFUNCS = {
    "add": "add", "subtract": "sub", "multiply": "mul", "divide": "div", "floor_divide": "floor_divide",
    "remainder": "remainder", "power": "pow", "negative": "neg", "matmul": "matmul", "equal": "eq", "not_equal": "ne",
    "less": "lt", "less_equal": "le", "greater": "gt", "greater_equal": "ge", "maximum": "maximum",
    "minimum": "minimum", "absolute": "abs", "exp": "exp", "log": "log", "sqrt": "sqrt", "tanh": "tanh", "sin": "sin",
    "cos": "cos", "sign": "sign", "isnan": "isnan", "isfinite": "isfinite",
}  # fmt: skip


def _method(name: str) -> Callable:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        if kwargs:
            kwargs = torch_names(kwargs)
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
    kinds = {result.dtype.kind, tensor.dtype.kind}
    if not np.can_cast(result.dtype, tensor.dtype, "same_kind") and kinds != {"i", "u"}:
        raise RuntimeError(
            f"result type {result.dtype} can't be cast to the desired output type {tensor.dtype}: {name} keeps the "
            "dtype of the tensor it changes; convert it first, as in x = x.float()"
        )
    if result.shape != tensor.shape:
        raise RuntimeError(
            f"output with shape {list(tensor.shape)} doesn't match the broadcast shape {list(result.shape)}: {name} "
            "cannot make a tensor larger"
        )
    autograd.keep_before(tensor, result._node)
    tensor.array[...] = result.array
    overwrite(tensor, result._node)
    return tensor


def _shaped(name: str) -> Callable:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        autograd.check_overwritable(self)
        new = getattr(ops, name)(self, *args, **kwargs)
        if self._base is not None:
            new._is_view_of(self._base, lambda base, old=self._replay: getattr(ops, name)(old(base), *args, **kwargs))
        else:
            new._base = None
        self.__dict__.update(new.__dict__)
        self._leaf = None  # which told the shape of the gradient
        return self

    method.__name__, method.__doc__ = name + "_", f"`{name}`, of this very tensor."
    return method


def _reflected(name: str) -> Callable:
    def method(self: Any, other: Any) -> Any:
        return getattr(ops, name)(other, self)

    return method


_OPERATORS = {
    "add": "add", "sub": "sub", "mul": "mul", "truediv": "div", "floordiv": "floor_divide", "mod": "remainder",
    "pow": "pow", "matmul": "matmul", "and": "bitwise_and", "or": "bitwise_or", "xor": "bitwise_xor",
}  # fmt: skip
_COMPARABLE = (Variable, int, float, np.ndarray, np.generic)
_COMPARISONS = {"lt": "lt", "le": "le", "gt": "gt", "ge": "ge"}
_UNARY = {"neg": "neg", "abs": "abs", "invert": "bitwise_not"}
_CASTS = {
    "float": np.float32, "double": np.float64, "half": np.float16, "long": np.int64, "int": np.int32, "bool": np.bool_,
    "byte": np.uint8, "short": np.int16, "char": np.int8,
}  # fmt: skip
_KINDS = {
    "float32": "Float", "float64": "Double", "float16": "Half", "int64": "Long", "int32": "Int", "int16": "Short",
    "int8": "Char", "uint8": "Byte", "bool": "Bool",
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
for _name in _SHAPED.split():
    setattr(Tensor, _name + "_", _shaped(_name))
for _name in ("dim", "numel"):
    setattr(Tensor, {"dim": "ndimension", "numel": "nelement"}[_name], getattr(Tensor, _name))
for _name, _dtype in _CASTS.items():
    setattr(Tensor, _name, lambda self, dtype=_dtype: self.to(dtype))


def is_tensor(obj: Any) -> bool:
    """Whether this is a tensor."""
    return isinstance(obj, Tensor)


def is_floating_point(input: Tensor) -> bool:
    """Whether a tensor holds floats."""
    return input.is_floating_point()


def numel(input: Tensor) -> int:
    """The number of elements."""
    return input.numel()


# ------------------------------------------------------------------------------------------------- helpers
def _unwrap(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(map(_unwrap, value))
    return value.array if isinstance(value, Variable) else value


def _sizes(args: tuple[Any, ...]) -> tuple[int, ...]:
    """Sizes given one by one, or as one tuple."""
    return tuple(args[0]) if len(args) == 1 and isinstance(args[0], tuple | list) else args


Variable.result = Tensor
