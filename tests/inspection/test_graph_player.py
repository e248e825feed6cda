"""Backward turn by turn, rightly and wrongly: held against PyTorch, and against engines written here, with mistakes."""

import re
from dataclasses import dataclass, field
from itertools import count

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import learnnn as torch
from learnnn import autograd, nn
from learnnn.inspection import graph
from learnnn.inspection.graphs.playing import words
from learnnn.inspection.graphs.slopes import formula
from tests.inspection.lessons import lesson_names


# -------------------------------------------------------------- an engine of its own, on arrays, that can do it wrong
@dataclass(eq=False)
class Naive:
    """A value with its parents, and for each of them how a gradient goes back, not summed over copies."""

    data: np.ndarray
    parents: tuple = ()
    pulls: tuple = ()
    grad: np.ndarray | None = field(default=None, repr=False)
    made: int = field(default_factory=count().__next__, repr=False)

    def __add__(self, other):
        return Naive(self.data + other.data, (self, other), (lambda g: g, lambda g: g))

    def __mul__(self, other):
        return Naive(self.data * other.data, (self, other), (lambda g: g * other.data, lambda g: g * self.data))

    def tanh(self):
        y = np.tanh(self.data)
        return Naive(y, (self,), (lambda g: g * (1 - y * y),))

    def sum(self):
        return Naive(self.data.sum(), (self,), (lambda g: g * np.ones(self.data.shape),))


def summed(g, shape):
    """The sum over copies, axis by axis."""
    while g.ndim > len(shape):
        g = g.sum(0)
    for axis, n in enumerate(shape):
        if n == 1:
            g = g.sum(axis, keepdims=True)
    return g


def consumers_first(root, by_time):
    """Each node before its parents: the last one made first, as learnnn goes, or as the lessons do."""
    finished = []

    def visit(node):
        if node not in finished:
            for parent in node.parents:
                visit(parent)
            finished.append(node)

    visit(root)
    return sorted(finished, key=lambda node: -node.made) if by_time else finished[::-1]


def depth_first(root, last):
    met = []

    def visit(node):
        if node not in met:
            met.append(node)
            for parent in node.parents[::-1] if last else node.parents:
                visit(parent)

    visit(root)
    return met


def hand_on(node, overwrite=False, copies=False):
    for parent, pull in zip(node.parents, node.pulls):
        piece = pull(node.grad)
        piece = piece if copies else summed(np.asarray(piece), parent.data.shape)
        parent.grad = piece if overwrite or parent.grad is None else parent.grad + piece


def backward(root, order, **mistake):
    root.grad = np.ones_like(root.data)
    for node in order:
        hand_on(node, **mistake)


def naive(mistake, root, by_time=True):
    nodes = consumers_first(root, by_time)
    if mistake == "twice":
        backward(root, nodes)
        for node in nodes:
            node.grad = node.grad if not node.parents else None
        backward(root, nodes)
    elif mistake in ("first", "last"):
        backward(root, depth_first(root, mistake == "last"))
    else:
        backward(root, nodes, **({mistake: True} if mistake != "right" else {}))


# --------------------------------------------------------------------------------- one program, run by every engine
STEPS = st.lists(st.tuples(st.sampled_from("+*t"), st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=7)
SHAPES = {"tensor": [(2, 3), (3,), (2, 1)], "Tensor": [(2, 3), (3,), (2, 1)], "Value": [(), (), ()]}


def leaves(kind):
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape) for shape in SHAPES[kind]]


def run(program, values):
    """All values of a program of sums, products and tanhs, the last their grand total."""
    values = list(values)
    for op, i, j in program:
        a, b = values[i % len(values)], values[j % len(values)]
        values.append(a + b if op == "+" else a * b if op == "*" else a.tanh())
    total = values[-1] + values[0]
    return [*values, total, total.sum() if hasattr(total, "sum") else total + total]


def make(kind, array):
    if kind == "tensor":
        return torch.tensor(array, requires_grad=True)
    return getattr(lesson_names(3 if kind == "Value" else 5), kind)(array)


def drawn(kind, program):
    values = run(program, [make(kind, x) for x in leaves(kind)])
    return graph(values[-1], names={f"v{i}": v for i, v in enumerate(values)})


def expected(kind, program, mistake):
    values = run(program, [Naive(x) for x in leaves(kind)]) if kind != "Value" else run_scalars(program)
    naive(mistake, values[-1], by_time=kind == "tensor")
    return {f"v{i}": value.grad for i, value in enumerate(values)}


def run_scalars(program):
    """`run` as it goes for numbers: their grand total is a sum of two."""
    values = run(program, [Naive(np.asarray(x)) for x in leaves("Value")])[:-1]
    return [*values, values[-1] + values[-1]]


def same(a, b):
    return a.shape == np.shape(b) and np.allclose(a, b, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("kind", list(SHAPES))
@given(program=STEPS)
@settings(max_examples=25, deadline=None)
def test_every_engine_finds_what_one_written_anew_finds(kind, program):
    picture = drawn(kind, program)
    labels = {node.id: node.label for node in picture.whole.nodes if node.label}
    right = expected(kind, program, "right")
    first = expected(kind, program, "first")
    reached = [name for name in labels.values() if right[name] is not None]
    harmless = all(same(right[name], first[name]) for name in reached)
    mistakes = {"order": "last" if harmless else "first", "overwrite": "overwrite", "broadcast": "copies"}
    for name, mistake in {**mistakes, "twice": "twice"}.items():
        found, wrong = picture.counterfactual(name), expected(kind, program, mistake)
        assert not found.stopped
        for i, label in labels.items():
            np.testing.assert_allclose(found.right[i], right[label], rtol=1e-9, atol=1e-12)
            assert found.wrong[i].shape == np.shape(wrong[label])
            np.testing.assert_allclose(found.wrong[i], wrong[label], rtol=1e-9, atol=1e-12)
            assert (i in found.differs) == (not same(right[label], wrong[label]))


# ------------------------------------------------------------------------------------ learnnn, PyTorch, lessons
def test_the_turns_of_a_small_graph():
    a, b, c = (torch.tensor(x, requires_grad=True) for x in (2.0, 3.0, 4.0))
    m = a * b
    out = m * c + m
    picture = graph(out)
    player = picture.player
    names = [node.label or node.op for node in picture.whole.nodes]
    turns = [
        (t.node is not None and names[t.node], [(names[s.to], float(s.piece)) for s in t.shares])
        for t in player.right.turns
    ]
    assert turns == [
        (False, [("out", 1.0)]), ("out", [("mul", 1.0), ("m", 1.0)]), ("mul", [("m", 4.0), ("c", 6.0)]),
        ("m", [("a", 15.0), ("b", 10.0)]),
    ]  # fmt: skip
    share = player.right.turns[2].shares[0]
    assert (float(share.before), float(share.piece), float(share.after)) == (1.0, 4.0, 5.0)
    slopes = picture.state()["play"]["slopes"][names.index("mul")]
    assert slopes == [["∂(m × c)/∂m = c", "4"], ["∂(m × c)/∂c = m", "6"]]
    assert all(x.grad is None for x in (a, b, c))
    out.backward()  # the graph is still whole


def test_the_order_of_the_lesson_s_example():
    a, b, c = map(lesson_names(3).Value, (2.0, 3.0, 4.0))
    m = a * b
    out = m * c + m
    found = graph(out).counterfactual("order")
    labels = {"a": 0, "m": 2}
    assert (found.right[labels["a"]], found.wrong[labels["a"]]) == (15.0, 3.0)
    assert found.wrong[labels["m"]] == 5.0
    assert found.why.startswith("m had its turn too early, with 1 where 5 was on its way")
    assert a.grad == 0.0


def test_a_second_pass_is_what_learnnn_itself_does_twice():
    x, w = torch.randn(4, 3), torch.randn(3, 2, requires_grad=True)
    loss = (x @ w).tanh().mean()
    found = graph(loss).counterfactual("twice")
    loss.backward(retain_graph=True)
    loss.backward()
    np.testing.assert_allclose(found.wrong[0], w.grad.numpy(), rtol=1e-6)


@pytest.mark.parity
def test_pytorch_s_nodes_are_played_one_by_one():
    pytorch = pytest.importorskip("torch")
    pytorch.manual_seed(0)
    model = pytorch.nn.Sequential(pytorch.nn.Linear(3, 4), pytorch.nn.Tanh(), pytorch.nn.Linear(4, 2)).double()
    x = pytorch.randn(5, 3, dtype=pytorch.float64)
    h = model(x)
    top, _ = pytorch.max(h * pytorch.ones(2, dtype=pytorch.float64, requires_grad=True), dim=1)
    loss = pytorch.nn.functional.log_softmax(h, 1)[:, 0].mean() + top.sum()
    picture = graph(loss, names=model)
    found = picture.player.gradients(picture.player.right)
    for name, parameter in model.named_parameters():
        i = next(node.id for node in picture.whole.nodes if node.label == name)
        (due,) = pytorch.autograd.grad(loss, parameter, retain_graph=True)
        np.testing.assert_allclose(found[i], due.numpy(), rtol=1e-10)
        assert parameter.grad is None
    assert picture.state()["play"]["stuck"] == ""


@pytest.mark.parity
def test_mistakes_on_pytorch_s_graph():
    pytorch = pytest.importorskip("torch")
    x = pytorch.arange(6.0, dtype=pytorch.float64).reshape(2, 3).requires_grad_()
    b = pytorch.tensor([1.0, -1.0, 0.5], dtype=pytorch.float64, requires_grad=True)
    loss = ((x + b).tanh() * x).sum()
    picture = graph(loss)
    at = {node.label: node.id for node in picture.whole.nodes if node.label}
    values = [Naive(x.detach().numpy()), Naive(b.detach().numpy())]
    out = ((values[0] + values[1]).tanh() * values[0]).sum()
    naive("copies", out)
    found = picture.counterfactual("broadcast")
    np.testing.assert_allclose(found.wrong[at["b"]], values[1].grad)
    assert found.wrong[at["b"]].shape == (2, 3)
    assert "b (3) was copied to 2 × 3" in found.why


@pytest.mark.parity
def test_a_function_of_ones_own_in_pytorch():
    pytorch = pytest.importorskip("torch")

    class Triple(pytorch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return 3 * x

        @staticmethod
        def backward(ctx, g):
            return 3 * g

    x = pytorch.tensor(2.0, requires_grad=True)
    picture = graph(Triple.apply(x) * x)
    assert picture.player.gradients(picture.player.right)[0] == 12.0


def test_several_outputs_of_one_step_and_of_the_graph():
    class Both(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x + 1, x * 2

        @staticmethod
        def backward(ctx, g, h):
            return g + 2 * h

    x = torch.tensor(1.0, requires_grad=True)
    up, double = Both.apply(x)
    picture = graph(up * double, x * x)
    assert picture.player.gradients(picture.player.right)[0] == 6.0 + 2.0
    assert picture.state()["play"]["stuck"] == ""


# --------------------------------------------------------------------------------------------- what cannot be played
def test_a_freed_graph_is_revived_where_its_numbers_are_still_there():
    a, b = (torch.tensor(x, requires_grad=True) for x in (2.0, -3.0))
    out = (a * b).tanh()
    out.backward()
    picture = graph(out)
    assert picture.player.right.stopped == ""
    np.testing.assert_allclose(picture.player.gradients(picture.player.right)[0], a.grad.numpy())


def test_a_freed_graph_that_is_too_large_says_so():
    w = torch.randn(30, 30, requires_grad=True)
    loss = (torch.randn(5, 30) @ w).tanh().sum()
    loss.backward()
    picture = graph(loss)
    assert "retain_graph=True" in picture.state()["play"]["stuck"]
    assert picture.state()["play"]["order"]  # forward plays
    with pytest.raises(RuntimeError, match="cannot be played on this graph: backward.. has freed"):
        picture.counterfactual("twice")


def test_numbers_changed_since_are_noticed():
    w = torch.tensor(2.0, requires_grad=True)
    out = w * w
    with torch.no_grad():
        w += 1
    assert "inplace operation" in graph(out).state()["play"]["stuck"]


def test_values_without_slopes_play_forward_only():
    class Bare:
        def __init__(self, data, parents=()):
            self.data, self.parents = data, parents

    a = Bare(1.0)
    state = graph(Bare(2.0, (a, a))).state()
    assert "`.slopes`" in state["play"]["stuck"]
    assert state["play"]["order"] == [0, 1]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("order", "no value in between is used twice.*m = a"),
        ("overwrite", r"no value gets more than one share.*a \+ a"),
        ("broadcast", r"no value was copied.*\(x \+ b\)"),
    ],
)
def test_a_graph_that_shows_no_mistake_says_so_and_what_would(name, said):
    a, b = (torch.tensor(x, requires_grad=True) for x in (2.0, -3.0))
    found = graph(a * b).counterfactual(name)
    assert not found.shows
    assert re.search(said, repr(found))


def test_the_smallest_examples_show_their_mistakes():
    a, b, c = (torch.tensor(x, requires_grad=True) for x in (2.0, -3.0, 4.0))
    x, row = torch.ones(2, 3, requires_grad=True), torch.ones(3, requires_grad=True)
    m = a * b
    shown = {"order": m + m * c, "overwrite": a + a, "broadcast": (x + row).sum(), "twice": a + b}
    assert all(graph(out).counterfactual(name).shows for name, out in shown.items())


def test_shapes_that_do_not_fit_stop_the_wrong_engine_with_their_error():
    b = torch.ones(3, requires_grad=True)
    picked = b[torch.tensor([0, 2])]  # (2,), and its gradient comes as (3, 2)
    found = graph((picked * torch.ones(3, 2)).sum()).counterfactual("broadcast")
    assert found.shows
    assert found.stopped
    assert found.stopped in repr(found)


def test_an_engine_that_there_is_not():
    a = torch.tensor(2.0, requires_grad=True)
    for ask in (lambda: graph(a * a, wrong="sloppy"), lambda: graph(a * a).counterfactual("sloppy")):
        with pytest.raises(ValueError, match="'order' .goes in a wrong order.*not 'sloppy'"):
            ask()


# --------------------------------------------------------------------------------------------- what it looks like
def test_the_still_picture_of_a_mistake():
    a = torch.tensor(3.0, requires_grad=True)
    picture = graph(a * a, wrong="overwrite")
    assert "a: input, value 3, gradient 6, not 3" in picture.text
    assert "used twice" in picture.text
    assert "s-wrong" in picture.svg
    assert picture.state()["wrong"] == "overwrite"


def test_state_holds_each_turn_in_words():
    a = torch.tensor([1.0, 2.0], requires_grad=True)
    state = graph((a * a).sum()).state()
    runs = state["play"]["runs"]
    assert runs["right"] == [
        [-1, "", [[2, 0, "1", "", "1"]]],
        [2, "1", [[1, 0, "[1, 1]", "", "[1, 1]"]]],
        [1, "[1, 1]", [[0, 0, "[1, 2]", "", "[1, 2]"], [0, 1, "[1, 2]", "[1, 2]", "[2, 4]"]]],
    ]
    assert set(runs) == {"right", "overwrite", "twice"}
    assert state["play"]["wrong"]["overwrite"]["table"] == [[0, "[1, 2]", "[2, 4]"]]
    assert state["play"]["slopes"][2] == [["∂(sum(a))/∂a = 1 for each number summed", "[1, 1]"]]


def test_the_local_derivative_of_a_matrix_product_is_a_table_or_how_large_it_would_be():
    a, b = torch.tensor([[1.0, 2.0]], requires_grad=True), torch.tensor([[3.0], [4.0]], requires_grad=True)
    (to_a, to_b) = graph(a @ b).state()["play"]["slopes"][2]
    assert to_a == ["to a: g @ bᵀ", "[3, 4]"]
    assert to_b == ["to b: aᵀ @ g", "[1, 2]"]
    w = torch.randn(20, 10, requires_grad=True)
    large = graph(torch.randn(5, 20) @ w).state()["play"]["slopes"]
    assert large[1] == [["to w: aᵀ @ g", "10,000 numbers"]]


def test_words_and_formulas():
    assert words(np.float64(0.5)) == "0.5"
    assert formula("**3", 0, ["x"]) == "∂(x^3)/∂x = 3 × x^(3 − 1)"
    assert formula("pow", 0, ["x"]) == "∂(x^n)/∂x = n × x^(n − 1)"
    assert formula("erf", 0, [""]) == "∂erf/∂a"
    assert formula("+", 1, ["b", ""]) == "∂(b + d)/∂d = 1"


def test_the_state_of_100_nodes_is_small():
    import json

    from learnnn.inspection.face.live import pack

    x = torch.tensor(0.5, requires_grad=True)
    w = torch.tensor(0.9, requires_grad=True)
    for _ in range(49):
        x = torch.tanh(x * w)
    assert len(json.dumps(pack(graph(x).state(), as_text=True))) < 150_000


def test_of_a_large_graph_only_the_right_engine_runs_for_the_picture():
    x = torch.tensor(0.5, requires_grad=True)
    y = x
    for _ in range(2500):
        y = torch.tanh(y)
    picture = graph(y, limit=20)
    state = picture.state()
    assert list(state["play"]["runs"]) == ["right"]
    assert state["play"]["wrong"] == {}
    assert len(state["play"]["runs"]["right"]) == 11  # the seed, and the ten steps that are drawn
    assert picture.counterfactual("twice").shows  # who asks gets an answer


def test_a_frozen_layer_and_integers_play_too():
    model = nn.Sequential(nn.Embedding(5, 3), nn.Linear(3, 2))
    picture = graph(model, np.array([0, 1, 4]))
    assert picture.state()["play"]["stuck"] == ""
