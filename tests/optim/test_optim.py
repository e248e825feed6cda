"""Optimizers: what is not a comparison with PyTorch."""

import numpy as np
import pytest

import learnnn as torch
from learnnn import nn, optim
from learnnn.optim import optimizer as module

MAKERS = {
    "SGD": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.1),
    "Adam": lambda p: optim.Adam(p, lr=0.1, weight_decay=0.1, amsgrad=True),
    "AdamW": lambda p: optim.AdamW(p, lr=0.1, maximize=True),
}


def parameters(*shapes):
    rng = np.random.default_rng(0)
    made = [torch.tensor(rng.standard_normal(shape), requires_grad=True) for shape in shapes]
    for p in made:
        p.grad = torch.tensor(rng.standard_normal(p.shape))
    return made


@pytest.mark.parametrize("name", MAKERS)
def test_a_step_is_in_place_and_leaves_the_gradient(name):
    (p,) = parameters((4, 3))
    array, grad, version = p.array, p.grad.array.copy(), p._version
    MAKERS[name]([p]).step()
    assert p.array is array
    assert (p.grad.array == grad).all()
    assert p._version > version


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("shape", [(5, 7), (70_001,)])
def test_large_parameters_are_updated_in_blocks_with_the_same_result(name, shape, monkeypatch):
    found = []
    for block in (3, 10_000_000):
        monkeypatch.setattr(module, "BLOCK", block if shape == (5, 7) else block + 32_768)
        (p,) = parameters(shape)
        optimizer = MAKERS[name]([p])
        for _ in range(3):
            optimizer.step()
        found.append(p.array)
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("name", MAKERS)
def test_parameters_that_are_views_are_updated(name):
    (whole,) = parameters((6, 8))
    turned = torch.tensor(0.0)
    turned.data = whole.array.T
    turned.requires_grad_()
    turned.grad = torch.tensor(whole.grad.array.T.copy())
    MAKERS[name]([turned]).step()
    (again,) = parameters((6, 8))
    MAKERS[name]([again]).step()
    np.testing.assert_allclose(turned.array.T, again.array)
    assert (whole.array == turned.array.T).all()


def test_a_graph_that_used_the_old_values_is_refused():
    w = torch.tensor([2.0], requires_grad=True)
    loss = (w * w).sum()
    w.grad = torch.ones(1)
    optim.SGD([w], lr=0.1).step()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_parameters_without_gradient_are_left_alone():
    a, b = parameters((2,), (2,))
    b.grad, before = None, b.array.copy()
    optimizer = optim.Adam([a, b])
    optimizer.step()
    assert (b.array == before).all()
    assert list(optimizer.state_dict()["state"]) == [0]


def test_zero_grad():
    (p,) = parameters((2,))
    optimizer = optim.SGD([p])
    optimizer.zero_grad(set_to_none=False)
    assert p.grad.tolist() == [0, 0]
    optimizer.zero_grad()
    assert p.grad is None


def test_a_model_given_whole_is_explained():
    with pytest.raises(TypeError, match=r"did you mean model.parameters\(\)"):
        optim.Adam(nn.Linear(1, 1))


def test_a_scheduler_before_the_optimizer_warns():
    scheduler = optim.lr_scheduler.StepLR(optim.SGD(parameters((1,))), 2)
    with pytest.warns(UserWarning, match=r"before `optimizer.step\(\)`"):
        scheduler.step()


def test_loading_copies_the_state():
    (p,) = parameters((2,))
    optimizer = optim.Adam([p])
    optimizer.step()
    saved = optimizer.state_dict()
    twin = optim.Adam([p])
    twin.load_state_dict(saved)
    twin.step()
    assert saved["state"][0]["step"].item() == 1
    assert twin.state[p]["step"].item() == 2
