"""`dashboard`: the curves of a run, or of several, to be read closely."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ...training import Report
from .curves import Curves, Run, as_columns


class Dashboard(Curves):
    """What `dashboard` returns."""

    title = "dashboard"


def dashboard(histories: Any, *, smoothing: float = 0.0, log: bool = False, title: str | None = None) -> Dashboard:
    """The curves of training: hover to read values, smooth them, look at them on a logarithmic axis.

    `histories` is a History (what `Trainer.fit` returns, or any dict of lists of numbers), a Trainer, a Report, the
    path of a report's .json file or of a folder of them, or several of these: in a dict name -> history, or a list. A
    panel for each thing measured; validation is dashed, in the colour of its training; a diamond marks the best epoch.
    `smoothing` is the weight of the past in a moving average, from 0 to below 1. No kernel is needed.

    Raises ValueError where there is nothing to show, FileNotFoundError for a path where nothing is.

    >>> dashboard({"loss": [1.0, 0.5, 0.4], "val_loss": [1.1, 0.7, 0.8]})
    dashboard:
      training, 3 epochs: loss 0.4 / 0.8 (best 0.7 in epoch 2)
    """
    found = list(runs_in(histories, "training"))
    if not any(run.epochs for run in found):
        raise ValueError("there is no epoch to show: train first, and pass the history that fit returns")
    return Dashboard(found, title, smoothing, log)


def runs_in(source: Any, name: str) -> Iterator[Run]:
    """The runs in whatever holds some; `name` is for what has none of its own."""
    if isinstance(source, Report):
        yield of_report(source)
    elif isinstance(source, str | Path):
        yield from map(of_report, reports_at(Path(source)))
    elif isinstance(source, Mapping) and all(map(_is_column, source.values())):
        yield Run(name, as_columns(source))
    elif isinstance(source, Mapping):
        for key, inner in source.items():
            for run in runs_in(inner, str(key)):
                run.name = str(key)
                yield run
    elif isinstance(source, list | tuple):
        for i, inner in enumerate(source):
            yield from runs_in(inner, f"run {i + 1}")
    elif hasattr(source, "history") and isinstance(source.history, Mapping):
        yield from runs_in(source.history, name)
    else:
        raise TypeError(
            f"a {type(source).__name__} holds no curves: pass a History, a Trainer, a Report, the path of one, or "
            "several in a dict name -> history"
        )


def _is_column(value: Any) -> bool:
    if isinstance(value, str | bytes | Mapping) or not hasattr(value, "__len__"):
        return False
    return all(entry is None or isinstance(entry, int | float) or hasattr(entry, "item") for entry in value)


def reports_at(path: Path) -> list[Report]:
    """The report in a .json file, or those in a folder by name. ValueError for a folder without any."""
    if not path.is_dir():
        return [Report.load(path)]
    found = [Report.load(file) for file in sorted(path.glob("*.json"))]
    if not found:
        raise ValueError(f"there is no report in {path}: write some with trainer.report(name).save('name.json')")
    return found


def of_report(report: Report) -> Run:
    """A report as a run."""
    return Run(report.name, as_columns(report.history), _settings(report.data), sum(report.data["seconds"]))


def _settings(data: Mapping[str, Any]) -> dict[str, str]:
    model, optimizer = data["model"], data["optimizer"]
    text = " ".join(str(model.get("text", model["name"])).split())
    named = {
        "model": model["name"], "parameters": model.get("parameters"), "architecture": text, "loss": data["loss"],
        "optimizer": optimizer["name"], **{k: v for k, v in optimizer.items() if k != "name"},
        "scheduler": data["scheduler"], "clip_norm": data["clip_norm"], "clip_value": data["clip_value"],
        "epochs": data["epochs"], "batches": data["batches"],
    }  # fmt: skip
    return {name: _said(value) for name, value in named.items()}


def _said(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(_said, value))
    return "–" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
