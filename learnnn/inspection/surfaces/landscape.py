"""`landscape`: the loss over a plane through a model's parameters, or any function of two numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..face.chart import number
from ..models.model import Model
from .directions import coordinates, flat, given_directions, given_path, principal_directions, random_directions
from .grid import checked, grid
from .hills import hills
from .line import LossLine
from .losses import loss_on
from .plane import Plane
from .surface import Surface
from .terrain import Terrain

RANDOM, PRINCIPAL, GIVEN = "two random directions", "the two main directions of the path", "two given directions"


class Landscape(Surface):
    """The loss of a model over a plane of its parameters. `update()` marks where the model is now."""

    title = "loss landscape"
    names = ("1st direction", "2nd direction")
    height = "loss"
    marked = "the model"

    def __init__(self, plane: Plane, terrain: Terrain, kind: str, title: str | None):
        super().__init__(terrain, title or f"loss over {kind}")
        self.plane, self.kind = plane, kind
        self.held: float | None = None  # the part of the path's movement that lies in the plane
        self.update()

    def update(self) -> None:
        """Look where the model is now. The plane stays: one that moved with the model could not show how it moves."""
        x, y = self.plane.place()
        self._spot = (x, y, self.plane.loss_now())
        super().update()

    @property
    def spot(self) -> tuple[float, float, float]:
        """Where the model is on the plane, and its loss."""
        return self._spot

    @property
    def data(self) -> dict[str, Any]:
        return super().data | {"model": self.spot, "directions": self.kind, "held": self.held}

    @property
    def text(self) -> str:
        x, y, loss = self.spot
        told = f"loss landscape of {self.plane.model.name} over {self.kind}: {number(loss)} at the model "
        told += f"({number(x, 3)}, {number(y, 3)}), "
        told += self.range_words
        if len(self.path):
            first, last = self.path_losses[[0, -1]]
            told += f"; the path of {len(self.path)} steps leads from loss {number(first)} to {number(last)}"
            told += f", {self.held:.0%} of its movement lies in this plane" if self.held is not None else ""
        return told

    def follow(self, path: np.ndarray, held: float | None) -> None:
        """Draw where the rows (T, P) of a path are nearest to on the plane."""
        self.path = coordinates(path - self.plane.centre, self.plane.directions)
        self.path_losses, self.held = self.plane.losses_at(path), held


# ------------------------------------------------------------------------------------------------------- the hook
def landscape(
    model: Any,
    data: Any = None,
    *,
    loss: Callable[[Any, Any], Any] | None = None,
    directions: Any = None,
    extent: float | Sequence[float] = 1.0,
    resolution: int | None = None,
    path: Any = None,
    seed: int = 0,
    title: str | None = None,
) -> Any:
    """Draw the loss of `model` on data = (X, y) while its parameters move along two directions from where they are.

    `loss(answer, y)` gets the model's own kind of tensor; without one it is cross-entropy where y holds integers, and
    mean squared error else. `directions`: None or 2 are random, as long in each filter as the model's weights; one or
    two dictionaries name -> array are your own (the difference to another model's parameters, say); one, or 1, draws a
    curve. `path`, the parameters at each step of a training (a Recorder, or dictionaries name -> array), is drawn on
    the plane, which is then the one in which it moved most. `extent` is how far to go: one number, (x0, x1) or
    (x0, x1, y0, y1), with a path the room around it. The loss is asked for at `resolution` points each way. The model
    is left as it was.

    With a function of two numbers instead of a model, and no data, a ball can be dropped on its hills.

    Raises TypeError for a model without data, ValueError for directions or a path of other shapes than the parameters.

    Source: Li et al. 2018, "Visualizing the Loss Landscape of Neural Nets".

    >>> landscape(lambda x, y: x * x + 3 * y * y, resolution=5)
    f(x, y): lowest 0 at (0, 0), highest 4
    """
    if data is None:
        return hills(model, extent, resolution or 61, title)
    asked = Model(model)
    parameters = asked.parameters()
    _check_parameters(asked, parameters)
    steps = None if path is None else given_path(path, parameters)
    rows, held, kind = _directions(directions, steps, parameters, seed)
    plane = Plane(asked, loss_on(asked, data, loss), rows)
    places = None if steps is None else coordinates(steps - plane.centre, rows)
    lines = grid(extent, len(rows), resolution or (61 if len(rows) == 1 else 31), places)
    values = checked(plane.losses(*lines))
    if len(rows) == 1:
        return LossLine(plane, lines[0], values, title)
    picture = Landscape(plane, Terrain(lines[0], lines[1], values), kind, title)
    if steps is not None:
        picture.follow(steps, held)
    return picture


def _directions(directions: Any, path: np.ndarray | None, parameters: Any, seed: int) -> tuple[Any, float | None, str]:
    """(directions (D, P), the part of a path that they hold, what kind they are)."""
    if directions is None and path is not None:
        return *principal_directions(path, flat(parameters)), PRINCIPAL
    if directions is None or isinstance(directions, int):
        return random_directions(parameters, _count(directions, parameters), seed), None, RANDOM
    return given_directions(directions, parameters), None, GIVEN


def _count(directions: int | None, parameters: Any) -> int:
    count = 2 if directions is None else directions
    if count not in (1, 2):
        raise ValueError(f"directions={count}: one makes a curve, two make a surface")
    if count > (size := flat(parameters).size):
        raise ValueError(f"the model has {size} parameter: pass directions=1, which draws a curve")
    return count


def _check_parameters(model: Model, parameters: Any) -> None:
    if not parameters:
        raise ValueError(f"{model.name} has no parameters to move: pass a module, or an object that holds its own")
    row = flat(parameters)
    if not np.isfinite(row).all():
        raise ValueError(f"{model.name} has nan or infinity among its parameters: it has diverged, start again")
    if not row.any():
        raise ValueError(f"all parameters of {model.name} are zero: a direction as long as they are leads nowhere")
