"""The still picture: the network, what its units and the whole say about the plane, and the curves of its loss."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from ..face import theme
from ..face.chart import SMALL, Chart, limits, number
from ..face.scene import Box, Dot, Line, Raster, Scene, Shape, Text
from ..planes.plane import UNKNOWN

WIDTH, HEIGHT, PLANE = 980, 530, 318
LEFT, TOP, NET_WIDTH, NET_HEIGHT = 20, 62, 560, 420
POSITIVE, NEGATIVE = "input-edge", "wrong"


def class_colours(classes: int) -> list[str]:
    """A colour a class. Of two, the second has the blue of positive numbers: that is what its score is."""
    return [theme.CLASSES[1], theme.CLASSES[0]] if classes == 2 else list(theme.CLASSES[:classes])


def draw(title: str, text: str, still: dict[str, Any], moving: dict[str, Any]) -> Scene:
    """The whole sheet."""
    head = Text(LEFT, 26, title, 15, bold=True), Text(LEFT, 45, headline(moving["numbers"]), 12.5, "muted")
    shapes: list[Shape] = [*head]
    shapes += _network(still, moving) if still["sizes"] else _no_network(still)
    shapes += [*_plane(still, moving), *_curves(moving)]
    return Scene(WIDTH, HEIGHT, title, text, shapes)


def headline(numbers: dict[str, float]) -> str:
    """The numbers of this moment in a line."""
    parts = [f"step {numbers['step']:,.0f}", f"loss {number(numbers['train_loss'], 3)}"]
    if np.isfinite(numbers["test_loss"]):
        parts.append(f"held out {number(numbers['test_loss'], 3)}")
    parts.append(f"{numbers['train_accuracy']:.0%} right")
    if np.isfinite(numbers["test_accuracy"]):
        parts.append(f"held out {numbers['test_accuracy']:.0%}")
    return " · ".join(parts)


def _no_network(still: dict[str, Any]) -> list[Shape]:
    words = [f"{still['given']} is no chain of linear layers:", "only its answer over the plane is drawn."]
    return [Text(LEFT, TOP + 40 + 20 * i, line, 13, "muted") for i, line in enumerate(words)]


# --------------------------------------------------------------------------------------------------- the network
def places(sizes: list[int], width: float, height: float) -> tuple[list[list[tuple[float, float]]], float]:
    """The centres of all units, row by row of the network, and the side of their pictures."""
    side = min(46.0, height / max(sizes) - 8, width / len(sizes) - 26)
    step = (width - side) / max(len(sizes) - 1, 1)
    gap = min(side + 26, height / max(sizes))
    return [
        [(side / 2 + step * i, height / 2 + gap * (k - (size - 1) / 2)) for k in range(size)]
        for i, size in enumerate(sizes)
    ], side


def _network(still: dict[str, Any], moving: dict[str, Any]) -> list[Shape]:
    sizes = still["sizes"]
    centres, side = places(sizes, NET_WIDTH - 70, NET_HEIGHT - 30)
    centres = [[(x + LEFT + 44, y + TOP + 24) for x, y in row] for row in centres]
    shapes = _links(sizes, centres, side, moving["weights"])
    pictures = iter([*still["features"], *moving["units"]])
    for i, row in enumerate(centres):
        shapes += [Text(row[0][0], TOP + 10, _row_name(i, len(sizes)), SMALL, "muted", "middle")]
        for k, (x, y) in enumerate(row):
            shapes += _unit(next(pictures), x, y, side)
            if i == 0:
                shapes.append(Text(x - side / 2 - 6, y + 4, still["inputs"][k], 12, anchor="end"))
    return shapes


def _row_name(i: int, rows: int) -> str:
    return "features" if i == 0 else "output" if i == rows - 1 else f"layer {i}"


def _unit(picture: np.ndarray, x: float, y: float, side: float) -> list[Shape]:
    part = (picture[::-1].astype(float) - 1) / 254
    light, dark = (theme.ramp(stops, part) for stops in theme.DIVERGING)
    left, top = x - side / 2, y - side / 2
    return [Raster(left, top, side, side, light, dark, True), Box(left, top, side, side, "", "edge", 0)]


def _links(sizes: list[int], centres: Any, side: float, weights: np.ndarray) -> list[Shape]:
    """The links as curves: blue where the weight is positive, orange and dashed where it is negative; its size is the
    width."""
    shapes, start = list[Shape](), 0
    for i, (a, b) in enumerate(pairwise(sizes)):
        matrix = np.nan_to_num(weights[start : start + a * b].reshape(b, a))
        start += (a + 1) * b
        for unit, source in np.ndindex(b, a):
            value, (x0, y0), (x1, y1) = matrix[unit, source], centres[i][source], centres[i + 1][unit]
            curve = _curve(x0 + side / 2, y0, x1 - side / 2, y1)
            shapes.append(Line(curve, POSITIVE if value > 0 else NEGATIVE, link_width(value), dashed=bool(value < 0)))
    return shapes


def _curve(x0: float, y0: float, x1: float, y1: float) -> tuple[tuple[float, float], ...]:
    """An S from place to place: level at both ends."""
    parts = np.linspace(0, 1, 17)
    return tuple((round(x0 + t * (x1 - x0), 1), round(y0 + t * t * (3 - 2 * t) * (y1 - y0), 1)) for t in parts.tolist())


def link_width(value: float) -> float:
    """How wide a link of this weight is drawn."""
    return float(min(0.4 + 2.4 * abs(value), 7))


# ------------------------------------------------------------------------------------------------------ the plane
def _plane(still: dict[str, Any], moving: dict[str, Any]) -> list[Shape]:
    x0, x1, y0, y1 = still["extent"]
    (mx, my), (sx, sy) = still["mean"], still["std"]
    left, top = WIDTH - PLANE - 16, TOP - 30
    chart = Chart(left, top, PLANE, PLANE, (mx + sx * x0, mx + sx * x1), (my + sy * y0, my + sy * y1), grid=False)
    colours = class_colours(len(still["names"]))
    light, dark = (shades(moving["plane"], colours, night) for night in (False, True))
    chart.drawn.append(Raster(left, top, PLANE, PLANE, light[::-1], dark[::-1], True))
    for (x, y), label, out in zip(still["X"], still["y"], still["held_out"]):
        look = {"fill": "paper", "stroke": colours[label], "line": 1.4} if out else {"fill": colours[label]}
        chart.drawn.append(Dot(*chart.at(mx + sx * x, my + sy * y), 3.2, mark=int(label), **look))
    return [*chart.shapes(), *_key(still, colours, left, top + PLANE + 34)]


def _key(still: dict[str, Any], colours: list[str], x: float, y: float) -> list[Shape]:
    shapes = list[Shape]()
    for k, name in enumerate(still["names"]):
        shapes += [Dot(x + 5, y - 4, 4, colours[k], mark=k), Text(x + 14, y, name[:14], SMALL, "muted")]
        x += 24 + 7 * len(name[:14])
    if still["held_out"].any():
        shapes += [Dot(x + 5, y - 4, 3.6, "paper", "muted", 0, 1.4), Text(x + 14, y, "held out", SMALL, "muted")]
    return shapes


def shades(plane: np.ndarray, colours: list[str], dark: bool) -> np.ndarray:
    """A packed plane (R, R, 3) as colours (R, R, 3): for two classes from one's to the other's through paper; for more
    the winner's, as strong as it is sure."""
    label, sure = plane[..., 0], plane[..., 1] / 255
    known = label != UNKNOWN
    if len(colours) == 2:
        side = np.where(label == 1, 1, -1) * sure * known
        return theme.ramp(theme.DIVERGING[dark], 0.5 + 0.3 * side)
    paper = np.array(_rgb(theme.colour("paper", dark)))
    hues = np.array([_rgb(colour) for colour in colours])[np.where(known, label, 0)]  # (R, R, 3)
    strength = (known * (0.06 + 0.55 * sure))[..., None]
    return (paper + strength * (hues - paper)).round().astype(np.uint8)


def _rgb(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


# ----------------------------------------------------------------------------------------------------- the curves
def _curves(moving: dict[str, Any]) -> list[Shape]:
    steps, train, test = moving["curve"].T.astype(float)
    top = TOP + PLANE + 26
    finite = np.concatenate([train, test])
    high = 1.2 * limits(finite[np.isfinite(finite)])[1]  # room for the key
    chart = Chart(WIDTH - PLANE - 16, top, PLANE, HEIGHT - top - 40, (0, max(steps[-1], 1)), (0, high), "step", "loss")
    chart.line(steps, test, NEGATIVE, dashed=True)
    chart.line(steps, train, POSITIVE)
    return [*chart.shapes(), *_curve_key(chart)]


def _curve_key(chart: Chart) -> list[Shape]:
    x, y = chart.x + chart.width - 150, chart.y + 14
    return [
        Line(((x, y - 4), (x + 18, y - 4)), POSITIVE, 1.8), Text(x + 23, y, "training", SMALL, "muted"),
        Line(((x + 78, y - 4), (x + 96, y - 4)), NEGATIVE, 1.8, dashed=True),
        Text(x + 101, y, "held out", SMALL, "muted"),
    ]  # fmt: skip
