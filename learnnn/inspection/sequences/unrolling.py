"""Recurrent layers in a model: which there are, what they were given, and their gates at every step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..models.kind import arrays_in, as_array
from ..models.model import Model
from ..models.watching import watching
from .recurrences import Pass, Weights, run
from .tokens import as_batch

MODES = {4: "LSTM", 3: "GRU", 1: "RNN"}  # by the rows of their weights, for each unit


def passes(model: Model, x: Any) -> list[Pass]:
    """Every layer and direction of every recurrent part, unrolled over one sequence. ValueError where there is none."""
    parts = {path: part for path, part in model.layers().items() if is_layer(part) or is_cell(part)}
    if not parts:
        raise ValueError(
            f"{model.name} has no recurrent layer: it needs nn.LSTM, nn.GRU, nn.RNN or their cells, or your own with "
            "the weights weight_ih (k H, F) and weight_hh (k H, H) as PyTorch has them"
        )
    given = _given(model, parts, x)
    if not given:
        raise ValueError(f"{model.name} did not run its recurrent layers: {', '.join(map(repr, parts))}")
    return [step for path, calls in given.items() for step in _unrolled(path, parts[path], calls)]


def is_layer(part: Any) -> bool:
    """Has it the weights of a layer over whole sequences, `weight_ih_l0` and `weight_hh_l0`?"""
    return hasattr(part, "weight_ih_l0") and hasattr(part, "weight_hh_l0")


def is_cell(part: Any) -> bool:
    """Has it the weights of one step, `weight_ih` and `weight_hh`?"""
    return getattr(part, "weight_ih", None) is not None and getattr(part, "weight_hh", None) is not None


Call = tuple[np.ndarray, list[np.ndarray]]  # the input, and the states that were given


def _given(model: Model, parts: dict[str, Any], x: Any) -> dict[str, list[Call]]:
    """What each part was given, call by call. A cell alone is given one row of x after the other."""
    if "" in parts and is_cell(parts[""]):
        return {"": [(row, []) for row in _sequence(as_array(x), "the input", False)]}
    calls: dict[str, list[Call]] = {}

    def note(path: str, args: tuple[Any, ...], output: Any) -> Any:
        calls.setdefault(path, []).append((_numbers(path, args[0]), [*arrays_in(args[1:])]))
        return output

    with watching(parts, note):
        model.answers(*as_batch(x))
    return calls


def _numbers(path: str, given: Any) -> np.ndarray:
    if hasattr(given, "batch_sizes"):
        raise ValueError(f"'{path}' was given packed sequences: pass one sequence, not packed")
    return np.array(as_array(given), dtype=float)


def _sequence(x: np.ndarray, what: str, batch_first: bool) -> np.ndarray:
    """(T, F) of a sequence, or of a batch of one."""
    if x.ndim == 3:
        x = x.swapaxes(0, 1) if batch_first else x  # (T, N, F)
        if x.shape[1] != 1:
            raise ValueError(f"{what} is a batch of {x.shape[1]} sequences: show one at a time, as in x[:1]")
        x = x[:, 0]
    if x.ndim != 2 or not len(x):
        raise ValueError(f"{what} is a sequence (T, features), and here has shape {x.shape}")
    return x


def _unrolled(path: str, part: Any, calls: list[Call]) -> Iterator[Pass]:
    if is_cell(part):
        x = np.concatenate([_row(path, given) for given, _ in calls])  # (T, F)
        states = [_row(path, state)[0] for state in calls[0][1]]
        yield _run(path, part, "", x, states, False)
        return
    if getattr(part, "proj_size", 0):
        raise ValueError(f"'{path}' has proj_size={part.proj_size}: an LSTM whose state is projected is not supported")
    (x, states), *_ = calls
    x = _sequence(x, f"what '{path}' was given" if path else "the input", bool(getattr(part, "batch_first", False)))
    yield from _layers(path, part, x, states)


def _layers(path: str, part: Any, x: np.ndarray, states: list[np.ndarray]) -> Iterator[Pass]:
    """Layer after layer, each in its directions; the next is given the hidden states of both."""
    ways = ("", "_reverse") if hasattr(part, "weight_ih_l0_reverse") else ("",)
    layer = 0
    while hasattr(part, f"weight_ih_l{layer}"):
        places = range(layer * len(ways), (layer + 1) * len(ways))
        firsts = [[state.reshape(-1, state.shape[-1])[i] for state in states] for i in places]
        name = ", ".join(filter(None, [path, f"layer {layer}"]))
        done = [_run(name, part, f"_l{layer}{way}", x, first, bool(way)) for way, first in zip(ways, firsts)]
        yield from done
        x = np.concatenate([each.gates["hidden"] for each in done], 1)
        layer += 1


def _run(name: str, part: Any, suffix: str, x: np.ndarray, states: list[np.ndarray], backwards: bool) -> Pass:
    weights = _weights(part, suffix)
    h, c = [np.array(s, dtype=float) for s in states[:2]] + [np.zeros(weights.size)] * (2 - len(states[:2]))
    if x.shape[1] != weights.w_ih.shape[1]:
        raise ValueError(f"{name or 'the cell'} takes {weights.w_ih.shape[1]} features, and the input is {x.shape}")
    name = f"{name or type(part).__name__}{', backwards' * backwards}"
    return run(name, _mode(part, weights), weights, x, h, c, backwards)


def _weights(part: Any, suffix: str) -> Weights:
    w_ih, w_hh = (np.array(as_array(getattr(part, name + suffix)), dtype=float) for name in ("weight_ih", "weight_hh"))
    rows, size = w_hh.shape
    if w_ih.shape[0] != rows or rows % size or rows // size not in MODES:
        raise ValueError(
            f"weights of shapes {w_ih.shape} and {w_hh.shape}: weight_ih is (k H, F) and weight_hh (k H, H), where k "
            "is 4 for an LSTM, 3 for a GRU, 1 for an RNN"
        )
    biases = (getattr(part, name + suffix, None) for name in ("bias_ih", "bias_hh"))
    return Weights(w_ih, w_hh, *(np.zeros(rows) if b is None else np.array(as_array(b), dtype=float) for b in biases))


def _mode(part: Any, weights: Weights) -> str:
    mode = MODES[weights.w_hh.shape[0] // weights.size]
    relu = "relu" in (str(getattr(part, "nonlinearity", "")) + str(getattr(part, "mode", ""))).lower()
    return "RNN relu" if mode == "RNN" and relu else mode


def _row(path: str, x: np.ndarray) -> np.ndarray:
    """(1, F) of what a cell was given for one step."""
    if x.ndim > 1 and len(x) > 1:
        raise ValueError(f"'{path}' was given a batch of {len(x)}: show one sequence at a time, as in x[:1]")
    return x.reshape(1, -1)
