"""Functions of two numbers on which optimizers are compared, and what is known of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np

from ... import optim

Point = tuple[float, float]


@dataclass(frozen=True)
class Ground:
    """A function to walk on: `f(x, y)` of numbers or tensors, the map's ends, where to start, and its minima.

    `lr` is a learning rate that suits gradient descent there, `step` how far an adaptive method may go at once.
    """

    name: str
    f: Callable[[Any, Any], Any]
    extent: tuple[float, float, float, float]
    start: Point
    minima: tuple[Point, ...] = ()
    lr: float = 0.01
    step: float = 0.05


# Rosenbrock 1960; Beale 1958; Himmelblau 1972: https://en.wikipedia.org/wiki/Test_functions_for_optimization
def _rosenbrock(x: Any, y: Any) -> Any:
    return (1 - x) ** 2 + 100 * (y - x * x) ** 2


def _ravine(x: Any, y: Any) -> Any:
    return (x * x + 25 * y * y) / 2


def _saddle(x: Any, y: Any) -> Any:
    return x * x - y * y + y**4 / 4


def _beale(x: Any, y: Any) -> Any:
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


def _himmelblau(x: Any, y: Any) -> Any:
    return (x * x + y - 11) ** 2 + (x + y * y - 7) ** 2


FOUR = (
    (3.0, 2.0), (-2.805118086953, 3.131312518250), (-3.779310253378, -3.283185991286), (3.58442834033, -1.848126526964),
)  # fmt: skip
GROUNDS = {
    ground.name: ground
    for ground in (
        Ground("rosenbrock", _rosenbrock, (-2, 2, -1, 3), (-1.2, 1.8), ((1, 1),), lr=1e-3, step=0.1),
        Ground("ravine", _ravine, (-5, 5, -2.5, 2.5), (-4.5, 2), ((0, 0),), lr=0.03, step=0.15),
        Ground("saddle", _saddle, (-2, 2, -2, 2), (1.5, 0.01), ((0, 2**0.5), (0, -(2**0.5))), lr=0.02, step=0.05),
        Ground("beale", _beale, (-4.5, 4.5, -4.5, 4.5), (1, 1.5), ((3, 0.5),), lr=2e-3, step=0.1),
        Ground("himmelblau", _himmelblau, (-5, 5, -5, 5), (-0.5, -0.5), FOUR, lr=0.005, step=0.15),
    )
}


def ground_of(surface: Any, extent: Any, start: Any) -> Ground:
    """The ground that is named, or one made of a function; ValueError with the names there are."""
    if isinstance(surface, str):
        if surface not in GROUNDS:
            near = get_close_matches(surface, GROUNDS, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise ValueError(
                f"there is no surface {surface!r}: {hint}there are {', '.join(GROUNDS)}, or your own f(x, y)"
            )
        known = GROUNDS[surface]
        return Ground(
            known.name, known.f, extent or known.extent, start or known.start, known.minima, known.lr, known.step
        )
    if not callable(surface):
        raise TypeError(
            f"surface is a {type(surface).__name__}: pass a name, {', '.join(GROUNDS)}, or a function f(x, y)"
        )
    ends = extent or (-2.0, 2.0, -2.0, 2.0)
    corner = tuple(float(lo + 0.15 * (hi - lo)) for lo, hi in np.reshape(ends, (2, 2)))
    return Ground(getattr(surface, "__name__", "f(x, y)"), surface, ends, start or corner)  # type: ignore[arg-type]


def usual_optimizers(ground: Ground) -> dict[str, Callable[[Any], Any]]:
    """Five that everybody meets, with learning rates that suit the ground."""
    return {
        "SGD": lambda params: optim.SGD(params, lr=ground.lr),
        "momentum": lambda params: optim.SGD(params, lr=ground.lr, momentum=0.9),
        "Nesterov": lambda params: optim.SGD(params, lr=ground.lr, momentum=0.9, nesterov=True),
        "RMSprop": lambda params: optim.RMSprop(params, lr=ground.step / 2),
        "Adam": lambda params: optim.Adam(params, lr=ground.step),
    }
