"""`playground`: where one starts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import link
from .learner import Given, Place, Step, given_model
from .playground import OF_MODEL, OF_TRAINING, Playground
from .points import Own, load
from .settings import MOST_POINTS, Settings


def playground(
    data: Any = "moons",
    *,
    layers: Sequence[int] = (4, 4),
    activation: str = "tanh",
    noise: float = 0.1,
    learning_rate: float = 0.03,
    regularization: str | None = None,
    rate: float = 0.0,
    batch_size: int = 16,
    optimizer: str = "sgd",
    seed: int = 0,
    features: Sequence[str] = ("x1", "x2"),
    points: int = 300,
    test: float = 0.3,
    data_seed: int = 0,
    state: str | None = None,
    model: Any = None,
    train_step: Step | None = None,
    title: str | None = None,
) -> Playground:
    """A network that learns to tell points on a plane apart, with every dial, weight and point in reach.

    data: "moons", "circles", "xor", "spiral", "gauss", or points of your own (X, y), X (N, 2) with a label each, which
    are brought to mean 0 and deviation 1. layers: the units of each hidden layer. activation: "tanh", "relu",
    "sigmoid", "linear", "leaky_relu", "gelu". features: what the network is given of a point, of "x1", "x2",
    "x1**2", "x2**2", "x1*x2", "sin(x1)", "sin(x2)". regularization: None, "l1" or "l2", which adds `rate` times the
    absolute values, or half of the squares, of the weights to the loss. test: the part of the points that is held out.
    optimizer: "sgd" or "adam". seed: of the weights and of the order of the batches; data_seed: of the points.
    state: a `.link`, which brings all of these along.

    model: your own network of points (N, 2), learnnn's, PyTorch's or a class of yours, in the place of the
    playground's. It is trained itself, no copy of it: by the optimizer of its framework, or by
    train_step(X, y) -> loss, which is given a batch X (n, 2), y (n,) and takes one step. Its data is left in its units.

    Raises ValueError, naming the dial, for a value that is none of its. After Smilkov, Carter, Sculley, Viégas and
    Wattenberg, "Direct-manipulation visualization of deep networks", 2017 (arXiv:1708.03788).

    >>> p = playground("circles", layers=(4,), seed=1)
    >>> p.step(300).history["train_loss"][-1] < p.history["train_loss"][0]
    True
    >>> p.set(learning_rate=0.1).undo().settings.learning_rate
    0.03
    >>> playground(state=p.link).link == p.link
    True
    """
    names = [name for name in Settings.__dataclass_fields__ if name != "data"]
    scope = locals()
    turned = {name: scope[name] for name in names if scope[name] != getattr(Settings, name)}
    given, title = given_model(model, train_step), title or "playground"
    if state is not None:
        return _opened(state, given, title, [*turned, *["data"] * (data is not Settings.data)])
    stuck = (*OF_MODEL, *(OF_TRAINING if train_step else ())) if given else ()
    for name in turned:
        if name in stuck:
            raise ValueError(
                f"{name} cannot be set here: that is up to your {'model' if name in OF_MODEL else 'train_step'}"
            )
    own = _brought(data, given)
    place = Place(Settings(data="own" if own else data, **turned), own or Own())
    return Playground(place, given, title)


def _opened(state: str, given: Given | None, title: str, turned: Sequence[str]) -> Playground:
    if given or turned:
        what = "model" if given else turned[0]
        raise ValueError(f"a state brings its own network and settings along: leave out {what}")
    return Playground(link.read(state), None, title)


def _brought(data: Any, given: Given | None) -> Own | None:
    """Points of your own, or None for the name of a set."""
    if isinstance(data, str) and data == "own":
        raise ValueError("data='own': pass the points of your own themselves, as playground((X, y))")
    if isinstance(data, str) or data is None:
        return None
    try:
        X, y = data
    except (TypeError, ValueError):
        what = f"the name of a set is needed, or points of yours as (X, y), not a {type(data).__name__}"
        raise ValueError(f"data: {what}") from None
    return load(X, y, MOST_POINTS, scale=given is None)
