"""`embedding_map`: the vectors of an embedding on a plane, and which are alike."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np

from ..face import theme
from ..face.chart import SMALL, number
from ..face.live import Live
from ..face.scene import Box, Dot, Scene, Shape, Text, text_width
from ..models.kind import as_array
from ..models.parts import is_number
from .projections import neighbours, pca, tsne
from .tokens import Labels, shown, words

MOST = 2000  # vectors
NEAR = 8
SIDE = 440.0
METHODS = ("pca", "tsne")


def embedding_map(
    embedding: Any, *, labels: Labels = None, method: str = "pca", colours: Any = None, title: str | None = None
) -> EmbeddingMap:
    """Draw the vectors of an embedding as points on a plane: those that are alike lie together, more or less.

    PCA keeps the two directions in which the vectors vary most, and says how much of the variance that is; t-SNE keeps
    neighbours together (needs scikit-learn). Likeness is measured among the vectors themselves, not on the plane, by
    the cosine of their angle. On the page a label is searched by typing, a point chosen by click; its likest are listed
    and linked. Drag to move, turn the wheel to zoom; or the arrow keys, + and -.

    Args:
        embedding: nn.Embedding, learnnn's or PyTorch's; an object with a `.weight` (V, d); or an array (V, d).
        labels: A name for each vector, or a function of its number.
        method: "pca" or "tsne".
        colours: A class (a word or a whole number) or a number for each vector.
        title: A heading.

    Raises ValueError for tables of another shape, more than 2,000 vectors, and labels or colours that do not fit.

    Sources: Pearson 1901 (PCA), van der Maaten and Hinton 2008 (t-SNE).

    >>> picture = embedding_map([[1.0, 0.1], [0.9, 0.0], [-1.0, 0.5]], labels=["cat", "dog", "tea"])
    >>> [(name, round(cosine, 2)) for name, cosine in picture.nearest("cat")]
    [('dog', 1.0), ('tea', -0.85)]
    """
    if method not in METHODS:
        raise ValueError(f"method={method!r}: it is 'pca' or 'tsne'")
    return EmbeddingMap(embedding, labels, method, colours, title)


class EmbeddingMap(Live):
    """Vectors on a plane: `vectors` (V, d), `positions` (V, 2), `names`; `held` is the part of the variance (PCA)."""

    script = Path(__file__).with_name("embedding_map.js")

    def __init__(self, embedding: Any, labels: Labels, method: str, colours: Any, title: str | None):
        self.embedding, self.method, self.labels = embedding, method, labels
        self.title = title or "embedding map"
        self.positions = np.empty((0, 2))
        self.look()
        self.classes, self.values, self.class_names = _coloured(colours, len(self.vectors))

    def look(self) -> None:
        """Read the vectors, and lay them out."""
        vectors = table(self.embedding)
        if self.labels is not None and not callable(self.labels) and len(self.labels) != len(vectors):
            raise ValueError(f"{len(self.labels)} labels for {len(vectors)} vectors: one each is needed")
        positions, held = pca(vectors) if self.method == "pca" else (tsne(vectors), None)
        if self.positions.shape == positions.shape:  # directions may turn round; the picture need not
            positions = positions * np.where((positions * self.positions).sum(0) < 0, -1, 1)
        self.vectors, self.positions, self.held = vectors, positions, held
        self.names = words(self.labels, range(len(vectors)), "vector")
        self._near, self._cosines = neighbours(vectors, NEAR)

    def nearest(self, label: Any, k: int = NEAR) -> list[tuple[str, float]]:
        """The k vectors most like that of a label (or of a number): their labels, and the cosines of the angles."""
        near, cosines = neighbours(self.vectors, k)
        i = self._place(label)
        return [(self.names[j], float(c)) for j, c in zip(near[i].tolist(), cosines[i].tolist())]

    def _place(self, label: Any) -> int:
        if str(label) in self.names:
            return self.names.index(str(label))
        if isinstance(label, int | np.integer) and 0 <= label < len(self.names):
            return int(label)
        close = get_close_matches(str(label), self.names, n=1)
        raise ValueError(f"no vector is called {label!r}{f': did you mean {close[0]!r}?' if close else ''}")

    @property
    def data(self) -> dict[str, Any]:
        return {
            "labels": self.names, "positions": self.positions.tolist(), "method": self.method,
            "variance": None if self.held is None else self.held.tolist(),
            "nearest": [[self.names[j] for j in row] for row in self._near.tolist()],
        }  # fmt: skip

    @property
    def text(self) -> str:
        count, size = self.vectors.shape
        told = [f"{self.title}: {count} vectors of {size} numbers, {self._method()}"]
        for i in range(min(3, count)):
            near = zip(self._near[i, :3].tolist(), self._cosines[i].tolist())
            told.append(
                f"{shown(self.names[i])} is most like "
                + ", ".join(f"{shown(self.names[j])} {number(c, 2)}" for j, c in near)
            )
        return "; ".join(told if count > 1 else told[:1])

    def _method(self) -> str:
        if self.held is None:
            return "t-SNE: neighbours are kept together, distances between groups mean little"
        return f"PCA keeps {self.held.sum():.0%} of their variance ({self.held[0]:.0%} across, {self.held[1]:.0%} up)"

    # ------------------------------------------------------------------------------------------------- live
    def state(self) -> dict[str, Any]:
        colours = {"classes": self.classes, "values": self.values, "class_names": self.class_names}
        return {"title": self.title, "names": list(map(shown, self.names)), **colours, **self.frame()}

    def frame(self) -> dict[str, Any]:
        return {"at": self.positions, "near": self._near, "cosines": self._cosines, "told": self._method()}

    def update(self) -> None:
        """Read the vectors again, and show where they are now."""
        self.look()
        super().update()

    # ------------------------------------------------------------------------------------------------- still
    def scene(self) -> Scene:
        """Points with as many labels as there is room for."""
        places = self._on_paper(20, 62)
        shapes: list[Shape] = [Text(20, 28, self.title, 15, bold=True), Text(20, 48, self._method(), SMALL, "muted")]
        shapes.append(Box(20, 62, SIDE + 120, SIDE, "", "edge", 4))
        shapes += [Dot(*place, 3.6, self._colour(i), mark=self._mark(i)) for i, place in enumerate(places)]
        shapes += _labels(places, [shown(name) for name in self.names])
        key, low = self._key(20, 62 + SIDE + 14)
        return Scene(SIDE + 160, low + 12, self.title, self.text, [*shapes, *key])

    def _on_paper(self, x: float, y: float) -> list[tuple[float, float]]:
        """Where the points lie in the box, one unit as long across as up."""
        lo, hi = self.positions.min(0), self.positions.max(0)
        wide, high = SIDE + 120 - 90, SIDE - 40
        scale = min(wide / max(hi[0] - lo[0], 1e-12), high / max(hi[1] - lo[1], 1e-12))
        scale = 0.0 if (hi - lo).max() == 0 else scale
        off = (self.positions - (lo + hi) / 2) * scale
        return [(x + (SIDE + 120) / 2 - 14 + float(a), y + SIDE / 2 - float(b)) for a, b in off]

    def _colour(self, i: int) -> str:
        if self.values is not None:
            lo, hi = float(self.values.min()), float(self.values.max())
            part = 0.15 + 0.85 * (float(self.values[i]) - lo) / ((hi - lo) or 1.0)
            return "#" + "".join(f"{c:02x}" for c in theme.ramp(theme.SEQUENTIAL[0], part))
        return "input-edge" if self.classes is None else theme.CLASSES[self.classes[i] % len(theme.CLASSES)]

    def _mark(self, i: int) -> int:
        return 0 if self.classes is None else int(self.classes[i])

    def _key(self, x: float, y: float) -> tuple[list[Shape], float]:
        """What colours and marks mean -> shapes, and where they end."""
        if self.values is not None:
            ends = f"from {number(float(self.values.min()))} (light) to {number(float(self.values.max()))} (dark)"
            return [Text(x, y + 10, ends, SMALL, "muted")], y + 16
        shapes, left = list[Shape](), x
        for k, name in enumerate(self.class_names):
            if left + 26 + text_width(name, SMALL) > SIDE + 150 and left > x:
                left, y = x, y + 18
            shapes.append(Dot(left + 5, y + 6, 4.5, theme.CLASSES[k % len(theme.CLASSES)], mark=k))
            shapes.append(Text(left + 14, y + 10, name, SMALL, "muted"))
            left += 30 + text_width(name, SMALL)
        return shapes, y + (16 if shapes else -6)


def table(embedding: Any) -> np.ndarray:
    """The vectors (V, d) of an embedding, in double precision."""
    numbers = is_number(embedding) or isinstance(embedding, list | tuple)
    weight = embedding if numbers else getattr(embedding, "weight", None)
    if weight is None:
        raise TypeError(
            f"a {type(embedding).__name__} has no .weight: pass an nn.Embedding, an object that keeps its vectors in "
            ".weight, or the array (V, d) itself"
        )
    vectors = np.array(as_array(weight), dtype=float)
    if vectors.ndim != 2 or len(vectors) < 2 or not vectors.shape[1]:
        raise ValueError(f"an embedding is a table (V, d), a row a vector, and this has shape {vectors.shape}")
    if len(vectors) > MOST:
        raise ValueError(f"{len(vectors):,} vectors are too many for a picture: choose {MOST:,}, as in weight[:{MOST}]")
    if bad := int((~np.isfinite(vectors)).any(1).sum()):
        raise ValueError(f"{bad} of the {len(vectors)} vectors hold nan or infinity")
    return vectors


def _coloured(colours: Any, count: int) -> tuple[np.ndarray | None, np.ndarray | None, list[str]]:
    """(the class of each vector, or None; its value, or None; the names of the classes)"""
    if colours is None:
        return None, None, []
    given = np.asarray(colours if not is_number(colours) else as_array(colours))
    if given.shape != (count,):
        raise ValueError(f"colours of shape {given.shape} for {count} vectors: one each is needed")
    if given.dtype.kind == "f":
        if not np.isfinite(given).all():
            raise ValueError("some colours are nan or infinite")
        return None, given, []
    names, classes = np.unique(given, return_inverse=True)
    if len(names) > len(theme.CLASSES):
        raise ValueError(
            f"{len(names)} classes cannot be told apart by colour: {len(theme.CLASSES)} at most, or floats"
        )
    return classes.reshape(-1), None, [str(name) for name in names]


def _labels(places: Sequence[tuple[float, float]], names: Sequence[str]) -> list[Shape]:
    """As many names as fit beside their points without touching another."""
    taken, shapes = list[tuple[float, float, float]](), list[Shape]()
    for (x, y), name in zip(places, names):
        wide = text_width(name, SMALL)
        if wide < 90 and all(abs(y - t) > 11 or x + 7 + wide < a or x + 7 > b for a, b, t in taken):
            taken.append((x + 7, x + 7 + wide, y))
            shapes.append(Text(x + 7, y + 4, name, SMALL))
    return shapes
