"""How far one distribution is from another."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ops
from .bernoulli import Bernoulli
from .categorical import Categorical
from .distribution import Distribution
from .normal import Normal


def _share(p: Any, q: Any, ratio: Any) -> Any:
    """p log(p / q), infinite where only q is 0, and 0 where p is."""
    return ops.where(p == 0, 0.0, ops.where(q == 0, np.inf, p * ratio))


def _normal(p: Normal, q: Normal) -> Any:
    ratio, apart = p.scale / q.scale, (p.loc - q.loc) / q.scale
    return 0.5 * (ratio * ratio + apart * apart - 1) - ops.log(ratio)


def _categorical(p: Categorical, q: Categorical) -> Any:
    return ops.sum(_share(p.probs, q.probs, p.logits - q.logits), -1)


def _log_yes(d: Bernoulli) -> Any:
    return -ops.softplus(-d.logits, 1.0, 20.0)


def _log_no(d: Bernoulli) -> Any:
    return -ops.softplus(d.logits, 1.0, 20.0)


def _bernoulli(p: Bernoulli, q: Bernoulli) -> Any:
    yes = _share(p.probs, q.probs, _log_yes(p) - _log_yes(q))
    return yes + _share(1 - p.probs, 1 - q.probs, _log_no(p) - _log_no(q))


_FORMULAS: dict[type, Any] = {Normal: _normal, Categorical: _categorical, Bernoulli: _bernoulli}


def kl_divergence(p: Distribution, q: Distribution) -> Any:
    """The mean, under p, of log p - log q: batch_shape, in nats (Kullback and Leibler 1951).

    NotImplementedError for two of different kinds.

    >>> from learnnn.distributions import Normal
    >>> kl_divergence(Normal(1.0, 1.0), Normal(0.0, 1.0))
    tensor(0.5000)
    """
    formula = _FORMULAS.get(type(p))
    if formula is None or type(p) is not type(q):
        kinds = f"p type {type(p).__name__} and q type {type(q).__name__}"
        raise NotImplementedError(f"No KL(p || q) is implemented for {kinds}")
    return formula(p, q)
