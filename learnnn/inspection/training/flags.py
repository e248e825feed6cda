"""What a look at the layers tells: faults in words, with their numbers and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ..face.chart import number
from .measures import WINDOW, Measured, Units

DEAD_PART = 0.25  # of the units; a few dead ones are common, and do little harm
SATURATED = 0.5  # of the outputs
FLOW = 1e3  # how many times larger a gradient may be at one end than at the other
LARGE, SMALL = 1e-1, 1e-5  # update to weight; healthy is about 1e-3, between 1e-4 and 1e-2
LAST = 10  # records by which it is judged how things are now


class Flag(NamedTuple):
    """A fault: of which kind, in which layer, and what to say about it."""

    kind: str
    layer: str
    words: str


Records = Sequence[Mapping[str, Measured]]


def flags(records: Records, units: Mapping[str, Units], names: Mapping[str, str], broken: Flag | None) -> list[Flag]:
    """All faults that the records show; `names` are the layers in order, as they are called in words.

    What is not finite makes all later numbers meaningless, so nothing else is said then.
    """
    if broken:
        return [broken]
    flow = [*_flow(records, names)]
    updates = [flag for flag in _updates(records, names) if not (flow and flag.kind == "small update")]  # its effect
    return [*_dead(units, names), *_saturated(records, names), *flow, *updates]


def not_finite(step: int, layer: str, name: str, what: str, value: float) -> Flag:
    """nan or infinity came up."""
    said = f"{name}: {what} held {number(value)} first at step {step}."
    return Flag("not finite", layer, f"{said} {BROKEN}")


BROKEN = (
    "Likely the learning rate is too high, or a log, a division or a root of 0 happens there: look at the step before."
)


# -------------------------------------------------------------------------------------------------- dead, saturated
def _dead(units: Mapping[str, Units], names: Mapping[str, str]) -> Iterator[Flag]:
    before = 0
    for layer, found in units.items():
        dead = int(found.dead.sum())
        if dead and dead >= DEAD_PART * len(found.dead) and not before and found.examples >= WINDOW:
            seen = f"{dead} of {len(found.dead)} units gave 0 for every example in the last {found.examples} examples"
            yield Flag("dead", layer, f"{names[layer]}: {seen}. {DEAD}")
        before = dead  # what comes after dead units, as pooling, gives 0 too


DEAD = (
    "Where a unit gives 0 for everything its gradient is 0, so it never learns again: try a smaller learning rate, "
    "smaller or He-scaled initial weights, a bias from 0, or LeakyReLU."
)


def _saturated(records: Records, names: Mapping[str, str]) -> Iterator[Flag]:
    for layer, name in names.items():
        part = _now(records, layer, "saturated")
        if part > SATURATED:
            said = f"{name}: {part:.0%} of the outputs lie beyond 0.97 of its range, where it is flat"
            yield Flag("saturated", layer, f"{said}, and lets hardly any gradient through: {CALM}")


CALM = "try smaller initial weights, inputs scaled to mean 0 and deviation 1, or normalization before it."


# ------------------------------------------------------------------------------------------------------ what flows
def _flow(records: Records, names: Mapping[str, str]) -> Iterator[Flag]:
    flows = {layer: _now(records, layer, "flow") for layer in names}
    known = [layer for layer in names if np.isfinite(flows[layer]) and np.isfinite(_now(records, layer, "norm"))]
    if len(known) < 2 or not flows[known[-1]] > 0:
        return
    first, last = known[0], known[-1]
    ratio = flows[first] / flows[last]
    ends = f"{number(flows[first], 3)} at {names[first]} and {number(flows[last], 3)} at {names[last]}"
    said = f"the gradient's rms is {ends}"
    if ratio < 1 / FLOW:
        times = f"{number(1 / ratio, 2)} times smaller" if ratio else "nothing"
        yield Flag("vanishing", first, f"vanishing gradient: {said}, {times} at the first layer. {VANISHING}")
    elif ratio > FLOW:
        yield Flag("exploding", first, f"exploding gradient: {said}, {number(ratio, 2)} times larger. {EXPLODING}")


VANISHING = "The first layers hardly learn: try ReLU, He or Xavier initial weights, normalization, or residual links."
EXPLODING = "Try smaller initial weights, normalization, or clip_norm."


# --------------------------------------------------------------------------------------------------------- updates
def _updates(records: Records, names: Mapping[str, str]) -> Iterator[Flag]:
    for layer, name in names.items():
        ratios = _column(records, layer, "ratio")
        if not len(ratios):
            continue
        now, most = float(np.median(ratios[-LAST:])), float(ratios.max())
        if now > LARGE:
            said = f"{name}: a step changes the weights by {number(now, 2)} of their size (healthy is about 0.001)"
            yield Flag("large update", layer, f"{said}: try a learning rate about {now / 1e-3:.0f} times smaller.")
        elif most == 0:
            yield Flag("small update", layer, f"{name}: no step changed its weights. {STILL}")
        elif most < SMALL:
            said = f"{name}: no step changed the weights by more than {number(most, 2)} of their size"
            yield Flag("small update", layer, f"{said} (healthy is about 0.001): try a larger learning rate.")


STILL = "Are they in the optimizer, with requires_grad, and does a gradient reach them?"


def _now(records: Records, layer: str, what: str) -> float:
    """The median of the last records, nan where there are none."""
    column = _column(records, layer, what)[-LAST:]
    return float(np.median(column)) if len(column) else float("nan")


def _column(records: Records, layer: str, what: str) -> np.ndarray:
    values = np.array([getattr(record[layer], what) for record in records if layer in record], dtype=float)
    return values[np.isfinite(values)]
