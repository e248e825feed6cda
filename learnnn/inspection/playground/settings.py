"""What can be chosen in the playground, and words for what cannot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from difflib import get_close_matches
from math import isfinite
from typing import Any

from .features import FEATURES
from .points import SETS

ACTIVATIONS = {
    "tanh": "Tanh", "relu": "ReLU", "sigmoid": "Sigmoid", "linear": "Identity", "leaky_relu": "LeakyReLU",
    "gelu": "GELU",
}  # fmt: skip
OPTIMIZERS = {"sgd": "SGD", "adam": "Adam"}
REGULARIZATIONS = (None, "l1", "l2")
MOST_LAYERS, MOST_UNITS, MOST_POINTS = 6, 12, 2000


@dataclass(frozen=True)
class Settings:
    """All dials of the playground. Raises ValueError or TypeError, naming the dial, for what it cannot be set to.

    `seed` is that of the weights and of the order of the batches, `data_seed` that of the points; `test` is the part
    of the points that is held out.

    >>> Settings(activation="tan")
    Traceback (most recent call last):
    ValueError: activation='tan': there is no such activation; did you mean 'tanh'? There are tanh, relu, sigmoid, \
linear, leaky_relu, gelu
    """

    data: str = "moons"
    layers: tuple[int, ...] = (4, 4)
    activation: str = "tanh"
    noise: float = 0.1
    learning_rate: float = 0.03
    regularization: str | None = None
    rate: float = 0.0
    batch_size: int = 16
    optimizer: str = "sgd"
    seed: int = 0
    features: tuple[str, ...] = ("x1", "x2")
    points: int = 300
    test: float = 0.3
    data_seed: int = 0

    def __post_init__(self) -> None:
        one_of("data", self.data, (*SETS, "own"), "data set")
        one_of("activation", self.activation, ACTIVATIONS, "activation")
        one_of("optimizer", self.optimizer, OPTIMIZERS, "optimizer")
        one_of("regularization", self.regularization, REGULARIZATIONS, "regularization")
        self._keep("layers", whole_numbers("layers", self.layers, 1, MOST_UNITS, MOST_LAYERS))
        self._keep("features", _features(self.features))
        for name, (lo, hi) in RANGES.items():
            self._keep(name, real(name, getattr(self, name), lo, hi))
        for name, (least, most) in COUNTS.items():
            self._keep(name, whole(name, getattr(self, name), least, most))

    def _keep(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)


RANGES = {"noise": (0.0, 2.0), "learning_rate": (0.0, 100.0), "rate": (0.0, 10.0), "test": (0.0, 0.9)}
SEEDS = (0, 2**32 - 1)
COUNTS = {"batch_size": (1, MOST_POINTS), "seed": SEEDS, "data_seed": SEEDS, "points": (10, MOST_POINTS)}
NAMES = tuple(field.name for field in fields(Settings))


def check_names(names: Iterable[str]) -> None:
    """TypeError for a dial that the playground does not have."""
    for name in names:
        if name not in NAMES:
            raise TypeError(f"the playground has no setting {name!r}{_near(name, NAMES)}: it has {', '.join(NAMES)}")


def one_of(name: str, value: Any, known: Iterable[Any], kind: str) -> None:
    """ValueError, with the nearest name, for a word that is not among those known."""
    known = list(known)
    if not isinstance(value, str | None) or value not in known:
        words = ", ".join(map(str, known))
        raise ValueError(f"{name}={value!r}: there is no such {kind}{_near(value, known)} There are {words}")


def _near(value: Any, known: Iterable[Any]) -> str:
    near = get_close_matches(str(value), [str(k) for k in known], n=1)
    return f"; did you mean {near[0]!r}?" if near else "."


def whole(name: str, value: Any, least: int, most: int) -> int:
    """A whole number in a range; ValueError, with its name, for any other."""
    if isinstance(value, bool) or not hasattr(value, "__index__") or not least <= value.__index__() <= most:
        raise ValueError(f"{name}={value!r}: a whole number from {least} to {most} is needed")
    return int(value.__index__())


def whole_numbers(name: str, values: Any, least: int, most: int, longest: int) -> tuple[int, ...]:
    """A few whole numbers; ValueError, with their name, where there are too many, or one is out of range."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise ValueError(f"{name}={values!r}: the units of each hidden layer are needed, as in {name}=(4, 4)")
    found = tuple(values)
    if len(found) > longest:
        raise ValueError(f"{name}={found!r}: at most {longest} hidden layers fit the picture")
    return tuple(whole(name, value, least, most) for value in found)


def real(name: str, value: Any, lo: float, hi: float) -> float:
    """A number in a range; ValueError, with its name, for any other."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = float("nan")
    if isinstance(value, str | bool) or not isfinite(found) or not lo <= found <= hi:
        raise ValueError(f"{name}={value!r}: a number from {lo:g} to {hi:g} is needed")
    return found


def _features(names: Any) -> tuple[str, ...]:
    chosen = (names,) if isinstance(names, str) else tuple(names)
    for name in chosen:
        one_of("features", name, FEATURES, "feature")
    if not chosen:
        raise ValueError(f"features=(): the network needs an input. There are {', '.join(FEATURES)}")
    return tuple(name for name in FEATURES if name in chosen)
