"""The map of the framework: what is the learner's, what is kept, what is open."""

from learnnn import course
from learnnn.inspection.face.scene import Box, Group


def test_states_follow_what_the_learner_does(toys):
    state = lambda: course.progress().data["toy.mul"]["state"]
    assert state() == "open"
    course.use("toy.mul", lambda a, b: (a * b, (b, a)))
    assert state() == "yours"
    before = course.progress().done
    course.restore("toy.mul")
    assert state() == ("kept" if course.home().exists() else "open")
    assert course.progress().done <= before


def test_every_exercise_is_on_the_map():
    progress = course.progress()
    assert set(progress.data) == {e.id for e in course.exercises()}
    assert f"of {len(progress.data)} components" in progress.text
    svg = progress.to_svg()
    for id in progress.data:
        assert id in svg
    assert progress.to_png()[:4] == b"\x89PNG"


def test_the_map_fits_its_paper():
    scene = course.progress().scene()
    groups = [group for group in scene.shapes if isinstance(group, Group)]
    chips = [shape for group in groups for shape in group.shapes if isinstance(shape, Box)]
    assert all(chip.x + chip.width <= scene.width - 16 for chip in chips)
