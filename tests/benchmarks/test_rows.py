"""Medians, spreads and verdicts, on measurements that are known."""

import pytest


@pytest.fixture(scope="module")
def rows(module):
    return module("rows")


def test_the_figure_is_the_median_of_the_rounds_ratios(results):
    row = results["rows"]["W1"]
    assert (row["value"], row["low"], row["high"]) == (0.5, 0.25, 1.5)
    assert (row["learnnn"], row["torch"]) == (2e-3, 8e-3)
    assert row["reached"] == "aim"


def test_the_import_is_held_to_seconds_of_its_own(results):
    row = results["rows"]["import"]
    assert row["value"] == pytest.approx(0.06)
    assert row["reached"] == "bound"


def test_a_row_by_the_clock_knows_its_ratio_of_cpu_too(results):
    assert results["rows"]["W3-threads"]["value"] == 2.0
    assert results["rows"]["W3-threads"]["cpu_ratio"] == 1.0


@pytest.mark.parametrize(
    ("value", "verdict"), [(0.5, "aim"), (0.55, "aim"), (0.6, "bound"), (0.62, "bound"), (0.63, "MISSED")]
)
def test_what_is_reached(rows, value, verdict):
    assert rows.reached(value, bound=0.62, aim=0.55) == verdict


def test_an_aim_is_never_easier_than_its_bound(rows):
    assert all(row.aim < row.bound for row in rows.ROWS.values())


def test_losses_are_the_same_up_to_the_rounding_of_float32(rows):
    assert rows.same([1.0, 2.0], [1.00005, 2.0001])
    assert not rows.same([1.0, 2.0], [1.0, 2.001])


def test_a_framework_that_takes_less_time_than_learnnn_is_seen(results):
    assert results["others"]["W1"]["faster"] == {"quick": 0.5}
    assert results["others"]["W4"]["faster"] == {}
    assert results["others"]["W1"]["ratios"]["slow"]["value"] == 2.5
