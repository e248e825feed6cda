"""`denoise`: noise becomes data, step by step, as a diffusion model makes it."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..face.chart import number
from ..models.kind import as_array
from ..models.model import Model
from .diffusion import checked_betas, denoised, linear_betas, noised, score
from .moments import Moments, Panel, square
from .samples import are_points, as_samples, smaller, spread

POINTS, IMAGES = 200, 16
ARROWS = 12  # each way
BYTES = 150_000  # of images that a page is sent, for each panel


class Denoising(Moments):
    """The states of a reverse diffusion, and beside them the forward one of real data at the same amount of noise."""

    title = "denoising"
    late = 1.8

    def __init__(self, states: list[np.ndarray], kept: list[int], title: str | None):
        self.states, self.kept = states, kept  # all states from noise to data, and the places of those that are shown
        self.heading = title or "from noise to data"
        self.labels = [f"step {k} of {len(states) - 1}" for k in kept]
        self.panels = [Panel("made from noise", np.stack([_some(states[k]) for k in kept]))]
        self.numbers = {"spread: made": [spread(states[k]) for k in kept]}

    def add_forward(self, data: np.ndarray, betas: np.ndarray, rng: np.random.Generator) -> None:
        """Real data, noised as much as what is made at each moment."""
        noise, T = rng.standard_normal(data.shape), len(betas)
        clouds = [noised(data, betas, T - k, noise) for k in self.kept]
        samples = np.stack([_some(cloud) for cloud in clouds])
        self.panels.append(Panel("real data, noised as much", samples, colour="input-edge"))
        self.numbers["spread: real"] = [spread(cloud) for cloud in clouds]

    def add_score(self, eps: Any, betas: np.ndarray) -> None:
        """The score at places all over the map, at each moment."""
        x0, x1, y0, y1 = square(self.panels[0].samples.reshape(-1, 2))
        parts = (np.arange(ARROWS) + 0.5) / ARROWS
        self.places = np.stack(np.meshgrid(x0 + parts * (x1 - x0), y0 + parts * (y1 - y0)), -1).reshape(-1, 2)
        T = len(betas)
        self.panels[0].arrows = np.stack([score(eps, self.places, betas, max(T - 1 - k, 0)) for k in self.kept])
        self.shading = "arrows: the score, where the density grows"

    @property
    def data(self) -> dict[str, Any]:
        """The first and the last state, the steps that are shown, and the spread at each."""
        return {
            "steps": self.kept, "noise": self.states[0].tolist(), "made": self.states[-1].tolist(),
            "numbers": self.numbers,
        }  # fmt: skip

    @property
    def text(self) -> str:
        first, last = spread(self.states[0]), spread(self.states[-1])
        what = "points" if are_points(self.states[0]) else "images"
        words = f"denoising {len(self.states[0])} {what} in {len(self.states) - 1} steps: "
        words += f"their spread goes from {number(first, 3)} to {number(last, 3)}"
        real = self.numbers.get("spread: real")
        return words + (f", that of the real data is {number(real[-1], 3)}" if real else "")


def denoise(
    model: Any,
    *,
    betas: Any = None,
    steps: int | None = None,
    noise: Any = None,
    shape: tuple[int, ...] | None = None,
    data: Any = None,
    keep: int = 30,
    seed: int = 0,
    title: str | None = None,
) -> Denoising:
    """Show how a diffusion model turns noise into points (N, 2) or images (N, H, W) or (N, C, H, W).

    `model` is one of three: a denoiser eps(x, t) that tells the noise in x, where t (N,) counts the steps from 0, with
    its schedule `betas` (T,), or `steps` for the usual linear one: it is run by ancestral sampling (Ho et al. 2020),
    and for points the score is drawn as arrows; a sampler, a function of noise that gives the states one by one; or the
    states themselves, from noise to data. `noise` is where to begin, or `shape`, of noise drawn with `seed`. `data`,
    real points or images, are shown with as much noise as what is made has at each moment (this needs the schedule).
    At most `keep` moments are shown. The model is left as it was.

    Raises ValueError for shapes that cannot be drawn, and for a schedule that is none.

    >>> shrink = lambda x: [x, x / 2, x / 4]
    >>> denoise(shrink, noise=[[1.0, 0.0], [-1.0, 0.0]])
    denoising 2 points in 2 steps: their spread goes from 0.707 to 0.177
    """
    if keep < 2:
        raise ValueError(f"keep is how many moments to show, 2 at least, not {keep}")
    rng = np.random.default_rng(seed)
    schedule = linear_betas(_positive(steps)) if betas is None and steps is not None else betas
    schedule = None if schedule is None else checked_betas(schedule)
    if isinstance(model, np.ndarray | list | tuple):
        return _with_data(_shown(list(model), keep, title), data, schedule, rng)
    asked, start = Model(model), _start(noise, shape, rng)
    if schedule is None:
        states = _sampled(asked, model, start)
        return _with_data(_shown(states, keep, title), data, schedule, rng)
    with asked.kept():
        picture = _shown(list(denoised(asked.ask, start, schedule, rng)), keep, title)
        if are_points(picture.states[0]):
            picture.add_score(asked.ask, schedule)
    return _with_data(picture, data, schedule, rng)


def _sampled(asked: Model, sampler: Any, start: np.ndarray) -> list[Any]:
    with asked.kept():
        states = sampler(start)
        if not hasattr(states, "__iter__"):
            raise TypeError(
                f"the sampler gave a {type(states).__name__}: a sampler gives the states one by one, from noise to "
                "data. For a denoiser eps(x, t) pass its schedule too, betas=... or steps=..."
            )
        return [np.array(as_array(state)) for state in states]


def _shown(states: list[Any], keep: int, title: str | None) -> Denoising:
    if len(states) < 2:
        raise ValueError(f"{len(states)} states are no way from noise to data: two at least are needed")
    arrays = [as_samples(state, f"state {k}") for k, state in enumerate(states)]
    if len({array.shape for array in arrays}) > 1:
        raise ValueError(f"states differ in shape: {sorted({array.shape for array in arrays})}")
    most = keep if are_points(arrays[0]) else min(keep, max(6, BYTES // _some(arrays[0]).size))
    kept = np.unique(np.linspace(0, len(arrays) - 1, min(most, len(arrays))).round().astype(int)).tolist()
    return Denoising(arrays, kept, title)


def _with_data(picture: Denoising, data: Any, betas: np.ndarray | None, rng: np.random.Generator) -> Denoising:
    if data is None:
        return picture
    real = as_samples(data, "data")
    if real.shape[1:] != picture.states[0].shape[1:]:
        raise ValueError(f"data has samples {real.shape[1:]}, and the states {picture.states[0].shape[1:]}")
    if betas is None or len(betas) != len(picture.states) - 1:
        raise ValueError(
            "to noise the data as much as the states, their schedule is needed: betas with "
            f"{len(picture.states) - 1} numbers, one for each step"
        )
    picture.add_forward(real, betas, rng)
    return picture


def _start(noise: Any, shape: tuple[int, ...] | None, rng: np.random.Generator) -> np.ndarray:
    if noise is None and shape is None:
        raise ValueError("where to begin? Pass noise=..., or shape=(200, 2) for noise that is drawn for you")
    start = rng.standard_normal(shape) if noise is None else as_array(noise).astype(np.float64)
    as_samples(start, "noise")
    return start


def _positive(steps: int) -> int:
    if not isinstance(steps, int) or steps < 1:
        raise ValueError(f"steps is how many steps of noise there are, an integer from 1, not {steps!r}")
    return steps


def _some(samples: np.ndarray) -> np.ndarray:
    return samples[:POINTS] if are_points(samples) else smaller(samples[:IMAGES])
