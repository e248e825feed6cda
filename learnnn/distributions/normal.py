"""The normal distribution."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import ops
from ..autograd import wrap
from ..random import source
from .distribution import Distribution, as_floats, common_shape


class Normal(Distribution):
    """Normal with mean `loc` and standard deviation `scale`, which broadcast. ValueError for a scale not above 0.

    >>> import learnnn
    >>> from learnnn.distributions import Normal
    >>> Normal(0.0, 1.0).log_prob(learnnn.tensor(0.0))
    tensor(-0.9189)
    """

    parameters = ("loc", "scale")
    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None):
        loc, scale = as_floats(loc, scale), as_floats(scale, loc)
        shape = common_shape(loc.shape, scale.shape)
        super().__init__(shape, (), validate_args)
        self.loc, self.scale = ops.broadcast_to(loc, shape), ops.broadcast_to(scale, shape)
        self._require("scale", self.scale.array > 0, "GreaterThan(lower_bound=0.0)")
        self._require("loc", ~np.isnan(self.loc.array), "Real()")

    @property
    def mean(self) -> Any:
        return self.loc

    mode = mean

    @property
    def variance(self) -> Any:
        return self.scale * self.scale

    @property
    def stddev(self) -> Any:
        return self.scale

    def rsample(self, sample_shape: Any = ()) -> Any:
        """loc + scale * noise, the reparametrization of Kingma and Welling (2014)."""
        noise = source(None).standard_normal(self._extended(sample_shape)).astype(self.loc.dtype)
        return self.loc + self.scale * wrap(np.asarray(noise))

    def log_prob(self, value: Any) -> Any:
        value = as_floats(value, self.loc)
        self._check(value, ~np.isnan(value.array), "Real()")
        z = (value - self.loc) / self.scale
        return -0.5 * z * z - ops.log(self.scale) - math.log(math.sqrt(2 * math.pi))

    def cdf(self, value: Any) -> Any:
        """The probability of a value below this one."""
        return 0.5 * (1 + ops.erf((as_floats(value, self.loc) - self.loc) / (self.scale * math.sqrt(2))))

    def entropy(self) -> Any:
        return 0.5 + 0.5 * math.log(2 * math.pi) + ops.log(self.scale)
