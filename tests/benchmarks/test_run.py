"""The benchmark compares like with like, and says so in figures."""

import importlib.util
import json
import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def bench(root):
    sys.path.insert(0, str(root / "benchmarks"))
    spec = importlib.util.spec_from_file_location("benchmarks_run", root / "benchmarks" / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.path.remove(str(root / "benchmarks"))


def pretend(seconds: dict[str, list[float]], losses: dict[str, list[float]]):
    """Measurements as they would come from fresh processes."""
    queues = {library: iter(times) for library, times in seconds.items()}

    def measured(library, workload):
        return {"losses": losses[library], "seconds": next(queues[library]), "version": "1"}

    return measured


def test_the_figure_is_the_median_of_the_rounds_ratios(bench, monkeypatch):
    same = {"learnnn": [1.0], "torch": [1.0]}
    seconds = {"learnnn": [1.0, 2.0, 30.0], "torch": [2.0, 8.0, 20.0]}
    monkeypatch.setattr(bench, "in_fresh_process", pretend(seconds, same))
    result = bench.compare("W1", 3)
    assert result["ratios"] == [0.5, 0.25, 1.5]
    assert result["ratio"] == 0.5
    assert " 0.50  0.25-1.50 " in bench.line("W1", result)
    assert " aim " in bench.line("W1", result)


def test_different_losses_are_not_timed(bench, monkeypatch):
    differ = {"learnnn": [1.0, 0.9], "torch": [1.0, 0.8]}
    monkeypatch.setattr(bench, "in_fresh_process", pretend({"learnnn": [1.0], "torch": [1.0]}, differ))
    with pytest.raises(SystemExit, match="losses differ"):
        bench.compare("W1", 1)


@pytest.mark.slow
@pytest.mark.parity
@pytest.mark.parametrize("workload", ["W1", "W2", "W6"])
def test_every_workload_computes_what_pytorch_computes(workload, root, tmp_path):
    pytest.importorskip("torch")
    command = [sys.executable, "benchmarks/run.py", workload, "--rounds", "1", "--json", str(tmp_path / "bench.json")]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert workload in done.stdout
    written = json.loads((tmp_path / "bench.json").read_text())
    assert written["results"][workload]["ratio"] > 0
