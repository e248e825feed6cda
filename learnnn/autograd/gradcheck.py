"""Gradients against central differences, as a yes or an error. `inspection.gradcheck` shows where they differ."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .functional import _pull, _several
from .mode import Switch
from .variable import Variable, wrap


class GradcheckError(RuntimeError):
    """A gradient that is not the derivative."""


def gradcheck(
    func: Callable, inputs: Any, *, eps: float = 1e-6, atol: float = 1e-5, rtol: float = 1e-3,
    raise_exception: bool = True, **ignored: Any,
) -> bool:  # fmt: skip
    """Whether func's gradients with respect to each input that requires one are its derivatives.

    Inputs should be float64: in float32, a difference of eps drowns in rounding. GradcheckError where they are not
    (or False, if not raise_exception).

    >>> import learnnn
    >>> x = learnnn.tensor([0.5, 2.0], dtype=learnnn.float64, requires_grad=True)
    >>> gradcheck(lambda x: x * x, x)
    True
    """
    arguments = tuple(inputs) if isinstance(inputs, tuple | list) else (inputs,)
    tensors = tuple([x for x in arguments if isinstance(x, Variable) and x.requires_grad])
    if not tensors:
        raise ValueError("gradcheck expects at least one input tensor to require gradient, but none of them do")
    problem = _first_problem(func, arguments, tensors, eps, atol, rtol)
    if problem and raise_exception:
        raise GradcheckError(problem)
    return not problem


def _first_problem(func: Callable, arguments: tuple, tensors: tuple, eps: float, atol: float, rtol: float) -> str:
    with Switch(True):
        outputs = [y for y in _several(func(*arguments), "outputs") if y.array.dtype.kind == "f"]
        for i, y in enumerate(outputs):
            for j, x in enumerate(tensors):
                analytical = _by_rules(y, x)
                numerical = _by_differences(func, arguments, x, i, eps)
                if not np.allclose(analytical, numerical, rtol, atol, equal_nan=True):
                    return (
                        f"Jacobian mismatch for output {i} with respect to input {j},\nnumerical:\n{numerical}\n"
                        f"analytical:\n{analytical}"
                    )
    return ""


def _by_rules(y: Any, x: Any) -> np.ndarray:
    """The Jacobian (x.size, y.size), a backward sweep for each element of y."""
    columns = []
    for i in range(y.array.size):
        one = np.zeros_like(y.array)
        one.reshape(-1)[i] = 1
        columns.append(_pull([y], (x,), [wrap(one)])[0].array.reshape(-1))
    return np.stack(columns, 1) if columns else np.zeros((x.array.size, 0))


def _by_differences(func: Callable, arguments: tuple, x: Any, output: int, eps: float) -> np.ndarray:
    """The Jacobian (x.size, y.size), moving one element of x at a time: (f(x + eps) - f(x - eps)) / 2 eps."""

    def value() -> np.ndarray:
        found = [y for y in _several(func(*arguments), "outputs") if y.array.dtype.kind == "f"]
        return found[output].array.reshape(-1).copy()

    rows = []
    with Switch(False):
        for at in np.ndindex(x.array.shape):
            kept = x.array[at]
            ends = []
            for step in (eps, -eps):
                x.array[at] = kept + step
                ends.append(value())
            x.array[at] = kept
            rows.append((ends[0] - ends[1]) / (2 * eps))
    return np.stack(rows) if rows else np.zeros((0, value().size))


def gradgradcheck(
    func: Callable, inputs: Any, grad_outputs: Any = None, *, eps: float = 1e-6, atol: float = 1e-5,
    rtol: float = 1e-3, raise_exception: bool = True, **ignored: Any,
) -> bool:  # fmt: skip
    """Whether the gradients of func's gradients are derivatives too, for the given or for random cotangents."""
    arguments = tuple(inputs) if isinstance(inputs, tuple | list) else (inputs,)
    if grad_outputs is None:
        rng = np.random.default_rng(0)
        ys = _several(func(*arguments), "outputs")
        drawn = [rng.normal(size=y.shape).astype(y.array.dtype) for y in ys]
        grad_outputs = tuple([wrap(np.asarray(a)).requires_grad_() for a in drawn])
    vectors = _several(grad_outputs, "grad_outputs")

    def gradients(*values: Any) -> tuple:
        xs, vs = values[: len(arguments)], values[len(arguments) :]
        wanted = tuple([x for x in xs if isinstance(x, Variable) and x.requires_grad])
        with Switch(True):
            return _pull(_several(func(*xs), "outputs"), wanted, vs, False, True)

    return gradcheck(gradients, (*arguments, *vectors), eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception)
