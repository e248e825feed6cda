"""Bilinear under both libraries: values, two orders of gradients, the layer, what is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.parity.both import collect, same
from tests.parity.layers import derivatives, draw, layer

pytestmark = pytest.mark.parity


@given(st.lists(st.integers(0, 3), max_size=3), st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.booleans())
@settings(max_examples=60, deadline=None)
def test_bilinear(batch, n1, n2, n_out, bias):
    arrays = [draw(1, *batch, n1), draw(2, *batch, n2), draw(3, n_out, n1, n2), *([draw(4, n_out)] if bias else [])]
    same(lambda t: derivatives(t, t.nn.functional.bilinear, *arrays))


def test_layer():
    collect(
        [
            ("with bias", lambda t: layer(t, lambda nn: nn.Bilinear(3, 2, 4), (5, 3), (5, 2))),
            ("without", lambda t: layer(t, lambda nn: nn.Bilinear(3, 2, 4, bias=False), (2, 5, 3), (2, 5, 2))),
            ("bounds", lambda t: round(float(t.nn.Bilinear(25, 30, 40).weight.detach().abs().max()), 2)),
        ]
    )


ERRORS = {
    "first width": lambda t: t.nn.Bilinear(3, 2, 4)(t.zeros(5, 2), t.zeros(5, 2)),
    "second width": lambda t: t.nn.Bilinear(3, 2, 4)(t.zeros(5, 3), t.zeros(5, 3)),
    "batches": lambda t: t.nn.Bilinear(3, 2, 4)(t.zeros(5, 3), t.zeros(1, 2)),
    "ranks": lambda t: t.nn.Bilinear(3, 2, 4)(t.zeros(5, 3), t.zeros(2)),
    "dtype": lambda t: t.nn.Bilinear(3, 2, 4)(t.zeros(5, 3).double(), t.zeros(5, 2)),
    "integers": lambda t: t.nn.Bilinear(3, 2, 4)(t.zeros(5, 3).long(), t.zeros(5, 2).long()),
    "weight": lambda t: t.nn.functional.bilinear(t.zeros(5, 3), t.zeros(5, 2), t.zeros(3, 2)),
    "bias": lambda t: t.nn.functional.bilinear(t.zeros(5, 3), t.zeros(5, 2), t.zeros(4, 3, 2), t.zeros(5)),
    "no features": lambda t: t.nn.Bilinear(0, 2, 4),
}


def test_errors():
    collect(ERRORS.items())
