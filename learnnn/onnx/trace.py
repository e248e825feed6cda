"""Running a model while writing down what it computes."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np

from ..autograd import Variable, torch_names, wrap
from ..tensor import Tensor


class Line(NamedTuple):
    """One ONNX node."""

    operator: str
    inputs: list[str]
    outputs: list[str]
    attributes: dict[str, Any]


class Trace:
    """What was computed, line by line; tensors are known by name, all others are constants."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.constants: dict[str, np.ndarray] = {}
        self.results: list[Any] = []
        self.parameters: dict[int, str] = {}
        self.quiet = False
        self._known: dict[int, tuple[Any, str, int]] = {}  # the tensor, so that its id stays its own; name; version
        self._count = 0
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.origins: dict[str, Any] = {}  # which operation made a tensor that became a constant

    def know(self, value: Any, name: str) -> None:
        self._known[id(value)] = value, name, value._version
        self.shapes[name] = tuple(value.shape)

    def knows(self, value: Any) -> bool:
        return id(value) in self._known

    def name(self, value: Any, dtype: Any = None) -> str:
        """The name of a tensor, or of a new constant. RuntimeError for a tensor that was changed in place."""
        if self.knows(value):
            _, name, version = self._known[id(value)]
            if value._version != version:
                raise RuntimeError(
                    "a tensor was changed in place through an index or a view, which ONNX cannot: write the step so "
                    "that it makes a new tensor"
                )
            return name if dtype in (None, value.dtype) else self.add("Cast", name, to=code(dtype))
        array = np.asarray(value.array if isinstance(value, Variable) else value, dtype)
        name = self.parameters.get(id(value), "") if dtype in (None, getattr(value, "dtype", None)) else ""
        name = name or self.fresh("constant")
        self.constants[name] = array
        self.origins[name] = getattr(value, "_node", None)
        return name

    def fresh(self, kind: str) -> str:
        self._count += 1
        return f"{kind.lower()}_{self._count}"

    def add(self, operator: str, *inputs: str, outputs: int = 1, **attributes: Any) -> Any:
        """A new line; returns the name of its result, or the names if there are several."""
        names = [self.fresh(operator) for _ in range(outputs)]
        self.lines.append(Line(operator, list(inputs), names, attributes))
        return names[0] if outputs == 1 else names

    def ints(self, values: Any) -> str:
        return self.name(np.asarray(values, np.int64).reshape(-1))


def code(dtype: Any) -> int:
    import onnx

    return onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))


def trace(model: Callable, places: Any, names: Sequence[str], arrays: Sequence[np.ndarray]) -> Trace:
    """Run a model on these arrays and write down what it computes."""
    t = Trace()
    for kind in ("named_parameters", "named_buffers"):
        for name, value in getattr(model, kind, tuple)():
            t.parameters[id(value)] = name
    inputs = [wrap(a.copy()) for a in arrays]
    for name, value in zip(names, inputs, strict=True):
        t.know(value, name)
    with _watched(t, places):
        out = model(*inputs)
    t.results = list(_tensors(out))
    if not any(map(t.knows, t.results)):
        raise RuntimeError("no output of the model depends on its inputs through an operation that ONNX has")
    return t


def _tensors(out: Any) -> Iterator[Any]:
    if isinstance(out, Variable):
        yield out
    elif isinstance(out, dict):
        for value in out.values():
            yield from _tensors(value)
    elif isinstance(out, tuple | list):
        for value in out:
            yield from _tensors(value)


@contextmanager
def _watched(t: Trace, places: Any) -> Iterator[None]:
    """Every operation that has an ONNX operator is written down while this lasts."""
    face = sys.modules[__name__.partition(".")[0]]  # whose functions are those of ops
    with ExitStack() as stack:
        for place, table in places:
            for name, translate in table.items():
                original = getattr(place, name)
                watcher = _watcher(t, original, translate)
                for owner in (place, face) if getattr(face, name, None) is original else (place,):
                    stack.enter_context(patch.object(owner, name, watcher))
        home = sys.modules[Tensor.__module__]  # `learnnn.tensor` itself is a function
        stack.enter_context(patch.object(home, "_write", _following_writes(t, home._write)))
        stack.enter_context(patch.object(Tensor, "__setitem__", _following_assignments(t, Tensor.__setitem__)))
        yield


def _following_writes(t: Trace, write: Callable) -> Callable:
    """What an operation in place, such as add_, leaves in a tensor is from then on what the tensor is known as."""

    def written(tensor: Any, result: Any, name: str) -> Any:
        known = t.knows(result) and t.name(result, tensor.dtype)
        write(tensor, result, name)
        if known:
            t.know(tensor, known)
        return tensor

    return written


def _following_assignments(t: Trace, assign: Callable) -> Callable:
    """x[...] = y is y from then on; any other assignment of something known cannot be written down."""

    def assigned(self: Any, index: Any, value: Any) -> None:
        whole = index is ... and t.knows(value) and value.shape == self.shape
        known = t.name(value, self.dtype) if whole else ""
        if not whole and isinstance(value, Variable) and t.knows(value):
            t.know(self, "")  # an error when it is used
        assign(self, index, value)
        if whole:
            t.know(self, known)

    return assigned


def _watcher(t: Trace, original: Callable, translate: Callable) -> Callable:
    signature = inspect.signature(original)

    def call(*args: Any, **kwargs: Any) -> Any:
        if t.quiet:
            return original(*args, **kwargs)
        bound = _bound(signature, args, kwargs) if any(map(t.knows, _tensors([*args, *kwargs.values()]))) else None
        t.quiet = bound is not None
        try:
            out = original(*args, **kwargs)
        finally:
            t.quiet = False
        if bound:
            named = translate(t, out, *bound.args, **bound.kwargs)
            pairs = zip(_tensors(out), named if isinstance(named, list) else [named], strict=True)
            for value, name in pairs:
                t.know(value, t.name(name) if isinstance(name, Variable) else name)
        return out

    return call


def _bound(signature: inspect.Signature, args: tuple, kwargs: dict[str, Any]) -> Any:
    """All arguments in their places; None for one of PyTorch's other spellings, which calls the usual one in turn."""
    try:
        bound = signature.bind(*args, **torch_names(kwargs))
    except TypeError:
        return None
    bound.apply_defaults()
    return bound
