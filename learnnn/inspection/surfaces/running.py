"""Optimizers at work on a function of two numbers: learnnn's, PyTorch's, or one's own."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from ... import autograd
from ...tensor import Tensor
from ..models.kind import as_array
from .grounds import Ground

Factory = Callable[[Any], Any]
FAR = 20.0  # maps away from the middle a walker is lost


class Arrays:
    """A parameter for an optimizer that computes with plain arrays: `.data` and `.grad`, as in lesson 05."""

    def __init__(self, start: np.ndarray):
        self.data, self.grad = start.copy(), np.zeros_like(start)


class Walker:
    """One optimizer on its way: `step()` is one step, `place` where it is."""

    def __init__(self, parameter: Any, make: Factory, f: Callable[[Any, Any], Any], rate: float | None):
        self.parameter, self.f = parameter, f
        self.optimizer = make([parameter])
        if not callable(getattr(self.optimizer, "step", None)):
            raise TypeError(
                f"the factory gave a {type(self.optimizer).__name__} without a step() method: it must make an "
                "optimizer from a list of parameters, as in lambda params: optim.SGD(params, lr=0.1)"
            )
        if rate is not None:
            set_rate(self.optimizer, rate)
        asked = inspect.signature(self.optimizer.step).parameters.get("closure")
        self.needs_closure = asked is not None and asked.default is inspect.Parameter.empty

    @property
    def place(self) -> np.ndarray:
        return np.array(as_array(self.parameter), dtype=float)

    def step(self) -> None:
        if self.needs_closure:
            self.optimizer.step(self.loss)
        else:
            self.loss()
            self.optimizer.step()

    def loss(self) -> Any:
        """The height here, and its slope in the parameter's .grad."""
        if callable(forget := getattr(self.optimizer, "zero_grad", None)):
            forget()
        else:
            self.parameter.grad = None
        total = self._height(self.parameter)
        total.backward()
        return total

    def _height(self, parameter: Any) -> Any:
        total = self.f(parameter[..., 0], parameter[..., 1])
        if not callable(getattr(total, "backward", None)):
            raise TypeError(
                f"f(x, y) gave a {type(total).__name__}, not a tensor: compute with operators and the tensors' own "
                "methods, so that it has a gradient"
            )
        return total.sum()


class ArrayWalker(Walker):
    """The slope is found by learnnn, and handed over as an array."""

    @property
    def place(self) -> np.ndarray:
        return np.array(self.parameter.data, dtype=float)

    def loss(self) -> Any:
        here = autograd.wrap(np.array(self.parameter.data, dtype=float)).requires_grad_()
        total = self._height(here)
        total.backward()
        self.parameter.grad = as_array(here.grad).copy()
        return total


def walkers(start: np.ndarray) -> Iterator[Callable[[Factory, Callable, float | None], Walker]]:
    """The ways to set out, one for each kind of parameter that an optimizer may want."""
    yield lambda make, f, rate: Walker(autograd.wrap(start.copy()).requires_grad_(), make, f, rate)
    if torch := sys.modules.get("torch"):
        yield lambda make, f, rate: Walker(torch.tensor(start.copy()).requires_grad_(), make, f, rate)
    yield lambda make, f, rate: ArrayWalker(Arrays(start), make, f, rate)


def walk(make: Factory, ground: Ground, start: Any, steps: int, rate: float | None) -> tuple[np.ndarray, float | None]:
    """(the places from start (..., 2) on, (steps + 1, ..., 2), nan once it is lost; the learning rate at the start)."""
    start, first = np.array(start, dtype=float), None
    for way in walkers(start):
        try:
            with autograd.enable_grad(), np.errstate(all="ignore"):
                walker = way(make, ground.f, rate)
                known = rate_of(walker.optimizer)
                places = [start, *_places(walker, steps, start)]
            return _until_lost(np.stack(places), ground), known
        except (TypeError, AttributeError) as error:
            first = first or error
    raise first  # type: ignore[misc]  # each way has returned or failed


def _places(walker: Walker, steps: int, start: np.ndarray) -> Iterator[np.ndarray]:
    lost = np.full_like(start, np.nan)
    for _ in range(steps):
        if np.isfinite(walker.place).any():
            walker.step()
        yield walker.place if np.isfinite(walker.place).any() else lost


def _until_lost(places: np.ndarray, ground: Ground) -> np.ndarray:
    ends = np.reshape(ground.extent, (2, 2))
    far = np.abs(places - ends.mean(1)) > FAR * np.ptp(ends, axis=1)
    lost = np.logical_or.accumulate((far | ~np.isfinite(places)).any(-1), axis=0)
    return np.where(lost[..., None], np.nan, places)


def rate_of(optimizer: Any) -> float | None:
    """The learning rate of an optimizer, by PyTorch's name for it; None where it has none."""
    groups = getattr(optimizer, "param_groups", None)
    rate = groups[0].get("lr") if groups else getattr(optimizer, "lr", None)
    return float(rate) if isinstance(rate, int | float | np.number | Tensor) else None


def set_rate(optimizer: Any, rate: float) -> None:
    """Give an optimizer another learning rate."""
    if groups := getattr(optimizer, "param_groups", None):
        for group in groups:
            group["lr"] = rate
    else:
        optimizer.lr = rate


# ------------------------------------------------------------------------------------------------ what is given
def factories(optimizers: Any) -> dict[str, Factory]:
    """A dictionary of factories, or a list of optimizers or of their classes -> a factory by name."""
    if isinstance(optimizers, Mapping):
        found = {str(name): _factory(maker) for name, maker in optimizers.items()}
    else:
        found = {}
        for maker in optimizers if isinstance(optimizers, list | tuple) else [optimizers]:
            found[_free(getattr(maker, "__name__", type(maker).__name__), found)] = _factory(maker)
    if not found:
        raise ValueError("optimizers is empty: who should race?")
    return found


def _free(name: str, taken: Mapping[str, Any]) -> str:
    """The name, with a number where another has it."""
    return name if name not in taken else next(f"{name} {k}" for k in range(2, 99) if f"{name} {k}" not in taken)


def _factory(maker: Any) -> Factory:
    """What makes an optimizer from a list of parameters. An optimizer is a model of others with its settings."""
    if callable(maker):
        return maker
    settings = getattr(maker, "defaults", None)
    if not callable(getattr(maker, "step", None)) or settings is None:
        raise TypeError(
            f"a {type(maker).__name__} is no optimizer and no way to make one: pass a class such as optim.Adam, or "
            "lambda params: optim.SGD(params, lr=0.1)"
        )
    known = inspect.signature(type(maker).__init__).parameters
    chosen = {name: value for name, value in settings.items() if name in known}
    return lambda params: type(maker)(params, **chosen)
