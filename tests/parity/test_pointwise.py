"""Element by element: values, dtypes, gradients, second derivatives and errors, as PyTorch has them."""

import operator

import numpy as np
import pytest

from tests.parity.both import collect

pytestmark = pytest.mark.parity

DTYPES = ("float32", "float64", "float16", "int64", "int32", "uint8", "bool")
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 3.7, -3.7, 20.5, -20.5, 100.0, np.inf, -np.inf, np.nan]
UNARY = [
    "abs",
    "ceil",
    "cos",
    "erf",
    "exp",
    "expm1",
    "floor",
    "isfinite",
    "isinf",
    "isnan",
    "log",
    "log1p",
    "log2",
    "logical_not",
    "nan_to_num",
    "neg",
    "reciprocal",
    "relu",
    "round",
    "rsqrt",
    "sigmoid",
    "sign",
    "sin",
    "sqrt",
    "tan",
    "tanh",
]
SMOOTH = [
    "abs",
    "cos",
    "erf",
    "exp",
    "expm1",
    "log",
    "log1p",
    "log2",
    "neg",
    "reciprocal",
    "relu",
    "rsqrt",
    "sigmoid",
    "sign",
    "sin",
    "sqrt",
    "tan",
    "tanh",
    "floor",
]
SHAPES = [(), (1,), (0,), (2, 3), (2, 0)]


def whole(shape, dtype, seed=0):
    rng = np.random.default_rng(seed)
    return np.asarray(rng.integers(0, 2 if dtype == "bool" else 5, shape)).astype(dtype)


@pytest.mark.parametrize("name", UNARY)
def test_unary_values_and_dtypes(name):
    checks = [
        (f"{name} special {d}", lambda t, d=d: getattr(t, name)(t.tensor(np.array(SPECIAL, d)))) for d in DTYPES[:2]
    ]
    for d in DTYPES:
        for shape in SHAPES:
            checks.append((f"{name} {d} {shape}", lambda t, s=shape, d=d: getattr(t, name)(t.tensor(whole(s, d)))))
    checks.append((f"{name} transposed", lambda t: getattr(t, name)(t.tensor(whole((2, 3), "float64")).T)))
    checks.append((f"method {name}", lambda t: getattr(t.tensor(whole((2, 3), "float64")), name)()))
    collect(checks)


@pytest.mark.parametrize("name", SMOOTH)
def test_unary_gradients(name):
    def twice(t, values):
        x = t.tensor(np.array(values), requires_grad=True)
        y = getattr(t, name)(x)
        (g,) = t.autograd.grad((y * y).sum() + y.sum(), x, create_graph=True)
        return y, g.detach(), t.autograd.grad((g * g).sum() + 0 * x.sum(), x)

    collect((f"{name} {v}", lambda t, v=v: twice(t, [v])) for v in [0.0, 0.3, -0.3, 1.0, -1.0, 2.5, 0.999, 30.0, -30.0])


OPERATORS = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
}
NUMBERS = [2, 2.5, True, -1, 0, 0.5, np.float32(1.5), np.float64(2.5), np.int64(3)]


@pytest.mark.parametrize("symbol", OPERATORS)
def test_promotion_of_two_tensors(symbol):
    op = OPERATORS[symbol]
    collect(
        (f"{a}{sa} {symbol} {b}{sb}",
         lambda t, a=a, b=b, sa=sa, sb=sb: op(t.tensor(whole(sa, a)), t.tensor(whole(sb, b, 1))))
        for a in DTYPES for b in DTYPES for sa in ((3,), ()) for sb in ((3,), ())
    )  # fmt: skip


@pytest.mark.parametrize("symbol", OPERATORS)
def test_promotion_with_numbers(symbol):
    op = OPERATORS[symbol]
    collect(
        (f"{d}{s} {symbol} {n!r}", lambda t, d=d, s=s, n=n: op(t.tensor(whole(s, d)), n))
        for d in DTYPES for s in ((3,), ()) for n in NUMBERS
    )  # fmt: skip
    collect(
        (f"{n!r} {symbol} {d}{s}", lambda t, d=d, s=s, n=n: op(n, t.tensor(whole(s, d))))
        for d in DTYPES for s in ((3,), ()) for n in NUMBERS[:6]
    )  # fmt: skip


@pytest.mark.parametrize("symbol", ["/", "//", "%", "**", "*", "+", "-"])
def test_special_numbers(symbol):
    op = OPERATORS[symbol]
    collect([(symbol, lambda t: op(t.tensor(np.array(SPECIAL))[:, None], t.tensor(np.array(SPECIAL))))])


def test_whole_number_division_by_zero():
    collect([
        ("//", lambda t: t.tensor([1, -1, 0]) // t.tensor([0, 0, 0])),
        ("%", lambda t: t.tensor([1, -1, 0]) % 0),
        ("/", lambda t: t.tensor([1, -1, 0]) / 0),
    ])  # fmt: skip


NAMED = [
    "add",
    "sub",
    "mul",
    "div",
    "pow",
    "maximum",
    "minimum",
    "remainder",
    "floor_divide",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
]


@pytest.mark.parametrize("name", [*NAMED, "logical_and", "logical_or", "bitwise_and", "bitwise_or", "bitwise_xor"])
def test_named_operations_of_two_tensors(name):
    collect(
        (f"{name} {a}{sa} {b}",
         lambda t, a=a, b=b, sa=sa: getattr(t, name)(t.tensor(whole(sa, a)), t.tensor(whole((2, 3), b, 1))))
        for a in DTYPES for b in ("float32", "int64", "bool") for sa in ((2, 3), (3,), (2, 1), (), (4,))
        if not (name.startswith("bitwise") and "float" in a + b)  # refused either way
    )  # fmt: skip


@pytest.mark.parametrize("name", ["add", "sub", "mul", "div", "pow", "maximum", "minimum", "remainder"])
def test_gradients_of_two_tensors(name):
    def twice(t, a, b):
        x, y = t.tensor(np.array(a), requires_grad=True), t.tensor(np.array(b), requires_grad=True)
        z = getattr(t, name)(x, y)
        grads = t.autograd.grad((z * z).sum(), (x, y), create_graph=True)
        return z, grads, t.autograd.grad(sum((g * g).sum() for g in grads) + 0 * (x.sum() + y.sum()), (x, y))

    rng = np.random.default_rng(0)
    pairs = [(rng.uniform(0.5, 2, s), rng.uniform(0.5, 2, z)) for s, z in
             (((), ()), ((3,), (2, 3)), ((2, 1), (1, 3)), ((2, 3), ()), ((0,), (1,)))]  # fmt: skip
    pairs += [([1.0, 2.0, -1.5, 0.0], [1.0, 3.0, 2.0, 0.0]), ([0.5, 2.0, -2.0], [2.0, 1.0, 3.0])]
    collect((f"{name} {a} {b}", lambda t, a=a, b=b: twice(t, a, b)) for a, b in pairs)


@pytest.mark.parametrize("exponent", [0, 1, 2, 3, 4, -1, -2, 0.5, 2.0, -0.5, 1.5])
def test_powers(exponent):
    def f(t, d):
        x = t.tensor(np.array([0.0, 1.0, 2.0, -1.5, 0.3], d), requires_grad=True)
        y = x**exponent
        (g,) = t.autograd.grad(y.sum(), x, create_graph=True)
        return y, g.detach(), t.autograd.grad(g.sum() + 0 * x.sum(), x)

    collect((f"{d} ** {exponent}", lambda t, d=d: f(t, d)) for d in ("float32", "float64"))


def grads(t, f, *arrays):
    """f's value and its gradients, with a cotangent that is not constant."""
    xs = [t.tensor(np.array(a), requires_grad=True) for a in arrays]
    y = f(*xs)
    v = t.tensor(np.linspace(0.5, 1.5, int(np.prod(y.shape))).reshape(tuple(y.shape)))
    return y, t.autograd.grad(y, xs, v, allow_unused=True)


X = np.array([[0.5, -1.5, 2.0], [1.0, -0.25, 0.0]])
CHOICES = {
    "clamp both": lambda t, x: t.clamp(x, -0.5, 1.0),
    "clamp min": lambda t, x: x.clamp(min=0.5),
    "clamp max": lambda t, x: x.clamp(max=0.5),
    "clamp crossed": lambda t, x: t.clamp(x, 1.0, -1.0),
    "clamp tensor": lambda t, x: t.clamp(x, x.detach() - 0.1, t.tensor(0.3, dtype=t.float64)),
    "clamp of nothing": lambda t, x: t.clamp(x),
    "where number": lambda t, x: t.where(x > 0, x, 0.0),
    "where integer": lambda t, x: t.where(x > 0, x, 1),
    "where numbers": lambda t, x: t.where(x > 0, 1.0, 0.0) * x,
    "where method": lambda t, x: x.where(x > 0, x * x),
    "where broadcast": lambda t, x: t.where(x[0] > 0, x, x[:, :1]),
    "where not bool": lambda t, x: t.where(x, x, x),
    "masked_fill": lambda t, x: x.masked_fill(x > 0, -1.0),
    "masked_fill integer mask": lambda t, x: x.masked_fill(t.tensor([1, 0, 1]), -1.0),
    "masked_fill tensor": lambda t, x: x.masked_fill(x > 0, x[0, 0].detach()),
    "masked_fill long tensor": lambda t, x: x.masked_fill(x > 0, x[0]),
    "masked_fill broadcast": lambda t, x: x.masked_fill(t.tensor([True, False, True]), 7),
    "lerp": lambda t, x: t.lerp(x, x * x, 0.3),
    "lerp tensor": lambda t, x: t.lerp(x, x * x, x[0]),
    "nan_to_num": lambda t, x: t.nan_to_num(x / x),
    "round": lambda t, x: t.round(x * 3.3333, decimals=2),
    "maximum itself": lambda t, x: t.maximum(x, x),
    "abs": lambda t, x: abs(x),
    "neg": lambda t, x: -x + +x,
    "chain": lambda t, x: (x.exp() / (1 + x.exp())).log(),
    "int ** tensor": lambda t, x: 2**x,
    "zero ** tensor": lambda t, x: 0 ** x.abs(),
    "number / tensor": lambda t, x: 1 / (x + 3),
    "number % tensor": lambda t, x: 2 % (x.detach() + 3) + x,
    "number // tensor": lambda t, x: 2 // (x.detach() + 3) + x,
    "add keyword": lambda t, x: t.add(input=x, other=1),
    "numpy on the left": lambda t, x: t.tensor(np.ones(3)) + x,
}


@pytest.mark.parametrize("label", CHOICES)
def test_choices(label):
    f = CHOICES[label]
    collect([(label, lambda t: grads(t, lambda x: f(t, x), X))])


def test_wrong_dtypes_and_shapes():
    collect(
        {
            "shapes": lambda t: t.ones(2, 3) + t.ones(4),
            "shapes in place": lambda t: t.ones(3).add_(t.ones(2, 3)),
            "bool - bool": lambda t: t.tensor([True]) - t.tensor([True]),
            "-bool": lambda t: -t.tensor([True]),
            "bool - 1": lambda t: t.tensor([True]) - 1,
            "1 - bool": lambda t: 1 - t.tensor([True]),
            "~bool": lambda t: ~t.tensor([True, False]),
            "~int": lambda t: ~t.tensor([1, -2]),
            "~float": lambda t: ~t.tensor([1.0]),
            "float & float": lambda t: t.tensor([1.0]) & t.tensor([1.0]),
            "str": lambda t: t.ones(2) + "a",
            "str on the left": lambda t: "a" * t.ones(2),
            "None": lambda t: t.ones(2) * None,
            "list": lambda t: operator.add(t.ones(2), [1, 2]),
            "== None": lambda t: t.ones(2) == None,  # noqa: E711
            "== str": lambda t: t.ones(2) == "a",
            "!= None": lambda t: t.ones(2) != None,  # noqa: E711
            "< None": lambda t: t.ones(2) < None,
            "in": lambda t: 2 in t.tensor([1, 2]),
            "too many": lambda t: t.exp(t.ones(2), 1, 2),
            "no such keyword": lambda t: t.ones(2).sum(dims=0),
            "matmul dtypes": lambda t: t.ones(2, 2) @ t.ones(2, 2).double(),
            "int abs": lambda t: t.abs(t.tensor([-3])),
            "bool abs": lambda t: t.tensor([True]).abs(),
            "relu bool": lambda t: t.relu(t.tensor([True])),
            "sign bool": lambda t: t.sign(t.tensor([True])),
            "relu int": lambda t: t.relu(t.tensor([-1, 2])),
            "float()": lambda t: float(t.tensor(2)),
            "float of two": lambda t: float(t.ones(2)),
            "bool of two": lambda t: bool(t.ones(2)),
            "bool of none": lambda t: bool(t.ones(0)),
            "int": lambda t: int(t.tensor([2.7])),
            "item of two": lambda t: t.ones(2).item(),
            "range": lambda t: list(range(t.tensor(3))),
            "index by tensor": lambda t: [1, 2, 3][t.tensor(1)],
            "index by float": lambda t: [1, 2, 3][t.tensor(1.0)],
            "len 0-d": lambda t: len(t.tensor(1)),
            "iter 0-d": lambda t: list(t.tensor(1)),
            "format": lambda t: f"{t.tensor(2.5):.3f} {t.tensor(3)} {t.ones(2)}",
            "format of one": lambda t: f"{t.tensor([2.5]):.3f}",
        }.items()
    )
