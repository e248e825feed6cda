"""The Transformer (Vaswani et al. 2017): attention and a small network in turn, each beside a residual path."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..autograd import check_tensor, wrap
from ..ops import get_default_dtype
from . import functional as F
from . import init
from ._attention import MultiheadAttention
from ._containers import ModuleList
from ._dropout import Dropout
from ._linear import Linear
from ._module import Module
from ._norm import LayerNorm


def _activation(named: Any) -> Callable:
    """A function, or one of two by name."""
    if isinstance(named, str) and named not in ("relu", "gelu"):
        raise RuntimeError(f"activation should be relu/gelu, not {named}")
    return getattr(F, named) if isinstance(named, str) else named


class _Layer(Module):
    """What the layers of encoder and decoder share: a small network, and residual paths with their norms."""

    norm_first: bool
    activation: Callable

    def _residual(self, x: Any, norm: Module, branch: Callable) -> Any:
        """x beside what a branch makes of it; the norm stands before the branch, or after the sum."""
        return x + branch(norm(x)) if self.norm_first else norm(x + branch(x))

    def _look(self, attention: Module, dropout: Module, *memory: Any, **masks: Any) -> Callable:
        """A branch in which x looks at `memory`, or at itself."""
        return lambda x: dropout(attention(x, *(memory or (x, x)), need_weights=False, **masks)[0])

    def _feed_forward(self, dropout: Module) -> Callable:
        return lambda x: dropout(self.linear2(self.dropout(self.activation(self.linear1(x)))))

    def _network(self, d_model: int, wide: int, dropout: float, bias: bool, new: dict) -> None:
        self.linear1 = Linear(d_model, wide, bias=bias, **new)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(wide, d_model, bias=bias, **new)

    def _branches(self, count: int, d_model: int, eps: float, dropout: float, bias: bool, new: dict) -> None:
        """norm1, norm2, ... and dropout1, dropout2, ...: one of each for a branch, in PyTorch's order."""
        for i in range(1, count + 1):
            setattr(self, f"norm{i}", LayerNorm(d_model, eps=eps, bias=bias, **new))
        for i in range(1, count + 1):
            setattr(self, f"dropout{i}", Dropout(dropout))


class TransformerEncoderLayer(_Layer):
    """Attention to oneself, then a small network: (S, B, d_model) -> (S, B, d_model); B first with `batch_first`.

    Masks are as in `MultiheadAttention`; `norm_first` normalizes before each of the two instead of after.

    >>> import learnnn as torch
    >>> from learnnn import nn
    >>> nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)(torch.zeros(2, 5, 8)).shape
    (2, 5, 8)
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Any = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        new = {"device": device, "dtype": dtype}
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, **new)
        self._network(d_model, dim_feedforward, dropout, bias, new)
        self.norm_first = norm_first
        self._branches(2, d_model, layer_norm_eps, dropout, bias, new)
        self.activation = _activation(activation)

    def forward(self, src: Any, src_mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool = False) -> Any:
        look = self._look(self.self_attn, self.dropout1, attn_mask=src_mask, key_padding_mask=src_key_padding_mask)
        x = self._residual(src, self.norm1, look)
        return self._residual(x, self.norm2, self._feed_forward(self.dropout2))


class TransformerDecoderLayer(_Layer):
    """Attention to oneself, then to the encoder's output, then a small network.

    (T, B, d_model), memory (S, B, d_model) -> (T, B, d_model); B first with `batch_first`.
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Any = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        new = {"device": device, "dtype": dtype}
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, **new)
        self.multihead_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, **new)
        self._network(d_model, dim_feedforward, dropout, bias, new)
        self.norm_first = norm_first
        self._branches(3, d_model, layer_norm_eps, dropout, bias, new)
        self.activation = _activation(activation)

    def forward(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Any:
        own = {"attn_mask": tgt_mask, "key_padding_mask": tgt_key_padding_mask}
        other = {"attn_mask": memory_mask, "key_padding_mask": memory_key_padding_mask}
        x = self._residual(tgt, self.norm1, self._look(self.self_attn, self.dropout1, **own))
        look = self._look(self.multihead_attn, self.dropout2, memory, memory, **other)
        x = self._residual(x, self.norm2, look)
        return self._residual(x, self.norm3, self._feed_forward(self.dropout3))


def _copies(layer: Module, n: int) -> ModuleList:
    return ModuleList([copy.deepcopy(layer) for _ in range(n)])


class TransformerEncoder(Module):
    """`num_layers` copies of an encoder layer, one after the other, and a norm if one is given.

    >>> import learnnn as torch
    >>> from learnnn import nn
    >>> encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), num_layers=2)
    >>> encoder(torch.zeros(2, 5, 8)).shape
    (2, 5, 8)
    """

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ):
        super().__init__()
        self.layers, self.num_layers, self.norm = _copies(encoder_layer, num_layers), num_layers, norm

    def forward(self, src: Any, mask: Any = None, src_key_padding_mask: Any = None, is_causal: Any = None) -> Any:
        for layer in self.layers:
            src = layer(src, src_mask=mask, src_key_padding_mask=src_key_padding_mask)
        return src if self.norm is None else self.norm(src)


class TransformerDecoder(Module):
    """`num_layers` copies of a decoder layer, one after the other, and a norm if one is given."""

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None):
        super().__init__()
        self.layers, self.num_layers, self.norm = _copies(decoder_layer, num_layers), num_layers, norm

    def forward(self, tgt: Any, memory: Any, *masks: Any, **named: Any) -> Any:
        for layer in self.layers:
            tgt = layer(tgt, memory, *masks, **named)
        return tgt if self.norm is None else self.norm(tgt)


class Transformer(Module):
    """Encoder and decoder: (S, B, d_model), (T, B, d_model) -> (T, B, d_model); B first with `batch_first`.

    RuntimeError for batches or features that do not match.

    >>> import learnnn as torch
    >>> from learnnn import nn
    >>> model = nn.Transformer(8, 2, 1, 1, 16)
    >>> model(torch.zeros(5, 1, 8), torch.zeros(3, 1, 8)).shape
    (3, 1, 8)
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Any = F.relu,
        custom_encoder: Any = None,
        custom_decoder: Any = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        new = {"device": device, "dtype": dtype}
        layer = (d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias)

        def norm() -> LayerNorm:
            return LayerNorm(d_model, eps=layer_norm_eps, bias=bias, **new)

        self.encoder = custom_encoder or TransformerEncoder(
            TransformerEncoderLayer(*layer, **new), num_encoder_layers, norm()
        )
        self.decoder = custom_decoder or TransformerDecoder(
            TransformerDecoderLayer(*layer, **new), num_decoder_layers, norm()
        )
        self.d_model, self.nhead, self.batch_first = d_model, nhead, batch_first
        for parameter in self.parameters():
            if parameter.ndim > 1:
                init.xavier_uniform_(parameter)

    def forward(
        self,
        src: Any,
        tgt: Any,
        src_mask: Any = None,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        src_key_padding_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        src_is_causal: Any = None,
        tgt_is_causal: Any = None,
        memory_is_causal: bool = False,
    ) -> Any:
        batch = 0 if self.batch_first else 1
        check_tensor("Transformer", src)
        if min(src.ndim, tgt.ndim) < 2:
            raise IndexError(f"src and tgt have 2 or 3 axes, (steps, batch, d_model), got {src.ndim} and {tgt.ndim}")
        if src.ndim == 3 and src.shape[batch] != tgt.shape[batch]:
            raise RuntimeError(f"the batch number of src and tgt must be equal: {src.shape} and {tgt.shape}")
        if not src.shape[-1] == tgt.shape[-1] == self.d_model:
            raise RuntimeError(
                f"the feature number of src and tgt must be equal to d_model {self.d_model}: {src.shape}, {tgt.shape}"
            )
        memory = self.encoder(src, src_mask, src_key_padding_mask)
        return self.decoder(tgt, memory, tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask)

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: Any = None) -> Any:
        """The mask (sz, sz) that hides what comes later: -inf above the diagonal, 0 elsewhere."""
        return wrap(np.triu(np.full((sz, sz), -math.inf, dtype or get_default_dtype()), 1))
