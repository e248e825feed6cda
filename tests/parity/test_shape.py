"""Moving elements, indexing, joining, products of matrices and making tensors: values, gradients, views, errors."""

import numpy as np
import pytest

from tests.parity.both import collect

pytestmark = pytest.mark.parity

ARRAY = np.arange(24.0).reshape(2, 3, 4) / 7


def graded(t, f, array=ARRAY):
    x = t.tensor(np.array(array), requires_grad=True)
    y = f(t, x)
    if not isinstance(y, tuple | list):
        y = [y]
    total = sum(((i + 1) * p * p * t.tensor(np.cos(np.arange(float(np.prod(p.shape)))).reshape(tuple(p.shape)))).sum() for i, p in enumerate(y))
    (g,) = t.autograd.grad(total, x, create_graph=True)
    return list(y), g.detach(), t.autograd.grad((g * g * g).sum(), x), [p.data.is_contiguous() for p in y]


S = slice
SHAPES = {
    "reshape": lambda t, x: x.reshape(6, 4), "reshape -1": lambda t, x: x.reshape(-1, 2), "reshape tuple": lambda t, x: t.reshape(x, (24,)),
    "reshape list": lambda t, x: x.reshape([3, 8]), "reshape of T": lambda t, x: x.transpose(0, 2).reshape(-1),
    "reshape wrong": lambda t, x: x.reshape(5, 5), "reshape two -1": lambda t, x: x.reshape(-1, -1), "reshape -2": lambda t, x: x.reshape(-2, 12),
    "reshape Size": lambda t, x: x.reshape(x.shape), "reshape partly": lambda t, x: x.reshape(*x.shape[:1], -1),
    "view": lambda t, x: x.view(2, 12), "view of T": lambda t, x: x.transpose(0, 1).view(-1), "view_as": lambda t, x: x.view_as(t.ones(4, 6)),
    "flatten": lambda t, x: x.flatten(), "flatten 1": lambda t, x: x.flatten(1), "flatten 0 1": lambda t, x: t.flatten(x, 0, 1),
    "flatten end_dim": lambda t, x: x.flatten(start_dim=-2, end_dim=-1), "flatten wrong": lambda t, x: x.flatten(2, 1),
    "unflatten": lambda t, x: x.unflatten(2, (2, 2)), "unflatten -1": lambda t, x: x.unflatten(-1, (2, -1)), "unflatten wrong": lambda t, x: x.unflatten(0, (2, 2)),
    "transpose": lambda t, x: x.transpose(0, 2), "transpose -": lambda t, x: t.transpose(x, -1, 0), "transpose wrong": lambda t, x: x.transpose(0, 3),
    "swapaxes": lambda t, x: x.swapaxes(0, 1), "permute": lambda t, x: x.permute(2, 0, 1), "permute tuple": lambda t, x: x.permute((1, 0, 2)),
    "permute -": lambda t, x: t.permute(x, (-1, 0, 1)), "permute few": lambda t, x: x.permute(0, 1), "permute twice": lambda t, x: x.permute(0, 0, 1),
    "T": lambda t, x: x[0].T, "mT": lambda t, x: x.mT, "mT 1-d": lambda t, x: x[0, 0].mT, "t": lambda t, x: x[0].t(), "t 3-d": lambda t, x: x.t(), "t 1-d": lambda t, x: x[0, 0].t(),
    "movedim": lambda t, x: x.movedim(0, -1), "movedim tuple": lambda t, x: t.movedim(x, (0, 1), (2, 0)), "movedim wrong": lambda t, x: x.movedim(0, 5),
    "squeeze": lambda t, x: x[:1, :, :1].squeeze(), "squeeze 0": lambda t, x: x[:1].squeeze(0), "squeeze of 2": lambda t, x: x.squeeze(0),
    "squeeze dims": lambda t, x: x[:1, :, :1].squeeze((0, 2)), "squeeze wrong": lambda t, x: x.squeeze(4),
    "unsqueeze": lambda t, x: x.unsqueeze(1), "unsqueeze -1": lambda t, x: x.unsqueeze(-1), "unsqueeze wrong": lambda t, x: x.unsqueeze(5),
    "expand": lambda t, x: x[:1].expand(5, 3, 4), "expand -1": lambda t, x: x[0, :, :1].expand(2, -1, 4), "expand wrong": lambda t, x: x.expand(4, 3, 4),
    "expand_as": lambda t, x: x[0].expand_as(x), "expand -1 new": lambda t, x: x.expand(-1, 2, 3, 4), "broadcast_to": lambda t, x: t.broadcast_to(x[0], (3, 3, 4)),
    "repeat": lambda t, x: x.repeat(2, 1, 2), "repeat more": lambda t, x: x[0].repeat(2, 1, 1), "repeat few": lambda t, x: x.repeat(2),
    "flip": lambda t, x: x.flip(0), "flip two": lambda t, x: x.flip(0, -1), "flip list": lambda t, x: t.flip(x, [1]), "flip wrong": lambda t, x: x.flip(3),
    "roll": lambda t, x: x.roll(1), "roll dim": lambda t, x: x.roll(-2, 1), "roll dims": lambda t, x: t.roll(x, (1, 2), (0, 2)),
    "tril": lambda t, x: x.tril(), "triu 1": lambda t, x: t.triu(x, 1), "tril -1": lambda t, x: x.tril(diagonal=-1), "tril 1-d": lambda t, x: x[0, 0].tril(),
    "cat": lambda t, x: t.cat([x, x[:, :1]], 1), "cat -1": lambda t, x: t.cat((x, x * 2), dim=-1), "cat wrong": lambda t, x: t.cat([x, x[0]]),
    "cat sizes": lambda t, x: t.cat([x, x[:, :1]], 2), "cat none": lambda t, x: t.cat([]), "cat empty": lambda t, x: t.cat([t.zeros(0).double(), x[0, 0]]),
    "cat 0-d": lambda t, x: t.cat([x[0, 0, 0]]), "cat dtypes": lambda t, x: t.cat([x, t.ones(1, 3, 4)]),
    "stack": lambda t, x: t.stack([x[0], x[1]]), "stack 1": lambda t, x: t.stack((x[0], x[1] * 2), dim=1), "stack -1": lambda t, x: t.stack([x, x], -1), "stack wrong": lambda t, x: t.stack([x, x[0]]), "stack 0-d": lambda t, x: t.stack([x[0, 0, 0], x[1, 1, 1]]),
    "split": lambda t, x: x.split(2, 2), "split uneven": lambda t, x: t.split(x, 2, dim=1), "split list": lambda t, x: x.split([1, 3], -1), "split wrong": lambda t, x: x.split([1, 1], -1),
    "chunk": lambda t, x: x.chunk(2, 1), "chunk many": lambda t, x: x.chunk(7, 2), "unbind": lambda t, x: x.unbind(), "unbind 1": lambda t, x: t.unbind(x, 1), "iterate": lambda t, x: list(x),
    "gather": lambda t, x: x.gather(2, t.tensor([[[0, 1], [2, 2], [3, 0]]] * 2)), "gather 0": lambda t, x: t.gather(x[0], 0, t.tensor([[0, 2, 1, 1]])), "gather -1": lambda t, x: x[0].gather(-1, t.tensor([[0], [1], [3]])),
    "gather out": lambda t, x: x[0].gather(1, t.tensor([[4]])), "gather float": lambda t, x: x[0].gather(1, t.tensor([[0.0]])), "gather dims": lambda t, x: x.gather(1, t.tensor([0])),
    "contiguous": lambda t, x: x.transpose(0, 1).contiguous(), "clone": lambda t, x: x.clone(), "to": lambda t, x: x.to(t.float64), "ellipsis": lambda t, x: x[..., 0],
    "matmul": lambda t, x: x[0] @ x[1].T, "batch": lambda t, x: x @ x.mT, "batch mat": lambda t, x: x @ x[0].T, "vector": lambda t, x: x[0] @ x[0, 0], "vector left": lambda t, x: x[0, :, 0] @ x[0],
    "vector vector": lambda t, x: x[0, 0] @ x[0, 1], "batch vector": lambda t, x: x @ x[0, 0], "vector batch": lambda t, x: x[0, :, 0] @ x, "matmul wrong": lambda t, x: x @ x, "matmul 0-d": lambda t, x: x @ x[0, 0, 0], "matmul number": lambda t, x: x @ 2,
    "bmm": lambda t, x: t.matmul(x, x.transpose(1, 2)), "mm": lambda t, x: x[0].mm(x[1].T), "mv": lambda t, x: x[0].mv(x[0, 0]), "dot": lambda t, x: x[0, 0].dot(x[1, 1]), "dot 2-d": lambda t, x: x[0].dot(x[0]), "dot sizes": lambda t, x: x[0, 0].dot(x[0, :, 0]), "outer": lambda t, x: t.outer(x[0, 0], x[0, :, 1]),
    "batch wrong": lambda t, x: t.ones(3, 2, 2).double() @ t.ones(2, 2, 2).double(), "mm 3-d": lambda t, x: x.mm(x), "bmm 2-d": lambda t, x: x[0].bmm(x[0]),
}  # fmt: skip


@pytest.mark.parametrize("label", SHAPES)
def test_shapes(label):
    collect([(label, lambda t: graded(t, SHAPES[label]))])


INDICES = {
    "0": lambda t: 0, "-1": lambda t: -1, "0, 1": lambda t: (0, 1), "all three": lambda t: (1, 2, 3), "slice": lambda t: S(1, None), "step": lambda t: (S(None), S(None, None, 2)),
    "empty slice": lambda t: S(2, 1), "None": lambda t: None, "None inside": lambda t: (0, None, 1), "...": lambda t: ..., "..., 0": lambda t: (..., 0), "0, ..., None": lambda t: (0, ..., None), "()": lambda t: (),
    "list": lambda t: [0, 1, 0], "list inside": lambda t: (S(None), [2, 0]), "tensor": lambda t: t.tensor([1, 0, 1]), "tensor 2-d": lambda t: t.tensor([[0, 1], [1, 1]]), "tensor 0-d": lambda t: t.tensor(1),
    "int32": lambda t: t.tensor([1, 0], dtype=t.int32), "uint8 mask": lambda t: (0, t.tensor([1, 0, 1], dtype=t.bool)), "mask": lambda t: t.tensor([True, False]), "mask 2-d": lambda t: t.tensor([[True, False, True], [False, False, True]]), "no mask": lambda t: t.tensor([False, False]),
    "two tensors": lambda t: (t.tensor([0, 1]), t.tensor([2, 0])), "broadcast tensors": lambda t: (t.tensor([[0], [1]]), t.tensor([2, 0])), "apart": lambda t: (t.tensor([0, 1]), S(None), t.tensor([3, 0])),
    "number and tensor": lambda t: (0, S(None), t.tensor([3, 0])), "tensor and number": lambda t: (t.tensor([0, 1]), S(None), 1), "slice tensor": lambda t: (S(0, 1), t.tensor([0, 2])), "numpy": lambda t: np.array([1, 0]), "np.int64": lambda t: np.int64(1),
    "tuple of lists": lambda t: ([0, 1], [1, 2]), "list of bools": lambda t: [True, False], "True": lambda t: True, "False": lambda t: False, "True inside": lambda t: (True, 0),
    "negative tensor": lambda t: t.tensor([-1, -2]), "slice by tensor": lambda t: S(t.tensor(0), t.tensor(1)), "empty list": lambda t: [], "empty tensor": lambda t: t.tensor([], dtype=t.int64), "range": lambda t: range(2),
    "mask and None": lambda t: (t.tensor([True, False]), None), "two masks": lambda t: (t.tensor([True, True]), t.tensor([True, False, True])), "tensor and ...": lambda t: (..., t.tensor([0, 0, 1])), "None and tensor": lambda t: (None, t.tensor([1])),
    "out": lambda t: 2, "out -": lambda t: -3, "out tensor": lambda t: t.tensor([2]), "too many": lambda t: (0, 0, 0, 0), "float": lambda t: 1.0, "float tensor": lambda t: t.tensor([1.0]), "mask shape": lambda t: t.tensor([True, False, True]),
    "backwards": lambda t: S(None, None, -1), "step 0": lambda t: S(None, None, 0), "tensors do not fit": lambda t: (t.tensor([0, 1]), t.tensor([0, 1, 2])),
}  # fmt: skip


@pytest.mark.parametrize("label", INDICES)
def test_indices(label):
    index = INDICES[label]
    collect([
        (label, lambda t: graded(t, lambda t, x: x[index(t)])[:3]),
        (f"{label} = number", lambda t: assigned(t, index(t), 5.0)),
        (f"{label} = tensor", lambda t: assigned(t, index(t), t.tensor(2.5).double())),
        (f"{label} shares", lambda t: shares(t, index(t))),
    ])  # fmt: skip


def assigned(t, index, value):
    x = t.tensor(ARRAY, requires_grad=True)
    y = x * 1
    y[index] = value
    (y * y).sum().backward()
    return y, x.grad


def shares(t, index):
    """Whether the result is a view of the original."""
    x = t.tensor(ARRAY)
    y = x[index]
    y.zero_()
    return x


INTS = np.arange(6).reshape(2, 3)
CREATE = {
    "tensor int": lambda t: t.tensor([1, 2]), "tensor float": lambda t: t.tensor([1, 2.0]), "tensor bool": lambda t: t.tensor([True, False]), "tensor mixed bool": lambda t: t.tensor([True, 2]), "tensor 0-d": lambda t: t.tensor(3.5), "tensor int 0-d": lambda t: t.tensor(7),
    "tensor empty": lambda t: t.tensor([]), "tensor nested empty": lambda t: t.tensor([[], []]), "tensor numpy": lambda t: t.tensor(INTS), "tensor np float": lambda t: t.tensor(np.float64(1.5)), "tensor np float32": lambda t: t.tensor(np.float32(1.5)), "tensor list of np": lambda t: t.tensor([np.float64(1.5), np.float64(2)]),
    "tensor list of arrays": lambda t: t.tensor([np.ones(2), np.zeros(2)]), "tensor list of tensors": lambda t: t.tensor([t.tensor(1.0), t.tensor(2.0)]), "tensor dtype": lambda t: t.tensor([1.7, 2], dtype=t.int64), "tensor tuple": lambda t: t.tensor((1, 2)), "tensor range": lambda t: t.tensor(range(3)),
    "tensor ragged": lambda t: t.tensor([[1, 2], [3]]), "tensor str": lambda t: t.tensor("a"), "tensor None": lambda t: t.tensor(None), "tensor float16": lambda t: t.tensor(np.ones(2, "float16")), "tensor object": lambda t: t.tensor([{}]), "tensor big": lambda t: t.tensor(2**62),
    "tensor of tensor": lambda t: t.tensor(t.tensor([1.0])), "requires_grad": lambda t: t.tensor([1.0], requires_grad=True), "as_tensor": lambda t: t.as_tensor([1, 2]), "as_tensor same": lambda t: (lambda x: t.as_tensor(x) is x)(t.ones(2)), "as_tensor dtype": lambda t: t.as_tensor(INTS, dtype=t.float32), "as_tensor shares": lambda t: (lambda a: (lambda x: (a.__setitem__(0, 5.0), x)[1])(t.as_tensor(a)))(np.ones(2)),
    "from_numpy": lambda t: t.from_numpy(INTS), "from_numpy list": lambda t: t.from_numpy([1]), "from_numpy bool": lambda t: t.from_numpy(np.array([True])), "Tensor": lambda t: t.Tensor([1, 2]), "Tensor sizes": lambda t: tuple(t.Tensor(2, 3).shape), "Tensor none": lambda t: t.Tensor(), "FloatTensor": lambda t: t.FloatTensor([1, 2]),
    "zeros": lambda t: t.zeros(2, 3), "zeros tuple": lambda t: t.zeros((2, 3)), "zeros list": lambda t: t.zeros([2]), "zeros none": lambda t: t.zeros(()), "zeros int": lambda t: t.zeros(2, dtype=t.int64), "zeros -1": lambda t: t.zeros(-1), "zeros float": lambda t: t.zeros(2.0), "zeros Size": lambda t: t.zeros(t.ones(2, 3).shape), "zeros np": lambda t: t.zeros(np.int64(3)),
    "ones": lambda t: t.ones(2, requires_grad=True), "ones bool": lambda t: t.ones(2, dtype=t.bool), "ones int grad": lambda t: t.ones(2, dtype=t.int64, requires_grad=True), "full": lambda t: t.full((2,), 3.5), "full int": lambda t: t.full((2,), 3), "full bool": lambda t: t.full((2,), True), "full dtype": lambda t: t.full((2, 1), 3, dtype=t.float64),
    "empty": lambda t: tuple(t.empty(2, 3).shape), "zeros_like": lambda t: t.zeros_like(t.tensor([1, 2])), "ones_like": lambda t: t.ones_like(t.tensor([1, 2]), dtype=t.float32), "full_like": lambda t: t.full_like(t.ones(2), 7), "full_like int": lambda t: t.full_like(t.tensor([1]), 7.9), "zeros_like grad": lambda t: t.zeros_like(t.ones(2, requires_grad=True)).requires_grad, "empty_like": lambda t: tuple(t.empty_like(t.ones(2, 3)).shape),
    "arange": lambda t: t.arange(5), "arange float": lambda t: t.arange(5.0), "arange step": lambda t: t.arange(1, 2, 0.25), "arange down": lambda t: t.arange(5, 0, -2), "arange dtype": lambda t: t.arange(3, dtype=t.float64), "arange empty": lambda t: t.arange(0), "arange wrong": lambda t: t.arange(5, 0), "arange start end": lambda t: t.arange(2, 5), "arange step 0": lambda t: t.arange(1, 2, 0), "arange float end": lambda t: t.arange(0, 1, 0.1), "arange tensor": lambda t: t.arange(t.tensor(3)), "arange keywords": lambda t: t.arange(start=1, end=3),
    "linspace": lambda t: t.linspace(0, 1, 5), "linspace one": lambda t: t.linspace(3, 10, 1), "linspace steps=": lambda t: t.linspace(-1, 1, steps=3, dtype=t.float64), "linspace int": lambda t: t.linspace(0, 10, 5, dtype=t.int64), "eye": lambda t: t.eye(3), "eye 2 3": lambda t: t.eye(2, 3), "eye int": lambda t: t.eye(2, dtype=t.int64),
    "device": lambda t: t.zeros(2, device="cpu"), "to cpu": lambda t: t.ones(2).to("cpu"), "to device dtype": lambda t: t.ones(2).to("cpu", t.float64), "to other": lambda t: t.ones(2).to(t.tensor([1])), "to self": lambda t: (lambda x: x.to(t.float32) is x)(t.ones(2)), "float": lambda t: t.tensor([1, 2]).float(), "long": lambda t: t.tensor([1.7, -1.7]).long(), "bool": lambda t: t.tensor([0.0, 0.5]).bool(), "half": lambda t: t.ones(2).half(), "int": lambda t: t.ones(2).int(), "double": lambda t: t.ones(2).double(), "byte": lambda t: t.ones(2).byte(), "type": lambda t: t.ones(2).type(t.int64), "type_as": lambda t: t.ones(2).type_as(t.tensor([1])),
    "dtype": lambda t: t.ones(2).dtype, "shape": lambda t: tuple(t.ones(2, 3).shape), "size": lambda t: t.ones(2, 3).size(1), "size()": lambda t: tuple(t.ones(2, 3).size()), "numel": lambda t: t.ones(2, 3).numel(), "dim": lambda t: t.ones(2, 3).dim(), "stride": lambda t: t.ones(2, 3).stride(), "tolist": lambda t: t.tensor([[1, 2], [3, 4]]).tolist(), "tolist 0-d": lambda t: t.tensor(1.5).tolist(), "item bool": lambda t: t.tensor(True).item(), "len": lambda t: len(t.ones(2, 3)), "contains": lambda t: 5 in t.ones(2), "is_floating_point": lambda t: t.ones(2).is_floating_point(), "nelement": lambda t: t.ones(2).numel(),
}  # fmt: skip


@pytest.mark.parametrize("label", CREATE)
def test_creation(label):
    collect([(label, CREATE[label])])
