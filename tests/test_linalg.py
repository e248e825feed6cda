"""Linear algebra against numpy's own, which goes other ways about it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import learnnn

RNG = np.random.default_rng(0)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_einsum_is_that_of_numpy(data):
    size = dict(zip("abcd", data.draw(st.lists(st.integers(0, 3), min_size=4, max_size=4)), strict=True))
    terms = data.draw(st.lists(st.text("abcd", max_size=3), min_size=1, max_size=3))
    letters = sorted(set("".join(terms)))
    result = "".join(data.draw(st.permutations(letters)))[: data.draw(st.integers(0, len(letters)))]
    equation, arrays = ",".join(terms) + "->" + result, [RNG.normal(size=[size[c] for c in term]) for term in terms]
    expected = np.einsum(equation, *arrays)
    found = learnnn.einsum(equation, *map(learnnn.tensor, arrays)).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-12, err_msg=equation)


@pytest.mark.parametrize("dims", [0, 1, 2, ([0, 1], [1, 0]), ([2], [1])])
def test_tensordot_is_that_of_numpy(dims):
    a, b = RNG.normal(size=(3, 3, 3)), RNG.normal(size=(3, 3, 3))
    found = learnnn.tensordot(learnnn.tensor(a), learnnn.tensor(b), dims).numpy()
    np.testing.assert_allclose(found, np.tensordot(a, b, dims), atol=1e-12)


@pytest.mark.parametrize("ord", [None, "fro", 1, -1, np.inf, -np.inf])
def test_norms_are_those_of_numpy(ord):
    a = RNG.normal(size=(3, 4))
    np.testing.assert_allclose(learnnn.linalg.norm(learnnn.tensor(a), ord).item(), np.linalg.norm(a, ord))
    if ord != "fro":
        np.testing.assert_allclose(learnnn.linalg.norm(learnnn.tensor(a), ord, 0).numpy(), np.linalg.norm(a, ord, 0))


def test_an_inverse_undoes_and_a_solution_solves():
    A, b = learnnn.tensor(RNG.normal(size=(2, 4, 4))), learnnn.tensor(RNG.normal(size=(2, 4)))
    eye = learnnn.eye(4, dtype=learnnn.float64).expand(2, 4, 4)
    assert learnnn.allclose(learnnn.linalg.inv(A) @ A, eye, atol=1e-10)
    x = learnnn.linalg.solve(A, b)
    assert learnnn.allclose((A @ x.unsqueeze(-1)).squeeze(-1), b)
