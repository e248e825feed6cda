"""learnnn: learn deep learning by rebuilding it. `import learnnn as torch` runs teaching scripts unchanged."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as _np

from . import autograd, distributions, linalg, nn, ops, optim, utils
from .autograd import enable_grad, inference_mode, is_anomaly_enabled, is_grad_enabled, no_grad, set_grad_enabled
from .creation import (
    BoolTensor,
    ByteTensor,
    CharTensor,
    DoubleTensor,
    FloatTensor,
    HalfTensor,
    IntTensor,
    LongTensor,
    ShortTensor,
    arange,
    as_tensor,
    asarray,
    empty,
    empty_like,
    eye,
    from_numpy,
    full,
    full_like,
    linspace,
    logspace,
    ones,
    ones_like,
    tensor,
    tril_indices,
    triu_indices,
    zeros,
    zeros_like,
)
from .devices import (
    accelerator,
    backends,
    cuda,
    device,
    mps,
    set_default_device,
    set_float32_matmul_precision,
    use_deterministic_algorithms,
)
from .ops import *
from .ops import finfo, get_default_dtype, iinfo, set_default_dtype
from .pages import keep_pages as _keep_pages
from .random import (
    Generator,
    bernoulli,
    default_generator,
    get_rng_state,
    initial_seed,
    manual_seed,
    multinomial,
    normal,
    rand,
    rand_like,
    randint,
    randint_like,
    randn,
    randn_like,
    randperm,
    seed,
    set_rng_state,
)
from .serialization import load, save
from .tensor import Size, Tensor, is_floating_point, is_tensor, numel

__version__ = "0.1.0"

_keep_pages()

float16, float32, float64 = map(_np.dtype, ("float16", "float32", "float64"))
uint8, int8, int16, int32, int64, bool = map(_np.dtype, ("uint8", "int8", "int16", "int32", "int64", "bool"))
half, float, double, short, int, long = float16, float32, float64, int16, int32, int64
dtype, strided = _np.dtype, "torch.strided"
contiguous_format, preserve_format = "torch.contiguous_format", "torch.preserve_format"  # accepted, and the same here
inf, nan, pi, e, newaxis = _np.inf, _np.nan, _np.pi, _np.e, None

# PyTorch's second names.
absolute, arctan, clip, concat, concatenate = ops.abs, ops.atan, ops.clamp, ops.cat, ops.cat
divide, true_divide, multiply, subtract, negative, inverse, ger = (
    ops.div, ops.div, ops.mul, ops.sub, ops.neg, ops.inv, ops.outer,
)  # fmt: skip
greater, greater_equal, less, less_equal, not_equal, argwhere = ops.gt, ops.ge, ops.lt, ops.le, ops.ne, ops.nonzero
moveaxis, swapaxes, swapdims, ravel, row_stack = ops.movedim, ops.transpose, ops.transpose, ops.flatten, ops.vstack
detach = Tensor.detach

# Imported when first asked for: what needs more than a model and its training step.
_LATE = ("course", "datasets", "inspection", "onnx", "training")


def __getattr__(name: str) -> Any:
    if name in _LATE:
        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module 'learnnn' has no attribute '{name}'", name=name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATE})
