"""The Bernoulli distribution: yes or no."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from .. import ops
from ..autograd import wrap
from ..random import source
from .distribution import Distribution, as_floats, away_from_ends, common_shape, one_of


class Bernoulli(Distribution):
    """1 with probability `probs`, else 0; or from `logits`, log(p / (1 - p)). ValueError for both, neither, or p > 1.

    >>> from learnnn.distributions import Bernoulli
    >>> Bernoulli(0.5).entropy()
    tensor(0.6931)
    """

    parameters = ("probs", "logits")

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None):
        one_of(probs, logits)
        given = as_floats(logits if probs is None else probs)
        super().__init__(given.shape, (), validate_args)
        if probs is None:
            self.logits = given
            self._require("logits", ~np.isnan(given.array), "Real()")
        else:
            self.probs = given
            inside = (given.array >= 0) & (given.array <= 1)
            self._require("probs", inside, "Interval(lower_bound=0.0, upper_bound=1.0)")

    @cached_property
    def probs(self) -> Any:
        """The probability of 1."""
        return ops.sigmoid(self.logits)

    @cached_property
    def logits(self) -> Any:
        """log(p / (1 - p))."""
        p = away_from_ends(self.probs)
        return ops.log(p) - ops.log1p(-p)

    @property
    def mean(self) -> Any:
        return self.probs

    @property
    def mode(self) -> Any:
        """The likelier of the two, nan where both are alike."""
        likely = ops.to(self.probs >= 0.5, self.probs.dtype)
        return ops.where(self.probs == 0.5, np.nan, likely)

    @property
    def variance(self) -> Any:
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Any:
        p = self.probs.array
        return wrap(np.asarray(source(None).random(self._extended(sample_shape)) < p).astype(p.dtype))

    def log_prob(self, value: Any) -> Any:
        value = as_floats(value, self.logits)
        self._check(value, (value.array == 0) | (value.array == 1), "Boolean()")
        shape = common_shape(value.shape, self.batch_shape)
        logits, value = ops.broadcast_to(self.logits, shape), ops.broadcast_to(value, shape)
        return -ops.binary_cross_entropy_with_logits(logits, value, reduction="none")

    def entropy(self) -> Any:
        return ops.binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")
