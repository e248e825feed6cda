"""One piece of code, run with PyTorch and with learnnn; what comes out has to be the same.

`same(f)` calls f(torch) and f(learnnn). Outcomes are compared as numbers (NaN equals NaN), shapes, dtypes, whether
a gradient is required, plain python values, or the type of the exception.
"""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import learnnn

try:
    import torch
except ImportError:
    torch = None
TOLERANCE = {"float64": 1e-9, "float32": 2e-6, "float16": 2e-3}
RAISED = (
    ArithmeticError,
    AttributeError,
    IndexError,
    KeyError,
    NotImplementedError,
    RuntimeError,
    TypeError,
    ValueError,
)


def name(dtype: Any) -> str:
    return str(dtype).removeprefix("torch.")


def plain(x: Any) -> Any:
    """A result, told without either library."""
    if isinstance(x, torch.Tensor | learnnn.Tensor):
        return ("tensor", tuple(x.shape), name(x.dtype), x.requires_grad, np.asarray(x.detach().numpy()))
    if isinstance(x, torch.dtype | np.dtype):
        return ("dtype", name(x))
    if isinstance(x, torch.Size):
        return tuple(x)
    if isinstance(x, str):
        return x.replace("dtype=torch.", "dtype=")  # a dtype here is numpy's
    if isinstance(x, tuple | list):
        return tuple(map(plain, x))
    return x


def outcome(f: Callable[[Any], Any], library: Any) -> Any:
    try:
        with warnings.catch_warnings():
            if library is torch:
                warnings.simplefilter("ignore")
            return plain(f(library))
    except RAISED as error:
        return error
    finally:
        library.set_grad_enabled(True)


def differences(a: Any, b: Any) -> str:
    """Where PyTorch's outcome a and learnnn's b first differ; empty where nothing does."""
    if isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b):
        return next(filter(None, (differences(p, q) for p, q in zip(a, b, strict=True))), "")
    return "" if equal(a, b) else f"PyTorch: {a!r}, learnnn: {b!r}"


def equal(a: Any, b: Any) -> bool:
    if isinstance(a, Exception) or isinstance(b, Exception):
        return alike(a, b)
    if isinstance(a, np.ndarray | float) and isinstance(b, np.ndarray | float):
        return near(a, b)
    return type(a) is type(b) and a == b


def alike(a: Any, b: Any) -> bool:
    """Code that catches PyTorch's exception catches learnnn's; where PyTorch has no kernel, learnnn may."""
    return isinstance(b, type(a)) or (isinstance(a, NotImplementedError) and "not implemented for" in str(a))


def near(a: Any, b: Any) -> bool:
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    tolerance = TOLERANCE.get(a.dtype.name, 0)
    return bool(np.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True))


def same(f: Callable[[Any], Any], label: str = "") -> None:
    found = differences(outcome(f, torch), outcome(f, learnnn))
    assert not found, f"{label} {found}".strip()


def collect(checks: Any) -> None:
    """Many small comparisons in one test; all that differ are listed together."""
    found = []
    for label, f in checks:
        difference = differences(outcome(f, torch), outcome(f, learnnn))
        if difference:
            found.append(f"{label}: {difference}")
    assert not found, f"{len(found)} differ from PyTorch\n" + "\n".join(found)
