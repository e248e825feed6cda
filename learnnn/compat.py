"""Running a script written for PyTorch as it is: `python -m learnnn.compat script.py [arguments]`.

In that process, and in no other, `import torch` and all imports of `torch.something` give learnnn's modules: the
script is not changed, and a PyTorch that is installed stays as it is.
"""

from __future__ import annotations

import importlib
import os
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

USAGE = """usage: python -m learnnn.compat script.py [arguments]

Runs a script written for PyTorch with learnnn in its place: its `import torch` gives learnnn."""


class Alias(MetaPathFinder, Loader):
    """Answers imports of `torch` and what is below it with learnnn's modules of the same names."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        mine = fullname == "torch" or fullname.startswith("torch.")
        return ModuleSpec(fullname, self, is_package=True) if mine else None

    def exec_module(self, module: ModuleType) -> None:
        """Put learnnn's module in the place of the empty one that the import system has made."""
        sys.modules[module.__name__] = _counterpart(module.__name__)


def _counterpart(name: str) -> Any:
    """learnnn's module for one of PyTorch's, or what it keeps under that name. ModuleNotFoundError if neither."""
    ours = "learnnn" + name.removeprefix("torch")
    try:
        return importlib.import_module(ours)
    except ModuleNotFoundError as error:
        if not ours.startswith(str(error.name)):
            raise  # something that our module imports is missing
    parent, _, last = name.rpartition(".")
    found = getattr(sys.modules.get(parent), last, None)
    if found is None:
        raise ModuleNotFoundError(f"No module named {name!r}: learnnn, which stands in for torch, has none", name=name)
    return found


def install() -> None:
    """From now on, `import torch` gives learnnn in this process. ImportError if PyTorch itself is imported already."""
    if "torch" in sys.modules and sys.modules["torch"].__name__ != "learnnn":
        raise ImportError("PyTorch is imported in this process already: learnnn can only stand in for it in a new one")
    if not any(isinstance(finder, Alias) for finder in sys.meta_path):
        sys.meta_path.insert(0, Alias())


def run(script: str, arguments: list[str]) -> None:
    """Run a script as python would: as `__main__`, with its own arguments, and its own folder to import from."""
    with open(script, "rb") as file:
        source = file.read()
    install()
    sys.argv[:] = [script, *arguments]
    sys.path[0] = os.path.dirname(os.path.abspath(script))
    main_module = ModuleType("__main__")
    main_module.__file__ = script
    sys.modules["__main__"] = main_module
    try:
        exec(compile(source, script, "exec"), main_module.__dict__)
    except SystemExit:
        raise
    except BaseException as error:  # shown as python shows it: from the script's own lines on
        error.__traceback__ = error.__traceback__ and error.__traceback__.tb_next
        sys.excepthook(type(error), error, error.__traceback__)
        sys.exit(130 if isinstance(error, KeyboardInterrupt) else 1)


def main(arguments: list[str]) -> None:
    if not arguments or arguments[0] in ("-h", "--help"):
        print(USAGE, file=sys.stdout if arguments else sys.stderr)
        sys.exit(0 if arguments else 2)
    script, *rest = arguments
    if not os.path.isfile(script):
        sys.exit(f"python -m learnnn.compat: there is no file {script!r}")
    run(script, rest)


if __name__ == "__main__":
    main(sys.argv[1:])
