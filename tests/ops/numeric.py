"""Derivatives by central differences: the second, independent definition that gradient rules are held to."""

from collections.abc import Callable, Sequence

import numpy as np

import learnnn
from learnnn import autograd

STEP = 1e-5  # truncation grows with its square, rounding with its inverse: both stay under 1e-9 here


def leaves(arrays: Sequence[np.ndarray]) -> list:
    """Tensors over the very same memory, so that views and strides stay as they were drawn."""
    return [autograd.wrap(array).requires_grad_() for array in arrays]


def central(f: Callable[..., float], arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """df/dx for each element of each array, one at a time: (f(x + h) - f(x - h)) / 2h."""
    slopes = [np.zeros(array.shape) for array in arrays]
    for array, slope in zip(arrays, slopes, strict=True):
        for at in np.ndindex(array.shape):
            kept = array[at]
            array[at] = kept + STEP
            above = f(*arrays)
            array[at] = kept - STEP
            slope[at] = (above - f(*arrays)) / (2 * STEP)
            array[at] = kept
    return slopes


def close(actual: Sequence, expected: Sequence, what: str) -> None:
    for i, (a, e) in enumerate(zip(actual, expected, strict=True)):
        assert a is not None, f"no {what} of input {i}"
        a = a.detach().numpy()
        assert a.shape == e.shape, f"{what} of input {i}: shape {a.shape}, expected {e.shape}"
        assert a.dtype == e.dtype, f"{what} of input {i}: dtype {a.dtype}, expected {e.dtype}"
        np.testing.assert_allclose(a, e, rtol=1e-6, atol=1e-7, err_msg=f"{what} of input {i}")


def check_first(call: Callable, arrays: Sequence[np.ndarray], rng: np.random.Generator) -> None:
    """The gradients of sum(v * call(inputs)), for a random v, against central differences."""
    out = call(*leaves(arrays))
    v = np.asarray(rng.normal(size=out.shape))
    expected = central(lambda *xs: (call(*map(autograd.wrap, xs)).numpy() * v).sum(), arrays)
    inputs = leaves(arrays)
    call(*inputs).backward(autograd.wrap(v))
    close([x.grad for x in inputs], expected, "gradient")


def check_second(call: Callable, arrays: Sequence[np.ndarray], rng: np.random.Generator) -> None:
    """The gradients of the gradients, with respect to the inputs and to v, against differences of the first."""
    v = np.asarray(rng.normal(size=call(*leaves(arrays)).shape))
    directions = [rng.normal(size=array.shape) for array in arrays]

    def along(*values: np.ndarray, create_graph: bool = False) -> tuple:
        *xs, cotangent = leaves(values)
        grads = autograd.grad(call(*xs), xs, cotangent, create_graph=create_graph, allow_unused=True)
        moved = [(g * d).sum() for g, d in zip(grads, directions, strict=True) if g is not None]
        return sum(moved, learnnn.zeros((), dtype=np.float64)), [*xs, cotangent]

    values = [*arrays, v]
    total, inputs = along(*values, create_graph=True)
    expected = central(lambda *xs: along(*xs)[0].item(), values)
    found = autograd.grad(total, inputs, allow_unused=True) if total.requires_grad else [None] * len(inputs)
    zeros = [learnnn.zeros_like(x) if g is None else g for g, x in zip(found, inputs, strict=True)]
    close(zeros, expected, "second derivative")
