"""Training: the loop, what it records, and what can listen to it."""

from . import metrics
from .callbacks import Callback, EarlyStopping, ProgressBar
from .history import History
from .trainer import Trainer

__all__ = ["Callback", "EarlyStopping", "History", "ProgressBar", "Trainer", "metrics"]
