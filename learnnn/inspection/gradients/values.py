"""A learner's own values under test: numbers or arrays that remember, as lessons 03 and 05 build them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import reduce
from operator import add
from typing import Any

import numpy as np

from ...nn import Module
from ..models.kind import as_array, is_own_value, is_torch
from ..models.parts import is_part, parameters, take_over
from .subjects import Arrays, Subject, flat


class Values(Subject):
    """A function of a learner's own objects with `.data`, `.grad` and `backward()`, single numbers (lesson 03) or
    arrays (lesson 05); or a model of them, whose parameters are checked as well."""

    def __init__(self, fn: Callable, inputs: Sequence[Any], names: Sequence[str] | None):
        self.parameters = own_parameters(fn)
        self.like = next(x for x in (*inputs, *self.parameters.values()) if is_own_value(x))
        self.chosen = any(map(is_own_value, inputs))
        super().__init__(fn, inputs, names)
        self.arrays |= {name: self.to_array(p) for name, p in self.parameters.items()}

    def wants(self, x: Any) -> bool:
        return is_own_value(x) or (not self.chosen and super().wants(x))

    def to_array(self, x: Any) -> np.ndarray:
        return np.array(as_array(x), np.float64)

    def make(self, array: np.ndarray) -> Any:
        return type(self.like)(array if isinstance(self.like.data, np.ndarray) else float(array))

    def call(self, arrays: Arrays) -> tuple[dict[str, Any], list[Any]]:
        """The function on new numbers; parameters keep them until `kept` puts theirs back."""
        given = self.fill(arrays, self.make)
        for name, parameter in self.parameters.items():
            take_over(parameter, arrays[name])
            parameter.grad = np.zeros(arrays[name].shape) if np.ndim(parameter.data) else 0.0
        outs = flat(self.fn(*given))
        strange = next((out for out in outs if not is_own_value(out)), None)
        if strange is not None or not outs:
            raise TypeError(
                f"the function returned a {type(strange).__name__}, not a {type(self.like).__name__}: backward starts "
                "there"
            )
        return {self.names[i]: given[i] for i in self.checked} | self.parameters, outs

    def outputs(self, arrays: Arrays) -> list[np.ndarray]:
        with kept(self.parameters.values()):
            return [self.to_array(out) for out in self.call(arrays)[1]]

    def gradients(self, arrays: Arrays, cotangents: list[np.ndarray]) -> dict[str, Any]:
        with kept(self.parameters.values()):
            leaves, outs = self.call(arrays)
            start, scale = self.weighted(outs, cotangents)
            start.backward()
            grads = {name: getattr(leaf.grad, "data", leaf.grad) for name, leaf in leaves.items()}
            return {name: None if g is None else np.array(g) * scale for name, g in grads.items()}

    def weighted(self, outs: list[Any], cotangents: list[np.ndarray]) -> tuple[Any, Any]:
        """Where backward starts, and what its gradients are multiplied by: a single number starts at 1, and the chain
        rule turns that into any other start; several are weighted and summed with their own operations."""
        if len(outs) == 1 and np.size(outs[0].data) == 1:
            return outs[0], cotangents[0].reshape(())
        try:
            parts = [out * self.make(c) for out, c in zip(outs, cotangents)]
            return reduce(add, [part.sum() if np.ndim(part.data) else part for part in parts]), 1.0
        except (AttributeError, TypeError) as error:
            raise TypeError(
                "backward() starts at a single number, and the function returned more: give "
                f"{type(self.like).__name__} `*`, `+` and `.sum()`, or end the function with a sum ({error})"
            ) from error


def own_parameters(fn: Callable) -> dict[str, Any]:
    """The values that a model of a learner's own keeps; a plain function has none."""
    found = parameters(fn) if is_part(fn) and not is_torch(fn) and not isinstance(fn, Module) else {}
    return {name: p for name, p in found.items() if is_own_value(p)}


@contextmanager
def kept(values: Iterable[Any]) -> Iterator[None]:
    """Numbers and gradients of these values are afterwards what they were before."""
    before = [(value, copy.copy(value.data), value.grad) for value in values]
    try:
        yield
    finally:
        for value, data, grad in before:
            take_over(value, np.asarray(data))
            value.grad = grad
