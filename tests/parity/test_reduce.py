"""Reductions and the softmax family: values, dtypes, gradients, ties, empty axes and errors."""

import numpy as np
import pytest

from tests.parity.both import collect

pytestmark = pytest.mark.parity

DTYPES = ("float32", "float64", "int64", "int32", "uint8", "bool")
NAMES = ["sum", "mean", "var", "std", "amax", "amin", "max", "min", "argmax", "argmin", "any", "all", "logsumexp"]
OPTIONS = [
    {}, {"dim": 0}, {"dim": -1}, {"dim": 1, "keepdim": True}, {"dim": (0, 1)}, {"dim": (0, -1), "keepdim": True},
    {"dim": 5}, {"axis": 0}, {"axis": 1, "keepdims": True}, {"dim": [0]},
]  # fmt: skip
SHAPES = [(2, 3), (3,), (), (0,), (2, 0), (0, 3), (1, 3), (2, 2, 3)]


def data(shape, dtype, seed=0):
    rng = np.random.default_rng(seed)
    return (
        np.asarray(rng.normal(size=shape) * 3).astype(dtype)
        if "float" in dtype
        else np.asarray(rng.integers(0, 3, shape)).astype(dtype)
    )


def takes(name, options, shape, dtype):
    """Leaves out what learnnn does not take (numpy's names, where PyTorch has them too) and what nobody writes."""
    twice = options.get("dim") == (0, -1) and len(shape) < 2
    if (name[:3], dtype) in {("arg", "bool"), ("any", "uint8"), ("all", "uint8")}:  # refused, and uint8 for a bool
        return False
    return not twice and not (name in ("max", "min") and "axis" in options)


@pytest.mark.parametrize("name", NAMES)
def test_values(name):
    collect(
        (f"{name} {shape} {dtype} {options}",
         lambda t, s=shape, d=dtype, o=options: getattr(t, name)(t.tensor(data(s, d)), **o))
        for shape in SHAPES for options in OPTIONS for dtype in (DTYPES if shape == (2, 3) else ("float64",))
        if takes(name, options, shape, dtype)
    )  # fmt: skip


def graded(t, f, array):
    x = t.tensor(np.array(array), requires_grad=True)
    y = f(t, x)
    v = t.tensor(np.cos(np.arange(float(np.prod(y.shape)))).reshape(tuple(y.shape)))
    (g,) = t.autograd.grad(y, x, v, create_graph=True)
    second = t.autograd.grad((g * g).sum() + 0 * x.sum(), x)
    return y, g.detach(), second


X = np.random.default_rng(1).normal(size=(2, 3))
TIES = np.array([[1.0, 2.0, 2.0], [3.0, 3.0, 3.0], [0.0, -1.0, -1.0]])
CALLS = {
    "sum": lambda t, x: x.sum(),
    "sum dim": lambda t, x: x.sum(1),
    "sum dims": lambda t, x: x.sum((0, 1), keepdim=True),
    "mean": lambda t, x: x.mean(),
    "mean dim": lambda t, x: x.mean(0, True),
    "var": lambda t, x: x.var(),
    "var dim": lambda t, x: x.var(1),
    "var unbiased": lambda t, x: x.var(1, unbiased=False),
    "var correction": lambda t, x: x.var(dim=0, correction=0),
    "std": lambda t, x: x.std(1),
    "std flag": lambda t, x: x.std(0, False),
    "amax": lambda t, x: x.amax(1),
    "amin": lambda t, x: x.amin(0),
    "max": lambda t, x: x.max(),
    "min": lambda t, x: x.min(),
    "max dim": lambda t, x: x.max(1).values,
    "max dim 0": lambda t, x: x.max(0)[0],
    "min keepdim": lambda t, x: x.min(1, keepdim=True).values,
    "max of two": lambda t, x: t.max(x, x.flip(0)),
    "logsumexp": lambda t, x: x.logsumexp(1),
    "logsumexp dims": lambda t, x: t.logsumexp(x, (0, 1)),
    "softmax": lambda t, x: x.softmax(-1),
    "softmax 0": lambda t, x: t.softmax(x, dim=0),
    "log_softmax": lambda t, x: x.log_softmax(1),
    "cumsum": lambda t, x: x.cumsum(0),
    "cumsum 1": lambda t, x: t.cumsum(x, dim=-1),
}


@pytest.mark.parametrize("label", CALLS)
def test_gradients(label):
    f = CALLS[label]
    collect(
        [(label, lambda t: graded(t, f, X)), (f"{label} transposed", lambda t: graded(t, lambda t, x: f(t, x.T), X))]
    )
    if not label.startswith(("std", "cumsum")):
        collect([(f"{label} ties", lambda t: graded(t, f, TIES))])


def test_special():
    nan = np.array([[1.0, np.nan, 2.0], [np.inf, 1.0, -np.inf]])
    collect(
        {
            **{f"{n} of nan": lambda t, n=n: getattr(t, n)(t.tensor(nan), dim=1) for n in NAMES},
            "std of equal numbers": lambda t: graded(t, lambda t, x: x.std(), np.ones((2, 3)))[:1],
            "gradient of std of equal numbers": lambda t: (lambda x: t.autograd.grad(x.std(), x))(
                t.ones(3, dtype=t.float64, requires_grad=True)
            ),
            "var of one": lambda t: t.ones(1).var(),
            "std of one": lambda t: t.ones(1).std(),
            "softmax of large": lambda t: t.tensor([1000.0, 0.0]).softmax(0),
            "softmax of -inf": lambda t: t.tensor([-np.inf, 0.0]).softmax(0),
            "softmax of all -inf": lambda t: t.tensor([-np.inf, -np.inf]).softmax(0),
            "log_softmax of large": lambda t: t.tensor([1000.0, 0.0]).log_softmax(0),
            "logsumexp of -inf": lambda t: t.tensor([-np.inf, -np.inf]).logsumexp(0),
            "logsumexp of inf": lambda t: t.tensor([np.inf, 0.0]).logsumexp(0),
            "softmax of nothing": lambda t: t.zeros(0, 3).softmax(0),
            "softmax 0-d": lambda t: t.tensor(3.0).softmax(0),
            "softmax bad dim": lambda t: t.zeros(2, 3).softmax(2),
            "softmax no dim": lambda t: t.zeros(2, 3).softmax(),
            "cumsum int": lambda t: t.tensor([True, True]).cumsum(0),
            "cumsum 0-d": lambda t: t.tensor(3.0).cumsum(0),
            "cumsum bad dim": lambda t: t.zeros(2).cumsum(1),
            "sum dtype": lambda t: t.tensor([1, 2]).sum(dtype=t.float32),
            "mean dtype": lambda t: t.tensor([1, 2]).mean(dtype=t.float32),
            "mean of integers": lambda t: t.tensor([1, 2]).mean(),
            "var of integers": lambda t: t.tensor([1, 2]).var(),
            "sum of bool": lambda t: t.tensor([True, True]).sum(),
            "sum float16": lambda t: t.ones(3, dtype=t.float16).sum(),
            "max tuple": lambda t: tuple(t.tensor([[1, 5], [7, 2]]).max(1)),
            "max ties index": lambda t: t.tensor([1, 5, 5]).max(0),
            "min names": lambda t: (lambda r: (r.values, r.indices))(t.tensor([3, 1, 1]).min(dim=0)),
            "max empty": lambda t: t.zeros(0).max(),
            "argmax empty": lambda t: t.zeros(0).argmax(),
            "max of the empty other axis": lambda t: t.zeros(0, 3).max(1),
            "argmax dim": lambda t: t.tensor([[1, 5], [7, 2]]).argmax(dim=1, keepdim=True),
            "argmax flat": lambda t: t.tensor([[1, 5], [7, 2]]).argmax(),
            "any dim": lambda t: t.tensor([[0, 1], [0, 0]]).any(1),
            "all of nothing": lambda t: t.zeros(0).all(),
            "any floats": lambda t: t.tensor([0.0, 0.5]).any(),
            "logsumexp int": lambda t: t.tensor([1, 2]).logsumexp(0),
            "sum method by list": lambda t: t.ones(2, 3).sum([0, 1]),
            "overflow": lambda t: t.tensor([1e38, 1e38, 1e38]).sum(),
            "overflow of squares": lambda t: (t.tensor([1e30]) * t.tensor([1e30])).mean(),
            "inf - inf": lambda t: t.tensor([np.inf, -np.inf]).sum(),
        }.items()
    )
