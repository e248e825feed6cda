"""How tensors print: character for character as PyTorch prints them, but for names of dtypes and of steps."""

import numpy as np
import pytest

from tests.parity.both import collect

pytestmark = pytest.mark.parity

rng = np.random.default_rng(0)
FLOATS = {
    "0-d": 3.14159,
    "0-d whole": 3.0,
    "0-d big": 123456789.0,
    "0-d small": 0.00001234,
    "0-d nan": np.nan,
    "0-d -inf": -np.inf,
    "0-d negative": -0.5,
    "0-d zero": 0.0,
    "0-d minus zero": -0.0,
    "0-d 1e5": 100000.5,
    "0-d 1e8": 1e8,
    "0-d third": 1 / 3,
    "whole": [1.0, 2.0, 3.0],
    "negative whole": [1.0, -2.0, 30.0],
    "mixed": [1.5, -2.25, 3.0],
    "small": [1e-5, 2e-5],
    "one small": [1e-5, 1.0],
    "big": [1e9, 1.5],
    "big whole": [1e9, 1.0],
    "wide": [0.001, 1000.5],
    "wider": [0.0001, 1000.5],
    "nan": [np.nan, 1.0],
    "nan and fraction": [np.nan, 1.5],
    "inf": [np.inf, -np.inf, 1.0],
    "inf and fraction": [np.inf, 0.25],
    "all nan": [np.nan, np.nan],
    "all inf": [np.inf, -np.inf],
    "zeros": [0.0, 0.0],
    "minus zero": [-0.0, 0.5],
    "hundred": [100.0, 0.01],
    "thousandths": [0.001, 0.002],
    "99999": [99999.5, 1.0],
    "limit": [99999999.0, 1.0],
    "empty": [],
    "matrix": [[1.5, 2.0], [-3.25, 100.0]],
    "cube": rng.normal(size=(2, 3, 2)).tolist(),
    "long": rng.normal(size=20).tolist(),
    "long whole": np.arange(40.0).tolist(),
    "thousand": np.arange(1000.0).tolist(),
    "more": np.arange(1001.0).tolist(),
    "more fractions": (np.arange(1200) / 7).tolist(),
    "big matrix": rng.normal(size=(50, 40)).tolist(),
    "column": rng.normal(size=(8, 1)).tolist(),
    "wide matrix": rng.normal(size=(2, 15)).tolist(),
    "tall": rng.normal(size=(1200, 1)).tolist(),
    "empty matrix": np.zeros((2, 0)).tolist(),
    "4-d": rng.normal(size=(1, 2, 1, 2)).tolist(),
}
WHOLE = {
    "0-d": 7,
    "negative": [-1, 10, 200],
    "matrix": [[1, 2], [30, 4]],
    "empty": [],
    "zero": 0,
    "big": [2**40, 1],
    "long": list(range(60)),
    "more": list(range(1100)),
    "one": [5],
}
BOOLS = {
    "0-d": True,
    "both": [True, False],
    "all": [True, True],
    "none": [False, False],
    "matrix": [[True, False], [False, False]],
    "long": [True, False] * 20,
}


def test_floats():
    with np.errstate(all="ignore"):
        collect((k, lambda t, v=v: repr(t.tensor(np.array(v, "float32")))) for k, v in FLOATS.items())
    collect((k, lambda t, v=v: repr(t.tensor(np.array(v, "float64")))) for k, v in FLOATS.items())


def test_whole_numbers_and_booleans():
    collect((k, lambda t, v=v: repr(t.tensor(np.array(v, "int64")))) for k, v in WHOLE.items())
    collect((k, lambda t, v=v: repr(t.tensor(np.array(v, "int32")))) for k, v in WHOLE.items() if k != "big")
    collect((k, lambda t, v=v: repr(t.tensor(np.array(v, bool)))) for k, v in BOOLS.items())


def test_other_dtypes_and_gradients():
    collect(
        {
            "float16": lambda t: repr(t.tensor([1.5, 2.0], dtype=t.float16)),
            "uint8": lambda t: repr(t.tensor([1, 2], dtype=t.uint8)),
            "requires_grad": lambda t: repr(t.tensor([1.5, 2.0], requires_grad=True)),
            "requires_grad float64": lambda t: repr(t.tensor(1.5, dtype=t.float64, requires_grad=True)),
            "grad_fn": lambda t: repr(t.tensor([1.5, 2.0], requires_grad=True) * 2),
            "grad_fn sum": lambda t: repr(t.tensor([1.5, 2.0], requires_grad=True).sum()),
            "grad_fn of long": lambda t: repr(t.tensor(np.arange(20.0) / 3, requires_grad=True).exp()),
            "str": lambda t: str(t.tensor([1.5, 2.0])),
            "detached": lambda t: repr(t.tensor([1.5], requires_grad=True).detach()),
            "size 0": lambda t: repr(t.zeros(2, 0)),
            "size 0 int": lambda t: repr(t.zeros(0, dtype=t.int64)),
            "size 0 3-d": lambda t: repr(t.zeros(2, 0, 3)),
            "transposed": lambda t: repr(t.tensor([[1.5, 2.0], [3.0, 4.0]]).T),
            "list": lambda t: repr([t.tensor(1.0), t.tensor([2])]),
            "dict": lambda t: str({"a": t.tensor(1.5)}),
        }.items()
    )
