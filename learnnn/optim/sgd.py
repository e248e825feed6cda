"""Stochastic gradient descent."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd import wrap
from ..tensor import Tensor
from .optimizer import Optimizer, checked, settings


class SGD(Optimizer):
    """p -= lr * g; with momentum, g is a running sum of gradients (Polyak 1964, Sutskever et al. 2013).

    >>> import learnnn as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = SGD([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8000], requires_grad=True)
    """

    remembers = ("momentum_buffer",)

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: Any = None,
        differentiable: bool = False,
        fused: Any = None,
        decoupled_weight_decay: bool = False,
        l1: float = 0,
    ):
        checked({"momentum value": (momentum, momentum >= 0)})
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        super().__init__(params, settings(locals()))

    def advance(self, state: dict[str, Any], group: dict[str, Any]) -> Any:
        return state.pop("first", False)

    def numbers(self, group: dict[str, Any], now: Any) -> dict[str, Any]:
        names = ("lr", "momentum", "dampening", "nesterov")
        return {name: group[name] for name in names} | {"first": now}

    def begin(self, state: dict[str, Any], p: Tensor, group: dict[str, Any]) -> None:
        if group["momentum"]:
            state.update(momentum_buffer=wrap(np.zeros_like(p.array)), first=True)

    def update(self, p, g, memory, t, *, lr, momentum, dampening, nesterov, first):
        if memory:
            (b,) = memory
            b *= momentum
            b += g if first or not dampening else g * (1 - dampening)
            g = g + momentum * b if nesterov else b
        np.multiply(g, lr, out=t)
        p -= t
