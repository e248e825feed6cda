"""In a notebook: code that runs into an exercise not written yet ends in a plain line, not in a traceback."""

import sys
from types import TracebackType
from typing import Any

from learnnn.course.report import GLYPHS, where_raised

_met: list[str] = []  # unwritten parts that cells have run into, the latest last


def explain_unfinished() -> None:
    """From now on, a cell that needs an unwritten exercise says which one. Outside a notebook it does nothing."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is not None:
        shell.set_custom_exc((NotImplementedError, NameError), _explain)


def explanation(error: BaseException) -> str | None:
    """What to say instead of a traceback, or None where the traceback is the right thing to show.

    A name that does not exist is explained only when a cell before it stopped at an unwritten exercise.
    """
    if part := missing_part(error):
        _met.append(part)
        return f"This cell needs your `{part}`, which is not written yet.\n{NEXT}"
    if type(error) is NameError and error.name and _met:
        return f"`{error.name}` is made in a cell above, which needs your `{_met[-1]}`: not written yet.\n{NEXT}"
    return None


NEXT = "  Finish that exercise first, run its cell, and come back to this one."


def missing_part(error: BaseException) -> str | None:
    """Name of the exercise function whose `raise NotImplementedError()` this is; None where it is another one."""
    frame = where_raised(error)
    if frame is None or not frame.source.startswith("raise NotImplementedError()"):
        return None
    return frame.function


def _explain(shell: Any, kind: type, error: BaseException, traceback: TracebackType, tb_offset: Any = None) -> None:
    said = explanation(error)
    if said is None:
        shell.showtraceback((kind, error, traceback), tb_offset=tb_offset)
    else:
        print(GLYPHS["unwritten"], said)
