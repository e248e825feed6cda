"""Lesson 02, gradient descent: what is asked, what learners get wrong, and a truth of its own.

The truths are loops over single numbers, differences of a parabola (exact for any nudge), closed forms of what the
descent does, and targets built so that their least squares line is known.
"""

# A mistake a line, so that the banks read as tables.
# fmt: off

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from learnnn.course.exercise import Exercise, Mistake, Trial, register


def exercise(id: str, code: Callable, **parts: Any) -> Exercise:
    return register(Exercise(id=f"descent.{id}", lesson=2, solution=code, **parts))


# ------------------------------------------------------------------------------------------------- questions
def drawn(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Random numbers a learner can read: one decimal, none of them 0."""
    return rng.choice([-1.0, 1.0], shape) * rng.integers(1, 30, shape) / 10


def strided(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Every other column of a larger array: its rows are not one piece of memory."""
    return drawn(rng, rows, 2 * columns)[:, ::2]


def told(**inputs: Any) -> str:
    """X = [[1.0, 2.0]], b = 0.5"""
    return ", ".join(f"{name} = {spelled(np.asarray(value))}" for name, value in inputs.items())


def spelled(value: np.ndarray) -> str:
    return str(value.tolist()) if value.size else f"an empty array of shape {value.shape}, which has no rows or columns"


def array(*numbers: Any) -> np.ndarray:
    return np.array(numbers, dtype=float)


# ------------------------------------------------------------------------------------------------ the model
def predict_linear(X, w, b):
    return X @ w + b


def predict_by_sum(X, w, b):
    return b + (X * w).sum(axis=1)


def predict_by_rows(X, w, b):
    return np.array([np.dot(row, w) + b for row in X])


def predict_by_columns(X, w, b):
    out = np.full(len(X), float(b))
    for j in range(X.shape[1]):
        out += X[:, j] * w[j]
    return out


def predicted_one_by_one(X: np.ndarray, w: np.ndarray, b: float) -> np.ndarray:
    """The truth: plain sums of plain products."""
    return np.array([math.fsum([*(float(x) * float(v) for x, v in zip(row, w)), float(b)]) for row in X])


def model_trials(rng: np.random.Generator) -> Iterator[Trial]:
    fixed = [(array([1, 2], [3, 4], [5, 6]), array(10, 1), 0.5), (array([2], [-3]), array(4), 1.0)]
    fixed += [(np.array([[1, 0, 2], [0, 3, 1]]), np.array([1, -2, 3]), 4)]
    shapes = [(1, 1), (4, 1), (1, 3), (2, 2), (5, 3), (0, 2)]
    random = [(drawn(rng, *shape), drawn(rng, shape[1]), drawn(rng).item()) for shape in shapes]
    for X, w, b in [*fixed, *random, (strided(rng, 4, 2), drawn(rng, 4)[::2], 1.5)]:
        yield Trial("one prediction for each row", told(X=X, w=w, b=b), lambda f, a=(X, w, b): f(*a), predicted_one_by_one(X, w, b))


exercise(
    "predict_linear",
    predict_linear,
    title="A linear model, for all rows at once",
    statement="For each row of X, (N, D), its weighted sum with w, (D,), plus b: an array (N,).",
    signature="predict_linear(X, w, b) -> (N,)",
    trials=model_trials,
    variants=(predict_by_sum, predict_by_rows, predict_by_columns),
    hints=(
        "Do one row first: multiply each of its numbers by its weight, add them up, add b. Then think how numpy does that for all rows.",
        "X has shape (N, D) and w has shape (D,). A product with `@` sums over the axis that both share, D, and leaves (N,).",
        "`X @ ...` gives the weighted sums, (N,). b is one number: numpy adds it to each of them.",
    ),
    mistakes=(
        Mistake("b-forgotten", lambda X, w, b: X @ w, "The weighted sums are right, and b is missing: with {inputs} you get {actual} where {expected} belongs."),
        Mistake("b-subtracted", lambda X, w, b: X @ w - b, "In lesson 01 a threshold was subtracted. Here b is added."),
        Mistake("b-added-to-each-product", lambda X, w, b: (X * w + b).sum(axis=1), "You add b to each product and sum afterwards, so it comes in once for each column. It belongs once to each row, after the sum."),
        Mistake("not-summed", lambda X, w, b: X * w + b, "You multiply and do not add up: for each row there is one prediction, and yours has one number for each of its columns."),
        Mistake("summed-over-rows", lambda X, w, b: (X * w).sum(axis=0) + b, "You summed down the columns (axis 0): that mixes the patients. A prediction sums along its own row, axis 1."),
        Mistake("summed-over-everything", lambda X, w, b: (X * w).sum() + b, "All products went into a single number. Each row needs a sum of its own: which axis should go?"),
        Mistake("mean-for-sum", lambda X, w, b: (X * w).mean(axis=1) + b, "A weighted sum, not its mean: yours is divided by the number of columns."),
        Mistake("transposed", lambda X, w, b: X.T @ w + b, "`X.T @ w` (and `w @ X`) sums over the rows. X has shape (N, D) and w has shape (D,): written in this order the D stand side by side already."),
        Mistake("a-column", lambda X, w, b: X @ np.reshape(w, (-1, 1)) + b, "The numbers are right, but they stand in a column, (N, 1). Asked is (N,): targets have that shape, and at the end of the lesson you will see what a column does to them."),
        Mistake("first-column-only", lambda X, w, b: X[:, 0] * w[0] + b, "You use one column. With {inputs} each row has as many products as w has numbers."),
        Mistake("first-row-only", lambda X, w, b: X[0] @ w + b, "One number came back, that of the first row. Every row gets its prediction."),
        Mistake("a-threshold-after-it", lambda X, w, b: (X @ w + b > 0).astype(float), "You decide yes or no, as the neuron of lesson 01 did. Here the sum itself is the prediction."),
        Mistake("squashed", lambda X, w, b: 1 / (1 + np.exp(-(X @ w + b))), "That is the logistic unit of lesson 01, with answers between 0 and 1. Here the sum itself is the prediction: a number such as 152."),
    ),
)


# ------------------------------------------------------------------------------------------------- the loss
def mse(predictions, targets):
    return np.mean((predictions - targets) ** 2)


def mse_by_dot(predictions, targets):
    miss = np.ravel(targets - predictions)
    return miss @ miss / miss.size


def mse_by_loop(predictions, targets):
    pairs = list(zip(np.ravel(predictions).tolist(), np.ravel(targets).tolist()))
    return math.fsum((p - t) ** 2 for p, t in pairs) / len(pairs)


def mse_by_average(predictions, targets):
    return float(np.average(np.square(np.subtract(predictions, targets))))


def mse_in_place(predictions, targets):
    predictions -= targets
    return np.mean(predictions**2)


def mean_square(predictions: np.ndarray, targets: np.ndarray) -> float:
    """The truth: E[miss²] = E[miss]² + the spread of the misses around their mean, number by number."""
    misses = [float(p) - float(t) for p, t in zip(predictions.ravel(), targets.ravel())]
    mean = math.fsum(misses) / len(misses)
    return mean**2 + math.fsum((m - mean) ** 2 for m in misses) / len(misses)


def loss_trials(rng: np.random.Generator) -> Iterator[Trial]:
    fixed = [(array(3, 5), array(1, 4)), (array(2), array(2)), (array(0, 0, 0), array(0, 1, 5)), (np.array([3, 1]), np.array([0, 3]))]
    random = [(drawn(rng, *shape), drawn(rng, *shape)) for shape in [(1,), (5,), (7,), (3, 2)]]
    for p, t in [*fixed, *random, (drawn(rng, 8)[::2], drawn(rng, 4))]:
        yield Trial("the mean of the squared misses", told(predictions=p, targets=t), lambda f, a=(p, t): f(*a), mean_square(p, t))


exercise(
    "mse",
    mse,
    title="Mean squared error",
    statement="The mean of the squared differences between predictions and targets, over all elements: one number.",
    signature="mse(predictions, targets) -> number",
    trials=loss_trials,
    variants=(mse_by_dot, mse_by_loop, mse_by_average),
    hints=(
        "Predictions 3 and 5, targets 1 and 4: the misses are 2 and 1. Square them, then take the mean.",
        "Three steps in this order: difference, square, mean. numpy does each for a whole array.",
        "`(predictions - targets) ** 2` are the squares; what is left to do with them ends in `.mean()`.",
    ),
    mistakes=(
        Mistake("sum-for-mean", lambda p, t: np.sum((p - t) ** 2), "You add the squares up: with {inputs} that is {ratio} times what is expected. Divide by their number, so that the loss of 10 patients and of 400 can be compared."),
        Mistake("python-sum", lambda p, t: sum((p - t) ** 2), "Python's own `sum` adds along the first axis only (and slowly). np.sum goes over all elements. And the mean is asked, not the sum."),
        Mistake("halved", lambda p, t: np.mean((p - t) ** 2) / 2, "Some books halve it, to have no 2 in the gradient. Here (and in PyTorch) it is the plain mean: yours is half of it."),
        Mistake("not-averaged", lambda p, t: (p - t) ** 2, "One square for each target came back. A loss is one number: that is what makes `better` mean something."),
        Mistake("mean-along-the-first-axis", lambda p, t: np.mean((p - t) ** 2, axis=0), "You average along axis 0 only, so that several numbers are left where the arrays have two axes. One number over all elements is asked."),
        Mistake("divided-by-the-rows", lambda p, t: np.sum((p - t) ** 2) / len(p), "You divide by the number of rows. In an array with two axes there are more elements than that: divide by their number."),
        Mistake("root-taken", lambda p, t: np.sqrt(np.mean((p - t) ** 2)), "You took the square root as well. That is the RMSE, good for reports; the loss is without the root."),
        Mistake("absolute", lambda p, t: np.mean(np.abs(p - t)), "You averaged the sizes of the misses and not their squares. With a square, a miss of 4 counts 16 times as much as a miss of 1."),
        Mistake("not-squared", lambda p, t: np.mean(p - t), "You average the misses as they are. Then +5 and -5 make a loss of 0, and the model looks perfect."),
        Mistake("mean-first", lambda p, t: np.mean(p - t) ** 2, "You take the mean first and square it then. +5 and -5 have cancelled by that time: square each miss, then average."),
        Mistake("squares-subtracted", lambda p, t: np.mean(p**2 - t**2), "You square before you subtract: p² - t² is not (p - t)². With {inputs} yours is {actual}."),
        Mistake("spread-of-the-misses", lambda p, t: np.var(p - t), "That is the variance of the misses, which takes their mean out first. A model that is 10 too high everywhere would have a loss of 0."),
        Mistake("rounded-down", lambda p, t: np.sum((p - t) ** 2) // np.size(p), "`//` throws the fraction away. A loss needs it: steps get small near the end. Use `/`."),
        Mistake("predictions-overwritten", mse_in_place, "`predictions -= targets` writes into the array of whoever called you. Make a new one: `miss = predictions - targets`."),
    ),
)


# --------------------------------------------------------------------------------------- slopes by nudging
def numerical_gradient(f, w, nudge=1e-5):
    w = np.array(w, dtype=float)
    gradient = np.zeros_like(w)
    for at in np.ndindex(w.shape):
        up, down = w.copy(), w.copy()
        up[at] += nudge
        down[at] -= nudge
        gradient[at] = (f(up) - f(down)) / (2 * nudge)
    return gradient


def nudging_one_copy(f, w, nudge=1e-5):
    w = np.array(w, dtype=float)
    flat, slopes = w.reshape(-1), []
    for i in range(flat.size):
        before = flat[i]
        flat[i] = before + nudge
        high = f(w)
        flat[i] = before - nudge
        slopes.append((high - f(w)) / nudge / 2)
        flat[i] = before
    return np.array(slopes, dtype=float).reshape(w.shape)


def nudging_along_directions(f, w, nudge=1e-5):
    shape, size = np.shape(w), np.size(w)
    rows = nudge * np.eye(size)
    slopes = [(f(w + row.reshape(shape)) - f(w - row.reshape(shape))) / (2 * nudge) for row in rows]
    return np.array(slopes).reshape(shape)


def mean_of_both_sides(f, w, nudge=1e-5):
    here, gradient = f(np.asarray(w, dtype=float)), np.empty(np.shape(w))
    for at in np.ndindex(gradient.shape):
        direction = np.zeros(gradient.shape)
        direction[at] = nudge
        gradient[at] = ((f(w + direction) - here) + (here - f(w - direction))) / 2 / nudge
    return gradient


def sides(up: float, down: float, divide_by: float) -> Callable:
    """Differences between two nudges of these sizes, for the ways to get them wrong."""

    def nudged(f, w, nudge=1e-5):
        w = np.array(w, dtype=float)
        gradient = np.zeros_like(w)
        for at in np.ndindex(w.shape):
            high, low = w.copy(), w.copy()
            high[at] += up * nudge
            low[at] += down * nudge
            gradient[at] = (f(high) - f(low)) / (divide_by * nudge)
        return gradient

    return nudged


def all_at_once(f, w, nudge=1e-5):
    slope = (f(w + nudge) - f(w - nudge)) / (2 * nudge)
    return np.full(np.shape(w), slope)


def nudges_pile_up(f, w, nudge=1e-5):
    w = np.array(w, dtype=float)
    gradient, up, down = np.zeros_like(w), w.copy(), w.copy()
    for at in np.ndindex(w.shape):
        up[at] += nudge
        down[at] -= nudge
        gradient[at] = (f(up) - f(down)) / (2 * nudge)
    return gradient


def copies_are_aliases(f, w, nudge=1e-5):
    w = np.array(w, dtype=float)
    gradient = np.zeros_like(w)
    for at in np.ndindex(w.shape):
        up, down = w, w
        up[at] += nudge
        down[at] -= nudge
        gradient[at] = (f(up) - f(down)) / (2 * nudge)
    return gradient


def nudges_the_input(f, w, nudge=1e-5):
    gradient = np.zeros(np.shape(w))
    for at in np.ndindex(gradient.shape):
        w[at] += nudge
        high = f(w)
        w[at] -= 2 * nudge
        gradient[at] = (high - f(w)) / (2 * nudge)
    return gradient


def keeps_integers(f, w, nudge=1e-5):
    gradient = np.zeros(np.shape(w))
    for at in np.ndindex(gradient.shape):
        up, down = np.copy(w), np.copy(w)
        up[at] += nudge
        down[at] -= nudge
        gradient[at] = (f(up) - f(down)) / (2 * nudge)
    return gradient


def upward_on_integers(f, w, nudge=1e-5):
    gradient = np.zeros(np.shape(w))
    for at in np.ndindex(gradient.shape):
        up = np.copy(w)
        up[at] += nudge
        gradient[at] = (f(up) - f(w)) / nudge
    return gradient


def nudges_by_percent(f, w, nudge=1e-5):
    w = np.array(w, dtype=float)
    gradient = np.zeros_like(w)
    for at in np.ndindex(w.shape):
        up, down = w.copy(), w.copy()
        up[at] *= 1 + nudge
        down[at] *= 1 - nudge
        gradient[at] = (f(up) - f(down)) / (2 * nudge)
    return gradient


def own_nudge(f, w, nudge=1e-5):
    return numerical_gradient(f, w)


def slopes_in_a_row(f, w, nudge=1e-5):
    return numerical_gradient(f, w, nudge).ravel()


def first_slope_only(f, w, nudge=1e-5):
    return numerical_gradient(f, w, nudge).ravel()[:1]


CURVES = {
    "sum(c * w ** 2)": (lambda c: lambda w: np.sum(c * w**2), lambda c, w, h: 2 * c * w),
    "sum(c * w ** 3)": (lambda c: lambda w: np.sum(c * w**3), lambda c, w, h: c * (3 * w**2 + h**2)),
    "sum(c * w)": (lambda c: lambda w: np.sum(c * w), lambda c, w, h: c * np.ones_like(w)),
}


def curve_trial(rule: str, c: Any, w: np.ndarray, nudge: float) -> Trial:
    """A polynomial, of which a central difference is known exactly for any nudge."""
    make, slope = CURVES[rule]
    run = lambda f: f(make(c), w, nudge)
    return Trial("the slope in each number of w", f"f(w) = {rule} with {told(c=c, w=w, nudge=nudge)}", run, slope(np.asarray(c), w.astype(float), nudge))


def product_trial(w: np.ndarray, nudge: float) -> Trial:
    return Trial("the slope in each number of w", f"f(w) = w[0] * w[1] with {told(w=w, nudge=nudge)}", lambda f: f(lambda w: w[0] * w[1], w, nudge), w[::-1])


def nudging_trials(rng: np.random.Generator) -> Iterator[Trial]:
    yield curve_trial("sum(c * w ** 2)", array(1, 1), array(3, -2), 0.5)
    yield curve_trial("sum(c * w)", array(5), array(1), 0.5)
    yield product_trial(array(2, 7), 0.5)
    yield curve_trial("sum(c * w ** 2)", array(0.3, 0.1), np.array([1, 2]), 0.5)
    for shape in ((1,), (3,), (2, 3), (0,)):
        yield curve_trial("sum(c * w ** 3)", drawn(rng, *shape), drawn(rng, *shape), 0.25)
    yield curve_trial("sum(c * w ** 2)", drawn(rng, 2, 2), strided(rng, 2, 2), 0.1)
    yield curve_trial("sum(c * w ** 2)", array(1, 2), array(0, drawn(rng).item()), 0.5)
    w = drawn(rng, 3)
    yield Trial("with the nudge of its own", f"f(w) = sum(exp(w)) with {told(w=w)}, and no nudge given: then it is 1e-5, as in the signature", lambda f: f(lambda w: np.sum(np.exp(w)), w), np.exp(w))


exercise(
    "numerical_gradient",
    numerical_gradient,
    title="A gradient by nudging",
    statement="For each number in w: nudge it up and down by `nudge`, the others held still, and divide what f moves by the distance. f takes an array like w and gives a number. The result has the shape of w, and w stays as it was.",
    signature="numerical_gradient(f, w, nudge=1e-5) -> array shaped as w",
    trials=nudging_trials,
    variants=(nudging_one_copy, nudging_along_directions, mean_of_both_sides),
    hints=(
        "One number first: how far apart are `w + nudge` and `w - nudge`? By how much does f differ between the two? Divide.",
        "For each place, make two fresh copies of w, as float. Move that place up in one of them and down in the other, and ask f for both.",
        "`for at in np.ndindex(w.shape):` goes over every place, whatever the shape. Inside: up = w.copy(); up[at] += nudge; the same downward; gradient[at] = (f(up) - f(down)) / ... what is the distance between up and down?",
    ),
    points=2,
    mistakes=(
        Mistake("upward-only", sides(1, 0, 1), "You nudge upward only. On a curve that is too high by half the curvature times the nudge: with {inputs} you get {actual}, the middle of both sides is {expected}."),
        Mistake("upward-only-and-integers-kept", upward_on_integers, "Two things. You nudge upward only: on a curve that is too high by half the curvature times the nudge, {actual} where the middle of both sides is {expected}. And a copy of integers cannot hold a nudge: make it float."),
        Mistake("downward-only", sides(0, -1, 1), "You nudge downward only: with {inputs} that gives {actual}. Take one step to each side and the error of the curve cancels."),
        Mistake("distance-halved", sides(1, -1, 1), "Yours is {ratio} times too large. From w - nudge to w + nudge it is two nudges."),
        Mistake("distance-doubled", sides(1, -1, 4), "Yours is {ratio} times what it should be. From w - nudge to w + nudge it is two nudges, no more."),
        Mistake("not-divided", lambda f, w, nudge=1e-5: sides(1, -1, 1)(f, w, nudge) * nudge, "That is by how much f moves. A slope says how much it moves for each unit: divide by the distance."),
        Mistake("down-minus-up", sides(-1, 1, 2), "The sign is turned round: you subtract the upper value from the lower one. A slope is positive where f grows."),
        Mistake("all-at-once", all_at_once, "You move all numbers of w together, so every slope is the same sum. Move one at a time and hold the others still."),
        Mistake("nudges-pile-up", nudges_pile_up, "The first number is still nudged when it is the second one's turn: with {inputs} you get {actual}. Start from a fresh copy each time."),
        Mistake("one-array-under-two-names", copies_are_aliases, "`up = w` is no copy: both names stand for the same array, so both nudges hit it and f sees the same numbers twice. Use w.copy()."),
        Mistake("input-nudged-for-good", nudges_the_input, "Your nudges stay in w, which belongs to whoever called you. Nudge a copy."),
        Mistake("integers-swallow-the-nudge", keeps_integers, "Right for floats. But w may hold integers, and an array of integers cuts 1.5 back to 1. Make it float first: np.array(w, dtype=float)."),
        Mistake("nudged-by-a-percentage", nudges_by_percent, "You multiply by 1 + nudge, so the nudge is not `nudge` but a share of the number, and none at all where it is 0."),
        Mistake("nudge-ignored", own_nudge, "The argument `nudge` is not used. With {inputs} the two places are further apart than yours."),
        Mistake("shape-lost", slopes_in_a_row, "The numbers are right, in a row. Each belongs to a place in w: give back the shape of w."),
        Mistake("first-only", first_slope_only, "One slope came back. Every number in w has its own."),
    ),
)


# --------------------------------------------------------------------------------- the gradient of the loss
def gradient(X, y, w, b):
    miss = X @ w + b - y
    return 2 * X.T @ miss / len(y), 2 * miss.mean()


def gradient_by_means(X, y, w, b):
    miss = (X * w).sum(axis=1) + b - y
    return [2 * (X * miss[:, None]).mean(axis=0), 2 * np.sum(miss) / miss.size]


def gradient_with_ones(X, y, w, b):
    A = np.hstack([X, np.ones((len(X), 1))])
    both = 2 / len(X) * (A.T @ (A @ np.append(w, b) - y))
    return both[:-1], both[-1]


def gradient_by_loops(X, y, w, b):
    grad_w, grad_b = [0.0] * len(w), 0.0
    for row, target in zip(X, y):
        miss = sum(x * v for x, v in zip(row, w)) + b - target
        grad_w = [g + 2 * miss * x / len(X) for g, x in zip(grad_w, row)]
        grad_b += 2 * miss / len(X)
    return np.array(grad_w), grad_b


def missing(X, y, w, b):
    return X @ w + b - y


def gradient_in_place(X, y, w, b):
    y -= X @ w + b
    return -2 * X.T @ y / len(y), -2 * y.mean()


def plain_loss(X: np.ndarray, y: np.ndarray, numbers: list[float]) -> float:
    *w, b = numbers
    return math.fsum((math.fsum(x * v for x, v in zip(row, w)) + b - t) ** 2 for row, t in zip(X.tolist(), y.tolist())) / len(y)


def true_slopes(X: np.ndarray, y: np.ndarray, w: np.ndarray, b: float) -> tuple[np.ndarray, float]:
    """The truth: half the loss one step up less that one step down. On a parabola this is exact."""
    numbers, slopes = [*map(float, w), float(b)], []
    for i in range(len(numbers)):
        up, down = ([n + side * (i == j) for j, n in enumerate(numbers)] for side in (1, -1))
        slopes.append((plain_loss(X, y, up) - plain_loss(X, y, down)) / 2)
    return np.array(slopes[:-1]), slopes[-1]


POINTS = array([-1], [0], [1]), array(0, 1, 5)  # of the lesson's section 2


def slope_trials(rng: np.random.Generator) -> Iterator[Trial]:
    fixed = [(*POINTS, array(0), 0.0), (*POINTS, array(1), 1.2), (array([1], [2]), array(3, 5), array(2), 1.0)]
    fixed += [(np.array([[1, 2], [3, 4]]), np.array([1, 2]), np.array([1, 1]), 0)]
    shapes = [(1, 1), (4, 2), (2, 2), (5, 3), (1, 3), (2, 4)]
    random = [(drawn(rng, n, d), drawn(rng, n), drawn(rng, d), drawn(rng).item()) for n, d in shapes]
    for X, y, w, b in [*fixed, *random, (strided(rng, 4, 2), drawn(rng, 8)[::2], drawn(rng, 2), 0.5)]:
        yield Trial("(grad_w, grad_b)", told(X=X, y=y, w=w, b=b), lambda f, a=(X, y, w, b): f(*a), true_slopes(X, y, w, b))


exercise(
    "gradient",
    gradient,
    title="The gradient of the loss, by formula",
    statement="The slopes of the mean squared error of X @ w + b against y: `(grad_w, grad_b)`, an array (D,) and a number.",
    signature="gradient(X, y, w, b) -> (grad_w, grad_b)",
    trials=slope_trials,
    variants=(gradient_by_means, gradient_with_ones, gradient_by_loops),
    hints=(
        "One example first. Its squared miss has the slope 2 · miss in the miss; and by how much does the miss move when w_j grows by a little? When b does?",
        "For w_j: the mean over all examples of 2 · miss · x_j. For b: the mean of 2 · miss. The miss is prediction less target.",
        "miss has shape (N,), X.T has shape (D, N). `X.T @ miss` sums x_j · miss over the examples for every j at once. Then the 2, and the division by N.",
    ),
    points=2,
    mistakes=(
        Mistake("factor-two-missing", lambda X, y, w, b: (X.T @ missing(X, y, w, b) / len(y), missing(X, y, w, b).mean()), "Yours is half of it everywhere. The slope of miss² is 2 · miss."),
        Mistake("sum-for-mean", lambda X, y, w, b: (2 * X.T @ missing(X, y, w, b), 2 * missing(X, y, w, b).sum()), "You add up over the examples. The loss is their mean, so its gradient is a mean as well: with {inputs} you get {actual} where {expected} belongs."),
        Mistake("only-b-is-averaged", lambda X, y, w, b: (2 * X.T @ missing(X, y, w, b), 2 * missing(X, y, w, b).mean()), "grad_b is right. grad_w is still a sum over the examples: divide by N."),
        Mistake("only-w-is-averaged", lambda X, y, w, b: (2 * X.T @ missing(X, y, w, b) / len(y), 2 * missing(X, y, w, b).sum()), "grad_w is right. grad_b is still a sum over the examples: divide by N."),
        Mistake("divided-by-all-elements", lambda X, y, w, b: (2 * X.T @ missing(X, y, w, b) / X.size, 2 * missing(X, y, w, b).mean()), "You divide grad_w by the number of elements of X (or take a mean over columns too). There are N misses: divide by N alone."),
        Mistake("sign-turned", lambda X, y, w, b: (-2 * X.T @ missing(X, y, w, b) / len(y), -2 * missing(X, y, w, b).mean()), "The opposite sign everywhere: you took target less prediction and left out the minus that then comes in. The miss is prediction less target."),
        Mistake("means-multiplied", lambda X, y, w, b: (2 * X.mean(axis=0) * missing(X, y, w, b).mean(), 2 * missing(X, y, w, b).mean()), "You take the mean of x and the mean of the misses and multiply these. Multiply within each example, then take the mean: otherwise it is lost which x met which miss."),
        Mistake("x-forgotten", lambda X, y, w, b: (np.full(len(w), 2 * missing(X, y, w, b).mean()), 2 * missing(X, y, w, b).mean()), "You give each weight b's slope. A weight moves the prediction by x, so each miss comes in times its x."),
        Mistake("b-left-out-of-the-miss", lambda X, y, w, b: gradient(X, y, w, 0.0), "Your miss leaves b out: the prediction is X @ w + b. With b = 0 one does not see it."),
        Mistake("misses-squared", lambda X, y, w, b: (2 * X.T @ missing(X, y, w, b) ** 2 / len(y), 2 * (missing(X, y, w, b) ** 2).mean()), "The square has gone: the slope of miss² is 2 · miss, not 2 · miss²."),
        Mistake("signs-of-the-misses", lambda X, y, w, b: (X.T @ np.sign(missing(X, y, w, b)) / len(y), np.sign(missing(X, y, w, b)).mean()), "That is the gradient of the mean absolute miss: it asks only to which side each miss went. Here its size counts."),
        Mistake("not-summed-over-examples", lambda X, y, w, b: (2 * X * missing(X, y, w, b)[:, None] / len(y), 2 * missing(X, y, w, b) / len(y)), "These are the shares of the single examples. Add them up: grad_w has the shape of w, and grad_b is one number."),
        Mistake("neither-summed-nor-averaged", lambda X, y, w, b: (2 * X * missing(X, y, w, b)[:, None], 2 * missing(X, y, w, b)), "These are the slopes of the single examples, one row for each. The loss is their mean over the rows, and so is the gradient: grad_w has the shape of w, and grad_b is one number."),
        Mistake("misses-along-the-wrong-axis", lambda X, y, w, b: (2 * (X * missing(X, y, w, b)).mean(axis=0), 2 * missing(X, y, w, b).mean()), "`X * miss` lines the misses, (N,), up with the columns of X, or makes a table of N times N. They belong to the rows: `miss[:, None]` is a column, (N, 1). Or let `@` multiply and add up in one go."),
        Mistake("one-number-for-all-weights", lambda X, y, w, b: (2 * np.sum(X.T @ missing(X, y, w, b)) / len(y), 2 * missing(X, y, w, b).mean()), "Your grad_w is one number, over all weights. Each weight has a slope of its own: the shape of grad_w is that of w."),
        Mistake("X-not-transposed", lambda X, y, w, b: (2 * X @ missing(X, y, w, b) / len(y), 2 * missing(X, y, w, b).mean()), "`X @ miss` sums over the columns, (N, D) with (N,): numpy refuses, or if N = D it gives nonsense. To sum over the examples, their axis must stand next to miss."),
        Mistake("swapped", lambda X, y, w, b: gradient(X, y, w, b)[::-1], "The two came back in the wrong order: grad_w first, then grad_b."),
        Mistake("grad_b-missing", lambda X, y, w, b: gradient(X, y, w, b)[0], "One thing came back where two are asked: `return grad_w, grad_b`."),
        Mistake("targets-overwritten", gradient_in_place, "You write into y (`y -= ...`). It belongs to whoever called you, and the next step needs it as it was."),
    ),
)


# -------------------------------------------------------------------------------------------------- a step
def step(w, b, grad_w, grad_b, lr):
    return w - lr * grad_w, b - lr * grad_b


def step_by_adding(w, b, grad_w, grad_b, lr):
    return [np.add(w, np.multiply(-lr, grad_w)), -lr * grad_b + b]


def step_on_copies(w, b, grad_w, grad_b, lr):
    new = np.array(w, dtype=float)
    new -= lr * np.asarray(grad_w)
    return new, b - grad_b * lr


def step_number_by_number(w, b, grad_w, grad_b, lr):
    *moved, new_b = [old - lr * slope for old, slope in zip([*w, b], [*grad_w, grad_b])]
    return np.array(moved), new_b


def step_in_place(w, b, grad_w, grad_b, lr):
    w -= lr * grad_w
    b -= lr * grad_b
    return w, b


def step_of_length(w, b, grad_w, grad_b, lr):
    length = np.sqrt(np.sum(grad_w**2) + grad_b**2)
    return w - lr * grad_w / length, b - lr * grad_b / length


def step_trials(rng: np.random.Generator) -> Iterator[Trial]:
    fixed = [(array(1), 2.0, array(4), -3.0, 0.1), (array(1, 2), 0.0, array(0, 0), 0.0, 0.5), (np.array([3, 1]), 2, array(0.5, -1), 1.0, 0.5), (array(1), 1.0, array(-2), 3.0, 0.0)]
    random = [(drawn(rng, d), drawn(rng).item(), drawn(rng, d), drawn(rng).item(), lr) for d, lr in [(1, 0.3), (3, 0.01), (5, 2.0)]]
    for w, b, grad_w, grad_b, lr in [*fixed, *random]:
        shown = told(w=w, b=b, grad_w=grad_w, grad_b=grad_b, lr=lr)
        moved = [float(old) - lr * float(slope) for old, slope in zip([*w, b], [*grad_w, grad_b])]
        yield Trial("(new w, new b)", shown, lambda f, a=(w, b, grad_w, grad_b, lr): f(*a), (np.array(moved[:-1]), moved[-1]))


exercise(
    "step",
    step,
    title="One step downhill",
    statement="Move w and b against their gradients, lr times as far: `(new w, new b)`. The arrays that came in stay as they were.",
    signature="step(w, b, grad_w, grad_b, lr) -> (w, b)",
    trials=step_trials,
    variants=(step_by_adding, step_on_copies, step_number_by_number),
    hints=(
        "If the slope in w is 4, the loss grows when w grows. In which direction should w go? And with a slope of -3?",
        "Against the slope, and further where it is steeper: the change is lr times the slope, with a minus.",
        "`return w - ..., b - ...`, and no `-=`: that writes into the array of whoever called you.",
    ),
    mistakes=(
        Mistake("uphill", lambda w, b, grad_w, grad_b, lr: (w + lr * grad_w, b + lr * grad_b), "That goes uphill: a gradient points to where the loss grows. With {inputs} you get {actual}, downhill is {expected}."),
        Mistake("lr-forgotten", lambda w, b, grad_w, grad_b, lr: (w - grad_w, b - grad_b), "The learning rate is not used: with {inputs} your step is the whole gradient."),
        Mistake("only-w-moves", lambda w, b, grad_w, grad_b, lr: (w - lr * grad_w, b), "b stays where it was. It is a knob like the others, with a slope of its own."),
        Mistake("only-b-moves", lambda w, b, grad_w, grad_b, lr: (w, b - lr * grad_b), "w stays where it was. It has to move against its gradient too."),
        Mistake("old-place-forgotten", lambda w, b, grad_w, grad_b, lr: (-lr * grad_w, -lr * grad_b), "That is the change. The new place is the old one plus the change."),
        Mistake("divided-by-lr", lambda w, b, grad_w, grad_b, lr: (w - grad_w / np.float64(lr), b - grad_b / np.float64(lr)), "You divide by lr: a small learning rate would make large steps. Multiply."),
        Mistake("always-the-same-length", step_of_length, "You give each step the same length (and have 0 / 0 where the slope is 0). Steps should get shorter as the ground gets flatter: that is how the descent comes to rest."),
        Mistake("signs-only", lambda w, b, grad_w, grad_b, lr: (w - lr * np.sign(grad_w), b - lr * np.sign(grad_b)), "You use the sign of the slope and drop its size. Steeper means further."),
        Mistake("shrinks-the-weights", lambda w, b, grad_w, grad_b, lr: (w * (1 - lr * grad_w), b * (1 - lr * grad_b)), "You multiply the old value by 1 - lr · gradient. The change is lr · gradient itself, whatever the old value was."),
        Mistake("lr-subtracted", lambda w, b, grad_w, grad_b, lr: (w - grad_w - lr, b - grad_b - lr), "lr is a factor: how much of the gradient to go. You subtract it."),
        Mistake("swapped", lambda w, b, grad_w, grad_b, lr: (b - lr * grad_b, w - lr * grad_w), "The two came back in the wrong order: w first, then b."),
        Mistake("input-overwritten", step_in_place, "`w -= ...` writes into the array that came in. Whoever keeps the old w (to draw the path, say) finds it changed. Return new ones: `w - ...`."),
    ),
)


# ----------------------------------------------------------------------------------------------- the descent
def slopes_of(X, y, w, b):
    """The gradient, for the descents below to go wrong with."""
    miss = X @ w + b - y
    return 2 * miss @ X / len(y), 2 * np.mean(miss)


def loss_of(X, y, w, b):
    return float(np.mean((X @ w + b - y) ** 2))


def descend(X, y, w, b, lr, steps):
    losses = [mse(predict_linear(X, w, b), y)]
    for _ in range(steps):
        w, b = step(w, b, *gradient(X, y, w, b), lr)
        losses.append(mse(predict_linear(X, w, b), y))
    return w, b, losses


def descend_looking_first(X, y, w, b, lr, steps):
    w, losses = np.array(w, dtype=float), []
    while True:
        miss = X @ w + b - y
        losses.append((miss**2).mean())
        if len(losses) > steps:
            return [w, b, losses]
        w -= lr * 2 * X.T @ miss / len(y)
        b = b - lr * 2 * miss.mean()


def descend_in_one_vector(X, y, w, b, lr, steps):
    A = np.column_stack([X, np.ones(len(X))])
    path = [np.append(w, b)]
    for _ in range(steps):
        path.append(path[-1] - lr * 2 / len(y) * A.T @ (A @ path[-1] - y))
    return path[-1][:-1], path[-1][-1], np.array([np.mean((A @ theta - y) ** 2) for theta in path])


def descend_by_calling_itself(X, y, w, b, lr, steps):
    now = loss_of(X, y, w, b)
    if steps == 0:
        return w, b, [now]
    grad_w, grad_b = slopes_of(X, y, w, b)
    w, b, later = descend_by_calling_itself(X, y, w - lr * grad_w, b - lr * grad_b, lr, steps - 1)
    return w, b, [now, *later]


def descend_and_go_wrong(move: Callable) -> Callable:
    """The loop with another step in it: move(X, y, w, b, lr, t) -> (w, b)."""

    def descended(X, y, w, b, lr, steps):
        losses = [loss_of(X, y, w, b)]
        for t in range(steps):
            w, b = move(X, y, w, b, lr, t)
            losses.append(loss_of(X, y, w, b))
        return w, b, losses

    return descended


def uphill(X, y, w, b, lr, t):
    grad_w, grad_b = slopes_of(X, y, w, b)
    return w + lr * grad_w, b + lr * grad_b


def b_after_w(X, y, w, b, lr, t):
    w = w - lr * slopes_of(X, y, w, b)[0]
    return w, b - lr * slopes_of(X, y, w, b)[1]


def by_the_sum(X, y, w, b, lr, t):
    grad_w, grad_b = slopes_of(X, y, w, b)
    return w - lr * len(y) * grad_w, b - lr * len(y) * grad_b


def half_the_slope(X, y, w, b, lr, t):
    grad_w, grad_b = slopes_of(X, y, w, b)
    return w - lr * grad_w / 2, b - lr * grad_b / 2


def tiring(X, y, w, b, lr, t):
    grad_w, grad_b = slopes_of(X, y, w, b)
    return w - lr / (t + 1) * grad_w, b - lr / (t + 1) * grad_b


def b_stays(X, y, w, b, lr, t):
    return w - lr * slopes_of(X, y, w, b)[0], b


def stale_gradient(X, y, w, b, lr, steps):
    grad_w, grad_b = slopes_of(X, y, w, b)
    losses = [loss_of(X, y, w, b)]
    for _ in range(steps):
        w, b = w - lr * grad_w, b - lr * grad_b
        losses.append(loss_of(X, y, w, b))
    return w, b, losses


def returns_in_the_loop(X, y, w, b, lr, steps):
    losses = [loss_of(X, y, w, b)]
    for _ in range(steps):
        grad_w, grad_b = slopes_of(X, y, w, b)
        w, b = w - lr * grad_w, b - lr * grad_b
        losses.append(loss_of(X, y, w, b))
        return w, b, losses


def keeps_the_best(X, y, w, b, lr, steps):
    losses, best = [loss_of(X, y, w, b)], (w, b)
    for _ in range(steps):
        grad_w, grad_b = slopes_of(X, y, w, b)
        w, b = w - lr * grad_w, b - lr * grad_b
        losses.append(loss_of(X, y, w, b))
        best = (w, b) if losses[-1] == min(losses) else best
    return *best, losses


def starts_from_zero(X, y, w, b, lr, steps):
    return descend(X, y, np.zeros(X.shape[1]), 0.0, lr, steps)


def descend_in_place(X, y, w, b, lr, steps):
    losses = [loss_of(X, y, w, b)]
    for _ in range(steps):
        grad_w, grad_b = slopes_of(X, y, w, b)
        w -= lr * grad_w
        b -= lr * grad_b
        losses.append(loss_of(X, y, w, b))
    return w, b, losses


def without_the_last_loss(X, y, w, b, lr, steps):
    w, b, losses = descend(X, y, w, b, lr, steps)
    return w, b, losses[:-1]


def without_the_first_loss(X, y, w, b, lr, steps):
    w, b, losses = descend(X, y, w, b, lr, steps)
    return w, b, losses[1:]


def descent_in_closed_form(X: np.ndarray, y: np.ndarray, w: np.ndarray, b: float, lr: float, steps: int) -> tuple:
    """The truth: on a parabola each step takes the same factor, 1 - lr · curvature, along each of its axes."""
    A = np.column_stack([X, np.ones(len(X))])
    bottom = np.linalg.pinv(A) @ y
    curvatures, axes = np.linalg.eigh(2 * A.T @ A / len(y))
    start = axes.T @ (np.append(w, b) - bottom)
    path = [bottom + axes @ ((1 - lr * curvatures) ** t * start) for t in range(steps + 1)]
    return path[-1][:-1], path[-1][-1], [loss_of(X, y, place[:-1], place[-1]) for place in path]


def descent_trials(rng: np.random.Generator) -> Iterator[Trial]:
    fixed = [(*POINTS, array(0), 0.0, 0.3, steps) for steps in (0, 1, 2)] + [(*POINTS, array(1), -1.0, 1.5, 3)]
    random = [(drawn(rng, n, d), drawn(rng, n), drawn(rng, d), drawn(rng).item(), lr, steps) for n, d, lr, steps in [(4, 1, 0.05, 4), (5, 2, 0.02, 30), (2, 3, 0.02, 6)]]
    for a in [*fixed, *random]:
        shown = told(**dict(zip(("X", "y", "w", "b", "lr", "steps"), a)))
        yield Trial("(w, b, losses)", shown, lambda f, a=a: f(*a), descent_in_closed_form(*a))


exercise(
    "descend",
    descend,
    title="Gradient descent",
    statement="Take `steps` steps from w and b. Give back where you are then, and the losses on the way: the one at the start and one after each step, steps + 1 in all.",
    signature="descend(X, y, w, b, lr, steps) -> (w, b, losses)",
    trials=descent_trials,
    variants=(descend_looking_first, descend_in_one_vector, descend_by_calling_itself),
    hints=(
        "You have all the parts: predict_linear, mse, gradient, step. What has to be worked out anew in each step, what only once?",
        "Note the loss at the start. Then `steps` times: gradient at the place where you are, step, note the loss there.",
        "losses = [loss at the start]; for _ in range(steps): grad_w, grad_b = gradient(...); w, b = step(...); losses.append(...). And the return stands after the loop.",
    ),
    points=2,
    mistakes=(
        Mistake("last-loss-missing", without_the_last_loss, "The loss at the place where you stop is missing. One at the start and one after each step: steps + 1."),
        Mistake("first-loss-missing", without_the_first_loss, "The loss at the start is missing. One before the first step and one after each: steps + 1."),
        Mistake("uphill", descend_and_go_wrong(uphill), "Your losses grow: you walk along the gradient, which points uphill. Go against it."),
        Mistake("gradient-of-the-start", stale_gradient, "You work out the gradient once, before the loop. The ground is sloped otherwise at each place: work it out anew in every step."),
        Mistake("b-sees-the-new-w", descend_and_go_wrong(b_after_w), "You change w and then work out b's slope with the new w. Both slopes belong to the same place: work out both, then move both."),
        Mistake("gradient-of-the-sum", descend_and_go_wrong(by_the_sum), "Your steps are N times too long: the gradient is a sum over examples where the mean is asked."),
        Mistake("half-the-slope", descend_and_go_wrong(half_the_slope), "Your steps are half as long as they should be: the 2 of the square is missing."),
        Mistake("rate-shrinks", descend_and_go_wrong(tiring), "You make the learning rate smaller from step to step. That is useful sometimes (lesson 08); here it stays what it is."),
        Mistake("b-stays", descend_and_go_wrong(b_stays), "b never moves. It is a knob like the others."),
        Mistake("one-step-too-many", lambda X, y, w, b, lr, steps: descend(X, y, w, b, lr, steps + 1), "You take one step too many. With steps = 0 nothing should move."),
        Mistake("one-step-too-few", lambda X, y, w, b, lr, steps: descend(X, y, w, b, lr, max(steps - 1, 0)), "You take one step too few: `range(1, steps)` goes steps - 1 times round."),
        Mistake("return-in-the-loop", returns_in_the_loop, "Your `return` is indented into the loop, so it ends with the first step. Move it to the left, below the loop."),
        Mistake("keeps-the-best", keeps_the_best, "You give back the best place on the way. Asked is the last one, even where it is worse: a descent that goes wrong should be seen to go wrong."),
        Mistake("start-ignored", starts_from_zero, "You start at 0, whatever w and b came in. Start where the caller says."),
        Mistake("only-w-and-b", lambda X, y, w, b, lr, steps: descend(X, y, w, b, lr, steps)[:2], "The losses are not given back: `return w, b, losses`."),
        Mistake("losses-first", lambda X, y, w, b, lr, steps: descend(X, y, w, b, lr, steps)[-1:] + descend(X, y, w, b, lr, steps)[:-1], "The order: w, b, then the losses."),
        Mistake("start-overwritten", descend_in_place, "`w -= ...` writes into the array that came in: when the descent is over, the caller's starting point has moved along. Write w = w - ..."),
    ),
)


# -------------------------------------------------------------------------------------------- least squares
def with_ones(X):
    """X with a column of ones behind it, so that b is one weight more."""
    return np.column_stack([X, np.ones(len(X))])


def least_squares(X, y):
    A = np.column_stack([X, np.ones(len(X))])
    *w, b = np.linalg.solve(A.T @ A, A.T @ y)
    return np.array(w), b


def least_squares_centred(X, y):
    x_mean, y_mean = X.mean(axis=0), np.mean(y)
    centred = X - x_mean
    w = np.linalg.solve(centred.T @ centred, centred.T @ (y - y_mean))
    return w, y_mean - x_mean @ w


def least_squares_by_library(X, y):
    both = np.linalg.lstsq(np.hstack([X, np.ones((len(X), 1))]), y, rcond=None)[0]
    return [both[:-1], both[-1]]


def least_squares_by_qr(X, y):
    q, r = np.linalg.qr(np.column_stack([np.ones(len(X)), X]))
    b, *w = np.linalg.solve(r, q.T @ y)
    return np.array(w), float(b)


def solved(A, y, ridge=0.0):
    return np.linalg.solve(A.T @ A + ridge * np.eye(A.shape[1]), A.T @ y)


def apart(both):
    return both[:-1], both[-1]


def b_left_out(X, y):
    return solved(X, y), 0.0


def b_afterwards(X, y):
    w = solved(X, y)
    return w, np.mean(y - X @ w)


def b_is_the_mean_of_y(X, y):
    return apart(solved(with_ones(X), y))[0], np.mean(y)


def columns_not_centred(X, y):
    return solved(X, y - np.mean(y)), np.mean(y)


def column_by_column(X, y):
    centred = X - X.mean(axis=0)
    w = centred.T @ (y - y.mean()) / (centred**2).sum(axis=0)
    return w, np.mean(y) - X.mean(axis=0) @ w


def ones_read_from_the_wrong_end(X, y):
    return apart(solved(np.column_stack([np.ones(len(X)), X]), y))


def not_an_inverse(X, y):
    A = with_ones(X)
    return apart((1 / (A.T @ A)) @ (A.T @ y))


def not_inverted(X, y):
    A = with_ones(X)
    return apart(A.T @ A @ (A.T @ y))


def one_side_averaged(X, y):
    A = with_ones(X)
    return apart(np.linalg.solve(A.T @ A / len(y), A.T @ y))


def of_the_scaled_columns(X, y):
    w = apart(solved(with_ones(X), y))[0]
    return w * X.std(axis=0), np.mean(y)


def not_transposed(X, y):
    A = with_ones(X)
    return apart(np.linalg.solve(A, y))


def built(rng: np.random.Generator, n: int, d: int) -> tuple:
    """X, y, and the w and b that fit best: what is added to the line is at right angles to every column."""
    X, w, b = drawn(rng, n, d), drawn(rng, d), drawn(rng).item()
    q, _ = np.linalg.qr(with_ones(X))
    noise = drawn(rng, n)
    return X, X @ w + b + noise - q @ (q.T @ noise), w, b


def fit_trials(rng: np.random.Generator) -> Iterator[Trial]:
    known = [(*POINTS, array(2.5), 2.0), (array([1], [2], [4]), array(3, 5, 9), array(2), 1.0)]
    known += [(array([1, 0], [0, 1], [1, 1], [2, 5]), array(5, 0, 2, -8), array(2, -3), 3.0)]
    known += [(np.array([[100, 1], [101, 3], [102, 2], [103, 7]]), np.array([201, 209, 208, 225]), array(2, 3), -2.0)]
    for X, y, w, b in [*known, *(built(rng, n, d) for n, d in [(6, 1), (8, 3), (12, 4)])]:
        yield Trial("(w, b)", told(X=X, y=np.round(y, 3)), lambda f, a=(X, y): f(*a), (w, b), 1e-5)


exercise(
    "least_squares",
    least_squares,
    title="Straight to the bottom: least squares",
    statement="The w, (D,), and b with the smallest mean squared error, by solving the equations gradient = 0.",
    signature="least_squares(X, y) -> (w, b)",
    trials=fit_trials,
    variants=(least_squares_centred, least_squares_by_library, least_squares_by_qr),
    hints=(
        "Put a column of ones behind X: then b is one more weight, and the predictions are A @ both.",
        "At the bottom the gradient is 0: A.T @ (A @ both - y) = 0. Bring y to the other side: A.T @ A @ both = A.T @ y.",
        "`np.linalg.solve(M, v)` finds z with M @ z = v. Call it with the matrix and the vector of the second hint, then take the last number off: that is b.",
    ),
    points=2,
    mistakes=(
        Mistake("b-left-out", b_left_out, "Your line is forced through 0: there is no b in your equations. Give X a column of ones, whose weight is b."),
        Mistake("b-afterwards", b_afterwards, "You fit w as if b was 0, and choose the best b for that w afterwards. They depend on each other: one set of equations for both, with a column of ones."),
        Mistake("b-is-the-mean-of-y", b_is_the_mean_of_y, "w is right. b is the mean of y only where all columns have mean 0; here {inputs}."),
        Mistake("columns-not-centred", columns_not_centred, "You take the mean out of y and not out of X. Take it out of both (and put both back into b), or use a column of ones."),
        Mistake("column-by-column", column_by_column, "You fit each column for itself. Columns that go together then explain the same thing twice: the equations have to be solved together."),
        Mistake("ones-read-from-the-wrong-end", ones_read_from_the_wrong_end, "The right numbers, in the wrong places: your ones stand in front, so b is the first number and not the last."),
        Mistake("ones-over-the-elements", not_an_inverse, "`1 / M` divides 1 by each element. That is not the inverse of a matrix: use np.linalg.solve."),
        Mistake("multiplied-for-solved", not_inverted, "You multiply by A.T @ A where the equations have to be solved for it: with {inputs} you get {actual}."),
        Mistake("one-side-averaged", one_side_averaged, "You divide one side of the equations by N and not the other: everything is N times too large. N cancels."),
        Mistake("smaller-weights-on-purpose", lambda X, y: apart(solved(with_ones(X), y, 1.0)), "Something was added to the diagonal of A.T @ A. That is ridge regression (lesson 09): it makes weights smaller than those that fit best."),
        Mistake("of-the-scaled-columns", of_the_scaled_columns, "These are the weights for columns that were standardized. X comes as it is: give the weights for it."),
        Mistake("not-transposed", not_transposed, "`np.linalg.solve(A, y)` needs as many equations as unknowns; here there is one for each example. Multiply both sides by A.T first."),
        Mistake("b-not-apart", lambda X, y: solved(with_ones(X), y), "All the numbers came back in one array. Take the last one off: `(w, b)`."),
        Mistake("swapped", lambda X, y: apart(solved(with_ones(X), y))[::-1], "The right numbers in the wrong order: w first, then b."),
    ),
)


# ----------------------------------------------------------------------------------------- the largest rate
def largest_rate(X):
    A = np.column_stack([X, np.ones(len(X))])
    curvature = 2 * A.T @ A / len(X)
    return 2 / np.linalg.eigvalsh(curvature).max()


def rate_by_singular_values(X):
    return len(X) / np.linalg.norm(np.hstack([X, np.ones((len(X), 1))]), 2) ** 2


def rate_by_gram_matrix(X):
    return len(X) / np.max(np.linalg.eigvals(X @ X.T + 1).real)


def rate_by_squaring(X):
    A = np.column_stack([np.ones(len(X)), X])
    powers = H = A.T @ A / len(X)
    for _ in range(40):
        powers = powers @ powers
        powers = powers / np.abs(powers).max()
    steepest = powers @ np.ones(len(H)) + powers[np.argmax(np.diag(powers))]
    return 1 / (steepest @ H @ steepest / (steepest @ steepest))


def curvatures(X):
    A = with_ones(X)
    return np.linalg.eigvalsh(2 * A.T @ A / len(X))


def longest_stretch(X: np.ndarray) -> float:
    """The truth: how far A stretches the direction that it stretches most."""
    return len(X) / np.linalg.svd(with_ones(X), compute_uv=False)[0] ** 2


def rate_trials(rng: np.random.Generator) -> Iterator[Trial]:
    fixed = [POINTS[0], array([3], [3]), np.array([[1, 2], [3, 4], [5, 7]]), array([0.1], [0.2], [-0.1]), array([100, 1], [120, 2], [90, 3], [70, 1])]
    for X in [*fixed, *(drawn(rng, n, d) for n, d in [(5, 1), (6, 2), (9, 4)]), strided(rng, 7, 2)]:
        yield Trial("the rate at which the descent begins to diverge", told(X=X), lambda f, X=X: f(X), longest_stretch(X))


exercise(
    "largest_rate",
    largest_rate,
    title="The largest learning rate",
    statement="The learning rate up to which gradient descent on the mean squared error of X @ w + b comes down, whatever the start: 2 divided by the largest curvature.",
    signature="largest_rate(X) -> number",
    trials=rate_trials,
    variants=(rate_by_singular_values, rate_by_gram_matrix, rate_by_squaring),
    hints=(
        "Put a column of ones behind X, as for least squares. The gradient is 2 / N · A.T @ (A @ both - y). How fast does it change when `both` does?",
        "The curvature is the matrix 2 · A.T @ A / N. Along its axes it only stretches, by its eigenvalues. The largest decides.",
        "`np.linalg.eigvalsh(M)` gives the eigenvalues of a symmetric matrix, the smallest first. The answer is 2 / (the largest).",
    ),
    points=2,
    mistakes=(
        Mistake("one-for-two", lambda X: 1 / curvatures(X)[-1], "1 / curvature is the rate that jumps right to the bottom. Up to twice as much it still comes down, from the other side."),
        Mistake("b-has-no-curvature", lambda X: 2 / np.linalg.eigvalsh(2 * X.T @ X / len(X))[-1], "b is a knob too. Give X its column of ones before you multiply: with {inputs} you get {actual}."),
        Mistake("neither-b-nor-the-two", lambda X: 2 / np.linalg.eigvalsh(X.T @ X / len(X))[-1], "Two things are missing: the column of ones, as b is a knob too, and the 2 in 2 · A.T @ A / N, which comes from the square."),
        Mistake("bare-product", lambda X: 2 / np.linalg.eigvalsh(with_ones(X).T @ with_ones(X))[-1], "You take the eigenvalues of A.T @ A alone. The curvature is 2 / N times that: the 2 from the square, the N from the mean."),
        Mistake("the-two-of-the-square", lambda X: 4 / curvatures(X)[-1], "Twice too large: the curvature of the mean of (...)² is 2 · A.T @ A / N. The 2 comes from the square."),
        Mistake("not-averaged", lambda X: 2 / curvatures(X)[-1] / len(X), "N is missing: the loss is a mean, so its curvature is divided by N, and the rate is N times yours."),
        Mistake("flattest-direction", lambda X: 2 / curvatures(X)[0], "You took the smallest eigenvalue. The steepest direction is the one that diverges first: the largest."),
        Mistake("all-directions-added", lambda X: 2 / curvatures(X).sum(), "You add the curvatures of all directions (the trace). Each direction goes by its own; the largest decides. (Yours is safe, and slower than need be.)"),
        Mistake("mean-curvature", lambda X: 2 / curvatures(X).mean(), "You use the mean of the curvatures. One direction that is too steep is enough to diverge: the largest."),
        Mistake("largest-diagonal-element", lambda X: 2 / (2 * (with_ones(X) ** 2).mean(axis=0)).max(), "You look at one knob at a time (the diagonal of the matrix). Knobs that pull together make a direction that is steeper than either: take the eigenvalues."),
        Mistake("stretch-not-squared", lambda X: len(X) / np.linalg.norm(with_ones(X), 2), "You used the largest singular value of A. The curvature holds A.T @ A: square it."),
        Mistake("columns-centred-first", lambda X: 2 / curvatures(X - X.mean(axis=0))[-1], "You took the mean out of the columns first. That is a good idea for training; but here X is used as it is."),
        Mistake("curvature-for-rate", lambda X: curvatures(X)[-1], "That is the largest curvature itself. The rate is 2 divided by it."),
        Mistake("all-of-them", lambda X: 2 / curvatures(X)[::-1], "You give a rate for each direction. One learning rate has to do for all: the smallest of these."),
    ),
)


# --------------------------------------------------------------------------------------------------- batches
def batches(count, size, rng):
    order = rng.permutation(count)
    return [order[i : i + size] for i in range(0, count, size)]


def batches_one_by_one(count, size, rng):
    order = np.arange(count)
    rng.shuffle(order)
    while len(order):
        yield order[:size]
        order = order[size:]


def batches_split(count, size, rng):
    if not count:
        return []
    return np.split(rng.permutation(count), range(size, count, size))


def batches_of_lists(count, size, rng):
    order, out = np.argsort(rng.random(count)).tolist(), []
    for i, row in enumerate(order):
        if i % size == 0:
            out.append([])
        out[-1].append(row)
    return out


def cut(order, size):
    return [order[i : i + size] for i in range(0, len(order), size)]


def inside_the_blocks(count, size, rng):
    return [rng.permutation(block) for block in cut(np.arange(count), size)]


def blocks_in_another_order(count, size, rng):
    blocks = cut(np.arange(count), size)
    return [blocks[i] for i in rng.permutation(len(blocks))]


def only_the_first(count, size, rng):
    order = rng.permutation(count)
    for i in range(0, count, size):
        return [order[i : i + size]]
    return []


def filled_up(count, size, rng):
    order = rng.permutation(count)
    return [np.resize(block, size) for block in cut(order, size)]


def rows_of(batch: Any) -> list:
    """The rows that a batch picks from arrays, which is what it is for."""
    return np.arange(1000)[batch].tolist()


def called(count: int, size: int, seed: int, times: int = 1) -> Callable:
    """f -> the batches of each of several calls, one generator for all of them."""

    def run(f):
        rng = np.random.default_rng(seed)
        return [[rows_of(batch) for batch in f(count, size, rng)] for _ in range(times)]

    return run


def sizes(count, size, seed):
    return lambda f: [len(batch) for batch in called(count, size, seed)(f)[0]]


def every_row(count, size, seed):
    return lambda f: sorted(row for batch in called(count, size, seed)(f)[0] for row in batch)


def order_of(calls: list) -> list:
    return [row for batch in calls for row in batch]


def shuffled(count, size, seed):
    return lambda f: "shuffled" if order_of(called(count, size, seed)(f)[0]) != list(range(count)) else "in the order of the data"


def mixed(count, size, seed):
    """Do rows meet that are no neighbours?"""

    def run(f):
        spans = [max(batch) - min(batch) for batch in called(count, size, seed)(f)[0]]
        return "any rows can meet" if max(spans) >= size else "only neighbours meet"

    return run


def first_batches(count, size, seed):
    def run(f):
        members = {tuple(sorted(call[0])) for call in called(count, size, seed, times=6)(f)}
        return "others each time" if len(members) > 1 else "the same rows each time"

    return run


def anew(count, size, seed):
    def run(f):
        first, second = map(order_of, called(count, size, seed, times=2)(f))
        return "another order" if first != second else "the same order again"

    return run


def by_the_generator(count, size, seed):
    def run(f):
        before = np.random.get_state()[1].copy()
        same = called(count, size, seed)(f) == called(count, size, seed)(f)
        own = np.array_equal(before, np.random.get_state()[1])
        return "repeatable" if same and own else "not repeatable"

    return run


def batch_trials(rng: np.random.Generator) -> Iterator[Trial]:
    questions = [("sizes of the batches", sizes, count, size, expected) for count, size, expected in [(10, 4, [4, 4, 2]), (8, 4, [4, 4]), (3, 8, [3]), (3, 1, [1, 1, 1]), (0, 4, [])]]
    questions += [("all rows, sorted", every_row, count, size, list(range(count))) for count, size in [(8, 4), (10, 4), (5, 1)]]
    questions += [("are the rows shuffled?", shuffled, 200, 8, "shuffled"), ("which rows can meet in a batch?", mixed, 200, 8, "any rows can meet")]
    questions += [("who is in the first batch of six calls?", first_batches, 200, 8, "others each time")]
    questions += [("two calls with one generator", anew, 200, 8, "another order"), ("two calls with equal generators", by_the_generator, 200, 8, "repeatable")]
    for label, question, count, size, expected in questions:
        yield Trial(label, f"count = {count}, size = {size}", question(count, size, int(rng.integers(2**31))), expected)


exercise(
    "batches",
    batches,
    title="Shuffled minibatches",
    statement="Every row number from 0 to count - 1 exactly once, in an order drawn by rng, cut into arrays of `size`. The last one may be shorter.",
    signature="batches(count, size, rng) -> list of arrays of row numbers",
    trials=batch_trials,
    variants=(batches_one_by_one, batches_split, batches_of_lists),
    hints=(
        "Two things after each other: shuffle all the row numbers, then cut.",
        "`rng.permutation(count)` is 0 to count - 1 in a random order. To cut, go along it in steps of `size`.",
        "`for i in range(0, count, size)`: the piece from i up to i + size. A slice that goes over the end is simply shorter.",
    ),
    points=2,
    mistakes=(
        Mistake("not-shuffled", lambda count, size, rng: cut(np.arange(count), size), "The rows come in the order of the data. If that is sorted (the healthy first, say), each batch says something else. Shuffle first."),
        Mistake("shuffled-inside-blocks", inside_the_blocks, "You cut first and shuffle within each piece: rows that stand far apart never meet. Shuffle all of them, then cut."),
        Mistake("blocks-shuffled", blocks_in_another_order, "You shuffle whole blocks: the same neighbours stay together always. Shuffle the rows, then cut."),
        Mistake("last-batch-dropped", lambda count, size, rng: [b for b in cut(rng.permutation(count), size) if len(b) == size], "The rows that do not fill a batch are thrown away: with {inputs} some are missing. The last batch may be shorter."),
        Mistake("last-batch-filled-up", filled_up, "You fill the last batch up with rows that were used already. Each row comes once; the last batch may be shorter."),
        Mistake("drawn-with-replacement", lambda count, size, rng: [rng.integers(count, size=len(b)) for b in cut(np.arange(count), size)], "You draw each row anew, so that some come twice and others not at all. All rows, each once: a permutation."),
        Mistake("each-batch-drawn-anew", lambda count, size, rng: [rng.permutation(count)[: len(b)] for b in cut(np.arange(count), size)], "Inside a batch no row comes twice, but you shuffle anew for each batch. Shuffle once, then cut that order into pieces."),
        Mistake("same-order-every-time", lambda count, size, rng: cut(np.random.default_rng(0).permutation(count), size), "You make a generator of your own with a fixed seed: every epoch has the same order. Use the `rng` that came in; it goes on from call to call."),
        Mistake("rng-not-used", lambda count, size, rng: cut(np.random.permutation(count), size), "`np.random.permutation` draws from a generator that everybody shares, so nobody can repeat your run. Use rng.permutation."),
        Mistake("size-taken-for-a-number", lambda count, size, rng: np.array_split(rng.permutation(count), size), "You make `size` batches. `size` is how many rows each of them has."),
        Mistake("sizes-evened-out", lambda count, size, rng: np.array_split(rng.permutation(count), -(-count // size)) if count else [], "You even the sizes out: with {inputs} yours are {actual}. Full batches first, and the rest last."),
        Mistake("windows-overlap", lambda count, size, rng: [rng.permutation(count)[i : i + size] for i in range(count)], "`range(count)` begins a batch at every row. Go on by `size` rows each time."),
        Mistake("one-row-short", lambda count, size, rng: [b[:-1] for b in cut(rng.permutation(count), size)], "One row is missing in each batch. A slice [i : i + size] stops before i + size by itself."),
        Mistake("counted-from-one", lambda count, size, rng: cut(rng.permutation(count) + 1, size), "Your row numbers go from 1 to count. Rows are counted from 0: the first is never used, and the last does not exist."),
        Mistake("return-in-the-loop", only_the_first, "Only the first batch comes back: your `return` stands inside the loop."),
    ),
)


# --------------------------------------------------------------------------------------- predict, then run
RATES = (0.1, 0.5, 0.6)


def after_two_steps(rate: float) -> float:
    """On f(w) = 2 w² each step takes the factor 1 - rate · curvature, and the curvature is 4."""
    return (1 - 4 * rate) ** 2


def judged(place: int, value: float, predict: Callable) -> str:
    """Only right or wrong, so that a report does not give the number away."""
    answer = float(predict()[place])
    return "right" if math.isclose(answer, value, rel_tol=1e-6, abs_tol=1e-9) else f"not {answer:g}"


def prediction_trials(rng: np.random.Generator) -> Iterator[Trial]:
    for place, rate in enumerate(RATES):
        yield Trial("w after two steps", f"lr = {rate}", partial(judged, place, after_two_steps(rate)), "right")


def prediction():
    # the slope of 2 w² is 4 w, so a step makes w into w - lr * 4 w = (1 - 4 lr) * w: factors 0.6, -1 and -1.4
    return 0.6**2, (-1.0) ** 2, (-1.4) ** 2


def saying(*answer: Any) -> Callable:
    """A function that gives this answer."""
    return lambda: answer


exercise(
    "predict",
    prediction,
    title="Predict, then run: three learning rates",
    statement="f(w) = 2 w², from w = 1: where is w after two steps with a learning rate of 0.1, of 0.5, and of 0.6? On paper.",
    signature="prediction() -> (w with 0.1, w with 0.5, w with 0.6)",
    trials=prediction_trials,
    variants=(lambda: [0.36, 1, 1.96], lambda: np.array([0.36, 1.0, 1.96]), saying(0.6 * 0.6, 1.0, 1.4 * 1.4)),
    hints=(
        "The slope of 2 w² at w is 4 w. At w = 1 it is 4: where does one step with lr = 0.1 lead?",
        "The second step starts from the new w, with the slope that it has there.",
        "w - lr · 4 w is w times (1 - 4 · lr). Two steps: that factor twice. Mind the sign of the factor.",
    ),
    mistakes=(
        Mistake("one-step-only", saying(0.6, -1, -1.4), "That is where w is after one step. Take the second from there."),
        Mistake("three-steps", saying(0.216, -1, -2.744), "That is one step too many: two are asked."),
        Mistake("slope-two-w", saying(0.64, 0, 0.04), "Your slope is 2 w, as for w². The function is 2 w²: it is twice as steep."),
        Mistake("slope-of-the-start-twice", saying(0.2, -3, -3.8), "You took both steps with the slope at w = 1. The second has the slope at the new w."),
        Mistake("uphill", saying(1.96, 9, 11.56), "You walked uphill: the step goes against the slope."),
        Mistake("heights-for-places", saying(0.2592, 2, 7.6832), "That is f(w), how high you are. Asked is w, where you are."),
        Mistake("stops-at-the-bottom", saying(0.36, 0, 0), "You let w stop at the bottom. A step knows nothing of the bottom: it is as long as the slope says, and goes right over it."),
        Mistake("sign-of-the-last-factor", saying(0.36, -1, -1.96), "The sizes are right. With 0.5 and 0.6 each step crosses the bottom: after two of them, on which side are you?"),
        Mistake("slope-is-the-height", saying(0.64, 0, 0.392), "You used the height 2 w² where the slope belongs. The slope of 2 w² is 4 w."),
        Mistake("rate-for-step", saying(0.8, 0, -0.2), "You went by lr itself each time. A step is lr times the slope."),
    ),
)


# -------------------------------------------------------------------------------------------- find the bug
def fit_with_a_column(x, y, lr=0.1, steps=200):
    X = x.reshape(-1, 1)
    w, b = np.zeros((1, 1)), 0.0
    for _ in range(steps):
        miss = X @ w + b - y
        w = w - lr * 2 * (X * miss).mean()
        b = b - lr * 2 * miss.mean()
    return w.item(), b


def fit(x, y, lr=0.1, steps=200):
    w, b = 0.0, 0.0
    for _ in range(steps):
        miss = w * x + b - y
        w, b = w - lr * 2 * (x * miss).mean(), b - lr * 2 * miss.mean()
    return w, b


def fit_two_columns(x, y, lr=0.1, steps=200):
    X, targets = x.reshape(-1, 1), y.reshape(-1, 1)
    w, b = np.zeros((1, 1)), 0.0
    for _ in range(steps):
        miss = X @ w + b - targets
        w, b = w - lr * 2 * X.T @ miss / len(x), b - lr * 2 * miss.mean()
    return w.item(), b


def fit_on_the_diagonal(x, y, lr=0.1, steps=200):
    X = x.reshape(-1, 1)
    w, b = np.zeros((1, 1)), 0.0
    for _ in range(steps):
        miss = np.diag(X @ w + b - y)
        w = w - lr * 2 * (X * miss).mean()
        b = b - lr * 2 * miss.mean()
    return w.item(), b


def fit_to_one_target(x, y, lr=0.1, steps=200):
    return fit(x, np.full(len(y), y[0]), lr, steps)


def fit_without_b(x, y, lr=0.1, steps=200):
    w = 0.0
    for _ in range(steps):
        w = w - lr * 2 * (x * (w * x - y)).mean()
    return w, 0.0


def fit_turned_round(x, y, lr=0.1, steps=200):
    return fit(-x, y, lr, steps)


CAUSE = "the cause of what you saw"


def cause_of(repair: Callable) -> str:
    letter = str(repair()[1]).strip().upper()
    return CAUSE if letter == "C" else f"not {letter}"


def bug_trials(rng: np.random.Generator) -> Iterator[Trial]:
    """Fits of which the path is known: the closed form of the descent with one column."""
    fixed = [(array(-1, 0, 1), array(0, 1, 5)), (array(0.5, 1, -1), array(2, 3, -1))]
    for x, y in [*fixed, *((drawn(rng, n) / 2, drawn(rng, n)) for n in (4, 7, 12))]:
        w, b, _ = descent_in_closed_form(x[:, None], y, np.zeros(1), 0.0, 0.1, 60)
        yield Trial("(w, b) of the repaired fit", told(x=x, y=y, lr=0.1, steps=60), lambda repair, x=x, y=y: fitted(repair, x, y), (w.item(), b))
    yield Trial("the letter", "cause", cause_of, CAUSE)


def fitted(repair: Callable, x: np.ndarray, y: np.ndarray) -> tuple:
    w, b = repair()[0](x, y, lr=0.1, steps=60)
    return np.asarray(w, dtype=float).item(), np.asarray(b, dtype=float).item()


def repair():
    def repaired(x, y, lr=0.1, steps=200):
        X = x.reshape(-1, 1)
        w, b = np.zeros(1), 0.0
        for _ in range(steps):
            miss = X @ w + b - y
            w = w - lr * 2 * (x * miss).mean()
            b = b - lr * 2 * miss.mean()
        return w.item(), b

    return repaired, "C"


exercise(
    "find_the_bug",
    repair,
    title="Find the bug: a line that stays flat",
    statement="Repair the fit, and name the cause by its letter.",
    signature="repair() -> (the repaired fit(x, y, lr, steps), the letter of the cause)",
    trials=bug_trials,
    variants=(saying(fit, "C"), saying(fit_two_columns, "c"), saying(fit, " C ")),
    hints=(
        "Print shapes inside the loop: of X @ w + b, of y, of miss. Which one did you not expect?",
        "(N, 1) less (N,): numpy lines shapes up from the right and repeats whatever has size 1. How many misses are there?",
        "Bring both to one shape, before the subtraction: either the prediction to (N,), or y to (N, 1). And mind X * miss in the next line: it needs the two in the same shape as well.",
    ),
    points=2,
    mistakes=(
        Mistake("named-not-repaired", saying(fit_with_a_column, "C"), "That is the cause; the fit still has it: with {inputs} it gives {actual}."),
        Mistake("cause-A", saying(fit, "A"), "The repair works. But the sign was right: with it turned round the loss would have grown, and here b found its value."),
        Mistake("cause-B", saying(fit, "B"), "The repair works. But the learning rate was fine: with ten times the steps the line is as flat as before."),
        Mistake("cause-D", saying(fit, "D"), "The repair works. But the 2 is there; without it the descent would only be slower."),
        Mistake("cause-E", saying(fit, "E"), "The repair works. But x was standardized; and large numbers would have made it diverge, not lie flat."),
        Mistake("diagonal-of-the-table", saying(fit_on_the_diagonal, "C"), "You have the right misses now, N of them. Then X * miss makes a table again: (N, 1) times (N,)."),
        Mistake("one-target-for-all", saying(fit_to_one_target, "C"), "Now every prediction is held against the first target. Each has a target of its own."),
        Mistake("b-lost", saying(fit_without_b, "C"), "The slope is found now, but b has gone: with {inputs} the line passes through 0."),
        Mistake("sign-turned", saying(fit_turned_round, "C"), "The line slopes the wrong way now: with {inputs} you get {actual}."),
    ),
)
