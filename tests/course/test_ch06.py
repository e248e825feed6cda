"""Lesson 06's bank: its truth is true, and a learner's layers run the framework wherever the framework goes."""

import copy
import io
import math
import pickle
from collections import OrderedDict
from typing import ClassVar

import numpy as np
import pytest

import learnnn as torch
from learnnn import course, inspection, nn
from learnnn.course.exercise import find
from learnnn.course.exercises import ch06_modules_and_init as bank

IDS = (
    "nn.Parameter",
    "nn.Module",
    "nn.Linear",
    "nn.Sequential",
    "nn.state_dict",
    "nn.load_state_dict",
    "nn.fan",
    "nn.xavier_uniform_",
    "nn.kaiming_normal_",
    "nn.Flatten",
    "nn.count",
    "nn.predict",
    "nn.find_the_bug",
)
COMPONENTS = [id for id in IDS if find(id).replaces]
RIGHT = [(id, code) for id in COMPONENTS for code in (find(id).solution, *find(id).variants)]
ALL = {id: find(id).solution for id in COMPONENTS}


def test_the_lesson_asks_these_exercises():
    assert {exercise.id for exercise in course.exercises(lesson=6)} == set(IDS)


def test_four_of_them_take_a_place_in_the_framework():
    assert [find(id).replaces for id in COMPONENTS] == [
        "learnnn.nn.Linear",
        "learnnn.nn.Sequential",
        "learnnn.nn.init.xavier_uniform_",
        "learnnn.nn.init.kaiming_normal_",
    ]


@pytest.mark.parametrize("id", IDS)
def test_every_hint_says_something(id):
    exercise = find(id)
    assert all(len(mistake.hint) > 30 for mistake in exercise.mistakes)
    assert all(len(hint) > 30 for hint in exercise.hints)


def test_a_hint_speaks_of_the_learners_question():
    report = course.check("nn.fan", lambda shape: bank.fan(shape)[::-1])
    assert report.diagnosis == "in-and-out-exchanged"
    assert "shape = (2, 3)" in report.hint


def test_a_check_leaves_random_numbers_and_the_default_dtype_alone():
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    dtype = torch.get_default_dtype()
    for id in IDS:
        course.check(id, find(id).solution)
    assert torch.get_default_dtype() == dtype
    assert (torch.rand(2) == expected).all()


def test_a_check_knows_the_learners_own_parameter_and_module():
    class Parameter(torch.Tensor):
        def __init__(self, data, requires_grad=True):
            super().__init__(data)
            self.requires_grad = requires_grad

    class Module:
        def __init__(self):
            self.__dict__.update(_parameters={}, _modules={}, training=True)

        def __setattr__(self, name, value):
            self._parameters.pop(name, None), self._modules.pop(name, None)
            if isinstance(value, Parameter):
                self._parameters[name] = value
            if isinstance(value, Module):
                self._modules[name] = value
            super().__setattr__(name, value)

        named_parameters, parameters, train = (
            bank.Module.named_parameters,
            bank.Module.parameters,
            bank.Module.train,
        )
        eval, zero_grad, __call__ = bank.Module.eval, bank.Module.zero_grad, bank.Module.__call__

    assert course.check("nn.Module", Module)


def test_what_a_class_shares_between_its_objects_is_as_before():
    class Counting(bank.Module):
        made: ClassVar[dict] = {"names": ["a"]}

    assert course.check("nn.Module", Counting)
    assert Counting.made == {"names": ["a"]}


# ------------------------------------------------------------------------------------------------- the truth
def test_even_and_normal_shares():
    rng = np.random.default_rng(0)
    for share, x in ((bank.EVEN, rng.uniform(-2, 2, 400_000)), (bank.NORMAL, rng.normal(0, 3, 400_000))):
        assert bank.spread(torch.tensor(x))[2] == pytest.approx(share, abs=0.004)


@pytest.mark.parametrize("shape", [(4, 9), (9, 4), (6, 5, 3), (4, 3, 2, 5)])
def test_fans_are_those_of_the_shipped_initializations(shape):
    assert bank.fan(shape) == nn.init._fans(torch.zeros(*shape))


@pytest.mark.parametrize("seed", range(3))
def test_first_weights_have_the_spread_of_the_shipped_ones(seed):
    for mine, shipped in (
        (bank.xavier_uniform_, nn.init.xavier_uniform_),
        (bank.kaiming_normal_, nn.init.kaiming_normal_),
    ):
        spreads = []
        for fill in (mine, shipped):
            torch.manual_seed(seed)
            spreads.append(bank.spread(fill(torch.zeros(200, 300))))
        assert spreads[0] == pytest.approx(spreads[1], rel=0.02, abs=1e-3)


def test_the_predicted_numbers_are_so():
    shared = bank.Linear(8, 8)
    model = bank.Sequential(bank.Linear(4, 8), shared, bank.Flatten(), shared, bank.Linear(8, 2))
    x = np.random.default_rng(0).normal(size=(200, 100))
    for _ in range(10):
        x = x @ np.random.default_rng(x.size).normal(0, 0.05, (100, 100))
    assert sum(p.numel() for p in model.parameters()) == bank.ANSWERS[0]
    assert len(bank.state_dict(model)) == bank.ANSWERS[1]
    assert bank.ANSWERS[2] == (math.sqrt(100) * 0.05) ** 10


def test_the_answer_of_a_prediction_is_not_given_away():
    report = course.check("nn.predict", lambda: (130, 8, 7))
    assert not report.passed
    assert "0.00097" not in repr(report)


def test_nudging_agrees_with_a_training_by_the_framework():
    rng = np.random.default_rng(0)
    arrays = tuple(rng.normal(size=shape) for shape in ((4, 2), (4,), (3, 4), (3,)))
    x, wanted = rng.normal(size=(5, 2)), rng.normal(size=(5, 3))
    model = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 3)).double()
    for parameter, numbers in zip(model.parameters(), arrays, strict=True):
        parameter.data = torch.tensor(numbers)
    for _ in range(3):
        model.zero_grad()
        ((model(torch.tensor(x)) - torch.tensor(wanted)) ** 2).mean().backward()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= 0.1 * parameter.grad
    for mine, parameter in zip(bank.stepped(arrays, x, wanted, 3), model.parameters(), strict=True):
        assert mine == pytest.approx(parameter.detach().numpy(), rel=1e-6, abs=1e-7)


# ---------------------------------------------------------------------------- the learner's code in the framework
def make():
    return nn.Sequential(
        nn.Linear(4, 8), nn.Tanh(), nn.Sequential(nn.Linear(8, 8), nn.ReLU()), nn.Linear(8, 2, bias=False)
    )


def numbers(model):
    return {name: t.numpy().copy() for name, t in model.state_dict().items()}


START = numbers(make())


def losses(model, steps=8):
    torch.manual_seed(1)
    x, y = torch.randn(6, 4), torch.randn(6, 2)
    found = []
    for _ in range(steps):
        model.zero_grad()
        miss = model(x) - y
        loss = (miss * miss).mean()
        loss.backward()
        found.append(loss.item())
        with torch.no_grad():
            for p in model.parameters():
                p -= 0.1 * p.grad
    return found


def started():
    model = make()
    model.load_state_dict({name: torch.tensor(array) for name, array in START.items()})
    return model


@pytest.mark.parametrize(("id", "code"), RIGHT)
def test_any_right_way_to_write_it_trains_the_same_network(id, code):
    expected = losses(started())
    with course.swapped({id: code}):
        assert losses(started()) == pytest.approx(expected, rel=1e-5)


def test_all_of_them_together_train_the_same_network():
    expected = losses(started())
    with course.swapped(ALL):
        model = started()
        assert losses(model) == pytest.approx(expected, rel=1e-5)
        x = torch.tensor(np.random.default_rng(0).normal(size=(3, 4)), requires_grad=True)
        assert inspection.gradcheck(model.double(), (x,)).passed


def test_a_network_of_yours_is_one_of_the_framework():
    with course.swapped(ALL):
        model = make()
        assert isinstance(model, nn.Module)
        assert isinstance(model, nn.Sequential)
        assert isinstance(model[0], nn.Linear)
        assert not isinstance(model[1], nn.Linear)
        assert type(model[0]).__name__ == "Linear"
        yours = model
    assert repr(yours) == repr(make())
    assert [*yours.state_dict()] == [*make().state_dict()]
    assert isinstance(yours[0], nn.Linear)
    assert [type(m).__name__ for m in yours.modules()] == [type(m).__name__ for m in make().modules()]


def test_what_was_made_before_still_counts():
    before = make()
    with course.swapped(ALL):
        assert isinstance(before, nn.Sequential)
        assert isinstance(before[0], nn.Linear)

        class Wide(nn.Linear):
            pass

        assert not isinstance(before[0], Wide)
        assert isinstance(Wide(2, 3), nn.Linear)


def test_the_learners_numbers_and_the_learners_forward_are_used():
    class Odd(bank.Linear):
        def __init__(self, in_features, out_features, bias=True):
            super().__init__(in_features, out_features, bias)
            self.weight.data = torch.full((out_features, in_features), 0.5)

        def forward(self, x):
            return super().forward(x) * 2

    with course.swapped({"nn.Linear": Odd}):
        layer = nn.Linear(3, 2, bias=False)
        assert (layer.weight == 0.5).all()
        assert layer(torch.ones(1, 3)).tolist() == [[3.0, 3.0]]


def test_they_draw_from_the_seed_and_no_more_than_once():
    with course.swapped(ALL):
        torch.manual_seed(0)
        one = make()
        after = torch.rand(1)
        torch.manual_seed(0)
        other = make()
        assert (torch.rand(1) == after).all()
        one(torch.ones(2, 4))
        for a, b in zip(one.parameters(), other.parameters(), strict=True):
            assert (a == b).all()


def test_asking_a_copy_draws_no_random_numbers():
    with course.swapped(ALL):
        model = pickle.loads(pickle.dumps(make()))
        torch.manual_seed(0)
        expected = torch.rand(1)
        torch.manual_seed(0)
        model(torch.ones(2, 4))
        assert (torch.rand(1) == expected).all()


def test_copies_and_pickles():
    x = torch.randn(3, 4)
    with course.swapped(ALL):
        model = make()
        expected = model(x)
        for copied in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
            assert (copied(x) == expected).all()
            with torch.no_grad():
                copied[0].weight.zero_()
            assert (model(x) == expected).all()
            assert not (copied(x) == expected).all()
        stored = pickle.dumps(model)
    assert type(pickle.loads(stored)) is nn.Sequential
    assert (pickle.loads(stored)(x) - expected).abs().max() < 1e-6
    assert type(pickle.loads(pickle.dumps(model))) is nn.Sequential


def test_saved_and_loaded_by_the_framework():
    with course.swapped(ALL):
        model, file = make(), io.BytesIO()
        torch.save(model.state_dict(), file)
        file.seek(0)
        other = make()
        assert repr(other.load_state_dict(torch.load(file))) == "<All keys matched successfully>"
        assert (other(torch.ones(1, 4)) == model(torch.ones(1, 4))).all()


def test_weights_that_are_exchanged_shared_or_converted_are_used():
    with course.swapped(ALL):
        first, second = nn.Linear(3, 3), nn.Linear(3, 3)
        second(torch.ones(1, 3))
        second.weight, second.bias = first.weight, None
        assert (second(torch.ones(1, 3)) == torch.ones(1, 3) @ first.weight.T).all()
        assert len([*nn.Sequential(first, second).parameters()]) == 2
        assert first.double()(torch.ones(1, 3, dtype=torch.float64)).dtype == torch.float64
        nn.init.zeros_(first.weight)
        assert (second(torch.ones(1, 3, dtype=torch.float64)) == 0).all()


def test_hooks_see_every_layer():
    seen = []
    with course.swapped(ALL):
        model = make()
        for name, module in model.named_modules():
            module.register_forward_hook(lambda module, args, out, name=name: seen.append(name))
        model(torch.ones(2, 4))
    assert seen == ["0", "1", "2.0", "2.1", "2", "3", ""]


def test_modes_reach_every_layer():
    with course.swapped(ALL):
        model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5)).eval()
        assert (model(torch.ones(2, 4)) == model[0](torch.ones(2, 4))).all()
        assert [module.training for module in model.modules()] == [False] * 3


def test_a_sequential_of_yours_is_a_list_as_before():
    with course.swapped(ALL):
        model = make()
        model.append(nn.Tanh())
        assert len(model) == 5
        assert isinstance(model[-1], nn.Tanh)
        assert model(torch.ones(1, 4)).abs().max() < 1
        del model[-1]
        model[1] = nn.ReLU()
        assert [type(m).__name__ for m in model] == ["Linear", "ReLU", "Sequential", "Linear"]
        assert (model[:2](torch.ones(1, 4)) >= 0).all()
        assert type(model[:2]) is type(model)
        with pytest.raises(IndexError, match="index 4 is out of range"):
            model[4]
        named = nn.Sequential(OrderedDict(body=nn.Linear(4, 3), act=nn.Tanh()))
        assert [name for name, _ in named.named_parameters()] == ["body.weight", "body.bias"]
        assert named.body is named[0]
        assert named(torch.ones(1, 4)).shape == (1, 3)
        assert nn.Sequential()(5) == 5
        shared = nn.Linear(4, 4)
        twice = nn.Sequential(shared, shared)
        assert twice[0] is twice[1]
        assert (twice(torch.ones(1, 4)) == shared(shared(torch.ones(1, 4)))).all()


BAD = [
    lambda: nn.Linear(3, 2)(torch.ones(2, 4)),
    lambda: nn.Linear(3, 2)([1.0, 2.0, 3.0]),
    lambda: nn.Linear(3, 2)(torch.ones(2, 3, dtype=torch.float64)),
    lambda: nn.Sequential(nn.Linear(3, 2), nn.Linear(3, 2))(torch.ones(2, 3)),
    lambda: nn.Sequential(nn.Linear(3, 2), torch.tanh),
    lambda: nn.Sequential([nn.Linear(3, 2)]),
    lambda: nn.Sequential(nn.Linear(3, 2))[7],
    lambda: nn.init.xavier_uniform_(torch.ones(3)),
    lambda: nn.init.kaiming_normal_(torch.ones(3)),
    lambda: nn.init.kaiming_normal_(torch.ones(3, 2), mode="fan"),
    lambda: nn.init.kaiming_normal_(torch.ones(3, 2), nonlinearity="sine"),
    lambda: nn.init.xavier_uniform_(torch.ones(3, 2), gane=2),
]


@pytest.mark.parametrize("bad", BAD)
def test_bad_input_is_refused_in_the_frameworks_words(bad):
    with pytest.raises(Exception) as plain:
        bad()
    with course.swapped(ALL), pytest.raises(type(plain.value)) as mine:
        bad()
    assert str(mine.value) == str(plain.value)


CALLS = {
    "vectors": lambda layer: layer(torch.ones(4)),
    "stacks": lambda layer: layer(torch.ones(2, 3, 4)),
    "none": lambda layer: layer(torch.ones(0, 4)),
    "double": lambda layer: layer.double()(torch.ones(2, 4, dtype=torch.float64)),
    "half": lambda layer: layer.half()(torch.ones(2, 4, dtype=torch.float16)),
}


@pytest.mark.parametrize("call", CALLS)
def test_every_kind_of_input_gives_what_it_gave(call):
    found = []
    for parts in ({}, ALL):
        with course.swapped(parts):
            layer = nn.Linear(4, 2)
            layer.load_state_dict({"weight": torch.arange(8.0).reshape(2, 4), "bias": torch.tensor([1.0, -1.0])})
            found.append(CALLS[call](layer))
    assert found[0].dtype == found[1].dtype
    assert found[0].shape == found[1].shape
    assert (found[0] == found[1]).all()


def test_dtypes_and_empty_layers():
    with course.swapped(ALL):
        assert nn.Linear(3, 2, dtype=torch.float64).weight.dtype == torch.float64
        assert nn.Linear(0, 2)(torch.ones(3, 0)).shape == (3, 2)


def test_higher_derivatives_go_through():
    with course.swapped(ALL):
        layer = nn.Sequential(nn.Linear(2, 3), nn.Tanh())
        x = torch.ones(1, 2, requires_grad=True)
        (first,) = torch.autograd.grad(layer(x).sum(), x, create_graph=True)
        (first * first).sum().backward()
        assert layer[0].weight.grad.abs().sum() > 0


OTHER_CALLS = [
    lambda w: nn.init.kaiming_normal_(w, mode="fan_out"),
    lambda w: nn.init.kaiming_normal_(w, generator=torch.Generator().manual_seed(4)),
    lambda w: nn.init.xavier_uniform_(w, generator=torch.Generator().manual_seed(4)),
]


@pytest.mark.parametrize("call", OTHER_CALLS)
def test_other_arguments_go_to_the_shipped_initialization(call):
    torch.manual_seed(0)
    expected = call(torch.zeros(4, 3))
    torch.manual_seed(0)
    with course.swapped(ALL):
        assert (call(torch.zeros(4, 3)) == expected).all()


@pytest.mark.parametrize(("name", "gain"), [("relu", math.sqrt(2)), ("tanh", 5 / 3), ("linear", 1.0)])
def test_the_name_of_an_activation_becomes_a_gain(name, gain):
    with course.swapped(ALL):
        w = nn.init.kaiming_normal_(torch.zeros(300, 200), nonlinearity=name)
        assert w.numpy().std() == pytest.approx(gain / math.sqrt(200), rel=0.02)
        assert w.dtype == torch.float32


def test_by_activation_uses_the_learners_weights():
    def kaiming_normal_(tensor, gain=2**0.5):
        with torch.no_grad():
            return tensor.fill_(7.0)

    with course.swapped({"nn.kaiming_normal_": kaiming_normal_}):
        model = nn.init.by_activation_(nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)))
    assert (model[0].weight == 7).all()


def test_an_unwritten_part_is_named_when_the_framework_needs_it():
    class Linear(bank.Module):
        def __init__(self, in_features, out_features, bias=True):
            raise NotImplementedError()

    with course.swapped({"nn.Linear": Linear}), pytest.raises(NotImplementedError):
        nn.Linear(2, 2)


def test_the_culprit_is_found():
    class Linear(bank.Linear):
        def forward(self, x):
            return x @ self.weight.detach().T + (0 if self.bias is None else self.bias)

    expected = losses(started())[-1]
    with course.swapped(ALL | {"nn.Linear": Linear}):
        blame = course.bisect(lambda: abs(losses(started())[-1] - expected) < 1e-4)
    assert blame.culprit == "nn.Linear"
