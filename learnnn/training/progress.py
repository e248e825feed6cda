"""How far training has come, on one line."""

from __future__ import annotations

import time
from typing import Any

from .callbacks import Callback, Logs
from .notebook import Output, in_notebook

_OFTEN = 0.25  # seconds between two pictures of the bar in a notebook
_WIDTH = 24  # characters


class ProgressBar(Callback):
    """A tqdm bar in a terminal, a line of text in a notebook; nothing where there is neither, or no tqdm."""

    bar: Any = None

    def on_train_begin(self) -> None:
        self.bar = NotebookBar(self.trainer) if in_notebook() else _terminal_bar(self.trainer)

    def on_epoch_begin(self, epoch: int) -> None:
        if self.bar is not None:
            self.bar.set_description(f"epoch {epoch}/{self.trainer.epochs}", refresh=False)

    def on_batch_end(self, batch: int, logs: Logs) -> None:
        if self.bar is not None:
            self.bar.update(self.trainer.steps - self.bar.n)  # a resumed run begins further on

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        if self.bar is not None:
            self.bar.set_postfix({name: f"{value:.3g}" for name, value in logs.items()})

    def on_train_end(self) -> None:
        if self.bar is not None:
            self.bar.close()
            self.bar = None


def _terminal_bar(trainer: Any) -> Any:
    try:
        from tqdm import tqdm
    except ImportError:
        return None
    total = None if trainer.batches is None else trainer.batches * trainer.epochs
    quiet = None  # which tqdm takes as: unless a terminal is there
    return tqdm(total=total, unit=" batches", disable=quiet, dynamic_ncols=True)


class NotebookBar:
    """The part of tqdm's face that ProgressBar uses, as text that the notebook keeps. It tells no times, so that
    a notebook that is run again reads the same."""

    def __init__(self, trainer: Any):
        self.trainer, self.output = trainer, Output()
        self.said, self.numbers, self.shown, self.n = "", "", 0.0, 0

    def set_description(self, text: str, refresh: bool = True) -> None:
        self.said = text

    def set_postfix(self, numbers: dict[str, str]) -> None:
        self.numbers = "  ".join(f"{name} {value}" for name, value in numbers.items())

    def update(self, batches: int) -> None:
        self.n += batches
        if time.monotonic() - self.shown > _OFTEN:
            self._show()

    def _show(self) -> None:
        self.shown = time.monotonic()
        self.output.show({"text/plain": "  ".join(filter(None, [self._bar(), self.said, self.numbers]))})

    def _bar(self) -> str:
        trainer = self.trainer
        part = trainer.batch / trainer.batches if trainer.batches else 0
        full = round(_WIDTH * min(1.0, (trainer.finished + part) / max(1, trainer.epochs)))
        return "━" * full + "─" * (_WIDTH - full)

    def close(self) -> None:
        self._show()
