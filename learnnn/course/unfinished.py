"""In a notebook: code that runs into an exercise not written yet ends in a plain line, not in a traceback."""

import sys
from types import TracebackType
from typing import Any

from learnnn.course.report import GLYPHS, where_raised


def explain_unfinished() -> None:
    """From now on, a cell that needs an unwritten exercise says which one. Outside a notebook it does nothing."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is not None:
        shell.set_custom_exc((NotImplementedError,), _explain)


def missing_part(error: BaseException) -> str | None:
    """Name of the exercise function whose `raise NotImplementedError()` this is; None where it is another one."""
    frame = where_raised(error)
    blank = frame is not None and frame.source.startswith("raise NotImplementedError()")
    return frame.function if blank else None


def _explain(shell: Any, kind: type, error: BaseException, traceback: TracebackType, tb_offset: Any = None) -> None:
    part = missing_part(error)
    if part is None:
        shell.showtraceback((kind, error, traceback), tb_offset=tb_offset)
    else:
        print(f"{GLYPHS['unwritten']} This cell needs your `{part}`, which is not written yet.")
        print("  Finish that exercise above, run its cell, and come back to this one.")
