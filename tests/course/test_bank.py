"""Every exercise: what is right passes, and each known mistake is rejected and diagnosed as itself."""

import warnings

import pytest

from learnnn import course
from learnnn.course.check import wrong_kind

EXERCISES = list(course.exercises())
MISTAKES = [(exercise, mistake) for exercise in EXERCISES for mistake in exercise.mistakes]
ids = lambda thing: getattr(thing, "id", getattr(thing, "name", None))
SEEDS = (None, 1, 2)


@pytest.fixture(scope="module")
def score():
    """Mistake -> what it was diagnosed as; printed at the end, as a score and a list of confusions."""
    found: dict[tuple[str, str], str | None] = {}
    yield found
    caught = sum(name == diagnosed for (_, name), diagnosed in found.items())
    print(f"\nmutation score: {caught} of {len(found)} mistakes rejected and diagnosed as themselves")
    for (id, name), diagnosed in found.items():
        if name != diagnosed:
            print(f"  {id}: {name} diagnosed as {diagnosed}")


@pytest.mark.parametrize("exercise", EXERCISES, ids=ids)
def test_an_exercise_is_complete(exercise):
    assert len(exercise.mistakes) >= 6
    assert len(exercise.variants) >= 3
    assert len(exercise.hints) == 3
    assert all(exercise.hints)
    assert all(mistake.hint for mistake in exercise.mistakes)
    assert exercise.statement
    assert exercise.signature
    assert exercise.title


@pytest.mark.slow
@pytest.mark.parametrize("exercise", EXERCISES, ids=ids)
def test_the_solution_and_its_variants_pass(exercise):
    for answer in (exercise.solution, *exercise.variants):
        for seed in SEEDS:
            report = course.check(exercise.id, answer, seed=seed)
            assert report.passed, report


@pytest.mark.slow
@pytest.mark.parametrize(("exercise", "mistake"), MISTAKES, ids=ids)
def test_a_mistake_is_rejected_and_diagnosed_as_itself(exercise, mistake, score):
    for seed in SEEDS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            report = course.check(exercise.id, mistake.code, seed=seed)
        score[exercise.id, mistake.name] = report.diagnosis
        assert not report.passed, f"{mistake.name} passes"
        assert report.diagnosis == mistake.name, report
        assert not any("{" + field + "}" in report.hint for field in ("actual", "expected", "ratio", "inputs"))
        assert repr(report)
        assert report._repr_html_()


@pytest.mark.parametrize("exercise", EXERCISES, ids=ids)
def test_the_wrong_kind_of_thing_is_refused(exercise):
    assert course.check(exercise.id, None).status == "refused"
    assert wrong_kind(exercise, exercise.solution) is None


@pytest.mark.parametrize("exercise", EXERCISES, ids=ids)
def test_what_is_not_written_is_called_so(exercise):
    def blank(*args, **kwargs):
        raise NotImplementedError

    thing = type("Blank", (), {"__init__": blank}) if isinstance(exercise.solution, type) else blank
    assert course.check(exercise.id, thing).status == "unwritten"
