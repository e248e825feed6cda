"""A check must find what is wrong, cannot be talked into passing, and survives whatever it is given."""

import threading
import time

import numpy as np
import pytest

from learnnn import course
from learnnn.course import check as check_function
from learnnn.course.check import attempt, lent_arrays
from learnnn.course.exercise import Exercise, Mistake, Trial, UnknownExercise, find, register


def mul(a, b):
    return a * b, (b, a)


def test_the_right_answer_passes_always():
    assert all(course.check("toy.mul", mul) for _ in range(20))


@pytest.mark.parametrize(
    "answer",
    [
        lambda a, b: [a * b, [b, a]],
        lambda a, b: (np.float64(a * b), np.array([b, a])),
        lambda a, b: (np.array(a * b), (np.float64(b), a)),
        lambda *args: mul(*args),
        lambda a, b, unused=3: mul(a, b),
    ],
)
def test_other_spellings_of_the_right_answer_pass(answer):
    assert course.check("toy.mul", answer).passed


def test_integers_and_floats_are_alike():
    assert course.check("toy.Counter", type("Floats", (), {"n": 0.0, "up": lambda self: bump(self)})).passed


def bump(self):
    self.n += 1.0
    return self.n


MUTATED = {
    "sign": lambda a, b: (a * b, (b, -a)),
    "value": lambda a, b: (a + b, (b, a)),
    "slightly": lambda a, b: (a * b * (1 + 1e-4), (b, a)),
    "flat": lambda a, b: (a * b, b, a),
    "too few": lambda a, b: (a * b, (b,)),
    "too many": lambda a, b: (a * b, (b, a, a)),
    "value only": lambda a, b: a * b,
    "None": lambda a, b: None,
    "text": lambda a, b: str(mul(a, b)),
    "generator": lambda a, b: (part for part in mul(a, b)),
    "hard-coded": lambda a, b: {(2.0, -3.0): (-6.0, (-3.0, 2.0))}.get((a, b), (6.0, (4.0, 1.5))),
    "constant": lambda a, b: (6.0, (3.0, 2.0)),
    "nan": lambda a, b: (float("nan"), (float("nan"), float("nan"))),
    "one nan": lambda a, b: (a * b, (b, float("nan"))),
    "infinite": lambda a, b: (float("inf"), (b, a)),
    "wrong shape": lambda a, b: (np.array([a * b]), (b, a)),
    "complex": lambda a, b: (a * b + 1j, (b, a)),
    "exception": lambda a, b: 1 / 0,
    "function": lambda a, b: (mul, (b, a)),
}


@pytest.mark.parametrize("name", MUTATED)
def test_mutated_answers_fail(name):
    report = course.check("toy.mul", MUTATED[name])
    assert not report.passed
    assert report.failure.inputs.startswith("a = ")
    assert report.hint
    assert "MUTATED" not in repr(report)


class AlwaysEqual:
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    __hash__ = None
    shape = ()

    def __float__(self):
        return 0.0


class EqualFloat(float):
    def __eq__(self, other):
        return True

    def __sub__(self, other):
        return 0.0

    __rsub__ = __sub__
    __hash__ = float.__hash__


class EqualArray(np.ndarray):
    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return np.True_

    def __array_function__(self, func, types, args, kwargs):
        return np.True_

    def __eq__(self, other):
        return np.True_


class EqualText(str):
    def __eq__(self, other):
        return True

    __hash__ = str.__hash__


class EqualTuple(tuple):
    def __eq__(self, other):
        return True

    __hash__ = tuple.__hash__


class Evil:
    def __repr__(self):
        raise ValueError("no repr")


IMPOSTORS = [
    AlwaysEqual(),
    EqualFloat(1.0),
    (EqualFloat(1.0), (EqualFloat(1.0), EqualFloat(1.0))),
    np.ones(3).view(EqualArray),
    (np.ones(()).view(EqualArray), (np.ones(()).view(EqualArray), 1.0)),
    EqualText("x"),
    EqualTuple((1.0, (2.0, 3.0))),
    Evil(),
    np.array([Evil()], dtype=object),
]


@pytest.mark.parametrize("impostor", IMPOSTORS, ids=lambda i: type(i).__name__)
def test_answers_that_claim_to_equal_everything_fail(impostor):
    report = course.check("toy.mul", lambda a, b: impostor)
    assert not report.passed
    assert repr(report)
    assert report._repr_html_()


@pytest.mark.parametrize("impostor", [EqualText("x"), AlwaysEqual()])
def test_an_expected_text_is_not_fooled_either(impostor):
    def trials(rng):
        yield Trial("", "nothing", lambda f: f(), "right")

    register(Exercise("toy.text", 0, "", "", "", trials, lambda: "right"))
    assert course.check("toy.text", lambda: "right").passed
    assert not course.check("toy.text", lambda: impostor).passed


def in_place(x):
    x -= x
    return x.sum(axis=1)


def right_but_in_place(x):
    result = x.sum(axis=1)
    x *= 0
    return result


@pytest.mark.parametrize("answer", [in_place, right_but_in_place])
def test_changing_an_input_in_place_fails_and_says_so(answer):
    report = course.check("toy.row_sums", answer)
    assert not report.passed
    assert "changed its input" in repr(report)


def test_an_input_that_was_changed_is_put_back():
    x = np.arange(6.0).reshape(2, 3)
    trial = Trial("", "", lambda f: f(x), x.sum(axis=1))
    attempt(trial, in_place)
    np.testing.assert_array_equal(x, np.arange(6.0).reshape(2, 3))


def test_arrays_are_found_in_closures_defaults_and_partials():
    from functools import partial

    x, y = np.ones(2), np.zeros(3)
    assert {id(a) for a in lent_arrays(lambda f, y=y: f(x, y))} == {id(x), id(y)}
    assert {id(a) for a in lent_arrays(partial(lambda x, f: f(x), (x, {"y": y})))} == {id(x), id(y)}


def test_one_buffer_handed_out_again_and_again_is_seen_as_it_was_each_time():
    buffer = np.zeros(2)

    def reuse(x):
        buffer[:] = x.sum(axis=1)[:2] if len(x) == 2 else 0
        return buffer

    def trials(rng):
        for x in rng.normal(size=(3, 2, 3)):
            yield Trial("", "x", lambda f, x=x: f(x), x.sum(axis=1))

    register(Exercise("toy.buffer", 0, "", "", "", trials, lambda x: x.sum(axis=1)))
    assert course.check("toy.buffer", reuse).passed


def test_a_nan_is_right_where_a_nan_is_expected():
    def trials(rng):
        yield Trial("", "", lambda f: f(), np.array([np.nan, np.inf, 1.0]))

    register(Exercise("toy.nan", 0, "", "", "", trials, lambda: None))
    assert course.check("toy.nan", lambda: np.array([np.nan, np.inf, 1.0])).passed
    assert not course.check("toy.nan", lambda: np.array([np.nan, -np.inf, 1.0])).passed
    assert not course.check("toy.nan", lambda: np.array([0.0, np.inf, 1.0])).passed


# Diagnosis


@pytest.mark.parametrize("mistake", ["slopes-swapped", "slopes-doubled"])
def test_a_known_mistake_is_named(mistake):
    rewritten = {
        "slopes-swapped": lambda x, y: [y * x, [x + 0, y]],
        "slopes-doubled": lambda x, y: (x * y, (y + y, x + x)),
    }
    report = course.check("toy.mul", rewritten[mistake])
    assert report.diagnosis == mistake
    assert mistake in repr(report)
    assert mistake in report._repr_html_()


def test_a_hint_speaks_of_the_learners_numbers():
    report = course.check("toy.mul", lambda a, b: (a * b, (2 * b, 2 * a)))
    assert report.hint.startswith("Yours is 2 times ")
    assert "{" not in report.hint


def test_an_unknown_mistake_has_no_diagnosis():
    assert course.check("toy.mul", lambda a, b: (a * b, (7 * b, a))).diagnosis is None


def test_wrong_on_some_trials_only_is_not_the_mistake_that_is_wrong_on_all():
    def sometimes(a, b):
        return (a * b, (a, b)) if a > 1 else (a * b, (b, a))

    assert course.check("toy.mul", sometimes).diagnosis is None


def test_a_mistake_with_a_mutable_default_starts_afresh_each_time():
    def remembers(x, seen=[]):  # noqa: B006
        seen.append(x)
        return sum(seen)

    def trials(rng):
        for x in rng.normal(size=4).tolist():
            yield Trial("", f"x = {x}", lambda f, x=x: f(x), x)

    hint = "The default list is made once."
    register(Exercise("toy.state", 0, "", "", "", trials, lambda x: x, mistakes=(Mistake("default", remembers, hint),)))

    def learner():
        def mine(x, memory=[]):  # noqa: B006
            memory += [x]
            return sum(memory)

        return mine

    assert [course.check("toy.state", learner()).diagnosis for _ in range(3)] == ["default"] * 3


def test_mistakes_print_nothing_and_the_learner_is_heard(capsys):
    loud = Mistake("loud", lambda a, b: print("mistake"), "")
    register(Exercise("toy.loud", 0, "", "", "", find("toy.mul").trials, mul, mistakes=(loud,)))
    course.check("toy.loud", lambda a, b: print("learner"))
    assert "learner" in (out := capsys.readouterr().out)
    assert "mistake" not in out


def test_a_seed_repeats_the_questions_and_without_one_they_are_fresh():
    wrong = lambda a, b: (a * b, (b, a)) if a in (2.0, 1.5) else 0
    first = course.check("toy.mul", wrong)
    assert repr(course.check("toy.mul", wrong, seed=first.seed)) == repr(first)
    assert len({repr(course.check("toy.mul", wrong)) for _ in range(5)}) > 1


def test_the_smallest_failing_trial_is_shown():
    def wrong_for_negative(a, b):
        return (a * b, (b, a)) if min(a, b) > 0 else None

    assert course.check("toy.mul", wrong_for_negative).failure.inputs.count("0.") <= 2
    failing = course.check("toy.row_sums", lambda x: x.sum(axis=0)).failure
    assert failing.inputs != "x of shape (3, 3)"


# Code that does not end, or ends too much


def endless(a, b):
    while True:
        pass


def deaf_and_endless(a, b):
    while True:
        try:
            time.sleep(0.01)
        except Exception:
            continue


def recursive(a, b):
    return recursive(a, b)


def greedy(a, b):
    return np.ones(10**11)


def greedy_list(a, b):
    hoard = []
    while True:
        hoard.append(np.empty(10**7))


def leaves(a, b):
    raise SystemExit


ENDINGS = {
    endless: "too long",
    deaf_and_endless: "too long",
    recursive: "RecursionError",
    greedy: "MemoryError",
    greedy_list: "MemoryError",
    leaves: "SystemExit",
}


@pytest.fixture
def hurried(monkeypatch):
    import sys

    monkeypatch.setattr(sys.modules["learnnn.course.check"], "TRIAL_SECONDS", 0.4)


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("answer", ENDINGS, ids=lambda f: f.__name__)
def test_runaway_code_ends_in_a_report(answer):
    report = course.check("toy.mul", answer)
    assert not report.passed
    assert ENDINGS[answer] in repr(report)
    assert answer.__name__ in report.failure.remark() or answer is leaves
    assert course.check("toy.mul", mul).passed


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("answer", [endless, deaf_and_endless, recursive, mul], ids=lambda f: f.__name__)
def test_off_the_main_thread_too(answer):
    found = []
    thread = threading.Thread(target=lambda: found.append(course.check("toy.mul", answer)))
    thread.start()
    thread.join(20)
    assert found[0].passed == (answer is mul)


@pytest.mark.usefixtures("hurried")
def test_an_endless_mistake_is_diagnosed_in_bounded_time():
    start = time.monotonic()
    assert course.check("toy.endless", endless).diagnosis == "endless"
    assert time.monotonic() - start < 5


def test_stopping_by_hand_still_works():
    def interrupted(a, b):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        course.check("toy.mul", interrupted)


def test_numpy_warnings_do_not_change_an_outcome():
    assert "nan" in repr(course.check("toy.mul", lambda a, b: (np.float64(0) / 0, (b, a))))


# Not written, or not the kind of thing


def test_not_implemented_is_called_not_written_yet():
    def mul(a, b):
        raise NotImplementedError()

    report = course.check("toy.mul", mul)
    assert report.status == "unwritten"
    assert "not written yet: " in report.message
    assert "mul" in report.message
    assert not report.passed


def test_a_method_not_written_is_named():
    class Counter:
        def __init__(self):
            self.n = 0

        def up(self):
            raise NotImplementedError()

    assert "Counter.up" in course.check("toy.Counter", Counter).message


NOT_FUNCTIONS = [None, ..., 3, (6.0, (2.0, 3.0)), "mul", np.ones(2), int, type("Mul", (), {})]


@pytest.mark.parametrize("thing", NOT_FUNCTIONS, ids=repr)
def test_the_wrong_kind_of_thing_is_refused_in_words(thing):
    report = course.check("toy.mul", thing)
    assert report.status == "refused"
    assert "function" in report.message
    assert "def mul(a, b)" in report.message


@pytest.mark.parametrize("thing", [None, mul, 3, object()], ids=lambda t: type(t).__name__)
def test_where_a_class_is_asked_for(thing):
    report = course.check("toy.Counter", thing)
    assert report.status == "refused"
    assert "class" in report.message


@pytest.mark.parametrize("thing", [lambda: 0, lambda a: a, lambda a, b, c: a])
def test_the_number_of_arguments(thing):
    report = course.check("toy.mul", thing)
    assert report.status == "refused"
    assert "2 arguments" in report.message


def test_an_unknown_exercise_names_its_neighbours():
    with pytest.raises(UnknownExercise, match=r"toy\.mul"):
        course.check("toy.mull", mul)
    with pytest.raises(KeyError, match=r"course\.exercises"):
        course.check("zzzzzz", mul)


def test_where_raising_is_right():
    def trials(rng):
        yield Trial("", "x = -1", lambda f: f(-1), ValueError)

    def root(x):
        if x < 0:
            raise ValueError("negative")

    register(Exercise("toy.root", 0, "", "", "", trials, root))
    assert course.check("toy.root", root).passed
    assert "should raise ValueError" in repr(course.check("toy.root", lambda x: 0))
    assert not course.check("toy.root", lambda x: [][0]).passed


def test_a_failing_report_shows_no_solution():
    for answer in (endless.__name__, lambda a, b: None, lambda a, b: (0, (0, 0))):
        shown = repr(course.check("toy.mul", answer)) + course.check("toy.mul", answer)._repr_html_()
        assert "a * b" not in shown
    assert check_function is course.check
