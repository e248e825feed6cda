"""The still form of `watch`: a row a layer, the updates below, and what is wrong in words."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..face import theme
from ..face.chart import SMALL, Chart, heat_map, number
from ..face.scene import Box, Line, Scene, Shape, Text

if TYPE_CHECKING:
    from .watch import Watch

WIDTH, ROW, TOP = 760, 46, 62
HEAT, BARS = (150, 300), (500, 240)  # (left, width)
MOST = 12  # layers with a row
BAND = (1e-4, 1e-2)


def scene(watch: Watch) -> Scene:
    """The whole picture."""
    title = watch.heading or f"{watch.model.name}, watched"
    if not len(watch.records):
        words = Text(16, 54, "Nothing is recorded yet: train with it first.", 13, "muted")
        return Scene(WIDTH, 76, title, watch.text, [Text(16, 28, title, 15, bold=True), words])
    paths = shown(list(watch.parts))
    bottom = TOP + ROW * len(paths)
    shapes: list[Shape] = [Text(16, 28, title, 15, bold=True), *_heads(watch, len(watch.parts) - len(paths))]
    for i, path in enumerate(paths):
        shapes += _row(watch, path, TOP + ROW * i)
    shapes += _bars(watch, paths)
    shapes += _updates(watch, bottom + 44)
    told, height = _flags(watch, bottom + 268)
    return Scene(WIDTH, bottom + 268 + height, title, watch.text, shapes + told)


def shown(paths: Sequence[str]) -> list[str]:
    """All layers, or as many as there is room for, the first and the last among them."""
    chosen = np.unique(np.linspace(0, len(paths) - 1, min(MOST, len(paths))).round().astype(int))
    return [paths[i] for i in chosen]


def _heads(watch: Watch, left_out: int) -> list[Shape]:
    steps = watch.records.steps
    more = f" (layers left out: {left_out})" if left_out else ""
    head = f"outputs over steps {steps[0]} to {steps[-1]}{more}"
    flow = "rms of the gradient in them, last step"
    return [Text(HEAT[0], TOP - 10, head, SMALL, "muted"), Text(BARS[0], TOP - 10, flow, SMALL, "muted")]


def _row(watch: Watch, path: str, y: float) -> list[Shape]:
    cells, lo, hi = watch.heat(path, "outputs")
    flagged = any(flag.layer == path for flag in watch.flags)
    name, kind = path or watch.kinds[path], watch.kinds[path] if path else ""
    left, width = HEAT
    return [
        Text(16, y + 17, _cut(name, 15), 12.5, bold=True),
        Text(16, y + 32, _cut(f"{kind}{'  ⚠' * flagged}", 17), SMALL, "wrong-ink" if flagged else "muted"),
        heat_map(cells.T, left, y, width, ROW - 10, lo=0, hi=255, up=True),
        Box(left, y, width, ROW - 10, "", "edge", 0),
        Text(left - 6, y + 10, number(hi, 2), 10, "muted", "end"),
        Text(left - 6, y + ROW - 10, number(lo, 2), 10, "muted", "end"),
    ]


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _bars(watch: Watch, paths: Sequence[str]) -> list[Shape]:
    """The gradient's rms by depth, on a logarithmic scale."""
    found = [watch.records[-1][path].flow if path in watch.records[-1] else np.nan for path in paths]
    known = [flow for flow in found if np.isfinite(flow) and flow > 0]
    if not known:
        return [Text(BARS[0], TOP + 17, "no gradients were seen", SMALL, "muted")]
    lo, hi = np.floor(np.log10(min(known)) - 0.5), np.ceil(np.log10(max(known)))
    shapes: list[Shape] = []
    for i, flow in enumerate(found):
        y, long = TOP + ROW * i, (BARS[1] - 60) * (np.log10(flow) - lo) / (hi - lo) if flow > 0 else 0.0
        if np.isfinite(flow):
            shapes.append(Box(BARS[0], y + 8, max(long, 1), ROW - 26, "right", "right", 2, 0))
            shapes.append(Text(BARS[0] + long + 6, y + 22, number(flow, 2), SMALL))
    return shapes


def _updates(watch: Watch, top: float) -> list[Shape]:
    """rms(update) / rms(weight) over the steps, with the band where it should be."""
    steps, columns = watch.records.steps, {path: watch.data["layers"][path]["ratio"] for path in watch.parts}
    lines = {path: [np.nan if v is None else v for v in column] for path, column in columns.items() if any(column)}
    if not lines:
        return [Text(16, top, "no updates were seen", SMALL, "muted")]
    values = [v for line in lines.values() for v in line if v > 0]
    lo, hi = min(1e-5, min(values) / 1.5), max(1e-1, max(values) * 1.5)
    chart = Chart(60, top, 500, 168, (steps[0], max(steps[-1], steps[0] + 1)), (lo, hi), "step", "", UPDATES, "y")
    (x0, y0), (x1, y1) = chart.at(chart.xlim[0], BAND[1]), chart.at(chart.xlim[1], BAND[0])
    band = Box(x0, y0, x1 - x0, y1 - y0, "parameter", "", 0, 0)
    for i, line in enumerate(lines.values()):
        chart.line(steps, line, theme.CLASSES[i % len(theme.CLASSES)])
    return [band, *chart.shapes(), Text(x0 + 6, y1 - 5, "healthy", SMALL, "parameter-edge"), *_key(watch, lines, top)]


UPDATES = "update / weight (rms)"


def _key(watch: Watch, lines: dict[str, list[float]], top: float) -> list[Shape]:
    shapes: list[Shape] = []
    for i, path in enumerate(list(lines)[:9]):
        y, colour = top + 8 + 18 * i, theme.CLASSES[i % len(theme.CLASSES)]
        shapes.append(Line(((576, y), (596, y)), colour, 2.4))
        shapes.append(Text(602, y + 4, _cut(watch.names[path].removeprefix("layer "), 22), SMALL, "muted"))
    return shapes


def _flags(watch: Watch, top: float) -> tuple[list[Shape], float]:
    """(what is wrong, in lines; their height)"""
    found = [textwrap.wrap(f"⚠ {flag.words}", 118) for flag in watch.flags] or [["✓ Nothing looks wrong."]]
    shapes: list[Shape] = []
    y = top
    for lines in found:
        for line in lines:
            shapes.append(Text(16, y, line, 12, "wrong-ink" if watch.flags else "ink"))
            y += 17
        y += 5
    return shapes, y - top + 4
