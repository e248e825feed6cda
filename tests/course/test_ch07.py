"""Lesson 07's bank: its truth is true, and what a learner writes runs the framework wherever the framework goes."""

import math

import numpy as np
import pytest

import learnnn as torch
import learnnn.nn.functional as F
from learnnn import autograd, course, nn, ops
from learnnn.course.exercise import find
from learnnn.course.exercises import ch07_softmax_cross_entropy as bank

IDS = (
    "loss.log_sum_exp",
    "loss.softmax",
    "loss.log_softmax",
    "loss.one_hot",
    "loss.nll",
    "loss.cross_entropy",
    "loss.smoothed",
    "loss.bce_with_logits",
    "loss.temperature",
    "loss.perplexity",
    "loss.predict",
    "loss.find_the_bug",
)
COMPONENTS = [id for id in IDS if find(id).replaces]
RIGHT = [(id, code) for id in COMPONENTS for code in (find(id).solution, *find(id).variants)]
SOLUTIONS = {id: find(id).solution for id in COMPONENTS}


def test_the_lesson_asks_these_exercises():
    assert [exercise.id for exercise in course.exercises(lesson=7)] == list(IDS)
    assert len(COMPONENTS) == 8
    assert len({find(id).replaces for id in COMPONENTS}) == 8


@pytest.mark.parametrize("id", IDS)
def test_every_hint_says_something(id):
    exercise = find(id)
    assert all(len(mistake.hint) > 30 for mistake in exercise.mistakes)
    assert all(len(hint) > 30 for hint in exercise.hints)


def test_a_hint_speaks_of_the_learners_numbers():
    def cross_entropy(z, labels):
        out, pull = bank.cross_entropy(z, labels)
        return out, lambda g: (pull(g)[0] * len(labels),)

    report = course.check("loss.cross_entropy", cross_entropy, seed=0)
    assert report.diagnosis == "gradient-not-divided"
    assert "2 times" in report.hint


def test_an_overflow_is_shown_where_it_happens():
    report = course.check("loss.cross_entropy", lambda z, y: (np.log(np.exp(z).sum(1)).mean() - 0 * z.sum(), None))
    assert not report.passed
    report = course.check("loss.softmax", find("loss.softmax").mistakes[0].code)
    assert report.diagnosis == "exponentials-overflow"
    assert "1000" in report.hint


# ------------------------------------------------------------------------------------------------- the truth
RNG = np.random.default_rng(0)
Z, G = RNG.normal(size=(3, 4)), RNG.normal(size=(3, 4))
LABELS = np.array([2, 0, 3])
P = np.exp(Z) / np.exp(Z).sum(1, keepdims=True)
ONE = np.eye(4)[LABELS]
CLOSED_FORMS = [
    (lambda x: bank.exact_log_sum_exp(x, 1), Z, np.log(np.exp(Z).sum(1)), G[:, 0], G[:, :1] * P),
    (lambda x: bank.exact_softmax(x, 1), Z, P, G, P * (G - (G * P).sum(1, keepdims=True))),
    (lambda x: bank.exact_log_softmax(x, 1), Z, np.log(P), G, G - P * G.sum(1, keepdims=True)),
    (lambda x: bank.exact_nll(x, LABELS), Z, -(ONE * Z).sum() / 3, 2.0, -2 * ONE / 3),
    (lambda x: bank.exact_cross_entropy(x, LABELS), Z, -(ONE * np.log(P)).sum() / 3, 2.0, 2 * (P - ONE) / 3),
    (
        lambda x: bank.exact_smoothed(x, LABELS, 0.2), Z,
        -((0.8 * ONE + 0.05) * np.log(P)).sum() / 3, 1.0, (P - 0.8 * ONE - 0.05) / 3,
    ),
    (
        lambda x: bank.exact_bce(x, ONE), Z,
        (np.log1p(np.exp(Z)) - ONE * Z).mean(), 1.0, (1 / (1 + np.exp(-Z)) - ONE) / 12,
    ),
    (lambda x: bank.exact_temperature(x, 2.0), 2 * Z, P, G, P * (G - (G * P).sum(1, keepdims=True)) / 2),
]  # fmt: skip


@pytest.mark.parametrize(("function", "x", "out", "g", "expected"), CLOSED_FORMS)
def test_the_definitions_in_decimals_agree_with_closed_forms(function, x, out, g, expected):
    assert bank.value(function, x) == pytest.approx(out, abs=1e-12)
    assert bank.gradient(function, x, g) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("shift", [-2000.0, 3.0, 5000.0])
def test_the_truth_knows_no_overflow_and_does_not_change_with_a_shift(shift):
    for function in (bank.exact_softmax, bank.exact_log_softmax):
        here, there = (bank.value(lambda x, f=function: f(x, 1), x) for x in (Z, Z + shift))
        assert there == pytest.approx(here, abs=1e-9)
    losses = [bank.value(lambda x: bank.exact_cross_entropy(x, LABELS), x) for x in (Z, Z + shift)]
    assert losses[1] == pytest.approx(losses[0], abs=1e-9)


def test_the_truth_agrees_with_a_sum_without_rounding():
    row = [3.0, -1.0, 0.5, 40.0]
    by_fsum = math.log(math.fsum(map(math.exp, row)))
    assert bank.value(lambda x: bank.exact_log_sum_exp(x, 0), np.array(row)) == pytest.approx(by_fsum, rel=1e-15)


# ---------------------------------------------------------------------------- the learner's code in the framework
def leaf(*shape, dtype=torch.float64, seed=0):
    return torch.tensor(np.random.default_rng(seed).normal(size=shape), dtype=dtype, requires_grad=True)


Y, SEEN = torch.tensor([2, 0, 1, 1]), torch.tensor([2, -100, 1, 1])
ce = lambda *args, **options: F.cross_entropy(*args, **options)
bce = lambda *args, **options: F.binary_cross_entropy_with_logits(*args, **options)
signs = lambda x: (x > 0).to(x.dtype)
CALLS = {
    "softmax": lambda x, w: F.softmax(x, 1) + torch.softmax(x, -1) + x.softmax(0) + nn.Softmax(dim=1)(x),
    "softmax with a dtype": lambda x, w: F.softmax(x, 1, dtype=torch.float64).to(x.dtype) + x.softmax(1, dtype=x.dtype),
    "softmax by keyword": lambda x, w: torch.softmax(input=x, dim=0) * F.softmax(x, dim=1, temperature=2.0),
    "softmax of three axes": lambda x, w: x.reshape(2, 2, 3).softmax(1),
    "log-softmax": lambda x, w: F.log_softmax(x, 1) + x.log_softmax(dim=0) + nn.LogSoftmax(dim=-1)(x),
    "log-softmax with a dtype": lambda x, w: x.log_softmax(1, dtype=torch.float64).to(x.dtype),
    "log-softmax, masked": lambda x, w: torch.where(x > 9, -torch.inf, x).log_softmax(1).exp(),
    "softmax, masked": lambda x, w: torch.where(x < -1, -torch.inf, x).softmax(1),
    "logsumexp": lambda x, w: x.logsumexp(1) + torch.logsumexp(x, dim=-1) + x.logsumexp(0)[0],
    "logsumexp, axis kept": lambda x, w: x - x.logsumexp(1, keepdim=True),
    "logsumexp over two axes": lambda x, w: x.logsumexp((0, 1)),
    "logsumexp of nothing at all": lambda x, w: (x * 0 - torch.inf).logsumexp(1).exp() + x.sum(1),
    "nll": lambda x, w: F.nll_loss(x, Y) + nn.NLLLoss()(x.log_softmax(1), Y),
    "nll, weights": lambda x, w: F.nll_loss(x, Y, weight=w.detach()) + F.nll_loss(x, SEEN),
    "nll, summed": lambda x, w: F.nll_loss(x, Y, reduction="sum") * F.nll_loss(x, Y, reduction="none").sum(),
    "cross-entropy": lambda x, w: ce(x, Y) + nn.CrossEntropyLoss()(2 * x, Y),
    "cross-entropy, weights": lambda x, w: ce(x, Y, weight=w.detach().abs()),
    "cross-entropy, ignoring": lambda x, w: ce(x, SEEN) + ce(x, Y, ignore_index=1),
    "cross-entropy, reductions": lambda x, w: ce(x, Y, reduction="none") * ce(x, Y, reduction="sum"),
    "cross-entropy, one example": lambda x, w: ce(x[0], Y[0]),
    "cross-entropy of maps": lambda x, w: ce(x.T.reshape(1, 3, 2, 2), Y.reshape(1, 2, 2)),
    "cross-entropy, probabilities": lambda x, w: ce(x, x.detach().softmax(1)),
    "cross-entropy, learned probabilities": lambda x, w: ce(x, (2 * x).softmax(1)),
    "cross-entropy, small labels": lambda x, w: ce(x, Y.to(torch.uint8)),
    "cross-entropy, masked": lambda x, w: ce(torch.where(x > 9, -torch.inf, x), Y),
    "label smoothing": lambda x, w: ce(x, Y, label_smoothing=0.1) + nn.CrossEntropyLoss(label_smoothing=0.3)(x, Y),
    "label smoothing, summed": lambda x, w: ce(x, Y, label_smoothing=0.1, reduction="sum"),
    "label smoothing, weights": lambda x, w: ce(x, SEEN, w.detach().abs(), label_smoothing=0.1),
    "binary": lambda x, w: bce(x, signs(x)) + nn.BCEWithLogitsLoss()(x[0], x[1].detach().sigmoid()),
    "binary, weights": lambda x, w: bce(x, signs(x), w.detach().abs(), pos_weight=w.detach().abs()),
    "binary, reductions": lambda x, w: bce(x, signs(x), reduction="none"),
    "binary, learned targets": lambda x, w: bce(x, w.sigmoid().expand(4, 3)),
    "one-hot": lambda x, w: x * F.one_hot(Y, 3) + F.one_hot(Y) + F.one_hot(Y.reshape(2, 2), 3).reshape(4, 3),
}  # fmt: skip


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_with_a_learners_parts_every_call_gives_what_it_gave(call, dtype):
    plain = _value_and_gradients(CALLS[call], dtype)
    with course.swapped(SOLUTIONS):
        mine = _value_and_gradients(CALLS[call], dtype)
    for one, other in zip(plain, mine, strict=True):
        assert one.dtype == other.dtype
        assert one.shape == other.shape
        assert other.numpy() == pytest.approx(
            one.numpy(), rel=2e-4 if dtype == torch.float32 else 1e-9, abs=1e-6, nan_ok=True
        )


def _value_and_gradients(call, dtype):
    inputs = leaf(4, 3, dtype=dtype), leaf(3, dtype=dtype, seed=2)
    out = call(*inputs)
    (out * torch.linspace(1, 2, out.numel(), dtype=dtype).reshape(out.shape)).sum().backward()
    return [out.detach(), *(x.grad for x in inputs if x.grad is not None)]


CHOSEN = [
    ("loss.log_sum_exp", lambda x: x.logsumexp(1), "logsumexp"),
    ("loss.softmax", lambda x: F.softmax(x, 1), "softmax"),
    ("loss.log_softmax", lambda x: x.log_softmax(0), "log_softmax"),
    ("loss.nll", lambda x: F.nll_loss(x, Y), "nll_loss"),
    ("loss.cross_entropy", lambda x: nn.CrossEntropyLoss()(x, Y), "cross_entropy"),
    ("loss.smoothed", lambda x: nn.CrossEntropyLoss(label_smoothing=0.1)(x, Y), "cross_entropy"),
    (
        "loss.bce_with_logits",
        lambda x: F.binary_cross_entropy_with_logits(x, (x > 0).double()),
        "binary_cross_entropy_with_logits",
    ),
]


@pytest.mark.parametrize(("id", "call", "name"), CHOSEN)
def test_what_the_learners_code_computed_is_marked_as_theirs(id, call, name):
    assert call(leaf(4, 3)).grad_fn.origin is None
    with course.swapped({id: find(id).solution}):
        node = call(leaf(4, 3)).grad_fn
    assert (node.origin, node.name) == ("yours", name)


def test_one_hot_is_the_learners_too():
    asked = []

    def one_hot(labels, classes):
        asked.append((labels.tolist(), classes))
        return np.eye(classes)[labels]

    with course.swapped({"loss.one_hot": one_hot}):
        hot = F.one_hot(Y, 4)
    assert asked == [([2, 0, 1, 1], 4)]
    assert hot.dtype == torch.int64
    assert hot.shape == (4, 4)


@pytest.mark.parametrize(("id", "call", "name"), CHOSEN)
def test_a_learners_gradient_passes_the_frameworks_own_check(id, call, name):
    with course.swapped({id: find(id).solution}):
        assert autograd.gradcheck(call, (leaf(4, 3),))


@pytest.mark.parametrize(("id", "call", "name"), CHOSEN)
def test_higher_derivatives_go_through_the_shipped_operation(id, call, name):
    def second():
        x = leaf(4, 3)
        (first,) = autograd.grad((call(x * x) ** 2).sum(), x, create_graph=True)
        return autograd.grad((first**2).sum(), x)[0].numpy()

    expected = second()
    with course.swapped({id: find(id).solution}):
        assert second() == pytest.approx(expected)


@pytest.mark.parametrize(("id", "code"), RIGHT)
def test_any_right_way_to_write_it_trains_the_same_network(id, code):
    expected = _losses()
    with course.swapped({id: code}):
        assert _losses() == pytest.approx(expected, rel=1e-6)


def test_all_parts_together_train_the_same_network():
    expected = _losses()
    with course.swapped(SOLUTIONS):
        assert _losses() == pytest.approx(expected, rel=1e-6)


def _losses():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3)).double()
    x, y = torch.randn(12, 4, dtype=torch.float64), torch.arange(12) % 3
    losses = []
    for _ in range(5):
        out = model(x)
        loss = F.cross_entropy(out, y) + F.cross_entropy(out, y, label_smoothing=0.2)
        loss = loss + F.nll_loss(F.log_softmax(out, 1), y) + 0.1 * out.logsumexp(1).mean()
        loss = loss + F.binary_cross_entropy_with_logits(out, F.one_hot(y, 3).double())
        loss = loss - 0.1 * (F.softmax(out, 1) * F.one_hot(y, 3).double()).sum(1).mean()
        loss.backward()
        losses.append(loss.item())
        with torch.no_grad():
            for p in model.parameters():
                p -= 0.5 * p.grad
                p.grad = None
    assert losses[-1] < losses[0]
    return losses


BAD = [
    lambda: F.cross_entropy(torch.zeros(2, 3), torch.tensor([0, 3])),
    lambda: F.cross_entropy(torch.zeros(2, 3), torch.tensor([0, 1, 2])),
    lambda: F.cross_entropy(torch.zeros(2, 3), torch.tensor([[0], [1]])),
    lambda: F.cross_entropy(torch.zeros(2, 3), torch.tensor([0.0, 1.0])),
    lambda: F.cross_entropy(torch.zeros(2, 3), torch.tensor([0, 1]), label_smoothing=2.0),
    lambda: F.cross_entropy(torch.zeros(2, 3), torch.tensor([0, 1]), reduction="average"),
    lambda: F.nll_loss(torch.zeros(2, 3), torch.tensor([0, 5])),
    lambda: F.softmax(torch.zeros(2, 3), 2),
    lambda: F.log_softmax(torch.zeros(2, 3), -3),
    lambda: torch.logsumexp(torch.zeros(2, 3), 2),
    lambda: F.binary_cross_entropy_with_logits(torch.zeros(2, 1), torch.zeros(2)),
    lambda: F.binary_cross_entropy_with_logits(torch.zeros(2), torch.tensor([0, 1])),
    lambda: F.one_hot(torch.tensor([0.0])),
    lambda: F.one_hot(torch.tensor([3]), 2),
    lambda: F.one_hot(torch.tensor([-1]), 2),
]


@pytest.mark.parametrize("bad", BAD)
def test_bad_input_is_refused_in_the_frameworks_words(bad):
    with pytest.raises(Exception) as plain:
        bad()
    with course.swapped(SOLUTIONS), pytest.raises(type(plain.value)) as mine:
        bad()
    assert str(mine.value) == str(plain.value)


def test_smoothing_and_hard_labels_are_two_parts_that_stand_side_by_side():
    x = leaf(4, 3)
    with course.swapped({"loss.smoothed": bank.smoothed}):
        assert F.cross_entropy(x, Y).grad_fn.origin is None
        assert F.cross_entropy(x, Y, label_smoothing=0.1).grad_fn.origin == "yours"
    with course.swapped({"loss.smoothed": bank.smoothed, "loss.cross_entropy": bank.cross_entropy}):
        assert F.cross_entropy(x, Y).grad_fn.origin == "yours"
    assert ops.cross_entropy(x, Y).grad_fn.origin is None


def test_an_unwritten_part_is_named_when_the_framework_needs_it():
    def cross_entropy(z, labels):
        raise NotImplementedError()

    with course.swapped({"loss.cross_entropy": cross_entropy}), pytest.raises(NotImplementedError):
        F.cross_entropy(torch.zeros(2, 3), torch.tensor([0, 1]))


def test_the_answer_of_a_prediction_is_not_given_away():
    report = course.check("loss.predict", lambda: (-0.375, 0.3125, 7))
    assert not report.passed
    assert "got 0" not in repr(report)
    report = course.check("loss.predict", lambda: (7, 8, 9))
    assert "0.375" not in repr(report)
    assert "0.3125" not in repr(report)
