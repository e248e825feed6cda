"""The same network, written four times, and once on paper."""

import functools

import numpy as np
import pytest

from learnnn import nn
from learnnn.inspection.models.model import Model
from tests.inspection.lessons import TensorMLP, ValueMLP

KINDS = ("learnnn", pytest.param("torch", marks=pytest.mark.parity), "tensors of lesson 05", "values of lesson 03")


def weights(d, h, k, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape) for shape in ((h, d), h, (k, h), k)]


def network(kind, d, h, k, seed=0):
    """(the model, paths of its hidden layer, of its tanh and of its end; None where there is none of it)."""
    w = weights(d, h, k, seed)
    if kind in ("learnnn", "torch"):
        framework = nn if kind == "learnnn" else pytest.importorskip("torch").nn
        model = framework.Sequential(framework.Linear(d, h), framework.Tanh(), framework.Linear(h, k)).double()
        Model(model).load(dict(zip(Model(model).parameters(), w)))
        return model, ("0", "1", "2")
    if kind == "tensors of lesson 05":
        model = TensorMLP(d, h, k)
        Model(model).load(dict(zip(Model(model).parameters(), [w[0].T, w[1], w[2].T, w[3]])))
        return model, ("body.first", "body.squash", "head")
    model = ValueMLP(d, h, k)
    rows = [np.c_[w[i], w[i + 1]].ravel() for i in (0, 2)]  # each neuron's weights, then its bias
    Model(model).load(dict(zip(Model(model).parameters(), map(np.array, np.concatenate(rows)))))
    return model, (None, "layers.0", "layers.1")


def on_paper(X, d, h, k, seed=0):
    """Hidden layer, tanh and answer, and the gradients of the sum of squares in them, in the parameters and in X."""
    W, b, V, c = weights(d, h, k, seed)
    a = X @ W.T + b  # (N, h)
    t = np.tanh(a)
    y = t @ V.T + c  # (N, k)
    gy = 2 * y
    gt = gy @ V
    ga = gt * (1 - t * t)
    return (a, t, y), (ga, gt, gy), (ga.T @ X, ga.sum(0), gy.T @ t, gy.sum(0)), ga @ W


def squares(answer):
    """The sum of squares, in any kind of number."""
    if isinstance(answer, list):
        return functools.reduce(lambda a, b: a + b, map(squares, answer))
    squared = answer * answer
    return squared.sum() if hasattr(squared, "sum") else squared


def with_grads(kind, d=2, h=3, k=1):
    """A network that was in use: every parameter has a gradient."""
    model, paths = network(kind, d, h, k)
    rows = np.random.default_rng(0).normal(size=(3, d))
    asked = Model(model).as_input(rows) if kind != "values of lesson 03" else None
    loss = squares([model(row) for row in rows.tolist()] if asked is None else model(asked))
    loss.backward()
    return model, paths
