"""Lesson 01's bank: its truth is true, and a neuron made of the learner's parts learns as learnnn's own does."""

import math

import numpy as np
import pytest

import learnnn as torch
from learnnn import course, datasets, nn
from learnnn.course.exercise import find
from learnnn.course.exercises import ch01_neuron as bank

IDS = (
    "neuron.weighted_sum",
    "neuron.step",
    "neuron.sigmoid",
    "neuron.neuron",
    "neuron.log_loss",
    "neuron.gradient",
    "neuron.update",
    "neuron.accuracy",
    "neuron.perceptron",
    "neuron.standardize",
    "neuron.predict",
    "neuron.find_the_bug",
)


def right(id: str) -> list:
    """Everything that is a right answer to an exercise."""
    exercise = find(f"neuron.{id}")
    return [exercise.solution, *exercise.variants]


def test_the_lesson_asks_these_exercises_in_this_order():
    assert [exercise.id for exercise in course.exercises(lesson=1)] == list(IDS)


@pytest.mark.parametrize("id", IDS)
def test_every_hint_says_something(id):
    exercise = find(id)
    assert exercise.replaces is None, "learnnn's counterparts know their slopes, and those of this lesson do not"
    assert all(len(mistake.hint) > 30 for mistake in exercise.mistakes)
    assert all(len(hint) > 30 for hint in exercise.hints)


def test_a_hint_speaks_of_the_learners_numbers():
    def gradient(X, y, w, b):
        miss = bank.neuron(X, w, b) - y
        return X.T @ miss, miss.sum()

    report = course.check("neuron.gradient", gradient, seed=0)
    assert report.diagnosis == "sum-for-mean"
    assert "2 times" in report.hint


def test_an_overflow_is_an_error_and_not_a_warning():
    report = course.check("neuron.sigmoid", lambda z: 1 / (1 + np.exp(-np.asarray(z))))
    assert report.diagnosis == "overflows-far-below"
    assert "1000" in report.failure.inputs
    assert isinstance(report.failure.actual, FloatingPointError)


def test_one_number_of_a_prediction_is_judged_without_giving_the_right_one_away():
    report = course.check("neuron.predict", lambda: (2.2, -0.7, 5))
    assert not report.passed
    assert "0.9" not in repr(report)


# ------------------------------------------------------------------------------------------------- the truth
RNG = np.random.default_rng(0)
X, W, B = RNG.normal(size=(6, 3)), RNG.normal(size=3), 0.3
Y = np.array([1, 0, 0, 1, 1, 0])
P = 1 / (1 + np.exp(-(X @ W + B)))


def test_exact_sums_and_sigmoids_agree_with_the_plain_formulas():
    assert [bank.exact_sum(row, W, B) for row in X] == pytest.approx(X @ W + B, rel=1e-14)
    assert bank.probabilities(X, W, B) == pytest.approx(P, rel=1e-14)
    assert bank.exact_sigmoid(np.array([-1000.0, 1000.0])).tolist() == [0.0, 1.0]


def test_the_loss_of_an_exact_product_agrees_with_the_formula_of_the_books():
    by_the_book = -(Y * np.log(P) + (1 - Y) * np.log(1 - P)).mean()
    assert bank.exact_log_loss(P, Y) == pytest.approx(by_the_book, rel=1e-14)
    assert bank.stable_loss(X, Y, W.tolist(), B) == pytest.approx(by_the_book, rel=1e-14)
    assert bank.stable_loss(np.array([[1.0]]), np.array([0]), [5000.0], 0.0) == 5000.0


def test_nudging_agrees_with_the_closed_form():
    dw, db = bank.nudged(X, Y, W, B)
    assert dw == pytest.approx(X.T @ (P - Y) / 6, abs=1e-11)
    assert db == pytest.approx((P - Y).mean(), abs=1e-11)


def test_the_dual_perceptron_agrees_with_the_plain_one():
    for seed in range(20):
        for question in bank.perceptron_questions(np.random.default_rng(seed)):
            w, b, corrections = bank.perceptron(*question)
            w_dual, b_dual, corrections_dual = bank.dual_perceptron(*question)
            assert w_dual == pytest.approx(w, abs=1e-12)
            assert (b_dual, corrections_dual) == (pytest.approx(b), corrections)


def test_standard_scores_have_mean_0_and_deviation_1():
    scores = bank.exact_scores(X, X)
    assert scores.mean(axis=0) == pytest.approx(np.zeros(3), abs=1e-12)
    assert scores.std(axis=0) == pytest.approx(np.ones(3), rel=1e-12)


# ---------------------------------------------------------------------- the learner's neuron beside learnnn's own
def irises() -> tuple[np.ndarray, np.ndarray]:
    """Petals of versicolor (0) and virginica (1), from the average."""
    measurements, species = datasets.iris(scale=False)
    petals = measurements[species > 0][:, 2:].astype(float)
    return petals - petals.mean(axis=0), (species[species > 0] == 2).astype(int)


def learnnns_own(inputs: np.ndarray, labels: np.ndarray, steps: int) -> tuple[np.ndarray, float, list[float]]:
    """w, b and the losses of a Linear(2, 1) trained by gradient descent from zero."""
    model, losses = nn.Linear(2, 1, dtype=torch.float64), []
    points, wanted = torch.tensor(inputs), torch.tensor(labels, dtype=torch.float64)
    for parameter in model.parameters():
        nn.init.zeros_(parameter)
    for _ in range(steps):
        loss = nn.functional.binary_cross_entropy_with_logits(model(points)[:, 0], wanted)
        loss.backward()
        losses.append(loss.item())
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= parameter.grad
                parameter.grad = None
    return model.weight.detach().numpy()[0], model.bias.item(), losses


@pytest.fixture(scope="module")
def shipped():
    return learnnns_own(*irises(), steps=50)


@pytest.mark.parametrize("update", right("update"))
def test_every_right_update_learns_as_learnnn_does(update, shipped):
    inputs, labels = irises()
    w, b = np.zeros(2), 0.0
    for _ in range(50):
        w, b = update(inputs, labels, w, b, 1.0)
    assert w == pytest.approx(shipped[0], abs=1e-9)
    assert b == pytest.approx(shipped[1], abs=1e-9)


@pytest.mark.parametrize("gradient", right("gradient"))
def test_every_right_gradient_learns_as_learnnn_does(gradient, shipped):
    inputs, labels = irises()
    w, b = np.zeros(2), 0.0
    for _ in range(50):
        dw, db = gradient(inputs, labels, w, b)
        w, b = w - dw, b - db
    assert w == pytest.approx(shipped[0], abs=1e-9)


@pytest.mark.parametrize("log_loss", right("log_loss"))
@pytest.mark.parametrize("neuron", right("neuron"))
def test_every_right_neuron_and_loss_see_the_losses_that_learnnn_sees(neuron, log_loss, shipped):
    inputs, labels = irises()
    w, b = np.zeros(2), 0.0
    for step in range(3):
        assert log_loss(neuron(inputs, w, b), labels) == pytest.approx(shipped[2][step], abs=1e-9)
        w, b = bank.update(inputs, labels, w, b, 1.0)


@pytest.mark.parametrize("sigmoid", right("sigmoid"))
def test_every_right_sigmoid_agrees_with_the_shipped_one(sigmoid):
    z = np.concatenate([np.linspace(-50, 50, 201), [-1e300, 1e300, -0.0]]).reshape(3, -1)
    with np.errstate(over="raise", invalid="raise"):
        assert sigmoid(z) == pytest.approx(torch.sigmoid(torch.tensor(z)).numpy(), abs=1e-12)


@pytest.mark.parametrize("perceptron", right("perceptron"))
def test_every_right_perceptron_comes_to_rest_where_a_line_separates(perceptron):
    measurements, species = datasets.iris(scale=False)
    petals, setosa = measurements[:, 2:].astype(float), (species == 0).astype(int)
    w, b = np.zeros(2), 0.0
    for _ in range(3):
        w, b, corrections = perceptron(petals, setosa, w, b)
    assert corrections == 0
    assert ((petals @ w + b > 0) == setosa).all()


@pytest.mark.parametrize("standardize", right("standardize"))
def test_every_right_ruler_agrees_with_scikit_learns(standardize):
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    known = np.column_stack([X, np.full(6, 7.0)])  # the last column never varies
    ruler = preprocessing.StandardScaler().fit(known)
    assert standardize(known + 1, known) == pytest.approx(ruler.transform(known + 1), abs=1e-12)


def test_the_broken_fit_learns_from_floats_and_not_from_whole_numbers():
    inputs, labels = irises()
    w, _ = bank.fit_in_whole_numbers(inputs, labels, 50, 1.0)
    assert np.abs(w).min() > 1
    w, _ = bank.fit_in_whole_numbers(np.round(10 * inputs).astype(int), labels, 50, 0.01)
    assert w.tolist() == [0, 0]


# ------------------------------------------------------------------------------------------------ and PyTorch
@pytest.mark.parity
def test_loss_and_gradient_agree_with_pytorch():
    pytorch = pytest.importorskip("torch")
    w = pytorch.tensor(W, requires_grad=True)
    b = pytorch.tensor(B, dtype=pytorch.float64, requires_grad=True)
    p = pytorch.sigmoid(pytorch.tensor(X) @ w + b)
    loss = pytorch.nn.functional.binary_cross_entropy(p, pytorch.tensor(Y, dtype=pytorch.float64))
    loss.backward()
    assert bank.log_loss(bank.neuron(X, W, B), Y) == pytest.approx(loss.item(), rel=1e-12)
    dw, db = bank.gradient(X, Y, W, B)
    assert dw == pytest.approx(w.grad.numpy(), abs=1e-12)
    assert db == pytest.approx(b.grad.item(), abs=1e-12)
    assert math.isclose(bank.exact_log_loss(P, Y), loss.item(), rel_tol=1e-12)
