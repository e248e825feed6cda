"""The lines of python that build a model: what its layers are, without what they have learned."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ... import nn, ops
from ...nn._settings import REQUIRED, Settled
from .untouched import kept

_NOT_TOLD = ("self", "device", "dtype")
_PRECISIONS = {np.dtype(np.float64): ".double()", np.dtype(np.float16): ".half()", np.dtype(np.float32): ".float()"}


def recipe(model: Any) -> str:
    """Python that builds a model of learnnn's own layers, one after the other; nested Sequentials too.

    Settings that have their default are left out. The numbers are those of a new model, not those learned.

    Raises:
        ValueError: a part cannot be spelled so: a class of your own, a layer that is in the model twice, parameters
            that layers share or that are in several precisions.

    Example:
        >>> from learnnn import nn
        >>> print(recipe(nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1, bias=False))))
        nn.Sequential(
            nn.Linear(2, 8),
            nn.ReLU(),
            nn.Linear(8, 1, bias=False),
        )
    """
    if not isinstance(model, nn.Module):
        raise ValueError(f"a {type(model).__name__} is no module of learnnn's: there is no recipe for it")
    _check_nothing_shared(model)
    with kept(None):  # a layer built to compare draws random numbers
        return "\n".join(_lines(model, "")) + _precision(model)


def _check_nothing_shared(model: nn.Module) -> None:
    for what, walk in (("layer", model.named_modules), ("parameter", model.named_parameters)):
        seen: dict[int, str] = {}
        for path, part in walk(remove_duplicate=False):
            if seen.setdefault(id(part), path) != path:
                raise ValueError(
                    f"'{seen[id(part)]}' and '{path}' are the same {what}: a recipe would build two that learn apart"
                )


def _precision(model: nn.Module) -> str:
    """`.double()` where the parameters are not in the usual precision."""
    found = {p.dtype for p in model.parameters()} or {ops.get_default_dtype()}
    if len(found) > 1:
        raise ValueError(f"the parameters are in several precisions, {sorted(map(str, found))}: a recipe gives one")
    (only,) = found
    return "" if only == ops.get_default_dtype() else _PRECISIONS[only]


# ------------------------------------------------------------------------------------------------------ a module
def _lines(module: nn.Module, path: str) -> Iterator[str]:
    if type(module) is not nn.Sequential:
        yield _layer(module, path)
        return
    if not len(module):
        yield "nn.Sequential()"
        return
    names = list(module._modules)
    numbered = names == [str(i) for i in range(len(names))]
    yield "nn.Sequential(" if numbered else "nn.Sequential(OrderedDict(["
    for name, child in module._modules.items():
        yield from _entry(list(_lines(child, f"{path}.{name}".strip("."))), "" if numbered else name)
    yield ")" if numbered else "]))"


def _entry(lines: list[str], name: str) -> list[str]:
    """A child in its parent's call, indented; with its name, in brackets."""
    first, last = (f"({name!r}, ", "),") if name else ("", ",")
    lines = [first + lines[0], *lines[1:]]
    return [f"    {line}" for line in [*lines[:-1], lines[-1] + last]]


def _layer(module: nn.Module, path: str) -> str:
    cls = type(module)
    who = f"'{path}', a {cls.__name__}," if path else f"a {cls.__name__}"
    if getattr(nn, cls.__name__, None) is not cls:
        raise ValueError(f"{who} is no layer of learnnn's, so a recipe cannot name it")
    for brief in (_short, lambda value: value):
        try:
            args, options = _arguments(module, brief)
            if _alike(module, cls(*args, **options)):
                told = [*map(_spelled, args), *(f"{name}={_spelled(value)}" for name, value in options.items())]
                return f"nn.{cls.__name__}({', '.join(told)})"
        except (TypeError, AttributeError):  # a setting that is not kept under its name, or not to be shortened
            continue
    raise ValueError(f"{who} has no recipe: it does not keep all settings it was made with")


def _arguments(module: nn.Module, brief: Callable[[Any], Any]) -> tuple[list[Any], dict[str, Any]]:
    """What must be given, and what is not as in a layer to which nothing else is."""
    required, optional, several = _signature(type(module))
    args = [brief(_setting(module, name)) for name in required]
    args += _setting(module, several) if several else []
    bare = type(module)(*args)
    both = {name: (_setting(module, name), _setting(bare, name)) for name in optional if hasattr(module, name)}
    told = {name: brief(value) for name, (value, usual) in both.items() if value != usual}
    if not args and optional and not isinstance(told.get(optional[0], True), bool):
        args.append(told.pop(optional[0]))  # nn.Dropout(0.1), but nn.ReLU(inplace=True)
    return args, told


def _signature(cls: type[nn.Module]) -> tuple[list[str], list[str], str | None]:
    """Settings that must be given, those that may be, and the one that takes all further arguments."""
    if issubclass(cls, Settled):
        names = cls.settings
        return [n for n in names if names[n] is REQUIRED], [n for n in names if names[n] is not REQUIRED], None
    own = inspect.signature(cls).parameters.values()
    required = [p.name for p in own if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]
    several = next((p.name for p in own if p.kind is p.VAR_POSITIONAL), None)
    passed_on = [p for base in cls.__mro__[1:-1] for p in inspect.signature(base).parameters.values()]
    known = [*own, *(passed_on if any(p.kind is p.VAR_KEYWORD for p in own) else [])]
    optional = [p.name for p in known if p.default is not p.empty and p.name not in _NOT_TOLD and p.name[0] != "_"]
    return required, list(dict.fromkeys(optional)), None if several in ("args", None) else several


def _setting(module: nn.Module, name: str) -> Any:
    """The value of a setting; of a parameter that may be left out, whether it is there."""
    value = getattr(module, name)
    if name == "bias" and not isinstance(value, bool):
        return value is not None
    return value


def _short(value: Any) -> Any:
    """(3, 3) as 3."""
    return value[0] if isinstance(value, tuple) and len(set(value)) == 1 else value


def _alike(a: nn.Module, b: nn.Module) -> bool:
    shapes = [{name: tensor.shape for name, tensor in m.state_dict().items()} for m in (a, b)]
    return repr(a) == repr(b) and shapes[0] == shapes[1]


def _spelled(value: Any) -> str:
    if not isinstance(value, int | float | str | tuple | None):
        raise ValueError(f"{value!r} has no spelling")
    return repr(value)
