"""The gradient checker, tested on gradients that are right, and on many that are wrong in a way of their own."""

import numpy as np
import pytest

import learnnn as torch
from learnnn import inspection, nn
from learnnn.inspection import gradcheck

RNG = np.random.default_rng(7)
A, B, S = RNG.normal(size=(3, 4)), RNG.normal(size=(4, 2)), RNG.normal(size=(3, 3))
ROW = RNG.normal(size=(1, 4))


LAYER = nn.Linear(3, 2)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def pair(forward, backward):
    """The (output, backward) form: backward gets the gradient, the output and the inputs."""

    def f(*arrays):
        y = forward(*arrays)
        return y, lambda g: backward(g, y, *arrays)

    return f


def softmax_gradient(g, y, x):
    return y * (g - (g * y).sum(-1, keepdims=True))


# name: (function, inputs)
RIGHT = {
    "mul": (pair(np.multiply, lambda g, y, a, b: (g * b, g * a)), (A, A + 1)),
    "matmul": (pair(np.matmul, lambda g, y, a, b: (g @ b.T, a.T @ g)), (A, B)),
    "broadcast add": (pair(np.add, lambda g, y, a, b: (g, g.sum(0, keepdims=True))), (A, ROW)),
    "softmax": (pair(softmax, lambda g, y, x: (softmax_gradient(g, y, x),)), (A,)),
    "one gradient, no tuple": (pair(np.tanh, lambda g, y, x: g * (1 - y * y)), A),
    "scalar": (pair(np.exp, lambda g, y, x: (g * y,)), (np.array(0.5),)),
    "integers are held": (
        pair(lambda x, i: x[i], lambda g, y, x, i: (scattered(g, x, i), None)), (A, np.array([0, 2, 2])),
    ),
    "empty": (pair(np.tanh, lambda g, y, x: (g * (1 - y * y),)), (np.zeros((0, 3)),)),
    "large numbers": (pair(np.square, lambda g, y, x: (2 * x * g,)), (A * 1e6,)),
    "small numbers": (pair(np.square, lambda g, y, x: (2 * x * g,)), (A * 1e-3,)),
    "computed in float32": (
        pair(lambda x: np.tanh(x.astype(np.float32)), lambda g, y, x: (g * (1 - y * y),)), (A,),
    ),
}  # fmt: skip


def scattered(g, x, i):
    out = np.zeros_like(x)
    np.add.at(out, i, g)
    return out


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_gradient_passes(name):
    report = gradcheck(*RIGHT[name])
    assert report, report
    assert report.passed
    assert report.guesses == []
    assert repr(report).startswith("✓")


# name: (function, inputs, a piece of what the report says)
WRONG = {
    "scaled": (pair(np.matmul, lambda g, y, a, b: (2 * g @ b.T, a.T @ g)), (A, B), "2 times too large, everywhere"),
    "mean for sum": (
        pair(lambda x: x.sum(0), lambda g, y, x: (np.broadcast_to(g / 3, x.shape),)), (A,),
        "3 times too small, everywhere: 3 is the size of axis 0",
    ),
    "used twice, counted once": (pair(np.square, lambda g, y, x: (g * x,)), (A,), "receives two gradients"),
    "sign": (pair(np.subtract, lambda g, y, a, b: (g, g)), (A, A + 1), "sign is flipped"),
    "sign and scale": (pair(np.exp, lambda g, y, x: (-3 * g * y,)), (A,), "wrong sign, and 3 times"),
    "transposed": (pair(lambda a: a @ S, lambda g, y, a: ((g @ S.T).T,)), (S + 1,), "transpose"),
    "transposed shape": (pair(lambda a: a @ B, lambda g, y, a: ((g @ B.T).T,)), (A,), "looks transposed"),
    "missing term": (
        pair(lambda x: x * x + x, lambda g, y, x: (2 * x * g,)), (np.ones(1),), "1.5 times too small",
    ),
    "zero": (pair(np.tanh, lambda g, y, x: (np.zeros_like(x),)), (A,), "zero everywhere"),
    "some zero": (pair(np.tanh, lambda g, y, x: (g * (1 - y * y) * (x > 0),)), (A,), "elements where it should not be"),
    "not zero": (pair(lambda x: np.maximum(x, 0), lambda g, y, x: (g,)), (A,), "should be zero in"),
    "not unbroadcast": (pair(np.add, lambda g, y, a, b: (g, g)), (A, ROW), "summed over the axes"),
    "half unbroadcast": (
        pair(np.add, lambda g, y, a, b: (g, g.sum())), (A, ROW), "has shape (), the input (1, 4)",
    ),
    "softmax without cross terms": (
        pair(softmax, lambda g, y, x: (g * y * (1 - y),)), (A,), "cross terms are missing",
    ),
    "softmax summed over the wrong axis": (
        pair(softmax, lambda g, y, x: (y * (g - (g * y).sum(0, keepdims=True)),)), (A,), "cross terms",
    ),
    "ignores the incoming gradient": (pair(np.tanh, lambda g, y, x: (1 - y * y,)), (A,), "chain rule"),
    "exchanged": (pair(np.multiply, lambda g, y, a, b: (g * a, g * b)), (A, A + 1), "belongs to input 1"),
    "nan": (pair(np.sqrt, lambda g, y, x: (g * np.nan * y,)), (A**2,), "nan or infinity"),
    "reversed": (pair(np.tanh, lambda g, y, x: ((g * (1 - y * y))[::-1],)), (A,), "axis 0 is reversed"),
    "mean subtracted wrongly": (
        pair(lambda x: x - x.mean(0), lambda g, y, x: (g - g.mean(0) / 2,)), (A,), "axis 0",
    ),
    "one element": (pair(np.tanh, lambda g, y, x: (spoilt(g * (1 - y * y)),)), (A,), "only 1 of 12 elements"),
    "a constant too much": (pair(np.tanh, lambda g, y, x: (g * (1 - y * y) + 0.5,)), (A,), "off by 0.5 everywhere"),
    "none": (pair(np.tanh, lambda g, y, x: (None,)), (A,), "no gradient arrived"),
    "no numbers": (pair(np.tanh, lambda g, y, x: ("g",)), (A,), "not numbers but str"),
    "slightly off": (pair(np.tanh, lambda g, y, x: (g * (1 - y * y) * 1.001,)), (A,), "1.001 times too large"),
}  # fmt: skip


def spoilt(g):
    g = g.copy()
    g[1, 2] += 1
    return g


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_gradient_is_caught_and_named(name):
    function, inputs, said = WRONG[name]
    report = gradcheck(function, inputs)
    assert not report
    assert said in repr(report)
    assert repr(report).startswith("✗")


@pytest.mark.parametrize("name", WRONG)
def test_each_report_has_every_form(name):
    function, inputs, _ = WRONG[name]
    report = gradcheck(function, inputs)
    assert report.data["passed"] is False
    assert "gradient" in report.to_html()
    assert report.svg.startswith("<svg")


def test_a_plain_sum_could_not_see_what_random_cotangents_see():
    wrong = pair(softmax, lambda g, y, x: (np.zeros_like(x) + 0 * g,))  # right for a sum: that is always 1
    assert not gradcheck(wrong, A)


def test_the_worst_element_is_named():
    worst = gradcheck(*WRONG["one element"][:2]).worst
    assert (worst.name, worst.index, worst.place) == ("input 0", (1, 2), "input 0[1, 2]")
    assert worst.analytic - worst.numeric == pytest.approx(1, abs=1e-6)
    assert "input 0[1, 2]" in worst.place


def test_names_are_used():
    report = gradcheck(*WRONG["scaled"][:2], names=["weights", "inputs"])
    assert report.worst.name == "weights"
    assert "weights (3, 4): 12 of 12 elements wrong" in repr(report)
    with pytest.raises(ValueError, match="names has 1 entries for 2 inputs"):
        gradcheck(*WRONG["scaled"][:2], names=["weights"])


# ------------------------------------------------------------------------------------------------- kinks
def test_relu_at_its_kink_passes_with_a_note():
    relu = pair(lambda x: np.maximum(x, 0), lambda g, y, x: (g * (x > 0),))
    report = gradcheck(relu, np.array([0.0, 1.0, -1.0]))
    assert report
    assert report.kinks == [("input 0", (0,))]
    assert "stands on a kink" in repr(report)


def test_a_kink_close_by_does_not_disturb():
    relu = pair(lambda x: np.maximum(x, 0), lambda g, y, x: (g * (x > 0),))
    assert gradcheck(relu, np.array([3e-6, -3e-6]))


def test_no_kink_is_seen_where_there_is_none():
    report = gradcheck(pair(np.exp, lambda g, y, x: (g * y,)), np.linspace(-10, 10, 9))
    assert report
    assert report.kinks == []


def test_a_slope_beyond_both_sides_of_a_kink_is_wrong():
    assert not gradcheck(pair(lambda x: np.maximum(x, 0), lambda g, y, x: (-g * (x <= 0),)), np.array([0.0]))


# ------------------------------------------------------------------------------------- what is under test
def test_tensors_keep_their_numbers_dtype_and_grad():
    x = torch.randn(3, 4, requires_grad=True)
    before = x.array.copy()
    assert gradcheck(lambda x: torch.softmax(x, -1), x)
    assert x.grad is None
    assert x.dtype == torch.float32
    np.testing.assert_array_equal(x.array, before)


def test_only_what_requires_a_gradient_is_checked_or_else_all():
    x, w = torch.randn(2, 3), torch.randn(3, requires_grad=True)
    assert [c.name for c in gradcheck(lambda x, w: x * w, (x, w)).inputs] == ["input 1"]
    assert [c.name for c in gradcheck(lambda x, w: x * w, (x, w.detach())).inputs] == ["input 0", "input 1"]


def test_arrays_for_a_function_of_tensors():
    assert gradcheck(lambda x: torch.tanh(x).sum(), A)


def test_several_outputs():
    assert gradcheck(lambda x: (x * 2, torch.exp(x).sum()), torch.randn(3))


def test_an_output_that_does_not_depend_on_an_input():
    assert gradcheck(lambda a, b: a * 2, (torch.randn(3), torch.randn(2)))
    assert "no gradient arrived" in repr(gradcheck(lambda a, b: a * b.detach(), (torch.randn(3), torch.randn(3))))


def test_modules_and_their_parameters():
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    before = [p.array.copy() for p in model.parameters()]
    report = gradcheck(model, torch.randn(5, 3))
    assert report
    assert [c.name for c in report.inputs] == ["input 0", "0.weight", "0.bias", "2.weight", "2.bias"]
    for parameter, was in zip(model.parameters(), before):
        assert parameter.grad is None
        assert parameter.dtype == np.float32
        np.testing.assert_array_equal(parameter.array, was)


def test_a_module_whose_own_backward_is_wrong():
    wrong = torch.autograd.from_backward(lambda x, w: (x @ w, lambda g: (g @ w.T, x.T @ g / 5)))

    class Half(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.randn(3, 2))

        def forward(self, x):
            return wrong(x, self.weight)

    report = gradcheck(Half(), torch.randn(5, 3))
    assert report.worst.name == "weight"
    assert report.guesses == ["it is 5 times too small, everywhere"]


class Value:
    """As a learner writes it in lesson 03; `times` spoils the gradient."""

    times = 1.0

    def __init__(self, data, parents=(), slopes=()):
        self.data, self.grad, self.parents, self.slopes = data, 0.0, parents, slopes

    def __mul__(self, other):
        return Value(self.data * other.data, (self, other), (other.data * self.times, self.data))

    def backward(self):
        self.grad, stack = 1.0, [self]
        for node in stack:
            for parent, slope in zip(node.parents, node.slopes):
                parent.grad += slope * node.grad
                stack.append(parent)


def test_a_learners_own_values(monkeypatch):
    a, b = Value(2.0), Value(-3.0)
    assert gradcheck(lambda a, b: a * b, (a, b))
    assert (a.grad, b.grad) == (0.0, 0.0)
    monkeypatch.setattr(Value, "times", 3.0)
    assert "3 times too large" in repr(gradcheck(lambda a, b: a * b, (a, b)))


def test_pytorch():
    pytorch = pytest.importorskip("torch")
    x = pytorch.randn(2, 3, requires_grad=True)
    assert gradcheck(lambda x: pytorch.softmax(x, -1), x)
    assert x.grad is None
    assert gradcheck(lambda x: pytorch.tanh(x), pytorch.randn(2, 3))
    linear = pytorch.nn.Linear(3, 2)
    assert [c.name for c in gradcheck(linear, x).inputs] == ["input 0", "weight", "bias"]
    assert linear.weight.dtype == pytorch.float32

    class Wrong(pytorch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g

    assert "2 times too small" in repr(gradcheck(Wrong.apply, x))


# ------------------------------------------------------------------------------------------- what goes wrong
def test_a_function_that_draws_at_random_cannot_be_checked():
    report = gradcheck(lambda x: x * torch.rand(3), torch.randn(3))
    assert not report
    assert "different outputs each time" in repr(report)
    assert "could not be trusted" in repr(report)


def test_a_backward_that_remembers_cannot_be_checked():
    total = np.zeros(3)

    def f(x):
        def backward(g):
            total[:] += g
            return (total.copy(),)

        return x * 1, backward

    assert "add to a gradient of an earlier run" in repr(gradcheck(f, np.ones(3)))


def test_arrays_are_not_changed_by_a_function_that_changes_them():
    x = np.ones(3)

    def f(x):
        x *= 2
        return x * 1, lambda g: (2 * g,)

    gradcheck(f, x)
    np.testing.assert_array_equal(x, np.ones(3))


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: gradcheck(np.linalg.det, S), TypeError, r"det returned a float64.*\(output, backward\)"),
        (lambda: gradcheck(lambda x: None, A), TypeError, "returned None"),
        (lambda: gradcheck(lambda i: (i, lambda g: (g,)), np.arange(3)), TypeError, "nothing to differentiate"),
        (lambda: gradcheck(3, A), TypeError, "must be a function or a module, not a int"),
        (lambda: gradcheck(lambda x: 3, torch.randn(3)), TypeError, "returned no tensor"),
        (lambda: gradcheck(lambda x: LAYER(x), torch.randn(2, 3)), RuntimeError, r"call \.double\(\).*Linear expects"),
        (
            lambda: gradcheck(pair(np.add, lambda g, y, a, b: (g, g, g)), (A, A)),
            ValueError,
            "3 gradients for 2 inputs",
        ),
    ],
)
def test_misuse_is_explained(call, error, said):
    with pytest.raises(error, match=said):
        call()


def test_the_same_seed_draws_the_same_numbers():
    function, inputs, _ = WRONG["slightly off"]
    assert repr(gradcheck(function, inputs, seed=3)) == repr(gradcheck(function, inputs, seed=3))
    assert repr(gradcheck(function, inputs, seed=3)) != repr(gradcheck(function, inputs, seed=4))


def test_tolerance_is_yours():
    function, inputs, _ = WRONG["slightly off"]
    assert gradcheck(function, inputs, rtol=0.01)
    assert gradcheck(function, inputs, rtol=0, atol=0.1)
    assert gradcheck(RIGHT["mul"][0], RIGHT["mul"][1], eps=1e-3)


def test_heat_maps_of_any_shape():
    wrong = pair(np.tanh, lambda g, y, x: (g,))
    for shape in ((), (5,), (130,), (100, 60), (2, 3, 4)):
        svg = inspection.gradcheck(wrong, RNG.normal(size=shape)).svg
        assert svg.count("<rect") < 48 * 48 + 20


def test_a_passed_check_prints_no_number_that_could_wobble():
    assert repr(gradcheck(*RIGHT["mul"])) == (
        "✓ gradcheck: 2 gradients right\n    input 0 (3, 4): 12 elements agree to 1e-05\n"
        "    input 1 (3, 4): 12 elements agree to 1e-05"
    )
