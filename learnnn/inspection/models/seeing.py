"""Watching the parts of a model while it runs: what each gave, and the tensor of which a gradient can be asked."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from .kind import arrays_in, several
from .tapes import Tape


@dataclass
class Seen:
    """What was seen of a model in one run. Everything is a copy.

    `outputs` and `calls` hold only parts that ran, in the order in which they finished, so the model itself, "", is
    last; of an output that is a tuple, as of an LSTM, the first array. `gradients` are those of the loss, where it has
    one: a parameter that was not used is missing.
    """

    answer: np.ndarray
    outputs: dict[str, np.ndarray] = field(default_factory=dict)  # of a part that ran several times, the last
    calls: dict[str, list[np.ndarray]] = field(default_factory=dict)  # all of them
    gradients: dict[str, np.ndarray] = field(default_factory=dict)  # of the loss, in each of `outputs`
    input_gradients: tuple[np.ndarray | None, ...] = ()
    parameter_gradients: dict[str, np.ndarray] = field(default_factory=dict)
    loss: float | None = None


class Caught(NamedTuple):
    """One output of a part: its numbers then, and what its gradient can be asked of (None if nothing)."""

    array: np.ndarray
    handle: Any


class Watch:
    """Notes what parts give. `runs` has an entry for each run of the model: by path, the outputs of each part."""

    def __init__(self, gradients: bool):
        self.gradients = gradients
        self.tape = Tape()
        self.runs: list[dict[str, list[Caught]]] = []

    def start(self, tape: Tape) -> None:
        """Forget what was seen: a new attempt, with this tape."""
        self.tape, self.runs = tape, []

    def note(self, path: str, output: Any) -> Any:
        """Remember an output, and give back with what the model is to go on."""
        array = next(arrays_in(output), None)
        if array is None:
            return output
        handle, onward = _first_apart(output, self.tape) if self.gradients else (None, output)
        self.runs[-1].setdefault(path, []).append(Caught(array.copy(), handle))
        return onward

    def seen(self, batch: bool) -> dict[str, list[Caught]]:
        """The outputs of each part, a call after the other; those of the runs of a batch in one array."""
        if not batch:
            return self.runs[0]
        return {path: self._together(path) for path in self.runs[0]}

    def _together(self, path: str) -> list[Caught]:
        calls = zip(*[run.get(path, ()) for run in self.runs])
        return [Caught(np.stack([c.array for c in call]), [c.handle for c in call]) for call in calls]


def _first_apart(output: Any, tape: Tape) -> tuple[Any, Any]:
    """(handle, output) with the first tensor in an output set apart."""
    for key, part in several(output) or ():
        if next(arrays_in(part), None) is not None:
            handle, onward = _first_apart(part, tape)
            return handle, _replaced(output, key, onward)
    return tape.apart(output)


def _replaced(output: Any, key: Any, value: Any) -> Any:
    """The same tuple, list or dictionary with another entry."""
    if isinstance(output, tuple):
        entries = [value if i == key else entry for i, entry in enumerate(output)]
        return type(output)(*entries) if hasattr(output, "_fields") else tuple(entries)
    output = copy.copy(output)
    output[key] = value
    return output
