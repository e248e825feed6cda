"""Padding, windows and resizing under both libraries."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.parity.both import collect, same
from tests.parity.layers import derivatives, draw, layer

pytestmark = pytest.mark.parity
sizes = st.integers(1, 5)


@given(
    st.lists(sizes, min_size=1, max_size=4),
    st.lists(st.integers(-2, 3), min_size=2, max_size=6),
    st.sampled_from(["constant", "reflect", "replicate", "circular"]),
)
@settings(max_examples=200, deadline=None)
def test_padding(shape, pads, mode):
    value = {"value": 0.7} if mode == "constant" else {}
    pads = pads[: len(pads) // 2 * 2]
    if mode == "circular":  # with numbers below zero PyTorch hands back memory that it never wrote
        pads = [abs(p) for p in pads]
    left = [n + a + b for n, a, b in zip(reversed(shape), pads[::2], pads[1::2])]
    assume(mode == "constant" or min(left, default=1) > 0)  # what is refused then depends on the number of axes
    pad = lambda t, x: t.nn.functional.pad(x, tuple(pads), mode, **value)
    same(lambda t: derivatives(t, lambda x: pad(t, x), draw(1, *shape)), f"{shape} {pads} {mode}")


@given(
    st.lists(st.integers(1, 6), min_size=2, max_size=2),
    *[st.integers(1, 3) | st.tuples(st.integers(1, 3), st.integers(1, 3)) for _ in range(3)],
    st.integers(0, 2),
    st.sampled_from([(2, 2), (0, 1), (2,)]),
)
@settings(max_examples=120, deadline=None)
def test_windows(image, kernel, dilation, stride, padding, lead):
    steps = {"kernel_size": kernel, "dilation": dilation, "padding": padding, "stride": stride}

    def unfold(t):
        return derivatives(t, lambda x: t.nn.functional.unfold(x, **steps), draw(1, *lead, *image))

    def there_and_back(t):
        both = lambda x: t.nn.functional.fold(t.nn.functional.unfold(x, **steps), tuple(image), **steps)
        return derivatives(t, both, draw(1, *lead, *image))

    collect([("unfold", unfold), ("fold", there_and_back)])


@given(
    st.lists(st.integers(1, 6), min_size=1, max_size=2),
    st.sampled_from(["nearest", "linear", "bilinear"]),
    st.booleans() | st.none(),
    st.integers(1, 9) | st.sampled_from([0.4, 0.5, 1.5, 2.0, 3.7]),
    st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_resizing(image, mode, align_corners, size, recompute):
    options = {"mode": mode, "align_corners": align_corners}
    options |= {"size": size} if isinstance(size, int) else {"scale_factor": size, "recompute_scale_factor": recompute}
    resize = lambda t, x: t.nn.functional.interpolate(x, **options)
    same(lambda t: derivatives(t, lambda x: resize(t, x), draw(1, 2, 1, *image)), f"{image} {options}")


def test_resizing_more():
    resize = lambda t, *args, **options: t.nn.functional.interpolate(t.tensor(draw(1, *args)), **options)
    collect([
        ("two sizes", lambda t: resize(t, 1, 2, 3, 4, size=(5, 2))),
        ("two factors", lambda t: resize(t, 1, 2, 3, 4, scale_factor=(1.5, 2.0), mode="bilinear")),
        ("float32", lambda t: t.nn.functional.interpolate(t.tensor(draw(1, 1, 2, 7)).float(), 23)),
        ("size and factor", lambda t: resize(t, 1, 2, 3, size=3, scale_factor=2)),
        ("neither", lambda t: resize(t, 1, 2, 3)),
        ("three sizes", lambda t: resize(t, 1, 2, 3, 4, size=(1, 2, 3))),
        ("three factors", lambda t: resize(t, 1, 2, 3, 4, scale_factor=(1.0, 2.0, 3.0))),
        ("to nothing", lambda t: resize(t, 1, 2, 3, scale_factor=0.1)),
        ("rank", lambda t: resize(t, 1, 2, size=3)),
        ("no such mode", lambda t: resize(t, 1, 2, 3, size=3, mode="lin")),
    ])  # fmt: skip


LAYERS = {
    "unfold": (lambda nn: nn.Unfold(2), (2, 3, 4, 5)),
    "unfold settings": (lambda nn: nn.Unfold((2, 3), 1, (1, 0), 2), (2, 3, 4, 5)),
    "fold": (lambda nn: nn.Fold((3, 4), 2), (2, 8, 6)),
    "fold alone": (lambda nn: nn.Fold((3, 4), 2, padding=1, stride=2), (4, 6)),
    "larger": (lambda nn: nn.Upsample(scale_factor=2), (2, 3, 2, 3)),
    "larger by two factors": (lambda nn: nn.Upsample(scale_factor=(2, 1.5), mode="bilinear"), (2, 3, 2, 3)),
    "to a size": (lambda nn: nn.Upsample(size=(3, 7), mode="bilinear", align_corners=True), (2, 3, 2, 3)),
    "to a length": (lambda nn: nn.Upsample(5, mode="linear"), (2, 3, 2)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers(name):
    build, shape = LAYERS[name]
    same(lambda t: layer(t, build, shape))


ERRORS = {
    "odd": lambda t: t.nn.functional.pad(t.zeros(3), (1,)),
    "too many": lambda t: t.nn.functional.pad(t.zeros(3), (1, 1, 1, 1)),
    "all cut off": lambda t: t.nn.functional.pad(t.zeros(3), (-2, -2)),
    "no such mode": lambda t: t.nn.functional.pad(t.zeros(1, 3), (1, 1), "mirror"),
    "value": lambda t: t.nn.functional.pad(t.zeros(1, 3), (1, 1), "reflect", 2.0),
    "reflect too much": lambda t: t.nn.functional.pad(t.zeros(1, 3), (3, 0), "reflect"),
    "around more than once": lambda t: t.nn.functional.pad(t.zeros(1, 3), (4, 0), "circular"),
    "reflect of 1-d": lambda t: t.nn.functional.pad(t.zeros(3), (1, 1), "reflect"),
    "window too large": lambda t: t.nn.functional.unfold(t.zeros(1, 2, 3, 3), 4),
    "window of nothing": lambda t: t.nn.functional.unfold(t.zeros(1, 2, 3, 3), 0),
    "padding below zero": lambda t: t.nn.functional.unfold(t.zeros(1, 2, 3, 3), 2, padding=-1),
    "unfold rank": lambda t: t.nn.functional.unfold(t.zeros(1, 1, 1, 3, 3), 2),
    "fold rank": lambda t: t.nn.functional.fold(t.zeros(3), 2, 2),
    "fold channels": lambda t: t.nn.functional.fold(t.zeros(1, 5, 4), 3, 2),
    "fold columns": lambda t: t.nn.functional.fold(t.zeros(1, 8, 5), 3, 2),
    "fold without size": lambda t: t.nn.Fold(),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    collect([(name, ERRORS[name])])
