"""Curves over epochs: what `dashboard`, `runs` and `LiveMetrics` share."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..face.chart import number
from ..face.live import Live
from ..face.scene import Scene

MORE_IS_BETTER = re.compile(r"acc|f1|auc|r2|precision|recall|top")
VALIDATION = "val_"
NONE = np.zeros(0)


@dataclass
class Run:
    """What was measured in one run, a number an epoch for each name; and how it was set up."""

    name: str
    columns: dict[str, np.ndarray]
    settings: dict[str, str] = field(default_factory=dict)
    seconds: float = float("nan")

    @property
    def epochs(self) -> int:
        """How many epochs it has."""
        return max(map(len, self.columns.values()), default=0)

    def best(self, metric: str) -> tuple[int, float] | None:
        """(epoch, value) of the best value, in validation where there is one; None where nothing is finite.

        Larger is better for accuracies and their like, smaller for the rest.

        >>> Run("a", {"loss": np.array([1.0, 0.2, 0.3])}).best("loss")
        (2, 0.2)
        """
        column = self.columns.get(VALIDATION + metric, self.columns.get(metric, NONE))
        if not np.isfinite(column).any():
            return None
        sign = -1 if larger_is_better(metric) else 1
        place = int(np.nanargmin(np.where(np.isfinite(column), sign * column, np.nan)))
        return self.epoch_of(column, place), float(column[place])

    def epoch_of(self, column: np.ndarray, place: int) -> int:
        """The epoch of an entry; a column that began later ends with the others."""
        return self.epochs - len(column) + place + 1

    def final(self, name: str) -> float:
        """The last value, nan if there is none."""
        column = self.columns.get(name, NONE)
        return float(column[-1]) if len(column) else float("nan")


def larger_is_better(metric: str) -> bool:
    """
    >>> larger_is_better("accuracy"), larger_is_better("loss")
    (True, False)
    """
    return bool(MORE_IS_BETTER.search(metric))


def as_columns(history: Mapping[str, Sequence[float | None]]) -> dict[str, np.ndarray]:
    """A history's lists as arrays; None, as reports write what is not finite, is nan."""
    lists = {name: [np.nan if v is None else v for v in column] for name, column in history.items()}
    return {name: np.array(column, dtype=float) for name, column in lists.items()}


def smoothed(values: Any, weight: float) -> np.ndarray:
    """The exponential moving average, corrected for its start as in Adam (Kingma and Ba 2015); nan stays nan.

    >>> smoothed([1.0, 1.0, 4.0], 0.5).round(3)
    array([1.   , 1.   , 2.714])
    """
    mean, total, out = 0.0, 0.0, []
    for value in np.asarray(values, dtype=float):
        if np.isfinite(value):
            mean, total = weight * mean + (1 - weight) * value, weight * total + (1 - weight)
        out.append(mean / total if np.isfinite(value) else np.nan)
    return np.array(out)


class Curves(Live):
    """Curves of runs: a panel for each thing measured, validation dashed in the colour of its training."""

    script = Path(__file__).with_name("curves.js")

    def __init__(self, runs: Sequence[Run], title: str | None, smoothing: float = 0.0, log: bool = False):
        if not 0 <= smoothing < 1:
            raise ValueError(f"smoothing is from 0 (as measured) to below 1, not {smoothing!r}")
        self.runs, self.smoothing, self.log = list(runs), smoothing, log
        self.heading = title or " · ".join(run.name for run in self.runs[:4]) + " · …" * (len(self.runs) > 4)

    @property
    def metrics(self) -> list[str]:
        """What was measured, without the validation twins."""
        names = dict.fromkeys(name for run in self.runs for name in run.columns)
        return [n for n in names if not (n.startswith(VALIDATION) and n.removeprefix(VALIDATION) in names)]

    @property
    def data(self) -> dict[str, Any]:
        """For each run its columns, and (epoch, value) of the best of each."""
        return {
            run.name: {
                "history": {name: column.tolist() for name, column in run.columns.items()},
                "best": {metric: found for metric in self.metrics if (found := run.best(metric))},
            }
            for run in self.runs
        }

    @property
    def text(self) -> str:
        if not any(run.epochs for run in self.runs):
            return f"{self.title} of {self.heading}: no epochs yet"
        return "\n".join([f"{self.title}:", *(f"  {self._sentence(run)}" for run in self.runs)])

    def _sentence(self, run: Run) -> str:
        said = []
        for metric in self.metrics:
            last = [number(run.final(n), 4) for n in (metric, VALIDATION + metric) if n in run.columns]
            if last and (best := run.best(metric)) and metric != "lr":
                said.append(f"{metric} {' / '.join(last)} (best {number(best[1])} in epoch {best[0]})")
        return f"{run.name}, {run.epochs} epochs: " + ", ".join(said)

    def scene(self) -> Scene:
        """The still form."""
        from .curves_scene import scene

        return scene(self)

    def table(self) -> list[list[str]]:
        """Rows of a table below the curves, the first its head; empty for none. A cell with "★" is the best."""
        return []

    def note(self) -> str:
        """A line below the table."""
        return ""

    def state(self) -> dict[str, Any]:
        return {"title": self.heading, "smoothing": self.smoothing, "log": self.log, **self.frame()}

    def frame(self) -> dict[str, Any]:
        runs = [self._sent(run) for run in self.runs]
        return {"runs": runs, "metrics": self.metrics, "table": self.table(), "note": self.note()}

    def _sent(self, run: Run) -> dict[str, Any]:
        best = {metric: run.best(metric) for metric in self.metrics}
        return {"name": run.name, "epochs": run.epochs, "columns": run.columns, "best": best}
