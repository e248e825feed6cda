"""Checkpoints: a run on disk, from which it goes on as if it had never stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..serialization import load
from .callbacks import Callback, Logs

SUFFIX = ".safetensors"


def checkpoints(directory: str | Path) -> list[Path]:
    """The checkpoints in a directory, in the order in which they were written."""
    return sorted(Path(directory).glob(f"step-*{SUFFIX}"), key=lambda path: (path.stat().st_mtime_ns, path.name))


def read(path: str | Path) -> dict[str, Any] | None:
    """The checkpoint in a file, or the newest in a directory: None where there is none yet.

    FileNotFoundError for a file that is not there, RuntimeError for one that is damaged, EOFError for an empty one,
    ValueError for one that is no checkpoint.
    """
    path = Path(path)
    if path.suffix != SUFFIX and not path.is_file():
        found = checkpoints(path)
        if not found:
            return None
        path = found[-1]
    state = load(path)
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise ValueError(f"{path} is no checkpoint of a Trainer: it was not written by Checkpoint or trainer.save")
    return state


FORMAT = "learnnn training 1"


class Checkpoint(Callback):
    """Save the run every so many epochs or steps, so that `fit(..., resume=directory)` can go on from there.

    `keep` is how many checkpoints stay (None: all). A checkpoint appears whole or not at all, and an old one goes
    only when a newer one is there. It is told after all other callbacks, whose state it saves too.

    >>> import tempfile
    >>> import learnnn as torch
    >>> from learnnn import nn, optim
    >>> from learnnn.training import Trainer
    >>> model, X = nn.Linear(1, 1), torch.ones(4, 1)
    >>> trainer = Trainer(model, nn.MSELoss(), optim.SGD(model.parameters()))
    >>> with tempfile.TemporaryDirectory() as runs:
    ...     history = trainer.fit(X, X, epochs=5, callbacks=[Checkpoint(runs, keep=2)])
    ...     print([path.name for path in checkpoints(runs)])
    ...     print(trainer.fit(X, X, epochs=6, resume=runs).epochs)  # trains one epoch: the others are read
    ['step-00000004.safetensors', 'step-00000005.safetensors']
    [1, 2, 3, 4, 5, 6]
    """

    last = True

    def __init__(
        self, directory: str | Path, every_epochs: int | None = 1, every_steps: int | None = None, keep: int | None = 3
    ):
        for name, value in {"every_epochs": every_epochs, "every_steps": every_steps, "keep": keep}.items():
            if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
                raise ValueError(f"Checkpoint: {name} is a positive integer or None, not {value!r}")
        if every_epochs is None and every_steps is None:
            raise ValueError("Checkpoint would never save: give every_epochs or every_steps")
        self.directory, self.keep = Path(directory), keep
        self.every_epochs, self.every_steps = every_epochs, every_steps

    def on_train_begin(self) -> None:
        if self.every_steps and not self.trainer.saves_within_epochs:
            raise ValueError("asynchronous workers can be saved between epochs only: leave out every_steps")

    def on_batch_end(self, batch: int, logs: Logs) -> None:
        if self.every_steps and self.trainer.steps % self.every_steps == 0:
            self.save()

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        if self.every_epochs and epoch % self.every_epochs == 0:
            self.save()

    def save(self) -> Path:
        """Save the run now, and remove what is too old."""
        path = self.trainer.save(self.directory / f"step-{self.trainer.steps:08d}{SUFFIX}")
        for old in checkpoints(self.directory)[: -self.keep] if self.keep else ():
            old.unlink(missing_ok=True)
        for left in self.directory.glob(f"step-*{SUFFIX}.*.tmp"):  # by a run that was killed while it wrote
            left.unlink(missing_ok=True)
        return path
