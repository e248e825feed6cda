"""Sorting, counting, products, picking and scattering: values, gradients, ties, empty axes and errors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.parity.both import collect, same
from tests.parity.test_shape import graded

pytestmark = pytest.mark.parity

ARRAY = np.random.default_rng(0).normal(size=(2, 3, 4))
TIES = np.array([2.0, 1.0, 2.0, 1.0, 3.0])
WEIRD = np.array([1.0, np.nan, -np.inf, 2.0, np.inf, np.nan])

ORDER = {
    "sort": lambda t, x: x.sort()[0],
    "sort dim": lambda t, x: t.sort(x, 0).values,
    "sort descending": lambda t, x: x.sort(1, True).values,
    "sort stable": lambda t, x: t.sort(x, stable=True, dim=-2, descending=True)[0],
    "sort wrong": lambda t, x: x.sort(3),
    "topk": lambda t, x: x.topk(2)[0],
    "topk dim": lambda t, x: t.topk(x, 1, dim=0).values,
    "topk smallest": lambda t, x: t.topk(x, k=3, dim=1, largest=False)[0],
    "topk many": lambda t, x: x.topk(5),
    "topk none": lambda t, x: x.topk(0)[0],
    "median": lambda t, x: x.median(),
    "median dim": lambda t, x: x.median(1)[0],
    "median keepdim": lambda t, x: t.median(x, dim=-1, keepdim=True).values,
    "prod": lambda t, x: x.prod(),
    "prod dim": lambda t, x: x.prod(1),
    "prod keepdim": lambda t, x: t.prod(x, dim=-1, keepdim=True),
    "cumprod": lambda t, x: x.cumprod(2),
    "cumprod 0": lambda t, x: t.cumprod(x, dim=0),
    "gather sorted": lambda t, x: x.gather(2, x.argsort(2)),
    "scatter": lambda t, x: x.scatter(2, t.tensor([[[0, 3]], [[1, 0]]]), x[:, :1, :2] * 3),
    "scatter number": lambda t, x: x.scatter(1, t.tensor([[[0, 2]]]), 7.0),
    "scatter value=": lambda t, x: t.scatter(x, 0, t.tensor([[[0, 1]]]), value=1.5),
    "scatter out": lambda t, x: x.scatter(1, t.tensor([[[3]]]), x),
    "scatter large index": lambda t, x: x.scatter(2, t.zeros(3, 1, 1, dtype=t.int64), x),
    "scatter small src": lambda t, x: x.scatter(2, t.zeros(2, 3, 4, dtype=t.int64), x[:1]),
    "scatter dtype": lambda t, x: x.scatter(2, t.zeros(1, 1, 1, dtype=t.int64), t.ones(1, 1, 1)),
    "scatter_add": lambda t, x: x.scatter_add(2, t.tensor([[[0, 0, 3]], [[1, 1, 1]]]), x[:, :1, :3] * x[:, 1:2, :3]),
    "scatter_add dim 0": lambda t, x: t.scatter_add(x, 0, t.zeros(2, 3, 4, dtype=t.int64), x.sin()),
    "scatter_add in place": lambda t, x: (x * 1).scatter_add_(1, t.tensor([[[0], [0]]]), x[:1, :2, :1] * 2),
    "scatter in place": lambda t, x: (x * 1).scatter_(2, t.tensor([[[1], [0]]]), 0.0),
    "index_select": lambda t, x: x.index_select(1, t.tensor([2, 0, 0])),
    "index_select function": lambda t, x: t.index_select(x, -1, t.tensor([3], dtype=t.int32)),
    "index_select number": lambda t, x: x.index_select(0, t.tensor(1)),
    "index_select out": lambda t, x: x.index_select(0, t.tensor([2])),
    "index_select 2-d": lambda t, x: x.index_select(0, t.tensor([[1]])),
    "index_select float": lambda t, x: x.index_select(0, t.tensor([1.0])),
    "index_add": lambda t, x: x.index_add(1, t.tensor([0, 0]), x[:, :2] * x[:, 1:]),
    "index_add alpha": lambda t, x: x.index_add(0, t.tensor([1]), x[:1].sin(), alpha=-2),
    "index_add in place": lambda t, x: (x * 1).index_add_(2, t.tensor([3, 3]), x[..., :2]),
    "masked_select": lambda t, x: x.masked_select(x > 0),
    "masked_select broadcast": lambda t, x: t.masked_select(x, t.tensor([True, False, False, True])),
    "masked_select wider": lambda t, x: t.masked_select(x[0, 0], x.detach() > 0),
    "masked_select float": lambda t, x: x.masked_select(x),
    "gather few axes": lambda t, x: x.gather(0, t.zeros(3, 3, 4, dtype=t.int64)),
    "gather too wide": lambda t, x: x.gather(0, t.zeros(2, 4, 4, dtype=t.int64)),
    "take where": lambda t, x: x[t.where(x > 0)],
    "narrow": lambda t, x: x.narrow(2, 1, 2),
    "narrow -": lambda t, x: t.narrow(x, 1, -2, 1),
    "narrow wrong": lambda t, x: x.narrow(1, 2, 2),
    "select": lambda t, x: x.select(1, -1),
    "select wrong": lambda t, x: x.select(1, 3),
    "tile": lambda t, x: x.tile(2, 1),
    "tile tuple": lambda t, x: t.tile(x, (2, 1, 1, 2)),
    "repeat_interleave": lambda t, x: x.repeat_interleave(2),
    "repeat_interleave dim": lambda t, x: x.repeat_interleave(2, dim=1),
    "repeat_interleave each": lambda t, x: t.repeat_interleave(x, t.tensor([1, 0, 3]), dim=1),
    "repeat_interleave wrong": lambda t, x: t.repeat_interleave(x, t.tensor([1, 0]), dim=1),
    "unfold": lambda t, x: x.unfold(2, 2, 1),
    "unfold step": lambda t, x: x.unfold(1, 1, 2),
    "unfold wrong": lambda t, x: x.unfold(1, 4, 1),
    "ravel": lambda t, x: x.mT.ravel(),
    "movedim": lambda t, x: t.movedim(x, (0, 2), (1, 0)),
    "meshgrid": lambda t, x: t.meshgrid(x[0, 0], x[1, 1, :2], indexing="ij"),
    "meshgrid xy": lambda t, x: t.meshgrid(x[0, 0], x[0, :, 0], x[0, 1], indexing="xy"),
    "meshgrid list": lambda t, x: t.meshgrid([x[0, 0], x[1, 1, :2]]),
    "meshgrid wrong": lambda t, x: t.meshgrid(x[0, 0], indexing="zz"),
    "broadcast_tensors": lambda t, x: t.broadcast_tensors(x, x[0, 0], x[:1]),
    "vstack": lambda t, x: t.vstack([x[0, 0], x[0]]),
    "hstack": lambda t, x: t.hstack([x[0, 0], x[1, 1]]),
    "hstack 2-d": lambda t, x: t.hstack([x[0], x[1]]),
    "concat": lambda t, x: t.concat([x, x], dim=1),
    "swapaxes": lambda t, x: t.swapaxes(x, 0, 1),
    "t": lambda t, x: t.t(x[0]),
    "square": lambda t, x: x.square(),
    "addcmul": lambda t, x: t.addcmul(x, x, x[0], value=0.5),
    "addcdiv": lambda t, x: x.addcdiv(x, x[0] + 9, value=-2),
    "add alpha": lambda t, x: t.add(x, x[0], alpha=3),
    "sub alpha": lambda t, x: x.sub(x[0], alpha=0.5),
    "add_ alpha": lambda t, x: (x * 1).add_(x[0], alpha=2.5),
    "div floor": lambda t, x: t.div(x, 0.3, rounding_mode="floor") + 0 * x,
    "div trunc": lambda t, x: x.div(0.3, rounding_mode="trunc") + 0 * x,
    "div None": lambda t, x: t.div(x, 0.3, rounding_mode=None),
    "div wrong": lambda t, x: t.div(x, 0.3, rounding_mode="up"),
    "softmax dtype": lambda t, x: x.float().softmax(-1, dtype=t.float64),
    "log_softmax dtype": lambda t, x: x.log_softmax(-1, dtype=t.float64),
    "logaddexp": lambda t, x: t.logaddexp(x, x[0]),
    "log10": lambda t, x: (x * x).log10(),
    "atan": lambda t, x: x.atan(),
    "sinh": lambda t, x: x.sinh(),
    "cosh": lambda t, x: x.cosh(),
    "trunc": lambda t, x: (x * 3).trunc() + 0 * x,
}  # fmt: skip


@pytest.mark.parametrize("label", ORDER)
def test_gradients(label):
    collect([(label, lambda t: graded(t, ORDER[label], ARRAY)[:3])])


@pytest.mark.parametrize("zeros", [1, 2, 3])
@pytest.mark.parametrize("name", ["prod", "cumprod"])
def test_products_with_zeros(name, zeros):
    a = np.arange(1.0, 13).reshape(3, 4) / 5
    a[1, :zeros] = 0
    collect([
        (f"{name} {zeros} {dim}", lambda t, d=dim: graded(t, lambda t, x: getattr(x, name)(*d), a)[:3])
        for dim in ((0,), (1,), *([()] if name == "prod" else []))
    ])  # fmt: skip


PLAIN = {
    "sort ties": lambda t: tuple(t.tensor(TIES).sort(stable=True)),
    "sort ties descending": lambda t: tuple(t.tensor(TIES).sort(descending=True, stable=True)),
    "sort nan": lambda t: t.tensor(WEIRD).sort()[0],
    "sort nan descending": lambda t: t.tensor(WEIRD).sort(descending=True)[0],
    "sort 0-d": lambda t: tuple(t.tensor(3.0).sort()),
    "sort empty": lambda t: tuple(t.zeros(0, 3).sort(0)),
    "sort bool": lambda t: tuple(t.tensor([True, False, True]).sort(stable=True)),
    "sort ints": lambda t: tuple(t.tensor([[3, 1], [0, 5]]).sort(0, descending=True)),
    "argsort": lambda t: t.argsort(t.tensor(TIES), stable=True),
    "argsort descending": lambda t: t.tensor([[3, 1, 2]]).argsort(dim=1, descending=True),
    "argsort wrong": lambda t: t.tensor([1]).argsort(1),
    "topk indices": lambda t: tuple(t.tensor([1.0, 5.0, 3.0]).topk(2)),
    "topk nan": lambda t: t.tensor([1.0, np.nan, 3.0]).topk(2)[0],
    "topk 0-d": lambda t: tuple(t.tensor(2.0).topk(1)),
    "median even": lambda t: tuple(t.tensor([4, 1, 3, 2]).median(0)),
    "median nan": lambda t: tuple(t.tensor([[1.0, np.nan, 0.0], [1.0, 2.0, 0.0]]).median(1)),
    "median empty": lambda t: t.zeros(0).median(),
    "median of an empty axis": lambda t: t.zeros(2, 0).median(1),
    "median 0-d": lambda t: tuple(t.tensor(2.0).median(0)),
    "median ties": lambda t: graded(t, lambda t, x: x.median(), np.array([1.0, 2.0, 2.0, 3.0, 2.0]))[:2],
    "unique": lambda t: t.unique(t.tensor([3, 1, 3, 2])),
    "unique all": lambda t: t.tensor([[3.0, 1.0], [3.0, 2.0]]).unique(return_inverse=True, return_counts=True),
    "unique dim": lambda t: t.unique(t.tensor([[1, 2], [1, 2], [0, 5]]), True, True, True, dim=0),
    "unique counts": lambda t: t.unique(t.tensor([True, False, True]), return_counts=True),
    "unique empty": lambda t: t.unique(t.zeros(0)),
    "bincount": lambda t: t.bincount(t.tensor([1, 1, 3])),
    "bincount weights": lambda t: t.bincount(t.tensor([1, 1, 3]), t.tensor([0.5, 1.0, 2.0])),
    "bincount double": lambda t: t.bincount(t.tensor([1, 1]), weights=t.tensor([0.5, 1.0]).double(), minlength=4),
    "bincount int weights": lambda t: t.tensor([1, 1]).bincount(t.tensor([2, 3])),
    "bincount empty": lambda t: t.bincount(t.tensor([], dtype=t.int64), minlength=2),
    "bincount negative": lambda t: t.bincount(t.tensor([-1])),
    "bincount float": lambda t: t.bincount(t.tensor([1.0])),
    "bincount lengths": lambda t: t.bincount(t.tensor([1]), t.tensor([1.0, 2.0])),
    "prod int": lambda t: t.tensor([2, 3]).prod(),
    "prod bool": lambda t: t.tensor([True, True]).prod(),
    "prod dtype": lambda t: t.tensor([2, 3]).prod(dtype=t.float64),
    "prod empty": lambda t: t.zeros(0, 2).prod(0),
    "prod 0-d": lambda t: graded(t, lambda t, x: x.prod(0), np.array(3.0))[:2],
    "prod wrong": lambda t: t.ones(2).prod(1),
    "cumprod int": lambda t: t.tensor([2, 3], dtype=t.int32).cumprod(0),
    "cumprod 0-d": lambda t: graded(t, lambda t, x: x.cumprod(0), np.array(3.0))[:2],
    "cumprod empty": lambda t: t.zeros(0).cumprod(0),
    "cumsum dtype": lambda t: t.cumsum(t.tensor([1, 2]), 0, dtype=t.float32),
    "count_nonzero": lambda t: t.count_nonzero(t.tensor([[0, 1], [2, 0]])),
    "count_nonzero dim": lambda t: t.tensor([[0, 1], [2, 3]]).count_nonzero(1),
    "nonzero": lambda t: t.tensor([[0, 1], [2, 0]]).nonzero(),
    "nonzero tuple": lambda t: t.nonzero(t.tensor([[0.0, 1.0], [2.0, np.nan]]), as_tuple=True),
    "nonzero 0-d": lambda t: (t.nonzero(t.tensor(3)), t.nonzero(t.tensor(0)), t.nonzero(t.tensor(3), as_tuple=True)),
    "nonzero none": lambda t: t.nonzero(t.zeros(2, 3)),
    "argwhere": lambda t: t.argwhere(t.tensor([0, 1, 1])),
    "where alone": lambda t: t.where(t.tensor([[True, False], [True, True]])),
    "one-hot": lambda t: t.zeros(3, 4).scatter_(1, t.tensor([[1], [0], [3]]), 1),
    "scatter empty": lambda t: t.ones(2, 3).scatter(0, t.zeros(0, 3, dtype=t.int64), 5.0),
    "scatter ints": lambda t: t.zeros(3, dtype=t.int64).scatter(0, t.tensor([2]), t.tensor([5])),
    "scatter float index": lambda t: t.zeros(3).scatter(0, t.tensor([2.0]), 5.0),
    "scatter axes": lambda t: t.zeros(3, 2).scatter(0, t.tensor([2]), 5.0),
    "isclose": lambda t: t.isclose(t.tensor([1.0, 2.0, np.nan]), t.tensor([1.000001, 2.1, np.nan]), equal_nan=True),
    "isclose dtypes": lambda t: t.isclose(t.ones(2), t.ones(2).double()),
    "allclose": lambda t: (t.allclose(t.ones(2), t.ones(2) + 1e-9), t.ones(2).allclose(t.zeros(2), atol=2)),
    "allclose shapes": lambda t: t.allclose(t.ones(2), t.ones(3)),
    "equal": lambda t: (t.equal(t.ones(2), t.ones(2)), t.ones(2).equal(t.ones(3)), t.equal(t.ones(2), t.zeros(2))),
    "logical_xor": lambda t: t.logical_xor(t.tensor([0, 1, 2]), t.tensor([True, True, False])),
    "alpha of integers": lambda t: t.tensor([1]).add(t.tensor([2]), alpha=0.5),
    "alpha of integers 2": lambda t: t.tensor([1]).sub(2, alpha=3),
    "div trunc ints": lambda t: t.div(t.tensor([-7, 7]), 2, rounding_mode="trunc"),
    "div floor ints": lambda t: t.div(t.tensor([-7, 7]), t.tensor([2, 2]), rounding_mode="floor"),
    "div trunc by float": lambda t: t.div(t.tensor([-7, 7]), 2.0, rounding_mode="trunc"),
    "fill_diagonal_": lambda t: t.ones(3, 3).fill_diagonal_(0),
    "diagonal is a view": lambda t: (lambda x: (x.diagonal().add_(5), x)[1])(t.zeros(2, 3)),
    "unsqueeze_": lambda t: (lambda x: (x.unsqueeze_(-1), x, x.shape == (3, 1)))(t.tensor([1, 2, 3])),
    "squeeze_": lambda t: t.ones(1, 3, 1).squeeze_(),
    "transpose_": lambda t: t.tensor([[1, 2], [3, 4]]).transpose_(0, 1),
    "t_ then add_": lambda t: (lambda x: (x.t_(), x.add_(1))[1])(t.tensor([[1, 2], [3, 4]])),
    "unsqueeze_ of a leaf": lambda t: t.ones(2, requires_grad=True).unsqueeze_(0),
    "unsqueeze_ in a graph": lambda t: graded(t, lambda t, x: (x * 2).unsqueeze_(0), np.ones((2, 3)))[:3],
    "unsqueeze_ of a view": lambda t: (lambda x: (x[0].unsqueeze_(0).mul_(5), x)[1])(t.ones(2, 3)),
}


@pytest.mark.parametrize("label", PLAIN)
def test_values(label):
    same(PLAIN[label], label)


IN_PLACE = [
    "abs", "atan", "ceil", "cos", "cosh", "erf", "exp", "expm1", "floor", "log", "log10", "log1p", "log2", "nan_to_num",
    "neg", "reciprocal", "relu", "round", "rsqrt", "sigmoid", "sign", "sin", "sinh", "sqrt", "square", "tan", "tanh",
    "tril", "triu", "trunc",
]  # fmt: skip


@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place(name):
    array = np.random.default_rng(0).uniform(0.2, 0.8, (3, 3))

    def f(t, x):
        y = x * 1
        z = getattr(y, name + "_")()
        return z + 0 * x, y + 0 * x

    collect([(name, lambda t: graded(t, f, array)[:3]), (f"{name}_ view", lambda t: graded(t, changed_row, array)[:3])])


def changed_row(t, x):
    y = x * 1
    y[1].cumsum_(0)
    return y


few = settings(max_examples=40, deadline=None)


@few
@given(hnp.arrays(np.float64, hnp.array_shapes(max_dims=3, max_side=4), elements=st.integers(-3, 3)), st.data())
def test_order_of_any_array(array, data):
    dim, down = data.draw(st.integers(-array.ndim, array.ndim - 1)), data.draw(st.booleans())
    k = data.draw(st.integers(0, array.shape[dim]))
    same(lambda t: tuple(t.tensor(array).sort(dim=dim, descending=down, stable=True)))
    same(lambda t: t.tensor(array).topk(k, dim, down)[0])
    same(lambda t: t.tensor(array).median(dim)[0])
    same(lambda t: t.tensor(array).unique(return_inverse=True, return_counts=True))
    same(lambda t: graded(t, lambda t, x: x.prod(dim), array)[:3])
    same(lambda t: graded(t, lambda t, x: x.cumprod(dim), array)[:3])


@few
@given(hnp.array_shapes(max_dims=3, max_side=4), st.data())
def test_scatter_of_any_index(shape, data):
    array = np.arange(float(np.prod(shape))).reshape(shape) / 3
    dim = data.draw(st.integers(0, len(shape) - 1))
    smaller = tuple(data.draw(st.integers(1, n)) for n in shape)
    index = data.draw(hnp.arrays(np.int64, smaller, elements=st.integers(0, shape[dim] - 1)))
    part = tuple(map(slice, smaller))
    same(lambda t: graded(t, lambda t, x: x.scatter_add(dim, t.tensor(index), x[part] * x[part]), array)[:3])
    same(lambda t: graded(t, lambda t, x: x.gather(dim, t.tensor(index)), array)[:3])
    row = index.reshape(-1)[:3]
    same(lambda t: graded(t, lambda t, x: x.index_select(dim, t.tensor(row)), array)[:3])
