"""`decision_boundary`: the plane as a classifier sees it, as a picture, and live while it learns."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import numpy as np

from ...training import Callback
from ..face import theme
from ..face.picture import Picture
from ..face.require import require
from .belief import believer

MARKERS = "o^sDvPX*<>"
FRAME = 1 / 30  # seconds between two updates while training: faster than that nobody sees


class Boundary(Picture):
    """A drawn classifier. It shows itself as a picture; `widget()` is the live form, `callback()` feeds it."""

    title = "decision boundary"

    def __init__(self, model: Any, X: np.ndarray, y: np.ndarray, classes: np.ndarray, resolution: int, words: Any):
        self.X, self.y, self.classes, self.resolution = X, y, classes, resolution
        self.class_names, self.features, self.heading = words
        self._believe = believer(model, classes)
        self._widgets: list[Any] = []
        low, high = X.min(0), X.max(0)
        pad = 0.08 * np.where(high > low, high - low, 1.0)
        self.extent = (low[0] - pad[0], high[0] + pad[0], low[1] - pad[1], high[1] + pad[1])
        self.status = ""
        self.update()

    def update(self, status: str | None = None) -> Boundary:
        """Ask the model again, and redraw whatever is live. `status` is a line to show below the picture."""
        x0, x1, y0, y1 = self.extent
        across, up = np.linspace(x0, x1, self.resolution), np.linspace(y0, y1, self.resolution)
        plane = np.stack(np.meshgrid(across, up), -1).reshape(-1, 2)  # (R * R, 2), row by row from the bottom
        belief = self._believe(np.concatenate([plane, self.X]))
        self.belief = belief[: len(plane)].reshape(self.resolution, self.resolution, -1)  # (R, R, classes)
        self.predicted = _winner(belief[len(plane) :])  # (N,)
        self.status = self.status if status is None else status
        for widget in self._widgets:
            widget.refresh()
        return self

    # ------------------------------------------------------------------------------------ what it says
    @property
    def wrong(self) -> np.ndarray:
        """The indices of the points on the wrong side."""
        return np.flatnonzero(self.predicted != self.y)

    @property
    def accuracy(self) -> float:
        """The part of the points that is on the right side."""
        return float((self.predicted == self.y).mean())

    @property
    def labels(self) -> np.ndarray:
        """The index of the winning class over the plane, (R, R) from the bottom; -1 where the answer is nan."""
        return _winner(self.belief)

    @property
    def confidence(self) -> np.ndarray:
        """How far the winner's probability is above mere chance, 0 to 1, (R, R)."""
        chance = 1 / max(self.belief.shape[-1], 2)
        return np.clip((np.nan_to_num(self.belief).max(-1) - chance) / (1 - chance), 0, 1)

    @property
    def data(self) -> dict[str, Any]:
        """Everything in plain python."""
        return {
            "classes": list(self.class_names), "extent": list(map(float, self.extent)), "accuracy": self.accuracy,
            "wrong": self.wrong.tolist(), "labels": self.labels.tolist(), "confidence": self.confidence.tolist(),
        }  # fmt: skip

    @property
    def text(self) -> str:
        lost = int(np.isnan(self.belief).any(-1).sum())
        told = f"decision boundary: {len(self.y) - len(self.wrong)} of {len(self.y)} points on the right side, "
        told += f"{len(self.classes)} classes ({', '.join(self.class_names)})"
        return told + (f"; the answer is nan on {lost / self.labels.size:.0%} of the plane" if lost else "")

    # ------------------------------------------------------------------------------------ the picture
    def figure(self, dark: bool = False) -> Any:
        """A matplotlib Figure of its own, which touches nothing of pyplot's."""
        figure = require("matplotlib.figure", "decision_boundary").Figure(
            figsize=(6.4, 4.6), dpi=150, layout="constrained", facecolor=theme.colour("paper", dark)
        )
        self.draw(figure.add_subplot(), dark)
        return figure

    def draw(self, axes: Any, dark: bool = False) -> None:
        """Draw into matplotlib axes."""
        ink, muted, paper = (theme.colour(role, dark) for role in ("ink", "muted", "paper"))
        axes.set_facecolor(paper)
        x0, x1, y0, y1 = self.extent
        dx, dy = (0.5 * (b - a) / (self.resolution - 1) for a, b in ((x0, x1), (y0, y1)))
        cells = (x0 - dx, x1 + dx, y0 - dy, y1 + dy)  # grid points are the centres of the cells
        axes.imshow(self.shading(dark), extent=cells, origin="lower", aspect="auto", interpolation="bilinear")
        self._draw_border(axes, ink)
        self._draw_points(axes, ink, paper)
        axes.set(xlim=self.extent[:2], ylim=self.extent[2:])
        axes.set_xlabel(self.features[0], color=muted)
        axes.set_ylabel(self.features[1], color=muted)
        axes.set_title(self.heading or self._verdict(), color=ink, loc="left", fontsize=11, fontweight="bold")
        axes.tick_params(colors=muted, labelsize=9)
        for spine in axes.spines.values():
            spine.set_visible(False)
        axes.legend(
            loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, labelcolor=ink, fontsize=9.5,
            handletextpad=0.3, borderaxespad=0,
        )  # fmt: skip

    def shading(self, dark: bool = False) -> np.ndarray:
        """The plane as colours (R, R, 3): the winner's, fading into the paper where it is not sure."""
        palette = np.array([_rgb(theme.CLASSES[k % len(theme.CLASSES)]) for k in range(self.belief.shape[-1])])
        paper = np.array(_rgb(theme.colour("paper", dark)))
        strength = 0.06 + (0.36 if dark else 0.48) * self.confidence[..., None]  # points stand out on both papers
        shaded = paper + strength * (palette[self.labels] - paper)
        return np.where(self.labels[..., None] < 0, paper, shaded)

    def _draw_border(self, axes: Any, ink: str) -> None:
        """The lines along which two classes are level."""
        x0, x1, y0, y1 = self.extent
        across, up = np.linspace(x0, x1, self.resolution), np.linspace(y0, y1, self.resolution)
        classes = range(self.belief.shape[-1])
        for k in classes if len(classes) > 2 else (1,):
            lead = self.belief[..., k] - np.delete(self.belief, k, -1).max(-1)
            if np.nanmin(lead, initial=0) < 0 < np.nanmax(lead, initial=0):
                axes.contour(across, up, lead, levels=[0], colors=ink, linewidths=1.2)

    def _draw_points(self, axes: Any, ink: str, paper: str) -> None:
        for k, name in enumerate(self.class_names):
            some, marker = self.X[self.y == k], MARKERS[k % len(MARKERS)]
            colour = theme.CLASSES[k % len(theme.CLASSES)]
            axes.scatter(*some.T, s=30, c=colour, marker=marker, edgecolors=paper, linewidths=0.7, label=name, zorder=3)
        if len(self.wrong):
            label = f"wrong ({len(self.wrong)})"
            ring = {"s": 78, "facecolors": "none", "edgecolors": ink, "linewidths": 1.3}
            axes.scatter(*self.X[self.wrong].T, **ring, marker="o", label=label, zorder=4)

    def _verdict(self) -> str:
        return f"{len(self.y) - len(self.wrong)} of {len(self.y)} points on the right side"

    def to_png(self, scale: float = 2, dark: bool = False) -> bytes:
        figure = self.figure(dark)
        figure.savefig(file := BytesIO(), format="png", dpi=72 * scale)
        return file.getvalue()

    def to_svg(self, dark: bool = False) -> str:
        figure = self.figure(dark)
        with _same_every_time():
            figure.savefig(file := BytesIO(), format="svg", metadata={"Date": None, "Title": self.title})
        return file.getvalue().decode()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {"text/plain": self.text, "image/png": self.to_png()}

    _repr_html_ = None  # type: ignore[assignment]  # the picture is a PNG: small, and the same wherever a notebook is shown

    # ------------------------------------------------------------------------------------ live
    def widget(self) -> Any:
        """The live form, which follows every `update()`; a picture that is exchanged where anywidget is missing."""
        from .live import live_widget

        widget = live_widget(self)
        self._widgets.append(widget)
        return widget

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
            self.boundary.update(self.status)
            self.drawn_at = time.monotonic()

    def on_train_end(self) -> None:
        self.boundary.update(self.status)


def decision_boundary(
    model: Any,
    X: Any,
    y: Any,
    *,
    resolution: int = 120,
    class_names: Sequence[str] | None = None,
    features: Sequence[str] = ("x₁", "x₂"),
    title: str | None = None,
) -> Boundary:
    """Draw what `model` answers over the plane, with the points `X` (N, 2) and their labels `y` (N,).

    `model` is a module (learnnn's or PyTorch's), a function of an array (N, 2), or a fitted scikit-learn
    estimator; it may answer with labels, probabilities or scores. Colours fade where it is not sure, points on
    the wrong side are ringed. The plane is asked at `resolution` points each way. The model is left as it was.

    Raises ValueError where X has not two columns, or where X, y and the model's answers do not fit together.

    >>> import numpy as np
    >>> X, y = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 1.0]]), np.array([0, 1, 0])
    >>> decision_boundary(lambda points: points[:, 0] - 0.5, X, y)
    decision boundary: 2 of 3 points on the right side, 2 classes (0, 1)
    """
    points, labels = _as_array(X).astype(np.float64), _as_array(y)
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(
            f"decision_boundary draws models with 2 inputs, and X has shape {points.shape}: choose two columns, as in "
            "X[:, [0, 1]], and train a model on those"
        )
    if labels.ndim == 2 and labels.shape[1] > 1:
        labels = labels.argmax(1)
    labels = labels.reshape(-1)
    if len(labels) != len(points) or not len(points):
        raise ValueError(f"X holds {len(points)} points and y {len(labels)} labels: one label a point is needed")
    if not np.isfinite(points).all():
        raise ValueError("X holds nan or infinity: such a point is nowhere on the plane")
    if resolution < 2:
        raise ValueError(f"resolution must be at least 2, not {resolution}")
    classes = _classes(labels)
    names = [str(c) for c in class_names] if class_names is not None else [_name(c) for c in classes]
    if len(names) != len(classes):
        raise ValueError(f"class_names has {len(names)} entries for {len(classes)} classes")
    words = (names, tuple(features), title)
    return Boundary(model, points, np.searchsorted(classes, labels), classes, resolution, words)


def _classes(labels: np.ndarray) -> np.ndarray:
    """The classes in order. Whole numbers from 0 up are columns of the model's answer, so none is skipped."""
    found = np.unique(labels)
    if found.dtype.kind in "iu" and found.min() >= 0 and found.max() < 100:
        return np.arange(max(found.max() + 1, 2))
    if found.dtype.kind == "f" and (found == found.astype(int)).all() and found.min() >= 0 and found.max() < 100:
        return np.arange(max(found.max() + 1, 2))
    return found


def _name(label: Any) -> str:
    return f"{label:g}" if isinstance(label, float | np.floating) else str(label)


def _as_array(value: Any) -> np.ndarray:
    return np.asarray(value.detach()) if hasattr(value, "detach") else np.asarray(value)


def _winner(belief: np.ndarray) -> np.ndarray:
    """The most probable class along the last axis, -1 where that is nan."""
    return np.where(np.isnan(belief).any(-1), -1, belief.argmax(-1))


def _rgb(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))


@contextmanager
def _same_every_time() -> Iterator[None]:
    """Ids in an SVG made from its content, not drawn at random."""
    with require("matplotlib", "to_svg").rc_context({"svg.hashsalt": "learnnn"}):
        yield
