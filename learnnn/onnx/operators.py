"""What stands for each simple operation: arithmetic, comparisons, sums, shapes, indices, activations.

A translation gets the trace, what the operation gave, and its arguments; it returns the name of the result, or a
tensor computed by other operations, which are written down in turn.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import ops
from ..autograd import Variable
from .trace import Trace, code


def _unary(operator: str) -> Callable:
    return lambda t, y, x, *rest: t.add(operator, t.name(x, y.dtype if y.dtype.kind == "f" else None))


def _binary(operator: str) -> Callable:
    return lambda t, y, a, b: t.add(operator, t.name(a, y.dtype), t.name(b, y.dtype))


def _compared(operator: str, negated: bool = False) -> Callable:
    def translate(t: Trace, y: Any, a: Any, b: Any) -> str:
        dtype = ops.result_dtype(*[x.array if isinstance(x, Variable) else x for x in (a, b)])
        name = t.add(operator, t.name(a, dtype), t.name(b, dtype))
        return t.add("Not", name) if negated else name

    return translate


def _logical(operator: str) -> Callable:
    def translate(t: Trace, y: Any, *inputs: Any) -> str:
        if y.dtype != bool:
            raise RuntimeError(f"ONNX export knows {operator} for booleans only, not for {y.dtype}")
        return t.add(operator, *[t.name(x, bool) for x in inputs])

    return translate


def _reduced(operator: str) -> Callable:
    def translate(t: Trace, y: Any, x: Any, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> str:
        axes = t.ints(ops.axes(dim, x.ndim))
        return t.add(operator, t.name(x, y.dtype), axes, keepdims=int(keepdim)) if x.ndim else t.name(x, y.dtype)

    return translate


def _position(operator: str) -> Callable:
    def translate(t: Trace, y: Any, x: Any, dim: Any = None, keepdim: bool = False) -> str:
        if dim is None:
            return t.add("Squeeze", t.add(operator, t.add("Reshape", t.name(x), t.ints(-1)), axis=0), t.ints(0))
        return t.add(operator, t.name(x), axis=int(dim), keepdims=int(keepdim))

    return translate


def _with(operator: str, **attributes: str) -> Callable:
    """An operator whose attributes are the arguments of the operation after the first, in order."""

    def translate(t: Trace, y: Any, x: Any, *rest: Any) -> str:
        given = {name: kind(value) for (name, kind), value in zip(attributes.items(), rest, strict=False)}  # type: ignore
        return t.add(operator, t.name(x), **given)

    return translate


def _linear(t: Trace, y: Any, x: Any, weight: Any, bias: Any = None) -> str:
    if x.ndim == 2:
        rest = [] if bias is None else [t.name(bias)]
        return t.add("Gemm", t.name(x), t.name(weight), *rest, transB=1)
    product = t.add("MatMul", t.name(x), t.add("Transpose", t.name(weight), perm=[1, 0]))
    return product if bias is None else t.add("Add", product, t.name(bias))


def _indexed(t: Trace, y: Any, x: Any, index: Any) -> str:
    """Slices first; then one array of positions along its axis; then axes dropped and added."""
    cuts, arrays, dropped, added = _parts(index, x.shape)
    if len(arrays) > 1 or any(a.dtype == bool for _, a in arrays) or (arrays and dropped):
        raise RuntimeError(f"ONNX export knows an index of numbers, slices and at most one array, not {index!r}")
    name = t.add("Identity", t.name(x))
    if cuts:
        starts, stops, axes, steps = (t.ints(column) for column in zip(*cuts, strict=True))
        name = t.add("Slice", name, starts, stops, axes, steps)
    for place, array in arrays:
        name = t.add("Gather", name, t.name(array), axis=place)
    name = t.add("Squeeze", name, t.ints(dropped)) if dropped else name
    return t.add("Unsqueeze", name, t.ints(added)) if added else name


def _parts(index: Any, shape: tuple[int, ...]) -> tuple[list, list, list, list]:
    """An index as (start, stop, axis, step) of slices, (axis, array), axes of single numbers, and of None."""
    parts = list(index) if isinstance(index, tuple) else [index]
    taken = sum(part is not None and part is not ... for part in parts)
    dots = next((i for i, part in enumerate(parts) if part is ...), len(parts))
    parts[dots : dots + 1] = [slice(None)] * (len(shape) - taken)
    cuts, arrays, dropped, added, axis, out = [], [], [], [], 0, 0
    for part in parts:
        if part is None:
            added.append(out)
            out, axis = out + 1, axis - 1
        elif isinstance(part, int | np.integer):
            cuts.append((part, int(part) + 1 if part != -1 else END, axis, 1))
            dropped.append(axis)
        elif isinstance(part, slice):
            if part != slice(None):
                cuts.append((part.start or 0, END if part.stop is None else part.stop, axis, part.step or 1))
            out += 1
        else:
            arrays.append((axis, np.asarray(part)))
            out += np.ndim(part)
        axis += 1
    return cuts, arrays, dropped, added


END = np.iinfo(np.int64).max  # as far as the axis goes


def _flipped(t: Trace, y: Any, x: Any, dims: Any) -> str:
    axes = ops.axes(dims, x.ndim)
    least = [np.iinfo(np.int64).min] * len(axes)
    return t.add("Slice", t.name(x), t.ints([-1] * len(axes)), t.ints(least), t.ints(axes), t.ints([-1] * len(axes)))


def _swapped(t: Trace, y: Any, x: Any, dim0: int, dim1: int) -> str:
    order = list(range(x.ndim))
    order[dim0], order[dim1] = order[dim1], order[dim0]
    return t.add("Transpose", t.name(x), perm=order)


def _squeezed(t: Trace, y: Any, x: Any, dim: Any = None) -> str:
    gone = [d for d in ops.axes(dim, x.ndim) if x.shape[d] == 1]
    return t.add("Squeeze", t.name(x), t.ints(gone)) if gone else t.add("Identity", t.name(x))


def _clamped(t: Trace, y: Any, x: Any, min: Any = None, max: Any = None) -> str:
    name = t.name(x, y.dtype)
    name = name if min is None else t.add("Max", name, t.name(min, y.dtype))
    return name if max is None else t.add("Min", name, t.name(max, y.dtype))


def _to_triangle(upper: int) -> Callable:
    return lambda t, y, x, diagonal=0: t.add("Trilu", t.name(x), t.name(np.int64(diagonal)), upper=upper)


def _softplus(t: Trace, y: Any, x: Any, beta: float = 1.0, threshold: float = 20.0) -> str:
    z = t.add("Mul", t.name(x), t.name(beta, x.dtype))
    smooth = t.add("Div", t.add("Softplus", z), t.name(beta, x.dtype))
    return t.add("Where", t.add("Greater", z, t.name(threshold, x.dtype)), t.name(x), smooth)


def _variance(x: Any, dim: Any, correction: float, keepdim: bool) -> Any:
    centred = x - ops.mean(x, dim, True)
    n = np.prod([x.shape[d] for d in ops.axes(dim, x.ndim)])
    return ops.sum(centred * centred, dim, keepdim) / float(n - correction)


def _length(t: Trace, y: Any, x: Any, ord: float = 2, dim: Any = None, keepdim: bool = False) -> Any:
    if ord in (1, 2):
        return _reduced(f"ReduceL{int(ord)}")(t, y, x, dim, keepdim)
    if ord in (np.inf, -np.inf):
        return (ops.amax if ord > 0 else ops.amin)(ops.abs(x), dim, keepdim)
    return ops.pow(ops.sum(ops.pow(ops.abs(x), float(ord)), dim, keepdim), 1 / ord)


def _rolled(t: Trace, y: Any, x: Any, shifts: Any, dims: Any = None) -> Any:
    if dims is None:
        return ops.reshape(_rolled(t, y, ops.flatten(x), shifts, 0), x.shape)
    pairs = zip(shifts, dims, strict=True) if isinstance(dims, tuple | list) else [(shifts, dims)]
    for shift, dim in pairs:
        (axis,) = ops.axes(dim, x.ndim)
        before, cut = (slice(None),) * axis, -shift % x.shape[axis]
        x = ops.cat([x[(*before, slice(cut, None))], x[(*before, slice(0, cut))]], axis)
    return x


OPERATORS: dict[str, Callable] = {
    **{name: _unary(operator) for name, operator in {
        "abs": "Abs", "neg": "Neg", "exp": "Exp", "log": "Log", "sqrt": "Sqrt", "sin": "Sin", "cos": "Cos",
        "tan": "Tan", "sinh": "Sinh", "cosh": "Cosh", "atan": "Atan", "tanh": "Tanh", "sigmoid": "Sigmoid",
        "relu": "Relu", "erf": "Erf",
        "floor": "Floor", "ceil": "Ceil", "round": "Round", "sign": "Sign", "reciprocal": "Reciprocal",
        "mish": "Mish", "hardswish": "HardSwish", "clone": "Identity", "isnan": "IsNaN", "isinf": "IsInf",
    }.items()},
    **{name: _binary(operator) for name, operator in {
        "add": "Add", "sub": "Sub", "mul": "Mul", "div": "Div", "pow": "Pow", "maximum": "Max", "minimum": "Min",
        "matmul": "MatMul", "mm": "MatMul", "bmm": "MatMul", "mv": "MatMul", "dot": "MatMul",
    }.items()},
    **{name: _compared(operator) for name, operator in {
        "eq": "Equal", "lt": "Less", "le": "LessOrEqual", "gt": "Greater", "ge": "GreaterOrEqual",
    }.items()},
    "ne": _compared("Equal", negated=True),
    **{name: _logical(operator) for name, operator in {
        "logical_and": "And", "logical_or": "Or", "logical_xor": "Xor", "logical_not": "Not",
        "bitwise_and": "And", "bitwise_or": "Or", "bitwise_xor": "Xor", "bitwise_not": "Not",
    }.items()},
    **{name: _reduced(operator) for name, operator in {
        "sum": "ReduceSum", "mean": "ReduceMean", "amax": "ReduceMax", "amin": "ReduceMin", "prod": "ReduceProd",
        "logsumexp": "ReduceLogSumExp",
    }.items()},
    "argmax": _position("ArgMax"), "argmin": _position("ArgMin"),
    "softmax": _with("Softmax", axis=int), "log_softmax": _with("LogSoftmax", axis=int),  # type: ignore[arg-type]
    "elu": _with("Elu", alpha=float), "leaky_relu": _with("LeakyRelu", alpha=float),  # type: ignore[arg-type]
    "gelu": _with("Gelu", approximate=str),  # type: ignore[arg-type]
    "softplus": _softplus,
    "silu": lambda t, y, x: t.add("Mul", t.name(x), t.add("Sigmoid", t.name(x))),
    "logsigmoid": lambda t, y, x: t.add("Neg", t.add("Softplus", t.add("Neg", t.name(x)))),
    "hardtanh": _clamped, "clamp": _clamped,
    "rsqrt": lambda t, y, x: t.add("Reciprocal", t.add("Sqrt", t.name(x, y.dtype))),
    "square": lambda t, y, x: t.add("Mul", t.name(x), t.name(x)),
    "log1p": lambda t, y, x: ops.log(x + 1), "log2": lambda t, y, x: ops.log(x) / float(np.log(2)),
    "expm1": lambda t, y, x: ops.exp(x) - 1,
    "log10": lambda t, y, x: ops.log(x) / float(np.log(10)),
    "trunc": lambda t, y, x: ops.sign(x) * ops.floor(ops.abs(x)),
    "floor_divide": lambda t, y, a, b: ops.floor(a / b).to(y.dtype),
    "vector_norm": _length, "roll": _rolled,
    "remainder": lambda t, y, a, b: a - ops.floor(a / b) * b,
    "lerp": lambda t, y, start, end, weight: start + weight * (end - start),
    "var": lambda t, y, x, dim=None, correction=1, keepdim=False: _variance(x, dim, correction, keepdim),
    "std": lambda t, y, x, dim=None, correction=1, keepdim=False: ops.sqrt(_variance(x, dim, correction, keepdim)),
    "cumsum": lambda t, y, x, dim: t.add("CumSum", t.name(x, y.dtype), t.name(np.int64(dim))),
    "where": lambda t, y, c, a, b: t.add("Where", t.name(c), t.name(a, y.dtype), t.name(b, y.dtype)),
    "masked_fill": lambda t, y, x, mask, value: t.add("Where", t.name(mask), t.name(value, y.dtype), t.name(x)),
    "to": lambda t, y, x, dtype: t.add("Cast", t.name(x), to=code(dtype)),
    "linear": _linear,
    "reshape": lambda t, y, x, shape: t.add("Reshape", t.name(x), t.ints(y.shape)),
    "broadcast_to": lambda t, y, x, shape: t.add("Expand", t.name(x), t.ints(shape)),
    "transpose": _swapped,
    "permute": lambda t, y, x, dims: t.add("Transpose", t.name(x), perm=[int(d) % x.ndim for d in dims]),
    "squeeze": _squeezed,
    "unsqueeze": lambda t, y, x, dim: t.add("Unsqueeze", t.name(x), t.ints(dim)),
    "flip": _flipped, "tril": _to_triangle(0), "triu": _to_triangle(1),
    "cat": lambda t, y, tensors, dim=0: t.add("Concat", *[t.name(x, y.dtype) for x in tensors], axis=int(dim)),
    "stack": lambda t, y, tensors, dim=0: ops.cat([ops.unsqueeze(x, dim) for x in tensors], dim),
    "getitem": _indexed,
    "gather": lambda t, y, x, dim, index: t.add("GatherElements", t.name(x), t.name(index), axis=int(dim)),
    "index_select": lambda t, y, x, dim, index: t.add("Gather", t.name(x), t.name(index), axis=int(dim)),
    "selu": _with("Selu"),
}  # fmt: skip
