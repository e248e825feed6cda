"""Graphs folded by the modules that made them: learnnn's, PyTorch's, and a learner's own."""

import numpy as np
import pytest

import learnnn as torch
from learnnn import nn
from learnnn.inspection import graph
from tests.inspection.lessons import TensorMLP, ValueMLP

X = np.ones((5, 3), np.float32)


class Block(nn.Module):
    """A part with a step of its own between its parts."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(3, 3), nn.Linear(3, 3)

    def forward(self, x):
        return self.b(self.a(x) * 2) + x


class Twice(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = Block()

    def forward(self, x):
        return self.block(self.block(x).tanh())


def levels(picture):
    return {view.name: [node.label or node.op for node in view.record.nodes] for view in picture.views}


def made(picture):
    """{operation: path of the module that made it}, in order."""
    return [(n.op, c.path) for n, c in zip(picture.whole.nodes, picture.made) if n.kind == "operation" and c]


def test_every_step_belongs_to_the_innermost_module_that_made_it():
    picture = graph(Twice(), X)
    assert made(picture) == [
        ("linear", "block.a"), ("mul", "block"), ("linear", "block.b"), ("add", "block"), ("tanh", ""),
        ("linear", "block.a"), ("mul", "block"), ("linear", "block.b"), ("add", "block"),
    ]  # fmt: skip


def test_levels():
    picture = graph(Twice(), X)
    assert levels(picture) == {
        "model": ["input", "Twice"],
        "layers": ["input", "block · Block", "tanh", "block · Block"],
        "depth 2": ["input", "block.a · Linear", "mul", "block.b · Linear", "add", "tanh",
                    "block.a · Linear", "mul", "block.b · Linear", "add"],
        "all": ["input", "block.a.weight", "block.a.bias", "linear", "mul", "block.b.weight", "block.b.bias", "linear",
                "add", "tanh", "linear", "mul", "linear", "add"],
    }  # fmt: skip
    assert picture.view.name == "all"


def test_a_folded_picture():
    picture = graph(Twice(), X, fold="layers")
    assert picture.data["edges"] == [[0, 1], [1, 2], [2, 3]]
    assert "14 nodes, of which 12 are folded into 2 boxes" in picture.text
    assert "block · Block (output): from tanh, 4 steps, gives 5 × 3" in picture.text
    assert picture.svg.count('data-kind="folded"') == 2


def test_a_parameter_that_something_else_uses_stays_in_sight():
    model = nn.Sequential(nn.Linear(3, 2), nn.Tanh())
    loss = lambda x: model(x).sum() + (model[0].weight ** 2).sum()
    picture = graph(loss, X)
    assert "0.weight" not in levels(picture)["all"]  # a function has no names for it
    assert levels(graph(loss, X, names=model))["layers"].count("0.weight") == 1


def test_the_model_is_as_it_was():
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5))
    before = {name: value.numpy().copy() for name, value in model.state_dict().items()}
    torch.manual_seed(3)
    graph(model, X, fold="layers").state()
    drawn = torch.rand(1).item()
    torch.manual_seed(3)
    assert torch.rand(1).item() == drawn
    assert all((before[name] == value.numpy()).all() for name, value in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())
    assert not any(part._hooks for part in model.modules())
    assert model.training


def test_a_model_that_fails_is_as_it_was():
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(3, 4))
    with pytest.raises(RuntimeError):
        graph(model, X)
    assert not any(part._hooks for part in model.modules())


@pytest.mark.parity
def test_pytorch_is_folded_as_learnnn_is():
    pytorch = pytest.importorskip("torch")

    def build(nn):
        return nn.Sequential(nn.Linear(3, 4), nn.Sequential(nn.Tanh(), nn.Linear(4, 2)))

    theirs, ours = graph(build(pytorch.nn), pytorch.ones(5, 3)), graph(build(nn), X)
    for level in ("model", "layers"):
        assert levels(theirs)[level] == levels(ours)[level]
        assert [v.record.edges for v in theirs.views if v.name == level] == [
            v.record.edges for v in ours.views if v.name == level
        ]
    assert theirs.state()["play"]["stuck"] == ""


def test_a_learner_s_own_tensors_and_parts():
    picture = graph(TensorMLP(3, 4, 2), X.astype(float))
    assert levels(picture)["layers"] == ["input", "body.first · Affine", "body.squash · Tanh", "head · Affine"]
    assert [path for _, path in made(picture)] == ["body.first", "body.first", "body.squash", "head", "head"]
    assert "body.first.weight" in levels(picture)["all"]


def test_a_learner_s_own_numbers_row_by_row():
    model = ValueMLP(2, 2, 1)
    picture = graph(model, [[1.0, 2.0], [3.0, 4.0]])
    labels = [label for label in levels(picture)["layers"] if "·" in label]
    assert labels == ["layers.0 · Layer", "layers.1 · Layer"] * 2
    assert all(p.grad == 0.0 for p in model.parameters())
    assert graph(model, [1.0, 2.0]).views[-1].name == "all"


def test_a_function_of_tensors():
    picture = graph(lambda x: (x * x).sum(), np.ones(3))
    assert [node["label"] or node["op"] for node in picture.data["nodes"]] == ["input", "mul", "sum"]


def test_too_many_nodes_fold_by_module():
    model = nn.Sequential(*[nn.Sequential(nn.Linear(3, 3), nn.Tanh()) for _ in range(6)])
    picture = graph(model, X, limit=15)
    assert picture.view.name == "depth 2"
    assert len(picture.record.nodes) == 13
    assert [view.name for view in graph(model, X, limit=8).views] == ["model", "layers"]
    assert graph(model, X, limit=3).view.name == "model"


def test_modules_opened_one_by_one():
    model = nn.Sequential(nn.Sequential(nn.Linear(3, 4), nn.Tanh()), nn.Linear(4, 2))
    picture = graph(model, X, fold="layers")
    assert picture.kernel
    own = picture.event({"type": "open", "paths": ["", "0"]})["own"]
    assert [card["name"] for card in own["cards"]] == ["input", "0.0 · Linear", "0.1 · Tanh", "1 · Linear"]
    assert own["open"] == ["", "0"]
    assert [card["name"] for card in picture.event({"type": "open", "paths": []})["own"]["cards"]] == [
        "input", "Sequential",
    ]  # fmt: skip


def test_update_runs_the_model_again():
    model = nn.Linear(2, 1)
    picture = graph(model, np.ones((1, 2), np.float32))
    with torch.no_grad():
        model.weight.fill_(3.0)
        model.bias.fill_(0.5)
    picture.update()
    assert picture.data["nodes"][-1]["value"] == [[6.5]]
    assert picture.frame()["nodes"][3]["value"] == "[6.5]"


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (
            lambda: graph(nn.Linear(3, 1), X, fold="rooms"),
            ValueError,
            "fold must be one of 'model', 'all', not 'rooms'",
        ),
        (lambda: graph(torch.ones(1, requires_grad=True), fold="layers"), ValueError, "no modules made this graph"),
        (lambda: graph(nn.Linear(3, 1)), TypeError, "needs an input"),
        (lambda: graph(nn.Linear), TypeError, "this is a type"),
        (lambda: graph(lambda x: 3.0, X), TypeError, "gave nothing that remembers"),
    ],
)
def test_misuse_is_explained(call, error, said):
    with pytest.raises(error, match=said):
        call()
