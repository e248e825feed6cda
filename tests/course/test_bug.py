"""A bug drawn from the bank: the same for a seed, visible in training, judged by repair and by name."""

import numpy as np
import pytest

from learnnn import course
from learnnn.course import bug
from learnnn.course.workbench import train

pytestmark = pytest.mark.slow


@pytest.fixture
def drawn():
    return course.find_the_bug(4)


def test_a_seed_is_a_bug(drawn):
    again = course.find_the_bug(4)
    assert (again.id, again.source, again.choices) == (drawn.id, drawn.source, drawn.choices)
    assert len({course.find_the_bug(seed).source for seed in range(6)}) > 3


@pytest.mark.parametrize("seed", range(8))
def test_it_is_a_mistake_that_shows(seed):
    found = course.find_the_bug(seed)
    report = course.check(found.id, found.component)
    assert not report.passed
    assert report.diagnosis in found.choices
    assert not train({found.id: found.component}).same(bug._right())
    assert report.diagnosis not in str(found.source)  # the cause is not readable off a name


def test_the_model_works_without_it(drawn):
    right = drawn.losses(course.find(drawn.id).solution)
    assert np.allclose(right, bug._right().losses[::2], rtol=1e-3)
    assert right[-1] < 0.5 * right[0]


def test_repair_and_cause_are_both_judged(drawn):
    solution = course.find(drawn.id).solution
    cause = course.check(drawn.id, drawn.component).diagnosis
    other = next(name for name in drawn.choices if name != cause)
    assert drawn.check(solution, cause).passed
    wrong = drawn.check(solution, other)
    assert not wrong.passed
    assert other in wrong.message
    assert not drawn.check(drawn.component, cause).passed
    with pytest.raises(ValueError, match="none of the suspects"):
        drawn.check(solution, "gremlins")


def test_it_gives_nothing_away(drawn):
    assert "_cause" not in repr(drawn)
    assert "suspects" in str(drawn)
    assert "Suspects" in drawn._repr_markdown_()


def test_a_lesson_without_such_a_component_says_so():
    assert course.find_the_bug(0, lesson=5).id.startswith("tensor.")
    with pytest.raises(LookupError, match="lesson 99"):
        course.find_the_bug(0, lesson=99)
