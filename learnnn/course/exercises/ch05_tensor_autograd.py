"""Lesson 05, tensor autograd: what is asked, what learners get wrong, and a truth of its own.

The truth knows no gradient rule. Outputs are worked out element by element in python loops; gradients by nudging
one input element at a time (central differences) and looking at the sum of `g` times the output.
"""

# A mistake a line, so that the banks read as tables.
# fmt: off

import inspect
import itertools
import math
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial, wraps
from typing import Any

import numpy as np

from learnnn import autograd, ops
from learnnn.autograd import Variable, from_backward
from learnnn.course.exercise import Exercise, Mistake, Trial, register
from learnnn.course.exercises.ch03_scalar_autograd import (
    LETTERS,
    counting,
    function_of,
    order_as_first_met,
    topological_order,
)
from learnnn.course.exercises.ch03_scalar_autograd import spelled as spelled_out


# -------------------------------------------------------------------------------- truth: loops and nudging
def each(function: Callable) -> Callable:
    """A function of one number, applied to every element."""
    return lambda x: np.array([function(v) for v in x.ravel().tolist()], float).reshape(x.shape)


def met(place: tuple, shape: tuple) -> tuple:
    """The element of an array of `shape` that stands at `place` after broadcasting."""
    return tuple(0 if n == 1 else i for i, n in zip(place[len(place) - len(shape) :], shape))


def pairwise(function: Callable) -> Callable:
    """A function of two numbers, applied to every pair that broadcasting brings together."""

    def reference(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        out = np.empty(np.broadcast_shapes(a.shape, b.shape))
        for place in np.ndindex(out.shape):
            out[place] = function(a[met(place, a.shape)], b[met(place, b.shape)])
        return out

    return reference


def summed(x: np.ndarray, dim: Any, keepdim: bool) -> np.ndarray:
    """The sum over the axes `dim`, one element after the other."""
    dims = range(x.ndim) if dim is None else dim if isinstance(dim, tuple) else (dim,)
    gone = {d % x.ndim for d in dims}
    out = np.zeros([1 if i in gone else n for i, n in enumerate(x.shape)])
    for place in np.ndindex(x.shape):
        out[tuple(0 if i in gone else p for i, p in enumerate(place))] += x[place]
    return out if keepdim else out.reshape([n for i, n in enumerate(x.shape) if i not in gone])


def averaged(x: np.ndarray, dim: Any, keepdim: bool) -> np.ndarray:
    return summed(x, dim, keepdim) / summed(np.ones(x.shape), dim, keepdim)


def multiplied(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Rows times columns, spelled out."""
    out = np.zeros((a.shape[0], b.shape[1]))
    for i, j, k in itertools.product(*map(range, (*a.shape, b.shape[1]))):
        out[i, k] += a[i, j] * b[j, k]
    return out


def layer(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    out = np.zeros((len(x), len(weight)))
    for i, j in np.ndindex(out.shape):
        out[i, j] = bias[j] + sum(p * q for p, q in zip(x[i], weight[j]))
    return out


def reordered(x: np.ndarray, dims: tuple) -> np.ndarray:
    out = np.empty([x.shape[d] for d in dims])
    for place in np.ndindex(x.shape):
        out[tuple(place[d] for d in dims)] = x[place]
    return out


def picked(x: np.ndarray, index: Any) -> np.ndarray:
    names = np.arange(x.size).reshape(x.shape)[index]  # which element each one is
    return np.array([x.ravel()[name] for name in names.ravel()], float).reshape(names.shape)


def gradients(function: Callable, arrays: Sequence[np.ndarray], g: Any, nudge: float = 1e-5) -> tuple:
    """How fast sum(g * output) moves with every element of every input, by central differences."""
    return tuple(_gradient(function, arrays, i, g, nudge) for i in range(len(arrays)))


def _gradient(function: Callable, arrays: Sequence[np.ndarray], i: int, g: Any, nudge: float) -> np.ndarray:
    found = np.zeros(arrays[i].shape)
    for place in np.ndindex(found.shape):
        ends = []
        for step in (nudge, -nudge):
            moved = [np.array(a, float) for a in arrays]
            moved[i][place] += step
            ends.append(np.sum(g * function(*moved)))
        found[place] = (ends[0] - ends[1]) / (2 * nudge)
    return np.round(found, 8) + 0.0


# -------------------------------------------------------------------------------------------------- trials
def ask(arrays: tuple, g: np.ndarray, options: tuple, f: Callable) -> Any:
    """(output, gradients) of the learner's function; whatever else came back, as it is."""
    pair = f(*arrays, *options)
    if not isinstance(pair, tuple | list) or len(pair) != 2 or not callable(pair[1]):
        return pair
    return pair[0], pair[1](g)


def ask_twice(arrays: tuple, g: np.ndarray, options: tuple, f: Callable) -> Any:
    """The gradients of a second call of the same backward."""
    backward = f(*arrays, *options)[1]
    backward(g)
    return backward(g)


def dtype_of(arrays: tuple, options: tuple, f: Callable) -> str:
    return str(np.asarray(f(*arrays, *options)[0]).dtype)


def tidy(x: Any) -> Any:
    """Numbers a learner can read: one decimal."""
    return np.round(x, 1) + 0.0


def spelled(x: Any) -> str:
    """Small arrays number by number, others by their shape."""
    if not isinstance(x, np.ndarray):
        return repr(x)
    if x.size == 0 or x.size > 12 or x.ndim > 3:
        return f"(random numbers of shape {x.shape})" if x.size else f"(an array of shape {x.shape}: no element at all)"
    return re.sub(r"\.0\b", "", str(x.tolist()))


def question(names: Sequence[str], values: Sequence[Any], g: np.ndarray | None = None) -> str:
    shown = [f"{name} = {spelled(value)}" for name, value in zip(names, values)]
    return ", ".join([*shown, *([f"g = {spelled(g)}"] if g is not None else [])])


def trial(names: Sequence[str], reference: Callable, arrays: tuple, g: np.ndarray, options: tuple = (), label: str = "") -> Trial:
    whole = lambda *moved: reference(*moved, *options)
    expected = np.round(whole(*arrays), 12), gradients(whole, arrays, g)
    return Trial(label or answer_form(names[: len(arrays)]), question(names, (*arrays, *options), g), partial(ask, arrays, g, options), expected)


def answer_form(names: Sequence[str]) -> str:
    """How an answer is written down: (output, (gradient of a, gradient of b))."""
    return f"answers: (output, ({', '.join(f'gradient of {name}' for name in names)}{',' * (len(names) == 1)}))"


def again(names: Sequence[str], reference: Callable, arrays: tuple, g: np.ndarray, options: tuple = ()) -> Trial:
    expected = gradients(lambda *moved: reference(*moved, *options), arrays, g)
    text = question(names, (*arrays, *options), g) + ", backward called for the second time"
    return Trial("gradients of the second call: as in the first", text, partial(ask_twice, arrays, g, options), expected)


def keeps_float32(names: Sequence[str], arrays: tuple, options: tuple = ()) -> Trial:
    small = tuple(a.astype(np.float32) for a in arrays)
    text = question(names, (*small, *options)) + ", all of them float32"
    return Trial("dtype of the output", text, partial(dtype_of, small, options), "float32")


def array(*rows: Any) -> np.ndarray:
    return np.array(rows[0] if len(rows) == 1 else rows, float)


def drawn(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return np.asarray(tidy(rng.normal(size=shape) * 2))


def strided(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Every second column of a turned array: its elements do not lie side by side in memory."""
    return drawn(rng, 2 * columns, rows).T[:, ::2]


# ---------------------------------------------------------------------- what the framework runs of a learner
def operation(name: str, shipped: Callable, fits: Callable, prepare: Callable | None = None, needs: dict | None = None, moves: bool = False) -> Callable:
    """How a learner's f(*arrays) -> (output, backward) becomes `learnnn.ops.<name>`.

    `fits(*arguments)` says which calls it was written for; `shipped` does the others (integers, other dtypes, more
    axes), and gives the higher derivatives. `prepare` brings the arguments into the form that the exercise speaks of.
    `needs` says at which inputs the gradient of each input looks, {0: (1,)}; the others may be overwritten before
    backward. What only `moves` elements may hand out the memory of its input, as a view.
    """
    signature, takes = inspect.signature(shipped), len(inspect.signature(fits).parameters)
    unasked = tuple(p.default for p in signature.parameters.values())[takes:]  # options the exercise does not speak of

    def adapt(f: Callable) -> Callable:
        def forward(*values: Any) -> Any:
            out, pull = f(*(prepare(*values) if prepare else values))
            out = np.asarray(out)
            if not moves and any(isinstance(v, np.ndarray) and np.may_share_memory(out, v) for v in values):
                out = out.copy()
            return out, lambda g: tuple(map(np.asarray, pull(g)))

        forward.__name__ = name
        recorded = from_backward(forward, origin="yours", plain=shipped)

        @wraps(shipped)
        def yours(*args: Any, **kwargs: Any) -> Any:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            given = bound.args[:takes]
            plain = [a.array if isinstance(a, Variable) else a for a in given]
            if not all(map(same_option, bound.args[takes:], unasked)) or not fits(*plain):
                return shipped(*args, **kwargs)
            try:
                result = recorded(*given)
            except Exception:
                shipped(*args, **kwargs)  # bad input: its error says more
                raise
            if isinstance(result, Variable):
                if needs is not None and result._node is not None:
                    result._node.versions = watched(given, needs)
                if moves and np.may_share_memory(result.array, plain[0]):
                    result._is_view_of(given[0], lambda base: yours(base, *given[1:]))
            return result

        return yours

    return adapt


def same_option(given: Any, default: Any) -> bool:
    """numpy's float64 equals None, and is another option all the same."""
    return given is default or (type(given) is type(default) and given == default)


def watched(given: tuple, needs: dict) -> list:
    """The counters of changes of those inputs at which a wanted gradient looks, and what they say now."""
    wanted = {j for i, x in enumerate(given) if isinstance(x, Variable) and x.requires_grad for j in needs.get(i, ())}
    counters = [given[j].counter() for j in sorted(wanted) if isinstance(given[j], Variable)]
    return [(counter, counter[0]) for counter in counters]


def is_float(x: Any) -> bool:
    return isinstance(x, np.ndarray) and x.dtype.kind == "f"


def float_pair(a: Any, b: Any) -> bool:
    return (is_float(a) or is_float(b)) and ops.result_dtype(a, b).kind == "f"


def as_pair(a: Any, b: Any) -> tuple:
    """Both as arrays of one dtype: a plain number becomes an array without axes."""
    dtype = ops.result_dtype(a, b)
    return np.asarray(a, dtype), np.asarray(b, dtype)


def matrices(*arrays: Any) -> bool:
    return all(is_float(a) and a.ndim == 2 for a in arrays) and len({a.dtype for a in arrays}) == 1


def tensor(id: str, code: Callable, **parts: Any) -> Exercise:
    return register(Exercise(id=f"tensor.{id}", lesson=5, solution=code, **parts))


# Mistakes that every operation knows. `hint` of the pair: what an operation has to give back.
PAIR_HINT = "You gave back {actual}. Asked are two things: the output, and a function `backward`. The last line is `return output, backward`, without brackets behind `backward`: hand over the function, do not call it."
COMMA_HINT = "Your gradient came back bare. `backward` gives a tuple, with one gradient for each input, even for one: python only makes a tuple of one if there is a comma, `return (..., )`."
G_HINT = "Your backward never uses g: it gives the slope of this step alone. The chain rule wants it times g, what arrives from above, element by element. (For g = all ones the two agree, and the bug hides.)"
FLOAT64_HINT = "Your output is {actual}, from float32 inputs. Some `dtype=float` or `astype(float)` makes everything twice as large; learnnn then refuses to multiply it with float32 weights. Keep the dtype you were given."
IN_PLACE_HINT = "Your code overwrites an array it was only lent (`+=`, `*=`, `x[...] =`, `out=`). Others still use it: another step may be waiting for that very g. Make a new array."


def float64(f: Callable) -> Callable:
    """The same in float64 always."""
    return lambda *arrays: f(*[np.asarray(a, float) if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a for a in arrays])


def bare(f: Callable) -> Callable:
    """The same without the tuple around the only gradient."""

    def f_bare(*arrays: Any) -> Any:
        out, backward = f(*arrays)
        return out, lambda g: backward(g)[0]

    return f_bare


def only_output(f: Callable) -> Callable:
    return lambda *arrays: f(*arrays)[0]


# ------------------------------------------------------------------------------------------- un-broadcasting
def unbroadcast(grad, shape):
    grad = grad.sum(axis=tuple(range(grad.ndim - len(shape))))  # axes that broadcasting put in front
    stretched = tuple(i for i, n in enumerate(shape) if n == 1)  # axes of size 1 that it repeated
    return grad.sum(axis=stretched, keepdims=True)


def unbroadcast_step_by_step(grad, shape):
    while grad.ndim > len(shape):
        grad = grad.sum(axis=0)
    for axis, n in enumerate(shape):
        if n == 1 and grad.shape[axis] != 1:
            grad = grad.sum(axis=axis, keepdims=True)
    return grad


def unbroadcast_by_padding(grad, shape):
    padded = (1,) * (grad.ndim - len(shape)) + tuple(shape)
    axes = tuple(i for i in range(grad.ndim) if padded[i] == 1)
    return np.sum(grad, axis=axes).reshape(shape)


def unbroadcast_by_looping(grad, shape):
    out = np.zeros(shape, grad.dtype)
    for place in np.ndindex(grad.shape):
        out[met(place, shape)] += grad[place]
    return out


def call_unbroadcast(grad: np.ndarray, shape: tuple, f: Callable) -> Any:
    return f(grad, shape)


def folded(grad: np.ndarray, shape: tuple) -> np.ndarray:
    """Every element of the gradient added where its value came from."""
    out = np.zeros(shape)
    for place in np.ndindex(grad.shape):
        out[met(place, shape)] += grad[place]
    return out


BROADCASTS = (
    ((3,), ()), ((2, 3), (3,)), ((2, 3), (2, 1)), ((2, 3), (1, 3)), ((2, 3), (1, 1)), ((2, 3), ()), ((2, 3), (2, 3)), ((3,), (3,)), ((3,), (1,)),
    ((3, 3), (3,)), ((3, 3), (3, 1)), ((3, 3), (1, 3)), ((4, 2, 3), (2, 3)), ((4, 2, 3), (2, 1)), ((4, 2, 3), (4, 1, 3)), ((2, 2, 2), (2,)), ((2, 2, 2), (2, 1)), ((2, 2, 2), (1, 2, 1)),
    ((2, 1), (2, 1)), ((2, 1), (1,)), ((1, 3), (3,)), ((1,), ()), ((), ()), ((0, 3), (3,)), ((0, 3), (1, 3)), ((2, 0), (2, 1)),
)


def unbroadcast_trials(rng: np.random.Generator) -> Iterator[Trial]:
    small = array([1, 2, 3], [10, 20, 30])
    for grad, shape in ((small, (3,)), (small, (2, 1)), (small, (1, 3)), (small, ())):
        yield unbroadcast_trial(grad, shape)
    for wide, shape in BROADCASTS:
        yield unbroadcast_trial(drawn(rng, *wide), shape)
    yield unbroadcast_trial(strided(rng, 3, 3), (3, 1))
    yield Trial("dtype of the answer", "grad = (ones of shape (2, 3), all of them float32), shape = (3,)", lambda f: str(f(np.ones((2, 3), np.float32), (3,)).dtype), "float32")


def unbroadcast_trial(grad: np.ndarray, shape: tuple) -> Trial:
    return Trial("", f"grad = {spelled(grad)}, shape = {shape}", partial(call_unbroadcast, grad, shape), folded(grad, shape))


def adapt_unbroadcast(f: Callable) -> Callable:
    shipped = autograd.unbroadcast

    @wraps(shipped)
    def yours(grad: Any, shape: tuple) -> Any:
        if isinstance(grad, Variable) or np.ndim(grad) < len(shape):
            return shipped(grad, shape)
        return np.reshape(f(np.asarray(grad), tuple(shape)), shape)

    return yours


def wrong_unbroadcast(axes: Callable, **options: Any) -> Callable:
    """Sums over the axes that `axes(grad, shape)` names."""
    return lambda grad, shape: grad.sum(axis=tuple(axes(grad, shape)), **options) if grad.shape != shape else grad


def lined_up_from_the_left(grad, shape):
    for axis, n in enumerate(shape):
        if grad.shape[axis] != n:
            grad = grad.sum(axis=axis, keepdims=True)
    while grad.ndim > len(shape):
        grad = grad.sum(axis=-1)
    return grad


def axes_lost_in_the_loop(grad, shape):
    while grad.ndim > len(shape):
        grad = grad.sum(axis=0)
    for axis, n in enumerate(shape):
        if n == 1:
            grad = grad.sum(axis=axis)
    return grad


def axes_after_summing(grad, shape):
    for axis in range(grad.ndim - len(shape)):
        grad = grad.sum(axis=axis)
    return grad.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)


tensor(
    "unbroadcast",
    unbroadcast,
    title="Un-broadcasting: sum over the copies",
    statement="A value of shape `shape` was broadcast, and `grad` is the gradient of the broadcast copy. Give the gradient of the value itself: an array of shape `shape`, in which the gradients of all its copies are summed.",
    signature="unbroadcast(grad, shape) -> array of that shape",
    trials=unbroadcast_trials,
    variants=(unbroadcast_step_by_step, unbroadcast_by_padding, unbroadcast_by_looping),
    hints=(
        "Write the two shapes under each other, lined up at their right ends, as numpy does: (2, 3) over (3,). Which axes were invented, which were stretched from size 1?",
        "Two kinds of axes to sum over. Those in front, which the value did not have: sum them away. Those where `shape` says 1: sum, and keep the axis (`keepdims=True`).",
        "There are `grad.ndim - len(shape)` axes in front. After `grad = grad.sum(axis=(those in front))` both shapes have the same number of axes, and the rest is one more sum over every axis where shape is 1.",
    ),
    replaces="learnnn.autograd.unbroadcast",
    adapt=adapt_unbroadcast,
    mistakes=(
        Mistake("nothing-summed", lambda grad, shape: grad, "You gave the gradient back as it came. A value that broadcasting copied gets the sum over its copies, and has its own shape again: here {inputs}."),
        Mistake("front-axes-only", wrong_unbroadcast(lambda grad, shape: range(grad.ndim - len(shape))), "You sum over the axes that were put in front. There is a second kind: axes of size 1 that were stretched."),
        Mistake("stretched-axes-only", lambda grad, shape: grad.sum(axis=tuple(grad.ndim - len(shape) + i for i, n in enumerate(shape) if n == 1), keepdims=True), "You sum over stretched axes (those with size 1 in `shape`). Axes in front, which the value does not have at all, are copies too: sum them away."),
        Mistake("keepdims-forgotten", wrong_unbroadcast(lambda grad, shape: [i for i in range(grad.ndim) if i < grad.ndim - len(shape) or shape[i - grad.ndim + len(shape)] == 1]), "The numbers are right, the shape is not: an axis of size 1 in `shape` has to be there in the answer. Sum it with `keepdims=True`, or reshape at the end."),
        Mistake("axes-lost-in-the-loop", axes_lost_in_the_loop, "Your loop over the axes of size 1 sums them away, and what comes after them moves one place forward. They have to stay, with size 1: `keepdims=True`."),
        Mistake("always-the-first-axis", lambda grad, shape: grad.sum(axis=0) if grad.shape != shape else grad, "You always sum over axis 0. That is right for a bias under a batch of rows, and for nothing else: which axes were copied depends on the two shapes."),
        Mistake("always-everything", lambda grad, shape: np.broadcast_to(grad.sum(), shape).copy() if grad.shape != shape else grad, "You sum everything up and give every element the total. Each element gets only what its own copies received."),
        Mistake("mean-instead-of-sum", lambda grad, shape: unbroadcast(grad, shape) / max(1, grad.size // max(1, math.prod(shape))), "You take the mean over the copies. Every copy moves the result, so their gradients add up: a value used k times gets a sum of k."),
        Mistake("one-copy-only", lambda grad, shape: grad[tuple(slice(0, n) if n == 1 else slice(None) for n in (1,) * (grad.ndim - len(shape)) + shape)].reshape(shape), "You took the gradient of the first copy. All the copies count: sum them."),
        Mistake("reshaped", lambda grad, shape: grad.reshape(shape), "reshape only rearranges: it needs as many elements after as before. Copies have to be added up first."),
        Mistake("lined-up-from-the-left", lined_up_from_the_left, "You compare the shapes from the left. Broadcasting lines them up at their right ends: (3,) under (2, 3) stands beneath the 3."),
        Mistake("axis-numbers-shift", axes_after_summing, "You sum axis 0, then axis 1, ... But when axis 0 is gone, what was axis 1 has become axis 0. Name all axes in one call, `sum(axis=(0, 1))`, or sum axis 0 each time."),
        Mistake("size-one-axes-squeezed", lambda grad, shape: np.squeeze(unbroadcast(grad, shape)), "The numbers are right, but axes of size 1 are missing from your answer: its shape has to be `shape`, exactly."),
        Mistake("nothing-returned", lambda grad, shape: None, "Your function ends without a `return`."),
        Mistake("always-float64", lambda grad, shape: unbroadcast(np.asarray(grad, float), shape), FLOAT64_HINT),
    ),
)


# ----------------------------------------------------------------------------------------- one by one: exp, tanh, relu
def elementwise(name: str, points: list, limit: float = 2.0) -> Callable:
    """Trials of an operation on one array; `name` is that of the function on single numbers, below."""
    function = NUMBERWISE[name]

    def trials(rng: np.random.Generator) -> Iterator[Trial]:
        ref = each(function)
        for x, g in points:
            yield trial("x", ref, (array(x),), array(g))
        for shape in ((3,), (2, 3), (1, 1), (), (4, 1, 5)):
            x = np.clip(away_from_zero(drawn(rng, *shape)), -limit, limit)
            yield trial("x", ref, (x,), drawn(rng, *shape))
        x = np.clip(away_from_zero(strided(rng, 3, 2)), -limit, limit)
        yield trial("x", ref, (x,), strided(rng, 3, 2))
        yield trial("x", ref, (np.zeros((0, 3)),), np.zeros((0, 3)))
        yield again("x", ref, (array([0.5, -1]),), array([2, 3]))
        yield keeps_float32("x", (array([0.5, -1]),))

    return trials


def away_from_zero(x: np.ndarray) -> np.ndarray:
    """No element where a nudge would jump over the corner of relu."""
    return np.asarray(np.where(x == 0, 0.5, x))


NUMBERWISE = {"exp": math.exp, "tanh": math.tanh, "relu": lambda v: max(v, 0.0)}


def exp(x):
    y = np.exp(x)

    def backward(g):
        return (g * y,)

    return y, backward


def exp_in_a_line(x):
    y = np.exp(x)
    return y, lambda g: (y * g,)


def exp_afresh(x):
    def backward(g):
        return [np.multiply(g, np.exp(x))]

    return np.exp(x), backward


def exp_by_power(x):
    out = np.power(x.dtype.type(math.e), x)

    def backward(grad):
        return (np.einsum("...,...->...", grad, out),)

    return out, backward


def in_place_on_g(x):
    y = np.exp(x)

    def backward(g):
        g *= y
        return (g,)

    return y, backward


tensor(
    "exp",
    exp,
    title="exp, in the form that all operations have",
    statement="Give back `(output, backward)`: the array exp(x), and a function that turns g, the gradient of the output, into a tuple with the gradient of x.",
    signature="exp(x) -> (output, backward)",
    trials=elementwise("exp", [([0, 1], [1, 1]), ([0, 1], [5, 0]), ([0, 0], [2, -3]), ([1, -1], [1, 10])]),
    variants=(exp_in_a_line, exp_afresh, exp_by_power),
    hints=(
        "The slope of exp at x is exp(x) itself: the output. Keep it in a name.",
        "backward gets g, an array as large as the output. Each element of x moves only its own element of the output, so everything happens element by element: slope times g.",
        "`y = np.exp(x)`, then inside, `def backward(g): return (... , )` with a product of two arrays that you have, then `return y, backward`.",
    ),
    replaces="learnnn.ops.exp",
    adapt=operation("exp", ops.exp, is_float),
    mistakes=(
        Mistake("g-forgotten", lambda x: (np.exp(x), lambda g: (np.exp(x),)), G_HINT),
        Mistake("input-for-output", lambda x: (np.exp(x), lambda g: (g * x,)), "You multiplied g by the input x. The slope of exp is its output."),
        Mistake("rule-of-powers", lambda x: (np.exp(x), lambda g: (g * x * np.exp(x - 1),)), "x * exp(x - 1) looks like the rule for x ** n. Here x stands in the exponent, and exp is its own slope."),
        Mistake("slope-of-log", lambda x: (np.exp(x), lambda g: (g / x,)), "1 / x is the slope of log, the way back. exp is its own slope."),
        Mistake("exp-of-the-output", lambda x: (np.exp(x), lambda g: (g * np.exp(np.exp(x)),)), "You took exp of the output once more. The output already is the slope."),
        Mistake("exp-of-g", lambda x: (np.exp(x), lambda g: (np.exp(g),)), "You took exp of the gradient. Gradients are only ever multiplied: the slope (known from the forward pass) times g."),
        Mistake("g-passed-on", lambda x: (np.exp(x), lambda g: (g,)), "You pass g on unchanged, as if exp had slope 1 everywhere."),
        Mistake("slope-added", lambda x: (np.exp(x), lambda g: (g + np.exp(x),)), "You added slope and g. Along a path slopes are multiplied; only different paths add up."),
        Mistake("gradients-summed-up", lambda x: (np.exp(x), lambda g: (np.sum(g * np.exp(x)),)), "One number came back for the whole array. Each element of x has a gradient of its own: the shape of x."),
        Mistake("g-overwritten", in_place_on_g, IN_PLACE_HINT),
        Mistake("always-float64", float64(exp), FLOAT64_HINT),
        Mistake("comma-missing", bare(exp), COMMA_HINT),
        Mistake("backward-not-returned", only_output(exp), PAIR_HINT),
        Mistake("backward-called", lambda x: (np.exp(x), np.exp(x)), PAIR_HINT),
    ),
)


def tanh(x):
    y = np.tanh(x)

    def backward(g):
        return (g * (1 - y * y),)

    return y, backward


def tanh_by_factors(x):
    y = np.tanh(x)
    return y, lambda g: [g * (1 - y) * (1 + y)]


def tanh_by_exp(x):
    small = np.exp(-2 * np.abs(x))
    y = np.sign(x) * (1 - small) / (1 + small)

    def backward(g):
        return (4 * g * small / (1 + small) ** 2,)

    return y, backward


def tanh_by_squaring(x):
    t = np.tanh(x)
    slope = 1 - t**2
    return t, lambda grad: (np.multiply(slope, grad),)


def tanh_overflowing(x):
    y = (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))
    return y, lambda g: (g * (1 - y * y),)


tensor(
    "tanh",
    tanh,
    title="tanh on arrays",
    statement="As `tanh` of lesson 03, for a whole array: `(output, backward)`.",
    signature="tanh(x) -> (output, backward)",
    trials=elementwise("tanh", [([0, 1], [1, 1]), ([0.5, -2], [10, 1]), ([-1, 1], [2, -3]), ([1000, -1000], [1, 1])]),
    variants=(tanh_by_factors, tanh_by_exp, tanh_by_squaring),
    hints=(
        "Lesson 03: with t = tanh(a), the slope is 1 - t * t. It is told from the output.",
        "Element by element: slope times g. Mind the brackets.",
        "`y = np.tanh(x)`, and the gradient is g times the bracket (1 - ...), in a tuple with its comma.",
    ),
    replaces="learnnn.ops.tanh",
    adapt=operation("tanh", ops.tanh, is_float),
    mistakes=(
        Mistake("slope-from-the-input", lambda x: (np.tanh(x), lambda g: (g * (1 - x * x),)), "You put the input into 1 - t * t. t is the output, tanh(x)."),
        Mistake("g-forgotten", lambda x: (np.tanh(x), lambda g: (1 - np.tanh(x) ** 2,)), G_HINT),
        Mistake("brackets-missing", lambda x: (np.tanh(x), lambda g: (g * 1 - np.tanh(x) ** 2,)), "python multiplies before it subtracts: g * 1 - y * y is (g) - (y * y). Put the slope into brackets."),
        Mistake("square-missing", lambda x: (np.tanh(x), lambda g: (g * (1 - np.tanh(x)),)), "You have 1 - t; it is 1 - t * t."),
        Mistake("one-minus-missing", lambda x: (np.tanh(x), lambda g: (g * np.tanh(x) ** 2,)), "Your slope is t * t; it should be what is missing from it to 1. tanh is steepest where t is 0."),
        Mistake("slope-of-the-sigmoid", lambda x: (np.tanh(x), lambda g: (g * np.tanh(x) * (1 - np.tanh(x)),)), "t * (1 - t) is the slope of the logistic function. For tanh it is 1 - t * t."),
        Mistake("squashed-twice", lambda x: (np.tanh(x), lambda g: (g * (1 - np.tanh(np.tanh(x)) ** 2),)), "You took tanh of the output once more. t is tanh(x) already."),
        Mistake("g-squashed", lambda x: (np.tanh(x), lambda g: (1 - np.tanh(g) ** 2,)), "You work out the slope at g. The slope is taken where the forward pass was: at x. g only multiplies it."),
        Mistake("g-passed-on", lambda x: (np.tanh(x), lambda g: (g,)), "You pass g on unchanged, as if tanh had slope 1 everywhere. Far out it is flat."),
        Mistake("tan-instead", lambda x: (np.tan(x), lambda g: (g * (1 + np.tan(x) ** 2),)), "`np.tan` is the tangent of an angle. `np.tanh` is the one that squashes."),
        Mistake("exp-overflows", tanh_overflowing, "Right for small x, and at {inputs} exp grows past the largest number there is. `np.tanh` knows its way."),
        Mistake("always-float64", float64(tanh), FLOAT64_HINT),
        Mistake("comma-missing", bare(tanh), COMMA_HINT),
        Mistake("backward-not-returned", only_output(tanh), PAIR_HINT),
    ),
)


def relu(x):
    def backward(g):
        return (g * (x > 0),)

    return np.maximum(x, 0), backward


def relu_by_where(x):
    return np.where(x > 0, x, x.dtype.type(0)), lambda g: (np.where(x > 0, g, 0),)


def relu_by_mask(x):
    mask = x > 0
    return x * mask, lambda g: [mask * g]


def relu_by_copy(x):
    y = np.array(x)
    y[y < 0] = 0

    def backward(g):
        dx = np.array(g)
        dx[y <= 0] = 0
        return (dx,)

    return y, backward


def relu_in_place(x):
    x[x < 0] = 0
    return x, lambda g: (g * (x > 0),)


def relu_g_in_place(x):
    def backward(g):
        g[x <= 0] = 0
        return (g,)

    return np.maximum(x, 0), backward


def relu_trials(rng: np.random.Generator) -> Iterator[Trial]:
    yield from elementwise("relu", [([1, -2], [1, 1]), ([3, -1, 2], [5, 5, -5]), ([1, -2], [-1, -1])])(rng)
    for x, g in ((array([0, 0]), array([1, 1])), (array([0, 2, -1, 0]), array([3, 4, 5, -6]))):
        expected = each(NUMBERWISE["relu"])(x), (np.array([g_ if x_ > 0 else 0.0 for x_, g_ in zip(x, g)]),)
        yield Trial("at 0 the slope is 0, as in PyTorch", question("x", (x,), g), partial(ask, (x,), g, ()), expected)


tensor(
    "relu",
    relu,
    title="relu on arrays",
    statement="Positive numbers pass, the others become 0: `(output, backward)`. At exactly 0 take the slope 0, as PyTorch does.",
    signature="relu(x) -> (output, backward)",
    trials=relu_trials,
    variants=(relu_by_where, relu_by_mask, relu_by_copy),
    hints=(
        "Nudge a positive element: the output follows one for one. Nudge a negative one: nothing happens. So the slope is 1 or 0.",
        "`x > 0` is an array of True and False, and in a product True counts 1 and False 0.",
        "The output is `np.maximum(x, 0)`, element by element (not np.max). The gradient is g times the mask, in a tuple.",
    ),
    replaces="learnnn.ops.relu",
    adapt=operation("relu", ops.relu, is_float),
    mistakes=(
        Mistake("slope-one-at-zero", lambda x: (np.maximum(x, 0), lambda g: (g * (x >= 0),)), "At exactly 0 you let the gradient through. There, left and right disagree, and a choice is needed: PyTorch's is 0, so `x > 0`."),
        Mistake("half-at-zero", lambda x: (np.maximum(x, 0), lambda g: (g * ((x > 0) + 0.5 * (x == 0)),)), "At exactly 0 you give half. A fair choice (and the one for max of two); here PyTorch chose 0."),
        Mistake("mask-of-g", lambda x: (np.maximum(x, 0), lambda g: (g * (g > 0),)), "You look at the sign of g. What decides is whether x was positive on the way forward; a negative gradient passes like any other."),
        Mistake("mask-of-both", lambda x: (np.maximum(x, 0), lambda g: (g * (g > 0) * (x > 0),)), "You also stop negative gradients. Where x is positive, everything passes, whatever its sign."),
        Mistake("g-forgotten", lambda x: (np.maximum(x, 0), lambda g: ((x > 0) * 1.0,)), G_HINT),
        Mistake("g-passed-on", lambda x: (np.maximum(x, 0), lambda g: (g,)), "You pass all of g on. Where x was negative, nudging it changes nothing: its gradient is 0."),
        Mistake("value-for-slope", lambda x: (np.maximum(x, 0), lambda g: (g * np.maximum(x, 0),)), "You multiplied g by the output. Where x is positive the slope is 1, however large x is."),
        Mistake("mask-upside-down", lambda x: (np.maximum(x, 0), lambda g: (g * (x < 0),)), "Your mask lets the gradient through where x was negative: the wrong way round."),
        Mistake("absolute-value", lambda x: (np.abs(x), lambda g: (g * np.sign(x),)), "That is the absolute value: -2 became 2. relu makes it 0."),
        Mistake("largest-along-an-axis", lambda x: (np.max(x, 0), lambda g: (g * (x > 0),)), "`np.max(x, 0)` is the largest element along axis 0. Element by element against 0 is `np.maximum(x, 0)`."),
        Mistake("input-overwritten", relu_in_place, IN_PLACE_HINT),
        Mistake("g-overwritten", relu_g_in_place, IN_PLACE_HINT),
        Mistake("always-float64", float64(relu), FLOAT64_HINT),
        Mistake("comma-missing", bare(relu), COMMA_HINT),
        Mistake("backward-not-returned", only_output(relu), PAIR_HINT),
    ),
)


# -------------------------------------------------------------------------------------------- pairs: add, mul
def pair_trials(function: Callable) -> Callable:
    def trials(rng: np.random.Generator) -> Iterator[Trial]:
        ref = pairwise(function)
        points = (
            ([1, 2], 10, [1, 1]), ([1, 2], [3, 4], [1, 5]), (5, [1, 2], [1, 3]), ([[1, 2], [3, 4]], [10, 20], [[1, 1], [1, 1]]),
            ([[1, 2], [3, 4]], [[10], [20]], [[1, 2], [3, 4]]), ([0, 2], [3, 0], [1, 1]),
        )
        for a, b, g in points:
            yield trial("ab", ref, (array(a), array(b)), array(g))
        for left, right in (((3,), (3,)), ((2, 3), (3,)), ((3,), (2, 3)), ((3, 3), (3, 1)), ((3, 3), (3,)), ((2, 1), (1, 3)), ((4, 2, 3), (2, 1)), ((1, 1), (1, 1)), ((), ()), ((0, 3), (3,))):
            g = drawn(rng, *np.broadcast_shapes(left, right))
            yield trial("ab", ref, (drawn(rng, *left), drawn(rng, *right)), g)
        yield trial("ab", ref, (strided(rng, 3, 3), drawn(rng, 3)), strided(rng, 3, 3))
        yield again("ab", ref, (array([1, 2]), array([3, 4])), array([2, 3]))
        yield keeps_float32("ab", (array([1, 2]), array([3, 4])))

    return trials


def add(a, b):
    def backward(g):
        return unbroadcast(g, a.shape), unbroadcast(g, b.shape)

    return a + b, backward


def add_in_a_line(a, b):
    return b + a, lambda g: [unbroadcast_by_padding(g, x.shape) for x in (a, b)]


def add_by_growing(a, b):
    out = np.add(a, b)

    def backward(g):
        grads = ()
        for x in (a, b):
            grads += (unbroadcast_step_by_step(g * np.ones_like(out), x.shape),)
        return grads

    return out, backward


def add_saving_shapes(a, b):
    shapes = a.shape, b.shape
    return a + b, lambda g: tuple(unbroadcast_by_looping(np.asarray(g), shape) for shape in shapes)


def paired(out: Callable, slopes: Callable, fold: Callable = unbroadcast) -> Callable:
    """An operation on two arrays from its value, its two slopes times g, and a way to fold gradients back."""

    def f(a, b):
        def backward(g):
            da, db = slopes(a, b, g)
            return fold(da, a.shape), fold(db, b.shape)

        return out(a, b), backward

    return f


def plus(a, b):
    return a + b


def times(a, b):
    return a * b


def unfolded(grad, shape):
    return grad


def sum_first_axis(grad, shape):
    return grad.sum(axis=0) if grad.shape != shape else grad


def mean_of_copies(grad, shape):
    return unbroadcast(grad, shape) / max(1, grad.size // max(1, math.prod(shape)))


def add_in_place(a, b):
    a += b
    return a, lambda g: (unbroadcast(g, a.shape), unbroadcast(g, b.shape))


def second_only(grad_a, grad_b):
    return grad_a, grad_b


UNFOLDED_HINT = "A gradient came back in the shape of the output. {inputs}: broadcasting copied one of the inputs, and its gradient has to be summed back to its own shape. Your `unbroadcast` does that."

tensor(
    "add",
    add,
    title="Addition of arrays that broadcast",
    statement="`(output, backward)` for a + b. The shapes may differ, as numpy allows; each gradient has the shape of its own input.",
    signature="add(a, b) -> (output, backward)",
    trials=pair_trials(plus),
    variants=(add_in_a_line, add_by_growing, add_saving_shapes),
    hints=(
        "On single numbers both slopes are 1 (lesson 03), so g goes to both inputs as it is. What is left is the shape.",
        "Each input gets `unbroadcast(g, its shape)`. Where nothing was copied, unbroadcast changes nothing.",
        "`def backward(g): return unbroadcast(g, ...), unbroadcast(g, ...)`: two gradients, in the order of the inputs.",
    ),
    replaces="learnnn.ops.add",
    adapt=operation("add", ops.add, float_pair, as_pair, needs={}),
    mistakes=(
        Mistake("not-unbroadcast", paired(plus, lambda a, b, g: (g, g), unfolded), UNFOLDED_HINT),
        Mistake("only-the-second-unbroadcast", lambda a, b: (a + b, lambda g: (g, unbroadcast(g, b.shape))), "You fold the gradient back for b only. a may be the smaller one: the sum is the same either way round."),
        Mistake("only-the-first-unbroadcast", lambda a, b: (a + b, lambda g: (unbroadcast(g, a.shape), g)), "You fold the gradient back for a only. b may be the smaller one: think of a bias."),
        Mistake("g-forgotten", paired(plus, lambda a, b, g: (np.ones_like(g), np.ones_like(g))), G_HINT),
        Mistake("summed-over-the-first-axis", paired(plus, lambda a, b, g: (g, g), sum_first_axis), "Where shapes differ you sum over axis 0. Which axes were copied depends on the shapes: a column of shape (2, 1) is copied along axis 1."),
        Mistake("mean-over-the-copies", paired(plus, lambda a, b, g: (g, g), mean_of_copies), "You take the mean over the copies. Their gradients add up."),
        Mistake("slopes-of-a-product", paired(plus, lambda a, b, g: (g * b, g * a)), "g times the other input: that is the rule for a * b."),
        Mistake("inputs-for-slopes", paired(plus, lambda a, b, g: (g * a, g * b)), "You multiply g by the input. In a sum both slopes are 1."),
        Mistake("shared-out", paired(plus, lambda a, b, g: (g / 2, g / 2)), "You split g between the inputs. A nudge of one input alone moves the sum by all of it: both get the whole g."),
        Mistake("minus-for-the-second", paired(plus, lambda a, b, g: (g, -g)), "A minus for b belongs to a - b."),
        Mistake("one-gradient-for-two", lambda a, b: (a + b, lambda g: (unbroadcast(g, a.shape),)), "One gradient came back for two inputs."),
        Mistake("input-overwritten", add_in_place, IN_PLACE_HINT),
        Mistake("always-float64", float64(add), FLOAT64_HINT),
        Mistake("backward-not-returned", only_output(add), PAIR_HINT),
    ),
)


def mul(a, b):
    def backward(g):
        return unbroadcast(g * b, a.shape), unbroadcast(g * a, b.shape)

    return a * b, backward


def mul_in_a_line(a, b):
    return b * a, lambda g: [unbroadcast_by_padding(g * other, x.shape) for x, other in ((a, b), (b, a))]


def mul_by_names(x, y):
    def backward(grad):
        grad_x, grad_y = y * grad, x * grad
        return unbroadcast_step_by_step(grad_x, x.shape), unbroadcast_step_by_step(grad_y, y.shape)

    return np.multiply(x, y), backward


def mul_by_wide_copies(a, b):
    wide_a, wide_b = np.broadcast_arrays(a, b)

    def backward(g):
        return unbroadcast_by_looping(wide_b * g, a.shape), unbroadcast_by_looping(wide_a * g, b.shape)

    return wide_a * wide_b, backward


def mul_dividing(a, b):
    out = a * b
    return out, lambda g: (unbroadcast(g * out / a, a.shape), unbroadcast(g * out / b, b.shape))


tensor(
    "mul",
    mul,
    title="Elementwise product of arrays that broadcast",
    statement="`(output, backward)` for a * b, element by element. Each gradient has the shape of its own input.",
    signature="mul(a, b) -> (output, backward)",
    trials=pair_trials(times),
    variants=(mul_in_a_line, mul_by_names, mul_by_wide_copies),
    hints=(
        "On single numbers each input's slope is the other input (lesson 03). Do that element by element, times g.",
        "First multiply, then fold back: g and the other input together have the shape of the output; only then is it time for `unbroadcast`.",
        "`return unbroadcast(g * ..., a.shape), unbroadcast(g * ..., b.shape)`.",
    ),
    replaces="learnnn.ops.mul",
    adapt=operation("mul", ops.mul, float_pair, as_pair, needs={0: (1,), 1: (0,)}),
    mistakes=(
        Mistake("slopes-swapped", paired(times, lambda a, b, g: (g * a, g * b)), "Each input's slope is the other input. Yours has them the wrong way round."),
        Mistake("not-unbroadcast", paired(times, lambda a, b, g: (g * b, g * a), unfolded), UNFOLDED_HINT),
        Mistake("unbroadcast-too-early", lambda a, b: (a * b, lambda g: (unbroadcast(g, a.shape) * b, unbroadcast(g, b.shape) * a)), "You fold g back first and multiply afterwards. Every copy has a factor of its own: multiply while everything still has the output's shape, then sum."),
        Mistake("g-forgotten", paired(times, lambda a, b, g: (np.ones_like(g) * b, np.ones_like(g) * a)), G_HINT),
        Mistake("summed-over-the-first-axis", paired(times, lambda a, b, g: (g * b, g * a), sum_first_axis), "Where shapes differ you sum over axis 0. Which axes were copied depends on the shapes."),
        Mistake("mean-over-the-copies", paired(times, lambda a, b, g: (g * b, g * a), mean_of_copies), "You take the mean over the copies. Their gradients add up."),
        Mistake("slopes-of-a-sum", paired(times, lambda a, b, g: (g, g)), "You pass g on unchanged: the rule of a + b. Here the other input amplifies it."),
        Mistake("slopes-are-the-output", paired(times, lambda a, b, g: (g * a * b, g * a * b)), "You multiply g by the output. In each slope only the other factor is left."),
        Mistake("divides-the-output", mul_dividing, "Output divided by input gives the other factor, until an input is 0. Use the other factor itself."),
        Mistake("second-copied-from-first", paired(times, lambda a, b, g: (g * b, g * b)), "The gradient of a is right, that of b is a copy of it: b's slope is a."),
        Mistake("gradients-in-the-wrong-order", lambda a, b: (a * b, lambda g: (unbroadcast(g * a, b.shape), unbroadcast(g * b, a.shape))), "Two right gradients in the wrong order: first that of a, then that of b."),
        Mistake("sum-for-the-output", paired(plus, lambda a, b, g: (g * b, g * a)), "The gradients are right; the output comes from a + b."),
        Mistake("always-float64", float64(mul), FLOAT64_HINT),
        Mistake("backward-not-returned", only_output(mul), PAIR_HINT),
    ),
)


# ------------------------------------------------------------------------------------------- reductions
def sum_(x, dim=None, keepdim=False):
    def backward(g):
        if dim is not None and not keepdim:
            g = np.expand_dims(g, dim)  # the summed axes again, with size 1
        return (np.broadcast_to(g, x.shape),)

    return x.sum(axis=dim, keepdims=keepdim), backward


def sum_by_ones(x, dim=None, keepdim=False):
    out = x.sum(axis=dim, keepdims=True)

    def backward(g):
        return [np.reshape(g, out.shape) * np.ones_like(x)]

    return (out if keepdim else x.sum(axis=dim)), backward


def sum_by_shape(x, dim=None, keepdim=False):
    dims = range(x.ndim) if dim is None else dim if isinstance(dim, tuple) else (dim,)
    small = [1 if i in [d % x.ndim for d in dims] else n for i, n in enumerate(x.shape)]
    return np.add.reduce(x, axis=tuple(dims), keepdims=keepdim), lambda g: (np.zeros_like(x) + g.reshape(small),)


def sum_by_repeating(x, dim=None, keepdim=False):
    y = np.sum(x, dim, keepdims=keepdim)

    def backward(g):
        dims = tuple(range(x.ndim)) if dim is None else dim
        g = np.asarray(g) if keepdim else np.expand_dims(g, dims)
        for axis, n in enumerate(x.shape):
            if g.shape[axis] != n:
                g = np.repeat(g, n, axis)
        return (g,)

    return y, backward


def reduction_trials(reference: Callable, empty: bool) -> Callable:
    def trials(rng: np.random.Generator) -> Iterator[Trial]:
        names = ("x", "dim", "keepdim")
        square = array([1, 2], [3, 4])
        points = (
            (array([1, 2, 3]), array(5), (None, False)), (array([1, 2, 3]), array(5), (0, False)), (square, array([10, 20]), (0, False)), (square, array([10, 20]), (1, False)),
            (square, array([10, 20]), (-1, False)), (square, array([[10], [20]]), (1, True)), (square, array(7), (None, False)), (square, array([[7]]), (None, True)),
            (array([1, 2, 3], [4, 5, 6]), array([10, 20, 30]), (0, False)), (array([1, 2, 3], [4, 5, 6]), array([10, 20]), (1, False)),
        )
        for x, g, options in points:
            yield trial(names, reference, (x,), g, options)
        for shape, dim, keepdim in (((3, 4), 0, False), ((3, 4), -2, False), ((3, 4), 1, True), ((2, 3, 4), 1, False), ((2, 3, 4), 1, True), ((2, 3, 4), (0, 2), False), ((2, 3, 4), (0, -1), True), ((2, 3, 4), None, False), ((3, 1), 1, False), ((1, 3), 0, False)):
            x = drawn(rng, *shape)
            yield trial(names, reference, (x,), drawn(rng, *reference(x, dim, keepdim).shape), (dim, keepdim))
        x = strided(rng, 3, 3)
        yield trial(names, reference, (x,), drawn(rng, 3), (0, False))
        if empty:
            yield trial(names, reference, (np.zeros((0, 3)),), drawn(rng, 3), (0, False))
            yield trial(names, reference, (np.zeros((0, 3)),), np.zeros(0), (1, False))
        yield again(names, reference, (square,), array([10, 20]), (0, False))
        yield keeps_float32(names, (square,), (0, False))

    return trials


def reduced(forward: Callable, spread: Callable) -> Callable:
    """A reduction from its forward and from spread(g, x, dim, keepdim)."""

    def f(x, dim=None, keepdim=False):
        return forward(x, dim, keepdim), lambda g: (spread(g, x, dim, keepdim),)

    return f


def total(x, dim, keepdim):
    return x.sum(axis=dim, keepdims=keepdim)


def back(g, x, dim, keepdim):
    """g repeated over the axes it was summed over."""
    return np.broadcast_to(g if keepdim or dim is None else np.expand_dims(g, dim), x.shape)


def back_for_one_axis(g, x, dim, keepdim):
    shape = list(x.shape)
    if dim is not None:
        shape[dim] = 1
        g = g.reshape(shape)
    return np.broadcast_to(g, x.shape)


AXIS_HINT = "The sum lost an axis, and g lacks it too: with {inputs}, numpy lines g up with the wrong axis (or cannot at all). Put the axis back first, with size 1: `np.expand_dims(g, dim)`."
REDUCE_HINTS = (
    "Every element of x has one place in the output that it went to. Where does g stand there, and how fast does that place move with the element?",
    "So the gradient of x is g, copied to every element that went into it: broadcasting, the other way round. If the sum dropped an axis, put it back with size 1 first: `np.expand_dims(g, dim)`.",
    "`if dim is not None and not keepdim: g = np.expand_dims(g, dim)`, then `np.broadcast_to(g, x.shape)`. expand_dims and sum both take one axis or a tuple of axes.",
)


def fits_reduction(x: Any, dim: Any, keepdim: bool) -> bool:
    return is_float(x) and x.ndim > 0 and dim != () and dim != []


def as_reduction(x: Any, dim: Any, keepdim: bool) -> tuple:
    return x, tuple(dim) if isinstance(dim, list) else dim, bool(keepdim)


tensor(
    "sum",
    sum_,
    title="The sum over axes",
    statement="`(output, backward)` for the sum of x over `dim`: None for everything, one axis, or a tuple of axes. `keepdim` keeps a summed axis with size 1.",
    signature="sum_(x, dim=None, keepdim=False) -> (output, backward)",
    trials=reduction_trials(summed, empty=True),
    variants=(sum_by_ones, sum_by_shape, sum_by_repeating),
    hints=REDUCE_HINTS,
    replaces="learnnn.ops.sum",
    adapt=operation("sum", ops.sum, fits_reduction, as_reduction, needs={}),
    mistakes=(
        Mistake("axis-not-put-back", reduced(total, lambda g, x, dim, keepdim: np.broadcast_to(g, x.shape)), AXIS_HINT),
        Mistake("g-not-spread", reduced(total, lambda g, x, dim, keepdim: g), "Your gradient has the shape of the output. x has more elements, and each of them wants its gradient: copy g to all that went into the sum."),
        Mistake("g-forgotten", reduced(total, lambda g, x, dim, keepdim: np.ones_like(x)), G_HINT),
        Mistake("divided-by-the-count", reduced(total, lambda g, x, dim, keepdim: back(g, x, dim, keepdim) / max(1, x.size // max(1, np.size(g)))), "Your gradient is {ratio} times what it should be: you divide by how many were added. That is the mean. In a sum every element counts in full."),
        Mistake("multiplied-by-the-input", reduced(total, lambda g, x, dim, keepdim: back(g, x, dim, keepdim) * x), "You multiply g by x. The sum moves one for one with each element, whatever its value."),
        Mistake("g-summed-too", reduced(total, lambda g, x, dim, keepdim: np.broadcast_to(np.sum(g), x.shape)), "You add up g before spreading it. Each element of x gets the g of the one place it went to."),
        Mistake("always-expanded", reduced(total, lambda g, x, dim, keepdim: np.broadcast_to(np.expand_dims(g, dim) if dim is not None else g, x.shape)), "With keepdim=True the axis is still there in g, and you put in one more: {inputs}."),
        Mistake("keepdim-ignored", lambda x, dim=None, keepdim=False: (x.sum(axis=dim), lambda g: (back(g, x, dim, keepdim),)), "Your output has the same shape with keepdim=True and without. `x.sum(axis=dim, keepdims=keepdim)`."),
        Mistake("always-keepdim", lambda x, dim=None, keepdim=False: (x.sum(axis=dim, keepdims=True), lambda g: (back(g, x, dim, keepdim),)), "Your output keeps the summed axis although keepdim is False."),
        Mistake("dim-ignored", lambda x, dim=None, keepdim=False: (x.sum(keepdims=keepdim), lambda g: (back(g, x, dim, keepdim),)), "You sum over everything, whatever `dim` says."),
        Mistake("one-axis-only", reduced(total, back_for_one_axis), "Right for one axis, and `dim` may also be a tuple of several: {inputs}. `np.expand_dims` takes tuples."),
        Mistake("expanded-at-the-end", reduced(total, lambda g, x, dim, keepdim: np.broadcast_to(g if keepdim or dim is None else np.asarray(g)[..., None], x.shape)), "You put the lost axis back at the end. It was at `dim`, and so it must be again."),
        Mistake("comma-missing", lambda x, dim=None, keepdim=False: (total(x, dim, keepdim), lambda g: back(g, x, dim, keepdim)), COMMA_HINT),
        Mistake("always-float64", lambda x, dim=None, keepdim=False: sum_(np.asarray(x, float), dim, keepdim), FLOAT64_HINT),
        Mistake("backward-not-returned", only_output(sum_), PAIR_HINT),
    ),
)


def mean(x, dim=None, keepdim=False):
    out = x.mean(axis=dim, keepdims=keepdim)
    n = x.size // out.size  # how many elements went into each mean

    def backward(g):
        if dim is not None and not keepdim:
            g = np.expand_dims(g, dim)
        return (np.broadcast_to(g / n, x.shape),)

    return out, backward


def mean_of_the_sum(x, dim=None, keepdim=False):
    dims = range(x.ndim) if dim is None else dim if isinstance(dim, tuple) else (dim,)
    n = math.prod(x.shape[d] for d in dims)
    y, pull = sum_(x, dim, keepdim)
    return y / n, lambda g: [pull(g)[0] / n]


def mean_by_ones(x, dim=None, keepdim=False):
    out = x.mean(axis=dim, keepdims=True)

    def backward(g):
        return (np.ones_like(x) * np.reshape(g, out.shape) * out.size / max(1, x.size),)

    return (out if keepdim else np.asarray(x.mean(axis=dim))), backward


def mean_by_weights(x, dim=None, keepdim=False):
    ones = np.ones_like(x)
    weights = ones / ones.sum(axis=dim, keepdims=True)

    def backward(g):
        return (weights * (g if keepdim or dim is None else np.expand_dims(g, dim)),)

    return (x * weights).sum(axis=dim, keepdims=keepdim), backward


def average(x, dim, keepdim):
    return x.mean(axis=dim, keepdims=keepdim)


def count(x, dim):
    dims = range(x.ndim) if dim is None else dim if isinstance(dim, tuple) else (dim,)
    return math.prod(x.shape[d] for d in dims)


def divided(by: Callable, forward: Callable = average) -> Callable:
    """The mean with another number to divide the gradient by."""
    return reduced(forward, lambda g, x, dim, keepdim: back(g, x, dim, keepdim) / (by(g, x, dim) or 1))


COUNT_HINT = "Your gradient is {ratio} times what it should be with {inputs}. "

tensor(
    "mean",
    mean,
    title="The mean over axes",
    statement="`(output, backward)` for the mean of x over `dim`: None for everything, one axis, or a tuple of axes, with `keepdim` as for the sum.",
    signature="mean(x, dim=None, keepdim=False) -> (output, backward)",
    trials=reduction_trials(averaged, empty=False),
    variants=(mean_of_the_sum, mean_by_ones, mean_by_weights),
    hints=(
        "A mean is a sum divided by n. So is its gradient. The question is only: what is n?",
        "n is how many elements went into one output. Elements of x divided by elements of the output gives it for any `dim`.",
        "Take your sum_ and divide g by n: `n = x.size // out.size`.",
    ),
    replaces="learnnn.ops.mean",
    adapt=operation("mean", ops.mean, lambda x, dim, keepdim: fits_reduction(x, dim, keepdim) and 0 not in x.shape, as_reduction, needs={}),
    mistakes=(
        Mistake("not-divided", divided(lambda g, x, dim: 1), COUNT_HINT + "The output is divided by n, the number of elements that were averaged, and so is its gradient."),
        Mistake("divided-by-all-elements", divided(lambda g, x, dim: x.size), COUNT_HINT + "You divide by x.size. With `dim` given, only the elements along that axis were averaged."),
        Mistake("divided-by-the-first-axis", divided(lambda g, x, dim: len(x)), COUNT_HINT + "You divide by len(x), the number of rows (the batch size). The mean divides by how many elements it averages, which may be others, or more."),
        Mistake("divided-by-the-last-axis", divided(lambda g, x, dim: x.shape[-1]), COUNT_HINT + "You divide by the length of the last axis, whatever `dim` says."),
        Mistake("divided-twice", divided(lambda g, x, dim: count(x, dim) ** 2), COUNT_HINT + "You divide by n twice."),
        Mistake("divided-by-the-outputs", divided(lambda g, x, dim: np.size(g)), COUNT_HINT + "You divide by the number of outputs. What counts is how many elements went into each of them."),
        Mistake("multiplied-by-the-count", divided(lambda g, x, dim: 1 / max(1, count(x, dim))), COUNT_HINT + "You multiply by n where dividing is right: the more elements share a mean, the less each of them moves it."),
        Mistake("divided-whole", reduced(average, lambda g, x, dim, keepdim: back(g, x, dim, keepdim) // (count(x, dim) or 1)), "`//` throws away what is behind the point: {actual} in place of {expected}. Use `/`."),
        Mistake("sum-for-the-output", divided(lambda g, x, dim: count(x, dim), total), "The gradient is right; the output is the sum, not yet divided."),
        Mistake("axis-not-put-back", reduced(average, lambda g, x, dim, keepdim: np.broadcast_to(g, x.shape) / (count(x, dim) or 1)), AXIS_HINT),
        Mistake("g-forgotten", reduced(average, lambda g, x, dim, keepdim: np.ones_like(x) / (count(x, dim) or 1)), G_HINT),
        Mistake("g-not-spread", reduced(average, lambda g, x, dim, keepdim: g / (count(x, dim) or 1)), "Your gradient has the shape of the output. Every element of x wants its own: copy it to all that were averaged."),
        Mistake("always-float64", lambda x, dim=None, keepdim=False: mean(np.asarray(x, float), dim, keepdim), FLOAT64_HINT),
        Mistake("comma-missing", lambda x, dim=None, keepdim=False: (average(x, dim, keepdim), lambda g: back(g, x, dim, keepdim) / (count(x, dim) or 1)), COMMA_HINT),
        Mistake("backward-not-returned", only_output(mean), PAIR_HINT),
    ),
)


# ----------------------------------------------------------------------------------------------- matmul, linear
def matmul(a, b):
    def backward(g):
        return g @ b.T, a.T @ g

    return a @ b, backward


def matmul_by_einsum(a, b):
    return np.einsum("nk,km->nm", a, b), lambda g: (np.einsum("nm,km->nk", g, b), np.einsum("nk,nm->km", a, g))


def matmul_by_outer_products(a, b):
    def backward(g):
        grad_b = np.zeros_like(b)
        for row, g_row in zip(a, g):
            grad_b += np.outer(row, g_row)
        return np.dot(g, np.transpose(b)), grad_b

    return np.dot(a, b), backward


def matmul_by_turning(a, b):
    return np.matmul(a, b), lambda g: [(b @ g.T).T, (g.T @ a).T]


def product_trials(names: Sequence[str], reference: Callable, points: Sequence, shapes: Callable) -> Callable:
    def trials(rng: np.random.Generator) -> Iterator[Trial]:
        for arrays, g in points:
            yield trial(names, reference, tuple(map(array, arrays)), array(g))
        for n, k, m in ((1, 2, 1), (2, 3, 4), (4, 2, 3), (3, 3, 3), (1, 1, 1), (1, 3, 2), (3, 1, 2), (2, 0, 3)):
            yield trial(names, reference, tuple(drawn(rng, *shape) for shape in shapes(n, k, m)), drawn(rng, n, m))
        yield trial(names, reference, tuple(strided(rng, *s) if len(s) == 2 else drawn(rng, *s) for s in shapes(3, 2, 2)), drawn(rng, 3, 2))
        yield again(names, reference, tuple(drawn(rng, *shape) for shape in shapes(2, 2, 2)), array([1, 0], [0, 1]))
        yield keeps_float32(names, tuple(drawn(rng, *shape) for shape in shapes(2, 2, 2)))

    return trials


def product(grads: Callable, out: Callable = lambda a, b: a @ b) -> Callable:
    """A matrix product with other gradients."""
    return lambda a, b: (out(a, b), lambda g: grads(a, b, g))


def refilled(g, b, a):
    return (b @ g.T).reshape(a.shape)


tensor(
    "matmul",
    matmul,
    title="Matrix product",
    statement="`(output, backward)` for a @ b, where a is (n, k) and b is (k, m). (Vectors and stacks of matrices are left to learnnn's own.)",
    signature="matmul(a, b) -> (output, backward)",
    trials=product_trials(
        "ab", multiplied,
        ((([[1, 2]], [[3], [4]]), [[1]]), (([[1, 2]], [[3], [4]]), [[10]]), (([[1, 2], [3, 4]], [[5, 6], [7, 8]]), [[1, 0], [0, 0]]), (([[1, 2], [3, 4]], [[5, 6], [7, 8]]), [[1, 2], [3, 4]])),
        lambda n, k, m: ((n, k), (k, m)),
    ),
    variants=(matmul_by_einsum, matmul_by_outer_products, matmul_by_turning),
    hints=(
        "Do the table: one element of the output, y[i, j] = a[i, 0] * b[0, j] + a[i, 1] * b[1, j] + ..., and ask which y's move when a[0, 0] is nudged, and how fast.",
        "a[i, p] is in every y[i, j] of its row, with slope b[p, j]. So its gradient is the sum over j of g[i, j] * b[p, j]: rows of g times rows of b. Which matrix product multiplies rows by rows?",
        "Check the shapes: g is (n, m), a is (n, k), b is (k, m). There is one way to make (n, k) out of g and a turned b, and one way to make (k, m) out of a turned a and g.",
    ),
    replaces="learnnn.ops.matmul",
    adapt=operation("matmul", ops.matmul, lambda a, b: matrices(a, b), needs={0: (1,), 1: (0,)}),
    mistakes=(
        Mistake("not-transposed", product(lambda a, b, g: (g @ b, a @ g)), "Neither factor is turned. For {inputs}, write the shapes down: g is (n, m) and b is (k, m); g @ b only fits if m and k happen to agree, and even then it adds up the wrong elements."),
        Mistake("b-not-transposed", product(lambda a, b, g: (g @ b, a.T @ g)), "The gradient of b is right. In that of a, b has to be turned: rows of g meet rows of b."),
        Mistake("a-not-transposed", product(lambda a, b, g: (g @ b.T, a @ g)), "The gradient of a is right. In that of b, a has to be turned: columns of a meet columns of g."),
        Mistake("operands-swapped", product(lambda a, b, g: (b.T @ g, g @ a.T)), "The right factors in the wrong order. a stands on the left in a @ b, so b's transpose goes to the right of g, where b stood."),
        Mistake("gradients-in-the-wrong-order", product(lambda a, b, g: (a.T @ g, g @ b.T)), "Two right gradients in the wrong order: first that of a, then that of b."),
        Mistake("gradients-transposed", product(lambda a, b, g: ((g @ b.T).T, (a.T @ g).T)), "Both gradients are the transpose of what they should be: a gradient has the shape of its input."),
        Mistake("gradient-of-b-transposed", product(lambda a, b, g: (g @ b.T, g.T @ a)), "The gradient of b came out turned: (m, k) in place of (k, m)."),
        Mistake("reshaped-instead-of-transposed", product(lambda a, b, g: (refilled(g, b, a), a.T @ g)), "You made the shape fit with reshape. reshape keeps the elements in their order and only breaks the lines elsewhere; what is needed is `.T`."),
        Mistake("g-turned", product(lambda a, b, g: (g.T @ b.T, a.T @ g.T)), "g need not be turned: it has the shape of a @ b."),
        Mistake("elementwise-gradients", product(lambda a, b, g: (g * b, g * a)), "g * b is the rule of the elementwise product. Here every element of a takes part in a whole row of outputs: its gradient is a sum, so a matrix product."),
        Mistake("elementwise-product", lambda a, b: (a * b, lambda g: (g * b, g * a)), "`*` multiplies element by element. The matrix product is `@`."),
        Mistake("factors-for-gradients", product(lambda a, b, g: (np.ones_like(g) @ b.T, a.T @ np.ones_like(g))), G_HINT),
        Mistake("divided-by-the-rows", product(lambda a, b, g: (g @ b.T, a.T @ g / len(a))), "The gradient of b is {ratio} times what it should be: you divided by the number of rows. If the loss is a mean, that 1/n has come in through g already."),
        Mistake("output-of-b-at-a", product(lambda a, b, g: (g @ b.T, a.T @ g), lambda a, b: (b.T @ a.T)), "Your output is turned: b.T @ a.T is (a @ b).T."),
        Mistake("always-float64", float64(matmul), FLOAT64_HINT),
        Mistake("backward-not-returned", only_output(matmul), PAIR_HINT),
    ),
)


def linear(x, weight, bias):
    def backward(g):
        return g @ weight, g.T @ x, g.sum(axis=0)

    return x @ weight.T + bias, backward


def linear_of_parts(x, weight, bias):
    y, pull_matmul = matmul(x, weight.T)
    out, pull_add = add(y, bias)

    def backward(g):
        grad_y, grad_bias = pull_add(g)
        grad_x, grad_turned = pull_matmul(grad_y)
        return grad_x, grad_turned.T, grad_bias

    return out, backward


def linear_by_einsum(x, weight, bias):
    out = np.einsum("nk,mk->nm", x, weight) + bias
    return out, lambda g: [np.einsum("nm,mk->nk", g, weight), np.einsum("nm,nk->mk", g, x), np.einsum("nm->m", g)]


def linear_by_ones(x, weight, bias):
    def backward(g):
        return np.dot(g, weight), np.dot(x.T, g).T, np.ones(len(g), g.dtype) @ g

    return np.dot(x, weight.T) + bias, backward


def linear_with(grads: Callable, out: Callable = lambda x, w, b: x @ w.T + b) -> Callable:
    return lambda x, weight, bias: (out(x, weight, bias), lambda g: grads(x, weight, bias, g))


tensor(
    "linear",
    linear,
    title="A layer of neurons in one step",
    statement="`(output, backward)` for x @ weight.T + bias, in one operation with three gradients. x is (n, k), a row an example; weight is (m, k), a row a neuron, as in PyTorch; bias is (m,).",
    signature="linear(x, weight, bias) -> (output, backward)",
    trials=product_trials(
        ("x", "weight", "bias"), layer,
        ((([[1, 2]], [[3, 4]], [5]), [[1]]), (([[1, 2], [3, 4]], [[1, 0]], [5]), [[1], [10]]), (([[1, 2], [3, 4]], [[5, 6], [7, 8]], [1, -1]), [[1, 2], [3, 4]])),
        lambda n, k, m: ((n, k), (m, k), (m,)),
    ),
    variants=(linear_of_parts, linear_by_einsum, linear_by_ones),
    hints=(
        "It is a matmul and an add. You know both gradients; here weight comes in turned, so its gradient has to go out turned.",
        "With W = weight.T, matmul's rules say g @ W.T for x, and x.T @ g for W. Put weight back in: what is W.T, and what is the transpose of x.T @ g?",
        "Shapes decide: x's gradient is (n, k) from g (n, m) and weight (m, k). weight's is (m, k) from g and x. bias was copied to every row, so its gradient sums over the rows.",
    ),
    replaces="learnnn.ops.linear",
    adapt=operation("linear", ops.linear, lambda x, weight, bias: matrices(x, weight) and is_float(bias) and bias.ndim == 1 and bias.dtype == x.dtype, needs={0: (1,), 1: (0,)}),
    mistakes=(
        Mistake("bias-not-summed", linear_with(lambda x, w, b, g: (g @ w, g.T @ x, g)), "The gradient of the bias has a row for each example. The bias was copied to all rows, so its gradient is the sum over them."),
        Mistake("bias-summed-along-the-neurons", linear_with(lambda x, w, b, g: (g @ w, g.T @ x, g.sum(axis=1))), "You sum g over axis 1, over the neurons. The bias was copied along axis 0, the examples."),
        Mistake("bias-averaged", linear_with(lambda x, w, b, g: (g @ w, g.T @ x, g.mean(axis=0))), "The gradient of the bias is {ratio} times what it should be: the mean over the examples in place of the sum. If the loss is a mean, its 1/n is in g already."),
        Mistake("bias-a-row", linear_with(lambda x, w, b, g: (g @ w, g.T @ x, g.sum(axis=0, keepdims=True))), "The bias has shape (m,), your gradient (1, m)."),
        Mistake("weight-gradient-transposed", linear_with(lambda x, w, b, g: (g @ w, x.T @ g, g.sum(axis=0))), "x.T @ g is the gradient of weight.T. That of weight is its transpose: g.T @ x."),
        Mistake("input-gradient-through-the-turned-weight", linear_with(lambda x, w, b, g: (g @ w.T, g.T @ x, g.sum(axis=0))), "For x's gradient the weight must not be turned: g is (n, m) and weight (m, k), so g @ weight fits as it is."),
        Mistake("divided-by-the-batch", linear_with(lambda x, w, b, g: (g @ w, g.T @ x / len(x), g.sum(axis=0) / len(x))), "Your gradient is {ratio} times what it should be: you divide by the number of examples. A loss that is a mean has its 1/n in g already; dividing twice slows learning down without any error."),
        Mistake("weight-not-turned", linear_with(lambda x, w, b, g: (g @ w.T, x.T @ g, g.sum(axis=0)), lambda x, w, b: x @ w + b), "You use the weight as (k, m). PyTorch keeps it as (m, k), a row for each neuron: x @ weight.T."),
        Mistake("bias-left-out", linear_with(lambda x, w, b, g: (g @ w, g.T @ x, g.sum(axis=0)), lambda x, w, b: x @ w.T), "The gradients are right; in the output the bias is missing."),
        Mistake("bias-gradient-missing", linear_with(lambda x, w, b, g: (g @ w, g.T @ x)), "Three inputs, two gradients: that of the bias is missing."),
        Mistake("bias-gradient-ones", linear_with(lambda x, w, b, g: (g @ w, g.T @ x, np.ones_like(b))), "Your bias gradient is always 1. The slope of the output in the bias is 1, yes; times g, and summed over the examples."),
        Mistake("gradients-in-the-wrong-order", linear_with(lambda x, w, b, g: (g.T @ x, g @ w, g.sum(axis=0))), "Right gradients in the wrong order: x, weight, bias."),
        Mistake("always-float64", float64(linear), FLOAT64_HINT),
        Mistake("backward-not-returned", only_output(linear), PAIR_HINT),
    ),
)


# --------------------------------------------------------------------------------------- moving and picking
def permute(x, dims):
    def backward(g):
        return (g.transpose(np.argsort(dims)),)

    return x.transpose(dims), backward


def permute_by_inverse(x, dims):
    back_again = [0] * len(dims)
    for place, d in enumerate(dims):
        back_again[d] = place
    return np.transpose(x, dims), lambda g: [np.transpose(g, back_again)]


def permute_by_moving(x, dims):
    order = range(x.ndim)
    return np.moveaxis(x, dims, order), lambda g: (np.moveaxis(g, order, dims),)


def permute_by_looking_up(x, dims):
    out = x.transpose(dims).copy()

    def backward(grad):
        return (grad.transpose([list(dims).index(d) for d in range(x.ndim)]).copy(),)

    return out, backward


def permute_trials(rng: np.random.Generator) -> Iterator[Trial]:
    names = ("x", "dims")
    yield trial(names, reordered, (array([1, 2, 3], [4, 5, 6]),), array([10, 20], [30, 40], [50, 60]), ((1, 0),))
    yield trial(names, reordered, (array([1, 2], [3, 4]),), array([5, 6], [7, 8]), ((1, 0),))
    yield trial(names, reordered, (array([1, 2], [3, 4]),), array([5, 6], [7, 8]), ((0, 1),))
    x = array([[1, 2, 3], [4, 5, 6]]).reshape(1, 2, 3)
    yield trial(names, reordered, (x,), array([[1, 2]], [[3, 4]], [[5, 6]]), ((2, 0, 1),))
    for shape, dims in (((2, 3, 4), (2, 0, 1)), ((2, 3, 4), (1, 2, 0)), ((2, 2, 2), (1, 2, 0)), ((2, 3, 4), (0, 2, 1)), ((2, 1, 3, 2), (3, 1, 0, 2)), ((4,), (0,)), ((2, 0, 3), (2, 0, 1)), ((3, 3), (1, 0))):
        x = drawn(rng, *shape)
        yield trial(names, reordered, (x,), drawn(rng, *reordered(x, dims).shape), (dims,))
    yield trial(names, reordered, (strided(rng, 3, 2),), drawn(rng, 2, 3), ((1, 0),))
    yield again(names, reordered, (array([1, 2], [3, 4]),), array([5, 6], [7, 8]), ((1, 0),))
    yield keeps_float32(names, (array([1, 2], [3, 4]),), ((1, 0),))


def moved(grad: Callable, out: Callable = lambda x, dims: x.transpose(dims)) -> Callable:
    return lambda x, dims: (out(x, dims), lambda g: (grad(g, x, dims),))


WAY_BACK_HINT = "Two axes exchanged come back by the same exchange, so (1, 0) works. Three in a ring do not: with {inputs}, axis 0 of the output was axis dims[0] of x; on the way back it must go there."

tensor(
    "permute",
    permute,
    title="Axes in another order",
    statement="`(output, backward)` for the axes of x in the order `dims`: axis i of the output is axis dims[i] of x. A matrix transpose is dims = (1, 0).",
    signature="permute(x, dims) -> (output, backward)",
    trials=permute_trials,
    variants=(permute_by_inverse, permute_by_moving, permute_by_looking_up),
    hints=(
        "Nothing is computed, elements only move. So the gradient of each element is found where the element went: bring everything back.",
        "You need the order that undoes `dims`. For (2, 0, 1): axis 2 went to place 0, axis 0 to place 1, axis 1 to place 2. Where do you find axis 0, axis 1, axis 2 now?",
        "At places 1, 2, 0. numpy has a function that tells, for each value, at which place it stands in a list: `np.argsort`.",
    ),
    replaces="learnnn.ops.permute",
    adapt=operation("permute", ops.permute, lambda x, dims: is_float(x) and x.ndim > 0 and len(dims) == x.ndim, lambda x, dims: (x, tuple(ops.axes(dims, x.ndim))), needs={}, moves=True),
    mistakes=(
        Mistake("same-order-again", moved(lambda g, x, dims: g.transpose(dims)), WAY_BACK_HINT),
        Mistake("axes-turned-over", moved(lambda g, x, dims: g.T), "`.T` turns the order of all axes over. That undoes (1, 0), and not " + "{inputs}."),
        Mistake("order-turned-over", moved(lambda g, x, dims: g.transpose(dims[::-1])), "dims backwards is not the way back. Ask for each axis of x: at which place of `dims` does it stand?"),
        Mistake("g-passed-on", moved(lambda g, x, dims: g), "You pass g on as it came, in the order of the output. The gradient of x has x's order of axes."),
        Mistake("reshaped", moved(lambda g, x, dims: g.reshape(x.shape)), "reshape makes the shape fit and mixes up the elements: they stay in the order of the output. Move the axes back."),
        Mistake("output-reshaped", moved(lambda g, x, dims: g.transpose(np.argsort(dims)), lambda x, dims: x.reshape([x.shape[d] for d in dims])), "Your output has the right shape and the wrong elements: reshape breaks the same row of numbers into other lines. Use `transpose`."),
        Mistake("the-other-way-round", moved(lambda g, x, dims: g.transpose(dims), lambda x, dims: x.transpose(np.argsort(dims))), "Forward and backward are exchanged: axis i of the output is axis dims[i] of x."),
        Mistake("first-two-swapped", moved(lambda g, x, dims: g.swapaxes(0, 1) if g.ndim > 1 else g), "You swap the first two axes back. `dims` may move all of them."),
        Mistake("g-forgotten", moved(lambda g, x, dims: np.ones_like(x)), G_HINT),
        Mistake("comma-missing", bare(permute), COMMA_HINT),
        Mistake("always-float64", float64(permute), FLOAT64_HINT),
        Mistake("backward-not-returned", only_output(permute), PAIR_HINT),
    ),
)


def getitem(x, index):
    def backward(g):
        dx = np.zeros_like(x)
        np.add.at(dx, index, g)
        return (dx,)

    return x[index], backward


def getitem_by_names(x, index):
    names = np.arange(x.size).reshape(x.shape)[index]

    def backward(g):
        flat = np.bincount(np.ravel(names), weights=np.ravel(g), minlength=x.size)
        return [flat.astype(x.dtype).reshape(x.shape)]

    return np.array(x[index]), backward


def getitem_by_looping(x, index):
    names = np.arange(x.size).reshape(x.shape)[index]

    def backward(g):
        dx = np.zeros(x.size, x.dtype)
        for name, piece in zip(np.ravel(names).tolist(), np.ravel(g)):
            dx[name] += piece
        return (dx.reshape(x.shape),)

    return x[index], backward


def getitem_by_one_hot(x, index):
    names = np.arange(x.size).reshape(x.shape)[index]
    hits = (names.reshape(-1, 1) == np.arange(x.size)).astype(x.dtype)  # (picked, elements)
    return x.ravel()[names], lambda g: ((g.reshape(-1) @ hits).reshape(x.shape),)


def getitem_trials(rng: np.random.Generator) -> Iterator[Trial]:
    names, x = ("x", "index"), array([10, 20, 30])
    rows = array([1, 2], [3, 4], [5, 6])
    points = (
        (x, np.array([2, 0]), [1, 5]), (x, np.array([1, 1]), [1, 5]), (x, np.array([0, 0, 2]), [1, 2, 4]), (x, 1, 7), (rows, np.array([2, 2]), [[1, 2], [10, 20]]),
        (rows, (np.array([0, 1, 0]), np.array([1, 0, 1])), [1, 2, 4]), (rows, (slice(None), 0), [1, 2, 3]), (x, np.array([True, False, True]), [3, 4]), (x, np.array([-1, 2]), [1, 2]),
    )
    for x_, index, g in points:
        yield trial(names, picked, (x_,), array(g), (index,))
    for shape, index in (((5,), rng.integers(0, 5, 8)), ((4, 3), rng.integers(0, 4, (2, 5))), ((4, 3), (slice(1, 3),)), ((4, 3), (slice(None, None, 2), [2, 2])), ((3,), np.array([], int)), ((2, 3), (None, 1)), ((2, 3, 2), (..., 0))):
        x_ = drawn(rng, *shape)
        yield trial(names, picked, (x_,), drawn(rng, *picked(x_, index).shape), (index,))
    yield trial(names, picked, (strided(rng, 3, 3),), drawn(rng, 2, 3), (np.array([1, 1]),))
    yield again(names, picked, (x,), array([1, 5]), (np.array([1, 1]),))
    yield keeps_float32(names, (x,), (np.array([1, 1]),))


def placed(place: Callable, start: Callable = np.zeros_like) -> Callable:
    """Indexing with another way to put the gradients back."""

    def f(x, index):
        def backward(g):
            dx = start(x)
            place(dx, index, g)
            return (dx,)

        return x[index], backward

    return f


def overwrite(dx, index, g):
    dx[index] = g


def average_repeats(dx, index, g):
    times = np.zeros_like(dx)
    np.add.at(dx, index, g)
    np.add.at(times, index, 1)
    dx /= np.maximum(times, 1)


def one_pot(x, index):
    dx = np.zeros_like(x)

    def backward(g):
        np.add.at(dx, index, g)
        return (dx.copy(),)

    return x[index], backward


def into_the_input(x, index):
    def backward(g):
        x[...] = 0
        np.add.at(x, index, g)
        return (x,)

    return x[index], backward


tensor(
    "getitem",
    getitem,
    title="Picking elements",
    statement="`(output, backward)` for x[index]. The index is anything numpy takes: a number, slices, an array of integers (in which a number may come twice), a mask.",
    signature="getitem(x, index) -> (output, backward)",
    trials=getitem_trials,
    variants=(getitem_by_names, getitem_by_looping, getitem_by_one_hot),
    hints=(
        "What was not picked does not matter to the result: its gradient is 0. So start with zeros in the shape of x, and put g where it came from.",
        "An element that was picked twice gets two gradients, and they add up. Try `z = np.zeros(3); z[[1, 1]] += np.array([1, 5])` in a cell, and look at z.",
        "`+=` through an index does each place only once. numpy has a function that adds again and again: `np.add.at(dx, index, g)`.",
    ),
    replaces="learnnn.ops.getitem",
    adapt=operation("getitem", ops.getitem, lambda x, index: is_float(x), needs={}, moves=True),
    mistakes=(
        Mistake("repeats-overwritten", placed(overwrite), "With {inputs} an element was picked twice, and only the last gradient is left of two. (`dx[index] += g` does just the same: numpy reads, adds and writes once per place.) They must add up."),
        Mistake("g-forgotten", placed(lambda dx, index, g: np.add.at(dx, index, 1)), G_HINT),
        Mistake("all-ones-where-picked", placed(lambda dx, index, g: overwrite(dx, index, 1)), "You mark what was picked with a 1. What belongs there is its g; and where an element was picked twice, the sum of both."),
        Mistake("g-not-put-back", lambda x, index: (x[index], lambda g: (g,)), "Your gradient has the shape of what was picked. That of x has x's shape, with zeros where nothing was picked."),
        Mistake("started-from-the-input", placed(np.add.at, np.copy), "You add the gradients onto the values of x. Start from zeros."),
        Mistake("started-from-ones", placed(np.add.at, np.ones_like), "What was not picked has gradient 0. You start from ones."),
        Mistake("repeats-averaged", placed(average_repeats), "Where an element was picked twice you take the mean of its gradients. They add up."),
        Mistake("picked-from-g", lambda x, index: (x[index], lambda g: (g[index],)), "You pick from g with the same index. g is what was picked; it has to go back to where it came from."),
        Mistake("whole-numbers-only", placed(np.add.at, lambda x: np.zeros(x.shape, int)), "Your zeros are integers, so everything behind the point is lost (or numpy refuses). `np.zeros_like(x)` has x's dtype."),
        Mistake("one-axis-only", placed(np.add.at, lambda x: np.zeros(len(x))), "Your zeros have len(x) elements. x may have more axes: `np.zeros_like(x)`."),
        Mistake("the-same-zeros-every-time", one_pot, "The second call of backward finds what the first one left: make the zeros inside backward, not before it."),
        Mistake("input-overwritten", into_the_input, IN_PLACE_HINT),
        Mistake("comma-missing", bare(getitem), COMMA_HINT),
        Mistake("always-float64", float64(getitem), FLOAT64_HINT),
        Mistake("backward-not-returned", only_output(getitem), PAIR_HINT),
    ),
)


# ------------------------------------------------------------------------------------------- the whole class
class Tensor:
    """An array that remembers how it was computed, and finds its own gradient."""

    __array_ufunc__ = None  # array + Tensor: numpy steps back, and python asks the Tensor

    def __init__(self, data, parents=(), pull=None, op=""):
        self.data = np.asarray(data, dtype=float)
        self.grad = np.zeros_like(self.data)
        self.parents, self.pull, self.op = parents, pull, op

    def record(self, op, f, *inputs, **options):
        parents = tuple(x if isinstance(x, Tensor) else type(self)(x) for x in inputs)
        data, pull = f(*[parent.data for parent in parents], **options)
        return type(self)(data, parents, pull, op)

    def backward(self):
        order = topological_order(self)
        for node in order:
            if node.parents:
                node.grad = np.zeros_like(node.data)
        self.grad = np.ones_like(self.data)
        for node in order:
            if node.parents:
                for parent, piece in zip(node.parents, node.pull(node.grad)):
                    parent.grad = parent.grad + piece

    def __add__(self, other):
        return self.record("+", add, self, other)

    def __radd__(self, other):
        return self.record("+", add, other, self)

    def __mul__(self, other):
        return self.record("*", mul, self, other)

    def __rmul__(self, other):
        return self.record("*", mul, other, self)

    def __matmul__(self, other):
        return self.record("@", matmul, self, other)

    def __rmatmul__(self, other):
        return self.record("@", matmul, other, self)

    def __sub__(self, other):
        return self + -1 * other

    def exp(self):
        return self.record("exp", exp, self)

    def tanh(self):
        return self.record("tanh", tanh, self)

    def relu(self):
        return self.record("relu", relu, self)

    def sum(self, dim=None, keepdim=False):
        return self.record("sum", sum_, self, dim=dim, keepdim=keepdim)

    def mean(self, dim=None, keepdim=False):
        return self.record("mean", mean, self, dim=dim, keepdim=keepdim)


class Plain(np.ndarray):
    """An array with the methods of a tensor, worked out number by number: the truth to nudge."""

    def tanh(self):
        return as_plain(each(math.tanh)(np.asarray(self)))

    def exp(self):
        return as_plain(each(math.exp)(np.asarray(self)))

    def relu(self):
        return as_plain(each(NUMBERWISE["relu"])(np.asarray(self)))

    def sum(self, dim=None, keepdim=False):
        return as_plain(summed(np.asarray(self), dim, keepdim))

    def mean(self, dim=None, keepdim=False):
        return as_plain(averaged(np.asarray(self), dim, keepdim))


def as_plain(x: Any) -> Plain:
    return np.asarray(x, float).view(Plain)


def value_of(text: str, *arrays: np.ndarray) -> np.ndarray:
    return np.asarray(function_of(text, len(arrays))(*map(as_plain, arrays)))


def gradient_of(text: str, arrays: tuple) -> tuple:
    return gradients(partial(value_of, text), arrays, 1.0)


def swept(text: str, arrays: tuple, times: int, cls: type) -> Any:
    """The value, and the gradient of each input after so many calls of backward."""
    inputs = [cls(array) for array in arrays]
    out = function_of(text, len(arrays))(*inputs)
    for _ in range(times):
        out.backward()
    return np.asarray(out.data), tuple(np.asarray(x.grad) for x in inputs)


def in_between(text: str, arrays: tuple, cls: type) -> Any:
    """The gradient of the parents of the result."""
    out = function_of(text, len(arrays))(*map(cls, arrays))
    out.backward()
    return tuple(np.asarray(parent.grad) for parent in out.parents)


def two_losses(array: np.ndarray, cls: type) -> Any:
    a = cls(array)
    (a * 2).sum().backward()
    (a * a).sum().backward()
    return np.asarray(a.grad)


def long_chain(array: np.ndarray, cls: type) -> Any:
    a = cls(array)
    y = a
    for _ in range(3000):
        y = y + 1
    y.sum().backward()
    return np.asarray(a.grad)


def doublings(array: np.ndarray, cls: type) -> Any:
    a = cls(array)
    y = a
    for _ in range(30):
        y = y + y
    with counting(200_000):
        y.sum().backward()
    return np.asarray(a.grad)


EXPRESSIONS: tuple[tuple, ...] = (
    ("(a + b).sum()", [1, 2], [3, 4]), ("(a * b).sum()", [1, 2], [3, 4]), ("(a + b).sum()", [[1, 2], [3, 4]], [10, 20]), ("(a * b).sum()", [[1, 2], [3, 4]], [[10], [20]]),
    ("(a + 3).sum()", [1, 2]), ("(3 + a).sum()", [1, 2]), ("(a * 3).sum()", [1, 2]), ("(3 * a).sum()", [1, 2]), ("(a - b).sum()", [1, 2], [3, 4]),
    ("(a @ b).sum()", [[1, 2]], [[3], [4]]), ("(a @ b * c).sum()", [[1, 2], [3, 4]], [[5, 6], [7, 8]], [[1, 0], [0, 2]]),
    ("a.tanh().sum()", [0.5, -1]), ("a.relu().sum()", [2, -1]), ("a.exp().sum()", [0, 1]), ("a.mean()", [[1, 2], [3, 4]]), ("(a.sum(0) * b).sum()", [[1, 2], [3, 4]], [5, 6]),
    ("(a.sum(dim=1, keepdim=True) * a).sum()", [[1, 2], [3, 4]]), ("(a.mean(dim=1) * b).sum()", [[1, 2], [3, 4]], [5, 6]),
    ("(a * a).sum()", [1, 2]), ("(a + a).sum()", [1, 2]), ("(a + b + a).sum()", [1, 2], [3, 4]), ("(a * b + (a + c)).sum()", [1, 2], [3, 4], [5, 6]), ("(a + c + a * b).sum()", [1, 2], [3, 4], [5, 6]),
    ("m = a * b; (m + m * a).sum()", [1, 2], [3, 4]), ("m = a * b; (m * a + m).sum()", [1, 2], [3, 4]), ("m = a * b; n = m * m; (m + n * m).sum()", [1, 2], [2, 1]),
)
NETWORK = "((a @ b + c).tanh() @ d + e).mean()"


def tensor_trials(rng: np.random.Generator) -> Iterator[Trial]:
    cases = [(text, tuple(map(array, arrays))) for text, *arrays in EXPRESSIONS]
    cases += [(NETWORK, tuple(drawn(rng, *shape) for shape in ((4, 3), (3, 2), (2,), (2, 1), (1,)))), ("((a - b) * (a - b)).mean()", (drawn(rng, 3, 2), drawn(rng, 2)))]
    for text, arrays in cases:
        expected = value_of(text, *arrays), gradient_of(text, arrays)
        yield Trial(answer_form(LETTERS[: len(arrays)]).replace("output", "value"), told(text, arrays), partial(swept, text, arrays, 1), expected)
    for text, *rows in (("(a * b).sum()", [1, 2], [3, 4]), ("m = a * b; (m * a + m).sum()", [1, 2], [3, 4])):
        arrays = tuple(map(array, rows))
        expected = value_of(text, *arrays), tuple(2 * slope for slope in gradient_of(text, arrays))
        yield Trial("after calling backward twice: inputs collect", told(text, arrays) + ", backward() called twice", partial(swept, text, arrays, 2), expected)
    arrays = array([1, 2]), array([3, 4])
    yield Trial("the gradients of the nodes in between", told("(a * b).sum()", arrays) + ", the gradient of a * b", partial(in_between, "(a * b).sum()", arrays), (np.ones(2),))
    yield Trial("two losses, one input: it collects", "a = [1, 2], (a * 2).sum().backward(), then (a * a).sum().backward()", partial(two_losses, array([1, 2])), array([4, 6]))
    yield Trial("a chain of 3,000 additions", "y = a = [1, 2], then 3,000 times y = y + 1, then y.sum().backward()", partial(long_chain, array([1, 2])), np.ones(2))
    yield Trial("30 doublings", "y = a = [1, 2], then 30 times y = y + y, then y.sum().backward(): 32 nodes, a thousand million paths", partial(doublings, array([1, 2])), np.full(2, 2.0**30))


def told(text: str, arrays: tuple) -> str:
    return f"{question(LETTERS, arrays)}, {spelled_out(text)}"


def variation(**methods: Any) -> type:
    """The class with some of its methods replaced."""
    return type("Tensor", (Tensor,), methods)


def swept_by(order: Callable = topological_order, seed: Callable = np.ones_like, share: Callable = lambda old, piece: old + piece,
             clear: Callable = lambda node: bool(node.parents), pull: Callable = lambda node: node.pull(node.grad)) -> Callable:  # fmt: skip
    """A backward pass with some of its parts replaced."""

    def backward(root):
        nodes = order(root)
        for node in nodes:
            if clear(node):
                node.grad = np.zeros_like(node.data)
        root.grad = seed(root.data)
        for node in nodes:
            if node.parents:
                for parent, piece in zip(node.parents, pull(node)):
                    parent.grad = share(parent.grad, piece)

    return backward


def backward_without_asking_for_parents(self):
    order = topological_order(self)
    self.grad = np.ones_like(self.data)
    for node in order:
        for parent, piece in zip(node.parents, node.pull(node.grad)):
            parent.grad = parent.grad + piece


def thrifty(root):
    """Without zeros to begin with, and adding in place: two tensors may come to hold one array."""
    order = topological_order(root)
    for node in order:
        if node.parents:
            node.grad = None
    fresh = {id(node) for node in order if not node.parents and not node.grad.any()}
    root.grad = np.ones_like(root.data)
    for node in order:
        if node.parents:
            for parent, piece in zip(node.parents, node.pull(node.grad)):
                if parent.grad is None or id(parent) in fresh:
                    fresh.discard(id(parent))
                    parent.grad = piece
                else:
                    parent.grad += piece


def record_without_wrapping(self, op, f, *inputs, **options):
    data, pull = f(*[x.data for x in inputs], **options)
    return type(self)(data, inputs, pull, op)


def record_without_options(self, op, f, *inputs, **options):
    return Tensor.record(self, op, f, *inputs)


def record_with(parents: Callable) -> Callable:
    """Recording that keeps other parents."""

    def record(self, op, f, *inputs, **options):
        out = Tensor.record(self, op, f, *inputs, **options)
        out.parents = parents(out.parents)
        return out

    return record


def quick_add(self, other):
    """Hands g itself to both inputs where the shapes agree."""
    quick = lambda a, b: (a + b, (lambda g: (g, g)) if a.shape == b.shape else add(a, b)[1])
    return self.record("+", quick, self, other)


class ClosureTensor:
    """A right variant: every tensor keeps a function that pushes its gradient on to its parents."""

    __array_ufunc__ = None

    def __init__(self, data):
        self.data, self.parents, self.push, self.op = np.array(data, float), [], None, ""
        self.grad = np.zeros(self.data.shape)

    @classmethod
    def apply(cls, f, inputs, **options):
        inputs = [x if isinstance(x, cls) else cls(x) for x in inputs]
        data, pull = f(*(x.data for x in inputs), **options)
        out = cls(data)
        out.parents, out.op = inputs, f.__name__

        def push():
            for x, piece in zip(inputs, pull(out.grad)):
                x.grad = piece + x.grad

        out.push = push
        return out

    def backward(self):
        order = topological_order(self)
        for node in order:
            if node.push:
                node.grad = np.zeros(node.data.shape)
        self.grad = np.ones(self.data.shape)
        for node in order:
            if node.push:
                node.push()

    __add__ = lambda self, other: self.apply(add, (self, other))
    __mul__ = lambda self, other: self.apply(mul, (self, other))
    __matmul__ = lambda self, other: self.apply(matmul, (self, other))
    __radd__, __rmul__ = __add__, __mul__
    __sub__ = lambda self, other: self + other * -1
    exp = lambda self: self.apply(exp, (self,))
    tanh = lambda self: self.apply(tanh, (self,))
    relu = lambda self: self.apply(relu, (self,))
    sum = lambda self, dim=None, keepdim=False: self.apply(sum_, (self,), dim=dim, keepdim=keepdim)
    mean = lambda self, dim=None, keepdim=False: self.apply(mean, (self,), dim=dim, keepdim=keepdim)


def pulled_through_a_dictionary(self):
    """A right variant: gradients wait in a dictionary, and inputs collect at the end."""
    waiting = {self: np.ones_like(self.data)}
    for node in topological_order(self):
        grad = waiting.pop(node)
        node.grad = grad if node.parents else node.grad + grad
        pieces = node.pull(grad) if node.parents else ()
        for parent, piece in zip(node.parents, pieces):
            waiting[parent] = waiting[parent] + piece if parent in waiting else piece


def added_in_place(self):
    """A right variant: `+=`, into zeros that belong to this tensor alone."""
    for node in topological_order(self):
        if node.parents:
            node.grad = np.zeros(node.data.shape)
    self.grad = self.grad + 1.0
    for node in topological_order(self):
        for i, parent in enumerate(node.parents):
            parent.grad += node.pull(node.grad)[i]


tensor(
    "Tensor",
    Tensor,
    title="Tensor: an array that remembers where it came from",
    statement="The whole class: `data`, `grad`, `parents`; + - * @ with arrays and plain numbers on either side; exp, tanh, relu, sum, mean; and `backward()`, in which inputs collect and nodes in between start over.",
    signature="class Tensor: Tensor(data)",
    trials=tensor_trials,
    variants=(ClosureTensor, variation(backward=pulled_through_a_dictionary), variation(backward=added_in_place), variation(__add__=quick_add)),
    hints=(
        "`record` is lesson 03's: wrap what is no Tensor yet, apply f to the arrays inside, and make a new Tensor of what comes out, with its parents and its pull.",
        "`backward` is lesson 03's too. In place of slope times gradient there is `node.pull(node.grad)`, which gives one piece for each parent. Pieces are added.",
        "Three loops over the order: clear the grad of nodes that have parents (zeros_like); the root's grad becomes ones_like; then, for nodes with parents, `zip(node.parents, node.pull(node.grad))`, and each parent's grad becomes itself plus the piece.",
    ),
    points=3,
    mistakes=(
        Mistake("gradient-overwritten", variation(backward=swept_by(share=lambda old, piece: piece)), "A tensor that is used twice receives two gradients, and you keep only the last. Here {inputs}: add them."),
        Mistake("gradients-share-an-array", variation(backward=thrifty, __add__=quick_add), "With {inputs} a gradient changed after it had been handed out. a + b hands the very same array to both inputs; `+=` on one of them changes the other. Add into a new array, `x.grad = x.grad + piece`."),
        Mistake("seed-missing", variation(backward=swept_by(seed=np.zeros_like)), "Every gradient is 0: the root's own is never set. The result moves one for one with itself, so it starts with ones."),
        Mistake("seeded-with-the-value", variation(backward=swept_by(seed=np.copy)), "You start with the root's value as its gradient, so everything comes out multiplied by it. Start with ones."),
        Mistake("parents-before-consumers", variation(backward=swept_by(order=lambda root: topological_order(root)[::-1])), "You go through the order backwards: nodes have their turn before anything has reached them. The root comes first."),
        Mistake("in-order-of-meeting", variation(backward=swept_by(order=lambda root: order_as_first_met(root))), "Right for graphs without shared nodes. With {inputs} a node passes its gradient on before all of it has arrived: use your topological order."),
        Mistake("nodes-in-between-never-cleared", variation(backward=swept_by(clear=lambda node: False)), "The second call is wrong: nodes in between still hold what the first one left, and pass it on again. Clear those that have parents."),
        Mistake("inputs-cleared", variation(backward=swept_by(clear=lambda node: True)), "You clear the inputs too. They collect over calls, so that several losses can be added up."),
        Mistake("chain-broken", variation(backward=swept_by(pull=lambda node: node.pull(np.ones_like(node.grad)))), "You pull ones through every step. What goes in is the node's own gradient, `node.grad`."),
        Mistake("leaves-pulled", variation(backward=backward_without_asking_for_parents), "Inputs have no pull (it is None). Ask `if node.parents:` first."),
        Mistake("numbers-not-wrapped", variation(record=record_without_wrapping), "In {inputs} a plain number meets a tensor, and it has no `.data`. Wrap whatever is no Tensor yet: `Tensor(x)`."),
        Mistake("options-dropped", variation(record=record_without_options), "`record` does not hand `dim` and `keepdim` on to the operation: `f(*arrays, **options)`."),
        Mistake("nothing-recorded", variation(record=record_with(lambda parents: ())), "The values are right, and no gradient comes back: the new tensor does not know its parents."),
        Mistake("first-parent-only", variation(record=record_with(lambda parents: parents[:1])), "Only the first input is recorded as a parent, so the second gets no gradient."),
        Mistake("parents-turned-over", variation(record=record_with(lambda parents: parents[::-1])), "The parents are recorded in the wrong order, so each receives the other's gradient."),
    ),
)


# --------------------------------------------------------------------------------------- predict, then run
PREDICTED = ("b.grad[0]", "w.grad[0, 0]", "x.grad[0, 0]")


def judged(place: int, value: float, predict: Callable) -> str:
    """Only right or wrong, so that a report does not give the number away."""
    answer = predict()[place]
    return "right" if math.isclose(answer, value) else f"not {answer:g}"


def prediction_trials(rng: np.random.Generator) -> Iterator[Trial]:
    arrays = np.full((4, 3), 2.0), array([1, 2], [3, 4], [5, 6]), array([0, 0])
    x, w, b = gradient_of("(a @ b + c).mean()", arrays)
    for place, value in enumerate((b[0], w[0, 0], x[0, 0])):
        yield Trial("", PREDICTED[place], partial(judged, place, float(value)), "right")


def prediction():
    # mean of 4 * 2 = 8 numbers: every one of them gets 1/8
    # b[0] was copied to 4 rows: 4/8.  w[0, 0] meets x = 2 in 4 rows: 4 * 2/8.  x[0, 0] goes to both columns: (1 + 2)/8
    return 4 / 8, 8 / 8, 3 / 8


def saying(*answer: Any) -> Callable:
    """A function that gives this answer."""
    return lambda: answer


tensor(
    "predict",
    prediction,
    title="Predict, then run: gradients of a layer under a mean",
    statement="x is (4, 3), full of twos; w is [[1, 2], [3, 4], [5, 6]]; b is [0, 0]; loss = (x @ w + b).mean(). Give b.grad[0], w.grad[0, 0] and x.grad[0, 0]. On paper.",
    signature="prediction() -> (b.grad[0], w.grad[0, 0], x.grad[0, 0])",
    trials=prediction_trials,
    variants=(lambda: [0.5, 1, 0.375], lambda: np.array([0.5, 1.0, 0.375]), saying(1 / 2, 1.0, 3 / 8)),
    hints=(
        "Start at the end. x @ w + b has how many elements? What gradient does the mean give to each of them?",
        "Each of the 8 gets 1/8. Now count: into how many of them does b[0] go? w[0, 0]? x[0, 0]? And with which slope each time?",
        "b[0]: 4 places, slope 1. w[0, 0]: 4 places, and the slope is the x it meets, 2. x[0, 0]: 2 places (one row), with slopes w[0, 0] and w[0, 1].",
    ),
    mistakes=(
        Mistake("sum-for-mean", saying(4, 8, 3), "Those are the gradients of the sum. The mean divides by how many there are, and so do its gradients."),
        Mistake("divided-by-the-batch", saying(1, 2, 0.75), "You divided by 4, the number of rows. x @ w + b has two columns as well: the mean is over 8 numbers."),
        Mistake("divided-by-the-inputs", saying(4 / 12, 8 / 12, 3 / 12), "You divided by 12, the elements of x. The mean is over the elements of x @ w + b, which is (4, 2)."),
        Mistake("copies-not-summed", saying(1 / 8, 2 / 8, 3 / 8), "b and w are used for every one of the four rows, and collect from all of them."),
        Mistake("bias-not-summed", saying(1 / 8, 1, 3 / 8), "The bias was copied to four rows: its gradient is the sum over them."),
        Mistake("ones-for-the-input", saying(0.5, 0.5, 0.375), "The slope of x @ w in w is x, and x is full of twos here."),
        Mistake("column-of-the-weights", saying(0.5, 1, 9 / 8), "x[0, 0] meets the first row of w, 1 and 2 (once for each output). You added up the first column."),
        Mistake("all-of-the-weights", saying(0.5, 1, 21 / 8), "x[0, 0] meets the first row of w only; the other rows belong to x[0, 1] and x[0, 2]."),
        Mistake("one-output-only", saying(0.5, 1, 1 / 8), "x[0, 0] goes into both outputs of its row, with the slopes w[0, 0] and w[0, 1]: add both."),
    ),
)


# -------------------------------------------------------------------------------------------- find the bug
class Bare:
    """A node and nothing more: what a backward pass may rely on."""

    def __init__(self, data: Any, parents: tuple = (), pull: Callable | None = None):
        self.data, self.grad, self.parents, self.pull = np.asarray(data, float), None, parents, pull

    def __add__(self, other: Any) -> Any:
        return Bare(self.data + other.data, (self, other), lambda g: (g, g))

    def __mul__(self, other: Any) -> Any:
        return Bare(self.data * other.data, (self, other), lambda g: (g * other.data, g * self.data))


def sweep_in_place(root):
    order = topological_order(root)
    for node in order:
        node.grad = None
    root.grad = np.ones_like(root.data)
    for node in order:
        if node.parents:
            for parent, piece in zip(node.parents, node.pull(node.grad)):
                if parent.grad is None:
                    parent.grad = piece
                else:
                    parent.grad += piece


def sweep_adding(first: Callable = lambda piece: piece, further: Callable = lambda old, piece: old + piece, seed: Callable = np.ones_like, pull: Callable = lambda node: node.pull(node.grad)) -> Callable:
    """The same with other ways to keep the first gradient and to add further ones."""

    def backward(root):
        order = topological_order(root)
        for node in order:
            node.grad = None
        root.grad = seed(root.data)
        for node in order:
            if node.parents:
                for parent, piece in zip(node.parents, pull(node)):
                    parent.grad = first(piece) if parent.grad is None else further(parent.grad, piece)

    return backward


def add_to(old: np.ndarray, piece: np.ndarray) -> np.ndarray:
    old += piece
    return old


mended = sweep_adding()


def repair():
    def backward(root):
        order = topological_order(root)
        for node in order:
            node.grad = None
        root.grad = np.ones_like(root.data)
        for node in order:
            if node.parents:
                for parent, piece in zip(node.parents, node.pull(node.grad)):
                    if parent.grad is None:
                        parent.grad = piece
                    else:
                        parent.grad = parent.grad + piece  # a new array: whoever else holds the old one keeps it

    return backward, "C"


CAUSE = "the cause of what you saw"


def cause_of(repair: Callable) -> str:
    letter = str(repair()[1]).strip().upper()
    return CAUSE if letter == "C" else f"not {letter}"


def repaired(text: str, arrays: tuple, times: int, repair: Callable) -> Any:
    inputs = [Bare(x) for x in arrays]
    out = function_of(text, len(arrays))(*inputs)
    for _ in range(times):
        repair()[0](out)
    return tuple(np.asarray(x.grad) for x in inputs)


BUG_EXPRESSIONS = (
    ("a + b + a", 1), ("a * b", 1), ("a + b", 1), ("a + a", 1), ("a + b + a * c", 1), ("a * c + (a + b)", 1), ("m = a + b; m * m + a", 1), ("m = a * b; m + m * m", 1), ("m = a + b; n = m + c; n * m + a", 1),
    ("a + b + a", 2),
)


def bug_trials(rng: np.random.Generator) -> Iterator[Trial]:
    for text, times in BUG_EXPRESSIONS:
        letters = [letter for letter in "abc" if letter in text]
        arrays = tuple(drawn(rng, 2) for _ in letters)
        expected = gradients(partial(value_of, text), arrays, 1.0)
        label = "the gradients" if times == 1 else "the gradients after calling it twice: it starts over"
        called = "" if times == 1 else ", called twice"
        yield Trial(label, f"{question(letters, arrays)}, {spelled_out(text)}{called}", partial(repaired, text, arrays, times), expected)
    yield Trial("the letter", "cause", cause_of, CAUSE)


tensor(
    "find_the_bug",
    repair,
    title="Find the bug: a gradient that grows after it was handed out",
    statement="Repair the backward pass, and name the cause by its letter.",
    signature="repair() -> (the repaired backward(root), the letter of the cause)",
    trials=bug_trials,
    variants=(saying(mended, "C"), saying(sweep_adding(first=np.copy, further=add_to), "c"), saying(sweep_adding(first=lambda piece: piece + 0.0), " C ")),
    hints=(
        "Follow a + b + a with a pencil. Draw each array as a box, and each `.grad` as an arrow to its box. After the root's turn, where do the arrows of (a + b) and of a point?",
        "Two arrows point to one box. Then comes `+=`, which writes into the box. Who else sees that?",
        "Either keep a copy of the first piece (`piece.copy()`), or do not write into the old array: `parent.grad = parent.grad + piece`.",
    ),
    points=2,
    mistakes=(
        Mistake("named-not-repaired", saying(sweep_in_place, "C"), "That is the cause; the code still has it. (A copy of the root's ones, or of the piece that is added, does not help: the trouble is the array that `+=` writes into.) Here {inputs}."),
        Mistake("cause-A", saying(mended, "A"), "The repair works. But the root had its ones: try a * b with the broken version, its gradients are right."),
        Mistake("cause-B", saying(mended, "B"), "The repair works. But the order was fine: every node came before its parents."),
        Mistake("cause-D", saying(mended, "D"), "The repair works. But shares were added up, not overwritten: try a + a with the broken version."),
        Mistake("cause-E", saying(mended, "E"), "The repair works. But all shapes were equal here: there was nothing to un-broadcast."),
        Mistake("overwrites-now", saying(sweep_adding(further=lambda old, piece: piece), "C"), "Now the arrays are no longer changed, and no longer added up either: of several gradients only the last is kept."),
        Mistake("first-kept-only", saying(sweep_adding(further=lambda old, piece: old), "C"), "Now only the first gradient is kept, and further ones are dropped. They have to be added."),
        Mistake("copied-before-the-pull", saying(sweep_adding(further=add_to, pull=lambda node: node.pull(node.grad.copy())), "C"), "You copy what goes into `pull`. What comes out is handed to two parents, and those still share it: {inputs}."),
    ),
)
