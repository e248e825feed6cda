"""What the tests of the benchmarks share: their modules, and measurements as fresh processes would return them."""

import importlib
import sys

import pytest


@pytest.fixture(scope="module")
def module(root):
    """The modules of benchmarks/, by name."""
    sys.path.insert(0, str(root / "benchmarks"))
    yield importlib.import_module
    sys.path.remove(str(root / "benchmarks"))


@pytest.fixture
def pair():
    """A round in which both libraries computed the same, and learnnn took `ours` where PyTorch took `theirs`."""

    def made(ours: float, theirs: float, figure: str = "cpu", **more) -> dict:
        return {
            library: {"version": "1", "losses": [1.0], "cpu": 1.0, figure: value} | more
            for library, value in (("learnnn", ours), ("torch", theirs))
        }

    return made


@pytest.fixture
def results(module, pair):
    """What run.py would write: three rows and two workloads under three libraries."""
    rows = module("rows")
    rounds = {
        "W1": [pair(1e-3, 2e-3), pair(2e-3, 8e-3), pair(30e-3, 20e-3)],
        "import": [pair(0.05, 1.0, "seconds"), pair(0.07, 1.0, "seconds")],
        "W3-threads": [pair(2.0, 1.0, "clock")],
    }
    others = {
        "W1": [pair(1.0, 2.0) | {"slow": {"version": "3", "cpu": 5.0}, "quick": {"version": "4", "cpu": 0.5}}],
        "W4": [pair(3.0, 2.0) | {"slow": {"version": "3", "cpu": 9.0}}],
    }
    reasons = {"W1": {}, "W4": {"quick": "it has no recurrent layer"}}
    about = {"processor": "abacus", "cores": 2, "linear algebra": "beads", "python": "3", "numpy": "2", "rounds": 3}
    return {
        "about": about | {"versions": {"learnnn": "1"}},
        "rows": {name: rows.summary(rows.ROWS[name], found) for name, found in rounds.items()},
        "others": {name: rows.beside_others(found, reasons[name]) for name, found in others.items()},
        "remarks": {"slow": "written in sand", "quick": ""},
    }
