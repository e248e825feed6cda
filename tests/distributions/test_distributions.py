"""Normal, Categorical and Bernoulli, against PyTorch; what is drawn, against the probabilities it is drawn with."""

import numpy as np
import pytest

import learnnn
from learnnn.distributions import Bernoulli, Categorical, Normal, kl_divergence
from tests.parity.both import collect
from tests.parity.sequences import draw, raised

parity = pytest.mark.parity


def positive(seed, *shape):
    return np.exp(draw(seed, *shape))


def chances(seed, *shape):
    return 1 / (1 + np.exp(-draw(seed, *shape)))


# name -> (class, arrays that become parameters, how they are named)
KINDS = {
    "normal": ("Normal", (draw(1, 2, 3), positive(2, 3)), ("loc", "scale")),
    "normal of numbers": ("Normal", (draw(1), positive(2)), ("loc", "scale")),
    "categorical": ("Categorical", (positive(3, 2, 4),), ("probs",)),
    "categorical logits": ("Categorical", (draw(4, 2, 4),), ("logits",)),
    "categorical, one": ("Categorical", (draw(4, 4),), ("logits",)),
    "bernoulli": ("Bernoulli", (chances(5, 2, 3),), ("probs",)),
    "bernoulli logits": ("Bernoulli", (draw(6, 2, 3) * 4,), ("logits",)),
}
VALUES = {
    "Normal": [draw(7, 2, 3), draw(7, 4, 1, 3)],
    "Categorical": [np.array([3, 0]), np.array(2), np.array([[1, 2], [0, 0], [3, 3]])],
    "Bernoulli": [np.array([[1.0, 0, 1], [0, 0, 1]]), np.array([1.0, 0, 1])],
}


def made(t, name, **more):
    kind, arrays, names = KINDS[name]
    parameters = [t.tensor(a, requires_grad=True) for a in arrays]
    return getattr(t.distributions, kind)(**dict(zip(names, parameters, strict=True)), **more), parameters


def with_gradients(t, out, parameters):
    return out, t.autograd.grad((out * t.tensor(draw(9, *out.shape))).sum(), parameters, allow_unused=True)


@parity
@pytest.mark.parametrize("name", KINDS)
def test_log_prob_and_entropy(name):
    def log_prob(t, value):
        d, parameters = made(t, name)
        return with_gradients(t, d.log_prob(t.tensor(value)), parameters)

    def of(t, what):
        d, parameters = made(t, name)
        return with_gradients(t, getattr(d, what)(), parameters)

    values = [v for v in VALUES[KINDS[name][0]] if name not in ("normal of numbers",) or v.ndim]
    collect(
        [
            *((f"log_prob {v.shape}", lambda t, v=v: log_prob(t, v)) for v in values),
            ("entropy", lambda t: of(t, "entropy")),
            ("perplexity", lambda t: of(t, "perplexity")),
        ]
    )


@parity
@pytest.mark.parametrize("name", KINDS)
def test_what_is_known_of_a_distribution(name):
    properties = ["mean", "variance", "stddev", "mode", "batch_shape", "event_shape", "has_rsample"]
    properties += ["loc", "scale"] if "normal" in name else ["probs", "logits"]
    collect((p, lambda t, p=p: getattr(made(t, name)[0], p)) for p in properties)
    collect([("repr", lambda t: repr(made(t, name)[0]))])
    collect((f"{s}", lambda t, s=s: made(t, name)[0].sample(s) * 0) for s in ((), (3,), (2, 1)))


@parity
@pytest.mark.parametrize(
    ("p", "q"),
    [("normal", "normal of numbers"), ("categorical", "categorical logits"), ("bernoulli", "bernoulli logits")],
)
def test_kl_divergence(p, q):
    def both_ways(t):
        kl, found = t.distributions.kl_divergence, []
        for turned in (False, True):
            (a, x), (b, y) = made(t, p), made(t, q)
            found.append(with_gradients(t, kl(b, a) if turned else kl(a, b), [*x, *y]))
        return found, kl(a, a).detach()

    collect([("gradients", both_ways)])
    collect(
        (f"{kind} {probs}", lambda t, k=kind, p=probs: kl_of_certain(t, k, *p))
        for kind in ("Categorical", "Bernoulli")
        for probs in (([0.0, 1.0], [0.5, 0.5]), ([0.5, 0.5], [0.0, 1.0]), ([0.0, 1.0], [0.0, 1.0]))
    )


def kl_of_certain(t, kind, p, q):
    made = getattr(t.distributions, kind)
    return t.distributions.kl_divergence(made(probs=t.tensor(p).double()), made(probs=t.tensor(q).double()))


@parity
def test_numbers_dtypes_and_cdf():
    collect(
        [
            (
                "numbers",
                lambda t: (t.distributions.Normal(0, 2).log_prob(t.tensor(1.0)), t.distributions.Normal(0, 2).loc),
            ),
            ("one number", lambda t: t.distributions.Normal(t.zeros(3).double(), 2.0).scale),
            ("cdf", lambda t: t.distributions.Normal(0.5, 2.0).cdf(t.tensor([-1.0, 0.5, 3.0]))),
            ("float32", lambda t: t.distributions.Categorical(logits=t.zeros(3)).sample().dtype),
            ("bernoulli number", lambda t: t.distributions.Bernoulli(0.3).log_prob(t.tensor(1.0))),
            ("repr", lambda t: [repr(t.distributions.Bernoulli(0.5)), repr(t.distributions.Normal(0.0, 1.0))]),
            ("ends", lambda t: t.distributions.Bernoulli(t.tensor([0.0, 1.0])).log_prob(t.tensor([0.0, 1.0]))),
        ]
    )


ERRORS = {
    "scale": lambda d, t: d.Normal(0.0, -1.0),
    "nan": lambda d, t: d.Normal(float("nan"), 1.0),
    "probs": lambda d, t: d.Bernoulli(1.5),
    "both": lambda d, t: d.Bernoulli(0.5, 0.5),
    "neither": lambda d, t: d.Categorical(),
    "0-d": lambda d, t: d.Categorical(t.tensor(1.0)),
    "negative": lambda d, t: d.Categorical(t.tensor([-1.0, 2.0])),
    "class": lambda d, t: d.Categorical(t.ones(3)).log_prob(t.tensor(3)),
    "half": lambda d, t: d.Bernoulli(0.5).log_prob(t.tensor(0.5)),
    "rsample": lambda d, t: d.Categorical(t.ones(3)).rsample(),
    "kl": lambda d, t: d.kl_divergence(d.Normal(0.0, 1.0), d.Bernoulli(0.5)),
    "nothing": lambda d, t: d.Normal(0.0, -1.0, validate_args=False).scale,
}


@parity
def test_errors():
    collect((name, lambda t, f=f: raised(lambda: f(t.distributions, t))) for name, f in ERRORS.items())


# ----------------------------------------------------------------------------------------- what is drawn
def test_draws_follow_the_probabilities():
    learnnn.manual_seed(0)
    probs = learnnn.tensor([[0.2, 0.0, 0.8], [0.3, 0.3, 0.4]])
    drawn = Categorical(probs).sample((40000,)).numpy()
    for row, wanted in enumerate(probs.numpy()):
        np.testing.assert_allclose(np.bincount(drawn[:, row], minlength=3) / 40000, wanted, atol=0.01)
    yes = Bernoulli(learnnn.tensor([0.0, 0.3, 1.0])).sample((40000,)).numpy().mean(0)
    np.testing.assert_allclose(yes, [0, 0.3, 1], atol=0.01)
    x = Normal(learnnn.tensor([1.0, -2.0]), learnnn.tensor([0.5, 3.0])).sample((40000,)).numpy()
    np.testing.assert_allclose(x.mean(0), [1, -2], atol=0.05)
    np.testing.assert_allclose(x.std(0), [0.5, 3], rtol=0.02)


def test_gradients_flow_through_rsample_only():
    loc, scale = learnnn.tensor([1.0, 2.0], requires_grad=True), learnnn.tensor([0.5, 3.0], requires_grad=True)
    assert not Normal(loc, scale).sample().requires_grad
    learnnn.manual_seed(0)
    x = Normal(loc, scale).rsample()
    x.sum().backward()
    np.testing.assert_allclose(loc.grad, [1, 1])
    np.testing.assert_allclose(scale.grad, (x - loc).detach() / scale.detach(), rtol=1e-5)


def test_a_divergence_is_the_mean_difference_of_log_probabilities():
    learnnn.manual_seed(0)
    p, q = Normal(0.5, 1.5), Normal(-1.0, 2.0)
    x = p.sample((200000,))
    assert abs((p.log_prob(x) - q.log_prob(x)).mean().item() - kl_divergence(p, q).item()) < 0.01


def test_a_seed_repeats_what_is_drawn():
    for d in (Normal(0.0, 1.0), Bernoulli(0.5), Categorical(learnnn.ones(5))):
        drawn = [learnnn.manual_seed(3) and d.sample((20,)).tolist() for _ in range(2)]
        assert drawn[0] == drawn[1]
