"""How the parameters of a group are updated: large ones one by one, small ones together.

For a few hundred numbers, to call numpy costs more than to compute; so small parameters lie side by side in one array
while they are changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import is_
from typing import Any

import numpy as np

from ..tensor import Tensor

SMALL = 4096  # elements: a larger parameter is updated by itself
BLOCK = 1 << 16  # elements that are updated at once: so many of each array stay in the cache
State = dict[str, Any]


class Desk:
    """Memory to work in, the same at every step: room for a block of parameters, gradients and intermediate values."""

    def __init__(self, dtype: np.dtype):
        self.p, self.g, self.t = np.empty((3, BLOCK), dtype)

    def scratch_like(self, x: np.ndarray) -> np.ndarray:
        """Room for intermediate values."""
        return self.t[: x.size].reshape(x.shape) if x.size <= self.t.size else np.empty_like(x)


class Single:
    """A parameter that is updated where it stands."""

    def __init__(self, params: Sequence[Tensor], states: Sequence[State], names: Sequence[str], desk: Desk):
        (self.param,), (state,) = params, states
        self.memory, self.desk = [state[name].array for name in names], desk

    def collect(self) -> tuple[np.ndarray, np.ndarray]:
        """The parameter and its gradient."""
        return self.param.array, self.param._grad.array

    def hand_back(self) -> None:
        """There is nothing to bring back."""


class Bundle:
    """Parameters of one dtype, side by side, with all that is remembered of them.

    Parameters and gradients stay where they are: they are copied to the desk, and the parameters back. What is
    remembered lives here, and the tensors in the optimizer's state are views of it.
    """

    def __init__(self, params: Sequence[Tensor], states: Sequence[State], names: Sequence[str], desk: Desk):
        self.params, self.desk = params, desk
        size = sum(p.array.size for p in params)
        self.p, self.g = desk.p[:size], desk.g[:size]
        self.params_at, self.grads_at = self.pieces(self.p), self.pieces(self.g)
        self.memory = [np.empty(size, self.p.dtype) for _ in names]
        for name, flat in zip(names, self.memory, strict=True):
            for state, piece in zip(states, self.pieces(flat), strict=True):
                piece[...] = state[name].array
                state[name].array = piece

    def pieces(self, flat: np.ndarray) -> list[np.ndarray]:
        """(size,) -> the part of each parameter, in its shape. Views."""
        ends = np.cumsum([p.array.size for p in self.params])
        return [part.reshape(p.array.shape) for part, p in zip(np.split(flat, ends[:-1]), self.params, strict=True)]

    def collect(self) -> tuple[np.ndarray, np.ndarray]:
        """The parameters and the gradients, (size,) each, on the desk."""
        for p, at, slope in zip(self.params, self.params_at, self.grads_at, strict=True):
            at[...] = p.array
            slope[...] = p._grad.array
        return self.p, self.g

    def hand_back(self) -> None:
        """The changed parameters, from the desk to where they belong."""
        for p, at in zip(self.params, self.params_at, strict=True):
            p.array[...] = at


class Arrangement:
    """The parameters of a group in the parts that are updated at once.

    `ages` says who has come equally far: the numbers of a step may depend on how many there were.
    """

    def __init__(self, params: list[Tensor], states: list[State], ages: list[int], names: Sequence[str], desk: Any):
        self.params, self.states, self.ages = params, states, ages
        together: dict[Any, list[int]] = {}
        for i, (p, state, age) in enumerate(zip(params, states, ages, strict=True)):
            kept = tuple([name for name in names if name in state])
            large = i if p.array.size > SMALL else None
            together.setdefault((age, p.array.dtype, kept, large), []).append(i)
        self.parts: list[tuple[int, Single | Bundle]] = []  # (whose numbers are those of the part, the part)
        for (_, dtype, kept, large), members in together.items():
            for some in _filling(members, params):
                part = Bundle if large is None else Single
                found = part([params[i] for i in some], [states[i] for i in some], kept, desk(dtype))
                self.parts.append((some[0], found))
        self.kept = [(state, name) for state in states for name in names if name in state]
        self.arrays = self._arrays()

    def _arrays(self) -> list[np.ndarray]:
        """Where the numbers are at present: of the parameters, and what is remembered."""
        return [p.array for p in self.params] + [state[name].array for state, name in self.kept]

    def fits(self, params: list[Tensor], states: list[State], ages: list[int]) -> bool:
        """Whether it is still about these parameters, at the same places in memory: a loaded state is not."""
        return (
            ages == self.ages
            and all(map(is_, params, self.params))
            and all(map(is_, states, self.states))
            and all(map(is_, self._arrays(), self.arrays))
        )


def blocks(p: np.ndarray, *others: np.ndarray) -> Iterable[Sequence[np.ndarray]]:
    """The arrays in pieces of about one size, small enough for the cache, as views."""
    if p.size <= BLOCK or not all(a.flags.c_contiguous for a in (p, *others[1:])):
        return ((p, *others),)
    flat, step = [a.reshape(-1) for a in (p, *others)], -(-p.size // -(-p.size // BLOCK))
    return ([a[i : i + step] for a in flat] for i in range(0, p.size, step))


def _filling(members: Iterable[int], params: Sequence[Tensor]) -> Iterator[list[int]]:
    """The members in lists that fit on a desk together; one that does not even fit by itself is alone."""
    some: list[int] = []
    room = BLOCK
    for i in members:
        size = params[i].array.size
        if some and size > room:
            yield some
            some, room = [], BLOCK
        some.append(i)
        room -= size
    if some:
        yield some
