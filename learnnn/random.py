"""Random tensors, from one generator that `manual_seed` sets, or from one of your own."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import ops
from .autograd import Variable
from .creation import _new, _sizes
from .tensor import Tensor


class Generator:
    """A source of random numbers of its own.

    >>> Generator().manual_seed(3).initial_seed()
    3
    """

    def __init__(self, device: Any = "cpu"):
        self.manual_seed(67280421310721)

    def manual_seed(self, seed: int) -> Generator:
        """Start again from `seed`."""
        self._seed = int(seed)
        self.numpy = np.random.Generator(np.random.PCG64(self._seed % 2**64))
        return self

    def initial_seed(self) -> int:
        return self._seed

    def get_state(self) -> dict[str, Any]:
        """Where the sequence stands."""
        return {"seed": self._seed, "numpy": self.numpy.bit_generator.state}

    def set_state(self, state: dict[str, Any]) -> Generator:
        """Go on from where `get_state` was called."""
        self._seed = state["seed"]
        self.numpy.bit_generator.state = state["numpy"]
        return self


default_generator = Generator()


def manual_seed(seed: int) -> Generator:
    """Make all that follows repeatable.

    >>> a = manual_seed(0) and rand(2)
    >>> b = manual_seed(0) and rand(2)
    >>> bool((a == b).all())
    True
    """
    return default_generator.manual_seed(seed)


def get_rng_state() -> dict[str, Any]:
    """Where the default generator stands."""
    return default_generator.get_state()


def set_rng_state(state: dict[str, Any]) -> None:
    """Put the default generator back to where `get_rng_state` was called."""
    default_generator.set_state(state)


def source(generator: Generator | None) -> np.random.Generator:
    """numpy's generator inside the given one, or inside the default one."""
    return (generator or default_generator).numpy


def _float(dtype: Any) -> np.dtype:
    return np.dtype(dtype or ops.get_default_dtype())


def rand(
    *size: Any, generator: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Numbers drawn evenly from 0 (inclusive) to 1 (exclusive)."""
    kind = _float(dtype)
    draw = kind if kind.itemsize >= 4 else np.dtype(np.float32)
    return _new(source(generator).random(_sizes(size), draw).astype(kind, copy=False), device, requires_grad)


def randn(
    *size: Any, generator: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Numbers drawn from the normal distribution with mean 0 and standard deviation 1."""
    kind = _float(dtype)
    draw = kind if kind.itemsize >= 4 else np.dtype(np.float32)
    return _new(source(generator).standard_normal(_sizes(size), draw).astype(kind, copy=False), device, requires_grad)


def randint(*args: Any, generator: Any = None, dtype: Any = None, device: Any = None, **rest: Any) -> Tensor:
    """Whole numbers from low (0 if left out) to just before high: `randint(low, high, size)`.

    >>> manual_seed(0) and randint(0, 10, (3,)).shape
    (3,)
    """
    low, high, size = (0, *args) if len(args) == 2 else args
    return _new(source(generator).integers(low, high, _sizes((size,)), dtype or np.int64), device, **rest or _PLAIN)


_PLAIN = {"requires_grad": False}


def randperm(n: int, *, generator: Any = None, dtype: Any = None, device: Any = None) -> Tensor:
    """The numbers 0 to n-1 in random order."""
    return _new(source(generator).permutation(n).astype(dtype or np.int64, copy=False), device, False)


def rand_like(input: Tensor, *, dtype: Any = None, **kwargs: Any) -> Tensor:
    """As `rand`, in the shape and dtype of another tensor."""
    return rand(*input.shape, dtype=dtype or input.dtype, **kwargs)


def randn_like(input: Tensor, *, dtype: Any = None, **kwargs: Any) -> Tensor:
    """As `randn`, in the shape and dtype of another tensor."""
    return randn(*input.shape, dtype=dtype or input.dtype, **kwargs)


def _plain(x: Any) -> Any:
    return x.array if isinstance(x, Variable) else x


def normal(mean: Any, std: Any = 1.0, size: Any = None, *, generator: Any = None) -> Tensor:
    """Normal numbers with the given mean and standard deviation, which may be tensors."""
    shape = np.broadcast_shapes(np.shape(mean), np.shape(std)) if size is None else _sizes((size,))
    return randn(*shape, generator=generator) * std + mean


def bernoulli(input: Tensor, *, generator: Any = None) -> Tensor:
    """1 with the probability that stands at each place, else 0."""
    p = input.array
    if ((p < 0) | (p > 1)).any():
        raise RuntimeError("Expected p_in >= 0 && p_in <= 1 to be true: bernoulli takes probabilities")
    return _new((source(generator).random(p.shape) < p).astype(p.dtype), None, False)


def multinomial(input: Tensor, num_samples: int, replacement: bool = False, *, generator: Any = None) -> Tensor:
    """Draw indices with probabilities in proportion to the last axis: (k,) or (n, k) -> (n, num_samples).

    RuntimeError for negative or all-zero weights, and for more samples than there are weights without replacement.
    """
    weights = np.asarray(_plain(input), np.float64)
    if (weights < 0).any() or not np.isfinite(weights).all() or (weights.sum(-1) <= 0).any():
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0, or sums to 0")
    if not replacement and num_samples > weights.shape[-1]:
        raise RuntimeError("cannot sample n_sample > prob_dist.size(-1) samples without replacement")
    rng = source(generator)
    if replacement:
        edges = np.cumsum(weights, -1)  # (..., k)
        u = rng.random((*weights.shape[:-1], num_samples)) * edges[..., -1:]
        drawn = (u[..., :, None] >= edges[..., None, :]).sum(-1)
    else:  # the largest of log(weight) + Gumbel noise are a sample without replacement (Kool et al. 2019)
        with np.errstate(divide="ignore"):
            keys = np.log(weights) + rng.gumbel(size=weights.shape)
        drawn = np.argsort(-keys, -1, kind="stable")[..., :num_samples]
    return _new(drawn.astype(np.int64), None, False)
