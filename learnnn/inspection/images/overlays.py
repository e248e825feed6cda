"""Maps laid over an image, a panel each, for the classes with the highest scores: the picture of saliency, grad_cam."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..face.chart import SMALL, key, number
from ..face.live import Live
from ..face.scene import Box, Scene, Shape, Text
from .image import NEGATIVE, POSITIVE, as_bytes, fitted, overlaid, pixels, raster, smaller, stretched
from .scores import Scores

CLASSES = 4  # of which maps are made
BARS = 10  # of scores
PAGE = 100_000  # bytes of maps in a page, at most


@dataclass(frozen=True)
class Panel:
    """One way to look: its name, and whether its maps have two signs."""

    name: str
    words: str
    signed: bool
    smooth: bool = False  # made larger without edges: a map coarser than the image


class Overlays(Live):
    """Subclasses fill `panels` and `maps[target][name]` in `look`, and say a `note` of each map."""

    script = Path(__file__).with_name("overlays.js")
    kind = ""
    key: tuple[str, ...] = ()  # what blue means, and orange
    panels: list[Panel]

    def __init__(self, asked: Scores, target: Any, chosen: str, title: str | None):
        self.asked, self.target, self.chosen = asked, asked.target(target), chosen
        self.title = title or f"{self.kind}: {asked.model.name}, class {asked.label(self.target)}"
        self._find()

    def look(self) -> None:
        """Make the maps (H, W) of each class in `targets`."""
        raise NotImplementedError

    def note(self, target: int, name: str) -> str:
        """What is to be said of a map."""
        raise NotImplementedError

    def _find(self) -> None:
        self.targets = self.asked.top(self.target, CLASSES)
        self.maps: dict[int, dict[str, np.ndarray]] = {}
        self.look()

    def update(self) -> None:
        """Ask the model again, and show what it looks at now."""
        self.asked.ask()
        self._find()
        super().update()

    @property
    def map(self) -> np.ndarray:
        """The map of the chosen class in the chosen panel."""
        return self.maps[self.target][self.chosen]

    @property
    def data(self) -> dict[str, Any]:
        return {
            "target": self.target, "chosen": self.chosen, "scores": self.asked.scores.tolist(),
            "map": self.map.tolist(), "note": self.note(self.target, self.chosen), "classes": self.targets,
        }  # fmt: skip

    @property
    def text(self) -> str:
        words = next(panel.words for panel in self.panels if panel.name == self.chosen)
        scores = ", ".join(self.asked.told(k) for k in self.targets)
        return f"{self.title}. {words}: {self.note(self.target, self.chosen)}. The highest scores: {scores}."

    # ------------------------------------------------------------------------------------------------- live
    def state(self) -> dict[str, Any]:
        panels = [{"name": p.name, "words": p.words, "signed": p.signed, "smooth": p.smooth} for p in self.panels]
        image = pixels(smaller(self.asked.picture, 128))
        return {
            "title": self.title, "image": image, "panels": panels, "panel": self.chosen, "key": self.key,
            "colours": [POSITIVE, NEGATIVE], **self.frame(),
        }  # fmt: skip

    def frame(self) -> dict[str, Any]:
        chances = self.asked.probabilities
        shown = list(dict.fromkeys([*self.targets, *self.asked.top(self.target, BARS)]))
        return {
            "targets": self.targets, "target": self.target, "maps": [self._sent(k) for k in self.targets],
            "notes": [[self.note(k, panel.name) for panel in self.panels] for k in self.targets],
            "scores": [
                {"index": k, "label": self.asked.label(k), "score": float(self.asked.scores[k])}
                | ({} if chances is None else {"chance": float(chances[k])})
                for k in sorted(shown)
            ],
        }  # fmt: skip

    def _sent(self, target: int) -> list[dict[str, Any]]:
        side = int((PAGE / len(self.panels) / len(self.targets)) ** 0.5)
        small = (smaller(self.maps[target][panel.name], min(side, 128)) for panel in self.panels)
        return [as_bytes(map[None]) for map in small]

    # ------------------------------------------------------------------------------------------------- still
    def scene(self) -> Scene:
        """The image, the chosen map over it, the scores; below, all panels."""
        top, side = 62.0, 176.0
        width, height = fitted(self.asked.picture.shape, side, side)
        words = next(panel.words for panel in self.panels if panel.name == self.chosen)
        shapes: list[Shape] = [Text(20, 28, self.title, 15, bold=True), Text(20, top - 7, "image", SMALL, "muted")]
        shapes += [raster(pixels(smaller(self.asked.picture, 128)), 20, top, width, height)]
        shapes += [Text(212, top - 7, words, SMALL, "muted"), self._over(self.chosen, 212, top, side)]
        shapes += self._bars(404, top)
        note = self.note(self.target, self.chosen)
        shapes += [Text(20, top + side + 20, note[0].upper() + note[1:] + ".", SMALL, "muted")]
        low = top + side + 54
        for k, panel in enumerate(self.panels):
            x, y = 20 + 161 * (k % 4), low + 178 * (k // 4)
            shapes += [Text(x, y - 7, panel.words, SMALL, "ink" if panel.name == self.chosen else "muted")]
            shapes += [self._over(panel.name, x, y, 148)]
        rows = -(-len(self.panels) // 4)
        named = [(colour, words) for words, colour in zip(self.key, (POSITIVE, NEGATIVE))]
        shapes += key(named, 20, low + 178 * rows - 14, 632)[0]
        return Scene(672, low + 178 * rows + 14, self.title, self.text, shapes)

    def _over(self, name: str, x: float, y: float, side: float) -> Shape:
        fine = 128 if side > 150 else 64
        map, image = smaller(self.maps[self.target][name], fine), smaller(self.asked.picture, fine)
        if map.shape != image.shape[1:]:
            map = stretched(map, *image.shape[1:])
        heat = map / (np.abs(map).max() or 1)
        return raster(overlaid(pixels(image), heat), x, y, *fitted(image.shape, side, side))

    def _bars(self, x: float, y: float) -> Iterator[Shape]:
        """The highest scores, a bar each from zero."""
        shown, scores = sorted(self.asked.top(self.target, 8)), self.asked.scores
        lo, hi = min(float(scores[shown].min()), 0), max(float(scores[shown].max()), 0)
        zero, unit = x + 62 + 110 * -lo / ((hi - lo) or 1), 110 / ((hi - lo) or 1)
        yield Text(x, y - 7, "scores", SMALL, "muted")
        for row, k in enumerate(shown):
            top, score, chosen = y + 22 * row, float(scores[k]), k == self.target
            label = self.asked.label(k)
            yield Text(x, top + 12, label if len(label) < 10 else label[:8] + "…", SMALL, "ink", bold=chosen)
            fill = "input-edge" if chosen else "line"
            yield Box(min(zero, zero + unit * score), top + 2, max(abs(unit * score), 1), 12, fill, fill, 2, 0)
            chance = self.asked.probabilities
            told = number(score, 3) + ("" if chance is None else f" · {chance[k]:.0%}")
            yield Text(x + 180, top + 12, told, SMALL, "ink" if chosen else "muted", bold=chosen)
