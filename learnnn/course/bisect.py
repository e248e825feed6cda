"""Which of the learner's components breaks a training run? Swap halves of them out until one is left."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Any

from learnnn.course import swap
from learnnn.course.exercise import find
from learnnn.course.guard import TimeUp, limits
from learnnn.course.report import Report, _card, shown_error
from learnnn.training.randomness import Randomness

SECONDS = 60.0


@dataclass(frozen=True)
class Run:
    """One run of the training: with these components of the learner's, did it work, and what did it say?"""

    yours: tuple[str, ...]
    worked: bool
    said: str = ""

    def __str__(self) -> str:
        names = ", ".join(self.yours) or "none of yours"
        return f"{'works' if self.worked else 'fails'} with {names}{f' ({self.said})' if self.said else ''}"


@dataclass(frozen=True)
class Blame:
    """What a bisection found. `culprit` is the component to blame, None where there is none or several share it."""

    culprits: tuple[str, ...]
    message: str
    runs: tuple[Run, ...]

    @property
    def culprit(self) -> str | None:
        """The one component to blame."""
        return self.culprits[0] if len(self.culprits) == 1 else None

    def __repr__(self) -> str:
        return "\n".join([self.message, *(f"    {run}" for run in self.runs)])

    def _repr_html_(self) -> str:
        found = "failed" if self.culprits else "passed" if self.runs[0].worked else "refused"
        report = Report("course.bisect", "Which of your components is it?", found, self.message)
        return _card(report, "<ul>" + "".join(f"<li>{escape(str(run))}</li>" for run in self.runs) + "</ul>")


def bisect(fn: Callable[[], Any], components: Mapping[str, Any] | None = None, *, seconds: float = SECONDS) -> Blame:
    """Name the component that breaks a training run.

    `fn()` trains and says whether that worked: True or False, or it raises. It is called some times, each with
    another part of your components in place and learnnn's own in place of the rest, from the same random numbers:
    about 2 log2(n) times for n components. Two that fail only together are both named.

    Args:
        fn: makes a new model, trains it, and returns something true where it learned (`accuracy > 0.9`).
        components: {id: object} to choose from; all that you have in use now by default. They are not checked.
        seconds: the longest that one run may take; one that takes longer has failed.

    Raises:
        TypeError: fn is not callable, or returns None.
        LookupError: no component of yours is in use.
        UnknownExercise: (a KeyError) no exercise has such an id.
    """
    chosen = dict(swap.in_use() if components is None else components)
    if not callable(fn):
        raise TypeError(f"bisect needs the function that trains, not what it returned ({fn!r}): no brackets after it")
    if not chosen:
        raise LookupError("no component of yours is in use: course.load_mine() brings back what you kept")
    for id in chosen:
        find(id)
    search = _Search(fn, chosen, seconds)
    if search.works(tuple(chosen)):
        return search.blame((), "It works with all of your components.")
    if not search.works(()):
        return search.blame((), "It fails with learnnn's own components too: the cause is not in a component of yours.")
    return search.named(search.smallest(tuple(chosen)))


class _Search:
    """Runs of one training, none of them twice."""

    def __init__(self, fn: Callable[[], Any], components: dict[str, Any], seconds: float):
        self.fn, self.components, self.seconds = fn, components, seconds
        self.randomness = Randomness([])
        self.start = self.randomness.state()
        self.runs: dict[tuple[str, ...], Run] = {}

    def works(self, yours: tuple[str, ...]) -> bool:
        if yours not in self.runs:
            self.runs[yours] = self._run(yours)
        return self.runs[yours].worked

    def _run(self, yours: tuple[str, ...]) -> Run:
        self.randomness.restore(self.start)
        try:
            with only({id: self.components[id] for id in yours}), limits(self.seconds):
                answer = self.fn()
        except TimeUp:
            return Run(yours, False, f"not done after {self.seconds:g} s")
        except Exception as error:
            return Run(yours, False, shown_error(error))
        finally:
            self.randomness.restore(self.start)
        if answer is None:
            raise TypeError("the function that trains returned None: let it return whether the model learned")
        return Run(yours, bool(answer))

    def smallest(self, failing: tuple[str, ...]) -> tuple[str, ...]:
        """A set that fails while each set with one component less works (Zeller's ddmin, 2002)."""
        parts = 2
        while len(failing) > 1:
            pieces = list(_pieces(failing, parts))
            rests = [tuple(id for id in failing if id not in piece) for piece in pieces]
            found = next((some for some in [*pieces, *rests] if not self.works(some)), None)
            if found is None and parts >= len(failing):
                break
            parts = min(2 * parts, len(failing)) if found is None else 2 if found in pieces else max(parts - 1, 2)
            failing = found or failing
        return failing

    def named(self, culprits: tuple[str, ...]) -> Blame:
        if len(culprits) == 1:
            return self.blame(culprits, f"It is your `{culprits[0]}`: alone in the framework it breaks the run.")
        names = " and ".join(f"`{id}`" for id in culprits)
        return self.blame(culprits, f"It takes {names} together: with any of them replaced by learnnn's own it works.")

    def blame(self, culprits: tuple[str, ...], message: str) -> Blame:
        return Blame(culprits, message, tuple(self.runs.values()))


def _pieces(ids: Sequence[str], parts: int) -> Iterator[tuple[str, ...]]:
    """The ids in `parts` pieces of nearly equal length."""
    ends = [round(i * len(ids) / parts) for i in range(parts + 1)]
    yield from (tuple(ids[a:b]) for a, b in pairwise(ends) if b > a)


@contextmanager
def only(components: Mapping[str, Any]) -> Iterator[None]:
    """For a block: these components are the learner's, everything else is learnnn's own."""
    with ExitStack() as stack:
        for name, component in swap.shipped().items():
            stack.callback(swap.put, name, swap.put(name, component))
        stack.enter_context(swap.swapped(components))
        yield
