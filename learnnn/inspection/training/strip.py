"""Still pictures of others, on one sheet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from ..face import theme
from ..face.require import require
from ..face.scene import Scene, Text

WIDTH, GAP, HEAD, LABEL = 760, 16, 40, 22


@dataclass
class Sheet:
    """Pictures as SVG documents, each with a line above it: two beside each other where `paired`, else one a row."""

    title: str
    description: str
    labels: Sequence[str]
    svgs: Sequence[str]
    paired: bool

    def boxes(self) -> list[tuple[float, float, float, float]]:
        """(x, y, width, height) of each picture."""
        columns = 2 if self.paired else 1
        room, boxes, top = (WIDTH - GAP * (columns - 1)) / columns, [], float(HEAD)
        for row in range(0, len(self.svgs), columns):
            sizes = [_size(svg) for svg in self.svgs[row : row + columns]]
            shrunk = [(w * min(1, room / w), h * min(1, room / w)) for w, h in sizes]
            boxes += [((room + GAP) * k, top + LABEL, w, h) for k, (w, h) in enumerate(shrunk)]
            top += LABEL + max(h for _, h in shrunk) + GAP
        return boxes

    def scene(self) -> Scene:
        """The words on the sheet."""
        words = [Text(16, 28, self.title, 15, bold=True)]
        words += [Text(x + 16, y - 6, label, 12.5, "muted") for label, (x, y, _, _) in zip(self.labels, self.boxes())]
        height = max(y + h for _, y, _, h in self.boxes()) + 8
        return Scene(WIDTH, height, self.title, self.description, [*words])

    def to_svg(self) -> str:
        """All in one document."""
        inside = "".join(_nested(svg, *box) for svg, box in zip(self.svgs, self.boxes()))
        return self.scene().to_svg().removesuffix("</svg>") + inside + "</svg>"

    def to_png(self, images: Sequence[bytes], scale: float, dark: bool) -> bytes:
        """The sheet as a PNG; `images` are the pictures' own."""
        Image = require("PIL.Image", "to_png")
        sheet = Image.open(BytesIO(self.scene().to_png(scale, dark))).convert("RGB")
        for image, (x, y, w, h) in zip(images, self.boxes()):
            picture = Image.open(BytesIO(image)).convert("RGB").resize((round(w * scale), round(h * scale)))
            sheet.paste(picture, (round(x * scale), round(y * scale)))
        sheet.save(file := BytesIO(), format="png")
        return file.getvalue()


def _size(svg: str) -> tuple[float, float]:
    """(width, height) that a document asks for.

    >>> _size('<?xml?><svg width="20pt" height="10.5pt">')
    (20.0, 10.5)
    """
    head = svg[svg.index("<svg") :].split(">", 1)[0]
    width, height = (re.search(rf'\s{name}="([\d.]+)', head) for name in ("width", "height"))
    if width is None or height is None:
        raise ValueError("a picture's SVG has no width and height, so there is no telling how much room it needs")
    return float(width[1]), float(height[1])


def _nested(svg: str, x: float, y: float, width: float, height: float) -> str:
    """A document as a part of another, which has the style sheet already."""
    svg = svg[svg.index("<svg") :].replace(f"<style>{theme.css('.learnnn')}</style>", "", 1)
    head, rest = svg.split(">", 1)
    head = re.sub(r'\s(width|height)="[^"]*"', "", head).replace("<svg", f'<svg x="{x:g}" y="{y:g}"', 1)
    return f'{head} width="{width:g}" height="{height:g}">{rest}'
