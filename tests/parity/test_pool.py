"""Pooling under both libraries: values, which element takes the gradient, layers, what is refused."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.parity.both import collect, same
from tests.parity.layers import derivatives, draw, layer

pytestmark = pytest.mark.parity


@st.composite
def poolings(draw_, kind):
    dims = draw_(st.integers(1, 2))
    few = lambda low, high: draw_(st.lists(st.integers(low, high), min_size=dims, max_size=dims))
    kernel, image = few(1, 3), few(1, 7)
    dilation = few(1, 2) if kind == "max" else [1] * dims
    padding = [draw_(st.integers(0, k // 2)) for k in kernel]
    assume(all(i + 2 * p > d * (k - 1) for i, p, d, k in zip(image, padding, dilation, kernel)))
    assume(all(i >= d for i, d in zip(image, dilation)))  # else a window may see padding only
    options = {"kernel_size": tuple(kernel), "padding": tuple(padding), "ceil_mode": draw_(st.booleans())}
    options |= {"stride": tuple(few(1, 3))} if draw_(st.booleans()) else {}
    options |= {"dilation": tuple(dilation)} if kind == "max" else {"count_include_pad": draw_(st.booleans())}
    shape = (*draw_(st.sampled_from([(2, 3), (1, 1), (3,)])), *image)
    return f"{kind}_pool{dims}d", shape, options


@given(poolings("max"))
@settings(max_examples=120, deadline=None)
def test_max_pooling(case):
    name, shape, options = case

    def run(t):
        pool = getattr(t.nn.functional, name)
        found = derivatives(t, lambda x: pool(x, **options), draw(1, *shape))
        return found, pool(t.tensor(draw(1, *shape)), return_indices=True, **options)

    same(run, str(case))


@given(poolings("avg"))
@settings(max_examples=120, deadline=None)
def test_average_pooling(case):
    name, shape, options = case
    pool = lambda t, x: getattr(t.nn.functional, name)(x, **options)
    same(lambda t: derivatives(t, lambda x: pool(t, x), draw(1, *shape)), str(case))


@given(
    st.lists(st.integers(1, 6), min_size=2, max_size=2), st.lists(st.integers(1, 7) | st.none(), min_size=2, max_size=2)
)
@settings(max_examples=60, deadline=None)
def test_adaptive_pooling(image, size):
    pool = lambda t, x: t.nn.functional.adaptive_avg_pool2d(x, tuple(size))
    same(lambda t: derivatives(t, lambda x: pool(t, x), draw(1, 2, 3, *image)), f"{image} {size}")


def test_ties_nan_and_layouts():
    def grads(t, values, **options):
        x = t.tensor(values, requires_grad=True)
        y = t.nn.functional.max_pool2d(x, 2, **options)
        y.backward(t.tensor(draw(3, *y.shape)))
        return y, x.grad

    ones, some = np.ones((1, 1, 5, 5)), np.round(draw(5, 2, 2, 6, 6))
    far = draw(1, 1, 1, 4, 4)
    far[0, 0, 0, 0], far[0, 0, 3, 3] = -np.inf, np.inf
    gap = draw(1, 1, 1, 4, 4)
    gap[0, 0, 1, 1] = np.nan
    collect([
        ("all equal", lambda t: grads(t, ones)),
        ("all equal, overlapping", lambda t: grads(t, ones, stride=1)),
        ("many ties", lambda t: grads(t, some, stride=1, padding=1)),
        ("infinite", lambda t: grads(t, far)),
        ("nan", lambda t: t.nn.functional.max_pool2d(t.tensor(gap), 2)),
        ("below zero, padded", lambda t: grads(t, -1 - ones, padding=1)),
        ("no images", lambda t: t.nn.functional.max_pool2d(t.zeros(0, 2, 4, 4), 2)),
        ("mean of no images", lambda t: t.nn.functional.avg_pool2d(t.zeros(0, 2, 4, 4), 2)),
        ("channels last", lambda t: t.nn.functional.max_pool2d(t.tensor(some).permute(0, 2, 3, 1), 2)),
        ("integers", lambda t: t.nn.functional.max_pool2d(t.arange(16).reshape(1, 1, 4, 4), 2, padding=1)),
        ("mean of nothing", lambda t: t.nn.functional.adaptive_avg_pool2d(t.zeros(2, 3, 0, 5), 1)),
        ("float32", lambda t: t.nn.functional.avg_pool2d(t.tensor(some).float(), 3, divisor_override=5)),
    ])  # fmt: skip


LAYERS = {
    "max 1d": (lambda nn: nn.MaxPool1d(3, 2, 1), (2, 3, 8)),
    "max 2d": (lambda nn: nn.MaxPool2d(2), (2, 3, 7, 8)),
    "max 2d settings": (lambda nn: nn.MaxPool2d((2, 3), 1, (1, 0), 2, ceil_mode=True), (2, 3, 7, 8)),
    "mean 1d": (lambda nn: nn.AvgPool1d(3, 2, 1, True, False), (2, 3, 8)),
    "mean 2d": (lambda nn: nn.AvgPool2d(2), (2, 3, 7, 8)),
    "mean 2d settings": (lambda nn: nn.AvgPool2d((2, 3), stride=(1, 2), padding=1, divisor_override=2), (2, 3, 7, 8)),
    "to a size": (lambda nn: nn.AdaptiveAvgPool2d((3, None)), (2, 3, 7, 8)),
    "to one": (lambda nn: nn.AdaptiveAvgPool2d(1), (3, 7, 8)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers(name):
    build, shape = LAYERS[name]
    same(lambda t: layer(t, build, shape))


def test_indices_from_a_layer():
    same(lambda t: t.nn.MaxPool2d(2, return_indices=True)(t.tensor(draw(1, 2, 3, 5, 6))))
    same(lambda t: t.nn.MaxPool1d(2, return_indices=True)(t.tensor(draw(1, 3, 6))))


IMAGE = (2, 3, 5, 5)
ERRORS = {
    "rank": lambda t: t.nn.MaxPool2d(2)(t.zeros(5, 5)),
    "rank 5": lambda t: t.nn.AvgPool2d(2)(t.zeros(1, *IMAGE)),
    "too small": lambda t: t.nn.MaxPool2d(7)(t.zeros(IMAGE)),
    "mean too small": lambda t: t.nn.AvgPool2d(7)(t.zeros(IMAGE)),
    "padding": lambda t: t.nn.MaxPool2d(2, padding=2)(t.zeros(IMAGE)),
    "mean padding": lambda t: t.nn.AvgPool2d(2, padding=2)(t.zeros(IMAGE)),
    "padding -1": lambda t: t.nn.MaxPool2d(2, padding=-1)(t.zeros(IMAGE)),
    "kernel 0": lambda t: t.nn.MaxPool2d(0)(t.zeros(IMAGE)),
    "stride 0": lambda t: t.nn.MaxPool2d(2, stride=0)(t.zeros(IMAGE)),
    "three": lambda t: t.nn.MaxPool2d((2, 2, 2))(t.zeros(IMAGE)),
    "divisor": lambda t: t.nn.AvgPool2d(2, divisor_override=0)(t.zeros(IMAGE)),
    "no kernel": lambda t: t.nn.MaxPool2d(),
    "unknown setting": lambda t: t.nn.MaxPool2d(2, size=3),
    "adaptive rank": lambda t: t.nn.AdaptiveAvgPool2d(2)(t.zeros(5, 5)),
    "adaptive of nothing": lambda t: t.nn.AdaptiveAvgPool2d(2)(t.zeros(2, 3, 0, 5)),
    "adaptive size": lambda t: t.nn.AdaptiveAvgPool2d((1, 2, 3))(t.zeros(IMAGE)),
    "mean of integers": lambda t: t.nn.AvgPool2d(2)(t.zeros(IMAGE).bool()),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    collect([(name, ERRORS[name])])
