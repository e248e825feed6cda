"""Broadcasting and its way back: shapes, copies and sums against numpy, the engine and PyTorch."""

import json
import re
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import learnnn
from learnnn import autograd
from learnnn.inspection import broadcast, unbroadcast
from tests.inspection.lessons import lesson_names

PAIRS = hnp.mutually_broadcastable_shapes(num_shapes=2, min_dims=0, max_dims=4, max_side=4)


@given(PAIRS)
def test_shapes_and_numbers_are_numpys(pair):
    picture = broadcast(*pair.input_shapes)
    assert picture.shape == pair.result_shape
    assert picture.data["shape"] == pair.result_shape
    a, b = picture.operands
    np.testing.assert_array_equal(picture.result, a.values + b.values)
    for operand, shape in zip(picture.operands, pair.input_shapes):
        assert operand.shape == shape
        assert [operand.common[i] for i in operand.stretched] == [
            n for n, own in zip(pair.result_shape, (None,) * (len(pair.result_shape) - len(shape)) + shape) if own != n
        ]  # fmt: skip


@given(PAIRS, st.integers(0, 9))
def test_gradients_are_the_engines(pair, seed):
    rng = np.random.default_rng(seed)
    a, b = (learnnn.tensor(rng.normal(size=shape), requires_grad=True) for shape in pair.input_shapes)
    g = rng.normal(size=pair.result_shape)
    found = autograd.grad(a + b, (a, b), learnnn.tensor(g))
    for operand, right in zip(broadcast(a, b, gradient=g).operands, found):
        np.testing.assert_allclose(operand.own_gradient, right.array, atol=1e-12)
        np.testing.assert_allclose(operand.folds[-1].reshape(operand.shape), right.array, atol=1e-12)


@pytest.mark.parity
def test_gradients_are_pytorchs():
    torch = pytest.importorskip("torch")
    a, b = (torch.randn(*shape, dtype=torch.float64, requires_grad=True) for shape in ((2, 1, 3), (4, 1)))
    g = torch.randn(2, 4, 3, dtype=torch.float64)
    (a + b).backward(g)
    given = a.grad.clone()
    picture = broadcast(a, b, gradient=g)
    for operand, right in zip(picture.operands, (a.grad, b.grad)):
        np.testing.assert_allclose(operand.own_gradient, right.numpy(), atol=1e-12)
    assert torch.equal(a.grad, given)
    np.testing.assert_allclose(unbroadcast(g, (4, 1)).operands[0].own_gradient, b.grad.numpy(), atol=1e-12)


def test_each_sum_is_taken_one_axis_at_a_time():
    g = np.arange(24.0).reshape(2, 3, 4)
    (operand,) = unbroadcast(g, (3, 1)).operands
    assert [fold.shape for fold in operand.folds] == [(2, 3, 4), (2, 3, 1), (1, 3, 1)]
    np.testing.assert_array_equal(operand.folds[1][..., 0], g.sum(-1))
    np.testing.assert_array_equal(operand.own_gradient, [[sum(g[i, j].sum() for i in range(2))] for j in range(3)])


def test_arrays_tensors_lists_and_lessons_own_are_taken():
    Tensor = lesson_names(5).Tensor
    for row in (np.ones(3), [1, 1, 1], learnnn.ones(3), Tensor([1.0, 1, 1]), [1.0, 1.0, 1.0]):
        picture = broadcast(np.zeros((2, 3)), row)
        np.testing.assert_array_equal(picture.result, np.ones((2, 3)))
    assert broadcast(5.0, 2).shape == ()
    assert broadcast((2,), ()).shape == (2,)


def test_the_inputs_are_not_shared():
    a = np.ones(3)
    picture = broadcast(a, (2, 3))
    a[0] = 9.0
    assert picture.operands[0].values[0] == 1.0


# ------------------------------------------------------------------------------------------------ words and pictures
def test_the_words_tell_each_step():
    assert broadcast((3,), (2, 1)).text.splitlines() == [
        "broadcast: a (3,) and b (2, 1) give (2, 3)",
        "    a has no axis 0: it is copied 2 times",
        "    axis 1 of b has size 1: it is copied 3 times",
        "    a + b = [[11, 12, 13], [21, 22, 23]]",
        "    the gradient that arrives has shape (2, 3)",
        "    gradient of a, (3,): summed over axis 0, [5, 7, 9]",
        "    gradient of b, (2, 1): summed over axis 1, [[6], [15]]",
    ]
    assert "summed over axes 0, 1, 21" in unbroadcast((2, 3), ()).text


def test_every_form(tmp_path):
    Image = pytest.importorskip("PIL.Image")
    forward = broadcast((2, 3), (3,)), broadcast((2, 2, 2, 2), 1.0), broadcast(1, 2)
    for picture in (*forward, unbroadcast((2, 3), (2, 1))):
        for dark in (False, True):
            assert Image.open(BytesIO(picture.to_png(1, dark))).width > 150
        html = picture.to_html()
        assert html.index("<img") < html.index("<script")
        state = json.loads(re.search(r'hydrate\(render, "\w+", (\{.*?\}), "', html).group(1))
        assert tuple(state["shape"]) == picture.shape
    assert broadcast((2, 3), (3,)).svg.count("stroke-dasharray") == 3  # the copies of the row


def test_a_large_pair_is_cut_and_summed_over_all():
    picture = broadcast((32, 1, 64), (10, 1), title="a batch")
    assert picture.shown == (2, 5, 6)
    assert "2 of 32 along axis 0" in picture.svg
    sent = picture.state()["operands"][1]
    assert sent["folds"][-1].shape == (1, 5, 1)
    np.testing.assert_allclose(sent["folds"][-1][0, :, 0], picture.gradient.sum((0, 2))[:5])
    assert len(picture.to_html()) < 150_000
    assert picture.title == "a batch"


# ------------------------------------------------------------------------------------------------ what does not fit
@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: broadcast((2, 3), (2,)), ValueError, r"is 3 in a and 2 in b.*b\[..., None\] has shape \(2, 1\)"),
        (lambda: broadcast((2, 3), (3, 2)), ValueError, r"transpose b.T has shape \(2, 3\): with it .* \(2, 3\)"),
        (lambda: broadcast((4, 5, 6), (5, 4)), ValueError, "axis -1 is 6 in a and 4 in b"),
        (lambda: broadcast((3, 2, 4), (5, 1, 4)), ValueError, "axis -3 is 3 in a and 5 in b: sizes must be equal or 1"),
        (lambda: broadcast((2,), (2,), gradient=[1, 2, 3]), ValueError, r"has shape \(3,\), and a \+ b has"),
        (lambda: broadcast(np.ones((0, 2)), 1), ValueError, r"a has shape \(0, 2\), so it holds nothing"),
        (lambda: broadcast((2, 0), 1), ValueError, "whole numbers above 0"),
        (lambda: broadcast((1, 1, 1, 1, 2), 1), ValueError, "has 5 axes, and at most 4"),
        (lambda: broadcast(np.array(["x"]), 1), TypeError, "not numbers"),
        (lambda: unbroadcast((2, 3), (2, 3, 4)), ValueError, "axis -1"),
        (lambda: unbroadcast((3,), (2, 3)), ValueError, r"\(2, 3\) cannot have been broadcast to \(3,\)"),
        (lambda: unbroadcast((2, 1), (2, 3)), ValueError, "never makes an axis smaller"),
        (lambda: unbroadcast((2, 3), (1.5,)), ValueError, "a shape is a tuple of whole numbers"),
    ],
)  # fmt: skip
def test_misuse_is_explained(call, error, said):
    with pytest.raises(error, match=said):
        call()


def test_the_error_begins_as_numpys():
    with pytest.raises(ValueError) as numpys:
        np.broadcast_shapes((2, 3), (4,))
    with pytest.raises(ValueError, match=re.escape(str(numpys.value))):
        broadcast((2, 3), (4,))
