"""Fused operations and the plain spellings that they replace: the same numbers, gradients included."""

import numpy as np
import pytest

import learnnn as torch
from learnnn import ops
from learnnn.ops import activation, conv, loss, normalization, pool

RNG = np.random.default_rng(0)
CASES = [
    (RNG.normal(size=(5, 3)), np.array([0, 2, 1, 1, 0])),
    (RNG.normal(size=(2, 3, 4)), RNG.integers(0, 3, (2, 4))),
    (RNG.normal(size=3), np.array(1)),
    (RNG.normal(size=(2, 3)), np.array([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]])),
]


def value_and_gradient(f, x, *args):
    x = torch.tensor(x, requires_grad=True)
    y = f(x, *args)
    y.sum().backward()
    return y.detach().numpy(), x.grad.numpy()


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("smoothing", [0.0, 0.3])
@pytest.mark.parametrize("weight", [None, np.array([0.5, 1.0, 2.0])])
@pytest.mark.parametrize(("x", "target"), CASES)
def test_cross_entropy(x, target, weight, smoothing, reduction):
    for ignored in (None, 1):
        args = (target, weight, ignored, reduction, smoothing)
        fused = value_and_gradient(loss._cross_entropy, x, *args)
        plain = value_and_gradient(loss._cross_entropy_plain, x, *args)
        for a, b in zip(fused, plain, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)


def test_cross_entropy_of_plain_labels_is_the_weighted_one():
    x, target = CASES[0]
    for f in (loss._mean_over_labels, lambda x, t: loss._over_weights(x, t, None, None, "mean", 0.0)):
        out, backward = f(x, target)
        np.testing.assert_allclose(
            out, loss._cross_entropy_plain(torch.tensor(x), target, None, None, "mean", 0).numpy()
        )
        np.testing.assert_allclose(backward(1.0)[0].sum(1), 0, atol=1e-15)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("weight", [None, np.array([0.5, 1.0, 2.0])])
@pytest.mark.parametrize("pos_weight", [None, np.array([3.0, 0.1, 1.0])])
def test_binary_cross_entropy(weight, pos_weight, reduction):
    x, target = RNG.normal(size=(4, 3)) * 30, RNG.random((4, 3))
    args = (target, weight, pos_weight, reduction)
    fused = value_and_gradient(loss._binary_cross_entropy, x, *args)
    plain = value_and_gradient(loss._binary_cross_entropy_plain, x, *args)
    for a, b in zip(fused, plain, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)


def test_silu_gelu_and_erf_are_their_formulas():
    import math

    x = np.linspace(-8, 8, 4001)
    np.testing.assert_allclose(ops.erf(x), [math.erf(v) for v in x], rtol=0, atol=4e-16)
    np.testing.assert_allclose(ops.silu(x), x / (1 + np.exp(-x)), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(ops.gelu(x), x * [0.5 * math.erfc(-v / math.sqrt(2)) for v in x], rtol=0, atol=1e-14)
    assert ops.erf(x.astype(np.float32)).dtype == np.float32


def test_erf_in_single_precision():
    import math

    x = np.linspace(-7, 7, 4001, dtype=np.float32)
    np.testing.assert_allclose(ops.erf(x), [math.erf(v) for v in x.tolist()], rtol=0, atol=5e-7)
    np.testing.assert_array_equal(ops.erf(np.array([np.inf, -np.inf, np.nan], np.float32)), [1, -1, np.nan])


def equal(fused, plain, *arrays, **options):
    """The same value and gradients, whichever way it is computed."""
    found = []
    for f in (fused, plain):
        xs = [torch.tensor(a, requires_grad=True) for a in arrays]
        y = f(*xs, **options)
        v = torch.tensor(np.random.default_rng(1).normal(size=y.shape))
        found.append([y.detach().numpy(), *[g.numpy() for g in torch.autograd.grad((y * v).sum(), xs)]])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("tanh", [False, True])
def test_gelu(tanh):
    equal(activation._gelu, activation._gelu_plain, RNG.normal(size=(40, 3)) * 3, tanh=tanh)


@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize(("stride", "padding", "dilation"), [(2, 0, 1), (1, 1, 2), (3, (1, 0), 1)])
def test_pooling(stride, padding, dilation, ceil_mode):
    x = RNG.normal(size=(2, 3, 7, 8))
    window = pool._window(x.shape, (2, 3), stride, padding, dilation, ceil_mode, 2)
    equal(pool._max_pool, pool._max_pool_plain, x, window=window)
    counts = RNG.uniform(1, 2, window.size)
    fused, plain = [lambda x, f=f: f(x, counts, window=window) for f in (pool._avg_pool, pool._avg_pool_plain)]
    equal(fused, plain, x)


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize(
    ("shape", "parameter", "dims"),
    [((5, 3), (3,), (1,)), ((5, 3), (3,), (0,)), ((2, 3, 4, 5), (3, 1, 1), (0, 2, 3)), ((2, 3, 4), (3, 4), (1, 2)),
     ((2, 3, 4, 5), (3, 4, 1), (2, 3))],
)  # fmt: skip
def test_normalization(shape, parameter, dims, centred):
    arrays = [RNG.normal(size=s) for s in (shape, parameter, parameter)]
    options = {"dims": dims, "eps": 0.01, "centred": centred}
    equal(normalization._normalize, normalization._normalize_plain, *arrays, **options)


@pytest.mark.parametrize("given", ["weight", "bias", "neither"])
@pytest.mark.parametrize(("parameter", "dims"), [((4,), (2,)), ((3, 1), (2,)), ((3, 1), (0, 2)), ((3, 4), (1, 2))])
def test_normalization_without_some_parameter(parameter, dims, given):
    places = {"weight": lambda p: (p, None), "bias": lambda p: (None, p), "neither": lambda p: (None, None)}[given]
    arrays = [RNG.normal(size=s) for s in ((2, 3, 4), parameter)][: 1 + (given != "neither")]
    fused, plain = [
        lambda x, p=None, f=f: f(x, *places(p), dims=dims, eps=0.01)
        for f in (normalization._normalize, normalization._normalize_plain)
    ]
    equal(fused, plain, *arrays)


@pytest.mark.parametrize(("parameter", "dims"), [((64,), (1,)), ((64,), (0,))])
def test_normalization_of_numbers_far_from_zero(parameter, dims):
    found = []
    x, v = RNG.normal(size=(50, 64)) + 1000, RNG.normal(size=(50, 64))
    for dtype in (np.float32, np.float64):
        xs = [torch.tensor(a.astype(dtype), requires_grad=True) for a in (x.astype(np.float32), *np.ones((2, 64)))]
        y = normalization._normalize(*xs, dims=dims, eps=1e-5)
        found.append([y.detach().numpy(), *[g.numpy() for g in torch.autograd.grad((y * v.astype(dtype)).sum(), xs)]])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=5e-3)


def test_normalization_of_halves_with_single_parameters():
    w, b = torch.linspace(1, 2, 4), torch.linspace(-1, 1, 4)
    x = torch.tensor(RNG.normal(size=(3, 4)).astype(np.float16), requires_grad=True)
    for dims in ((1,), (0,)):
        y = normalization._normalize(x, w, b, dims=dims, eps=0.01)
        expected = normalization._normalize_plain(x.double(), w.double(), b.double(), dims=dims, eps=0.01)
        assert y.dtype == np.float16
        np.testing.assert_allclose(y.detach().numpy(), expected.detach().numpy(), atol=0.01)


def by_columns(x, w, b, stride, padding, dilation, groups=1):
    """A convolution, spelled as a product with the unfolded image."""
    columns = torch.nn.functional.unfold(x, w.shape[2:], dilation, padding, stride)  # (N, C * kh * kw, P)
    parts = zip(w.chunk(groups), columns.chunk(groups, 1))
    out = torch.cat([part.flatten(1) @ some for part, some in parts], 1) + b[:, None]
    height = (x.shape[2] + 2 * padding - dilation * (w.shape[2] - 1) - 1) // stride + 1
    return out.unflatten(2, (height, -1))


STEPS = [(1, 0, 1), (1, 1, 1), (1, 3, 1), (2, 1, 1), (1, 1, 2), (3, 1, 2), (2, 2, 2), (4, 2, 2)]


@pytest.mark.parametrize("block", [1, 100, 1 << 18])
@pytest.mark.parametrize("kernel", [(3, 3), (2, 3), (1, 2), (3, 1), (1, 1)])
@pytest.mark.parametrize(("stride", "padding", "dilation"), STEPS)
def test_convolution(monkeypatch, kernel, stride, padding, dilation, block):
    monkeypatch.setattr(conv, "BLOCK", block)
    monkeypatch.setattr(conv, "NARROW", 8)  # some of these images lie apart, some side by side
    options = {"stride": stride, "padding": padding, "dilation": dilation}
    for channels, out, groups in ((2, 4, 1), (1, 8, 1), (4, 4, 2), (3, 3, 3)):  # the second: its rows are copied, too
        arrays = [RNG.normal(size=s) for s in ((3, channels, 6, 7), (out, channels // groups, *kernel), (out,))]
        equal(torch.nn.functional.conv2d, by_columns, *arrays, groups=groups, **options)


@pytest.mark.parametrize(("stride", "padding", "dilation"), STEPS)
def test_the_gradient_of_a_convolution_two_ways(stride, padding, dilation):
    for groups in (1, 2):
        how = conv.geometry((3, 2), stride, padding, dilation, groups)
        g, w = RNG.normal(size=(2, 4, *how.size((2, 6, 9, 8), (3, 2)))), RNG.normal(size=(4, 6 // groups, 3, 2))
        spread = np.zeros((2, 6, 9, 8))
        conv._spread(g, w, how, spread)
        np.testing.assert_allclose(torch.ops.conv_input(g, w, spread.shape, how), spread, rtol=1e-12, atol=1e-12)


def test_convolution_by_its_definition():
    x, w = RNG.normal(size=(2, 4, 5, 6)), RNG.normal(size=(6, 2, 2, 3))
    expected = np.zeros((2, 6, 3, 2))
    for n, o, i, j in np.ndindex(expected.shape):
        group = slice(0, 2) if o < 3 else slice(2, 4)
        expected[n, o, i, j] = (x[n, group, 2 * i : 2 * i + 2, 2 * j : 2 * j + 3] * w[o]).sum() if 2 * i + 2 <= 5 else 0
    found = torch.nn.functional.conv2d(torch.tensor(x), torch.tensor(w), stride=2, groups=2).numpy()
    np.testing.assert_allclose(found, expected[:, :, :2], rtol=1e-12)
