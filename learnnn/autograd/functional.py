"""Derivatives of functions: products with vectors, and whole matrices of derivatives (PyTorch's autograd.functional).

`func` takes one tensor or several and gives one or several; `inputs` is a tensor or a tuple of them. Where a tuple
went in, a tuple comes out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .mode import Switch
from .operation import from_backward
from .sweep import grad
from .variable import Variable, wrap

Tensors = tuple[Any, ...]
Pair = tuple[Any, Any]


def _several(x: Any, what: str) -> Tensors:
    values = x if isinstance(x, tuple) else (x,)
    for value in values:
        if not isinstance(value, Variable):
            raise TypeError(f"autograd.functional: {what} must be a tensor or a tuple of tensors, got {value!r}")
    return values


def _like(given: Any, values: Tensors) -> Any:
    """One value where one was given, a tuple where a tuple was."""
    return values if isinstance(given, tuple | list) else values[0]


def _fresh(inputs: Any, create_graph: bool) -> Tensors:
    """The inputs under nodes of their own: linked to what they came from, or leaves."""
    values = _several(inputs, "inputs")
    return tuple([x.view_as(x) if create_graph and x.requires_grad else x.detach().requires_grad_() for x in values])


def _plain(values: Tensors, create_graph: bool) -> Tensors:
    return values if create_graph else tuple([v.detach() for v in values])


def _pull(outputs: Any, inputs: Tensors, vectors: Any, strict: bool = False, record: bool = False) -> Tensors:
    """grad, with zeros for inputs that the outputs do not depend on."""
    linked = [(y, v) for y, v in zip(outputs, vectors, strict=True) if y.requires_grad]
    found: Tensors = (None,) * len(inputs)
    if linked:
        ys, vs = zip(*linked, strict=True)
        found = grad(ys, inputs, vs, retain_graph=True, create_graph=record, allow_unused=True)
    if strict and None in found:
        raise RuntimeError(f"The output of the user-provided function is independent of input {found.index(None)}.")
    return tuple([wrap(np.zeros_like(x.array)) if g is None else g for g, x in zip(found, inputs, strict=True)])


def _vectors(v: Any, like: Tensors, what: str) -> Tensors:
    """The vectors of a product: as given, or a single 1 where that is meant."""
    if v is None:
        if len(like) > 1 or like[0].array.size != 1:
            raise RuntimeError(f"The vector v can only be None if {what} is a single tensor of one element")
        return (wrap(np.ones_like(like[0].array)),)
    vectors = _several(v, "v")
    if [x.shape for x in vectors] != [x.shape for x in like]:
        shapes = [[list(x.shape) for x in xs] for xs in (vectors, like)]
        raise RuntimeError(f"v has the shapes {shapes[0]}, but {what} has {shapes[1]}: they must be the same")
    return vectors


def vjp(func: Callable, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Pair:
    """func(*inputs), and the vector v times its Jacobian: one backward sweep."""
    with Switch(True):
        xs = _fresh(inputs, create_graph)
        out = func(*xs)
        ys = _several(out, "outputs")
        grads = _pull(ys, xs, _vectors(v, ys, "the output"), strict, create_graph)
    return _like(out, _plain(ys, create_graph)), _like(inputs, _plain(grads, create_graph))


def jvp(func: Callable, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Pair:
    """func(*inputs), and its Jacobian times the vector v.

    Two backward sweeps: the first is linear in its cotangent u, and the derivative of that by u is the product.
    """
    with Switch(True):
        xs = _fresh(inputs, create_graph)
        vectors = _vectors(v, xs, "the input")
        out = func(*xs)
        ys = _several(out, "outputs")
        us = tuple([wrap(np.zeros_like(y.array)).requires_grad_() for y in ys])
        products = _pull(_pull(ys, xs, us, strict, True), us, vectors, False, create_graph)
    return _like(out, _plain(ys, create_graph)), _like(out, _plain(products, create_graph))


@from_backward(twice=True)
def _stack(*rows: Any) -> Any:
    return np.stack(rows), lambda g: [g[i] for i in range(len(rows))]


def _rows(y: Any, xs: Tensors, strict: bool, record: bool) -> list[Any]:
    """The Jacobian of one output by each input: a sweep for each element of the output."""
    rows = []
    for i in range(y.array.size):
        one = np.zeros_like(y.array)
        one.reshape(-1)[i] = 1
        rows.append(_pull([y], xs, [wrap(one)], strict, record))
    shapes = [(*y.shape, *x.shape) for x in xs]
    if not rows:
        return [wrap(np.zeros(shape, x.array.dtype)) for shape, x in zip(shapes, xs, strict=True)]
    return [_stack(*column).reshape(shape) for column, shape in zip(zip(*rows, strict=True), shapes, strict=True)]


def jacobian(
    func: Callable,
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """Every derivative of every element of the output: shape (*output, *input), a tuple of them for each tuple.

    >>> import learnnn
    >>> jacobian(lambda x: x * x, learnnn.tensor([1.0, 2.0])).tolist()
    [[2.0, 0.0], [0.0, 4.0]]
    """
    with Switch(True):
        xs = _fresh(inputs, create_graph)
        out = func(*xs)
        table = [_rows(y, xs, strict, create_graph) for y in _several(out, "outputs")]
    return _like(out, tuple([_like(inputs, _plain(tuple(row), create_graph)) for row in table]))


def _scalar(y: Any) -> Any:
    if np.size(getattr(y, "array", ())) != 1:
        found = list(y.shape) if isinstance(y, Variable) else type(y).__name__  # type: ignore[attr-defined]
        raise RuntimeError(f"The output of the function given to hessian must be one number, got {found}: sum it")
    return y.reshape(())


def _gradient(func: Callable, inputs: Any, strict: bool) -> Callable:
    """The function that gives func's gradient, always as a tuple."""

    def gradient(*xs: Any) -> Tensors:
        y = _scalar(func(*xs))
        return _pull([y], xs, [wrap(np.ones_like(y.array))], strict, True)

    return gradient


def hessian(
    func: Callable,
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The second derivatives of a function whose value is one number: shape (*input, *input).

    >>> import learnnn
    >>> hessian(lambda x: (x * x * x).sum(), learnnn.tensor([1.0, 2.0])).tolist()
    [[6.0, 0.0], [0.0, 12.0]]
    """
    table = jacobian(_gradient(func, inputs, strict), _several(inputs, "inputs"), create_graph, strict)
    return _like(inputs, tuple([_like(inputs, row) for row in table]))


def hvp(func: Callable, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Pair:
    """The value of a function of one number, and its Hessian times v, which costs little more than a gradient."""
    return vhp(func, inputs, v, create_graph, strict)  # a Hessian is symmetric


def vhp(func: Callable, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Pair:
    """The value of a function of one number, and v times its Hessian."""
    with Switch(True):
        xs = _fresh(inputs, create_graph)
        vectors = _vectors(v, xs, "the input")
        y = _scalar(func(*xs))
        slopes = _pull([y], xs, [wrap(np.ones_like(y.array))], strict, True)
        products = _pull(slopes, xs, vectors, strict, create_graph)
    return _plain((y,), create_graph)[0], _like(inputs, _plain(products, create_graph))
