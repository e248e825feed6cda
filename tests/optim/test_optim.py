"""Optimizers: what is not a comparison with PyTorch."""

import numpy as np
import pytest

import learnnn as torch
from learnnn import nn, optim

MAKERS = {
    "SGD": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.1),
    "Adam": lambda p: optim.Adam(p, lr=0.1, weight_decay=0.1, amsgrad=True),
    "AdamW": lambda p: optim.AdamW(p, lr=0.1, maximize=True),
    "NAdam": lambda p: optim.NAdam(p, lr=0.1, decoupled_weight_decay=True, weight_decay=0.1),
    "RAdam": lambda p: optim.RAdam(p, lr=0.1, l1=0.1),
    "Adagrad": lambda p: optim.Adagrad(p, lr=0.1, l1=0.1),
    "RMSprop": lambda p: optim.RMSprop(p, lr=0.1, momentum=0.9, centered=True),
    "Adadelta": lambda p: optim.Adadelta(p, weight_decay=0.1),
}
ALL = ("SGD", "Adam", "AdamW", "NAdam", "RAdam", "Adagrad", "RMSprop", "Adadelta", "LBFGS")


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


def train(name, steps, penalty=None, shrink=1.0, **options):
    """Parameters after so many steps on a curved loss, to which `penalty(p)` is added."""
    p, *_ = parameters((4, 3))
    options = ({"max_iter": 1} if name == "LBFGS" else {}) | options
    optimizer = getattr(optim, name)([p], lr=0.01, **options)

    def closure():
        optimizer.zero_grad()
        loss = (p * p * p * p).sum() + (penalty(p) if penalty else 0)
        loss.backward()
        return loss

    for _ in range(steps):
        p.data *= shrink
        optimizer.step(closure)
    return p.detach().numpy()


@pytest.mark.parametrize("name", ALL)
def test_l1_and_l2_are_penalties_of_the_loss(name):
    plain = {"weight_decay": 0} if name == "AdamW" else {}
    l1 = lambda p: 0.3 * p.abs().sum()
    l2 = lambda p: 0.2 / 2 * (p * p).sum()
    np.testing.assert_allclose(train(name, 8, l1=0.3, **plain), train(name, 8, l1, **plain), rtol=1e-9)
    if name != "AdamW":  # whose decay is always decoupled
        both = lambda p: l1(p) + l2(p)
        np.testing.assert_allclose(train(name, 8, weight_decay=0.2), train(name, 8, l2), rtol=1e-9)
        np.testing.assert_allclose(train(name, 8, weight_decay=0.2, l1=0.3), train(name, 8, both), rtol=1e-9)


@pytest.mark.parametrize("name", ALL)
def test_decoupled_decay_shrinks_the_parameter(name):
    """By 1 - lr * weight_decay before the step; the gradient is that of the parameter before (after, for LBFGS)."""
    plain = {"weight_decay": 0} if name == "AdamW" else {}
    decoupled = {} if name == "AdamW" else {"decoupled_weight_decay": True}
    (p,), (q,) = parameters((4, 3)), parameters((4, 3))
    options = {"max_iter": 1} if name == "LBFGS" else {}
    a = getattr(optim, name)([p], lr=0.01, weight_decay=0.2, **decoupled, **options)
    b = getattr(optim, name)([q], lr=0.01, **plain, **options)
    for _ in range(8):  # with the same gradients, whatever the parameters are
        a.step(lambda: torch.tensor(0.0))
        q.data *= 1 - 0.01 * 0.2
        b.step(lambda: torch.tensor(0.0))
    np.testing.assert_allclose(p.array, q.array, rtol=1e-12)


def test_penalties_of_one_group():
    a, b = parameters((3,), (3,))
    before = b.array.copy()
    a.grad, b.grad = torch.zeros_like(a), torch.zeros_like(b)
    optim.SGD([{"params": [a]}, {"params": [b], "l1": 2.0}], lr=0.1).step()
    np.testing.assert_array_equal(a.array, parameters((3,))[0].array)
    np.testing.assert_allclose(b.array, before - 0.2 * np.sign(before))
    with pytest.raises(ValueError, match="l1"):
        optim.SGD([a], l1=-1)


def test_a_state_that_does_not_fit_changes_nothing():
    (p,) = parameters((2,))
    optimizer = optim.Adam([p])
    optimizer.step()
    saved = optimizer.state_dict()
    wrong = {"state": {0: saved["state"][0], 5: {}}, "param_groups": saved["param_groups"]}
    with pytest.raises(KeyError):
        optimizer.load_state_dict(wrong)
    assert optimizer.state[p]["step"].item() == 1


def test_lbfgs_finds_the_lowest_point():
    """Rosenbrock's valley, whose lowest point is at ones."""
    x = torch.tensor(np.full(2, -1.0), requires_grad=True)
    optimizer = optim.LBFGS([x], max_iter=100, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    np.testing.assert_allclose(x.detach().numpy(), np.ones(2), atol=1e-6)
