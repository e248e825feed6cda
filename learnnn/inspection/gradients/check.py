"""`gradcheck`: is this gradient right? Compared, element by element, with what a small step really does.
`gradgradcheck` asks the same of second derivatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .forms import subject
from .guess import guess
from .measure import Index, Measure
from .report import Checked, GradientReport
from .second import second
from .steps import Curve, sweep
from .subjects import Subject


def gradcheck(
    fn: Callable,
    inputs: Any,
    *,
    eps: float | None = None,
    rtol: float = 1e-5,
    atol: float = 1e-7,
    seed: int = 0,
    names: Sequence[str] | None = None,
    title: str | None = None,
) -> GradientReport:
    """Compare the gradients that `fn` gives with central differences, in float64, element by element.

    `fn` is a function of tensors (learnnn's or PyTorch's), a module (its parameters are checked too), a numpy
    function in the form f(*arrays) -> (output, backward), or a function or model of your own objects with `.data`,
    `.grad` and `backward()`. `inputs` is one input or a tuple of them; those that require a gradient are checked, or
    all with floating-point numbers if none does. None is changed. The output is weighted by random numbers, drawn by
    `seed`, before it is summed: a plain sum cannot see a wrong softmax gradient. `eps` is the step; by default the
    one with the least error for the precision that `fn` computes in. The worst element of each input is measured with
    steps of every size, which the picture shows.

    Raises TypeError for what has no gradient to check.

    >>> import numpy as np
    >>> def square(x):
    ...     return x * x, lambda g: (3 * x * g,)
    >>> gradcheck(square, np.array([1.0, -2.0]))
    ✗ gradcheck: 1 of 1 gradient wrong
        input 0 (2,): 2 of 2 elements wrong, the worst at [0]: analytic -3.411, numeric -2.274, relative error 0.33
            it is 1.5 times too large, everywhere
            analytic        [-3.4109  4.6187]
            numeric         [-2.2739  3.0791]
    """
    given = inputs if isinstance(inputs, tuple | list) else (inputs,)

    def again() -> GradientReport:
        return _report(subject(fn, given, names), eps, rtol, atol, seed)

    report = again()
    report.title, report.again = title or report.title, again
    return report


def gradgradcheck(
    fn: Callable,
    inputs: Any,
    *,
    eps: float | None = None,
    rtol: float = 1e-5,
    atol: float = 1e-7,
    seed: int = 0,
    names: Sequence[str] | None = None,
    title: str | None = None,
) -> GradientReport:
    """Check second derivatives: is the gradient of the gradient right?

    The first gradient, asked for with `create_graph=True` and weighted by random numbers, is taken for a function of
    the inputs and of the gradient that arrives from the output (`grad_output`). Its own gradient is then compared
    with central differences, as `gradcheck` does. For functions and modules of tensors, learnnn's or PyTorch's;
    arguments and report are those of `gradcheck`.

    Raises TypeError for functions of arrays and of your own values, whose backward gives numbers that remember
    nothing, and RuntimeError for an operation that knows its first derivative only.

    >>> import learnnn
    >>> gradgradcheck(lambda x: x**3, learnnn.tensor([1.0, -2.0]))
    ✓ gradgradcheck: 2 second derivatives right
        input 0 (2,): 2 elements agree to 1e-05
        grad_output (2,): 2 elements agree to 1e-05
    """
    given = inputs if isinstance(inputs, tuple | list) else (inputs,)

    def again() -> GradientReport:
        report = _report(second(subject(fn, given, names), seed), eps, rtol, atol, seed)
        report.check, report.noun, report.title = "gradgradcheck", "second derivative", "second derivative check"
        return report

    report = again()
    report.title, report.again = title or report.title, again
    return report


def _report(under: Subject, eps: float | None, rtol: float, atol: float, seed: int) -> GradientReport:
    if not under.arrays:
        raise TypeError("gradcheck found nothing to differentiate: none of the inputs holds floating-point numbers")
    rng = np.random.default_rng(seed)
    first = under.outputs(under.arrays)
    cotangents = [_cotangent(rng, out) for out in first]
    analytic = under.gradients(under.arrays, [c.copy() for c in cotangents])
    again = under.gradients(under.arrays, [c.copy() for c in cotangents])
    problems = _wobbles(under, first, analytic, again)
    if problems:
        return GradientReport([], rtol, problems)
    measure = Measure(under, first, cotangents, eps)
    checked = [_check(name, analytic.get(name), measure, rtol, atol) for name in under.arrays]
    for one in checked:
        one.curves = _curves(one, measure)
        if not one.passed:
            one.guess = guess(one, measure.plain.get(one.name), {c.name: c.numeric for c in checked})
    return GradientReport(checked, rtol)


def _curves(checked: Checked, measure: Measure) -> list[Curve]:
    """The worst element with steps of every size, and the first that stands on a kink."""
    worst = checked.worst()
    first = worst.index if worst else next(np.ndindex(checked.numeric.shape), None)
    kink = next((tuple(map(int, at)) for at in np.argwhere(checked.kinks)), None)
    chosen = dict.fromkeys(at for at in (first, kink) if at is not None)
    return [_swept(checked, measure, at) for at in chosen]


def _swept(checked: Checked, measure: Measure, at: Index) -> Curve:
    given = None if checked.analytic is None else float(checked.analytic[at])
    return sweep(measure, checked.name, at, given, bool(checked.agree[at]), bool(checked.kinks[at]))


def _cotangent(rng: np.random.Generator, out: np.ndarray) -> np.ndarray:
    """Random weights of either sign, none of them near zero."""
    return rng.uniform(0.5, 1.5, out.shape) * rng.choice([-1.0, 1.0], out.shape)


def _wobbles(under: Subject, first: list, analytic: dict, again: dict) -> list[str]:
    """What differs between two runs on the same numbers: then no check means anything."""
    second = under.outputs(under.arrays)
    if [o.shape for o in first] != [o.shape for o in second] or not all(
        np.array_equal(a, b, equal_nan=True) for a, b in zip(first, second)
    ):
        return [
            "the same inputs give different outputs each time: is there dropout or a random number inside? Call "
            ".eval() on the model, or fix the seed inside the function"
        ]
    changed = [name for name in under.arrays if not _same(analytic.get(name), again.get(name))]
    if changed:
        return [
            f"the gradient of {', '.join(changed)} differs between two runs on the same inputs: does backward change "
            "something it will need again, or add to a gradient of an earlier run?"
        ]
    return []


def _same(a: Any, b: Any) -> bool:
    if a is None or b is None:
        return a is b
    a, b = np.asarray(a), np.asarray(b)
    return np.array_equal(a, b, equal_nan=a.dtype.kind == "f")


# ------------------------------------------------------------------------------------------- comparing
def _check(name: str, given: Any, measure: Measure, rtol: float, atol: float) -> Checked:
    with np.errstate(all="ignore"):
        numeric, low, high, kinks = measure.slopes(name)
        analytic, problem = _comparable(given, numeric)
        if analytic is None:
            nothing = np.zeros(numeric.shape, bool)
            if given is None and not np.any(np.abs(numeric) > atol + measure.noise()):
                return Checked(name, numeric, np.zeros(numeric.shape), ~nothing, np.zeros(numeric.shape), kinks)
            return Checked(name, numeric, None, nothing, np.full(numeric.shape, np.nan), kinks, problem)
        allowed = atol + measure.noise() + rtol * np.abs(numeric)
        agree = np.abs(analytic - numeric) <= allowed
        agree |= kinks & (analytic >= low - allowed) & (analytic <= high + allowed)  # any slope between is right
        size = np.maximum(np.abs(analytic), np.abs(numeric))
        error = np.abs(analytic - numeric) / np.maximum(size, atol + measure.noise())
        return Checked(name, numeric, analytic, agree, np.where(agree & kinks, 0.0, error), kinks)


def _comparable(given: Any, numeric: np.ndarray) -> tuple[np.ndarray | None, str]:
    """The given gradient as an array of the right shape, or why it is none."""
    if given is None:
        return None, "no gradient arrived, but the output depends on it"
    analytic = np.asarray(given)
    if analytic.dtype.kind not in "fiub":
        return None, f"the gradient is not numbers but {type(given).__name__}"
    if analytic.shape != numeric.shape:
        return None, f"the gradient has shape {analytic.shape}, the input {numeric.shape}" + _unsummed(
            analytic, numeric
        )
    return analytic.astype(np.float64), ""


def _unsummed(analytic: np.ndarray, numeric: np.ndarray) -> str:
    from ...autograd.sweep import unbroadcast  # the shipped one, whatever the learner swapped in

    try:
        summed = unbroadcast(analytic.astype(float), numeric.shape)
    except ValueError:
        summed = None
    if summed is not None and summed.shape == numeric.shape and np.allclose(summed, numeric, rtol=1e-3, atol=1e-6):
        return ": summed over the axes along which the input was broadcast, it would be right"
    if analytic.shape == numeric.shape[::-1]:
        return ": it looks transposed"
    return ""
