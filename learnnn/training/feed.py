"""From what a learner has (arrays, tensors, data sets, loaders) to batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from ..creation import as_tensor
from ..tensor import Tensor
from ..utils import data as utils_data  # DataLoader is looked up at the call: a learner may have swapped it
from ..utils.data import BatchSampler, DataLoader, Dataset, TensorDataset, random_split


def as_dataset(X: Any, y: Any, dtype: Any) -> Any:
    """Arrays as a TensorDataset; data sets and loaders as they are.

    Floats in plain arrays and lists take the model's dtype, whole numbers become int64; tensors keep theirs.
    """
    if y is None and isinstance(X, tuple) and len(X) == 2:
        X, y = X
    if y is None and (isinstance(X, Dataset) or (isinstance(X, Iterable) and not _is_array(X))):
        return X
    columns = [_tensor(c, dtype) for c in ([X] if y is None else [X, y])]
    if any(c.ndim == 0 for c in columns):
        raise ValueError(f"data needs an axis of examples, got shapes {', '.join(str(c.shape) for c in columns)}")
    if len(columns) == 2 and len(columns[0]) != len(columns[1]):
        raise ValueError(
            f"X has {len(columns[0])} examples and y has {len(columns[1])}: the shapes are {columns[0].shape} and "
            f"{columns[1].shape}, and the first axes must match"
        )
    return TensorDataset(*columns)


def _is_array(value: Any) -> bool:
    return isinstance(value, Tensor | np.ndarray | list)


def _tensor(values: Any, dtype: Any) -> Tensor:
    if isinstance(values, Tensor):
        return values
    array = np.asarray(values)
    wanted = {"f": dtype, "i": np.int64, "u": np.int64}.get(array.dtype.kind)
    return as_tensor(array if wanted is None else array.astype(wanted, copy=False))


def loader(data: Any, batch_size: int, shuffle: bool = False, generator: Any = None) -> Any:
    """Batches of a data set; a loader, or any iterable of batches, is one already. ValueError if it is empty."""
    made = utils_data.DataLoader(data, batch_size, shuffle, generator=generator) if isinstance(data, Dataset) else data
    if length(made) == 0:
        raise ValueError("there is no data: the first axis has size 0, or drop_last left nothing")
    if iter(made) is made:
        raise TypeError(f"a {type(made).__name__} can be gone through only once: give a list, a loader or arrays")
    return made


def going_on(batches: Any, done: int, then: Callable[[], None] = lambda: None) -> Iterator[Any]:
    """The batches of an epoch after the first `done`, once `then` was called.

    The order of a DataLoader is drawn before, all at once; any other iterable is gone through up to there.
    """
    if type(batches) is DataLoader and isinstance(batches.batch_sampler, BatchSampler):
        order = list(batches.batch_sampler)
        then()
        return map(batches._fetch, order[done:])
    iterator = iter(batches)
    for _ in range(done):
        next(iterator)
    then()
    return iterator


def length(batches: Any) -> int | None:
    """How many batches there are, if that is known."""
    try:
        return len(batches)
    except TypeError:
        return None


def hold_out(data: Any, part: float, generator: Any) -> tuple[Any, Any]:
    """(training, validation): the fraction `part` of the examples, drawn at random, is held out."""
    if not 0 < part < 1:
        raise ValueError(f"validation_split={part}: the part to hold out lies between 0 and 1, as in 0.2")
    if not isinstance(data, Dataset):
        raise ValueError("validation_split divides arrays and data sets; with a loader give validation_data")
    held_out = round(part * len(data))  # type: ignore[arg-type]
    if not 0 < held_out < len(data):  # type: ignore[arg-type]
        raise ValueError(f"validation_split={part} of {len(data)} examples leaves one side empty")  # type: ignore[arg-type]
    training, validation = random_split(data, [len(data) - held_out, held_out], generator)  # type: ignore[arg-type]
    return training, validation


def split_batch(batch: Any) -> tuple[tuple[Any, ...], Any]:
    """(inputs, target): the last part of a batch is the target. ValueError if there are not two parts."""
    if not isinstance(batch, tuple | list) or len(batch) < 2:
        raise ValueError(
            f"a batch should be (inputs, target), got {type(batch).__name__}: give both X and y, or a loader of pairs"
        )
    *inputs, target = batch
    return tuple(inputs), target


def inputs_of(batch: Any) -> tuple[Any, ...]:
    """The inputs of a batch that may have a target, which is left out."""
    if not isinstance(batch, tuple | list):
        return (batch,)
    return tuple(batch) if len(batch) == 1 else tuple(batch[:-1])
