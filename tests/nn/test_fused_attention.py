"""Attention as one step, and the products and the softmax that it replaces: the same numbers, gradients included."""

import numpy as np
import pytest

import learnnn as torch
from learnnn.autograd import grad
from learnnn.ops import attention

RNG = np.random.default_rng(0)
BLIND = np.array([[0, -np.inf, 0], [-np.inf, -np.inf, -np.inf]])  # the second query may look nowhere
KEEP = np.array([[2.0, 0.0, 2.0], [0.0, 2.0, 2.0]])


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("blind", [False, True])
@pytest.mark.parametrize("keep", [None, KEEP])
def test_fused_attention_is_the_plain_one(masked, blind, keep):
    found = []
    arrays = [RNG.normal(size=shape) for shape in ((4, 2, 5), (4, 3, 5), (4, 3, 6), (2, 3))]
    for f in (attention._attention, attention._attention_plain):
        *given, mask = leaves = [torch.tensor(a, requires_grad=True) for a in arrays]
        leaves = leaves if masked else given
        out = f(*given, mask + BLIND if masked and blind else mask if masked else BLIND if blind else None, keep, 0.4)
        first = grad((out * out).sum(), leaves, create_graph=True)
        found.append([out, *first, *grad(sum((g * g).sum() for g in first), leaves)])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a.detach(), b.detach(), rtol=1e-11, atol=1e-13)


def test_large_scores_do_not_overflow():
    q = torch.full((1, 2, 4), 1e3)
    np.testing.assert_allclose(torch.nn.functional.scaled_dot_product_attention(q, q, torch.ones(1, 2, 1)), 1)
