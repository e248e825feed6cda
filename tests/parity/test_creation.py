"""Making tensors in every form that scripts write, dtypes and their limits, devices, and what asks about them."""

import numpy as np
import pytest

from tests.parity.both import collect, same

pytestmark = pytest.mark.parity


def looks(x):
    """What can be compared where the numbers cannot."""
    return tuple(x.shape), x.dtype, x.requires_grad


MADE = {
    "zeros size=": lambda t: t.zeros(size=(2, 3)),
    "ones size=": lambda t: t.ones(size=[2]),
    "empty size=": lambda t: looks(t.empty(size=(2, 1))),
    "zeros pin_memory": lambda t: t.zeros(2, pin_memory=False),
    "zeros no such option": lambda t: t.zeros(2, dtyp=t.int64),
    "zeros on a device": lambda t: t.zeros(2, device=t.device("cpu")),
    "zeros elsewhere": lambda t: t.zeros(2, device="cuda"),
    "zeros_like memory_format": lambda t: t.zeros_like(t.ones(2, 3), memory_format=t.preserve_format),
    "ones_like requires_grad": lambda t: t.ones_like(t.zeros(2), requires_grad=True),
    "empty_like": lambda t: looks(t.empty_like(t.zeros(2, 3, dtype=t.int32))),
    "full_like grad": lambda t: t.full_like(t.zeros(2), 1.5, dtype=t.float64, requires_grad=True),
    "full": lambda t: t.full((2, 2), True),
    "full size": lambda t: t.full(size=(2,), fill_value=2.5),
    "arange tensors": lambda t: t.arange(t.tensor(1), t.tensor(7), 2),
    "arange float tensor": lambda t: t.arange(t.tensor(2.5)),
    "logspace": lambda t: t.logspace(0, 2, 3),
    "eye wrong": lambda t: t.eye(-1),
    "tril_indices": lambda t: t.tril_indices(3, 4, -1),
    "triu_indices": lambda t: t.triu_indices(3, 3, offset=1),
    "asarray": lambda t: t.asarray([1.0, 2.0]),
    "FloatTensor": lambda t: t.FloatTensor([1, 2]),
    "FloatTensor sizes": lambda t: looks(t.FloatTensor(2, 3)),
    "FloatTensor of numpy": lambda t: t.FloatTensor(np.ones(2, "float32")),
    "LongTensor": lambda t: t.LongTensor([[1, 2], [3, 4]]),
    "DoubleTensor": lambda t: t.DoubleTensor([1]),
    "IntTensor": lambda t: t.IntTensor([1]),
    "BoolTensor": lambda t: t.BoolTensor([True, False]),
    "ByteTensor": lambda t: t.ByteTensor([1, 2]),
    "isinstance": lambda t: (isinstance(t.ones(1), t.FloatTensor), isinstance(t.ones(1), t.LongTensor)),
    "new_zeros": lambda t: t.ones(2, dtype=t.float64).new_zeros(2, 3),
    "new_zeros tuple": lambda t: t.tensor([1]).new_zeros((2, 3)),
    "new_ones dtype": lambda t: t.tensor([1]).new_ones(2, dtype=t.float32),
    "new_full": lambda t: t.ones(1).double().new_full((2,), 3),
    "new_tensor": lambda t: t.ones(1).double().new_tensor([1, 2]),
    "new_empty": lambda t: looks(t.ones(1).new_empty(2, 2)),
    "rand": lambda t: looks(t.rand(2, 3)),
    "rand size=": lambda t: looks(t.rand(size=(2,), dtype=t.float64)),
    "randn tuple": lambda t: looks(t.randn((2, 3), requires_grad=True)),
    "randn half": lambda t: looks(t.randn(2, dtype=t.float16)),
    "randint": lambda t: looks(t.randint(3, (2, 2))),
    "randint low": lambda t: looks(t.randint(1, 3, (2, 2))),
    "randint keywords": lambda t: looks(t.randint(low=0, high=10, size=(5,))),
    "randint high size=": lambda t: looks(t.randint(10, size=(5,), dtype=t.int32)),
    "randint one value": lambda t: t.randint(4, 5, (3,)),
    "randint wrong": lambda t: t.randint(5, 5, (3,)),
    "randint_like": lambda t: t.randint_like(t.zeros(2), 1),
    "randperm": lambda t: looks(t.randperm(4)),
    "randperm none": lambda t: t.randperm(0),
    "rand_like": lambda t: looks(t.rand_like(t.zeros(2, 3).double())),
    "randn_like": lambda t: looks(t.randn_like(t.zeros(2, 3), dtype=t.float64)),
    "normal": lambda t: looks(t.normal(0.0, 1.0, (2, 3))),
    "normal size=": lambda t: looks(t.normal(mean=0.0, std=1.0, size=(2,))),
    "normal tensors": lambda t: looks(t.normal(t.zeros(3).double(), t.ones(3).double())),
    "normal std tensor": lambda t: looks(t.normal(0.0, t.ones(3))),
    "normal std 0": lambda t: t.normal(t.arange(3.0), 0.0),
    "normal wrong": lambda t: t.normal(0.0, -1.0, (2,)),
    "bernoulli p": lambda t: t.bernoulli(t.zeros(3), 1.0),
    "bernoulli": lambda t: t.bernoulli(t.tensor([0.0, 1.0])),
    "bernoulli method": lambda t: t.tensor([0.0, 1.0]).bernoulli(),
    "multinomial method": lambda t: looks(t.ones(2, 3).multinomial(2)),
    "uniform_": lambda t: looks(t.zeros(2).uniform_(-1, 1)),
    "uniform_ wrong": lambda t: t.zeros(2).uniform_(1, -1),
    "normal_": lambda t: looks(t.zeros(2, dtype=t.float64).normal_()),
    "normal_ std 0": lambda t: t.zeros(2).normal_(3.0, 0.0),
    "bernoulli_": lambda t: t.zeros(2).bernoulli_(1.0),
    "random_": lambda t: looks(t.zeros(2).random_()),
    "random_ to": lambda t: t.zeros(3, dtype=t.int64).random_(1),
    "random_ from": lambda t: t.zeros(3).random_(4, 5),
    "exponential_": lambda t: looks(t.zeros(3).exponential_(2.0)),
    "normal_ of a leaf": lambda t: t.zeros(2, requires_grad=True).normal_(),
}


@pytest.mark.parametrize("label", MADE)
def test_making(label):
    if label.endswith(("elsewhere",)):  # PyTorch on the CPU raises AssertionError; RuntimeError where it has CUDA
        with pytest.raises(RuntimeError, match="CPU only"):
            MADE[label](__import__("learnnn"))
    else:
        same(MADE[label], label)


LIMITS = ["float32", "float64", "float16"]
ASKED = {
    **{f"finfo {d}": lambda t, d=d: [getattr(t.finfo(getattr(t, d)), k) for k in ("eps", "min", "max", "tiny", "bits")]
       for d in LIMITS},
    **{f"iinfo {d}": lambda t, d=d: [getattr(t.iinfo(getattr(t, d)), k) for k in ("min", "max", "bits")]
       for d in ("int64", "int32", "uint8", "int8")},
    "finfo default": lambda t: t.finfo().max,
    "finfo of int": lambda t: t.finfo(t.int64),
    "iinfo of float": lambda t: t.iinfo(t.float32),
    "is_tensor": lambda t: (t.is_tensor(t.ones(1)), t.is_tensor(np.ones(1)), t.is_tensor(3)),
    "is_floating_point": lambda t: (t.is_floating_point(t.ones(1)), t.is_floating_point(t.tensor(1))),
    "numel": lambda t: t.numel(t.ones(2, 3)),
    "nelement": lambda t: (t.ones(2, 3).nelement(), t.ones(2, 3).ndimension(), t.ones(2).element_size()),
    "Size": lambda t: (t.Size([2, 3]) == (2, 3), t.Size((2, 3)).numel(), t.ones(2, 3).shape == t.Size([2, 3])),
    "shape.numel": lambda t: (t.ones(2, 3).shape.numel(), t.ones(2, 3).size().numel()),
    "isinstance Size": lambda t: (isinstance(t.ones(2).shape, t.Size), isinstance(t.ones(2).size(), tuple)),
    "no accelerators": lambda t: (t.cuda.is_available(), t.accelerator.is_available(), t.cuda.device_count()),
    "current accelerator": lambda t: t.accelerator.current_accelerator(),
    "backends": lambda t: t.backends.mps.is_available(),
    "the usual line": lambda t: str(t.device("cuda" if t.cuda.is_available() else "cpu")),
    "device": lambda t: (t.device("cpu") == t.ones(1).device, t.device("cpu").type, t.ones(1).is_cuda),
    "device repr": lambda t: repr(t.device("cpu")),
    "type names": lambda t: [t.ones(1, dtype=getattr(t, d)).type() for d in ("float32", "int64", "bool", "float64")],
    "type by name": lambda t: t.ones(2).type("torch.LongTensor"),
    "type by class": lambda t: t.ones(2).type(t.LongTensor),
    "to kinds": lambda t: (t.ones(2).short().dtype, t.ones(2).char().dtype),
    "numpy force": lambda t: t.from_numpy(t.ones(2, requires_grad=True).numpy(force=True)),
    "where method": lambda t: t.tensor([1.0, 2.0]).where(t.tensor([True, False]), t.tensor(0.0)),
    "Generator": lambda t: t.Generator().manual_seed(3).initial_seed(),
    "initial_seed": lambda t: (t.manual_seed(7), t.initial_seed())[1],
    "seed": lambda t: isinstance(t.seed(), int),
    "data_ptr": lambda t: (lambda x: x.data_ptr() == x[0].data_ptr() != x[1].data_ptr())(t.ones(2, 2)),
    "pi": lambda t: (t.pi, t.inf, t.e),
    "second names": lambda t: (t.clip(t.ones(2), 0, 0.5), t.concatenate([t.ones(1)] * 2), t.negative(t.ones(1))),
    "ravel": lambda t: t.ravel(t.ones(2, 2)),
}  # fmt: skip


@pytest.mark.parametrize("label", ASKED)
def test_asking(label):
    collect([(label, ASKED[label])])
