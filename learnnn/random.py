"""Random tensors, from one generator that `manual_seed` sets, or from one of your own."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from . import ops
from .autograd import Variable, wrap
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


def seed() -> int:
    """Start from a number that the system draws, and tell it."""
    return manual_seed(int.from_bytes(os.urandom(7), "little")).initial_seed()


def initial_seed() -> int:
    """The number from which the default generator started."""
    return default_generator.initial_seed()


def get_rng_state() -> dict[str, Any]:
    """Where the default generator stands."""
    return default_generator.get_state()


def set_rng_state(state: dict[str, Any]) -> None:
    """Put the default generator back to where `get_rng_state` was called."""
    if not isinstance(state, dict):
        raise TypeError(f"set_rng_state takes what get_rng_state gave, not {type(state).__name__}")
    default_generator.set_state(state)


def source(generator: Generator | None) -> np.random.Generator:
    """numpy's generator inside the given one, or inside the default one."""
    return (generator or default_generator).numpy


def _float(dtype: Any) -> np.dtype:
    return np.dtype(dtype or ops.get_default_dtype())


def _sized(draw: Callable[[np.random.Generator], Callable], name: str, what: str) -> tuple[Callable, Callable]:
    """Two functions: by sizes, and like another tensor."""

    def by_size(*sizes: Any, size: Any = None, generator: Any = None, dtype: Any = None, **options: Any) -> Tensor:
        kind = _float(dtype)
        drawn = draw(source(generator))(_sizes(sizes if size is None else (size,)), np.result_type(kind, np.float32))
        return _new(np.asarray(drawn).astype(kind, copy=False), **options)

    def like(input: Tensor, *, dtype: Any = None, **options: Any) -> Tensor:
        return by_size(input.shape, dtype=dtype or input.dtype, **options)

    by_size.__name__, by_size.__doc__ = name, f"{what}."
    like.__name__, like.__doc__ = f"{name}_like", f"As `{name}`, in the shape and dtype of another tensor."
    return by_size, like


rand, rand_like = _sized(lambda rng: rng.random, "rand", "Numbers drawn evenly from 0 (inclusive) to 1 (exclusive)")
randn, randn_like = _sized(
    lambda rng: rng.standard_normal, "randn", "Numbers drawn from the normal distribution of mean 0 and deviation 1"
)


def randint(
    low: int, high: Any = None, size: Any = None, *, generator: Any = None, dtype: Any = None, **options: Any
) -> Tensor:
    """Whole numbers from low (0 if left out) to just before high: `randint(low, high, size)`.

    >>> manual_seed(0) and randint(0, 10, (3,)).shape
    (3,)
    """
    if size is None or high is None:  # randint(high, size)
        low, high, size = 0, low, high if size is None else size
    if low >= high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    drawn = source(generator).integers(low, high, _sizes((size,)))
    return _new(np.asarray(drawn, np.dtype(dtype or np.int64)), **options)


def randint_like(input: Tensor, low: int, high: Any = None, *, dtype: Any = None, **options: Any) -> Tensor:
    """As `randint`, in the shape and dtype of another tensor."""
    low, high = (0, low) if high is None else (low, high)
    return randint(low, high, input.shape, dtype=dtype or input.dtype, **options)


def randperm(n: int, *, generator: Any = None, dtype: Any = None, **options: Any) -> Tensor:
    """The numbers 0 to n-1 in random order."""
    if n < 0:
        raise RuntimeError(f"randperm takes how many numbers to shuffle, from 0 on, got {n}")
    return _new(source(generator).permutation(n).astype(dtype or np.int64, copy=False), **options)


def _plain(x: Any) -> Any:
    return x.array if isinstance(x, Variable) else x


def normal(mean: Any = 0.0, std: Any = 1.0, size: Any = None, *, generator: Any = None, **options: Any) -> Tensor:
    """Normal numbers with the given mean and standard deviation, which may be tensors. RuntimeError if std < 0."""
    if (np.asarray(_plain(std)) < 0).any():
        raise RuntimeError(f"normal expects all elements of std >= 0.0, but found {std}")
    shape = np.broadcast_shapes(np.shape(mean), np.shape(std)) if size is None else size
    dtype = next((x.array.dtype for x in (mean, std) if isinstance(x, Variable)), None)
    drawn = randn(shape, generator=generator, dtype=options.pop("dtype", dtype))
    return _new((drawn * _plain(std) + _plain(mean)).array, **options)


def bernoulli(input: Tensor, p: float | None = None, *, generator: Any = None) -> Tensor:
    """1 with the probability that stands at each place (or with probability p everywhere), else 0."""
    chances = input.array if p is None else np.full(input.shape, p, input.dtype)
    if not ((chances >= 0) & (chances <= 1)).all():  # nan is not either
        wrong = chances[~((chances >= 0) & (chances <= 1))].flat[0]
        raise RuntimeError(f"Expected p_in >= 0 && p_in <= 1 to be true: bernoulli takes probabilities, not {wrong}")
    return _new((source(generator).random(chances.shape) < chances).astype(chances.dtype))


def multinomial(input: Tensor, num_samples: int, replacement: bool = False, *, generator: Any = None) -> Tensor:
    """Draw indices with probabilities in proportion to the last axis: (k,) or (n, k) -> (n, num_samples).

    RuntimeError for negative or all-zero weights, and for more samples than there are weights without replacement.
    """
    weights = np.asarray(_plain(input), np.float64)
    if (weights < 0).any() or not np.isfinite(weights).all() or (weights.sum(-1) <= 0).any():
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0, or sums to 0")
    if not replacement and num_samples > weights.shape[-1]:
        raise RuntimeError(
            "cannot sample n_sample > prob_dist.size(-1) samples without replacement: "
            f"{num_samples} of {weights.shape[-1]}"
        )
    rng = source(generator)
    if replacement:
        edges = np.cumsum(weights, -1)  # (..., k)
        u = rng.random((*weights.shape[:-1], num_samples)) * edges[..., -1:]
        drawn = (u[..., :, None] >= edges[..., None, :]).sum(-1)
    else:  # the largest of log(weight) + Gumbel noise are a sample without replacement (Kool et al. 2019)
        with np.errstate(divide="ignore"):
            keys = np.log(weights) + rng.gumbel(size=weights.shape)
        drawn = np.argsort(-keys, -1, kind="stable")[..., :num_samples]
    return _new(drawn.astype(np.int64))


# ------------------------------------------------------------------------------------ the same, over a tensor's numbers
def uniform_(self: Tensor, a: float = 0.0, b: float = 1.0, *, generator: Any = None) -> Tensor:
    """Every element becomes a number drawn evenly from a to b."""
    if not a <= b:
        raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={a} > to={b}")
    return self.copy_(rand(self.shape, generator=generator, dtype=self.dtype) * (b - a) + a)


def normal_(self: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Any = None) -> Tensor:
    """Every element becomes a normal number of that mean and standard deviation."""
    return self.copy_(normal(mean, std, self.shape, generator=generator, dtype=self.dtype))


def bernoulli_(self: Tensor, p: Any = 0.5, *, generator: Any = None) -> Tensor:
    """Every element becomes 1 with probability p, else 0."""
    return self.copy_(bernoulli(rand_like(self, dtype=np.float64).fill_(p), generator=generator))


def random_(self: Tensor, low: int = 0, high: int | None = None, *, generator: Any = None) -> Tensor:
    """Every element becomes a whole number from low to just before high."""
    top = 2**24 if self.dtype.kind == "f" else np.iinfo(self.dtype).max
    bounds = (low, top) if high is None and low == 0 else (0, low) if high is None else (low, high)
    return self.copy_(randint(*bounds, self.shape, generator=generator))


def exponential_(self: Tensor, lambd: float = 1.0, *, generator: Any = None) -> Tensor:
    """Every element becomes a number drawn from lambd * exp(-lambd * x)."""
    return self.copy_(wrap(np.asarray(source(generator).exponential(1 / lambd, self.shape)).astype(self.dtype)))


for _fill in (uniform_, normal_, bernoulli_, random_, exponential_):
    setattr(Tensor, _fill.__name__, _fill)
Tensor.bernoulli, Tensor.multinomial = bernoulli, multinomial  # type: ignore[attr-defined]
