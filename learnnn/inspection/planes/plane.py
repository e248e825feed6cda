"""A plane of beliefs, as colours, and as the lines on it; three bytes a grid point are all that a page needs of it."""

from __future__ import annotations

import numpy as np

from ..face import theme

Extent = tuple[float, float, float, float]  # x0, x1, y0, y1
UNKNOWN = 255  # the label, in a byte, where the answer is nan


def pack_plane(belief: np.ndarray) -> np.ndarray:
    """Probabilities (R, R, classes) as bytes (R, R, 3): the winning class, how sure it is, and its lead.

    Rows go up from the lowest. The class is 255 where a probability is nan. How sure: the probability above mere
    chance, 0 to 255. The lead: the probability above the next class's, as its square root, 0 to 255: the border between
    two classes lies where the leads on both sides have shrunk to 0, and must be placed finer than the grid.

    >>> pack_plane(np.array([[[1.0, 0.0], [0.375, 0.625]]])).tolist()
    [[[0, 255, 255], [1, 64, 128]]]
    """
    parts = winner(belief) % 256, 255 * confidence(belief), 255 * np.sqrt(lead(belief))
    return np.stack([np.round(part) for part in parts], -1).astype(np.uint8)


def winner(belief: np.ndarray) -> np.ndarray:
    """The most probable class along the last axis; -1 where that is nan."""
    return np.where(np.isnan(belief).any(-1), -1, np.nan_to_num(belief).argmax(-1))


def confidence(belief: np.ndarray) -> np.ndarray:
    """How far the winner's probability is above mere chance, 0 to 1; 0 where it is nan."""
    chance = 1 / max(belief.shape[-1], 2)
    return np.clip((np.nan_to_num(belief).max(-1) - chance) / (1 - chance), 0, 1)


def lead(belief: np.ndarray) -> np.ndarray:
    """How far the winner's probability is above the next class's, 0 to 1; 0 where it is nan."""
    if belief.shape[-1] == 1:
        return np.clip(np.nan_to_num(belief[..., 0]), 0, 1)
    two = np.partition(np.nan_to_num(belief), -2, -1)[..., -2:]
    return np.clip(two[..., 1] - two[..., 0], 0, 1)


def grid(extent: Extent, resolution: int) -> np.ndarray:
    """The points (R * R, 2) of a grid over (x0, x1, y0, y1), its borders included, row by row from the lowest.

    >>> grid((0, 1, 0, 2), 2).tolist()
    [[0.0, 0.0], [1.0, 0.0], [0.0, 2.0], [1.0, 2.0]]
    """
    x0, x1, y0, y1 = extent
    across, up = np.linspace(x0, x1, resolution), np.linspace(y0, y1, resolution)
    return np.stack(np.meshgrid(across, up), -1).reshape(-1, 2)


def shade(belief: np.ndarray, dark: bool = False) -> np.ndarray:
    """The plane as an image (R - 1, R - 1, 3) of uint8, row 0 on top: a pixel lies between four grid points.

    The colour is the winner's, fading into the paper where it is not sure; where the answer is nan there are stripes.
    """
    colours = np.array([_rgb(theme.CLASSES[k % len(theme.CLASSES)]) for k in range(belief.shape[-1])])
    paper, edge = (np.array(_rgb(theme.colour(role, dark))) for role in ("paper", "edge"))
    labels = winner(belief)
    strength = PALEST + DEPTH[dark] * confidence(belief)[..., None]
    image = paper + strength * (colours[labels] - paper)
    between = (image[1:, 1:] + image[1:, :-1] + image[:-1, 1:] + image[:-1, :-1]) / 4
    row, column = np.indices(between.shape[:2])
    stripes = np.where(((row + column) % 6 < 2)[..., None], edge, paper)
    unknown = (labels[1:, 1:] < 0) | (labels[:-1, :-1] < 0)
    return np.where(unknown[..., None], stripes, between)[::-1].round().astype(np.uint8)


PALEST, DEPTH = 0.06, (0.48, 0.36)  # on light and on dark paper: points stand out on both


def _rgb(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))
