"""A fused loss and the plain spelling that it replaces: the same numbers, gradients included."""

import numpy as np
import pytest

import learnnn as torch
from learnnn import ops
from learnnn.ops import loss

RNG = np.random.default_rng(0)
CASES = [
    (RNG.normal(size=(5, 3)), np.array([0, 2, 1, 1, 0])),
    (RNG.normal(size=(2, 3, 4)), RNG.integers(0, 3, (2, 4))),
    (RNG.normal(size=3), np.array(1)),
    (RNG.normal(size=(2, 3)), np.array([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]])),
]


def value_and_gradient(f, x, *args):
    x = torch.tensor(x, requires_grad=True)
    y = f(x, *args)
    y.sum().backward()
    return y.detach().numpy(), x.grad.numpy()


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("smoothing", [0.0, 0.3])
@pytest.mark.parametrize("weight", [None, np.array([0.5, 1.0, 2.0])])
@pytest.mark.parametrize(("x", "target"), CASES)
def test_cross_entropy(x, target, weight, smoothing, reduction):
    for ignored in (None, 1):
        args = (target, weight, ignored, reduction, smoothing)
        fused = value_and_gradient(loss._cross_entropy, x, *args)
        plain = value_and_gradient(loss._cross_entropy_plain, x, *args)
        for a, b in zip(fused, plain, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)


def test_cross_entropy_of_plain_labels_is_the_weighted_one():
    x, target = CASES[0]
    for f in (loss._mean_over_labels, lambda x, t: loss._over_weights(x, t, None, None, "mean", 0.0)):
        out, backward = f(x, target)
        np.testing.assert_allclose(
            out, loss._cross_entropy_plain(torch.tensor(x), target, None, None, "mean", 0).numpy()
        )
        np.testing.assert_allclose(backward(1.0)[0].sum(1), 0, atol=1e-15)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("weight", [None, np.array([0.5, 1.0, 2.0])])
@pytest.mark.parametrize("pos_weight", [None, np.array([3.0, 0.1, 1.0])])
def test_binary_cross_entropy(weight, pos_weight, reduction):
    x, target = RNG.normal(size=(4, 3)) * 30, RNG.random((4, 3))
    args = (target, weight, pos_weight, reduction)
    fused = value_and_gradient(loss._binary_cross_entropy, x, *args)
    plain = value_and_gradient(loss._binary_cross_entropy_plain, x, *args)
    for a, b in zip(fused, plain, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)


def test_silu_gelu_and_erf_are_their_formulas():
    import math

    x = np.linspace(-8, 8, 4001)
    np.testing.assert_allclose(ops.erf(x), [math.erf(v) for v in x], rtol=0, atol=4e-16)
    np.testing.assert_allclose(ops.silu(x), x / (1 + np.exp(-x)), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(ops.gelu(x), x * [0.5 * math.erfc(-v / math.sqrt(2)) for v in x], rtol=0, atol=1e-14)
    assert ops.erf(x.astype(np.float32)).dtype == np.float32
