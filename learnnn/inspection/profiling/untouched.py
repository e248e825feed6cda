"""Remembering what a run may change, to put it back: numbers, gradients, modes, hooks, random numbers."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from ...tensor import Tensor
from ...training.randomness import Randomness
from ..models.kind import is_torch


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
        self._undo: list[Callable[[], Any]] = []
        self._known: dict[int, Any] = {}  # by id, with the thing itself, so that the id stays its own
        randomness = Randomness([])
        self._undo.append(partial(randomness.restore, randomness.state()))
        if torch := sys.modules.get("torch"):
            self._undo.append(partial(torch.set_rng_state, torch.get_rng_state()))

    def keep(self, thing: Any) -> None:
        """A tensor; or a model, with all modules below it and all tensors they hold."""
        if id(thing) in self._known:
            return
        self._known[id(thing)] = thing
        if isinstance(thing, Tensor):
            self._undo.append(_tensor(thing))
        elif is_torch(thing) and not callable(thing):
            self._undo.append(_torch_tensor(thing))
        elif hasattr(thing, "__dict__") and not isinstance(thing, type):
            self._undo.append(_attributes(thing))
            for part in _parts(thing):
                self.keep(part)

    def tensors(self) -> list[Any]:
        """The learnnn tensors that were kept."""
        return [thing for thing in self._known.values() if isinstance(thing, Tensor)]

    def restore(self, *_: Any) -> None:
        """Put everything back, what was kept last first."""
        for undo in reversed(self._undo):
            undo()


def _parts(model: Any) -> Iterator[Any]:
    """Modules and tensors in a model's attributes, and in lists and dictionaries there."""
    todo = list(vars(model).values())
    while todo:
        thing = todo.pop()
        if isinstance(thing, dict | list | tuple):
            todo += thing.values() if isinstance(thing, dict) else thing
        elif isinstance(thing, Tensor) or hasattr(thing, "named_modules") or is_torch(thing):
            yield thing


def _attributes(thing: Any) -> Callable[[], None]:
    """All attributes, and what is in those that are lists, sets or dictionaries: a module's hooks and registries."""
    before = dict(vars(thing))
    inside = [(v, copy.copy(v)) for v in before.values() if isinstance(v, dict | list | set)]

    def undo() -> None:
        _refill(vars(thing), before)
        for container, content in inside:
            _refill(container, content)

    return undo


def _refill(container: Any, content: Any) -> None:
    if container != content if isinstance(container, set) else not _same(container, content):
        container.clear()
        (container.extend if isinstance(container, list) else container.update)(content)


def _same(a: Any, b: Any) -> bool:
    """The very same entries, in the same order; tensors are not asked whether they are equal."""
    pairs = [[*x.items()] if isinstance(x, dict) else [(None, v) for v in x] for x in (a, b)]
    return len(a) == len(b) and all(k == m and v is w for (k, v), (m, w) in zip(*pairs))


def _tensor(tensor: Tensor) -> Callable[[], None]:
    before, array, numbers = dict(vars(tensor)), tensor.array, tensor.array.copy()
    counter, version = tensor._counter, tensor._version if tensor._counter else 0

    def undo() -> None:
        _refill(vars(tensor), before)
        if array.flags.writeable:
            array[...] = numbers
        if counter:
            counter[0] = version

    return undo


def _torch_tensor(tensor: Any) -> Callable[[], None]:
    data, numbers, grad = tensor.data, tensor.detach().clone(), tensor.grad

    def undo() -> None:
        tensor.data = data
        tensor.data.copy_(numbers)  # not counted as a change: the numbers are those of before
        tensor.grad = grad

    return undo
