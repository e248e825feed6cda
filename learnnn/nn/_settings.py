"""Modules that are a function and its settings, without parameters of their own: made by a line of a table."""

from __future__ import annotations

from typing import Any

from . import functional as F
from ._module import Module

REQUIRED = ...  # the default of a setting that has none
_UNSAID = {"inplace": False, "temperature": 1.0}  # left out of the repr where they are so


class Settled(Module):
    """A function of nn.functional as a module; its settings are attributes.

    >>> from learnnn import nn
    >>> nn.LeakyReLU(0.2)
    LeakyReLU(negative_slope=0.2)
    """

    function: str
    settings: dict[str, Any] = {}  # noqa: RUF012  a constant of each class
    shown: tuple[str, ...] | None = None  # which of them the repr tells; None for all

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__()
        given = dict(zip(self.settings, args, strict=False)) | kwargs
        values = self.settings | given
        unknown = len(args) > len(self.settings) or not given.keys() <= self.settings.keys()
        missing = [name for name, value in values.items() if value is REQUIRED]
        if unknown or missing:
            wanted = f"; {', '.join(missing)} must be given" if missing else ""
            names = ", ".join(self.settings)
            raise TypeError(f"{type(self).__name__}() takes ({names}), got {[*args, *kwargs]}{wanted}")
        for name, value in values.items():
            setattr(self, name, value)

    def forward(self, *inputs: Any) -> Any:
        if not self.settings:
            return getattr(F, self.function)(*inputs)
        return getattr(F, self.function)(*inputs, **{name: getattr(self, name) for name in self.settings})

    def extra_repr(self) -> str:
        told = {name: getattr(self, name) for name in (self.settings if self.shown is None else self.shown)}
        return ", ".join(f"{k}={v!r}" for k, v in told.items() if k not in _UNSAID or v != _UNSAID[k])


def settled(name: str, function: str, base: type[Settled] = Settled, **settings: Any) -> Any:
    """The class `name` for a function of nn.functional, with these settings and their defaults."""
    purpose = (getattr(F, function).__doc__ or "").partition("\n")[0]
    words = ", ".join(settings) or "none"
    doc = f"{purpose}\n\nThe module of `nn.functional.{function}`; settings: {words}."
    fields = {"function": function, "settings": settings, "__doc__": doc, "__module__": base.__module__}
    return type(name, (base,), fields)
