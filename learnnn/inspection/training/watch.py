"""`watch`: what flows through the layers of a model while it trains, and what is wrong with it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...training import Callback
from ..face.chart import number
from ..face.live import Live
from ..face.scene import Scene
from ..models.kind import as_array, is_module
from ..models.model import Model
from ..models.parts import parameters
from .catching import Catcher
from .flags import Flag, flags, not_finite
from .measures import NUMBERS, Measured, Spread, Units, common_reach, rms, saturated, some, spread
from .thinning import Thinned

OFTEN = 0.25  # seconds between two pictures while training runs
CELLS = 2000  # moments times layers that are sent to a page

Arrays = Mapping[str, np.ndarray]


class Watch(Live, Callback):
    """What `watch` returns: a picture, a Trainer callback, and `step()` for loops of your own.

    `flags` says what is wrong, in words; `data` holds every number that was recorded.
    """

    title = "watch"
    script = Path(__file__).with_name("watch.js")
    kernel = True

    def __init__(self, model: Any, every: int, keep: int, layers: Sequence[Any] | None, title: str | None):
        self.model, self.every, self.heading, self.taken = Model(model), every, title, 0
        known = self.model.layers()
        paths = [*self.model.leaves()] if layers is None else [*map(self.model.layer, layers)]
        if not paths:
            raise ValueError("layers is empty: name the layers to watch, or leave it out to watch all of them")
        self.parts = {path: known[path] for path in paths}
        self.kinds = {path: type(part).__name__ for path, part in self.parts.items()}
        self.names = {path: " ".join(filter(None, ["layer" * bool(path), path, self.kinds[path]])) for path in paths}
        own = parameters(self.model.owner)
        self._paths = {path: [p for p in own if not path or p.startswith(f"{path}.")] for path in paths}
        self._tensors = {path: [own[p] for p in inside] for path, inside in self._paths.items()}
        self._units = {path: Units(kind) for path, kind in self.kinds.items()}
        self.records = Thinned(keep, every)
        self.broken: Flag | None = None
        self._catcher = Catcher(self.parts if is_module(self.model.owner) else {})
        self._shown = 0.0
        self._prepare()

    # ----------------------------------------------------------------------------------------------- recording
    def __enter__(self) -> Watch:
        """Listen to the model, a module, as it trains: call `step()` after each step of the optimizer."""
        if not self._catcher.parts:
            raise TypeError(
                f"{self.model.name} is your own class, which cannot be listened to while it trains: call "
                "w.step(x, loss) after each step, where loss is a function of the model's answer"
            )
        if not self._catcher.attached:
            self._catcher.attach()
        self._prepare()
        return self

    def __exit__(self, *_: Any) -> None:
        self._look_for_the_end()
        self._catcher.detach()
        self.update()

    def step(self, x: Any = None, loss: Callable[[Any], Any] | None = None) -> None:
        """After a step of the optimizer. Inside `with w:` nothing need be passed.

        Else the model is asked once more, with the inputs `x` (N, ...); `loss` is a function of its answer to one
        number, by which there are gradients to see. ValueError where neither is there; the model is left as it was.
        """
        if loss is not None and not callable(loss):
            raise TypeError("loss is a function of the model's answer, as in lambda out: F.cross_entropy(out, y)")
        self.taken += 1
        if self.taken % self.every == 0:
            with np.errstate(all="ignore"):
                self._look(*self._caught() if x is None else self._asked(x, loss))
        self._prepare()

    def _prepare(self) -> None:
        """Before a step that will be looked at: keep the parameters, and catch what happens."""
        due = (self.taken + 1) % self.every == 0
        self._before = {path: _vector(tensors) for path, tensors in self._tensors.items()} if due else {}
        self._catcher.armed = due and self._catcher.attached

    def _caught(self) -> tuple[Arrays, Arrays, Arrays]:
        outputs, flows = self._catcher.take()
        if not outputs:
            raise ValueError(
                f"nothing was seen of step {self.taken}: run the model inside `with w:`, or pass the inputs, as in "
                "w.step(x, loss) with loss a function of the model's answer"
            )
        grads = {path: _gradient(tensors) for path, tensors in self._tensors.items()}
        return outputs, flows, {path: grad for path, grad in grads.items() if grad is not None}

    def _asked(self, x: Any, loss: Callable | None) -> tuple[Arrays, Arrays, Arrays]:
        seen = self.model.see(x, layers=[*self.parts], loss=loss, gradients=loss is not None, training=True)
        found = seen.parameter_gradients
        grads = {path: [found[p] for p in inside if p in found] for path, inside in self._paths.items()}
        return seen.outputs, seen.gradients, {path: _vector(some) for path, some in grads.items() if some}

    def _look(self, outputs: Arrays, flows: Arrays, grads: Arrays) -> None:
        now = {path: _vector(tensors) for path, tensors in self._tensors.items()}
        record = {path: self._measured(path, outputs[path]) for path in self.parts if path in outputs}
        for path, measured in record.items():
            if path in flows:
                measured.flow, measured.flows = rms(flows[path]), spread(some(flows[path]))
            if path in grads:
                measured.norm = float(np.linalg.norm(grads[path].astype(np.float64)))
            if path in self._before and (size := rms(self._before[path])):
                measured.ratio = rms(now[path] - self._before[path]) / size
        self.records.add(self.taken, record)
        self._check_finite(self.taken, outputs, flows, now)
        if self.widgets and time.monotonic() - self._shown > OFTEN:
            self.update()
            self._shown = time.monotonic()

    def _measured(self, path: str, output: np.ndarray) -> Measured:
        self._units[path].add(output)
        dead = self._units[path].dead
        return Measured(
            mean=float(output.mean()), std=float(output.std()), zero=1 - np.count_nonzero(output) / max(output.size, 1),
            saturated=saturated(output, self.kinds[path]), dead=int(dead.sum()), units=len(dead),
            outputs=spread(some(output)),
        )  # fmt: skip

    def _check_finite(self, step: int, outputs: Arrays, flows: Arrays, now: Arrays) -> None:
        """Remember where nan or infinity came up first: forward in order, then backward, then in the weights."""
        backward = dict(reversed([*((path, flows[path]) for path in self.parts if path in flows)]))
        for what, arrays in (("the output", outputs), ("the gradient", backward), ("the weights", now)):
            for path, array in arrays.items():
                if self.broken is None and path in self.names and not np.isfinite(array).all():
                    wrong = float(array[~np.isfinite(array)][0])
                    self.broken = not_finite(step, path, self.names[path], what, wrong)

    def _look_for_the_end(self) -> None:
        """A step that was begun and not finished, as by an error for a loss that is nan, may tell why."""
        self._check_finite(self.taken + 1, *self._catcher.take(), {})

    # ---------------------------------------------------------------------------------------------- as a callback
    def on_train_begin(self) -> None:
        self.__enter__()

    def on_batch_end(self, batch: int, logs: Mapping[str, float]) -> None:
        self.step()

    def on_train_end(self) -> None:
        self.__exit__()

    # ----------------------------------------------------------------------------------------------- what it says
    @property
    def flags(self) -> list[Flag]:
        """What is wrong, as (kind, layer, words); empty for a healthy run.

        Kinds: "dead", "saturated", "vanishing", "exploding", "large update", "small update", "not finite".
        """
        return flags([*self.records], self._units, self.names, self.broken)

    @property
    def data(self) -> dict[str, Any]:
        """The steps, for each layer a list for each number (None where there is none), and the flags."""
        columns = {path: {what: self._column(path, what) for what in NUMBERS} for path in self.parts}
        return {"steps": self.records.steps, "layers": columns, "flags": [tuple(flag) for flag in self.flags]}

    def _column(self, path: str, what: str) -> list[float | None]:
        values = [getattr(self._at(i, path), what) for i in range(len(self.records))]
        return [value if np.isfinite(value) else None for value in values]

    @property
    def text(self) -> str:
        if not len(self.records):
            return f"watch of {self.model.name}: nothing recorded yet, {len(self.parts)} layers"
        steps = self.records.steps
        head = f"watch of {self.model.name}: {len(steps)} records, steps {steps[0]} to {steps[-1]}, the last:"
        lines = [f"  {self.sentence(path, -1)}" for path in self.parts]
        return "\n".join([head, *lines, *(f"! {flag.words}" for flag in self.flags)])

    def sentence(self, path: str, place: int) -> str:
        """One layer at one record, in words."""
        found = self._at(place, path)
        named = {"outputs": f"{number(found.mean, 2)} ± {number(found.std, 2)}"}
        named["dead"] = f"{found.dead} of {found.units}" if found.dead else ""
        named["saturated"] = f"{found.saturated:.0%}" if np.isfinite(found.saturated) else ""
        named["gradient rms"] = number(found.flow, 2) if np.isfinite(found.flow) else ""
        named["update/weight"] = number(found.ratio, 2) if np.isfinite(found.ratio) else ""
        return f"{self.names[path]}: " + ", ".join(f"{name} {value}" for name, value in named.items() if value)

    # ------------------------------------------------------------------------------------------------- the picture
    def scene(self) -> Scene:
        """The still form."""
        from .watch_scene import scene

        return scene(self)

    def places(self) -> list[int]:
        """The records that a picture shows: all, or evenly chosen ones where there are many layers."""
        most = max(20, CELLS // len(self.parts))
        return sorted({round(i) for i in np.linspace(0, len(self.records) - 1, most)}) if len(self.records) else []

    def heat(self, path: str, what: str) -> tuple[np.ndarray, float, float]:
        """(moments, bins) of 0 to 255 with how the values are spread, and the lowest and highest value shown."""
        return ridge([getattr(self._at(i, path), what) for i in self.places()])

    def state(self) -> dict[str, Any]:
        layers = [{"name": name, "path": path} for path, name in self.names.items()]
        return {"title": self.heading or f"{self.model.name}, watched", "layers": layers, **self.frame()}

    def frame(self) -> dict[str, Any]:
        places = self.places()
        found = [[self._at(i, path) for i in places] for path in self.parts]
        numbers = [[[getattr(measured, name) for name in NUMBERS] for measured in row] for row in found]
        return {
            "steps": [self.records.steps[i] for i in places], "numbers": np.array(numbers, dtype=np.float32),
            "outputs": [self._heat(path, "outputs") for path in self.parts],
            "flows": [self._heat(path, "flows") for path in self.parts],
            "flags": [{"layer": [*self.parts].index(flag.layer), "words": flag.words} for flag in self.flags],
        }  # fmt: skip

    def _at(self, place: int, path: str) -> Measured:
        return self.records[place].get(path, Measured())

    def _heat(self, path: str, what: str) -> dict[str, Any]:
        cells, lo, hi = self.heat(path, what)
        return {"cells": cells, "lo": lo, "hi": hi}

    def frame_at(self, step: int) -> dict[str, Any]:
        """For `replay`: where in what was recorded to look."""
        return {"at": step}


def ridge(spreads: Sequence[Spread | None]) -> tuple[np.ndarray, float, float]:
    """Spreads as rows (moments, bins) of 0 to 255 over one common range, which is cut to where values are.

    A row is relative to its highest bin, and a square root brings out what is rare.
    """
    known = [s for s in spreads if s is not None]
    if not known:
        return np.zeros((len(spreads), 1), np.uint8), 0.0, 0.0
    reach = common_reach(known)
    counts = np.stack([s.within(reach) if s is not None else np.zeros(len(known[0].counts)) for s in spreads])
    used = np.flatnonzero(counts.any(0)) if counts.any() else np.arange(counts.shape[1])
    counts, edges = counts[:, used[0] : used[-1] + 1], np.linspace(-reach, reach, counts.shape[1] + 1)
    cells = np.sqrt(counts / np.maximum(counts.max(1, keepdims=True), 1e-12))
    return np.round(255 * cells).astype(np.uint8), float(edges[used[0]]), float(edges[used[-1] + 1])


def _vector(tensors: Sequence[Any]) -> np.ndarray:
    """All numbers of some tensors, in a copy."""
    return np.concatenate([np.ravel(as_array(t)) for t in tensors]) if tensors else np.zeros(0)


def _gradient(tensors: Sequence[Any]) -> np.ndarray | None:
    grads = [grad for t in tensors if (grad := getattr(t, "grad", None)) is not None]
    return _vector(grads) if grads else None


def watch(
    model: Any, *, every: int = 1, keep: int = 200, layers: Sequence[Any] | None = None, title: str | None = None
) -> Watch:
    """Watch the layers of a model over training: outputs, gradients, updates, and what is wrong with them.

    Give what it returns to `Trainer.fit(callbacks=[w])`; or, in a loop of your own, train inside `with w:` and call
    `w.step()` after each step of the optimizer (before the gradients are zeroed); or, for a model of your own class,
    call `w.step(x, loss)`. Show `w` in a cell to see it live. At every `every`-th step it records by layer: mean,
    deviation and histogram of the outputs, the part that is saturated (tanh, sigmoid), dead units, the rms and
    histogram of the loss's gradient in the outputs, the norm of that in the parameters, and rms(update) / rms(weight),
    which is about 1e-3 in a run that goes well. At most `keep` records are held, evenly spread. `layers` chooses what
    to watch (paths, indices or parts), if not all that have no parts of their own.

    Looking costs 0.1 to 0.2 ms a layer, which makes the step of a small model (0.3 ms) three to four times as long;
    with `every=10` it is 0.02 ms a layer and step, a quarter to a half of such a step, little for larger models.

    Raises TypeError for what is no model or has no layers, ValueError for a layer that is not there.

    >>> import learnnn as torch
    >>> from learnnn import nn, optim
    >>> model, X = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 1)), torch.ones(100, 2)
    >>> with torch.no_grad():
    ...     _ = model[0].bias.fill_(-9)
    >>> optimizer, w = optim.SGD(model.parameters(), lr=0.01), watch(model)
    >>> with w:
    ...     model(X).mean().backward()
    ...     optimizer.step()
    ...     w.step()
    >>> w.flags[0].kind, w.flags[0].words[:30]
    ('dead', 'layer 1 ReLU: 4 of 4 units gav')
    """
    return Watch(model, every, keep, layers, title)
