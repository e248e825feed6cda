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
# A step turns x, the gates before their nonlinearity, (k, n, H), into the gates in place, and returns h', c' and what
# else the slopes need. These are computed for the whole sequence at once, (k, N, H). A step back multiplies them with
# the gradients of h' and c', which gives those of the gates, `d`, (k, n, H), and returns what reaches h on a direct
# way, and the gradient of c.
def _rnn_step(x: Any, h: Any, c: Any, u: Any, b: Any) -> tuple[Any, Any, Any]:
    x += h @ u
    np.tanh(x, out=x)
    return x[0].copy(), None, None  # x is needed on the way back, whatever becomes of the output


def _rnn_slopes(x: Any, h: Any, c: Any, kept: Any) -> tuple[Any, ...]:
    return (1 - x * x,)


def _relu_step(x: Any, h: Any, c: Any, u: Any, b: Any) -> tuple[Any, Any, Any]:
    x += h @ u
    np.maximum(x, 0, out=x)
    return x[0].copy(), None, None


def _relu_slopes(x: Any, h: Any, c: Any, kept: Any) -> tuple[Any, ...]:
    return ((x > 0).astype(x.dtype),)


def _rnn_back(dh: Any, dc: Any, d: Any, slope: Any) -> tuple[Any, Any]:
    np.multiply(slope, dh, out=d)
    return None, None


def _sigmoid(half: np.ndarray) -> None:
    """sigmoid(2 * half), in place: 1 / (1 + exp(-x)) is (1 + tanh(x / 2)) / 2, and never overflows so."""
    np.tanh(half, out=half)
    half *= 0.5
    half += 0.5


def _gru_step(x: Any, h: Any, c: Any, u: Any, b: Any) -> tuple[Any, Any, Any]:
    seen = h @ u  # (3, n, H)
    x[:2] += seen[:2]
    _sigmoid(x[:2])
    r, z, n = x
    m = seen[2] if b is None else seen[2] + b[2]
    n += r * m
    np.tanh(n, out=n)
    return n + z * (h - n), None, m


def _gru_slopes(x: Any, h: Any, c: Any, m: Any) -> tuple[Any, ...]:
    """Those of r, z and what n sees of h; of n; and z, the direct way."""
    r, z, n = x
    slope, of_n = np.empty_like(x), (1 - z) * (1 - n * n)
    np.multiply(of_n, r, out=slope[2])
    np.multiply(slope[2] * (1 - r), m, out=slope[0])
    np.multiply(z * (1 - z), h - n, out=slope[1])
    return slope, of_n, z


def _gru_back(dh: Any, dc: Any, d: Any, slope: Any, of_n: Any, z: Any) -> tuple[Any, Any]:
    np.multiply(slope, dh, out=d[:3])
    np.multiply(of_n, dh, out=d[3])
    return dh * z, None


def _lstm_step(x: Any, h: Any, c: Any, u: Any, b: Any) -> tuple[Any, Any, Any]:
    now = h @ u  # (n, H) @ (4, H, H) -> (4, n, H), in one piece, unlike x: that is faster
    now += x
    np.tanh(now, out=now)
    sigmoids = now[:3]
    sigmoids *= 0.5
    sigmoids += 0.5
    x[...] = now
    i, f, o, g = now
    c = f * c
    c += i * g
    t = np.tanh(c)
    return o * t, c, t


def _lstm_slopes(x: Any, h: Any, c: Any, t: Any) -> tuple[Any, ...]:
    """Those of i, f, g and o; of tanh(c'); and f, what passes from c' to c."""
    i, f, o, g = x
    slope, of_c = np.empty_like(x), o * (1 - t * t)
    np.multiply(i * (1 - i), g, out=slope[0])
    np.multiply(f * (1 - f), c, out=slope[1])
    np.multiply(1 - g * g, i, out=slope[2])
    np.multiply(o * (1 - o), t, out=slope[3])
    return slope, of_c, f


def _lstm_back(dh: Any, dc: Any, d: Any, slope: Any, of_c: Any, f: Any) -> tuple[Any, Any]:
    dc = dc + dh * of_c
    np.multiply(slope[:3], dc, out=d[:3])
    np.multiply(slope[3], dh, out=d[3])
    return None, dc * f


class _Kind(NamedTuple):
    """How a kind of network computes: its gates in the order of `step`, those with a sigmoid first."""

    order: list[int]
    sigmoids: int
    step: Callable
    slopes: Callable
    back: Callable

    def blocks(self, w: np.ndarray) -> np.ndarray:
        """(k H, F) -> (k, F, H): a matrix for each gate; half of it for a sigmoid, as `_sigmoid` wants."""
        blocks = np.ascontiguousarray(w.reshape(len(self.order), -1, w.shape[-1])[self.order].mT)
        blocks[: self.sigmoids] *= 0.5
        return blocks


_KINDS = {
    "RNN_TANH": _Kind([0], 0, _rnn_step, _rnn_slopes, _rnn_back),
    "RNN_RELU": _Kind([0], 0, _relu_step, _relu_slopes, _rnn_back),
    "GRU": _Kind([0, 1, 2], 2, _gru_step, _gru_slopes, _gru_back),  # r z n
    "LSTM": _Kind([0, 1, 3, 2], 3, _lstm_step, _lstm_slopes, _lstm_back),  # i f o g; i f g o in weights and gradients
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


def _of_weights(d: np.ndarray, data: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The gradients of weights (k H, F) and bias (k H,): products that sum over all moments at once."""
    return (d.mT @ data).reshape(-1, data.shape[1]), (np.ones(len(data), data.dtype) @ d).reshape(-1)


def _times(d: np.ndarray, blocks: np.ndarray) -> np.ndarray:
    """(k, n, H) @ (k, H, F), summed over the gates."""
    return np.add.reduce(d @ blocks)


@from_backward(plain=_recur_plain)
@np.errstate(all="ignore")
def _recur(data, h0, c0, w_ih, w_hh, b_ih, b_hh, mode, sizes, reverse, first):
    kind, spans, hidden = _KINDS[mode], _spans(sizes, reverse), h0.shape[1]
    x, b = _gates(kind, data, w_ih, b_ih, b_hh)
    u, h, c, steps = kind.blocks(w_hh), h0, c0, []
    for start, end in spans:
        before = h[: end - start], None if c is None else c[: end - start]
        out, cell, kept = kind.step(x[:, start:end], *before, u, b)
        steps.append((out, *before, kept))
        h, c = _over(out, h), None if c is None else _over(cell, c)
    output, *steps = [_joined(values, reverse) for values in zip(*steps, strict=True)]

    def backward(d_output: Any, dh: Any, dc: Any = None) -> tuple[Any, ...]:
        k, w_x, w_h = len(x), *(w.reshape(len(x), hidden, w.shape[1]) for w in (w_ih, w_hh))  # (k, H, F), (k, H, H)
        slopes = kind.slopes(x, *steps)
        # (k, N, H), over the slopes, each of which is used once; GRU has a fourth: what its n sees of x
        d = np.empty((k + 1, len(data), hidden), data.dtype) if mode == "GRU" else slopes[0]
        for start, end in reversed(spans):
            n, at = end - start, slice(start, end)
            now = [s[..., at, :] for s in slopes]
            direct, cell = kind.back(dh[:n] + d_output[at], None if dc is None else dc[:n], d[:, at], *now)
            through = _times(d[:k, at], w_h)
            dh = _over(through if direct is None else through + direct, dh)
            dc = None if dc is None else _over(cell, dc)
        dx = d[[0, 1, 3]] if mode == "GRU" else d
        (d_w_ih, d_b_ih), (d_w_hh, d_b_hh) = _of_weights(dx, data), _of_weights(d[:k], steps[0])
        return None if first else _times(dx, w_x), dh, dc, d_w_ih, d_w_hh, d_b_ih, d_b_hh

    return (output, h, c)[: 2 if c is None else 3], backward


def _joined(values: tuple[Any, ...], reverse: bool) -> Any:
    """What was found step by step as one array (N, H), in the order of the data."""
    return None if values[0] is None else np.concatenate(values[::-1] if reverse else values)


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
