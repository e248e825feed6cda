"""Sequences as models take them, the names of their tokens, and probabilities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..models.kind import as_array

Labels = Sequence[Any] | Callable[[int], Any] | None


def as_batch(tokens: Any) -> tuple[Any, ...]:
    """The inputs of a model: whole numbers (L,) become a batch of one (1, L); all else is as it is, a tuple several.

    TypeError for words, which a model cannot take; ValueError for none.

    >>> as_batch([3, 1, 2])[0].shape, as_batch(np.zeros((3, 4)))[0].shape
    ((1, 3), (3, 4))
    """
    if isinstance(tokens, tuple) and not all(isinstance(t, int | np.integer) for t in tokens):
        return tuple(each for part in tokens for each in as_batch(part))
    array = as_array(tokens)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"tokens are the numbers that the model takes, not {tokens!r}: encode the words first")
    if not array.size:
        raise ValueError("there are no tokens to look at")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError("some of the numbers that the model is to take are nan or infinite")
    return (array[None] if array.ndim == 1 and array.dtype.kind in "iu" else tokens,)


def ids(tokens: Any) -> np.ndarray | None:
    """The whole numbers (L,) of a sequence; None where it is one of vectors."""
    array = as_array(tokens[0] if isinstance(tokens, tuple) and np.ndim(tokens[0]) else tokens)
    flat = array.reshape(-1) if array.ndim == 1 or (array.ndim == 2 and len(array) == 1) else None
    return flat if flat is not None and flat.dtype.kind in "iu" else None


def words(labels: Labels, numbers: Sequence[int], what: str = "token") -> list[str]:
    """What tokens are called: `labels` is the vocabulary, by number, or a function of a number; if None, the number.

    ValueError for a number beyond the vocabulary.

    >>> words("abc", [2, 0]), words(None, [2, 0])
    (['c', 'a'], ['2', '0'])
    """
    if labels is None:
        return [str(n) for n in numbers]
    if callable(labels):
        return [str(labels(int(n))) for n in numbers]
    if (most := max(numbers, default=0)) >= len(labels):
        raise ValueError(f"there is a {what} {most}, and only {len(labels)} labels: one each is needed, from 0 on")
    return [str(labels[int(n)]) for n in numbers]


def of_both(labels: Any) -> tuple[Any, ...]:
    """A pair of lists of names, for queries and for keys; one list alone is for both."""
    pair = isinstance(labels, tuple) and len(labels) == 2 and not isinstance(labels[0], str | int)
    return labels if pair else (labels, labels)


def shown(word: str) -> str:
    """A word as a picture shows it: white space made visible.

    >>> shown(" a"), shown(chr(10)), shown("")
    ('␣a', '⏎', '∅')
    """
    return word.replace(" ", "␣").replace("\n", "⏎").replace("\t", "⇥") or "∅"


def joined(names: Sequence[str]) -> str:
    """Tokens as a text: whole words with spaces between, unless the tokens have spaces of their own.

    >>> joined(["the", "cat"]), joined(["the", " cat"]), joined("cat")
    ('the cat', 'the cat', 'cat')
    """
    apart = any(len(name) > 1 for name in names) and not any(set(name) & set(" \n") for name in names)
    return (" " if apart else "").join(names)


def softmax(scores: np.ndarray) -> np.ndarray:
    """Over the last axis; a row of nothing but -inf gives zeros."""
    top = scores.max(-1, keepdims=True)
    powers = np.exp(scores - np.where(np.isneginf(top), 0, top))
    return powers / np.maximum(powers.sum(-1, keepdims=True), np.finfo(float).tiny)


def entropy(p: np.ndarray) -> np.ndarray:
    """How undecided probabilities are, over the last axis, in bits: 0 for one certain, log2 n for n alike.

    >>> entropy(np.array([[0.5, 0.5], [1.0, 0.0]])).tolist()
    [1.0, 0.0]
    """
    return -(p * np.log2(np.where(p > 0, p, 1))).sum(-1) + 0.0


def step_names(labels: Labels, tokens: np.ndarray | None, count: int) -> list[str]:
    """A name for each of `count` steps: the labels, a function of the tokens' numbers, else the numbers themselves.

    >>> step_names(None, np.array([7, 5]), 2), step_names("ab", None, 2)
    (['7', '5'], ['a', 'b'])
    """
    numbers = range(count) if tokens is None or len(tokens) != count else tokens.tolist()
    if labels is None or callable(labels):
        return words(labels, numbers)
    if len(labels) != count:
        raise ValueError(f"{len(labels)} labels for {count} steps: one each is needed")
    return [str(label) for label in labels]
