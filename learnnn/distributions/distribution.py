"""What all distributions share."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ops
from ..autograd import Variable, no_grad, wrap


class Distribution:
    """A distribution for each element of `batch_shape`, over values of `event_shape`.

    Subclasses set the parameters named in `parameters` as attributes, and write the methods below.
    """

    parameters: tuple[str, ...] = ()
    has_rsample = False
    mean: Any
    variance: Any

    def __init__(self, batch_shape: Any = (), event_shape: Any = (), validate_args: bool | None = None):
        self.batch_shape, self.event_shape = tuple(batch_shape), tuple(event_shape)
        self._validate_args = validate_args is not False

    def sample(self, sample_shape: Any = ()) -> Any:
        """Values (sample_shape, batch_shape, event_shape) drawn from the distribution, through which nothing flows."""
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Any = ()) -> Any:
        """As `sample`, and gradients flow to the parameters. NotImplementedError where that is not possible."""
        raise NotImplementedError(
            f"{type(self).__name__} has no rsample: its values are whole, so gradients cannot flow through them. Use "
            "sample() and log_prob(), as policy gradients do"
        )

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the probability, or of the density, of a value."""
        raise NotImplementedError

    def entropy(self) -> Any:
        """The mean of -log_prob, in nats."""
        raise NotImplementedError

    def perplexity(self) -> Any:
        """exp(entropy): among how many equally likely values one might as well choose."""
        return ops.exp(self.entropy())

    @property
    def stddev(self) -> Any:
        """The standard deviation."""
        return ops.sqrt(self.variance)

    def _extended(self, sample_shape: Any) -> tuple[int, ...]:
        return (*sample_shape, *self.batch_shape, *self.event_shape)

    def _require(self, name: str, holds: np.ndarray, constraint: str) -> None:
        """ValueError where a parameter is not what it must be, nan included."""
        if self._validate_args and not holds.all():
            raise ValueError(
                f"Expected parameter {name} of distribution {type(self).__name__} to satisfy the constraint "
                f"{constraint}, but found invalid values: {(~holds).sum()} of {holds.size} are not"
            )

    def _check(self, value: Any, holds: np.ndarray, constraint: str) -> None:
        """ValueError for a value that cannot come out."""
        if self._validate_args and not holds.all():
            raise ValueError(
                f"Expected value argument to be within the support ({constraint}) of the distribution {self!r}, but "
                f"found invalid values: {value}"
            )

    def __repr__(self) -> str:
        values = {name: self.__dict__[name] for name in self.parameters if name in self.__dict__}
        shown = [f"{k}: {v if v.numel() == 1 else f'torch.Size({list(v.shape)})'}" for k, v in values.items()]
        return f"{type(self).__name__}({', '.join(shown)})"


def as_floats(value: Any, like: Any = None) -> Any:
    """A tensor, of the dtype of another one where it is a number."""
    if isinstance(value, Variable):
        return value
    dtype = like.array.dtype if isinstance(like, Variable) else ops.get_default_dtype()
    return wrap(np.asarray(value, dtype))


def common_shape(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that all broadcast to. RuntimeError if there is none."""
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        told = " and ".join(str(tuple(s)) for s in shapes)
        raise RuntimeError(f"The size of tensors must match at every axis, or be 1: the shapes are {told}") from None


def one_of(probs: Any, logits: Any) -> None:
    """ValueError unless exactly one of the two is given."""
    if (probs is None) == (logits is None):
        raise ValueError("Either `probs` or `logits` must be specified, but not both.")


def away_from_ends(probs: Any) -> Any:
    """Probabilities whose logarithm is finite."""
    eps = float(np.finfo(probs.dtype).eps)
    return ops.clamp(probs, eps, 1 - eps)
