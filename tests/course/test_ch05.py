"""Lesson 05's bank: its truth is true, and what a learner writes runs the framework wherever the framework goes."""

import numpy as np
import pytest

import learnnn as torch
from learnnn import autograd, course, nn, ops
from learnnn.course.exercise import find
from learnnn.course.exercises import ch05_tensor_autograd as bank

IDS = (
    "tensor.unbroadcast",
    "tensor.exp",
    "tensor.tanh",
    "tensor.relu",
    "tensor.add",
    "tensor.mul",
    "tensor.sum",
    "tensor.mean",
    "tensor.matmul",
    "tensor.linear",
    "tensor.permute",
    "tensor.getitem",
    "tensor.Tensor",
    "tensor.predict",
    "tensor.find_the_bug",
)
COMPONENTS = [id for id in IDS if find(id).replaces]
RIGHT = [(id, code) for id in COMPONENTS for code in (find(id).solution, *find(id).variants)]


def test_the_lesson_asks_these_exercises():
    assert {exercise.id for exercise in course.exercises(lesson=5)} == set(IDS)


@pytest.mark.parametrize("id", IDS)
def test_every_hint_says_something(id):
    exercise = find(id)
    assert all(len(mistake.hint) > 30 for mistake in exercise.mistakes)
    assert all(len(hint) > 30 for hint in exercise.hints)


def test_a_hint_speaks_of_the_learners_numbers():
    def mean(x, dim=None, keepdim=False):
        return x.mean(axis=dim, keepdims=keepdim), lambda g: (bank.back(g, x, dim, keepdim),)

    report = course.check("tensor.mean", mean)
    assert report.diagnosis == "not-divided"
    assert "3 times" in report.hint
    assert "x = [1, 2, 3]" in report.hint


# ------------------------------------------------------------------------------------------------- the truth
RNG = np.random.default_rng(0)
A, B, G = RNG.normal(size=(3, 2)), RNG.normal(size=(2, 4)), RNG.normal(size=(3, 4))
CLOSED_FORMS = [
    (bank.multiplied, (A, B), G, (G @ B.T, A.T @ G)),
    (bank.pairwise(bank.times), (A, A[0]), A, (A * A[0], (A * A).sum(0))),
    (bank.pairwise(bank.plus), (A, A[:, :1]), A, (A, A.sum(1, keepdims=True))),
    (bank.each(np.tanh), (A,), A, (A * (1 - np.tanh(A) ** 2),)),
    (lambda x: bank.averaged(x, 1, False), (A,), G[:, 0], (np.stack([G[:, 0] / 2] * 2, 1),)),
    (lambda x: bank.picked(x, np.array([1, 1, 0])), (A,), A, (np.stack([A[2], A[0] + A[1], 0 * A[0]]),)),
    (lambda x: bank.reordered(x, (1, 0)), (A,), A.T, (A,)),
]


@pytest.mark.parametrize(("function", "arrays", "g", "expected"), CLOSED_FORMS)
def test_nudging_agrees_with_closed_forms(function, arrays, g, expected):
    for found, right in zip(bank.gradients(function, arrays, g), expected, strict=True):
        assert found == pytest.approx(right, abs=1e-7)


@pytest.mark.parametrize(("wide", "shape"), bank.BROADCASTS)
def test_folding_is_the_transpose_of_broadcasting(wide, shape):
    value, g = RNG.normal(size=shape), RNG.normal(size=wide)
    there = np.sum(np.broadcast_to(value, wide) * g)
    assert np.sum(value * bank.folded(g, shape)) == pytest.approx(there)


# ---------------------------------------------------------------------------- the learner's code in the framework
def leaf(*shape, dtype=torch.float64, seed=0):
    return torch.tensor(np.random.default_rng(seed).normal(size=shape), dtype=dtype, requires_grad=True)


CALLS = {
    "add": lambda x, w, b: x + b + 1 + 2.0,
    "reflected add": lambda x, w, b: (1 + x) + (b + x),
    "mul": lambda x, w, b: 2 * x * b * 0.5,
    "numpy scalar": lambda x, w, b: x * np.float64(2) + np.float32(1),
    "0-d tensors": lambda x, w, b: (x.sum() * b.mean() + 1).tanh(),
    "comparison": lambda x, w, b: x * (x > 0),
    "sum": lambda x, w, b: x.sum(1) * x.sum(dim=-1) + x.sum((0, 1)) + x.sum(0, keepdim=True).sum([0, 1]),
    "numpy's names": lambda x, w, b: x.sum(axis=0, keepdims=True) * x.mean(axis=0),
    "mean": lambda x, w, b: x.mean() + x.mean(0, True) * x.mean(1, keepdim=True),
    "matmul": lambda x, w, b: (x @ w.T).exp() @ w,
    "vectors": lambda x, w, b: (b @ b) * (x @ b) + (w @ b).sum(),
    "stacks": lambda x, w, b: x.reshape(2, 2, 3) @ w.T @ torch.stack([w, w]),
    "linear": lambda x, w, b: nn.functional.linear(x, w, b[:2]).relu(),
    "linear without bias": lambda x, w, b: nn.functional.linear(x, w),
    "linear on stacks": lambda x, w, b: nn.functional.linear(x.reshape(2, 2, 3), w, b[:2]),
    "permute": lambda x, w, b: x.reshape(2, 2, 3).permute(2, 0, -2).T * 2,
    "getitem": lambda x, w, b: x[[0, 0, 1]] + x[1:4] * x[:, 0][:3, None] + x[None, 0, ...],
    "index by tensor": lambda x, w, b: x[torch.tensor([3, 3])] + x[(x[:, 0] > 9)].sum(),
    "written in place": lambda x, w, b: written(x * 1, b),
    "integers": lambda x, w, b: x * (torch.arange(3) + 1).sum() + torch.arange(3)[1:].sum(),
}


def written(y, b):
    y[0] = b
    y[1:][0] *= 2.0
    return y


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_with_a_learners_parts_every_call_gives_what_it_gave(call, dtype):
    plain = _value_and_gradients(CALLS[call], dtype)
    with course.swapped({id: find(id).solution for id in COMPONENTS}):
        mine = _value_and_gradients(CALLS[call], dtype)
    for one, other in zip(plain, mine, strict=True):
        assert one.dtype == other.dtype
        assert one.shape == other.shape
        assert other.numpy() == pytest.approx(one.numpy(), rel=2e-4 if dtype == torch.float32 else 1e-9)


def _value_and_gradients(call, dtype):
    inputs = leaf(4, 3, dtype=dtype), leaf(2, 3, dtype=dtype, seed=1), leaf(3, dtype=dtype, seed=2)
    out = call(*inputs)
    (out * torch.linspace(1, 2, out.numel(), dtype=dtype).reshape(out.shape)).sum().backward()
    return [out.detach(), *(x.grad for x in inputs if x.grad is not None)]


@pytest.mark.parametrize(("id", "code"), RIGHT)
def test_any_right_way_to_write_it_trains_the_same_network(id, code):
    expected = _losses()
    with course.swapped({id: code}):
        assert _losses() == pytest.approx(expected, rel=1e-5)


def _losses():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 2))
    x, y = torch.randn(6, 4), torch.randn(6, 2)
    losses = []
    for _ in range(5):
        miss = model(x)[[0, 1, 1, 5]] + -1 * y[[0, 1, 1, 5]]
        loss = (miss * miss).mean() + (model[0].weight.T.exp() * 0.01).sum(1).mean()
        loss.backward()
        losses.append(loss.item())
        with torch.no_grad():
            for p in model.parameters():
                p -= 0.1 * p.grad
                p.grad = None
    return losses


def test_what_the_learners_code_computed_is_marked_as_theirs():
    with course.swapped({id: find(id).solution for id in COMPONENTS}):
        loss = nn.Linear(3, 2)(torch.ones(2, 3)).tanh().mean()
        assert [node.origin for node in autograd.topological_order(loss.grad_fn) if node.parents] == ["yours"] * 3
        assert [node.name for node in autograd.topological_order(loss.grad_fn)][:3] == ["mean", "tanh", "linear"]
    assert ops.matmul is ops.linalg.matmul


def test_higher_derivatives_go_through_the_shipped_operation():
    with course.swapped({id: find(id).solution for id in COMPONENTS}):
        x = leaf(3)
        (first,) = autograd.grad((x * x * x).tanh().sum(), x, create_graph=True)
        (second,) = autograd.grad(first.sum(), x)
    y = x.detach().requires_grad_()
    (first,) = autograd.grad((y * y * y).tanh().sum(), y, create_graph=True)
    assert second.numpy() == pytest.approx(autograd.grad(first.sum(), y)[0].numpy())


BAD = [
    lambda: torch.ones(2, 3) @ torch.ones(2, 3),
    lambda: torch.ones(2, 3) @ torch.ones(3, 2).double(),
    lambda: torch.ones(2, 3).sum(2),
    lambda: torch.ones(2, 3).permute(0, 0),
    lambda: torch.ones(2, 3).permute(0, 1, 2),
    lambda: torch.ones(2, 3) + torch.ones(2),
    lambda: torch.arange(3).mean(),
    lambda: torch.ones(2, 3)[5],
    lambda: nn.Linear(3, 2)(torch.ones(2, 4)),
]


@pytest.mark.parametrize("bad", BAD)
def test_bad_input_is_refused_in_the_frameworks_words(bad):
    with pytest.raises(Exception) as plain:
        bad()
    with course.swapped({id: find(id).solution for id in COMPONENTS}), pytest.raises(type(plain.value)) as mine:
        bad()
    assert str(mine.value) == str(plain.value)


def test_an_unwritten_part_is_named_when_the_framework_needs_it():
    def matmul(a, b):
        raise NotImplementedError()

    with course.swapped({"tensor.matmul": matmul}), pytest.raises(NotImplementedError):
        torch.ones(2, 2) @ torch.ones(2, 2)


def test_the_answer_of_a_prediction_is_not_given_away():
    report = course.check("tensor.predict", lambda: (0.5, 1, 7))
    assert not report.passed
    assert "0.375" not in repr(report)
