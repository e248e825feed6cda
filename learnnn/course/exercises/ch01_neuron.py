"""Lesson 01, a neuron: what is asked, what learners get wrong, and a truth of its own.

The truths are exact sums of fractions, exponentials in decimals, loops over single flowers, and central differences:
none of them knows the closed form of the gradient that the lesson derives.
"""

# A mistake a line, so that the banks read as tables.
# fmt: off

import math
import statistics
from collections.abc import Callable, Iterator
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from learnnn.course.exercise import Exercise, Mistake, Trial, register


def exercise(id: str, code: Callable, **parts: Any) -> Exercise:
    return register(Exercise(id=f"neuron.{id}", lesson=1, solution=code, **parts))


# ------------------------------------------------------------------------------------------------- questions
def drawn(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Random numbers a learner can read: one decimal, none of them 0."""
    return rng.choice([-1.0, 1.0], shape) * rng.integers(1, 30, shape) / 10


def told(**inputs: Any) -> str:
    """X = [[1.0, 2.0]], b = 0.5"""
    said = ", ".join(f"{name} = {np.asarray(value).tolist()}" for name, value in inputs.items())
    empty = any(np.size(value) == 0 for value in inputs.values())
    return f"{said} (an empty one, with nothing in it)" if empty else said  # long, so that plainer cases are shown first


def array(*numbers: Any) -> np.ndarray:
    return np.array(numbers, dtype=float)


def answers(rng: np.random.Generator, rows: int) -> np.ndarray:
    """0s and 1s, both of them present where there is room."""
    return rng.permutation(np.arange(rows) % 2)


def asked(label: str, expected: Any, **inputs: Any) -> Trial:
    """A trial that hands the inputs over by position."""
    values = tuple(inputs.values())
    return Trial(label, told(**inputs), lambda f, a=values: f(*a), expected)


# -------------------------------------------------------------------------------------------- weighted sum
def weighted_sum(x, w, b):
    total = b
    for x_i, w_i in zip(x, w):
        total = total + x_i * w_i
    return total


def weighted_sum_by_index(x, w, b):
    total = 0
    for i in range(len(x)):
        total += w[i] * x[i]
    return total + b


def weighted_sum_by_sum(x, w, b):
    return sum(a * c for a, c in zip(w, x)) + b


def weighted_sum_by_numpy(x, w, b):
    return np.dot(x, w) + b


def last_product_only(x, w, b):
    total = 0
    for x_i, w_i in zip(x, w):
        total = x_i * w_i
    return total + b


def returns_in_the_loop(x, w, b):
    total = b
    for x_i, w_i in zip(x, w):
        total += x_i * w_i
        return total


def prints_it(x, w, b):
    print(sum(a * c for a, c in zip(x, w)) + b)


def exact_sum(x: Any, w: Any, b: Any) -> float:
    """The truth: fractions, without rounding."""
    return float(sum((Fraction(float(a)) * Fraction(float(c)) for a, c in zip(x, w)), Fraction(float(b))))


def sum_trials(rng: np.random.Generator) -> Iterator[Trial]:
    fixed = [([2, 3], [1, 2], -5), ([5.0, 2.0], [1.0, -2.0], 0.5), ([4], [3], 1), ([], [], 2.5), ([1.0, 0.0, 2.0], [3.0, 7.0, -1.0], 0.0)]
    lists = [(drawn(rng, n).tolist(), drawn(rng, n).tolist(), drawn(rng).item()) for n in (1, 2, 3, 5)]
    arrays = [(drawn(rng, n), drawn(rng, n), drawn(rng).item()) for n in (2, 4)]
    for x, w, b in [*fixed, *lists, *arrays, (drawn(rng, 6)[::2], drawn(rng, 3), 1.0)]:
        yield asked("the weighted sum", exact_sum(x, w, b), x=x, w=w, b=b)


exercise(
    "weighted_sum",
    weighted_sum,
    title="The weighted sum",
    statement="Multiply each input by its own weight, add the products up, and add the bias b. x and w are lists of the same length.",
    signature="weighted_sum(x, w, b) -> number",
    trials=sum_trials,
    variants=(weighted_sum_by_index, weighted_sum_by_sum, weighted_sum_by_numpy),
    hints=(
        "Take x = [2, 3], w = [1, 2] and b = -5. The products are 2 * 1 and 3 * 2. Add them, then add b: 8 - 5 = 3.",
        "You need a running total and a loop. `for x_i, w_i in zip(x, w):` gives you the pairs, one after the other.",
        "Start with `total = b`, add one product in each turn of the loop, and return after the loop, not in it.",
    ),
    mistakes=(
        Mistake("bias-forgotten", lambda x, w, b: sum(a * c for a, c in zip(x, w)), "The products are added up, and b is missing: with {inputs} you get {actual} where {expected} belongs."),
        Mistake("bias-subtracted", lambda x, w, b: sum(a * c for a, c in zip(x, w)) - b, "b is added here. A high threshold is a negative b: w·x > 5 says the same as w·x + (-5) > 0."),
        Mistake("bias-in-each-product", lambda x, w, b: sum(a * c + b for a, c in zip(x, w)), "You add b once for each input. It belongs in once, to the sum: take it out of the loop."),
        Mistake("bias-multiplied", lambda x, w, b: sum(a * c for a, c in zip(x, w)) * b, "You multiply by b. It is added, like a head start that has nothing to do with the inputs."),
        Mistake("weights-ignored", lambda x, w, b: sum(x) + b, "You add the inputs as they are. Each is to be multiplied by its own weight first: that is how one input counts more than another."),
        Mistake("inputs-ignored", lambda x, w, b: sum(w) + b, "You add up the weights. Then every flower gets the same answer, whatever was measured: multiply each weight by its input."),
        Mistake("added-for-multiplied", lambda x, w, b: sum(a + c for a, c in zip(x, w)) + b, "Each input is multiplied by its weight; you add the two."),
        Mistake("product-of-the-sums", lambda x, w, b: sum(x) * sum(w) + b, "You add first and multiply then, so that every input meets every weight. Multiply pair by pair, then add."),
        Mistake("mean-for-sum", lambda x, w, b: sum(a * c for a, c in zip(x, w)) / len(x) + b, "You divide by the number of inputs. It is a sum, not a mean."),
        Mistake("last-product-only", last_product_only, "In every turn of the loop your total is overwritten: only the last product is left. Use `total = total + ...`."),
        Mistake("returned-in-the-loop", returns_in_the_loop, "Your `return` stands inside the loop, so the function ends after the first product. Move it out, to the left."),
        Mistake("last-input-left-out", lambda x, w, b: sum(x[i] * w[i] for i in range(len(x) - 1)) + b, "The last input is missing: `range(n)` stops before n already, so `range(len(x))` is what you need."),
        Mistake("two-inputs-only", lambda x, w, b: x[0] * w[0] + x[1] * w[1] + b, "That works for two inputs and for no other number of them. Use a loop over the pairs."),
        Mistake("lists-multiplied", lambda x, w, b: sum(x * w) + b, "Python cannot multiply a list by a list. Take them apart in pairs with `zip(x, w)`. (In section 4 there are arrays, and they can.)"),
        Mistake("lists-multiplied-not-added-up", lambda x, w, b: x * w + b, "Python cannot multiply a list by a list. Take them apart in pairs with `zip(x, w)`, and add the products up to a single number."),
        Mistake("not-added-up", lambda x, w, b: [a * c + b for a, c in zip(x, w)], "You give a list of products. Add them up, to a single number."),
        Mistake("printed-not-returned", prints_it, "Your function prints its result and gives nothing back. Use `return`: then others can go on with it."),
    ),
)


# ---------------------------------------------------------------------------------------------------- step
def step(z):
    return 1 if z > 0 else 0


def step_by_if(z):
    if z <= 0:
        return 0.0
    return 1.0


def step_by_truth(z):
    return bool(z > 0)


def step_by_heaviside(z):
    return np.heaviside(z, 0)


def nothing_when_off(z):
    if z > 0:
        return 1


def step_trials(rng: np.random.Generator) -> Iterator[Trial]:
    fixed = [(3, 1), (-2, 0), (0, 0), (0.0, 0), (0.3, 1), (0.8, 1), (-0.3, 0), (1e-9, 1), (-1e-9, 0), (1, 1), (250.0, 1)]
    sizes = rng.integers(1, 60, 4) / 10
    for z, fires in [*fixed, *((float(size), 1) for size in sizes), *((-float(size), 0) for size in sizes)]:
        yield Trial("does it fire?", f"z = {z}", partial(lambda z, f: f(z), z), fires)


exercise(
    "step",
    step,
    title="The threshold",
    statement="1 if the number z is above 0, else 0. At exactly 0 it does not fire.",
    signature="step(z) -> 1 or 0",
    trials=step_trials,
    variants=(step_by_if, step_by_truth, step_by_heaviside),
    hints=(
        "There are two answers, 1 and 0. Which of them for z = 3, for z = -2, for z = 0?",
        "An `if` and an `else`, or in one line: `return this if condition else that`.",
        "The condition is `z > 0`: above, not at. For everything else the answer is 0.",
    ),
    mistakes=(
        Mistake("fires-at-zero", lambda z: 1 if z >= 0 else 0, "At exactly 0 yours fires. The rule here is above 0, so `>` and not `>=`."),
        Mistake("upside-down", lambda z: 0 if z > 0 else 1, "Your answers are the wrong way round: with {inputs} you say {actual}."),
        Mistake("minus-one-for-off", lambda z: 1 if z > 0 else -1, "When it does not fire you give -1. Some books do; here off is 0, to go with answers of 0 and 1."),
        Mistake("the-sign", lambda z: int(z > 0) - int(z < 0), "That is the sign of z, with three answers. The neuron knows two: 1 above 0, and 0 for all the rest."),
        Mistake("nothing-when-off", nothing_when_off, "When z is not above 0 your function ends without a `return`, and python gives back None. Say what should come then."),
        Mistake("whatever-is-not-zero", lambda z: 1 if z else 0, "`if z` asks whether z is something other than 0, and -2 is. Ask whether it is above 0."),
        Mistake("threshold-one-half", lambda z: 1 if z > 0.5 else 0, "Your threshold is at 0.5. That is where a probability is cut, later on; the sum z is cut at 0."),
        Mistake("threshold-one", lambda z: 1 if z >= 1 else 0, "With {inputs} yours does not fire. Anything above 0 is enough, however little."),
        Mistake("lets-it-through", lambda z: z if z > 0 else 0, "Above 0 you give z itself. (That exists; it is called relu and comes in lesson 03.) The answer here is 1."),
        Mistake("a-ramp", lambda z: min(1, max(0, z)), "Between 0 and 1 yours rises gradually. A threshold jumps: just above 0 the answer is 1 at once."),
        Mistake("always-on", lambda z: 1, "Your answer is 1 for everything. What should come for z = -2?"),
    ),
)


# ------------------------------------------------------------------------------------------------- sigmoid
def sigmoid(z):
    e = np.exp(-np.abs(z))  # at most 1: it cannot overflow
    return np.where(np.asarray(z) >= 0, 1 / (1 + e), e / (1 + e))


def sigmoid_by_tanh(z):
    return 0.5 * (1 + np.tanh(np.asarray(z) / 2))


def sigmoid_by_clip(z):
    return 1 / (1 + np.exp(-np.clip(z, -700, 700)))


def sigmoid_by_masks(z):
    z = np.asarray(z, dtype=float)
    out = np.empty_like(z)
    up = z >= 0
    out[up] = 1 / (1 + np.exp(-z[up]))
    out[~up] = np.exp(z[~up]) / (1 + np.exp(z[~up]))
    return out


def sigmoid_by_logaddexp(z):
    return np.exp(-np.logaddexp(0, np.negative(z)))


def overflows_below(z):
    return 1 / (1 + np.exp(np.negative(z)))


def overflows_above(z):
    return np.exp(z) / (1 + np.exp(z))


def overflows_in_the_branch_not_taken(z):
    return np.where(np.asarray(z) >= 0, 1 / (1 + np.exp(np.negative(z))), np.exp(z) / (1 + np.exp(z)))


def sigmoid_with_if(z):
    if z >= 0:
        return 1 / (1 + np.exp(-z))
    return np.exp(z) / (1 + np.exp(z))


def sigmoid_of_math(z):
    e = math.exp(-math.fabs(z))
    return 1 / (1 + e) if z >= 0 else e / (1 + e)


def sigmoid_over_its_input(z):
    z *= -1
    return 1 / (1 + np.exp(np.minimum(z, 700)))


def exact_sigmoid(z: Any) -> np.ndarray:
    """The truth: decimals know exponentials of any size."""
    with localcontext() as context:
        context.prec = 40
        flat = [float(1 / (1 + Decimal(-float(number)).exp())) for number in np.ravel(z)]
    return np.array(flat, dtype=float).reshape(np.shape(z))


def without_overflow(z: Any, f: Callable) -> Any:
    """Where numpy would only warn, raise: a warning that nobody reads is a bug that nobody finds."""
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        return f(z)


def sigmoid_trials(rng: np.random.Generator) -> Iterator[Trial]:
    numbers = [0.0, 2.0, -2.0, 1, drawn(rng).item()]
    arrays = [array(0, 1, -1), drawn(rng, 5), drawn(rng, 2, 3), drawn(rng, 8)[::2], np.array([-3, 0, 2]), np.zeros((0,)), array(4)]
    extreme = [1000.0, -1000.0, array(-1000, 0, 3), array(1000, -2), array(-40, 40)]
    for z in [*numbers, *arrays, *extreme]:
        yield Trial("1 / (1 + exp(-z))", told(z=z), partial(without_overflow, z), exact_sigmoid(z))


exercise(
    "sigmoid",
    sigmoid,
    title="The sigmoid",
    statement="1 / (1 + exp(-z)) for a number or an array z, each number by itself, without an overflow on the way, however large z is.",
    signature="sigmoid(z) -> the same shape",
    trials=sigmoid_trials,
    variants=(sigmoid_by_tanh, sigmoid_by_clip, sigmoid_by_masks, sigmoid_by_logaddexp),
    hints=(
        "`1 / (1 + np.exp(-z))` is right wherever exp does not overflow. For which z does it? What is the largest exponent you can meet safely?",
        "exp of something below 0 is always between 0 and 1. So work out `e = np.exp(-np.abs(z))` once. For z above 0 that is exp(-z).",
        "For z below 0, e is exp(z), and the sigmoid is e / (1 + e). Choose number by number: `np.where(z >= 0, ..., ...)`, with e in both places.",
    ),
    mistakes=(
        Mistake("overflows-far-below", overflows_below, "The formula is right, and far below 0 it needs exp of a huge number: exp(1000) is more than a float can hold. Let exp see only numbers below 0."),
        Mistake("overflows-far-above", overflows_above, "With z = 1000 you divide infinity by infinity, which is nan. exp(z) / (1 + exp(z)) is for z below 0; use the other form above."),
        Mistake("overflows-in-the-branch-not-taken", overflows_in_the_branch_not_taken, "`np.where` works out both of its sides for all numbers and chooses afterwards, so the side that is thrown away overflows. Use one exponential that is safe in both: exp of minus the size of z."),
        Mistake("minus-missing", lambda z: 1 / (1 + np.exp(z)), "Yours falls where it should rise: large sums must give answers near 1. Look at the sign in the exponent."),
        Mistake("mirrored-below-zero", lambda z: 1 / (1 + np.exp(-np.abs(z))), "Above 0 it is right. Below 0 you give the answer of +z: the size of z alone does not know on which side it is."),
        Mistake("brackets-missing", lambda z: 1 / 1 + np.exp(-np.clip(z, -700, 700)), "`1 / 1 + e` is (1 / 1) + e. The whole sum belongs under the line: put it in brackets."),
        Mistake("one-minus", lambda z: 1 / (1 - np.exp(-np.clip(z, -700, 700))), "Below the line stands 1 plus the exponential. With minus, z = 0 divides by 0."),
        Mistake("tanh", lambda z: np.tanh(z), "tanh runs from -1 to 1, and twice as steeply. A probability is between 0 and 1."),
        Mistake("a-step", lambda z: np.where(np.asarray(z) > 0, 1.0, 0.0), "That is the threshold again. Between 0 and 1 there should be something: at z = 0 the answer is 0.5."),
        Mistake("a-ramp", lambda z: np.clip(0.5 + np.asarray(z) / 4, 0, 1), "A straight ramp touches the sigmoid at 0 and nowhere else. It has corners, and beyond them it is flat."),
        Mistake("powers-of-two", lambda z: 1 / (1 + 2.0 ** -np.clip(z, -700, 700)), "You raise 2 to the power -z. The base is e = 2.718..., which is what `np.exp` knows."),
        Mistake("clipped-too-early", lambda z: 1 / (1 + np.exp(-np.clip(z, -8, 8))), "You keep z between -8 and 8, and so no answer can get nearer to 0 or 1 than 0.0003. Clip far out, where exp is about to overflow, or use a form that needs no clipping."),
        Mistake("if-on-an-array", sigmoid_with_if, "`if z >= 0` asks a whole array for one yes or no. `np.where` decides number by number."),
        Mistake("math-for-numpy", sigmoid_of_math, "The functions in `math` take a single number. `np.exp` and `np.abs` take whole arrays."),
        Mistake("math-exp-for-numpy", lambda z: 1 / (1 + math.exp(-z)), "`math.exp` takes a single number; `np.exp` takes whole arrays. (And both overflow for z = -1000: exp should see only numbers below 0.)"),
        Mistake("input-overwritten", sigmoid_over_its_input, "`z *= -1` writes into the array of whoever called you: their z has changed its sign. `-z` makes a new one."),
    ),
)


# -------------------------------------------------------------------------------------------------- neuron
def neuron(X, w, b):
    return sigmoid(X @ w + b)


def neuron_by_sum(X, w, b):
    return 1 / (1 + np.exp(-np.clip((X * w).sum(axis=-1) + b, -700, 700)))


def neuron_by_rows(X, w, b):
    if np.ndim(X) == 1:
        return sigmoid(weighted_sum(X, w, b))
    return np.array([float(sigmoid(weighted_sum(row, w, b))) for row in X])


def neuron_by_columns(X, w, b):
    X = np.asarray(X)
    z = np.full(X.shape[:-1], float(b))
    for i in range(X.shape[-1]):
        z += X[..., i] * w[i]
    return sigmoid(z)


def probabilities(X: np.ndarray, w: np.ndarray, b: float) -> np.ndarray:
    """The truth: an exact sum and an exact sigmoid, flower by flower."""
    if X.ndim == 1:
        return exact_sigmoid(exact_sum(X, w, b))
    return exact_sigmoid(array(*(exact_sum(row, w, b) for row in X)))


def neuron_trials(rng: np.random.Generator) -> Iterator[Trial]:
    fixed = [(array([2, 1]), array(1, -1), 0.5), (array([1, 2], [0, 1], [3, -1]), array(1, 0.5), -1.0), (array(2, -3), array(0.5, 1), 1.0)]
    shapes = [(1, 1), (4, 1), (1, 3), (2, 2), (5, 3), (0, 2), (3,)]
    random = [(drawn(rng, *shape), drawn(rng, shape[-1]), drawn(rng).item()) for shape in shapes]
    more = [(drawn(rng, 4, 4)[:, ::2], drawn(rng, 4)[::2], 1.5), (np.array([[40, 0], [-40, 1]]), np.array([20, 3]), 1)]
    for X, w, b in [*fixed, *random, *more]:
        yield asked("a probability for each row", probabilities(X, w, b), X=X, w=w, b=b)


exercise(
    "neuron",
    neuron,
    title="A neuron, for all rows at once",
    statement="The sigmoid of the weighted sum, for each row of X, (N, D): N probabilities, shape (N,). A single flower, (D,), gives one number.",
    signature="neuron(X, w, b) -> (N,)",
    trials=neuron_trials,
    variants=(neuron_by_sum, neuron_by_rows, neuron_by_columns),
    hints=(
        "It is two things you have: the weighted sum, and then your sigmoid of it.",
        "For all rows at once the weighted sums are `X @ w + b`: one number for each row.",
        "`z = ...` with the line above, then `return sigmoid(z)`. b goes inside, before the sigmoid.",
    ),
    mistakes=(
        Mistake("not-squashed", lambda X, w, b: X @ w + b, "That is the weighted sum itself: {actual} is no probability. It goes through the sigmoid next."),
        Mistake("a-step-for-the-sigmoid", lambda X, w, b: np.where(X @ w + b > 0, 1.0, 0.0), "You answer yes or no. The sigmoid says how sure: with {inputs} that is {expected}."),
        Mistake("bias-forgotten", lambda X, w, b: sigmoid(X @ w), "b is missing. Without it the line always passes through the point (0, 0)."),
        Mistake("bias-after-the-sigmoid", lambda X, w, b: sigmoid(X @ w) + b, "You add b to the probability. It belongs to the weighted sum, inside the brackets of the sigmoid."),
        Mistake("bias-subtracted", lambda X, w, b: sigmoid(X @ w - b), "b is added, as in `weighted_sum`."),
        Mistake("bias-in-each-product", lambda X, w, b: sigmoid((X * w + b).sum(axis=-1)), "You add b once for each column. It belongs once to each row, after the sum."),
        Mistake("not-added-up", lambda X, w, b: sigmoid(X * w + b), "You multiply and do not add up: there is one probability for each column, where one for each row is asked."),
        Mistake("squashed-before-adding", lambda X, w, b: sigmoid(X * w).sum(axis=-1) + b, "You squash each product and add then. First the sum, then one sigmoid of it."),
        Mistake("summed-down-the-columns", lambda X, w, b: sigmoid((X * w).sum(axis=0) + b), "You added down the columns (axis 0): that mixes the flowers. Each sum runs along its own row."),
        Mistake("summed-over-everything", lambda X, w, b: sigmoid((X * w).sum() + b), "All products of all flowers went into one number. Each row needs a sum of its own."),
        Mistake("mean-for-sum", lambda X, w, b: sigmoid((X * w).mean(axis=-1) + b), "You take the mean of the products. It is their sum."),
        Mistake("the-other-class", lambda X, w, b: 1 - sigmoid(X @ w + b), "You give the probability of the other answer, 0. Asked is that of 1."),
        Mistake("a-column", lambda X, w, b: sigmoid(X @ np.reshape(w, (-1, 1)) + b), "The numbers are right and stand in a column, (N, 1). Asked is (N,), as the true answers y have it: compare a column with a row, and numpy compares everybody with everybody."),
        Mistake("first-row-only", lambda X, w, b: sigmoid(np.atleast_2d(X)[0] @ w + b), "One number came back, that of the first flower. Each row gets its own."),
        Mistake("wrong-way-round", lambda X, w, b: sigmoid(w @ X + b), "`w @ X` adds over the rows of X. In the order X @ w the two lengths that must agree stand side by side."),
        Mistake("tables-only", lambda X, w, b: sigmoid((X * w).sum(axis=1) + b), "For a table it is right. A single flower, shape (D,), has no axis 1: `X @ w` does both, and so does `.sum(axis=-1)`, the last axis."),
        Mistake("a-list", lambda X, w, b: [sigmoid(weighted_sum(x, w, b)) for x in X], "The numbers are right, in a list. Asked is an array: `X @ w + b` makes one of all rows at once, and it takes a single flower as well."),
        Mistake("weighted-sum-of-a-table", lambda X, w, b: sigmoid(weighted_sum(X, w, b)), "`weighted_sum` is made for one flower. Given a table it pairs the first weight with the first row. `X @ w` takes each row by itself."),
        Mistake("squashed-twice", lambda X, w, b: sigmoid(sigmoid(X @ w + b)), "You squash what is squashed already. Then nothing can be below 0.5."),
    ),
)


# ------------------------------------------------------------------------------------------------ log loss
def log_loss(p, y):
    right = np.where(y == 1, p, 1 - p)  # what was given to the true answer
    return -np.log(right).mean()


def log_loss_by_loop(p, y):
    total = 0.0
    for p_i, y_i in zip(p, y):
        total -= math.log(p_i if y_i == 1 else 1 - p_i)
    return total / len(p)


def log_loss_by_clip(p, y):
    p = np.clip(p, 1e-15, 1 - 1e-15)
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


def log_loss_by_distance(p, y):
    return np.mean(-np.log1p(-np.abs(y - p)))


def right_share(p, y):
    return np.where(y == 1, p, 1 - p)


def exact_log_loss(p: np.ndarray, y: np.ndarray) -> float:
    """The truth: -log of the exact product of what the true answers were given, divided by their number."""
    product = Fraction(1)
    for given, answer in zip(p.tolist(), y.tolist()):
        product *= Fraction(given) if answer else 1 - Fraction(given)
    with localcontext() as context:
        context.prec = 40
        log = (Decimal(product.numerator) / Decimal(product.denominator)).ln()
    return float(-log) / len(p)


def log_loss_trials(rng: np.random.Generator) -> Iterator[Trial]:
    fixed = [(array(0.8), np.array([1])), (array(0.8), np.array([0])), (array(0.5, 0.9), np.array([1, 0])), (array(0.5, 0.25, 0.1), array(1, 0, 0))]
    random = [(rng.integers(5, 95, n) / 100, answers(rng, n)) for n in (3, 5, 8)]
    strided = [(rng.integers(5, 95, 8)[::2] / 100, answers(rng, 8)[::2]), (rng.integers(5, 95, 4) / 100, answers(rng, 4).astype(bool))]
    for p, y in [*fixed, *random, *strided, (array(0.001, 0.6), np.array([1, 0]))]:
        yield asked("the mean surprise", exact_log_loss(p, y), p=p, y=y)
    certain = array(1, 0, 0.5), np.array([1, 0, 1])
    yield asked("certain, and right: no surprise", exact_log_loss(*certain), p=certain[0], y=certain[1])


exercise(
    "log_loss",
    log_loss,
    title="Log loss",
    statement="The mean of -log(what the true answer was given): p where y is 1, and 1 - p where y is 0. Certain and right is a loss of 0.",
    signature="log_loss(p, y) -> number",
    trials=log_loss_trials,
    variants=(log_loss_by_loop, log_loss_by_clip, log_loss_by_distance),
    hints=(
        "p = 0.8, and the answer is 1: the truth was given 0.8. The answer is 0: the truth was given 0.2. The surprise is -log of that.",
        "Two steps. First an array of what each true answer was given: `np.where(y == 1, ..., ...)`. Then -log of it, and the mean.",
        "In the where: p if the answer is 1, and 1 - p if not. Then `-np.log(...)` and `.mean()`. Choosing first means that log never sees the share of the wrong answer, which may be 0.",
    ),
    mistakes=(
        Mistake("sum-for-mean", lambda p, y: -np.log(right_share(p, y)).sum(), "You add the surprises up: yours is {ratio} times what is expected where {inputs}. Take their mean, so that 10 flowers and 100 can be compared."),
        Mistake("minus-forgotten", lambda p, y: np.log(right_share(p, y)).mean(), "Logarithms of numbers below 1 are negative. A loss is positive, and smaller is better: put a minus before it."),
        Mistake("wrong-way-round", lambda p, y: -np.log(right_share(1 - p, y)).mean(), "You take what the wrong answer was given. Where y is 1 that is p, where y is 0 it is 1 - p."),
        Mistake("ones-only", lambda p, y: -np.mean(np.where(y == 1, np.log(np.maximum(p, 1e-300)), 0.0)), "The flowers with y = 0 cost nothing in yours. A neuron that always says 1 would be perfect: give them their -log(1 - p)."),
        Mistake("zeros-like-ones", lambda p, y: -np.log(np.maximum(p, 1e-300)).mean(), "You take p for every flower. Where y is 0, the truth was given 1 - p."),
        Mistake("nan-when-certain", lambda p, y: -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)), "The formula is right until a p is exactly 1 or 0. Then the term that should vanish is 0 times infinity, which is nan. Choose p or 1 - p first, and take the log of that alone."),
        Mistake("base-two", lambda p, y: -np.log2(right_share(p, y)).mean(), "You use the logarithm to base 2, which counts in bits: 1.44 times as many. The natural one is `np.log`."),
        Mistake("base-ten", lambda p, y: -np.log10(right_share(p, y)).mean(), "You use the logarithm to base 10. The natural one is `np.log`."),
        Mistake("log-of-the-mean", lambda p, y: -np.log(right_share(p, y).mean()), "You take the mean first and the log then. A single flower given 0.001 would hardly be noticed: log each, then average."),
        Mistake("no-log", lambda p, y: 1 - right_share(p, y).mean(), "You take what is missing to 1, without a log. Then to be certain and wrong costs at most 1; with the log it costs without limit."),
        Mistake("squared-miss", lambda p, y: np.mean((p - y.astype(float)) ** 2), "That is the squared error. It is a loss too, and section 9 shows what it does to this neuron. Here it is -log."),
        Mistake("counts-the-wrong-ones", lambda p, y: np.mean((p > 0.5) != (y == 1)), "You count the flowers on the wrong side. A little better or worse makes no difference to a count; the loss should feel it."),
        Mistake("not-averaged", lambda p, y: -np.log(right_share(p, y)), "One surprise for each flower came back. The loss is one number, their mean."),
        Mistake("clipped-too-much", lambda p, y: -np.log(np.clip(right_share(p, y), 0.05, 0.95)).mean(), "You keep the probabilities away from 0 and 1 by a wide margin, so that the worst misses cost too little. If you clip, then at something like 1e-15."),
    ),
)


# ------------------------------------------------------------------------------------------------ gradient
def gradient(X, y, w, b):
    miss = sigmoid(X @ w + b) - y  # (N,)
    return X.T @ miss / len(X), miss.mean()


def gradient_by_sum(X, y, w, b):
    miss = sigmoid(X @ w + b) - y
    return (X * miss[:, None]).mean(axis=0), miss.sum() / len(y)


def gradient_by_loop(X, y, w, b):
    dw, db = np.zeros(X.shape[1]), 0.0
    for row, answer in zip(X, y):
        miss = float(sigmoid(weighted_sum(row, w, b))) - answer
        dw = dw + miss * row
        db += miss
    return dw / len(X), db / len(X)


def gradient_by_columns(X, y, w, b):
    miss = neuron_by_columns(X, w, b) - y
    return np.array([np.mean(miss * X[:, i]) for i in range(X.shape[1])]), np.mean(miss)


def gradient_in_place(X, y, w, b):
    miss = sigmoid(X @ w + b) - y
    X *= miss[:, None]
    return X.mean(axis=0), miss.mean()


def each_miss(X, y, w, b):
    return sigmoid(X @ w + b) - y


def with_miss(miss_of):
    """The gradient made of another miss."""
    def gradient(X, y, w, b):
        miss = miss_of(X, y, w, b)
        return X.T @ miss / len(X), miss.mean()
    return gradient


def pulled(pull):
    """pull(X, miss) -> (dw, db), from the right miss."""
    return lambda X, y, w, b: pull(X, each_miss(X, y, w, b))


def flat(miss_of_p):
    """With the sigmoid's own slope as a further factor."""
    return lambda X, y, w, b: (lambda p: miss_of_p(p, y) * p * (1 - p))(sigmoid(X @ w + b))


def stable_loss(X: np.ndarray, y: np.ndarray, w: list, b: float) -> float:
    """The mean of log(1 + exp(-z)) where y is 1 and of log(1 + exp(z)) where it is 0, number by number."""
    total = []
    for row, answer in zip(X.tolist(), y.tolist()):
        z = math.fsum([*(x_i * w_i for x_i, w_i in zip(row, w)), b]) * (-1 if answer else 1)
        total.append(max(z, 0.0) + math.log1p(math.exp(-abs(z))))
    return math.fsum(total) / len(total)


def slope(f: Callable[[float], float], at: float, h: float = 1e-3) -> float:
    """Central differences of fourth order: f'(at) up to about h**4."""
    near, far = f(at + h) - f(at - h), f(at + 2 * h) - f(at - 2 * h)
    return (8 * near - far) / (12 * h)


def nudged(X: np.ndarray, y: np.ndarray, w: np.ndarray, b: float) -> tuple:
    """The truth: the slopes of the loss in each weight and in b, by nudging them."""
    w, b = [float(w_i) for w_i in w], float(b)
    replaced = lambda i, value: [value if i == j else w_j for j, w_j in enumerate(w)]
    dw = [slope(lambda v, i=i: stable_loss(X, y, replaced(i, v), b), w_i) for i, w_i in enumerate(w)]
    return np.array(dw), slope(lambda v: stable_loss(X, y, w, v), b)


def flowers(rng: np.random.Generator) -> Iterator[tuple]:
    """X, y, w, b."""
    yield array([2, 3]), np.array([1]), array(1, -1), 1.0
    yield array([1, 0], [0, 2]), np.array([1, 0]), array(0, 0), 0.0
    yield array([1, 2], [3, 1], [-1, 0]), np.array([0, 1, 1]), array(0.5, -0.5), 0.2
    for rows, columns in ((1, 1), (4, 1), (2, 3), (5, 2), (7, 4)):
        yield drawn(rng, rows, columns), answers(rng, rows), drawn(rng, columns) / 2, drawn(rng).item() / 2
    yield drawn(rng, 4, 4)[:, ::2], answers(rng, 8)[::2], drawn(rng, 4)[::2] / 2, 0.5
    yield drawn(rng, 4, 2) * 10, answers(rng, 4).astype(float), drawn(rng, 2), 1.0


def gradient_trials(rng: np.random.Generator) -> Iterator[Trial]:
    for X, y, w, b in flowers(rng):
        yield asked("the slopes of the log loss in w and in b", nudged(X, y, w, b), X=X, y=y, w=w, b=b)


exercise(
    "gradient",
    gradient,
    title="The gradient of the log loss",
    statement="The slopes of the log loss in each weight, an array (D,), and in b, a number: the means over the flowers of (p - y) * x and of (p - y).",
    signature="gradient(X, y, w, b) -> (dw, db)",
    trials=gradient_trials,
    variants=(gradient_by_sum, gradient_by_loop, gradient_by_columns),
    hints=(
        "Do it for one flower: its miss is p - y. The slope in w_i is the miss times x_i, the slope in b is the miss itself. With several flowers, take the means.",
        "`miss = neuron(X, w, b) - y` has shape (N,). Each row of X is to be multiplied by its own miss, and then averaged over the rows, to leave (D,).",
        "`X.T @ miss` adds, for each column of X, its numbers times the misses: shape (D,). Divide by the number of rows. For db, `miss.mean()`.",
    ),
    mistakes=(
        Mistake("opposite-sign", with_miss(lambda X, y, w, b: -each_miss(X, y, w, b)), "Your signs are turned round: y - p. The gradient points uphill, where the loss grows; that we walk against it is the business of the update."),
        Mistake("sum-for-mean", pulled(lambda X, m: (X.T @ m, m.sum())), "You add over the flowers: it is {ratio} times too large where {inputs}. The loss is a mean, so its slopes are means."),
        Mistake("weights-summed-bias-averaged", pulled(lambda X, m: (X.T @ m, m.mean())), "db is right. For dw you have added over the flowers and not divided by their number."),
        Mistake("weights-averaged-bias-summed", pulled(lambda X, m: (X.T @ m / len(X), m.sum())), "dw is right. For db you have added over the flowers and not divided by their number."),
        Mistake("divided-by-all-numbers", pulled(lambda X, m: (X.T @ m / X.size, m.mean())), "You divide dw by rows times columns (`X.size`, or a mean over everything). It is a mean over the flowers: divide by the number of rows."),
        Mistake("inputs-forgotten", pulled(lambda X, m: (np.full(X.shape[1], m.mean()), m.mean())), "All your slopes in w are the mean miss. A weight matters as much as the input it stands on: multiply each miss by its x."),
        Mistake("means-multiplied", pulled(lambda X, m: (X.mean(axis=0) * m.mean(), m.mean())), "You average the misses and the inputs separately and multiply then. Each miss belongs to its own flower: multiply first, then average."),
        Mistake("weights-for-inputs", lambda X, y, w, b: (w * each_miss(X, y, w, b).mean(), each_miss(X, y, w, b).mean()), "You multiply the miss by the weights. Nudge w_i, and z moves by x_i: it is the input that stands beside it."),
        Mistake("bias-forgotten", pulled(lambda X, m: (X.T @ m / len(X), 0.0)), "Your db is 0, so b would never learn. It is a weight whose input is always 1."),
        Mistake("of-the-squared-error", with_miss(flat(lambda p, y: 2 * (p - y))), "That is the gradient of (p - y)². The log loss has no such factor p (1 - p): the sigmoid's slope cancels against the slope of the log."),
        Mistake("sigmoid-slope-kept", with_miss(flat(lambda p, y: p - y)), "There is a factor p (1 - p) too many, the slope of the sigmoid. The slope of -log(p) is -1 / p, and the two together leave p - y."),
        Mistake("doubled", with_miss(lambda X, y, w, b: 2 * each_miss(X, y, w, b)), "Everything is twice too large: a 2 from the derivative of a square, and there is no square in the log loss."),
        Mistake("answers-forgotten", with_miss(lambda X, y, w, b: sigmoid(X @ w + b)), "You use p where p - y belongs. Without the true answers there is nothing to learn from."),
        Mistake("not-squashed", with_miss(lambda X, y, w, b: X @ w + b - y), "You compare the weighted sum itself with y. First the sigmoid, then the difference."),
        Mistake("bias-left-out-of-the-sum", with_miss(lambda X, y, w, b: sigmoid(X @ w) - y), "You work out p without b. Use your `neuron(X, w, b)`."),
        Mistake("hard-answers", with_miss(lambda X, y, w, b: (X @ w + b > 0) - np.asarray(y, dtype=float)), "You compare yes or no with y, so that most misses are exactly 0. (That is the rule of the perceptron, in the exercises.) Take the probability."),
        Mistake("compared-with-everybody", with_miss(lambda X, y, w, b: (sigmoid(X @ w + b)[:, None] - y).mean(axis=1)), "A column minus a row compares every flower with the answers of all the others. Keep p and y both in shape (N,): print `(p - y).shape`."),
        Mistake("mean-over-everything", pulled(lambda X, m: ((X * m[:, None]).mean(), m.mean())), "A mean without an axis runs over the whole table and leaves one number. There is one slope for each weight: average down the columns, `axis=0`."),
        Mistake("misses-along-the-columns", pulled(lambda X, m: ((X * m).mean(axis=0), m.mean())), "`X * miss` lines the misses up with the columns of X, and each belongs to a row. `X.T @ miss` does it right, or a column of misses: `miss[:, None]`."),
        Mistake("misses-along-the-columns-and-one-mean", pulled(lambda X, m: (np.mean(X * m), np.mean(m))), "Two things. `X * miss` lines the misses up with the columns of X, and each belongs to a row. And a mean without an axis leaves one number, where each weight has its own slope. `X.T @ miss` avoids both."),
        Mistake("bias-first", pulled(lambda X, m: (m.mean(), X.T @ m / len(X))), "The two are right and in the wrong order: first dw, then db."),
        Mistake("not-averaged", pulled(lambda X, m: (X * m[:, None], m)), "That is the share of every flower by itself. Take the mean over the flowers (axis 0)."),
        Mistake("input-overwritten", gradient_in_place, "`X *= ...` writes into the measurements of whoever called you. Make a new array."),
    ),
)


# -------------------------------------------------------------------------------------------------- update
def update(X, y, w, b, lr):
    dw, db = gradient(X, y, w, b)
    return w - lr * dw, b - lr * db


def update_by_loop(X, y, w, b, lr):
    dw, db = gradient_by_loop(X, y, w, b)
    moved = [w_i - lr * dw_i for w_i, dw_i in zip(w, dw)]
    return np.array(moved), b - lr * db


def update_by_copy(X, y, w, b, lr):
    miss = sigmoid(X @ w + b) - y
    w = np.array(w, dtype=float)
    w -= lr * (miss @ X) / len(y)
    return [w, b - lr * miss.mean()]


def update_with_ones(X, y, w, b, lr):
    rows = np.column_stack([X, np.ones(len(X))])  # b as the weight of an input that is always 1
    knobs = np.append(w, b)
    knobs = knobs - lr * rows.T @ (sigmoid(rows @ knobs) - y) / len(rows)
    return knobs[:-1], knobs[-1]


def update_in_place(X, y, w, b, lr):
    dw, db = gradient(X, y, w, b)
    w -= lr * dw
    b -= lr * db
    return w, b


def update_bias_late(X, y, w, b, lr):
    w = w - lr * gradient(X, y, w, b)[0]
    return w, b - lr * gradient(X, y, w, b)[1]


def update_weights_late(X, y, w, b, lr):
    b = b - lr * gradient(X, y, w, b)[1]
    return w - lr * gradient(X, y, w, b)[0], b


def update_returns_nothing(X, y, w, b, lr):
    dw, db = gradient(X, y, w, b)
    w = w - lr * dw
    b = b - lr * db


def moved(move):
    """move(w, b, dw, db, lr) -> (w, b), with the right gradient."""
    return lambda X, y, w, b, lr: move(w, b, *gradient(X, y, w, b), lr)


def stepped(X: np.ndarray, y: np.ndarray, w: np.ndarray, b: float, lr: float) -> tuple:
    """The truth: a step against the slopes that nudging finds."""
    dw, db = nudged(X, y, w, b)
    return np.array([float(w_i) - lr * float(dw_i) for w_i, dw_i in zip(w, dw)]), float(b) - lr * db


def update_trials(rng: np.random.Generator) -> Iterator[Trial]:
    rates = [1.0, 0.5, 0.2, 0.0, 2.0, *(float(rng.integers(1, 30)) / 10 for _ in range(5))]
    for (X, y, w, b), lr in zip(flowers(rng), rates):
        yield asked("w and b after one step", stepped(X, y, w, b, lr), X=X, y=y, w=w, b=b, lr=lr)


exercise(
    "update",
    update,
    title="One step of learning",
    statement="Give back new w and b, each a step of lr times its slope *against* the gradient. The w that came in stays as it is.",
    signature="update(X, y, w, b, lr) -> (w, b)",
    trials=update_trials,
    variants=(update_by_loop, update_by_copy, update_with_ones),
    hints=(
        "The gradient says where the loss grows. You want it to fall: walk the other way. lr says how far.",
        "Get both slopes first, `dw, db = gradient(X, y, w, b)`, and only then move: new w is old w minus lr times dw.",
        "`return w - lr * dw, ...` and the same for b. With `w -= ...` you would change the array of whoever called you.",
    ),
    mistakes=(
        Mistake("uphill", moved(lambda w, b, dw, db, lr: (w + lr * dw, b + lr * db)), "You walk with the gradient, and it points uphill: the loss grows in every step. Subtract."),
        Mistake("learning-rate-forgotten", moved(lambda w, b, dw, db, lr: (w - dw, b - db)), "You subtract the whole gradient. lr says which part of it makes a step: where lr is 0, nothing should move."),
        Mistake("bias-without-learning-rate", moved(lambda w, b, dw, db, lr: (w - lr * dw, b - db)), "w is right. For b the factor lr is missing."),
        Mistake("learning-rate-fixed", moved(lambda w, b, dw, db, lr: (w - 0.1 * dw, b - 0.1 * db)), "Your step has 0.1 written into it. Use the lr that comes in."),
        Mistake("bias-stays", moved(lambda w, b, dw, db, lr: (w - lr * dw, b)), "w moves and b does not. It has a slope of its own: db."),
        Mistake("weights-stay", moved(lambda w, b, dw, db, lr: (w, b - lr * db)), "b moves and w does not. Each weight has a slope of its own, in dw."),
        Mistake("bias-after-the-weights", update_bias_late, "b's slope is taken when w has moved already. Get both slopes at the same point first, then move both."),
        Mistake("weights-after-the-bias", update_weights_late, "w's slopes are taken when b has moved already. Get both slopes at the same point first, then move both."),
        Mistake("weights-overwritten", update_in_place, "`w -= ...` writes into the array of whoever called you: their w has moved too. `w = w - ...` makes a new one."),
        Mistake("the-step-alone", moved(lambda w, b, dw, db, lr: (-lr * dw, -lr * db)), "That is the step by itself. Add it to where you stand."),
        Mistake("the-gradient-alone", moved(lambda w, b, dw, db, lr: (dw, db)), "You give back the slopes. Asked are the new w and b."),
        Mistake("nothing-returned", update_returns_nothing, "`w = ...` inside a function is a name of its own, and forgotten at its end. Give both back with `return`."),
        Mistake("summed-over-flowers", lambda X, y, w, b, lr: (w - lr * (X.T @ each_miss(X, y, w, b)), b - lr * each_miss(X, y, w, b).sum()), "Your step is the sum over the flowers where it should be their mean: with 100 flowers, 100 times too far."),
        Mistake("one-number-for-all-weights", moved(lambda w, b, dw, db, lr: (w - lr * dw.mean(), b - lr * db)), "Every weight moves by the same amount in yours. Each has its own slope: no mean over dw."),
        Mistake("everything-shrinks", moved(lambda w, b, dw, db, lr: ((1 - lr) * w - lr * dw, (1 - lr) * b - lr * db)), "lr stands before w as well: w - lr * (w + dw). Only the slope is multiplied."),
        Mistake("bias-first", moved(lambda w, b, dw, db, lr: (b - lr * db, w - lr * dw)), "The two are right and in the wrong order: first w, then b."),
    ),
)


# ------------------------------------------------------------------------------------------------ accuracy
def accuracy(p, y):
    return np.mean((p > 0.5) == y)


def accuracy_by_loop(p, y):
    right = 0
    for p_i, y_i in zip(p, y):
        right += int(p_i > 0.5) == y_i
    return right / len(y)


def accuracy_by_rounding(p, y):
    return (np.round(p) == y).sum() / len(p)  # numpy rounds 0.5 down


def accuracy_by_misses(p, y):
    return 1 - np.abs((p > 0.5).astype(int) - y).mean()


def chained(p, y):
    return np.mean(p > 0.5 == y)


def counted(p: np.ndarray, y: np.ndarray) -> float:
    """The truth: one by one."""
    right = [answer for given, answer in zip(p.tolist(), y.tolist()) if (given > 0.5) is bool(answer)]
    return float(Fraction(len(right), len(p)))


def accuracy_trials(rng: np.random.Generator) -> Iterator[Trial]:
    fixed = [(array(0.9, 0.2), np.array([1, 1])), (array(0.7), np.array([1])), (array(0.5, 0.5, 0.4), np.array([0, 0, 1])), (array(0.6, 0.8, 0.3, 0.1, 0.9), array(0, 1, 0, 1, 0))]
    fixed += [(array(0.1, 0.9, 0.6), np.array([0, 1, 0])), (array(1, 0), np.array([1, 0]))]
    random = [(rng.integers(1, 99, n) / 100, answers(rng, n)) for n in (4, 7, 12)]
    for p, y in [*fixed, *random, (rng.integers(1, 99, 10)[::2] / 100, answers(rng, 10)[::2])]:
        yield asked("the share that is right", counted(p, y), p=p, y=y)


exercise(
    "accuracy",
    accuracy,
    title="Accuracy",
    statement="The share of flowers on the right side, between 0 and 1: p above 0.5 says 1, all else says 0.",
    signature="accuracy(p, y) -> number",
    trials=accuracy_trials,
    variants=(accuracy_by_loop, accuracy_by_rounding, accuracy_by_misses),
    hints=(
        "p = 0.9 and 0.2 say 1 and 0. The true answers are 1 and 1. How many agree, out of how many?",
        "`p > 0.5` is an array of True and False. Compare it with y, and you have True where they agree.",
        "True counts as 1, so the mean of that comparison is the share. Mind the brackets: `(p > 0.5) == y`.",
    ),
    mistakes=(
        Mistake("share-of-wrong-ones", lambda p, y: np.mean((p > 0.5) != y), "You count the wrong ones: yours and the right one add up to 1."),
        Mistake("a-count", lambda p, y: np.sum((p > 0.5) == y), "That is how many are right. The share is that divided by how many there are."),
        Mistake("percent", lambda p, y: 100 * np.mean((p > 0.5) == y), "You count in percent. The share is between 0 and 1."),
        Mistake("rounded-down", lambda p, y: np.sum((p > 0.5) == y) // len(y), "`//` throws away everything after the point, and a share is nearly always all after the point. Use `/`."),
        Mistake("one-half-says-yes", lambda p, y: np.mean((p >= 0.5) == y), "At exactly 0.5 yours says 1. As in `step`, only above is 1."),
        Mistake("threshold-zero", lambda p, y: np.mean((p > 0) == y), "You compare p with 0, and nearly every probability is above 0. (It is z that is compared with 0.)"),
        Mistake("no-threshold", lambda p, y: np.mean(p == y), "You ask whether p is exactly y. 0.9 is a good answer where 1 is right: ask first on which side of 0.5 it is."),
        Mistake("right-yeses-only", lambda p, y: np.mean((p > 0.5) * y), "A flower with y = 0 that is given 0 is right as well, and you do not count it."),
        Mistake("recall", lambda p, y: np.sum((p > 0.5) & (y == 1)) / max(1, np.sum(y == 1)), "That is the share *among the flowers with y = 1*, which is called recall. Count all of them."),
        Mistake("precision", lambda p, y: np.sum((p > 0.5) & (y == 1)) / max(1, np.sum(p > 0.5)), "That is the share among those that you called 1, which is called precision. Count all of them."),
        Mistake("share-of-yeses", lambda p, y: np.mean(p > 0.5), "That is how often it says 1. Where does y come in?"),
        Mistake("mean-confidence", lambda p, y: np.mean(np.where(y == 1, p, 1 - p)), "That is what the true answers were given on average. Accuracy counts only the side: 0.51 and 0.99 are both right."),
        Mistake("not-averaged", lambda p, y: (p > 0.5) == y, "You say for each flower whether it is right. The share is the mean of that."),
        Mistake("step-of-an-array", lambda p, y: np.mean(step(p - 0.5) == y), "Your `step` is made for one number: its `if` cannot decide for a whole array. `p > 0.5` asks every number."),
        Mistake("comparison-chained", chained, "Python reads `p > 0.5 == y` as `p > 0.5 and 0.5 == y`. Put brackets: `(p > 0.5) == y`."),
    ),
)


# ---------------------------------------------------------------------------------------------- perceptron
def perceptron(X, y, w, b):
    corrections = 0
    for x, answer in zip(X, y):
        miss = answer - step(x @ w + b)  # 1, 0 or -1
        if miss != 0:
            w, b = w + miss * x, b + miss
            corrections += 1
    return w, b, corrections


def perceptron_by_cases(X, y, w, b):
    w, corrections = np.array(w, dtype=float), 0
    for x, answer in zip(X, y):
        fires = x @ w + b > 0
        if fires and not answer:
            w -= x
            b = b - 1
        elif answer and not fires:
            w += x
            b = b + 1
        else:
            continue
        corrections += 1
    return [w, b, corrections]


def perceptron_by_lists(X, y, w, b):
    w, count = list(w), 0
    for i in range(len(X)):
        way = 1 if y[i] == 1 else -1
        if step(weighted_sum(X[i], w, b)) != y[i]:
            w = [w_i + way * x_i for w_i, x_i in zip(w, X[i])]
            b, count = b + way, count + 1
    return np.array(w, dtype=float), b, count


def perceptron_of_misses(X, y, w, b):
    misses = []
    for x, answer in zip(X, y):
        misses.append(float(answer) - float(np.dot(x, w) + b > 0))
        w, b = w + misses[-1] * x, b + misses[-1]
    return w, b, sum(miss * miss for miss in misses)


def perceptron_with(moves, counts=lambda corrections, X: corrections, fires=lambda z: z > 0):
    """A perceptron whose rule is moves(w, b, x, miss) -> (w, b)."""
    def perceptron(X, y, w, b):
        corrections = 0
        for x, answer in zip(X, y):
            miss = int(answer) - int(fires(x @ w + b))
            if miss != 0:
                w, b = moves(w, b, x, miss)
                corrections += 1
        return w, b, counts(corrections, X)
    return perceptron


def rule(w, b, x, miss):
    return w + miss * x, b + miss


def perceptron_guessing_ahead(X, y, w, b):
    misses = np.asarray(y, dtype=int) - (X @ w + b > 0)
    return w + misses @ X, b + misses.sum(), np.sum(misses != 0)


def perceptron_even_when_right(X, y, w, b):
    corrections = 0
    for x, answer in zip(X, y):
        way = 1 if answer == 1 else -1
        corrections += step(x @ w + b) != answer
        w, b = w + way * x, b + way
    return w, b, corrections


def perceptron_without_bias(X, y, w, b):
    corrections = 0
    for x, answer in zip(X, y):
        miss = answer - step(x @ w)
        if miss != 0:
            w, b = w + miss * x, b + miss
            corrections += 1
    return w, b, corrections


def perceptron_stopping(X, y, w, b):
    for x, answer in zip(X, y):
        miss = answer - step(x @ w + b)
        if miss != 0:
            return w + miss * x, b + miss, 1
    return w, b, 0


def perceptron_softly(X, y, w, b):
    corrections = 0
    for x, answer in zip(X, y):
        miss = answer - sigmoid(x @ w + b)
        corrections += step(x @ w + b) != answer
        w, b = w + miss * x, b + miss
    return w, b, corrections


def perceptron_adding_misses(X, y, w, b):
    total = 0
    for x, answer in zip(X, y):
        miss = answer - step(x @ w + b)
        w, b, total = w + miss * x, b + miss, total + miss
    return w, b, total


def perceptron_in_place(X, y, w, b):
    corrections = 0
    for x, answer in zip(X, y):
        miss = answer - step(x @ w + b)
        w += miss * x
        b += miss
        corrections += abs(miss)
    return w, b, corrections


def dual_perceptron(X: np.ndarray, y: np.ndarray, w: np.ndarray, b: float) -> tuple:
    """The truth, in the dual form of Freund and Schapire (1999): w is never kept, only how often each row was added."""
    added = [0] * len(X)
    alike = lambda i, j: 1 + sum(Fraction(float(a)) * Fraction(float(c)) for a, c in zip(X[i], X[j]))
    for i in range(len(X)):
        z = Fraction(exact_sum(X[i], w, b)) + sum(added[j] * alike(i, j) for j in range(i))
        added[i] = int(y[i]) - int(z > 0)
    final = [float(w_k) + math.fsum(a * float(row[k]) for a, row in zip(added, X)) for k, w_k in enumerate(w)]
    return np.array(final), float(b) + sum(added), sum(map(abs, added))


def perceptron_trials(rng: np.random.Generator) -> Iterator[Trial]:
    yield from (asked("w, b and the number of corrections", dual_perceptron(*q), **dict(zip(("X", "y", "w", "b"), q))) for q in perceptron_questions(rng))


def perceptron_questions(rng: np.random.Generator) -> Iterator[tuple]:
    zero = array(0, 0)
    yield array([2, 1]), np.array([1]), zero, 0.0
    yield array([2, 1]), np.array([0]), array(1, 0), 0.0
    yield array([1, 2], [2, -3]), np.array([1, 0]), zero, 0.0
    yield array([1, 1], [2, 2], [-1, 0]), np.array([1, 1, 0]), zero, 0.0
    yield array([1, 0], [2, 0], [0, 1], [0, 3]), np.array([0, 1, 0, 1]), array(1, 1), 0.0
    yield array([1, 1], [2, 0], [0, 1]), np.array([0, 1, 0]), array(0.5, 0.5), -3.0
    yield np.zeros((0, 2)), np.zeros(0, dtype=int), array(1, 2), 3.0
    for rows, columns in ((5, 2), (6, 3), (8, 1), (9, 2)):
        yield drawn(rng, rows, columns), answers(rng, rows), drawn(rng, columns) / 2 + 0.01, 0.02
    yield drawn(rng, 6, 4)[:, ::2], answers(rng, 12)[::2], drawn(rng, 4)[::2] / 2 + 0.01, 0.02


exercise(
    "perceptron",
    perceptron,
    title="The perceptron rule",
    statement="One pass over the flowers, one after the other. Where step(w·x + b) is not y, correct at once: w + (y - answer) * x and b + (y - answer). Give back w, b and how many corrections there were.",
    signature="perceptron(X, y, w, b) -> (w, b, corrections)",
    trials=perceptron_trials,
    variants=(perceptron_by_cases, perceptron_by_lists, perceptron_of_misses),
    hints=(
        "Take one flower. Its answer is right: nothing happens. It says 0 and should say 1: add the flower to w, and 1 to b. It says 1 and should say 0: subtract them.",
        "A loop over `zip(X, y)`. In each turn: `miss = y_i - step(...)`, which is 1, 0 or -1. Use the w and b as they are now, with all corrections so far.",
        "`w = w + miss * x` makes a new array and leaves the old one alone. b gets the same miss, and the counter goes up by one if the miss is not 0.",
    ),
    mistakes=(
        Mistake("wrong-direction", perceptron_with(lambda w, b, x, miss: (w - miss * x, b - miss)), "You push the wrong way: a flower that should have fired gets a lower sum afterwards."),
        Mistake("answers-worked-out-ahead", perceptron_guessing_ahead, "You ask for all answers first and correct then. Here each flower meets the weights as the flowers before it have left them."),
        Mistake("corrects-what-is-right", perceptron_even_when_right, "You change the weights for flowers that are right as well. They should leave everything as it is."),
        Mistake("stops-after-the-first", perceptron_stopping, "You end the pass at the first correction. Go on with the new weights, to the last flower."),
        Mistake("bias-stays", perceptron_with(lambda w, b, x, miss: (w + miss * x, b)), "b is never corrected. It is a weight too, whose input is always 1."),
        Mistake("weights-stay", perceptron_with(lambda w, b, x, miss: (w, b + miss)), "Only b is corrected. w moves by the miss times the flower."),
        Mistake("pushes-up-only", perceptron_with(lambda w, b, x, miss: (w + max(miss, 0) * x, b + max(miss, 0))), "You correct flowers that should have fired and did not. The others, which fired and should not have, need the opposite push."),
        Mistake("always-adds", perceptron_with(lambda w, b, x, miss: (w + x, b + 1)), "You add the flower whatever the mistake was. If it fired and should not have, it is to be subtracted: that is what y - answer is for."),
        Mistake("flower-forgotten", perceptron_with(lambda w, b, x, miss: (w + miss, b + miss)), "You move every weight by the miss itself. Multiply it by the flower: inputs that are large should move their weights more."),
        Mistake("fires-at-zero", perceptron_with(rule, fires=lambda z: z >= 0), "At a sum of exactly 0 your neuron fires. Use your `step`, which fires only above."),
        Mistake("sums-without-bias", perceptron_without_bias, "You ask step(w·x), without b. Then the line always passes through (0, 0) when you ask, and b is corrected for nothing."),
        Mistake("probability-for-the-step", perceptron_softly, "You use y - p with a probability, so that every flower pulls a little. That is the logistic unit. The perceptron decides yes or no first."),
        Mistake("half-steps", perceptron_with(lambda w, b, x, miss: (w + 0.5 * miss * x, b + 0.5 * miss)), "Each of your corrections is half of what is asked. The rule has no learning rate."),
        Mistake("divided-by-the-number", lambda X, y, w, b: perceptron_with(lambda w, b, x, miss: (w + miss * x / len(X), b + miss / len(X)))(X, y, w, b), "You divide each correction by the number of flowers. Nothing is averaged here: one flower, one correction."),
        Mistake("counts-the-right-ones", perceptron_with(rule, counts=lambda corrections, X: len(X) - corrections), "You count the flowers that were right. Asked is how many corrections there were."),
        Mistake("counts-everything", perceptron_with(rule, counts=lambda corrections, X: len(X)), "Your count goes up for every flower. Only corrections count."),
        Mistake("misses-added-up", perceptron_adding_misses, "You add the misses up, and a miss of -1 takes one off the count. A correction downward is a correction as well."),
        Mistake("count-missing", lambda X, y, w, b: perceptron(X, y, w, b)[:2], "w and b are right, and the number of corrections is missing: three things are asked."),
        Mistake("last-flower-left-out", lambda X, y, w, b: perceptron(X[:-1], y[:-1], w, b), "The last flower never has its turn: `range(n)` stops before n already."),
        Mistake("weights-overwritten", perceptron_in_place, "`w += ...` writes into the array of whoever called you. `w = w + ...` makes a new one."),
    ),
)


# --------------------------------------------------------------------------------------------- standardize
def standardize(X, known):
    deviation = known.std(axis=0)
    return (X - known.mean(axis=0)) / np.where(deviation == 0, 1.0, deviation)


def standardize_by_columns(X, known):
    out = np.array(X, dtype=float)
    for i in range(out.shape[1]):
        out[:, i] -= known[:, i].mean()
        if known[:, i].std() > 0:
            out[:, i] /= known[:, i].std()
    return out


def standardize_by_moments(X, known):
    mean = known.sum(axis=0) / len(known)
    variance = ((known - mean) ** 2).sum(axis=0) / len(known)
    variance[variance == 0] = 1.0
    return (X - mean) / variance**0.5


def standardize_by_rows(X, known):
    mean, deviation = np.mean(known, axis=0), np.std(known, axis=0)
    deviation = [s or 1.0 for s in deviation]
    return np.array([(row - mean) / deviation for row in X]).reshape(X.shape)


def standardize_in_place(X, known):
    deviation, mean = known.std(axis=0), known.mean(axis=0)
    X -= mean
    X /= np.where(deviation == 0, 1.0, deviation)
    return X


def spread(known, **how):
    deviation = known.std(axis=0, **how)
    return np.where(deviation == 0, 1.0, deviation)


def exact_scores(X: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The truth: column by column, by the statistics module of python."""
    columns = []
    for column, reference in zip(X.T.tolist(), known.T.tolist()):
        mean, deviation = statistics.fmean(reference), statistics.pstdev(reference)
        columns.append([(x - mean) / (deviation or 1.0) for x in column])
    return np.array(columns, dtype=float).T.reshape(X.shape)


def standardize_trials(rng: np.random.Generator) -> Iterator[Trial]:
    fixed = [(array([3], [7]), array([1], [5])), (array([4, 10], [8, 30]), array([4, 10], [8, 30])), (array([1, 5], [3, 7]), array([2, 5], [4, 5]))]
    random = [(drawn(rng, *shape), drawn(rng, *known)) for shape, known in (((2, 2), (3, 2)), ((4, 3), (5, 3)), ((1, 2), (4, 2)), ((3, 3), (3, 3)))]
    strided = [(drawn(rng, 3, 4)[:, ::2], drawn(rng, 5, 4)[:, 1::2]), (drawn(rng, 3, 2) * 100 + 500, drawn(rng, 6, 2) * 100 + 500)]
    for X, known in [*fixed, *random, *strided]:
        yield asked("X in units of the columns of known", exact_scores(X, known), X=X, known=known)


exercise(
    "standardize",
    standardize,
    title="Standardize",
    statement="Each column of X minus the mean of that column in known, divided by the standard deviation of that column in known. A column of known that never varies is not divided.",
    signature="standardize(X, known) -> the shape of X",
    trials=standardize_trials,
    variants=(standardize_by_columns, standardize_by_moments, standardize_by_rows),
    hints=(
        "Two numbers for each column, both from known: its mean and its deviation. `known.mean(axis=0)` gives the means of all columns at once.",
        "Subtract the means first, then divide by `known.std(axis=0)`. numpy lines up a row of D numbers with each row of X.",
        "Where a deviation is 0, divide by 1 instead: `np.where(deviation == 0, 1.0, deviation)`.",
    ),
    mistakes=(
        Mistake("own-numbers", lambda X, known: (X - X.mean(axis=0)) / spread(X), "You use the mean and the deviation of X itself. New flowers have to be measured with the old ruler, the one from `known`: else the same flower gets another number in other company."),
        Mistake("own-numbers-divided-by-zero", lambda X, known: (X - X.mean(axis=0)) / X.std(axis=0), "Two things. You use the mean and the deviation of X itself, and new flowers have to be measured with the old ruler, `known`. And where a deviation is 0 you divide by it: use 1 there."),
        Mistake("own-mean", lambda X, known: (X - X.mean(axis=0)) / spread(known), "The deviation is that of known, the mean that of X. Both come from known."),
        Mistake("own-deviation", lambda X, known: (X - known.mean(axis=0)) / spread(X), "The mean is that of known, the deviation that of X. Both come from known."),
        Mistake("one-number-for-all-columns", lambda X, known: (X - known.mean()) / (known.std() or 1.0), "You take one mean and one deviation over all columns. Each column has its own: `axis=0`."),
        Mistake("not-centred", lambda X, known: X / spread(known), "You divide and do not subtract the mean."),
        Mistake("not-divided", lambda X, known: X - known.mean(axis=0), "You subtract the mean and do not divide by the deviation."),
        Mistake("divided-first", lambda X, known: X / spread(known) - known.mean(axis=0), "The mean is in the units of known, and you subtract it after the division. First subtract, then divide (or use brackets)."),
        Mistake("variance-for-deviation", lambda X, known: (X - known.mean(axis=0)) / spread(known) ** 2, "You divide by the variance. The standard deviation is its square root."),
        Mistake("one-less", lambda X, known: (X - known.mean(axis=0)) / spread(known, ddof=1), "You divide by N - 1 under the root (ddof=1, as some statistics books do). Here it is N, numpy's own choice."),
        Mistake("nan-where-nothing-varies", lambda X, known: (X - known.mean(axis=0)) / known.std(axis=0), "In a column that never varies the deviation is 0, and you divide by it. Use 1 there."),
        Mistake("a-tiny-number-added", lambda X, known: (X - known.mean(axis=0)) / (known.std(axis=0) + 1e-8), "Adding 1e-8 avoids the division by 0, and makes a difference of 2 into 200 million in a column that has never varied. Use 1 there."),
        Mistake("median-for-mean", lambda X, known: (X - np.median(known, axis=0)) / spread(known), "You subtract the median. It is the mean."),
        Mistake("lowest-to-highest", lambda X, known: (X - known.min(axis=0)) / np.where(np.ptp(known, axis=0) == 0, 1.0, np.ptp(known, axis=0)), "You map the smallest to 0 and the largest to 1. That is another way to scale; here it is mean and deviation."),
        Mistake("mean-added", lambda X, known: (X + known.mean(axis=0)) / spread(known), "The mean is subtracted, so that the middle becomes 0."),
        Mistake("input-overwritten", standardize_in_place, "`X -= ...` writes into the array of whoever called you. `X - ...` makes a new one."),
    ),
)


# ------------------------------------------------------------------------------------------------- predict
PAPER = "w = (2, -1), b = -1, x = (2, 3), y = 1, lr = 0.2"
W1, W2, BIAS = "w1 afterwards", "w2 afterwards", "b afterwards"


def one_number(place: int, name: str, right: float, answer: Callable) -> str:
    """What is compared are words: the right number is in no report."""
    given = np.asarray(answer(), dtype=float).ravel()
    if given.size != 3:
        return f"{given.size} numbers where three belong"
    return name if math.isclose(given[place], right, abs_tol=1e-9) else f"not {given[place]:g}"


def prediction_trials(rng: np.random.Generator) -> Iterator[Trial]:
    for place, (name, right) in enumerate(((W1, 2.2), (W2, -0.7), (BIAS, -0.9))):
        yield Trial("on paper", PAPER, partial(one_number, place, name, right), name)


def prediction():
    # z = 2 * 2 - 1 * 3 - 1 = 0, so p = 0.5 and the miss is p - y = -0.5
    # the gradient is -0.5 * (2, 3) = (-1, -1.5) in w, and -0.5 in b; each moves by -0.2 times that
    return 2.2, -0.7, -0.9


def saying(*answer: Any) -> Callable:
    """A function that gives this answer."""
    return lambda: answer


exercise(
    "predict",
    prediction,
    title="Predict, then run: one step on paper",
    statement="One flower x = (2, 3) with y = 1, weights w = (2, -1), b = -1, learning rate 0.2: give w1, w2 and b after one step of the log loss. On paper.",
    signature="prediction() -> (w1, w2, b)",
    trials=prediction_trials,
    variants=(lambda: [2.2, -0.7, -0.9], lambda: np.array([2.2, -0.7, -0.9]), saying(2 + 0.2, -1 + 0.3, -1 + 0.1)),
    hints=(
        "In this order: z, then p, then the miss p - y. z comes out as a round number, for which you know the sigmoid without a machine.",
        "z is 0, so p is one half. The miss is -0.5, and the slope in each weight is the miss times its input.",
        "New is old minus 0.2 times slope. A slope of -1 makes w1 grow by 0.2. Do the same for w2, whose slope is -0.5 * 3, and for b.",
    ),
    mistakes=(
        Mistake("uphill", saying(1.8, -1.3, -1.1), "All three moved the wrong way. The miss is negative (p is too low), and a step goes against the slope: everything grows here."),
        Mistake("learning-rate-forgotten", saying(3, 0.5, -0.5), "Your steps are the whole slopes. Multiply by lr = 0.2."),
        Mistake("inputs-forgotten", saying(2.1, -0.9, -0.9), "Every knob moved by the same amount in yours. A weight's slope is the miss times its own input, 2 or 3."),
        Mistake("bias-stays", saying(2.2, -0.7, -1), "The weights are right. b moves too: its slope is the miss itself."),
        Mistake("inputs-swapped", saying(2.3, -0.8, -0.9), "w1 stands on the input 2, w2 on the input 3: you have them the other way round."),
        Mistake("a-step-for-the-sigmoid", saying(2.4, -0.4, -0.8), "You took a miss of -1, as the perceptron would. The sigmoid of 0 is one half."),
        Mistake("thought-it-was-right", saying(2, -1, -1), "Nothing moved in yours. p is one half and y is 1, so there is a miss."),
        Mistake("the-gradient-itself", saying(-1, -1.5, -0.5), "Those are the slopes, and they are right. Asked is where w and b are after the step."),
        Mistake("the-step-itself", saying(0.2, 0.3, 0.1), "Those are the steps, and they are right. Add them to where w and b stood."),
        Mistake("of-the-squared-error", saying(2.1, -0.85, -0.95), "That is one step of the squared error, with its further factor 2 p (1 - p) = 0.5. It is the log loss that is asked."),
        Mistake("bias-as-large-as-the-miss", saying(2.2, -0.7, -0.5), "The weights are right. For b you took the whole miss; it is multiplied by lr, too."),
        Mistake("weights-for-inputs", saying(2.2, -1.1, -0.9), "You multiplied the miss by the weights, 2 and -1. A weight's slope is the miss times its input."),
    ),
)


# -------------------------------------------------------------------------------------------- find the bug
def fit_in_whole_numbers(X, y, steps, lr):
    w = np.zeros_like(X[0])
    b = 0.0
    for _ in range(steps):
        miss = 1 / (1 + np.exp(-(X @ w + b))) - y
        w[:] = w - lr * X.T @ miss / len(X)
        b = b - lr * miss.mean()
    return w, b


def fit(X, y, steps, lr):
    w = np.zeros(X.shape[1])
    b = 0.0
    for _ in range(steps):
        miss = 1 / (1 + np.exp(-(X @ w + b))) - y
        w[:] = w - lr * X.T @ miss / len(X)
        b = b - lr * miss.mean()
    return w, b


def fit_by_update(X, y, steps, lr):
    w, b = np.zeros(X.shape[1]), 0.0
    for _ in range(steps):
        w, b = update(X, y, w, b, lr)
    return w, b


def fit_by_floats(X, y, steps, lr):
    return fit_in_whole_numbers(np.asarray(X, dtype=float), y, steps, lr)


def fit_by_rebinding(X, y, steps, lr):
    w, b = np.zeros_like(X[0]), 0.0
    for _ in range(steps):
        miss = 1 / (1 + np.exp(-(X @ w + b))) - y
        w = w - lr * X.T @ miss / len(X)
        b = b - lr * miss.mean()
    return w, b


def fit_from(start, step=1.0, total=False):
    """The repaired fit, from other weights, with other steps."""
    def fit(X, y, steps, lr):
        w, b = start(X), 0.0
        for _ in range(steps):
            miss = 1 / (1 + np.exp(-(X @ w + b))) - y
            w = w - lr * step * X.T @ miss / (1 if total else len(X))
            b = b - lr * step * (miss.sum() if total else miss.mean())
        return w, b
    return fit


def fit_rounding(X, y, steps, lr):
    w, b = np.zeros(X.shape[1]), 0.0
    for _ in range(steps):
        w, b = update(X, y, w, b, lr)
        w = np.round(w, 1)
    return w, b


def fit_dividing(X, y, steps, lr):
    return fit_by_update(X / 10, y, steps, lr)


def fit_whole_at_the_end(X, y, steps, lr):
    w, b = fit_by_update(X, y, steps, lr)
    return w.astype(X.dtype), b


def fit_one_step_short(X, y, steps, lr):
    return fit_by_update(X, y, steps - 1, lr)


CAUSE = "the cause of what you saw"


def cause_of(repair: Callable) -> str:
    letter = str(repair()[1]).strip().upper()
    return CAUSE if letter == "D" else f"not {letter}"


def fitted_by_nudging(X: np.ndarray, y: np.ndarray, steps: int, lr: float) -> tuple:
    """The truth: from zero, a few steps against slopes found by nudging."""
    w, b = np.zeros(X.shape[1]), 0.0
    for _ in range(steps):
        w, b = stepped(X, y, w, b, lr)
    return w, b


def fit_trials(rng: np.random.Generator) -> Iterator[Trial]:
    questions = [(np.array([[3, 1], [-2, 4]]), np.array([1, 0]), 1, 0.1), (np.array([[-13, -4], [2, 1], [11, 6]]), np.array([0, 1, 1]), 3, 0.02)]
    questions += [(array([1.5, 0.5], [-1, -0.5]), np.array([1, 0]), 2, 0.5), (drawn(rng, 5, 3), answers(rng, 5), 4, 0.3)]
    questions += [(rng.integers(-20, 20, (6, 2)), answers(rng, 6), 3, 0.05)]
    for X, y, steps, lr in questions:
        inputs = {"X": X, "y": y, "steps": steps, "lr": lr}
        run = lambda repair, a=(X, y, steps, lr): repair()[0](*a)
        yield Trial("w and b after these steps", told(**inputs), run, fitted_by_nudging(X, y, steps, lr))
    yield Trial("the letter", "cause", cause_of, CAUSE)


def repair():
    return fit, "D"  # w starts as floats, whatever X is made of


exercise(
    "find_the_bug",
    repair,
    title="Find the bug: a neuron that learns in centimetres and not in millimetres",
    statement="Repair the function, and name the cause by its letter.",
    signature="repair() -> (the repaired function, the letter of the cause)",
    trials=fit_trials,
    variants=(saying(fit_by_update, "D"), saying(fit_by_floats, "d"), saying(fit_by_rebinding, " D ")),
    hints=(
        "b moves and w does not, not even a little. Print w after a few steps, and `w.dtype` as well.",
        "What does `np.zeros_like(X[0])` take over from X[0], besides its length? Try it on `np.array([14, 2])`.",
        "An array of whole numbers can hold nothing else: what is written into it loses everything after the point. Start w as an array of floats: `np.zeros(X.shape[1])`.",
    ),
    mistakes=(
        Mistake("named-not-repaired", saying(fit_in_whole_numbers, "D"), "That is the cause; the function still has it. What kind of numbers does w hold, and where is that decided?"),
        Mistake("cause-A", saying(fit, "A"), "The repair works. But the direction was right: with centimetres it learned."),
        Mistake("cause-B", saying(fit, "B"), "The repair works. But the steps were long enough: b moved, and with the same lr the repaired one learns."),
        Mistake("cause-C", saying(fit, "C"), "The repair works. But X and y were in the same order in both runs, and with centimetres it learned."),
        Mistake("cause-E", saying(fit, "E"), "The repair works. But b was updated, as you can see in the broken run: it is not 0."),
        *(Mistake(f"neither-repaired-nor-{letter}", saying(fit_in_whole_numbers, letter), "The function is as it was, and that is not the cause. Print w after each step, in millimetres: it is 0 every time, though lr * dw is not. Where does the step go?") for letter in "ABCE"),
        Mistake("longer-steps", saying(fit_from(lambda X: np.zeros(X.shape[1]), step=10.0), "D"), "w holds fractions now, good. But your steps are ten times as long: the learning rate was not to blame."),
        Mistake("added-not-averaged", saying(fit_from(lambda X: np.zeros(X.shape[1]), total=True), "D"), "w holds fractions now, good. But you lost the division by the number of flowers."),
        Mistake("starts-at-one", saying(fit_from(lambda X: np.ones(X.shape[1])), "D"), "w holds fractions now, good. But it starts at 1 and not at 0."),
        Mistake("rounds-the-weights", saying(fit_rounding, "D"), "Rounding to a digit after the point is the same trouble in a milder form: small steps are lost. Keep w as it is."),
        Mistake("smaller-inputs", saying(fit_dividing, "D"), "You turned X into centimetres. Then the weights belong to centimetres: whoever asked in millimetres gets weights ten times too large or small. Repair w, and leave X alone."),
        Mistake("whole-at-the-end", saying(fit_whole_at_the_end, "D"), "It learns, and at the end you turn the weights back into what X was made of: whole numbers. Give them back as they are."),
        Mistake("a-step-short", saying(fit_one_step_short, "D"), "It learns, and takes one step too few: `range(steps)` is right as it stands."),
    ),
)
