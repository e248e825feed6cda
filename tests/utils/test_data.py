"""Loaders: the fast path for tensors against the plain one, and what a seed decides."""

import numpy as np
import pytest

import learnnn as torch
from learnnn.utils.data import ConcatDataset, DataLoader, Dataset, Subset, TensorDataset, default_collate, random_split


class Slow(Dataset):
    """The same examples, without the fast path."""

    def __init__(self, dataset):
        self.dataset = dataset

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, index):
        return self.dataset[index]


WHOLE = TensorDataset(torch.randn(10, 3), torch.arange(10))


@pytest.mark.parametrize("dataset", [WHOLE, Subset(WHOLE, [5, 2, 2, 9]), Subset(Subset(WHOLE, range(2, 8)), [1, 0, 3])])
@pytest.mark.parametrize("shuffle", [False, True])
def test_whole_batches_equal_stacked_examples(dataset, shuffle):
    found = []
    for d in (dataset, Slow(dataset)):
        loader = DataLoader(d, batch_size=3, shuffle=shuffle, generator=torch.Generator().manual_seed(0))
        found.append([[x.tolist(), y.tolist()] for x, y in loader])
    assert found[0] == found[1]


def test_a_batch_is_a_copy():
    (x, _), *_ = DataLoader(WHOLE, batch_size=10)
    x.zero_()
    assert WHOLE.tensors[0].array.any()


def test_tensors_that_need_gradients_get_them():
    x = torch.ones(4, requires_grad=True)
    (batch,) = next(iter(DataLoader(TensorDataset(x), batch_size=2)))
    batch.sum().backward()
    assert x.grad.tolist() == [1, 1, 0, 0]


def test_the_seed_decides_the_order():
    orders = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        orders.append([y.tolist() for _, y in DataLoader(WHOLE, batch_size=4, shuffle=True)])
    assert orders[0] == orders[1] != orders[2]


def test_split_parts_do_not_overlap():
    a, b = random_split(WHOLE, [0.5, 0.5], torch.Generator().manual_seed(0))
    assert set(a.indices).isdisjoint(b.indices)
    assert sorted([*a.indices, *b.indices]) == list(range(10))


def test_collate_keeps_the_form():
    assert default_collate([np.float32(1), np.float32(2)]).dtype == np.float32
    assert default_collate(["a", "b"]) == ["a", "b"]
    assert len(next(iter(DataLoader(ConcatDataset([WHOLE, WHOLE]), batch_size=20)))) == 2


def test_sizes_must_match():
    with pytest.raises(AssertionError, match="Size mismatch between tensors"):
        TensorDataset(torch.zeros(2), torch.zeros(3, 1))
    with pytest.raises(AssertionError, match="empty"):
        ConcatDataset([])
