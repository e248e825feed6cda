"""Convolutions under both libraries: values, two orders of gradients, layers, what is refused."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.parity.both import collect, same
from tests.parity.layers import derivatives, draw, fill, layer

pytestmark = pytest.mark.parity


@st.composite
def convolutions(draw_, transposed):
    """The shapes and settings of a convolution that fits, over 1 or 2 axes."""
    dims, groups = draw_(st.integers(1, 2)), draw_(st.integers(1, 2))
    few = lambda low, high: draw_(st.lists(st.integers(low, high), min_size=dims, max_size=dims))
    kernel, stride, dilation, padding = few(1, 3), few(1, 3), few(1, 2), few(0, 2)
    image = few(1, 6)
    n, c, o = draw_(st.integers(0, 2)), draw_(st.integers(1, 2)), draw_(st.integers(1, 2))
    spans = [d * (k - 1) for k, d in zip(kernel, dilation)]
    options = {"stride": tuple(stride), "padding": tuple(padding), "dilation": tuple(dilation), "groups": groups}
    if transposed:
        extra = [draw_(st.integers(0, max(s, d) - 1)) for s, d in zip(stride, dilation)]
        sizes = zip(image, stride, padding, spans, extra)
        assume(all((i - 1) * s - 2 * p + span + e + 1 > 0 for i, s, p, span, e in sizes))
        options["output_padding"] = tuple(extra)
        weight = (c * groups, o, *kernel)
    else:
        assume(all(i + 2 * p > span for i, p, span in zip(image, padding, spans)))
        weight = (o * groups, c, *kernel)
    shapes = [(n, c * groups, *image), weight, (o * groups,)]
    if n and draw_(st.booleans()):
        shapes[0] = shapes[0][1:]  # without a batch
    return f"conv{'_transpose' * transposed}{dims}d", shapes[: draw_(st.integers(2, 3))], options


def run(t, name, shapes, options):
    function = getattr(t.nn.functional, name)
    return derivatives(t, lambda *xs: function(*xs, **options), *[draw(i, *s) for i, s in enumerate(shapes)])


@given(convolutions(transposed=False))
@settings(max_examples=150, deadline=None)
def test_convolutions(case):
    same(lambda t: run(t, *case), str(case))


@given(convolutions(transposed=True))
@settings(max_examples=150, deadline=None)
def test_transposed_convolutions(case):
    same(lambda t: run(t, *case), str(case))


LAYERS = {
    "plain": (lambda nn: nn.Conv2d(2, 3, 3), (2, 2, 5, 6)),
    "one image": (lambda nn: nn.Conv2d(2, 3, 3), (2, 5, 6)),
    "rectangle": (lambda nn: nn.Conv2d(2, 3, (1, 4), stride=(2, 1), padding=(0, 2)), (2, 2, 5, 6)),
    "same": (lambda nn: nn.Conv2d(2, 3, (3, 2), padding="same", dilation=(1, 2)), (2, 2, 5, 6)),
    "valid": (lambda nn: nn.Conv2d(2, 3, 2, padding="valid"), (2, 2, 5, 6)),
    "depthwise": (lambda nn: nn.Conv2d(4, 4, 3, groups=4, bias=False), (2, 4, 5, 6)),
    "groups": (lambda nn: nn.Conv2d(4, 6, 3, 2, 1, 1, 2), (2, 4, 5, 6)),
    "reflect": (lambda nn: nn.Conv2d(2, 3, 3, padding=(1, 2), padding_mode="reflect"), (2, 2, 5, 6)),
    "replicate": (lambda nn: nn.Conv2d(2, 3, (3, 2), padding="same", padding_mode="replicate"), (2, 2, 5, 6)),
    "circular": (lambda nn: nn.Conv2d(2, 3, 3, padding=1, padding_mode="circular", bias=False), (2, 2, 5, 6)),
    "signal": (lambda nn: nn.Conv1d(2, 3, 3, padding=1, stride=2), (2, 2, 7)),
    "signal same": (lambda nn: nn.Conv1d(2, 3, 4, padding="same", padding_mode="circular"), (2, 2, 7)),
    "signal alone": (lambda nn: nn.Conv1d(2, 3, 3, dilation=2), (2, 7)),
    "transposed": (lambda nn: nn.ConvTranspose2d(2, 3, 3, 2, 1, 1), (2, 2, 3, 4)),
    "transposed groups": (lambda nn: nn.ConvTranspose2d(4, 2, (2, 3), groups=2, bias=False, dilation=2), (1, 4, 3, 4)),
    "transposed signal": (lambda nn: nn.ConvTranspose1d(2, 3, 3, 2, output_padding=1), (2, 2, 5)),
    "no images": (lambda nn: nn.Conv2d(2, 3, 3), (0, 2, 5, 6)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers(name):
    build, shape = LAYERS[name]
    same(lambda t: layer(t, build, shape))


def test_first_values_are_drawn_from_the_same_range():
    def bounds(t):
        found = []
        for build in (lambda nn: nn.Conv2d(8, 64, 5), lambda nn: nn.ConvTranspose1d(64, 8, 5)):
            module = build(t.nn)
            found += [round(float(p.detach().abs().max()), 2) for p in (module.weight, module.bias)]
        return found[0], found[2]

    same(bounds)


def test_layouts_and_dtypes():
    def strided(t, change):
        x, w = t.tensor(draw(1, 3, 6, 5, 4)), t.tensor(draw(2, 5, 6, 3, 2))
        return t.nn.functional.conv2d(*change(x, w))

    def single(t):
        model = fill(t, t.nn.Conv2d(3, 4, 3, padding=1)).float()
        y = model(t.tensor(draw(1, 2, 3, 6, 6)).float())
        y.sum().backward()
        return y, model.weight.grad, model.bias.grad

    def asked_size(t, size):
        up = fill(t, t.nn.ConvTranspose2d(2, 3, 3, stride=2, padding=1))
        return up(t.tensor(draw(1, 1, 2, 4, 4)), output_size=size)

    collect([
        ("transposed", lambda t: strided(t, lambda x, w: (x.permute(0, 1, 3, 2), w.permute(0, 1, 3, 2)))),
        ("channels last", lambda t: strided(t, lambda x, w: (x.permute(1, 0, 2, 3)[:5], w[:, :3]))),
        ("step", lambda t: strided(t, lambda x, w: (x[:, ::2], w[:, :3]))),
        ("float32", single),
        ("output size", lambda t: asked_size(t, (8, 7))),
        ("output size of all", lambda t: asked_size(t, (1, 3, 7, 8))),
        ("output size too large", lambda t: asked_size(t, (9, 9))),
    ])  # fmt: skip


X, W = (2, 3, 5, 5), (4, 3, 3, 3)
ERRORS = {
    "channels": lambda t: t.nn.Conv2d(1, 4, 3)(t.zeros(X)),
    "channels last": lambda t: t.nn.Conv2d(3, 4, 3)(t.zeros(2, 5, 5, 3)),
    "no channel": lambda t: t.nn.Conv2d(1, 4, 3)(t.zeros(2, 5, 5)),
    "rank": lambda t: t.nn.Conv2d(3, 4, 3)(t.zeros(3, 5)),
    "rank 5": lambda t: t.nn.Conv2d(3, 4, 3)(t.zeros(1, 1, 3, 5, 5)),
    "rank of a signal": lambda t: t.nn.Conv1d(3, 4, 3)(t.zeros(X)),
    "too small": lambda t: t.nn.Conv2d(3, 4, 7)(t.zeros(X)),
    "dtype": lambda t: t.nn.Conv2d(3, 4, 3)(t.zeros(X).double()),
    "integers": lambda t: t.nn.Conv2d(3, 4, 3)(t.zeros(X).long()),
    "a list": lambda t: t.nn.Conv2d(3, 4, 3)([1.0]),
    "groups": lambda t: t.nn.Conv2d(3, 4, 3, groups=2),
    "groups out": lambda t: t.nn.Conv2d(4, 3, 3, groups=2),
    "groups 0": lambda t: t.nn.Conv2d(4, 4, 3, groups=0),
    "padding word": lambda t: t.nn.Conv2d(3, 4, 3, padding="half"),
    "same and stride": lambda t: t.nn.Conv2d(3, 4, 3, padding="same", stride=2),
    "padding mode": lambda t: t.nn.Conv2d(3, 4, 3, padding_mode="mirror"),
    "transposed mode": lambda t: t.nn.ConvTranspose2d(3, 4, 3, padding_mode="reflect"),
    "kernel of three": lambda t: t.nn.functional.conv2d(t.zeros(X), t.zeros(W), stride=(1, 1, 1)),
    "stride 0": lambda t: t.nn.functional.conv2d(t.zeros(X), t.zeros(W), stride=0),
    "stride 1.5": lambda t: t.nn.functional.conv2d(t.zeros(X), t.zeros(W), stride=1.5),
    "dilation 0": lambda t: t.nn.functional.conv2d(t.zeros(X), t.zeros(W), dilation=0),
    "padding -1": lambda t: t.nn.functional.conv2d(t.zeros(X), t.zeros(W), padding=-1),
    "function, same and stride": lambda t: t.nn.functional.conv2d(t.zeros(X), t.zeros(W), padding="same", stride=2),
    "function, word": lambda t: t.nn.functional.conv2d(t.zeros(X), t.zeros(W), padding="half"),
    "weight of rank 3": lambda t: t.nn.functional.conv2d(t.zeros(X), t.zeros(4, 3, 3)),
    "bias": lambda t: t.nn.functional.conv2d(t.zeros(X), t.zeros(W), t.zeros(5)),
    "bias dtype": lambda t: t.nn.functional.conv2d(t.zeros(X), t.zeros(W), t.zeros(4).double()),
    "function groups": lambda t: t.nn.functional.conv2d(t.zeros(2, 6, 5, 5), t.zeros(5, 3, 3, 3), groups=2),
    "groups -1": lambda t: t.nn.functional.conv2d(t.zeros(X), t.zeros(W), groups=-1),
    "output padding": lambda t: t.nn.functional.conv_transpose2d(t.zeros(X), t.zeros(3, 4, 2, 2), output_padding=1),
    "transposed channels": lambda t: t.nn.functional.conv_transpose2d(t.zeros(X), t.zeros(4, 4, 2, 2)),
    "transposed word": lambda t: t.nn.functional.conv_transpose2d(t.zeros(X), t.zeros(3, 4, 2, 2), padding="same"),
    "transposed too small": lambda t: t.nn.functional.conv_transpose2d(t.zeros(X), t.zeros(3, 4, 1, 1), padding=3),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    collect([(name, ERRORS[name])])


def test_an_error_names_the_layer_and_says_what_to_do():
    import learnnn as torch
    from learnnn import nn

    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Conv2d(3, 4, 3))
    with pytest.raises(RuntimeError, match=r"Conv2d '1' expects 3 channels, got 4.*nn.Conv2d\(4, 4"):
        model(torch.zeros(2, 1, 8, 8))
    with pytest.raises(RuntimeError, match=r"Conv2d '0' expects 1 channels, got 8.*x.unsqueeze\(1\)"):
        model(torch.zeros(8, 8, 8))


def test_untied_biases_are_one_number_for_each_place():
    import learnnn as torch
    from learnnn import nn

    torch.manual_seed(0)
    layer = nn.Conv2d(2, 3, 2, untied_bias=(3, 4)).double()
    assert layer.bias.shape == (3, 3, 4)
    x = torch.tensor(draw(1, 2, 2, 4, 5))
    tied = torch.nn.functional.conv2d(x, layer.weight)
    np.testing.assert_allclose(layer(x).detach().numpy(), (tied + layer.bias).detach().numpy(), rtol=1e-12)
    layer(x).sum().backward()
    np.testing.assert_array_equal(layer.bias.grad.numpy(), np.full((3, 3, 4), 2.0))
    with pytest.raises(RuntimeError, match="untied bias"):
        layer(torch.tensor(draw(1, 2, 2, 5, 5)))
