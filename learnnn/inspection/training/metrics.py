"""`LiveMetrics`: the curves of a run while it trains."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Mapping
from typing import Any

from ...training import Callback
from ...training.notebook import Output, in_notebook
from .curves import Curves, Run, as_columns


class LiveMetrics(Curves, Callback):
    """A Trainer callback that draws loss and metrics while training runs, in the output of the cell that trains.

    One picture is updated in place, at most once in `interval` seconds: curves that can be smoothed, read by hovering
    and put on a logarithmic axis, the best epoch, and the time left. When training ends it stays, and needs no kernel
    any more. Where nobody looks, as when a notebook is run from the command line, the still picture and the text are
    what is left; in a terminal it is silent, as the progress bar speaks there.

    `training.LivePlot` draws the same curves as a plain image by matplotlib: take that for a picture file of each epoch
    (`path=`), or where no scripts run; take this to read values while you wait.

    >>> import learnnn as torch
    >>> from learnnn import nn, optim
    >>> from learnnn.training import Trainer
    >>> _ = torch.manual_seed(0)
    >>> model, metrics, X = nn.Linear(1, 1), LiveMetrics(), torch.ones(8, 1)
    >>> trainer = Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.1))
    >>> history = trainer.fit(X, X, epochs=3, callbacks=[metrics], verbose=False)
    >>> metrics.data["Linear"]["best"]["loss"][0]
    3
    """

    title = "training"
    kernel = True
    last = True

    def __init__(self, *, interval: float = 0.25, smoothing: float = 0.0, log: bool = False, title: str | None = None):
        super().__init__([Run("training", {})], title, smoothing, log)
        self.interval, self.status, self.named = interval, "", title is not None
        self.output, self._begun, self._shown = Output(), (0.0, 0), 0.0

    # ------------------------------------------------------------------------------------------ as a callback
    def on_train_begin(self) -> None:
        name = type(self.trainer.model).__name__
        self.runs = [Run(name, {})]
        self.heading = self.heading if self.named else f"Training of {name}"
        self.output, self._begun, self._shown = Output(), (time.monotonic(), self.trainer.steps), 0.0
        self.status = "starting"
        self._show()

    def on_batch_end(self, batch: int, logs: Mapping[str, float]) -> None:
        if time.monotonic() - self._shown >= self.interval:
            self._look()
            self._show()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float]) -> None:
        self._look()
        if time.monotonic() - self._shown >= self.interval:
            self._show()

    def on_train_end(self) -> None:
        self._look()
        self.status = "stopped early" if self.trainer.finished < self.trainer.epochs else "done"
        self._show(end=True)

    def _look(self) -> None:
        trainer = self.trainer
        self.runs = [Run(self.runs[0].name, as_columns(trainer.history), seconds=sum(trainer.seconds))]
        place = f"epoch {min(trainer.finished + 1, trainer.epochs)} of {trainer.epochs}"
        self.status = " · ".join(filter(None, [place, self._time_left()]))

    def _time_left(self) -> str:
        """By the pace since training began; "" while the number of batches is not known."""
        since, before = self._begun
        done, trainer = self.trainer.steps - before, self.trainer
        if not trainer.batches or not done:
            return ""
        left = max(0, trainer.batches * trainer.epochs - trainer.steps)
        return f"{duration((time.monotonic() - since) / done * left)} left"

    # --------------------------------------------------------------------------------------------- in a notebook
    def _show(self, end: bool = False) -> None:
        """The first time as a new output, then in place; at the end the output takes the last still picture too."""
        self._shown = time.monotonic()
        if in_notebook() and (end or self.output.handle is None or not self.widgets):
            self.output.show(self._bundle())
        self.update()

    def _bundle(self) -> dict[str, Any]:
        if importlib.util.find_spec("anywidget") is None:
            return {"text/plain": self.text, "text/html": super().to_html()}
        widget = self.widgets[0] if self.widgets else self.widget()
        shown = widget._repr_mimebundle_()
        return shown[0] if isinstance(shown, tuple) else shown

    @property
    def text(self) -> str:
        return f"{super().text}\n  {self.status}" if self.status else super().text

    def frame(self) -> dict[str, Any]:
        return {**super().frame(), "status": self.status}


def duration(seconds: float) -> str:
    """A time to wait, for people.

    >>> duration(4.2), duration(75), duration(7300)
    ('4 s', '1 min 15 s', '2 h 1 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"
