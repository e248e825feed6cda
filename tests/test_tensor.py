"""What a tensor is on its own: its face towards numpy and python, its dtypes, and errors that teach.

How it compares with PyTorch is in tests/parity; gradients are in tests/ops and tests/test_autograd.py.
"""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import learnnn
from learnnn import Tensor, ops


def test_float32_is_the_default_and_dtypes_are_kept():
    assert learnnn.tensor([1.0, 2.0]).dtype == np.float32
    assert learnnn.tensor([1, 2]).dtype == np.int64
    x = learnnn.tensor([1.0], dtype=learnnn.float64)
    for y in (x + 1, x * 2.5, 2 / x, x**2, x.exp(), x.sum(), x.mean(), x @ x, x.relu(), x.sigmoid(), x[0], x.T):
        assert y.dtype == np.float64
    for dtype in ("float16", "float32", "float64"):
        assert (learnnn.ones(3, dtype=np.dtype(dtype)) * 2.5 / 3 - np.float64(1)).dtype == dtype


def test_the_default_dtype_can_be_set():
    before = learnnn.get_default_dtype()
    try:
        learnnn.set_default_dtype(learnnn.float64)
        made = (
            learnnn.tensor(1.0),
            learnnn.zeros(2),
            learnnn.rand(2),
            learnnn.tensor([1]) / 2,
            learnnn.arange(0, 1, 0.5),
        )
        assert {x.dtype for x in made} == {np.dtype(np.float64)}
        with pytest.raises(TypeError, match="floating-point"):
            learnnn.set_default_dtype(learnnn.int64)
    finally:
        learnnn.set_default_dtype(before)


@given(hnp.arrays(np.float64, hnp.array_shapes(max_dims=3, max_side=4, min_side=0), elements=st.floats(-1e6, 1e6)))
def test_there_and_back(array):
    x = learnnn.tensor(array)
    assert x.numpy() is not array
    np.testing.assert_array_equal(x.numpy(), array)
    np.testing.assert_array_equal(np.asarray(x), array)
    assert x.tolist() == array.tolist()
    assert (tuple(x.shape), x.ndim, x.numel()) == (array.shape, array.ndim, array.size)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(x)).numpy(), array)


def test_numpy_functions_give_tensors():
    x = learnnn.tensor([1.0, 4.0], requires_grad=True)
    for y in (np.sqrt(x), np.ones(2, "float32") * x, np.float64(2) * x, np.eye(2, dtype="float32") @ x, np.add(x, x)):
        assert isinstance(y, Tensor)
        assert y.requires_grad
    assert np.sign(x.detach()).tolist() == [1.0, 1.0]


def test_a_gradient_is_not_lost_unnoticed():
    x = learnnn.ones(2, requires_grad=True)
    for lose in (x.numpy, lambda: np.asarray(x), lambda: np.arctan2(x, x)):
        with pytest.raises(RuntimeError, match=r"Use tensor\.detach\(\)\.numpy\(\) instead"):
            lose()


def test_comparison_is_by_element_and_identity_by_hash():
    x, y = learnnn.ones(2), learnnn.ones(2)
    assert (x == y).all()
    assert {x: 1}.get(y) is None
    assert x != None and x != "x"  # noqa: E711
    assert [z is x for z in (x, y)] == [True, False]


def test_copies():
    x = learnnn.tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    for made in (copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert made.requires_grad and made.is_leaf and made.tolist() == [1.0, 2.0]
        made.data.zero_()
    assert x.tolist() == [1.0, 2.0]
    with pytest.raises(RuntimeError, match="graph leaves"):
        copy.deepcopy(x * 2)


ERRORS = [
    (lambda: learnnn.ones(2, 3) @ learnnn.ones(4, 3), RuntimeError, r"2x3 and 4x3.*did you mean @ other\.T"),
    (lambda: learnnn.ones(2, 3) @ learnnn.ones(4), RuntimeError, "must meet 3 rows on the right"),
    (lambda: learnnn.ones(2) @ 3, TypeError, r"use \* for numbers"),
    (lambda: learnnn.ones(2) @ learnnn.ones(2).double(), RuntimeError, "same dtype"),
    (lambda: learnnn.ones(6).reshape(4, 2), RuntimeError, "has 6 elements"),
    (lambda: learnnn.ones(2, 3).sum(2), IndexError, r"range of \[-2, 1\], but got 2"),
    (lambda: learnnn.ones(2, 3)[2], IndexError, "out of bounds"),
    (lambda: learnnn.tensor([1, 2]).mean(), RuntimeError, r"use x\.float\(\)\.mean\(\)"),
    (lambda: learnnn.tensor([1], requires_grad=True), RuntimeError, "floating point"),
    (lambda: learnnn.ones(2).item(), RuntimeError, "2 elements"),
    (lambda: bool(learnnn.ones(2)), RuntimeError, "ambiguous"),
    (lambda: learnnn.ones(2).__add__([1, 2]), TypeError, "list"),
    (lambda: learnnn.ones(2).to("cuda"), RuntimeError, "CPU only"),
    (lambda: learnnn.ones(2)[::-1], ValueError, "flip"),
    (lambda: learnnn.tensor([1, 2]).add_(0.5), RuntimeError, "float32.*int64"),
    (lambda: learnnn.ones(3).add_(learnnn.ones(2, 3)), RuntimeError, "larger"),
    (lambda: learnnn.ones(2, 3).__setitem__(0, learnnn.ones(2)), RuntimeError, "cannot be broadcast"),
    (lambda: learnnn.ones(1).expand(3).add_(1), RuntimeError, "clone"),
    (lambda: learnnn.ones(2, 2).T.view(4), RuntimeError, "reshape"),
    (lambda: learnnn.where(learnnn.ones(2), 1.0, 0.0), RuntimeError, "boolean"),
    (lambda: learnnn.tensor([1]) // 0, RuntimeError, "ZeroDivisionError"),
    (lambda: learnnn.ones(2).sum(dims=0), TypeError, "dims by name"),
    (lambda: learnnn.zeros(0).max(), RuntimeError, "non-empty"),
    (lambda: learnnn.cat([]), ValueError, "non-empty list"),
    (lambda: learnnn.cat([learnnn.ones(2, 3), learnnn.ones(2, 4)]), RuntimeError, "Tensor number 1"),
    (lambda: learnnn.tensor([[1], [1, 2]]), ValueError, "equal length"),
]


@pytest.mark.parametrize(("code", "kind", "says"), ERRORS)
def test_errors_teach(code, kind, says):
    with pytest.raises(kind, match=says):
        code()


def test_overflow_and_division_by_zero_are_silent():
    big = learnnn.tensor([1e38, -1e38, 0.0])
    for y in (
        big * big,
        big + big + big + big,
        big / 0,
        big.exp(),
        big.sum(),
        big.softmax(0),
        big @ big,
        (big * 9) - (big * 9),
    ):
        assert y.dtype == np.float32


@given(st.data(), hnp.array_shapes(max_dims=3, max_side=4))
def test_views_share_memory_and_copies_do_not(data, shape):
    x = learnnn.tensor(np.arange(float(np.prod(shape))).reshape(shape))
    dim = data.draw(st.integers(0, len(shape) - 1))
    views = (x[:1], x.transpose(0, dim), x.unsqueeze(dim), x.reshape(-1), x.flatten(), x.detach(), x.data, x.squeeze())
    copies = (x.clone(), x.flip(dim), x + 0, x.repeat(*[1] * x.ndim), x[[0]], learnnn.cat([x]), learnnn.tensor(x))
    assert all(np.shares_memory(v.array, x.array) for v in views)
    assert not any(np.shares_memory(c.array, x.array) for c in copies)


def test_every_method_is_an_operation_that_can_be_swapped(monkeypatch):
    x = learnnn.tensor([4.0])
    monkeypatch.setattr(ops, "sqrt", lambda x: "swapped")
    monkeypatch.setattr(ops, "mul", lambda a, b: "swapped")
    assert (x.sqrt(), x * 2, 2 * x) == ("swapped",) * 3


def test_einsum_takes_two_factors_at_a_time_through_matmul(monkeypatch):
    shapes, matmul = [], ops.matmul
    monkeypatch.setattr(ops, "matmul", lambda a, b: shapes.append((a.shape, b.shape)) or matmul(a, b))
    out = learnnn.einsum("bij,bjk,kl->il", learnnn.ones(5, 2, 3), learnnn.ones(5, 3, 4), learnnn.ones(4, 6))
    assert out.tolist() == [[60.0] * 6] * 2
    assert shapes == [((5, 2, 3), (5, 3, 4)), ((2, 4), (4, 6))] or shapes == [((2, 15), (15, 4)), ((2, 4), (4, 6))]


MORE_ERRORS = [
    (lambda: learnnn.einsum("ij,jk", learnnn.ones(2, 3), learnnn.ones(2, 3)), RuntimeError, "'j' in 'ij,jk'.*3.*2"),
    (lambda: learnnn.einsum("ijk->i", learnnn.ones(2, 3)), RuntimeError, "names 3 axes, the operand has 2"),
    (lambda: learnnn.zeros(2, 3).scatter(1, learnnn.tensor([[3]]), 1.0), RuntimeError, "out of bounds for dimension 1"),
    (lambda: learnnn.linalg.inv(learnnn.ones(2, 2)), learnnn.linalg.LinAlgError, "singular"),
    (lambda: learnnn.ones(3).topk(4), RuntimeError, "topk of 4 along an axis of 3"),
    (lambda: learnnn.norm(learnnn.ones(2, 2), "nuc"), RuntimeError, "'fro' or a number"),
    (lambda: learnnn.linalg.norm(learnnn.ones(2, 2), 2), RuntimeError, "order 2 is not supported"),
    (lambda: learnnn.zeros(2, dtyp=1), TypeError, "no option 'dtyp'"),
    (lambda: learnnn.finfo(learnnn.int64), TypeError, "use iinfo"),
    (lambda: setattr(learnnn.ones(2), "grad", learnnn.ones(3)), RuntimeError, r"\[3\] float32, the tensor is \[2\]"),
]


@pytest.mark.parametrize(("code", "kind", "says"), MORE_ERRORS)
def test_more_errors_teach(code, kind, says):
    with pytest.raises(kind, match=says):
        code()


def test_a_tensor_changes_its_shape_in_place():
    x = learnnn.arange(3)
    assert x.unsqueeze_(-1) is x and x.shape == (3, 1)
    whole = learnnn.zeros(2, 3, requires_grad=True) * 1
    row = whole[0].unsqueeze_(0)
    row.add_(2)
    whole.sum().backward()
    assert whole.tolist() == [[2.0] * 3, [0.0] * 3]
