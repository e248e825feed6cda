"""`latent`: decodings against the decoder itself, the plane against numpy's and scikit-learn's components."""

from io import BytesIO

import numpy as np
import pytest

import learnnn
from learnnn import nn
from learnnn.inspection import latent
from learnnn.inspection.generative.plane import Plane, cells, principal_plane
from tests.inspection.lessons import TensorMLP


class VAE(nn.Module):
    """A variational autoencoder: its encoder gives a mean and a logarithm of a variance."""

    def __init__(self, wide=2):
        super().__init__()
        self.body, self.mean, self.spread = nn.Linear(16, 8), nn.Linear(8, wide), nn.Linear(8, wide)
        self.decoder = nn.Sequential(nn.Linear(wide, 8), nn.Tanh(), nn.Dropout(), nn.Linear(8, 16), nn.Sigmoid())

    def encode(self, x):
        h = self.body(x)
        return self.mean(h), self.spread(h)

    def decode(self, z):
        return self.decoder(z).reshape(-1, 1, 4, 4)

    def forward(self, x):
        return self.decode(self.encode(x)[0])


@pytest.fixture
def vae():
    learnnn.manual_seed(0)
    return VAE()


X = np.random.default_rng(0).random((40, 16)).astype(np.float32)
y = np.arange(40) % 3


def test_the_grid_is_what_the_decoder_gives(vae):
    picture = latent(vae, extent=2, grid=5)
    vae.eval()
    with learnnn.no_grad():
        for k, place in enumerate(picture.data["points"]):
            due = vae.decode(learnnn.tensor([place])).array[0]
            assert np.allclose(picture.images[k], due, atol=1e-6)
    assert picture.data["points"][0] == pytest.approx([-1.6, 1.6])  # the upper left cell's middle
    assert picture.data["points"][-1] == pytest.approx([1.6, -1.6])


def test_data_are_where_the_encoder_puts_them(vae):
    picture = latent(vae, (X, y))
    with learnnn.no_grad():
        due = vae.encode(learnnn.tensor(X))[0].array
    assert np.allclose(picture.points, due, atol=1e-6)
    assert picture.data["classes"] == ["0", "1", "2"]
    x0, x1, y0, y1 = picture.extent
    inside = (due[:, 0] > x0) & (due[:, 0] < x1) & (due[:, 1] > y0) & (due[:, 1] < y1)
    assert inside.mean() > 0.9


def test_codes_of_many_numbers_are_seen_on_their_principal_plane():
    vae = VAE(5)
    picture = latent(vae, (X, y), grid=3)
    codes = picture.coded.codes
    values, vectors = np.linalg.eigh(np.cov(codes.T))
    due = vectors[:, ::-1][:, :2].T
    assert np.allclose(np.abs((picture.plane.axes * due).sum(1)), 1, atol=1e-6)
    assert picture.plane.share == pytest.approx(values[-2:].sum() / values.sum())
    vae.eval()
    with learnnn.no_grad():
        place = cells(picture.extent, 3)[5]
        code = codes.mean(0) + place @ picture.plane.axes
        due = vae.decode(learnnn.tensor(code[None].astype(np.float32))).array[0]
    assert np.allclose(picture.images[5], due, atol=1e-6)
    assert "of the variance of 5 numbers is on the plane" in picture.text


def test_the_principal_plane_is_scikit_learns():
    decomposition = pytest.importorskip("sklearn.decomposition")
    codes = np.random.default_rng(0).normal(size=(50, 6)) * np.arange(1, 7)
    plane, pca = principal_plane(codes), decomposition.PCA(2).fit(codes)
    assert np.allclose(np.abs(plane.points(codes)), np.abs(pca.transform(codes)))
    assert plane.share == pytest.approx(pca.explained_variance_ratio_.sum())
    points = np.random.default_rng(1).normal(size=(4, 2))
    assert np.allclose(plane.points(plane.codes(points)), points)
    assert np.allclose(Plane().codes(points), points)


@pytest.mark.parity
def test_a_model_of_pytorchs():
    torch = pytest.importorskip("torch")
    twin = torch.nn.Module()
    twin.encoder = torch.nn.Linear(16, 2)
    twin.decoder = torch.nn.Sequential(torch.nn.Linear(2, 16), torch.nn.Dropout(), torch.nn.Unflatten(1, (4, 4)))
    picture = latent(twin, (X, y), grid=4)
    with torch.no_grad():
        codes = torch.tensor(cells(picture.extent, 4), dtype=torch.float32)
        due = twin.decoder.eval()(codes)[:, None]
        assert np.allclose(picture.images, due, atol=1e-6)
        assert np.allclose(picture.points, twin.encoder(torch.tensor(X)), atol=1e-6)


def test_decoders_of_your_own():
    net = TensorMLP(2, 4, 9)
    picture = latent(net, extent=1, grid=2)
    z = cells(picture.extent, 2)
    hidden = np.tanh(z @ net.body["first"].weight.data + net.body["first"].bias.data)
    due = hidden @ net.head.weight.data + net.head.bias.data
    assert np.allclose(picture.images.reshape(4, 9), due, atol=1e-6)
    strips = latent(lambda z: np.concatenate([z, z, z[:, :1]], 1), (X, y), encode=lambda x: x[:, :2], grid=2)
    assert strips.images.shape == (4, 1, 1, 5)
    assert np.allclose(strips.points, X[:, :2])


def test_what_the_page_asks_is_decoded_exactly(vae):
    picture = latent(vae, extent=2, grid=4)
    told = picture.event({"type": "decode", "at": [0.3, -1.1], "number": 0.25})
    vae.eval()
    with learnnn.no_grad():
        due = vae.decode(learnnn.tensor([[0.3, -1.1]])).array[0, 0]
    assert told["number"] == 0.25
    assert np.abs(told["exact"][..., 0] / 255 - due).max() <= 0.5 / 255 + 1e-6


def test_separation_is_told_as_a_number():
    data = np.array([[0, 0], [0, 0.1], [5, 5], [5, 5.1]]), np.array(["left", "left", "right", "right"])
    picture = latent(lambda z: np.tile(z, 8), data, encode=lambda x: x)
    assert picture.coded.kept_apart == 1
    assert "4 encodings of 2 classes, the nearest neighbour has the same class for 100%" in picture.text
    mixed = latent(lambda z: np.tile(z, 8), (data[0], np.array([0, 1, 0, 1])), encode=lambda x: x)
    assert mixed.coded.kept_apart == 0


def test_the_model_is_as_it_was_and_is_asked_again(vae):
    vae.train()
    before = {name: array.array.copy() for name, array in vae.state_dict().items()}
    state = np.asarray(learnnn.get_rng_state()).copy()
    picture = latent(vae, (X, y), grid=3)
    _ = picture.text, picture.data, picture.to_html()
    assert vae.training and vae.decoder.training and all(p.grad is None for p in vae.parameters())
    assert all((vae.state_dict()[name].array == array).all() for name, array in before.items())
    assert (np.asarray(learnnn.get_rng_state()) == state).all()
    extent = picture.extent
    with learnnn.no_grad():
        vae.decoder[3].weight.zero_()
        vae.decoder[3].bias.zero_()
        vae.mean.weight.zero_()
        vae.mean.bias.fill_(7.0)
    picture.update()
    assert np.allclose(picture.images, 0.5) and np.allclose(picture.points, 7) and picture.extent == extent


def test_large_images_fit_into_a_page():
    picture = latent(lambda z: np.random.default_rng(0).random((len(z), 3, 64, 64)), extent=1)
    assert picture.state()["images"].nbytes <= 150_000
    assert len(picture.to_html()) < 700_000


def test_the_still_forms(vae):
    Image = pytest.importorskip("PIL.Image")
    for picture in (latent(vae, (X, y), title="mine"), latent(vae, X, title="mine"), latent(vae, title="mine")):
        assert "mine" in picture.to_svg() and "12 × 12 decodings of 1 × 4 × 4" in picture.text
        light, dark = (np.asarray(Image.open(BytesIO(picture.to_png(1, dark))).convert("L")) for dark in (False, True))
        assert light[2, 2] > 240 and dark[2, 2] < 60


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: latent(VAE(), grid=1), ValueError, "grid=1"),
        (lambda: latent(VAE(), extent=(1, 0, 0, 1)), ValueError, "x0 < x1"),
        (lambda: latent(VAE(), extent=-1), ValueError, "positive"),
        (lambda: latent(VAE(5)), ValueError, "need data and an encoder"),
        (lambda: latent(VAE().decoder, X), ValueError, "pass encode="),
        (lambda: latent(VAE(), (X, y[:3])), ValueError, "a class each"),
        (lambda: latent(VAE(), (X[:0], y[:0])), ValueError, "no data"),
        (lambda: latent(VAE(), X, encode=lambda x: x[:, 0]), ValueError, r"codes \(N, d\) are needed"),
        (lambda: latent(VAE(), X, encode=lambda x: x[:, :2] * np.nan), ValueError, "codes that are nan"),
        (lambda: latent(lambda z: z[:1]), ValueError, r"gives \(1, 2\) for 144 codes"),
        (lambda: latent(lambda z: z * np.inf), ValueError, "the decoder gives are nan"),
        (lambda: latent(3), TypeError, "is no model"),
    ],
)
def test_what_does_not_fit_is_said(make, error, words):
    with pytest.raises(error, match=words):
        make()
