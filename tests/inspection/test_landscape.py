"""The loss landscape, against closed forms and loops; and the lines of equal height."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import learnnn
from learnnn import inspection, nn
from learnnn.inspection.surfaces.contours import contour, contours
from learnnn.inspection.surfaces.directions import coordinates, filters, flat, random_directions, unflat
from learnnn.inspection.surfaces.losses import cross_entropy, mean_squared_error
from learnnn.inspection.surfaces.terrain import Terrain
from learnnn.nn import functional as F
from tests.inspection.lessons import TensorMLP, ValueMLP

pytestmark = pytest.mark.slow


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def regression(rng):
    """A linear model without bias, whose loss over any plane is a parabola that is known: (model, X, y)."""
    learnnn.manual_seed(0)
    X = rng.normal(size=(20, 3))
    return nn.Linear(3, 1, bias=False).double(), X, X @ [1.0, -2.0, 0.5]


def by_hand(model, X, y, directions, picture):
    w = model.weight.detach().numpy()[0]
    dx, dy = (d["weight"][0] for d in directions)
    place = lambda a, b: ((X @ (w + a * dx + b * dy) - y) ** 2).mean()
    return [[place(a, b) for a in picture.data["xs"]] for b in picture.data["ys"]]


# ------------------------------------------------------------------------------------------------------- the loss
def test_the_heights_are_the_losses_of_the_moved_model(regression, rng):
    model, X, y = regression
    directions = [{"weight": rng.normal(size=(1, 3))} for _ in range(2)]
    picture = inspection.landscape(model, (X, y), directions=directions, resolution=7)
    assert np.allclose(picture.data["values"], by_hand(model, X, y, directions, picture))
    assert picture.spot[:2] == (0, 0)
    assert picture.spot[2] == pytest.approx(((X @ model.weight.detach().numpy()[0] - y) ** 2).mean())


def test_one_direction_is_the_line_between_two_models(regression):
    model, X, y = regression
    best = np.linalg.lstsq(X, y, rcond=None)[0]
    towards = {"weight": best[None] - model.weight.detach().numpy()}
    picture = inspection.landscape(model, (X, y), directions=towards, extent=(0, 2), resolution=21)
    losses = picture.data["losses"]
    assert losses[10] == pytest.approx(0, abs=1e-12)
    assert losses[0] == pytest.approx(losses[20])  # a parabola with its bottom at 1
    assert "lowest" in picture.text and "at 1," in picture.text


def test_a_loss_of_ones_own_gets_the_models_own_tensors(rng):
    learnnn.manual_seed(0)
    model, X, y = nn.Linear(4, 3), rng.normal(size=(10, 4)), rng.integers(0, 3, 10)
    options = {"directions": 2, "resolution": 5}
    assert np.allclose(
        inspection.landscape(model, (X, y), loss=F.cross_entropy, **options).data["values"],
        inspection.landscape(model, (X, y), **options).data["values"],
    )


@pytest.mark.parity
def test_pytorchs_model_has_the_same_landscape(rng):
    torch = pytest.importorskip("torch")
    learnnn.manual_seed(0)
    ours, theirs = (lib.Sequential(lib.Linear(2, 5), lib.Tanh(), lib.Linear(5, 2)) for lib in (nn, torch.nn))
    with torch.no_grad():
        for mine, other in zip(ours.parameters(), theirs.parameters()):
            other.copy_(torch.tensor(mine.detach().numpy()))
    X, y = rng.normal(size=(30, 2)), rng.integers(0, 2, 30)
    mine, other = (inspection.landscape(net, (X, y), resolution=5).data["values"] for net in (ours, theirs))
    own = inspection.landscape(theirs, (X, y), resolution=5, loss=torch.nn.functional.cross_entropy).data["values"]
    assert np.allclose(mine, other, rtol=1e-5)
    assert np.allclose(other, own, rtol=1e-5)


def test_models_of_the_lessons(rng):
    X, y = rng.normal(size=(6, 2)), rng.normal(size=(6, 1))
    arrays = inspection.landscape(TensorMLP(2, 3, 1), (X, y), resolution=4)
    squares = lambda answer, y: ((answer - y) * (answer - y)).mean()
    assert np.allclose(
        arrays.data["values"],
        inspection.landscape(TensorMLP(2, 3, 1), (X, y), loss=squares, resolution=4).data["values"],
    )
    scalars = ValueMLP(2, 2, 1)
    before = [p.data for p in scalars.parameters()]
    one_by_one = lambda answers, y: sum(((a - t) ** 2 for a, t in zip(answers, y[:, 0])), 0.0)
    picture = inspection.landscape(scalars, (X, y), loss=one_by_one, resolution=4)
    mean = inspection.landscape(scalars, (X, y), resolution=4).data["values"]
    assert np.allclose(picture.data["values"], 6 * np.array(mean))
    assert [p.data for p in scalars.parameters()] == before


def test_the_model_is_left_as_it_was(rng):
    learnnn.manual_seed(3)
    model = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 2))
    X, y = rng.normal(size=(8, 2)), rng.integers(0, 2, 8)
    F.cross_entropy(model(learnnn.tensor(X).float()), learnnn.tensor(y)).backward()
    before = {name: array.numpy().copy() for name, array in model.state_dict().items()}
    grads = [p.grad.numpy().copy() for p in model.parameters()]
    generator = learnnn.get_rng_state()
    inspection.landscape(model, (X, y), resolution=4)
    with pytest.raises(ZeroDivisionError):
        inspection.landscape(model, (X, y), loss=lambda answer, y: 1 / 0, resolution=4)
    assert all((array.numpy() == before[name]).all() for name, array in model.state_dict().items())
    assert all((p.grad.numpy() == g).all() for p, g in zip(model.parameters(), grads))
    assert model.training and all(part.training for part in model.modules())
    assert (np.asarray(learnnn.get_rng_state()) == np.asarray(generator)).all()


def test_update_shows_where_the_model_has_moved(regression, rng):
    model, X, y = regression
    directions = [{"weight": rng.normal(size=(1, 3))} for _ in range(2)]
    picture = inspection.landscape(model, (X, y), directions=directions, resolution=5)
    values = picture.data["values"]
    with learnnn.no_grad():
        model.weight += learnnn.tensor(0.3 * directions[0]["weight"] - 0.2 * directions[1]["weight"])
    picture.update()
    assert picture.frame()["spot"][:2] == pytest.approx([0.3, -0.2])
    assert picture.data["values"] == values


# ----------------------------------------------------------------------------------------------------- directions
def test_each_filter_of_a_random_direction_is_as_long_as_the_models(rng):
    parameters = {"conv": rng.normal(size=(4, 2, 3, 3)), "bias": rng.normal(size=4), "off": np.zeros(3)}
    (row,) = random_directions(parameters, 1, 0)
    direction = unflat(row, parameters)
    for ours, its in zip(parameters["conv"], direction["conv"]):
        assert np.linalg.norm(its) == pytest.approx(np.linalg.norm(ours))
    assert np.linalg.norm(direction["bias"]) == pytest.approx(np.linalg.norm(parameters["bias"]))
    assert not direction["off"].any()


def test_the_single_numbers_of_a_neuron_are_one_filter():
    names = ["layers.0.w.0", "layers.0.w.1", "layers.0.b", "layers.1.w.0"]
    assert filters({name: np.array(1.0) for name in names}).tolist() == [0, 0, 1, 2]


def test_rescaled_relu_networks_have_the_same_landscape(rng):
    """What filter normalization is for: x10 in one layer, /10 in the next is the same function and the same picture."""
    learnnn.manual_seed(0)
    X, y = rng.normal(size=(20, 2)), rng.integers(0, 2, 20)
    pictures = []
    for factor in (1, 10):
        learnnn.manual_seed(0)
        model = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 2, bias=False)).double()
        with learnnn.no_grad():
            model[0].weight *= factor
            model[0].bias *= factor
            model[2].weight /= factor
        pictures.append(inspection.landscape(model, (X, y), resolution=7).data["values"])
    assert np.allclose(*pictures)


def test_a_path_in_a_plane_lies_in_the_picture(regression, rng):
    model, X, y = regression
    centre, (a, b) = model.weight.detach().numpy(), rng.normal(size=(2, 1, 3))
    path = [{"weight": centre + (1 - t) * a + (1 - t) ** 2 * b} for t in np.linspace(0, 1, 12)]
    picture = inspection.landscape(model, (X, y), path=path, resolution=21)
    assert picture.data["held"] == pytest.approx(1)
    steps = np.array(picture.data["path"])
    losses = [((X @ step["weight"][0] - y) ** 2).mean() for step in path]
    assert np.allclose(steps[:, 2], losses)
    assert np.allclose(steps[-1, :2], 0)
    away = np.linalg.norm(steps[:, :2], axis=1)  # the directions are orthogonal and of length 1
    assert np.allclose(away, [np.linalg.norm(step["weight"] - centre) for step in path])
    ends = np.array([[picture.data[axis][end] for axis in ("xs", "ys")] for end in (0, -1)])
    assert (steps[:, :2] > ends[0]).all() and (steps[:, :2] < ends[1]).all()
    assert "the path of 12 steps" in picture.text


def test_the_path_may_be_a_recorder(rng):
    learnnn.manual_seed(0)
    model, X, y = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2)), rng.normal(size=(20, 3)), rng.integers(0, 2, 20)
    recorder = inspection.Recorder(model)
    for step in range(1, 4):
        with learnnn.no_grad():
            model[0].weight[0] += step
            model[0].bias[1] -= step**2
        recorder.step(loss=1.0)
    picture = inspection.landscape(model, (X, y), path=recorder, resolution=3)
    assert len(picture.data["path"]) == 4
    assert np.allclose(picture.data["path"][-1][:2], 0, atol=1e-5)


@given(st.integers(1, 3), st.integers(3, 6), st.integers(0, 9))
def test_coordinates_find_what_was_combined(count, size, seed):
    rng = np.random.default_rng(seed)
    directions, steps = rng.normal(size=(count, size)), rng.normal(size=(4, count))
    assert np.allclose(coordinates(steps @ directions, directions), steps)


# ------------------------------------------------------------------------------------------------ the default loss
def test_the_default_losses_are_pytorchs(rng):
    for rest in ((), (2,)):
        answer, y = rng.normal(size=(5, 3, *rest)), rng.integers(0, 3, (5, *rest))
        expected = F.cross_entropy(learnnn.tensor(answer), learnnn.tensor(y)).item()
        assert cross_entropy(answer, y) == pytest.approx(expected)
    words, y = rng.normal(size=(4, 6, 9)), rng.integers(0, 9, (4, 6))
    assert cross_entropy(words, y) == pytest.approx(cross_entropy(words.reshape(-1, 9), y.ravel()))
    assert mean_squared_error(np.ones((3, 1)), np.zeros(3)) == 1
    with pytest.raises(ValueError, match="must be the same"):
        mean_squared_error(np.ones((3, 2)), np.zeros(3))


# ------------------------------------------------------------------------------------------ lines of equal height
def test_the_lines_of_a_bowl_are_circles():
    xs = ys = np.linspace(-2, 2, 81)
    heights = xs[None] ** 2 + ys[:, None] ** 2
    for level, lines in contours(xs, ys, heights, np.array([0.5, 1.0, 2.0])):
        (ring,) = lines
        assert (ring[0] == ring[-1]).all()
        assert np.allclose(np.hypot(*ring.T), level**0.5, atol=1e-3)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 7), st.integers(2, 7))
def test_lines_cross_each_edge_whose_ends_are_on_both_sides_once(seed, rows, columns):
    values = np.random.default_rng(seed).normal(size=(rows, columns))
    above = values > 0
    crossed = (above[:, 1:] != above[:, :-1]).sum() + (above[1:] != above[:-1]).sum()
    lines = contour(values, 0.0)
    points = [tuple(p) for line in lines for p in (line[:-1] if (line[0] == line[-1]).all() else line)]
    assert len(points) == len(set(points)) == crossed


def test_no_line_runs_through_what_is_no_number():
    values = np.add.outer(np.zeros(5), np.arange(5.0))
    values[2, 2] = np.nan
    pieces = contour(values, 1.5)
    assert sorted(sorted(piece[:, 1].tolist()) for piece in pieces) == [[0, 1], [3, 4]]


# ---------------------------------------------------------------------------------------- functions of two numbers
def test_hills_are_what_the_function_says():
    picture = inspection.landscape(lambda x, y: x + 10 * y, extent=(0, 2, 0, 1), resolution=3)
    assert picture.data["values"] == [[0, 1, 2], [5, 6, 7], [10, 11, 12]]
    tensors = inspection.landscape(lambda x, y: (x + 10 * y).sum(), extent=(0, 2, 0, 1), resolution=3)
    assert tensors.data["values"] == picture.data["values"]


def test_hills_with_holes():
    picture = inspection.landscape(lambda x, y: 1 / x, resolution=5)
    assert "not a number at 5 of 25" in picture.text
    assert picture.to_svg() and picture.state()["terrain"]
    with pytest.raises(ValueError, match="no height is a number"):
        inspection.landscape(lambda x, y: float("nan"))


def test_the_balls_learning_rate_is_stable_on_a_parabola():
    """Below 2 / curvature, from where it diverges."""
    for curvature in (0.5, 3.0, 400.0):
        picture = inspection.landscape(lambda x, y, c=curvature: c * (x * x + y * y) / 2)
        assert 0.1 / curvature < picture.state()["ball"]["lr"] < 1 / curvature


@given(st.floats(-5, 5), st.floats(0.1, 1e6))
def test_shades_go_from_the_lowest_to_the_highest(lo, span):
    values = lo + span * np.linspace(0, 1, 16).reshape(4, 4) ** 3
    for log in (True, False):
        ground = Terrain(np.arange(4.0), np.arange(4.0), values, log)
        shades = ground.shade(values).ravel()
        assert shades[0] == 0 and shades[-1] == pytest.approx(1)
        assert (np.diff(shades) >= 0).all()
        assert (np.diff(ground.levels()) > 0).all()
        assert ground.lowest() == (0, 0, values[0, 0])


# -------------------------------------------------------------------------------------------------------- the face
def test_every_form_is_there(regression):
    pytest.importorskip("matplotlib")
    model, X, y = regression
    for picture in (
        inspection.landscape(model, (X, y), resolution=5, title="a <b>"),
        inspection.landscape(lambda x, y: x * y, resolution=5),
        inspection.landscape(model, (X, y), resolution=5, directions=1),
    ):
        assert picture.to_svg().startswith("<svg")
        assert picture.to_png(0.5, dark=True)[:4] == b"\x89PNG"
        assert "hydrate(render" in picture.to_html()
        assert str(picture) == picture.text
        assert set(picture.frame()) <= set(picture.state())
    assert len(inspection.landscape(model, (X, y)).to_html()) < 300_000


# ------------------------------------------------------------------------------------------------------ what is wrong
@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"data": None}, TypeError, "needs data"),
        ({"data": 3}, TypeError, r"must be \(X, y\)"),
        ({"directions": {"weigth": np.ones((1, 3))}}, ValueError, "direction 1 lacks weight"),
        ({"directions": {"weight": np.ones((3, 1))}}, ValueError, r"\(3, 1\) for 'weight', where .* \(1, 3\)"),
        ({"directions": [{"weight": f * np.ones((1, 3))} for f in (1, 2)]}, ValueError, "same up to a factor"),
        ({"directions": {"weight": np.zeros((1, 3))}}, ValueError, "leads nowhere"),
        ({"directions": 3}, ValueError, "one makes a curve"),
        ({"directions": [{"weight": np.full((1, 3), np.nan)}]}, ValueError, "nan or infinity"),
        ({"path": []}, ValueError, "path is empty"),
        ({"path": [{"weight": np.ones((1, 3))}, {"weight": np.ones((1, 3))}]}, ValueError, "on one line"),
        ({"path": [3.0]}, TypeError, "a dictionary of arrays"),
        ({"resolution": 2}, ValueError, "at least 3"),
        ({"extent": -1}, ValueError, "above 0"),
        ({"extent": (1, 2, 3)}, ValueError, "x0 < x1"),
    ],
)  # fmt: skip
def test_errors_say_what_to_do(regression, options, error, words):
    model, X, y = regression
    with pytest.raises(error, match=words):
        inspection.landscape(model, **{"data": (X, y)} | options)


def test_labels_need_a_column_a_class(rng):
    model = nn.Linear(3, 1)
    with pytest.raises(ValueError, match="needs a column a class"):
        inspection.landscape(model, (rng.normal(size=(4, 3)), np.array([0, 1, 0, 1])))
    with pytest.raises(ValueError, match="2 classes"):
        inspection.landscape(nn.Linear(3, 2), (rng.normal(size=(4, 3)), np.array([0, 1, 2, 1])))


def test_what_has_nothing_to_move():
    with pytest.raises(ValueError, match="no parameters"):
        inspection.landscape(nn.ReLU(), (np.ones(2), np.ones(2)))
    lazy = nn.Linear(1, 1, bias=False)
    with pytest.raises(ValueError, match="directions=1"):
        inspection.landscape(lazy, (np.ones((2, 1)), np.ones(2)))
    with learnnn.no_grad():
        lazy.weight.zero_()
    with pytest.raises(ValueError, match="are zero"):
        inspection.landscape(lazy, (np.ones((2, 1)), np.ones(2)))
    assert flat({"a": np.ones(2)}).tolist() == [1, 1]
