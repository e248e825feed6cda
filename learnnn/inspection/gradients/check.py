"""`gradcheck`: is this gradient right? Compared, element by element, with what a small step really does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np

from ..face.picture import Picture
from ..face.scene import Scene
from .guess import guess
from .heat import heat_map
from .subjects import Arrays, Subject, subject

Index = tuple[int, ...]


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


@dataclass
class Checked:
    """One input: the gradient it was given (analytic), the one that steps measure (numeric), and how they compare.

    `analytic` is None where none came or where `problem` says why the two cannot be compared.
    """

    name: str
    numeric: np.ndarray
    analytic: np.ndarray | None
    agree: np.ndarray
    error: np.ndarray
    kinks: np.ndarray
    problem: str = ""
    guess: str = ""

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


@dataclass(repr=False)
class GradientReport(Picture):
    """What gradcheck found. True when every gradient is right, so that `assert gradcheck(...)` is a test."""

    inputs: list[Checked]
    rtol: float
    problems: list[str] = field(default_factory=list)
    title: str = "gradient check"

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
        lines = [f"{'✓' if self.passed else '✗'} {self.headline()}"]
        lines += [f"    {problem}" for problem in self.problems]
        for checked in self.inputs:
            lines += [f"    {line}" for line in _described(checked, self.rtol)]
        return "\n".join(lines)

    def headline(self) -> str:
        """The verdict in one line."""
        wrong = sum(not checked.passed for checked in self.inputs)
        if self.passed:
            return f"gradcheck: {_of(len(self.inputs), 'gradient')} right"
        if not wrong:
            return "gradcheck: could not be trusted"
        return f"gradcheck: {wrong} of {_of(len(self.inputs), 'gradient')} wrong"

    def scene(self) -> Scene:
        """A heat map of the relative error of every element."""
        return heat_map(
            [c for c in self.inputs if c.analytic is not None], f"{self.headline()}: relative error", self.text
        )

    def to_svg(self) -> str:
        return self.scene().to_svg()

    def to_png(self, scale: float = 2, dark: bool = False) -> bytes:
        return self.scene().to_png(scale, dark)

    def to_html(self) -> str:
        """The verdict, the numbers side by side, and the heat map."""
        accent = "#2a7ab8" if self.passed else "#d3691e"
        told = "".join(f"<p style='margin:0.4em 0'>{escape(p)}</p>" for p in self.problems)
        rows = "".join(_html_line(checked, self.rtol) for checked in self.inputs)
        table = (
            f"<table style='border-collapse:collapse;margin:0.5em 0'>{_html_row('th', HEADS)}{rows}</table>"
            if rows
            else ""
        )
        table += "".join(_html_note(checked) for checked in self.inputs)
        mapped = not self.passed and any(c.analytic is not None and c.error.size > 1 for c in self.inputs)
        heat = super().to_html() if mapped else ""
        return (
            f"<div class='learnnn-report' style='{CARD}border-left:4px solid {accent}'><b>"
            f"{'✓' if self.passed else '✗'} {escape(self.headline())}</b>{told}{table}{heat}</div>"
        )


def gradcheck(
    fn: Callable,
    inputs: Any,
    *,
    eps: float | None = None,
    rtol: float = 1e-5,
    atol: float = 1e-7,
    seed: int = 0,
    names: Sequence[str] | None = None,
) -> GradientReport:
    """Compare the gradients that `fn` gives with central differences, in float64, element by element.

    `fn` is a function of tensors (learnnn's or PyTorch's), a module (its parameters are checked too), a numpy
    function in the form f(*arrays) -> (output, backward), or a function of your own objects with `.data`, `.grad`
    and `backward()`. `inputs` is one input or a tuple of them; those that require a gradient are checked, or all
    with floating-point numbers if none does. None is changed. The output is weighted by random numbers, drawn by
    `seed`, before it is summed: a plain sum cannot see a wrong softmax gradient. `eps` is the step; by default the
    one with the least error for the precision that `fn` computes in.

    Raises TypeError for what has no gradient to check.

    >>> import numpy as np
    >>> def square(x):
    ...     return x * x, lambda g: (3 * x * g,)
    >>> gradcheck(square, np.array([1.0, -2.0]))
    ✗ gradcheck: 1 of 1 gradient wrong
        input 0 (2,): 2 of 2 elements wrong, the worst at [0]: analytic -3.411, numeric -2.274, relative error 0.33
            it is 1.5 times too large, everywhere
            analytic        [-3.4109  4.6187]
            numeric         [-2.2739  3.0791]
    """
    under = subject(fn, inputs if isinstance(inputs, tuple | list) else (inputs,), names)
    if not under.arrays:
        raise TypeError("gradcheck found nothing to differentiate: none of the inputs holds floating-point numbers")
    rng = np.random.default_rng(seed)
    first = under.outputs(under.arrays)
    cotangents = [_cotangent(rng, out) for out in first]
    analytic = under.gradients(under.arrays, [c.copy() for c in cotangents])
    again = under.gradients(under.arrays, [c.copy() for c in cotangents])
    problems = _wobbles(under, first, analytic, again)
    if problems:
        return GradientReport([], rtol, problems)
    measure = _Measure(under, first, cotangents, eps)
    checked = [_check(name, analytic.get(name), measure, rtol, atol) for name in under.arrays]
    for one in checked:
        if not one.passed:
            one.guess = guess(one, measure.plain.get(one.name), {c.name: c.numeric for c in checked})
    return GradientReport(checked, rtol)


def _cotangent(rng: np.random.Generator, out: np.ndarray) -> np.ndarray:
    """Random weights of either sign, none of them near zero."""
    return rng.uniform(0.5, 1.5, out.shape) * rng.choice([-1.0, 1.0], out.shape)


def _wobbles(under: Subject, first: list, analytic: dict, again: dict) -> list[str]:
    """What differs between two runs on the same numbers: then no check means anything."""
    second = under.outputs(under.arrays)
    if [o.shape for o in first] != [o.shape for o in second] or not all(
        np.array_equal(a, b, equal_nan=True) for a, b in zip(first, second)
    ):
        return [
            "the same inputs give different outputs each time: is there dropout or a random number inside? Call "
            ".eval() on the model, or fix the seed inside the function"
        ]
    changed = [name for name in under.arrays if not _same(analytic.get(name), again.get(name))]
    if changed:
        return [
            f"the gradient of {', '.join(changed)} differs between two runs on the same inputs: does backward change "
            "something it will need again, or add to a gradient of an earlier run?"
        ]
    return []


def _same(a: Any, b: Any) -> bool:
    if a is None or b is None:
        return a is b
    a, b = np.asarray(a), np.asarray(b)
    return np.array_equal(a, b, equal_nan=a.dtype.kind == "f")


# ------------------------------------------------------------------------------------------- measuring slopes
class _Measure:
    """Slopes of the weighted sum of the outputs, from steps up and down; from both sides, to notice kinks."""

    def __init__(self, under: Subject, first: list[np.ndarray], cotangents: list[np.ndarray], eps: float | None):
        self.under, self.first, self.cotangents = under, first, cotangents
        self.machine = max((float(np.finfo(o.dtype).eps) for o in first if o.dtype.kind == "f"), default=2.2e-16)
        self.eps = eps or self.machine ** (1 / 3)
        self.scale = max([float(np.abs(o[np.isfinite(o)]).max(initial=0.0)) for o in first], default=0.0)
        self.plain: Arrays = {}  # the slopes of the plain sum: what a backward that ignores its input would give

    def noise(self) -> float:
        """What rounding alone can do to a slope."""
        count = sum(o.size for o in self.first)
        return 20 * self.machine * self.scale * max(1.0, count**0.5) / self.eps

    def slopes(self, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """(central, lowest one-sided, highest one-sided, is it a kink) for each element of an input."""
        array = self.under.arrays[name]
        numeric, low, high, plain = (np.zeros(array.shape) for _ in range(4))
        kinks = np.zeros(array.shape, bool)
        for at in np.ndindex(array.shape):
            step = self.eps * max(1.0, float(abs(array[at])))
            up, down, plain[at] = self.one_sided(name, at, step)
            if self.bent(up, down, step):
                near = self.one_sided(name, at, step / 10)  # a kink further off than this one does not disturb
                kinks[at] = self.bent(*near[:2], step / 10) and abs(near[0] - near[1]) > 0.5 * abs(up - down)
                up, down, plain[at] = near
            numeric[at], low[at], high[at] = (up + down) / 2, min(up, down), max(up, down)
        self.plain[name] = plain
        return numeric, low, high, kinks

    def bent(self, up: float, down: float, step: float) -> bool:
        """Do the slopes to the two sides differ by more than curvature and rounding explain?"""
        noise = 20 * self.noise() * self.eps / step
        return bool(abs(up - down) > noise + 1e-3 * max(abs(up), abs(down)))

    def one_sided(self, name: str, at: Index, step: float) -> tuple[float, float, float]:
        """(slope upwards, slope downwards, central slope of the plain sum)."""
        above, below = (self.outputs(name, at, sign * step) for sign in (1, -1))
        pairs = list(zip(self.cotangents, above, self.first, below))
        up = sum(float((c * (a - o)).sum()) for c, a, o, _ in pairs) / step
        down = sum(float((c * (o - b)).sum()) for c, _, o, b in pairs) / step
        return up, down, sum(float((a - b).sum()) for _, a, _, b in pairs) / (2 * step)

    def outputs(self, name: str, at: Index, step: float) -> list[np.ndarray]:
        moved = self.under.arrays[name].copy()
        moved[at] += step
        return self.under.outputs({**self.under.arrays, name: moved})


# ------------------------------------------------------------------------------------------- comparing
def _check(name: str, given: Any, measure: _Measure, rtol: float, atol: float) -> Checked:
    with np.errstate(all="ignore"):
        numeric, low, high, kinks = measure.slopes(name)
        analytic, problem = _comparable(given, numeric)
        if analytic is None:
            nothing = np.zeros(numeric.shape, bool)
            if given is None and not np.any(np.abs(numeric) > atol + measure.noise()):
                return Checked(name, numeric, np.zeros(numeric.shape), ~nothing, np.zeros(numeric.shape), kinks)
            return Checked(name, numeric, None, nothing, np.full(numeric.shape, np.nan), kinks, problem)
        allowed = atol + measure.noise() + rtol * np.abs(numeric)
        agree = np.abs(analytic - numeric) <= allowed
        agree |= kinks & (analytic >= low - allowed) & (analytic <= high + allowed)  # any slope between is right
        size = np.maximum(np.abs(analytic), np.abs(numeric))
        error = np.abs(analytic - numeric) / np.maximum(size, atol + measure.noise())
        return Checked(name, numeric, analytic, agree, np.where(agree & kinks, 0.0, error), kinks)


def _comparable(given: Any, numeric: np.ndarray) -> tuple[np.ndarray | None, str]:
    """The given gradient as an array of the right shape, or why it is none."""
    if given is None:
        return None, "no gradient arrived, but the output depends on it"
    analytic = np.asarray(given)
    if analytic.dtype.kind not in "fiub":
        return None, f"the gradient is not numbers but {type(given).__name__}"
    if analytic.shape != numeric.shape:
        return None, f"the gradient has shape {analytic.shape}, the input {numeric.shape}" + _unsummed(
            analytic, numeric
        )
    return analytic.astype(np.float64), ""


def _unsummed(analytic: np.ndarray, numeric: np.ndarray) -> str:
    from ...autograd.sweep import unbroadcast  # the shipped one, whatever the learner swapped in

    try:
        summed = unbroadcast(analytic.astype(float), numeric.shape)
    except ValueError:
        summed = None
    if summed is not None and summed.shape == numeric.shape and np.allclose(summed, numeric, rtol=1e-3, atol=1e-6):
        return ": summed over the axes along which the input was broadcast, it would be right"
    if analytic.shape == numeric.shape[::-1]:
        return ": it looks transposed"
    return ""


# ------------------------------------------------------------------------------------------- in words and tables
CELL = "padding:2px 18px 2px 0;font-variant-numeric:tabular-nums;"
HEADS = ("", "gradient of", "element", "analytic", "numeric", "relative error")
RIGHT_ALIGNED = ("analytic", "numeric")
CARD = (
    "max-width:60em;margin:0.4em 0;padding:0.7em 1em;border:1px solid rgba(128,128,128,0.35);border-radius:4px;"
    "line-height:1.45;color:inherit;"
)


def _of(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def _plain(checked: Checked) -> dict[str, Any]:
    analytic = None if checked.analytic is None else checked.analytic.tolist()
    arrays = {key: getattr(checked, key).tolist() for key in ("numeric", "error", "agree", "kinks")}
    words = {"name": checked.name, "passed": checked.passed, "problem": checked.problem, "guess": checked.guess}
    return {**words, "analytic": analytic, **arrays}


def _described(checked: Checked, rtol: float) -> list[str]:
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


def _html_line(checked: Checked, rtol: float) -> str:
    mark = "✓" if checked.passed else "✗"
    worst = checked.worst()
    if worst is None:
        cells = [mark, checked.name, "", "", "", ""]
    else:
        place = f"[{', '.join(map(str, worst.index))}]" if worst.index else ""
        error = f"below {rtol:g}" if checked.passed else f"{worst.error:.2g}"
        cells = [mark, checked.name, place, f"{worst.analytic:.6g}", f"{worst.numeric:.6g}", error]
    return _html_row("td", cells)


def _html_row(tag: str, cells: Sequence[str]) -> str:
    """A row of a table: numbers to the right, the rest to the left."""
    sides = ["right" if head in RIGHT_ALIGNED else "left" for head in HEADS]
    styled = [f"<{tag} style='{CELL}text-align:{side}'>{escape(c)}</{tag}>" for c, side in zip(cells, sides)]
    return f"<tr>{''.join(styled)}</tr>"


def _html_note(checked: Checked) -> str:
    """What there is to say of one input, besides numbers."""
    said = [checked.problem or checked.guess, _kink_note(checked) if checked.kinks.any() else ""]
    return "".join(f"<p style='margin:0.3em 0'><b>{escape(checked.name)}</b>: {escape(s)}</p>" for s in said if s)
