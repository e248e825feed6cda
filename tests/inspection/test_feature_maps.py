"""`feature_maps`: what the layers give, held against the layers themselves and against PyTorch."""

from io import BytesIO

import numpy as np
import pytest

import learnnn
from learnnn import nn
from learnnn.inspection import feature_maps
from tests.inspection.lessons import TensorMLP


@pytest.fixture
def net():
    learnnn.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 6, 3), nn.BatchNorm2d(6), nn.ReLU(), nn.Dropout(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(54, 4)
    )


IMAGE = np.random.default_rng(0).random((8, 8)).astype(np.float32)


def test_the_maps_are_what_each_layer_gives(net):
    picture = feature_maps(net, IMAGE)
    x = learnnn.tensor(IMAGE)[None, None]
    net.eval()
    with learnnn.no_grad():
        for path, layer in enumerate(net):
            x = layer(x)
            if str(path) in picture.data:
                assert np.allclose(picture.data[str(path)]["maps"], x.array[0], atol=1e-6)
                assert picture.data[str(path)]["shape"] == tuple(x.shape[1:])
    assert list(picture.data) == ["0", "1", "2", "4", "6"]  # Dropout and Flatten give nothing new


@pytest.mark.parity
def test_a_network_of_pytorchs():
    torch = pytest.importorskip("torch")
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 5, 3), torch.nn.ReLU(inplace=True), torch.nn.Conv2d(5, 40, 3))
    image = torch.rand(3, 9, 9)
    picture = feature_maps(net, image, most=8)
    with torch.no_grad():
        assert np.allclose(picture.data["0"]["maps"], net[0](image[None])[0], atol=1e-6)
        assert np.allclose(picture.data["2"]["maps"], net(image[None])[0, :8], atol=1e-6)
    assert np.allclose(picture.kernels["2"], net[2].weight[:8].detach())
    assert net.training and all(p.grad is None for p in net.parameters())


def test_a_network_of_your_own_classes():
    picture = feature_maps(model := TensorMLP(9, 5, 3), np.linspace(0, 1, 9))
    assert [layer.shape for layer in picture.layers] == [(5,), (5,), (3,)]
    hidden = np.linspace(0, 1, 9) @ model.body["first"].weight.data + model.body["first"].bias.data
    assert np.allclose(picture.layers[0].maps.ravel(), hidden)
    assert np.allclose(picture.layers[1].maps.ravel(), np.tanh(hidden))
    assert picture.picture.shape == (1, 3, 3)


def test_a_kernel_is_found_behind_each_channel(net):
    picture = feature_maps(net, IMAGE)
    makers = {layer.path: layer.maker for layer in picture.layers}
    assert makers == {"0": "0", "1": "0", "2": "0", "4": "0", "6": ""}
    assert (picture.kernels["0"] == net[0].weight.array).all()


def test_the_network_is_as_it_was(net):
    net.train()
    before = {name: array.array.copy() for name, array in net.state_dict().items()}
    state = learnnn.get_rng_state()
    picture = feature_maps(net, IMAGE)
    _ = picture.text, picture.data, picture.to_html()
    picture.update()
    assert net.training and all(p.grad is None for p in net.parameters())
    assert all((net.state_dict()[name].array == array).all() for name, array in before.items())
    assert (np.asarray(learnnn.get_rng_state()) == np.asarray(state)).all()


def test_update_looks_again(net):
    picture = feature_maps(net, IMAGE, layers=["0"])
    with learnnn.no_grad():
        net[0].weight.fill_(0)
        net[0].bias.fill_(3)
    picture.update()
    assert np.allclose(picture.data["0"]["maps"], 3)


def test_the_page_holds_the_maps_to_a_byte(net):
    picture = feature_maps(net, IMAGE)
    for layer, sent in zip(picture.layers, picture.frame()["layers"]):
        maps = layer.maps.reshape(-1, 1, 1) if layer.is_vector else layer.maps
        lo, hi = (sent[end].reshape(-1, 1, 1) for end in ("lo", "hi"))
        assert np.abs(lo + (hi - lo) * sent["bytes"] / 255 - maps).max() <= (hi - lo).max() / 500


def test_layers_are_chosen_by_path_index_and_part(net):
    for layers in (["2"], [2], [net[2]]):
        assert [layer.path for layer in feature_maps(net, IMAGE, layers=layers).layers] == ["2"]


def test_a_silent_channel_is_named(net):
    with learnnn.no_grad():
        net[0].weight[4].zero_()
        net[0].bias[4].fill_(-1.0)
    assert "1 of 6 channels silent (4)" in feature_maps(net, IMAGE, layers=["2"]).text


def test_large_maps_are_made_smaller_for_the_page():
    net = nn.Sequential(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 32, 3))
    html = feature_maps(net, np.random.default_rng(0).random((128, 128))).to_html()
    assert len(html) < 700_000
    assert feature_maps(net, np.ones((128, 128))).layers[0].maps.shape == (16, 126, 126)


def test_the_still_forms(net):
    Image = pytest.importorskip("PIL.Image")
    picture = feature_maps(net, IMAGE, title="mine")
    assert "mine" in picture.to_svg() and "0 · Conv2d · 6 × 6 × 6" in picture.text
    light, dark = (np.asarray(Image.open(BytesIO(picture.to_png(1, dark))).convert("L")) for dark in (False, True))
    assert light[2, 2] > 240 and dark[2, 2] < 60


@pytest.mark.parametrize(
    ("image", "options", "error", "words"),
    [
        (IMAGE, {"layers": ["conv"]}, ValueError, "no layer 'conv'"),
        (IMAGE, {"most": 0}, ValueError, "most=0"),
        (np.ones((5, 1, 8, 8)), {}, ValueError, "a batch of 5"),
        (np.full((8, 8), np.nan), {}, ValueError, "nan or infinite"),
        (np.ones((2, 8, 8)), {}, RuntimeError, "channels"),
    ],
)
def test_what_does_not_fit_is_said(net, image, options, error, words):
    with pytest.raises(error, match=words):
        feature_maps(net, image, **options)


def test_where_there_is_nothing_to_show():
    with pytest.raises(ValueError, match=r"gives \(1, C, H, W\)"):
        feature_maps(nn.Sequential(nn.Unflatten(1, (3, 3))), np.ones(9), layers=["0"])
    with pytest.raises(TypeError, match="is no model"):
        feature_maps(3, IMAGE)


def test_numbers_that_exploded_are_said(net):
    with learnnn.no_grad():
        net[0].bias[0].fill_(float("inf"))
    with pytest.raises(ValueError, match="layer '0'.*nan or infinite"):
        feature_maps(net, IMAGE)
