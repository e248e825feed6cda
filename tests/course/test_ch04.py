"""Lesson 04's bank: its truth is true, what a learner writes trains, and it runs in the framework's playground."""

import math
import random
import types

import numpy as np
import pytest

import learnnn as torch
from learnnn import course, datasets, inspection, nn
from learnnn.course.exercise import find
from learnnn.course.exercises import ch03_scalar_autograd as earlier
from learnnn.course.exercises import ch04_scalar_mlp as bank

IDS = (
    "mlp.Neuron",
    "mlp.Layer",
    "mlp.MLP",
    "mlp.loss",
    "mlp.accuracy",
    "mlp.zero_grad",
    "mlp.train_step",
    "mlp.count_parameters",
    "mlp.weight_decay",
    "mlp.predict",
    "mlp.find_the_bug",
)
NETWORKS = (find("mlp.MLP").solution, *find("mlp.MLP").variants)
LOSSES = (find("mlp.loss").solution, *find("mlp.loss").variants)
STEPS = (find("mlp.train_step").solution, *find("mlp.train_step").variants)


def test_the_lesson_asks_these_exercises_in_this_order():
    assert [exercise.id for exercise in course.exercises(lesson=4)] == list(IDS)


@pytest.mark.parametrize("id", IDS)
def test_every_exercise_has_a_full_bank(id):
    exercise = find(id)
    assert len(exercise.mistakes) >= 8
    assert len(exercise.variants) >= 3
    assert all(len(hint) > 30 for hint in exercise.hints)
    assert all(len(mistake.hint) > 30 for mistake in exercise.mistakes)


def test_a_hint_speaks_of_the_learners_numbers():
    report = course.check("mlp.loss", bank.mean_of(lambda s, t: bank.softplus(s * -t), lambda scores: 1), seed=3)
    assert report.diagnosis == "not-averaged"
    assert "2 times the mean" in report.hint


# ------------------------------------------------------------------------------------------------- the truth
def test_plain_numbers_agree_with_closed_forms():
    x, numbers = [0.5, -2.0], [1.0, 0.25, -0.5]
    z = 0.5 * 1 - 2 * 0.25 - 0.5
    assert bank.plain_neuron(x, numbers, linear=True) == pytest.approx(z)
    assert bank.plain_neuron(x, numbers) == pytest.approx(math.tanh(z))
    both = math.log1p(math.exp(-3)) + math.log1p(math.e)
    assert bank.plain_loss([3.0, -1.0], [1.0, 1.0]) == pytest.approx(both / 2)
    assert bank.plain_loss([1000.0, -1000.0], [-1.0, 1.0]) == pytest.approx(1000)


def test_nudging_agrees_with_closed_forms():
    x, numbers = [0.5, -2.0], [1.0, 0.25, -0.5]
    bend = 1 - bank.plain_neuron(x, numbers) ** 2
    assert bank.nudged(lambda p: bank.plain_neuron(x, p), numbers) == pytest.approx((0.5 * bend, -2 * bend, bend))
    assert bank.nudged(lambda s: bank.plain_loss(s, [1.0, -1.0]), [0.0, 0.0]) == pytest.approx((-0.25, 0.25))


def test_a_plain_network_is_one_of_arrays():
    rng = np.random.default_rng(0)
    w1, b1, w2, b2 = rng.normal(size=(3, 2)), rng.normal(size=3), rng.normal(size=3), rng.normal()
    x = rng.normal(size=2)
    numbers = [*np.column_stack([w1, b1]).ravel(), *w2, b2]
    assert bank.plain_network(x, numbers, (3,)) == pytest.approx(w2 @ np.tanh(w1 @ x + b1) + b2)


def test_the_check_finds_the_value_that_the_code_uses():
    source = "class Neuron:\n    def __call__(self, x):\n        return Value(x)\ndef loss(scores): return Value(0)"
    space = {"Value": earlier.EdgeValue, "__name__": "elsewhere"}
    exec(source, space)
    assert bank.number_of(space["Neuron"]) is earlier.EdgeValue
    assert bank.number_of(space["loss"]) is earlier.EdgeValue
    assert bank.number_of(types.FunctionType(space["loss"].__code__, {})) is earlier.Value


@pytest.mark.parametrize("value", [earlier.EdgeValue, earlier.ClosureValue, earlier.MethodValue])
@pytest.mark.parametrize("id", IDS[:7])
def test_any_right_value_carries_the_lesson(value, id, monkeypatch):
    monkeypatch.setattr(bank, "Value", value)
    report = course.check(id, find(id).solution, seed=0)
    assert report.passed, report


def test_a_report_does_not_give_a_predicted_number_away():
    report = course.check("mlp.predict", lambda: (-0.5, 0.0, -1.5, -1.5))
    assert report.diagnosis == "input-forgotten"
    assert "-3" not in str(report.failure.expected) + report.hint


# ----------------------------------------------------------------------------------- what a learner writes, at work
def moons(n=30):
    X, y = datasets.moons(n, noise=0.1)
    return X.tolist(), [1 if label else -1 for label in y]


def copied_into(model: nn.Module, numbers: list) -> None:
    """A learner's parameters, neuron after neuron, into Linear(2, 5), Tanh, Linear(5, 1)."""
    hidden = torch.tensor(numbers[:15], dtype=torch.float64).reshape(5, 3)
    with torch.no_grad():
        model[0].weight.copy_(hidden[:, :2])
        model[0].bias.copy_(hidden[:, 2])
        model[2].weight.copy_(torch.tensor(numbers[15:20], dtype=torch.float64).reshape(1, 5))
        model[2].bias.copy_(torch.tensor(numbers[20:], dtype=torch.float64))


def framework_losses(numbers: list, steps: int) -> list[float]:
    points, targets = moons()
    model = nn.Sequential(nn.Linear(2, 5), nn.Tanh(), nn.Linear(5, 1)).double()
    copied_into(model, numbers)
    X, y = torch.tensor(points, dtype=torch.float64), (torch.tensor(targets, dtype=torch.float64) + 1) / 2
    optimizer, losses = torch.optim.SGD(model.parameters(), lr=1.0), []
    for _ in range(steps):
        loss = nn.BCEWithLogitsLoss()(model(X)[:, 0], y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("step", STEPS)
def test_a_learners_network_trains_as_the_frameworks(network, step):
    points, targets = moons()
    model = network(2, [5], random.Random(1))
    expected = framework_losses([p.data for p in model.parameters()], 6)
    assert [step(model, points, targets, 1.0) for _ in range(6)] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_has_the_frameworks_gradient(loss):
    scores, targets = [40.0, -3.0, 0.0, 2.0, -800.0], [-1.0, -1.0, 1.0, 1.0, 1.0]
    values = [bank.Value(s) for s in scores]
    out = loss(values, targets)
    out.backward()
    s, t = torch.tensor(scores, dtype=torch.float64, requires_grad=True), torch.tensor(targets, dtype=torch.float64)
    expected = nn.functional.softplus(-t * s).mean()
    expected.backward()
    assert out.data == pytest.approx(expected.item())
    assert [v.grad for v in values] == pytest.approx(s.grad.tolist(), abs=1e-9)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("hidden", [[], [1], [3, 2]])
def test_sizes_are_counted_in_four_ways(network, hidden):
    expected = len(network(3, hidden, random.Random(0)).parameters())
    counts = (find("mlp.count_parameters").solution, *find("mlp.count_parameters").variants)
    assert {count(3, list(hidden)) for count in counts} == {expected} == {bank.size_of(3, hidden)}


def test_weight_decay_draws_every_parameter_towards_zero():
    values = [bank.Value(2.0), bank.Value(-4.0)]
    bank.weight_decay(values, 0.5).backward()
    assert [v.grad for v in values] == [1.0, -2.0]


# ------------------------------------------------------------------------------------------- what the lesson says
def test_neurons_that_start_alike_stay_alike():
    points, targets = moons()
    model = bank.MLP(2, [4], random.Random(0))
    for p in model.parameters():
        p.data = 0.5
    for _ in range(5):
        bank.train_step(model, points, targets, 1.0)
    neurons = [tuple(p.data for p in neuron.parameters()) for neuron in model.layers[0].neurons]
    assert len(set(neurons)) == 1
    assert neurons[0] != (0.5, 0.5, 0.5)


def test_zeros_never_move():
    points, targets = moons()
    model = bank.MLP(2, [4], random.Random(0))
    for p in model.parameters():
        p.data = 0.0
    losses = [bank.train_step(model, points, targets, 1.0) for _ in range(5)]
    assert losses == pytest.approx([math.log(2)] * 5)
    assert all(abs(p.data) < 1e-12 for p in model.parameters())


@pytest.mark.slow
def test_the_moons_are_separated_in_the_lessons_150_steps():
    points, targets = moons(60)
    model = bank.MLP(2, [8], random.Random(1))
    for _ in range(150):
        bank.train_step(model, points, targets, 2.0)
    assert bank.accuracy([model(x) for x in points], targets) == 1.0


@pytest.mark.parametrize("network", NETWORKS)
def test_the_hooks_see_a_learners_network(network):
    points, targets = moons()
    model = network(2, [3], random.Random(1))
    before = [p.data for p in model.parameters()]
    boundary = inspection.decision_boundary(model, points, targets, resolution=4)
    right = bank.accuracy([model(x) for x in points], targets)
    assert boundary.accuracy == pytest.approx(right)
    assert [p.data for p in model.parameters()] == before


def test_the_playground_trains_a_learners_network():
    model = bank.MLP(2, [3], random.Random(1))

    def step(X, y):
        return bank.train_step(model, X.tolist(), [1 if label else -1 for label in y], 1.0)

    before = [p.data for p in model.parameters()]
    inspection.playground(datasets.moons(40), model=model, train_step=step).step(3)
    assert [p.data for p in model.parameters()] != before
