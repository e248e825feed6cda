"""Recurrent networks: one step of each kind, and a whole sequence as one operation.

Letters: N time steps of all sequences together, B sequences, F features in, H features of the hidden state, k gates
(1, 3 for GRU, 4 for LSTM). A batch of sequences is *packed*: all rows of the first moment, then all of the second, and
so on; `sizes` says how many rows each moment has. Longer sequences come first, so the sizes never grow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .. import ops
from ..autograd import from_backward


# ------------------------------------------------------------------------------------------------- one step
def rnn_cell(x: Any, h: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None, act: str = "tanh") -> Any:
    """h' = tanh(W x + U h + b), or relu (Elman 1990): (..., F), (..., H) -> (..., H)."""
    return getattr(ops, act)(ops.linear(x, w_ih, b_ih) + ops.linear(h, w_hh, b_hh))


def gru_cell(x: Any, h: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None) -> Any:
    """h' = (1 - z) n + z h, with a gate r for what n sees of h (Cho et al. 2014): (..., F), (..., H) -> (..., H)."""
    xr, xz, xn = ops.chunk(ops.linear(x, w_ih, b_ih), 3, -1)
    hr, hz, hn = ops.chunk(ops.linear(h, w_hh, b_hh), 3, -1)
    z = ops.sigmoid(xz + hz)
    n = ops.tanh(xn + ops.sigmoid(xr + hr) * hn)
    return n + z * (h - n)


def lstm_cell(x: Any, h: Any, c: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None) -> tuple[Any, Any]:
    """c' = f c + i g and h' = o tanh(c') (Hochreiter and Schmidhuber 1997): x, h, c -> h', c'.

    >>> import learnnn
    >>> x, h = learnnn.ones(2, 3), learnnn.zeros(2, 4)
    >>> h, c = lstm_cell(x, h, h, learnnn.zeros(16, 3), learnnn.zeros(16, 4))
    >>> h.shape, c.shape
    ((2, 4), (2, 4))
    """
    i, f, g, o = ops.chunk(ops.linear(x, w_ih, b_ih) + ops.linear(h, w_hh, b_hh), 4, -1)
    c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
    return ops.sigmoid(o) * ops.tanh(c), c


# ----------------------------------------------------------------------------------------- a sequence, plainly
def _spans(sizes: Any, reverse: bool) -> list[tuple[int, int]]:
    """Where the rows of each moment begin and end, in the order in which they are read."""
    ends = np.cumsum(sizes).tolist()
    spans = list(zip([0, *ends], ends, strict=False))
    return spans[::-1] if reverse else spans


def _over(new: Any, old: Any) -> Any:
    """The state after a moment: the sequences that have ended keep theirs."""
    return new if len(new) == len(old) else ops.cat([new, old[len(new) :]])


def _recur_plain(data, h, c, w_ih, w_hh, b_ih, b_hh, mode, sizes, reverse, first):
    """The loop over time that `recur` replaces."""
    weights, outs = (w_ih, w_hh, b_ih, b_hh), {}
    for start, end in _spans(sizes, reverse):
        x, n = data[start:end], end - start
        if mode == "LSTM":
            out, cell = lstm_cell(x, h[:n], c[:n], *weights)
            c = _over(cell, c)
        elif mode == "GRU":
            out = gru_cell(x, h[:n], *weights)
        else:
            out = rnn_cell(x, h[:n], *weights, act=mode.removeprefix("RNN_").lower())
        h, outs[start] = _over(out, h), out
    output = ops.cat([outs[start] for start in sorted(outs)])
    return (output, h, c) if mode == "LSTM" else (output, h)


# ------------------------------------------------------------------------------ a sequence, with its own gradient
# A step turns x, the gates before their nonlinearity, into the gates in place, and returns h', c' and what else
# `back` needs. `back` writes the gradients of the gates, first as x sees them and then as h does, and returns
# what reaches h on a direct way, and the gradient of c.
def _rnn_step(x: Any, h: Any, c: Any, u: Any, b: Any) -> tuple[Any, Any, Any]:
    x += h @ u
    np.tanh(x, out=x)
    return x[0].copy(), None, None  # x is needed on the way back, whatever becomes of the output


def _rnn_back(x: Any, h: Any, c: Any, kept: Any, dh: Any, dc: Any, dx: Any, du: Any) -> tuple[Any, Any]:
    np.multiply(dh, 1 - x[0] * x[0], out=dx[:, 0])
    return 0.0, None


def _relu_step(x: Any, h: Any, c: Any, u: Any, b: Any) -> tuple[Any, Any, Any]:
    x += h @ u
    np.maximum(x, 0, out=x)
    return x[0].copy(), None, None


def _relu_back(x: Any, h: Any, c: Any, kept: Any, dh: Any, dc: Any, dx: Any, du: Any) -> tuple[Any, Any]:
    np.multiply(dh, x[0] > 0, out=dx[:, 0])
    return 0.0, None


def _sigmoid(half: np.ndarray) -> None:
    """sigmoid(2 * half), in place: 1 / (1 + exp(-x)) is (1 + tanh(x / 2)) / 2, and never overflows so."""
    np.tanh(half, out=half)
    half *= 0.5
    half += 0.5


def _gru_step(x: Any, h: Any, c: Any, u: Any, b: Any) -> tuple[Any, Any, Any]:
    seen = h @ u  # (3, n, H)
    x[:2] += seen[:2]
    _sigmoid(x[:2])
    m = seen[2] if b is None else seen[2] + b[2]
    x[2] += x[0] * m
    np.tanh(x[2], out=x[2])
    return x[2] + x[1] * (h - x[2]), None, m


def _gru_back(x: Any, h: Any, c: Any, m: Any, dh: Any, dc: Any, dx: Any, du: Any) -> tuple[Any, Any]:
    r, z, n = x
    direct = dh * z
    dn = (dh - direct) * (1 - n * n)
    np.multiply(dn * m, r * (1 - r), out=dx[:, 0])
    np.multiply(direct * (1 - z), h - n, out=dx[:, 1])
    dx[:, 2] = dn
    du[:, :2] = dx[:, :2]
    np.multiply(dn, r, out=du[:, 2])
    return direct, None


def _lstm_step(x: Any, h: Any, c: Any, u: Any, b: Any) -> tuple[Any, Any, Any]:
    x += h @ u  # (n, H) @ (4, H, H) -> (4, n, H)
    np.tanh(x, out=x)
    x[:3] *= 0.5
    x[:3] += 0.5
    i, f, o, g = x
    c = f * c + i * g
    t = np.tanh(c)
    return o * t, c, t


def _lstm_back(x: Any, h: Any, c: Any, t: Any, dh: Any, dc: Any, dx: Any, du: Any) -> tuple[Any, Any]:
    i, f, o, g = x
    slope = 1 - x[:3]
    slope *= x[:3]
    dc = dc + dh * o * (1 - t * t)
    np.multiply(slope[0], dc * g, out=dx[:, 0])
    np.multiply(slope[1], dc * c, out=dx[:, 1])
    np.multiply(dc * i, 1 - g * g, out=dx[:, 2])
    np.multiply(slope[2], dh * t, out=dx[:, 3])
    return 0.0, dc * f


class _Kind(NamedTuple):
    """How a kind of network computes: its gates in the order of `step`, those with a sigmoid first."""

    order: list[int]
    sigmoids: int
    step: Callable
    back: Callable

    def blocks(self, w: np.ndarray) -> np.ndarray:
        """(k H, F) -> (k, F, H): a matrix for each gate; half of it for a sigmoid, as `_sigmoid` wants."""
        blocks = np.ascontiguousarray(w.reshape(len(self.order), -1, w.shape[-1])[self.order].mT)
        blocks[: self.sigmoids] *= 0.5
        return blocks


_KINDS = {
    "RNN_TANH": _Kind([0], 0, _rnn_step, _rnn_back),
    "RNN_RELU": _Kind([0], 0, _relu_step, _relu_back),
    "GRU": _Kind([0, 1, 2], 2, _gru_step, _gru_back),  # r z n
    "LSTM": _Kind([0, 1, 3, 2], 3, _lstm_step, _lstm_back),  # i f o g; i f g o in the weights
}


def _gates(kind: _Kind, data: Any, w_ih: Any, b_ih: Any, b_hh: Any) -> tuple[np.ndarray, Any]:
    """What data and biases give to all gates at all moments, (k, N, H), in one product; and what is left of b_hh."""
    x = data @ kind.blocks(w_ih)
    if b_ih is not None:
        b_ih, b_hh = (kind.blocks(b[:, None]) for b in (b_ih, b_hh))  # (k, 1, H)
        early = 2 if kind.step is _gru_step else len(x)  # in GRU's n the bias of h waits for the gate r
        b_ih[:early] += b_hh[:early]
        x += b_ih
    return x, b_hh


def _of_weights(dx: np.ndarray, du: np.ndarray, data: np.ndarray, earlier: np.ndarray) -> tuple[np.ndarray, ...]:
    """The gradients of weights and biases: products that sum over all moments at once."""
    ones = np.ones(len(data), data.dtype)
    return dx.T @ data, du.T @ earlier, ones @ dx, ones @ du


@from_backward(plain=_recur_plain)
@np.errstate(all="ignore")
def _recur(data, h0, c0, w_ih, w_hh, b_ih, b_hh, mode, sizes, reverse, first):
    kind, (hidden, k) = _KINDS[mode], (h0.shape[1], w_hh.shape[0] // w_hh.shape[1])
    x, b = _gates(kind, data, w_ih, b_ih, b_hh)
    u, h, c, steps = kind.blocks(w_hh), h0, c0, []
    output = np.empty((len(data), hidden), data.dtype)
    for start, end in _spans(sizes, reverse):
        n = end - start
        before = h[:n], None if c is None else c[:n]
        out, cell, kept = kind.step(x[:, start:end], *before, u, b)
        steps.append((start, end, *before, kept))
        output[start:end] = out
        h, c = _over(out, h), None if c is None else _over(cell, c)

    def backward(d_output: Any, dh: Any, dc: Any = None) -> tuple[Any, ...]:
        dx = np.empty((len(data), k, hidden), data.dtype)
        du = np.empty_like(dx) if mode == "GRU" else dx
        earlier = np.empty((len(data), hidden), data.dtype)  # h before each moment
        for start, end, h, c, kept in reversed(steps):
            n, at = end - start, slice(start, end)
            g = dh[:n] + d_output[at]
            direct, cell = kind.back(x[:, at], h, c, kept, g, None if dc is None else dc[:n], dx[at], du[at])
            dh = _over(du[at].reshape(n, -1) @ w_hh + direct, dh)
            dc = None if dc is None else _over(cell, dc)
            earlier[at] = h
        dx, du = dx.reshape(len(data), -1), du.reshape(len(data), -1)  # (N, k H)
        return None if first else dx @ w_ih, dh, dc, *_of_weights(dx, du, data, earlier)

    return (output, h, c)[: 2 if c is None else 3], backward


def recur(
    data: Any, h0: Any, c0: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any, mode: str, sizes: Any, reverse: Any = False
) -> tuple[Any, ...]:
    """One layer over packed sequences: data (N, F), h0 and c0 (B, H) -> output (N, H), h_n (B, H), for LSTM also c_n.

    `mode` is RNN_TANH, RNN_RELU, GRU or LSTM; c0 is for LSTM only, biases may be None; `reverse` reads from the end.

    >>> import learnnn
    >>> w, u, h = learnnn.zeros(4, 3), learnnn.zeros(4, 4), learnnn.ones(2, 4)
    >>> output, h_n = recur(learnnn.ones(5, 3), h, None, w, u, None, None, "RNN_TANH", [2, 2, 1])
    >>> output.shape, h_n.shape
    ((5, 4), (2, 4))
    """
    first = not getattr(data, "requires_grad", False)  # whose gradient would be computed for nothing
    return _recur(data, h0, c0, w_ih, w_hh, b_ih, b_hh, mode=mode, sizes=sizes, reverse=reverse, first=first)
