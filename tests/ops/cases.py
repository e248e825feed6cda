"""One table of cases for every differentiable operation: calls, shapes, layouts, ties, empty and size-1 axes.

A case draws float64 inputs that keep clear of kinks and jumps, except where the table asks for a tie: there a
central difference gives half of either side, which is the rule that PyTorch follows for two equal elements.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from learnnn import ops
from learnnn.ops.conv import Geometry


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

# ------------------------------------------------------------------------------------------------ sequences
for index in ([2, 0], [[1, 1], [0, 1]], [], 1):
    at = np.asarray(index, int)
    case("embedding", Draw((3, 2), "normal"), call=lambda w, at=at: ops.embedding(w, at), label=f"{index}")
    case("add_rows", Draw((*at.shape, 2), "normal"), call=lambda g, at=at: ops.add_rows(g, at, 3), label=f"{index}")
case("embedding", Draw((3, 2), "normal", "F"), index=np.array([2, 2]))

BLIND = np.array([[0, -np.inf, 0], [-np.inf, -np.inf, -np.inf]])  # the second query may look nowhere
for batch in ((), (2,), (2, 1), (0,)):
    q, k, v = Draw((*batch, 2, 3), "normal"), Draw((*batch, 3, 3), "normal"), Draw((*batch, 3, 2), "normal")
    case("scaled_dot_product_attention", q, k, v)
    case("scaled_dot_product_attention", q, k, v, mask=BLIND)
    case("scaled_dot_product_attention", q, k, v, Draw((2, 3), "normal"), label="with a mask")
q, k, v = Draw((2, 3), "normal"), Draw((2, 3, 3), "normal"), Draw((2, 3, 1), "normal", "step")
case("scaled_dot_product_attention", q, k, v, scale=0.3, keep=np.array([[2.0, 0.0, 2.0], [0.0, 2.0, 2.0]]))

CELLS = {"rnn_cell": 1, "gru_cell": 3, "lstm_cell": 4}
for name, gates in CELLS.items():
    for batch in ((), (2,), (0,)):
        for biased in (False, True):
            states = [Draw((*batch, 2), "normal")] * (2 if name == "lstm_cell" else 1)
            weights = [Draw((2 * gates, 3), "normal"), Draw((2 * gates, 2), "normal")]
            biases = [Draw((2 * gates,), "normal")] * (2 * biased)
            case(
                name, Draw((*batch, 3), "normal"), *states, *weights, *biases,
                call=lambda *xs, n=name: ops.stack(r, 0) if isinstance(r := getattr(ops, n)(*xs), tuple) else r,
            )  # fmt: skip


def sequence(mode: str, sizes: list[int], reverse: bool) -> Callable:
    """Everything that `recur` returns, in one tensor; c is for LSTM only, biases may be absent."""

    def call(data: Any, h: Any, w: Any, u: Any, *rest: Any) -> Any:
        c, biases = (rest[0], rest[1:]) if mode == "LSTM" else (None, rest)
        return ops.cat(ops.recur(data, h, c, w, u, *(biases or (None, None)), mode, sizes, reverse))

    return call


for mode, gates in {"RNN_TANH": 1, "RNN_RELU": 1, "GRU": 3, "LSTM": 4}.items():
    for sizes, reverse, biased in (([2, 2], False, True), ([3, 1, 1], True, True), ([2, 1], False, False)):
        shapes = [(sum(sizes), 3), (sizes[0], 2), (2 * gates, 3), (2 * gates, 2)]
        shapes += [(sizes[0], 2)] * (mode == "LSTM") + [(2 * gates,)] * (2 * biased)
        case(
            "recur", *[Draw(shape, "unit") for shape in shapes], call=sequence(mode, sizes, reverse),
            label=f"{mode} {sizes} {reverse=}",
        )  # fmt: skip

# ----------------------------------------------------------------------------------------- images and layers
case("selu", Draw((2, 3)))
case("mish", Draw((2, 3), "normal"))
case("mish", Draw(()))
case("logsigmoid", Draw((2, 3), "normal"))
case("logsigmoid", Draw((0, 3)))
case("hardswish", Draw((16,)))
case("hardswish", Draw((2, 1)))
case("hardtanh", Draw((6,)))
case("hardtanh", Draw((6,)), min_val=-0.3, max_val=0.8)
case("glu", Draw((2, 4), "normal"))
case("glu", Draw((4, 3), "normal", "F"), dim=0)
for weight in ((), (1,), (3,)):
    case("prelu", Draw((2, 3, 2)), Draw(weight, "normal"))

for how in (
    Geometry((1, 1), ((0, 0), (0, 0)), (1, 1), 1),
    Geometry((1, 1), ((1, 0), (2, 1)), (1, 1), 1),
    Geometry((2, 1), ((1, 1), (0, 0)), (1, 2), 1),
    Geometry((1, 1), ((0, 0), (1, 1)), (1, 1), 2),
):
    for kernel in ((2, 2), (1, 1)):
        weights, image = (2, 2 // how.groups, *kernel), (2, 2, 3, 4)
        size = how.size(image, kernel)
        x, w, y = Draw(image, "normal"), Draw(weights, "normal"), Draw((2, 2, *size), "normal")
        case("convolve", x, w, Draw((2,), "normal"), how=how)
        case("convolve", x, w, Draw((2, *size), "normal"), how=how, label=f"own bias {how}")
        case("conv_input", y, w, shape=image, how=how)
        case("conv_weight", x, y, shape=weights, how=how)
case("conv2d", Draw((2, 4, 4), "normal", "back"), Draw((3, 2, 3, 2), "normal", "F"), padding="same")
case("conv2d", Draw((1, 1, 3, 3), "normal"), Draw((2, 1, 2, 2), "normal"), Draw((2,), "normal"), stride=2, padding=1)
case("conv2d", Draw((0, 2, 3, 3), "normal"), Draw((2, 2, 2, 2), "normal"), label="no images")
case("conv1d", Draw((2, 2, 5), "normal"), Draw((4, 1, 2), "normal"), Draw((4,), "normal"), groups=2, dilation=2)
case("conv1d", Draw((2, 5), "normal"), Draw((2, 2, 3), "normal"), Draw((2, 3), "normal"), label="own bias")
case(
    "conv_transpose2d", Draw((1, 2, 2, 3), "normal"), Draw((2, 2, 2, 2), "normal"), Draw((2,), "normal"), stride=2,
    output_padding=1,
)  # fmt: skip
case("conv_transpose2d", Draw((2, 2, 2), "normal"), Draw((2, 1, 2, 2), "normal"), output_padding=(1, 0), dilation=2)
case(
    "conv_transpose1d", Draw((2, 2, 3), "normal"), Draw((2, 1, 3), "normal"), Draw((2,), "normal"), groups=2, padding=1
)

for options in ({"kernel_size": 2}, {"kernel_size": (2, 3), "stride": (1, 2), "padding": (1, 0)},
                {"kernel_size": 2, "stride": 2, "ceil_mode": True}):  # fmt: skip
    case("max_pool2d", Draw((1, 2, 3, 4)), **options)
    case("avg_pool2d", Draw((1, 2, 3, 4), "normal", "F"), **options)
case("max_pool2d", Draw((1, 4, 4)), kernel_size=2, stride=1, dilation=2)
case("max_pool2d", Draw((1, 3, 4)), call=lambda x: ops.max_pool2d(x, 2, return_indices=True)[0], label="with indices")
case("avg_pool2d", Draw((2, 3, 3), "normal"), kernel_size=2, padding=1, count_include_pad=False)
case("avg_pool2d", Draw((2, 3, 3), "normal"), kernel_size=2, divisor_override=3)
case("max_pool1d", Draw((2, 5)), kernel_size=2)
case("avg_pool1d", Draw((1, 2, 5)), kernel_size=3, stride=1, padding=1)
for size in (1, (2, None), (3, 5)):
    case("adaptive_avg_pool2d", Draw((1, 2, 3, 4), "normal"), output_size=size)

STEPS = ((2, 1), (1, 2), (1, 0), (2, 1))  # kernel, dilation, padding, stride
case("slide", Draw((2, 2, 3, 4), "normal"), kernel=STEPS[0], dilation=STEPS[1], padding=STEPS[2], stride=STEPS[3])
case(
    "overlay", Draw((2, 4, 8), "normal"), shape=(2, 2, 3, 4), kernel=STEPS[0], dilation=STEPS[1], padding=STEPS[2],
    stride=STEPS[3],
)  # fmt: skip
case("im2col", Draw((2, 3, 4), "normal", "F"), kernel_size=2)
case("im2col", Draw((1, 2, 3, 3), "normal"), kernel_size=2, padding=1, stride=2)
case("col2im", Draw((1, 4, 6), "normal"), output_size=(3, 4), kernel_size=2)
case("col2im", Draw((8, 4), "normal"), output_size=3, kernel_size=2, padding=1, stride=2)
for pads in ((1, 2), (-1, 0), (1, -1, -2, 3), (0, 0, 0, 1, 2, 0)):
    case("pad", Draw((2, 3, 4), "normal"), pad=pads, value=0.5)
for mode in ("reflect", "replicate", "circular"):
    case("pad", Draw((2, 3, 4), "normal"), pad=(1, 2, 2, -1), mode=mode)
case("frame", Draw((2, 3), "normal"), widths=((1, 0), (-1, 2)), value=0.0)
for mode, shape in (
    ("nearest", (1, 2, 3, 2)),
    ("bilinear", (1, 2, 3, 2)),
    ("nearest", (2, 1, 3)),
    ("linear", (2, 1, 3)),
):
    case("interpolate", Draw(shape, "normal"), mode=mode, scale_factor=1.5)
    case("interpolate", Draw(shape, "normal"), mode=mode, size=5, align_corners=None if mode == "nearest" else True)

for shape in ((4, 3), (3, 2, 2), (2, 2, 3, 2)):
    c, last = shape[1], shape[-1:]
    x, w, b = Draw(shape, "normal"), Draw((c,), "normal"), Draw((c,), "normal")
    known = [np.linspace(0.1, 0.5, c), np.linspace(0.5, 2, c)]
    case("batch_norm", x, w, b, call=lambda x, w, b: ops.batch_norm(x, None, None, w, b, training=True), label="train")
    case("batch_norm", x, w, b, call=lambda x, w, b, k=known: ops.batch_norm(x, *k, w, b), label="eval")
    case("group_norm", x, w, b, call=lambda x, w, b, c=c: ops.group_norm(x, c if x.ndim > 2 else 1, w, b))
    case(
        "layer_norm",
        x,
        Draw(last, "normal"),
        Draw(last, "normal"),
        call=lambda x, w, b: ops.layer_norm(x, w.shape, w, b),
    )
    case("rms_norm", x, Draw(last, "normal"), call=lambda x, w: ops.rms_norm(x, w.shape, w))
    if len(shape) > 2:
        case("instance_norm", x, w, b, call=lambda x, w, b: ops.instance_norm(x, None, None, w, b))
x = Draw((3, 2, 2), "normal", "F")
case("batch_norm", x, call=lambda x: ops.batch_norm(x, None, None, training=True), label="no scale")
case("layer_norm", x, normalized_shape=(2, 2))
case("layer_norm", Draw((2, 2, 3), "normal"), Draw((2, 3), "normal"), Draw((2, 3), "normal"),
     call=lambda x, w, b: ops.layer_norm(x, (2, 3), w, b), label="two axes")  # fmt: skip
case("layer_norm", Draw((0, 3)), normalized_shape=(3,))
case("rms_norm", x, normalized_shape=(2,), eps=0.1)
case("group_norm", Draw((2, 4), "normal"), num_groups=2)

PAIR = (Draw((2, 3)), Draw((2, 3)))
for reduction in REDUCTIONS:
    case("huber_loss", *PAIR, reduction=reduction)
    case("smooth_l1_loss", *PAIR, reduction=reduction, beta=0.4)
    case("gaussian_nll_loss", *PAIR, Draw((2, 3), "positive"), reduction=reduction, full=True)
    case("triplet_margin_loss", *PAIR, Draw((2, 3), "normal"), reduction=reduction, margin=2.0)
    case("cosine_embedding_loss", *PAIR, target=np.array([1, -1]), reduction=reduction, margin=-0.9)
for reduction in ("sum", "batchmean", "none"):
    case("kl_div", Draw((2, 3), "normal"), Draw((2, 3), "positive"), reduction=reduction)
    case("kl_div", Draw((2, 3), "normal"), Draw((2, 3), "normal"), reduction=reduction, log_target=True)
case("huber_loss", *PAIR, delta=0.3)
case("smooth_l1_loss", *PAIR, beta=0.0)
case("gaussian_nll_loss", *PAIR, Draw((2,), "positive"))
case("triplet_margin_loss", *PAIR, Draw((2, 3), "normal"), swap=True, p=1.0, margin=3.0)
for p in (1.0, 2.0, 3.0):
    case("normalize", Draw((2, 3), "normal"), p=p)
    case("pairwise_distance", *PAIR, p=p)
case("normalize", Draw((3,), "normal"), dim=0)
case("cosine_similarity", *PAIR)
case("cosine_similarity", Draw((2, 3), "normal"), Draw((3,), "normal"), dim=-1)

# ------------------------------------------------------------------------- more of each family, and order
for draw in draws("normal"):
    for name in ("atan", "sinh", "cosh", "square"):
        case(name, draw)
for draw in draws("positive"):
    case("log10", draw)
for draw in draws():
    case("trunc", draw)
for a, b in PAIRS:
    case("logaddexp", Draw(a), Draw(b))
for name in ("addcmul", "addcdiv"):
    case(name, Draw((2, 3), "normal"), Draw((3,), "normal"), Draw((2, 1), "positive"), value=0.5)
case("add", Draw((2, 3)), Draw((3,)), call=lambda x, y: ops.add(x, y, alpha=2.5), label="alpha")
case("sub", Draw((2, 3)), Draw((3,)), call=lambda x, y: ops.sub(x, y, alpha=2), label="alpha")
case("div", Draw((2, 3)), Draw((3,), "positive"), call=lambda x, y: ops.div(x, y, rounding_mode=None), label="as it is")

PRODUCED = [((4,), 0), ((2, 3), 1), ((2, 3), -2), ((2, 1, 3), 1), ((0, 3), 0), ((2, 0), 0), ((), 0)]
for shape, dim in PRODUCED:
    case("cumprod", Draw(shape), dim=dim)
    case("prod", Draw(shape), dim=dim)
    case("prod", Draw(shape), dim=dim, keepdim=True)
    if 0 not in shape:
        case("cumprod", Draw(shape, "zero"), dim=dim, label="zeros")
        case("prod", Draw(shape, "zero"), dim=dim, label="zeros")
for shape in ((), (4,), (2, 3), (0,)):
    case("prod", Draw(shape))
case("prod", Draw((2, 3), "zero"), label="zeros")
case("prod", Draw((3, 2)), call=lambda x: ops.prod(x * np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]), 0), label="some")
case("cumprod", Draw((5,)), call=lambda x: ops.cumprod(x * np.array([1.0, 1, 0, 1, 0]), 0), label="a zero")
case("cumprod", Draw((2, 3), layout="F"), dim=-1)

for shape, dim in (((), 0), ((4,), 0), ((2, 3), 1), ((2, 3), -2), ((0, 3), 0)):
    case("sort", Draw(shape), call=lambda x, d=dim: ops.sort(x, d)[0], label=f"dim={dim}")
    case("sort", Draw(shape), call=lambda x, d=dim: ops.sort(x, d, True)[0], label=f"dim={dim} descending")
case("topk", Draw((2, 4)), call=lambda x: ops.topk(x, 2)[0])
case("topk", Draw((3, 2)), call=lambda x: ops.topk(x, 1, 0, False)[0], label="smallest")
case("topk", Draw(()), call=lambda x: ops.topk(x, 1)[0])
for shape in ((), (4,), (2, 3)):
    case("median", Draw(shape))
case("median", Draw((5,)), call=lambda x: ops.median(ops.getitem(x, np.array([0, 0, 0, 1]))), label="ties")
for dim, keepdim in ((0, False), (-1, True)):
    case("median", Draw((3, 4)), call=lambda x, d=dim, k=keepdim: ops.median(x, d, k)[0], label=f"dim={dim}")

for ord in (2, 1, 3, 1.5, np.inf, -np.inf, 0):
    for shape, options in [((), {}), ((4,), {}), ((2, 3), {"dim": 1}), ((2, 3, 2), {"dim": (0, 2), "keepdim": True})]:
        case("vector_norm", Draw(shape), ord=ord, **options)
case("vector_norm", Draw((0, 2)), dim=0)
case("vector_norm", Draw((3,), "zero"), ord=np.inf, label="at its kink", smooth=False)
case("vector_norm", Draw((4,)), call=lambda x: ops.vector_norm(ops.cat([x, x * -1]), np.inf), label="ties")
for ord in ("fro", 1, -1, np.inf, -np.inf):
    for shape, dim in (((2, 3), (-2, -1)), ((2, 3, 2), (0, 2))):
        case("matrix_norm", Draw(shape), ord=ord, dim=dim)
case("norm", Draw((2, 3)))
case("norm", Draw((2, 3)), p=1, dim=0, keepdim=True)

# ------------------------------------------------------------------------------------------------- diagonals
for shape, offset, one, two in (
    ((3, 3), 0, 0, 1), ((2, 3), 1, 0, 1), ((3, 2), -1, 0, 1), ((2, 3, 3), 0, 1, 2), ((2, 3, 4), 1, 2, 0),
    ((2, 2, 3), -1, -1, 0), ((2, 3), 5, 0, 1), ((0, 3), 0, 0, 1),
):  # fmt: skip
    case("diagonal", Draw(shape), offset=offset, dim1=one, dim2=two)
case("diagonal", Draw((3, 4), layout="F"))
for shape in ((3,), (0,), (2, 3), (3, 2)):
    for offset in (0, 1, -2):
        case("diag", Draw(shape), diagonal=offset)
case("trace", Draw((2, 3)))
case("trace", Draw((0, 2)))

# ------------------------------------------------------------------------------------------ products and inverses
case("mm", Draw((2, 3), "normal"), Draw((3, 4), "normal"))
case("bmm", Draw((2, 2, 3), "normal"), Draw((2, 3, 1), "normal"))
case("mv", Draw((2, 3), "normal"), Draw((3,), "normal"))
case("addmm", Draw((2,), "normal"), Draw((3, 2), "normal"), Draw((2, 2), "normal"), beta=0.5, alpha=2.0)
EINSUMS = {
    "ij,jk->ik": [(2, 3), (3, 2)], "ij,ij->j": [(2, 3), (2, 3)], "ii->i": [(3, 3)], "bij,bkj->bik": [(2, 2, 3)] * 2,
    "...ij,...jk->...ki": [(2, 2, 3), (1, 3, 2)], "i,ij,j->": [(2,), (2, 3), (3,)], "i,j": [(2,), (3,)],
    "iij->": [(2, 2, 3)], "ij->ji": [(2, 3)], "ij,jk->ik ": [(2, 0), (0, 3)],
}  # fmt: skip
for equation, shapes in EINSUMS.items():
    factors = [Draw(s, "normal") for s in shapes]
    case("einsum", *factors, call=lambda *xs, e=equation: ops.einsum(e, *xs), label=equation)
for dims in (0, 1, ([0], [1]), ([1, 0], [0, 1])):
    case("tensordot", Draw((2, 2), "normal"), Draw((2, 2), "normal"), dims=dims)


def well(x: Any) -> Any:
    """A matrix whose inverse is not far from itself."""
    return x * 0.3 + 2 * np.eye(x.shape[-1])


for shape in ((1, 1), (3, 3), (2, 2, 2), (0, 0), (0, 2, 2)):
    case("inv", Draw(shape, "normal"), call=lambda x: ops.inv(well(x)))
    case("solve", Draw(shape, "normal"), Draw((shape[-1], 2), "normal"), call=lambda a, b: ops.solve(well(a), b))
case("inv", Draw((3, 3), "normal", "F"), call=lambda x: ops.inv(well(x)))
for a, b in (((3, 3), (3,)), ((2, 2, 2), (2, 2)), ((2, 2), (3, 2, 1)), ((3, 2, 2), (2, 1))):
    case("solve", Draw(a, "normal"), Draw(b, "normal"), call=lambda x, y: ops.solve(well(x), y))
case("solve", Draw((2, 2), "normal"), Draw((3, 2), "normal"), call=lambda x, y: ops.solve(well(x), y, left=False))

# ---------------------------------------------------------------------------------------------- along one axis
for shape, dim, index in (((2, 3), 1, [[0, 2], [1, 1]]), ((3,), 0, [1, 1]), ((2, 2, 2), 1, [[[0, 1]], [[1, 1]]])):
    at = np.asarray(index)
    for source in dict.fromkeys([at.shape, shape]):
        case("scatter_add", Draw(shape), Draw(source), call=lambda x, s, d=dim, i=at: ops.scatter_add(x, d, i, s))
    case("scatter", Draw(shape), call=lambda x, d=dim, i=at: ops.scatter(x, d, i, 1.5), label=f"number dim={dim}")
case("scatter", Draw((2, 3)), Draw((2, 2)), call=lambda x, s: ops.scatter(x, 1, np.array([[0, 2], [1, 0]]), s))
case("scatter", Draw((2, 3)), Draw(()), call=lambda x, s: ops.scatter(x, 1, np.array([[0], [2]]), value=s))
for dim, index in ((0, [1, 0, 1]), (-1, [2]), (1, [])):
    at = np.asarray(index, int)
    case("index_select", Draw((2, 3)), dim=dim, index=at)
    source = (len(at), 3) if dim == 0 else (2, len(at))
    case("index_add", Draw((2, 3)), Draw(source), call=lambda x, s, d=dim, i=at: ops.index_add(x, d, i, s, 2.0))
for mask in (np.array([True, False, True]), np.eye(2, 3, dtype=bool), np.zeros((2, 2, 3), bool)):
    case("masked_select", Draw((2, 3)), call=lambda x, m=mask: ops.masked_select(x, m), label=f"{mask.shape}")
for dims in ((2,), (2, 1), (1, 2, 2)):
    case("tile", Draw((2, 3)), dims=dims)
for repeats, dim in ((2, None), (3, 0), (np.array([0, 2, 1]), 1)):
    case("repeat_interleave", Draw((2, 3)), repeats=repeats, dim=dim)
for dimension, size, step in ((1, 2, 1), (0, 2, 3), (-1, 3, 2), (1, 1, 2)):
    case("unfold", Draw((2, 5)), dimension=dimension, size=size, step=step)
case("narrow", Draw((2, 4)), dim=1, start=1, length=2)
case("narrow", Draw((4, 2)), dim=0, start=-1, length=1)
case("select", Draw((2, 3, 2)), dim=1, index=-1)
case("t", Draw((2, 3)))
case("t", Draw((3,)))
for indexing in ("ij", "xy"):
    for i in (0, 1):
        case(
            "meshgrid", Draw((2,)), Draw((3,)), label=f"{indexing} {i}",
            call=lambda *xs, i=i, how=indexing: ops.meshgrid(*xs, indexing=how)[i] + 0 * sum(ops.sum(x) for x in xs),
        )  # fmt: skip
case("broadcast_tensors", Draw((2, 1)), Draw((3,)), call=lambda *xs: ops.mul(*ops.broadcast_tensors(*xs)))
case("vstack", Draw((3,)), Draw((2, 3)), call=lambda *xs: ops.vstack(xs))
case("hstack", Draw((2, 1)), Draw((2, 3)), call=lambda *xs: ops.hstack(xs))

# ---------------------------------------------------------------------------------- which operations there are
WITHOUT_GRADIENT = {
    "all", "allclose", "any", "argmax", "argmin", "argsort", "bincount", "bitwise_and", "bitwise_not", "bitwise_or",
    "bitwise_xor", "count_nonzero", "eq", "equal", "floor_divide", "ge", "gt", "isclose", "isfinite", "isinf", "isnan",
    "le", "logical_and", "logical_not", "logical_or", "logical_xor", "lt", "ne", "nonzero", "unique",
}  # fmt: skip
HELPERS = {
    "assign", "axes", "extreme_rule", "floating", "get_default_dtype", "iinfo", "plain_index", "promote",
    "result_dtype", "set_default_dtype", "spread",
}  # fmt: skip
COVERED = {c.op for c in CASES}


def cases(op: str) -> list[Case]:
    return [c for c in CASES if c.op == op]
