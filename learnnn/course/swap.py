"""Put a learner's components into the framework, keep them, and bring them back."""

import os
import pkgutil
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from learnnn.course.check import check
from learnnn.course.exercise import Exercise, exercises, find
from learnnn.course.report import Report, shown_error
from learnnn.course.source import HOME_PACKAGE, NotSelfContained, self_contained

_mine: dict[str, Any] = {}  # exercise id -> the learner's own object, in use now
_shipped: dict[str, Any] = {}  # dotted name -> what learnnn came with
_absent = object()
FACES = ("learnnn", "learnnn.nn.functional")  # where an operation stands a second time, as in PyTorch


def home() -> Path:
    """The learner's folder: the environment variable LEARNNN_HOME, or `mine` where Python runs."""
    return Path(os.environ.get("LEARNNN_HOME") or "mine").expanduser()


# Using


def use(id: str, obj: Any) -> Report:
    """Check your object; when it passes, keep its source and run it in place of learnnn's own from now on.

    The source goes to a file of your folder (`home()`) with the helpers and imports it needs. An earlier
    version stays beside it under a numbered name. What does not pass is neither kept nor used.

    Raises:
        UnknownExercise: (a KeyError) no exercise has that id.
    """
    report = check(id, obj)
    if not report.passed:
        return report
    exercise = find(id)
    kept = _kept(exercise, obj)
    install(exercise, obj)
    place = f"{exercise.replaces} is yours now" if exercise.replaces else "yours from now on"
    return report.noted(f"{place}; {kept}")


def _kept(exercise: Exercise, obj: Any) -> str:
    """Try to save; says what came of it. What cannot be saved still serves in this session."""
    try:
        return f"kept as {save(exercise, obj).name}"
    except (NotSelfContained, OSError) as error:
        return f"for this session only, as it could not be kept: {error}"


@contextmanager
def swapped(components: Mapping[str, Any]) -> Iterator[None]:
    """Borrow objects for the length of a `with` block, unchecked: `with course.swapped({"tensor.add": add}):`.

    Everything is as before when the block ends, however it ends; blocks may be nested.

    Raises:
        UnknownExercise: (a KeyError) no exercise has that id; nothing is swapped then.
    """
    pairs = [(find(id), obj) for id, obj in components.items()]
    with ExitStack() as stack:
        for exercise, obj in pairs:
            stack.callback(install(exercise, obj))
        yield


def in_use() -> dict[str, Any]:
    """Your components that learnnn runs now, by id."""
    return {id: obj for id, obj in _mine.items() if find(id).replaces}


def shipped() -> dict[str, Any]:
    """What learnnn came with, by the dotted name of each component that has been replaced so far."""
    return dict(_shipped)


def mine(id: str, default: Any = _absent) -> Any:
    """Your own object for an exercise: the one in use, or the one in your folder.

    Raises:
        LookupError: there is none yet, and no `default` is given.
    """
    exercise = find(id)
    if id in _mine:
        return _mine[id]
    if path_of(exercise).exists():
        return load(exercise)
    if default is not _absent:
        return default
    raise LookupError(f"you have not kept {id!r} yet: course.use({id!r}, ...) keeps what passes its check")


class Loaded(list):
    """Ids of components that are the learner's."""

    def __repr__(self) -> str:
        return "yours: " + (", ".join(self) or "nothing yet")

    def _ipython_display_(self) -> None:
        """A lesson's first cell shows nothing of it: a solved notebook must not depend on whose folder it ran in."""


def load_mine() -> Loaded:
    """Use everything kept in your folder again; a notebook's first cell calls it.

    A file that no longer runs is left out with a warning.
    """
    kept = [exercise for exercise in exercises() if path_of(exercise).exists()]
    return Loaded(exercise.id for exercise in kept if _installed(exercise))


def _installed(exercise: Exercise) -> bool:
    try:
        install(exercise, load(exercise))
        return True
    except Exception as error:
        warnings.warn(f"{path_of(exercise)} was left out: {shown_error(error)}", stacklevel=3)
        return False


def restore(id: str | None = None) -> None:
    """Run learnnn's own component again, or all of them. What you kept stays in your folder.

    Raises:
        UnknownExercise: (a KeyError) no exercise has that id.
    """
    for exercise in exercises() if id is None else [find(id)]:
        _mine.pop(exercise.id, None)
        if exercise.replaces in _shipped:
            put(exercise.replaces, _shipped[exercise.replaces])


# Installing


def install(exercise: Exercise, obj: Any) -> Callable[[], Any]:
    """Make `obj` the exercise's component now; returns a function that undoes it."""
    component = exercise.adapt(obj) if exercise.adapt else obj
    before = _mine.get(exercise.id, _absent)
    undo: list[Callable[[], Any]] = [partial(_remember, exercise.id, before)]
    if name := exercise.replaces:
        shipped = put(name, component)
        _shipped.setdefault(name, shipped)
        undo.append(partial(put, name, shipped))
    _remember(exercise.id, obj)
    return lambda: [step() for step in undo]


def _remember(id: str, obj: Any) -> None:
    if obj is _absent:
        _mine.pop(id, None)
    else:
        _mine[id] = obj


def put(dotted: str, component: Any) -> Any:
    """Set what a dotted name stands for, and where `torch.exp` or `F.relu` is the same thing, that too.

    Returns what it stood for.

    Raises:
        ImportError, AttributeError: there is no such name.
    """
    owner_name, name = dotted.rsplit(".", 1)
    owner = pkgutil.resolve_name(owner_name)
    before = getattr(owner, name)
    setattr(owner, name, component)
    for face in FACES:
        if vars(sys.modules[face]).get(name) is before:
            setattr(sys.modules[face], name, component)
    return before


# Keeping

HEADER = """# {id}: {title}
# Yours: it passed its check, and learnnn runs it in place of its own.
# To change it, edit it in your notebook and pass it to course.use({id!r}, ...) again.

"""


def path_of(exercise: Exercise) -> Path:
    """The file in which the learner's version of an exercise is kept."""
    return home() / f"{exercise.id.replace('.', '_')}.py"


def save(exercise: Exercise, obj: Any) -> Path:
    """Write the object's source to the learner's folder, once it has passed its check from there alone.

    Raises:
        NotSelfContained: the source cannot stand alone; the message says what is missing.
    """
    source, name = self_contained(obj)
    full = HEADER.format(id=exercise.id, title=exercise.title) + source + _alias(exercise, name)
    path = path_of(exercise)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.read_text(encoding="utf-8") == full:
        return path
    draft = path.with_suffix(".py.new")
    draft.write_text(full, encoding="utf-8")
    try:
        _proven(exercise, draft)
        _set_aside(path)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return path


def _alias(exercise: Exercise, name: str) -> str:
    wanted = _component_name(exercise)
    return f"\n\n{wanted} = {name}\n" if wanted != name else ""


def _component_name(exercise: Exercise) -> str:
    return exercise.id.split(".")[-1]


def _proven(exercise: Exercise, draft: Path) -> None:
    """The file alone must pass, without the notebook around it."""
    try:
        report = check(exercise.id, _component(exercise, draft))
    except Exception as error:
        raise NotSelfContained(f"its source does not run on its own ({shown_error(error)})") from error
    if not report.passed:
        raised = f" ({shown_error(report.failure.actual)})" if report.failure and report.failure.raised else ""
        raise NotSelfContained(f"its source, run on its own, does not pass{raised}: does it use names of the notebook?")


def _set_aside(path: Path) -> None:
    """Keep an earlier version under the next free number."""
    if not path.exists():
        return
    number = 1
    while (aside := path.with_suffix(f".py.{number}")).exists():
        number += 1
    path.rename(aside)


def load(exercise: Exercise) -> Any:
    """The learner's object from the learner's folder."""
    return _component(exercise, path_of(exercise))


def _component(exercise: Exercise, path: Path) -> Any:
    module = _module(f"{HOME_PACKAGE}.{exercise.id.replace('.', '_')}", path)
    wanted = _component_name(exercise)
    if not hasattr(module, wanted):
        raise ImportError(f"{path} defines no {wanted!r}")
    return getattr(module, wanted)


def _module(name: str, path: Path) -> ModuleType:
    module = sys.modules[name] = ModuleType(name)
    module.__file__ = str(path)
    exec(compile(path.read_bytes(), str(path), "exec"), vars(module))  # leaves no __pycache__ with the learner
    return module
