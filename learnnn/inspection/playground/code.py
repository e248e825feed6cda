"""The playground as a program: what builds the network, and trains it to where it stands.

With its first lines exchanged it is PyTorch's: `import torch`, `from torch import nn, optim`.
"""

from __future__ import annotations

import inspect
from itertools import pairwise
from typing import Any

import numpy as np

from .learner import Learner, Place
from .network import outputs_for
from .points import SETS
from .settings import ACTIVATIONS, OPTIMIZERS, Settings

HEAD = "import numpy as np\n\nimport learnnn as torch\nfrom learnnn import nn, optim\n"
SEEDED = """
# The first weights, from numpy's generator: they are the same in every framework.
rng = np.random.default_rng({seed})
with torch.no_grad():
    for layer in model:
        if isinstance(layer, nn.Linear):
            bound = layer.in_features**-0.5
            for parameter in layer.parameters():
                parameter.copy_(torch.tensor(rng.uniform(-bound, bound, tuple(parameter.shape))))
"""
GIVEN = """
# The weights at step {began}, when something was last changed by hand.
weights = [
{rows}]
with torch.no_grad():
    for parameter, numbers in zip(model.parameters(), weights):
        parameter.copy_(torch.tensor(numbers))
"""
LOOP = """
batches = -(-len(y) // {batch_size})  # an epoch
for step in range({began}, {steps}):
    epoch, i = divmod(step, batches)
    order = np.random.default_rng([{seed}, epoch]).permutation(len(y))
    rows = order[i * {batch_size} : (i + 1) * {batch_size}]
    loss = loss_fn(model(x[rows]), y[rows]){penalty}
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

print(f"loss on all points to train on: {{loss_fn(model(x), y).item():.4f}}")
"""
PENALTIES = {"l1": "w.abs().sum()", "l2": "(w * w).sum() / 2"}


def code_for(learner: Learner) -> str:
    """The program. It ends with `model` as the learner's is now; `x` and `y` are what it was trained on."""
    place = learner.place
    network = _network(place.settings, learner.classes)
    parts = [HEAD, _points(learner), network, _weights(place), _training(place, learner.classes)]
    return "".join(parts).rstrip() + "\n"


def _points(learner: Learner) -> str:
    settings, own = learner.settings, learner.own
    X, y = learner.points.train
    added = len(own.X_added)
    text = _drawn(settings) if settings.data != "own" else _arrays("X, y", X[: len(X) - added], y[: len(y) - added])
    if added:
        text += f"\n# Points added by hand.{_arrays('X_added, y_added', own.X_added, own.y_added)}"
        text += "X, y = np.concatenate([X, X_added]), np.concatenate([y, y_added])\n"
    names = [name.replace("sin", "np.sin") for name in settings.features]
    one = outputs_for(learner.classes) == 1
    label = "torch.tensor(y[:, None].astype(np.float32))" if one else "torch.tensor(y)"
    return text + f"\nx1, x2 = X.T\nx = torch.tensor(np.stack([{', '.join(names)}], 1))\ny = {label}\n"


def _drawn(settings: Settings) -> str:
    source = inspect.getsource(SETS[settings.data])
    n = settings.points
    kept = max(n - int(settings.test * n), 1)
    return (
        f"\n\n{source}\n\nX, y = {settings.data}(np.random.default_rng({settings.data_seed}), {n}, {settings.noise})\n"
        f"X, y = X[:{kept}].astype(np.float32), y[:{kept}]  # the other {n - kept} are held out\n"
    )


def _arrays(names: str, X: np.ndarray, y: np.ndarray) -> str:
    rows = "".join(f"    {_numbers(row)},\n" for row in X)
    x, label = names.split(", ")
    return f"\n{x} = [\n{rows}]\n{x}, {label} = np.array({x}, np.float32), np.array({y.tolist()})\n"


def _network(settings: Settings, classes: int) -> str:
    sizes = [len(settings.features), *settings.layers]
    lines = [f"nn.Linear({a}, {b}), nn.{ACTIVATIONS[settings.activation]}()," for a, b in pairwise(sizes)]
    lines.append(f"nn.Linear({sizes[-1]}, {outputs_for(classes)}),")
    return "\nmodel = nn.Sequential(\n" + "".join(f"    {line}\n" for line in lines) + ")\n"


def _weights(place: Place) -> str:
    if place.first is None:
        return SEEDED.format(seed=place.settings.seed)
    rows = "".join(f"    {_numbers(array)},\n" for array in place.first.values())
    return GIVEN.format(began=place.began, rows=rows)


def _numbers(array: Any) -> str:
    """The shortest numbers that are the same float32."""
    if np.ndim(array):
        return "[" + ", ".join(_numbers(entry) for entry in array) + "]"
    return str(array) if np.isfinite(array) else f"float('{array}')"


def _training(place: Place, classes: int) -> str:
    settings = place.settings
    loss = "BCEWithLogitsLoss" if outputs_for(classes) == 1 else "CrossEntropyLoss"
    penalty = ""
    if settings.regularization and settings.rate:
        cost = PENALTIES[settings.regularization]
        penalty = f"\n    loss = loss + {settings.rate} * sum({cost} for w in model.parameters() if w.ndim == 2)"
    optimizer = f"optim.{OPTIMIZERS[settings.optimizer]}(model.parameters(), lr={settings.learning_rate})"
    head = f"\nloss_fn = nn.{loss}()\noptimizer = {optimizer}\n"
    numbers = {name: getattr(settings, name) for name in ("batch_size", "seed")}
    return head + LOOP.format(began=place.began, steps=place.steps, penalty=penalty, **numbers)
