"""The decision boundary: what it asks, what it draws, and what it sends to a browser."""

import builtins
import importlib.util
import sys

import numpy as np
import pytest

import learnnn as torch
from learnnn import nn, optim
from learnnn.inspection import decision_boundary
from learnnn.inspection.planes.belief import probabilities

X = np.array([[-1.0, 0.0], [1.0, 0.0], [-0.5, 1.0], [0.5, -1.0]])
Y = np.array([0, 1, 0, 1])


def side(points):
    """A score that says which side of the line x₁ = 0."""
    return 5 * points[:, 0]


def test_a_function_of_points():
    boundary = decision_boundary(side, X, Y, resolution=11)
    assert boundary.accuracy == 1
    assert boundary.labels[:, 0].tolist() == [0] * 11
    assert boundary.labels[:, -1].tolist() == [1] * 11
    assert boundary.confidence[:, 5].max() < 0.2 < boundary.confidence[:, 0].min()
    assert repr(boundary) == "decision boundary: 4 of 4 points on the right side, 2 classes (0, 1)"


def test_points_on_the_wrong_side():
    boundary = decision_boundary(side, X, [1, 1, 0, 1], resolution=5)
    assert boundary.wrong.tolist() == [0]
    assert boundary.data["wrong"] == [0]
    assert boundary.data["accuracy"] == 0.75


@pytest.mark.parametrize(
    "answer",
    [
        lambda p: np.stack([-5 * p[:, 0], 5 * p[:, 0]], 1),
        lambda p: 5 * p[:, :1],
        lambda p: (p[:, 0] > 0).astype(int),
        lambda p: p[:, 0] > 0,
        lambda p: [1 / (1 + np.exp(-x)) for x in 5 * p[:, 0]],
        lambda p: np.eye(2)[(p[:, 0] > 0).astype(int)],
        lambda p: torch.tensor(5 * p[:, 0]),
        lambda p: torch.tanh(p.float())[:, 0],
    ],
    ids=["scores", "one column", "labels", "bools", "probabilities", "one-hot", "tensor", "wants a tensor"],
)
def test_answers_of_every_kind(answer):
    assert decision_boundary(answer, X, Y, resolution=7).accuracy == 1


def test_a_module_is_asked_in_evaluation_mode_and_left_as_it_was():
    model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 2))
    model[1].training = False
    asked = []
    forward = model.forward
    model.forward = lambda x: asked.append((model.training, torch.is_grad_enabled(), x.dtype)) or forward(x)
    decision_boundary(model, X, Y, resolution=5)
    assert asked == [(False, False, np.float32)]
    assert [part.training for part in model.modules()] == [True, True, False, True]
    assert all(p.grad is None for p in model.parameters())


def test_a_module_that_ends_in_a_sigmoid_gives_probabilities():
    model = nn.Sequential(nn.Linear(2, 1), nn.Sigmoid())
    model[0].weight.data = torch.tensor([[5.0, 0.0]])
    model[0].bias.data = torch.zeros(1)
    boundary = decision_boundary(model, X, Y, resolution=5)
    assert boundary.accuracy == 1
    assert boundary.belief[2, 2] == pytest.approx([0.5, 0.5], abs=1e-3)


def test_pytorch():
    pytorch = pytest.importorskip("torch")
    model = pytorch.nn.Linear(2, 3)
    boundary = decision_boundary(model, pytorch.as_tensor(X), pytorch.as_tensor(Y), resolution=5)
    assert boundary.belief.shape == (5, 5, 3)
    assert model.training


def test_scikit_learn():
    linear = pytest.importorskip("sklearn.linear_model")
    names = np.array(["left", "right"])[Y]
    model = linear.LogisticRegression().fit(X, names)
    boundary = decision_boundary(model, X, names, resolution=5)
    assert boundary.class_names == ["left", "right"]
    assert boundary.accuracy == 1
    assert decision_boundary(linear.RidgeClassifier().fit(X, Y), X, Y, resolution=5).accuracy == 1
    assert decision_boundary(linear.Perceptron().fit(X, Y), X, Y, resolution=5).accuracy == 1


def test_labels_of_plus_and_minus_one():
    boundary = decision_boundary(side, X, np.where(Y, 1.0, -1.0), resolution=5)
    assert boundary.class_names == ["-1", "1"]
    assert boundary.accuracy == 1


def test_nan_is_shown_as_not_known():
    boundary = decision_boundary(lambda p: np.where(p[:, 0] > 0, np.nan, -1.0), X, Y, resolution=6)
    assert set(boundary.labels[:, -1]) == {-1}
    assert "nan on 50% of the plane" in repr(boundary)
    assert boundary.to_png().startswith(b"\x89PNG")


def test_labels_and_softmax():
    assert probabilities([[1.0, 1.0, 1.0]], np.arange(3), None).tolist() == [[1 / 3] * 3]
    np.testing.assert_allclose(probabilities([[1000.0, 0.0]], np.arange(2), None), [[1, 0]])
    np.testing.assert_allclose(probabilities([0.0, 1e4], np.arange(2), False), [[0.5, 0.5], [0, 1]])


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: decision_boundary(side, np.ones((4, 3)), Y), ValueError, r"2 inputs.*\(4, 3\).*X\[:, \[0, 1\]\]"),
        (lambda: decision_boundary(side, X, Y[:3]), ValueError, "4 points and y 3 labels"),
        (lambda: decision_boundary(side, X[:0], Y[:0]), ValueError, "0 points"),
        (lambda: decision_boundary(side, X * np.nan, Y), ValueError, "nowhere on the plane"),
        (lambda: decision_boundary(3, X, Y), TypeError, "a int cannot be asked"),
        (lambda: decision_boundary(side, X, [0, 1, 2, 1]), ValueError, "one score a point, and y holds 3 classes"),
        (
            lambda: decision_boundary(lambda p: p, X, [0, 1, 2, 1]), ValueError,
            r"shape \(14404, 2\).*3 classes: one score a class",
        ),
        (lambda: decision_boundary(side, X, Y, resolution=1), ValueError, "at least 2, not 1"),
        (lambda: decision_boundary(side, X, Y, class_names=["a"]), ValueError, "1 entries for 2 classes"),
        (lambda: decision_boundary(side, X, Y).callback(every=0), ValueError, "at least 1 epoch"),
    ],
)  # fmt: skip
def test_misuse_is_explained(call, error, said):
    with pytest.raises(error, match=said):
        call()


# ------------------------------------------------------------------------------------------------- pictures
def test_pictures(tmp_path):
    pytest.importorskip("matplotlib")
    boundary = decision_boundary(side, X, Y, class_names=["left", "right"], title="a line")
    assert boundary.to_png().startswith(b"\x89PNG")
    assert boundary.to_png(dark=True) != boundary.to_png()
    assert boundary.svg == boundary.svg
    assert "<svg" in boundary.svg
    assert boundary.save(tmp_path / "b.html").stat().st_size > 1000
    bundle = boundary._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "image/png"}


def test_pyplot_is_left_alone():
    matplotlib = pytest.importorskip("matplotlib")
    before = sys.modules.get("matplotlib.pyplot"), dict(dict.items(matplotlib.rcParams))
    boundary = decision_boundary(side, X, Y)
    boundary.to_png(), boundary.to_svg()
    assert sys.modules.get("matplotlib.pyplot") is before[0]
    assert dict(dict.items(matplotlib.rcParams)) == before[1]


# ------------------------------------------------------------------------------------------------- live
@pytest.fixture
def sent(monkeypatch):
    """What widgets send to the browser: (message type, data, buffers)."""
    pytest.importorskip("ipywidgets")
    base = pytest.importorskip("comm.base_comm")
    log = []

    class Recorder(base.BaseComm):
        def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
            log.append((msg_type, data, buffers))

    monkeypatch.setattr("comm.create_comm", lambda *args, **keys: Recorder(*args, **keys))
    return log


def test_the_widget_sends_one_small_message_a_frame(sent):
    pytest.importorskip("anywidget")
    weights = {"angle": 0.0}
    turn = lambda p: 5 * (np.cos(weights["angle"]) * p[:, 0] + np.sin(weights["angle"]) * p[:, 1])
    boundary = decision_boundary(turn, X, Y, resolution=20)
    widget = boundary.widget()
    sent.clear()
    weights["angle"] = 3.0
    boundary.update("epoch 1")
    updates = [(data, buffers) for kind, data, buffers in sent if kind == "comm_msg"]
    assert len(updates) == 1
    (data, buffers), grid = updates[0], np.frombuffer(widget.grid, np.uint8).reshape(20, 20, 3)
    assert data["state"]["status"] == "epoch 1 · 0 of 4 points on the right side"
    assert sum(len(b) for b in buffers) <= 3 * 20 * 20 + len(X)
    np.testing.assert_array_equal(grid[..., 0], boundary.labels)
    assert list(widget.wrong) == [1, 1, 1, 1]
    widget.close()


def test_the_widget_carries_its_picture(sent):
    pytest.importorskip("anywidget")
    widget = decision_boundary(side, X, Y).widget()
    bundle, _ = widget._repr_mimebundle_()
    assert bundle["image/png"].startswith(b"\x89PNG")
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/plain"].startswith("decision boundary")
    widget.close()


def test_an_image_stands_in_where_anywidget_is_missing(sent, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name == "anywidget" else found(name, *a))
    boundary = decision_boundary(side, X, Y)
    widget = boundary.widget()
    before = bytes(widget.value)
    assert before.startswith(b"\x89PNG")
    boundary.y = 1 - boundary.y
    boundary.update()
    assert bytes(widget.value) != before
    widget.close()


@pytest.mark.parametrize("missing", ["matplotlib", "ipywidgets"])
def test_what_is_missing_is_named(missing, monkeypatch):
    boundary = decision_boundary(side, X, Y)
    real = builtins.__import__
    for name in [m for m in sys.modules if m.split(".")[0] == missing]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None)
    monkeypatch.setattr(importlib, "import_module", lambda name, *a: without(missing, real)(name))
    with pytest.raises(ImportError, match=rf'needs {missing}, .*pip install "learnnn\[notebooks\]"'):
        boundary.to_png() if missing == "matplotlib" else boundary.widget()


def without(missing, real):
    def load(name):
        if name.split(".")[0] == missing:
            raise ModuleNotFoundError(f"No module named {missing!r}", name=missing)
        real(name)
        return sys.modules[name]

    return load


def test_the_callback_follows_a_trainer():
    from learnnn.training import Trainer

    rng = np.random.default_rng(0)
    points = rng.normal(size=(64, 2)).astype("float32")
    labels = (points[:, 0] > 0).astype("int64")
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 2))
    boundary = decision_boundary(model, points, labels, resolution=20)
    seen, update = [], boundary.update
    boundary.update = lambda status=None: (seen.append(status), update(status))[1]
    trainer = Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.05))
    trainer.fit(points, labels, epochs=20, batch_size=16, callbacks=[boundary.callback(every=5)])
    assert seen[0].startswith("epoch 5 · loss ")
    assert seen[-1].startswith("epoch 20 · loss ")
    assert len(seen) <= 5
    assert boundary.accuracy > 0.9


def test_importing_inspection_imports_none_of_what_it_draws_with():
    import subprocess

    code = (
        "import sys; from learnnn import inspection; "
        "bad = {'matplotlib', 'ipywidgets', 'anywidget', 'sklearn', 'torch', 'IPython'} & set(sys.modules); "
        "assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
