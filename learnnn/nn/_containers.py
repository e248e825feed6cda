"""Modules that hold modules or parameters: in a row, in a list, by name."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from ..tensor import Tensor
from ._module import Module, _indent
from .parameter import Parameter


class _Row(Module):
    """Children under the names "0", "1", ..., that behave like a list. `_kept` is the registry that holds them."""

    _kept = "_modules"

    @property
    def _items(self) -> dict[str, Any]:
        return self.__dict__[self._kept]

    def _put(self, name: str, value: Any) -> None:
        self.add_module(name, value)

    def _key(self, index: Any) -> str:
        """The name at a position, which may be counted from the end."""
        index, names = int(index), list(self._items)
        if not -len(names) <= index < len(names):
            raise IndexError(f"index {index} is out of range: this {type(self).__name__} has {len(names)} entries")
        return names[index]

    def _refill(self, values: Iterable[Any]) -> None:
        values = list(values)
        self._items.clear()
        for i, value in enumerate(values):
            self._put(str(i), value)

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items.values())

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return type(self)(list(self._items.values())[index])  # type: ignore[call-arg]
        return self._items[self._key(index)]

    def __setitem__(self, index: Any, value: Any) -> None:
        self._put(self._key(index), value)

    def __delitem__(self, index: Any) -> None:
        values = list(self._items.values())
        del values[index]
        self._refill(values)

    def append(self, module: Any) -> Any:
        """Add one at the end."""
        self._put(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Any]) -> Any:
        """Add several at the end."""
        for module in list(modules):
            self.append(module)
        return self

    def insert(self, index: int, module: Any) -> Any:
        """Add one before position `index`."""
        values = list(self)
        values.insert(index, module)
        self._refill(values)
        return self

    def pop(self, index: Any = -1) -> Any:
        """Take one out, and return it."""
        value = self[index]
        del self[index]
        return value

    def __iadd__(self, other: Iterable[Any]) -> Any:
        return self.extend(other)

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if not name.isdigit()]


class Sequential(_Row):
    """Modules one after the other: the output of each is the input of the next.

    Takes modules one by one, or an OrderedDict of them.

    >>> from learnnn import nn
    >>> nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    Sequential(
      (0): Linear(in_features=2, out_features=3, bias=True)
      (1): ReLU()
    )
    """

    def __init__(self, *args: Any):
        super().__init__()
        named = isinstance(args[0], OrderedDict) if len(args) == 1 else False
        for name, module in args[0].items() if named else enumerate(args):
            self.add_module(str(name), module)

    def forward(self, input: Any) -> Any:
        for module in self._modules.values():
            input = module(input)
        return input

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return type(self)(OrderedDict(list(self._modules.items())[index]))
        return super().__getitem__(index)

    def __add__(self, other: Sequential) -> Sequential:
        if not isinstance(other, Sequential):
            raise ValueError(f"add operator supports only objects of Sequential class, but {type(other)} is given.")
        return Sequential(*self, *other)


class ModuleList(_Row):
    """A list of modules whose parameters count as the model's; calling them is left to you.

    >>> from learnnn import nn
    >>> layers = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])
    >>> layers
    ModuleList(
      (0-2): 3 x Linear(in_features=4, out_features=4, bias=True)
    )
    >>> len(list(layers.parameters()))
    6
    """

    def __init__(self, modules: Iterable[Module] | None = None):
        super().__init__()
        self.extend(modules or ())

    def extend(self, modules: Iterable[Any]) -> Any:
        if not isinstance(modules, Iterable):
            raise TypeError(f"ModuleList.extend should be called with an iterable, but got {type(modules).__name__}")
        return super().extend(modules)

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def _child_lines(self) -> list[str]:
        """One line for several equal layers in a row."""
        lines, start = [], 0
        for text, equal in groupby(map(repr, self)):
            end = start + len(list(equal)) - 1
            many = f"({start}-{end}): {end - start + 1} x " if end > start else f"({start}): "
            lines.append(many + _indent(text))
            start = end + 1
        return lines


class _Named(Module):
    """Children by name, that behave like a dict. `_kept` is the registry that holds them."""

    _kept = "_modules"

    def __init__(self, entries: Any = None):
        super().__init__()
        self.update(entries or {})

    @property
    def _items(self) -> dict[str, Any]:
        return self.__dict__[self._kept]

    def _put(self, name: str, value: Any) -> None:
        self.add_module(name, value)

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __contains__(self, key: object) -> bool:
        return key in self._items

    def __getitem__(self, key: str) -> Any:
        return self._items[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._put(key, value)

    def __delitem__(self, key: str) -> None:
        del self._items[key]

    def keys(self) -> Any:
        return self._items.keys()

    def values(self) -> Any:
        return self._items.values()

    def items(self) -> Any:
        return self._items.items()

    def clear(self) -> None:
        """Remove all entries."""
        self._items.clear()

    def pop(self, key: str) -> Any:
        """Take one out, and return it."""
        return self._items.pop(key)

    def get(self, key: str, default: Any = None) -> Any:
        """The entry under `key`, or `default`."""
        return self._items.get(key, default)

    def update(self, entries: Any) -> None:
        """Add the entries of a mapping, or of an iterable of pairs."""
        pairs = entries.items() if isinstance(entries, Mapping | _Named) else entries
        for key, value in pairs:
            self._put(key, value)


class ModuleDict(_Named):
    """A dict of modules whose parameters count as the model's.

    >>> from learnnn import nn
    >>> nn.ModuleDict({"head": nn.Linear(2, 1)})
    ModuleDict(
      (head): Linear(in_features=2, out_features=1, bias=True)
    )
    """


def _as_parameter(value: Any) -> Parameter:
    if isinstance(value, Parameter):
        return value
    if not isinstance(value, Tensor):
        raise TypeError(f"a {type(value).__name__} is neither a Parameter nor a Tensor")
    return Parameter(value)


def _parameter_lines(items: Mapping[str, Any]) -> list[str]:
    return [
        f"  ({name}): Parameter containing: [torch.{p.dtype} of size {'x'.join(map(str, p.shape))}]"
        for name, p in items.items()
    ]


class ParameterList(_Row):
    """A list of parameters; tensors put into it become parameters.

    >>> import learnnn as torch
    >>> from learnnn import nn
    >>> nn.ParameterList([torch.zeros(2, 3)])
    ParameterList(  (0): Parameter containing: [torch.float32 of size 2x3])
    """

    _kept = "_parameters"

    def __init__(self, values: Iterable[Any] | None = None):
        super().__init__()
        self.extend(values or ())

    def _put(self, name: str, value: Any) -> None:
        self.register_parameter(name, _as_parameter(value))

    def extra_repr(self) -> str:
        return "\n".join(_parameter_lines(self._items))


class ParameterDict(_Named):
    """A dict of parameters; tensors put into it become parameters."""

    _kept = "_parameters"

    def _put(self, name: str, value: Any) -> None:
        self.register_parameter(name, _as_parameter(value))

    def extra_repr(self) -> str:
        return "\n".join(_parameter_lines(self._items))
