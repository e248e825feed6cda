"""The categorical distribution: one of several classes."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from .. import ops
from ..autograd import wrap
from ..random import source
from .distribution import Distribution, as_floats, away_from_ends, common_shape, one_of


class Categorical(Distribution):
    """A class from 0 to C - 1, from `probs` (..., C), which need not add up to 1, or from `logits` (..., C).

    ValueError for both or neither, for 0-d parameters and negative probabilities.

    >>> import learnnn
    >>> from learnnn.distributions import Categorical
    >>> Categorical(logits=learnnn.zeros(4)).log_prob(learnnn.tensor(2))
    tensor(-1.3863)
    """

    parameters = ("probs", "logits")

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None):
        one_of(probs, logits)
        given = as_floats(logits if probs is None else probs)
        if given.ndim < 1:
            raise ValueError("`probs` and `logits` parameters must be at least one-dimensional.")
        super().__init__(given.shape[:-1], (), validate_args)
        self._classes = given.shape[-1]
        if probs is None:
            self._require("logits", ~np.isnan(given.array), "IndependentConstraint(Real(), 1)")
            self.logits = given - ops.logsumexp(given, -1, True)
        else:
            self._require("probs", (given.array >= 0).all(-1) & (given.array.sum(-1) > 0), "Simplex()")
            self.probs = given / given.sum(-1, keepdim=True)

    @cached_property
    def probs(self) -> Any:
        """The probability of each class; they add up to 1."""
        return ops.softmax(self.logits, -1)

    @cached_property
    def logits(self) -> Any:
        """The logarithms of the probabilities."""
        return ops.log(away_from_ends(self.probs))

    @property
    def mean(self) -> Any:
        """nan: classes have no mean."""
        return wrap(np.full(self.batch_shape, np.nan, self.probs.dtype))

    variance = mean

    @property
    def mode(self) -> Any:
        """The likeliest class."""
        return ops.argmax(self.probs, -1)

    def sample(self, sample_shape: Any = ()) -> Any:
        edges = np.cumsum(self.probs.array, -1, np.float64)  # (..., C)
        drawn = source(None).random(self._extended(sample_shape))[..., None] * edges[..., -1:]
        return wrap(np.asarray((drawn >= edges[..., :-1]).sum(-1)))

    def log_prob(self, value: Any) -> Any:
        v = value.array
        self._check(value, (v >= 0) & (v < self._classes) & (v % 1 == 0), f"IntegerInterval(0, {self._classes - 1})")
        shape = common_shape(v.shape, self.batch_shape)
        picked = np.broadcast_to(v.astype(np.int64), shape)[..., None]
        logits = ops.broadcast_to(self.logits, (*shape, self._classes))
        return ops.squeeze(ops.gather(logits, -1, wrap(picked)), -1)

    def entropy(self) -> Any:
        low = float(np.finfo(self.logits.dtype).min)
        return -ops.sum(ops.clamp(self.logits, low) * self.probs, -1)
