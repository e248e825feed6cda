"""A classifier and one example: its scores, and how they change with the example."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..models.kind import is_own_value
from ..models.model import Model
from ..models.seeing import Seen
from .image import as_example

AT_ONCE = 64  # examples in a run
NOISE = 0.15  # of the example's range: the deviation that SmoothGrad adds (Smilkov et al. 2017, section 3.2)


class Scores:
    """What a model says of one example: `scores` (K,). `picture` (C, H, W) is how the example looks."""

    def __init__(self, model: Any, image: Any, labels: Sequence[Any] | None):
        self.model = Model(model)
        self.example, self.picture = as_example(image)
        self.labels = None if labels is None else [str(label) for label in labels]
        self.ask()

    def ask(self) -> None:
        """Ask the model (again)."""
        self.scores = self.of(self.example)[0]
        if self.labels is not None and len(self.labels) != len(self.scores):
            raise ValueError(f"{len(self.labels)} labels for {len(self.scores)} scores: one each is needed")

    def of(self, batch: np.ndarray) -> np.ndarray:
        """The scores (N, K) of a batch; of a model that gives one number an example, K is 1."""
        answer = self.model.ask(batch)
        if answer.ndim not in (1, 2) or len(answer) != len(batch):
            raise ValueError(
                f"{self.model.name} gives {answer.shape} for {len(batch)} images {batch.shape[1:]}: a score a class is "
                "needed, (N, classes)"
            )
        if not np.isfinite(answer).all():
            raise ValueError(f"{self.model.name} gives scores that are nan or infinite: {answer[0]}")
        return answer.reshape(len(batch), -1)

    @property
    def probabilities(self) -> np.ndarray | None:
        """The scores themselves where they are probabilities, else their softmax; None for a single score."""
        if len(self.scores) == 1:
            return None
        if self.scores.min() >= 0 and abs(self.scores.sum() - 1) < 1e-4:
            return self.scores
        powers = np.exp(self.scores - self.scores.max())
        return powers / powers.sum()

    def label(self, target: int) -> str:
        """What a class is called."""
        return self.labels[target] if self.labels else str(target)

    def told(self, target: int) -> str:
        """A class with its score, in words."""
        chance = "" if self.probabilities is None else f", {self.probabilities[target]:.0%}"
        return f"class {self.label(target)} (score {self.scores[target]:.3g}{chance})".replace("-", "−")

    def target(self, target: Any) -> int:
        """A class by its number or its label; the one with the highest score, if not given."""
        if target is None:
            return int(self.scores.argmax())
        if self.labels and str(target) in self.labels and isinstance(target, str):
            return self.labels.index(target)
        known = f"classes 0 to {len(self.scores) - 1}"
        if isinstance(target, str):
            raise ValueError(f"there is no class called '{target}': there are {', '.join(self.labels or [known])}")
        if not -len(self.scores) <= target < len(self.scores):
            raise IndexError(f"{self.model.name} scores {known}, and there is no class {target}")
        return int(target) % len(self.scores)

    def top(self, target: int, most: int) -> list[int]:
        """A class and those with the highest scores besides."""
        others = [int(k) for k in np.argsort(-self.scores, kind="stable") if k != target]
        return [target, *others[: most - 1]]

    def see(self, batch: np.ndarray, target: int, layers: Sequence[str] | None = ()) -> Seen:
        """Run a batch with gradients of the score of one class, each example for itself."""
        return self.model.see(batch, layers=layers, gradients=True, loss=lambda answer: column_sum(answer, target))

    def gradients(self, batch: np.ndarray, target: int) -> np.ndarray:
        """The gradient (N, ...) of each example's score in the example."""
        found = []
        for start in range(0, len(batch), AT_ONCE):
            some = batch[start : start + AT_ONCE]
            gradient = self.see(some, target).input_gradients[0]
            found.append(np.zeros_like(some) if gradient is None else gradient)
        return np.concatenate(found)


def column_sum(answer: Any, target: int) -> Any:
    """The sum of a class's scores over a batch, in the answer's own kind of number."""
    if isinstance(answer, Mapping):
        answer = next(iter(answer.values()))
    if isinstance(answer, tuple):
        answer = answer[0]
    if isinstance(answer, list):  # a lesson's own numbers: one answer an example
        mine = [row[target] if isinstance(row, list) else row for row in answer]
        return sum(mine[1:], mine[0])
    if is_own_value(answer):
        column = np.zeros(answer.data.shape)
        column.reshape(len(column), -1)[:, target] = 1
        return (answer * column).sum()
    return answer.sum() if answer.ndim == 1 else answer[:, target].sum()


# ---------------------------------------------------------------------------------------------- what a pixel did
class Maps(NamedTuple):
    """How much each number of an example did for a score, by four measures, each in the example's shape."""

    gradient: np.ndarray
    smooth: np.ndarray
    input: np.ndarray
    integrated: np.ndarray


def attribute(asked: Scores, target: int, *, steps: int, baseline: Any, seed: int) -> Maps:
    """The four measures, from one run.

    gradient and smooth keep their signs here. `integrated` is the integral along the straight line from the baseline,
    by Gauss and Legendre's rule with `steps` points.
    """
    x = asked.example  # (1, ...)
    start = start_of(x, baseline)
    spread = NOISE * float(x.max() - x.min())
    noisy = x + spread * np.random.default_rng(seed).normal(size=(steps, *x.shape[1:])).astype(x.dtype)
    nodes, weights = np.polynomial.legendre.leggauss(steps)  # on -1..1
    part = ((nodes + 1) / 2).astype(x.dtype).reshape(-1, *[1] * (x.ndim - 1))
    found = asked.gradients(np.concatenate([x, noisy, start + part * (x - start)]), target)
    plain, around, along = found[:1], found[1 : steps + 1], found[steps + 1 :]
    mean = np.tensordot(weights / 2, along, 1)
    return Maps(plain[0], around.mean(0), (plain * x)[0], (x - start)[0] * mean)


def start_of(x: np.ndarray, baseline: Any) -> np.ndarray:
    """The example without content, from which gradients are integrated: a number for all, or an image."""
    start = np.asarray(baseline, x.dtype)
    try:
        return np.broadcast_to(start, x.shape)
    except ValueError:
        raise ValueError(f"a baseline of shape {start.shape} does not fit the image {x.shape[1:]}") from None
