"""Data sets and loaders: batches, lengths and errors equal PyTorch's; random orders are compared as sets."""

import numpy as np
import pytest

from tests.parity.both import collect, same

pytestmark = pytest.mark.parity


def data(t, n=7):
    return t.utils.data.TensorDataset(t.arange(n * 2).reshape(n, 2).double(), t.arange(n))


def batches(t, **options):
    loader = t.utils.data.DataLoader(data(t), **options)
    return [list(batch) for batch in loader], len(loader)


def squares(t, n=5, **options):
    class Squares(t.utils.data.Dataset):
        def __len__(self):
            return n

        def __getitem__(self, i):
            return {"x": np.float32(i), "y": i * i, "name": str(i), "pair": (i, 0.5), "flag": i > 2}

    loader = t.utils.data.DataLoader(Squares(), **options)
    return [sorted(batch.items()) for batch in loader]


def stream(t, **options):
    class Stream(t.utils.data.IterableDataset):
        def __iter__(self):
            return iter(range(5))

    return list(t.utils.data.DataLoader(Stream(), **options))


def test_batches():
    collect(
        [
            ("one by one", lambda t: batches(t)),
            ("three", lambda t: batches(t, batch_size=3)),
            ("drop last", lambda t: batches(t, batch_size=3, drop_last=True)),
            ("larger than all", lambda t: batches(t, batch_size=30)),
            ("not batched", lambda t: batches(t, batch_size=None)),
            ("sampler", lambda t: batches(t, batch_size=2, sampler=[3, 1, 4])),
            ("batch sampler", lambda t: batches(t, batch_sampler=[[3, 1], [4]])),
            ("collate", lambda t: batches(t, batch_size=3, collate_fn=lambda b: [len(b), b[0][1]])),
            ("settings", lambda t: batches(t, batch_size=4, num_workers=0, pin_memory=False)),
            ("dicts", lambda t: squares(t, batch_size=2)),
            ("stream", lambda t: stream(t, batch_size=2)),
            ("stream, drop", lambda t: stream(t, batch_size=2, drop_last=True)),
            ("stream, single", lambda t: stream(t, batch_size=None)),
            ("concat", lambda t: list(t.utils.data.DataLoader(data(t, 2) + data(t, 3), batch_size=3))),
            ("concat item", lambda t: (data(t, 2) + data(t, 3))[-1]),
            ("concat past", lambda t: (data(t, 2) + data(t, 3))[5]),
            ("subset", lambda t: list(t.utils.data.DataLoader(t.utils.data.Subset(data(t), [4, 0]), batch_size=2))),
            ("slice", lambda t: data(t)[2:4]),
        ]
    )


def test_shuffled():
    def run(t, **options):
        loader = t.utils.data.DataLoader(data(t), batch_size=3, **options)
        found = [[y.tolist() for _, y in loader] for _ in range(2)]
        sizes = [len(b) for b in found[0]]
        return (
            sizes,
            [sorted(y for batch in f for y in batch) for f in found],
            all(bool((x[:, 0] == 2 * y).all()) for x, y in loader),
        )

    same(lambda t: run(t, shuffle=True))
    same(lambda t: run(t, shuffle=True, generator=t.Generator().manual_seed(1)))
    same(lambda t: run(t, sampler=t.utils.data.SubsetRandomSampler([2, 4, 6])))
    same(lambda t: run(t, sampler=t.utils.data.RandomSampler(range(7), num_samples=14))[0])


def test_random_split():
    def run(t, lengths):
        parts = t.utils.data.random_split(data(t, 10), lengths)
        return [len(p) for p in parts], sorted(int(i) for p in parts for i in p.indices)

    for lengths in ([7, 3], [0.7, 0.3], [0.5, 0.25, 0.25], [10, 0], [5, 4], [0.5, 0.6], [1 / 3] * 3, [-1, 11]):
        same(lambda t, n=lengths: run(t, n), str(lengths))


def test_weighted_sampling():
    def run(t):
        sampler = t.utils.data.WeightedRandomSampler([0.0, 1.0, 3.0], 4000)
        counts = np.bincount(list(sampler), minlength=3)
        return len(sampler), counts[0] == 0, bool(abs(counts[2] / counts[1] - 3) < 0.6)

    same(run)


ERRORS = {
    "batch size 0": lambda t: batches(t, batch_size=0),
    "batch size 2.5": lambda t: batches(t, batch_size=2.5),
    "sampler and shuffle": lambda t: batches(t, shuffle=True, sampler=[1]),
    "batch sampler and size": lambda t: batches(t, batch_size=3, batch_sampler=[[1]]),
    "drop without batches": lambda t: batches(t, batch_size=None, drop_last=True),
    "no samples": lambda t: t.utils.data.RandomSampler(range(3), num_samples=0),
    "a stream shuffled": lambda t: stream(t, shuffle=True),
    "objects": lambda t: list(t.utils.data.DataLoader([object(), object()], batch_size=2)),
    "ragged": lambda t: list(t.utils.data.DataLoader([[1], [1, 2]], batch_size=2)),
    "different shapes": lambda t: list(t.utils.data.DataLoader([t.zeros(1), t.zeros(2)], batch_size=2)),
    "no item": lambda t: t.utils.data.Dataset()[0],
}


def test_exception_types():
    collect(ERRORS.items())
