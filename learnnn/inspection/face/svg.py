"""A scene as SVG: colours are classes of its style sheet, so that one document fits light and dark pages."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Callable
from html import escape
from typing import Any

import numpy as np

from . import theme
from .scene import Box, Dot, Group, Line, Point, Raster, Scene, Shape, Text, Wire, arrow_head, bends, corners

NBSP = "\u00a0"  # SVG runs spaces together; columns of numbers need theirs


def document(scene: Scene) -> str:
    """The whole document."""
    w, h = _n(scene.width), _n(scene.height)
    paper = f'<rect class="f-paper" width="{w}" height="{h}" rx="8"/>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="learnnn" role="img" width="{w}" height="{h}" '
        f'viewBox="0 0 {w} {h}" aria-label="{escape(scene.title)}"><title>{escape(scene.title)}</title>'
        f"<desc>{escape(scene.description)}</desc><style>{theme.css('.learnnn')}</style>{paper}"
        f"{''.join(map(_svg, scene.shapes))}</svg>"
    )


def _svg(shape: Shape) -> str:
    return PAINT[type(shape)](shape)


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _pair(point: Point) -> str:
    return f"{_n(point[0])} {_n(point[1])}"


def _look(extra: str = "", **colours: str) -> str:
    """The attributes that colour a shape: classes for roles of the theme, a style for "#rrggbb"."""
    roles = [f"{kind[0]}-{colour}" for kind, colour in colours.items() if colour in theme.COLOURS]
    fixed = [f"{kind}:{colour or 'none'}" for kind, colour in colours.items() if colour not in theme.COLOURS]
    style = f' style="{";".join(fixed)}"' if fixed else ""
    return f'class="{" ".join(filter(None, [*roles, extra]))}"{style}'


def _box(box: Box) -> str:
    dash = ' stroke-dasharray="4 3"' if box.dashed else ""
    return (
        f'<rect {_look(fill=box.fill, stroke=box.stroke)} x="{_n(box.x)}" y="{_n(box.y)}" width="{_n(box.width)}" '
        f'height="{_n(box.height)}" rx="{_n(box.radius)}" stroke-width="{_n(box.line)}"{dash}/>'
    )


def _wire(wire: Wire) -> str:
    start, *_ = wire.stations
    steps = [f"M{_pair(start)}"]
    for _, *rest in bends(wire):
        steps.append(("C" if len(rest) == 3 else "L") + " ".join(map(_pair, rest)))
    line = f'<path {_look(stroke=wire.stroke)} stroke-width="{_n(wire.line)}" d="{"".join(steps)}"/>'
    head = "L".join(map(_pair, arrow_head(wire))) if wire.arrow else ""
    return line + (f'<path class="arrow" d="M{head}Z"/>' if head else "")


def _text(text: Text) -> str:
    look = _look(" ".join(["bold"] * text.bold + ["mono"] * text.mono), fill=text.fill)
    anchor = "" if text.anchor == "start" else f' text-anchor="{text.anchor}"'
    turned = f' transform="rotate(-90 {_n(text.x)} {_n(text.y)})"' if text.upright else ""
    return (
        f'<text {look} x="{_n(text.x)}" y="{_n(text.y)}" font-size="{_n(text.size)}"{anchor}{turned}>'
        f"{escape(text.text).replace(' ', NBSP) if text.mono else escape(text.text)}</text>"
    )


def _group(group: Group) -> str:
    data = "".join(f' data-{key}="{escape(value)}"' for key, value in group.data)
    return f"<g{data}><title>{escape(group.name)}</title>{''.join(map(_svg, group.shapes))}</g>"


def _line(line: Line) -> str:
    dash = ' stroke-dasharray="5 4"' if line.dashed else ""
    faint = f' opacity="{line.opacity:g}"' if line.opacity < 1 else ""
    tag = "polygon" if line.closed else "polyline"
    look = _look(fill=line.fill, stroke=line.stroke)
    points = " ".join(f"{_n(x)},{_n(y)}" for x, y in line.points)
    return f'<{tag} {look} stroke-width="{_n(line.line)}" stroke-linejoin="round"{dash}{faint} points="{points}"/>'


def _dot(dot: Dot) -> str:
    look = f'{_look(fill=dot.fill, stroke=dot.stroke)} stroke-width="{_n(dot.line)}"'
    if points := " ".join(f"{_n(x)},{_n(y)}" for x, y in corners(dot)):
        return f'<polygon {look} points="{points}"/>'
    return f'<circle {look} cx="{_n(dot.x)}" cy="{_n(dot.y)}" r="{_n(dot.size)}"/>'


def _raster(raster: Raster) -> str:
    place = f'x="{_n(raster.x)}" y="{_n(raster.y)}" width="{_n(raster.width)}" height="{_n(raster.height)}"'
    how = "" if raster.smooth else ' style="image-rendering:pixelated"'
    images = [("", raster.light)] if raster.dark is None else [("day", raster.light), ("night", raster.dark)]
    return "".join(
        f'<image {f"class={chr(34)}{kind}{chr(34)} " if kind else ""}{place}{how} preserveAspectRatio="none" '
        f'href="data:image/png;base64,{base64.b64encode(png(pixels)).decode()}"/>'
        for kind, pixels in images
    )


PAINT: dict[type, Callable[[Any], str]] = {
    Box: _box, Wire: _wire, Text: _text, Line: _line, Dot: _dot, Raster: _raster, Group: _group,
}  # fmt: skip


def png(pixels: np.ndarray) -> bytes:
    """An image (H, W, 3) of uint8 as PNG bytes.

    The format: https://www.w3.org/TR/png-3/ (signature, then chunks of length, name, data and checksum).
    """
    height, width, _ = pixels.shape
    rows = np.zeros((height, 1 + 3 * width), np.uint8)  # each row begins with its filter: 0, none
    rows[:, 1:] = pixels.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in parts)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
