"""Attention with several heads."""

from __future__ import annotations

import math
from typing import Any, NoReturn

import numpy as np

from .. import ops
from ..autograd import check_tensor, wrap
from ..creation import empty, zeros
from . import functional as F
from . import init
from ._linear import Linear
from ._module import Module
from .parameter import Parameter


class NonDynamicallyQuantizableLinear(Linear):
    """A Linear under the name that PyTorch gives to the last layer of attention."""


class MultiheadAttention(Module):
    """Queries look at keys in `num_heads` ways at once, and the values they find are joined (Vaswani et al. 2017).

    query (L, B, E), key (S, B, kdim), value (S, B, vdim) -> output (L, B, E), weights (B, L, S); B comes first with
    `batch_first`, and may be absent. `key_padding_mask` (B, S) and `attn_mask` (L, S) or (B * num_heads, L, S) are True
    where nobody may look, or floats that are added to the scores. The weights are averaged over the heads unless
    `average_attn_weights` is False, and None unless `need_weights`. AssertionError for sizes that do not fit.

    >>> import learnnn as torch
    >>> from learnnn import nn
    >>> x = torch.zeros(2, 5, 8)
    >>> output, weights = nn.MultiheadAttention(8, 2, batch_first=True)(x, x, x)
    >>> output.shape, weights.shape
    ((2, 5, 8), (2, 5, 5))
    """

    bias_k: Any
    bias_v: Any
    in_proj_weight: Any
    in_proj_bias: Any

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ):
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(
                f"embed_dim and num_heads must be greater than 0, got embed_dim={embed_dim} and num_heads={num_heads}"
            )
        super().__init__()
        self.embed_dim, self.num_heads, self.dropout, self.batch_first = embed_dim, num_heads, dropout, batch_first
        self.kdim, self.vdim = kdim or embed_dim, vdim or embed_dim
        self.head_dim, self.add_zero_attn = embed_dim // num_heads, add_zero_attn
        if self.head_dim * num_heads != embed_dim:
            raise AssertionError(f"embed_dim must be divisible by num_heads, got {embed_dim} and {num_heads}")
        for name, shape in self._shapes(bias, add_bias_kv).items():
            new = None if shape is None else Parameter(empty(*shape, dtype=dtype, device=device))
            self.register_parameter(name, new)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias, device, dtype)
        self._reset_parameters()

    def _shapes(self, bias: bool, add_bias_kv: bool) -> dict[str, tuple[int, ...] | None]:
        """The parameters in PyTorch's order: one weight for q, k and v together, or three where their sizes differ."""
        e, apart = self.embed_dim, not self.kdim == self.vdim == self.embed_dim
        return {
            "q_proj_weight": (e, e) if apart else None,
            "k_proj_weight": (e, self.kdim) if apart else None,
            "v_proj_weight": (e, self.vdim) if apart else None,
            "in_proj_weight": None if apart else (3 * e, e),
            "in_proj_bias": (3 * e,) if bias else None,
            "bias_k": (1, 1, e) if add_bias_kv else None,
            "bias_v": (1, 1, e) if add_bias_kv else None,
        }

    def _reset_parameters(self) -> None:
        for name, parameter in self._parameters.items():
            if parameter is not None and name.endswith("weight"):
                init.xavier_uniform_(parameter)
            elif parameter is not None:
                (init.xavier_normal_ if name.startswith("bias") else init.zeros_)(parameter)
        if self.out_proj.bias is not None:
            init.zeros_(self.out_proj.bias)

    def forward(
        self,
        query: Any,
        key: Any,
        value: Any,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Any, Any]:
        if is_causal and attn_mask is None:
            raise RuntimeError(
                "Need attn_mask if specifying the is_causal hint: nn.Transformer.generate_square_subsequent_mask(L)"
            )
        check_tensor("MultiheadAttention", query)
        batched = query.ndim == 3
        if not batched and query.ndim != 2:
            raise AssertionError(f"query should be unbatched 2D or batched 3D tensor but received {query.ndim}-D")
        first = [_batch_first(x, batched, self.batch_first) for x in (query, key, value)]  # (B, L, E), (B, S, ...)
        self._check_shapes(*first)
        padding = key_padding_mask if batched or key_padding_mask is None else ops.unsqueeze(key_padding_mask, 0)
        q, k, v = self._extended(*[F.linear(x, w, b) for x, (w, b) in zip(first, self._projections(), strict=True)])
        out, weights = self._attend(q, k, v, self._mask(attn_mask, padding, q, k), need_weights)
        if weights is not None and average_attn_weights:
            weights = ops.mean(weights, 1)
        if not batched:
            return ops.squeeze(out, 0), None if weights is None else ops.squeeze(weights, 0)
        return out if self.batch_first else ops.transpose(out, 0, 1), weights

    def _projections(self) -> list[tuple[Any, Any]]:
        """(weight, bias) of queries, keys and values."""
        if self.in_proj_weight is not None:
            weights = ops.chunk(self.in_proj_weight, 3)
        else:
            weights = (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight)
        biases = [None] * 3 if self.in_proj_bias is None else ops.chunk(self.in_proj_bias, 3)
        return list(zip(weights, biases, strict=True))

    def _extended(self, q: Any, k: Any, v: Any) -> tuple[Any, Any, Any]:
        """With the learned key and value, and with the zeros, that everyone may look at too."""
        shape = (len(k), 1, self.embed_dim)
        if self.bias_k is not None:
            k, v = ops.cat([k, ops.expand(self.bias_k, shape)], 1), ops.cat([v, ops.expand(self.bias_v, shape)], 1)
        if self.add_zero_attn:
            nothing = zeros(*shape, dtype=k.dtype)
            k, v = ops.cat([k, nothing], 1), ops.cat([v, nothing], 1)
        return q, k, v

    def _attend(self, q: Any, k: Any, v: Any, mask: Any, need_weights: bool) -> tuple[Any, Any]:
        q, k, v = (self._heads(x) for x in (q, k, v))  # (B, heads, L or S, d)
        dropout = self.dropout if self.training else 0.0
        if need_weights:
            scores = ops.matmul(q * (1 / math.sqrt(self.head_dim)), ops.transpose(k, -2, -1))
            weights = F.dropout(ops.softmax(scores if mask is None else scores + mask, -1), dropout)
            out = ops.matmul(weights, v)
        else:
            out, weights = F.scaled_dot_product_attention(q, k, v, mask, dropout), None
        joined = ops.reshape(ops.transpose(out, 1, 2), (len(q), -1, self.embed_dim))  # (B, L, E)
        return self.out_proj(joined), weights

    def _heads(self, x: Any) -> Any:
        return ops.transpose(ops.reshape(x, (*x.shape[:2], self.num_heads, self.head_dim)), 1, 2)

    def _mask(self, attn_mask: Any, padding: Any, q: Any, k: Any) -> Any:
        """Both masks as one that is added to the scores (B, heads, L, S); None if there is none."""
        (batch, length, _), steps = q.shape, k.shape[1]
        extra = (self.bias_k is not None) + self.add_zero_attn
        total = None
        if attn_mask is not None:
            shape = tuple(attn_mask.shape)
            wanted = (length, steps - extra) if len(shape) == 2 else (batch * self.num_heads, length, steps - extra)
            if shape != wanted:
                raise RuntimeError(f"The shape of the {len(shape)}D attn_mask is {shape}, but should be {wanted}.")
            total = _open_ended(_additive(attn_mask, q.dtype, "attn_mask"), extra)
            if len(shape) == 3:
                total = ops.reshape(total, (batch, self.num_heads, length, steps))
        if padding is not None:
            if tuple(padding.shape) != (batch, steps - extra):
                raise AssertionError(
                    f"expecting key_padding_mask shape of {(batch, steps - extra)}, but got {tuple(padding.shape)}"
                )
            added = _open_ended(_additive(padding, q.dtype, "key_padding_mask"), extra)
            added = ops.reshape(added, (batch, 1, 1, steps))
            total = added if total is None else total + added
        return total

    def _check_shapes(self, query: Any, key: Any, value: Any) -> None:
        if query.shape[-1] != self.embed_dim:
            _unexpected(self, "query", self.embed_dim, query)
        if key.shape[:2] != value.shape[:2]:
            raise AssertionError(
                f"key's sequence and batch dims {key.shape[:2]} do not match value's {value.shape[:2]}"
            )
        for name, x, size in (("key", key, self.kdim), ("value", value, self.vdim)):
            if x.shape[-1] != size:
                _unexpected(self, name, size, x)
        if len(key) != len(query):
            raise RuntimeError(f"the batch of {len(query)} queries does not match the batch of {len(key)} keys")


def _unexpected(layer: Module, name: str, size: int, x: Any) -> NoReturn:
    raise AssertionError(
        f"was expecting embedding dimension of {size}, but got {x.shape[-1]}: the {name} of {layer._label()}"
    )


def _batch_first(x: Any, batched: bool, batch_first: bool) -> Any:
    if x.ndim != 2 + batched:
        raise AssertionError(
            f"For {'batched (3-D)' if batched else 'unbatched (2-D)'} `query`, expected `key` and `value` to be "
            f"{2 + batched}-D but found a {x.ndim}-D tensor"
        )
    if not batched:
        return ops.unsqueeze(x, 0)
    return x if batch_first else ops.transpose(x, 0, 1)


def _additive(mask: Any, dtype: Any, name: str) -> Any:
    """-inf where a boolean mask is True, 0 elsewhere; a mask of floats as it is."""
    if mask.dtype == bool:
        return wrap(np.where(mask.array, np.asarray(-math.inf, dtype), np.asarray(0, dtype)))
    if mask.dtype.kind != "f":
        raise RuntimeError(f"only bool and floating types of {name} are supported, got {mask.dtype}")
    return mask


def _open_ended(mask: Any, extra: int) -> Any:
    """For the keys added at the end, which nobody is kept from."""
    return ops.cat([mask, zeros(*mask.shape[:-1], extra, dtype=mask.dtype)], -1) if extra else mask
