"""`profile`: where the time and the memory of a training step go, by operation and by module."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...tensor import Tensor
from ...training.summary import in_bytes
from ..face.picture import Picture
from ..face.scene import Scene
from ..face.units import in_seconds
from ..models.kind import is_torch
from .bars import bar_chart
from .clock import Place, Run, typical
from .watching import Watcher, tensors_in

BETWEEN = "between operations"
HEADINGS = ("calls", "forward", "backward", "share", "output", "kept")


class OperationProfile(NamedTuple):
    """What all calls of an operation took together: seconds in which no other operation ran within it, and bytes.

    `output` is the size of what it made, views not counted; `kept` what its steps saved for backward and no earlier
    step had; `yours` says that the learner's own code computed.
    """

    name: str
    calls: int
    forward: float
    backward: float
    output: int
    kept: int
    yours: bool = False

    @property
    def seconds(self) -> float:
        """Forward and backward together."""
        return self.forward + self.backward


class ModuleProfile(NamedTuple):
    """What all calls of a module took together, with the modules that it called: seconds, and bytes.

    `own_forward` and `own_backward` are without those. `path` is its name in the model, "" for the model itself;
    `depth` says how many modules called one another until it ran.
    """

    path: str
    kind: str
    depth: int
    calls: int
    forward: float
    backward: float
    own_forward: float
    own_backward: float
    output: int
    kept: int

    @property
    def seconds(self) -> float:
        """Forward and backward together."""
        return self.forward + self.backward

    @property
    def own(self) -> float:
        """Forward and backward, without the modules that it called."""
        return self.own_forward + self.own_backward


class Profile(Picture):
    """What `profile` measured. `operations` come slowest first, `modules` in the order in which they ran.

    `between` is the time in no operation: python between operations in forward, the sweep's own work in backward.
    `outside` is the time in no module. Operations and `between` add up to the whole, `seconds`; so do the own times
    of modules and `outside`. `peaks` has the highest rise of memory in each phase, python's own objects included,
    where that was measured; `unwatched` is how long the step takes, at its fastest, when nobody measures its parts.
    """

    def __init__(self, name: str, counts: Run, timed: Sequence[Run], unwatched: float, peaks: Mapping[str, int]):
        self.name, self.repeat, self.unwatched, self.peaks = name, len(timed), unwatched, dict(peaks)
        self.title = f"profile of {name}"
        entries = typical(timed)
        self.forward, self.backward = (_total(entries, phase, lambda p: True) for phase in ("forward", "backward"))
        self.operations, self.between = _operations(entries, counts)
        self.modules, self.outside = _modules(entries, counts)
        self.kept = counts.kept.total()

    @property
    def seconds(self) -> float:
        """The whole step: forward, loss and backward."""
        return self.forward + self.backward

    @property
    def data(self) -> dict[str, Any]:
        """Everything in plain python; seconds and bytes."""
        return {
            "model": self.name, "repeat": self.repeat, "forward": self.forward, "backward": self.backward,
            "unwatched": self.unwatched, "kept": self.kept, "peaks": self.peaks,
            "operations": [row._asdict() for row in self.operations], "between": self.between._asdict(),
            "modules": [row._asdict() for row in self.modules], "outside": self.outside._asdict(),
        }  # fmt: skip

    def facts(self) -> list[str]:
        """The whole, in short sentences."""
        back = f", backward {in_seconds(self.backward)}" if self.backward else ", and no gradient to send back"
        runs = f"the median of {self.repeat} runs" if self.repeat > 1 else "a single run"
        peaks = ", ".join(f"{in_bytes(size)} in {phase}" for phase, size in self.peaks.items())
        return [
            f"forward {in_seconds(self.forward)}{back}",
            f"{runs}; the fastest with nobody watching, {in_seconds(self.unwatched)}",
            f"kept for backward {in_bytes(self.kept)}",
            *([f"memory rose by {peaks}"] if peaks else []),
        ]

    @property
    def text(self) -> str:
        operations = [(_title(row), row) for row in (*self.operations, self.between)]
        modules = [(shown_path(row, self.name), row) for row in (*self.modules, self.outside)]
        whole = OperationProfile("whole", 0, self.forward, self.backward, 0, self.kept)
        lines = [f"{self.title}: {self.facts()[0]}", *(f"  {fact}" for fact in self.facts()[1:])]
        for name, rows in ("operation", operations), ("module", modules):
            lines += ["", *_table(name, [*rows, ("whole", whole)], self.seconds)]
        return "\n".join(lines)

    def scene(self) -> Scene:
        """The drawing itself."""
        return bar_chart(self)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:  # without times: what a notebook keeps as text is the same in every run
        return f"<profile of {self.name}: {len(self.operations)} operations in {len(self.modules)} modules>"


def profile(model: Callable, *inputs: Any, loss: Callable | None = None, repeat: int = 5) -> Profile:
    """Where do time and memory go, in a forward and a backward pass of `model(*inputs)`?

    model: a module, or any function or object of yours that takes tensors and returns one (or several); or a
    PyTorch module. inputs: its tensors; arrays become tensors. loss: a function of what the model returns, such as
    `lambda out: F.cross_entropy(out, y)`, at which backward starts; without it, backward starts at the output with
    random numbers. Every part is timed `repeat` times, and the median is shown, in seconds; bytes are measured in a
    run of their own. Parameters, gradients, buffers, modes, hooks and random numbers are as before afterwards.

    The result shows itself in a notebook as a picture; `print` it for the table, and read `.operations` and
    `.modules` in code.

    Raises TypeError for a model or a loss that cannot be called or returns no tensor, and where no input is a
    tensor; ValueError if `repeat` is not at least 1.

    >>> import learnnn as torch
    >>> from learnnn import nn
    >>> model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    >>> found = profile(model, torch.rand(8, 64))
    >>> found
    <profile of Sequential: 2 operations in 4 modules>
    >>> sorted((row.name, row.calls, row.kept) for row in found.operations)  # relu's output, 8 * 32 * 4 bytes
    [('linear', 2, 0), ('relu', 1, 1024)]
    >>> found.seconds == found.forward + found.backward
    True
    """
    _check(model, inputs, loss, repeat)
    counted, timed, plain, peaks = _watcher(model, inputs, loss).measure(repeat)
    return Profile(_name(model), counted, timed, min(sum(run.seconds.values()) for run in plain), peaks)


def _watcher(model: Callable, inputs: Sequence[Any], loss: Callable | None) -> Watcher:
    if is_torch(model) or any(map(is_torch, inputs)):
        from .watching_torch import TorchWatcher

        return TorchWatcher(model, inputs, loss)
    return Watcher(model, inputs, loss)


def _name(model: Any) -> str:
    name = getattr(model, "__name__", type(model).__name__)
    return "a function" if name == "<lambda>" else name


# --------------------------------------------------------------------------------------------------- bad input
def _check(model: Any, inputs: Sequence[Any], loss: Any, repeat: Any) -> None:
    if isinstance(model, type):
        raise TypeError(
            f"profile(model, x): {model.__name__} is a class, and a model is made from it first: {model.__name__}(...)"
        )
    if isinstance(model, Tensor) or not callable(model):
        raise TypeError(
            f"profile(model, x): model must be a module or a function, not a {type(model).__name__}: it is run to see "
            "what it does, so pass the model itself and its input"
        )
    if not any(_is_data(x) for x in inputs):
        given = ", ".join(type(x).__name__ for x in inputs) or "nothing"
        raise TypeError(f"profile(model, x): the model is run on x, which must be a tensor or an array, not {given}")
    if loss is not None and (isinstance(loss, Tensor) or not callable(loss)):
        raise TypeError(
            f"profile: loss must be a function of what the model returns, not a {type(loss).__name__}: as in "
            "loss=lambda out: F.cross_entropy(out, y)"
        )
    if isinstance(repeat, bool) or not isinstance(repeat, int | np.integer) or repeat < 1:
        raise ValueError(f"profile: repeat says how often to measure, 1 time or more, not {repeat!r}")


def _is_data(x: Any) -> bool:
    return is_torch(x) or any(True for kind in (Tensor, np.ndarray) for _ in tensors_in(x, kind))


# -------------------------------------------------------------------------------------------------------- rows
Entries = Mapping[tuple[str, Place], float]


def _total(entries: Entries, phase: str, chosen: Callable[[Place], bool]) -> float:
    return sum(seconds for (which, place), seconds in entries.items() if which == phase and chosen(place))


def _operation(name: str, entries: Entries, counts: Run, chosen: Callable[[Place], bool]) -> OperationProfile:
    forward, backward = (_total(entries, phase, chosen) for phase in ("forward", "backward"))
    calls, output, kept = (_count(counter, chosen) for counter in (counts.calls, counts.output, counts.kept))
    return OperationProfile(name, calls, forward, backward, output, kept)


def _count(counter: Mapping[Place, int], chosen: Callable[[Place], bool]) -> int:
    return sum(number for place, number in counter.items() if chosen(place))


def _operations(entries: Entries, counts: Run) -> tuple[list[OperationProfile], OperationProfile]:
    """The slowest first; and what is left between them."""
    places = [place for _, place in entries] + [*counts.calls, *counts.kept]
    kinds = dict.fromkeys((p.operation, p.yours) for p in places if p.operation is not None)
    rows = [
        _operation(name, entries, counts, lambda p, kind=(name, yours): p[:2] == kind)._replace(yours=yours)  # type: ignore[misc]
        for name, yours in kinds
    ]
    rows.sort(key=lambda row: (-row.seconds, row.name))
    return rows, _operation(BETWEEN, entries, counts, lambda p: p.operation is None)._replace(calls=0)


def _modules(entries: Entries, counts: Run) -> tuple[list[ModuleProfile], ModuleProfile]:
    """In the order of a walk through the calls, callers first; and what is left outside of all."""
    rows = [_module(path, entries, counts) for path in _walk(counts)]
    outside = _operation("", entries, counts, lambda p: not p.stack)
    own = outside.forward, outside.backward
    return rows, ModuleProfile("outside of modules", "", 0, 0, *own, *own, outside.output, outside.kept)


def _module(path: str, entries: Entries, counts: Run) -> ModuleProfile:
    around, kind = counts.modules[path]
    whole = _operation(path, entries, counts, lambda p: path in p.stack)
    own = _operation(path, entries, counts, lambda p: p.stack[-1:] == (path,))
    sums = whole.forward, whole.backward, own.forward, own.backward, whole.output, whole.kept
    return ModuleProfile(path, kind, len(around), counts.module_calls[path], *sums)


def _walk(counts: Run) -> list[str]:
    """Every module that ran, each right after the one that called it first and what that called before."""
    below: dict[str | None, list[str]] = {}
    for path, (around, _) in counts.modules.items():
        below.setdefault(around[-1] if around else None, []).append(path)
    order, todo = [], below.get(None, [])[::-1]
    while todo:
        order.append(todo.pop())
        todo += below.get(order[-1], [])[::-1]
    return order


# ----------------------------------------------------------------------------------------------------- in words
def shown_path(row: ModuleProfile, name: str) -> str:
    """A module by its path, which says what it is to those who wrote the model; the model itself by its name."""
    return row.path or name


def _title(row: OperationProfile) -> str:
    return f"{row.name} (yours)" if row.yours else row.name


def _table(first: str, rows: Iterable[tuple[str, Any]], seconds: float) -> list[str]:
    cells = [(first, *HEADINGS)]
    for name, row in rows:
        calls, kept = f"{row.calls:,}" if row.calls else "", in_bytes(row.kept) if row.kept else ""
        times = (in_seconds(row.forward), in_seconds(row.backward) if row.backward else "")
        share = f"{row.seconds / seconds:.1%}" if seconds else ""
        cells.append((_short(name), calls, *times, share, in_bytes(row.output) if row.output else "", kept))
    widths = [max(map(len, column)) for column in zip(*cells)]
    lines = ["  ".join([r[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(r[1:], widths[1:]))]) for r in cells]
    rule = "─" * len(lines[0])
    return [line.rstrip() for line in (lines[0], rule, *lines[1:-1], rule, lines[-1])]


def _short(name: str, most: int = 36) -> str:
    return name if len(name) <= most else f"…{name[1 - most :]}"
