"""From scores to the next token: temperature, top-k, top-p, and a draw that a page can repeat."""

from __future__ import annotations

import numpy as np

from .tokens import softmax


def tempered(logits: np.ndarray, temperature: float) -> np.ndarray:
    """softmax(logits / temperature); at temperature 0 all for the first of the largest.

    >>> tempered(np.array([0.0, 1.0]), 0).tolist()
    [0.0, 1.0]
    """
    if temperature == 0:
        return (np.arange(len(logits)) == logits.argmax()) * 1.0
    return softmax((logits - logits.max()) / temperature)


def ranked(logits: np.ndarray) -> np.ndarray:
    """The numbers of the tokens, the likeliest first; of equal ones the lower number."""
    return np.argsort(-logits, kind="stable")


def survivors(p: np.ndarray, ranks: np.ndarray, top_k: int | None, top_p: float | None) -> np.ndarray:
    """Which tokens may be drawn, a boolean each.

    top-k keeps the k likeliest (Fan et al. 2018). Of those, made to sum to 1, top-p keeps the smallest set of the
    likeliest whose sum reaches p (Holtzman et al. 2020).
    """
    ordered = p[ranks]
    if top_k is not None:
        ordered = np.where(np.arange(len(p)) < top_k, ordered, 0.0)
    alive = ordered > 0
    if top_p is not None and top_p < 1:
        before = np.cumsum(ordered / ordered.sum()) - ordered / ordered.sum()
        alive &= before < top_p
        alive[0] = True
    return alive[np.argsort(ranks)]


def next_token(
    logits: np.ndarray, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None
) -> np.ndarray:
    """The probabilities (V,) from which the next token is drawn: temperature first, then top-k, then top-p.

    >>> next_token(np.log([0.5, 0.3, 0.2]), top_k=2).round(3).tolist()
    [0.625, 0.375, 0.0]
    >>> next_token(np.log([0.5, 0.3, 0.2]), top_p=0.7).round(3).tolist()
    [0.625, 0.375, 0.0]
    """
    p = tempered(logits, temperature)
    kept = p * survivors(p, ranked(logits), top_k, top_p)
    return kept / kept.sum()


def uniform(seed: int, n: int) -> float:
    """The n-th random number of a seed, in [0, 1), the same in python and on a page.

    The bits of seed and n are mixed as at the end of MurmurHash3 (Appleby 2011).
    """
    return _mixed(_mixed(n + 0x9E3779B9) + seed) / 2**32


def _mixed(bits: int) -> int:
    bits &= 0xFFFFFFFF
    bits = (bits ^ bits >> 16) * 0x85EBCA6B & 0xFFFFFFFF
    bits = (bits ^ bits >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
    return bits ^ bits >> 16


def drawn(p: np.ndarray, u: float) -> int:
    """The token on which a number u in [0, 1) falls, where each has its probability's share of the way."""
    cumulated = np.cumsum(p)
    return int(np.searchsorted(cumulated, u * cumulated[-1], side="right"))
