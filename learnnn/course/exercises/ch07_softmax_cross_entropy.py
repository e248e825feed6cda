"""Lesson 07, softmax and cross-entropy: what is asked, what learners get wrong, and a truth of its own.

The truth needs none of the tricks that the lesson is about. It takes the definitions as they stand in a book, in
decimal numbers of forty digits that know no overflow, and finds gradients by nudging one element at a time.
"""

# A mistake a line, so that the banks read as tables.
# fmt: off

import inspect
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal, localcontext
from functools import lru_cache, partial, wraps
from typing import Any

import numpy as np

from learnnn import ops
from learnnn.autograd import wrap
from learnnn.course.exercise import Exercise, Mistake, Trial, register
from learnnn.course.exercises.ch05_tensor_autograd import (
    COMMA_HINT,
    FLOAT64_HINT,
    G_HINT,
    IN_PLACE_HINT,
    PAIR_HINT,
    again,
    array,
    ask,
    bare,
    drawn,
    float64,
    is_float,
    judged,
    keeps_float32,
    only_output,
    operation,
    question,
    saying,
    strided,
)
from learnnn.nn import functional as F

# ------------------------------------------------------------------------------- truth: forty digits, and nudging
DIGITS, NUDGE = 40, Decimal("1e-9")
exps = np.frompyfunc(lru_cache(20_000)(lambda v: v.exp()), 1, 1)
logs = np.frompyfunc(lru_cache(20_000)(lambda v: v.ln()), 1, 1)


def exact(x: Any) -> np.ndarray:
    """The same numbers as decimals."""
    x = np.asarray(x, float)
    return np.array([Decimal(v) for v in x.ravel().tolist()] + [None], object)[:-1].reshape(x.shape)


def floats(x: Any) -> np.ndarray:
    return np.asarray(x, object).astype(float) + 0.0


def value(function: Callable, x: np.ndarray) -> np.ndarray:
    """function(x), worked out in decimals."""
    with localcontext(prec=DIGITS):
        return floats(function(exact(x)))


def gradient(function: Callable, x: np.ndarray, g: Any) -> np.ndarray:
    """How fast sum(g * function(x)) moves with every element of x, by central differences in decimals."""
    with localcontext(prec=DIGITS):
        start, weights, found = exact(x), exact(g), np.zeros(np.shape(x))
        for place in np.ndindex(found.shape):
            ends = []
            for step in (NUDGE, -NUDGE):
                moved = start.copy()
                moved[place] += step
                ends.append(np.sum(weights * function(moved)))
            found[place] = (ends[0] - ends[1]) / (2 * NUDGE)
    return np.round(found, 14) + 0.0


def exact_log_sum_exp(x: np.ndarray, dim: int) -> Any:
    return logs(exps(x).sum(axis=dim))


def exact_softmax(x: np.ndarray, dim: int) -> Any:
    return exps(x) / exps(x).sum(axis=dim, keepdims=True)


def exact_log_softmax(x: np.ndarray, dim: int) -> Any:
    return logs(exact_softmax(x, dim))


def exact_nll(log_p: np.ndarray, labels: np.ndarray) -> Any:
    return -sum(row[label] for row, label in zip(log_p, labels.tolist(), strict=True)) / len(labels)


def exact_cross_entropy(z: np.ndarray, labels: np.ndarray) -> Any:
    return exact_nll(exact_log_softmax(z, 1), labels)


def exact_smoothed(z: np.ndarray, labels: np.ndarray, smoothing: float) -> Any:
    """In words: with the share 1 - smoothing the label counts, with the rest all classes alike."""
    s, n, classes = Decimal(smoothing), *z.shape
    even = -np.sum(exact_log_softmax(z, 1)) / (n * classes)
    return (1 - s) * exact_cross_entropy(z, labels) + s * even


def exact_bce(z: np.ndarray, t: np.ndarray) -> Any:
    """Of log(1 + exp(z)) - t * z the mean: minus the logarithm of the probability of yes, t times, and of no."""
    losses = [logs(1 + exps(v)) - Decimal(yes) * v for v, yes in zip(z.ravel(), t.ravel().tolist(), strict=True)]
    return sum(losses) / len(losses)


# -------------------------------------------------------------------------------------------------- trials
def trial(names: Sequence[str], reference: Callable, x: np.ndarray, g: Any, options: tuple = (), label: str = "") -> Trial:
    whole = lambda moved: reference(moved, *options)
    expected = value(whole, x), (gradient(whole, x, g),)
    told = label or f"answers: (output, (gradient of {names[0]},))"
    return Trial(told, question(names, (x, *options), np.asarray(g)), partial(ask, (x,), np.asarray(g), options), expected)


def second_call(names: Sequence[str], reference: Callable, x: np.ndarray, g: Any, options: tuple = ()) -> Trial:
    """A trial of `again` of lesson 05, with the gradient of x alone."""
    whole = lambda moved: reference(moved, *options)
    blank = again(names, lambda moved, *rest: np.zeros(np.shape(g)), (x,), np.asarray(g), options)
    return Trial(blank.label, blank.inputs, blank.run, (gradient(whole, x, g),))


def labels_for(rng: np.random.Generator, n: int, classes: int) -> np.ndarray:
    return rng.integers(classes, size=n)


# ---------------------------------------------------------------------- what the framework runs of a learner
def component(name: str, shipped: Callable, fits: Callable, prepare: Callable | None = None, cast: bool = False) -> Callable:
    """As `operation` of lesson 05, for an f with one gradient, that of its first argument.

    Where another argument wants a gradient, and where a call has a form of its own (softmax(x, 1, dtype=...)), the
    shipped one answers. `cast` brings a loss into the dtype of its input.
    """
    signature = inspect.signature(shipped)

    def adapt(f: Callable) -> Callable:
        recorded = operation(name, shipped, fits, prepare)(_in_dtype_of_input(f) if cast else f)

        @wraps(shipped)
        def yours(*args: Any, **kwargs: Any) -> Any:
            others = [*args[1:], *kwargs.values()]
            if not _binds(signature, args, kwargs) or any(getattr(a, "requires_grad", False) for a in others):
                return shipped(*args, **kwargs)
            return recorded(*args, **kwargs)

        return yours

    return adapt


def _binds(signature: inspect.Signature, args: tuple, kwargs: dict) -> bool:
    try:
        signature.bind(*args, **kwargs)
    except TypeError:
        return False
    return True


def _in_dtype_of_input(f: Callable) -> Callable:
    def cast(x: Any, *options: Any) -> Any:
        out, pull = f(x, *options)
        return np.asarray(out, x.dtype), pull

    return cast


def along_an_axis(x: Any, dim: Any) -> bool:
    return is_float(x) and type(dim) is int and -x.ndim <= dim < x.ndim and x.shape[dim] > 0


def finite_along_an_axis(x: Any, dim: Any) -> bool:
    return along_an_axis(x, dim) and bool(np.isfinite(x).all())


def rows_with_labels(x: Any, labels: Any) -> bool:
    """Finite numbers (N, C), a label from 0 to C - 1 for each row, and at least one row."""
    if not (is_float(x) and x.ndim == 2 and isinstance(labels, np.ndarray) and labels.shape == x.shape[:1]):
        return False
    known = labels.dtype == np.int64 and labels.size > 0 and labels.min() >= 0 and labels.max() < x.shape[1]
    return bool(known and np.isfinite(x).all())


def first_two(x: Any, target: Any, *rest: Any) -> tuple:
    return x, target


def loss(id: str, code: Callable, **parts: Any) -> Exercise:
    return register(Exercise(id=f"loss.{id}", lesson=7, solution=code, **parts))


# Pieces of which right and wrong answers are put together.
def level(x, dim):
    """log-sum-exp along an axis, safely."""
    top = x.max(axis=dim, keepdims=True)
    return np.squeeze(np.log(np.exp(x - top).sum(axis=dim, keepdims=True)) + top, axis=dim)


def shares(x, dim):
    """exp(x), safely, divided by its sum along an axis."""
    e = np.exp(x - x.max(axis=dim, keepdims=True))
    return e / e.sum(axis=dim, keepdims=True)


def log_shares(x, dim):
    z = x - x.max(axis=dim, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=dim, keepdims=True))


def bare_shares(x, dim):
    return np.exp(x) / np.exp(x).sum(axis=dim, keepdims=True)


def flat_shares(x):
    return np.exp(x - x.max()) / np.exp(x - x.max()).sum()


def chosen(x, labels):
    return x[np.arange(len(labels)), labels]


def hot(x, labels):
    return np.eye(x.shape[1])[labels]


OVERFLOW_HINT = "Right for small numbers. With {inputs}, exp grows past the largest number there is: exp(710) is inf, and what follows is inf or nan. Take the largest number out first: exp(x - largest) is at most 1."
LARGEST_OF_ALL_HINT = "You take out the largest number of the whole array. In {inputs} one row is far below it, all of its exponentials become 0, and what is left is log(0) or 0/0. Each row needs its own largest number: `x.max(axis=..., keepdims=True)`."
SMALLEST_HINT = "You take out the smallest number, so the largest one still meets exp: {inputs}. Take out the largest; then every exponent is 0 or below."
LAST_AXIS_HINT = "You always work along the last axis, whatever `dim` says: {inputs}."
FIRST_AXIS_HINT = "You always work along axis 0, whatever `dim` says: {inputs}."
EVERYTHING_HINT = "You work over all numbers of the array at once. Asked is axis `dim`, each line along it by itself: {inputs}."
LOG_OF_ZERO_HINT = "You work out probabilities first and take their logarithm after. In {inputs} one of them is too small for a float and becomes 0, and log(0) is -inf. Stay with logarithms all the way: the logarithm of a softmax is x - log-sum-exp."
TINY_HINT = "A small number inside the logarithm keeps it from -inf, and makes it wrong: with {inputs} you get {actual} in place of {expected}. However sure and wrong the model is, the loss says no more than that. log-sum-exp needs no such patch."


# ------------------------------------------------------------------------------------------- log-sum-exp
def log_sum_exp(x, dim):
    top = x.max(axis=dim, keepdims=True)
    e = np.exp(x - top)  # the largest is exp(0) = 1
    total = e.sum(axis=dim, keepdims=True)

    def backward(g):
        return (np.expand_dims(g, dim) * e / total,)

    return np.squeeze(np.log(total) + top, axis=dim), backward


def log_sum_exp_in_pairs(x, dim):
    y = np.logaddexp.reduce(x, axis=dim)
    return y, lambda g: [np.expand_dims(g, dim) * np.exp(x - np.expand_dims(y, dim))]


def log_sum_exp_on_rows(x, dim):
    rows = np.moveaxis(x, dim, -1)
    top = rows.max(axis=-1)
    y = top + np.log(np.sum(np.exp(rows - top[..., None]), axis=-1))

    def backward(g):
        return (np.moveaxis(g[..., None] * np.exp(rows - y[..., None]), -1, dim),)

    return y, backward


def log_sum_exp_number_by_number(x, dim):
    rows = np.moveaxis(x, dim, -1)
    y, slopes = np.empty(rows.shape[:-1], x.dtype), np.empty(rows.shape, x.dtype)
    for place in np.ndindex(y.shape):
        top = max(rows[place])
        y[place] = top + math.log(sum(math.exp(v - top) for v in rows[place]))
        slopes[place] = [math.exp(v - y[place]) for v in rows[place]]
    return y, lambda g: (np.moveaxis(slopes * np.asarray(g)[..., None], -1, dim),)


def summed_up(out: Callable, slope: Callable) -> Callable:
    """log-sum-exp from its value and its slopes."""
    return lambda x, dim: (out(x, dim), lambda g: (np.expand_dims(g, dim) * slope(x, dim),))


def largest_only(x, dim):
    return (x == x.max(axis=dim, keepdims=True)) * 1.0


def log_sum_exp_in_place(x, dim):
    top = x.max(axis=dim, keepdims=True)
    x -= top
    e = np.exp(x)
    total = e.sum(axis=dim, keepdims=True)
    return np.squeeze(np.log(total) + top, axis=dim), lambda g: (np.expand_dims(g, dim) * e / total,)


def log_sum_exp_of_all(x, dim):
    e = np.exp(x - x.max())
    total = e.sum(axis=dim, keepdims=True)
    return np.squeeze(np.log(total) + x.max(), axis=dim), lambda g: (np.expand_dims(g, dim) * e / total,)


def log_sum_exp_of_all_both_ways(x, dim):
    y = np.log(np.exp(x - x.max()).sum(axis=dim)) + x.max()
    return y, lambda g: (np.expand_dims(g, dim) * np.exp(x - np.expand_dims(y, dim)),)


def log_sum_exp_from_below(x, dim):
    low = x.min(axis=dim, keepdims=True)
    e = np.exp(x - low)
    total = e.sum(axis=dim, keepdims=True)
    return np.squeeze(np.log(total) + low, axis=dim), lambda g: (np.expand_dims(g, dim) * e / total,)


SQUARE = array([1, 2], [3, 5])


def axis_points() -> list:
    """(x, dim): small numbers, large ones, ties, lines far from each other."""
    return [
        (array([0, 1]), 0), (array([0, 0]), 0), (array([2, 1, 0]), -1), (SQUARE, 0), (SQUARE, 1), (SQUARE, -2), (array([1, 2, 3], [0, 0, 4]), 1), (array([1, 2, 3], [0, 0, 4]), 0),
        (array([1000, 1001]), 0), (array([-1000, -1001]), 0), (array([0, 1000]), 0), (array([1000, 1000], [-1000, -1001]), 1), (array([1000, 0, -1000]), 0), (array([700, 700, 700]), 0), (array([7]), 0),
    ]


def axis_trials(reference: Callable) -> Callable:
    """Trials of an operation along an axis: f(x, dim)."""

    def trials(rng: np.random.Generator) -> Iterator[Trial]:
        names = ("x", "dim")
        for x, dim in axis_points():
            shape = value(lambda moved, dim=dim: reference(moved, dim), x).shape
            yield trial(names, reference, x, drawn(rng, *shape), (dim,))
        yield trial(names, reference, array([0, 1]), np.ones(np.shape(reference(exact(array([0, 1])), 0))), (0,))
        for shape, dim in (((3, 4), 1), ((4, 3), 0), ((2, 3, 4), 1), ((2, 3, 2), -3), ((3, 1), 1), ((1, 3), 0), ((0, 3), 1)):
            x = drawn(rng, *shape)
            yield trial(names, reference, x, drawn(rng, *np.shape(reference(exact(x), dim))), (dim,))
        x = strided(rng, 3, 2)
        yield trial(names, reference, x, drawn(rng, *np.shape(reference(exact(x), 1))), (1,))
        g = drawn(rng, *np.shape(reference(exact(SQUARE), 0)))
        yield second_call(names, reference, SQUARE, g, (0,))
        yield keeps_float32(names, (SQUARE,), (0,))

    return trials


def with_a_masked_number(names: Sequence[str], reference: Callable) -> Callable:
    """And with -inf, which stands for `not at all`."""
    before = axis_trials(reference)

    def trials(rng: np.random.Generator) -> Iterator[Trial]:
        yield from before(rng)
        x = array([0, -math.inf, 1])
        yield trial(names, reference, x, drawn(rng, *np.shape(reference(exact(x), 0))), (0,))

    return trials


loss(
    "log_sum_exp",
    log_sum_exp,
    title="log-sum-exp, safely",
    statement="`(output, backward)` for log(sum(exp(x))) along the axis `dim`, which is gone in the output. No exponential may overflow, no logarithm may meet 0, however large or small x is.",
    signature="log_sum_exp(x, dim) -> (output, backward)",
    trials=with_a_masked_number(("x", "dim"), exact_log_sum_exp),
    variants=(log_sum_exp_in_pairs, log_sum_exp_on_rows, log_sum_exp_number_by_number),
    hints=(
        "log(e^a + e^b) = m + log(e^(a-m) + e^(b-m)) for any number m. With m the largest of them, the largest exponent is 0.",
        "Take the largest number of each line with `keepdims=True`, so that it can be subtracted from the line. Put it back after the logarithm. The slope in each element is its exp divided by the sum: probabilities.",
        "top = x.max(axis=dim, keepdims=True); e = np.exp(x - top); total = e.sum(axis=dim, keepdims=True). The output is log(total) + top without the axis (np.squeeze). g lacks the axis too: np.expand_dims(g, dim).",
    ),
    points=2,
    replaces="learnnn.ops.logsumexp",
    adapt=component("logsumexp", ops.logsumexp, finite_along_an_axis),
    mistakes=(
        Mistake("exponentials-overflow", summed_up(lambda x, dim: np.log(np.exp(x).sum(axis=dim)), bare_shares), OVERFLOW_HINT),
        Mistake("exponentials-overflow-in-the-output", lambda x, dim: (np.log(np.exp(x).sum(axis=dim)), lambda g: (np.expand_dims(g, dim) * np.exp(x - np.expand_dims(np.log(np.exp(x).sum(axis=dim)), dim)),)), OVERFLOW_HINT),
        Mistake("overflow-in-backward", summed_up(level, bare_shares), "The output is right. Your backward takes exp(x) itself, which overflows with {inputs}. Use the exponentials from which the largest was taken out; in a quotient it cancels."),
        Mistake("largest-not-put-back", summed_up(lambda x, dim: np.log(np.exp(x - x.max(axis=dim, keepdims=True)).sum(axis=dim)), shares), "You took the largest number out and did not put it back: with {inputs} the output is {actual}, it should be {expected}. What leaves the exponent has to be added after the logarithm."),
        Mistake("largest-of-all", log_sum_exp_of_all, LARGEST_OF_ALL_HINT),
        Mistake("largest-of-all-and-slopes-from-the-output", log_sum_exp_of_all_both_ways, LARGEST_OF_ALL_HINT),
        Mistake("smallest-taken-out", log_sum_exp_from_below, SMALLEST_HINT),
        Mistake("summed-after-the-logarithm", summed_up(lambda x, dim: np.log(np.exp(x)).sum(axis=dim), lambda x, dim: np.ones_like(x)), "You take the logarithm of each exponential and add up after: that is the sum of x. First exp, then the sum, then one logarithm."),
        Mistake("mean-for-sum", summed_up(lambda x, dim: level(x, dim) - np.log(x.shape[dim]), shares), "You take the mean of the exponentials. Asked is their sum."),
        Mistake("logarithm-to-base-two", summed_up(lambda x, dim: np.squeeze(np.log2(np.exp(x - x.max(axis=dim, keepdims=True)).sum(axis=dim, keepdims=True)) + x.max(axis=dim, keepdims=True), axis=dim), shares), "`np.log2` undoes powers of two. What undoes exp is `np.log`."),
        Mistake("logarithm-to-base-ten", summed_up(lambda x, dim: np.squeeze(np.log10(np.exp(x - x.max(axis=dim, keepdims=True)).sum(axis=dim, keepdims=True)) + x.max(axis=dim, keepdims=True), axis=dim), shares), "`np.log10` undoes powers of ten. What undoes exp is `np.log`."),
        Mistake("axis-kept", lambda x, dim: (np.expand_dims(level(x, dim), dim), lambda g: (np.expand_dims(g, dim) * shares(x, dim),)), "The numbers are right; your output still has the axis, with size 1. `np.squeeze(..., axis=dim)` takes it away."),
        Mistake("always-the-last-axis", summed_up(lambda x, dim: level(x, -1), lambda x, dim: shares(x, -1)), LAST_AXIS_HINT),
        Mistake("always-the-first-axis", summed_up(lambda x, dim: level(x, 0), lambda x, dim: shares(x, 0)), FIRST_AXIS_HINT),
        Mistake("over-everything", summed_up(lambda x, dim: level(x.ravel(), 0), lambda x, dim: flat_shares(x)), EVERYTHING_HINT),
        Mistake("largest-lost-its-axis", lambda x, dim: (np.log(np.exp(x - x.max(axis=dim)).sum(axis=dim)) + x.max(axis=dim), lambda g: (np.expand_dims(g, dim) * shares(x, dim),)), "`x.max(axis=dim)` has lost the axis, so numpy lines it up with the wrong one (or cannot): {inputs}. keepdims=True keeps it."),
        Mistake("axis-of-g-not-put-back", lambda x, dim: (level(x, dim), lambda g: (g * shares(x, dim),)), "The output lost an axis, and g lacks it too, so numpy lines it up with the wrong one (or cannot): {inputs}. `np.expand_dims(g, dim)` puts it back."),
        Mistake("g-forgotten", lambda x, dim: (level(x, dim), lambda g: (shares(x, dim),)), G_HINT),
        Mistake("slopes-not-divided", summed_up(level, lambda x, dim: np.exp(x - x.max(axis=dim, keepdims=True))), "Your slopes are the exponentials alone. The slope of the logarithm comes before them: 1 / sum. So each is exp divided by the sum, and they add up to 1."),
        Mistake("all-to-the-largest", summed_up(level, largest_only), "You give all of g to the largest number, as for a maximum. log-sum-exp is a soft maximum: every number has a share."),
        Mistake("shared-equally", summed_up(level, lambda x, dim: np.ones_like(x) / x.shape[dim]), "You give each number the same share. A larger one moves the sum more: its share is its exp, divided by the sum of all."),
        Mistake("divided-by-everything", summed_up(level, lambda x, dim: flat_shares(x)), "In your slopes you divide by the sum over the whole array. Each line along `dim` has a sum of its own: {inputs}."),
        Mistake("input-overwritten", log_sum_exp_in_place, IN_PLACE_HINT),
        Mistake("always-float64", float64(log_sum_exp), FLOAT64_HINT),
        Mistake("comma-missing", bare(log_sum_exp), COMMA_HINT),
        Mistake("backward-not-returned", only_output(log_sum_exp), PAIR_HINT),
    ),
)


# ---------------------------------------------------------------------------------------------- softmax
def softmax(x, dim):
    e = np.exp(x - x.max(axis=dim, keepdims=True))
    y = e / e.sum(axis=dim, keepdims=True)

    def backward(g):
        average = (g * y).sum(axis=dim, keepdims=True)  # of g, weighed by the probabilities
        return (y * (g - average),)

    return y, backward


def softmax_from_log_sum_exp(x, dim):
    y = np.exp(x - np.expand_dims(level(x, dim), dim))
    return y, lambda g: [g * y - y * np.sum(y * g, axis=dim, keepdims=True)]


def softmax_by_jacobians(x, dim):
    rows = np.moveaxis(x, dim, -1)
    p = np.exp(rows - rows.max(axis=-1, keepdims=True))
    p = p / p.sum(axis=-1, keepdims=True)

    def backward(g):
        g_rows, out = np.moveaxis(g, dim, -1), np.empty_like(p)
        for place in np.ndindex(p.shape[:-1]):
            jacobian = np.diag(p[place]) - np.outer(p[place], p[place])
            out[place] = jacobian.T @ g_rows[place]
        return (np.moveaxis(out, -1, dim),)

    return np.moveaxis(p, -1, dim), backward


def softmax_by_einsum(x, dim):
    z = np.moveaxis(x, dim, 0)
    e = np.exp(z - np.max(z, axis=0))
    p = e / np.sum(e, axis=0)

    def backward(grad):
        grad = np.moveaxis(grad, dim, 0)
        return (np.moveaxis(p * (grad - np.einsum("i...,i...->...", p, grad)), 0, dim),)

    return np.moveaxis(p, 0, dim), backward


def soft(pull: Callable, out: Callable | None = None) -> Callable:
    """softmax from its output (None: the right one) and from pull(y, g, dim)."""

    def f(x, dim):
        y = out(x, dim) if out else shares(x, dim)
        return y, lambda g: (pull(y, g, dim),)

    return f


def weighed(y, g, dim):
    return y * (g - (g * y).sum(axis=dim, keepdims=True))


def shares_of_all(x, dim):
    e = np.exp(x - x.max())
    return e / e.sum(axis=dim, keepdims=True)


def shares_from_below(x, dim):
    e = np.exp(x - x.min(axis=dim, keepdims=True))
    return e / e.sum(axis=dim, keepdims=True)


def shares_without_the_axis(x, dim):
    e = np.exp(x - x.max(axis=dim, keepdims=True))
    return e / e.sum(axis=dim)


def softmax_in_place(x, dim):
    x -= x.max(axis=dim, keepdims=True)
    y = np.exp(x) / np.exp(x).sum(axis=dim, keepdims=True)
    return y, lambda g: (y * (g - (g * y).sum(axis=dim, keepdims=True)),)


def squashed_again(y, g, dim):
    p = shares(y, dim)
    return p * (g - (g * p).sum(axis=dim, keepdims=True))


loss(
    "softmax",
    softmax,
    title="softmax, with its whole Jacobian",
    statement="`(output, backward)` for exp(x) divided by its sum along the axis `dim`. Nothing may overflow. Every output depends on every input of its line, so the gradient has two parts.",
    signature="softmax(x, dim) -> (output, backward)",
    trials=with_a_masked_number(("x", "dim"), exact_softmax),
    variants=(softmax_from_log_sum_exp, softmax_by_jacobians, softmax_by_einsum),
    hints=(
        "Forward: take the largest of each line out (it cancels in the quotient), then exp, then divide by the sum with keepdims=True.",
        "Backward, on one line: nudge x[j]. Its own output y[j] moves with slope y[j] * (1 - y[j]), and every other y[i] with slope -y[i] * y[j]. Collect g times these over all outputs.",
        "Collected and tidied up, that is y[j] * (g[j] - average), where average = sum of g[i] * y[i] over the line, with keepdims=True.",
    ),
    points=2,
    replaces="learnnn.ops.softmax",
    adapt=component("softmax", ops.softmax, along_an_axis),
    mistakes=(
        Mistake("exponentials-overflow", soft(weighed, bare_shares), OVERFLOW_HINT),
        Mistake("largest-of-all", soft(weighed, shares_of_all), LARGEST_OF_ALL_HINT),
        Mistake("smallest-taken-out", soft(weighed, shares_from_below), SMALLEST_HINT),
        Mistake("always-the-last-axis", soft(lambda y, g, dim: weighed(y, g, -1), lambda x, dim: shares(x, -1)), LAST_AXIS_HINT),
        Mistake("always-the-first-axis", soft(lambda y, g, dim: weighed(y, g, 0), lambda x, dim: shares(x, 0)), FIRST_AXIS_HINT),
        Mistake("over-everything", soft(lambda y, g, dim: y * (g - (g * y).sum()), lambda x, dim: flat_shares(x)), EVERYTHING_HINT),
        Mistake("sum-lost-its-axis", soft(weighed, shares_without_the_axis), "`e.sum(axis=dim)` has lost the axis, so numpy divides along the wrong one (or cannot divide): {inputs}. keepdims=True keeps it."),
        Mistake("exponentials-missing", soft(weighed, lambda x, dim: x / x.sum(axis=dim, keepdims=True)), "You divide x by its sum. x may be negative, or add up to 0; exp makes everything positive first."),
        Mistake("divided-by-the-largest", soft(weighed, lambda x, dim: np.exp(x - x.max(axis=dim, keepdims=True))), "Your numbers do not add up to 1: the largest was taken out, and the division by the sum is missing."),
        Mistake("each-by-itself", soft(lambda y, g, dim: g * y * (1 - y), lambda x, dim: 1 / (1 + np.exp(-x))), "That is the logistic function of each number by itself: for yes-or-no questions. Here one of several is right, so they share one whole."),
        Mistake("logarithm-returned", soft(lambda y, g, dim: g - np.exp(y) * g.sum(axis=dim, keepdims=True), log_shares), "You gave back the logarithm of softmax. Asked are the probabilities."),
        Mistake("diagonal-only", soft(lambda y, g, dim: g * y * (1 - y)), "y * (1 - y) is how an output moves with its own input. It also moves with all the others of its line, for they share one sum: -y[i] * y[j]. With {inputs} these parts are missing."),
        Mistake("second-part-missing", soft(lambda y, g, dim: g * y), "g * y is right as long as the sum stands still. It grows with every input, and makes all outputs smaller: take the average of g, weighed by y, from g first."),
        Mistake("g-forgotten", soft(lambda y, g, dim: y * (1 - y)), G_HINT),
        Mistake("average-without-weights", soft(lambda y, g, dim: y * (g - g.mean(axis=dim, keepdims=True))), "You take the plain average from g. It has to be weighed by the probabilities: sum of g * y."),
        Mistake("sum-without-weights", soft(lambda y, g, dim: y * (g - g.sum(axis=dim, keepdims=True))), "You take the sum of g from g. It has to be weighed by the probabilities: sum of g * y."),
        Mistake("output-missing-in-front", soft(lambda y, g, dim: g - (g * y).sum(axis=dim, keepdims=True)), "The bracket is right: g minus its weighed average. In front of it stands y: what is unlikely moves little."),
        Mistake("signs-turned-over", soft(lambda y, g, dim: y * ((g * y).sum(axis=dim, keepdims=True) - g)), "Your gradient has the opposite sign: g minus the average, not the other way round."),
        Mistake("average-over-everything", soft(lambda y, g, dim: y * (g - (g * y).sum())), "You take the weighed average over the whole array. Each line along `dim` has its own: {inputs}."),
        Mistake("average-over-the-last-axis", soft(lambda y, g, dim: weighed(y, g, -1)), "Forward you go along `dim`, backward always along the last axis: {inputs}."),
        Mistake("average-lost-its-axis", soft(lambda y, g, dim: y * (g - (g * y).sum(axis=dim))), "The average in your backward has lost its axis, so numpy lines it up with the wrong one (or cannot): {inputs}. keepdims=True keeps it."),
        Mistake("softmax-again-in-backward", soft(squashed_again), "In backward you take softmax of the output. The output is the probabilities already."),
        Mistake("softmax-of-g", soft(lambda y, g, dim: shares(g, dim)), "You take softmax of g. A gradient is only ever multiplied with slopes, and the slopes are taken at x."),
        Mistake("input-overwritten", softmax_in_place, IN_PLACE_HINT),
        Mistake("always-float64", float64(softmax), FLOAT64_HINT),
        Mistake("comma-missing", bare(softmax), COMMA_HINT),
        Mistake("backward-not-returned", only_output(softmax), PAIR_HINT),
    ),
)


# ------------------------------------------------------------------------------------------ log-softmax
def log_softmax(x, dim):
    top = x.max(axis=dim, keepdims=True)
    y = x - top - np.log(np.exp(x - top).sum(axis=dim, keepdims=True))

    def backward(g):
        return (g - np.exp(y) * g.sum(axis=dim, keepdims=True),)

    return y, backward


def log_softmax_from_log_sum_exp(x, dim):
    total, pull = log_sum_exp(x, dim)
    return x - np.expand_dims(total, dim), lambda g: [g - pull(g.sum(axis=dim))[0]]


def log_softmax_in_pairs(x, dim):
    p = shares(x, dim)
    return x - np.expand_dims(np.logaddexp.reduce(x, axis=dim), dim), lambda g: (g - p * np.expand_dims(g.sum(dim), dim),)


def log_softmax_by_jacobians(x, dim):
    rows = np.moveaxis(x, dim, -1)
    y = rows - level(rows, -1)[..., None]

    def backward(g):
        g_rows, out = np.moveaxis(g, dim, -1), np.empty_like(y)
        for place in np.ndindex(y.shape[:-1]):
            p = np.exp(y[place])
            out[place] = (np.eye(len(p)) - np.outer(np.ones(len(p)), p)).T @ g_rows[place]
        return (np.moveaxis(out, -1, dim),)

    return np.moveaxis(y, -1, dim), backward


def logged(pull: Callable, out: Callable | None = None) -> Callable:
    """log-softmax from its output (None: the right one) and from pull(y, g, dim)."""

    def f(x, dim):
        y = out(x, dim) if out else log_shares(x, dim)
        return y, lambda g: (pull(y, g, dim),)

    return f


def taken_back(y, g, dim):
    return g - np.exp(y) * g.sum(axis=dim, keepdims=True)


def log_shares_of_all(x, dim):
    z = x - x.max()
    return z - np.log(np.exp(z).sum(axis=dim, keepdims=True))


def log_softmax_in_place(x, dim):
    x -= x.max(axis=dim, keepdims=True)
    y = x - np.log(np.exp(x).sum(axis=dim, keepdims=True))
    return y, lambda g: (g - np.exp(y) * g.sum(axis=dim, keepdims=True),)


def all_logged(x):
    return x - x.max() - np.log(np.exp(x - x.max()).sum())


loss(
    "log_softmax",
    log_softmax,
    title="The logarithm of softmax, in one step",
    statement="`(output, backward)` for log(softmax(x)) along `dim`, without ever taking the logarithm of 0: x minus log-sum-exp.",
    signature="log_softmax(x, dim) -> (output, backward)",
    trials=axis_trials(exact_log_softmax),
    variants=(log_softmax_from_log_sum_exp, log_softmax_in_pairs, log_softmax_by_jacobians),
    hints=(
        "log(e^x / sum) = x - log(sum): the division becomes a subtraction, and no probability is ever made.",
        "Take the largest of each line out first, as in log_sum_exp. For the gradient: x goes in directly (slope 1), and log-sum-exp goes into every output of the line, with minus: what arrives there is the sum of all g of the line.",
        "The slopes of log-sum-exp are the probabilities, np.exp(output). So the gradient is g minus np.exp(output) times g.sum(axis=dim, keepdims=True).",
    ),
    points=2,
    replaces="learnnn.ops.log_softmax",
    adapt=component("log_softmax", ops.log_softmax, finite_along_an_axis),
    mistakes=(
        Mistake("logarithm-of-zero", logged(taken_back, lambda x, dim: np.log(shares(x, dim))), LOG_OF_ZERO_HINT),
        Mistake("exponentials-overflow", logged(taken_back, lambda x, dim: x - np.log(np.exp(x).sum(axis=dim, keepdims=True))), OVERFLOW_HINT),
        Mistake("exponentials-overflow-in-the-output", lambda x, dim: (x - np.log(np.exp(x).sum(axis=dim, keepdims=True)), lambda g: (g - shares(x, dim) * g.sum(axis=dim, keepdims=True),)), OVERFLOW_HINT),
        Mistake("exponentials-overflow-and-logarithm-of-zero", logged(taken_back, lambda x, dim: np.log(bare_shares(x, dim))), OVERFLOW_HINT),
        Mistake("largest-of-all", logged(taken_back, log_shares_of_all), LARGEST_OF_ALL_HINT),
        Mistake("largest-taken-out-twice", logged(taken_back, lambda x, dim: log_shares(x, dim) - x.max(axis=dim, keepdims=True)), "The largest number is subtracted twice: once from x, and once more with log-sum-exp. Either subtract it in both places or in none: log(softmax) does not change with it."),
        Mistake("largest-only-in-the-sum", logged(taken_back, lambda x, dim: log_shares(x, dim) + x.max(axis=dim, keepdims=True)), "You took the largest out inside the exponentials, but subtract from x itself: {actual} in place of {expected}. Subtract it from x too."),
        Mistake("small-number-inside-the-log", logged(taken_back, lambda x, dim: np.log(shares(x, dim) + 1e-12)), TINY_HINT),
        Mistake("probabilities-returned", soft(weighed), "You gave back the probabilities. Asked are their logarithms."),
        Mistake("always-the-last-axis", logged(lambda y, g, dim: taken_back(y, g, -1), lambda x, dim: log_shares(x, -1)), LAST_AXIS_HINT),
        Mistake("always-the-first-axis", logged(lambda y, g, dim: taken_back(y, g, 0), lambda x, dim: log_shares(x, 0)), FIRST_AXIS_HINT),
        Mistake("over-everything", logged(lambda y, g, dim: g - np.exp(y) * g.sum(), lambda x, dim: all_logged(x)), EVERYTHING_HINT),
        Mistake("log-sum-lost-its-axis", logged(taken_back, lambda x, dim: x - level(x, dim)), "log-sum-exp has lost its axis, so numpy subtracts along the wrong one (or cannot subtract): {inputs}. Keep it (keepdims=True), or put it back (np.expand_dims)."),
        Mistake("sum-of-g-missing", logged(lambda y, g, dim: g - np.exp(y)), "You subtract the probabilities alone. Every output of the line depends on the same log-sum-exp, so the sum of their g stands before them. (Where the g of a line add up to 1, the two agree.)"),
        Mistake("g-passed-on", logged(lambda y, g, dim: g), "You pass g on, as if only x were there. log-sum-exp moves with x too."),
        Mistake("own-g-only", logged(lambda y, g, dim: g * (1 - np.exp(y))), "g * (1 - p) looks only at an output's own input. Each input moves all outputs of its line through the sum: subtract p times the sum of g."),
        Mistake("slope-of-softmax", logged(lambda y, g, dim: weighed(np.exp(y), g, dim)), "That is the gradient of softmax. The logarithm divides by the probability once more, and makes it simpler."),
        Mistake("mean-of-g", logged(lambda y, g, dim: g - np.exp(y) * g.mean(axis=dim, keepdims=True)), "You take the mean of g where the sum belongs: what arrives at log-sum-exp adds up over all outputs of the line."),
        Mistake("sum-over-everything", logged(lambda y, g, dim: g - np.exp(y) * g.sum()), "You add up g over the whole array. Each line along `dim` has its own sum: {inputs}."),
        Mistake("sum-over-the-last-axis", logged(lambda y, g, dim: taken_back(y, g, -1)), "Forward you go along `dim`, backward always along the last axis: {inputs}."),
        Mistake("sum-lost-its-axis", logged(lambda y, g, dim: g - np.exp(y) * g.sum(axis=dim)), "The sum of g in your backward has lost its axis, so numpy lines it up with the wrong one (or cannot): {inputs}. keepdims=True keeps it."),
        Mistake("logarithm-for-probability", logged(lambda y, g, dim: g - y * g.sum(axis=dim, keepdims=True)), "You multiply with the output, which is a logarithm. The probabilities are np.exp of it."),
        Mistake("signs-turned-over", logged(lambda y, g, dim: np.exp(y) * g.sum(axis=dim, keepdims=True) - g), "Your gradient has the opposite sign."),
        Mistake("g-forgotten", logged(lambda y, g, dim: 1 - np.exp(y) * y.shape[dim]), G_HINT),
        Mistake("input-overwritten", log_softmax_in_place, IN_PLACE_HINT),
        Mistake("always-float64", float64(log_softmax), FLOAT64_HINT),
        Mistake("comma-missing", bare(log_softmax), COMMA_HINT),
        Mistake("backward-not-returned", only_output(log_softmax), PAIR_HINT),
    ),
)


# ---------------------------------------------------------------------------------------------- one-hot
def one_hot(labels, classes):
    hot = np.zeros((len(labels), classes))
    hot[np.arange(len(labels)), labels] = 1
    return hot


def one_hot_by_rows_of_the_identity(labels, classes):
    return np.eye(classes)[labels]


def one_hot_by_comparing(labels, classes):
    return (np.arange(classes) == labels[:, None]).astype(float)


def one_hot_by_looping(labels, classes):
    return np.array([[1.0 if k == label else 0.0 for k in range(classes)] for label in labels]).reshape(-1, classes)


def call_one_hot(labels: np.ndarray, classes: int, f: Callable) -> Any:
    return f(labels, classes)


def one_hot_trials(rng: np.random.Generator) -> Iterator[Trial]:
    cases = [([0, 2], 3), ([1], 2), ([1, 1], 3), ([2, 1, 0], 3), ([0, 1], 2), ([3, 0, 3], 5), ([0], 1), ([2], 3)]
    cases += [(labels_for(rng, n, classes).tolist(), classes) for n, classes in ((6, 3), (3, 6), (4, 4))] + [([], 3)]
    for labels, classes in cases:
        given = np.array(labels, np.int64)
        expected = np.array([[float(k == label) for k in range(classes)] for label in labels]).reshape(-1, classes)
        yield Trial("", f"labels = {labels}, classes = {classes}", partial(call_one_hot, given, classes), expected)


def filled(fill: Callable) -> Callable:
    """Zeros (N, classes), in which fill(zeros, labels) writes."""

    def f(labels, classes):
        zeros = np.zeros((len(labels), classes))
        fill(zeros, labels)
        return zeros

    return f


def write_rows(zeros, labels):
    zeros[labels] = 1


def write_columns(zeros, labels):
    zeros[:, labels] = 1


def write_labels(zeros, labels):
    zeros[np.arange(len(labels)), labels] = labels


def write_one_before(zeros, labels):
    zeros[np.arange(len(labels)), labels - 1] = 1


def write_first_row(zeros, labels):
    zeros[0, labels] = 1


def adapt_one_hot(f: Callable) -> Callable:
    shipped = F.one_hot

    @wraps(shipped)
    def yours(tensor: Any, num_classes: int = -1) -> Any:
        labels = tensor.array
        if labels.dtype != np.int64 or labels.ndim != 1 or not labels.size or labels.min() < 0:
            return shipped(tensor, num_classes)
        classes = int(labels.max()) + 1 if num_classes == -1 else num_classes
        if labels.max() >= classes:
            return shipped(tensor, num_classes)
        return wrap(np.asarray(f(labels, classes)).astype(np.int64))

    return yours


loss(
    "one_hot",
    one_hot,
    title="One-hot: labels as rows with a single 1",
    statement="labels is an array of N whole numbers from 0 to classes - 1. Give an array (N, classes): in each row a 1 in the column of its label, and 0 elsewhere.",
    signature="one_hot(labels, classes) -> array (N, classes)",
    trials=one_hot_trials,
    variants=(one_hot_by_rows_of_the_identity, one_hot_by_comparing, one_hot_by_looping),
    hints=(
        "Start with zeros of shape (N, classes). Row i gets its 1 in column labels[i].",
        "numpy picks pairs when it gets two arrays of indices: hot[[0, 1, 2], [5, 6, 7]] are the three elements (0, 5), (1, 6), (2, 7).",
        "The row numbers are np.arange(len(labels)), the columns are the labels. (Or compare: a column of labels against a row of all class numbers, and let broadcasting do it.)",
    ),
    replaces="learnnn.nn.functional.one_hot",
    adapt=adapt_one_hot,
    mistakes=(
        Mistake("whole-rows-written", filled(write_rows), "`hot[labels] = 1` writes whole rows, those whose number is a label. Name row and column of each 1: two arrays of indices. Here {inputs}."),
        Mistake("whole-columns-written", filled(write_columns), "`hot[:, labels] = 1` writes a 1 into these columns of every row. Each row has one label of its own: replace the `:` by the numbers of the rows."),
        Mistake("label-for-one", filled(write_labels), "You wrote the label itself where a 1 belongs. A label is a name, no amount."),
        Mistake("labels-from-one", filled(write_one_before), "Your 1 stands one column too far to the left. Labels start at 0, as indices do."),
        Mistake("first-row-only", filled(write_first_row), "All your ones stand in row 0. Row i belongs to labels[i]."),
        Mistake("lying-on-its-side", lambda labels, classes: np.eye(classes)[:, labels], "Yours is (classes, N): the transpose. A row for each example, a column for each class."),
        Mistake("classes-counted-from-the-labels", lambda labels, classes: np.eye(max(labels, default=-1) + 1)[labels], "You count the classes by the largest label. In {inputs} the last class does not occur, and its column is missing."),
        Mistake("only-classes-that-occur", lambda labels, classes: (labels[:, None] == np.unique(labels)) * 1.0, "You made a column for each label that occurs. The number of columns is `classes`, whatever occurs in this batch."),
        Mistake("as-many-columns-as-rows", lambda labels, classes: (labels[:, None] == np.arange(len(labels))) * 1.0, "Yours has as many columns as there are labels. It should be `classes` columns."),
        Mistake("one-cold", lambda labels, classes: 1.0 - np.eye(classes)[labels], "Ones and zeros are exchanged: the 1 belongs where the label is."),
        Mistake("minus-one-for-zero", lambda labels, classes: 2 * np.eye(classes)[labels] - 1, "Where the label is not, you wrote -1. A one-hot row is a probability: nothing is less likely than 0."),
        Mistake("shared-among-the-labels", lambda labels, classes: np.eye(classes)[labels] / max(1, len(labels)), "You divided by the number of labels. Each row is a certainty of its own and adds up to 1; the mean comes later, in the loss."),
        Mistake("nothing-returned", lambda labels, classes: None, "Your function ends without a `return`."),
    ),
)


# ------------------------------------------------------------------------------------------------- nll
def nll(log_p, labels):
    rows = np.arange(len(labels))

    def backward(g):
        grad = np.zeros_like(log_p)
        grad[rows, labels] = -g / len(labels)
        return (grad,)

    return -log_p[rows, labels].mean(), backward


def nll_by_one_hot(log_p, labels):
    weights = np.eye(log_p.shape[1])[labels] / len(labels)
    return -(weights * log_p).sum(), lambda g: [-g * weights]


def nll_by_looping(log_p, labels):
    total, n = 0.0, len(labels)
    for row, label in zip(log_p, labels):
        total -= row[label]

    def backward(g):
        grad = np.zeros(log_p.shape)
        for i, label in enumerate(labels):
            grad[i][label] -= g / n
        return (grad,)

    return total / n, backward


def nll_by_taking(log_p, labels):
    picked = np.take_along_axis(log_p, labels[:, None], axis=1)

    def backward(g):
        grad = np.zeros(log_p.shape)
        np.put_along_axis(grad, labels[:, None], -1.0, axis=1)
        return (grad * (g / picked.size),)

    return np.negative(picked).mean(), backward


def label_trials(name: str, reference: Callable, points: Sequence, draw: Callable, options: tuple = ()) -> Callable:
    """Trials of a loss f(rows, labels, *options); draw(rng, n, classes) gives rows."""

    def trials(rng: np.random.Generator) -> Iterator[Trial]:
        names = (name, "labels", "smoothing")[: 2 + len(options)]
        for rows, labels, *more in points:
            yield trial(names, reference, array(*rows) if len(rows) > 1 else array([*rows]), 1.0, (np.array(labels), *more))
        for n, classes in ((1, 3), (2, 3), (4, 3), (3, 5), (3, 3), (5, 2), *(() if options else ((2, 1),))):
            extra = tuple(rng.choice(values) for values in options)
            yield trial(names, reference, draw(rng, n, classes), drawn(rng), (labels_for(rng, n, classes), *extra))
        first = tuple(values[0] for values in options)
        yield trial(names, reference, strided(rng, 3, 2), drawn(rng), (np.array([0, 1, 1, 0])[::2][[0, 1, 0]], *first))
        yield second_call(names, reference, draw(rng, 2, 3), array(3), (np.array([2, 0]), *first))

    return trials


def log_rows(rng: np.random.Generator, n: int, classes: int) -> np.ndarray:
    """Logarithms as a model gives them, with one decimal: they need not add up to anything."""
    return -np.abs(drawn(rng, n, classes)) - 0.1


def picked_loss(out: Callable, slopes: Callable) -> Callable:
    """A loss on rows and labels, from its value and from slopes(x, labels)."""
    return lambda x, labels: (out(x, labels), lambda g: (g * slopes(x, labels),))


def minus_picked(x, labels):
    return -chosen(x, labels).mean()


def minus_hot(x, labels):
    return -hot(x, labels) / len(labels)


def hot_the_other_way(x, labels):
    out = np.zeros_like(x)
    out[labels, np.arange(len(labels))] = -1 / len(labels)
    return out


def counted_columns(x, labels):
    """Every row takes every label."""
    return -np.ones(x.shape) * hot(x, labels).sum(axis=0) / len(labels) ** 2


def nll_with_one_pot(log_p, labels):
    grad, rows = np.zeros_like(log_p), np.arange(len(labels))

    def backward(g):
        grad[rows, labels] -= g / len(labels)
        return (grad,)

    return -log_p[rows, labels].mean(), backward


def nll_into_the_input(log_p, labels):
    rows = np.arange(len(labels))
    out = -log_p[rows, labels].mean()

    def backward(g):
        log_p[...] = 0
        log_p[rows, labels] = -g / len(labels)
        return (log_p,)

    return out, backward


NOT_DIVIDED_HINT = "Your gradient is {ratio} times what it should be. The loss is a mean over the rows, so its gradient is divided by their number."
EVERY_LABEL_HINT = "`x[:, labels]` picks for every row the columns of all labels: N x N numbers, of which only the diagonal was meant. Pair each row with its own label: x[np.arange(N), labels]."
PER_ROW_HINT = "You gave back a loss for each row. Training needs a single number: their mean."

loss(
    "nll",
    nll,
    title="Negative log-likelihood: pick, mean, minus",
    statement="log_p (N, C) holds logarithms of probabilities, labels (N,) the right classes. `(output, backward)` for minus the mean, over the N rows, of the logarithm at the label. backward gives the gradient of log_p alone: labels have none.",
    signature="nll(log_p, labels) -> (output, backward)",
    trials=label_trials("log_p", exact_nll, (([[-1, -2]], [0]), ([[-1, -2]], [1]), ([[-1, -2], [-3, -5]], [0, 1]), ([[-1, -2], [-3, -5]], [1, 1]), ([[-1, -2, -4], [-3, -5, -0.5]], [2, 0]), ([[-1000, -0.5]], [0])), log_rows),
    variants=(nll_by_one_hot, nll_by_looping, nll_by_taking),
    hints=(
        "Forward: pick one number in each row, take the mean, put a minus before it. Rows and labels go together as pairs: log_p[np.arange(N), labels].",
        "Backward: which elements of log_p does the loss depend on at all? Those that were picked, with slope -1/N. All others get 0.",
        "Inside backward, zeros in the shape of log_p; then at [rows, labels] the number -g / len(labels). Make the zeros inside, so that a second call starts afresh.",
    ),
    replaces="learnnn.ops.nll_loss",
    adapt=component("nll_loss", ops.nll_loss, lambda input, target, weight, ignore_index, reduction: weight is None and ignore_index < 0 and reduction == "mean" and rows_with_labels(input, target), first_two, cast=True),
    mistakes=(
        Mistake("minus-missing", picked_loss(lambda x, labels: chosen(x, labels).mean(), lambda x, labels: hot(x, labels) / len(labels)), "Your loss is negative: the minus is missing. Logarithms of probabilities are 0 or below, and the better the guess, the smaller the loss has to be."),
        Mistake("minus-missing-in-backward", picked_loss(minus_picked, lambda x, labels: hot(x, labels) / len(labels)), "The loss is right, its gradient has the opposite sign: training would make the right classes less likely."),
        Mistake("sum-for-mean", picked_loss(lambda x, labels: -chosen(x, labels).sum(), lambda x, labels: -hot(x, labels)), "You add up over the rows: {ratio} times too large. Asked is the mean, so that a larger batch does not mean a larger loss."),
        Mistake("gradient-not-divided", picked_loss(minus_picked, lambda x, labels: -hot(x, labels)), NOT_DIVIDED_HINT),
        Mistake("divided-by-all-numbers", picked_loss(lambda x, labels: -chosen(x, labels).sum() / x.size, lambda x, labels: -hot(x, labels) / x.size), "You divide by all N x C numbers. One number was picked in each row: divide by N."),
        Mistake("gradient-divided-by-all-numbers", picked_loss(minus_picked, lambda x, labels: -hot(x, labels) / x.size), "The loss is right; its gradient is divided by N x C. One number was picked in each row: divide by N."),
        Mistake("losses-not-averaged", lambda x, labels: (-chosen(x, labels), lambda g: (-g * hot(x, labels),)), PER_ROW_HINT),
        Mistake("every-row-with-every-label", picked_loss(lambda x, labels: -x[:, labels].mean(), counted_columns), EVERY_LABEL_HINT),
        Mistake("rows-and-labels-exchanged", picked_loss(lambda x, labels: -x[labels, np.arange(len(labels))].mean(), hot_the_other_way), "Your indices are exchanged: first the row, then the column. The label says the column."),
        Mistake("labels-from-one", picked_loss(lambda x, labels: minus_picked(x, labels - 1), lambda x, labels: minus_hot(x, labels - 1)), "You pick one column too far to the left. Labels start at 0, as indices do."),
        Mistake("logarithm-taken-again", picked_loss(lambda x, labels: -np.log(chosen(x, labels)).mean(), minus_hot), "log_p holds logarithms already. (The logarithm of a negative number is nan.)"),
        Mistake("probability-for-its-logarithm", picked_loss(lambda x, labels: -np.exp(chosen(x, labels)).mean(), minus_hot), "You turned the logarithms back into probabilities. The loss is made of the logarithms themselves."),
        Mistake("best-for-right", picked_loss(lambda x, labels: -x.max(axis=1).mean(), lambda x, labels: minus_hot(x, x.argmax(axis=1))), "You pick the largest number of each row: what the model likes best. Asked is what it says about the right class."),
        Mistake("nothing-picked", picked_loss(lambda x, labels: -x.sum(axis=1).mean(), lambda x, labels: -np.ones(x.shape) / len(labels)), "You add up whole rows. Only the number at the label counts."),
        Mistake("gradient-everywhere", picked_loss(minus_picked, lambda x, labels: -np.ones(x.shape) / len(labels)), "Your gradient is -1/N everywhere. The loss does not depend on numbers that were not picked: their gradient is 0."),
        Mistake("gradient-of-cross-entropy", picked_loss(minus_picked, lambda x, labels: (np.exp(x) - hot(x, labels)) / len(labels)), "(p - one-hot) / N is the gradient in the logits, with softmax in between. Here log_p is what goes in, and what was not picked has gradient 0."),
        Mistake("multiplied-by-the-input", picked_loss(minus_picked, lambda x, labels: x * minus_hot(x, labels)), "You multiplied by log_p. The loss moves one for one with what was picked (divided by N), whatever its value."),
        Mistake("g-forgotten", lambda x, labels: (minus_picked(x, labels), lambda g: (minus_hot(x, labels),)), G_HINT),
        Mistake("the-same-zeros-every-time", nll_with_one_pot, "The second call of backward finds what the first one left: make the zeros inside backward, not before it."),
        Mistake("input-overwritten", nll_into_the_input, IN_PLACE_HINT),
        Mistake("comma-missing", bare(nll), COMMA_HINT),
        Mistake("backward-not-returned", only_output(nll), PAIR_HINT),
    ),
)


# ---------------------------------------------------------------------------------------- cross-entropy
def cross_entropy(z, labels):
    n, rows = len(labels), np.arange(len(labels))
    z = z - z.max(axis=1, keepdims=True)
    e = np.exp(z)
    total = e.sum(axis=1, keepdims=True)
    losses = np.log(total[:, 0]) - z[rows, labels]

    def backward(g):
        grad = e / total  # the probabilities, a new array each time
        grad[rows, labels] -= 1
        return (grad * (g / n),)

    return losses.mean(), backward


def cross_entropy_in_two_steps(z, labels):
    log_p, pull_softmax = log_softmax(z, 1)
    out, pull_nll = nll(log_p, labels)
    return out, lambda g: pull_softmax(pull_nll(g)[0])


def cross_entropy_by_one_hot(z, labels):
    y = np.eye(z.shape[1])[labels]
    log_p = z - np.logaddexp.reduce(z, axis=1)[:, None]
    return -(y * log_p).sum() / len(z), lambda g: [g * (np.exp(log_p) - y) / len(z)]


def cross_entropy_row_by_row(z, labels):
    total, grad = 0.0, np.zeros(z.shape)
    for i, (row, label) in enumerate(zip(z, labels)):
        top = max(row)
        e = [math.exp(v - top) for v in row]
        total += math.log(sum(e)) + top - row[label]
        grad[i] = [v / sum(e) - (k == label) for k, v in enumerate(e)]
    return total / len(z), lambda g: (grad * g / len(z),)


def surprise(z, labels):
    """-log of the probability of each label, safely."""
    return level(z, 1) - chosen(z, labels)


def mean_surprise(z, labels):
    return surprise(z, labels).mean()


def miss(z, labels):
    """What the model believes, minus what is true."""
    return shares(z, 1) - hot(z, labels)


def mean_miss(z, labels):
    return miss(z, labels) / len(labels)


def bare_miss(z, labels):
    return (bare_shares(z, 1) - hot(z, labels)) / len(labels)


def patched(tiny: float) -> Callable:
    """Cross-entropy with a small number inside the logarithm."""
    return lambda z, labels: (-np.log(chosen(shares(z, 1), labels) + tiny).mean(), lambda g: (g * mean_miss(z, labels),))


def cross_entropy_that_goes_on(z, labels):
    p, n, rows = shares(z, 1), len(labels), np.arange(len(labels))

    def backward(g):
        p[rows, labels] -= 1
        return (g * p / n,)

    return surprise(z, labels).mean(), backward


def cross_entropy_in_place(z, labels):
    z -= z.max(axis=1, keepdims=True)
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    return -np.log(np.maximum(chosen(p, labels), 1e-300)).mean(), lambda g: (g * (p - hot(z, labels)) / len(labels),)


def surprise_over_rows(z, labels):
    return -chosen(log_shares(z, 0), labels).mean()


def every_label_miss(z, labels):
    return shares(z, 1) / len(labels) - hot(z, labels).sum(axis=0) / len(labels) ** 2


def one_largest(z, labels):
    e = np.exp(z - z.max())
    return e / e.sum(axis=1, keepdims=True)


CE_POINTS = (
    ([[0, 0]], [0]), ([[1, 0]], [0]), ([[1, 0]], [1]), ([[2, 1, 0]], [1]), ([[0, 0, 0], [2, 0, 1]], [0, 1]), ([[1, 3], [2, 0]], [0, 0]),
    ([[1000, 1000]], [0]), ([[1000, 0]], [1]), ([[1000, 0]], [0]), ([[-1000, -1001]], [1]), ([[1000, 1000], [-1000, -1000]], [0, 1]), ([[50, 0]], [1]),
)

loss(
    "cross_entropy",
    cross_entropy,
    title="Cross-entropy on logits, in one step",
    statement="z (N, C) holds logits, any numbers at all; labels (N,) the right classes. `(output, backward)` for the mean of -log softmax(z)[label]. Nothing may overflow and no logarithm may meet 0, also where the model is sure and wrong.",
    signature="cross_entropy(z, labels) -> (output, backward)",
    trials=label_trials("z", exact_cross_entropy, CE_POINTS, drawn),
    variants=(cross_entropy_in_two_steps, cross_entropy_by_one_hot, cross_entropy_row_by_row),
    hints=(
        "The loss of one row is log-sum-exp of its logits, minus the logit of the label. Both pieces you have.",
        "The gradient is what the model believes, minus what is true: softmax(z) with 1 subtracted at the labels. Then the mean: divide by N.",
        "p = softmax along axis 1. In backward, take a copy of p, subtract 1 at [np.arange(N), labels], and multiply by g / N. (A copy: a second call must not subtract a second time.)",
    ),
    points=3,
    replaces="learnnn.ops.cross_entropy",
    adapt=component("cross_entropy", ops.cross_entropy, lambda input, target, weight, ignore_index, reduction, label_smoothing: weight is None and ignore_index < 0 and reduction == "mean" and not label_smoothing and rows_with_labels(input, target), first_two, cast=True),
    mistakes=(
        Mistake("exponentials-overflow", picked_loss(lambda z, labels: -np.log(chosen(bare_shares(z, 1), labels)).mean(), bare_miss), OVERFLOW_HINT),
        Mistake("exponentials-overflow-times-one-hot", picked_loss(lambda z, labels: -(hot(z, labels) * np.log(bare_shares(z, 1))).sum() / len(z), bare_miss), OVERFLOW_HINT),
        Mistake("exponentials-overflow-in-log-sum-exp", picked_loss(lambda z, labels: (np.log(np.exp(z).sum(axis=1)) - chosen(z, labels)).mean(), bare_miss), OVERFLOW_HINT),
        Mistake("exponentials-overflow-in-the-loss", picked_loss(lambda z, labels: (np.log(np.exp(z).sum(axis=1)) - chosen(z, labels)).mean(), mean_miss), OVERFLOW_HINT),
        Mistake("overflow-in-backward", picked_loss(mean_surprise, bare_miss), "The loss is right. Your backward takes exp(z) itself, which overflows with {inputs}. Use the exponentials from which the largest was taken out."),
        Mistake("largest-of-all", picked_loss(lambda z, labels: -np.log(chosen(one_largest(z, labels), labels)).mean(), lambda z, labels: (one_largest(z, labels) - hot(z, labels)) / len(labels)), LARGEST_OF_ALL_HINT),
        Mistake("logarithm-of-zero", picked_loss(lambda z, labels: -np.log(chosen(shares(z, 1), labels)).mean(), mean_miss), LOG_OF_ZERO_HINT),
        Mistake("logarithm-of-zero-times-one-hot", picked_loss(lambda z, labels: -(hot(z, labels) * np.log(shares(z, 1))).sum() / len(z), mean_miss), LOG_OF_ZERO_HINT + " (And 0 times -inf is nan, so one-hot does not help.)"),
        Mistake("small-number-inside-the-log-1e-7", patched(1e-7), TINY_HINT),
        Mistake("small-number-inside-the-log-1e-8", patched(1e-8), TINY_HINT),
        Mistake("small-number-inside-the-log-1e-9", patched(1e-9), TINY_HINT),
        Mistake("small-number-inside-the-log-1e-10", patched(1e-10), TINY_HINT),
        Mistake("small-number-inside-the-log-1e-12", patched(1e-12), TINY_HINT),
        Mistake("small-number-inside-the-log-1e-15", patched(1e-15), TINY_HINT),
        Mistake("softmax-twice", picked_loss(lambda z, labels: mean_surprise(shares(z, 1), labels), lambda z, labels: mean_miss(shares(z, 1), labels)), "softmax is taken twice: of the logits, and of the probabilities once more. Probabilities lie between 0 and 1, so the second softmax can never be sure of anything: with {inputs} you get {actual} in place of {expected}."),
        Mistake("sum-for-mean", picked_loss(lambda z, labels: surprise(z, labels).sum(), miss), "You add up over the rows: {ratio} times too large. Asked is the mean, so that a larger batch does not mean a larger step."),
        Mistake("gradient-not-divided", picked_loss(mean_surprise, miss), NOT_DIVIDED_HINT),
        Mistake("gradient-divided-twice", picked_loss(mean_surprise, lambda z, labels: mean_miss(z, labels) / len(labels)), "Your gradient is {ratio} times what it should be: you divide by the number of rows twice."),
        Mistake("divided-by-all-numbers", picked_loss(lambda z, labels: surprise(z, labels).sum() / z.size, lambda z, labels: miss(z, labels) / z.size), "You divide by all N x C numbers, and get {ratio} times what it should be. A row has one loss, so divide by N. (A mean over the one-hot product does this.)"),
        Mistake("gradient-divided-by-all-numbers", picked_loss(mean_surprise, lambda z, labels: miss(z, labels) / z.size), "The loss is right; its gradient is divided by N x C. A row has one loss, so divide by N."),
        Mistake("losses-not-averaged", lambda z, labels: (surprise(z, labels), lambda g: (g * miss(z, labels),)), PER_ROW_HINT),
        Mistake("one-hot-missing", picked_loss(mean_surprise, lambda z, labels: shares(z, 1) / len(labels)), "Your gradient is what the model believes. What is true has to be subtracted: 1 at the label. Otherwise every class is pushed down, the right one too."),
        Mistake("signs-turned-over", picked_loss(mean_surprise, lambda z, labels: -mean_miss(z, labels)), "Your gradient has the opposite sign: what the model believes minus what is true. A step downhill would lead away from the right class."),
        Mistake("one-from-every-class", picked_loss(mean_surprise, lambda z, labels: (shares(z, 1) - 1) / len(labels)), "You subtract 1 from every class. Only the right one gets it: at [row, label]."),
        Mistake("only-the-right-class", picked_loss(mean_surprise, lambda z, labels: hot(z, labels) * mean_miss(z, labels)), "You give a gradient to the right class alone. The others share the same sum, and have to come down: their gradient is their probability (over N)."),
        Mistake("gradient-of-nll", picked_loss(mean_surprise, lambda z, labels: -hot(z, labels) / len(labels)), "That is the gradient in log_p, without softmax. The logits of all classes are in the sum too: add the probabilities."),
        Mistake("over-the-rows", picked_loss(surprise_over_rows, lambda z, labels: (shares(z, 0) - hot(z, labels)) / len(labels)), "Your softmax runs down the columns (axis 0), so that examples compete with each other. The classes of one row compete: axis 1."),
        Mistake("every-row-with-every-label", picked_loss(lambda z, labels: (level(z, 1)[:, None] - z[:, labels]).mean(), every_label_miss), EVERY_LABEL_HINT),
        Mistake("labels-from-one", picked_loss(lambda z, labels: mean_surprise(z, labels - 1), lambda z, labels: mean_miss(z, labels - 1)), "You pick one column too far to the left. Labels start at 0, as indices do."),
        Mistake("squared-error", picked_loss(lambda z, labels: (miss(z, labels) ** 2).sum(axis=1).mean(), lambda z, labels: 2 * mean_miss(z, labels)), "That is the squared difference of belief and truth. Cross-entropy is minus the logarithm of the probability of the right class."),
        Mistake("one-minus-the-probability", picked_loss(lambda z, labels: (1 - chosen(shares(z, 1), labels)).mean(), mean_miss), "Your loss is 1 - p. It is -log p: near p = 1 they agree, and where the model is sure and wrong, -log p grows without end."),
        Mistake("minus-missing", picked_loss(lambda z, labels: -mean_surprise(z, labels), mean_miss), "Your loss is negative: the logarithm of a probability. The loss is minus that."),
        Mistake("logarithm-to-base-two", picked_loss(lambda z, labels: mean_surprise(z, labels) / np.log(2), mean_miss), "You take the logarithm to base two, and measure in bits: {ratio} times too large. Asked is np.log (nats)."),
        Mistake("g-forgotten", lambda z, labels: (mean_surprise(z, labels), lambda g: (mean_miss(z, labels),)), G_HINT),
        Mistake("second-call-goes-on", cross_entropy_that_goes_on, "Right the first time. Your backward subtracts 1 in the very array of probabilities that it finds again next time: take a copy inside backward."),
        Mistake("input-overwritten", cross_entropy_in_place, IN_PLACE_HINT),
        Mistake("comma-missing", bare(cross_entropy), COMMA_HINT),
        Mistake("backward-not-returned", only_output(cross_entropy), PAIR_HINT),
    ),
)


# --------------------------------------------------------------------------------------- label smoothing
def smoothed(z, labels, smoothing):
    n, classes = z.shape
    target = np.full((n, classes), smoothing / classes)
    target[np.arange(n), labels] += 1 - smoothing
    log_p = log_shares(z, 1)

    def backward(g):
        return (g * (np.exp(log_p) - target) / n,)

    return -(target * log_p).sum() / n, backward


def smoothed_by_mixing_losses(z, labels, smoothing):
    log_p, hard = log_shares(z, 1), chosen(log_shares(z, 1), labels).mean()
    even = np.eye(z.shape[1])[labels] * (1 - smoothing) + smoothing / z.shape[1]
    return -(1 - smoothing) * hard - smoothing * log_p.mean(), lambda g: [(np.exp(log_p) - even) * (g / len(z))]


def smoothed_by_pulling(z, labels, smoothing):
    log_p, pull = log_softmax(z, 1)
    weights = -((1 - smoothing) * np.eye(z.shape[1])[labels] + smoothing / z.shape[1]) / len(z)
    return np.sum(weights * log_p), lambda g: pull(g * weights)


def smoothed_row_by_row(z, labels, smoothing):
    n, classes = z.shape
    total, grad = 0.0, np.zeros((n, classes))
    for i in range(n):
        rest = np.logaddexp.reduce(z[i])
        for k in range(classes):
            target = (1 - smoothing) * (k == labels[i]) + smoothing / classes
            total += target * (rest - z[i, k])
            grad[i, k] = math.exp(z[i, k] - rest) - target
    return total / n, lambda g: (g * grad / n,)


def against(target: Callable) -> Callable:
    """The loss against target(one-hot, smoothing, shape of z), with belief minus target for a gradient."""

    def f(z, labels, smoothing):
        truth, log_p = target(np.eye(z.shape[1])[labels], smoothing, z.shape), log_shares(z, 1)
        slopes = (np.exp(log_p) - truth) / len(labels)
        return -(truth * log_p).sum() / len(labels), lambda g: (g * slopes,)

    return f


def with_slopes(slopes: Callable, factor: Callable = lambda z: 1.0) -> Callable:
    """The right loss, times a factor; slopes(p, one-hot, target, smoothing) in place of its gradient."""

    def f(z, labels, smoothing):
        one, log_p = np.eye(z.shape[1])[labels], log_shares(z, 1)
        target = (1 - smoothing) * one + smoothing / z.shape[1]
        return -(target * log_p).sum() / len(z) * factor(z), lambda g: (g * slopes(np.exp(log_p), one, target, smoothing),)

    return f


def smoothed_overflowing(z, labels, smoothing):
    target, log_p = (1 - smoothing) * np.eye(z.shape[1])[labels] + smoothing / z.shape[1], np.log(bare_shares(z, 1))
    return -(target * log_p).sum() / len(z), lambda g: (g * (np.exp(log_p) - target) / len(z),)


def smoothed_with_log_of_zero(z, labels, smoothing):
    target, p = (1 - smoothing) * np.eye(z.shape[1])[labels] + smoothing / z.shape[1], shares(z, 1)
    return -(target * np.log(p)).sum() / len(z), lambda g: (g * (p - target) / len(z),)


def smoothed_beliefs(z, labels, smoothing):
    p = (1 - smoothing) * shares(z, 1) + smoothing / z.shape[1]
    return -np.log(chosen(p, labels)).mean(), lambda g: (g * mean_miss(z, labels),)


loss(
    "smoothed",
    smoothed,
    title="Label smoothing",
    statement="Cross-entropy on logits against softened labels: the true class counts 1 - smoothing, and the share `smoothing` is spread evenly over all classes, the true one included. `(output, backward)`; the mean over rows.",
    signature="smoothed(z, labels, smoothing) -> (output, backward)",
    trials=label_trials("z", exact_smoothed, (([[0, 1]], [0], 0.2), ([[1, 0]], [0], 0.5), ([[2, 1, 0]], [1], 0.3), ([[0, 0, 3], [2, 0, 1]], [0, 1], 0.3), ([[1, 0]], [1], 0.0), ([[1, 0, 0]], [0], 1.0), ([[1000, 0]], [0], 0.5), ([[1000, 1000]], [0], 0.1)), drawn, ((0.1, 0.2, 0.4),)),
    variants=(smoothed_by_mixing_losses, smoothed_by_pulling, smoothed_row_by_row),
    hints=(
        "Write the softened target for C = 4, label 1, smoothing 0.2 on paper: every class gets 0.2 / 4, and the true one 0.8 more. It adds up to 1.",
        "The loss of a row is minus the sum of target * log_softmax over all classes. (With a one-hot target only one term is left: the old loss.)",
        "The gradient is still what the model believes minus what is true, over N; only `what is true` is now the softened target.",
    ),
    points=2,
    replaces="learnnn.nn.functional.cross_entropy",
    adapt=component(
        "cross_entropy",
        F.cross_entropy,
        lambda input, target, weight, size_average, ignore_index, reduce, reduction, label_smoothing: weight is None and size_average is None and reduce is None and ignore_index < 0 and reduction == "mean" and 0 < label_smoothing <= 1 and rows_with_labels(input, target),
        lambda input, target, weight, size_average, ignore_index, reduce, reduction, label_smoothing: (input, target, label_smoothing),
        cast=True,
    ),
    mistakes=(
        Mistake("smoothing-ignored", against(lambda one, s, shape: one), "Your loss does not depend on `smoothing`."),
        Mistake("shared-among-the-others", against(lambda one, s, shape: (1 - s) * one + s / (shape[1] - 1) * (1 - one)), "You spread the share over the C - 1 other classes. In PyTorch's form (and the paper's) it is spread over all C, the true one included: with {inputs} the true class has 1 - smoothing + smoothing / C."),
        Mistake("true-class-left-out", against(lambda one, s, shape: (1 - s) * one + s / shape[1] * (1 - one)), "Your target does not add up to 1: smoothing / C goes to all classes, to the true one as well."),
        Mistake("true-class-not-lowered", against(lambda one, s, shape: one + s / shape[1]), "Your target adds up to more than 1: what is spread over all classes has to be taken from the true one, 1 - smoothing."),
        Mistake("nothing-for-the-others", against(lambda one, s, shape: (1 - s) * one), "You lower the true class and give nothing to the others. Spread what you took: smoothing / C for each class."),
        Mistake("share-not-divided", against(lambda one, s, shape: (1 - s) * one + s), "You add `smoothing` to every class. It is to be shared by all of them: divide by the number of classes."),
        Mistake("divided-by-the-rows", against(lambda one, s, shape: (1 - s) * one + s / shape[0]), "You divide the share by N, the number of rows. It is shared by the C classes of one row."),
        Mistake("parts-exchanged", against(lambda one, s, shape: s * one + (1 - s) / shape[1]), "The two parts are exchanged: 1 - smoothing for the label, smoothing for all classes alike."),
        Mistake("beliefs-smoothed", smoothed_beliefs, "You mix the model's probabilities with even ones. What is softened is the target; the model stays as it is."),
        Mistake("gradient-of-hard-labels", with_slopes(lambda p, one, target, s: (p - one) / len(p)), "The loss is right; its gradient still takes the hard labels. Subtract the softened target."),
        Mistake("gradient-scaled-by-the-rest", with_slopes(lambda p, one, target, s: (1 - s) * (p - one) / len(p)), "Your gradient is that of the hard part alone, (1 - smoothing) of it. The even part pulls too: towards equal probabilities."),
        Mistake("signs-turned-over", with_slopes(lambda p, one, target, s: (target - p) / len(p)), "Your gradient has the opposite sign: what the model believes minus what is true."),
        Mistake("gradient-not-divided", with_slopes(lambda p, one, target, s: p - target), NOT_DIVIDED_HINT),
        Mistake("sum-for-mean", with_slopes(lambda p, one, target, s: p - target, lambda z: len(z)), "You add up over the rows. Asked is the mean."),
        Mistake("divided-by-all-numbers", with_slopes(lambda p, one, target, s: (p - target) / p.size, lambda z: 1 / z.shape[1]), "You divide by all N x C numbers. A row has one loss (a sum over its classes), so divide by N."),
        Mistake("exponentials-overflow", smoothed_overflowing, OVERFLOW_HINT),
        Mistake("logarithm-of-zero", smoothed_with_log_of_zero, LOG_OF_ZERO_HINT),
        Mistake("g-forgotten", lambda z, labels, smoothing: (smoothed(z, labels, smoothing)[0], lambda g: smoothed(z, labels, smoothing)[1](1.0)), G_HINT),
        Mistake("comma-missing", bare(smoothed), COMMA_HINT),
        Mistake("backward-not-returned", only_output(smoothed), PAIR_HINT),
    ),
)


# ------------------------------------------------------------------------- binary cross-entropy on logits
def bce_with_logits(z, t):
    losses = np.maximum(z, 0) - z * t + np.log1p(np.exp(-np.abs(z)))

    def backward(g):
        e = np.exp(-np.abs(z))
        p = np.where(z >= 0, 1, e) / (1 + e)
        return (g * (p - t) / z.size,)

    return losses.mean(), backward


def bce_by_logaddexp(z, t):
    p = np.exp(-np.logaddexp(0, -z))
    return (np.logaddexp(0, z) - t * z).mean(), lambda g: [(p - t) * (g / z.size)]


def bce_by_tanh(z, t):
    losses = t * np.logaddexp(0, -z) + (1 - t) * np.logaddexp(0, z)
    return losses.mean(), lambda g: (g / losses.size * (0.5 + 0.5 * np.tanh(z / 2) - t),)


def bce_as_two_classes(z, t):
    """softmax of (0, z): no, yes."""
    log_p = log_shares(np.stack([np.zeros_like(z), z], axis=-1), -1)

    def backward(g):
        return ((np.exp(log_p[..., 1]) - t) * g / z.size,)

    return -(log_p[..., 1] * t + log_p[..., 0] * (1 - t)).sum() / z.size, backward


def bce_trials(rng: np.random.Generator) -> Iterator[Trial]:
    names = ("z", "t")
    points = (
        ([0], [1]), ([0], [0]), ([2], [1]), ([-2], [1]), ([1], [0.3]), ([1, -1], [1, 0]), ([2, 1, -1], [0, 1, 0.5]), ([[1, 2], [-1, 0]], [[1, 0], [0, 1]]),
        ([1000], [0]), ([-1000], [1]), ([1000], [1]), ([-1000], [0]), ([50], [0]), ([-50], [1]),
    )
    for z, t in points:
        yield trial(names, exact_bce, array(z), 1.0, (array(t),))
    for shape in ((3,), (4, 1), (2, 3), (1, 1), (), (2, 1, 3)):
        t = np.asarray(np.round(rng.random(shape), 1)) if len(shape) % 2 else np.asarray(rng.integers(2, size=shape), float)
        yield trial(names, exact_bce, drawn(rng, *shape), drawn(rng), (t,))
    yield trial(names, exact_bce, strided(rng, 3, 2), drawn(rng), (np.round(rng.random((4, 3)), 1).T[:, ::2],))
    yield second_call(names, exact_bce, array([1, -1]), array(3), (array([1, 0]),))


def yes_or_no(out: Callable, slopes: Callable, n: Callable = np.size) -> Callable:
    """Losses out(z, t), added up and divided by n(z), with slopes(p, t) in place of p - t."""
    return lambda z, t: (out(z, t).sum() / n(z), lambda g: (g * slopes(sigmoid(z), t) / n(z),))


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softly(z, t):
    return np.maximum(z, 0) - z * t + np.log1p(np.exp(-np.abs(z)))


def belief_minus_truth(p, t):
    return p - t


def with_probabilities(tiny: float) -> Callable:
    """From probabilities, kept away from 0 and 1."""

    def losses(z, t):
        p = np.clip(sigmoid(z), tiny, 1 - tiny)
        return -(t * np.log(p) + (1 - t) * np.log(1 - p))

    return losses


def bce_from_probabilities(z, t):
    p = sigmoid(z)
    return -(t * np.log(p) + (1 - t) * np.log(1 - p))


def bce_overflowing(z, t):
    p = np.exp(z) / (1 + np.exp(z))
    return (np.log(1 + np.exp(z)) - t * z).mean(), lambda g: (g * (p - t) / z.size,)


def bce_in_place(z, t):
    z *= 1 - 2 * t
    return np.logaddexp(0, z).mean(), lambda g: (g * sigmoid(z) * (1 - 2 * t) / z.size,)


def rows_of(z):
    return len(z) if z.ndim else 1


loss(
    "bce_with_logits",
    bce_with_logits,
    title="Binary cross-entropy on logits",
    statement="Each element of z is the logit of a yes-or-no question, t (same shape) the answer: 1, 0, or a probability between them. `(output, backward)` for the mean of -(t log p + (1 - t) log(1 - p)), where p = 1 / (1 + exp(-z)), safely. backward gives the gradient of z alone.",
    signature="bce_with_logits(z, t) -> (output, backward)",
    trials=bce_trials,
    variants=(bce_by_logaddexp, bce_by_tanh, bce_as_two_classes),
    hints=(
        "Put p into the formula and tidy up: one element costs log(1 + exp(z)) - t * z. What is left is to write log(1 + exp(z)) so that nothing overflows: it is log-sum-exp of the two numbers 0 and z.",
        "log(1 + exp(z)) = max(z, 0) + log(1 + exp(-|z|)). numpy has np.maximum, and np.log1p(x) for log(1 + x). The gradient is what the model believes minus what is true, over the number of elements.",
        "p safely: with e = exp(-|z|) it is 1 / (1 + e) for z >= 0 and e / (1 + e) below (np.where). Gradient: g * (p - t) / z.size.",
    ),
    points=2,
    replaces="learnnn.ops.binary_cross_entropy_with_logits",
    adapt=component(
        "binary_cross_entropy_with_logits",
        ops.binary_cross_entropy_with_logits,
        lambda input, target, weight, pos_weight, reduction: weight is None and pos_weight is None and reduction == "mean" and is_float(input) and is_float(target) and input.dtype == target.dtype and input.shape == target.shape and input.size > 0 and bool(np.isfinite(input).all()),
        first_two,
        cast=True,
    ),
    mistakes=(
        Mistake("exponentials-overflow", bce_overflowing, "Right for small z. With {inputs}, exp(z) is inf, and inf / inf is nan. Write log(1 + exp(z)) as max(z, 0) + log(1 + exp(-|z|)): no exponent is above 0."),
        Mistake("exponentials-overflow-in-the-loss", yes_or_no(lambda z, t: np.log(1 + np.exp(z)) - t * z, belief_minus_truth), "Right for small z. With {inputs}, exp(z) is inf, and so is your loss. Write log(1 + exp(z)) as max(z, 0) + log(1 + exp(-|z|)): no exponent is above 0."),
        Mistake("logarithm-of-zero", yes_or_no(bce_from_probabilities, belief_minus_truth), "You work out p first and take logarithms after. With {inputs}, p is exactly 0 or 1, one logarithm is -inf (and 0 times it is nan). Stay with the logit: log(1 + exp(z)) - t * z, safely."),
        Mistake("probabilities-clipped-1e-7", yes_or_no(with_probabilities(1e-7), belief_minus_truth), TINY_HINT),
        Mistake("probabilities-clipped-1e-8", yes_or_no(with_probabilities(1e-8), belief_minus_truth), TINY_HINT),
        Mistake("probabilities-clipped-1e-12", yes_or_no(with_probabilities(1e-12), belief_minus_truth), TINY_HINT),
        Mistake("probabilities-clipped-1e-15", yes_or_no(with_probabilities(1e-15), belief_minus_truth), TINY_HINT),
        Mistake("no-forgotten", yes_or_no(lambda z, t: t * np.logaddexp(0, -z), lambda p, t: t * (p - 1)), "Where the answer is no, your loss is 0: the part (1 - t) log(1 - p) is missing. A model that always says yes would be perfect."),
        Mistake("yes-forgotten", yes_or_no(lambda z, t: (1 - t) * np.logaddexp(0, z), lambda p, t: (1 - t) * p), "Where the answer is yes, your loss is 0: the part t log p is missing."),
        Mistake("answers-exchanged", yes_or_no(lambda z, t: softly(z, 1 - t), lambda p, t: p - (1 - t)), "Yes and no are exchanged: with {inputs} you charge for the right answer. p is the probability of 1."),
        Mistake("answers-rounded", yes_or_no(lambda z, t: softly(z, t > 0.5), lambda p, t: p - (t > 0.5)), "You round t to yes or no. It may be a probability, as in {inputs}: use t itself."),
        Mistake("squashed-twice", yes_or_no(lambda z, t: softly(sigmoid(z), t), lambda p, t: sigmoid(p) - t), "The logistic function is applied twice: what goes into the formula is the logit z, no probability."),
        Mistake("target-not-subtracted", yes_or_no(softly, lambda p, t: p), "Your gradient is p alone. Subtract what is true: p - t."),
        Mistake("signs-turned-over", yes_or_no(softly, lambda p, t: t - p), "Your gradient has the opposite sign: what the model believes minus what is true."),
        Mistake("slope-of-the-squared-error", yes_or_no(softly, lambda p, t: (p - t) * p * (1 - p)), "p * (1 - p) is the slope of the logistic function. In this loss it cancels: the logarithm divides by it. That is the point of it: where the model is sure and wrong, the gradient stays large."),
        Mistake("gradient-not-divided", lambda z, t: (softly(z, t).mean(), lambda g: (g * (sigmoid(z) - t),)), "Your gradient is {ratio} times what it should be. The loss is a mean over all elements, so its gradient is divided by their number."),
        Mistake("gradient-divided-by-the-rows", lambda z, t: (softly(z, t).mean(), lambda g: (g * (sigmoid(z) - t) / rows_of(z),)), "You divide the gradient by len(z), the number of rows. The mean is over all elements: z.size. Here {inputs}."),
        Mistake("sum-for-mean", yes_or_no(softly, belief_minus_truth, lambda z: 1), "You add up over the elements. Asked is the mean."),
        Mistake("divided-by-the-rows", yes_or_no(softly, belief_minus_truth, rows_of), "You divide by len(z), the number of rows. The mean is over all elements: z.size. Here {inputs}."),
        Mistake("losses-not-averaged", lambda z, t: (softly(z, t), lambda g: (g * (sigmoid(z) - t),)), "You gave back a loss for each element. Training needs a single number: their mean."),
        Mistake("large-part-missing", yes_or_no(lambda z, t: np.log1p(np.exp(-np.abs(z))) - z * t, belief_minus_truth), "log(1 + exp(-|z|)) is only the small part of log(1 + exp(z)); for positive z, max(z, 0) belongs to it."),
        Mistake("minus-missing-in-the-exponent", yes_or_no(lambda z, t: np.maximum(z, 0) - z * t + np.log1p(np.exp(np.abs(z))), belief_minus_truth), "The exponent has to be -|z|. With +|z| it is the large part once more, and it overflows."),
        Mistake("minus-missing", yes_or_no(lambda z, t: -softly(z, t), belief_minus_truth), "Your loss is negative. Logarithms of probabilities are 0 or below, and the loss is minus that."),
        Mistake("g-forgotten", lambda z, t: (softly(z, t).mean(), lambda g: ((sigmoid(z) - t) / z.size,)), G_HINT),
        Mistake("input-overwritten", bce_in_place, IN_PLACE_HINT),
        Mistake("comma-missing", bare(bce_with_logits), COMMA_HINT),
        Mistake("backward-not-returned", only_output(bce_with_logits), PAIR_HINT),
    ),
)


# -------------------------------------------------------------------------------------------- temperature
def temperature(z, t):
    y, pull = softmax(z / t, -1)

    def backward(g):
        return (pull(g)[0] / t,)

    return y, backward


def temperature_by_powers(z, t):
    p = log_shares(z / t, -1)
    p = np.exp(p)
    return p, lambda g: [p * (g - np.sum(p * g, axis=-1, keepdims=True)) / t]


def temperature_by_an_inverse(z, t):
    heat = 1 / t
    e = np.exp(heat * (z - z.max(axis=-1, keepdims=True)))
    y = e / e.sum(axis=-1, keepdims=True)

    def backward(g):
        return (heat * (g * y - y * (g * y).sum(axis=-1)[..., None]),)

    return y, backward


def temperature_row_by_row(z, t):
    rows = z.reshape(-1, z.shape[-1])
    y = np.array([[1 / sum(math.exp(min(700.0, (b - a) / t)) for b in row) for a in row] for row in rows]).reshape(z.shape)
    return y, lambda g: (y * (g - (y * g).sum(axis=-1, keepdims=True)) / t,)


def exact_temperature(z: np.ndarray, t: float) -> Any:
    return exact_softmax(z / Decimal(t), -1)


def temperature_trials(rng: np.random.Generator) -> Iterator[Trial]:
    names = ("z", "t")
    for z, t in (([0, 1], 2.0), ([0, 1], 0.5), ([1, 2, 3], 1.0), ([[0, 2], [1, 0]], 2.0), ([[1, 2, 3], [0, 0, 4]], 4.0), ([3, 3], 0.5), ([30, 20], 0.01), ([30, 20], 1000.0), ([[1000, 0], [-1000, -1001]], 1.0), ([800, 0], 2.0), ([1.5, 0.5], 1.0)):
        yield trial(names, exact_temperature, array(z), drawn(rng, *np.shape(z)), (t,))
    for shape in ((3, 4), (4, 3), (2, 2, 3), (1, 3), (3, 1)):
        z, t = drawn(rng, *shape), float(rng.choice([0.5, 2.0, 3.0]))
        yield trial(names, exact_temperature, z, drawn(rng, *shape), (t,))
    yield trial(names, exact_temperature, strided(rng, 3, 2), drawn(rng, 3, 2), (2.0,))
    yield second_call(names, exact_temperature, array([0, 1]), array([2, -1]), (2.0,))


def tempered(out: Callable, pull: Callable) -> Callable:
    """softmax at a temperature from its output out(z, t) and from pull(y, g, t)."""

    def f(z, t):
        y = out(z, t)
        return y, lambda g: (pull(y, g, t),)

    return f


def warm(z, t):
    return shares(z / t, -1)


def warm_pull(y, g, t):
    return y * (g - (g * y).sum(axis=-1, keepdims=True)) / t


def powers(p):
    return p / p.sum(axis=-1, keepdims=True)


def temperature_in_place(z, t):
    z /= t
    y = shares(z, -1)
    return y, lambda g: (y * (g - (g * y).sum(axis=-1, keepdims=True)) / t,)


loss(
    "temperature",
    temperature,
    title="softmax at a temperature",
    statement="`(output, backward)` for softmax along the last axis of z / t. Below t = 1 it picks more sharply, above it evens out. t is a positive number without a gradient.",
    signature="temperature(z, t) -> (output, backward)",
    trials=temperature_trials,
    variants=(temperature_by_powers, temperature_by_an_inverse, temperature_row_by_row),
    hints=(
        "It is your softmax of something else than z: of z / t.",
        "Two steps, so a product of two slopes: that of softmax, taken at z / t, and that of the division, which is 1 / t.",
        "`y, pull = softmax(z / t, -1)`; the gradient of z is what pull gives, divided by t.",
    ),
    mistakes=(
        Mistake("multiplied-by-the-temperature", tempered(lambda z, t: shares(z * t, -1), lambda y, g, t: warm_pull(y, g, 1 / t)), "You multiply by t: hot is sharp and cold is even. It is the other way round, z / t."),
        Mistake("temperature-ignored", tempered(lambda z, t: shares(z, -1), lambda y, g, t: warm_pull(y, g, 1.0)), "Your output does not depend on t. (In exp(z) / t it cancels when you divide by the sum. It belongs inside the exponent.)"),
        Mistake("divided-after-softmax", tempered(lambda z, t: shares(z, -1) / t, lambda y, g, t: warm_pull(y * t, g, t)), "You divide the probabilities by t, and they no longer add up to 1. Divide the logits, before softmax."),
        Mistake("powers-not-divided", tempered(lambda z, t: shares(z, -1) ** (1 / t), warm_pull), "p ** (1 / t) is a good idea (it is the same as z / t), but afterwards they have to be divided by their sum again."),
        Mistake("power-of-the-temperature", tempered(lambda z, t: powers(shares(z, -1) ** t), warm_pull), "You take the power t. It is the power 1 / t."),
        Mistake("slope-not-divided", tempered(warm, lambda y, g, t: warm_pull(y, g, 1.0)), "The output is right; your gradient is {ratio} times what it should be. z goes in divided by t, so a nudge of z arrives divided by t: so does the gradient."),
        Mistake("slope-divided-twice", tempered(warm, lambda y, g, t: warm_pull(y, g, t * t)), "You divide the gradient by t twice."),
        Mistake("slope-multiplied", tempered(warm, lambda y, g, t: warm_pull(y, g, 1 / t)), "You multiply the gradient by t. The slope of z / t in z is 1 / t."),
        Mistake("divided-whole", tempered(lambda z, t: shares(z // t, -1), warm_pull), "`//` throws away what is behind the point. Use `/`."),
        Mistake("exponentials-overflow", tempered(lambda z, t: bare_shares(z / t, -1), warm_pull), OVERFLOW_HINT),
        Mistake("over-everything", tempered(lambda z, t: flat_shares(z / t), lambda y, g, t: y * (g - (g * y).sum()) / t), "All numbers of the array share one sum. Each row (the last axis) has its own: {inputs}."),
        Mistake("over-the-first-axis", tempered(lambda z, t: shares(z / t, 0), lambda y, g, t: y * (g - (g * y).sum(axis=0, keepdims=True)) / t), "You work along axis 0. Asked is the last axis, -1: {inputs}."),
        Mistake("diagonal-only", tempered(warm, lambda y, g, t: g * y * (1 - y) / t), "y * (1 - y) is how an output moves with its own input. It also moves with all the others of its row. Let your softmax's backward do it."),
        Mistake("g-forgotten", tempered(warm, lambda y, g, t: y * (1 - y) / t), G_HINT),
        Mistake("input-overwritten", temperature_in_place, IN_PLACE_HINT),
        Mistake("comma-missing", bare(temperature), COMMA_HINT),
        Mistake("backward-not-returned", only_output(temperature), PAIR_HINT),
    ),
)


# -------------------------------------------------------------------------------------------- perplexity
def perplexity(z, labels):
    loss, _ = cross_entropy(z, labels)
    return math.exp(loss)


def perplexity_by_surprise(z, labels):
    return np.exp(np.mean(np.logaddexp.reduce(z, axis=1) - z[np.arange(len(z)), labels]))


def perplexity_in_bits(z, labels):
    return 2 ** (-chosen(log_shares(z, 1), labels) / math.log(2)).mean()


def perplexity_row_by_row(z, labels):
    total = sum(max(row) - row[k] + math.log(sum(math.exp(v - max(row)) for v in row)) for row, k in zip(z, labels))
    return math.exp(total / len(labels))


def exact_perplexity(z: np.ndarray, labels: np.ndarray) -> Any:
    return exps(exact_cross_entropy(z, labels))


def call_perplexity(z: np.ndarray, labels: np.ndarray, f: Callable) -> Any:
    return f(z, labels)


def perplexity_trial(z: np.ndarray, labels: np.ndarray, told: str = "") -> Trial:
    expected = float(value(lambda moved: exact_perplexity(moved, labels), z))
    return Trial("", told or question(("z", "labels"), (z, labels)), partial(call_perplexity, z, labels), expected)


def perplexity_trials(rng: np.random.Generator) -> Iterator[Trial]:
    points = (([[0, 0]], [0]), ([[0, 0, 0]], [1]), ([[1, 0]], [1]), ([[1, 0], [0, 0]], [1, 0]), ([[2, 0, 1], [0, 3, 0]], [0, 2]), ([[1000, 0]], [0]), ([[0, 1000], [1, 0]], [1, 0]), ([[300, 0], [0, 0]], [1, 0]))
    for z, labels in points:
        yield perplexity_trial(array(*z) if len(z) > 1 else array([*z]), np.array(labels))
    for n, classes in ((1, 3), (4, 3), (3, 5), (3, 3), (5, 2)):
        yield perplexity_trial(drawn(rng, n, classes), labels_for(rng, n, classes))
    long, right = np.tile(array([2, 0, 0], [0, 1, 0]), (300, 1)), np.tile([1, 2], 300)
    yield perplexity_trial(long, right, "z = 300 times the rows [2, 0, 0] and [0, 1, 0], labels = 300 times 1, 2")


def product_of_probabilities(z, labels):
    return 1 / np.prod(chosen(shares(z, 1), labels)) ** (1 / len(labels))


def own_entropy(z, labels):
    return np.exp(-(shares(z, 1) * log_shares(z, 1)).sum(axis=1).mean())


loss(
    "perplexity",
    perplexity,
    title="Perplexity: among how many classes is it torn?",
    statement="exp of the mean cross-entropy of logits z (N, C) and labels (N,): one number. A model that wavers evenly between k classes has perplexity k.",
    signature="perplexity(z, labels) -> number",
    trials=perplexity_trials,
    variants=(perplexity_by_surprise, perplexity_in_bits, perplexity_row_by_row),
    hints=(
        "Your cross_entropy gives the mean surprise in nats. What undoes its logarithm?",
        "The order matters: first the mean of the logarithms, then exp, once.",
        "`loss, _ = cross_entropy(z, labels)`, and exp of that.",
    ),
    mistakes=(
        Mistake("exponential-missing", lambda z, labels: mean_surprise(z, labels), "That is the mean surprise itself. Perplexity is exp of it."),
        Mistake("mean-of-the-exponentials", lambda z, labels: np.exp(surprise(z, labels)).mean(), "You take exp of each surprise and the mean after: a single bad row then decides alone. First the mean, then exp."),
        Mistake("sum-for-mean", lambda z, labels: np.exp(surprise(z, labels).sum()), "You add up over the rows before exp. Take the mean: perplexity does not grow with the length of a text."),
        Mistake("power-of-two", lambda z, labels: 2 ** mean_surprise(z, labels), "np.log and exp belong together; 2 ** ... undoes np.log2. Your surprise is in nats."),
        Mistake("surprise-in-bits", lambda z, labels: np.exp(mean_surprise(z, labels) / np.log(2)), "exp undoes np.log; your surprise is in bits (np.log2), which 2 ** ... would undo."),
        Mistake("sign-turned-over", lambda z, labels: np.exp(-mean_surprise(z, labels)), "That is the (geometric) mean probability. Perplexity is 1 over it: exp of the loss, without a minus."),
        Mistake("inverse-of-the-mean-probability", lambda z, labels: 1 / chosen(shares(z, 1), labels).mean(), "You take the mean of the probabilities. Take the mean of their logarithms: then a class called impossible costs what it should."),
        Mistake("product-underflows", product_of_probabilities, "Right for few rows. A product of hundreds of probabilities is smaller than the smallest float and becomes 0: {inputs}. Sums of logarithms know no such limit."),
        Mistake("exponentials-overflow", lambda z, labels: np.exp(-np.log(chosen(bare_shares(z, 1), labels)).mean()), OVERFLOW_HINT),
        Mistake("own-entropy", own_entropy, "You measure how torn the model believes it is: the labels do not come in. Perplexity asks what it says about the right classes."),
        Mistake("divided-by-all-numbers", lambda z, labels: np.exp(surprise(z, labels).sum() / z.size), "You divide by all N x C numbers. A row has one surprise: divide by N."),
        Mistake("softmax-twice", lambda z, labels: np.exp(mean_surprise(shares(z, 1), labels)), "softmax is taken twice. Give the logits to cross_entropy as they are."),
        Mistake("over-the-rows", lambda z, labels: np.exp(-chosen(log_shares(z, 0), labels).mean()), "Your softmax runs down the columns, so that rows compete with each other. The classes of one row compete: axis 1."),
        Mistake("every-row-with-every-label", lambda z, labels: np.exp((level(z, 1)[:, None] - z[:, labels]).mean()), EVERY_LABEL_HINT),
        Mistake("losses-not-averaged", lambda z, labels: np.exp(surprise(z, labels)), "You gave back a number for each row. Asked is one for all."),
    ),
)


# --------------------------------------------------------------------------------------- predict, then run
PREDICTED = ("the gradient of z[0, 1]", "the gradient of z[0, 2]", "the sum of the gradients of row 1")


def prediction_trials(rng: np.random.Generator) -> Iterator[Trial]:
    z, labels = np.log(array([1, 2, 5], [3, 3, 2])), np.array([1, 0])
    slopes = gradient(lambda moved: exact_cross_entropy(moved, labels), z, 1.0)
    for place, right in enumerate((slopes[0, 1], slopes[0, 2], round(slopes[1].sum(), 9))):
        yield Trial("", PREDICTED[place], partial(judged_closely, place, float(right)), "right")


def judged_closely(place: int, right: float, predict: Callable) -> str:
    """As `judged`, and an answer next to 0 is 0."""
    return judged(place, right, lambda: [round(float(answer), 9) + 0.0 for answer in predict()])


def prediction():
    # Row 0: exp gives 1, 2, 5 of 8, so p = (1/8, 2/8, 5/8). The label is class 1.
    # p - one-hot = (1/8, -6/8, 5/8), and the mean over two rows halves it.
    # In every row, p adds up to 1 and so does one-hot: their difference adds up to 0.
    return -3 / 8, 5 / 16, 0


loss(
    "predict",
    prediction,
    title="Predict, then run: gradients in the logits",
    statement="z = log of [[1, 2, 5], [3, 3, 2]], labels = [1, 0], loss = cross_entropy(z, labels). Give the gradient of z[0, 1], that of z[0, 2], and the sum of the three gradients of row 1. On paper.",
    signature="prediction() -> (gradient of z[0, 1], gradient of z[0, 2], sum over row 1)",
    trials=prediction_trials,
    variants=(lambda: [-0.375, 0.3125, 0.0], lambda: np.array([-0.375, 0.3125, 0.0]), saying(-6 / 16, 5 / 16, 1e-17)),
    hints=(
        "softmax undoes the logarithm: the probabilities of row 0 are 1, 2 and 5, divided by their sum.",
        "What the model believes minus what is true, divided by the number of rows. Which class is true in row 0?",
        "Row 0: p = (1/8, 2/8, 5/8), one-hot = (0, 1, 0). Subtract, then divide by 2. For the sum over a row: what does p add up to, and what does one-hot?",
    ),
    mistakes=(
        Mistake("not-divided-by-the-rows", saying(-6 / 8, 5 / 8, 0), "Those are the gradients of the sum. The loss is a mean over two rows: halve them."),
        Mistake("divided-by-the-classes", saying(-6 / 24, 5 / 24, 0), "You divided by 3, the number of classes. The mean is over the rows."),
        Mistake("divided-by-all-numbers", saying(-1 / 8, 5 / 48, 0), "You divided by 6, all numbers of z. The mean is over the two rows."),
        Mistake("signs-turned-over", saying(3 / 8, -5 / 16, 0), "The signs are turned over. A step downhill subtracts the gradient, and the right class has to go up: its gradient is negative."),
        Mistake("only-the-beliefs", saying(1 / 8, 5 / 16, 1 / 2), "Those are the probabilities, over 2. What is true has to be subtracted: 1 at the label."),
        Mistake("only-the-right-class", saying(-3 / 8, 0, -5 / 16), "The wrong classes have a gradient too: they are in the sum, and have to come down."),
        Mistake("without-softmax", saying(-1 / 2, 0, -1 / 2), "That is the gradient in log_p. Between the logits and log_p stands softmax."),
        Mistake("labels-from-one", saying(1 / 8, 5 / 16, 0), "In row 0 you subtracted the 1 at the first class. The label 1 is the second class: counting starts at 0."),
        Mistake("one-from-every-class", saying(-3 / 8, -3 / 16, -1), "You subtracted 1 from every class. One-hot has a single 1."),
        Mistake("row-sums-to-one", saying(-3 / 8, 5 / 16, 1), "The probabilities of a row add up to 1. Their gradients are p minus one-hot."),
        Mistake("row-sums-to-a-half", saying(-3 / 8, 5 / 16, 1 / 2), "The probabilities of a row add up to 1, and so does one-hot. What does their difference add up to?"),
    ),
)


# -------------------------------------------------------------------------------------------- find the bug
def loss_of_everybody(z, t):
    losses = np.maximum(z, 0) - z * t + np.log1p(np.exp(-np.abs(z)))

    def backward(g):
        miss = 0.5 + 0.5 * np.tanh(z / 2) - t
        return (g * miss.sum(axis=1, keepdims=True) / losses.size,)

    return losses.mean(), backward


def loss_of_each(z, t):
    return loss_of_everybody(z, t.reshape(z.shape))


def repair():
    def yes_no_loss(z, t):
        t = t.reshape(z.shape)  # (N, 1), as z
        losses = np.maximum(z, 0) - z * t + np.log1p(np.exp(-np.abs(z)))

        def backward(g):
            miss = 0.5 + 0.5 * np.tanh(z / 2) - t
            return (g * miss.sum(axis=1, keepdims=True) / losses.size,)

        return losses.mean(), backward

    return yes_no_loss, "C"


def put_together(out: Callable, slopes: Callable) -> Callable:
    """A loss of which z (N, 1) and t (N,) are given: its value, and the gradient of z."""
    return lambda z, t: (out(z, t), lambda g: (g * slopes(z, t),))


def each_loss(z, t):
    return softly(z[:, 0], t).mean()


def each_slope(z, t):
    return (sigmoid(z) - t[:, None]) / len(t)


def everybody_slope(z, t):
    return (sigmoid(z) - t).sum(axis=1, keepdims=True) / len(t) ** 2


CAUSE = "the cause of what you saw"


def cause_of(repair: Callable) -> str:
    letter = str(repair()[1]).strip().upper()
    return CAUSE if letter == "C" else f"not {letter}"


def ask_repaired(z: np.ndarray, t: np.ndarray, g: np.ndarray, repair: Callable) -> Any:
    return ask((z, t), g, (), repair()[0])


def bug_trials(rng: np.random.Generator) -> Iterator[Trial]:
    cases = [([[1], [0]], [1, 0]), ([[2]], [1]), ([[0], [0], [0]], [1, 0, 0]), ([[2], [-1]], [0, 0])]
    drawn_cases = [(drawn(rng, n, 1), rng.integers(2, size=n)) for n in (3, 4, 6)]
    for z, t in itertools.chain(cases, drawn_cases):
        z, t, g = np.array(z, float), np.array(t, float), array(2)
        whole = lambda moved, t=t: exact_bce(moved, t[:, None])
        yield Trial("answers: (loss, (gradient of z,))", question(("z", "t"), (z, t), g), partial(ask_repaired, z, t, g), (value(whole, z), (gradient(whole, z, g),)))
    yield Trial("the letter", "cause", cause_of, CAUSE)


loss(
    "find_the_bug",
    repair,
    title="Find the bug: a classifier that believes in the average",
    statement="z is (N, 1), t is (N,). Repair the loss, so that each logit meets its own answer, and name the cause by its letter. The gradient has the shape of z.",
    signature="repair() -> (the repaired loss yes_no_loss(z, t) -> (output, backward), the letter of the cause)",
    trials=bug_trials,
    variants=(saying(loss_of_each, "C"), saying(put_together(each_loss, each_slope), "c"), saying(lambda z, t: bce_with_logits(z, np.expand_dims(t, 1)), " C ")),
    hints=(
        "Take two flowers, print the shape of `losses`, and compare it with what you expect: how many losses should there be?",
        "z is (2, 1), t is (2,). Lined up at the right, t is a row, and z is a column: numpy makes a table of every logit with every answer.",
        "Bring t into the shape of z before anything else: t.reshape(z.shape), or t[:, None]. The rest of the code may stay.",
    ),
    points=2,
    mistakes=(
        Mistake("named-not-repaired", saying(loss_of_everybody, "C"), "That is the cause; the code still has it. Here {inputs}."),
        Mistake("cause-A", saying(loss_of_each, "A"), "The repair works. But no exponential overflowed: the exponent is never above 0, and no loss was inf or nan."),
        Mistake("cause-B", saying(loss_of_each, "B"), "The repair works. But the mean was taken: with a wrong factor the classifier would learn too fast or too slowly, and still tell the flowers apart."),
        Mistake("cause-D", saying(loss_of_each, "D"), "The repair works. But the sign was right: the loss went down."),
        Mistake("cause-E", saying(loss_of_each, "E"), "The repair works. But for a yes-or-no question the logistic function is right: it is softmax of (z, 0)."),
        Mistake("loss-repaired-only", saying(put_together(each_loss, everybody_slope), "C"), "The loss is right now; its gradient still compares every logit with every answer, and the gradient is what trains: {inputs}."),
        Mistake("gradient-repaired-only", saying(put_together(lambda z, t: softly(z, t).mean(), each_slope), "C"), "The gradient is right now; the loss is still the mean over the whole table."),
        Mistake("gradient-came-back-flat", saying(put_together(each_loss, lambda z, t: each_slope(z, t)[:, 0]), "C"), "The numbers are right, but your gradient is (N,). z is (N, 1), and its gradient has its shape."),
        Mistake("gradient-came-back-as-a-row", saying(put_together(each_loss, lambda z, t: each_slope(z, t).T), "C"), "The numbers are right, but your gradient is (1, N). z is (N, 1), and its gradient has its shape."),
        Mistake("divided-by-the-table", saying(put_together(lambda z, t: each_loss(z, t) / len(t), lambda z, t: each_slope(z, t) / len(t)), "C"), "Each logit meets its own answer now, and you still divide by the number of cells in the table, N x N. There are N losses."),
        Mistake("answers-turned-round", saying(put_together(lambda z, t: each_loss(z, t[::-1]), lambda z, t: each_slope(z, t[::-1])), "C"), "Each logit meets one answer now, but in the wrong order."),
        Mistake("sum-for-mean", saying(put_together(lambda z, t: each_loss(z, t) * len(t), lambda z, t: each_slope(z, t) * len(t)), "C"), "Each logit meets its own answer now; take the mean of the losses, as before, not their sum."),
    ),
)
