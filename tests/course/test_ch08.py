"""Lesson 08's bank: its truth is true, and what a learner writes moves the framework's weights as they were moved."""

import copy
import math
import pickle

import numpy as np
import pytest

import learnnn as torch
from learnnn import course, nn, optim
from learnnn.course.exercise import find
from learnnn.course.exercises import ch08_optimizers as bank

pytestmark = pytest.mark.slow

IDS = (
    "optim.Optimizer",
    "optim.Momentum",
    "optim.Nesterov",
    "optim.SGD",
    "optim.RMSprop",
    "optim.Adam",
    "optim.AdamW",
    "optim.step_schedule",
    "optim.cosine_schedule",
    "optim.clip_grad_norm_",
    "optim.warmup",
    "optim.Adagrad",
    "optim.predict",
    "optim.find_the_bug",
)
COMPONENTS = [id for id in IDS if find(id).replaces]
RIGHT = [(id, code) for id in COMPONENTS for code in (find(id).solution, *find(id).variants)]
MINE = {id: find(id).solution for id in COMPONENTS}
RULES = ("SGD", "RMSprop", "Adam", "AdamW", "Adagrad")


def test_the_lesson_asks_these_exercises():
    assert {exercise.id for exercise in course.exercises(lesson=8)} == set(IDS)


@pytest.mark.parametrize("id", IDS)
def test_every_hint_says_something(id):
    exercise = find(id)
    assert all(len(mistake.hint) > 30 for mistake in exercise.mistakes)
    assert all(len(hint) > 30 for hint in exercise.hints)


def test_a_hint_speaks_of_the_learners_numbers():
    class Momentum(bank.Rolling):
        def update(self, p, g, state):
            state["buf"] = self.momentum * state.get("buf", 0.0) + (1 - self.momentum) * g
            return p - self.lr * state["buf"]

    report = course.check("optim.Momentum", Momentum)
    assert report.diagnosis == "gradient-averaged"
    assert "0.98 in place of 0.8" in report.hint


# ------------------------------------------------------------------------------------------------- the truth
@pytest.mark.parametrize("curvature", [0.1, 1.0, 10.0])
def test_gradient_descent_on_a_parabola_multiplies_by_a_constant(curvature):
    end = bank.ended(bank.sgd_moved, {"lr": 0.05}, 2.0, [lambda p: curvature * p] * 7)
    assert end == pytest.approx(2.0 * (1 - 0.05 * curvature) ** 7)


@pytest.mark.parametrize(("momentum", "curvature"), [(0.5, 3.0), (0.9, 1.0), (0.3, 20.0)])
def test_momentum_on_a_parabola_is_a_power_of_a_matrix(momentum, curvature):
    lr, steps = 0.05, 9
    once = np.array([[1 - lr * curvature, -lr * momentum], [curvature, momentum]])  # (p, buf) -> (p, buf)
    end = bank.ended(bank.rolled, {"lr": lr, "momentum": momentum}, 2.0, [lambda p: curvature * p] * steps)
    assert end == pytest.approx((np.linalg.matrix_power(once, steps) @ [2.0, 0.0])[0])


def test_nesterov_on_a_parabola_is_a_power_of_a_matrix():
    lr, mu, c, steps = 0.05, 0.7, 4.0, 9
    once = np.array([[1 - lr * c * (1 + mu), -lr * mu * mu], [c, mu]])
    end = bank.ended(bank.looked_ahead, {"lr": lr, "momentum": mu}, 2.0, [lambda p: c * p] * steps)
    assert end == pytest.approx((np.linalg.matrix_power(once, steps) @ [2.0, 0.0])[0])


def test_a_corrected_mean_is_a_weighted_mean():
    values, m, rng = [], 0.0, np.random.default_rng(0)
    for t in range(1, 20):
        values.append(rng.normal())
        m = 0.9 * m + 0.1 * values[-1]
        assert bank.weighted_mean(values, 0.9) == pytest.approx(m / (1 - 0.9**t))
        assert bank.adam_kept([np.array(v) for v in values])["m"] == pytest.approx(m)


def test_adam_steps_by_lr_where_all_gradients_agree():
    end = bank.ended(bank.adam_moved, {"lr": 0.1, "eps": 0.0}, 1.0, [np.float64(7)] * 5)
    assert end == pytest.approx(0.5)


def test_decay_alone_shrinks_by_a_power():
    zeros = [np.float64(0)] * 6
    assert bank.ended(bank.adamw_moved, {"lr": 0.1, "weight_decay": 0.3}, 2.0, zeros) == pytest.approx(2 * 0.97**6)
    assert bank.ended(bank.sgd_moved, {"lr": 0.1, "weight_decay": 0.3}, 2.0, zeros) == pytest.approx(2 * 0.97**6)


def test_adagrad_takes_steps_of_one_over_the_root():
    end = bank.ended(bank.adagrad_moved, {"lr": 1.0, "eps": 0.0}, 0.0, [np.float64(3)] * 4)
    assert end == pytest.approx(-sum(1 / math.sqrt(n) for n in range(1, 5)))


def test_schedules_agree_with_their_formulas():
    for epoch in range(21):
        assert bank.slid(epoch, 0.7, 20, 0.1) == pytest.approx(0.1 + 0.3 * (1 + math.cos(math.pi * epoch / 20)))
        assert bank.falling(epoch, 0.7, 4, 0.5) == pytest.approx(0.7 * 0.5 ** (epoch // 4))


TRUTHS = [
    (bank.sgd_moved, "SGD", {"lr": 0.1, "momentum": 0.8, "weight_decay": 0.3}),
    (bank.sgd_moved, "SGD", {"lr": 0.1, "momentum": 0.8, "weight_decay": 0.3, "nesterov": True}),
    (bank.rms_moved, "RMSprop", {"lr": 0.05, "alpha": 0.9, "eps": 0.01}),
    (bank.adam_moved, "Adam", {"lr": 0.05, "betas": (0.8, 0.95), "eps": 0.01}),
    (bank.adamw_moved, "AdamW", {"lr": 0.05, "betas": (0.8, 0.95), "eps": 0.01, "weight_decay": 0.4}),
    (bank.adagrad_moved, "Adagrad", {"lr": 0.3, "eps": 0.01}),
]


@pytest.mark.parity
@pytest.mark.parametrize(("rule", "name", "settings"), TRUTHS)
def test_the_truth_is_pytorchs(rule, name, settings):
    real = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    start, grads = rng.normal(size=(2, 3)), [rng.normal(size=(2, 3)) if k != 2 else None for k in range(8)]
    p = real.tensor(start, requires_grad=True)
    optimizer = getattr(real.optim, name)([p], **settings)
    for g in grads:
        p.grad = None if g is None else real.tensor(g)
        optimizer.step()
    assert bank.ended(rule, settings, start, grads) == pytest.approx(p.detach().numpy(), rel=1e-7)


# ------------------------------------------------------------------------------ the learner's rules in the framework
MAKERS = {
    "sgd": lambda p: optim.SGD(p, lr=0.1),
    "momentum": lambda p: optim.SGD(p, 0.1, 0.9),
    "nesterov": lambda p: optim.SGD(p, 0.05, momentum=0.9, nesterov=True, weight_decay=0.1),
    "dampening": lambda p: optim.SGD(p, 0.1, 0.9, dampening=0.5),
    "maximize": lambda p: optim.SGD(p, 0.01, maximize=True, weight_decay=0.1),
    "l1": lambda p: optim.SGD(p, 0.1, l1=0.01, weight_decay=0.1),
    "decoupled": lambda p: optim.SGD(p, 0.1, weight_decay=0.1, decoupled_weight_decay=True),
    "rmsprop": lambda p: optim.RMSprop(p, 0.01),
    "rmsprop, penalized": lambda p: optim.RMSprop(p, 0.01, weight_decay=0.1, l1=0.01),
    "rmsprop, centered": lambda p: optim.RMSprop(p, 0.01, momentum=0.5, centered=True),
    "adam": lambda p: optim.Adam(p, 0.05),
    "adam, penalized": lambda p: optim.Adam(p, 0.05, weight_decay=0.1),
    "amsgrad": lambda p: optim.Adam(p, 0.05, amsgrad=True),
    "adamw": lambda p: optim.AdamW(p, 0.05, weight_decay=0.2),
    "adamw, amsgrad": lambda p: optim.AdamW(p, 0.05, amsgrad=True),
    "adagrad": lambda p: optim.Adagrad(p, 0.1),
    "adagrad, warm": lambda p: optim.Adagrad(p, 0.1, lr_decay=0.1, initial_accumulator_value=0.1),
    "groups": lambda p: optim.Adam([{"params": p[:2], "lr": 0.1}, {"params": p[2:], "betas": (0.5, 0.9)}], lr=0.01),
}


def network(dtype=torch.float64):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2)).to(dtype)
    return model, nn.Linear(3, 3).to(dtype), torch.randn(16, 4, dtype=dtype), torch.randn(16, 2, dtype=dtype)


def trained(make, steps=10, schedules=lambda optimizer: [], clip=None, dtype=torch.float64):
    """Losses, norms and learning rates, and the weights in the end. A part of the parameters has no gradient."""
    model, idle, x, y = network(dtype)
    optimizer = make([*model.parameters(), *idle.parameters()])
    clocks, told = schedules(optimizer), []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = ((model(x) - y) ** 2).mean()
        loss.backward()
        told.append(loss.item())
        if clip:
            told.append(nn.utils.clip_grad_norm_(model.parameters(), clip).item())
        optimizer.step()
        for clock in clocks:
            clock.step()
        told += [group["lr"] for group in optimizer.param_groups]
    return np.concatenate([told, *(p.detach().numpy().ravel() for p in model.parameters())])


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_with_a_learners_rules_every_optimizer_goes_where_it_went(maker, dtype):
    plain = trained(MAKERS[maker], clip=0.5, dtype=dtype)
    with course.swapped(MINE):
        mine = trained(MAKERS[maker], clip=0.5, dtype=dtype)
    rel, abs = (1e-6, 1e-9) if dtype == torch.float64 else (1e-3, 1e-5)
    assert mine == pytest.approx(plain, rel=rel, abs=abs)


SCHEDULES = {
    "step": lambda o: [optim.lr_scheduler.StepLR(o, 3, 0.5)],
    "cosine": lambda o: [optim.lr_scheduler.CosineAnnealingLR(o, 8, 0.001)],
    "beyond the bottom": lambda o: [optim.lr_scheduler.CosineAnnealingLR(o, 4)],
    "together": lambda o: [optim.lr_scheduler.StepLR(o, 4, 0.5), optim.lr_scheduler.CosineAnnealingLR(o, 6)],
    "one after the other": lambda o: [
        optim.lr_scheduler.SequentialLR(
            o, [optim.lr_scheduler.LinearLR(o), optim.lr_scheduler.CosineAnnealingLR(o, 8)], [3]
        )
    ],
    "changing the momentum": lambda o: [optim.lr_scheduler.OneCycleLR(o, 0.1, total_steps=20)],
}


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("maker", ["momentum", "groups"])
def test_with_a_learners_schedules_every_rate_is_what_it_was(schedule, maker):
    plain = trained(MAKERS[maker], 14, SCHEDULES[schedule])
    with course.swapped(MINE):
        assert trained(MAKERS[maker], 14, SCHEDULES[schedule]) == pytest.approx(plain, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(("id", "code"), RIGHT)
def test_any_right_way_to_write_it_trains_the_same_network(id, code):
    makers = {"optim.SGD": "nesterov", "optim.RMSprop": "rmsprop", "optim.AdamW": "adamw", "optim.Adagrad": "adagrad"}
    maker, schedules = MAKERS[makers.get(id, "adam")], SCHEDULES["cosine" if id == "optim.cosine_schedule" else "step"]
    expected = trained(maker, 8, schedules, 0.5)
    with course.swapped({id: code}):
        assert trained(maker, 8, schedules, 0.5) == pytest.approx(expected, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("name", RULES)
def test_it_is_the_learners_rule_that_runs(name):
    def update(self, p, g, state):
        state.update(buf=g, v=g * g, m=g, t=state.get("t", 0) + 1, total=g * g)
        return p * 0 + 7.0

    settings = {"momentum": 0.9} if name == "SGD" else {}
    with course.swapped({f"optim.{name}": bank.by(find(f"optim.{name}").solution, update)}):
        p = torch.ones(3, requires_grad=True)
        p.grad = torch.ones(3)
        getattr(optim, name)([p], lr=0.1, **settings).step()
    assert p.tolist() == [7.0] * 3


def test_it_is_the_learners_schedule_and_clipping_that_run():
    rising, idle = lambda epoch, lr, step_size, gamma=0.1: lr + epoch, lambda params, most: 42.0
    with course.swapped({"optim.step_schedule": rising, "optim.clip_grad_norm_": idle}):
        p = torch.ones(3, requires_grad=True)
        optimizer = optim.SGD([p], lr=1.0)
        clock = optim.lr_scheduler.StepLR(optimizer, 5)
        for _ in range(3):
            optimizer.step()
            clock.step()
        assert clock.get_last_lr() == [4.0]
        assert nn.utils.clip_grad_norm_([p], 1.0).item() == 42.0


@pytest.mark.parametrize("name", RULES)
def test_a_large_parameter_moves_like_a_small_one(name):
    moved = []
    for parts in ({}, MINE):
        with course.swapped(parts):
            start = torch.linspace(-1, 1, 150_000, dtype=torch.float64).reshape(300, 500)
            p = start.clone().requires_grad_()
            optimizer = getattr(optim, name)([p], lr=0.1)
            for _ in range(3):
                p.grad = p.detach() * 2
                optimizer.step()
            moved.append(p.detach().numpy())
    assert moved[1] == pytest.approx(moved[0], rel=1e-9)


def stepped(optimizer, p, times):
    for _ in range(times):
        p.grad = p.detach() * 3 - 1
        optimizer.step()
    return p.detach().numpy().copy()


def fresh(name):
    p = torch.tensor([1.0, -2.0], dtype=torch.float64, requires_grad=True)
    return p, getattr(optim, name)([p], lr=0.1, **({"momentum": 0.9} if name == "SGD" else {}))


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("saved_by", ["yours", "shipped"])
@pytest.mark.parametrize("loaded_by", ["yours", "shipped"])
def test_a_saved_state_goes_on_in_either(name, saved_by, loaded_by):
    parts = {"yours": MINE, "shipped": {}}
    p, optimizer = fresh(name)
    straight = stepped(optimizer, p, 7)
    with course.swapped(parts[saved_by]):
        p, optimizer = fresh(name)
        stepped(optimizer, p, 3)
        state = copy.deepcopy(optimizer.state_dict())
    with course.swapped(parts[loaded_by]):
        q, another = fresh(name)
        q.data = p.detach().clone()
        another.load_state_dict(state)
        assert another.state_dict()["param_groups"] == state["param_groups"]
        assert stepped(another, q, 4) == pytest.approx(straight, rel=1e-9)


@pytest.mark.parametrize("name", RULES)
def test_copies_and_pickles_go_on_by_themselves(name):
    with course.swapped(MINE):
        p, optimizer = fresh(name)
        stepped(optimizer, p, 3)
        twins = [copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))]
        end = stepped(optimizer, p, 2)
        for twin in twins:
            (q,) = twin.param_groups[0]["params"]
            assert q is not p
            assert isinstance(twin, getattr(optim, name))
            assert stepped(twin, q, 2) == pytest.approx(end, rel=1e-12)


def test_a_closure_is_called_and_its_loss_given_back():
    with course.swapped(MINE):
        p = torch.tensor([2.0], requires_grad=True)
        optimizer = optim.SGD([p], lr=0.25)

        def closure():
            optimizer.zero_grad()
            loss = (p * p).sum()
            loss.backward()
            return loss

        assert optimizer.step(closure).item() == 4.0
    assert p.tolist() == [1.0]


def test_what_was_there_is_there_again():
    before = optim.SGD, optim.lr_scheduler.StepLR, nn.utils.clip_grad_norm_
    with course.swapped(MINE):
        assert issubclass(optim.SGD, before[0])
        p = torch.ones(1, requires_grad=True)
        assert repr(optim.SGD([p])) == repr(before[0]([p]))
    assert (optim.SGD, optim.lr_scheduler.StepLR, nn.utils.clip_grad_norm_) == before


CLIPS = {
    "one tensor": lambda p, q, r: nn.utils.clip_grad_norm_(p, 1.0),
    "a generator": lambda p, q, r: nn.utils.clip_grad_norm_((x for x in (p, q, r)), 2.0),
    "short already": lambda p, q, r: nn.utils.clip_grad_norm_([p, q], 1e6),
    "another norm": lambda p, q, r: nn.utils.clip_grad_norm_([p, q], 1.0, norm_type=float("inf")),
    "as a word": lambda p, q, r: nn.utils.clip_grad_norm_([p, q], max_norm=1.0, error_if_nonfinite=True),
    "no gradient": lambda p, q, r: nn.utils.clip_grad_norm_([r], 1.0),
    "nothing": lambda p, q, r: nn.utils.clip_grad_norm_([], 1.0),
}


@pytest.mark.parametrize("call", CLIPS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_clipping_gives_what_it_gave(call, dtype):
    found = []
    for parts in ({}, MINE):
        with course.swapped(parts):
            p, q, r = (torch.ones(2, dtype=dtype, requires_grad=True) for _ in range(3))
            p.grad, q.grad = torch.tensor([3.0, -4.0], dtype=dtype), torch.tensor([0.0, 12.0], dtype=dtype)
            place = p.grad
            total = CLIPS[call](p, q, r)
            assert p.grad is place  # changed where it stands
            found.append((total, p.grad.tolist(), q.grad.tolist(), r.grad))
    (plain, *before), (mine, *after) = found
    assert (mine.dtype, mine.shape) == (plain.dtype, plain.shape)
    assert mine.item() == pytest.approx(plain.item())
    assert after[:2] == [pytest.approx(g, rel=1e-6) for g in before[:2]]
    assert after[2] is None


BAD = [
    lambda: optim.SGD([], lr=0.1),
    lambda: optim.SGD(nn.Linear(2, 2), lr=0.1),
    lambda: optim.SGD(nn.Linear(2, 2).parameters(), lr=-1),
    lambda: optim.SGD(nn.Linear(2, 2).parameters(), nesterov=True),
    lambda: optim.Adam(nn.Linear(2, 2).parameters(), betas=(1.0, 0.9)),
    lambda: optim.RMSprop([torch.ones(2, requires_grad=True) * 2]),
    lambda: optim.lr_scheduler.StepLR("optimizer", 3),
    lambda: optim.SGD(nn.Linear(2, 2).parameters()).load_state_dict({}),
]


@pytest.mark.parametrize("bad", BAD)
def test_bad_input_is_refused_in_the_frameworks_words(bad):
    with pytest.raises(Exception) as plain:
        bad()
    with course.swapped(MINE), pytest.raises(type(plain.value)) as mine:
        bad()
    assert str(mine.value) == str(plain.value)


def test_an_unwritten_rule_is_named_when_the_framework_needs_it():
    class Adam(bank.Moments):
        def update(self, p, g, state):
            raise NotImplementedError()

    p = torch.ones(2, requires_grad=True)
    p.grad = torch.ones(2)
    with course.swapped({"optim.Adam": Adam}), pytest.raises(NotImplementedError):
        optim.Adam([p]).step()


def test_the_answer_of_a_prediction_is_not_given_away():
    report = course.check("optim.predict", lambda: (-0.16, 0.8, 7))
    assert not report.passed
    assert "0.1225" not in repr(report)
