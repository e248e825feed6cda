"""Data to learn from: bundled with scikit-learn, or downloaded once. All give numpy arrays X and y."""

from ._bundled import digits, iris, moons
from ._data import Data
from ._mnist import mnist

__all__ = ["Data", "digits", "iris", "mnist", "moons"]
