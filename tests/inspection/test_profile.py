"""The profiler, held against planted work on a clock of the test's own, counts and bytes by hand, and a state that
must be as before. No test asks how fast anything is."""

import itertools
import json
import pickle
import time
import tracemalloc
import types
import xml.etree.ElementTree as xml

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import learnnn as torch
import learnnn.nn.functional as F
from learnnn import autograd, course, nn, ops
from learnnn import matmul as product
from learnnn.inspection import profile
from learnnn.inspection.face.scene import Box, Group, Text, text_width
from learnnn.inspection.profiling import clock


class Ticks:
    """A clock that moves only when somebody works."""

    def __init__(self):
        self.now = 0.0

    def work(self, seconds):
        self.now += seconds

    def __call__(self):
        return self.now


TICKS = Ticks()


@pytest.fixture
def ticks(monkeypatch):
    monkeypatch.setattr(clock, "perf_counter", TICKS)
    return TICKS


@autograd.from_backward
def toil(x):
    """An operation that works for 3 seconds, and for 5 in backward."""
    TICKS.work(3)

    def backward(g):
        TICKS.work(5)
        return (g,)

    return x * 1, backward


class Busy(nn.Module):
    """Works for some seconds by itself, and through an operation if asked."""

    def __init__(self, seconds, calls=0):
        super().__init__()
        self.seconds, self.calls = seconds, calls

    def forward(self, x):
        TICKS.work(self.seconds)
        for _ in range(self.calls):
            x = toil(x)
        return x


class Tree(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Linear(4, 4)
        self.blocks = nn.Sequential(Busy(20, 1), nn.Sequential(Busy(7, 2)))

    def forward(self, x):
        TICKS.work(100)
        return self.blocks(self.stem(x))


def rows(found):
    return {row.name: row for row in found.operations}, {row.path: row for row in found.modules}


def mlp(*sizes, act=nn.ReLU):
    layers = [layer for a, b in itertools.pairwise(sizes) for layer in (nn.Linear(a, b), act())]
    return nn.Sequential(*layers[:-1])


# ------------------------------------------------------------------------------------------------- who took it
def test_planted_work_is_charged_to_where_it_was_done(ticks):
    found = profile(Tree(), torch.rand(2, 4), loss=lambda out: (ticks.work(1000), out.sum())[1])
    operations, modules = rows(found)
    assert operations["toil"][:4] == ("toil", 3, 9.0, 15.0)
    assert (operations["linear"].forward, operations["linear"].backward) == (0.0, 0.0)
    assert {path: (m.forward, m.backward, m.own_forward, m.own_backward) for path, m in modules.items()} == {
        "": (136.0, 15.0, 100.0, 0.0),
        "stem": (0.0, 0.0, 0.0, 0.0),
        "blocks": (36.0, 15.0, 0.0, 0.0),
        "blocks.0": (23.0, 5.0, 23.0, 5.0),
        "blocks.1": (13.0, 10.0, 0.0, 0.0),
        "blocks.1.0": (13.0, 10.0, 13.0, 10.0),
        "loss": (1000.0, 0.0, 1000.0, 0.0),
    }
    assert (found.between.forward, found.between.backward) == (1127.0, 0.0)
    assert (found.forward, found.backward, found.unwatched) == (1136.0, 15.0, 1151.0)


def test_the_median_is_taken_of_every_part(ticks):
    seconds = iter([9, 9, 8, 8, 9, 1, 2, 30])  # counted, to warm up, two unwatched, to warm up, three timed

    def model(x):
        ticks.work(next(seconds, 7))
        return x * 2

    found = profile(model, torch.rand(2), repeat=3)
    assert (found.between.forward, found.unwatched) == (2, 7)  # unwatched: the fastest of 8, 8, 7, 7


def test_an_operation_within_another_is_not_counted_twice(ticks, monkeypatch):
    def outer(x):
        ticks.work(2)
        return ops.mul(ops.add(x, 1), 3)

    monkeypatch.setattr(ops, "mish", outer)
    monkeypatch.setattr(ops, "add", lambda a, b, add=ops.add: (ticks.work(10), add(a, b))[1])
    ops.add.__name__ = "add"
    operations, _ = rows(profile(F.mish, torch.rand(2, requires_grad=True)))
    assert (operations["mish"].forward, operations["add"].forward) == (2, 10)
    assert operations.keys() == {"mish", "add", "mul"}


def test_backward_is_charged_to_the_module_that_made_the_step(ticks):
    shared = Busy(0, 1)
    net = nn.Sequential(shared, nn.Sequential(shared))
    _, modules = rows(profile(net, torch.rand(2, requires_grad=True)))
    assert modules["0"].calls == 2
    assert (modules[""].backward, modules["0"].backward, modules["1"].backward) == (10, 10, 5)


def test_real_time(ticks, monkeypatch):
    monkeypatch.undo()

    class Sleepy(nn.Module):
        def forward(self, x):
            time.sleep(0.02)
            return x

    found = profile(nn.Sequential(nn.Linear(2, 2), Sleepy(), nn.Linear(2, 2)), torch.rand(1, 2), repeat=3)
    assert max(found.modules, key=lambda row: row.own).path == "1"
    assert found.modules[0].forward >= 0.02


NETS = {
    "mlp": (lambda: mlp(8, 6, 3), (4, 8)),
    "cnn": (lambda: nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.MaxPool2d(2), nn.Flatten()), (2, 1, 6, 6)),
    "lstm": (lambda: nn.LSTM(3, 4), (5, 2, 3)),
    "transformer": (lambda: nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), (2, 5, 8)),
}


@pytest.mark.parametrize("name", NETS)
def test_everything_adds_up(name):
    make, shape = NETS[name]
    found = profile(make(), torch.rand(*shape), repeat=2)
    total = pytest.approx(found.seconds)
    assert sum(row.seconds for row in found.operations) + found.between.seconds == total
    assert sum(row.own for row in found.modules) + found.outside.own == total
    assert found.forward + found.backward == total
    assert found.modules[0].seconds + found.outside.seconds == total
    assert sum(row.kept for row in found.operations) == found.kept == found.modules[0].kept
    assert [row.seconds for row in found.operations] == sorted([row.seconds for row in found.operations], reverse=True)


# ----------------------------------------------------------------------------------------------- counts by hand
def test_calls():
    net = nn.Sequential(mlp(4, 4, 4, 4), nn.Flatten())
    x = torch.rand(3, 4)
    found = profile(lambda x: net(net(x)) + x, x, loss=lambda out: (out * out).mean())
    operations, modules = rows(found)
    assert {name: row.calls for name, row in operations.items()} == {
        "linear": 6, "relu": 4, "flatten": 2, "reshape": 2, "add": 1, "mul": 1, "mean": 1,
    }  # fmt: skip
    assert modules["net"].calls == modules["net.0.0"].calls == 2
    assert [row.path for row in found.modules][:4] == ["", "net", "net.0", "net.0.0"]


def test_an_operation_that_goes_by_two_names_is_counted_once():
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.MaxPool2d(2), nn.LayerNorm(2))
    operations, _ = rows(profile(net, torch.rand(3, 1, 6, 6)))
    assert {name: (row.calls, row.output) for name, row in operations.items() if name != "layer_norm"} == {
        "conv2d": (1, 0), "convolve": (1, 3 * 2 * 4 * 4 * 4), "max_pool2d": (1, 3 * 2 * 2 * 2 * 4),
    }  # fmt: skip
    assert operations["layer_norm"].calls == 1


def test_every_way_to_call_an_operation():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.act, self.table = torch.tanh, {"gelu": F.gelu}

        def forward(self, x):
            y = self.act(product(x, x.T))
            y = self.table["gelu"](y) @ torch.concat([x, x], 1)
            y += 1
            return Cube.apply(y)[0]

    operations, _ = rows(profile(Net(), torch.rand(3, 3, requires_grad=True)))
    assert {name: row.calls for name, row in operations.items()} == {
        "tanh": 1, "matmul": 2, "permute": 1, "gelu": 1, "cat": 1, "add": 1, "getitem": 1,
        "Cube": 1, "pow": 1, "mul": 1,
    }  # fmt: skip


def test_an_operation_from_around_a_function(ticks):
    def made(operation):
        return lambda x: operation(operation(x))

    model = made(toil)
    operations, _ = rows(profile(model, torch.rand(2, requires_grad=True)))
    assert operations["toil"][:4] == ("toil", 2, 6, 10)
    assert model.__closure__[0].cell_contents is toil


class Cube(autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x * 1)
        return x**3

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 3 * x * x * g


def test_what_a_function_of_the_learner_keeps():
    operations, _ = rows(profile(Cube.apply, torch.rand(4, 5, requires_grad=True)))
    assert operations.keys() == {"Cube", "mul", "pow"}
    assert operations["Cube"].kept == 2 * 4 * 5 * 4  # x * 1, and the output, by which it checks gradients


# ----------------------------------------------------------------------------------------------- bytes by hand
@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=2, max_size=5), st.integers(1, 7), st.booleans())
def test_bytes_of_a_random_mlp(sizes, batch, double):
    model = mlp(*sizes)
    model, size = (model.double(), 8) if double else (model, 4)
    operations, modules = rows(profile(model, np.zeros((batch, sizes[0])), repeat=1))
    hidden, output = batch * sum(sizes[1:-1]) * size, batch * sizes[-1] * size
    # a hidden layer is kept once, by relu, although the next linear looks at it too
    assert {name: (row.output, row.kept) for name, row in operations.items()} == {
        "linear": (hidden + output, 0), **({"relu": (hidden, hidden)} if hidden else {}),
    }  # fmt: skip
    assert modules[""].kept == hidden


def test_views_are_not_counted_twice_and_inputs_not_at_all():
    x = torch.rand(6, 4, requires_grad=True)

    def model(x):
        y = x.exp()  # (6, 4): 96 bytes, kept
        return (y.T * y.reshape(4, 6)).sum() + (x * x).sum()

    found = profile(model, x)
    operations, _ = rows(found)
    assert found.kept == 96
    assert {name: row.output for name, row in operations.items()} == {
        "exp": 96, "permute": 0, "reshape": 0, "mul": 192, "sum": 8, "add": 4,
    }  # fmt: skip


def test_constants_from_before_are_not_counted():
    table, x = torch.rand(100, 4), torch.rand(3, 100, requires_grad=True)
    assert profile(lambda x: x @ table, x).kept == 0


def test_peaks():
    def model(x):
        big = np.ones((1000, 1000))  # 8 MB, gone when forward ends
        return x * float(big[0, 0])

    peaks = profile(model, torch.rand(1, requires_grad=True)).peaks
    assert 8_000_000 <= peaks["forward"] < 8_500_000
    assert peaks["backward"] < 500_000


def test_tracing_that_somebody_else_began_goes_on():
    tracemalloc.start()
    try:
        x = torch.rand(50, 50, requires_grad=True)
        assert profile(lambda x: x.exp().sum(), x).kept == 10_000
        assert tracemalloc.is_tracing()
    finally:
        tracemalloc.stop()
    profile(lambda x: x * 2, x)
    assert not tracemalloc.is_tracing()


# ----------------------------------------------------------------------------------------------- as it was before
def everything(model, x):
    """All that a run could change."""
    spaces = [ops, F, torch, torch.linalg]
    return {
        "numbers": {name: t.array.tobytes() for name, t in [*model.named_parameters(), *model.named_buffers()]},
        "objects": [id(t) for t in [*model.parameters(), *model.buffers()]],
        "arrays": [id(t.array) for t in [*model.parameters(), *model.buffers()]],
        "gradients": [(id(p.grad), p.grad is not None and p.grad.array.tobytes()) for p in model.parameters()],
        "versions": [t._version for t in [*model.parameters(), *model.buffers()]],
        "modes": [m.training for m in model.modules()],
        "attributes": [sorted(vars(m)) for m in model.modules()],
        "hooks": [[*map(len, (m._hooks, m._pre_hooks, m._backward_hooks))] for m in model.modules()],
        "input": (x.array.tobytes(), x.grad, x._version),
        "random": pickle.dumps((torch.get_rng_state(), np.random.get_state())),
        "names": [{n: id(v) for n, v in vars(s).items() if isinstance(v, types.FunctionType)} for s in spaces],
        "classes": [nn.Module.__call__, autograd.Node.next_order, vars(autograd.Function)["apply"]],
        "nodes": [vars(kind).get("backward") for kind in autograd.Node.__subclasses__()],
        "recording": torch.is_grad_enabled(), "tracing": tracemalloc.is_tracing(), "here": [product, toil],
    }  # fmt: skip


class Restless(nn.Module):
    """A model that changes itself, and fails where it is told to."""

    def __init__(self, fails=""):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.Dropout(0.5), nn.Linear(5, 2))
        self.seen, self.count, self.fails = [], 0, fails
        self.register_buffer("steps", torch.zeros(1))

    def forward(self, x):
        self.count += 1
        self.last = x
        self.seen.append(x)
        self.steps = self.steps + 1
        x.mul_(2)
        np.random.rand()
        out = self.layers(x)
        if self.fails == "forward":
            raise ArithmeticError("in forward")
        if self.fails == "backward":
            out.register_hook(lambda g: 1 / 0)
        return out


@pytest.mark.parametrize("fails", ["", "forward", "loss", "backward"])
@pytest.mark.parametrize("train", [True, False])
def test_everything_is_as_before(fails, train):
    model, x = Restless().train(train), torch.rand(8, 4)
    model.layers[3].eval()
    model.layers[0].register_forward_hook(lambda m, args, out: None)
    model(torch.rand(8, 4)).sum().backward()
    model.layers[0].weight.grad = None
    model.layers[0].bias.register_post_accumulate_grad_hook(lambda p: p.detach().zero_())
    model.fails = fails
    before = everything(model, x)
    if fails:
        with pytest.raises(ArithmeticError):
            profile(model, x, loss=(lambda out: 1 / 0) if fails == "loss" else None)
    else:
        profile(model, x)
    after = everything(model, x)
    assert {key for key in before if before[key] != after[key]} == set()
    assert (model.count, len(model.seen), model.steps.item()) == (1, 1, 1)


def test_parameters_of_a_function_and_modules_it_hides_are_as_before():
    w, updates = torch.rand(3, 3, requires_grad=True), []
    w.register_post_accumulate_grad_hook(updates.append)  # as an optimizer would that steps within backward
    w.grad = kept = torch.ones(3, 3)
    hidden = {"norm": nn.BatchNorm1d(3)}
    found = profile(lambda x: hidden["norm"](x @ w), torch.rand(5, 3))
    assert w.grad is kept and w.grad.sum() == 9 and not updates
    assert hidden["norm"].num_batches_tracked == 0 and hidden["norm"].running_mean.sum() == 0
    assert [row.path for row in found.modules] == ["", "BatchNorm1d"]


def test_an_object_of_the_learners_own_is_as_before():
    class Net:
        def __init__(self):
            self.w, self.mean, self.runs = torch.rand(4, 2, requires_grad=True), torch.zeros(2), [0]
            self.head = nn.Linear(2, 2)

        def __call__(self, x):
            y = x @ self.w
            self.mean += y.detach().mean(0)
            self.runs[0] += 1
            return self.head(y)

    net = Net()
    found = profile(net, torch.rand(3, 4))
    assert (net.runs, net.mean.tolist(), net.w.grad) == ([0], [0, 0], None)
    assert [(row.path, row.kind) for row in found.modules] == [("", "Net"), ("head", "Linear")]
    assert repr(found) == "<profile of Net: 4 operations in 2 modules>"


def test_a_graph_from_before_can_still_be_swept():
    w = torch.rand(3, requires_grad=True)
    early = w.exp() * 2
    profile(lambda x: x * early, torch.rand(3))
    early.sum().backward()
    np.testing.assert_allclose(w.grad.numpy(), 2 * np.exp(w.detach().numpy()), rtol=1e-6)


# ------------------------------------------------------------------------------------------------ what may be given
def test_without_gradients_only_forward_is_profiled():
    for found in (profile(lambda x: x.exp(), torch.rand(3)), no_grad_profile()):
        assert found.backward == 0 and found.kept == 0
        assert "no gradient to send back" in str(found)
        assert len(found.operations) == 1
        assert found.svg


def no_grad_profile():
    with torch.no_grad():
        return profile(lambda x: x.exp(), torch.rand(3, requires_grad=True))


def test_arrays_several_inputs_and_several_outputs():
    found = profile(nn.LSTM(3, 4), np.zeros((5, 2, 3)), (np.zeros((1, 2, 4)), np.zeros((1, 2, 4))))
    assert {"recur"} <= {row.name for row in found.operations} and found.backward > 0
    integers = profile(nn.Embedding(5, 2), np.array([1, 2, 3]))
    assert integers.operations[0].name == "embedding"


def test_a_loss_that_is_no_number_and_one_that_takes_a_gradient():
    assert profile(nn.Linear(2, 2), torch.rand(3, 2), loss=lambda out: out * out).backward > 0

    def penalty(out):
        (slope,) = torch.autograd.grad(out.sum(), w, create_graph=True)
        return (slope * slope).sum()

    w = torch.rand(3, requires_grad=True)
    assert profile(lambda x: (x * w) ** 3, torch.rand(3), loss=penalty).backward > 0
    assert w.grad is None


def test_modules_with_backward_hooks_and_a_module_as_loss():
    model, seen = mlp(3, 4, 2), []
    model[0].register_full_backward_hook(lambda *args: seen.append(1))
    found = profile(model, torch.rand(2, 3), loss=nn.Flatten())
    assert found.modules[-1].path == "Flatten" and seen


def test_yours():
    def relu(x):
        return np.maximum(x, 0), lambda g: (g * (x > 0),)

    with course.swapped({"tensor.relu": relu}):
        found = profile(mlp(4, 4, 2), torch.rand(3, 4))
    operations, _ = rows(found)
    assert {name: row.yours for name, row in operations.items()} == {"linear": False, "relu": True}
    assert operations["relu"].calls == 1 and operations["relu"].backward > 0
    assert "relu (yours)" in str(found) and "computed by your code" in found.svg
    assert "computed by your code" not in profile(mlp(4, 4, 2), torch.rand(3, 4)).svg


BAD = {
    "not callable": (lambda: profile([1, 2], torch.rand(2)), TypeError, "module or a function, not a list"),
    "an output": (lambda: profile(torch.rand(2)), TypeError, "not a Tensor: it is run"),
    "a class": (lambda: profile(nn.ReLU, torch.rand(2)), TypeError, r"ReLU\(\.\.\.\)"),
    "no input": (lambda: profile(nn.ReLU()), TypeError, "must be a tensor or an array, not nothing"),
    "a number": (lambda: profile(nn.ReLU(), 3), TypeError, "not int"),
    "a loss value": (lambda: profile(nn.ReLU(), torch.rand(2), loss=torch.rand(1)), TypeError, "loss=lambda out"),
    "repeat": (lambda: profile(nn.ReLU(), torch.rand(2), repeat=0), ValueError, "1 time or more, not 0"),
    "repeat half": (lambda: profile(nn.ReLU(), torch.rand(2), repeat=1.5), ValueError, "not 1.5"),
    "no output": (lambda: profile(lambda x: None, torch.rand(2)), TypeError, "the model returned None, no tensor"),
    "no loss": (lambda: profile(lambda x: x, torch.rand(2), loss=float), TypeError, "the loss returned a float"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_explained(name):
    call, error, words = BAD[name]
    with pytest.raises(error, match=words):
        call() if name != "no loss" else profile(lambda x: x, torch.rand(1), loss=float)


# ------------------------------------------------------------------------------------------------ how it is shown
@pytest.fixture(scope="module")
def shown():
    torch.manual_seed(0)
    layers = [nn.TransformerEncoderLayer(8, 2, 16, batch_first=True) for _ in range(5)]
    return profile(nn.Sequential(*layers), torch.rand(2, 5, 8), loss=lambda out: out.mean(), repeat=1)


def test_the_table(shown):
    lines = str(shown).splitlines()
    assert max(map(len, lines)) <= 100
    assert lines[0].startswith("profile of Sequential: forward ")
    assert any(line.startswith("4.self_attn") for line in lines)
    assert sum("100.0%" in line for line in lines) == 2
    assert any("between operations" in line for line in lines)


def test_the_text_of_a_notebook_has_no_times(shown):
    assert repr(shown) == f"<profile of Sequential: {len(shown.operations)} operations in {len(shown.modules)} modules>"


def test_the_picture(shown):
    svg = xml.fromstring(shown.to_svg())
    texts = [t.text for t in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert "operations" in texts and "modules" in texts and "Sequential" in texts
    assert any(t.endswith("more inside these: print it") for t in texts)
    assert len(texts) < 250
    assert 'alt="profile of Sequential: forward' in shown._repr_html_()
    assert shown.to_png()[:4] == b"\x89PNG"


def test_no_text_leaves_the_sheet_or_runs_into_the_bars(shown):
    for found in (shown, profile(mlp(3, 2), torch.rand(1, 3))):
        scene = found.scene()
        groups = [s for s in scene.shapes if isinstance(s, Group)]
        for group in groups:
            texts = [s for s in group.shapes if isinstance(s, Text) and s.anchor == "start"]
            ends = [t.x + text_width(t.text, t.size) for t in texts]
            bars = [s.x for s in group.shapes if isinstance(s, Box) and s.fill in ("right", "wrong")]
            assert max(ends) <= min([*bars, scene.width])


def test_many_modules_side_by_side():
    found = profile(nn.Sequential(*[nn.ReLU() for _ in range(60)]), torch.rand(2, 2))
    assert len(found.modules) == 61
    assert found.scene().height < 1200


def test_plain_data(shown):
    data = json.loads(json.dumps(shown.data))
    assert data["forward"] == shown.forward
    assert [row["name"] for row in data["operations"]] == [row.name for row in shown.operations]
    assert data["modules"][0]["path"] == ""


# ------------------------------------------------------------------------------------------------ PyTorch's own
@pytest.mark.parity
class TestTorch:
    def model(self, torch):
        layers = [torch.nn.Linear(6, 5), torch.nn.BatchNorm1d(5), torch.nn.ReLU(), torch.nn.Dropout(0.5)]
        return torch.nn.Sequential(torch.nn.Sequential(*layers), torch.nn.Linear(5, 3))

    def test_counts_bytes_and_sums(self):
        import torch

        model = torch.nn.Sequential(torch.nn.Linear(6, 5), torch.nn.ReLU(), torch.nn.Linear(5, 3))
        found = profile(model, torch.rand(4, 6))
        operations, modules = rows(found)
        assert (operations["addmm"].calls, operations["relu"].calls) == (2, 1)
        assert (operations["relu"].output, operations["relu"].kept, found.kept) == (80, 80, 80)
        assert operations["addmm"].backward > 0 and operations["relu"].backward > 0
        assert [row.path for row in found.modules] == ["", "0", "1", "2"]
        assert modules["1"].backward == pytest.approx(operations["relu"].backward)
        assert modules[""].backward == pytest.approx(sum(row.backward for row in found.operations))
        total = pytest.approx(found.seconds)
        assert sum(row.seconds for row in found.operations) + found.between.seconds == total
        assert sum(row.own for row in found.modules) + found.outside.own == total
        assert found.peaks == {}
        assert "forward" in str(found) and found.svg

    def test_an_operation_and_its_node_go_by_one_name(self):
        import torch

        model = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.MaxPool2d(2), torch.nn.Flatten())
        found = profile(model, torch.rand(2, 1, 6, 6), loss=lambda out: out.log1p().sum(1).softmax(0).mean())
        both = {row.name for row in found.operations if row.calls and row.backward}
        assert {"convolution", "max_pool2d_with_indices", "log1p", "sum", "softmax", "mean"} <= both

    @pytest.mark.parametrize("fails", [False, True])
    def test_everything_is_as_before(self, fails):
        import torch

        model, x = self.model(torch), torch.rand(8, 6)
        model(x).sum().backward()
        before = {name: t.clone() for name, t in model.state_dict().items()}
        grads, state = [p.grad for p in model.parameters()], torch.get_rng_state()
        numbers, call = [g.clone() for g in grads], torch.nn.Module.__call__
        if fails:
            with pytest.raises(ZeroDivisionError):
                profile(model, x, loss=lambda out: 1 / 0)
        else:
            profile(model, x, loss=lambda out: out.square().mean())
        assert all(torch.equal(before[name], t) for name, t in model.state_dict().items())
        assert all(p.grad is g for p, g in zip(model.parameters(), grads))
        assert all(torch.equal(a, b) for a, b in zip(grads, numbers))
        assert torch.equal(torch.get_rng_state(), state) and torch.nn.Module.__call__ is call
        assert x.grad is None and model.training

    def test_planted_work(self, ticks):
        import torch

        class Busy(torch.nn.Module):
            def forward(self, x):
                ticks.work(20)
                return Slow.apply(x)

        class Both(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.first, self.busy = torch.nn.Linear(3, 3), Busy()

            def forward(self, x):
                return self.busy(Slow.apply(self.first(x)))

        class Slow(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x * 2

            @staticmethod
            def backward(ctx, g):
                ticks.work(5)
                return g * 2

        _, modules = rows(profile(Both(), np.ones((2, 3), np.float32)))
        assert (modules["busy"].forward, modules["busy"].backward) == (20, 5)
        assert (modules[""].backward, modules[""].own_backward) == (10, 5)  # its own Slow, and that of busy
        assert (modules["first"].forward, modules["first"].backward) == (0, 0)

    def test_functions(self):
        import torch

        w = torch.rand(3, requires_grad=True)
        w.grad = kept = torch.ones(3)
        assert profile(lambda x: x * w, torch.rand(3)).backward > 0
        assert w.grad is kept and kept.sum() == 3
        found = profile(lambda x: torch.tanh(x), torch.rand(3))
        assert [row.name for row in found.operations] == ["tanh"] and found.backward == 0
