"""Optimizers and schedules over 50 steps, in float64: parameters and state equal PyTorch's."""

import numpy as np
import pytest

from tests.parity.both import collect, same

pytestmark = pytest.mark.parity
STEPS = 50


def start(t):
    rng = np.random.default_rng(0)
    return [t.tensor(rng.standard_normal(shape), requires_grad=True) for shape in [(4, 3), (3,), (), (2, 0)]]


def loss_of(t, params, step):
    """A curved valley with changing slopes."""
    a, b, c, d = params
    x = t.tensor(np.random.default_rng(step).standard_normal((5, 4)))
    return ((x @ a + b).tanh() * c).sum() + (a * a * a * a).sum() + ((c - b) ** 2).sum() + d.sum()


def trajectory(t, make, schedule=None, steps=STEPS):
    params = start(t)
    optimizer = make(t, params)
    scheduler = schedule(t, optimizer) if schedule else None
    rates = []
    for step in range(steps):
        optimizer.zero_grad()
        loss_of(t, params, step).backward()
        optimizer.step()
        if scheduler and step % 5 == 4:
            scheduler.step()
            rates.append(scheduler.get_last_lr())
    return params, rates, told(optimizer)


def told(optimizer):
    """The state by name, and the groups' settings that both libraries have."""
    state = optimizer.state_dict()["state"]
    return [(i, name, s[name]) for i, s in sorted(state.items()) for name in sorted(s) if s[name] is not None]


SGD = [
    {"lr": 0.1},
    {},
    {"lr": 0.05, "momentum": 0.9},
    {"lr": 0.05, "momentum": 0.9, "nesterov": True},
    {"lr": 0.05, "momentum": 0.9, "dampening": 0.5},
    {"lr": 0.05, "momentum": 0.9, "dampening": 0.5, "weight_decay": 0.1},
    {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
    {"lr": 0.001, "weight_decay": 0.1, "maximize": True},
    {"lr": 0.001, "momentum": 0.5, "maximize": True},
]
ADAM = [
    {},
    {"lr": 0.05},
    {"lr": 0.05, "betas": (0.5, 0.9), "eps": 1e-3},
    {"lr": 0.05, "weight_decay": 0.1},
    {"lr": 0.05, "amsgrad": True},
    {"lr": 0.05, "amsgrad": True, "weight_decay": 0.1},
    {"lr": 0.05, "maximize": True},
    {"lr": 0.05, "maximize": True, "weight_decay": 0.1},
    {"lr": 0.05, "foreach": True},
]
CASES = [("SGD", options) for options in SGD] + [(name, options) for name in ("Adam", "AdamW") for options in ADAM]


@pytest.mark.parametrize(("name", "options"), CASES, ids=str)
def test_trajectory(name, options):
    same(lambda t: trajectory(t, lambda t, params: getattr(t.optim, name)(params, **options)))


def test_closure_and_maximize():
    def run(t):
        params = start(t)
        optimizer = t.optim.SGD(params, lr=0.01, momentum=0.9)

        def closure():
            optimizer.zero_grad()
            loss = loss_of(t, params, 0)
            loss.backward()
            return loss

        return [optimizer.step(closure) for _ in range(5)], params

    same(run)


def test_groups():
    def make(t, params):
        groups = [{"params": params[:2], "lr": 0.1}, {"params": params[2], "momentum": 0.5}]
        optimizer = t.optim.SGD(groups, lr=0.01, momentum=0.9)
        optimizer.add_param_group({"params": params[3:], "nesterov": True})
        return optimizer

    same(lambda t: trajectory(t, make))
    same(lambda t: [len(g["params"]) for g in make(t, start(t)).param_groups])


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW"])
def test_saving_half_way(name):
    def run(t):
        params = start(t)
        make = lambda: getattr(t.optim, name)(params, lr=0.02, **({"momentum": 0.9} if name == "SGD" else {}))
        optimizer = make()
        for step in range(20):
            if step == 10:
                state = optimizer.state_dict()
                optimizer = make()
                optimizer.load_state_dict(state)
            optimizer.zero_grad()
            loss_of(t, params, step).backward()
            optimizer.step()
        return params, told(optimizer)

    same(run)


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW"])
def test_settings_of_a_group(name):
    same(lambda t: sorted(set(getattr(t.optim, name)(start(t), lr=0.1).param_groups[0])))
    same(lambda t: getattr(t.optim, name)(start(t)).state_dict()["param_groups"][0]["lr"])
    same(lambda t: repr(getattr(t.optim, name)(start(t))))


SCHEDULES = {
    "StepLR": lambda t, o: t.optim.lr_scheduler.StepLR(o, step_size=3, gamma=0.5),
    "ExponentialLR": lambda t, o: t.optim.lr_scheduler.ExponentialLR(o, gamma=0.7),
    "CosineAnnealingLR": lambda t, o: t.optim.lr_scheduler.CosineAnnealingLR(o, T_max=4, eta_min=0.01),
    "CosineAnnealingLR, once": lambda t, o: t.optim.lr_scheduler.CosineAnnealingLR(o, T_max=10),
    "LambdaLR": lambda t, o: t.optim.lr_scheduler.LambdaLR(o, lambda epoch: 1 / (epoch + 1)),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedule(name):
    def make(t, params):
        return t.optim.SGD([{"params": params[:2]}, {"params": params[2:], "lr": 0.03}], lr=0.1, momentum=0.9)

    same(lambda t: trajectory(t, make, SCHEDULES[name]))


def test_a_schedule_goes_on():
    def run(t):
        optimizer = t.optim.SGD(start(t), lr=0.1)
        scheduler = t.optim.lr_scheduler.StepLR(optimizer, 2)
        rates = []
        for epoch in range(6):
            optimizer.step()
            scheduler.step()
            rates.append(optimizer.param_groups[0]["lr"])
            if epoch == 2:
                state = scheduler.state_dict()
                scheduler = t.optim.lr_scheduler.StepLR(optimizer, 7, gamma=3.0)
                scheduler.load_state_dict(state)
        return rates, scheduler.last_epoch

    def resumed(t):
        optimizer = t.optim.SGD([{"params": start(t), "initial_lr": 0.2}], lr=0.1)
        return t.optim.lr_scheduler.ExponentialLR(optimizer, 0.5, last_epoch=3).get_last_lr()

    same(resumed)
    collect([("new scheduler changes lr", run)])


def steps_without(t, name):
    optimizer = getattr(t.optim, name)(start(t), lr=0.1)
    optimizer.step()
    return told(optimizer)


ERRORS = {
    "no parameters": lambda t: t.optim.SGD([], lr=0.1),
    "a tensor": lambda t: t.optim.SGD(t.zeros(1, requires_grad=True), lr=0.1),
    "a model": lambda t: t.optim.SGD(t.nn.Linear(1, 1), lr=0.1),
    "a number": lambda t: t.optim.SGD([1.0], lr=0.1),
    "not a leaf": lambda t: t.optim.SGD([t.zeros(1, requires_grad=True) * 2], lr=0.1),
    "rate": lambda t: t.optim.SGD(start(t), lr=-1),
    "momentum": lambda t: t.optim.SGD(start(t), lr=0.1, momentum=-1),
    "decay": lambda t: t.optim.SGD(start(t), lr=0.1, weight_decay=-1),
    "nesterov": lambda t: t.optim.SGD(start(t), lr=0.1, nesterov=True),
    "betas": lambda t: t.optim.Adam(start(t), betas=(1.0, 0.9)),
    "eps": lambda t: t.optim.Adam(start(t), eps=-1),
    "adam rate": lambda t: t.optim.AdamW(start(t), lr=-1),
    "unknown": lambda t: t.optim.Adam(start(t), momentum=0.9),
    "twice": lambda t: t.optim.SGD([{"params": (p := start(t))}, {"params": p}], lr=0.1),
    "group": lambda t: t.optim.SGD(start(t), lr=0.1).add_param_group(3),
    "load groups": lambda t: t.optim.SGD(start(t), lr=0.1).load_state_dict({"state": {}, "param_groups": []}),
    "load sizes": lambda t: t.optim.SGD(start(t), lr=0.1).load_state_dict(
        {"state": {}, "param_groups": [{"params": [0]}]}
    ),
    "schedule": lambda t: t.optim.lr_scheduler.StepLR(3, 2),
    "lambdas": lambda t: t.optim.lr_scheduler.LambdaLR(t.optim.SGD(start(t), lr=0.1), [abs, abs]),
    "resume": lambda t: t.optim.lr_scheduler.StepLR(t.optim.SGD(start(t), lr=0.1), 2, last_epoch=3),
}


def test_exception_types():
    collect(ERRORS.items())
    collect((name, lambda t, n=name: steps_without(t, n)) for name in ("SGD", "Adam"))
