"""digits, iris and moons: shapes, dtypes, scales, splits."""

import sys

import numpy as np
import pytest

from learnnn import datasets

SHAPES = {"breast_cancer": (569, 30), "digits": (1797, 64), "iris": (150, 4), "moons": (500, 2), "wine": (178, 13)}


@pytest.fixture
def load(request):
    pytest.importorskip("sklearn", reason="scikit-learn is not installed: it brings these data sets")
    return getattr(datasets, request.param)


every = pytest.mark.parametrize("load", SHAPES, indirect=True)


@every
def test_form(load):
    X, y = data = load()
    assert X.shape == SHAPES[load.__name__]
    assert X.dtype == np.float32
    assert y.shape == X.shape[:1]
    assert y.dtype == np.int64
    assert len(data.feature_names) == X.shape[1]
    assert len(data.target_names) == y.max() + 1
    assert data.X is X
    assert data.y is y


@every
def test_split(load):
    (X, _), (X_test, y_test) = load(split=0.2, seed=3)
    n = SHAPES[load.__name__][0]
    assert len(X_test) == len(y_test) == round(0.2 * n)
    assert len(X) + len(X_test) == n
    again, other = load(split=0.2, seed=3), load(split=0.2, seed=4)
    assert (X_test == again[1].X).all()
    assert not np.array_equal(other[1].X, X_test)
    assert len(load(split=True)[1].y) == round(0.2 * n)
    assert load(split=0.2)[0].target_names == load().target_names


@every
@pytest.mark.parametrize("split", [0.0, 1.0, 1.5, -0.2])
def test_a_split_lies_between_0_and_1(load, split):
    if split == 0.0:
        split = 0
    with pytest.raises(ValueError, match="between 0 and 1"):
        load(split=split)


@pytest.mark.parametrize("load", ["digits"], indirect=True)
def test_digits(load):
    X = load().X
    assert X.min() == 0
    assert X.max() == 1
    assert load(images=True).X.shape == (1797, 1, 8, 8)


@pytest.mark.parametrize("load", ["iris"], indirect=True)
def test_iris_is_scaled_by_its_training_part(load):
    training, held_out = load(split=0.4)
    np.testing.assert_allclose(training.X.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(training.X.std(0), 1, atol=1e-5)
    assert (abs(held_out.X.mean(0)) > 1e-4).all()
    assert load(scale=False).X.max() == np.float32(7.9)


@pytest.mark.parametrize("name", SHAPES)
def test_without_scikit_learn_the_extra_is_named(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ImportError, match=r'pip install "learnnn\[data\]"'):
        getattr(datasets, name)()
