"""`playground`: a small network that trains while you look into it and turn its dials."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from ..face.live import Live
from ..face.scene import Scene
from . import link, messages
from .code import code_for
from .drawing import draw, headline
from .events import answer
from .history import COLUMNS
from .learner import Given, Learner, Place, check_width
from .points import load
from .settings import MOST_POINTS, Settings, check_names, real, whole

MOST_UNDONE = 100
OF_MODEL = ("layers", "activation", "features")  # dials that a model of your own does not have
OF_TRAINING = ("learning_rate", "regularization", "rate", "optimizer")  # and those that your own train_step does not


class Playground(Live):
    """A network, its points and its dials. It trains in the page, and from python: `step`, `set`, `edit`, `undo`."""

    script = Path(__file__).with_name("playground.js")
    kernel = True

    def __init__(self, place: Place, given: Given | None, title: str):
        self.title, self._given = title, given
        self.learner = Learner(place, given)
        self._past: list[Place] = []
        self._future: list[Place] = []
        self.drag: str | None = None  # the name of a slider's movement on the page: all of it is one edit
        self._last: Any = None
        self._resolution = messages.resolution_for(self.learner)

    # ------------------------------------------------------------------------------------------------ what it is
    @property
    def model(self) -> Any:
        """The network as it stands: a learnnn module, or the model that was passed."""
        return self.learner.model

    @property
    def settings(self) -> Settings:
        """All dials."""
        return self.learner.settings

    @property
    def steps(self) -> int:
        """How many batches it has been trained on."""
        return self.learner.steps

    @property
    def history(self) -> dict[str, list[float]]:
        """What was reached, by name: the steps, and loss and accuracy at them on what is trained on and held out.

        The loss is the mean of -log p of the right class. At most some hundred rows, evenly spread, the last is now.
        """
        rows = self.learner.history.array(self.learner.now())
        return {name: [float(v) for v in column] for name, column in zip(COLUMNS, rows.T)}

    @property
    def data(self) -> dict[str, Any]:
        """Everything the picture shows, in plain python."""
        learner = self.learner
        x, y = learner.points.X.tolist(), learner.points.y.tolist()
        numbers = dict(zip(COLUMNS, learner.now()))
        settings = {name: getattr(self.settings, name) for name in self.settings.__dataclass_fields__}
        weights = {path: array.tolist() for path, array in learner.face.parameters().items()}
        points = {"X": x, "y": y, "held_out": learner.points.held_out.tolist(), "names": list(learner.points.names)}
        return {**numbers, "settings": settings, "weights": weights, **points}

    @property
    def text(self) -> str:
        learner = self.learner
        held, n = int(learner.points.held_out.sum()), len(learner.points.X)
        shape = " → ".join(map(str, learner.sizes)) or "no chain of linear layers"
        network = f"{learner.face.name} ({shape})" if self._given else f"{shape}, {self.settings.activation}"
        return (
            f"{self.title}: {self.settings.data}, {n} points, {held} of them held out; network {network}; "
            f"{headline(dict(zip(COLUMNS, learner.now())))}"
        )

    @property
    def link(self) -> str:
        """All of it as a line of text, which `playground(state=...)` opens. Raises ValueError for a model of yours."""
        self._own_network("a state holds the playground's own network")
        return link.write(self.learner.place)

    @property
    def code(self) -> str:
        """The program that builds and trains this network. Raises ValueError for a model of yours."""
        self._own_network("the program is that of the playground's own network")
        return code_for(self.learner)

    def _own_network(self, what: str) -> None:
        if self._given:
            raise ValueError(f"{what}, and this one is your {self.learner.face.name}")

    # --------------------------------------------------------------------------------------------------- training
    def step(self, steps: int = 1) -> Playground:
        """Train on so many batches."""
        self.learner.step(whole("steps", steps, 1, 10**9))
        self.update()
        return self

    # ---------------------------------------------------------------------------------------------------- editing
    def set(self, **settings: Any) -> Playground:
        """Turn dials: playground.set(layers=(8,), learning_rate=0.1). What is learned stays where the network keeps
        its shape. Raises TypeError for an unknown dial, ValueError for a value that is none of its."""
        check_names(settings)
        self._allowed(settings)
        new = replace(self.settings, **settings)
        own = self.learner.own
        if new.data != "own" and len(own.X):
            own = own.without_loaded()
        if new.data == "own" and not len(own.X):
            raise ValueError("data='own': there are no points of your own yet; load them with .load(X, y)")
        return self._do(self.learner.changed(new, own))

    def _allowed(self, settings: Any) -> None:
        """ValueError for a dial that a model of yours does not have."""
        frozen = set(OF_MODEL) if self._given else set()
        frozen |= set(OF_TRAINING) if self._given and self._given.train_step else set()
        stuck = [name for name in settings if name in frozen]
        if stuck:
            raise ValueError(f"{stuck[0]} cannot be set here: that is up to your {self.learner.face.name}")

    def edit(self, layer: int, unit: int, source: int | None, value: float) -> Playground:
        """Set the weight of the link from `source` to `unit` of a layer (0 is the first after the features), or with
        source=None the bias of that unit. Raises ValueError for a number or a place that is none."""
        stages = self.learner.stages
        if not stages:
            raise ValueError("this network is no chain of linear layers: its weights are not drawn, and not set here")
        layer = whole("layer", layer, 0, len(stages) - 1)
        unit = whole("unit", unit, 0, stages[layer].width - 1)
        before = len(self.learner.settings.features) if layer == 0 else stages[layer - 1].width
        source = None if source is None else whole("source", source, 0, before - 1)
        value = real("value", value, -1e6, 1e6)
        place = self.learner.place
        self.learner.set_number(layer, unit, source, value)
        return self._do(place.beginning(self.learner.face.parameters()), place)

    def add(self, x: float, y: float, label: int | str) -> Playground:
        """Add a point to train on, of a class by its name or number. x and y are as the axes say."""
        own, names = self.learner.own, self.learner.points.names
        number = names.index(label) if label in names else label
        number = whole("label", number, 0, len(names) - 1)
        at = [(real("x", v, -1e9, 1e9) - m) / s for v, m, s in zip((x, y), own.mean, own.std)]
        if len(own.X_added) >= MOST_POINTS:
            raise ValueError(f"{MOST_POINTS:,} points were added already, and more do not fit")
        return self._do(self.learner.changed(self.settings, own.plus(at[0], at[1], number)))

    def load(self, X: Any, y: Any) -> Playground:
        """Points of your own, X (N, 2) with labels y (N,), in the place of those there are."""
        own = load(X, y, MOST_POINTS, scale=self._given is None)
        if self._given:
            check_width(self._width(), len(own.names))
        return self._do(self.learner.changed(replace(self.settings, data="own"), own))

    def _width(self) -> int:
        return self.learner.face.ask(self.learner.x[:2]).reshape(2, -1).shape[1]

    def reset(self) -> Playground:
        """Back to the first weights, those of the seed, with the same dials and points."""
        return self._do(Place(self.settings, self.learner.own))

    def open(self, state: str) -> Playground:
        """Everything as a `.link` tells it. Raises ValueError, naming what is wrong with it."""
        self._own_network("a state brings the playground's own network along")
        return self._do(link.read(state))

    def undo(self) -> Playground:
        """Take back the last edit, and what was trained since. ValueError where nothing was edited."""
        return self._go_back(self._past, self._future, "undo")

    def redo(self) -> Playground:
        """Take back the last undo. ValueError where nothing was undone."""
        return self._go_back(self._future, self._past, "redo")

    def _go_back(self, left: list[Place], right: list[Place], what: str) -> Playground:
        if not left:
            raise ValueError(f"there is nothing to {what}")
        right.append(self.learner.place)
        self.learner = Learner(left.pop(), self._given)
        self._last = None
        self.update()
        return self

    def _do(self, new: Place, old: Place | None = None) -> Playground:
        """Go to a new place."""
        old = old or self.learner.place
        self.learner = Learner(new, self._given)
        if self.drag is None or (self.drag, old.steps) != self._last:
            self._past = [*self._past, old][-MOST_UNDONE:]
        self._future.clear()
        self._last = self.drag, new.steps
        self.update()
        return self

    # ---------------------------------------------------------------------------------------------------- showing
    def scene(self) -> Scene:
        """The still picture."""
        return draw(self.title, self.text, messages.still(self.learner), self.frame())

    def frame(self) -> dict[str, Any]:
        return messages.moving(self.learner, self._resolution)

    def state(self) -> dict[str, Any]:
        words = {} if self._given else {"link": self.link, "code": self.code}
        return {**self.everything(), **words, "title": self.title, "recording": messages.recording(self.learner)}

    def everything(self) -> dict[str, Any]:
        """What a page needs to draw all of it."""
        can = {"undo": len(self._past), "redo": len(self._future)}
        return {**messages.still(self.learner), **self.frame(), "can": can}

    def update(self) -> None:
        if self.widgets:
            self.refresh(**self.everything())

    def event(self, event: dict[str, Any]) -> dict[str, Any]:
        """What a page asks for; see `events`."""
        return answer(self, event)
