"""A small exercise of the tests' own, in a small framework of the tests' own, and a learner's folder."""

import sys
import types

import numpy as np
import pytest

from learnnn import course
from learnnn.course import exercise as registry
from learnnn.course import swap
from learnnn.course.exercise import Exercise, Mistake, Trial


def mul(a, b):
    return a * b, (b, a)


def swapped_slopes(a, b):
    return a * b, (a, b)


def doubled_slopes(a, b):
    return a * b, (2 * b, 2 * a)


def endless(a, b):
    while b != a:
        pass
    return a * b, (b, a)


def mul_trials(rng):
    points = [(2.0, -3.0), (1.5, 4.0), *rng.normal(size=(5, 2)).round(2).tolist()]
    for a, b in points:
        yield Trial("", f"a = {a}, b = {b}", lambda f, a=a, b=b: f(a, b), (a * b, (b, a)))


MUL = Exercise(
    id="toy.mul",
    lesson=0,
    title="Multiplication",
    statement="Multiply.",
    signature="def mul(a, b): ...",
    trials=mul_trials,
    solution=mul,
    mistakes=(
        Mistake("slopes-swapped", swapped_slopes, "For {inputs} it is {expected}, not {actual}."),
        Mistake("slopes-doubled", doubled_slopes, "Yours is {ratio} times {expected}."),
    ),
    hints=("First.", "Second.", "Third."),
    replaces="toy_framework.mul",
    adapt=lambda f: lambda *args: f(*args)[0],
)


ENDLESS = Exercise(
    "toy.endless", 0, "", "", "", mul_trials, mul, mistakes=(Mistake("endless", endless, "It never ends."),)
)


def row_sums(x):
    return x.sum(axis=1)


def row_trials(rng):
    for rows, columns in [(2, 3), (3, 3), (1, 4)]:
        x = rng.normal(size=(rows, columns))
        expected = np.array([sum(row) for row in x.tolist()])
        yield Trial("", f"x of shape {x.shape}", lambda f, x=x: f(x), expected)


ROWS = Exercise("toy.row_sums", 0, "Sums", "Sum.", "def row_sums(x): ...", row_trials, row_sums)


class Counter:
    def __init__(self):
        self.n = 0

    def up(self):
        self.n += 1
        return self.n


def counter_trials(rng):
    for times in (1, 2, int(rng.integers(3, 9))):
        yield Trial("", f"{times} times", lambda cls, t=times: count_to(cls(), t), times)


def count_to(counter, times):
    return [counter.up() for _ in range(times)][-1]


COUNTER = Exercise("toy.Counter", 0, "Counter", "Count.", "class Counter: ...", counter_trials, Counter)


@pytest.fixture(autouse=True)
def toys(monkeypatch, tmp_path):
    """Registers the toy exercises, makes `toy_framework`, and gives each test an empty folder and a clean slate."""
    course.exercises()  # the real ones are loaded before the copy
    monkeypatch.setattr(registry, "_registry", dict(registry._registry))
    for exercise in (MUL, ENDLESS, ROWS, COUNTER):
        registry.register(exercise)
    framework = types.ModuleType("toy_framework")
    framework.mul = shipped_mul
    framework.square = lambda a: framework.mul(a, a)
    monkeypatch.setitem(sys.modules, "toy_framework", framework)
    monkeypatch.setenv("LEARNNN_HOME", str(tmp_path / "mine"))
    for state in ("_mine", "_shipped"):
        monkeypatch.setattr(swap, state, {})
    return framework


def shipped_mul(a, b):
    return a * b


@pytest.fixture
def toy_framework(toys):
    return toys
