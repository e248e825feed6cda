"""`feature_maps`: what each layer of a network makes of an image, channel by channel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..face.chart import SMALL, heat_map, number
from ..face.live import Live
from ..face.scene import Box, Scene, Shape, Text
from ..models.kind import as_array
from ..models.model import Model
from .convolution import is_convolution
from .image import as_bytes, as_example, fitted, pixels, raster, shape_words, smaller

PAGE = 180_000  # bytes of maps in a page, at most
UNITS = 256  # of a layer of units
INPUTS = 8  # input channels of a kernel
SMALLEST = 3e-3  # a channel that never exceeds this part of the strongest is called silent


def feature_maps(
    model: Any, image: Any, *, layers: Sequence[Any] | None = None, most: int = 16, title: str | None = None
) -> FeatureMaps:
    """The channels of every layer for one image: which are active, and where.

    On the page a click (or the arrow keys) on a channel shows it large, laid over the image, with the kernel that made
    it; a list chooses the layer. Layers that give a vector are shown as a strip of cells.

    Args:
        model: learnnn's, PyTorch's or your own; it is asked in evaluation mode, and left as it was.
        image: What the model takes, without or with a batch of one: (C, H, W), (H, W), or a vector (D,).
        layers: Which to show (paths, indices or the parts themselves); if not given, all that compute something new.
        most: How many channels of a layer.
        title: A heading.

    Raises ValueError for an unknown layer, and where no layer gives (N, C, H, W) or (N, D).

    >>> from learnnn import nn
    >>> picture = feature_maps(nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU()), np.ones((8, 8)))
    >>> {path: layer["shape"] for path, layer in picture.data.items()}
    {'0': (4, 6, 6), '1': (4, 6, 6)}
    """
    if most < 1:
        raise ValueError(f"most={most}: at least one channel of a layer must be shown")
    return FeatureMaps(Model(model), image, layers, most, title)


@dataclass
class Layer:
    """What a layer gave: `maps` (channels, H, W), or for a layer of units (1, 1, D)."""

    path: str
    name: str
    shape: tuple[int, ...]
    maps: np.ndarray
    maker: str = ""  # the path of the convolution that made its channels

    @property
    def is_vector(self) -> bool:
        return len(self.shape) == 1

    @property
    def words(self) -> str:
        """The layer and what it gave, in a line."""
        return f"{self.path or 'model'} · {self.name} · {shape_words(self.shape)}"

    @property
    def silent(self) -> list[int]:
        """The channels (or units) that are near zero everywhere."""
        values = np.abs(self.maps.reshape(-1, 1) if self.is_vector else self.maps.reshape(len(self.maps), -1)).max(1)
        return np.flatnonzero(values <= SMALLEST * values.max()).tolist()


class FeatureMaps(Live):
    """The channels of the layers of a network. `layers` are those that are shown."""

    script = Path(__file__).with_name("feature_maps.js")

    def __init__(self, model: Model, image: Any, layers: Sequence[Any] | None, most: int, title: str | None):
        self.model, self.most = model, most
        self.example, self.picture = as_example(image)
        self.title = title or f"feature maps: {model.name}"
        self._wanted = None if layers is None else [model.layer(layer) for layer in layers]
        self.look()

    def look(self) -> None:
        """Run the model on the image."""
        outputs = self.model.see(self.example).outputs
        parts = self.model.layers()
        chosen = new_ones(outputs, self.model.leaves()) if self._wanted is None else self._wanted
        makers = _makers(outputs, parts)
        self.layers = [
            _layer(path, type(parts[path]).__name__, outputs[path][0], makers.get(path, ""), self.most)
            for path in chosen
            if path in outputs and outputs[path].ndim in (2, 4) and len(outputs[path]) == 1
        ]
        if not self.layers:
            found = [f"'{path}' {outputs[path].shape}" for path in chosen if path in outputs]
            told = f"gives (1, C, H, W) or (1, D): there is {', '.join(found) or 'none that ran'}"
            raise ValueError(f"no layer of {self.model.name} {told}")
        behind = sorted({layer.maker for layer in self.layers} - {""})
        self.kernels = {path: _kernels(parts[path], self.most) for path in behind}

    @property
    def data(self) -> dict[str, Any]:
        return {
            layer.path: {"shape": layer.shape, "maps": (layer.maps[0, 0] if layer.is_vector else layer.maps).tolist()}
            for layer in self.layers
        }

    @property
    def text(self) -> str:
        return f"{self.title}. " + ". ".join(_sentence(layer) for layer in self.layers) + "."

    # ------------------------------------------------------------------------------------------------- live
    def state(self) -> dict[str, Any]:
        return {"title": self.title, "image": pixels(smaller(self.picture, 128)), **self.frame()}

    def frame(self) -> dict[str, Any]:
        side = _side([layer for layer in self.layers if not layer.is_vector])
        layers = [
            {"path": layer.path, "words": layer.words, "shape": layer.shape, "maker": layer.maker}
            | as_bytes(layer.maps.reshape(-1, 1, 1) if layer.is_vector else smaller(layer.maps, side))
            for layer in self.layers
        ]
        return {"layers": layers, "kernels": self.kernels}

    def update(self) -> None:
        """Ask the model again, and show what it sees now."""
        self.look()
        super().update()

    # ------------------------------------------------------------------------------------------------- still
    def scene(self) -> Scene:
        """The image, and a row of channels for each layer."""
        width, height = fitted(self.picture.shape, 116, 116)
        shapes: list[Shape] = [Text(20, 28, self.title, 15, bold=True)]
        shapes += [raster(pixels(smaller(self.picture, 128)), 20, 62, width, height)]
        shapes += [Text(20, 55, f"image {shape_words(self.picture.shape)}", SMALL, "muted")]
        y = 62.0
        for layer in self.layers:
            shapes += [Text(164, y - 7, _told(layer), SMALL, "muted"), *_row(layer, 164, y)]
            y += (22 if layer.is_vector else 50) + 28
        return Scene(164 + 12 * 54 + 16, max(y - 10, 62 + height + 20), self.title, self.text, shapes)


# --------------------------------------------------------------------------------------------------- looking
def new_ones(outputs: dict[str, np.ndarray], leaves: dict[str, Any]) -> list[str]:
    """The parts without parts that compute something: no Flatten, which gives the same numbers, and no Dropout."""
    paths = [path for path in outputs if path in leaves] or list(outputs)
    before = [np.empty(0), *(outputs[path] for path in paths)]
    return [path for path, last in zip(paths, before) if not _repeats(leaves.get(path), last, outputs[path])]


def _repeats(part: Any, before: np.ndarray, after: np.ndarray) -> bool:
    """Does a part only pass on, or put in another shape, what came before? (A ReLU may by chance.)"""
    passive = type(part).__name__.startswith(("Dropout", "Identity")) or before.shape != after.shape
    return passive and np.array_equal(before.ravel(), after.ravel())


def _makers(outputs: dict[str, np.ndarray], parts: dict[str, Any]) -> dict[str, str]:
    """For each part that gives channels, the last convolution before it, if it gives as many."""
    found, last, channels = {}, "", 0
    for path, output in outputs.items():
        if output.ndim == 4 and is_convolution(parts[path]):
            last, channels = path, output.shape[1]
        if output.ndim == 4 and last and output.shape[1] == channels:
            found[path] = last
    return found


def _layer(path: str, name: str, output: np.ndarray, maker: str, most: int) -> Layer:
    maps = output[None, None, :UNITS] if output.ndim == 1 else output[:most]
    if bad := int((~np.isfinite(output)).sum()):
        raise ValueError(f"layer '{path}' ({name}) gives {bad} of {output.size} numbers that are nan or infinite")
    return Layer(path, name, output.shape, maps, maker)


def _kernels(part: Any, most: int) -> np.ndarray:
    return np.array(as_array(part.weight)[:most, :INPUTS])


def _side(layers: Sequence[Layer]) -> int:
    """How large maps may be, so that all fit into a page."""
    sizes = (sum(smaller(layer.maps, side).size for layer in layers) for side in (128, 96, 64, 48, 32, 24, 16))
    return next((side for side, size in zip((128, 96, 64, 48, 32, 24), sizes) if size <= PAGE), 16)


# --------------------------------------------------------------------------------------------------- showing
def _sentence(layer: Layer) -> str:
    lo, hi = number(float(layer.maps.min()), 3), number(float(layer.maps.max()), 3)
    many, silent = len(layer.maps) if not layer.is_vector else layer.maps.size, layer.silent
    told = f"{layer.words}: from {lo} to {hi}"
    if silent:
        kind = "units" if layer.is_vector else "channels"
        told += f", {len(silent)} of {many} {kind} silent ({', '.join(map(str, silent[:8]))}{' …' * (len(silent) > 8)})"
    elif not layer.is_vector:
        told += f", strongest channel {int(np.abs(layer.maps).max((1, 2)).argmax())}"
    return told


def _told(layer: Layer) -> str:
    many, all_of_them = layer.maps.size if layer.is_vector else len(layer.maps), layer.shape[0]
    shown = min(many, 64 if layer.is_vector else 12)
    return layer.words + (f" · the first {shown}" if shown < all_of_them else "")


def _row(layer: Layer, x: float, y: float) -> Iterator[Shape]:
    signed, strongest = bool(layer.maps.min() < 0), float(np.abs(layer.maps).max()) or 1.0
    scale: dict[str, Any] = {"lo": -strongest if signed else 0.0, "hi": strongest, "diverging": signed}
    if layer.is_vector:
        cells = layer.maps[0][:, :64]
        side = 50 if cells.size <= 12 else 644 / cells.size
        yield heat_map(cells, x, y, side * cells.size, 22, **scale)
        yield Box(x, y, side * cells.size, 22, "", "edge", 0)
        for k, value in enumerate(cells[0] if cells.size <= 12 else ()):
            fill = "paper" if abs(value) > 0.55 * strongest else "ink"
            yield Text(x + side * (k + 0.5), y + 15, number(float(value), 2), SMALL, fill, "middle")
        return
    for k, channel in enumerate(layer.maps[:12]):
        width, height = fitted(channel.shape, 50, 50)
        yield heat_map(smaller(channel, 24), x + 54 * k, y, width, height, **scale)
        yield Box(x + 54 * k, y, width, height, "", "edge", 0)
