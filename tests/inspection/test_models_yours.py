"""Classes and functions of one's own, and what is no network, as models."""

from dataclasses import dataclass

import numpy as np
import pytest

import learnnn as torch
from learnnn import nn
from learnnn.inspection.models.kind import as_array, is_own_value
from learnnn.inspection.models.model import Model
from tests.inspection.lessons import TensorMLP, ValueMLP, lesson_names


@pytest.fixture(params=["learnnn", pytest.param("torch", marks=pytest.mark.parity)])
def both(request):
    """learnnn, and PyTorch under the same name."""
    return torch if request.param == "learnnn" else pytest.importorskip("torch")


def test_what_is_found_in_the_lessons_networks():
    model = Model(TensorMLP(2, 3, 1))
    assert (model.kind, model.name) == ("yours", "TensorMLP")
    assert list(model.layers()) == ["", "body.first", "body.squash", "head"] == ["", *model.leaves()]
    assert list(model.parameters()) == ["body.first.weight", "body.first.bias", "head.weight", "head.bias"]
    model = Model(ValueMLP(1, 2, 1))
    assert list(model.layers())[:4] == ["", "layers.0", "layers.0.neurons.0", "layers.0.neurons.1"]
    assert list(model.parameters())[:3] == [f"layers.0.neurons.{name}" for name in ("0.w.0", "0.b", "1.w.0")]
    assert model.layer(0) == "layers.0"


def test_a_single_row_of_numbers():
    model = Model(ValueMLP(2, 3, 2))
    assert model.ask([1.0, 2.0]).shape == (2,)
    np.testing.assert_allclose(model.ask([[1.0, 2.0]]), [model.ask([1.0, 2.0])])
    seen = model.see([1.0, 2.0], gradients=True)
    assert (seen.answer.shape, seen.outputs["layers.0"].shape, seen.input_gradients[0].shape) == ((2,), (3,), (2,))
    with pytest.raises(ValueError, match="one at least"):
        model.ask(np.ones((0, 2)))


def test_values_where_plain_numbers_will_not_do():
    Value = lesson_names(3).Value

    class Squash:
        def __init__(self):
            self.w = Value(2.0)

        def __call__(self, x):
            return x[0].tanh() * self.w  # a float has no tanh

    seen = Model(Squash()).see([[1.0], [2.0]])
    np.testing.assert_allclose(seen.answer, 2 * np.tanh([1, 2]))
    np.testing.assert_allclose(seen.outputs[""], seen.answer)


def test_functions_of_values_and_of_tensors():
    names = lesson_names(3)
    w = names.Value(3.0)
    seen = Model(lambda x: w * x[0]).see([[2.0]], gradients=True)
    assert seen.parameter_gradients == {"w": 2} and w.grad == 0
    x = names.Value(2.0)
    x.grad = 5.0
    assert Model(lambda x: x * x).see(x, gradients=True).input_gradients[0] == 4
    assert x.grad == 5

    weight = torch.tensor([1.0, 2.0], requires_grad=True)
    head = nn.Linear(2, 1)
    layers = [nn.Tanh(), nn.Tanh()]

    def function(x):
        x = [x := layer(x * weight) for layer in layers][-1]
        return head(x)

    model = Model(function)
    assert list(model.layers()) == ["", "head", "layers.0", "layers.1"]
    assert list(model.parameters()) == ["head.weight", "head.bias", "weight"]
    seen = model.see(np.ones((2, 2)), gradients=True)
    assert list(seen.outputs) == ["layers.0", "layers.1", "head", ""]
    assert weight.grad is None and seen.parameter_gradients["weight"].shape == (2,)
    seen = Model(torch.tanh).see(np.zeros(1), gradients=True)
    assert (seen.input_gradients[0].tolist(), seen.answer.dtype) == ([1], np.float64)


def test_a_class_of_ones_own_over_the_frameworks_layers(both):
    class Net:
        def __init__(self):
            self.layers = [both.nn.Linear(2, 3), both.nn.Dropout(0.9)]
            self.out = both.nn.Linear(3, 1)

        def forward(self, x):
            for layer in self.layers:
                x = layer(x)
            return self.out(x)

    net = Net()
    model = Model(net)
    assert (model.kind, list(model.layers())) == ("yours", ["", "layers.0", "layers.1", "out"])
    seen = model.see(np.ones((4, 2)), gradients=True)
    np.testing.assert_array_equal(seen.outputs["layers.0"], seen.outputs["layers.1"])
    assert len(seen.parameter_gradients) == 4
    np.testing.assert_allclose(seen.gradients["layers.0"], np.tile(model.parameters()["out.weight"], (4, 1)))
    assert net.layers[1].training and net.out.weight.grad is None
    assert (model.see(np.ones((4, 2)), training=True).outputs["layers.1"] == 0).any()


def test_parts_that_cannot_be_seen_from_outside(both):
    class Holder:
        net = both.nn.Linear(2, 1)

    model = Model(lambda x: Holder.net(x))  # in float32, which is not what numpy's numbers are in
    np.testing.assert_array_equal(model.ask(np.ones((1, 2))), Model(Holder.net).ask(np.ones((1, 2))))
    assert model.see(np.ones((1, 2)), gradients=True).input_gradients[0].shape == (1, 2)
    assert list(model.layers()) == [""]


def test_a_part_that_two_others_share_has_one_path(both):
    class Net:
        def __init__(self):
            shared = both.nn.Linear(1, 1)
            self.a, self.b = both.nn.Sequential(shared), both.nn.Sequential(shared)

        def __call__(self, x):
            return self.b(self.a(x))

    assert list(Model(Net()).layers()) == ["", "a", "a.0", "b"]
    assert list(Model(Net()).parameters()) == ["a.0.weight", "a.0.bias"]
    assert len(Model(Net()).see(np.ones((1, 1))).calls["a.0"]) == 2


def test_values_that_are_told_whether_they_want_a_gradient():
    class Number(lesson_names(3).Value):
        requires_grad = False

    class Net:
        def __init__(self):
            self.w, self.constant = Number(2.0), Number(3.0)
            self.w.requires_grad = True

        def __call__(self, x):
            asked.append(getattr(x[0], "requires_grad", None))
            return self.w * x[0] * self.constant

    asked = []
    assert list(Model(Net()).parameters()) == ["w"]
    assert Model(Net()).see([1.0], gradients=True).parameter_gradients == {"w": 3}
    assert asked == [True]


def test_classes_with_slots_frozen_ones_and_those_with_forward():
    class Slotted:
        __slots__ = ("k",)

        def __call__(self, x):
            return x + 1

    @dataclass(frozen=True)
    class Frozen:
        k: float = 2.0

        def __call__(self, x):
            return x * self.k

    class Forward:
        def forward(self, x):
            return x - 1

    class Net:
        parts = None

        def __init__(self):
            self.a, self.b, self.c, self.back = Slotted(), (Frozen(),), Forward(), self

        def __call__(self, x):
            return self.c.forward(self.b[0](self.a(x)))

    net = Net()
    seen = Model(net).see([1.0])
    assert {path: array.item() for path, array in seen.outputs.items()} == {"a": 2, "b.0": 4, "c": 3, "": 3}
    assert [type(part) for part in (net.a, net.b[0], net.c)] == [Slotted, Frozen, Forward]
    assert Model(net.c).ask([1.0]) == 0


def test_parameters_that_a_class_lists_itself():
    class Net:
        def __init__(self):
            self.w, self._cache, self.count = np.ones(2), np.ones(3), np.arange(3)

        def __call__(self, x):
            return x @ self.w

    class Listing(Net):
        def parameters(self):
            return [self.w, np.zeros(1)]

    class Over(Net):
        def __init__(self):
            self.head = nn.Linear(2, 1)

        def parameters(self):
            return self.head.parameters()

    class Naming(Net):
        def named_parameters(self):
            yield "weight", self.w

    assert list(Model(Net()).parameters()) == ["w"]
    assert list(Model(Listing()).parameters()) == ["w", "1"]
    assert list(Model(Naming()).parameters()) == ["weight"]
    assert list(Model(Over()).parameters()) == ["head.weight", "head.bias"]
    net = Net()
    Model(net).load({"w": [2, 3]})
    assert net.w.tolist() == [2, 3]
    assert Model(net).gradients() == {"w": None}
    with pytest.raises(TypeError, match="plain arrays, which do not remember"):
        Model(net).see([1.0, 2.0], gradients=True)


def test_arrays_have_no_gradients():
    assert Model(lambda x: x.astype(int)).ask([1.5]).tolist() == [1]
    with pytest.raises(TypeError, match="plain arrays.*pass a module, a function of tensors, or"):
        Model(lambda x: x.astype(int)).see([1.0], gradients=True)
    seen = Model(lambda x: np.tanh(x)).see([0.0], gradients=True)  # numpy's functions take tensors
    assert seen.input_gradients[0].tolist() == [1]


def test_a_wrong_model_tells_its_own_error():
    def wrong(x):
        return x + "1"

    with pytest.raises(TypeError, match="ufunc 'add'"):
        Model(wrong).ask([1.0])
    with pytest.raises(TypeError, match="no numbers: does its function end without a return"):
        Model(lambda x: None).ask([1.0])
    with pytest.raises(TypeError, match="no numbers: does its function end without a return"):
        Model(lambda x: None).see([1.0], gradients=True)


@pytest.mark.parametrize(
    ("model", "said"),
    [(3, "a int is no model: pass"), (nn.Linear, "Linear is a class: make a model of it first"), (None, "NoneType")],
)
def test_what_is_no_model(model, said):
    with pytest.raises(TypeError, match=said):
        Model(model)


def test_scikit_learn():
    linear = pytest.importorskip("sklearn.linear_model")
    X, y = np.array([[0.0], [1.0], [2.0], [3.0]]), [0, 0, 1, 1]
    logistic = linear.LogisticRegression().fit(X, y)
    np.testing.assert_allclose(Model(logistic).ask(X), logistic.predict_proba(X))
    ridge = linear.RidgeClassifier().fit(X, y)
    np.testing.assert_allclose(Model(ridge).ask(X), ridge.decision_function(X))
    assert Model(linear.LinearRegression().fit(X, X[:, 0])).ask(X) == pytest.approx(X[:, 0])
    with pytest.raises(TypeError, match="LogisticRegression is a scikit-learn estimator, which has no layers"):
        Model(logistic).layers()
    with pytest.raises(TypeError, match="no layers"):
        Model(logistic).see(X)


def test_numbers_of_every_kind():
    names = lesson_names(3), lesson_names(5)
    value, tensor = names[0].Value(2.0), names[1].Tensor([1.0, 2.0])
    assert is_own_value(value) and is_own_value(tensor) and not is_own_value(torch.ones(1))
    for thing, numbers in [
        (1, 1), ([1, 2], [1, 2]), (torch.tensor([1.0], requires_grad=True), [1]), (value, 2), (tensor, [1, 2]),
        ([value, [value, 3]][1], [2, 3]), (np.array([value, 1], dtype=object), [2, 1]), ([tensor] * 2, [[1, 2]] * 2),
    ]:  # fmt: skip
        assert as_array(thing).tolist() == numbers
    with pytest.raises(TypeError, match="a object holds no numbers"):
        as_array(object())
