"""Layer freezing: parameters that training leaves alone."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from ..nn import Module


def freeze(model: Module, *names: str) -> list[str]:
    """Take these layers or parameters out of training -> the names of the parameters that are now frozen.

    A name is a path ("encoder", "0.weight") or a pattern ("encoder.*.bias"); a layer stands for all below it, and no
    name for the whole model. ValueError for a name that matches nothing; then nothing has changed.

    >>> from learnnn import nn
    >>> model = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    >>> freeze(model, "0")
    ['0.weight', '0.bias']
    >>> unfreeze(model, "*.bias")
    ['0.bias', '2.bias']
    >>> frozen(model)
    ['0.weight']
    """
    return _set(model, names, trained=False)


def unfreeze(model: Module, *names: str) -> list[str]:
    """Train these layers or parameters again; names as in `freeze`."""
    return _set(model, names, trained=True)


def frozen(model: Module) -> list[str]:
    """The names of the parameters that are frozen."""
    return [name for name, parameter in model.named_parameters() if not parameter.requires_grad]


def _set(model: Any, names: tuple[str, ...], trained: bool) -> list[str]:
    if not isinstance(model, Module):
        raise TypeError(f"freeze and unfreeze take a model, an nn.Module, and names; got {type(model).__name__}")
    named = dict(model.named_parameters())
    chosen = set() if names else set(named)
    for name in names:
        found = {path for path in named if _matches(path, name)}
        if not found:
            raise ValueError(f"no parameter of the model has the name {name!r}: there are {', '.join(named) or 'none'}")
        chosen |= found
    for path in chosen:
        named[path].requires_grad_(trained)
        if not trained:
            named[path].grad = None  # an optimizer leaves alone what has no gradient
    return [path for path in named if path in chosen]


def _matches(path: str, name: str) -> bool:
    """Whether a name stands for a parameter, or for a layer above it."""
    parts = path.split(".")
    return any(fnmatchcase(".".join(parts[: i + 1]), name) for i in range(len(parts)))
