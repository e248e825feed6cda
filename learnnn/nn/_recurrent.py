"""Recurrent layers over whole sequences, and their cells for one step."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from .. import ops
from ..autograd import check_tensor, wrap
from ..creation import empty
from ..tensor import Tensor
from . import functional as F
from . import init
from ._module import Module
from .parameter import Parameter
from .utils.rnn import PackedSequence


def _begin(module: Module, hidden_size: int) -> None:
    """Weights and biases evenly within 1 / sqrt(hidden_size), as in PyTorch."""
    bound = 1 / math.sqrt(hidden_size) if hidden_size else 0
    for parameter in module.parameters():
        init.uniform_(parameter, -bound, bound)


class RNNBase(Module):
    """What RNN, GRU and LSTM share: layers, directions, packed sequences. `mode` says which step they take.

    The parameters of layer l are weight_ih_l (k H, F), weight_hh_l (k H, H), bias_ih_l and bias_hh_l (k H,), and the
    same with _reverse for the way back.
    """

    states = 1  # LSTM has two: h and c

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        self.mode, self.input_size, self.hidden_size, self.num_layers = mode, input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout = bias, batch_first, dropout
        self.bidirectional, self.proj_size = bidirectional, proj_size
        self._check_settings()
        gates = {"LSTM": 4, "GRU": 3}.get(mode, 1) * hidden_size
        for layer, suffix in self._passes():
            size = input_size if layer == 0 else hidden_size * (1 + bidirectional)
            shapes = {"weight_ih": (gates, size), "weight_hh": (gates, hidden_size)}
            for name, shape in (shapes | ({"bias_ih": (gates,), "bias_hh": (gates,)} if bias else {})).items():
                setattr(self, name + suffix, Parameter(empty(*shape, dtype=dtype, device=device)))
        self.reset_parameters()

    def _check_settings(self) -> None:
        if not isinstance(self.hidden_size, int):
            raise TypeError(f"hidden_size should be of type int, got: {type(self.hidden_size).__name__}")
        if self.hidden_size <= 0 or self.num_layers <= 0:
            raise ValueError(
                f"hidden_size and num_layers must be greater than zero, got {self.hidden_size} and {self.num_layers}"
            )
        if isinstance(self.dropout, bool) or not 0 <= self.dropout <= 1:
            raise ValueError(
                "dropout should be a number in range [0, 1] representing the probability of an element being zeroed"
            )
        if self.proj_size:
            raise ValueError("proj_size is not supported: put an nn.Linear after the layer to make its output smaller")
        if self.dropout and self.num_layers == 1:
            warnings.warn(
                "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects "
                f"num_layers greater than 1, but got dropout={self.dropout} and num_layers=1",
                stacklevel=4,
            )

    def _passes(self) -> list[tuple[int, str]]:
        """(layer, ending of its parameters' names), in the order in which they run."""
        ways = ("", "_reverse") if self.bidirectional else ("",)
        return [(layer, f"_l{layer}{way}") for layer in range(self.num_layers) for way in ways]

    def _weights(self, suffix: str) -> list[Any]:
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        return [getattr(self, name + suffix) if self.bias or name[0] == "w" else None for name in names]

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters, one list for each layer and direction."""
        return [[w for w in self._weights(suffix) if w is not None] for _, suffix in self._passes()]

    def reset_parameters(self) -> None:
        """New random values."""
        _begin(self, self.hidden_size)

    def flatten_parameters(self) -> None:
        """Does nothing: the weights need no special place in memory."""

    def forward(self, input: Any, hx: Any = None) -> Any:
        if isinstance(input, PackedSequence):
            output, states = self._run(input.data, input.batch_sizes.array, self._given(hx, input))
            states = [_ordered(s, input.unsorted_indices) for s in states]
            return PackedSequence(output, *input[1:]), self._returned(states)
        self._check_input(input)
        batched = input.ndim == 3
        x = (ops.transpose(input, 0, 1) if self.batch_first else input) if batched else ops.unsqueeze(input, 1)
        steps, batch, _ = x.shape  # (T, B, F)
        given = self._states(hx, batch, batched, input.dtype)
        output, states = self._run(ops.reshape(x, (steps * batch, -1)), [batch] * steps, given)
        output = ops.reshape(output, (steps, batch, -1))
        if not batched:
            return ops.squeeze(output, 1), self._returned([ops.squeeze(s, 1) for s in states])
        return ops.transpose(output, 0, 1) if self.batch_first else output, self._returned(states)

    def _run(self, x: Any, sizes: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        """All layers over packed rows (N, F), from states (layers * directions, B, H)."""
        ends, outs, passes = [], [], self._passes()
        for i, (layer, suffix) in enumerate(passes):
            w_ih, w_hh, b_ih, b_hh = self._weights(suffix)
            h, c = [s[i] for s in states] + [None] * (2 - self.states)
            back = suffix.endswith("_reverse")
            out, *end = ops.recur(x, h, c, w_ih, w_hh, b_ih, b_hh, self.mode, sizes, back)
            outs.append(out)
            ends.append(end)
            if i + 1 == len(passes) or passes[i + 1][0] > layer:  # the layer is done, in all its directions
                x, outs = ops.cat(outs, 1) if len(outs) > 1 else outs[0], []
                x = F.dropout(x, self.dropout, self.training) if layer + 1 < self.num_layers else x
        return x, [ops.stack(list(state)) for state in zip(*ends, strict=True)]

    def _returned(self, states: list[Any]) -> Any:
        return tuple(states) if self.states > 1 else states[0]

    def _given(self, hx: Any, input: PackedSequence) -> list[Any]:
        self._check_rows(input.data)
        states = self._states(hx, int(input.batch_sizes[0]), True, input.data.dtype)
        return [_ordered(s, input.sorted_indices) for s in states] if hx is not None else states

    def _states(self, hx: Any, batch: int, batched: bool, dtype: Any) -> list[Any]:
        """The first states (layers * directions, B, H): those given, or zeros. RuntimeError for another shape."""
        shape = (self.num_layers * (1 + self.bidirectional), batch, self.hidden_size)
        if hx is None:
            return [wrap(np.zeros(shape, dtype))] * self.states
        given = list(hx) if self.states > 1 else [hx]
        wanted = shape if batched else (shape[0], shape[2])
        for i, state in enumerate(given):
            if tuple(state.shape) != wanted:
                which = f"hidden[{i}]" if self.states > 1 else "hidden"
                raise RuntimeError(
                    f"Expected {which} size {wanted}, got {list(state.shape)}: {self._label()} keeps a state for each "
                    "of its layers and directions" + (", then for each sequence of the batch" if batched else "")
                )
        return given if batched else [ops.unsqueeze(s, 1) for s in given]

    def _check_input(self, input: Any) -> None:
        if not isinstance(input, Tensor):
            raise TypeError(f"{self._label()} takes a Tensor or a PackedSequence, got {type(input).__name__}")
        if input.ndim not in (2, 3):
            raise ValueError(
                f"{type(self).__name__}: Expected input to be 2D or 3D, got {input.ndim}D instead: it is (steps, "
                "features), or with a batch (steps, batch, features), or (batch, steps, features) for batch_first=True"
            )
        if not input.shape[int(self.batch_first and input.ndim == 3)]:
            raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
        self._check_rows(input)

    def _check_rows(self, input: Tensor) -> None:
        weight = self._weights(self._passes()[0][1])[0]
        if input.dtype != weight.dtype:
            raise ValueError(
                f"RNN input dtype ({input.dtype}) does not match weight dtype ({weight.dtype}). Convert input: "
                f"input.to(torch.{weight.dtype})"
            )
        if input.shape[-1] != self.input_size:
            raise RuntimeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got {input.shape[-1]}: the "
                f"input of {self._label()} is {tuple(input.shape)}"
            )

    def extra_repr(self) -> str:
        shown = {"num_layers": 1, "bias": True, "batch_first": False, "dropout": 0, "bidirectional": False}
        extra = [f"{name}={getattr(self, name)}" for name, usual in shown.items() if getattr(self, name) != usual]
        return ", ".join([f"{self.input_size}, {self.hidden_size}", *extra])


def _ordered(state: Any, order: Any) -> Any:
    return state if order is None else state[:, order]


class RNN(RNNBase):
    """Elman's network: h_t = tanh(W x_t + U h_(t-1) + b), or relu with `nonlinearity="relu"` (Elman 1990).

    (T, B, input_size), h_0 (layers * directions, B, hidden_size) -> (T, B, directions * hidden_size), h_n. With
    `batch_first` B comes before T in input and output; one sequence may come without B; packed sequences come out
    packed. `dropout` acts between layers. ValueError for another number of axes or dtype, RuntimeError for other sizes.

    >>> import learnnn as torch
    >>> from learnnn import nn
    >>> output, h_n = nn.RNN(3, 4, num_layers=2)(torch.zeros(5, 1, 3))
    >>> output.shape, h_n.shape
    ((5, 1, 4), (2, 1, 4))
    """

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, nonlinearity: str = "tanh", *args: Any, **kw: Any
    ):
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        self.nonlinearity = nonlinearity
        super().__init__(f"RNN_{nonlinearity.upper()}", input_size, hidden_size, num_layers, *args, **kw)


class GRU(RNNBase):
    """Gated recurrent units: h_t = (1 - z) n + z h_(t-1) (Cho et al. 2014). Shapes and errors as for `RNN`.

    >>> import learnnn as torch
    >>> from learnnn import nn
    >>> output, h_n = nn.GRU(3, 4, batch_first=True, bidirectional=True)(torch.zeros(2, 5, 3))
    >>> output.shape, h_n.shape
    ((2, 5, 8), (2, 2, 4))
    """

    def __init__(self, input_size: int, hidden_size: int, *args: Any, **kwargs: Any):
        if "proj_size" in kwargs:
            raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")
        super().__init__("GRU", input_size, hidden_size, *args, **kwargs)


class LSTM(RNNBase):
    """Long short-term memory: c_t = f c_(t-1) + i g, h_t = o tanh(c_t) (Hochreiter and Schmidhuber 1997).

    Input, (h_0, c_0) -> output, (h_n, c_n); shapes and errors as for `RNN`.

    >>> import learnnn as torch
    >>> from learnnn import nn
    >>> output, (h_n, c_n) = nn.LSTM(3, 4)(torch.zeros(5, 1, 3))
    >>> output.shape, c_n.shape
    ((5, 1, 4), (1, 1, 4))
    """

    states = 2

    def __init__(self, input_size: int, hidden_size: int, *args: Any, **kwargs: Any):
        super().__init__("LSTM", input_size, hidden_size, *args, **kwargs)


class RNNCellBase(Module):
    """What the cells share: one step of the layer of the same name, with weight_ih, weight_hh, bias_ih, bias_hh."""

    gates = 1
    bias_ih: Any
    bias_hh: Any

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None):
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        rows = self.gates * hidden_size
        self.weight_ih = Parameter(empty(rows, input_size, dtype=dtype, device=device))
        self.weight_hh = Parameter(empty(rows, hidden_size, dtype=dtype, device=device))
        for name in ("bias_ih", "bias_hh"):
            self.register_parameter(name, Parameter(empty(rows, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """New random values."""
        _begin(self, self.hidden_size)

    def _weights(self) -> tuple[Any, ...]:
        return self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh

    def _state(self, input: Any, hx: Any) -> Any:
        """The state to begin with, zeros if none is given; ValueError or RuntimeError for what does not fit."""
        name = type(self).__name__
        check_tensor(name, input)
        if input.ndim not in (1, 2):
            raise ValueError(f"{name}: Expected input to be 1D or 2D, got {input.ndim}D instead")
        if input.shape[-1] != self.input_size:
            raise RuntimeError(
                f"{self._label()} expects {self.input_size} features, got {input.shape[-1]}: the input is {input.shape}"
            )
        if hx is None:
            return wrap(np.zeros((*input.shape[:-1], self.hidden_size), input.dtype))
        if hx.ndim not in (1, 2):
            raise ValueError(f"{name}: Expected hidden to be 1D or 2D, got {hx.ndim}D instead")
        if hx.shape != (*input.shape[:-1], self.hidden_size):
            raise RuntimeError(
                f"{self._label()}: the state is {tuple(hx.shape)}, it should be {(*input.shape[:-1], self.hidden_size)}"
            )
        return hx

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias else ", bias=False")


class RNNCell(RNNCellBase):
    """One step of `RNN`: (B, input_size), h (B, hidden_size) -> h' (B, hidden_size); B may be absent.

    >>> import learnnn as torch
    >>> from learnnn import nn
    >>> nn.RNNCell(3, 4)(torch.zeros(2, 3)).shape
    (2, 4)
    """

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh", **kwargs: Any):
        super().__init__(input_size, hidden_size, bias, **kwargs)
        self.nonlinearity = nonlinearity

    def forward(self, input: Any, hx: Any = None) -> Any:
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}; it is 'tanh' or 'relu'")
        w_ih, w_hh, b_ih, b_hh = self._weights()
        return ops.rnn_cell(input, self._state(input, hx), w_ih, w_hh, b_ih, b_hh, self.nonlinearity)

    def extra_repr(self) -> str:
        return super().extra_repr() + ("" if self.nonlinearity == "tanh" else f", nonlinearity={self.nonlinearity}")


class GRUCell(RNNCellBase):
    """One step of `GRU`: (B, input_size), h (B, hidden_size) -> h' (B, hidden_size); B may be absent."""

    gates = 3

    def forward(self, input: Any, hx: Any = None) -> Any:
        return ops.gru_cell(input, self._state(input, hx), *self._weights())


class LSTMCell(RNNCellBase):
    """One step of `LSTM`: (B, input_size), (h, c) each (B, hidden_size) -> (h', c'); B may be absent."""

    gates = 4

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        h, c = (None, None) if hx is None else hx
        return ops.lstm_cell(input, self._state(input, h), self._state(input, c), *self._weights())
