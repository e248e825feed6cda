"""What is imported only where it is used, and what to install when it is not there."""

from __future__ import annotations

import importlib
from typing import Any


def require(module: str, used_by: str) -> Any:
    """Import a module of the `notebooks` extra; ImportError names the line to type.

    >>> require("no_such_module", "inspection.graph")
    Traceback (most recent call last):
    ImportError: inspection.graph needs no_such_module, which is not installed: pip install "learnnn[notebooks]"
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.split(".")[0]
        if error.name and error.name.split(".")[0] != package:
            raise
        raise ImportError(
            f'{used_by} needs {package}, which is not installed: pip install "learnnn[notebooks]"', name=package
        ) from None
