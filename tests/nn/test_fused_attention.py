"""Attention as one step, and the products and the softmax that it replaces: the same numbers, gradients included."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import learnnn as torch
from learnnn.autograd import grad
from learnnn.nn.functional import _causal
from learnnn.nn.functional import scaled_dot_product_attention as attend
from learnnn.ops import attention

RNG = np.random.default_rng(0)
BLIND = np.array([[0, -np.inf, 0], [-np.inf, -np.inf, -np.inf]])  # the second query may look nowhere
KEEP = np.array([[2.0, 0.0, 2.0], [0.0, 2.0, 2.0]])


@pytest.fixture(params=[(32, 1 << 17, 1 << 18), (1, 0, 0), (2, 0, 1 << 18), (3, 0, 0)], ids=str)
def pieces(request, monkeypatch):
    """All queries at once, and in pieces of 1, 2 and 3, with the weights kept for backward or not."""
    use_pieces(monkeypatch, *request.param)


def use_pieces(monkeypatch, rows, scores, kept):
    for name, value in (("ROWS", rows), ("SCORES", scores), ("KEPT", kept)):
        monkeypatch.setattr(attention, name, value)


def value_and_gradients(f, q, k, v, mask, keep, grad_of_mask=False):
    leaves = [torch.tensor(a, requires_grad=True) for a in (q, k, v)]
    if grad_of_mask:
        mask = torch.tensor(mask, requires_grad=True)
        leaves.append(mask)
    out = f(*leaves[:3], mask, keep, 0.4)
    weights = torch.tensor(np.random.default_rng(1).normal(size=out.shape).astype(out.dtype))
    return [out.detach().numpy(), *[g.numpy() for g in grad((out * weights).sum(), leaves)]]


def equal(*args, rtol=1e-10, atol=1e-12, **options):
    found = [value_and_gradients(f, *args, **options) for f in (attention._attention, attention._attention_plain)]
    for a, b in zip(*found, strict=True):
        assert a.shape == b.shape and a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=rtol, atol=atol)
    return found[0]


def qkv(*batch, length=7, steps=5, size=4, width=3):
    return [RNG.normal(size=(*batch, *s)) for s in ((length, size), (steps, size), (steps, width))]


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("blind", [False, True])
@pytest.mark.parametrize("keep", [None, KEEP])
def test_fused_attention_is_the_plain_one(masked, blind, keep, pieces):
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


MASKS = {
    "floats": RNG.normal(size=(7, 5)), "causal": _causal(7, 5, np.dtype(float)), "nothing": np.full((7, 5), -np.inf),
    "one row": RNG.normal(size=(1, 5)), "one column": RNG.normal(size=(7, 1)), "one line": RNG.normal(size=5),
    "one number": np.array(0.5), "each head": RNG.normal(size=(2, 3, 7, 5)),
    "each batch": RNG.normal(size=(2, 1, 7, 5)),
    "padding": np.where(np.arange(5) < np.array([[2], [4]]), 0, -np.inf)[:, None, None],
    "blind rows": np.where(np.arange(7)[:, None] % 3 == 1, -np.inf, np.zeros(5)),
    "blind column": np.where(np.arange(7) % 2, 0, -np.inf)[:, None],
    "late keys": np.where(np.arange(5) < 3, -np.inf, 0),
}  # fmt: skip


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("dropped", [False, True])
def test_masks_of_every_kind(mask, dropped, pieces):
    keep = RNG.choice([0.0, 2.0], (2, 3, 7, 5)) if dropped else None
    found = equal(*qkv(2, 3), MASKS[mask], keep, grad_of_mask=True)
    assert all(np.isfinite(a).all() for a in found)
    assert all((a == 0).all() for a in found) or mask != "nothing"
    for a, b in zip(found, equal(*qkv(2, 3), MASKS[mask], keep), strict=False):
        assert a.shape == b.shape


def test_batch_axes_that_broadcast(pieces):
    q, k, v = qkv(2, 3)
    for some in ((q, k[:, :1], v[:, :1]), (q[0], k, v[:1]), (q[:1, :1], k[0, :1], v), (q[0, 0], k[0, 0], v)):
        equal(*some, None, None)
        equal(*some, MASKS["each head"], RNG.choice([0.0, 2.0], (3, 7, 5)), grad_of_mask=True)
    equal(q[0, 0], k[0, 0], v[0, 0], MASKS["each head"], None)  # a mask of more axes than all the others


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.integers(0, 2), max_size=2), st.tuples(*[st.integers(0, 5)] * 4), st.integers(1, 4), st.booleans(),
    st.sampled_from(["none", "causal", "floats", "holes"]),
)  # fmt: skip
def test_sizes(batch, sizes, rows, kept, kind):
    length, steps, size, width = sizes
    masks = {
        "none": None,
        "causal": _causal(length, steps, np.dtype(float)),
        "floats": RNG.normal(size=(length, steps)),
    }
    masks["holes"] = np.where(masks["floats"] > 0.5, masks["floats"], -np.inf)
    with pytest.MonkeyPatch.context() as patch:
        use_pieces(patch, rows, 0, 1 << 18 if kept else 0)
        arrays = qkv(*batch, length=length, steps=steps, size=size, width=width)
        equal(*arrays, masks[kind], None, grad_of_mask=kind != "none")


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float16, 1e-2), (np.float32, 1e-5), (np.float64, 1e-12)])
def test_dtypes_and_arrays_out_of_order(dtype, tolerance, pieces):
    q, k, v = [RNG.normal(size=(2, n, 3, 4)).astype(dtype).transpose(0, 2, 1, 3) for n in (7, 5, 5)]
    equal(q, k, v, MASKS["causal"].astype(dtype), None, rtol=tolerance, atol=tolerance)
    equal(q[..., ::-1, :], k.mT.copy().mT, v[:, ::-1], None, None, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("which", range(4))
def test_what_is_not_finite(which, bad, pieces):
    *given, mask = [*qkv(2), RNG.normal(size=(7, 5))]
    [*given, mask][which][..., 2, 1] = bad
    equal(*given, mask, None)


def test_rows_far_apart(pieces):
    q, k, v = qkv(2)
    for far in (1, 30, 1e3, 1e5):
        equal(q, k, v, np.linspace(-far, far, 7)[:, None] + np.zeros(5), None)  # the same for all keys: changes nothing
        equal(q * far, k, v, None, None, atol=1e-15 * max(far, 1e3))


def test_large_scores_do_not_overflow():
    q = torch.full((1, 2, 4), 1e3)
    np.testing.assert_allclose(attend(q, q, torch.ones(1, 2, 1)), 1)


def test_no_gradient_is_made_for_a_mask_that_wants_none():
    q, k, v = [torch.tensor(a, requires_grad=True) for a in qkv(2)]
    for mask, wanted in ((torch.zeros(7, 5).double(), False), (torch.zeros(7, 5).double().requires_grad_(), True)):
        backward = attend(q, k, v, mask)._node.saved[0]
        assert (backward(np.ones((2, 7, 3)))[3] is not None) == wanted


def test_memory_grows_with_the_length_and_not_with_its_square():
    import tracemalloc

    def peak(length):
        q = torch.zeros(1, 1, length, 4, requires_grad=True)
        tracemalloc.start()
        attend(q, q, q, is_causal=True).sum().backward()
        return tracemalloc.get_traced_memory()[1], tracemalloc.stop()

    assert peak(4096)[0] < 6 * peak(1024)[0]


def test_the_causal_mask():
    for length, steps in ((0, 0), (0, 3), (3, 0), (1, 1), (4, 7), (7, 4)):
        mask = _causal(length, steps, np.dtype(np.float32))
        np.testing.assert_array_equal(mask, np.where(np.tri(length, steps, dtype=bool), 0, -np.inf))
        assert mask.dtype == np.float32 and not mask.flags.writeable
    assert _causal(7, 4, np.dtype(float)) is _causal(7, 4, np.dtype(float))


def test_a_causal_step_in_pieces(monkeypatch):
    found, arrays = [], qkv(2, length=12, steps=12)
    for rows in (64, 5):
        use_pieces(monkeypatch, rows, 0, 0)
        q, k, v = [torch.tensor(a, requires_grad=True) for a in arrays]
        out = attend(q, k, v, is_causal=True)
        found.append([out.detach().numpy(), *[g.numpy() for g in grad((out * out).sum(), (q, k, v))]])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-13)


def test_shapes_that_do_not_fit():
    q, k = torch.zeros(2, 7, 4), torch.zeros(3, 5, 4)
    with pytest.raises(RuntimeError, match=r"have \[2\] and \[3\] and \[3\] there"):
        attend(q, k, k)
    with pytest.raises(RuntimeError, match="must match the size"):
        attend(q, q, q, torch.zeros(6, 7))
