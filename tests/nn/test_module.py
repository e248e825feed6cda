"""Module: what is not a comparison with PyTorch. Errors that teach, swapping, random layers, copies."""

import copy
import pickle

import numpy as np
import pytest

import learnnn as torch
from learnnn import nn, ops
from learnnn.nn import functional as F


def test_an_error_names_the_layer_and_both_shapes():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.head = nn.Linear(64, 10)

        def forward(self, x):
            return self.head(x)

    with pytest.raises(RuntimeError) as caught:
        Net()(torch.zeros(32, 48))
    assert str(caught.value) == (
        "Linear 'head' expects 64 features, got 48: the input is (32, 48); did you mean nn.Linear(48, 10)?"
    )


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: nn.Linear(64, 10)(torch.zeros(5, 8, 8)), RuntimeError, "nn.Flatten()"),
        (lambda: nn.Linear(2, 2)(torch.zeros(3, 2).double()), RuntimeError, "expects float32, got float64"),
        (lambda: nn.Linear(2, 2)([[1.0, 2.0]]), TypeError, "takes a Tensor, got list"),
        (lambda: nn.Sequential([nn.ReLU()]), TypeError, "write a * before it"),
        (lambda: nn.Sequential(nn.ReLU), TypeError, "did you mean ReLU(...)"),
        (lambda: F.cross_entropy(torch.zeros(2, 3), torch.tensor([1, 3])), IndexError, "Target 3 is out of bounds"),
        (lambda: F.cross_entropy(torch.zeros(2, 3), torch.tensor([1, 3])), IndexError, "labels go from 0 to 2"),
        (lambda: F.cross_entropy(torch.zeros(2, 3), torch.tensor([1.0, 2.0])), RuntimeError, "target.long()"),
        (
            lambda: F.cross_entropy(torch.zeros(2, 3), torch.tensor([1])),
            ValueError,
            "(2) to match target batch_size (1)",
        ),
        (lambda: F.cross_entropy(torch.zeros(2, 3), torch.zeros(2, 1).long()), RuntimeError, "target.squeeze(1)"),
        (
            lambda: F.binary_cross_entropy_with_logits(torch.zeros(2, 1), torch.zeros(2)),
            ValueError,
            "target.unsqueeze(1)",
        ),
        (lambda: nn.Linear(2, 2).weigth, AttributeError, "no attribute 'weigth'"),
        (lambda: nn.ReLU(True, 3), TypeError, "ReLU() takes (inplace)"),
        (lambda: nn.MSELoss(weight=1), TypeError, "MSELoss() takes"),
        (lambda: nn.Module().register_forward_hook(print, always_call=True), NotImplementedError, "always_call"),
    ],
)
def test_errors_teach(call, error, said):
    with pytest.raises(error) as caught:
        call()
    assert said in str(caught.value)


def test_a_failed_load_changes_nothing():
    model = nn.Linear(3, 2)
    before = copy.deepcopy(model.state_dict())
    with pytest.raises(RuntimeError) as caught:
        model.load_state_dict({"weight": torch.zeros(2, 3), "bias": torch.zeros(5), "scale": torch.zeros(1)})
    text = str(caught.value)
    assert text.startswith("Error(s) in loading state_dict for Linear:\n\t")
    assert 'Unexpected key(s) in state_dict: "scale". ' in text
    assert "size mismatch for bias: copying a param with shape torch.Size([5]) from checkpoint" in text
    assert all((model.state_dict()[key] == before[key]).all() for key in before)


def test_state_dict_shares_memory_and_load_copies_in_place():
    model = nn.Linear(3, 2)
    state, array = model.state_dict(), model.weight.array
    state["weight"].zero_()
    assert not model.weight.array.any()
    model.load_state_dict({"weight": np.ones((2, 3)), "bias": torch.ones(2)})
    assert model.weight.array is array
    assert array.all()
    assert array.dtype == np.float32


def test_a_learners_layer_and_operation_are_used_everywhere(monkeypatch):
    calls = []

    def linear(input, weight, bias=None):
        calls.append(input.shape)
        return input @ weight.T + bias

    monkeypatch.setattr(ops, "linear", linear)
    model = nn.Sequential(nn.Linear(3, 2), nn.Sequential(nn.Linear(2, 1)))
    model(torch.zeros(4, 3))
    assert calls == [(4, 3), (4, 2)]
    monkeypatch.setattr(nn, "Linear", lambda *args: nn.Identity())
    assert isinstance(nn.Linear(3, 2), nn.Identity)


def test_a_broken_layer_of_a_learner_shows_its_own_error(monkeypatch):
    def linear(input, weight, bias=None):
        raise ValueError("my mistake")

    monkeypatch.setattr(ops, "linear", linear)
    with pytest.raises(ValueError, match="my mistake"):
        nn.Linear(3, 2)(torch.zeros(4, 3))


def test_gradients_follow_the_dtype_of_the_model():
    model = nn.Linear(3, 2)
    model(torch.zeros(4, 3)).sum().backward()
    model.double()
    assert model.weight.grad.dtype == np.float64
    model.zero_grad()
    model(torch.zeros(4, 3).double()).sum().backward()
    assert model.weight.grad.dtype == np.float64


def test_zero_grad():
    model = nn.Linear(3, 2)
    model(torch.ones(4, 3)).sum().backward()
    model.zero_grad(set_to_none=False)
    assert not model.weight.grad.array.any()
    model.zero_grad()
    assert model.weight.grad is None


def test_copies_are_apart_and_tied_parameters_stay_tied():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    model[1].weight = model[0].weight
    model(torch.ones(1, 2)).sum().backward()
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert twin[1].weight is twin[0].weight
        assert twin[0].weight is not model[0].weight
        assert type(twin[0].weight) is nn.Parameter
        assert (twin[0].weight.grad == model[0].weight.grad).all()
        assert not np.shares_memory(twin[0].weight.grad.array, model[0].weight.grad.array)
        twin[0].weight.array[...] = 7
        assert not (model[0].weight.array == 7).any()


def test_dropout_drops_and_scales():
    torch.manual_seed(0)
    x = torch.ones(100_000, requires_grad=True)
    y = nn.Dropout(0.25)(x)
    assert set(np.unique(y.detach().numpy()).round(4)) == {0.0, np.float32(4 / 3).round(4)}
    assert abs(y.detach().numpy().mean() - 1) < 0.01
    y.sum().backward()
    assert (x.grad.numpy() == y.detach().numpy()).all()
    with torch.no_grad():
        z = torch.ones(1000)
        assert F.dropout(z, 0.5, inplace=True) is z
    assert (z == 0).any()


def test_the_seed_decides_the_weights():
    torch.manual_seed(3)
    a = nn.Linear(4, 4).weight
    torch.manual_seed(3)
    assert (nn.Linear(4, 4).weight == a).all()


def test_softmax_without_dim_warns():
    with pytest.warns(UserWarning, match="Implicit dimension choice"):
        assert nn.Softmax()(torch.zeros(2, 4)).tolist() == [[0.25] * 4] * 2


def test_an_activation_reads_its_settings_when_called():
    layer = nn.LeakyReLU(0.5)
    layer.negative_slope = 0.25
    assert layer(torch.tensor([-4.0])).tolist() == [-1.0]


def test_double_backward_through_hooks():
    layer, seen = nn.Tanh(), []
    layer.register_full_backward_hook(lambda m, i, o: seen.append(i[0].requires_grad))
    x = torch.tensor(0.5, requires_grad=True)
    (g,) = torch.autograd.grad(layer(x), x, create_graph=True)
    g.backward()
    y = np.tanh(0.5)
    assert np.isclose(x.grad.item(), -2 * y * (1 - y * y))
    assert seen[0]


def test_parameters_before_init_are_refused():
    class Early(nn.Module):
        def __init__(self):
            self.layer = nn.Linear(1, 1)

    with pytest.raises(AttributeError, match=r"cannot assign module before Module.__init__\(\) call"):
        Early()


def test_dir_knows_the_layers():
    model = nn.Sequential(nn.Linear(1, 1))
    assert {"weight", "bias", "forward"} <= set(dir(model[0]))
    assert "in_features" in dir(model[0])
