"""Layers, losses, containers: PyTorch's torch.nn."""

from . import functional, init, utils
from ._activations import (
    ELU,
    GELU,
    LeakyReLU,
    LogSoftmax,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)
from ._containers import ModuleDict, ModuleList, ParameterDict, ParameterList, Sequential
from ._dropout import Dropout
from ._linear import Flatten, Identity, Linear, Unflatten
from ._losses import BCELoss, BCEWithLogitsLoss, CrossEntropyLoss, L1Loss, MSELoss, NLLLoss
from ._module import Module
from .parameter import Parameter

__all__ = [name for name in dir() if not name.startswith("_")]
