"""The still form of curves: panels side by side, a key, and a table."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from ..face import theme
from ..face.chart import SMALL, Chart, limits, number
from ..face.scene import Dot, Line, Scene, Shape, Text, text_width
from .curves import VALIDATION, Run, smoothed

if TYPE_CHECKING:
    from .curves import Curves

WIDTH, TALL = 760, 168  # of the picture; of a panel


def scene(curves: Curves) -> Scene:
    """The whole picture."""
    shapes: list[Shape] = [Text(16, 28, curves.heading, 15, bold=True)]
    if not any(run.epochs for run in curves.runs):
        told = Text(16, 54, "No epochs yet: it fills while the model trains.", 13, "muted")
        return Scene(WIDTH, 76, curves.heading, curves.text, [*shapes, told])
    keyed, top = _key(curves, 52)
    columns = min(len(curves.metrics), 2)
    room = WIDTH / columns
    for i, metric in enumerate(curves.metrics):
        x, y = room * (i % columns) + 64, top + 26 + (TALL + 68) * (i // columns)
        shapes += _panel(curves, metric, x, y, room - 84)
    top += 26 + (TALL + 68) * -(-len(curves.metrics) // columns)
    drawn, height = _table(curves, top)
    return Scene(WIDTH, top + height, curves.heading, curves.text, shapes + keyed + drawn)


def colour(i: int) -> str:
    """The colour of a run."""
    return theme.CLASSES[i % len(theme.CLASSES)]


def _key(curves: Curves, top: float) -> tuple[list[Shape], float]:
    """(a line for each run, and solid and dashed; where it ends)"""
    dashes = any(name.startswith(VALIDATION) for run in curves.runs for name in run.columns)
    entries = [(run.name, colour(i), False) for i, run in enumerate(curves.runs)] if len(curves.runs) > 1 else []
    entries += [("training", "muted", False), ("validation", "muted", True)] if dashes else []
    shapes, x = list[Shape](), 16.0
    for words, ink, dashed in entries:
        wide = 30 + text_width(words, SMALL) + 18
        if x + wide > WIDTH - 16 and x > 16:
            x, top = 16.0, top + 18
        shapes += [Line(((x, top - 4), (x + 24, top - 4)), ink, 2.2, dashed), Text(x + 30, top, words, SMALL, "muted")]
        x += wide
    shapes += [Dot(x + 6, top - 4, 4.5, "ink", mark=3), Text(x + 16, top, "best", SMALL, "muted")]
    return shapes, top + 8


def _panel(curves: Curves, metric: str, x: float, y: float, width: float) -> list[Shape]:
    names = (metric, VALIDATION + metric)
    pairs = [(i, run, name) for i, run in enumerate(curves.runs) for name in names if name in run.columns]
    values = np.concatenate([run.columns[name] for _, run, name in pairs])
    log = curves.log and bool((values[np.isfinite(values)] > 0).all())
    lo, hi = limits(np.log10(values) if log else values)
    span = (10**lo, 10**hi) if log else (lo, hi)
    last = max(run.epochs for run in curves.runs)
    chart = Chart(x, y, width, TALL, (1, max(last, 2)), span, "epoch", "", metric, "y" * log)
    for i, run, name in pairs:
        _curve(chart, run, name, colour(i), curves.smoothing)
    for i, run in enumerate(curves.runs):
        if metric != "lr" and (best := run.best(metric)):
            chart.drawn.append(Dot(*chart.at(*best), 4.5, colour(i), "ink", 3))
    return [*chart.shapes(), *_best_words(curves, metric, x + width, y - 7)]


def _curve(chart: Chart, run: Run, name: str, ink: str, smoothing: float) -> None:
    column = run.columns[name]
    epochs, dashed = [run.epoch_of(column, i) for i in range(len(column))], name.startswith(VALIDATION)
    if smoothing:
        chart.line(epochs, column, ink, line=1, opacity=0.35)
    chart.line(epochs, smoothed(column, smoothing), ink, line=2, dashed=dashed)
    if len(column) == 1:
        chart.dots(epochs, column, ink, mark=int(dashed))


def _best_words(curves: Curves, metric: str, right: float, y: float) -> list[Shape]:
    best = curves.runs[0].best(metric)
    if len(curves.runs) > 1 or best is None or metric == "lr":
        return []
    return [Text(right, y, f"best {number(best[1])} in epoch {best[0]}", SMALL, "muted", "end")]


# ---------------------------------------------------------------------------------------------------- the table
def _table(curves: Curves, top: float) -> tuple[list[Shape], float]:
    """(the rows as text, with columns as wide as they need; their height)"""
    rows = curves.table()
    if not rows:
        return [], 0
    turned = 16 + sum(_widths(rows)) > WIDTH  # then a column a run, and a row for each thing said of it
    rows = [list(row) for row in zip(*rows)] if turned else rows
    rights = 16 + np.cumsum(_widths(rows))
    shapes: list[Shape] = [Line(((16, top + 20), (min(rights[-1], WIDTH) - 24, top + 20)), "edge", 1)]
    for i, row in enumerate(rows):
        fit = [(k, cell) for k, cell in enumerate(row) if rights[k] <= WIDTH]
        shapes += [_cell(cell, (i, k), turned, rights[k] - 24, top + 14 + 20 * i) for k, cell in fit]
    lines = textwrap.wrap(curves.note(), 118)
    below = top + 24 + 20 * len(rows)
    shapes += [Text(16, below + 16 * j, line, SMALL, "muted") for j, line in enumerate(lines)]
    return shapes, 22 + 20 * len(rows) + 16 * len(lines)


def _widths(rows: list[list[str]]) -> list[float]:
    return [max(text_width(cell, SMALL, bold=True) for cell in column) + 24 for column in zip(*rows)]


def _cell(words: str, place: tuple[int, int], turned: bool, right: float, y: float) -> Text:
    row, column = place[::-1] if turned else place
    x, anchor = (16.0, "start") if not place[1] else (right, "end")
    return Text(x, y, words, SMALL, "ink" if row else "muted", anchor, bold=row > 0 and (not column or "★" in words))
