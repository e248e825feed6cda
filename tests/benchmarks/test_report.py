"""The tables say what the results hold."""

import pytest


@pytest.fixture(scope="module")
def report(module):
    return module("report")


def test_a_line_of_the_table(report, results):
    line = report.text_line(report.cells("W1", results["rows"]["W1"]))
    assert line.split()[:12] == ["W1", "2.00", "ms", "8.00", "ms", "0.50", "0.25", "-", "1.50", "0.62", "0.55", "aim"]
    assert line.endswith("MLP 784-100-100-10, ReLU, cross-entropy, SGD, batch 64")


def test_seconds_are_held_to_seconds_and_the_cpu_stands_beside_the_clock(report, results):
    cells = report.cells("import", results["rows"]["import"])
    assert cells[3:7] == ["60.0 ms", "50.0 ms - 70.0 ms", "100 ms", "30.0 ms"]
    assert report.cells("W3-threads", results["rows"]["W3-threads"])[-1].endswith("by the clock (CPU: 1.00)")


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(2.0, "s", "2.00 s"), (0.0123, "s", "12.3 ms"), (735e-6, "s", "735 µs"), (110.2, "MiB", "110 MiB")],
)
def test_amounts_have_three_digits(report, value, unit, text):
    assert report.amount(value, unit) == text


def test_the_second_table_stars_what_beats_learnnn_and_explains_what_is_empty(report, results):
    assert report.others_lines(results["others"]) == [
        ["learnnn", "0.50", "1.50"],
        ["slow", "2.50", "4.50"],
        ["quick", "0.25*", "-"],
    ]
    assert report.notes(results["others"], results["remarks"]) == [
        "* quick takes 0.50 of learnnn's time on W1",
        "slow: written in sand",
        "quick, W4: it has no recurrent layer",
    ]


def test_both_tables_as_markdown(report, results):
    text = report.markdown(results)
    assert "| W1 | 2.00 ms | 8.00 ms | 0.50 | 0.25 - 1.50 | 0.62 | 0.55 | **aim** | MLP" in text
    assert "| quick | 0.25* | - |" in text
    assert "- \\* quick takes 0.50 of learnnn's time on W1" in text
    assert text.startswith("Measured on abacus, 2 cores, beads; Python 3, numpy 2, learnnn 1; 3 round(s).")
