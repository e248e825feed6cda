"""Two files of results, and what became slower between them."""

import json
import sys
from copy import deepcopy

import pytest


@pytest.fixture(scope="module")
def compare(module):
    return module("compare")


def row(value: float, low: float, high: float) -> dict:
    return {"value": value, "low": low, "high": high, "ratio": True, "unit": "s"}


@pytest.mark.parametrize(
    ("new", "verdict"),
    [
        (row(1.2, 1.15, 1.3), "slower"),
        (row(1.2, 1.05, 1.3), "same"),  # more than a tenth, but the rounds overlap
        (row(1.09, 1.08, 1.1), "same"),  # apart, but by less than a tenth
        (row(0.8, 0.7, 0.85), "faster"),
        (row(0.8, 0.7, 0.95), "same"),
    ],
)
def test_slower_is_more_than_a_tenth_and_out_of_the_spread(compare, new, verdict):
    assert compare.verdict(row(1.0, 0.9, 1.07), new) == verdict


@pytest.fixture
def changed(results):
    """A later run, on another machine, in which W1 became slower; it lacks a row."""
    new = deepcopy(results)
    new["rows"]["W1"] |= {"value": 2.0, "low": 1.8, "high": 2.2}
    del new["rows"]["import"]
    new["about"]["processor"] = "slide rule"
    return new


def test_the_comparison_says_what_became_slower_and_what_else_changed(compare, results, changed):
    lines, slower = compare.compare(results, changed)
    assert slower
    assert lines[:2] == ["processor was abacus, now slide rule", "import: only in the old run"]
    assert "+300 %  slower" in lines[2]
    assert lines[-1] == "slower: W1"


def test_the_exit_status_is_the_verdict(compare, results, changed, tmp_path, monkeypatch, capsys):
    paths = [tmp_path / "old.json", tmp_path / "new.json"]
    for path, found in zip(paths, (results, changed), strict=True):
        path.write_text(json.dumps(found))
    for order, status in ((paths, 1), (paths[::-1], 0), ([paths[0]] * 2, 0)):
        monkeypatch.setattr(sys, "argv", ["compare.py", *map(str, order)])
        assert compare.main() == status
    assert "none of 3 rows became slower" in capsys.readouterr().out


def test_a_file_that_is_missing_is_named(compare, tmp_path):
    with pytest.raises(SystemExit, match="none.json: No such file or directory; benchmarks/run.py --json"):
        compare.load(str(tmp_path / "none.json"))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "no JSON"),
        ("[]", "not written by benchmarks/run.py"),
        ('{"rows": {}}', "not written by benchmarks/run.py"),
        ('{"about": {}, "rows": {"W1": {}}}', "not written by benchmarks/run.py"),
    ],
)
def test_a_file_that_is_something_else_is_named(compare, tmp_path, text, complaint):
    (tmp_path / "bad.json").write_text(text)
    with pytest.raises(SystemExit, match=f"bad.json: {complaint}"):
        compare.load(str(tmp_path / "bad.json"))


def test_runs_without_a_row_in_common_cannot_be_compared(compare, results):
    with pytest.raises(SystemExit, match="no row is in both: W1, import, W3-threads and "):
        compare.compare(results, {"about": {}, "rows": {}})
