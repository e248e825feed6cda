"""Every example runs as a learner would run it, and reaches its figures."""

import re
import sys
import tempfile
from functools import cache
from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pytest

import learnnn as torch
from examples.__main__ import GOALS, main, missed
from learnnn import datasets

NEEDS = {"iris": ("sklearn", "matplotlib"), "text_generation": ()}  # the others: scikit-learn
MNIST = ("mnist_mlp", "mnist_presets")


def needs_mnist():
    try:
        datasets.mnist(download=False)
    except RuntimeError as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """An example's (figures, folder with what it wrote), trained once."""

    @cache
    def run(name):
        for package in NEEDS.get(name, ("sklearn",)):
            pytest.importorskip(package)
        if name in MNIST:
            needs_mnist()
        folder = tmp_path_factory.mktemp(name)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(tempfile, "tempdir", str(folder))
            return import_module(f"examples.{name}").main(), folder

    return run


@pytest.mark.slow
@pytest.mark.parametrize("name", GOALS)
def test_reaches_its_figures(name, run):
    figures, _ = run(name)
    assert figures.keys() == GOALS[name].keys()
    assert not missed(name, figures), figures


def test_a_figure_out_of_bounds_is_missed():
    assert missed("cnn", {"test accuracy": 0.5}) == ["test accuracy"]
    assert missed("cnn", {"test accuracy": float("nan")}) == ["test accuracy"]
    assert missed("regression", {"test RMSE": 60.0, "test R2": 0.5}) == ["test RMSE"]


@pytest.mark.parametrize(
    ("outcome", "code", "told"),
    [
        ({"test accuracy": 0.99}, 0, "test accuracy 0.990\n"),
        ({"test accuracy": 0.5}, 1, "test accuracy 0.500 (MISSED)"),
        (RuntimeError("MNIST is not on this machine"), 0, "skipped: MNIST is not on this machine"),
    ],
)
def test_the_table_tells_what_was_reached(outcome, code, told, monkeypatch, capsys):
    def example():
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    monkeypatch.setitem(sys.modules, "examples.cnn", SimpleNamespace(main=example))
    assert main(["cnn"]) == code
    assert told in capsys.readouterr().out


def test_any_other_error_is_not_skipped(monkeypatch):
    def example():
        raise RuntimeError("shapes do not fit")

    monkeypatch.setitem(sys.modules, "examples.cnn", SimpleNamespace(main=example))
    with pytest.raises(RuntimeError, match="do not fit"):
        main(["cnn"])


def test_every_script_is_in_the_table_and_short(root):
    scripts = {path.stem: path for path in (root / "examples").glob("[!_]*.py")}
    assert scripts.keys() == GOALS.keys()
    for name, path in scripts.items():
        assert len([line for line in path.read_text("utf-8").splitlines() if line.strip()]) <= 60, name


@pytest.mark.slow
def test_iris_leaves_its_parameters_and_its_history(run):
    (folder,) = run("iris")[1].iterdir()
    history = torch.load(folder / "history.safetensors")
    assert len(history["val_accuracy"]) == 100
    assert torch.load(folder / "parameters.safetensors")["0.weight"].shape == (16, 4)
    assert (folder / "curves.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_the_presets_leave_a_page_that_shows_each_run(run):
    (page,) = run("mnist_presets")[1].glob("*/runs.html")
    names = set(re.findall(r'"name": "(dense|tied|untied)"', page.read_text("utf-8")))
    assert names == {"dense", "tied", "untied"}


def test_a_functional_step_changes_nothing_and_is_the_rule_it_says():
    from examples import functional_training as example

    torch.manual_seed(1)
    params, x, y = example.initial((4, 3, 2)), torch.randn(5, 4), torch.tensor([0, 1, 0, 1, 1])
    x, params = x.double(), {k: p.detach().double().requires_grad_() for k, p in params.items()}
    before = {name: p.detach().numpy().copy() for name, p in params.items()}
    after = example.step(params, x, y)
    assert all(p.grad is None and np.array_equal(p.detach().numpy(), before[name]) for name, p in params.items())
    for name in params:  # the gradient of one entry, by differences
        changed = {k: torch.tensor(v.copy()) for k, v in before.items()}
        slope, eps = 0.0, 1e-6
        for sign in (1, -1):
            moved = before[name].copy()
            moved.reshape(-1)[0] += sign * eps
            slope += sign * example.loss({**changed, name: torch.tensor(moved)}, x, y).item() / (2 * eps)
        kept = 1 - example.RATE * example.DECAY if name.startswith("W") else 1
        wanted = before[name].reshape(-1)[0] * kept - example.RATE * slope
        assert np.isclose(after[name].detach().numpy().reshape(-1)[0], wanted, atol=1e-7), name


def test_digits_are_enlarged_where_they_were():
    from examples.autoencoder import enlarged

    one = np.zeros((1, 64), np.float32)
    one[0, 8 * 2 + 5] = 1  # row 2, column 5
    big = enlarged(one).reshape(28, 28)
    assert big[8:11, 17:20].all() and big.sum() == 9


def test_text_is_found_without_any_data(monkeypatch, tmp_path):
    from examples.text_generation import text

    monkeypatch.setenv("LEARNNN_DATA", str(tmp_path))
    assert len(text()) > 50_000
    (tmp_path / "names").mkdir()
    (tmp_path / "names" / "names.txt").write_text("ada\ngrace\n")
    assert text() == "ada\ngrace\n"


def test_pairs_are_counted():
    from examples.text_generation import by_pairs

    train, test = np.array([[0, 1, 0, 1]]), np.array([[0, 1]])
    assert np.isclose(by_pairs(train, test, 2), -np.log(3 / 4))  # 0 -> 1 seen twice, and one more of each
