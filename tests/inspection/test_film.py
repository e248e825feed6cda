"""The film of a generator: what it collects, measures and shows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import learnnn
from learnnn import inspection, nn
from learnnn.inspection.generative.moments import mosaic, square
from learnnn.inspection.generative.samples import as_bytes, as_samples, smaller
from tests.inspection.lessons import TensorMLP

pytestmark = pytest.mark.slow

CENTRES = 4.0 * np.array([[0, 0], [1, 0], [0, 1], [1, 1]])


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def real(rng):
    return rng.normal(np.repeat(CENTRES, 50, 0), 0.1)


class Line:
    """A generator that draws what it is given along a line."""

    def __init__(self):
        self.slope = np.array([[1.0, 2.0]])

    def __call__(self, noise):
        return noise @ self.slope


# ------------------------------------------------------------------------------------------------------ recording
def test_each_moment_is_what_the_generator_makes_then(rng):
    generator, noise = Line(), rng.normal(size=(30, 1))
    film = inspection.film(generator, noise=noise)
    expected = []
    for step in range(3):
        generator.slope[:] = [step, 1]
        film.record(step, loss=step / 2)
        expected.append(noise @ [[step, 1]])
    assert np.allclose(film.data["samples"], expected)
    assert film.data["steps"] == [0, 1, 2]
    assert film.data["numbers"] == {"loss": [0, 0.5, 1]}
    assert film.text.startswith("film of 3 moments, steps 0 to 2, 30 points each; at the end loss 1")


@pytest.mark.parity
def test_generators_of_pytorch_learnnn_and_the_lessons(rng):
    torch = pytest.importorskip("torch")
    noise = rng.normal(size=(7, 3))
    learnnn.manual_seed(0)
    ours, theirs, own = nn.Linear(3, 2), torch.nn.Linear(3, 2), TensorMLP(3, 4, 2)
    with torch.no_grad():
        for mine, other in zip(ours.parameters(), theirs.parameters()):
            other.copy_(torch.tensor(mine.detach().numpy()))
    made = []
    for generator, z in ((ours, learnnn.tensor(noise).float()), (theirs, torch.tensor(noise)), (own, noise)):
        film = inspection.film(generator, noise=z)
        film.record(0)
        made.append(film.data["samples"][0])
    assert np.allclose(made[0], made[1], rtol=1e-5)
    assert np.allclose(made[2], own(noise).data)


def test_a_trainers_callback_records_each_epoch(rng):
    from learnnn import optim, training

    model = nn.Linear(1, 2)
    X = rng.normal(size=(16, 1)).astype(np.float32)
    film = inspection.film(model, noise=X)
    trainer = training.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.1))
    trainer.fit(X, np.concatenate([X, X], 1), epochs=3, callbacks=[film])
    assert film.data["steps"] == [1, 2, 3]
    losses = film.data["numbers"]["loss"]
    assert losses[2] < losses[0]


def test_the_model_and_all_randomness_are_left_alone(rng, real):
    learnnn.manual_seed(0)
    G, D = (nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, k)) for k in (2, 1))
    before = [p.numpy().copy() for net in (G, D) for p in net.state_dict().values()]
    state = np.asarray(learnnn.get_rng_state()).copy()
    film = inspection.film(G, real, noise=rng.normal(size=(20, 2)), discriminator=D)
    film.record(0)
    film.to_html()
    assert all((p.numpy() == b).all() for p, b in zip([p for net in (G, D) for p in net.state_dict().values()], before))
    assert all(part.training for net in (G, D) for part in net.modules())
    assert (np.asarray(learnnn.get_rng_state()) == state).all()


def test_snapshots_of_parameters_are_developed(rng):
    learnnn.manual_seed(0)
    generator, noise = nn.Linear(2, 2), rng.normal(size=(5, 2))
    weight, bias = (p.detach().numpy() for p in generator.parameters())
    recorder, expected = inspection.Recorder(generator), [noise @ weight.T + bias]
    for step in range(3):
        weight *= 0.5  # the generator's own memory
        recorder.step(loss=step)
        expected.append(noise @ weight.T + bias)
    final = weight.copy()
    for snapshots in (recorder, list(recorder), dict(enumerate(recorder))):
        film = inspection.film(generator, noise=noise, snapshots=snapshots)
        assert film.data["steps"] == [0, 1, 2, 3]
        assert np.allclose(film.data["samples"], expected, atol=1e-6)
        assert (generator.weight.detach().numpy() == final).all()


def test_a_long_training_is_thinned(rng):
    film = inspection.film(None, keep=10)
    for step in range(1000):
        film.add(step, np.full((3, 2), step))
    steps = film.data["steps"]
    assert len(steps) <= 10
    assert steps[0] == 0 and steps[-1] == 999
    assert film.data["samples"][-1] == [[999, 999]] * 3


# ------------------------------------------------------------------------------------------------------ measuring
def test_covered_modes_are_those_with_samples_nearby(real):
    film = inspection.film(None, real, centres=CENTRES)
    assert film.radius == pytest.approx(0.3, rel=0.1)  # three standard deviations
    film.add(0, np.zeros((10, 2)))
    film.add(1, np.concatenate([CENTRES[:3] + 0.05, np.full((3, 2), 9.0)]))
    film.add(2, real)
    assert film.data["numbers"]["modes covered"] == [1, 3, 4]
    assert film.data["numbers"]["near a mode"][:2] == [1, 0.5]
    assert film.data["numbers"]["near a mode"][2] > 0.97
    alone = inspection.film(None, centres=CENTRES)
    assert alone.radius == 1  # a quarter of the way to the next


def test_the_shade_is_the_discriminators_belief(real):
    logit = lambda points: 2 * points[:, :1] - 1
    film = inspection.film(None, real, discriminator=logit)
    film.add(0, real[:20])
    (panel,) = film.panels
    x0, x1, _, _ = film.extent
    n = panel.shades.shape[1]
    xs = x0 + (x1 - x0) / n * (np.arange(n) + 0.5)
    assert np.allclose(panel.shades[0], 1 / (1 + np.exp(1 - 2 * xs)))
    belief = film.data["numbers"]["belief: in real"][0]
    assert belief == pytest.approx((1 / (1 + np.exp(1 - 2 * real[:, 0]))).mean())
    already = inspection.film(None, real, discriminator=lambda points: np.full(len(points), 0.25))
    already.add(0, real)
    assert np.allclose(already.panels[0].shades, 0.25)  # probabilities are taken as they are


# -------------------------------------------------------------------------------------------------------- images
@given(st.integers(1, 3), st.integers(1, 130), st.integers(1, 130), st.sampled_from([1, 3]))
def test_large_images_are_made_smaller_and_keep_their_mean(n, height, width, channels):
    images = np.random.default_rng(0).normal(size=(n, height, width, channels))
    small = smaller(images)
    assert max(small.shape[1:3]) <= 48
    k = -(-max(height, width) // 48)
    if height % k == width % k == 0:
        assert np.allclose(small.mean((1, 2)), images.mean((1, 2)))


def test_images_of_every_layout_are_understood(rng):
    grey, colour = rng.normal(size=(4, 6, 5)), rng.normal(size=(4, 3, 6, 5))
    assert (as_samples(grey, "x")[..., 0] == grey).all()
    assert (as_samples(grey[:, None], "x")[..., 0] == grey).all()
    assert (as_samples(colour, "x")[..., 1] == colour[:, 1]).all()
    assert (as_samples(np.moveaxis(colour, 1, -1), "x")[..., 1] == colour[:, 1]).all()


def test_a_film_of_images(rng):
    real = rng.uniform(size=(30, 1, 8, 8))
    film = inspection.film([rng.uniform(size=(20, 1, 8, 8)) for _ in range(4)], real)
    state = film.state()
    assert not state["points"] and not state["extent"]
    assert state["panels"][0]["samples"].shape == (4, 16, 8, 8, 1)
    assert state["panels"][0]["samples"].dtype == np.uint8
    assert (state["real"] == as_bytes(real[:16].reshape(16, 8, 8, 1), *film.brightness)).all()
    assert "<image" in film.to_svg()
    long = inspection.film([rng.uniform(size=(16, 28, 28)) for _ in range(40)])
    assert len(long.to_html()) < 700_000
    assert len(long.data["steps"]) == 40


def test_a_mosaic_has_each_image_in_its_place():
    images = np.arange(5, dtype=np.uint8).repeat(4).reshape(5, 2, 2, 1).repeat(3, -1) * 50
    sheet = mosaic(images, 0, 0, 90).light
    assert sheet.shape == (9, 9, 3)
    assert sheet[0, 0, 0] == 0 and sheet[0, 3, 0] == 50 and sheet[3, 0, 0] == 150 and sheet[4, 4, 2] == 200


@given(st.floats(-100, 100), st.floats(0, 10))
def test_the_map_is_a_square_around_the_points(x, size):
    points = np.array([[x, 0], [x + size, size / 2]])
    x0, x1, y0, y1 = square(points)
    assert x1 - x0 == pytest.approx(y1 - y0)
    assert x0 <= x <= x + size <= x1


# -------------------------------------------------------------------------------------------------------- the face
def test_every_form_is_there(rng, real):
    pytest.importorskip("matplotlib")
    film = inspection.film(Line(), real, noise=rng.normal(size=(9, 1)), centres=CENTRES, title="a <b>")
    for _ in range(2):  # before the training, and after
        assert film.to_svg().startswith("<svg")
        assert film.to_png(1)[:4] == film.to_png(1, dark=True)[:4] == b"\x89PNG"
        assert "hydrate(render" in film.to_html()
        assert set(film.frame()) <= set(film.state())
        assert repr(film) == film.text
        film.record(0, loss=1.0)
    assert "nothing recorded yet" in inspection.film().text


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: inspection.film(Line()).record(0), ValueError, r"noise=\.\.\."),
        (lambda: inspection.film().add(0, np.zeros((3, 5))), ValueError, "choose two columns"),
        (lambda: inspection.film().add(0, np.full((3, 2), np.nan)), ValueError, "diverged"),
        (lambda: inspection.film(None, np.zeros((3, 2))).add(0, np.zeros((3, 4, 4))), ValueError, "points and images"),
        (lambda: inspection.film(discriminator=abs), ValueError, "asked about real data"),
        (lambda: inspection.film(None, np.zeros((3, 2)), centres=np.zeros((1, 2))), ValueError, "two at least"),
        (lambda: inspection.film(None, np.zeros((3, 4, 4)), centres=CENTRES), ValueError, "real holds images"),
        (lambda: inspection.film(snapshots=[{}]), ValueError, "parameters of a generator"),
        (lambda: inspection.film(keep=1), ValueError, "keep"),
        (lambda: inspection.film([np.zeros((2, 5, 4, 4))]), ValueError, "1 or 3 channels"),
        (lambda: inspection.film(3), TypeError, "no model"),
        (
            lambda: inspection.film(None, CENTRES, discriminator=lambda p: p).add(0, CENTRES), ValueError,
            "one number each",
        ),
    ],
)  # fmt: skip
def test_errors_say_what_to_do(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_bad_samples_change_nothing():
    film = inspection.film([np.zeros((3, 2))])
    with pytest.raises(ValueError):
        film.add(1, np.zeros((3, 5)))
    assert film.data["steps"] == [0]
