"""The loss along one direction: from a model towards another, or wherever a random direction leads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..face.chart import Chart, limits, number
from ..face.live import Live
from ..face.scene import Scene


class LossLine(Live):
    """The loss of a model while its parameters move along one direction (Goodfellow et al. 2015, "Qualitatively
    characterizing neural network optimization problems"). 0 is where the model was, `update()` marks where it is."""

    title = "loss along a direction"
    script = Path(__file__).with_name("line.js")

    def __init__(self, plane: Any, steps: np.ndarray, losses: np.ndarray, title: str | None):
        self.plane, self.steps, self.losses, self.heading = plane, steps, losses, title
        self.update()

    def update(self) -> None:
        """Look where the model is now."""
        self.spot = [*self.plane.place(), self.plane.loss_now()]
        super().update()

    @property
    def data(self) -> dict[str, Any]:
        """How far along the direction, and the loss there."""
        return {"steps": self.steps.tolist(), "losses": self.losses.tolist(), "model": list(self.spot)}

    @property
    def text(self) -> str:
        low = int(np.nanargmin(self.losses))
        places = [f"{number(self.losses[k])} at {number(self.steps[k], 3)}" for k in (low, 0, -1)]
        here = f"{number(self.spot[1])} at the model ({number(self.spot[0], 3)})"
        return f"loss of {self.plane.model.name} along a direction: {here}, lowest {', '.join(places)}"

    def state(self) -> dict[str, Any]:
        return {"steps": self.steps, "losses": self.losses, "title": self.heading or self.title} | self.frame()

    def frame(self) -> dict[str, Any]:
        return {"spot": list(self.spot)}

    def scene(self) -> Scene:
        """The curve, with the model on it."""
        scene = Scene(560, 300, self.title, self.text)
        ends = (float(self.steps[0]), float(self.steps[-1]))
        ylim = limits([*self.losses, self.spot[1]])
        chart = Chart(64, 40, 470, 206, ends, ylim, "along the direction", "loss", self.heading or self.title)
        chart.line(self.steps, self.losses)
        chart.dots([self.spot[0]], [self.spot[1]], "yours-edge", 6, 3)
        chart.text(self.spot[0], self.spot[1], "  the model", fill="ink")
        scene.shapes += chart.shapes()
        return scene
