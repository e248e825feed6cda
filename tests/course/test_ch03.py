"""Lesson 03's bank: the truth it judges by is itself true, and its limits count work and not time."""

import math
import sys

import numpy as np
import pytest

import learnnn
from learnnn import autograd, course
from learnnn.course import unfinished
from learnnn.course.exercise import find
from learnnn.course.exercises import ch03_scalar_autograd as bank

IDS = (
    "scalar.add",
    "scalar.mul",
    "scalar.power",
    "scalar.tanh",
    "scalar.topological_order",
    "scalar.backward",
    "scalar.Value",
    "scalar.maximum",
    "scalar.newton",
    "scalar.predict",
    "scalar.find_the_bug",
)


def test_the_lesson_asks_these_exercises_in_this_order():
    assert [exercise.id for exercise in course.exercises(lesson=3)] == list(IDS)


@pytest.mark.parametrize("id", IDS)
def test_every_exercise_has_a_full_bank(id):
    exercise = find(id)
    assert len(exercise.mistakes) >= 6
    assert len(exercise.variants) >= 3
    assert all(exercise.hints)
    assert all(len(mistake.hint) > 30 for mistake in exercise.mistakes)


def test_a_hint_takes_its_numbers_from_the_smallest_failing_case():
    report = course.check("scalar.power", lambda a, n: (a**n, (a ** (n - 1),)))
    assert report.diagnosis == "exponent-factor-missing"
    assert "{" not in report.hint
    assert report.failure.inputs in report.hint


CLOSED_FORMS = [
    (lambda a: a * a * a, lambda x: 3 * x * x),
    (lambda a: a**-2, lambda x: -2 * x**-3),
    (lambda a: a**0.5, lambda x: 0.5 / math.sqrt(x)),
    (lambda a: a**0, lambda x: 0.0),
    (lambda a: a.exp(), math.exp),
    (lambda a: a.log(), lambda x: 1 / x),
    (lambda a: a.tanh(), lambda x: 1 / math.cosh(x) ** 2),
    (lambda a: 3 / a, lambda x: -3 / x**2),
    (lambda a: 3 - a, lambda x: -1.0),
    (lambda a: (a - 1.0).relu(), lambda x: float(x > 1)),
    (lambda a: (a * a) / (a + 1), lambda x: (x * x + 2 * x) / (x + 1) ** 2),
]


@pytest.mark.parametrize(("function", "slope"), CLOSED_FORMS)
@pytest.mark.parametrize("x", [0.3, 0.9, 2.5])
def test_dual_numbers_agree_with_closed_forms(function, slope, x):
    _, (found,) = bank.truth(function, x)
    assert found == pytest.approx(slope(x), rel=1e-12)


def test_dual_numbers_give_a_slope_for_each_input():
    value, slopes = bank.truth(lambda a, b: a * b + a, 2.0, -3.0)
    assert (value, slopes) == (-4.0, (-2.0, 2.0))


def test_too_much_work_is_stopped_and_the_profiler_put_back():
    before = sys.getprofile()
    with pytest.raises(bank.TooMuchWork), bank.counting(100):
        _ = [abs(i) for i in range(1000)]
    assert sys.getprofile() is before


def test_a_verdict_names_what_is_wrong_with_an_order():
    out, m, b, a = bank.items("m = a, b; out = m, a")
    assert bank.verdict(out, [out, m, a, b]) == bank.VALID
    assert bank.verdict(out, [out, m, b, a]) == bank.VALID
    assert "m is missing" in bank.verdict(out, [out, a, b])
    assert "a comes before m" in bank.verdict(out, [out, a, m, b])
    assert "more than once" in bank.verdict(out, [out, m, a, b, a])
    assert "not a list" in bank.verdict(out, (out, m, a, b))


def test_random_graphs_reach_every_node():
    for seed in range(20):
        root, *others = bank.items(bank.random_graph(np.random.default_rng(seed)))
        assert set(bank.reachable(root)) == {root, *others}


@pytest.mark.parametrize("order", [bank.topological_order, *find("scalar.topological_order").variants])
def test_a_learners_order_runs_the_framework(order):
    x = learnnn.tensor([1.0, 2.0], requires_grad=True)
    with course.swapped({"scalar.topological_order": order}):
        assert autograd.topological_order is order
        y = x
        for _ in range(2000):
            y = y * 0.5 + y * 0.5
        (y * x).sum().backward()
    assert x.grad.tolist() == pytest.approx([2.0, 4.0])


def test_one_number_of_a_prediction_is_judged_without_giving_the_right_one_away():
    report = course.check("scalar.predict", lambda: (33, 3, 2))
    assert not report.passed
    assert "1" not in str(report.failure.expected)


def error_of(run) -> BaseException:
    try:
        run()
    except Exception as error:
        return error
    raise AssertionError("it raises nothing")


def half_done():
    raise NotImplementedError()


def uses_what_is_not_there():
    return knobs  # noqa: F821


def refuses():
    raise NotImplementedError("this dtype is not supported")


def test_an_unwritten_part_is_named_and_so_is_what_hangs_on_it(monkeypatch):
    monkeypatch.setattr(unfinished, "_met", [])
    assert unfinished.explanation(error_of(uses_what_is_not_there)) is None
    assert "`half_done`" in unfinished.explanation(error_of(half_done))
    said = unfinished.explanation(error_of(uses_what_is_not_there))
    assert "`knobs`" in said
    assert "`half_done`" in said


def test_another_error_is_left_alone(monkeypatch):
    monkeypatch.setattr(unfinished, "_met", ["mul"])
    assert unfinished.explanation(error_of(refuses)) is None
    assert unfinished.explanation(error_of(lambda: [].x)) is None


def test_outside_a_notebook_nothing_happens():
    unfinished.explain_unfinished()
