"""What a wrong gradient looks like, in words: each reading is one entry in a table, tried in turn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Numerics = dict[str, np.ndarray]


def guess(checked: Any, plain: np.ndarray | None, others: Numerics) -> str:
    """The first reading that fits; empty where none does. `plain` is the slope of the unweighted sum."""
    if checked.analytic is None:
        return ""
    given, right = checked.analytic, checked.numeric
    for reading in READINGS:
        said = reading(given, right, checked, plain, others)
        if said:
            return said
    return ""


def near(a: np.ndarray, b: np.ndarray) -> bool:
    """The same gradient, as far as central differences can tell."""
    return a.shape == b.shape and bool(
        np.allclose(a, b, rtol=1e-4, atol=1e-7 * max(1.0, float(np.abs(b).max(initial=0))))
    )


def not_finite(given, right, *_) -> str:
    if np.isfinite(given).all():
        return ""
    return "it holds nan or infinity: a division by zero, or the logarithm of one?"


def nothing(given, right, *_) -> str:
    return "" if given.any() else "it is zero everywhere: is something detached, or the gradient never filled in?"


def flipped(given, right, *_) -> str:
    return "its sign is flipped, everywhere" if near(given, -right) else ""


def scaled(given, right, *_) -> str:
    some = np.abs(right) > 1e-3 * np.abs(right).max(initial=0)
    if not some.any() or (right.size == 1 and not right.any()):
        return ""
    ratios = given[some] / right[some]
    ratio = float(np.median(ratios))
    if not ratio or not np.allclose(ratios, ratio, rtol=1e-4) or not near(given, ratio * right):
        return ""
    return _ratio_in_words(ratio, given.shape)


def _ratio_in_words(ratio: float, shape: tuple[int, ...]) -> str:
    sign, size = ("with the wrong sign, and " if ratio < 0 else ""), abs(ratio)
    factor = size if size > 1 else 1 / size
    whole = round(factor)
    number = f"{whole}" if abs(factor - whole) < 1e-4 * factor else f"{factor:.4g}"
    words = f"it is {sign}{number} times too {'large' if size > 1 else 'small'}, everywhere"
    if size < 1 and whole == 2:
        return words + ": a value that is used twice receives two gradients, and they add up"
    axes = [i for i, n in enumerate(shape) if n == whole and n > 1 and abs(factor - n) < 1e-3 * n]
    if axes:
        return f"{words}: {whole} is the size of axis {axes[0]}; is a sum a mean, or the other way round?"
    return words


def unweighted(given, right, checked, plain, others) -> str:
    if plain is None or not near(given, plain):
        return ""
    return "it ignores the gradient that arrives from the output: multiply by it (the chain rule)"


def exchanged(given, right, checked, plain, others) -> str:
    other = next((n for n, x in others.items() if n != checked.name and x.any() and near(given, x)), None)
    return f"it is the gradient that belongs to {other}: are the two in the wrong order?" if other else ""


def transposed(given, right, *_) -> str:
    if given.ndim == 2 and given.shape[0] == given.shape[1] and near(given.T, right):
        return "it is the transpose of the right one"
    return ""


def reversed_order(given, right, *_) -> str:
    for axis in range(given.ndim):
        if given.shape[axis] > 1 and near(np.flip(given, axis), right):
            return f"its order along axis {axis} is reversed"
    return ""


def cross_terms(given, right, *_) -> str:
    """The right gradient sums to zero along an axis (softmax: adding a constant changes nothing); this one does not."""
    for axis in reversed(range(given.ndim)):
        size = np.abs(right).sum(axis).max(initial=0)
        if given.shape[axis] < 2 or not size or np.abs(right.sum(axis)).max() > 1e-5 * size:
            continue
        if np.abs(given.sum(axis)).max() > 1e-3 * size:
            return (
                f"along axis {axis} the right gradient sums to zero, and this one does not: each input changes all "
                "the outputs there, and those cross terms are missing"
            )
    return ""


def shifted(given, right, *_) -> str:
    off = given - right
    if given.size < 2:
        return ""
    if near(off, np.full(off.shape, float(off.mean()))):
        return f"it is off by {off.mean():.4g} everywhere: is a term missing, or one too many?"
    for axis in range(given.ndim):
        if given.shape[axis] > 1 and near(off, np.broadcast_to(off.mean(axis, keepdims=True), off.shape)):
            return f"it is off by the same amount all along axis {axis}: is a term missing that is summed over it?"
    return ""


def scaled_by_axis(given, right, *_) -> str:
    """Each slice along an axis has a ratio of its own."""
    with np.errstate(all="ignore"):
        ratios = np.where(np.abs(right) > 1e-9, given / right, np.nan)
    for axis in range(given.ndim):
        if given.shape[axis] < 3 or given.ndim < 2 or np.isnan(ratios).any():
            continue
        one = np.median(ratios, axis, keepdims=True)
        if near(given, one * right):
            return f"it is too large or small by a factor that is the same all along axis {axis}"
    return ""


def holes(given, right, checked, *_) -> str:
    wrong = ~checked.agree
    if not given[wrong].any():
        return f"it is zero in {wrong.sum()} of {given.size} elements where it should not be"
    if not right[wrong].any() or np.abs(right[wrong]).max() < 1e-6:
        return f"it should be zero in {wrong.sum()} of {given.size} elements, and is not"
    if wrong.sum() * 4 <= given.size:
        return f"only {wrong.sum()} of {given.size} elements are wrong: a special case (a tie, a border, a sign)?"
    return ""


READINGS: tuple[Callable[..., str], ...] = (
    not_finite, nothing, unweighted, flipped, scaled, exchanged, transposed, reversed_order, cross_terms, shifted,
    scaled_by_axis, holes,
)  # fmt: skip
