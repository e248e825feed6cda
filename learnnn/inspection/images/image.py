"""Images as arrays (C, H, W): read from what people have, made smaller, coloured, and sent to a page in few bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ... import autograd
from ...nn import functional as F
from ..face.require import require
from ..face.scene import Raster
from ..models.kind import as_array


def photograph() -> np.ndarray:
    """A pagoda in colour, (3, 128, 128) from 0 to 1: a part of scikit-learn's sample image (needs scikit-learn)."""
    require("PIL", "the sample photograph")
    datasets = require("sklearn.datasets", "the sample photograph")
    photo = datasets.load_sample_image("china.jpg")[20:404, 60:444]  # (384, 384, 3)
    small = photo.reshape(128, 3, 128, 3, 3).mean((1, 3)).round()  # thirds in height and width
    return (small / 255).astype(np.float32).transpose(2, 0, 1)


def as_image(image: Any) -> np.ndarray:
    """An image as an array (C, H, W) of floats: from (H, W), (C, H, W), (H, W, 3) or a batch of one.

    Bytes (uint8) become numbers from 0 to 1. Raises ValueError for other shapes and for numbers that are not finite.

    >>> as_image(np.zeros((8, 6))).shape, float(as_image(np.full((8, 6, 3), 255, np.uint8)).max())
    ((1, 8, 6), 1.0)
    """
    array = as_array(image)
    given = array.shape
    if array.ndim == 4 and len(array) == 1:
        array = array[0]
    if array.ndim == 2:
        array = array[None]
    if array.ndim != 3 or 0 in array.shape:
        raise ValueError(f"an image is (H, W), (C, H, W) or (H, W, 3), and this has shape {given}{_batch_hint(given)}")
    if array.shape[0] not in (1, 3) and array.shape[-1] in (3, 4):
        array = np.moveaxis(array[..., :3], -1, 0)  # (H, W, 3) -> (3, H, W); a fourth is how opaque it is
    return _floats(array)


def _floats(array: np.ndarray) -> np.ndarray:
    if array.dtype.kind not in "fiub":
        raise TypeError(f"an image is made of real numbers, not of {array.dtype}")
    scaled = array / np.float32(255) if array.dtype == np.uint8 else array
    floats = scaled if scaled.dtype.kind == "f" else scaled.astype(np.float32)
    if bad := int((~np.isfinite(floats)).sum()):
        raise ValueError(f"{bad} of the image's {floats.size} numbers are nan or infinite")
    return floats


def _batch_hint(shape: tuple[int, ...]) -> str:
    return f": a batch of {shape[0]}? Pass one of them, as in images[0]" if len(shape) == 4 and shape[0] else ""


def as_example(image: Any) -> tuple[np.ndarray, np.ndarray]:
    """(what a model is given, how it looks): a batch of one, and an image (C, H, W).

    A vector (D,) is given as (1, D), and looks like a square where D is one, else like a strip.

    >>> [a.shape for a in as_example(np.zeros(64))], [a.shape for a in as_example(np.zeros((3, 8, 8)))]
    ([(1, 64), (1, 8, 8)], [(1, 3, 8, 8), (3, 8, 8)])
    """
    array = as_array(image)
    vector = array[0] if array.ndim == 2 and len(array) == 1 and array.size > 1 else array
    if vector.ndim == 1 and vector.size:
        vector = _floats(vector)
        return vector[None], unfolded(vector[None])
    picture = as_image(array)
    return picture[None], picture


def unfolded(vectors: np.ndarray) -> np.ndarray:
    """Vectors (N, D) as images (N, H, W): squares from 3 x 3 on where D allows, else strips of height 1."""
    side = round(vectors.shape[1] ** 0.5)
    return vectors.reshape(len(vectors), *((side, side) if side >= 3 and side**2 == vectors.shape[1] else (1, -1)))


def smaller(maps: np.ndarray, side: int) -> np.ndarray:
    """Maps (..., H, W) of at most `side` in height and width: means over blocks, cut where they do not fit.

    >>> smaller(np.arange(16.0).reshape(4, 4), 2)
    array([[ 2.5,  4.5],
           [10.5, 12.5]])
    """
    height, width = maps.shape[-2:]
    factor = -(-max(height, width) // side)
    down, across = min(factor, height), min(factor, width)
    h, w = height // down, width // across
    cut = maps[..., : h * down, : w * across]
    return cut.reshape(*maps.shape[:-2], h, down, w, across).mean((-3, -1))


def as_bytes(maps: np.ndarray) -> dict[str, np.ndarray]:
    """Maps (N, ...) for a page: each in bytes from its own lowest value to its highest, off by 1/510 of the range."""
    flat = maps.reshape(len(maps), -1).astype(float)
    lo, hi = flat.min(1), flat.max(1)
    part = (flat - lo[:, None]) / np.where(hi > lo, hi - lo, 1)[:, None]
    return {"bytes": np.round(255 * part).astype(np.uint8).reshape(maps.shape), "lo": lo, "hi": hi}


def pixels(image: np.ndarray, limits: tuple[float, float] | None = None) -> np.ndarray:
    """An image (C, H, W) as colours (H, W, 3) of uint8: three channels are red, green, blue; of others the mean.

    Black is 0 and white 1 where all numbers lie between, else the lowest and the highest.
    """
    lo, hi = limits or value_range(image)
    image = image if len(image) == 3 else image.mean(0, keepdims=True).repeat(3, 0)
    part = np.clip((image - lo) / ((hi - lo) or 1), 0, 1)
    return np.round(255 * part).astype(np.uint8).transpose(1, 2, 0)


def value_range(values: np.ndarray) -> tuple[float, float]:
    """What is drawn black and what white."""
    lo, hi = float(values.min()), float(values.max())
    return (0.0, 1.0) if lo >= 0 and hi <= 1 else (lo, hi)


def overlaid(image: np.ndarray, heat: np.ndarray, opacity: float = 0.85) -> np.ndarray:
    """Heat (H, W) from -1 to 1 over an image (H, W, 3) of uint8: dimmed, blue where positive, orange where negative."""
    grey = image.mean(-1, keepdims=True) * (1 - 0.55 * opacity)
    part = np.abs(heat)[..., None] ** 0.8 * opacity
    colours = np.where(heat[..., None] < 0, rgb(NEGATIVE), rgb(POSITIVE))
    return np.round(grey + np.clip(part, 0, 1) * (colours - grey)).astype(np.uint8)


POSITIVE, NEGATIVE = "#56b4f5", "#ff9640"  # bright, on a dimmed photograph, in any theme


def rgb(colour: str) -> np.ndarray:
    """
    >>> rgb("#ff0010").tolist()
    [255, 0, 16]
    """
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])


def fitted(shape: Sequence[int], width: float, height: float) -> tuple[float, float]:
    """(width, height) of an image of a shape (..., H, W) that is as large as it can be inside.

    >>> fitted((1, 10, 20), 100, 100)
    (100.0, 50.0)
    """
    h, w = shape[-2:]
    scale = min(width / w, height / h)
    return w * scale, h * scale


def stretched(map: np.ndarray, height: int, width: int) -> np.ndarray:
    """A map (h, w) in another size, between neighbours bilinear."""
    return F.interpolate(autograd.wrap(map[None, None]), (height, width), mode="bilinear").array[0, 0]


def raster(image: np.ndarray, x: float, y: float, width: float, height: float) -> Raster:
    """An image (H, W, 3) of uint8 on a scene."""
    return Raster(x, y, width, height, image)


def shape_words(shape: Sequence[int]) -> str:
    """
    >>> shape_words((8, 14, 14))
    '8 × 14 × 14'
    """
    return " × ".join(map(str, shape))
