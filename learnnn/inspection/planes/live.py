"""Live forms: a canvas in the browser (anywidget), fed with a few bytes a frame; an image where that is missing."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ..face import theme
from ..face.require import require

HERE = Path(__file__).parent


def live_widget(boundary: Any) -> Any:
    """The best widget that this environment has; ImportError names the extra where it has none."""
    if importlib.util.find_spec("anywidget") is None:
        return image_widget(require("ipywidgets", "Boundary.widget()"), boundary)
    return canvas_type()(boundary)


def frame(boundary: Any) -> dict[str, Any]:
    """What changes from one frame to the next: three bytes a grid point, one a data point, and words."""
    labels, confidence = boundary.labels, boundary.confidence
    two = np.sort(np.nan_to_num(boundary.belief), -1)[..., -2:]  # the winner and who comes next
    lead = two[..., -1] - two[..., 0]
    grid = np.stack([labels.astype(np.int16) % 256, np.round(255 * confidence), np.round(255 * lead)], -1)
    return {
        "grid": grid.astype(np.uint8).tobytes(),
        "wrong": (boundary.predicted != boundary.y).astype(np.uint8).tobytes(),
        "status": " · ".join(filter(None, [boundary.status, boundary._verdict()])),
        "label": boundary.text,
    }


def scenery(boundary: Any) -> dict[str, Any]:
    """What stays: the points, and how to draw them."""
    x0, x1, y0, y1 = map(float, boundary.extent)
    return {
        "points": boundary.X.astype(np.float32).tobytes(),
        "classes": boundary.y.astype(np.uint8).tobytes(),
        "config": {
            "extent": [x0, x1, y0, y1], "resolution": boundary.resolution, "names": list(boundary.class_names),
            "features": list(boundary.features), "palette": list(theme.CLASSES),
            "theme": {role: theme.COLOURS[role] for role in ("paper", "ink", "muted", "edge")},
        },
    }  # fmt: skip


@cache
def canvas_type() -> Any:
    """The widget class, made when the first one is asked for: importing anywidget takes a while."""
    anywidget, traitlets = require("anywidget", "Boundary.widget()"), require("traitlets", "Boundary.widget()")

    class LiveBoundary(anywidget.AnyWidget):  # type: ignore[name-defined]
        """A decision boundary drawn on a canvas; where no widget runs, its picture is shown instead."""

        _esm = HERE / "boundary.js"
        _css = HERE / "boundary.css"
        grid = traitlets.Bytes(b"").tag(sync=True)
        wrong = traitlets.Bytes(b"").tag(sync=True)
        points = traitlets.Bytes(b"").tag(sync=True)
        classes = traitlets.Bytes(b"").tag(sync=True)
        status = traitlets.Unicode("").tag(sync=True)
        label = traitlets.Unicode("").tag(sync=True)
        config = traitlets.Dict({}).tag(sync=True)

        def __init__(self, boundary: Any):
            self._boundary = boundary
            super().__init__(**scenery(boundary), **frame(boundary))

        def refresh(self) -> None:
            """Send a frame, in one message."""
            with self.hold_sync():
                self.set_trait_values(frame(self._boundary))

        def set_trait_values(self, values: dict[str, Any]) -> None:
            for name, value in values.items():
                setattr(self, name, value)

        def _repr_mimebundle_(self, **kwargs: Any) -> Any:
            shown = super()._repr_mimebundle_(**kwargs)
            bundle, metadata = shown if isinstance(shown, tuple) else (shown or {}, {})
            return {**bundle, "text/plain": self._boundary.text, **_still(self._boundary)}, metadata

    return LiveBoundary


def _still(boundary: Any) -> dict[str, bytes]:
    if importlib.util.find_spec("matplotlib") is None:
        return {}
    return {"image/png": boundary.to_png()}


def image_widget(ipywidgets: Any, boundary: Any) -> Any:
    """Without anywidget: an image that is exchanged, some times a second."""

    class ImageBoundary(ipywidgets.Image):
        def refresh(self) -> None:
            self.value = boundary.to_png()

    return ImageBoundary(value=boundary.to_png(), format="png")
