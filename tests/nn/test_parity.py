"""Layers, losses, containers and module bookkeeping: the same code under PyTorch and under learnnn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.parity.both import collect, same
from tests.parity.layers import derivatives, draw, fill

pytestmark = pytest.mark.parity
SHAPES = [(), (0,), (1,), (5,), (2, 3), (1, 4), (0, 3), (2, 1, 3)]


# --------------------------------------------------------------------------------------------- activations
ACTIVATIONS = {
    "ReLU": [{}, {"inplace": True}],
    "Tanh": [{}],
    "Sigmoid": [{}],
    "LeakyReLU": [{}, {"negative_slope": 0.3}, {"inplace": True}],
    "ELU": [{}, {"alpha": 0.5}, {"alpha": 2.0, "inplace": True}],
    "SELU": [{}, {"inplace": True}],
    "GELU": [{}, {"approximate": "tanh"}],
    "SiLU": [{}, {"inplace": True}],
    "Mish": [{}, {"inplace": True}],
    "Softplus": [{}, {"beta": 2.0, "threshold": 1.0}],
    "Hardtanh": [{}, {"min_val": -0.3, "max_val": 1.5}, {"inplace": True}],
    "Hardswish": [{}, {"inplace": True}],
    "ReLU6": [{}, {"inplace": True}],
    "LogSigmoid": [{}],
    "PReLU": [{}, {"init": 0.7}],
    "GLU": [{}, {"dim": 0}],
    "Softmax": [{"dim": -1}, {"dim": 0}],
    "LogSoftmax": [{"dim": -1}, {"dim": 0}],
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation(name):
    def run(t, shape, options):
        layer = getattr(t.nn, name)(**options).double()
        return derivatives(t, lambda x: layer(x * 1), draw(1, *shape)), repr(layer)

    cases = [(shape, options) for shape in SHAPES for options in ACTIVATIONS[name]]
    collect((f"{shape} {options}", lambda t, s=shape, o=options: run(t, s, o)) for shape, options in cases)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation_at_its_kinks(name):
    def run(t):
        x = t.tensor([-3.0, 3.0, -1.0, 1.0, 0.0, 6.0], dtype=t.float64, requires_grad=True)
        y = getattr(t.nn, name)(**{"dim": 0} if "Softmax" in name else {}).double()(x)
        y.sum().backward()
        return y, x.grad

    same(run, name)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation_far_out_and_in_float32(name):
    def run(t, dtype):
        x = t.tensor([-200.0, -20.0, -1e-9, 0.0, 1e-9, 20.0, 200.0], dtype=getattr(t, dtype), requires_grad=True)
        layer = getattr(t.nn, name)(**{"dim": 0} if "Softmax" in name else {}).to(x.dtype)
        y = layer(t.cat([x, x.flip(0)]) if name == "GLU" else x)
        y.sum().backward()
        return y, x.grad

    collect((dtype, lambda t, d=dtype: run(t, d)) for dtype in ("float64", "float32"))


@given(st.lists(st.integers(0, 4), max_size=4), st.sampled_from(sorted(ACTIVATIONS)))
@settings(max_examples=60, deadline=None)
def test_activation_of_any_shape(shape, name):
    options = {"dim": len(shape) - 1} if "Softmax" in name and shape else {}
    settings = options or ACTIVATIONS[name][0]
    same(lambda t: derivatives(t, getattr(t.nn, name)(**settings).double(), draw(2, *shape)), name)


# -------------------------------------------------------------------------------------------------- layers
@given(st.lists(st.integers(0, 3), max_size=3), st.integers(1, 4), st.integers(1, 4), st.booleans())
@settings(max_examples=60, deadline=None)
def test_linear(batch, n_in, n_out, bias):
    arrays = [draw(1, *batch, n_in), draw(2, n_out, n_in), *([draw(3, n_out)] if bias else [])]
    same(lambda t: derivatives(t, t.nn.functional.linear, *arrays))
    same(lambda t: repr(t.nn.Linear(n_in, n_out, bias=bias)))


def test_shapes():
    collect(
        [
            ("flatten", lambda t: derivatives(t, t.nn.Flatten(), draw(1, 2, 3, 4))),
            ("flatten 0", lambda t: t.nn.Flatten(0)(t.zeros(2, 3))),
            ("flatten 1-2", lambda t: t.nn.Flatten(1, 2)(t.zeros(2, 3, 4, 5)).shape),
            ("unflatten", lambda t: t.nn.Unflatten(1, (2, 3))(t.zeros(4, 6))),
            ("identity", lambda t: t.nn.Identity(1, two=2)(t.ones(3))),
            ("reprs", lambda t: [repr(m) for m in (t.nn.Flatten(), t.nn.Unflatten(1, (2, 3)), t.nn.Identity())]),
            ("dropout repr", lambda t: repr(t.nn.Dropout(0.3))),
            ("dropout eval", lambda t: t.nn.Dropout(0.5).eval()(t.ones(4))),
            ("dropout 1", lambda t: t.nn.Dropout(1.0)(t.ones(4))),
            ("dropout 0", lambda t: t.nn.Dropout(0.0)(t.ones(4))),
            ("one_hot", lambda t: t.nn.functional.one_hot(t.tensor([[0, 2], [1, 1]]))),
            ("one_hot 5", lambda t: t.nn.functional.one_hot(t.tensor([0, 2]), 5)),
        ]
    )


# -------------------------------------------------------------------------------------------------- losses
LABELS = {(5, 3): (5,), (1, 3): (1,), (3,): (), (4, 3, 2): (4, 2), (2, 3, 2, 2): (2, 2, 2), (4, 1): (4,)}


def labels(t, shape, classes, ignored=None):
    y = np.random.default_rng(5).integers(0, classes, shape)
    if ignored is not None and y.ndim:
        y.flat[0] = ignored
    return t.tensor(y)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
def test_cross_entropy_of_labels(reduction, weighted, smoothing):
    def run(t, shape, ignored):
        classes = shape[1] if len(shape) > 1 else shape[0]
        options = {"reduction": reduction, "label_smoothing": smoothing}
        options |= {"weight": t.tensor(draw(3, classes, low=0.1))} if weighted else {}
        options |= {} if ignored is None else {"ignore_index": ignored}
        loss, y = t.nn.CrossEntropyLoss(**options), labels(t, LABELS[shape], classes, ignored)
        return derivatives(t, lambda x: loss(x, y), draw(4, *shape))

    cases = [(shape, ignored) for shape in LABELS for ignored in (None, -1, 0)]
    collect((f"{shape} {ignored}", lambda t, s=shape, i=ignored: run(t, s, i)) for shape, ignored in cases)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_cross_entropy_of_probabilities(reduction):
    def run(t, shape, smoothing, weighted):
        axis = 1 if len(shape) > 1 else 0
        p = draw(6, *shape, low=0.1)
        options = {"reduction": reduction, "label_smoothing": smoothing}
        options |= {"weight": t.tensor(draw(3, shape[axis], low=0.1))} if weighted else {}
        loss = t.nn.CrossEntropyLoss(**options)
        return derivatives(t, loss, draw(4, *shape), p / p.sum(axis, keepdims=True))

    cases = [(shape, s, w) for shape in LABELS for s in (0.0, 0.2) for w in (False, True)]
    collect((str(case), lambda t, c=case: run(t, *c)) for case in cases)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_nll(reduction):
    def run(t, shape, weighted, ignored):
        classes = shape[1] if len(shape) > 1 else shape[0]
        options = {"weight": t.tensor(draw(3, classes, low=0.1))} if weighted else {}
        options |= {} if ignored is None else {"ignore_index": ignored}
        loss, y = t.nn.NLLLoss(reduction=reduction, **options), labels(t, LABELS[shape], classes, ignored)
        return derivatives(t, lambda x: loss(x, y), draw(4, *shape))

    cases = [(shape, w, i) for shape in LABELS for w in (False, True) for i in (None, 0)]
    collect((str(case), lambda t, c=case: run(t, *c)) for case in cases)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_binary_cross_entropy_with_logits(reduction):
    def run(t, shape, weight, pos_weight):
        options = {"weight": t.tensor(draw(3, *shape, low=0.1))} if weight else {}
        options |= {"pos_weight": t.tensor(draw(2, *shape[-1:], low=0.1))} if pos_weight else {}
        loss = t.nn.BCEWithLogitsLoss(reduction=reduction, **options)
        y = t.tensor(draw(1, *shape, low=0.0, high=1.0))
        return derivatives(t, lambda x: loss(x, y), draw(4, *shape)), derivatives(
            t, lambda p: loss(y, p), draw(7, *shape)
        )

    cases = [(shape, w, p) for shape in SHAPES for w in (False, True) for p in (False, True)]
    collect((str(case), lambda t, c=case: run(t, *c)) for case in cases)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("name", ["MSELoss", "L1Loss", "BCELoss"])
def test_elementwise_loss(name, reduction):
    def run(t, shape):
        loss = getattr(t.nn, name)(reduction=reduction)
        return derivatives(t, loss, draw(1, *shape, low=0.01, high=0.99), draw(2, *shape, low=0.0, high=1.0))

    collect((str(shape), lambda t, s=shape: run(t, s)) for shape in SHAPES)


@pytest.mark.filterwarnings("ignore:Using a target size")
def test_losses_that_broadcast():
    same(lambda t: t.nn.functional.mse_loss(t.ones(2, 1), t.zeros(2)))
    same(lambda t: t.nn.functional.l1_loss(t.ones(2, 1), t.zeros(3)))
    same(lambda t: t.nn.functional.l1_loss(t.ones(2), t.zeros(3)))


def test_losses_at_the_edges():
    def grad(t, f, *values):
        x = t.tensor(list(values), dtype=t.float64, requires_grad=True)
        y = f(x)
        y.backward()
        return y, x.grad

    collect(
        [
            (
                "bce 0, 1",
                lambda t: grad(t, lambda x: t.nn.functional.binary_cross_entropy(x, t.ones(3).double()), 0, 1, 0.5),
            ),
            ("logits far", lambda t: grad(t, lambda x: t.nn.BCEWithLogitsLoss()(x, t.ones(3).double()), -800, 0, 800)),
            ("ce far", lambda t: grad(t, lambda x: t.nn.functional.cross_entropy(x, t.tensor(0)), -900, 0, 900)),
            ("ce inf", lambda t: grad(t, lambda x: t.nn.functional.cross_entropy(x, t.tensor(1)), -np.inf, 0, 1)),
            ("ce nan", lambda t: grad(t, lambda x: t.nn.functional.cross_entropy(x, t.tensor(1)), np.nan, 0, 1)),
            ("ce empty", lambda t: t.nn.functional.cross_entropy(t.zeros(0, 3), t.zeros(0).long())),
            ("ce uint8", lambda t: t.nn.functional.cross_entropy(t.zeros(2, 3), t.tensor([0, 1]).to(t.uint8))),
            ("ce float32", lambda t: t.nn.functional.cross_entropy(t.ones(2, 3), t.tensor([0, 1]))),
            ("ce all ignored", lambda t: t.nn.functional.cross_entropy(t.ones(2, 3), t.tensor([-100, -100]))),
            ("old spelling", lambda t: t.nn.functional.mse_loss(t.ones(2), t.zeros(2), reduce=False)),
            ("old spelling", lambda t: t.nn.functional.mse_loss(t.ones(2), t.zeros(2), size_average=False)),
            ("repr", lambda t: [repr(t.nn.CrossEntropyLoss()), repr(t.nn.MSELoss())]),
            ("weights", lambda t: dict(t.nn.CrossEntropyLoss(weight=t.ones(3)).state_dict())["weight"]),
        ]
    )


# ---------------------------------------------------------------------------------------- models and gradients
def mlp(t):
    nn = t.nn
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Dropout(0.5), nn.Sequential(nn.Linear(4, 2), nn.ReLU()))


def test_a_model_as_a_whole():
    def run(t):
        model = fill(t, mlp(t)).eval()
        loss = t.nn.functional.cross_entropy(model(t.tensor(draw(1, 5, 3))), t.tensor([0, 1, 1, 0, 1]))
        loss.backward()
        return loss, [p.grad for p in model.parameters()], list(model.state_dict()), repr(model)

    same(run)


def test_model_in_float32():
    def run(t):
        model = fill(t, mlp(t)).eval().float()
        out = model(t.tensor(draw(1, 5, 3)).float())
        out.sum().backward()
        return out, [p.grad for p in model.parameters()]

    same(run)


class Registered:
    """A module with one of everything, built under either library."""

    def __new__(cls, t):
        nn = t.nn

        class Inner(nn.Module):
            def __init__(self):
                super().__init__()
                self.scale = nn.Parameter(t.ones(2))
                self.register_buffer("seen", t.zeros(1))
                self.register_buffer("scratch", t.zeros(3), persistent=False)
                self.register_parameter("nothing", None)
                self.plain = 3

            def extra_repr(self):
                return "one=1"

        class Outer(nn.Module):
            def __init__(self):
                super().__init__()
                self.first = nn.Linear(2, 2)
                self.inner = Inner()
                self.again = self.inner
                self.tied = nn.Linear(2, 2, bias=False)
                self.tied.weight = self.first.weight
                self.layers = nn.ModuleList([nn.Linear(1, 1), nn.Linear(1, 1), nn.ReLU()])
                self.by_name = nn.ModuleDict({"a": nn.Identity(), "b": Inner()})
                self.free = nn.ParameterList([t.zeros(2), nn.Parameter(t.zeros(1))])
                self.named = nn.ParameterDict({"x": nn.Parameter(t.zeros(1))})
                self.none = None

        return Outer()


def names(pairs):
    return [name for name, _ in pairs]


def order_of_apply(m):
    order = []
    m.apply(lambda child: order.append(type(child).__name__))
    return order


def test_registries():
    collect(
        (label, lambda t, f=f: f(Registered(t)))
        for label, f in {
            "parameters": lambda m: names(m.named_parameters()),
            "duplicates": lambda m: names(m.named_parameters(remove_duplicate=False)),
            "own": lambda m: names(m.inner.named_parameters(recurse=False)),
            "prefix": lambda m: names(m.named_parameters(prefix="p")),
            "buffers": lambda m: names(m.named_buffers()),
            "modules": lambda m: names(m.named_modules()),
            "all modules": lambda m: names(m.named_modules(remove_duplicate=False)),
            "children": lambda m: names(m.named_children()),
            "counts": lambda m: [len(list(f())) for f in (m.parameters, m.buffers, m.modules, m.children)],
            "state": lambda m: list(m.state_dict()),
            "state with prefix": lambda m: list(m.state_dict(prefix="x.")),
            "detached": lambda m: [v.requires_grad for v in m.state_dict().values()],
            "vars": lambda m: [v.requires_grad for v in m.state_dict(keep_vars=True).values()],
            "submodule": lambda m: type(m.get_submodule("by_name.b")).__name__,
            "parameter": lambda m: m.get_parameter("inner.scale"),
            "buffer": lambda m: m.get_buffer("inner.seen"),
            "no submodule": lambda m: m.get_submodule("by_name.c"),
            "no parameter": lambda m: m.get_parameter("inner.seen"),
            "no attribute": lambda m: m.first.wieght,
            "frozen": lambda m: [p.requires_grad for p in m.requires_grad_(False).parameters()],
            "train": lambda m: [c.training for c in m.eval().modules()],
            "double": lambda m: [p.dtype for p in m.double().parameters()] + [b.dtype for b in m.buffers()],
            "order of apply": order_of_apply,
        }.items()
    )


def test_repr_of_all_containers():
    def run(t):
        m = Registered(t)
        del m.named, m.free  # PyTorch names the type of tensors in its own way
        return repr(m)

    same(run)


def set_and_show(t, change):
    m = t.nn.Module()
    change(t, m)
    return names(m.named_parameters()), names(m.named_buffers()), names(m.named_children())


def shown(change):
    return lambda t: set_and_show(t, change)


def test_setting_attributes():
    def unready(t):
        class Early(t.nn.Module):
            def __init__(self):
                self.x = t.nn.Linear(1, 1)

        Early()

    def unready_parameter(t):
        class Early(t.nn.Module):
            def __init__(self):
                self.x = t.nn.Parameter(t.zeros(1))

        Early()

    def replace(old, new):
        def change(t, m):
            m.x = old(t)
            m.x = new(t)

        return change

    kinds = {
        "parameter": lambda t: t.nn.Parameter(t.zeros(1)),
        "module": lambda t: t.nn.Identity(),
        "tensor": lambda t: t.zeros(1),
        "none": lambda t: None,
        "number": lambda t: 3,
    }
    checks = [(f"{a} then {b}", shown(replace(old, new))) for a, old in kinds.items() for b, new in kinds.items()]

    def with_buffer(new):
        def change(t, m):
            m.register_buffer("x", t.zeros(2))
            m.x = new(t)

        return change

    checks += [(f"buffer then {b}", shown(with_buffer(new))) for b, new in kinds.items()]
    bad = {
        "dot": lambda t, m: m.register_parameter("a.b", t.nn.Parameter(t.zeros(1))),
        "empty": lambda t, m: m.register_buffer("", t.zeros(1)),
        "number": lambda t, m: m.add_module(3, t.nn.Identity()),
        "taken": lambda t, m: m.add_module("forward", t.nn.Identity()),
        "no parameter": lambda t, m: m.register_parameter("x", t.zeros(1)),
        "no tensor": lambda t, m: m.register_buffer("x", 3),
        "no module": lambda t, m: m.add_module("x", 3),
        "none": lambda t, m: m.add_module("x", None),
        "delete": lambda t, m: (m.add_module("x", t.nn.Identity()), delattr(m, "x")),
        "delete nothing": lambda t, m: delattr(m, "x"),
    }
    checks += [(label, lambda t, f=f: set_and_show(t, f)) for label, f in bad.items()]
    checks += [("unready", unready), ("unready parameter", unready_parameter)]
    checks += [("no forward", lambda t: t.nn.Module()(1))]
    collect(checks)


def test_lists_of_modules():
    def sizes(m):
        return [(name, child.in_features) for name, child in m.named_children()]

    def build(t, kind):
        layers = [t.nn.Linear(i, 1) for i in range(1, 6)]
        return t.nn.Sequential(*layers) if kind == "Sequential" else t.nn.ModuleList(layers)

    steps = {
        "item": lambda t, m: m[-1].in_features,
        "slice": lambda t, m: sizes(m[1:3]),
        "out of range": lambda t, m: m[9],
        "length": lambda t, m: len(m),
        "iterate": lambda t, m: [c.in_features for c in m],
        "append": lambda t, m: sizes(m.append(t.nn.Linear(9, 1))),
        "extend": lambda t, m: sizes(m.extend([t.nn.Linear(9, 1)])),
        "insert": lambda t, m: (m.insert(1, t.nn.Linear(9, 1)), sizes(m))[1],
        "set": lambda t, m: (m.__setitem__(1, t.nn.Linear(9, 1)), sizes(m))[1],
        "delete": lambda t, m: (m.__delitem__(1), sizes(m))[1],
        "delete slice": lambda t, m: (m.__delitem__(slice(1, 3)), sizes(m))[1],
        "pop": lambda t, m: (m.pop(1).in_features, sizes(m)),
        "add": lambda t, m: sizes(m + m[:2]),
        "wrong": lambda t, m: m.append(3),
        "class": lambda t, m: m.append(t.nn.ReLU),
    }  # fmt: skip
    collect(
        (f"{kind} {label}", lambda t, f=f, k=kind: f(t, build(t, k)))
        for kind in ("Sequential", "ModuleList")
        for label, f in steps.items()
    )


def test_dicts_and_parameters():
    from collections import OrderedDict

    collect(
        [
            ("keys", lambda t: list(t.nn.ModuleDict({"b": t.nn.ReLU(), "a": t.nn.Tanh()}).keys())),
            ("pairs", lambda t: list(t.nn.ModuleDict([("b", t.nn.ReLU())]).keys())),
            ("contains", lambda t: "b" in t.nn.ModuleDict({"b": t.nn.ReLU()})),
            ("taken", lambda t: t.nn.ModuleDict({"keys": t.nn.ReLU()})),
            ("missing", lambda t: t.nn.ModuleDict()["x"]),
            ("ordered", lambda t: repr(t.nn.Sequential(OrderedDict(a=t.nn.ReLU(), b=t.nn.Tanh())))),
            ("ordered slice", lambda t: repr(t.nn.Sequential(OrderedDict(a=t.nn.ReLU(), b=t.nn.Tanh()))[1:])),
            ("a list", lambda t: t.nn.Sequential([t.nn.ReLU()])),
            ("empty", lambda t: [repr(t.nn.Sequential()), repr(t.nn.ModuleList()), t.nn.Sequential()(3)]),
            ("nested", lambda t: repr(t.nn.ModuleList([mlp(t), mlp(t), t.nn.ReLU()]))),
            ("parameters", lambda t: list(t.nn.ParameterList([t.zeros(1), t.ones(2)]).state_dict())),
            ("repr of list", lambda t: repr(t.nn.ParameterList([t.zeros(1), t.ones(2, 3)]))),
            ("item", lambda t: t.nn.ParameterList([t.zeros(1), t.ones(2)])[-1]),
            ("by name", lambda t: list(t.nn.ParameterDict({"x": t.zeros(1)}).state_dict())),
            ("parameter", lambda t: repr(t.nn.Parameter(t.zeros(2)))),
            ("constant", lambda t: repr(t.nn.Parameter(t.zeros(2), requires_grad=False))),
            ("of integers", lambda t: t.nn.Parameter(t.zeros(2).long())),
        ]
    )


# ------------------------------------------------------------------------------------------ saving and loading
def test_load_state_dict():
    def load(t, change, **options):
        source, target = fill(t, mlp(t), 1), fill(t, mlp(t), 2)
        state = change(t, source.state_dict())
        result = target.load_state_dict(state, **options)
        return tuple(result), repr(result).removeprefix("_"), list(target.parameters())

    def without(t, state):
        del state["0.bias"]
        return {**state, "extra": t.zeros(1)}

    collect(
        [
            ("all", lambda t: load(t, lambda t, s: s)),
            ("plain dict", lambda t: load(t, lambda t, s: dict(s))),
            ("float32", lambda t: load(t, lambda t, s: {k: v.float() for k, v in s.items()})),
            ("keys", lambda t: load(t, without)),
            ("keys, loose", lambda t: load(t, without, strict=False)),
            ("size", lambda t: load(t, lambda t, s: {**s, "0.bias": t.zeros(7)}, strict=False)),
            ("type", lambda t: load(t, lambda t, s: {**s, "0.bias": 3})),
            ("no dict", lambda t: load(t, lambda t, s: 3)),
            ("assign", lambda t: load(t, lambda t, s: s, assign=True)),
        ]
    )


# --------------------------------------------------------------------------------------------------- hooks
def hooked(t, register, x=None):
    model = fill(t, t.nn.Sequential(t.nn.Linear(2, 3), t.nn.Tanh(), t.nn.Linear(3, 1)))
    calls = []
    handle = register(model, calls)
    x = t.tensor(draw(1, 4, 2), requires_grad=True) if x is None else x
    y = model(x)
    y.sum().backward()
    found = [y, x.grad, *[p.grad for p in model.parameters()]], list(calls)
    handle.remove()
    model(x)
    return found, len(calls)


def test_hooks():
    def record(calls, *values):
        calls.append(tuple(v for v in values))

    collect(
        [
            ("pre", lambda t: hooked(t, lambda m, c: m[1].register_forward_pre_hook(lambda m, a: record(c, a)))),
            ("pre changes", lambda t: hooked(t, lambda m, c: m[1].register_forward_pre_hook(lambda m, a: a[0] * 2))),
            (
                "pre, named",
                lambda t: hooked(
                    t,
                    lambda m, c: m[1].register_forward_pre_hook(lambda m, a, k: record(c, a, len(k)), with_kwargs=True),
                ),
            ),
            ("post", lambda t: hooked(t, lambda m, c: m[1].register_forward_hook(lambda m, a, o: record(c, a, o)))),
            ("post changes", lambda t: hooked(t, lambda m, c: m[1].register_forward_hook(lambda m, a, o: o * 2))),
            (
                "backward",
                lambda t: hooked(t, lambda m, c: m[2].register_full_backward_hook(lambda m, i, o: record(c, i, o))),
            ),
            (
                "backward on all",
                lambda t: hooked(t, lambda m, c: m.register_full_backward_hook(lambda m, i, o: record(c, i, o))),
            ),
            (
                "backward changes",
                lambda t: hooked(t, lambda m, c: m[1].register_full_backward_hook(lambda m, i, o: (i[0] * 3,))),
            ),
            (
                "backward, wrong count",
                lambda t: hooked(t, lambda m, c: m[1].register_full_backward_hook(lambda m, i, o: (i[0], i[0]))),
            ),
            (
                "input without gradient",
                lambda t: hooked(
                    t,
                    lambda m, c: m[0].register_full_backward_hook(lambda m, i, o: record(c, i, o)),
                    t.tensor(draw(1, 4, 2)),
                ),
            ),
        ]
    )


def test_order_of_hooks():
    def run(t):
        layer, order = t.nn.Identity(), []
        layer.register_forward_hook(lambda m, a, o: order.append(1))
        layer.register_forward_hook(lambda m, a, o: order.append(2))
        layer.register_forward_hook(lambda m, a, o: order.append(0), prepend=True)
        layer.register_forward_pre_hook(lambda m, a: order.append("pre"))
        layer(t.zeros(1))
        return order

    same(run)


# ---------------------------------------------------------------------------------------- utilities and errors
def test_utilities():
    def grads(t, f):
        ps = [t.tensor(draw(i, 3), requires_grad=True) for i in range(3)]
        for i, p in enumerate(ps[:2]):
            p.grad = t.tensor(draw(10 + i, 3))
        out = f(t.nn.utils, ps)
        return out, [p.grad for p in ps]

    def vector(t):
        model = fill(t, mlp(t))
        v = t.nn.utils.parameters_to_vector(model.parameters())
        t.nn.utils.vector_to_parameters(v.detach() * 2, model.parameters())
        return v, list(model.parameters())

    norms = [(max_norm, kind) for max_norm in (0.1, 100) for kind in (1, 2, float("inf"))]
    collect(
        [
            *((f"{n}", lambda t, n=n: grads(t, lambda u, ps: u.clip_grad_norm_(ps, *n))) for n in norms),
            ("value", lambda t: grads(t, lambda u, ps: u.clip_grad_value_(ps, 0.3))),
            ("one", lambda t: grads(t, lambda u, ps: u.clip_grad_norm_(ps[0], 0.3))),
            ("none", lambda t: grads(t, lambda u, ps: u.clip_grad_norm_(ps[2], 0.3))),
            ("vector", vector),
        ]
    )


ERRORS = {
    "features": lambda t: t.nn.Linear(3, 4)(t.zeros(2, 5)),
    "dtype": lambda t: t.nn.Linear(3, 4)(t.zeros(2, 3).double()),
    "0-d": lambda t: t.nn.Linear(3, 4)(t.tensor(1.0)),
    "a list": lambda t: t.nn.Linear(3, 4)([1.0, 2.0, 3.0]),
    "label too large": lambda t: t.nn.functional.cross_entropy(t.zeros(4, 3), t.tensor([0, 1, 2, 3])),
    "label negative": lambda t: t.nn.functional.cross_entropy(t.zeros(4, 3), t.tensor([0, 1, 2, -1])),
    "batch size": lambda t: t.nn.functional.cross_entropy(t.zeros(4, 3), t.tensor([0, 1, 2])),
    "labels in a list": lambda t: t.nn.functional.cross_entropy(t.zeros(4, 3), [0, 1, 2, 1]),
    "float labels": lambda t: t.nn.functional.cross_entropy(t.zeros(4, 3), t.tensor([0.0, 1, 2, 1])),
    "int32 labels": lambda t: t.nn.functional.cross_entropy(t.zeros(4, 3), t.tensor([0, 1, 2, 1]).int()),
    "column of labels": lambda t: t.nn.functional.cross_entropy(t.zeros(4, 3), t.zeros(4, 1).long()),
    "one-hot integers": lambda t: t.nn.functional.cross_entropy(t.zeros(4, 3), t.zeros(4, 3).long()),
    "class weights": lambda t: t.nn.functional.cross_entropy(t.zeros(4, 3), t.zeros(4).long(), weight=t.ones(2)),
    "reduction": lambda t: t.nn.functional.cross_entropy(t.zeros(4, 3), t.zeros(4).long(), reduction="avg"),
    "smoothing": lambda t: t.nn.functional.cross_entropy(t.zeros(4, 3), t.zeros(4).long(), label_smoothing=1.5),
    "nll label": lambda t: t.nn.functional.nll_loss(t.zeros(4, 3), t.tensor([0, 1, 2, 3])),
    "nll floats": lambda t: t.nn.functional.nll_loss(t.zeros(4, 3), t.zeros(4)),
    "bce shapes": lambda t: t.nn.functional.binary_cross_entropy_with_logits(t.zeros(4, 1), t.zeros(4)),
    "bce integers": lambda t: t.nn.functional.binary_cross_entropy_with_logits(t.zeros(4), t.zeros(4).long()),
    "bce reduction": lambda t: t.nn.functional.binary_cross_entropy_with_logits(t.zeros(4), t.zeros(4), reduction="x"),
    "bce range": lambda t: t.nn.functional.binary_cross_entropy(t.zeros(4) + 2, t.zeros(4)),
    "bce target": lambda t: t.nn.functional.binary_cross_entropy(t.zeros(4), t.zeros(3)),
    "bce longs": lambda t: t.nn.functional.binary_cross_entropy(t.zeros(4), t.zeros(4).long()),
    "dropout": lambda t: t.nn.functional.dropout(t.zeros(4), 1.5),
    "Dropout": lambda t: t.nn.Dropout(-1),
    "one_hot range": lambda t: t.nn.functional.one_hot(t.tensor([0, 5]), 3),
    "one_hot floats": lambda t: t.nn.functional.one_hot(t.tensor([0.0, 5.0]), 3),
    "gelu": lambda t: t.nn.functional.gelu(t.zeros(2), approximate="x"),
    "to integers": lambda t: t.nn.Linear(2, 2).to(t.int64),
    "train": lambda t: t.nn.Linear(2, 2).train("yes"),
    "fan": lambda t: t.nn.init.kaiming_normal_(t.zeros(3)),
    "gain": lambda t: t.nn.init.calculate_gain("nothing"),
    "fan mode": lambda t: t.nn.init.kaiming_normal_(t.zeros(3, 2), mode="x"),
    "vector": lambda t: t.nn.utils.vector_to_parameters([1.0], []),
}


def test_exception_types():
    collect(ERRORS.items())


def test_initial_distributions():
    """Both libraries draw from the same distributions: standard deviations and ranges over 20,000 weights agree."""

    def moments(t, f):
        w = f(t).detach().numpy()
        return [round(float(x), 1) for x in (w.std() / 0.05, abs(w).max() / 0.05, w.mean() / 0.05)]

    fills = {
        "linear": lambda t: t.nn.Linear(100, 200).weight,
        "bias": lambda t: t.cat([t.nn.Linear(100, 200).bias for _ in range(100)]),
        "xavier_uniform_": lambda t: t.nn.init.xavier_uniform_(t.zeros(200, 100)),
        "kaiming_uniform_": lambda t: t.nn.init.kaiming_uniform_(t.zeros(200, 100), nonlinearity="relu"),
        "uniform_": lambda t: t.nn.init.uniform_(t.zeros(200, 100), -0.1, 0.2),
        "constant_": lambda t: t.nn.init.constant_(t.zeros(200, 100), 0.5),
    }
    collect((name, lambda t, f=f: (t.manual_seed(0), moments(t, f))[1]) for name, f in fills.items())
    normal = {
        "xavier_normal_": lambda t: t.nn.init.xavier_normal_(t.zeros(400, 200, 3), gain=2.0),
        "kaiming_normal_": lambda t: t.nn.init.kaiming_normal_(t.zeros(400, 200, 3), a=0.1, mode="fan_out"),
        "normal_": lambda t: t.nn.init.normal_(t.zeros(400, 600), 1.0, 0.05),
    }
    collect((name, lambda t, f=f: round(float(f(t).numpy().std()), 3)) for name, f in normal.items())
    gains = ["linear", "conv2d", "sigmoid", "tanh", "relu", "selu"]
    same(lambda t: [float(t.nn.init.calculate_gain(g)) for g in gains] + [t.nn.init.calculate_gain("leaky_relu", 0.2)])
