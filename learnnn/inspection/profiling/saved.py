"""Which arrays a node keeps until backward, wherever in it they are: saved values, closures, contexts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from types import FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from ...autograd import Node, Variable

LINKS = {*Node.__slots__}  # how nodes hang together, and the small value that pictures show
CLOSED = (str, bytes, int, float, complex, type, ModuleType, Node, np.dtype)  # nothing is looked for in these


def saved_arrays(node: Node) -> Iterator[np.ndarray]:
    """The arrays that this node alone would keep alive.

    >>> import learnnn
    >>> x = learnnn.ones(2, 3, requires_grad=True)
    >>> [array.shape for array in saved_arrays((x * x).grad_fn)]
    [(2, 3)]
    """
    todo = [getattr(node, name, None) for name in _slots(type(node)) if name not in LINKS]
    seen: set[int] = set()
    alive = []  # so that no id is used twice
    while todo:
        thing = todo.pop()
        if thing is None or id(thing) in seen:
            continue
        seen.add(id(thing))
        alive.append(thing)
        if isinstance(thing, np.ndarray):
            yield thing
        else:
            todo += reversed(_inside(thing))


def _slots(kind: type) -> list[str]:
    return [name for base in reversed(kind.__mro__) for name in getattr(base, "__slots__", ())]


def _inside(thing: Any) -> list[Any]:
    """What a thing holds. A module's parameters are there anyway."""
    if isinstance(thing, Variable):
        return [thing.array]
    if isinstance(thing, CLOSED) or hasattr(thing, "named_modules"):
        return []
    if isinstance(thing, dict):
        return list(thing.values())
    if isinstance(thing, tuple | list | set | frozenset):
        return list(thing)
    if isinstance(thing, MethodType):
        return [thing.__self__, thing.__func__]
    if isinstance(thing, partial):
        return [thing.func, *thing.args, *thing.keywords.values()]
    if isinstance(thing, FunctionType):
        cells = [cell.cell_contents for cell in thing.__closure__ or () if filled(cell)]
        return [*cells, *(thing.__defaults__ or ())]
    return [*getattr(thing, "__dict__", {}).values(), *[getattr(thing, s, None) for s in _slots(type(thing))]]


def filled(cell: Any) -> bool:
    """Does this name of a closure stand for anything yet?"""
    try:
        return cell.cell_contents is not ...
    except ValueError:  # a name that was never set
        return False


def root(array: np.ndarray) -> np.ndarray:
    """The array that owns the memory which this one looks at."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array
