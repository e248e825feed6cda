"""What a generative model makes: points on a plane, or images."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..models.kind import as_array

LARGEST = 48  # pixels each way of an image that a page is sent


def as_samples(samples: Any, what: str) -> np.ndarray:
    """Points (N, 2), or images (N, H, W), (N, C, H, W) or (N, H, W, C) -> points (N, 2) or images (N, H, W, C).

    ValueError for what is neither, and for nan: where would it be drawn?
    """
    array = as_array(samples).astype(np.float64)
    if not array.size or array.ndim not in (2, 3, 4) or (array.ndim == 2 and array.shape[1] != 2):
        raise ValueError(
            f"{what} has shape {array.shape}: points on a plane (N, 2) or images (N, H, W) or (N, C, H, W) can be "
            "shown. Of points in more dimensions choose two columns, or project them first"
        )
    if not np.isfinite(array).all():
        raise ValueError(f"{what} holds nan or infinity: the model has diverged; show the moments before")
    return array if array.ndim == 2 else _images(array, what)


def _images(array: np.ndarray, what: str) -> np.ndarray:
    if array.ndim == 3:
        return array[..., None]
    if array.shape[1] in (1, 3):
        return np.moveaxis(array, 1, -1)  # (N, H, W, C)
    if array.shape[-1] not in (1, 3):
        raise ValueError(f"{what} has shape {array.shape}: images have 1 or 3 channels, as in (N, 3, H, W)")
    return array


def are_points(samples: np.ndarray) -> bool:
    """Points, and no images?"""
    return samples.ndim == 2


def smaller(images: np.ndarray) -> np.ndarray:
    """Images (N, H, W, C) whose sides are LARGEST at most: means over squares of pixels.

    >>> smaller(np.ones((1, 100, 50, 1))).shape
    (1, 33, 16, 1)
    """
    n, height, width, channels = images.shape
    k = -(-max(height, width) // LARGEST)
    cut = images[:, : height // k * k, : width // k * k]
    return cut.reshape(n, height // k, k, width // k, k, channels).mean((2, 4))


def as_bytes(values: np.ndarray, lo: float, hi: float) -> np.ndarray:
    """Values from lo to hi as 0 to 255.

    >>> as_bytes(np.array([-2.0, -1.0, 0.0, 1.0]), -1, 1)
    array([  0,   0, 128, 255], dtype=uint8)
    """
    return np.clip(np.round(255 * (values - lo) / ((hi - lo) or 1.0)), 0, 255).astype(np.uint8)


def spread(samples: np.ndarray) -> float:
    """The standard deviation of samples around their mean, over all their coordinates."""
    return float(np.sqrt(((samples - samples.mean(0)) ** 2).mean()))
