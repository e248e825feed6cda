"""`gates`: what a recurrent layer remembers, and how far back a gradient reaches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..face.chart import SMALL, Chart, heat_map, number
from ..face.live import Live
from ..face.scene import Box, Scene, Shape, Text, text_width
from ..models.model import Model
from .recurrences import Pass
from .tokens import ids, shown, step_names
from .unrolling import passes

STEPS = 400
PAGE = 50_000  # numbers that travel to a page
SQUASHED = {"input", "forget", "output", "reset", "update"}  # from 0 to 1; all others have signs


def gates(rnn: Any, x: Any, *, labels: Any = None, title: str | None = None) -> Gates:
    """Draw every gate and state of a recurrent layer over time, and how the gradient fades on its way back.

    The gates are computed again from the weights, step by step. The curve is the length of the gradient, in the hidden
    state of each step, of a loss that sees only the last one (its sum): where it falls towards 0, what came before
    cannot be learned from there (Bengio et al. 1994).

    On the page the pointer (or the arrow keys) chooses a unit and a step, the bar plays through time, lists choose the
    layer, its direction, and the gate.

    Args:
        rnn: An LSTM, GRU or RNN or one of their cells, learnnn's or PyTorch's, or any model with such layers in it. Or
            your own cell, if it keeps its weights as PyTorch's do: `weight_ih` (k H, F), `weight_hh` (k H, H), and
            `bias_ih` and `bias_hh` (k H,) if it has some; k is 4 for an LSTM (input, forget, candidate, output), 3 for
            a GRU (reset, update, candidate) and 1 for an RNN.
        x: One sequence as the model takes it: (T, F), a batch of one, or whole numbers (T,).
        labels: A name for each step, or a function of a token's number.
        title: A heading.

    Raises ValueError for a model without recurrent layers, for a batch of several sequences, for weights of other
    shapes, and for labels that are not one a step.

    >>> from learnnn import nn
    >>> picture = gates(nn.LSTM(3, 4), np.ones((5, 3), np.float32))
    >>> list(picture.passes[0].gates), picture.passes[0].gates["forget"].shape
    (['input', 'forget', 'candidate', 'output', 'cell', 'hidden'], (5, 4))
    """
    return Gates(Model(rnn), x, labels, title)


class Gates(Live):
    """The gates of recurrent layers. `passes` has each layer and direction."""

    script = Path(__file__).with_name("gates.js")

    def __init__(self, model: Model, x: Any, labels: Any, title: str | None):
        self.model, self.x, self._labels = model, x, labels
        self.look()
        self.title = title or f"gates of {model.name if model.name.isidentifier() else self.passes[0].mode}"

    def look(self) -> None:
        """Run the model, and unroll its recurrent layers."""
        found = passes(self.model, self.x)
        if (steps := len(found[0].slopes)) > STEPS:
            raise ValueError(f"{steps} steps are too many for a picture: pass {STEPS} at most")
        if not all(np.isfinite(gate).all() for each in found for gate in each.gates.values()):
            raise ValueError(f"{self.model.name}: some gates are nan or infinite; have the weights diverged?")
        self.passes, self.names = found, step_names(self._labels, ids(self.x), steps)

    @property
    def data(self) -> list[dict[str, Any]]:
        """Layer by layer: its name, its gates (T, H), and the length of the gradient in each hidden state (T,)."""
        return [
            {
                "layer": each.name, "kind": each.mode, "gradient": lengths(each.slopes).tolist(),
                "gates": {gate: rows.tolist() for gate, rows in each.gates.items()},
            }
            for each in self.passes
        ]  # fmt: skip

    @property
    def text(self) -> str:
        return f"{self.title}, {len(self.names)} steps. " + " ".join(_sentence(each) for each in self.passes)

    # ------------------------------------------------------------------------------------------------- live
    def state(self) -> dict[str, Any]:
        return {"title": self.title, **self.frame()}

    def frame(self) -> dict[str, Any]:
        units = self._units()
        return {"names": list(map(shown, self.names)), "passes": [
            {
                "name": each.name, "kind": each.mode, "backwards": each.backwards, "units": each.slopes.shape[1],
                "gates": {gate: rows[:, :units] for gate, rows in each.gates.items()},
                "lines": {"hidden state": lengths(each.slopes)} | _cell_line(each),
            }
            for each in self.passes
        ]}  # fmt: skip

    def _units(self) -> int:
        """How many units of a layer a page can hold."""
        rows = sum(len(each.gates) for each in self.passes) * len(self.names)
        return max(8, min(64, PAGE // rows))

    def update(self) -> None:
        """Ask the model again, and show its gates now."""
        self.look()
        super().update()

    # ------------------------------------------------------------------------------------------------- still
    def scene(self) -> Scene:
        """The gates of the first layer above each other, and the gradient."""
        first = self.passes[0]
        shapes: list[Shape] = [Text(20, 28, self.title, 15, bold=True)]
        shapes.append(Text(20, 48, f"{first.name} · units down, steps across", SMALL, "muted"))
        width = min(480.0, max(340.0, 18.0 * len(self.names)))
        y = 84.0
        for gate, rows in first.gates.items():
            shapes += self._panel(gate, rows, 20, y, width)
            y += _height(rows) + 26
        shapes += self._steps(20, y - 26, width)
        chart = self._gradient(first, 20 + width + 76, 84)
        low = max(y + 14, 84 + 230 + 80)
        return Scene(20 + width + 76 + 300 + 24, low, self.title, self.text, [*shapes, *chart])

    def _panel(self, gate: str, rows: np.ndarray, x: float, y: float, width: float) -> list[Shape]:
        signed, most = gate not in SQUASHED, float(np.abs(rows).max()) or 1.0
        told = f"orange −{number(most, 2)}, blue {number(most, 2)}" if signed else "0 to 1"
        how: dict[str, Any] = {"lo": -most, "hi": most, "diverging": True} if signed else {"lo": 0, "hi": 1}
        image = heat_map(rows[:, :64].T, x, y, width, _height(rows), **how)
        frame = Box(x, y, width, _height(rows), "", "edge", 0)
        end = x + text_width(gate, 12, bold=True) + 10
        return [Text(x, y - 5, gate, 12, bold=True), Text(end, y - 5, told, SMALL, "muted"), image, frame]

    def _steps(self, x: float, y: float, width: float) -> list[Shape]:
        each = width / len(self.names)
        wide = max(text_width(shown(name), SMALL) for name in self.names) + 4
        every = max(1, int(np.ceil(wide / each)))
        places = range(0, len(self.names), every)
        return [Text(x + (t + 0.5) * each, y + 15, shown(self.names[t]), SMALL, "muted", "middle") for t in places]

    def _gradient(self, each: Pass, x: float, y: float) -> list[Shape]:
        curves = {"hidden state": lengths(each.slopes)} | _cell_line(each)
        positive = np.concatenate([curve[curve > 0] for curve in curves.values()])
        lo, hi = (float(end) for end in (positive.min(), positive.max()))
        lo, hi = 10 ** np.floor(np.log10(lo)), 10 ** np.ceil(np.log10(hi) + 1e-9)
        chart = Chart(x, y, 300, 230, (0, max(1, len(self.names) - 1)), (lo, hi), "step", log="y")
        chart.title = "gradient of the last step, on its way back"
        for curve, colour, dashed in zip(curves.values(), ("input-edge", "wrong"), (False, True)):
            chart.line(range(len(curve)), curve, colour, dashed=dashed)
        told = "its length in the hidden state" + ("; dashed: in the cell" if len(curves) > 1 else "")
        return [*chart.shapes(), Text(x, y + 230 + 56, told, SMALL, "muted")]


def lengths(slopes: np.ndarray) -> np.ndarray:
    """The length of the gradient at each step: (T, H) -> (T,)."""
    return np.linalg.norm(slopes, axis=1)


def _cell_line(each: Pass) -> dict[str, np.ndarray]:
    return {} if each.cell_slopes is None else {"cell": lengths(each.cell_slopes)}


def _height(rows: np.ndarray) -> float:
    return min(96.0, max(24.0, 4.0 * min(rows.shape[1], 64)))


def _sentence(each: Pass) -> str:
    steps, units = each.slopes.shape
    reach = lengths(each.slopes)
    far, near = (reach[-1], reach[0]) if each.backwards else (reach[0], reach[-1])
    means = [f"{gate} {number(float(rows.mean()), 2)}" for gate, rows in each.gates.items() if gate in SQUASHED]
    told = f"{each.name}: {each.mode}, {units} units"
    told += f"; on the average {', '.join(means)}" if means else ""
    left = f"{number(float(far / near), 2)} of it is left" if near else "there is none"
    return f"{told}; of the gradient, {left} after {steps - 1} steps back."
