"""Activations as modules: a line of a table each, and PReLU, which has parameters."""

from __future__ import annotations

from typing import Any

from ..creation import full
from . import functional as F
from ._module import Module
from ._settings import Settled, settled
from .parameter import Parameter


class Activation(Settled):
    """An activation of nn.functional as a module; its settings are attributes."""


def _activation(name: str, function: str, **settings: Any) -> Any:
    return settled(name, function, Activation, **settings)


ReLU = _activation("ReLU", "relu", inplace=False)
ReLU6 = _activation("ReLU6", "relu6", inplace=False)
LeakyReLU = _activation("LeakyReLU", "leaky_relu", negative_slope=0.01, inplace=False)
ELU = _activation("ELU", "elu", alpha=1.0, inplace=False)
SELU = _activation("SELU", "selu", inplace=False)
GELU = _activation("GELU", "gelu", approximate="none")
SiLU = _activation("SiLU", "silu", inplace=False)
Mish = _activation("Mish", "mish", inplace=False)
Softplus = _activation("Softplus", "softplus", beta=1.0, threshold=20.0)
Hardtanh = _activation("Hardtanh", "hardtanh", min_val=-1.0, max_val=1.0, inplace=False)
Hardswish = _activation("Hardswish", "hardswish", inplace=False)
Hardswish.shown = ()  # PyTorch does not tell whether it is in place
Tanh = _activation("Tanh", "tanh")
Sigmoid = _activation("Sigmoid", "sigmoid")
LogSigmoid = _activation("LogSigmoid", "logsigmoid")
Softmax = _activation("Softmax", "softmax", dim=None, temperature=1.0)
LogSoftmax = _activation("LogSoftmax", "log_softmax", dim=None)
GLU = _activation("GLU", "glu", dim=-1)


class PReLU(Module):
    """x above 0, weight * x below; the weight, one or one for each channel, is learned (He et al. 2015).

    >>> import learnnn as torch
    >>> from learnnn import nn
    >>> nn.PReLU()(torch.tensor([-4.0, 2.0])).tolist()
    [-1.0, 2.0]
    """

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None):
        super().__init__()
        self.num_parameters, self.init = num_parameters, init
        self.weight = Parameter(full((num_parameters,), init, dtype=dtype))

    def forward(self, input: Any) -> Any:
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"
