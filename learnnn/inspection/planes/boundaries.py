"""`decision_boundary`: the plane as a classifier sees it, a picture, live while it learns, with points to edit."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...training import Callback
from ..face.live import Live
from ..face.scene import Scene
from .belief import FINEST, affordable_resolution, believer, has_margin
from .editing import Points
from .labelled import Labels, checked
from .plane import Extent, confidence, grid, lead, pack_plane, winner
from .still import scene as drawn

FRAME = 1 / 60  # seconds between two updates while training: faster than that no screen shows them
MOST_SENT = 400  # grid points each way: a frame is three bytes for each
Edited = Callable[[np.ndarray, np.ndarray], Any]
Words = tuple[tuple[str, str], str]  # the features, and the heading


class Boundary(Live):
    """A drawn classifier, in which points can be edited. `decision_boundary` makes one.

    `X` (N, 2) and `y` (N,) are the points and labels as they are now, `belief` (R, R, classes) the probabilities over
    the plane, rows upwards. By their index `labels` (R, R) are the classes that win there, and `predicted` (N,) those
    that the model gives the points; -1 where its answer is nan.
    """

    title = "decision boundary"
    script = Path(__file__).with_name("boundary.js")
    kernel = True

    def __init__(
        self, model: Any, X: np.ndarray, labels: Labels, resolution: int | None, retrain: Edited | None, words: Words
    ):
        self.points = Points(X, labels.indices, len(labels.classes))
        self.extent, self.classes, self.class_names = _around(X), labels.classes, list(labels.names)
        self.features, self.heading = words
        self.retrain, self.edits, self.status = retrain, 0, ""  # edits as the page counts them
        self._label_type, self._listeners = labels.dtype, list[Edited]()
        self._believe = believer(model, labels.classes)
        self.resolution = resolution or affordable_resolution(self._believe, self.extent)
        slow = resolution is None and self.resolution < FINEST
        self.note = f"the model is slow: it is asked at {self.resolution} × {self.resolution} points" if slow else ""
        self.ask()
        self._name_what_else_it_knows()
        self.margin, self.margin_words = _margin(has_margin(model), self.belief.shape[-1])

    def _name_what_else_it_knows(self) -> None:
        """A model may tell apart more classes than y has; where labels are its columns, points can get them."""
        known, columns = len(self.classes), self.belief.shape[-1]
        if self.classes.dtype.kind in "iu" and (self.classes == np.arange(known)).all():
            self.classes = np.arange(columns)
            self.points.classes = columns
        self.class_names += [str(k) if len(self.classes) > known else f"output {k}" for k in range(known, columns)]

    # ------------------------------------------------------------------------------------------------ asking
    def update(self, status: str | None = None) -> None:
        """Ask the model again, and redraw whatever is live. `status` is a line to show below the picture."""
        self.status = self.status if status is None else status
        self.ask()
        super().update()

    def ask(self) -> None:
        """Ask the model again, and show nothing yet."""
        plane = grid(self.extent, self.resolution)  # (R * R, 2)
        belief = self._believe(np.concatenate([plane, self.X]))
        self.belief = belief[: len(plane)].reshape(self.resolution, self.resolution, -1)  # (R, R, classes)
        self.labels = winner(self.belief)  # (R, R)
        self.predicted = winner(belief[len(plane) :])  # (N,)

    def frame(self) -> dict[str, Any]:
        """What changes with the model: three bytes a grid point, one a point, and words; edited points too."""
        fresh = {
            "grid": pack_plane(self.belief), "wrong": (self.predicted != self.k).astype(np.uint8),
            "status": self.status, "label": self.text, "edits": self.edits,
        }  # fmt: skip
        return fresh | (self._edited() if self.edits else {})

    def _edited(self) -> dict[str, Any]:
        points = self.points
        return {
            "points": points.X.astype(np.float32), "k": points.k.astype(np.uint8),
            "undo": points.can_undo, "redo": points.can_redo,
        }  # fmt: skip

    def state(self) -> dict[str, Any]:
        return self.frame() | self._edited() | {
            "extent": self.extent, "width": self.belief.shape[-1], "names": self.class_names, "heading": self.heading,
            "editable": len(self.classes), "features": self.features, "note": self.note, "graded": self.graded,
            "margin": self.margin, "margin_words": self.margin_words, "retrain": self.retrain is not None,
        }  # fmt: skip

    # ------------------------------------------------------------------------------------------------ editing
    @property
    def X(self) -> np.ndarray:
        """The points (N, 2)."""
        return self.points.X

    @property
    def k(self) -> np.ndarray:
        """The index of each point's class (N,)."""
        return self.points.k

    @property
    def y(self) -> np.ndarray:
        """The labels (N,), of the kind that was given."""
        return self.classes[self.k].astype(self._label_type)

    def edit(self, kind: str, **how: Any) -> None:
        """Edit the points as the page does; see `Points.edit` for the kinds, and "undo" and "redo".

        >>> boundary = decision_boundary(lambda points: points[:, 0] - 0.5, [[0.0, 0.0], [1.0, 1.0]], [0, 1])
        >>> boundary.edit("add", x=2.0, y=0.0, label=0)
        >>> boundary.y
        array([0, 1, 0])
        >>> boundary.edit("undo")
        >>> boundary.X.shape
        (2, 2)
        """
        if kind in ("undo", "redo"):
            getattr(self.points, kind)()
        else:
            self.points.edit(kind, **how)
        self.update()
        for listener in self._listeners:
            listener(self.X, self.y)

    def on_change(self, listener: Edited) -> Edited:
        """Call `listener(X, y)` after every edit. Returns it, so that this can decorate a function."""
        self._listeners.append(listener)
        return listener

    def event(self, event: dict[str, Any]) -> None:
        """An edit on the page; or "retrain", a moment after the last of several."""
        kind, how = event["type"], {key: value for key, value in event.items() if key not in ("type", "edit")}
        if kind == "retrain":
            self._train()
            return
        self.edits = event.get("edit", self.edits + 1)
        self.edit(kind, **how)

    def _train(self) -> None:
        if self.retrain is not None:
            self.retrain(self.X, self.y)
            self.update()

    # ------------------------------------------------------------------------------------------------ what it says
    @property
    def wrong(self) -> np.ndarray:
        """The indices of the points on the wrong side."""
        return np.flatnonzero(self.predicted != self.k)

    @property
    def accuracy(self) -> float:
        """The part of the points that is on the right side."""
        return float((self.predicted == self.k).mean())

    @property
    def confidence(self) -> np.ndarray:
        """How far the winner's probability is above mere chance, 0 to 1, (R, R)."""
        return confidence(self.belief)

    @property
    def graded(self) -> bool:
        """Is the model more or less sure, so that there is a margin to draw? One that answers with labels is not."""
        return bool(((lead(self.belief) < 1) & (self.labels >= 0)).any())

    @property
    def lost(self) -> float:
        """The part of the plane where the answer is nan, or no class that is known."""
        return float((self.labels < 0).mean())

    @property
    def verdict(self) -> str:
        """How many points are on the right side."""
        return f"{len(self.k) - len(self.wrong)} of {len(self.k)} points on the right side"

    @property
    def data(self) -> dict[str, Any]:
        """Everything in plain python."""
        return {
            "classes": list(self.class_names), "extent": list(self.extent), "resolution": self.resolution,
            "accuracy": self.accuracy, "wrong": self.wrong.tolist(), "labels": self.labels.tolist(),
            "confidence": self.confidence.tolist(), "X": self.X.tolist(), "y": self.y.tolist(),
        }  # fmt: skip

    @property
    def text(self) -> str:
        told = f"decision boundary: {self.verdict}, {len(self.class_names)} classes ({', '.join(self.class_names)}); "
        counts = np.bincount(self.labels.ravel() + 1, minlength=len(self.class_names) + 1)[1:] / self.resolution**2
        shares = zip(counts, self.class_names)
        told += "of the plane " + ", ".join(f"{share:.0%} is {name}" for share, name in shares if share)
        return told + (f"; on {self.lost:.0%} the answer is nan or no known class" if self.lost else "")

    # ------------------------------------------------------------------------------------------------ the picture
    def scene(self) -> Scene:
        return drawn(self)

    def callback(self, every: int = 1) -> BoundaryCallback:
        """For `Trainer.fit(callbacks=[...])`: updates after each `every`-th epoch, and after the last."""
        return BoundaryCallback(self, every)


class BoundaryCallback(Callback):
    """Keeps a Boundary up to date while a Trainer trains."""

    def __init__(self, boundary: Boundary, every: int):
        if every < 1:
            raise ValueError(f"every must be at least 1 epoch, not {every}")
        self.boundary, self.every = boundary, every
        self.drawn_at, self.status = 0.0, ""

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float]) -> None:
        numbers = [f"{name.replace('_', ' ')} {value:.3g}" for name, value in list(logs.items())[:3]]
        self.status = " · ".join([f"epoch {epoch}", *numbers])
        if epoch % self.every == 0 and time.monotonic() - self.drawn_at >= FRAME:
            self.drawn_at = time.monotonic()
            self.boundary.update(self.status)

    def on_train_end(self) -> None:
        self.boundary.update(self.status)


def decision_boundary(
    model: Any,
    X: Any,
    y: Any,
    *,
    resolution: int | None = None,
    class_names: Sequence[str] | None = None,
    features: Sequence[str] = ("x₁", "x₂"),
    retrain: Edited | None = None,
    title: str | None = None,
) -> Boundary:
    """Draw what `model` answers over the plane, with the points `X` (N, 2) and their labels `y` (N,).

    `model` is a module (learnnn's or PyTorch's), your own class or a function of an array (N, 2), or a fitted
    scikit-learn estimator; it may answer with labels, probabilities or scores. Colours fade where it is not sure, the
    line is where two classes are level, the dashed ones where one is ahead by 1/2 (for two classes: p = 0.75; for a
    support vector machine: score 1), and points on the wrong side are ringed. The model is left as it was.

    The plane is asked at `resolution` points each way: 120, or fewer where that would take more than half a second.

    In a notebook the picture follows `update()` and `callback()` while the model learns, and its points can be moved,
    added, painted and erased: `X` and `y` of the picture change. After that `retrain(X, y)`, if given, is called once
    the edits pause, to train the model again.

    Raises ValueError where X has not two columns, or where X, y and the model's answers do not fit together.

    >>> import numpy as np
    >>> X, y = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 1.0]]), np.array([0, 1, 0])
    >>> decision_boundary(lambda points: points[:, 0] - 0.5, X, y)
    decision boundary: 2 of 3 points on the right side, 2 classes (0, 1); of the plane 28% is 0, 72% is 1
    """
    points, labels = checked(X, y)
    if resolution is not None and not 2 <= resolution <= MOST_SENT:
        raise ValueError(f"resolution must be at least 2 and at most {MOST_SENT}, not {resolution}")
    if len(features) != 2:
        raise ValueError(f"features has {len(features)} entries for the 2 columns of X")
    words = (features[0], features[1]), title or ""
    return Boundary(model, points, Labels.of(labels, class_names), resolution, retrain, words)


def _around(points: np.ndarray) -> Extent:
    """Where the points are, with a little room."""
    low, high = points.min(0).astype(float), points.max(0).astype(float)
    pad = 0.08 * np.where(high > low, high - low, 1.0)
    return float(low[0] - pad[0]), float(high[0] + pad[0]), float(low[1] - pad[1]), float(high[1] + pad[1])


def _margin(of_scores: bool, classes: int) -> tuple[float, str]:
    """How far ahead a class is on the dashed lines, and what to call that."""
    if of_scores and classes == 2:
        return float(np.tanh(0.5)), "score 1 and −1"  # the lead of sigmoid(1) over sigmoid(-1)
    return 0.5, "p = 0.75" if classes == 2 else "ahead by 0.5"
