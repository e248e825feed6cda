"""Losses on logits, each one step with a gradient of its own, beside the plain spelling that it replaces.

Softmax and logarithm together have a gradient far simpler than either alone: what the model believes, minus what
is true. That is also the safe way to compute them: no exponential overflows, no logarithm of 0 is taken.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import ops
from ..autograd import Variable, differentiable, from_backward


def reduced(loss: Any, reduction: str, total: Any = None) -> Any:
    """One loss per element -> their mean (or sum / total), their sum, or as they are. Works on arrays and tensors."""
    if reduction == "none":
        return loss
    if reduction == "sum":
        return ops.sum(loss)
    if reduction == "mean":
        if total is None:
            return ops.mean(loss)
        return ops.sum(loss) / total if total else ops.sum(loss) * 0 + np.nan  # nan, with a gradient of zeros
    raise ValueError(f"{reduction} is not a valid value for reduction: it is 'mean', 'sum' or 'none'")


def reduction_of(size_average: Any, reduce: Any, reduction: str) -> str:
    """PyTorch's old spelling of a reduction, in the new one."""
    if size_average is None and reduce is None:
        return reduction
    if reduce is False:
        return "none"
    return "sum" if size_average is False else "mean"


# ------------------------------------------------------------------------------------------- cross-entropy
def _class_axis(input: Any) -> int:
    return 1 if input.ndim > 1 else 0


def _as_weights(input: Any, target: Any, weight: Any, ignore_index: int | None, smoothing: float) -> tuple[Any, Any]:
    """What each log-probability counts, in input's shape, and the sum that a mean divides by."""
    axis, classes = _class_axis(input), input.shape[_class_axis(input)]
    along = [-1 if d == axis else 1 for d in range(input.ndim)]
    w = np.ones(classes, input.dtype) if weight is None else np.asarray(weight, input.dtype)
    if target.shape == input.shape:  # probabilities
        soft = (target * (1 - smoothing) + smoothing / classes) * w.reshape(along)
        return soft, math.prod(input.shape) // max(classes, 1)
    counted = np.expand_dims(target != ignore_index, axis)
    hot = np.expand_dims(target, axis) == np.arange(classes).reshape(along)
    each = counted * w.reshape(along)
    total = (hot * each).sum()
    return (hot * each * (1 - smoothing) + each * (smoothing / classes)).astype(input.dtype), total


def _weighed(logp: Any, weights: Any) -> Any:
    """Minus the weighted sum over the classes; where nothing counts, not even log 0 does."""
    return -ops.sum(ops.where(weights == 0, 0.0, logp * weights), _class_axis(logp))


def _cross_entropy_plain(
    input: Any, target: Any, weight: Any, ignore_index: int | None, reduction: str, smoothing: float
) -> Any:
    target = target if getattr(target, "requires_grad", False) else np.asarray(target)
    weights, total = _as_weights(input, target, weight, ignore_index, smoothing)
    return reduced(_weighed(ops.log_softmax(input, _class_axis(input)), weights), reduction, total)


@from_backward(quiet=True, plain=_cross_entropy_plain)
def _cross_entropy(input, target, weight, ignore_index, reduction, smoothing):
    if weight is None and ignore_index is None and reduction == "mean" and not smoothing and target.ndim == 1:
        return _mean_over_labels(input, target)
    return _over_weights(input, target, weight, ignore_index, reduction, smoothing)


def _mean_over_labels(input: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, Any]:
    """What nearly every classifier needs: (N, C) and labels (N,), no weights, the mean."""
    n, rows = len(input), np.arange(len(input))
    z = input - input.max(1, keepdims=True)  # (N, C)
    picked = z[rows, target]
    e = np.exp(z, out=z)
    s = e.sum(1)  # (N,)

    def backward(g: Any) -> tuple[Any]:
        p = e * (g / (n * s))[:, None]
        p[rows, target] -= g / n
        return (p,)

    return np.asarray((np.log(s) - picked).sum() / n, input.dtype), backward


def _over_weights(input: Any, target: Any, weight: Any, ignore_index: Any, reduction: str, smoothing: float) -> Any:
    """Any target: each log-probability counts as much as `_as_weights` says."""
    axis = _class_axis(input)
    weights, total = _as_weights(input, target, weight, ignore_index, smoothing)
    z = input - input.max(axis, keepdims=True)
    e = np.exp(z)
    s = e.sum(axis, keepdims=True)
    loss = _weighed(z - np.log(s), weights)

    def backward(g: Any) -> tuple[Any]:
        g = np.expand_dims(g, axis) if reduction == "none" else g / (total or 1) if reduction == "mean" else g
        return (((e / s) * weights.sum(axis, keepdims=True) - weights) * g,)

    return np.asarray(reduced(loss, reduction, total), input.dtype), backward


def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """-log softmax(input)[target]: logits (N, C, ...) and labels (N, ...), or probabilities (N, C, ...), to a number.

    IndexError for a label out of range, ValueError for another number of labels than of inputs, RuntimeError for
    labels that are not int64.

    >>> import learnnn
    >>> cross_entropy(learnnn.zeros(2, 4), learnnn.tensor([0, 3]))
    tensor(1.3863)
    """
    ignored = ignore_index if _check_classes(input, target, weight, ignore_index) else None
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    compute = _cross_entropy_plain if getattr(target, "requires_grad", False) else _cross_entropy
    return compute(input, target, weight, ignored, reduction, label_smoothing)


def nll_loss(input: Any, target: Any, weight: Any = None, ignore_index: int = -100, reduction: str = "mean") -> Any:
    """-input[target]: log-probabilities (N, C, ...) and labels (N, ...), as softmax and log give them."""
    if target.dtype.kind == "f":
        raise RuntimeError(
            f"expected target dtype to be Long or Byte, but got {target.dtype}: labels are whole numbers"
        )
    _check_classes(input, target, weight, ignore_index)
    weights, total = _as_weights(input, np.asarray(target), weight, ignore_index, 0.0)
    return reduced(_weighed(input, weights), reduction, total)


def _check_classes(input: Any, target: Any, weight: Any, ignore_index: int) -> bool:
    """Raise what is wrong with logits and labels; return whether some label is to be ignored."""
    if not hasattr(target, "dtype"):
        raise TypeError(f"cross_entropy_loss(): argument 'target' must be Tensor, not {type(target).__name__}")
    axis, classes = _class_axis(input), input.shape[_class_axis(input)] if input.ndim else 0
    if weight is not None and weight.shape != (classes,):
        raise RuntimeError(
            f"weight tensor should be defined either for all {classes} classes or no classes but got weight tensor "
            f"of shape: {list(weight.shape)}"
        )
    labels = target.array if isinstance(target, Variable) else target
    if labels.shape == input.shape:
        _check_probabilities(labels)
        return False
    if labels.shape != input.shape[:axis] + input.shape[axis + 1 :]:
        _explain_shapes(input, labels, axis)
    if labels.dtype not in (np.int64, np.uint8):
        raise RuntimeError(
            f"expected target dtype to be Long or Byte, but got {labels.dtype}: labels are whole numbers, the "
            "positions of the right classes; convert them with target.long()"
        )
    top = labels.view(np.uint64).max(initial=0) if labels.dtype == np.int64 else labels.max(initial=0)
    if top < classes:  # as uint64 a negative label is huge, so this one look finds both kinds
        return ignore_index >= 0
    wrong = labels[((labels < 0) | (labels >= classes)) & (labels != ignore_index)]
    if wrong.size:
        raise IndexError(
            f"Target {wrong.flat[0]} is out of bounds. The logits have {classes} classes, so labels go from 0 to "
            f"{classes - 1}: do yours begin at 1, or does the last layer have too few outputs?"
        )
    return True


def _check_probabilities(target: np.ndarray) -> None:
    if target.dtype.kind != "f":
        raise RuntimeError(
            f"Expected floating point type for target with class probabilities, got {target.dtype}: a target in the "
            "shape of the logits holds probabilities; labels have no axis of classes"
        )


def _explain_shapes(input: Any, labels: np.ndarray, axis: int) -> None:
    given = f"the logits are {tuple(input.shape)}, the target is {labels.shape}"
    if input.ndim > 1 and labels.ndim and labels.shape[0] != input.shape[0]:
        raise ValueError(
            f"Expected input batch_size ({input.shape[0]}) to match target batch_size ({labels.shape[0]}): {given}"
        )
    wanted = tuple(input.shape[:axis] + input.shape[axis + 1 :])
    hint = "; did you mean target.squeeze(1)?" if labels.shape == (*wanted, 1) else ""
    raise RuntimeError(f"0D or 1D target tensor expected, multi-target not supported: {given}, not {wanted}{hint}")


# ----------------------------------------------------------------------------------- binary cross-entropy
def _binary_cross_entropy_plain(input: Any, target: Any, weight: Any, pos_weight: Any, reduction: str) -> Any:
    yes = 1 if pos_weight is None else (pos_weight - 1) * target + 1
    loss = (1 - target) * input + yes * ops.softplus(-input, 1.0, np.inf)
    return reduced(loss if weight is None else loss * weight, reduction)


@from_backward(quiet=True, plain=_binary_cross_entropy_plain)
def _binary_cross_entropy(input, target, weight, pos_weight, reduction):
    loss = np.log1p(np.exp(-np.abs(input)))
    if pos_weight is None:
        loss += np.maximum(input, 0)
        loss -= input * target
    else:
        yes = (pos_weight - 1) * target + 1
        loss = (loss + np.maximum(-input, 0)) * yes + (1 - target) * input
    loss = loss if weight is None else loss * weight
    out = loss.sum() / loss.size if reduction == "mean" else reduced(loss, reduction)

    def backward(g: Any) -> tuple[Any]:
        if pos_weight is None:
            slope = np.tanh(0.5 * input)
            slope *= 0.5
            slope += 0.5 - target
        else:
            slope = (1 - target) - yes * ops.sigmoid(-input)
        slope *= g / loss.size if reduction == "mean" else g
        return (slope if weight is None else slope * weight,)

    return np.asarray(out), backward


def binary_cross_entropy_with_logits(
    input: Any, target: Any, weight: Any = None, pos_weight: Any = None, reduction: str = "mean"
) -> Any:
    """-log of the probability of the target, each element a yes/no question: logits and 0..1, any one shape.

    `weight` counts elements, `pos_weight` counts the yes answers; both broadcast. ValueError if the shapes differ.

    >>> import learnnn
    >>> binary_cross_entropy_with_logits(learnnn.zeros(3), learnnn.ones(3))
    tensor(0.6931)
    """
    if target.shape != input.shape:
        raise ValueError(
            f"Target size ({tuple(target.shape)}) must be the same as input size ({tuple(input.shape)})"
            + ("; did you mean target.unsqueeze(1)?" if (*target.shape, 1) == tuple(input.shape) else "")
        )
    if input.dtype.kind != "f" or target.dtype.kind != "f":
        raise RuntimeError(
            f"result type {input.dtype} for logits and {target.dtype} for targets: both must be floats, as in y.float()"
        )
    plain = any(getattr(t, "requires_grad", False) for t in (target, weight, pos_weight) if t is not None)
    compute = _binary_cross_entropy_plain if plain else _binary_cross_entropy
    return compute(input, target, weight, pos_weight, reduction)


_TINY = float(np.float32(1e-12))  # PyTorch's


def _log(p: Any) -> Any:
    return ops.clamp(ops.log(p), -100.0)


@differentiable(
    quiet=True,
    input=lambda g, input, target: g * (input - target) / ops.maximum(input * (1 - input), _TINY),
    target=lambda g, input: g * (_log(1 - input) - _log(input)),
)
def binary_cross_entropy(input, target):
    """-log of the probability of the target, by element, from probabilities; logarithms are kept above -100."""
    return -(target * _log(input) + (1 - target) * _log(1 - input))
