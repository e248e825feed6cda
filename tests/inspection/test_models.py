"""Any model through one face: asked, taken apart and watched; modules of learnnn and of PyTorch."""

from collections import OrderedDict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import learnnn as torch
from learnnn import nn
from learnnn.inspection.models.kind import as_array
from learnnn.inspection.models.model import Model
from tests.inspection.lessons import lesson_names
from tests.inspection.networks import KINDS, network, on_paper, squares, with_grads


def shaped(array, like):
    return array[:, 0] if array.shape != like.shape else array  # a ValueMLP with one output gives no axis for it


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15, deadline=None)
@given(sizes=st.tuples(*[st.integers(1, 4)] * 4), seed=st.integers(0, 99))
def test_outputs_and_gradients_are_those_on_paper(kind, sizes, seed):
    n, d, h, k = sizes
    X = np.random.default_rng(seed).normal(size=(n, d))
    model, paths = network(kind, d, h, k, seed)
    outputs, gradients, learned, inputs = on_paper(X, d, h, k, seed)
    seen = Model(model).see(X, loss=squares, gradients=True)

    for path, output, gradient in zip((*paths, ""), (*outputs, outputs[2]), (*gradients, gradients[2])):
        if path is not None:
            np.testing.assert_allclose(seen.outputs[path], shaped(output, seen.outputs[path]), atol=1e-12)
            np.testing.assert_allclose(seen.gradients[path], shaped(gradient, seen.gradients[path]), atol=1e-12)
    np.testing.assert_allclose(seen.answer, shaped(outputs[2], seen.answer), atol=1e-12)
    np.testing.assert_allclose(seen.answer, Model(model).ask(X), atol=1e-14)
    np.testing.assert_allclose(seen.input_gradients[0], inputs, atol=1e-12)
    assert seen.loss == pytest.approx((outputs[2] ** 2).sum())
    found = np.sort(np.concatenate([g.ravel() for g in seen.parameter_gradients.values()]))
    np.testing.assert_allclose(found, np.sort(np.concatenate([g.ravel() for g in learned])), atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_parameter_gradients_are_those_of_nudging(kind):
    model, _ = network(kind, 2, 3, 1)
    model, X, eps = Model(model), np.random.default_rng(1).normal(size=(4, 2)), 1e-6
    seen = model.see(X, gradients=True)
    assert list(seen.parameter_gradients) == list(model.parameters())
    with model.kept():
        for path, array in model.parameters().items():
            for place in np.ndindex(array.shape):
                nudged = []
                for step in (eps, -eps):
                    moved = model.parameters()
                    moved[path][place] = array[place] + step
                    model.load(moved)
                    nudged.append(model.ask(X).sum())
                model.load({**model.parameters(), path: array})
                slope = (nudged[0] - nudged[1]) / (2 * eps)
                assert seen.parameter_gradients[path][place] == pytest.approx(slope, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_do_not_begin_where_others_ended(kind):
    fresh, used = (make(kind, 2, 3, 1)[0] for make in (network, with_grads))
    fresh, used = (Model(model).see(np.ones((4, 2)), gradients=True) for model in (fresh, used))
    for path, gradient in fresh.parameter_gradients.items():
        np.testing.assert_array_equal(used.parameter_gradients[path], gradient)


@pytest.mark.parametrize("number", [3, 5])
def test_what_the_loss_brings_along_keeps_its_gradient(number):
    make = getattr(lesson_names(number), {3: "Value", 5: "Tensor"}[number])
    target = make(2.0)
    target.grad = target.grad + 7.0
    before = target.grad
    seen = Model(lambda x: x * 3.0).see(make(1.0), loss=lambda y: y * target, gradients=True)
    assert seen.input_gradients[0] == 6
    assert target.grad is before and before == 7


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_watched_can_be_chosen(kind):
    model, (_, *paths) = network(kind, 2, 3, 2)
    parts = Model(model).layers()
    seen = Model(model).see(np.ones((2, 2)), layers=[parts[paths[0]], paths[1]], gradients=True)
    assert sorted(seen.outputs) == sorted(seen.gradients) == sorted(paths)
    assert list(Model(model).see(np.ones((2, 2)), layers=[]).outputs) == []


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_recorded_where_no_gradient_is_asked_for(kind):
    seen = Model(network(kind, 2, 3, 2)[0]).see(np.ones((2, 2)), loss=squares)
    assert seen.loss == pytest.approx((seen.answer**2).sum())
    assert (seen.gradients, seen.parameter_gradients, seen.input_gradients) == ({}, {}, ())


@pytest.fixture(params=["learnnn", pytest.param("torch", marks=pytest.mark.parity)])
def both(request):
    """learnnn, and PyTorch under the same name."""
    return torch if request.param == "learnnn" else pytest.importorskip("torch")


def test_outputs_that_are_tuples(both):
    model = both.nn.LSTM(2, 3, batch_first=True).double()
    x = np.random.default_rng(0).normal(size=(4, 5, 2))
    out, h, c = Model(model).answers(x)
    assert (out.shape, h.shape, c.shape) == ((4, 5, 3), (1, 4, 3), (1, 4, 3))

    class Last(both.nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = model

        def forward(self, x):
            return {"last": self.lstm(x)[0][:, -1], "none": None}

    seen = Model(Last()).see(x, gradients=True)
    np.testing.assert_allclose(seen.outputs["lstm"], out)
    expected = np.zeros_like(out)
    expected[:, -1] = 1
    np.testing.assert_array_equal(seen.gradients["lstm"], expected)
    np.testing.assert_allclose(seen.answer, out[:, -1])
    assert seen.loss == pytest.approx(out[:, -1].sum())


def test_changes_in_place_do_not_reach_what_was_seen(both):
    model = both.nn.Sequential(both.nn.Linear(2, 3), both.nn.ReLU(inplace=True), both.nn.Flatten()).double()
    Model(model).load({"0.weight": np.array([[1.0, 0], [-1, 0], [2, 0]]), "0.bias": np.zeros(3)})
    x = np.array([[1.0, 5.0]])
    seen = Model(model).see(x, gradients=True)
    assert seen.outputs["0"].tolist() == [[1, -1, 2]]
    assert seen.outputs["1"].tolist() == [[1, 0, 2]]
    assert seen.gradients["0"].tolist() == [[1, 0, 1]]
    assert seen.gradients["1"].tolist() == [[1, 1, 1]]
    assert Model(model).see(x).outputs["0"].tolist() == [[1, -1, 2]]
    assert Model(both.nn.ReLU(inplace=True)).ask(x - 3).tolist() == [[0, 2]]
    assert x.tolist() == [[1, 5]]


def test_a_part_that_hands_its_input_on_has_a_gradient_of_its_own(both):
    class Residual(both.nn.Module):
        def __init__(self):
            super().__init__()
            self.branch = both.nn.Identity()

        def forward(self, x):
            return x * 3 + self.branch(x)

    seen = Model(Residual()).see([1.0, 2.0], gradients=True)
    assert seen.gradients["branch"].tolist() == [1, 1]
    assert seen.input_gradients[0].tolist() == [4, 4]


def test_a_part_that_runs_several_times(both):
    double = both.nn.Linear(1, 1, bias=False).double()
    model = both.nn.Sequential(double, both.nn.Identity(), double)
    Model(model).load({"0.weight": np.array([[2.0]])})
    assert list(Model(model).layers()) == ["", "0", "1"]
    seen = Model(model).see([[1.0]], gradients=True)
    assert [call.item() for call in seen.calls["0"]] == [2, 4]
    assert seen.outputs["0"].item() == 4
    assert seen.gradients["0"].item() == 1
    assert seen.parameter_gradients["0.weight"].item() == 4


def test_integers_stay_integers_and_have_no_gradient(both):
    class Words(both.nn.Module):
        def __init__(self):
            super().__init__()
            self.table, self.unused = both.nn.Embedding(5, 2), both.nn.Linear(1, 1)

        def forward(self, words, scale):
            return self.table(words) * scale

    model = Model(Words())
    assert model.as_input(np.array([1, 2])).dtype in (np.int64, getattr(both, "int64", None))
    seen = model.see(np.array([[1, 1]]), np.ones(2), gradients=True)
    assert seen.input_gradients[0] is None
    np.testing.assert_allclose(seen.input_gradients[1], 2 * model.parameters()["table.weight"][1], rtol=1e-6)
    assert list(seen.parameter_gradients) == ["table.weight"]
    assert seen.parameter_gradients["table.weight"].tolist() == [[0, 0], [2, 2], [0, 0], [0, 0], [0, 0]]


def test_frozen_layers_are_seen_too(both):
    model = both.nn.Sequential(both.nn.Embedding(5, 2), both.nn.Linear(2, 1))
    model.requires_grad_(False)
    seen = Model(model).see(np.array([1, 2]), gradients=True)
    np.testing.assert_allclose(seen.gradients["0"], np.tile(model[1].weight.tolist(), (2, 1)), rtol=1e-6)
    assert seen.parameter_gradients == {}


def test_inputs_take_the_precision_of_the_parameters(both):
    model = both.nn.Linear(2, 1)
    assert as_array(Model(model).as_input(np.ones(2))).dtype == np.float32
    assert Model(model.double()).ask(torch.ones(1, 2)).dtype == np.float64
    assert Model(both.nn.ReLU()).ask(np.ones(2)).dtype == np.float64


def test_parts_that_only_hold_others_do_not_compute(both):
    class Stack(both.nn.Module):
        def __init__(self):
            super().__init__()
            self.blocks = both.nn.ModuleList([both.nn.Sequential(both.nn.Tanh()), both.nn.Tanh()])

        def forward(self, x):
            for block in self.blocks:
                x = block(x)
            return x

    model = Model(Stack())
    assert list(model.layers()) == ["", "blocks.0", "blocks.0.0", "blocks.1"]
    assert list(model.leaves()) == ["blocks.0.0", "blocks.1"]
    assert [model.layer(i) for i in (0, 1, -1)] == ["blocks.0", "blocks.1", "blocks.1"]
    assert list(model.see([1.0]).outputs) == ["blocks.0.0", "blocks.0", "blocks.1", ""]
    assert list(Model(both.nn.Tanh()).leaves()) == [""]


def test_a_method_of_a_module_has_the_parts_of_its_module(both):
    net = both.nn.Sequential(both.nn.Linear(2, 1))
    model = Model(net.forward)
    assert (model.kind, list(model.layers())) == (Model(net).kind, ["", "0"])
    np.testing.assert_array_equal(model.ask(np.ones((1, 2))), Model(net).ask(np.ones((1, 2))))


def test_gradients_are_read_and_copied(both):
    net = both.nn.Linear(2, 1)
    assert Model(net).gradients() == {"weight": None, "bias": None}
    net(both.ones(1, 2)).sum().backward()
    found = Model(net).gradients()
    assert found["weight"].tolist() == [[1, 1]]
    found["weight"][...] = 7
    assert net.weight.grad.tolist() == [[1, 1]]


def test_load_is_all_or_nothing(both):
    net = both.nn.Linear(2, 1)
    model, before = Model(net), Model(net).parameters()
    for wrong, said in [
        ({"weight": np.zeros((1, 2))}, "Linear: there are no numbers for 'bias'"),
        ({"weight": np.zeros((1, 2)), "bias": np.zeros(2)}, r"'bias' has shape \(1,\), and the array for it \(2,\)"),
        ({**before, "wieght": 1}, "Linear has no parameter 'wieght': did you mean 'weight'"),
    ]:
        with pytest.raises(ValueError, match=said):
            model.load(wrong)
        assert all(np.array_equal(before[k], v) for k, v in model.parameters().items())
    weight = net.weight
    model.load({name: np.zeros_like(array) for name, array in before.items()})
    assert net.weight is weight and not as_array(weight).any()
    assert before["weight"].any()  # a copy


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("conv1x", "Sequential has no layer 'conv1x': did you mean 'conv1'. it has '', 'conv1', 'act'"),
        (2, "Sequential has no part number 2: it has 'conv1', 'act'"),
        (nn.ReLU(), "Sequential has no such ReLU among its parts: it has ''"),
        (None, "Sequential has no layer None"),
        (1.0, "no such float"),
    ],
)
def test_layers_that_are_not_there(wanted, said):
    model = Model(nn.Sequential(OrderedDict(conv1=nn.Linear(2, 2), act=nn.ReLU())))
    with pytest.raises(ValueError, match=said.replace("mean 'conv1'. it", r"mean 'conv1'\? it")):
        model.layer(wanted)
    with pytest.raises(ValueError):
        model.see(np.ones((1, 2)), layers=[wanted])


def test_a_long_list_of_layers_is_cut():
    with pytest.raises(ValueError, match="'18', and 11 more"):
        Model(nn.Sequential(*[nn.ReLU() for _ in range(30)])).layer("x")


@pytest.mark.parametrize(
    ("loss", "error", "said"),
    [
        (lambda y: y, ValueError, r"the loss has shape \(2, 1\), not one number"),
        (lambda y: 3.0, TypeError, "the loss is a float"),
        (lambda y: y.detach().sum(), RuntimeError, "depends on nothing that has a gradient"),
    ],
)
def test_losses_that_are_none(both, loss, error, said):
    with pytest.raises(error, match=said):
        Model(both.nn.Linear(2, 1)).see(np.ones((2, 2)), loss=loss, gradients=True)


def test_a_model_is_asked_in_evaluation_mode(both):
    dropout = both.nn.Dropout(0.9)
    x = np.ones((1, 50))
    assert (Model(dropout).ask(x) == x).all() and (Model(dropout).see(x).answer == x).all()
    assert (Model(dropout).see(x, training=True).answer == 0).any()
    assert dropout.training


def test_only_gradients_are_recorded_for(both):
    recorded = []
    model = Model(lambda x: recorded.append(both.is_grad_enabled()) or x)
    model.ask([1.0])
    model.see([1.0])
    model.see(both.ones(1), gradients=True)
    assert recorded == [False, False, True]
    assert both.is_grad_enabled()


def test_gradients_are_found_inside_no_grad(both):
    with both.no_grad():
        seen = Model(both.nn.Linear(2, 1)).see(np.ones((2, 2)), gradients=True)
    assert seen.gradients[""].tolist() == [[1], [1]]


@pytest.mark.parity
def test_pytorch_odds_and_ends():
    pytorch = pytest.importorskip("torch")
    assert as_array(pytorch.ones(2, dtype=pytorch.bfloat16)).tolist() == [1, 1]
    read_only = np.broadcast_to(np.float32(1), (2, 2))[::-1]
    model = pytorch.nn.Linear(2, 1)
    model.attention = model(pytorch.ones(1, 2))  # no leaf: PyTorch warns who asks for its gradient
    Model(model).see(read_only, gradients=True)
    encoder = pytorch.nn.TransformerEncoderLayer(4, 2, batch_first=True).eval()
    x = np.random.default_rng(0).normal(size=(1, 3, 4))
    seen = Model(encoder).see(x)  # PyTorch has a fast path around the parts
    assert {"self_attn", "linear1", "norm2"} <= seen.outputs.keys()
    np.testing.assert_allclose(seen.answer, Model(encoder).ask(x), atol=1e-5)
    np.testing.assert_allclose(Model(pytorch.relu).see([1.0, -1.0], gradients=True).input_gradients[0], [1, 0])


@pytest.mark.parity
def test_pytorch_gives_the_same_for_every_layer():
    pytorch = pytest.importorskip("torch")
    x = np.random.default_rng(0).normal(size=(2, 1, 8, 8))
    seen = []
    for n in (nn, pytorch.nn):
        model = n.Sequential(
            n.Conv2d(1, 3, 3), n.BatchNorm2d(3), n.ReLU(), n.MaxPool2d(2), n.Flatten(), n.LayerNorm(27), n.Linear(27, 2)
        ).double()
        rng = np.random.default_rng(1)
        Model(model).load({k: rng.normal(size=v.shape) for k, v in Model(model).parameters().items()})
        seen.append(Model(model).see(x, loss=squares, gradients=True, training=True))
    for what in ("outputs", "gradients", "parameter_gradients"):
        ours, theirs = (getattr(s, what) for s in seen)
        assert list(ours) == list(theirs)
        for path, array in ours.items():
            np.testing.assert_allclose(array, theirs[path], rtol=1e-7, atol=1e-9, err_msg=f"{what} of {path}")
