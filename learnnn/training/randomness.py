"""Every source of random numbers that a run may draw from, to be put back to where it stood."""

from __future__ import annotations

import random as python_random
from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import random as tensor_random
from ..random import Generator


class Randomness:
    """The default generator, those of the data and of `fit`, numpy's and python's own.

    >>> import learnnn as torch
    >>> randomness = Randomness([])
    >>> before, first = randomness.state(), torch.rand(1)
    >>> randomness.restore(before)
    >>> bool(torch.rand(1) == first)
    True
    """

    def __init__(self, holders: list[Any]):
        found = [tensor_random.default_generator, *filter(None, map(_generator, _with_samplers(holders)))]
        self.generators: list[Generator] = list({id(g): g for g in found}.values())

    def state(self) -> dict[str, Any]:
        """Where every source stands."""
        version, numbers, following = python_random.getstate()
        return {
            "generators": [g.get_state() for g in self.generators],
            "numpy": np.random.get_state(legacy=False),
            "python": (version, np.array(numbers), following),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Put every source back. ValueError if this run has more generators, or fewer."""
        if len(state["generators"]) != len(self.generators):
            raise ValueError(
                f"the run was saved with {len(state['generators'])} generators and this one has "
                f"{len(self.generators)}: give fit the same data and the same `generator` as before"
            )
        for generator, saved in zip(self.generators, state["generators"], strict=True):
            generator.set_state(saved)
        np.random.set_state(state["numpy"])
        version, numbers, following = state["python"]
        python_random.setstate((version, tuple(numbers.tolist()), following))


def _with_samplers(holders: list[Any]) -> list[Any]:
    return [x for h in holders for x in (h, getattr(h, "sampler", None), getattr(h, "batch_sampler", None))]


def _generator(holder: Any) -> Generator | None:
    found = holder if isinstance(holder, Generator) else getattr(holder, "generator", None)
    return found if isinstance(found, Generator) else None
