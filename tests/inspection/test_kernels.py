"""`kernels`: a convolution over an image, held against loops, PyTorch and the model itself."""

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import learnnn
from learnnn import nn
from learnnn.inspection import kernels
from learnnn.inspection.images.convolution import PRESETS, convolution


def correlated(image, weight, bias, stride, padding, dilation):
    """The definition, by loops: image (C, H, W), weight (O, C, kh, kw)."""
    image = np.pad(image, ((0, 0), (padding, padding), (padding, padding)))
    out, _, kh, kw = weight.shape
    h = (image.shape[1] - dilation * (kh - 1) - 1) // stride + 1
    w = (image.shape[2] - dilation * (kw - 1) - 1) // stride + 1
    result = np.zeros((out, h, w))
    for k in range(out):
        for r in range(h):
            for c in range(w):
                rows = slice(r * stride, r * stride + dilation * (kh - 1) + 1, dilation)
                columns = slice(c * stride, c * stride + dilation * (kw - 1) + 1, dilation)
                result[k, r, c] = (image[:, rows, columns] * weight[k]).sum() + bias[k]
    return result


@settings(max_examples=30, deadline=None)
@given(
    st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.integers(1, 2), st.integers(0, 2),
    st.integers(1, 2),
)  # fmt: skip
def test_the_result_is_what_loops_give(out, channels, kh, kw, stride, padding, dilation):
    rng = np.random.default_rng(out * 100 + channels)
    conv = nn.Conv2d(channels, out, (kh, kw), stride=stride, padding=padding, dilation=dilation).double()
    image = rng.normal(size=(channels, 7, 8))
    picture = kernels(conv, image, channel=out - 1)
    due = correlated(image, conv.weight.array, conv.bias.array, stride, padding, dilation)
    assert np.allclose(picture.result, due[-1])
    assert np.allclose(picture.data["result"], due[-1])


@pytest.mark.parametrize("settings", [{"groups": 2}, {"padding": "same"}, {"padding": 2, "padding_mode": "reflect"}])
def test_other_settings_are_those_of_the_layer(settings):
    conv = nn.Conv2d(2, 4, 4 if "groups" in settings else 3, **settings)
    image = np.random.default_rng(0).normal(size=(2, 9, 9)).astype(np.float32)
    with learnnn.no_grad():
        due = conv(learnnn.tensor(image)[None]).array[0]
    for channel in range(4):
        assert np.allclose(kernels(conv, image, channel=channel).result, due[channel], atol=1e-6)


@pytest.mark.parity
def test_a_layer_of_pytorchs():
    torch = pytest.importorskip("torch")
    for options in ({}, {"stride": 2, "padding": 1}, {"padding": "same", "padding_mode": "circular"}, {"groups": 3}):
        conv = torch.nn.Conv2d(3, 6, 3, **options)
        image = torch.rand(3, 10, 12)
        due = conv(image[None])[0, 4].detach().numpy()
        picture = kernels(conv, image, channel=4)
        assert np.allclose(picture.result, due, atol=1e-5)
        weight = conv.weight.detach().clone()
        picture.event({"type": "apply", "channel": 4, "kernel": np.ones(weight[4].numel()).tolist()})
        assert (conv.weight[4] == 1).all() and (conv.weight[:4] == weight[:4]).all()
        picture.event({"type": "undo"})
        assert (conv.weight == weight).all()


class Own:
    """A learner's own convolution: a weight, and how it is used."""

    def __init__(self):
        self.weight = np.arange(9.0).reshape(1, 1, 3, 3)
        self.padding = 1

    def __call__(self, x):
        return x


def test_a_class_of_your_own():
    own, image = Own(), np.eye(5)
    picture = kernels(own, image)
    assert np.allclose(picture.result, correlated(image[None], own.weight, [0], 1, 1, 1)[0])
    picture.event({"type": "apply", "channel": 0, "kernel": [1.0] * 9})
    assert (own.weight == 1).all()


def test_a_kernel_is_written_into_the_layer_and_taken_out_again():
    conv = nn.Conv2d(1, 2, 3)
    before, image = conv.weight.array.copy(), np.random.default_rng(0).random((6, 6))
    picture = kernels(conv, image, channel=1)
    assert picture.kernel
    told = picture.event({"type": "apply", "channel": 1, "kernel": list(range(9))})
    assert (conv.weight.array[1, 0] == np.arange(9).reshape(3, 3)).all()
    assert (conv.weight.array[0] == before[0]).all()
    assert told["undo"] == 1 and "Conv2d" in told["said"]
    assert np.allclose(picture.result, correlated(image[None], conv.weight.array, conv.bias.array, 1, 0, 1)[1])
    with pytest.raises(ValueError, match="finite"):
        picture.event({"type": "apply", "channel": 1, "kernel": [float("nan")] * 9})
    assert picture.event({"type": "undo"})["undo"] == 0
    assert (conv.weight.array == before).all()
    assert "Nothing" in picture.event({"type": "undo"})["said"]


def test_looking_changes_nothing_and_update_looks_again():
    conv = nn.Conv2d(1, 1, 3)
    before = [p.array.copy() for p in conv.parameters()]
    picture = kernels(conv, np.ones((5, 5)))
    _ = picture.text, picture.data, picture.to_html()
    assert all((p.array == b).all() and p.grad is None for p, b in zip(conv.parameters(), before))
    with learnnn.no_grad():
        conv.weight.fill_(2.0)
    picture.update()
    assert np.allclose(picture.result, 18 + conv.bias.item())
    assert (picture.frame()["weight"] == 2).all()


def test_known_kernels_do_what_their_names_say():
    ramp = np.tile(np.arange(6.0), (6, 1))  # brighter to the right
    assert np.allclose(kernels("sobel-x", ramp).result, 8)
    assert np.allclose(kernels("sobel-y", ramp).result, 0)
    assert np.allclose(kernels("identity", ramp).result, ramp[1:-1, 1:-1])
    for name in ("blur", "gaussian", "sharpen", "emboss"):
        assert PRESETS[name].sum() == pytest.approx(1)
    for name in ("edge", "laplacian", "sobel-x"):
        assert PRESETS[name].sum() == 0


def test_images_come_in_many_shapes():
    conv = nn.Conv2d(3, 1, 3)
    colour = np.random.default_rng(0).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    assert np.allclose(kernels(conv, colour).image, colour.transpose(2, 0, 1) / 255)
    assert kernels(conv, colour[..., 0]).image.shape == (3, 9, 9)
    assert kernels("edge", colour).image.shape == (1, 9, 9)
    large = kernels("edge", np.random.default_rng(0).random((400, 300)))
    assert max(large.image.shape) <= 160
    assert "made smaller from 1 × 400 × 300" in large.text


def test_the_photograph_is_the_default():
    pytest.importorskip("sklearn")
    picture = kernels(nn.Conv2d(3, 20, 3), channel=-1)
    assert picture.image.shape == (3, 128, 128) and picture.channel == 19
    assert picture.state()["image"]["values"].dtype == np.uint8
    assert len(picture.to_html()) < 300_000


def test_the_still_forms():
    Image = pytest.importorskip("PIL.Image")
    picture = kernels(nn.Conv2d(1, 3, 3), np.random.default_rng(0).random((8, 8)), title="mine")
    svg = picture.to_svg()
    assert "mine" in svg and svg.count("<image") >= 2 + 3
    assert "kernel 0 of 3, 3 × 3" in picture.text and "6 × 6 numbers" in picture.text
    light, dark = (np.asarray(Image.open(BytesIO(picture.to_png(1, dark))).convert("L")) for dark in (False, True))
    assert light[2, 2] > 240 and dark[2, 2] < 60
    assert "hydrate(render" in picture.to_html()


@pytest.mark.parametrize(
    ("conv", "image", "options", "error", "words"),
    [
        ("sobelx", None, {}, ValueError, "did you mean 'sobel-x'"),
        (nn.Linear(4, 2), None, {}, ValueError, "Linear"),
        (nn.Conv1d(1, 2, 3), None, {}, ValueError, "signals"),
        (nn.ConvTranspose2d(1, 2, 3), None, {}, TypeError, "transposed"),
        (nn.Sequential(nn.Conv2d(1, 2, 3)), None, {}, TypeError, "it holds convolutions: 0"),
        (object(), None, {}, TypeError, "pass a Conv2d"),
        (np.full((3, 3), np.nan), np.ones((5, 5)), {}, ValueError, "nan or infinite"),
        (nn.Conv2d(8, 2, 3), None, {}, ValueError, "reads 8 channels"),
        (nn.Conv2d(8, 2, 3), np.ones((4, 9, 9)), {}, ValueError, "has 4"),
        (nn.Conv2d(1, 2, 3), np.ones((2, 2)), {}, ValueError, "smaller than the kernel"),
        (nn.Conv2d(1, 2, 3), np.ones((4, 1, 5, 5)), {}, ValueError, "a batch of 4"),
        (nn.Conv2d(1, 2, 3), np.full((5, 5), np.inf), {}, ValueError, "nan or infinite"),
        (nn.Conv2d(1, 2, 3), np.ones((5, 5)), {"channel": 2}, IndexError, "no channel 2"),
    ],
)
def test_what_does_not_fit_is_said(conv, image, options, error, words):
    with pytest.raises(error, match=words):
        kernels(conv, image, **options)


def test_an_array_may_have_all_its_axes():
    weight = np.random.default_rng(0).normal(size=(4, 2, 3, 3))
    assert (convolution(weight).weight == weight).all()
    assert not kernels(weight, np.ones((2, 5, 5))).kernel
