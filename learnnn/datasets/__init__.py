"""Data to learn from: bundled with scikit-learn, or downloaded once. All give numpy arrays X and y."""

from ._bundled import breast_cancer, diabetes, digits, iris, moons, wine
from ._data import Data
from ._mnist import mnist

__all__ = ["Data", "breast_cancer", "diabetes", "digits", "iris", "mnist", "moons", "wine"]
