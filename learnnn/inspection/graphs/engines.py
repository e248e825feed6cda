"""Backward, turn by turn: the right engine, and four that go wrong in the ways in which everybody's first one does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from .pulls import Pulls

WRONG = {
    "order": "goes in a wrong order",
    "overwrite": "overwrites, in place of adding",
    "broadcast": "forgets to sum over copies",
    "twice": "runs twice, nothing set to zero",
}


class Share(NamedTuple):
    """What a node hands to its parent number `place`, the node `to`, whose gradient was `before` and is now `after`."""

    to: int
    place: int
    piece: Any
    before: Any
    after: Any


class Turn(NamedTuple):
    """A node hands on the gradient that it has; `node` is None where backward begins with the output's own."""

    node: int | None
    gradient: Any
    shares: list[Share]


@dataclass
class Run:
    """All turns, the gradients in the end, and the error that it stopped with, if it did."""

    turns: list[Turn] = field(default_factory=list)
    gradients: dict[int, Any] = field(default_factory=dict)
    stopped: str = ""


Rule = Callable[[int, Any], Sequence[Any]]


def sweep(
    pulls: Pulls,
    roots: Sequence[int],
    order: Sequence[int],
    rule: Rule | None = None,
    *,
    overwrite: bool = False,
    held: dict[int, Any] | None = None,
) -> Run:
    """Each node of `order` has its turn, once: it hands what has arrived so far to its parents, by `rule`.

    `held` are gradients that are there before. An error of a rule, or of adding shapes that do not fit, ends the run.
    """
    run = Run(gradients=dict(held or {}))
    give = partial(_give, run.gradients, overwrite)
    run.turns.append(Turn(None, None, [give(root, 0, pulls.seed(root)) for root in roots]))
    for i in order:
        if i not in run.gradients or not pulls.parents[i]:
            continue
        turn = Turn(i, run.gradients[i], [])
        run.turns.append(turn)
        try:
            for place, (to, piece) in enumerate(zip(pulls.parents[i], (rule or pulls.shares)(i, turn.gradient))):
                if piece is not None:
                    turn.shares.append(give(to, place, piece))
        except (ValueError, TypeError, RuntimeError, IndexError) as error:
            run.stopped = str(error)
            break
    return run


def _give(gradients: dict[int, Any], overwrite: bool, to: int, place: int, piece: Any) -> Share:
    before = gradients.get(to)
    after = piece if before is None or overwrite else before + piece
    gradients[to] = after
    return Share(to, place, piece, before, after)


# ------------------------------------------------------------------------------------------------ engines that err
def run_wrong(name: str, pulls: Pulls, roots: Sequence[int], order: Sequence[int]) -> Run:
    """The run of one of the wrong engines; `order` is the right one, in which each node comes before its parents."""
    if name == "order":
        return _early(pulls, roots, order)
    if name == "overwrite":
        return sweep(pulls, roots, order, overwrite=True)
    if name == "broadcast":
        return sweep(pulls, roots, order, pulls.raw)
    return _twice(pulls, roots, order)


def _early(pulls: Pulls, roots: Sequence[int], order: Sequence[int]) -> Run:
    """Depth first: a node has its turn when it is first met, parents from the first to the last, or, where that
    happens to go well, from the last to the first."""
    first = sweep(pulls, roots, preorder(pulls.parents, roots))
    right = sweep(pulls, roots, order)
    return first if differing(pulls, right, first) else sweep(pulls, roots, preorder(pulls.parents, roots, last=True))


def preorder(parents: Sequence[Sequence[int]], roots: Sequence[int], last: bool = False) -> list[int]:
    """Every node when it is first met on the way from the roots, the first parent (or the `last`) before the others.

    >>> preorder([[], [0], [1, 0]], [2])
    [2, 1, 0]
    """
    order: dict[int, None] = {}
    stack = list(reversed(roots))
    while stack:
        node = stack.pop()
        if node not in order:
            order[node] = None
            stack += parents[node] if last else reversed(parents[node])
    return list(order)


def _twice(pulls: Pulls, roots: Sequence[int], order: Sequence[int]) -> Run:
    """Leaves keep what they have; nodes in between start anew, as in PyTorch."""
    first = sweep(pulls, roots, order)
    second = sweep(pulls, roots, order, held={i: g for i, g in first.gradients.items() if not pulls.parents[i]})
    return Run(first.turns + second.turns, second.gradients, second.stopped)


def differing(pulls: Pulls, right: Run, wrong: Run) -> list[int]:
    """The nodes to which the wrong engine gives another gradient, or none."""
    return [i for i, g in right.gradients.items() if not _same(pulls.shown(g), pulls.shown(wrong.gradients.get(i)))]


def _same(a: np.ndarray | None, b: np.ndarray | None) -> bool:
    if a is None or b is None:
        return a is b
    if np.array_equal(a, b):
        return True
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=1e-4, atol=1e-7 * _size(a), equal_nan=True))


def _size(a: np.ndarray) -> float:
    return float(np.abs(a).max(initial=0)) or 1.0
