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
NADAM = [
    {},
    {"lr": 0.05, "betas": (0.5, 0.9), "eps": 1e-3, "momentum_decay": 0.1},
    {"lr": 0.05, "weight_decay": 0.1},
    {"lr": 0.05, "weight_decay": 0.1, "decoupled_weight_decay": True},
    {"lr": 0.05, "maximize": True, "weight_decay": 0.1},
]
RADAM = [
    {},
    {"lr": 0.05, "betas": (0.5, 0.7), "eps": 1e-3},
    {"lr": 0.05, "betas": (0.5, 0.9), "weight_decay": 0.1},
    {"lr": 0.05, "weight_decay": 0.1, "decoupled_weight_decay": True},
    {"lr": 0.05, "maximize": True, "weight_decay": 0.1},
]
RMSPROP = [
    {},
    {"lr": 0.02, "alpha": 0.8, "eps": 1e-3},
    {"lr": 0.02, "momentum": 0.9},
    {"lr": 0.02, "centered": True},
    {"lr": 0.02, "centered": True, "momentum": 0.9, "weight_decay": 0.1},
    {"lr": 0.02, "maximize": True, "weight_decay": 0.1},
]
ADAGRAD = [
    {},
    {"lr": 0.1, "lr_decay": 0.1, "initial_accumulator_value": 0.5},
    {"lr": 0.1, "weight_decay": 0.1, "eps": 1e-3},
    {"lr": 0.1, "maximize": True, "weight_decay": 0.1},
]
ADADELTA = [
    {},
    {"lr": 0.5, "rho": 0.5, "eps": 1e-3},
    {"weight_decay": 0.1},
    {"maximize": True, "weight_decay": 0.1},
]
OPTIONS = {
    "SGD": SGD, "Adam": ADAM, "AdamW": ADAM, "NAdam": NADAM, "RAdam": RADAM, "RMSprop": RMSPROP, "Adagrad": ADAGRAD,
    "Adadelta": ADADELTA,
}  # fmt: skip
CASES = [(name, options) for name, many in OPTIONS.items() for options in many]


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


@pytest.mark.parametrize("name", OPTIONS)
def test_groups_of_every_optimizer(name):
    def make(t, params):
        groups = [{"params": params[:2]}, {"params": params[2:], "lr": 0.003, "weight_decay": 0.1}]
        return getattr(t.optim, name)(groups, lr=0.02)

    same(lambda t: trajectory(t, make, lambda t, o: t.optim.lr_scheduler.ExponentialLR(o, 0.7)))


@pytest.mark.parametrize("name", OPTIONS)
def test_float32(name):
    """Ten steps only: rounding differs, and grows."""

    def run(t):
        p = t.tensor(np.random.default_rng(0).standard_normal((4, 3)).astype(np.float32), requires_grad=True)
        optimizer = getattr(t.optim, name)([p], lr=0.01)
        for _ in range(10):
            optimizer.zero_grad()
            (p * p * p * p).sum().backward()
            optimizer.step()
        return p, told(optimizer)

    same(run)


# ------------------------------------------------------------------------------------------------------ L-BFGS
LBFGS = [
    {},
    {"lr": 0.1, "max_iter": 5},
    {"lr": 0.3, "history_size": 2, "max_iter": 7},
    {"line_search_fn": "strong_wolfe"},
    {"line_search_fn": "strong_wolfe", "max_iter": 4, "history_size": 3},
    {"line_search_fn": "strong_wolfe", "lr": 30.0, "max_iter": 6},
    {"line_search_fn": "strong_wolfe", "lr": 1e-3, "max_iter": 6},
    {"line_search_fn": "strong_wolfe", "max_iter": 20, "max_eval": 6},
    {"tolerance_grad": 0.5, "lr": 0.1},
]


def valley(t, x):
    """Rosenbrock's: a narrow curved valley, with its lowest point at ones."""
    a, b = x[:-1], x[1:]
    return (100 * (b - a * a) ** 2 + (1 - a) ** 2).sum()


def bfgs(t, options, steps, bowl=False):
    starts = np.random.default_rng(0).standard_normal((2, 3)) / 2
    params = [t.tensor(s, requires_grad=True) for s in starts]
    optimizer = t.optim.LBFGS(params, **options)
    losses = []

    def closure():
        optimizer.zero_grad()
        x = t.cat(params)
        loss = (x * x * t.arange(1, 7)).sum() if bowl else valley(t, x)
        loss.backward()
        return loss

    for _ in range(steps):
        losses.append(optimizer.step(closure).item())
    state = optimizer.state_dict()["state"][0]
    return losses, params, [state[k] for k in ("func_evals", "n_iter")], len(state["old_dirs"])


@pytest.mark.parametrize("options", LBFGS, ids=str)
def test_lbfgs(options):
    same(lambda t: bfgs(t, options, 4, bowl="line_search_fn" not in options))


def test_lbfgs_50_steps():
    same(lambda t: bfgs(t, {"line_search_fn": "strong_wolfe", "max_iter": 1}, 50))
    same(lambda t: bfgs(t, {"max_iter": 1, "lr": 0.5}, 50, bowl=True))


# --------------------------------------------------------------------------------------- saving, and across libraries
def exchanged(value, tensor):
    """A state dict with its tensors made by another library."""
    if isinstance(value, dict):
        return {k: exchanged(v, tensor) for k, v in value.items()}
    if isinstance(value, list):
        return [exchanged(v, tensor) for v in value]
    return tensor(value.detach().numpy().copy()) if hasattr(value, "numpy") else value


def half_way(t, other, name, options):
    """25 steps in the other library, its state and parameters brought over, then 25 steps in this one."""
    params, _, _ = trajectory(other, lambda t, p: getattr(t.optim, name)(p, **options), steps=0)
    before = getattr(other.optim, name)(params, **options)
    go(other, before, params, range(25))
    mine = [t.tensor(p.detach().numpy().copy(), requires_grad=True) for p in params]
    after = getattr(t.optim, name)(mine, lr=7.0)
    after.load_state_dict(exchanged(before.state_dict(), t.tensor))
    go(t, after, mine, range(25, 50))
    return mine, after.param_groups[0]["lr"]


def go(t, optimizer, params, steps):
    for step in steps:

        def closure(step=step):
            optimizer.zero_grad()
            loss = loss_of(t, params, step)
            loss.backward()
            return loss

        optimizer.step(closure)


@pytest.mark.parametrize("name", [*OPTIONS, "LBFGS"])
def test_state_into_and_out_of_pytorch(name):
    import torch

    import learnnn

    options = {"lr": 0.02} if name != "LBFGS" else {"max_iter": 1, "lr": 0.01}
    if name in ("SGD", "RMSprop"):
        options["momentum"] = 0.9
    whole, _ = half_way(torch, torch, name, options)
    for t, other in ((learnnn, torch), (torch, learnnn)):
        found, lr = half_way(t, other, name, options)
        assert lr == options["lr"]
        for a, b in zip(whole, found, strict=True):
            np.testing.assert_allclose(b.detach().numpy(), a.detach().numpy(), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", OPTIONS)
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


@pytest.mark.parametrize("name", [*OPTIONS, "LBFGS"])
def test_settings_of_a_group(name):
    same(lambda t: sorted(set(getattr(t.optim, name)(start(t), lr=0.1).param_groups[0])))
    same(lambda t: list(getattr(t.optim, name)(start(t)).state_dict()["state"]))
    same(lambda t: getattr(t.optim, name)(start(t)).state_dict()["param_groups"][0]["lr"])
    same(lambda t: repr(getattr(t.optim, name)(start(t))))


SCHEDULES = {
    "StepLR": lambda t, o: t.optim.lr_scheduler.StepLR(o, step_size=3, gamma=0.5),
    "ExponentialLR": lambda t, o: t.optim.lr_scheduler.ExponentialLR(o, gamma=0.7),
    "CosineAnnealingLR": lambda t, o: t.optim.lr_scheduler.CosineAnnealingLR(o, T_max=4, eta_min=0.01),
    "CosineAnnealingLR, once": lambda t, o: t.optim.lr_scheduler.CosineAnnealingLR(o, T_max=10),
    "LambdaLR": lambda t, o: t.optim.lr_scheduler.LambdaLR(o, lambda epoch: 1 / (epoch + 1)),
    "LambdaLR, two": lambda t, o: t.optim.lr_scheduler.LambdaLR(o, [lambda epoch: 1 / (epoch + 1), lambda epoch: 0.5]),
    "MultiStepLR": lambda t, o: t.optim.lr_scheduler.MultiStepLR(o, [2, 5, 5, 7], gamma=0.5),
    "LinearLR": lambda t, o: t.optim.lr_scheduler.LinearLR(o, total_iters=4),
    "LinearLR, down": lambda t, o: t.optim.lr_scheduler.LinearLR(o, 1.0, 0.1, total_iters=6),
    "WarmRestarts": lambda t, o: t.optim.lr_scheduler.CosineAnnealingWarmRestarts(o, 3),
    "WarmRestarts, longer": lambda t, o: t.optim.lr_scheduler.CosineAnnealingWarmRestarts(o, 2, 2, eta_min=0.01),
    "OneCycleLR": lambda t, o: t.optim.lr_scheduler.OneCycleLR(o, 0.03, total_steps=12),
    "OneCycleLR, linear": lambda t, o: t.optim.lr_scheduler.OneCycleLR(
        o, [0.2, 0.1], epochs=3, steps_per_epoch=4, anneal_strategy="linear", base_momentum=0.5
    ),
    "OneCycleLR, three": lambda t, o: t.optim.lr_scheduler.OneCycleLR(o, 0.03, 11, three_phase=True, pct_start=0.4),
    "OneCycleLR, no momentum": lambda t, o: t.optim.lr_scheduler.OneCycleLR(o, 0.2, 10, cycle_momentum=False),
    "SequentialLR": lambda t, o: t.optim.lr_scheduler.SequentialLR(
        o,
        [
            t.optim.lr_scheduler.LinearLR(o, 0.1, total_iters=3),
            t.optim.lr_scheduler.CosineAnnealingLR(o, 4, eta_min=0.001),
            t.optim.lr_scheduler.ExponentialLR(o, 0.9),
        ],
        milestones=[3, 7],
    ),
    "SequentialLR, steps": lambda t, o: t.optim.lr_scheduler.SequentialLR(
        o,
        [t.optim.lr_scheduler.StepLR(o, 2), t.optim.lr_scheduler.MultiStepLR(o, [1, 3])],
        milestones=[5],
    ),
    "SequentialLR, nested": lambda t, o: t.optim.lr_scheduler.SequentialLR(
        o,
        [
            t.optim.lr_scheduler.SequentialLR(
                o,
                [t.optim.lr_scheduler.LinearLR(o), t.optim.lr_scheduler.LambdaLR(o, lambda e: 0.9**e)],
                milestones=[2],
            ),
            t.optim.lr_scheduler.CosineAnnealingWarmRestarts(o, 2),
        ],
        milestones=[4],
    ),
}


@pytest.mark.filterwarnings("ignore:Detected call of")  # nested schedules warn, in PyTorch too
@pytest.mark.parametrize("name", SCHEDULES)
def test_schedule(name):
    def make(t, params):
        return t.optim.SGD([{"params": params[:2]}, {"params": params[2:], "lr": 0.03}], lr=0.1, momentum=0.9)

    same(lambda t: trajectory(t, make, SCHEDULES[name]))


@pytest.mark.filterwarnings("ignore:Detected call of")  # nested schedules warn, in PyTorch too
@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_saved_by_the_other_library(name):
    import torch

    import learnnn

    def rates(first, second):
        """Four epochs in one library, then four in the other."""
        found, state = [], None
        for t in (first, second):
            p = start(t)
            groups = [{"params": p[:2]}, {"params": p[2:], "lr": 0.03}]
            optimizer = t.optim.SGD(groups, lr=0.1, momentum=0.9)
            scheduler = SCHEDULES[name](t, optimizer)
            optimizer.step()
            if state:
                optimizer.load_state_dict(exchanged(state[0], t.tensor))
                scheduler.load_state_dict(state[1])
            for _ in range(4):
                scheduler.step()
                found.append([(g["lr"], g["momentum"]) for g in optimizer.param_groups])
            state = optimizer.state_dict(), scheduler.state_dict()
        return found

    expected = rates(torch, torch)
    np.testing.assert_allclose(rates(torch, learnnn), expected, rtol=1e-9)
    np.testing.assert_allclose(rates(learnnn, torch), expected, rtol=1e-9)


PLATEAUS = [
    {"patience": 1},
    {"patience": 0, "factor": 0.5, "cooldown": 2},
    {"mode": "max", "patience": 1, "threshold": 0.1},
    {"patience": 2, "threshold": 0.05, "threshold_mode": "abs", "min_lr": 0.02},
    {"mode": "max", "threshold_mode": "abs", "patience": 0, "min_lr": [0.05, 0.001]},
]


@pytest.mark.parametrize("options", PLATEAUS, ids=str)
def test_plateau(options):
    def run(t):
        p = start(t)
        optimizer = t.optim.SGD([{"params": p[:2]}, {"params": p[2:], "lr": 0.03}], lr=0.1)
        scheduler = t.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)
        metrics = np.round(np.random.default_rng(3).standard_normal(25).cumsum(), 1)
        rates = []
        for i, metric in enumerate(metrics):
            scheduler.step(t.tensor(metric) if i % 2 else float(metric))
            rates.append(scheduler.get_last_lr())
        return rates, scheduler.best, scheduler.num_bad_epochs, scheduler.last_epoch

    same(run)


def test_one_cycle_with_adam_moves_beta1():
    def run(t):
        optimizer = t.optim.Adam(start(t), lr=0.1)
        scheduler = t.optim.lr_scheduler.OneCycleLR(optimizer, 0.2, 8)
        found = []
        for _ in range(8):
            optimizer.step()
            found.append(optimizer.param_groups[0]["betas"])
            scheduler.step()
        scheduler.step()  # one too many

    same(run)


def test_restarts_at_parts_of_an_epoch():
    def run(t, mult):
        optimizer = t.optim.SGD(start(t), lr=0.1)
        scheduler = t.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 3, mult)
        rates = []
        for epoch in range(10):
            for i in range(4):
                optimizer.step()
                scheduler.step(epoch + i / 4)
                rates.append(scheduler.get_last_lr())
        return rates, scheduler.last_epoch

    same(lambda t: run(t, 1))
    same(lambda t: run(t, 2))


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


def sgd(t):
    return t.optim.SGD(start(t), lr=0.1, momentum=0.9)


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
    "LBFGS groups": lambda t: t.optim.LBFGS([{"params": [p]} for p in start(t)]),
    "LBFGS search": lambda t: bfgs(t, {"line_search_fn": "armijo"}, 1),
    "LBFGS closure": lambda t: t.optim.LBFGS(start(t)).step(),
    "rho": lambda t: t.optim.Adadelta(start(t), rho=2),
    "rho eps": lambda t: t.optim.Adadelta(start(t), eps=-1),
    "alpha": lambda t: t.optim.RMSprop(start(t), alpha=-1),
    "rms momentum": lambda t: t.optim.RMSprop(start(t), momentum=-1),
    "rms decay": lambda t: t.optim.RMSprop(start(t), weight_decay=-1),
    "sum": lambda t: t.optim.Adagrad(start(t), initial_accumulator_value=-1),
    "lr_decay": lambda t: t.optim.Adagrad(start(t), lr_decay=-1),
    "nadam": lambda t: t.optim.NAdam(start(t), momentum_decay=-1),
    "nadam betas": lambda t: t.optim.NAdam(start(t), betas=(0.9, 1)),
    "radam": lambda t: t.optim.RAdam(start(t), betas=(-0.9, 0.9)),
    "start_factor": lambda t: t.optim.lr_scheduler.LinearLR(sgd(t), 0),
    "end_factor": lambda t: t.optim.lr_scheduler.LinearLR(sgd(t), 1, 2),
    "T_0": lambda t: t.optim.lr_scheduler.CosineAnnealingWarmRestarts(sgd(t), 0),
    "T_mult": lambda t: t.optim.lr_scheduler.CosineAnnealingWarmRestarts(sgd(t), 1, 0.5),
    "eta_min": lambda t: t.optim.lr_scheduler.CosineAnnealingWarmRestarts(sgd(t), 1, 1, "0"),
    "negative epoch": lambda t: t.optim.lr_scheduler.CosineAnnealingWarmRestarts(sgd(t), 1).step(-1),
    "no total": lambda t: t.optim.lr_scheduler.OneCycleLR(sgd(t), 0.1),
    "total": lambda t: t.optim.lr_scheduler.OneCycleLR(sgd(t), 0.1, 0),
    "epochs": lambda t: t.optim.lr_scheduler.OneCycleLR(sgd(t), 0.1, epochs=0, steps_per_epoch=3),
    "pct": lambda t: t.optim.lr_scheduler.OneCycleLR(sgd(t), 0.1, 4, pct_start=2.0),
    "strategy": lambda t: t.optim.lr_scheduler.OneCycleLR(sgd(t), 0.1, 4, anneal_strategy="log"),
    "max_lr": lambda t: t.optim.lr_scheduler.OneCycleLR(sgd(t), [0.1, 0.2], 4),
    "no momentum": lambda t: t.optim.lr_scheduler.OneCycleLR(t.optim.Adagrad(start(t)), 0.1, 4),
    "one cycle": lambda t: t.optim.lr_scheduler.OneCycleLR(3, 0.1, 4),
    "factor": lambda t: t.optim.lr_scheduler.ReduceLROnPlateau(sgd(t), factor=1.0),
    "mode": lambda t: t.optim.lr_scheduler.ReduceLROnPlateau(sgd(t), "least"),
    "min_lr": lambda t: t.optim.lr_scheduler.ReduceLROnPlateau(sgd(t), min_lr=[0, 0]),
    "sequence": lambda t: t.optim.lr_scheduler.SequentialLR(sgd(t), [], []),
    "sequence milestones": lambda t: t.optim.lr_scheduler.SequentialLR(
        (o := sgd(t)), [t.optim.lr_scheduler.StepLR(o, 1)], [3]
    ),
    "sequence other": lambda t: t.optim.lr_scheduler.SequentialLR(sgd(t), [t.optim.lr_scheduler.StepLR(sgd(t), 1)], []),
    "sequence plateau": lambda t: t.optim.lr_scheduler.SequentialLR(
        (o := sgd(t)), [t.optim.lr_scheduler.ReduceLROnPlateau(o)], []
    ),
    "sequence type": lambda t: t.optim.lr_scheduler.SequentialLR(sgd(t), [3], []),
    "resume": lambda t: t.optim.lr_scheduler.StepLR(t.optim.SGD(start(t), lr=0.1), 2, last_epoch=3),
}


def test_exception_types():
    collect(ERRORS.items())
    collect((name, lambda t, n=name: steps_without(t, n)) for name in OPTIONS)
