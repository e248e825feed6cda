"""The residual stream: what each block of a model adds to it, and what the model would say after each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...tensor import Tensor
from ..models.kind import arrays_in, is_own_value, is_torch
from ..models.model import Model
from ..models.parts import has_parts
from ..models.watching import watching
from .tokens import softmax


@dataclass
class Stream:
    """What flows through a model: `states` (depths, L, d) before the first block and after each.

    `probabilities` (depths, P, V) are what the model would say then; P is L, or 1 where a model speaks of the last
    token alone. `blocks` has the path of each block.
    """

    blocks: list[str]
    states: np.ndarray
    probabilities: np.ndarray

    @property
    def added(self) -> np.ndarray:
        """The length of what each block adds at each token, (blocks, L)."""
        return np.linalg.norm(np.diff(self.states, axis=0), axis=-1)


def stream(model: Model, inputs: tuple[Any, ...], blocks: Sequence[Any] | None, unembed: Any) -> Stream:
    """Run the model, and once more for each depth, with the last block's output replaced by what was there then.

    So the norm and the output layer that follow are applied as the model itself applies them; or `unembed` is.
    """
    calls, answer = _watched(model, inputs)
    paths = _blocks(model, calls) if blocks is None else [model.layer(block) for block in blocks]
    _check(model, calls, paths)
    states = [calls[paths[0]][0], *(calls[path][1] for path in paths)]
    if unembed is None:
        said = [*(_answer_from(model, inputs, paths[-1], state) for state in states[:-1]), answer]
    else:
        said = [Model(unembed).ask(state) for state in states]
    flat = np.array([_rows(state) for state in states], dtype=float)  # (depths, L, d)
    return Stream(paths, flat, np.array([_probabilities(model, each, flat.shape[1]) for each in said]))


Calls = dict[str, tuple[np.ndarray, np.ndarray]]  # what a part was given, and what it gave


def _watched(model: Model, inputs: tuple[Any, ...]) -> tuple[Calls, np.ndarray]:
    calls: Calls = {}
    given: dict[str, np.ndarray | None] = {}

    def ahead(path: str, args: tuple[Any, ...]) -> None:
        first = _first_array(args)
        given[path] = None if first is None else first.copy()

    def note(path: str, args: tuple[Any, ...], output: Any) -> Any:
        before, after = given[path], _first_array(output)
        if before is not None and after is not None:
            calls[path] = before, after.copy()
        return output

    with watching(model.layers(), note, ahead):
        return calls, model.answers(*inputs)[0]


def _blocks(model: Model, calls: Calls) -> list[str]:
    """The parts of one kind, side by side in a list, that give what they are given: (N, L, d). The most such parts."""
    layers = model.layers()
    groups: dict[tuple[str, type], list[str]] = {}
    for path, (given, gave) in calls.items():
        parent, _, number = path.rpartition(".")
        if number.isdigit() and given.shape == gave.shape and gave.ndim == 3 and has_parts(layers[path]):
            groups.setdefault((parent, type(layers[path])), []).append(path)
    if not groups:
        raise ValueError(
            f"no blocks were found in {model.name}: they are parts of one class in a ModuleList, Sequential or list "
            "that give the shape (N, L, d) they are given; name them with blocks=[...], by their paths: "
            + ", ".join(map(repr, list(calls)[:12]))
        )
    return max(groups.values(), key=lambda paths: (len(paths), -paths[0].count(".")))


def _check(model: Model, calls: Calls, paths: Sequence[str]) -> None:
    if not paths:
        raise ValueError("blocks=[]: there is no block to look after")
    for path in paths:
        if path not in calls:
            raise ValueError(f"block '{path}' of {model.name} did not run, or gave no numbers")
        if calls[path][1].shape != (shape := calls[paths[0]][0].shape):
            raise ValueError(f"block '{path}' gives {calls[path][1].shape}, and the first block is given {shape}")
        if not np.isfinite(calls[path][1]).all():
            raise ValueError(f"block '{path}' of {model.name} gives numbers that are nan or infinite")


def _answer_from(model: Model, inputs: tuple[Any, ...], last: str, state: np.ndarray) -> np.ndarray:
    """What the model says if its last block gives this state."""
    with watching({last: model.layers()[last]}, lambda path, args, output: _replaced(model, output, state)):
        return model.answers(*inputs)[0]


def _replaced(model: Model, output: Any, state: np.ndarray) -> Any:
    """An output with another first tensor."""
    if isinstance(output, tuple):
        return (_replaced(model, output[0], state), *output[1:])
    if isinstance(output, Tensor) or is_torch(output):
        return model.as_input(state)
    return type(output)(state.copy()) if is_own_value(output) else state.copy()


def _rows(array: np.ndarray) -> np.ndarray:
    """(L, d) of a sequence, a batch of one, or (L, 1, d)."""
    if array.ndim == 3 and 1 not in array.shape[:2]:
        raise ValueError(f"{array.shape[0]} sequences flow through the blocks: show one at a time, as in tokens[:1]")
    return array.reshape(-1, array.shape[-1])


def _probabilities(model: Model, answer: np.ndarray, length: int) -> np.ndarray:
    """(P, V) from logits, or from probabilities."""
    rows = _rows(answer.astype(float)) if answer.ndim in (2, 3) else answer.reshape(1, -1)
    if len(rows) not in (1, length) or rows.shape[1] < 2:
        raise ValueError(
            f"{model.name} gives {answer.shape} for {length} tokens: scores for each token of a vocabulary are needed, "
            "(N, L, V), or (N, V) for the last"
        )
    if not np.isfinite(rows).all() and not np.isneginf(rows[~np.isfinite(rows)]).all():
        raise ValueError(f"{model.name} gives scores that are nan or infinite")
    done = rows.min() >= 0 and np.allclose(rows.sum(-1), 1, atol=1e-4)
    return rows if done else softmax(rows)


def _first_array(value: Any) -> Any:
    """The first numbers in an answer, or in arguments; None if there are none."""
    try:
        return next(arrays_in(value), None)
    except TypeError:  # something else than numbers
        return None
