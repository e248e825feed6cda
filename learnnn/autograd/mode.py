"""Whether operations are recorded: a switch of each thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextvars import Context, copy_context
from dataclasses import dataclass
from functools import wraps
from inspect import isgeneratorfunction
from typing import Any

import numpy as np


class Recording(threading.local):
    enabled = True


recording = Recording()


class Quiet(threading.local):
    """A context of each thread in which numpy warns of nothing; None while the thread is in it."""

    def __init__(self) -> None:
        self.context: Context | None = copy_context()
        self.context.run(np.seterr, all="ignore")


_quiet = Quiet()


def quietly(function: Callable) -> Callable:
    """As under `np.errstate(all="ignore")`, for functions on arrays: numpy keeps its setting in a context variable,
    and to enter a context that is ready costs a third of making the setting anew."""

    @wraps(function)
    def quiet(*args: Any, **kwargs: Any) -> Any:
        context = _quiet.context
        if context is None:  # the function that called this one is in it
            return function(*args, **kwargs)
        _quiet.context = None
        try:
            return context.run(function, *args, **kwargs)
        finally:
            _quiet.context = context

    return quiet


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
