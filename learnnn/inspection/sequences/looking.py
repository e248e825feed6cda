"""Who looks at whom: the attention weights that a model computes, caught while it runs."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any

import numpy as np

from ...nn import MultiheadAttention
from ...nn import functional as F
from ..models.kind import arrays_in, as_array, is_module, is_torch, several
from ..models.model import Model
from ..models.parts import is_number
from ..models.watching import watching
from .tokens import entropy, softmax

KEPT_AS = ("weights", "attn", "attn_weights", "attention_weights")  # attributes in which own classes keep them
ARGUMENTS = (
    "query", "key", "value", "key_padding_mask", "need_weights", "attn_mask", "average_attn_weights", "is_causal",
)  # fmt: skip


@dataclass
class Looks:
    """The attention weights (heads, L, S) of one layer: query l looks at key s. A weight of exactly 0 is masked."""

    path: str
    weights: np.ndarray

    @property
    def entropies(self) -> np.ndarray:
        """How spread each head looks, in bits: the mean over the queries that look at something, (heads,)."""
        seeing = self.weights.sum(-1) > 0  # (heads, L)
        return (entropy(self.weights) * seeing).sum(-1) / np.maximum(seeing.sum(-1), 1)


def looks(model: Model, inputs: tuple[Any, ...]) -> list[Looks]:
    """Run a model, and give the attention of each of its layers, in the order in which they ran.

    Caught are MultiheadAttention (and so the Transformer's layers), every scaled_dot_product_attention, and own classes
    that keep their weights in `.weights` or `.attn` or return them beside their output. ValueError if there are none.
    """
    parts = model.layers()
    catch = Catch(parts)
    if len(inputs) == 1 and _is_multihead(model.owner):
        inputs = inputs * 3
    with _slow_path(), _asked_for_all(parts, catch), _functions_told(catch), watching(parts, catch.heard):
        answers = model.answers(*inputs)
    catch.add_all("", answers[1:])
    if not catch.found:
        raise ValueError(
            f"{model.name} computes no attention that can be seen: it needs nn.MultiheadAttention, "
            "F.scaled_dot_product_attention, or parts that keep their weights in .weights or .attn (or return them)"
        )
    return _grouped([Looks(path, _by_head(path, weights)) for path, weights in catch.found])


class Catch:
    """What was caught: `found` has (path, weights) in order."""

    def __init__(self, parts: Mapping[str, Any]):
        self.parts, self.places = parts, {id(part): path for path, part in parts.items()}
        self.found: list[tuple[str, np.ndarray]] = []

    def add_all(self, path: str, arrays: Any) -> None:
        """Those that are attention, unless this part or one inside it has told of them already."""
        for weights in filter(is_attention, arrays):
            inner = [known for place, known in self.found if _is_within(place, path)]
            if not any(np.array_equal(weights, known) for known in inner):
                self.found.append((path, np.array(weights, dtype=float)))

    def heard(self, path: str, given: Any, output: Any) -> Any:
        """A part has run: did it keep weights, or return some beside its output?"""
        part = self.parts[path]
        if not _is_multihead(part):
            kept = [getattr(part, name, None) for name in KEPT_AS]
            self.add_all(path, [as_array(value) for value in kept if is_number(value)])
            self.add_all(path, [] if several(output) is None else _numbers(output))
        return output

    def caller(self) -> str:
        """The path of the innermost part that is running, as python's stack has it."""
        frame = sys._getframe(2)
        while frame is not None:
            if (path := self.places.get(id(frame.f_locals.get("self")))) is not None:
                return path
            frame = frame.f_back  # type: ignore[assignment]
        return ""


def is_attention(array: Any) -> bool:
    """Could these be attention weights: (L, S), (heads, L, S) or (1, heads, L, S), in rows that sum to 1 (or 0)?"""
    if array.dtype.kind != "f" or array.ndim not in (2, 3, 4) or not array.size or not array.min() >= 0:
        return False
    total = array.sum(-1)
    return bool((np.isclose(total, 1, atol=1e-3) | (total == 0)).all() and total.any())


def _numbers(output: Any) -> list[np.ndarray]:
    try:
        return list(arrays_in(output))
    except TypeError:
        return []


def _is_within(inner: str, outer: str) -> bool:
    return inner == outer or not outer or inner.startswith(f"{outer}.")


def _by_head(path: str, weights: np.ndarray) -> np.ndarray:
    """(heads, L, S)"""
    if weights.ndim == 4 and len(weights) > 1:
        raise ValueError(f"'{path}' looks at {len(weights)} sequences: show one at a time, as in tokens[:1]")
    return weights[None] if weights.ndim == 2 else weights[0] if weights.ndim == 4 else weights


def _grouped(found: list[Looks]) -> list[Looks]:
    """Heads that are parts of their own, as in `attn.heads.0` and `attn.heads.1`, in one layer `attn.heads`."""
    layers = list[Looks]()
    for look in found:
        parent, _, number = look.path.rpartition(".")
        if "head" not in parent.rpartition(".")[2] or not number.isdigit():
            layers.append(look)
        elif layers and layers[-1].path == parent and layers[-1].weights.shape[1:] == look.weights.shape[1:]:
            layers[-1].weights = np.concatenate([layers[-1].weights, look.weights])
        else:
            layers.append(Looks(parent, look.weights))
    return layers


# ------------------------------------------------------------------------------------------- nn.MultiheadAttention
def _is_multihead(part: Any) -> bool:
    if is_torch(part):
        return isinstance(part, sys.modules["torch"].nn.MultiheadAttention)
    return isinstance(part, MultiheadAttention)


@contextmanager
def _asked_for_all(parts: Mapping[str, Any], catch: Catch) -> Iterator[None]:
    """Within, each MultiheadAttention computes the weights of every head; who called it gets what it asked for."""
    with ExitStack() as stack:
        for path, part in parts.items():
            if is_module(part) and _is_multihead(part):
                asked: list[tuple[bool, bool]] = []  # (weights?, their mean?), of the calls that run
                before = part.register_forward_pre_hook(partial(_ask, asked), with_kwargs=True)
                after = part.register_forward_hook(partial(_give, asked, path, catch))
                stack.callback(before.remove)
                stack.callback(after.remove)
        yield


def _ask(asked: list[tuple[bool, bool]], part: Any, args: Any, kwargs: Any) -> Any:
    named = dict(zip(ARGUMENTS, args)) | kwargs
    asked.append((named.get("need_weights", True), named.get("average_attn_weights", True)))
    return (), named | {"need_weights": True, "average_attn_weights": False}


def _give(asked: list[tuple[bool, bool]], path: str, catch: Catch, part: Any, args: Any, output: Any) -> Any:
    out, weights = output  # (B, heads, L, S), or (heads, L, S)
    catch.add_all(path, [as_array(weights)])
    wanted, mean = asked.pop()
    return out, None if not wanted else weights.mean(-3) if mean else weights


@contextmanager
def _slow_path() -> Iterator[None]:
    """PyTorch has one that computes a whole layer at once, in which nothing can be seen: not within."""
    torch = sys.modules.get("torch")
    fast = torch.backends.mha.get_fastpath_enabled() if torch else False
    try:
        if torch:
            torch.backends.mha.set_fastpath_enabled(False)
        yield
    finally:
        if torch:
            torch.backends.mha.set_fastpath_enabled(fast)


# ----------------------------------------------------------------------------------- F.scaled_dot_product_attention
@contextmanager
def _functions_told(catch: Catch) -> Iterator[None]:
    """Within, scaled_dot_product_attention tells, learnnn's and PyTorch's."""
    torch = sys.modules.get("torch")
    homes: list[Any] = [F, *([torch.nn.functional] if torch else [])]
    plain = [home.scaled_dot_product_attention for home in homes]
    for home, function in zip(homes, plain):
        home.scaled_dot_product_attention = _telling(function, catch)
    try:
        yield
    finally:
        for home, function in zip(homes, plain):
            home.scaled_dot_product_attention = function


def _telling(function: Any, catch: Catch) -> Any:
    @wraps(function)
    def told(
        query: Any,
        key: Any,
        value: Any,
        attn_mask: Any = None,
        dropout_p: float = 0.0,
        causal: bool = False,
        **how: Any,
    ) -> Any:
        how = {"is_causal": causal} | how
        mask = None if attn_mask is None else as_array(attn_mask)
        catch.add_all(catch.caller(), [weights_of(as_array(query), as_array(key), mask, **how)])
        return function(query, key, value, attn_mask, dropout_p, **how)

    return told


def weights_of(
    query: np.ndarray,
    key: np.ndarray,
    mask: np.ndarray | None = None,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> np.ndarray:
    """softmax(Q K^T * scale + mask): (..., L, E), (..., S, E) -> (..., L, S), in double precision.

    A mask of booleans is True where a query may look. The scale is 1 / sqrt(E) if not given (Vaswani et al. 2017).

    >>> weights_of(np.zeros((2, 3)), np.zeros((2, 3)), is_causal=True)
    array([[1. , 0. ],
           [0.5, 0.5]])
    """
    query, key = query.astype(float), key.astype(float)
    if enable_gqa:
        key = np.repeat(key, query.shape[-3] // key.shape[-3], -3)
    scores = query @ key.swapaxes(-1, -2) * (query.shape[-1] ** -0.5 if scale is None else scale)
    if is_causal:
        mask = np.tri(*scores.shape[-2:], dtype=bool)
    if mask is not None:
        scores = np.where(mask, scores, -np.inf) if mask.dtype == bool else scores + mask
    return softmax(scores)
