"""Two ways to do the same thing must do the same thing."""

import sys

import numpy as np
import pytest

import learnnn as torch


@pytest.fixture(scope="module")
def decisions(root):
    sys.path.insert(0, str(root / "benchmarks"))
    import decisions

    yield decisions
    sys.path.remove(str(root / "benchmarks"))


def first_losses(step, count=8):
    return [float(step()) for _ in range(count)]


def test_the_replayed_tape_trains_as_the_workload(decisions):
    np.testing.assert_allclose(first_losses(decisions.replay("W2")), first_losses(decisions.plain("W2")), rtol=1e-5)


@pytest.mark.parametrize("workload", ["W1", "W3", "W5"])
def test_two_halves_train_as_the_whole(decisions, workload):
    halves, whole = (first_losses(way(workload), 3) for way in (decisions.halves, decisions.plain))
    np.testing.assert_allclose(halves, whole, rtol=2e-5)


def test_gelu_is_gelu(decisions):
    new, kept = decisions.gelu("new")(), decisions.gelu("kept")()
    x = np.random.default_rng(0).standard_normal((2, 16, 64, 256)).astype("f")[0]
    np.testing.assert_array_equal(new, kept)
    expected = torch.nn.functional.gelu(torch.tensor(x), approximate="tanh").numpy()
    np.testing.assert_allclose((new + x) / 2, expected, atol=2e-6)


def test_the_kernel_is_adam(decisions):
    pytest.importorskip("numba")
    step = decisions.kernel("")
    assert step.start > 0
    assert np.isfinite(step()).all()


def test_a_figure_is_the_median_of_the_rounds_ratios(decisions, monkeypatch):
    seconds = iter([1.0, 2.0, 3.0, 1.0, 1.0, 10.0])  # plain and other, other and plain, plain and other
    monkeypatch.setenv("LEARNNN_KEEP_PAGES", "1")  # which is set anew for each way
    monkeypatch.setattr(decisions, "in_fresh_process", lambda *a: {"cpu": next(seconds)})
    ways = {"plain": ("plain", "W1", 1, "1"), "other": ("plain", "W1", 1, "0")}
    assert decisions.compared(ways, "cpu", 3) == {"other": 3.0}
