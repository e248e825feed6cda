"""The counts that `make stats` prints, on code whose numbers are counted by hand."""

import pytest

from tests import stats
from tests.test_architecture import FLOOR

SAMPLE = '''"""A module.

Of three lines."""
import os  # kept


class A:
    """One line."""

    # a comment
    def f(self, x):
        """Two
        lines."""
        y = """text that
        is code"""

        return x, y

    async def g(self):
        def inner():
            return 1

        return inner
'''


def test_lines_of_code():
    assert stats.code_lines(SAMPLE) == {4, 7, 11, 14, 15, 17, 19, 20, 21, 23}
    assert stats.code_lines("") == set()


def test_lengths_of_functions():
    assert stats.functions(SAMPLE) == {"f:11": 4, "g:19": 4, "inner:20": 2}


def test_measures():
    found = stats.measure([SAMPLE, "x = 1\n"])
    assert found == {
        "lines of code": 11, "median function": 4, "90th percentile": pytest.approx(4), "functions": 3, "files": 2,
    }  # fmt: skip


def test_a_number_is_held_against_the_style():
    assert stats.verdict("median function", 5).endswith("kept")
    assert stats.verdict("median function", 5.5).endswith("over")
    assert stats.verdict("files", 10_000) == ""


def test_the_framework_is_what_stands_below_inspection():
    rooms = {stats.room(path) for path in stats.sources()}
    heights = {name.removeprefix("learnnn."): height for name, height in FLOOR.items()}
    top = heights["training"]
    assert {room for room in rooms if room in heights and heights[room] > top} == rooms & set(stats.ABOVE)


@pytest.mark.slow
def test_the_report_adds_up():
    found = stats.report().splitlines()
    begin = found.index("the framework, a room a line") + 1
    rooms = [int(line.split()[0]) for line in found[begin : found.index("", begin)]]
    assert sum(rooms) == int(found[1].split()[4])
