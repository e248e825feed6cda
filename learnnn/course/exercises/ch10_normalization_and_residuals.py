"""Lesson 10, normalization and residuals: what is asked, what learners get wrong, and a truth of its own.

The truth gathers, in python loops, the numbers that are normalized together, and treats each group by itself; its
gradients come from nudging (central differences). Running averages are weighted sums over the list of all batches.
"""

# A mistake a line, so that the banks read as tables.
# fmt: off

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial, wraps
from typing import Any

import numpy as np

import learnnn as torch
from learnnn import nn, ops
from learnnn.autograd import Variable, from_backward, no_grad, wrap
from learnnn.course.exercise import Exercise, Mistake, Trial, register
from learnnn.course.exercises.ch05_tensor_autograd import (
    COMMA_HINT,
    FLOAT64_HINT,
    G_HINT,
    IN_PLACE_HINT,
    PAIR_HINT,
    again,
    array,
    bare,
    drawn,
    float64,
    gradients,
    is_float,
    keeps_float32,
    layer,
    only_output,
    operation,
    question,
    saying,
    spelled,
    strided,
    trial,
)


def norm(id: str, code: Any, **parts: Any) -> Exercise:
    return register(Exercise(id=f"norm.{id}", lesson=10, solution=code, **parts))


def vector(*numbers: float) -> np.ndarray:
    return np.array(numbers, float)


def row(*numbers: float) -> np.ndarray:
    """One example, (1, D)."""
    return np.array([numbers], float)


# ------------------------------------------------------------------------------ truth: one group after the other
def together(shape: Sequence[int], axis: Any) -> list[list[tuple]]:
    """The places that are normalized with each other: those that differ along `axis` only."""
    dims = {d % len(shape) for d in (axis if isinstance(axis, tuple) else (axis,))}
    groups: dict[tuple, list[tuple]] = {}
    for place in np.ndindex(*shape):
        groups.setdefault(tuple(0 if i in dims else p for i, p in enumerate(place)), []).append(place)
    return list(groups.values())


def moments(values: Sequence[float]) -> tuple[float, float]:
    """Mean and (biased) variance of a list of numbers."""
    mean = math.fsum(values) / len(values)
    return mean, math.fsum((v - mean) ** 2 for v in values) / len(values)


def standardized(x: np.ndarray, axis: Any, eps: float = 1e-5) -> np.ndarray:
    """Mean 0, variance 1, a group after the other."""
    out = np.empty(x.shape)
    for places in together(x.shape, axis):
        mean, variance = moments([float(x[p]) for p in places])
        for p in places:
            out[p] = (x[p] - mean) / math.sqrt(variance + eps)
    return out


def standardized_layers(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, eps: float = 1e-5) -> np.ndarray:
    z = standardized(x, tuple(range(-weight.ndim, 0)), eps)
    for place in np.ndindex(x.shape):
        own = place[len(place) - weight.ndim :]
        z[place] = z[place] * weight[own] + bias[own]
    return z


def columns(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and biased variance of each column."""
    both = np.array([moments(column) for column in x.T.tolist()]).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def scaled_batch(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, eps: float = 1e-5) -> np.ndarray:
    z = standardized(x, 0, eps)
    for i, j in np.ndindex(x.shape):
        z[i, j] = z[i, j] * weight[j] + bias[j]
    return z


def evaluated(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, mean: np.ndarray, var: np.ndarray, eps: float = 1e-5) -> np.ndarray:
    out = np.empty(x.shape)
    for i, j in np.ndindex(x.shape):
        out[i, j] = (x[i, j] - mean[j]) / math.sqrt(var[j] + eps) * weight[j] + bias[j]
    return out


def followed(values: Sequence[Any], first: Any, momentum: float) -> Any:
    """A running average as a sum over everything it has seen: a value of age k counts momentum (1 - momentum)^k."""
    kept = [momentum * (1 - momentum) ** age * value for age, value in enumerate(reversed(values))]
    return (1 - momentum) ** len(values) * first + sum(kept)


def unbiased(x: np.ndarray) -> np.ndarray:
    return columns(x)[1] * len(x) / (len(x) - 1)


# ---------------------------------------------------------------------------------------------------- normalize
NORMALIZE = ("x", "axis", "eps")


def output_of(arrays: tuple, options: tuple, f: Callable) -> Any:
    """Only the output of the learner's function."""
    pair = f(*arrays, *options)
    return pair[0] if isinstance(pair, tuple | list) and len(pair) == 2 else pair


def forward_only(names: Sequence[str], reference: Callable, arrays: tuple, options: tuple = (), label: str = "the output", more: str = "") -> Trial:
    return Trial(label, question(names, (*arrays, *options)) + more, partial(output_of, arrays, options), reference(*arrays, *options))


def normalize_trials(rng: np.random.Generator) -> Iterator[Trial]:
    ask_about = partial(trial, NORMALIZE, standardized)
    yield ask_about((array(2, 4, 9),), array(1, 0, 0), (0, 0.0))
    yield ask_about((array(1, 3, 8),), array(1, 2, 5), (0, 0.5))
    yield ask_about((array([1, 3, 8], [5, 5, 2]),), array([1, 0, 2], [3, -1, 0]), (1, 0.25))
    yield ask_about((array([1, 3, 8], [5, 5, 2]),), array([1, 0, 2], [3, -1, 0]), (0, 0.25))
    yield ask_about((array([1, 2], [4, 8]),), array([1, 0], [2, 5]), (0, 0.5))
    yield ask_about((array(2, 2, 2),), array(1, 4, 0), (0, 0.25), "all equal: no spread at all")
    yield ask_about((array([3], [5], [4]),), array([1], [2], [5]), (1, 0.25), "alone: a mean of one number")
    yield ask_about((drawn(rng, 2, 3, 2),), drawn(rng, 2, 3, 2), ((1, 2), 0.1))
    yield ask_about((drawn(rng, 2, 3, 2),), drawn(rng, 2, 3, 2), ((0, 2), 0.1))
    yield ask_about((drawn(rng, 3, 4),), drawn(rng, 3, 4), (-1, 0.1))
    yield ask_about((strided(rng, 3, 3),), strided(rng, 3, 3), (0, 0.1))
    yield ask_about((np.zeros((0, 3)),), np.zeros((0, 3)), (1, 0.1))
    yield forward_only(NORMALIZE, standardized, (array(1e8 + 1, 1e8 + 2, 1e8 + 4),), (0, 0.1), "far away from 0: the same spread")
    yield forward_only(NORMALIZE, standardized, (array(0.001, 0.003),), (0,), more=", and eps not given, which then is 0.00001")
    yield again(NORMALIZE, standardized, (array(1, 3, 8),), array(2, 3, 1), (0, 0.5))
    yield keeps_float32(NORMALIZE, (array([1, 3, 8], [5, 5, 2]),), (1, 0.5))


def normalize(x, axis, eps=1e-5):
    s = np.sqrt(x.var(axis=axis, keepdims=True) + eps)
    z = (x - x.mean(axis=axis, keepdims=True)) / s

    def backward(g):
        level = g.mean(axis=axis, keepdims=True)
        along = (g * z).mean(axis=axis, keepdims=True)
        return ((g - level - z * along) / s,)

    return z, backward


def normalize_in_steps(x, axis, eps=1e-5):
    n = x.size / max(1, np.sum(x, axis=axis).size)
    centred = x - np.sum(x, axis=axis, keepdims=True) / x.dtype.type(n)
    var = np.sum(centred**2, axis=axis, keepdims=True) / x.dtype.type(n)
    inverse = 1 / np.sqrt(var + x.dtype.type(eps))

    def backward(g):
        d_inverse = np.sum(g * centred, axis=axis, keepdims=True)
        d_var = -0.5 * d_inverse * inverse**3
        d_centred = g * inverse + 2 * centred * d_var / x.dtype.type(n)
        return [d_centred - np.mean(d_centred, axis=axis, keepdims=True)]

    return centred * inverse, backward


def normalize_by_projecting(x, axis, eps=1e-5):
    mean = np.mean(x, axis=axis, keepdims=True)
    scale = (np.mean((x - mean) ** 2, axis=axis, keepdims=True) + eps) ** 0.5

    def backward(g):
        flat = g - np.mean(g, axis=axis, keepdims=True)
        z = (x - mean) / scale
        return (flat / scale - z * np.mean(flat * z, axis=axis, keepdims=True) / scale,)

    return (x - mean) / scale, backward


def normalize_by_std(x, axis, eps=1e-5):
    s = np.hypot(np.std(x, axis=axis, keepdims=True), x.dtype.type(math.sqrt(eps)))
    z = (x - x.mean(axis, keepdims=True)) / s
    mean = lambda a: a.mean(axis, keepdims=True)
    return z, lambda g: (np.subtract(g, mean(g) + z * mean(z * g)) / s,)


def average(x, axis):
    return x.mean(axis=axis, keepdims=True)


def root(x, axis, eps):
    return np.sqrt(x.var(axis=axis, keepdims=True) + eps)


def slope(g, z, s, axis):
    return (g - average(g, axis) - z * average(g * z, axis)) / s


def normalizing(width: Callable = root, slope: Callable = slope, level: Callable = average, out: Callable = lambda x, m, s: (x - m) / s) -> Callable:
    """A normalization from its mean, its width and its gradient, of which one is wrong."""

    def f(x, axis, eps=1e-5):
        s = width(x, axis, eps)
        z = out(x, level(x, axis), s)
        return z, lambda g: (slope(g, z, s, axis),)

    return f


def root_of_unbiased(x, axis, eps):
    n = x.size / max(1, x.sum(axis=axis).size)
    return np.sqrt(x.var(axis=axis, keepdims=True) * np.divide(n, n - 1) + eps)


def root_of_difference(x, axis, eps):
    return np.sqrt(average(x * x, axis) - average(x, axis) ** 2 + eps)


def total(x, axis):
    return x.sum(axis=axis, keepdims=True)


def without_keepdims(x, axis, eps=1e-5):
    s = np.sqrt(x.var(axis=axis) + eps)
    z = (x - x.mean(axis=axis)) / s
    return z, lambda g: ((g - g.mean(axis=axis) - z * (g * z).mean(axis=axis)) / s,)


def centred_in_place(x, axis, eps=1e-5):
    s = root(x, axis, eps)
    x -= average(x, axis)
    x /= s
    return x, lambda g: (slope(g, x, s, axis),)


UNBIASED_HINT = "You divide by n - 1 (`ddof=1`). Here the numbers are normalized by their own mean of squares, so by n: numpy's default. The n - 1 has its place in the running variance of batch norm, and nowhere else."
OUTSIDE_HINT = "You take the root first and add eps afterwards. It stands inside: the root of (variance + eps). Where the variance is 0, that is the difference between 0.003 and 0.00001."
CONSTANTS_HINT = "You divide g by the deviation and are done, as if mean and deviation were constants. They are made of x: nudge one number, and the mean moves, the deviation moves, and with them all of the others."

norm(
    "normalize",
    normalize,
    title="Mean 0 and variance 1 along an axis",
    statement="Give back `(output, backward)`: x less its mean along `axis`, divided by the root of (variance + eps). The variance is the mean of the squared distances (divided by n). `axis` may be a number or a tuple; the output has the shape of x.",
    signature="normalize(x, axis, eps=1e-5) -> (output, backward)",
    trials=normalize_trials,
    variants=(normalize_in_steps, normalize_by_projecting, normalize_by_std),
    hints=(
        "Forward: `mean` and `var` along the axis, both with `keepdims=True`, so that they broadcast against x. eps is added to the variance, before the root.",
        "Backward: three shares, from section 2. g itself; less the mean of g along the axis (through the mean); less z times the mean of g * z (through the deviation). All of it divided by the deviation s.",
        "Keep s and z in names. In backward you need two means along the same axis, of g and of g * z, both with keepdims. Then one bracket with two minus signs, over s, in a tuple.",
    ),
    points=2,
    mistakes=(
        Mistake("statistics-taken-as-constants", normalizing(slope=lambda g, z, s, axis: g / s), CONSTANTS_HINT),
        Mistake("mean-taken-as-constant", normalizing(slope=lambda g, z, s, axis: (g - z * average(g * z, axis)) / s), "The share through the mean is missing: nudge one number of {inputs}, and the mean moves too, and lowers all the others a little. Together they take away the mean of g."),
        Mistake("deviation-taken-as-constant", normalizing(slope=lambda g, z, s, axis: (g - average(g, axis)) / s), "The share through the deviation is missing. Nudge a number away from the mean: the spread grows, and all outputs shrink. That takes away z times the mean of g * z."),
        Mistake("not-divided-by-the-deviation", normalizing(slope=lambda g, z, s, axis: g - average(g, axis) - z * average(g * z, axis)), "Your gradient is {ratio} times what it should be: the division by the deviation is missing. Numbers with a wide spread move their z less."),
        Mistake("divided-by-the-deviation-twice", normalizing(slope=lambda g, z, s, axis: (g - average(g, axis) - z * average(g * z, axis)) / s**2), "Your gradient is divided by the deviation twice. Once is right: z has one s below its line."),
        Mistake("sums-for-means", normalizing(slope=lambda g, z, s, axis: (g - total(g, axis) - z * total(g * z, axis)) / s), "You take away sums where means belong. Each number is only 1/n of the mean, and of the variance."),
        Mistake("means-over-everything-in-the-gradient", normalizing(slope=lambda g, z, s, axis: (g - average(g, None) - z * average(g * z, None)) / s if g.size else g), "In backward you take the means over the whole array. Each group has its own: the same `axis`, with `keepdims=True`, as on the way forward."),
        Mistake("x-for-z", lambda x, axis, eps=1e-5: ((x - average(x, axis)) / root(x, axis, eps), lambda g: (slope(g, x, root(x, axis, eps), axis),)), "In backward you use x where the normalized numbers z belong: both in the product and in its mean."),
        Mistake("plus-for-minus", normalizing(slope=lambda g, z, s, axis: (g - average(g, axis) + z * average(g * z, axis)) / s), "A sign: the share through the deviation is taken away, as is that through the mean. A wider spread makes the outputs smaller."),
        Mistake("g-forgotten", normalizing(slope=lambda g, z, s, axis: slope(np.ones_like(g), z, s, axis)), G_HINT),
        Mistake("unbiased-variance", normalizing(root_of_unbiased), UNBIASED_HINT),
        Mistake("eps-outside-the-root", normalizing(lambda x, axis, eps: x.std(axis=axis, keepdims=True) + eps), OUTSIDE_HINT),
        Mistake("eps-forgotten", normalizing(lambda x, axis, eps: root(x, axis, 0.0)), "eps has no effect. Without it, numbers that are all equal make 0 / 0."),
        Mistake("divided-by-the-variance", normalizing(lambda x, axis, eps: root(x, axis, eps) ** 2), "You divide by the variance. Its root is what has the size of the numbers: after it, the spread is 1."),
        Mistake("multiplied-by-the-deviation", normalizing(out=lambda x, m, s: (x - m) * s), "You multiply by the deviation: a wide spread becomes wider. Divide."),
        Mistake("not-centred", normalizing(level=lambda x, axis: 0.0), "The mean is not taken away. (Dividing only is another norm, RMSNorm, and has another width.)"),
        Mistake("only-centred", lambda x, axis, eps=1e-5: (x - average(x, axis), lambda g: (g - average(g, axis),)), "The mean is 0 now, and the spread is what it was: divide by the root of (variance + eps)."),
        Mistake("keepdims-forgotten", without_keepdims, "After `x.mean(axis=...)` the axis is gone, and numpy lines up what is left at the right: for {inputs} that fails, or, on a square, silently takes the numbers of other rows. Keep it: `keepdims=True`."),
        Mistake("axis-ignored", lambda x, axis, eps=1e-5: normalize(x, tuple(range(x.ndim)), eps), "You take mean and variance over everything, and `axis` has no effect: {inputs}."),
        Mistake("always-the-last-axis", lambda x, axis, eps=1e-5: normalize(x, -1, eps), "You always normalize along the last axis. Here {inputs}: use the `axis` you were given."),
        Mistake("variance-by-difference", normalizing(root_of_difference), "mean(x²) - mean(x)² is right on paper. For {inputs} it takes the difference of two huge numbers that agree in all the digits a float has, and what is left is rounding. Centre first, then square."),
        Mistake("input-overwritten", centred_in_place, IN_PLACE_HINT),
        Mistake("always-float64", lambda x, axis, eps=1e-5: normalize(np.asarray(x, float), axis, eps), FLOAT64_HINT),
        Mistake("comma-missing", lambda x, axis, eps=1e-5: bare(lambda x: normalize(x, axis, eps))(x), COMMA_HINT),
        Mistake("backward-not-returned", lambda x, axis, eps=1e-5: normalize(x, axis, eps)[0], PAIR_HINT),
    ),
)


# --------------------------------------------------------------------------------------------------- layer_norm
LAYER = ("x", "weight", "bias", "eps")


def layer_norm_trials(rng: np.random.Generator) -> Iterator[Trial]:
    ask_about = partial(trial, LAYER, standardized_layers)
    yield ask_about((row(2, 4), vector(1, 1), vector(0, 0)), row(1, 0), (0.5,))
    yield ask_about((array([2, 4, 9], [1, 3, 2]), vector(1, 1, 1), vector(0, 0, 0)), array([1, 0, 0], [2, 0, 1]), (0.5,))
    yield ask_about((array([2, 4, 9], [1, 0, 5]), array(1, 10, 2), array(5, 0, -1)), array([1, 0, 2], [3, 1, 0]), (0.5,))
    yield ask_about((array([2, 4], [1, 5]), array(3, 2), array(1, -1)), array([1, 2], [5, 1]), (0.5,))
    for shape, last in (((2, 3, 2), (2,)), ((2, 2, 3), (2, 3)), ((4,), (4,)), ((3, 1), (1,)), ((1, 3), (3,)), ((0, 3), (3,))):
        yield ask_about((drawn(rng, *shape), drawn(rng, *last), drawn(rng, *last)), drawn(rng, *shape), (0.1,))
    yield ask_about((strided(rng, 3, 4), drawn(rng, 4), drawn(rng, 4)), strided(rng, 3, 4), (0.1,))
    yield forward_only(LAYER, standardized_layers, (array([0.001, 0.003]), array(2, 1), array(0, 1)), (), more=", and eps not given, which then is 0.00001")
    yield again(LAYER, standardized_layers, (array([1, 3, 8]), array(1, 2, 3), array(0, 0, 1)), array([2, 3, 1]), (0.5,))
    yield keeps_float32(LAYER, (array([1, 3, 8]), array(1, 2, 3), array(0, 0, 1)), (0.5,))


def layer_norm(x, weight, bias, eps=1e-5):
    first = tuple(range(x.ndim - weight.ndim))  # the axes that the parameters were copied along
    z, pull = normalize(x, tuple(range(len(first), x.ndim)), eps)

    def backward(g):
        (grad,) = pull(g * weight)
        return grad, (g * z).sum(axis=first), g.sum(axis=first)

    return z * weight + bias, backward


def layer_norm_flat(x, weight, bias, eps=1e-5):
    rows = x.reshape(-1, weight.size)
    z, pull = normalize_by_projecting(rows, 1, eps)

    def backward(g):
        wide = g.reshape(rows.shape)
        (grad,) = pull(wide * weight.ravel())
        return [grad.reshape(x.shape), np.einsum("nd,nd->d", wide, z).reshape(weight.shape), np.add.reduce(wide).reshape(weight.shape)]

    return (z * weight.ravel() + bias.ravel()).reshape(x.shape), backward


def layer_norm_counting_back(x, weight, bias, eps=1e-5):
    last = tuple(-1 - i for i in range(weight.ndim))
    s = np.sqrt(np.var(x, axis=last, keepdims=True) + eps)
    z = (x - np.mean(x, axis=last, keepdims=True)) / s

    def backward(g):
        gz, grads = g * weight, []
        for grad in (g * z, g):
            while grad.ndim > weight.ndim:
                grad = grad.sum(axis=0)
            grads.append(grad)
        return ((gz - gz.mean(last, keepdims=True) - z * (gz * z).mean(last, keepdims=True)) / s, *grads)

    return weight * z + bias, backward


def layer_norm_from_output(x, weight, bias, eps=1e-5):
    z, pull = normalize_in_steps(x, tuple(range(x.ndim - weight.ndim, x.ndim)), eps)
    first = tuple(range(x.ndim - weight.ndim))
    return z * weight + bias, lambda g: (pull(weight * g)[0], np.sum(g * z, first), np.sum(g, first))


def trailing(x, weight):
    return tuple(range(x.ndim - weight.ndim, x.ndim))


def leading(x, weight):
    return tuple(range(x.ndim - weight.ndim))


def layering(axes: Callable = trailing, first: Callable = leading, base: Callable = normalize, through: Callable = lambda g, weight: g * weight, of_weight: Callable = lambda g, z, x, out: g * z, fold: Callable = np.sum, out: Callable = lambda z, weight, bias: z * weight + bias, kept_eps: Callable = lambda eps: eps, take: Callable = lambda grads: grads[0]) -> Callable:
    """A layer norm of its parts, of which one is wrong."""

    def f(x, weight, bias, eps=1e-5):
        z, pull = base(x, axes(x, weight), kept_eps(eps))
        y, over = out(z, weight, bias), first(x, weight)

        def backward(g):
            return take(pull(through(g, weight))), fold(of_weight(g, z, x, y), axis=over), fold(g, axis=over)

        return y, backward

    return f


def fits_layer_norm(input: Any, normalized_shape: Any, weight: Any, bias: Any, eps: Any) -> bool:
    """Is this a call that the exercise speaks of: with both parameters, and of a shape that fits?"""
    arrays = input, weight, bias
    if not all(map(is_float, arrays)) or len({a.dtype for a in arrays}) > 1 or not isinstance(eps, int | float):
        return False
    shape = tuple(normalized_shape) if isinstance(normalized_shape, tuple | list) else ()
    return bool(shape) and weight.shape == bias.shape == shape == input.shape[-len(shape) :] and input.size > 0


def around_shape(f: Callable) -> Callable:
    """PyTorch's arguments, of which shape and eps have no gradient."""

    def forward(input, normalized_shape, weight, bias, eps):
        out, pull = f(input, weight, bias, eps)

        def backward(g):
            of_x, of_weight, of_bias = pull(g)
            return of_x, 0.0, of_weight, of_bias, 0.0

        return out, backward

    return forward


in_place_of_layer_norm = operation("layer_norm", ops.layer_norm, fits_layer_norm)


def over_nothing(array, axis):
    return array


norm(
    "layer_norm",
    layer_norm,
    title="Layer norm: every example by itself",
    statement="`(output, backward)`: x is normalized over its last axes, as many as `weight` has; then each place is multiplied by its weight, and its bias is added. Gradients of x, weight and bias.",
    signature="layer_norm(x, weight, bias, eps=1e-5) -> (output, backward)",
    trials=layer_norm_trials,
    variants=(layer_norm_flat, layer_norm_counting_back, layer_norm_from_output),
    hints=(
        "`normalize` does the hard part: call it with the axes of the example, and keep what it gives back, z and its backward. The axes are the last `weight.ndim` ones, `tuple(range(x.ndim - weight.ndim, x.ndim))`.",
        "Then out = z * weight + bias, which is lesson 05: the gradient of z is g * weight, and goes on into normalize's backward. weight and bias were copied along the first axes: sum over them.",
        "Three gradients: what normalize's backward makes of g * weight (take it out of its tuple); g * z summed over the first axes; g summed over the first axes. `sum(axis=tuple(range(x.ndim - weight.ndim)))`.",
    ),
    replaces="learnnn.ops.layer_norm",
    adapt=lambda f: in_place_of_layer_norm(around_shape(f)),
    points=2,
    mistakes=(
        Mistake("weight-forgotten-on-the-way-back", layering(through=lambda g, weight: g), "g has to pass the multiplication before it reaches the normalization: what goes into normalize's backward is g * weight."),
        Mistake("weight-gradient-from-the-input", layering(of_weight=lambda g, z, x, out: g * x), "The slope of the output in weight is what weight was multiplied with: the normalized numbers, not x."),
        Mistake("weight-gradient-from-the-output", layering(of_weight=lambda g, z, x, out: g * out), "The slope of the output in weight is the normalized z, before weight and bias came in. You took the finished output."),
        Mistake("parameters-not-summed", layering(fold=over_nothing), "The gradients of weight and bias came back as large as x. The parameters were copied along the first axes: sum over them."),
        Mistake("parameters-averaged", layering(fold=np.mean), "You take the mean over the examples. A parameter that is used n times gets the sum."),
        Mistake("parameters-summed-along-the-features", layering(first=lambda x, weight: tuple(range(x.ndim - weight.ndim, x.ndim))), "You sum over the axes of the features. weight has one number for each feature, and was copied along the *other* axes, the first ones."),
        Mistake("only-the-first-axis-summed", layering(first=lambda x, weight: 0), "With three axes, (batch, time, features), the parameters are copied along two of them, and with a single example of one axis along none. You always sum over axis 0."),
        Mistake("made-for-two-axes", layering(axes=lambda x, weight: -1, first=lambda x, weight: 0), "Right for a table of examples (N, D), and for nothing else: you normalize over the last axis, and sum over axis 0. How many axes belong to one example is told by `weight.ndim`; the parameters were copied along all the others."),
        Mistake("gradient-still-in-its-tuple", layering(take=lambda grads: grads), "The gradient of x is a tuple: normalize's backward gives its only gradient in a tuple, as the form wants it. Take it out, `(grad,) = ...` or `[0]`."),
        Mistake("last-axis-only", layering(axes=lambda x, weight: -1), "You normalize along the last axis. How many axes belong to one example is told by `weight.ndim`; here {inputs}."),
        Mistake("over-the-batch", layering(axes=lambda x, weight: 0), "You normalize along axis 0, over the examples: that is batch norm. Layer norm looks at one example at a time."),
        Mistake("over-everything", layering(axes=lambda x, weight: tuple(range(x.ndim))), "You take mean and variance over the whole array. Each example has its own."),
        Mistake("bias-before-weight", layering(out=lambda z, weight, bias: (z + bias) * weight), "You add the bias first and multiply afterwards. It is z * weight + bias."),
        Mistake("bias-left-out", layering(out=lambda z, weight, bias: z * weight), "The bias is missing in the output."),
        Mistake("weight-left-out", layering(out=lambda z, weight, bias: z + bias), "The weight is missing in the output: z * weight + bias."),
        Mistake("weight-added", layering(out=lambda z, weight, bias: z + weight + bias), "The weight is a factor, and you add it: z * weight + bias."),
        Mistake("unbiased-variance", layering(base=normalizing(root_of_unbiased)), UNBIASED_HINT),
        Mistake("eps-outside-the-root", layering(base=normalizing(lambda x, axis, eps: x.std(axis=axis, keepdims=True) + eps)), OUTSIDE_HINT),
        Mistake("eps-not-handed-on", layering(kept_eps=lambda eps: 1e-5), "Your layer norm was given an eps, and normalizes with its own 1e-5. Hand it on."),
        Mistake("statistics-taken-as-constants", layering(base=normalizing(slope=lambda g, z, s, axis: g / s)), CONSTANTS_HINT),
        Mistake("always-float64", float64(layer_norm), FLOAT64_HINT),
        Mistake("backward-not-returned", only_output(layer_norm), PAIR_HINT),
    ),
)


# ----------------------------------------------------------------------------------------------------- rms_norm
RMS = ("x", "weight", "eps")


def scaled_rows(x: np.ndarray, weight: np.ndarray, eps: float = 1e-6) -> np.ndarray:
    out = np.empty(x.shape)
    for places in together(x.shape, -1):
        size = math.sqrt(math.fsum(float(x[p]) ** 2 for p in places) / len(places) + eps)
        for p in places:
            out[p] = x[p] / size * weight[p[-1]]
    return out


def rms_trials(rng: np.random.Generator) -> Iterator[Trial]:
    ask_about = partial(trial, RMS, scaled_rows)
    yield ask_about((row(3, 4), vector(1, 1)), row(1, 0), (0.0,))
    yield ask_about((array([3, 4], [1, -2]), array(1, 10)), array([1, 0], [2, 1]), (0.5,))
    yield ask_about((row(2, 2, 5), vector(1, 1, 1)), row(1, 0, 0), (0.5,))
    yield ask_about((row(0, 0), vector(1, 2)), row(1, 4), (0.25,), "nothing but zeros")
    for shape in ((2, 3, 2), (4,), (3, 1), (1, 3), (0, 3)):
        yield ask_about((drawn(rng, *shape), drawn(rng, shape[-1])), drawn(rng, *shape), (0.1,))
    yield ask_about((strided(rng, 3, 4), drawn(rng, 4)), strided(rng, 3, 4), (0.1,))
    yield forward_only(RMS, scaled_rows, (array([0.001, 0.003]), array(2, 1)), (), more=", and eps not given, which then is 0.000001")
    yield again(RMS, scaled_rows, (array([1, 3]), array(1, 2)), array([2, 3]), (0.5,))
    yield keeps_float32(RMS, (array([1, 3]), array(1, 2)), (0.5,))


def rms_norm(x, weight, eps=1e-6):
    size = np.sqrt((x * x).mean(axis=-1, keepdims=True) + eps)
    z = x / size

    def backward(g):
        gz = g * weight
        grad = (gz - z * (gz * z).mean(axis=-1, keepdims=True)) / size
        return grad, (g * z).sum(axis=tuple(range(x.ndim - 1)))

    return z * weight, backward


def rms_norm_in_steps(x, weight, eps=1e-6):
    inverse = (np.mean(x**2, -1, keepdims=True) + eps) ** -0.5

    def backward(g):
        d_inverse = np.sum(g * weight * x, axis=-1, keepdims=True)
        d_square = -0.5 * d_inverse * inverse**3 / x.shape[-1]
        return [g * weight * inverse + 2 * x * d_square, np.sum((g * x * inverse).reshape(-1, len(weight)), axis=0)]

    return x * inverse * weight, backward


def rms_norm_by_length(x, weight, eps=1e-6):
    n = x.shape[-1]
    length = np.sqrt(np.sum(x * x, axis=-1, keepdims=True) + n * eps)
    y = x / length * x.dtype.type(math.sqrt(n))

    def backward(g):
        h = g * weight
        first = tuple(range(g.ndim - 1))
        return (h * x.dtype.type(math.sqrt(n)) - y * np.sum(h * y, -1, keepdims=True) / x.dtype.type(math.sqrt(n))) / length, np.add.reduce(g * y, axis=first)

    return y * weight, backward


def rms_norm_by_einsum(x, weight, eps=1e-6):
    size = np.sqrt(np.einsum("...i,...i->...", x, x)[..., None] / x.shape[-1] + x.dtype.type(eps))

    def backward(g):
        along = np.einsum("...i,i,...i->...", g, weight, x)[..., None] / x.shape[-1] / size**2
        return (g * weight - x * along) / size, np.einsum("ni,ni->i", g.reshape(-1, len(weight)), (x / size).reshape(-1, len(weight)))

    return x / size * weight, backward


def mean_square(x, eps):
    return np.sqrt(average(x * x, -1) + eps)


def rms_slope(gz, z, size):
    return (gz - z * average(gz * z, -1)) / size


def scaling(size: Callable = mean_square, slope: Callable = rms_slope, through: Callable = lambda g, weight: g * weight, of_weight: Callable = lambda g, z, x: g * z, fold: Callable = lambda a: a.sum(axis=tuple(range(a.ndim - 1))), centre: Callable = lambda x: x, out: Callable = lambda z, weight: z * weight) -> Callable:
    """An RMS norm of its parts, of which one is wrong."""

    def f(x, weight, eps=1e-6):
        s = size(x, eps)
        z = centre(x) / s
        return out(z, weight), lambda g: (slope(through(g, weight), z, s), fold(of_weight(g, z, x)))

    return f


def around_rms(f: Callable) -> Callable:
    def forward(input, normalized_shape, weight, eps):
        out, pull = f(input, weight, float(np.finfo(input.dtype).eps) if eps is None else eps)

        def backward(g):
            of_x, of_weight = pull(g)
            return of_x, 0.0, of_weight, 0.0

        return out, backward

    return forward


def fits_rms(input: Any, normalized_shape: Any, weight: Any, eps: Any) -> bool:
    if not (is_float(input) and is_float(weight)) or input.dtype != weight.dtype or input.ndim == 0 or input.size == 0:
        return False
    shape = tuple(normalized_shape) if isinstance(normalized_shape, tuple | list) else ()
    return len(shape) == 1 and weight.shape == shape == input.shape[-1:] and (eps is None or isinstance(eps, int | float))


in_place_of_rms_norm = operation("rms_norm", ops.rms_norm, fits_rms)


norm(
    "rms_norm",
    rms_norm,
    title="RMS norm: only the size",
    statement="`(output, backward)`: x divided by the root of (the mean of its squares along the last axis, + eps), times weight, (D,). No mean is taken away, and there is no bias. Gradients of x and of weight.",
    signature="rms_norm(x, weight, eps=1e-6) -> (output, backward)",
    trials=rms_trials,
    variants=(rms_norm_in_steps, rms_norm_by_length, rms_norm_by_einsum),
    hints=(
        "It is layer norm with one thing left out. Which of the three shares of the gradient goes through the mean?",
        "With size = sqrt(mean(x * x) + eps) and z = x / size, the gradient of x is that of layer norm without the mean of g: gz less z times the mean of gz * z, over size, where gz = g * weight.",
        "weight's gradient is g * z, summed over all axes but the last: `.sum(axis=tuple(range(x.ndim - 1)))`. Then return both.",
    ),
    replaces="learnnn.ops.rms_norm",
    adapt=lambda f: in_place_of_rms_norm(around_rms(f)),
    points=2,
    mistakes=(
        Mistake("mean-taken-away", scaling(size=lambda x, eps: root(x, -1, eps), centre=lambda x: x - average(x, -1), slope=lambda gz, z, s: slope(gz, z, s, -1)), "That is layer norm without its bias. RMS norm takes no mean away: the mean of {inputs} stays."),
        Mistake("divided-by-the-deviation", scaling(size=lambda x, eps: root(x, -1, eps)), "You divide by the deviation, which measures the distance from the mean. Here it is the distance from 0: the mean of x * x."),
        Mistake("divided-by-the-length", scaling(size=lambda x, eps: np.sqrt(total(x * x, -1) + eps), slope=lambda gz, z, s: (gz - z * total(gz * z, -1)) / s), "You divide by the length, the root of the *sum* of squares. With the mean, the numbers come out with size 1 however many they are."),
        Mistake("divided-by-the-mean-square", scaling(size=lambda x, eps: average(x * x, -1) + eps), "You divide by the mean of the squares; its root is missing."),
        Mistake("divided-by-the-mean-size", scaling(size=lambda x, eps: average(np.abs(x), -1) + eps), "You divide by the mean of the absolute values. RMS is the root of the mean of the squares; large numbers count more."),
        Mistake("eps-outside-the-root", scaling(size=lambda x, eps: np.sqrt(average(x * x, -1)) + eps), "eps stands inside the root: sqrt(mean(x * x) + eps)."),
        Mistake("eps-forgotten", scaling(size=lambda x, eps: mean_square(x, 0.0)), "eps has no effect. Without it, a row of zeros makes 0 / 0."),
        Mistake("size-taken-as-constant", scaling(slope=lambda gz, z, s: gz / s), "You divide by the size as if it were a constant. It is made of x: nudge one number and all are divided by something else."),
        Mistake("mean-of-g-taken-away", scaling(slope=lambda gz, z, s: slope(gz, z, s, -1)), "You take the mean of g away, as in layer norm. That share came through the mean of x, which is not used here."),
        Mistake("not-divided-by-the-size", scaling(slope=lambda gz, z, s: gz - z * average(gz * z, -1)), "Your gradient of x is {ratio} times what it should be: the division by the size is missing."),
        Mistake("sum-for-mean-in-the-gradient", scaling(slope=lambda gz, z, s: (gz - z * total(gz * z, -1)) / s), "In backward you take z times the *sum* of g * z. Each number has only 1/n of the mean square."),
        Mistake("x-for-z", lambda x, weight, eps=1e-6: (x / mean_square(x, eps) * weight, lambda g: (rms_slope(g * weight, x, mean_square(x, eps)), rms_norm(x, weight, eps)[1](g)[1])), "In the gradient of x you use x where z = x / size belongs."),
        Mistake("weight-forgotten-on-the-way-back", scaling(through=lambda g, weight: g), "What reaches the normalization is g * weight, not g."),
        Mistake("weight-gradient-from-the-input", scaling(of_weight=lambda g, z, x: g * x), "weight was multiplied with x / size, so that is the slope; you took x."),
        Mistake("weight-not-summed", scaling(fold=lambda a: a), "The gradient of weight came back as large as x. It was copied along all axes but the last: sum over them."),
        Mistake("only-the-first-axis-summed", scaling(fold=lambda a: a.sum(axis=0)), "With three axes, weight is copied along two of them, and with one axis along none. You always sum over axis 0."),
        Mistake("weight-left-out", scaling(out=lambda z, weight: z), "The weight is missing in the output."),
        Mistake("always-float64", float64(rms_norm), FLOAT64_HINT),
        Mistake("backward-not-returned", only_output(rms_norm), PAIR_HINT),
    ),
)


# --------------------------------------------------------------------------------------------------- batch_norm
BATCH = ("x", "running_mean", "running_var", "weight", "bias", "training", "momentum", "eps")
BATCH_ANSWERS = "answers: (output, (gradients of x, weight, bias), running_mean, running_var)"


def ask_batch(x: np.ndarray, running: tuple, parameters: tuple, training: bool, options: tuple, g: np.ndarray, f: Callable) -> Any:
    """All that a call answers, and what became of the running arrays."""
    mean, var = (np.array(r) for r in running)
    pair = f(x, mean, var, *parameters, training, *options)
    if not isinstance(pair, tuple | list) or len(pair) != 2 or not callable(pair[1]):
        return pair
    return pair[0], pair[1](g), mean, var


def batch_trial(x: np.ndarray, running: tuple, parameters: tuple, training: bool, g: np.ndarray, momentum: float = 0.1, eps: float = 0.5, options: tuple | None = None, label: str = "") -> Trial:
    options = (momentum, eps) if options is None else options
    reference = partial(scaled_batch, eps=eps) if training else lambda *moved: evaluated(*moved, *running, eps)
    expected = reference(x, *parameters), gradients(reference, (x, *parameters), g)
    after = tuple(followed([new], old, momentum) for old, new in zip(running, (columns(x)[0], unbiased(x)))) if training else running
    text = question(BATCH, (x, *running, *parameters, training, *options), g) + ", and momentum and eps not given: they are 0.1 and 0.00001" * (not options)
    run = partial(ask_batch, x, running, parameters, training, options, g)
    return Trial(label or BATCH_ANSWERS, text, run, (*expected, *after))


def batch_output(x: np.ndarray, training: bool, f: Callable) -> Any:
    d = x.shape[1]
    return f(x, np.zeros(d), np.ones(d), np.ones(d), np.zeros(d), training)[0]


def batch_dtype(x: np.ndarray, f: Callable) -> str:
    d = np.ones(x.shape[1], x.dtype)
    return str(f(x, d * 0, d + 0, d, d * 0, True)[0].dtype)


def batch_norm_trials(rng: np.random.Generator) -> Iterator[Trial]:
    neutral, plain = (vector(0), vector(1)), (vector(1), vector(0))
    yield batch_trial(array([1], [5]), neutral, plain, True, array([1], [0]), momentum=0.25)
    yield batch_trial(array([1], [5]), (vector(2), vector(4)), plain, False, array([1], [0]), momentum=0.25)
    yield batch_trial(array([1], [2], [9]), (vector(2), vector(8)), (vector(3), vector(1)), True, array([1], [0], [2]))
    yield batch_trial(array([1, 3], [2, 0]), (vector(2, 1), vector(8, 4)), (vector(3, 2), vector(1, 5)), True, array([1, 2], [0, 5]), momentum=0.25)
    yield batch_trial(array([1, 3], [2, 0]), (vector(2, 1), vector(8, 4)), (vector(3, 2), vector(1, 5)), False, array([1, 2], [0, 5]), momentum=0.25)
    yield batch_trial(row(1, 3), (vector(2, 1), vector(8, 4)), (vector(3, 2), vector(1, 5)), False, row(1, 2), label=f"one row, in evaluation; {BATCH_ANSWERS}")
    for n, d in ((4, 3), (3, 1), (5, 2)):
        for training in (True, False):
            running = drawn(rng, d), np.abs(drawn(rng, d)) + 0.5
            yield batch_trial(drawn(rng, n, d), running, (drawn(rng, d), drawn(rng, d)), training, drawn(rng, n, d))
    yield batch_trial(strided(rng, 3, 2), (drawn(rng, 2), vector(1, 2)), (drawn(rng, 2), drawn(rng, 2)), True, strided(rng, 3, 2))
    yield batch_trial(array([1], [2], [9]), (vector(2), vector(8)), (vector(3), vector(1)), True, array([1], [0], [2]), 0.1, 1e-5, ())
    yield Trial("the output, with eps left at 1e-5", "x = [[0.001], [0.003]], running_mean 0, running_var 1, weight 1, bias 0, training = True", partial(batch_output, array([0.001], [0.003]), True), standardized(array([0.001], [0.003]), 0))
    yield Trial("one row has no variance, and is refused in training", "x = [[1, 3]], training = True", partial(batch_output, row(1, 3), True), ValueError)
    yield Trial("dtype of the output", "x = [[1], [5]], everything in float32, training = True", partial(batch_dtype, array([1], [5]).astype(np.float32)), "float32")


def batch_norm(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    if training:
        if len(x) == 1:
            raise ValueError("one example has no variance: use a larger batch, or evaluation mode")
        z, pull = normalize(x, 0, eps)
        running_mean[...] = (1 - momentum) * running_mean + momentum * x.mean(axis=0)
        running_var[...] = (1 - momentum) * running_var + momentum * x.var(axis=0, ddof=1)
    else:
        s = np.sqrt(running_var + eps)
        z = (x - running_mean) / s
        pull = lambda g: (g / s,)  # constants now: nothing to go through

    def backward(g):
        (grad,) = pull(g * weight)
        return grad, (g * z).sum(axis=0), g.sum(axis=0)

    return z * weight + bias, backward


def batch_norm_in_place(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    n = len(x)
    mean, var = running_mean.copy(), running_var.copy()
    if training and n < 2:
        raise ValueError("more than one row, please")
    if training:
        mean, var = x.sum(axis=0) / x.dtype.type(n), x.var(axis=0)
        running_mean *= 1 - momentum
        running_mean += momentum * mean
        running_var *= 1 - momentum
        running_var += momentum * var * n / (n - 1)
    inverse = 1 / np.sqrt(var + x.dtype.type(eps))
    z = (x - mean) * inverse

    def backward(g):
        grad = g * weight * inverse
        if training:
            grad = grad - grad.mean(axis=0) - z * (grad * z).mean(axis=0)
        return grad, np.einsum("nd,nd->d", g, z), np.add.reduce(g, axis=0)

    return weight * z + bias, backward


def batch_norm_moving(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    if not training:
        scale = weight / (running_var + eps) ** 0.5
        z = (x - running_mean) / (running_var + eps) ** 0.5
        return x * scale + (bias - running_mean * scale), lambda g: [g * scale, np.sum(g * z, 0), np.sum(g, 0)]
    if x.shape[0] <= 1:
        raise ValueError("a batch of one")
    running_mean += momentum * (x.mean(0) - running_mean)
    running_var += momentum * (np.var(x, axis=0, ddof=1) - running_var)
    z, pull = normalize_by_projecting(x, 0, eps)
    return z * weight + bias, lambda g: [pull(g * weight)[0], np.sum(g * z, 0), np.sum(g, 0)]


def batch_norm_by_copyto(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    if training:
        if not len(x) > 1:
            raise ValueError("a variance needs two rows")
        for running, new in ((running_mean, np.average(x, axis=0)), (running_var, x.std(axis=0, ddof=1) ** 2)):
            np.copyto(running, running - momentum * (running - new))
        z, pull = normalize_in_steps(x, 0, eps)
    else:
        z = np.subtract(x, running_mean) / np.sqrt(running_var + eps)
        kept = running_var.copy()
        pull = lambda g: (g / np.sqrt(kept + eps),)
    return z * weight + bias, lambda g: (pull(weight * g)[0], (z * g).sum(0), g.sum(0))


def unbiased_width(x):
    """The variance of a sample, by n - 1."""
    return x.var(axis=0) * np.divide(len(x), len(x) - 1)


def pulled(g, z, s, training):
    return (g - g.mean(axis=0) - z * (g * z).mean(axis=0)) / s if training else g / s


def kept_by(momentum, old, new):
    return (1 - momentum) * old + momentum * new


def from_the_batch(x, running_mean, running_var):
    return x.mean(axis=0), x.var(axis=0)


def from_the_past(x, running_mean, running_var):
    return running_mean.copy(), running_var.copy()


def refuse_one_row(x, training):
    if training and len(x) == 1:
        raise ValueError("one row")


def batching(in_training: Callable = from_the_batch, in_evaluation: Callable = from_the_past, keep: Callable = kept_by, kept_var: Callable = unbiased_width, moves: Callable = lambda training: training, refuse: Callable = refuse_one_row, pull: Callable = pulled, width: Callable = lambda var, eps: np.sqrt(var + eps), through: Callable = lambda g, weight: g * weight, fold: Callable = lambda a: a.sum(axis=0), out: Callable = lambda z, weight, bias: z * weight + bias, of_weight: Callable = lambda g, z, x: g * z, first: bool = False, centre: Callable = lambda x: x.mean(axis=0)) -> Callable:
    """A batch norm of its parts, of which one is wrong. `first`: the running arrays move before they are looked at."""

    def move(x, running_mean, running_var, momentum):
        running_mean[...] = keep(momentum, running_mean, centre(x))
        running_var[...] = keep(momentum, running_var, kept_var(x))

    def f(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
        refuse(x, training)
        if moves(training) and first:
            move(x, running_mean, running_var, momentum)
        mean, var = (in_training if training else in_evaluation)(x, running_mean, running_var)
        s = width(var, eps)
        z = (x - mean) / s
        if moves(training) and not first:
            move(x, running_mean, running_var, momentum)
        return out(z, weight, bias), lambda g: (pull(through(g, weight), z, s, training), fold(of_weight(g, z, x)), fold(g))

    return f


def running_rebound(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    mean, var = running_mean.copy(), running_var.copy()
    output, backward = batch_norm(x, mean, var, weight, bias, training, momentum, eps)
    running_mean, running_var = mean, var
    return output, backward


def gradient_in_a_tuple(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    output, backward = batch_norm(x, running_mean, running_var, weight, bias, training, momentum, eps)
    return output, lambda g: ((backward(g)[0],), *backward(g)[1:])


def over_the_features(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    output, backward = batch_norm(x, running_mean, running_var, weight, bias, training, momentum, eps)
    if not training:
        return output, backward
    z, pull = normalize(x, 1, eps)
    return z * weight + bias, lambda g: (pull(g * weight)[0], (g * z).sum(axis=0), g.sum(axis=0))


def refuses_always(x, training):
    if len(x) == 1:
        raise ValueError("one row")


def never_refuses(x, training):
    return None


def fits_batch_norm(input: Any, running: tuple, weight: Any, bias: Any, training: bool, numbers: tuple) -> bool:
    """Is this a call that the exercise speaks of: (N, D), with both parameters, of one dtype, and of shapes that fit?"""
    given = [a.array for a in (input, *running, weight, bias) if isinstance(a, Variable)]
    tracked = all(isinstance(r, Variable) for r in running) or (training and running == (None, None))
    if not tracked or len(given) < 3 or not all(isinstance(a, Variable) for a in (input, weight, bias)):
        return False
    x, *others = given
    sizes = {a.shape for a in others}
    return x.ndim == 2 and x.dtype.kind == "f" and len(x) > int(training) and {a.dtype for a in given} == {x.dtype} and sizes == {x.shape[1:]} and all(isinstance(v, int | float) for v in numbers)


def adapt_batch_norm(f: Callable, shipped: Callable = ops.batch_norm) -> Callable:
    """The learner's function with PyTorch's arguments. It gets copies of the running arrays, whose news are taken over."""

    @wraps(shipped)
    def yours(input: Any, running_mean: Any, running_var: Any, weight: Any = None, bias: Any = None, training: bool = False, momentum: float = 0.1, eps: float = 1e-5) -> Any:
        if not fits_batch_norm(input, (running_mean, running_var), weight, bias, training, (momentum, eps)):
            return shipped(input, running_mean, running_var, weight, bias, training, momentum, eps)
        d, dtype = input.shape[1], input.dtype
        mean, var = (np.full(d, first, dtype) if r is None else r.array.copy() for first, r in enumerate((running_mean, running_var)))
        before = mean.copy(), var.copy()

        def batch_norm(x, weight, bias):
            out, pull = f(x, mean, var, weight, bias, training, momentum, eps)
            return np.asarray(out), lambda g: tuple(map(np.asarray, pull(g)))

        def plain(x, weight, bias):
            return shipped(x, *((None, None) if training else map(wrap, before)), weight, bias, training, momentum, eps)

        result = from_backward(batch_norm, origin="yours", plain=plain)(input, weight, bias)
        if training and running_mean is not None:
            with no_grad():
                running_mean.copy_(wrap(mean))
                running_var.copy_(wrap(var))
        return result

    return yours


norm(
    "batch_norm",
    batch_norm,
    title="Batch norm: every feature over the batch",
    statement="`(output, backward)` for x (N, D). In training: normalize each column by its own mean and (biased) variance, and move `running_mean` and `running_var` in place, new = (1 - momentum) * old + momentum * batch's, with the unbiased variance (by N - 1); raise ValueError for a single row. In evaluation: use the running arrays, and leave them as they are. Then times weight, plus bias, both (D,). Gradients of x, weight and bias.",
    signature="batch_norm(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5) -> (output, backward)",
    trials=batch_norm_trials,
    variants=(batch_norm_in_place, batch_norm_moving, batch_norm_by_copyto),
    hints=(
        "Two cases. In training, `normalize(x, 0, eps)` gives z and its backward. In evaluation mean and variance are constants: z = (x - running_mean) / s, and g goes back simply over s. What comes after (weight, bias, their gradients) is layer norm's.",
        "The running arrays belong to the caller, who keeps them: write *into* them, `running_mean[...] = ...`. A plain `running_mean = ...` only gives your local name another array. For the running variance: `x.var(axis=0, ddof=1)`.",
        "Let each case end with two names, z and pull (in evaluation: `pull = lambda g: (g / s,)`). Then one backward serves both: pull(g * weight) for x, g * z summed over axis 0 for weight, g summed over axis 0 for bias.",
    ),
    replaces="learnnn.ops.batch_norm",
    adapt=adapt_batch_norm,
    points=3,
    mistakes=(
        Mistake("gradient-still-in-its-tuple", gradient_in_a_tuple, "The gradient of x is a tuple in training: normalize's backward gives its only gradient in a tuple, as the form wants it. Take it out, `(grad,) = ...` or `[0]`."),
        Mistake("running-arrays-rebound", running_rebound, "The running arrays did not change in training. Nothing moves them, or: `running_mean = ...` gives a new array to a name that only your function knows. Write into the array of the caller: `running_mean[...] = ...`."),
        Mistake("momentum-the-wrong-way-round", batching(keep=lambda m, old, new: m * old + (1 - m) * new), "The running numbers are {actual}, and should be {expected}: you keep momentum of the old and take 1 - momentum of the new. Here momentum is the share of the *new*, 0.1: nine tenths stay. (In an optimizer the word means the other share. PyTorch has it so too.)"),
        Mistake("running-variance-biased", batching(kept_var=lambda x: x.var(axis=0)), "The running variance takes the variance by N - 1 (`ddof=1`): it is to speak for all the data, not for this batch alone. Yours moved by the one by N."),
        Mistake("output-by-unbiased-variance", batching(in_training=lambda x, mean, var: (x.mean(axis=0), unbiased_width(x))), UNBIASED_HINT),
        Mistake("batch-statistics-in-evaluation", batching(in_evaluation=from_the_batch), "In evaluation you use the batch's own mean and variance. Then what the network says of a picture depends on the pictures beside it. Use the running ones."),
        Mistake("running-statistics-in-training", batching(in_training=from_the_past, pull=lambda g, z, s, training: g / s), "In training you normalize by the running arrays. There it is the batch's own mean and variance."),
        Mistake("moved-running-statistics-in-training", batching(in_training=from_the_past, pull=lambda g, z, s, training: g / s, first=True), "In training you first move the running arrays and then normalize by them. The batch is normalized by its own mean and variance; the running arrays only keep a record."),
        Mistake("running-arrays-move-in-evaluation", batching(moves=lambda training: True, kept_var=lambda x: unbiased_width(x) if len(x) > 1 else x.var(axis=0)), "The running arrays moved in evaluation. A model that is only asked must not change: the next answer would be another one."),
        Mistake("running-arrays-replaced", batching(keep=lambda m, old, new: new), "The running arrays are those of this batch, as if momentum were 1. They keep 1 - momentum of what they were."),
        Mistake("running-sum", batching(keep=lambda m, old, new: old + m * new), "You add momentum of the new and keep *all* of the old: that grows with every batch. Keep 1 - momentum of it."),
        Mistake("running-deviation", batching(kept_var=lambda x: np.sqrt(unbiased_width(x))), "You keep the deviation in `running_var`. It holds variances; the root is taken when it is used, with eps inside."),
        Mistake("training-gradient-in-evaluation", batching(pull=lambda g, z, s, training: pulled(g, z, s, True)), "In evaluation the statistics are constants, that x has no part in. Nothing goes through mean and deviation: g * weight, over s, and no more."),
        Mistake("statistics-taken-as-constants", batching(pull=lambda g, z, s, training: g / s), CONSTANTS_HINT),
        Mistake("one-row-accepted", batching(refuse=never_refuses, kept_var=lambda x: unbiased_width(x) if len(x) > 1 else x.var(axis=0)), "One row in training: its mean is itself, so all outputs are exactly the bias, and the network learns nothing from it. Refuse it with a ValueError."),
        Mistake("one-row-refused-in-evaluation", batching(refuse=refuses_always), "You refuse a single row in evaluation too. There it is welcome: the running statistics do not need a batch."),
        Mistake("over-the-features", over_the_features, "In training you normalize along axis 1, each row by itself: that is layer norm. Here each *column* has a mean, over the rows."),
        Mistake("eps-outside-the-root", batching(width=lambda var, eps: np.sqrt(var) + eps), OUTSIDE_HINT),
        Mistake("eps-forgotten", batching(width=lambda var, eps: np.sqrt(var)), "eps has no effect. Add it to the variance, in training and in evaluation."),
        Mistake("not-rooted", batching(width=lambda var, eps: var + eps), "You divide by the variance. Take the root, of (variance + eps)."),
        Mistake("weight-forgotten-on-the-way-back", batching(through=lambda g, weight: g), "g has to pass the multiplication first: what goes back through the normalization is g * weight."),
        Mistake("weight-gradient-from-the-input", batching(of_weight=lambda g, z, x: g * x), "weight was multiplied with the normalized numbers: its gradient is g * z, summed over the rows. You took g * x."),
        Mistake("parameters-not-summed", batching(fold=lambda a: a), "weight and bias were copied to every row: sum their gradients over axis 0."),
        Mistake("parameters-averaged", batching(fold=lambda a: a.mean(axis=0)), "You average the gradients of weight and bias over the rows. They add up."),
        Mistake("bias-before-weight", batching(out=lambda z, weight, bias: (z + bias) * weight), "You add the bias first. It is z * weight + bias."),
        Mistake("backward-not-returned", only_output(batch_norm), PAIR_HINT),
    ),
)


# -------------------------------------------------------------------------------------------------- BatchNorm1d
def tensor(x: Any) -> Any:
    return torch.tensor(np.array(x, float))


def doubled(cls: type, *sizes: Any, **options: Any) -> Any:
    """A new module in float64."""
    return cls(*sizes, **options).double()


def parts_of(cls: type) -> Any:
    """What a module registered, by name."""
    module = cls(3)
    state = [name for name in module.state_dict() if name != "num_batches_tracked"]
    return {"parameters": sorted(name for name, _ in module.named_parameters()), "state_dict": sorted(state)}


def beginnings(cls: type) -> dict:
    module = cls(3)
    return {name: getattr(module, name) for name in ("weight", "bias", "running_mean", "running_var")}


def lived(module: Any, life: Sequence[tuple[str, np.ndarray]]) -> list:
    """The answers of a module that is switched to a mode and asked, one after the other."""
    answers = []
    for mode, x in life:
        module.train(mode == "train")
        answers.append(module(tensor(x)))
    return answers


def life_of(life: Sequence[tuple[str, np.ndarray]], options: dict, cls: type) -> Any:
    return lived(doubled(cls, life[0][1].shape[1], **options), life)[-1]


def memory_after(life: Sequence[tuple[str, np.ndarray]], options: dict, cls: type) -> Any:
    module = doubled(cls, life[0][1].shape[1], **options)
    lived(module, life)
    return module.running_mean, module.running_var


def learning(x: np.ndarray, parameters: tuple, g: np.ndarray, cls: type) -> Any:
    """Gradients of x, weight and bias in training."""
    module, x = doubled(cls, x.shape[1], eps=0.5), tensor(x).requires_grad_()
    with torch.no_grad():
        module.weight.copy_(tensor(parameters[0]))
        module.bias.copy_(tensor(parameters[1]))
    (module(x) * tensor(g)).sum().backward()
    return x.grad, module.weight.grad, module.bias.grad


def two_at_once(batches: Sequence[np.ndarray], cls: type) -> Any:
    """Two layers, of which only the first has seen anything."""
    first, second = doubled(cls, batches[0].shape[1]), doubled(cls, batches[0].shape[1])
    lived(first, [("train", x) for x in batches])
    return second.running_mean, second.running_var


def brought_back(batches: Sequence[np.ndarray], x: np.ndarray, cls: type) -> Any:
    """What a new layer says in evaluation after it has loaded another one's state."""
    old, new = doubled(cls, x.shape[1]), doubled(cls, x.shape[1])
    lived(old, [("train", batch) for batch in batches])
    new.load_state_dict(old.state_dict())
    return lived(new, [("eval", x)])[0]


def told(life: Sequence[tuple[str, np.ndarray]], options: dict) -> str:
    steps = ", then ".join(f"{mode}() and x = {spelled(x)}" for mode, x in life)
    settings = "".join(f", {name}={value}" for name, value in options.items())
    return f"BatchNorm1d({life[0][1].shape[1]}{settings}); {steps}"


def remembered(batches: Sequence[np.ndarray], momentum: float) -> tuple[np.ndarray, np.ndarray]:
    d = batches[0].shape[1]
    return followed([columns(x)[0] for x in batches], np.zeros(d), momentum), followed([unbiased(x) for x in batches], np.ones(d), momentum)


def answered(life: Sequence[tuple[str, np.ndarray]], momentum: float = 0.1, eps: float = 1e-5) -> np.ndarray:
    """The last answer, by the definition."""
    (mode, x), seen = life[-1], [x for mode, x in life if mode == "train"]
    if mode == "train":
        return standardized(x, 0, eps)
    d = x.shape[1]
    mean, var = remembered(seen, momentum) if seen else (np.zeros(d), np.ones(d))
    return evaluated(x, np.ones(d), np.zeros(d), mean, var, eps)


def BatchNorm1d_trials(rng: np.random.Generator) -> Iterator[Trial]:
    a, b, c = array([1], [5]), array([2], [8], [2]), row(3)
    lives: list[tuple[list, dict]] = [
        ([("train", a)], {}), ([("eval", c)], {}), ([("train", a), ("eval", c)], {}), ([("train", a), ("train", b), ("eval", c)], {"momentum": 0.5}),
        ([("eval", c), ("train", a)], {"eps": 0.5}), ([("train", a), ("eval", c)], {"eps": 0.5}), ([("train", a), ("eval", b), ("eval", c)], {}),
        ([*(("train", drawn(rng, 4, 3)) for _ in range(5)), ("eval", drawn(rng, 2, 3))], {}),
    ]
    for life, options in lives:
        yield Trial("the last answer", told(life, options), partial(life_of, life, options), answered(life, **options))
    for batches, options in (([a], {}), ([a, b], {"momentum": 0.5}), ([drawn(rng, 4, 3) for _ in range(4)], {})):
        life = [("train", x) for x in batches]
        yield Trial("running_mean, running_var", told(life, options), partial(memory_after, life, options), remembered(batches, options.get("momentum", 0.1)))
    names = ["bias", "running_mean", "running_var", "weight"]
    yield Trial("what is registered", "BatchNorm1d(3)", parts_of, {"parameters": ["bias", "weight"], "state_dict": names})
    yield Trial("what a new layer holds", "BatchNorm1d(3)", beginnings, {"weight": np.ones(3), "bias": np.zeros(3), "running_mean": np.zeros(3), "running_var": np.ones(3)})
    x, parameters, g = drawn(rng, 4, 2), (vector(3, 2), vector(1, -1)), drawn(rng, 4, 2)
    text = f"{question(('x', 'weight', 'bias'), (x, *parameters), g)}, eps=0.5, in training"
    yield Trial("gradients of x, weight, bias", text, partial(learning, x, parameters, g), gradients(partial(scaled_batch, eps=0.5), (x, *parameters), g))
    yield Trial("running_mean, running_var of the second", "two layers; only the first is trained", partial(two_at_once, [a, b]), (np.zeros(1), np.ones(1)))
    yield Trial("the answer in evaluation", "state_dict of a trained layer, loaded into a new one; x = [[3]]", partial(brought_back, [a, b], c), answered([("train", a), ("train", b), ("eval", c)]))


class BatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        return nn.functional.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, self.training, self.momentum, self.eps)


class BatchNormSpelledOut(nn.Module):
    """Without the function: in operations on tensors."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.options = eps, momentum
        for name, value in (("running_mean", 0.0), ("running_var", 1.0)):
            self.register_buffer(name, torch.full((num_features,), value))
        self.bias, self.weight = nn.Parameter(torch.zeros(num_features)), nn.Parameter(torch.ones(num_features))

    def forward(self, x):
        eps, momentum = self.options
        mean, var = self.running_mean, self.running_var
        if self.training:
            mean, n = x.mean(0), len(x)
            var = ((x - mean) * (x - mean)).mean(0)
            with torch.no_grad():
                self.running_mean.copy_(self.running_mean * (1 - momentum) + mean * momentum)
                self.running_var.copy_(self.running_var * (1 - momentum) + var * (momentum * n / (n - 1)))
        return (x - mean) / (var + eps).sqrt() * self.weight + self.bias


class BatchNormInNames(nn.Module):
    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.register_parameter("weight", nn.Parameter(torch.ones(num_features)))
        self.register_parameter("bias", nn.Parameter(torch.zeros(num_features)))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.register_buffer("num_batches_tracked", torch.tensor(0))

    def forward(self, input):
        if self.training:
            self.num_batches_tracked += 1
        return nn.functional.batch_norm(input=input, running_mean=self.running_mean, running_var=self.running_var, weight=self.weight, bias=self.bias, training=self.training, momentum=self.momentum, eps=self.eps)


class BatchNormReplacingItsBuffers(BatchNormSpelledOut):
    """Gives itself new arrays, where the others write into the old ones."""

    def forward(self, x):
        eps, momentum = self.options
        mean, var = self.running_mean.clone(), self.running_var.clone()
        out = nn.functional.batch_norm(x, mean, var, self.weight, self.bias, self.training, momentum, eps)
        self.running_mean, self.running_var = mean, var
        return out


class BatchNormParts(nn.Module):
    """With each step a method, so that a mistake can replace one."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.hold(num_features)
        self.remember(num_features)

    def hold(self, n):
        self.weight, self.bias = nn.Parameter(torch.ones(n)), nn.Parameter(torch.zeros(n))

    def remember(self, n):
        self.register_buffer("running_mean", torch.zeros(n))
        self.register_buffer("running_var", torch.ones(n))

    def running(self):
        return self.running_mean, self.running_var

    def settings(self):
        return self.training, self.momentum, self.eps

    def forward(self, x):
        return nn.functional.batch_norm(x, *self.running(), self.weight, self.bias, *self.settings())


def varied(base: type, **methods: Callable) -> type:
    """The class with other methods."""
    return type(base.__name__, (base,), methods)


def hold_tensors(self, n):
    self.weight, self.bias = torch.ones(n), torch.zeros(n)


def remember_tensors(self, n):
    self.running_mean, self.running_var = torch.zeros(n), torch.ones(n)


def remember_parameters(self, n):
    self.running_mean, self.running_var = nn.Parameter(torch.zeros(n)), nn.Parameter(torch.ones(n))


def remember_zeros(self, n):
    self.register_buffer("running_mean", torch.zeros(n))
    self.register_buffer("running_var", torch.zeros(n))


def hold_zeros(self, n):
    self.weight, self.bias = nn.Parameter(torch.zeros(n)), nn.Parameter(torch.zeros(n))


def hold_noise(self, n):
    self.weight, self.bias = nn.Parameter(torch.linspace(-0.5, 0.5, n)), nn.Parameter(torch.zeros(n))


def without_super(self, num_features, eps=1e-5, momentum=0.1):
    self.weight = nn.Parameter(torch.ones(num_features))


def with_copies(self, x):
    mean, var = self.running_mean.clone(), self.running_var.clone()
    return nn.functional.batch_norm(x, mean, var, self.weight, self.bias, self.training, self.momentum, self.eps)


def without_parameters(self, x):
    one, zero = torch.ones_like(self.weight), torch.zeros_like(self.bias)
    return nn.functional.batch_norm(x, *self.running(), one, zero, *self.settings())


def weight_and_bias_exchanged(self, x):
    return nn.functional.batch_norm(x, *self.running(), self.bias, self.weight, *self.settings())


def given_numbers(self, x):
    if self.training:
        return nn.functional.batch_norm(x, *self.running(), self.weight, self.bias, *self.settings())
    return nn.functional.batch_norm(x, x.mean(0).detach(), ((x - x.mean(0)) ** 2).mean(0).detach(), self.weight, self.bias, False, self.momentum, self.eps)


def adapt_BatchNorm1d(cls: type, shipped: type = nn.BatchNorm1d) -> type:
    """The learner's class as PyTorch's: a subclass of both, in which the learner's makes the parts and does (N, D).

    What the exercise does not speak of (three axes, no parameters, no tracking, momentum None, a dtype) is the shipped
    one's. Its place in the order of bases is where the learner's `super().__init__()` ends up.
    """

    class Begun(shipped):  # type: ignore[valid-type, misc]
        def __init__(self) -> None:
            nn.Module.__init__(self)

    class Yours(cls, Begun):  # type: ignore[valid-type, misc]
        def __init__(self, num_features: int, eps: float = 1e-5, momentum: Any = 0.1, affine: bool = True, track_running_stats: bool = True, device: Any = None, dtype: Any = None, *, bias: bool = True):
            plain = affine and track_running_stats and bias and dtype is None and momentum is not None
            if plain:
                cls.__init__(self, num_features, eps, momentum)
            else:
                shipped.__init__(self, num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)
            self._plain = plain
            self.num_features, self.eps, self.momentum = num_features, eps, momentum
            self.affine, self.track_running_stats = affine, track_running_stats
            if plain and "num_batches_tracked" not in self._buffers:
                self.register_buffer("num_batches_tracked", wrap(np.zeros((), np.int64)))

        def forward(self, input: Any) -> Any:
            if not self._plain or not isinstance(input, Variable) or input.ndim != 2:
                return shipped.forward(self, input)
            self._check(input)
            seen = self.num_batches_tracked.item() + int(self.training)
            out = cls.forward(self, input)
            self.num_batches_tracked.fill_(seen)
            return out

        def _get_name(self) -> str:
            return shipped.__name__

    Yours.__name__, Yours.__qualname__, Yours.__module__, Yours.__doc__ = shipped.__name__, shipped.__name__, "learnnn.nn", shipped.__doc__
    return Yours


norm(
    "BatchNorm1d",
    BatchNorm1d,
    title="BatchNorm1d: the layer that keeps count",
    statement="A module over `nn.functional.batch_norm`. Parameters `weight` (ones) and `bias` (zeros), buffers `running_mean` (zeros) and `running_var` (ones), each (num_features,). `forward(x)` normalizes by the batch in training, and by the running numbers in evaluation.",
    signature="class BatchNorm1d(nn.Module): BatchNorm1d(num_features, eps=1e-5, momentum=0.1)",
    trials=BatchNorm1d_trials,
    variants=(BatchNormSpelledOut, BatchNormInNames, BatchNormReplacingItsBuffers, BatchNormParts),
    hints=(
        "What is trained is an `nn.Parameter`. What is only counted is a buffer: `self.register_buffer(name, tensor)` makes `self.<name>`, which is saved and loaded with the rest, and which no optimizer touches.",
        "`super().__init__()` first; keep eps and momentum; two parameters; two buffers. In forward, one call of `nn.functional.batch_norm`, which moves the running numbers by itself when it is told that it is training.",
        "`self.training` is set by `.train()` and `.eval()` of the model (lesson 06). The order of the arguments: x, running mean, running variance, weight, bias, training, momentum, eps.",
    ),
    replaces="learnnn.nn.BatchNorm1d",
    adapt=adapt_BatchNorm1d,
    points=2,
    mistakes=(
        Mistake("statistics-not-registered", varied(BatchNormParts, remember=remember_tensors), "The running numbers are plain attributes: `state_dict` does not know them. Save this model, load it, and in evaluation it is another one. `self.register_buffer(...)`."),
        Mistake("statistics-are-parameters", varied(BatchNormParts, remember=remember_parameters), "Your running numbers are Parameters: an optimizer would train them, and weight decay would pull them to 0. They are counted, not trained: buffers."),
        Mistake("parameters-not-registered", varied(BatchNormParts, hold=hold_tensors), "weight and bias are plain tensors, so `parameters()` does not list them, and nobody will train them: `nn.Parameter(...)`."),
        Mistake("always-training", varied(BatchNormParts, settings=lambda self: (True, self.momentum, self.eps)), "Your layer uses the batch's own numbers in evaluation as well. `self.training` knows which mode it is in."),
        Mistake("always-evaluating", varied(BatchNormParts, settings=lambda self: (False, self.momentum, self.eps)), "Your layer uses the running numbers in training, and never moves them. Hand on `self.training`."),
        Mistake("mode-upside-down", varied(BatchNormParts, settings=lambda self: (not self.training, self.momentum, self.eps)), "In training it evaluates, and the other way round: a `not` too many."),
        Mistake("momentum-not-handed-on", varied(BatchNormParts, settings=lambda self: (self.training, 0.1, self.eps)), "momentum has no effect: for {inputs} the running numbers move by 0.1. Hand it on."),
        Mistake("momentum-the-wrong-way-round", varied(BatchNormParts, settings=lambda self: (self.training, 1 - self.momentum, self.eps)), "The running numbers take 1 - momentum of the new. Here momentum is the share of the new."),
        Mistake("eps-not-handed-on", varied(BatchNormParts, settings=lambda self: (self.training, self.momentum, 1e-5)), "eps has no effect: hand it on to `batch_norm`."),
        Mistake("eps-and-momentum-exchanged", varied(BatchNormParts, settings=lambda self: (self.training, self.eps, self.momentum)), "`batch_norm` takes momentum first, then eps. Yours arrive the other way round."),
        Mistake("variance-begins-at-zero", varied(BatchNormParts, remember=remember_zeros), "running_var begins with 0. It begins with 1: before the first batch, evaluation should leave the numbers (nearly) as they are."),
        Mistake("weight-begins-at-zero", varied(BatchNormParts, hold=hold_zeros), "weight begins with 0, so every output is 0. It begins with 1, bias with 0."),
        Mistake("weight-begins-at-random", varied(BatchNormParts, hold=hold_noise), "weight does not begin with ones. It is no layer of neurons: at first a norm only normalizes."),
        Mistake("mean-and-variance-exchanged", varied(BatchNormParts, running=lambda self: (self.running_var, self.running_mean)), "running_mean and running_var arrive at `batch_norm` the wrong way round: first the mean."),
        Mistake("weight-and-bias-exchanged", varied(BatchNormParts, forward=weight_and_bias_exchanged), "weight and bias arrive at `batch_norm` the wrong way round: first the weight."),
        Mistake("parameters-not-used", varied(BatchNormParts, forward=without_parameters), "weight and bias have no gradient: the output does not depend on them."),
        Mistake("copies-handed-on", varied(BatchNormParts, forward=with_copies), "You hand `batch_norm` copies of the running numbers. It writes into them, and they are thrown away: the layer remembers nothing."),
        Mistake("batch-statistics-in-evaluation", varied(BatchNormParts, forward=given_numbers), "In evaluation you work out mean and variance of what you are asked about. Use what the layer has counted in training."),
        Mistake("super-forgotten", varied(BatchNormParts, __init__=without_super), "`super().__init__()` has to be the first line of `__init__`: before it, a Module has no place to keep parameters in."),
    ),
)


# ----------------------------------------------------------------------------------------- Residual, ResidualBlock
class Times(nn.Module):
    """Multiplies by a parameter, and counts its calls."""

    def __init__(self, factors: Any):
        super().__init__()
        self.factors, self.calls = nn.Parameter(tensor(factors)), 0

    def forward(self, x: Any) -> Any:
        self.calls += 1
        return x * self.factors


class Rooms(nn.Module):
    """Another number of features: (N, D) to (N, 1)."""

    def forward(self, x: Any) -> Any:
        return x.sum(1, keepdim=True)


def through(x: np.ndarray, inner: Callable, g: np.ndarray, cls: type) -> Any:
    """(output, gradient of x, gradients of the parameters) of a residual module."""
    module, x = cls(inner()), tensor(x).requires_grad_()
    out = module(x)
    (out * tensor(g)).sum().backward()
    return out, x.grad, [p.grad for p in module.parameters()]


def squared_branch(x: np.ndarray, factors: np.ndarray) -> np.ndarray:
    return x + np.tanh(x * factors)


def residual_trial(x: np.ndarray, factors: np.ndarray, g: np.ndarray) -> Trial:
    of_x, of_factors = gradients(squared_branch, (x, factors), g)
    text = f"inner(x) = tanh(x * w) with w = {spelled(factors)}; {question('x', (x,), g)}"
    inner = partial(tanh_of, factors)
    return Trial("answers: (output, gradient of x, [gradient of w])", text, partial(through, x, inner, g), (squared_branch(x, factors), of_x, [of_factors]))


def tanh_of(factors: np.ndarray) -> Any:
    return nn.Sequential(Times(factors), nn.Tanh())


def inner_names(cls: type) -> list:
    return sorted(name for name, _ in cls(Times([1.0])).named_parameters())


def inner_mode(cls: type) -> bool:
    module = cls(nn.Sequential(Times([1.0])))
    module.eval()
    return module.inner[0].training


def inner_calls(cls: type) -> int:
    inner = Times([1.0])
    cls(inner)(tensor([[2.0]]))
    return inner.calls


def left_alone(x: np.ndarray, cls: type) -> Any:
    given = tensor(x)
    cls(nn.Tanh())(given)
    return given


def with_another_shape(x: np.ndarray, cls: type) -> Any:
    return cls(Rooms())(tensor(x))


def Residual_trials(rng: np.random.Generator) -> Iterator[Trial]:
    yield residual_trial(row(2), vector(0), row(1))
    yield residual_trial(row(1, -2), vector(0.5, 2), row(1, 3))
    yield residual_trial(drawn(rng, 3, 2), drawn(rng, 2), drawn(rng, 3, 2))
    yield residual_trial(drawn(rng, 2, 2, 3), drawn(rng, 3), drawn(rng, 2, 2, 3))
    yield Trial("names of the parameters", "Residual(inner), where inner has a parameter called factors", inner_names, ["inner.factors"])
    yield Trial("does inner still train?", "Residual(inner).eval()", inner_mode, False)
    yield Trial("how often inner is called in one forward", "x = [[2]]", inner_calls, 1)
    yield Trial("x after the call", "x = [[1, 2]], inner = nn.Tanh()", partial(left_alone, row(1, 2)), row(1, 2))
    yield Trial("inner makes (2, 1) of (2, 3): it cannot be added", "x (2, 3), inner(x) (2, 1)", partial(with_another_shape, array([1, 2, 3], [4, 5, 6])), ValueError)


class Residual(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        change = self.inner(x)
        if change.shape != x.shape:
            raise ValueError(f"inner makes {tuple(change.shape)} of {tuple(x.shape)}; only like shapes are added")
        return x + change


class ResidualByAssertion(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.add_module("inner", inner)

    def forward(self, x):
        y = self.inner(x)
        if y.ndim != x.ndim or any(a != b for a, b in zip(y.shape, x.shape)):
            raise ValueError("inner has changed the shape")
        y = y + x
        return y


class ResidualInALine(Residual):
    def forward(self, input):
        out = self.inner(input)
        return self.refuse() if list(out.shape) != list(input.shape) else out + 1.0 * input

    def refuse(self):
        raise ValueError("another shape")


class ResidualOfSum(Residual):
    def forward(self, x):
        both = [x, self.inner(x)]
        if both[0].shape != both[1].shape:
            raise ValueError("not alike")
        return sum(both)


class Joined(nn.Module):
    """Branch and way past it, joined in a method that a mistake can replace."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def join(self, x, change):
        return x + change

    def branch(self, x):
        change = self.inner(x)
        if change.shape != x.shape:
            raise ValueError("another shape")
        return change

    def forward(self, x):
        return self.join(x, self.branch(x))


def asserted(self, x):
    change = self.inner(x)
    assert change.shape == x.shape
    return change


def keep_in_a_list(self, inner):
    nn.Module.__init__(self)
    self.parts = [inner]


def first_part(self, x):
    return x + self.parts[0](x)


def add_into_x(self, x):
    with torch.no_grad():
        x.add_(self.branch(x))
    return x


norm(
    "Residual",
    Residual,
    title="A way past: x + inner(x)",
    statement="A module around another one, kept as `self.inner`: `Residual(inner)(x)` is x + inner(x). Where inner makes another shape, raise ValueError (numpy would broadcast silently).",
    signature="class Residual(nn.Module): Residual(inner)",
    trials=Residual_trials,
    variants=(ResidualByAssertion, ResidualInALine, ResidualOfSum, Joined),
    hints=(
        "Two lines of work: keep the module as `self.inner`, so that its parameters are found; in forward, add its output to its input.",
        "Call inner once, and keep what it gives back. Compare the two shapes before you add.",
        "`change = self.inner(x)`; `if change.shape != x.shape: raise ValueError(...)`; return the sum.",
    ),
    mistakes=(
        Mistake("way-past-forgotten", varied(Joined, join=lambda self, x, change: change), "That is inner alone. Its input is to be added: x + inner(x)."),
        Mistake("branch-forgotten", varied(Joined, join=lambda self, x, change: x), "That is x alone: what inner says is not added."),
        Mistake("multiplied", varied(Joined, join=lambda self, x, change: x * change), "You multiply. A gate does that; here the two are added, so that the gradient of the sum goes to both in full."),
        Mistake("subtracted", varied(Joined, join=lambda self, x, change: x - change), "You take inner(x) away. It is added: x + inner(x)."),
        Mistake("averaged", varied(Joined, join=lambda self, x, change: 0.5 * (x + change)), "You take the mean of both. Then the way past has slope 1/2, and twenty of them one millionth. It is the plain sum."),
        Mistake("rectified-afterwards", varied(Joined, join=lambda self, x, change: (x + change).relu()), "A relu after the sum stands across the way past: where it is closed, nothing of x gets through. (The first residual networks did this; then it was found that a clear way trains better.)"),
        Mistake("way-past-detached", varied(Joined, join=lambda self, x, change: x.detach() + change), "The output is right, and the gradient of x is {actual} where {expected} belongs: `detach` has cut the way past, which is what it is for."),
        Mistake("branch-detached", varied(Joined, join=lambda self, x, change: x + change.detach()), "The output is right, and inner's parameters get no gradient: what inner says is cut off from the graph."),
        Mistake("added-twice", varied(Joined, join=lambda self, x, change: x + change + change), "inner(x) is added twice: the change counts double. It is x + inner(x)."),
        Mistake("inner-of-inner", varied(Joined, forward=lambda self, x: self.join(self.branch(x), self.branch(self.branch(x)))), "You add inner(inner(x)) to inner(x). What goes past is x, as it came."),
        Mistake("called-twice", varied(Joined, forward=lambda self, x: x + 0.5 * (self.branch(x) + self.inner(x))), "The numbers are right, but inner is called {actual} times in one forward. That is twice the work, and with dropout inside, two different answers. Call it once and keep the result."),
        Mistake("shape-not-looked-at", varied(Joined, branch=lambda self, x: self.inner(x)), "For {inputs} it should raise a ValueError. numpy broadcasts (2, 1) to (2, 3) and says nothing; compare the shapes before you add."),
        Mistake("refused-by-assert", varied(Joined, branch=asserted), "An `assert` guards against your own mistakes, and `python -O` leaves it out. Input that somebody hands you is refused with an error that says what it is: `raise ValueError(...)`."),
        Mistake("kept-in-a-list", varied(Joined, __init__=keep_in_a_list, forward=first_part), "inner is in a plain list, where a Module does not look for parameters: nothing in it would be trained. `self.inner = inner`."),
        Mistake("input-overwritten", varied(Joined, forward=add_into_x), "You add into x in place. Whoever gave it to you still needs it: the caller, and inner, for its gradient. Make a new one: x + ..."),
    ),
)


BLOCK_PARTS = ("norm.weight", "norm.bias", "first.weight", "first.bias", "second.weight", "second.bias")
BLOCK_EPS = 1e-5


def blocked(x: np.ndarray, gain: np.ndarray, shift: np.ndarray, w1: np.ndarray, b1: np.ndarray, w2: np.ndarray, b2: np.ndarray) -> np.ndarray:
    """A pre-norm block in loops."""
    hidden = np.maximum(layer(standardized_layers(x, gain, shift, BLOCK_EPS), w1, b1), 0)
    return x + layer(hidden, w2, b2)


def block_parts(rng: np.random.Generator, width: int, hidden: int) -> tuple:
    sizes = (width,), (width,), (hidden, width), (hidden,), (width, hidden), (width,)
    return tuple(rng.normal(size=size).round(1) for size in sizes)


def filled(cls: type, parts: tuple) -> Any:
    """A block with these numbers in it."""
    block = doubled(cls, parts[0].size, parts[3].size)
    own = dict(block.named_parameters())
    with torch.no_grad():
        for name, part in zip(BLOCK_PARTS, parts):
            own[name].copy_(tensor(part))
    return block


def block_answer(x: np.ndarray, parts: tuple, g: np.ndarray, cls: type) -> Any:
    block, x = filled(cls, parts), tensor(x).requires_grad_()
    out = block(x)
    (out * tensor(g)).sum().backward()
    own = dict(block.named_parameters())
    return out, x.grad, [own[name].grad for name in BLOCK_PARTS]


def block_shapes(width: int, hidden: int, cls: type) -> dict:
    return {name: tuple(p.shape) for name, p in sorted(cls(width, hidden).named_parameters())}


def moved_by_one_row(x: np.ndarray, parts: tuple, cls: type) -> Any:
    """By how much the first row's answer changes if another row is changed."""
    block, other = filled(cls, parts), x.copy()
    other[1] += 5.0
    return (block(tensor(x)) - block(tensor(other)))[0]


def ResidualBlock_trials(rng: np.random.Generator) -> Iterator[Trial]:
    sizes = {"first.weight": (5, 3), "first.bias": (5,), "second.weight": (3, 5), "second.bias": (3,), "norm.weight": (3,), "norm.bias": (3,)}
    yield Trial("shapes of the parameters", "ResidualBlock(3, 5)", partial(block_shapes, 3, 5), dict(sorted(sizes.items())))
    nothing = tuple(np.zeros(size) for size in ((2,), (2,), (3, 2), (3,), (2, 3), (2,)))
    yield Trial("the output, with all of its numbers 0: the way past", "x = [[1, -2]]", lambda cls: filled(cls, nothing)(tensor([[1.0, -2.0]])), row(1, -2))
    for n, width, hidden in ((1, 2, 3), (3, 3, 4), (4, 4, 2)):
        x, parts, g = rng.normal(size=(n, width)).round(1) * 2, block_parts(rng, width, hidden), drawn(rng, n, width)
        of_x, *of_parts = gradients(blocked, (x, *parts), g, 1e-6)
        text = f"ResidualBlock({width}, {hidden}) with random numbers in it, {question('x', (x,), g)}"
        yield Trial("answers: (output, gradient of x, [gradients of norm, first, second])", text, partial(block_answer, x, parts, g), (blocked(x, *parts), of_x, of_parts), 1e-5)
    x, parts = rng.normal(size=(3, 3)), block_parts(rng, 3, 4)
    yield Trial("by how much row 0 moves when row 1 is changed", "x (3, 3)", partial(moved_by_one_row, x, parts), np.zeros(3))


class ResidualBlock(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.first = nn.Linear(width, hidden)
        self.second = nn.Linear(hidden, width)

    def forward(self, x):
        return x + self.second(self.first(self.norm(x)).relu())


class BlockInSteps(ResidualBlock):
    def forward(self, x):
        h = self.norm(x)
        h = self.first(h)
        h = nn.functional.relu(h)
        h = self.second(h)
        return h + x


class BlockOfModules(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.second, self.first, self.norm = nn.Linear(hidden, width), nn.Linear(width, hidden), nn.LayerNorm((width,))
        self.activation = nn.ReLU()

    def forward(self, x):
        return self.second(self.activation(self.first(self.norm(x)))) + x


class BlockWithBranch(ResidualBlock):
    def branch(self, x):
        return nn.Sequential(self.norm, self.first, nn.ReLU(), self.second)(x)

    def forward(self, x):
        out = self.branch(x)
        return out + 1.0 * x


def small_hidden(self, width, hidden):
    nn.Module.__init__(self)
    self.norm, self.first, self.second = nn.LayerNorm(width), nn.Linear(width, width), nn.Linear(width, width)


def two_norms(self, width, hidden):
    nn.Module.__init__(self)
    self.norm, self.first, self.second = nn.LayerNorm(hidden), nn.Linear(width, hidden), nn.Linear(hidden, width)


def turned_over(self, width, hidden):
    nn.Module.__init__(self)
    self.norm, self.first, self.second = nn.LayerNorm(width), nn.Linear(hidden, width), nn.Linear(width, hidden)


def batch_normed(self, width, hidden):
    nn.Module.__init__(self)
    self.norm, self.first, self.second = nn.BatchNorm1d(width), nn.Linear(width, hidden), nn.Linear(hidden, width)


def without_bias(self, width, hidden):
    nn.Module.__init__(self)
    self.norm, self.first, self.second = nn.LayerNorm(width), nn.Linear(width, hidden, bias=False), nn.Linear(hidden, width, bias=False)


def kept_in_a_list(self, width, hidden):
    nn.Module.__init__(self)
    self.layers = [nn.LayerNorm(width), nn.Linear(width, hidden), nn.Linear(hidden, width)]


def one_after_the_other(self, x):
    norm, first, second = self.layers
    return x + second(first(norm(x)).relu())


def skip_from_the_norm(self, x):
    h = self.norm(x)
    return h + self.second(self.first(h).relu())


norm(
    "ResidualBlock",
    ResidualBlock,
    title="A pre-norm block",
    statement="A module with three parts: `self.norm = nn.LayerNorm(width)`, `self.first`, a Linear from width to hidden, `self.second`, a Linear from hidden to width. `forward(x)`: normalize, first, relu, second, and add x as it came.",
    signature="class ResidualBlock(nn.Module): ResidualBlock(width, hidden)",
    trials=ResidualBlock_trials,
    variants=(BlockInSteps, BlockOfModules, BlockWithBranch),
    hints=(
        "Three modules in __init__, under the names norm, first and second, after `super().__init__()`.",
        "The norm stands inside the branch, before the first layer: only the branch sees the normalized numbers. What goes past is x itself.",
        "x + second(relu(first(norm(x)))), from the inside out; nothing comes after the sum.",
    ),
    points=2,
    mistakes=(
        Mistake("way-past-forgotten", varied(ResidualBlock, forward=lambda self, x: self.second(self.first(self.norm(x)).relu())), "The branch is right; x is not added. With all parameters 0 the block should let x through unchanged."),
        Mistake("normalized-after-the-sum", varied(ResidualBlock, forward=lambda self, x: self.norm(x + self.second(self.first(x).relu()))), "You normalize the sum: that is the post-norm block of 2017. It stands across the way past, in every block anew. Here the norm is the first step of the branch."),
        Mistake("normalized-after-the-branch", varied(ResidualBlock, forward=lambda self, x: x + self.norm(self.second(self.first(x).relu()))), "You normalize what the branch gives back. The norm is its first step: the layers are to see normalized numbers."),
        Mistake("past-from-the-norm", varied(ResidualBlock, forward=skip_from_the_norm), "You add norm(x) in place of x. What goes past is to be untouched, so that a block can be nothing but a way through."),
        Mistake("norm-not-used", varied(ResidualBlock, forward=lambda self, x: x + self.second(self.first(x).relu())), "The norm is made, and never called."),
        Mistake("relu-forgotten", varied(ResidualBlock, forward=lambda self, x: x + self.second(self.first(self.norm(x)))), "There is no relu between the two layers: two linear maps in a row are one linear map."),
        Mistake("relu-after-the-second", varied(ResidualBlock, forward=lambda self, x: x + self.second(self.first(self.norm(x))).relu()), "The relu comes after the second layer. Then a branch can only add and never take away: sixty blocks later everything is large. It stands between the layers."),
        Mistake("relu-after-the-sum", varied(ResidualBlock, forward=lambda self, x: (x + self.second(self.first(self.norm(x)).relu())).relu()), "A relu after the sum stands across the way past. It belongs between the two layers of the branch only."),
        Mistake("relu-before-the-first", varied(ResidualBlock, forward=lambda self, x: x + self.second(self.first(self.norm(x).relu()))), "The relu comes before the first layer, which then sees no negative number. It stands between first and second."),
        Mistake("two-relus", varied(ResidualBlock, forward=lambda self, x: x + self.second(self.first(self.norm(x)).relu()).relu()), "There is a second relu, after the second layer. A branch must be able to take away: only one, between the layers."),
        Mistake("layers-exchanged", varied(ResidualBlock, __init__=turned_over, forward=lambda self, x: x + self.first(self.second(self.norm(x)).relu())), "first goes from hidden to width and second from width to hidden. Give them the names in the order in which they are called."),
        Mistake("hidden-not-used", varied(ResidualBlock, __init__=small_hidden), "Both layers are width by width: `hidden` has no effect. first goes to hidden, second comes back."),
        Mistake("norm-of-the-hidden-layer", varied(ResidualBlock, __init__=two_norms, forward=lambda self, x: x + self.second(self.norm(self.first(x)).relu())), "Your norm stands between first and relu, over the hidden numbers. It is the first step of the branch, over `width` numbers."),
        Mistake("batch-norm", varied(ResidualBlock, __init__=batch_normed), "Your norm is over the batch: a change in one row moves another row's answer. `nn.LayerNorm`."),
        Mistake("without-bias", varied(ResidualBlock, __init__=without_bias), "The two Linear have no bias here; the exercise asks for both with theirs."),
        Mistake("kept-in-a-list", varied(ResidualBlock, __init__=kept_in_a_list, forward=one_after_the_other), "The parts are in a plain list, where a Module does not find their parameters: `{actual}`. Give each a name of its own, `self.norm = ...`."),
    ),
)


# ---------------------------------------------------------------------------------------------- fold_batch_norm
FOLD = ("weight", "bias", "running_mean", "running_var", "gain", "shift", "eps")


def one_after_the_other_at(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, mean: np.ndarray, var: np.ndarray, gain: np.ndarray, shift: np.ndarray, eps: float = 1e-5) -> np.ndarray:
    """Linear, then batch norm in evaluation, in loops."""
    return evaluated(layer(x, weight, bias), gain, shift, mean, var, eps)


def folded_parts(*parts: Any) -> tuple:
    """The matrix and the shift of both layers together, by asking: what do they make of nothing, and of each unit vector?"""
    d = parts[0].shape[1]
    at_zero = one_after_the_other_at(np.zeros((1, d)), *parts)[0]
    return (one_after_the_other_at(np.eye(d), *parts) - at_zero).T, at_zero


def call_fold(parts: tuple, f: Callable) -> Any:
    return f(*parts)


def answers_of_folded(x: np.ndarray, parts: tuple, f: Callable) -> Any:
    weight, bias = f(*parts)
    return layer(x, weight, bias)


def fold_trials(rng: np.random.Generator) -> Iterator[Trial]:
    small = [
        (row(2), vector(1), vector(3), vector(4), vector(1), vector(0), 0.0),
        (row(2, 4), vector(1), vector(3), vector(4), vector(10), vector(5), 0.0),
        (array([2], [3]), vector(1, 0), vector(3, 1), vector(4, 9), vector(10, 1), vector(5, -1), 0.0),
        (array([1, 2], [3, 4]), vector(1, 0), vector(3, 1), vector(3, 8), vector(2, 3), vector(5, -1), 1.0),
    ]
    for parts in small:
        yield Trial("answers: (weight, bias)", question(FOLD, parts), partial(call_fold, parts), folded_parts(*parts))
    for out, inputs in ((3, 2), (1, 4), (2, 2)):
        parts = drawn(rng, out, inputs), drawn(rng, out), drawn(rng, out), np.abs(drawn(rng, out)) + 0.5, drawn(rng, out), drawn(rng, out), 0.1
        yield Trial("answers: (weight, bias)", question(FOLD, parts), partial(call_fold, parts), folded_parts(*parts))
        x = drawn(rng, 3, inputs)
        yield Trial("what the folded layer says of x", f"x = {spelled(x)}, {question(FOLD, parts)}", partial(answers_of_folded, x, parts), one_after_the_other_at(x, *parts))
    parts = row(2), vector(1), vector(3), vector(1e-6), vector(1), vector(0)
    yield Trial("answers: (weight, bias), with eps left at 1e-5", question(FOLD, parts), partial(call_fold, parts), folded_parts(*parts))


def fold_batch_norm(weight, bias, running_mean, running_var, gain, shift, eps=1e-5):
    scale = gain / np.sqrt(running_var + eps)  # (out,): one factor for each neuron
    return weight * scale[:, None], (bias - running_mean) * scale + shift


def fold_by_diagonal(weight, bias, running_mean, running_var, gain, shift, eps=1e-5):
    turn = np.diag(gain * (running_var + eps) ** -0.5)
    return turn @ weight, turn @ (bias - running_mean) + shift


def fold_by_transposing(weight, bias, running_mean, running_var, gain, shift, eps=1e-5):
    s = np.sqrt(running_var + eps)
    return [(weight.T * gain / s).T, gain * bias / s - gain * running_mean / s + shift]


def fold_row_by_row(weight, bias, running_mean, running_var, gain, shift, eps=1e-5):
    new_weight, new_bias = np.empty_like(weight), np.empty_like(bias)
    for j in range(len(weight)):
        factor = gain[j] / math.sqrt(running_var[j] + eps)
        new_weight[j] = factor * weight[j]
        new_bias[j] = factor * (bias[j] - running_mean[j]) + shift[j]
    return new_weight, new_bias


def folding(scale: Callable = lambda gain, var, eps: gain / np.sqrt(var + eps), spread: Callable = lambda weight, scale: weight * scale[:, None], level: Callable = lambda bias, mean, scale, shift: (bias - mean) * scale + shift) -> Callable:
    def f(weight, bias, running_mean, running_var, gain, shift, eps=1e-5):
        s = scale(gain, running_var, eps)
        return spread(weight, s), level(bias, running_mean, s, shift)

    return f


def fold_in_place(weight, bias, running_mean, running_var, gain, shift, eps=1e-5):
    scale = gain / np.sqrt(running_var + eps)
    weight *= scale[:, None]
    return weight, (bias - running_mean) * scale + shift


norm(
    "fold_batch_norm",
    fold_batch_norm,
    title="Fold a batch norm into the layer before it",
    statement="A Linear, weight (out, in) and bias (out,), is followed by a batch norm in evaluation, with running_mean, running_var, gain and shift, all (out,). Both together are one Linear: give back its `(weight, bias)`, as new arrays.",
    signature="fold_batch_norm(weight, bias, running_mean, running_var, gain, shift, eps=1e-5) -> (weight, bias)",
    trials=fold_trials,
    variants=(fold_by_diagonal, fold_by_transposing, fold_row_by_row),
    hints=(
        "Write the output of one neuron down: gain * ((w · x + b) - mean) / sqrt(var + eps) + shift. What multiplies x? What is left when x is 0?",
        "With scale = gain / sqrt(running_var + eps), one number for each neuron: the new weight is scale times the old one, row by row; the new bias is (b - mean) * scale + shift.",
        "A neuron is a row of weight, (out, in). For scale (out,) to meet rows, it has to be a column: `scale[:, None]`.",
    ),
    points=2,
    mistakes=(
        Mistake("columns-for-rows", folding(spread=lambda weight, scale: weight * scale), "scale has one number for each neuron, and a neuron is a *row* of weight. `weight * scale` lines it up with the columns: an error, or, on a square, wrong numbers. Make it a column, `scale[:, None]`."),
        Mistake("bias-not-scaled", folding(level=lambda bias, mean, scale, shift: bias - mean * scale + shift), "The old bias goes through the batch norm too: it is scaled like everything else."),
        Mistake("bias-forgotten", folding(level=lambda bias, mean, scale, shift: shift - mean * scale), "The old bias of the Linear is gone. It went into the batch norm with the rest."),
        Mistake("mean-not-scaled", folding(level=lambda bias, mean, scale, shift: bias * scale - mean + shift), "The mean is taken away *before* the division: it is scaled too."),
        Mistake("mean-forgotten", folding(level=lambda bias, mean, scale, shift: bias * scale + shift), "The running mean is not taken away."),
        Mistake("mean-added", folding(level=lambda bias, mean, scale, shift: (bias + mean) * scale + shift), "The running mean is taken away; you add it."),
        Mistake("shift-scaled", folding(level=lambda bias, mean, scale, shift: (bias - mean + shift) * scale), "The shift comes last, after the division: it is not scaled."),
        Mistake("shift-forgotten", folding(level=lambda bias, mean, scale, shift: (bias - mean) * scale), "The batch norm's own bias, shift, is missing."),
        Mistake("gain-forgotten", folding(scale=lambda gain, var, eps: 1 / np.sqrt(var + eps)), "gain is missing: what is normalized is then multiplied by it."),
        Mistake("root-forgotten", folding(scale=lambda gain, var, eps: gain / (var + eps)), "You divide by the variance; the root is missing."),
        Mistake("eps-forgotten", folding(scale=lambda gain, var, eps: gain / np.sqrt(var)), "eps is missing. The folded layer has to say exactly what the two said."),
        Mistake("eps-outside-the-root", folding(scale=lambda gain, var, eps: gain / (np.sqrt(var) + eps)), "eps is added to the variance, before the root."),
        Mistake("weight-not-scaled", folding(spread=lambda weight, scale: weight.copy()), "The weight is as it was. Each neuron's row is multiplied by gain / sqrt(var + eps)."),
        Mistake("multiplied-by-the-deviation", folding(scale=lambda gain, var, eps: gain * np.sqrt(var + eps)), "You multiply by the deviation; it divides."),
        Mistake("input-overwritten", fold_in_place, "Your code changes the weight of the trained layer itself (`*=`). If it is folded a second time, it is scaled twice. Make a new array."),
    ),
)


# --------------------------------------------------------------------------------------------- predict, then run
PREDICTED = ("batch norm's out[0, 0]", "layer norm's out[0, 0]", "running_var[0] after the call", "the gradient of x[0, 0] under batch norm's out.sum()")
PREDICT_X = array([10, 10, 4, 4], [2, 0, 7, 1], [4, 3, 3, 8], [4, 5, 1, 0])


def judged(place: int, value: float, predict: Callable) -> str:
    """Only right or wrong, so that a report does not give the number away."""
    answer = predict()[place]
    return "right" if math.isclose(answer, value, rel_tol=0.004, abs_tol=0.004) else f"not {answer:g}"


def predict_trials(rng: np.random.Generator) -> Iterator[Trial]:
    x, ones = PREDICT_X, np.ones((4, 4))
    values = (
        standardized(x, 0, 0.0)[0, 0], standardized(x, 1, 0.0)[0, 0], followed([unbiased(x)[0]], 1.0, 0.1),
        gradients(lambda x: standardized(x, 0, 0.0), (x,), ones)[0][0, 0],
    )
    for place, value in enumerate(values):
        yield Trial("", PREDICTED[place], partial(judged, place, float(value)), "right")


def prediction():
    # column 0: 10, 2, 4, 4, mean 5, distances 5 -3 -1 -1, squares 36: variance 9, by n - 1: 12
    # row 0: 10, 10, 4, 4, mean 7, distances 3 3 -3 -3: deviation 3
    return (10 - 5) / 3, (10 - 7) / 3, 0.9 * 1 + 0.1 * 12, 0


norm(
    "predict",
    prediction,
    title="Predict, then run: one number under two norms",
    statement="x[0] is [10, 10, 4, 4], x[:, 0] is [10, 2, 4, 4]; eps is 0, weight 1, bias 0, momentum 0.1, running_var begins with 1. Give out[0, 0] of batch norm in training, out[0, 0] of layer norm, running_var[0] after the call, and the gradient of x[0, 0] if the loss is the sum of batch norm's output. On paper.",
    signature="prediction() -> (batch norm's out[0, 0], layer norm's out[0, 0], running_var[0], gradient of x[0, 0])",
    trials=predict_trials,
    variants=(saying(5 / 3, 1, 2.1, 0), lambda: [1.667, 1.0, 2.1, 0.0], lambda: np.array([5 / 3, 1.0, 2.1, 0.0])),
    hints=(
        "Batch norm looks down the column, layer norm along the row. Write down mean, distances from it, their squares.",
        "Column: mean 5, distances 5, -3, -1, -1, squares 36 in all. Normalizing divides them by 4, the running variance by 3. For the last: what is the sum of numbers whose mean is 0, however you nudge x?",
        "z = distance / root of the variance. running_var = 0.9 * 1 + 0.1 * (36 / 3). And a sum that is always 0 does not move.",
    ),
    mistakes=(
        Mistake("rows-and-columns-exchanged", saying(1, 5 / 3, 2.1, 0), "Batch norm takes the mean over the *batch*: down the column. Layer norm over one example: along the row. You have them the other way round."),
        Mistake("rows-and-columns-exchanged-all-over", saying(1, 5 / 3, 0.9 + 0.1 * 12, 1 / 3), "Batch norm takes the mean over the batch, down the column, and layer norm along the row. (And think once more about a sum whose terms have mean 0.)"),
        Mistake("normalized-by-n-minus-one", saying(5 / math.sqrt(12), 3 / math.sqrt(12), 2.1, 0), "For the output the squares are divided by n = 4. By n - 1 only in the running variance."),
        Mistake("running-variance-by-n", saying(5 / 3, 1, 0.9 + 0.9, 0), "The running variance takes the batch's variance by n - 1: 36 / 3."),
        Mistake("momentum-the-wrong-way-round", saying(5 / 3, 1, 0.1 + 0.9 * 12, 0), "momentum is the share of the new: nine tenths of the old 1 stay."),
        Mistake("running-variance-replaced", saying(5 / 3, 1, 12, 0), "The running variance does not become the batch's; it moves towards it by a tenth."),
        Mistake("running-variance-of-the-output", saying(5 / 3, 1, 1, 0), "running_var follows the variance of what came *in*, not of the normalized numbers."),
        Mistake("statistics-taken-as-constants", saying(5 / 3, 1, 2.1, 1 / 3), "1/3 would be the slope if mean and deviation stood still. They move with x. What can you say about the sum of the outputs, whatever x is?"),
        Mistake("gradient-of-the-identity", saying(5 / 3, 1, 2.1, 1), "A sum passes on 1, yes; but then it has to go back through the normalization. What can you say about the sum of the outputs, whatever x is?"),
        Mistake("divided-by-the-variance", saying(5 / 9, 3 / 9, 2.1, 0), "You divided by the variance, 9. By its root, 3."),
        Mistake("not-divided", saying(5, 3, 2.1, 0), "You took the mean away. The numbers are also divided by their deviation."),
    ),
)


# -------------------------------------------------------------------------------------------------- find the bug
def running_norm(start: Callable = lambda: {"mean": 0.0, "var": 1.0}, used: Callable = lambda self, x: (self.running["mean"], self.running["var"]), share: Callable = lambda m: m, ddof: int = 1, moves: Callable = lambda self: self.training, reset: bool = False) -> type:
    """The colleague's class, repaired, and with one thing changed."""

    class Norm:
        def __init__(self, momentum=0.1):
            self.momentum, self.running, self.training = momentum, start(), True

        def __call__(self, x):
            if reset:
                self.running = start()
            mean, var = (x.mean(axis=0), x.var(axis=0)) if self.training else used(self, x)
            if moves(self):
                self.follow("mean", x.mean(axis=0))
                self.follow("var", x.var(axis=0, ddof=ddof))
            return (x - mean) / np.sqrt(var + 1e-5)

        def follow(self, name, new):
            m = share(self.momentum)
            self.running[name] = (1 - m) * self.running[name] + m * new

    return Norm


def broken_norm() -> type:
    shared = {"mean": 0.0, "var": 1.0}
    return running_norm(lambda: shared)


def used_before(cls: type) -> type:
    cls()(array([0, 7], [9, 1], [6, 6]))
    return cls


def repair():
    class Norm:
        def __init__(self, momentum=0.1):
            self.momentum, self.training = momentum, True
            self.running = {"mean": 0.0, "var": 1.0}  # made here: a new one for each layer

        def __call__(self, x):
            if self.training:
                mean, var = x.mean(axis=0), x.var(axis=0)
                self.follow("mean", mean)
                self.follow("var", x.var(axis=0, ddof=1))
            else:
                mean, var = self.running["mean"], self.running["var"]
            return (x - mean) / np.sqrt(var + 1e-5)

        def follow(self, name, new):
            self.running[name] = (1 - self.momentum) * self.running[name] + self.momentum * new

    return Norm, "B"


CAUSE = "the cause of what you saw"


def cause_of(repair: Callable) -> str:
    letter = str(repair()[1]).strip().upper()
    return CAUSE if letter == "B" else f"not {letter}"


def asked_in_evaluation(lives: Sequence[Sequence[np.ndarray]], x: np.ndarray, momentum: float, times: int, repair: Callable) -> Any:
    """Layers that were fed in turn, then asked about x; the last answer of each."""
    cls = repair()[0]
    layers = [cls(momentum=momentum) for _ in lives]
    for batches in zip(*lives):
        for one, batch in zip(layers, batches):
            one(batch)
    for one in layers:
        one.training = False
    for _ in range(times):
        answers = [one(x) for one in layers]
    return answers


def asked_in_training(x: np.ndarray, repair: Callable) -> Any:
    return repair()[0]()(x)


def expected_in_evaluation(batches: Sequence[np.ndarray], x: np.ndarray, momentum: float) -> np.ndarray:
    d = x.shape[1]
    mean, var = remembered(batches, momentum)
    return evaluated(x, np.ones(d), np.zeros(d), mean, var)


def bug_trials(rng: np.random.Generator) -> Iterator[Trial]:
    yield Trial("the output in training", "one layer, x = [[1], [5]]", partial(asked_in_training, array([1], [5])), standardized(array([1], [5]), 0))
    x = row(1, 1)
    for count, steps, momentum, times in ((2, 1, 0.5, 1), (1, 3, 0.1, 1), (3, 4, 0.1, 1), (2, 3, 0.2, 3)):
        lives = [[drawn(rng, 4, 2) * (k + 1) + 3 * k for _ in range(steps)] for k in range(count)]
        expected = [expected_in_evaluation(batches, x, momentum) for batches in lives]
        text = f"{count} layer{'s' * (count > 1)} with momentum {momentum}, {steps} batches each, then x = [[1, 1]]{', asked three times' * (times > 1)}"
        yield Trial("what each layer says in evaluation", text, partial(asked_in_evaluation, lives, x, momentum, times), expected)
    yield Trial("the letter", "cause", cause_of, CAUSE)


mended = running_norm()

norm(
    "find_the_bug",
    repair,
    title="Find the bug: right alone, wrong in company",
    statement="Repair the class, and name the cause by its letter.",
    signature="repair() -> (the repaired class, the letter of the cause)",
    trials=bug_trials,
    variants=(saying(mended, "B"), saying(running_norm(lambda: {"var": 1.0, "mean": 0.0}), " b "), saying(running_norm(lambda: dict(zip(("mean", "var"), (0.0, 1.0)))), "b"), saying(running_norm(lambda start={"mean": 0.0, "var": 1.0}: dict(start)), "B")),
    hints=(
        "One layer alone is right, so every formula is. What could a second layer have to do with the first? Print `id(layer.running)` for both.",
        "How often is the line with the dictionary run: once for each layer, or once, when python reads the class? And which of the two does `self.running[name] = ...` write into?",
        "The dictionary in the body of the class is made once, for all layers. Make one in `__init__`, and keep it as `self.running`.",
    ),
    points=2,
    mistakes=(
        Mistake("named-not-repaired", lambda: (broken_norm(), "B"), "That is the cause; the code still has it: for {inputs}, the layers write into one dictionary. (A copy taken at the end, or a second dictionary in the class, is still one for all.)"),
        Mistake("named-not-repaired-and-used", lambda: (used_before(broken_norm()), "B"), "That is the cause; the code still has it, and the shared numbers already carry what earlier cells left in them. Give back a class in which each layer has its own."),
        Mistake("cause-A", saying(mended, "A"), "The repair works. But the running variance was divided by n - 1, as it should be."),
        Mistake("cause-C", saying(mended, "C"), "The repair works. But in evaluation the class used what it had counted, and not the batch."),
        Mistake("cause-D", saying(mended, "D"), "The repair works. But one layer alone was right, so the share of the new was too."),
        Mistake("cause-E", saying(mended, "E"), "The repair works. But asking in evaluation changed nothing: `follow` is called in training only."),
        Mistake("forgets-everything", saying(running_norm(reset=True), "B"), "Now the running numbers begin anew with every call, so a layer remembers one batch at most. They begin once, in `__init__`."),
        Mistake("batch-statistics-now", saying(running_norm(used=lambda self, x: (x.mean(axis=0), x.var(axis=0))), "B"), "Now evaluation takes the batch's own numbers. It should use what the layer has counted; only each layer its own."),
        Mistake("moves-in-evaluation-now", saying(running_norm(moves=lambda self: True, ddof=0), "B"), "Now the running numbers move in evaluation too. Only where they are kept was wrong."),
        Mistake("variance-by-n-now", saying(running_norm(ddof=0), "B"), "The layers are apart now, but the running variance is divided by n; it was right before."),
        Mistake("share-exchanged-now", saying(running_norm(share=lambda m: 1 - m), "B"), "The layers are apart now, but you have also exchanged the shares of old and new; they were right before."),
    ),
)
