"""The equations of recurrent cells, step by step, and the way of a gradient back through them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np


class Weights(NamedTuple):
    """w_ih (k H, F), w_hh (k H, H), b_ih and b_hh (k H,): k is 4 of an LSTM, 3 of a GRU, 1 of an RNN."""

    w_ih: np.ndarray
    w_hh: np.ndarray
    b_ih: np.ndarray
    b_hh: np.ndarray

    @property
    def size(self) -> int:
        """H, the number of units."""
        return self.w_hh.shape[1]


@dataclass
class Pass:
    """One layer in one direction over a sequence. `gates` (T, H) by name, each in the order of the sequence.

    `slopes` (T, H) is the gradient of the sum of the last hidden state in each earlier one, and `cell_slopes` (LSTM)
    in each earlier cell. Of a pass that runs backwards the first step is the last.
    """

    name: str
    mode: str
    gates: dict[str, np.ndarray]
    slopes: np.ndarray
    cell_slopes: np.ndarray | None = None
    backwards: bool = False


def run(
    name: str, mode: str, weights: Weights, x: np.ndarray, h: np.ndarray, c: np.ndarray, backwards: bool = False
) -> Pass:
    """Run a layer over x (T, F) from the states h and c (H,), of which only an LSTM uses c."""
    forward, backward = EQUATIONS[mode]
    steps = Steps(weights, (x[::-1] if backwards else x) @ weights.w_ih.T + weights.b_ih, h, c)
    forward(steps)
    back = [-1 if backwards else 1]
    gates = {gate: np.array(rows)[:: back[0]] for gate, rows in steps.gates.items()}
    slopes = backward(steps)
    found = [np.array(rows[::-1])[:: back[0]] for rows in slopes]
    return Pass(name, mode, gates, found[0], found[1] if len(found) > 1 else None, backwards)


@dataclass
class Steps:
    """A run: what the input gives to every step, (T, k H), and what each gate was, a row a step."""

    weights: Weights
    given: np.ndarray
    h: np.ndarray
    c: np.ndarray
    gates: dict[str, list[np.ndarray]] = field(default_factory=dict)

    def note(self, **values: np.ndarray) -> None:
        """The next row of each gate."""
        for gate, row in values.items():
            self.gates.setdefault(gate, []).append(row)

    def recalled(self, h: np.ndarray) -> np.ndarray:
        """What the state gives to a step, (k H,)."""
        return self.weights.w_hh @ h + self.weights.b_hh

    def before(self, gate: str, t: int) -> np.ndarray:
        """A state before step t."""
        return self.gates[gate][t - 1] if t else {"hidden": self.h, "cell": self.c}[gate]

    def at(self, t: int) -> tuple[np.ndarray, ...]:
        """All gates at a step, in the order in which they were noted."""
        return tuple(rows[t] for rows in self.gates.values())


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), without overflow."""
    return 0.5 + 0.5 * np.tanh(0.5 * x)


# -------------------------------------------------------------------------------- LSTM (Hochreiter, Schmidhuber 1997)
def lstm(steps: Steps) -> None:
    """c_t = f c_(t-1) + i g, h_t = o tanh(c_t)."""
    h, c = steps.h, steps.c
    for given in steps.given:
        i, f, g, o = np.split(given + steps.recalled(h), 4)
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        c = f * c + i * g
        h = o * np.tanh(c)
        steps.note(input=i, forget=f, candidate=g, output=o, cell=c, hidden=h)


def lstm_back(steps: Steps) -> tuple[list[np.ndarray], ...]:
    """The gradients in h_t and in c_t, last first."""
    dh, dc = np.ones(steps.weights.size), np.zeros(steps.weights.size)
    hidden, cell = [], []
    for t in reversed(range(len(steps.given))):
        i, f, g, o, c, _ = steps.at(t)
        squashed = np.tanh(c)
        dc = dc + dh * o * (1 - squashed**2)
        hidden.append(dh)
        cell.append(dc)
        inner = dc * g * i * (1 - i), dc * steps.before("cell", t) * f * (1 - f), dc * i * (1 - g**2)
        dh = steps.weights.w_hh.T @ np.concatenate([*inner, dh * squashed * o * (1 - o)])
        dc = dc * f
    return hidden, cell


# ------------------------------------------------------------------------------------------------ GRU (Cho et al. 2014)
def gru(steps: Steps) -> None:
    """n = tanh(W x + r U h_(t-1)), h_t = (1 - z) n + z h_(t-1); the biases as in PyTorch."""
    h = steps.h
    for given in steps.given:
        (r, z, n), (hr, hz, hn) = np.split(given, 3), np.split(steps.recalled(h), 3)
        r, z = sigmoid(r + hr), sigmoid(z + hz)
        n = np.tanh(n + r * hn)
        h = (1 - z) * n + z * h
        steps.note(reset=r, update=z, candidate=n, hidden=h)


def gru_back(steps: Steps) -> tuple[list[np.ndarray], ...]:
    """The gradients in h_t, last first."""
    dh, hidden = np.ones(steps.weights.size), []
    for t in reversed(range(len(steps.given))):
        hidden.append(dh)
        (r, z, n, _), before = steps.at(t), steps.before("hidden", t)
        dn = dh * (1 - z) * (1 - n**2)
        dr = dn * np.split(steps.recalled(before), 3)[2] * r * (1 - r)
        dz = dh * (before - n) * z * (1 - z)
        dh = dh * z + steps.weights.w_hh.T @ np.concatenate([dr, dz, dn * r])
    return (hidden,)


# ---------------------------------------------------------------------------------------------------- RNN (Elman 1990)
def rnn(act: Callable[[np.ndarray], np.ndarray], steps: Steps) -> None:
    """h_t = act(W x + U h_(t-1))."""
    h = steps.h
    for given in steps.given:
        h = act(given + steps.recalled(h))
        steps.note(hidden=h)


def rnn_back(slope: Callable[[np.ndarray], np.ndarray], steps: Steps) -> tuple[list[np.ndarray], ...]:
    """The gradients in h_t, last first; `slope` is that of the activation, by its value."""
    dh, hidden = np.ones(steps.weights.size), []
    for t in reversed(range(len(steps.given))):
        hidden.append(dh)
        dh = steps.weights.w_hh.T @ (dh * slope(steps.gates["hidden"][t]))
    return (hidden,)


EQUATIONS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "LSTM": (lstm, lstm_back),
    "GRU": (gru, gru_back),
    "RNN": (lambda s: rnn(np.tanh, s), lambda s: rnn_back(lambda h: 1 - h**2, s)),
    "RNN relu": (lambda s: rnn(lambda a: np.maximum(a, 0), s), lambda s: rnn_back(lambda h: 1.0 * (h > 0), s)),
}
