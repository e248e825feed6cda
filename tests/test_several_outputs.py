"""`from_backward` with several outputs, against the same thing spelled with operations."""

import numpy as np
import pytest

import learnnn
from learnnn.autograd import from_backward, grad


def plain(x, y):
    return x * y, x + y * y


@from_backward(plain=plain)
def fused(x, y):
    return (x * y, x + y * y), lambda g, h: (g * y + h, g * x + 2 * h * y)


@from_backward
def once(x):
    return (x * x, x.sum(0)), lambda g, h: (2 * x * g + h,)


def leaves():
    return [learnnn.tensor(values, requires_grad=True, dtype=np.float64) for values in ([2.0, 3.0], [5.0, 7.0])]


LOSSES = {
    "both": lambda a, b: (a * a * b).sum(),
    "the first": lambda a, b: (a * a).sum(),
    "the second": lambda a, b: (b * b * b).sum(),
    "one twice": lambda a, b: (a * a + 3 * a + b).sum(),
}


@pytest.mark.parametrize("name", LOSSES)
def test_first_and_second_derivatives(name):
    found = []
    for f in (fused, plain):
        xs = leaves()
        first = grad(LOSSES[name](*f(*xs)), xs, create_graph=True)
        second = grad(sum((g * g).sum() for g in first), xs, allow_unused=True)
        found.append([g.detach().tolist() for g in (*first, *second)])
    assert found[0] == found[1]


def test_an_output_that_is_not_used_sends_zeros():
    x = learnnn.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    squares, _ = once(x)
    squares.sum().backward()
    assert x.grad.tolist() == [[2, 4], [6, 8]]
    _, total = once(x)
    (g,) = grad(total.sum(), x)
    assert g.tolist() == [[1, 1], [1, 1]]


def test_outputs_of_constants_are_constants():
    out = fused(*[x.detach() for x in leaves()])
    assert [o.requires_grad for o in out] == [False, False]
    with learnnn.no_grad():
        assert not any(o.requires_grad for o in fused(*leaves()))
    assert all(isinstance(o, np.ndarray) for o in fused(np.ones(2), np.ones(2)))


def test_a_second_sweep_and_an_overwritten_input_are_refused():
    xs = leaves()
    a, b = fused(*xs)
    a.sum().backward()
    with pytest.raises(RuntimeError, match="a second time"):
        b.sum().backward()
    x = leaves()[0] * 1
    a, _ = fused(x, x)
    x.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        a.sum().backward()


def test_the_name_of_the_step_shows_on_every_output():
    assert [repr(o.grad_fn) for o in fused(*leaves())] == ["<FusedBackward0>"] * 2
