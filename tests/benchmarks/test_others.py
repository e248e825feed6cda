"""The other frameworks compute what the workloads compute, or say why they cannot. Those not installed are skipped."""

import re

import pytest

WORKLOADS = ("W1", "W2", "W3", "W4", "W5", "W6")
NAMES = ("mpneuralnetwork", "melpy", "autograd", "scikit-learn", "tinygrad")


@pytest.fixture(scope="module")
def others(module):
    return module("others")


def test_every_framework_has_a_trainer_or_a_reason_for_every_workload(others, root):
    assert tuple(others.FRAMEWORKS) == NAMES
    for framework in others.FRAMEWORKS.values():
        source = (root / "benchmarks" / "others" / f"{framework.module}.py").read_text()
        trained = re.findall(r'"(W\d)": w\d', source.split("TRAINERS")[1])
        assert sorted([*trained, *framework.cannot]) == list(WORKLOADS), framework


def test_what_is_missing_is_said_with_how_to_get_it(others):
    missing = others.Framework("with_none", ("no_such_package", "sklearn")).missing()
    assert missing == "not installed: pip install no_such_package scikit-learn"
    assert others.Framework("with_none", ("numpy",), ("no-such-cc",)).missing().startswith("needs no-such-cc: ")
    assert others.Framework("with_none", ("numpy",)).missing() == ""


def test_a_start_is_what_the_workload_starts_from(others, module):
    import learnnn

    start = others.start("W2")
    parameters, X, y = module("workloads").w2(learnnn).start
    assert [p.shape for p in start.parameters] == [tuple(p.shape) for p in parameters]
    assert (start.parameters[0] == parameters[0].detach().numpy()).all()
    assert (X.numpy() == start.X).all() and (y.numpy() == start.y).all()
    assert others.start("W6").y is None


@pytest.mark.slow
@pytest.mark.parametrize("workload", WORKLOADS)
@pytest.mark.parametrize("name", NAMES)
def test_a_framework_computes_the_workloads_losses(others, module, root, name, workload):
    framework = others.FRAMEWORKS[name]
    if reason := framework.missing() or framework.cannot.get(workload):
        pytest.skip(f"{name}: {reason}")
    run = module("fresh").in_fresh_process
    ours, theirs = (run(root / "benchmarks" / "measure.py", ["check", one, workload]) for one in ("learnnn", name))
    assert module("rows").same(theirs["losses"], ours["losses"])
