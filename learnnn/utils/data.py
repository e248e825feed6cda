"""Data sets, samplers, and the loader that makes batches of them: PyTorch's torch.utils.data."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from .. import ops
from ..autograd import wrap
from ..creation import as_tensor, tensor
from ..random import source
from ..tensor import Tensor


# --------------------------------------------------------------------------------------------- data sets
class Dataset:
    """Examples by number: subclass it and write `__len__` and `__getitem__`."""

    def __getitem__(self, index: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} needs a __getitem__(self, index) that returns one example")

    def __add__(self, other: Dataset) -> ConcatDataset:
        return ConcatDataset([self, other])


class IterableDataset(Dataset):
    """Examples one after the other: subclass it and write `__iter__`."""

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError(f"{type(self).__name__} needs an __iter__(self) that yields examples")


class TensorDataset(Dataset):
    """Tensors with one first axis: example i is (tensors[0][i], tensors[1][i], ...).

    >>> import learnnn as torch
    >>> TensorDataset(torch.zeros(4, 2), torch.arange(4))[3]
    (tensor([0., 0.]), tensor(3))
    """

    def __init__(self, *tensors: Tensor):
        shapes = [t.shape for t in tensors]
        if any(shape[0] != shapes[0][0] for shape in shapes):
            raise AssertionError(f"Size mismatch between tensors: the first axes of {shapes} differ")
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Any, ...]:
        return tuple([t[index] for t in self.tensors])

    def __len__(self) -> int:
        return len(self.tensors[0])


class ConcatDataset(Dataset):
    """Data sets one after the other."""

    def __init__(self, datasets: Iterable[Dataset]):
        self.datasets = list(datasets)
        if not self.datasets:
            raise AssertionError("datasets should not be an empty iterable")
        if any(isinstance(d, IterableDataset) for d in self.datasets):
            raise AssertionError("ConcatDataset does not support IterableDataset")
        self.cumulative_sizes = list(itertools.accumulate(map(len, self.datasets)))  # type: ignore[arg-type]

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, index: int) -> Any:
        if index < -len(self):
            raise ValueError("absolute value of index should not exceed dataset length")
        if index >= len(self):
            raise IndexError(f"index {index} is out of range: the data sets have {len(self)} examples together")
        index %= len(self)
        which = int(np.searchsorted(self.cumulative_sizes, index, side="right"))
        return self.datasets[which][index - (self.cumulative_sizes[which - 1] if which else 0)]


class Subset(Dataset):
    """Some examples of a data set."""

    def __init__(self, dataset: Dataset, indices: Sequence[int]):
        self.dataset, self.indices = dataset, indices

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, list):
            return self.dataset[[self.indices[i] for i in index]]
        return self.dataset[self.indices[index]]

    def __len__(self) -> int:
        return len(self.indices)


def random_split(dataset: Dataset, lengths: Sequence[float], generator: Any = None) -> list[Subset]:
    """Disjoint random subsets of the given sizes, or of the given fractions, which add up to 1.

    >>> import learnnn as torch
    >>> [len(part) for part in random_split(TensorDataset(torch.zeros(10)), [0.8, 0.2])]
    [8, 2]
    """
    n, sizes = len(dataset), list(lengths)  # type: ignore[arg-type]
    if math.isclose(sum(sizes), 1) and sum(sizes) <= 1 + 1e-9:
        if any(not 0 <= fraction <= 1 for fraction in sizes):
            raise ValueError(f"a fraction lies between 0 and 1: {sizes}")
        sizes = [math.floor(n * fraction) for fraction in sizes]
        for i in range(n - int(sum(sizes))):  # what rounding left over goes round
            sizes[i % len(sizes)] += 1
    if sum(sizes) != n:
        raise ValueError(
            f"Sum of input lengths does not equal the length of the input dataset! {sizes} add up to {sum(sizes)}, the "
            f"dataset has {n}"
        )
    order, ends = source(generator).permutation(n).tolist(), itertools.accumulate(map(int, sizes))
    return [Subset(dataset, order[end - int(size) : end]) for size, end in zip(sizes, ends, strict=True)]


# ---------------------------------------------------------------------------------------------- samplers
class Sampler:
    """An order in which to visit examples: subclass it and write `__iter__`."""

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError


class SequentialSampler(Sampler):
    """0, 1, 2, ..."""

    def __init__(self, data_source: Any):
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler):
    """Every example once in random order; or `num_samples` draws, with replacement if asked."""

    def __init__(
        self, data_source: Any, replacement: bool = False, num_samples: int | None = None, generator: Any = None
    ):
        if num_samples is not None and (not isinstance(num_samples, int) or num_samples <= 0):
            raise ValueError(f"num_samples should be a positive integer value, but got num_samples={num_samples}")
        self.data_source, self.replacement, self.generator = data_source, replacement, generator
        self._num_samples = num_samples

    @property
    def num_samples(self) -> int:
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        rng, n = source(self.generator), len(self.data_source)
        if self.replacement:
            return iter(rng.integers(0, n, self.num_samples).tolist())
        rounds = [rng.permutation(n) for _ in range(-(-self.num_samples // n))] if n else []
        return iter(np.concatenate(rounds)[: self.num_samples].tolist() if rounds else [])

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler):
    """The given numbers in random order."""

    def __init__(self, indices: Sequence[int], generator: Any = None):
        self.indices, self.generator = indices, generator

    def __iter__(self) -> Iterator[int]:
        return iter([self.indices[i] for i in source(self.generator).permutation(len(self.indices))])

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler):
    """Draws in proportion to a weight for each example: to see rare classes as often as frequent ones."""

    def __init__(self, weights: Sequence[float], num_samples: int, replacement: bool = True, generator: Any = None):
        if not isinstance(num_samples, int) or num_samples <= 0:
            raise ValueError(f"num_samples should be a positive integer value, but got num_samples={num_samples}")
        self.weights = np.asarray(weights, np.float64)
        self.num_samples, self.replacement, self.generator = num_samples, replacement, generator

    def __iter__(self) -> Iterator[int]:
        p = self.weights / self.weights.sum()
        return iter(source(self.generator).choice(len(p), self.num_samples, self.replacement, p).tolist())

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler):
    """Lists of `batch_size` numbers from another sampler; the last may be shorter, or is dropped.

    >>> list(BatchSampler(range(5), batch_size=2, drop_last=False))
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Iterable[int], batch_size: int, drop_last: bool):
        _check_batch_size(batch_size)
        if not isinstance(drop_last, bool):
            raise ValueError(f"drop_last should be a boolean value, but got drop_last={drop_last}")
        self.sampler, self.batch_size, self.drop_last = sampler, batch_size, drop_last

    def __iter__(self) -> Iterator[list[int]]:
        numbers = iter(self.sampler)
        while batch := list(itertools.islice(numbers, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch

    def __len__(self) -> int:
        n = len(self.sampler)  # type: ignore[arg-type]
        return n // self.batch_size if self.drop_last else -(-n // self.batch_size)


def _check_batch_size(batch_size: Any) -> None:
    if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size <= 0:
        raise ValueError(f"batch_size should be a positive integer value, but got batch_size={batch_size}")


# --------------------------------------------------------------------------------------------- batches
def default_collate(batch: Sequence[Any]) -> Any:
    """Examples -> one batch: tensors are stacked, numbers become tensors, tuples and dicts keep their form.

    >>> default_collate([(1, 2.0), (3, 4.0)])
    [tensor([1, 3]), tensor([2., 4.], dtype=float64)]
    """
    first = batch[0]
    if isinstance(first, Tensor):
        return ops.stack(batch)
    if isinstance(first, np.ndarray | np.generic) and first.dtype.kind in "biuf":
        return as_tensor(np.stack(batch))
    if isinstance(first, bool | int | float):
        return tensor(batch, dtype=np.float64 if isinstance(first, float) else None)
    if isinstance(first, str | bytes):
        return batch
    if isinstance(first, Mapping):
        return {key: default_collate([example[key] for example in batch]) for key in first}
    if isinstance(first, tuple | list):
        if any(len(example) != len(first) for example in batch):
            raise RuntimeError("each element in list of batch should be of equal size")
        parts = [default_collate(part) for part in zip(*batch, strict=True)]
        return type(first)(*parts) if hasattr(first, "_fields") else parts
    raise TypeError(
        "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found "
        f"{type(first)}: give the loader a collate_fn"
    )


def _whole_batch(dataset: Any, indices: Any) -> list[Tensor] | None:
    """A batch of a TensorDataset by one index operation a tensor: what stacking its examples gives, only faster."""
    if type(dataset) is TensorDataset and not any(t.requires_grad for t in dataset.tensors):
        return [wrap(t.array[indices]) for t in dataset.tensors]
    if type(dataset) is Subset:
        return _whole_batch(dataset.dataset, np.asarray(dataset.indices, np.intp)[indices])
    return None


class DataLoader:
    """Batches of a data set, in order or shuffled anew for each round.

    The batch is a list of tensors where an example is a tuple. `num_workers`, `pin_memory` and the other settings of
    PyTorch's worker processes are accepted; there are no workers.

    >>> import learnnn as torch
    >>> loader = DataLoader(TensorDataset(torch.arange(5), torch.zeros(5)), batch_size=2)
    >>> [x.tolist() for x, y in loader]
    [[0, 1], [2, 3], [4]]
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[Any] | None = None,
        batch_sampler: Iterable[Any] | None = None,
        num_workers: int = 0,
        collate_fn: Callable | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable | None = None,
        multiprocessing_context: Any = None,
        generator: Any = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ):
        _check_exclusive(batch_size, shuffle, sampler, batch_sampler, drop_last)
        self.dataset, self.batch_size, self.drop_last, self.generator = dataset, batch_size, drop_last, generator
        self.num_workers, self.pin_memory, self.collate_fn = num_workers, pin_memory, collate_fn or default_collate
        self.sampler, self.batch_sampler = sampler, batch_sampler
        if isinstance(dataset, IterableDataset):
            if shuffle or sampler is not None or batch_sampler is not None:
                raise ValueError(
                    "DataLoader with IterableDataset: expected unspecified shuffle, sampler and batch_sampler options: "
                    "its order is that of its own __iter__"
                )
            return
        if sampler is None:
            self.sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        if batch_sampler is None and batch_size is not None:
            self.batch_sampler = BatchSampler(self.sampler, batch_size, drop_last)  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[Any]:
        if isinstance(self.dataset, IterableDataset):
            return self._stream()
        if self.batch_sampler is None:
            return (self._single(self.dataset[i]) for i in self.sampler)  # type: ignore[union-attr]
        return map(self._fetch, self.batch_sampler)

    def _fetch(self, indices: Any) -> Any:
        batch = _whole_batch(self.dataset, indices) if self.collate_fn is default_collate else None
        return self.collate_fn([self.dataset[i] for i in indices]) if batch is None else batch

    def _single(self, example: Any) -> Any:
        """An example that is its own batch."""
        return example if self.collate_fn is default_collate else self.collate_fn(example)

    def _stream(self) -> Iterator[Any]:
        if self.batch_size is None:
            yield from map(self._single, self.dataset)
        else:
            for batch in BatchSampler(self.dataset, self.batch_size, self.drop_last):
                yield self.collate_fn(batch)

    def __len__(self) -> int:
        if isinstance(self.dataset, IterableDataset):
            examples, size = len(self.dataset), self.batch_size  # type: ignore[arg-type]
            return examples if size is None else examples // size if self.drop_last else -(-examples // size)
        return len(self.sampler if self.batch_sampler is None else self.batch_sampler)  # type: ignore[arg-type]


def _check_exclusive(batch_size: Any, shuffle: Any, sampler: Any, batch_sampler: Any, drop_last: bool) -> None:
    if sampler is not None and shuffle:
        raise ValueError("sampler option is mutually exclusive with shuffle")
    if batch_sampler is not None and (batch_size != 1 or shuffle or sampler is not None or drop_last):
        raise ValueError("batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last")
    if batch_size is None and drop_last:
        raise ValueError("batch_size=None option disables auto-batching and is mutually exclusive with drop_last")
    if batch_size is not None:
        _check_batch_size(batch_size)
