"""The course: check what you wrote, get help, and let it run the framework.

from learnnn import course

course.exercises()                  what there is to write
course.check("scalar.mul", mul)     is it right, and if not, what went wrong?
course.hint("scalar.mul")           three steps of help; course.solution(id) is the last one
course.use("scalar.mul", mul)       check, keep, and run yours in place of learnnn's own
course.load_mine()                  in a later notebook: use what you kept
course.progress()                   the framework as a map, yours in your colour
course.bisect(train)                which of your components breaks a training run?
course.find_the_bug(seed=1)         a broken component in a working model: repair it, and name the mistake
"""

import importlib as _importlib
from pathlib import Path as _Path

# First, as importing the package `exercises` later would hide the function of that name.
_importlib.import_module("learnnn.course.exercises")

from learnnn.course.bisect import Blame, bisect  # noqa: E402
from learnnn.course.bug import Bug, find_the_bug  # noqa: E402
from learnnn.course.check import check  # noqa: E402
from learnnn.course.exercise import Exercise, Mistake, Trial, exercises, find, register  # noqa: E402
from learnnn.course.help import hint, solution  # noqa: E402
from learnnn.course.progress import Progress, progress  # noqa: E402
from learnnn.course.report import Failure, Report  # noqa: E402
from learnnn.course.swap import home, load_mine, mine, restore, swapped, use  # noqa: E402


def chapters_path() -> _Path:
    """The folder of the lessons: inside an installed learnnn, or `chapters` beside a clone's package.

    Raises:
        FileNotFoundError: this installation carries no lessons.
    """
    package = _Path(__file__).resolve().parent.parent
    for place in (package / "_chapters", package.parent / "chapters"):
        if place.is_dir():
            return place
    raise FileNotFoundError(f"no lessons beside {package}: install learnnn from its wheel, or work in a clone")


__all__ = [
    "Blame",
    "Bug",
    "Exercise",
    "Failure",
    "Mistake",
    "Progress",
    "Report",
    "Trial",
    "bisect",
    "chapters_path",
    "check",
    "exercises",
    "find",
    "find_the_bug",
    "hint",
    "home",
    "load_mine",
    "mine",
    "progress",
    "register",
    "restore",
    "solution",
    "swapped",
    "use",
]
