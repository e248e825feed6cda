"""Whether operations are recorded: a switch of each thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import wraps
from inspect import isgeneratorfunction
from typing import Any


class Recording(threading.local):
    enabled = True


recording = Recording()


@dataclass
class Watch:
    """Whether backward looks for anomalies, and for nan."""

    anomalies: bool = False
    nan: bool = True


watch = Watch()


def is_grad_enabled() -> bool:
    """Whether operations are recorded at the moment."""
    return recording.enabled


class Switch:
    """Recording on or off, inside a `with` block or inside a decorated function."""

    def __init__(self, mode: bool):
        self.mode = mode
        self.before: list[bool] = []

    def __enter__(self) -> None:
        self.before.append(recording.enabled)
        recording.enabled = self.mode

    def __exit__(self, *exc: object) -> None:
        recording.enabled = self.before.pop()

    def __call__(self, function: Callable) -> Callable:
        if isgeneratorfunction(function):
            return self._over_steps(function)

        @wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with Switch(self.mode):
                return function(*args, **kwargs)

        return wrapped

    def _over_steps(self, function: Callable) -> Callable:
        """A generator that runs in this mode, while between its steps the caller's mode holds."""

        @wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Iterator[Any]:
            steps, answer = function(*args, **kwargs), None
            try:
                while True:
                    with Switch(self.mode):
                        step = steps.send(answer)
                    answer = yield step
            except StopIteration as end:
                return end.value
            finally:
                steps.close()

        return wrapped


class set_grad_enabled(Switch):
    """As a `Switch`, and also a plain call that acts on the lines after it, as in PyTorch.

    >>> with set_grad_enabled(False):
    ...     is_grad_enabled()
    False
    """

    def __init__(self, mode: bool):
        super().__init__(mode)
        self.was = recording.enabled
        recording.enabled = mode

    def __enter__(self) -> None:
        self.before.append(self.was)
        recording.enabled = self.mode

    def __call__(self, function: Callable) -> Callable:
        recording.enabled = self.was
        return super().__call__(function)


def no_grad(function: Callable | None = None) -> Any:
    """Record nothing: `with no_grad():` or `@no_grad()`, for evaluation and for updating parameters."""
    return Switch(False)(function) if function else Switch(False)


def enable_grad(function: Callable | None = None) -> Any:
    """Record again, inside a `no_grad` block."""
    return Switch(True)(function) if function else Switch(True)


def inference_mode(mode: bool = True) -> Any:
    """PyTorch's stricter `no_grad`; here the same thing."""
    return Switch(not mode)
