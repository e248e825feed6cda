"""What is trained: a network on the points, by the framework that it is made of, from one exact place to the next."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import inf
from time import perf_counter
from typing import Any

import numpy as np

import learnnn

from ..models.kind import is_module, is_torch
from ..models.model import Model
from ..planes.belief import probabilities
from .anatomy import Stage, find_stages
from .features import expand
from .history import History, Row
from .network import Weights, build, carry, draw_weights
from .points import Own, gather
from .settings import OPTIMIZERS, Settings

Step = Callable[[np.ndarray, np.ndarray], Any]


@dataclass(frozen=True)
class Given:
    """A model that was brought along, what trains it (None: its framework's optimizer), and its weights then."""

    model: Any
    train_step: Step | None
    weights: Weights


@dataclass(frozen=True)
class Place:
    """Where a training stands: enough to go on from there as if nothing had been in between.

    Each change of a dial, a weight or a point is a beginning: from the weights of that moment (`first`; None where the
    seed's) at step `began`, with an optimizer that remembers nothing.
    """

    settings: Settings
    own: Own = field(default_factory=Own)
    steps: int = 0
    weights: Weights | None = None  # None: those of the seed, or those that the given model came with
    began: int = 0
    first: Weights | None = None
    memory: dict[str, Any] | None = None  # the optimizer's state
    history: History = field(default_factory=History)

    @property
    def untouched(self) -> bool:
        """Has nothing been trained or set by hand yet?"""
        return self.weights is None

    def beginning(self, weights: Weights | None, **changes: Any) -> Place:
        """The same moment with other weights or settings, as a beginning."""
        return replace(self, weights=weights, first=weights, began=self.steps, memory=None, **changes)


@dataclass(frozen=True)
class View:
    """What a network says: the units of each row on some points (N, width), and its belief in each class (N, K)."""

    rows: list[np.ndarray]
    belief: np.ndarray


class Learner:
    """A network at a `Place`, ready to take steps."""

    def __init__(self, place: Place, given: Given | None = None):
        self.settings, self.own, self.given = place.settings, place.own, given
        self.points = gather(place.settings, place.own)
        self.model = given.model if given else build(self.settings, self.classes)
        self.face = Model(self.model)
        self.steps, self.began, self.first = place.steps, place.began, place.first
        self.history = place.history.copy()
        self._load(place.weights)
        self._prepare()
        if place.memory is not None and self.optimizer:
            self.optimizer.load_state_dict(copy.deepcopy(place.memory))

    @property
    def classes(self) -> int:
        """How many classes the points have."""
        return len(self.points.names)

    @property
    def place(self) -> Place:
        """Where the training stands; nothing in it changes when it goes on."""
        untouched = self.first is None and self.steps == self.began
        memory = copy.deepcopy(self.optimizer.state_dict()) if self.optimizer and not untouched else None
        weights = None if untouched else self.face.parameters()
        return Place(
            self.settings, self.own, self.steps, weights, self.began, self.first, memory, self.history.copy()
        )  # fmt: skip

    def _load(self, weights: Weights | None) -> None:
        if weights is None and self.given is None:
            draw_weights(self.model, self.settings.seed)
        else:
            self.face.load(self.given.weights if weights is None and self.given else weights)  # type: ignore[arg-type]

    def changed(self, settings: Settings, own: Own) -> Place:
        """This moment with other settings or points: what is learned stays where the network keeps its shape."""
        place = self.place
        if place.untouched:
            return Place(settings, own)
        if self.given:
            return place.beginning(place.weights, settings=settings, own=own)
        drawn = build(settings, len(own.names))
        draw_weights(drawn, settings.seed)
        weights = carry(self.settings, self.face.parameters(), settings, Model(drawn).parameters())
        return place.beginning(weights, settings=settings, own=own)

    # --------------------------------------------------------------------------------------------------- training
    def _prepare(self) -> None:
        """The points as tensors, the loss and the optimizer."""
        X, self.y = self.points.train
        self.x = expand(X, self.settings.features)
        self.order = -1, np.arange(0)  # (epoch, its order)
        self.optimizer: Any = None
        answer = self.face.ask(self.x[:2])
        check_width(answer.reshape(len(self.x[:2]), -1).shape[1], self.classes)
        if self.given and self.given.train_step:
            return
        self.torch = sys.modules["torch"] if is_torch(self.model) else learnnn
        self.inputs = self.face.as_input(self.x)
        self.targets, self.measure = self._targets(answer.shape[1:])
        self.matrices = [p for p in self.model.parameters() if p.ndim == 2]
        kind = getattr(self.torch.optim, OPTIMIZERS[self.settings.optimizer])
        self.optimizer = kind(self.model.parameters(), lr=self.settings.learning_rate)

    def _targets(self, shape: tuple[int, ...]) -> tuple[Any, Any]:
        """The labels as the loss wants them, and the loss, for answers (N, *shape)."""
        if np.prod(shape) > 1:
            return self.torch.tensor(self.y), self.torch.nn.CrossEntropyLoss()
        return self.torch.tensor(self.y.reshape(-1, *shape)).to(self.inputs.dtype), self.torch.nn.BCEWithLogitsLoss()

    def step(self, steps: int = 1, seconds: float = inf) -> int:
        """Take steps, one batch each, until the time is up; how many were taken."""
        stop, taken = perf_counter() + seconds, 0
        with np.errstate(all="ignore"):  # a rate that is too large is meant to be seen
            self._note_if_new()
            while taken < steps and (not taken or perf_counter() < stop):
                self._step()
                taken += 1
        return taken

    def _note_if_new(self) -> None:
        if not self.history.rows:
            self.history.offer(self.now)

    @property
    def batches(self) -> int:
        """How many batches make an epoch."""
        return -(-len(self.y) // self.settings.batch_size)

    def _step(self) -> None:
        rows = self._next_rows()
        if self.given and self.given.train_step:
            self.given.train_step(self.x[rows], self.y[rows])
        else:
            loss = self.measure(self.model(self.inputs[rows]), self.targets[rows])
            if self.settings.regularization and self.settings.rate:
                loss = loss + self._penalty()
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
        self.steps += 1
        if self.steps % self.batches == 0:
            self.history.offer(self.now)

    def _next_rows(self) -> np.ndarray:
        """Which points are in the batch of this step: each epoch has an order of its own, told by the seed."""
        epoch, i = divmod(self.steps, self.batches)
        if self.order[0] != epoch:
            self.order = epoch, np.random.default_rng([self.settings.seed, epoch]).permutation(len(self.y))
        size = self.settings.batch_size
        return self.order[1][i * size : (i + 1) * size]

    def _penalty(self) -> Any:
        """What large weights cost: l1 their absolute values, l2 half of their squares; biases are free."""
        absolute = self.settings.regularization == "l1"
        return self.settings.rate * sum(w.abs().sum() if absolute else (w * w).sum() / 2 for w in self.matrices)

    # --------------------------------------------------------------------------------------------------- looking
    @cached_property
    def stages(self) -> list[Stage]:
        """The rows of units that can be drawn; none where the network is no chain of linear layers."""
        if self.face.kind == "yours" and not self.face.parameters():
            return []
        return find_stages(self.face, self.x[:5])

    @property
    def sizes(self) -> list[int]:
        """How many features there are, and units in each row; [] where the network is not drawn."""
        return [self.x.shape[1], *(stage.width for stage in self.stages)] if self.stages else []

    def view(self, X: np.ndarray) -> View:
        """What the network says on points (N, 2)."""
        x = expand(X.astype(np.float32), self.settings.features)
        with np.errstate(all="ignore"):
            shown = [stage.shown for stage in self.stages]
            seen = self.face.see(x, layers=shown) if shown else None
            answer = seen.answer if seen else self.face.ask(x)
            belief = probabilities(answer, np.arange(self.classes), self._squashed)
        return View([seen.outputs[path] for path in shown] if seen else [], belief)

    @cached_property
    def _squashed(self) -> bool | None:
        """Are the answers probabilities already? None: that depends on whether they look like it."""
        if not is_module(self.model):
            return None
        return type(list(self.model.modules())[-1]).__name__ in ("Sigmoid", "Softmax")

    def now(self) -> Row:
        """The row of the history for this moment."""
        return self.row(self.view(self.points.X).belief)

    def row(self, belief: np.ndarray) -> Row:
        """(step, loss and accuracy on what is trained on and on what is held out), from the belief at all points."""
        with np.errstate(all="ignore"):
            losses = -np.log(np.clip(belief[np.arange(len(belief)), self.points.y], 1e-12, 1))
        right = np.where(np.isnan(losses), False, belief.argmax(1) == self.points.y)
        parts = (~self.points.held_out, self.points.held_out)
        means = [_mean(of[part]) for of in (losses, right) for part in parts]
        return (float(self.steps), *means)

    def set_number(self, stage: int, unit: int, source: int | None, value: float) -> None:
        """Another number for the weight of a link, or for a bias (source None)."""
        path, index = self.stages[stage].entry(unit, source)
        arrays = self.face.parameters()
        arrays[path][index] = value
        self.face.load(arrays)


def check_width(width: int, classes: int) -> None:
    """ValueError where a model's answer does not have a score for each class."""
    if width != classes and not (width == 1 and classes == 2):
        raise ValueError(
            f"the model gives {width} score{'s' * (width != 1)} a point, and the points have {classes} classes: its "
            f"last layer needs {classes} outputs" + (", or a single one" if classes == 2 else "")
        )


def given_model(model: Any, train_step: Step | None) -> Given | None:
    """A model that is brought along; TypeError or ValueError where it cannot be trained."""
    if model is None:
        if train_step is not None:
            raise ValueError(
                "train_step trains a model of your own: pass both, as playground(model=..., train_step=...)"
            )
        return None
    face = Model(model)
    if train_step is None and face.kind == "yours":
        raise ValueError(
            f"the playground knows no optimizer for {face.name}: pass train_step, a function of a batch, X (n, 2) and "
            "y (n,), that takes one step of training and returns the loss"
        )
    if train_step is None and type(list(model.modules())[-1]).__name__ in ("Sigmoid", "Softmax", "LogSoftmax"):
        raise ValueError(
            f"{face.name} ends in {type(list(model.modules())[-1]).__name__}, and the loss has it already (it takes "
            "scores): leave it out, or pass train_step with your own loss"
        )
    return Given(model, train_step, face.parameters())


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if values.size else float("nan")
