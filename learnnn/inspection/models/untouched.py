"""Remembering what a run may change, to put it back: numbers, gradients, modes, hooks, random numbers."""

from __future__ import annotations

import copy
import random
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FunctionType
from typing import Any

import numpy as np

from ...random import Generator
from ...tensor import Tensor
from ...training.randomness import Randomness
from .kind import is_own_value, is_torch_tensor
from .parts import held, is_part, walk

Undo = Callable[[], Any]


class Untouched:
    """What was kept before is as it was after `restore`, which may be called any number of times.

    >>> import learnnn
    >>> x = learnnn.ones(2)
    >>> untouched = Untouched()
    >>> untouched.keep(x)
    >>> untouched.restore(x.zero_())
    >>> x
    tensor([1., 1.])
    """

    def __init__(self) -> None:
        self._undo: list[Undo] = [*_randomness()]
        self._known: dict[int, Any] = {}  # by id, with the thing itself, so that the id stays its own

    def keep(self, thing: Any) -> None:
        """A tensor; or a model, with all parts below it and all tensors, arrays and generators they hold."""
        todo = [(thing, True)]
        while todo:  # no recursion: a lesson's value holds all that it was computed from
            thing, chosen = todo.pop()
            if id(thing) not in self._known and (remember := _way_to_remember(thing, chosen)):
                self._known[id(thing)] = thing
                undo, inside = remember(thing)
                self._undo.append(undo)
                todo += [(part, False) for part in inside]

    def tensors(self) -> list[Any]:
        """The learnnn tensors that were kept."""
        return [thing for thing in self._known.values() if isinstance(thing, Tensor)]

    def restore(self, *_: Any) -> None:
        """Put everything back, what was kept last first."""
        for undo in reversed(self._undo):
            undo()


@contextmanager
def kept(thing: Any) -> Iterator[None]:
    """A model is afterwards as it was before, also after an error."""
    untouched = Untouched()
    untouched.keep(thing)
    try:
        yield
    finally:
        untouched.restore()


def _randomness() -> Iterator[Undo]:
    """learnnn's default generator, numpy's, python's and PyTorch's."""
    randomness = Randomness([])
    yield partial(randomness.restore, randomness.state())
    if torch := sys.modules.get("torch"):
        yield partial(torch.set_rng_state, torch.get_rng_state())
        if torch.cuda.is_initialized():
            yield partial(torch.cuda.set_rng_state_all, torch.cuda.get_rng_state_all())


# --------------------------------------------------------------- how to put a thing back, and what else it holds
def _way_to_remember(thing: Any, chosen: bool) -> Callable[[Any], tuple[Undo, Iterable[Any]]] | None:
    """None for what models do not change. `chosen`: the model itself, which may be any object."""
    for kind, remember in _KINDS.items():
        if isinstance(thing, kind):
            return remember
    if is_torch_tensor(thing):
        return _torch_tensor
    if type(thing).__name__ == "Generator" and hasattr(thing, "get_state"):
        return _generator  # PyTorch's
    if is_part(thing) or is_own_value(thing) or (chosen and not isinstance(thing, type)):
        return _object
    return None


def _tensor(tensor: Tensor) -> tuple[Undo, Iterable[Any]]:
    before, array, numbers = dict(vars(tensor)), tensor.array, tensor.array.copy()
    counter, version = tensor._counter, tensor._version if tensor._counter else 0

    def undo() -> None:
        _refill(vars(tensor), before)
        if array.flags.writeable:
            array[...] = numbers
        if counter:
            counter[0] = version

    return undo, [tensor.grad]


def _torch_tensor(tensor: Any) -> tuple[Undo, Iterable[Any]]:
    data, numbers, wanted = tensor.data, tensor.detach().clone(), tensor.requires_grad
    grad = tensor.grad if tensor.is_leaf else None  # PyTorch warns of asking others

    def undo() -> None:
        tensor.data = data
        tensor.data.copy_(numbers)  # not counted as a change: the numbers are those of before
        if tensor.is_leaf:
            tensor.requires_grad_(wanted)
            tensor.grad = grad

    return undo, [grad]


def _array(array: np.ndarray) -> tuple[Undo, Iterable[Any]]:
    numbers = array.copy()

    def undo() -> None:
        if array.flags.writeable:
            array[...] = numbers

    return undo, ()


def _container(container: Any) -> tuple[Undo, Iterable[Any]]:
    return partial(_refill, container, copy.copy(container)), _entries(container)


def _tuple(entries: tuple) -> tuple[Undo, Iterable[Any]]:
    return tuple, entries


def _numpy_generator(generator: np.random.Generator) -> tuple[Undo, Iterable[Any]]:
    return partial(setattr, generator.bit_generator, "state", generator.bit_generator.state), ()


def _generator(generator: Any) -> tuple[Undo, Iterable[Any]]:
    return partial(generator.set_state, generator.get_state()), ()


def _python_generator(generator: random.Random) -> tuple[Undo, Iterable[Any]]:
    return partial(generator.setstate, generator.getstate()), ()


def _object(thing: Any) -> tuple[Undo, Iterable[Any]]:
    """All attributes; of a module they hold its registries and hooks. Of a function the tensors and parts it uses; a
    list that it writes to is not the model's."""
    mine = getattr(thing, "__dict__", {})
    inside = [part for _, part in walk(thing)] if isinstance(thing, FunctionType) else held(thing).values()
    return partial(_refill, mine, dict(mine)), inside


_KINDS: dict[type, Callable[[Any], tuple[Undo, Iterable[Any]]]] = {
    Tensor: _tensor,
    np.ndarray: _array,
    dict: _container,
    list: _container,
    set: _container,
    tuple: _tuple,
    np.random.Generator: _numpy_generator,
    np.random.RandomState: _generator,
    Generator: _generator,
    random.Random: _python_generator,
}


def _entries(container: Any) -> Iterable[Any]:
    return list(container.values() if isinstance(container, dict) else container)


def _refill(container: Any, content: Any) -> None:
    if container != content if isinstance(container, set) else not _same(container, content):
        container.clear()
        (container.extend if isinstance(container, list) else container.update)(content)


def _same(a: Any, b: Any) -> bool:
    """The very same entries, in the same order; tensors are not asked whether they are equal."""
    pairs = [[*x.items()] if isinstance(x, dict) else [(None, v) for v in x] for x in (a, b)]
    return len(a) == len(b) and all(k == m and v is w for (k, v), (m, w) in zip(*pairs))
