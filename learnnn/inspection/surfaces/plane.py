"""A plane through the parameters of a model, and the loss on it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..models.model import Model
from .directions import coordinates, flat, unflat


class Plane:
    """A plane (or a line) through the place where a model's parameters are, and the loss on it."""

    def __init__(self, model: Model, loss: Callable[[], float], directions: np.ndarray):
        self.model, self.loss, self.directions = model, loss, directions
        self.like = model.parameters()
        self.centre = flat(self.like)

    def losses(self, *steps: np.ndarray) -> np.ndarray:
        """The loss at every combination of steps along the directions, the first direction last: (R,) or (R, R)."""
        places = np.stack(np.meshgrid(*steps), -1)  # (..., D)
        rows = places.reshape(-1, len(steps)) @ self.directions
        return self.losses_at(self.centre + rows).reshape(places.shape[:-1])

    def losses_at(self, rows: np.ndarray) -> np.ndarray:
        """The loss with each row (T, P) of parameters, (T,); the model is afterwards as it was."""
        with self.model.kept(), np.errstate(all="ignore"):
            return np.array([self._loss_with(row) for row in rows])

    def _loss_with(self, row: np.ndarray) -> float:
        self.model.load(unflat(row, self.like))
        return self.loss()

    def loss_now(self) -> float:
        """The loss of the model as it is."""
        with self.model.kept(), np.errstate(all="ignore"):
            return self.loss()

    def place(self) -> list[float]:
        """Where the model is now on the plane: the point of it that is nearest."""
        moved = flat(self.model.parameters()) - self.centre
        return coordinates(moved[None], self.directions)[0].tolist()
