"""What an exercise is: how it is told, how it is tried, and what learners get wrong in it."""

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Trial:
    """One question put to the learner's object.

    `run` takes that object and gives back what is compared with `expected`: a number, an array, a text,
    or these nested in tuples, lists and dictionaries. An exception raised in it is an outcome like any other;
    where raising is right, `expected` is the exception's class. `tolerance` is relative. Arrays that `run`
    reaches through its closure are inputs: an object that changes them in place fails. `inputs` is the
    question as a learner should read it: "a = 2.0, b = -3.0".
    """

    label: str
    inputs: str
    run: Callable[[Any], Any]
    expected: Any
    tolerance: float = 1e-6


@dataclass(frozen=True)
class Mistake:
    """A wrong implementation that real learners write, with a name and a hint that speaks to them.

    `hint` may use {actual}, {expected}, {ratio} and {inputs} of the smallest failing trial.
    """

    name: str
    code: Any
    hint: str


@dataclass(frozen=True)
class Exercise:
    """A component to write, and everything needed to judge it and to help.

    `trials(rng)` yields `Trial`s drawn from a fresh generator. `replaces` is the dotted name that the
    learner's object takes over ("learnnn.ops.matmul"); `adapt` turns that object into what belongs there.
    """

    id: str
    lesson: int
    title: str
    statement: str
    signature: str
    trials: Callable[[np.random.Generator], Iterable[Trial]]
    solution: Any
    variants: tuple = ()
    mistakes: tuple[Mistake, ...] = ()
    hints: tuple[str, str, str] = ("", "", "")
    replaces: str | None = None
    adapt: Callable[[Any], Any] | None = None
    points: int = 1

    def __repr__(self) -> str:
        # A repr with the fields of a dataclass would print the solution.
        return f"Exercise({self.id!r}, lesson={self.lesson}, title={self.title!r})"


class UnknownExercise(KeyError):
    """No exercise of that name."""

    def __str__(self) -> str:
        return str(self.args[0])


class ExerciseList(list):
    """A list of exercises that a notebook shows as a table.

    Example:
        >>> ExerciseList([])
        no exercises
    """

    columns = (("id", "id"), ("lesson", "lesson"), ("title", "title"), ("signature", "signature"))

    def rows(self) -> list[list[str]]:
        """The table's cells as text, a row an exercise."""
        return [[str(getattr(exercise, field)) for _, field in self.columns] for exercise in self]

    def __repr__(self) -> str:
        if not self:
            return "no exercises"
        rows = [[heading for heading, _ in self.columns], *self.rows()]
        widths = [max(len(row[i]) for row in rows) for i in range(len(self.columns))]
        return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)

    def _repr_html_(self) -> str:
        head = "".join(f"<th style='text-align:left'>{heading}</th>" for heading, _ in self.columns)
        body = "".join(map(_html_row, self.rows()))
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _html_row(cells: list[str]) -> str:
    id, lesson, title, signature = map(escape, cells)
    left = "<td style='text-align:left'>"
    texts = (f"<code>{id}</code>", lesson, title, f"<code>{signature}</code>")
    return "<tr>" + "".join(f"{left}{text}</td>" for text in texts) + "</tr>"


_registry: dict[str, Exercise] = {}


def register(exercise: Exercise) -> Exercise:
    """Enter an exercise in the course; its id must be new.

    Raises:
        ValueError: another exercise has that id, or two of its mistakes share a name.
    """
    names = [mistake.name for mistake in exercise.mistakes]
    if exercise.id in _registry:
        raise ValueError(f"an exercise {exercise.id!r} is registered already")
    if len(set(names)) < len(names):
        raise ValueError(f"exercise {exercise.id!r} names a mistake twice: {names}")
    _registry[exercise.id] = exercise
    return exercise


def exercises(lesson: int | None = None) -> ExerciseList:
    """Every exercise of the course, or those of one lesson, in the order in which lessons ask them.

    Example:
        >>> all(exercise.lesson == 3 for exercise in exercises(lesson=3))
        True
    """
    _load_banks()
    chosen = [e for e in _registry.values() if lesson in (None, e.lesson)]
    return ExerciseList(sorted(chosen, key=lambda exercise: exercise.lesson))


def find(id: str) -> Exercise:
    """The exercise of that id.

    Raises:
        UnknownExercise: (a KeyError) there is none; the message lists ids that look alike.
    """
    _load_banks()
    if id not in _registry:
        raise UnknownExercise(f"no exercise is called {id!r}{_did_you_mean(id)}")
    return _registry[id]


def _did_you_mean(id: str) -> str:
    near = difflib.get_close_matches(str(id), _registry, n=3, cutoff=0.5)
    near = near or [known for known in _registry if known.split(".")[-1] == str(id).split(".")[-1]]
    if near:
        return ": did you mean " + " or ".join(map(repr, near)) + "?"
    return "; course.exercises() lists them all"


def _load_banks() -> None:
    """Import every file of `exercises/` once; each registers what it holds."""
    banks = importlib.import_module("learnnn.course.exercises")
    for module in pkgutil.iter_modules(banks.__path__):
        importlib.import_module(f"{banks.__name__}.{module.name}")
