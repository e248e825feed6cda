"""Training: the loop, what it records, what can listen to it, and how it goes on after a stop."""

from . import metrics, preprocessing
from .callbacks import Callback, EarlyStopping
from .checkpoint import Checkpoint
from .freezing import freeze, frozen, unfreeze
from .history import History
from .live import LivePlot
from .parallel import ParallelTrainer
from .progress import ProgressBar
from .report import Comparison, Report, compare
from .summary import Summary, summary
from .trainer import Trainer

__all__ = [
    "Callback", "Checkpoint", "Comparison", "EarlyStopping", "History", "LivePlot", "ParallelTrainer", "ProgressBar",
    "Report", "Summary", "Trainer", "compare", "freeze", "frozen", "metrics", "preprocessing", "summary", "unfreeze",
]  # fmt: skip
