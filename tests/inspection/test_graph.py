"""The picture of a computation: what is in it, what it says, and that it draws what others computed too."""

import xml.etree.ElementTree as xml

import numpy as np
import pytest

import learnnn as torch
from learnnn import autograd, nn
from learnnn.inspection import graph

SVG = "{http://www.w3.org/2000/svg}"


class Value:
    """As a learner writes it in lesson 03."""

    def __init__(self, data, parents=(), op=""):
        self.data, self.parents, self.op, self.grad = data, parents, op, 0.0

    def __add__(self, other):
        return Value(self.data + other.data, (self, other), "+")

    def __mul__(self, other):
        return Value(self.data * other.data, (self, other), "*")


class Bare:
    """The least that can be drawn."""

    def __init__(self, data, parents=None):
        self.data, self.parents = data, parents


def abc():
    return [torch.tensor(x, requires_grad=True) for x in (2.0, -3.0, 10.0)]


def node(picture, label):
    return next(n for n in picture.data["nodes"] if label in (n["label"], n["op"]))


def test_values_and_gradients_of_tensors():
    a, b, c = abc()
    out = a * b + c
    out.backward()
    picture = graph(out)
    assert [(n["label"] or n["op"], n["value"], n["gradient"]) for n in picture.data["nodes"]] == [
        ("a", 2.0, -3.0), ("b", -3.0, 2.0), ("mul", -6.0, None), ("c", 10.0, 1.0), ("out", 4.0, None),
    ]  # fmt: skip
    assert picture.data["edges"] == [[0, 2], [1, 2], [2, 4], [3, 4]]


def test_gradients_at_every_node_without_touching_grad():
    a, b, c = abc()
    product = a * b
    product.retain_grad()
    seen = []
    product.register_hook(seen.append)
    out = (product + c) * product
    picture = graph(out, gradients=True)
    assert [x.grad for x in (a, b, c, product)] == [None] * 4
    assert seen == []
    out.backward()  # the graph is still whole
    assert node(picture, "product")["gradient"] == product.grad.item()
    assert node(picture, "a")["gradient"] == a.grad.item()
    assert len(seen) == 1


def test_gradients_of_larger_tensors_and_several_outputs():
    x = torch.randn(8, 3, requires_grad=True)
    picture = graph(x.sum(), (x * x).sum(), gradients=True)
    np.testing.assert_allclose(node(picture, "x")["gradient"], 1 + 2 * x.detach().numpy(), rtol=1e-5)
    assert sum(n["output"] for n in picture.data["nodes"]) == 2


def test_a_function_with_several_outputs():
    class Both(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x + 1, x * 2

        @staticmethod
        def backward(ctx, g, h):
            return g + 2 * h

    x = torch.tensor(1.0, requires_grad=True)
    up, double = Both.apply(x)
    picture = graph(up * double, gradients=True)
    assert node(picture, "x")["gradient"] == 6.0
    assert picture.svg


def test_a_lesson_s_own_values():
    a, b = Value(2.0), Value(-3.0)
    out = a * b + a
    a.grad = 5.0
    picture = graph(out)
    assert [n["label"] for n in picture.data["nodes"]] == ["a", "b", "", "out"]
    assert node(picture, "a")["gradient"] == 5.0
    assert picture.record.nodes[2].symbol == "×"
    assert "data" in picture.svg
    assert "grad" in picture.svg


def test_a_value_used_twice_by_one_step_has_two_edges():
    a = Value(3.0)
    picture = graph(a * a)
    assert picture.data["edges"] == [[0, 1], [0, 1]]


def test_the_barest_values():
    picture = graph(Bare(3, [Bare(1), Bare(2, ())]))
    assert [n["op"] for n in picture.data["nodes"]] == ["", "", "step"]
    assert graph(Bare(1)).data["edges"] == []


def test_values_by_label():
    a = Value(1.0)
    a.label = "weight <1> & more"
    picture = graph(a + Value(2.0), names={})
    assert "weight <1> & more: input" in repr(picture)
    assert xml.fromstring(picture.svg) is not None


def test_names_given_by_hand_win():
    a, b, _ = abc()
    picture = graph(a * b, names={"weight": a, "product": b})
    assert {n["label"] for n in picture.data["nodes"]} >= {"weight", "product"}


def test_a_model_and_its_input():
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    x = np.ones((5, 3), np.float32)
    picture = graph(model, x)
    kinds = {n["label"]: n["kind"] for n in picture.data["nodes"] if n["label"]}
    assert kinds == {
        "input": "input",
        "0.weight": "parameter",
        "0.bias": "parameter",
        "2.weight": "parameter",
        "2.bias": "parameter",
    }
    assert all(p.grad is None for p in model.parameters())
    assert node(picture, "input")["shape"] == [5, 3]
    named = graph(model(torch.as_tensor(x)).sum(), names=model)
    assert "0.weight" in repr(named)


def test_code_of_your_own_has_its_own_colour():
    mine = autograd.from_backward(lambda x: (np.tanh(x), lambda g: (g,)), origin="yours")
    x = torch.randn(3, requires_grad=True)
    picture = graph(mine(x).sum())
    assert [n["origin"] for n in picture.data["nodes"]] == [None, "yours", None]
    assert "computed by your code" in picture.text
    assert picture.svg.count('class="f-yours s-yours-edge"') == 2  # the node, and the key to the colours


def test_pytorch():
    pytorch = pytest.importorskip("torch")
    w, x = pytorch.randn(3, 2, requires_grad=True), pytorch.randn(4, 3)
    loss = pytorch.tanh(x @ w).sum()
    picture = graph(loss, gradients=True)
    assert [n["op"] for n in picture.data["nodes"]] == ["", "mm", "tanh", "sum"]
    assert w.grad is None
    np.testing.assert_allclose(node(picture, "w")["gradient"], pytorch.autograd.grad(loss, w)[0].numpy())
    assert node(picture, "tanh")["gradient"] == np.ones((4, 2)).tolist()
    model = pytorch.nn.Sequential(pytorch.nn.Linear(3, 4), pytorch.nn.ReLU())
    assert "0.weight" in repr(graph(model, x))
    assert graph(pytorch.ones(2, requires_grad=True)).data["nodes"][0]["value"] == [1.0, 1.0]


# ------------------------------------------------------------------------------------------------- forms
def test_the_svg_is_well_formed_and_speaks():
    a, b, c = abc()
    svg = graph(a * b + c, names={"a": a, "<b>": b}).svg
    root = xml.fromstring(svg)
    assert root.get("role") == "img"
    assert root.get("aria-label") == "computation graph"
    assert "<b>: input, value -3" in root.find(f"{SVG}desc").text
    groups = root.findall(f"{SVG}g")
    assert [g.get("data-op") for g in groups] == ["", "", "mul", "", "add"]
    assert all(g.find(f"{SVG}title").text for g in groups)


def test_no_text_leaves_its_box():
    x = torch.randn(3, 3, requires_grad=True)
    long_name = torch.tensor(-1.2345e-10, requires_grad=True)
    picture = graph((x * long_name).tanh().sum(), gradients=True)
    for group in xml.fromstring(picture.svg).findall(f"{SVG}g"):
        box = group.find(f"{SVG}rect")
        left, right = float(box.get("x")), float(box.get("x")) + float(box.get("width"))
        for text in group.findall(f"{SVG}text"):
            wide = 0.5 * float(text.get("font-size")) * len(text.text)
            shift = {"start": 0, "middle": 0.5, "end": 1}[text.get("text-anchor", "start")]
            start = float(text.get("x")) - shift * wide
            assert left <= start + 1
            assert start + wide <= right + 1


def test_the_same_graph_gives_the_same_picture():
    a, b, c = abc()
    assert graph(a * b + c).svg == graph(a * b + c).svg


def test_dot():
    a, b, _ = abc()
    dot = graph(a * b, names={'say "a"': a}).to_dot()
    assert dot.startswith("digraph {")
    assert 'say \\"a\\"' in dot
    assert "n0 -> n2;" in dot


def test_png_and_files(tmp_path):
    pytest.importorskip("matplotlib")
    a, b, c = abc()
    picture = graph(a * b + c, names={"$a$": a})
    assert picture.to_png().startswith(b"\x89PNG")
    for name in ("g.svg", "g.png", "g.html"):
        assert picture.save(tmp_path / name).stat().st_size > 1000
    with pytest.raises(ValueError, match=r"must end in \.svg, \.png or \.html"):
        picture.save(tmp_path / "g.doc")


def test_html_carries_the_picture_and_its_words():
    a, b, _ = abc()
    html = graph(a * b, names={'"a"': a})._repr_html_()
    assert 'src="data:image/svg+xml;base64,' in html
    assert "&quot;a&quot;: input" in html


def test_direction():
    x = torch.tensor(0.5, requires_grad=True)
    y = x
    for _ in range(12):
        y = torch.tanh(y)
    assert graph(y).direction == "down"  # too wide for a page
    assert graph(y, direction="right").direction == "right"
    assert graph(torch.tanh(x)).direction == "right"


# ------------------------------------------------------------------------------------------------- size
def test_500_nodes_are_drawn():
    w, x = torch.tensor(0.9, requires_grad=True), torch.tensor(0.5, requires_grad=True)
    for _ in range(248):
        x = torch.tanh(x * w)
    picture = graph(x)
    assert picture.note == ""
    assert len(picture.data["nodes"]) == 498
    assert len(picture.svg) < 1_000_000


def test_more_are_folded_with_a_note():
    x = torch.tensor(0.5, requires_grad=True)
    w = torch.tensor(0.9, requires_grad=True)
    for _ in range(3000):
        x = torch.tanh(x * w)
    picture = graph(x)
    folded = picture.data["nodes"][0]
    assert folded["kind"] == "folded"
    assert folded["label"] == "5,751 earlier nodes"
    assert "mul ×2,875" in folded["note"]
    assert picture.note == "251 of 6,002 nodes shown, the rest folded"
    assert picture.note in picture.svg
    assert picture.note in repr(picture)
    assert node(picture, "w")["kind"] == "input"  # what the last steps use stays


def test_deep_graphs_need_no_recursion():
    v = Value(1.0)
    for _ in range(5000):
        v = v + v
    assert graph(v, limit=20).total == 5001


# ------------------------------------------------------------------------------------------------- misuse
@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: graph(), TypeError, "needs something to draw"),
        (lambda: graph(3.0), TypeError, "this is a float.*does not remember"),
        (lambda: graph(np.ones(3)), TypeError, "this is a ndarray"),
        (lambda: graph(torch.ones(3)), RuntimeError, "requires_grad=True"),
        (lambda: graph(nn.Linear(2, 1)), TypeError, "needs an input"),
        (lambda: graph(Value(1.0), torch.ones(1, requires_grad=True)), TypeError, "mixture of kinds"),
        (lambda: graph(Value(1.0), gradients=True), ValueError, r"call backward\(\) on your own values"),
        (lambda: graph(Value(1.0), direction="up"), ValueError, "'auto', 'right' or 'down', not 'up'"),
        (lambda: graph(Value(1.0), limit=0), ValueError, "at least 2 nodes"),
    ],
)
def test_misuse_is_explained(call, error, said):
    with pytest.raises(error, match=said):
        call()


def test_a_cycle_in_a_learner_s_graph_is_named():
    a = Value(1.0)
    b = a + a
    a.parents = (b,)
    with pytest.raises(ValueError, match="computed from itself"):
        graph(b)
