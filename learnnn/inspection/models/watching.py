"""Watching the parts of a model while it runs: what each is given, and what it gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from .kind import is_module
from .parts import is_part, method_of

Note = Callable[[str, tuple[Any, ...], Any], Any]
Ahead = Callable[[str, tuple[Any, ...]], Any]


@contextmanager
def watching(parts: Mapping[str, Any], note: Note, ahead: Ahead = lambda path, args: None) -> Iterator[None]:
    """Within, each part tells `note(path, arguments, output)`, and its caller gets what `note` gives back.

    `ahead(path, arguments)` is told before it runs, as a part may write over what it was given. Functions tell nothing.
    """
    with ExitStack() as stack:
        for path, part in parts.items():
            if is_module(part):
                before = part.register_forward_pre_hook(partial(_module_ahead, ahead, path), with_kwargs=True)
                after = part.register_forward_hook(partial(_module_told, note, path), with_kwargs=True)
                stack.callback(before.remove)
                stack.callback(after.remove)
            elif is_part(part):
                stack.callback(_reclassed(part, partial(ahead, path), partial(note, path)))
        yield


def _module_ahead(ahead: Ahead, path: str, module: Any, args: Any, kwargs: Any) -> None:
    ahead(path, (*args, *kwargs.values()))


def _module_told(note: Note, path: str, module: Any, args: Any, kwargs: Any, output: Any) -> Any:
    return note(path, (*args, *kwargs.values()), output)


def _reclassed(part: Any, ahead: Callable[[Any], Any], told: Callable[[Any, Any], Any]) -> Callable[[], None]:
    """Python looks a call up in the class, not in the object: for a while it is of a subclass that tells."""
    own, method = type(part), method_of(part) or "__call__"

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        ahead((*args, *kwargs.values()))
        return told((*args, *kwargs.values()), getattr(own, method)(self, *args, **kwargs))

    telling = type(own.__name__, (own,), {method: call, "__slots__": (), "__module__": own.__module__})
    object.__setattr__(part, "__class__", telling)
    return lambda: object.__setattr__(part, "__class__", own)
