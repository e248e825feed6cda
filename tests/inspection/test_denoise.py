"""The reverse diffusion, against the closed form for a Gaussian."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import learnnn
from learnnn import inspection, nn
from learnnn.inspection.generative.diffusion import alpha_bars, denoised, linear_betas, noised, score
from tests.inspection.lessons import lesson_names

MEAN, COVARIANCE = np.array([2.0, -1.0]), np.array([[1.0, 0.6], [0.6, 0.5]])


def perfect(betas, mean=MEAN, covariance=COVARIANCE):
    """The best denoiser for Gaussian data: noised, it is a Gaussian too, whose score is known."""
    left = alpha_bars(betas)

    def eps(x, t):
        a = left[int(t[0]) + 1]
        total = a * covariance + (1 - a) * np.eye(2)
        return np.sqrt(1 - a) * (x - np.sqrt(a) * mean) @ np.linalg.inv(total)

    return eps


@pytest.fixture
def rng():
    return np.random.default_rng(0)


# ---------------------------------------------------------------------------------------------------- the process
def test_a_perfect_denoiser_gives_the_gaussian_back(rng):
    betas = linear_betas(300)
    picture = inspection.denoise(perfect(betas), betas=betas, noise=rng.normal(size=(6000, 2)))
    made = picture.states[-1]
    assert np.allclose(made.mean(0), MEAN, atol=0.06)
    assert np.allclose(np.cov(made.T), COVARIANCE, atol=0.06)


def test_each_step_is_the_papers(rng):
    """Algorithm 2 of Ho et al. 2020, number by number, with the noise that was drawn."""
    betas, x, eps = np.array([0.1, 0.2, 0.4]), rng.normal(size=(4, 2)), lambda x, t: np.tanh(x) + t[:, None]
    states = list(denoised(eps, x, betas, np.random.default_rng(7)))
    again = np.random.default_rng(7)
    for k, t in enumerate((2, 1, 0)):
        alpha, bar = 1 - betas[t], np.prod(1 - betas[: t + 1])
        z = again.standard_normal(x.shape)
        x = (x - (1 - alpha) / np.sqrt(1 - bar) * (np.tanh(x) + t)) / np.sqrt(alpha)
        x = x + (np.sqrt(betas[t]) * z if t else 0)
        assert np.allclose(states[k + 1], x)


@settings(deadline=None)
@given(st.integers(1, 20), st.integers(0, 99))
def test_noising_at_once_has_the_variance_of_noising_step_by_step(steps, seed):
    betas = np.random.default_rng(seed).uniform(0.01, 0.5, steps)
    scale, variance = 1.0, 0.0
    for beta in betas:  # x <- sqrt(1 - beta) x + sqrt(beta) z
        scale, variance = scale * np.sqrt(1 - beta), variance * (1 - beta) + beta
    ones = np.ones((1, 1))
    assert noised(ones, betas, steps, 0 * ones)[0, 0] == pytest.approx(scale)
    assert noised(0 * ones, betas, steps, ones)[0, 0] ** 2 == pytest.approx(variance)
    assert noised(ones, betas, 0, ones)[0, 0] == 1


def test_the_arrows_are_the_gradient_of_the_log_density(rng):
    betas, places, nudge, t = linear_betas(50), rng.normal(size=(5, 2)), 1e-5, 30
    left = alpha_bars(betas)[t + 1]
    total, centre = left * COVARIANCE + (1 - left) * np.eye(2), np.sqrt(left) * MEAN

    def log_density(x):
        away = x - centre
        return -0.5 * np.einsum("ni,ij,nj->n", away, np.linalg.inv(total), away)

    steps = nudge * np.eye(2)
    slopes = [(log_density(places + step) - log_density(places - step)) / (2 * nudge) for step in steps]
    assert np.allclose(score(perfect(betas), places, betas, t), np.stack(slopes, 1), atol=1e-6)


def test_real_data_are_noised_as_much_as_the_states(rng):
    betas = linear_betas(40)
    data = rng.multivariate_normal(MEAN, COVARIANCE, size=3000)
    picture = inspection.denoise(perfect(betas), betas=betas, shape=(3000, 2), data=data, keep=5)
    assert picture.kept == [0, 10, 20, 30, 40]
    made, real = picture.numbers["spread: made"], picture.numbers["spread: real"]
    assert np.allclose(made, real, rtol=0.08)
    assert np.allclose(picture.panels[1].samples[-1], data[:200])  # at the end no noise is left


# ------------------------------------------------------------------------------------------------- what is given
def test_states_and_samplers_are_shown_as_they_are(rng):
    states = rng.normal(size=(5, 7, 2))
    assert inspection.denoise(states).data["made"] == states[-1].tolist()
    halves = lambda x: (x / 2**k for k in range(4))
    picture = inspection.denoise(halves, noise=states[0])
    assert np.allclose(picture.data["made"], states[0] / 8)
    assert picture.data["steps"] == [0, 1, 2, 3]


def test_the_number_of_steps_stands_for_the_usual_schedule(rng):
    noise = rng.normal(size=(5, 2))
    short = inspection.denoise(perfect(linear_betas(20)), steps=20, noise=noise)
    spelled = inspection.denoise(perfect(linear_betas(20)), betas=linear_betas(20), noise=noise)
    assert np.allclose(short.data["made"], spelled.data["made"])
    for steps in (20, 100, 1000):
        assert alpha_bars(linear_betas(steps))[-1] < 1e-3  # nearly nothing of the data is left


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.time, self.net, self.drop = nn.Embedding(10, 4), nn.Linear(6, 2), nn.Dropout(0.5)

    def forward(self, x, t):
        return self.drop(self.net(learnnn.cat([x, self.time(t)], 1)))


def test_a_module_is_asked_and_left_as_it_was():
    learnnn.manual_seed(0)
    model = Net()
    before = [p.detach().numpy().copy() for p in model.parameters()]
    state = np.asarray(learnnn.get_rng_state()).copy()
    picture = inspection.denoise(model, steps=10, shape=(20, 2), seed=1)
    again = inspection.denoise(model, steps=10, shape=(20, 2), seed=1)
    assert picture.data == again.data
    assert model.training and model.drop.training
    assert all((p.detach().numpy() == b).all() for p, b in zip(model.parameters(), before))
    assert (np.asarray(learnnn.get_rng_state()) == state).all()


@pytest.mark.parity
def test_pytorchs_module_is_asked_too():
    torch = pytest.importorskip("torch")
    model, ours = torch.nn.Linear(2, 2).double(), nn.Linear(2, 2).double()
    with learnnn.no_grad():
        for mine, other in zip(ours.parameters(), model.parameters()):
            mine.copy_(learnnn.tensor(other.detach().numpy()))
    made = [inspection.denoise(lambda x, t, m=m: m(x), steps=10, shape=(5, 2)).data["made"] for m in (model, ours)]
    assert np.allclose(*made)


def test_a_class_over_a_lessons_tensor_is_asked_too(rng):
    """A denoiser of lesson 05's own Tensor, against the same sums in numpy."""
    Tensor, weight = lesson_names(5).Tensor, rng.normal(size=(2, 2))

    class Denoiser:
        def __init__(self):
            self.weight = Tensor(weight)

        def __call__(self, x, t):
            return x @ self.weight

    model, noise = Denoiser(), rng.normal(size=(6, 2))
    found = inspection.denoise(model, betas=linear_betas(4), noise=noise, seed=3)
    same = inspection.denoise(lambda x, t: x @ weight, betas=linear_betas(4), noise=noise, seed=3)
    assert np.allclose(found.states[-1], same.states[-1])
    assert np.array_equal(model.weight.data, weight)
    assert not model.weight.grad.any()


def test_images_are_denoised(rng):
    betas = linear_betas(12)
    data = rng.uniform(size=(9, 1, 6, 6))
    picture = inspection.denoise(lambda x, t: x / 2, betas=betas, shape=(4, 1, 6, 6), data=data)
    state = picture.state()
    assert state["panels"][0]["samples"].shape[1:] == (4, 6, 6, 1)
    assert state["panels"][1]["samples"].shape[1:] == (9, 6, 6, 1)
    assert state["panels"][0]["arrows"] is None
    assert "<image" in picture.to_svg()


def test_every_form_is_there(rng):
    pytest.importorskip("matplotlib")
    betas = linear_betas(60)
    data = rng.multivariate_normal(MEAN, COVARIANCE, size=20)
    picture = inspection.denoise(perfect(betas), betas=betas, shape=(20, 2), data=data, title="a <b>", keep=3)
    assert picture.to_svg().startswith("<svg") and "a &lt;b&gt;" in picture.to_svg()
    assert picture.to_png(1)[:4] == picture.to_png(1, dark=True)[:4] == b"\x89PNG"
    assert set(picture.frame()) <= set(picture.state())
    assert len(inspection.denoise(perfect(betas), betas=betas, shape=(400, 2), data=data).to_html()) < 450_000
    assert "denoising 20 points in 60 steps" in picture.text == repr(picture)


@pytest.mark.parametrize(
    ("model", "options", "error", "words"),
    [
        (lambda x: x, {"noise": np.ones((2, 2)), "betas": [2.0]}, ValueError, "between 0 and 1"),
        (lambda x, t: x, {"steps": 5}, ValueError, "where to begin"),
        (lambda x, t: x, {"steps": 0, "shape": (2, 2)}, ValueError, "an integer from 1"),
        (lambda x, t: x, {"steps": 5, "shape": (2, 3)}, ValueError, "choose two columns"),
        (lambda x, t: x[:, :1], {"steps": 5, "shape": (2, 2)}, ValueError, "the same shape"),
        (lambda x: 3, {"shape": (2, 2)}, TypeError, "one by one"),
        (lambda x: [x], {"shape": (2, 2)}, ValueError, "two at least"),
        ([np.ones((2, 2)), np.ones((3, 2))], {}, ValueError, "differ in shape"),
        ([np.ones((2, 2))] * 3, {"data": np.ones((2, 2))}, ValueError, "betas with 2 numbers"),
        ([np.ones((2, 2))] * 3, {"data": np.ones((2, 4, 4))}, ValueError, "data has samples"),
        ([np.ones((2, 2)), np.full((2, 2), np.nan)], {}, ValueError, "state 1 holds nan"),
        ([np.ones((2, 2))] * 3, {"keep": 1}, ValueError, "2 at least"),
        (3, {}, TypeError, "no model"),
    ],
)
def test_errors_say_what_to_do(model, options, error, words):
    with pytest.raises(error, match=words):
        inspection.denoise(model, **options)
