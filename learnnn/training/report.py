"""The report of a run: JSON to keep, and a page to look at, alone or beside other runs."""

from __future__ import annotations

import json
import math
import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from ..nn import Module
from .history import History
from .summary import summary

FORMAT = "learnnn report 1"
TEMPLATE = Path(__file__).parent / "report.html"


class Report:
    """What was trained, how, and what came of it. `data` is all of it in plain python.

    >>> import learnnn as torch
    >>> from learnnn import nn, optim
    >>> from learnnn.training import Trainer
    >>> model, X = nn.Linear(1, 1), torch.ones(8, 1)
    >>> trainer = Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.1))
    >>> history = trainer.fit(X, X, epochs=3)
    >>> report = trainer.report("a line")
    >>> report.name, report.history == history, report.data["optimizer"]["lr"]
    ('a line', True, 0.1)
    """

    def __init__(self, data: Mapping[str, Any]):
        if not isinstance(data, Mapping) or data.get("format") != FORMAT:
            raise ValueError("this is no report of a run: it was not written by report.save")
        self.data = dict(data)

    @classmethod
    def of(cls, trainer: Any, name: str | None = None) -> Report:
        """The report of the last `fit` of a trainer."""
        return cls(
            {
                "format": FORMAT,
                "name": name or _name(trainer.model),
                "written": datetime.now(UTC).isoformat(timespec="seconds"),
                "model": _model(trainer.model),
                "loss": _name(trainer.loss),
                "optimizer": _optimizer(trainer.optimizer),
                "scheduler": None if trainer.scheduler is None else _name(trainer.scheduler),
                "epochs": trainer.finished,
                "steps": trainer.steps,
                "batches": trainer.batches,
                "clip_norm": trainer.clip_norm,
                "clip_value": trainer.clip_value,
                "history": {name: list(map(_finite, column)) for name, column in trainer.history.items()},
                "seconds": list(trainer.seconds),
                "versions": {"python": platform.python_version(), "numpy": np.__version__},
            }
        )

    @property
    def name(self) -> str:
        return self.data["name"]

    @property
    def history(self) -> History:
        """What was measured; None stands for a number that was not finite."""
        return History(self.data["history"])

    def save(self, path: str | Path) -> Path:
        """Write the report to a file, by its name: .json to load it again, .html to look at it."""
        path = Path(path)
        if path.suffix not in (".json", ".html"):
            raise ValueError(f"cannot save a report as {path.name!r}: the name must end in .json or .html")
        text = json.dumps(self.data, indent=1, allow_nan=False) if path.suffix == ".json" else page([self])
        return _write(path, text)

    @classmethod
    def load(cls, path: str | Path) -> Report:
        """A report from a .json file. ValueError if it is none."""
        try:
            return cls(json.loads(Path(path).read_text("utf-8")))
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None

    def __repr__(self) -> str:
        return f"Report of {self.name!r}: {self.data['epochs']} epochs in {sum(self.data['seconds']):.1f} s"

    def _repr_html_(self) -> str:
        return _framed([self])


class Comparison:
    """Several runs on one page: a notebook shows it, `save` writes it."""

    def __init__(self, reports: list[Report]):
        self.reports = reports

    def save(self, path: str | Path) -> Path:
        """Write the page to a .html file that needs nothing else."""
        if Path(path).suffix != ".html":
            raise ValueError(f"a comparison is a page: its name ends in .html, unlike {Path(path).name!r}")
        return _write(Path(path), page(self.reports))

    def __repr__(self) -> str:
        return "Comparison of " + ", ".join(repr(report.name) for report in self.reports)

    def _repr_html_(self) -> str:
        return _framed(self.reports)


def compare(*runs: Any) -> Comparison:
    """Several runs beside each other: reports, or paths of .json files.

    `compare("a.json", "b.json").save("runs.html")` writes a page that opens in any browser, offline.
    """
    if not runs:
        raise ValueError("compare takes at least one report, or the path of one")
    return Comparison([run if isinstance(run, Report) else Report.load(run) for run in runs])


def page(reports: list[Report]) -> str:
    """A page with the curves of all runs; everything it needs is in it."""
    data = json.dumps([report.data for report in reports], allow_nan=False).replace("<", "\\u003c")
    title = " · ".join(report.name for report in reports)
    text = TEMPLATE.read_text("utf-8").replace("{{title}}", escape(title)).replace("{{table}}", _table(reports))
    return text.replace("{{data}}", data)


def _table(reports: list[Report]) -> str:
    """The last numbers of each run, for readers without scripts."""
    names = list(dict.fromkeys(name for report in reports for name in report.history))
    head = "".join(f"<th>{escape(name)}</th>" for name in ("run", *names))
    lines = [[report.name, *(_last(report.history.get(name)) for name in names)] for report in reports]
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in line) + "</tr>" for line in lines)
    return f"<table><tr>{head}</tr>{body}</table>"


def _last(column: list[Any] | None) -> str:
    return "" if not column or column[-1] is None else f"{column[-1]:.4g}"


def _framed(reports: list[Report]) -> str:
    """The page inside a notebook, and the last numbers for where frames are not shown, as on code-hosting pages."""
    height = 330 + 270 * -(-len({n.removeprefix("val_") for r in reports for n in r.history}) // 2)
    return (
        f'<iframe srcdoc="{escape(page(reports))}" title="Report" width="100%" height="{height}" '
        'style="border:0;border-radius:8px" sandbox="allow-scripts"></iframe>'
        f"<details><summary>last epoch</summary>{_table(reports)}</details>"
    )


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        beside.write_text(text, "utf-8")
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
    return path


# ---------------------------------------------------------------------------------------------------- contents
def _name(thing: Any) -> str:
    return getattr(thing, "__name__", None) or type(thing).__name__


def _model(model: Any) -> dict[str, Any]:
    if not isinstance(model, Module):
        return {"name": _name(model), "layers": []}
    found = summary(model).data
    return {**found, "name": found.pop("model"), "text": repr(model)}


def _optimizer(optimizer: Any) -> dict[str, Any]:
    """Its name, and the settings of its first group that are on; lr is the rate that a scheduler began with."""
    group: dict[str, Any] = next(iter(getattr(optimizer, "param_groups", [])), {})
    group = {**group, "lr": group.get("initial_lr", group.get("lr"))}
    kept = {k: v for k, v in group.items() if isinstance(v, bool | int | float | str) and v and k != "initial_lr"}
    betas = {"betas": list(group["betas"])} if "betas" in group else {}
    return {"name": type(optimizer).__name__, **kept, **betas}


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
