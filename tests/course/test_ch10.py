"""Lesson 10's bank: its truth is true, and what a learner writes runs the framework wherever the framework goes."""

import copy
import pickle

import numpy as np
import pytest

import learnnn as torch
from learnnn import autograd, course, nn, ops, optim
from learnnn.course.exercise import find
from learnnn.course.exercises import ch10_normalization_and_residuals as bank

F = nn.functional
IDS = (
    "norm.normalize",
    "norm.layer_norm",
    "norm.batch_norm",
    "norm.BatchNorm1d",
    "norm.Residual",
    "norm.ResidualBlock",
    "norm.rms_norm",
    "norm.fold_batch_norm",
    "norm.predict",
    "norm.find_the_bug",
)
COMPONENTS = [id for id in IDS if find(id).replaces]
RIGHT = [(id, code) for id in COMPONENTS for code in (find(id).solution, *find(id).variants)]
ALL = {id: find(id).solution for id in COMPONENTS}


def test_the_lesson_asks_these_exercises():
    assert {exercise.id for exercise in course.exercises(lesson=10)} == set(IDS)


@pytest.mark.parametrize("id", IDS)
def test_every_hint_says_something(id):
    exercise = find(id)
    assert all(len(mistake.hint) > 30 for mistake in exercise.mistakes)
    assert all(len(hint) > 30 for hint in exercise.hints)


def test_a_hint_speaks_of_the_learners_numbers():
    def batch_norm(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
        if not training:
            return bank.batch_norm(x, running_mean, running_var, weight, bias, training, momentum, eps)
        return bank.batch_norm(x, running_mean, running_var, weight, bias, training, 1 - momentum, eps)

    report = course.check("norm.batch_norm", batch_norm)
    assert report.diagnosis == "momentum-the-wrong-way-round"
    assert str(report.failure.actual[2][0])[:4] in report.hint


# ------------------------------------------------------------------------------------------------- the truth
RNG = np.random.default_rng(0)
X, G = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 3))


@pytest.mark.parametrize("axis", [0, 1, -1, (0, 1)])
def test_normalized_numbers_have_mean_0_and_variance_1(axis):
    z = bank.standardized(X, axis, 0.0)
    assert z.mean(axis=axis) == pytest.approx(0, abs=1e-12)
    assert z.var(axis=axis) == pytest.approx(1)


@pytest.mark.parametrize("axis", [0, 1])
def test_the_truth_does_not_see_shifts_and_scales(axis):
    z = bank.standardized(X, axis, 0.0)
    assert bank.standardized(3 * X + 7, axis, 0.0) == pytest.approx(z)
    (gradient,) = bank.gradients(lambda x: bank.standardized(x, axis, 0.0), (X,), G)
    assert gradient.sum(axis) == pytest.approx(0, abs=1e-6)
    assert (gradient * z).sum(axis) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("eps", [1e-5, 0.3])
def test_the_gradient_by_the_matrix_of_all_slopes(eps):
    """dz/dx of one group is (1 - 1/n - z z^T / n) / s."""
    x, g, n = X[0], G[0], 3
    s = np.sqrt(x.var() + eps)
    z = (x - x.mean()) / s
    slopes = (np.eye(n) - 1 / n - np.outer(z, z) / n) / s
    assert bank.normalize(x, 0, eps)[1](g)[0] == pytest.approx(slopes.T @ g)
    assert bank.gradients(lambda x: bank.standardized(x, 0, eps), (x,), g)[0] == pytest.approx(slopes.T @ g, abs=1e-6)


def test_a_running_average_is_a_sum_over_its_past():
    running = 5.0
    for value in (1.0, 2.0, 4.0):
        running = 0.7 * running + 0.3 * value
    assert bank.followed([1.0, 2.0, 4.0], 5.0, 0.3) == pytest.approx(running)


def test_a_folded_layer_is_both_layers():
    parts = *(RNG.normal(size=size) for size in ((3, 2), (3,), (3,))), np.array([1.0, 2.0, 3.0]), X[0], G[0]
    weight, bias = bank.fold_batch_norm(*parts)
    layer, norm = nn.Linear(2, 3).double(), nn.BatchNorm1d(3).double().eval()
    names = (layer.weight, layer.bias, norm.running_mean, norm.running_var, norm.weight, norm.bias)
    with torch.no_grad():
        for tensor, part in zip(names, parts, strict=True):
            tensor.copy_(torch.tensor(part))
        x = torch.tensor(X[:, :2])
        assert norm(layer(x)).numpy() == pytest.approx(x.numpy() @ weight.T + bias)


# ---------------------------------------------------------------------------- the learner's code in the framework
def leaf(*shape, dtype=torch.float64, seed=0):
    return torch.tensor(np.random.default_rng(seed).normal(size=shape), dtype=dtype, requires_grad=True)


def running(dtype):
    return torch.tensor([0.5, -1.0, 0.0], dtype=dtype), torch.tensor([0.5, 1.0, 2.0], dtype=dtype)


def with_record(x, w, b, training, **options):
    mean, var = running(x.dtype)
    out = F.batch_norm(x, mean, var, w, b, training, **options)
    return out * mean + var


CALLS = {
    "layer norm": lambda x, w, b: F.layer_norm(x, (3,), w, b),
    "layer norm, by name": lambda x, w, b: F.layer_norm(x, normalized_shape=[3], weight=w, bias=b, eps=0.1),
    "layer norm, three axes": lambda x, w, b: F.layer_norm(x.reshape(2, 2, 3), (3,), w, b),
    "layer norm, two of them": lambda x, w, b: F.layer_norm(x.reshape(2, 2, 3), (2, 3), x[:2], x[2:] * b),
    "layer norm, plain": lambda x, w, b: F.layer_norm(x, (3,)),
    "layer norm, no bias": lambda x, w, b: F.layer_norm(x, (3,), w),
    "rms norm": lambda x, w, b: F.rms_norm(x, (3,), w),
    "rms norm with eps": lambda x, w, b: F.rms_norm(x.reshape(2, 2, 3), (3,), w, 0.1),
    "rms norm, two axes": lambda x, w, b: F.rms_norm(x.reshape(2, 2, 3), (2, 3), x[:2]),
    "rms norm, plain": lambda x, w, b: F.rms_norm(x, (3,)),
    "batch norm": lambda x, w, b: with_record(x, w, b, True),
    "batch norm, evaluated": lambda x, w, b: with_record(x, w, b, False),
    "batch norm, options": lambda x, w, b: with_record(x, w, b, True, momentum=0.3, eps=0.1),
    "batch norm, one row evaluated": lambda x, w, b: with_record(x[:1], w, b, False),
    "batch norm, no record": lambda x, w, b: F.batch_norm(x, None, None, w, b, True),
    "batch norm, plain": lambda x, w, b: with_record(x, None, None, True),
    "batch norm, three axes": lambda x, w, b: F.batch_norm(x.reshape(2, 3, 2), *running(x.dtype), w, b, True),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_with_a_learners_parts_every_call_gives_what_it_gave(call, dtype):
    plain = _value_and_gradients(CALLS[call], dtype)
    with course.swapped(ALL):
        mine = _value_and_gradients(CALLS[call], dtype)
    for one, other in zip(plain, mine, strict=True):
        assert one.dtype == other.dtype
        assert one.shape == other.shape
        assert other.numpy() == pytest.approx(one.numpy(), rel=1e-3 if dtype == torch.float32 else 1e-9, abs=1e-5)


def _value_and_gradients(call, dtype):
    inputs = leaf(4, 3, dtype=dtype), leaf(3, dtype=dtype, seed=1), leaf(3, dtype=dtype, seed=2)
    out = call(*inputs)
    (out * torch.linspace(1, 2, out.numel(), dtype=dtype).reshape(out.shape)).sum().backward()
    return [out.detach(), *(x.grad for x in inputs if x.grad is not None)]


@pytest.mark.parametrize(("id", "code"), RIGHT)
def test_any_right_way_to_write_it_trains_the_same_network(id, code):
    expected = _trained()
    with course.swapped({id: code}):
        assert _trained() == pytest.approx(expected, rel=1e-6)


def _trained():
    """Losses in training, then in evaluation, with every norm of the lesson."""
    torch.manual_seed(0)
    norms = nn.BatchNorm1d(8), nn.LayerNorm(8), nn.RMSNorm(8)
    layers = [part for norm in norms for part in (nn.Linear(8, 8), norm, nn.Tanh())]
    model = nn.Sequential(nn.Linear(4, 8), *layers, nn.Linear(8, 2)).double()
    x, y = torch.randn(6, 4).double(), torch.randn(6, 2).double()
    optimizer, losses = optim.SGD(model.parameters(), lr=0.1), []
    for _ in range(5):
        loss = ((model(x) - y) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    return [*losses, ((model(x[:1]) - y[:1]) ** 2).mean().item()]


@pytest.mark.parametrize(("id", "code"), [pair for pair in RIGHT if pair[0] != "norm.BatchNorm1d"])
def test_the_gradient_checker_agrees(id, code):
    calls = {
        "norm.layer_norm": lambda x, w, b: F.layer_norm(x, (3,), w, b),
        "norm.batch_norm": lambda x, w, b: F.batch_norm(x, None, None, w, b, True),
        "norm.rms_norm": lambda x, w, b: F.rms_norm(x, (3,), w) + b,
    }
    with course.swapped({id: code}):
        assert autograd.gradcheck(calls[id], (leaf(4, 3), leaf(3, seed=1), leaf(3, seed=2)))


def test_what_the_learners_code_computed_is_marked_as_theirs():
    with course.swapped(ALL):
        model = nn.Sequential(nn.BatchNorm1d(3), nn.LayerNorm(3), nn.RMSNorm(3))
        out = model(torch.randn(4, 3)).sum()
    named = {node.name: node.origin for node in autograd.topological_order(out.grad_fn) if node.parents}
    assert named == {"sum": None, "rms_norm": "yours", "layer_norm": "yours", "batch_norm": "yours"}
    assert ops.layer_norm is ops.normalization.layer_norm


@pytest.mark.parametrize("call", ["layer norm", "rms norm", "batch norm", "batch norm, evaluated"])
def test_higher_derivatives_go_through_the_shipped_operation(call):
    def second():
        x, w, b = leaf(4, 3), leaf(3, seed=1), leaf(3, seed=2)
        (first,) = autograd.grad((CALLS[call](x, w, b) ** 3).sum(), x, create_graph=True)
        return autograd.grad((first * first).sum(), x)[0].numpy()

    plain = second()
    with course.swapped(ALL):
        assert second() == pytest.approx(plain)


def test_a_second_derivative_does_not_count_the_batch_twice():
    with course.swapped(ALL):
        norm, x = nn.BatchNorm1d(3).double(), leaf(4, 3)
        (first,) = autograd.grad((norm(x) ** 3).sum(), x, create_graph=True)
        before = norm.running_mean.numpy().copy()
        first.sum().backward()
        assert norm.running_mean.numpy().tolist() == before.tolist()


BAD = [
    lambda: F.layer_norm(torch.ones(2, 3), (4,), torch.ones(4), torch.ones(4)),
    lambda: F.layer_norm(torch.ones(2, 3), (3,), torch.ones(2), torch.ones(3)),
    lambda: F.layer_norm(torch.ones(2, 3), (3,), torch.ones(3).double(), torch.ones(3)),
    lambda: F.layer_norm(torch.ones(2, 3).long(), (3,), torch.ones(3), torch.ones(3)),
    lambda: F.rms_norm(torch.ones(2, 3), (4,), torch.ones(4)),
    lambda: F.batch_norm(torch.ones(1, 3), None, None, torch.ones(3), torch.ones(3), True),
    lambda: F.batch_norm(torch.ones(2, 3), None, None, torch.ones(3), torch.ones(3), False),
    lambda: F.batch_norm(torch.ones(2, 3), torch.ones(4), torch.ones(4), torch.ones(3), torch.ones(3), True),
    lambda: nn.BatchNorm1d(3)(torch.ones(2, 4)),
    lambda: nn.BatchNorm1d(3)(torch.ones(1, 3)),
    lambda: nn.BatchNorm1d(3)(torch.ones(3)),
    lambda: nn.BatchNorm1d(3)(np.ones((2, 3))),
    lambda: nn.BatchNorm1d(3).load_state_dict({}),
]


@pytest.mark.parametrize("bad", BAD)
def test_bad_input_is_refused_in_the_frameworks_words(bad):
    with pytest.raises(Exception) as plain:
        bad()
    with course.swapped(ALL), pytest.raises(type(plain.value)) as mine:
        bad()
    assert str(mine.value) == str(plain.value)


def test_an_unwritten_part_is_named_when_the_framework_needs_it():
    def layer_norm(x, weight, bias, eps=1e-5):
        raise NotImplementedError()

    with course.swapped({"norm.layer_norm": layer_norm}), pytest.raises(NotImplementedError):
        nn.LayerNorm(3)(torch.ones(2, 3))


# --------------------------------------------------------------------------------------- the learner's BatchNorm1d
BATCH_NORMS = (find("norm.BatchNorm1d").solution, *find("norm.BatchNorm1d").variants)
SHIPPED = nn.BatchNorm1d
as_module = pytest.mark.parametrize("code", BATCH_NORMS)


@pytest.fixture
def data():
    return torch.randn(5, 3)


@as_module
def test_it_is_a_batch_norm_to_the_framework(code, data):
    plain = SHIPPED(3)
    with course.swapped({"norm.BatchNorm1d": code}):
        mine = nn.BatchNorm1d(3)
        assert isinstance(mine, SHIPPED)
        assert isinstance(mine, nn.BatchNorm1d)
        assert repr(mine) == repr(plain)
        assert sorted(mine.state_dict()) == sorted(plain.state_dict())
        for _ in range(3):
            assert mine(data).detach().numpy() == pytest.approx(plain(data).detach().numpy(), abs=1e-5)
        for name, value in plain.state_dict().items():
            assert mine.state_dict()[name].numpy() == pytest.approx(value.numpy(), abs=1e-5), name


@as_module
def test_its_state_goes_into_the_shipped_one_and_back(code, data):
    with course.swapped({"norm.BatchNorm1d": code}):
        mine, plain = nn.BatchNorm1d(3), SHIPPED(3)
        mine(data)
        plain.load_state_dict(mine.state_dict())
        again = nn.BatchNorm1d(3)
        again.load_state_dict(plain.state_dict())
        for norm in (mine, plain, again):
            norm.eval()
        assert plain(data).detach().numpy() == pytest.approx(mine(data).detach().numpy(), abs=1e-6)
        assert again(data).detach().numpy() == pytest.approx(mine(data).detach().numpy(), abs=1e-6)


@as_module
def test_it_can_be_copied_and_pickled(code, data):
    with course.swapped({"norm.BatchNorm1d": code}):
        mine = nn.BatchNorm1d(3)
        mine(data)
        for twin in (copy.deepcopy(mine), pickle.loads(pickle.dumps(mine))):
            assert twin.running_mean.numpy().tolist() == mine.running_mean.numpy().tolist()
            twin(data)
            assert twin.running_mean.numpy().tolist() != mine.running_mean.numpy().tolist()


@pytest.mark.parametrize(
    "options",
    [{"affine": False}, {"track_running_stats": False}, {"momentum": None}, {"bias": False}, {"dtype": torch.float64}],
    ids=str,
)
def test_what_the_exercise_does_not_speak_of_is_the_shipped_ones(options):
    x = torch.randn(5, 3, dtype=options.get("dtype", torch.float32))
    plain = SHIPPED(3, **options)
    with course.swapped(ALL):
        mine = nn.BatchNorm1d(3, **options)
        assert repr(mine) == repr(plain)
        for mode in (True, True, False):
            mine.train(mode)
            plain.train(mode)
            assert mine(x).detach().numpy() == pytest.approx(plain(x).detach().numpy(), abs=1e-5)


@as_module
def test_three_axes_are_the_shipped_ones(code):
    x, plain = torch.randn(4, 3, 5), SHIPPED(3)
    with course.swapped({"norm.BatchNorm1d": code}):
        mine = nn.BatchNorm1d(3)
        assert mine(x).detach().numpy() == pytest.approx(plain(x).detach().numpy(), abs=1e-6)
        assert mine.running_var.numpy() == pytest.approx(plain.running_var.numpy(), abs=1e-6)


@as_module
def test_it_can_be_begun_anew(code, data):
    with course.swapped({"norm.BatchNorm1d": code}):
        mine = nn.BatchNorm1d(3)
        mine(data)
        mine.reset_running_stats()
        assert mine.running_mean.numpy().tolist() == [0, 0, 0]
        assert mine.running_var.numpy().tolist() == [1, 1, 1]
        assert mine.num_batches_tracked.item() == 0


def test_a_refused_batch_is_not_counted():
    with course.swapped(ALL):
        mine = nn.BatchNorm1d(3)
        with pytest.raises(ValueError):
            mine(torch.ones(1, 3))
        assert mine.num_batches_tracked.item() == 0
        assert mine.running_mean.numpy().tolist() == [0, 0, 0]


# ------------------------------------------------------------------------------------------------- answers
@pytest.mark.parametrize("cls", [bank.ResidualBlock, *find("norm.ResidualBlock").variants])
def test_blocks_train_deep(cls):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), *[cls(8, 8) for _ in range(15)], nn.Linear(8, 1))
    x = torch.randn(64, 4)
    y = x[:, :1] * x[:, 1:2]
    optimizer, losses = optim.SGD(model.parameters(), lr=0.02), []
    for _ in range(60):
        loss = ((model(x) - y) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.6 * losses[0]


def test_the_answer_of_a_prediction_is_not_given_away():
    report = course.check("norm.predict", lambda: (1.6667, 1, 7, 0))
    assert not report.passed
    assert "2.1" not in repr(report)


def test_a_class_that_was_used_before_is_still_told_apart():
    shared = bank.broken_norm()
    for _ in range(3):
        shared()(X)
    report = course.check("norm.find_the_bug", lambda: (shared, "B"))
    assert not report.passed
