"""`saliency` and `grad_cam`: against closed forms, planted models, and PyTorch's autograd on the same weights."""

from io import BytesIO

import numpy as np
import pytest

import learnnn
from learnnn import nn
from learnnn.inspection import grad_cam, saliency
from learnnn.inspection.images.scores import NOISE
from tests.inspection.lessons import TensorMLP, ValueMLP

IMAGE = np.random.default_rng(0).random((3, 8, 8)).astype(np.float32)


def network(nn=nn, squash="Tanh"):
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), getattr(nn, squash)(), nn.Conv2d(4, 5, 3), nn.ReLU(), nn.Dropout(), nn.Flatten(),
        nn.Linear(80, 6),
    )  # fmt: skip


@pytest.fixture
def net():
    learnnn.manual_seed(0)
    return network()


class Squares(nn.Module):
    """Scores x · x and -x · x, of the pixels."""

    def forward(self, x):
        total = (x * x).flatten(1).sum(1, keepdim=True)
        return learnnn.cat([total, -total], 1)


class Corner(nn.Module):
    """Class 1 is the brightness of the upper right quadrant, class 0 that of a single pixel."""

    def forward(self, x):
        return learnnn.stack([5 * x[:, 0, 6, 1], x[:, :, :4, 4:].flatten(1).sum(1)], 1)


# ------------------------------------------------------------------------------------------------- closed forms
def test_squares_have_known_gradients():
    image = np.random.default_rng(1).normal(size=(1, 5, 5))
    maps = saliency(Squares(), image, target=0, steps=8).maps
    assert np.allclose(maps[0]["gradient"], np.abs(2 * image[0]), atol=1e-6)
    assert np.allclose(maps[0]["input"], 2 * image[0] ** 2, atol=1e-6)
    assert np.allclose(maps[0]["integrated"], image[0] ** 2, atol=1e-6)
    assert np.allclose(maps[1]["integrated"], -(image[0] ** 2), atol=1e-6)


def test_integrated_gradients_begin_at_the_baseline():
    image, base = np.random.default_rng(1).normal(size=(2, 1, 4, 4))
    map = saliency(Squares(), image, target=0, baseline=base, method="integrated").map
    assert np.allclose(map, image[0] ** 2 - base[0] ** 2, atol=1e-6)  # (x - b)(x + b)


def test_smoothgrad_is_the_mean_over_noisy_copies():
    image = np.random.default_rng(1).random((1, 4, 4))
    noise = np.random.default_rng(5).normal(size=(16, 1, 4, 4)) * NOISE * np.ptp(image)
    due = np.abs(2 * (image + noise.astype(np.float32)).mean(0))[0]
    assert np.allclose(saliency(Squares(), image, target=0, method="smooth", steps=16, seed=5).map, due, atol=1e-6)
    same = saliency(Squares(), image, target=0, method="smooth", steps=16, seed=5).map
    assert (same == saliency(Squares(), image, target=0, method="smooth", steps=16, seed=5).map).all()
    assert (same != saliency(Squares(), image, target=0, method="smooth", steps=16, seed=6).map).any()


@pytest.mark.parametrize("target", [0, 3, 5])
def test_integrated_gradients_are_complete(net, target):
    picture = saliency(net, IMAGE, target=target, method="integrated", steps=64, baseline=0.5)
    net.eval()
    with learnnn.no_grad():
        scores = [net(learnnn.tensor(x)).array[0] for x in (IMAGE[None], np.full_like(IMAGE[None], 0.5))]
    rise = scores[0][target] - scores[1][target]
    assert picture.map.sum() == pytest.approx(rise, rel=2e-2, abs=2e-3)  # the ReLU has kinks
    assert f"{rise:.2g}"[:4].replace("-", "−") in picture.text


# ------------------------------------------------------------------------------------------------- planted
@pytest.mark.parametrize("method", ["gradient", "smooth", "input", "integrated"])
def test_only_what_matters_lights_up(method):
    image = np.full((1, 8, 8), 0.5)
    image[0, 0, 0] = 1.0
    pixel, corner = (saliency(Corner(), image, target=k, method=method).map for k in (0, 1))
    assert np.flatnonzero(pixel).tolist() == [6 * 8 + 1]
    outside = corner.copy()
    outside[:4, 4:] = 0
    assert (corner[:4, 4:] > 0).all() and not outside.any()


def test_the_text_says_where():
    text = saliency(Corner(), np.full((1, 8, 8), 0.5), target=0, labels=["dot", "corner"]).text
    assert "half of it lies on 1 of 64 pixels, the strongest is row 6, column 1" in text
    assert "class corner (score 8, 100%)" in text


def test_grad_cam_sees_the_quadrant_that_is_bright():
    net = nn.Sequential(nn.Conv2d(1, 2, 1, bias=False), nn.ReLU(), nn.AvgPool2d(8), nn.Flatten(), nn.Linear(2, 2))
    with learnnn.no_grad():
        net[0].weight.copy_(learnnn.tensor([[[[1.0]]], [[[-1.0]]]]))  # what is bright, what is dark
        net[4].weight.copy_(learnnn.tensor([[1.0, 0.0], [0.0, 1.0]]))
    image = np.full((1, 8, 8), -1.0)
    image[0, :4, 4:] = 2.0
    bright, dark = (grad_cam(net, image, target=k).map for k in (0, 1))
    assert bright.shape == (8, 8)
    assert np.allclose(bright, np.maximum(image[0], 0) / 64)  # each place has a 64th of the mean
    assert np.allclose(dark, np.maximum(-image[0], 0) / 64)


# ------------------------------------------------------------------------------------------------- PyTorch
@pytest.mark.parity
def test_all_measures_against_pytorchs_autograd(net):
    torch = pytest.importorskip("torch")
    twin = network(torch.nn)
    twin.load_state_dict({name: torch.tensor(array.array) for name, array in net.state_dict().items()})
    x = torch.tensor(IMAGE[None])

    def gradient(x, target):
        x = x.clone().requires_grad_()
        return torch.autograd.grad(twin.eval()(x)[:, target].sum(), x)[0]

    steps = torch.linspace(0.5 / 400, 1 - 0.5 / 400, 400)[:, None, None, None]  # another rule: midpoints
    along = torch.cat([gradient(part * x, 2) for part in steps.split(100)]).mean(0)
    plain = gradient(x, 2)[0]
    due = {
        "gradient": plain.abs().amax(0), "input": (plain * x[0]).sum(0), "integrated": (along * x[0]).sum(0),
    }  # fmt: skip
    for model in (net, twin.train()):
        for method, map in due.items():
            found = saliency(model, IMAGE, target=2, method=method, steps=64).map
            assert np.allclose(found, map, atol=1e-3 if method == "integrated" else 1e-6), method
    assert twin.training and all(p.grad is None for p in twin.parameters())


@pytest.mark.parity
def test_grad_cam_against_pytorchs_autograd(net):
    torch = pytest.importorskip("torch")
    twin = network(torch.nn, "ReLU").eval()
    net = network(squash="ReLU")
    net.load_state_dict({name: learnnn.tensor(array.numpy()) for name, array in twin.state_dict().items()})
    for layer in (0, 1, 2, 3):
        channels = twin[: layer + 1](torch.tensor(IMAGE[None]))
        (slope,) = torch.autograd.grad(twin[layer + 1 :](channels)[0, 4], channels)
        due = torch.relu((slope.mean((2, 3), keepdim=True) * channels).sum(1))[0].detach()
        for model in (net, twin):
            assert np.allclose(grad_cam(model, IMAGE, layer=layer, target=4).map, due, atol=1e-6)
    assert grad_cam(net, IMAGE).layer == "3"


@pytest.mark.parity
def test_maps_are_stretched_as_pytorch_does():
    torch = pytest.importorskip("torch")
    from learnnn.inspection.images.image import stretched

    map = np.random.default_rng(0).random((3, 5))
    due = torch.nn.functional.interpolate(torch.tensor(map)[None, None], (8, 7), mode="bilinear")[0, 0]
    assert np.allclose(stretched(map, 8, 7), due)


# ------------------------------------------------------------------------------------------------- your own classes
@pytest.mark.parametrize("make", [TensorMLP, ValueMLP])
def test_a_network_of_your_own_classes(make):
    net, image = make(9, 4, 3), np.linspace(-1, 1, 9)
    picture = saliency(net, image, target=1, steps=8)
    ask = lambda x: np.asarray(picture.asked.of(x[None]))[0, 1]
    nudges = np.eye(9) * 1e-6
    due = np.array([(ask(image + d) - ask(image - d)) / 2e-6 for d in nudges])
    assert np.allclose(picture.map, np.abs(due).reshape(3, 3), atol=1e-6)


def test_one_score_is_a_class_too():
    picture = saliency(nn.Sequential(nn.Linear(9, 1)), np.ones(9))
    assert picture.target == 0 and picture.asked.probabilities is None
    assert np.allclose(picture.map.ravel(), np.abs(picture.asked.model.parameters()["0.weight"][0]))


# ------------------------------------------------------------------------------------------------- the rest
@pytest.mark.parametrize("look", [saliency, grad_cam])
def test_the_network_is_as_it_was_and_is_asked_again(net, look):
    net.train()
    before = {name: array.array.copy() for name, array in net.state_dict().items()}
    state = np.asarray(learnnn.get_rng_state()).copy()
    picture = look(net, IMAGE, target=1)
    _ = picture.text, picture.data, picture.to_html()
    assert net.training and all(p.grad is None for p in net.parameters())
    assert all((net.state_dict()[name].array == array).all() for name, array in before.items())
    assert (np.asarray(learnnn.get_rng_state()) == state).all()
    with learnnn.no_grad():
        net[6].weight.zero_()
    picture.update()
    assert not picture.map.any() and "0 everywhere" in picture.text and picture.target == 1


def test_the_page_holds_the_maps_of_the_highest_scores(net):
    picture = saliency(net, IMAGE, target=1)
    frame = picture.frame()
    assert frame["targets"][0] == 1 and len(frame["targets"]) == 4
    assert set(frame["targets"][1:]) <= set(np.argsort(-picture.asked.scores)[:4].tolist())
    for target, maps in zip(frame["targets"], frame["maps"]):
        for name, sent in zip(("gradient", "smooth", "input", "integrated"), maps):
            shown = sent["lo"] + (sent["hi"] - sent["lo"]) * sent["bytes"][0] / 255
            assert np.allclose(shown, picture.maps[target][name], atol=(sent["hi"] - sent["lo"])[0] / 500)
    chances = [score["chance"] for score in frame["scores"]]
    assert sum(chances) == pytest.approx(1)


def test_probabilities_are_taken_as_they_are():
    net = nn.Sequential(nn.Flatten(), nn.Linear(192, 3), nn.Softmax(1))
    picture = saliency(net, IMAGE)
    assert np.allclose(picture.asked.probabilities, picture.asked.scores)


def test_large_images_fit_into_a_page():
    net = nn.Sequential(nn.Conv2d(3, 4, 5, stride=4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 39 * 39, 10))
    image = np.random.default_rng(0).random((3, 160, 160)).astype(np.float32)
    picture = saliency(net, image, steps=2)
    assert picture.map.shape == (160, 160)
    assert len(picture.to_html()) < 700_000


@pytest.mark.parametrize("look", [saliency, grad_cam])
def test_the_still_forms(net, look):
    Image = pytest.importorskip("PIL.Image")
    picture = look(net, IMAGE, title="mine")
    assert "mine" in picture.to_svg() and "The highest scores: class" in picture.text
    light, dark = (np.asarray(Image.open(BytesIO(picture.to_png(1, dark))).convert("L")) for dark in (False, True))
    assert light[2, 2] > 240 and dark[2, 2] < 60
    assert picture.data["map"] == picture.map.tolist()


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"method": "magic"}, ValueError, "no method 'magic'"),
        ({"target": 6}, IndexError, "classes 0 to 5.*no class 6"),
        ({"target": "cat"}, ValueError, "no class called 'cat'"),
        ({"labels": ["a", "b"]}, ValueError, "2 labels for 6 scores"),
        ({"steps": 0}, ValueError, "steps=0"),
        ({"baseline": np.ones(5)}, ValueError, "baseline of shape"),
    ],
)
def test_what_does_not_fit_is_said(net, options, error, words):
    with pytest.raises(error, match=words):
        saliency(net, IMAGE, **options)


def test_models_that_cannot_be_asked_are_named(net):
    with pytest.raises(TypeError, match="plain arrays"):
        saliency(lambda x: np.tanh(np.asarray(x)), np.ones(9))
    with pytest.raises(ValueError, match="a score a class is needed"):
        saliency(nn.Conv2d(3, 2, 3), IMAGE)
    with pytest.raises(ValueError, match="grad_cam needs convolutions"):
        grad_cam(nn.Linear(9, 2), np.ones(9))
    with pytest.raises(ValueError, match="layer '6' does not give .* these do: 0, 1, 2, 3"):
        grad_cam(net, IMAGE, layer="6")
    with learnnn.no_grad():
        net[6].bias.fill_(float("nan"))
    with pytest.raises(ValueError, match="nan or infinite"):
        saliency(net, IMAGE)
