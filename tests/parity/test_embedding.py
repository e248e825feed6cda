"""Embedding, and the first values that nn.init gives, against PyTorch."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.parity.both import collect, same
from tests.parity.sequences import draw, raised, run

pytestmark = pytest.mark.parity


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 3), max_size=3),
    st.integers(1, 5),
    st.integers(1, 3),
    st.sampled_from([{}, {"padding_idx": 0}, {"padding_idx": -1}, {"scale_grad_by_freq": True}]),
    st.integers(0, 99),
)
def test_embedding(shape, rows, size, options, seed):
    index = np.random.default_rng(seed).integers(0, rows, shape)
    same(lambda t: run(t, t.nn.Embedding(rows, size, **options), lambda m: m(t.tensor(index))))


@pytest.mark.parametrize("options", [{}, {"padding_idx": 2}])
def test_second_derivatives(options):
    index = np.array([[2, 0, 2], [1, 1, 3]])

    def again(t):
        w = t.tensor(draw(1, 4, 3), requires_grad=True)
        out = t.nn.functional.embedding(t.tensor(index), w, **options)
        (first,) = t.autograd.grad((out**3).sum(), w, create_graph=True)
        return first.detach(), t.autograd.grad((first**2).sum(), w)

    same(again)


def test_max_norm_shortens_the_rows_that_are_used():
    def used(t, norm_type):
        layer = t.nn.Embedding.from_pretrained(t.tensor(draw(1, 4, 3)), False, max_norm=1.0, norm_type=norm_type)
        out = layer(t.tensor([1, 1, 3]))
        (out * out).sum().backward()
        return out, layer.weight, layer.weight.grad, repr(layer)

    collect((f"{p}", lambda t, p=p: used(t, p)) for p in (1.0, 2.0, 3.0, float("inf")))


def test_a_refused_lookup_leaves_the_table_as_it_was():
    from learnnn import nn, tensor

    for options in ({"max_norm": 0.1}, {"scale_grad_by_freq": True}):
        layer = nn.Embedding(4, 3, **options)
        before = layer.weight.detach().clone()
        for wrong in (-1, 4):
            with pytest.raises(IndexError, match="index out of range in self"):
                layer(tensor([0, wrong]))
        assert (layer.weight == before).all()


def test_made_and_given_tables():
    def given_one(t, **options):
        layer = t.nn.Embedding.from_pretrained(t.tensor(draw(1, 4, 3)), **options)
        return layer.weight, layer.padding_idx, repr(layer), layer(t.tensor([0, 3]).int())

    collect(
        [
            ("pretrained", given_one),
            ("trained on", lambda t: given_one(t, freeze=False, padding_idx=-1)),
            ("padding is zeros", lambda t: t.nn.Embedding(4, 3, padding_idx=-2).weight[2]),
            ("repr", lambda t: repr(t.nn.Embedding(4, 3, 1, 2.0, 1.0, True))),
            ("moments", lambda t: [round(t.nn.Embedding(400, 300).weight.std().item(), 1)]),
        ]
    )


ERRORS = {
    "too large": lambda t: t.nn.Embedding(4, 3)(t.tensor([4])),
    "negative": lambda t: t.nn.Embedding(4, 3)(t.tensor([-1])),
    "floats": lambda t: t.nn.Embedding(4, 3)(t.tensor([1.0])),
    "a list": lambda t: t.nn.Embedding(4, 3)([1]),
    "padding": lambda t: t.nn.Embedding(4, 3, padding_idx=4),
    "function padding": lambda t: t.nn.functional.embedding(t.tensor([0]), t.zeros(4, 3), padding_idx=-5),
    "one axis": lambda t: t.nn.Embedding.from_pretrained(t.zeros(4)),
    "eye": lambda t: t.nn.init.eye_(t.zeros(2, 2, 2)),
    "dirac": lambda t: t.nn.init.dirac_(t.zeros(2, 2)),
    "dirac groups": lambda t: t.nn.init.dirac_(t.zeros(3, 2, 2), groups=2),
    "orthogonal": lambda t: t.nn.init.orthogonal_(t.zeros(3)),
}


def test_errors():
    collect((label, lambda t, f=f: raised(lambda: f(t)) or "nothing raised") for label, f in ERRORS.items())


def test_sparse_gradients_are_refused():
    from learnnn import nn, tensor

    with pytest.raises(ValueError, match="sparse=True is not supported"):
        nn.Embedding(4, 3, sparse=True)(tensor([1]))


# ----------------------------------------------------------------------------------------- nn.init
def test_eye_and_dirac():
    shapes = [(2, 3), (3, 2), (0, 2)]
    fields = [((3, 2, 4), 1), ((4, 2, 3, 3), 2), ((4, 3, 2, 1), 4), ((2, 2, 3, 3, 3), 1)]
    collect(
        [
            *((f"{s}", lambda t, s=s: t.nn.init.eye_(t.ones(*s))) for s in shapes),
            *((f"{s} {g}", lambda t, s=s, g=g: t.nn.init.dirac_(t.ones(*s), g)) for s, g in fields),
        ]
    )


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 4), (3, 2, 2), (2, 3, 4), (1, 1)])
def test_orthogonal(shape):
    from learnnn import nn, zeros

    w = nn.init.orthogonal_(zeros(*shape, dtype=np.float64), gain=2.0).numpy().reshape(shape[0], -1)
    small = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
    np.testing.assert_allclose(small, 4 * np.eye(len(small)), atol=1e-12)


@pytest.mark.parametrize(
    ("mean", "std", "a", "b"),
    [(0, 1, -2, 2), (0.5, 0.2, 0.4, 1), (0, 1, 3, 4), (0, 0.02, -2, 2), (0, 1, -np.inf, np.inf)],
)
def test_trunc_normal_has_the_moments_of_the_truncated_normal(mean, std, a, b):
    stats = pytest.importorskip("scipy.stats")
    from learnnn import manual_seed, nn, zeros

    manual_seed(0)
    w = nn.init.trunc_normal_(zeros(400, 300, dtype=np.float64), mean, std, a, b).numpy()
    truth = stats.truncnorm((a - mean) / std, (b - mean) / std, mean, std)
    assert w.min() >= a and w.max() <= b
    np.testing.assert_allclose([w.mean(), w.std()], [truth.mean(), truth.std()], atol=0.01 * std)
    assert stats.kstest(w.ravel(), truth.cdf).pvalue > 1e-3
