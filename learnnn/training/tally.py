"""What adds up during an epoch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..autograd import wrap


class Tally:
    """The loss and the metrics of an epoch, batch by batch.

    Means are weighted by how many examples each stands for; metrics marked `whole` get all answers at the end.

    >>> from learnnn.training import metrics
    >>> tally = Tally({"accuracy": metrics.accuracy})
    >>> tally.add(0.5, np.array([[0.0, 1.0]]), np.array([1]), 1)
    {'loss': 0.5, 'accuracy': 1.0}
    >>> tally.add(1.5, np.array([[0.0, 1.0], [0.0, 1.0]]), np.array([0, 1]), 2)
    {'loss': 1.5, 'accuracy': 0.5}
    >>> {name: round(mean, 2) for name, mean in tally.results().items()}
    {'loss': 1.17, 'accuracy': 0.67}
    """

    def __init__(self, metrics: Mapping[str, Callable]):
        self.metrics = metrics
        self.whole = [name for name, metric in metrics.items() if getattr(metric, "whole", False)]
        self.sums: dict[str, float] = {}
        self.count = 0
        self.outputs: list[np.ndarray] = []
        self.targets: list[np.ndarray] = []

    def add(self, loss: float, output: Any, target: Any, size: int) -> dict[str, float]:
        """Measure a batch of `size` examples -> its loss, and the metrics that are means."""
        logs = {"loss": loss} | {n: float(m(output, target)) for n, m in self.metrics.items() if n not in self.whole}
        self.count += size
        for name, value in logs.items():
            self.sums[name] = self.sums.get(name, 0.0) + value * size
        if self.whole:
            self.outputs.append(np.array(output))
            self.targets.append(np.array(target))
        return logs

    def results(self) -> dict[str, float]:
        """The numbers of the epoch so far."""
        if not self.count:
            return {}
        found = {name: total / self.count for name, total in self.sums.items()}
        if self.whole:
            outputs, targets = (wrap(np.concatenate(parts)) for parts in (self.outputs, self.targets))
            found |= {name: float(self.metrics[name](outputs, targets)) for name in self.whole}
        return {name: found[name] for name in ("loss", *self.metrics)}

    def state_dict(self) -> dict[str, Any]:
        """Where it stands, for a checkpoint."""
        gathered = {"outputs": self.outputs, "targets": self.targets} if self.outputs else {}
        return {
            "sums": dict(self.sums),
            "count": self.count,
            "gathered": {name: wrap(np.concatenate(parts)) for name, parts in gathered.items()},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from where another stood."""
        self.sums, self.count = dict(state["sums"]), state["count"]
        self.outputs, self.targets = (
            [np.asarray(state["gathered"][name])] if state["gathered"] else [] for name in ("outputs", "targets")
        )
