"""Parameter: a tensor that a Module keeps, and that an optimizer changes."""

from __future__ import annotations

from typing import Any

from ..tensor import Tensor


class Parameter(Tensor):
    """A tensor that registers itself when it is made an attribute of a Module.

    It shares the memory of `data` and requires a gradient unless told otherwise.

    >>> import learnnn
    >>> Parameter(learnnn.zeros(2))
    Parameter containing:
    tensor([0., 0.], requires_grad=True)
    """

    def __init__(self, data: Any = None, requires_grad: bool = True):
        source = data if isinstance(data, Tensor) else Tensor() if data is None else Tensor(data)
        self.array, self._counter = source.array, source.counter()
        self.requires_grad_(requires_grad)

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()
