"""`residual_lens`: what a model would say after each of its blocks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..face.chart import SMALL, number
from ..face.live import Live
from ..face.scene import Box, Scene, Shape, Text, text_width
from ..face.theme import SEQUENTIAL, ramp
from ..models.model import Model
from .streams import stream
from .tokens import Labels, as_batch, entropy, ids, shown, words

TOP = 5
COLUMNS = 16
MOST = 128  # tokens


def residual_lens(
    model: Any,
    tokens: Any,
    *,
    unembed: Any = None,
    blocks: Sequence[Any] | None = None,
    labels: Labels = None,
    title: str | None = None,
) -> ResidualLens:
    """Draw the "logit lens": the token that a model would say after each of its blocks, at every place, and how sure.

    After each block the norm and the output layer of the model are applied to what flows there, as they are after the
    last. Also drawn is the length of what each block adds. On the page a click (or the arrow keys) chooses a place and
    a depth: its five likeliest tokens, and how they came about, depth by depth.

    Args:
        model: learnnn's, PyTorch's or your own: whole numbers (N, L) -> scores (N, L, V), or (N, V) for the last token.
        tokens: One sequence, (L,) or (1, L).
        unembed: A module or function that gives the scores from what flows, if not what the model itself applies.
        blocks: The blocks (paths, indices or parts); if not given, those of one class side by side in a ModuleList or
            Sequential that give what they are given, (N, L, d).
        labels: The vocabulary: a name for each number from 0 on, or a function of a number.
        title: A heading.

    Raises ValueError where no blocks are found, for an unknown block, and for scores or labels that do not fit.

    Source: nostalgebraist 2020, "interpreting GPT: the logit lens".

    >>> import learnnn
    >>> from learnnn import nn
    >>> block = lambda: nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    >>> model = nn.Sequential(nn.Embedding(5, 8), block(), block(), nn.Linear(8, 5))
    >>> lens = residual_lens(model, [3, 1, 4], labels="abcde")
    >>> lens.probabilities.shape, lens.depths
    ((3, 3, 5), ['input', '1', '2'])
    """
    return ResidualLens(Model(model), tokens, unembed, blocks, labels, title)


class ResidualLens(Live):
    """What a model would say at each depth: `probabilities` (depths, places, V); `added` (blocks, places)."""

    script = Path(__file__).with_name("residual_lens.js")

    def __init__(self, model: Model, tokens: Any, unembed: Any, blocks: Any, labels: Labels, title: str | None):
        self.model, self.tokens, self.unembed, self.blocks, self.labels = model, tokens, unembed, blocks, labels
        self.title = title or f"residual lens{f' of {model.name}' if model.name.isidentifier() else ''}"
        self.look()

    def look(self) -> None:
        """Run the model, once for each depth."""
        inputs = as_batch(self.tokens)
        numbers = ids(self.tokens)
        if numbers is not None and len(numbers) > MOST:
            raise ValueError(f"{len(numbers)} tokens are too many for a picture: pass {MOST} at most")
        found = stream(self.model, inputs, self.blocks, self.unembed)
        places = found.probabilities.shape[1]
        self.depths, self.probabilities = ["input", *found.blocks], found.probabilities
        self.added = found.added[:, -places:]
        count = found.states.shape[1]
        if numbers is None or len(numbers) != count:  # vectors, which have no names
            named = words(None, range(count))
        else:
            named = words(self.labels, numbers.tolist())
        self.names = named[-places:]
        size = self.probabilities.shape[-1]
        self._top = np.argsort(-self.probabilities, axis=-1, kind="stable")[..., : min(TOP, size)]
        words(self.labels, [size - 1])  # has each a name?

    @property
    def top(self) -> list[list[str]]:
        """The likeliest token, by depth and place."""
        return [words(self.labels, row[:, 0].tolist()) for row in self._top]

    @property
    def final(self) -> np.ndarray:
        """The probability, at each depth, of the token that is likeliest at the end: (depths, places)."""
        return np.take_along_axis(self.probabilities, self._top[-1:, :, :1], -1)[..., 0]

    @property
    def data(self) -> dict[str, Any]:
        return {
            "depths": self.depths, "tokens": self.names, "top": self.top, "added": self.added.tolist(),
            "probability": self.probabilities.max(-1).tolist(), "of the final token": self.final.tolist(),
        }  # fmt: skip

    @property
    def text(self) -> str:
        place = shown(self.names[-1])
        told = [
            f"{depth} {shown(top[-1])} {number(float(p), 2)}"
            for depth, top, p in zip(self.depths, self.top, self.probabilities.max(-1)[:, -1])
        ]
        return (
            f"{self.title}: {len(self.depths) - 1} blocks, {len(self.names)} places. After “{place}”: {', '.join(told)}"
        )

    # ------------------------------------------------------------------------------------------------- live
    def state(self) -> dict[str, Any]:
        return {"title": self.title, **self.frame()}

    def frame(self) -> dict[str, Any]:
        best = np.take_along_axis(self.probabilities, self._top, -1)
        return {
            "depths": self.depths, "names": list(map(shown, self.names)), "p": best, "final": self.final,
            "words": [[[shown(w) for w in words(self.labels, cell)] for cell in row] for row in self._top.tolist()],
            "added": self.added, "entropy": entropy(self.probabilities),
        }  # fmt: skip

    def update(self) -> None:
        """Ask the model again, and show what it says now."""
        self.look()
        super().update()

    # ------------------------------------------------------------------------------------------------- still
    def scene(self) -> Scene:
        """A table of tokens, the last block on top, coloured by probability."""
        first = max(0, len(self.names) - COLUMNS)
        top = [row[first:] for row in self.top]
        sure = self.probabilities.max(-1)[:, first:]
        wide = max(text_width(shown(word), 12) for row in [*top, self.names[first:]] for word in row)
        wide = min(max(wide + 14, 34.0), 110.0)
        left = 24 + max(text_width(depth, SMALL) for depth in self.depths)
        shapes: list[Shape] = [Text(16, 28, self.title, 15, bold=True)]
        note = "rows: depth, the last block on top · the stronger the colour, the surer"
        shapes.append(Text(16, 48, note + (f" · the last {COLUMNS} places" if first else ""), SMALL, "muted"))
        for i, d in enumerate(reversed(range(len(self.depths)))):
            shapes += _row(self.depths[d], top[d], sure[d], left, 62 + 28 * i, wide)
        right = left + wide * len(top[0]) + 16
        shapes += self._norms(first, right, 62)
        bottom = 62 + 28 * len(self.depths)
        for j, name in enumerate(self.names[first:]):
            shapes.append(Text(left + (j + 0.5) * wide, bottom + 18, shown(name), 12, "ink", "middle", bold=True))
        shapes.append(Text(left - 8, bottom + 18, "token", SMALL, "muted", "end"))
        width = max(right + 130, 32 + text_width(note, SMALL))
        return Scene(width, bottom + 34, self.title, self.text, shapes)

    def _norms(self, first: int, x: float, y: float) -> list[Shape]:
        """A bar for the mean length of what each block adds."""
        mean = self.added[:, first:].mean(1)
        shapes: list[Shape] = [Text(x, y - 14, "adds, on average", SMALL, "muted")]
        for i, value in enumerate(mean[::-1]):
            width = 60 * float(value / (mean.max() or 1))
            shapes.append(Box(x, y + 28 * i + 8, max(width, 0.5), 12, "line", "line", 2))
            shapes.append(Text(x + width + 6, y + 28 * i + 18, number(float(value), 3), SMALL, "muted"))
        return shapes


def _row(depth: str, top: list[str], sure: np.ndarray, left: float, y: float, wide: float) -> list[Shape]:
    shapes: list[Shape] = [Text(left - 8, y + 18, depth, SMALL, "muted", "end")]
    for j, (word, p) in enumerate(zip(top, sure)):
        # the colours of light pages on both: the words on them must be read
        colour = "#" + "".join(f"{c:02x}" for c in ramp(SEQUENTIAL[0], 0.85 * p))
        shapes.append(Box(left + j * wide, y, wide - 2, 26, colour, "edge", 3))
        ink = "#ffffff" if p > 0.5 else "#1f2933"
        shapes.append(Text(left + j * wide + (wide - 2) / 2, y + 17.5, _fitted(shown(word), wide), 12, ink, "middle"))
    return shapes


def _fitted(word: str, wide: float) -> str:
    while len(word) > 2 and text_width(word, 12) > wide - 6:
        word = word[:-2] + "…"
    return word
