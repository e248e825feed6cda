"""What a wrong engine would have found on the same graph, beside what is right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .card import brief, called, shape_words
from .engines import WRONG, Run, differing, run_wrong, sweep
from .pulls import Pulls
from .tape import Record

SMALLEST = {
    "order": ("m = a * b; out = m + m * c", "m = a * b; out = m + m * c"),
    "overwrite": ("out = a + a", "out = a + a"),
    "broadcast": ("(x + b).sum(), x of shape (2, 3), b of shape (3,)", "(x + b).sum(), of tensors (2, 3), (3,)"),
    "twice": ("out = a + b", "out = a + b"),
}  # the smallest expression that shows it: with tensors, and with single numbers


@dataclass(frozen=True)
class Counterfactual:
    """Backward by a deliberately wrong engine.

    `right` and `wrong` are the gradients by the number of the node, as in `graph.data` of the whole graph; `differs`
    are the nodes where they are not the same. Where the mistake does no harm on this graph `differs` is empty, and
    `why` says so. `stopped` is the error that the wrong engine ended with, if it did.
    """

    name: str
    why: str
    right: Mapping[int, np.ndarray]
    wrong: Mapping[int, np.ndarray]
    differs: Sequence[int]
    stopped: str = ""

    @property
    def shows(self) -> bool:
        """Does this graph show the mistake?"""
        return bool(self.differs)

    def __repr__(self) -> str:
        return self.why


class Player:
    """Backward through a record, turn by turn, by the right engine and by wrong ones."""

    def __init__(self, record: Record):
        self.record = record
        self.pulls: Pulls = record.pulls(record.things, record.parents, [node.shape for node in record.nodes])
        self.roots = [node.id for node in record.nodes if node.output]
        self._found: dict[str, tuple[Run, Counterfactual]] = {}

    @cached_property
    def order(self) -> list[int]:
        """The nodes in the order in which they were computed."""
        return self.record.order()

    @cached_property
    def right(self) -> Run:
        """The right run; `stopped` says why where it cannot be played."""
        return sweep(self.pulls, self.roots, self.order[::-1])

    def gradients(self, run: Run) -> dict[int, np.ndarray]:
        """The gradients in the end, as arrays."""
        shown = {i: self.pulls.shown(g) for i, g in run.gradients.items()}
        return {i: array for i, array in shown.items() if array is not None}

    def wrong(self, name: str) -> tuple[Run, Counterfactual]:
        """The run of a wrong engine, and what is to be said of it."""
        if name not in self._found:
            run = run_wrong(name, self.pulls, self.roots, self.order[::-1])
            differs = differing(self.pulls, self.right, run)
            why = self._why(name, run, differs) if differs else self._harmless(name)
            both = self.gradients(self.right), self.gradients(run)
            self._found[name] = run, Counterfactual(name, why, *both, differs, run.stopped)
        return self._found[name]

    # --------------------------------------------------------------------------------------------- in words
    def _name(self, i: int) -> str:
        return called(self.record.nodes[i])

    def _why(self, name: str, run: Run, differs: Sequence[int]) -> str:
        say = {"order": self._why_order, "overwrite": self._why_overwrite, "broadcast": self._why_broadcast}
        words = say[name](run, differs) if name in say else WHY_TWICE
        return f"{words} Here it stops with an error: {run.stopped}" if run.stopped else words

    def _why_order(self, run: Run, differs: Sequence[int]) -> str:
        right = self.right.gradients
        for turn in run.turns:
            if turn.node is not None and not np.array_equal(self._array(turn.gradient), self._array(right[turn.node])):
                got, due = (brief(self._array(g)) for g in (turn.gradient, right[turn.node]))
                return (
                    f"{self._name(turn.node)} had its turn too early, with {got} where {due} was on its way: what came "
                    "afterwards never travelled on to what it was computed from."
                )
        return "A node had its turn before all of its gradient had arrived."

    def _array(self, g: Any) -> Any:
        found = self.pulls.shown(g)
        return 0.0 if found is None else found

    def _why_overwrite(self, run: Run, differs: Sequence[int]) -> str:
        i = self._last([i for i in differs if self._uses[i] > 1] or differs)
        uses = self._uses[i]
        return (
            f"{self._name(i)} is used {_times(uses)}, so {'both' if uses == 2 else f'all {uses}'} shares of its "
            "gradient must be added up; each one replaced the one before, and only the last is left."
        )

    @cached_property
    def _uses(self) -> Counter[int]:
        return Counter(a for a, _ in self.record.edges)

    def _last(self, nodes: Sequence[int]) -> int:
        """The one that was computed last, from which a mistake spreads to the others."""
        among = set(nodes)
        return next(i for i in reversed(self.order) if i in among)

    def _why_broadcast(self, run: Run, differs: Sequence[int]) -> str:
        i = self._last(differs)
        shape, found = self.record.nodes[i].shape or (), run.gradients.get(i)
        copies = shape_words(np.shape(self._array(found)))
        return (
            f"{self._name(i)} ({shape_words(shape)}) was copied to {copies}, and its gradient is the sum over the "
            f"copies. Without the sum it has the shape {copies}, which does not fit."
        )

    def _harmless(self, name: str) -> str:
        tensors, numbers = SMALLEST[name]
        smallest = numbers if self.record.scalar and not any(node.shape for node in self.record.nodes) else tensors
        return f"{HARMLESS[name]} The smallest example that shows the mistake: {smallest}"


WHY_TWICE = (
    "Gradients of inputs and parameters add up over passes: after a second backward without zero_grad() in between, "
    "each of them is twice what it should be."
)
HARMLESS = {
    "order": "Here a wrong order does no harm: no value in between is used twice.",
    "overwrite": "Here overwriting does no harm: no value gets more than one share of gradient.",
    "broadcast": "Here there is nothing to sum: no value was copied to fit the shape of another.",
    "twice": "Here a second pass does no harm: all gradients are zero.",
}


def _times(n: int) -> str:
    return {1: "once", 2: "twice"}.get(n, f"{n} times")


def check_wrong(name: str | None) -> None:
    """ValueError for an engine that there is not."""
    if name is not None and name not in WRONG:
        known = ", ".join(f"'{key}' ({words})" for key, words in WRONG.items())
        raise ValueError(f"wrong must be one of {known}, not {name!r}")
