"""Finding the operation whose gradient is not a number: `with detect_anomaly():` around forward and backward."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .mode import Watch, watch
from .node import Node
from .variable import Variable

_HERE = str(Path(__file__).parent.parent)
_origins: dict[int, traceback.FrameSummary] = {}  # of a node, by its order: the line that made it
_next_order = Node.next_order


def _next_order_noted() -> int:
    """A node's number, as ever; and the line outside of this package that is making it."""
    order = _next_order()
    frames = [f for f in traceback.extract_stack() if not f.filename.startswith(_HERE)]
    if frames:
        _origins[order] = frames[-1]
    return order


def _switch(mode: bool, check_nan: bool) -> None:
    watch.anomalies, watch.nan = mode, check_nan
    Node.next_order = _next_order_noted if mode else _next_order  # an operation is not slower for the possibility
    if not mode:
        _origins.clear()


class set_detect_anomaly:
    """Look for anomalies from here on, or inside a `with` block; as slow as it is helpful."""

    def __init__(self, mode: bool, check_nan: bool = True):
        self.before = Watch(watch.anomalies, watch.nan)
        _switch(mode, check_nan)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: object) -> None:
        _switch(self.before.anomalies, self.before.nan)


class detect_anomaly(set_detect_anomaly):
    """In this block, backward raises where a gradient becomes nan, and names the line of the forward.

    >>> import learnnn
    >>> with detect_anomaly():
    ...     x = learnnn.tensor(-1.0, requires_grad=True)
    ...     x.sqrt().backward()  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    RuntimeError: Function 'SqrtBackward0' returned nan values in its 0th output. ...
    """

    def __init__(self, check_nan: bool = True):
        self.check_nan = check_nan

    def __enter__(self) -> None:
        super().__init__(True, self.check_nan)


def is_anomaly_enabled() -> bool:
    """Whether backward looks for anomalies at the moment."""
    return watch.anomalies


def look(node: Node, pieces: Sequence[Any]) -> None:
    """RuntimeError if one of the gradients that `node` sends on is nan."""
    for i, piece in enumerate(pieces):
        array = piece.array if isinstance(piece, Variable) else piece
        if isinstance(array, np.ndarray | np.generic) and np.isnan(array).any():
            raise RuntimeError(f"Function '{repr(node)[1:-1]}' returned nan values in its {i}th output{_told(node)}")


def _told(node: Node) -> str:
    line = _origins.get(node.order)
    if line is None:
        return ". Its forward ran outside of detect_anomaly: put the forward inside to see which line it was."
    return f". Its forward is line {line.lineno} of {line.filename}, in {line.name}:\n    {line.line}"
