"""What a page is sent: what stays while a network trains, what moves, and a recording for pages without a kernel."""

from __future__ import annotations

import copy
from dataclasses import asdict
from time import perf_counter
from typing import Any

import numpy as np

from ..planes.plane import grid, pack_plane
from .features import LABELS, expand
from .history import COLUMNS
from .learner import Given, Learner, Place

SHARP, COARSE, ROUGH = 81, 33, 17  # points along a side of the plane; a unit's picture has every second of them
SLOW = 0.2  # seconds that a plane may take before it is drawn from fewer points
RECORDED = 150_000  # bytes of a recording, before base64
FEW = 16  # frames: rather than with fewer, a recording is made with a coarser plane
EPOCHS, LONGEST = 40, 2000  # a recording shows so many epochs, or what was trained, up to so many steps


def still(learner: Learner) -> dict[str, Any]:
    """What stays: the dials, the points, and the shape of the network."""
    points, settings = learner.points, learner.settings
    stages = learner.stages
    return {
        "settings": asdict(settings),
        "sizes": learner.sizes,
        "inputs": [LABELS[name] for name in settings.features],
        "biased": [stage.bias is not None for stage in stages],
        "names": points.names,
        "extent": points.extent,
        "mean": learner.own.mean,
        "std": learner.own.std,
        "X": points.X,
        "y": points.y.astype(np.uint8),
        "held_out": points.held_out,
        "features": _feature_planes(learner),
        "batches": learner.batches,
        "given": learner.face.name if learner.given else "",
        "step_given": bool(learner.given and learner.given.train_step),
    }


def moving(learner: Learner, resolution: int) -> dict[str, Any]:
    """What moves: the plane (R, R, 3) as pack_plane has it, the units' pictures (U, r, r) with 128 for zero, the
    weights (row by row, after each matrix its biases), the curve, and the numbers of this moment."""
    size = resolution**2
    view = learner.view(np.concatenate([grid(learner.points.extent, resolution), learner.points.X]))
    now = learner.row(view.belief[size:])
    rows = [*view.rows[:-1], _outputs(view.belief, learner.sizes[-1])] if view.rows else []
    return {
        "plane": pack_plane(view.belief[:size].reshape(resolution, resolution, -1)),
        "units": _pictures([row[:size] for row in rows], resolution),
        "weights": weights(learner),
        "curve": learner.history.array(now)[:, :3],
        "numbers": dict(zip(COLUMNS, now)),
    }


def _outputs(belief: np.ndarray, width: int) -> np.ndarray:
    """What the output units show: how likely their class is, from -1 to 1. A single one speaks for the second class."""
    return 2 * belief[:, -width:] - 1


def _pictures(rows: list[np.ndarray], resolution: int) -> np.ndarray:
    """Units over the plane (R * R, width) of each row -> (all units, r, r) of bytes; 1 to 255 is -1 to 1 or further."""
    every = [row.T.reshape(-1, resolution, resolution)[:, ::2, ::2] for row in rows]  # (width, r, r)
    if not every:
        return np.zeros((0, 1, 1), np.uint8)
    values = np.nan_to_num(np.concatenate(every), posinf=0, neginf=0)
    most = np.maximum(np.abs(values).max((1, 2), keepdims=True), 1)
    return np.round(128 + 127 * values / most).astype(np.uint8)


def weights(learner: Learner) -> np.ndarray:
    """All weights and biases that are drawn, one after the other."""
    parameters = learner.face.parameters() if learner.stages else {}
    pieces = [piece for s in learner.stages for piece in (s.matrix(parameters).ravel(), s.biases(parameters))]
    return np.concatenate([*pieces, np.zeros(0)]).astype(np.float32)


def _feature_planes(learner: Learner) -> np.ndarray:
    return _pictures([expand(grid(learner.points.extent, COARSE), learner.settings.features)], COARSE)


def resolution_for(learner: Learner) -> int:
    """How fine a plane the network answers in good time: those that compute with single numbers get a coarse one."""
    few, many = (grid(learner.points.extent, side) for side in (5, ROUGH))
    each = (_seconds(learner, many) - _seconds(learner, few)) / (len(many) - len(few))
    return next((r for r in (SHARP, COARSE) if each * r * r < SLOW), ROUGH)


def _seconds(learner: Learner, X: np.ndarray) -> float:
    """How long a view takes, at best."""
    times = []
    for _ in range(3):
        start = perf_counter()
        learner.view(X)
        times.append(perf_counter() - start)
    return min(times)


def recording(learner: Learner) -> dict[str, Any]:
    """The training from its last beginning, as frames of a coarse plane; {} where a train_step of your own trains."""
    if learner.given and learner.given.train_step:
        return {}
    again = Learner(_beginning(learner.place), _copied(learner.given))
    resolution = COARSE if _room(again, COARSE) > FEW else ROUGH
    steps = min(max(learner.steps - learner.began, EPOCHS * learner.batches), LONGEST)
    frames = [moving(again, resolution)]
    for step in _stations(steps, min(60, _room(again, resolution))):
        again.step(learner.began + step - again.steps)
        frames.append(moving(again, resolution))
    last = frames[-1]["curve"]
    together = {name: np.stack([frame[name] for frame in frames]) for name in ("plane", "units", "weights")}
    return {**together, "numbers": [frame["numbers"] for frame in frames], "curve": last}


def _room(learner: Learner, resolution: int) -> int:
    """For how many frames there is room in a recording."""
    frame = moving(learner, resolution)
    return RECORDED // sum(frame[name].nbytes for name in ("plane", "units", "weights"))


def _stations(steps: int, frames: int) -> list[int]:
    """At which steps a frame is recorded: close together at first, when most happens.

    >>> _stations(100, 5)
    [6, 25, 56, 100]
    """
    parts = np.linspace(0, 1, frames)[1:] ** 2
    return sorted({max(1, round(steps * float(part))) for part in parts})


def _beginning(place: Place) -> Place:
    return Place(place.settings, place.own, place.began, place.first, place.began, place.first)


def _copied(given: Given | None) -> Given | None:
    return Given(copy.deepcopy(given.model), None, given.weights) if given else None
