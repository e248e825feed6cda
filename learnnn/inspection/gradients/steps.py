"""The step of a central difference: too large and the curve bends inside it, too small and rounding is left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..face.chart import Chart
from ..face.scene import Line, Shape, Text
from .measure import Index, Measure

STEPS = 10.0 ** np.arange(-1, -12.25, -0.5)  # two a decade, from 1e-1 to 1e-12
FLOOR = 1e-16  # where an error of exactly zero is drawn, on a scale that has no zero


@dataclass(frozen=True)
class Curve:
    """One element of a gradient, measured with every step: how far the slope is from the gradient that was given.

    `numeric`, `up` and `down` are slopes, one a step; nan where the function has no value that far away. `exact` is
    the measured slope freed of its leading error (Richardson 1911), `size` what errors are relative to.
    """

    place: str
    index: Index
    numeric: np.ndarray
    up: np.ndarray
    down: np.ndarray
    analytic: float | None
    exact: float
    size: float
    used: float
    agrees: bool
    kink: bool

    @property
    def error(self) -> np.ndarray:
        """Relative error of the given gradient against the slope at each step."""
        given = self.exact if self.analytic is None else self.analytic
        return np.abs(self.numeric - given) / self.size

    @property
    def drift(self) -> np.ndarray:
        """Relative error of the slope at each step against the best that steps can tell."""
        return np.abs(self.numeric - self.exact) / self.size

    @property
    def gap(self) -> np.ndarray:
        """How far apart the slopes to the two sides are: it shrinks with the step, except on a kink or a jump."""
        return np.abs(self.up - self.down) / np.maximum(np.maximum(np.abs(self.up), np.abs(self.down)), self.size)

    @property
    def bends(self) -> float:
        """The c of the error c h² that large steps make; 0 where it drowns in rounding."""
        c = _median(self.drift / STEPS**2, STEPS >= 3e-3)
        return c if c * 1e-2**2 > 10 * self.rounds / 1e-2 else 0.0

    @property
    def rounds(self) -> float:
        """The c of the error c / h that small steps make; 0 where nothing is rounded."""
        return _median(self.drift * STEPS, STEPS <= 1e-8)

    @property
    def jumps(self) -> bool:
        """Do the slopes grow without end as the step shrinks?"""
        near, far = (np.abs(self.up - self.down)[k] for k in (_near(1e-8), _near(1e-3)))
        return bool(self.kink and near > 100 * far)


def _median(values: np.ndarray, where: np.ndarray) -> float:
    found = values[where & np.isfinite(values)]
    return float(np.median(found)) if found.size else 0.0


def _near(step: float) -> int:
    return int(np.argmin(np.abs(np.log(STEPS / step))))


def sweep(measure: Measure, name: str, at: Index, analytic: float | None, agrees: bool, kink: bool) -> Curve:
    """Measure one element of an input with all the steps."""
    unit = measure.unit(name, at)
    sides = np.array([_slopes(measure, name, at, step * unit) for step in STEPS])  # (steps, 2): up, down
    best = measure.machine**0.2 * unit
    one, two = (sum(_slopes(measure, name, at, h)) / 2 for h in (best, 2 * best))
    exact = (4 * one - two) / 3
    given = analytic if analytic is not None and np.isfinite(analytic) else None
    slopes = [abs(x) for x in (exact, given) if x is not None and np.isfinite(x)]
    size = max([*slopes, 1e-7 + measure.noise()])
    place = f"{name}[{', '.join(map(str, at))}]" if at else name
    return Curve(place, at, sides.mean(1), sides[:, 0], sides[:, 1], given, exact, size, measure.eps, agrees, kink)


def _slopes(measure: Measure, name: str, at: Index, step: float) -> tuple[float, float]:
    """Slopes up and down; nan where a step that large leads out of what the function is made for."""
    try:
        with np.errstate(all="ignore"):
            return measure.one_sided(name, at, step)[:2]
    except Exception:  # whatever a learner's function raises there: the check itself made smaller steps
        return np.nan, np.nan


# ------------------------------------------------------------------------------------------- in words
def explained(curve: Curve) -> list[str]:
    """What the curve shows, in sentences: the verdict, the large steps, the small ones."""
    if curve.kink:
        return [_kinked(curve)]
    return [_verdict(curve), _large(curve), SMALL]


def _verdict(curve: Curve) -> str:
    if curve.analytic is None:
        return "The slope that steps of every size measure: there is no gradient to hold against it."
    if curve.agrees:
        return "The error falls as the step gets smaller, to almost nothing, and rises again: the gradient is right."
    return "The error does not fall, whatever the step: it is the gradient that is wrong, not the measurement."


def _large(curve: Curve) -> str:
    if not curve.bends:
        return "Large steps cost nothing here: in this element the function is straight, or bends alike to both sides."
    return "Large steps: the function bends between the two points. That error falls as h², a hundredfold per decade."


SMALL = (
    "Small steps: the two outputs differ in their last digits only, and what rounding leaves there is divided by h. "
    "That error grows as 1/h. The step used lies where the two meet, near the cube root of the precision."
)


def _kinked(curve: Curve) -> str:
    if curve.jumps:
        return (
            "It never settles: the smaller the step, the larger the slope. The function jumps here, so it has no "
            "gradient, and no step can find one."
        )
    k = _near(1e-5)
    return (
        f"It never settles: the slope upwards is {curve.up[k]:.4g}, downwards {curve.down[k]:.4g}, and a smaller step "
        "brings them no nearer. The function has a corner here: no single number is its slope, and a central "
        "difference gives the mean of the two."
    )


# ------------------------------------------------------------------------------------------- as a picture
def lines(curve: Curve) -> list[tuple[str, str, np.ndarray]]:
    """(colour, name, relative errors) of the lines to draw."""
    if curve.kink:
        return [("wrong", "slope up against slope down", curve.gap)]
    own = ("line", "the measured slope, against its own best", curve.drift)
    if curve.analytic is None:
        return [own]
    found = [("right" if curve.agrees else "wrong", "your gradient, against the slope", curve.error)]
    return found if curve.agrees else [*found, own]


def guides(curve: Curve) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """(words, steps, errors): the laws that the two ends follow."""
    small, large = STEPS[curve.used * 1.1 >= STEPS], STEPS[curve.used <= STEPS]
    found = [("∝ 1/h", small, curve.rounds / small), ("∝ h²", large, curve.bends * large**2)]
    return [guide for guide in found if guide[2].any() and not curve.kink]


def span(curve: Curve) -> tuple[float, float]:
    """The decades that hold all the errors, with room above and at least four of them."""
    shown = np.concatenate([errors for _, _, errors in lines(curve)])
    shown = np.clip(shown[np.isfinite(shown)], FLOOR, 1e8)
    if not shown.size:
        return 1e-3, 1.0
    lo, hi = np.floor(np.log10(shown.min())), np.ceil(np.log10(shown.max()))
    return float(10.0 ** min(lo, hi - 3)), float(10.0 ** (hi + 1))


def plot(curve: Curve, x: float, y: float, width: float = 280, height: float = 180) -> list[Shape]:
    """Relative error against the step, both on logarithmic scales."""
    title = f"relative error, for {curve.place}"
    chart = Chart(x, y, width, height, (STEPS[-1], STEPS[0]), span(curve), title=title, log="xy", bare=True)
    marked = _marked(chart)
    for words, steps, errors in guides(curve):
        inside = (errors >= chart.ylim[0]) & (errors <= chart.ylim[1])
        chart.line(steps[inside], errors[inside], "muted", dashed=True, line=1.2)
        if inside.sum() > 1:
            k = np.flatnonzero(inside)[inside.sum() // 2]
            chart.text(steps[k], 6 * errors[k], words, fill="muted", anchor="end" if words == "∝ h²" else "start")
    for colour, name, errors in lines(curve):
        seen = np.where(np.isfinite(errors), np.clip(errors, FLOOR, None), np.nan)
        chart.line(STEPS, seen, colour, name)
        chart.dots(STEPS, seen, colour, 2.2)
    (px, _), bottom = chart.at(curve.used, chart.ylim[0]), y + height
    used = Line(((px, y), (px, bottom)), "ink", 1.2, dashed=True)
    return [*marked, *chart.shapes(), used, Text(px + 5, y + 14, "step used", 11.5)]


def _marked(chart: Chart) -> list[Shape]:
    """Axes in decades: every third across, four or five of them upwards."""
    shapes: list[Shape] = []
    bottom = chart.y + chart.height
    for p in range(-12, 0, 3):
        px, _ = chart.at(10.0**p, chart.ylim[0])
        shapes += [
            Line(((px, chart.y), (px, bottom)), "edge", 0.5),
            Text(px, bottom + 15, _power(p), 11.5, "muted", "middle"),
        ]
    lo, hi = (round(np.log10(v)) for v in chart.ylim)
    for p in range(lo, hi + 1, max(1, round((hi - lo) / 5))):
        _, py = chart.at(chart.xlim[0], 10.0**p)
        shapes += [
            Line(((chart.x, py), (chart.x + chart.width, py)), "edge", 0.5),
            Text(chart.x - 6, py + 4, _power(p), 11.5, "muted", "end"),
        ]
    return [*shapes, Text(chart.x + chart.width / 2, bottom + 31, "step h", 11.5, "muted", "middle")]


def _power(p: int) -> str:
    return {0: "1", 1: "10"}.get(p, f"1e{p}".replace("-", "−"))


def as_state(curve: Curve) -> dict[str, Any]:
    """What the live form draws."""
    return {
        "place": curve.place, "index": list(curve.index), "used": curve.used, "span": span(curve), "kink": curve.kink,
        "lines": [{"colour": c, "name": n, "error": np.maximum(e, FLOOR)} for c, n, e in lines(curve)],
        "guides": [{"words": w, "steps": s, "error": e} for w, s, e in guides(curve)],
        "said": explained(curve), "numeric": curve.numeric,
    }  # fmt: skip
