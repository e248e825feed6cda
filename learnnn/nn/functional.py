"""Layers as functions: what the modules call. `import learnnn.nn.functional as F`."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import ops
from ..autograd import Variable, check_tensor, no_grad, wrap
from ..ops.distance import warn_of_broadcasting
from ..ops.lookup import check_rows
from ..ops.loss import reduced
from ..ops.loss import reduction_of as _reduction
from ..random import source


# ----------------------------------------------------------------------------- functions that are an operation
def _late(name: str) -> Callable[..., Any]:
    """The operation of that name, looked up when called, so that one set in its place is found."""

    @functools.wraps(getattr(ops, name))
    def function(*args: Any, **kwargs: Any) -> Any:
        try:
            return getattr(ops, name)(*args, **kwargs)
        except AttributeError:
            check_tensor(name, args[0] if args else kwargs.get("input"))
            raise

    return function


conv1d, conv2d = _late("conv1d"), _late("conv2d")
conv_transpose1d, conv_transpose2d = _late("conv_transpose1d"), _late("conv_transpose2d")
max_pool1d, max_pool2d = _late("max_pool1d"), _late("max_pool2d")
avg_pool1d, avg_pool2d = _late("avg_pool1d"), _late("avg_pool2d")
adaptive_avg_pool2d = _late("adaptive_avg_pool2d")
unfold, fold = _late("im2col"), _late("col2im")
pad, interpolate = _late("pad"), _late("interpolate")
batch_norm, instance_norm, group_norm = _late("batch_norm"), _late("instance_norm"), _late("group_norm")
layer_norm, rms_norm = _late("layer_norm"), _late("rms_norm")
prelu, logsigmoid, glu = _late("prelu"), _late("logsigmoid"), _late("glu")
normalize, cosine_similarity = _late("normalize"), _late("cosine_similarity")
pairwise_distance = _late("pairwise_distance")
huber_loss, smooth_l1_loss = _late("huber_loss"), _late("smooth_l1_loss")
kl_div, gaussian_nll_loss = _late("kl_div"), _late("gaussian_nll_loss")
triplet_margin_loss, cosine_embedding_loss = _late("triplet_margin_loss"), _late("cosine_embedding_loss")


# ----------------------------------------------------------------------------------------------- layers
def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """input @ weight.T + bias: (..., in), (out, in), (out,) -> (..., out).

    >>> import learnnn as torch
    >>> linear(torch.ones(2, 3), torch.ones(4, 3)).shape
    (2, 4)
    """
    return ops.linear(input, weight, bias)


def bilinear(input1: Any, input2: Any, weight: Any, bias: Any = None) -> Any:
    """y_o = input1 . weight_o . input2 + bias_o: (..., in1), (..., in2), (out, in1, in2), (out,) -> (..., out).

    RuntimeError for inputs whose shapes do not fit.

    >>> import learnnn as torch
    >>> bilinear(torch.ones(5, 2), torch.ones(5, 3), torch.ones(4, 2, 3)).shape
    (5, 4)
    """
    check_tensor("bilinear", input1)
    check_tensor("bilinear", input2)
    shapes = f"the inputs are {tuple(input1.shape)} and {tuple(input2.shape)}, the weight {tuple(weight.shape)}"
    if input1.ndim == 0 or weight.ndim != 3 or input1.shape[:-1] != input2.shape[:-1]:
        raise RuntimeError(f"bilinear(): input dimensions do not match: {shapes}; only the last axes may differ")
    if (input1.shape[-1], input2.shape[-1]) != weight.shape[1:]:
        raise RuntimeError(f"bilinear(): input sizes do not match weight size: {shapes}, which is (out, in1, in2)")
    if bias is not None and bias.shape != weight.shape[:1]:
        raise RuntimeError(f"bilinear(): bias of shape {tuple(bias.shape)} does not match: {shapes}")
    if not input1.dtype == input2.dtype == weight.dtype:
        raise RuntimeError(
            f"bilinear(): expected one dtype, got {input1.dtype}, {input2.dtype} and weight {weight.dtype}: convert "
            f"the inputs, as in x.to(torch.{weight.dtype})"
        )
    y = ops.einsum("...i,oij,...j->...o", input1, weight, input2)
    return y if bias is None else y + bias


def _check_rate(p: float) -> None:
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


def dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Each element is 0 with probability p, else divided by 1 - p, so that the mean stays (Srivastava et al. 2014)."""
    check_tensor("dropout", input)
    return _drop(input, input.shape, p, training, inplace)


def dropout2d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Whole channels of (N, C, ...) are 0 with probability p, the others divided by 1 - p (Tompson et al. 2015)."""
    if input.ndim not in (3, 4):
        warnings.warn(
            f"dropout2d: Received a {input.ndim}-D input to dropout2d, which is deprecated: it takes (N, C, H, W)",
            stacklevel=2,
        )
    return _drop(input, input.shape[:2] + (1,) * (input.ndim - 2), p, training, inplace)


def _drop(input: Any, shape: tuple[int, ...], p: float, training: bool, inplace: bool) -> Any:
    _check_rate(p)
    if not training or p == 0:
        return input
    if input.dtype.kind != "f":
        raise RuntimeError(f"dropout takes floats, got {input.dtype}: use x.float(); the result type is Float")
    keep = source(None).random(shape, np.float32) >= p
    mask = keep.astype(input.dtype)
    mask *= 1 / (1 - p) if p < 1 else 0
    return _over(lambda x: x * wrap(mask), input, inplace)


def one_hot(tensor: Any, num_classes: int = -1) -> Any:
    """Labels (...) -> (..., num_classes), 1 at the label and 0 elsewhere, in int64.

    >>> import learnnn as torch
    >>> one_hot(torch.tensor([1, 0]), 3).tolist()
    [[0, 1, 0], [1, 0, 0]]
    """
    labels = tensor.array
    if labels.dtype != np.int64:
        raise RuntimeError(f"one_hot is only applicable to index tensor of type LongTensor, not {labels.dtype}")
    if labels.min(initial=0) < 0:
        raise RuntimeError("Class values must be non-negative.")
    classes = int(labels.max()) + 1 if num_classes == -1 else num_classes
    if labels.max(initial=0) >= classes:
        raise RuntimeError(f"Class values must be smaller than num_classes: {labels.max()} is not below {classes}")
    return wrap((labels[..., None] == np.arange(classes)).astype(np.int64))


# ------------------------------------------------------------------------------ embedding and attention
def embedding(
    input: Any,
    weight: Any,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Any:
    """The rows of a table (V, D) at the numbers `input` (...) -> (..., D).

    The row `padding_idx` gets no gradient; rows longer than `max_norm` are shortened in place first. IndexError for a
    number out of range, RuntimeError for numbers that are not whole, ValueError for `sparse`.

    >>> import learnnn as torch
    >>> embedding(torch.tensor([2, 0]), torch.eye(3)).tolist()
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
    if not isinstance(input, Variable):
        raise TypeError(f"embedding(): argument 'indices' must be Tensor, not {type(input).__name__}")
    index = input.array
    if index.dtype not in (np.int64, np.int32):
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got "
            f"{index.dtype} instead (while checking arguments for embedding): an embedding takes numbers of rows"
        )
    if sparse:
        raise ValueError("sparse=True is not supported: gradients are dense, leave it out")
    if padding_idx is not None and not -len(weight) <= padding_idx < len(weight):
        raise AssertionError("Padding_idx must be within num_embeddings")
    check_rows(index, len(weight))
    if max_norm is not None:
        _shorten(weight, np.unique(index), max_norm, norm_type)
    return ops.embedding(weight, index, _share(index, len(weight), padding_idx, scale_grad_by_freq, weight.dtype))


def _shorten(weight: Any, used: np.ndarray, max_norm: float, norm_type: float) -> None:
    """Scale the used rows down to `max_norm`, in place and unrecorded."""
    norms = np.linalg.norm(weight.array[used], norm_type, axis=1, keepdims=True)
    with no_grad():
        weight[used] = wrap(weight.array[used] * np.where(norms > max_norm, max_norm / (norms + 1e-7), 1))


def _share(index: np.ndarray, rows: int, padding_idx: int | None, by_freq: bool, dtype: Any) -> np.ndarray | None:
    """How much of the gradient of each row picked counts (..., 1): none for padding, less for one picked often."""
    if padding_idx is None and not by_freq:
        return None
    share = np.ones(index.shape) if padding_idx is None else (index != padding_idx % rows) * 1.0
    share = share / np.bincount(index.ravel(), minlength=rows)[index] if by_freq else share
    return share[..., None].astype(dtype)


def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Any:
    """softmax(Q K^T / sqrt(E)) V: (..., L, E), (..., S, E), (..., S, V) -> (..., L, V) (Vaswani et al. 2017).

    `attn_mask` (..., L, S) is True where a query may look, or floats added to the scores; `is_causal` lets query i look
    at the keys up to i. `enable_gqa` lets several heads (axis -3) of queries share one of keys.

    >>> import learnnn as torch
    >>> x = torch.eye(2).unsqueeze(0)
    >>> scaled_dot_product_attention(x, x, x, is_causal=True)[0, 0]
    tensor([1., 0.])
    """
    if is_causal and attn_mask is not None:
        raise RuntimeError("_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True")
    if enable_gqa:
        key, value = (_shared_heads(x, query.shape[-3]) for x in (key, value))
    _check_attention(query, key, value, dropout_p)
    length, steps = query.shape[-2], key.shape[-2]
    mask, keep = attn_mask, None
    if is_causal:
        mask = _causal(length, steps, query.dtype)
    elif mask is not None and mask.dtype == bool:
        mask = np.where(mask.array, query.dtype.type(0), query.dtype.type(-np.inf))
    if dropout_p:
        batch = np.broadcast_shapes(query.shape[:-2], key.shape[:-2])
        keep = dropout(wrap(np.ones((*batch, length, steps), query.dtype)), dropout_p).array
    return ops.scaled_dot_product_attention(query, key, value, mask, keep, scale)


@functools.lru_cache(maxsize=8)
def _causal(length: int, steps: int, dtype: np.dtype) -> np.ndarray:
    """(L, S): 0 up to a query's own place and -inf after it. All rows are windows on one line: (L + S) in memory."""
    line = np.zeros(length + steps, dtype)
    line[length:] = -np.inf
    return np.lib.stride_tricks.sliding_window_view(line, steps)[:-1][::-1]  # read-only


def _shared_heads(x: Any, heads: int) -> Any:
    """Each head of keys or values repeated: (..., h, S, d) -> (..., heads, S, d)."""
    *batch, few, steps, size = x.shape
    wide = ops.expand(ops.unsqueeze(x, -3), (*batch, few, heads // few, steps, size))
    return ops.reshape(wide, (*batch, heads, steps, size))


def _check_attention(query: Any, key: Any, value: Any, dropout_p: float) -> None:
    if not 0 <= dropout_p <= 1:
        raise RuntimeError(f"dropout probability has to be between 0 and 1, but got {dropout_p}")
    if min(query.ndim, key.ndim, value.ndim) < 2:
        raise RuntimeError("scaled_dot_product_attention: query, key and value have at least two axes, (steps, size)")
    if not query.dtype == key.dtype == value.dtype:
        raise RuntimeError(
            "Expected query, key, and value to have the same dtype, but got query.dtype: "
            f"{query.dtype}, key.dtype: {key.dtype}, and value.dtype: {value.dtype} instead."
        )
    if query.shape[-1] != key.shape[-1] or key.shape[-2] != value.shape[-2]:
        raise RuntimeError(
            f"queries {tuple(query.shape)}, keys {tuple(key.shape)} and values {tuple(value.shape)} do not fit: "
            "queries and keys have one size, the last axis; there is a value for each key, on the axis before it"
        )


# ------------------------------------------------------------------------------------------ activations
def _over(function: Callable, input: Any, inplace: bool, *args: Any) -> Any:
    """function(input), written over the input if asked: of a copy then, so that its gradient still finds it."""
    if not isinstance(input, Variable):
        check_tensor(function.__name__, input)
    return input.copy_(function(ops.clone(input), *args)) if inplace else function(input, *args)


def relu(input: Any, inplace: bool = False) -> Any:
    """max(0, x)."""
    return input.relu_() if inplace else ops.relu(input)


def tanh(input: Any) -> Any:
    """The hyperbolic tangent."""
    return ops.tanh(input)


def sigmoid(input: Any) -> Any:
    """1 / (1 + exp(-x))."""
    return ops.sigmoid(input)


def leaky_relu(input: Any, negative_slope: float = 0.01, inplace: bool = False) -> Any:
    """x above 0, negative_slope * x below."""
    return _over(ops.leaky_relu, input, inplace, negative_slope)


def elu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Any:
    """x above 0, alpha * (exp(x) - 1) below."""
    return _over(ops.elu, input, inplace, alpha)


def silu(input: Any, inplace: bool = False) -> Any:
    """x * sigmoid(x)."""
    return _over(ops.silu, input, inplace)


def selu(input: Any, inplace: bool = False) -> Any:
    """elu, scaled so that layers of it keep mean 0 and variance 1 by themselves."""
    return _over(ops.selu, input, inplace)


def mish(input: Any, inplace: bool = False) -> Any:
    """x * tanh(softplus(x))."""
    return _over(ops.mish, input, inplace)


def hardtanh(input: Any, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Any:
    """x, but at least min_val and at most max_val."""
    return _over(ops.hardtanh, input, inplace, min_val, max_val)


def relu6(input: Any, inplace: bool = False) -> Any:
    """min(max(0, x), 6)."""
    return _over(ops.hardtanh, input, inplace, 0.0, 6.0)


def hardswish(input: Any, inplace: bool = False) -> Any:
    """x * relu6(x + 3) / 6."""
    return _over(ops.hardswish, input, inplace)


def gelu(input: Any, approximate: str = "none") -> Any:
    """x times the probability that a standard normal number is below x; approximate: 'none' or 'tanh'."""
    check_tensor("gelu", input)
    return ops.gelu(input, approximate)


def softplus(input: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """log(1 + exp(beta * x)) / beta."""
    return ops.softplus(input, beta, threshold)


def _dim(dim: int | None, ndim: int, name: str) -> int:
    if dim is None:
        warnings.warn(f"Implicit dimension choice for {name} has been deprecated: say which, as in dim=1", stacklevel=3)
        return 0 if ndim in (0, 1, 3) else 1
    return dim


def softmax(
    input: Any, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None, *, temperature: float = 1.0
) -> Any:
    """exp(x) divided by its sum over `dim`; of x / temperature: a high one evens out, a low one picks the largest."""
    check_tensor("softmax", input)
    x = input if dtype is None else input.to(dtype)
    return ops.softmax(x if temperature == 1 else x / temperature, _dim(dim, input.ndim, "softmax"))


def log_softmax(input: Any, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Any:
    """The logarithm of softmax."""
    check_tensor("log_softmax", input)
    return ops.log_softmax(input if dtype is None else input.to(dtype), _dim(dim, input.ndim, "log_softmax"))


def gumbel_softmax(logits: Any, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Any:
    """A random draw from softmax(logits) through which gradients flow (Jang et al. 2017).

    The lower the temperature `tau`, the nearer to one-hot; `hard` draws one-hot exactly, with the gradient of the
    soft draw.
    """
    noise = source(None).gumbel(size=logits.shape).astype(logits.dtype)
    soft = ops.softmax((logits + wrap(noise)) / tau, dim)
    if not hard:
        return soft
    best = np.asarray(soft.detach()).argmax(dim)
    one = np.expand_dims(best, dim) == np.indices((soft.shape[dim],)).reshape(
        [-1 if d == dim % soft.ndim else 1 for d in range(soft.ndim)]
    )
    return wrap(one.astype(soft.dtype)) - soft.detach() + soft


# ----------------------------------------------------------------------------------------------- losses
def mse_loss(input: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean") -> Any:
    """The mean of (input - target)^2.

    >>> import learnnn as torch
    >>> mse_loss(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 5.0]))
    tensor(4.5000)
    """
    warn_of_broadcasting(input, target)
    difference = input - target
    return reduced(difference * difference, _reduction(size_average, reduce, reduction))


def l1_loss(input: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean") -> Any:
    """The mean of |input - target|."""
    warn_of_broadcasting(input, target)
    return reduced(ops.abs(input - target), _reduction(size_average, reduce, reduction))


def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: Any = None,
    ignore_index: int = -100,
    reduce: Any = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """-log softmax(input)[target]: logits (N, C, ...) against labels (N, ...) or probabilities (N, C, ...).

    IndexError for a label out of range, ValueError for another number of labels than of inputs, RuntimeError for
    labels that are not int64.

    >>> import learnnn as torch
    >>> cross_entropy(torch.zeros(2, 4), torch.tensor([0, 3]))
    tensor(1.3863)
    """
    reduction = _reduction(size_average, reduce, reduction)
    return ops.cross_entropy(input, target, weight, ignore_index, reduction, label_smoothing)


def nll_loss(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: Any = None,
    ignore_index: int = -100,
    reduce: Any = None,
    reduction: str = "mean",
) -> Any:
    """-input[target]: log-probabilities (N, C, ...) against labels (N, ...), as `log_softmax` gives them."""
    return ops.nll_loss(input, target, weight, ignore_index, _reduction(size_average, reduce, reduction))


def binary_cross_entropy(
    input: Any, target: Any, weight: Any = None, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
) -> Any:
    """-log of the probability of the target, from probabilities. From logits, the next one is exact and faster.

    ValueError if the shapes differ, RuntimeError for an input outside 0..1. Logarithms are kept above -100.
    """
    if target.shape != input.shape:
        raise ValueError(
            f"Using a target size ({tuple(target.shape)}) that is different to the input size ({tuple(input.shape)}) "
            "is deprecated. Please ensure they have the same size."
        )
    if target.dtype.kind != "f":
        raise RuntimeError(f"Found dtype {target.dtype} but expected {input.dtype}: use y.float() for the targets")
    array = input.detach().array
    if not ((array >= 0) & (array <= 1)).all():  # nan is not either
        raise RuntimeError(
            "all elements of input should be between 0 and 1: put a sigmoid before, or use "
            "binary_cross_entropy_with_logits"
        )
    loss = ops.binary_cross_entropy(input, target)
    return reduced(loss if weight is None else loss * weight, _reduction(size_average, reduce, reduction))


def binary_cross_entropy_with_logits(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    pos_weight: Any = None,
) -> Any:
    """-log of the probability of the target, each element a yes/no question: logits and 0..1, one shape."""
    reduction = _reduction(size_average, reduce, reduction)
    return ops.binary_cross_entropy_with_logits(input, target, weight, pos_weight, reduction)
