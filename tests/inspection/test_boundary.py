"""The decision boundary: what it asks, what it draws, and what it sends to a browser."""

import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import learnnn as torch
from learnnn import nn, optim
from learnnn.inspection import decision_boundary
from learnnn.inspection.face.live import widget_type
from learnnn.inspection.planes import belief
from learnnn.inspection.planes.belief import affordable_resolution, probabilities
from learnnn.inspection.planes.editing import Points
from learnnn.inspection.planes.lines import border, level
from learnnn.inspection.planes.plane import lead, pack_plane, shade
from learnnn.inspection.planes.still import margins
from tests.inspection.lessons import TensorMLP, ValueMLP, lesson_names

pytestmark = pytest.mark.slow

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
    assert repr(boundary) == (
        "decision boundary: 4 of 4 points on the right side, 2 classes (0, 1); of the plane 55% is 0, 45% is 1"
    )


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


@pytest.mark.parity
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
    assert "of the plane 50% is 0; on 50% the answer is nan or no known class" in repr(boundary)
    assert "striped: the answer is nan" in boundary.to_svg()
    assert boundary.frame()["grid"][:, -1, 0].tolist() == [255] * 6


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
            r"shape \(64, 2\).*3 classes: one score a class",
        ),
        (lambda: decision_boundary(side, X, Y, resolution=1), ValueError, "at least 2 and at most 400, not 1"),
        (lambda: decision_boundary(side, X, Y, resolution=401), ValueError, "not 401"),
        (lambda: decision_boundary(side, X, Y, features=["a"]), ValueError, "1 entries for the 2 columns"),
        (lambda: decision_boundary(side, X, [0, np.nan, 1, 1]), ValueError, "each point needs a label"),
        (lambda: decision_boundary(lambda p: 0.0, X, Y), ValueError, r"shape \(\) for 64 points: one answer a point"),
        (lambda: decision_boundary(lambda p: p[:3], X, Y), ValueError, r"shape \(3, 2\) for 64 points"),
        (lambda: decision_boundary(side, np.ones((200, 2)), np.arange(200) / 7), ValueError, "200 different.*number"),
        (lambda: decision_boundary(nn.Linear, X, Y), TypeError, "is a class: make a model of it"),
        (lambda: decision_boundary(side, X, Y, class_names=["a"]), ValueError, "1 entries for 2 classes"),
        (lambda: decision_boundary(side, X, Y).callback(every=0), ValueError, "at least 1 epoch"),
    ],
)  # fmt: skip
def test_misuse_is_explained(call, error, said):
    with pytest.raises(error, match=said):
        call()


# ------------------------------------------------------------------------------------------------- kinds of models
def loops(model, points):
    """What a model answers, one point at a time."""
    return np.stack([np.ravel(model(p)) for p in points])


def test_a_lessons_scalar_model_is_asked_coarsely_and_says_so():
    net = ValueMLP(2, 3, 1)
    before = [p.data for p in net.parameters()]
    boundary = decision_boundary(net, X, np.where(Y, 1, -1))
    score = loops(lambda p: net(list(p)).data, X)[:, 0]
    assert boundary.predicted.tolist() == (score > 0).astype(int).tolist()
    assert 16 <= boundary.resolution <= 120
    assert [p.data for p in net.parameters()] == before
    assert all(p.grad == 0 for p in net.parameters())


def test_a_lessons_tensor_model():
    net = TensorMLP(2, 5, 3)
    boundary = decision_boundary(net, X, Y, resolution=9)
    assert boundary.belief.shape == (9, 9, 3)
    scores = net(lesson_names(5).Tensor(X)).data
    assert boundary.predicted.tolist() == scores.argmax(1).tolist()
    assert boundary.class_names == ["0", "1", "2"]  # y holds two of the three


def test_the_resolution_follows_the_time_a_model_takes(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(belief, "time", SimpleNamespace(perf_counter=lambda: clock[0]))

    def resolution(each):
        def believe(points):
            clock[0] += each * len(points) + 0.01

        return affordable_resolution(believe, (0, 1, 0, 1))

    # the square root of half a second over the time a point takes, within limits
    assert [resolution(each) for each in (1e-6, 2e-4, 1e-3, 1.0)] == [120, 50, 22, 16]
    assert clock[0] < 70  # the slowest was asked 64 points only


def test_a_slow_model_is_said_to_be_slow():
    def slow(points):
        time.sleep(0.001 * len(points))
        return 5 * points[:, 0]

    boundary = decision_boundary(slow, X, Y)
    assert boundary.resolution < 40
    assert boundary.note in boundary.to_svg()
    assert f"{boundary.resolution} × {boundary.resolution} points" in boundary.note
    assert boundary.state()["note"] == boundary.note
    assert not decision_boundary(side, X, Y).note


def test_a_support_vector_machine_has_its_margin_where_the_score_is_one():
    svm = pytest.importorskip("sklearn.svm")
    model = svm.SVC(kernel="linear", C=10.0).fit(X, Y)
    boundary = decision_boundary(model, X, Y, resolution=41)
    assert boundary.margin_words == "score 1 and −1"
    x0, x1, y0, y1 = boundary.extent
    for line in margins(boundary.labels, lead(boundary.belief), boundary.margin):
        places = np.array([x0, y0]) + np.array(line) / 40 * np.array([x1 - x0, y1 - y0])
        np.testing.assert_allclose(np.abs(model.decision_function(places)), 1, atol=0.02)


def test_your_own_class_with_fit_and_predict():
    class Nearest:
        def fit(self, X, y):
            self.centres = np.stack([X[y == k].mean(0) for k in (0, 1)])
            return self

        def predict(self, X):
            return ((X[:, None] - self.centres) ** 2).sum(-1).argmin(1).astype(float)

    boundary = decision_boundary(Nearest().fit(X, Y), X, Y, resolution=9)
    assert boundary.accuracy == 1
    assert not boundary.graded  # labels only: there is no margin


def test_an_estimator_that_knows_more_classes_than_the_points_have():
    linear = pytest.importorskip("sklearn.linear_model")
    wide = np.concatenate([X, X[:2] + 5.0])
    names = np.array(["a", "b", "a", "b", "c", "c"])
    boundary = decision_boundary(linear.LogisticRegression().fit(wide, names), X[1:2], ["b"], resolution=5)
    assert boundary.class_names == ["b", "output 1", "output 2"]
    with pytest.raises(ValueError, match="no class 1"):
        boundary.edit("paint", indices=[0], label=1)


@pytest.mark.parametrize("classes", range(1, 11))
def test_any_number_of_classes(classes):
    angles = np.linspace(0, 2 * np.pi, 10, endpoint=False)
    centres = np.stack([np.cos(angles), np.sin(angles)], 1)[:classes]
    points, labels = np.repeat(centres, 3, 0), np.repeat(np.arange(classes), 3)
    score = lambda p: -8 * ((p[:, None] - centres) ** 2).sum(-1) if classes > 1 else np.tile([1.0, 0.0], (len(p), 1))
    boundary = decision_boundary(
        score, points, labels, resolution=30, class_names=[f"k{i}" for i in range(max(classes, 2))]
    )
    assert boundary.accuracy == 1
    svg = boundary.to_svg()
    assert all(f">k{i}<" in svg for i in range(max(classes, 2)))
    assert set(np.unique(boundary.labels)) == set(range(classes))


@pytest.mark.parametrize(
    "answer", [lambda p: np.ones(len(p)), lambda p: np.full(len(p), np.nan), lambda p: np.full((len(p), 2), np.inf)]
)
def test_constant_models_have_no_border(answer):
    boundary = decision_boundary(answer, X, Y, resolution=5)
    assert border(boundary.labels, lead(boundary.belief)) == []
    assert boundary.to_svg()


def test_a_single_class_of_words():
    boundary = decision_boundary(lambda p: np.full(len(p), "cat"), X, ["cat"] * 4, resolution=5)
    assert boundary.accuracy == 1
    assert boundary.class_names == ["cat"]
    assert "100% is cat" in boundary.text


def test_an_answer_that_is_no_known_class_is_not_the_first_class():
    boundary = decision_boundary(
        lambda p: np.where(p[:, 0] > 0, "owl", "cat"), X, ["cat", "dog", "cat", "dog"], resolution=6
    )
    assert boundary.predicted.tolist() == [0, -1, 0, -1]


def test_probabilities_with_some_nan_are_not_squashed_again():
    found = probabilities([[0.9, 0.1], [np.nan, 0.5]], np.arange(2), None)
    np.testing.assert_allclose(found, [[0.9, 0.1], [np.nan, np.nan]])
    np.testing.assert_allclose(probabilities([0.25, np.nan], np.arange(2), None), [[0.75, 0.25], [np.nan, np.nan]])


def test_a_module_that_squashes_in_forward_gives_probabilities():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.out = nn.Linear(2, 1)

        def forward(self, x):
            return torch.sigmoid(self.out(x))

    model = Net()
    model.out.weight.data, model.out.bias.data = torch.tensor([[5.0, 0.0]]), torch.zeros(1)
    assert decision_boundary(model, X, Y, resolution=5).accuracy == 1


@pytest.mark.parity
def test_pytorch_and_learnnn_draw_the_same():
    pytorch = pytest.importorskip("torch")
    theirs = pytorch.nn.Sequential(pytorch.nn.Linear(2, 4), pytorch.nn.Tanh(), pytorch.nn.Linear(4, 3))
    ours = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 3))
    ours.load_state_dict({name: torch.tensor(value.numpy()) for name, value in theirs.state_dict().items()})
    labels = np.array([0, 1, 2, 1])
    a, b = (decision_boundary(model, X, labels, resolution=20) for model in (theirs, ours))
    np.testing.assert_allclose(a.belief, b.belief, atol=1e-5)


# ------------------------------------------------------------------------------------------------- planes and lines
@given(
    arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(2, 5)), elements=st.floats(0.01, 1)),
)
def test_a_packed_plane_says_who_wins_and_by_how_much(belief):
    belief = belief / belief.sum(-1, keepdims=True)
    packed = pack_plane(belief)
    first, second = np.sort(belief, -1)[..., -1], np.sort(belief, -1)[..., -2]
    chance = 1 / belief.shape[-1]
    assert (np.take_along_axis(belief, packed[..., :1].astype(int), -1)[..., 0] == first).all()
    np.testing.assert_allclose(packed[..., 1] / 255, (first - chance) / (1 - chance), atol=1 / 255)
    np.testing.assert_allclose(packed[..., 2] / 255, np.sqrt(first - second), atol=1 / 255)


def test_the_border_of_a_line_lies_on_it_between_the_grid_points():
    boundary = decision_boundary(lambda p: p @ [1.0, 2.0] - 0.1, X, Y, resolution=15)
    (line,) = border(boundary.labels, lead(boundary.belief))
    x0, x1, y0, y1 = boundary.extent
    places = np.array([x0, y0]) + np.array(line) / 14 * np.array([x1 - x0, y1 - y0])
    np.testing.assert_allclose(places @ [1.0, 2.0], 0.1, atol=5e-3)  # a cell is 0.17 wide
    assert {tuple(p) for p in (line[0], line[-1])} == {p for p in line if 0 in p or 14 in p}  # from side to side


def test_a_level_line_of_a_cone_is_a_circle():
    values = np.hypot(*np.mgrid[-5:6, -5:6])
    (line,) = level(values, 3.3)
    np.testing.assert_allclose(np.hypot(*(np.array(line).T - 5)), 3.3, atol=0.06)
    assert line[0] == line[-1]


@given(arrays(np.int64, st.tuples(st.integers(2, 7), st.integers(2, 7)), elements=st.integers(-1, 2)))
def test_borders_cross_between_neighbours_that_differ_and_nowhere_else(labels):
    lines = border(labels, np.ones(labels.shape))
    crossed = {p for line in lines for p in line if any(v == int(v) for v in p)}
    rows, columns = labels.shape
    across = {(c + 0.5, r) for r in range(rows) for c in range(columns - 1) if labels[r, c] != labels[r, c + 1]}
    up = {(c, r + 0.5) for r in range(rows - 1) for c in range(columns) if labels[r, c] != labels[r + 1, c]}
    assert crossed == across | up


# ------------------------------------------------------------------------------------------------- pictures
def test_pictures(tmp_path):
    boundary = decision_boundary(side, X, [1, 1, 0, 1], class_names=["left", "right"], title="a <line>")
    svg = boundary.svg
    assert svg == boundary.svg
    for words in (
        "a &lt;line&gt;",
        ">left<",
        ">right<",
        ">wrong (1)<",
        ">p = 0.75<",
        ">3 of 4 points on the right side<",
    ):
        assert words in svg
    assert svg.count('<image class="day"') == svg.count('<image class="night"') == 1
    html = boundary.to_html()
    assert html.index("<img") < html.index("<script")
    assert len(html) < 300_000
    assert boundary.save(tmp_path / "b.html").stat().st_size > 1000
    assert "text/html" in boundary._repr_mimebundle_()


def test_png():
    pytest.importorskip("matplotlib")
    boundary = decision_boundary(side, X, Y, resolution=10)
    assert boundary.to_png().startswith(b"\x89PNG")
    assert boundary.to_png(dark=True) != boundary.to_png()


def test_the_image_is_blue_where_the_first_class_wins_and_paper_where_none_does():
    boundary = decision_boundary(side, X, Y, resolution=21)
    for dark in (False, True):
        (left, middle, right) = (shade(boundary.belief, dark)[5, i].astype(int) for i in (0, 10, -1))
        assert left[2] - left[0] > 25
        assert right[0] - right[2] > 25
        assert np.ptp(middle) < np.ptp(left)


def test_of_very_many_points_some_are_drawn_and_that_is_said():
    points = np.random.default_rng(0).normal(size=(4000, 2))
    boundary = decision_boundary(side, points, (points[:, 0] > 0) * 1, resolution=10)
    assert "1,500 of 4,000 points are drawn" in boundary.to_svg()
    assert boundary.accuracy == 1


def test_svg_needs_no_matplotlib(monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "matplotlib"] or ["matplotlib"]:
        monkeypatch.setitem(sys.modules, name, None)
    boundary = decision_boundary(side, X, Y, resolution=5)
    assert boundary.to_html()
    with pytest.raises(ImportError, match=r'to_png needs matplotlib, .*pip install "learnnn\[notebooks\]"'):
        boundary.to_png()


# ------------------------------------------------------------------------------------------------- editing
def test_edits_change_points_and_labels_and_the_verdict():
    told = []
    boundary = decision_boundary(side, X.astype(np.float32), np.array(["l", "r", "l", "r"]), resolution=5)
    boundary.on_change(lambda X, y: told.append((X.shape, y.tolist())))
    boundary.edit("move", index=0, x=2.0, y=0.5)
    assert boundary.wrong.tolist() == [0]
    boundary.edit("paint", indices=[0, 2], label=1)
    boundary.edit("add", x=-1.0, y=-1.0, label=0)
    boundary.edit("delete", indices=[1, 3])
    assert boundary.y.tolist() == ["r", "r", "l"]
    assert boundary.X.tolist() == [[2.0, 0.5], [-0.5, 1.0], [-1.0, -1.0]]
    assert boundary.X.dtype == np.float32
    assert boundary.wrong.tolist() == [1]
    assert [shape for shape, _ in told] == [(4, 2), (4, 2), (5, 2), (3, 2)]
    assert told[-1][1] == ["r", "r", "l"]
    for _ in range(4):
        boundary.edit("undo")
    assert boundary.X.tolist() == X.tolist()
    assert boundary.y.tolist() == ["l", "r", "l", "r"]
    boundary.edit("undo")  # nothing is left to undo
    boundary.edit("redo")
    assert boundary.wrong.tolist() == [0]


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ({"kind": "move", "index": 4, "x": 0.0, "y": 0.0}, "no point 4: the 4 points"),
        ({"kind": "move", "index": 0, "x": float("nan"), "y": 0.0}, "nowhere on the plane"),
        ({"kind": "add", "x": 0.0, "y": 0.0, "label": 2}, "no class 2: the 2 classes"),
        ({"kind": "paint", "indices": [0, -1], "label": 0}, "no point -1"),
        ({"kind": "delete", "indices": [0, 1, 2, 3]}, "the last point stays"),
        ({"kind": "turn"}, "no edit is called 'turn': there are move, add, paint, delete"),
    ],
)
def test_an_edit_that_cannot_be_is_explained_and_changes_nothing(edit, said):
    boundary = decision_boundary(side, X, Y, resolution=5)
    with pytest.raises(ValueError, match=said):
        boundary.edit(**edit)
    assert boundary.X.tolist() == X.tolist()
    assert boundary.y.tolist() == Y.tolist()
    assert not boundary.points.can_undo


PLACE = st.floats(-1, 1)
EDIT = st.one_of(
    st.fixed_dictionaries({"kind": st.just("move"), "index": st.integers(0, 3), "x": PLACE, "y": PLACE}),
    st.fixed_dictionaries({"kind": st.just("add"), "x": PLACE, "y": PLACE, "label": st.integers(0, 1)}),
    st.fixed_dictionaries(
        {"kind": st.just("paint"), "indices": st.lists(st.integers(0, 3)), "label": st.integers(0, 1)}
    ),
    st.fixed_dictionaries({"kind": st.just("delete"), "indices": st.lists(st.integers(0, 3), max_size=1)}),
)


@given(st.lists(EDIT, max_size=8))
def test_undoing_everything_brings_the_points_back_and_redoing_the_edits(edits):
    points, done = Points(X, Y, 2), 0
    for edit in edits:
        try:
            points.edit(**edit)
            done += 1
        except ValueError:
            continue
    after = points.X.tolist(), points.k.tolist()
    for _ in range(done):
        points.undo()
    assert (points.X.tolist(), points.k.tolist(), points.can_undo) == (X.tolist(), Y.tolist(), False)
    for _ in range(done):
        points.redo()
    assert (points.X.tolist(), points.k.tolist(), points.can_redo) == (*after, False)


# ------------------------------------------------------------------------------------------------- live
@pytest.fixture
def sent(monkeypatch):
    """What widgets send to the browser: (message type, data, buffers)."""
    pytest.importorskip("anywidget")
    base = pytest.importorskip("comm.base_comm")
    log = []

    class Recorder(base.BaseComm):
        def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
            log.append((msg_type, data, buffers))

    monkeypatch.setattr("comm.create_comm", lambda *args, **keys: Recorder(*args, **keys))
    return log


def unpacked(packed):
    return np.frombuffer(packed["data"], packed["dtype"]).reshape(packed["shape"])


def test_the_widget_sends_one_small_message_a_frame(sent):
    weights = {"angle": 0.0}
    turn = lambda p: 5 * (np.cos(weights["angle"]) * p[:, 0] + np.sin(weights["angle"]) * p[:, 1])
    boundary = decision_boundary(turn, X, Y, resolution=20)
    widget = boundary.widget()
    sent.clear()
    weights["angle"] = 3.0
    boundary.update("epoch 1")
    updates = [(data, buffers) for kind, data, buffers in sent if kind == "comm_msg"]
    assert len(updates) == 1
    assert sum(len(b) for b in updates[0][1]) <= 3 * 20 * 20 + len(X)
    assert widget.frame["status"] == "epoch 1"
    np.testing.assert_array_equal(unpacked(widget.frame["grid"])[..., 0], boundary.labels)
    np.testing.assert_array_equal(unpacked(widget.frame["grid"]), pack_plane(boundary.belief))
    assert unpacked(widget.frame["wrong"]).tolist() == [1, 1, 1, 1]
    widget.close()


def test_an_event_edits_and_after_a_pause_the_model_is_trained_again(sent):
    known = {"weight": 5.0}
    trained = []

    def retrain(points, labels):
        trained.append((points.copy(), labels.copy()))
        known["weight"] = -5.0

    boundary = decision_boundary(lambda p: known["weight"] * p[:, 0], X, Y, resolution=5, retrain=retrain)
    widget = boundary.widget()
    widget._handle_custom_msg({"type": "add", "x": 0.5, "y": 0.5, "label": 0, "edit": 1}, [])
    frame = widget.frame
    assert (frame["edits"], frame["undo"], frame["redo"]) == (1, True, False)
    assert unpacked(frame["points"])[-1].tolist() == [0.5, 0.5]
    assert unpacked(frame["k"]).tolist() == [0, 1, 0, 1, 0]
    assert unpacked(frame["wrong"]).tolist() == [0, 0, 0, 0, 1]
    assert not trained
    widget._handle_custom_msg({"type": "retrain"}, [])
    assert trained[0][1].tolist() == [0, 1, 0, 1, 0]
    assert unpacked(widget.frame["wrong"]).tolist() == [1, 1, 1, 1, 0]
    widget._handle_custom_msg({"type": "undo", "edit": 2}, [])
    assert (widget.frame["edits"], widget.frame["undo"], widget.frame["redo"]) == (2, False, True)
    widget._handle_custom_msg({"type": "paint", "indices": [9], "label": 0, "edit": 3}, [])
    assert "no point 9" in widget.frame["error"]
    boundary.update()
    assert widget.frame["edits"] == 3  # the page, which counted that edit too, listens again
    widget.close()


def test_a_frame_holds_points_only_once_they_were_edited():
    boundary = decision_boundary(side, X, Y, resolution=5)
    assert "points" not in boundary.frame()
    assert boundary.state()["points"].shape == (4, 2)
    boundary.event({"type": "move", "index": 0, "x": 0.0, "y": 0.0})
    assert boundary.frame()["points"][0].tolist() == [0, 0]


def test_what_a_widget_needs_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    boundary = decision_boundary(side, X, Y, resolution=5)
    widget_type.cache_clear()
    with pytest.raises(ImportError, match=r'needs anywidget, .*pip install "learnnn\[notebooks\]"'):
        boundary.widget()


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
