"""Attention: every query looks at all keys, and takes the mean of their values, weighed by how well they match."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import ops
from ..autograd import Variable, from_backward


def _attention_plain(query: Any, key: Any, value: Any, mask: Any, keep: Any, scale: float) -> Any:
    scores = ops.matmul(query * scale, ops.transpose(key, -2, -1))  # (..., L, S)
    scores = scores if mask is None else scores + mask
    known = scores.array if isinstance(scores, Variable) else scores
    blind = np.isneginf(known).all(-1, keepdims=True)  # a query that may look at nothing gets 0, not nan
    p = ops.where(blind, 0.0, ops.softmax(ops.where(blind, 0.0, scores), -1))
    return ops.matmul(p if keep is None else p * keep, value)


@from_backward(plain=_attention_plain)
@np.errstate(all="ignore")
def _attention(query, key, value, mask, keep, scale):
    query = query * scale
    e = query @ key.mT  # (..., L, S)
    if mask is not None:
        e = np.add(e, mask, out=e if np.broadcast_shapes(e.shape, mask.shape) == e.shape else None)
    top = e.max(-1, keepdims=True, initial=-math.inf)
    e -= np.where(np.isneginf(top), 0, top)
    np.exp(e, out=e)  # softmax but for the sum, which the output is divided by: that is smaller
    total = e.sum(-1, keepdims=True)
    total[total == 0] = 1
    dropped = e if keep is None else e * keep
    out = dropped @ value  # (..., L, V)

    def backward(g: Any) -> tuple[Any, ...]:
        g = g / total
        ds = g @ value.mT
        if keep is not None:
            ds *= keep
        ds -= (g * (out / total)).sum(-1, keepdims=True)  # what softmax takes back: the mean of ds under p
        ds *= e
        dq = ds @ key
        dq *= scale
        return dq, ds.mT @ query, dropped.mT @ g, ds

    return out / total, backward


def scaled_dot_product_attention(
    query: Any, key: Any, value: Any, mask: Any = None, keep: Any = None, scale: float | None = None
) -> Any:
    """softmax(Q K^T * scale + mask) V (Vaswani et al. 2017): (..., L, E), (..., S, E), (..., S, V) -> (..., L, V).

    `mask` (..., L, S) is added to the scores: -inf where a query may not look, and one that may look nowhere gets 0.
    `keep` (..., L, S) multiplies the weights, as dropout does. The scale is 1 / sqrt(E) if not given.

    >>> import learnnn
    >>> q, v = learnnn.zeros(1, 2), learnnn.tensor([[2.0], [4.0]])
    >>> scaled_dot_product_attention(q, learnnn.ones(2, 2), v)
    tensor([[3.]])
    """
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    return _attention(query, key, value, mask, keep, scale)
