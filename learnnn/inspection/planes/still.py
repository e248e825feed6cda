"""A decision boundary as a still drawing: the shaded plane, the lines on it, the points, and a key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from ..face import theme
from ..face.chart import SMALL, Chart
from ..face.scene import Dot, Line, Raster, Scene, Shape, Text, text_width
from .lines import Point, border, level
from .plane import lead, shade

if TYPE_CHECKING:
    from .boundaries import Boundary

PLANE = (58, 32, 488, 375)  # x, y, width, height
WIDTH = 560
DRAWN = 1500  # points at most: more are a blot


def scene(boundary: Boundary) -> Scene:
    """The drawing."""
    x0, x1, y0, y1 = boundary.extent
    title = boundary.heading or boundary.verdict
    chart = Chart(*PLANE, (x0, x1), (y0, y1), *boundary.features, title=title, grid=False)
    some = drawn(boundary)
    chart.drawn += [_image(boundary), *_lines(boundary), *_marks(boundary, chart, some)]
    key, height = _key(boundary, PLANE[1] + PLANE[3] + 46)
    notes = list(_notes(boundary, len(some)))
    words = [Text(PLANE[0], height + 16 * i + 10, note, SMALL, "muted") for i, note in enumerate(notes)]
    shapes = [*chart.shapes(), *key, *words]
    return Scene(WIDTH, height + 16 * len(notes) + 8, boundary.heading or boundary.title, boundary.text, shapes)


def drawn(boundary: Boundary) -> np.ndarray:
    """The indices of the points to draw: all, or of very many every so-manieth."""
    count = len(boundary.X)
    return np.arange(count) if count <= DRAWN else np.linspace(0, count - 1, DRAWN).astype(int)


def _image(boundary: Boundary) -> Raster:
    return Raster(*PLANE, shade(boundary.belief), shade(boundary.belief, dark=True), smooth=True)


def _lines(boundary: Boundary) -> Iterator[Line]:
    ahead, labels = lead(boundary.belief), boundary.labels
    for line in margins(labels, ahead, boundary.margin) if boundary.graded else ():
        yield Line(_placed(line, boundary.resolution), "muted", 1, dashed=True)
    for line in border(labels, ahead):
        yield Line(_placed(line, boundary.resolution), "ink", 1.4)


def margins(labels: np.ndarray, ahead: np.ndarray, margin: float) -> Iterator[list[Point]]:
    """For each class, the line along which its lead has shrunk to `margin`."""
    for k in np.unique(labels[labels >= 0]):
        yield from level(np.where(labels == k, ahead, np.where(labels < 0, np.nan, -ahead)), margin)


def _placed(line: list[Point], resolution: int) -> tuple[Point, ...]:
    x, y, width, height = PLANE
    cell = 1 / (resolution - 1)
    return tuple((x + column * cell * width, y + (1 - row * cell) * height) for column, row in line)


def _marks(boundary: Boundary, chart: Chart, some: np.ndarray) -> Iterator[Dot]:
    for (x, y), k in zip(boundary.X[some], boundary.k[some]):
        yield Dot(*chart.at(x, y), 4, _colour(k), mark=k)
    for x, y in boundary.X[np.intersect1d(boundary.wrong, some)]:
        yield Dot(*chart.at(x, y), 7.5, "", "ink", line=1.4)


def _colour(k: int) -> str:
    return theme.CLASSES[k % len(theme.CLASSES)]


# ------------------------------------------------------------------------------------------------------ the words
def _key(boundary: Boundary, y: float) -> tuple[list[Shape], float]:
    """What marks and lines mean, side by side and wrapped -> the shapes, and where they end."""
    shapes, left = list[Shape](), float(PLANE[0])
    for sign, words in _signs(boundary):
        if left + 38 + text_width(words, SMALL) > WIDTH and left > PLANE[0]:
            left, y = PLANE[0], y + 19
        shapes += [*sign(left, y), Text(left + 22, y + 4, words, SMALL, "ink")]
        left += 38 + text_width(words, SMALL)
    return shapes, y + 14


def _signs(boundary: Boundary) -> Iterator:
    for k, name in enumerate(boundary.class_names):
        yield (lambda x, y, k=k: [Dot(x + 8, y, 5, _colour(k), mark=k)]), name
    if len(boundary.wrong):
        yield (lambda x, y: [Dot(x + 8, y, 6, "", "ink", line=1.4)]), f"wrong ({len(boundary.wrong)})"
    if boundary.graded:
        yield (lambda x, y: [Line(((x, y), (x + 17, y)), "muted", 1.2, dashed=True)]), boundary.margin_words


def _notes(boundary: Boundary, shown: int) -> Iterator[str]:
    if boundary.heading:
        yield boundary.verdict
    if boundary.note:
        yield boundary.note
    if boundary.lost:
        yield f"striped: the answer is nan or no known class, {boundary.lost:.0%} of the plane"
    if shown < len(boundary.X):
        yield f"{shown:,} of {len(boundary.X):,} points are drawn"
