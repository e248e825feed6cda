"""Three steps of help for an exercise, and the solution for those who ask for it."""

import inspect
import textwrap
from dataclasses import dataclass

from learnnn.course.exercise import find

_asked: dict[str, int] = {}


@dataclass(frozen=True)
class Hint:
    """One step of help."""

    id: str
    step: int
    steps: int
    text: str

    def __repr__(self) -> str:
        return f"hint {self.step} of {self.steps} for {self.id}: {self.text}\n{self._next()}"

    def _next(self) -> str:
        more = self.step < self.steps
        again = f"course.hint({self.id!r}) once more goes one step further."
        return again if more else f"course.solution({self.id!r}) shows one way to write it."

    def _repr_markdown_(self) -> str:
        return f"**Hint {self.step} of {self.steps}** · `{self.id}`\n\n{self.text}\n\n*{self._next()}*"


class Source(str):
    """Source code that a notebook shows in colour."""

    def __repr__(self) -> str:
        return str(self)

    def _repr_markdown_(self) -> str:
        return f"```python\n{self}```"


def hint(id: str, step: int | None = None) -> Hint:
    """The next of three steps of help, each saying more than the last; or the given step, from 1.

    Raises:
        UnknownExercise: (a KeyError) no exercise has that id.
        ValueError: there is no such step.
    """
    steps = find(id).hints
    step = min(_asked.get(id, 0) + 1, len(steps)) if step is None else step
    if not 1 <= step <= len(steps):
        raise ValueError(f"{id} has hints 1 to {len(steps)}, there is no hint {step}")
    _asked[id] = step
    return Hint(id, step, len(steps), steps[step - 1])


def solution(id: str) -> Source:
    """The source of one right way to write an exercise.

    Raises:
        UnknownExercise: (a KeyError) no exercise has that id.
    """
    return Source(textwrap.dedent(inspect.getsource(find(id).solution)))
