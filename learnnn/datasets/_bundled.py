"""Small data sets that come with scikit-learn: nothing is downloaded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ._data import Data, divided


def _sklearn() -> Any:
    try:
        import sklearn.datasets
    except ImportError as error:
        raise ImportError(
            'this data set comes with scikit-learn, which is not installed: pip install "learnnn[data]"'
        ) from error
    return sklearn.datasets


def digits(split: float | bool | None = None, seed: int = 0, images: bool = False) -> Any:
    """1,797 handwritten digits of 8 x 8 pixels, ink from 0 to 1.

    Returns Data: X (1797, 64), or (1797, 1, 8, 8) with images=True, and y (1797,) from 0 to 9. With `split`, the
    fraction to hold out (True: a fifth), two of them, shuffled by `seed`: (training, held out).
    Source: Alpaydin and Kaynak 1998, test part of the UCI optical recognition set.

    >>> (X, y), (X_test, y_test) = digits(split=0.2)
    >>> X.shape, X_test.shape
    ((1438, 64), (359, 64))
    """
    found = _sklearn().load_digits()
    X = (found.data / 16).astype(np.float32)
    return divided(
        Data.named(
            X.reshape(-1, 1, 8, 8) if images else X,
            found.target.astype(np.int64),
            feature_names=found.feature_names,
            target_names=found.target_names,
        ),
        split,
        seed,
    )


def _standardizer(X: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    mean, std = X.mean(0), X.std(0)
    return lambda rows: ((rows - mean) / std).astype(np.float32)


def iris(split: float | bool | None = None, seed: int = 0, scale: bool = True) -> Any:
    """150 iris flowers of three species: length and width of sepal and petal.

    Returns Data: X (150, 4), each column with mean 0 and deviation 1 (in cm with scale=False), and y (150,) from 0
    to 2. With `split`, (training, held out); the scale is then that of the training part. Source: Fisher 1936.

    >>> iris().target_names
    ('setosa', 'versicolor', 'virginica')
    """
    found = _sklearn().load_iris()
    names = {"feature_names": found.feature_names, "target_names": found.target_names}
    data = Data.named(found.data.astype(np.float32), found.target.astype(np.int64), **names)
    return divided(data, split, seed, _standardizer if scale else None)


def breast_cancer(split: float | bool | None = None, seed: int = 0, scale: bool = True) -> Any:
    """569 breast lumps: thirty measurements of the cell nuclei in each, and whether it was cancer.

    Returns Data: X (569, 30), each column with mean 0 and deviation 1 (as measured with scale=False), and y (569,),
    0 for malignant and 1 for benign. With `split`, (training, held out); the scale is then that of the training part.
    Source: Street, Wolberg and Mangasarian 1993.

    >>> breast_cancer().X.shape, breast_cancer().target_names
    ((569, 30), ('malignant', 'benign'))
    """
    found = _sklearn().load_breast_cancer()
    names = {"feature_names": found.feature_names, "target_names": found.target_names}
    data = Data.named(found.data.astype(np.float32), found.target.astype(np.int64), **names)
    return divided(data, split, seed, _standardizer if scale else None)


def diabetes(split: float | bool | None = None, seed: int = 0, scale: bool = True) -> Any:
    """442 diabetes patients: ten measurements of each, and how far the disease had gone on a year later.

    Returns Data: X (442, 10), each column with mean 0 and deviation 1 (as measured with scale=False), and y (442,),
    a number from 25 to 346. With `split`, (training, held out); the scale is then that of the training part.
    Source: Efron, Hastie, Johnstone and Tibshirani 2004.

    >>> diabetes().X.shape, diabetes().feature_names[:4]
    ((442, 10), ('age', 'sex', 'bmi', 'bp'))
    """
    found = _sklearn().load_diabetes(scaled=False)
    data = Data.named(found.data.astype(np.float32), found.target.astype(np.float32), feature_names=found.feature_names)
    return divided(data, split, seed, _standardizer if scale else None)


def moons(n: int = 500, noise: float = 0.1, split: float | bool | None = None, seed: int = 0) -> Any:
    """Points on two interleaved half circles: two classes that no straight line separates.

    Returns Data: X (n, 2) and y (n,), 0 or 1. With `split`, (training, held out).

    >>> moons(100).X.shape
    (100, 2)
    """
    X, y = _sklearn().make_moons(n, noise=noise, random_state=seed)
    names = {"feature_names": ("x0", "x1"), "target_names": ("upper", "lower")}
    return divided(Data.named(X.astype(np.float32), y.astype(np.int64), **names), split, seed)


def wine(split: float | bool | None = None, seed: int = 0, scale: bool = True) -> Any:
    """178 wines from Piedmont, Barolo, Grignolino and Barbera: thirteen measurements, such as alcohol and colour.

    Returns Data: X (178, 13), each column with mean 0 and deviation 1 (as measured with scale=False), and y (178,)
    from 0 to 2. With `split`, (training, held out); the scale is then that of the training part.
    Source: Forina, Armanino, Castino and Ubigli 1986, by way of the UCI repository.

    >>> wine().X.shape, wine().feature_names[:2]
    ((178, 13), ('alcohol', 'malic_acid'))
    """
    found = _sklearn().load_wine()
    names = {"feature_names": found.feature_names, "target_names": found.target_names}
    data = Data.named(found.data.astype(np.float32), found.target.astype(np.int64), **names)
    return divided(data, split, seed, _standardizer if scale else None)
