"""Activations as modules. All are one class over one table: the function of nn.functional and its settings."""

from __future__ import annotations

from typing import Any

from . import functional as F
from ._module import Module


class Activation(Module):
    """A function of nn.functional as a module; its settings are attributes.

    >>> from learnnn import nn
    >>> nn.LeakyReLU(0.2)
    LeakyReLU(negative_slope=0.2)
    """

    function: str
    settings: dict[str, Any] = {}  # noqa: RUF012  a constant of each class

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__()
        given = dict(zip(self.settings, args, strict=False)) | kwargs
        if len(args) > len(self.settings) or not given.keys() <= self.settings.keys():
            raise TypeError(f"{type(self).__name__}() takes ({', '.join(self.settings)}), got {[*args, *kwargs]}")
        for name, value in (self.settings | given).items():
            setattr(self, name, value)

    def forward(self, input: Any) -> Any:
        return getattr(F, self.function)(input, *[getattr(self, name) for name in self.settings])

    def extra_repr(self) -> str:
        shown = {name: getattr(self, name) for name in self.settings}
        return ", ".join(f"{k}={v!r}" for k, v in shown.items() if k != "inplace" or v)


def _activation(name: str, function: str, **settings: Any) -> type[Activation]:
    purpose = getattr(F, function).__doc__.partition("\n")[0]
    doc = f"{purpose}\n\nThe module of `nn.functional.{function}`; settings: {settings or 'none'}."
    fields = {"function": function, "settings": settings, "__doc__": doc, "__module__": __name__}
    return type(name, (Activation,), fields)


ReLU = _activation("ReLU", "relu", inplace=False)
Tanh = _activation("Tanh", "tanh")
Sigmoid = _activation("Sigmoid", "sigmoid")
LeakyReLU = _activation("LeakyReLU", "leaky_relu", negative_slope=0.01, inplace=False)
ELU = _activation("ELU", "elu", alpha=1.0, inplace=False)
GELU = _activation("GELU", "gelu", approximate="none")
SiLU = _activation("SiLU", "silu", inplace=False)
Softplus = _activation("Softplus", "softplus", beta=1.0, threshold=20.0)
Softmax = _activation("Softmax", "softmax", dim=None)
LogSoftmax = _activation("LogSoftmax", "log_softmax", dim=None)
