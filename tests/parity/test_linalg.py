"""Products, inverses, norms, einsum and tensordot: values, gradients, second derivatives and errors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.parity.both import collect, same
from tests.parity.test_shape import graded

pytestmark = pytest.mark.parity

RNG = np.random.default_rng(0)
ARRAY = RNG.normal(size=(2, 3, 4))
SQUARE = RNG.normal(size=(3, 3)) + 3 * np.eye(3)
BATCH = RNG.normal(size=(2, 3, 3)) + 3 * np.eye(3)

PRODUCTS = {
    "mm": lambda t, x: t.mm(x[0], x[1].T),
    "mm shapes": lambda t, x: t.mm(x[0], x[0]),
    "mm of 3-d": lambda t, x: t.mm(x, x),
    "bmm": lambda t, x: x.bmm(x.mT),
    "bmm of 2-d": lambda t, x: t.bmm(x[0], x[0]),
    "bmm of 4-d": lambda t, x: t.bmm(x[None], x[None].mT),
    "bmm of other batches": lambda t, x: t.bmm(x, x[:1].mT),
    "mv": lambda t, x: t.mv(x[0], x[1, 0]),
    "mv of a matrix": lambda t, x: t.mv(x[0], x[1].T),
    "addmm": lambda t, x: t.addmm(x[0, 0, :3], x[0], x[1].T, beta=0.5, alpha=2.0),
    "addmm method": lambda t, x: x[0, :, :3].addmm(x[0], x[1].T),
    "outer": lambda t, x: x[0, 0].outer(x[1, 1]),
    "dot": lambda t, x: t.dot(x[0, 0], x[1, 1]),
    "trace": lambda t, x: x[0].trace(),
    "trace of 3-d": lambda t, x: x.trace(),
    "diag of a matrix": lambda t, x: t.diag(x[0]),
    "diag of a vector": lambda t, x: t.diag(x[0, 0]),
    "diag above": lambda t, x: t.diag(x[0, 0], 1),
    "diag below": lambda t, x: x[0].diag(-1),
    "diag outside": lambda t, x: x[0].diag(9),
    "diag of 3-d": lambda t, x: t.diag(x),
    "diagonal": lambda t, x: t.diagonal(x, dim1=1, dim2=2),
    "diagonal offset": lambda t, x: x.diagonal(1, 0, 2),
    "diagonal -1": lambda t, x: x.diagonal(-1, -1, 0),
    "diagonal same": lambda t, x: x.diagonal(0, 1, 1),
    "tensordot": lambda t, x: t.tensordot(x, x.permute(1, 2, 0), 2),
    "tensordot 0": lambda t, x: t.tensordot(x[0, 0], x[1, 1], dims=0),
    "tensordot 1": lambda t, x: t.tensordot(x, x.permute(2, 0, 1), dims=1),
    "tensordot lists": lambda t, x: t.tensordot(x, x, dims=([0, 2], [0, 2])),
    "tensordot -": lambda t, x: t.tensordot(x, x, dims=([-1], [2])),
    "tensordot wrong": lambda t, x: t.tensordot(x, x, dims=([0], [1])),
    "tensordot lengths": lambda t, x: t.tensordot(x, x, dims=([0, 1], [1])),
}


@pytest.mark.parametrize("label", PRODUCTS)
def test_products(label):
    collect([(label, lambda t: graded(t, PRODUCTS[label], ARRAY)[:3])])


EINSUMS = [
    ("ij->ji", 2), ("ij->", 2), ("ij->i", 2), ("ij", 2), ("ji", 2), ("ii", 2), ("ii->i", 2), ("iij->j", 3), ("i,i", 2),
    ("i,i->i", 2), ("i,j", 2), ("ij,jk", 2), ("ij,jk->ki", 2), ("ij,ij->", 2), ("ij,ij->j", 2), ("bij,bjk->bik", 3),
    ("bij,bjk->b", 3), ("bhqd,bhkd->bhqk", 4), ("bhqk,bhkd->bqhd", 4), ("bqhd,bkhd->bhqk", 4), ("...ij->...ji", 4),
    ("...ij,...jk->...ik", 3), ("b...i,ij->b...j", 4), ("...,...", 2), ("ij,j->i", 2), ("i,ij,j->", 2),
    ("ij,jk,kl->il", 2), ("bi,bj,bk->bijk", 2), ("ai,bi->ab", 2), ("ij,kj->ik", 2), ("ij,kl->", 2), ("...ii->...i", 3),
    (" i j , j k -> i k ", 2), ("...i->...", 3), ("i...->...", 3), ("Ab,bA->A", 2), ("ijk,ilm,njm,nlk,abc->", 3),
]  # fmt: skip
RAGGED = {
    "ij,jk": [(2, 3), (3, 4)], "ij,j->i": [(2, 3), (3,)], "...ij,jk->...ik": [(2, 5, 3, 4), (4, 2)],
    "ij,jk->ik": [(2, 0), (0, 3)], "i,j->ij": [(0,), (3,)], "bij,b->ij": [(2, 3, 4), (2,)],
    "ij,ij->i": [(2, 1), (2, 3)],
    "...i,...i->...": [(5, 1, 3), (4, 3)], "bij,bjk->bik": [(1, 2, 3), (5, 3, 4)], "i->": [(3,)], "->": [()],
    ",ij->ij": [(), (2, 3)], "ij->...": [(2, 3)], "...ij->ij": [(2, 3, 4)], "...,i->...i": [(2, 3), (4,)],
}  # fmt: skip


def summed(t, equation, shapes):
    rng = np.random.default_rng(1)
    xs = [t.tensor(np.asarray(rng.normal(size=s)), requires_grad=True) for s in shapes]
    y = t.einsum(equation, *xs)
    grads = t.autograd.grad((y * y * y.detach().cos()).sum(), xs, create_graph=True)
    total = sum((g * g).sum() for g in grads) + 0 * sum(x.sum() for x in xs)
    return y, [g.detach() for g in grads], t.autograd.grad(total, xs)


@pytest.mark.parametrize(("equation", "ndim"), EINSUMS)
def test_einsum(equation, ndim):
    terms = equation.replace(" ", "").split("->")[0].split(",")
    shapes = [(3,) * (ndim if "..." in term else len(term)) for term in terms]
    same(lambda t: summed(t, equation, shapes), equation)


@pytest.mark.parametrize("equation", RAGGED)
def test_einsum_of_other_shapes(equation):
    same(lambda t: summed(t, equation, RAGGED[equation]), equation)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_einsum_of_any_letters(data):
    size = dict(zip("abcd", data.draw(st.lists(st.integers(1, 3), min_size=4, max_size=4)), strict=True))
    terms = data.draw(st.lists(st.text("abcd", max_size=3), min_size=1, max_size=3))
    letters = sorted(set("".join(terms)))
    result = "".join(data.draw(st.permutations(letters)))[: data.draw(st.integers(0, len(letters)))]
    equation = ",".join(terms) + data.draw(st.sampled_from(["", "->" + result]))
    same(lambda t: summed(t, equation, [[size[c] for c in term] for term in terms]), equation)


def test_einsum_errors_and_forms():
    x = np.ones((2, 3))
    wrong = ["ij,jk", "ijk->i", "i->i", "ij->k", "ij->ii", "i.j->i", "ii->i", "i1->i", "ij->ij->i", "....->"]
    collect((e, lambda t, e=e: t.einsum(e, t.tensor(x))) for e in wrong)
    collect([
        ("sizes", lambda t: t.einsum("ij,jk->ik", t.tensor(x), t.tensor(x))),
        ("a list", lambda t: t.einsum("ij,ij->i", [t.tensor(x), t.tensor(x)])),
        ("integers", lambda t: t.einsum("ij,kj->ik", t.tensor([[1, 2]]), t.tensor([[3, 4]]))),
    ])  # fmt: skip


NORMS = {
    "norm": lambda t, x: x.norm(),
    "torch.norm": lambda t, x: t.norm(x),
    "norm dim": lambda t, x: x.norm(dim=1),
    "norm p dim": lambda t, x: x.norm(1, 0),
    "norm keepdim": lambda t, x: t.norm(x, p=2, dim=-1, keepdim=True),
    "norm fro": lambda t, x: x.norm("fro"),
    "norm dims": lambda t, x: x.norm(dim=(0, 1)),
    "norm 3": lambda t, x: x.norm(3),
    "norm 1.5": lambda t, x: x.norm(1.5, dim=0),
    "norm 0": lambda t, x: x.norm(0, dim=0) + 0 * x.sum(),
    "norm inf": lambda t, x: x.norm(float("inf"), dim=1),
    "norm -inf": lambda t, x: x.norm(-float("inf")),
    "linalg.norm": lambda t, x: t.linalg.norm(x),
    "linalg.norm dim": lambda t, x: t.linalg.norm(x, dim=-1),
    "linalg.norm ord dim": lambda t, x: t.linalg.norm(x, 1, 1),
    "linalg.norm fro": lambda t, x: t.linalg.norm(x, "fro"),
    "linalg.norm 1": lambda t, x: t.linalg.norm(x, 1),
    "linalg.norm inf": lambda t, x: t.linalg.norm(x, float("inf")),
    "linalg.norm -1": lambda t, x: t.linalg.norm(x, -1, keepdim=True),
    "linalg.norm vector": lambda t, x: t.linalg.norm(x[0], 3),
    "vector_norm": lambda t, x: t.linalg.vector_norm(x),
    "vector_norm ord": lambda t, x: t.linalg.vector_norm(x, ord=3, dim=1, keepdim=True),
    "matrix_norm": lambda t, x: t.linalg.matrix_norm(x),
    "matrix_norm 1": lambda t, x: t.linalg.matrix_norm(x, ord=1),
}


@pytest.mark.parametrize("label", NORMS)
def test_norms(label):
    collect([
        (label, lambda t: graded(t, NORMS[label], ARRAY[0])[:3]),
        (f"{label} zeros", lambda t: graded(t, NORMS[label], np.zeros((3, 2)))[:2]),
        (f"{label} some zeros", lambda t: graded(t, NORMS[label], [[0.0, 1.0], [0.0, -2.0]])[:2]),
        (f"{label} ints", lambda t: NORMS[label](t, t.ones(2, 2, dtype=t.int64))),
    ])  # fmt: skip


INVERSES = {
    "inv": lambda t, x: t.linalg.inv(x),
    "inverse": lambda t, x: x.inverse(),
    "solve": lambda t, x: t.linalg.solve(x, x.mT * x.mT),
    "solve vector": lambda t, x: t.linalg.solve(x, x[..., 0] * 1),
    "solve left": lambda t, x: t.linalg.solve(x, x * x, left=False),
    "solve itself": lambda t, x: t.linalg.solve(x, x.sin()),
}


@pytest.mark.parametrize("label", INVERSES)
def test_inverses(label):
    collect((f"{label} {np.shape(a)}", lambda t, a=a: graded(t, INVERSES[label], a)[:3]) for a in (SQUARE, BATCH))


def refused(t, action):
    try:
        action()
    except t.linalg.LinAlgError as error:
        return isinstance(error, RuntimeError)


def test_inverses_that_are_not():
    collect([
        ("singular", lambda t: refused(t, lambda: t.linalg.inv(t.zeros(2, 2)))),
        ("singular solve", lambda t: refused(t, lambda: t.linalg.solve(t.ones(2, 2), t.ones(2)))),
        ("not square", lambda t: t.linalg.inv(t.ones(2, 3))),
        ("vector", lambda t: t.linalg.inv(t.ones(2))),
        ("integers", lambda t: t.linalg.inv(t.eye(2, dtype=t.int64))),
        ("rows", lambda t: t.linalg.solve(t.eye(2), t.ones(3))),
        ("rows of a matrix", lambda t: t.linalg.solve(t.eye(2), t.ones(3, 2))),
        ("dtypes", lambda t: t.linalg.solve(t.eye(2), t.ones(2).double())),
        ("of nothing", lambda t: t.linalg.inv(t.zeros(0, 0))),
        ("an eye and a batch", lambda t: t.linalg.solve(t.eye(2), t.ones(3, 2, 4))),
        ("LinAlgError", lambda t: issubclass(t.linalg.LinAlgError, RuntimeError)),
    ])  # fmt: skip
