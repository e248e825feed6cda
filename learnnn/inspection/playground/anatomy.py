"""How a network is built: the rows of units that a picture can show, with the weights of the links between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..models.model import Model


@dataclass(frozen=True)
class Stage:
    """A row of units: where the weights and the biases of the links into it are, and whose output its units show."""

    weight: str
    bias: str | None
    transposed: bool  # kept as (in, out), where nn.Linear has (out, in)
    shown: str
    width: int

    def matrix(self, parameters: Mapping[str, np.ndarray]) -> np.ndarray:
        """The weights, (out, in)."""
        return parameters[self.weight].T if self.transposed else parameters[self.weight]

    def biases(self, parameters: Mapping[str, np.ndarray]) -> np.ndarray:
        """The biases (out,), zeros where there are none."""
        return parameters[self.bias] if self.bias else np.zeros(self.width)

    def entry(self, unit: int, source: int | None) -> tuple[str, tuple[int, ...]]:
        """Where a number is kept, as (path, index): of the link from a `source` to a unit, or of its bias (None)."""
        if source is not None:
            return self.weight, (source, unit) if self.transposed else (unit, source)
        if self.bias is None:
            raise ValueError(f"'{self.weight}' stands alone: this layer has no bias to set")
        return self.bias, (unit,)


def find_stages(face: Model, x: np.ndarray) -> list[Stage]:
    """The rows of units of a model that is a chain of linear layers, told by running it on a few rows x (N, features).

    Where an activation is a function in `forward` rather than a part, the units are shown before it. [] where a part
    has weights of another kind, or does not take as many numbers as the part before it gave: that is no chain.

    >>> from learnnn import nn
    >>> net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    >>> [(stage.weight, stage.shown, stage.width) for stage in find_stages(Model(net), np.ones((2, 2)))]
    [('0.weight', '1', 3), ('2.weight', '2', 1)]
    """
    parameters, stages = face.parameters(), list[Stage]()
    seen, leaves = face.see(x), face.leaves()
    given = x
    for path, output in seen.outputs.items():
        if path not in leaves:
            continue
        stage = _stage(path, parameters, given, output)
        if stage:
            stages.append(stage)
        elif _own(path, parameters) or not stages or output.shape != given.shape:
            return []
        else:
            last = stages.pop()
            stages.append(Stage(last.weight, last.bias, last.transposed, path, last.width))
        given = output
    named = {name for stage in stages for name in (stage.weight, stage.bias)}
    complete = stages and set(parameters) <= named and seen.answer.reshape(len(x), -1).shape[1] == stages[-1].width
    return stages if complete else []


def _own(path: str, parameters: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The parameters that belong to a part itself."""
    return {name: array for name, array in parameters.items() if name.rpartition(".")[0] == path}


def _stage(path: str, parameters: Mapping[str, np.ndarray], x: np.ndarray, output: np.ndarray) -> Stage | None:
    """The part as a row of units, if it has one matrix that takes x to the output, and at most one bias."""
    own = _own(path, parameters)
    matrices = [name for name, array in own.items() if array.ndim == 2]
    biases = [name for name, array in own.items() if array.ndim == 1]
    if len(matrices) != 1 or len(biases) > 1 or len(own) != len(matrices) + len(biases) or x.ndim != 2:
        return None
    bias, shape = biases[0] if biases else None, (output.shape[-1], x.shape[1])
    ways = [Stage(matrices[0], bias, transposed, path, shape[0]) for transposed in (False, True)]
    fitting = [stage for stage in ways if stage.matrix(parameters).shape == shape]
    sure = [stage for stage in fitting if _gives(stage, parameters, x, output)]
    return next(iter(sure or fitting), None)


def _gives(stage: Stage, parameters: Mapping[str, np.ndarray], x: np.ndarray, output: np.ndarray) -> bool:
    expected = x @ stage.matrix(parameters).T + stage.biases(parameters)
    return output.shape == expected.shape and bool(np.allclose(output, expected, atol=1e-4, rtol=1e-3))
