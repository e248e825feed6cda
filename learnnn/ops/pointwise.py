"""Operations on each element. Forward and gradient stand together; shapes broadcast as in numpy.

In a rule, `g` is the gradient of the output and `y` the output itself. Rules do not undo broadcasting: the
sweep sums every gradient back to the shape of the value it belongs to.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ops
from ..autograd import differentiable
from .dtypes import floating, promote, result_dtype


# ------------------------------------------------------------------------------------------------ arithmetic
@differentiable(
    quiet=True,
    input=lambda g: g,
    other=lambda g: g,
    variants={"alpha": lambda input, other, alpha: ops.add(input, _times(other, alpha))},
)
def add(input, other):
    """input + other.

    >>> import learnnn
    >>> learnnn.add(learnnn.tensor([1.0, 2.0]), 10)
    tensor([11., 12.])
    """
    a, b = promote(input, other)
    return a + b


def _times(other: Any, alpha: Any) -> Any:
    if isinstance(alpha, float) and getattr(getattr(other, "dtype", None), "kind", "f") != "f":
        raise RuntimeError("For integral input tensors, argument alpha must not be a floating point number.")
    return other * alpha


@differentiable(
    quiet=True,
    input=lambda g: g,
    other=lambda g: -g,
    variants={"alpha": lambda input, other, alpha: ops.sub(input, _times(other, alpha))},
)
def sub(input, other):
    """input - other. RuntimeError for booleans: use ^ or ~ for them."""
    a, b = promote(_no_bool(input, "Subtraction"), _no_bool(other, "Subtraction"))
    return a - b


def _no_bool(x: Any, what: str) -> Any:
    if x is True or x is False or getattr(x, "dtype", None) == np.bool_:
        raise RuntimeError(f"{what}, the `-` operator, with a bool tensor is not supported: use ~ or ^ or logical_not")
    return x


@differentiable(quiet=True, input=lambda g, other: g * other, other=lambda g, input: g * input)
def mul(input, other):
    """input * other."""
    a, b = promote(input, other)
    return a * b


def _rounded(input: Any, other: Any, rounding_mode: str | None = None) -> Any:
    if rounding_mode == "floor":
        return ops.floor_divide(input, other)
    if rounding_mode not in (None, "trunc"):
        raise RuntimeError(f"div expected rounding_mode to be None, 'trunc', or 'floor' but found {rounding_mode!r}")
    quotient = ops.div(input, other)
    if rounding_mode is None:
        return quotient
    return ops.to(ops.trunc(quotient), result_dtype(*[getattr(x, "array", x) for x in (input, other)]))


@differentiable(
    quiet=True,
    input=lambda g, other: g / other,
    other=lambda g, input, other: -g * input / (other * other),
    variants={"rounding_mode": _rounded},
)
def div(input, other):
    """input / other, in floats also for integers; division by zero gives inf or nan, as in PyTorch."""
    a, b = promote(*[float(v) if isinstance(v, int) else v for v in (input, other)])
    return floating(a) / floating(b)


@differentiable(quiet=True)
def floor_divide(input, other):
    """The largest whole number that is at most input / other."""
    a, b = _divisible(*promote(input, other))
    return a // b


def _divisible(a: Any, b: Any) -> tuple[Any, Any]:
    if np.result_type(a, b).kind in "bui" and not np.all(b):
        raise RuntimeError("ZeroDivisionError: whole numbers cannot be divided by zero; floats give inf")
    return a, b


@differentiable(quiet=True, input=lambda g: g, other=lambda g, input, other: -g * ops.floor_divide(input, other))
def remainder(input, other):
    """input - other * floor(input / other), python's %."""
    a, b = _divisible(*promote(input, other))
    return a % b


def _pow_of_base(g: Any, input: Any, exponent: Any) -> Any:
    if isinstance(exponent, int | float):
        return g * (exponent * ops.pow(input, exponent - 1)) if exponent else g * 0
    return g * ops.where(exponent == 0, 0.0, exponent * ops.pow(input, exponent - 1))


def _pow_of_exponent(g: Any, input: Any, y: Any) -> Any:
    log = ops.log(ops.where(input == 0, 1.0, input)) if not isinstance(input, int | float) else np.log(input or 1.0)
    return g * y * log  # 0 ** exponent is flat in the exponent


@differentiable(quiet=True, input=_pow_of_base, exponent=_pow_of_exponent)
def pow(input, exponent):
    """input ** exponent. Small whole powers are multiplied out: numpy's own are many times slower.

    >>> import learnnn
    >>> learnnn.pow(learnnn.tensor([1.0, -2.0]), 3)
    tensor([ 1., -8.])
    """
    if type(exponent) in (int, float) and exponent in (1, 2, 3) and input.dtype.kind == "f":
        return input * 1 if exponent == 1 else input * input if exponent == 2 else input * input * input
    a, b = promote(input, exponent)
    kind = np.result_type(a, b).kind
    if kind in "iu" and (np.asarray(exponent) < 0).any():
        raise RuntimeError("Integers to negative integer powers are not allowed: use x.float() ** exponent")
    return (a**b).astype(bool) if kind == "b" else a**b


@differentiable(input=lambda g: -g)
def neg(input):
    """-input. RuntimeError for booleans: use ~ for them."""
    return -_no_bool(input, "Negation")


@differentiable(input=lambda g, input: g * ops.sign(input))
def abs(input):
    """The distance from zero; the gradient at zero is 0."""
    return np.abs(input)


@differentiable(input=lambda g: g * 0)
def sign(input):
    """-1, 0 or 1; 0 also for nan."""
    return input.copy() if input.dtype == bool else np.where(input == input, np.sign(input), 0)


def square(input: Any) -> Any:
    """input * input."""
    return ops.pow(input, 2)


def addcmul(input: Any, tensor1: Any, tensor2: Any, *, value: float = 1) -> Any:
    """input + value * tensor1 * tensor2."""
    return input + value * tensor1 * tensor2


def addcdiv(input: Any, tensor1: Any, tensor2: Any, *, value: float = 1) -> Any:
    """input + value * tensor1 / tensor2."""
    return input + value * tensor1 / tensor2


@differentiable(quiet=True, input=lambda g, y: -g * y * y)
def reciprocal(input):
    """1 / input."""
    return 1 / floating(input)


@differentiable(
    start=lambda g, weight: g * (1 - weight),
    end=lambda g, weight: g * weight,
    weight=lambda g, start, end: g * (end - start),
)
def lerp(start, end, weight):
    """start + weight * (end - start)."""
    return start + weight * (end - start)


# ------------------------------------------------------------------------------------ exponentials and logs
@differentiable(quiet=True, input=lambda g, y: g * y)
def exp(input):
    """e to the power of input."""
    return np.exp(floating(input))


@differentiable(quiet=True, input=lambda g, y: g * (y + 1))
def expm1(input):
    """exp(input) - 1, exact near zero."""
    return np.expm1(floating(input))


@differentiable(quiet=True, input=lambda g, input: g / input)
def log(input):
    """The natural logarithm; -inf at 0, nan below."""
    return np.log(floating(input))


@differentiable(quiet=True, input=lambda g, input: g / (input + 1))
def log1p(input):
    """log(1 + input), exact near zero."""
    return np.log1p(floating(input))


@differentiable(quiet=True, input=lambda g, input: g / (input * float(np.log(2))))
def log2(input):
    """The logarithm to base 2."""
    return np.log2(floating(input))


@differentiable(quiet=True, input=lambda g, input: g / (input * float(np.log(10))))
def log10(input):
    """The logarithm to base 10."""
    return np.log10(floating(input))


@differentiable(
    quiet=True,
    input=lambda g, y, input: g * ops.exp(input - y),
    other=lambda g, y, other: g * ops.exp(other - y),
)
def logaddexp(input, other):
    """log(exp(input) + exp(other)), safe for large numbers."""
    return np.logaddexp(*promote(input, other))


@differentiable(quiet=True, input=lambda g, y: g / (2 * y))
def sqrt(input):
    """The square root; nan below 0."""
    return np.sqrt(floating(input))


@differentiable(quiet=True, input=lambda g, y: -0.5 * g * y * y * y)
def rsqrt(input):
    """1 / sqrt(input)."""
    return 1 / np.sqrt(floating(input))


# --------------------------------------------------------------------------------- waves and activations
@differentiable(quiet=True, input=lambda g, input: g * ops.cos(input))
def sin(input):
    """The sine of an angle in radians."""
    return np.sin(floating(input))


@differentiable(quiet=True, input=lambda g, input: -g * ops.sin(input))
def cos(input):
    """The cosine of an angle in radians."""
    return np.cos(floating(input))


@differentiable(quiet=True, input=lambda g, y: g * (1 + y * y))
def tan(input):
    """The tangent of an angle in radians."""
    return np.tan(floating(input))


@differentiable(quiet=True, input=lambda g, input: g / (1 + input * input))
def atan(input):
    """The angle, in radians, whose tangent is input."""
    return np.arctan(floating(input))


@differentiable(quiet=True, input=lambda g, input: g * ops.cosh(input))
def sinh(input):
    """The hyperbolic sine."""
    return np.sinh(floating(input))


@differentiable(quiet=True, input=lambda g, input: g * ops.sinh(input))
def cosh(input):
    """The hyperbolic cosine."""
    return np.cosh(floating(input))


@differentiable(input=lambda g, y: g * (1 - y * y))
def tanh(input):
    """The hyperbolic tangent, between -1 and 1."""
    return np.tanh(floating(input))


@differentiable(input=lambda g, y: g * (y * (1 - y)))
def sigmoid(input):
    """1 / (1 + exp(-input)), between 0 and 1; through tanh, which cannot overflow."""
    return 0.5 * np.tanh(0.5 * floating(input)) + 0.5


@differentiable(input=lambda g, y: g * (y > 0))
def relu(input):
    """The larger of input and 0; the gradient at 0 is 0."""
    if input.dtype == bool:
        raise RuntimeError("Boolean inputs not supported for relu: use x.float()")
    return np.maximum(input, 0)


# -------------------------------------------------------------------------------- rounding, bounds, choices
@differentiable(input=lambda g: g * 0)
def floor(input):
    """The whole number below."""
    return np.floor(input)


@differentiable(input=lambda g: g * 0)
def ceil(input):
    """The whole number above."""
    return np.ceil(input)


@differentiable(input=lambda g: g * 0)
def trunc(input):
    """The whole number towards zero."""
    return np.trunc(input)


@differentiable(input=lambda g: g * 0)
def round(input, decimals=0):
    """The nearest number with so many decimals, halves to even."""
    return np.round(input, decimals)


def _inside(input: Any, min: Any, max: Any) -> Any:
    inside = True
    if min is not None:
        inside = inside & (input >= min)
    return inside if max is None else inside & (input <= max)


@differentiable(
    input=lambda g, input, min, max: g * _inside(input, min, max),
    min=lambda g, input, min, max: g * ((input < min) if max is None else (input < min) & (min < max)),
    max=lambda g, input, min, max: g * ((input > max) if min is None else (input > max) | (max < min)),
)
def clamp(input, min=None, max=None):
    """Input, but at least `min` and at most `max`.

    >>> import learnnn
    >>> learnnn.clamp(learnnn.tensor([-2.0, 0.5, 9.0]), 0, 1)
    tensor([0.0000, 0.5000, 1.0000])
    """
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if min is not None:
        input = np.maximum(*promote(input, min))
    return input if max is None else np.minimum(*promote(input, max))


def _larger(g: Any, mine: Any, other: Any) -> Any:
    """The gradient where mine is larger; half of it at a tie, as in PyTorch."""
    return g * (mine > other) + 0.5 * g * (mine == other)


@differentiable(
    input=lambda g, input, other: _larger(g, input, other),
    other=lambda g, input, other: _larger(g, other, input),
)
def maximum(input, other):
    """The larger of two elements; at a tie each gets half the gradient."""
    return np.maximum(*promote(input, other))


@differentiable(
    input=lambda g, input, other: _larger(g, other, input),
    other=lambda g, input, other: _larger(g, input, other),
)
def minimum(input, other):
    """The smaller of two elements; at a tie each gets half the gradient."""
    return np.minimum(*promote(input, other))


@differentiable(
    input=lambda g, condition: ops.where(condition, g, 0.0),
    other=lambda g, condition: ops.where(condition, 0.0, g),
    variants={1: lambda condition: ops.nonzero(condition, as_tuple=True)},
)
def where(condition, input, other):
    """Input where the condition holds, other elsewhere.

    >>> import learnnn
    >>> x = learnnn.tensor([-1.0, 2.0])
    >>> learnnn.where(x > 0, x, 0.0)
    tensor([0., 2.])
    """
    if np.asarray(condition).dtype != bool:
        raise RuntimeError(f"where expected condition to be a boolean tensor, but got {condition.dtype}: use x != 0")
    a, b = promote(input, other)
    out = np.where(condition, a, b)
    return out if isinstance(a, np.ndarray) and isinstance(b, np.ndarray) else out.astype(result_dtype(a, b))


@differentiable(
    input=lambda g, mask: ops.where(mask, 0.0, g),
    value=lambda g, mask: ops.where(mask, g, 0.0),
)
def masked_fill(input, mask, value):
    """Input, with `value` where the mask is true."""
    if mask.dtype != bool:
        raise RuntimeError(f"masked_fill_ only supports boolean masks, but got mask with dtype {mask.dtype}")
    if np.ndim(value):
        raise RuntimeError(
            f"masked_fill_ only supports a 0-dimensional value tensor, but got tensor with {np.ndim(value)} dimension(s"
            "): use where(mask, value, input)"
        )
    return np.where(mask, np.asarray(value, input.dtype), input)


@differentiable(input=lambda g, input: g * ops.isfinite(input))
def nan_to_num(input, nan=0.0, posinf=None, neginf=None):
    """Input, with numbers in place of nan and the infinities."""
    return np.nan_to_num(input, nan=nan, posinf=posinf, neginf=neginf)


# ------------------------------------------------------------------------- comparisons and logic: no gradient
def _without_gradient(name: str, function: Any, doc: str) -> Any:
    def compare(input, other):
        try:
            return function(*promote(input, other))
        except TypeError:  # numpy's names its own functions
            kinds = " and ".join(str(getattr(x, "dtype", type(x).__name__)) for x in (input, other))
            raise TypeError(f"{name} is not defined for {kinds}: compare first, as in (a > 0) & (b > 0)") from None

    compare.__name__, compare.__doc__ = name, doc
    return differentiable(quiet=True)(compare)


eq = _without_gradient("eq", np.equal, "Where input == other.")
ne = _without_gradient("ne", np.not_equal, "Where input != other.")
lt = _without_gradient("lt", np.less, "Where input < other.")
le = _without_gradient("le", np.less_equal, "Where input <= other.")
gt = _without_gradient("gt", np.greater, "Where input > other.")
ge = _without_gradient("ge", np.greater_equal, "Where input >= other.")
bitwise_and = _without_gradient("bitwise_and", np.bitwise_and, "input & other, for booleans and integers.")
bitwise_or = _without_gradient("bitwise_or", np.bitwise_or, "input | other, for booleans and integers.")
bitwise_xor = _without_gradient("bitwise_xor", np.bitwise_xor, "input ^ other, for booleans and integers.")
logical_and = _without_gradient("logical_and", np.logical_and, "Where both are not zero.")
logical_or = _without_gradient("logical_or", np.logical_or, "Where one is not zero.")


logical_xor = _without_gradient("logical_xor", np.logical_xor, "Where one is zero and the other is not.")


@differentiable()
def isclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Where |input - other| <= atol + rtol * |other|."""
    _same_dtype(input, other)
    return np.isclose(input, other, rtol, atol, equal_nan)


def _same_dtype(a: Any, b: Any) -> None:
    if a.dtype != b.dtype:
        raise RuntimeError(f"{a.dtype} did not match {b.dtype}: only tensors of one dtype can be close")


def allclose(input: Any, other: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether all of input is close to other: |input - other| <= atol + rtol * |other|.

    >>> import learnnn
    >>> learnnn.allclose(learnnn.tensor([1.0]), learnnn.tensor([1.000001]))
    True
    """
    return bool(ops.isclose(input, other, rtol, atol, equal_nan).all())


def equal(input: Any, other: Any) -> bool:
    """Whether both have one shape and the same elements."""
    return input.shape == other.shape and bool((input == other).all())


@differentiable()
def bitwise_not(input):
    """~input: not, for booleans and integers."""
    if input.dtype.kind == "f":
        raise TypeError(f"~ is for booleans and integers, got {input.dtype}: compare first, as in ~(x > 0)")
    return ~input


@differentiable()
def logical_not(input):
    """Where input is zero."""
    return np.logical_not(input)


@differentiable()
def isnan(input):
    """Where input is not a number."""
    return np.isnan(input)


@differentiable()
def isinf(input):
    """Where input is plus or minus infinity."""
    return np.isinf(input)


@differentiable()
def isfinite(input):
    """Where input is a number and not infinite."""
    return np.isfinite(input)
