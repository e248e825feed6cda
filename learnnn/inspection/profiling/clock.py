"""A clock that knows what runs: every moment is charged to one operation, in one module, in one phase."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter
from typing import NamedTuple

Stack = tuple[str, ...]  # the paths of the modules that are running, the outermost first


class Place(NamedTuple):
    """To what a moment is charged: `operation` is None between operations, `yours` says that the learner's own code
    computed."""

    operation: str | None
    yours: bool
    stack: Stack


@dataclass
class Run:
    """What one run of a step took: seconds by phase and place, and for each place calls and bytes."""

    seconds: defaultdict[tuple[str, Place], float] = field(default_factory=lambda: defaultdict(float))
    calls: Counter[Place] = field(default_factory=Counter)
    output: Counter[Place] = field(default_factory=Counter)
    kept: Counter[Place] = field(default_factory=Counter)
    modules: dict[str, tuple[Stack, str]] = field(default_factory=dict)  # the modules around each, and its class
    module_calls: Counter[str] = field(default_factory=Counter)


class Clock:
    """Writes down in `run` what spans take. `start` and `stop` enclose one; spans nest, and each gets the time that
    none within it has. What the bookkeeping itself takes is charged to nobody.

    >>> clock = Clock()
    >>> with clock.during("forward"):
    ...     clock.start("add")
    ...     clock.stop()
    >>> [place.operation for phase, place in clock.run.seconds]
    ['add', None]
    """

    def __init__(self, now: Callable[[], float] | None = None):
        self.now = now or perf_counter
        self.run = Run()
        self.phase = ""
        self.stack: Stack = ()
        self.spans: list[tuple[str | None, Stack]] = []  # those open, the innermost last: operation and modules
        self.counted: set[int] = set()  # ids of the memory that operations within the running one have made
        self._own: list[float] = []  # for each open span, the seconds charged to it so far
        self._mark: float | None = None  # since when nothing has been charged; None while paused

    @contextmanager
    def during(self, phase: str) -> Iterator[None]:
        """Everything within counts as forward, or as backward."""
        self.phase = phase
        try:
            self.start(None)
            yield
            self.stop()
        finally:  # after an error, what was open is forgotten
            self.spans.clear()
            self._own.clear()
            self.stack, self.phase, self._mark = (), "", None

    def start(self, operation: str | None, stack: Stack | None = None) -> None:
        """A span begins: an operation, or (None) what is between operations. Its modules, if not those that run."""
        now = self.now()
        if self._own and self._mark is not None:
            self._own[-1] += now - self._mark
        self.spans.append((operation, self.stack if stack is None else stack))
        self._own.append(0.0)
        self._mark = self.now()

    def stop(self, yours: bool = False, output: int = 0, calls: int = 0, charge: bool = True) -> None:
        """The span ends; without `charge` its time is that of the span around it."""
        now = self.now()
        (operation, stack), own = self.spans.pop(), self._own.pop()
        if self._mark is not None:
            own += now - self._mark
        if charge:
            place = Place(operation, yours, stack)
            self.run.seconds[self.phase, place] += own
            self.run.calls[place] += calls
            self.run.output[place] += output
        elif self._own:
            self._own[-1] += own
        self._mark = self.now()

    def pause(self) -> None:
        """Charge what has passed to the innermost span, and nothing more until `resume`, `start` or `stop`."""
        now = self.now()
        if self._own and self._mark is not None:
            self._own[-1] += now - self._mark
        self._mark = None

    def resume(self) -> None:
        self._mark = self.now()

    def enter(self, path: str, kind: str) -> None:
        """A module begins to run."""
        self.pause()
        self.run.modules.setdefault(path, (self.stack, kind))
        self.run.module_calls[path] += 1
        self.stack = (*self.stack, path)
        self.start(None)

    def leave(self) -> None:
        """The module that was entered last has run."""
        self.stop()
        self.stack = self.stack[:-1]


def typical(runs: Sequence[Run]) -> dict[tuple[str, Place], float]:
    """For each entry the median over several runs, in seconds."""
    entries = dict.fromkeys(entry for run in runs for entry in run.seconds)
    return {entry: median(run.seconds.get(entry, 0.0) for run in runs) for entry in entries}
