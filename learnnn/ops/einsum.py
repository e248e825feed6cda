"""einsum and tensordot: sums of products whose axes have names, taken two factors at a time through matmul."""

from __future__ import annotations

import functools
import math
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from .. import ops
from .reduce import axes

Labels = tuple[Any, ...]  # one an axis: a letter, or for the axes under '...' -1 for the last, -2, ...


class Factor(NamedTuple):
    """A tensor, and a label for each of its axes."""

    tensor: Any
    labels: Labels

    def size(self, labels: Iterable[Any]) -> list[int]:
        return [self.tensor.shape[self.labels.index(label)] for label in labels]


def einsum(equation: str, *operands: Any) -> Any:
    """The sum of products that the letters describe: an axis whose letter is not in the result is summed over.

    RuntimeError if letters and shapes do not fit.

    >>> import learnnn
    >>> learnnn.einsum("bij,bjk->bik", learnnn.ones(5, 2, 3), learnnn.ones(5, 3, 4)).shape
    (5, 2, 4)
    >>> learnnn.einsum("...ii->...i", learnnn.eye(2))
    tensor([1., 1.])
    """
    if len(operands) == 1 and isinstance(operands[0], list | tuple):
        operands = tuple(operands[0])
    terms, result = _parse(equation, tuple([x.ndim for x in operands]))
    factors = [_diagonals(Factor(x, labels), equation) for x, labels in zip(operands, terms, strict=True)]
    factors = _same_sizes(factors, equation)
    first, *rest = factors
    for i, factor in enumerate(rest, 1):
        first = _product(first, factor, {*result, *[label for f in rest[i:] for label in f.labels]})
    return _arranged(_summed(first, result), result)


@functools.lru_cache(256)
def _parse(equation: str, ndims: tuple[int, ...]) -> tuple[list[Labels], Labels]:
    """The labels of each operand and of the result."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    written = left.split(",")
    if len(written) != len(ndims):
        raise RuntimeError(f"einsum(): '{equation}' is for {len(written)} operands, got {len(ndims)}")
    terms = [_labels(text, n, equation) for text, n in zip(written, ndims, strict=True)]
    hidden = max([sum(isinstance(label, int) for label in term) for term in terms])
    if arrow:
        return terms, _result_labels(right, hidden, terms, equation)
    letters = left.replace(",", "").replace(".", "")
    return terms, (*range(-hidden, 0), *sorted(c for c in set(letters) if letters.count(c) == 1))


def _labels(text: str, ndim: int, equation: str) -> Labels:
    before, dots, after = text.partition("...")
    letters, hidden = before + after, ndim - len(before + after)
    if letters and not (letters.isascii() and letters.isalpha()):
        raise RuntimeError(f"einsum(): '{text}' in '{equation}' may hold letters and one '...' only")
    if hidden < 0 or (hidden and not dots):
        raise RuntimeError(f"einsum(): '{text}' in '{equation}' names {len(letters)} axes, the operand has {ndim}")
    return (*before, *range(-hidden, 0), *after)


def _result_labels(text: str, hidden: int, terms: list[Labels], equation: str) -> Labels:
    result = _labels(text, len(text.replace("...", "")) + ("..." in text) * hidden, equation)
    known = {label for term in terms for label in term}
    for label in result:
        if label not in known:
            raise RuntimeError(f"einsum(): '{label}' of the result in '{equation}' is in no operand")
        if result.count(label) > 1:
            raise RuntimeError(f"einsum(): '{label}' stands more than once in the result of '{equation}'")
    return result


def _diagonals(x: Factor, equation: str) -> Factor:
    """A letter that one operand has twice takes its diagonal."""
    for label in dict.fromkeys(x.labels):
        while x.labels.count(label) > 1:
            i = x.labels.index(label)
            j = x.labels.index(label, i + 1)
            if x.tensor.shape[i] != x.tensor.shape[j]:
                raise RuntimeError(
                    f"einsum(): '{label}' in '{equation}' is repeated, but names axes of {x.tensor.shape[i]} and of "
                    f"{x.tensor.shape[j]} in {list(x.tensor.shape)}"
                )
            others = tuple([name for k, name in enumerate(x.labels) if k not in (i, j)])
            x = Factor(ops.diagonal(x.tensor, 0, i, j), (*others, label))
    return x


def _same_sizes(factors: list[Factor], equation: str) -> list[Factor]:
    """Axes of size 1 repeated to the size that their letter has elsewhere."""
    sizes: dict[Any, int] = {}
    for x in factors:
        for label, n in zip(x.labels, x.tensor.shape, strict=True):
            known = sizes.setdefault(label, n)
            if n != known and 1 not in (n, known):
                shapes = ", ".join(str(list(f.tensor.shape)) for f in factors)
                raise RuntimeError(
                    f"einsum(): '{label}' in '{equation}' names axes of {known} and of {n}; the shapes are {shapes}"
                )
            sizes[label] = n if known == 1 else known
    full = [tuple([sizes[label] for label in x.labels]) for x in factors]
    return [
        x if x.tensor.shape == shape else Factor(ops.broadcast_to(x.tensor, shape), x.labels)
        for x, shape in zip(factors, full, strict=True)
    ]


def _summed(x: Factor, keep: Collection[Any]) -> Factor:
    """Summed over the axes that nobody needs."""
    gone = tuple([i for i, label in enumerate(x.labels) if label not in keep])
    return Factor(ops.sum(x.tensor, gone), tuple([n for n in x.labels if n in keep])) if gone else x


def _arranged(x: Factor, labels: Labels) -> Any:
    order = tuple([x.labels.index(label) for label in labels])
    return x.tensor if order == tuple(range(len(order))) else ops.permute(x.tensor, order)


def _grouped(x: Factor, batch: list[Any], rows: list[Any], columns: list[Any]) -> Any:
    """The axes as matrices: (*batch, all of rows, all of columns)."""
    arranged = _arranged(x, (*batch, *rows, *columns))
    shape = (*x.size(batch), math.prod(x.size(rows)), math.prod(x.size(columns)))
    return arranged if tuple(arranged.shape) == shape else ops.reshape(arranged, shape)


def _product(a: Factor, b: Factor, keep: Collection[Any]) -> Factor:
    """Two factors as one: axes of both that nobody else needs are summed over by matmul."""
    a, b = _summed(a, {*keep, *b.labels}), _summed(b, {*keep, *a.labels})
    batch = [label for label in a.labels if label in b.labels and label in keep]
    inner = [label for label in a.labels if label in b.labels and label not in keep]
    rows = [label for label in a.labels if label not in b.labels]
    columns = [label for label in b.labels if label not in a.labels]
    left, right = _grouped(a, batch, rows, inner), _grouped(b, batch, inner, columns)
    product = ops.matmul(left, right) if inner else left * right  # (*batch, rows, inner) by (*batch, inner, columns)
    return Factor(ops.reshape(product, (*a.size([*batch, *rows]), *b.size(columns))), (*batch, *rows, *columns))


def tensordot(a: Any, b: Any, dims: Any = 2) -> Any:
    """The sum of products over pairs of axes: the last `dims` of a with the first of b, or those of two lists.

    >>> import learnnn
    >>> learnnn.tensordot(learnnn.ones(2, 3, 4), learnnn.ones(4, 3, 5), dims=([1, 2], [1, 0])).shape
    (2, 5)
    """
    if isinstance(dims, int):
        dims = range(-dims, 0) if dims else (), range(dims)
    ours, theirs = [axes(tuple(d) if not isinstance(d, int) else d, x.ndim) for d, x in zip(dims, (a, b), strict=True)]
    if len(ours) != len(theirs) or any(a.shape[i] != b.shape[j] for i, j in zip(ours, theirs, strict=True)):
        raise RuntimeError(
            f"contracted dimensions need to match: {list(ours)} of {list(a.shape)} and {list(theirs)} of "
            f"{list(b.shape)}"
        )
    left = tuple(range(a.ndim))
    right = tuple([ours[theirs.index(j)] if j in theirs else a.ndim + j for j in range(b.ndim)])
    return _product(Factor(a, left), Factor(b, right), {*left, *right} - set(ours)).tensor
