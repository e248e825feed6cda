"""Every gradient rule, and the derivative of every gradient, against central differences in float64."""

from inspect import isfunction, signature

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learnnn import ops
from tests.ops.cases import CASES, COVERED, HELPERS, WITHOUT_GRADIENT, Case, Draw
from tests.ops.numeric import check_first, check_second

FLAT = {"floor", "ceil", "round", "sign", "trunc"}  # steps, whose gradient is zero where there is one


def check(case: Case, seed: int = 0, derivatives: int = 1) -> None:
    """What a broken rule has to get past, here and in test_mutation.py."""
    rng = np.random.default_rng(seed)
    with np.errstate(all="ignore"):
        arrays = case.arrays(rng)
        (check_first, check_second)[derivatives - 1](case.call, arrays, rng)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_gradient(case):
    check(case)


@pytest.mark.parametrize("case", [c for c in CASES if c.smooth], ids=str)
def test_gradient_of_the_gradient(case):
    check(case, derivatives=2)


def test_every_operation_has_cases():
    operations = {name for name, value in vars(ops).items() if isfunction(value) and name[0] != "_"} - HELPERS
    assert operations - COVERED - WITHOUT_GRADIENT == set(), "give these operations cases in tests/ops/cases.py"
    assert COVERED - operations == set(), "cases of operations that are gone"
    assert set() == COVERED & WITHOUT_GRADIENT


def test_operations_listed_as_flat_have_no_rules():
    assert [name for name in sorted(WITHOUT_GRADIENT) if getattr(getattr(ops, name), "rules", {})] == []


def test_every_rule_belongs_to_an_argument_that_a_case_makes_a_tensor():
    for name in sorted(COVERED):
        operation = getattr(ops, name)
        for argument in getattr(operation, "rules", {}):
            assert argument in signature(operation).parameters


# --------------------------------------------------------------------------------- shapes that hypothesis draws
few = settings(max_examples=25, deadline=None)
sides = {"max_dims": 3, "max_side": 3}
seeds = st.integers(0, 2**32 - 1)
KIND = {"div": "positive", "pow": "positive", "remainder": "positive"}


@few
@given(
    st.sampled_from(["add", "sub", "mul", "div", "maximum", "minimum", "pow", "remainder"]),
    hnp.mutually_broadcastable_shapes(num_shapes=2, min_side=0, **sides),
    seeds,
)
def test_broadcasting(op, shapes, seed):
    kind = KIND.get(op, "apart")
    case = Case(op, getattr(ops, op), tuple(Draw(shape, kind) for shape in shapes.input_shapes))
    check(case, seed)
    check(case, seed, derivatives=2)


@few
@given(st.data(), st.sampled_from(["sum", "mean", "amax", "amin", "var", "std", "logsumexp"]), seeds)
def test_reductions(data, op, seed):
    least = {"var": 2, "std": 2, "amax": 1, "amin": 1}.get(op, 0)
    shape = data.draw(hnp.array_shapes(min_dims=1, min_side=least, **sides))
    axis = st.integers(-len(shape), len(shape) - 1)
    dim = data.draw(st.none() | axis | hnp.valid_tuple_axes(len(shape), min_size=1))
    keepdim = data.draw(st.booleans())
    case = Case(op, lambda x: getattr(ops, op)(x, dim=dim, keepdim=keepdim), (Draw(shape),))
    if not (op == "mean" and 0 in shape) and not (op == "logsumexp" and 0 in shape):
        check(case, seed)
        check(case, seed, derivatives=2)


@few
@given(hnp.mutually_broadcastable_shapes(signature="(n?,k),(k,m?)->(n?,m?)", max_dims=1, max_side=3, min_side=0), seeds)
def test_matrix_products(shapes, seed):
    case = Case("matmul", ops.matmul, tuple(Draw(shape, "normal") for shape in shapes.input_shapes))
    check(case, seed)
    check(case, seed, derivatives=2)


def indices(shape):
    whole = hnp.integer_array_indices(shape, result_shape=hnp.array_shapes(max_dims=2, max_side=3))
    return hnp.basic_indices(shape, allow_newaxis=True).filter(steps_forward) | whole | hnp.arrays(bool, shape)


def steps_forward(index):
    parts = index if isinstance(index, tuple) else (index,)
    return all(part.step is None or part.step > 0 for part in parts if isinstance(part, slice))


@settings(max_examples=60, deadline=None)
@given(st.data(), hnp.array_shapes(max_dims=3, max_side=3), seeds)
def test_indexing(data, shape, seed):
    index = data.draw(indices(shape))
    case = Case("getitem", lambda x: ops.getitem(x, index), (Draw(shape),))
    check(case, seed)
    check(case, seed, derivatives=2)
