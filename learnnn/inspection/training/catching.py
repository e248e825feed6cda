"""Catching what the layers of a module give during a training step, and the gradients that come back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ...tensor import Tensor
from ..models.kind import as_array, is_torch_tensor


class Catcher:
    """Hooks on modules; while `armed`, copies of their outputs in training and of the gradients in these.

    Only outputs that have a gradient are caught, so validation under no_grad leaves no trace.
    """

    def __init__(self, parts: Mapping[str, Any]):
        self.parts, self.armed = parts, False
        self.outputs: dict[str, np.ndarray] = {}
        self.flows: dict[str, np.ndarray] = {}
        self._handles: list[Any] = []

    def attach(self) -> None:
        """Begin to listen."""
        self._handles = [part.register_forward_hook(self._listener(path)) for path, part in self.parts.items()]

    def detach(self) -> None:
        """Take the hooks off."""
        for handle in self._handles:
            handle.remove()
        self._handles, self.armed = [], False

    @property
    def attached(self) -> bool:
        return bool(self._handles)

    def take(self) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """(outputs, gradients in them) by path since the last time."""
        caught = self.outputs, self.flows
        self.outputs, self.flows = {}, {}
        return caught

    def _listener(self, path: str) -> Callable[..., None]:
        def heard(module: Any, args: Any, output: Any) -> None:
            tensor = first_tensor(output) if self.armed else None
            if tensor is not None and tensor.requires_grad:
                self.outputs[path] = as_array(tensor).copy()
                tensor.register_hook(lambda grad: self._note(path, grad))

        return heard

    def _note(self, path: str, grad: Any) -> None:
        self.flows[path] = as_array(grad).copy()


def first_tensor(output: Any) -> Any:
    """The first tensor of floats in an output, None if there is none."""
    if isinstance(output, Tensor) or is_torch_tensor(output):
        return output if output.is_floating_point() else None
    parts = output.values() if isinstance(output, Mapping) else output if isinstance(output, list | tuple) else ()
    return next((found for part in parts if (found := first_tensor(part)) is not None), None)
