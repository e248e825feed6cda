"""Five data sets of two classes, each a function that stands by itself: the exported code holds its source.

`rng` is numpy's generator; a noise of 0.1 moves a point by about 0.2, on a plane from -3 to 3.
"""

import numpy as np


def moons(rng, n, noise):
    """Two interleaved half circles."""
    y = np.arange(n) % 2
    t = rng.uniform(0, np.pi, n)
    X = np.stack([np.where(y, 1 - np.cos(t), np.cos(t)) - 0.5, np.where(y, 0.5 - np.sin(t), np.sin(t)) - 0.25], 1)
    return 2 * X + 2 * noise * rng.normal(size=(n, 2)), y


def circles(rng, n, noise):
    """A disc in a ring."""
    y = np.arange(n) % 2
    radius = np.where(y, np.sqrt(rng.uniform(0, 1.2, n)), rng.uniform(1.9, 2.7, n))
    t = rng.uniform(0, 2 * np.pi, n)
    X = np.stack([radius * np.cos(t), radius * np.sin(t)], 1)
    return X + 2 * noise * rng.normal(size=(n, 2)), y


def xor(rng, n, noise):
    """Two quarters of the plane against the other two."""
    X = rng.uniform(0.15, 2.7, (n, 2)) * rng.choice([-1, 1], (n, 2))
    y = (X[:, 0] * X[:, 1] > 0).astype(int)
    return X + 2 * noise * rng.normal(size=(n, 2)), y


def spiral(rng, n, noise):
    """Two arms around each other."""
    y = np.arange(n) % 2
    part = rng.uniform(0.05, 1, n)
    t = 3.5 * np.pi * part + np.pi * y
    X = 2.7 * part[:, None] * np.stack([np.sin(t), np.cos(t)], 1)
    return X + noise * rng.normal(size=(n, 2)), y


def gauss(rng, n, noise):
    """Two clouds."""
    y = np.arange(n) % 2
    X = np.where(y, 1.3, -1.3)[:, None] + (0.4 + 2 * noise) * rng.normal(size=(n, 2))
    return X, y
