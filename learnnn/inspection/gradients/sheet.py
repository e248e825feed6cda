"""The still picture of a gradient check: the verdict, the heat maps, and the worst element at every step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..face.chart import key
from ..face.scene import Scene, Shape, Text, paragraph, text_width
from .heat import heat_maps
from .steps import Curve, explained, lines, plot

LEFT, WIDE = 16.0, 820.0
MOST_TOLD = 8  # inputs that are told of one by one


def sheet(report: Any, told: Sequence[tuple[str, list[str]]]) -> Scene:
    """The whole picture; `told` is (name, what there is to say) of each input."""
    shapes, y = _head(report, told)
    mapped = [checked for checked in report.inputs if checked.analytic is not None and checked.error.size]
    right, bottom = text_right(shapes), y
    if mapped:
        maps, width, height = heat_maps(mapped, LEFT, y + 6, WIDE - 2 * LEFT)
        shapes, right, bottom = [*shapes, *maps], max(right, LEFT + width), y + 6 + height
    if report.curve:
        beside = mapped and width < 465
        x, y = (LEFT + width + 56, y) if beside else (LEFT + 40, bottom)
        drawn, y = _steps(report.curve, x, y + 18, (x, 226) if beside else (x + 320, -12))
        shapes, right, bottom = [*shapes, *drawn], max(right, text_right(drawn), x + 290), max(bottom, y)
    return Scene(max(right, 320) + 16, bottom + 8, report.headline(), report.text, shapes)


def _head(report: Any, told: Sequence[tuple[str, list[str]]]) -> tuple[list[Shape], float]:
    """The verdict, and what there is to say of each input."""
    sign, colour = ("✓", "right") if report.passed else ("✗", "wrong-ink")
    shapes: list[Shape] = [
        Text(LEFT, 27, sign, 16, colour, bold=True), Text(LEFT + 20, 27, report.headline(), 15, bold=True),
    ]  # fmt: skip
    y = 34.0
    for problem in report.problems:
        words, y = paragraph(problem, LEFT + 20, y, WIDE - 60)
        shapes += words
    shown = sorted(zip(report.inputs, told), key=lambda pair: pair[0].passed)[:MOST_TOLD]
    for checked, (name, (first, *rest)) in shown:
        words, y = paragraph(f"{name} {first}", LEFT + 20, y, WIDE - 60)
        shapes += words
        for line in rest:
            colour = "muted" if line.startswith("note") or checked.passed else "wrong-ink"
            words, y = paragraph(line, LEFT + 36, y, WIDE - 76, colour)
            shapes += words
    if len(told) > len(shown):
        shapes.append(Text(LEFT + 20, y + 17, f"and {len(told) - len(shown)} more", 12.5, "muted"))
        y += 19
    return shapes, y + 8


def _steps(curve: Curve, x: float, y: float, words_at: tuple[float, float]) -> tuple[list[Shape], float]:
    """The plot, and, from an x and so far below y, its key and what it shows in words."""
    left, bottom = words_at[0], y + words_at[1]
    named, tall = key([(colour, name) for colour, name, _ in lines(curve)], left, bottom, 290)
    shapes, bottom = [*plot(curve, x, y), *named], bottom + tall
    for k, sentence in enumerate(explained(curve)):
        words, bottom = paragraph(sentence, left, bottom + 3, 285, "muted" if k else "ink", 12)
        shapes += words
    return shapes, max(bottom, y + 214) + 6


def text_right(shapes: Sequence[Shape]) -> float:
    """Where the rightmost text that starts at its x ends."""
    starting = [shape for shape in shapes if isinstance(shape, Text) and shape.anchor == "start"]
    return max((t.x + text_width(t.text, t.size, bold=t.bold) for t in starting), default=0.0)
