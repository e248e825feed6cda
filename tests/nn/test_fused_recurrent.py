"""A whole sequence as one step, and the loop over cells that it replaces: the same numbers, gradients included."""

import numpy as np
import pytest

import learnnn as torch
from learnnn.autograd import grad
from learnnn.ops import recurrent

KINDS = {"RNN_TANH": 1, "RNN_RELU": 1, "GRU": 3, "LSTM": 4}
SIZES = [[2, 2, 2], [4, 3, 3, 1], [1]]


def inputs(mode: str, sizes: list[int], biased: bool, dtype: type = np.float64) -> list:
    rng, k = np.random.default_rng(1), KINDS[mode] * 5
    state, bias = (sizes[0], 5), (k,) if biased else None
    shapes = [(sum(sizes), 3), state, state if mode == "LSTM" else None, (k, 3), (k, 5), bias, bias]
    made = [None if s is None else torch.tensor(rng.normal(size=s).astype(dtype)) for s in shapes]
    return [t if t is None else t.requires_grad_() for t in made]


def everything(f, args, used=(0, 1, 2), create_graph=False, **settings):
    """The outputs, and the gradients of a sum of squares of those that are used."""
    outs = f(*args, **settings)
    leaves = [a for a in args if a is not None]
    loss = sum((outs[i] * outs[i]).sum() for i in used if i < len(outs))
    return [*outs, *grad(loss, leaves, create_graph=create_graph, allow_unused=True)]


def equal(a, b, tolerance=1e-12):
    for x, y in zip(a, b, strict=True):
        x, y = (np.zeros(1) if t is None else t.detach().numpy() for t in (x, y))
        np.testing.assert_allclose(x, y, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("used", [(0, 1, 2), (0,), (1,), (2, 1)])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("biased", [False, True])
@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("mode", KINDS)
def test_a_fused_sequence_is_the_plain_loop(mode, sizes, biased, reverse, used):
    settings = {"mode": mode, "sizes": sizes, "reverse": reverse, "first": False}
    args = inputs(mode, sizes, biased)
    fused, plain = (everything(f, args, used, **settings) for f in (recurrent._recur, recurrent._recur_plain))
    equal(fused, plain)


@pytest.mark.parametrize("mode", KINDS)
def test_second_derivatives_go_through_the_plain_loop(mode):
    args, found = inputs(mode, [3, 2], True), []
    leaves = [a for a in args if a is not None]
    for f in (recurrent._recur, recurrent._recur_plain):
        settings = {"mode": mode, "sizes": [3, 2], "reverse": False, "first": False}
        first = everything(f, args, create_graph=True, **settings)[-len(leaves) :]
        found.append(grad(sum((g * g).sum() for g in first), leaves))
    equal(*found, tolerance=1e-11)


@pytest.mark.parametrize("mode", KINDS)
def test_in_float32(mode):
    args = inputs(mode, [4, 3], True, np.float32)
    settings = {"mode": mode, "sizes": [4, 3], "reverse": False, "first": False}
    fused, plain = (everything(f, args, **settings) for f in (recurrent._recur, recurrent._recur_plain))
    assert {x.dtype for x in fused} == {np.dtype(np.float32)}
    equal(fused, plain, tolerance=2e-5)


def test_far_out_gates_do_not_overflow():
    args = inputs("LSTM", [2, 2], True)
    args[0] = torch.tensor(np.full((4, 3), 1e4))
    assert all(np.isfinite(x.numpy()).all() for x in (t.detach() for t in torch.ops.recur(*args, "LSTM", [2, 2])))


def test_data_that_needs_no_gradient_costs_none():
    args = inputs("GRU", [2, 2], True)
    args[0] = args[0].detach()
    output, _ = torch.ops.recur(*args, "GRU", [2, 2])
    pieces = output.grad_fn.parents[0].backward(
        torch.autograd.function.Parcel({0: np.ones((4, 5))}), (None,) * 7, False
    )
    assert pieces[0] is None
