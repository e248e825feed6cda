"""Comparing and showing answers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from learnnn.course.compare import mismatch, pieces, plain, shown_object, side_by_side, text

numbers = st.floats(-1e6, 1e6) | st.integers(-1000, 1000) | st.booleans()
arrays_of_numbers = arrays(np.float64, array_shapes(max_dims=3, max_side=4), elements=st.floats(-1e3, 1e3))
answers = st.recursive(
    numbers | arrays_of_numbers | st.text(max_size=5) | st.none(),
    lambda inner: st.tuples(inner, inner) | st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


@given(answers)
def test_an_answer_equals_itself(answer):
    assert mismatch(plain(answer), plain(answer)) is None


@given(answers, answers)
def test_every_pair_can_be_compared_and_shown(one, other):
    one, other = plain(one), plain(other)
    left, right = side_by_side(one, other)
    assert text(left) or one == ""
    assert text(right) or other == ""
    if mismatch(one, other) is None:
        assert mismatch(other, one) is None


@given(arrays_of_numbers, st.data())
def test_one_changed_element_is_found_where_it_is(array, data):
    if not array.size:
        return
    flat = data.draw(st.integers(0, array.size - 1))
    changed = array.copy()
    changed.flat[flat] += 1 + abs(changed.flat[flat])
    index = np.unravel_index(flat, array.shape)
    found = mismatch(array, changed)
    assert found.path == f"[{', '.join(map(str, map(int, index)))}]"
    assert [wrong for _, wrong in pieces(changed, array)].count(True) == (1 if array.ndim <= 2 else 0)


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        (1, 1.0),
        (1.0, np.float32(1)),
        (True, 1),
        (2.0, np.array(2)),
        ((1, 2), [1.0, 2]),
        ((1.0, 2.0), np.array([1, 2])),
        (np.zeros((0, 3)), np.zeros((0, 3))),
        (np.array([1, 2]), np.array([1.0, 2.0], np.float32)),
        (1.0, 1.0 + 1e-9),
        (0.0, 1e-9),
        (1e12, 1e12 + 1),
        (float("inf"), float("inf")),
        (1 + 2j, np.complex128(1 + 2j)),
        ({"a": 1}, {"a": 1.0}),
    ],
)
def test_alike(expected, actual):
    assert mismatch(plain(expected), plain(actual)) is None


@pytest.mark.parametrize(
    ("expected", "actual", "says"),
    [
        (1.0, 1.00001, ""),
        (1.0, "1.0", "a str"),
        (1.0, None, "return"),
        (1.0, np.array([1.0]), "shape (1,) where () belongs"),
        (np.ones((2, 1)), np.ones(2), "shape (2,) where (2, 1) belongs"),
        (np.ones(2), [1.0, 1.0], "a list"),
        (np.ones(2), (x for x in (1, 1)), "yield"),
        (np.ones(2), abs, "call it"),
        ((1, 2), (1, 2, 3), "3 values where 2 belong"),
        ((1, 2), 1, "an int"),
        ({"a": 1}, {}, "no entry 'a'"),
        ({"a": 1}, {"a": 1, "b": 2}, "too many"),
        ("a", "b", ""),
        (None, 0, ""),
        (np.array([1.0, 2.0]), np.array([2.0, 4.0]), "2 times as large everywhere"),
        (np.array([1.0, 2.0]), np.array([-1.0, -2.0]), "opposite sign"),
        (np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, 3.0], [2.0, 4.0]]), "transpose"),
        (np.array([1.0, 2.0]), np.array([1.0, np.nan]), "nan"),
        (np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 4.0]), "1 of 3 elements"),
        (np.array([np.inf, 2.0]), np.array([-np.inf, 2.0]), "1 of 2"),
    ],
)
def test_different_and_what_is_said(expected, actual, says):
    found = mismatch(plain(expected), plain(actual))
    assert found is not None
    assert says in found.note


def test_tensors_of_all_kinds_are_read():
    import learnnn

    assert mismatch((1.0, np.ones(3)), plain((learnnn.tensor(1.0), learnnn.ones(3, requires_grad=True)))) is None


def test_digits_are_added_until_the_difference_shows():
    left, right = side_by_side(1.0, 1.00000001)
    assert text(left) != text(right)


def test_a_big_array_is_shown_in_short():
    assert len(text(list(pieces(np.zeros((100, 100)), None)))) < 400


def test_a_long_repr_is_cut():
    assert len(shown_object("x" * 10_000)) <= 300
