"""`latent`: the plane of codes that a decoder turns into images, to walk on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ..face import theme
from ..face.chart import SMALL, Chart
from ..face.live import Live
from ..face.scene import Dot, Line, Raster, Scene, Shape, Text, text_width
from ..images.image import pixels, shape_words, smaller, unfolded, value_range
from ..models.model import Model
from .plane import Coded, Plane, callables, cells, coded, limits, principal_plane

PAGE = 150_000  # bytes of images in a page, at most
FINEST = 32  # cells to a side


def latent(
    model: Any,
    data: Any = None,
    *,
    encode: Any = None,
    extent: Any = None,
    grid: int = 12,
    title: str | None = None,
) -> Latent:
    """What a decoder makes of each place of its latent plane, and where data lie on it.

    On the page a point is dragged over the plane and its decoding is shown, exactly where a kernel runs, else between
    the decodings of the grid; a walk leads from one place to another.

    Args:
        model: What has a `decode` or a `decoder`, such as a variational autoencoder, or itself makes images (N, H, W),
            (N, C, H, W) or vectors (N, D) of codes (N, d). learnnn's, PyTorch's, or your own; it is left as it was.
        data: (X, y), or X alone: what to encode and draw as points, in the colours of their classes.
        encode: From data to codes (N, d); the model's `encode` or `encoder`, if not given. Of several answers, as a
            mean and a variance, the first is taken.
        extent: (x0, x1, y0, y1), or one number for as far to every side; around the points, if not given, or 3.
        grid: How many decodings to a side.
        title: A heading.

    Codes of more than two numbers are shown on the plane of their two principal directions, for which data are needed.
    Raises ValueError for codes or decodings of other shapes, and for data without an encoder.

    >>> picture = latent(lambda z: np.repeat(z, 8, axis=1), extent=1, grid=2)
    >>> picture.images.shape, picture.data["points"][0]
    ((4, 1, 4, 4), [-0.5, 0.5])
    """
    if not 2 <= grid <= FINEST:
        raise ValueError(f"grid={grid}: 2 to {FINEST} decodings to a side can be drawn")
    decoder = Model(next(callables(model, "decode", "decoder"), model))
    encoder = next(callables(model, "encode", "encoder"), None) if encode is None else encode
    if data is not None and encoder is None:
        raise ValueError(
            f"{decoder.name} has no encode or encoder to put data on the plane: pass encode=, a function of data that "
            "gives codes"
        )
    name = type(model).__name__ if decoder.model is not model else decoder.name
    known = None if data is None else coded(encoder, data)
    return Latent(decoder, known, extent, grid, title or f"latent plane: {name}")


class Latent(Live):
    """Decodings `images` (grid², C, H, W), row by row from the top, and `points` (N, 2) of the data, if any."""

    script = Path(__file__).with_name("latent.js")
    kernel = True

    def __init__(self, decoder: Model, data: Coded | None, extent: Any, grid: int, title: str):
        self.decoder, self.coded, self.grid, self.title = decoder, data, grid, title
        self.plane = Plane() if data is None or data.codes.shape[1] == 2 else principal_plane(data.codes)
        self.extent = limits(extent, self.points)
        self.look()

    def look(self) -> None:
        """Decode the grid (again)."""
        self.images = self.decoded(cells(self.extent, self.grid))
        self.range = value_range(self.images)

    def decoded(self, points: np.ndarray) -> np.ndarray:
        """Places on the plane (N, 2) -> images (N, C, H, W)."""
        codes = self.plane.codes(points)
        return _as_images(self._ask(codes.astype(np.float32)), len(points))

    def _ask(self, codes: np.ndarray) -> np.ndarray:
        try:
            return self.decoder.ask(codes)
        except (ValueError, RuntimeError, TypeError) as error:
            told = "codes of more numbers need data and an encoder" if self.coded is None else "do the two fit?"
            raise ValueError(f"the decoder does not take codes {codes.shape} ({told}): {error}") from error

    @property
    def points(self) -> np.ndarray | None:
        """Where the data lie, (N, 2)."""
        return None if self.coded is None else self.plane.points(self.coded.codes)

    @property
    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "extent": list(self.extent), "points": cells(self.extent, self.grid).tolist(),
            "images": self.images.tolist(), "share": self.plane.share,
        }  # fmt: skip
        if self.coded is not None:
            found |= {"codes": self.points.tolist(), "classes": self.coded.classes}  # type: ignore[union-attr]
        return found

    @property
    def text(self) -> str:
        x0, x1, y0, y1 = (f"{e:.3g}".replace("-", "−") for e in self.extent)
        told = f"{self.title}: {self.grid} × {self.grid} decodings of {shape_words(self.images.shape[1:])}, "
        told += f"{self.plane.names[0]} from {x0} to {x1}, {self.plane.names[1]} from {y0} to {y1}"
        if self.coded is None:
            return told + "."
        told += f"; {len(self.coded.X)} encodings"
        if self.coded.y is not None:
            told += f" of {len(self.coded.classes)} classes, the nearest neighbour has the same class for "
            told += f"{self.coded.kept_apart:.0%}"
        if (wide := self.coded.codes.shape[1]) > 2:
            told += f"; {self.plane.share:.0%} of the variance of {wide} numbers is on the plane"
        return told + "."

    # ------------------------------------------------------------------------------------------------- live
    def state(self) -> dict[str, Any]:
        return {"title": self.title, "extent": self.extent, "grid": self.grid, "axes": self.plane.names, **self.frame()}

    def frame(self) -> dict[str, Any]:
        frame: dict[str, Any] = {"images": self._bytes(self.images)}
        if self.coded is not None:
            some = self.coded.some
            frame["points"] = self.points[some]  # type: ignore[index]
            frame["classes"] = np.zeros(len(some), np.uint8) if self.coded.y is None else self.coded.y[some] % 250
            frame["names"] = self.coded.classes
        return frame

    def _bytes(self, images: np.ndarray) -> np.ndarray:
        """Images for a page -> (N, H, W, 1 or 3), small enough that the whole grid fits."""
        room = (PAGE / self.grid**2 / (3 if images.shape[1] == 3 else 1)) ** 0.5
        drawn = np.stack([pixels(image, self.range) for image in smaller(images, max(4, int(room)))])
        return drawn if images.shape[1] == 3 else drawn[..., :1]

    def event(self, event: dict[str, Any]) -> dict[str, Any]:
        """Decode the place that a page asks for; the number tells it which of its questions is answered."""
        place = np.array(event["at"], float)
        return {"number": event["number"], "exact": self._bytes(self.decoded(place[None]))[0]}

    def update(self) -> None:
        """Ask encoder and decoder again, on the same plane."""
        if self.coded is not None:
            self.coded.encode()
        self.look()
        super().update()

    # ------------------------------------------------------------------------------------------------- still
    def scene(self) -> Scene:
        """The decodings on the plane; beside them the data."""
        side, top = 300.0, 62.0
        axes = (self.extent[:2], self.extent[2:], *self.plane.names)
        manifold = Chart(64, top, side, side, *axes, title="decodings", grid=False)
        manifold.drawn += [Raster(64, top, side, side, self._sheet()), *_gaps(64, top, side, self.grid)]
        shapes: list[Shape] = [Text(20, 28, self.title, 15, bold=True), *manifold.shapes()]
        width, height = 64 + side + 24, top + side + 48
        if self.coded is not None:
            chart = Chart(440, top, side, side, *axes, title="encodings")
            self._draw_points(chart)
            low, deep = _key(self.coded.classes, 440, height, side)
            shapes += [*chart.shapes(), *low]
            width, height = 440 + side + 24, height + deep
        return Scene(width, height, self.title, self.text, shapes)

    def _sheet(self) -> np.ndarray:
        """All decodings as one image (grid H, grid W, 3)."""
        drawn = np.stack([pixels(image, self.range) for image in smaller(self.images, 28)])  # (G², H, W, 3)
        n, (_, height, width, _) = self.grid, drawn.shape
        return drawn.reshape(n, n, height, width, 3).transpose(0, 2, 1, 3, 4).reshape(n * height, n * width, 3)

    def _draw_points(self, chart: Chart) -> None:
        some, (x0, x1, y0, y1) = self.coded.some, self.extent  # type: ignore[union-attr]
        points = self.points[some]  # type: ignore[index]
        y = np.zeros(len(some), int) if self.coded.y is None else self.coded.y[some]  # type: ignore[union-attr]
        inside = (points[:, 0] >= x0) & (points[:, 0] <= x1) & (points[:, 1] >= y0) & (points[:, 1] <= y1)
        for k in range(int(y.max()) + 1):
            mine = points[inside & (y == k)]
            chart.dots(mine[:, 0], mine[:, 1], theme.CLASSES[k % len(theme.CLASSES)], 3.2, k)


def _gaps(x: float, y: float, side: float, grid: int) -> Iterator[Line]:
    """Lines of paper between the decodings."""
    for at in (side * k / grid for k in range(1, grid)):
        yield Line(((x + at, y), (x + at, y + side)), "paper", 2)
        yield Line(((x, y + at), (x + side, y + at)), "paper", 2)


def _key(names: list[str], x: float, y: float, width: float) -> tuple[list[Shape], float]:
    """The marks of the classes -> the shapes, and how high they are."""
    shapes, left, top = list[Shape](), x, y
    for k, name in enumerate(names):
        size = 22 + text_width(name, SMALL) + 10
        if left + size > x + width and left > x:
            left, top = x, top + 20
        shapes.append(Dot(left + 6, top + 4, 4.5, theme.CLASSES[k % len(theme.CLASSES)], mark=k))
        shapes.append(Text(left + 17, top + 8, name, SMALL, "muted"))
        left += size
    return shapes, top - y + 24 if names else 0.0


def _as_images(answer: np.ndarray, many: int) -> np.ndarray:
    """What a decoder gives -> (N, C, H, W)."""
    if answer.ndim not in (2, 3, 4) or len(answer) != many or 0 in answer.shape:
        raise ValueError(
            f"the decoder gives {answer.shape} for {many} codes: images (N, H, W) or (N, C, H, W), or vectors (N, D), "
            "are needed"
        )
    if bad := int((~np.isfinite(answer)).sum()):
        raise ValueError(f"{bad} of the {answer.size} numbers that the decoder gives are nan or infinite")
    images = unfolded(answer) if answer.ndim == 2 else answer
    return images if images.ndim == 4 else images[:, None]
