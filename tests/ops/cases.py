"""One table of cases for every differentiable operation: calls, shapes, layouts, ties, empty and size-1 axes.

A case draws float64 inputs that keep clear of kinks and jumps, except where the table asks for a tie: there a
central difference gives half of either side, which is the rule that PyTorch follows for two equal elements.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from learnnn import ops


@dataclass(frozen=True)
class Draw:
    """An input to be drawn: its shape, the range of its numbers, and how it lies in memory."""

    shape: tuple[int, ...]
    kind: str = "apart"
    layout: str = "C"

    def __call__(self, rng: np.random.Generator, position: int) -> np.ndarray:
        return LAYOUTS[self.layout](KINDS[self.kind](rng, self.shape, position))

    def __str__(self) -> str:
        extra = "".join(f" {word}" for word, usual in ((self.kind, "apart"), (self.layout, "C")) if word != usual)
        return f"{self.shape}{extra}"


def _apart(rng: np.random.Generator, shape: tuple, position: int) -> np.ndarray:
    """Numbers at least 0.2 from each other and 0.04 from every multiple of 0.5, also between two inputs."""
    n = int(np.prod(shape))
    steps = rng.permutation(n) - n // 2
    return (steps * 0.5 + 0.1 + 0.1 * (position % 3) + rng.uniform(0, 0.05, n)).reshape(shape)


KINDS: dict[str, Callable] = {
    "apart": _apart,
    "positive": lambda rng, shape, position: np.asarray(rng.uniform(0.5, 2.0, shape)),
    "unit": lambda rng, shape, position: np.asarray(rng.uniform(-0.9, 0.9, shape)),
    "normal": lambda rng, shape, position: np.asarray(rng.normal(size=shape)),
    "tied": lambda rng, shape, position: np.resize([1.0, -0.5, 1.0, -2.0, -2.0, 0.25], shape),
    "special": lambda rng, shape, position: np.resize([0.3, np.nan, np.inf, -0.7, -np.inf], shape),
    "zero": lambda rng, shape, position: np.zeros(shape),
}


def _stepped(a: np.ndarray) -> np.ndarray:
    wide = np.zeros((*a.shape[:-1], 2 * a.shape[-1]))
    wide[..., ::2] = a
    return wide[..., ::2]


LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "C": lambda a: a,
    "F": np.asfortranarray,  # columns one after the other, as .T leaves them
    "step": _stepped,  # every other element of a wider array
    "back": lambda a: a[..., ::-1].copy()[..., ::-1],  # strides below zero
}


@dataclass(frozen=True)
class Case:
    """A call of one operation, of its tensors only; everything else is fixed inside `call`."""

    op: str
    call: Callable[..., Any]
    draws: tuple[Draw, ...]
    label: str = ""
    smooth: bool = True  # at a tie the gradient jumps, and has no derivative of its own

    def arrays(self, rng: np.random.Generator) -> list[np.ndarray]:
        return [draw(rng, i) for i, draw in enumerate(self.draws)]

    def __str__(self) -> str:
        return f"{self.op}({', '.join(map(str, self.draws))}){' ' if self.label else ''}{self.label}"


CASES: list[Case] = []


def case(
    op: str, *draws: Draw, call: Callable | None = None, label: str = "", smooth: bool = True, **options: Any
) -> None:
    """A line of the table. Operations are looked up in `ops` when called, so that a broken one can stand in."""
    label = label or ", ".join(f"{key}={value!r}" for key, value in options.items())
    CASES.append(Case(op, call or (lambda *xs: getattr(ops, op)(*xs, **options)), draws, label, smooth))


def draws(kind: str = "apart") -> list[Draw]:
    """Every kind of single input: 0-d, size 1, empty, several axes, and layouts numpy does not store in rows."""
    shapes = [(), (1,), (4,), (2, 3), (2, 1, 3), (0,), (2, 0, 3)]
    return [Draw(s, kind) for s in shapes] + [Draw((2, 3), kind, layout) for layout in ("F", "step", "back")]


# ------------------------------------------------------------------------------------------------ pointwise
UNARY = {
    "apart": "elu leaky_relu neg abs sign floor ceil round relu clone nan_to_num",
    "normal": "exp expm1 sin cos tanh sigmoid erf gelu silu softplus",
    "positive": "log log2 sqrt rsqrt reciprocal",
    "unit": "log1p tan",
}
for kind, names in UNARY.items():
    for name in names.split():
        for draw in draws(kind):
            case(name, draw)
case("abs", Draw((3,), "zero"), label="at its kink", smooth=False)
case("reciprocal", Draw((2, 3)), label="of negative numbers too")
case("round", Draw((2, 3)), decimals=1)
case("gelu", Draw((2, 3)), approximate="tanh")
case("softplus", Draw((2, 3)), beta=3.0, threshold=2.0)
case("elu", Draw((2, 3)), alpha=0.5)
case("leaky_relu", Draw((2, 3)), negative_slope=0.3)

PAIRS = [
    ((), ()), ((3,), (3,)), ((2, 3), (3,)), ((3,), (2, 3)), ((2, 1), (1, 3)), ((2, 1, 2), (3, 1)), ((2, 3), ()),
    ((), (2, 3)), ((1,), (2, 2)), ((1, 1), (3,)), ((0,), (1,)), ((2, 0), (2, 1)), ((0, 3), (3,)),
]  # fmt: skip
BINARY = {
    "add": "normal", "sub": "normal", "mul": "normal", "div": "positive", "maximum": "apart", "minimum": "apart",
    "remainder": "positive", "pow": "positive",
}  # fmt: skip
for name, kind in BINARY.items():
    for a, b in PAIRS:
        case(name, Draw(a, kind), Draw(b, kind))
    case(name, Draw((2, 3), kind, "F"), Draw((2, 3), kind, "step"))
    case(name, Draw((2, 3), kind), call=lambda x, name=name: getattr(ops, name)(x, 2.5), label="number on the right")
    case(name, Draw((2, 3), kind), call=lambda x, name=name: getattr(ops, name)(2.5, x), label="number on the left")
    case(name, Draw((3,), kind), call=lambda x, name=name: getattr(ops, name)(x, x), label="with itself")
case("div", Draw((2, 3)), Draw((3,)), label="of either sign")
case("remainder", Draw((2, 3)), Draw((3,)), label="of either sign")
case("maximum", Draw((6,), "tied"), Draw((1,), "tied"), label="ties", smooth=False)
case("minimum", Draw((6,), "tied"), Draw((1,), "tied"), label="ties", smooth=False)
for exponent in (0, 1, 2, 3, 4, -1, -2, 2.0, 0.5):
    kind = "positive" if exponent == 0.5 else "apart"
    case("pow", Draw((2, 3), kind), call=lambda x, e=exponent: ops.pow(x, e), label=f"exponent {exponent}")
case("pow", Draw((2, 3)), call=lambda x: ops.pow(x, np.array([0, 2, 3])), label="whole exponents, any base")

for a, b in PAIRS:
    case("lerp", Draw(a), Draw(b), call=lambda x, y: ops.lerp(x, y, 0.3), label="weight 0.3")
    case("where", Draw(a), Draw(b), call=lambda x, y: ops.where(x > y, x, y))
case("lerp", Draw((2, 3)), Draw((3,)), Draw((2, 1)))
case("where", Draw((2, 3)), Draw((3,)), call=lambda x, y: ops.where(np.array([True, False, True]), x, y))
case("where", Draw((3,)), Draw(()), call=lambda x, y: ops.where(np.eye(3, dtype=bool), x, y))
case("where", Draw((2, 3)), call=lambda x: ops.where(x > 0, x, 0.0), label="number")
case("where", Draw((2, 3)), call=lambda x: ops.where(x > 0, 1.0, x), label="number first")
case("masked_fill", Draw((2, 3)), call=lambda x: ops.masked_fill(x, np.array([True, False, True]), -1.0))
case("masked_fill", Draw((2, 3)), call=lambda x: ops.masked_fill(x, x > 0, 0.0))
case("masked_fill", Draw((3,)), Draw(()), call=lambda x, v: ops.masked_fill(x, np.eye(3, dtype=bool), v))
case("masked_fill", Draw((0,)), call=lambda x: ops.masked_fill(x, x > 0, 0.0))
for bounds in ({"min": -0.3}, {"max": 0.8}, {"min": -0.3, "max": 0.8}):
    for draw in draws():
        case("clamp", draw, **bounds)
case("clamp", Draw((2, 3)), Draw((3,)), Draw(()), call=lambda x, a, b: ops.clamp(x, a, b + 0.5), label="tensors")
case("clamp", Draw((2, 3)), Draw((2, 1)), label="tensor below")
case("clamp", Draw((2, 3)), Draw((3,)), call=lambda x, top: ops.clamp(x, max=top), label="tensor above")

case("clamp", Draw((2, 3)), Draw((3,)), Draw(()), call=lambda x, a, b: ops.clamp(x, a, b - 0.6), label="bounds crossed")
case("nan_to_num", Draw((6,), "special"), nan=0.5, posinf=1.0, neginf=-1.0)

# --------------------------------------------------------------------------------------------------- reduce
REDUCED = [
    ((), {}), ((), {"dim": 0}), ((), {"dim": -1, "keepdim": True}), ((4,), {}), ((4,), {"dim": 0}), ((2, 3), {}),
    ((2, 3), {"dim": 1}), ((2, 3), {"dim": -2, "keepdim": True}), ((2, 3), {"keepdim": True}),
    ((2, 3, 2), {"dim": (0, -1)}), ((2, 3, 2), {"dim": (2, 0), "keepdim": True}), ((1, 3), {"dim": 0}),
    ((2, 1), {"dim": 1, "keepdim": True}), ((0, 3), {"dim": 1}), ((2, 3), {"dim": (0, 1)}),
]  # fmt: skip
for name in ("sum", "mean", "amax", "amin", "logsumexp"):
    for shape, options in REDUCED:
        case(name, Draw(shape), **({"dim": None} if name == "logsumexp" else {}) | options)
    for layout in ("F", "step", "back"):
        case(name, Draw((2, 3), layout=layout), dim=1)
for name in ("sum", "mean", "logsumexp"):
    case(name, Draw((2, 0)), dim=0)
case("sum", Draw((0,)))
case("sum", Draw((2, 0)), dim=1, keepdim=True)
case("amax", Draw((2, 3), "tied"), dim=1, label="two ties", smooth=False)
case("amin", Draw((5,), "tied"), label="two ties", smooth=False)
case("logsumexp", Draw((2, 3), "tied"), dim=-1)
for name in ("var", "std"):
    for shape, options in [
        ((4,), {}), ((2, 3), {"dim": 1}), ((2, 3), {"dim": -2, "keepdim": True}), ((2, 3, 2), {"dim": (0, 2)}),
        ((2, 3), {"correction": 0}), ((2, 3), {"dim": 1, "correction": 2, "keepdim": True}), ((0, 3), {"dim": 1}),
    ]:  # fmt: skip
        case(name, Draw(shape), **options)
    case(name, Draw((2, 3), layout="F"), dim=0)
case("var", Draw((1, 3)), dim=0, correction=0, label="of one")
for name in ("max", "min"):
    case(name, Draw((2, 3)))
    case(name, Draw(()))
    for dim, keepdim in ((0, False), (-1, True)):
        case(
            name, Draw((2, 3)), call=lambda x, n=name, d=dim, k=keepdim: getattr(ops, n)(x, d, k)[0], label=f"dim={dim}"
        )
for shape, dim in (((), 0), ((4,), 0), ((2, 3), 1), ((2, 3), -2), ((2, 1, 3), 1), ((0, 3), 0), ((2, 0), 0)):
    for name in ("cumsum", "softmax", "log_softmax"):
        case(name, Draw(shape), dim=dim)
for name in ("cumsum", "softmax", "log_softmax"):
    case(name, Draw((2, 3), layout="F"), dim=-1)

# --------------------------------------------------------------------------------------------------- linalg
PRODUCTS = [
    ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)), ((1, 1), (1, 1)), ((2, 2, 3), (3, 4)),
    ((2, 3), (2, 3, 2)), ((2, 2, 3), (2, 3, 1)), ((2, 1, 2, 3), (3, 3, 2)), ((2, 2, 3), (3,)), ((3,), (2, 3, 2)),
    ((1, 2, 3), (2, 3, 2)), ((2, 2, 3), (1, 3, 2)), ((0, 3), (3, 2)), ((2, 0), (0, 3)), ((2, 3), (3, 0)), ((0,), (0,)),
    ((2, 0, 3), (3, 2)), ((1, 3), (2, 2, 3, 2)), ((2, 2, 2, 3), (3,)), ((3,), (2, 1, 3, 2)),
]  # fmt: skip
for a, b in PRODUCTS:
    case("matmul", Draw(a, "normal"), Draw(b, "normal"))
case("matmul", Draw((2, 3), "normal", "F"), Draw((3, 2), "normal", "step"))
case("matmul", Draw((3, 3), "normal"), call=lambda x: ops.matmul(x, x), label="with itself")
for rows in ((), (2,), (2, 2), (0,), (2, 0), (1,)):
    case("linear", Draw((*rows, 3), "normal"), Draw((4, 3), "normal"), Draw((4,), "normal"))
    case("linear", Draw((*rows, 3), "normal"), Draw((1, 3), "normal"), label="no bias")
case("linear", Draw((2, 3), "normal", "F"), Draw((4, 3), "normal", "F"), Draw((4,), "normal", "step"))
for n in (3, 1, 0):
    case("dot", Draw((n,), "normal"), Draw((n,), "normal"))
    case("outer", Draw((n,), "normal"), Draw((2,), "normal"))
case("dot", Draw((3,), "normal"), call=lambda x: ops.dot(x, x), label="with itself")

# ---------------------------------------------------------------------------------------------------- shape
for draw in draws():
    case("reshape", draw, call=lambda x: ops.reshape(x, (int(np.prod(x.shape)),)), label="flat")
    case("flatten", draw)
    case("squeeze", draw)
    for dim in (0, -1):
        case("unsqueeze", draw, dim=dim)
case("reshape", Draw((2, 3)), shape=(3, -1))
case("reshape", Draw((2, 3), layout="F"), shape=(1, 6, 1))
case("flatten", Draw((2, 1, 3)), start_dim=1)
case("flatten", Draw((2, 2, 3)), start_dim=-3, end_dim=-2)
case("unflatten", Draw((2, 6)), dim=-1, sizes=(3, 2))
case("unflatten", Draw((6,)), dim=0, sizes=(-1, 2))
for dim in (0, 1, -1, (0, 2)):
    case("squeeze", Draw((1, 2, 1)), dim=dim)
for dims in ((0, 1), (1, 0), (-1, -2), (0, 0)):
    case("transpose", Draw((2, 3)), dim0=dims[0], dim1=dims[1])
case("transpose", Draw((2, 3, 2), layout="step"), dim0=0, dim1=-1)
case("transpose", Draw((0, 3)), dim0=0, dim1=1)
case("transpose", Draw(()), dim0=0, dim1=-1)
for dims in ((2, 0, 1), (-1, 0, -2), (0, 1, 2)):
    case("permute", Draw((2, 3, 2)), dims=dims)
case("permute", Draw(()), dims=())
case("movedim", Draw((2, 3, 2)), source=0, destination=-1)
case("movedim", Draw((2, 3, 2)), source=(0, 1), destination=(2, 0))
for shape, wide in (
    ((3,), (2, 3)),
    ((2, 1), (2, 3)),
    ((), (2, 2)),
    ((1, 3), (0, 3)),
    ((1,), (2, 1, 2)),
    ((2, 3), (2, 3)),
):
    case("broadcast_to", Draw(shape), shape=wide)
    case("expand", Draw(shape), shape=wide)
case("expand", Draw((2, 1)), shape=(3, -1, 2))
case("repeat", Draw((2, 3)), repeats=(2, 2))
case("repeat", Draw((3,)), repeats=(2, 1, 3))
case("repeat", Draw(()), repeats=(2,))
case("repeat", Draw((3,)), repeats=(0,))
for dims in ((0,), (1,), (0, -1)):
    case("flip", Draw((2, 3)), dims=dims)
case("flip", Draw((0, 3)), dims=(0,))
for shifts, dims in ((1, None), (1, 0), (-2, -1), ((1, 2), (0, 1)), (0, 0)):
    case("roll", Draw((2, 3)), shifts=shifts, dims=dims)
case("to", Draw((2, 3)), dtype=np.dtype(np.float64))
for diagonal in (0, 1, -1):
    for shape in ((3, 3), (2, 3), (2, 2, 3), (0, 2)):
        case("tril", Draw(shape), diagonal=diagonal)
        case("triu", Draw(shape), diagonal=diagonal)
for shapes, dim in ((((2, 3), (1, 3)), 0), (((2, 1), (2, 3), (2, 2)), -1), (((2,), (0,)), 0), (((3,),), 0)):
    case("cat", *map(Draw, shapes), call=lambda *xs, d=dim: ops.cat(xs, d), label=f"dim={dim}")
for dim in (0, 1, -1):
    case("stack", Draw((2, 3)), Draw((2, 3)), call=lambda *xs, d=dim: ops.stack(xs, d), label=f"dim={dim}")
case("cat", Draw((2,)), call=lambda x: ops.cat([x, x * x, x]), label="with itself")
PIECES = {"split": ((2,), ([1, 3],)), "chunk": ((3,), (2,)), "unbind": ((), ())}
for name, options in PIECES.items():
    for extra in options:
        for at, shape, dim in ((0, (4,), 0), (-1, (2, 4), -1)):
            case(
                name, Draw(shape), label=f"{extra} dim={dim} piece {at}",
                call=lambda x, n=name, e=extra, d=dim, i=at: getattr(ops, n)(x, *e, dim=d)[i],
            )  # fmt: skip

# ---------------------------------------------------------------------------------------------------- index
ROWS, COLUMNS = np.array([0, 1, 1, 0]), np.array([2, 0, 0, -1])
INDICES: list[tuple[tuple[int, ...], Any]] = [
    ((4,), 1), ((4,), -1), ((4,), slice(1, 3)), ((4,), slice(None, None, 2)), ((4,), slice(3, 1)), ((2, 3), (0, 1)),
    ((2, 3), (slice(None), 1)), ((2, 3), (..., 1)), ((2, 3), (None, slice(None), None)), ((2, 3), ...), ((), ()),
    ((), ...), ((), None), ((2, 3), ()), ((4,), ROWS), ((2, 3), ROWS), ((2, 3), (slice(None), COLUMNS)),
    ((2, 3), (ROWS, COLUMNS)), ((2, 3), (ROWS[:, None], COLUMNS)), ((2, 3, 2), (ROWS, slice(None), ROWS)),
    ((2, 3, 2), (slice(None), COLUMNS, 0)), ((2, 3, 2), (0, slice(0, 2), ROWS)), ((4,), np.zeros(0, int)),
    ((4,), np.array([True, False, True, False])), ((2, 3), np.arange(6).reshape(2, 3) % 2 == 0),
    ((2, 3), (slice(None), np.array([True, False, True]))), ((2, 3), np.zeros((2, 3), bool)),
    ((2, 3), (np.array([True, False]), COLUMNS[:1])), ((2, 3), np.array(1)), ((0, 3), slice(None)),
    ((2, 3), (np.array([[0, 1], [1, 1]]), None, slice(1, None))), ((2, 3), (None, ROWS)), ((), np.array(True)),
]  # fmt: skip
for shape, index in INDICES:
    picked = ops.getitem(np.zeros(shape), index).shape
    label = f"[{index!r}]".replace("\n", "")
    case("getitem", Draw(shape), call=lambda x, i=index: ops.getitem(x, i), label=label)
    case("put", Draw(picked), call=lambda x, i=index, s=shape: ops.put(x, i, s), label=label)


def writes_twice(index: Any) -> bool:
    parts = index if isinstance(index, tuple) else (index,)
    return any(getattr(part, "ndim", 0) and part.dtype != bool and part.size > 1 for part in parts)


for shape, index in INDICES:
    if writes_twice(index):  # which value stays is not defined
        continue
    picked = ops.getitem(np.zeros(shape), index).shape
    label = f"[{index!r}]".replace("\n", "")
    case("replace", Draw(shape), Draw(picked), call=lambda x, v, i=index: ops.replace(x, i, v), label=label)
    case("replace", Draw(shape), Draw(()), call=lambda x, v, i=index: ops.replace(x, i, v), label=label + " = number")
case("replace", Draw((2, 3)), Draw((1, 3)), call=lambda x, v: ops.replace(x, slice(None), v), label="row everywhere")
case("getitem", Draw((2, 3), layout="F"), call=lambda x: ops.getitem(x, (slice(None), ROWS)), label="columns")
for shape, dim, index in (
    ((2, 3), 1, [[0, 2], [1, 1]]), ((2, 3), 0, [[1, 0, 1]]), ((2, 3), -1, [[2], [0]]), ((4,), 0, [1, 1, 3]),
    ((2, 2, 2), 1, [[[0, 1]], [[1, 1]]]), ((2, 3), 1, np.zeros((2, 0), int)), ((2, 3), 1, [[0, 0, 0, 0, 2]]),
):  # fmt: skip
    case("gather", Draw(shape), call=lambda x, d=dim, i=index: ops.gather(x, d, np.asarray(i)), label=f"dim={dim}")


# --------------------------------------------------------------------------------------------------- losses
REDUCTIONS = ("mean", "sum", "none")
LABELS, CLASS_WEIGHT = np.array([2, 0]), np.array([0.5, 2.0, 1.5])
SOFT = np.array([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]])
for reduction in REDUCTIONS:
    for options in ({}, {"label_smoothing": 0.1}, {"weight": CLASS_WEIGHT}, {"ignore_index": 2}):
        case("cross_entropy", Draw((2, 3), "normal"), target=LABELS, reduction=reduction, **options)
    case("cross_entropy", Draw((2, 3), "normal"), target=SOFT, reduction=reduction, weight=CLASS_WEIGHT)
    case("cross_entropy", Draw((2, 3, 2), "normal"), target=np.array([[0, 1], [2, 2]]), reduction=reduction)
    case("cross_entropy", Draw((3,), "normal"), target=np.array(1), reduction=reduction)
    for options in ({}, {"pos_weight": CLASS_WEIGHT}, {"weight": np.array([[2.0], [0.5]])}):
        case("binary_cross_entropy_with_logits", Draw((2, 3), "normal"), target=SOFT, reduction=reduction, **options)
    for options in ({}, {"weight": CLASS_WEIGHT, "ignore_index": 2}):
        case("nll_loss", Draw((2, 3), "normal"), target=LABELS, reduction=reduction, **options)
case("binary_cross_entropy", Draw((2, 3), "unit"), call=lambda x: ops.binary_cross_entropy(x * 0.4 + 0.5, SOFT))
case(
    "binary_cross_entropy",
    Draw((2, 3), "unit"),
    Draw((2, 3), "positive"),
    call=lambda x, t: ops.binary_cross_entropy(x * 0.4 + 0.5, t),
)
case("cross_entropy", Draw((2, 3), "normal", "F"), target=LABELS)
case("cross_entropy", Draw((2, 3), "normal"), Draw((2, 3), "positive"), label="target with a gradient")
case("binary_cross_entropy_with_logits", Draw((4,), "normal"), Draw((4,), "unit"), label="target with a gradient")

# ---------------------------------------------------------------------------------- which operations there are
WITHOUT_GRADIENT = {
    "eq", "ne", "lt", "le", "gt", "ge", "bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_not", "logical_and",
    "logical_or", "logical_not", "isnan", "isinf", "isfinite", "floor_divide", "any", "all", "argmax", "argmin",
}  # fmt: skip
HELPERS = {
    "assign", "axes", "floating", "get_default_dtype", "plain_index", "promote", "result_dtype", "set_default_dtype",
    "spread",
}  # fmt: skip
COVERED = {c.op for c in CASES}


def cases(op: str) -> list[Case]:
    return [c for c in CASES if c.op == op]
