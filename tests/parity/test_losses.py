"""Losses of regression, distances and similarities under both libraries; cross-entropies are in tests/nn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.parity.both import collect, same
from tests.parity.layers import derivatives, draw, fill, layer

pytestmark = [
    pytest.mark.parity,
    pytest.mark.filterwarnings("ignore:reduction. 'mean'"),
    pytest.mark.filterwarnings("ignore:Using a target size"),
]
SHAPES = [(), (0,), (1,), (5,), (2, 3), (0, 3), (2, 1, 3)]
REDUCTIONS = ["mean", "sum", "none"]
ELEMENTWISE = {
    "HuberLoss": [{}, {"delta": 0.4}],
    "SmoothL1Loss": [{}, {"beta": 0.3}, {"beta": 0.0}],
    "KLDivLoss": [{}, {"log_target": True}],
}


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_elementwise(name, reduction):
    def run(t, shape, options):
        loss = getattr(t.nn, name)(reduction=reduction, **options)
        return derivatives(t, loss, draw(1, *shape), draw(2, *shape, low=0.1)), repr(loss)

    cases = [(shape, options) for shape in SHAPES for options in ELEMENTWISE[name]]
    collect((f"{case}", lambda t, c=case: run(t, *c)) for case in cases)


@given(st.sampled_from(sorted(ELEMENTWISE)), st.lists(st.integers(1, 3), max_size=3), st.data())
@settings(max_examples=40, deadline=None)
def test_elementwise_with_broadcasting(name, shape, data):
    other = [data.draw(st.sampled_from([n, 1])) for n in shape]
    loss = lambda t: getattr(t.nn, name)(reduction="sum")
    same(lambda t: derivatives(t, loss(t), draw(1, *shape), draw(2, *other, low=0.1)), f"{name} {shape} {other}")


def test_at_kinks_and_edges():
    def grad(t, f, *values):
        x = t.tensor(list(values), dtype=t.float64, requires_grad=True)
        y = f(x)
        y.sum().backward()
        return y, x.grad

    zeros = lambda t, n: t.zeros(n).double()
    f = lambda t: t.nn.functional
    collect([
        ("huber", lambda t: grad(t, lambda x: f(t).huber_loss(x, zeros(t, 5)), -2, -1, 0, 1, 3)),
        ("smooth", lambda t: grad(t, lambda x: f(t).smooth_l1_loss(x, zeros(t, 5)), -2, -1, 0, 1, 3)),
        ("kl of zero", lambda t: grad(t, lambda x: f(t).kl_div(x, t.tensor([0.0, 1.0]).double()), -1, -2)),
        ("kl batchmean", lambda t: f(t).kl_div(t.ones(4, 3), t.ones(4, 3), reduction="batchmean")),
        ("kl old", lambda t: f(t).kl_div(t.ones(4, 3), t.ones(4, 3), size_average=False)),
        ("small variance", lambda t: grad(t, lambda v: f(t).gaussian_nll_loss(t.ones(3), t.zeros(3), v), 0, 1e-9, 2)),
        ("normalize zero", lambda t: grad(t, lambda x: f(t).normalize(x, dim=0), 0, 0, 0)),
        ("similar to zero", lambda t: grad(t, lambda x: f(t).cosine_similarity(x, t.ones(2).double(), 0), 0, 0)),
        ("reduction", lambda t: f(t).huber_loss(t.ones(2), t.ones(2), reduction="avg")),
        ("float32", lambda t: f(t).smooth_l1_loss(t.ones(3), t.zeros(3))),
        ("delta", lambda t: f(t).huber_loss(t.ones(2), t.ones(2), delta=0.0)),
        ("beta", lambda t: f(t).smooth_l1_loss(t.ones(2), t.ones(2), beta=-1.0)),
        ("shapes", lambda t: f(t).smooth_l1_loss(t.ones(2), t.ones(3))),
    ])  # fmt: skip


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_gaussian(reduction):
    def run(t, shape, var, full):
        loss = t.nn.GaussianNLLLoss(reduction=reduction, full=full)
        return derivatives(t, loss, draw(1, *shape), draw(2, *shape), draw(3, *var, low=0.1))

    cases = [((2, 3), (2, 3)), ((2, 3), (2,)), ((2, 3), (2, 1)), ((4,), (4,)), ((4,), (1,)), ((0, 3), (0, 3))]
    collect((f"{c} {full}", lambda t, c=c, f=full: run(t, *c, f)) for c in cases for full in (False, True))


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_triplets_and_pairs(reduction):
    def triplets(t, shape, **options):
        loss = t.nn.TripletMarginLoss(reduction=reduction, **options)
        return derivatives(t, loss, *[draw(i, *shape) for i in range(3)]), repr(loss)

    def pairs(t, shape, margin, target):
        loss = t.nn.CosineEmbeddingLoss(margin, reduction=reduction)
        return derivatives(t, lambda a, b: loss(a, b, t.tensor(target)), draw(1, *shape), draw(2, *shape))

    settings = [{}, {"swap": True}, {"p": 1.0, "margin": 3.0}, {"p": 3.0, "eps": 1e-3, "margin": 0.2}]
    checks = [
        (f"{o} {s}", lambda t, s=s, o=o: triplets(t, s, **o)) for o in settings for s in [(4, 3), (3,), (2, 2, 3)]
    ]
    for margin in (0.0, -0.5, 0.5):
        checks.append((f"pairs {margin}", lambda t, m=margin: pairs(t, (4, 3), m, [1, -1, -1, 1])))
        checks.append((f"one pair {margin}", lambda t, m=margin: pairs(t, (3,), m, -1)))
    collect(checks)


@given(st.lists(st.integers(1, 3), min_size=1, max_size=3), st.data(), st.sampled_from([1.0, 2.0, 3.0, float("inf")]))
@settings(max_examples=80, deadline=None)
def test_distances(shape, data, p):
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    xs = [draw(1, *shape), draw(2, *shape)]
    f = lambda t: t.nn.functional
    collect([
        ("normalize", lambda t: derivatives(t, lambda x: f(t).normalize(x, p, dim), xs[0])),
        ("cosine", lambda t: derivatives(t, lambda x, y: f(t).cosine_similarity(x, y, dim), *xs)),
        ("distance", lambda t: derivatives(t, lambda x, y: f(t).pairwise_distance(x, y, p, keepdim=True), *xs)),
    ])  # fmt: skip


def test_similarity_broadcasts():
    f = lambda t, x, y: t.nn.functional.cosine_similarity(x, y, dim=-1)
    same(lambda t: derivatives(t, lambda x, y: f(t, x, y), draw(1, 4, 1, 3), draw(2, 5, 3)))


def test_prelu_layers():
    collect([
        ("one", lambda t: layer(t, lambda nn: nn.PReLU(), (2, 3, 4))),
        ("each channel", lambda t: layer(t, lambda nn: nn.PReLU(3), (2, 3, 4))),
        ("each feature", lambda t: layer(t, lambda nn: nn.PReLU(3), (2, 3))),
        ("wrong", lambda t: layer(t, lambda nn: nn.PReLU(4), (2, 3))),
    ])  # fmt: skip


ERRORS = {
    "variance": lambda t: t.nn.GaussianNLLLoss()(t.ones(2), t.ones(2), t.tensor([1.0, -1.0])),
    "variances": lambda t: t.nn.GaussianNLLLoss()(t.ones(2, 3), t.ones(2, 3), t.ones(3)),
    "gaussian reduction": lambda t: t.nn.GaussianNLLLoss(reduction="avg")(t.ones(2), t.ones(2), t.ones(2)),
    "triplet ranks": lambda t: t.nn.TripletMarginLoss()(t.ones(2, 3), t.ones(3), t.ones(2, 3)),
    "triplet margin": lambda t: t.nn.functional.triplet_margin_loss(*[t.ones(2, 3)] * 3, margin=-1.0),
    "pairs": lambda t: t.nn.CosineEmbeddingLoss()(t.ones(2, 3), t.ones(2, 3), t.ones(2, 1)),
    "one target": lambda t: t.nn.CosineEmbeddingLoss()(t.ones(2, 3), t.ones(2, 3), t.tensor(1)),
    "prelu dtype": lambda t: t.nn.functional.prelu(t.ones(2, 3), t.ones(3).double()),
    "prelu weights": lambda t: t.nn.functional.prelu(t.ones(2, 3), t.ones(1, 3)),
    "glu": lambda t: t.nn.functional.glu(t.ones(2, 3)),
    "hardtanh": lambda t: t.nn.functional.hardtanh(t.ones(2), 1.0, -1.0),
    "Dropout2d": lambda t: t.nn.Dropout2d(1.5),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    collect([(name, ERRORS[name])])


def test_kl_says_which_mean_it_takes():
    import learnnn as torch

    with pytest.warns(UserWarning, match="batchmean"):
        torch.nn.functional.kl_div(torch.zeros(1, 2), torch.ones(1, 2))


def test_dropping_channels():
    import learnnn as torch

    torch.manual_seed(0)
    x = torch.ones(50, 20, 3, 3)
    y = torch.nn.Dropout2d(0.3)(x).numpy().reshape(1000, 9)
    assert (y == y[:, :1]).all()
    assert set(np.unique(y)) == {0.0, np.float32(1 / 0.7)}
    assert abs((y[:, 0] == 0).mean() - 0.3) < 0.05
    same(lambda t: (repr(t.nn.Dropout2d(0.2)), t.nn.Dropout2d(0.5).eval()(t.ones(2, 3, 2, 2))))


def test_gumbel_softmax_draws_as_softmax_says():
    import learnnn as torch

    torch.manual_seed(0)
    logits = torch.tensor([0.0, 1.0, 2.0]).expand(4000, 3)
    hard = torch.nn.functional.gumbel_softmax(logits, hard=True)
    assert (np.sort(hard.numpy(), 1) == [0, 0, 1]).all()
    np.testing.assert_allclose(hard.mean(0).numpy(), torch.softmax(logits[0], 0).numpy(), atol=0.03)
    x = torch.tensor(draw(1, 2, 3), requires_grad=True)
    soft = torch.nn.functional.gumbel_softmax(x, tau=0.7, dim=0)
    np.testing.assert_allclose(soft.sum(0).detach().numpy(), 1)
    (torch.nn.functional.gumbel_softmax(x, hard=True) * x.detach()).sum().backward()
    assert np.abs(x.grad.numpy()).min() > 0
    np.testing.assert_allclose(x.grad.sum(1).numpy(), 0, atol=1e-12)  # a softmax does not see a shift


def test_temperature():
    import learnnn as torch

    x = torch.tensor([1.0, 2.0, 4.0])
    expected = np.exp(x.numpy() / 5) / np.exp(x.numpy() / 5).sum()
    np.testing.assert_allclose(torch.nn.Softmax(0, temperature=5.0)(x).numpy(), expected, rtol=1e-6)
    assert repr(torch.nn.Softmax(0)) == "Softmax(dim=0)"
    assert repr(torch.nn.Softmax(0, temperature=5.0)) == "Softmax(dim=0, temperature=5.0)"


def test_whole_networks():
    def run(t):
        nn = t.nn
        model = nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 6, 3),
            nn.GroupNorm(2, 6), nn.GELU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 3),
        )  # fmt: skip
        model = fill(t, model)
        loss = nn.functional.cross_entropy(model(t.tensor(draw(1, 5, 1, 8, 8))), t.tensor([0, 1, 2, 1, 0]))
        loss.backward()
        return loss, [p.grad for p in model.parameters()], list(model.state_dict()), repr(model)

    same(run)
