"""Preprocessing: what is fitted on the training data alone, and then transforms any data.

StandardScaler, MinMaxScaler, RobustScaler, OneHotEncoder and SimpleImputer are scikit-learn's own; text and sequences
are cut up here.
"""

from __future__ import annotations

import importlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

_BORROWED = {
    "StandardScaler": "sklearn.preprocessing",
    "MinMaxScaler": "sklearn.preprocessing",
    "RobustScaler": "sklearn.preprocessing",
    "OneHotEncoder": "sklearn.preprocessing",
    "SimpleImputer": "sklearn.impute",
}

__all__ = ["BPETokenizer", "CharTokenizer", "sliding_windows", *_BORROWED]


def __getattr__(name: str) -> Any:
    if name not in _BORROWED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
    try:
        return getattr(importlib.import_module(_BORROWED[name]), name)
    except ImportError as error:
        raise ImportError(
            f'{name} is scikit-learn\'s, which is not installed: pip install "learnnn[data]"', name="sklearn"
        ) from error


def __dir__() -> list[str]:
    return sorted({*globals(), *_BORROWED})


def sliding_windows(series: Any, length: int, horizon: int = 1, step: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Windows of a series, and what follows each: (T, ...) -> X (N, length, ...) and y (N, horizon, ...).

    Every `step`-th window is taken; the arrays are copies. ValueError if the series is shorter than one window.

    >>> X, y = sliding_windows([1, 2, 3, 4, 5], length=3)
    >>> X.tolist(), y.tolist()
    ([[1, 2, 3], [2, 3, 4]], [[4], [5]])
    """
    series = np.asarray(series)
    for name, value in {"length": length, "step": step}.items():
        if not isinstance(value, int) or value < 1:
            raise ValueError(f"sliding_windows: {name} is a positive integer, not {value!r}")
    if not isinstance(horizon, int) or horizon < 0:
        raise ValueError(f"sliding_windows: horizon is an integer from 0, not {horizon!r}")
    if series.ndim == 0 or len(series) < length + horizon:
        raise ValueError(f"a window and its horizon take {length + horizon} values: the series is {series.shape}")
    windows = np.lib.stride_tricks.sliding_window_view(series, length + horizon, axis=0)[::step]  # (N, ..., window)
    windows = np.moveaxis(windows, -1, 1)
    return windows[:, :length].copy(), windows[:, length:].copy()


class Tokenizer:
    """The base of the tokenizers: `fit` learns from a text, then `encode` and `decode` (or transform and back).

    `tokens` lists the pieces by number.
    """

    tokens: list[str]

    def fit(self, text: str | Iterable[str]) -> Any:
        """Learn from a text, or from several -> self."""
        raise NotImplementedError

    def encode(self, text: str) -> list[int]:
        """The numbers of a text's tokens."""
        raise NotImplementedError

    def decode(self, numbers: Iterable[int]) -> str:
        """The text that numbers, or a tensor (N,) of them, stand for."""
        self._fitted()
        found = [int(i) for i in np.asarray(numbers).reshape(-1)]
        wrong = [i for i in found if not 0 <= i < len(self.tokens)]
        if wrong:
            raise ValueError(f"there is no token {wrong[0]}: they go from 0 to {len(self.tokens) - 1}")
        return "".join(self.tokens[i] for i in found)

    def transform(self, text: str) -> np.ndarray:
        """As `encode`, as an array (N,) of int64."""
        return np.array(self.encode(text), np.int64)

    def inverse_transform(self, numbers: Iterable[int]) -> str:
        """As `decode`."""
        return self.decode(numbers)

    def fit_transform(self, text: str) -> np.ndarray:
        """`fit`, then `transform`."""
        return self.fit(text).transform(text)

    @property
    def vocab_size(self) -> int:
        """How many tokens there are."""
        return len(self)

    def __len__(self) -> int:
        self._fitted()
        return len(self.tokens)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self.tokens)} tokens)" if self._is_fitted() else f"{type(self).__name__}()"

    def _is_fitted(self) -> bool:
        return "tokens" in self.__dict__

    def _fitted(self) -> None:
        if not self._is_fitted():
            raise ValueError(f"this {type(self).__name__} has seen no text yet: call fit(text) first")

    def _number(self, token: str) -> int:
        if token not in self.numbers:
            raise ValueError(
                f"the character {token!r} was not in the text that this {type(self).__name__} was fitted on"
            )
        return self.numbers[token]

    def _keep(self, tokens: Sequence[str]) -> None:
        self.tokens = list(tokens)
        self.numbers = {token: i for i, token in enumerate(self.tokens)}

    def state_dict(self) -> dict[str, Any]:
        """What `fit` learned, to be saved."""
        self._fitted()
        return {"tokens": list(self.tokens)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what another learned."""
        self._keep(state["tokens"])


class CharTokenizer(Tokenizer):
    """One token a character, numbered in their order.

    >>> tokenizer = CharTokenizer().fit("hello")
    >>> tokenizer.tokens, tokenizer.encode("hole")
    (['e', 'h', 'l', 'o'], [1, 3, 2, 0])
    >>> tokenizer.decode([1, 0, 2])
    'hel'
    """

    def fit(self, text: str | Iterable[str]) -> CharTokenizer:
        characters = sorted(set("".join(_texts(text))))
        if not characters:
            raise ValueError("there is no text to learn from")
        self._keep(characters)
        return self

    def encode(self, text: str) -> list[int]:
        self._fitted()
        return [self._number(character) for character in text]


class BPETokenizer(Tokenizer):
    """Byte-pair encoding: from characters on, the pair of tokens that is most frequent within words becomes a token.

    `vocab_size` is how many tokens are wanted; there may be fewer if no pair occurs twice. Words keep the space before
    them. Of pairs that are equally frequent the one that comes first in the text is taken. Sources: Gage 1994,
    Sennrich, Haddow and Birch 2016.

    >>> tokenizer = BPETokenizer(vocab_size=13).fit("low low low lower newest newest widest")
    >>> [tokenizer.tokens[i] for i in tokenizer.encode("lowest")]
    ['low', 'e', 's', 't']
    >>> tokenizer.decode(tokenizer.encode("low newest"))
    'low newest'
    """

    def __init__(self, vocab_size: int = 512):
        if not isinstance(vocab_size, int) or vocab_size < 1:
            raise ValueError(f"vocab_size is a positive integer, not {vocab_size!r}")
        self.wanted = vocab_size

    def fit(self, text: str | Iterable[str]) -> BPETokenizer:
        words = Counter(word for part in _texts(text) for word in _words(part))
        if not words:
            raise ValueError("there is no text to learn from")
        pieces = {word: tuple(word) for word in words}
        tokens, merges = sorted(set("".join(words))), []
        while len(tokens) < self.wanted:
            pairs: Counter[tuple[str, str]] = Counter()
            for word, count in words.items():
                for pair in pairwise(pieces[word]):
                    pairs[pair] += count
            best = max(pairs, key=pairs.__getitem__, default=None)
            if best is None or pairs[best] < 2:
                break
            merges.append(best)
            tokens.append("".join(best))
            pieces = {word: _merged(parts, best) for word, parts in pieces.items()}
        self._keep(list(dict.fromkeys(tokens)))
        self.merges = merges
        return self

    def encode(self, text: str) -> list[int]:
        self._fitted()
        rank = {pair: i for i, pair in enumerate(self.merges)}
        done: dict[str, list[int]] = {}
        for word in _words(text):
            if word not in done:
                done[word] = [self._number(token) for token in self._pieces(word, rank)]
        return [number for word in _words(text) for number in done[word]]

    def _pieces(self, word: str, rank: dict[tuple[str, str], int]) -> tuple[str, ...]:
        """The word after all merges, the earliest learned first."""
        parts = tuple(word)
        while pairs := [pair for pair in pairwise(parts) if pair in rank]:
            parts = _merged(parts, min(pairs, key=rank.__getitem__))
        return parts

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "merges": [list(pair) for pair in self.merges]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        super().load_state_dict(state)
        self.merges = [(left, right) for left, right in state["merges"]]


def _texts(text: str | Iterable[str]) -> list[str]:
    texts = [text] if isinstance(text, str) else list(text)
    if not all(isinstance(part, str) for part in texts):
        raise TypeError("a tokenizer is fitted on a text, or on a list of texts")
    return texts


def _words(text: str) -> list[str]:
    """Words with the space before them, and other spaces by themselves: joined they are the text.

    >>> _words("a bc  d")
    ['a', ' bc', ' ', ' d']
    """
    return re.findall(r" ?[^\s]+|\s", text)


def _merged(parts: tuple[str, ...], pair: tuple[str, str]) -> tuple[str, ...]:
    """Every occurrence of the pair as one piece.

    >>> _merged(("a", "b", "a", "b", "b"), ("a", "b"))
    ('ab', 'ab', 'b')
    """
    out: list[str] = []
    i = 0
    while i < len(parts):
        step = 2 if parts[i : i + 2] == pair else 1
        out.append("".join(parts[i : i + step]))
        i += step
    return tuple(out)
