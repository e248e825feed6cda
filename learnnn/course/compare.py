"""Are two answers the same, and if not, where do they differ? And how are both shown side by side?"""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

NUMBERS = (bool, int, float, complex, np.generic, np.ndarray)
SHOWN = 64  # elements of an array that are spelled out one by one


@dataclass(frozen=True)
class Mismatch:
    """The first place where two answers differ: a path such as "[1][0, 2]", both parts, and what is wrong."""

    path: str
    expected: Any
    actual: Any
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """actual / expected where both are single numbers."""
        actual, expected = as_numbers(self.actual), as_numbers(self.expected)
        if actual is None or expected is None or actual.shape or expected.shape or expected == 0:
            return None
        return (actual.astype(complex) / expected).real.item()


def plain(value: Any) -> Any:
    """A copy of an answer in plain Python and numpy, out of reach of the object that gave it.

    Tensors become arrays, subclasses of numbers and arrays become the real thing.

    Example:
        >>> plain((1, np.float64(2.0), [True]))
        (1, 2.0, [True])
    """
    if hasattr(value, "detach") and not inspect.isclass(value):
        value = value.detach().numpy()
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, NUMBERS):
        array = np.array(value, subok=False)  # a copy, and no subclass with an == of its own
        return array if isinstance(value, np.ndarray) or array.dtype.kind not in "biufc" else array.item()
    if isinstance(value, tuple | list):
        return (tuple if isinstance(value, tuple) else list)(map(plain, value))
    return {key: plain(item) for key, item in value.items()} if isinstance(value, dict) else value


def as_numbers(value: Any) -> np.ndarray | None:
    """The value as a numeric array, or None where it is not numbers."""
    if not isinstance(value, NUMBERS):
        return None
    array = np.asarray(value)
    return array if array.dtype.kind in "biufc" else None


@np.errstate(all="ignore")
def mismatch(expected: Any, actual: Any, tolerance: float = 1e-6, path: str = "") -> Mismatch | None:
    """The first difference between two plain answers, or None when they agree.

    Numbers agree to a relative `tolerance`; integers and floats are alike, tuples and lists are alike;
    shapes count, and a NaN agrees only with a NaN.

    Example:
        >>> mismatch((6.0, (3.0, 2.0)), (6, (3, -2.0)))
        Mismatch(path='[1][1]', expected=2.0, actual=-2.0, note='')
    """
    if isinstance(expected, tuple | list):
        return _mismatch_in_sequence(expected, actual, tolerance, path)
    if isinstance(expected, dict):
        return _mismatch_in_dict(expected, actual, tolerance, path)
    if isinstance(expected, NUMBERS):
        return _mismatch_in_numbers(expected, actual, tolerance, path)
    if type(expected) is type(actual) and expected == actual:
        return None
    return Mismatch(path, expected, actual, _of_kind(actual) if type(expected) is not type(actual) else "")


def _mismatch_in_sequence(expected, actual, tolerance, path) -> Mismatch | None:
    if isinstance(actual, np.ndarray) and actual.ndim:
        actual = list(actual)
    if not isinstance(actual, tuple | list):
        return Mismatch(path, expected, actual, f"{_of_kind(actual)} where {len(expected)} values belong")
    if len(actual) != len(expected):
        return Mismatch(path, expected, actual, f"{len(actual)} values where {len(expected)} belong")
    pairs = enumerate(zip(expected, actual, strict=True))
    found = (mismatch(e, a, tolerance, f"{path}[{i}]") for i, (e, a) in pairs)
    return next(filter(None, found), None)


def _mismatch_in_dict(expected, actual, tolerance, path) -> Mismatch | None:
    if not isinstance(actual, dict):
        return Mismatch(path, expected, actual, f"{_of_kind(actual)} where a dictionary belongs")
    if missing := [key for key in expected if key not in actual]:
        return Mismatch(path, expected, actual, f"no entry {missing[0]!r}")
    if extra := [key for key in actual if key not in expected]:
        return Mismatch(path, expected, actual, f"an entry {extra[0]!r} too many")
    found = (mismatch(expected[key], actual[key], tolerance, f"{path}[{key!r}]") for key in expected)
    return next(filter(None, found), None)


def _mismatch_in_numbers(expected, actual, tolerance, path) -> Mismatch | None:
    e, a = np.asarray(expected), as_numbers(actual)
    if a is None:
        belongs = "an array" if e.ndim else "a number"
        return Mismatch(path, expected, actual, f"{_of_kind(actual)} where {belongs} belongs")
    if a.shape != e.shape:
        return Mismatch(path, expected, actual, f"shape {a.shape} where {e.shape} belongs")
    wrong = ~close(e, a, tolerance)
    if not wrong.any():
        return None
    index = tuple(map(int, np.argwhere(wrong)[0]))
    where = path + (f"[{', '.join(map(str, index))}]" if index else "")
    return Mismatch(where, e[index].item(), a[index].item(), _numbers_note(e, a, wrong))


@np.errstate(all="ignore")
def close(expected: np.ndarray, actual: np.ndarray, tolerance: float) -> np.ndarray:
    """Elementwise: equal up to `tolerance`, relative to the element and a tenth of it to the array's scale."""
    kind = complex if "c" in expected.dtype.kind + actual.dtype.kind else np.float64
    e, a = expected.astype(kind), actual.astype(kind)
    finite = np.abs(e[np.isfinite(e)])
    scale = max(1.0, finite.max(initial=0.0))
    return np.isclose(a, e, rtol=tolerance, atol=0.1 * tolerance * scale, equal_nan=True)


def _numbers_note(expected, actual, wrong) -> str:
    """What strikes the eye about wrong numbers: NaN, one common factor, a transposed square."""
    if not np.isfinite(actual[wrong]).all() and np.isfinite(expected[wrong]).all():
        return "some of yours are nan or infinite"
    if not expected.ndim:
        return ""
    if expected.ndim == 2 and len(set(expected.shape)) == 1 and close(expected.T, actual, 1e-6).all():
        return "yours is the transpose of what is expected"
    factor = _common_factor(expected, actual)
    if factor == -1:
        return "yours has the opposite sign everywhere"
    count = f"{wrong.sum()} of {wrong.size} elements differ"
    return f"yours is {factor:.4g} times as large everywhere" if factor else count


def _common_factor(expected, actual) -> float | None:
    some = expected != 0
    if "c" in expected.dtype.kind + actual.dtype.kind or not np.isfinite(expected).all():
        return None
    if not some.any() or actual[~some].any():
        return None
    ratios = actual[some] / expected[some]
    return round(float(ratios[0]), 9) if ratios[0] and np.allclose(ratios, ratios[0], rtol=1e-6) else None


def _of_kind(value: Any) -> str:
    if value is None:
        return "None (is a `return` missing?)"
    if inspect.isgenerator(value):
        return "a generator (`yield` in place of `return`?)"
    if inspect.isclass(value):
        return f"the class {value.__name__} itself"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}" if value.dtype.kind in "biufc" else f"an array of {value.dtype}"
    if inspect.isroutine(value):
        return f"a function ({getattr(value, '__name__', '?')}; call it?)"
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


# How answers are shown: as pieces of text, each with a flag that says whether it is one of the wrong parts.

Piece = tuple[str, bool]


def side_by_side(expected: Any, actual: Any, tolerance: float = 1e-6) -> tuple[list[Piece], list[Piece]]:
    """Both answers as pieces of text, the parts that differ flagged; with as many digits as it takes to see why.

    Example:
        >>> side_by_side((6.0, 2.0), (6.0, 3.0))[1]
        [('(', False), ('6', False), (', ', False), ('3', True), (')', False)]
    """
    for digits in (6, 10, 17):
        left = list(pieces(expected, actual, digits, tolerance))
        right = list(pieces(actual, expected, digits, tolerance))
        if text(left) != text(right):
            break
    return left, right


def text(parts: list[Piece]) -> str:
    """The pieces without their flags."""
    return "".join(part for part, _ in parts)


def pieces(value: Any, other: Any, digits: int = 6, tolerance: float = 1e-6) -> Iterator[Piece]:
    """The value as text in pieces, flagged where it differs from `other`."""
    numbers = as_numbers(value)
    if isinstance(value, tuple | list):
        yield from _sequence_pieces(value, other, digits, tolerance)
    elif numbers is not None and numbers.ndim and 0 < numbers.size <= SHOWN and numbers.ndim <= 2:
        yield from _array_pieces(numbers, as_numbers(other), digits, tolerance)
    elif numbers is not None and numbers.ndim:
        shown = np.array2string(numbers, precision=digits, separator=", ", threshold=SHOWN)
        yield f"shape {numbers.shape}: {shown}", False
    else:
        shown = _number(numbers.item(), digits) if numbers is not None else shown_object(value)
        yield shown, mismatch(other, value, tolerance) is not None


def _sequence_pieces(value, other, digits, tolerance) -> Iterator[Piece]:
    alike = isinstance(other, tuple | list) and len(other) == len(value)
    opening, closing = "()" if isinstance(value, tuple) else "[]"
    yield opening, False
    for i, item in enumerate(value):
        if i:
            yield ", ", False
        yield from pieces(item, other[i] if alike else item, digits, tolerance)
    yield ("," if len(value) == 1 and opening == "(" else "") + closing, False


def _array_pieces(array, other, digits, tolerance) -> Iterator[Piece]:
    alike = other is not None and other.shape == array.shape
    wrong = ~close(other, array, tolerance) if alike else np.zeros(array.shape, bool)
    cells = [_number(item, digits) for item in array.ravel().tolist()]
    width = max(map(len, cells)) if array.ndim == 2 else 0
    columns = array.shape[-1]
    opening = "[" * array.ndim
    for i, (cell, flag) in enumerate(zip(cells, wrong.ravel(), strict=True)):
        yield (opening if i == 0 else ", " if i % columns else "],\n ["), False
        yield from ((" " * (width - len(cell)), False), (cell, bool(flag)))
    yield "]" * array.ndim, False


def _number(value: Any, digits: int) -> str:
    return str(value) if isinstance(value, bool | int) else format(value, f".{digits}g")


def shown_object(value: Any, limit: int = 300) -> str:
    """The repr of any object, cut when long; a repr that itself fails does not matter."""
    if inspect.isclass(value):
        return value.__name__
    try:
        shown = value if isinstance(value, str) else repr(value)
    except Exception as error:
        shown = f"<{type(value).__name__} whose repr raises {type(error).__name__}>"
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"
