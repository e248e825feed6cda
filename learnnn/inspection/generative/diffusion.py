"""Adding noise step by step, and taking it away: Ho et al. 2020, "Denoising Diffusion Probabilistic Models"."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..models.kind import as_array

Denoiser = Callable[[np.ndarray, np.ndarray], np.ndarray]  # eps(x, t)


def linear_betas(steps: int) -> np.ndarray:
    """The paper's schedule, 1e-4 to 0.02 in 1000 steps, squeezed into fewer: larger steps, the same noise at the end.

    >>> linear_betas(1000)[[0, -1]].round(6).tolist()
    [0.0001, 0.02]
    """
    scale = 1000 / steps
    return np.minimum(np.linspace(1e-4 * scale, 0.02 * scale, steps), 0.999)


def checked_betas(betas: Any) -> np.ndarray:
    """A schedule (T,), how much noise each step adds; ValueError for what is none."""
    array = as_array(betas).astype(np.float64)
    if array.ndim != 1 or not len(array) or not ((array > 0) & (array < 1)).all():
        raise ValueError(
            f"betas has shape {array.shape} and values from {array.min(initial=0):g} to {array.max(initial=0):g}: a "
            "schedule is one row of numbers between 0 and 1, the part of the variance that each step replaces by noise"
        )
    return array


def alpha_bars(betas: np.ndarray) -> np.ndarray:
    """How much of the data's variance is left after t steps, (T + 1,), beginning with 1."""
    return np.append(1.0, np.cumprod(1 - betas))


def noised(data: np.ndarray, betas: np.ndarray, steps: int, noise: np.ndarray) -> np.ndarray:
    """The data after so many steps of the forward process, at once: sqrt(ᾱ) x + sqrt(1 - ᾱ) noise (equation 4).

    >>> noised(np.array([[2.0]]), np.array([0.5, 0.5]), 2, np.array([[1.0]])).round(4)
    array([[1.866]])
    """
    left = alpha_bars(betas)[steps]
    return np.sqrt(left) * data + np.sqrt(1 - left) * noise


def denoised(eps: Denoiser, x: np.ndarray, betas: np.ndarray, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Ancestral sampling (algorithm 2, with σ² = β): the states from the noise x to the data, T + 1 of them.

    At each step x becomes (x - β / sqrt(1 - ᾱ) eps(x, t)) / sqrt(1 - β), and noise of variance β is added, but not
    after the last. t counts from T - 1 down to 0.
    """
    left = alpha_bars(betas)[1:]
    yield x
    for t in range(len(betas) - 1, -1, -1):
        beta = betas[t]
        x = (x - beta / np.sqrt(1 - left[t]) * asked(eps, x, t)) / np.sqrt(1 - beta)
        x = x + np.sqrt(beta) * rng.standard_normal(x.shape) * (t > 0)
        yield x


def asked(eps: Denoiser, x: np.ndarray, t: int) -> np.ndarray:
    """What the model takes for noise in x at step t, of the shape of x."""
    found = np.asarray(eps(x, np.full(len(x), t)), dtype=np.float64)
    if found.shape != x.shape:
        raise ValueError(
            f"the model answers {found.shape} for x {x.shape} and t ({len(x)},): it must give the noise in x, of "
            "the same shape"
        )
    return found


def score(eps: Denoiser, places: np.ndarray, betas: np.ndarray, t: int) -> np.ndarray:
    """Where the density of the noised data grows, -eps / sqrt(1 - ᾱ), at places (A, 2)."""
    return -asked(eps, places, t) / np.sqrt(1 - alpha_bars(betas)[t + 1])
