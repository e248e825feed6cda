"""Differentiable operations, a family a file. Everything above calls them as `ops.name`, so that setting one
name here swaps that operation everywhere."""

from types import ModuleType as _ModuleType

from .activation import (
    elu,
    erf,
    gelu,
    glu,
    hardswish,
    hardtanh,
    leaky_relu,
    logsigmoid,
    mish,
    prelu,
    selu,
    silu,
    softplus,
)
from .attention import scaled_dot_product_attention
from .conv import conv1d, conv2d, conv_input, conv_transpose1d, conv_transpose2d, conv_weight, convolve
from .diagonal import diag, diagonal, trace
from .distance import (
    cosine_embedding_loss,
    cosine_similarity,
    gaussian_nll_loss,
    huber_loss,
    kl_div,
    normalize,
    pairwise_distance,
    smooth_l1_loss,
    triplet_margin_loss,
)
from .dtypes import finfo, floating, get_default_dtype, iinfo, promote, result_dtype, set_default_dtype
from .einsum import einsum, tensordot
from .image import col2im, frame, im2col, interpolate, overlay, pad, slide
from .index import assign, getitem, plain_index, put, replace
from .length import matrix_norm, norm, vector_norm
from .linalg import LinAlgError, addmm, bmm, dot, inv, linear, matmul, mm, mv, outer, solve
from .lookup import add_rows, embedding
from .loss import binary_cross_entropy, binary_cross_entropy_with_logits, cross_entropy, nll_loss
from .normalization import batch_norm, group_norm, instance_norm, layer_norm, rms_norm
from .pointwise import (
    abs,
    add,
    addcdiv,
    addcmul,
    allclose,
    atan,
    bitwise_and,
    bitwise_not,
    bitwise_or,
    bitwise_xor,
    ceil,
    clamp,
    cos,
    cosh,
    div,
    eq,
    equal,
    exp,
    expm1,
    floor,
    floor_divide,
    ge,
    gt,
    isclose,
    isfinite,
    isinf,
    isnan,
    le,
    lerp,
    log,
    log1p,
    log2,
    log10,
    logaddexp,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    lt,
    masked_fill,
    maximum,
    minimum,
    mul,
    nan_to_num,
    ne,
    neg,
    pow,
    reciprocal,
    relu,
    remainder,
    round,
    rsqrt,
    sigmoid,
    sign,
    sin,
    sinh,
    sqrt,
    square,
    sub,
    tan,
    tanh,
    trunc,
    where,
)
from .pool import adaptive_avg_pool2d, avg_pool1d, avg_pool2d, max_pool1d, max_pool2d
from .product import cumprod, prod
from .recurrent import gru_cell, lstm_cell, recur, rnn_cell
from .reduce import (
    all,
    amax,
    amin,
    any,
    argmax,
    argmin,
    axes,
    count_nonzero,
    cumsum,
    extreme_rule,
    log_softmax,
    logsumexp,
    max,
    mean,
    min,
    softmax,
    spread,
    std,
    sum,
    var,
)
from .scatter import gather, index_add, index_select, masked_select, nonzero, scatter, scatter_add
from .shape import (
    broadcast_tensors,
    broadcast_to,
    cat,
    chunk,
    clone,
    expand,
    flatten,
    flip,
    hstack,
    meshgrid,
    movedim,
    narrow,
    permute,
    repeat,
    repeat_interleave,
    reshape,
    roll,
    select,
    split,
    squeeze,
    stack,
    t,
    tile,
    to,
    transpose,
    tril,
    triu,
    unbind,
    unflatten,
    unfold,
    unsqueeze,
    vstack,
)
from .sort import argsort, bincount, median, sort, topk, unique

_HELPERS = {
    "LinAlgError", "add_rows", "assign", "axes", "extreme_rule", "floating", "getitem", "inv", "matrix_norm",
    "plain_index", "promote", "put", "replace", "result_dtype", "solve", "spread", "to", "vector_norm", "unfold",
}  # fmt: skip
_FUNCTIONAL = {
    "embedding", "gru_cell", "lstm_cell", "recur", "rnn_cell", "scaled_dot_product_attention",
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy", "elu", "gelu", "leaky_relu", "linear",
    "nll_loss", "silu", "softplus",
    "adaptive_avg_pool2d", "avg_pool1d", "avg_pool2d", "batch_norm", "col2im", "conv1d", "conv2d", "conv_input",
    "conv_transpose1d", "conv_transpose2d", "conv_weight", "convolve", "cosine_embedding_loss", "cosine_similarity",
    "frame", "gaussian_nll_loss", "glu", "group_norm", "hardswish", "hardtanh", "huber_loss", "im2col", "instance_norm",
    "interpolate", "kl_div", "layer_norm", "logsigmoid", "max_pool1d", "max_pool2d", "mish", "normalize", "overlay",
    "pad", "pairwise_distance", "prelu", "rms_norm", "selu", "slide", "smooth_l1_loss", "triplet_margin_loss",
}  # fmt: skip
__all__ = [
    name
    for name, value in list(globals().items())
    if not (name.startswith("_") or name in _HELPERS | _FUNCTIONAL or isinstance(value, _ModuleType))
]
