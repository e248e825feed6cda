"""The playground: what it trains, what it sends, what it shares and exports, and what it says to bad input."""

import csv
import io
import json
import re
import string
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import learnnn
from learnnn import nn, optim
from learnnn.inspection import Playground, playground
from learnnn.inspection.face.live import pack
from learnnn.inspection.planes.plane import grid
from learnnn.inspection.playground import link
from learnnn.inspection.playground.features import FEATURES
from learnnn.inspection.playground.history import LONGEST, History
from learnnn.inspection.playground.points import SETS, draw, held_out, read_csv
from learnnn.inspection.playground.settings import ACTIVATIONS, Settings
from tests.inspection.lessons import TensorMLP, ValueMLP

pytestmark = pytest.mark.slow

TORCH = ("import learnnn as torch\nfrom learnnn import nn, optim", "import torch\nfrom torch import nn, optim")
ACTIVE = {"tanh": np.tanh, "relu": lambda z: np.maximum(z, 0), "linear": lambda z: z}


def weights(p):
    return p.learner.face.parameters()


def same(a, b):
    return a.keys() == b.keys() and all((a[name] == b[name]).all() for name in a)


def forward(p, x):
    """The network by hand: what each hidden layer and the last one give, in float64."""
    arrays = [array.astype(float) for array in weights(p).values()]
    rows = []
    for i in range(0, len(arrays), 2):
        x = x @ arrays[i].T + arrays[i + 1]
        x = ACTIVE[p.settings.activation](x) if i + 2 < len(arrays) else x
        rows.append(x)
    return rows


# ------------------------------------------------------------------------------------------------------ the points
@pytest.mark.parametrize("name", SETS)
def test_a_set_is_the_same_every_time_and_has_two_classes_of_some_size(name):
    X, y = draw(name, 200, 0.1, seed=3)
    again, _ = draw(name, 200, 0.1, seed=3)
    assert X.dtype == np.float32 and (again == X).all()
    assert X.shape == (200, 2) and 60 < y.sum() < 140
    assert np.abs(X).max() < 6
    assert (draw(name, 200, 0.1, seed=4)[0] != X).any()


def test_without_noise_the_sets_are_what_they_are_called():
    X, y = draw("circles", 400, 0, 0)
    radius = np.hypot(*X.T)
    assert radius[y == 1].max() < 1.5
    assert radius[y == 0].min() > 1.5
    X, y = draw("xor", 400, 0, 0)
    assert ((X[:, 0] * X[:, 1] > 0) == y).all()
    X, y = draw("moons", 400, 0, 0)
    centres = np.where(y[:, None], [1, 0.5], [-1, -0.5])
    assert np.allclose(np.hypot(*(X - centres).T), 2, atol=1e-5)


@given(st.integers(0, 500), st.floats(0, 0.9))
def test_the_part_that_is_held_out(n, part):
    out = held_out(n, part)
    assert out.sum() <= part * n
    assert n == 0 or not out.all()


LABELS = st.text(string.ascii_letters + ",;\" 'é", min_size=1, max_size=8).map(str.strip).filter(lambda s: s)
NUMBERS = st.floats(-1e6, 1e6)


@given(st.lists(st.tuples(NUMBERS, NUMBERS, LABELS), min_size=1, max_size=20))
def test_what_is_written_as_csv_is_read(rows):
    text = io.StringIO()
    csv.writer(text).writerows([("x", "y", "label"), *rows])
    X, y = read_csv(text.getvalue())
    assert X.tolist() == [list(row[:2]) for row in rows]
    assert y.tolist() == [row[2] for row in rows]


def test_csv_as_people_write_it():
    for text in ("1 2 a\n3 4 b", "1\t2\ta\n3\t4\tb", "\ufeff1;2;a\n\n# note\n3,0;4;b", "x1,x2,name\n1,2,a\n3,4,b\n"):
        X, y = read_csv(text)
        assert X.tolist() == [[1, 2], [3, 4]] and y.tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "there are no rows"),
        ("1,2", "row 1 has 2 columns"),
        ("1,2,a\n3,b,c", "row 2: 'b' is not a number"),
        ("1,2,a\nnan,0,c", "row 2: 'nan' is not a number"),
        ("1,2,a\n\n3,4,", "row 3 has no label"),
        ("1,2,a,9", "row 1 has 4 columns"),
    ],
)
def test_a_bad_row_is_named(text, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        read_csv(text)


def test_points_of_your_own_are_brought_to_the_planes_units_and_back():
    X = np.array([[100.0, 1.0], [300.0, 2.0], [200.0, 9.0], [150.0, 3.0]])
    p = playground((X, ["b", "a", "b", "a"]), test=0)
    own = p.learner.own
    assert p.settings.data == "own" and p.learner.points.names == ("a", "b")
    assert np.allclose(p.learner.points.X.mean(0), 0, atol=1e-6) and np.allclose(
        p.learner.points.X.std(0), 1, atol=1e-6
    )
    back = p.learner.points.X * own.std + own.mean
    order = np.lexsort(X.T)
    assert np.allclose(back[np.lexsort(back.T)], X[order], rtol=1e-5)
    p.add(200, 5, "a")
    assert np.allclose(p.learner.points.X[-1] * own.std + own.mean, [200, 5])
    assert p.learner.points.y[-1] == 0
    p.set(data="moons")
    assert p.learner.points.names == ("0", "1") and len(p.learner.points.X) == 301


# ------------------------------------------------------------------------------------------------------- the network
@pytest.mark.parametrize(
    "options", [{}, {"activation": "relu", "layers": (5,)}, {"activation": "linear", "layers": ()}]
)
def test_what_is_drawn_is_what_the_network_says(options):
    p = playground("xor", features=("x1", "x2", "x1*x2"), **options).step(100)
    plane = grid(p.learner.points.extent, 81)
    x = np.stack([plane[:, 0], plane[:, 1], plane[:, 0] * plane[:, 1]], 1)
    *hidden, scores = forward(p, x)
    belief = 1 / (1 + np.exp(-scores[:, 0]))
    frame = p.frame()
    assert frame["plane"].shape == (81, 81, 3)
    clear = np.abs(belief - 0.5) > 1e-3
    assert (frame["plane"][..., 0].ravel() == (belief > 0.5))[clear].all()
    assert np.abs(frame["plane"][..., 1].ravel() - 255 * np.abs(2 * belief - 1)).max() <= 1
    values = np.concatenate([row.T.reshape(-1, 81, 81)[:, ::2, ::2] for row in [*hidden, (2 * belief - 1)[:, None]]])
    shown = (frame["units"].astype(float) - 128) / 127
    assert np.abs(shown - values / np.maximum(np.abs(values).max((1, 2), keepdims=True), 1)).max() < 0.01
    assert frame["weights"].tolist() == np.concatenate([a.ravel() for a in weights(p).values()]).tolist()


def test_the_numbers_are_the_losses_of_the_framework():
    for data, loss in (("moons", nn.BCEWithLogitsLoss()), (three_classes(), nn.CrossEntropyLoss())):
        p = playground(data).step(30)
        X, y = p.learner.points.train
        out = p.model(learnnn.tensor(X))
        wanted = learnnn.tensor(y[:, None].astype(np.float32) if out.shape[1] == 1 else y)
        assert p.history["train_loss"][-1] == pytest.approx(loss(out, wanted).item(), rel=1e-5)
        assert p.history["step"][-1] == 30


def three_classes():
    rng = np.random.default_rng(0)
    y = np.arange(60) % 3
    return rng.normal(size=(60, 2)) + 3 * np.stack([np.cos(2 * y), np.sin(2 * y)], 1), y


def test_edits_keep_what_was_learned_where_the_network_keeps_its_shape():
    p = playground(layers=(3, 2), seed=4).step(50)
    before = weights(p)
    p.set(layers=(4, 2), features=("x1", "x2", "sin(x1)"))
    after = weights(p)
    assert after["0.weight"].shape == (4, 3) and after["2.weight"].shape == (2, 4)
    assert (after["0.weight"][:3, :2] == before["0.weight"]).all()
    assert (after["2.weight"][:, :3] == before["2.weight"]).all()
    assert (after["4.weight"] == before["4.weight"]).all() and (after["4.bias"] == before["4.bias"]).all()
    p.set(features=("x2",), layers=(2, 2))
    assert (weights(p)["0.weight"] == before["0.weight"][:2, 1:]).all()
    assert p.steps == 50
    fresh = playground(layers=(3, 2), seed=4).set(layers=(4, 2))  # nothing was learned: as if it had been asked for
    assert same(weights(fresh), weights(playground(layers=(4, 2), seed=4)))


def test_a_weight_is_set():
    p = playground(layers=(2,)).edit(0, 1, 0, 2.5).edit(1, 0, None, -1)
    assert weights(p)["0.weight"][1, 0] == 2.5 and weights(p)["2.bias"][0] == -1
    assert p.model[0].weight[1, 0].item() == 2.5
    p.undo()
    assert weights(p)["2.bias"][0] != -1 and weights(p)["0.weight"][1, 0] == 2.5


def test_undo_and_redo_lead_exactly_back_and_forth():
    p = playground(optimizer="adam", regularization="l1", rate=0.01).step(20)
    first = p.link
    p.set(learning_rate=0.1)
    p.step(20)
    second, ahead = p.link, playground(state=p.link).step(7).link
    p.add(0.5, 0.5, 1).reset().set(seed=9)
    for _ in range(3):
        p.undo()
    assert p.link == second
    p.undo()
    assert p.link == first
    p.redo()
    assert p.link == second
    assert p.step(7).link == ahead  # the optimizer remembers too
    p.set(noise=0.2)
    with pytest.raises(ValueError, match="nothing to redo"):
        p.redo()
    with pytest.raises(ValueError, match="nothing to undo"):
        playground().undo()


def test_the_movement_of_a_slider_is_one_edit():
    p = playground()
    for noise in (0.1, 0.2, 0.3):
        p.event({"type": "set", "settings": {"noise": noise}, "drag": "noise 0"})
    p.event({"type": "set", "settings": {"noise": 0.4}, "drag": "noise 1"})
    p.undo()
    assert p.settings.noise == 0.3
    p.undo()
    assert p.settings.noise == 0.1


def test_reset_leads_to_the_same_weights_and_a_seed_to_others():
    p = playground(seed=5)
    start = weights(p)
    p.step(30).reset()
    assert same(weights(p), start) and p.steps == 0
    assert not same(weights(p.set(seed=6)), start)


def test_the_random_generators_of_others_are_left_alone():
    learnnn.manual_seed(1)
    np.random.seed(1)
    expected = learnnn.rand(3).tolist(), np.random.rand()
    learnnn.manual_seed(1)
    np.random.seed(1)
    p = playground().step(20).set(layers=(3,), seed=2)
    p.state()
    assert (learnnn.rand(3).tolist(), np.random.rand()) == expected


def test_a_rate_that_is_too_large_is_shown_and_not_raised():
    p = playground(learning_rate=100, activation="relu", layers=(8, 8), features=tuple(FEATURES), noise=1).step(60)
    p.edit(0, 0, 0, 1e6).edit(1, 0, 0, -1e6).edit(2, 0, 0, 1e6)
    p.learner.model[0].weight.array[:] = np.nan
    frame = p.frame()
    assert (frame["plane"][..., 0] == 255).all()
    assert pack(frame["numbers"])["train_loss"] is None
    assert "nan" in p.text
    assert "<svg" in p.to_svg()


def test_a_history_stays_short_and_evenly_spread():
    history = History()
    for step in range(5000):
        history.offer(lambda step=step: (float(step), 0, 0, 0, 0))
    steps = [row[0] for row in history.rows]
    assert LONGEST / 2 <= len(steps) <= LONGEST
    assert len(set(np.diff(steps))) == 1 and steps[0] == 0
    assert history.array((5000.0, 0, 0, 0, 0))[-1, 0] == 5000


# ------------------------------------------------------------------------------------------------------- the program
PROGRAMS = [
    {},
    {"data": "circles", "features": ("x1", "x2", "x1**2", "x1*x2", "sin(x2)"), "activation": "relu"},
    {"data": "xor", "optimizer": "adam", "regularization": "l1", "rate": 0.003},
    {"data": "spiral", "regularization": "l2", "rate": 0.01, "batch_size": 7, "seed": 3, "activation": "gelu"},
    {"data": "gauss", "layers": (), "test": 0.0, "points": 50, "data_seed": 5, "activation": "leaky_relu"},
    {"data": three_classes(), "layers": (3,), "activation": "sigmoid", "optimizer": "adam"},
]


def edited(options):
    p = playground(**options).step(41)
    last = len(p.settings.layers)
    return p.add(0.25, -0.5, 1).edit(last, 0, None, 0.125).set(learning_rate=0.05).step(13)


@pytest.mark.parametrize("make", [lambda o: playground(**o).step(45), edited], ids=["trained", "edited"])
@pytest.mark.parametrize("options", PROGRAMS, ids=lambda o: str(o.get("data", "moons"))[:7])
def test_the_program_builds_and_trains_the_same_network(make, options, capsys):
    p, names = make(options), {}
    exec(p.code, names)
    assert same(weights(p), {name: q.array for name, q in names["model"].named_parameters()})
    assert f"{p.history['train_loss'][-1]:.4f}" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parity
@pytest.mark.parametrize("make", [lambda o: playground(**o).step(45), edited], ids=["trained", "edited"])
@pytest.mark.parametrize("options", PROGRAMS, ids=lambda o: str(o.get("data", "moons"))[:7])
def test_with_its_imports_exchanged_it_is_pytorchs(make, options):
    pytest.importorskip("torch")
    p, names = make(options), {}
    assert TORCH[0] in p.code
    exec(p.code.replace(*TORCH), names)
    for name, q in names["model"].named_parameters():
        assert np.allclose(weights(p)[name], q.detach().numpy(), atol=2e-5), name


# ---------------------------------------------------------------------------------------------------------- the state
@st.composite
def playgrounds(draw):
    options = {
        "data": draw(st.sampled_from(list(SETS))),
        "layers": tuple(draw(st.lists(st.integers(1, 5), max_size=3))),
        "activation": draw(st.sampled_from(list(ACTIVATIONS))),
        "noise": draw(st.floats(0, 1)),
        "learning_rate": draw(st.floats(1e-6, 1)),
        "regularization": draw(st.sampled_from([None, "l1", "l2"])),
        "rate": draw(st.floats(0, 0.1)),
        "batch_size": draw(st.integers(1, 64)),
        "optimizer": draw(st.sampled_from(["sgd", "adam"])),
        "seed": draw(st.integers(0, 2**32 - 1)),
        "features": tuple(draw(st.sets(st.sampled_from(list(FEATURES)), min_size=1))),
        "points": draw(st.integers(10, 60)),
        "test": draw(st.floats(0, 0.9)),
    }
    p = playground(**options)
    for _ in range(draw(st.integers(0, 3))):
        act = draw(st.sampled_from(["step", "edit", "add", "set", "load"]))
        if act == "step":
            p.step(draw(st.integers(1, 6)))
        elif act == "edit":
            p.edit(0, 0, draw(st.sampled_from([None, 0])), draw(st.floats(-9, 9)))
        elif act == "add":
            p.add(draw(st.floats(-3, 3)), draw(st.floats(-3, 3)), draw(st.integers(0, 1)))
        elif act == "set":
            p.set(activation=draw(st.sampled_from(list(ACTIVATIONS))))
        else:
            names = draw(st.lists(st.text(min_size=1, max_size=6), min_size=2, max_size=4, unique=True))
            p.load(np.arange(2 * len(names)).reshape(-1, 2) ** 1.5, names)
    return p


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(playgrounds())
def test_a_state_leads_back_exactly(p):
    again = playground(state=p.link)
    assert again.link == p.link
    assert again.settings == p.settings and again.steps == p.steps
    assert same(weights(again), weights(p))
    a, b = p.learner.points, again.learner.points
    assert (a.X == b.X).all() and (a.y == b.y).all() and (a.held_out == b.held_out).all() and a.names == b.names
    assert again.code == p.code
    assert same(weights(again.step(5)), weights(p.step(5)))


SAID = playground(optimizer="adam", layers=(2,)).step(3).add(1, 1, 0).step(2).link


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("learnnn-playground-1", "learnnn-playground-7", "of form '7'"),
        ("learnnn-", "", "this is no state of a playground"),
        (";", "", "cut off"),
        ("activation=tanh&", "", "lacks activation"),
        ("tanh", "tann", "did you mean 'tanh'"),
        ("seed=0", "seed=zero", "seed='zero' in the state: a number is needed"),
        ("seed=0", "seed=-1", "seed=-1: a whole number from 0"),
        ("seed=0", "sead=0", "'sead=0' is no part of a state"),
        ("seed=0", "seed=0&seed=1", "'seed=1' is twice in the state"),
        ("layers=2", "layers=3", "first in the state holds 9 numbers, and a network like this has 13"),
        ("weights=", "weights=AAAAAAAAAAAAAAAA", "weights in the state holds 12 numbers"),
        ("weights=", "weights=!", "weights='!"),
        ("memory=", "memory=AAAAAAAAAAAAAAAA", "memory in the state holds 21 numbers, and Adam remembers 18"),
        ("steps=5", "steps=3", "with weights"),
        ("steps=5", "steps=5.5", "steps='5.5'"),
        ("began=3", "began=9", "began=9: a whole number from 0 to 5"),
        ("added_y=", "added_y=AA", "added_x and added_y"),
        ("data=moons", "data=own", "only data=own has those"),
    ],
)
def test_what_is_wrong_with_a_state_is_named(old, new, says):
    assert old in SAID
    with pytest.raises(ValueError, match=re.escape(says)):
        playground(state=SAID.replace(old, new, 1))


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_a_damaged_state_is_an_error_or_a_state_and_nothing_else(data):
    place, length = data.draw(st.integers(0, len(SAID))), data.draw(st.integers(0, 12))
    text = SAID[:place] + data.draw(st.text(string.printable, max_size=6)) + SAID[place + length :]
    try:
        p = playground(state=text)
    except ValueError:
        return
    p.frame()


def test_a_state_may_be_broken_into_lines_and_brings_its_own_settings():
    lines = "\n  ".join(SAID[i : i + 40] for i in range(0, len(SAID), 40))
    assert playground(state=lines).link == SAID
    with pytest.raises(ValueError, match="leave out noise"):
        playground(state=SAID, noise=0.3)
    with pytest.raises(TypeError, match="not a int"):
        link.read(3)


# -------------------------------------------------------------------------------------------------- a model of yours
def test_a_model_of_learnnns_is_trained_by_its_own_optimizer():
    learnnn.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, 5), nn.ReLU(), nn.Linear(5, 2))
    start = [q.clone() for q in net.parameters()]
    p = playground("circles", model=net, optimizer="adam", learning_rate=0.02)
    p.state(), p.to_svg()
    assert all((a == b).all() for a, b in zip(start, net.parameters()))
    assert all(q.grad is None for q in net.parameters())
    assert p.model is net and p.frame()["units"].shape == (7, 41, 41)
    loss = p.history["train_loss"][-1]
    p.step(300)
    assert p.history["train_loss"][-1] < loss / 2
    p.edit(0, 0, 0, 4.0)
    assert net[0].weight[0, 0].item() == 4.0
    p.undo()
    assert net[0].weight[0, 0].item() != 4.0
    p.reset()
    assert all((a == b).all() for a, b in zip(start, net.parameters()))
    for act in (lambda: p.link, lambda: p.code, lambda: p.set(layers=(3,)), lambda: p.open(SAID)):
        with pytest.raises(ValueError, match="your Sequential"):
            act()


@pytest.mark.parity
def test_a_model_of_pytorchs_learns_the_same_as_learnnns():
    torch = pytest.importorskip("torch")
    mine = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1))
    theirs = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
    theirs.load_state_dict({name: torch.tensor(q.array) for name, q in mine.state_dict().items()})
    state = torch.get_rng_state()
    a, b = (
        playground("xor", model=model, regularization="l2", rate=0.01, learning_rate=0.1).step(40)
        for model in (mine, theirs)
    )
    for name, array in weights(a).items():
        assert np.allclose(array, weights(b)[name], atol=1e-5)
    assert np.abs(a.frame()["units"].astype(int) - b.frame()["units"]).max() <= 1
    assert "Sequential (2 → 4 → 1)" in b.text
    assert b.state()["recording"]["plane"].shape[1:] == (33, 33, 3)
    assert (torch.get_rng_state() == state).all()
    assert theirs.training


@pytest.mark.parity
def test_a_module_of_pytorch_with_functions_for_activations():
    torch = pytest.importorskip("torch")

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner, self.outer = torch.nn.Linear(2, 3), torch.nn.Linear(3, 1, bias=False)

        def forward(self, x):
            return self.outer(torch.relu(self.inner(x)))[:, 0]

    torch.manual_seed(0)
    p = playground("gauss", model=Net(), learning_rate=0.3).step(50)
    assert p.history["train_accuracy"][-1] > 0.9
    assert p.state()["biased"] == [True, False]
    with pytest.raises(ValueError, match="has no bias"):
        p.edit(1, 0, None, 1.0)


def test_a_class_from_a_lesson_is_trained_by_a_step_of_yours():
    net = TensorMLP(2, 6, 1, seed=1)
    rate, calls = 0.1, []

    def train_step(X, y):
        calls.append((X.shape, y.shape, set(y.tolist())))
        miss = net(X) - (2.0 * y[:, None] - 1)
        loss = (miss * miss).mean()
        for q in (net.body["first"].weight, net.body["first"].bias, net.head.weight, net.head.bias):
            q.grad = np.zeros_like(q.data)
        loss.backward()
        for q in (net.body["first"].weight, net.body["first"].bias, net.head.weight, net.head.bias):
            q.data = q.data - rate * q.grad
        return loss

    p = playground("moons", model=net, train_step=train_step)
    assert p.learner.sizes == [2, 6, 1]
    before = p.history["train_loss"][-1]
    p.step(100)
    assert p.history["train_loss"][-1] < before
    assert calls[0] == ((16, 2), (16,), {0, 1}) and len(calls) == 100
    assert p.state()["recording"] == {}
    p.edit(0, 2, 1, 0.75)
    assert net.body["first"].weight.data[1, 2] == 0.75  # kept as (in, out)
    with pytest.raises(ValueError, match="learning_rate cannot be set here"):
        p.set(learning_rate=1)


def test_a_slow_model_is_a_coarse_plane():
    def slow(X):
        time.sleep(0.001 * len(X))
        return X[:, :1]

    assert playground("gauss", model=slow, train_step=lambda X, y: 0.0, points=10).frame()["plane"].shape[0] < 81


def test_a_network_of_single_numbers_is_a_plane_without_a_drawing():
    p = playground("gauss", model=ValueMLP(2, 2, 1), train_step=lambda X, y: 0.0, points=10)
    assert p.learner.sizes == [] and p.frame()["units"].shape == (0, 1, 1)
    assert "no chain of linear layers" in p.text and "no chain of linear layers" in p.to_svg()
    with pytest.raises(ValueError, match="its weights are not drawn"):
        p.edit(0, 0, 0, 1.0)


def test_a_step_of_yours_that_fails_is_said_on_the_page():
    def train_step(X, y):
        raise RuntimeError("no gradient today")

    p = playground(model=lambda X: X[:, :1], train_step=train_step)
    assert p.event({"type": "run", "steps": 1, "seconds": 0.1, "asked": "a"}) == {
        "problem": "no gradient today",
        "asked": "a",
    }


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"model": nn.Sequential(nn.Linear(2, 1), nn.Sigmoid())}, ValueError, "ends in Sigmoid"),
        ({"model": nn.Linear(2, 1), "layers": (3,)}, ValueError, "layers cannot be set here"),
        ({"model": nn.Linear(2, 1), "data": three_classes()}, ValueError, "1 score a point, and the points have 3"),
        ({"model": lambda X: X}, ValueError, "knows no optimizer for <lambda>: pass train_step"),
        ({"train_step": print}, ValueError, "pass both"),
        ({"model": nn.Linear(2, 1), "state": SAID}, ValueError, "leave out model"),
        ({"model": 3}, TypeError, "no model"),
        ({"data": 3}, ValueError, "not a int"),
        ({"data": "moon"}, ValueError, "did you mean 'moons'"),
        ({"data": "own"}, ValueError, "points of your own"),
        ({"data": (np.zeros((4, 3)), np.zeros(4))}, ValueError, "X has shape (4, 3)"),
        ({"data": (np.zeros((4, 2)), np.zeros(4))}, ValueError, "1 classes"),
        ({"data": (np.zeros((4, 2)), [0, 1, 0])}, ValueError, "4 points and y 3 labels"),
        ({"data": (np.full((4, 2), np.inf), [0, 1, 0, 1])}, ValueError, "nan or infinity"),
        ({"data": (np.zeros((3000, 2)), np.arange(3000) % 2)}, ValueError, "3000 points"),
        ({"data": (np.zeros((9, 2)), np.arange(9))}, ValueError, "9 classes"),
        ({"layers": (2, 99)}, ValueError, "layers=99"),
        ({"layers": 4}, ValueError, "layers=(4, 4)"),
        ({"layers": (1,) * 7}, ValueError, "at most 6 hidden layers"),
        ({"activation": "softplus"}, ValueError, "no such activation"),
        ({"features": ("x3",)}, ValueError, "no such feature"),
        ({"features": ()}, ValueError, "needs an input"),
        ({"noise": "much"}, ValueError, "noise='much'"),
        ({"learning_rate": float("nan")}, ValueError, "learning_rate=nan"),
        ({"batch_size": 0}, ValueError, "batch_size=0"),
        ({"seed": 1.5}, ValueError, "seed=1.5"),
        ({"optimizer": "lion"}, ValueError, "no such optimizer"),
        ({"regularization": "l3"}, ValueError, "no such regularization"),
    ],
)
def test_bad_input_is_named(options, error, says):
    with pytest.raises(error, match=re.escape(says)):
        playground(**options)


@pytest.mark.parametrize(
    "act",
    [
        lambda p: p.set(nose=1),
        lambda p: p.set(noise=-1),
        lambda p: p.set(data="own"),
        lambda p: p.step(0),
        lambda p: p.edit(5, 0, 0, 1.0),
        lambda p: p.edit(0, 9, 0, 1.0),
        lambda p: p.edit(0, 0, 7, 1.0),
        lambda p: p.edit(0, 0, 0, float("nan")),
        lambda p: p.add(0, 0, 2),
        lambda p: p.add(float("inf"), 0, 1),
        lambda p: p.load([[0, 1]], [1]),
        lambda p: p.open("nonsense"),
        lambda p: p.undo(),
    ],
)
def test_a_bad_edit_changes_nothing(act):
    p = playground()
    before = p.link
    with pytest.raises((ValueError, TypeError)):
        act(p)
    assert p.link == before
    assert p.state()["can"] == {"undo": 0, "redo": 0}


# -------------------------------------------------------------------------------------------------------- the picture
def test_the_picture_in_every_form():
    pytest.importorskip("matplotlib")
    p = playground(three_classes(), layers=(3,)).step(20)
    assert isinstance(p, Playground)
    svg, html = p.to_svg(), p.to_html()
    assert "layer 1" in svg and "held out" in svg and "<image" in svg
    assert p.to_png(1)[:4] == p.to_png(1, dark=True)[:4] == b"\x89PNG"
    assert html == p.to_html()  # the same every time
    assert "hydrate(render" in html
    assert repr(p) == p.text
    assert p.text.startswith("playground: own, 60 points, 18 of them held out; network 2 → 3 → 3, tanh; step 20")
    json.dumps(p.data)
    assert p.data["step"] == 20 and p.data["names"] == ["0", "1", "2"]
    assert playground(title="mine").text.startswith("mine: ")


@pytest.mark.parametrize("layers", [(4, 4), (12,) * 6, ()])
def test_a_page_is_sent_a_recording_that_is_small_enough(layers):
    p = playground("spiral", layers=layers, learning_rate=0.1).step(30)
    state = p.state()
    assert len(json.dumps(pack(state, as_text=True))) < (420_000 if len(layers) > 2 else 300_000)
    recording = state["recording"]
    frames = len(recording["numbers"])
    assert frames == len(recording["plane"]) == len(recording["units"]) == len(recording["weights"]) >= 8
    steps = [numbers["step"] for numbers in recording["numbers"]]
    assert steps[0] == 0 and steps == sorted(set(steps))
    again = playground("spiral", layers=layers, learning_rate=0.1).step(int(steps[3]))
    assert (recording["weights"][3] == again.frame()["weights"]).all()
    assert p.steps == 30


def test_the_page_is_answered():
    p = playground(layers=(3,))
    ask = lambda **event: p.event({"asked": "7", **event})
    frame = ask(type="run", steps=14, seconds=1)
    assert frame["asked"] == "7" and p.steps == 14 and frame["numbers"]["step"] == 14
    sent: list = []
    p.refresh = lambda **frame: sent.append(frame["numbers"]["step"])
    assert ask(type="run", steps=2, seconds=1, frames=3)["numbers"]["step"] == 20
    assert sent == [16, 18]
    del p.refresh
    assert ask(type="run", steps=10**6, seconds=0.05)["numbers"]["step"] > 20
    assert ask(type="set", settings={"layers": [3, 2]}) == {"asked": "7"} and p.settings.layers == (3, 2)
    assert ask(type="look")["sizes"] == [2, 3, 2, 1]
    ask(type="edit", layer=0, unit=0, source=None, value=2)
    assert weights(p)["0.bias"][0] == 2
    ask(type="add", x=1, y=1, label=1)
    assert len(p.learner.points.X) == 301
    assert ask(type="link")["link"] == p.link and ask(type="code")["code"] == p.code
    assert "row 2" in ask(type="csv", text="1,2,a\n1,b,c")["problem"] and len(p.learner.points.X) == 301
    ask(type="csv", text="1,2,a\n3,4,b\n5,6,a")
    assert p.settings.data == "own"
    ask(type="undo"), ask(type="undo"), ask(type="redo")
    assert len(p.learner.points.X) == 301
    ask(type="open", text=SAID)
    assert p.link == SAID
    ask(type="reset")
    assert p.steps == 0
    for event in ({"type": "dance"}, {}, {"type": "run"}, {"type": "set", "settings": {"nose": 1}}):
        assert p.event({"asked": "8", **event}).keys() == {"problem", "asked"}


def test_every_view_sees_an_edit():
    pytest.importorskip("anywidget")
    p = playground()
    first, second = p.widget(), p.widget()
    first._handle_custom_msg({"type": "set", "settings": {"layers": [2]}, "asked": "1"}, [])
    assert first.frame == {"asked": "1"} == second.frame
    p.step(3)
    assert first.frame["numbers"]["step"] == second.frame["numbers"]["step"] == 3
    assert first.frame["sizes"] == [2, 2, 1]


def test_the_shipped_components_are_looked_up_when_it_is_built(monkeypatch):
    class Mine(nn.Tanh):
        pass

    class MySGD(optim.SGD):
        pass

    monkeypatch.setattr(nn, "Tanh", Mine)
    monkeypatch.setattr(optim, "SGD", MySGD)
    p = playground()
    assert isinstance(p.model[1], Mine) and isinstance(p.learner.optimizer, MySGD)


def test_the_settings_say_what_there_is():
    assert Settings().features == ("x1", "x2")
    assert Settings(features=("x2", "x1", "x2")).features == ("x1", "x2")
