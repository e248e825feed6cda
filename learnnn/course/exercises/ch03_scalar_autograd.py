"""Lesson 03, scalar autograd: what is asked, what learners get wrong, and a truth of its own (dual numbers).

A dual number carries a value and a slope forward together. It knows no graph, no order and no backward pass,
so it can judge those that do.
"""

# A mistake a line, so that the banks read as tables.
# fmt: off

import math
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from graphlib import TopologicalSorter
from typing import Any

import numpy as np

from learnnn.course.exercise import Exercise, Mistake, Trial, register


# ------------------------------------------------------------------------------------- truth: dual numbers
@dataclass(frozen=True)
class Dual:
    """value + slope * e, where e * e = 0 (Clifford 1873; forward mode in Baydin et al. 2018, section 3.1)."""

    value: float
    slope: float = 0.0

    def __add__(self, other):
        other = dual(other)
        return Dual(self.value + other.value, self.slope + other.slope)

    def __mul__(self, other):
        other = dual(other)
        return Dual(self.value * other.value, self.slope * other.value + self.value * other.slope)

    def __truediv__(self, other):
        other = dual(other)
        ratio = self.value / other.value
        return Dual(ratio, (self.slope - ratio * other.slope) / other.value)

    def __pow__(self, n):
        if n < 0:
            return 1 / self**-n
        if n != int(n):
            return (n * self.log()).exp()
        result = Dual(1.0)
        for _ in range(int(n)):
            result = result * self
        return result

    def exp(self):
        return Dual(math.exp(self.value), self.slope * math.exp(self.value))

    def log(self):
        return Dual(math.log(self.value), self.slope / self.value)

    def tanh(self):
        if abs(self.value) > 300:  # flat; exp would overflow
            return Dual(math.copysign(1.0, self.value))
        up, down = self.exp(), (-self).exp()
        return (up - down) / (up + down)

    def relu(self):
        return self if self.value > 0 else Dual(0.0)

    def __neg__(self):
        return Dual(-self.value, -self.slope)

    def __sub__(self, other):
        return self + -dual(other)

    def __rsub__(self, other):
        return dual(other) - self

    def __rtruediv__(self, other):
        return dual(other) / self

    __radd__, __rmul__ = __add__, __mul__


def dual(x: Any) -> Dual:
    """x itself if it is a dual number, else a constant."""
    return x if isinstance(x, Dual) else Dual(float(x))


def truth(function: Callable, *numbers: float) -> tuple:
    """(value, (a slope for each input)) by one forward pass an input."""
    passes = [function(*[Dual(x, float(i == j)) for j, x in enumerate(numbers)]) for i in range(len(numbers))]
    return dual(passes[0]).value, tuple(dual(out).slope for out in passes)


# ------------------------------------------------------------------------------------------------- trials
def plain(answer: Any) -> Any:
    """Lists as tuples and every kind of number as float, so that only the content is compared."""
    if isinstance(answer, np.ndarray):
        answer = answer.tolist()
    if isinstance(answer, tuple | list):
        return tuple(map(plain, answer))
    if hasattr(answer, "data") and hasattr(answer, "grad"):
        return "a Value, not a plain number"
    return float(answer) if isinstance(answer, int | float | np.number) else answer


def tidy(x: float) -> float:
    """A random number a learner can read: two decimals."""
    return round(float(x), 2)


def named(names: Iterable[str], numbers: Iterable[float]) -> str:
    """a = 2.0, b = -3.0"""
    return ", ".join(f"{name} = {number}" for name, number in zip(names, numbers))


class TooMuchWork(RuntimeError):
    """The learner's code takes far more steps than the graph has nodes."""


class counting:
    """Within this block more than `limit` calls raise TooMuchWork: the same on every machine, unlike a clock."""

    def __init__(self, limit: int):
        self.left = limit

    def __enter__(self):
        self.before = sys.getprofile()
        sys.setprofile(self.count)

    def __exit__(self, *exc):
        sys.setprofile(self.before)

    def count(self, frame, event, argument):
        self.left -= event in ("call", "c_call")
        if self.left < 0:
            raise TooMuchWork("stopped: far more steps than there are nodes, so shared nodes are walked again and again")


LETTERS = "abcdef"


def function_of(text: str, count: int) -> Callable:
    """ "m = a * b; m * m" as a function of its first `count` letters, for numbers of any kind."""
    *steps, result = text.split("; ")
    lines = [f"def function({', '.join(LETTERS[:count])}):", *steps, f"return {result}"]
    space: dict[str, Any] = {}
    exec("\n    ".join(lines), space)
    return space["function"]


def spelled(text: str) -> str:
    """ "m = a * b; m * m" -> "m = a * b, out = m * m" """
    *steps, result = text.split("; ")
    return ", ".join([*steps, f"out = {result}"])


# ---------------------------------------------------------------------------- add, mul, power, tanh: rules
class SlopesMissing(TypeError):
    """The value came back alone."""


class SlopesNotInTuple(TypeError):
    """Value and slopes came back side by side."""


def call_rule(numbers: tuple, rule: Callable) -> Any:
    """(value, slopes) in plain python; an answer of another form is named, whatever numbers are in it."""
    answer = plain(rule(*numbers))
    if isinstance(answer, float):
        raise SlopesMissing(f"{answer:g} alone")
    if isinstance(answer, tuple) and all(isinstance(part, float) for part in answer):
        raise SlopesNotInTuple(f"({', '.join(f'{part:g}' for part in answer)})")
    return answer


def rule_trials(function: Callable, names: str, points: list, draw: Callable, shown: str, known: int = 0) -> Callable:
    """Trials of a rule: fixed points first, small and telling, then random ones.

    The last `known` inputs are plain numbers, of which no slope is asked.
    """

    def trials(rng: np.random.Generator) -> Iterator[Trial]:
        for numbers in [*points, *(tuple(map(tidy, draw(rng))) for _ in range(6))]:
            free = len(numbers) - known
            expected = truth(lambda *free: function(*free, *numbers[len(free) :]), *numbers[:free])  # noqa: B023
            yield Trial(shown, named(names, numbers), partial(call_rule, numbers), expected)

    return trials


def rule(id: str, code: Callable, **parts: Any) -> Exercise:
    return register(Exercise(id=f"scalar.{id}", lesson=3, solution=code, **parts))


def add(a, b):
    return a + b, (1.0, 1.0)


def add_by_list(a, b):
    return [math.fsum([a, b]), [1, 1]]


def add_by_numpy(a, b):
    return np.add(a, b), np.ones(2)


def add_by_growing(a, b):
    slopes = ()
    for _ in (a, b):
        slopes += (1.0,)
    return b + a, slopes


PAIR_HINT = "Two things are asked: the value, and a tuple with one slope for each input. The last line has the form `return value, (slope_a, slope_b)`."

rule(
    "add",
    add,
    title="Addition and its slopes",
    statement="Give back a + b, and how fast it grows with a and with b: `(value, (slope_a, slope_b))`.",
    signature="add(a, b) -> (value, (slope_a, slope_b))",
    trials=rule_trials(lambda a, b: a + b, "ab", [(2.0, 3.0), (2.0, -3.0), (0.0, 5.0)], lambda rng: rng.normal(size=2) * 4, "a + b and its two slopes"),
    variants=(add_by_list, add_by_numpy, add_by_growing),
    hints=(
        "Take a = 2 and b = 3. Nudge a to 2.1 and work out the sum again: by how much did it move?",
        "It moved by exactly the nudge. So the slope in a is nudge / nudge. Now do b, and ask whether a or b matter.",
        "The slopes of a sum are two constants, the same at every point: `return a + b, (..., ...)` with a number for each dots.",
    ),
    mistakes=(
        Mistake("slopes-are-the-inputs", lambda a, b: (a + b, (a, b)), "Your slopes are the inputs themselves. A slope is a ratio: if a grows by 0.1, by how much does a + b grow? Divide that by 0.1."),
        Mistake("slopes-of-a-product", lambda a, b: (a + b, (b, a)), "Each input's slope is the other input: that is the rule of a * b. In a sum the other input does not amplify anything."),
        Mistake("slopes-zero", lambda a, b: (a + b, (0.0, 0.0)), "Your slopes are 0: that says that a + b stays put when you move a. Nudge a by 0.1 and look."),
        Mistake("slopes-shared-out", lambda a, b: (a + b, (0.5, 0.5)), "You split one unit of slope between the inputs. Slopes are not shared: a nudge of 0.1 in a alone moves the sum by the full 0.1."),
        Mistake("second-input-forgotten", lambda a, b: (a + b, (1.0, 0.0)), "Your slope for b is 0. b moves the sum just as a does."),
        Mistake("slopes-of-a-difference", lambda a, b: (a + b, (1.0, -1.0)), "A slope of -1 for b says the sum falls when b grows: that is a - b."),
        Mistake("slopes-are-the-value", lambda a, b: (a + b, (a + b, a + b)), "You gave the value back as slope too. The value says where the sum is; a slope says how fast it moves."),
        Mistake("multiplies", lambda a, b: (a * b, (1.0, 1.0)), "The slopes are right; the value {actual} comes from a * b, and a + b is asked."),
        Mistake("one-slope-for-two", lambda a, b: (a + b, (1.0,)), "One slope came back for two inputs. Give one for each, in the order of the inputs, even if they are equal."),
        Mistake("slopes-not-in-a-tuple", lambda a, b: (a + b, 1.0, 1.0), PAIR_HINT),
        Mistake("slopes-missing", lambda a, b: a + b, PAIR_HINT),
        Mistake("nothing-returned", lambda a, b: None, PAIR_HINT),
    ),
)


def mul(a, b):
    return a * b, (b, a)


def mul_by_list(a, b):
    out = a * b
    return [out, [b, a]]


def mul_by_numpy(a, b):
    pair = np.array([a, b], dtype=float)
    return pair.prod(), pair[::-1]


def mul_by_names(x, y):
    slope_x, slope_y = y, x
    return y * x, (slope_x, slope_y)


rule(
    "mul",
    mul,
    title="Multiplication and its slopes",
    statement="Give back a * b and its slopes: `(value, (slope_a, slope_b))`.",
    signature="mul(a, b) -> (value, (slope_a, slope_b))",
    trials=rule_trials(lambda a, b: a * b, "ab", [(2.0, 3.0), (2.0, -3.0), (0.0, 5.0), (-1.5, 0.0), (4.0, 4.0)], lambda rng: rng.normal(size=2) * 4, "a * b and its two slopes"),
    variants=(mul_by_list, mul_by_numpy, mul_by_names),
    hints=("Think of a * b as the area of a rectangle. Widen side a a little: how big is the strip you add?", "The strip is as wide as the nudge and as high as the other side. Strip divided by nudge is the slope.", "`return a * b, (slope_a, slope_b)`, where slope_a is the factor that stands beside a."),
    mistakes=(
        Mistake("slopes-swapped", lambda a, b: (a * b, (a, b)), "Your slopes are the right two numbers in the wrong order. Widening side a adds a strip as high as b: a's slope is the other input."),
        Mistake("slopes-of-a-sum", lambda a, b: (a * b, (1.0, 1.0)), "Slopes of 1 belong to a + b. Here {inputs}: nudge a by 0.1 and the product moves by 0.1 times b."),
        Mistake("slopes-are-the-value", lambda a, b: (a * b, (a * b, a * b)), "Both slopes are the product itself. In b's slope only the other factor should be left."),
        Mistake("slope-of-a-copied", lambda a, b: (a * b, (b, b)), "a's slope is right, b's is a copy of it: each input has the other one as slope."),
        Mistake("slope-of-b-copied", lambda a, b: (a * b, (a, a)), "b's slope is right, a's is a copy of it: each input has the other one as slope."),
        Mistake("slopes-are-the-sum", lambda a, b: (a * b, (a + b, a + b)), "You used a + b for both slopes (the product rule a'b + ab' with both nudged at once). Here one input moves at a time, the other holds still."),
        Mistake("divides-the-value", lambda a, b: (a * b, (a * b / a, a * b / b)), "Dividing the product by the input gives the right slope, until that input is 0. Name the other factor directly instead of dividing."),
        Mistake("signs-dropped", lambda a, b: (a * b, (abs(b), abs(a))), "The sizes are right, the signs are lost. With b = -3 the product falls when a grows, so a's slope is negative."),
        Mistake("adds", lambda a, b: (a + b, (b, a)), "The slopes are right; the value {actual} comes from a + b, and a * b is asked."),
        Mistake("slopes-not-in-a-tuple", lambda a, b: (a * b, b, a), PAIR_HINT),
        Mistake("slopes-missing", lambda a, b: a * b, PAIR_HINT),
        Mistake("nothing-returned", lambda a, b: None, PAIR_HINT),
    ),
)


def power(a, n):
    return a**n, (n * a ** (n - 1) if n != 0 else 0.0,)


def power_by_pow(a, n):
    slope = 0.0
    if n:
        slope = n * math.pow(a, n - 1)
    return math.pow(a, n), [slope]


def power_by_cases(a, n):
    if n == 0:
        return 1.0, (0.0,)
    below = a ** (n - 1)
    return a**n, (n * below,)


def power_by_numpy(a, n):
    return np.float64(a) ** n, np.array([0.0 if n == 0 else n * np.float64(a) ** (n - 1)])


ONE_SLOPE_HINT = "Two things are asked: the value, and a tuple of slopes, here with one entry. Python makes a tuple of one only if there is a comma in it: `return value, (slope,)`."

rule(
    "power",
    power,
    title="A power and its slope",
    statement="Give back a ** n and its slope in a. n is a plain number that never changes: `(value, (slope_a,))`.",
    signature="power(a, n) -> (value, (slope_a,))",
    trials=rule_trials(lambda a, n: a**n, "an", [(3.0, 2), (2.0, 3), (-2.0, 3), (5.0, 1), (5.0, 0), (2.0, -1), (4.0, 0.5), (0.0, 2), (0.0, 1), (0.0, 0)], lambda rng: (rng.uniform(0.5, 3) * rng.choice([-1, 1]), rng.integers(-3, 6)), "a ** n and its slope in a", known=1),
    variants=(power_by_pow, power_by_cases, power_by_numpy),
    hints=(
        "Start with n = 2. a ** 2 is a * a: nudge both factors, one after the other, and add the two strips.",
        "For n = 3 there are three factors to nudge, and each leaves the other two. Say it for n: how many, and what is left?",
        "The slope is n times a to the power one lower. Then try a = 0.0, n = 0 in a cell: python cannot work out 0.0 ** -1, but a ** 0 is always 1, and what is the slope of a constant?",
    ),
    mistakes=(
        Mistake("exponent-factor-missing", lambda a, n: (a**n, (a ** (n - 1),)), "Your slope lacks a factor: the right one is {ratio} times yours where {inputs}. There are n factors to nudge, not one."),
        Mistake("exponent-not-lowered", lambda a, n: (a**n, (n * a**n,)), "You have the factor n, but kept all n factors of a. The one that is nudged drops out, so one fewer is left."),
        Mistake("factor-lowered-too", lambda a, n: (a**n, ((n - 1) * a ** (n - 1) if n != 1 else 0.0,)), "You lowered the exponent before bringing it down as a factor. There are n factors to nudge; n - 1 are left over each time."),
        Mistake("slope-in-the-exponent", lambda a, n: (a**n, (a**n * math.log(a),)), "That is how a ** n moves when *n* is nudged (and log refuses a negative a). Here n holds still and a moves."),
        Mistake("integrated", lambda a, n: (a**n, (a ** (n + 1) / (n + 1),)), "You raised the exponent and divided: that is the way back (integration). For a slope the exponent comes down."),
        Mistake("zero-to-the-minus-one", lambda a, n: (a**n, (n * a ** (n - 1),)), "The rule is right, and it stops at {inputs}: python is asked for 0.0 ** -1. a ** 0 is the constant 1, so say what its slope is without dividing."),
        Mistake("times-instead-of-power", lambda a, n: (a * n, (n,)), "You multiplied a by n. `**` is python's power: 2 ** 3 is 2 * 2 * 2."),
        Mistake("square-only", lambda a, n: (a**n, (2 * a,)), "2 * a is the slope of a ** 2. The exponent here is n."),
        Mistake("caret", lambda a, n: (a ^ n, (n * a ^ (n - 1),)), "In python `^` is not a power but a bitwise operation on integers. The power is `**`."),
        Mistake("slope-for-the-exponent-too", lambda a, n: (a**n, (0.0 if n == 0 else n * a ** (n - 1), 0.0)), "Two slopes came back. n is a plain number that is never nudged: only a gets a slope, `(slope_a,)`."),
        Mistake("comma-missing", lambda a, n: (a**n, 0.0 if n == 0 else n * a ** (n - 1)), ONE_SLOPE_HINT),
        Mistake("slope-missing", lambda a, n: a**n, ONE_SLOPE_HINT),
        Mistake("nothing-returned", lambda a, n: None, ONE_SLOPE_HINT),
    ),
)


def tanh(a):
    t = math.tanh(a)
    return t, (1 - t**2,)


def tanh_by_numpy(a):
    t = np.tanh(a)
    return t, np.array([1 - t * t])


def tanh_by_factors(a):
    t = math.tanh(a)
    return [t, [(1 - t) * (1 + t)]]


def tanh_by_decay(a):
    small = math.exp(-2 * abs(a))
    t = math.copysign((1 - small) / (1 + small), a)
    return t, (4 * small / (1 + small) ** 2,)


def tanh_overflowing(a):
    t = (math.exp(a) - math.exp(-a)) / (math.exp(a) + math.exp(-a))
    return t, (1 - t**2,)


def tanh_overflowing_one_side(a):
    t = (math.exp(2 * a) - 1) / (math.exp(2 * a) + 1)
    return t, (1 - t**2,)


OVERFLOW_HINT = "Right for small a, and at {inputs} exp grows past the largest number python has. tanh itself is only ever between -1 and 1: `math.tanh` knows how to get there."

rule(
    "tanh",
    tanh,
    title="The squashing function tanh and its slope",
    statement="Give back tanh(a) and its slope: `(value, (slope_a,))`. With t = tanh(a), the slope is 1 - t * t.",
    signature="tanh(a) -> (value, (slope_a,))",
    trials=rule_trials(lambda a: dual(a).tanh(), "a", [(0.0,), (1.0,), (-1.0,), (2.0,), (-0.5,), (1000.0,), (-1000.0,)], lambda rng: rng.normal(size=1) * 1.5, "tanh(a) and its slope"),
    variants=(tanh_by_numpy, tanh_by_factors, tanh_by_decay),
    hints=("`math.tanh(a)` gives the value. Keep it in a name: the slope needs it.", "The slope is made from the *output*. At a = 0 the output is 0 and the slope 1; far out the output is nearly 1 and the slope nearly 0.", "`t = math.tanh(a)`, then `return t, (1 - ...,)`. Mind the comma that makes a tuple of one."),
    mistakes=(
        Mistake("slope-from-the-input", lambda a: (math.tanh(a), (1 - a**2,)), "You put the input into 1 - t * t. t is the output, tanh(a). (With a = 2 your slope would be -3, and tanh never falls.)"),
        Mistake("square-missing", lambda a: (math.tanh(a), (1 - math.tanh(a),)), "You have 1 - t; it is 1 - t * t. They agree where t is 0 or 1, so only points in between tell."),
        Mistake("one-minus-missing", lambda a: (math.tanh(a), (math.tanh(a) ** 2,)), "Your slope is t * t; it should be what is missing from it to 1. tanh is steepest in the middle, where t is 0."),
        Mistake("slope-of-the-sigmoid", lambda a: (math.tanh(a), (math.tanh(a) * (1 - math.tanh(a)),)), "t * (1 - t) is the slope of the logistic function, tanh's sister. For tanh it is 1 - t * t."),
        Mistake("slope-of-tan", lambda a: (math.tanh(a), (1 + math.tanh(a) ** 2,)), "1 + t * t is the slope of tan, without the h. tanh flattens out, so the square is taken away."),
        Mistake("squashed-twice", lambda a: (math.tanh(a), (1 - math.tanh(math.tanh(a)) ** 2,)), "t is already tanh(a); you took tanh of it once more before squaring."),
        Mistake("tan-instead", lambda a: (math.tan(a), (1 - math.tan(a) ** 2,)), "The value {actual} comes from `math.tan`, an angle's tangent. `math.tanh` is the one that squashes."),
        Mistake("slope-dropped-to-value", lambda a: (math.tanh(a), (math.tanh(a),)), "Your slope repeats the value. With t = tanh(a), the slope is 1 - t * t."),
        Mistake("exp-overflows", tanh_overflowing, OVERFLOW_HINT),
        Mistake("exp-overflows-on-one-side", tanh_overflowing_one_side, OVERFLOW_HINT),
        Mistake("comma-missing", lambda a: (math.tanh(a), 1 - math.tanh(a) ** 2), ONE_SLOPE_HINT),
        Mistake("slope-missing", lambda a: math.tanh(a), ONE_SLOPE_HINT),
        Mistake("nothing-returned", lambda a: None, ONE_SLOPE_HINT),
    ),
)


# --------------------------------------------------------------------------------------- topological order
class Item:
    """A node of which only `.parents` may be used."""

    def __init__(self, name: str, parents: tuple = ()):
        self.name, self.parents = name, tuple(parents)

    def __repr__(self) -> str:
        return self.name

    def __deepcopy__(self, memo: dict) -> "Item":
        return self  # else a copy of one would go through the whole graph


def items(text: str) -> list[Item]:
    """ "m = a, b; out = m, a" -> [out, m, b, a]: names on the left stand for nodes, the last one is the root."""
    known: dict[str, Item] = {}
    for line in text.split(";"):
        name, _, parents = line.partition("=")
        for parent in filter(None, map(str.strip, parents.split(","))):
            known.setdefault(parent, Item(parent))
        known[name.strip()] = Item(name.strip(), [known[p.strip()] for p in parents.split(",") if p.strip()])
    return list(known.values())[::-1]


def reachable(root: Any) -> list:
    """Every node that can be reached from the root, in no useful order."""
    found, waiting = {root: None}, [root]
    while waiting:
        new = [p for p in waiting.pop().parents if p not in found]
        found.update(dict.fromkeys(new))
        waiting += new
    return list(found)


VALID = "each node once, and each before its parents"


def verdict(root: Any, order: Any) -> str:
    """VALID, or what is wrong with the order, with names."""
    if not isinstance(order, list):
        return f"a {type(order).__name__}, not a list"
    names = ", ".join(map(repr, order)) if len(order) <= 9 else f"{order[0]!r}, {order[1]!r}, ... ({len(order)} entries)"
    place = {node: i for i, node in enumerate(order)}
    missing = [node for node in reachable(root) if node not in place]
    if missing:
        return f"{names or 'an empty list'}: {missing[0]!r} is missing"
    twice = [node for i, node in enumerate(order) if place[node] != i]
    if twice:
        return f"{names}: {twice[0]!r} is listed more than once"
    early = [(p, node) for node in order for p in getattr(node, "parents", ()) if place[p] < place[node]]
    if early:
        return "{}: {!r} comes before {!r}, which uses it".format(names, *early[0])
    return VALID


def chain(length: int) -> str:
    return "; ".join(f"v{i} = v{i - 1}" for i in range(1, length))


def doublings(count: int) -> str:
    return "; ".join(f"v{i} = v{i - 1}, v{i - 1}" for i in range(1, count + 1))


def random_graph(rng: np.random.Generator, size: int = 8) -> str:
    """Every node but the first two uses two earlier ones, of which one is the newest: all are reachable."""
    return "; ".join(f"v{i} = {', '.join(rng.permutation([f'v{i - 1}', f'v{rng.integers(i)}']))}" for i in range(1, size))


def run_order(text: str, times: int, sort: Callable) -> str:
    root = items(text)[0]
    with counting(300_000):
        for _ in range(times):
            order = sort(root)
    return verdict(root, order)


ORDERS = (
    ("a single node", "a = ", 1),
    ("a sum", "out = a, b", 1),
    ("three in a row", "m = a; out = m", 1),
    ("a used twice by the same node", "out = a, a", 1),
    ("a diamond: p and q both use a", "p = a; q = a; out = p, q", 1),
    ("a short way and a long way to a", "m = a; out = a, m", 1),
    ("a long way and a short way to a", "m = a; out = m, a", 1),
    ("two shared nodes", "p = a, b; q = a, p; out = b, q", 1),
    ("the same graph asked for twice", "m = a, b; out = m, a", 2),
)
BIG_ORDERS = (("40 doublings, y = y + y: 41 nodes, a million million paths", doublings(40), "v1 = v0, v0; ...; v40 = v39, v39"), ("5,000 nodes in a row", chain(5000), "v1 = v0; v2 = v1; ...; v4999 = v4998"))


def order_trials(rng: np.random.Generator) -> Iterator[Trial]:
    for label, text, times in ORDERS:
        yield Trial(label, text.removesuffix(" = "), partial(run_order, text, times), VALID)
    for _ in range(4):
        text = random_graph(rng)
        yield Trial("a random graph", text, partial(run_order, text, 1), VALID)
    for label, text, shown in BIG_ORDERS:
        yield Trial(label, shown, partial(run_order, text, 1), VALID)


def topological_order(root):
    order, seen, stack = [], set(), [(root, False)]
    while stack:
        node, finished = stack.pop()
        if finished:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((parent, False) for parent in node.parents)
    return order[::-1]


def order_by_counting_consumers(root):
    consumers, waiting = {root: 0}, [root]
    while waiting:
        for parent in waiting.pop().parents:
            if parent not in consumers:
                consumers[parent] = 0
                waiting.append(parent)
            consumers[parent] += 1
    order, ready = [], [root]
    while ready:
        node = ready.pop()
        order.append(node)
        for parent in node.parents:
            consumers[parent] -= 1
            if consumers[parent] == 0:
                ready.append(parent)
    return order


def order_by_iterators(root):
    finished, seen, path = [], {root}, [(root, iter(root.parents))]
    while path:
        node, parents = path[-1]
        parent = next((p for p in parents if p not in seen), None)
        if parent is None:
            finished.append(node)
            path.pop()
        else:
            seen.add(parent)
            path.append((parent, iter(parent.parents)))
    finished.reverse()
    return finished


def order_by_the_library(root):
    graph, waiting = {}, [root]
    while waiting:
        node = waiting.pop()
        if node not in graph:
            graph[node] = node.parents
            waiting.extend(node.parents)
    return list(TopologicalSorter(graph).static_order())[::-1]


def order_parents_first(root):
    return topological_order(root)[::-1]


def order_with_repeats(root):
    order, stack = [], [root]
    while stack:
        node = stack.pop()
        order.append(node)
        stack.extend(node.parents)
    return order


def order_as_first_met(root):
    order, stack = {}, [root]
    while stack:
        node = stack.pop()
        if node not in order:
            order[node] = True
            stack.extend(node.parents)
    return list(order)


def order_breadth_first(root):
    order, seen = [root], {root}
    for node in order:
        for parent in node.parents:
            if parent not in seen:
                seen.add(parent)
                order.append(parent)
    return order


def order_by_recursion(root):
    order, seen = [], set()

    def visit(node):
        if node not in seen:
            seen.add(node)
            for parent in node.parents:
                visit(parent)
            order.append(node)

    visit(root)
    return order[::-1]


def order_by_longest_path(root):
    depth, stack = {}, [(root, 0)]
    while stack:
        node, steps = stack.pop()
        depth[node] = max(steps, depth.get(node, 0))
        stack.extend((parent, steps + 1) for parent in node.parents)
    return sorted(depth, key=depth.get)


def order_without_the_root(root):
    return topological_order(root)[1:]


def order_without_leaves(root):
    return [node for node in topological_order(root) if node.parents]


def order_remembering_calls(root, seen=set()):  # noqa: B006
    order, stack = [], [(root, False)]
    while stack:
        node, finished = stack.pop()
        if finished:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((parent, False) for parent in node.parents)
    return order[::-1]


def order_of_first_parents(root):
    order = [root]
    while order[-1].parents:
        order.append(order[-1].parents[0])
    return order


def order_as_iterator(root):
    return iter(topological_order(root))


register(
    Exercise(
        id="scalar.topological_order",
        lesson=3,
        title="An order in which a gradient can travel",
        statement="List every node that can be reached from root through `.parents`, each once, and each before its own parents. Use only `.parents`. It must manage a chain of 5,000 nodes, and nodes shared by many.",
        signature="topological_order(root) -> list of nodes, root first",
        trials=order_trials,
        solution=topological_order,
        variants=(order_by_counting_consumers, order_by_iterators, order_by_the_library),
        replaces="learnnn.autograd.topological_order",
        hints=(
            "Do it the other way round first: write a node down when all of its parents are written down. Turn the list over at the end.",
            "Without recursion you need a stack of things to do, and a node is met twice: once to put its parents on the stack, and once, after all of them are done, to write it down. Put the pair (node, finished) on the stack.",
            "Pop (node, finished). Finished: append to the list. Not finished and not seen: mark it seen, push (node, True), then push (parent, False) for each parent. What is pushed last comes off first. Give back the list reversed.",
        ),
        mistakes=(
            Mistake("parents-first", order_parents_first, "Every node is there, once, but parents come first: {actual}. This is the order of the forward pass. The gradient starts at the root: turn the list over."),
            Mistake("shared-node-repeated", order_with_repeats, "A node that is used twice is listed twice: {actual}. Its gradient would be sent on twice. Remember which nodes you have been to."),
            Mistake("as-first-met", order_as_first_met, "You write a node down when you first meet it. There may be a longer way to it, through nodes that come later in your list: {actual}. Write it down when everything below it is done instead, and turn the list over."),
            Mistake("layer-by-layer", order_breadth_first, "You go out from the root layer by layer, by the shortest way to each node. What counts is the longest: a node must wait for all that use it. You gave {actual}."),
            Mistake("recursion-limit", order_by_recursion, "The order is right, but a function that calls itself for each parent goes 5,000 calls deep here, and python stops at about 1,000. Keep your own stack, a plain list."),
            Mistake("walks-every-path", order_by_longest_path, "The order comes out right, but you walk along every path and tidy up afterwards. 40 doublings have 2 ** 40 paths. Check whether a node was seen before going on through it."),
            Mistake("root-missing", order_without_the_root, "The root itself is not in your list ({actual}). The gradient starts there."),
            Mistake("leaves-missing", order_without_leaves, "Nodes without parents are not in your list ({actual}). They are the inputs, the very ones whose gradient is wanted."),
            Mistake("remembers-earlier-calls", order_remembering_calls, "The first call is right, the second gives {actual}. `seen=set()` in the first line of a function is made once and then shared by all calls: make the set inside."),
            Mistake("first-parent-only", order_of_first_parents, "You follow only the first parent of each node, and miss what hangs on the others: {actual}."),
            Mistake("not-a-list", order_as_iterator, "You gave back {actual}. What `reversed(...)` or `yield` make can be read only once: wrap it in `list(...)`, or turn a list over with `[::-1]`."),
        ),
    )
)


# ---------------------------------------------------------------------------------------- Value: the class
class Value:
    """A number that remembers where it came from."""

    def __init__(self, data, parents=(), slopes=(), op=""):
        self.data, self.grad = float(data), 0.0
        self.parents, self.slopes, self.op = tuple(parents), tuple(slopes), op

    def apply(self, op, rule, *others):
        inputs = [self, *[x if isinstance(x, Value) else Value(x) for x in others]]
        data, slopes = rule(*[x.data for x in inputs])
        return Value(data, inputs, slopes, op)

    def __add__(self, other):
        return self.apply("+", add, other)

    def __mul__(self, other):
        return self.apply("*", mul, other)

    def __pow__(self, n):
        return self.apply("**", partial(power, n=n))

    def tanh(self):
        return self.apply("tanh", tanh)

    def exp(self):
        return self.apply("exp", lambda a: (math.exp(a), (math.exp(a),)))

    def log(self):
        return self.apply("log", lambda a: (math.log(a), (1 / a,)))

    def relu(self):
        return self.apply("relu", lambda a: (max(a, 0.0), (float(a > 0),)))

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -1 * as_value(other)

    def __rsub__(self, other):
        return as_value(other) - self

    def __truediv__(self, other):
        return self * as_value(other) ** -1

    def __rtruediv__(self, other):
        return as_value(other) / self

    __radd__, __rmul__ = __add__, __mul__

    def backward(self):
        backward(self)


def as_value(x):
    return x if isinstance(x, Value) else Value(x)


def backward(root):
    order = topological_order(root)
    for node in order:
        if node.parents:
            node.grad = 0.0
    root.grad = 1.0
    for node in order:
        for parent, slope in zip(node.parents, node.slopes):
            parent.grad += slope * node.grad


# ------------------------------------------------------------------------------------------ the backward pass
EXPRESSIONS = (
    ("a + b", (2.0, 3.0)),
    ("a * b", (2.0, 3.0)),
    ("a + a", (3.0,)),
    ("a * a", (3.0,)),
    ("a * b + c", (2.0, -3.0, 10.0)),
    ("m = a * b; m * m", (2.0, 3.0)),
    ("m = a * b; m + m * c", (2.0, 3.0, -1.0)),
    ("m = a * b; m * c + m", (2.0, 3.0, -1.0)),
    ("m = a * b; n = m + a; n * m + n", (2.0, -3.0)),
    ("(a * b).tanh() * a", (0.0, 4.0)),
)


def gradients(text: str, numbers: tuple, times: int, sweep: Callable, number: type = Value) -> tuple:
    """(value, (gradient of each input)) after `times` backward passes through one graph."""
    leaves = [number(x) for x in numbers]
    out = function_of(text, len(numbers))(*leaves)
    for _ in range(times):
        sweep(out)
    return plain((out.data, tuple(leaf.grad for leaf in leaves)))


def two_graphs(number: type, sweep: Callable) -> tuple:
    a = number(3.0)
    for out in (a * a, a * 5.0):
        sweep(out)
    return plain(a.grad)


def in_between(number: type, sweep: Callable) -> tuple:
    a, b = number(2.0), number(-3.0)
    product = a * b
    total = product + a
    out = total * product
    sweep(out)
    return plain((out.grad, total.grad, product.grad))


def nothing_else(number: type, sweep: Callable) -> tuple:
    a, b, bystander = number(2.0), number(3.0), number(4.0)
    unused = a * bystander
    sweep(a * b)
    return plain((a.grad, b.grad, bystander.grad, unused.grad))


def deep(length: int, number: type, sweep: Callable) -> float:
    a = out = number(1.0)
    for _ in range(length):
        out = out + 1.0
    sweep(out)
    return plain(a.grad)


def doubled(count: int, number: type, sweep: Callable) -> float:
    a = out = number(1.0)
    for _ in range(count):
        out = out + out
    with counting(300_000):
        sweep(out)
    return plain(a.grad)


def shown_gradients(names: str) -> str:
    return f"out, then {', '.join(f'd out / d {name}' for name in names)}"


def sweep_trials(on: Callable) -> Iterator[Trial]:
    """What every backward pass is asked beside single expressions; `on(f)` makes f a question to the learner's object."""
    twice = "m = a * b, out = m * a; backward called twice, a = 2.0, b = 3.0"
    yield Trial("gradients of the nodes in between: out, total, product", "a = 2.0, b = -3.0, product = a * b, total = product + a, out = total * product", on(in_between), (1.0, -6.0, -10.0))
    yield Trial("a, b, and two numbers that the result does not use", "a = 2.0, b = 3.0, c = 4.0, unused = a * c; backward from a * b", on(nothing_else), (3.0, 2.0, 0.0, 0.0))
    yield Trial("a's gradient after backward from two results", "a = 3.0; backward from a * a, then from a * 5", on(two_graphs), 11.0)
    yield Trial("the same graph, backward twice: out and twice its gradients", twice, on(lambda number, sweep: gradients("(a * b) * a", (2.0, 3.0), 2, sweep, number)), (12.0, (24.0, 8.0)))
    yield Trial("40 doublings, y = y + y", "a = 1.0, y = a, then 40 times y = y + y", on(partial(doubled, 40)), 2.0**40)
    yield Trial("5,000 additions in a row", "a = 1.0, y = a, then 5,000 times y = y + 1", on(partial(deep, 5000)), 1.0)


def expression_trials(rng: np.random.Generator, expressions: Iterable, on: Callable) -> Iterator[Trial]:
    """Each expression at its own small numbers, and once more at random ones of the same signs."""
    for text, numbers in expressions:
        drawn = tuple(tidy(x * rng.uniform(0.5, 1.5)) for x in numbers)
        for point in dict.fromkeys((numbers, drawn)):
            names = LETTERS[: len(point)]
            ask = on(lambda number, sweep, text=text, point=point: gradients(text, point, 1, sweep, number))
            yield Trial(shown_gradients(names), f"{named(names, point)}, {spelled(text)}", ask, truth(function_of(text, len(point)), *point))


def backward_trials(rng: np.random.Generator) -> Iterator[Trial]:
    on = lambda question: lambda sweep: question(Value, sweep)
    yield from expression_trials(rng, EXPRESSIONS, on)
    yield from sweep_trials(on)


def backward_by_dictionary(root):
    grads = {root: 1.0}
    for node in topological_order(root):
        grad = grads[node]
        node.grad += grad
        for parent, slope in zip(node.parents, node.slopes):
            grads[parent] = grads.get(parent, 0.0) + slope * grad


def backward_by_pulling(root):
    order = order_by_counting_consumers(root)
    uses = {node: [] for node in order}
    for node in order:
        for parent, slope in zip(node.parents, node.slopes):
            uses[parent].append((node, slope))
    total = {root: 1.0}
    for node in order[1:]:
        total[node] = sum(slope * total[consumer] for consumer, slope in uses[node])
    for node in order:
        node.grad += total[node]


def backward_in_one_pass(root):
    waiting, ready = {}, [(root, 1.0)]
    for node in reachable(root):
        for parent in node.parents:
            count, total = waiting.get(parent, (0, 0.0))
            waiting[parent] = (count + 1, total)
    while ready:
        node, grad = ready.pop()
        node.grad = node.grad + grad if not node.parents else grad
        for i in range(len(node.parents)):
            parent = node.parents[i]
            count, total = waiting[parent]
            total += node.slopes[i] * grad
            waiting[parent] = (count - 1, total)
            if count == 1:
                ready.append((parent, total))


def sweep_in(order: Callable) -> Callable:
    """The right backward pass, in a wrong order."""

    def backward(root):
        nodes = order(root)
        for node in nodes:
            if node.parents:
                node.grad = 0.0
        root.grad = 1.0
        for node in nodes:
            for parent, slope in zip(node.parents, node.slopes):
                parent.grad += slope * node.grad

    return backward


def backward_overwriting(root):
    root.grad = 1.0
    for node in topological_order(root):
        for parent, slope in zip(node.parents, node.slopes):
            parent.grad = slope * node.grad


def backward_without_chain(root):
    for node in topological_order(root):
        node.grad = 0.0 if node.parents else node.grad
    root.grad = 1.0
    for node in topological_order(root):
        for parent, slope in zip(node.parents, node.slopes):
            parent.grad += slope


def backward_adding_slopes(root):
    for node in topological_order(root):
        node.grad = 0.0 if node.parents else node.grad
    root.grad = 1.0
    for node in topological_order(root):
        for parent, slope in zip(node.parents, node.slopes):
            parent.grad += slope + node.grad


def backward_without_seed(root):
    for node in topological_order(root):
        for parent, slope in zip(node.parents, node.slopes):
            parent.grad += slope * node.grad


def backward_seeded_with_the_value(root):
    for node in topological_order(root):
        node.grad = 0.0 if node.parents else node.grad
    root.grad = root.data
    for node in topological_order(root):
        for parent, slope in zip(node.parents, node.slopes):
            parent.grad += slope * node.grad


def backward_over_old_gradients(root):
    root.grad = 1.0
    for node in topological_order(root):
        for parent, slope in zip(node.parents, node.slopes):
            parent.grad += slope * node.grad


def backward_clearing_leaves(root):
    for node in topological_order(root):
        node.grad = 0.0
    root.grad = 1.0
    for node in topological_order(root):
        for parent, slope in zip(node.parents, node.slopes):
            parent.grad += slope * node.grad


def backward_along_every_path(root):
    for node in topological_order(root):
        node.grad = 0.0 if node.parents else node.grad
    stack = [(root, 1.0)]
    while stack:
        node, grad = stack.pop()
        node.grad += grad
        stack.extend((parent, slope * grad) for parent, slope in zip(node.parents, node.slopes))


def backward_by_recursion(root):
    for node in topological_order(root):
        node.grad = 0.0 if node.parents else node.grad

    def push(node, grad):
        node.grad += grad
        for parent, slope in zip(node.parents, node.slopes):
            push(parent, slope * grad)

    push(root, 1.0)


def backward_with_slopes_crossed(root):
    for node in topological_order(root):
        node.grad = 0.0 if node.parents else node.grad
    root.grad = 1.0
    for node in topological_order(root):
        for parent, slope in zip(node.parents, reversed(node.slopes)):
            parent.grad += slope * node.grad


def backward_with_values(root):
    for node in topological_order(root):
        node.grad = 0.0 if node.parents else node.grad
    root.grad = 1.0
    for node in topological_order(root):
        for parent in node.parents:
            parent.grad += parent.data * node.grad


OVERWRITTEN_HINT = "A number that is used twice gets a share of gradient from each use. You keep only the last share ({actual}, where {expected} is right): `+=`, not `=`."
CHAIN_HINT = "What arrives at a parent is its slope *times what arrived at the node*. You pass the slope on alone, so only the last step of every path counts."
SEED_HINT = "The gradients stay at 0. Somebody has to start: the result moves one for one with itself, so `root.grad = 1.0` before the loop."
EARLY_HINT = "A node passed its gradient on before all of its own had arrived: got {actual}, {expected} is right. Every node that uses it must come first: that is what topological_order is for."
BACKWARDS_HINT = "Only the root's own parents got a gradient; further back it is 0. Either the loop stops after the root, or the parents have their turn before the nodes that use them, when there is nothing to pass on yet."
STALE_HINT = "The first call is right, the second goes wrong ({actual}, where {expected} is right): nodes in between still hold the gradient of the first call and pass it on once more. Put those with parents back to 0 at the start."
CLEARED_HINT = "You put every gradient back to 0 at the start, the inputs' too. Inputs collect over calls (two losses, two results); only nodes with parents start over. You have {actual}, {expected} is right."
PATHS_HINT = "The numbers are right, and the way is too long: you walk along every path, and 40 doublings have 2 ** 40 of them. Visit each node once, after all of its gradient has arrived."
RECURSION_HINT = "A function that calls itself for each parent goes 5,000 calls deep on a chain, and python stops at about 1,000. Walk through the list of topological_order in a plain loop."

register(
    Exercise(
        id="scalar.backward",
        lesson=3,
        title="The backward pass",
        statement="Fill in `.grad` for every node that root depends on. Each node has `.parents` and, in the same order, `.slopes`. Inputs (nodes without parents) collect over calls; nodes in between start over in each call.",
        signature="backward(root) -> None, fills .grad",
        trials=backward_trials,
        solution=backward,
        variants=(backward_by_dictionary, backward_by_pulling, backward_in_one_pass),
        hints=(
            "Three things happen: nodes in between forget the past, the root gets its gradient of 1, and then gradients travel.",
            "For the travelling, go through topological_order(root). Each node hands every parent: that parent's slope times the node's own gradient. A parent may be handed several shares.",
            "Loop 1: `for node in order:` set grad to 0.0 where the node has parents. Then `root.grad = 1.0`. Loop 2: `for node in order:`, and inside, `for parent, slope in zip(node.parents, node.slopes):`, where the parent's grad grows by a product.",
        ),
        mistakes=(
            Mistake("gradient-overwritten", backward_overwriting, OVERWRITTEN_HINT),
            Mistake("chain-factor-missing", backward_without_chain, CHAIN_HINT),
            Mistake("slope-added-to-gradient", backward_adding_slopes, "You add the slope to the node's gradient. Along a path, slopes are multiplied (if b moves 3 times as fast as a, and c twice as fast as b, c moves 6 times as fast); only different paths are added."),
            Mistake("seed-missing", backward_without_seed, SEED_HINT),
            Mistake("seeded-with-the-value", backward_seeded_with_the_value, "You start with the root's value as its gradient, so all come out multiplied by it. How fast does the result move when the result moves? One for one."),
            Mistake("parents-before-consumers", sweep_in(order_parents_first), BACKWARDS_HINT),
            Mistake("in-order-of-meeting", sweep_in(order_as_first_met), EARLY_HINT),
            Mistake("layer-by-layer", sweep_in(order_breadth_first), EARLY_HINT),
            Mistake("shared-node-sent-twice", sweep_in(order_with_repeats), "A node that is used twice sends its gradient on twice: got {actual}, {expected} is right. Each node may have its turn once, when everything has arrived."),
            Mistake("old-gradients-sent-again", backward_over_old_gradients, STALE_HINT),
            Mistake("inputs-cleared", backward_clearing_leaves, CLEARED_HINT),
            Mistake("walks-every-path", backward_along_every_path, PATHS_HINT),
            Mistake("recursion-limit", sweep_in(order_by_recursion), RECURSION_HINT),
            Mistake("pushes-by-recursion", backward_by_recursion, PATHS_HINT + " (And a function that calls itself stops at a depth of about 1,000.)"),
            Mistake("slopes-crossed", backward_with_slopes_crossed, "The slopes go to the wrong parents: the first of node.slopes belongs to the first of node.parents."),
            Mistake("values-instead-of-slopes", backward_with_values, "You multiply by the parent's value. What counts is its slope, kept in node.slopes when the node was made."),
        ),
    )
)


# ------------------------------------------------------------------------------------------- the whole class
VALUE_EXPRESSIONS = (
    *EXPRESSIONS,
    ("a + 3", (2.0,)),
    ("3 + a", (2.0,)),
    ("a * 3", (2.0,)),
    ("3 * a", (2.0,)),
    ("a ** 2", (3.0,)),
    ("a ** 3", (-2.0,)),
    ("a ** -1", (2.0,)),
    ("a ** 0.5", (4.0,)),
    ("a ** 1 + a ** 0", (0.0,)),
    ("-a", (2.0,)),
    ("a - b", (5.0, 2.0)),
    ("a - 3", (5.0,)),
    ("3 - a", (5.0,)),
    ("a / b", (6.0, 2.0)),
    ("a / 4", (6.0,)),
    ("6 / a", (2.0,)),
    ("a / b", (0.0, -2.0)),
    ("a.exp()", (1.0,)),
    ("a.log()", (2.0,)),
    ("a.tanh()", (0.5,)),
    ("a.relu() + b.relu()", (2.0, -3.0)),
    ("(a * b + c).tanh() / (1 + (-a).exp())", (0.5, -2.0, 0.25)),
    ("(a - b) ** 2 + (2 - a) ** 2", (1.5, -1.0)),
    ("(a.exp() + b.exp()).log()", (0.5, -1.0)),
)


def fresh(cls: type) -> type:
    """The class, after making sure that new numbers start clean: nothing shared, nothing left over."""
    cls(2.0) * cls(3.0)
    if tuple(cls(1.0).parents) or cls(1.0).grad != 0:
        raise AssertionError("a new Value(1.0) already has parents, or a gradient, left over from another one")
    return cls


def family(cls: type) -> str:
    a, b = cls(2.0), cls(3.0)
    product = a * b
    return "a and b" if list(map(id, product.parents)) == [id(a), id(b)] else f"{len(product.parents)} others"


def value_trials(rng: np.random.Generator) -> Iterator[Trial]:
    on = lambda question: lambda cls: question(fresh(cls), lambda out: out.backward())
    yield Trial("the value alone", "Value(2.0).data", lambda cls: plain(fresh(cls)(2.0).data), 2.0)
    yield Trial("the parents of a * b", "a = 2.0, b = 3.0", lambda cls: family(fresh(cls)), "a and b")
    yield from expression_trials(rng, VALUE_EXPRESSIONS, on)
    yield from sweep_trials(on)


class ClosureValue:
    """A right variant: each node keeps a function that pushes its gradient back (as micrograd does)."""

    def __init__(self, data, parents=(), push=lambda: None):
        self.data, self.grad, self.parents, self.push = data, 0, parents, push

    def __add__(self, other):
        other = self.lift(other)
        out = ClosureValue(self.data + other.data, (self, other))

        def push():
            self.grad += out.grad
            other.grad += out.grad

        out.push = push
        return out

    def __mul__(self, other):
        other = self.lift(other)
        out = ClosureValue(self.data * other.data, (self, other))

        def push():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out.push = push
        return out

    def unary(self, data, slope):
        out = ClosureValue(data, (self,))

        def push():
            self.grad += slope * out.grad

        out.push = push
        return out

    def __pow__(self, n):
        return self.unary(self.data**n, n * self.data ** (n - 1) if n else 0)

    def exp(self):
        return self.unary(math.exp(self.data), math.exp(self.data))

    def log(self):
        return self.unary(math.log(self.data), 1 / self.data)

    def tanh(self):
        return self.unary(math.tanh(self.data), 1 / math.cosh(self.data) ** 2)

    def relu(self):
        return self.unary(self.data, 1) if self.data > 0 else self.unary(0, 0)

    def __neg__(self):
        return self.unary(-self.data, -1)

    def __sub__(self, other):
        return self + (-self.lift(other))

    def __truediv__(self, other):
        return self * self.lift(other) ** -1

    __radd__ = lambda self, other: self + other
    __rmul__ = lambda self, other: self * other
    __rsub__ = lambda self, other: -self + other
    __rtruediv__ = lambda self, other: self**-1 * other

    @staticmethod
    def lift(x):
        return x if isinstance(x, ClosureValue) else ClosureValue(x)

    def backward(self):
        order = order_by_iterators(self)
        for node in order:
            node.grad = 0 if node.parents else node.grad
        self.grad = 1
        for node in order:
            node.push()


class EdgeValue:
    """A right variant: one constructor, every operation spelled out with its own slopes, gradients in a dictionary."""

    def __init__(self, data, *edges):
        self.data, self.grad, self.edges = np.float64(data), 0.0, edges

    @property
    def parents(self):
        return tuple(parent for parent, _ in self.edges)

    def __add__(self, other):
        if not isinstance(other, EdgeValue):
            return EdgeValue(self.data + other, (self, 1.0))
        return EdgeValue(self.data + other.data, (self, 1.0), (other, 1.0))

    def __mul__(self, other):
        if not isinstance(other, EdgeValue):
            return EdgeValue(self.data * other, (self, other))
        return EdgeValue(self.data * other.data, (self, other.data), (other, self.data))

    def __sub__(self, other):
        if not isinstance(other, EdgeValue):
            return EdgeValue(self.data - other, (self, 1.0))
        return EdgeValue(self.data - other.data, (self, 1.0), (other, -1.0))

    def __rsub__(self, other):
        return EdgeValue(other - self.data, (self, -1.0))

    def __truediv__(self, other):
        if not isinstance(other, EdgeValue):
            return EdgeValue(self.data / other, (self, 1 / other))
        return EdgeValue(self.data / other.data, (self, 1 / other.data), (other, -self.data / other.data**2))

    def __rtruediv__(self, other):
        return EdgeValue(other / self.data, (self, -other / self.data**2))

    def __pow__(self, n):
        return EdgeValue(self.data**n, (self, n * self.data ** (n - 1) if n != 0 else 0.0))

    def __neg__(self):
        return EdgeValue(-self.data, (self, -1.0))

    def exp(self):
        e = np.exp(self.data)
        return EdgeValue(e, (self, e))

    def log(self):
        return EdgeValue(np.log(self.data), (self, 1 / self.data))

    def tanh(self):
        t = np.tanh(self.data)
        return EdgeValue(t, (self, 1 - t * t))

    def relu(self):
        return EdgeValue(np.maximum(self.data, 0), (self, np.heaviside(self.data, 0.0)))

    __radd__, __rmul__ = __add__, __mul__

    def backward(self):
        grads = {self: 1.0}
        for node in order_by_counting_consumers(self):
            node.grad += grads[node]
            for parent, slope in node.edges:
                grads[parent] = grads.get(parent, 0.0) + slope * grads[node]


def variation(**methods: Any) -> type:
    """The right class with some methods written differently; every new number is of that class too."""

    class Variation(Value):
        def apply(self, op, rule, *others):
            cls = type(self)
            inputs = [self, *[x if isinstance(x, Value) else cls(x) for x in others]]
            data, slopes = rule(*[x.data for x in inputs])
            return cls(data, inputs, slopes, op)

        def __rsub__(self, other):
            return type(self)(other) - self

        def __rtruediv__(self, other):
            return type(self)(other) / self

    for name, method in methods.items():
        setattr(Variation, name, method)
    return Variation


class MethodValue(variation(backward=backward_in_one_pass)):
    """A right variant: reflected forms written out, the sweep in one pass."""

    __radd__ = lambda self, other: self + other
    __rmul__ = lambda self, other: self * other
    __rsub__ = lambda self, other: -self + other
    __rtruediv__ = lambda self, other: self**-1 * other


class SharedParents(variation()):
    """parents=[] in the first line: one list for all numbers."""

    def __init__(self, data, parents=[], slopes=(), op=""):  # noqa: B006
        self.data, self.grad, self.parents, self.slopes, self.op = (float(data), 0.0, parents, tuple(slopes), op)

    def __mul__(self, other):
        out = SharedParents(self.data * other.data)
        out.parents.clear()  # else the list would grow from check to check
        out.parents += [self, other]
        return out


def apply_unwrapped(self, op, rule, *others):
    data, slopes = rule(self.data, *[x.data for x in others])
    return type(self)(data, (self, *others), slopes, op)


def in_rule(op: str, function: Callable) -> Callable:
    """A method that applies a rule: the wrong ones below."""
    return lambda self, *others: self.apply(op, function, *others)


register(
    Exercise(
        id="scalar.Value",
        lesson=3,
        title="Value: a number that remembers where it came from",
        statement="The whole class: `data`, `grad`, `parents`, `op`; + - * / ** (the exponent a plain number), `-a`, `exp`, `log`, `tanh`, `relu`; plain numbers on either side, as in `2 - a`; and `backward()`.",
        signature="class Value: Value(data)",
        trials=value_trials,
        solution=Value,
        variants=(ClosureValue, EdgeValue, MethodValue),
        hints=(
            "Every operation has the same shape: work out the value and the slopes, and make a new Value that knows its parents. Start with mul, copying add's pattern.",
            "Subtraction, division and negation need no slopes of their own: a - b is a + (-1) * b, and a / b is a * b ** -1. For 2 - a python calls a.__rsub__(2): there the 2 is on the left.",
            "exp: the slope is the value itself. log: 1 / a. relu: 1 where a is positive, else 0. backward() hands self to your backward function. Wrap plain numbers in Value before use, so that `.data` exists.",
        ),
        mistakes=(
            Mistake("gradient-overwritten", variation(backward=backward_overwriting), OVERWRITTEN_HINT),
            Mistake("chain-factor-missing", variation(backward=backward_without_chain), CHAIN_HINT),
            Mistake("seed-missing", variation(backward=backward_without_seed), SEED_HINT),
            Mistake("parents-before-consumers", variation(backward=sweep_in(order_parents_first)), BACKWARDS_HINT),
            Mistake("shared-node-sent-twice", variation(backward=sweep_in(order_with_repeats)), "A node that is used twice sends its gradient on twice: got {actual}, {expected} is right. Each node may have its turn once."),
            Mistake("old-gradients-sent-again", variation(backward=backward_over_old_gradients), STALE_HINT),
            Mistake("inputs-cleared", variation(backward=backward_clearing_leaves), CLEARED_HINT),
            Mistake("walks-every-path", variation(backward=backward_along_every_path), PATHS_HINT),
            Mistake("recursion-limit", variation(backward=sweep_in(order_by_recursion)), RECURSION_HINT),
            Mistake("parents-shared", SharedParents, "`parents=[]` in the first line of __init__ is made once, and all numbers share that one list: a new Value has parents before it was ever used. Make it a tuple, `parents=()`."),
            Mistake("reflected-subtraction-swapped", variation(__rsub__=lambda self, other: self - other), "3 - a came out as a - 3. Python calls a.__rsub__(3) for it: self is the one on the *right*."),
            Mistake("reflected-division-swapped", variation(__rtruediv__=lambda self, other: self / other), "6 / a came out as a / 6. Python calls a.__rtruediv__(6) for it: self is the one on the *right*."),
            Mistake("no-reflected-forms", variation(__radd__=None, __rmul__=None), "a + 3 works and 3 + a does not: a python number does not know how to add a Value, so python asks for a.__radd__(3). Write __radd__ and __rmul__."),
            Mistake("numbers-not-wrapped", variation(apply=apply_unwrapped), "A plain number has no `.data`. Wrap it in Value first if it is not one already."),
            Mistake("subtraction-slope-positive", variation(__sub__=in_rule("-", lambda a, b: (a - b, (1.0, 1.0)))), "The value of a - b is right; b's gradient has the wrong sign. When b grows, a - b falls."),
            Mistake("division-slope-positive", variation(__truediv__=in_rule("/", lambda a, b: (a / b, (1 / b, a / b**2)))), "In a / b, b's gradient has the wrong sign: dividing by more gives less (for positive numbers)."),
            Mistake("division-slope-not-squared", variation(__truediv__=in_rule("/", lambda a, b: (a / b, (1 / b, -a / b)))), "In a / b, b's slope is -a / b ** 2. Yours lacks the square."),
            Mistake("exponent-factor-missing", variation(__pow__=lambda self, n: self.apply("**", lambda a: (a**n, (a ** (n - 1) if n else 0.0,)))), "In a ** n the slope is n * a ** (n - 1). Yours lacks the factor n."),
            Mistake("tanh-slope-from-the-input", variation(tanh=in_rule("tanh", lambda a: (math.tanh(a), (1 - a * a,)))), "tanh's slope is 1 - t * t with t the *output*; you used the input."),
            Mistake("exp-slope-as-a-power", variation(exp=in_rule("exp", lambda a: (math.exp(a), (a * math.exp(a - 1),)))), "You treated exp(a) like a power a ** n. exp is the function that is its own slope."),
            Mistake("log-to-base-ten", variation(log=in_rule("log", lambda a: (math.log10(a), (1 / a,)))), "The value is the logarithm to base 10. `math.log` is the natural one, whose slope is 1 / a."),
            Mistake("log-slope-missing", variation(log=in_rule("log", lambda a: (math.log(a), (1.0,)))), "log gets flatter as a grows: its slope is 1 / a, not 1."),
            Mistake("relu-never-closes", variation(relu=in_rule("relu", lambda a: (max(a, 0.0), (1.0,)))), "relu's value is right. Where the input is negative the output stays at 0 however you nudge it, so the slope there is 0."),
            Mistake("slopes-swapped", variation(__mul__=in_rule("*", lambda a, b: (a * b, (a, b))), __rmul__=in_rule("*", lambda a, b: (a * b, (a, b)))), "In a * b each input's slope is the *other* input; yours are the wrong way round."),
        ),
    )
)


# ------------------------------------------------------------------------------------- beyond the rebuild
def maximum(a, b):
    return max(a, b), ((0.5, 0.5) if a == b else (1.0, 0.0) if a > b else (0.0, 1.0))


def maximum_by_half_steps(a, b):
    return (a + b + abs(a - b)) / 2, tuple((1 + sign) / 2 for sign in np.sign([a - b, b - a]))


def maximum_by_comparisons(a, b):
    a_leads, b_leads = float(a >= b), float(b >= a)
    both = a_leads + b_leads
    return (a if a >= b else b), [a_leads / both, b_leads / both]


def maximum_by_sorting(a, b):
    if a == b:
        return a, (1 / 2, 1 / 2)
    return sorted((a, b))[-1], (int(a > b), int(b > a))


def maximum_trials(rng: np.random.Generator) -> Iterator[Trial]:
    points = [(3.0, 2.0), (2.0, 3.0), (-1.0, -4.0), (-5.0, 1.0), (2.0, 2.0), (0.0, 0.0)]
    for a, b in [*points, *(tuple(map(tidy, rng.normal(size=2))) for _ in range(4))]:
        h = 2.0**-20  # max is made of straight pieces, so the central difference is exact, the mean of both sides at a tie
        slopes = (max(a + h, b) - max(a - h, b)) / (2 * h), (max(a, b + h) - max(a, b - h)) / (2 * h)
        slopes = tuple(round(slope, 6) for slope in slopes)
        yield Trial("max(a, b) and its two slopes", named("ab", (a, b)), partial(call_rule, (a, b)), (max(a, b), slopes))


rule(
    "maximum",
    maximum,
    title="The larger of two, and its slopes",
    statement="Give back max(a, b) and its slopes. Where a == b nudging up and nudging down disagree: there, give each half, as PyTorch does.",
    signature="maximum(a, b) -> (value, (slope_a, slope_b))",
    trials=maximum_trials,
    variants=(maximum_by_half_steps, maximum_by_comparisons, maximum_by_sorting),
    hints=("Take a = 3, b = 2. Nudge b by 0.1: does the larger one move?", "The winner's slope is 1, the loser's 0. What is left is a tie: write that case down first.", "Three cases: a == b, a > b, and the rest. Each gives a pair of slopes that adds up to 1."),
    mistakes=(
        Mistake("tie-counts-twice", lambda a, b: (max(a, b), (float(a >= b), float(b >= a))), "At a tie both of your slopes are 1. Nudge both by 0.1: the maximum moves by 0.1, not by 0.2, so the two together make 1."),
        Mistake("tie-goes-to-a", lambda a, b: (max(a, b), (float(a >= b), float(b > a))), "At a tie you give everything to a. Nothing sets a apart there: each gets half."),
        Mistake("tie-goes-to-b", lambda a, b: (max(a, b), (float(a > b), float(b >= a))), "At a tie you give everything to b. Nothing sets b apart there: each gets half."),
        Mistake("tie-goes-nowhere", lambda a, b: (max(a, b), (float(a > b), float(b > a))), "At a tie both of your slopes are 0, and the gradient is lost. Each gets half."),
        Mistake("slopes-swapped", lambda a, b: (max(a, b), (0.5, 0.5) if a == b else (float(a < b), float(b < a))), "You reward the loser. When a is larger, the maximum follows a, so a's slope is 1."),
        Mistake("slopes-of-a-sum", lambda a, b: (max(a, b), (1.0, 1.0)), "With slopes of 1 both inputs would move the result. Nudge the smaller one: nothing happens."),
        Mistake("always-half", lambda a, b: (max(a, b), (0.5, 0.5)), "Half each is right only at a tie. Elsewhere the larger one decides alone."),
        Mistake("smaller-one", lambda a, b: (min(a, b), (0.5, 0.5) if a == b else (float(a < b), float(b < a))), "That is the smaller of the two, with its slopes."),
        Mistake("largest-by-size", lambda a, b: (max(a, b, key=abs), (0.5, 0.5) if a == b else (float(abs(a) > abs(b)), float(abs(b) > abs(a)))), "You compare sizes without signs. -5 is smaller than 1."),
    ),
)


def newton(f, x, steps=10):
    for _ in range(steps):
        value = Value(x)
        out = f(value)
        out.backward()
        x = x - out.data / value.grad
    return x


def newton_keeping_the_value(f, x, steps=10):
    x = Value(x)
    for _ in range(steps):
        x.grad = 0.0
        out = f(x)
        out.backward()
        x.data -= out.data / x.grad
    return x.data


def newton_until_still(f, x, steps=10):
    while steps:
        at = Value(float(x))
        y = f(at)
        backward(y)
        if not y.data:
            break
        x, steps = at.data - y.data / at.grad, steps - 1
    return float(x)


def newton_by_calling_itself(f, x, steps=10):
    if steps == 0:
        return x
    value = ClosureValue(x)
    out = f(value)
    out.backward()
    return newton_by_calling_itself(f, x - out.data / value.grad, steps - 1)


def newton_with(step: Callable, clear: bool = True, steps: int = 10) -> Callable:
    """Newton's loop with another step from (x, f(x), slope)."""

    def newton(f, x):
        value = Value(x)
        for _ in range(steps):
            value.grad = 0.0 if clear else value.grad
            out = f(value)
            out.backward()
            value.data = step(value.data, out.data, value.grad)
        return value.data

    return newton


def newton_along_the_first_slope(f, x, steps=10):
    first = Value(x)
    f(first).backward()
    for _ in range(steps):
        x = x - f(Value(x)).data / first.grad
    return x


ROOTS = (("3 * a - 6", 0.0, 2.0), ("a * a - 2", 1.0, math.sqrt(2)), ("a ** 3 - 8", 3.0, 2.0), ("a.exp() - 3", 1.0, math.log(3)), ("a.tanh() + 0.5", -0.3, -math.atanh(0.5)))


def root_found(f: Callable, start: float, newton: Callable) -> Any:
    return plain(newton(f, start))


def newton_trials(rng: np.random.Generator) -> Iterator[Trial]:
    squares = [tidy(c) for c in rng.uniform(1.5, 9, size=3)]
    for text, start, root in (*ROOTS, *((f"a * a - {c}", c, math.sqrt(c)) for c in squares)):
        ask = partial(root_found, function_of(text, 1), start)
        yield Trial("where f is 0", f"f(a) = {text}, start at {start}", ask, root)


register(
    Exercise(
        id="scalar.newton",
        lesson=3,
        title="Newton's method on your own gradients",
        statement="Find where f is 0: start at x, and 10 times go to x - f(x) / (slope of f at x). f takes a Value and gives one; you get the slope from your own backward. Give back a plain number.",
        signature="newton(f, x, steps=10) -> number",
        trials=newton_trials,
        solution=newton,
        variants=(newton_keeping_the_value, newton_until_still, newton_by_calling_itself),
        hints=(
            "One step first: make a Value of x, put it through f, call backward on what comes out. Where is the slope now?",
            "The slope is in the `.grad` of the Value you made. Then x becomes x minus the output's data divided by that slope.",
            "Put this in a loop over range(steps), with a new Value in every turn, so that no gradient of the turn before is left in it.",
        ),
        mistakes=(
            Mistake("steps-away", newton_with(lambda x, y, slope: x + y / slope), "You go the wrong way: where f is positive and rises, its zero lies to the left. Minus."),
            Mistake("slope-forgotten", newton_with(lambda x, y, slope: x - y), "You step by f(x) itself. How far it is to the zero depends on how steep f is: divide by the slope."),
            Mistake("fraction-upside-down", newton_with(lambda x, y, slope: x - slope / y), "You divide slope by value. The steeper f is, the shorter the way to its zero: value divided by slope."),
            Mistake("multiplied-by-the-slope", newton_with(lambda x, y, slope: x - y * slope), "You multiply by the slope. The steeper f is, the shorter the way to its zero: divide."),
            Mistake("gradient-never-cleared", newton_with(lambda x, y, slope: x - y / slope, clear=False), "You keep one Value for all steps, and its gradient collects from step to step, so the steps get shorter and shorter. Clear it, or make a new Value."),
            Mistake("one-step-only", newton_with(lambda x, y, slope: x - y / slope, steps=1), "One step is made, ten are asked: is the `return` inside the loop?"),
            Mistake("gradient-descent", newton_with(lambda x, y, slope: x - 0.1 * slope), "That is gradient descent: it goes to where f is lowest. Here the question is where f is 0."),
            Mistake("first-slope-kept", newton_along_the_first_slope, "You work out the slope once, at the start. It is different at every x: work it out again in every step."),
            Mistake("value-returned", lambda f, x: Value(newton(f, x)), "You gave back {actual}. Take its `.data`."),
        ),
    )
)


# --------------------------------------------------------------------------------------- predict, then run
PREDICTED = ("a.grad", "b.grad", "c.grad")


def prediction_trials(rng: np.random.Generator) -> Iterator[Trial]:
    a = 3.0
    (_, (first,)), (_, (second,)) = truth(lambda x: x * x, a), truth(lambda x: x * x * x, a)
    _, (through_b, _) = truth(lambda b, a: b * a, a * a, a)
    for place, value in enumerate((first + second, through_b, 1.0)):
        yield Trial(f"{PREDICTED[place]} at the end", PREDICTED[place], partial(judged, place, value), "right")


def judged(place: int, value: float, predict: Callable) -> str:
    """Only right or wrong, so that a report does not give the number away."""
    answer = predict()[place]
    return "right" if math.isclose(answer, value) else f"not {answer:g}"


def prediction():
    # b.backward():  a gets 3 + 3 = 6 (it is used twice in a * a)
    # c.backward():  b starts over and gets 3 (the other factor of c, a)
    #                a gets 9 (the other factor, b), and through b 3 * 6 = 18: 6 + 9 + 18 = 33
    return 33, 3, 1


def saying(*answer: Any) -> Callable:
    """A function that gives this answer."""
    return lambda: answer


register(
    Exercise(
        id="scalar.predict",
        lesson=3,
        title="Predict, then run: two backward passes that share a node",
        statement="With a = Value(3.0), b = a * a and c = b * a: give a.grad, b.grad and c.grad after b.backward() and then c.backward(). On paper.",
        signature="prediction() -> (a.grad, b.grad, c.grad)",
        trials=prediction_trials,
        solution=prediction,
        variants=(lambda: [33, 3, 1], lambda: np.array([33.0, 3.0, 1.0]), saying(6 + 27, 3.0, 1)),
        hints=(
            "Do one pass after the other. After b.backward(), what is in a.grad? a is used twice in b.",
            "c.backward() starts b over (b has parents), and adds to a (a is an input). a gets a share through b and one directly.",
            "First pass: 2 * 3 to a. Second pass: b gets the other factor of c, and a gets (b's gradient) * (slope of b in a), plus the other factor of c.",
        ),
        mistakes=(
            Mistake("last-pass-only", saying(27, 3, 1), "27 is what the second pass alone brings. a is an input: it keeps what the first pass brought."),
            Mistake("first-pass-only", saying(6, 3, 1), "6 is what the first pass brings. The second adds to it."),
            Mistake("a-times-a-counted-once", saying(21, 3, 1), "In b = a * a the number a stands twice, so its slope is 6, not 3."),
            Mistake("direct-use-forgotten", saying(24, 3, 1), "In the second pass a gets a share through b, and a second one directly: c = b * a."),
            Mistake("way-through-b-forgotten", saying(15, 3, 1), "In the second pass a gets a share directly, and a second one through b, which is made of a."),
            Mistake("old-gradient-sent-again", saying(39, 4, 1), "You let b keep its 1 of the first pass and send it on again. Nodes with parents start over in each pass."),
            Mistake("in-between-collects", saying(33, 4, 1), "b has parents, so it starts over in the second pass; only inputs collect."),
            Mistake("value-for-gradient", saying(33, 9, 1), "9 is b's value. Its gradient says how fast c moves when b does: c = b * a."),
        ),
    )
)


# -------------------------------------------------------------------------------------------- find the bug
def add_in_place(self, other):
    self.data += as_value(other).data
    return self


def add_in_place_and_link(self, other):
    other = as_value(other)
    self.data += other.data
    self.parents, self.slopes = (*self.parents, other), (*self.slopes, 1.0)
    return self


CAUSE = "the cause of what you saw"


def cause_of(repair: Callable) -> str:
    letter = str(repair()[1]).strip().upper()
    return CAUSE if letter == "C" else f"not {letter}"


def running_total(cls: type) -> tuple:
    """A total by +=: its value, the gradients of both inputs, and the first term, which must stay as it was."""
    a, b = cls(2.0), cls(3.0)
    terms = [a * a, b * b, a * b]
    total = terms[0]
    for term in terms[1:]:
        total += term
    total.backward()
    return plain((total.data, (a.grad, b.grad), terms[0].data))


TOTAL = "a = 2.0, b = 3.0, terms = [a * a, b * b, a * b], total = terms[0], then total += each of the others"


def bug_trials(rng: np.random.Generator) -> Iterator[Trial]:
    yield Trial("total, its gradients in a and b, and terms[0] afterwards", TOTAL, lambda repair: running_total(repair()[0]), (19.0, (7.0, 8.0), 4.0))
    on = lambda question: lambda repair: question(repair()[0], lambda out: out.backward())
    yield from expression_trials(rng, EXPRESSIONS[:-1], on)
    yield Trial("the letter", "cause", cause_of, CAUSE)


def new_number(*parents: str) -> type:
    """The class whose += makes a new number that knows only these parents."""
    pick = lambda self, other: tuple({"self": self, "other": other}[name] for name in parents)
    return variation(__iadd__=lambda self, other: Value(self.data + other.data, pick(self, other), (1.0,) * len(parents)))


Broken = variation(__iadd__=add_in_place)


def repair():
    class Repaired(Broken):
        def __iadd__(self, other):
            return self + other  # a new number that knows both parents; without the method python does just this

    return Repaired, "C"


register(
    Exercise(
        id="scalar.find_the_bug",
        lesson=3,
        title="Find the bug: a total that follows only its first term",
        statement="Repair the class, and name the cause by its letter.",
        signature="repair() -> (the repaired class, the letter of the cause)",
        trials=bug_trials,
        solution=repair,
        variants=(saying(Value, "C"), saying(EdgeValue, "c"), saying(ClosureValue, " C ")),
        hints=(
            "Make it small: a total of two terms. Draw its graph. What is missing from it?",
            "The graph of a + b knows two parents. Compare it with the graph after `total = a; total += b`.",
            "Look at what __iadd__ gives back: the old number with a new value, and no trace of what was added. What would python do if the method was not there at all?",
        ),
        mistakes=(
            Mistake("named-not-repaired", saying(Broken, "C"), "That is the cause; the class still has it. A new number has to come out, one that knows both parents."),
            Mistake("cause-A", saying(Value, "A"), "The repair works. But multiplication was fine: try a * b in the broken class, its gradients come out right."),
            Mistake("cause-B", saying(Value, "B"), "The repair works. But gradients were collected: try a + a in the broken class."),
            Mistake("cause-D", saying(Value, "D"), "The repair works. But the root had its 1, else every gradient would have been 0."),
            Mistake("cause-E", saying(Value, "E"), "The repair works. But the order was fine: try m = a * b and m * m in the broken class."),
            Mistake("linked-into-the-old-node", saying(variation(__iadd__=add_in_place_and_link), "C"), "The gradients are right now. But terms[0] has changed its value, from 4 to 19: `total` and `terms[0]` are one and the same number, so make a new one."),
            Mistake("no-trace-at-all", saying(new_number(), "C"), "A new number comes out, and it knows no parents, so no gradient goes back at all."),
            Mistake("last-term-only", saying(new_number("other"), "C"), "The new number knows only what was added last: of the total so far nothing is left in the graph."),
            Mistake("first-term-only", saying(new_number("self"), "C"), "The new number is no longer the old one, good. But it knows only the total so far: what is added has no line to it yet."),
        ),
    )
)
