"""The benchmark compares like with like, and says so in figures."""

import json
import sys

import pytest


@pytest.fixture(scope="module")
def bench(module):
    return module("run")


def pretend(monkeypatch, bench, seconds: dict[str, float], losses: dict[str, list[float]] | None = None) -> None:
    """Measurements as fresh processes would return them; a library without a time fails."""

    def measured(kind, library, workload):
        if library not in seconds:
            raise SystemExit(f"{workload} failed:\nTraceback\nImportError: no {library}")
        figures = dict.fromkeys(("cpu", "clock", "memory", "seconds", "process_seconds"), seconds[library])
        return {"version": "1", "losses": (losses or {}).get(library, [1.0])} | figures

    monkeypatch.setattr(bench, "measured", measured)


def without_requirements(monkeypatch, module) -> None:
    monkeypatch.setattr(module("others").Framework, "missing", lambda framework: "")


def test_different_losses_are_not_timed(bench, monkeypatch):
    pretend(monkeypatch, bench, {"learnnn": 1.0, "torch": 2.0}, {"learnnn": [0.9]})
    with pytest.raises(SystemExit, match="W1: the losses differ"):
        bench.measured_row("W1", 1)


def test_a_framework_that_fails_or_computes_something_else_has_no_time(bench, module, monkeypatch):
    without_requirements(monkeypatch, module)
    seconds = {"learnnn": 1.0, "torch": 2.0, "autograd": 3.0, "melpy": 0.1}
    pretend(monkeypatch, bench, seconds, {"melpy": [0.7]})
    found = bench.measured_others("W4", ["autograd", "melpy", "tinygrad", "scikit-learn"], 2)
    assert list(found["ratios"]) == ["learnnn", "torch", "autograd"]
    assert found["reasons"]["melpy"] == "computes other losses: [0.7], not [1.0]"
    assert found["reasons"]["scikit-learn"] == "it has no recurrent layer"
    assert found["faster"] == {}


def test_what_fails_is_a_reason_for_a_framework_and_the_end_for_learnnn(bench, module, monkeypatch):
    without_requirements(monkeypatch, module)
    pretend(monkeypatch, bench, {"learnnn": 1.0, "torch": 2.0})
    reasons = bench.measured_others("W1", ["autograd"], 1)["reasons"]
    assert reasons == {"autograd": "failed: ImportError: no autograd"}
    pretend(monkeypatch, bench, {"torch": 2.0})
    with pytest.raises(SystemExit, match="ImportError: no learnnn"):
        bench.measured_others("W1", [], 1)


def test_a_run_prints_and_writes_both_tables(bench, module, monkeypatch, tmp_path, capsys):
    without_requirements(monkeypatch, module)
    pretend(monkeypatch, bench, {"learnnn": 0.05, "torch": 0.2, "autograd": 0.04})
    files = {what: tmp_path / f"made.{what}" for what in ("json", "markdown")} | {"picture": tmp_path / "made.svg"}
    options = [text for what, path in files.items() for text in (f"--{what}", str(path))]
    monkeypatch.setattr(sys, "argv", ["run.py", "W1", "import", "--rounds", "2", "--others", "autograd", *options])
    bench.main()
    printed = capsys.readouterr().out
    assert "0.25 - 0.25" in printed and "50.0 ms - 50.0 ms" in printed
    assert "* autograd takes 0.80 of learnnn's time on W1" in printed
    written = json.loads(files["json"].read_text())
    assert written["rows"]["W1"]["value"] == 0.25 and len(written["rows"]["W1"]["rounds"]) == 2
    assert written["about"]["rounds"] == 2 and list(written["about"]["versions"]) == ["learnnn", "torch", "autograd"]
    assert "| W1 |" in files["markdown"].read_text() and files["picture"].exists()


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["W9"], "no row W9: there are W1, W2"),
        (["--others", "tensorflow"], "no framework tensorflow: there are mpneuralnetwork"),
        (["--rounds", "0"], "--rounds 0: at least one"),
    ],
)
def test_a_bad_option_is_explained(bench, options, complaint):
    with pytest.raises(SystemExit, match=complaint):
        bench.checked(bench.parser().parse_args(options))


@pytest.mark.slow
@pytest.mark.parity
@pytest.mark.parametrize("workload", ["W1", "W2", "W3", "W4", "W5", "W6"])
def test_every_workload_computes_what_pytorch_computes(bench, module, workload):
    ours, theirs = (bench.measured("check", library, workload) for library in ("learnnn", "torch"))
    assert module("rows").same(ours["losses"], theirs["losses"])


@pytest.mark.slow
@pytest.mark.parity
@pytest.mark.parametrize("name", ["import", "cold", "W3-memory", "W1-threads"])
def test_every_kind_of_row_can_be_measured(bench, name):
    row = bench.measured_row(name, 1)
    assert row["learnnn"] > 0 and row["torch"] > 0
