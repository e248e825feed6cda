"""Gradient checks: the size of the step, second derivatives, a learner's own classes, and the live form."""

import json
import re
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import learnnn as torch
from learnnn import autograd, nn
from learnnn.inspection import gradcheck, gradgradcheck
from learnnn.inspection.gradients.heat import MOST, cells
from learnnn.inspection.gradients.steps import STEPS
from tests.inspection.lessons import TensorMLP, ValueMLP, lesson_names

pytestmark = pytest.mark.slow

RNG = np.random.default_rng(3)
A, B = RNG.normal(size=(3, 4)), RNG.normal(size=(4, 2))
SINE = (lambda x: (np.sin(x), lambda g: (g * np.cos(x),)), np.array([0.7]))
RELU = (lambda x: (np.maximum(x, 0), lambda g: (g * (x > 0),)), np.array([0.0, 1.0]))


def curve(report, place=0):
    return report.inputs[0].curves[place]


# ------------------------------------------------------------------------------------------------ the step
def test_large_steps_err_as_the_third_derivative_says():
    """Central differences are off by h²/6 f''' (Taylor): for the sine that is h²/6 of the slope itself."""
    error = curve(gradcheck(*SINE)).error
    large = (STEPS >= 1e-3) & (STEPS <= 1e-1)
    assert error[large] == pytest.approx(STEPS[large] ** 2 / 6, rel=0.01)


def test_small_steps_err_as_rounding_says():
    report = gradcheck(*SINE)
    tiny = curve(report).error[STEPS < 1e-10]
    rounding = 2.2e-16 * np.sin(0.7) / np.cos(0.7) / STEPS[STEPS < 1e-10]
    assert np.median(tiny / rounding) < 3
    assert np.median(tiny) > 1e-8


def test_the_step_used_is_near_the_best():
    found = curve(gradcheck(*SINE))
    best = STEPS[np.nanargmin(found.error)]
    assert 1e-2 < found.used / best < 1e2
    assert found.used == pytest.approx(2.2e-16 ** (1 / 3), rel=0.01)
    assert curve(gradcheck(*SINE, eps=1e-3)).used == 1e-3


def test_the_guides_follow_the_two_ends():
    found = curve(gradcheck(*SINE))
    assert found.bends == pytest.approx(1 / 6, rel=0.02)
    assert 1e-18 < found.rounds < 1e-15


def test_a_straight_function_has_no_error_of_large_steps():
    report = gradcheck(lambda x: (3 * x, lambda g: (3 * g,)), np.array([0.3]))
    assert curve(report).bends == 0
    assert "Large steps cost nothing" in " ".join(report.state()["inputs"][0]["curves"][0]["said"])


def test_a_wrong_gradient_stays_wrong_at_every_step():
    report = gradcheck(lambda x: (np.sin(x), lambda g: (1.5 * g * np.cos(x),)), np.array([0.7]))
    found = curve(report)
    useful = (STEPS >= 1e-9) & (STEPS <= 1e-2)
    assert found.error[useful] == pytest.approx(np.full(useful.sum(), 1 / 3), abs=1e-3)
    assert found.drift[useful].max() < 1e-4  # the measurement itself is good
    assert "whatever the step" in report.text


def test_on_a_kink_the_two_sides_never_meet():
    report = gradcheck(*RELU)
    found = next(c for c in report.inputs[0].curves if c.kink)
    assert found.index == (0,)
    assert found.gap == pytest.approx(np.ones(len(STEPS)))
    assert "a corner here" in report.text
    assert "downwards 0" in report.text
    assert report.curve is found


def test_a_jump_is_no_corner():
    report = gradcheck(lambda x: (np.where(x >= 0, 1.0, 0.0), lambda g: (0 * g,)), np.array([0.0]))
    assert "jumps here" in report.text


def test_a_step_out_of_the_domain_leaves_a_gap():
    def root(x):
        if (x < 0).any():
            raise ValueError("no root of a negative number")
        return np.sqrt(x), lambda g: (g / 2 / np.sqrt(x),)

    report = gradcheck(root, np.array([0.02]))
    assert report
    assert np.isnan(curve(report).error[STEPS > 0.02]).all()
    assert np.isfinite(curve(report).error[STEPS < 0.02]).all()
    assert report.svg.startswith("<svg")


def test_nothing_to_hold_against_the_slope():
    report = gradcheck(lambda x: (np.sin(x), lambda g: (None,)), np.array([0.7]))
    assert curve(report).analytic is None
    assert curve(report).exact == pytest.approx(curve(report).numeric[10], rel=1e-6)
    assert "no gradient to hold against it" in report.text


# ------------------------------------------------------------------------------------------------ the heat map
SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=6)
LARGE = hnp.array_shapes(min_dims=1, max_dims=2, min_side=1, max_side=130)


@given(SHAPES | LARGE, st.integers(0, 99))
def test_every_element_has_a_cell_and_the_worst_is_shown(shape, seed):
    error = np.random.default_rng(seed).random(shape)
    at, factor = cells(error, error < 0.5)
    assert max(at.shape, default=0) <= MOST
    found = at[at >= 0]
    assert len(set(found.tolist())) == len(found)
    if factor == 1:
        assert sorted(found) == list(range(error.size))
    if error.size:
        assert error.ravel()[found].max() == error.max()


def test_the_state_holds_what_the_report_found():
    report = gradcheck(lambda x: (x**2, lambda g: (3 * x * g,)), A)
    sent = report.state()["inputs"][0]
    assert sent["cells"].tolist() == np.arange(12).reshape(3, 4).tolist()
    np.testing.assert_array_equal(sent["numeric"], report.inputs[0].numeric)
    assert report.state()["first"] == report.worst.place
    assert not sent["agree"].any()


def test_a_large_input_stays_small_on_the_page():
    report = gradcheck(lambda x: (np.tanh(x), lambda g: (g,)), RNG.normal(size=(120, 90)))
    assert len(report.to_html()) < 300_000
    assert report.state()["inputs"][0]["factor"] == 6
    assert report.data["inputs"][0]["error"][119][89] > 0


def test_every_form(tmp_path):
    Image = pytest.importorskip("PIL.Image")
    report = gradcheck(lambda x: (x**2, lambda g: (3 * x * g,)), A, title="squares")
    assert report.title == "squares"
    html = report.to_html()
    assert html.index("<img") < html.index("<script")
    state = json.loads(re.search(r'hydrate\(render, "\w+", (\{.*?\}), "', html).group(1))
    assert state["passed"] is False
    for dark in (False, True):
        assert Image.open(BytesIO(report.to_png(1, dark))).width > 300
    assert "relative error" in report.to_svg()
    assert "1.5 times too large" in report.to_svg()


def test_it_checks_again_what_has_changed():
    factor = [2.0]
    report = gradcheck(lambda x: (x**2, lambda g: (factor[0] * x * g,)), A)
    assert report
    factor[0] = 3.0
    report.update()
    assert not report
    assert report.frame()["passed"] is False


# ------------------------------------------------------------------------------------------------ your own classes
def test_lesson_05s_tensors():
    Tensor = lesson_names(5).Tensor
    a, b = Tensor(A), Tensor(B)
    report = gradcheck(lambda a, b: (a @ b).tanh(), (a, b), names=["a", "b"])
    assert report
    assert report.inputs[0].numeric.shape == (3, 4)
    assert not a.grad.any()
    np.testing.assert_array_equal(a.data, A)


def test_a_wrong_rule_in_lesson_05s_tensor_is_named(monkeypatch):
    names = lesson_names(5)
    wrong = lambda x: (np.tanh(x), lambda g: (1 - np.tanh(x) ** 2,))
    tensor = names.Tensor(A)
    report = gradcheck(lambda x: x.record("tanh", wrong, x), tensor)
    assert "ignores the gradient that arrives" in repr(report)  # random weights, not a plain sum


def test_a_model_of_lesson_05s_tensors_and_its_parameters():
    model = TensorMLP(3, 4, 2)
    weight = model.head.weight
    weight.grad += 7.0
    before = weight.data.copy()
    report = gradcheck(model, RNG.normal(size=(5, 3)))
    assert report
    assert [c.name for c in report.inputs][1:] == [
        "body.first.weight", "body.first.bias", "head.weight", "head.bias"
    ]  # fmt: skip
    np.testing.assert_array_equal(weight.data, before)
    assert (weight.grad == 7.0).all()


def test_a_model_is_put_back_after_an_error():
    model = TensorMLP(3, 4, 2)
    before = {id(p): p.data.copy() for p in (model.head.weight, model.head.bias)}
    with pytest.raises(ValueError, match="matmul"):
        gradcheck(model, RNG.normal(size=(5, 2)))
    for p in (model.head.weight, model.head.bias):
        np.testing.assert_array_equal(p.data, before[id(p)])
        assert not p.grad.any()


def test_lesson_03s_values_and_networks_of_them():
    Value = lesson_names(3).Value
    assert gradcheck(lambda a, b: (a * b).tanh() + a, (Value(2.0), Value(-3.0)))
    network = ValueMLP(2, 3, 2)  # two outputs: weighted and summed with their own operations
    report = gradcheck(lambda a, b: network([a, b]), (Value(0.5), Value(-1.0)))
    assert report
    assert len(report.inputs) == 2


def test_values_without_a_sum_are_told_what_is_missing():
    class Bare:
        def __init__(self, data):
            self.data, self.grad = np.asarray(data, float), 0.0

        def backward(self):
            self.grad = np.ones_like(self.data)

    with pytest.raises(TypeError, match=r"backward\(\) starts at a single number.*give Bare"):
        gradcheck(lambda x: x, Bare([1.0, 2.0]))
    with pytest.raises(TypeError, match="returned a float, not a Bare"):
        gradcheck(lambda x: 3.0, Bare([1.0, 2.0]))


# ------------------------------------------------------------------------------------------------ second derivatives
def test_second_derivatives_of_operations():
    for function in (torch.tanh, torch.exp, lambda x: x**3, lambda x: torch.softmax(x, -1), lambda x: 2 * x):
        report = gradgradcheck(function, torch.tensor(A))
        assert report, report
        assert [c.name for c in report.inputs] == ["input 0", "grad_output"]
    assert repr(report) == (
        "✓ gradgradcheck: 2 second derivatives right\n    input 0 (3, 4): 12 elements agree to 1e-05\n"
        "    grad_output (3, 4): 12 elements agree to 1e-05"
    )


def test_the_second_derivative_is_the_one_of_the_formula():
    """d/dx of g · 3x² is g · 6x, and d/dg is 3x²."""
    x = np.array([0.5, -2.0])
    report = gradgradcheck(lambda x: x**3, torch.tensor(x))
    by_x, by_g = (checked.analytic for checked in report.inputs)
    weights = by_g / (3 * x**2)  # <w, g · 3x²>: by g it is w · 3x², by x it is w · g · 6x
    grad_output = by_x / (6 * x) / weights
    assert (np.abs(weights) >= 0.5).all()
    assert (np.abs(weights) <= 1.5).all()
    np.testing.assert_allclose(grad_output, np.random.default_rng(1).normal(size=2))


def test_a_second_derivative_that_forgets_its_input_is_caught():
    @autograd.from_backward(twice=True)
    def square(x):  # x is an array in here, so the gradient remembers g alone
        return x * x, lambda g: (2 * x * g,)

    assert gradcheck(square, torch.tensor(A))
    report = gradgradcheck(square, torch.tensor(A))
    assert "input 0 (3, 4): no gradient arrived, but the output depends on it" in repr(report)
    assert report.inputs[1].passed
    assert report.headline() == "gradgradcheck: 1 of 2 second derivatives wrong"


def test_second_derivatives_of_a_module():
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    before = [p.array.copy() for p in model.parameters()]
    report = gradgradcheck(model, torch.randn(5, 3))
    assert report, report
    assert [c.name for c in report.inputs] == ["input 0", "0.weight", "0.bias", "2.weight", "2.bias", "grad_output"]
    for parameter, was in zip(model.parameters(), before):
        assert parameter.grad is None
        np.testing.assert_array_equal(parameter.array, was)


@pytest.mark.parity
def test_pytorchs_second_derivatives():
    pytorch = pytest.importorskip("torch")
    x = pytorch.tensor(A, requires_grad=True)
    assert gradgradcheck(lambda x: pytorch.softmax(x, -1), x)
    assert pytorch.autograd.gradgradcheck(lambda x: pytorch.softmax(x, -1), x)
    assert x.grad is None

    class Square(pytorch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.x = x.detach()
            return x * x

        @staticmethod
        def backward(ctx, g):
            return 2 * ctx.x * g

    assert gradcheck(Square.apply, x)
    assert not gradgradcheck(Square.apply, x)
    with pytest.raises(RuntimeError, match="Backward is not reentrant|Jacobian mismatch|requires_grad"):
        pytorch.autograd.gradgradcheck(Square.apply, x)


@pytest.mark.parametrize(
    ("function", "inputs"),
    [(lambda x: (np.sin(x), lambda g: (g * np.cos(x),)), A), (lambda a: a * a, lesson_names(3).Value(2.0))],
)
def test_bare_numbers_have_no_second_derivative(function, inputs):
    with pytest.raises(TypeError, match="gives bare numbers"):
        gradgradcheck(function, inputs)


def test_an_operation_that_knows_its_first_derivative_only_says_so():
    with pytest.raises(RuntimeError, match="knows its first derivative only"):
        gradgradcheck(autograd.from_backward(SINE[0]), torch.tensor(A))
