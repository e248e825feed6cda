"""In which mode a model runs: training or evaluation, recorded or not."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from ... import autograd


@contextmanager
def in_mode(parts: Sequence[Any], training: bool) -> Iterator[None]:
    """All in training mode, or in evaluation mode; and each back in its own afterwards.

    >>> from learnnn import nn
    >>> dropout = nn.Dropout()
    >>> with in_mode([dropout], training=False):
    ...     dropout.training
    False
    >>> dropout.training
    True
    """
    parts = list({id(part): part for part in parts}.values())
    modes = [vars(part).get("training") for part in parts]  # None: it has that of its class
    for part in parts:
        part.training = training
    try:
        yield
    finally:
        for part, mode in zip(parts, modes):
            _set_back(part, mode)


def _set_back(part: Any, mode: bool | None) -> None:
    if mode is None:
        del part.training
    else:
        part.training = mode


@contextmanager
def recorded(record: bool) -> Iterator[None]:
    """Operations are recorded within, or are not, by learnnn and by PyTorch, wherever this is called."""
    with ExitStack() as stack:
        for framework in filter(None, (autograd, sys.modules.get("torch"))):
            stack.enter_context(framework.set_grad_enabled(record))
        yield
