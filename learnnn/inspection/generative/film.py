"""`film`: what a generator makes, and what its discriminator believes, at many moments of their training."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..models.kind import as_array
from ..models.model import Model
from ..training.thinning import Thinned
from .moments import Moments, Panel, square, told
from .samples import are_points, as_samples, smaller

POINTS, IMAGES = 250, 16  # samples that are kept at each moment
GRID = 28  # places each way where a discriminator is asked
BYTES = 160_000  # of images that a page is sent
FRAME = 0.1  # seconds between two updates while training


@dataclass
class Shot:
    """One moment: its step, samples, the discriminator's belief over the plane, and numbers."""

    step: int
    samples: np.ndarray
    shades: np.ndarray | None
    numbers: dict[str, float]


class Film(Moments):
    """Collects what a generator makes while it learns, and shows it.

    `record(step, loss=...)` asks the generator now, with the same noise each time; `add(step, samples, ...)` takes what
    you have sampled yourself; as a callback of a Trainer it records after each epoch. At most `keep` moments are kept,
    evenly spread over the training.

    >>> from learnnn import nn
    >>> film = Film(nn.Linear(3, 2), noise=np.zeros((5, 3)))
    >>> film.record(0)
    >>> film.record(1, loss=0.5)
    >>> film
    film of 2 moments, steps 0 to 1, 5 points each; at the end loss 0.5
    """

    title = "film"

    def __init__(
        self, generator: Any = None, real: Any = None, *, noise: Any = None, discriminator: Any = None,
        centres: Any = None, keep: int = 40, title: str | None = None,
    ):  # fmt: skip
        self.generator = None if generator is None else Model(generator)
        self.discriminator = None if discriminator is None else Model(discriminator)
        self.noise, self.heading, self.shots = noise, title or "what the generator makes", Thinned(keep)
        self.all_real = None if real is None else as_samples(real, "real")
        self.centres = None if centres is None else _checked_centres(centres)
        self._check()
        self.shading = "shaded: blue where the discriminator believes “real”, orange “fake”" if self._shades else ""
        self._drawn_at = 0.0

    def _check(self) -> None:
        if self.discriminator is not None and self.all_real is None:
            raise ValueError("a discriminator is asked about real data too: pass film(generator, real, ...)")
        if self.centres is not None and self.all_real is not None and not are_points(self.all_real):
            raise ValueError("centres are modes of points on a plane, and real holds images")

    @property
    def _shades(self) -> bool:
        return self.discriminator is not None and self.all_real is not None and are_points(self.all_real)

    # ------------------------------------------------------------------------------------------- recording
    def add(self, step: int, samples: Any, **numbers: float) -> None:
        """A moment with samples (N, 2) or images, and numbers to plot beside them."""
        made = as_samples(samples, "samples")
        self._check_like_others(made)
        known = {name: float(as_array(value)) for name, value in numbers.items()}
        shades = self._belief() if self._shades else None
        shot = Shot(int(step), self._kept(made), shades, {**known, **self._modes(made), **self._scores(made)})
        self.shots.add(int(step), shot)
        if self.widgets and time.monotonic() - self._drawn_at > FRAME:
            self.update()
            self._drawn_at = time.monotonic()

    def record(self, step: int, **numbers: float) -> None:
        """A moment with what the generator makes now of its noise. The generator is left as it was."""
        if self.generator is None or self.noise is None:
            raise ValueError(
                "record() asks the generator for samples, and needs both: film(generator, noise=...), the noise as "
                "it is given to the generator, (N, latent size). With samples of your own call add(step, samples)"
            )
        self.add(step, self.generator.ask(self.noise), **numbers)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float]) -> None:
        """As a Trainer's callback."""
        self.record(epoch, **logs)

    def on_train_end(self) -> None:
        self.update()

    def _check_like_others(self, made: np.ndarray) -> None:
        others = self.shots[0].samples if len(self.shots) else self.all_real
        if others is not None and are_points(others) != are_points(made):
            raise ValueError("points and images cannot be shown in one film: the samples differ from the real data")

    def _kept(self, samples: np.ndarray) -> np.ndarray:
        return samples[:POINTS].copy() if are_points(samples) else smaller(samples[:IMAGES])

    # ------------------------------------------------------------------------------------------- what it measures
    def _belief(self) -> np.ndarray:
        """The probability of "real" over the map, (GRID, GRID) from the bottom."""
        x0, x1, y0, _ = self.extent
        step = (x1 - x0) / GRID
        xs, ys = (lo + step * (np.arange(GRID) + 0.5) for lo in (x0, y0))
        plane = np.stack(np.meshgrid(xs, ys), -1).reshape(-1, 2)
        return self._believed(plane)[0].reshape(GRID, GRID)

    def _believed(self, *clouds: np.ndarray) -> list[np.ndarray]:
        """The probability of "real" for each sample: the discriminator's answers, or what a sigmoid makes of them where
        some are no probabilities."""
        assert self.discriminator is not None
        answers = [_one_each(self.discriminator.ask(cloud), cloud) for cloud in clouds]
        joined = np.concatenate(answers)
        if joined.min() < 0 or joined.max() > 1:
            answers = [1 / (1 + np.exp(-np.clip(answer, -60, 60))) for answer in answers]
        return answers

    def _scores(self, made: np.ndarray) -> dict[str, float]:
        """The discriminator's mean belief about both."""
        if self.discriminator is None or not are_points(made) or self.all_real is None:
            return {}
        on_real, on_made = self._believed(self.all_real, made)
        return {"belief: in real": float(on_real.mean()), "belief: in made": float(on_made.mean())}

    def _modes(self, made: np.ndarray) -> dict[str, float]:
        """How many of the centres have a sample within three standard deviations (as Srivastava et al. 2017, "VEEGAN",
        count them), and the part of the samples that are so near to one."""
        if self.centres is None:
            return {}
        near = np.linalg.norm(made[:, None] - self.centres, axis=-1) < self.radius  # (N, centres)
        return {"modes covered": float(near.any(0).sum()), "near a mode": float(near.any(1).mean())}

    @property
    def radius(self) -> float:
        """How near is near: three standard deviations of the real points around their centre, or else a quarter of the
        distance between the centres."""
        assert self.centres is not None
        if self.all_real is not None:
            away = np.linalg.norm(self.all_real[:, None] - self.centres, axis=-1).min(1)
            return 3 * float(np.sqrt((away**2).mean() / 2))
        apart = np.linalg.norm(self.centres[:, None] - self.centres, axis=-1)
        return float(apart[apart > 0].min()) / 4

    # ------------------------------------------------------------------------------------------- what it shows
    @property
    def chosen(self) -> list[Shot]:
        """The moments that are shown: all of points, of images as many as a page can hold."""
        shots = list(self.shots)
        most = len(shots) if not shots or are_points(shots[0].samples) else max(8, BYTES // shots[0].samples.size)
        return [shots[k] for k in np.unique(np.linspace(0, len(shots) - 1, min(most, len(shots))).round().astype(int))]

    @property
    def panels(self) -> list[Panel]:  # type: ignore[override]
        shots = self.chosen
        samples = np.stack([shot.samples for shot in shots]) if shots else self._nothing()
        shades = np.stack([shot.shades for shot in shots]) if shots and self._shades else None  # type: ignore[misc]
        return [Panel("made by the generator", samples, shades)]

    def _nothing(self) -> np.ndarray:
        return np.zeros((0, 0, 2) if self.all_real is None else (0, *self._kept(self.all_real).shape))

    @property
    def real(self) -> np.ndarray | None:  # type: ignore[override]
        """The real samples that are drawn."""
        return None if self.all_real is None else self._kept(self.all_real)

    @property
    def labels(self) -> list[str]:  # type: ignore[override]
        return [f"step {shot.step}" for shot in self.chosen]

    @property
    def numbers(self) -> dict[str, list[float]]:  # type: ignore[override]
        names = dict.fromkeys(name for shot in self.chosen for name in shot.numbers)
        return {name: [shot.numbers.get(name, float("nan")) for shot in self.chosen] for name in names}

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Around the real points, with room for the generator to be wrong; else around all that was made."""
        if self.all_real is not None:
            return square(self.all_real, 0.3)
        return super().extent

    @property
    def data(self) -> dict[str, Any]:
        """Steps, samples and numbers of each moment that was kept."""
        numbers = dict.fromkeys(name for shot in self.shots for name in shot.numbers)
        return {
            "steps": self.shots.steps, "samples": [shot.samples.tolist() for shot in self.shots],
            "numbers": {name: [shot.numbers.get(name) for shot in self.shots] for name in numbers},
        }  # fmt: skip

    @property
    def text(self) -> str:
        if not len(self.shots):
            return "film: nothing recorded yet; call record(step) while the generator learns"
        steps, last = self.shots.steps, self.shots[-1]
        what = "points" if are_points(last.samples) else "images"
        words = f"film of {len(steps)} moments, steps {steps[0]} to {steps[-1]}, {len(last.samples)} {what} each"
        numbers = told({name: [value] for name, value in last.numbers.items()}, 0)
        return words + (f"; at the end {numbers}" if numbers else "")


def film(
    generator: Any = None,
    real: Any = None,
    *,
    snapshots: Any = None,
    noise: Any = None,
    discriminator: Any = None,
    centres: Any = None,
    keep: int = 40,
    title: str | None = None,
) -> Film:
    """Show how what a generator makes becomes like the `real` data: points (N, 2), or images (N, H, W) or (N, C, H, W).

    `generator` is a module, an object of your own class, or a function; `noise` what it is asked with each time. Call
    `record(step, loss=...)` on the film while it trains, or give the film to a Trainer as a callback. With a
    `discriminator` the plane is shaded by what it believes; with `centres` (K, 2), the modes of the real data, it is
    counted how many of them are covered. For a training that is over, `snapshots` is a Recorder of the generator, or
    its parameters at each moment (dictionaries name -> array). Samples that you have already, one array a moment, can
    stand in the generator's place: film([samples_0, samples_1, ...], real).

    Raises ValueError for samples of a shape that cannot be drawn, and where noise or real data are missing.

    >>> film([np.zeros((3, 2)), np.ones((3, 2))])
    film of 2 moments, steps 0 to 1, 3 points each
    """
    options = {"noise": noise, "discriminator": discriminator, "centres": centres, "title": title}
    if isinstance(generator, np.ndarray | list | tuple):
        shown = Film(None, real, keep=max(keep, 2), **options)
        for step, samples in enumerate(generator):
            shown.add(step, samples)
        return shown
    shown = Film(generator, real, keep=keep, **options)
    if snapshots is not None:
        _develop(shown, snapshots)
    return shown


def _develop(shown: Film, snapshots: Any) -> None:
    """Record each snapshot of the parameters; the generator is afterwards as it was."""
    if shown.generator is None:
        raise ValueError("snapshots hold parameters of a generator: pass film(generator, ..., snapshots=...)")
    with shown.generator.kept():
        for step, there in _visits(shown.generator, snapshots):
            with there:
                shown.record(step)


def _visits(generator: Model, snapshots: Any) -> Iterable[tuple[int, Any]]:
    """(step, the generator's stay at it)."""
    if hasattr(snapshots, "at"):
        yield from ((step, snapshots.at(step)) for step in snapshots.steps)
        return
    named = snapshots.items() if isinstance(snapshots, Mapping) else enumerate(snapshots)
    for step, arrays in named:
        generator.load(arrays)
        yield step, nullcontext()


def _checked_centres(centres: Any) -> np.ndarray:
    array = as_array(centres).astype(np.float64)
    if array.ndim != 2 or array.shape[1] != 2 or len(np.unique(array, axis=0)) < 2:
        raise ValueError(f"centres has shape {array.shape}: the modes of points on a plane are (K, 2), two at least")
    return array


def _one_each(answer: np.ndarray, asked: np.ndarray) -> np.ndarray:
    if answer.size != len(asked):
        raise ValueError(
            f"the discriminator answers {answer.shape} for {len(asked)} points: one number each is needed, how real it "
            "is"
        )
    return answer.reshape(-1).astype(np.float64)
