"""Lesson 02's bank: the truths it judges by are themselves true, and what learners write trains as learnnn does."""

import numpy as np
import pytest

import learnnn as torch
from learnnn import course, datasets, nn, optim
from learnnn.course import unfinished
from learnnn.course.exercise import find
from learnnn.course.exercises import ch02_gradient_descent as bank

IDS = (
    "descent.predict_linear",
    "descent.mse",
    "descent.numerical_gradient",
    "descent.gradient",
    "descent.step",
    "descent.descend",
    "descent.least_squares",
    "descent.largest_rate",
    "descent.batches",
    "descent.predict",
    "descent.find_the_bug",
)
answers = lambda id: (find(id).solution, *find(id).variants)


@pytest.fixture
def patients():
    X, y = datasets.diabetes()
    return X.astype(float), y.astype(float)


def test_the_lesson_asks_these_exercises_in_this_order():
    assert [exercise.id for exercise in course.exercises(lesson=2)] == list(IDS)


@pytest.mark.parametrize("id", IDS)
def test_every_exercise_has_a_full_bank(id):
    exercise = find(id)
    assert len(exercise.mistakes) >= 8
    assert len(exercise.variants) >= 3
    assert all(exercise.hints)
    assert all(len(mistake.hint) > 30 for mistake in exercise.mistakes)
    assert exercise.replaces is None


def test_a_hint_takes_its_numbers_from_the_smallest_failing_case():
    report = course.check("descent.mse", lambda p, t: np.sum((p - t) ** 2), seed=0)
    assert report.diagnosis == "sum-for-mean"
    assert report.failure.inputs in report.hint
    assert "{" not in report.hint


# ------------------------------------------------------------------------------------------------- the truths
def drawn(n, d, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), rng.normal(size=n), rng.normal(size=d), float(rng.normal())


@pytest.mark.parametrize(("n", "d"), [(1, 1), (5, 3), (2, 4)])
def test_the_truth_of_the_slopes_is_that_of_learnnn(n, d):
    X, y, w, b = drawn(n, d)
    weight, bias = torch.tensor(w).requires_grad_(), torch.tensor(b, dtype=torch.float64).requires_grad_()
    nn.functional.mse_loss(torch.tensor(X) @ weight + bias, torch.tensor(y)).backward()
    grad_w, grad_b = bank.true_slopes(X, y, w, b)
    assert grad_w == pytest.approx(weight.grad.numpy())
    assert grad_b == pytest.approx(bias.grad.item())


@pytest.mark.parametrize("lr", [0.05, 0.5])
def test_the_truth_of_the_descent_is_that_of_learnnns_optimizer(lr):
    X, y, w, b = drawn(6, 3)
    weight, bias = torch.tensor(w).requires_grad_(), torch.tensor(b, dtype=torch.float64).requires_grad_()
    optimizer, losses = optim.SGD([weight, bias], lr=lr), []
    for _ in range(8):
        loss = nn.functional.mse_loss(torch.tensor(X) @ weight + bias, torch.tensor(y))
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    end_w, end_b, on_the_way = bank.descent_in_closed_form(X, y, w, b, lr, 8)
    assert on_the_way[:-1] == pytest.approx(losses)
    assert end_w == pytest.approx(weight.detach().numpy())
    assert end_b == pytest.approx(bias.item())


def test_the_truth_of_the_loss_is_the_mean_square():
    X, y, *_ = drawn(5, 2)
    assert bank.mean_square(X, X[::-1]) == pytest.approx(np.mean((X - X[::-1]) ** 2))
    assert bank.mean_square(y, y) == 0


def test_what_the_fit_is_built_from_is_the_lowest_point():
    X, y, w, b = bank.built(np.random.default_rng(3), 12, 4)
    grad_w, grad_b = bank.true_slopes(X, y, w, b)
    assert np.append(grad_w, grad_b) == pytest.approx(np.zeros(5), abs=1e-10)
    assert bank.loss_of(X, y, w, b) > 0.01  # not a perfect fit, which a shortcut would find too


@pytest.mark.parametrize(("share", "falls"), [(0.99, True), (1.01, False)])
def test_beyond_the_largest_rate_the_descent_diverges(share, falls):
    X, y, w, b = drawn(20, 3)
    _, _, losses = bank.descent_in_closed_form(X, y, w, b, share * bank.longest_stretch(X), 3000)
    assert (losses[-1] < losses[0]) == falls


# ----------------------------------------------------------------------------------------- at work, on patients
@pytest.mark.parametrize("descend", answers("descent.descend"))
def test_each_right_descent_finds_the_least_squares_line(descend, patients):
    X, y = patients[0][:, 2:4], patients[1]
    w, b, losses = descend(X, y, np.zeros(2), 0.0, 0.2, 150)
    assert len(losses) == 151
    for fit in answers("descent.least_squares"):
        best_w, best_b = fit(X, y)
        assert w == pytest.approx(best_w, rel=1e-6)
        assert b == pytest.approx(best_b, rel=1e-6)


@pytest.mark.parametrize("slopes", answers("descent.gradient"))
def test_each_right_gradient_agrees_with_each_way_of_nudging(slopes, patients):
    X, y = patients
    knobs = np.random.default_rng(0).normal(size=11)
    loss = lambda k: bank.mse(bank.predict_linear(X, k[:-1], k[-1]), y)
    for nudging in answers("descent.numerical_gradient"):
        assert np.append(*slopes(X, y, knobs[:-1], knobs[-1])) == pytest.approx(nudging(loss, knobs, 1e-2), rel=1e-6)


@pytest.mark.parametrize("batches", answers("descent.batches"))
def test_each_right_way_to_cut_batches_feeds_learnnns_loader(batches, patients):
    X, y = torch.tensor(patients[0]), torch.tensor(patients[1])
    rows = torch.utils.data.TensorDataset(X, y)
    cut = [np.asarray(batch).tolist() for batch in batches(len(rows), 50, np.random.default_rng(0))]
    given = list(torch.utils.data.DataLoader(rows, batch_sampler=cut))
    assert [len(their) for _, their in given] == [50] * 8 + [42]
    assert sum(their.sum().item() for _, their in given) == pytest.approx(y.sum().item())


@pytest.mark.parametrize("rate", answers("descent.largest_rate"))
def test_each_right_largest_rate_on_standard_columns(rate, patients):
    assert rate(patients[0][:, 2:3]) == pytest.approx(1.0, rel=1e-5)


def test_the_broken_fit_is_flat_and_each_repair_finds_the_slope(patients):
    x, y = patients[0][:, 2], patients[1]
    w, b = bank.fit_with_a_column(x, y)
    assert w == pytest.approx(0, abs=1e-3)
    assert b == pytest.approx(y.mean(), rel=1e-6)
    for repair in answers("descent.find_the_bug"):
        assert repair()[0](x, y)[0] == pytest.approx(np.polyfit(x, y, 1)[0], rel=1e-6)


def test_the_patients_are_those_of_the_paper():
    X, y = measured = datasets.diabetes(scale=False)
    assert X.shape == (442, 10)
    assert measured.feature_names[2] == "bmi"
    assert y.mean() == pytest.approx(152.13, abs=0.01)
    assert datasets.diabetes().X.std(0) == pytest.approx(np.ones(10), rel=1e-5)
    (X, y), (X_test, y_test) = datasets.diabetes(split=0.2, seed=3)
    assert X.dtype == y.dtype == np.float32
    assert (len(X), len(X_test)) == (354, 88)
    assert X.mean(0) == pytest.approx(np.zeros(10), abs=1e-5)
    assert abs(X_test.mean(0)).max() > 1e-3  # scaled as the training part is
    assert len(y_test) == 88


# ---------------------------------------------------------------------------------------------------- manners
def test_the_answers_are_not_given_away():
    assert "1.96" not in repr(course.check("descent.predict", lambda: (0.36, 1.0, 7.0)))
    assert not course.check("descent.predict", lambda: (0.36, 1.0, 7.0)).passed
    assert "not B" in repr(course.check("descent.find_the_bug", bank.saying(bank.fit, "B")))


@pytest.mark.parametrize("id", IDS)
def test_a_cell_not_written_yet_is_told_so(id):
    def unwritten(*args):
        raise NotImplementedError()

    unfinished.explain_unfinished()
    assert course.check(id, unwritten).status == "unwritten"


def test_a_descent_that_moves_its_start_is_caught():
    w = np.ones(1)
    report = course.check("descent.descend", bank.descend_in_place, seed=1)
    assert report.diagnosis == "start-overwritten"
    bank.descend(*bank.POINTS, w, 0.0, 0.3, 3)
    assert w.item() == 1.0
