"""Curves that grow while training runs."""

from __future__ import annotations

import time
from io import BytesIO
from pathlib import Path
from typing import Any

from .callbacks import Callback, Logs
from .history import History
from .notebook import Output, in_notebook

INK, MUTED, GRID = "#1f2933", "#5c6873", "#e3e8ec"
TRAINING, VALIDATION = "#0072b2", "#d55e00"  # which colour-blind eyes tell apart


class LivePlot(Callback):
    """The loss and every metric, over the epochs: training solid, validation dashed.

    In a notebook one picture is redrawn, at most once in `interval` seconds, and stays as the cell's output. With
    `path` the picture is also kept in that file (.png, .svg, .pdf). Needs matplotlib.

    >>> import learnnn as torch
    >>> from learnnn import nn, optim
    >>> from learnnn.training import Trainer
    >>> model, plot, X = nn.Linear(1, 1), LivePlot(), torch.ones(8, 1)
    >>> trainer = Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.1))
    >>> history = trainer.fit(X, X, epochs=3, validation_data=(X, X), callbacks=[plot])
    >>> [axes.get_title(loc="left") for axes in plot.figure().axes]
    ['loss']
    """

    last = True

    def __init__(self, path: str | Path | None = None, interval: float = 0.5):
        self.path, self.interval = None if path is None else Path(path), interval
        self.output, self.shown = Output(), 0.0

    def on_train_begin(self) -> None:
        _matplotlib()  # better an ImportError now than after an epoch
        self.output, self.shown = Output(), 0.0

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        if time.monotonic() - self.shown >= self.interval:
            self._show()

    def on_train_end(self) -> None:
        if self.trainer.history:
            self._show()

    def _show(self) -> None:
        if in_notebook():
            self.output.show({"image/png": self.to_png(), "text/plain": repr(self.trainer.history)})
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.figure().savefig(self.path)
        self.shown = time.monotonic()

    def figure(self) -> Any:
        """The curves so far, as a matplotlib Figure."""
        return curves(self.trainer.history)

    def to_png(self) -> bytes:
        """The curves so far, as a PNG."""
        self.figure().savefig(file := BytesIO(), format="png", dpi=144)
        return file.getvalue()

    def _repr_png_(self) -> bytes | None:
        return self.to_png() if self.trainer is not None else None


def curves(history: History) -> Any:
    """A history as a matplotlib Figure: one panel for each thing measured, validation beside training."""
    names = [name for name in history if not (name.startswith("val_") and name[4:] in history)]
    columns = 2 if len(names) == 4 else min(3, len(names)) or 1
    rows = -(-len(names) // columns) or 1
    figure = _matplotlib().Figure(figsize=(4.2 * columns, 2.9 * rows), layout="constrained", facecolor="white")
    figure.get_layout_engine().set(w_pad=0.12, h_pad=0.12)
    for i, name in enumerate(names):
        _panel(figure.add_subplot(rows, columns, i + 1), history, name)
    return figure


def _panel(axes: Any, history: History, name: str) -> None:
    for key, colour, line, label in (
        (name, TRAINING, "-", "training"),
        (f"val_{name}", VALIDATION, "--", "validation"),
    ):
        if key in history:
            values = history[key]
            mark = "o" if len(values) == 1 else ""
            axes.plot(
                history.epochs[-len(values) :], values, line, color=colour, marker=mark, label=label, linewidth=1.8
            )
    axes.set_title(name, loc="left", fontsize=11, color=INK, fontweight="bold")
    axes.set_xlabel("epoch", color=MUTED)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(color=GRID, linewidth=0.8)
    axes.tick_params(colors=MUTED, length=0)
    axes.spines[:].set_visible(False)
    if f"val_{name}" in history:
        axes.legend(frameon=False, labelcolor=INK)


def _matplotlib() -> Any:
    try:
        import matplotlib.figure
    except ImportError as error:
        raise ImportError('LivePlot needs matplotlib: pip install "learnnn[notebooks]"', name="matplotlib") from error
    return matplotlib.figure
