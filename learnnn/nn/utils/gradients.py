"""Keeping gradients in bounds. Both functions change `.grad` in place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ...autograd import wrap
from ...tensor import Tensor


def _grads(parameters: Any) -> list[np.ndarray]:
    parameters = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    return [p.grad.array for p in parameters if p.grad is not None]


def get_total_norm(tensors: Iterable[Tensor], norm_type: float = 2.0, error_if_nonfinite: bool = False) -> Tensor:
    """The norm of all these tensors as one vector. RuntimeError, if asked, where it is nan or infinite."""
    norms = [np.linalg.norm(np.ravel(t.array if isinstance(t, Tensor) else t), norm_type) for t in tensors]
    total = np.asarray(np.linalg.norm(norms, norm_type) if norms else 0.0, norms[0].dtype if norms else np.float32)
    if error_if_nonfinite and not np.isfinite(total):
        raise RuntimeError(
            f"The total norm of order {norm_type} for gradients from `parameters` is non-finite, so it cannot be "
            "clipped. To disable this error and scale the gradients by the non-finite norm anyway, set "
            "`error_if_nonfinite=False`"
        )
    return wrap(total)


def clip_grad_norm_(
    parameters: Any, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: Any = None
) -> Tensor:
    """Scale all gradients down together so that their norm is at most max_norm; return the norm they had.

    >>> import learnnn as torch
    >>> w = torch.zeros(2, requires_grad=True)
    >>> (w * torch.tensor([3.0, 4.0])).sum().backward()
    >>> clip_grad_norm_(w, 1.0), w.grad
    (tensor(5.), tensor([0.6000, 0.8000]))
    """
    grads = _grads(parameters)
    total = get_total_norm(grads, norm_type, error_if_nonfinite)  # type: ignore[arg-type]
    scale = min(float(max_norm) / (total.item() + 1e-6), 1.0)
    for grad in grads:
        grad *= scale
    return total


def clip_grad_value_(parameters: Any, clip_value: float, foreach: Any = None) -> None:
    """Cut every element of the gradients to -clip_value..clip_value."""
    for grad in _grads(parameters):
        np.clip(grad, -clip_value, clip_value, out=grad)
