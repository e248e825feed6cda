"""Layers under both libraries: the same numbers in their parameters, and everything that comes out of them."""

from collections.abc import Callable
from typing import Any

import numpy as np


def draw(seed: int, *shape: int, low: float = -2.0, high: float = 2.0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(low, high, shape)


def fill(t: Any, model: Any, seed: int = 0) -> Any:
    """The same numbers, in float64, for both libraries."""
    model.double()
    with t.no_grad():
        for i, p in enumerate(model.parameters()):
            p.copy_(t.tensor(draw(seed + i, *p.shape)))
    return model


def derivatives(t: Any, f: Callable, *arrays: np.ndarray) -> tuple:
    """f's value, its gradients under a random cotangent, and the gradients of those."""
    xs = [t.tensor(a, requires_grad=True) for a in arrays]
    y = f(*xs)
    v = t.tensor(draw(99, *y.shape))
    first = t.autograd.grad((y * v).sum(), xs, create_graph=True, allow_unused=True)
    again = sum((g * t.tensor(draw(98, *g.shape))).sum() for g in first if g is not None)
    second = t.autograd.grad(again, xs, allow_unused=True) if again.requires_grad else [None] * len(xs)
    # where a gradient is constant, the libraries differ in whether they know: None is the same as zeros
    known = [t.zeros_like(x) + (0 if s is None else s.detach()) for x, s in zip(xs, second, strict=True)]
    return y, [g.detach() for g in first], [s.detach() for s in known]


def layer(t: Any, build: Callable, *shapes: tuple[int, ...], train: bool = True) -> tuple:
    """A layer's output and derivatives for inputs of these shapes; its parameters' gradients, state and repr."""
    module = fill(t, build(t.nn)).train(train)
    found = derivatives(t, module, *[draw(7 + i, *shape) for i, shape in enumerate(shapes)])
    loss = module(*[t.tensor(draw(17 + i, *shape)) for i, shape in enumerate(shapes)])
    if loss.requires_grad:
        (loss * loss).sum().backward()
    grads = [p.grad for p in module.parameters()]
    state = [(name, value) for name, value in module.state_dict().items()]
    return found, grads, state, repr(module)
