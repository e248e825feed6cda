"""The engine itself: how often it looks at a node, what it keeps alive, and what an error leaves behind."""

import gc
import threading
import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import learnnn
from learnnn import autograd, ops
from learnnn.autograd import Node, differentiable, from_backward
from tests.ops.numeric import check_first, check_second


def leaf(*values):
    return learnnn.tensor(list(values), dtype=learnnn.float64, requires_grad=True)


def numbers(*tensors):
    return [None if t is None else t.tolist() for t in tensors]


# ------------------------------------------------------------------------------------------ order and counting
def test_a_diamond_doubled_a_thousand_times_visits_each_node_once(monkeypatch):
    visits = count_visits(monkeypatch)
    x = leaf(1.0)
    y = x
    for _ in range(1000):
        y = y + y
    (y * 2.0**-1000).sum().backward()
    assert x.grad.tolist() == [1.0]
    assert visits.most == 1
    assert visits.total == 1000 + 2  # the sums, * and sum: a leaf has nothing to hand on


def test_a_recurrence_of_5000_steps_needs_no_recursion(monkeypatch):
    visits = count_visits(monkeypatch)
    w, h = leaf(0.999), leaf(1.0)
    start = h
    for _ in range(5000):
        h = learnnn.tanh(h * w + 0.1)
    h.sum().backward()
    assert np.isfinite(w.grad.item()) and np.isfinite(start.grad.item())
    assert (visits.most, visits.total) == (1, 3 * 5000 + 1)  # three a step, and the sum
    del h  # and letting go of a long graph needs none either
    gc.collect()


class Visits:
    def __init__(self):
        self.by_node = {}

    @property
    def most(self):
        return max(self.by_node.values())

    @property
    def total(self):
        return sum(self.by_node.values())


def count_visits(monkeypatch):
    """Count how often the sweep asks each node for its backward."""
    visits = Visits()
    for kind in every_subclass(Node):
        if "backward" in vars(kind):
            monkeypatch.setattr(kind, "backward", counted(kind.backward, visits))
    return visits


def counted(backward, visits):
    def wrapper(self, *args):
        visits.by_node[self] = visits.by_node.get(self, 0) + 1
        return backward(self, *args)

    return wrapper


def every_subclass(kind):
    return {kind, *(deeper for sub in kind.__subclasses__() for deeper in every_subclass(sub))}


def test_every_consumer_comes_before_its_parents():
    x, w = leaf(0.5), leaf(2.0)
    h = x * w
    y = (h + x.exp() * h.sin() - w).sum()
    order = autograd.topological_order(y.grad_fn)
    place = {node: i for i, node in enumerate(order)}
    assert len(place) == len(order)
    assert all(place[node] < place[parent] for node in order for parent in node.parents)
    assert {node.name for node in order} == {"sum", "sub", "add", "mul", "exp", "sin", "leaf"}


def test_a_short_and_a_long_path_to_the_same_value():
    w = leaf(1.0)
    x = w * 2  # no leaf, whose gradient would wait anyway
    long = x
    for _ in range(5):
        long = long * x
    (long + x).sum().backward()
    assert w.grad.tolist() == [2 * (6 * 2.0**5 + 1)]


def test_only_the_path_to_the_wanted_inputs_is_walked(monkeypatch):
    x, w = leaf(2.0), leaf(3.0)
    y = (x * x + w.exp()).sum()
    monkeypatch.setattr(ops, "exp", None)
    seen = []
    for node in autograd.topological_order(y.grad_fn):
        node.hooks.append(lambda g, node=node: seen.append(node.name))
    autograd.grad(y, x)
    assert seen == ["sum", "add", "mul", "leaf"]


def test_several_uses_add_up():
    x, w = leaf(3.0), leaf(5.0)
    (x * x + x * w + x + x).sum().backward()
    assert numbers(x.grad, w.grad) == [[2 * 3.0 + 5.0 + 2.0], [3.0]]


def test_gradients_accumulate_over_calls():
    x = leaf(3.0)
    for _ in range(3):
        (x * x).sum().backward()
    assert x.grad.tolist() == [18.0]


def test_broadcasting_is_undone():
    a, b = learnnn.ones(2, 1, requires_grad=True), learnnn.ones(3, requires_grad=True)
    ((a + b) * learnnn.arange(6.0).reshape(2, 3)).sum().backward()
    assert a.grad.tolist() == [[3.0], [12.0]]
    assert b.grad.tolist() == [3.0, 5.0, 7.0]


def test_unbroadcast_sums_over_what_was_repeated():
    g = np.arange(24.0).reshape(2, 3, 4)
    for shape in ((2, 3, 4), (3, 4), (1, 4), (4,), (1,), (), (2, 1, 4), (2, 1, 1), (1, 1, 1)):
        wide = np.broadcast_to(np.empty(shape), g.shape)
        expected = np.zeros(shape)
        places = np.broadcast_to(np.arange(expected.size).reshape(shape), wide.shape)
        np.add.at(expected.reshape(-1), places.reshape(-1), g.reshape(-1))
        np.testing.assert_array_equal(autograd.unbroadcast(g, shape), expected)
        assert autograd.unbroadcast(learnnn.tensor(g), shape).tolist() == expected.tolist()


def test_a_gradient_of_the_wrong_shape_is_refused():
    @differentiable(input=lambda g: learnnn.ops.reshape(g, (3, 2)))
    def crooked(input):
        return input * 1

    with pytest.raises(RuntimeError, match=r"CrookedBackward0.*got \[3, 2\] but expected.*\[2, 3\]"):
        crooked(learnnn.ones(2, 3, requires_grad=True)).sum().backward()


def test_gradients_have_the_dtype_of_their_value():
    x = learnnn.ones(2, requires_grad=True)
    w = learnnn.ones(2, dtype=learnnn.float64, requires_grad=True)
    (x * w * 3).sum().backward()
    assert (x.grad.dtype, w.grad.dtype) == (np.float32, np.float64)


def test_the_sum_is_not_written_into_what_someone_else_holds():
    """Two gradients that share memory, one of which is added to: the other must not change."""
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    rest = (x * 10).sum() + (y * 5).sum()
    s = x + y  # made last, so swept first, and hands the very same array to x and to y
    (rest + (s * learnnn.tensor([1.0, 2.0])).sum()).backward()
    assert numbers(x.grad, y.grad) == [[11.0, 12.0], [6.0, 7.0]]


def test_the_gradient_given_by_the_user_is_left_alone():
    x, g = leaf(1.0, 2.0), learnnn.tensor([1.0, 1.0], dtype=learnnn.float64)
    y = x * 1
    learnnn.autograd.backward([y, y], [g, g])
    assert numbers(x.grad, g) == [[2.0, 2.0], [1.0, 1.0]]


def test_two_leaves_do_not_share_a_gradient():
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    (x + y).backward(learnnn.ones(2, dtype=learnnn.float64))
    x.grad.zero_()
    assert numbers(x.grad, y.grad) == [[0.0, 0.0], [1.0, 1.0]]


def test_a_gradient_that_nobody_else_holds_is_not_copied():
    made = []

    @learnnn.autograd.differentiable(input=lambda g, input: made.append(weakref.ref(out := g * 2)) or out)
    def double(input):
        return input * 2

    x = leaf(1.0, 2.0)
    double(x).backward(learnnn.ones(2, dtype=learnnn.float64))
    assert made[0]() is x.grad.array


def test_a_gradient_that_a_hook_keeps_is_copied():
    x, kept = leaf(1.0, 2.0), []
    x.register_hook(kept.append)
    (x * 3).backward(learnnn.ones(2, dtype=learnnn.float64))
    x.grad.zero_()
    assert numbers(*kept) == [[3.0, 3.0]]


def test_a_gradient_is_no_view_of_what_a_rule_handed_out():
    store = np.ones((2, 2))
    double = learnnn.autograd.from_backward(lambda x: (x * 2, lambda g: (store[0],)))
    x = leaf(1.0, 2.0)
    double(x).backward(learnnn.ones(2, dtype=learnnn.float64))
    x.grad.zero_()
    assert store.tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_the_gradient_a_user_gave_stays_theirs():
    x, given = leaf(1.0, 2.0), learnnn.ones(2, dtype=learnnn.float64)
    x.backward(given)
    x.grad.zero_()
    assert numbers(given) == [[1.0, 1.0]]


def test_the_root_is_not_among_the_wanted_unless_asked_for():
    x, y = leaf(1.0), leaf(2.0)
    x.sum().backward(inputs=[y])
    x.backward(learnnn.ones(1, dtype=learnnn.float64), inputs=[y])
    assert x.grad is None and y.grad is None


def test_constants_get_no_gradient():
    x, c = leaf(1.0), learnnn.tensor([2.0], dtype=learnnn.float64)
    y = x * c
    assert [edge is None for edge in y.grad_fn.edges] == [False, True]
    y.sum().backward()
    assert c.grad is None


# ------------------------------------------------------------------------------------------ changes in place
def change_a_view(x):
    y = x * 2
    row = y[0]
    row.mul_(3)
    y[:, 1] = x[:, 0] * x[:, 1]
    return row * y


def test_a_changed_view_changes_its_base():
    rng = np.random.default_rng(0)
    check_first(change_a_view, [rng.normal(size=(2, 3))], rng)
    check_second(change_a_view, [rng.normal(size=(2, 3))], rng)


def test_another_view_learns_of_the_change():
    rng = np.random.default_rng(0)

    def fill(x):
        buffer = learnnn.zeros(2, 3, dtype=learnnn.float64)
        row = buffer[1]
        buffer[:, 0] = x[:2]
        buffer[1, 1:].add_(x[1:])
        assert row.requires_grad == x.requires_grad and row.is_leaf != x.requires_grad
        return row * row

    check_first(fill, [rng.normal(size=3)], rng)
    check_second(fill, [rng.normal(size=3)], rng)


@pytest.mark.parametrize(
    "change", [lambda y, x: y.pow_(3), lambda y, x: y.mul_(x), lambda y, x: y.mul_(y), lambda y, x: y[0].mul_(y[1])]
)
def test_an_operation_in_place_has_its_gradient(change):
    rng = np.random.default_rng(0)

    def call(x):
        y = x + 1
        change(y, x)
        return y

    check_first(call, [rng.uniform(0.5, 1, (2, 3))], rng)
    check_second(call, [rng.uniform(0.5, 1, (2, 3))], rng)


def test_an_operation_in_place_may_have_saved_its_input():
    test_an_operation_in_place_has_its_gradient(lambda y, x: y.pow_(3))


def test_a_leaf_is_not_overwritten():
    x = leaf(1.0, 2.0)
    for change in (lambda: x.add_(1), lambda: x.__setitem__(0, 5.0)):
        with pytest.raises(RuntimeError, match="^a leaf Variable that requires grad"):
            change()
    for change in (lambda: x[0:1].zero_(), lambda: x[0:2][0].zero_()):
        with pytest.raises(RuntimeError, match="^a view of a leaf Variable that requires grad"):
            change()
    assert x.tolist() == [1.0, 2.0]


# ------------------------------------------------------------------------------------------------- Function
class Polar(autograd.Function):
    @staticmethod
    def forward(ctx, r, angle):
        ctx.save_for_backward(r, angle)
        return r * angle.cos(), r * angle.sin()

    @staticmethod
    def backward(ctx, gx, gy):
        r, angle = ctx.saved_tensors
        return gx * angle.cos() + gy * angle.sin(), r * (gy * angle.cos() - gx * angle.sin())


@pytest.mark.parametrize("pick", [lambda x, y: x * y, lambda x, y: x, lambda x, y: y * 1])
def test_a_function_of_several_outputs(pick):
    rng = np.random.default_rng(0)
    arrays = [rng.uniform(0.5, 2, 3), rng.normal(size=3)]
    check_first(lambda *xs: pick(*Polar.apply(*xs)), arrays, rng)
    check_second(lambda *xs: pick(*Polar.apply(*xs)), arrays, rng)


def test_a_function_of_two_outputs():
    test_a_function_of_several_outputs(lambda x, y: y * 1)


def test_a_function_that_saved_its_output_twice():
    rng = np.random.default_rng(0)
    for call in (Exp.apply, lambda x: Exp.apply(x) * Exp.apply(x * x)):
        check_second(call, [rng.normal(size=3)], rng)
    x = leaf(0.5)
    y = Exp.apply(x)
    (g,) = autograd.grad((y * y).sum(), x, create_graph=True)
    (g.sum() + y.sum()).backward()  # y itself, and y as it was saved, meet in one step
    np.testing.assert_allclose(x.grad.item(), 4 * np.exp(1.0) + np.exp(0.5))


# --------------------------------------------------------------------------------------------------- memory
def test_saved_arrays_are_freed_as_backward_proceeds():
    kept = []

    @from_backward
    def watched(x):
        saved = np.exp(x)  # 100 numbers: more than a node keeps to show
        kept.append(weakref.ref(saved))

        def backward(g):
            alive.append(sum(ref() is not None for ref in kept))
            return (g * saved,)

        return x + 0, backward

    alive = []
    y = learnnn.zeros(100, dtype=learnnn.float64, requires_grad=True)
    for _ in range(5):
        y = watched(y)
    y.sum().backward()
    assert alive == [5, 4, 3, 2, 1]
    assert [ref() for ref in kept] == [None] * 5


def test_a_retained_graph_keeps_what_it_saved():
    x = leaf(3.0)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.tolist() == [12.0]
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()


@pytest.mark.parametrize("build", ["plain", "views", "in place", "function", "hooks", "second derivatives", "retained"])
def test_a_graph_is_freed_without_the_garbage_collector(build):
    gc.collect()
    gc.disable()
    try:
        x = learnnn.ones(100, requires_grad=True)
        nodes = GRAPHS[build](x)
        left = [node() for node in nodes if node() is not None]
        assert left == [], "something points back at what points at it"
    finally:
        gc.enable()


def steps_of(y):
    """Weak references to the nodes of a graph, but for its leaves, which belong to their tensors."""
    return [weakref.ref(node) for node in autograd.topological_order(y.grad_fn) if node.name != "leaf"]


def plain(x):
    return steps_of((x * 2 + x.exp()).sum())


def views(x):
    return steps_of((x * 1).view(10, 10)[2].T.sum())


def in_place(x):
    y = x * 1
    y[3:7] = x[:4] * 2
    y[0].mul_(3)
    y.view(10, 10)[1].add_(1)
    return steps_of(y.sum())


class Exp(autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx, g):
        return g * ctx.saved_tensors[1]


def function(x):
    y = Exp.apply(x).sum()
    nodes = steps_of(y)
    y.backward()
    return nodes


def hooks(x):
    y = x * 2
    y.retain_grad()
    y.register_hook(lambda g: g * 2)
    return steps_of(y.sum())


def second_derivatives(x):
    y = (x * x * x).sum()
    (g,) = autograd.grad(y, x, create_graph=True)
    return steps_of(g.sum()) + steps_of(y)


def retained(x):
    y = (x * x).sum()
    y.backward(retain_graph=True)
    return steps_of(y)


GRAPHS = {
    "plain": plain, "views": views, "in place": in_place, "function": function, "hooks": hooks,
    "second derivatives": second_derivatives, "retained": retained,
}  # fmt: skip


def test_a_leaf_is_not_kept_alive_by_its_graph():
    x = learnnn.ones(3, requires_grad=True)
    gone = weakref.ref(x)
    y = (x + 1).sum()
    del x
    assert gone() is None
    y.backward()  # and nobody is left to take the gradient


def test_what_a_rule_does_not_name_is_not_kept():
    big = learnnn.ones(1000, requires_grad=True)
    h = big * 1
    gone = weakref.ref(h.array)
    y = (h + 1).sum()
    del h
    assert gone() is None
    y.backward()
    assert big.grad.tolist() == [1.0] * 1000


# --------------------------------------------------------------------------------------------------- errors
def test_an_error_half_way_leaves_gradients_and_graph_as_they_were():
    fail = [True]

    @from_backward
    def fuse(x):
        def backward(g):
            if fail[0]:
                raise ZeroDivisionError
            return (g * 3,)

        return x * 3, backward

    x, w = leaf(1.0), leaf(2.0)
    x.grad = learnnn.tensor([7.0], dtype=learnnn.float64)
    y = (fuse(x * w) * w.exp()).sum()
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            y.backward(retain_graph=True)
        assert numbers(x.grad, w.grad) == [[7.0], None]
        assert autograd.is_grad_enabled()
    fail[0] = False
    y.backward()
    expected = leaf(1.0)
    (expected * w.detach() * 3 * w.detach().exp()).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), expected.grad.numpy() + 7)


def test_an_error_in_a_hook_leaves_the_mode_as_it_was():
    x = leaf(1.0)
    y = x * 2
    y.register_hook(lambda g: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        y.sum().backward(create_graph=True)
    assert autograd.is_grad_enabled()
    assert x.grad is None


def test_an_error_in_a_forward_leaves_no_node():
    x = leaf(1.0, 2.0)
    with pytest.raises(RuntimeError):
        x + learnnn.ones(3)
    with pytest.raises(RuntimeError):
        x.detach().add_(learnnn.ones(2, 2))
    assert x.is_leaf
    assert x.detach()._version == 0


def test_shapes_that_do_not_fit_are_named():
    with pytest.raises(RuntimeError, match=r"add got the shapes \[2, 3\] and \[4\]"):
        learnnn.ones(2, 3) + learnnn.ones(4)


def test_a_fused_operation_without_plain_spelling_refuses_a_second_derivative():
    double = from_backward(lambda x: (2 * x, lambda g: (2 * g,)))
    x = leaf(1.0)
    with pytest.raises(RuntimeError, match="first derivative only"):
        autograd.grad(double(x).sum(), x, create_graph=True)


def test_the_gradient_of_one_fused_input_still_depends_on_the_others():
    fused = from_backward(lambda x, w: (x * w * w, lambda g: (g * w * w, 2 * g * x * w)), plain=lambda x, w: x * w * w)
    x, w = learnnn.tensor(3.0, requires_grad=True), learnnn.tensor(5.0, requires_grad=True)
    (of_x,) = learnnn.autograd.grad(fused(x, w), x, create_graph=True)  # w * w
    of_x.backward()
    assert w.grad.item() == 10.0
    assert x.grad is None or x.grad.item() == 0.0


def test_a_fused_operation_goes_through_its_plain_spelling():
    fused = from_backward(
        lambda x, k: (x**3 * k, lambda g: (3 * x * x * g * k, None)), plain=lambda x, k: x * x * x * k
    )
    rng = np.random.default_rng(0)
    check_first(lambda x: fused(x, 2.0), [rng.normal(size=3)], rng)
    check_second(lambda x: fused(x, 2.0), [rng.normal(size=3)], rng)
    check_second(lambda x: fused(x * x, 2.0) * x, [rng.normal(size=3)], rng)


def test_a_fused_operation_says_when_its_input_was_overwritten():
    square = from_backward(lambda x: (x * x, lambda g: (2 * x * g,)))
    h = leaf(1.0) * 1
    y = square(h)
    h.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_only_what_the_learner_wrote_is_marked():
    mine = from_backward(lambda x: (2 * x, lambda g: (2 * g,)), origin="yours")
    x = leaf(1.0)
    y = mine(x) + x
    assert [node.origin for node in autograd.topological_order(y.grad_fn)] == [None, "yours", None]


# -------------------------------------------------------------------------------------------------- threads
def test_threads_keep_their_own_mode():
    both, seen = threading.Barrier(2), {}

    def work(name, mode):
        with learnnn.set_grad_enabled(mode):
            both.wait()
            seen[name] = autograd.is_grad_enabled()
            both.wait()

    threads = [threading.Thread(target=work, args=(mode, mode)) for mode in (True, False)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {True: True, False: False}
    assert autograd.is_grad_enabled()


def test_threads_can_train_side_by_side():
    results = []

    def work(k):
        x = leaf(float(k))
        for _ in range(50):
            x.grad = None
            (x * x).sum().backward()
        results.append((k, x.grad.item()))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [(k, 2.0 * k) for k in range(4)]


# ------------------------------------------------------------------------------------- random expressions
UNARY = [learnnn.tanh, learnnn.sin, learnnn.sigmoid, lambda x: x * x, lambda x: x - 0.5, lambda x: (x * 0.3).exp()]
BINARY = [
    learnnn.add, learnnn.sub, learnnn.mul, lambda a, b: a / (b * b + 1), lambda a, b: a @ b.T,
    lambda a, b: a - b.mean(), lambda a, b: learnnn.cat([a, b])[: len(a)], lambda a, b: learnnn.where(a > b, a, b),
    lambda a, b: a + b.sum(0),
]  # fmt: skip


def change_view(x):
    y = x * 1
    y[0].mul_(2)
    y[:, 1] = y[:, 0].clone() * x[:, 1]
    return y


@st.composite
def programs(draw):
    """Steps, each naming its operation and which earlier values it works on."""
    steps = []
    for made in range(2, 2 + draw(st.integers(1, 8))):
        pick = st.integers(0, made - 1)
        one = st.tuples(st.sampled_from([*UNARY, change_view]), st.tuples(pick))
        steps.append(draw(one | st.tuples(st.sampled_from(BINARY), st.tuples(pick, pick))))
    return steps


def run(steps, *inputs):
    values = list(inputs)
    for operation, places in steps:
        values.append(operation(*[values[i] for i in places]))
    return sum(v.sum() * (0.1 * i) for i, v in enumerate(values[2:], 1))


@settings(max_examples=25, deadline=None)
@given(programs(), st.integers(0, 2**32 - 1))
def test_random_programs(steps, seed):
    rng = np.random.default_rng(seed)
    arrays = [rng.uniform(-1, 1, (2, 2)), rng.uniform(-1, 1, (2, 2))]
    close_enough = lambda *xs: learnnn.tanh(run(steps, *xs))  # keeps large programs in range
    grads_exist(close_enough, arrays)
    check_used(close_enough, arrays, rng)


def grads_exist(call, arrays):
    xs = [learnnn.tensor(a, requires_grad=True) for a in arrays]
    call(*xs).backward()


def check_used(call, arrays, rng):
    """check_first and check_second, where an input that the program does not use counts as used."""

    def used(*xs):
        return call(*xs) + 0 * sum(x.sum() for x in xs)

    check_first(used, arrays, rng)
    check_second(used, arrays, rng)


# --------------------------------------------------------------------------------------------------- anomalies
def test_an_anomaly_is_traced_to_the_line_of_its_forward():
    with autograd.detect_anomaly():
        x = leaf(-1.0)
        y = x.sqrt() * 2  # this line
        with pytest.raises(RuntimeError, match=r"(?s)'SqrtBackward0' returned nan.*x\.sqrt\(\) \* 2  # this line"):
            y.sum().backward()
    with autograd.detect_anomaly(), pytest.raises(RuntimeError, match="put the forward inside"):
        y.sum().backward()
    assert not autograd.is_anomaly_enabled()


def test_looking_for_anomalies_ends_with_its_block():
    before = Node.next_order
    with autograd.detect_anomaly(), autograd.detect_anomaly(check_nan=False):
        assert Node.next_order is not before
        leaf(-1.0).sqrt().sum().backward()
    assert Node.next_order is before
    leaf(-1.0).sqrt().sum().backward()


def test_a_gradient_for_update_can_be_dropped_at_once():
    w, before = leaf(1.0, 2.0), []
    with w.register_post_accumulate_grad_hook(lambda p: before.append(p.grad.tolist())):
        (w * w).sum().backward()
    (w * w).sum().backward()
    assert before == [[2.0, 4.0]]


def test_gradcheck_moves_nothing_for_good():
    x = leaf(0.5, 2.0)
    assert autograd.gradcheck(lambda x: x.exp(), x)
    assert (x.tolist(), x.grad) == ([0.5, 2.0], None)
    with pytest.raises(autograd.GradcheckError, match="Jacobian mismatch for output 0 with respect to input 0"):
        autograd.gradcheck(from_backward(lambda x: (x * x, lambda g: (g * x,))), x)
