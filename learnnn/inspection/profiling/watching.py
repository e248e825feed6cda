"""Watching a step of a learnnn model: for its length, operations, modules and nodes tell a clock when they run."""

from __future__ import annotations

import inspect
import sys
import tracemalloc
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import wraps
from types import FunctionType, MethodType
from typing import Any

import numpy as np

from ... import autograd, ops
from ...autograd import Function, Node
from ...autograd.sweep import topological_order
from ...nn import Module
from ...tensor import Tensor
from ..models.untouched import Untouched
from .clock import Clock, Place, Run, Stack
from .saved import filled, root, saved_arrays

LOSS = "loss"  # the path under which what the loss takes is shown
WARM_UP = 0.03  # seconds
PACKAGE = __name__.partition(".")[0]
# Operations that learners make have the code of these, whatever their names.
MADE = {autograd.from_backward(lambda: None).__code__, autograd.differentiable()(lambda: None).__code__}


class Watcher:
    """A step of a model: forward, loss and backward, told to a clock. The base serves learnnn, a subclass PyTorch."""

    module: Any = Module
    traced = True  # does tracemalloc know of the memory that this takes?

    def __init__(self, model: Callable, inputs: Sequence[Any], loss: Callable | None):
        self.model, self.given, self.loss = model, inputs, loss
        self.paths: dict[int, tuple[str, Any]] = {}  # by id of a module: its path, and itself
        self.owners: dict[Any, tuple[str | None, Stack]] = {}  # of each node: operation and modules that made it
        self.untouched = Untouched()
        for name, part in [("", model), *_parts(model, self.module)]:
            self.meet(name, part)

    def meet(self, path: str, module: Any) -> None:
        """Name a module and all below it, and remember how they are."""
        self.untouched.keep(module)
        if isinstance(module, self.module):
            for name, part in module.named_modules(prefix=path):
                self.paths.setdefault(id(part), (name, part))

    def path(self, module: Any) -> str:
        """Where in the model a module is; by its class where it was not known before it was called."""
        if id(module) not in self.paths:
            taken, name = {path for path, _ in self.paths.values()}, type(module).__name__
            names = (name, *(f"{name} {i}" for i in range(2, len(taken) + 3)))
            self.meet(next(n for n in names if n not in taken), module)
        return self.paths[id(module)][0]

    # ------------------------------------------------------------------------------------------------- the step
    def measure(self, repeat: int) -> tuple[Run, list[Run], list[Run], dict[str, int]]:
        """A run that counts and measures memory, `repeat` that are timed, some that nobody watched; the peaks."""
        clock, memory, half = Clock(), Memory(), (repeat + 1) // 2
        try:
            with self.watching(clock), memory.tracing():  # first, as it meets modules that nobody knew of
                counted = self.step(clock, memory)
            plain = self._warm(Clock(), half)  # before and after, as the machine may be busier at one time
            with self.watching(clock, {place.operation for place in counted.calls}):
                timed = self._warm(clock, repeat)
            return counted, timed, plain + self._warm(Clock(), half), memory.peaks if self.traced else {}
        finally:
            self.untouched.restore()

    def _warm(self, clock: Clock, repeat: int) -> list[Run]:
        """Runs after others that do not count: python is slower where names have just been replaced."""
        begin = clock.now()
        for _ in range(100):
            self.step(clock, Memory())
            if clock.now() - begin > WARM_UP:
                break
        return [self.step(clock, Memory()) for _ in range(repeat)]

    def step(self, clock: Clock, memory: Memory) -> Run:
        """Forward, loss and backward, once."""
        clock.run, inputs = Run(), _each(self.given, self.fresh)
        self.owners.clear()
        self.first = Node.next_order()
        with memory.peak("forward"), self.forward_watched(clock), clock.during("forward"):
            result = self._result(clock, inputs)
        if ends := self.ends(result):
            self._send_back(clock, memory, ends, inputs)
        return clock.run

    def _send_back(self, clock: Clock, memory: Memory, ends: Sequence[Any], inputs: Any) -> None:
        self.set_aside(ends)
        if memory.on:
            self.note_kept(clock.run, ends, inputs)
        starts = [self.start(end) for end in ends]
        with memory.peak("backward"), self.backward_watched(clock, ends), clock.during("backward"):
            self.backward(ends, starts)

    def _result(self, clock: Clock, inputs: Sequence[Any]) -> Any:
        if isinstance(self.model, self.module):
            out = self.model(*inputs)
        else:
            out = self._as_module(clock, "", self.model, inputs)
        self._check("model", out)
        if self.loss is not None:
            out = self._as_module(clock, LOSS, self.loss, (out,))
            self._check("loss", out)
        return out

    def _check(self, who: str, out: Any) -> None:
        if not any(True for _ in self.tensors(out)):
            given = "None" if out is None else f"a {type(out).__name__}"
            raise TypeError(f"the {who} returned {given}, no tensor: compute it with tensors, and return one")

    def _as_module(self, clock: Clock, path: str, function: Callable, inputs: Sequence[Any]) -> Any:
        """Run what is no module, and show it as if it were one."""
        return self.run(clock, path, _label(function), function, inputs, {})

    def run(self, clock: Clock, path: str, kind: str, call: Callable, args: Sequence[Any], kwargs: dict) -> Any:
        clock.enter(path, kind)
        try:
            return call(*args, **kwargs)
        finally:
            clock.leave()

    def tensors(self, thing: Any) -> Iterator[Any]:
        return tensors_in(thing, Tensor)

    # ----------------------------------------------------------------------------- what is different in PyTorch
    def fresh(self, x: Any) -> Any:
        """An input of its own for each run, so that none can be changed; arrays become tensors."""
        if isinstance(x, Tensor):
            return autograd.wrap(x.array.copy("K")).requires_grad_(x.requires_grad)
        if isinstance(x, np.ndarray):
            floats = [p.dtype for _, p in getattr(self.model, "named_parameters", tuple)()] + [ops.get_default_dtype()]
            return autograd.wrap(x.astype(floats[0] if x.dtype.kind == "f" else x.dtype))
        return x

    def ends(self, result: Any) -> list[Any]:
        """The tensors at which backward starts."""
        return [t for t in self.tensors(result) if t.requires_grad]

    def start(self, end: Any) -> Any:
        """A gradient to begin with: one for a number, else random numbers, the same in each run."""
        random = np.random.default_rng(0).normal(size=end.shape)
        return autograd.wrap((np.ones(end.shape) if end.numel() == 1 else random).astype(end.dtype))

    def set_aside(self, ends: Sequence[Any]) -> None:
        """Leaves without gradients, as after zero_grad, and without hooks that act on them."""
        for node in self.nodes(ends):
            if (leaf := node.leaf()) is not None:
                self.untouched.keep(leaf)
                leaf._grad = leaf._after = None

    def nodes(self, ends: Sequence[Any]) -> list[Any]:
        """Every node that the ends were computed from, in the order in which they were made."""
        found = {node for end in ends for node in topological_order(autograd.edge(end))}  # type: ignore[arg-type]
        return sorted(found, key=lambda node: node.order)

    def backward(self, ends: Sequence[Any], starts: Sequence[Any]) -> None:
        """Backward; what was recorded before this step is not ours to free."""
        older = any(node.edges and node.order < self.first for node in self.nodes(ends))
        autograd.backward(ends, starts, retain_graph=older)

    def note_kept(self, run: Run, ends: Sequence[Any], inputs: Any) -> None:
        """Charge each array that waits for backward to the step that was the first to save it."""
        before = [t.array for t in (*self.tensors(inputs), *self.untouched.tensors())]
        seen = {id(root(array)) for array in before}
        for node in self.nodes(ends):
            if node.order not in self.owners:
                continue
            for array in map(root, saved_arrays(node)):
                if id(array) not in seen and tracemalloc.get_object_traceback(array):  # made in this step
                    run.kept[self._place(node)] += array.nbytes
                seen.add(id(array))

    def _place(self, node: Any) -> Place:
        operation, stack = self.owners[node.order]
        return Place(operation or node.name, node.origin == "yours", stack)

    # ---------------------------------------------------------------------------------------------- the watching
    def watching(self, clock: Clock, only: Container[str | None] | None = None) -> AbstractContextManager:
        """Operations (or only some), modules and nodes tell the clock."""
        changes: list[tuple[Any, str, Any]] = [
            (space, name, _timed(clock, value, operation))
            for space in self._spaces()
            for name, value in space.items()
            if (operation := _operation(space, name, value)) and (only is None or operation in only)
        ]
        changes += [
            (cell, "cell_contents", _timed(clock, cell.cell_contents, operation))
            for cell in _cells(self.model, self.loss)
            if (operation := _operation({}, "", cell.cell_contents)) and (only is None or operation in only)
        ]
        kinds = [kind for kind in _below(Node) if "backward" in vars(kind)]
        changes += [(kind, "backward", self._sent_back(clock, vars(kind)["backward"])) for kind in kinds]
        changes.append((self.module, "__call__", called(clock, self, self.module.__call__)))
        changes.append((Function, "apply", classmethod(_applied(clock, vars(Function)["apply"].__func__))))
        changes.append((Node, "next_order", staticmethod(self._noting_owners(clock, Node.next_order))))
        return replaced(changes)

    def forward_watched(self, clock: Clock) -> AbstractContextManager:
        """What more has to be watched in each forward; here `watching` is enough."""
        return nullcontext()

    def backward_watched(self, clock: Clock, ends: Sequence[Any]) -> AbstractContextManager:
        """What more has to be watched in each backward; here `watching` is enough."""
        return nullcontext()

    def _spaces(self) -> list[dict[str, Any]]:
        """Where operations are looked up: in learnnn, in the model, and where the model's code was written."""
        shared = [vars(sys.modules[name]) for name in (PACKAGE, f"{PACKAGE}.nn.functional", f"{PACKAGE}.linalg")]
        parts = [part for _, part in self.paths.values()] + [self.model, self.loss]
        written = [_globals(part) for part in parts]
        own = [vars(part) for part in parts if hasattr(part, "__dict__")]
        found: list[Any] = [vars(ops), *shared, *written, *own]
        return list({id(space): space for space in found}.values())

    def _noting_owners(self, clock: Clock, next_order: Callable[[], int]) -> Callable[[], int]:
        def order() -> int:
            number = next_order()
            if clock.phase == "forward":
                self.owners[number] = clock.spans[-1]
            return number

        return order

    def _sent_back(self, clock: Clock, backward: Callable) -> Callable:
        def timed(node: Any, *args: Any) -> Any:
            if not clock.phase or node.order not in self.owners:
                return backward(node, *args)
            clock.pause()
            place = self._place(node)
            clock.start(place.operation, place.stack)
            try:
                return backward(node, *args)
            finally:
                clock.stop(place.yours)

        return timed


class Memory:
    """How high memory rose in each phase, above where it began; asked only where `on`."""

    def __init__(self, on: bool = False):
        self.on, self.peaks, self._before = on, dict[str, int](), 0

    @contextmanager
    def tracing(self) -> Iterator[Memory]:
        """Measure within: numpy tells tracemalloc of its arrays."""
        mine, self.on = not tracemalloc.is_tracing(), True
        if mine:
            tracemalloc.start()
        try:
            yield self
        finally:
            self.on = False
            if mine:
                tracemalloc.stop()

    @contextmanager
    def peak(self, phase: str) -> Iterator[None]:
        if self.on:
            tracemalloc.reset_peak()
            self._before = tracemalloc.get_traced_memory()[0] if phase == "forward" else self._before
        yield
        if self.on:
            self.peaks[phase] = max(0, tracemalloc.get_traced_memory()[1] - self._before)


# ------------------------------------------------------------------------------------------- setting and restoring
@contextmanager
def replaced(changes: Sequence[tuple[Any, str, Any]]) -> Iterator[None]:
    """(owner, name, value): what names of modules (as dictionaries), classes and closures stand for within."""
    before = [(owner, name, _get(owner, name)) for owner, name, _ in changes]
    try:
        for change in changes:
            _put(*change)
        yield
    finally:
        for change in before:
            _put(*change)


def _get(owner: Any, name: str) -> Any:
    if isinstance(owner, type):  # a class method as such, not bound
        return vars(owner)[name]
    return owner[name] if isinstance(owner, dict) else getattr(owner, name)


def _put(owner: Any, name: str, value: Any) -> None:
    if isinstance(owner, dict):
        owner[name] = value
    else:
        setattr(owner, name, value)


def _timed(clock: Clock, function: Callable, operation: str) -> Callable:
    """The same operation, which tells the clock. Helpers that give no tensor are part of what called them."""

    @wraps(function)
    def timed(*args: Any, **kwargs: Any) -> Any:
        if clock.phase != "forward" or clock.spans[-1][0] == operation:  # in a rule; or F's name for it called ops' one
            return function(*args, **kwargs)
        clock.start(operation)
        out = None
        try:
            out = function(*args, **kwargs)
            return out
        finally:
            clock.pause()
            made = [*tensors_in(out, Tensor)]
            yours = any(getattr(t._node, "origin", None) == "yours" for t in made)
            clock.stop(yours, _new_bytes(made, args, clock.counted), calls=1, charge=bool(made))
            if clock.spans[-1][0] is None:
                clock.counted.clear()

    return timed


def _new_bytes(made: Sequence[Any], args: Sequence[Any], counted: set[int]) -> int:
    """Bytes of the outputs that are not views of inputs, and that no operation within this one has made."""
    there = {id(root(t.array)) for t in tensors_in(args, Tensor)} | counted
    counted.update(id(root(t.array)) for t in made)
    return sum(t.array.nbytes for t in made if id(root(t.array)) not in there)


def _applied(clock: Clock, apply: Callable) -> Callable:
    """`Function.apply`, under the name of the learner's class."""

    def applied(cls: type, *args: Any) -> Any:
        return _timed(clock, lambda *args: apply(cls, *args), cls.__name__)(*args)

    return applied


def called(clock: Clock, watcher: Watcher, call: Callable) -> Callable:
    """A module's call, which tells the clock."""

    @wraps(call)
    def told(module: Any, *args: Any, **kwargs: Any) -> Any:
        if not clock.phase:
            return call(module, *args, **kwargs)
        clock.pause()
        return watcher.run(clock, watcher.path(module), type(module).__name__, call, (module, *args), kwargs)

    return told


# ---------------------------------------------------------------------------------------------- what was given
def _parts(model: Any, kind: type) -> list[tuple[str, Any]]:
    """Modules that a function or an object of the learner's own holds, by the names it has for them."""
    if isinstance(model, kind):
        return []
    if isinstance(model, MethodType):
        return [("", model.__self__)]
    held = dict(vars(model)) if hasattr(model, "__dict__") else {}
    if isinstance(model, FunctionType):
        found = inspect.getclosurevars(model)
        held |= {**found.globals, **found.nonlocals}
    return [(name, part) for name, part in held.items() if isinstance(part, kind)]


def _operation(space: dict[str, Any], name: str, value: Any) -> str | None:
    """What an operation is called; None for what is none."""
    if not isinstance(value, FunctionType):
        return None
    if space is vars(ops):  # which may hold any function of the learner's
        return name
    ours = value.__module__.startswith(ops.__name__) and value.__name__ in vars(ops)
    return value.__name__.strip("_") if ours or value.__code__ in MADE else None


def _cells(*functions: Any) -> list[Any]:
    """The names from around that these functions use."""
    cells = [cell for f in functions if isinstance(f, FunctionType) for cell in f.__closure__ or ()]
    return [cell for cell in {id(c): c for c in cells}.values() if filled(cell)]


def _globals(thing: Any) -> dict[str, Any]:
    """The names that code can see which was written where this was."""
    code = getattr(thing, "__func__", thing)
    if isinstance(code, FunctionType):
        return code.__globals__
    return vars(sys.modules.get(type(thing).__module__, sys))


def _below(kind: type) -> Iterator[type]:
    subclass: type
    for subclass in kind.__subclasses__():
        yield subclass
        yield from _below(subclass)


def _each(thing: Any, change: Callable[[Any], Any]) -> Any:
    """The same nest of tuples, lists and dictionaries, its leaves changed."""
    if isinstance(thing, dict):
        return {key: _each(value, change) for key, value in thing.items()}
    if type(thing) in (tuple, list):
        return type(thing)(_each(value, change) for value in thing)
    return change(thing)


def tensors_in(thing: Any, kind: type) -> Iterator[Any]:
    """All tensors in a nest of tuples, lists and dictionaries."""
    if isinstance(thing, kind):
        yield thing
    elif isinstance(thing, dict | tuple | list):
        for part in thing.values() if isinstance(thing, dict) else thing:
            yield from tensors_in(part, kind)


def _label(function: Any) -> str:
    name = getattr(function, "__name__", type(function).__name__)
    return "" if name == "<lambda>" else name
