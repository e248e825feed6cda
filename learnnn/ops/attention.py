"""Attention: every query looks at all keys, and takes the mean of their values, weighed by how well they match."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import ops
from ..autograd import Variable, from_backward
from .linalg import ones


def _attention_plain(
    query: Any, key: Any, value: Any, mask: Any, keep: Any, scale: float, wants_mask: bool = True
) -> Any:
    scores = ops.matmul(query * scale, ops.transpose(key, -2, -1))  # (..., L, S)
    scores = scores if mask is None else scores + mask
    known = scores.array if isinstance(scores, Variable) else scores
    blind = np.isneginf(known).all(-1, keepdims=True)  # a query that may look at nothing gets 0, not nan
    p = ops.where(blind, 0.0, ops.softmax(ops.where(blind, 0.0, scores), -1))
    return ops.matmul(p if keep is None else p * keep, value)


# ---------------------------------------------------------------------------- piece by piece (Dao et al. 2022)
ROWS, SCORES = 32, 1 << 17  # a piece has this many queries, or more as long as it has at most so many scores
KEPT = 1 << 18  # up to so many weights are kept for backward, which computes more than that once more


@from_backward(quiet=True, plain=_attention_plain)
def _attention(query, key, value, mask, keep, scale, wants_mask=True):
    """Some queries at a time, so that the memory for the scores grows with L + S, not with L * S."""
    length, steps, batch = query.shape[-2], key.shape[-2], _batch(query, key, value, mask, keep)
    mask, keep = [None if x is None else _wide(x, (*x.shape[:-2], length, steps)) for x in (mask, keep)]
    query = _wide(query * scale, (*batch, *query.shape[-2:]))
    out = np.empty_like(query, shape=(*batch, length, value.shape[-1]))
    total = np.empty_like(query, shape=(*batch, length, 1))
    few, kept = math.prod(batch) * length * steps <= KEPT, []
    for rows, keys in _pieces(math.prod(batch), length, steps, mask):
        at = (..., rows, keys)
        p, total[..., rows, :], top = _softmax(_scores(query, key, mask, at))
        np.matmul(_times(p, keep, at), value[..., keys, :], out=out[..., rows, :])
        kept.append((at, top, p if few else None))
    out /= total
    d_mask = (*batch, length, steps) if wants_mask and mask is not None else None  # its shape

    def backward(g: Any) -> tuple[Any, ...]:
        dq, *others = _gradients(g / total, out, (query, key, value, mask, keep), kept, d_mask)
        dq *= scale
        return dq, *others

    return out, backward


def _gradients(g: Any, out: Any, given: tuple[Any, ...], kept: list[Any], mask_shape: Any) -> tuple[Any, ...]:
    """Of queries, keys, values and the mask. `g` is that of the output divided by `total`, as p is not."""
    query, key, value, mask, keep = given
    mean = ((g * out) @ ones(out.shape[-1], out.dtype))[..., None]  # (..., L, 1)
    dq, dk, dv = [np.zeros_like(x, shape=(*g.shape[:-2], *x.shape[-2:])) for x in (query, key, value)]
    d_mask = None if mask_shape is None else np.zeros(mask_shape, g.dtype)
    for at, top, p in kept:
        _, rows, keys = at
        if p is None:
            p = _scores(query, key, mask, at)
            p -= top
            np.exp(p, out=p)  # (..., n, s)
        ds = _times(g[..., rows, :] @ value[..., keys, :].mT, keep, at)  # of the weights
        ds -= mean[..., rows, :]  # softmax takes back the mean under the weights
        ds *= p  # now of the scores
        if d_mask is not None:
            d_mask[at] = ds
        np.matmul(ds, key[..., keys, :], out=dq[..., rows, :])
        _add_product(dk[..., keys, :], ds.mT, query[..., rows, :])
        _add_product(dv[..., keys, :], _times(p, keep, at).mT, g[..., rows, :])
    return dq, dk, dv, d_mask


def _pieces(batch: int, length: int, steps: int, mask: Any) -> Iterator[tuple[slice, slice]]:
    """Slices of the queries, and of the keys up to the last that one of these may see."""
    rows = max(ROWS, SCORES // max(batch * steps, 1))
    for i in range(0, length, rows):
        end = steps
        if mask is not None and rows < length:
            seen = (mask[..., i : i + rows, :] != -np.inf).any(tuple(range(mask.ndim - 1)))  # (S,)
            end = int((seen.nonzero()[0] + 1).max(initial=0))
        yield slice(i, i + rows), slice(0, end)


def _scores(query: Any, key: Any, mask: Any, at: tuple[Any, slice, slice]) -> Any:
    _, rows, keys = at
    e = query[..., rows, :] @ key[..., keys, :].mT  # (..., n, s)
    if mask is not None:
        e += mask[at]
    return e


def _softmax(e: Any) -> tuple[Any, Any, Any]:
    """p = exp(e - top), its sum, and top: (..., n, s) -> (..., n, s), (..., n, 1) and a number or (..., n, 1)."""
    top = e.max(initial=-np.inf)  # one for all rows: to find that of each row takes ten times as long
    p, total = _exp(e - top)
    if not total.min(initial=1) > np.finfo(e.dtype).eps:  # a row lies far below another, or sees nothing, or nan
        top = e.max(-1, keepdims=True, initial=-np.inf)
        top[np.isneginf(top)] = np.inf  # of a row that sees nothing: exp(-inf - inf) is 0
        p, total = _exp(e - top)
        total[total == 0] = 1
    return p, total, top


def _exp(e: Any) -> tuple[Any, Any]:
    """exp(e), in place, and its sum over the last axis, which stays."""
    np.exp(e, out=e)
    return e, (e @ ones(e.shape[-1], e.dtype))[..., None]


def _times(p: Any, keep: Any, at: tuple[Any, slice, slice]) -> Any:
    return p if keep is None else p * keep[at]


def _add_product(total: Any, a: Any, b: Any) -> None:
    """total += a @ b, with the product laid out in memory as the total is: that addition is several times faster."""
    total += np.matmul(a, b, out=np.empty_like(total))


def _wide(x: Any, shape: tuple[int, ...]) -> Any:
    return x if x.shape == shape else np.broadcast_to(x, shape)


def _batch(*arrays: Any) -> tuple[int, ...]:
    """All axes but the last two, broadcast."""
    shapes = [x.shape[:-2] for x in arrays if x is not None]
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise RuntimeError(
            f"The size of tensor a must match the size of tensor b, or one of the two be 1, at every axis before the "
            f"last two: queries, keys, values (and mask) have {' and '.join(str(list(s)) for s in shapes)} there"
        ) from None


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
    scale = 1 / math.sqrt(max(query.shape[-1], 1)) if scale is None else scale
    wants_mask = getattr(mask, "requires_grad", False)
    return _attention(query, key, value, mask, keep, scale, wants_mask=wants_mask)
