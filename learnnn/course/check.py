"""Try a learner's object on fresh questions, and say what went wrong by the mistakes it resembles."""

import contextlib
import copy
import inspect
import io
import secrets
import time
import types
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial, update_wrapper
from typing import Any

import numpy as np

from learnnn.course.compare import Mismatch, mismatch, plain, side_by_side, text
from learnnn.course.exercise import Exercise, Mistake, Trial, find
from learnnn.course.guard import TimeUp, limits
from learnnn.course.report import Failure, Report, where_raised

TRIAL_SECONDS = 3.0
CHECK_SECONDS = 20.0


class InputChanged(Exception):
    """The object wrote into an array that was only lent to it."""


@dataclass(frozen=True)
class Outcome:
    """What came of a trial: a plain value or an exception, and how long it took."""

    value: Any = None
    error: BaseException | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Failing:
    """A trial that failed, and the first place where it did."""

    trial: Trial
    outcome: Outcome
    mismatch: Mismatch


def check(id: str, obj: Any, *, seed: int | None = None) -> Report:
    """Try your own object for an exercise, and report what happened; the solution is never shown.

    Args:
        id: the exercise, such as "scalar.mul".
        obj: your function or class itself, not the result of calling it.
        seed: draw the same questions again (a report knows its `.seed`); fresh ones by default.

    Returns:
        A `Report`: `.passed`, `.diagnosis`, `.hint`, `.failure`, `.message`; a card in a notebook, true when passed.

    Raises:
        UnknownExercise: (a KeyError) no exercise has that id.
    """
    exercise = find(id)
    if wrong := wrong_kind(exercise, obj):
        return Report(exercise.id, exercise.title, "refused", message=wrong)
    seed = secrets.randbits(32) if seed is None else seed
    trials = draw(exercise, seed)
    outcomes = list(outcomes_of(obj, trials))
    failing = [f for f in map(judge, trials, outcomes) if f]
    return _report(exercise, trials, outcomes, failing, seed)


def draw(exercise: Exercise, seed: int) -> list[Trial]:
    """The exercise's trials for a seed, drawn before any code under test runs."""
    return list(exercise.trials(np.random.default_rng(seed)))


# Running


def outcomes_of(obj: Any, trials: list[Trial]) -> Iterator[Outcome]:
    """The outcomes of `obj`, one after the other; none after one that ran out of time."""
    end = time.monotonic() + CHECK_SECONDS
    for trial in trials:
        outcome = attempt(trial, obj, max(0.1, min(TRIAL_SECONDS, end - time.monotonic())))
        yield outcome
        if isinstance(outcome.error, TimeUp):
            return


def attempt(trial: Trial, obj: Any, seconds: float = TRIAL_SECONDS) -> Outcome:
    """Run one trial; whatever `obj` does, loop or recurse or raise, becomes an `Outcome`."""
    lent = [(array, array.copy()) for array in lent_arrays(trial.run)]
    start = time.monotonic()
    outcome = _guarded(lambda: plain(trial.run(obj)), seconds)
    taken = time.monotonic() - start
    if changed := [pair for pair in lent if not np.array_equal(*pair, equal_nan=pair[0].dtype.kind in "fc")]:
        for array, before in changed:
            array[...] = before
        return Outcome(error=outcome.error or InputChanged("it changed its input in place"), seconds=taken)
    return Outcome(outcome.value, outcome.error, taken)


def _guarded(run, seconds: float) -> Outcome:
    try:
        with limits(seconds), np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a report says what went wrong
            return Outcome(run())
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # TimeUp, SystemExit and GeneratorExit too
        return Outcome(error=error)


def lent_arrays(run: Any, depth: int = 3) -> list[np.ndarray]:
    """Arrays of numbers that a trial's `run` reaches through its closure, defaults or partial arguments."""
    if isinstance(run, np.ndarray):
        return [run] if run.dtype.kind in "biufc" and run.flags.writeable else []
    if depth == 0:
        return []
    return [array for part in _reached(run) for array in lent_arrays(part, depth - 1)]


def _reached(thing: Any) -> list:
    if isinstance(thing, partial):
        return [thing.func, *thing.args, *thing.keywords.values()]
    if isinstance(thing, types.FunctionType):
        cells = [cell.cell_contents for cell in thing.__closure__ or () if cell != types.CellType()]
        return [*cells, *(thing.__defaults__ or ()), *(thing.__kwdefaults__ or {}).values()]
    return list(thing.values()) if isinstance(thing, dict) else list(thing) if type(thing) in (tuple, list) else []


# Judging


def judge(trial: Trial, outcome: Outcome) -> Failing | None:
    """None where the outcome is the expected one."""
    wrong = _raising_mismatch(trial, outcome) if _raises(trial) or outcome.error else None
    if not _raises(trial) and outcome.error is None:
        wrong = mismatch(trial.expected, outcome.value, trial.tolerance)
    return Failing(trial, outcome, wrong) if wrong else None


def _raises(trial: Trial) -> bool:
    return inspect.isclass(trial.expected) and issubclass(trial.expected, BaseException)


def _raising_mismatch(trial: Trial, outcome: Outcome) -> Mismatch | None:
    if _raises(trial) and isinstance(outcome.error, trial.expected):
        return None
    actual = outcome.value if outcome.error is None else outcome.error
    note = f"it should raise {trial.expected.__name__}" if _raises(trial) else ""
    return Mismatch("", trial.expected, actual, note)


def smallest(failing: list[Failing]) -> Failing:
    """The failing trial that is easiest to redo by hand: a short question with few numbers in its answer."""
    return min(failing, key=lambda f: len(f.trial.inputs) + 3 * _count(f.trial.expected))


def _count(value: Any) -> int:
    if isinstance(value, tuple | list):
        return sum(map(_count, value))
    return sum(map(_count, value.values())) if isinstance(value, dict) else int(np.size(value))


# Diagnosing


def diagnose(exercise: Exercise, outcomes: list[Outcome], seed: int) -> Mistake | None:
    """The first known mistake that behaves on every trial as the learner's object did."""
    return next((m for m in exercise.mistakes if _behaves_so(m, exercise, outcomes, seed)), None)


def _behaves_so(mistake: Mistake, exercise: Exercise, outcomes: list[Outcome], seed: int) -> bool:
    trials = exercise.trials(np.random.default_rng(seed))  # drawn anew: the learner's code may have changed its own
    code = pristine(mistake.code)
    with contextlib.redirect_stdout(io.StringIO()):
        pairs = zip(trials, outcomes, strict=False)
        return all(_same(mine, attempt(trial, code, _patience(mine)), trial.tolerance) for trial, mine in pairs)


def _patience(mine: Outcome) -> float:
    """How long a mistake may take that is to behave like this outcome."""
    return TRIAL_SECONDS if isinstance(mine.error, TimeUp) else 1.0 + 10 * mine.seconds


def _same(one: Outcome, other: Outcome, tolerance: float) -> bool:
    if one.error is None and other.error is None:
        return mismatch(other.value, one.value, tolerance) is None
    return type(one.error).__name__ == type(other.error).__name__


def pristine(code: Any) -> Any:
    """A function as it was before its first call, mutable defaults included; anything else as it is."""
    if not isinstance(code, types.FunctionType):
        return code
    defaults = copy.deepcopy(code.__defaults__)
    fresh = types.FunctionType(code.__code__, code.__globals__, code.__name__, defaults, code.__closure__)
    fresh.__kwdefaults__ = copy.deepcopy(code.__kwdefaults__)
    return update_wrapper(fresh, code)


# Reporting


@np.errstate(all="ignore")
def _report(exercise: Exercise, trials: list, outcomes: list, failing: list, seed: int) -> Report:
    report = partial(Report, exercise.id, exercise.title, seed=seed)
    if not failing:
        return report("passed", "passed")
    if blank := [f.outcome.error for f in failing if isinstance(f.outcome.error, NotImplementedError)]:
        return report("unwritten", _unwritten(exercise, blank[0]))
    worst = smallest(failing)
    failure = _failure(worst)
    mistake = diagnose(exercise, outcomes, seed)
    hint = fill(mistake.hint, failure, worst.mismatch) if mistake else general_hint(worst)
    message = _message(failing, trials, outcomes)
    name = mistake.name if mistake else None
    return report("failed", message, diagnosis=name, hint=hint, failure=failure)


def _failure(worst: Failing) -> Failure:
    trial, outcome, wrong = worst.trial, worst.outcome, worst.mismatch
    actual = outcome.value if outcome.error is None else outcome.error
    return Failure(trial.label, trial.inputs, trial.expected, actual, wrong.path, wrong.note, trial.tolerance)


def _unwritten(exercise: Exercise, error: BaseException) -> str:
    frame = where_raised(error)
    name = frame.function if frame else exercise.id
    todo = "Replace `raise NotImplementedError()` by your code, run the cell, and check again."
    return f"not written yet: {name}. {todo}"


def _message(failing: list, trials: list, outcomes: list) -> str:
    if isinstance(outcomes[-1].error, TimeUp):
        return "stopped: it took too long"
    return f"{len(failing)} of {len(trials)} trials went wrong"


def fill(hint: str, failure: Failure, wrong: Mismatch) -> str:
    """The hint with the numbers of the smallest failing trial in its braces."""
    expected, actual = map(text, side_by_side(wrong.expected, wrong.actual))
    ratio = "?" if wrong.ratio is None else f"{wrong.ratio:.4g}"
    numbers = {"expected": expected, "actual": actual, "ratio": ratio, "inputs": failure.inputs}
    for name, shown in numbers.items():
        hint = hint.replace("{" + name + "}", shown)
    return hint


def general_hint(worst: Failing) -> str:
    """Help when no known mistake behaves like this one."""
    error = worst.outcome.error
    if error is None and worst.mismatch.note.startswith("shape"):
        return "Print `.shape` of what you return and of each array on the way: where is it not what you meant?"
    if error is None:
        return "Redo this case with pencil and paper, and print what your code holds on the way."
    for kind, advice in ERROR_ADVICE.items():
        if isinstance(error, kind):
            return advice
    if worst.mismatch.note:
        return "Bad input should be refused with an error of that type: which line lets it through?"
    return "Call your code with these inputs in a cell of its own: Python then shows the whole way to the error."


ERROR_ADVICE: dict[type[BaseException], str] = {
    TimeUp: "Is there a loop that never ends, or one that visits the same thing again and again?",
    RecursionError: "A function calls itself without end, or for each step of a long chain: use a loop and a list.",
    MemoryError: "It asked for far more memory than the exercise needs: look at the shapes of what it creates.",
    InputChanged: "Your code writes into an array it was given (`+=`, `out=`, `x[...] = `): compute a new one instead.",
    SystemExit: "Your code ends the program (`exit()`, `sys.exit()`): return a value instead.",
    ZeroDivisionError: "Which number is divided by, and when is it zero?",
    NameError: "A name is used that does not exist where your code runs: a spelling, or a cell not run yet?",
}


# Objects that are no answer at all


def wrong_kind(exercise: Exercise, obj: Any) -> str | None:
    """Why this cannot be the exercise's component at all (None, a number, a class for a function), or None."""
    if not callable(exercise.solution):
        return None
    wanted = "class" if inspect.isclass(exercise.solution) else "function"
    ask = f"Write `{exercise.signature}` and pass it by its name: course.check({exercise.id!r}, {_name(exercise)})."
    if obj is None or obj is ...:
        return f"this check needs your {wanted}, and got {obj!r}. {ask}"
    if (wanted == "class") != inspect.isclass(obj) or not callable(obj):
        return f"this check needs a {wanted}, and got {_described(obj)}. {ask}"
    return _wrong_arity(exercise, obj)


def _name(exercise: Exercise) -> str:
    return exercise.id.split(".")[-1]


def _described(obj: Any) -> str:
    if inspect.isclass(obj):
        return f"the class {obj.__name__}"
    if inspect.isroutine(obj):
        return f"the function {getattr(obj, '__name__', '?')}"
    name = type(obj).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name} (the result of calling it, perhaps?)"


def _wrong_arity(exercise: Exercise, obj: Any) -> str | None:
    try:
        wanted, given = inspect.signature(exercise.solution), inspect.signature(obj)
    except (TypeError, ValueError):  # builtins have none
        return None
    needed = [p.name for p in wanted.parameters.values() if _is_needed(p)]
    try:
        given.bind(*needed)
    except TypeError:
        name = getattr(obj, "__name__", "your object")
        asked = f"{len(needed)} argument{'s' * (len(needed) != 1)}"
        return f"{name}{given} cannot be called with {asked}; the exercise asks for `{exercise.signature}`."
    return None


def _is_needed(parameter: inspect.Parameter) -> bool:
    positional = parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    return positional and parameter.default is parameter.empty
