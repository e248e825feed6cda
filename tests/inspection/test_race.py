"""The optimizer race, against closed forms, loops and PyTorch's optimizers."""

import numpy as np
import pytest

import learnnn
from learnnn import inspection, optim
from learnnn.inspection.surfaces.grounds import GROUNDS

bowl = lambda x, y: (x * x + 10 * y * y) / 2


def sgd(lr):
    return lambda params: optim.SGD(params, lr=lr)


class Mine:
    """Gradient descent as a lesson writes it."""

    def __init__(self, params, lr):
        self.params, self.lr = list(params), lr

    def zero_grad(self):
        for p in self.params:
            p.grad = None

    def step(self):
        for p in self.params:
            p.data -= self.lr * p.grad


class OnArrays(Mine):
    """The same, for parameters that are plain arrays."""

    def zero_grad(self):
        for p in self.params:
            p.grad = np.zeros_like(p.data)

    def step(self):
        for p in self.params:
            np.subtract(p.data, np.multiply(self.lr, p.grad, out=np.empty(2)), out=p.data)


# ------------------------------------------------------------------------------------------------------ the paths
def test_gradient_descent_on_a_parabola_is_geometric():
    race = inspection.optimizer_race(bowl, {"SGD": sgd(0.15)}, start=(1.5, -1), steps=20)
    steps = np.arange(21)[:, None]
    assert np.allclose(race.data["paths"][0], [1.5, -1] * (1 - 0.15 * np.array([1, 10])) ** steps)
    assert race.data["losses"][0][0] == bowl(1.5, -1)


def test_momentum_is_the_recurrence_of_the_textbook():
    race = inspection.optimizer_race(bowl, [lambda p: optim.SGD(p, lr=0.1, momentum=0.8)], start=(1, 1), steps=15)
    place, speed = np.array([1.0, 1.0]), np.zeros(2)
    for expected in race.data["paths"][0]:
        assert np.allclose(place, expected)
        speed = 0.8 * speed + place * [1, 10]
        place = place - 0.1 * speed


@pytest.mark.parity
@pytest.mark.parametrize("surface", GROUNDS)
def test_the_usual_five_walk_as_pytorchs_do(surface):
    torch = pytest.importorskip("torch")
    ours = inspection.optimizer_race(surface, steps=40)
    ground = GROUNDS[surface]
    SGD, momentum = torch.optim.SGD, {"momentum": 0.9}
    theirs = {
        "SGD": lambda p: SGD(p, lr=ground.lr), "momentum": lambda p: SGD(p, lr=ground.lr, **momentum),
        "Nesterov": lambda p: SGD(p, lr=ground.lr, nesterov=True, **momentum),
        "RMSprop": lambda p: torch.optim.RMSprop(p, lr=ground.step / 2),
        "Adam": lambda p: torch.optim.Adam(p, lr=ground.step),
    }  # fmt: skip
    race = inspection.optimizer_race(surface, theirs, steps=40)
    assert np.allclose(race.paths, ours.paths, rtol=1e-9, atol=1e-12)
    assert race.rates == ours.rates
    assert len(race.state()["starts"]) == len(ours.state()["starts"]) > 0


@pytest.mark.parametrize("kind", [Mine, OnArrays])
def test_ones_own_optimizer_races(kind):
    race = inspection.optimizer_race(bowl, {"mine": lambda p: kind(p, 0.1), "SGD": sgd(0.1)}, steps=12, start=(1, 1))
    assert np.allclose(*race.paths)
    assert race.rates == [0.1, 0.1]


def test_an_optimizer_without_zero_grad_is_given_fresh_gradients():
    class Bare:
        def __init__(self, params):
            (self.p,) = params

        def step(self):
            self.p.data -= 0.1 * self.p.grad

    race = inspection.optimizer_race(bowl, {"bare": Bare, "SGD": sgd(0.1)}, steps=12, start=(1, 1))
    assert np.allclose(*race.paths)
    assert race.rates == [None, 0.1]


def test_lbfgs_is_given_its_closure():
    race = inspection.optimizer_race(bowl, {"LBFGS": lambda p: optim.LBFGS(p, lr=0.5)}, start=(1, 1), steps=5)
    assert race.data["losses"][0][-1] < 1e-6


def test_minima_are_minima():
    for ground in GROUNDS.values():
        for place in ground.minima:
            x = learnnn.tensor(place, dtype=learnnn.float64, requires_grad=True)
            ground.f(x[0], x[1]).backward()
            assert np.allclose(x.grad.numpy(), 0, atol=1e-6)
            around = [ground.f(place[0] + a, place[1] + b) for a in (-0.01, 0.01) for b in (-0.01, 0.01)]
            assert min(around) > ground.f(*place)


# -------------------------------------------------------------------------------------------------- what it says
def test_who_is_ahead():
    race = inspection.optimizer_race(
        bowl, {"slow": sgd(0.01), "fast": sgd(0.15), "mad": sgd(5.0)}, start=(1, 1), steps=30
    )
    assert race.data["order"] == ["fast", "slow", "mad"]
    assert race.text.index("fast reaches") < race.text.index("slow reaches") < race.text.index("mad is lost at step")
    lost = np.isnan(race.paths[2]).any(-1)
    assert lost.any() and (np.diff(lost.astype(int)) >= 0).all()  # once lost, for good
    assert race.data["distances"] is None
    known = inspection.optimizer_race("ravine", {"SGD": sgd(0.03)}, steps=50)
    assert known.data["distances"][0][-1] == pytest.approx(np.linalg.norm(known.paths[0, -1]))


def test_other_starts_are_walked_as_if_alone():
    race = inspection.optimizer_race("beale", steps=30)
    starts, paths, above = race.elsewhere
    assert len(starts) == 25
    for j in (0, 7, 24):
        alone = inspection.optimizer_race("beale", start=starts[j], steps=30)
        assert np.allclose(alone.paths, paths[:, j], equal_nan=True, rtol=1e-6, atol=1e-8)
        assert np.allclose(alone.losses, above[:, j], equal_nan=True, rtol=1e-6, atol=1e-8)  # the minimum is at 0


def test_no_other_starts_where_an_optimizer_looks_at_all_numbers_at_once():
    class Normed(Mine):
        def step(self):
            (p,) = self.params
            p.data -= self.lr * p.grad / (p.grad * p.grad).sum() ** 0.5

    race = inspection.optimizer_race(bowl, {"normed": lambda p: Normed(p, 0.1)}, start=(1, 1), steps=10)
    assert len(race.state()["starts"]) == 0
    assert race.to_html()


def test_events_run_again():
    race = inspection.optimizer_race(bowl, {"a": sgd(0.1), "b": sgd(0.05)}, start=(1, 1), steps=8)
    frame = race.event({"type": "start", "x": -1.0, "y": 0.5})
    assert frame["start"].tolist() == [-1, 0.5]
    assert np.allclose(
        frame["paths"], inspection.optimizer_race(bowl, {"a": sgd(0.1), "b": sgd(0.05)}, start=(-1, 0.5), steps=8).paths
    )
    frame = race.event({"type": "rate", "k": 1, "rate": 0.1})
    assert frame["rates"] == [0.1, 0.1]
    assert np.allclose(*frame["paths"])


def test_a_list_of_classes_and_of_optimizers():
    w = learnnn.ones(3, requires_grad=True)
    race = inspection.optimizer_race("ravine", [optim.Adam, optim.Adam, optim.SGD([w], lr=0.02, momentum=0.5)], steps=5)
    assert race.names == ["Adam", "Adam 2", "SGD"]
    assert race.rates == [0.001, 0.001, 0.02]
    assert w.grad is None


def test_every_form_is_there():
    pytest.importorskip("matplotlib")
    race = inspection.optimizer_race("himmelblau", title="a <b>")
    assert race.to_svg().startswith("<svg") and "a &lt;b&gt;" in race.to_svg()
    assert race.to_png(1)[:4] == race.to_png(1, dark=True)[:4] == b"\x89PNG"
    assert len(race.to_html()) < 450_000
    assert set(race.frame()) <= set(race.state())
    assert repr(race) == race.text


def test_nothing_random_is_drawn_and_no_gradient_mode_is_left():
    state = np.asarray(learnnn.get_rng_state()).copy()
    with learnnn.no_grad():
        inspection.optimizer_race("saddle", steps=5)
        assert not learnnn.is_grad_enabled()
    assert (np.asarray(learnnn.get_rng_state()) == state).all()


@pytest.mark.parametrize(
    ("arguments", "options", "error", "words"),
    [
        (("rosenbrok",), {}, ValueError, "did you mean 'rosenbrock'"),
        ((3,), {}, TypeError, "pass a name"),
        (("ravine", []), {}, ValueError, "who should race"),
        (("ravine", [3]), {}, TypeError, "no way to make one"),
        (("ravine", {"a": lambda p: 3}), {}, TypeError, r"without a step\(\)"),
        (("ravine",), {"steps": 0}, ValueError, "at least 1"),
        (("ravine",), {"start": (99, 0)}, ValueError, "off the map"),
        (("ravine",), {"start": 3}, ValueError, "two numbers"),
        (("ravine",), {"extent": (1, 0, 0, 1)}, ValueError, "extent"),
        ((lambda x, y: float("nan"),), {}, ValueError, "no height is a number"),
        ((lambda x, y: 1.0,), {}, TypeError, "not a tensor"),
    ],
)
def test_errors_say_what_to_do(arguments, options, error, words):
    with pytest.raises(error, match=words):
        inspection.optimizer_race(*arguments, **options)
