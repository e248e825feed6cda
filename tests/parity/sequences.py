"""A layer under both libraries with the same numbers: what comes out, and every gradient."""

from collections.abc import Callable
from typing import Any

import numpy as np


def draw(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1.5, 1.5, shape)


def filled(t: Any, model: Any) -> Any:
    """The same numbers, in float64, for both libraries: by name, so the names and their order have to agree."""
    model.double()
    values = {name: t.tensor(draw(i, *p.shape)) for i, (name, p) in enumerate(model.state_dict().items())}
    model.load_state_dict(values)
    return model


def tensors(out: Any) -> list:
    """Every tensor of nested outputs, None left out."""
    if isinstance(out, tuple | list):
        return [x for part in out for x in tensors(part)]
    return [out] if hasattr(out, "requires_grad") else []


def raised(f: Callable[[], Any]) -> str:
    """The type of the exception, AssertionError too; empty where there is none."""
    try:
        f()
    except Exception as error:
        return type(error).__name__
    return ""


def run(t: Any, model: Any, call: Callable, *arrays: np.ndarray) -> Any:
    """Names, repr, outputs, and all gradients of a sum of powers of the outputs. Two errors are no agreement here."""
    try:
        return _run(t, model, call, *arrays)
    except Exception as error:
        raise AssertionError(f"{t.__name__} raised {error!r}") from error


def _run(t: Any, model: Any, call: Callable, *arrays: np.ndarray) -> Any:
    filled(t, model)
    inputs = [t.tensor(a, requires_grad=True) for a in arrays]
    out = call(model, *inputs)
    loss = sum((x * x * (i + 1)).sum() + x.sum() for i, x in enumerate(tensors(out)) if x.requires_grad)
    loss.backward()
    grads = [p.grad for p in (*inputs, *model.parameters())]
    return repr(model), list(model.state_dict()), [n for n, _ in model.named_parameters()], out, grads
