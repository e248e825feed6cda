"""Optimizers and learning rate schedules: PyTorch's torch.optim.

All take `weight_decay` (L2), and, beyond PyTorch, `decoupled_weight_decay=True` (as in AdamW) and `l1`.
"""

from . import lr_scheduler
from .adam import Adam, AdamW, NAdam, RAdam
from .adaptive import Adadelta, Adagrad, RMSprop
from .lbfgs import LBFGS
from .optimizer import Optimizer
from .sgd import SGD

__all__ = [
    "LBFGS",
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "lr_scheduler",
]
