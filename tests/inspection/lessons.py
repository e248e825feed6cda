"""The classes that learners write in the lessons, taken from the solved sources, and small networks over them."""

import ast
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np

SOURCES = Path(__file__).resolve().parents[2] / "chapters" / "source"
DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)


@cache
def lesson_names(number: int) -> SimpleNamespace:
    """What the solved lesson defines: its functions and classes, without running anything else of it."""
    path = next(SOURCES.glob(f"{number:02d}_*.py"))
    defined = [node for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, DEFINITIONS)]
    names = {"__name__": f"lesson_{number:02d}"}
    exec(compile(ast.Module([n for n in defined if "matplotlib" not in ast.unparse(n)], []), str(path), "exec"), names)
    return SimpleNamespace(**names)


class Neuron:
    """tanh(w · x + b) over lesson 03's Value."""

    def __init__(self, size, rng, squash=True):
        Value = lesson_names(3).Value
        self.w = [Value(rng.uniform(-1, 1)) for _ in range(size)]
        self.b = Value(rng.uniform(-1, 1))
        self.squash = squash

    def __call__(self, x):
        out = sum((wi * xi for wi, xi in zip(self.w, x)), self.b)
        return out.tanh() if self.squash else out


class Layer:
    def __init__(self, size, neurons, rng, squash=True):
        self.neurons = [Neuron(size, rng, squash) for _ in range(neurons)]

    def __call__(self, x):
        return [neuron(x) for neuron in self.neurons]


class ValueMLP:
    """A network of single numbers: a list of numbers in, a Value out, or a list of several."""

    def __init__(self, *sizes, seed=0):
        rng, last = np.random.default_rng(seed), len(sizes) - 2
        self.layers = [Layer(a, b, rng, i < last) for i, (a, b) in enumerate(pairwise(sizes))]

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x[0] if len(x) == 1 else x

    def parameters(self):
        return [p for layer in self.layers for neuron in layer.neurons for p in (*neuron.w, neuron.b)]


class Affine:
    """x @ weight + bias over lesson 05's Tensor."""

    def __init__(self, rows, columns, rng):
        Tensor = lesson_names(5).Tensor
        self.weight = Tensor(rng.normal(size=(rows, columns)) / rows**0.5)  # (in, out)
        self.bias = Tensor(rng.normal(size=columns))

    def __call__(self, x):
        return x @ self.weight + self.bias


class Tanh:
    def __call__(self, x):
        return x.tanh()


class TensorMLP:
    """A network of arrays; its parameters are found by walking its attributes."""

    def __init__(self, *sizes, seed=0):
        rng = np.random.default_rng(seed)
        self.body = {"first": Affine(sizes[0], sizes[1], rng), "squash": Tanh()}
        self.head = Affine(sizes[1], sizes[2], rng)

    def __call__(self, x):
        for part in self.body.values():
            x = part(x)
        return self.head(x)
