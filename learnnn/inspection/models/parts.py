"""What a model holds: the parts that compute and the parameters, by dotted path."""

from __future__ import annotations

import dis
import sys
from collections.abc import Iterable, Iterator
from types import CodeType, FunctionType, MethodType
from typing import Any

import numpy as np

from ... import autograd
from ...nn import Module
from ...tensor import Tensor
from .kind import is_module, is_own_value, is_torch, is_torch_tensor

_HEAP_TYPE = 1 << 9  # a class written in python (CPython's Py_TPFLAGS_HEAPTYPE); only its objects can be watched


def is_part(thing: Any) -> bool:
    """Does it compute, and has it a state of its own: a module, or an object of a class that can be called?"""
    if is_module(thing):
        return True
    made_in_python = bool(type(thing).__flags__ & _HEAP_TYPE) and not isinstance(thing, type)
    return made_in_python and method_of(thing) is not None and not is_number(thing)


def method_of(thing: Any) -> str | None:
    """By which method an object computes: `__call__`, else `forward`, else None."""
    return "__call__" if callable(thing) else "forward" if callable(getattr(type(thing), "forward", None)) else None


def is_number(thing: Any) -> bool:
    """Is it a tensor, whoever's, or an array?"""
    return isinstance(thing, Tensor | np.ndarray) or is_torch_tensor(thing) or is_own_value(thing)


def held(thing: Any) -> dict[str, Any]:
    """What an object keeps, by name; of a function what it uses from around it, of a method what its object keeps."""
    if isinstance(thing, MethodType):
        return held(thing.__self__)
    if isinstance(thing, FunctionType):
        return _around(thing)
    return dict(getattr(thing, "__dict__", {}))


def _around(function: FunctionType) -> dict[str, Any]:
    """Tensors and parts by the names a function has for them. Arrays there are as likely data as weights: left out."""
    cells = zip(function.__code__.co_freevars, function.__closure__ or ())
    near = {name: cell.cell_contents for name, cell in cells if _is_filled(cell)}
    wide = {name: function.__globals__[name] for name in _globals(function.__code__) if name in function.__globals__}
    return {name: value for name, value in {**wide, **near}.items() if not isinstance(value, np.ndarray)}


def _is_filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True


def _globals(code: CodeType) -> Iterator[str]:
    """Names that code looks up around it: its own and those of functions and comprehensions inside."""
    yield from (step.argval for step in dis.get_instructions(code) if step.opname == "LOAD_GLOBAL")
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _globals(inner)


def walk(model: Any) -> Iterator[tuple[str, Any]]:
    """(path, thing) for all tensors, arrays and parts in what is no module, parts before what they hold, each once."""
    return _below(model, "", {id(model): model})


def _below(thing: Any, path: str, seen: dict[int, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in held(thing).items():
        yield from _visit(value, joined(path, name), seen)


def _visit(value: Any, path: str, seen: dict[int, Any]) -> Iterator[tuple[str, Any]]:
    inside = isinstance(value, list | tuple | dict)
    if id(value) in seen or not (inside or is_number(value) or is_part(value)):
        return
    seen[id(value)] = value
    if inside:
        for name, entry in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _visit(entry, joined(path, name), seen)
        return
    yield path, value
    if not is_module(value) and not is_number(value):
        yield from _below(value, path, seen)


def joined(path: str, name: Any) -> str:
    """
    >>> joined("", 0), joined("body", 0)
    ('0', 'body.0')
    """
    return f"{path}.{name}" if path and name != "" else path or str(name)


# -------------------------------------------------------------------------------------------------- what computes
def layers(model: Any) -> dict[str, Any]:
    """Every part that computes, by path: the model itself as "", containers before their contents, each once."""
    return _once(_computing(model))


def _computing(model: Any) -> Iterator[tuple[str, Any]]:
    if is_module(model):
        yield from _modules(model, "")
        return
    yield "", model
    for path, thing in walk(model):
        if is_module(thing):
            yield from _modules(thing, path)
        elif is_part(thing):
            yield path, thing


def _modules(module: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    """A module and those below it, without those that only hold others, such as ModuleList."""
    base = sys.modules["torch"].nn.Module if is_torch(module) else Module
    for path, part in module.named_modules():
        if type(part).forward is not base.forward or "forward" in vars(part):
            yield joined(prefix, path), part


def has_parts(thing: Any) -> bool:
    """Does a part hold parts of its own?"""
    if is_module(thing):
        return next(iter(thing.children()), None) is not None
    return any(is_part(part) for _, part in walk(thing))


# ------------------------------------------------------------------------------------------------ what is learned
def parameters(model: Any) -> dict[str, Any]:
    """Parameters as they are, tensors or arrays: what the model itself lists, or else what is found in it."""
    if callable(named := getattr(model, "named_parameters", None)):
        return dict(named())
    found = dict(walk(model))
    learned = _once([pair for path, thing in found.items() for pair in _learned(path, thing)])
    if callable(listing := getattr(model, "parameters", None)):
        names = {id(p): path for path, p in (found | learned).items()}
        return {names.get(id(p), str(i)): p for i, p in enumerate(listing())}
    return learned


def _learned(path: str, thing: Any) -> Iterator[tuple[str, Any]]:
    if is_module(thing):
        yield from ((joined(path, name), p) for name, p in thing.named_parameters())
    elif _is_parameter(path, thing):
        yield path, thing


def _once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Things by path, each under the first of its paths."""
    found: dict[int, tuple[str, Any]] = {}
    for path, thing in pairs:
        found.setdefault(id(thing), (path, thing))
    return dict(found.values())


def _is_parameter(path: str, thing: Any) -> bool:
    """A leaf that wants a gradient, or an array of floats that is not private."""
    if isinstance(thing, np.ndarray):
        return thing.dtype.kind == "f" and not path.rpartition(".")[2].startswith("_")
    if isinstance(thing, Tensor) or is_torch_tensor(thing):
        return bool(thing.requires_grad and thing.is_leaf)
    return is_own_value(thing) and not origins(thing) and bool(getattr(thing, "requires_grad", True))


def take_over(parameter: Any, array: np.ndarray) -> None:
    """Other numbers for a parameter, in place."""
    if isinstance(parameter, Tensor):
        parameter.copy_(autograd.wrap(array))
    elif is_torch_tensor(parameter):
        parameter.copy_(sys.modules["torch"].as_tensor(np.array(array)))
    elif isinstance(parameter, np.ndarray):
        parameter[...] = array
    elif isinstance(parameter.data, np.ndarray):
        parameter.data[...] = array
    else:
        parameter.data = array.item()


def origins(value: Any) -> tuple[Any, ...]:
    """What a lesson's own value was computed from (micrograd, and many after it, say `_prev`)."""
    return tuple(getattr(value, "parents", None) or getattr(value, "_prev", None) or ())
