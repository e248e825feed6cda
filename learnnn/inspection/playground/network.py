"""The network that the settings describe, its first weights, and which of its weights outlive a change of shape."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ... import autograd, nn
from ..models.untouched import kept
from .settings import ACTIVATIONS, Settings

Weights = dict[str, np.ndarray]  # by the parameter's path


def outputs_for(classes: int) -> int:
    """One score tells two classes apart; of more, each has its own."""
    return 1 if classes == 2 else classes


def build(settings: Settings, classes: int) -> Any:
    """The network: a Linear and an activation for each hidden layer, and a Linear for the scores.

    >>> build(Settings(layers=(3,)), classes=2)
    Sequential(
      (0): Linear(in_features=2, out_features=3, bias=True)
      (1): Tanh()
      (2): Linear(in_features=3, out_features=1, bias=True)
    )
    """
    sizes, activation = [len(settings.features), *settings.layers], getattr(nn, ACTIVATIONS[settings.activation])
    with kept(None):  # Linear draws its first weights from the generator that everybody uses
        hidden = [part for a, b in pairwise(sizes) for part in (nn.Linear(a, b, dtype=np.float32), activation())]
        return nn.Sequential(*hidden, nn.Linear(sizes[-1], outputs_for(classes), dtype=np.float32))


def draw_weights(model: Any, seed: int) -> None:
    """Weights and biases within 1 / sqrt(in_features), as Linear has them, from numpy's generator: the same numbers
    in every framework."""
    rng = np.random.default_rng(seed)
    with autograd.no_grad():
        for layer in model:
            if isinstance(layer, nn.Linear):
                bound = layer.in_features**-0.5
                for parameter in layer.parameters():
                    parameter.copy_(autograd.wrap(rng.uniform(-bound, bound, parameter.shape)))


def carry(old: Settings, weights: Weights, new: Settings, drawn: Weights) -> Weights:
    """The weights that both networks have, in a network that has otherwise those `drawn` for it.

    A weight stays where its layer (counted from the input; the last is the last), its unit and its input are in both.
    """
    shared = range(min(len(old.layers), len(new.layers)))
    pairs = [(i, i) for i in shared] + [(len(old.layers), len(new.layers))]
    found = dict(drawn)
    for a, b in pairs:
        here, there = f"{2 * a}.", f"{2 * b}."
        columns, into = _common(_inputs(old, a), _inputs(new, b))
        rows = range(min(len(weights[here + "bias"]), len(drawn[there + "bias"])))
        found[there + "weight"], found[there + "bias"] = drawn[there + "weight"].copy(), drawn[there + "bias"].copy()
        found[there + "weight"][np.ix_(rows, into)] = weights[here + "weight"][np.ix_(rows, columns)]
        found[there + "bias"][rows] = weights[here + "bias"][rows]
    return found


def _inputs(settings: Settings, layer: int) -> Sequence[Hashable]:
    """Names for what a layer is given: features, or the numbers of the units before it."""
    return range(settings.layers[layer - 1]) if layer else settings.features


def _common(old: Sequence[Hashable], new: Sequence[Hashable]) -> tuple[list[int], list[int]]:
    """Where the names that both have stand in each."""
    names = [name for name in new if name in old]
    return [old.index(name) for name in names], [new.index(name) for name in names]
