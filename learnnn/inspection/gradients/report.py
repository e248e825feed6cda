"""What a gradient check found: in words, as a picture, and live."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..face.live import Live
from ..face.scene import Scene
from .heat import cells
from .measure import Index
from .sheet import sheet
from .steps import Curve, as_state, explained


@dataclass(frozen=True)
class Worst:
    """The element where the two disagree most."""

    name: str
    index: Index
    analytic: float
    numeric: float
    error: float

    @property
    def place(self) -> str:
        return f"{self.name}[{', '.join(map(str, self.index))}]" if self.index else self.name


@dataclass(eq=False)
class Checked:
    """One input: the gradient it was given (analytic), the one that steps measure (numeric), and how they compare.

    `analytic` is None where none came or where `problem` says why the two cannot be compared. `curves` show some
    elements, the worst first, measured with steps of every size.
    """

    name: str
    numeric: np.ndarray
    analytic: np.ndarray | None
    agree: np.ndarray
    error: np.ndarray
    kinks: np.ndarray
    problem: str = ""
    guess: str = ""
    curves: list[Curve] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        return not self.problem and bool(self.agree.all())

    def worst(self) -> Worst | None:
        """The worst of the wrong elements; of all elements where none is wrong."""
        if self.analytic is None or not self.error.size:
            return None
        ranked = np.where(self.agree, -1.0, self.error) if not self.agree.all() else self.error
        ranked = np.round(np.nan_to_num(ranked, nan=np.inf), 6)  # of equal errors the first, whatever rounding says
        at = np.unravel_index(np.argmax(ranked), self.error.shape)
        index = tuple(map(int, at))
        return Worst(self.name, index, float(self.analytic[at]), float(self.numeric[at]), float(self.error[at]))


@dataclass(repr=False, eq=False)
class GradientReport(Live):
    """What gradcheck found. True when every gradient is right, so that `assert gradcheck(...)` is a test."""

    inputs: list[Checked]
    rtol: float
    problems: list[str] = field(default_factory=list)
    title: str = ""
    check: str = "gradcheck"
    noun: str = "gradient"
    again: Callable[[], GradientReport] | None = None

    script = Path(__file__).with_name("gradcheck.js")

    def __post_init__(self) -> None:
        self.title = self.title or f"{self.noun} check"

    @property
    def passed(self) -> bool:
        """Did every element of every gradient agree, with no trouble on the way?"""
        return not self.problems and all(checked.passed for checked in self.inputs)

    def __bool__(self) -> bool:
        return self.passed

    @property
    def worst(self) -> Worst | None:
        """The element with the largest relative error, over all inputs; wrong ones first."""
        found = [(not c.passed, w.error, w) for c in self.inputs if (w := c.worst())]
        return (
            max(found, key=lambda entry: (entry[0], float(np.nan_to_num(entry[1], nan=np.inf))))[2] if found else None
        )

    @property
    def curve(self) -> Curve | None:
        """The curve to show first: the worst element's, or one on a kink where nothing is wrong."""
        worst, curves = self.worst, [curve for checked in self.inputs for curve in checked.curves]
        places = [worst.place] if worst else []
        ranked = sorted(curves, key=lambda c: (c.agrees, not c.kink, c.place not in places))
        return ranked[0] if ranked else None

    @property
    def guesses(self) -> list[str]:
        """For each wrong gradient, what it looks like, in words."""
        return [checked.guess for checked in self.inputs if checked.guess]

    @property
    def kinks(self) -> list[tuple[str, Index]]:
        """Elements that stand on a kink or a jump, where no single number is the slope."""
        return [(c.name, tuple(map(int, at))) for c in self.inputs for at in np.argwhere(c.kinks)]

    @property
    def data(self) -> dict[str, Any]:
        """Everything in plain python."""
        return {
            "passed": self.passed,
            "problems": self.problems,
            "inputs": [_plain(checked) for checked in self.inputs],
        }

    @property
    def text(self) -> str:
        """The verdict and the reasons, with what the steps of every size say of the worst element."""
        curve = self.curve
        steps = f"\n    steps from 1e-1 to 1e-12, {curve.place}: {explained(curve)[0]}" if curve else ""
        return self.words() + steps

    def __repr__(self) -> str:
        return self.words()

    def words(self) -> str:
        """The verdict and the reasons."""
        lines = [f"{'✓' if self.passed else '✗'} {self.headline()}"]
        lines += [f"    {problem}" for problem in self.problems]
        for checked in self.inputs:
            lines += [f"    {line}" for line in described(checked, self.rtol)]
        return "\n".join(lines)

    def headline(self) -> str:
        """The verdict in one line."""
        wrong = sum(not checked.passed for checked in self.inputs)
        if self.passed:
            return f"{self.check}: {_of(len(self.inputs), self.noun)} right"
        if not wrong:
            return f"{self.check}: could not be trusted"
        return f"{self.check}: {wrong} of {_of(len(self.inputs), self.noun)} wrong"

    def scene(self) -> Scene:
        """The verdict, a heat map of the relative error of every element, and the worst one measured step by step."""
        return sheet(self, [(checked.name, notes(checked, self.rtol)) for checked in self.inputs])

    def state(self) -> dict[str, Any]:
        first = self.curve
        return {
            "headline": self.headline(), "passed": self.passed, "problems": self.problems, "rtol": self.rtol,
            "inputs": [_sent(checked, self.rtol) for checked in self.inputs], "first": first.place if first else "",
        }  # fmt: skip

    def update(self) -> None:
        """Check again, with what the function computes now."""
        if self.again:
            new = self.again()
            self.inputs, self.problems = new.inputs, new.problems
        super().update()


def _of(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def _plain(checked: Checked) -> dict[str, Any]:
    analytic = None if checked.analytic is None else checked.analytic.tolist()
    arrays = {key: getattr(checked, key).tolist() for key in ("numeric", "error", "agree", "kinks")}
    words = {"name": checked.name, "passed": checked.passed, "problem": checked.problem, "guess": checked.guess}
    curves = [
        {"place": c.place, "numeric": c.numeric.tolist(), "error": c.error.tolist(), "gap": c.gap.tolist()}
        for c in checked.curves
    ]
    return {**words, "analytic": analytic, **arrays, "curves": curves}


def _sent(checked: Checked, rtol: float) -> dict[str, Any]:
    """One input as the live form draws it: its cells, and of each the element that it stands for."""
    words = {"name": checked.name, "shape": list(checked.numeric.shape), "passed": checked.passed}
    told = {"notes": notes(checked, rtol), "curves": [as_state(curve) for curve in checked.curves]}
    if checked.analytic is None:
        return {**words, **told, "cells": None}
    at, factor = cells(checked.error, checked.agree)  # (rows, columns) of flat indices, -1 where there is no element
    flat = {key: np.append(np.ravel(getattr(checked, key)), 0)[at] for key in ("analytic", "numeric", "error")}
    signs = {key: np.append(np.ravel(getattr(checked, key)), False)[at] for key in ("agree", "kinks")}
    return {**words, **told, "cells": at, "factor": factor, **flat, **{k: v.astype(np.uint8) for k, v in signs.items()}}


# ------------------------------------------------------------------------------------------- in words
def described(checked: Checked, rtol: float) -> list[str]:
    """The lines of text about one input."""
    head = f"{checked.name} {checked.numeric.shape or 'scalar'}: "
    lines = [head + _verdict(checked, rtol)]
    if checked.guess:
        lines.append(f"    {checked.guess}")
    if not checked.passed and checked.analytic is not None:
        lines += _side_by_side(checked)
    if checked.kinks.any():
        lines.append(f"    {_kink_note(checked)}")
    return lines


def notes(checked: Checked, rtol: float) -> list[str]:
    """The same without the tables of numbers, which a picture shows in its cells."""
    kink = [_kink_note(checked)] if checked.kinks.any() else []
    return [f"{checked.numeric.shape or 'scalar'}: {_verdict(checked, rtol)}", *filter(None, [checked.guess]), *kink]


def _verdict(checked: Checked, rtol: float) -> str:
    worst = checked.worst()
    if checked.passed:
        return f"{_of(checked.agree.size, 'element')} agree to {rtol:g}"
    if checked.problem or worst is None:
        return checked.problem
    wrong = f"{(~checked.agree).sum()} of {_of(checked.agree.size, 'element')} wrong, the worst at "
    where = f"[{', '.join(map(str, worst.index))}]: " if worst.index else ""
    return (
        f"{wrong if where else ''}{where}analytic {worst.analytic:.4g}, numeric {worst.numeric:.4g}, "
        f"relative error {worst.error:.2g}"
    )


def _side_by_side(checked: Checked) -> list[str]:
    """Both gradients, one below the other: columns stay in line."""
    if checked.numeric.size > 64 or checked.numeric.ndim == 0:
        return []
    lines = []
    for word, array in (("analytic", checked.analytic), ("numeric", checked.numeric)):
        shown = np.array2string(np.asarray(array), precision=4, suppress_small=True, max_line_width=100)
        first, *rest = shown.splitlines()
        lines += [f"    {word:<16}{first}", *[f"    {'':<16}{line}" for line in rest]]
    return lines


def _kink_note(checked: Checked) -> str:
    places = [f"[{', '.join(map(str, at))}]" if len(at) else "it" for at in np.argwhere(checked.kinks)]
    shown = ", ".join(places[:4]) + (f" and {len(places) - 4} more" if len(places) > 4 else "")
    return (
        f"note: {shown} stands on a kink, where the slopes to the two sides differ (as relu at 0): there any slope "
        "between the two was accepted; try inputs a little further away"
    )
