"""The `learnnn` command: open the course, see the framework train, find out what is missing.

    learnnn start     lay the lessons out in a folder of yours and open JupyterLab there
    learnnn demo      train a network in the terminal
    learnnn doctor    what is installed, what is missing, how to get it

A command is a module here with `run(args) -> exit code`, imported when it is asked for.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Sequence
from typing import Any

from .terminal import Problem


def number(lowest: int, highest: int = 2**32 - 1) -> Callable[[str], int]:
    """An argument type: a whole number in a range."""

    def parse(text: str) -> int:
        if not text.isdecimal() or not lowest <= int(text) <= highest:
            raise argparse.ArgumentTypeError(f"a whole number from {lowest} to {highest}, not {text!r}")
        return int(text)

    return parse


class OneLine(argparse.ArgumentParser):
    """A wrong argument is answered in one line, with exit code 2."""

    def error(self, message: str) -> Any:
        self.exit(2, f"{self.prog}: {message}\n")


class Version(argparse.Action):
    """--version: looked up when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any, **__: Any) -> None:
        from .. import __version__

        parser.exit(0, f"learnnn {__version__}\n")


def command(commands: Any, name: str, about: str) -> Any:
    """The `add_argument` of a new command, which learnnn/cli/NAME.py runs."""
    made = commands.add_parser(name, help=about, description=about, allow_abbrev=False)
    made.set_defaults(command=name)
    return made.add_argument


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = OneLine(prog="learnnn", description="Learn deep learning by rebuilding it.", allow_abbrev=False)
    top.add_argument("--version", action=Version, nargs=0, help="print the version")
    commands = top.add_subparsers(metavar="COMMAND", title="commands")

    add = command(commands, "start", "lay the lessons out in a folder of yours and open them in JupyterLab")
    add("folder", nargs="?", default="learnnn-course", help="where you will work (%(default)s)")
    add("--no-browser", dest="browser", action="store_false", help="print the address, open nothing")
    add("--port", type=number(1, 65535), help="JupyterLab's port (the first free one from 8888)")
    add("--layout-only", "--no-lab", action="store_true", help="lay the lessons out and stop")

    add = command(commands, "demo", "train a network in the terminal, in seconds")
    add("--data", choices=("digits", "mnist"), default="digits", help="what to learn (%(default)s)")
    add("--epochs", type=number(1, 10_000), help="passes over the training data")
    add("--out", default="learnnn-demo.png", metavar="FILE.png", help="the picture (%(default)s)")
    add("--seed", type=number(0), default=0, help="another seed, another network (%(default)s)")

    add = command(commands, "doctor", "tell what is missing and how to get it")
    add("folder", nargs="?", default="learnnn-course", help="where you will work (%(default)s)")
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv` (without the program's name) -> exit code."""
    args = (top := parser()).parse_args(argv)
    if "command" not in args:
        top.print_help()
        return 0
    try:
        return importlib.import_module(f"{__name__}.{args.command}").run(args)
    except (Problem, ImportError) as problem:
        print(f"learnnn: {problem}", file=sys.stderr)
        return getattr(problem, "code", 1)
    except OSError as error:
        print(f"learnnn: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
