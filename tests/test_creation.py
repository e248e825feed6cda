"""Making tensors: sizes, dtypes and errors, without PyTorch at hand (see tests/parity for the comparison)."""

import numpy as np
import pytest

import learnnn


def test_tensor_copies_and_from_numpy_shares():
    array = np.zeros(2)
    copied, shared, also = learnnn.tensor(array), learnnn.from_numpy(array), learnnn.as_tensor(array)
    array[0] = 5
    assert (copied.tolist(), shared.tolist(), also.tolist()) == ([0.0, 0.0], [5.0, 0.0], [5.0, 0.0])


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        (1, "int64"), (1.0, "float32"), (True, "bool"), ([1, 2.5], "float32"), ([True, 2], "int64"), ([], "float32"),
        (np.ones(2), "float64"), (np.float64(1), "float64"), ([np.float64(1)], "float64"), (np.ones(2, "u1"), "uint8"),
        ([learnnn.tensor(1.0), learnnn.tensor(2.0)], "float32"), (range(3), "int64"),
    ],
)  # fmt: skip
def test_dtype_of_data(data, dtype):
    assert learnnn.tensor(data).dtype == dtype


@pytest.mark.parametrize("make", [learnnn.zeros, learnnn.ones, learnnn.empty, learnnn.rand, learnnn.randn])
def test_sizes(make):
    assert make(2, 3).shape == make((2, 3)).shape == make([2, 3]).shape == (2, 3)
    assert make(()).shape == ()
    assert make(0, 2).shape == (0, 2)
    assert make(2, dtype=learnnn.float64, requires_grad=True).requires_grad
    with pytest.raises(RuntimeError, match="negative dimension -1"):
        make(-1)
    with pytest.raises(TypeError, match="whole number"):
        make(2.5)


@pytest.mark.parametrize("make", [learnnn.zeros_like, learnnn.ones_like, learnnn.empty_like, learnnn.rand_like])
def test_likes(make):
    like = learnnn.ones(2, 3, dtype=learnnn.float64, requires_grad=True)
    assert (make(like).shape, make(like).dtype, make(like).requires_grad) == ((2, 3), np.float64, False)
    assert make(like, dtype=learnnn.float32).dtype == np.float32


def test_ranges():
    assert learnnn.arange(3).tolist() == [0, 1, 2]
    assert learnnn.arange(1, 4, 2).dtype == np.int64
    assert learnnn.arange(0, 1, 0.25).tolist() == [0, 0.25, 0.5, 0.75]
    assert learnnn.linspace(0, 1, 5).tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert learnnn.eye(2, 3).tolist() == [[1, 0, 0], [0, 1, 0]]
    assert learnnn.full((2,), 7).dtype == np.int64
    for wrong in (lambda: learnnn.arange(3, 0), lambda: learnnn.arange(0, 3, 0)):
        with pytest.raises(RuntimeError, match="step sign"):
            wrong()


def test_what_is_no_number():
    for wrong, kind in (("a", TypeError), ([[1], [1, 2]], ValueError), (None, RuntimeError), ([{}], RuntimeError)):
        with pytest.raises(kind):
            learnnn.tensor(wrong)
