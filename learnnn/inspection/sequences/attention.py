"""`attention`: which tokens look at which, in every layer and head."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..face.chart import SMALL, heat_map, number
from ..face.live import Live
from ..face.scene import Box, Line, Scene, Shape, Text, text_width
from ..models.kind import as_array
from ..models.model import Model
from ..models.parts import is_number
from .looking import Looks, is_attention, looks
from .queries import QueriesAndKeys
from .tokens import as_batch, ids, of_both, shown, words

PAGE = 40_000  # weights that travel as they are; more travel as bytes
MOST = 600_000
THUMB = 46.0


def attention(
    model: Any,
    tokens: Any = None,
    *,
    layer: Any = None,
    head: int | None = None,
    labels: Any = None,
    title: str | None = None,
) -> Attention | QueriesAndKeys:
    """Draw the attention weights of every layer and head: row l shows at what token l looks.

    `attention(model, tokens)` runs a model that uses nn.MultiheadAttention or F.scaled_dot_product_attention, learnnn's
    or PyTorch's, or your own classes that keep their weights in `.weights` or `.attn`, or return them beside their
    output. `attention(weights)` draws an array (layers, heads, L, S), (heads, L, S) or (L, S). `attention(q, k)`, with
    the arrays (L, d) and (S, d), lets the reader edit queries and keys and see softmax(Q K^T / sqrt(d)) change.

    On the page a click (or the arrow keys) chooses a head, and a token to see at what it looks. The weights that are
    exactly 0, as a mask makes them, are struck through; the entropy says in bits how spread a head looks.

    Args:
        model: The model, the weights, or the queries.
        tokens: What the model takes: whole numbers (L,) or (1, L), vectors, or a tuple of several inputs. Or the keys.
        layer: Which to show large first: its path, its number among those shown, or the part itself.
        head: Which head; the first if not given.
        labels: A name for each token of the sequence, or a function of its number; (queries, keys) where they differ.
        title: A heading.

    Raises ValueError where no attention is seen, for a batch of several sequences, for an unknown layer or head, and
    for labels that are not one a token.

    Source: Vaswani et al. 2017, "Attention is all you need".

    >>> picture = attention(np.array([[1.0, 0.0], [0.5, 0.5]]), labels="ab")
    >>> picture
    attention: 1 layer, 1 head; layer 0, head 0: 0.5 bits; a -> a 1, b -> a 0.5
    """
    numbers = is_number(model) or isinstance(model, list | tuple)
    if numbers and tokens is not None:
        return QueriesAndKeys(as_array(model), as_array(tokens), labels, title)
    if numbers:
        return Attention(None, _layers_of(as_array(model)), None, (layer, head), labels, title)
    if tokens is None:
        raise TypeError("attention(model, tokens): there are no tokens for the model to look at")
    return Attention(Model(model), [], tokens, (layer, head), labels, title)


def _layers_of(weights: np.ndarray) -> list[Looks]:
    """Of an array (layers, heads, L, S), (heads, L, S) or (L, S)."""
    if weights.ndim not in (2, 3, 4) or not weights.size:
        raise ValueError(f"attention weights are (layers, heads, L, S), (heads, L, S) or (L, S), not {weights.shape}")
    every = weights.reshape(-1, *weights.shape[-3:]) if weights.ndim > 2 else weights[None, None]
    if not all(is_attention(np.asarray(layer, dtype=float)) for layer in every):
        total = every.sum(-1)
        raise ValueError(
            f"attention weights are not negative and each row sums to 1; here rows sum to {number(float(total.min()))} "
            f"to {number(float(total.max()))}: are they scores, before the softmax?"
        )
    return [Looks(str(i), np.asarray(layer, dtype=float)) for i, layer in enumerate(every)]


class Attention(Live):
    """The attention of the layers of a model, or of arrays. `layers` has the path and the weights of each."""

    script = Path(__file__).with_name("attention.js")

    def __init__(
        self, model: Model | None, layers: list[Looks], tokens: Any, first: tuple[Any, Any], labels: Any, title: Any
    ):
        self.model, self.tokens, self.layers = model, tokens, layers
        self._labels = labels
        self.look()
        self.title = title or (f"attention of {model.name}" if model and model.name.isidentifier() else "attention")
        self.layer = 0 if first[0] is None else self._place(first[0])
        self.head = 0 if first[1] is None else first[1]
        heads = len(self.layers[self.layer].weights)
        if not 0 <= self.head < heads:
            raise ValueError(f"head={self.head}: layer '{self.layers[self.layer].path}' has heads 0 to {heads - 1}")

    def look(self) -> None:
        """Run the model on the tokens."""
        if self.model:
            self.layers = looks(self.model, as_batch(self.tokens))
        if (size := sum(layer.weights.size for layer in self.layers)) > MOST:
            raise ValueError(f"{size:,} weights are too many for a picture: pass fewer tokens, of 100 at most, say")
        names = Names(self._labels, None if self.tokens is None else ids(self.tokens))
        self.names = [names.of_both(*layer.weights.shape[1:]) for layer in self.layers]

    def _place(self, layer: Any) -> int:
        paths = [look.path for look in self.layers]
        if isinstance(layer, int | np.integer) and -len(paths) <= layer < len(paths):
            return int(layer) % len(paths)
        path = self.model.layer(layer) if self.model and not isinstance(layer, int) else str(layer)
        if path not in paths:
            raise ValueError(f"layer {layer!r} computes no attention: these do: {', '.join(map(repr, paths))}")
        return paths.index(path)

    @property
    def data(self) -> list[dict[str, Any]]:
        """The path, the weights (heads, L, S) and the entropy of each head, layer by layer."""
        return [
            {"layer": look.path, "weights": look.weights.tolist(), "entropy": look.entropies.tolist()}
            for look in self.layers
        ]

    @property
    def text(self) -> str:
        layers, look = len(self.layers), self.layers[self.layer]
        heads = sum(len(look.weights) for look in self.layers)
        told = [f"{self.title}: {layers} layer{'s' * (layers > 1)}, {heads} head{'s' * (heads > 1)}"]
        bits = number(float(look.entropies[self.head]), 3)
        told.append(f"layer {look.path or 'model'}, head {self.head}: {bits} bits")
        rows, keys = self.names[self.layer]
        best = look.weights[self.head].argmax(-1)
        most = look.weights[self.head].max(-1)
        pairs = [f"{shown(rows[i])} -> {shown(keys[k])} {number(float(most[i]), 2)}" for i, k in enumerate(best[:16])]
        return "; ".join([*told, ", ".join(pairs) + (" …" if len(best) > 16 else "")])

    # ------------------------------------------------------------------------------------------------- live
    def state(self) -> dict[str, Any]:
        return {"title": self.title, "layer": self.layer, "head": self.head, **self.frame()}

    def frame(self) -> dict[str, Any]:
        many = sum(look.weights.size for look in self.layers) > PAGE
        return {"layers": [
            {
                "path": look.path or "model", "weights": _bytes(look.weights) if many else look.weights,
                "queries": list(map(shown, rows)), "keys": list(map(shown, keys)),
                "entropy": look.entropies, "top": float(look.weights.max()),
            }
            for look, (rows, keys) in zip(self.layers, self.names)
        ]}  # fmt: skip

    def update(self) -> None:
        """Ask the model again, and show where it looks now."""
        self.look()
        super().update()

    # ------------------------------------------------------------------------------------------------- still
    def scene(self) -> Scene:
        """The chosen head large, and all heads small, a layer a row."""
        large, width, height = self._large(20, 66)
        small, right, low = self._small(20 + width + 30, 66)
        title = [Text(20, 28, self.title, 15, bold=True)]
        note = "row: who looks · column: at whom · the stronger the colour, the more"
        struck = any((look.weights == 0).any() for look in self.layers)
        low = max(66 + height, low) + 22
        key = Text(20, low - 4, note + (" · struck through: 0" if struck else ""), SMALL, "muted")
        right = max(right, 40 + text_width(key.text, SMALL), 40 + text_width(self.title, 15, bold=True))
        return Scene(right, low + 10, self.title, self.text, [*title, *large, *small, key])

    def _large(self, x: float, y: float) -> tuple[list[Shape], float, float]:
        """-> shapes, width, height"""
        look, (rows, keys) = self.layers[self.layer], self.names[self.layer]
        weights = look.weights[self.head]
        across, down = weights.shape[1], weights.shape[0]
        cell = min(26.0, max(5.0, 340 / max(across, down)))
        left = x + max(_room(rows, cell), 10)
        shapes: list[Shape] = [Text(x, y - 14, _told(look, self.head), SMALL, "muted")]
        shapes += cells(weights, left, y, cell)
        step = max(1, int(np.ceil(13 / cell)))
        for i in range(0, down, step):
            shapes.append(Text(left - 6, y + (i + 0.5) * cell + 4, shown(rows[i]), SMALL, "ink", "end"))
        bottom = y + down * cell
        upright = any(text_width(shown(k), SMALL) > cell * step for k in keys)
        for j in range(0, across, step):
            at = left + (j + 0.5) * cell
            word = shown(keys[j])
            if upright:
                low = bottom + 6 + text_width(word, SMALL) * 0.94
                shapes.append(Text(at + 4, low, word, SMALL, "ink", upright=True))
            else:
                shapes.append(Text(at, bottom + 15, word, SMALL, "ink", "middle"))
        below = max(text_width(shown(k), SMALL) for k in keys) + 8 if upright else 20
        return shapes, left - x + across * cell, down * cell + below

    def _small(self, x: float, y: float) -> tuple[list[Shape], float, float]:
        """-> shapes, right end, lower end"""
        shapes, right = list[Shape](), x
        for i, look in enumerate(self.layers[:12]):
            shapes.append(Text(x, y - 14, f"layer {look.path or 'model'}", SMALL, "muted"))
            right = max(right, x + text_width(f"layer {look.path}", SMALL))
            for h, weights in enumerate(look.weights[:12]):
                left, fit = x + h * (THUMB + 10), THUMB / max(weights.shape)
                wide, high = fit * weights.shape[1], fit * weights.shape[0]
                chosen = (i, h) == (self.layer, self.head)
                shapes.append(heat_map(weights, left, y, wide, high, lo=0))
                shapes.append(Box(left, y, wide, high, "", "ink" if chosen else "edge", 0, 2 if chosen else 1))
                bits = number(round(float(look.entropies[h]), 2), 3)
                shapes.append(Text(left, y + THUMB + 13, bits if h else f"{bits} bits", 10.5, "muted"))
                right = max(right, left + THUMB + 14)
            y += THUMB + 44
        return shapes, right + 20, y - 28


class Names:
    """The names of the tokens: for each length the labels that have it, else numbers."""

    def __init__(self, labels: Any, tokens: np.ndarray | None):
        numbered = labels is None or callable(labels)
        self.given = [] if numbered else [list(map(str, names)) for names in of_both(labels)]
        self.spare = [] if tokens is None else [words(labels if numbered else None, tokens.tolist())]

    def of_both(self, queries: int, keys: int) -> tuple[list[str], list[str]]:
        """Names of the queries, and of the keys. ValueError where labels were given and none has the length."""
        if self.given and not any(len(names) in (queries, keys) for names in self.given):
            sizes = " and ".join(sorted({str(len(names)) for names in self.given}))
            raise ValueError(f"{sizes} labels for {queries} queries and {keys} keys: each token needs one")
        return self._of(queries, self.given), self._of(keys, self.given[::-1])

    def _of(self, count: int, given: Sequence[list[str]]) -> list[str]:
        fitting = (names for names in [*given, *self.spare] if len(names) == count)
        return next(fitting, [str(i) for i in range(count)])


def cells(weights: np.ndarray, x: float, y: float, cell: float) -> list[Shape]:
    """A heat map of weights (L, S), with what is 0 struck through."""
    height, width = (side * cell for side in weights.shape)
    shapes: list[Shape] = [heat_map(weights, x, y, width, height, lo=0), Box(x, y, width, height, "", "edge", 0)]
    for i, row in enumerate(weights == 0):
        ends = np.flatnonzero(np.diff(np.r_[False, row, False])).reshape(-1, 2)
        middle = y + (i + 0.5) * cell
        shapes += [Line(((x + a * cell + 1, middle), (x + b * cell - 1, middle)), "edge", 1) for a, b in ends.tolist()]
    return shapes


def _told(look: Looks, head: int) -> str:
    bits, most = number(float(look.entropies[head]), 3), number(float(look.weights[head].max()), 3)
    return f"layer {look.path or 'model'}, head {head}: entropy {bits} bits, up to {most}"


def _room(names: Sequence[str], cell: float) -> float:
    return max(text_width(shown(name), SMALL) for name in names) + 8


def _bytes(weights: np.ndarray) -> np.ndarray:
    """In 255 steps of the largest; what is not 0 stays so."""
    return np.ceil(weights / weights.max() * 255).astype(np.uint8)
