"""`broadcast` and `unbroadcast`: how shapes are stretched to meet, and how gradients are summed on the way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...autograd.sweep import unbroadcast as summed
from ..face.live import Live
from ..face.scene import Scene
from ..models.kind import as_array
from . import broadcast_scene

Shape = tuple[int, ...]
MOST_AXES = 4
ROOM = (2, 2, 5, 6)  # how much of an axis is drawn, of the last four


@dataclass(frozen=True, eq=False)
class Operand:
    """An array on its way into a common shape. `aligned` is its own shape with a 1 for each axis it lacks; along the
    axes `stretched` of the common shape it is copied. `values` is None where only a gradient is known."""

    name: str
    shape: Shape
    common: Shape
    values: np.ndarray | None
    gradient: np.ndarray  # of the common shape

    @property
    def aligned(self) -> Shape:
        return (1,) * (len(self.common) - len(self.shape)) + self.shape

    @property
    def stretched(self) -> tuple[int, ...]:
        return tuple(i for i, (own, n) in enumerate(zip(self.aligned, self.common)) if own != n or self.is_new(i))

    def is_new(self, axis: int) -> bool:
        """Does the array not have this axis of the common shape at all?"""
        return axis < len(self.common) - len(self.shape)

    @property
    def own_gradient(self) -> np.ndarray:
        """The gradient of the array itself: that of all its copies, summed."""
        return summed(self.gradient, self.shape)

    @property
    def folds(self) -> list[np.ndarray]:
        """The gradient of the copies, and after the sum over each stretched axis, the last first; all axes kept."""
        found = [self.gradient]
        for axis in reversed(self.stretched):
            found.append(found[-1].sum(axis, keepdims=True))
        return found

    def steps(self) -> list[str]:
        """What happens to each stretched axis, in words."""
        return [
            f"{self.name} has no axis {i}: it is copied {_times(self.common[i])}"
            if self.is_new(i)
            else f"axis {i} of {self.name} has size 1: it is copied {_times(self.common[i])}"
            for i in self.stretched
        ]


class Broadcast(Live):
    """Arrays stretched to a common shape, and their gradients on the way back. A picture, and live a film of it.

    `result` is None where only the way back is shown.
    """

    script = Path(__file__).with_name("broadcast.js")

    def __init__(self, operands: Sequence[Operand], result: np.ndarray | None, gradient: np.ndarray, title: str):
        self.operands, self.result, self.gradient, self.title = list(operands), result, gradient, title

    @property
    def shape(self) -> Shape:
        """The common shape."""
        return self.gradient.shape

    @property
    def data(self) -> dict[str, Any]:
        """Shapes, numbers, and which axes are stretched, in plain python."""
        each = {
            operand.name: {
                "shape": operand.shape, "stretched": list(operand.stretched),
                "gradient": operand.own_gradient.tolist(),
            }
            for operand in self.operands
        }  # fmt: skip
        result = None if self.result is None else self.result.tolist()
        return {"shape": self.shape, "result": result, "gradient": self.gradient.tolist(), "operands": each}

    @property
    def text(self) -> str:
        shapes = " and ".join(f"{operand.name} {operand.shape}" for operand in self.operands)
        forward = self.result is not None
        lines = [f"broadcast: {shapes} give {self.shape}" if forward else f"unbroadcast: {self.shape} back to {shapes}"]
        lines += [f"    {step}" for operand in self.operands if forward for step in operand.steps()]
        if self.result is not None and self.result.size <= 24:
            lines.append(f"    {' + '.join(o.name for o in self.operands)} = {_short(self.result)}")
        lines.append(f"    the gradient that arrives has shape {self.shape}")
        return "\n".join([*lines, *[f"    {_back(operand)}" for operand in self.operands]])

    @property
    def shown(self) -> Shape:
        """How much of the common shape is drawn."""
        return tuple(min(n, room) for n, room in zip(self.shape, ROOM[MOST_AXES - len(self.shape) :]))

    def cut(self, array: np.ndarray) -> np.ndarray:
        """What is drawn of an array that has all axes of the common shape."""
        return array[tuple(slice(n) for n in self.shown)]

    @property
    def wide(self) -> float:
        """The width of a cell: the longest number fits."""
        values = [operand.values for operand in self.operands if operand.values is not None]
        folds = [self.cut(fold) for operand in self.operands for fold in operand.folds]
        drawn = [*folds, *values, *([] if self.result is None else [self.cut(self.result)])]
        longest = max(len(broadcast_scene.written(value)) for array in drawn for value in array.flat)
        return float(max(44, 8 * longest + 14))

    def scene(self) -> Scene:
        """Shapes on top, then the way there, then the way back."""
        return broadcast_scene.scene(self)

    def state(self) -> dict[str, Any]:
        return {
            "title": self.title, "shape": self.shape, "shown": self.shown, "wide": self.wide,
            "gradient": self.cut(self.gradient),
            "result": None if self.result is None else self.cut(self.result),
            "operands": [self._sent(operand) for operand in self.operands],
        }  # fmt: skip

    def _sent(self, operand: Operand) -> dict[str, Any]:
        values = None if operand.values is None else self.cut(operand.values.reshape(operand.aligned))
        return {
            "name": operand.name, "shape": operand.shape, "aligned": operand.aligned, "values": values,
            "stretched": operand.stretched, "new": len(self.shape) - len(operand.shape),
            "folds": [self.cut(fold) for fold in operand.folds],
        }  # fmt: skip


def broadcast(a: Any, b: Any, *, gradient: Any = None, title: str | None = None) -> Broadcast:
    """Show how `a + b` is broadcast, and how a gradient comes back.

    `a` and `b` are arrays, tensors (learnnn's or PyTorch's), numbers or lists; a tuple of whole numbers is a shape,
    which is filled with numbers that tell where each came from. Their shapes are lined up at the right; an axis that
    is missing or has size 1 is copied (numpy's rule: https://numpy.org/doc/stable/user/basics.broadcasting.html). On
    the way back, the gradient of something copied is the sum over its copies. `gradient` is the one that arrives, in
    the common shape; by default 1, 2, 3 and so on (again from 99).

    Raises ValueError for shapes that do not fit, with the axis and what to do, and for what is empty or has more
    than four axes.

    >>> broadcast((2, 3), [[10.0], [20.0]])
    broadcast: a (2, 3) and b (2, 1) give (2, 3)
        axis 1 of b has size 1: it is copied 3 times
        a + b = [[11, 12, 13], [24, 25, 26]]
        the gradient that arrives has shape (2, 3)
        gradient of a, (2, 3): the one that arrives, as it is
        gradient of b, (2, 1): summed over axis 1, [[6], [15]]
    """
    x, y = _numbers(a, "a", 1.0), _numbers(b, "b", 10.0)
    shape = _common(x.shape, y.shape)
    arriving = _arriving(gradient, shape)
    operands = [Operand(name, v.shape, shape, v, arriving) for name, v in (("a", x), ("b", y))]
    return Broadcast(operands, np.asarray(x + y), arriving, title or f"broadcast {x.shape} + {y.shape}")


def unbroadcast(gradient: Any, shape: Sequence[int], *, title: str | None = None) -> Broadcast:
    """Show how the gradient of copies is summed back into the `shape` that a value had before it was broadcast.

    `gradient` is an array, a tensor, or a shape, as for `broadcast`. The numbers are those of learnnn's own
    `autograd.unbroadcast`. Raises ValueError where `shape` cannot be broadcast to the gradient's.

    >>> unbroadcast([[1.0, 2.0], [10.0, 20.0]], (2,))
    unbroadcast: (2, 2) back to x (2,)
        the gradient that arrives has shape (2, 2)
        gradient of x, (2,): summed over axis 0, [11, 22]
    """
    array, own = _numbers(gradient, "gradient", 1.0), _shape(shape)
    if _common(array.shape, own, ("gradient", "x")) != array.shape:
        raise ValueError(
            f"a value of shape {own} cannot have been broadcast to {array.shape}: broadcasting never makes an axis "
            "smaller, so the gradient of the copies has at least as many elements as the value"
        )
    return Broadcast([Operand("x", own, array.shape, None, array)], None, array, title or f"unbroadcast to {own}")


# ------------------------------------------------------------------------------------------- what is given
def _is_shape(thing: Any) -> bool:
    return isinstance(thing, tuple) and all(isinstance(n, int | np.integer) for n in thing)


def _shape(shape: Any) -> Shape:
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    if not _is_shape(sizes) or min(sizes, default=1) < 1:
        raise ValueError(f"a shape is a tuple of whole numbers above 0, not {shape!r}")
    return tuple(map(int, sizes))


def _numbers(thing: Any, name: str, unit: float) -> np.ndarray:
    """An array as it is, or a shape filled with unit, 2 unit, 3 unit and so on."""
    if _is_shape(thing):
        shape = _shape(thing)
        array = unit * np.arange(1, int(np.prod(shape)) + 1).reshape(shape)
    else:
        array = np.array(as_array(thing))
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name} holds {array.dtype}, not numbers")
    if not array.size:
        raise ValueError(f"{name} has shape {array.shape}, so it holds nothing to see: every axis needs a size above 0")
    if array.ndim > MOST_AXES:
        raise ValueError(f"{name} has {array.ndim} axes, and at most {MOST_AXES} can be drawn")
    return array


def _arriving(gradient: Any, shape: Shape) -> np.ndarray:
    if gradient is None:
        return (np.arange(np.prod(shape)) % 99 + 1.0).reshape(shape)
    array = np.array(as_array(gradient), float)
    if array.shape != shape:
        raise ValueError(f"the gradient has shape {array.shape}, and a + b has shape {shape}: it needs the same")
    return array


def _common(a: Shape, b: Shape, names: tuple[str, str] = ("a", "b")) -> Shape:
    try:
        return np.broadcast_shapes(a, b)
    except ValueError as error:
        raise ValueError(f"{error} {_advice(a, b, names)}") from None


def _advice(a: Shape, b: Shape, names: tuple[str, str]) -> str:
    """Which axis does not fit, and which change of the smaller one would help."""
    axis = next(i for i in range(1, len(a) + len(b)) if _sizes(a, b, i) and 1 not in _sizes(a, b, i))
    m, n = _sizes(a, b, axis)
    told = f"Lined up at the right, axis {-axis} is {m} in {names[0]} and {n} in {names[1]}: sizes must be equal or 1."
    (large, _), (small, name) = sorted([(a, names[0]), (b, names[1])], key=lambda pair: -len(pair[0]))
    for changed, how in _changes(small):
        if _fits(large, changed):
            return f"{told} {how.format(name)} has shape {changed}: with it the result is {_fits(large, changed)}."
    return told


def _sizes(a: Shape, b: Shape, axis: int) -> tuple[int, ...]:
    """The sizes of the axis-th axis from the right, where they differ; empty where one of them has no such axis."""
    inside = axis <= min(len(a), len(b)) and a[-axis] != b[-axis]
    return (a[-axis], b[-axis]) if inside else ()


def _changes(shape: Shape) -> list[tuple[Shape, str]]:
    found = [((*shape, 1), "{}[..., None]")]
    if len(shape) == 2:
        found = [(shape[::-1], "The transpose {}.T"), *found]
    return found


def _fits(large: Shape, shape: Shape) -> Shape | None:
    try:
        return np.broadcast_shapes(large, shape)
    except ValueError:
        return None


# ------------------------------------------------------------------------------------------- in words
def _times(n: int) -> str:
    return "once" if n == 1 else f"{n} times"


def _back(operand: Operand) -> str:
    """What becomes of the gradient of one array."""
    axes = operand.stretched
    if not axes:
        return f"gradient of {operand.name}, {operand.shape}: the one that arrives, as it is"
    named = f"ax{'i' if len(axes) == 1 else 'e'}s {', '.join(map(str, axes))}"
    numbers = f", {_short(operand.own_gradient)}" if operand.own_gradient.size <= 24 else ""
    return f"gradient of {operand.name}, {operand.shape}: summed over {named}{numbers}"


def _short(array: np.ndarray) -> str:
    if array.ndim == 0:
        return f"{array:.4g}"
    return f"[{', '.join(_short(np.asarray(part)) for part in array)}]"
