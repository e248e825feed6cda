"""How a gradient goes back through one recorded step: asked of learnnn's nodes, a lesson's values, PyTorch's nodes.

Nodes are numbered as in the picture. `raw(i, g)` gives the shares of the parents of node i as its own rule computes
them, with a gradient g of its output; where a parent was copied by broadcasting its share still has one entry a
copy. `shares(i, g)` are the right ones, summed over the copies.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from ... import autograd
from ...autograd.function import Parcel
from ...autograd.node import Saving
from ...autograd.operation import Step
from ..models.kind import as_array

Shape = tuple[int, ...] | None
FREED = "backward() has freed what the steps had saved. Draw the graph before it, or call backward(retain_graph=True)"
NO_RULES = (
    "these values do not keep their slopes. Give them `.slopes`, one number for each of `.parents`, or a `.pull` that "
    "takes the gradient of the output and returns those of the parents"
)


class Pulls:
    """The steps of a graph: `things` recorded them, `parents[i]` are the numbers of what step i computed with."""

    def __init__(self, things: Sequence[Any], parents: Sequence[Sequence[int]], shapes: Sequence[Shape]):
        self.things, self.parents, self.shapes = things, parents, shapes

    def places(self, i: int) -> list[int]:
        """Which arguments of step i its parents were: 0 the first."""
        return list(range(len(self.parents[i])))

    def seed(self, i: int, array: Any = None) -> Any:
        """A gradient of the output of step i: the given numbers, or ones."""
        return np.ones(self.shapes[i] or ()) if array is None else np.asarray(array, dtype=float)

    def raw(self, i: int, g: Any) -> list[Any]:
        raise NotImplementedError

    def shares(self, i: int, g: Any) -> list[Any]:
        """What each parent gets."""
        return [share if share is None else self.fit(share, j) for share, j in zip(self.raw(i, g), self.parents[i])]

    def fit(self, share: Any, j: int) -> Any:
        """A share in the shape of the value that gets it."""
        return share

    def shown(self, g: Any) -> np.ndarray | None:
        """A gradient as an array; None for the gradients of several outputs, which travel together."""
        return None if g is None or isinstance(g, Parcel) else as_array(g)


class ValuePulls(Pulls):
    """Lesson 03's numbers, which keep a slope for each parent."""

    def raw(self, i: int, g: Any) -> list[Any]:
        slopes = getattr(self.things[i], "slopes", None)
        if slopes is None or len(slopes) != len(self.parents[i]):
            raise RuntimeError(NO_RULES)
        return [float(as_array(slope)) * g for slope in slopes]


class PullPulls(Pulls):
    """Lesson 05's arrays, whose `pull` sums over copies itself; copy by copy it is asked for the raw shares."""

    def shares(self, i: int, g: Any) -> list[Any]:
        if not callable(pull := getattr(self.things[i], "pull", None)):
            raise RuntimeError(NO_RULES)
        found = pull(g)
        return [as_array(share) for share in (found if isinstance(found, tuple | list) else (found,))]

    def raw(self, i: int, g: Any) -> list[Any]:
        """As `Pulls.raw`. A gradient that nobody summed over copies is sent back copy by copy as well."""
        out = self.shapes[i] or ()
        if np.shape(g) != out:
            parts = [(where, self.raw(i, g[where].reshape(out))) for where in _copies(out, np.shape(g))]
            return [_put_together([(where, found[k]) for where, found in parts]) for k in range(len(parts[0][1]))]
        found = self.shares(i, g)
        return [self._unsummed(i, k, g) if self._is_copied(i, j) else found[k] for k, j in enumerate(self.parents[i])]

    def _is_copied(self, i: int, j: int) -> bool:
        out, shape = self.shapes[i] or (), self.shapes[j] or ()
        return out != shape and _broadcasts(shape, out)

    def _unsummed(self, i: int, k: int, g: np.ndarray) -> np.ndarray:
        """The share of each copy alone: a pull with the gradients of all others at zero."""
        parts = []
        for where in _copies(self.shapes[self.parents[i][k]] or (), g.shape):
            alone = np.zeros(g.shape)
            alone[where] = g[where]
            parts.append((where, self.shares(i, alone)[k]))
        return _put_together(parts)


Where = tuple[slice, ...]


def _copies(shape: tuple[int, ...], out: tuple[int, ...]) -> list[Where]:
    """Where in an array of shape `out` each copy of one of `shape` stands.

    >>> _copies((2, 1), (2, 3))[2]
    (slice(None, None, None), slice(2, 3, None))
    """
    stretched = [n != m for n, m in zip(out, (None,) * (len(out) - len(shape)) + tuple(shape))]
    found = np.ndindex(*[n if far else 1 for n, far in zip(out, stretched)])
    return [tuple(slice(c, c + 1) if far else slice(None) for c, far in zip(copy, stretched)) for copy in found]


def _put_together(parts: Sequence[tuple[Where, np.ndarray]]) -> np.ndarray:
    """An array of what belongs to each copy."""
    last, piece = parts[-1]
    padded = (1,) * (len(last) - piece.ndim) + piece.shape
    every = np.empty([n if where == slice(None) else where.stop for where, n in zip(last, padded)])
    for where, piece in parts:
        every[where] = piece.reshape(padded)
    return every


def _broadcasts(shape: tuple[int, ...], out: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(shape, out) == tuple(out)
    except ValueError:
        return False


class LearnnnPulls(Pulls):
    """learnnn's nodes. Hooks stay out of it, and nothing is freed."""

    def places(self, i: int) -> list[int]:
        return [k for k, edge in enumerate(self.things[i].edges) if edge is not None]

    def seed(self, i: int, array: Any = None) -> Any:
        node = self.things[i]
        return np.ones(node.shape, node.dtype) if array is None else np.asarray(array, node.dtype)

    def raw(self, i: int, g: Any) -> list[Any]:
        node = _revived(self.things[i])
        with autograd.no_grad(), np.errstate(all="ignore"):
            found = node.backward(g, node.edges, False)
        return [share for share, edge in zip(found, node.edges) if edge is not None]

    def fit(self, share: Any, j: int) -> Any:
        node = self.things[j]
        if node.shape is None or not hasattr(share, "reshape"):
            return share
        return autograd.unbroadcast(share, node.shape).astype(node.dtype)


def _revived(node: Any) -> Any:
    """A step whose saved values were freed, with the same values off the graph, if it still has them all."""
    if not isinstance(node, Saving) or node.saved is not None:
        return node
    if not isinstance(node, Step):
        raise RuntimeError(FREED)
    plan = node.plan
    known = {place: (edge.value, edge.shape) for place, edge in zip(plan.inputs, node.edges) if edge}
    if plan.output is not None:
        known[plan.output] = (node.value, node.shape)
    saved = [known.get(max(i, ~i), (None, None))[i < 0] for i in plan.keep]
    if any(value is None for value in saved):
        raise RuntimeError(FREED)
    again = Step(node.edges, np.empty(0))
    again.plan, again.saved, again.versions = plan, saved, node.versions
    return again


class TorchPulls(Pulls):
    """PyTorch's nodes, called one at a time; those that fill in `.grad` are leaves here and never called."""

    def places(self, i: int) -> list[int]:
        return [k for k, (parent, _) in enumerate(self.things[i].next_functions) if parent is not None]

    def seed(self, i: int, array: Any = None) -> Any:
        torch, node = sys.modules["torch"], self.things[i]
        like = node.variable if hasattr(node, "variable") else next(iter(node._input_metadata))
        values = np.ones(tuple(like.shape)) if array is None else np.array(array)
        return torch.as_tensor(values, dtype=like.dtype, device=like.device)

    def raw(self, i: int, g: Any) -> list[Any]:
        torch, node = sys.modules["torch"], self.things[i]
        call = node if callable(node) else node.apply  # a Function of one's own has apply
        try:
            with torch.no_grad():
                found = call(*self._incoming(node, g))
        except RuntimeError as error:
            raise RuntimeError(FREED if "second time" in str(error) else str(error)) from None
        found = found if isinstance(found, tuple) else (found,)
        return [self._sent(share, *to) for share, to in zip(found, node.next_functions) if to[0] is not None]

    def _incoming(self, node: Any, g: Any) -> list[Any]:
        """A gradient for each output of a step; zeros for what was not used."""
        outputs = list(node._input_metadata)
        if not isinstance(g, Parcel):
            return [g] + [None] * (len(outputs) - 1)
        return [g.get(k) for k in range(len(outputs))]

    def _sent(self, share: Any, node: Any, output: int) -> Any:
        several = not hasattr(node, "variable") and len(list(node._input_metadata)) > 1
        return Parcel({output: share}) if several and share is not None else share

    def fit(self, share: Any, j: int) -> Any:
        node = self.things[j]
        if isinstance(share, Parcel):
            return share
        like = node.variable if hasattr(node, "variable") else next(iter(node._input_metadata))
        return share.sum_to_size(tuple(like.shape)).to(like.dtype)
