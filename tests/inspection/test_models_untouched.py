"""A model is as it was, whatever was done with it."""

import random
import sys

import numpy as np
import pytest

import learnnn as torch
from learnnn import nn
from learnnn.inspection.models.kind import as_array, is_module
from learnnn.inspection.models.model import Model
from learnnn.inspection.models.untouched import Untouched, kept
from tests.inspection.lessons import lesson_names
from tests.inspection.networks import KINDS, with_grads


def own_numbers(kind, model):
    return [*model.parameters()] if kind != "tensors of lesson 05" else [*_own_tensors(model)]


def _own_tensors(model):
    for affine in (model.body["first"], model.head):
        yield from (affine.weight, affine.bias)


def fingerprint(kind, model):
    """All that could be changed, in copies."""
    numbers = [(id(p), id(p.grad), as_array(p).copy(), as_array(p.grad).copy()) for p in own_numbers(kind, model)]
    classes = [type(part) for part in Model(model).layers().values()]
    frameworks = [] if kind != "torch" else [pytest.importorskip("torch").get_rng_state().tolist()]
    modules = list(model.modules()) if is_module(model) else []
    hooks = [len(m._hooks if kind == "learnnn" else m._forward_hooks) for m in modules]
    state = (classes, [m.training for m in modules], hooks, repr(vars(model)))
    drawn = (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state(), frameworks)
    return numbers, state, drawn


def assert_same(before, after):
    for (*ids, data, grad), (*ids_after, data_after, grad_after) in zip(before[0], after[0], strict=True):
        assert ids == ids_after
        np.testing.assert_array_equal(data, data_after)
        np.testing.assert_array_equal(grad, grad_after)
    assert before[1:] == after[1:]


class Planted(Exception):
    pass


def draw_and_fail(*_):
    random.random()
    np.random.rand()
    torch.rand(1)
    if pytorch := sys.modules.get("torch"):
        pytorch.rand(1)
    raise Planted


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("training", [False, True])
def test_a_model_is_left_as_it_was(kind, training):
    model, _ = with_grads(kind)
    before = fingerprint(kind, model)
    assert all(grad.any() for *_, grad in before[0])
    Model(model).ask(np.ones((2, 2)))
    Model(model).see(np.ones((2, 2)), gradients=True, training=training)
    assert_same(before, fingerprint(kind, model))


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_is_left_as_it_was_after_an_error_in_the_loss(kind):
    model, _ = with_grads(kind)
    before = fingerprint(kind, model)
    with pytest.raises(Planted):
        Model(model).see(np.ones((2, 2)), loss=draw_and_fail, gradients=True)
    assert_same(before, fingerprint(kind, model))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", ["ask", "see"])
def test_a_model_is_left_as_it_was_after_an_error_in_the_middle(kind, way, monkeypatch):
    model, paths = with_grads(kind)
    last, name = type(Model(model).layers()[paths[2]]), "forward" if is_module(model) else "__call__"
    before, usual, calls = fingerprint(kind, model), getattr(last, name), []

    def failing(self, *args):
        calls.append(self)
        if self is Model(model).layers()[paths[2]]:
            draw_and_fail()
        return usual(self, *args)

    monkeypatch.setattr(last, name, failing)
    with pytest.raises(Planted):
        getattr(Model(model), way)(np.ones((2, 2)))
    assert calls
    monkeypatch.undo()
    assert_same(before, fingerprint(kind, model))


@pytest.mark.parametrize("kind", KINDS)
def test_kept_undoes_training(kind):
    model, _ = with_grads(kind)
    before = fingerprint(kind, model)

    def change():
        Model(model).load({path: array + 1 for path, array in Model(model).parameters().items()})
        for p in own_numbers(kind, model):
            p.grad *= 2
        if is_module(model):
            model.eval()
            model.register_forward_hook(lambda *_: None)
        model.something_new = 1
        draw_and_fail()

    with pytest.raises(Planted), Model(model).kept():
        change()
    assert_same(before, fingerprint(kind, model))
    assert not hasattr(model, "something_new")


def test_running_moments_are_put_back():
    model = nn.Sequential(nn.BatchNorm1d(2), nn.Dropout(0.5))
    model[0].eval()
    before = {name: b.array.copy() for name, b in model.named_buffers()}
    X = np.random.default_rng(0).normal(size=(50, 2))
    seen = Model(model).see(X, training=True)
    np.testing.assert_allclose(seen.outputs["0"].std(0), 1, rtol=1e-3)
    assert (seen.answer == 0).mean() == pytest.approx(0.5, abs=0.2)
    np.testing.assert_allclose(Model(model).see(X).answer, X, rtol=1e-4)
    assert [part.training for part in model.modules()] == [True, False, True]
    for name, buffer in model.named_buffers():
        np.testing.assert_array_equal(buffer.array, before[name])


def test_kept_puts_back_what_a_class_of_ones_own_keeps():
    class Net:
        def __init__(self):
            self.w, self.rng, self.cache, self.steps = np.ones(3), np.random.default_rng(0), [], 0
            self.inner = {"state": np.zeros(2), "mode": random.Random(1)}

        def __call__(self, x):
            self.w *= 2
            self.steps += 1
            self.cache.append(x)
            self.inner["state"][0] = self.rng.random() + self.inner["mode"].random()
            self.inner["late"] = 1
            return x

    net = Net()
    answers = [Model(net).ask([1.0, 2.0]) for _ in range(2)]
    np.testing.assert_array_equal(*answers)
    assert (net.w.tolist(), net.cache, net.steps, net.inner["state"].tolist()) == ([1, 1, 1], [], 0, [0, 0])
    assert list(net.inner) == ["state", "mode"]
    assert net.rng.random() == np.random.default_rng(0).random()
    assert net.inner["mode"].random() == random.Random(1).random()


def test_a_deep_graph_is_no_trouble():
    Value = lesson_names(3).Value

    class Net:
        def __init__(self):
            self.w = Value(1.0)
            self.last = self.w
            for _ in range(3000):
                self.last = self.last + 0.0

        def __call__(self, x):
            return self.last * x[0]

    net = Net()
    seen = Model(net).see([[2.0], [3.0]], gradients=True)
    assert seen.parameter_gradients == {"w": 5.0}
    assert (net.w.grad, net.last.grad) == (0, 0)


def test_gradients_that_grow_in_place_are_put_back():
    x = nn.Parameter(torch.ones(2))
    x.grad = torch.ones(2)
    held, numbers = x.grad, x.grad.array
    with kept(x):
        (x * x).sum().backward()
        assert x.grad.tolist() == [3, 3]
    assert x.grad is held and held.array is numbers and numbers.tolist() == [1, 1]


def test_untouched_restores_as_often_as_asked():
    x, untouched = np.zeros(2), Untouched()
    untouched.keep([x])
    for _ in range(2):
        x += 1
        untouched.restore()
        assert x.tolist() == [0, 0]
