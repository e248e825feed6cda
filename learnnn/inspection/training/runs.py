"""`runs`: reports side by side, what was set up differently and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..face.chart import number
from .curves import VALIDATION, Curves, Run, larger_is_better
from .dashboard import runs_in

WIDE = 28  # characters of a setting in the table


class Runs(Curves):
    """What `runs` returns."""

    title = "runs"

    @property
    def differing(self) -> list[str]:
        """The settings that are not the same in all runs; those that only another optimizer has do not count."""
        names = dict.fromkeys(name for run in self.runs for name in run.settings)
        found = [name for name in names if self._differs(name)]
        return [name for name in found if name != "architecture" or "parameters" not in found]

    def _differs(self, name: str) -> bool:
        has = {run.settings[name] for run in self.runs if name in run.settings}
        with_it = {run.settings.get("optimizer") for run in self.runs if name in run.settings}
        without = {run.settings.get("optimizer") for run in self.runs if name not in run.settings}
        return len(has) > 1 or bool(with_it & without)

    @property
    def data(self) -> dict[str, Any]:
        """As of `dashboard`, with "settings" for each run, and under "differing" the names of those that differ."""
        found = super().data
        for run in self.runs:
            found[run.name]["settings"] = dict(run.settings)
        return {"runs": found, "differing": self.differing}

    @property
    def text(self) -> str:
        rows = self.table()
        wide = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
        lines = [[row[0].ljust(wide[0]), *(cell.rjust(w) for cell, w in zip(row[1:], wide[1:]))] for row in rows]
        return "\n".join([*("  ".join(line).rstrip() for line in lines), self.note()])

    def table(self) -> list[list[str]]:
        settings = [[f"{name} ≠", *(_cut(run.settings.get(name, "–")) for run in self.runs)] for name in self.differing]
        columns = [["run", *(run.name for run in self.runs)], *settings]
        for metric in self.metrics:
            if metric != "lr":
                columns += _results(self.runs, metric)
        seconds = [run.seconds for run in self.runs]
        if np.nanmax([0.0, *seconds]) >= 1:  # of shorter runs it is mostly chance
            columns.append(["time", *(f"{s:.1f} s" if np.isfinite(s) else "–" for s in seconds)])
        return [list(row) for row in zip(*columns)]

    def note(self) -> str:
        if len(self.runs) == 1:
            return "Settings: " + _listed(self.runs[0].settings)
        shared = {n: v for n, v in self.runs[0].settings.items() if all(n in run.settings for run in self.runs)}
        same = {n: v for n, v in shared.items() if n not in self.differing and n != "architecture" and v != "–"}
        told = f" The same in all: {_listed(same)}" if same else ""
        return f"≠ differs between the runs, ★ is the best.{told}"


def _listed(settings: dict[str, str]) -> str:
    return ", ".join(f"{name} {_cut(value)}" for name, value in settings.items()) + "."


def _cut(text: str) -> str:
    return text if len(text) <= WIDE else text[: WIDE - 1] + "…"


def _results(runs: Sequence[Run], metric: str) -> list[list[str]]:
    """Two columns of a metric: its best value with the epoch, and the last; a star at the best of each."""
    checked = any(VALIDATION + metric in run.columns for run in runs)
    name = VALIDATION + metric if checked else metric
    best = [run.best(metric) for run in runs]
    final = [run.final(name) for run in runs]
    starred = _starred([b[1] if b else np.nan for b in best], metric), _starred(final, metric)
    told = [f"{number(b[1])} (epoch {b[0]}){s}" if b else "–" for b, s in zip(best, starred[0])]
    ended = [f"{number(value)}{s}" if np.isfinite(value) else "–" for value, s in zip(final, starred[1])]
    return [[f"best {name}", *told], [f"last {name}", *ended]]


def _starred(values: Sequence[float], metric: str) -> list[str]:
    known = [value for value in values if np.isfinite(value)]
    top = (max if larger_is_better(metric) else min)(known, default=np.nan)
    return [" ★" if len(values) > 1 and value == top else "" for value in values]


def runs(*reports: Any, smoothing: float = 0.0, log: bool = False, title: str | None = None) -> Runs:
    """Compare runs: their curves over each other, and a table of settings that differ and of the best and last numbers.

    `reports` are Reports, Trainers, histories, paths of .json files or of folders of them, or a dict name -> any of
    these (only reports know settings). Settings that are the same in all runs are said once below the table; a star
    marks the best of a column. `training.compare` writes the same data as a page of its own. No kernel is needed.

    Raises ValueError where there is no run, or where two have the same name; FileNotFoundError for a path where
    nothing is.

    >>> runs({"slow": {"loss": [1.0, 0.9]}, "fast": {"loss": [0.7, 0.5]}})
    run   best loss          last loss
    slow  0.9 (epoch 2)            0.9
    fast  0.5 (epoch 2) ★        0.5 ★
    ≠ differs between the runs, ★ is the best.
    """
    found = [run for i, source in enumerate(reports) for run in runs_in(source, f"run {i + 1}")]
    if not any(run.epochs for run in found):
        raise ValueError("there is no run to show: pass reports, as trainer.report(name) gives, or their paths")
    names = [run.name for run in found]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(
            f"two runs are called {twice!r}: name each report, trainer.report(name), or pass a dict name -> report"
        )
    return Runs(found, title, smoothing, log)
