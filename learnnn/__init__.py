"""learnnn: learn deep learning by rebuilding it. `import learnnn as torch` runs teaching scripts unchanged."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as _np

from . import autograd, nn, ops, optim, utils
from .autograd import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    no_grad,
    set_grad_enabled,
)
from .creation import (
    arange,
    as_tensor,
    empty,
    empty_like,
    eye,
    from_numpy,
    full,
    full_like,
    linspace,
    ones,
    ones_like,
    tensor,
    zeros,
    zeros_like,
)
from .ops import *
from .ops import get_default_dtype, set_default_dtype
from .random import (
    Generator,
    bernoulli,
    default_generator,
    get_rng_state,
    manual_seed,
    multinomial,
    normal,
    rand,
    rand_like,
    randint,
    randn,
    randn_like,
    randperm,
    set_rng_state,
)
from .tensor import Tensor, device

__version__ = "0.1.0"

float16, float32, float64 = map(_np.dtype, ("float16", "float32", "float64"))
uint8, int8, int16, int32, int64, bool = map(_np.dtype, ("uint8", "int8", "int16", "int32", "int64", "bool"))
half, float, double, short, int, long = float16, float32, float64, int16, int32, int64
FloatTensor, inf, nan, pi, e = Tensor, _np.inf, _np.nan, _np.pi, _np.e

# Imported when first asked for: what needs more than a model and its training step.
_LATE = ("course", "datasets", "inspection", "training")


def __getattr__(name: str) -> Any:
    if name in _LATE:
        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module 'learnnn' has no attribute '{name}'", name=name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATE})
