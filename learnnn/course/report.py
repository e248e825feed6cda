"""What a check found, as text and as a card in a notebook."""

import linecache
import os
from dataclasses import dataclass, replace
from html import escape
from typing import Any

from learnnn.course.compare import Piece, shown_object, side_by_side, text

GLYPHS = {"passed": "✓", "failed": "✗", "unwritten": "○", "refused": "!"}
# Blue and orange are told apart by colour-blind eyes too; the glyph says it without any colour.
ACCENTS = {"passed": "#2a7ab8", "failed": "#d3691e", "unwritten": "#8a8f98", "refused": "#d3691e"}


@dataclass(frozen=True)
class Frame:
    """The learner's line that raised."""

    function: str
    line: int
    source: str


def where_raised(error: BaseException) -> Frame | None:
    """The last line outside learnnn and installed packages that an exception passed through."""
    found, step = None, error.__traceback__
    while step:
        code = step.tb_frame.f_code
        if not _is_library(code.co_filename):
            source = linecache.getline(code.co_filename, step.tb_lineno).strip()
            found = Frame(code.co_qualname, step.tb_lineno - code.co_firstlineno + 1, source)
        step = step.tb_next
    return found


def _is_library(filename: str) -> bool:
    ours = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    python = os.path.dirname(os.__file__)
    return filename.startswith((ours, python, "<frozen")) or "site-packages" in filename


@dataclass(frozen=True)
class Failure:
    """The smallest failing trial: the question, what is expected, and what came instead (a value or an exception)."""

    label: str
    inputs: str
    expected: Any
    actual: Any
    path: str = ""
    note: str = ""
    tolerance: float = 1e-6

    @property
    def raised(self) -> bool:
        """Did the learner's code raise?"""
        return isinstance(self.actual, BaseException)

    def shown(self) -> tuple[list[Piece], list[Piece]]:
        """Expected and actual as pieces of text, the wrong parts flagged."""
        expected, actual = side_by_side(self.expected, self.actual, self.tolerance)
        if isinstance(self.expected, type):
            expected = [(f"raises {self.expected.__name__}", False)]
        return expected, [(shown_error(self.actual), True)] if self.raised else actual

    def remark(self) -> str:
        """One line on where or how the two differ; empty when there is nothing to add."""
        if self.raised:
            frame = where_raised(self.actual)
            verb = "raised" if isinstance(self.actual, Exception) else "stopped"
            told = f"{verb} in line {frame.line} of {frame.function}: {frame.source}" if frame else ""
            return "; ".join(filter(None, [self.note, told]))
        return "; ".join(filter(None, [f"first at {self.path}" if self.path else "", self.note]))


def shown_error(error: BaseException) -> str:
    """An exception as a learner knows it; the course's own ones in plain words."""
    name = type(error).__name__
    if name == "TimeUp":
        return "no answer in time"
    said = shown_object(str(error))
    return said if name == "InputChanged" else f"{name}: {said}" if said else name


@dataclass(frozen=True)
class Report:
    """The outcome of a check.

    `status` is "passed", "failed", "unwritten" (NotImplementedError) or "refused" (no such kind of object).
    A report is true when passed, so `assert course.check(...)` works as a test.
    """

    id: str
    title: str
    status: str
    message: str
    diagnosis: str | None = None
    hint: str | None = None
    failure: Failure | None = None
    seed: int | None = None
    note: str = ""

    @property
    def passed(self) -> bool:
        """Did every trial come out as expected?"""
        return self.status == "passed"

    def __bool__(self) -> bool:
        return self.passed

    def noted(self, note: str) -> "Report":
        """The same report with one more line at its end."""
        return replace(self, note=note)

    def rows(self) -> list[tuple[str, str]]:
        """Name and text of every line under the headline."""
        return (self._failure_rows(self.failure) if self.failure else []) + self._told()

    def _failure_rows(self, failure: Failure) -> list[tuple[str, str]]:
        expected, actual = map(text, failure.shown())
        asked = f"{failure.inputs}    ({failure.label})" if failure.label else failure.inputs
        rows = [("for", asked), ("expected", expected), ("yours", actual)]
        return [*rows, ("", failure.remark())] if failure.remark() else rows

    def __repr__(self) -> str:
        lines = [f"{GLYPHS[self.status]} {self.id}: {self.message}"]
        lines += [f"    {name:<10}  {_indented(said)}" for name, said in self.rows()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        body = _compared(self.failure) if self.failure else ""
        body += "".join(_line(name, said) for name, said in self._told())
        return _card(self, body)

    def _told(self) -> list[tuple[str, str]]:
        told = [("looks like", self.diagnosis), ("hint", self.hint), ("note", self.note)]
        return [(name, said) for name, said in told if said]


def _indented(said: str) -> str:
    return said.replace("\n", "\n" + " " * 16)


# The card. Text takes the notebook's own colour (light or dark); JupyterLab's variables give fonts and lines.

MONO = "font-family:var(--jp-code-font-family,ui-monospace,Menlo,Consolas,monospace);font-size:0.92em"
LINE = "1px solid rgba(128,128,128,0.35)"
RIGHT = "background:rgba(42,122,184,0.18);border-bottom:2px solid #2a7ab8"
WRONG = "background:rgba(211,105,30,0.22);border-bottom:2px solid #d3691e"
SMALL = "font-size:0.8em;letter-spacing:0.02em;opacity:0.72"


def _card(report: Report, body: str) -> str:
    accent, glyph = ACCENTS[report.status], GLYPHS[report.status]
    badge = (
        f"display:inline-block;width:1.5em;height:1.5em;line-height:1.5em;border-radius:50%;text-align:center;"
        f"background:{accent};color:#fff;font-weight:600;flex:none"
    )
    head = (
        f'<div style="display:flex;gap:0.6em;align-items:baseline">'
        f'<span aria-hidden="true" style="{badge}">{glyph}</span>'
        f"<span><b>{escape(report.title)}</b> "
        f'<code style="{MONO};opacity:0.72;background:none">{escape(report.id)}</code>'
        f"<br>{_ticked(report.message)}</span></div>"
    )
    box = (
        f"max-width:46em;margin:0.4em 0;padding:0.7em 1em;border:{LINE};border-left:4px solid {accent};"
        f"border-radius:4px;color:inherit;line-height:1.45;"
        f"font-family:var(--jp-ui-font-family,system-ui,sans-serif);font-size:var(--jp-content-font-size1,14px)"
    )
    return f'<div class="learnnn-report learnnn-{report.status}" role="status" style="{box}">{head}{body}</div>'


def _compared(failure: Failure) -> str:
    expected, actual = failure.shown()
    label = f' <span style="{SMALL}">· {escape(failure.label)}</span>' if failure.label else ""
    remark = f'<div style="{SMALL};margin-top:0.3em">{escape(failure.remark())}</div>' if failure.remark() else ""
    return (
        f'<div style="margin-top:0.7em"><span style="{SMALL}">for</span> '
        f'<code style="{MONO};background:none;white-space:pre-wrap">{escape(failure.inputs)}</code>{label}</div>'
        f'<div style="display:flex;flex-wrap:wrap;gap:0.6em;margin-top:0.4em">'
        f"{_panel('expected', expected, RIGHT)}{_panel('yours', actual, WRONG)}</div>{remark}"
    )


def _panel(name: str, parts: list[Piece], mark: str) -> str:
    box = f"flex:1 1 14em;min-width:0;border:{LINE};border-radius:4px;padding:0.35em 0.6em"
    pre = f"{MONO};margin:0.1em 0 0;padding:0;background:none;color:inherit;white-space:pre-wrap;overflow-wrap:anywhere"
    return (
        f'<div style="{box}"><div style="{SMALL}">{name}</div>'
        f'<pre style="{pre}">{"".join(_marked(part, mark if differs else "") for part, differs in parts)}</pre></div>'
    )


def _marked(part: str, mark: str) -> str:
    return f'<mark style="color:inherit;border-radius:2px;{mark}">{escape(part)}</mark>' if mark else escape(part)


def _line(name: str, said: str) -> str:
    return (
        f'<div style="display:flex;gap:0.8em;margin-top:0.5em"><span style="{SMALL};flex:0 0 5.5em;padding-top:0.15em">'
        f"{escape(name)}</span><span>{_ticked(said)}</span></div>"
    )


def _ticked(said: str) -> str:
    """Escaped text in which `code` between backticks is set as code."""
    parts = escape(said).split("`")
    if len(parts) % 2 == 0:
        return escape(said)
    code = f'<code style="{MONO};background:none">'
    return "".join(f"{code}{part}</code>" if i % 2 else part for i, part in enumerate(parts))
