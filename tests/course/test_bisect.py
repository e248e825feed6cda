"""The component that breaks a training run is named, whichever it is; two that fail only together are both named."""

import itertools
import math

import pytest

import learnnn as torch
from learnnn import course
from learnnn.course import swap
from learnnn.course.bisect import _Search
from learnnn.course.exercise import UnknownExercise
from learnnn.course.workbench import train

REPLACING = [e for e in course.exercises() if e.replaces]
RIGHT = train()


def components():
    """Every component of the course, from its solution."""
    return {e.id: e.solution for e in REPLACING}


def learns():
    """Does the network train as it should?"""
    return train().same(RIGHT)


@pytest.fixture(scope="module")
def blamed():
    """Component -> the mistake planted in it, and how many runs it took to name it; printed at the end."""
    found = {}
    yield found
    for id, (mistake, runs) in found.items():
        print(f"  {id}: {mistake}, named after {runs} runs")
    print(f"bisection named {len(found)} of {len(REPLACING)} components")


@pytest.mark.slow
@pytest.mark.parametrize("id", [e.id for e in REPLACING])
def test_one_planted_bug_is_named(id, blamed):
    breaks = lambda mistake: not train(components() | {id: mistake.code}).same(RIGHT)
    mistake = next(filter(breaks, course.find(id).mistakes))
    blame = course.bisect(learns, components() | {id: mistake.code})
    assert blame.culprit == id, blame
    assert id in repr(blame)
    assert id in blame._repr_html_()
    assert len(blame.runs) <= 4 * math.ceil(math.log2(len(REPLACING))) + 3
    blamed[id] = mistake.name, len(blame.runs)


@pytest.mark.slow
def test_all_components_together_train_a_classifier_of_digits():
    found = train(components(), epochs=12)
    print(f"\n{len(REPLACING)} components of the course together: {found.accuracy:.1%} of held-out digits")
    assert not found.error
    assert found.accuracy >= 0.96


def test_nobody_is_blamed_where_all_works():
    blame = course.bisect(learns, components())
    assert blame.culprits == ()
    assert "works with all" in blame.message


def test_nobody_is_blamed_where_the_cause_is_elsewhere():
    blame = course.bisect(lambda: False, components())
    assert blame.culprits == ()
    assert "not in a component of yours" in blame.message
    assert len(blame.runs) == 2


@pytest.mark.parametrize("size", range(1, 5))
def test_any_set_that_fails_together_is_found(size):
    """Against a search that only pretends to train: it fails exactly where all of `guilty` are in place."""
    names = [f"c{i}" for i in range(7)]
    for guilty in itertools.islice(itertools.combinations(names, size), 12):
        search = _Search(lambda: True, dict.fromkeys(names), 1.0)
        search.works = lambda yours, guilty=guilty: not set(guilty) <= set(yours)
        assert set(search.smallest(tuple(names))) == set(guilty)


def test_each_run_starts_from_the_same_random_numbers_and_leaves_none_used():
    drawn = []

    def train():
        drawn.append(torch.rand(1).item())
        return len(drawn) > 1

    torch.manual_seed(3)
    course.bisect(train, components())
    assert len(set(drawn)) == 1
    assert torch.rand(1).item() == drawn[0]


def test_an_endless_run_and_an_error_are_failures():
    def endless(x):
        while True:
            pass

    blame = course.bisect(lambda: bool(torch.ones(2).exp().sum() > 0), {"tensor.exp": endless}, seconds=0.3)
    assert blame.culprit == "tensor.exp"
    assert "not done after 0.3 s" in repr(blame)
    wrong = lambda x: (_ for _ in ()).throw(KeyError("mine"))
    blame = course.bisect(lambda: bool(torch.ones(2).exp().sum() > 0), {"tensor.exp": wrong})
    assert "KeyError" in repr(blame)


def test_the_components_in_use_are_searched_by_default(toys):
    assert course.use("toy.mul", lambda a, b: (a * b, (b, a))).passed
    blame = course.bisect(lambda: toys.mul(2, 3) == 5)
    assert [run.yours for run in blame.runs] == [("toy.mul",), ()]
    assert swap.in_use().keys() == {"toy.mul"}
    assert toys.mul(2, 3) == 6


def test_what_cannot_be_searched_is_refused():
    with pytest.raises(LookupError, match="load_mine"):
        course.bisect(learns)
    with pytest.raises(TypeError, match="no brackets"):
        course.bisect(0.93, components())
    with pytest.raises(TypeError, match="returned None"):
        course.bisect(lambda: None, components())
    with pytest.raises(UnknownExercise):
        course.bisect(learns, {"tensor.mull": abs})
